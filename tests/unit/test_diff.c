/* test_diff.c: what changed between two images: every type, paths, missing images, memory that runs out. */
#include "lib/arena.h"
#include "tests/unit/events.h"

#include <stdio.h>

/* An item of a table, with ' for ". NULL gives NULL. */
static const ddbs_item *read_item(ddbs_arena *arena, const char *text)
{
    const ddbs_item *item = NULL;
    ddbs_buf json = { .arena = arena };
    if (text == NULL)
        return NULL;
    ddbs_buf__text(&json, text);
    for (size_t i = 0; i < json.len; i++)
        json.ptr[i] = json.ptr[i] == '\'' ? '"' : json.ptr[i];
    return ddbs_item_read(json.ptr, json.len, DDBS_JSON_TYPED, arena, &item, NULL) == DDBS_OK ? item : NULL;
}

static void write_side(ddbs_buf *text, const ddbs_value *value)
{
    if (value == NULL)
        ddbs_buf__text(text, "-");
    else
        CHECK_STATUS(ddbs_value_write(value, DDBS_JSON_TYPED, text), DDBS_OK);
}

/* Differences as "kind path before>after", separated by "; ", with ' for ". */
static const char *text_of(struct parsed *p, const ddbs_diff *diff)
{
    ddbs_buf text = new_text(p);
    ddbs_buf__text(&text, "");
    for (size_t i = 0; i < diff->count; i++) {
        const ddbs_difference *change = &diff->changes[i];
        CHECK(change->path.ptr[change->path.len] == '\0');
        ddbs_buf__format(&text, "%s%s ", i == 0 ? "" : "; ", ddbs_change_name(change->kind));
        ddbs_buf__bytes(&text, change->path.ptr, change->path.len);
        ddbs_buf__text(&text, " ");
        write_side(&text, change->before);
        ddbs_buf__text(&text, ">");
        write_side(&text, change->after);
    }
    for (size_t i = 0; i < text.len; i++)
        text.ptr[i] = text.ptr[i] == '"' ? '\'' : text.ptr[i];
    return text.ptr;
}

static void check_diff(const char *before, const char *after, bool deep, const char *want)
{
    static const char untouched[] = "untouched";
    struct parsed p = { .event = NULL };
    ddbs_diff diff = { (const ddbs_difference *)(const void *)untouched, 7 };
    REQUIRE(ddbs_arena_new(&p.arena, 0) == DDBS_OK);
    const ddbs_item *a = read_item(p.arena, before), *b = read_item(p.arena, after);
    CHECK((a != NULL) == (before != NULL) && (b != NULL) == (after != NULL));
    CHECK_STATUS(ddbs_diff_items(a, b, deep, &diff), DDBS_OK);
    CHECK((diff.count == 0) == (diff.changes == NULL));
    CHECK_STR(text_of(&p, &diff), want);
    parsed_free(&p);
}

/* An attribute "a" before and after. */
static const struct {
    const char *before, *after;
    bool equal;
} pairs[] = {
    { "{'S':'x'}", "{'S':'x'}", true },
    { "{'S':'x'}", "{'S':'y'}", false },
    { "{'S':'x'}", "{'S':'X'}", false },
    { "{'S':''}", "{'S':'\\u0000'}", false },
    { "{'S':'\\u00e9'}", "{'S':'\xc3\xa9'}", true },
    { "{'N':'1.10'}", "{'N':'1.1'}", true },
    { "{'N':'-0'}", "{'N':'0.00'}", true },
    { "{'N':'100'}", "{'N':'1E2'}", true },
    { "{'N':'9007199254740993'}", "{'N':'9007199254740992'}", false },
    { "{'N':'1'}", "{'N':'-1'}", false },
    { "{'B':'AA=='}", "{'B':'AA=='}", true },
    { "{'B':'AA=='}", "{'B':'AAA='}", false },
    { "{'BOOL':true}", "{'BOOL':true}", true },
    { "{'BOOL':true}", "{'BOOL':false}", false },
    { "{'NULL':true}", "{'NULL':true}", true },
    { "{'SS':['x','y','z']}", "{'SS':['z','x','y']}", true },
    { "{'SS':['x','y']}", "{'SS':['x','y','z']}", false },
    { "{'SS':['x','y']}", "{'SS':['x','z']}", false },
    { "{'NS':['1','2.50']}", "{'NS':['2.5','1.0']}", true },
    { "{'NS':['1','2']}", "{'NS':['1']}", false },
    { "{'BS':['AA==','AQ==']}", "{'BS':['AQ==','AA==']}", true },
    { "{'BS':['AA==','AQ==']}", "{'BS':['AQ==','Ag==']}", false },
    { "{'M':{}}", "{'M':{}}", true },
    { "{'L':[]}", "{'L':[]}", true },
    { "{'M':{'x':{'N':'1'},'y':{'S':''}}}", "{'M':{'y':{'S':''},'x':{'N':'1.0'}}}", true },
    { "{'L':[{'N':'1'},{'L':[]}]}", "{'L':[{'N':'1.0'},{'L':[]}]}", true },
};

