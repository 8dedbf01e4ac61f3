/* loop.c: ddbs_lambda_run: from the environment to the first event, and from each event to its answer. */
#include "runtime/lambda/api.h"
#include "runtime/lambda/failure.h"
#include "runtime/lambda/log.h"
#include "runtime/lambda/runner.h"
#include "runtime/lambda/trace.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static const char outside_lambda[] =
    "This program is an AWS Lambda function (a custom runtime, `bootstrap`), written with ddbstream " DDBS_VERSION ".\n"
    "It takes its events from the Lambda Runtime API, but AWS_LAMBDA_RUNTIME_API is not set.\n"
    "To run it here:\n"
    "  ./bootstrap --event event.json\n"
    "      one event from a file (- is standard input); prints the answer\n"
    "  ddbstream run ./bootstrap --esm esm.json --source stream.jsonl\n"
    "      a whole stream, with the retries that AWS would make\n"
    "See also: ./bootstrap --help\n";

static int64_t remaining_ms(void *deadline)
{
    return ddbs_deadline__remaining_ms(deadline);
}

/* One invocation, from event to answer. */
static enum ddbs_api_result serve(struct ddbs_api *api, struct ddbs_runner *runner, struct ddbs_invocation *invocation)
{
    struct ddbs_result result;
    ddbs_host host = { .self = &invocation->deadline,
                       .remaining_ms = remaining_ms,
                       .request_id = ddbs_str_c(invocation->request_id) };

    ddbs_trace__publish(invocation->trace_id);
    if (invocation->refusal.status == DDBS_OK)
        ddbs_runner__run(runner, invocation->event, &host, &result);
    else
        ddbs_runner__refuse(runner, &invocation->refusal, &result);
    if (result.answer.message.ptr != NULL)
        ddbs_log__line(result.answer.is_error ? DDBS_LOG_ERROR : DDBS_LOG_WARN, invocation->request_id, NULL, "%s",
                       result.answer.message.ptr);
    fflush(stdout); /* what the handler printed belongs to this invocation, and an environment may be frozen after it */
    return ddbs_api__answer(api, invocation, &result.answer);
}

static void report_init_failure(struct ddbs_api *api, const ddbs_error *error)
{
    char body[DDBS_FAILURE_BODY_MAX];
    ddbs_answer answer = ddbs_failure__init(error, body);
    ddbs_log__line(DDBS_LOG_ERROR, NULL, answer.error_type, "%s; exiting", error->reason);
    ddbs_api__init_error(api, answer.body, answer.error_type);
}

/* Events until the conversation is over. */
static void converse(struct ddbs_api *api, struct ddbs_runner *runner)
{
    struct ddbs_invocation invocation;
    while (ddbs_api__next(api, &invocation) == DDBS_API_GO_ON) {
        if (serve(api, runner, &invocation) != DDBS_API_GO_ON)
            return;
    }
}

/* Returns when there is nothing left but to exit; it has been said why. */
static void run(const ddbs_consumer *consumer, const ddbs_lambda_options *options)
{
    struct ddbs_env env;
    struct ddbs_api api;
    struct ddbs_runner runner = { .consumer = consumer };
    ddbs_error error;
    ddbs_status status = ddbs_env__read(&env, options, &error);

    if (env.runtime_api == NULL) {
        fputs(outside_lambda, stderr);
        return;
    }
    if (ddbs_api__open(&api, env.runtime_api) != DDBS_OK) {
        ddbs_log__line(DDBS_LOG_ERROR, NULL, NULL,
                       "no memory for the Runtime API, or its address is too long; exiting");
        return;
    }
    if (status == DDBS_OK)
        status = ddbs_runner__start(&runner, consumer, &env, &error);
    if (status == DDBS_OK)
        converse(&api, &runner);
    else
        report_init_failure(&api, &error);
    ddbs_runner__stop(&runner);
    ddbs_api__close(&api);
}

void ddbs_lambda_run(const ddbs_consumer *consumer, const ddbs_lambda_options *options)
{
    assert(consumer != NULL);
    setvbuf(stdout, NULL, _IOLBF, 0); /* the log is a pipe: a handler's lines must not wait for a full buffer */
    signal(SIGPIPE, SIG_IGN);         /* a reader of the log that went away must not end the function */
    run(consumer, options);
    exit(EXIT_FAILURE);
}
