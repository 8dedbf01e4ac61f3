/* event.h: what the index of an event knows. Offsets, not pointers: the index describes the bytes wherever they lie. */
#ifndef LIB_EVENT_H
#define LIB_EVENT_H
#include "lib/error.h"
#include <ddbstream/event.h>

/* A record in the event's text. */
struct record_span {
    uint32_t begin, end; /* its JSON, brackets included */
    uint32_t sequence;   /* offset of the digits */
    uint32_t id;         /* offset of the eventID; Pipes only */
    uint8_t sequence_len, id_len;
};

struct ddbs_event {
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

/* Set an error about record `index`, with "Records[index]" (Pipes: "[index]") as the begin of its path. */
ddbs_status ddbs_event__record_error(const ddbs_event *event, size_t index, ddbs_status status, size_t offset,
                                     const char *reason, ddbs_error *error);
#endif