/* The differences of items with one attribute "a". */
static void check_values(const char *before, const char *after, bool equal)
{
    char one[128], two[128], want[256] = "";
    snprintf(one, sizeof one, "{'a':%s}", before);
    snprintf(two, sizeof two, "{'a':%s}", after);
    if (!equal)
        snprintf(want, sizeof want, "changed a %s>%s", before, after);
    check_diff(one, two, false, want);
    check_diff(one, two, true, want);
}

TEST(values_of_one_type_differ_by_value)
{
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        check_values(pairs[i].before, pairs[i].after, pairs[i].equal);
}

static const char *const one_of_each[] = {
    "{'S':'1'}", "{'N':'1'}", "{'B':'MQ=='}", "{'BOOL':true}", "{'NULL':true}",
    "{'M':{}}",  "{'L':[]}",  "{'SS':['1']}", "{'NS':['1']}",  "{'BS':['MQ==']}",
};

TEST(values_of_two_types_always_differ)
{
    enum { TYPES = sizeof one_of_each / sizeof *one_of_each };
    for (size_t i = 0; i < TYPES; i++) {
        for (size_t k = 0; k < TYPES; k++)
            check_values(one_of_each[i], one_of_each[k], i == k);
    }
}

static const struct {
    const char *before, *after; /* NULL: no item */
    const char *shallow;
    const char *deep; /* NULL: the same */
} items[] = {
    { NULL, NULL, "", NULL },
    { NULL, "{}", "", NULL },
    { "{}", NULL, "", NULL },
    { NULL, "{'a':{'N':'1'}}", "added a ->{'N':'1'}", NULL },
    { "{'a':{'N':'1'}}", NULL, "removed a {'N':'1'}>-", NULL },
    { "{}", "{'a':{'N':'1'}}", "added a ->{'N':'1'}", NULL },
    { "{'a':{'N':'1'}}", "{}", "removed a {'N':'1'}>-", NULL },
    /* The order of the old image, then what is new in the order of the new one. */
    { "{'d':{'N':'1'},'c':{'N':'1'},'b':{'N':'1'}}", "{'z':{'N':'2'},'b':{'N':'2'},'y':{'N':'2'},'d':{'N':'2'}}",
      "changed d {'N':'1'}>{'N':'2'}; removed c {'N':'1'}>-; changed b {'N':'1'}>{'N':'2'}; "
      "added z ->{'N':'2'}; added y ->{'N':'2'}",
      NULL },
    /* The same inside a map, at its place among the others. */
    { "{'m':{'M':{'y':{'N':'1'},'x':{'N':'1'}}},'a':{'N':'1'}}",
      "{'a':{'N':'2'},'m':{'M':{'z':{'N':'2'},'x':{'N':'2'},'w':{'N':'2'}}}}",
      "changed m {'M':{'y':{'N':'1'},'x':{'N':'1'}}}>{'M':{'z':{'N':'2'},'x':{'N':'2'},'w':{'N':'2'}}}; "
      "changed a {'N':'1'}>{'N':'2'}",
      "removed m.y {'N':'1'}>-; changed m.x {'N':'1'}>{'N':'2'}; added m.z ->{'N':'2'}; added m.w ->{'N':'2'}; "
      "changed a {'N':'1'}>{'N':'2'}" },
    /* Lists by place: what is cut out in front moves all that follows. */
    { "{'l':{'L':[{'N':'1'},{'N':'2'},{'N':'3'}]}}", "{'l':{'L':[{'N':'2'},{'N':'3'}]}}",
      "changed l {'L':[{'N':'1'},{'N':'2'},{'N':'3'}]}>{'L':[{'N':'2'},{'N':'3'}]}",
      "changed l[0] {'N':'1'}>{'N':'2'}; changed l[1] {'N':'2'}>{'N':'3'}; removed l[2] {'N':'3'}>-" },
    { "{'l':{'L':[]}}", "{'l':{'L':[{'N':'1'},{'S':'x'}]}}", "changed l {'L':[]}>{'L':[{'N':'1'},{'S':'x'}]}",
      "added l[0] ->{'N':'1'}; added l[1] ->{'S':'x'}" },
    { "{'l':{'L':[{'L':[{'M':{'x':{'N':'1'}}}]},{'N':'1'}]}}", "{'l':{'L':[{'L':[{'M':{'x':{'N':'2'}}}]},{'N':'1'}]}}",
      "changed l {'L':[{'L':[{'M':{'x':{'N':'1'}}}]},{'N':'1'}]}>{'L':[{'L':[{'M':{'x':{'N':'2'}}}]},{'N':'1'}]}",
      "changed l[0][0].x {'N':'1'}>{'N':'2'}" },
    /* A map or list that only one has is one difference, at its own path. */
    { "{'m':{'M':{'x':{'M':{'y':{'N':'1'}}}}}}", "{'m':{'M':{'l':{'L':[{'N':'1'}]}}}}",
      "changed m {'M':{'x':{'M':{'y':{'N':'1'}}}}}>{'M':{'l':{'L':[{'N':'1'}]}}}",
      "removed m.x {'M':{'y':{'N':'1'}}}>-; added m.l ->{'L':[{'N':'1'}]}" },
    { "{'m':{'M':{'x':{'N':'1'}}}}", "{'m':{'L':[{'N':'1'}]}}", "changed m {'M':{'x':{'N':'1'}}}>{'L':[{'N':'1'}]}",
      NULL },
    { "{'m':{'M':{'x':{'SS':['a','b']}}}}", "{'m':{'M':{'x':{'SS':['b','c']}}}}",
      "changed m {'M':{'x':{'SS':['a','b']}}}>{'M':{'x':{'SS':['b','c']}}}",
      "changed m.x {'SS':['a','b']}>{'SS':['b','c']}" },
    /* What means something in a path has a backslash, a backslash too. */
    { "{'a.b':{'M':{'c[0]':{'N':'1'},'\\\\':{'N':'1'}}}}", "{'a.b':{'M':{'c[0]':{'N':'2'},'\\\\':{'N':'2'}}}}",
      "changed a\\.b {'M':{'c[0]':{'N':'1'},'\\\\':{'N':'1'}}}>{'M':{'c[0]':{'N':'2'},'\\\\':{'N':'2'}}}",
      "changed a\\.b.c\\[0\\] {'N':'1'}>{'N':'2'}; changed a\\.b.\\\\ {'N':'1'}>{'N':'2'}" },
    /* Names without a character keep their dots apart, though no look-up takes such a path. */
    { "{'':{'M':{'':{'M':{'a':{'N':'1'}}}}}}", "{'':{'M':{'':{'M':{'a':{'N':'2'}}}}}}",
      "changed  {'M':{'':{'M':{'a':{'N':'1'}}}}}>{'M':{'':{'M':{'a':{'N':'2'}}}}}", "changed ..a {'N':'1'}>{'N':'2'}" },
};

