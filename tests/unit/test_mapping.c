/* test_mapping.c: what an event source mapping does after each delivery, compared with what AWS was seen to do. Tests
 * are named after the fact that they hold (O1 to O16). */
#include "mapping_play.h"

/* ---- Retries, rests and halves ----------------------------------------------------------------------------------- */

TEST(a_good_stream_is_cut_into_batches)
{
    struct play play = { .settings = items(2, 1, false), .records = 5 };
    run(&play);
    play_free(&play);
    CHECK_STR(play.trace, "[12] [34] [5]");
    CHECK_STR(play.waits, "0 0 0");
    CHECK_INT(play.totals.polled, 5);
    CHECK_INT(play.totals.done, 5);
    CHECK_INT(play.totals.invocations, 3);
}

TEST(an_empty_stream_is_no_delivery)
{
    struct play play = { .settings = items(100, -1, true) };
    run(&play);
    play_free(&play);
    CHECK_STR(play.trace, "");
    CHECK_INT(play.totals.invocations, 0);
}

TEST(o1_partial_failure_retries_only_the_tail_with_a_fresh_budget)
{
    struct play play = { .settings = items(4, 3, false), .records = 4, .bad = 2, .behaviour = NAMES_BAD };
    run(&play);
    play_free(&play);
    CHECK_STR(play.trace, "[1234] [234] [234] [234] [234] dest(2..4,count4)");
    CHECK_INT(play.totals.partial, 5);
    CHECK_INT(play.totals.discarded, 3);
    CHECK_INT(play.totals.retries, 3);
}

TEST(o1_with_one_retry)
{
    struct play play = { .settings = items(4, 1, false), .records = 4, .bad = 2, .behaviour = NAMES_BAD };
    run(&play);
    play_free(&play);
    CHECK_STR(play.trace, "[1234] [234] [234] dest(2..4,count2)");
}

TEST(o3_a_function_that_always_fails_is_called_once_more_than_it_may_be_retried)
{
    struct play play = { .settings = items(4, 3, false), .records = 4, .behaviour = ALWAYS_THROWS };
    run(&play);
    play_free(&play);
    CHECK_STR(play.trace, "[1234] [1234] [1234] [1234] dest(1..4,count4)");
    CHECK_INT(play.totals.errors, 4);
}

TEST(o15_partial_failure_with_bisect)
{
    struct play play = { .settings = items(4, 1, true), .records = 4, .bad = 2, .behaviour = NAMES_BAD };
    run(&play);
    play_free(&play);
    CHECK_STR(play.trace, "[1234] [234] [2] [2] dest(2..2,count2) [34]");
    CHECK_STR(play.waits, "0 0 0 200= 0");
}

TEST(o15_function_error_with_bisect)
{
    struct play play = { .settings = items(4, 1, true), .records = 4, .bad = 2, .behaviour = THROWS };
    run(&play);
    play_free(&play);
    CHECK_STR(play.trace, "[1234] [12] [1] [2] [2] dest(2..2,count2) [34]");
    CHECK_STR(play.waits, "0 0 0 0 200= 0");
    CHECK_INT(play.totals.halvings, 2);
}

TEST(o15_halves_are_floor_of_n_by_2_and_depth_first)
{
    struct play play = { .settings = items(7, 0, true), .records = 7, .bad = 7, .behaviour = THROWS };
    run(&play);
    play_free(&play);
    CHECK_STR(play.trace, "[1234567] [123] [4567] [45] [67] [6] [7] dest(7..7,count1)");
}

TEST(o9_a_partial_response_cuts_at_the_record_it_names_before_halving)
{
    struct play play = { .settings = items(8, 0, true), .records = 8, .bad = 5, .behaviour = NAMES_BAD };
    run(&play);
    play_free(&play);
    CHECK_STR(play.trace, "[12345678] [5678] [56] [5] dest(5..5,count1) [6] [78]");
}

TEST(o9_partial_responses_are_ignored_unless_enabled)
{
    struct play play = { .settings = play_settings(4, 1, true, false), .records = 4, .bad = 2, .behaviour = NAMES_BAD };
    run(&play);
    play_free(&play);
    CHECK_STR(play.trace, "[1234]");
    CHECK_INT(play.totals.done, 1);
    CHECK_INT(play.totals.lost, 3);
    CHECK_INT(play.totals.partial, 0);
}

