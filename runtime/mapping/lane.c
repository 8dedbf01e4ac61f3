/* lane.c: one batch after the other: delivered, tried again, halved, given up. */
#include "runtime/mapping/engine.h"

#include <assert.h>

/* A new delivery of the part on top, or of what follows a window's end, due at once. */
static void begin(struct mapping *mapping, struct lane *lane, enum mapping_cause cause)
{
    lane->phase = LANE_READY;
    lane->cause = cause;
    lane->tries = 0;
    lane->failures = 0;
    lane->wait_ms = 0;
    lane->due_ms = mapping->now_ms;
    mapping_new_id(mapping, lane->delivery.request_id);
}

void mapping_lane_load(struct mapping *mapping, struct lane *lane)
{
    struct batch empty = lane->work;
    assert(lane->phase == LANE_IDLE && empty.count == 0);
    lane->work = lane->next;
    lane->next = empty;
    lane->next_full = false;
    lane->work_window = lane->next_window;
    lane->first = 0;
    lane->top = 0;
    lane->end[0] = lane->work.count;
    begin(mapping, lane, MAPPING_BATCH);
}

void mapping_lane_finish_window(struct mapping *mapping, struct lane *lane)
{
    lane->final = true;
    begin(mapping, lane, MAPPING_FINAL);
}

static size_t part_count(const struct lane *lane)
{
    return lane->final ? 0 : lane->end[lane->top] - lane->first;
}

/* Show the delivery at hand, or only its first `count` records. */
static void show(struct mapping *mapping, struct shard *shard, struct lane *lane, size_t count)
{
    struct mapping_delivery *delivery = &lane->delivery;
    delivery->ticket = shard->index * (size_t)mapping->settings.factor + (size_t)(lane - shard->lanes);
    delivery->shard = shard->index;
    delivery->shard_id = ddbs_str_c(shard->id);
    delivery->lane = (size_t)(lane - shard->lanes);
    delivery->cause = lane->cause;
    delivery->count = count;
    delivery->records = count == 0 ? NULL : lane->work.records + lane->first;
    delivery->attempt = lane->tries + 1;
    delivery->wait_ms = lane->wait_ms;
    delivery->window = NULL;
    if (mapping->settings.tumbling_window != 0) {
        struct window window = shard->window;
        if (!window.open)
            window.start_ms = lane->work_window;
        lane->view = mapping_window_view(&mapping->settings, &window, lane->final);
        delivery->window = &lane->view;
    }
}

/* Give the shown delivery up. */
static void give_up(struct mapping *mapping, struct shard *shard, struct lane *lane, struct mapping_discard discard)
{
    struct mapping_totals *totals = &mapping->totals;
    size_t count = lane->delivery.count;
    bool wanted = mapping->settings.destination != MAPPING_NO_DESTINATION;
    discard.delivery = &lane->delivery;
    discard.invokes = lane->tries > 0 ? lane->tries : 1;
    discard.now_ms = mapping->now_ms;
    bool taken = wanted && mapping->host.take(mapping->host.user, &discard);
    totals->discarded += count;
    totals->expired += discard.condition == MAPPING_AGE_EXCEEDED ? count : 0;
    totals->delivered += taken ? count : 0;
    totals->dropped += wanted && !taken ? count : 0;
    mapping_tell(mapping, shard,
                 (struct mapping_trace){ .kind = MAPPING_TRACE_DISCARD, .discard = &discard, .delivered = taken });
}

/* What follows in the batch, after its left end has moved or a window was finished. */
static void go_on(struct mapping *mapping, struct lane *lane, enum mapping_cause cause)
{
    if (lane->first < lane->work.count) {
        begin(mapping, lane, cause);
        return;
    }
    mapping_empty(&lane->work);
    lane->first = 0;
    lane->phase = LANE_IDLE;
}

/* The part on top is behind the checkpoint: go on with the one that halving left behind it. */
static void leave_part(struct mapping *mapping, struct lane *lane)
{
    lane->first = lane->end[lane->top];
    if (lane->top > 0)
        lane->top--;
    go_on(mapping, lane, MAPPING_HALF);
}

/* ---- Beginning --------------------------------------------------------------------------------------------------- */

/* How many records at the left end are older than allowed: only these are given up, the younger ones behind them were
 * seen to be delivered. */
static size_t count_expired(const struct mapping *mapping, const struct lane *lane)
{
    int64_t limit = MAPPING_RETENTION_MS;
    size_t count = part_count(lane), expired = 0;
    if (mapping->settings.record_age != MAPPING_UNLIMITED && mapping->settings.record_age * 1000 < limit)
        limit = mapping->settings.record_age * 1000;
    while (expired < count && mapping->now_ms - lane->work.records[lane->first + expired].created_ms > limit)
        expired++;
    return expired;
}

static void expire(struct mapping *mapping, struct shard *shard, struct lane *lane, size_t count)
{
    size_t left = part_count(lane) - count;
    bool ran = lane->tries > 0;
    show(mapping, shard, lane, count);
    give_up(mapping, shard, lane, (struct mapping_discard){ .condition = MAPPING_AGE_EXCEEDED });
    if (!ran)
        mapping->last = LAST_NONE;
    if (left == 0) {
        leave_part(mapping, lane);
    } else {
        lane->first += count;
        begin(mapping, lane, MAPPING_REST);
    }
    mapping->progressed = true;
    mapping_report_checkpoint(mapping, shard);
}

/* A record that fits into no event never reaches the function, but was seen to spend its retries. */
static bool is_oversized(const struct mapping *mapping, const struct lane *lane)
{
    const struct mapping_delivery *delivery = &lane->delivery;
    return delivery->count == 1 && mapping_event_bytes(&mapping->settings, delivery->shard_id, delivery->window,
                                                       delivery->records->json.len) > MAPPING_EVENT_BYTES_MAX;
}

