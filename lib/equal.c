/* equal.c: equality by value and membership. Nesting is kept in frames of our own. */
#include "lib/arena.h"
#include "lib/value.h"

#include <ddbstream/num.h>

#include <string.h>

/* Sets up to this many elements are compared pair by pair, larger ones sorted. */
enum { FEW_ELEMENTS = 16 };

static ddbs_str text_of(const ddbs_value *value)
{
    return (ddbs_str){ value->as.text, value->len };
}

static int compare_text(ddbs_str a, ddbs_str b)
{
    if (a.len != b.len)
        return a.len < b.len ? -1 : 1;
    return a.len == 0 ? 0 : memcmp(a.ptr, b.ptr, a.len);
}

/* Any order of S, N or B in which equal means equal by value. */
static int compare_scalars(const ddbs_value *a, const ddbs_value *b)
{
    int order = 0;
    ddbs_num left = { a->as.text, a->len }, right = { b->as.text, b->len };
    if (a->type != DDBS_TYPE_N)
        return compare_text(text_of(a), text_of(b));
    /* What is on a tape is a number, so that this cannot fail. */
    return ddbs_num_compare(left, right, &order) == DDBS_OK ? order : 0;
}

static bool set_has(const ddbs_value *set, const ddbs_value *element)
{
    ddbs_iter iter = ddbs_iter_list(set);
    for (const ddbs_value *value; (value = ddbs_iter_next(&iter)) != NULL;) {
        if (compare_scalars(value, element) == 0)
            return true;
    }
    return false;
}

static bool is_subset(const ddbs_value *a, const ddbs_value *b)
{
    ddbs_iter iter = ddbs_iter_list(a);
    for (const ddbs_value *value; (value = ddbs_iter_next(&iter)) != NULL;) {
        if (!set_has(b, value))
            return false;
    }
    return true;
}

/* The offsets of a set's elements from its node, sorted, in its arena; NULL when memory is exhausted. */
static uint32_t *sorted_elements(ddbs_arena *arena, const ddbs_value *set)
{
    uint32_t *offsets = ddbs_arena__alloc(arena, set->len * sizeof *offsets);
    if (offsets == NULL)
        return NULL;
    for (uint32_t i = 0; i < set->len; i++)
        offsets[i] = i + 1;
    ddbs_value__sort(set, offsets, set->len, compare_scalars);
    return offsets;
}

/* The place behind element `at` and those equal to it. */
static size_t next_distinct(const ddbs_value *set, const uint32_t *offsets, size_t at)
{
    size_t next = at + 1;
    while (next < set->len && compare_scalars(set + offsets[at], set + offsets[next]) == 0)
        next++;
    return next;
}

static bool equal_sorted(const ddbs_value *a, const uint32_t *a_offsets, const ddbs_value *b, const uint32_t *b_offsets)
{
    size_t i = 0, k = 0;
    while (i < a->len && k < b->len) {
        if (compare_scalars(a + a_offsets[i], b + b_offsets[k]) != 0)
            return false;
        i = next_distinct(a, a_offsets, i);
        k = next_distinct(b, b_offsets, k);
    }
    return i == a->len && k == b->len;
}

/* An event may have an element of a set twice. */
static bool equal_sets(const ddbs_value *a, const ddbs_value *b)
{
    if (a->len <= FEW_ELEMENTS || b->len <= FEW_ELEMENTS)
        return is_subset(a, b) && is_subset(b, a);
    ddbs_arena *arena = ddbs_value__arena(a);
    struct arena_mark mark = ddbs_arena__mark(arena);
    uint32_t *a_offsets = sorted_elements(arena, a);
    uint32_t *b_offsets = a_offsets == NULL ? NULL : sorted_elements(arena, b);
    /* Without memory the answer is the same, but slow. */
    bool equal = b_offsets == NULL ? is_subset(a, b) && is_subset(b, a) : equal_sorted(a, a_offsets, b, b_offsets);
    ddbs_arena__release(arena, mark);
    return equal;
}

