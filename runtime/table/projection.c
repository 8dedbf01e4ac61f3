/* projection.c: see projection.h. */
#include "projection.h"

#include "doc.h"
#include "lib/arena.h"

bool projection_read(struct expr_scope *scope, ddbs_str text, struct projection *out)
{
    static const enum expr_complaint order[] = { EXPR_RESERVED, EXPR_NAME, EXPR_OVERLAP, EXPR_CONFLICT };
    struct expr_tokens tokens;
    size_t most = 1;
    if (!expr_open(scope, "ProjectionExpression", text, &tokens))
        return false;
    while (tokens.list[most - 1].kind != EXPR_END)
        most++;
    *out = (struct projection){ .paths = ddbs_arena__alloc(scope->fault->arena, most * sizeof *out->paths) };
    if (out->paths == NULL)
        return fault_memory(scope->fault);
    do {
        if (!expr_path(&tokens, &out->paths[out->count]))
            return false;
        expr_check_paths(scope, out->paths, out->count, out->paths[out->count]);
        out->count++;
    } while (expr_take(&tokens, ','));
    if (tokens.list[tokens.at].kind != EXPR_END)
        return expr_syntax(&tokens);
    return expr_settle(scope, order, sizeof order / sizeof *order);
}

bool projection_write(const struct projection *projection, const ddbs_item *item, struct fault *fault, ddbs_buf *out,
                      bool *any)
{
    struct doc doc;
    size_t found = 0;
    if (any != NULL)
        *any = true;
    if (projection == NULL)
        return ddbs_item_write(item, DDBS_JSON_TYPED, out) == DDBS_OK || fault_memory(fault);
    if (!doc_open(&doc, NULL, fault))
        return false;
    for (size_t i = 0; i < projection->count; i++) {
        const ddbs_value *value = expr_find(projection->paths[i], item);
        found += value != NULL;
        if (value != NULL && !doc_graft(&doc, projection->paths[i], value))
            return false;
    }
    if (any != NULL)
        *any = found > 0;
    return doc_write(&doc, out);
}
