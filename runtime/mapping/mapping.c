/* mapping.c: the machine as the host sees it: one step, one settled delivery, the next time to look. */
#include "runtime/mapping/engine.h"

#include <assert.h>
#include <stdlib.h>

enum { POLL_MS = 250, IDLE_CLOSE_MS = 120000 };

bool mapping_new(struct mapping **out, const struct mapping_settings *settings, const struct mapping_source *source,
                 const struct mapping_host *host)
{
    const char *key;
    assert(mapping_refusal(settings, &key) == NULL);
    assert(settings->destination == MAPPING_NO_DESTINATION || host->take != NULL);
    (void)key;
    struct mapping *mapping = calloc(1, sizeof *mapping);
    if (mapping == NULL)
        return false;
    mapping->settings = *settings;
    mapping->source = *source;
    mapping->host = *host;
    mapping->random = settings->seed;
    mapping->first_listing = SIZE_MAX;
    if (settings->poll_ms == 0)
        mapping->settings.poll_ms = POLL_MS;
    if (settings->idle_close_ms == 0)
        mapping->settings.idle_close_ms = IDLE_CLOSE_MS;
    *out = mapping;
    return true;
}

void mapping_free(struct mapping *mapping)
{
    if (mapping == NULL)
        return;
    for (size_t i = 0; i < mapping->shard_count; i++)
        mapping_shard_free(mapping->shards[i], (size_t)mapping->settings.factor);
    free(mapping->shards);
    free(mapping);
}

const struct mapping_totals *mapping_totals(const struct mapping *mapping)
{
    return &mapping->totals;
}

const char *mapping_last_result(const struct mapping *mapping)
{
    static const char *const texts[] = {
        [LAST_NONE] = "No records processed", [LAST_OK] = "OK", [LAST_PROBLEM] = "PROBLEM: Function call failed"
    };
    return texts[mapping->last];
}

void mapping_tell(struct mapping *mapping, const struct shard *shard, struct mapping_trace trace)
{
    if (mapping->host.trace == NULL)
        return;
    trace.now_ms = mapping->now_ms;
    trace.shard = shard->index;
    trace.shard_id = ddbs_str_c(shard->id);
    mapping->host.trace(mapping->host.user, &trace);
}

/* splitmix64: good enough for names that must not repeat within a run. */
static uint64_t draw(struct mapping *mapping)
{
    uint64_t mixed = mapping->random += 0x9e3779b97f4a7c15u;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebu;
    return mixed ^ mixed >> 31;
}

void mapping_new_id(struct mapping *mapping, char out[MAPPING_ID_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    static const char form[] = "xxxxxxxx-xxxx-4xxx-vxxx-xxxxxxxxxxxx"; /* a UUID of version 4 */
    uint64_t bits[2] = { draw(mapping), draw(mapping) };
    size_t used = 0;
    for (size_t i = 0; i < MAPPING_ID_SIZE; i++) {
        out[i] = form[i];
        if (form[i] != 'x' && form[i] != 'v')
            continue;
        unsigned digit = (unsigned)(bits[used / 16] >> 4 * (used % 16)) & 15u;
        out[i] = digits[form[i] == 'v' ? 8 | (digit & 3) : digit];
        used++;
    }
}

/* ---- Steps ------------------------------------------------------------------------------------------------------- */

static struct lane *lane_at(const struct mapping *mapping, size_t place, struct shard **shard)
{
    size_t factor = (size_t)mapping->settings.factor;
    *shard = mapping->shards[place / factor];
    return (*shard)->lanes == NULL ? NULL : &(*shard)->lanes[place % factor];
}

/* Begin one delivery that is due; NULL: there is none. */
static struct lane *start_one(struct mapping *mapping)
{
    size_t places = mapping->shard_count * (size_t)mapping->settings.factor;
    for (size_t i = 0; i < places && !mapping->exhausted; i++) {
        size_t place = (mapping->turn + i) % places;
        struct shard *shard;
        struct lane *lane = lane_at(mapping, place, &shard);
        if (lane == NULL || !mapping_lane_start(mapping, shard, lane))
            continue;
        mapping->turn = place + 1;
        return lane;
    }
    return NULL;
}

/* Whether a lane has something to deliver, or delivers it. */
static bool is_busy(const struct mapping *mapping, const struct shard *shard)
{
    for (size_t i = 0; shard->lanes != NULL && i < (size_t)mapping->settings.factor; i++)
        if (shard->lanes[i].phase != LANE_IDLE)
            return true;
    return false;
}

/* Nothing can be begun now. */
static enum mapping_state rest_state(const struct mapping *mapping)
{
    bool busy = false, active = false, over = true;
    for (size_t i = 0; i < mapping->shard_count; i++) {
        const struct shard *shard = mapping->shards[i];
        busy = busy || is_busy(mapping, shard);
        active = active || mapping_is_active(shard);
        over = over && shard->phase == SHARD_OVER;
    }
    if (mapping->exhausted)
        return MAPPING_EXHAUSTED;
    if (over && !mapping->broken)
        return MAPPING_ENDED;
    if (mapping->broken)
        return busy ? MAPPING_WAITS : MAPPING_BROKEN;
    return active ? MAPPING_WAITS : MAPPING_BROKEN; /* each waits for another: no lineage of a stream is like that */
}

enum mapping_state mapping_step(struct mapping *mapping, int64_t now_ms, struct mapping_delivery *out)
{
    assert(now_ms >= mapping->now_ms);
    mapping->now_ms = now_ms;
    do {
        mapping->progressed = false;
        mapping_list(mapping);
        for (size_t i = 0; i < mapping->shard_count && !mapping->exhausted; i++)
            mapping_pump(mapping, mapping->shards[i]);
        const struct lane *lane = start_one(mapping);
        if (lane != NULL) {
            *out = lane->delivery;
            return MAPPING_INVOKE;
        }
    } while (mapping->progressed && !mapping->exhausted);
    return rest_state(mapping);
}

int64_t mapping_wake(const struct mapping *mapping)
{
    int64_t wake = MAPPING_NEVER;
    for (size_t i = 0; i < mapping->shard_count; i++) {
        int64_t at = mapping_shard_wake(mapping, mapping->shards[i]);
        if (at < wake)
            wake = at;
    }
    return wake;
}

void mapping_settle(struct mapping *mapping, size_t ticket, int64_t now_ms, const struct mapping_result *result)
{
    struct shard *shard;
    assert(now_ms >= mapping->now_ms && ticket < mapping->shard_count * (size_t)mapping->settings.factor);
    mapping->now_ms = now_ms;
    struct lane *lane = lane_at(mapping, ticket, &shard);
    assert(lane != NULL);
    mapping_lane_settle(mapping, shard, lane, result);
}
