/* test_answer.c: the exact bytes for Lambda, for every way a batch can end. */
#include "tests/unit/events.h"

#include <stdio.h>

/* Fails the record whose event name is BAD, skips the one named SKIP. */
static ddbs_status judge(ddbs_ctx *ctx, const ddbs_record *rec)
{
    if (ddbs_str_is(rec->event_name, "BAD"))
        return ddbs_fail(ctx, DDBS_E_HANDLER, "quantity \"%d\"\n", 5);
    return ddbs_str_is(rec->event_name, "SKIP") ? DDBS_SKIP : DDBS_OK;
}

static const ddbs_consumer judging = { .on_any = judge };
static const ddbs_consumer nothing = { .on_insert = NULL };

/* Whether this is the answer to an event, processed by `consumer`. */
static bool check_answer(const char *text, const ddbs_event_options *options, const ddbs_consumer *consumer,
                         ddbs_report report, const char *error_type, const char *want)
{
    ddbs_str json = json_text(text), body = json_text(want);
    struct parsed p = parse_bytes(json.ptr, json.len, options);
    ddbs_outcome outcome;
    ddbs_answer answer = { .error_type = "untouched" };
    bool held = CHECK(p.event != NULL);
    if (held) {
        p.status = ddbs_process(p.event, consumer, NULL, p.arena, &outcome);
        held = CHECK_STATUS(ddbs_answer_outcome(p.event, &outcome, report, p.arena, &answer), DDBS_OK);
        held = CHECK(answer.is_error == (error_type != NULL)) && held;
        held = (error_type == NULL ? CHECK(answer.error_type == NULL)
                                   : CHECK(answer.error_type != NULL && strcmp(answer.error_type, error_type) == 0)) &&
               held;
        held = CHECK(answer.body.len == body.len && memcmp(answer.body.ptr, body.ptr, body.len) == 0) && held;
        if (!held)
            printf("# %s\n# answered %s: %.*s\n", text, answer.error_type == NULL ? "success" : answer.error_type,
                   (int)answer.body.len, answer.body.ptr);
    }
    parsed_free(&p);
    return held;
}

#define WINDOW(state, final)                                                                                           \
    ",'window':{'start':'2026-10-19T08:40:00Z','end':'2026-10-19T08:42:00Z'},'state':" state                           \
    ",'isFinalInvokeForWindow':" final
#define GOOD(number)  RECORD("INSERT", number, "")
#define WRONG(number) RECORD("BAD", number, "")
#define NONE          "{'batchItemFailures':[]}"
#define FAILED(number)                                                                                                 \
    "{'errorMessage':'Function.HandlerFailed: quantity \\\"5\\\"\\\\x0a; " number                                      \
    "','errorType':'Function.HandlerFailed','stackTrace':[]}"

static const struct {
    const char *event;
    const char *body;
} successes[] = {
    { "{'Records':[]}", NONE },
    { "[]", NONE },
    { EVENT(GOOD("1")), NONE },
    { EVENT(GOOD("1") "," RECORD("SKIP", "2", "")), NONE },
    { EVENT(GOOD("2") "," GOOD("1")), NONE },
    /* in a window the state goes back byte for byte; the final call gives it up */
    { "{'Records':[" GOOD("1") "]" WINDOW("{'count': 1,\t'x':[1.50,'\\ud800'] }", "false") "}",
      "{'state':{'count': 1,\t'x':[1.50,'\\ud800'] },'batchItemFailures':[]}" },
    { "{'Records':[]" WINDOW("{}", "false") "}", "{'state':{},'batchItemFailures':[]}" },
    { "{'Records':[],'window':{'start':'a','end':'b'}}", "{'state':{},'batchItemFailures':[]}" },
    { "{'Records':[]" WINDOW("null", "false") "}", "{'state':null,'batchItemFailures':[]}" },
    { "{'Records':[]" WINDOW("{}", "true") "}", "{'state':{},'batchItemFailures':[]}" },
    { "{'Records':[]" WINDOW("{ \t\n}", "true") "}", "{'state':{},'batchItemFailures':[]}" },
    { "{'Records':[" GOOD("1") "],'window':{'start':'a','end':'b'},'isFinalInvokeForWindow':true}",
      "{'state':{},'batchItemFailures':[]}" },
    /* a state without a window is no window's */
    { "{'Records':[],'state':{'a':1},'isFinalInvokeForWindow':true}", NONE },
    { "{'Records':[],'window':null,'state':{'a':1}}", NONE },
};

