/* test_driver.c: the test driver: faults and what is answered then, time, memory, what it tells. What mappings do is in
 * test_driver_facts.c. */
#include "driver_play.h"

/* ---- Faults of a record ------------------------------------------------------------------------------------------ */

/* A fault, the story that it makes of three records, and how the first delivery ends. */
static void fault_makes(ddbs_test_fault fault, const char *story, ddbs_test_end end, const char *words)
{
    struct play play = { .bad = 0 };
    ddbs_consumer consumer = { .on_any = play_record, .user = &play };
    ddbs_test *test = play_open(&consumer, "{" PLAY_ITEMS ",'MaximumRetryAttempts':2}", 0, 3);
    REQUIRE(test != NULL);
    ddbs_test_add_fault(test, &fault);
    CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
    CHECK_STR(ddbs_test_story(test), story);
    const ddbs_test_delivery *first = ddbs_test_delivery_at(test, 0);
    CHECK_INT(first->end, end);
    if (!CHECK(strstr(first->message, words) != NULL && strstr(ddbs_test_log(test), words) != NULL))
        printf("# %s\n", first->message);
    ddbs_test_free(test);
}

TEST(a_record_that_fails_is_where_the_batch_stops)
{
    fault_makes((ddbs_test_fault){ .kind = DDBS_TEST_FAIL, .record = 2, .times = 1 }, "[1 2 3] [2 3]",
                DDBS_TEST_ANSWERED, "a fault of the test; record 2/3");
    fault_makes((ddbs_test_fault){ .kind = DDBS_TEST_FAIL, .record = 2 }, "[1 2 3] [2 3] [2 3] [2 3] (2 3)",
                DDBS_TEST_ANSWERED, "record 2/3");
    fault_makes((ddbs_test_fault){ .kind = DDBS_TEST_FAIL_AFTER, .times = 1 }, "[1 2 3] [1 2 3]", DDBS_TEST_ANSWERED,
                "record 1/3");
}

TEST(a_crash_costs_the_record_it_comes_in)
{
    fault_makes((ddbs_test_fault){ .kind = DDBS_TEST_CRASH, .record = 3, .times = 1 }, "[1 2 3] [3]", DDBS_TEST_CRASHED,
                "Function.HandlerCrashed: SIGSEGV; record 3/3");
    fault_makes((ddbs_test_fault){ .kind = DDBS_TEST_CRASH_AFTER, .record = 2, .times = 1 }, "[1 2 3] [2 3]",
                DDBS_TEST_CRASHED, "record 2/3");
    fault_makes((ddbs_test_fault){ .kind = DDBS_TEST_CRASH_AT_END, .times = 1 }, "[1 2 3] [1 2 3]", DDBS_TEST_CRASHED,
                "Function.HandlerCrashed");
}

TEST(a_hang_is_ended_before_the_deadline)
{
    fault_makes((ddbs_test_fault){ .kind = DDBS_TEST_HANG, .record = 2, .times = 1 }, "[1 2 3] [2 3]",
                DDBS_TEST_TIMED_OUT, "Function.DeadlineExceeded");
}

TEST(a_slow_record_leaves_no_time_for_the_next)
{
    fault_makes((ddbs_test_fault){ .kind = DDBS_TEST_SLOW, .record = 1, .times = 1, .amount = 29500 }, "[1 2 3] [2 3]",
                DDBS_TEST_ANSWERED, "too little time");
    fault_makes((ddbs_test_fault){ .kind = DDBS_TEST_SLOW, .record = 1, .times = 1, .amount = 29849 }, "[1 2 3] [2 3]",
                DDBS_TEST_ANSWERED, "too little time");
    fault_makes((ddbs_test_fault){ .kind = DDBS_TEST_SLOW, .record = 1, .times = 1, .amount = 29850 },
                "[1 2 3] [1 2 3]", DDBS_TEST_TIMED_OUT, "Function.DeadlineExceeded");
}

