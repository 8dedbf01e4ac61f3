/* context.c: what a callback learns from its context, and how it tells what it did. */
#include "lib/context.h"

#include "lib/error.h"

#include <stdarg.h>

static const ddbs_host nobody = { .self = NULL };

void ddbs_ctx__init(struct ddbs_ctx *ctx, const ddbs_consumer *consumer, const ddbs_host *host, const ddbs_event *event)
{
    *ctx = (struct ddbs_ctx){
        .consumer = consumer,
        .called = consumer,
        .host = host == NULL ? &nobody : host,
        .event = event,
        .index = DDBS_NOWHERE,
    };
    ddbs_error_clear(&ctx->error);
}

void ddbs_ctx__enter(struct ddbs_ctx *ctx, const ddbs_consumer *called, size_t index)
{
    ctx->called = called;
    ctx->index = index;
    ctx->active = true;
    ctx->parked = false;
    ctx->state_touched = false;
}

bool ddbs_ctx__leave(struct ddbs_ctx *ctx, size_t index)
{
    bool same = ctx->active && ctx->index == index;
    ctx->called = ctx->consumer;
    ctx->active = false;
    return same;
}

void ddbs_ctx__settle(struct ddbs_ctx *ctx, ddbs_status status, const char *who)
{
    if (ctx->error.status != status || ctx->error.reason[0] == '\0')
        ddbs_error__set(&ctx->error, status, DDBS_NOWHERE, DDBS_NOWHERE, "%s returned %s (%s)", who,
                        ddbs_status_name(status), ddbs_status_text(status));
    ddbs_error__clean(&ctx->error);
}

void ddbs_ctx__store(struct ddbs_ctx *ctx, size_t count)
{
    if (count <= ctx->stored)
        return;
    ctx->stored = count;
    if (ctx->host->committed != NULL)
        ctx->host->committed(ctx->host->self, count);
}

bool ddbs_ctx__join(struct ddbs_ctx *ctx, struct ddbs_part *part)
{
    for (const struct ddbs_part *other = ctx->parts; other != NULL; other = other->next) {
        if (other == part)
            return false;
    }
    part->next = ctx->parts;
    ctx->parts = part;
    return true;
}

size_t ddbs_ctx__open(const struct ddbs_ctx *ctx)
{
    size_t first = SIZE_MAX;
    for (const struct ddbs_part *part = ctx->parts; part != NULL; part = part->next) {
        size_t open = part->open(part);
        if (open < first)
            first = open;
    }
    return first;
}

void *ddbs_ctx_user(const ddbs_ctx *ctx)
{
    return ctx->called->user;
}

ddbs_error *ddbs_ctx_error(ddbs_ctx *ctx)
{
    return &ctx->error;
}

ddbs_str ddbs_ctx_request_id(const ddbs_ctx *ctx)
{
    return ctx->host->request_id;
}

const ddbs_invocation_info *ddbs_ctx_invocation(const ddbs_ctx *ctx)
{
    static const ddbs_invocation_info nothing;
    return ctx->host->invocation == NULL ? &nothing : ctx->host->invocation;
}

int64_t ddbs_ctx_remaining_ms(const ddbs_ctx *ctx)
{
    return ctx->host->remaining_ms == NULL ? INT64_MAX : ctx->host->remaining_ms(ctx->host->self);
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

size_t ddbs_ctx_lane(const ddbs_ctx *ctx)
{
    return ctx->lane;
}

size_t ddbs_ctx_batch_ok(const ddbs_ctx *ctx)
{
    return ctx->ok;
}

/* on_batch counts the records that it was given; the batch has more where on_poison or a sink took some out. */
static size_t place_in_batch(const ddbs_ctx *ctx, size_t count)
{
    if (ctx->given == NULL || count == 0)
        return count;
    return count == ctx->ok ? ctx->end : ctx->given[count]->index;
}

ddbs_status ddbs_ctx_commit(ddbs_ctx *ctx, size_t count)
{
    if (ctx->event == NULL || (ctx->consumer->on_batch_end == NULL && ctx->consumer->on_batch == NULL))
        return ddbs_fail(ctx, DDBS_E_USAGE, "ddbs_ctx_commit is for batches with on_batch_end or on_batch");
    if (ctx->lanes != NULL && ctx->index != DDBS_NOWHERE)
        return ddbs_fail(ctx, DDBS_E_USAGE, "ddbs_ctx_commit in a lane: what stands before the record can be open yet");
    if (count > ctx->ok)
        return ddbs_fail(ctx, DDBS_E_RANGE, "ddbs_ctx_commit of %zu records, and %zu are done", count, ctx->ok);
    if (count > ddbs_ctx__open(ctx))
        return ddbs_fail(ctx, DDBS_E_USAGE, "ddbs_ctx_commit of %zu records: a writer has not stored record %zu", count,
                         ddbs_ctx__open(ctx) + 1);
    ddbs_ctx__store(ctx, place_in_batch(ctx, count));
    return DDBS_OK;
}