TEST(items_differ_in_order_and_at_their_paths)
{
    for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
        const char *deep = items[i].deep == NULL ? items[i].shallow : items[i].deep;
        check_diff(items[i].before, items[i].after, false, items[i].shallow);
        check_diff(items[i].before, items[i].after, true, deep);
    }
}

/* The path holds the name whole; its length counts, not the NUL. */
TEST(a_name_with_a_nul_is_whole_in_its_path)
{
    struct parsed p = { .event = NULL };
    ddbs_diff diff = { NULL, 0 };
    REQUIRE(ddbs_arena_new(&p.arena, 0) == DDBS_OK);
    const ddbs_item *a = read_item(p.arena, "{'m':{'M':{'x\\u0000.y':{'N':'1'}}}}");
    const ddbs_item *b = read_item(p.arena, "{'m':{'M':{}}}");
    CHECK_STATUS(ddbs_diff_items(a, b, true, &diff), DDBS_OK);
    REQUIRE(diff.count == 1);
    CHECK(diff.changes[0].path.len == 7 && memcmp(diff.changes[0].path.ptr, "m.x\0\\.y", 8) == 0);
    parsed_free(&p);
}

/* `count` maps inside each other, every second in a list, around a value. */
static void nested(ddbs_buf *text, int count, const char *leaf)
{
    for (int i = 0; i < count; i++)
        ddbs_buf__text(text, i % 2 == 0 ? "{\"a\":{\"M\":" : "{\"a\":{\"L\":[{\"M\":");
    ddbs_buf__format(text, "{\"a\":%s}", leaf);
    for (int i = count; i-- > 0;)
        ddbs_buf__text(text, i % 2 == 0 ? "}}" : "}]}}");
}

