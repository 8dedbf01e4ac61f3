/* callbacks.c: the handler's callbacks, each behind what the driver can do to it.
 *
 * A process that is lost is played without one. The callback that it is lost in is left by a jump that crosses frames
 * of the handler only; from then on no callback of the handler is called and no progress is believed until the
 * invocation is over, and its outcome is made of what was believed before, as the supervisor makes it. */
#include "lib/context.h"
#include "runtime/test/driver.h"

#include <stdlib.h>

/* What a wrapped callback has been called with. */
struct call {
    ddbs_ctx *ctx;
    const ddbs_consumer *original;
    ddbs_record_fn *on_record;
    const ddbs_record *record;
    const ddbs_poison *poison;
    const ddbs_record *const *batch;
    size_t batch_count;
    ddbs_hook_fn *hook;
};

static ddbs_test *driver_of(const ddbs_ctx *ctx)
{
    return ctx->host->self;
}

static const ddbs_consumer *original_of(const ddbs_ctx *ctx)
{
    const struct driver_consumer *wrapped = (const void *)ctx->called;
    return wrapped->original;
}

/* ---- Faults ------------------------------------------------------------------------------------------------------ */

static bool holds(const ddbs_test_fault *fault, const size_t *records, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (records[i] == fault->record)
            return true;
    }
    return fault->record == 0;
}

const ddbs_test_fault *driver_fault(ddbs_test *test, ddbs_test_fault_kind kind, const size_t *records, size_t count)
{
    for (size_t i = 0; i < test->fault_count; i++) {
        struct driver_fault *fault = &test->faults[i];
        if (fault->fault.kind != kind || fault->left == 0 || !holds(&fault->fault, records, count))
            continue;
        fault->left -= fault->fault.times > 0;
        return &fault->fault;
    }
    return NULL;
}

const ddbs_test_fault *driver_call_fault(ddbs_test *test, ddbs_test_fault_kind kind, const struct driver_call *call)
{
    for (size_t i = 0; i < test->fault_count; i++) {
        struct driver_fault *fault = &test->faults[i];
        if (fault->fault.kind != kind || fault->left == 0 || !driver_call_fits(call, &fault->fault))
            continue;
        if (fault->fault.skip > 0) {
            fault->fault.skip--;
            continue;
        }
        fault->left -= fault->fault.times > 0;
        return &fault->fault;
    }
    return NULL;
}

ddbs_status ddbs_test_add_fault(ddbs_test *test, const ddbs_test_fault *fault)
{
    if (test->status != DDBS_OK)
        return test->status;
    if (!driver_grow(&test->faults, &test->fault_capacity, test->fault_count, sizeof *test->faults))
        return driver_fail(test, DDBS_E_MEMORY, "out of memory");
    test->faults[test->fault_count++] = (struct driver_fault){ *fault, fault->times == 0 ? UINT32_MAX : fault->times };
    return DDBS_OK;
}

void ddbs_test_clear_faults(ddbs_test *test)
{
    test->fault_count = 0;
}

static void lose(ddbs_test *test, enum driver_life how)
{
    test->life = how;
    test->in_callback = false;
    driver_lose_frames(test->frame);
    longjmp(test->jump, 1);
}

/* Ended where the supervisor would: so much before the deadline that the answer still arrives. */
void ddbs_test_spend(ddbs_test *test, int64_t ms)
{
    int64_t most = test->timeout_ms - ddbs_deadline__hard_of(test->timeout_ms);
    if (!test->in_invocation) {
        ddbs_test_wait(test, ms);
        return;
    }
    if (ms > 0)
        test->spent_ms = ms < most - test->spent_ms ? test->spent_ms + ms : most;
    if (test->in_callback && test->spent_ms >= most)
        lose(test, DRIVER_TIMED_OUT);
}

void ddbs_test_crash(ddbs_test *test)
{
    if (test->in_callback)
        lose(test, DRIVER_CRASHED);
}

/* ---- Calling ----------------------------------------------------------------------------------------------------- */

static ddbs_status perform(const struct call *call)
{
    if (call->on_record != NULL)
        return call->on_record(call->ctx, call->record);
    if (call->poison != NULL)
        return call->original->on_poison(call->ctx, call->poison);
    if (call->batch != NULL)
        return call->original->on_batch(call->ctx, call->batch, call->batch_count);
    return call->hook(call->ctx);
}

static ddbs_status fail_as_told(ddbs_ctx *ctx)
{
    return ddbs_fail(ctx, DDBS_E_HANDLER, "a fault of the test");
}

/* Around the callback of records; both arrays are empty for a hook. */
static ddbs_status perform_with_faults(ddbs_test *test, const struct call *call, const size_t *records, size_t count)
{
    const ddbs_test_fault *slow;
    if (count > 0 && driver_fault(test, DDBS_TEST_CRASH, records, count) != NULL)
        ddbs_test_crash(test);
    if (count > 0 && driver_fault(test, DDBS_TEST_HANG, records, count) != NULL)
        ddbs_test_spend(test, INT64_MAX);
    if (count > 0 && (slow = driver_fault(test, DDBS_TEST_SLOW, records, count)) != NULL)
        ddbs_test_spend(test, slow->amount);
    if (count > 0 && driver_fault(test, DDBS_TEST_FAIL, records, count) != NULL)
        return fail_as_told(call->ctx);
    for (size_t i = 0; i < count; i++)
        driver_record(test, records[i])->calls++;
    ddbs_status status = perform(call);
    if (count > 0 && driver_fault(test, DDBS_TEST_CRASH_AFTER, records, count) != NULL)
        ddbs_test_crash(test);
    if (count > 0 && driver_fault(test, DDBS_TEST_FAIL_AFTER, records, count) != NULL)
        return fail_as_told(call->ctx);
    return status;
}

