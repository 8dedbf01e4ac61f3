/* event.h: what the index of an event knows. Offsets, not pointers: the index describes the bytes wherever they lie. */
#ifndef LIB_EVENT_H
#define LIB_EVENT_H
#include "lib/error.h"
#include "lib/scan.h"
#include <ddbstream/event.h>

/* A record in the event's text. */
struct record_span {
    uint32_t begin, end; /* its JSON, brackets included */
    uint32_t sequence;   /* offset of the digits */
    uint32_t id;         /* offset of the eventID; Pipes only */
    uint8_t sequence_len, id_len;
};

struct ddbs_event {
    const struct scan *scan; /* how its text is read; NULL: byte by byte */
    const char *json;
    size_t len;
    ddbs_event_options options;
    ddbs_source source;
    bool ordered;
    bool windowed;
    ddbs_window window;
    size_t count;
    struct record_span *records;
};

/* ddbs_event_parse with this table of functions, for the records, too; NULL: byte by byte. */
ddbs_status ddbs_event__parse_by(const struct scan *scan, ddbs_arena *arena, const void *json, size_t len,
                                 const ddbs_event_options *options, const ddbs_event **out, ddbs_error *error);

/* Set an error about record `index`, with "Records[index]" (Pipes: "[index]") as the begin of its path. */
ddbs_status ddbs_event__record_error(const ddbs_event *event, size_t index, ddbs_status status, size_t offset,
                                     const char *reason, ddbs_error *error);
#endif
