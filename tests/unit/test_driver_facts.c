/* test_driver_facts.c: what AWS's mappings were seen to do, through the public functions of test.h and a handler that
 * knows nothing of it. Tests are named after the fact that they hold (O1 to O25); the engine's own are test_mapping*.c,
 * those of real processes tests/e2e/test_run_mapping.py. */
#include "driver_play.h"

#define DESTINATION(arn) "'DestinationConfig':{'OnFailure':{'Destination':'" arn "'}}"
#define QUEUE            DESTINATION("arn:aws:sqs:eu-west-1:111122223333:failed")
#define BUCKET           DESTINATION("arn:aws:s3:::failed")

/* ---- Retries, rests, halves -------------------------------------------------------------------------------------- */

TEST(o1_a_partial_failure_retries_the_tail_with_a_fresh_budget)
{
    struct play play = { .bad = 2 };
    play_story("{" PLAY_ITEMS ",'MaximumRetryAttempts':3}", 0, 4, &play,
               "[1 2 3 4] [2 3 4] [2 3 4] [2 3 4] [2 3 4] (2 3 4)");
    CHECK_INT(play.seen_count, 1);
}

/* The function is a good one: the answers are others than its own. */
static void answer_instead(const char *answer, bool failed)
{
    struct play play = { .bad = 0 };
    ddbs_consumer consumer = { .on_any = play_record, .user = &play };
    ddbs_test *test = play_open(&consumer, "{" PLAY_ITEMS ",'MaximumRetryAttempts':3," QUEUE "}", 0, 2);
    REQUIRE(test != NULL);
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_ANSWER, .answer = answer });
    CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
    CHECK_STR(ddbs_test_story(test), failed ? "[1 2] [1 2] [1 2] [1 2] (1 2)" : "[1 2]");
    const ddbs_test_discard *discard = ddbs_test_discard_at(test, 0);
    CHECK_INT(ddbs_test_discards(test), failed);
    CHECK(!failed || (strstr(discard->message, "\"statusCode\":200") != NULL &&
                      strstr(discard->message, "\"functionError\":null") != NULL && discard->invokes == 4));
    ddbs_test_free(test);
}

TEST(o2_an_answer_that_names_no_record_of_the_batch_fails_all_of_it)
{
    answer_instead("{\"batchItemFailures\":[{\"itemIdentifier\":\"12345\"}]}", true);
    answer_instead("{\"batchItemFailures\":[{\"itemIdentifier\":\"\"}]}", true);
    answer_instead("{\"batchItemFailures\":[{\"itemIdentifier\":null}]}", true);
    answer_instead("{\"batchItemFailures\":[{\"foo\":null}]}", true);
}

TEST(o3_an_error_is_unhandled_and_tried_once_more_than_retried)
{
    struct play play = { .bad = 1 };
    ddbs_consumer consumer = { .on_any = play_record, .user = &play };
    ddbs_test *test = play_open(&consumer, "{'MaximumRetryAttempts':3," QUEUE "}", 0, 2);
    REQUIRE(test != NULL);
    CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
    CHECK_STR(ddbs_test_story(test), "[1 2] [1 2] [1 2] [1 2] (1 2)");
    REQUIRE(ddbs_test_discards(test) == 1);
    const char *message = ddbs_test_discard_at(test, 0)->message;
    CHECK(strstr(message, "\"functionError\":\"Unhandled\"") != NULL);
    CHECK(strstr(message, "\"condition\":\"RetryAttemptsExhausted\"") != NULL);
    CHECK(strstr(message, "\"executedVersion\":\"$LATEST\"") != NULL);
    ddbs_test_free(test);
}

TEST(o4_answers_that_are_success)
{
    static const char *const answers[] = { "[]", "null", "{}", "{\"batchItemFailures\":[]}",
                                           "{\"batchItemFailures\":null}" };
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        answer_instead(answers[i], false);
}

