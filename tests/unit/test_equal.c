/* test_equal.c: equality by value, and copies of values. */
#include "lib/arena.h"
#include "lib/copy.h"
#include "runtime/mapping/rng.h"
#include "tests/unit/events.h"

#include <stdio.h>

/* ---- Generated items ---- */

enum { NODES_MAX = 600, CHILDREN_MAX = 24, SEEDS = 150 };

/* A value. Its key makes its content: equal values have equal types and keys. */
struct node {
    ddbs_type type;
    uint32_t key;
    size_t first, count; /* content, side by side */
    size_t depth;
    uint32_t name;
    bool named; /* in an M */
};

/* An item: node 0 is an M. */
struct model {
    struct node nodes[NODES_MAX];
    size_t count;
    size_t depth; /* up to which there are maps and lists; always one, and in flat models more */
    uint32_t keys;
    struct rng rng;
};

static ddbs_type random_type(struct model *m, const struct node *parent, size_t child)
{
    if (parent->type >= DDBS_TYPE_SS)
        return parent->type - DDBS_TYPE_SS + DDBS_TYPE_S;
    if (parent->depth < m->depth && (child == 0 || (m->depth < 10 && rng_one_in(&m->rng, 6))))
        return rng_one_in(&m->rng, 2) ? DDBS_TYPE_M : DDBS_TYPE_L;
    ddbs_type type = (ddbs_type)rng_between(&m->rng, DDBS_TYPE_S, DDBS_TYPE_BS);
    return type == DDBS_TYPE_M || type == DDBS_TYPE_L ? DDBS_TYPE_NULL : type;
}

/* Sizes around those from which names and elements are sorted. */
static size_t random_count(struct model *m, const struct node *node)
{
    static const size_t sets[] = { 0, 1, 2, 3, 15, 16, 17, 18, CHILDREN_MAX };
    static const size_t others[] = { 1, 1, 2, 3, 5, 17 };
    bool is_set = node->type >= DDBS_TYPE_SS;
    if (m->count > NODES_MAX / 2 || (!is_set && node->depth == DDBS_VALUE_DEPTH_MAX))
        return !is_set && node->depth < DDBS_VALUE_DEPTH_MAX; /* the rest is for nesting */
    return is_set ? sets[rng_below(&m->rng, 9)] : others[rng_below(&m->rng, 6)];
}

/* Breadth first, so that the content of each container stands side by side. */
static void generate(struct model *m, uint64_t seed)
{
    *m = (struct model){ .nodes = { { .type = DDBS_TYPE_M } }, .count = 1, .rng = rng_of(seed, 1, 2) };
    m->depth = seed % 4 == 0 ? DDBS_VALUE_DEPTH_MAX : (size_t)rng_between(&m->rng, 0, 6);
    for (size_t i = 0; i < m->count; i++) {
        struct node *node = &m->nodes[i];
        if (node->type < DDBS_TYPE_M)
            continue;
        size_t count = random_count(m, node);
        node->first = m->count;
        for (; node->count < count && m->count < NODES_MAX; node->count++, m->count++) {
            m->nodes[m->count] = (struct node){ .type = random_type(m, node, node->count),
                                                .key = m->keys++,
                                                .depth = node->depth + 1,
                                                .name = (uint32_t)node->count,
                                                .named = node->type == DDBS_TYPE_M };
        }
    }
}

/* The same number in one of several ways. */
static void write_number(ddbs_buf *out, uint32_t key, struct rng *shuffle)
{
    static const char *const forms[][2] = { { "", "" }, { "", ".00" }, { "+0", "" }, { "", "0E-1" }, { "-0", "" } };
    size_t form = shuffle == NULL ? 0 : rng_below(shuffle, key == 0 ? 5 : 4);
    ddbs_buf__format(out, "\"%s%u%s\"", forms[form][0], key, forms[form][1]);
}

