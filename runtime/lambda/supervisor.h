/* supervisor.h: keeps a worker, hands it one invocation after the other, and answers for it whatever becomes of it. */
#ifndef LAMBDA_SUPERVISOR_H
#define LAMBDA_SUPERVISOR_H
#include "runtime/lambda/api.h"
#include "runtime/lambda/batch_line.h"
#include "runtime/lambda/channel.h"
#include "runtime/lambda/env.h"
#include "runtime/lambda/ledger.h"
#include "runtime/lambda/share.h"

struct ddbs_supervisor {
    const ddbs_consumer *consumer;
    const struct ddbs_env *env;
    const struct ddbs_share *share;
    ddbs_arena *index;   /* in the shared memory, behind the job */
    ddbs_arena *answers; /* this process's own */
    int signals;         /* a descriptor that tells of SIGCHLD and SIGTERM */
    int statm;           /* of the worker, where its memory is watched */
    bool terminated;     /* SIGTERM came */
    bool bereaved;       /* SIGCHLD came, and nobody has looked yet who it was */
    bool unborn;         /* there was no worker yet: the first one need not be there before an event is asked for */
    bool ready_due;      /* the worker has not said yet that it is ready, and nobody has waited for it */
    struct ddbs_channel channel;
    pid_t worker; /* 0: none */
    uint32_t generation, invocation;
    int wait_status;         /* of the last worker, once it is dead */
    bool has_batch;          /* the last invocation had one: */
    struct ddbs_batch batch; /* what became of it; lives as long as its event */
    ddbs_outcome outcome;
    ddbs_str result; /* of a function that is no consumer */
    struct ddbs_batch_numbers numbers;
    unsigned crashes;         /* workers that died, for the log */
    unsigned workers_in_vain; /* made since the last invocation */
};

/**
 * Make the first worker and wait until its on_start is done. Without on_start nothing in it can fail that would have to
 * be reported: it is left to ddbs_supervisor__meanwhile(), and the first event is asked for sooner. Ended with
 * ddbs_supervisor__stop(), also after a failure.
 * @param share  outlives the supervisor
 * @param error  says why not: for /init/error
 */
ddbs_status ddbs_supervisor__start(struct ddbs_supervisor *supervisor, const ddbs_consumer *consumer,
                                   const struct ddbs_env *env, const struct ddbs_share *share,
                                   ddbs_error *error) DDBS_MUST_CHECK;

/* Whether this process has more than one thread, which no child that it forks would have; where /proc is missing nobody
 * knows. */
bool ddbs_supervisor__has_threads(void);

/* Call on_stop where a worker lives, and end it: at most 200 ms. */
void ddbs_supervisor__stop(struct ddbs_supervisor *supervisor);

/* Run an invocation, for which ddbs_supervisor__renew() or __meanwhile() has made sure of a worker. Always gives an
 * answer, which lives until the next call. */
void ddbs_supervisor__run(struct ddbs_supervisor *supervisor, const struct ddbs_invocation *invocation,
                          ddbs_answer *answer);

/* Make sure that a worker waits for the next invocation, a new one if need be. False: that was not possible, and it has
 * been said why; no event may be taken. */
bool ddbs_supervisor__renew(struct ddbs_supervisor *supervisor);

/* Make the first worker, if that was left to do, while the first event is on its way. True: that was not possible. */
bool ddbs_supervisor__meanwhile(void *supervisor);

/* Look at what `signals` tells while an event is waited for: a dead worker is replaced. True when there is no use in
 * waiting any longer: SIGTERM came, or no worker can be made. */
bool ddbs_supervisor__is_disturbed(void *supervisor);
#endif
