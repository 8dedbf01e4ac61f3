/* invoke.c: one invocation, from its event to its answer: what supervisor and worker do, in one process and on the
 * driver's clock. Ledger, verdict and answer are theirs. */
#include "lib/arena.h"
#include "runtime/lambda/failure.h"
#include "runtime/lambda/line.h"
#include "runtime/lambda/log.h"
#include "runtime/lambda/metrics.h"
#include "runtime/test/driver.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { GENERATION = 1, PROGRESS_BITS = 0xffff };

/* What one run of the function needs and leaves. */
struct run {
    ddbs_test *test;
    struct driver_delivery *out;
    ddbs_arena *arena;
    ddbs_host host;
    ddbs_outcome outcome;
    ddbs_answer answer;
};

/* ---- The host ---------------------------------------------------------------------------------------------------- */

static void report(ddbs_test *test, enum ddbs_progress_kind kind, size_t index)
{
    struct ddbs_progress word = { kind, GENERATION, (uint16_t)(index & PROGRESS_BITS) };
    if (test->life == DRIVER_ALIVE)
        ddbs_ledger__note(&test->ledger, word);
}

static int64_t remaining_ms(void *self)
{
    const ddbs_test *test = self;
    return test->timeout_ms - test->spent_ms;
}

/* The first record is always started; without partial answers stopping early would save nothing. */
static bool may_start(void *self, size_t index)
{
    ddbs_test *test = self;
    bool soft = index > 0 && test->report == DDBS_REPORT_ITEMS;
    bool may = !soft || remaining_ms(test) >= ddbs_deadline__soft_of(test->timeout_ms);
    if (may && test->ledger.lanes)
        report(test, DDBS_PROGRESS_STARTED, index);
    return may;
}

static uint32_t attempts(void *self, ddbs_str sequence)
{
    const ddbs_test *test = self;
    for (size_t i = 0; i < DDBS_ATTEMPTS_MAX; i++) {
        const struct ddbs_attempt *attempt = &test->attempts[i];
        if (strlen(attempt->sequence) == sequence.len && memcmp(attempt->sequence, sequence.ptr, sequence.len) == 0)
            return attempt->count;
    }
    return 0;
}

static void started(void *self, size_t index)
{
    ddbs_test *test = self;
    if (!test->ledger.lanes && (index == 0 || test->ledger.by_commit))
        report(test, DDBS_PROGRESS_STARTED, index);
}

static void done(void *self, size_t index)
{
    report(self, DDBS_PROGRESS_DONE, index);
}

static void committed(void *self, size_t count)
{
    report(self, DDBS_PROGRESS_COMMITTED, count);
}

static void capture(void *user, const char *text, size_t len)
{
    ddbs_test *test = user;
    ddbs_buf__bytes(&test->log, text, len);
}

/* From here to there callbacks run: what is logged is the driver's, and time is theirs to spend. */
static void enter(ddbs_test *test)
{
    ddbs_line__divert(capture, test);
    driver_serve(test);
    test->in_invocation = true;
    test->spent_ms = 0;
}

static void leave(ddbs_test *test)
{
    test->in_invocation = false;
    driver_serve(NULL);
    ddbs_line__divert(NULL, NULL);
}

/* ---- Life -------------------------------------------------------------------------------------------------------- */

ddbs_status driver_start(ddbs_test *test, ddbs_error *error)
{
    ddbs_host host = { .self = test };
    bool kept = test->consumer.original->on_stop == NULL; /* what it makes nobody gives back */
    enter(test);
    if (kept)
        driver_begin_process();
    ddbs_status status = ddbs_start(test->consumer.original, &host, error);
    if (kept)
        driver_end_process();
    leave(test);
    test->started = status == DDBS_OK;
    return status;
}

void driver_stop(ddbs_test *test)
{
    if (!test->started)
        return;
    test->started = false;
    enter(test);
    ddbs_stop(test->consumer.original);
    leave(test);
}

/* A new process for the next invocation. Nobody has measured the one that was lost. */
static void start_again(ddbs_test *test)
{
    ddbs_error error;
    ddbs_error_clear(&error);
    driver_stop(test);
    ddbs_status status = driver_start(test, &error);
    if (status == DDBS_OK)
        status = ddbs_metrics__open(&test->lambda.metrics, &error);
    driver_fail(test, status, "on_start after a loss: %s", error.reason);
}