/* How many differences there are between leaves inside `count` maps; SIZE_MAX where that is too deep. */
static size_t count_nested(int count, const char *before, const char *after)
{
    ddbs_arena *arena;
    ddbs_diff diff = { NULL, SIZE_MAX };
    const ddbs_value *found = NULL;
    if (ddbs_arena_new(&arena, 0) != DDBS_OK)
        abort();
    ddbs_buf one = { .arena = arena }, two = { .arena = arena };
    nested(&one, count, before);
    nested(&two, count, after);
    const ddbs_item *a = read_item(arena, one.ptr), *b = read_item(arena, two.ptr);
    if (a != NULL && b != NULL) {
        CHECK_STATUS(ddbs_diff_items(a, b, true, &diff), DDBS_OK);
        CHECK(diff.count == 0 || ddbs_item_find_path(b, diff.changes[0].path.ptr, &found) == DDBS_OK);
        CHECK(diff.count == 0 || found == diff.changes[0].after);
    }
    ddbs_arena_free(arena);
    return diff.count;
}

TEST(differences_are_found_as_deep_as_values_go)
{
    /* Two maps and a list are three values, so that 42 maps are 63, and the leaf is the last that is allowed. */
    CHECK_INT(DDBS_VALUE_DEPTH_MAX, 64);
    for (int count = 0; count <= 42; count++) {
        CHECK_INT(count_nested(count, "{'N':'1'}", "{'N':'2'}"), 1);
        CHECK_INT(count_nested(count, "{'N':'1'}", "{'N':'1.0'}"), 0);
        CHECK_INT(count_nested(count, "{'M':{}}", "{'M':{}}"), 0);
        CHECK_INT(count_nested(count, "{'L':[]}", "{'M':{}}"), 1);
    }
    CHECK(count_nested(43, "{'N':'1'}", "{'N':'2'}") == SIZE_MAX);
}

TEST(changes_have_names)
{
    CHECK_STR(ddbs_change_name(DDBS_UNCHANGED), "unchanged");
    CHECK_STR(ddbs_change_name(DDBS_ADDED), "added");
    CHECK_STR(ddbs_change_name(DDBS_REMOVED), "removed");
    CHECK_STR(ddbs_change_name(DDBS_CHANGED), "changed");
    CHECK_STR(ddbs_change_name(DDBS_UNKNOWN), "unknown");
    CHECK_STR(ddbs_change_name((ddbs_change)99), "unknown");
    CHECK_INT(DDBS_UNCHANGED, 0);
}

/* A record of that operation; `images` are members of "dynamodb", each with a comma before it. */
static struct parsed parse_record(const char *operation, const char *images, const ddbs_record **rec)
{
    char text[1024];
    snprintf(text, sizeof text,
             "{'Records':[{%s%s%s" SOURCE ",'dynamodb':{'SequenceNumber':'1','Keys':{'id':{'S':'1'}}%s}}]}",
             operation[0] == '\0' ? "" : "'eventName':'", operation, operation[0] == '\0' ? "" : "',", images);
    struct parsed p = parse(text);
    *rec = record_of(&p, 0);
    return p;
}

#define OLD  ",'OldImage':{'id':{'S':'1'},'a':{'N':'1'}}"
#define NEW  ",'NewImage':{'id':{'S':'1'},'a':{'N':'2'}}"
#define SAME ",'NewImage':{'a':{'N':'1.0'},'id':{'S':'1'}}"

