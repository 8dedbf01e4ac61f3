/* test_window.c: tumbling windows: the state that goes on, the final call, and that every failure is an error. */
#include "tests/unit/events.h"

#include <stdio.h>
#include <stdlib.h>

/* What the callbacks are to do, and what they saw. */
struct plan {
    const char *set[4]; /* states set in begin, record, end, window; NULL: none */
    ddbs_status begin, record, end, window;
    char seen[200]; /* "B{...} R{...}" */
};

static ddbs_status act(ddbs_ctx *ctx, char letter, size_t place, ddbs_status status)
{
    struct plan *plan = ddbs_ctx_user(ctx);
    size_t used = strlen(plan->seen);
    ddbs_str state = ddbs_ctx_state(ctx);
    snprintf(plan->seen + used, sizeof plan->seen - used, "%s%c%.*s", used == 0 ? "" : " ", letter, (int)state.len,
             state.ptr == NULL ? "" : state.ptr);
    if (plan->set[place] != NULL)
        CHECK_STATUS(ddbs_ctx_set_state(ctx, ddbs_str_c(plan->set[place])), DDBS_OK);
    return status;
}

static ddbs_status begin(ddbs_ctx *ctx)
{
    return act(ctx, 'B', 0, ((struct plan *)ddbs_ctx_user(ctx))->begin);
}

static ddbs_status record(ddbs_ctx *ctx, const ddbs_record *rec)
{
    CHECK(ddbs_ctx_window(ctx) != NULL && ddbs_str_is(ddbs_ctx_window(ctx)->start, "t0"));
    return act(ctx, 'R', 1, rec->index == 0 ? DDBS_OK : ((struct plan *)ddbs_ctx_user(ctx))->record);
}

static ddbs_status end(ddbs_ctx *ctx)
{
    return act(ctx, 'E', 2, ((struct plan *)ddbs_ctx_user(ctx))->end);
}

static ddbs_status window(ddbs_ctx *ctx)
{
    return act(ctx, 'W', 3, ((struct plan *)ddbs_ctx_user(ctx))->window);
}

#define TWO RECORD("INSERT", "1", "") "," RECORD("INSERT", "2", "")
#define WINDOW(r, s, f)                                                                                                \
    "{'Records':[" r "],'window':{'start':'t0','end':'t1'},'state':" s ",'isFinalInvokeForWindow':" f "}"
#define BACK(state)    "{\"state\":" state ",\"batchItemFailures\":[]}"
#define FAILED         "\"errorType\":\"Function.HandlerFailed\""
#define UNDONE(number) "; record " number "/2 seq=" number
#define NOT_TAKEN      "Function.NoWindowHandler"

