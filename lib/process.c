/* process.c: a batch through the callbacks of a consumer, up to the first failure. What is accounted for is decided in
 * one place, account(), from the kinds that the records were given and the checkpoint. */
#include "lib/context.h"
#include "lib/error.h"
#include "lib/lanes.h"

#include <string.h>

ddbs_status ddbs_start(const ddbs_consumer *consumer, const ddbs_host *host, ddbs_error *error)
{
    struct ddbs_ctx ctx;
    ddbs_ctx__init(&ctx, consumer, host, NULL);
    ddbs_status status = consumer->on_start == NULL ? DDBS_OK : consumer->on_start(&ctx);
    if (status != DDBS_OK)
        ddbs_ctx__settle(&ctx, status, "the callback");
    if (error != NULL)
        *error = ctx.error;
    return status;
}

void ddbs_stop(const ddbs_consumer *consumer)
{
    struct ddbs_ctx ctx;
    ddbs_ctx__init(&ctx, consumer, NULL, NULL);
    if (consumer->on_stop != NULL)
        consumer->on_stop(&ctx);
}

static bool is_good(ddbs_status status)
{
    return status == DDBS_OK || status == DDBS_SKIP;
}

/* A callback returned: its status, unless somebody jumped. */
static ddbs_status returned(ddbs_ctx *ctx, size_t index, ddbs_status status)
{
    if (!ddbs_ctx__leave(ctx, index))
        status = ddbs_fail(ctx, DDBS_E_USAGE, "a callback was left by a jump into another one");
    ddbs_state__returned(ctx, status);
    return status;
}

/* Before something new is called. */
static void forget_failure(ddbs_ctx *ctx)
{
    ddbs_error_clear(&ctx->error);
    ctx->undecodable = ctx->out_of_time = false;
}

static void started(const ddbs_ctx *ctx, size_t index)
{
    if (ctx->host->started != NULL)
        ctx->host->started(ctx->host->self, index);
}

/* ---- One record ---- */

static ddbs_status run_callback(ddbs_ctx *ctx, const ddbs_record *record, enum kind *kind)
{
    const ddbs_consumer *consumer = ddbs_consumer__of(ctx->consumer, record);
    if (consumer == NULL)
        return ddbs_fail(ctx, DDBS_E_HANDLER, "no route takes the table \"%.*s\"", (int)record->table.len,
                         record->table.len == 0 ? "" : record->table.ptr);
    ddbs_record_fn *callback = ddbs_consumer__callback(consumer, record);
    if (callback == NULL && record->operation == DDBS_OP_UNKNOWN)
        return ddbs_fail(ctx, DDBS_E_OPERATION, "an event name that this consumer has no callback for");
    if (callback == NULL) {
        *kind = KIND_IGNORED;
        return DDBS_OK;
    }
    size_t index = record->index;
    started(ctx, index);
    ddbs_ctx__enter(ctx, consumer, index);
    ddbs_status status = returned(ctx, index, callback(ctx, record));
    *kind = ctx->parked ? KIND_PARKED : status == DDBS_SKIP ? KIND_SKIPPED : KIND_DONE;
    return status;
}

static ddbs_status take_poison(ddbs_ctx *ctx, size_t index, const ddbs_error *error, enum kind *kind)
{
    ddbs_poison poison = { index, ddbs_event_sequence(ctx->event, index), ddbs_event_raw(ctx->event, index), error };
    started(ctx, index);
    ddbs_ctx__enter(ctx, ctx->consumer, index);
    ddbs_status status = returned(ctx, index, ctx->consumer->on_poison(ctx, &poison));
    *kind = ctx->parked ? KIND_PARKED : KIND_POISON;
    return status;
}

