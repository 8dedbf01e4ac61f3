/* report_json.c: the lines for programs of `ddbstream run --json`: one for each decision of the mapping, and at last
 * the totals. README.md has the table of their members. */
#include "report.h"

#include "lib/buf.h"
#include "runtime/mapping/failure.h"

#include <inttypes.h>
#include <string.h>

static void json_text(ddbs_buf *out, const char *name, const char *text)
{
    ddbs_buf__format(out, ",\"%s\":", name);
    if (text == NULL)
        ddbs_buf__text(out, "null");
    else
        ddbs_buf__json(out, text, strlen(text));
}

static void json_number(ddbs_buf *out, const char *name, uint64_t number)
{
    ddbs_buf__format(out, ",\"%s\":%" PRIu64, name, number);
}

static void json_str(ddbs_buf *out, const char *name, ddbs_str text)
{
    ddbs_buf__format(out, ",\"%s\":", name);
    ddbs_buf__json(out, text.ptr == NULL ? "" : text.ptr, text.len);
}

static void json_line(struct report *report, ddbs_buf *out)
{
    ddbs_buf__text(out, "}\n");
    if (out->failed || fwrite(out->ptr, 1, out->len, report->json) != out->len || fflush(report->json) != 0)
        report->json_failed = true;
    ddbs_arena_reset(report->arena);
}

/* Which records; nothing for a final invocation, which has none. */
static void json_records(ddbs_buf *out, const struct mapping_delivery *delivery)
{
    if (delivery->count > 0) {
        const struct mapping_record *first = delivery->records, *last = first + delivery->count - 1;
        json_number(out, "first", first->place);
        json_number(out, "last", last->place);
        json_text(out, "firstSequence", first->sequence.ptr);
        json_text(out, "lastSequence", last->sequence.ptr);
    }
    json_number(out, "count", delivery->count);
    json_number(out, "lane", delivery->lane + 1);
}

static void json_window(ddbs_buf *out, const struct mapping_window *window)
{
    char start[32], end[32];
    if (window == NULL)
        return;
    mapping_time(start, window->start_ms);
    mapping_time(end, window->end_ms);
    ddbs_buf__format(out, ",\"window\":{\"start\":\"%s\",\"end\":\"%s\",\"final\":%s,\"early\":%s}", start, end,
                     window->final ? "true" : "false", window->early ? "true" : "false");
}

static void json_delivery(ddbs_buf *out, const struct report_turn *turn)
{
    static const char *const CAUSES[] = { "batch", "rest", "half", "retry", "final" };
    const struct mapping_delivery *delivery = turn->delivery;
    ddbs_buf__format(out, "{\"kind\":\"delivery\",\"delivery\":%" PRIu64 ",\"cause\":\"%s\"", delivery->number,
                     CAUSES[delivery->cause]);
    json_str(out, "shard", delivery->shard_id);
    json_text(out, "requestId", delivery->request_id);
    json_records(out, delivery);
    json_window(out, delivery->window);
    json_number(out, "attempt", delivery->attempt);
    json_number(out, "waitMs", (uint64_t)delivery->wait_ms);
}

static void json_answer(ddbs_buf *out, const struct report_turn *turn)
{
    static const char *const ENDS[] = { "response",    "error",         "crashed",   "timed-out",
                                        "init-failed", "out-of-memory", "throttled", "broken" };
    static const char *const VERDICTS[] = { "done", "partial", "failed" };
    const struct function_answer *answer = turn->answer;
    const struct verdict *verdict = &turn->decision->verdict;
    if (answer == NULL) {
        json_text(out, "end", turn->throttled ? "throttled" : "too-large");
        return;
    }
    json_text(out, "end", ENDS[answer->end]);
    json_number(out, "durationMs", answer->duration_ms > 0 ? (uint64_t)answer->duration_ms : 0);
    if (answer->end == FUNCTION_RESPONSE) {
        json_text(out, "verdict", VERDICTS[verdict->kind]);
        json_number(out, "listed", verdict->listed);
        if (verdict->kind == VERDICT_PARTIAL)
            json_number(out, "resumes", turn->delivery->records[verdict->resume].place);
        if (verdict->kind == VERDICT_FAILED)
            json_text(out, "reason", verdict->why);
        return;
    }
    char reason[DDBS_ERROR_REASON_MAX + 256];
    report_failure(answer, reason, sizeof reason);
    char type[sizeof answer->error_type];
    snprintf(type, sizeof type, "%s", answer->error_type);
    report_utf8(type);
    json_text(out, "errorType", type);
    json_text(out, "reason", reason);
}

