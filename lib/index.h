/* index.h: the pass over a whole event, in two halves: index.c reads the envelope strictly, walk.c follows the tokens
 * of one record. */
#ifndef LIB_INDEX_H
#define LIB_INDEX_H
#include "lib/event.h"
#include "lib/json.h"

struct index {
    const struct scan *scan; /* NULL: byte by byte */
    struct json json;
    ddbs_arena *arena;
    struct ddbs_event *event;
    size_t capacity; /* of event->records */
    bool has_records;
    bool records_no_array; /* there is a member Records, and it is something else */
    size_t records_at;     /* where its value begins */
    ddbs_error *error;
    const char *outer, *member; /* the place in the envelope, for an error: "window" "start"; NULL: none */
};

/* The record at the cursor: find its end and what is needed to report it, and append it to the event. False with the
 * error set when the event must be refused for it. */
bool ddbs_walk__record(struct index *ix);
#endif
