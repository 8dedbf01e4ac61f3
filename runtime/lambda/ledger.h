/* ledger.h: what really is done of a batch, from the words that came through the progress pipe. The worker may be
 * broken in any way, so a word that cannot be right ends the belief in all that follow; what was believed before
 * stays. */
#ifndef LAMBDA_LEDGER_H
#define LAMBDA_LEDGER_H
#include "runtime/lambda/channel.h"
#include <ddbstream/consumer.h>

enum { DDBS_LEDGER_BYTES = (DDBS_EVENT_RECORDS_MAX + 7) / 8 };

struct ddbs_ledger {
    uint32_t generation;
    size_t records;
    bool by_commit;   /* only what is committed is done: the consumer has on_batch_end or on_batch */
    size_t done;      /* the first `done` records */
    size_t committed; /* the first `committed` records */
    bool running;     /* a record is at hand and did not get done: */
    size_t suspect;   /* that one */
    bool broken;      /* a word came that cannot be right */

    /* With lanes records are started and done in any order, each once. Then `done` is the first that is not, `suspect`
     * is that one, and running says whether it was started. */
    bool lanes;
    unsigned char starts[DDBS_LEDGER_BYTES], ends[DDBS_LEDGER_BYTES]; /* a bit for each record */
};

/* Begin with a batch of which nothing is done. */
void ddbs_ledger__open(struct ddbs_ledger *ledger, uint32_t generation, size_t records, bool by_commit);

/* From here on records come from several lanes. */
void ddbs_ledger__allow_lanes(struct ddbs_ledger *ledger);

/* With lanes: a crash says that it was in this record. It is the suspect, where it was started and not done. */
void ddbs_ledger__accuse(struct ddbs_ledger *ledger, size_t index);

void ddbs_ledger__note(struct ddbs_ledger *ledger, struct ddbs_progress word);

/* The first record that is not done. */
size_t ddbs_ledger__checkpoint(const struct ddbs_ledger *ledger);

/* Check an outcome that the worker claims: false unless ledger and claim say the same. */
bool ddbs_ledger__confirms(const struct ddbs_ledger *ledger, const ddbs_outcome *claim);
#endif
