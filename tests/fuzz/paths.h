/* paths.h: one event read byte by byte and with every struct scan that the processor can run: the same result, and the
 * same error, to the offset and the reason. For the fuzz target and for verdict.c. */
#ifndef PATHS_H
#define PATHS_H
#include "lib/buf.h"
#include "lib/event.h"
#include "lib/write.h"

#include <string.h>

/* One way to read an event. */
struct path_reading {
    const struct scan *scan;
    ddbs_arena *arena;
    const ddbs_event *event;
    ddbs_status status;
    ddbs_error error;
};

static inline bool path_same_error(const ddbs_error *a, const ddbs_error *b)
{
    return a->status == b->status && a->record == b->record && a->offset == b->offset &&
           strcmp(a->path, b->path) == 0 && strcmp(a->reason, b->reason) == 0;
}

static inline bool path_same_str(ddbs_str a, ddbs_str b)
{
    return (a.ptr == NULL) == (b.ptr == NULL) && a.len == b.len && (a.ptr == NULL || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool path_same_item(ddbs_arena *arena, const ddbs_item *a, const ddbs_item *b)
{
    ddbs_buf left = { .arena = arena }, right = { .arena = arena };
    if (a == NULL || b == NULL)
        return a == b;
    ddbs_write__item(&left, a, true);
    ddbs_write__item(&right, b, true);
    return left.len == right.len && memcmp(left.ptr, right.ptr, left.len) == 0;
}

static inline bool path_same_record(ddbs_arena *arena, const ddbs_record *a, const ddbs_record *b)
{
    return a->operation == b->operation && a->expired == b->expired && a->view == b->view &&
           a->created_ns == b->created_ns && a->size_bytes == b->size_bytes &&
           path_same_str(a->sequence_number, b->sequence_number) && path_same_str(a->event_id, b->event_id) &&
           path_same_str(a->event_name, b->event_name) && path_same_str(a->view_name, b->view_name) &&
           path_same_str(a->table, b->table) && path_same_str(a->stream_arn, b->stream_arn) &&
           path_same_str(a->region, b->region) && path_same_str(a->identity_type, b->identity_type) &&
           path_same_str(a->identity_principal, b->identity_principal) && path_same_str(a->raw, b->raw) &&
           path_same_item(arena, a->keys, b->keys) && path_same_item(arena, a->new_image, b->new_image) &&
           path_same_item(arena, a->old_image, b->old_image);
}

/* What is different about record `index`, or NULL. */
static inline const char *path_record_difference(const struct path_reading *a, const struct path_reading *b,
                                                 size_t index)
{
    const ddbs_record *left, *right;
    ddbs_error error, other;
    if (!path_same_str(ddbs_event_raw(a->event, index), ddbs_event_raw(b->event, index)) ||
        !path_same_str(ddbs_event_sequence(a->event, index), ddbs_event_sequence(b->event, index)) ||
        !path_same_str(ddbs_event_identifier(a->event, index), ddbs_event_identifier(b->event, index)))
        return "the index of two paths differs";
    ddbs_status status = ddbs_event_record(a->event, index, a->arena, &left, &error);
    if (ddbs_event_record(b->event, index, b->arena, &right, &other) != status || !path_same_error(&error, &other))
        return "the error about a record differs between two paths";
    return status == DDBS_OK && !path_same_record(a->arena, left, right) ? "a record differs between two paths" : NULL;
}

static inline const char *path_window_difference(const ddbs_window *a, const ddbs_window *b)
{
    if (a == NULL || b == NULL)
        return a == b ? NULL : "the window differs between two paths";
    bool same = path_same_str(a->start, b->start) && path_same_str(a->end, b->end) &&
                path_same_str(a->state, b->state) && path_same_str(a->shard_id, b->shard_id) && a->final == b->final &&
                a->terminated_early == b->terminated_early;
    return same ? NULL : "the window differs between two paths";
}

static inline const char *path_difference(const struct path_reading *a, const struct path_reading *b)
{
    if (a->status != b->status || !path_same_error(&a->error, &b->error))
        return "the error about the event differs between two paths";
    if (a->status != DDBS_OK)
        return NULL;
    size_t count = ddbs_event_count(a->event);
    if (count != ddbs_event_count(b->event) || ddbs_event_source(a->event) != ddbs_event_source(b->event) ||
        ddbs_event_ordered(a->event) != ddbs_event_ordered(b->event))
        return "the index of two paths differs";
    const char *difference = path_window_difference(ddbs_event_window(a->event), ddbs_event_window(b->event));
    for (size_t i = 0; i < count && difference == NULL; i++)
        difference = path_record_difference(a, b, i);
    return difference;
}

static inline bool path_read(struct path_reading *reading, const char *json, size_t len,
                             const ddbs_event_options *options)
{
    if (ddbs_arena_new(&reading->arena, 0) != DDBS_OK)
        return false;
    reading->status =
        ddbs_event__parse_by(reading->scan, reading->arena, json, len, options, &reading->event, &reading->error);
    return true;
}

/* What the paths make differently of an event, or NULL. */
static inline const char *paths_difference(const char *json, size_t len, const ddbs_event_options *options)
{
    struct path_reading plain = { .scan = NULL };
    const char *difference = path_read(&plain, json, len, options) ? NULL : "no memory";
    for (const struct scan *const *scan = ddbs_scan__all(); *scan != NULL && difference == NULL; scan++) {
        struct path_reading fast = { .scan = *scan };
        difference = path_read(&fast, json, len, options) ? path_difference(&plain, &fast) : "no memory";
        ddbs_arena_free(fast.arena);
    }
    ddbs_arena_free(plain.arena);
    return difference;
}
#endif