/* A record that does not decode is on_poison's, where there is one, or parked. */
static ddbs_status run_poison(ddbs_ctx *ctx, size_t index, enum kind *kind)
{
    const ddbs_park_policy *park = &ctx->host->park;
    ddbs_error error = ctx->error;
    ddbs_status status = error.status;
    if (ctx->consumer->on_poison != NULL) {
        ddbs_error_clear(&ctx->error);
        status = take_poison(ctx, index, &error, kind);
    } else if (park->sink != NULL && park->poison) {
        ddbs_error_clear(&ctx->error);
        status = ddbs_park__poison(ctx, index, &error);
        *kind = KIND_PARKED;
    }
    ctx->undecodable = !is_good(status);
    if (!is_good(status) && (ctx->error.status != status || ctx->error.reason[0] == '\0')) {
        ctx->error = error; /* nobody said more than the decoder */
        ctx->error.status = status;
    }
    return status;
}

/* Decode a record and run it. With on_batch it is only put to the others, and its memory stays. */
static ddbs_status run_decoded(ddbs_ctx *ctx, size_t index, enum kind *kind)
{
    const ddbs_record *record;
    struct arena_mark mark = ddbs_arena__mark(ctx->arena);
    size_t held = ddbs_arena__held(ctx->keep);
    bool stays = false;
    ddbs_status status = ddbs_event_record(ctx->event, index, ctx->arena, &record, &ctx->error);
    if (status == DDBS_OK && ctx->host->decoded != NULL)
        ctx->host->decoded(ctx->host->self, record);
    if (status == DDBS_OK && ctx->given != NULL) {
        ctx->given[ctx->given_count++] = record;
        *kind = KIND_DONE;
        stays = true;
    } else if (status == DDBS_OK) {
        status = run_callback(ctx, record, kind);
    } else if (status != DDBS_E_MEMORY) {
        status = run_poison(ctx, index, kind);
    }
    if (!stays && ddbs_arena__held(ctx->keep) == held)
        ddbs_arena__release(ctx->arena, mark);
    return status;
}

static ddbs_status run_one(ddbs_ctx *ctx, size_t index, enum kind *kind)
{
    const ddbs_host *host = ctx->host;
    uint32_t attempts;
    if (host->may_start != NULL && !host->may_start(host->self, index)) {
        ctx->out_of_time = true;
        return ddbs_fail(ctx, DDBS_E_TIME, "too little time is left for another record");
    }
    /* Which record on_batch failed at, nobody can tell. */
    if (ctx->given != NULL || !ddbs_park__worn_out(ctx, index, &attempts))
        return run_decoded(ctx, index, kind);
    *kind = KIND_PARKED;
    return ddbs_park__attempts(ctx, index, attempts);
}

ddbs_status ddbs_process__record(struct ddbs_ctx *ctx, size_t index)
{
    bool at_once = ctx->consumer->on_batch_end == NULL && ctx->consumer->on_batch == NULL;
    enum kind kind = KIND_OPEN;
    forget_failure(ctx);
    ddbs_status status = run_one(ctx, index, &kind);
    if (!is_good(status))
        return status;
    ctx->kinds[index] = (unsigned char)kind;
    if (at_once && ctx->host->done != NULL)
        ctx->host->done(ctx->host->self, index);
    return DDBS_OK;
}

/* ---- The batch ---- */

/* Note why the batch fails: at record `at`, or DDBS_NOWHERE where that is no record's fault. */
static void fail(ddbs_ctx *ctx, ddbs_outcome *outcome, ddbs_status status, const char *who, size_t at)
{
    ddbs_ctx__settle(ctx, status, who);
    if (ctx->error.status == DDBS_SKIP)
        ctx->error.status = DDBS_E_HANDLER; /* a hook has nothing to skip */
    ctx->error.record = at;
    outcome->error = ctx->error;
    outcome->undecodable = ctx->undecodable;
    outcome->out_of_time = ctx->out_of_time;
}

static ddbs_status call_hook(ddbs_ctx *ctx, ddbs_hook_fn *hook)
{
    forget_failure(ctx);
    ddbs_ctx__enter(ctx, ctx->consumer, DDBS_NOWHERE);
    return returned(ctx, DDBS_NOWHERE, hook(ctx));
}