bool mapping_lane_start(struct mapping *mapping, struct shard *shard, struct lane *lane)
{
    if (lane->phase != LANE_READY || lane->due_ms > mapping->now_ms)
        return false;
    size_t expired = count_expired(mapping, lane);
    if (expired > 0) {
        expire(mapping, shard, lane, expired);
        return false;
    }
    if (mapping->settings.tumbling_window != 0 && !lane->final)
        mapping_window_open(&shard->window, lane->work_window);
    show(mapping, shard, lane, part_count(lane));
    lane->phase = LANE_FLYING;
    if (is_oversized(mapping, lane)) {
        mapping_lane_settle(mapping, shard, lane, NULL);
        mapping->progressed = true;
        return false;
    }
    lane->delivery.number = ++mapping->deliveries;
    mapping_tell(mapping, shard, (struct mapping_trace){ .kind = MAPPING_TRACE_INVOKE, .delivery = &lane->delivery });
    return true;
}

/* ---- Settling ---------------------------------------------------------------------------------------------------- */

/* `result` is NULL where the record fits into no event. */
static void count_result(struct mapping *mapping, struct lane *lane, const struct mapping_result *result)
{
    struct mapping_totals *totals = &mapping->totals;
    lane->failures++;
    if (result != NULL && result->end == MAPPING_THROTTLED) {
        totals->throttles++;
        return;
    }
    lane->tries++;
    if (result == NULL)
        return;
    totals->invocations++;
    totals->retries += lane->cause == MAPPING_RETRY;
    totals->invoked += lane->delivery.count;
}

static void count_decision(struct mapping *mapping, const struct lane *lane, const struct mapping_result *result,
                           const struct mapping_decision *decision)
{
    struct mapping_totals *totals = &mapping->totals;
    bool throttled = result != NULL && result->end == MAPPING_THROTTLED;
    bool error =
        !throttled && (result == NULL || result->end == MAPPING_ERROR || decision->verdict.kind == VERDICT_FAILED);
    totals->errors += error;
    totals->failed += error && result != NULL ? lane->delivery.count : 0;
    totals->partial += decision->verdict.kind == VERDICT_PARTIAL;
    totals->halvings += decision->step == MAPPING_HALVE;
    totals->done += decision->done;
    totals->lost += decision->lost;
    if (!throttled)
        mapping->last = error ? LAST_PROBLEM : LAST_OK;
}

static void halve(struct mapping *mapping, struct lane *lane)
{
    assert(lane->top + 1 < PARTS_MAX);
    lane->end[lane->top + 1] = lane->first + lane->delivery.count / 2;
    lane->top++;
    begin(mapping, lane, MAPPING_HALF);
}

static void again(struct mapping *mapping, struct lane *lane, const struct mapping_result *result, int64_t wait_ms)
{
    lane->phase = LANE_READY;
    lane->wait_ms = wait_ms;
    lane->due_ms = mapping->now_ms + wait_ms;
    if (result == NULL || result->end != MAPPING_THROTTLED)
        lane->cause = MAPPING_RETRY;
}

/* The final invocation is over, successfully or given up: what follows begins with an empty state. */
static void close_window(struct mapping *mapping, struct shard *shard, struct lane *lane)
{
    struct mapping_window view = lane->view;
    lane->final = false;
    mapping->totals.windows++;
    mapping_tell(mapping, shard, (struct mapping_trace){ .kind = MAPPING_TRACE_WINDOW, .window = &view });
    mapping_window_close(&shard->window);
    go_on(mapping, lane, MAPPING_REST);
}

/* Do what was decided. */
static void apply(struct mapping *mapping, struct shard *shard, struct lane *lane, const struct mapping_result *result,
                  const struct mapping_decision *decision)
{
    switch (decision->step) {
    case MAPPING_AGAIN:
        again(mapping, lane, result, decision->wait_ms);
        return;
    case MAPPING_HALVE:
        halve(mapping, lane);
        return;
    case MAPPING_DISCARD:
        give_up(mapping, shard, lane,
                (struct mapping_discard){ .condition = MAPPING_RETRIES_EXHAUSTED,
                                          .responded = result != NULL,
                                          .error = result != NULL && result->end == MAPPING_ERROR });
        break;
    case MAPPING_RESUME:
        lane->first += decision->done;
        begin(mapping, lane, MAPPING_REST);
        return;
    case MAPPING_DONE:
        break;
    }
    if (lane->final)
        close_window(mapping, shard, lane);
    else
        leave_part(mapping, lane);
}

void mapping_lane_settle(struct mapping *mapping, struct shard *shard, struct lane *lane,
                         const struct mapping_result *result)
{
    assert(lane->phase == LANE_FLYING);
    count_result(mapping, lane, result);
    struct mapping_decision decision = mapping_decide(&mapping->settings, lane, result);
    count_decision(mapping, lane, result, &decision);
    mapping_tell(
        mapping, shard,
        (struct mapping_trace){
            .kind = MAPPING_TRACE_RESULT, .delivery = &lane->delivery, .result = result, .decision = &decision });
    bool moved = decision.step == MAPPING_DONE || decision.step == MAPPING_RESUME;
    if (moved && shard->window.open && !lane->final && !mapping_window_keep(&shard->window, decision.verdict.state)) {
        mapping->exhausted = true;
        return;
    }
    apply(mapping, shard, lane, result, &decision);
    if (decision.overflow)
        mapping_lane_finish_window(mapping, lane);
    mapping_report_checkpoint(mapping, shard);
}
