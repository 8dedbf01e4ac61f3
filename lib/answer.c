/* answer.c: from an outcome to the bytes for Lambda. Every success that is ever reported is written here, and only for
 * what is accounted for. */
#include "lib/answer.h"
#include "lib/buf.h"

#include <ddbstream/consumer.h>

#include <string.h>

static ddbs_status finish(const ddbs_buf *body, const char *error_type, const ddbs_buf *message, ddbs_answer *out)
{
    if (body->failed || message->failed)
        return DDBS_E_MEMORY;
    *out = (ddbs_answer){
        .is_error = error_type != NULL,
        .error_type = error_type,
        .body = { body->ptr, body->len },
        .message = { message->ptr, message->len },
    };
    return DDBS_OK;
}

/* The types are of the form that Lambda keeps, (Runtime|Function).[A-Z][a-zA-Z]+; others become Runtime.Unknown. */
static const char *error_type_of(const ddbs_outcome *outcome)
{
    if (outcome->error_type != NULL)
        return outcome->error_type;
    if (outcome->undecodable)
        return "Function.RecordUndecodable";
    if (outcome->error.status == DDBS_E_MEMORY)
        return "Function.OutOfMemory";
    if (outcome->error.status == DDBS_E_OPERATION)
        return "Function.UnknownOperation";
    if (outcome->error.status == DDBS_E_TIME)
        return "Function.DeadlineExceeded";
    return "Function.HandlerFailed";
}

static const char *refusal_type_of(const ddbs_error *error)
{
    if (error->status == DDBS_E_EVENT)
        return "Runtime.UnexpectedEvent";
    if (error->status == DDBS_E_MEMORY)
        return "Function.OutOfMemory"; /* Runtime.OutOfMemory is the platform's own */
    return "Runtime.EventMalformed";
}

static void write_place(ddbs_buf *buf, const ddbs_error *error)
{
    if (error->path[0] != '\0')
        ddbs_buf__format(buf, "; at %s", error->path);
    if (error->offset != DDBS_NOWHERE)
        ddbs_buf__format(buf, "; offset %zu", error->offset);
}

/* {"errorMessage":...,"errorType":...,"stackTrace":[]} as the Runtime API takes it. */
static ddbs_status write_error(const char *type, const ddbs_buf *message, ddbs_answer *out)
{
    ddbs_buf body = { .arena = message->arena };
    ddbs_buf__text(&body, "{\"errorMessage\":");
    ddbs_buf__json(&body, message->ptr, message->len);
    ddbs_buf__format(&body, ",\"errorType\":\"%s\",\"stackTrace\":[]}", type);
    return finish(&body, type, message, out);
}

ddbs_status ddbs_answer_refusal(const ddbs_error *error, ddbs_arena *arena, ddbs_answer *out)
{
    ddbs_buf message = { .arena = arena };
    const char *type = refusal_type_of(error);
    ddbs_buf__format(&message, "%s: %s", type, error->reason);
    write_place(&message, error);
    return write_error(type, &message, out);
}

/* Whether another record of the batch has the identifier of record `index`, too: only eventIDs of Pipes can repeat. */
static bool is_ambiguous(const ddbs_event *event, size_t index)
{
    ddbs_str identifier = ddbs_event_identifier(event, index);
    for (size_t i = 0; i < ddbs_event_count(event); i++) {
        ddbs_str other = ddbs_event_identifier(event, i);
        if (i != index && other.len == identifier.len && memcmp(other.ptr, identifier.ptr, other.len) == 0)
            return true;
    }
    return false;
}

/* Why naming the first record not done would not be safe; NULL: it is. */
static const char *why_not_partial(const ddbs_event *event, const ddbs_outcome *outcome)
{
    /* Whether Lambda keeps the state of a partial answer is unknown; and after a final call there is none. */
    const ddbs_window *window = ddbs_event_window(event);
    if (window != NULL && (window->final || !outcome->window_partial))
        return "in a tumbling window the whole batch is delivered again";
    if (outcome->checkpoint == outcome->records)
        return "no record is open, so the whole batch is delivered again";
    /* Lambda resumes at the lowest number reported: out of order it would acknowledge the wrong records. */
    if (!ddbs_event_ordered(event))
        return "sequence numbers are not increasing, so the whole batch is delivered again";
    if (is_ambiguous(event, outcome->checkpoint))
        return "another record has the same identifier, so the whole batch is delivered again";
    return NULL;
}

/* Lambda wants a state from every call of a window, the final one included, and drops that one. */
static void write_state(ddbs_buf *buf, const ddbs_window *window, ddbs_str set)
{
    ddbs_str state = set.ptr != NULL ? set : window->state;
    ddbs_buf__text(buf, "\"state\":");
    if (window->final)
        ddbs_buf__text(buf, "{}");
    else
        ddbs_buf__bytes(buf, state.ptr, state.len);
    ddbs_buf__text(buf, ",");
}

static ddbs_status write_item_failure(const ddbs_event *event, const ddbs_outcome *outcome, const ddbs_buf *message,
                                      ddbs_answer *out)
{
    ddbs_buf body = { .arena = message->arena };
    ddbs_str identifier = ddbs_event_identifier(event, outcome->checkpoint);
    const ddbs_window *window = ddbs_event_window(event);
    ddbs_buf__text(&body, "{");
    if (window != NULL)
        write_state(&body, window, outcome->state);
    ddbs_buf__text(&body, "\"batchItemFailures\":[{\"itemIdentifier\":\"");
    ddbs_buf__bytes(&body, identifier.ptr, identifier.len);
    ddbs_buf__text(&body, "\"}]}");
    return finish(&body, NULL, message, out);
}

