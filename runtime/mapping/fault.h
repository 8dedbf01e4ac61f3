/* fault.h: when a fault happens, and what the kinds that concern the mapping alone do: a duplicate batch, a throttle,
 * and, around a source, expired iterators and lost checkpoints (fault_source_*), splits and merges (fault_reshard_*).
 * Pure: the emulator uses it around processes, a test around functions.
 *
 * All comes from one seed: each rule draws from its own random numbers, one for each of its opportunities, so that the
 * same opportunities give the same faults whatever other rules there are. */
#ifndef MAPPING_FAULT_H
#define MAPPING_FAULT_H
#include "runtime/mapping/fault_spec.h"
#include "runtime/mapping/mapping.h"

struct fault_plan {
    struct fault_rules rules;
    uint64_t seed;
    uint64_t fired[FAULT_KINDS]; /* how often each kind happened */
    /* Told of each that happened; NULL: nobody is. */
    void (*told)(void *user, enum fault_kind kind);
    void *user;
};

/* An opportunity for a kind that happens at once: whether it does. Counted and told. */
bool fault_happens(struct fault_plan *plan, enum fault_kind kind);

/* An opportunity for all that can happen to an invocation, of which one at most is chosen: FAULT_NONE or one below
 * FAULT_INVOCATION_KINDS. What else was due comes in an invocation after it. At the end of the invocation call
 * fault_happened, or fault_missed where there was no occasion, as with no response to spoil: then it is due again. */
enum fault_kind fault_choose(struct fault_plan *plan);
void fault_happened(struct fault_plan *plan, enum fault_kind kind);
void fault_missed(struct fault_plan *plan, enum fault_kind kind);

/* A random number for the occasion at hand, the same for the same seed and `number`. */
uint64_t fault_draw(const struct fault_plan *plan, enum fault_kind kind, uint64_t number);

/* Whether a delivery that ended so shall be made once more, with the same request id, before the mapping is told of its
 * end: an opportunity for FAULT_DUPLICATE where it was a success, that is, where nothing of it would come again. */
bool fault_repeats(struct fault_plan *plan, const struct mapping_settings *settings,
                   const struct mapping_delivery *delivery, const struct mapping_result *result);

/* ---- Around a source --------------------------------------------------------------------------------------------- */

struct fault_source;

/* Expired iterators and lost checkpoints of the source `below`. What is read again has its place in the shard again, so
 * that the mapping knows it by the same number. Kept in memory are the records between the checkpoint and the last one
 * read. False when memory is exhausted. The caller frees it with fault_source_free; `below` and `plan` must live as
 * long. */
bool fault_source_new(struct fault_source **out, const struct mapping_source *below, struct fault_plan *plan);
void fault_source_free(struct fault_source *source);

/* The source for mapping_new. */
struct mapping_source fault_source_view(struct fault_source *source);

/* The host hands on each MAPPING_TRACE_CHECKPOINT: it may be forgotten. Not after the shard's end was read. */
void fault_source_moved(struct fault_source *source, size_t shard, const struct mapping_checkpoint *checkpoint);

struct fault_reshard;

/* Splits and merges of each shard of the source `below`: its records go on in two children, by a hash of their key,
 * later in a child of both, and so on. At a shard's end two children are always merged, so that the shards that follow
 * it in `below` have one parent. Otherwise as above. A source whose records have no keys fills one child only. */
bool fault_reshard_new(struct fault_reshard **out, const struct mapping_source *below, struct fault_plan *plan);
void fault_reshard_free(struct fault_reshard *reshard);
struct mapping_source fault_reshard_view(struct fault_reshard *reshard);
#endif