TEST(o5_records_that_are_too_old_never_reach_the_function_or_end_their_retries)
{
    struct play play = { .bad = 1 };
    ddbs_consumer consumer = { .on_any = play_record, .user = &play };
    ddbs_test *test = play_open(&consumer, "{" PLAY_ITEMS ",'MaximumRecordAgeInSeconds':60," QUEUE "}", 0, 2);
    REQUIRE(test != NULL);
    ddbs_test_pause(test, 61000);
    CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
    CHECK_STR(ddbs_test_story(test), "(1 2)");
    REQUIRE(ddbs_test_discards(test) == 1);
    CHECK(ddbs_test_discard_at(test, 0)->too_old && ddbs_test_discard_at(test, 0)->invokes == 1);
    CHECK(strstr(ddbs_test_discard_at(test, 0)->message, "responseContext") == NULL);
    ddbs_test_put(test, "{\"id\":\"r3\",\"n\":1}");
    CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
    CHECK_STR(ddbs_test_story(test), "(1 2) [3] [3] [3] [3] [3] [3] [3] [3] [3] (3)");
    ddbs_test_free(test);
}

TEST(o6_an_expired_head_is_split_off)
{
    struct play play = { .bad = 0 };
    ddbs_consumer consumer = { .on_any = play_record, .user = &play };
    ddbs_test *test = play_open(&consumer, "{" PLAY_ITEMS ",'MaximumRecordAgeInSeconds':60}", 0, 3);
    REQUIRE(test != NULL);
    ddbs_test_pause(test, 61000);
    play_put(test, 4, 5);
    CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
    CHECK_STR(ddbs_test_story(test), "(1 2 3) [4 5 6 7 8]");
    CHECK_INT(ddbs_test_fate_of(test, 3), DDBS_TEST_GIVEN_UP);
    CHECK_INT(ddbs_test_fate_of(test, 4), DDBS_TEST_DONE);
    ddbs_test_free(test);
}

TEST(o7_o19_what_is_given_up_is_told_without_milliseconds_and_in_a_bucket_with_its_event)
{
    struct play play = { .bad = 1 };
    ddbs_consumer consumer = { .on_any = play_record, .user = &play };
    ddbs_test *test = play_open(&consumer, "{" PLAY_ITEMS ",'MaximumRetryAttempts':0," BUCKET "}", 0, 1);
    ddbs_error error;
    REQUIRE(test != NULL);
    CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
    REQUIRE(ddbs_test_discards(test) == 1);
    const ddbs_test_discard *discard = ddbs_test_discard_at(test, 0);
    CHECK(strstr(discard->message, "\"approximateArrivalOfFirstRecord\":\"2026-10-19T08:00:00Z\"") != NULL);
    CHECK(strstr(discard->message, "\"payload\":\"{\\\"Records\\\":[{") != NULL);
    CHECK(strncmp(discard->object_key, "aws/lambda/5ca1ab1e-0000-4000-8000-000000000000/shardId-", 56) == 0);
    CHECK(strstr(discard->object_key, "/2026/10/19/2026-10-19T08.00.00-") != NULL);
    ddbs_test_free(test);
    ddbs_test_options fifo = { .mapping = play_json("{" DESTINATION("arn:aws:sqs:eu-west-1:111122223333:a.fifo") "}") };
    CHECK_STATUS(ddbs_test_new(&test, &consumer, &fifo, &error), DDBS_E_USAGE);
}

TEST(o8_filters_choose_records_and_a_pattern_that_is_none_is_refused)
{
    struct play play = { .bad = 0 };
    ddbs_consumer consumer = { .on_any = play_record, .user = &play };
    ddbs_test *test = play_open(&consumer,
                                "{" PLAY_ITEMS ",'FilterCriteria':{'Filters':[{'Pattern':"
                                "'{\\'eventName\\':[\\'INSERT\\']}'}]}}",
                                0, 1);
    ddbs_error error;
    REQUIRE(test != NULL);
    ddbs_test_put(test, "{\"id\":\"r1\",\"n\":2}");
    ddbs_test_put(test, "{\"id\":\"r3\",\"n\":3}");
    CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
    CHECK_STR(ddbs_test_story(test), "[1 3]");
    CHECK_INT(ddbs_test_fate_of(test, 2), DDBS_TEST_FILTERED);
    CHECK_INT(ddbs_test_count(test).filtered, 1);
    ddbs_test_free(test);
    ddbs_test_options bad = { .mapping = play_json("{'FilterCriteria':{'Filters':[{'Pattern':'x'}]}}") };
    CHECK_STATUS(ddbs_test_new(&test, &consumer, &bad, &error), DDBS_E_USAGE);
    CHECK(strstr(error.reason, "Invalid filter pattern definition.") != NULL);
}

