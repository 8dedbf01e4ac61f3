/* shard.c: shards, parents before children; from a shard into its lanes. */
#include "runtime/mapping/engine.h"

#include <stdlib.h>
#include <string.h>

/* ---- The list ---------------------------------------------------------------------------------------------------- */

static bool copy_text(char **out, ddbs_str text)
{
    *out = NULL;
    if (text.ptr == NULL)
        return true;
    *out = malloc(text.len + 1);
    if (*out == NULL)
        return false;
    memcpy(*out, text.ptr, text.len);
    (*out)[text.len] = '\0';
    return true;
}

static bool grow(struct mapping *mapping)
{
    size_t capacity = mapping->shard_capacity == 0 ? 4 : 2 * mapping->shard_capacity;
    if (mapping->shard_count < mapping->shard_capacity)
        return true;
    struct shard **grown = realloc(mapping->shards, capacity * sizeof *grown);
    if (grown == NULL)
        return false;
    mapping->shards = grown;
    mapping->shard_capacity = capacity;
    return true;
}

static bool add(struct mapping *mapping, const struct mapping_shard *listed)
{
    struct shard *shard = grow(mapping) ? calloc(1, sizeof *shard) : NULL;
    if (shard == NULL)
        return false;
    shard->index = mapping->shard_count;
    shard->reported = 1;
    if (!copy_text(&shard->id, listed->id) || !copy_text(&shard->parents[0], listed->parents[0]) ||
        !copy_text(&shard->parents[1], listed->parents[1])) {
        mapping_shard_free(shard, 0);
        return false;
    }
    mapping->shards[mapping->shard_count++] = shard;
    return true;
}

void mapping_list(struct mapping *mapping)
{
    struct mapping_shard listed = { .parents = { { NULL, 0 }, { NULL, 0 } } };
    while (!mapping->exhausted && mapping->source.shard(mapping->source.user, mapping->shard_count, &listed))
        mapping->exhausted = !add(mapping, &listed);
    if (mapping->first_listing == SIZE_MAX)
        mapping->first_listing = mapping->shard_count;
}

void mapping_shard_free(struct shard *shard, size_t lane_count)
{
    for (size_t i = 0; shard->lanes != NULL && i < lane_count; i++) {
        mapping_empty(&shard->lanes[i].next);
        mapping_empty(&shard->lanes[i].work);
        free(shard->lanes[i].next.records);
        free(shard->lanes[i].work.records);
    }
    free(shard->lanes);
    mapping_drop(&shard->held);
    mapping_window_close(&shard->window);
    free(shard->parents[0]);
    free(shard->parents[1]);
    free(shard->id);
    free(shard);
}

/* A parent that is not listed was trimmed long ago: it is over. */
static const struct shard *find(const struct mapping *mapping, const char *id)
{
    for (size_t i = 0; id != NULL && i < mapping->shard_count; i++)
        if (strcmp(mapping->shards[i]->id, id) == 0)
            return mapping->shards[i];
    return NULL;
}

static void open_shard(struct mapping *mapping, struct shard *shard)
{
    const struct shard *parents[2] = { find(mapping, shard->parents[0]), find(mapping, shard->parents[1]) };
    for (size_t i = 0; i < 2; i++)
        if (parents[i] != NULL && parents[i]->phase != SHARD_OVER)
            return;
    shard->lanes = calloc((size_t)mapping->settings.factor, sizeof *shard->lanes);
    if (shard->lanes == NULL) {
        mapping->exhausted = true;
        return;
    }
    bool first = shard->index < mapping->first_listing && parents[0] == NULL && parents[1] == NULL;
    shard->phase = SHARD_READ;
    shard->poll_at_ms = mapping->now_ms;
    mapping_tell(mapping, shard, (struct mapping_trace){ .kind = MAPPING_TRACE_SHARD });
    if (mapping->source.open != NULL)
        mapping->source.open(mapping->source.user, shard->index,
                             first ? mapping->settings.position : MAPPING_TRIM_HORIZON);
}

/* ---- Reading ----------------------------------------------------------------------------------------------------- */

static struct lane *lane_of(const struct mapping *mapping, const struct shard *shard, uint64_t key)
{
    return &shard->lanes[key % (uint64_t)mapping->settings.factor];
}

/* Whether a record more can be taken at all. With one lane nothing is read while a batch is under way: one batch is in
 * memory. */
