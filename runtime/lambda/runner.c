/* runner.c: see runner.h. */
#include "runtime/lambda/runner.h"
#include "lib/answer.h"
#include "lib/error.h"
#include "runtime/lambda/failure.h"
#include "runtime/lambda/raw.h"

#include <string.h>

ddbs_status ddbs_runner__start(struct ddbs_runner *runner, const ddbs_consumer *consumer, const struct ddbs_env *env,
                               ddbs_error *error)
{
    *runner =
        (struct ddbs_runner){ .consumer = consumer, .report = env->report, .options = env->event, .raw = env->raw };
    if (ddbs_arena_new(&runner->arena, 0) != DDBS_OK)
        return ddbs_error__set(error, DDBS_E_MEMORY, DDBS_NOWHERE, DDBS_NOWHERE, "no memory for the first event");
    return ddbs_start(consumer, NULL, error);
}

void ddbs_runner__stop(struct ddbs_runner *runner)
{
    ddbs_arena_free(runner->arena);
    runner->arena = NULL;
}

void ddbs_runner__refuse(struct ddbs_runner *runner, const ddbs_error *error, struct ddbs_result *result)
{
    ddbs_arena_reset(runner->arena);
    result->refused = true;
    result->is_batch = false;
    result->event = NULL;
    result->outcome = (ddbs_outcome){ .records = 0 };
    if (ddbs_answer_refusal(error, runner->arena, &result->answer) != DDBS_OK)
        result->answer = ddbs_failure__no_memory();
}

static void run_raw(struct ddbs_runner *runner, ddbs_bytes event, const ddbs_host *host, struct ddbs_result *result)
{
    ddbs_str text;
    result->refused = result->is_batch = false;
    result->event = NULL;
    ddbs_raw__call(runner->consumer, runner->raw, host, event, runner->arena, &result->outcome, &text);
    if (ddbs_answer__result(&result->outcome, text, runner->arena, &result->answer) != DDBS_OK)
        result->answer = ddbs_failure__no_memory();
}

void ddbs_runner__run(struct ddbs_runner *runner, ddbs_bytes json, const ddbs_host *host, struct ddbs_result *result)
{
    const ddbs_event *event;
    ddbs_error error;

    ddbs_arena_reset(runner->arena);
    ddbs_error_clear(&error);
    if (runner->raw != NULL) {
        run_raw(runner, json, host, result);
        return;
    }
    if (ddbs_event_parse(runner->arena, json.ptr, json.len, &runner->options, &event, &error) != DDBS_OK) {
        ddbs_runner__refuse(runner, &error, result);
        return;
    }
    result->refused = false;
    result->is_batch = true;
    result->event = event;
    (void)ddbs_process(event, runner->consumer, host, runner->arena, &result->outcome);
    if (ddbs_answer_outcome(event, &result->outcome, runner->report, runner->arena, &result->answer) != DDBS_OK)
        result->answer = ddbs_failure__no_memory();
}
