/* fault_reshard.c: splits and merges around a source. See fault.h.
 *
 * A shard of the source below becomes a chain of stages, of one branch or of two: each branch is a shard to the
 * mapping. Whoever of two branches is read first reads below; what belongs to the other one waits in its queue. */
#include "runtime/mapping/fault.h"

#include "runtime/mapping/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ID_SIZE = 80 /* a shard's id has at most 65 characters */, QUEUE_MAX = 1000 };

struct branch {
    char id[ID_SIZE];
    char parents[2][ID_SIZE]; /* "": none */
    size_t trunk;
    struct batch queue;
    size_t at;                  /* the next of the queue */
    struct mapping_record lent; /* handed out last */
    bool over;                  /* nothing more comes into the queue */
};

/* A shard below. */
struct trunk {
    char id[ID_SIZE];
    size_t branch[2]; /* those of the stage at hand */
    size_t width;     /* 1 or 2 */
    bool ended;
};

struct fault_reshard {
    struct mapping_source below;
    struct fault_plan *plan;
    struct branch **branches;
    size_t branch_count;
    struct trunk *trunks;
    size_t trunk_count;
};

bool fault_reshard_new(struct fault_reshard **out, const struct mapping_source *below, struct fault_plan *plan)
{
    struct fault_reshard *reshard = calloc(1, sizeof *reshard);
    if (reshard == NULL)
        return false;
    reshard->below = *below;
    reshard->plan = plan;
    *out = reshard;
    return true;
}

void fault_reshard_free(struct fault_reshard *reshard)
{
    if (reshard == NULL)
        return;
    for (size_t i = 0; i < reshard->branch_count; i++) {
        struct branch *branch = reshard->branches[i];
        for (; branch->at < branch->queue.count; branch->at++)
            mapping_drop(&branch->queue.records[branch->at]);
        mapping_drop(&branch->lent);
        free(branch->queue.records);
        free(branch);
    }
    free(reshard->branches);
    free(reshard->trunks);
    free(reshard);
}

/* ---- Stages ------------------------------------------------------------------------------------------------------ */

/* A new branch of a trunk; its number, or SIZE_MAX without memory. */
static size_t add_branch(struct fault_reshard *reshard, size_t trunk)
{
    size_t number = reshard->branch_count;
    struct branch **grown = realloc(reshard->branches, (number + 1) * sizeof *grown);
    if (grown == NULL)
        return SIZE_MAX;
    reshard->branches = grown;
    grown[number] = calloc(1, sizeof **grown);
    if (grown[number] == NULL)
        return SIZE_MAX;
    grown[number]->trunk = trunk;
    /* The form is DynamoDB's: a counter and eight hexadecimal digits. */
    uint64_t digits = fault_draw(reshard->plan, FAULT_SPLIT, number);
    snprintf(grown[number]->id, ID_SIZE, "shardId-%020zu-%08x", 9000000 + number, (unsigned)(digits >> 32));
    return reshard->branch_count++;
}

/* End the stage at hand of a trunk and begin one of `width` branches. Without memory the stage at hand goes on. */
static bool begin_stage(struct fault_reshard *reshard, size_t trunk_number, size_t width)
{
    struct trunk *trunk = &reshard->trunks[trunk_number];
    size_t fresh[2] = { add_branch(reshard, trunk_number), SIZE_MAX };
    if (width == 2 && fresh[0] != SIZE_MAX)
        fresh[1] = add_branch(reshard, trunk_number);
    if (fresh[width - 1] == SIZE_MAX) {
        if (fresh[0] != SIZE_MAX)
            free(reshard->branches[--reshard->branch_count]); /* nobody was told of it */
        return false;
    }
    for (size_t i = 0; i < trunk->width; i++)
        reshard->branches[trunk->branch[i]]->over = true;
    for (size_t i = 0; i < width; i++)
        for (size_t parent = 0; parent < trunk->width; parent++)
            memcpy(reshard->branches[fresh[i]]->parents[parent], reshard->branches[trunk->branch[parent]]->id, ID_SIZE);
    memcpy(trunk->branch, fresh, sizeof fresh);
    trunk->width = width;
    return true;
}

/* The record that comes next may be the first after a split or a merge. */
static void change_stage(struct fault_reshard *reshard, size_t trunk)
{
    size_t width = reshard->trunks[trunk].width;
    if (fault_happens(reshard->plan, width == 1 ? FAULT_SPLIT : FAULT_MERGE))
        begin_stage(reshard, trunk, 3 - width);
}

static void end_trunk(struct fault_reshard *reshard, size_t number)
{
    struct trunk *trunk = &reshard->trunks[number];
    if (trunk->width == 2)
        begin_stage(reshard, number, 1);
    for (size_t i = 0; i < trunk->width; i++)
        reshard->branches[trunk->branch[i]]->over = true;
    trunk->ended = true;
}

/* ---- Listing ----------------------------------------------------------------------------------------------------- */

/* The branch that ends a listed parent's trunk; false: it is not known yet. One that is not listed was trimmed. */
static bool last_branch(const struct fault_reshard *reshard, ddbs_str parent, char out[ID_SIZE])
{
    snprintf(out, ID_SIZE, "%.*s", (int)parent.len, parent.ptr == NULL ? "" : parent.ptr);
    for (size_t i = 0; parent.ptr != NULL && i < reshard->trunk_count; i++) {
        const struct trunk *trunk = &reshard->trunks[i];
        if (strcmp(trunk->id, out) != 0)
            continue;
        memcpy(out, reshard->branches[trunk->branch[0]]->id, ID_SIZE);
        return trunk->ended;
    }
    return true;
}

