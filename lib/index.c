/* index.c: ddbs_event_parse, the one pass over a whole event before anything is called. Outside the records the grammar
 * is checked strictly; what happens inside them is walk.c's. */
#include "lib/index.h"

#include "lib/arena.h"
#include "lib/utf8.h"

/* Refuse the event; `member` is the place in the envelope. */
static bool refuse(struct index *ix, ddbs_status status, size_t offset, const char *reason)
{
    ddbs_error__set(ix->error, status, DDBS_NOWHERE, offset, "%s", reason);
    if (ix->outer != NULL)
        ddbs_error__path_name(ix->error, ddbs_str_c(ix->outer));
    if (ix->member != NULL)
        ddbs_error__path_name(ix->error, ddbs_str_c(ix->member));
    return ddbs_json__fail(&ix->json, status, offset, reason);
}

/* Refuse the event for what the scanner found. */
static bool refuse_json(struct index *ix)
{
    return refuse(ix, ix->json.status, ix->json.fault, ix->json.reason);
}

static bool read_records(struct index *ix)
{
    bool more;
    ix->has_records = true;
    ix->json.at++;
    for (bool first = true;; first = false) {
        if (!ddbs_json__more(&ix->json, ']', first, &more))
            return refuse_json(ix);
        if (!more)
            return true;
        ddbs_json__space(&ix->json);
        if (!ddbs_walk__record(ix))
            return false;
    }
}

static bool skip_value(struct index *ix, size_t open)
{
    return ddbs_json__skip(&ix->json, open) || refuse_json(ix);
}

static bool read_records_member(struct index *ix)
{
    if (ddbs_json__peek(&ix->json) == '[')
        return read_records(ix);
    ix->records_no_array = true;
    ix->records_at = ix->json.at;
    return skip_value(ix, 1);
}

/* A string of the envelope that is handed out: in the arena, escapes resolved, NUL-terminated. */
static bool read_text(struct index *ix, ddbs_str *out)
{
    struct json_string string;
    ix->json.pairs = true;
    bool read = ddbs_json__string(&ix->json, &string);
    ix->json.pairs = false;
    if (!read)
        return refuse_json(ix);
    char *copy = ddbs_arena__alloc(ix->arena, string.end - string.begin + 1);
    if (copy == NULL)
        return refuse(ix, DDBS_E_MEMORY, string.begin, "no memory for a string");
    size_t len = ddbs_json__unescape(copy, ix->json.text + string.begin, string.end - string.begin);
    copy[len] = '\0';
    *out = (ddbs_str){ copy, len };
    return true;
}

static bool read_truth(struct index *ix, bool *out)
{
    return ddbs_json__bool(&ix->json, out) || refuse_json(ix);
}

static bool read_shard_id(struct index *ix)
{
    return read_text(ix, &ix->event->window.shard_id);
}

static bool read_source_arn(struct index *ix)
{
    ddbs_str ignored; /* each record carries it, too */
    return read_text(ix, &ignored);
}

static bool read_state(struct index *ix)
{
    size_t begin = ix->json.at;
    if (!skip_value(ix, 1))
        return false;
    ix->event->window.state = (ddbs_str){ ix->json.text + begin, ix->json.at - begin };
    return true;
}

static bool read_final(struct index *ix)
{
    return read_truth(ix, &ix->event->window.final);
}

static bool read_terminated_early(struct index *ix)
{
    return read_truth(ix, &ix->event->window.terminated_early);
}

static bool read_window_start(struct index *ix)
{
    return read_text(ix, &ix->event->window.start);
}

static bool read_window_end(struct index *ix)
{
    return read_text(ix, &ix->event->window.end);
}

struct member {
    const char *name;
    bool (*read)(struct index *ix);
};

/* The members of an object at the cursor. Known ones are read and may not repeat, others are skipped. */
static bool read_members(struct index *ix, const struct member *members, size_t count, size_t open)
{
    unsigned seen = 0;
    bool more;
    ix->json.at++;
    for (bool first = true;; first = false) {
        struct json_string name;
        ix->member = NULL;
        if (!ddbs_json__more(&ix->json, '}', first, &more))
            return refuse_json(ix);
        if (!more)
            return true;
        if (!ddbs_json__name(&ix->json, &name))
            return refuse_json(ix);
        size_t i = 0;
        while (i < count && !ddbs_json__string_is(ix->json.text, name, members[i].name))
            i++;
        ix->member = i < count ? members[i].name : NULL;
        if (i < count && (seen >> i & 1))
            return refuse(ix, DDBS_E_DUPLICATE, name.begin - 1, "the event has it twice");
        seen |= i < count ? 1u << i : 0;
        if (!(i < count ? members[i].read(ix) : skip_value(ix, open)))
            return false;
    }
}

