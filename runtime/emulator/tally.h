/* tally.h: what happened so far, shard by shard, and the measures of CloudWatch that the mapping itself does not
 * count. */
#ifndef EMULATOR_TALLY_H
#define EMULATOR_TALLY_H
#include "function.h"

#include "runtime/mapping/mapping.h"

enum { TALLY_ID_MAX = 80 }; /* of a shard's id as it is shown; AWS has up to 65 characters */

/* The counts are of records but where they say something else. */
struct tally_shard {
    char id[TALLY_ID_MAX]; /* "": not opened yet */
    uint64_t polled, filtered, done, lost, discarded;
    uint64_t invocations, failures; /* deliveries that ran, and those of them that come again or were given up */
    uint64_t running;               /* deliveries under way */
    uint64_t attempt;               /* of the delivery that began last */
    int64_t age_ms;                 /* its iterator age: how old its last record was; -1: there was none */
    bool waits;                     /* what failed last comes again after a wait */
    bool denied;                    /* the last look into it was denied */
    bool ended;
};

/* Zeroed: nothing happened. */
struct tally {
    struct tally_shard *shards; /* by the mapping's index; owned */
    size_t count;
    bool failed;     /* memory: what is shown of shards is not complete */
    uint64_t errors; /* invocations that the function failed. A response that counts as a failure is none to Lambda */
    uint64_t answers;
    int64_t duration_ms, duration_max_ms; /* of all answers together, and of the longest one */
    int64_t age_max_ms;                   /* IteratorAge */
};

void tally_trace(struct tally *tally, const struct mapping_trace *trace);

/* An invocation that ended. */
void tally_answer(struct tally *tally, const struct function_answer *answer);

/* Records that were polled and not settled. */
uint64_t tally_open(const struct tally_shard *shard);

/* How old the last record of a delivery is, in milliseconds, not below 0; -1: it has no records. */
int64_t tally_age(const struct mapping_delivery *delivery, int64_t now_ms);

void tally_free(struct tally *tally);
#endif