/* List the next shard below as a trunk of one branch, once its parents are read to their end. */
static bool list_next(struct fault_reshard *reshard)
{
    struct mapping_shard shard = { .id = { NULL, 0 } };
    char parents[2][ID_SIZE];
    size_t number = reshard->trunk_count;
    if (!reshard->below.shard(reshard->below.user, number, &shard) ||
        !last_branch(reshard, shard.parents[0], parents[0]) || !last_branch(reshard, shard.parents[1], parents[1]))
        return false;
    struct trunk *grown = realloc(reshard->trunks, (number + 1) * sizeof *grown);
    if (grown == NULL)
        return false;
    reshard->trunks = grown;
    size_t branch = add_branch(reshard, number);
    if (branch == SIZE_MAX)
        return false;
    grown[number] = (struct trunk){ .branch = { branch, SIZE_MAX }, .width = 1 };
    snprintf(grown[number].id, ID_SIZE, "%.*s", (int)shard.id.len, shard.id.ptr);
    memcpy(reshard->branches[branch]->id, grown[number].id, ID_SIZE);
    memcpy(reshard->branches[branch]->parents, parents, sizeof parents);
    reshard->trunk_count++;
    return true;
}

static bool list(void *user, size_t index, struct mapping_shard *out)
{
    struct fault_reshard *reshard = user;
    if (index >= reshard->branch_count && !list_next(reshard))
        return false;
    const struct branch *branch = reshard->branches[index];
    *out = (struct mapping_shard){ .id = ddbs_str_c(branch->id) };
    for (size_t i = 0; i < 2; i++)
        if (branch->parents[i][0] != '\0')
            out->parents[i] = ddbs_str_c(branch->parents[i]);
    return true;
}

static void open_shard(void *user, size_t index, enum mapping_position position)
{
    struct fault_reshard *reshard = user;
    const struct branch *branch = reshard->branches[index];
    const struct trunk *trunk = &reshard->trunks[branch->trunk];
    if (reshard->below.open != NULL && strcmp(branch->id, trunk->id) == 0)
        reshard->below.open(reshard->below.user, branch->trunk, position);
}

/* ---- Reading ----------------------------------------------------------------------------------------------------- */

/* Hand out the first of the queue. */
static void lend(struct branch *branch, struct mapping_record *out)
{
    mapping_drop(&branch->lent);
    branch->lent = branch->queue.records[branch->at++];
    branch->lent.place = 0; /* its place below is none in this shard */
    *out = branch->lent;
    if (branch->at < branch->queue.count)
        return;
    branch->queue.count = branch->at = 0;
    branch->queue.bytes = 0;
}

/* Bits that lanes do not choose by. */
static size_t side_of(uint64_t key)
{
    return (size_t)((key * 0x9e3779b97f4a7c15u) >> 63);
}

static enum mapping_read route(struct fault_reshard *reshard, size_t number, const struct mapping_record *record)
{
    struct mapping_record copy;
    change_stage(reshard, number);
    const struct trunk *trunk = &reshard->trunks[number];
    struct branch *branch = reshard->branches[trunk->branch[trunk->width == 1 ? 0 : side_of(record->key)]];
    if (!mapping_copy(&copy, record))
        return MAPPING_READ_FAILED;
    if (mapping_push(&branch->queue, &copy))
        return MAPPING_READ_RECORD;
    mapping_drop(&copy);
    return MAPPING_READ_FAILED;
}

/* Whether another branch of the stage has so much waiting that this one has to wait for it. */
static bool is_ahead(const struct fault_reshard *reshard, const struct trunk *trunk)
{
    for (size_t i = 0; i < trunk->width; i++) {
        const struct branch *branch = reshard->branches[trunk->branch[i]];
        if (branch->queue.count - branch->at >= QUEUE_MAX)
            return true;
    }
    return false;
}

/* Read below once. */
static enum mapping_read pull(struct fault_reshard *reshard, size_t number)
{
    struct mapping_record record = { .place = 0 };
    if (is_ahead(reshard, &reshard->trunks[number]))
        return MAPPING_READ_NOTHING;
    enum mapping_read got = reshard->below.read(reshard->below.user, number, &record);
    if (got == MAPPING_READ_END)
        end_trunk(reshard, number);
    return got == MAPPING_READ_RECORD ? route(reshard, number, &record) : got;
}

static enum mapping_read read_shard(void *user, size_t index, struct mapping_record *out)
{
    struct fault_reshard *reshard = user;
    struct branch *branch = reshard->branches[index];
    for (;;) {
        if (branch->at < branch->queue.count) {
            lend(branch, out);
            return MAPPING_READ_RECORD;
        }
        if (branch->over)
            return MAPPING_READ_END;
        enum mapping_read got = pull(reshard, branch->trunk);
        if (got != MAPPING_READ_RECORD && got != MAPPING_READ_END)
            return got;
    }
}

struct mapping_source fault_reshard_view(struct fault_reshard *reshard)
{
    return (struct mapping_source){ reshard, list, open_shard, read_shard };
}
