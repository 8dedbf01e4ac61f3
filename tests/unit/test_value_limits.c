/* test_value_limits.c: attribute values that are refused, and where; nesting; maps of many names. */
#include "tests/unit/events.h"

#include <stdio.h>

#define NINES_38 "99999999999999999999999999999999999999"

static const struct {
    const char *value; /* of the attribute "a" */
    ddbs_status status;
    const char *path; /* behind NewImage */
} refused[] = {
    { "{}", DDBS_E_SYNTAX, ".a" },
    { "null", DDBS_E_SYNTAX, ".a" },
    { "'x'", DDBS_E_SYNTAX, ".a" },
    { "[]", DDBS_E_SYNTAX, ".a" },
    { "{'S':'x','N':'1'}", DDBS_E_SYNTAX, ".a.S" },
    { "{'S':'x','S':'x'}", DDBS_E_SYNTAX, ".a.S" },
    { "{'M':{},'S':'x'}", DDBS_E_SYNTAX, ".a.M" },
    { "{'X':'x'}", DDBS_E_TYPE, ".a" },
    { "{'s':'x'}", DDBS_E_TYPE, ".a" },
    { "{'':'x'}", DDBS_E_TYPE, ".a" },
    { "{'S\\u0000':'x'}", DDBS_E_TYPE, ".a" },
    { "{'S':1}", DDBS_E_SYNTAX, ".a.S" },
    { "{'S':null}", DDBS_E_SYNTAX, ".a.S" },
    { "{'S':'\\ud800'}", DDBS_E_SYNTAX, ".a.S" },
    { "{'S':'\\ude00\\ud83d'}", DDBS_E_SYNTAX, ".a.S" },
    { "{'S':'\\q'}", DDBS_E_SYNTAX, ".a.S" },
    { "{'S':'a\nb'}", DDBS_E_SYNTAX, ".a.S" },
    { "{'N':1}", DDBS_E_SYNTAX, ".a.N" },
    { "{'N':''}", DDBS_E_SYNTAX, ".a.N" },
    { "{'N':'1,5'}", DDBS_E_SYNTAX, ".a.N" },
    { "{'N':'NaN'}", DDBS_E_SYNTAX, ".a.N" },
    { "{'N':' 1'}", DDBS_E_SYNTAX, ".a.N" },
    { "{'N':'1.'}", DDBS_E_SYNTAX, ".a.N" },
    { "{'N':'" NINES_38 "9'}", DDBS_E_LIMIT, ".a.N" },
    { "{'N':'1E126'}", DDBS_E_LIMIT, ".a.N" },
    { "{'N':'1E-131'}", DDBS_E_LIMIT, ".a.N" },
    { "{'B':'A'}", DDBS_E_SYNTAX, ".a.B" },
    { "{'B':'AB=='}", DDBS_E_SYNTAX, ".a.B" },
    { "{'B':'AA-_'}", DDBS_E_SYNTAX, ".a.B" },
    { "{'B':'AA==\\n'}", DDBS_E_SYNTAX, ".a.B" },
    { "{'B':[]}", DDBS_E_SYNTAX, ".a.B" },
    { "{'BOOL':'true'}", DDBS_E_SYNTAX, ".a.BOOL" },
    { "{'BOOL':null}", DDBS_E_SYNTAX, ".a.BOOL" },
    { "{'BOOL':truE}", DDBS_E_SYNTAX, ".a.BOOL" },
    { "{'NULL':null}", DDBS_E_SYNTAX, ".a.NULL" },
    { "{'NULL':0}", DDBS_E_SYNTAX, ".a.NULL" },
    { "{'M':[]}", DDBS_E_SYNTAX, ".a.M" },
    { "{'M':null}", DDBS_E_SYNTAX, ".a.M" },
    { "{'M':{'b':{'N':'x'}}}", DDBS_E_SYNTAX, ".a.M.b.N" },
    { "{'M':{'b':{'S':''},'c':{'L':[{'S':''},{'N':''}]}}}", DDBS_E_SYNTAX, ".a.M.c.L[1].N" },
    { "{'M':{'b':{'S':''},'c':{'S':''},'b':{'S':''}}}", DDBS_E_DUPLICATE, ".a.M.b" },
    { "{'M':{'b':{'S':''},'\\u0062':{'S':''}}}", DDBS_E_DUPLICATE, ".a.M.b" },
    { "{'M':{'':{'S':''},'':{'S':''}}}", DDBS_E_DUPLICATE, ".a.M." },
    { "{'M':{'b' {'S':''}}}", DDBS_E_SYNTAX, ".a.M" }, /* no colon, no name: it might be a value */
    { "{'M':{'b':{'S':''},'4111-1111'}}", DDBS_E_SYNTAX, ".a.M" },
    { "{'M':{5:{'S':''}}}", DDBS_E_SYNTAX, ".a.M" },
    { "{'M':{'b':{'S' ''}}}", DDBS_E_SYNTAX, ".a.M.b.S" },
    { "{'L':{}}", DDBS_E_SYNTAX, ".a.L" },
    { "{'L':['x']}", DDBS_E_SYNTAX, ".a.L[0]" },
    { "{'L':[{'S':'x'},]}", DDBS_E_SYNTAX, ".a.L[1]" },
    { "{'L':[{'S':'x'} {'S':'x'}]}", DDBS_E_SYNTAX, ".a.L[0]" },
    { "{'SS':'x'}", DDBS_E_SYNTAX, ".a.SS" },
    { "{'SS':[{'S':'x'}]}", DDBS_E_SYNTAX, ".a.SS[0]" },
    { "{'SS':['x' 'y']}", DDBS_E_SYNTAX, ".a.SS[1]" },
    { "{'SS':['x',1]}", DDBS_E_SYNTAX, ".a.SS[1]" },
    { "{'SS':['x',]}", DDBS_E_SYNTAX, ".a.SS[1]" },
    { "{'NS':['1','2','x']}", DDBS_E_SYNTAX, ".a.NS[2]" },
    { "{'NS':[1]}", DDBS_E_SYNTAX, ".a.NS[0]" },
    { "{'NS':['1E126']}", DDBS_E_LIMIT, ".a.NS[0]" },
    { "{'BS':['AA==','AA=']}", DDBS_E_SYNTAX, ".a.BS[1]" },
};

