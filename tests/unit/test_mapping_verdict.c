/* test_mapping_verdict.c: what a mapping makes of the bytes of a response. Tests are named after the fact that they
 * hold (O2, O4). */
#include "mapping_play.h"

/* ---- Responses --------------------------------------------------------------------------------------------------- */

static struct verdict judge(const char *body)
{
    static const ddbs_str identifiers[] = { { "99", 2 }, { "100", 3 }, { "101", 3 } };
    size_t len = strlen(body);
    char *guarded = check_guard(body, len);
    return verdict_of(guarded, len, (struct verdict_names){ identifiers, sizeof *identifiers, 3 });
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
        run(&play);
        play_free(&play);
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
        run(&play);
        play_free(&play);
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
    run(&play);
    play_free(&play);
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
        CHECK_INT(
            verdict_of(check_guard(body, len), len, (struct verdict_names){ identifiers, sizeof *identifiers, 1 }).kind,
            VERDICT_FAILED);
}

TEST(deep_nesting_is_refused_not_followed)
{
    enum { DEPTH = 200000 };
    char *body = malloc(DEPTH);
    REQUIRE(body != NULL);
    memset(body, '[', DEPTH);
    CHECK_INT(verdict_of(body, DEPTH, (struct verdict_names){ NULL, 0, 0 }).kind, VERDICT_FAILED);
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