TEST(o9_partial_answers_cut_before_halving_and_are_ignored_unless_enabled)
{
    struct play play = { .bad = 5 };
    play_story("{" PLAY_ITEMS ",'MaximumRetryAttempts':0,'BisectBatchOnFunctionError':true}", 0, 8, &play,
               "[1 2 3 4 5 6 7 8] [5 6 7 8] [5 6] [5] (5) [6] [7 8]");
    play = (struct play){ .bad = 5 };
    play_story("{'MaximumRetryAttempts':1}", DDBS_REPORT_ITEMS, 8, &play, "[1 2 3 4 5 6 7 8]"); /* 5 to 8 are lost */
    ddbs_consumer consumer = { .on_any = play_record, .user = &play };
    ddbs_test *test = play_open(&consumer, "{}", DDBS_REPORT_ITEMS, 8);
    REQUIRE(test != NULL);
    CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
    CHECK_INT(ddbs_test_count(test).lost, 4);
    CHECK_INT(ddbs_test_fate_of(test, 4), DDBS_TEST_DONE);
    CHECK_INT(ddbs_test_fate_of(test, 5), DDBS_TEST_LOST);
    ddbs_test_free(test);
}

TEST(o10_halving_and_throttles_spend_no_retries)
{
    struct play play = { .bad = 1 };
    play_story("{'MaximumRetryAttempts':2,'BisectBatchOnFunctionError':true}", 0, 4, &play,
               "[1 2 3 4] [1 2] [1] [1] [1] (1) [2] [3 4]");
    play = (struct play){ .bad = 0 };
    ddbs_consumer consumer = { .on_any = play_record, .user = &play };
    ddbs_test *test = play_open(&consumer, "{'MaximumRetryAttempts':0}", 0, 2);
    REQUIRE(test != NULL);
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_THROTTLE, .times = 5 });
    CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
    CHECK_STR(play_waits(test), "0 200= 400= 800= 1600= 3200=");
    CHECK_INT(ddbs_test_count(test).throttles, 5);
    CHECK_INT(ddbs_test_count(test).done, 2);
    ddbs_test_free(test);
}

TEST(o14_o16_a_retry_keeps_the_request_id_and_waits_twice_as_long_each_time)
{
    struct play play = { .bad = 3, .good_after = 3 };
    ddbs_consumer consumer = { .on_any = play_record, .user = &play };
    ddbs_test *test = play_open(&consumer, "{" PLAY_ITEMS ",'BatchSize':4,'MaximumRetryAttempts':2}", 0, 5);
    REQUIRE(test != NULL);
    CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
    CHECK_STR(ddbs_test_story(test), "[1 2 3 4] [3 4] [3 4] [3 4] [5]");
    CHECK_STR(play_waits(test), "0 0 200= 400= 0");
    ddbs_test_free(test);
}

TEST(o15_halves_are_floor_of_n_by_2_depth_first)
{
    struct play play = { .bad = 2 };
    play_story("{'MaximumRetryAttempts':1,'BisectBatchOnFunctionError':true}", 0, 4, &play,
               "[1 2 3 4] [1 2] [1] [2] [2] (2) [3 4]");
    play = (struct play){ .bad = 2 };
    play_story("{" PLAY_ITEMS ",'MaximumRetryAttempts':1,'BisectBatchOnFunctionError':true}", 0, 4, &play,
               "[1 2 3 4] [2 3 4] [2] [2] (2) [3 4]");
    play = (struct play){ .bad = 7 };
    play_story("{'MaximumRetryAttempts':0,'BisectBatchOnFunctionError':true}", 0, 7, &play,
               "[1 2 3 4 5 6 7] [1 2 3] [4 5 6 7] [4 5] [6 7] [6] [7] (7)");
}

