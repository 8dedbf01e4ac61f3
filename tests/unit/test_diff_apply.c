/* test_diff_apply.c: the differences of generated items, applied to the first, make the second. The paths are followed
 * in a model of the item that shares no code with the library. */
#include "tests/unit/events.h"

#include <stdio.h>

enum { PAIRS = 20000, NODES_MAX = 1 << 16, NAMES = 64, SPELLINGS = 3, DEPTH = 5 };

#define LARGE_SET  "'1','2','3','4','5','6','7','8','9','10','11','12','13','14','15','16','17','18','19'"
#define LARGE_SET2 "'19','18','17','16','15','14','13','12','11','10','9','8','7','6','5','4','3','2','1'"

/* Scalars and sets, each written in three ways that are equal. */
static const char *const leaves[][SPELLINGS] = {
    { "{'S':'x'}", "{ 'S' : 'x' }", "{'S':'\\u0078'}" },
    { "{'S':''}", "{'S':''}", "{'S':''}" },
    { "{'S':'1'}", "{'S':'1'}", "{'S':'1'}" },
    { "{'N':'1'}", "{'N':'1.0'}", "{'N':'10E-1'}" },
    { "{'N':'0'}", "{'N':'-0'}", "{'N':'0.000'}" },
    { "{'N':'-7.25'}", "{'N':'-7.250'}", "{'N':'-725e-2'}" },
    { "{'N':'9007199254740993'}", "{'N':'9007199254740993.0'}", "{'N':'9007199254740993E0'}" },
    { "{'N':'9007199254740992'}", "{'N':'9007199254740992.0'}", "{'N':'9007199254740992E0'}" },
    { "{'B':''}", "{'B':''}", "{'B':''}" },
    { "{'B':'AAEC'}", "{'B':'AAEC'}", "{'B':'AAEC'}" },
    { "{'BOOL':true}", "{'BOOL':true}", "{'BOOL':true}" },
    { "{'BOOL':false}", "{'BOOL':false}", "{'BOOL':false}" },
    { "{'NULL':true}", "{'NULL':true}", "{'NULL':true}" },
    { "{'SS':['x','y','z']}", "{'SS':['z','y','x']}", "{'SS':['y','x','z','x']}" },
    { "{'SS':['x','y']}", "{'SS':['y','x']}", "{'SS':['x','y']}" },
    { "{'NS':['1','2']}", "{'NS':['2.0','1']}", "{'NS':['10E-1','2']}" },
    { "{'BS':['AA==','AQ==']}", "{'BS':['AQ==','AA==']}", "{'BS':['AA==','AQ==']}" },
    { "{'NS':[" LARGE_SET "]}", "{'NS':[" LARGE_SET2 "]}", "{'NS':['1.0'," LARGE_SET "]}" },
    { "{'NS':[" LARGE_SET ",'20']}", "{'NS':[" LARGE_SET2 ",'20']}", "{'NS':['20'," LARGE_SET "]}" },
    { "{'SS':[" LARGE_SET "]}", "{'SS':[" LARGE_SET2 "]}", "{'SS':['1'," LARGE_SET "]}" },
};
enum { LEAVES = sizeof leaves / sizeof *leaves, LARGE_LEAVES = 3 };

static const ddbs_str odd_names[] = {
    { "", 0 },         { "a.b", 3 },   { ".", 1 },         { "a[0]", 4 }, { "[", 1 },       { "]", 1 },
    { "\\", 1 },       { "a\\.b", 4 }, { "x\\", 2 },       { "a\0b", 3 }, { "\0", 1 },      { "[1].x", 5 },
    { "\xc3\xa9", 2 }, { "\"", 1 },    { "'\x01\x7f", 3 }, { "a b", 3 },  { "\\u0041", 6 }, { "0", 1 },
};
enum { ODD_NAMES = sizeof odd_names / sizeof *odd_names };

enum kind { LEAF, MAP, LIST };

/* A value of the model. */
struct node {
    enum kind kind;
    size_t leaf, spelling;
    const char *json; /* a leaf that a difference brought; NULL: by `leaf` and `spelling` */
    ddbs_str name;    /* in a map */
    bool gone;        /* removed, but still counted */
    struct node *first, *next;
};

static struct node nodes[NODES_MAX];
static size_t node_count;
static uint64_t random_state;

static size_t below(size_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (size_t)(random_state >> 11) % limit;
}