static ddbs_status prepare(ddbs_ctx *ctx, size_t records, ddbs_arena *arena)
{
    ctx->arena = arena;
    ctx->keep = ddbs_arena__within(arena);
    ctx->kinds = ddbs_arena__alloc(arena, records);
    if (ctx->consumer->on_batch != NULL)
        ctx->given = ddbs_arena__alloc(arena, records * sizeof *ctx->given);
    if (ctx->keep == NULL || ctx->kinds == NULL || (ctx->consumer->on_batch != NULL && ctx->given == NULL))
        return ddbs_fail(ctx, DDBS_E_MEMORY, "no memory for a batch of %zu records", records);
    memset(ctx->kinds, KIND_OPEN, records);
    size_t lanes = ddbs_consumer__lanes(ctx->consumer, ctx->event);
    if (lanes > 1 && (ctx->lanes = ddbs_lanes__new(ctx, lanes, records)) == NULL)
        return ddbs_fail(ctx, DDBS_E_MEMORY, "no memory for %zu lanes", lanes);
    return DDBS_OK;
}

static bool begin(ddbs_ctx *ctx, ddbs_arena *arena, ddbs_outcome *outcome)
{
    const ddbs_window *window = ddbs_ctx_window(ctx);
    bool anything = outcome->records > 0 || (window != NULL && window->final);
    ddbs_status status = ddbs_consumer_check(ctx->consumer, &ctx->error);
    if (status == DDBS_OK)
        status = prepare(ctx, outcome->records, arena);
    if (status == DDBS_OK && anything && ctx->consumer->on_batch_begin != NULL)
        status = call_hook(ctx, ctx->consumer->on_batch_begin);
    if (status != DDBS_OK)
        fail(ctx, outcome, status, "on_batch_begin", outcome->records > 0 ? 0 : DDBS_NOWHERE);
    return status == DDBS_OK;
}

/* Run the records up to the first failure: how many went well. */
static size_t run_records(ddbs_ctx *ctx, ddbs_outcome *outcome)
{
    for (size_t i = 0; i < outcome->records; i++) {
        ddbs_status status = ddbs_process__record(ctx, i);
        if (status != DDBS_OK) {
            fail(ctx, outcome, status, "the callback", i);
            return i;
        }
        if (ctx->given == NULL)
            ctx->ok = i + 1;
    }
    return outcome->records;
}

/* The same in lanes: up to the lowest failure. */
static size_t run_lanes(ddbs_ctx *ctx, ddbs_outcome *outcome)
{
    struct ddbs_lanes_failure failure;
    size_t end = ddbs_lanes__run(ctx->lanes, &failure);
    ctx->ok = end;
    if (end < outcome->records)
        fail(failure.ctx, outcome, failure.status, "the callback", end);
    return end;
}

/* Give all records to on_batch. Skipping says that they are given up, each of them. */
static ddbs_status call_batch(ddbs_ctx *ctx, size_t end)
{
    ctx->ok = ctx->given_count;
    ctx->end = end;
    forget_failure(ctx);
    ddbs_ctx__enter(ctx, ctx->consumer, DDBS_NOWHERE);
    ddbs_status status = returned(ctx, DDBS_NOWHERE, ctx->consumer->on_batch(ctx, ctx->given, ctx->given_count));
    if (status != DDBS_SKIP)
        return status;
    for (size_t i = 0; i < ctx->given_count; i++)
        ctx->kinds[ctx->given[i]->index] = KIND_SKIPPED;
    return DDBS_OK;
}

/* A hook that returned DDBS_OK and left entries in a batch writer would acknowledge records that are not stored: the
 * first `count` ones that can be committed, or SIZE_MAX for all that can be in a writer. */
static ddbs_status must_be_stored(ddbs_ctx *ctx, size_t count, ddbs_status status)
{
    if (status != DDBS_OK || ddbs_ctx__open(ctx) >= count)
        return status;
    return ddbs_fail(ctx, DDBS_E_USAGE, "a batch writer holds entries that nobody flushed");
}

