/* slots.h: several invocations at once in one environment (Managed Instances, AWS_LAMBDA_MAX_CONCURRENCY). Each slot is
 * what a whole environment is elsewhere: a process with its own connection, supervisor and worker, that takes one event
 * after the other. The program's process only waits for them. What belongs to an invocation (_X_AMZN_TRACE_ID, too)
 * stays per process, and a handler needs to know nothing of other slots, but what it shares with them outside. */
#ifndef LAMBDA_SLOTS_H
#define LAMBDA_SLOTS_H
#include <ddbstream/base.h>

enum { DDBS_SLOTS_MAX = 64 };

/* One of the processes, as it sees itself. */
struct ddbs_slot {
    unsigned number; /* from 0 */
    int report;      /* where it says how its initialization went */
    int gate;        /* gives a byte when all are ready */
};

/* What a slot does with its life; returns its exit status: 0 after SIGTERM only. */
typedef int ddbs_slot_fn(void *self, struct ddbs_slot *slot);

/**
 * Fork `count` slots and wait for them. SIGTERM goes on to all, and each ends when its invocation is answered. One that
 * ends by itself has met what Lambda must restart the environment for: the others are killed. What they had not
 * answered fails and is delivered again, as Lambda does where a process dies.
 * @param count        2 to DDBS_SLOTS_MAX
 * @param exit_status  what to exit with
 * @param error        why the initialization failed: that of the first slot that said so
 * @return DDBS_OK when all is over; otherwise the initialization failed, no slot is left, and none has asked for an
 *         event, so that /init/error is still the caller's to post, once
 */
ddbs_status ddbs_slots__run(unsigned count, ddbs_slot_fn *live, void *self, int *exit_status,
                            ddbs_error *error) DDBS_MUST_CHECK;

/* In a slot: tell how the initialization went, then wait for the others, for an environment takes no event before the
 * last of them is ready. True: go on; false: end, the parent says why. */
bool ddbs_slot__join(const struct ddbs_slot *slot, const ddbs_error *error);
#endif