static ddbs_status guard(const struct call *call, const size_t *records, size_t count)
{
    ddbs_test *test = driver_of(call->ctx);
    if (test->life != DRIVER_ALIVE || setjmp(test->jump) != 0)
        return DDBS_E_HANDLER;
    test->in_callback = true;
    test->frame = __builtin_frame_address(0);
    test->aws.record = count == 1 ? records[0] : 0;
    ddbs_status status = perform_with_faults(test, call, records, count);
    test->in_callback = false;
    return status;
}

static ddbs_status guard_record(ddbs_ctx *ctx, const ddbs_record *record, ddbs_record_fn *on_record)
{
    struct call call = { .ctx = ctx, .on_record = on_record, .record = record };
    return guard(&call, &driver_of(ctx)->at_hand[record->index], 1);
}

static ddbs_status on_insert(ddbs_ctx *ctx, const ddbs_record *record)
{
    return guard_record(ctx, record, original_of(ctx)->on_insert);
}

static ddbs_status on_modify(ddbs_ctx *ctx, const ddbs_record *record)
{
    return guard_record(ctx, record, original_of(ctx)->on_modify);
}

static ddbs_status on_remove(ddbs_ctx *ctx, const ddbs_record *record)
{
    return guard_record(ctx, record, original_of(ctx)->on_remove);
}

static ddbs_status on_expire(ddbs_ctx *ctx, const ddbs_record *record)
{
    return guard_record(ctx, record, original_of(ctx)->on_expire);
}

static ddbs_status on_any(ddbs_ctx *ctx, const ddbs_record *record)
{
    return guard_record(ctx, record, original_of(ctx)->on_any);
}

static ddbs_status on_poison(ddbs_ctx *ctx, const ddbs_poison *poison)
{
    struct call call = { .ctx = ctx, .original = original_of(ctx), .poison = poison };
    return guard(&call, &driver_of(ctx)->at_hand[poison->index], 1);
}

/* Records that do not decode are left out of the array: those before the last one given are what it is about. */
static ddbs_status on_batch(ddbs_ctx *ctx, const ddbs_record *const *records, size_t count)
{
    struct call call = { .ctx = ctx, .original = original_of(ctx), .batch = records, .batch_count = count };
    size_t first = count == 0 ? 0 : records[0]->index;
    size_t last = count == 0 ? 0 : records[count - 1]->index + 1;
    return guard(&call, driver_of(ctx)->at_hand + first, last - first);
}

static ddbs_status guard_hook(ddbs_ctx *ctx, ddbs_hook_fn *hook)
{
    struct call call = { .ctx = ctx, .hook = hook };
    return guard(&call, NULL, 0);
}

static ddbs_status on_batch_begin(ddbs_ctx *ctx)
{
    return guard_hook(ctx, original_of(ctx)->on_batch_begin);
}

static ddbs_status on_batch_end(ddbs_ctx *ctx)
{
    return guard_hook(ctx, original_of(ctx)->on_batch_end);
}

static ddbs_status on_window(ddbs_ctx *ctx)
{
    return guard_hook(ctx, original_of(ctx)->on_window);
}

/* ---- Wrapping ---------------------------------------------------------------------------------------------------- */

/* What is not set stays so: it decides what else is called. */
static void wrap(struct driver_consumer *out, const ddbs_consumer *original)
{
    ddbs_consumer *wrapped = &out->consumer;
    out->original = original;
    *wrapped = *original;
    wrapped->on_insert = original->on_insert == NULL ? NULL : on_insert;
    wrapped->on_modify = original->on_modify == NULL ? NULL : on_modify;
    wrapped->on_remove = original->on_remove == NULL ? NULL : on_remove;
    wrapped->on_expire = original->on_expire == NULL ? NULL : on_expire;
    wrapped->on_any = original->on_any == NULL ? NULL : on_any;
    wrapped->on_poison = original->on_poison == NULL ? NULL : on_poison;
    wrapped->on_batch = original->on_batch == NULL ? NULL : on_batch;
    wrapped->on_batch_begin = original->on_batch_begin == NULL ? NULL : on_batch_begin;
    wrapped->on_batch_end = original->on_batch_end == NULL ? NULL : on_batch_end;
    wrapped->on_window = original->on_window == NULL ? NULL : on_window;
}

bool driver_wrap(ddbs_test *test, const ddbs_consumer *consumer)
{
    size_t count = consumer->routes == NULL ? 0 : consumer->route_count;
    wrap(&test->consumer, consumer);
    if (count == 0)
        return true;
    test->routes = calloc(count, sizeof *test->routes);
    test->route_list = calloc(count, sizeof *test->route_list);
    if (test->routes == NULL || test->route_list == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        wrap(&test->routes[i], consumer->routes[i].consumer);
        test->route_list[i] = (ddbs_route){ consumer->routes[i].table, &test->routes[i].consumer };
    }
    test->consumer.consumer.routes = test->route_list;
    return true;
}