TEST(what_memory_does_not_hold_comes_again)
{
    fault_makes((ddbs_test_fault){ .kind = DDBS_TEST_MEMORY, .times = 1, .amount = 64 }, "[1 2 3] [1 2 3]",
                DDBS_TEST_ANSWERED, "memory");
}

/* ---- Faults of a delivery ---------------------------------------------------------------------------------------- */

TEST(a_lost_answer_repeats_what_was_done)
{
    struct play play = { .bad = 0 };
    ddbs_consumer consumer = { .on_any = play_record, .user = &play };
    ddbs_test *test = play_open(&consumer, "{" PLAY_ITEMS "}", 0, 2);
    REQUIRE(test != NULL);
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_LOSE_ANSWER, .times = 1 });
    CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
    CHECK_STR(ddbs_test_story(test), "[1 2] [1 2]");
    CHECK(ddbs_test_delivery_at(test, 0)->answer_lost && !ddbs_test_delivery_at(test, 0)->is_error);
    CHECK_INT(ddbs_test_calls_of(test, 1), 2);
    CHECK_INT(play.seen_count, 4);
    ddbs_test_free(test);
}

TEST(a_duplicate_runs_twice_and_is_one_delivery)
{
    struct play play = { .bad = 0 };
    ddbs_consumer consumer = { .on_any = play_record, .user = &play };
    ddbs_test *test = play_open(&consumer, "{" PLAY_ITEMS "}", 0, 2);
    REQUIRE(test != NULL);
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_DUPLICATE, .record = 2, .times = 1 });
    CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
    CHECK_STR(ddbs_test_story(test), "[1 2]");
    CHECK_INT(play.seen_count, 4);
    CHECK_INT(ddbs_test_count(test).done, 2);
    ddbs_test_free(test);
}

TEST(faults_of_one_kind_wait_for_their_records_and_can_be_forgotten)
{
    struct play play = { .bad = 0 };
    ddbs_consumer consumer = { .on_any = play_record, .user = &play };
    ddbs_test *test = play_open(&consumer, "{" PLAY_ITEMS "}", 0, 2);
    REQUIRE(test != NULL);
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_FAIL, .record = 4 });
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_FAIL, .record = 2, .times = 1 });
    CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
    play_put(test, 3, 2);
    CHECK(ddbs_test_step(test));
    ddbs_test_clear_faults(test);
    CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
    CHECK(!ddbs_test_step(test));
    CHECK_STR(ddbs_test_story(test), "[1 2] [2] [3 4] [4]");
    ddbs_test_free(test);
}

/* ---- In the middle of a callback --------------------------------------------------------------------------------- */

/* Charges, and is lost before it has written that down: three times, then not. */
struct shop {
    ddbs_test *test;
    int charged, written;
    int crashes;
    int64_t each_ms;
    int starts, stops;
    int64_t left_ms; /* at the begin of the last callback */
};

static ddbs_status charge(ddbs_ctx *ctx, const ddbs_record *record)
{
    struct shop *shop = ddbs_ctx_user(ctx);
    (void)record;
    shop->left_ms = ddbs_ctx_remaining_ms(ctx);
    shop->charged++;
    ddbs_test_spend(shop->test, shop->each_ms);
    if (shop->crashes-- > 0)
        ddbs_test_crash(shop->test);
    shop->written++;
    return DDBS_OK;
}

static ddbs_status open_shop(ddbs_ctx *ctx)
{
    struct shop *shop = ddbs_ctx_user(ctx);
    shop->starts++;
    return DDBS_OK;
}

static void close_shop(ddbs_ctx *ctx)
{
    struct shop *shop = ddbs_ctx_user(ctx);
    shop->stops++;
}