static const struct {
    const char *event;
    bool without_window, with_end;
    struct plan plan;
    const char *seen;
    const char *answer; /* the whole body of a success, a part of an error's */
} rows[] = {
    /* what came goes back, unless something was set */
    { WINDOW(TWO, "{'n': 1}", "false"),
      false,
      false,
      { .begin = DDBS_OK },
      "B{\"n\": 1} R{\"n\": 1} R{\"n\": 1}",
      BACK("{\"n\": 1}") },
    { WINDOW(TWO, "{'n': 1}", "false"),
      false,
      true,
      { .set = { NULL, NULL, "{\"n\":2}", NULL } },
      "B{\"n\": 1} R{\"n\": 1} R{\"n\": 1} E{\"n\": 1}",
      BACK("{\"n\":2}") },
    { WINDOW(TWO, "{}", "false"),
      false,
      true,
      { .set = { "{\"a\":1}", "{\"b\":2}", NULL, NULL } },
      "B{} R{\"a\":1} R{\"b\":2} E{\"b\":2}",
      BACK("{\"b\":2}") },
    { WINDOW("", "{}", "false"), false, true, { .set = { "{\"a\":1}", NULL, NULL, NULL } }, "", BACK("{}") },
    { WINDOW(TWO, "{}", "false"),
      false,
      true,
      { .set = { " {\t} ", NULL, NULL, NULL } },
      "B{} R {\t}  R {\t}  E {\t} ",
      BACK(" {\t} ") },
    /* the final call */
    { WINDOW("", "{'n':1}", "true"), false, true, { .begin = DDBS_OK }, "B{\"n\":1} W{\"n\":1}", BACK("{}") },
    { WINDOW(TWO, "{'n':1}", "true"),
      false,
      true,
      { .set = { NULL, NULL, "{\"n\":3}", "{\"n\":4}" } },
      "B{\"n\":1} R{\"n\":1} R{\"n\":1} E{\"n\":1} W{\"n\":3}",
      BACK("{}") },
    { WINDOW("", "{}", "true"), false, false, { .begin = DDBS_OK }, "B{} W{}", BACK("{}") },
    { WINDOW("", "{}", "true"), true, false, { .begin = DDBS_OK }, "B{}", BACK("{}") },
    { WINDOW("", "{'n':1}", "true"), true, false, { .begin = DDBS_OK }, "B{\"n\":1}", NOT_TAKEN },
    { WINDOW("", "{'n':1}", "true"), true, false, { .set = { "{}", NULL, NULL, NULL } }, "B{\"n\":1}", NOT_TAKEN },
    { WINDOW(TWO, "{'n':1}", "true"),
      true,
      true,
      { .begin = DDBS_OK },
      "B{\"n\":1} R{\"n\":1} R{\"n\":1} E{\"n\":1}",
      NOT_TAKEN },
    /* any failure is an error, and no state goes back */
    { WINDOW(TWO, "{'n':1}", "false"), false, true, { .begin = DDBS_E_LIMIT }, "B{\"n\":1}", UNDONE("1") },
    { WINDOW(TWO, "{'n':1}", "false"),
      false,
      true,
      { .set = { NULL, "{}", NULL, NULL }, .record = DDBS_E_LIMIT },
      "B{\"n\":1} R{\"n\":1} R{} E{}",
      UNDONE("2") },
    { WINDOW(TWO, "{'n':1}", "false"),
      false,
      true,
      { .end = DDBS_E_LIMIT },
      "B{\"n\":1} R{\"n\":1} R{\"n\":1} E{\"n\":1}",
      UNDONE("1") },
    { WINDOW(TWO, "{'n':1}", "true"),
      false,
      true,
      { .record = DDBS_E_LIMIT },
      "B{\"n\":1} R{\"n\":1} R{\"n\":1} E{\"n\":1}",
      UNDONE("2") },
    { WINDOW("", "{'n':1}", "true"), false, true, { .window = DDBS_E_LIMIT }, "B{\"n\":1} W{\"n\":1}", FAILED },
    { WINDOW("", "{'n':1}", "true"), false, true, { .window = DDBS_SKIP }, "B{\"n\":1} W{\"n\":1}", FAILED },
    { WINDOW("", "{}", "true"), false, true, { .window = DDBS_E_LIMIT }, "B{} W{}", FAILED },
    { WINDOW("", "{'n':1}", "true"), false, true, { .begin = DDBS_E_LIMIT }, "B{\"n\":1}", FAILED },
    { WINDOW("", "{}", "true"), true, false, { .begin = DDBS_E_LIMIT }, "B{}", FAILED },
    { WINDOW(TWO, "{'n':1}", "true"),
      false,
      false,
      { .window = DDBS_E_LIMIT },
      "B{\"n\":1} R{\"n\":1} R{\"n\":1} W{\"n\":1}",
      FAILED },
};

static void check_row(size_t i, ddbs_report report)
{
    struct parsed p = parse(rows[i].event);
    struct plan plan = rows[i].plan;
    bool fails = rows[i].answer[0] != '{';
    ddbs_consumer consumer = { .on_any = record,
                               .on_batch_begin = begin,
                               .on_batch_end = rows[i].with_end ? end : NULL,
                               .on_window = rows[i].without_window ? NULL : window,
                               .user = &plan };
    ddbs_outcome outcome;
    ddbs_answer answer;
    REQUIRE(p.event != NULL);
    (void)ddbs_process(p.event, &consumer, NULL, p.arena, &outcome);
    REQUIRE(ddbs_answer_outcome(p.event, &outcome, report, p.arena, &answer) == DDBS_OK);
    bool held = CHECK_STR(plan.seen, rows[i].seen);
    held &= CHECK(answer.is_error == fails);
    held &= fails ? CHECK(strstr(answer.body.ptr, rows[i].answer) != NULL) : CHECK_STR(answer.body.ptr, rows[i].answer);
    held &= CHECK(outcome.error.status == DDBS_OK || outcome.state.ptr == NULL);
    held &= CHECK((answer.message.ptr != NULL) == fails && outcome.error.status != DDBS_SKIP);
    if (!held)
        printf("# row %zu answered %s\n", i, answer.body.ptr);
    parsed_free(&p);
}

