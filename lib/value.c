/* value.c: see ddbstream/value.h; lib/value.h says how values lie in memory. */
#include "lib/value.h"

#include "lib/arena.h"
#include "lib/names.h"

#include <ddbstream/num.h>

#include <string.h>

enum { NODES_AT_FIRST = 64 };

/* Large enough at once: what a tape leaves behind when it moves is not given back before the record's end. */
bool ddbs_tape__reserve(struct tape *tape, size_t count)
{
    size_t wanted = tape->count + count + (tape->count == 0), capacity = tape->capacity * 2;
    if (wanted <= tape->capacity)
        return true;
    capacity = capacity < NODES_AT_FIRST ? NODES_AT_FIRST : capacity;
    capacity = capacity < wanted ? wanted : capacity;
    ddbs_value *nodes =
        ddbs_arena__grow(tape->arena, tape->nodes, tape->capacity * sizeof *nodes, capacity * sizeof *nodes);
    if (nodes == NULL)
        return false;
    if (tape->count == 0)
        nodes[tape->count++] = (ddbs_value){ .as.arena = tape->arena, .type = TYPE_HEAD };
    tape->nodes = nodes;
    tape->capacity = capacity;
    return true;
}

ddbs_arena *ddbs_value__arena(const ddbs_value *container)
{
    return (container - container->as.span.place)->as.arena;
}

static int compare_names(const char *a, size_t a_len, const char *b, size_t b_len)
{
    if (a_len != b_len)
        return a_len < b_len ? -1 : 1;
    return memcmp(a, b, a_len);
}

static int compare_nodes(const ddbs_value *a, const ddbs_value *b)
{
    return compare_names(a->as.text, a->len, b->as.text, b->len);
}

/* Equal nodes stand in the order of the event. */
static int sort_order(const ddbs_value *base, uint32_t a, uint32_t b, ddbs_compare *compare)
{
    int order = compare(base + a, base + b);
    return order != 0 ? order : a < b ? -1 : 1;
}

/* Let the offset at `root` sink to its place in the heap. */
static void sift(const ddbs_value *base, uint32_t *offsets, size_t root, size_t count, ddbs_compare *compare)
{
    for (size_t child; (child = root * 2 + 1) < count; root = child) {
        if (child + 1 < count && sort_order(base, offsets[child], offsets[child + 1], compare) < 0)
            child++;
        if (sort_order(base, offsets[root], offsets[child], compare) > 0)
            return;
        uint32_t moved = offsets[root];
        offsets[root] = offsets[child];
        offsets[child] = moved;
    }
}

void ddbs_value__sort(const ddbs_value *base, uint32_t *offsets, size_t count, ddbs_compare *compare)
{
    for (size_t root = count / 2; root-- > 0;)
        sift(base, offsets, root, count, compare);
    for (size_t last = count; last-- > 1;) {
        uint32_t largest = offsets[0];
        offsets[0] = offsets[last];
        offsets[last] = largest;
        sift(base, offsets, 0, last, compare);
    }
}

/* Write the offsets of the name nodes of a map to `offsets`. */
static void list_names(const ddbs_value *map, size_t count, uint32_t *offsets)
{
    const ddbs_value *name = map + 1;
    for (size_t i = 0; i < count; i++) {
        offsets[i] = (uint32_t)(name - map);
        name = ddbs_value__behind(name + 1);
    }
}

static const ddbs_value *twice_among_few(const ddbs_value *map, size_t count)
{
    uint32_t offsets[FEW_NAMES];
    list_names(map, count, offsets);
    for (size_t i = 1; i < count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (compare_nodes(map + offsets[i], map + offsets[k]) == 0)
                return map + offsets[i];
        }
    }
    return NULL;
}

bool ddbs_tape__close(struct tape *tape, size_t at, size_t count, bool distinct, const ddbs_value **twice)
{
    size_t nodes = tape->nodes[at].type == DDBS_TYPE_M ? ddbs_names__nodes(count) : 0;
    *twice = NULL;
    if (!ddbs_tape__reserve(tape, nodes))
        return false;
    memset(tape->nodes + tape->count, 0, nodes * sizeof *tape->nodes);
    tape->count += nodes;
    ddbs_value *node = &tape->nodes[at];
    ddbs_value__finish(tape->nodes, at, tape->count, count);
    if (nodes > 0) {
        *twice = ddbs_names__build(node);
    } else if (node->type == DDBS_TYPE_M && !distinct) {
        *twice = twice_among_few(node, count);
    }
    return true;
}