TEST(what_nobody_reads_is_lost_from_the_first_record_that_was_not_done)
{
    static const struct {
        const char *body;
        size_t lost;
    } cases[] = {
        { "{\"batchItemFailures\":[{\"itemIdentifier\":\"11\"}]}", 11 },
        { "{\"batchItemFailures\":[{\"itemIdentifier\":\"10\"}]}", 12 },
        { "{\"batchItemFailures\":[{\"itemIdentifier\":\"21\"},{\"itemIdentifier\":\"20\"}]}", 2 },
        { "{\"batchItemFailures\":[{\"itemIdentifier\":\"unknown\"}]}", 12 },
        { "{\"batchItemFailures\":[{\"itemIdentifier\":\"\"}]}", 12 },
        { "{\"batchItemFailures\":[{\"itemIdentifier\":\"21\"},{}]}", 12 },
        { "{\"batchItemFailures\":7}", 12 },
        { "{\"batchItemFailures\":[{\"itemIdentifier\":\"21\"}", 12 },
        { "{\"batchItemFailures\":[]}", 0 },
        { "{\"batchItemFailures\":null}", 0 },
        { "{}", 0 },
        { "", 0 },
        { "\"done\"", 0 }, /* nothing was reported: any text is an answer to this mapping */
        { "done", 0 },
        { "{\"a\":", 0 },
        { "12", 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct play play = { .settings = play_settings(12, 1, true, false),
                             .records = 12,
                             .behaviour = ANSWERS_TEXT,
                             .text = cases[i].body };
        run(&play);
        play_free(&play);
        CHECK_INT(play.last.step, MAPPING_DONE);
        CHECK_INT(play.last.lost, cases[i].lost);
        CHECK_INT(play.last.done, 12 - cases[i].lost);
        CHECK_INT(play.totals.lost, cases[i].lost);
        CHECK_INT(play.totals.done, 12 - cases[i].lost);
        CHECK_INT(play.totals.invocations, 1);
    }
}

TEST(o10_halving_spends_no_retries)
{
    struct play play = { .settings = items(4, 2, true), .records = 4, .bad = 1, .behaviour = THROWS };
    run(&play);
    play_free(&play);
    CHECK_STR(play.trace, "[1234] [12] [1] [1] [1] dest(1..1,count3) [2] [34]");
}

TEST(no_retries_means_one_delivery)
{
    struct play play = { .settings = items(2, 0, false), .records = 4, .bad = 1, .behaviour = THROWS };
    run(&play);
    play_free(&play);
    CHECK_STR(play.trace, "[12] dest(1..2,count1) [34]");
}

TEST(o14_a_retry_keeps_the_request_id_and_a_tail_gets_a_new_one)
{
    struct play play = {
        .settings = items(4, 2, false), .records = 5, .bad = 3, .behaviour = NAMES_BAD, .good_after = 3
    };
    run(&play);
    play_free(&play);
    CHECK_STR(play.trace, "[1234] [34] [34] [34] [5]");
    CHECK_STR(play.waits, "0 0 200= 400= 0");
    CHECK_INT(play.totals.discarded, 0);
}

TEST(o16_waits_double_before_retries_and_stop_growing_at_a_minute)
{
    struct play play = { .settings = items(1, -1, true), .records = 1, .behaviour = ALWAYS_THROWS, .steps_max = 13 };
    run(&play);
    CHECK_STR(play.waits, "0 200= 400= 800= 1600= 3200= 6400= 12800= 25600= 51200= 60000= 60000= 60000=");
    CHECK_STR(play.times, "0 200 600 1400 3000 6200 12600 25400 51000 102200 162200 222200 282200");
    play_free(&play);
}

TEST(unlimited_retries_block_the_shard_until_the_stream_forgets_the_records)
{
    struct play play = { .settings = items(2, -1, false), .records = 3, .behaviour = ALWAYS_THROWS, .steps_max = 1400 };
    run(&play);
    CHECK_INT(play.totals.done + play.totals.discarded, 0);
    CHECK_INT(play.totals.polled, 2);
    play_free(&play);
    struct play day = { .settings = items(2, -1, false), .records = 3, .bad = 1, .behaviour = THROWS };
    run(&day);
    CHECK_INT(day.state, MAPPING_ENDED);
    CHECK_INT(day.totals.expired, 3); /* the third became too old behind them */
    CHECK_INT(day.totals.done, 0);
    play_free(&day);
}

TEST(a_tail_that_fails_further_on_gets_a_fresh_budget_again)
{
    static const char *const names[] = { "11", "11", "12", "12", "12" };
    static const enum mapping_verdict_step steps[] = { MAPPING_RESUME, MAPPING_AGAIN, MAPPING_RESUME, MAPPING_AGAIN,
                                                       MAPPING_DISCARD };
    struct play play = { .settings = items(4, 1, false), .records = 4 };
    struct mapping_delivery delivery;
    play_open(&play);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char body[100];
        snprintf(body, sizeof body, "{\"batchItemFailures\":[{\"itemIdentifier\":\"%s\"}]}", names[i]);
        play.now_ms += 1000;
        REQUIRE(mapping_step(play.mapping, play.now_ms, &delivery) == MAPPING_INVOKE);
        mapping_settle(play.mapping, delivery.ticket, play.now_ms,
                       &(struct mapping_result){ .body = body, .len = strlen(body) });
        CHECK_INT(play.last.step, steps[i]);
    }
    CHECK_STR(play.trace, "dest(3..4,count2)");
    CHECK_INT(mapping_step(play.mapping, play.now_ms, &delivery), MAPPING_ENDED);
    mapping_free(play.mapping);
    play_free(&play);
}

