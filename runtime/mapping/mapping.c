/* mapping.c: batches, retries, halves and discards of an event source mapping.
 *
 * The batch in memory is worked off from its left end. `first` is the checkpoint, [first, end[top]) the delivery at
 * hand, and the parts that halving left over follow it, [end[top], end[top - 1]) and so on: depth first, left part
 * first. */
#include "runtime/mapping/mapping.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Halving 10,000 records leaves at most 14 parts at once. */
enum { PARTS_MAX = 16 };

/* Seen on AWS: about 200 ms before the first retry and 400 ms before the second. Later steps are not known; doubling
 * goes on up to a minute. */
enum { WAIT_FIRST_MS = 200, WAIT_MAX_MS = 60000 };

struct mapping {
    struct mapping_settings settings;
    mapping_source *source;
    void *user;
    bool ended;                 /* the source has no more */
    bool broken;                /* it failed */
    bool exhausted;             /* memory */
    struct mapping_record held; /* pulled, but too large for the batch before: the first of the next */
    bool holding;

    ddbs_str *json, *identifiers; /* of the batch, batch_size of each; the texts are owned */
    size_t count;
    size_t bytes; /* of the event that the batch would make */
    size_t first;
    size_t end[PARTS_MAX];
    size_t top;

    enum mapping_cause cause;
    uint64_t attempt; /* of the delivery at hand, from 1 */
    bool delivered;   /* it was given out and not yet settled */
    struct mapping_totals totals;
};

bool mapping_new(struct mapping **out, const struct mapping_settings *settings, mapping_source *source, void *user)
{
    assert(settings->batch_size >= 1 && settings->batch_size <= DDBS_EVENT_RECORDS_MAX);
    assert(settings->retries >= MAPPING_RETRIES_UNLIMITED);
    struct mapping *mapping = calloc(1, sizeof *mapping);
    if (mapping == NULL)
        return false;
    mapping->settings = *settings;
    mapping->source = source;
    mapping->user = user;
    mapping->json = calloc(settings->batch_size, sizeof *mapping->json);
    mapping->identifiers = calloc(settings->batch_size, sizeof *mapping->identifiers);
    if (mapping->json == NULL || mapping->identifiers == NULL) {
        mapping_free(mapping);
        return false;
    }
    *out = mapping;
    return true;
}

static void drop_batch(struct mapping *mapping)
{
    for (size_t i = 0; i < mapping->count; i++)
        free((char *)mapping->json[i].ptr); /* the identifier lies behind it */
    mapping->count = 0;
}

void mapping_free(struct mapping *mapping)
{
    if (mapping == NULL)
        return;
    drop_batch(mapping);
    free(mapping->json);
    free(mapping->identifiers);
    free(mapping);
}

bool mapping_exhausted(const struct mapping *mapping)
{
    return mapping->exhausted;
}

const struct mapping_totals *mapping_totals(const struct mapping *mapping)
{
    return &mapping->totals;
}

/* Copy a record into the batch: one piece of memory for both texts. */
static bool append(struct mapping *mapping, const struct mapping_record *record)
{
    char *copy = malloc(record->json.len + record->identifier.len + 2);
    if (copy == NULL)
        return false;
    char *identifier = copy + record->json.len + 1;
    memcpy(copy, record->json.ptr, record->json.len);
    identifier[-1] = '\0';
    memcpy(identifier, record->identifier.ptr, record->identifier.len);
    identifier[record->identifier.len] = '\0';
    mapping->json[mapping->count] = (ddbs_str){ copy, record->json.len };
    mapping->identifiers[mapping->count] = (ddbs_str){ identifier, record->identifier.len };
    mapping->bytes += record->json.len + (mapping->count > 0); /* and the comma before it */
    mapping->count++;
    return true;
}

/* Take records until the batch is full, by number or by bytes, or the stream ends, or it cannot be read any further.
 * False when memory is exhausted. */
static bool fill_batch(struct mapping *mapping)
{
    mapping->bytes = strlen(MAPPING_EVENT_HEAD MAPPING_EVENT_TAIL);
    while (mapping->count < mapping->settings.batch_size && !mapping->ended && !mapping->broken) {
        if (!mapping->holding) {
            int got = mapping->source(mapping->user, &mapping->held);
            mapping->broken = got < 0;
            mapping->ended = got == 0;
            mapping->holding = got > 0;
            continue;
        }
        assert(mapping->held.json.len <= MAPPING_RECORD_BYTES_MAX);
        if (mapping->count > 0 && mapping->bytes + 1 + mapping->held.json.len > MAPPING_EVENT_BYTES_MAX)
            break;
        if (!append(mapping, &mapping->held)) {
            mapping->exhausted = true;
            return false;
        }
        mapping->holding = false;
    }
    return true;
}

/* Begin a new delivery of the part on top. */
static void begin(struct mapping *mapping, enum mapping_cause cause)
{
    mapping->cause = cause;
    mapping->attempt = 1;
}