TEST(a_process_can_be_lost_between_two_calls_of_a_callback)
{
    struct shop shop = { .crashes = 3 };
    ddbs_consumer consumer = { .on_any = charge, .on_start = open_shop, .on_stop = close_shop, .user = &shop };
    ddbs_test *test = play_open(&consumer, "{" PLAY_ITEMS ",'MaximumRetryAttempts':5}", 0, 2);
    REQUIRE(test != NULL);
    shop.test = test;
    CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
    CHECK_STR(ddbs_test_story(test), "[1 2] [1 2] [1 2] [1 2]");
    CHECK_INT(shop.charged, 5);
    CHECK_INT(shop.written, 2);
    CHECK_INT(shop.starts, 4); /* a new process each time */
    ddbs_test_crash(test);     /* nothing to lose here */
    ddbs_test_free(test);
    CHECK_INT(shop.stops, 4);
}

TEST(time_that_a_callback_spends_is_that_of_its_deadline_and_of_the_stream)
{
    struct shop shop = { .each_ms = 1000 };
    ddbs_consumer consumer = { .on_any = charge, .user = &shop };
    ddbs_test *test = play_open(&consumer, "{" PLAY_ITEMS ",'BatchSize':3}", 0, 6);
    REQUIRE(test != NULL);
    shop.test = test;
    int64_t begin = ddbs_test_now_ms(test);
    CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
    CHECK_INT(shop.left_ms, 28000);
    CHECK_INT(ddbs_test_delivery_at(test, 0)->took_ms, 3000);
    CHECK_INT(ddbs_test_delivery_at(test, 1)->at_ms, 3000);
    CHECK_INT(ddbs_test_now_ms(test) - begin, 6000);
    shop.each_ms = INT64_MAX;
    play_put(test, 7, 1);
    CHECK(ddbs_test_step(test));
    CHECK_INT(ddbs_test_last(test)->end, DDBS_TEST_TIMED_OUT);
    CHECK(ddbs_test_last(test)->outcome.out_of_time);
    ddbs_test_free(test);
}

static ddbs_status accept(ddbs_ctx *ctx, const ddbs_record *record)
{
    (void)ctx;
    (void)record;
    return DDBS_OK;
}

/* Answers each order below 3 with the next one, in the same table. */
static ddbs_status put_next(ddbs_ctx *ctx, const ddbs_record *record)
{
    struct shop *shop = ddbs_ctx_user(ctx);
    int64_t n;
    char item[64];
    DDBS_TRY(ddbs_get(record->new_image, "n", &n));
    snprintf(item, sizeof item, "{\"id\":\"r%d\",\"n\":%d}", (int)n + 1, (int)n + 1);
    return n < 3 ? ddbs_test_put(shop->test, item) : DDBS_OK;
}

TEST(a_handler_may_write_to_its_own_table)
{
    struct shop shop = { .test = NULL };
    ddbs_consumer consumer = { .on_insert = put_next, .user = &shop };
    ddbs_test *test = play_open(&consumer, "{" PLAY_ITEMS "}", 0, 1);
    REQUIRE(test != NULL);
    shop.test = test;
    CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
    CHECK_STR(ddbs_test_story(test), "[1] [2] [3]");
    ddbs_test_free(test);
}

static ddbs_status spend_at_start(ddbs_ctx *ctx)
{
    struct shop *shop = ddbs_ctx_user(ctx);
    shop->starts++;
    if (shop->test != NULL)
        ddbs_test_spend(shop->test, INT64_MAX);
    return DDBS_OK;
}

static ddbs_status run_own_driver(ddbs_ctx *ctx, const ddbs_record *record)
{
    struct shop *shop = ddbs_ctx_user(ctx);
    (void)record;
    return ddbs_test_run(shop->test);
}

