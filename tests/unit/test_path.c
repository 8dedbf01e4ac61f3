/* test_path.c: ddbs_item_find_path: what a path reaches, what is no path, and that the paths which the library prints
 * lead back to where they came from. */
#include "lib/arena.h"
#include "lib/error.h"
#include "tests/unit/events.h"

#include <stdio.h>

enum { NAME_LEN = 70000 };

/* What an out-parameter holds before a call: a failure must leave it. */
static const ddbs_value *const untouched = (const ddbs_value *)(const void *)&untouched;

/* The number at a path, or 0 with the status. The path ends at a guard page. */
static int64_t number_at(const ddbs_item *item, const char *path, ddbs_status *status)
{
    const ddbs_value *value = untouched;
    int64_t number = 0;
    *status = ddbs_item_find_path(item, path, &value);
    CHECK(*status == DDBS_OK ? value != untouched && value != NULL : value == untouched);
    if (*status == DDBS_OK)
        CHECK_STATUS(ddbs_value_get(value, &number), DDBS_OK);
    return number;
}

/* Every number occurs once. */
#define TREE                                                                                                           \
    "{'n':{'N':'1'},'m':{'M':{'n':{'N':'2'},'m':{'M':{'n':{'N':'3'}}},'l':{'L':[{'N':'4'},{'N':'5'}]}}},"              \
    "'l':{'L':[{'N':'6'},{'L':[{'N':'7'},{'L':[{'N':'8'}]},{'M':{'n':{'N':'9'}}}]},"                                   \
    "{'M':{'n':{'N':'10'},'l':{'L':[{'N':'11'}]}}},{'L':[]},{'M':{}}]},"                                               \
    "'a.b':{'N':'12'},'a':{'M':{'b':{'N':'13'},'b.c':{'N':'14'},'[0]':{'N':'15'}}},"                                   \
    "'l[0]':{'N':'16'},'x\\\\':{'N':'17'},'x\\\\.y':{'N':'18'},'.':{'N':'19'},'[':{'N':'20'},']':{'N':'21'},"          \
    "'\\\\':{'M':{'\\\\\\\\':{'N':'22'}}},'\\u00e9 \\ud83d\\ude00':{'N':'23'},' ':{'N':'24'},'0':{'N':'25'},"          \
    "'a.b[0].c':{'L':[{'M':{'d.e':{'N':'26'}}}]},'-1':{'N':'27'},'N':{'N':'28'},"                                      \
    "'s':{'S':'x'},'b':{'B':'AA=='},'t':{'BOOL':true},'z':{'NULL':true},'ss':{'SS':['x']},'ns':{'NS':['1']},"          \
    "'bs':{'BS':['AA==']}}"

