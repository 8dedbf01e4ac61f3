/* property.h: what the fuzz targets share. A property that does not hold ends the program, and names itself. */
#ifndef PROPERTY_H
#define PROPERTY_H
#include "lib/buf.h"
#include "lib/write.h"

#include <ddbstream.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PROPERTY(condition)                                                                                            \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);                             \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

static inline ddbs_arena *arena_or_abort(void)
{
    ddbs_arena *arena = NULL;
    PROPERTY(ddbs_arena_new(&arena, 0) == DDBS_OK);
    return arena;
}

static inline ddbs_buf write_item(ddbs_arena *arena, const ddbs_item *item, bool typed)
{
    ddbs_buf text = { .arena = arena };
    ddbs_write__item(&text, item, typed);
    PROPERTY(!text.failed && text.ptr[text.len] == '\0');
    return text;
}

/* The item decoded from DynamoDB JSON, in an event of its own; {} is an absent one. */
static inline const ddbs_item *read_item(ddbs_arena *arena, const ddbs_buf *json)
{
    const ddbs_event *event = NULL;
    const ddbs_record *record = NULL;
    ddbs_error error;
    ddbs_buf text = { .arena = arena };
    ddbs_buf__text(&text, "{\"Records\":[{\"eventSource\":\"aws:dynamodb\",\"dynamodb\":"
                          "{\"SequenceNumber\":\"1\",\"NewImage\":");
    ddbs_buf__bytes(&text, json->ptr, json->len);
    ddbs_buf__text(&text, "}}]}");
    PROPERTY(!text.failed);
    if (text.len > DDBS_EVENT_BYTES_MAX)
        return NULL;
    PROPERTY(ddbs_event_parse(arena, text.ptr, text.len, NULL, &event, &error) == DDBS_OK);
    PROPERTY(ddbs_event_record(event, 0, arena, &record, &error) == DDBS_OK);
    return record->new_image;
}

/* What was written and is read again gives the same writing. */
static inline void check_writing(ddbs_arena *arena, const ddbs_item *item)
{
    ddbs_buf first = write_item(arena, item, true);
    const ddbs_item *again = read_item(arena, &first);
    if (item != NULL && again == NULL)
        return; /* the escapes made it larger than an event may be */
    ddbs_buf second = write_item(arena, again, true);
    PROPERTY(first.len == second.len && memcmp(first.ptr, second.ptr, first.len) == 0);
    ddbs_buf plain = write_item(arena, item, false), other = write_item(arena, again, false);
    PROPERTY(plain.len == other.len && memcmp(plain.ptr, other.ptr, plain.len) == 0);
}

/* An error that can be printed: a status, a reason, no control bytes. */
static inline void check_error(const ddbs_error *error, ddbs_status status, size_t len)
{
    PROPERTY(status != DDBS_OK && status != DDBS_SKIP && error->status == status && error->reason[0] != '\0');
    PROPERTY(error->offset == DDBS_NOWHERE || error->offset <= len);
    for (const char *at = error->path; *at != '\0'; at++)
        PROPERTY((unsigned char)*at >= 0x20 && *at != 0x7f);
}
#endif