TEST(a_window_goes_on_or_the_whole_call_fails)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        check_row(i, DDBS_REPORT_ERROR);
        check_row(i, DDBS_REPORT_ITEMS);
    }
}

TEST(a_failure_of_the_window_itself_is_no_records)
{
    struct parsed p = parse(WINDOW(TWO, "{'n':1}", "true"));
    struct plan plan = { .window = DDBS_E_LIMIT };
    ddbs_consumer consumer = { .on_any = record, .on_window = window, .user = &plan };
    ddbs_outcome outcome;
    ddbs_answer answer;
    REQUIRE(p.event != NULL);
    CHECK_STATUS(ddbs_process(p.event, &consumer, NULL, p.arena, &outcome), DDBS_E_LIMIT);
    CHECK(outcome.done == 2 && outcome.checkpoint == 2 && outcome.error.record == DDBS_NOWHERE);
    CHECK(outcome.failing.ptr == NULL);
    REQUIRE(ddbs_answer_outcome(p.event, &outcome, DDBS_REPORT_ITEMS, p.arena, &answer) == DDBS_OK);
    CHECK_STR(answer.message.ptr, "Function.HandlerFailed: on_window returned DDBS_E_LIMIT (over a documented limit); "
                                  "hint: in a tumbling window the whole batch is delivered again");
    parsed_free(&p);
}

/* ---- What can be set ---- */

static ddbs_str to_set;
static ddbs_status set_status;

static ddbs_status set(ddbs_ctx *ctx, const ddbs_record *rec)
{
    (void)rec;
    set_status = ddbs_ctx_set_state(ctx, to_set);
    CHECK((set_status == DDBS_OK) == (ddbs_ctx_error(ctx)->reason[0] == '\0'));
    CHECK_STATUS(ddbs_ctx_error(ctx)->status, set_status);
    if (set_status != DDBS_OK)
        CHECK_VIEW(ddbs_ctx_state(ctx), "{\"n\":1}"); /* as it was */
    return DDBS_OK;
}

static ddbs_status try_state(const char *event, ddbs_str state)
{
    static const ddbs_consumer consumer = { .on_any = set };
    struct parsed p = parse(event);
    ddbs_outcome outcome = { .records = 0 };
    to_set = state;
    if (p.event == NULL || ddbs_process(p.event, &consumer, NULL, p.arena, &outcome) != DDBS_OK)
        abort();
    if (set_status == DDBS_OK)
        CHECK(outcome.state.len == state.len && memcmp(outcome.state.ptr, state.ptr, state.len) == 0);
    else
        CHECK(outcome.state.ptr == NULL);
    parsed_free(&p);
    return set_status;
}

#define ONE_IN_WINDOW WINDOW(RECORD("INSERT", "1", ""), "{'n':1}", "false")

TEST(a_state_is_a_json_object)
{
    static const struct {
        const char *state;
        ddbs_status status;
    } states[] = {
        { "{}", DDBS_OK },
        { " {'a':[1,2.5e3,null,{'b':'\\u00e9'}]}\n", DDBS_OK },
        { "[]", DDBS_E_TYPE },
        { "5", DDBS_E_TYPE },
        { "null", DDBS_E_TYPE },
        { "'x'", DDBS_E_TYPE },
        { "", DDBS_E_SYNTAX },
        { " ", DDBS_E_SYNTAX },
        { "{", DDBS_E_SYNTAX },
        { "{'a':1,}", DDBS_E_SYNTAX },
        { "{} {}", DDBS_E_SYNTAX },
        { "{}x", DDBS_E_SYNTAX },
        { "{'a':01}", DDBS_E_SYNTAX },
        { "{'a':'\xff'}", DDBS_E_SYNTAX },
        { "{'a':'\\ud800'}", DDBS_E_SYNTAX },
        { "{a:1}", DDBS_E_SYNTAX },
    };
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        if (!CHECK_STATUS(try_state(ONE_IN_WINDOW, json_text(states[i].state)), states[i].status))
            CHECK_STR(states[i].state, "(the other)");
    }
    CHECK_STATUS(try_state(ONE_IN_WINDOW, (ddbs_str){ NULL, 0 }), DDBS_E_SYNTAX);
}