static bool read_window(struct index *ix)
{
    static const struct member members[] = {
        { "start", read_window_start },
        { "end", read_window_end },
    };
    size_t begin = ix->json.at;
    if (ddbs_json__peek(&ix->json) == 'n')
        return ddbs_json__null(&ix->json) || refuse_json(ix);
    if (ddbs_json__peek(&ix->json) != '{')
        return refuse(ix, DDBS_E_SYNTAX, begin, "expected an object or null");
    ix->outer = "window";
    if (!read_members(ix, members, sizeof members / sizeof *members, 2))
        return false;
    ix->outer = NULL;
    ix->member = "window";
    if (ix->event->window.start.ptr == NULL || ix->event->window.end.ptr == NULL)
        return refuse(ix, DDBS_E_SYNTAX, begin, "a window must have a start and an end");
    ix->event->windowed = true;
    return true;
}

static bool read_envelope(struct index *ix)
{
    static const struct member members[] = {
        { "Records", read_records_member },
        { "shardId", read_shard_id },
        { "eventSourceARN", read_source_arn },
        { "window", read_window },
        { "state", read_state },
        { "isFinalInvokeForWindow", read_final },
        { "isWindowTerminatedEarly", read_terminated_early },
    };
    return read_members(ix, members, sizeof members / sizeof *members, 1);
}

static bool read_event(struct index *ix)
{
    ddbs_json__space(&ix->json);
    switch (ddbs_json__peek(&ix->json)) {
    case '{':
        return read_envelope(ix);
    case '[':
        ix->event->source = DDBS_SOURCE_PIPES;
        return read_records(ix);
    default:
        return skip_value(ix, 0);
    }
}

/* JSON, but no event of a stream. */
static bool refuse_without_records(struct index *ix)
{
    if (!ix->records_no_array)
        return refuse(ix, DDBS_E_EVENT, 0, "expected an object with Records, or an array of records");
    ix->member = "Records";
    return refuse(ix, DDBS_E_EVENT, ix->records_at, "expected an array of records");
}

static bool read_all(struct index *ix)
{
    size_t invalid = ddbs_utf8__check_by(ix->scan, ix->json.text, ix->json.len);
    if (invalid < ix->json.len)
        return refuse(ix, DDBS_E_SYNTAX, invalid, "not UTF-8");
    if (!read_event(ix))
        return false;
    ix->member = NULL;
    ddbs_json__space(&ix->json);
    if (ix->json.at < ix->json.len)
        return refuse(ix, DDBS_E_SYNTAX, ix->json.at, "text after the end of the event");
    return ix->has_records || refuse_without_records(ix);
}

ddbs_status ddbs_event_parse(ddbs_arena *arena, const void *json, size_t len, const ddbs_event_options *options,
                             const ddbs_event **out, ddbs_error *error)
{
    return ddbs_event__parse_by(ddbs_scan__best(), arena, json, len, options, out, error);
}

ddbs_status ddbs_event__parse_by(const struct scan *scan, ddbs_arena *arena, const void *json, size_t len,
                                 const ddbs_event_options *options, const ddbs_event **out, ddbs_error *error)
{
    ddbs_error_clear(error);
    if (len > DDBS_EVENT_BYTES_MAX)
        return ddbs_error__set(error, DDBS_E_LIMIT, DDBS_NOWHERE, DDBS_EVENT_BYTES_MAX, "larger than 6291556 bytes");
    struct ddbs_event *event = ddbs_arena__alloc(arena, sizeof *event);
    if (event == NULL)
        return ddbs_error__set(error, DDBS_E_MEMORY, DDBS_NOWHERE, 0, "no memory for the event");
    *event =
        (struct ddbs_event){ .scan = scan, .json = json, .len = len, .ordered = true, .window.state = { "{}", 2 } };
    if (options != NULL)
        event->options = *options;
    struct index ix = {
        .scan = scan, .json = { .text = json, .len = len }, .arena = arena, .event = event, .error = error
    };
    if (!read_all(&ix))
        return ix.json.status;
    *out = event;
    return DDBS_OK;
}
