/* keep.c: memory that lives as long as the batch. It comes from an arena of its own inside the batch's, so that a
 * record below it can be released: that arena takes room in blocks that double, and only the few records that were at
 * hand when it took some stay until the batch ends. */
#include "lib/context.h"
#include "lib/copy.h"

#include <string.h>

void *ddbs_ctx_alloc(ddbs_ctx *ctx, size_t size)
{
    void *ptr = ctx->keep == NULL ? NULL : ddbs_arena__alloc(ctx->keep, size == 0 ? 1 : size);
    if (ptr != NULL)
        memset(ptr, 0, size);
    return ptr;
}

ddbs_arena *ddbs_ctx_arena(ddbs_ctx *ctx)
{
    return ctx->keep;
}

ddbs_status ddbs_ctx_keep_str(ddbs_ctx *ctx, ddbs_str view, ddbs_str *out)
{
    if (view.ptr == NULL)
        return DDBS_E_MISSING;
    if (ctx->keep == NULL)
        return DDBS_E_USAGE;
    char *copy = ddbs_arena__alloc(ctx->keep, view.len + 1);
    if (copy == NULL)
        return DDBS_E_MEMORY;
    memcpy(copy, view.ptr, view.len);
    copy[view.len] = '\0';
    *out = (ddbs_str){ copy, view.len };
    return DDBS_OK;
}

/* A tape with room for as many nodes as an item takes, so that the copy does not grow. */
static bool make_tape(ddbs_arena *arena, size_t nodes, struct tape *tape)
{
    *tape = (struct tape){ .arena = arena, .count = 1, .capacity = nodes + 1 };
    tape->nodes = ddbs_arena__alloc(arena, tape->capacity * sizeof *tape->nodes);
    if (tape->nodes != NULL)
        tape->nodes[0] = (ddbs_value){ .as.arena = arena, .type = TYPE_HEAD };
    return tape->nodes != NULL;
}

ddbs_status ddbs_ctx_keep_item(ddbs_ctx *ctx, const ddbs_item *item, const ddbs_item **out)
{
    struct tape tape;
    if (item == NULL)
        return DDBS_E_MISSING;
    if (ctx->keep == NULL)
        return DDBS_E_USAGE;
    if (!make_tape(ctx->keep, item->map.as.span.extent, &tape))
        return DDBS_E_MEMORY;
    DDBS_TRY(ddbs_tape__copy(&tape, &item->map, 0));
    *out = (const ddbs_item *)(const void *)&tape.nodes[1];
    return DDBS_OK;
}
