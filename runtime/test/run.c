/* run.c: time. The mapping says what comes next, the driver's clock jumps there. */
#include "lib/arena.h"
#include "runtime/test/driver.h"

#include <stdlib.h>
#include <string.h>

/* A mapping that comes to no end within these has a failure that nobody is meant to wait for. */
enum { DELIVERIES_MAX = 1000000 };

/* The UUID that the mapping has got from AWS: a driver's is always the same. */
#define MAPPING_ID "5ca1ab1e-0000-4000-8000-000000000000"

int64_t ddbs_test_now_ms(const ddbs_test *test)
{
    return test->now_ms + (test->in_invocation ? test->spent_ms : 0);
}

/* ---- What the mapping tells -------------------------------------------------------------------------------------- */

static void set_fate(ddbs_test *test, size_t number, ddbs_test_fate fate)
{
    driver_record(test, number)->fate = fate;
}

static struct driver_flight *flight_of(ddbs_test *test, size_t ticket)
{
    return ticket < test->flight_capacity && test->flights[ticket].busy ? &test->flights[ticket] : NULL;
}

static void take_result(ddbs_test *test, const struct mapping_trace *trace)
{
    const struct mapping_decision *decision = trace->decision;
    const struct driver_flight *flight = trace->result == NULL ? NULL : flight_of(test, trace->delivery->ticket);
    if (flight == NULL)
        return; /* it never reached the function; its records are told when they are given up */
    struct driver_delivery *delivery = test->deliveries[flight->delivery];
    for (size_t i = 0; i < decision->done + decision->lost; i++)
        set_fate(test, delivery->records[i], i < decision->done ? DDBS_TEST_DONE : DDBS_TEST_LOST);
    delivery->told.settled = true;
    delivery->told.done = decision->done;
    delivery->told.lost = decision->lost;
    delivery->told.given_up = decision->discarded;
}

static size_t *numbers_of(const ddbs_test *test, const struct mapping_delivery *delivery)
{
    size_t *numbers = calloc(delivery->count + 1, sizeof *numbers);
    for (size_t i = 0; numbers != NULL && i < delivery->count; i++)
        numbers[i] = driver_number(test, delivery->shard, &delivery->records[i]);
    return numbers;
}

static void fill_discard(ddbs_test *test, struct driver_discard *out, const struct mapping_discard *from)
{
    out->told = (ddbs_test_discard){ .records = out->records,
                                     .count = from->delivery->count,
                                     .too_old = from->condition == MAPPING_AGE_EXCEEDED,
                                     .invokes = from->invokes };
    for (size_t i = 0; i < out->told.count; i++)
        set_fate(test, out->records[i], DDBS_TEST_GIVEN_UP);
    driver_tell_records(test, '(', out->records, out->told.count, ')');
    if (test->esm.settings.destination == MAPPING_NO_DESTINATION)
        return;
    mapping_failure(&out->message, &test->esm.settings, from);
    if (out->message.failed)
        driver_fail(test, DDBS_E_MEMORY, "out of memory");
    out->told.message = out->message.ptr;
    if (test->esm.settings.destination != MAPPING_BUCKET)
        return;
    mapping_failure_key(out->object_key, MAPPING_ID, from->delivery->shard_id, from->now_ms,
                        from->delivery->request_id);
    out->told.object_key = out->object_key;
}

static void take_discard(ddbs_test *test, const struct mapping_discard *discard)
{
    struct driver_discard *out = calloc(1, sizeof *out);
    size_t *records = numbers_of(test, discard->delivery);
    if (out == NULL || records == NULL ||
        !driver_grow(&test->discards, &test->discard_capacity, test->discard_count, sizeof(struct driver_discard *))) {
        free(out);
        free(records);
        driver_fail(test, DDBS_E_MEMORY, "out of memory");
        return;
    }
    out->records = records;
    test->discards[test->discard_count++] = out;
    fill_discard(test, out, discard);
}