static bool chance(size_t percent)
{
    return below(100) < percent;
}

static struct node *new_node(struct node node)
{
    if (node_count == NODES_MAX)
        abort();
    nodes[node_count] = node;
    return &nodes[node_count++];
}

static ddbs_str name_of(size_t i)
{
    static char plain[NAMES][32];
    if (i < ODD_NAMES)
        return odd_names[i];
    snprintf(plain[i], sizeof plain[i], "n%zu", i);
    return ddbs_str_c(plain[i]);
}

/* Where the child of that name hangs, or a new one will. */
static struct node **place_named(struct node *map, ddbs_str name)
{
    struct node **place = &map->first;
    while (*place != NULL && ((*place)->name.len != name.len || memcmp((*place)->name.ptr, name.ptr, name.len) != 0))
        place = &(*place)->next;
    return place;
}

/* Where child `index` hangs, or, behind the last, a new one will; `*left` gets what is left of the index there. */
static struct node **place_at(struct node *parent, size_t index, size_t *left)
{
    struct node **place = &parent->first;
    for (; index > 0 && *place != NULL; index--)
        place = &(*place)->next;
    *left = index;
    return place;
}

static void insert(struct node *parent, size_t index, struct node *child)
{
    size_t ignored;
    struct node **place = place_at(parent, index, &ignored);
    child->next = *place;
    *place = child;
}

/* Put a value somewhere into a map, under a name that is free, or into a list. */
static void insert_somewhere(struct node *parent, struct node *child)
{
    if (parent->kind == MAP) {
        do {
            child->name = name_of(below(NAMES));
        } while (*place_named(parent, child->name) != NULL);
    }
    insert(parent, below(8), child);
}

static struct node *new_value(size_t depth);

/* A map or list of up to `count` values that are `depth` deep. */
static struct node *new_parent(enum kind kind, size_t count, size_t depth)
{
    struct node *parent = new_node((struct node){ .kind = kind });
    while (count-- > 0)
        insert_somewhere(parent, new_value(depth));
    return parent;
}

/* One call of chance or below in an expression: in which order two are made is up to the compiler. */
static struct node *new_value(size_t depth)
{
    size_t leaf = below(chance(1) ? LEAVES : LEAVES - LARGE_LEAVES);
    if (depth == 0 || chance(55))
        return new_node((struct node){ .kind = LEAF, .leaf = leaf, .spelling = below(SPELLINGS) });
    enum kind kind = chance(60) ? MAP : LIST;
    if (chance(3))
        return new_parent(kind, 15 + below(20), 0); /* so many names are sorted */
    return new_parent(kind, below(7), depth - 1);
}

/* A copy in which each value changes with a probability; with 0 it is exact. */
static struct node *mutated(const struct node *node, size_t percent, size_t depth)
{
    struct node *copy = new_node(*node);
    if (node->kind == LEAF && percent > 0)
        copy->spelling = below(SPELLINGS);
    copy->first = copy->next = NULL;
    size_t count = 0;
    for (const struct node *child = node->first; child != NULL; child = child->next) {
        if (chance(percent))
            continue; /* removed */
        struct node *kept = chance(percent) ? new_value(depth - 1) : mutated(child, percent, depth - 1);
        kept->name = child->name;
        insert(copy, copy->kind == MAP && percent > 0 && chance(10) ? below(count + 1) : count, kept);
        count++;
    }
    if (node->kind != LEAF && depth > 0 && chance(percent))
        insert_somewhere(copy, new_value(depth - 1));
    return copy;
}

static void write_leaf(ddbs_buf *text, const struct node *leaf)
{
    size_t begin = text->len;
    ddbs_buf__text(text, leaf->json != NULL ? leaf->json : leaves[leaf->leaf][leaf->spelling]);
    for (size_t i = begin; leaf->json == NULL && i < text->len; i++)
        text->ptr[i] = text->ptr[i] == '\'' ? '"' : text->ptr[i];
}