TEST(a_driver_is_not_run_by_its_own_handler)
{
    struct shop shop = { .test = NULL };
    ddbs_consumer consumer = { .on_any = accept, .on_start = spend_at_start, .user = &shop };
    ddbs_test *test = play_open(&consumer, "{" PLAY_ITEMS "}", 0, 1);
    REQUIRE(test != NULL);
    shop.test = test;
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_CRASH, .times = 1 });
    CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
    CHECK_INT(shop.starts, 2);
    CHECK_STR(ddbs_test_story(test), "[1] [1]");
    ddbs_test_free(test);
    ddbs_consumer own = { .on_any = run_own_driver, .user = &shop };
    test = play_open(&own, "{" PLAY_ITEMS "}", 0, 1);
    REQUIRE(test != NULL);
    shop.test = test;
    CHECK_STATUS(ddbs_test_run(test), DDBS_E_USAGE);
    ddbs_test_free(test);
}

TEST(lanes_of_a_mapping_are_under_way_at_once)
{
    struct shop shop = { .each_ms = 1000 };
    ddbs_consumer consumer = { .on_any = charge, .user = &shop };
    ddbs_test *test = play_open(&consumer, "{'BatchSize':1,'ParallelizationFactor':10}", 0, 10);
    REQUIRE(test != NULL);
    shop.test = test;
    int64_t begin = ddbs_test_now_ms(test);
    CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
    CHECK_INT(ddbs_test_count(test).done, 10);
    CHECK(ddbs_test_now_ms(test) - begin < 9000);
    ddbs_test_free(test);
}

/* ---- Consumers of every form ------------------------------------------------------------------------------------- */

static ddbs_status commit_first_two(ddbs_ctx *ctx)
{
    struct shop *shop = ddbs_ctx_user(ctx);
    shop->written++;
    if (ddbs_ctx_batch_ok(ctx) > 2)
        DDBS_TRY(ddbs_ctx_commit(ctx, 2));
    if (shop->crashes-- > 0)
        ddbs_test_crash(shop->test);
    return DDBS_OK;
}

TEST(what_on_batch_end_committed_outlives_the_process)
{
    struct shop shop = { .crashes = 1 };
    ddbs_consumer consumer = { .on_any = accept, .on_batch_end = commit_first_two, .user = &shop };
    ddbs_test *test = play_open(&consumer, "{" PLAY_ITEMS "}", 0, 5);
    REQUIRE(test != NULL);
    shop.test = test;
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_CRASH, .record = 4, .times = 1 });
    CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
    /* A crash in a record before anything was committed, then one in the flush. */
    CHECK_STR(ddbs_test_story(test), "[1 2 3 4 5] [1 2 3 4 5] [3 4 5]");
    CHECK_INT(shop.written, 2);
    ddbs_test_free(test);
}

static ddbs_status take_batch(ddbs_ctx *ctx, const ddbs_record *const *records, size_t count)
{
    (void)ctx;
    return records != NULL && count > 0 ? DDBS_OK : DDBS_E_HANDLER;
}

TEST(on_batch_fails_and_crashes_as_a_whole)
{
    static const ddbs_consumer consumer = { .on_batch = take_batch };
    ddbs_test *test = play_open(&consumer, "{" PLAY_ITEMS "}", 0, 3);
    REQUIRE(test != NULL);
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_CRASH_AFTER, .record = 2, .times = 1 });
    CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
    CHECK_STR(ddbs_test_story(test), "[1 2 3] [1 2 3]");
    CHECK_INT(ddbs_test_calls_of(test, 3), 2);
    ddbs_test_free(test);
}

TEST(a_consumer_with_lanes_is_run_record_by_record)
{
    static const ddbs_test_fault_kind kinds[] = { DDBS_TEST_FAIL, DDBS_TEST_CRASH, DDBS_TEST_HANG };
    for (size_t i = 0; i < 3; i++) {
        struct play play = { .bad = 0 };
        ddbs_consumer consumer = { .on_any = play_record, .lanes = 4, .user = &play };
        ddbs_test *test = play_open(&consumer, "{" PLAY_ITEMS "}", 0, 8);
        REQUIRE(test != NULL);
        ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = kinds[i], .record = 5, .times = 1 });
        CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
        CHECK_STR(ddbs_test_story(test), "[1 2 3 4 5 6 7 8] [5 6 7 8]");
        CHECK_INT(play.seen_count, 8);
        ddbs_test_free(test);
    }
}

