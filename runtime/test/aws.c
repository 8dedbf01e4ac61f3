/* aws.c: the other end of a client. ddbs_aws_new() is defined here once more: in a test, whose link line has this
 * library first, it is this one, and nothing asks for the one that needs libcurl.
 *
 * A client does not know its driver: it is the one that is calling the handler at that time. */
#include "runtime/aws/client.h"
#include "runtime/test/driver.h"

#include <stdio.h>
#include <string.h>

#define REGION "eu-west-1"

static ddbs_test *serving;

void driver_serve(ddbs_test *test)
{
    serving = test;
}

/* ---- The clock --------------------------------------------------------------------------------------------------- */

static int64_t now_ms(void *self)
{
    (void)self;
    return serving == NULL ? 0 : ddbs_test_now_ms(serving);
}

static void sleep_ms(void *self, int64_t ms)
{
    (void)self;
    if (serving != NULL)
        ddbs_test_spend(serving, ms);
}

/* ---- On the way -------------------------------------------------------------------------------------------------- */

static void stay_silent(struct driver_call *call, ddbs_aws_exchange *exchange, const char *why)
{
    call->told.status = 0;
    call->told.answer = (ddbs_str){ "", 0 };
    snprintf(exchange->why, sizeof exchange->why, "%s", why);
}

/* The time that a call takes, of which those that go at once with it have taken some. False: the client did not wait so
 * long. */
static bool take_time(ddbs_test *test, const struct driver_call *call, const ddbs_aws_exchange *exchange,
                      int64_t *taken_ms)
{
    const ddbs_test_fault *slow = driver_call_fault(test, DDBS_TEST_AWS_SLOW, call);
    bool waits = slow == NULL || slow->amount <= exchange->timeout_ms;
    int64_t ms = slow == NULL ? 0 : waits ? slow->amount : exchange->timeout_ms, more_ms = ms - *taken_ms;
    if (more_ms > 0) {
        *taken_ms = ms;
        ddbs_test_spend(test, more_ms);
    }
    return waits;
}

static bool ask_test(ddbs_test *test, struct driver_call *call, ddbs_buf *out)
{
    ddbs_test_reply reply = { .status = 0 };
    if (test->aws.service == NULL || !test->aws.service(test->aws.user, &call->told, &reply))
        return false;
    call->told.status = reply.status;
    ddbs_buf__text(out, reply.body == NULL ? "" : reply.body);
    return true;
}

static void arrive(ddbs_test *test, struct driver_call *call)
{
    ddbs_buf out = { .arena = test->aws.arena };
    const ddbs_test_fault *refuse = driver_call_fault(test, DDBS_TEST_AWS_REFUSE, call);
    if (refuse != NULL)
        call->told.status = driver_refuse(call, refuse->answer, (long)refuse->amount, &out);
    else if (!ask_test(test, call, &out))
        call->told.status = driver_answer(test, call, &out);
    if (out.failed)
        driver_fail(test, DDBS_E_MEMORY, "out of memory");
    call->told.answer = ddbs_buf_str(&out);
}

/* One exchange. What it holds until the end is the driver's: the process can be lost on the way. */
static void exchange_one(ddbs_test *test, ddbs_aws_exchange *exchange, int64_t *taken_ms)
{
    struct driver_call *call = driver_add_call(test, exchange);
    if (call == NULL)
        return;
    if (driver_call_fault(test, DDBS_TEST_AWS_CRASH, call) != NULL)
        ddbs_test_crash(test);
    if (driver_call_fault(test, DDBS_TEST_AWS_LOSE_REQUEST, call) != NULL) {
        stay_silent(call, exchange, "the request is lost: a fault of the test");
        return;
    }
    arrive(test, call);
    bool waits = take_time(test, call, exchange, taken_ms);
    if (driver_call_fault(test, DDBS_TEST_AWS_CRASH_AFTER, call) != NULL)
        ddbs_test_crash(test);
    if (!waits)
        stay_silent(call, exchange, "Timeout was reached");
    else if (driver_call_fault(test, DDBS_TEST_AWS_LOSE_ANSWER, call) != NULL)
        stay_silent(call, exchange, "the answer is lost: a fault of the test");
    exchange->status = call->told.status;
    snprintf(exchange->request_id, sizeof exchange->request_id, "call-%zu", test->aws.count);
    ddbs_buf__bytes(&exchange->reply, call->told.answer.ptr, call->told.answer.len);
}

static void exchange_all(void *self, ddbs_aws_exchange *const *exchanges, size_t count)
{
    int64_t taken_ms = 0;
    (void)self;
    for (size_t i = 0; i < count; i++) {
        if (serving != NULL && serving->status == DDBS_OK)
            exchange_one(serving, exchanges[i], &taken_ms);
        else
            snprintf(exchanges[i]->why, sizeof exchanges[i]->why, "no driver is calling the handler");
    }
}

/* ---- The client -------------------------------------------------------------------------------------------------- */

ddbs_status ddbs_aws_new(ddbs_aws **out, const ddbs_aws_options *options, ddbs_error *error)
{
    static const ddbs_aws_options none;
    ddbs_aws_options chosen = options == NULL ? none : *options;
    const char *region = serving == NULL || serving->aws.region[0] == '\0' ? REGION : serving->aws.region;
    if (chosen.region == NULL || chosen.region[0] == '\0')
        chosen.region = region;
    if (chosen.transport == NULL)
        chosen.transport = exchange_all;
    DDBS_TRY(ddbs_aws__make_sealed(out, &chosen, error));
    (*out)->clock = (struct ddbs_aws_clock){ now_ms, sleep_ms, NULL };
    (*out)->random = serving == NULL ? 1 : serving->esm.settings.seed + ++serving->aws.clients;
    return DDBS_OK;
}