/* ---- Windows ----------------------------------------------------------------------------------------------------- */

/* Counts the records of a window in its state. */
static ddbs_status count_in_state(ddbs_ctx *ctx)
{
    char state[64];
    long long count = 0;
    ddbs_str before = ddbs_ctx_state(ctx);
    if (before.len > 6 && before.len < sizeof state) {
        memcpy(state, before.ptr, before.len);
        state[before.len] = '\0';
        count = strtoll(state + 5, NULL, 10); /* {"n":12} */
    }
    snprintf(state, sizeof state, "{\"n\":%lld}", count + (long long)ddbs_ctx_batch_ok(ctx));
    return ddbs_ctx_set_state(ctx, ddbs_str_c(state));
}

static char closed[256];

static ddbs_status close_window(ddbs_ctx *ctx)
{
    ddbs_str state = ddbs_ctx_state(ctx);
    size_t len = strlen(closed);
    snprintf(closed + len, sizeof closed - len, "%.5s%.*s ", ddbs_ctx_window(ctx)->start.ptr + 11, (int)state.len,
             state.ptr);
    return DDBS_OK;
}

static const ddbs_consumer windowed = {
    .on_any = play_record, .on_batch_end = count_in_state, .on_window = close_window, .user = &(struct play){ .bad = 0 }
};

TEST(o11_o18_windows_are_by_record_time_and_close_by_a_later_record_or_two_minutes_after_their_end)
{
    ddbs_test *test = play_open(&windowed, "{'BatchSize':2,'TumblingWindowInSeconds':60}", 0, 3);
    REQUIRE(test != NULL);
    closed[0] = '\0';
    ddbs_test_pause(test, 60000);
    play_put(test, 4, 1);
    CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
    CHECK_STR(ddbs_test_story(test), "[1 2] [3] [final] [4] [final]");
    CHECK_STR(closed, "08:00{\"n\":3} 08:01{\"n\":1} ");
    CHECK_INT(ddbs_test_last(test)->cause, DDBS_TEST_FINAL);
    CHECK_INT(ddbs_test_last(test)->at_ms, 240000);
    CHECK_STR(ddbs_test_delivery_at(test, 0)->answer, "{\"state\":{\"n\":2},\"batchItemFailures\":[]}");
    CHECK_INT(ddbs_test_count(test).windows, 2);
    ddbs_test_free(test);
}

TEST(o11_an_answer_without_state_is_a_failure_and_a_failing_final_call_holds_the_shard_up)
{
    ddbs_test *test = play_open(&windowed, "{'MaximumRetryAttempts':1,'TumblingWindowInSeconds':60," QUEUE "}", 0, 1);
    REQUIRE(test != NULL);
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_ANSWER, .answer = "{}" });
    CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
    CHECK_STR(ddbs_test_story(test), "[1] [1] (1) [final] [final] ()");
    REQUIRE(ddbs_test_discards(test) == 2);
    const char *message = ddbs_test_discard_at(test, 1)->message; /* O18: of the final call only shard and stream */
    CHECK(strstr(message, "\"isFinalInvokeForWindow\":true") != NULL);
    CHECK(strstr(message, "startSequenceNumber") == NULL);
    ddbs_test_free(test);
}

static ddbs_status set_large_state(ddbs_ctx *ctx)
{
    static char large[DDBS_STATE_MAX];
    memset(large, 'x', sizeof large);
    memcpy(large, "{\"s\":\"", 6);
    memcpy(large + sizeof large - 2, "\"}", 2);
    return ddbs_ctx_set_state(ctx, (ddbs_str){ large, sizeof large });
}

