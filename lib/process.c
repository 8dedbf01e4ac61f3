/* process.c: a batch through the callbacks of a consumer. */
#include "lib/arena.h"
#include "lib/error.h"

#include <ddbstream/consumer.h>

#include <stdarg.h>

struct ddbs_ctx {
    const ddbs_consumer *consumer;
    const ddbs_host *host;
    ddbs_error error;
};

void *ddbs_ctx_user(const ddbs_ctx *ctx)
{
    return ctx->consumer->user;
}

ddbs_error *ddbs_ctx_error(ddbs_ctx *ctx)
{
    return &ctx->error;
}

ddbs_str ddbs_ctx_request_id(const ddbs_ctx *ctx)
{
    return ctx->host == NULL ? (ddbs_str){ NULL, 0 } : ctx->host->request_id;
}

int64_t ddbs_ctx_remaining_ms(const ddbs_ctx *ctx)
{
    if (ctx->host == NULL || ctx->host->remaining_ms == NULL)
        return INT64_MAX;
    return ctx->host->remaining_ms(ctx->host->self);
}

ddbs_status ddbs_fail(ddbs_ctx *ctx, ddbs_status status, const char *format, ...)
{
    va_list arguments;
    if (status == DDBS_OK || status == DDBS_SKIP)
        status = DDBS_E_HANDLER;
    ddbs_error_clear(&ctx->error);
    ctx->error.status = status;
    va_start(arguments, format);
    ddbs_error__reason(&ctx->error, format, arguments);
    va_end(arguments);
    return status;
}

/* Make `ctx->error` tell of the status that a callback returned, whatever the callback left there. */
static void settle_error(ddbs_ctx *ctx, ddbs_status status)
{
    if (ctx->error.status != status || ctx->error.reason[0] == '\0')
        ddbs_error__set(&ctx->error, status, DDBS_NOWHERE, DDBS_NOWHERE, "the callback returned %s (%s)",
                        ddbs_status_name(status), ddbs_status_text(status));
    ddbs_error__clean(&ctx->error);
}

ddbs_status ddbs_start(const ddbs_consumer *consumer, const ddbs_host *host, ddbs_error *error)
{
    ddbs_ctx ctx = { .consumer = consumer, .host = host };
    ddbs_error_clear(&ctx.error);
    ddbs_status status = consumer->on_start == NULL ? DDBS_OK : consumer->on_start(&ctx);
    if (status != DDBS_OK)
        settle_error(&ctx, status);
    if (error != NULL)
        *error = ctx.error;
    return status;
}

static ddbs_record_fn *callback_for(const ddbs_consumer *consumer, const ddbs_record *record)
{
    ddbs_record_fn *callback = NULL;
    switch (record->operation) {
    case DDBS_OP_INSERT:
        callback = consumer->on_insert;
        break;
    case DDBS_OP_MODIFY:
        callback = consumer->on_modify;
        break;
    case DDBS_OP_REMOVE:
        callback = record->expired && consumer->on_expire != NULL ? consumer->on_expire : consumer->on_remove;
        break;
    case DDBS_OP_UNKNOWN:
        break;
    }
    return callback != NULL ? callback : consumer->on_any;
}

static ddbs_status run_record(ddbs_ctx *ctx, const ddbs_record *record, ddbs_outcome *outcome)
{
    ddbs_record_fn *callback = callback_for(ctx->consumer, record);
    if (callback == NULL && record->operation == DDBS_OP_UNKNOWN)
        return ddbs_fail(ctx, DDBS_E_OPERATION, "an event name that this consumer has no callback for");
    if (callback == NULL) {
        outcome->ignored++;
        return DDBS_OK;
    }
    ddbs_status status = callback(ctx, record);
    outcome->done += status == DDBS_OK;
    outcome->skipped += status == DDBS_SKIP;
    return status;
}

/* A record that does not decode is on_poison's, where there is one. */
static ddbs_status run_poison(ddbs_ctx *ctx, const ddbs_event *event, size_t index, ddbs_outcome *outcome)
{
    ddbs_error error = ctx->error;
    ddbs_poison poison = { index, ddbs_event_sequence(event, index), ddbs_event_raw(event, index), &error };
    if (ctx->consumer->on_poison == NULL) {
        outcome->undecodable = true;
        return error.status;
    }
    ddbs_error_clear(&ctx->error);
    ddbs_status status = ctx->consumer->on_poison(ctx, &poison);
    bool taken = status == DDBS_OK || status == DDBS_SKIP;
    outcome->poison += taken;
    outcome->undecodable = !taken;
    if (!taken && (ctx->error.status != status || ctx->error.reason[0] == '\0')) {
        ctx->error = error; /* nobody said more than the decoder */
        ctx->error.status = status;
    }
    return status;
}

static ddbs_status run_one(ddbs_ctx *ctx, const ddbs_event *event, size_t index, ddbs_arena *arena,
                           ddbs_outcome *outcome)
{
    const ddbs_record *record;
    struct arena_mark mark = ddbs_arena__mark(arena);
    ddbs_status status = ddbs_event_record(event, index, arena, &record, &ctx->error);
    if (status == DDBS_OK)
        status = run_record(ctx, record, outcome);
    else if (status != DDBS_E_MEMORY)
        status = run_poison(ctx, event, index, outcome);
    ddbs_arena__release(arena, mark);
    return status == DDBS_SKIP ? DDBS_OK : status;
}

ddbs_status ddbs_process(const ddbs_event *event, const ddbs_consumer *consumer, const ddbs_host *host,
                         ddbs_arena *arena, ddbs_outcome *outcome)
{
    ddbs_ctx ctx = { .consumer = consumer, .host = host };
    *outcome = (ddbs_outcome){ .records = ddbs_event_count(event) };
    ddbs_error_clear(&outcome->error);
    for (size_t i = 0; i < outcome->records; i++) {
        ddbs_error_clear(&ctx.error);
        ddbs_status status = run_one(&ctx, event, i, arena, outcome);
        if (status != DDBS_OK) {
            settle_error(&ctx, status);
            ctx.error.record = i;
            outcome->error = ctx.error;
            outcome->failing = ddbs_event_sequence(event, i);
            return status;
        }
        outcome->checkpoint = i + 1;
    }
    return DDBS_OK;
}