TEST(a_batch_that_is_done_is_a_success_in_every_mode)
{
    static const ddbs_report reports[] = { DDBS_REPORT_DEFAULT, DDBS_REPORT_ERROR, DDBS_REPORT_ITEMS };
    for (size_t i = 0; i < sizeof successes / sizeof *successes; i++) {
        for (size_t k = 0; k < 3; k++)
            check_answer(successes[i].event, NULL, &judging, reports[k], NULL, successes[i].body);
    }
}

TEST(ignored_records_are_a_success)
{
    check_answer(EVENT(GOOD("1") "," GOOD("2")), NULL, &nothing, DDBS_REPORT_ITEMS, NULL, NONE);
}

#define PIPED(name, id, number)                                                                                        \
    "{'eventID':'" id "','eventName':'" name "'," SOURCE ",'dynamodb':{'SequenceNumber':'" number "'}}"
/* {"eventName":"INSERT"} */
#define KINESIS_GOOD(number)                                                                                           \
    "{'eventSource':'aws:kinesis','kinesis':{'sequenceNumber':'" number "','data':'eyJldmVudE5hbWUiOiJJTlNFUlQifQ=='}" \
    "}"
/* {"eventName":"BAD"} */
#define KINESIS_BAD(number)                                                                                            \
    "{'eventSource':'aws:kinesis','kinesis':{'sequenceNumber':'" number "','data':'eyJldmVudE5hbWUiOiJCQUQifQ=='}}"
#define ITEM(id) "{'batchItemFailures':[{'itemIdentifier':'" id "'}]}"

