/* env.c: see env.h. Every variable with a fixed set of words is a row of a table; guessing what an unknown word meant
 * could lose records, so it is an error that names the legal ones. */
#include "runtime/lambda/env.h"
#include "lib/error.h"

#include <stdlib.h>
#include <string.h>

struct word {
    const char *text;
    int value;
};

/* Of two words: no variable has more yet. */
struct variable {
    const char *name;
    struct word words[2];
};

static const struct variable report_variable = {
    "DDBS_REPORT",
    { { "error", DDBS_REPORT_ERROR }, { "items", DDBS_REPORT_ITEMS } },
};
static const struct variable kinesis_variable = { "DDBS_KINESIS_BINARY", { { "twice", false }, { "once", true } } };
static const struct variable pipes_variable = { "DDBS_PIPES_ID", { { "event", false }, { "sequence", true } } };

/* `*value` keeps what the options said where the variable is not set. */
static ddbs_status read_variable(const struct variable *variable, int *value, ddbs_error *error)
{
    const char *text = getenv(variable->name);
    if (text == NULL)
        return DDBS_OK;
    for (size_t i = 0; i < sizeof variable->words / sizeof *variable->words; i++) {
        if (strcmp(text, variable->words[i].text) == 0) {
            *value = variable->words[i].value;
            return DDBS_OK;
        }
    }
    return ddbs_error__set(error, DDBS_E_USAGE, DDBS_NOWHERE, DDBS_NOWHERE,
                           "the environment variable %s is \"%.64s\"; legal are \"%s\" and \"%s\"", variable->name,
                           text, variable->words[0].text, variable->words[1].text);
}

static ddbs_status read_report(struct ddbs_env *env, const ddbs_lambda_options *options, ddbs_error *error)
{
    int report = options->report == DDBS_REPORT_DEFAULT ? DDBS_REPORT_ERROR : (int)options->report;
    DDBS_TRY(read_variable(&report_variable, &report, error));
    if (report != DDBS_REPORT_ERROR && report != DDBS_REPORT_ITEMS)
        return ddbs_error__set(error, DDBS_E_USAGE, DDBS_NOWHERE, DDBS_NOWHERE,
                               "the option report is %d, which is no ddbs_report", report);
    env->report = (ddbs_report)report;
    return DDBS_OK;
}

static ddbs_status read_event_options(struct ddbs_env *env, const ddbs_lambda_options *options, ddbs_error *error)
{
    int kinesis = options->event.kinesis_binary_once;
    int pipes = options->event.pipes_report_sequence;
    DDBS_TRY(read_variable(&kinesis_variable, &kinesis, error));
    DDBS_TRY(read_variable(&pipes_variable, &pipes, error));
    env->event = (ddbs_event_options){ .kinesis_binary_once = kinesis, .pipes_report_sequence = pipes };
    return DDBS_OK;
}

ddbs_status ddbs_env__read(struct ddbs_env *out, const ddbs_lambda_options *options, ddbs_error *error)
{
    static const ddbs_lambda_options defaults;
    const char *address = getenv("AWS_LAMBDA_RUNTIME_API");

    *out = (struct ddbs_env){ .runtime_api = address != NULL && address[0] != '\0' ? address : NULL,
                              .report = DDBS_REPORT_ERROR };
    if (options == NULL)
        options = &defaults;
    DDBS_TRY(read_report(out, options, error));
    return read_event_options(out, options, error);
}
