/* cost.c: one operation on generated items of a given size, for cost.py to count its instructions. Only the public API
 * is used.
 *
 *     cost find NAMES N [bare]      look up every name of an item of N attributes; NAMES is one of `patterns`
 *     cost miss NAMES N [bare]      look up N names that it does not have
 *     cost bind ENTRIES N [bare]    ddbs_bind with a schema of ENTRIES, on an item of N attributes
 *     cost equal TYPE N [bare]      compare two equal values of N elements in different orders: SS, NS, BS or M
 *     cost differ TYPE N [bare]     the same, but one element differs
 *
 * `bare` prepares everything and leaves the operation out. The exit status is 1 where its result is wrong. */
#include <ddbstream/bind.h>
#include <ddbstream/convert.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = 100, DIGITS = 7, COUNT_MAX = 1000000 };

static void fail(const char *why) __attribute__((noreturn));
static void fail(const char *why)
{
    fprintf(stderr, "cost: %s\n", why);
    exit(1);
}

static void *memory(size_t size)
{
    void *ptr = calloc(size, 1);
    if (ptr == NULL)
        fail("out of memory");
    return ptr;
}

static void append(ddbs_buf *buf, const char *text)
{
    if (ddbs_buf_append(buf, text, strlen(text)) != DDBS_OK)
        fail("an item cannot be written");
}

static const ddbs_item *read_item(ddbs_arena *arena, ddbs_buf *json)
{
    const ddbs_item *item = NULL;
    if (ddbs_item_read(json->ptr, json->len, DDBS_JSON_TYPED, arena, &item, NULL) != DDBS_OK)
        fail("an item cannot be read");
    ddbs_buf_free(json);
    return item;
}

/* The numbers below `count` in an order that looks random: the step is a prime that divides no count in use. */
static size_t shuffled(size_t i, size_t count)
{
    return (size_t)((uint64_t)i * 7368787 % count);
}

/* Not with printf: its instructions would be most of what is counted. */
static void write_padded(char out[NAME_SIZE], size_t zeros_before, size_t value, size_t zeros_behind)
{
    memset(out, '0', zeros_before + DIGITS + zeros_behind);
    out[zeros_before + DIGITS + zeros_behind] = '\0';
    for (char *at = out + zeros_before + DIGITS; value > 0; value /= 10)
        *--at = (char)('0' + value % 10);
}

/* ---- Items ---- */

/* How names look: a number of seven digits, zeros around it, in some order. */
static const struct pattern {
    const char *name;
    enum order { RISING, FALLING, SHUFFLED } order;
    size_t before, behind;
    size_t lengths; /* how many different ones */
} patterns[] = {
    { "rising", RISING, 0, 0, 1 },     { "falling", FALLING, 0, 0, 1 },  { "shuffled", SHUFFLED, 0, 0, 1 },
    { "lengths", SHUFFLED, 0, 0, 16 }, { "prefix", SHUFFLED, 60, 0, 1 },
};

static const struct pattern *pattern_of(const char *name)
{
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        if (strcmp(patterns[i].name, name) == 0)
            return &patterns[i];
    }
    fail("no such pattern of names");
}

static void write_name(char out[NAME_SIZE], const struct pattern *pattern, size_t i, size_t count)
{
    size_t value = pattern->order == RISING ? i : pattern->order == FALLING ? count - i : shuffled(i, count);
    write_padded(out, pattern->before, value, pattern->behind + value % pattern->lengths);
}

/* Attribute i of `count` has the value i. */
static const ddbs_item *make_item(ddbs_arena *arena, const struct pattern *pattern, size_t count)
{
    ddbs_buf json = { 0 };
    char text[NAME_SIZE];
    for (size_t i = 0; i < count; i++) {
        append(&json, i == 0 ? "{\"" : ",\"");
        write_name(text, pattern, i, count);
        append(&json, text);
        append(&json, "\":{\"N\":\"");
        write_padded(text, 0, i, 0);
        append(&json, text);
        append(&json, "\"}");
    }
    append(&json, "}");
    return read_item(arena, &json);
}

/* Element `i` of a value of that type; a number in one of two forms. */
static void append_element(ddbs_buf *json, const char *type, size_t i, size_t form)
{
    char text[NAME_SIZE];
    if (strcmp(type, "NS") == 0)
        write_padded(text, form, i, 0);
    else if (strcmp(type, "BS") == 0)
        write_padded(text, 21, i, 0); /* 28 digits are base64 of 21 bytes */
    else
        write_padded(text, 40, i, 0);
    append(json, "\"");
    append(json, text);
    append(json, strcmp(type, "M") == 0 ? "\":{\"BOOL\":true}" : "\"");
}