/* The content of a map or list as typed JSON. */
static void write_parent(ddbs_buf *text, const struct node *parent)
{
    const char *separator = parent->kind == MAP ? "{" : "[";
    for (const struct node *child = parent->first; child != NULL; child = child->next) {
        if (child->gone)
            continue;
        ddbs_buf__text(text, separator);
        separator = ",";
        if (parent->kind == MAP) {
            ddbs_buf__json(text, child->name.ptr, child->name.len);
            ddbs_buf__text(text, ":");
        }
        if (child->kind == LEAF) {
            write_leaf(text, child);
            continue;
        }
        ddbs_buf__text(text, child->kind == MAP ? "{\"M\":" : "{\"L\":");
        write_parent(text, child);
        ddbs_buf__text(text, "}");
    }
    ddbs_buf__text(text, *separator == ',' ? "" : separator);
    ddbs_buf__text(text, parent->kind == MAP ? "}" : "]");
}

static ddbs_buf json_of(ddbs_arena *arena, const struct node *root)
{
    ddbs_buf text = { .arena = arena };
    write_parent(&text, root);
    return text;
}

static const ddbs_item *item_of_model(ddbs_arena *arena, const struct node *root)
{
    const ddbs_item *item = NULL;
    ddbs_buf text = json_of(arena, root);
    if (!CHECK(ddbs_item_read(text.ptr, text.len, DDBS_JSON_TYPED, arena, &item, NULL) == DDBS_OK))
        printf("# %s\n", text.ptr);
    return item;
}

/* A path, and the step at hand. */
struct route {
    ddbs_str path;
    size_t at; /* behind the step */
    bool begun;
    bool is_index;
    size_t index;
    char bare[64];
    ddbs_str name;
};

static bool read_index(struct route *route)
{
    ddbs_str path = route->path;
    route->is_index = true;
    route->index = 0;
    for (route->at++; route->at < path.len && path.ptr[route->at] != ']'; route->at++)
        route->index = route->index * 10 + (size_t)(path.ptr[route->at] - '0');
    return path.len > route->at++;
}

static bool read_name(struct route *route)
{
    ddbs_str path = route->path;
    size_t len = 0;
    for (; route->at < path.len && memchr(".[]", path.ptr[route->at], 3) == NULL; route->at++) {
        route->at += path.ptr[route->at] == '\\';
        if (route->at == path.len || len == sizeof route->bare)
            return false;
        route->bare[len++] = path.ptr[route->at];
    }
    route->is_index = false;
    route->name = (ddbs_str){ route->bare, len };
    return true;
}

/* The next step; also the first of a path without any characters, which is a name like that. */
static bool read_step(struct route *route)
{
    bool begun = route->begun;
    route->begun = true;
    if (!begun)
        return read_name(route);
    if (route->path.ptr[route->at] == '[')
        return read_index(route);
    return route->path.ptr[route->at++] == '.' && read_name(route);
}

static bool has_more(const struct route *route)
{
    return !route->begun || route->at < route->path.len;
}

/* Whether the path is one that can be asked for: no C string has a NUL inside, and no step is a name without
 * characters. Names like that are legal all the same, and their differences are applied like all others. */
static bool can_be_found(ddbs_str path)
{
    struct route route = { .path = path };
    while (has_more(&route)) {
        if (!read_step(&route) || (!route.is_index && route.name.len == 0))
            return false;
    }
    return memchr(path.ptr, '\0', path.len) == NULL;
}

/* Where a step leads to; NULL where it leads nowhere, which includes an index behind the next new one. */
static struct node **follow(struct node *parent, const struct route *route)
{
    size_t left = 0;
    if (parent == NULL || parent->gone || parent->kind != (route->is_index ? LIST : MAP))
        return NULL;
    struct node **place = route->is_index ? place_at(parent, route->index, &left) : place_named(parent, route->name);
    return left == 0 ? place : NULL;
}

/* Where a whole path leads to. */
static struct node **follow_all(struct node *root, struct route *route)
{
    struct node **place = &root;
    while (place != NULL && has_more(route))
        place = read_step(route) ? follow(*place, route) : NULL;
    return place;
}

/* A node for the new value of a difference, under the name that the path ends with. */
static struct node *node_of(ddbs_arena *arena, const ddbs_value *value, const struct route *route)
{
    ddbs_buf json = { .arena = arena }, name = { .arena = arena };
    ddbs_buf__bytes(&name, route->name.ptr, route->is_index ? 0 : route->name.len);
    CHECK_STATUS(ddbs_value_write(value, DDBS_JSON_TYPED, &json), DDBS_OK);
    return new_node((struct node){ .kind = LEAF, .json = json.ptr, .name = { name.ptr, name.len } });
}

