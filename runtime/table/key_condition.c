/* key_condition.c: see key_condition.h. */
#include "key_condition.h"

#include "lib/arena.h"

#include <string.h>

/* A condition on one attribute, the attribute first. */
struct leaf {
    ddbs_str name;
    enum condition_kind kind;
    const ddbs_value *values[2];
};

struct leaves {
    struct leaf list[2];
    size_t count;
};

static enum condition_kind turned(enum condition_kind kind)
{
    switch (kind) {
    case CONDITION_LT:
        return CONDITION_GT;
    case CONDITION_LE:
        return CONDITION_GE;
    case CONDITION_GT:
        return CONDITION_LT;
    case CONDITION_GE:
        return CONDITION_LE;
    default:
        return kind;
    }
}

static bool check_kind(enum condition_kind kind, struct fault *fault)
{
    bool allowed = kind == CONDITION_EQ || (kind >= CONDITION_LT && kind <= CONDITION_BETWEEN) ||
                   kind == CONDITION_BEGINS_WITH || kind == CONDITION_AND;
    return allowed || fault_invalid(fault, "Invalid operator used in KeyConditionExpression: %s", condition_name(kind));
}

/* Which operand is the attribute; there must be exactly one, of one step. */
static bool find_attribute(const struct condition_node *node, struct fault *fault, size_t *at)
{
    size_t found = 0;
    for (size_t i = 0; i < node->count; i++) {
        const struct condition_operand *operand = &node->operands[i];
        if (operand->size)
            return fault_invalid(fault, "KeyConditionExpressions cannot contain nested operations");
        if (operand->path == NULL)
            continue;
        if (found++ > 0)
            return fault_invalid(fault, "Invalid condition in KeyConditionExpression: Multiple attribute names used "
                                        "in one condition");
        if (operand->path->count > 1)
            return fault_invalid(fault, "KeyConditionExpressions cannot have conditions on nested attributes");
        *at = i;
    }
    if (found == 0)
        return fault_invalid(fault, "Invalid condition in KeyConditionExpression: No key attribute specified");
    return *at == 0 || (node->kind != CONDITION_BETWEEN && node->kind != CONDITION_BEGINS_WITH) ||
           fault_invalid(fault,
                         "Invalid condition in KeyConditionExpression: %s operator must have the key attribute as its "
                         "first operand",
                         condition_name(node->kind));
}

static bool same_name(ddbs_str a, ddbs_str b)
{
    return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}

static bool add_leaf(const struct condition_node *node, struct leaves *leaves, struct fault *fault)
{
    size_t at = 0;
    struct leaf leaf;
    if (!find_attribute(node, fault, &at))
        return false;
    leaf = (struct leaf){ node->operands[at].path->steps[0].name,
                          at == 0 ? node->kind : turned(node->kind),
                          { node->operands[at == 0 ? 1 : 0].value, node->count > 2 ? node->operands[2].value : NULL } };
    for (size_t i = 0; i < leaves->count; i++) {
        if (same_name(leaves->list[i].name, leaf.name))
            return fault_invalid(fault, "KeyConditionExpressions must only contain one condition per key");
    }
    if (leaves->count == 2)
        return fault_invalid(fault, "Conditions can be of length 1 or 2 only");
    leaves->list[leaves->count++] = leaf;
    return true;
}

static const struct leaf *find_leaf(const struct leaves *leaves, const struct key_part *part)
{
    for (size_t i = 0; i < leaves->count; i++) {
        if (same_name(leaves->list[i].name, key_name(part)))
            return &leaves->list[i];
    }
    return NULL;
}

static bool check_leaf(const struct leaf *leaf, const struct key_part *part, struct fault *fault)
{
    bool matches = ddbs_value_type(leaf->values[0]) == part->type &&
                   (leaf->values[1] == NULL || ddbs_value_type(leaf->values[1]) == part->type);
    if (!matches || (leaf->kind == CONDITION_BEGINS_WITH && part->type == DDBS_TYPE_N))
        return fault_invalid(fault, FAULT_INVALID_PARAMETERS "Condition parameter type does not match schema type");
    return true;
}

/* The key of a partition with a sort key of `sort`, followed by as many 0xff as no sort key exceeds, where `above`. */
static bool make_bound(ddbs_bytes partition, ddbs_bytes sort, bool above, struct fault *fault, struct key *out)
{
    size_t fill = above ? KEY_SORT_MAX + 1 : 0;
    unsigned char *bytes = ddbs_arena__alloc(fault->arena, partition.len + sort.len + fill);
    if (bytes == NULL)
        return fault_memory(fault);
    memcpy(bytes, partition.ptr, partition.len);
    if (sort.len > 0)
        memcpy(bytes + partition.len, sort.ptr, sort.len);
    memset(bytes + partition.len + sort.len, 0xff, fill);
    *out =
        (struct key){ bytes, partition.len, partition.len + sort.len + fill, key_hash(partition.ptr, partition.len) };
    return true;
}

static bool make_range(ddbs_bytes partition, const struct leaf *sort, struct fault *fault, struct key_range *out)
{
    ddbs_bytes low = { NULL, 0 }, high = { NULL, 0 };
    enum condition_kind kind = sort == NULL ? CONDITION_NOT : sort->kind;
    if (sort != NULL && !key_bytes(sort->values[0], fault, &low))
        return false;
    high = low;
    if (sort != NULL && sort->values[1] != NULL && !key_bytes(sort->values[1], fault, &high))
        return false;
    bool no_low = kind == CONDITION_NOT || kind == CONDITION_LT || kind == CONDITION_LE;
    bool no_high = kind == CONDITION_NOT || kind == CONDITION_GT || kind == CONDITION_GE;
    *out = (struct key_range){ .low_open = kind == CONDITION_GT, .high_open = kind == CONDITION_LT };
    return make_bound(partition, no_low ? (ddbs_bytes){ NULL, 0 } : low, false, fault, &out->low) &&
           make_bound(partition, no_high ? (ddbs_bytes){ NULL, 0 } : high, no_high || kind == CONDITION_BEGINS_WITH,
                      fault, &out->high);
}

bool key_condition_range(const struct condition *condition, const struct key_schema *schema, struct fault *fault,
                         struct key_range *out)
{
    struct leaves leaves = { .count = 0 };
    ddbs_bytes partition;
    for (size_t i = 0; i < condition->count; i++) {
        const struct condition_node *node = &condition->nodes[i];
        if (!check_kind(node->kind, fault))
            return false;
        if (node->kind != CONDITION_AND && !add_leaf(node, &leaves, fault))
            return false;
    }
    const struct leaf *first = find_leaf(&leaves, &schema->parts[0]);
    const struct leaf *second = schema->count > 1 ? find_leaf(&leaves, &schema->parts[1]) : NULL;
    if (first == NULL)
        return fault_invalid(fault, "Query condition missed key schema element: %s", schema->parts[0].name);
    if (leaves.count == 2 && schema->count == 1)
        return fault_invalid(fault, "Query key condition not supported");
    if (leaves.count == 2 && second == NULL)
        return fault_invalid(fault, "Query condition missed key schema element: %s", schema->parts[1].name);
    if (!check_leaf(first, &schema->parts[0], fault) ||
        (second != NULL && !check_leaf(second, &schema->parts[1], fault)))
        return false;
    if (first->kind != CONDITION_EQ)
        return fault_invalid(fault, "Query key condition not supported");
    return key_bytes(first->values[0], fault, &partition) && make_range(partition, second, fault, out);
}
