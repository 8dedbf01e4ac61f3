/* driver_play.h: a consumer that fails where it is told to, and a driver with its records: what the tests of the test
 * driver share. */
#ifndef DRIVER_PLAY_H
#define DRIVER_PLAY_H
#include "check.h"

#include <ddbstream.h>
#include <ddbstream/test.h>
#include <stdio.h>
#include <stdlib.h>

enum { PLAY_RECORDS_MAX = 512 };

/* What the handler does, and what it saw. */
struct play {
    int64_t bad;       /* the record with this "n" fails; 0: none */
    size_t good_after; /* so many failures, then it is done; 0: never */
    size_t failures;
    int64_t seen[PLAY_RECORDS_MAX]; /* "n" of the records that went well, in order */
    size_t seen_count;
};

static inline ddbs_status play_record(ddbs_ctx *ctx, const ddbs_record *record)
{
    struct play *play = ddbs_ctx_user(ctx);
    int64_t n = 0;
    if (record->new_image != NULL)
        DDBS_TRY(ddbs_get(record->new_image, "n", &n));
    if (n == play->bad && n != 0 && (play->good_after == 0 || play->failures < play->good_after)) {
        play->failures++;
        return ddbs_fail(ctx, DDBS_E_HANDLER, "a bad record");
    }
    if (play->seen_count < PLAY_RECORDS_MAX)
        play->seen[play->seen_count++] = n;
    return DDBS_OK;
}

/* A mapping with these settings before ReportBatchItemFailures; JSON is written with ' for ". It lives until the next
 * call. */
static inline const char *play_json(const char *text)
{
    static char out[4096];
    snprintf(out, sizeof out, "%s", text);
    for (char *at = out; *at != '\0'; at++)
        *at = *at == '\'' ? '"' : *at;
    return out;
}

#define PLAY_ITEMS "'FunctionResponseTypes':['ReportBatchItemFailures']"

/* Items with "n" from `first` on, each with a key of its own. */
static inline void play_put(ddbs_test *test, int first, int count)
{
    char item[64];
    for (int i = first; i < first + count; i++) {
        snprintf(item, sizeof item, "{\"id\":\"r%d\",\"n\":%d}", i, i);
        ddbs_test_put(test, item);
    }
}

/* A driver with `count` records. NULL where there is none: noted as a failure. */
static inline ddbs_test *play_open(const ddbs_consumer *consumer, const char *mapping, ddbs_report report, int count)
{
    ddbs_test *test = NULL;
    ddbs_error error;
    ddbs_lambda_options lambda = { .report = report };
    ddbs_test_options options = { .mapping = play_json(mapping), .lambda = &lambda, .seed = 7 };
    if (!CHECK_STATUS(ddbs_test_new(&test, consumer, &options, &error), DDBS_OK)) {
        printf("# %s\n", error.reason);
        return NULL;
    }
    play_put(test, 1, count);
    return test;
}

/* A whole run; its story. */
static inline bool play_story(const char *mapping, ddbs_report report, int count, struct play *play, const char *want)
{
    ddbs_consumer consumer = { .on_any = play_record, .user = play };
    ddbs_test *test = play_open(&consumer, mapping, report, count);
    if (test == NULL)
        return false;
    bool held = CHECK_STATUS(ddbs_test_run(test), DDBS_OK) && CHECK_STR(ddbs_test_story(test), want);
    ddbs_test_free(test);
    return held;
}

/* "0 200= 400=": what was waited before each delivery, "=" where it has the request id of the one before. */
static inline const char *play_waits(const ddbs_test *test)
{
    static char text[4096];
    text[0] = '\0';
    for (size_t i = 0; i < ddbs_test_deliveries(test); i++) {
        const ddbs_test_delivery *at = ddbs_test_delivery_at(test, i);
        bool same = i > 0 && strcmp(at->request_id, ddbs_test_delivery_at(test, i - 1)->request_id) == 0;
        size_t len = strlen(text);
        snprintf(text + len, sizeof text - len, "%s%lld%s", i > 0 ? " " : "", (long long)at->wait_ms, same ? "=" : "");
    }
    return text;
}
#endif
