/* runner.h: one consumer and what it takes to run one event through it. Knows nothing of where events come from. */
#ifndef LAMBDA_RUNNER_H
#define LAMBDA_RUNNER_H
#include "runtime/lambda/env.h"
#include <ddbstream/consumer.h>

struct ddbs_runner {
    const ddbs_consumer *consumer;
    ddbs_report report;
    ddbs_event_options options;
    ddbs_raw_fn *raw;  /* what runs instead of the consumer's callbacks; NULL: nothing */
    ddbs_arena *arena; /* of one event, from its index to its answer */
};

/* What became of an event. */
struct ddbs_result {
    ddbs_answer answer;      /* in the runner's arena: until the next event */
    bool refused;            /* no callback was run */
    bool is_batch;           /* it was run, and was one */
    const ddbs_event *event; /* as long as the answer; NULL where it was refused */
    ddbs_outcome outcome;    /* zero where the event was refused */
};

/**
 * Make the arena and call on_start. Ended with ddbs_runner__stop(), also after a failure.
 * @param error  says why not
 */
ddbs_status ddbs_runner__start(struct ddbs_runner *runner, const ddbs_consumer *consumer, const struct ddbs_env *env,
                               ddbs_error *error) DDBS_MUST_CHECK;
void ddbs_runner__stop(struct ddbs_runner *runner);

/* Run an event through the consumer. Always gives an answer. */
void ddbs_runner__run(struct ddbs_runner *runner, ddbs_bytes event, const ddbs_host *host, struct ddbs_result *result);

/* The answer to an event that never came so far. */
void ddbs_runner__refuse(struct ddbs_runner *runner, const ddbs_error *error, struct ddbs_result *result);
#endif