static bool apply(ddbs_arena *arena, struct node *root, const ddbs_difference *change)
{
    struct route route = { .path = change->path };
    struct node **place = follow_all(root, &route);
    if (!CHECK(place != NULL))
        return false;
    struct node *old = *place;
    if (!CHECK((old == NULL) == (change->kind == DDBS_ADDED)) || !CHECK(old == NULL || !old->gone))
        return false;
    if (change->kind == DDBS_REMOVED) {
        old->gone = true;
        return true;
    }
    *place = node_of(arena, change->after, &route);
    (*place)->next = old == NULL ? NULL : old->next;
    return true;
}

/* Is a difference what it says it is? */
static bool check_difference(const ddbs_difference *change, bool deep, const ddbs_item *a, const ddbs_item *b)
{
    const ddbs_value *before = NULL, *after = NULL;
    ddbs_type old_type = ddbs_value_type(change->before), new_type = ddbs_value_type(change->after);
    bool held = CHECK((change->before == NULL) == (change->kind == DDBS_ADDED)) &&
                CHECK((change->after == NULL) == (change->kind == DDBS_REMOVED)) &&
                CHECK(!ddbs_value_equal(change->before, change->after)) &&
                CHECK(change->path.ptr[change->path.len] == '\0') &&
                CHECK(!deep || old_type != new_type || (old_type != DDBS_TYPE_M && old_type != DDBS_TYPE_L));
    if (!held || !can_be_found(change->path))
        return held;
    ddbs_status old_status = ddbs_item_find_path(a, change->path.ptr, &before);
    ddbs_status new_status = ddbs_item_find_path(b, change->path.ptr, &after);
    return CHECK(before == change->before && after == change->after) &&
           CHECK_STATUS(old_status, before == NULL ? DDBS_E_MISSING : DDBS_OK) &&
           CHECK_STATUS(new_status, after == NULL ? DDBS_E_MISSING : DDBS_OK);
}