TEST(a_state_has_at_most_a_million_bytes)
{
    size_t len = DDBS_STATE_MAX;
    char *text = malloc(len + 1);
    REQUIRE(text != NULL);
    memset(text, 'x', len + 1);
    memcpy(text, "{\"a\":\"", 6);
    memcpy(text + len - 2, "\"} ", 3);
    CHECK_STATUS(try_state(ONE_IN_WINDOW, (ddbs_str){ text, len }), DDBS_OK);
    CHECK_STATUS(try_state(ONE_IN_WINDOW, (ddbs_str){ text, len + 1 }), DDBS_E_LIMIT);
    free(text);
}

/* A state that this library could not read back would block its shard. */
TEST(a_state_is_no_deeper_than_the_next_event_can_carry)
{
    for (size_t depth = DDBS_EVENT_DEPTH_MAX - 3; depth < DDBS_EVENT_DEPTH_MAX + 3; depth++) {
        char text[3 * DDBS_EVENT_DEPTH_MAX], event[4 * DDBS_EVENT_DEPTH_MAX];
        memcpy(text, "{\"a\":", 5);
        memset(text + 5, '[', depth - 1);
        memset(text + 4 + depth, ']', depth - 1);
        memcpy(text + 3 + 2 * depth, "}", 2);
        snprintf(event, sizeof event, "{\"Records\":[],\"window\":{\"start\":\"a\",\"end\":\"b\"},\"state\":%s}", text);
        struct parsed p = parse_bytes(event, strlen(event), NULL);
        CHECK((try_state(ONE_IN_WINDOW, ddbs_str_c(text)) == DDBS_OK) == (p.event != NULL));
        CHECK((p.event != NULL) == (depth < DDBS_EVENT_DEPTH_MAX));
        parsed_free(&p);
    }
}

/* ---- Setting it again and again ---- */

static ddbs_status grow(ddbs_ctx *ctx, const ddbs_record *rec)
{
    char text[6000];
    int len = snprintf(text, sizeof text, "{\"n\":\"%0*zu\"}", (int)rec->index, rec->index);
    DDBS_TRY(ddbs_ctx_set_state(ctx, (ddbs_str){ text, (size_t)len }));
    CHECK_VIEW(ddbs_ctx_state(ctx), text);
    CHECK_INT(ddbs_ctx_state(ctx).ptr[len], 0);
    return DDBS_OK;
}

TEST(a_state_that_is_set_with_every_record_costs_its_largest)
{
    static const ddbs_consumer consumer = { .on_any = grow };
    struct parsed scratch = { .event = NULL };
    REQUIRE(ddbs_arena_new(&scratch.arena, 0) == DDBS_OK);
    ddbs_buf text = new_text(&scratch);
    for (int i = 0; i < 5000; i++)
        ddbs_buf__format(&text, "%s{\"eventSource\":\"aws:dynamodb\",\"dynamodb\":{\"SequenceNumber\":\"%d\"}}",
                         i == 0 ? "{\"window\":{\"start\":\"a\",\"end\":\"b\"},\"Records\":[" : ",", i + 1);
    ddbs_buf__text(&text, "]}");
    struct parsed p = parse_bytes(text.ptr, text.len, NULL);
    ddbs_arena *arena = NULL;
    ddbs_outcome outcome;
    REQUIRE(p.event != NULL && ddbs_arena_new(&arena, 200 * 1024) == DDBS_OK); /* all states together take 12 MB */
    CHECK_STATUS(ddbs_process(p.event, &consumer, NULL, arena, &outcome), DDBS_OK);
    CHECK_INT(outcome.state.len, 4999 + 8);
    ddbs_arena_free(arena);
    parsed_free(&p);
    parsed_free(&scratch);
}

static ddbs_status shrink(ddbs_ctx *ctx, const ddbs_record *rec)
{
    ddbs_str state = ddbs_ctx_state(ctx);
    if (rec->index == 0)
        return ddbs_ctx_set_state(ctx, ddbs_str_c("{\"a\":{\"b\":7}}"));
    return ddbs_ctx_set_state(ctx, (ddbs_str){ state.ptr + 5, state.len - 6 });
}