static const struct {
    const char *path;
    int64_t number; /* 0: another status */
    ddbs_status status;
} rows[] = {
    { "n", 1, DDBS_OK },
    { "m.n", 2, DDBS_OK },
    { "m.m.n", 3, DDBS_OK },
    { "m.l[0]", 4, DDBS_OK },
    { "m.l[1]", 5, DDBS_OK },
    { "l[0]", 6, DDBS_OK },
    { "l[1][0]", 7, DDBS_OK },
    { "l[1][1][0]", 8, DDBS_OK },
    { "l[1][2].n", 9, DDBS_OK },
    { "l[2].n", 10, DDBS_OK },
    { "l[2].l[0]", 11, DDBS_OK },
    { "l[000]", 6, DDBS_OK },
    { "a\\.b", 12, DDBS_OK },
    { "a.b", 13, DDBS_OK },
    { "a.b\\.c", 14, DDBS_OK },
    { "a.\\[0\\]", 15, DDBS_OK },
    { "l\\[0\\]", 16, DDBS_OK },
    { "x\\\\", 17, DDBS_OK },
    { "x\\\\\\.y", 18, DDBS_OK },
    { "\\.", 19, DDBS_OK },
    { "\\[", 20, DDBS_OK },
    { "\\]", 21, DDBS_OK },
    { "\\\\.\\\\\\\\", 22, DDBS_OK },
    { "\xc3\xa9 \xf0\x9f\x98\x80", 23, DDBS_OK },
    { " ", 24, DDBS_OK },
    { "0", 25, DDBS_OK },
    { "a\\.b\\[0\\]\\.c[0].d\\.e", 26, DDBS_OK },
    { "-1", 27, DDBS_OK },
    { "N", 28, DDBS_OK },
    /* What is not there. */
    { "o", 0, DDBS_E_MISSING },
    { "nn", 0, DDBS_E_MISSING },
    { "n ", 0, DDBS_E_MISSING },
    { "M", 0, DDBS_E_MISSING },
    { "m.o", 0, DDBS_E_MISSING },
    { "o.n", 0, DDBS_E_MISSING },
    { "o[0]", 0, DDBS_E_MISSING },
    { "o.n[0].m", 0, DDBS_E_MISSING },
    { "m.o.n", 0, DDBS_E_MISSING },
    { "m.o[0]", 0, DDBS_E_MISSING },
    { "m\\.n", 0, DDBS_E_MISSING },
    { "n\\[0\\]", 0, DDBS_E_MISSING },
    { "l[5]", 0, DDBS_E_MISSING },
    { "l[3][0]", 0, DDBS_E_MISSING },
    { "l[4].n", 0, DDBS_E_MISSING },
    { "l[5].n", 0, DDBS_E_MISSING },
    { "l[5][0]", 0, DDBS_E_MISSING },
    { "m.l[2]", 0, DDBS_E_MISSING },
    { "l[1][3]", 0, DDBS_E_MISSING },
    { "x", 0, DDBS_E_MISSING },
    { "\xc3\xa9", 0, DDBS_E_MISSING },
    /* What has no such inside. */
    { "n.n", 0, DDBS_E_TYPE },
    { "n[0]", 0, DDBS_E_TYPE },
    { "s.n", 0, DDBS_E_TYPE },
    { "s[0]", 0, DDBS_E_TYPE },
    { "b.n", 0, DDBS_E_TYPE },
    { "b[0]", 0, DDBS_E_TYPE },
    { "t.n", 0, DDBS_E_TYPE },
    { "t[0]", 0, DDBS_E_TYPE },
    { "z.n", 0, DDBS_E_TYPE },
    { "z[0]", 0, DDBS_E_TYPE },
    { "ss.x", 0, DDBS_E_TYPE },
    { "ss[0]", 0, DDBS_E_TYPE },
    { "ns[0]", 0, DDBS_E_TYPE },
    { "bs[0]", 0, DDBS_E_TYPE },
    { "m[0]", 0, DDBS_E_TYPE },
    { "l.n", 0, DDBS_E_TYPE },
    { "l.0", 0, DDBS_E_TYPE },
    { "l[1].n", 0, DDBS_E_TYPE },
    { "l[2][0]", 0, DDBS_E_TYPE },
    { "l[0].n", 0, DDBS_E_TYPE },
    { "l[0][0]", 0, DDBS_E_TYPE },
    { "m.n.o.p", 0, DDBS_E_TYPE },
    { "m.n.o[99]", 0, DDBS_E_TYPE },
    { "n.\\.", 0, DDBS_E_TYPE },
};

TEST(a_path_goes_through_maps_and_lists_in_every_combination)
{
    const ddbs_item *item;
    struct parsed p = item_of(TREE, &item);
    REQUIRE(item != NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ddbs_status status;
        const char *path = check_guard(rows[i].path, strlen(rows[i].path) + 1);
        int64_t number = number_at(item, path, &status);
        bool held = CHECK_STATUS(status, rows[i].status);
        if (!CHECK_INT(number, rows[i].number) || !held)
            printf("# path %s\n", rows[i].path);
    }
    parsed_free(&p);
}

/* The end of each is what is wrong with it, or its begin. */
static const char *const malformed[] = {
    "",       ".",      "..",      ".n",      "n.",      "n..n",   "m..n",    "m.n.",     "[0]",     "[",
    "]",      "[]",     "[0].n",   ".[0]",    "m.[0]",   "l[",     "l[]",     "l[0",      "l[0]n",   "l[0]]",
    "l]",     "l[0][",  "l[0]..n", "l[0].",   "l[0].[1", "l[-1]",  "l[+1]",   "l[ 0]",    "l[0 ]",   "l[0x0]",
    "l[a]",   "l[0a]",  "l[[0]]",  "l[0]\\n", "\\",      "n\\",    "m.\\",    "m.n\\",    "n\\\\\\", "l[\\0]",
    "l[1\\]", "l[1.0]", "l[0].n]", "m.n]",    "m]n",     "]n",     "o..p",    "o[",       "s.n.",    "o.p.[3]",
    "l[99].", "l\\[0]", "l[0\\]",  "\\[0]",   "m.n[",    "a\\.b.", "n.o.p..", "l[0][1]x", "l[1e0]",  "l[\xc2\xb2]",
};