/* What is asked of a record: the attribute "a", whether only "a" or only "a" and "id" changed, all differences. */
static const struct {
    const char *operation;
    const char *images;
    ddbs_change change;
    bool only_a, only_both;
    size_t count; /* of differences; SIZE_MAX: DDBS_E_MISSING */
} records[] = {
    { "MODIFY", OLD NEW, DDBS_CHANGED, true, true, 1 },
    { "MODIFY", OLD SAME, DDBS_UNCHANGED, true, true, 0 },
    { "MODIFY", NEW, DDBS_UNKNOWN, false, false, SIZE_MAX },
    { "MODIFY", OLD, DDBS_UNKNOWN, false, false, SIZE_MAX },
    { "MODIFY", "", DDBS_UNKNOWN, false, false, SIZE_MAX },
    { "MODIFY", OLD ",'NewImage':null", DDBS_UNKNOWN, false, false, SIZE_MAX },
    { "MODIFY", OLD ",'NewImage':{}", DDBS_UNKNOWN, false, false, SIZE_MAX },
    { "INSERT", NEW, DDBS_ADDED, false, true, 2 },
    { "INSERT", ",'OldImage':{}" NEW, DDBS_ADDED, false, true, 2 },
    { "INSERT", "", DDBS_UNKNOWN, false, false, SIZE_MAX },
    { "INSERT", OLD NEW, DDBS_CHANGED, true, true, 1 },
    { "INSERT", OLD, DDBS_UNKNOWN, false, false, SIZE_MAX },
    { "REMOVE", OLD, DDBS_REMOVED, false, true, 2 },
    { "REMOVE", "", DDBS_UNKNOWN, false, false, SIZE_MAX },
    { "REMOVE", OLD SAME, DDBS_UNCHANGED, true, true, 0 },
    { "REMOVE", NEW, DDBS_UNKNOWN, false, false, SIZE_MAX },
    { "UPSERT", OLD NEW, DDBS_CHANGED, true, true, 1 },
    { "UPSERT", NEW, DDBS_UNKNOWN, false, false, SIZE_MAX },
    { "UPSERT", OLD, DDBS_UNKNOWN, false, false, SIZE_MAX },
    { "", OLD NEW, DDBS_CHANGED, true, true, 1 },
    { "", NEW, DDBS_UNKNOWN, false, false, SIZE_MAX },
};

TEST(an_image_that_the_stream_left_out_is_unknown)
{
    static const char untouched[] = "untouched";
    const char *const names[] = { "a", "id" };
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        const ddbs_record *rec;
        ddbs_diff diff = { (const ddbs_difference *)(const void *)untouched, 7 };
        struct parsed p = parse_record(records[i].operation, records[i].images, &rec);
        REQUIRE(rec != NULL);
        CHECK_INT(ddbs_changed(rec, "a"), records[i].change);
        CHECK_INT(ddbs_changed_only(rec, names, 1), records[i].only_a);
        CHECK_INT(ddbs_changed_only(rec, names, 2), records[i].only_both);
        bool missing = records[i].count == SIZE_MAX;
        CHECK_STATUS(ddbs_diff_record(rec, true, &diff), missing ? DDBS_E_MISSING : DDBS_OK);
        CHECK_INT(diff.count, missing ? 7 : records[i].count);
        CHECK(!missing || (const void *)diff.changes == untouched);
        parsed_free(&p);
    }
}

TEST(an_attribute_of_a_record_is_added_removed_changed_or_not)
{
    const ddbs_record *rec;
    struct parsed p = parse_record("MODIFY",
                                   ",'OldImage':{'same':{'NS':['1','2']},'gone':{'S':'x'},'was':{'N':'1'},"
                                   "'type':{'N':'1'},'':{'S':'x'}},"
                                   "'NewImage':{'type':{'S':'1'},'new':{'S':'x'},'was':{'N':'2'},"
                                   "'same':{'NS':['2.0','1.0']}}",
                                   &rec);
    REQUIRE(rec != NULL);
    CHECK_INT(ddbs_changed(rec, "same"), DDBS_UNCHANGED);
    CHECK_INT(ddbs_changed(rec, "nowhere"), DDBS_UNCHANGED);
    CHECK_INT(ddbs_changed(rec, "gone"), DDBS_REMOVED);
    CHECK_INT(ddbs_changed(rec, "new"), DDBS_ADDED);
    CHECK_INT(ddbs_changed(rec, "was"), DDBS_CHANGED);
    CHECK_INT(ddbs_changed(rec, "type"), DDBS_CHANGED);
    CHECK_INT(ddbs_changed(rec, ""), DDBS_REMOVED);
    CHECK_INT(ddbs_changed(rec, "WAS"), DDBS_UNCHANGED);
    parsed_free(&p);
}

