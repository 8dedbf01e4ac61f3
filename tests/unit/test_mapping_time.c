/* test_mapping_time.c: what a mapping does because of time: the age of records, batching windows, polls, the lanes of
 * ParallelizationFactor, shards. Tests are named after the fact that they hold (O5, O6, O13, O16, O17, O20, O22). */
#include "mapping_play.h"

/* One record a second. */
static int64_t each_second(size_t number)
{
    return PLAY_BEGIN + (int64_t)(number - 1) * 1000;
}

/* ---- Age --------------------------------------------------------------------------------------------------------- */

TEST(o5_records_that_are_too_old_before_the_first_poll_never_reach_the_function)
{
    struct play play = { .settings = items(10, 3, false), .records = 4, .begin_ms = PLAY_BEGIN + 60001 };
    play.settings.record_age = 60;
    run(&play);
    CHECK_STR(play.trace, "old(1..4,count1)");
    CHECK(strstr(play.failure.ptr, "\"condition\":\"RecordAgeExceeded\",\"approximateInvokeCount\":1}") != NULL);
    CHECK(strstr(play.failure.ptr, "responseContext") == NULL);
    CHECK(strstr(play.failure.ptr, "\"batchSize\":4") != NULL);
    CHECK_INT(play.totals.expired, 4);
    play_free(&play);
}

TEST(o5_a_record_as_old_as_allowed_is_delivered)
{
    struct play play = { .settings = items(10, 3, false), .records = 4, .begin_ms = PLAY_BEGIN + 60000 };
    play.settings.record_age = 60;
    run(&play);
    CHECK_STR(play.trace, "[1234]");
    play_free(&play);
}

TEST(o5_retries_end_when_the_records_are_too_old_after_eight_tries_in_60_seconds)
{
    struct play play = {
        .settings = items(10, -1, false), .records = 1, .behaviour = ALWAYS_THROWS, .begin_ms = PLAY_BEGIN + 12000
    };
    play.settings.record_age = 60;
    run(&play);
    CHECK_STR(play.trace, "[1] [1] [1] [1] [1] [1] [1] [1] old(1..1,count8)");
    CHECK(strstr(play.failure.ptr, "\"approximateInvokeCount\":8}") != NULL);
    CHECK(strstr(play.failure.ptr, "responseContext") == NULL);
    play_free(&play);
}

TEST(o6_an_expired_head_is_split_off_and_the_younger_records_are_delivered)
{
    struct play play = {
        .settings = items(10, 3, false), .records = 8, .created = each_second, .begin_ms = PLAY_BEGIN + 62500
    };
    play.settings.record_age = 60;
    run(&play);
    CHECK_STR(play.trace, "old(1..3,count1) [45678]");
    CHECK_INT(play.totals.done, 5);
    play_free(&play);
}

static int64_t each_half_minute(size_t number)
{
    return PLAY_BEGIN + (int64_t)(number - 1) * 30000;
}

TEST(o6_the_young_rest_of_a_batch_in_retry_is_a_delivery_of_its_own)
{
    struct play play = { .settings = items(10, -1, false), .records = 3, .bad = 1, .behaviour = THROWS };
    play.created = each_half_minute;
    play.settings.record_age = 60;
    play.begin_ms = PLAY_BEGIN + 59500;
    run(&play);
    CHECK_STR(play.trace, "[123] [123] old(1..1,count2) [23]");
    CHECK_STR(play.waits, "0 200= 0"); /* a new request id, and no wait */
    play_free(&play);
}

TEST(o17_age_counts_while_the_batching_window_is_open)
{
    struct play play = {
        .settings = items(10, 3, false), .records = 2, .endless = true, .begin_ms = PLAY_BEGIN + 30000, .steps_max = 2
    };
    play.settings.record_age = 60;
    play.settings.batching_window = 45;
    play_open(&play);
    play_on(&play, 100000);
    CHECK_STR(play.trace, "old(1..2,count1)");
    mapping_free(play.mapping);
    play_free(&play);
}

