/* lanes.c: see lanes.h. There are no threads in here: the host runs a function once for each lane. What a lane writes
 * is its own (its context, its arena, the kinds of its records), but for the record that it must not go beyond.
 *
 * A record without keys can belong to any item: one that does not decode, or one whose keys are absent or of a type
 * that no key has. It divides the batch. All before it are waited for, it runs alone, then the rest goes on. */
#include "lib/lanes.h"
#include "lib/error.h"
#include "lib/value.h"

#include <ddbstream/num.h>

#include <stdatomic.h>
#include <string.h>

enum { ALONE = UINT8_MAX };
_Static_assert(DDBS_LANES_MAX < ALONE, "the number of a lane is a byte");

struct lane {
    struct ddbs_ctx ctx; /* its arena is NULL before the first record */
    size_t failed;       /* the record that it ended at; DDBS_NOWHERE: none */
    ddbs_status status;
};

struct ddbs_lanes {
    struct ddbs_ctx *batch;
    size_t count, records;
    struct lane *lanes;
    unsigned char *lane_of;             /* of each record: a lane, or ALONE */
    size_t begin, end;                  /* the records between two that run alone: those that are running */
    unsigned char used[DDBS_LANES_MAX]; /* the lanes that these are in */
    atomic_size_t stop;                 /* the first record that failed: no lane goes beyond it */
};

/* ---- Which lane ---- */

/* FNV-1a: short keys, and whoever finds keys that all go to one lane has made only his own function slow. */
static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t len)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ at[i]) * 0x100000001b3u;
    return hash;
}

/* Every bit of the hash in its lower ones (the last steps of MurmurHash3). */
static uint64_t mixed(uint64_t hash)
{
    hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccdu;
    return hash ^ hash >> 33;
}

/* Keys are S, N or B (developer guide, HowItWorks.CoreComponents), and numbers are equal by value: 1 is 1.0. */
static bool hash_value(const ddbs_value *value, uint64_t *hash)
{
    char number[DDBS_NUM_TEXT_MAX];
    switch (ddbs_value_type(value)) {
    case DDBS_TYPE_S:
    case DDBS_TYPE_B:
        *hash = hash_bytes(*hash, value->as.text, value->len);
        return true;
    case DDBS_TYPE_N:
        if (ddbs_num_canonical((ddbs_num){ value->as.text, value->len }, number) != DDBS_OK)
            return false;
        *hash = hash_bytes(*hash, number, strlen(number));
        return true;
    default:
        return false;
    }
}

/* The order of the attributes means nothing: their hashes are added. */
static bool hash_keys(const ddbs_record *record, uint64_t *out)
{
    const uint64_t seed = 0xcbf29ce484222325u;
    uint64_t sum = hash_bytes(seed, record->table.ptr, record->table.len);
    ddbs_iter iter = ddbs_iter_item(record->keys);
    ddbs_str name;
    for (const ddbs_value *value; (value = ddbs_iter_attr(&iter, &name)) != NULL;) {
        uint64_t hash = hash_bytes(seed, name.ptr, name.len + 1); /* the NUL divides it from the value */
        if (!hash_value(value, &hash))
            return false;
        sum += mixed(hash);
    }
    *out = mixed(sum);
    return record->keys != NULL;
}

/* The record is decoded as a whole and forgotten again: that tells whether it decodes at all. */
static unsigned char choose_lane(struct ddbs_lanes *lanes, size_t index)
{
    struct ddbs_ctx *batch = lanes->batch;
    struct arena_mark mark = ddbs_arena__mark(batch->arena);
    const ddbs_record *record;
    uint64_t hash = 0;
    bool keyed = ddbs_event_record(batch->event, index, batch->arena, &record, &batch->error) == DDBS_OK &&
                 hash_keys(record, &hash);
    ddbs_arena__release(batch->arena, mark);
    size_t lane = keyed ? hash % lanes->count : ALONE;
    return (unsigned char)lane;
}

static bool open_lane(struct ddbs_lanes *lanes, size_t number)
{
    struct lane *lane = &lanes->lanes[number];
    if (lane->ctx.arena != NULL)
        return true;
    lane->ctx = *lanes->batch;
    lane->ctx.lane = number;
    lane->ctx.arena = NULL;
    if (ddbs_arena_new(&lane->ctx.arena, 0) != DDBS_OK)
        return false;
    lane->ctx.keep = ddbs_arena__within(lane->ctx.arena);
    return lane->ctx.keep != NULL;
}

static bool plan(struct ddbs_lanes *lanes)
{
    for (size_t i = 0; i < lanes->records; i++) {
        lanes->lane_of[i] = choose_lane(lanes, i);
        if (lanes->lane_of[i] != ALONE && !open_lane(lanes, lanes->lane_of[i]))
            return false;
    }
    return true;
}

/* ---- Running ---- */

