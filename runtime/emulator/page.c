/* page.c: see page.h.
 *
 * The data stands in a <script type="application/json">, which ends at the first "</script" whatever it is inside of,
 * and texts of strangers are in it: so no "<" gets there, nor the two line separators that JavaScript once took for the
 * end of a line. */
#include "page.h"

#include "page_share.h"

#include "lib/buf.h"
#include "lib/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct page {
    FILE *out, *boxes, *discards; /* the last two have no name: they are gone with the program */
    ddbs_buf tiles;
    uint64_t box_count, discard_count;
    size_t log_bytes;
    bool failed;
};

/* ---- Text -------------------------------------------------------------------------------------------------------- */

/* Write JSON so that it can stand in the page. */
static void put_json(struct page *page, FILE *file, const char *json, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bool line = len - i >= 3 && memcmp(json + i, "\xe2\x80\xa8", 3) == 0;
        bool paragraph = len - i >= 3 && memcmp(json + i, "\xe2\x80\xa9", 3) == 0;
        if (line || paragraph) {
            fputs(line ? "\\u2028" : "\\u2029", file);
            i += 2;
        } else if (json[i] == '<') {
            fputs("\\u003c", file);
        } else {
            putc(json[i], file);
        }
    }
    if (ferror(file))
        page->failed = true;
}

static void put_buf(struct page *page, FILE *file, ddbs_buf *buf)
{
    if (buf->failed)
        page->failed = true;
    else
        put_json(page, file, buf->ptr == NULL ? "" : buf->ptr, buf->len);
    ddbs_buf_free(buf);
}

static void put_member(ddbs_buf *out, const char *name, const char *text)
{
    ddbs_buf__format(out, ",\"%s\":", name);
    ddbs_buf__json(out, text, strlen(text));
}

/* ---- What the function wrote ------------------------------------------------------------------------------------- */

void page_log_clear(struct page_log *log)
{
    log->lines.len = 0;
    log->kept = log->left_out = 0;
}

void page_log_free(struct page_log *log)
{
    ddbs_buf_free(&log->lines);
}

/* What a reader can see of text of any bytes. Its length. */
static size_t make_visible(char *out, size_t size, const char *text, size_t len)
{
    size_t used = 0, step;
    for (size_t i = 0; i < len && used + 8 < size; i += step) {
        unsigned char byte = (unsigned char)text[i];
        size_t sequence = ddbs_utf8__sequence(text + i, len - i);
        step = sequence == 0 ? 1 : sequence;
        if (sequence == 0 || (byte < 0x20 && byte != '\t') || byte == 0x7f) {
            used += (size_t)snprintf(out + used, size - used, "\\x%02x", byte);
            continue;
        }
        memcpy(out + used, text + i, step);
        used += step;
    }
    return used;
}

void page_log_add(struct page_log *log, const char *line, size_t len)
{
    char visible[1024];
    if (log->kept == PAGE_LOG_LINES_MAX || log->lines.len > PAGE_LOG_BYTES_MAX) {
        log->left_out++;
        return;
    }
    if (log->kept++ > 0)
        ddbs_buf__text(&log->lines, ",");
    ddbs_buf__json(&log->lines, visible, make_visible(visible, sizeof visible, line, len));
}

static void write_log(struct page *page, ddbs_buf *out, const struct page_log *log)
{
    bool room = page->log_bytes < PAGE_LOGS_MAX;
    size_t left_out = log->left_out + (room ? 0 : log->kept);
    ddbs_buf__text(out, ",\"log\":[");
    if (room && log->kept > 0) {
        ddbs_buf__bytes(out, log->lines.ptr, log->lines.len);
        page->log_bytes += log->lines.len;
    }
    if (left_out > 0)
        ddbs_buf__format(out, "%s\"(%zu more lines)\"", room && log->kept > 0 ? "," : "", left_out);
    ddbs_buf__text(out, "]");
}

/* ---- Adding ------------------------------------------------------------------------------------------------------ */