TEST(one_identifier_names_the_first_record_not_done)
{
    static const ddbs_event_options by_sequence = { .pipes_report_sequence = true };
    static const struct {
        const char *event, *body;
        const ddbs_event_options *options;
    } rows[] = {
        { EVENT(WRONG("7") "," GOOD("8")), ITEM("7"), NULL },
        { EVENT(GOOD("7") "," WRONG("10") "," WRONG("11")), ITEM("10"), NULL },
        { EVENT(GOOD("007") "," WRONG("0008")), ITEM("0008"), NULL },
        { EVENT(GOOD("1") "," RECORD("INSERT", "2", ",'x'") "," GOOD("3")), ITEM("2"), NULL },
        { EVENT(KINESIS_GOOD("49671000000000000000000000000000000000000000000000000018") "," KINESIS_BAD(
              "49671000000000000000000000000000000000000000000000000034")),
          ITEM("49671000000000000000000000000000000000000000000000000034"), NULL },
        { "[" PIPED("A", "id-a", "1") "," PIPED("BAD", "id b~!", "2") "]", ITEM("id b~!"), NULL },
        { "[" PIPED("A", "id-a", "1") "," PIPED("BAD", "id-b", "2") "]", ITEM("2"), &by_sequence },
        { "[" PIPED("A", "same", "1") "," PIPED("BAD", "same", "2") "]", ITEM("2"), &by_sequence },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_answer(rows[i].event, rows[i].options, &judging, DDBS_REPORT_ITEMS, NULL, rows[i].body);
}

TEST(an_identifier_that_names_two_records_is_never_reported)
{
    check_answer("[" PIPED("A", "same", "1") "," PIPED("BAD", "same", "2") "]", NULL, &judging, DDBS_REPORT_ITEMS,
                 "Function.HandlerFailed",
                 FAILED("record 2/2 seq=2; hint: another record has the same identifier, so the whole batch is "
                        "delivered again"));
}

TEST(a_partial_answer_carries_its_reason_for_the_log)
{
    struct parsed p = parse(EVENT(GOOD("7") "," WRONG("10")));
    ddbs_outcome outcome;
    ddbs_answer answer;
    REQUIRE(p.event != NULL);
    CHECK_STATUS(ddbs_process(p.event, &judging, NULL, p.arena, &outcome), DDBS_E_HANDLER);
    CHECK_STATUS(ddbs_answer_outcome(p.event, &outcome, DDBS_REPORT_ITEMS, p.arena, &answer), DDBS_OK);
    CHECK(!answer.is_error && answer.message.ptr != NULL && strstr(answer.message.ptr, "record 2/2 seq=10") != NULL);
    parsed_free(&p);
}

TEST(without_items_a_failure_is_an_error_that_says_why_and_where)
{
    static const ddbs_report reports[] = { DDBS_REPORT_DEFAULT, DDBS_REPORT_ERROR };
    for (size_t k = 0; k < 2; k++) {
        check_answer(EVENT(GOOD("7") "," WRONG("10") "," GOOD("11")), NULL, &judging, reports[k],
                     "Function.HandlerFailed", FAILED("record 2/3 seq=10"));
        check_answer(EVENT(KINESIS_BAD("5")), NULL, &judging, reports[k], "Function.HandlerFailed",
                     FAILED("record 1/1 seq=5"));
        check_answer("[" PIPED("BAD", "id-a", "1") "]", NULL, &judging, reports[k], "Function.HandlerFailed",
                     FAILED("record 1/1 seq=1"));
    }
}

TEST(the_type_of_an_error_tells_its_kind)
{
    check_answer(EVENT(GOOD("1") "," RECORD("INSERT", "2", ",'eventID':5")), NULL, &judging, DDBS_REPORT_ERROR,
                 "Function.RecordUndecodable",
                 "{'errorMessage':'Function.RecordUndecodable: expected a string; at Records[1].eventID; offset 193; "
                 "record 2/2 seq=2','errorType':'Function.RecordUndecodable','stackTrace':[]}");
    check_answer(EVENT(RECORD("REPLACE", "1", "")), NULL, &nothing, DDBS_REPORT_ERROR, "Function.UnknownOperation",
                 "{'errorMessage':'Function.UnknownOperation: an event name that this consumer has no callback for; "
                 "record 1/1 seq=1','errorType':'Function.UnknownOperation','stackTrace':[]}");
}

static ddbs_status out_of_memory(ddbs_ctx *ctx, const ddbs_record *rec)
{
    (void)rec;
    return ddbs_fail(ctx, DDBS_E_MEMORY, "no room");
}

TEST(a_lack_of_memory_has_its_own_type)
{
    static const ddbs_consumer consumer = { .on_any = out_of_memory };
    check_answer(EVENT(GOOD("1")), NULL, &consumer, DDBS_REPORT_ERROR, "Function.OutOfMemory",
                 "{'errorMessage':'Function.OutOfMemory: no room; record 1/1 seq=1','errorType':"
                 "'Function.OutOfMemory','stackTrace':[]}");
}

/* ---- Failures that are not a callback's, or no record's ---- */

static bool no_time(void *self, size_t index)
{
    (void)self;
    return index == 0;
}

static ddbs_status tired(ddbs_ctx *ctx, const ddbs_record *rec)
{
    return rec->index == 0 ? DDBS_OK : ddbs_fail(ctx, DDBS_E_TIME, "the peer is slow");
}

/* Process and answer by hand: the answer's message, in the arena of `p`. */
static ddbs_answer answer_of(struct parsed *p, const ddbs_consumer *consumer, const ddbs_host *host, ddbs_report report)
{
    ddbs_answer answer = { .is_error = false };
    ddbs_outcome outcome;
    if (p->event == NULL)
        abort();
    (void)ddbs_process(p->event, consumer, host, p->arena, &outcome);
    CHECK_STATUS(ddbs_answer_outcome(p->event, &outcome, report, p->arena, &answer), DDBS_OK);
    return answer;
}

TEST(a_stop_for_time_says_what_helps)
{
    static const ddbs_host host = { .may_start = no_time };
    static const ddbs_consumer slow = { .on_any = tired };
    struct parsed p = parse(EVENT(GOOD("1") "," GOOD("2")));
    ddbs_answer answer = answer_of(&p, &judging, &host, DDBS_REPORT_ERROR);
    CHECK(answer.is_error);
    CHECK_STR(answer.error_type, "Function.DeadlineExceeded");
    CHECK_STR(answer.message.ptr,
              "Function.DeadlineExceeded: too little time is left for another record; record 2/2 seq=2; "
              "hint: a larger timeout or a smaller BatchSize");
    answer = answer_of(&p, &judging, &host, DDBS_REPORT_ITEMS);
    CHECK(!answer.is_error && strstr(answer.message.ptr, "hint: a larger timeout") != NULL);
    CHECK_STR(answer.body.ptr, "{\"batchItemFailures\":[{\"itemIdentifier\":\"2\"}]}");
    answer = answer_of(&p, &slow, NULL, DDBS_REPORT_ERROR);
    CHECK_STR(answer.message.ptr, "Function.DeadlineExceeded: the peer is slow; record 2/2 seq=2");
    parsed_free(&p);
}

static ddbs_status commit_and_fail(ddbs_ctx *ctx)
{
    DDBS_TRY(ddbs_ctx_commit(ctx, 2));
    return ddbs_fail(ctx, DDBS_E_HANDLER, "one thing more");
}

TEST(where_no_record_is_left_to_be_named_the_batch_comes_again)
{
    static const ddbs_consumer consumer = { .on_batch_end = commit_and_fail };
    struct parsed p = parse(EVENT(GOOD("1") "," GOOD("2")));
    ddbs_answer answer = answer_of(&p, &consumer, NULL, DDBS_REPORT_ITEMS);
    CHECK(answer.is_error);
    CHECK_STR(answer.message.ptr, "Function.HandlerFailed: one thing more; hint: no record is open, so the whole batch "
                                  "is delivered again");
    CHECK_STR(answer_of(&p, &consumer, NULL, DDBS_REPORT_ERROR).message.ptr, "Function.HandlerFailed: one thing more");
    parsed_free(&p);
}

TEST(a_type_that_is_given_is_used)
{
    struct parsed p = parse(EVENT(GOOD("1") "," GOOD("2")));
    ddbs_outcome outcome = { .records = 2, .parked = 1, .checkpoint = 1, .error_type = "Function.HandlerCrashed" };
    ddbs_answer answer;
    REQUIRE(p.event != NULL);
    outcome.error = (ddbs_error){ .status = DDBS_E_HANDLER, .offset = DDBS_NOWHERE, .reason = "SIGSEGV" };
    CHECK_STATUS(ddbs_answer_outcome(p.event, &outcome, DDBS_REPORT_ERROR, p.arena, &answer), DDBS_OK);
    CHECK_STR(answer.error_type, "Function.HandlerCrashed");
    CHECK_STR(answer.message.ptr, "Function.HandlerCrashed: SIGSEGV; record 2/2 seq=2");
    parsed_free(&p);
}

#define HINT_ORDER  "; hint: sequence numbers are not increasing, so the whole batch is delivered again"
#define HINT_WINDOW "; hint: in a tumbling window the whole batch is delivered again"

TEST(out_of_order_a_failure_is_an_error_even_with_items)
{
    check_answer(EVENT(GOOD("2") "," WRONG("1")), NULL, &judging, DDBS_REPORT_ITEMS, "Function.HandlerFailed",
                 FAILED("record 2/2 seq=1" HINT_ORDER));
    /* The disorder may lie behind the failure: the lowest number would still acknowledge the wrong records. */
    check_answer(EVENT(WRONG("3") "," GOOD("4") "," GOOD("4")), NULL, &judging, DDBS_REPORT_ITEMS,
                 "Function.HandlerFailed", FAILED("record 1/3 seq=3" HINT_ORDER));
}

static void check_body(const ddbs_answer *answer, const char *want)
{
    ddbs_str body = json_text(want);
    CHECK(answer->body.len == body.len && memcmp(answer->body.ptr, body.ptr, body.len) == 0);
}

/* Without one the text that came goes back; a final call needs the word that on_window took it. */
TEST(the_state_that_goes_back_is_the_outcomes)
{
    static const struct {
        const char *event, *state, *body; /* state NULL: none */
    } rows[] = {
        { "{'Records':[" GOOD("1") "]" WINDOW("{'a':1}", "false") "}", "{\"b\":2}",
          "{'state':{'b':2},'batchItemFailures':[]}" },
        { "{'Records':[" GOOD("1") "]" WINDOW("{'a':1}", "false") "}", NULL,
          "{'state':{'a':1},'batchItemFailures':[]}" },
        { "{'Records':[" GOOD("1") "]" WINDOW("{'a':1}", "true") "}", "{}", "{'state':{},'batchItemFailures':[]}" },
        { "{'Records':[" GOOD("1") "]" WINDOW("{'a':1}", "true") "}", NULL, NULL },
        { EVENT(GOOD("1")), "{\"b\":2}", NONE },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct parsed p = parse(rows[i].event);
        ddbs_outcome outcome = { .records = 1, .done = 1, .checkpoint = 1, .state = ddbs_str_c(rows[i].state) };
        ddbs_answer answer;
        REQUIRE(p.event != NULL);
        CHECK_STATUS(ddbs_answer_outcome(p.event, &outcome, DDBS_REPORT_ERROR, p.arena, &answer), DDBS_OK);
        CHECK(answer.is_error == (rows[i].body == NULL));
        if (rows[i].body != NULL)
            check_body(&answer, rows[i].body);
        parsed_free(&p);
    }
}

TEST(in_a_window_a_failure_is_an_error_even_with_items)
{
    check_answer("{'Records':[" GOOD("1") "," WRONG("2") "]" WINDOW("{'a':1}", "false") "}", NULL, &judging,
                 DDBS_REPORT_ITEMS, "Function.HandlerFailed", FAILED("record 2/2 seq=2" HINT_WINDOW));
}

TEST(the_final_call_of_a_window_with_a_state_needs_a_handler)
{
    static const char body[] = "{'errorMessage':'Function.NoWindowHandler: the final call of a window brings a state, "
                               "and nothing takes it; hint: remove TumblingWindowInSeconds from the mapping',"
                               "'errorType':'Function.NoWindowHandler','stackTrace':[]}";
    static const char *const states[] = { "{'count':1}", "5", "null", "[]", "'x'", "{'':{}}" };
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        char text[400];
        snprintf(text, sizeof text, "{'Records':[]" WINDOW("%s", "true") "}", states[i]);
        check_answer(text, NULL, &judging, DDBS_REPORT_ITEMS, "Function.NoWindowHandler", body);
    }
}