const char *ddbs_type_name(ddbs_type type)
{
    static const char *const names[] = { "none", "S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS" };
    size_t i = (size_t)type;
    return i < sizeof names / sizeof *names ? names[i] : "none";
}

ddbs_type ddbs_value_type(const ddbs_value *value)
{
    return value == NULL ? DDBS_TYPE_NONE : (ddbs_type)value->type;
}

static ddbs_status require(const ddbs_value *value, ddbs_type type)
{
    if (value == NULL)
        return DDBS_E_MISSING;
    return value->type == type ? DDBS_OK : DDBS_E_TYPE;
}

ddbs_status ddbs_value_str(const ddbs_value *value, ddbs_str *out)
{
    DDBS_TRY(require(value, DDBS_TYPE_S));
    *out = (ddbs_str){ value->as.text, value->len };
    return DDBS_OK;
}

ddbs_status ddbs_value_num(const ddbs_value *value, ddbs_num *out)
{
    DDBS_TRY(require(value, DDBS_TYPE_N));
    *out = (ddbs_num){ value->as.text, value->len };
    return DDBS_OK;
}

ddbs_status ddbs_value_bytes(const ddbs_value *value, ddbs_bytes *out)
{
    DDBS_TRY(require(value, DDBS_TYPE_B));
    *out = (ddbs_bytes){ (const unsigned char *)value->as.text, value->len };
    return DDBS_OK;
}

ddbs_status ddbs_value_bool(const ddbs_value *value, bool *out)
{
    DDBS_TRY(require(value, DDBS_TYPE_BOOL));
    *out = value->len != 0;
    return DDBS_OK;
}

ddbs_status ddbs_value_item(const ddbs_value *value, const ddbs_item **out)
{
    DDBS_TRY(require(value, DDBS_TYPE_M));
    *out = (const ddbs_item *)(const void *)value;
    return DDBS_OK;
}

size_t ddbs_value_count(const ddbs_value *value)
{
    return value != NULL && ddbs_value__is_container(value) ? value->len : 0;
}

size_t ddbs_item_count(const ddbs_item *item)
{
    return item == NULL ? 0 : item->map.len;
}

static const ddbs_value *find_among_few(const ddbs_value *map, ddbs_str name)
{
    const ddbs_value *node = map + 1;
    for (size_t i = 0; i < map->len; i++) {
        if (compare_names(node->as.text, node->len, name.ptr, name.len) == 0)
            return node + 1;
        node = ddbs_value__behind(node + 1);
    }
    return NULL;
}

const ddbs_value *ddbs_item_find(const ddbs_item *item, ddbs_str name)
{
    if (item == NULL || name.ptr == NULL)
        return NULL;
    if (item->map.len <= FEW_NAMES)
        return find_among_few(&item->map, name);
    const ddbs_value *node = ddbs_names__find(&item->map, name);
    return node == NULL ? NULL : node + 1;
}

ddbs_iter ddbs_iter_list(const ddbs_value *value)
{
    if (value == NULL || value->type < DDBS_TYPE_L || value->type > DDBS_TYPE_BS)
        return (ddbs_iter){ NULL, 0 };
    return (ddbs_iter){ value + 1, value->len };
}

ddbs_iter ddbs_iter_item(const ddbs_item *item)
{
    if (item == NULL)
        return (ddbs_iter){ NULL, 0 };
    return (ddbs_iter){ &item->map + 1, item->map.len };
}

const ddbs_value *ddbs_iter_next(ddbs_iter *iter)
{
    if (iter->left == 0)
        return NULL;
    const ddbs_value *value = iter->next;
    iter->next = ddbs_value__behind(value);
    iter->left--;
    return value;
}

const ddbs_value *ddbs_iter_attr(ddbs_iter *iter, ddbs_str *name)
{
    if (iter->left == 0)
        return NULL;
    *name = (ddbs_str){ iter->next->as.text, iter->next->len };
    iter->next++;
    return ddbs_iter_next(iter);
}
