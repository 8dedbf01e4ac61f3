/* worker.h: the process that runs the handler. It may crash, hang or end at any moment: it is trusted with nothing but
 * its own pages, the reply, and its end of the channel. */
#ifndef LAMBDA_WORKER_H
#define LAMBDA_WORKER_H
#include "runtime/lambda/channel.h"
#include "runtime/lambda/env.h"
#include "runtime/lambda/share.h"
#include <ddbstream/consumer.h>

/* What a worker is given when it is forked. */
struct ddbs_worker_setup {
    const ddbs_consumer *consumer;
    const struct ddbs_env *env;
    const struct ddbs_share *share;
    struct ddbs_channel channel;
    uint32_t generation;
    pid_t supervisor;
};

/* What a worker exits with where it has nothing to say any more. */
enum {
    DDBS_WORKER_DONE = 0,
    DDBS_WORKER_STRAY = 70,   /* a child of the handler's came back out of a callback */
    DDBS_WORKER_UNHEARD = 71, /* the supervisor cannot be reached */
    DDBS_WORKER_LOST = 72     /* the handler left its callback without returning */
};

/* End a worker that runs the program's main again: a callback has jumped there, and nothing waits for a supervisor. */
void ddbs_worker__must_not_be_here(void);

/* Live as a worker. Call it in the child, right after the fork. */
void ddbs_worker__live(const struct ddbs_worker_setup *setup) __attribute__((noreturn));
#endif