void report_json_turn(struct report *report, const struct report_turn *turn)
{
    static const char *const STEPS[] = { "done", "resume", "retry", "halve", "discard" };
    ddbs_buf out = { .arena = report->arena };
    json_delivery(&out, turn);
    json_answer(&out, turn);
    json_text(&out, "step", STEPS[turn->decision->step]);
    json_number(&out, "done", turn->decision->done);
    json_number(&out, "discarded", turn->decision->discarded);
    json_number(&out, "lost", turn->decision->lost);
    if (turn->decision->step == MAPPING_DISCARD)
        json_text(&out, "file", turn->file);
    json_line(report, &out);
}

void report_json_expired(struct report *report, const struct report_turn *turn, const struct mapping_discard *discard)
{
    ddbs_buf out = { .arena = report->arena };
    ddbs_buf__text(&out, "{\"kind\":\"expired\",\"expired\":true");
    json_str(&out, "shard", turn->delivery->shard_id);
    json_text(&out, "requestId", turn->delivery->request_id);
    json_records(&out, turn->delivery);
    json_number(&out, "invocations", discard->invokes);
    json_number(&out, "discarded", turn->delivery->count);
    json_text(&out, "file", turn->file);
    json_line(report, &out);
}

static void json_checkpoint(ddbs_buf *out, const struct mapping_checkpoint *checkpoint)
{
    json_number(out, "place", checkpoint->place);
    if (checkpoint->sequence.ptr != NULL)
        json_str(out, checkpoint->after ? "afterSequence" : "atSequence", checkpoint->sequence);
}

void report_json_trace(struct report *report, const struct mapping_trace *trace)
{
    static const char *const KINDS[] = {
        [MAPPING_TRACE_SHARD] = "shard",       [MAPPING_TRACE_DENIED] = "denied",
        [MAPPING_TRACE_FILTERED] = "filtered", [MAPPING_TRACE_CHECKPOINT] = "checkpoint",
        [MAPPING_TRACE_WINDOW] = "window",     [MAPPING_TRACE_SHARD_END] = "shard-end",
    };
    const char *kind = (size_t)trace->kind < sizeof KINDS / sizeof *KINDS ? KINDS[trace->kind] : NULL;
    ddbs_buf out = { .arena = report->arena };
    if (kind == NULL) /* looks into a shard are not decisions; deliveries and discards have lines of their own */
        return;
    ddbs_buf__format(&out, "{\"kind\":\"%s\"", kind);
    json_str(&out, "shard", trace->shard_id);
    if (trace->record != NULL) {
        json_number(&out, "first", trace->record->place);
        json_str(&out, "firstSequence", trace->record->sequence);
    }
    if (trace->checkpoint != NULL)
        json_checkpoint(&out, trace->checkpoint);
    json_window(&out, trace->window);
    json_line(report, &out);
}

static void json_metrics(ddbs_buf *out, const struct report *report, const struct mapping_totals *totals)
{
    struct report_metrics metrics = report_metrics_of(report, totals);
    ddbs_buf__format(out, ",\"metrics\":{\"Invocations\":%" PRIu64, metrics.invocations);
    json_number(out, "Errors", metrics.errors);
    json_number(out, "Throttles", metrics.throttles);
    json_number(out, "Duration", (uint64_t)metrics.duration_ms);
    json_number(out, "IteratorAge", (uint64_t)metrics.age_max_ms);
    json_number(out, "PolledEventCount", metrics.polled);
    json_number(out, "FilteredOutEventCount", metrics.filtered);
    json_number(out, "InvokedEventCount", metrics.invoked);
    json_number(out, "FailedInvokeEventCount", metrics.failed);
    if (metrics.destination) {
        json_number(out, "DroppedEventCount", metrics.dropped);
        json_number(out, "OnFailureDestinationDeliveredEventCount", metrics.delivered);
    }
    ddbs_buf__text(out, "}");
}

void report_json_end(struct report *report, const struct mapping_totals *totals, bool interrupted)
{
    ddbs_buf out = { .arena = report->arena };
    ddbs_buf__format(&out, "{\"kind\":\"summary\",\"summary\":true,\"complete\":%s", interrupted ? "false" : "true");
    json_number(&out, "polled", totals->polled);
    json_number(&out, "done", totals->done);
    json_number(&out, "discarded", totals->discarded);
    json_number(&out, "open", report_open_records(totals));
    json_number(&out, "invocations", totals->invocations);
    json_number(&out, "retries", totals->retries);
    json_number(&out, "partial", totals->partial);
    json_number(&out, "errors", totals->errors);
    json_number(&out, "halvings", totals->halvings);
    json_number(&out, "lost", totals->lost);
    json_number(&out, "filtered", totals->filtered);
    json_number(&out, "expired", totals->expired);
    json_number(&out, "windows", totals->windows);
    json_metrics(&out, report, totals);
    json_line(report, &out);
}