static void take_trace(void *user, const struct mapping_trace *trace)
{
    ddbs_test *test = user;
    switch (trace->kind) {
    case MAPPING_TRACE_FILTERED:
        set_fate(test, driver_number(test, trace->shard, trace->record), DDBS_TEST_FILTERED);
        break;
    case MAPPING_TRACE_RESULT:
        take_result(test, trace);
        break;
    case MAPPING_TRACE_DISCARD:
        take_discard(test, trace->discard);
        break;
    case MAPPING_TRACE_WINDOW:
        test->shards[trace->shard].window_open = false;
        break;
    default:
        break;
    }
}

/* What the destination is sent stands in the discards, whether it takes it or not. */
static bool take(void *user, const struct mapping_discard *discard)
{
    ddbs_test *test = user;
    size_t *records = numbers_of(test, discard->delivery);
    bool taken =
        records != NULL && driver_fault(test, DDBS_TEST_DENY_DESTINATION, records, discard->delivery->count) == NULL;
    free(records);
    return taken;
}

struct mapping_host driver_host(ddbs_test *test)
{
    return (struct mapping_host){ test, take, take_trace };
}

/* ---- Deliveries -------------------------------------------------------------------------------------------------- */

static void tell_delivery(ddbs_test *test, const struct mapping_delivery *delivery, const struct driver_delivery *out)
{
    if (delivery->window != NULL && delivery->window->final)
        driver_tell(test, delivery->window->early ? "[early]" : "[final]");
    else
        driver_tell_records(test, '[', out->records, out->told.count, ']');
}

static void describe(ddbs_test *test, const struct mapping_delivery *delivery, struct driver_delivery *out)
{
    static const ddbs_test_cause causes[] = { [MAPPING_BATCH] = DDBS_TEST_BATCH,
                                              [MAPPING_REST] = DDBS_TEST_REST,
                                              [MAPPING_HALF] = DDBS_TEST_HALF,
                                              [MAPPING_RETRY] = DDBS_TEST_RETRY,
                                              [MAPPING_FINAL] = DDBS_TEST_FINAL };
    memcpy(out->request_id, delivery->request_id, sizeof out->request_id);
    out->told = (ddbs_test_delivery){ .cause = causes[delivery->cause],
                                      .records = out->records,
                                      .count = delivery->count,
                                      .attempt = delivery->attempt,
                                      .at_ms = test->now_ms - test->begin_ms,
                                      .wait_ms = delivery->wait_ms,
                                      .request_id = out->request_id };
}

/* A place for a delivery; NULL when memory is exhausted. */
static struct driver_delivery *add_delivery(ddbs_test *test, const struct mapping_delivery *delivery)
{
    struct driver_delivery *out = calloc(1, sizeof *out);
    size_t *records = numbers_of(test, delivery);
    bool room = driver_grow(&test->deliveries, &test->delivery_capacity, test->delivery_count,
                            sizeof(struct driver_delivery *));
    while (room && delivery->ticket >= test->flight_capacity)
        room = driver_grow(&test->flights, &test->flight_capacity, test->flight_capacity, sizeof *test->flights);
    if (out == NULL || records == NULL || !room) {
        free(out);
        free(records);
        driver_fail(test, DDBS_E_MEMORY, "out of memory");
        return NULL;
    }
    out->records = records;
    test->deliveries[test->delivery_count++] = out;
    return out;
}

static void deliver(ddbs_test *test, const struct mapping_delivery *delivery)
{
    struct driver_delivery *out = add_delivery(test, delivery);
    if (out == NULL)
        return;
    describe(test, delivery, out);
    tell_delivery(test, delivery, out);
    test->shards[delivery->shard].window_open = delivery->window != NULL;
    enum mapping_end end = driver_invoke(test, delivery, out);
    test->flights[delivery->ticket] = (struct driver_flight){ .busy = true,
                                                              .ticket = delivery->ticket,
                                                              .delivery = test->delivery_count - 1,
                                                              .ends_ms = test->now_ms + out->told.took_ms,
                                                              .end = end };
}