TEST(what_is_no_path_is_refused_whatever_the_item)
{
    const ddbs_item *const none = NULL;
    const ddbs_item *item, *empty;
    struct parsed p = item_of(TREE, &item), q = item_of("{'m':{'M':{}}}", &empty);
    REQUIRE(item != NULL && ddbs_get(empty, "m", &empty) == DDBS_OK);
    const ddbs_item *const items[] = { none, empty, item };
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
        const char *path = check_guard(malformed[i], strlen(malformed[i]) + 1);
        for (size_t k = 0; k < 3; k++) {
            ddbs_status status;
            (void)number_at(items[k], path, &status);
            if (!CHECK_STATUS(status, DDBS_E_SYNTAX))
                printf("# path %s\n", malformed[i]);
        }
    }
    parsed_free(&p);
    parsed_free(&q);
}

TEST(no_path_is_malformed_and_no_item_is_missing)
{
    const ddbs_item *item;
    struct parsed p = item_of(TREE, &item);
    ddbs_status status;
    (void)number_at(item, NULL, &status);
    CHECK_STATUS(status, DDBS_E_SYNTAX);
    (void)number_at(NULL, NULL, &status);
    CHECK_STATUS(status, DDBS_E_SYNTAX);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        (void)number_at(NULL, rows[i].path, &status);
        CHECK_STATUS(status, DDBS_E_MISSING);
    }
    parsed_free(&p);
}

/* No index wraps round to an element that is there. */
TEST(huge_indexes_are_not_there)
{
    static const char *const wrapping[] = {
        "l[4294967296]",           "l[4294967297]",
        "l[9223372036854775808]",  "l[18446744073709551615]",
        "l[18446744073709551616]", "l[18446744073709551617]",
        "l[36893488147419103232]", "l[340282366920938463463374607431768211456]",
    };
    const ddbs_item *item;
    struct parsed p = item_of(TREE, &item);
    ddbs_status status;
    char path[400];
    REQUIRE(item != NULL);
    for (size_t i = 0; i < sizeof wrapping / sizeof *wrapping; i++) {
        (void)number_at(item, wrapping[i], &status);
        CHECK_STATUS(status, DDBS_E_MISSING);
    }
    for (int digits = 1; digits < 350; digits++) {
        for (int first = 5; first <= 9; first++) {
            snprintf(path, sizeof path, "l[%d%0*d]", first, digits, 0);
            (void)number_at(item, path, &status);
            CHECK_STATUS(status, DDBS_E_MISSING);
        }
    }
    snprintf(path, sizeof path, "l[%0*d]", 350, 0);
    CHECK_INT(number_at(item, path, &status), 6);
    parsed_free(&p);
}

/* ---- Long names, deep items, memory ---- */

/* An item {NAME: {"N":"1"}}, NAME being NAME_LEN times "a.", in an arena of its own. */
static struct parsed long_named(const ddbs_item **item)
{
    struct parsed p = { .event = NULL };
    if (ddbs_arena_new(&p.arena, 0) != DDBS_OK)
        abort();
    ddbs_buf json = { 0 };
    ddbs_buf__text(&json, "{\"");
    for (size_t i = 0; i < NAME_LEN / 2; i++)
        ddbs_buf__text(&json, "a.");
    ddbs_buf__text(&json, "\":{\"N\":\"1\"}}");
    p.status = ddbs_item_read(json.ptr, json.len, DDBS_JSON_TYPED, p.arena, item, &p.error);
    ddbs_buf_free(&json);
    return p;
}

/* The path to it, or with another last byte to nothing. */
static char *long_path(char last)
{
    ddbs_buf path = { 0 };
    for (size_t i = 0; i < NAME_LEN / 2; i++)
        ddbs_buf__text(&path, "a\\.");
    path.ptr[path.len - 1] = last;
    char *guarded = check_guard(path.ptr, path.len + 1);
    ddbs_buf_free(&path);
    return guarded;
}

TEST(names_of_70000_bytes_are_found)
{
    const ddbs_item *item = NULL;
    struct parsed p = long_named(&item);
    ddbs_status status;
    REQUIRE(item != NULL);
    CHECK_INT(number_at(item, long_path('.'), &status), 1);
    (void)number_at(item, long_path('!'), &status);
    CHECK_STATUS(status, DDBS_E_MISSING);
    char *name = malloc(NAME_LEN + 1);
    REQUIRE(name != NULL);
    memset(name, 'a', NAME_LEN);
    name[NAME_LEN] = '\0';
    (void)number_at(item, name, &status);
    CHECK_STATUS(status, DDBS_E_MISSING);
    free(name);
    parsed_free(&p);
}

