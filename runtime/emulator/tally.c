/* tally.c: see tally.h. */
#include "tally.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The shard, with room made for it; NULL without memory. */
static struct tally_shard *shard_at(struct tally *tally, size_t index)
{
    if (index < tally->count)
        return &tally->shards[index];
    struct tally_shard *grown = realloc(tally->shards, (index + 1) * sizeof *grown);
    if (grown == NULL) {
        tally->failed = true;
        return NULL;
    }
    memset(grown + tally->count, 0, (index + 1 - tally->count) * sizeof *grown);
    for (size_t i = tally->count; i <= index; i++)
        grown[i].age_ms = -1;
    tally->shards = grown;
    tally->count = index + 1;
    return &grown[index];
}

int64_t tally_age(const struct mapping_delivery *delivery, int64_t now_ms)
{
    if (delivery->count == 0)
        return -1;
    int64_t age = now_ms - delivery->records[delivery->count - 1].created_ms;
    return age < 0 ? 0 : age;
}

static void begin(struct tally *tally, struct tally_shard *shard, const struct mapping_trace *trace)
{
    int64_t age = tally_age(trace->delivery, trace->now_ms);
    shard->running++;
    shard->waits = false;
    shard->attempt = trace->delivery->attempt;
    if (age >= 0)
        shard->age_ms = age;
    if (age > tally->age_max_ms)
        tally->age_max_ms = age;
}

static void end(struct tally_shard *shard, const struct mapping_trace *trace)
{
    const struct mapping_decision *decision = trace->decision;
    shard->done += decision->done;
    shard->lost += decision->lost;
    shard->waits = decision->step == MAPPING_AGAIN;
    if (trace->result == NULL)
        return;
    shard->running -= shard->running > 0;
    shard->invocations += trace->result->end != MAPPING_THROTTLED;
    shard->failures +=
        decision->step == MAPPING_AGAIN || decision->step == MAPPING_HALVE || decision->step == MAPPING_DISCARD;
}

void tally_trace(struct tally *tally, const struct mapping_trace *trace)
{
    struct tally_shard *shard = shard_at(tally, trace->shard);
    if (shard == NULL)
        return;
    switch (trace->kind) {
    case MAPPING_TRACE_SHARD:
        snprintf(shard->id, sizeof shard->id, "%.*s", (int)trace->shard_id.len, trace->shard_id.ptr);
        break;
    case MAPPING_TRACE_POLL:
        shard->polled += trace->count;
        shard->denied = false;
        break;
    case MAPPING_TRACE_DENIED:
        shard->denied = true;
        break;
    case MAPPING_TRACE_FILTERED:
        shard->filtered++;
        break;
    case MAPPING_TRACE_INVOKE:
        begin(tally, shard, trace);
        break;
    case MAPPING_TRACE_RESULT:
        end(shard, trace);
        break;
    case MAPPING_TRACE_DISCARD:
        shard->discarded += trace->discard->delivery->count;
        break;
    case MAPPING_TRACE_SHARD_END:
        shard->ended = true;
        break;
    case MAPPING_TRACE_CHECKPOINT:
    case MAPPING_TRACE_WINDOW:
        break;
    }
}

void tally_answer(struct tally *tally, const struct function_answer *answer)
{
    int64_t duration = answer->duration_ms > 0 ? answer->duration_ms : 0;
    tally->answers++;
    tally->errors += answer->end != FUNCTION_RESPONSE;
    tally->duration_ms += duration;
    if (duration > tally->duration_max_ms)
        tally->duration_max_ms = duration;
}

uint64_t tally_open(const struct tally_shard *shard)
{
    return shard->polled - shard->filtered - shard->done - shard->lost - shard->discarded;
}

void tally_free(struct tally *tally)
{
    free(tally->shards);
    *tally = (struct tally){ .shards = NULL };
}