static int64_t wait_before(uint64_t attempt)
{
    int64_t wait = WAIT_FIRST_MS;
    for (uint64_t i = 2; i < attempt && wait < WAIT_MAX_MS; i++)
        wait *= 2;
    return attempt == 1 ? 0 : wait < WAIT_MAX_MS ? wait : WAIT_MAX_MS;
}

int mapping_next(struct mapping *mapping, struct mapping_delivery *out)
{
    assert(!mapping->delivered);
    if (mapping->first == mapping->count) {
        drop_batch(mapping);
        mapping->first = 0;
        if (!fill_batch(mapping)) {
            drop_batch(mapping);
            return -1;
        }
        if (mapping->count == 0)
            return mapping->broken ? -1 : 0;
        mapping->totals.polled += mapping->count;
        mapping->top = 0;
        mapping->end[0] = mapping->count;
        begin(mapping, MAPPING_BATCH);
    }
    mapping->delivered = true;
    *out = (struct mapping_delivery){
        .cause = mapping->cause,
        .number = mapping->totals.invocations + 1,
        .first = mapping->totals.polled - mapping->count + mapping->first + 1,
        .count = mapping->end[mapping->top] - mapping->first,
        .json = mapping->json + mapping->first,
        .identifiers = mapping->identifiers + mapping->first,
        .attempt = mapping->attempt,
        .wait_ms = wait_before(mapping->attempt),
        .same_request = mapping->attempt > 1,
    };
    return 1;
}

/* The part on top is behind the checkpoint: go on with the one that halving left behind it. */
static void leave_part(struct mapping *mapping)
{
    mapping->first = mapping->end[mapping->top];
    if (mapping->top > 0)
        mapping->top--;
    begin(mapping, MAPPING_HALF);
}

static void halve(struct mapping *mapping)
{
    size_t count = mapping->end[mapping->top] - mapping->first;
    assert(mapping->top + 1 < PARTS_MAX);
    mapping->end[mapping->top + 1] = mapping->first + count / 2;
    mapping->top++;
    mapping->totals.halvings++;
    begin(mapping, MAPPING_HALF);
}

/* The delivery failed from its first record on. Halving spends no retries: only a single record is ever tried again
 * where it is on. */
static enum mapping_step after_failure(struct mapping *mapping, size_t count)
{
    const struct mapping_settings *settings = &mapping->settings;
    if (settings->bisect && count > 1) {
        halve(mapping);
        return MAPPING_HALVE;
    }
    if (settings->retries == MAPPING_RETRIES_UNLIMITED || mapping->attempt <= (uint64_t)settings->retries) {
        mapping->attempt++;
        mapping->cause = MAPPING_RETRY;
        return MAPPING_AGAIN;
    }
    mapping->totals.discarded += count;
    leave_part(mapping);
    return MAPPING_DISCARD;
}

/* How many records of a delivery are lost where nobody reads the response: those from the first one not done, and all
 * where the list does not tell. A response without a list reports nothing. */
static size_t count_lost(const struct verdict *verdict, size_t count)
{
    switch (verdict->kind) {
    case VERDICT_PARTIAL:
        return count - verdict->resume;
    case VERDICT_FAILED:
        return verdict->list ? count : 0;
    case VERDICT_DONE:
        break;
    }
    return 0;
}

static struct verdict judge(const struct mapping *mapping, const struct mapping_result *result, size_t count,
                            struct mapping_decision *decision)
{
    struct verdict verdict = verdict_of(result->body, result->len, mapping->identifiers + mapping->first, count);
    if (mapping->settings.report_items)
        return verdict;
    /* Any response is success to this mapping: what it lists is lost. */
    decision->lost = count_lost(&verdict, count);
    return (struct verdict){ .kind = VERDICT_DONE, .list = verdict.list, .listed = verdict.listed };
}

void mapping_settle(struct mapping *mapping, const struct mapping_result *result, struct mapping_decision *out)
{
    assert(mapping->delivered);
    size_t count = mapping->end[mapping->top] - mapping->first;
    mapping->delivered = false;
    mapping->totals.invocations++;
    mapping->totals.retries += mapping->cause == MAPPING_RETRY;
    *out = (struct mapping_decision){ .step = MAPPING_DONE };
    if (!result->error)
        out->verdict = judge(mapping, result, count, out);

    if (result->error || out->verdict.kind == VERDICT_FAILED ||
        (out->verdict.kind == VERDICT_PARTIAL && out->verdict.resume == 0)) {
        mapping->totals.errors += result->error || out->verdict.kind == VERDICT_FAILED;
        out->step = after_failure(mapping, count);
        out->discarded = out->step == MAPPING_DISCARD ? count : 0;
    } else if (out->verdict.kind == VERDICT_PARTIAL) {
        out->step = MAPPING_RESUME;
        out->done = out->verdict.resume;
        mapping->first += out->done;
        begin(mapping, MAPPING_REST);
    } else {
        out->done = count - out->lost;
        leave_part(mapping);
    }
    mapping->totals.partial += out->verdict.kind == VERDICT_PARTIAL;
    mapping->totals.done += out->done;
    mapping->totals.lost += out->lost;
}