/* Names without backslashes need no memory at all; the others say that there is none. */
TEST(an_exhausted_arena_fails_escaped_names_only)
{
    static const char json[] = "{\"a.b\":{\"M\":{\"c\":{\"N\":\"1\"},\"d.e\":{\"N\":\"2\"}}},\"l\":{\"L\":[{\"M\":"
                               "{\"x.y\":{\"N\":\"3\"}}}]},\"n\":{\"N\":\"4\"}}";
    static const struct {
        const char *path;
        bool escaped;
    } paths[] = { { "a\\.b.c", true }, { "l[0].x\\.y", true }, { "l[0].x\\.z", true }, { "\\n", true },
                  { "n", false },      { "l[0]", false },      { "l[0].x", false } };
    struct parsed p = { .event = NULL };
    const ddbs_item *item;
    REQUIRE(ddbs_arena_new(&p.arena, 8192) == DDBS_OK);
    REQUIRE(ddbs_item_read(json, sizeof json - 1, DDBS_JSON_TYPED, p.arena, &item, NULL) == DDBS_OK);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        const ddbs_value *value = untouched;
        struct arena_mark mark = ddbs_arena__mark(p.arena);
        ddbs_status before = ddbs_item_find_path(item, paths[i].path, &value);
        while (ddbs_arena__alloc(p.arena, 1) != NULL)
            continue;
        value = untouched;
        CHECK_STATUS(ddbs_item_find_path(item, paths[i].path, &value), paths[i].escaped ? DDBS_E_MEMORY : before);
        CHECK(value == untouched || (!paths[i].escaped && before == DDBS_OK));
        ddbs_arena__release(p.arena, mark);
        CHECK_STATUS(ddbs_item_find_path(item, paths[i].path, &value), before);
    }
    parsed_free(&p);
}

TEST(no_failed_allocation_finds_another_value)
{
    ddbs_status status = DDBS_E_MEMORY;
    const char *path = long_path('.');
    size_t failed = 0;
    for (size_t n = 0; status != DDBS_OK && n < 100; n++) {
        const ddbs_item *item = NULL;
        const ddbs_value *value = untouched;
        struct parsed p = long_named(&item);
        REQUIRE(item != NULL);
        check_fail_alloc(0);
        while (ddbs_arena__alloc(p.arena, 1) != NULL)
            continue;
        check_fail_alloc(n);
        status = ddbs_item_find_path(item, path, &value);
        bool all_there = check_allocs() <= n;
        check_fail_alloc(SIZE_MAX);
        CHECK(all_there ? status == DDBS_OK : status == DDBS_OK || status == DDBS_E_MEMORY);
        CHECK((value == untouched) == (status != DDBS_OK));
        failed += status != DDBS_OK;
        CHECK_STATUS(ddbs_item_find_path(item, path, &value), DDBS_OK);
        parsed_free(&p);
    }
    CHECK_STATUS(status, DDBS_OK);
    CHECK(failed > 0);
}

/* Look-ups give back what they take: a small arena is enough for any number of them, and the item stays as it was. */
TEST(any_number_of_look_ups_takes_no_memory)
{
    static const char json[] = "{\"a.b\":{\"N\":\"1\"}}";
    struct parsed p = { .event = NULL };
    const ddbs_item *item;
    ddbs_status status;
    REQUIRE(ddbs_arena_new(&p.arena, 8192) == DDBS_OK);
    REQUIRE(ddbs_item_read(json, sizeof json - 1, DDBS_JSON_TYPED, p.arena, &item, NULL) == DDBS_OK);
    for (int i = 0; i < 10000; i++) {
        REQUIRE(number_at(item, "a\\.b", &status) == 1);
        (void)number_at(item, "a\\.c", &status);
        REQUIRE(status == DDBS_E_MISSING);
    }
    parsed_free(&p);
}