TEST(o17_without_a_limit_of_age_the_stream_still_forgets_after_24_hours)
{
    struct play play = { .settings = items(10, 3, false), .records = 2, .begin_ms = PLAY_BEGIN + MAPPING_RETENTION_MS };
    run(&play);
    CHECK_STR(play.trace, "[12]");
    play_free(&play);
    struct play late = { .settings = items(10, 3, false),
                         .records = 2,
                         .begin_ms = PLAY_BEGIN + MAPPING_RETENTION_MS + 1 };
    late.settings.record_age = 604800;
    run(&late);
    CHECK_STR(late.trace, "old(1..2,count1)");
    play_free(&late);
}

TEST(a_record_from_the_future_is_not_old)
{
    struct play play = {
        .settings = items(10, 3, false), .records = 2, .created = each_second, .begin_ms = PLAY_BEGIN - 9000000
    };
    play.settings.record_age = 60;
    run(&play);
    CHECK_STR(play.trace, "[12]");
    play_free(&play);
}

/* ---- Batching windows and polls ---------------------------------------------------------------------------------- */

TEST(o17_a_batching_window_gathers_and_a_full_batch_does_not_wait)
{
    struct play play = { .settings = items(2, 0, false), .records = 5, .endless = true };
    play.settings.batching_window = 5;
    play_open(&play);
    play_on(&play, 60000);
    CHECK_STR(play.trace, "[12] [34] [5]");
    CHECK_STR(play.times, "0 0 5000"); /* 4.99 s were seen */
    mapping_free(play.mapping);
    play_free(&play);
}

TEST(a_batching_window_begins_with_its_first_record)
{
    struct play play = { .settings = items(100, 0, false), .records = 9, .created = each_second, .live = true };
    play.endless = true;
    play.settings.batching_window = 3;
    play_open(&play);
    play_on(&play, 60000);
    CHECK_STR(play.trace, "[1234] [5678] [9]");
    CHECK_STR(play.times, "3000 7000 11000");
    mapping_free(play.mapping);
    play_free(&play);
}

TEST(o13_empty_answers_are_normal_and_without_a_window_a_page_goes_out_as_it_is_read)
{
    struct play play = { .settings = items(101, 0, false), .records = 7, .page = 3 };
    run(&play);
    CHECK_STR(play.trace, "[123] [456] [7]");
    CHECK_STR(play.times, "250 500 750");
    play_free(&play);
}

TEST(a_shard_that_ends_sends_out_what_was_gathered)
{
    struct play play = { .settings = items(100, 0, false), .records = 3 };
    play.settings.batching_window = 300;
    run(&play);
    CHECK_STR(play.trace, "[123]");
    CHECK_STR(play.times, "0");
    play_free(&play);
}

/* ---- Lanes ------------------------------------------------------------------------------------------------------- */

static uint64_t odd_or_even(size_t number)
{
    return number % 2;
}

TEST(lanes_deliver_at_once_and_keep_the_order_of_each_key)
{
    struct play play = { .settings = items(2, 0, false), .records = 8, .key = odd_or_even, .duration_ms = 100 };
    play.settings.factor = 2;
    run(&play);
    CHECK_STR(play.trace, "[24] [13] [68] [57]");
    CHECK_STR(play.times, "0 0 100 100");
    CHECK_INT(play.flying_max, 2);
    play_free(&play);
}

TEST(a_failing_lane_does_not_hold_up_the_others_and_holds_back_the_checkpoint)
{
    struct play play = {
        .settings = items(2, 3, false), .records = 8, .key = odd_or_even, .bad = 2, .behaviour = THROWS
    };
    play.settings.factor = 2;
    play.steps_max = 4;
    play_open(&play);
    play_on(&play, 100);
    CHECK_STR(play.trace, "[24] [13] [57]");
    CHECK_INT(play.checkpoint, 2);
    CHECK(!play.checkpoint_after);
    CHECK_STR(play.checkpoint_sequence, "11");
    play.steps_max = 100;
    play_on(&play, 0);
    CHECK_STR(play.trace, "[24] [13] [57] [24] [24] [24] dest(2..4,count4) [68]");
    CHECK_INT(play.checkpoint, 9);
    CHECK(play.checkpoint_after);
    CHECK_STR(play.checkpoint_sequence, "17");
    play_close(&play);
    play_free(&play);
}

static uint64_t mostly_one(size_t number)
{
    return number % 20 == 0;
}