static void stop_at(struct ddbs_lanes *lanes, size_t index)
{
    size_t stop = atomic_load(&lanes->stop);
    while (index < stop && !atomic_compare_exchange_weak(&lanes->stop, &stop, index))
        continue;
}

static bool run_record(struct ddbs_lanes *lanes, size_t index)
{
    struct lane *lane = &lanes->lanes[lanes->lane_of[index]];
    lane->ctx.ok = index;
    lane->status = ddbs_process__record(&lane->ctx, index);
    if (lane->status == DDBS_OK)
        return true;
    lane->failed = index;
    stop_at(lanes, index);
    return false;
}

/* One lane from begin to end: what the host runs. */
static void run_lane(void *job, size_t at)
{
    struct ddbs_lanes *lanes = job;
    unsigned char number = lanes->used[at];
    for (size_t i = lanes->begin; i < lanes->end; i++) {
        if (lanes->lane_of[i] == number && (i > atomic_load(&lanes->stop) || !run_record(lanes, i)))
            return;
    }
}

/* What is open yet, in the order of the batch. */
static void run_in_order(struct ddbs_lanes *lanes)
{
    for (size_t i = lanes->begin; i < lanes->end && i < atomic_load(&lanes->stop); i++) {
        if (lanes->batch->kinds[i] == KIND_OPEN)
            run_record(lanes, i);
    }
}

/* Note the lanes that the records at hand are in: how many. */
static size_t find_used(struct ddbs_lanes *lanes)
{
    bool seen[DDBS_LANES_MAX] = { false };
    size_t count = 0;
    for (size_t i = lanes->begin; i < lanes->end; i++) {
        unsigned char number = lanes->lane_of[i];
        if (!seen[number])
            lanes->used[count++] = number;
        seen[number] = true;
    }
    return count;
}

/* The first record at hand that is open; what a thread was ended in is, too, and it told nobody. */
static size_t first_open(const struct ddbs_lanes *lanes, struct ddbs_lanes_failure *failure)
{
    size_t i = lanes->begin;
    while (i < lanes->end && lanes->batch->kinds[i] != KIND_OPEN)
        i++;
    if (i == lanes->end)
        return i;
    struct lane *lane = &lanes->lanes[lanes->lane_of[i]];
    failure->ctx = &lane->ctx;
    failure->status = lane->status;
    if (lane->failed != i)
        failure->status = ddbs_fail(&lane->ctx, DDBS_E_HANDLER, "a callback ended its thread and did not return");
    return i;
}

static size_t run_together(struct ddbs_lanes *lanes, size_t begin, size_t end, struct ddbs_lanes_failure *failure)
{
    const ddbs_host *host = lanes->batch->host;
    lanes->begin = begin;
    lanes->end = end;
    size_t used = find_used(lanes);
    if (used < 2 || host->parallel == NULL || !host->parallel(host->self, used, run_lane, lanes))
        run_in_order(lanes);
    return first_open(lanes, failure);
}

static bool run_alone(struct ddbs_lanes *lanes, size_t index, struct ddbs_lanes_failure *failure)
{
    lanes->batch->ok = index;
    *failure = (struct ddbs_lanes_failure){ lanes->batch, ddbs_process__record(lanes->batch, index) };
    return failure->status == DDBS_OK;
}

size_t ddbs_lanes__run(struct ddbs_lanes *lanes, struct ddbs_lanes_failure *failure)
{
    if (!plan(lanes)) {
        failure->ctx = lanes->batch;
        failure->status = ddbs_fail(lanes->batch, DDBS_E_MEMORY, "no memory for %zu lanes", lanes->count);
        return 0;
    }
    for (size_t at = 0, end = 0; at < lanes->records; at = end + 1) {
        for (end = at; end < lanes->records && lanes->lane_of[end] != ALONE;)
            end++;
        size_t done = run_together(lanes, at, end, failure);
        if (done < end || (end < lanes->records && !run_alone(lanes, end, failure)))
            return done;
    }
    return lanes->records;
}

/* ---- Making and freeing ---- */

struct ddbs_lanes *ddbs_lanes__new(struct ddbs_ctx *batch, size_t count, size_t records)
{
    struct ddbs_lanes *lanes = ddbs_arena__alloc(batch->arena, sizeof *lanes);
    if (lanes == NULL)
        return NULL;
    *lanes = (struct ddbs_lanes){ .batch = batch, .count = count, .records = records };
    atomic_init(&lanes->stop, SIZE_MAX);
    lanes->lanes = ddbs_arena__alloc(batch->arena, count * sizeof *lanes->lanes);
    lanes->lane_of = ddbs_arena__alloc(batch->arena, records);
    if (lanes->lanes == NULL || lanes->lane_of == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++)
        lanes->lanes[i] = (struct lane){ .failed = DDBS_NOWHERE };
    return lanes;
}

void ddbs_lanes__free(struct ddbs_lanes *lanes)
{
    for (size_t i = 0; lanes != NULL && i < lanes->count; i++)
        ddbs_arena_free(lanes->lanes[i].ctx.arena);
}