/* The first and the last sequence number; "" without records. */
static void put_ends(ddbs_buf *out, const struct mapping_delivery *delivery)
{
    bool any = delivery->count > 0;
    ddbs_buf__format(out, ",\"count\":%zu", delivery->count);
    put_member(out, "first", any ? delivery->records->sequence.ptr : "");
    put_member(out, "last", any ? delivery->records[delivery->count - 1].sequence.ptr : "");
}

void page_add(struct page *page, const struct page_box *box)
{
    static const char *const CAUSES[] = { "batch", "rest", "half", "retry", "final" };
    const struct mapping_delivery *delivery = box->delivery;
    ddbs_buf out = { .ptr = NULL };
    if (page->box_count++ >= PAGE_INVOCATIONS_MAX)
        return;
    ddbs_buf__format(&out, "%s{\"shard\":%zu,\"lane\":%zu,\"begin\":%" PRId64 ",\"end\":%" PRId64 ",\"age\":%" PRId64,
                     page->box_count > 1 ? ",\n" : "", delivery->shard, delivery->lane, box->begin_ms, box->end_ms,
                     box->age_ms);
    ddbs_buf__format(&out, ",\"cause\":\"%s\",\"attempt\":%" PRIu64 ",\"done\":%zu,\"discarded\":%zu",
                     CAUSES[delivery->cause], delivery->attempt, box->done, box->discarded);
    put_ends(&out, delivery);
    put_member(&out, "requestId", delivery->request_id);
    put_member(&out, "result", box->result);
    put_member(&out, "what", box->what);
    if (box->log != NULL)
        write_log(page, &out, box->log);
    ddbs_buf__text(&out, "}");
    put_buf(page, page->boxes, &out);
}

void page_discard(struct page *page, const struct mapping_discard *discard, bool delivered)
{
    ddbs_buf out = { .ptr = NULL };
    if (page->discard_count++ >= PAGE_DISCARDS_MAX)
        return;
    ddbs_buf__format(
        &out, "%s{\"time\":%" PRId64 ",\"shard\":%zu,\"condition\":\"%s\",\"invokes\":%" PRIu64 ",\"delivered\":%s",
        page->discard_count > 1 ? ",\n" : "", discard->now_ms, discard->delivery->shard,
        discard->condition == MAPPING_AGE_EXCEEDED ? "RecordAgeExceeded" : "RetryAttemptsExhausted", discard->invokes,
        delivered ? "true" : "false");
    put_ends(&out, discard->delivery);
    ddbs_buf__text(&out, "}");
    put_buf(page, page->discards, &out);
}

static void begin_tile(struct page *page, const char *name)
{
    ddbs_buf__text(&page->tiles, page->tiles.len > 0 ? ",[" : "[");
    ddbs_buf__json(&page->tiles, name, strlen(name));
}

void page_tile(struct page *page, const char *name, uint64_t value, bool bad)
{
    begin_tile(page, name);
    ddbs_buf__format(&page->tiles, ",%" PRIu64 ",%s]", value, bad ? "true" : "false");
}

void page_tile_text(struct page *page, const char *name, const char *text)
{
    begin_tile(page, name);
    ddbs_buf__text(&page->tiles, ",");
    ddbs_buf__json(&page->tiles, text, strlen(text));
    ddbs_buf__text(&page->tiles, ",false]");
}

/* ---- Opening and closing ----------------------------------------------------------------------------------------- */

int page_open(struct page **out, const char *path)
{
    struct page *page = calloc(1, sizeof *page);
    if (page == NULL)
        return -1;
    page->out = fopen(path, "w");
    page->boxes = page->out == NULL ? NULL : tmpfile();
    page->discards = page->boxes == NULL ? NULL : tmpfile();
    if (page->discards != NULL) {
        *out = page;
        return 0;
    }
    if (page->boxes != NULL)
        fclose(page->boxes);
    if (page->out != NULL)
        fclose(page->out);
    free(page);
    return -1;
}