static void write_scalar(ddbs_buf *out, const struct node *node, struct rng *shuffle)
{
    char text[32];
    int len = snprintf(text, sizeof text, "key \xc3\xa9 %u", node->key);
    switch (node->type) {
    case DDBS_TYPE_N:
        write_number(out, node->key, shuffle);
        return;
    case DDBS_TYPE_B:
        ddbs_buf__base64(out, (const unsigned char *)text, (size_t)len);
        return;
    case DDBS_TYPE_BOOL:
        ddbs_buf__text(out, node->key % 2 == 0 ? "true" : "false");
        return;
    case DDBS_TYPE_NULL:
        ddbs_buf__text(out, shuffle != NULL && rng_one_in(shuffle, 2) ? "false" : "true");
        return;
    default:
        ddbs_buf__json(out, text, (size_t)len);
        return;
    }
}

/* An order for `count` things: theirs, or any. */
static void make_order(size_t *order, size_t count, struct rng *shuffle)
{
    for (size_t i = 0; i < count; i++) {
        size_t k = shuffle == NULL ? i : rng_below(shuffle, (uint32_t)i + 1);
        order[i] = order[k];
        order[k] = i;
    }
}

/* A container that is being written. */
struct level {
    const struct node *node;
    size_t order[CHILDREN_MAX];
    size_t done;
};

struct writer {
    const struct model *model;
    ddbs_buf *out;
    struct rng *shuffle; /* NULL: all in its order */
    struct level stack[DDBS_VALUE_DEPTH_MAX + 2];
    size_t depth;
};

static void open_level(struct writer *w, const struct node *node)
{
    struct level *level = &w->stack[w->depth++];
    *level = (struct level){ .node = node };
    make_order(level->order, node->count, node->type == DDBS_TYPE_L ? NULL : w->shuffle);
    ddbs_buf__text(w->out, node->type == DDBS_TYPE_M ? "{" : "[");
}

static void close_level(struct writer *w)
{
    const struct node *node = w->stack[--w->depth].node;
    ddbs_buf__text(w->out, node->type == DDBS_TYPE_M ? "}" : "]");
    if (w->depth > 0)
        ddbs_buf__text(w->out, "}");
}

static void write_child(struct writer *w, struct level *level)
{
    const struct node *child = &w->model->nodes[level->node->first + level->order[level->done]];
    ddbs_buf__text(w->out, level->done++ == 0 ? "" : ",");
    if (level->node->type >= DDBS_TYPE_SS) {
        write_scalar(w->out, child, w->shuffle);
        /* An event may have an element twice. */
        level->done -= w->shuffle != NULL && rng_one_in(w->shuffle, 8) && level->done > 1;
        return;
    }
    if (level->node->type == DDBS_TYPE_M)
        ddbs_buf__format(w->out, "\"name %u\":", child->name);
    ddbs_buf__format(w->out, "{\"%s\":", ddbs_type_name(child->type));
    if (child->type >= DDBS_TYPE_M) {
        open_level(w, child);
    } else {
        write_scalar(w->out, child, w->shuffle);
        ddbs_buf__text(w->out, "}");
    }
}

/* The model as an item, in an arena of its own. */
static const ddbs_item *build(const struct model *model, struct rng *shuffle, ddbs_arena **arena)
{
    ddbs_buf json = { 0 };
    const ddbs_item *item;
    struct writer w = { .model = model, .out = &json, .shuffle = shuffle };
    open_level(&w, &model->nodes[0]);
    while (w.depth > 0) {
        struct level *level = &w.stack[w.depth - 1];
        if (level->done == level->node->count)
            close_level(&w);
        else
            write_child(&w, level);
    }
    if (ddbs_arena_new(arena, 0) != DDBS_OK ||
        ddbs_item_read(json.ptr, json.len, DDBS_JSON_TYPED, *arena, &item, NULL) != DDBS_OK)
        abort();
    ddbs_buf_free(&json);
    return item;
}

/* Both ways round. */
static bool equal(const ddbs_item *a, const ddbs_item *b)
{
    bool forth = ddbs_item_equal(a, b), back = ddbs_item_equal(b, a);
    CHECK(forth == back);
    return forth;
}

