/* decide.c: what follows from the end of a delivery. The table of outcomes is verdict.c; here it meets the settings. */
#include "runtime/mapping/engine.h"

/* Seen on AWS: about 200 ms before the first retry and 400 ms before the second. Later steps are not known; doubling
 * goes on up to a minute. */
enum { WAIT_FIRST_MS = 200, WAIT_MAX_MS = 60000 };

int64_t mapping_back_off(uint64_t failures)
{
    int64_t wait = WAIT_FIRST_MS;
    for (uint64_t i = 1; i < failures && wait < WAIT_MAX_MS; i++)
        wait *= 2;
    return failures == 0 ? 0 : wait < WAIT_MAX_MS ? wait : WAIT_MAX_MS;
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

static struct verdict judge(const struct mapping_settings *settings, const struct mapping_delivery *delivery,
                            const struct mapping_result *result, size_t *lost)
{
    struct verdict_names names = { delivery->count == 0 ? NULL : &delivery->records->sequence,
                                   sizeof *delivery->records, delivery->count };
    struct verdict verdict = verdict_of(result->body, result->len, names);
    bool stateless = settings->tumbling_window != 0 && verdict.state.ptr == NULL;
    if (stateless && (verdict.kind != VERDICT_FAILED || !settings->report_items)) {
        verdict.kind = VERDICT_FAILED; /* developer guide: without `state` the invocation counts as failed */
        verdict.why = "the response has no state, which an invocation of a tumbling window must return";
        verdict.unproved = false;
    } else if (!settings->report_items) {
        /* Any response is success to this mapping: what it lists is lost. */
        *lost = count_lost(&verdict, delivery->count);
        verdict = (struct verdict){
            .kind = VERDICT_DONE, .list = verdict.list, .listed = verdict.listed, .state = verdict.state
        };
    }
    return verdict;
}

/* It failed from its first record on. Halving spends no retries: only a single record is ever tried again where it is
 * on. */
static void decide_failure(const struct mapping_settings *settings, const struct lane *lane,
                           struct mapping_decision *out)
{
    size_t count = lane->delivery.count;
    if (settings->bisect && count > 1) {
        out->step = MAPPING_HALVE;
    } else if (settings->retries == MAPPING_UNLIMITED || lane->tries <= (uint64_t)settings->retries) {
        out->step = MAPPING_AGAIN;
        out->wait_ms = mapping_back_off(lane->failures);
    } else {
        out->step = MAPPING_DISCARD;
        out->discarded = count;
    }
}

struct mapping_decision mapping_decide(const struct mapping_settings *settings, const struct lane *lane,
                                       const struct mapping_result *result)
{
    const struct mapping_delivery *delivery = &lane->delivery;
    struct mapping_decision out = { .step = MAPPING_DONE };
    if (result != NULL && result->end == MAPPING_THROTTLED) {
        out.step = MAPPING_AGAIN;
        out.wait_ms = mapping_back_off(lane->failures);
        return out;
    }
    if (result != NULL && result->end == MAPPING_RESPONSE)
        out.verdict = judge(settings, delivery, result, &out.lost);
    const struct verdict *verdict = &out.verdict;
    if (result == NULL || result->end == MAPPING_ERROR || verdict->kind == VERDICT_FAILED ||
        (verdict->kind == VERDICT_PARTIAL && verdict->resume == 0)) {
        decide_failure(settings, lane, &out);
        return out;
    }
    if (verdict->kind == VERDICT_PARTIAL)
        out.step = MAPPING_RESUME;
    out.done = verdict->kind == VERDICT_PARTIAL ? verdict->resume : delivery->count - out.lost;
    out.overflow = settings->tumbling_window != 0 && !lane->final && verdict->state.len > MAPPING_STATE_BYTES_MAX;
    return out;
}
