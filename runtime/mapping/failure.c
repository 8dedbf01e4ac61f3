/* failure.c: see failure.h. The message to a queue or topic has not the event in it; an object in S3 has it, in
 * `payload`, as text. */
#include "runtime/mapping/failure.h"

#include "lib/buf.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void write_member(ddbs_buf *out, const char *name, ddbs_str text)
{
    ddbs_buf__format(out, "\"%s\":", name);
    ddbs_buf__json(out, text.ptr, text.len);
}

static void write_request(ddbs_buf *out, const struct mapping_settings *settings, const struct mapping_discard *discard)
{
    static const char *const conditions[] = {
        [MAPPING_RETRIES_EXHAUSTED] = "RetryAttemptsExhausted", [MAPPING_AGE_EXCEEDED] = "RecordAgeExceeded"
    };
    ddbs_buf__text(out, "{\"requestContext\":{");
    write_member(out, "requestId", ddbs_str_c(discard->delivery->request_id));
    ddbs_buf__text(out, ",");
    write_member(out, "functionArn", ddbs_str_c(settings->function_arn));
    ddbs_buf__format(out, ",\"condition\":\"%s\",\"approximateInvokeCount\":%" PRIu64 "}",
                     conditions[discard->condition], discard->invokes);
}

/* A response that counts as a failure is a successful invocation all the same: statusCode 200 and no functionError. */
static void write_response(ddbs_buf *out, const struct mapping_settings *settings,
                           const struct mapping_discard *discard)
{
    /* What an alias stands for is not known here. */
    const char *colon = strrchr(settings->function_arn, ':');
    const char *qualifier = colon == NULL ? "" : colon + 1;
    bool version = *qualifier != '\0' && strspn(qualifier, "0123456789") == strlen(qualifier);
    if (!discard->responded)
        return;
    ddbs_buf__text(out, ",\"responseContext\":{\"statusCode\":200,");
    write_member(out, "executedVersion", ddbs_str_c(version ? qualifier : "$LATEST"));
    ddbs_buf__format(out, ",\"functionError\":%s}", discard->error ? "\"Unhandled\"" : "null");
}

/* Seen once, of a queue's record of a failed final invocation: names of shard and stream, and no more. */
static void write_records(ddbs_buf *out, const struct mapping_delivery *delivery)
{
    char first[32], last[32];
    if (delivery->count == 0)
        return;
    const struct mapping_record *end = &delivery->records[delivery->count - 1];
    mapping_time(first, delivery->records->created_ms);
    mapping_time(last, end->created_ms);
    write_member(out, "startSequenceNumber", delivery->records->sequence);
    ddbs_buf__text(out, ",");
    write_member(out, "endSequenceNumber", end->sequence);
    ddbs_buf__format(out,
                     ",\"approximateArrivalOfFirstRecord\":\"%s\",\"approximateArrivalOfLastRecord\":\"%s\","
                     "\"batchSize\":%zu,",
                     first, last, delivery->count);
}

static void write_window(ddbs_buf *out, const struct mapping_window *window)
{
    char start[32], end[32];
    if (window == NULL)
        return;
    mapping_time(start, window->start_ms);
    mapping_time(end, window->end_ms);
    ddbs_buf__format(out,
                     ",\"timeWindowInfo\":{\"window\":{\"start\":\"%s\",\"end\":\"%s\"},"
                     "\"isFinalInvokeForWindow\":%s,\"isWindowTerminatedEarly\":%s}",
                     start, end, window->final ? "true" : "false", window->early ? "true" : "false");
}

static void write_payload(ddbs_buf *out, const struct mapping_settings *settings, const struct mapping_discard *discard)
{
    ddbs_buf event = { .ptr = NULL };
    if (settings->destination != MAPPING_BUCKET)
        return;
    mapping_event(&event, settings, discard->delivery);
    ddbs_buf__text(out, ",\"payload\":");
    ddbs_buf__json(out, event.ptr == NULL ? "" : event.ptr, event.len);
    out->failed = out->failed || event.failed;
    ddbs_buf_free(&event);
}

void mapping_failure(ddbs_buf *out, const struct mapping_settings *settings, const struct mapping_discard *discard)
{
    const struct mapping_delivery *delivery = discard->delivery;
    char now[32];
    mapping_time(now, discard->now_ms);
    now[strlen(now) - 1] = '\0';
    write_request(out, settings, discard);
    write_response(out, settings, discard);
    ddbs_buf__text(out, ",\"version\":\"1.0\"");
    write_payload(out, settings, discard);
    ddbs_buf__format(out, ",\"timestamp\":\"%s.%03dZ\",\"DDBStreamBatchInfo\":{", now, (int)(discard->now_ms % 1000));
    write_member(out, "shardId", delivery->shard_id);
    ddbs_buf__text(out, ",");
    write_records(out, delivery);
    write_member(out, "streamArn", ddbs_str_c(settings->stream_arn));
    ddbs_buf__text(out, "}");
    write_window(out, delivery->window);
    ddbs_buf__text(out, "}\n");
}

void mapping_failure_key(char out[MAPPING_KEY_SIZE], const char *mapping_id, ddbs_str shard_id, int64_t now_ms,
                         const char *object_id)
{
    enum { SHARD_SHOWN = 128 };
    char time[32];
    int len = shard_id.len < SHARD_SHOWN ? (int)shard_id.len : SHARD_SHOWN;
    mapping_time(time, now_ms);
    snprintf(out, MAPPING_KEY_SIZE, "aws/lambda/%.36s/%.*s/%.4s/%.2s/%.2s/%.10sT%.2s.%.2s.%.2s-%.36s", mapping_id, len,
             shard_id.ptr, time, time + 5, time + 8, time, time + 11, time + 14, time + 17, object_id);
}
