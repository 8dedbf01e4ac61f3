/* test_context.c: what a callback gets from its context, and how it says why it failed. */
#include "lib/context.h"
#include "tests/unit/events.h"

#include <stdio.h>

/* What the callback of the test at hand does. */
static ddbs_status (*act)(ddbs_ctx *ctx);

static ddbs_status on_any(ddbs_ctx *ctx, const ddbs_record *rec)
{
    (void)rec;
    return act(ctx);
}

static ddbs_outcome run(ddbs_status (*action)(ddbs_ctx *ctx), const ddbs_host *host)
{
    struct parsed p = parse(EVENT(RECORD("INSERT", "1", "") "," RECORD("INSERT", "2", "")));
    ddbs_consumer consumer = { .on_any = on_any };
    ddbs_outcome outcome = { .records = 0 };
    act = action;
    if (p.event == NULL)
        abort();
    ddbs_status status = ddbs_process(p.event, &consumer, host, p.arena, &outcome);
    CHECK_STATUS(status, outcome.error.status);
    outcome.failing = (ddbs_str){ NULL, 0 };
    parsed_free(&p);
    return outcome;
}

static ddbs_status fail_with_reason(ddbs_ctx *ctx)
{
    return ddbs_fail(ctx, DDBS_E_RANGE, "quantity %d of %s", -5, "x");
}

TEST(a_failure_says_why_and_where)
{
    ddbs_outcome outcome = run(fail_with_reason, NULL);
    CHECK_STATUS(outcome.error.status, DDBS_E_RANGE);
    CHECK_STR(outcome.error.reason, "quantity -5 of x");
    CHECK_INT(outcome.error.record, 0);
    CHECK(outcome.error.offset == DDBS_NOWHERE);
    CHECK_STR(outcome.error.path, "");
}

static ddbs_status fail_rudely(ddbs_ctx *ctx)
{
    return ddbs_fail(ctx, DDBS_E_HANDLER, "one\nERROR forged\r\x1b[31m\"quoted\" %c", 0x7f);
}

TEST(a_reason_cannot_forge_a_line)
{
    ddbs_outcome outcome = run(fail_rudely, NULL);
    CHECK_STR(outcome.error.reason, "one\\x0aERROR forged\\x0d\\x1b[31m\"quoted\" \\x7f");
}

static ddbs_status fail_at_length(ddbs_ctx *ctx)
{
    return ddbs_fail(ctx, DDBS_E_HANDLER, "%05000d", 1);
}

TEST(a_long_reason_is_cut)
{
    ddbs_outcome outcome = run(fail_at_length, NULL);
    size_t len = strlen(outcome.error.reason);
    REQUIRE(len > 1000 && len < DDBS_ERROR_REASON_MAX);
    CHECK_STR(outcome.error.reason + len - 3, "...");
    CHECK_STATUS(outcome.error.status, DDBS_E_HANDLER);
}

static ddbs_status fail_with_ok(ddbs_ctx *ctx)
{
    return ddbs_fail(ctx, DDBS_OK, "no success");
}

static ddbs_status fail_with_skip(ddbs_ctx *ctx)
{
    return ddbs_fail(ctx, DDBS_SKIP, "no success");
}

TEST(a_failure_is_never_a_success)
{
    ddbs_outcome outcome = run(fail_with_ok, NULL);
    CHECK_STATUS(outcome.error.status, DDBS_E_HANDLER);
    CHECK_INT(outcome.checkpoint, 0);
    outcome = run(fail_with_skip, NULL);
    CHECK_STATUS(outcome.error.status, DDBS_E_HANDLER);
    CHECK_STR(outcome.error.reason, "no success");
    CHECK_INT(outcome.checkpoint, 0);
}

/* Fills the error as a function of the library would that took it as its out-parameter. */
static ddbs_status leave_error(ddbs_ctx *ctx, ddbs_status status)
{
    ddbs_error *error = ddbs_ctx_error(ctx);
    ddbs_error_clear(error);
    error->status = status;
    snprintf(error->reason, sizeof error->reason, "left by the callback");
    snprintf(error->path, sizeof error->path, "NewImage.qty");
    return status;
}

static ddbs_status return_what_was_left(ddbs_ctx *ctx)
{
    return leave_error(ctx, DDBS_E_TYPE);
}

static ddbs_status return_another(ddbs_ctx *ctx)
{
    leave_error(ctx, DDBS_E_TYPE);
    return DDBS_E_HANDLER;
}

static ddbs_status return_success(ddbs_ctx *ctx)
{
    leave_error(ctx, DDBS_E_TYPE);
    return DDBS_OK;
}