/* ---- Outcomes that contradict themselves: whoever made them, nothing may be acknowledged ---- */

static const ddbs_outcome sound = { .records = 3, .done = 3, .checkpoint = 3 };

TEST(an_outcome_that_does_not_add_up_acknowledges_nothing)
{
    ddbs_outcome outcomes[14];
    size_t count = 0;
    struct parsed p = parse(EVENT(GOOD("1") "," GOOD("2") "," GOOD("3")));
    REQUIRE(p.event != NULL);
#define WITH(member, value) (outcomes[count] = sound, outcomes[count].member = (value), count++)
    WITH(done, 2);
    WITH(done, 4);
    WITH(skipped, 1);
    WITH(ignored, 1);
    WITH(poison, 1);
    WITH(parked, 1);
    WITH(records, 2);
    WITH(records, 4);
    WITH(checkpoint, 4);
    WITH(checkpoint, SIZE_MAX);
    WITH(error.status, DDBS_E_HANDLER);
    WITH(checkpoint, 2); /* three done, yet only two accounted for */
    WITH(done, 1), outcomes[count - 1].checkpoint = 2;
    WITH(done, 2), outcomes[count - 1].checkpoint = 2; /* one is left, and nobody says why */
    for (size_t i = 0; i < count; i++) {
        for (int report = DDBS_REPORT_DEFAULT; report <= DDBS_REPORT_ITEMS; report++) {
            ddbs_answer answer = { .is_error = false };
            CHECK_STATUS(ddbs_answer_outcome(p.event, &outcomes[i], (ddbs_report)report, p.arena, &answer), DDBS_OK);
            if (!CHECK(answer.is_error))
                printf("# outcome %zu: %.*s\n", i, (int)answer.body.len, answer.body.ptr);
        }
    }
    parsed_free(&p);
}

