/* env.h: the configuration of the runtime: environment over options over default. Read once, before anything runs. */
#ifndef LAMBDA_ENV_H
#define LAMBDA_ENV_H
#include <ddbstream/lambda.h>

struct ddbs_env {
    const char *runtime_api; /* AWS_LAMBDA_RUNTIME_API as it stands in the environment; NULL: not set, or empty */
    ddbs_report report;      /* never DDBS_REPORT_DEFAULT */
    ddbs_event_options event;
    ddbs_park_policy park;
    ddbs_raw_fn *raw; /* what runs instead of the consumer's callbacks; NULL: nothing */
    unsigned slots;   /* invocations at once, each in processes of its own; at least 1 */
    bool window_partial;
    bool isolated;        /* a supervisor and a worker; false: one process */
    int64_t memory_bytes; /* AWS_LAMBDA_FUNCTION_MEMORY_SIZE, a slot's part of it; 0: not known */
};

/**
 * Read and check the environment. `runtime_api` is set in any case, so that a failure can be reported there.
 * @param options  NULL for the defaults
 * @param error    says which variable has which value and what is legal
 * @return DDBS_OK or DDBS_E_USAGE
 */
ddbs_status ddbs_env__read(struct ddbs_env *out, const ddbs_lambda_options *options, ddbs_error *error) DDBS_MUST_CHECK;
#endif
