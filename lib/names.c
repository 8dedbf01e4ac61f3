/* names.c: see names.h. */
#include "lib/names.h"

#include <string.h>

enum { SLOTS_PER_NODE = sizeof(ddbs_value) / sizeof(uint32_t), STEPS_PER_NAME = 8 };

/* Slots of the table: at most three quarters are taken. */
static size_t slots_of(size_t count)
{
    size_t slots = 32;
    while (slots < count + count / 3)
        slots *= 2;
    return slots;
}

size_t ddbs_names__nodes(size_t count)
{
    return count <= FEW_NAMES ? 0 : slots_of(count) / SLOTS_PER_NODE + 1;
}

/* The table, or the sorted offsets. A slot of 0 is free: no name is its map's first node. */
static uint32_t *slots_in(const ddbs_value *map)
{
    return (uint32_t *)(void *)(map + map->as.span.extent - ddbs_names__nodes(map->len));
}

/* The last node: its `len` is the number of slots of a table, 0 for sorted offsets. */
static ddbs_value *last_node(const ddbs_value *map)
{
    return (ddbs_value *)(uintptr_t)(map + map->as.span.extent - 1);
}

static uint64_t load(const char *text, size_t len)
{
    uint64_t word = 0;
    memcpy(&word, text, len);
    return word;
}

/* Lambda's machines are 64-bit ones, where every compiler has it. */
__extension__ typedef unsigned __int128 wide;

/* All bits of both halves of a product depend on all bits of the word. */
static uint64_t mix(uint64_t word)
{
    wide product = (wide)word * UINT64_C(0x9e3779b97f4a7c15);
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Eight bytes at a time; of what is left over, two loads that overlap. */
size_t ddbs_names__hash(const char *text, size_t len)
{
    uint64_t hash = len, rest;
    for (size_t at = 8; at < len; at += 8)
        hash = mix(hash ^ load(text + at - 8, 8));
    if (len >= 8)
        rest = load(text + len - 8, 8);
    else if (len >= 4)
        rest = load(text, 4) << 32 | load(text + len - 4, 4);
    else
        rest = len == 0 ? 0 : load(text, 1) << 16 | load(text + len / 2, 1) << 8 | load(text + len - 1, 1);
    return (size_t)mix(hash ^ rest);
}

static bool is_name(const ddbs_value *node, ddbs_str name)
{
    return node->len == name.len && memcmp(node->as.text, name.ptr, name.len) == 0;
}

static int compare_names(const ddbs_value *a, const ddbs_value *b)
{
    if (a->len != b->len)
        return a->len < b->len ? -1 : 1;
    return memcmp(a->as.text, b->as.text, a->len);
}

/* Put a name into the table. Of equal ones the first is found first. `*steps` counts down; false at 0. */
static bool insert(const ddbs_value *map, uint32_t *slots, size_t count, const ddbs_value *name, size_t *steps,
                   const ddbs_value **twice)
{
    ddbs_str text = { name->as.text, name->len };
    size_t slot = ddbs_names__hash(text.ptr, text.len) & (count - 1);
    for (; slots[slot] != 0; slot = (slot + 1) & (count - 1)) {
        if ((*steps)-- == 0)
            return false;
        if (*twice == NULL && is_name(map + slots[slot], text))
            *twice = name;
    }
    slots[slot] = (uint32_t)(name - map);
    return true;
}

static bool build_table(const ddbs_value *map, uint32_t *slots, size_t count, const ddbs_value **twice)
{
    const ddbs_value *name = map + 1;
    size_t steps = map->len * STEPS_PER_NAME;
    for (size_t i = 0; i < map->len; i++) {
        if (!insert(map, slots, count, name, &steps, twice))
            return false;
        name = ddbs_value__behind(name + 1);
    }
    return true;
}

static const ddbs_value *twice_among_sorted(const ddbs_value *map, const uint32_t *offsets)
{
    const ddbs_value *found = NULL;
    for (size_t i = 1; i < map->len; i++) {
        if (compare_names(map + offsets[i - 1], map + offsets[i]) != 0)
            continue;
        if (found == NULL || map + offsets[i] < found)
            found = map + offsets[i];
    }
    return found;
}

static const ddbs_value *sort_names(const ddbs_value *map, uint32_t *offsets)
{
    const ddbs_value *name = map + 1;
    for (size_t i = 0; i < map->len; i++) {
        offsets[i] = (uint32_t)(name - map);
        name = ddbs_value__behind(name + 1);
    }
    ddbs_value__sort(map, offsets, map->len, compare_names);
    return twice_among_sorted(map, offsets);
}

const ddbs_value *ddbs_names__build(ddbs_value *map)
{
    const ddbs_value *twice = NULL;
    uint32_t *slots = slots_in(map);
    size_t count = slots_of(map->len);
    if (build_table(map, slots, count, &twice)) {
        last_node(map)->len = (uint32_t)count;
        return twice;
    }
    last_node(map)->len = 0;
    return sort_names(map, slots);
}

static const ddbs_value *find_in_table(const ddbs_value *map, const uint32_t *slots, size_t count, ddbs_str name)
{
    size_t slot = ddbs_names__hash(name.ptr, name.len) & (count - 1);
    for (; slots[slot] != 0; slot = (slot + 1) & (count - 1)) {
        if (is_name(map + slots[slot], name))
            return map + slots[slot];
    }
    return NULL;
}

static const ddbs_value *find_among_sorted(const ddbs_value *map, const uint32_t *offsets, ddbs_str name)
{
    ddbs_value wanted = { .as.text = name.ptr, .len = (uint32_t)name.len };
    size_t low = 0, high = map->len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const ddbs_value *node = map + offsets[middle];
        int order = compare_names(node, &wanted);
        if (order == 0)
            return node;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const ddbs_value *ddbs_names__find(const ddbs_value *map, ddbs_str name)
{
    size_t slots = last_node(map)->len;
    if (name.len > UINT32_MAX)
        return NULL;
    return slots > 0 ? find_in_table(map, slots_in(map), slots, name) : find_among_sorted(map, slots_in(map), name);
}