TEST(a_route_keeps_its_own_user)
{
    struct play mine = { .bad = 2, .good_after = 1 }, outer = { .bad = 0 };
    ddbs_consumer orders = { .on_insert = play_record, .user = &mine };
    ddbs_route route = { "Table", &orders };
    ddbs_consumer consumer = { .routes = &route, .route_count = 1, .user = &outer };
    ddbs_test *test = play_open(&consumer, "{" PLAY_ITEMS "}", 0, 2);
    REQUIRE(test != NULL);
    CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
    CHECK_STR(ddbs_test_story(test), "[1 2] [2]");
    CHECK_INT(mine.seen_count, 2);
    CHECK_INT(outer.seen_count, 0);
    ddbs_test_free(test);
}

static ddbs_status park_in_buffer(void *user, const ddbs_parked *parked)
{
    char *text = user;
    size_t len = strlen(text);
    snprintf(text + len, 256 - len, "%.*s;", (int)parked->reason.len, parked->reason.ptr);
    return DDBS_OK;
}

TEST(a_record_that_crashes_too_often_is_parked)
{
    char parked[256] = "";
    struct play play = { .bad = 0 };
    ddbs_consumer consumer = { .on_any = play_record, .user = &play };
    ddbs_lambda_options lambda = { .park = { .sink = park_in_buffer, .user = parked, .after_attempts = 2 } };
    ddbs_test_options options = { .lambda = &lambda };
    ddbs_test *test;
    REQUIRE(ddbs_test_new(&test, &consumer, &options, NULL) == DDBS_OK);
    play_put(test, 1, 3);
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_CRASH, .record = 2 });
    CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
    CHECK_STR(ddbs_test_story(test), "[1 2 3] [2 3] [2 3]");
    CHECK_INT(ddbs_test_last(test)->outcome.parked, 1);
    CHECK(strstr(parked, "2") != NULL);
    ddbs_test_free(test);
}

static ddbs_status skip_poison(ddbs_ctx *ctx, const ddbs_poison *poison)
{
    (void)ctx;
    return poison->raw.len > 0 ? DDBS_SKIP : DDBS_E_HANDLER;
}

TEST(a_raw_record_need_not_decode)
{
    struct play play = { .bad = 0 };
    ddbs_consumer consumer = { .on_any = play_record, .on_poison = skip_poison, .user = &play };
    ddbs_test *test = play_open(&consumer, "{" PLAY_ITEMS "}", 0, 0);
    REQUIRE(test != NULL);
    ddbs_test_record(test, "{\"eventName\":\"INSERT\",\"eventSource\":\"aws:dynamodb\",\"dynamodb\":{\"Keys\":{\"id\":"
                           "{\"Q\":\"a\"}},\"SequenceNumber\":\"1\"}}");
    CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
    CHECK_INT(ddbs_test_last(test)->outcome.poison, 1);
    CHECK_INT(ddbs_test_calls_of(test, 1), 1);
    ddbs_test_free(test);
}

/* ---- What is told ------------------------------------------------------------------------------------------------ */

static ddbs_status measure(ddbs_ctx *ctx, const ddbs_record *record)
{
    DDBS_LOG(ctx, DDBS_LOG_WARN, "measured", DDBS_PAIR("keys", ddbs_item_count(record->keys)));
    DDBS_TRY(ddbs_metric(ctx, "Orders", 1, DDBS_UNIT_COUNT));
    return ddbs_metric(ctx, "Time", 2.5, DDBS_UNIT_MILLISECONDS);
}

