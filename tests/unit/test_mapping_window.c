/* test_mapping_window.c: tumbling windows. Tests are named after the fact that they hold (O11, O18). */
#include "mapping_play.h"

#include "runtime/mapping/engine.h"

/* What the function was given and answers: it counts the records in the state. */
static char given[4000];
static size_t count;
static size_t failing_finals; /* so many final calls fail */
static size_t large_at;       /* the call, from 1, whose state is over 1 MB; 0: none */
static size_t calls;
static char *large;

static void count_records(struct play *play, const struct mapping_delivery *delivery, struct mapping_result *result,
                          char *body)
{
    char word[200], start[32];
    const struct mapping_window *window = delivery->window;
    (void)play;
    mapping_time(start, window->start_ms);
    size_t shown = window->state.len < 40 ? window->state.len : 40;
    snprintf(word, sizeof word, "%.5s%.*s", start + 11, (int)shown, window->state.ptr);
    play_note(given, sizeof given, word);
    calls++;
    count = strcmp(window->state.ptr, "{}") == 0 ? 0 : count;
    count += delivery->count;
    snprintf(body, PLAY_BODY_MAX, "{\"state\":{\"n\":%zu},\"batchItemFailures\":[]}", count);
    *result = (struct mapping_result){ .end = MAPPING_RESPONSE, .body = body, .len = strlen(body) };
    if (calls == large_at)
        *result = (struct mapping_result){ .end = MAPPING_RESPONSE, .body = large, .len = strlen(large) };
    if (window->final && failing_finals > 0) {
        failing_finals--;
        result->end = MAPPING_ERROR;
    }
}

static struct play windowed(size_t records, int64_t (*created)(size_t number))
{
    struct play play = { .settings = items(2, 1, false), .records = records, .created = created };
    play.settings.tumbling_window = 60;
    play.answer = count_records;
    given[0] = '\0';
    count = calls = failing_finals = large_at = 0;
    return play;
}

/* 1 to 3 in the first minute, 4 in the second, 5 in the fourth. */
static int64_t in_three_windows(size_t number)
{
    static const int64_t seconds[] = { 0, 20, 59, 60, 200 };
    return PLAY_BEGIN + seconds[number - 1] * 1000;
}

TEST(o18_membership_is_by_record_time_and_a_later_record_closes_a_window)
{
    struct play play = windowed(5, in_three_windows);
    run(&play);
    CHECK_STR(play.trace, "[12] [3] [final] [4] [final] [5] [final]");
    CHECK_STR(given, "08:00{} 08:00{\"n\":2} 08:00{\"n\":3} 08:01{} 08:01{\"n\":1} 08:03{} 08:03{\"n\":1}");
    CHECK_STR(play.times, "0 0 0 0 0 0 0");
    CHECK_INT(play.totals.windows, 3);
    CHECK_INT(play.totals.done, 5);
    play_free(&play);
}

TEST(o18_an_idle_window_closes_two_minutes_after_its_end)
{
    struct play play = windowed(3, in_three_windows);
    play.endless = true;
    play_open(&play);
    play_on(&play, 600000);
    CHECK_STR(play.trace, "[12] [3] [final]");
    CHECK_STR(play.times, "0 0 180000");
    mapping_free(play.mapping);
    play_free(&play);
    play = windowed(3, in_three_windows);
    play.endless = true;
    play.settings.idle_close_ms = 5000;
    play_open(&play);
    play_on(&play, 600000);
    CHECK_STR(play.times, "0 0 65000");
    mapping_free(play.mapping);
    play_free(&play);
}

TEST(o18_the_event_of_a_window_has_the_members_of_aws_in_their_order)
{
    struct play play = windowed(1, in_three_windows);
    run(&play);
    CHECK_STR(play.event.ptr,
              "{\"Records\":[],\"shardId\":\"shardId-00000001792399000123-5b1d2c3e\",\"eventSourceARN\":"
              "\"arn:aws:dynamodb:eu-west-1:111122223333:table/Orders/stream/2026-10-19T08:35:12.417\","
              "\"window\":{\"start\":\"2026-10-19T08:00:00Z\",\"end\":\"2026-10-19T08:01:00Z\"},\"state\":{\"n\":1},"
              "\"isFinalInvokeForWindow\":true,\"isWindowTerminatedEarly\":false}");
    play_free(&play);
}