/* ---- Events that were refused ---- */

static bool check_refusal(const ddbs_error *error, const char *type, const char *want)
{
    ddbs_arena *arena = NULL;
    ddbs_answer answer = { .is_error = false };
    if (ddbs_arena_new(&arena, 0) != DDBS_OK)
        abort();
    ddbs_str body = json_text(want);
    CHECK_STATUS(ddbs_answer_refusal(error, arena, &answer), DDBS_OK);
    bool held = CHECK(answer.is_error && strcmp(answer.error_type, type) == 0);
    if (!CHECK(answer.body.len == body.len && memcmp(answer.body.ptr, body.ptr, body.len) == 0))
        printf("# %.*s\n# and not %s\n", (int)answer.body.len, answer.body.ptr, want);
    ddbs_arena_free(arena);
    return held;
}

TEST(a_refused_event_is_answered_with_its_place)
{
    static const struct {
        const char *event, *type, *body;
    } rows[] = {
        { "{'Records':[],}", "Runtime.EventMalformed",
          "{'errorMessage':'Runtime.EventMalformed: expected a string; offset 14','errorType':"
          "'Runtime.EventMalformed','stackTrace':[]}" },
        { "{}", "Runtime.UnexpectedEvent",
          "{'errorMessage':'Runtime.UnexpectedEvent: expected an object with Records, or an array of records; "
          "offset 0','errorType':'Runtime.UnexpectedEvent','stackTrace':[]}" },
        { "{'Records':[],'shardId':5}", "Runtime.EventMalformed",
          "{'errorMessage':'Runtime.EventMalformed: expected a string; at shardId; offset 24','errorType':"
          "'Runtime.EventMalformed','stackTrace':[]}" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct parsed p = parse(rows[i].event);
        CHECK(p.event == NULL && check_refusal(&p.error, rows[i].type, rows[i].body));
        parsed_free(&p);
    }
}

TEST(what_could_not_be_handled_at_all_is_answered_too)
{
    ddbs_error error = {
        .status = DDBS_E_MEMORY, .record = DDBS_NOWHERE, .offset = DDBS_NOWHERE, .reason = "no \"room\""
    };
    check_refusal(
        &error, "Function.OutOfMemory",
        "{'errorMessage':'Function.OutOfMemory: no \\'room\\'','errorType':'Function.OutOfMemory','stackTrace':[]}");
}

TEST(an_answer_without_memory_is_no_answer)
{
    struct parsed p = parse(EVENT(GOOD("1") "," WRONG("2")));
    ddbs_answer answer = { .error_type = "untouched" };
    ddbs_arena *tiny = NULL;
    ddbs_outcome outcome;
    REQUIRE(p.event != NULL && ddbs_arena_new(&tiny, 16) == DDBS_OK);
    CHECK_STATUS(ddbs_process(p.event, &judging, NULL, p.arena, &outcome), DDBS_E_HANDLER);
    CHECK_STATUS(ddbs_answer_outcome(p.event, &outcome, DDBS_REPORT_ITEMS, tiny, &answer), DDBS_E_MEMORY);
    CHECK_STATUS(ddbs_answer_outcome(p.event, &outcome, DDBS_REPORT_ERROR, tiny, &answer), DDBS_E_MEMORY);
    CHECK_STATUS(ddbs_answer_refusal(&outcome.error, tiny, &answer), DDBS_E_MEMORY);
    CHECK(answer.error_type != NULL && strcmp(answer.error_type, "untouched") == 0 && answer.body.ptr == NULL);
    ddbs_arena_free(tiny);
    parsed_free(&p);
}

/* However much memory there is: the whole answer or none. */
TEST(an_answer_is_never_written_in_part)
{
    struct parsed p = parse(EVENT(GOOD("1") "," WRONG("2")));
    ddbs_answer whole, answer;
    ddbs_outcome outcome;
    size_t given = 0;
    REQUIRE(p.event != NULL);
    CHECK_STATUS(ddbs_process(p.event, &judging, NULL, p.arena, &outcome), DDBS_E_HANDLER);
    memset(outcome.error.reason, 'r', 900);
    outcome.error.reason[900] = '\0';
    REQUIRE(ddbs_answer_outcome(p.event, &outcome, DDBS_REPORT_ERROR, p.arena, &whole) == DDBS_OK);
    for (size_t limit = 16; limit < 16384; limit += 16) {
        ddbs_arena *arena = NULL;
        REQUIRE(ddbs_arena_new(&arena, limit) == DDBS_OK);
        ddbs_status status = ddbs_answer_outcome(p.event, &outcome, DDBS_REPORT_ERROR, arena, &answer);
        CHECK(status == DDBS_OK || status == DDBS_E_MEMORY);
        if (status == DDBS_OK) {
            given++;
            CHECK(answer.body.len == whole.body.len && memcmp(answer.body.ptr, whole.body.ptr, whole.body.len) == 0);
        }
        ddbs_arena_free(arena);
    }
    CHECK(given > 0 && given < 1000);
    parsed_free(&p);
}