TEST(what_is_no_attribute_value_fails_the_record_at_its_place)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        char text[200], path[100];
        const ddbs_item *item;
        snprintf(text, sizeof text, "{'z':{'S':'before'},'a':%s}", refused[i].value);
        snprintf(path, sizeof path, "Records[0].dynamodb.NewImage%s", refused[i].path);
        struct parsed p = item_of(text, &item);
        bool held = CHECK(item == NULL && p.event != NULL) && CHECK_STATUS(p.status, refused[i].status);
        if (!CHECK_STR(p.error.path, path) || !held)
            CHECK_STR(refused[i].value, "(refused)");
        parsed_free(&p);
    }
}

static const char *const accepted[] = {
    "{'S':''}",
    "{'B':''}",
    "{'NULL':false}",
    "{'M':{}}",
    "{'L':[]}",
    "{'SS':[]}",
    "{'NS':[]}",
    "{'BS':['','']}",
    "{'SS':['a','a']}",
    "{'NS':['1','1.0']}",
    "{'N':'" NINES_38 "'}",
    "{'N':'+01.50e-1'}",
    " { 'L' : [ { 'S' : 'x' } , { 'N' : '1' } ] } ",
    "{'M':{'a':{'S':''},'A':{'S':''},'a\\u0000':{'S':''},'':{'S':''}}}",
};

TEST(odd_but_legal_values_are_accepted)
{
    for (size_t i = 0; i < sizeof accepted / sizeof *accepted; i++) {
        char text[200];
        const ddbs_item *item;
        snprintf(text, sizeof text, "{'a':%s}", accepted[i]);
        struct parsed p = item_of(text, &item);
        if (!CHECK(item != NULL))
            CHECK_STR(accepted[i], "(accepted)");
        parsed_free(&p);
    }
}