/* Of the first `end` records, all of which went well: how many are done, now that the consumer wrote out what it had
 * collected. A failure of that matters only where it left records open: else the one at `end` failed for its own. */
static size_t flush(ddbs_ctx *ctx, size_t end, ddbs_outcome *outcome)
{
    const ddbs_consumer *consumer = ctx->consumer;
    ddbs_status status = DDBS_OK;
    if (consumer->on_batch == NULL && consumer->on_batch_end == NULL)
        return end;
    if (consumer->on_batch != NULL && ctx->given_count > 0)
        status = call_batch(ctx, end);
    if (consumer->on_batch_end != NULL && end > 0)
        status = call_hook(ctx, consumer->on_batch_end);
    /* Where nothing was given to on_batch, entries are on_poison's: the next one that could have flushed never came. */
    bool all_poison = consumer->on_batch != NULL && ctx->given_count == 0;
    status = must_be_stored(ctx, all_poison ? SIZE_MAX : ctx->ok, status);
    if (status == DDBS_OK) {
        ddbs_ctx__store(ctx, end);
    } else if (ctx->stored < end || outcome->error.status == DDBS_OK) {
        fail(ctx, outcome, status, consumer->on_batch != NULL ? "on_batch" : "on_batch_end",
             ctx->stored < outcome->records ? ctx->stored : DDBS_NOWHERE);
    }
    return ctx->stored;
}

/* The batch succeeded: what goes back of the window. After its final call that is nothing, once on_window took it. */
static void finish_window(ddbs_ctx *ctx, ddbs_outcome *outcome)
{
    const ddbs_window *window = ddbs_ctx_window(ctx);
    if (window == NULL)
        return;
    if (!window->final) {
        outcome->state = (ddbs_str){ ctx->state, ctx->state_len };
        return;
    }
    if (ctx->consumer->on_window == NULL)
        return;
    ddbs_status status = must_be_stored(ctx, SIZE_MAX, call_hook(ctx, ctx->consumer->on_window));
    if (status == DDBS_OK)
        outcome->state = ddbs_str_c("{}");
    else
        fail(ctx, outcome, status, "on_window", DDBS_NOWHERE);
}

/* Count what became of the records before the checkpoint. */
static void account(const ddbs_ctx *ctx, ddbs_outcome *outcome)
{
    size_t counts[KINDS] = { 0 };
    for (size_t i = 0; i < outcome->checkpoint; i++)
        counts[ctx->kinds[i]]++;
    outcome->done = counts[KIND_DONE];
    outcome->skipped = counts[KIND_SKIPPED];
    outcome->parked = counts[KIND_PARKED];
    outcome->ignored = counts[KIND_IGNORED];
    outcome->poison = counts[KIND_POISON];
    if (outcome->checkpoint < outcome->records)
        outcome->failing = ddbs_event_sequence(ctx->event, outcome->checkpoint);
}

ddbs_status ddbs_process(const ddbs_event *event, const ddbs_consumer *consumer, const ddbs_host *host,
                         ddbs_arena *arena, ddbs_outcome *outcome)
{
    struct ddbs_ctx ctx;
    ddbs_ctx__init(&ctx, consumer, host, event);
    *outcome = (ddbs_outcome){ .records = ddbs_event_count(event) };
    ddbs_error_clear(&outcome->error);
    if (begin(&ctx, arena, outcome)) {
        size_t end = ctx.lanes == NULL ? run_records(&ctx, outcome) : run_lanes(&ctx, outcome);
        outcome->checkpoint = flush(&ctx, end, outcome);
        if (outcome->error.status == DDBS_OK)
            finish_window(&ctx, outcome);
        else
            ddbs_state__settle(&ctx, outcome);
    }
    account(&ctx, outcome);
    ddbs_lanes__free(ctx.lanes);
    return outcome->error.status;
}