static void write_record(ddbs_buf *buf, const ddbs_event *event, const ddbs_outcome *outcome)
{
    if (outcome->checkpoint == outcome->records)
        return;
    ddbs_str sequence = ddbs_event_sequence(event, outcome->checkpoint);
    ddbs_buf__format(buf, "; record %zu/%zu seq=%.*s", outcome->checkpoint + 1, outcome->records, (int)sequence.len,
                     sequence.ptr);
}

/* The record at the checkpoint failed, or the event as a whole. */
static ddbs_status write_failure(const ddbs_event *event, const ddbs_outcome *outcome, ddbs_report report,
                                 ddbs_arena *arena, ddbs_answer *out)
{
    ddbs_buf message = { .arena = arena };
    const char *type = error_type_of(outcome);
    const char *whole = report == DDBS_REPORT_ITEMS ? why_not_partial(event, outcome) : NULL;
    ddbs_buf__format(&message, "%s: %s", type, outcome->error.reason);
    write_place(&message, &outcome->error);
    write_record(&message, event, outcome);
    if (outcome->out_of_time)
        ddbs_buf__text(&message, "; hint: a larger timeout or a smaller BatchSize");
    if (whole != NULL)
        ddbs_buf__format(&message, "; hint: %s", whole);
    if (report == DDBS_REPORT_ITEMS && whole == NULL)
        return write_item_failure(event, outcome, &message, out);
    return write_error(type, &message, out);
}

static bool state_is_empty(ddbs_str state)
{
    size_t inside = 0;
    for (size_t i = 0; i < state.len; i++)
        inside += strchr("{} \t\r\n", state.ptr[i]) == NULL;
    return inside == 0;
}

static ddbs_status write_without_handler(ddbs_arena *arena, ddbs_answer *out)
{
    ddbs_buf message = { .arena = arena };
    ddbs_buf__text(&message,
                   "Function.NoWindowHandler: the final call of a window brings a state, and nothing takes it; "
                   "hint: remove TumblingWindowInSeconds from the mapping");
    return write_error("Function.NoWindowHandler", &message, out);
}

/* Everything is accounted for. */
static ddbs_status write_success(const ddbs_event *event, const ddbs_outcome *outcome, ddbs_arena *arena,
                                 ddbs_answer *out)
{
    const ddbs_window *window = ddbs_event_window(event);
    ddbs_buf nothing = { .arena = arena };
    ddbs_buf body = { .arena = arena };
    if (window != NULL && window->final && outcome->state.ptr == NULL && !state_is_empty(window->state))
        return write_without_handler(arena, out);
    ddbs_buf__text(&body, "{");
    if (window != NULL)
        write_state(&body, window, outcome->state);
    ddbs_buf__text(&body, "\"batchItemFailures\":[]}");
    return finish(&body, NULL, &nothing, out);
}

/* An outcome that contradicts itself: nothing is acknowledged. */
static ddbs_status write_contradiction(ddbs_arena *arena, ddbs_answer *out)
{
    ddbs_buf message = { .arena = arena };
    ddbs_buf__text(&message, "Runtime.OutcomeInvalid: the outcome of the batch does not add up");
    return write_error("Runtime.OutcomeInvalid", &message, out);
}

static bool adds_up(const ddbs_event *event, const ddbs_outcome *outcome)
{
    size_t sum = outcome->done + outcome->skipped + outcome->parked + outcome->ignored + outcome->poison;
    return outcome->records == ddbs_event_count(event) && outcome->checkpoint <= outcome->records &&
           sum == outcome->checkpoint && (outcome->checkpoint == outcome->records || outcome->error.status != DDBS_OK);
}

ddbs_status ddbs_answer_outcome(const ddbs_event *event, const ddbs_outcome *outcome, ddbs_report report,
                                ddbs_arena *arena, ddbs_answer *out)
{
    if (!adds_up(event, outcome))
        return write_contradiction(arena, out);
    if (outcome->error.status == DDBS_OK)
        return write_success(event, outcome, arena, out);
    return write_failure(event, outcome, report, arena, out);
}

static ddbs_status write_too_large(size_t len, ddbs_arena *arena, ddbs_answer *out)
{
    ddbs_buf message = { .arena = arena };
    ddbs_buf__format(&message, "Function.ResponseTooLarge: the result has %zu bytes, and Lambda takes at most %zu", len,
                     DDBS_EVENT_BYTES_MAX);
    return write_error("Function.ResponseTooLarge", &message, out);
}

ddbs_status ddbs_answer__result(const ddbs_outcome *outcome, ddbs_str result, ddbs_arena *arena, ddbs_answer *out)
{
    ddbs_buf message = { .arena = arena };
    const char *type = error_type_of(outcome);
    if (outcome->error.status == DDBS_OK && result.len > DDBS_EVENT_BYTES_MAX)
        return write_too_large(result.len, arena, out);
    if (outcome->error.status == DDBS_OK) {
        *out = (ddbs_answer){ .body = result.len == 0 ? ddbs_str_c("null") : result };
        return DDBS_OK;
    }
    ddbs_buf__format(&message, "%s: %s", type, outcome->error.reason);
    write_place(&message, &outcome->error);
    if (outcome->out_of_time)
        ddbs_buf__text(&message, "; hint: a larger timeout");
    return write_error(type, &message, out);
}