/* ---- Throttles, what is too large, what is said ------------------------------------------------------------------ */

TEST(o10_o20_throttles_spend_no_retries)
{
    struct play play = { .settings = items(2, 0, false), .records = 2, .throttles = 5 };
    run(&play);
    CHECK_STR(play.trace, "[12] [12] [12] [12] [12] [12]");
    CHECK_STR(play.waits, "0 200= 400= 800= 1600= 3200=");
    CHECK_INT(play.totals.throttles, 5);
    CHECK_INT(play.totals.invocations, 1);
    CHECK_INT(play.totals.invoked, 2);
    CHECK_INT(play.totals.retries, 0);
    CHECK_INT(play.totals.done, 2);
    play_free(&play);
}

TEST(o10_o20_after_throttles_all_retries_are_left)
{
    struct play play = { .settings = items(2, 1, false), .records = 2, .throttles = 3, .behaviour = ALWAYS_THROWS };
    run(&play);
    CHECK_STR(play.trace, "[12] [12] [12] [12] [12] dest(1..2,count2)");
    CHECK_STR(play.waits, "0 200= 400= 800= 1600=");
    CHECK_INT(play.totals.invocations, 2);
    play_free(&play);
}

TEST(o10_throttles_go_on_until_the_records_are_too_old)
{
    struct play play = { .settings = items(2, 0, false), .records = 2, .throttles = SIZE_MAX };
    play.settings.record_age = 60;
    run(&play);
    CHECK_INT(play.state, MAPPING_ENDED);
    CHECK_INT(play.totals.expired, 2);
    CHECK(strstr(play.trace, "old(1..2,count1)") != NULL);
    CHECK_INT(play.totals.invocations, 0);
    play_free(&play);
}

TEST(o20_lost_permission_leaves_the_mapping_at_work)
{
    struct play play = { .settings = items(2, 0, false), .records = 2, .denied = 4 };
    run(&play);
    CHECK_STR(play.trace, "[12]");
    CHECK_STR(play.times, "1000"); /* looked at four times a second */
    play_free(&play);
}

TEST(o20_the_last_processing_result_is_ok_after_a_partial_and_a_problem_after_an_error)
{
    struct play play = {
        .settings = items(4, 0, false), .records = 4, .bad = 2, .behaviour = NAMES_BAD, .steps_max = 1
    };
    play_open(&play);
    CHECK_STR(mapping_last_result(play.mapping), "No records processed");
    play_on(&play, 0);
    play_wait(&play);
    CHECK_STR(mapping_last_result(play.mapping), "OK");
    mapping_free(play.mapping);
    play_free(&play);
    struct play error = { .settings = items(4, 0, false), .records = 4, .behaviour = ALWAYS_THROWS };
    run(&error);
    CHECK_STR(error.last_result, "PROBLEM: Function call failed");
    play_free(&error);
    struct play old = { .settings = items(4, 0, false), .records = 4, .begin_ms = PLAY_BEGIN + 100000 };
    old.settings.record_age = 60;
    run(&old);
    CHECK_STR(old.last_result, "No records processed");
    play_free(&old);
}

