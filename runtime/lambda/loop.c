/* loop.c: ddbs_lambda_run: from the environment to the first event, and from each event to its answer. */
#include "lib/error.h"
#include "runtime/lambda/api.h"
#include "runtime/lambda/birthmark.h"
#include "runtime/lambda/extension.h"
#include "runtime/lambda/failure.h"
#include "runtime/lambda/log.h"
#include "runtime/lambda/metrics.h"
#include "runtime/lambda/raw.h"
#include "runtime/lambda/runner.h"
#include "runtime/lambda/share.h"
#include "runtime/lambda/slots.h"
#include "runtime/lambda/supervisor.h"
#include "runtime/lambda/threads.h"
#include "runtime/lambda/trace.h"
#include "runtime/lambda/worker.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char outside_lambda[] =
    "This program is an AWS Lambda function (a custom runtime, `bootstrap`), written with ddbstream " DDBS_VERSION ".\n"
    "It takes its events from the Lambda Runtime API, but AWS_LAMBDA_RUNTIME_API is not set.\n"
    "To run it here:\n"
    "  ./bootstrap --event event.json\n"
    "      one event from a file (- is standard input); prints the answer\n"
    "  ddbstream run ./bootstrap --esm esm.json --source stream.jsonl\n"
    "      a whole stream, with the retries that AWS would make\n"
    "See also: ./bootstrap --help\n";

/* What runs the callbacks: a worker with its supervisor, or this process itself. */
struct engine {
    const struct ddbs_env *env;
    struct ddbs_share share;
    struct ddbs_supervisor supervisor;
    struct ddbs_runner runner;
    struct ddbs_birthmark birthmark; /* where there is no worker */
};

/* An invocation in this process. */
struct here {
    const struct ddbs_deadline *deadline;
    const struct ddbs_birthmark *birthmark;
    struct ddbs_threads threads;
};

static int64_t remaining_ms(void *self)
{
    const struct here *here = self;
    return ddbs_deadline__remaining_ms(here->deadline);
}

/* A child of the handler's that came back out of a callback must neither go on nor answer. */
static void must_be_here(void *self, size_t index)
{
    const struct here *here = self;
    (void)index;
    if (!ddbs_birthmark__is_mine(here->birthmark))
        _exit(DDBS_WORKER_STRAY);
}

static bool run_lanes(void *self, size_t lanes, void (*run)(void *job, size_t lane), void *job)
{
    struct here *here = self;
    return ddbs_threads__run(&here->threads, lanes, run, job);
}

/* One invocation in this process. `batch` tells of `result`. */
static void run_here(struct engine *engine, const struct ddbs_invocation *invocation, struct ddbs_result *result,
                     struct ddbs_batch *batch)
{
    struct ddbs_runner *runner = &engine->runner;
    struct here here = { .deadline = &invocation->deadline, .birthmark = &engine->birthmark };
    ddbs_invocation_info info = ddbs_details__info(&invocation->details);
    ddbs_host host = { .self = &here,
                       .remaining_ms = remaining_ms,
                       .started = must_be_here,
                       .done = must_be_here,
                       .parallel = run_lanes,
                       .request_id = ddbs_str_c(invocation->request_id),
                       .invocation = &info,
                       .park = engine->env->park,
                       .window_partial = engine->env->window_partial };

    *batch = (struct ddbs_batch){ .request_id = invocation->request_id,
                                  .outcome = &result->outcome,
                                  .received_ms = ddbs_log__now_ms(),
                                  .began_ns = ddbs_deadline__now_ns() };
    ddbs_threads__open(&here.threads, NULL);
    ddbs_trace__publish(invocation->trace_id);
    if (invocation->refusal.status == DDBS_OK)
        ddbs_runner__run(runner, invocation->event, &host, result);
    else
        ddbs_runner__refuse(runner, &invocation->refusal, result);
    if (getpid() != engine->birthmark.pid)
        _exit(DDBS_WORKER_STRAY);
    fflush(stdout); /* what the handler printed belongs to this invocation, and an environment may be frozen after it */
    ddbs_metrics__flush(host.request_id);
    if (result->event != NULL)
        ddbs_batch__name(batch, result->event);
}