TEST(log_and_metrics_are_kept)
{
    static const ddbs_consumer consumer = { .on_any = measure };
    ddbs_test *test = play_open(&consumer, "{" PLAY_ITEMS "}", 0, 3);
    double sum = 0;
    REQUIRE(test != NULL);
    CHECK_STR(ddbs_test_log(test), "");
    CHECK(!ddbs_test_metric(test, "Orders", &sum));
    CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
    CHECK(strstr(ddbs_test_log(test), " record 3/3 seq=") != NULL);
    CHECK(strstr(ddbs_test_log(test), ": measured keys=1\n") != NULL);
    CHECK(ddbs_test_metric(test, "Orders", &sum) && sum == 3);
    CHECK(ddbs_test_metric(test, "Time", &sum) && sum == 7.5);
    CHECK(ddbs_test_metric(test, "RecordsFailed", &sum) && sum == 0);
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_CRASH_AFTER, .record = 4, .times = 1 });
    play_put(test, 4, 1);
    CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
    CHECK(ddbs_test_metric(test, "Orders", &sum) && sum == 4); /* what the lost process measured is gone */
    CHECK(ddbs_test_metric(test, "WorkerCrashes", &sum) && sum == 1);
    ddbs_test_free(test);
}

TEST(a_delivery_tells_everything_about_itself)
{
    struct play play = { .bad = 2, .good_after = 1 };
    ddbs_consumer consumer = { .on_any = play_record, .user = &play };
    ddbs_test *test = play_open(&consumer, "{" PLAY_ITEMS "}", 0, 3);
    REQUIRE(test != NULL);
    CHECK(ddbs_test_delivery_at(test, 0) == NULL && ddbs_test_last(test) == NULL);
    CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
    const ddbs_test_delivery *first = ddbs_test_delivery_at(test, 0);
    char answer[128];
    ddbs_str sequence = ddbs_test_sequence_of(test, 2);
    snprintf(answer, sizeof answer, "{\"batchItemFailures\":[{\"itemIdentifier\":\"%s\"}]}", sequence.ptr);
    CHECK_STR(first->answer, answer);
    CHECK(ddbs_str_is(first->outcome.failing, sequence.ptr));
    CHECK_INT(first->outcome.checkpoint, 1);
    CHECK(first->settled && first->done == 1 && !first->is_error);
    CHECK(strstr(first->message, "a bad record; record 2/3") != NULL);
    CHECK(strstr(first->event, ddbs_test_json_of(test, 3).ptr) != NULL);
    CHECK_INT(ddbs_test_last(test)->cause, DDBS_TEST_REST);
    CHECK_INT(ddbs_test_last(test)->count, 2);
    CHECK_INT(ddbs_test_last(test)->records[0], 2);
    CHECK(ddbs_test_json_of(test, 4).ptr == NULL && ddbs_test_sequence_of(test, 0).ptr == NULL);
    CHECK_INT(ddbs_test_fate_of(test, 4), DDBS_TEST_OPEN);
    ddbs_test_free(test);
}

TEST(the_same_seed_gives_the_same_ids)
{
    struct play play = { .bad = 0 };
    ddbs_consumer consumer = { .on_any = play_record, .user = &play };
    ddbs_test *one = play_open(&consumer, "{}", 0, 1), *other = play_open(&consumer, "{}", 0, 1);
    REQUIRE(one != NULL && other != NULL);
    ddbs_test_run(one);
    ddbs_test_run(other);
    CHECK_STR(ddbs_test_last(one)->event, ddbs_test_last(other)->event);
    CHECK_STR(ddbs_test_last(one)->request_id, ddbs_test_last(other)->request_id);
    ddbs_test_free(one);
    ddbs_test_free(other);
}

/* ---- Sources ----------------------------------------------------------------------------------------------------- */

TEST(a_recorded_stream_is_replayed)
{
    static const char *const files[] = { "examples/orders/orders.jsonl", "examples/typed/event.json" };
    for (size_t i = 0; i < 2; i++) {
        static const ddbs_consumer consumer = { .on_any = accept };
        ddbs_test *test = play_open(&consumer, "{}", 0, 0);
        REQUIRE(test != NULL);
        CHECK_STATUS(ddbs_test_replay(test, files[i]), DDBS_OK);
        CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
        CHECK(ddbs_test_count(test).records > 0);
        CHECK_INT(ddbs_test_count(test).done, ddbs_test_count(test).records);
        CHECK_STATUS(ddbs_test_replay(test, "examples/none.jsonl"), DDBS_E_USAGE);
        CHECK(strstr(ddbs_test_reason(test), "examples/none.jsonl: ") != NULL);
        ddbs_test_free(test);
    }
}