TEST(equality_does_not_see_the_order_of_names_and_elements)
{
    static struct model model;
    bool types[DDBS_TYPE_BS + 1] = { false };
    size_t deepest = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        ddbs_arena *first, *second;
        generate(&model, seed);
        struct rng shuffle = rng_of(seed, 3, 4);
        const ddbs_item *a = build(&model, NULL, &first), *b = build(&model, &shuffle, &second);
        CHECK(equal(a, a) && equal(b, b));
        if (!CHECK(equal(a, b)))
            printf("# seed %d\n", (int)seed);
        for (size_t i = 0; i < model.count; i++) {
            types[model.nodes[i].type] = true;
            deepest = deepest < model.nodes[i].depth ? model.nodes[i].depth : deepest;
        }
        ddbs_arena_free(first);
        ddbs_arena_free(second);
    }
    for (ddbs_type type = DDBS_TYPE_S; type <= DDBS_TYPE_BS; type++)
        CHECK(types[type]);
    CHECK_INT(deepest, DDBS_VALUE_DEPTH_MAX);
}

/* Change a value, or its name if it has one, so that the item is another one. */
static void change(struct model *m, struct node *node, bool name)
{
    if (name)
        node->name += CHILDREN_MAX;
    else if (node->type == DDBS_TYPE_BOOL)
        node->key++;
    else if (node->type == DDBS_TYPE_NULL)
        node->type = DDBS_TYPE_BOOL;
    else if (node->type < DDBS_TYPE_M)
        node->key = m->keys;
    else if (node->count == 0)
        node->type = node->type == DDBS_TYPE_BS ? DDBS_TYPE_SS : node->type + 1;
    else
        node->count--;
}

TEST(one_change_anywhere_makes_items_unequal)
{
    static struct model model;
    for (uint64_t seed = 1; seed <= 16; seed++) {
        ddbs_arena *first, *second;
        generate(&model, seed);
        const ddbs_item *a = build(&model, NULL, &first);
        struct rng shuffle = rng_of(seed, 5, 6);
        for (size_t i = 0; i < 2 * model.count; i++) {
            struct node *node = &model.nodes[i / 2], kept = *node;
            if (i % 2 == 1 && !node->named)
                continue;
            change(&model, node, i % 2 == 1);
            const ddbs_item *b = build(&model, rng_one_in(&shuffle, 2) ? &shuffle : NULL, &second);
            if (!CHECK(!equal(a, b)))
                printf("# seed %d, value %zu, a %s\n", (int)seed, i / 2, ddbs_type_name(kept.type));
            *node = kept;
            ddbs_arena_free(second);
        }
        ddbs_arena_free(first);
    }
}

/* ---- Single values ---- */

/* One that begins with '=' is equal to the one before it, and to no other but its like. */
/* clang-format off */
static const char *const values[] = {
    "{'S':'1'}", "{'S':'1.0'}", "{'S':''}", "{'S':'a\\u0000b'}", "{'S':'a\\u0000c'}", "{'S':'a'}",
    "{'N':'1'}", "={'N':'1.0'}", "={'N':'+0.1E1'}", "{'N':'0'}", "={'N':'-0'}", "={'N':'0E9'}", "{'N':'-1'}",
    "{'N':'9007199254740992'}", "{'N':'9007199254740993'}", "{'N':'1E125'}", "={'N':'10E+124'}",
    "{'N':'1.0000000000000000000000000000000000001'}", "{'B':'MQ=='}", "{'B':''}", "{'B':'AA=='}", "{'B':'AAA='}",
    "{'BOOL':true}", "{'BOOL':false}", "{'NULL':true}", "={'NULL':false}", "{'M':{}}",
    "{'M':{'1':{'N':'1'}}}", "={'M':{'1':{'N':'1.00'}}}", "{'M':{'1':{'S':'1'}}}", "{'M':{'2':{'N':'1'}}}",
    "{'M':{'a':{'N':'1'},'b':{'N':'2'}}}", "={'M':{'b':{'N':'2'},'a':{'N':'1'}}}",
    "{'M':{'a':{'N':'2'},'b':{'N':'1'}}}", "{'M':{'a':{'M':{}}}}", "{'M':{'a':{'L':[]}}}", "{'L':[]}",
    "{'L':[{'N':'1'}]}", "{'L':[{'N':'1'},{'N':'1'}]}", "{'L':[{'N':'1'},{'N':'2'}]}",
    "={'L':[{'N':'1.0'},{'N':'2'}]}", "{'L':[{'N':'2'},{'N':'1'}]}", "{'L':[{'L':[{'N':'1'}]}]}",
    "{'SS':[]}", "{'SS':['1']}", "={'SS':['1','1']}", "{'SS':['1','1.0']}", "={'SS':['1.0','1']}",
    "={'SS':['1.0','1','1.0']}", "{'SS':['1','']}", "{'NS':[]}", "{'NS':['1']}", "={'NS':['1.0']}",
    "={'NS':['1.0','1','10e-1']}", "{'NS':['1','-1']}", "={'NS':['-1.0','1.0','1']}", "{'BS':[]}",
    "{'BS':['MQ==']}", "{'BS':['MQ==','']}", "={'BS':['','MQ==','']}",
};
/* clang-format on */
enum { VALUES = sizeof values / sizeof *values };