static void land(ddbs_test *test, struct driver_flight *flight)
{
    const struct driver_delivery *delivery = test->deliveries[flight->delivery];
    struct mapping_result result = { flight->end, delivery->told.answer, delivery->answer.len };
    mapping_settle(test->mapping, flight->ticket, test->now_ms, &result);
    flight->busy = false;
    test->settled++;
}

/* ---- The clock --------------------------------------------------------------------------------------------------- */

/* The flight that lands first; NULL: there is none. */
static struct driver_flight *next_flight(ddbs_test *test)
{
    struct driver_flight *next = NULL;
    for (size_t i = 0; i < test->flight_capacity; i++) {
        struct driver_flight *flight = &test->flights[i];
        if (flight->busy && (next == NULL || flight->ends_ms < next->ends_ms))
            next = flight;
    }
    return next;
}

/* Wait for what comes first. False: it is later than `until_ms`, which it is then. */
static bool wait(ddbs_test *test, int64_t until_ms)
{
    struct driver_flight *flight = next_flight(test);
    int64_t wake = mapping_wake(test->mapping);
    int64_t next = flight != NULL && flight->ends_ms <= wake ? flight->ends_ms : wake;
    if (next > until_ms) {
        test->now_ms = until_ms > test->now_ms ? until_ms : test->now_ms;
        return false;
    }
    test->now_ms = next > test->now_ms ? next : test->now_ms;
    if (flight != NULL && flight->ends_ms <= test->now_ms)
        land(test, flight);
    return true;
}

/* Do one thing that is due up to a time. False: nothing is. */
static bool advance(ddbs_test *test, int64_t until_ms)
{
    struct mapping_delivery delivery;
    if (test->status != DDBS_OK)
        return false;
    if (test->delivery_count >= DELIVERIES_MAX) {
        driver_fail(test, DDBS_E_LIMIT, "no end after %d deliveries", DELIVERIES_MAX);
        return false;
    }
    test->clock_set = true;
    switch (mapping_step(test->mapping, test->now_ms, &delivery)) {
    case MAPPING_INVOKE:
        deliver(test, &delivery);
        return true;
    case MAPPING_WAITS:
        return wait(test, until_ms);
    case MAPPING_ENDED:
        return false;
    default:
        driver_fail(test, DDBS_E_MEMORY, "the mapping has come to a bad end");
        return false;
    }
}

static bool is_quiet(ddbs_test *test)
{
    const struct mapping_totals *totals = mapping_totals(test->mapping);
    for (size_t i = 0; i < test->shard_count; i++) {
        if (test->shards[i].window_open)
            return false;
    }
    return next_flight(test) == NULL && test->given == test->record_count &&
           totals->filtered + totals->done + totals->lost + totals->discarded == test->record_count;
}

/* A handler must not run its own driver. */
static bool may_run(ddbs_test *test)
{
    if (test->in_invocation)
        driver_fail(test, DDBS_E_USAGE, "a callback lets its own driver run");
    else
        ddbs_arena_reset(test->aws.told);
    return test->status == DDBS_OK;
}

bool ddbs_test_step(ddbs_test *test)
{
    size_t settled = test->settled;
    if (!may_run(test))
        return false;
    while (test->settled == settled && !is_quiet(test) && advance(test, INT64_MAX - 1))
        continue;
    return test->settled > settled;
}

ddbs_status ddbs_test_run(ddbs_test *test)
{
    if (may_run(test)) {
        while (!is_quiet(test) && advance(test, INT64_MAX - 1))
            continue;
    }
    return test->status;
}

ddbs_status ddbs_test_wait(ddbs_test *test, int64_t ms)
{
    if (may_run(test)) {
        int64_t until = test->now_ms + (ms > 0 ? ms : 0);
        while (advance(test, until))
            continue;
    }
    return test->status;
}

ddbs_status ddbs_test_pause(ddbs_test *test, int64_t ms)
{
    if (may_run(test) && ms > 0) {
        test->now_ms += ms;
        test->clock_set = true;
    }
    return test->status;
}