TEST(an_error_that_was_left_is_used_only_when_its_status_is_returned)
{
    ddbs_outcome outcome = run(return_what_was_left, NULL);
    CHECK_STR(outcome.error.reason, "left by the callback");
    CHECK_STR(outcome.error.path, "NewImage.qty");
    outcome = run(return_another, NULL);
    CHECK_STR(outcome.error.reason, "the callback returned DDBS_E_HANDLER (the handler refused the record)");
    CHECK_STR(outcome.error.path, "");
    outcome = run(return_success, NULL);
    CHECK_STATUS(outcome.error.status, DDBS_OK);
    CHECK_INT(outcome.checkpoint, 2);
}

static ddbs_status return_error_in_the_second(ddbs_ctx *ctx)
{
    static int call;
    if (call++ == 0) {
        leave_error(ctx, DDBS_E_TYPE);
        return DDBS_OK;
    }
    CHECK_STATUS(ddbs_ctx_error(ctx)->status, DDBS_OK);
    CHECK_STR(ddbs_ctx_error(ctx)->reason, "");
    return DDBS_E_TYPE;
}

TEST(the_error_of_one_record_is_gone_for_the_next)
{
    ddbs_outcome outcome = run(return_error_in_the_second, NULL);
    CHECK_INT(outcome.error.record, 1);
    CHECK_STR(outcome.error.reason, "the callback returned DDBS_E_TYPE (the value has another type)");
}

/* ---- What comes from outside ---- */

static int64_t remaining(void *self)
{
    return *(int64_t *)self;
}

static ddbs_status look_without_host(ddbs_ctx *ctx)
{
    CHECK(ddbs_ctx_remaining_ms(ctx) == INT64_MAX);
    CHECK(ddbs_ctx_request_id(ctx).ptr == NULL && ddbs_ctx_request_id(ctx).len == 0);
    CHECK(ddbs_ctx_user(ctx) == NULL && ddbs_ctx_error(ctx) != NULL);
    CHECK(ddbs_ctx_invocation(ctx)->function_arn.ptr == NULL && ddbs_ctx_invocation(ctx)->tenant_id.ptr == NULL);
    return DDBS_OK;
}

static ddbs_status look_with_host(ddbs_ctx *ctx)
{
    CHECK_INT(ddbs_ctx_remaining_ms(ctx), -250);
    CHECK_VIEW(ddbs_ctx_request_id(ctx), "request-1");
    CHECK_VIEW(ddbs_ctx_invocation(ctx)->tenant_id, "tenant-1");
    return DDBS_OK;
}

TEST(a_callback_sees_its_request_and_the_time_left)
{
    int64_t left = -250;
    ddbs_invocation_info info = { .tenant_id = { "tenant-1", 8 } };
    ddbs_host none = { .self = NULL }, host = {
        .self = &left, .remaining_ms = remaining, .request_id = { "request-1", 9 }, .invocation = &info
    };
    CHECK_INT(run(look_without_host, NULL).checkpoint, 2);
    CHECK_INT(run(look_without_host, &none).checkpoint, 2);
    CHECK_INT(run(look_with_host, &host).checkpoint, 2);
}

/* ---- on_start ---- */

static ddbs_status start(ddbs_ctx *ctx)
{
    ddbs_status *status = ddbs_ctx_user(ctx);
    if (*status == DDBS_E_LIMIT)
        return ddbs_fail(ctx, *status, "no connection to %s", "it");
    return *status;
}

TEST(a_start_that_fails_says_why)
{
    static const struct {
        ddbs_status status;
        const char *reason;
    } rows[] = {
        { DDBS_OK, "" },
        { DDBS_E_LIMIT, "no connection to it" },
        { DDBS_E_TYPE, "the callback returned DDBS_E_TYPE (the value has another type)" },
        { DDBS_SKIP, "the callback returned DDBS_SKIP (record given up, go on)" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ddbs_status status = rows[i].status;
        ddbs_consumer consumer = { .on_start = start, .user = &status };
        ddbs_error error;
        CHECK_STATUS(ddbs_start(&consumer, NULL, &error), status);
        CHECK_STATUS(error.status, status);
        CHECK_STR(error.reason, rows[i].reason);
        CHECK_STATUS(ddbs_start(&consumer, NULL, NULL), status);
    }
    ddbs_consumer none = { .user = NULL };
    CHECK_STATUS(ddbs_start(&none, NULL, NULL), DDBS_OK);
}

/* ---- A callback that is left by a jump into one that had returned ---- */

TEST(only_the_call_that_was_entered_last_can_return)
{
    static const ddbs_consumer consumer = { .user = NULL };
    struct ddbs_ctx ctx;
    ddbs_ctx__init(&ctx, &consumer, NULL, NULL);
    CHECK(!ddbs_ctx__leave(&ctx, DDBS_NOWHERE));
    ddbs_ctx__enter(&ctx, &consumer, 1);
    CHECK(ddbs_ctx__leave(&ctx, 1));
    CHECK(!ddbs_ctx__leave(&ctx, 1));
    ddbs_ctx__enter(&ctx, &consumer, 2);
    CHECK(!ddbs_ctx__leave(&ctx, 1));
}
