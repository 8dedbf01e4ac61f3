/* batch_line.c: see batch_line.h. */
#include "runtime/lambda/batch_line.h"
#include "runtime/lambda/log.h"

enum { PAIRS_MAX = 24 };

struct pairs {
    ddbs_pair list[PAIRS_MAX];
    size_t count;
};

size_t ddbs_batch__failed(const struct ddbs_batch *batch)
{
    const ddbs_outcome *outcome = batch->outcome;
    bool was_due = outcome->out_of_time && outcome->error.status == DDBS_E_TIME;
    return outcome->checkpoint < outcome->records && !was_due;
}

size_t ddbs_batch__to_retry(const struct ddbs_batch *batch)
{
    const ddbs_outcome *outcome = batch->outcome;
    return batch->is_error ? outcome->records : outcome->records - outcome->checkpoint;
}

/* The clock that stamped the record is another one, and about a second exact: what would be in the future is new. What
 * is centuries away comes from a worker that was not itself any more. */
bool ddbs_batch__iterator_age_ms(const struct ddbs_batch *batch, int64_t *out)
{
    const int64_t ns_per_ms = 1000000;
    if (batch->numbers == NULL || batch->numbers->last_created_ns == DDBS_NO_TIME ||
        batch->numbers->last_created_ns < 0)
        return false;
    int64_t age = batch->received_ms - batch->numbers->last_created_ns / ns_per_ms;
    *out = age < 0 ? 0 : age;
    return true;
}

void ddbs_batch__name(struct ddbs_batch *batch, const ddbs_event *event)
{
    size_t count = ddbs_event_count(event);
    if (count == 0)
        return;
    batch->first = ddbs_event_sequence(event, 0);
    batch->last = ddbs_event_sequence(event, count - 1);
}

static void add(struct pairs *pairs, ddbs_pair pair)
{
    if (pairs->count < PAIRS_MAX)
        pairs->list[pairs->count++] = pair;
}

static void add_count(struct pairs *pairs, const char *name, uint64_t count)
{
    add(pairs, ddbs_pair_u64(name, count));
}

/* Microseconds are exact enough for anybody. */
static void add_ms(struct pairs *pairs, const char *name, int64_t ns)
{
    add(pairs, ddbs_pair_f64(name, (double)(ns / 1000) / 1000));
}

static void add_outcome(struct pairs *pairs, const struct ddbs_batch *batch)
{
    const ddbs_outcome *outcome = batch->outcome;
    add_count(pairs, "records", outcome->records);
    add_count(pairs, "done", outcome->done);
    add_count(pairs, "skipped", outcome->skipped);
    add_count(pairs, "parked", outcome->parked);
    add_count(pairs, "ignored", outcome->ignored);
    add_count(pairs, "poison", outcome->poison);
    add_count(pairs, "failed", ddbs_batch__failed(batch));
    add_count(pairs, "retry", ddbs_batch__to_retry(batch));
    if (batch->first.ptr != NULL) {
        add(pairs, ddbs_pair_str("first", batch->first));
        add(pairs, ddbs_pair_str("last", batch->last));
    }
    add_ms(pairs, "ms", batch->took_ns);
    if (batch->remaining_ms != INT64_MAX)
        add(pairs, ddbs_pair_i64("remainingMs", batch->remaining_ms));
}

static void add_numbers(struct pairs *pairs, const struct ddbs_batch *batch)
{
    const struct ddbs_batch_numbers *numbers = batch->numbers;
    int64_t age;
    if (numbers == NULL)
        return;
    add_count(pairs, "insert", numbers->inserts);
    add_count(pairs, "modify", numbers->modifies);
    add_count(pairs, "remove", numbers->removes);
    add_count(pairs, "other", numbers->others);
    if (ddbs_batch__iterator_age_ms(batch, &age))
        add(pairs, ddbs_pair_i64("iteratorAgeMs", age));
    add_ms(pairs, "decodeMs", numbers->decode_ns);
    add_ms(pairs, "handlerMs", numbers->handler_ns);
}

void ddbs_batch_line__write(const struct ddbs_batch *batch)
{
    struct pairs pairs = { .count = 0 };
    if (!ddbs_log_enabled(DDBS_LOG_INFO))
        return;
    add_outcome(&pairs, batch);
    add_numbers(&pairs, batch);
    add_count(&pairs, "crashes", batch->crashes);
    add_count(&pairs, "deadlineStops", batch->outcome->out_of_time);
    ddbs_log__pairs(DDBS_LOG_INFO, batch->request_id, "batch", pairs.list, pairs.count);
}