TEST(only_the_named_attributes_may_have_changed)
{
    const ddbs_record *rec;
    const char *const names[] = { "gone", "new", "was", "nowhere", "same" };
    struct parsed p = parse_record("MODIFY",
                                   ",'OldImage':{'same':{'N':'1'},'gone':{'S':'x'},'was':{'N':'1'}},"
                                   "'NewImage':{'new':{'S':'x'},'was':{'N':'2'},'same':{'N':'1'}}",
                                   &rec);
    REQUIRE(rec != NULL);
    CHECK(ddbs_changed_only(rec, names, 5));
    CHECK(ddbs_changed_only(rec, names, 3));
    CHECK(!ddbs_changed_only(rec, names, 2));                                  /* "was" changed */
    CHECK(!ddbs_changed_only(rec, names + 1, 4));                              /* "gone" is gone */
    CHECK(!ddbs_changed_only(rec, (const char *const[]){ "gone", "was" }, 2)); /* "new" came */
    CHECK(!ddbs_changed_only(rec, NULL, 0));
    parsed_free(&p);
    p = parse_record("MODIFY", OLD SAME, &rec);
    REQUIRE(rec != NULL);
    CHECK(ddbs_changed_only(rec, NULL, 0));
    CHECK_INT(ddbs_changed(rec, "a"), DDBS_UNCHANGED);
    parsed_free(&p);
}

static bool same_mark(struct arena_mark a, struct arena_mark b)
{
    return a.block == b.block && a.used == b.used;
}

TEST(what_does_not_differ_keeps_no_memory)
{
    const ddbs_record *rec;
    ddbs_diff diff;
    struct parsed p = parse_record("MODIFY",
                                   ",'OldImage':{'m':{'M':{'x':{'L':[{'N':'1'}]}}}},"
                                   "'NewImage':{'m':{'M':{'x':{'L':[{'N':'1.0'}]}}}}",
                                   &rec);
    REQUIRE(rec != NULL);
    struct arena_mark mark = ddbs_arena__mark(p.arena);
    check_fail_alloc(0);
    CHECK_INT(ddbs_changed(rec, "m"), DDBS_UNCHANGED);
    CHECK(ddbs_changed_only(rec, NULL, 0));
    CHECK_INT(check_allocs(), 0);
    check_fail_alloc(SIZE_MAX);
    CHECK(same_mark(mark, ddbs_arena__mark(p.arena)));
    CHECK_STATUS(ddbs_diff_record(rec, true, &diff), DDBS_OK);
    CHECK(diff.count == 0 && same_mark(mark, ddbs_arena__mark(p.arena)));
    parsed_free(&p);
}

/* Of a name that is longer than paths are at first. */
enum { WIDTH = 1500 };

/* `count` names that differ, in a map with a long name. */
static void many(ddbs_buf *text, int count, const char *leaf)
{
    ddbs_buf__format(text, "{\"m\":{\"M\":{\"%0*d\":{\"M\":{", WIDTH, 7);
    for (int i = 0; i < count; i++)
        ddbs_buf__format(text, "%s\"n.%d\":{\"L\":[{\"N\":\"1\"},{\"N\":\"%s\"}]}", i == 0 ? "" : ",", i, leaf);
    ddbs_buf__text(text, "}}}}}");
}

/* Are these all differences of what `many` writes, and are their paths whole? */
static void check_many(const ddbs_diff *diff)
{
    char path[WIDTH + 64];
    for (size_t i = 0; i < diff->count; i++) {
        snprintf(path, sizeof path, "m.%0*d.n\\.%zu[1]", WIDTH, 7, i);
        CHECK_VIEW(diff->changes[i].path, path);
    }
}