static void make_large(size_t len)
{
    static const char head[] = "{\"state\":\"", tail[] = "\"}";
    large = malloc(sizeof head + len + sizeof tail);
    REQUIRE(large != NULL);
    memcpy(large, head, sizeof head - 1);
    memset(large + sizeof head - 1, 'x', len - 2); /* the quotes count as state */
    memcpy(large + sizeof head - 1 + len - 2, tail, sizeof tail);
}

TEST(o11_o18_a_state_over_1_mb_ends_the_window_early_with_the_whole_state)
{
    for (size_t over = 0; over < 2; over++) {
        struct play play = windowed(4, in_three_windows);
        make_large(MAPPING_STATE_BYTES_MAX + over);
        large_at = 1;
        play.settings.batch_size = 2;
        run(&play);
        CHECK_STR(play.trace, over ? "[12] [early] [3] [final] [4] [final]" : "[12] [3] [final] [4] [final]");
        CHECK_INT(play.totals.done, 4);
        CHECK(!over || strstr(given, " 08:00{} 08:00{\"n\":1} 08:01{}") != NULL); /* it begins again with {} */
        free(large);
        play_free(&play);
    }
}

TEST(o11_a_response_without_state_is_a_failure)
{
    static const char *const bodies[] = { "",         "null",          "{}", "[]", "{\"batchItemFailures\":[]}",
                                          "not JSON", "{\"State\":{}}" };
    for (size_t i = 0; i < 2 * sizeof bodies / sizeof *bodies; i++) {
        struct play play = windowed(1, in_three_windows);
        play.answer = NULL;
        play.behaviour = ANSWERS_TEXT;
        play.text = bodies[i / 2];
        play.settings.report_items = i % 2 == 0;
        run(&play);
        CHECK_STR(play.trace, "[1] [1] dest(1..1,count2) [final] [final] dest(final,count2)");
        CHECK_INT(play.totals.discarded, 1);
        CHECK_INT(play.last.verdict.kind, VERDICT_FAILED);
        play_free(&play);
    }
}

TEST(o11_a_failing_final_call_holds_the_shard_up)
{
    struct play play = windowed(4, in_three_windows);
    play.settings.retries = -1;
    failing_finals = 4;
    run(&play);
    CHECK_STR(play.trace, "[12] [3] [final] [final] [final] [final] [final] [4] [final]");
    CHECK_STR(play.times, "0 0 0 200 600 1400 3000 3000 3000");
    CHECK(strstr(given, "08:00{\"n\":3} 08:00{\"n\":3} 08:00{\"n\":3} 08:00{\"n\":3} 08:00{\"n\":3} 08:01{}") != NULL);
    play_free(&play);
}

TEST(o18_a_final_call_that_is_given_up_writes_a_record_of_shard_and_stream_only)
{
    struct play play = windowed(3, in_three_windows);
    play.settings.destination = MAPPING_BUCKET;
    play.settings.retries = 0;
    failing_finals = 1;
    run(&play);
    CHECK_STR(play.trace, "[12] [3] [final] dest(final,count1)");
    const char *end = strstr(play.failure.ptr, "\"DDBStreamBatchInfo\"");
    REQUIRE(end != NULL);
    CHECK_STR(end, "\"DDBStreamBatchInfo\":{\"shardId\":\"shardId-00000001792399000123-5b1d2c3e\",\"streamArn\":"
                   "\"arn:aws:dynamodb:eu-west-1:111122223333:table/Orders/stream/2026-10-19T08:35:12.417\"},"
                   "\"timeWindowInfo\":{\"window\":{\"start\":\"2026-10-19T08:00:00Z\",\"end\":"
                   "\"2026-10-19T08:01:00Z\"},\"isFinalInvokeForWindow\":true,\"isWindowTerminatedEarly\":false}}\n");
    CHECK(strstr(play.failure.ptr, "\"payload\":\"{\\\"Records\\\":[],\\\"shardId\\\"") != NULL);
    play_free(&play);
}

