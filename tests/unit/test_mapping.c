/* test_mapping.c: what an event source mapping does next, compared with what AWS was seen to do. Tests are named after
 * the fact that they hold (O1 to O16). */
#include "check.h"

#include "runtime/mapping/mapping.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- A stream of small records and a function that behaves as told ----------------------------------------------- */

enum behaviour {
    ALL_GOOD,
    NAMES_BAD,    /* a response that names the first bad record of the batch */
    THROWS,       /* an error when a bad record is in the batch */
    ANSWERS_TEXT, /* always the same response */
    ALWAYS_THROWS
};

struct play {
    struct mapping_settings settings;
    size_t records;
    size_t bad; /* 0: none */
    enum behaviour behaviour;
    const char *text;
    size_t good_after; /* deliveries of a bad record until it is accepted; 0: never */

    size_t pulled, pulled_ahead_max;
    size_t settled; /* records behind the checkpoint */
    size_t met;     /* deliveries with the bad record in them */
    char trace[1000];
    char waits[400];
    struct mapping_totals totals;
    struct mapping_decision last;
};

static void note(char *text, size_t size, const char *word)
{
    size_t len = strlen(text);
    snprintf(text + len, size - len, "%s%s", len > 0 ? " " : "", word);
}

static int pull(void *user, struct mapping_record *out)
{
    static char json[64], identifier[32];
    struct play *play = user;
    if (play->pulled == play->records)
        return 0;
    play->pulled++;
    int json_len = snprintf(json, sizeof json, "{\"n\":%zu}", play->pulled);
    int len = snprintf(identifier, sizeof identifier, "%zu", 9 + play->pulled); /* 10, 11, ... : ordered by number */
    *out = (struct mapping_record){ { json, (size_t)json_len }, { identifier, (size_t)len } };
    if (play->pulled - play->settled > play->pulled_ahead_max)
        play->pulled_ahead_max = play->pulled - play->settled;
    return 1;
}

/* The bad record is in the delivery, and is still refused. */
static bool refuses(struct play *play, const struct mapping_delivery *delivery)
{
    if (play->bad < delivery->first || play->bad >= delivery->first + delivery->count)
        return false;
    play->met++;
    return play->good_after == 0 || play->met <= play->good_after;
}

static void answer(struct play *play, const struct mapping_delivery *delivery, char *body, size_t size,
                   struct mapping_result *result)
{
    bool bad = refuses(play, delivery);
    snprintf(body, size, "{\"batchItemFailures\":[]}");
    if (bad && play->behaviour == NAMES_BAD)
        snprintf(body, size, "{\"batchItemFailures\":[{\"itemIdentifier\":\"%zu\"}]}", 9 + play->bad);
    if (play->behaviour == ANSWERS_TEXT)
        snprintf(body, size, "%s", play->text);
    *result = (struct mapping_result){ .body = body, .len = strlen(body) };
    result->error = play->behaviour == ALWAYS_THROWS || (bad && play->behaviour == THROWS);
}

static void note_delivery(struct play *play, const struct mapping_delivery *delivery)
{
    char word[200] = "[";
    for (size_t i = 0; i < delivery->count && i < 20; i++)
        snprintf(word + strlen(word), sizeof word - strlen(word), "%llu", (unsigned long long)(delivery->first + i));
    note(word, sizeof word - 2, "");
    word[strlen(word) - 1] = ']';
    note(play->trace, sizeof play->trace, word);
    snprintf(word, sizeof word, "%lld%s", (long long)delivery->wait_ms, delivery->same_request ? "=" : "");
    note(play->waits, sizeof play->waits, word);
}