TEST(o18_a_state_over_1_mb_ends_the_window_early)
{
    static char answer[1048700] = "{\"state\":\"";
    ddbs_consumer consumer = { .on_any = play_record, .on_batch_end = set_large_state, .user = &(struct play){ 0 } };
    consumer.on_window = close_window;
    ddbs_test *test = play_open(&consumer, "{'BatchSize':2,'TumblingWindowInSeconds':60}", 0, 3);
    REQUIRE(test != NULL);
    memset(answer + 10, 'x', sizeof answer - 13);
    memcpy(answer + sizeof answer - 3, "\"}", 3);
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_ANSWER, .times = 1, .answer = answer });
    CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
    CHECK_STR(ddbs_test_story(test), "[1 2] [early] [3] [final]");
    CHECK(strstr(ddbs_test_delivery_at(test, 1)->event, "\"isWindowTerminatedEarly\":true") != NULL);
    ddbs_test_free(test);
}

/* ---- Settings ---------------------------------------------------------------------------------------------------- */

TEST(o12_o17_settings_out_of_range_or_that_do_not_go_together_are_refused)
{
    static const struct {
        const char *mapping;
        ddbs_status want;
    } cases[] = {
        { "{'BatchSize':1}", DDBS_OK },
        { "{'BatchSize':10000}", DDBS_OK },
        { "{'BatchSize':0}", DDBS_E_USAGE },
        { "{'BatchSize':10001}", DDBS_E_USAGE },
        { "{'MaximumBatchingWindowInSeconds':301}", DDBS_E_USAGE },
        { "{'ParallelizationFactor':11}", DDBS_E_USAGE },
        { "{'MaximumRetryAttempts':-2}", DDBS_E_USAGE },
        { "{'MaximumRecordAgeInSeconds':59}", DDBS_E_USAGE },
        { "{'TumblingWindowInSeconds':901}", DDBS_E_USAGE },
        { "{'TumblingWindowInSeconds':60,'ParallelizationFactor':2}", DDBS_E_USAGE },
        { "{'BatchSize':101}", DDBS_OK },
        { "{'StartingPosition':'AT_TIMESTAMP'}", DDBS_E_USAGE },
        { "{'BatchSize':1,'BatchSize':1}", DDBS_E_USAGE },
        { "{'Batchsize':1}", DDBS_E_USAGE },
        { "{", DDBS_E_USAGE },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ddbs_test *test = NULL;
        ddbs_error error;
        ddbs_test_options options = { .mapping = play_json(cases[i].mapping) };
        if (!CHECK_STATUS(ddbs_test_new(&test, &windowed, &options, &error), cases[i].want))
            printf("# %s\n", cases[i].mapping);
        CHECK(cases[i].want == DDBS_OK || error.reason[0] != '\0');
        ddbs_test_free(test);
    }
}

TEST(o13_o20_empty_and_denied_looks_into_the_stream_are_normal)
{
    struct play play = { .bad = 0 };
    ddbs_consumer consumer = { .on_any = play_record, .user = &play };
    ddbs_test *test = play_open(&consumer, "{'MaximumRetryAttempts':0}", 0, 0);
    REQUIRE(test != NULL);
    CHECK(!ddbs_test_step(test));
    ddbs_test_wait(test, 5000);
    CHECK_INT(ddbs_test_deliveries(test), 0);
    play_put(test, 1, 2);
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_DENY_READ, .record = 2, .times = 4 });
    CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
    CHECK_STR(ddbs_test_story(test), "[1] [2]");
    CHECK(ddbs_test_last(test)->at_ms > 5000);
    ddbs_test_free(test);
}

TEST(o17_a_batching_window_gathers_and_age_counts_meanwhile)
{
    struct play play = { .bad = 0 };
    ddbs_consumer consumer = { .on_any = play_record, .user = &play };
    ddbs_test *test = play_open(&consumer, "{'BatchSize':2,'MaximumBatchingWindowInSeconds':5}", 0, 5);
    REQUIRE(test != NULL);
    CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
    CHECK_STR(ddbs_test_story(test), "[1 2] [3 4] [5]");
    CHECK_INT(ddbs_test_last(test)->at_ms, 5000);
    ddbs_test_free(test);
    test = play_open(&consumer, "{'MaximumBatchingWindowInSeconds':45,'MaximumRecordAgeInSeconds':60}", 0, 2);
    REQUIRE(test != NULL);
    ddbs_test_pause(test, 30000);
    CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
    CHECK_STR(ddbs_test_story(test), "(1 2)");
    ddbs_test_free(test);
}