/* {"v": a set or map of `count` elements}: in their order, or with `form` 1 in another one. */
static const ddbs_item *make_elements(ddbs_arena *arena, const char *type, size_t count, size_t form, bool one_differs)
{
    ddbs_buf json = { 0 };
    bool is_map = strcmp(type, "M") == 0;
    append(&json, "{\"v\":{\"");
    append(&json, type);
    append(&json, is_map ? "\":{" : "\":[");
    for (size_t i = 0; i < count; i++) {
        size_t element = form == 0 ? i : shuffled(i, count);
        append(&json, i == 0 ? "" : ",");
        append_element(&json, type, one_differs && element == count - 1 ? count : element, form);
    }
    append(&json, is_map ? "}}}" : "]}}");
    return read_item(arena, &json);
}

/* ---- Operations ---- */

static void find(ddbs_arena *arena, const struct pattern *pattern, size_t count, bool present, bool bare)
{
    const ddbs_item *item = make_item(arena, pattern, count);
    size_t found = 0;
    char name[NAME_SIZE];
    for (size_t i = 0; i < count; i++) {
        write_name(name, pattern, i, count);
        if (!present)
            name[strlen(name) - 1] = 'x';
        found += !bare && ddbs_item_find(item, ddbs_str_c(name)) != NULL;
    }
    if (found != (present && !bare ? count : 0))
        fail("another number of names was found");
}

/* The schema of a struct of members int64_t, made at run time: entry i is attribute i. */
static ddbs_schema make_schema(size_t entries, size_t count, ddbs_field *fields, char (*names)[NAME_SIZE])
{
    for (size_t i = 0; i < entries; i++) {
        write_name(names[i], pattern_of("prefix"), i, count);
        fields[i] = (ddbs_field){ .entry = DDBS_ENTRY_FIELD,
                                  .type = DDBS_C_I64,
                                  .name = ddbs_str_c(names[i]),
                                  .offset = i * sizeof(int64_t),
                                  .size = sizeof(int64_t) };
    }
    return (ddbs_schema){ entries * sizeof(int64_t), fields, entries };
}

static void bind(ddbs_arena *arena, size_t entries, size_t count, bool bare)
{
    const ddbs_item *item = make_item(arena, pattern_of("prefix"), count);
    ddbs_field *fields = memory(entries * sizeof *fields);
    char(*names)[NAME_SIZE] = memory(entries * sizeof *names);
    int64_t *out = memory(entries * sizeof *out);
    ddbs_schema schema = make_schema(entries, count, fields, names);
    if (!bare && ddbs_bind(&schema, item, out, NULL) != DDBS_OK)
        fail("the item does not bind");
    for (size_t i = 0; i < entries; i++) {
        if (out[i] != (bare ? 0 : (int64_t)i))
            fail("a member has another value");
    }
    free(out);
    free(names);
    free(fields);
}

static void equal(ddbs_arena *arena, const char *type, size_t count, bool same, bool bare)
{
    const ddbs_item *a = make_elements(arena, type, count, 0, false);
    const ddbs_item *b = make_elements(arena, type, count, 1, !same);
    if (!bare && ddbs_item_equal(a, b) != same)
        fail("equality is wrong");
}

static size_t number(const char *text)
{
    unsigned long value = strtoul(text, NULL, 10);
    if (value < 1 || value > COUNT_MAX)
        fail("expected a number from 1 to 1000000");
    return value;
}

int main(int argc, char **argv)
{
    ddbs_arena *arena;
    bool bare = argc == 5 && strcmp(argv[4], "bare") == 0;
    if (argc < 4 || argc > 5 || (argc == 5 && !bare))
        fail("cost find|miss|bind|equal|differ WHAT N [bare]");
    if (ddbs_arena_new(&arena, 0) != DDBS_OK)
        fail("out of memory");
    const char *operation = argv[1];
    if (strcmp(operation, "find") == 0 || strcmp(operation, "miss") == 0)
        find(arena, pattern_of(argv[2]), number(argv[3]), operation[0] == 'f', bare);
    else if (strcmp(operation, "bind") == 0)
        bind(arena, number(argv[2]), number(argv[3]), bare);
    else if (strcmp(operation, "equal") == 0 || strcmp(operation, "differ") == 0)
        equal(arena, argv[2], number(argv[3]), operation[0] == 'e', bare);
    else
        fail("no such operation");
    ddbs_arena_free(arena);
    return 0;
}