/* Play the whole stream; at most `deliveries` of them, so that an endless retry ends. */
static void run(struct play *play, size_t deliveries)
{
    struct mapping *mapping = NULL;
    struct mapping_delivery delivery;
    struct mapping_result result;
    char body[300];
    REQUIRE(mapping_new(&mapping, &play->settings, pull, play));
    while (deliveries-- > 0 && mapping_next(mapping, &delivery) == 1) {
        CHECK_INT(delivery.first, play->settled + 1); /* always at the checkpoint */
        note_delivery(play, &delivery);
        answer(play, &delivery, body, sizeof body, &result);
        mapping_settle(mapping, &result, &play->last);
        play->settled += play->last.done + play->last.lost + play->last.discarded;
        if (play->last.step == MAPPING_DISCARD) {
            snprintf(body, sizeof body, "dest(%llu..%llu,count%llu)", (unsigned long long)delivery.first,
                     (unsigned long long)(delivery.first + delivery.count - 1), (unsigned long long)delivery.attempt);
            note(play->trace, sizeof play->trace, body);
        }
    }
    play->totals = *mapping_totals(mapping);
    CHECK_INT(play->totals.done + play->totals.lost + play->totals.discarded, play->settled);
    mapping_free(mapping);
}

static struct mapping_settings items(size_t batch, int64_t retries, bool bisect)
{
    return (struct mapping_settings){ batch, retries, bisect, true };
}

/* ---- Retries, rests and halves ----------------------------------------------------------------------------------- */

TEST(a_good_stream_is_cut_into_batches)
{
    struct play play = { .settings = items(2, 1, false), .records = 5 };
    run(&play, 100);
    CHECK_STR(play.trace, "[12] [34] [5]");
    CHECK_STR(play.waits, "0 0 0");
    CHECK_INT(play.totals.polled, 5);
    CHECK_INT(play.totals.done, 5);
    CHECK_INT(play.totals.invocations, 3);
}

TEST(an_empty_stream_is_no_delivery)
{
    struct play play = { .settings = items(100, -1, true) };
    run(&play, 100);
    CHECK_STR(play.trace, "");
    CHECK_INT(play.totals.invocations, 0);
}

TEST(o1_partial_failure_retries_only_the_tail_with_a_fresh_budget)
{
    struct play play = { .settings = items(4, 3, false), .records = 4, .bad = 2, .behaviour = NAMES_BAD };
    run(&play, 100);
    CHECK_STR(play.trace, "[1234] [234] [234] [234] [234] dest(2..4,count4)");
    CHECK_INT(play.totals.partial, 5);
    CHECK_INT(play.totals.discarded, 3);
    CHECK_INT(play.totals.retries, 3);
}

TEST(o1_with_one_retry)
{
    struct play play = { .settings = items(4, 1, false), .records = 4, .bad = 2, .behaviour = NAMES_BAD };
    run(&play, 100);
    CHECK_STR(play.trace, "[1234] [234] [234] dest(2..4,count2)");
}

TEST(o3_a_function_that_always_fails_is_called_once_more_than_it_may_be_retried)
{
    struct play play = { .settings = items(4, 3, false), .records = 4, .behaviour = ALWAYS_THROWS };
    run(&play, 100);
    CHECK_STR(play.trace, "[1234] [1234] [1234] [1234] dest(1..4,count4)");
    CHECK_INT(play.totals.errors, 4);
}

TEST(o15_partial_failure_with_bisect)
{
    struct play play = { .settings = items(4, 1, true), .records = 4, .bad = 2, .behaviour = NAMES_BAD };
    run(&play, 100);
    CHECK_STR(play.trace, "[1234] [234] [2] [2] dest(2..2,count2) [34]");
    CHECK_STR(play.waits, "0 0 0 200= 0");
}

TEST(o15_function_error_with_bisect)
{
    struct play play = { .settings = items(4, 1, true), .records = 4, .bad = 2, .behaviour = THROWS };
    run(&play, 100);
    CHECK_STR(play.trace, "[1234] [12] [1] [2] [2] dest(2..2,count2) [34]");
    CHECK_STR(play.waits, "0 0 0 0 200= 0");
    CHECK_INT(play.totals.halvings, 2);
}

TEST(o15_halves_are_floor_of_n_by_2_and_depth_first)
{
    struct play play = { .settings = items(7, 0, true), .records = 7, .bad = 7, .behaviour = THROWS };
    run(&play, 100);
    CHECK_STR(play.trace, "[1234567] [123] [4567] [45] [67] [6] [7] dest(7..7,count1)");
}