/* ---- From event to answer ---------------------------------------------------------------------------------------- */

static void open_run(struct run *run, ddbs_test *test, struct driver_delivery *out, const ddbs_invocation_info *info)
{
    *run = (struct run){ .test = test, .out = out, .arena = test->arena };
    run->host = (ddbs_host){ .self = test,
                             .remaining_ms = remaining_ms,
                             .may_start = may_start,
                             .attempts = attempts,
                             .started = started,
                             .done = done,
                             .committed = committed,
                             .request_id = ddbs_str_c(out->request_id),
                             .invocation = info,
                             .park = test->lambda.park,
                             .window_partial = test->lambda.window_partial };
    test->life = DRIVER_ALIVE;
    test->at_hand = out->records;
}

/* As the supervisor answers for a worker that cannot. */
static void judge(struct run *run, const ddbs_event *event)
{
    static const struct ddbs_crash unseen;
    ddbs_test *test = run->test;
    run->out->told.end = DDBS_TEST_ANSWERED;
    if (test->life == DRIVER_CRASHED) {
        run->out->told.end = DDBS_TEST_CRASHED;
        ddbs_verdict__died(SIGSEGV, &unseen, false, &test->ledger, &run->outcome);
    } else if (test->life == DRIVER_TIMED_OUT) {
        run->out->told.end = DDBS_TEST_TIMED_OUT;
        ddbs_verdict__timeout(&test->ledger, &run->outcome);
    }
    ddbs_verdict__count_attempt(&test->ledger, event, &run->outcome, test->attempts);
}

static void process(struct run *run, const ddbs_event *event)
{
    ddbs_test *test = run->test;
    const ddbs_consumer *consumer = &test->consumer.consumer;
    bool by_commit = consumer->on_batch_end != NULL || consumer->on_batch != NULL;
    ddbs_ledger__open(&test->ledger, GENERATION, ddbs_event_count(event), by_commit);
    if (consumer->lanes > 1 && ddbs_event_window(event) == NULL)
        ddbs_ledger__allow_lanes(&test->ledger);
    (void)ddbs_process(event, consumer, &run->host, run->arena, &run->outcome);
    if (test->life == DRIVER_ALIVE &&
        driver_fault(test, DDBS_TEST_CRASH_AT_END, run->out->records, run->out->told.count) != NULL)
        test->life = DRIVER_CRASHED;
    judge(run, event);
    if (ddbs_answer_outcome(event, &run->outcome, test->report, run->arena, &run->answer) != DDBS_OK)
        run->answer = ddbs_failure__no_memory();
}

/* The event is copied to the arena's side of the limit: what is too small for that is too small for anything. */
static void answer(struct run *run)
{
    const ddbs_event *event;
    ddbs_error error;
    ddbs_buf *json = &run->out->event;
    ddbs_error_clear(&error);
    if (ddbs_event_parse(run->arena, json->ptr, json->len, &run->test->lambda.event, &event, &error) == DDBS_OK) {
        process(run, event);
        return;
    }
    run->outcome.error = error;
    if (ddbs_answer_refusal(&error, run->arena, &run->answer) != DDBS_OK)
        run->answer = ddbs_failure__no_memory();
}

static void write_metrics(struct run *run)
{
    struct ddbs_batch batch = { .request_id = run->out->request_id,
                                .outcome = &run->outcome,
                                .is_error = run->answer.is_error,
                                .crashes = run->test->life == DRIVER_CRASHED };
    if (run->test->life == DRIVER_ALIVE)
        ddbs_metrics__flush(run->host.request_id);
    ddbs_metrics__write(&batch);
}

/* ---- What is told of it ------------------------------------------------------------------------------------------ */

static ddbs_str keep(ddbs_buf *buf, ddbs_str text)
{
    buf->len = 0;
    if (text.ptr == NULL)
        return text;
    ddbs_buf__bytes(buf, text.ptr, text.len);
    return (ddbs_str){ buf->ptr, buf->len };
}

static const char *text_of(const ddbs_buf *buf)
{
    return buf->ptr == NULL || buf->len == 0 ? "" : buf->ptr;
}