TEST(a_part_of_the_state_can_become_the_state)
{
    static const ddbs_consumer consumer = { .on_any = shrink };
    struct parsed p = parse(WINDOW(TWO, "{}", "false"));
    ddbs_outcome outcome;
    REQUIRE(p.event != NULL);
    CHECK_STATUS(ddbs_process(p.event, &consumer, NULL, p.arena, &outcome), DDBS_OK);
    CHECK_VIEW(outcome.state, "{\"b\":7}");
    parsed_free(&p);
}

static ddbs_status outside(ddbs_ctx *ctx, const ddbs_record *rec)
{
    (void)rec;
    CHECK(ddbs_ctx_window(ctx) == NULL && ddbs_ctx_state(ctx).ptr == NULL && ddbs_ctx_state(ctx).len == 0);
    return ddbs_ctx_set_state(ctx, ddbs_str_c("{}"));
}

TEST(outside_a_window_there_is_no_state)
{
    static const ddbs_consumer consumer = { .on_any = outside, .on_window = window };
    struct parsed p = parse("{'Records':[" TWO "],'state':{'a':1},'isFinalInvokeForWindow':true}");
    ddbs_outcome outcome;
    REQUIRE(p.event != NULL);
    CHECK_STATUS(ddbs_process(p.event, &consumer, NULL, p.arena, &outcome), DDBS_E_USAGE);
    CHECK(outcome.state.ptr == NULL && strstr(outcome.error.reason, "no tumbling window") != NULL);
    parsed_free(&p);
}

/* ---- Partial answers, where the host allows them ---- */

#define PARTIAL(state) "{\"state\":" state ",\"batchItemFailures\":[{\"itemIdentifier\":\"2\"}]}"
#define FIRST(state)   "{\"state\":" state ",\"batchItemFailures\":[{\"itemIdentifier\":\"1\"}]}"
#define THREE          TWO "," RECORD("INSERT", "3", "")

static ddbs_status touch_then_fail(ddbs_ctx *ctx, const ddbs_record *rec)
{
    if (rec->index == 1)
        return DDBS_E_LIMIT;
    return ddbs_ctx_set_state(ctx, ddbs_str_c("{\"n\":2}"));
}

static ddbs_status touch_in_failure(ddbs_ctx *ctx, const ddbs_record *rec)
{
    (void)rec;
    DDBS_TRY(ddbs_ctx_set_state(ctx, ddbs_str_c("{\"n\":2}")));
    return rec->index == 1 ? DDBS_E_LIMIT : DDBS_OK;
}

static ddbs_status fail_second(ddbs_ctx *ctx, const ddbs_record *rec)
{
    (void)ctx;
    return rec->index == 1 ? DDBS_E_LIMIT : DDBS_OK;
}

static ddbs_status fail_first(ddbs_ctx *ctx, const ddbs_record *rec)
{
    (void)ctx, (void)rec;
    return DDBS_E_LIMIT;
}

static ddbs_status set_in_hook(ddbs_ctx *ctx)
{
    return ddbs_ctx_set_state(ctx, ddbs_str_c("{\"hook\":1}"));
}

static ddbs_status fail_in_hook(ddbs_ctx *ctx)
{
    DDBS_TRY(ddbs_ctx_commit(ctx, ddbs_ctx_batch_ok(ctx)));
    return DDBS_E_LIMIT;
}

static ddbs_status commit_one_and_fail(ddbs_ctx *ctx, const ddbs_record *const *records, size_t count)
{
    (void)records, (void)count;
    DDBS_TRY(ddbs_ctx_commit(ctx, 1));
    return DDBS_E_LIMIT;
}

static bool no_time_for_the_second(void *self, size_t index)
{
    (void)self;
    return index == 0;
}