TEST(o9_a_partial_response_cuts_at_the_record_it_names_before_halving)
{
    struct play play = { .settings = items(8, 0, true), .records = 8, .bad = 5, .behaviour = NAMES_BAD };
    run(&play, 100);
    CHECK_STR(play.trace, "[12345678] [5678] [56] [5] dest(5..5,count1) [6] [78]");
}

TEST(o9_partial_responses_are_ignored_unless_enabled)
{
    struct play play = { .settings = { 4, 1, true, false }, .records = 4, .bad = 2, .behaviour = NAMES_BAD };
    run(&play, 100);
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
        struct play play = {
            .settings = { 12, 1, true, false }, .records = 12, .behaviour = ANSWERS_TEXT, .text = cases[i].body
        };
        run(&play, 100);
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
    run(&play, 100);
    CHECK_STR(play.trace, "[1234] [12] [1] [1] [1] dest(1..1,count3) [2] [34]");
}

TEST(no_retries_means_one_delivery)
{
    struct play play = { .settings = items(2, 0, false), .records = 4, .bad = 1, .behaviour = THROWS };
    run(&play, 100);
    CHECK_STR(play.trace, "[12] dest(1..2,count1) [34]");
}

TEST(o14_a_retry_keeps_the_request_id_and_a_tail_gets_a_new_one)
{
    struct play play = {
        .settings = items(4, 2, false), .records = 5, .bad = 3, .behaviour = NAMES_BAD, .good_after = 3
    };
    run(&play, 100);
    CHECK_STR(play.trace, "[1234] [34] [34] [34] [5]");
    CHECK_STR(play.waits, "0 0 200= 400= 0");
    CHECK_INT(play.totals.discarded, 0);
}

TEST(o16_waits_double_before_retries_and_stop_growing_at_a_minute)
{
    struct play play = { .settings = items(1, -1, true), .records = 1, .behaviour = ALWAYS_THROWS };
    run(&play, 13);
    CHECK_STR(play.waits, "0 200= 400= 800= 1600= 3200= 6400= 12800= 25600= 51200= 60000= 60000= 60000=");
}

TEST(unlimited_retries_block_the_shard)
{
    struct play play = { .settings = items(2, -1, false), .records = 3, .behaviour = ALWAYS_THROWS };
    run(&play, 500);
    CHECK_INT(play.settled, 0);
    CHECK_INT(play.totals.retries, 499);
    CHECK_INT(play.pulled, 2);
}

TEST(a_tail_that_fails_further_on_gets_a_fresh_budget_again)
{
    struct mapping *mapping = NULL;
    struct play play = { .settings = items(4, 1, false), .records = 4 };
    struct mapping_delivery delivery;
    struct mapping_decision decision;
    static const char *const names[] = { "11", "11", "12", "12", "12" };
    static const enum mapping_step steps[] = { MAPPING_RESUME, MAPPING_AGAIN, MAPPING_RESUME, MAPPING_AGAIN,
                                               MAPPING_DISCARD };
    REQUIRE(mapping_new(&mapping, &play.settings, pull, &play));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char body[100];
        snprintf(body, sizeof body, "{\"batchItemFailures\":[{\"itemIdentifier\":\"%s\"}]}", names[i]);
        REQUIRE(mapping_next(mapping, &delivery) == 1);
        mapping_settle(mapping, &(struct mapping_result){ .body = body, .len = strlen(body) }, &decision);
        CHECK_INT(decision.step, steps[i]);
    }
    CHECK_INT(delivery.first, 3);
    CHECK_VIEW(delivery.identifiers[0], "12"); /* still there for the on-failure record */
    CHECK_VIEW(delivery.json[1], "{\"n\":4}");
    CHECK_INT(mapping_next(mapping, &delivery), 0);
    mapping_free(mapping);
}

/* ---- Batches ----------------------------------------------------------------------------------------------------- */

TEST(no_more_than_one_batch_is_in_memory)
{
    struct play play = { .settings = items(10, 1, true), .records = 1000, .bad = 55, .behaviour = NAMES_BAD };
    run(&play, 10000);
    CHECK_INT(play.totals.polled, 1000);
    CHECK_INT(play.totals.discarded, 1);
    CHECK(play.pulled_ahead_max <= 10);
}