static void tell(struct run *run)
{
    struct driver_delivery *out = run->out;
    out->told.outcome = run->outcome;
    out->told.outcome.failing = keep(&out->failing, run->outcome.failing);
    out->told.outcome.state = keep(&out->state, run->outcome.state);
    keep(&out->answer, run->answer.body);
    keep(&out->message, run->answer.message);
    out->told.is_error = run->answer.is_error;
    out->told.answer = text_of(&out->answer);
    out->told.message = text_of(&out->message);
    out->told.took_ms += run->test->spent_ms;
    if (out->answer.failed || out->message.failed || out->failing.failed || out->state.failed || run->test->log.failed)
        driver_fail(run->test, DDBS_E_MEMORY, "out of memory");
}

/* ---- One delivery ------------------------------------------------------------------------------------------------ */

static void run_function(ddbs_test *test, struct driver_delivery *out, ddbs_arena *arena)
{
    struct run run;
    ddbs_invocation_info info = { .function_arn = ddbs_str_c(test->esm.function_arn) };
    open_run(&run, test, out, &info);
    run.arena = arena;
    ddbs_arena_reset(arena);
    enter(test);
    answer(&run);
    if (run.answer.message.ptr != NULL)
        ddbs_log__line(run.answer.is_error ? DDBS_LOG_ERROR : DDBS_LOG_WARN, out->request_id, NULL, "%s",
                       run.answer.message.ptr);
    write_metrics(&run);
    leave(test);
    tell(&run);
    if (test->life != DRIVER_ALIVE)
        start_again(test);
}

/* The same in `size` bytes. An arena over given memory does not grow, and each allocation from it that does not fit any
 * more fails. */
static void run_starved(ddbs_test *test, struct driver_delivery *out, size_t size)
{
    enum { BASE = 64 };
    ddbs_arena *arena;
    void *memory = malloc(BASE + size);
    if (memory == NULL || ddbs_arena__over(&arena, memory, BASE + size) != DDBS_OK) {
        driver_fail(test, DDBS_E_MEMORY, "out of memory");
        free(memory);
        return;
    }
    run_function(test, out, arena);
    test->starved += out->told.outcome.error.status == DDBS_E_MEMORY || strstr(out->told.answer, "OutOfMemory") != NULL;
    ddbs_arena_free(arena);
    free(memory);
}

static void run_once(ddbs_test *test, struct driver_delivery *out)
{
    const ddbs_test_fault *memory = driver_fault(test, DDBS_TEST_MEMORY, out->records, out->told.count);
    if (memory != NULL)
        run_starved(test, out, memory->amount < 0 ? 0 : (size_t)memory->amount);
    else if (test->starve > 0 && out->told.attempt == 1)
        run_starved(test, out, test->starve);
    else
        run_function(test, out, test->arena);
}

static void replace_answer(struct driver_delivery *out, const ddbs_test_fault *fault)
{
    if (fault == NULL || fault->answer == NULL)
        return;
    keep(&out->answer, ddbs_str_c(fault->answer));
    out->told.answer = text_of(&out->answer);
    out->told.is_error = false;
}

enum mapping_end driver_invoke(ddbs_test *test, const struct mapping_delivery *delivery, struct driver_delivery *out)
{
    const size_t *records = out->records;
    size_t count = out->told.count;
    out->told.answer = out->told.message = "";
    mapping_event(&out->event, &test->esm.settings, delivery);
    if (out->event.failed) {
        driver_fail(test, DDBS_E_MEMORY, "out of memory");
        return MAPPING_ERROR;
    }
    out->told.event = out->event.ptr;
    if (driver_fault(test, DDBS_TEST_THROTTLE, records, count) != NULL) {
        out->told.end = DDBS_TEST_THROTTLED;
        return MAPPING_THROTTLED;
    }
    run_once(test, out);
    if (driver_fault(test, DDBS_TEST_DUPLICATE, records, count) != NULL && test->status == DDBS_OK)
        run_once(test, out);
    replace_answer(out, driver_fault(test, DDBS_TEST_ANSWER, records, count));
    out->told.answer_lost = driver_fault(test, DDBS_TEST_LOSE_ANSWER, records, count) != NULL;
    return out->told.is_error || out->told.answer_lost ? MAPPING_ERROR : MAPPING_RESPONSE;
}
