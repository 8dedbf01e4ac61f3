/* calls.c: what it costs to hand a batch of 10,000 records over to Firehose.
 *
 *     calls firehose EVENT SECONDS    a handler with the library's writer and client: the event is decoded,
 *                                    its records are put, signed, sent, and the answers read
 *     calls curl EVENT SECONDS        the bodies of those requests, which are ready, in a loop of curl_easy_perform
 *
 * Prints a line of JSON: "ns" of processor time a record, "requests" of a pass and the "least" that Firehose's limits
 * allow. Both sign with libcurl and talk HTTP to a service on this machine, which is a process of its own. */
#include "service.h"

#include "tests/bench/loop/wire.h"

#include <ddbstream.h>
#include <ddbstream/aws.h>

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BODIES_MAX = 64 };

const char WIRE_PROGRAM[] = "calls";

static struct {
    char url[64];
    const char *json;
    size_t len;
    const ddbs_event *event;
    ddbs_arena *index, *batch;
    ddbs_aws_options options;
    ddbs_aws *aws;
    ddbs_writer *writer;
    ddbs_buf bodies[BODIES_MAX]; /* of one pass, for the plain loop */
    size_t body_count;
    CURL *curl;
} calls;

static void must(bool held, const char *what)
{
    if (!held)
        wire_fail(what);
}

/* ---- The handler ---- */

static ddbs_status start(ddbs_ctx *ctx)
{
    DDBS_TRY(ddbs_aws_new(&calls.aws, &calls.options, ddbs_ctx_error(ctx)));
    ddbs_firehose_options options = { .aws = calls.aws, .stream = "orders-audit", .newline = true };
    return ddbs_firehose_new(&calls.writer, &options, ddbs_ctx_error(ctx));
}

static ddbs_status queue(ddbs_ctx *ctx, const ddbs_record *rec)
{
    return ddbs_firehose_put(calls.writer, ctx, (ddbs_bytes){ (const unsigned char *)rec->raw.ptr, rec->raw.len });
}

static ddbs_status flush(ddbs_ctx *ctx)
{
    return ddbs_writer_flush(calls.writer, ctx);
}

static const ddbs_consumer handler = { .on_start = start, .on_any = queue, .on_batch_end = flush };

static void index_event(void)
{
    ddbs_arena_reset(calls.index);
    must(ddbs_event_parse(calls.index, calls.json, calls.len, NULL, &calls.event, NULL) == DDBS_OK,
         "the event is refused");
}

static void pass_through_handler(void)
{
    ddbs_outcome outcome;
    index_event();
    ddbs_arena_reset(calls.batch);
    must(ddbs_process(calls.event, &handler, NULL, calls.batch, &outcome) == DDBS_OK, outcome.error.reason);
}

/* ---- The plain loop ---- */

/* Instead of libcurl: keeps the bodies. */
static void keep_bodies(void *self, ddbs_aws_exchange *const *exchanges, size_t count)
{
    (void)self;
    for (size_t i = 0; i < count; i++) {
        ddbs_bytes body = exchanges[i]->body;
        size_t len, records = service_count((const char *)body.ptr, body.len);
        const char *answer = service_answer(records, &len);
        must(calls.body_count < BODIES_MAX, "too many requests");
        ddbs_buf *kept = &calls.bodies[calls.body_count++];
        must(ddbs_buf_format(kept, "%.*s", (int)body.len, (const char *)body.ptr) == DDBS_OK &&
                 ddbs_buf_format(&exchanges[i]->reply, "%.*s", (int)len, answer) == DDBS_OK,
             "no memory");
        exchanges[i]->status = 200;
    }
}

static size_t swallow(char *bytes, size_t size, size_t count, void *user)
{
    (void)bytes, (void)user;
    return size * count;
}

static void open_curl(void)
{
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/x-amz-json-1.1");
    headers = curl_slist_append(headers, "X-Amz-Target: Firehose_20150804.PutRecordBatch");
    calls.curl = curl_easy_init();
    must(calls.curl != NULL && headers != NULL && curl_easy_setopt(calls.curl, CURLOPT_URL, calls.url) == CURLE_OK &&
             curl_easy_setopt(calls.curl, CURLOPT_AWS_SIGV4, "aws:amz:eu-west-1:firehose") == CURLE_OK &&
             curl_easy_setopt(calls.curl, CURLOPT_USERPWD, "AKIDBENCH:secret") == CURLE_OK &&
             curl_easy_setopt(calls.curl, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
             curl_easy_setopt(calls.curl, CURLOPT_WRITEFUNCTION, swallow) == CURLE_OK,
         "libcurl cannot do that");
}

static void pass_through_curl(void)
{
    for (size_t i = 0; i < calls.body_count; i++) {
        curl_easy_setopt(calls.curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)calls.bodies[i].len);
        curl_easy_setopt(calls.curl, CURLOPT_POSTFIELDS, calls.bodies[i].ptr);
        must(curl_easy_perform(calls.curl) == CURLE_OK, "a request failed");
    }
}

/* ---- Measuring ---- */

static int64_t spent(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void measure(void (*pass)(void), double seconds, volatile struct service_counts *counts)
{
    size_t records = ddbs_event_count(calls.event), passes = 0;
    pass(); /* warm */
    size_t requests = counts->requests;
    int64_t began = spent(), took;
    do {
        size_t before = counts->records;
        pass();
        must(counts->records - before == records, "records are missing, or came twice");
        passes++;
        took = spent() - began;
    } while ((double)took < seconds * 1e9);
    printf("{\"ns\": %.1f, \"requests\": %.1f, \"least\": %zu}\n", (double)took / (double)(passes * records),
           (double)(counts->requests - requests) / (double)passes,
           (records + SERVICE_RECORDS_MAX - 1) / SERVICE_RECORDS_MAX);
}

static void open_event(const char *path)
{
    calls.json = wire_read(path, 0, &calls.len);
    must(ddbs_arena_new(&calls.index, 0) == DDBS_OK && ddbs_arena_new(&calls.batch, 0) == DDBS_OK, "no memory");
    index_event();
}

int main(int argc, char **argv)
{
    unsigned short port;
    ddbs_error error;
    must(argc == 4, "calls firehose|curl EVENT SECONDS");
    volatile struct service_counts *counts = service_start(&port);
    bool plain = strcmp(argv[1], "curl") == 0;
    snprintf(calls.url, sizeof calls.url, "http://127.0.0.1:%u/", (unsigned)port);
    setenv("AWS_ACCESS_KEY_ID", "AKIDBENCH", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    unsetenv("AWS_SESSION_TOKEN");
    calls.options =
        (ddbs_aws_options){ .region = "eu-west-1", .endpoint = calls.url, .transport = plain ? keep_bodies : NULL };
    open_event(argv[2]);
    must(ddbs_start(&handler, NULL, &error) == DDBS_OK, error.reason);
    if (plain) {
        pass_through_handler();
        open_curl();
    }
    measure(plain ? pass_through_curl : pass_through_handler, strtod(argv[3], NULL), counts);
    return 0;
}