TEST(values_are_equal_by_value_and_never_across_types)
{
    struct parsed parsed[VALUES];
    const ddbs_value *found[VALUES];
    size_t group[VALUES];
    for (size_t i = 0; i < VALUES; i++) {
        char text[100];
        const ddbs_item *item;
        bool same = values[i][0] == '=';
        group[i] = same ? group[i - 1] : i;
        snprintf(text, sizeof text, "{'a':%s}", values[i] + same);
        parsed[i] = item_of(text, &item);
        found[i] = ddbs_item_find(item, ddbs_str_c("a"));
        CHECK(found[i] != NULL && !ddbs_value_equal(found[i], NULL) && !ddbs_value_equal(NULL, found[i]));
    }
    for (size_t i = 0; i < VALUES; i++) {
        for (size_t k = 0; k < VALUES; k++) {
            if (!CHECK_INT(ddbs_value_equal(found[i], found[k]), group[i] == group[k]))
                printf("# %s and %s\n", values[i], values[k]);
        }
    }
    for (size_t i = 0; i < VALUES; i++)
        parsed_free(&parsed[i]);
}

TEST(nothing_equals_nothing_only)
{
    const ddbs_item *item, *empty;
    struct parsed p = item_of("{'m':{'M':{}}}", &item);
    REQUIRE(ddbs_get(item, "m", &empty) == DDBS_OK);
    CHECK(ddbs_value_equal(NULL, NULL) && ddbs_item_equal(NULL, NULL));
    CHECK(!equal(item, NULL) && !equal(empty, NULL) && !equal(item, empty) && equal(empty, empty));
    parsed_free(&p);
}

/* ---- Sets ---- */

/* {"a":{TYPE:[...]}} of numbers as elements of that type, in an arena of that limit. */
static const ddbs_value *set_of(ddbs_type type, const uint32_t *numbers, size_t count, size_t limit, ddbs_arena **arena)
{
    ddbs_buf json = { 0 };
    const ddbs_item *item;
    ddbs_buf__format(&json, "{\"a\":{\"%s\":[", ddbs_type_name(type));
    for (size_t i = 0; i < count; i++) {
        ddbs_buf__text(&json, i == 0 ? "" : ",");
        if (type == DDBS_TYPE_BS)
            ddbs_buf__base64(&json, (const unsigned char *)&numbers[i], sizeof *numbers);
        else
            ddbs_buf__format(&json, "\"%u%s\"", numbers[i], type == DDBS_TYPE_NS && i % 3 == 0 ? ".0" : "");
    }
    ddbs_buf__text(&json, "]}}");
    if (ddbs_arena_new(arena, limit) != DDBS_OK ||
        ddbs_item_read(json.ptr, json.len, DDBS_JSON_TYPED, *arena, &item, NULL) != DDBS_OK)
        abort();
    ddbs_buf_free(&json);
    return ddbs_item_find(item, ddbs_str_c("a"));
}

