/* fault_source.c: expired iterators and lost checkpoints around a source. See fault.h.
 *
 * What was read from the checkpoint on is kept as copies, in the order of the shard. Losing the last move of the
 * checkpoint means to hand these out again, from the place where the checkpoint was before that move. */
#include "runtime/mapping/fault.h"

#include "runtime/mapping/engine.h"

#include <stdlib.h>
#include <string.h>

struct kept {
    struct batch batch; /* places first, first + 1, ... */
    uint64_t first;
    size_t at;           /* the next one to hand out again; batch.count: none */
    uint64_t read;       /* place of the last record read from below */
    uint64_t checkpoint; /* its place before the last move that counts */
    bool ended;
};

struct fault_source {
    struct mapping_source below;
    struct fault_plan *plan;
    struct kept *shards;
    size_t count;
};

bool fault_source_new(struct fault_source **out, const struct mapping_source *below, struct fault_plan *plan)
{
    struct fault_source *source = calloc(1, sizeof *source);
    if (source == NULL)
        return false;
    source->below = *below;
    source->plan = plan;
    *out = source;
    return true;
}

void fault_source_free(struct fault_source *source)
{
    if (source == NULL)
        return;
    for (size_t i = 0; i < source->count; i++) {
        mapping_empty(&source->shards[i].batch);
        free(source->shards[i].batch.records);
    }
    free(source->shards);
    free(source);
}

/* Have a place for shard `index`; NULL: there is no memory, and nothing can be lost there. */
static struct kept *kept_of(struct fault_source *source, size_t index)
{
    if (index < source->count)
        return &source->shards[index];
    struct kept *grown = realloc(source->shards, (index + 1) * sizeof *grown);
    if (grown == NULL)
        return NULL;
    for (size_t i = source->count; i <= index; i++)
        grown[i] = (struct kept){ .first = 1, .checkpoint = 1 };
    source->shards = grown;
    source->count = index + 1;
    return &grown[index];
}

/* Forget what lies before `place`. */
static void drop_before(struct kept *kept, uint64_t place)
{
    size_t count = place > kept->first ? (size_t)(place - kept->first) : 0;
    if (count > kept->batch.count)
        count = kept->batch.count;
    if (count > kept->at)
        count = kept->at; /* it is being handed out again */
    for (size_t i = 0; i < count; i++) {
        kept->batch.bytes -= kept->batch.records[i].json.len;
        mapping_drop(&kept->batch.records[i]);
    }
    kept->batch.count -= count;
    if (count > 0)
        memmove(kept->batch.records, kept->batch.records + count, kept->batch.count * sizeof *kept->batch.records);
    kept->first += count;
    kept->at -= count;
}

/* Keep a copy of what was read. Without memory for it, what was kept goes: then no checkpoint can be lost for now. */
static void keep(struct kept *kept, const struct mapping_record *record)
{
    struct mapping_record copy;
    if (mapping_copy(&copy, record)) {
        if (mapping_push(&kept->batch, &copy)) {
            kept->at = kept->batch.count;
            return;
        }
        mapping_drop(&copy);
    }
    mapping_empty(&kept->batch);
    kept->at = 0;
    kept->first = record->place + 1;
}

static bool list(void *user, size_t index, struct mapping_shard *out)
{
    struct fault_source *source = user;
    return source->below.shard(source->below.user, index, out);
}

static void open_shard(void *user, size_t index, enum mapping_position position)
{
    struct fault_source *source = user;
    if (source->below.open != NULL)
        source->below.open(source->below.user, index, position);
}

static enum mapping_read read_below(struct fault_source *source, size_t index, struct kept *kept,
                                    struct mapping_record *out)
{
    enum mapping_read got = source->below.read(source->below.user, index, out);
    if (kept == NULL)
        return got;
    kept->ended = got == MAPPING_READ_END;
    if (got != MAPPING_READ_RECORD)
        return got;
    if (out->place == 0)
        out->place = kept->read + 1;
    if (out->place != kept->read + 1) { /* it begins in the middle of its shard, or was read again below */
        mapping_empty(&kept->batch);
        kept->at = 0;
        kept->first = kept->checkpoint = out->place;
    }
    kept->read = out->place;
    keep(kept, out);
    return got;
}

static enum mapping_read read_shard(void *user, size_t index, struct mapping_record *out)
{
    struct fault_source *source = user;
    struct kept *kept = kept_of(source, index);
    if (kept != NULL && kept->at < kept->batch.count) {
        *out = kept->batch.records[kept->at++];
        out->place = kept->first + kept->at - 1;
        return MAPPING_READ_RECORD;
    }
    if (fault_happens(source->plan, FAULT_EXPIRED_ITERATOR))
        return MAPPING_READ_NOTHING;
    return read_below(source, index, kept, out);
}

struct mapping_source fault_source_view(struct fault_source *source)
{
    return (struct mapping_source){ source, list, open_shard, read_shard };
}

void fault_source_moved(struct fault_source *source, size_t shard, const struct mapping_checkpoint *checkpoint)
{
    struct kept *kept = kept_of(source, shard);
    if (kept == NULL || kept->ended)
        return;
    bool whole = kept->batch.count > 0 && kept->first <= kept->checkpoint && checkpoint->place > kept->checkpoint;
    if (whole && fault_happens(source->plan, FAULT_LOST_CHECKPOINT)) {
        kept->at = (size_t)(kept->checkpoint - kept->first);
        return;
    }
    kept->checkpoint = checkpoint->place;
    drop_before(kept, checkpoint->place);
}
