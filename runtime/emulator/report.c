/* report.c: see report.h. */
#include "report.h"

#include "progress.h"

#include "runtime/mapping/failure.h"

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

void report_put_text(FILE *out, const char *text, size_t len)
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

/* Where several batches of a shard are under way, each line says which of them it is about. */
static void put_lane(const struct report *report, size_t lane)
{
    if (report->esm->settings.factor > 1)
        printf("[%zu] ", lane + 1);
}

/* An indented line in a colour. */
static void say(const struct report *report, size_t lane, const char *colour, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static void say(const struct report *report, size_t lane, const char *colour, const char *format, ...)
{
    char line[LINE_SHOWN];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    size_t shown = len < 0 ? 0 : (size_t)len < sizeof line ? (size_t)len : sizeof line - 1;
    put_lane(report, lane);
    if (report->colour)
        printf("\033[%sm", colour);
    report_put_text(stdout, line, shown);
    puts(report->colour ? "\033[0m" : "");
}

void report_warn(const char *format, ...)
{
    va_list arguments;
    progress_hide();
    fflush(stdout); /* so that the two stay in order where they meet */
    fputs("WARNING: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    putc('\n', stderr);
}

/* "record 7", "records 1-20", or "3 records from 1 to 7" where others lie between them, counted in the stream. */
static const char *range(char text[96], const struct mapping_record *records, size_t count)
{
    uint64_t first = records[0].place, last = records[count - 1].place;
    if (count == 1)
        snprintf(text, 96, "record %" PRIu64, first);
    else if (last - first + 1 == count)
        snprintf(text, 96, "records %" PRIu64 "-%" PRIu64, first, last);
    else
        snprintf(text, 96, "%zu records from %" PRIu64 " to %" PRIu64, count, first, last);
    return text;
}

/* The same of a delivery. */
static const char *place_of(char text[96], const struct mapping_delivery *delivery)
{
    if (delivery->count > 0)
        return range(text, delivery->records, delivery->count);
    snprintf(text, 96, "the final call of the window%s", delivery->window->early ? ", whose state is over 1 MB" : "");
    return text;
}

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

static void say_more_settings(const struct esm *esm)
{
    const struct mapping_settings *settings = &esm->settings;
    if (settings->factor > 1)
        printf(", ParallelizationFactor %" PRId64, settings->factor);
    if (settings->record_age != MAPPING_UNLIMITED)
        printf(", MaximumRecordAgeInSeconds %" PRId64, settings->record_age);
    if (settings->tumbling_window > 0)
        printf(", TumblingWindowInSeconds %" PRId64, settings->tumbling_window);
    if (esm->filter_count > 0)
        printf(", %zu filter%s", esm->filter_count, plural(esm->filter_count));
}

static void say_mapping(const struct report *report, const char *source)
{
    const struct esm *esm = report->esm;
    const struct mapping_settings *settings = &esm->settings;
    printf("%s <- %s\n  BatchSize %" PRId64 ", ", esm->function_name, source, settings->batch_size);
    if (settings->retries == MAPPING_UNLIMITED)
        printf("retries without end");
    else
        printf("MaximumRetryAttempts %" PRId64, settings->retries);
    printf("%s%s", settings->bisect ? ", BisectBatchOnFunctionError" : "",
           settings->report_items ? ", ReportBatchItemFailures" : "");
    say_more_settings(esm);
    putchar('\n');
    if (settings->destination != MAPPING_NO_DESTINATION)
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

static void say_window(const struct mapping_window *window)
{
    char start[32], end[32];
    if (window == NULL)
        return;
    mapping_time(start, window->start_ms);
    mapping_time(end, window->end_ms);
    printf("  window %s to %s", start, end);
}

void report_delivery(const struct report *report, const struct mapping_delivery *delivery)
{
    char place[96];
    if (report->quiet)
        return;
    progress_hide();
    putchar('\n');
    put_lane(report, delivery->lane);
    printf("#%" PRIu64 "  %s  request %.*s", delivery->number, place_of(place, delivery), ID_SHOWN,
           delivery->request_id);
    if (delivery->cause == MAPPING_REST)
        printf("  the rest");
    else if (delivery->cause == MAPPING_HALF)
        printf("  a part");
    else if (delivery->cause == MAPPING_RETRY)
        printf(report->no_wait ? "  attempt %" PRIu64 " (AWS waits %" PRId64 " ms)"
                               : "  attempt %" PRIu64 ", after %" PRId64 " ms",
               delivery->attempt, delivery->wait_ms);
    say_window(delivery->window);
    putchar('\n');
    if (!progress_live())
        fflush(stdout);
}

void report_output(void *user, const char *line, size_t len)
{
    struct report_voice *voice = user;
    if (voice->report->page != NULL)
        page_log_add(&voice->log, line, len);
    if (voice->report->quiet)
        return;
    progress_hide();
    put_lane(voice->report, voice->lane);
    fputs("    | ", stdout);
    report_put_text(stdout, line, len);
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

void report_utf8(char *text)
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
    report_utf8(text);
}

static void say_done(const struct report *report, const struct report_turn *turn)
{
    const struct mapping_delivery *delivery = turn->delivery;
    const struct mapping_decision *decision = turn->decision;
    if (decision->lost > 0)
        say(report, delivery->lane, RED,
            "    -> success to the mapping, which does not read the response: %zu of %zu done, %zu record%s LOST",
            decision->done, delivery->count, decision->lost, plural(decision->lost));
    else if (delivery->count == 0)
        say(report, delivery->lane, GREEN, "    -> the window is closed");
    else
        say(report, delivery->lane, GREEN, "    -> all %zu done", delivery->count);
}

static void say_answer(const struct report *report, const struct report_turn *turn)
{
    const struct mapping_delivery *delivery = turn->delivery;
    const struct verdict *verdict = &turn->decision->verdict;
    char text[DDBS_ERROR_REASON_MAX + 256];
    size_t lane = delivery->lane;
    if (turn->answer == NULL) {
        say(report, lane, RED, "    -> %s is too large for an event of 6 MB, the function is not called",
            place_of(text, delivery));
    } else if (turn->answer->end != FUNCTION_RESPONSE) {
        report_failure(turn->answer, text, sizeof text);
        say(report, lane, RED, "    -> error: %s", text);
    } else if (verdict->kind == VERDICT_FAILED) {
        say(report, lane, RED, "    -> counts as an error of the whole batch: %s%s", verdict->why,
            verdict->unproved ? " (as documented; no recording of AWS shows this case)" : "");
    } else if (verdict->kind == VERDICT_PARTIAL && verdict->resume == 0) {
        say(report, lane, YELLOW, "    -> partial: the first record failed, so nothing is done");
    } else if (verdict->kind == VERDICT_PARTIAL) {
        const struct mapping_record *next = &delivery->records[verdict->resume];
        say(report, lane, YELLOW, "    -> partial: %zu of %zu done, resumes at record %" PRIu64 ", sequence %s",
            verdict->resume, delivery->count, next->place, next->sequence.ptr);
    } else {
        say_done(report, turn);
    }
}

/* Where what is given up goes to. */
static void say_where(const struct report *report, const struct report_turn *turn, const char *why)
{
    const char *what = "-> ", *where = turn->file;
    char place[96];
    if (turn->unwritten != NULL) {
        what = "could not be written to ";
        where = turn->unwritten;
    } else if (turn->file == NULL) {
        what = turn->delivery->count <= 1 ? "is lost" : "are lost";
        where = ", there is no destination";
    }
    say(report, turn->delivery->lane, RED, "    -> discarded %s: %s %s%s", why, place_of(place, turn->delivery), what,
        where);
}

static void say_step(const struct report *report, const struct report_turn *turn)
{
    const struct mapping_delivery *delivery = turn->delivery;
    size_t left = delivery->count / 2;
    char place[96], other[96], end[64] = "without an end";
    switch (turn->decision->step) {
    case MAPPING_AGAIN:
        if (report->esm->settings.retries != MAPPING_UNLIMITED)
            snprintf(end, sizeof end, "of %" PRId64, report->esm->settings.retries + 1);
        if (turn->answer != NULL && turn->answer->end == FUNCTION_THROTTLED) {
            say(report, delivery->lane, GREY, "    -> %s again: no attempt is counted", place_of(place, delivery));
            break;
        }
        say(report, delivery->lane, GREY, "    -> %s again: attempt %" PRIu64 " %s", place_of(place, delivery),
            delivery->attempt + 1, end);
        break;
    case MAPPING_HALVE:
        say(report, delivery->lane, GREY, "    -> halved: %s, then %s", range(place, delivery->records, left),
            range(other, delivery->records + left, delivery->count - left));
        break;
    case MAPPING_DISCARD:
        snprintf(place, sizeof place, "after %" PRIu64 " attempt%s", delivery->attempt, plural(delivery->attempt));
        say_where(report, turn, place);
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
    if (turn->answer != NULL && turn->answer->end == FUNCTION_ERROR && report->esm->settings.report_items &&
        !option_is_items(report) && !report->warned_error) {
        report->warned_error = true;
        report_warn(
            "the mapping has ReportBatchItemFailures, but the function fails as a whole: records that were done\n"
            "         come again. Set DDBS_REPORT=items in the function's environment (--env DDBS_REPORT=items).");
    }
}

/* ---- The page ---------------------------------------------------------------------------------------------------- */

/* The class of a box, and what became of its delivery in words. */
static const char *box_of(const struct report_turn *turn, char *what, size_t size)
{
    const struct mapping_delivery *delivery = turn->delivery;
    const struct mapping_decision *decision = turn->decision;
    const struct verdict *verdict = &decision->verdict;
    if (turn->throttled) {
        snprintf(what, size, "throttled: the function did not run");
        return "throttled";
    }
    if (turn->answer == NULL || turn->answer->end != FUNCTION_RESPONSE) {
        report_failure(turn->answer, what, size);
        return "error";
    }
    if (verdict->kind == VERDICT_FAILED) {
        snprintf(what, size, "counts as an error of the whole batch: %s", verdict->why);
        return "error";
    }
    if (verdict->kind == VERDICT_PARTIAL) {
        const struct mapping_record *next = &delivery->records[verdict->resume];
        snprintf(what, size, "%zu of %zu done, resumes at record %" PRIu64 ", sequence %s", verdict->resume,
                 delivery->count, next->place, next->sequence.ptr);
        return "partial";
    }
    if (decision->lost > 0)
        snprintf(what, size, "%zu of %zu done, %zu LOST: the mapping does not read the response", decision->done,
                 delivery->count, decision->lost);
    else
        snprintf(what, size, delivery->count == 0 ? "the window is closed" : "all %zu done", delivery->count);
    return delivery->count == 0 ? "final" : decision->lost > 0 ? "error" : "done";
}

static const char *step_of(const struct mapping_decision *decision)
{
    static const char *const STEPS[] = { [MAPPING_DONE] = "",
                                         [MAPPING_RESUME] = "",
                                         [MAPPING_AGAIN] = "; comes again",
                                         [MAPPING_HALVE] = "; halved",
                                         [MAPPING_DISCARD] = "; given up" };
    return STEPS[decision->step];
}

/* Where nothing ran (a record that fits into no event) there is no box. */
static void draw_box(struct report *report, const struct report_turn *turn)
{
    char what[DDBS_ERROR_REASON_MAX + 320];
    const struct report_voice *voice = turn->voice;
    if (turn->answer == NULL && !turn->throttled)
        return;
    struct page_box box = { .delivery = turn->delivery,
                            .begin_ms = voice != NULL ? voice->begin_ms : turn->now_ms,
                            .end_ms = turn->now_ms,
                            .age_ms = voice != NULL ? voice->age_ms : tally_age(turn->delivery, turn->now_ms),
                            .done = turn->decision->done,
                            .discarded = turn->decision->discarded,
                            .log = voice != NULL ? &voice->log : NULL };
    box.result = box_of(turn, what, DDBS_ERROR_REASON_MAX + 256);
    size_t len = strlen(what);
    snprintf(what + len, sizeof what - len, "%s", step_of(turn->decision));
    box.what = what;
    page_add(report->page, &box);
}

/* ---- Both -------------------------------------------------------------------------------------------------------- */

void report_turn(struct report *report, const struct report_turn *turn)
{
    report->files += turn->file != NULL;
    if (turn->answer != NULL && !turn->throttled)
        tally_answer(&report->tally, turn->answer);
    if (!report->quiet) {
        progress_hide();
        say_answer(report, turn);
        say_step(report, turn);
    }
    warn_about(report, turn);
    if (report->json != NULL)
        report_json_turn(report, turn);
    if (report->page != NULL)
        draw_box(report, turn);
}

void report_expired(struct report *report, const struct report_turn *turn, const struct mapping_discard *discard)
{
    report->files += turn->file != NULL;
    if (!report->quiet) {
        progress_hide();
        putchar('\n');
        say_where(report, turn, "as too old");
    }
    if (report->json != NULL)
        report_json_expired(report, turn, discard);
}

void report_trace(struct report *report, const struct mapping_trace *trace)
{
    tally_trace(&report->tally, trace);
    if (report->json != NULL)
        report_json_trace(report, trace);
    if (report->page != NULL && trace->kind == MAPPING_TRACE_DISCARD)
        page_discard(report->page, trace->discard, trace->delivered);
}

void report_voice_begin(struct report_voice *voice, const struct mapping_delivery *delivery, int64_t now_ms)
{
    voice->lane = delivery->lane;
    voice->begin_ms = now_ms;
    voice->age_ms = tally_age(delivery, now_ms);
    page_log_clear(&voice->log);
}

int report_tick(const struct report *report, int wait_ms)
{
    int next = progress_show(&report->tally);
    return next >= 0 && next < wait_ms ? next : wait_ms;
}