TEST(o21_discarded_records_are_counted_by_what_the_destination_did)
{
    struct play play = { .settings = items(3, 0, false), .records = 3, .behaviour = ALWAYS_THROWS };
    run(&play);
    CHECK_INT(play.totals.delivered, 3);
    CHECK_INT(play.totals.dropped, 0);
    play_free(&play);
    struct play denied = {
        .settings = items(3, 0, false), .records = 3, .behaviour = ALWAYS_THROWS, .refuse_taking = true
    };
    run(&denied);
    CHECK_INT(denied.totals.dropped, 3);
    CHECK_INT(denied.totals.delivered, 0);
    CHECK_STR(denied.trace, "[123] dest(1..3,count1)"); /* not sent again */
    play_free(&denied);
    struct play none = { .settings = items(3, 0, false), .records = 3, .behaviour = ALWAYS_THROWS };
    none.settings.destination = MAPPING_NO_DESTINATION;
    run(&none);
    CHECK_INT(none.totals.discarded, 3);
    CHECK_INT(none.totals.delivered + none.totals.dropped, 0);
    CHECK_INT(none.failure.len, 0);
    play_free(&none);
}

static char *oversized; /* record 2 */

static const char *large_second(size_t number)
{
    return number == 2 ? oversized : "{}";
}

TEST(o22_a_record_too_large_for_an_event_spends_its_retries_without_reaching_the_function)
{
    oversized = malloc(MAPPING_RECORD_BYTES_MAX + 2);
    REQUIRE(oversized != NULL);
    memset(oversized, ' ', MAPPING_RECORD_BYTES_MAX + 1);
    oversized[MAPPING_RECORD_BYTES_MAX + 1] = '\0';
    for (int64_t retries = 0; retries <= 2; retries += 2) {
        struct play play = { .settings = items(3, retries, false), .records = 3, .json = large_second };
        run(&play);
        CHECK_STR(play.trace, retries == 0 ? "[1] dest(2..2,count1) [3]" : "[1] dest(2..2,count3) [3]");
        CHECK(strstr(play.failure.ptr, "responseContext") == NULL);
        CHECK(strstr(play.failure.ptr, "RetryAttemptsExhausted") != NULL);
        CHECK_INT(play.totals.invocations, 2);
        play_free(&play);
    }
    oversized[MAPPING_RECORD_BYTES_MAX] = '\0'; /* one byte less is delivered, alone */
    struct play play = { .settings = items(3, 0, false), .records = 3, .json = large_second };
    run(&play);
    CHECK_STR(play.trace, "[1] [2] [3]");
    play_free(&play);
    free(oversized);
}

/* ---- Batches ----------------------------------------------------------------------------------------------------- */

TEST(no_more_than_one_batch_is_in_memory)
{
    struct play play = { .settings = items(10, 1, true), .records = 1000, .bad = 55, .behaviour = NAMES_BAD };
    run(&play);
    CHECK_INT(play.totals.polled, 1000);
    CHECK_INT(play.totals.discarded, 1);
    CHECK(play.ahead_max <= 10);
    play_free(&play);
}

static char *halves;

static const char *half_of_an_event(size_t number)
{
    (void)number;
    return halves;
}

TEST(a_batch_is_cut_where_its_event_would_pass_6_mb)
{
    size_t two = (MAPPING_EVENT_BYTES_MAX - strlen("{\"Records\":[,]}")) / 2;
    halves = malloc(two + 2);
    REQUIRE(halves != NULL);
    for (size_t more = 0; more < 2; more++) {
        memset(halves, ' ', two + more);
        halves[two + more] = '\0';
        struct play play = { .settings = items(100, 0, false), .records = 5, .json = half_of_an_event };
        run(&play);
        CHECK_STR(play.trace, more == 0 ? "[12] [34] [5]" : "[1] [2] [3] [4] [5]");
        CHECK_INT(play.event.len <= MAPPING_EVENT_BYTES_MAX, true);
        play_free(&play);
    }
    free(halves);
    CHECK_INT(strlen(MAPPING_EVENT_HEAD MAPPING_EVENT_TAIL) + MAPPING_RECORD_BYTES_MAX, MAPPING_EVENT_BYTES_MAX);
}