TEST(null_with_false_is_a_null)
{
    const ddbs_item *item;
    struct parsed p = item_of("{'a':{'NULL':false}}", &item);
    CHECK_INT(ddbs_value_type(ddbs_item_find(item, ddbs_str_c("a"))), DDBS_TYPE_NULL);
    parsed_free(&p);
}

/* An attribute whose innermost value, an empty list, is at this depth. */
static struct parsed nested(size_t depth, bool maps, const ddbs_item **item)
{
    struct parsed scratch = { .event = NULL };
    if (ddbs_arena_new(&scratch.arena, 0) != DDBS_OK)
        abort();
    ddbs_buf text = new_text(&scratch);
    ddbs_buf__text(&text, "{\"a\":");
    for (size_t i = 1; i < depth; i++)
        ddbs_buf__text(&text, maps ? "{\"M\":{\"a\":" : "{\"L\":[");
    ddbs_buf__text(&text, "{\"L\":[]}");
    for (size_t i = 1; i < depth; i++)
        ddbs_buf__text(&text, maps ? "}}" : "]}");
    ddbs_buf__text(&text, "}");
    struct parsed parsed = parse_item(text.ptr, text.len, item);
    parsed_free(&scratch);
    return parsed;
}

TEST(values_are_nested_up_to_64_and_not_further)
{
    for (int maps = 0; maps < 2; maps++) {
        for (size_t depth = 1; depth < 400; depth = depth < 62 || depth > 67 ? depth * 2 : depth + 1) {
            const ddbs_item *item;
            struct parsed p = nested(depth, maps, &item);
            CHECK(p.event != NULL);
            CHECK_STATUS(p.status, depth <= 64 ? DDBS_OK : DDBS_E_LIMIT);
            CHECK((item != NULL) == (depth <= 64));
            parsed_free(&p);
        }
    }
    const ddbs_item *item;
    struct parsed p = nested(64, true, &item);
    for (int depth = 1; depth < 64; depth++)
        CHECK_STATUS(ddbs_get(item, "a", &item), DDBS_OK);
    CHECK_INT(ddbs_value_type(ddbs_item_find(item, ddbs_str_c("a"))), DDBS_TYPE_L);
    parsed_free(&p);
}

/* `count` attributes with the names of their number, in an order that is not sorted. `twice` occurs again at the end,
 * where it is below the count. */
static struct parsed many(size_t count, size_t twice, const ddbs_item **item)
{
    struct parsed scratch = { .event = NULL };
    if (ddbs_arena_new(&scratch.arena, 0) != DDBS_OK)
        abort();
    ddbs_buf text = new_text(&scratch);
    for (size_t i = 0; i < count; i++) {
        size_t number = i * 7919 % count;
        ddbs_buf__format(&text, "%s\"%zu\":{\"N\":\"%zu\"}", i == 0 ? "{" : ",", number, number);
    }
    if (twice < count)
        ddbs_buf__format(&text, ",\"%zu\":{\"S\":\"\"}", twice);
    ddbs_buf__text(&text, "}");
    struct parsed parsed = parse_item(text.ptr, text.len, item);
    parsed_free(&scratch);
    return parsed;
}

/* Around the number of names from which they are sorted, and far beyond it. */
static const size_t counts[] = { 1, 2, 15, 16, 17, 18, 19, 20, 21, 100, 1000, 20000 };

TEST(every_name_of_a_map_is_found_whatever_its_size)
{
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        const ddbs_item *item;
        struct parsed p = many(counts[i], SIZE_MAX, &item);
        REQUIRE(item != NULL);
        CHECK_INT(ddbs_item_count(item), counts[i]);
        for (size_t n = 0; n < counts[i]; n++) {
            char name[32];
            uint64_t got = UINT64_MAX;
            snprintf(name, sizeof name, "%zu", n);
            REQUIRE(ddbs_get(item, name, &got) == DDBS_OK && got == n);
            snprintf(name, sizeof name, "%zux", n);
            REQUIRE(ddbs_get(item, name, &got) == DDBS_E_MISSING);
        }
        parsed_free(&p);
    }
}

