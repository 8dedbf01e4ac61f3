/* raw.c: see raw.h. */
#include "runtime/lambda/raw.h"

#include "lib/context.h"

ddbs_consumer ddbs_raw__consumer(const ddbs_raw *function)
{
    return (ddbs_consumer){ .on_start = function->on_start, .on_stop = function->on_stop, .user = function->user };
}

void ddbs_raw__call(const ddbs_consumer *consumer, ddbs_raw_fn *function, const ddbs_host *host, ddbs_bytes event,
                    ddbs_arena *arena, ddbs_outcome *outcome, ddbs_str *result)
{
    ddbs_ctx ctx;
    ddbs_buf buf = { .arena = arena };
    *outcome = (ddbs_outcome){ .records = 0 };
    *result = (ddbs_str){ NULL, 0 };
    ddbs_ctx__init(&ctx, consumer, host, NULL);
    ctx.arena = ctx.keep = arena;
    ddbs_ctx__enter(&ctx, consumer, DDBS_NOWHERE);
    ddbs_status status = function(&ctx, event, &buf);
    if (!ddbs_ctx__leave(&ctx, DDBS_NOWHERE))
        status = ddbs_fail(&ctx, DDBS_E_USAGE, "the function was left by a jump into another call of it");
    ddbs_error_clear(&outcome->error);
    if (status == DDBS_OK) {
        *result = (ddbs_str){ buf.ptr, buf.len };
        return;
    }
    ddbs_ctx__settle(&ctx, status, "the function");
    if (ctx.error.status == DDBS_SKIP)
        ctx.error.status = DDBS_E_HANDLER; /* there is no record to skip */
    outcome->error = ctx.error;
}
