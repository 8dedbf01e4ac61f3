/* report.c: see report.h. */
#include "report.h"

#include "lib/buf.h"
#include "lib/utf8.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define GREEN  "32"
#define YELLOW "33"
#define RED    "31"
#define GREY   "2"

enum { ID_SHOWN = 8, LINE_SHOWN = 2000 };

/* ---- Lines for people -------------------------------------------------------------------------------------------- */

/* Text of strangers, without what a terminal would obey. */
static void put_text(FILE *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len && i < LINE_SHOWN; i++) {
        unsigned char byte = (unsigned char)text[i];
        if ((byte < 0x20 && byte != '\t') || byte == 0x7f)
            fprintf(out, "\\x%02x", byte);
        else
            putc(byte, out);
    }
    if (len > LINE_SHOWN)
        fputs("...", out);
}

/* An indented line in a colour. */
static void say(const struct report *report, const char *colour, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void say(const struct report *report, const char *colour, const char *format, ...)
{
    char line[LINE_SHOWN];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    size_t shown = len < 0 ? 0 : (size_t)len < sizeof line ? (size_t)len : sizeof line - 1;
    if (report->colour)
        printf("\033[%sm", colour);
    put_text(stdout, line, shown);
    puts(report->colour ? "\033[0m" : "");
}

void report_warn(const char *format, ...)
{
    va_list arguments;
    fflush(stdout); /* so that the two stay in order where they meet */
    fputs("WARNING: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    putc('\n', stderr);
}

/* "record 7" or "records 1-20", counted in the stream. */
static const char *range(char text[64], uint64_t first, size_t count)
{
    if (count == 1)
        snprintf(text, 64, "record %" PRIu64, first);
    else
        snprintf(text, 64, "records %" PRIu64 "-%" PRIu64, first, first + count - 1);
    return text;
}

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

static void say_mapping(const struct report *report, const char *source)
{
    const struct esm *esm = report->esm;
    const struct mapping_settings *settings = &esm->settings;
    printf("%s <- %s\n  BatchSize %zu, ", esm->function_name, source, settings->batch_size);
    if (settings->retries == MAPPING_RETRIES_UNLIMITED)
        printf("retries without end");
    else
        printf("MaximumRetryAttempts %" PRId64, settings->retries);
    printf("%s%s\n", settings->bisect ? ", BisectBatchOnFunctionError" : "",
           settings->report_items ? ", ReportBatchItemFailures" : "");
    if (esm->destination != ESM_NONE)
        printf("  on failure: %s\n", esm->destination_arn);
    for (size_t i = 0; i < esm->note_count; i++)
        printf("  note: %s\n", esm->notes[i]);
}

static bool option_is_items(const struct report *report)
{
    return report->option != NULL && strcmp(report->option, "items") == 0;
}

/* What the two settings tell before any record has failed. Where DDBS_REPORT is not set, the function's code may have
 * chosen: then its first failure tells more, see warn_about. */
static void warn_of_mismatch(struct report *report)
{
    bool items = option_is_items(report), read = report->esm->settings.report_items;
    if (items && !read) {
        report->warned_lost = true;
        report_warn(
            "DDBS_REPORT=items, but the mapping lacks ReportBatchItemFailures: records that fail will be LOST. Add "
            "\"FunctionResponseTypes\": [\"ReportBatchItemFailures\"] to it, or set DDBS_REPORT=error.");
    } else if (read && !items) {
        report->warned_error = report->option != NULL;
        report_warn(
            "the mapping has ReportBatchItemFailures, but DDBS_REPORT is not %s: %sa failed record fails its whole "
            "batch, and records that were done come again. Add --env DDBS_REPORT=items.",
            report->option == NULL ? "set" : "\"items\"",
            report->option == NULL ? "unless the function's code asks for items itself, " : "");
    }
}

void report_begin(struct report *report, const char *source)
{
    if (!report->quiet)
        say_mapping(report, source);
    warn_of_mismatch(report);
}

void report_delivery(const struct report *report, const struct mapping_delivery *delivery, const char *request_id)
{
    char place[64];
    if (report->quiet)
        return;
    printf("\n#%" PRIu64 "  %s  request %.*s", delivery->number, range(place, delivery->first, delivery->count),
           ID_SHOWN, request_id);
    if (delivery->cause == MAPPING_REST)
        printf("  the rest");
    else if (delivery->cause == MAPPING_HALF)
        printf("  a part");
    else if (delivery->cause == MAPPING_RETRY)
        printf(report->no_wait ? "  attempt %" PRIu64 " (AWS waits %" PRId64 " ms)"
                               : "  attempt %" PRIu64 ", after %" PRId64 " ms",
               delivery->attempt, delivery->wait_ms);
    putchar('\n');
    fflush(stdout);
}

void report_output(void *user, const char *line, size_t len)
{
    const struct report *report = user;
    if (report->quiet)
        return;
    fputs("    | ", stdout);
    put_text(stdout, line, len);
    putchar('\n');
}

/* A text member of an error's body, "" when there is none. */
static void body_member(const struct function_answer *answer, const char *name, char *text, size_t size)
{
    text[0] = '\0';
    if (answer->body == NULL)
        return;
    cJSON *body = cJSON_ParseWithLength(answer->body, answer->body_len);
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(body, name);
    if (cJSON_IsString(value))
        snprintf(text, size, "%s", value->valuestring);
    cJSON_Delete(body);
}

/* Text that was posted, or cut, need not be UTF-8. */
static void make_utf8(char *text)
{
    size_t len = strlen(text);
    for (size_t at = 0; (at += ddbs_utf8__check(text + at, len - at)) < len; at++)
        text[at] = '?';
}

/* Whether a message begins with the type, as a word of its own. */
static bool names_type(const char *message, const char *type)
{
    size_t len = strlen(type);
    return len > 0 && strncmp(message, type, len) == 0 && strchr(": ", message[len]) != NULL; /* or its end */
}

void report_failure(const struct function_answer *answer, char *text, size_t size)
{
    char message[DDBS_ERROR_REASON_MAX];
    bool told = answer->end == FUNCTION_ERROR || (answer->end == FUNCTION_INIT_FAILED && answer->body != NULL);
    if (!told) {
        function_describe(answer, text, size);
        return;
    }
    body_member(answer, "errorMessage", message, sizeof message);
    const char *type = answer->error_type[0] != '\0' ? answer->error_type : "an error without a type";
    if (names_type(message, answer->error_type))
        snprintf(text, size, "%s", message);
    else
        snprintf(text, size, "%s%s%s", type, message[0] != '\0' ? ": " : "", message);
    make_utf8(text);
}

static void say_answer(const struct report *report, const struct report_turn *turn)
{
    const struct mapping_delivery *delivery = turn->delivery;
    const struct mapping_decision *decision = turn->decision;
    const struct verdict *verdict = &decision->verdict;
    char text[DDBS_ERROR_REASON_MAX + 256];
    if (turn->answer->end != FUNCTION_RESPONSE) {
        report_failure(turn->answer, text, sizeof text);
        say(report, RED, "    -> error: %s", text);
    } else if (verdict->kind == VERDICT_FAILED) {
        say(report, RED, "    -> counts as an error of the whole batch: %s%s", verdict->why,
            verdict->unproved ? " (as documented; no recording of AWS shows this case)" : "");
    } else if (verdict->kind == VERDICT_PARTIAL && verdict->resume == 0) {
        say(report, YELLOW, "    -> partial: the first record failed, so nothing is done");
    } else if (verdict->kind == VERDICT_PARTIAL) {
        say(report, YELLOW, "    -> partial: %zu of %zu done, resumes at record %" PRIu64 ", sequence %s",
            verdict->resume, delivery->count, delivery->first + verdict->resume,
            delivery->identifiers[verdict->resume].ptr);
    } else if (decision->lost > 0) {
        say(report, RED,
            "    -> success to the mapping, which does not read the response: %zu of %zu done, %zu record%s LOST",
            decision->done, delivery->count, decision->lost, plural(decision->lost));
    } else {
        say(report, GREEN, "    -> all %zu done", delivery->count);
    }
}

static void say_discard(const struct report *report, const struct report_turn *turn, const char *place)
{
    uint64_t attempts = turn->delivery->attempt;
    const char *what = "-> ", *where = turn->file;
    if (turn->unwritten != NULL) {
        what = "could not be written to ";
        where = turn->unwritten;
    } else if (turn->file == NULL) {
        what = turn->delivery->count == 1 ? "is lost" : "are lost";
        where = ", there is no destination";
    }
    say(report, RED, "    -> discarded after %" PRIu64 " attempt%s: %s %s%s", attempts, plural(attempts), place, what,
        where);
}

static void say_step(const struct report *report, const struct report_turn *turn)
{
    const struct mapping_delivery *delivery = turn->delivery;
    size_t left = delivery->count / 2;
    char place[64], other[64];
    range(place, delivery->first, delivery->count);
    switch (turn->decision->step) {
    case MAPPING_AGAIN:
        if (report->esm->settings.retries == MAPPING_RETRIES_UNLIMITED)
            say(report, GREY, "    -> %s again: attempt %" PRIu64 " without an end", place, delivery->attempt + 1);
        else
            say(report, GREY, "    -> %s again: attempt %" PRIu64 " of %" PRId64, place, delivery->attempt + 1,
                report->esm->settings.retries + 1);
        break;
    case MAPPING_HALVE:
        say(report, GREY, "    -> halved: %s, then %s", range(place, delivery->first, left),
            range(other, delivery->first + left, delivery->count - left));
        break;
    case MAPPING_DISCARD:
        say_discard(report, turn, place);
        break;
    case MAPPING_DONE:
    case MAPPING_RESUME:
        break;
    }
}

/* The two ways in which function and mapping disagree about how a failure is reported. */
static void warn_about(struct report *report, const struct report_turn *turn)
{
    if (turn->decision->lost > 0 && !report->warned_lost) {
        report->warned_lost = true;
        report_warn("the function reports failed records in batchItemFailures, but the mapping lacks\n"
                    "         ReportBatchItemFailures: AWS takes the response as success, and these records are LOST.\n"
                    "         Add \"FunctionResponseTypes\": [\"ReportBatchItemFailures\"], or set DDBS_REPORT=error.");
    }
    if (turn->answer->end == FUNCTION_ERROR && report->esm->settings.report_items && !option_is_items(report) &&
        !report->warned_error) {
        report->warned_error = true;
        report_warn(
            "the mapping has ReportBatchItemFailures, but the function fails as a whole: records that were done\n"
            "         come again. Set DDBS_REPORT=items in the function's environment (--env DDBS_REPORT=items).");
    }
}

/* ---- Lines for programs ------------------------------------------------------------------------------------------ */

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

static void json_line(struct report *report, ddbs_buf *out)
{
    ddbs_buf__text(out, "}\n");
    if (out->failed || fwrite(out->ptr, 1, out->len, report->json) != out->len || fflush(report->json) != 0)
        report->json_failed = true;
    ddbs_arena_reset(report->arena);
}

static void json_delivery(ddbs_buf *out, const struct report_turn *turn)
{
    static const char *const CAUSES[] = { "batch", "rest", "half", "retry" };
    const struct mapping_delivery *delivery = turn->delivery;
    ddbs_buf__format(out, "{\"delivery\":%" PRIu64 ",\"cause\":\"%s\"", delivery->number, CAUSES[delivery->cause]);
    json_text(out, "requestId", turn->request_id);
    json_number(out, "first", delivery->first);
    json_number(out, "last", delivery->first + delivery->count - 1);
    json_text(out, "firstSequence", delivery->identifiers[0].ptr);
    json_text(out, "lastSequence", delivery->identifiers[delivery->count - 1].ptr);
    json_number(out, "attempt", delivery->attempt);
    json_number(out, "waitMs", (uint64_t)delivery->wait_ms);
}

static void json_answer(ddbs_buf *out, const struct report_turn *turn)
{
    static const char *const ENDS[] = { "response", "error", "crashed", "timed-out", "init-failed", "broken" };
    static const char *const VERDICTS[] = { "done", "partial", "failed" };
    const struct function_answer *answer = turn->answer;
    const struct verdict *verdict = &turn->decision->verdict;
    json_text(out, "end", ENDS[answer->end]);
    json_number(out, "durationMs", answer->duration_ms > 0 ? (uint64_t)answer->duration_ms : 0);
    if (answer->end == FUNCTION_RESPONSE) {
        json_text(out, "verdict", VERDICTS[verdict->kind]);
        json_number(out, "listed", verdict->listed);
        if (verdict->kind == VERDICT_PARTIAL)
            json_number(out, "resumes", turn->delivery->first + verdict->resume);
        if (verdict->kind == VERDICT_FAILED)
            json_text(out, "reason", verdict->why);
        return;
    }
    char reason[DDBS_ERROR_REASON_MAX + 256];
    report_failure(answer, reason, sizeof reason);
    char type[sizeof answer->error_type];
    snprintf(type, sizeof type, "%s", answer->error_type);
    make_utf8(type);
    json_text(out, "errorType", type);
    json_text(out, "reason", reason);
}

static void json_turn(struct report *report, const struct report_turn *turn)
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

/* Records that were polled and not settled. */
static uint64_t open_records(const struct mapping_totals *totals)
{
    return totals->polled - totals->done - totals->lost - totals->discarded;
}

static void json_end(struct report *report, const struct mapping_totals *totals, bool interrupted)
{
    ddbs_buf out = { .arena = report->arena };
    ddbs_buf__format(&out, "{\"summary\":true,\"complete\":%s", interrupted ? "false" : "true");
    json_number(&out, "polled", totals->polled);
    json_number(&out, "done", totals->done);
    json_number(&out, "discarded", totals->discarded);
    json_number(&out, "open", open_records(totals));
    json_number(&out, "invocations", totals->invocations);
    json_number(&out, "retries", totals->retries);
    json_number(&out, "partial", totals->partial);
    json_number(&out, "errors", totals->errors);
    json_number(&out, "halvings", totals->halvings);
    json_number(&out, "lost", totals->lost);
    json_line(report, &out);
}

/* ---- Both -------------------------------------------------------------------------------------------------------- */

void report_turn(struct report *report, const struct report_turn *turn)
{
    report->files += turn->file != NULL;
    if (!report->quiet) {
        say_answer(report, turn);
        say_step(report, turn);
    }
    warn_about(report, turn);
    if (report->json != NULL)
        json_turn(report, turn);
}

void report_end(struct report *report, const struct mapping_totals *totals, const char *folder, bool interrupted)
{
    printf("%s%" PRIu64 " record%s polled = %" PRIu64 " done + ", report->quiet ? "" : "\n", totals->polled,
           plural(totals->polled), totals->done);
    if (totals->lost > 0)
        printf("%" PRIu64 " lost + ", totals->lost);
    printf("%" PRIu64 " discarded", totals->discarded);
    if (interrupted)
        printf(" + %" PRIu64 " open (stopped before the end of the stream)", open_records(totals));
    printf("\n%" PRIu64 " invocation%s: %" PRIu64 " partial answer%s, %" PRIu64 " error%s, %" PRIu64
           " halving%s, %" PRIu64 " retr%s\n",
           totals->invocations, plural(totals->invocations), totals->partial, plural(totals->partial), totals->errors,
           plural(totals->errors), totals->halvings, plural(totals->halvings), totals->retries,
           totals->retries == 1 ? "y" : "ies");
    if (report->files > 0)
        printf("%" PRIu64 " on-failure record%s in %s\n", report->files, plural(report->files), folder);
    if (totals->lost > 0)
        printf("%" PRIu64 " record%s LOST: reported as not done to a mapping without ReportBatchItemFailures\n",
               totals->lost, plural(totals->lost));
    fflush(stdout);
    if (report->json != NULL)
        json_end(report, totals, interrupted);
}