/* At each level a list in a map or a map in a list, as the bits of `shape` say; the path to the innermost number. */
static void nest(uint64_t shape, ddbs_buf *json, ddbs_buf *path)
{
    ddbs_buf__text(json, "{\"top\":");
    ddbs_buf__text(path, "top");
    for (int depth = 1; depth < DDBS_VALUE_DEPTH_MAX; depth++) {
        bool list = shape >> depth & 1;
        ddbs_buf__text(json, list ? "{\"L\":[{\"N\":\"0\"},{\"SS\":[\"x\"]}," : "{\"M\":{\"x\":{\"L\":[]},\"i.n\":");
        ddbs_buf__text(path, list ? "[2]" : ".i\\.n");
    }
    ddbs_buf__text(json, "{\"N\":\"7\"}");
    for (int depth = DDBS_VALUE_DEPTH_MAX - 1; depth > 0; depth--)
        ddbs_buf__text(json, shape >> depth & 1 ? "]}" : "}}");
    ddbs_buf__text(json, "}");
}

TEST(paths_reach_the_deepest_value)
{
    static const uint64_t shapes[] = { 0, UINT64_MAX, 0x5555555555555555, 0xaaaaaaaaaaaaaaaa, 0x123456789abcdef };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        ddbs_buf json = { 0 }, path = { 0 };
        const ddbs_item *item;
        ddbs_status status;
        nest(shapes[i], &json, &path);
        struct parsed p = parse_item(json.ptr, json.len, &item);
        REQUIRE(item != NULL);
        CHECK_INT(number_at(item, path.ptr, &status), 7);
        REQUIRE(ddbs_buf_append(&path, ".x", 2) == DDBS_OK);
        (void)number_at(item, path.ptr, &status);
        CHECK_STATUS(status, DDBS_E_TYPE);
        ddbs_buf_free(&json);
        ddbs_buf_free(&path);
        parsed_free(&p);
    }
}

TEST(the_last_element_of_a_long_list_is_found)
{
    ddbs_buf json = { 0 };
    const ddbs_item *item;
    ddbs_status status;
    ddbs_buf__text(&json, "{\"l\":{\"L\":[{\"N\":\"1\"}");
    for (int i = 1; i < 20000; i++)
        ddbs_buf__text(&json, i % 2 == 0 ? ",{\"N\":\"2\"}" : ",{\"M\":{\"a\":{\"N\":\"3\"}}}");
    ddbs_buf__text(&json, "]}}");
    struct parsed p = parse_item(json.ptr, json.len, &item);
    REQUIRE(item != NULL);
    CHECK_INT(number_at(item, "l[19998]", &status), 2);
    CHECK_INT(number_at(item, "l[19999].a", &status), 3);
    (void)number_at(item, "l[20000]", &status);
    CHECK_STATUS(status, DDBS_E_MISSING);
    ddbs_buf_free(&json);
    parsed_free(&p);
}

/* ---- Paths that the library prints ---- */

/* Names with all that a path gives a meaning to; the last is where something goes wrong. */
#define PLACES(bad)                                                                                                    \
    "{'a.b':{'M':{'c[0]':{'L':[{'N':'1'},{'M':{'\\\\x]':{'N':'2'},'\\u00e9\\\\':{'L':[{'N':'3'},{" bad "}]}}}]}}}}"
#define PLACE "a\\.b.c\\[0\\][1].\xc3\xa9\\\\[1]"

/* Errors of the decoder name the types on the way, too: taken out, that is the path. */
static void without_types(char *path)
{
    static const char *const tags[] = { ".M", ".L", ".N" };
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
        for (char *at; (at = strstr(path, tags[i])) != NULL;)
            memmove(at, at + 2, strlen(at + 2) + 1);
    }
}

TEST(the_path_of_a_decoding_error_leads_to_its_place)
{
    static const char before[] = "Records[0].dynamodb.NewImage.";
    const ddbs_item *item;
    ddbs_status status;
    struct parsed bad = item_of(PLACES("'N':'x'"), &item), good = item_of(PLACES("'N':'9'"), &item);
    REQUIRE(bad.status == DDBS_E_SYNTAX && item != NULL);
    REQUIRE(strncmp(bad.error.path, before, strlen(before)) == 0);
    char *path = bad.error.path + strlen(before);
    without_types(path);
    CHECK_STR(path, PLACE);
    CHECK_INT(number_at(item, path, &status), 9);
    parsed_free(&bad);
    parsed_free(&good);
}

