/* event.c: questions about an event that has been indexed. */
#include "lib/event.h"

const char *ddbs_source_name(ddbs_source source)
{
    static const char *const names[] = { "dynamodb", "kinesis", "pipes" };
    size_t i = (size_t)source;
    return i < sizeof names / sizeof *names ? names[i] : "unknown";
}

size_t ddbs_event_count(const ddbs_event *event)
{
    return event->count;
}

ddbs_source ddbs_event_source(const ddbs_event *event)
{
    return event->source;
}

bool ddbs_event_ordered(const ddbs_event *event)
{
    return event->ordered;
}

ddbs_str ddbs_event_sequence(const ddbs_event *event, size_t index)
{
    const struct record_span *span = &event->records[index];
    return (ddbs_str){ event->json + span->sequence, span->sequence_len };
}

ddbs_str ddbs_event_identifier(const ddbs_event *event, size_t index)
{
    const struct record_span *span = &event->records[index];
    if (event->source != DDBS_SOURCE_PIPES || event->options.pipes_report_sequence)
        return ddbs_event_sequence(event, index);
    return (ddbs_str){ event->json + span->id, span->id_len };
}

ddbs_str ddbs_event_raw(const ddbs_event *event, size_t index)
{
    const struct record_span *span = &event->records[index];
    return (ddbs_str){ event->json + span->begin, span->end - span->begin };
}

const ddbs_window *ddbs_event_window(const ddbs_event *event)
{
    return event->windowed ? &event->window : NULL;
}

ddbs_status ddbs_event__record_error(const ddbs_event *event, size_t index, ddbs_status status, size_t offset,
                                     const char *reason, ddbs_error *error)
{
    ddbs_error__set(error, status, index, offset, "%s", reason);
    if (event->source != DDBS_SOURCE_PIPES)
        ddbs_error__path_name(error, ddbs_str_c("Records"));
    ddbs_error__path_index(error, index);
    return status;
}
