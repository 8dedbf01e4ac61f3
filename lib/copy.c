/* copy.c: see copy.h. */
#include "lib/copy.h"

#include "lib/arena.h"

#include <string.h>

/* A map or list that is being copied. */
struct open {
    const ddbs_value *from;
    ddbs_iter iter;
    size_t at; /* of the copy, on the tape */
};

struct copier {
    struct tape *tape;
    size_t outside; /* containers open around what is copied */
    struct open stack[DDBS_VALUE_DEPTH_MAX + 1];
    size_t depth;
};

bool ddbs_tape__text(struct tape *tape, uint32_t type, const char *text, size_t len)
{
    char *copy = len < UINT32_MAX ? ddbs_arena__alloc(tape->arena, len + 1) : NULL;
    if (copy == NULL)
        return false;
    if (len > 0)
        memcpy(copy, text, len);
    copy[len] = '\0';
    return ddbs_tape__push(tape, (ddbs_value){ .as.text = copy, .len = (uint32_t)len, .type = type }) != SIZE_MAX;
}

static bool copy_set(struct tape *tape, const ddbs_value *set)
{
    const ddbs_value *none;
    ddbs_iter iter = ddbs_iter_list(set);
    size_t at = ddbs_tape__push(tape, (ddbs_value){ .type = set->type });
    if (at == SIZE_MAX)
        return false;
    for (const ddbs_value *value; (value = ddbs_iter_next(&iter)) != NULL;) {
        if (!ddbs_tape__text(tape, value->type, value->as.text, value->len))
            return false;
    }
    return ddbs_tape__close(tape, at, set->len, false, &none);
}

static bool open_copy(struct copier *c, const ddbs_value *value)
{
    size_t at = ddbs_tape__push(c->tape, (ddbs_value){ .type = value->type });
    if (at == SIZE_MAX)
        return false;
    ddbs_iter iter =
        value->type == DDBS_TYPE_M ? ddbs_iter_item((const ddbs_item *)(const void *)value) : ddbs_iter_list(value);
    c->stack[c->depth++] = (struct open){ value, iter, at };
    return true;
}

static bool copy_any(struct copier *c, const ddbs_value *value)
{
    switch ((ddbs_type)value->type) {
    case DDBS_TYPE_M:
    case DDBS_TYPE_L:
        return open_copy(c, value);
    case DDBS_TYPE_SS:
    case DDBS_TYPE_NS:
    case DDBS_TYPE_BS:
        return copy_set(c->tape, value);
    case DDBS_TYPE_BOOL:
    case DDBS_TYPE_NULL:
        return ddbs_tape__push(c->tape, *value) != SIZE_MAX;
    default:
        return ddbs_tape__text(c->tape, value->type, value->as.text, value->len);
    }
}

static ddbs_status copy_value(struct copier *c, const ddbs_value *value)
{
    if (c->outside + c->depth > DDBS_VALUE_DEPTH_MAX)
        return DDBS_E_LIMIT;
    return copy_any(c, value) ? DDBS_OK : DDBS_E_MEMORY;
}

static ddbs_status close_container(struct copier *c, const struct open *open)
{
    const ddbs_value *twice;
    c->depth--;
    return ddbs_tape__close(c->tape, open->at, open->from->len, false, &twice) ? DDBS_OK : DDBS_E_MEMORY;
}

ddbs_status ddbs_tape__copy(struct tape *tape, const ddbs_value *value, size_t open)
{
    struct copier c = { .tape = tape, .outside = open };
    DDBS_TRY(copy_value(&c, value));
    while (c.depth > 0) {
        struct open *top = &c.stack[c.depth - 1];
        ddbs_str name = { NULL, 0 };
        value = top->from->type == DDBS_TYPE_M ? ddbs_iter_attr(&top->iter, &name) : ddbs_iter_next(&top->iter);
        if (value == NULL) {
            DDBS_TRY(close_container(&c, top));
            continue;
        }
        if (name.ptr != NULL && !ddbs_tape__text(tape, TYPE_NAME, name.ptr, name.len))
            return DDBS_E_MEMORY;
        DDBS_TRY(copy_value(&c, value));
    }
    return DDBS_OK;
}