static void write_batch(struct ddbs_batch *batch, const struct ddbs_invocation *invocation, const ddbs_answer *answer)
{
    batch->is_error = answer->is_error;
    batch->took_ns = ddbs_deadline__now_ns() - batch->began_ns;
    batch->remaining_ms = ddbs_deadline__remaining_ms(&invocation->deadline);
    ddbs_batch_line__write(batch);
    ddbs_metrics__write(batch);
}

/* One invocation, from event to answer. */
static enum ddbs_api_result serve(struct ddbs_api *api, struct engine *engine, struct ddbs_invocation *invocation)
{
    struct ddbs_supervisor *supervisor = &engine->supervisor;
    ddbs_answer answer;
    struct ddbs_result here;
    struct ddbs_batch batch;
    bool is_batch;
    if (engine->env->isolated) {
        ddbs_supervisor__run(supervisor, invocation, &answer);
        batch = supervisor->batch;
        is_batch = supervisor->has_batch;
    } else {
        run_here(engine, invocation, &here, &batch);
        answer = here.answer;
        is_batch = here.is_batch;
    }
    if (answer.message.ptr != NULL)
        ddbs_log__line(answer.is_error ? DDBS_LOG_ERROR : DDBS_LOG_WARN, invocation->request_id, NULL, "%s",
                       answer.message.ptr);
    if (is_batch)
        write_batch(&batch, invocation, &answer);
    enum ddbs_api_result result = ddbs_api__answer(api, invocation, &answer);
    ddbs_share__trim(&engine->share, invocation->event.len);
    return result;
}

static void report_init_failure(struct ddbs_api *api, const ddbs_error *error)
{
    char body[DDBS_FAILURE_BODY_MAX];
    ddbs_answer answer = ddbs_failure__init(error, body);
    ddbs_log__line(DDBS_LOG_FATAL, NULL, answer.error_type, "%s; exiting", error->reason);
    ddbs_api__init_error(api, answer.body, answer.error_type);
}

/* Events until the conversation is over. Returns the exit status. */
static int converse(struct ddbs_api *api, struct engine *engine)
{
    struct ddbs_invocation invocation;
    struct ddbs_supervisor *supervisor = &engine->supervisor;
    struct ddbs_watch watch = { supervisor->signals, ddbs_supervisor__is_disturbed, ddbs_supervisor__meanwhile,
                                supervisor };
    for (;;) {
        enum ddbs_api_result result = ddbs_api__next(api, engine->env->isolated ? &watch : NULL, &invocation);
        if (result == DDBS_API_GO_ON)
            result = serve(api, engine, &invocation);
        if (result == DDBS_API_EXIT)
            return EXIT_FAILURE;
        if (engine->env->isolated && supervisor->terminated)
            return EXIT_SUCCESS;
        if (result == DDBS_API_DISTURBED)
            return EXIT_FAILURE;
    }
}

static ddbs_status start(struct engine *engine, const ddbs_consumer *consumer, ddbs_error *error)
{
    if (engine->env->isolated)
        return ddbs_supervisor__start(&engine->supervisor, consumer, engine->env, &engine->share, error);
    ddbs_birthmark__make(&engine->birthmark);
    return ddbs_runner__start(&engine->runner, consumer, engine->env, error);
}

static void stop(struct engine *engine)
{
    if (engine->env->isolated)
        ddbs_supervisor__stop(&engine->supervisor);
    else
        ddbs_runner__stop(&engine->runner);
}

/* What one process is to do. */
struct task {
    const struct ddbs_env *env;
    const ddbs_consumer *consumer;
    ddbs_error *error; /* why the initialization has failed already; DDBS_OK: it has not */
};

/* Returns the exit status when there is nothing left but to exit; it has been said why. `slot`: NULL, or which one this
 * is. One extension is enough for an environment: what it brings is a SIGTERM for all. */