/* The settings in the words of CreateEventSourceMapping. */
static void write_settings(ddbs_buf *out, const struct esm *esm)
{
    const struct mapping_settings *settings = &esm->settings;
    ddbs_buf text = { .ptr = NULL };
    ddbs_buf__format(&text, "BatchSize %" PRId64, settings->batch_size);
    if (settings->retries != MAPPING_UNLIMITED)
        ddbs_buf__format(&text, ", MaximumRetryAttempts %" PRId64, settings->retries);
    if (settings->factor > 1)
        ddbs_buf__format(&text, ", ParallelizationFactor %" PRId64, settings->factor);
    if (settings->record_age != MAPPING_UNLIMITED)
        ddbs_buf__format(&text, ", MaximumRecordAgeInSeconds %" PRId64, settings->record_age);
    if (settings->tumbling_window > 0)
        ddbs_buf__format(&text, ", TumblingWindowInSeconds %" PRId64, settings->tumbling_window);
    ddbs_buf__text(&text, settings->bisect ? ", BisectBatchOnFunctionError" : "");
    ddbs_buf__text(&text, settings->report_items ? ", ReportBatchItemFailures" : "");
    if (settings->destination != MAPPING_NO_DESTINATION)
        ddbs_buf__format(&text, ", on failure to %s", esm->destination_arn);
    put_member(out, "settings", text.ptr == NULL ? "" : text.ptr);
    out->failed = out->failed || text.failed;
    ddbs_buf_free(&text);
}

static void write_shards(ddbs_buf *out, const struct tally *tally)
{
    ddbs_buf__text(out, ",\"shards\":[");
    for (size_t i = 0; i < tally->count; i++) {
        ddbs_buf__text(out, i > 0 ? "," : "");
        ddbs_buf__json(out, tally->shards[i].id, strlen(tally->shards[i].id));
    }
    ddbs_buf__text(out, "]");
}

static void write_note(ddbs_buf *out, const struct page *page)
{
    char note[320] = "";
    int len = 0;
    if (page->box_count > PAGE_INVOCATIONS_MAX)
        len =
            snprintf(note, sizeof note, "The first %d of %" PRIu64 " invocations are shown; --json writes all of them.",
                     (int)PAGE_INVOCATIONS_MAX, page->box_count);
    if (page->discard_count > PAGE_DISCARDS_MAX)
        snprintf(note + len, sizeof note - (size_t)len, "%sThe first %d of %" PRIu64 " deliveries given up are listed.",
                 len > 0 ? " " : "", (int)PAGE_DISCARDS_MAX, page->discard_count);
    put_member(out, "note", note);
}

/* Append a temporary file, which is JSON that can stand in the page. */
static void copy(struct page *page, FILE *from)
{
    char chunk[16 * 1024];
    size_t got;
    rewind(from);
    while ((got = fread(chunk, 1, sizeof chunk, from)) > 0)
        fwrite(chunk, 1, got, page->out);
    if (ferror(from))
        page->failed = true;
}

static void write_data(struct page *page, const struct esm *esm, const struct tally *tally)
{
    ddbs_buf out = { .ptr = NULL };
    ddbs_buf__text(&out, "{\"title\":");
    ddbs_buf__json(&out, esm->function_name, strlen(esm->function_name));
    write_settings(&out, esm);
    write_note(&out, page);
    write_shards(&out, tally);
    ddbs_buf__format(&out, ",\"lanes\":%" PRId64 ",\"tiles\":[", esm->settings.factor);
    put_buf(page, page->out, &out);
    put_buf(page, page->out, &page->tiles);
    fputs("],\"invocations\":[\n", page->out);
    copy(page, page->boxes);
    fputs("],\"discards\":[\n", page->out);
    copy(page, page->discards);
    fputs("]}", page->out);
}

int page_close(struct page *page, const struct esm *esm, const struct tally *tally)
{
    static const char MARK[] = "@DATA@";
    if (page == NULL)
        return 0;
    const char *mark = strstr(page_share_begin, MARK);
    fwrite(page_share_begin, 1, (size_t)(mark - page_share_begin), page->out);
    write_data(page, esm, tally);
    fwrite(mark + sizeof MARK - 1, 1, (size_t)(page_share_end - mark) - (sizeof MARK - 1), page->out);
    bool whole = !page->failed && !ferror(page->out);
    if (fclose(page->out) != 0)
        whole = false;
    fclose(page->boxes);
    fclose(page->discards);
    free(page);
    return whole ? 0 : -1;
}