TEST(iteration_over_many_names_ends_after_the_last)
{
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        const ddbs_item *item;
        struct parsed p = many(counts[i], SIZE_MAX, &item);
        ddbs_iter it = ddbs_iter_item(item);
        ddbs_str name;
        size_t seen = 0;
        for (const ddbs_value *value; (value = ddbs_iter_attr(&it, &name)) != NULL; seen++)
            REQUIRE(ddbs_value_type(value) == DDBS_TYPE_N);
        CHECK_INT(seen, counts[i]);
        parsed_free(&p);
    }
}

TEST(a_duplicate_among_many_names_is_found_and_named)
{
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        const size_t places[] = { 0, counts[i] / 2, counts[i] - 1 };
        for (size_t k = 0; k < 3; k++) {
            char path[64];
            const ddbs_item *item;
            struct parsed p = many(counts[i], places[k], &item);
            snprintf(path, sizeof path, "Records[0].dynamodb.NewImage.%zu", places[k]);
            CHECK(item == NULL);
            CHECK_STATUS(p.status, DDBS_E_DUPLICATE);
            CHECK_STR(p.error.path, path);
            parsed_free(&p);
        }
    }
}

TEST(of_two_duplicates_the_first_in_the_event_is_named)
{
    for (size_t count = 10; count <= 40; count += 10) {
        struct parsed scratch = { .event = NULL };
        const ddbs_item *item;
        REQUIRE(ddbs_arena_new(&scratch.arena, 0) == DDBS_OK);
        ddbs_buf text = new_text(&scratch);
        for (size_t i = 0; i < count; i++)
            ddbs_buf__format(&text, "%s\"%zu\":{\"S\":\"\"}", i == 0 ? "{" : ",", i);
        ddbs_buf__text(&text, ",\"7\":{\"S\":\"\"},\"3\":{\"S\":\"\"},\"8\":{\"S\":\"\"},\"7\":{\"S\":\"\"}}");
        struct parsed p = parse_item(text.ptr, text.len, &item);
        CHECK_STATUS(p.status, DDBS_E_DUPLICATE);
        CHECK_STR(p.error.path, "Records[0].dynamodb.NewImage.7");
        parsed_free(&p);
        parsed_free(&scratch);
    }
}

/* What stands behind a map with sorted names must still be reached. */
TEST(values_behind_a_large_map_are_found)
{
    struct parsed scratch = { .event = NULL };
    const ddbs_item *item;
    ddbs_str text;
    REQUIRE(ddbs_arena_new(&scratch.arena, 0) == DDBS_OK);
    ddbs_buf json = new_text(&scratch);
    ddbs_buf__text(&json, "{\"list\":{\"L\":[");
    for (int i = 0; i < 3; i++) {
        ddbs_buf__text(&json, "{\"M\":{");
        for (int n = 0; n < 40; n++)
            ddbs_buf__format(&json, "%s\"n%d\":{\"S\":\"%d/%d\"}", n == 0 ? "" : ",", n, i, n);
        ddbs_buf__text(&json, "}},");
    }
    ddbs_buf__text(&json, "{\"S\":\"behind\"}]},\"last\":{\"S\":\"found\"}}");
    struct parsed p = parse_item(json.ptr, json.len, &item);
    REQUIRE(item != NULL);
    ddbs_iter it = ddbs_iter_list(ddbs_item_find(item, ddbs_str_c("list")));
    const ddbs_item *map = NULL;
    for (int i = 0; i < 3; i++)
        REQUIRE(ddbs_value_item(ddbs_iter_next(&it), &map) == DDBS_OK);
    REQUIRE(ddbs_get(map, "n39", &text) == DDBS_OK);
    CHECK_VIEW(text, "2/39");
    REQUIRE(ddbs_value_str(ddbs_iter_next(&it), &text) == DDBS_OK);
    CHECK_VIEW(text, "behind");
    REQUIRE(ddbs_get(item, "last", &text) == DDBS_OK);
    CHECK_VIEW(text, "found");
    parsed_free(&p);
    parsed_free(&scratch);
}