TEST(o20_the_last_processing_result)
{
    struct play play = { .bad = 2, .good_after = 1 };
    ddbs_consumer consumer = { .on_any = play_record, .user = &play };
    ddbs_test *test = play_open(&consumer, "{" PLAY_ITEMS "}", 0, 2);
    REQUIRE(test != NULL);
    CHECK_STR(ddbs_test_last_result(test), "No records processed");
    CHECK(ddbs_test_step(test));
    CHECK_STR(ddbs_test_last_result(test), "OK");
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_CRASH_AT_END, .times = 1 });
    CHECK(ddbs_test_step(test));
    CHECK_STR(ddbs_test_last_result(test), "PROBLEM: Function call failed");
    ddbs_test_free(test);
}

TEST(o21_records_given_up_are_counted_by_what_the_destination_did)
{
    for (int denied = 0; denied < 2; denied++) {
        struct play play = { .bad = 1 };
        ddbs_consumer consumer = { .on_any = play_record, .user = &play };
        ddbs_test *test = play_open(&consumer, "{'MaximumRetryAttempts':0," QUEUE "}", 0, 3);
        REQUIRE(test != NULL);
        if (denied)
            ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_DENY_DESTINATION });
        CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
        CHECK_INT(ddbs_test_count(test).delivered, denied ? 0 : 3);
        CHECK_INT(ddbs_test_count(test).dropped, denied ? 3 : 0);
        CHECK_INT(ddbs_test_discards(test), 1); /* not sent again */
        ddbs_test_free(test);
    }
}

/* ---- Records ----------------------------------------------------------------------------------------------------- */

static const char raw_record[] =
    "{\"eventID\":\"1\",\"eventName\":\"INSERT\",\"eventVersion\":\"1.1\",\"eventSource\":\"aws:dynamodb\","
    "\"awsRegion\":"
    "\"eu-west-1\",\"dynamodb\":{\"ApproximateCreationDateTime\":1.789651658E9,\"Keys\":{\"id\":{\"S\":\"%s\"}},"
    "\"NewImage\":{\"id\":{\"S\":\"%s\"},\"n\":{\"N\":\"%d\"}},\"SequenceNumber\":\"%s\",\"StreamViewType\":"
    "\"NEW_AND_OLD_IMAGES\"},\"eventSourceARN\":\"arn:aws:dynamodb:eu-west-1:111122223333:table/Table/stream/x\"}";

static void add_raw(ddbs_test *test, const char *id, int n, const char *sequence)
{
    size_t size = sizeof raw_record + 2 * strlen(id) + 64;
    char *text = malloc(size);
    REQUIRE(text != NULL);
    snprintf(text, size, raw_record, id, id, n, sequence);
    CHECK_STATUS(ddbs_test_record(test, text), DDBS_OK);
    free(text);
}

TEST(o22_a_record_too_large_for_an_event_spends_its_retries_without_reaching_the_function)
{
    struct play play = { .bad = 0 };
    ddbs_consumer consumer = { .on_any = play_record, .user = &play };
    ddbs_test *test = play_open(&consumer, "{'MaximumRetryAttempts':2," QUEUE "}", 0, 0);
    size_t len = (6 * 1024 * 1024 + 34 - sizeof raw_record) / 2; /* twice in the record: just above what fits */
    char *id = malloc(len + 1);
    REQUIRE(test != NULL && id != NULL);
    memset(id, 'x', len);
    id[len] = '\0';
    add_raw(test, id, 1, "1000");
    free(id);
    REQUIRE(ddbs_test_status(test) == DDBS_OK);
    add_raw(test, "b", 2, "1001");
    CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
    CHECK_STR(ddbs_test_story(test), "(1) [2]");
    CHECK_INT(ddbs_test_discard_at(test, 0)->invokes, 3);
    CHECK(strstr(ddbs_test_discard_at(test, 0)->message, "responseContext") == NULL);
    CHECK_INT(ddbs_test_calls_of(test, 1), 0);
    ddbs_test_free(test);
}