/* Compare in an arena where memory may run out; the number of differences, or 0: not enough. */
static size_t try_diff(ddbs_arena *arena, const ddbs_item *a, const ddbs_item *b)
{
    static const char untouched[] = "untouched";
    ddbs_diff diff = { (const ddbs_difference *)(const void *)untouched, 7 };
    struct arena_mark mark = ddbs_arena__mark(arena);
    ddbs_status status = ddbs_diff_items(a, b, true, &diff);
    if (status == DDBS_OK) {
        check_many(&diff);
        return diff.count;
    }
    CHECK_STATUS(status, DDBS_E_MEMORY);
    CHECK((const void *)diff.changes == untouched && diff.count == 7);
    CHECK(same_mark(mark, ddbs_arena__mark(arena)));
    return 0;
}

/* Two items in an arena with a limit; `*b` is NULL where they do not fit. */
static ddbs_arena *read_both(size_t limit, int count, const ddbs_item **a, const ddbs_item **b)
{
    ddbs_arena *arena;
    ddbs_buf before = { 0 }, after = { 0 };
    if (ddbs_arena_new(&arena, limit) != DDBS_OK)
        abort();
    many(&before, count, "1");
    many(&after, count, "2");
    *a = read_item(arena, before.ptr);
    *b = *a == NULL ? NULL : read_item(arena, after.ptr);
    ddbs_buf_free(&before);
    ddbs_buf_free(&after);
    return arena;
}

/* Compare with limits that grow, so that each allocation in the arena fails once; the first limit that is enough. */
static size_t torture_limit(int count)
{
    enum { LIMIT_MAX = 1 << 20 };
    const ddbs_item *a, *b;
    size_t limit = 0, failures = 0, found = 0;
    while (found == 0 && limit < LIMIT_MAX) {
        limit += 16;
        ddbs_arena *arena = read_both(limit, count, &a, &b);
        found = b == NULL ? 0 : try_diff(arena, a, b);
        failures += b != NULL && found == 0;
        ddbs_arena_free(arena);
    }
    CHECK_INT(found, count);
    CHECK(failures > 100);
    return limit;
}

/* The limit is just enough, so that there are several blocks: each malloc for one fails once. */
static void torture_malloc(int count, size_t limit)
{
    const ddbs_item *a, *b;
    size_t failures = 0, found = 0;
    while (found == 0 && failures < 100) {
        ddbs_arena *arena = read_both(limit, count, &a, &b);
        check_fail_alloc(failures);
        found = try_diff(arena, a, b);
        check_fail_alloc(SIZE_MAX);
        failures += found == 0;
        CHECK_INT(found > 0 ? found : try_diff(arena, a, b), count);
        ddbs_arena_free(arena);
    }
    CHECK_INT(found, count);
    CHECK(failures > 0);
}

TEST(a_failed_allocation_gives_everything_back)
{
    torture_malloc(1, torture_limit(1));
    torture_malloc(20, torture_limit(20));
}

TEST(paths_together_are_limited)
{
    enum { NAME = 60000, CHANGES = 300 }; /* 18 MB of paths from 70 kB of text */
    ddbs_arena *arena;
    REQUIRE(ddbs_arena_new(&arena, 0) == DDBS_OK);
    const ddbs_item *sides[2];
    for (int side = 0; side < 2; side++) {
        ddbs_buf text = { .arena = arena };
        ddbs_buf__text(&text, "{\"");
        for (int i = 0; i < NAME; i++)
            ddbs_buf__text(&text, "n");
        ddbs_buf__text(&text, "\":{");
        for (int i = 0; i < CHANGES; i++)
            ddbs_buf__format(&text, "%s\"%d\":%d", i == 0 ? "" : ",", i, side);
        ddbs_buf__text(&text, "}}");
        REQUIRE(ddbs_item_read(text.ptr, text.len, DDBS_JSON_PLAIN, arena, &sides[side], NULL) == DDBS_OK);
    }
    ddbs_diff diff = { NULL, 7 };
    CHECK_STATUS(ddbs_diff_items(sides[0], sides[1], true, &diff), DDBS_E_LIMIT);
    CHECK_INT(diff.count, 7);
    CHECK_STATUS(ddbs_diff_items(sides[0], sides[1], false, &diff), DDBS_OK);
    CHECK_INT(diff.count, 1);
    ddbs_arena_free(arena);
}
