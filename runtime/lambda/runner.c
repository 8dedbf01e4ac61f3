/* runner.c: see runner.h. */
#include "runtime/lambda/runner.h"
#include "lib/error.h"
#include "runtime/lambda/failure.h"

#include <stdio.h>
#include <string.h>

ddbs_status ddbs_runner__start(struct ddbs_runner *runner, const ddbs_consumer *consumer, const struct ddbs_env *env,
                               ddbs_error *error)
{
    *runner = (struct ddbs_runner){ .consumer = consumer, .report = env->report, .options = env->event };
    if (ddbs_arena_new(&runner->arena, 0) != DDBS_OK)
        return ddbs_error__set(error, DDBS_E_MEMORY, DDBS_NOWHERE, DDBS_NOWHERE, "no memory for the first event");
    return ddbs_start(consumer, NULL, error);
}

void ddbs_runner__stop(struct ddbs_runner *runner)
{
    ddbs_arena_free(runner->arena);
    runner->arena = NULL;
}

/* Append to `result->why`; its size is that of all that can come, so nothing is cut but what a stranger made long. */
static void DDBS_PRINTF(2, 3) explain(struct ddbs_result *result, const char *format, ...)
{
    size_t used = strlen(result->why);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(result->why + used, sizeof result->why - used, format, arguments);
    va_end(arguments);
}

/* In the words of the answer, which has no place for them when it is a partial one. */
static void explain_error(struct ddbs_result *result, const ddbs_error *error)
{
    const ddbs_outcome *outcome = &result->outcome;
    result->why[0] = '\0';
    explain(result, "%s", error->reason[0] != '\0' ? error->reason : ddbs_status_text(error->status));
    if (error->path[0] != '\0')
        explain(result, "; at %s", error->path);
    if (error->offset != DDBS_NOWHERE)
        explain(result, "; offset %zu", error->offset);
    if (outcome->checkpoint < outcome->records)
        explain(result, "; record %zu/%zu seq=%.*s", outcome->checkpoint, outcome->records, (int)outcome->failing.len,
                outcome->failing.ptr);
}

void ddbs_runner__refuse(struct ddbs_runner *runner, const ddbs_error *error, struct ddbs_result *result)
{
    ddbs_arena_reset(runner->arena);
    result->outcome = (ddbs_outcome){ .records = 0 };
    if (ddbs_answer_refusal(error, runner->arena, &result->answer) != DDBS_OK)
        result->answer = ddbs_failure__no_memory();
    result->type = result->answer.error_type;
    explain_error(result, error);
}

/* A partial answer names a record, but no type: that of the error which the other mode would have answered. */
static const char *failure_type(const struct ddbs_runner *runner, const ddbs_event *event,
                                const struct ddbs_result *result)
{
    ddbs_answer as_error;
    if (result->answer.is_error)
        return result->answer.error_type;
    if (result->outcome.checkpoint == result->outcome.records)
        return NULL;
    if (ddbs_answer_outcome(event, &result->outcome, DDBS_REPORT_ERROR, runner->arena, &as_error) != DDBS_OK)
        return ddbs_status_name(result->outcome.error.status);
    return as_error.error_type;
}

void ddbs_runner__run(struct ddbs_runner *runner, ddbs_bytes json, const ddbs_host *host, struct ddbs_result *result)
{
    const ddbs_event *event;
    ddbs_error error;

    ddbs_arena_reset(runner->arena);
    ddbs_error_clear(&error);
    if (ddbs_event_parse(runner->arena, json.ptr, json.len, &runner->options, &event, &error) != DDBS_OK) {
        ddbs_runner__refuse(runner, &error, result);
        return;
    }
    (void)ddbs_process(event, runner->consumer, host, runner->arena, &result->outcome);
    if (ddbs_answer_outcome(event, &result->outcome, runner->report, runner->arena, &result->answer) != DDBS_OK)
        result->answer = ddbs_failure__no_memory();
    result->type = failure_type(runner, event, result);
    if (result->type != NULL)
        explain_error(result, &result->outcome.error);
}