TEST(a_lane_that_is_behind_stops_reading_before_memory_grows)
{
    struct play play = { .settings = items(5, -1, false), .records = 4000, .key = mostly_one, .duration_ms = 10 };
    play.settings.factor = 10;
    run(&play);
    CHECK_INT(play.totals.done, 4000);
    CHECK(play.ahead_max <= 2 * 10 * 5 + 1);
    play_free(&play);
}

/* ---- Shards ------------------------------------------------------------------------------------------------------ */

TEST(o22_a_child_shard_waits_for_all_its_parents)
{
    struct play play = { .settings = items(2, 1, false), .duration_ms = 100, .bad = 4, .behaviour = THROWS };
    play.shards[0] = (struct play_shard){ .id = "c", .parents = { "a", "b" }, .first = 6, .count = 3 };
    play.shards[1] = (struct play_shard){ .id = "a", .first = 1, .count = 2 };
    play.shards[2] = (struct play_shard){ .id = "b", .parents = { "trimmed long ago" }, .first = 3, .count = 3 };
    play.shards[3] = (struct play_shard){ .id = "d", .parents = { "c" }, .first = 9, .count = 1 };
    play.shard_count = 4;
    run(&play);
    CHECK_INT(play.state, MAPPING_ENDED);
    CHECK_STR(play.trace, "[12] [34] [34] dest(3..4,count2) [5] [67] [8] [9]");
    CHECK_STR(play.times, "0 0 300 400 500 600 700");
    play_free(&play);
}

TEST(shards_are_read_side_by_side)
{
    struct play play = { .settings = items(1, 0, false), .duration_ms = 100 };
    for (size_t i = 0; i < 3; i++)
        play.shards[i] = (struct play_shard){ .id = i == 0 ? "a" : i == 1 ? "b" : "c", .first = 1 + 2 * i, .count = 2 };
    play.shard_count = 3;
    run(&play);
    CHECK_STR(play.trace, "[1] [3] [5] [2] [4] [6]");
    CHECK_STR(play.times, "0 0 0 100 100 100");
    play_free(&play);
}

TEST(shards_that_are_their_own_ancestors_break_the_mapping)
{
    struct play play = { .settings = items(1, 0, false) };
    play.shards[0] = (struct play_shard){ .id = "a", .parents = { "b" }, .first = 1, .count = 1 };
    play.shards[1] = (struct play_shard){ .id = "b", .parents = { "a" }, .first = 2, .count = 1 };
    play.shard_count = 2;
    run(&play);
    CHECK_INT(play.state, MAPPING_BROKEN);
    CHECK_STR(play.trace, "");
    play_free(&play);
}

TEST(a_mapping_without_shards_has_ended)
{
    struct play play = { .settings = items(1, 0, false) };
    struct mapping_delivery delivery;
    play_open(&play);
    play.shards[0].count = 0;
    CHECK_INT(mapping_step(play.mapping, PLAY_BEGIN, &delivery), MAPPING_ENDED);
    mapping_free(play.mapping);
    play_free(&play);
}

static enum mapping_position positions[PLAY_SHARDS_MAX];

static void note_position(void *user, size_t index, enum mapping_position position)
{
    (void)user;
    positions[index] = position;
}

TEST(o17_latest_is_for_the_shards_of_the_first_listing_only)
{
    struct play play = { .settings = items(1, 0, false), .records = 1 };
    struct mapping_source source = { &play, play_list, note_position, play_read };
    struct mapping_host host = { &play, play_take, play_trace };
    struct mapping_delivery delivery;
    play.settings.position = MAPPING_LATEST;
    play.shards[0] = (struct play_shard){ .id = "a", .first = 1, .count = 0 };
    play.shards[1] = (struct play_shard){ .id = "b", .parents = { "a" }, .first = 1, .count = 0 };
    play.shard_count = 2;
    REQUIRE(mapping_new(&play.mapping, &play.settings, &source, &host));
    CHECK_INT(mapping_step(play.mapping, PLAY_BEGIN, &delivery), MAPPING_ENDED);
    CHECK_INT(positions[0], MAPPING_LATEST);
    CHECK_INT(positions[1], MAPPING_TRIM_HORIZON);
    mapping_free(play.mapping);
    play_free(&play);
}
