/* window.c: the state of a tumbling window. It is text that goes from one invocation to the next; what is in it is the
 * handler's. */
#include "lib/context.h"
#include "lib/json.h"
#include "lib/utf8.h"

#include <string.h>

const ddbs_window *ddbs_ctx_window(const ddbs_ctx *ctx)
{
    return ctx->event == NULL ? NULL : ddbs_event_window(ctx->event);
}

ddbs_str ddbs_ctx_state(const ddbs_ctx *ctx)
{
    const ddbs_window *window = ddbs_ctx_window(ctx);
    if (window == NULL)
        return (ddbs_str){ NULL, 0 };
    return ctx->state == NULL ? window->state : (ddbs_str){ ctx->state, ctx->state_len };
}

static const char *fault(ddbs_status *status, ddbs_status what, const char *reason)
{
    *status = what;
    return reason;
}

/* The next event carries the state inside its own brackets, so one level less is left for it; and an escape that stands
 * for no character would make a text of it that no reader takes. */
const char *ddbs_state__fault(ddbs_str text, ddbs_status *status)
{
    struct json json = { .text = text.ptr, .len = text.len, .pairs = true };
    if (text.ptr == NULL)
        return fault(status, DDBS_E_SYNTAX, "a state is a JSON object, and there is no text");
    if (text.len > DDBS_STATE_MAX)
        return fault(status, DDBS_E_LIMIT, "a state over 1,000,000 bytes: above 1 MB Lambda ends the window early");
    if (ddbs_utf8__check(text.ptr, text.len) != text.len)
        return fault(status, DDBS_E_SYNTAX, "the state is not UTF-8");
    ddbs_json__space(&json);
    bool object = ddbs_json__peek(&json) == '{';
    if (!ddbs_json__skip(&json, 1))
        return fault(status, json.status, json.reason);
    ddbs_json__space(&json);
    if (json.at != json.len)
        return fault(status, DDBS_E_SYNTAX, "text behind the JSON of the state");
    return object ? NULL : fault(status, DDBS_E_TYPE, "a state is a JSON object");
}

/* Where a state goes. It may be set with every record: the room is used again, and grows to the double. */
static char *state_room(ddbs_ctx *ctx, size_t size)
{
    if (size <= ctx->state_size)
        return ctx->state;
    if (size < ctx->state_size * 2)
        size = ctx->state_size * 2;
    char *room = ddbs_arena__alloc(ctx->keep, size);
    if (room != NULL)
        ctx->state_size = size;
    return room;
}

ddbs_status ddbs_ctx_set_state(ddbs_ctx *ctx, ddbs_str json)
{
    ddbs_status status = DDBS_OK;
    if (ddbs_ctx_window(ctx) == NULL)
        return ddbs_fail(ctx, DDBS_E_USAGE, "there is no tumbling window whose state could be set");
    const char *reason = ddbs_state__fault(json, &status);
    if (reason != NULL)
        return ddbs_fail(ctx, status, "%s", reason);
    char *room = state_room(ctx, json.len + 1);
    if (room == NULL)
        return ddbs_fail(ctx, DDBS_E_MEMORY, "no room for the state of the window");
    memmove(room, json.ptr, json.len); /* it may be a part of the one before */
    room[json.len] = '\0';
    ctx->state = room;
    ctx->state_len = json.len;
    ctx->state_touched = true;
    return DDBS_OK;
}

/* Hooks speak for many records: what one of them did before it failed, nobody can tell. */
void ddbs_state__returned(ddbs_ctx *ctx, ddbs_status status)
{
    bool is_hook = ctx->index == DDBS_NOWHERE;
    if (status == DDBS_OK || (status == DDBS_SKIP && !is_hook))
        return;
    ctx->state_doubtful = ctx->state_doubtful || is_hook || ctx->state_touched;
}

void ddbs_state__settle(const ddbs_ctx *ctx, ddbs_outcome *outcome)
{
    const ddbs_window *window = ddbs_ctx_window(ctx);
    size_t told = ctx->given == NULL ? ctx->ok : ctx->end;
    if (!ctx->host->window_partial || window == NULL || window->final)
        return;
    if (ctx->state_doubtful || outcome->checkpoint != told)
        return;
    outcome->window_partial = true;
    outcome->state = (ddbs_str){ ctx->state, ctx->state_len };
}