TEST(a_failed_invocation_of_a_window_comes_again_with_the_same_state)
{
    struct play play = { .settings = items(1, 2, false), .records = 3, .bad = 2, .behaviour = THROWS };
    play.settings.tumbling_window = 900;
    run(&play);
    CHECK_STR(play.trace, "[1] [2] [2] [2] dest(2..2,count3) [3] [final]");
    CHECK(strstr(play.failure.ptr, "\"timeWindowInfo\"") != NULL);
    play_free(&play);
}

TEST(a_partial_response_in_a_window_moves_the_checkpoint_and_keeps_the_state)
{
    struct play play = windowed(2, in_three_windows);
    struct mapping_delivery delivery;
    static const char body[] = "{\"batchItemFailures\":[{\"itemIdentifier\":\"11\"}],\"state\":[1, 2]}";
    play_open(&play);
    REQUIRE(mapping_step(play.mapping, PLAY_BEGIN, &delivery) == MAPPING_INVOKE);
    mapping_settle(play.mapping, delivery.ticket, PLAY_BEGIN,
                   &(struct mapping_result){ .body = body, .len = sizeof body - 1 });
    REQUIRE(mapping_step(play.mapping, PLAY_BEGIN, &delivery) == MAPPING_INVOKE);
    CHECK_INT(delivery.count, 1);
    CHECK_VIEW(delivery.window->state, "[1, 2]");
    mapping_free(play.mapping);
    play_free(&play);
}

TEST(the_end_of_a_shard_closes_its_window_and_children_begin_with_an_empty_state)
{
    struct play play = windowed(0, in_three_windows);
    play.shards[0] = (struct play_shard){ .id = "a", .first = 1, .count = 2 };
    play.shards[1] = (struct play_shard){ .id = "b", .parents = { "a" }, .first = 3, .count = 1 };
    play.shard_count = 2;
    run(&play);
    CHECK_STR(play.trace, "[12] [final] [3] [final]");
    CHECK_STR(given, "08:00{} 08:00{\"n\":2} 08:00{} 08:00{\"n\":1}");
    play_free(&play);
}

/* Times that go back: 70 s, 10 s, 130 s. */
static int64_t disordered(size_t number)
{
    static const int64_t seconds[] = { 70, 10, 130 };
    return PLAY_BEGIN + seconds[number - 1] * 1000;
}

TEST(a_record_older_than_the_open_window_joins_it)
{
    struct play play = windowed(3, disordered);
    run(&play);
    CHECK_STR(play.trace, "[12] [final] [3] [final]");
    play_free(&play);
}

TEST(times_are_written_as_aws_writes_them)
{
    char text[32];
    mapping_time(text, PLAY_BEGIN);
    CHECK_STR(text, "2026-10-19T08:00:00Z");
    mapping_time(text, 951782400000); /* a leap day of a century's year */
    CHECK_STR(text, "2000-02-29T00:00:00Z");
    mapping_time(text, 1735689599999);
    CHECK_STR(text, "2024-12-31T23:59:59Z");
    mapping_time(text, -5);
    CHECK_STR(text, "1970-01-01T00:00:00Z");
    mapping_time(text, INT64_MAX);
    CHECK_STR(text, "9999-12-31T23:59:59Z");
}

TEST(the_bytes_of_an_event_are_known_before_it_is_written)
{
    struct mapping_settings settings = items(1, 0, false);
    struct mapping_record record = { .json = ddbs_str_c("{\"n\":1}") };
    struct mapping_window window = { .start_ms = PLAY_BEGIN, .end_ms = PLAY_BEGIN + 60000, .state = { "[7]", 3 } };
    struct mapping_delivery delivery = { .shard_id = { "shardId-1", 9 }, .count = 1, .records = &record };
    settings.stream_arn = "arn:aws:dynamodb:eu-west-1:111122223333:table/Orders/stream/x";
    for (size_t i = 0; i < 2; i++) {
        ddbs_buf out = { .ptr = NULL };
        delivery.window = i == 0 ? NULL : &window;
        mapping_event(&out, &settings, &delivery);
        CHECK_INT(mapping_event_bytes(&settings, delivery.shard_id, delivery.window, record.json.len), out.len);
        ddbs_buf_free(&out);
    }
}