struct large {
    char *json;
    size_t len;
    size_t left;
    int end; /* what the source says after the last record */
};

static int pull_large(void *user, struct mapping_record *out)
{
    struct large *large = user;
    if (large->left == 0)
        return large->end;
    large->left--;
    *out = (struct mapping_record){ { large->json, large->len }, { "77", 2 } };
    return 1;
}

/* How many records the first batch has, of records of `len` bytes. */
static size_t first_batch(size_t len, size_t records)
{
    struct mapping_settings settings = items(100, 0, false);
    struct large large = { .json = calloc(1, len + 1), .len = len, .left = records };
    struct mapping *mapping = NULL;
    struct mapping_delivery delivery = { .count = 0 };
    if (CHECK(large.json != NULL) && CHECK(mapping_new(&mapping, &settings, pull_large, &large)))
        CHECK_INT(mapping_next(mapping, &delivery), 1);
    mapping_free(mapping);
    free(large.json);
    return delivery.count;
}

TEST(a_batch_is_cut_where_its_event_would_pass_6_mb)
{
    size_t two = (MAPPING_EVENT_BYTES_MAX - strlen("{\"Records\":[,]}")) / 2;
    CHECK_INT(first_batch(two, 5), 2);
    CHECK_INT(first_batch(two + 1, 5), 1);
    CHECK_INT(first_batch(MAPPING_RECORD_BYTES_MAX, 5), 1);
    CHECK_INT(strlen(MAPPING_EVENT_HEAD MAPPING_EVENT_TAIL) + MAPPING_RECORD_BYTES_MAX, MAPPING_EVENT_BYTES_MAX);
}

TEST(a_source_that_fails_ends_the_stream_with_an_error_after_what_was_read)
{
    struct mapping_settings settings = items(2, 0, false);
    char json[] = "{}";
    struct large large = { .json = json, .len = 2, .left = 3, .end = -1 };
    struct mapping *mapping = NULL;
    struct mapping_delivery delivery;
    struct mapping_decision decision;
    REQUIRE(mapping_new(&mapping, &settings, pull_large, &large));
    CHECK_INT(mapping_next(mapping, &delivery), 1);
    mapping_settle(mapping, &(struct mapping_result){ .body = "{}", .len = 2 }, &decision);
    REQUIRE(mapping_next(mapping, &delivery) == 1);
    CHECK_INT(delivery.first, 3);
    CHECK_INT(delivery.count, 1);
    mapping_settle(mapping, &(struct mapping_result){ .body = "{}", .len = 2 }, &decision);
    large.end = 0; /* the error holds, whatever the source says next */
    CHECK_INT(mapping_next(mapping, &delivery), -1);
    CHECK_INT(mapping_next(mapping, &delivery), -1);
    CHECK(!mapping_exhausted(mapping));
    CHECK_INT(mapping_totals(mapping)->polled, 3);
    CHECK_INT(mapping_totals(mapping)->done, 3);
    mapping_free(mapping);
}

TEST(every_allocation_may_fail)
{
    for (size_t n = 0; n < 8; n++) {
        struct play play = { .settings = items(3, 0, false), .records = 3 };
        struct mapping *mapping = NULL;
        struct mapping_delivery delivery;
        check_fail_alloc(n);
        bool made = mapping_new(&mapping, &play.settings, pull, &play);
        int got = made ? mapping_next(mapping, &delivery) : 0;
        check_fail_alloc(SIZE_MAX);
        CHECK_INT(made, n >= 3);
        CHECK_INT(got, n < 3 ? 0 : n < 6 ? -1 : 1);
        CHECK(!made || mapping_exhausted(mapping) == (n < 6));
        mapping_free(mapping);
    }
}