static const struct {
    const char *event;
    ddbs_consumer consumer;
    bool no_time;
    const char *answer; /* NULL: an error */
} partial_rows[] = {
    { WINDOW(THREE, "{'n': 1}", "false"), { .on_any = fail_second }, false, PARTIAL("{\"n\": 1}") },
    { WINDOW(THREE, "5", "false"), { .on_any = fail_second }, false, PARTIAL("5") },
    { WINDOW(THREE, "{'n':1}", "false"), { .on_any = touch_then_fail }, false, PARTIAL("{\"n\":2}") },
    { WINDOW(THREE, "{'n':1}", "false"), { .on_any = fail_first }, false, FIRST("{\"n\":1}") },
    { WINDOW(THREE, "{'n':1}", "false"),
      { .on_any = fail_second, .on_batch_end = set_in_hook },
      false,
      PARTIAL("{\"hook\":1}") },
    { WINDOW(THREE, "{'n':1}", "false"), { .on_any = touch_then_fail }, true, PARTIAL("{\"n\":2}") },
    { WINDOW(RECORD("INSERT", "1", "") "," RECORD("INSERT", "2", ",'dynamodb':5"), "{'n':1}", "false"),
      { .on_any = touch_then_fail },
      false,
      PARTIAL("{\"n\":2}") },
    /* the state would tell of a record that comes again, or nobody knows */
    { WINDOW(THREE, "{'n':1}", "false"), { .on_any = touch_in_failure }, false, NULL },
    { WINDOW(THREE, "{'n':1}", "false"), { .on_any = touch_in_failure, .on_batch_end = set_in_hook }, false, NULL },
    { WINDOW(THREE, "{'n':1}", "false"), { .on_any = fail_second, .on_batch_end = fail_in_hook }, false, NULL },
    { WINDOW(THREE, "{'n':1}", "false"), { .on_any = fail_second, .on_batch_begin = fail_in_hook }, false, NULL },
    { WINDOW(THREE, "{'n':1}", "false"), { .on_batch = commit_one_and_fail }, false, NULL },
    /* a final call has no state to go on with */
    { WINDOW(THREE, "{'n':1}", "true"), { .on_any = fail_second, .on_window = set_in_hook }, false, NULL },
    { WINDOW(TWO, "{'n':1}", "true"), { .on_any = NULL, .on_window = fail_in_hook }, false, NULL },
};

static void check_partial(size_t i, bool allowed)
{
    struct parsed p = parse(partial_rows[i].event);
    const char *want = allowed ? partial_rows[i].answer : NULL;
    ddbs_host host = { .window_partial = allowed,
                       .may_start = partial_rows[i].no_time ? no_time_for_the_second : NULL };
    ddbs_outcome outcome;
    ddbs_answer answer;
    REQUIRE(p.event != NULL);
    CHECK(ddbs_process(p.event, &partial_rows[i].consumer, &host, p.arena, &outcome) != DDBS_OK);
    REQUIRE(ddbs_answer_outcome(p.event, &outcome, DDBS_REPORT_ITEMS, p.arena, &answer) == DDBS_OK);
    bool held = CHECK(outcome.window_partial == (want != NULL) && answer.is_error == (want == NULL));
    held &= want == NULL ? CHECK(outcome.state.ptr == NULL) : CHECK_STR(answer.body.ptr, want);
    CHECK(answer.message.ptr != NULL);
    if (!held)
        printf("# row %zu answered %s\n", i, answer.body.ptr);
    REQUIRE(ddbs_answer_outcome(p.event, &outcome, DDBS_REPORT_ERROR, p.arena, &answer) == DDBS_OK);
    CHECK(answer.is_error);
    parsed_free(&p);
}

TEST(a_partial_answer_in_a_window_has_the_state_of_what_is_done_or_is_none)
{
    for (size_t i = 0; i < sizeof partial_rows / sizeof *partial_rows; i++) {
        check_partial(i, true);
        check_partial(i, false);
    }
}

/* Whatever an outcome claims: a final call is never answered in part. */
TEST(a_final_call_is_never_answered_in_part)
{
    struct parsed p = parse(WINDOW(TWO, "{'n':1}", "true"));
    ddbs_outcome outcome = { .records = 2, .done = 1, .checkpoint = 1, .window_partial = true };
    ddbs_answer answer;
    REQUIRE(p.event != NULL);
    ddbs_error_clear(&outcome.error);
    outcome.error.status = DDBS_E_HANDLER;
    REQUIRE(ddbs_answer_outcome(p.event, &outcome, DDBS_REPORT_ITEMS, p.arena, &answer) == DDBS_OK);
    CHECK(answer.is_error);
    parsed_free(&p);
}
