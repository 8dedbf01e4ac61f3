/* condition_eval.c: whether a condition holds; see condition.h. */
#include "condition.h"

#include "lib/arena.h"
#include "lib/value.h"

#include <stdio.h>
#include <string.h>

/* What size() counts in a string: UTF-16 code units, as Java does (seen on AWS: 3 for U+00E9 U+1D11E). */
static size_t utf16_units(ddbs_str text)
{
    size_t units = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];
        units += (byte & 0xc0) != 0x80;
        units += byte >= 0xf0; /* beyond U+FFFF: a surrogate pair */
    }
    return units;
}

/* A number on a tape of its own, whose text lives in `text`. */
static const ddbs_value *size_value(const ddbs_value *value, char text[24], ddbs_value *out)
{
    size_t size;
    switch (ddbs_value_type(value)) {
    case DDBS_TYPE_S:
        size = utf16_units(item_text(value));
        break;
    case DDBS_TYPE_B:
        size = item_text(value).len;
        break;
    case DDBS_TYPE_M:
    case DDBS_TYPE_L:
    case DDBS_TYPE_SS:
    case DDBS_TYPE_NS:
    case DDBS_TYPE_BS:
        size = ddbs_value_count(value);
        break;
    default: /* N, BOOL, NULL and what is missing have none */
        return NULL;
    }
    int len = snprintf(text, 24, "%zu", size);
    *out = (ddbs_value){ .as.text = text, .len = (uint32_t)len, .type = DDBS_TYPE_N };
    return out;
}

/* Room for what the operands of one condition need. */
struct scratch {
    char text[3][24];
    ddbs_value value[3];
};

static const ddbs_value *resolve(const struct condition_operand *operand, const ddbs_item *item, struct scratch *room,
                                 size_t at)
{
    const ddbs_value *value = operand->path != NULL ? expr_find(operand->path, item) : operand->value;
    return operand->size ? size_value(value, room->text[at], &room->value[at]) : value;
}

/* ---- Functions --------------------------------------------------------------------------------------------------- */

static bool has_bytes(ddbs_str text, ddbs_str part)
{
    for (size_t at = 0; at + part.len <= text.len; at++) {
        if (part.len == 0 || memcmp(text.ptr + at, part.ptr, part.len) == 0)
            return true;
    }
    return false;
}

static bool list_has(const ddbs_value *list, const ddbs_value *element)
{
    ddbs_iter iter = ddbs_iter_list(list);
    for (const ddbs_value *value; (value = ddbs_iter_next(&iter)) != NULL;) {
        if (ddbs_value_equal(value, element))
            return true;
    }
    return false;
}

static bool contains(const ddbs_value *value, const ddbs_value *part)
{
    ddbs_type type = ddbs_value_type(value), of = ddbs_value_type(part);
    if (part == NULL)
        return false;
    switch (type) {
    case DDBS_TYPE_S:
    case DDBS_TYPE_B:
        return type == of && has_bytes(item_text(value), item_text(part));
    case DDBS_TYPE_SS:
        return of == DDBS_TYPE_S && ddbs_set_has_str(value, item_text(part));
    case DDBS_TYPE_NS:
        return of == DDBS_TYPE_N && ddbs_set_has_num(value, (ddbs_num){ part->as.text, part->len });
    case DDBS_TYPE_BS:
        return of == DDBS_TYPE_B &&
               ddbs_set_has_bytes(value, (ddbs_bytes){ (const unsigned char *)part->as.text, part->len });
    case DDBS_TYPE_L:
        return list_has(value, part);
    default:
        return false;
    }
}

static bool begins_with(const ddbs_value *value, const ddbs_value *part)
{
    ddbs_type type = ddbs_value_type(value);
    if (type != ddbs_value_type(part) || (type != DDBS_TYPE_S && type != DDBS_TYPE_B))
        return false;
    ddbs_str text = item_text(value), begin = item_text(part);
    return begin.len <= text.len && (begin.len == 0 || memcmp(text.ptr, begin.ptr, begin.len) == 0);
}

static bool has_type(const ddbs_value *value, const ddbs_value *type)
{
    ddbs_str name;
    return value != NULL && ddbs_value_str(type, &name) == DDBS_OK &&
           ddbs_str_is(name, ddbs_type_name(ddbs_value_type(value)));
}

/* ---- Comparators ------------------------------------------------------------------------------------------------- */

/* Values that are missing equal nothing, not even each other. */
static bool equal(const ddbs_value *a, const ddbs_value *b)
{
    return a != NULL && b != NULL && ddbs_value_equal(a, b);
}

static bool ordered(enum condition_kind kind, const ddbs_value *a, const ddbs_value *b)
{
    int order;
    if (a == NULL || b == NULL || !item_order(a, b, &order))
        return false;
    switch (kind) {
    case CONDITION_LT:
        return order < 0;
    case CONDITION_LE:
        return order <= 0;
    case CONDITION_GT:
        return order > 0;
    default:
        return order >= 0;
    }
}

static bool holds_in(const struct condition_node *node, const ddbs_item *item, const ddbs_value *value)
{
    struct scratch room;
    for (size_t i = 1; i < node->count; i++) {
        if (equal(value, resolve(&node->operands[i], item, &room, 1)))
            return true;
    }
    return false;
}

static bool holds_leaf(const struct condition_node *node, const ddbs_item *item)
{
    struct scratch room;
    const ddbs_value *values[3] = { NULL, NULL, NULL };
    for (size_t i = 0; i < node->count && i < 3; i++)
        values[i] = resolve(&node->operands[i], item, &room, i);
    switch (node->kind) {
    case CONDITION_EQ:
        return equal(values[0], values[1]);
    case CONDITION_NE:
        return !equal(values[0], values[1]);
    case CONDITION_BETWEEN:
        return ordered(CONDITION_GE, values[0], values[1]) && ordered(CONDITION_LE, values[0], values[2]);
    case CONDITION_IN:
        return holds_in(node, item, values[0]);
    case CONDITION_EXISTS:
        return values[0] != NULL;
    case CONDITION_NOT_EXISTS:
        return values[0] == NULL;
    case CONDITION_TYPE:
        return has_type(values[0], values[1]);
    case CONDITION_BEGINS_WITH:
        return begins_with(values[0], values[1]);
    case CONDITION_CONTAINS:
        return contains(values[0], values[1]);
    default:
        return ordered(node->kind, values[0], values[1]);
    }
}

bool condition_holds(const struct condition *condition, const ddbs_item *item, struct fault *fault, bool *out)
{
    bool *truth = ddbs_arena__alloc(fault->arena, condition->count);
    if (truth == NULL)
        return fault_memory(fault);
    for (size_t i = 0; i < condition->count; i++) {
        const struct condition_node *node = &condition->nodes[i];
        if (node->kind == CONDITION_AND)
            truth[i] = truth[node->left] && truth[node->right];
        else if (node->kind == CONDITION_OR)
            truth[i] = truth[node->left] || truth[node->right];
        else if (node->kind == CONDITION_NOT)
            truth[i] = !truth[node->left];
        else
            truth[i] = holds_leaf(node, item);
    }
    *out = truth[condition->count - 1];
    return true;
}