static bool has_room(const struct mapping *mapping, const struct shard *shard)
{
    size_t lanes = (size_t)mapping->settings.factor;
    if (lanes == 1 && shard->lanes->phase != LANE_IDLE)
        return false;
    for (size_t i = 0; i < lanes; i++)
        if (shard->lanes[i].next.count < (size_t)mapping->settings.batch_size && !shard->lanes[i].next_full)
            return true;
    return false;
}

static void keep_last(struct shard *shard, ddbs_str sequence, uint64_t place)
{
    shard->read = place != 0 ? place : shard->read + 1;
    shard->last_len = sequence.len < sizeof shard->last ? sequence.len : sizeof shard->last;
    memcpy(shard->last, sequence.ptr, shard->last_len);
}

/* A record that cannot be matched is delivered: nothing is dropped in doubt. */
static bool passes(const struct mapping *mapping, const struct mapping_record *record)
{
    bool out = true;
    const ddbs_filter *filter = mapping->settings.filter;
    return filter == NULL || ddbs_filter_match_json(filter, record->json, &out) != DDBS_OK || out;
}

static void take(struct mapping *mapping, struct shard *shard, struct mapping_record *record)
{
    mapping->totals.polled++;
    keep_last(shard, record->sequence, record->place);
    record->place = shard->read;
    if (!passes(mapping, record)) {
        mapping->totals.filtered++;
        mapping_tell(mapping, shard, (struct mapping_trace){ .kind = MAPPING_TRACE_FILTERED, .record = record });
        return;
    }
    shard->holding = mapping_copy(&shard->held, record);
    mapping->exhausted = !shard->holding;
}

/* Read one record. Whether there was one. */
static bool read_one(struct mapping *mapping, struct shard *shard)
{
    struct mapping_record record = { .place = 0 };
    switch (mapping->source.read(mapping->source.user, shard->index, &record)) {
    case MAPPING_READ_RECORD:
        take(mapping, shard, &record);
        return true;
    case MAPPING_READ_DENIED:
        mapping_tell(mapping, shard, (struct mapping_trace){ .kind = MAPPING_TRACE_DENIED });
        shard->poll_at_ms = mapping->now_ms + mapping->settings.poll_ms;
        return false;
    case MAPPING_READ_NOTHING:
        shard->poll_at_ms = mapping->now_ms + mapping->settings.poll_ms;
        return false;
    case MAPPING_READ_END:
        shard->phase = SHARD_FLUSHED;
        return false;
    case MAPPING_READ_FAILED:
        mapping->broken = true;
        return false;
    }
    return false;
}

static bool fits(const struct mapping *mapping, const struct shard *shard, const struct lane *lane)
{
    const struct mapping_settings *settings = &mapping->settings;
    if (lane->next.count == (size_t)settings->batch_size || lane->next_full)
        return false;
    if (!mapping_window_takes(settings, shard, lane, &shard->held))
        return false;
    if (lane->next.count == 0)
        return true;
    struct mapping_window view = mapping_window_view(settings, &shard->window, false);
    return mapping_event_bytes(settings, ddbs_str_c(shard->id), settings->tumbling_window == 0 ? NULL : &view,
                               lane->next.bytes + 1 + shard->held.json.len) <= MAPPING_EVENT_BYTES_MAX;
}

/* Move the held record into its lane. False: there is no room in it. */
static bool hand_over(struct mapping *mapping, struct shard *shard)
{
    struct lane *lane = lane_of(mapping, shard, shard->held.key);
    if (!fits(mapping, shard, lane)) {
        lane->next_full = lane->next.count > 0;
        return false;
    }
    if (lane->next.count == 0) {
        lane->gather_until_ms = mapping->now_ms + mapping->settings.batching_window * 1000;
        if (mapping->settings.tumbling_window != 0)
            lane->next_window = shard->window.open ? shard->window.start_ms
                                                   : mapping_window_of(&mapping->settings, shard->held.created_ms);
    }
    if (!mapping_push(&lane->next, &shard->held)) {
        mapping->exhausted = true;
        return false;
    }
    shard->holding = false;
    shard->held = (struct mapping_record){ .place = 0 };
    return true;
}

static void gather(struct mapping *mapping, struct shard *shard)
{
    size_t count = 0;
    while (!mapping->broken && !mapping->exhausted && has_room(mapping, shard)) {
        if (shard->holding) {
            if (!hand_over(mapping, shard))
                break;
            continue;
        }
        if (shard->phase != SHARD_READ || shard->poll_at_ms > mapping->now_ms || !read_one(mapping, shard))
            break;
        count++;
    }
    if (count > 0) {
        mapping_tell(mapping, shard, (struct mapping_trace){ .kind = MAPPING_TRACE_POLL, .count = count });
        mapping_report_checkpoint(mapping, shard);
    }
}

