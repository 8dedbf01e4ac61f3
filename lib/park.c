/* park.c: records that are given up and handed to a sink. Only what the sink has stored counts. */
#include "lib/context.h"
#include "lib/error.h"

#include <inttypes.h>
#include <stdio.h>

static ddbs_status park(ddbs_ctx *ctx, size_t index, const char *reason)
{
    const ddbs_park_policy *policy = &ctx->host->park;
    ddbs_parked parked = {
        .index = index,
        .sequence_number = ddbs_event_sequence(ctx->event, index),
        .raw = ddbs_event_raw(ctx->event, index),
        .reason = ddbs_str_c(reason),
    };
    ddbs_status status = policy->sink(policy->user, &parked);
    ctx->parked = status == DDBS_OK;
    if (ctx->parked)
        return DDBS_SKIP;
    return ddbs_fail(ctx, status, "not parked, the sink returned %s (%s); to be parked because: %s",
                     ddbs_status_name(status), ddbs_status_text(status), reason);
}

ddbs_status ddbs_park(ddbs_ctx *ctx, const char *reason)
{
    if (ctx->index == DDBS_NOWHERE)
        return ddbs_fail(ctx, DDBS_E_USAGE, "ddbs_park is for the callback of a record");
    if (ctx->host->park.sink == NULL)
        return ddbs_fail(ctx, DDBS_E_USAGE, "nothing to park in: the options have no sink");
    return park(ctx, ctx->index, reason == NULL ? "" : reason);
}

bool ddbs_park__worn_out(const struct ddbs_ctx *ctx, size_t index, uint32_t *attempts)
{
    const ddbs_host *host = ctx->host;
    if (host->park.sink == NULL || host->park.after_attempts == 0 || host->attempts == NULL)
        return false;
    *attempts = host->attempts(host->self, ddbs_event_sequence(ctx->event, index));
    return *attempts >= host->park.after_attempts;
}

ddbs_status ddbs_park__attempts(struct ddbs_ctx *ctx, size_t index, uint32_t attempts)
{
    char reason[64];
    snprintf(reason, sizeof reason, "started %" PRIu32 " times before and never done", attempts);
    return park(ctx, index, reason);
}

ddbs_status ddbs_park__poison(struct ddbs_ctx *ctx, size_t index, const ddbs_error *error)
{
    char reason[DDBS_ERROR_REASON_MAX + DDBS_ERROR_PATH_MAX + 64];
    snprintf(reason, sizeof reason, "does not decode: %s; at %s; offset %zu", error->reason, error->path,
             error->offset);
    return park(ctx, index, reason);
}