static int compare_paths(const void *left, const void *right)
{
    ddbs_str a = ((const ddbs_difference *)left)->path, b = ((const ddbs_difference *)right)->path;
    int order = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static ddbs_difference *sorted(ddbs_arena *arena, const ddbs_diff *diff)
{
    ddbs_buf copy = { .arena = arena };
    ddbs_buf__bytes(&copy, (const char *)diff->changes, diff->count * sizeof *diff->changes);
    ddbs_difference *changes = (ddbs_difference *)(void *)copy.ptr;
    qsort(changes, diff->count, sizeof *changes, compare_paths);
    return changes;
}

static ddbs_change opposite(ddbs_change kind)
{
    return kind == DDBS_ADDED ? DDBS_REMOVED : kind == DDBS_REMOVED ? DDBS_ADDED : kind;
}

/* The way back has the same differences, each the other way round, and no path is there twice. */
static bool check_mirror(ddbs_arena *arena, const ddbs_diff *there, const ddbs_diff *back)
{
    if (!CHECK_INT(there->count, back->count))
        return false;
    const ddbs_difference *a = sorted(arena, there), *b = sorted(arena, back);
    for (size_t i = 0; i < there->count; i++) {
        if (!CHECK(compare_paths(&a[i], &b[i]) == 0) || !CHECK_INT(a[i].kind, opposite(b[i].kind)) ||
            !CHECK(a[i].before == b[i].after && a[i].after == b[i].before) ||
            !CHECK(i == 0 || compare_paths(&a[i - 1], &a[i]) != 0))
            return false;
    }
    return true;
}

/* Two items and their models; an item without attributes is NULL now and then. */
struct pair {
    ddbs_arena *arena;
    struct node *a_model, *b_model;
    const ddbs_item *a, *b;
};

/* What the pairs had: a generator that makes nothing of a kind proves nothing. */
static struct {
    size_t kinds[DDBS_UNKNOWN + 1];
    size_t equal, deeper, not_found, most;
} seen;

static void count_difference(const ddbs_difference *change)
{
    struct route route = { .path = change->path };
    seen.kinds[change->kind]++;
    seen.not_found += !can_be_found(change->path);
    seen.deeper += read_step(&route) && has_more(&route);
}

static bool check_diff(const struct pair *pair, bool deep)
{
    ddbs_diff there, back, none;
    struct node *model = mutated(pair->a_model, 0, DEPTH + 1);
    if (!CHECK_STATUS(ddbs_diff_items(pair->a, pair->b, deep, &there), DDBS_OK) ||
        !CHECK_STATUS(ddbs_diff_items(pair->b, pair->a, deep, &back), DDBS_OK) ||
        !CHECK_STATUS(ddbs_diff_items(pair->a, pair->a, deep, &none), DDBS_OK) || !CHECK_INT(none.count, 0))
        return false;
    for (size_t i = 0; i < there.count; i++) {
        count_difference(&there.changes[i]);
        if (!check_difference(&there.changes[i], deep, pair->a, pair->b) ||
            !apply(pair->arena, model, &there.changes[i]))
            return false;
    }
    seen.most = there.count > seen.most ? there.count : seen.most;
    seen.equal += there.count == 0;
    const ddbs_item *applied = item_of_model(pair->arena, model), *b = item_of_model(pair->arena, pair->b_model);
    return CHECK(ddbs_item_equal(applied, b)) && check_mirror(pair->arena, &there, &back);
}

/* A record says of its attributes what the differences say. */
static bool check_record(const struct pair *pair)
{
    const ddbs_record rec = { .operation = pair->a == NULL   ? DDBS_OP_INSERT
                                           : pair->b == NULL ? DDBS_OP_REMOVE
                                                             : DDBS_OP_MODIFY,
                              .old_image = pair->a,
                              .new_image = pair->b };
    const char *names[2 * NAMES];
    size_t count = 0, nameable = 0;
    ddbs_diff diff;
    if (pair->a == NULL && pair->b == NULL)
        return true;
    if (!CHECK_STATUS(ddbs_diff_record(&rec, false, &diff), DDBS_OK))
        return false;
    for (size_t i = 0; i < NAMES; i++) {
        ddbs_str name = name_of(i);
        ddbs_change change = ddbs_changed(&rec, name.ptr);
        bool is_c_string = strlen(name.ptr) == name.len;
        if (is_c_string && change != DDBS_UNCHANGED)
            names[count++] = name.ptr;
    }
    for (size_t i = 0; i < diff.count; i++)
        nameable += memchr(diff.changes[i].path.ptr, '\0', diff.changes[i].path.len) == NULL;
    return CHECK_INT(count, nameable) && CHECK_INT(ddbs_changed_only(&rec, names, count), nameable == diff.count) &&
           CHECK(count == 0 || !ddbs_changed_only(&rec, names + 1, count - 1));
}

static struct pair new_pair(ddbs_arena *arena)
{
    static const size_t rates[] = { 1, 3, 3, 8, 25 };
    size_t rate = chance(5) ? 0 : rates[below(sizeof rates / sizeof *rates)];
    ddbs_arena_reset(arena);
    node_count = 0;
    struct pair pair = { .arena = arena, .a_model = new_parent(MAP, below(9), DEPTH) };
    pair.b_model = chance(3) ? new_parent(MAP, below(9), DEPTH) : mutated(pair.a_model, rate, DEPTH + 1);
    if (chance(1))
        pair.a_model->first = NULL;
    if (chance(1))
        pair.b_model->first = NULL;
    pair.a = pair.a_model->first == NULL && chance(50) ? NULL : item_of_model(arena, pair.a_model);
    pair.b = pair.b_model->first == NULL && chance(50) ? NULL : item_of_model(arena, pair.b_model);
    return pair;
}

TEST(differences_applied_to_the_first_item_make_the_second)
{
    ddbs_arena *arena;
    size_t held = 0;
    REQUIRE(ddbs_arena_new(&arena, 0) == DDBS_OK);
    random_state = 88172645463325252;
    for (; held < PAIRS; held++) {
        struct pair pair = new_pair(arena);
        if (!check_diff(&pair, false) || !check_diff(&pair, true) || !check_record(&pair)) {
            printf("# pair %zu\n# %s\n# %s\n", held, json_of(arena, pair.a_model).ptr,
                   json_of(arena, pair.b_model).ptr);
            break;
        }
    }
    CHECK_INT(held, PAIRS);
    CHECK(seen.kinds[DDBS_ADDED] > PAIRS && seen.kinds[DDBS_REMOVED] > PAIRS && seen.kinds[DDBS_CHANGED] > PAIRS);
    CHECK(seen.equal > PAIRS / 20 && seen.deeper > PAIRS && seen.not_found > PAIRS / 20 && seen.most > 16);
    ddbs_arena_free(arena);
}