/* ---- Lanes ------------------------------------------------------------------------------------------------------- */

/* Whether what the lane has gathered goes out now. */
static bool is_due(const struct mapping *mapping, const struct shard *shard, const struct lane *lane)
{
    return lane->next.count > 0 &&
           (lane->next_full || lane->next.count == (size_t)mapping->settings.batch_size || mapping->broken ||
            shard->phase == SHARD_FLUSHED || mapping->now_ms >= lane->gather_until_ms);
}

/* Whether nothing of the shard is open any more. */
static bool is_drained(const struct mapping *mapping, const struct shard *shard)
{
    for (size_t i = 0; i < (size_t)mapping->settings.factor; i++)
        if (shard->lanes[i].phase != LANE_IDLE || shard->lanes[i].next.count > 0)
            return false;
    return !shard->holding && !shard->window.open;
}

static void end_shard(struct mapping *mapping, struct shard *shard)
{
    for (size_t i = 0; i < (size_t)mapping->settings.factor; i++) {
        free(shard->lanes[i].next.records);
        free(shard->lanes[i].work.records);
    }
    free(shard->lanes);
    shard->lanes = NULL;
    shard->phase = SHARD_OVER;
    mapping->progressed = true; /* its children can begin */
    mapping_tell(mapping, shard, (struct mapping_trace){ .kind = MAPPING_TRACE_SHARD_END });
}

void mapping_pump(struct mapping *mapping, struct shard *shard)
{
    if (shard->phase == SHARD_WAITS && !mapping->broken)
        open_shard(mapping, shard);
    if (!mapping_is_active(shard))
        return;
    gather(mapping, shard);
    for (size_t i = 0; i < (size_t)mapping->settings.factor; i++) {
        struct lane *lane = &shard->lanes[i];
        if (lane->phase != LANE_IDLE)
            continue;
        if (is_due(mapping, shard, lane))
            mapping_lane_load(mapping, lane);
        else if (lane->next.count == 0 && mapping_window_closes(mapping, shard))
            mapping_lane_finish_window(mapping, lane);
    }
    if (shard->phase == SHARD_FLUSHED && is_drained(mapping, shard))
        end_shard(mapping, shard);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t lane_wake(const struct mapping *mapping, const struct shard *shard, const struct lane *lane)
{
    if (lane->phase == LANE_READY)
        return lane->due_ms;
    if (lane->phase == LANE_FLYING)
        return MAPPING_NEVER;
    if (lane->next.count > 0)
        return lane->gather_until_ms;
    return shard->window.open ? mapping_window_idle_at(&mapping->settings, &shard->window) : MAPPING_NEVER;
}

int64_t mapping_shard_wake(const struct mapping *mapping, const struct shard *shard)
{
    int64_t wake = MAPPING_NEVER;
    if (!mapping_is_active(shard))
        return wake;
    if (shard->phase == SHARD_READ && !shard->holding && !mapping->broken && has_room(mapping, shard))
        wake = shard->poll_at_ms;
    for (size_t i = 0; i < (size_t)mapping->settings.factor; i++)
        wake = earlier(wake, lane_wake(mapping, shard, &shard->lanes[i]));
    return wake;
}

/* ---- The checkpoint ---------------------------------------------------------------------------------------------- */

/* The first record of the lane that is not settled; NULL: there is none. */
static const struct mapping_record *open_record(const struct lane *lane)
{
    if (lane->first < lane->work.count)
        return &lane->work.records[lane->first];
    return lane->next.count > 0 ? &lane->next.records[0] : NULL;
}

void mapping_report_checkpoint(struct mapping *mapping, struct shard *shard)
{
    const struct mapping_record *lowest = shard->holding ? &shard->held : NULL;
    for (size_t i = 0; i < (size_t)mapping->settings.factor; i++) {
        const struct mapping_record *record = open_record(&shard->lanes[i]);
        if (record != NULL && (lowest == NULL || record->place < lowest->place))
            lowest = record;
    }
    struct mapping_checkpoint checkpoint = { shard->read + 1, { shard->last, shard->last_len }, true };
    if (lowest != NULL)
        checkpoint = (struct mapping_checkpoint){ lowest->place, lowest->sequence, false };
    if (checkpoint.place <= shard->reported)
        return;
    shard->reported = checkpoint.place;
    mapping_tell(mapping, shard, (struct mapping_trace){ .kind = MAPPING_TRACE_CHECKPOINT, .checkpoint = &checkpoint });
}