TEST(a_source_that_fails_breaks_the_mapping_after_what_was_read)
{
    struct play play = { .settings = items(2, 0, false), .records = 3, .fails = true };
    run(&play);
    CHECK_INT(play.state, MAPPING_BROKEN);
    CHECK_STR(play.trace, "[12] [3]");
    CHECK_INT(play.totals.done, 3);
    play_free(&play);
}

/* ---- Memory ------------------------------------------------------------------------------------------------------ */

/* One lane, three lanes, windows. */
static void fail_each_allocation(int64_t factor, int64_t tumbling)
{
    bool whole = false;
    for (size_t n = 0; n < 200 && !whole; n++) {
        struct play play = { .settings = items(3, 0, true) };
        play.settings.factor = factor;
        play.settings.tumbling_window = tumbling;
        play.settings.stream_arn = "";
        play.settings.destination = MAPPING_NO_DESTINATION;
        struct mapping_source source = { &play, play_list, NULL, play_read };
        struct mapping_host host = { &play, NULL, NULL };
        struct mapping_delivery delivery;
        enum mapping_state state = MAPPING_EXHAUSTED;
        play.shards[0] = (struct play_shard){ .id = "s", .first = 1, .count = 20 };
        play.shard_count = 1;
        check_fail_alloc(n);
        static const struct mapping_result good = { .body = "{\"state\":[7]}", .len = 13 };
        if (mapping_new(&play.mapping, &play.settings, &source, &host))
            while ((state = mapping_step(play.mapping, PLAY_BEGIN, &delivery)) == MAPPING_INVOKE)
                mapping_settle(play.mapping, delivery.ticket, PLAY_BEGIN, &good);
        check_fail_alloc(SIZE_MAX);
        whole = state == MAPPING_ENDED;
        CHECK(whole || state == MAPPING_EXHAUSTED);
        mapping_free(play.mapping);
    }
    CHECK(whole);
}

TEST(every_allocation_may_fail)
{
    fail_each_allocation(1, 0);
    fail_each_allocation(3, 0);
    fail_each_allocation(1, 60);
}

/* ---- The trace --------------------------------------------------------------------------------------------------- */

static void name_kinds(struct play *play, const struct mapping_trace *trace)
{
    static const char *const names[] = { [MAPPING_TRACE_SHARD] = "shard",     [MAPPING_TRACE_POLL] = "poll",
                                         [MAPPING_TRACE_DENIED] = "denied",   [MAPPING_TRACE_FILTERED] = "filtered",
                                         [MAPPING_TRACE_INVOKE] = "invoke",   [MAPPING_TRACE_RESULT] = "result",
                                         [MAPPING_TRACE_DISCARD] = "discard", [MAPPING_TRACE_CHECKPOINT] = "checkpoint",
                                         [MAPPING_TRACE_WINDOW] = "window",   [MAPPING_TRACE_SHARD_END] = "end" };
    char word[40];
    CHECK_VIEW(trace->shard_id, "shardId-00000001792399000123-5b1d2c3e");
    snprintf(word, sizeof word, "%s", names[trace->kind]);
    if (trace->kind == MAPPING_TRACE_POLL)
        snprintf(word, sizeof word, "poll:%zu", trace->count);
    if (trace->kind == MAPPING_TRACE_CHECKPOINT)
        snprintf(word, sizeof word, "checkpoint:%llu", (unsigned long long)trace->checkpoint->place);
    play_note(play->user, 1000, word);
}

TEST(the_trace_tells_every_decision_in_order)
{
    char text[1000] = "";
    struct play play = { .settings = items(2, 0, false), .records = 3, .bad = 2, .behaviour = NAMES_BAD, .denied = 1 };
    play.watch = name_kinds;
    play.user = text;
    run(&play);
    CHECK_STR(text, "shard denied poll:2 invoke result checkpoint:2 invoke result discard checkpoint:3 poll:1 invoke "
                    "result checkpoint:4 end");
    play_free(&play);
    text[0] = '\0';
    struct play windows = { .settings = items(2, 0, false), .records = 1, .watch = name_kinds, .user = text };
    windows.settings.tumbling_window = 60;
    run(&windows);
    CHECK_STR(text, "shard poll:1 invoke result checkpoint:2 invoke result window end");
    play_free(&windows);
}