/* Whatever a function does, records are settled once, in order, and none is passed over. */
TEST(any_behaviour_settles_every_record_once)
{
    uint32_t seed = 20260919;
    for (size_t game = 0; game < 300; game++) {
        struct play play = { .settings = items(1 + game % 17, (int64_t)(game % 4), game % 3 != 0), .records = 60 };
        struct mapping *mapping = NULL;
        struct mapping_delivery delivery;
        struct mapping_decision decision;
        REQUIRE(mapping_new(&mapping, &play.settings, pull, &play));
        while (mapping_next(mapping, &delivery) == 1) {
            char body[100];
            seed = seed * 1664525u + 1013904223u;
            uint64_t named = delivery.first + (seed >> 8) % delivery.count;
            CHECK_INT(delivery.first, play.settled + 1);
            snprintf(body, sizeof body, "{\"batchItemFailures\":[{\"itemIdentifier\":\"%llu\"}]}",
                     (unsigned long long)(9 + named));
            struct mapping_result result = { .error = seed >> 30 == 0, .body = body, .len = strlen(body) };
            if (seed >> 30 == 1)
                result = (struct mapping_result){ .body = "", .len = 0 };
            mapping_settle(mapping, &result, &decision);
            CHECK(result.error || seed >> 30 == 1 || decision.done == named - delivery.first);
            play.settled += decision.done + decision.discarded;
        }
        CHECK_INT(play.settled, 60);
        CHECK_INT(mapping_totals(mapping)->polled, 60);
        mapping_free(mapping);
    }
}

/* ---- Responses --------------------------------------------------------------------------------------------------- */

static struct verdict judge(const char *body)
{
    static const ddbs_str identifiers[] = { { "99", 2 }, { "100", 3 }, { "101", 3 } };
    size_t len = strlen(body);
    char *guarded = check_guard(body, len);
    return verdict_of(guarded, len, identifiers, 3);
}

TEST(o4_responses_that_are_success)
{
    static const char *const bodies[] = {
        "",
        "{}",
        "null",
        "[]",
        " [ ] ",
        "{\"batchItemFailures\":[]}",
        "{\"batchItemFailures\":null}",
        "{\"batchItemFailures\" : [ ] , \"more\":{\"batchItemFailures\":[1]}}",
        "{\"BatchItemFailures\":[{\"itemIdentifier\":\"100\"}]}", /* another name: not read at all */
    };
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct play play = {
            .settings = items(4, 3, true), .records = 4, .behaviour = ANSWERS_TEXT, .text = bodies[i]
        };
        run(&play, 100);
        CHECK_STR(play.trace, "[1234]");
        CHECK_INT(play.totals.errors, 0);
    }
}

TEST(o2_responses_that_fail_the_whole_batch)
{
    static const char *const bodies[] = {
        "{\"batchItemFailures\":[{\"itemIdentifier\":\"\"}]}",
        "{\"batchItemFailures\":[{\"itemIdentifier\":null}]}",
        "{\"batchItemFailures\":[{\"itemIdentifier\":123}]}",
        "{\"batchItemFailures\":[{\"foo\":123}]}",
        "{\"batchItemFailures\":[{\"foo\":null}]}",
        "{\"batchItemFailures\":[{\"ItemIdentifier\":\"11\"}]}",
        "{\"batchItemFailures\":[{\"itemIdentifier\":\"unknown\"}]}",
        "{\"batchItemFailures\":[{\"itemIdentifier\":\"12\"},{\"itemIdentifier\":\"\"}]}",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct play play = {
            .settings = items(4, 3, false), .records = 4, .behaviour = ANSWERS_TEXT, .text = bodies[i]
        };
        run(&play, 100);
        CHECK_STR(play.trace, "[1234] [1234] [1234] [1234] dest(1..4,count4)");
        CHECK_INT(play.last.verdict.kind, VERDICT_FAILED);
        CHECK_INT(play.last.verdict.unproved, strstr(bodies[i], "unknown") != NULL); /* the others were recorded */
        CHECK_INT(play.totals.errors, 4);
    }
}

TEST(a_malformed_list_is_halved_like_an_error)
{
    struct play play = {
        .settings = items(2, 0, true), .records = 2, .behaviour = ANSWERS_TEXT, .text = "{\"batchItemFailures\":[{}]}"
    };
    run(&play, 100);
    CHECK_STR(play.trace, "[12] [1] dest(1..1,count1) [2] dest(2..2,count1)");
}