TEST(keys_of_two_attributes_and_any_other_write)
{
    struct play play = { .bad = 0 };
    ddbs_consumer consumer = { .on_any = play_record, .user = &play };
    ddbs_test_options options = { .key = "id,line", .view = "NEW_IMAGE" };
    ddbs_test *test;
    REQUIRE(ddbs_test_new(&test, &consumer, &options, NULL) == DDBS_OK);
    ddbs_test_put(test, "{\"id\":\"a\",\"line\":1,\"n\":1}");
    ddbs_test_put(test, "{\"id\":\"a\",\"line\":2,\"n\":2}");
    CHECK_STATUS(ddbs_test_request(test, "UpdateItem",
                                   "{\"TableName\":\"Table\",\"Key\":{\"id\":{\"S\":\"a\"},\"line\":{\"N\":\"2\"}},"
                                   "\"UpdateExpression\":\"ADD n :one\",\"ExpressionAttributeValues\":{\":one\":"
                                   "{\"N\":\"1\"}}}"),
                 DDBS_OK);
    CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
    CHECK_INT(play.seen_count, 3);
    CHECK_INT(play.seen[2], 3);
    CHECK(strstr(ddbs_test_json_of(test, 3).ptr, "OldImage") == NULL);
    CHECK_STATUS(ddbs_test_request(test, "PutItem", "{}"), DDBS_E_USAGE);
    ddbs_test_free(test);
}

TEST(the_first_failure_of_a_driver_is_kept)
{
    struct play play = { .bad = 0 };
    ddbs_consumer consumer = { .on_any = play_record, .user = &play };
    ddbs_test *test = play_open(&consumer, "{}", 0, 1);
    REQUIRE(test != NULL);
    CHECK_STATUS(ddbs_test_put(test, "{\"id\":"), DDBS_E_SYNTAX);
    CHECK_STATUS(ddbs_test_put(test, "{\"id\":\"fine\"}"), DDBS_E_SYNTAX);
    CHECK_STATUS(ddbs_test_run(test), DDBS_E_SYNTAX);
    CHECK(!ddbs_test_step(test));
    CHECK_INT(ddbs_test_deliveries(test), 0);
    CHECK(ddbs_test_reason(test)[0] != '\0');
    ddbs_test_free(test);
    ddbs_test_free(NULL);
}

static ddbs_status refuse_start(ddbs_ctx *ctx)
{
    return ddbs_fail(ctx, DDBS_E_HANDLER, "no configuration");
}

TEST(what_makes_no_sense_is_no_driver)
{
    ddbs_error error;
    ddbs_test *test = NULL;
    ddbs_consumer starts = { .on_start = refuse_start };
    CHECK_STATUS(ddbs_test_new(&test, &starts, NULL, &error), DDBS_E_HANDLER);
    CHECK_STR(error.reason, "on_start: no configuration");
    ddbs_consumer both = { .on_batch = take_batch, .on_any = accept };
    CHECK_STATUS(ddbs_test_new(&test, &both, NULL, &error), DDBS_E_USAGE);
    ddbs_consumer good = { .on_any = accept };
    ddbs_test_options files = { .mapping = "{}", .mapping_file = "examples/orders/esm.json" };
    CHECK_STATUS(ddbs_test_new(&test, &good, &files, &error), DDBS_E_USAGE);
    files.mapping = NULL;
    CHECK_STATUS(ddbs_test_new(&test, &good, &files, &error), DDBS_OK);
    ddbs_test_free(test);
}
