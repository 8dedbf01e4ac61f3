/* env.c: see env.h. Every variable with a fixed set of words is a row of a table; guessing what an unknown word meant
 * could lose records, so it is an error that names the legal ones. */
#include "runtime/lambda/env.h"
#include "lib/error.h"
#include "runtime/lambda/log.h"
#include "runtime/lambda/metrics.h"
#include "runtime/lambda/park_file.h"
#include "runtime/lambda/slots.h"

#include <stdlib.h>
#include <string.h>

struct word {
    const char *text;
    int value;
};

/* Of two or three words. */
struct variable {
    const char *name;
    struct word words[3];
};

static const struct variable report_variable = {
    "DDBS_REPORT",
    { { "error", DDBS_REPORT_ERROR }, { "items", DDBS_REPORT_ITEMS } },
};
static const struct variable kinesis_variable = { "DDBS_KINESIS_BINARY", { { "twice", false }, { "once", true } } };
static const struct variable isolation_variable = {
    "DDBS_ISOLATION",
    { { "worker", DDBS_ISOLATION_WORKER }, { "none", DDBS_ISOLATION_NONE } },
};
static const struct variable pipes_variable = { "DDBS_PIPES_ID", { { "event", false }, { "sequence", true } } };

static const struct variable metrics_variable = {
    "DDBS_METRICS",
    { { "failures", DDBS_METRICS_FAILURES }, { "all", DDBS_METRICS_ALL }, { "off", DDBS_METRICS_OFF } },
};

/* `*value` keeps what the options said where the variable is not set. */
static ddbs_status read_variable(const struct variable *variable, int *value, ddbs_error *error)
{
    const char *text = getenv(variable->name);
    bool third = variable->words[2].text != NULL;
    if (text == NULL)
        return DDBS_OK;
    for (size_t i = 0; i < sizeof variable->words / sizeof *variable->words; i++) {
        if (variable->words[i].text != NULL && strcmp(text, variable->words[i].text) == 0) {
            *value = variable->words[i].value;
            return DDBS_OK;
        }
    }
    return ddbs_error__set(error, DDBS_E_USAGE, DDBS_NOWHERE, DDBS_NOWHERE,
                           "the environment variable %s is \"%.64s\"; legal are \"%s\"%s%s%s and \"%s\"",
                           variable->name, text, variable->words[0].text, third ? ", \"" : "",
                           third ? variable->words[1].text : "", third ? "\"" : "",
                           variable->words[third ? 2 : 1].text);
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

static ddbs_status read_isolation(struct ddbs_env *env, const ddbs_lambda_options *options, ddbs_error *error)
{
    int isolation = options->isolation == DDBS_ISOLATION_DEFAULT ? DDBS_ISOLATION_WORKER : (int)options->isolation;
    DDBS_TRY(read_variable(&isolation_variable, &isolation, error));
    env->isolated = isolation != DDBS_ISOLATION_NONE;
    return DDBS_OK;
}

static ddbs_status read_metrics(const ddbs_lambda_options *options, ddbs_error *error)
{
    ddbs_metrics_options metrics = options->metrics;
    int mode = (int)metrics.mode;
    DDBS_TRY(read_variable(&metrics_variable, &mode, error));
    metrics.mode = (ddbs_metrics_mode)mode;
    return ddbs_metrics__open(&metrics, error);
}

/* The number that a variable is; 0 where it is not set, or no number of at most six digits. */
static long number_of(const char *name)
{
    const char *text = getenv(name);
    size_t len = text == NULL ? 0 : strlen(text);
    if (len == 0 || len > 6 || strspn(text, "0123456789") != len)
        return 0;
    return strtol(text, NULL, 10);
}

/* What Lambda says is 1 to 1600, and on anything else there is one slot: that is correct, if slower. */
static ddbs_status read_slots(struct ddbs_env *env, const ddbs_lambda_options *options, ddbs_error *error)
{
    const char *text = getenv("DDBS_MAX_WORKERS");
    long asked = number_of("AWS_LAMBDA_MAX_CONCURRENCY");
    long most = text != NULL                ? number_of("DDBS_MAX_WORKERS")
                : options->max_workers == 0 ? DDBS_SLOTS_MAX
                                            : (long)options->max_workers;
    if (text != NULL && (most < 1 || most > DDBS_SLOTS_MAX))
        return ddbs_error__set(error, DDBS_E_USAGE, DDBS_NOWHERE, DDBS_NOWHERE,
                               "the environment variable DDBS_MAX_WORKERS is \"%.64s\"; legal are 1 to %d", text,
                               DDBS_SLOTS_MAX);
    if (most > DDBS_SLOTS_MAX)
        return ddbs_error__set(error, DDBS_E_USAGE, DDBS_NOWHERE, DDBS_NOWHERE,
                               "the option max_workers is %ld; legal are 0 to %d", most, DDBS_SLOTS_MAX);
    env->slots = asked < 1 ? 1 : (unsigned)(asked < most ? asked : most);
    return DDBS_OK;
}

ddbs_status ddbs_env__read(struct ddbs_env *out, const ddbs_lambda_options *options, ddbs_error *error)
{
    static const ddbs_lambda_options defaults;
    const char *address = getenv("AWS_LAMBDA_RUNTIME_API");

    *out = (struct ddbs_env){ .runtime_api = address != NULL && address[0] != '\0' ? address : NULL,
                              .report = DDBS_REPORT_ERROR,
                              .slots = 1 };
    ddbs_log__open();
    if (options == NULL)
        options = &defaults;
    DDBS_TRY(read_report(out, options, error));
    DDBS_TRY(read_isolation(out, options, error));
    DDBS_TRY(read_metrics(options, error));
    out->park = options->park;
    out->window_partial = options->window_partial;
    DDBS_TRY(read_slots(out, options, error));
    DDBS_TRY(ddbs_park_file__check(&options->park, error));
    out->memory_bytes = ((int64_t)number_of("AWS_LAMBDA_FUNCTION_MEMORY_SIZE") << 20) / out->slots;
    return read_event_options(out, options, error);
}