TEST(what_no_recording_shows_fails_the_batch_and_says_so)
{
    static const char *const bodies[] = {
        "x",
        "{",
        "{}x",
        "\"text\"",
        "12",
        "true",
        " ",
        "{\"a\":01}",
        "\xff",
        "{\"a\":\"\xc0\x80\"}",
        "{\"batchItemFailures\":[{\"itemIdentifier\":\"99\"}}",
        "{\"batchItemFailures\":7}",
        "{\"batchItemFailures\":[7]}",
        "{\"batchItemFailures\":[null]}",
        "{\"batchItemFailures\":[\"100\"]}",
        "{\"batchItemFailures\":[{\"itemIdentifier\":\"98\"}]}",
        "{\"batchItemFailures\":[{\"itemIdentifier\":\"0100\"}]}",
        "{\"batchItemFailures\":[{\"itemIdentifier\":\"100\\u0000\"}]}",
        "{\"batchItemFailures\":[{\"itemIdentifier\":\"99\",\"itemIdentifier\":\"99\"}]}",
        "{\"batchItemFailures\":[],\"batchItemFailures\":[]}",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct verdict verdict = judge(bodies[i]);
        CHECK_INT(verdict.kind, VERDICT_FAILED);
        CHECK(verdict.unproved && verdict.why != NULL);
    }
    struct verdict verdict = judge("[1]");
    CHECK_INT(verdict.kind, VERDICT_DONE);
    CHECK(verdict.unproved);
}

TEST(the_lowest_identifier_is_the_checkpoint_by_number_not_by_text)
{
    static const struct {
        const char *body;
        size_t resume, listed;
    } cases[] = {
        { "{\"batchItemFailures\":[{\"itemIdentifier\":\"101\"}]}", 2, 1 },
        { "{\"batchItemFailures\":[{\"itemIdentifier\":\"101\"},{\"itemIdentifier\":\"100\"}]}", 1, 2 },
        { "{\"batchItemFailures\":[{\"itemIdentifier\":\"100\"},{\"itemIdentifier\":\"99\"}]}", 0, 2 },
        { "{\"batchItemFailures\":[{\"itemIdentifier\":\"100\"},{\"itemIdentifier\":\"100\"}]}", 1, 2 },
        { "{\"a\":[{}],\"batchItemFailures\":[{\"x\":1,\"itemIdentifier\":\"101\",\"y\":[]}],\"b\":{}}", 2, 1 },
        { "{\"batch\\u0049temFailures\":[{\"item\\u0049dentifier\":\"\\u00310\\u0030\"}]}", 1, 1 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct verdict verdict = judge(cases[i].body);
        CHECK_INT(verdict.kind, VERDICT_PARTIAL);
        CHECK_INT(verdict.resume, cases[i].resume);
        CHECK_INT(verdict.listed, cases[i].listed);
        CHECK(verdict.why == NULL && !verdict.unproved);
    }
}

TEST(every_cut_response_fails_the_batch)
{
    static const char body[] = "{\"batchItemFailures\":[{\"itemIdentifier\":\"101\"}]}";
    static const ddbs_str identifiers[] = { { "101", 3 } };
    for (size_t len = 1; len < sizeof body - 1; len++)
        CHECK_INT(verdict_of(check_guard(body, len), len, identifiers, 1).kind, VERDICT_FAILED);
}

TEST(deep_nesting_is_refused_not_followed)
{
    enum { DEPTH = 200000 };
    char *body = malloc(DEPTH);
    REQUIRE(body != NULL);
    memset(body, '[', DEPTH);
    CHECK_INT(verdict_of(body, DEPTH, NULL, 0).kind, VERDICT_FAILED);
    free(body);
}

TEST(sequence_numbers_compare_by_value)
{
    static const struct {
        const char *a, *b;
        int order;
    } cases[] = {
        { "9", "10", -1 },    { "10", "9", 1 }, { "0009", "9", 0 },
        { "0", "00", 0 },     { "0", "1", -1 }, { "9700000000000000000000", "11800000000000000000000", -1 }, /* O23 */
        { "123", "124", -1 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int order = verdict_compare(ddbs_str_c(cases[i].a), ddbs_str_c(cases[i].b));
        CHECK_INT((order > 0) - (order < 0), cases[i].order);
    }
}