TEST(o22_children_of_a_shard_wait_for_it)
{
    struct play play = { .bad = 2 };
    ddbs_consumer consumer = { .on_any = play_record, .user = &play };
    ddbs_test *test = play_open(&consumer, "{" PLAY_ITEMS ",'MaximumRetryAttempts':2}", 0, 3);
    REQUIRE(test != NULL);
    CHECK_STATUS(ddbs_test_split(test), DDBS_OK);
    play_put(test, 4, 8);
    CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
    CHECK(strncmp(ddbs_test_story(test), "[1 2 3] [2 3] [2 3] [2 3] (2 3) [", 33) == 0);
    CHECK_INT(ddbs_test_deliveries(test), 6); /* one for each child */
    CHECK_INT(ddbs_test_count(test).done, 9);
    ddbs_test_free(test);
}

TEST(o23_sequence_numbers_grow_a_digit_and_are_not_compared_as_text)
{
    struct play play = { .bad = 2 };
    ddbs_consumer consumer = { .on_any = play_record, .user = &play };
    ddbs_test *test = play_open(&consumer, "{" PLAY_ITEMS ",'MaximumRetryAttempts':0}", 0, 0);
    REQUIRE(test != NULL);
    add_raw(test, "a", 1, "9700000000000000000000");
    add_raw(test, "b", 2, "11800000000000000000000");
    add_raw(test, "c", 3, "11800000000000000000001");
    CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
    CHECK_STR(ddbs_test_story(test), "[1 2 3] [2 3] (2 3)");
    CHECK_INT(ddbs_test_now_ms(test) / 1000, 1789651658); /* the clock began with the first record */
    ddbs_test_free(test);
}

TEST(o24_size_is_that_of_keys_and_images)
{
    struct play play = { .bad = 0 };
    ddbs_consumer consumer = { .on_any = play_record, .user = &play };
    ddbs_test *test = play_open(&consumer, "{}", 0, 0);
    REQUIRE(test != NULL);
    ddbs_test_put(test, "{\"id\":\"o-1\",\"n\":12345,\"ok\":true,\"list\":[1]}");
    /* id 2 + 3, twice; n 1 + 4; ok 2 + 1; list 4 + 3 + 1 + 2 */
    CHECK(strstr(ddbs_test_json_of(test, 1).ptr, "\"SizeBytes\":28,") != NULL);
    ddbs_test_free(test);
}

TEST(o25_what_a_write_leaves_in_the_stream)
{
    struct play play = { .bad = 0 };
    ddbs_consumer consumer = { .on_any = play_record, .user = &play };
    ddbs_test *test = play_open(&consumer, "{}", 0, 1);
    REQUIRE(test != NULL);
    ddbs_test_put(test, "{\"n\":1.0,\"id\":\"r1\"}"); /* equal */
    CHECK_INT(ddbs_test_count(test).records, 1);
    ddbs_test_update(test, "{\"id\":\"r1\",\"n\":2}");
    ddbs_test_remove(test, "{\"id\":\"none\"}");
    ddbs_test_remove(test, "{\"id\":\"r1\"}");
    ddbs_test_update(test, "{\"id\":\"r1\",\"n\":3}");
    ddbs_test_expire(test, "{\"id\":\"r1\"}");
    ddbs_test_expire(test, "{\"id\":\"r1\"}");
    CHECK_STATUS(ddbs_test_status(test), DDBS_OK);
    CHECK_INT(ddbs_test_count(test).records, 5);
    static const char *const names[] = { "INSERT", "MODIFY", "REMOVE", "INSERT", "REMOVE" };
    for (size_t i = 0; i < 5; i++)
        CHECK(strstr(ddbs_test_json_of(test, i + 1).ptr, names[i]) != NULL);
    CHECK(strstr(ddbs_test_json_of(test, 3).ptr, "NewImage") == NULL);
    CHECK(strstr(ddbs_test_json_of(test, 3).ptr, "userIdentity") == NULL);
    CHECK(strstr(ddbs_test_json_of(test, 5).ptr, "userIdentity") != NULL);
    CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
    CHECK_INT(play.seen_count, 5);
    ddbs_test_free(test);
}