/* Two maps or lists whose content is being compared. */
struct pair {
    ddbs_iter a, b;        /* in maps only `a` is walked */
    const ddbs_item *item; /* the other map, or NULL in lists */
};

/* The next two values of a pair; false at its end, and `*b` is NULL for a name that the other map does not have. */
static bool next_values(struct pair *pair, const ddbs_value **a, const ddbs_value **b)
{
    ddbs_str name;
    if (pair->item == NULL) {
        *a = ddbs_iter_next(&pair->a);
        *b = ddbs_iter_next(&pair->b);
        return *a != NULL;
    }
    *a = ddbs_iter_attr(&pair->a, &name);
    *b = *a == NULL ? NULL : ddbs_item_find(pair->item, name);
    return *a != NULL;
}

/* Whether two values can still be equal; of maps and lists only type and size are compared. */
static bool equal_outside(const ddbs_value *a, const ddbs_value *b)
{
    if (b == NULL || a->type != b->type)
        return false;
    switch ((ddbs_type)a->type) {
    case DDBS_TYPE_S:
    case DDBS_TYPE_N:
    case DDBS_TYPE_B:
        return compare_scalars(a, b) == 0;
    case DDBS_TYPE_SS:
    case DDBS_TYPE_NS:
    case DDBS_TYPE_BS:
        return equal_sets(a, b);
    case DDBS_TYPE_NULL:
        return true;
    default: /* BOOL, M, L */
        return a->len == b->len;
    }
}

static bool open_pair(const ddbs_value *a, const ddbs_value *b, struct pair *out)
{
    if (a->type == DDBS_TYPE_M)
        *out = (struct pair){ ddbs_iter_item((const ddbs_item *)(const void *)a),
                              { NULL, 0 },
                              (const ddbs_item *)(const void *)b };
    else if (a->type == DDBS_TYPE_L)
        *out = (struct pair){ ddbs_iter_list(a), ddbs_iter_list(b), NULL };
    else
        return false;
    return true;
}

bool ddbs_value_equal(const ddbs_value *a, const ddbs_value *b)
{
    struct pair stack[DDBS_VALUE_DEPTH_MAX + 2];
    size_t depth = 0;
    if (a == NULL || b == NULL)
        return a == b;
    if (!equal_outside(a, b))
        return false;
    depth += open_pair(a, b, &stack[depth]);
    while (depth > 0) {
        if (!next_values(&stack[depth - 1], &a, &b)) {
            depth--;
            continue;
        }
        if (!equal_outside(a, b))
            return false;
        depth += open_pair(a, b, &stack[depth]);
    }
    return true;
}

bool ddbs_item_equal(const ddbs_item *a, const ddbs_item *b)
{
    return ddbs_value_equal(a == NULL ? NULL : &a->map, b == NULL ? NULL : &b->map);
}

bool ddbs_set_has_str(const ddbs_value *set, ddbs_str element)
{
    ddbs_value wanted = { .as.text = element.ptr, .len = (uint32_t)element.len, .type = DDBS_TYPE_S };
    return ddbs_value_type(set) == DDBS_TYPE_SS && element.ptr != NULL && element.len <= UINT32_MAX &&
           set_has(set, &wanted);
}

bool ddbs_set_has_num(const ddbs_value *set, ddbs_num element)
{
    ddbs_value wanted = { .as.text = element.ptr, .len = (uint32_t)element.len, .type = DDBS_TYPE_N };
    int order;
    bool is_number = ddbs_num_compare(element, element, &order) == DDBS_OK && element.len <= UINT32_MAX;
    return ddbs_value_type(set) == DDBS_TYPE_NS && is_number && set_has(set, &wanted);
}

bool ddbs_set_has_bytes(const ddbs_value *set, ddbs_bytes element)
{
    ddbs_value wanted = { .as.text = (const char *)element.ptr, .len = (uint32_t)element.len, .type = DDBS_TYPE_B };
    return ddbs_value_type(set) == DDBS_TYPE_BS && element.ptr != NULL && element.len <= UINT32_MAX &&
           set_has(set, &wanted);
}
