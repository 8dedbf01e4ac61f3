/* events.h: what the tests of the core share: events, parsed and decoded. Texts in tables are written with ' for ", so
 * that they can be read; none of them needs a real '. */
#ifndef EVENTS_H
#define EVENTS_H
#include "check.h"
#include "lib/buf.h"
#include "lib/write.h"

#include <ddbstream.h>
#include <stdlib.h>

#define SOURCE "'eventSource':'aws:dynamodb'"

/* A record of a stream with this sequence number; `members` begins with a comma or is empty. */
#define RECORD(name, sequence, members)                                                                                \
    "{'eventName':'" name "'," SOURCE ",'dynamodb':{'SequenceNumber':'" sequence "'}" members "}"
#define EVENT(records) "{'Records':[" records "]}"

/* A copy of `text` at a guard page, each ' turned into ". */
static inline ddbs_str json_text(const char *text)
{
    size_t len = strlen(text);
    char *copy = check_guard(text, len);
    for (size_t i = 0; i < len; i++) {
        if (copy[i] == '\'')
            copy[i] = '"';
    }
    return (ddbs_str){ copy, len };
}

/* An event and all that belongs to it. */
struct parsed {
    ddbs_arena *arena;
    const ddbs_event *event; /* NULL: refused */
    ddbs_status status;
    ddbs_error error;
};

static inline struct parsed parse_bytes(const char *text, size_t len, const ddbs_event_options *options)
{
    struct parsed parsed = { .event = NULL };
    if (ddbs_arena_new(&parsed.arena, 0) != DDBS_OK)
        abort();
    parsed.status = ddbs_event_parse(parsed.arena, text, len, options, &parsed.event, &parsed.error);
    return parsed;
}

static inline struct parsed parse(const char *text)
{
    ddbs_str json = json_text(text);
    return parse_bytes(json.ptr, json.len, NULL);
}

/* Decode a record; NULL where it does not, with status and error in `parsed`. */
static inline const ddbs_record *record_of(struct parsed *parsed, size_t index)
{
    const ddbs_record *record = NULL;
    if (parsed->event == NULL)
        return NULL;
    parsed->status = ddbs_event_record(parsed->event, index, parsed->arena, &record, &parsed->error);
    return record;
}

static inline void parsed_free(struct parsed *parsed)
{
    ddbs_arena_free(parsed->arena);
}

/* A growing text in the arena of `parsed`. */
static inline ddbs_buf new_text(struct parsed *parsed)
{
    return (ddbs_buf){ .arena = parsed->arena };
}

/* One record whose NewImage is the given item, parsed and decoded. The item is NULL where it does not decode. */
static inline struct parsed parse_item(const char *item, size_t len, const ddbs_item **out)
{
    static const char before[] = "{\"Records\":[{\"eventName\":\"INSERT\",\"eventSource\":\"aws:dynamodb\","
                                 "\"dynamodb\":{\"SequenceNumber\":\"1\",\"NewImage\":";
    struct parsed parsed = { .event = NULL };
    if (ddbs_arena_new(&parsed.arena, 0) != DDBS_OK)
        abort();
    ddbs_buf text = new_text(&parsed);
    ddbs_buf__text(&text, before);
    ddbs_buf__bytes(&text, item, len);
    ddbs_buf__text(&text, "}}]}");
    parsed.status = ddbs_event_parse(parsed.arena, text.ptr, text.len, NULL, &parsed.event, &parsed.error);
    const ddbs_record *record = record_of(&parsed, 0);
    *out = record == NULL ? NULL : record->new_image;
    return parsed;
}

/* The same for an item in a table, with ' for ". */
static inline struct parsed item_of(const char *item, const ddbs_item **out)
{
    ddbs_str json = json_text(item);
    return parse_item(json.ptr, json.len, out);
}
#endif