/* Elements below 64 that may occur twice, and which ones they are. */
static uint64_t draw(struct rng *rng, uint32_t *numbers, size_t *count)
{
    uint64_t drawn = 0;
    uint32_t limit = (uint32_t)rng_between(rng, 1, 24);
    *count = rng_below(rng, 40);
    for (size_t i = 0; i < *count; i++) {
        numbers[i] = rng_below(rng, limit);
        drawn |= (uint64_t)1 << numbers[i];
    }
    return drawn;
}

/* Few elements, many elements, and many without memory to sort them are compared in different ways. */
TEST(sets_are_equal_whatever_their_sizes_order_and_repetitions)
{
    struct rng rng = rng_of(7, 8, 9);
    size_t outcomes[2][2] = { { 0 } }; /* of many elements: unequal or equal, with or without memory */
    for (int round = 0; round < 6000; round++) {
        uint32_t first[40], second[40];
        size_t first_count, second_count;
        ddbs_arena *arena, *other;
        ddbs_type type = DDBS_TYPE_SS + (ddbs_type)(round % 3);
        bool exhausted = round % 2, want = draw(&rng, first, &first_count) == draw(&rng, second, &second_count);
        const ddbs_value *a = set_of(type, first, first_count, exhausted ? 8192 : 0, &arena);
        const ddbs_value *b = set_of(type, second, second_count, 0, &other);
        while (exhausted && ddbs_arena__alloc(arena, 1) != NULL)
            continue;
        check_fail_alloc(exhausted ? 0 : SIZE_MAX);
        struct arena_mark mark = ddbs_arena__mark(arena);
        CHECK(ddbs_value_equal(a, b) == want && ddbs_value_equal(b, a) == want && ddbs_value_equal(a, a));
        check_fail_alloc(SIZE_MAX);
        CHECK(ddbs_arena__mark(arena).used == mark.used); /* what sorting takes is given back */
        outcomes[want][exhausted] += first_count > 16 && second_count > 16;
        ddbs_arena_free(arena);
        ddbs_arena_free(other);
    }
    CHECK(outcomes[0][0] > 9 && outcomes[0][1] > 9 && outcomes[1][0] > 9 && outcomes[1][1] > 9);
}

/* Pair by pair each of these would take minutes: shuffled ones of each type, one turned round, one of few different
 * elements. */
TEST(sets_of_100000_elements_are_compared)
{
    enum { COUNT = 100000 };
    uint32_t *numbers = malloc(2 * COUNT * sizeof *numbers), *permuted = numbers + COUNT;
    struct rng rng = rng_of(10, 11, 12);
    REQUIRE(numbers != NULL);
    for (uint32_t kind = 0; kind < 5; kind++) {
        ddbs_arena *arenas[3];
        ddbs_type type = DDBS_TYPE_SS + (ddbs_type)(kind % 3);
        for (uint32_t i = 0; i < COUNT; i++) {
            uint32_t k = kind < 3 ? rng_below(&rng, i + 1) : i;
            numbers[i] = kind == 4 ? i % 300 : i;
            permuted[i] = permuted[k];
            permuted[k] = kind == 3 ? COUNT - 1 - i : numbers[i];
        }
        const ddbs_value *a = set_of(type, numbers, COUNT, 0, &arenas[0]);
        const ddbs_value *b = set_of(type, permuted, COUNT, 0, &arenas[1]);
        permuted[COUNT / 3] = COUNT;
        const ddbs_value *c = set_of(type, permuted, COUNT, 0, &arenas[2]);
        CHECK(ddbs_value_equal(a, b) && !ddbs_value_equal(a, c));
        for (size_t i = 0; i < 3; i++)
            ddbs_arena_free(arenas[i]);
    }
    free(numbers);
}

/* ---- Copies ---- */

/* A copy on a tape of its own, with `open` containers around it; NULL: not made. */
static const ddbs_item *copy(ddbs_arena *arena, const ddbs_item *item, size_t open, ddbs_status *status)
{
    struct tape tape = { .arena = arena };
    *status = ddbs_tape__copy(&tape, &item->map, open);
    return *status == DDBS_OK ? (const ddbs_item *)(const void *)&tape.nodes[1] : NULL;
}