TEST(the_path_of_a_reading_error_leads_to_its_place)
{
    static const char bad[] = "{\"a.b\":{\"c[0]\":[1,{\"\\\\x]\":2,\"\xc3\xa9\\\\\":[3,1e999]}]}}";
    static const char good[] = "{\"a.b\":{\"c[0]\":[1,{\"\\\\x]\":2,\"\xc3\xa9\\\\\":[3,9]}]}}";
    struct parsed p = { .event = NULL };
    const ddbs_item *item;
    ddbs_status status;
    REQUIRE(ddbs_arena_new(&p.arena, 0) == DDBS_OK);
    CHECK_STATUS(ddbs_item_read(bad, sizeof bad - 1, DDBS_JSON_PLAIN, p.arena, &item, &p.error), DDBS_E_LIMIT);
    REQUIRE(ddbs_item_read(good, sizeof good - 1, DDBS_JSON_PLAIN, p.arena, &item, NULL) == DDBS_OK);
    CHECK_STR(p.error.path, PLACE);
    CHECK_INT(number_at(item, p.error.path, &status), 9);
    parsed_free(&p);
}

struct inner {
    struct {
        uint8_t *ptr;
        size_t count;
    } list;
};
struct middle {
    struct {
        struct inner *ptr;
        size_t count;
    } inners;
};
struct outer {
    struct middle middle;
};

TEST(the_path_of_a_binding_error_leads_to_its_place)
{
    const ddbs_schema inner = DDBS_SCHEMA(struct inner, DDBS_LIST_AS(struct inner, list, "]\xc3\xa9\\"));
    const ddbs_schema middle = DDBS_SCHEMA(struct middle, DDBS_NESTED_LIST_AS(struct middle, inners, "c[0]", inner));
    const ddbs_schema outer = DDBS_SCHEMA(struct outer, DDBS_NESTED_AS(struct outer, middle, "a.b", middle));
    const ddbs_item *item;
    ddbs_status status;
    ddbs_error error;
    struct outer out;
    struct parsed p = item_of("{'a.b':{'M':{'c[0]':{'L':[{'M':{']\\u00e9\\\\':{'L':[]}}},"
                              "{'M':{']\\u00e9\\\\':{'L':[{'N':'1'},{'N':'999'}]}}}]}}}}",
                              &item);
    REQUIRE(item != NULL);
    CHECK_STATUS(ddbs_bind(&outer, item, &out, &error), DDBS_E_RANGE);
    CHECK_INT(number_at(item, error.path, &status), 999);
    parsed_free(&p);
}

TEST(the_path_of_a_difference_leads_to_its_values)
{
    const ddbs_item *before, *after;
    struct parsed p = item_of(PLACES("'N':'9'"), &before), q = item_of(PLACES("'N':'10'"), &after);
    ddbs_diff diff;
    ddbs_status status;
    REQUIRE(before != NULL && after != NULL && ddbs_diff_items(before, after, true, &diff) == DDBS_OK);
    REQUIRE(diff.count == 1);
    CHECK_VIEW(diff.changes[0].path, PLACE);
    CHECK_INT(number_at(before, diff.changes[0].path.ptr, &status), 9);
    CHECK_INT(number_at(after, diff.changes[0].path.ptr, &status), 10);
    parsed_free(&p);
    parsed_free(&q);
}

/* A path too long for an error ends in "...", which is none: it cannot lead to another value. */
TEST(control_bytes_are_written_as_in_errors)
{
    const ddbs_item *item;
    const ddbs_value *value = NULL;
    struct parsed p = item_of("{'a\\n':{'N':'1'},'ax0a':{'N':'2'},'u\\u0000':{'N':'3'}}", &item);
    int64_t number = 0;
    REQUIRE(item != NULL);
    CHECK(ddbs_get_path(item, "a\\x0a", &number) == DDBS_OK && number == 1);
    CHECK(ddbs_get_path(item, "a\\x0A", &number) == DDBS_OK && number == 1);
    CHECK(ddbs_get_path(item, "ax0a", &number) == DDBS_OK && number == 2);
    CHECK(ddbs_get_path(item, "u\\x00", &number) == DDBS_OK && number == 3);
    CHECK_STATUS(ddbs_item_find_path(item, "a\\x0", &value), DDBS_E_SYNTAX);
    CHECK_STATUS(ddbs_item_find_path(item, "a\\xg0", &value), DDBS_E_SYNTAX);
    CHECK(value == NULL);
    parsed_free(&p);
}

TEST(a_path_that_was_cut_is_no_path)
{
    ddbs_error error;
    ddbs_error_clear(&error);
    for (int i = 0; i < 100; i++)
        ddbs_error__path_name(&error, ddbs_str_c("n.n"));
    const ddbs_value *value = untouched;
    CHECK(strlen(error.path) < DDBS_ERROR_PATH_MAX);
    CHECK_STATUS(ddbs_item_find_path(NULL, error.path, &value), DDBS_E_SYNTAX);
}