static int run_with(struct ddbs_api *api, struct engine *engine, const struct task *task, const struct ddbs_slot *slot)
{
    int result = EXIT_FAILURE;
    const ddbs_consumer *consumer = task->consumer;
    struct ddbs_extension *extension = NULL;
    if (task->error->status == DDBS_OK)
        task->error->status = start(engine, consumer, task->error);
    bool ready = task->error->status == DDBS_OK;
    if (ready && engine->env->isolated && consumer->on_stop != NULL && (slot == NULL || slot->number == 0))
        extension = ddbs_extension__new(engine->env->runtime_api);
    if (slot != NULL)
        result = ddbs_slot__join(slot, task->error) ? converse(api, engine) : EXIT_FAILURE;
    else if (ready)
        result = converse(api, engine);
    else
        report_init_failure(api, task->error);
    stop(engine);
    ddbs_extension__free(extension);
    return result;
}

static int run_one(const struct task *task, const struct ddbs_slot *slot)
{
    struct ddbs_api api;
    struct engine engine = { .env = task->env,
                             .supervisor = { .signals = -1, .statm = -1, .channel = DDBS_CHANNEL_CLOSED } };
    if (!ddbs_share__open(&engine.share) ||
        ddbs_api__open(&api, task->env->runtime_api, engine.share.event) != DDBS_OK) {
        ddbs_log__line(DDBS_LOG_FATAL, NULL, NULL,
                       "no memory for the Runtime API, or its address is too long; exiting");
        return EXIT_FAILURE;
    }
    int result = run_with(&api, &engine, task, slot);
    ddbs_api__close(&api);
    ddbs_share__close(&engine.share);
    return result;
}

static int live_in_slot(void *self, struct ddbs_slot *slot)
{
    return run_one(self, slot);
}

/* Several at once. The initialization error of whichever slot has one is posted from here, when all are gone: Lambda
 * takes one, and only while nobody has asked for an event. */
static int run_slots(struct task *task)
{
    int result = EXIT_FAILURE;
    ddbs_error error;
    if (ddbs_supervisor__has_threads()) {
        ddbs_error__set(task->error, DDBS_E_USAGE, DDBS_NOWHERE, DDBS_NOWHERE,
                        "a thread was started before ddbs_lambda_run, and would not be in the processes that take the "
                        "events: start it in on_start, or set DDBS_MAX_WORKERS=1");
        return run_one(task, NULL);
    }
    if (ddbs_slots__run(task->env->slots, live_in_slot, task, &result, &error) == DDBS_OK)
        return result;
    *task->error = error;
    return run_one(task, NULL);
}

static int run(const ddbs_consumer *consumer, ddbs_raw_fn *raw, const ddbs_lambda_options *options)
{
    struct ddbs_env env;
    ddbs_error error;
    struct task task = { &env, consumer, &error };
    ddbs_error_clear(&error);
    error.status = ddbs_env__read(&env, options, &error);
    env.raw = raw;
    if (env.runtime_api == NULL) {
        fputs(outside_lambda, stderr);
        return EXIT_FAILURE;
    }
    return error.status == DDBS_OK && env.slots > 1 ? run_slots(&task) : run_one(&task, NULL);
}

static _Noreturn void live(const ddbs_consumer *consumer, ddbs_raw_fn *raw, const ddbs_lambda_options *options)
{
    ddbs_worker__must_not_be_here();
    setvbuf(stdout, NULL, _IOLBF, 0); /* the log is a pipe: a handler's lines must not wait for a full buffer */
    signal(SIGPIPE, SIG_IGN);         /* a reader of the log that went away must not end the function */
    exit(run(consumer, raw, options));
}

void ddbs_lambda_run(const ddbs_consumer *consumer, const ddbs_lambda_options *options)
{
    assert(consumer != NULL);
    live(consumer, NULL, options);
}

void ddbs_lambda_run_raw(const ddbs_raw *function, const ddbs_lambda_options *options)
{
    assert(function != NULL && function->on_event != NULL);
    ddbs_consumer consumer = ddbs_raw__consumer(function);
    live(&consumer, function->on_event, options);
}