static ddbs_buf text_of(const ddbs_item *item)
{
    ddbs_buf text = { 0 };
    CHECK_STATUS(ddbs_item_write(item, DDBS_JSON_TYPED, &text), DDBS_OK);
    return text;
}

TEST(a_copy_is_equal_and_outlives_the_arena_of_its_original)
{
    static struct model model;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        ddbs_arena *first, *second;
        ddbs_status status;
        generate(&model, seed);
        const ddbs_item *item = build(&model, NULL, &first);
        ddbs_buf before = text_of(item);
        REQUIRE(ddbs_arena_new(&second, 0) == DDBS_OK);
        const ddbs_item *copied = copy(second, item, 0, &status);
        REQUIRE(copied != NULL);
        CHECK(equal(item, copied));
        ddbs_arena_reset(first);
        check_fail_alloc(0); /* so that what is written over is what the item was in */
        for (void *ptr; (ptr = ddbs_arena__alloc(first, 16)) != NULL;)
            memset(ptr, 0xff, 16);
        check_fail_alloc(SIZE_MAX);
        ddbs_buf after = text_of(copied);
        CHECK(before.len == after.len && memcmp(before.ptr, after.ptr, before.len) == 0);
        ddbs_buf_free(&before);
        ddbs_buf_free(&after);
        ddbs_arena_free(first);
        ddbs_arena_free(second);
    }
}

TEST(a_copy_is_nested_up_to_64_with_what_is_around_it)
{
    for (size_t depth = 1; depth <= DDBS_VALUE_DEPTH_MAX; depth += 7) {
        ddbs_buf json = { 0 };
        const ddbs_item *item;
        ddbs_status status;
        for (size_t i = 0; i < depth; i++)
            ddbs_buf__text(&json, i == 0 ? "{\"a\":" : i % 2 == 0 ? "{\"M\":{\"a\":" : "{\"L\":[");
        ddbs_buf__text(&json, "{\"N\":\"1\"}");
        for (size_t i = depth; i > 1; i--)
            ddbs_buf__text(&json, i % 2 == 1 ? "}}" : "]}");
        ddbs_buf__text(&json, "}");
        struct parsed p = parse_item(json.ptr, json.len, &item);
        REQUIRE(item != NULL);
        for (size_t open = 0; open <= DDBS_VALUE_DEPTH_MAX + 1; open++) {
            const ddbs_item *copied = copy(p.arena, item, open, &status);
            CHECK_STATUS(status, open + depth <= DDBS_VALUE_DEPTH_MAX ? DDBS_OK : DDBS_E_LIMIT);
            CHECK(copied == NULL || equal(item, copied));
        }
        ddbs_buf_free(&json);
        parsed_free(&p);
    }
}

/* A set at the end: whichever text or node is the first without room, no copy lacks it. */
TEST(a_copy_without_memory_is_none)
{
    char text[700];
    int len = snprintf(text, sizeof text, "{'m':{'M':{'x':{'L':[{'BOOL':true}]}}},'ss':{'SS':['0'");
    for (int i = 1; i < 100; i++)
        len += snprintf(text + len, sizeof text - (size_t)len, ",'%d'%s", i, i == 99 ? "]}}" : "");
    const ddbs_item *item;
    struct parsed p = item_of(text, &item);
    REQUIRE(item != NULL);
    size_t failed = 0;
    for (size_t limit = 16; limit <= 16384; limit += 16) {
        ddbs_arena *arena;
        ddbs_status status;
        REQUIRE(ddbs_arena_new(&arena, limit) == DDBS_OK);
        const ddbs_item *copied = copy(arena, item, 0, &status);
        CHECK(copied == NULL ? status == DDBS_E_MEMORY : equal(item, copied));
        failed += copied == NULL;
        ddbs_arena_free(arena);
    }
    CHECK(failed > 100 && failed < 1000);
    parsed_free(&p);
}
