/* test_bind.c: every member type against every attribute type; the edges of each; what errors say. */
#include "members.h"

#include <stdio.h>

/* One value of each type; the secret must not get into an error. */
static const struct sample {
    const char *type, *json;
} samples[] = {
    { "S", "{'S':'secret'}" },    { "N", "{'N':'7'}" },          { "B", "{'B':'c2VjcmV0'}" },
    { "BOOL", "{'BOOL':true}" },  { "NULL", "{'NULL':true}" },   { "M", "{'M':{'x':{'N':'1'},'y':{'N':'2'}}}" },
    { "L", "{'L':[{'N':'3'}]}" }, { "SS", "{'SS':['secret']}" }, { "NS", "{'NS':['4','5']}" },
    { "BS", "{'BS':['AAE=']}" },
};

/* Whether `type` is one of the words of `list`. */
static bool is_in(const char *type, const char *list)
{
    size_t len = strlen(type);
    for (const char *at = list; (at = strstr(at, type)) != NULL; at++) {
        if ((at == list || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
            return true;
    }
    return false;
}

/* Bind {"a": json}, or {} for NULL, and check that a failure wrote nothing and says where and what. */
static ddbs_status bind_one(const ddbs_schema *schema, const char *json, struct members *out, struct parsed *p,
                            ddbs_error *error)
{
    char text[512];
    const ddbs_item *item;
    struct members before = *out;
    snprintf(text, sizeof text, "{'k':{'S':'1'}%s%s}", json == NULL ? "" : ",'a':", json == NULL ? "" : json);
    *p = read_typed(text, &item);
    ddbs_status status = ddbs_bind(schema, item, out, error);
    if (status == DDBS_OK) {
        CHECK(error->status == DDBS_OK && error->reason[0] == '\0');
        return status;
    }
    CHECK(memcmp(&before, out, sizeof before) == 0);
    CHECK_STATUS(error->status, status);
    CHECK(error->path[0] == 'a' && error->reason[0] != '\0' && strstr(error->reason, "secret") == NULL);
    return status;
}

/* The status of binding `json` to one member. */
static ddbs_status status_of(const ddbs_field *field, const char *json)
{
    struct alone one;
    struct members out = marked();
    struct parsed p;
    ddbs_error error;
    ddbs_status status = bind_one(alone(&one, NULL, field), json, &out, &p, &error);
    parsed_free(&p);
    return status;
}

TEST(every_member_takes_its_attribute_types_and_no_other)
{
    for (size_t m = 0; m < MEMBER_COUNT; m++) {
        for (size_t s = 0; s < sizeof samples / sizeof *samples; s++) {
            ddbs_status got = status_of(&members[m].field, samples[s].json);
            ddbs_status want = is_in(samples[s].type, members[m].fits) ? DDBS_OK : DDBS_E_TYPE;
            /* Two take strings, but not every one. */
            if (samples[s].type[0] == 'S' && samples[s].type[1] == '\0' && want == DDBS_OK && got != want)
                want = members[m].field.type == DDBS_C_CHARS ? DDBS_E_LIMIT : DDBS_E_RANGE;
            if (!CHECK_STATUS(got, want))
                fprintf(stderr, "member %zu from %s\n", m, samples[s].type);
        }
        CHECK_STATUS(status_of(&members[m].field, NULL), DDBS_E_MISSING);
    }
}

TEST(maybe_keeps_the_preset_where_the_attribute_is_absent_or_null)
{
    static const char *const nothing[] = { NULL, "{'NULL':true}" };
    for (size_t m = 0; m < MEMBER_COUNT; m++) {
        for (size_t i = 0; i < 2; i++) {
            struct alone one;
            struct members out = marked(), before = out;
            struct parsed p;
            ddbs_error error;
            CHECK_STATUS(bind_one(alone(&one, &maybe, &members[m].field), nothing[i], &out, &p, &error), DDBS_OK);
            CHECK(memcmp(&before, &out, sizeof out) == 0);
            parsed_free(&p);
            out.there = before.there = true;
            CHECK_STATUS(bind_one(alone(&one, &nullable, &members[m].field), nothing[i], &out, &p, &error), DDBS_OK);
            CHECK(!out.there);
            out.there = true;
            CHECK(memcmp(&before, &out, sizeof out) == 0);
            parsed_free(&p);
        }
    }
}

TEST(maybe_and_nullable_read_what_is_there_and_refuse_what_does_not_fit)
{
    for (size_t m = 0; m < MEMBER_COUNT; m++) {
        for (size_t s = 0; s < sizeof samples / sizeof *samples; s++) {
            struct alone one;
            struct members out = marked();
            struct parsed p;
            ddbs_error error;
            ddbs_status plain = status_of(&members[m].field, samples[s].json);
            if (strcmp(samples[s].type, "NULL") == 0)
                continue;
            CHECK_STATUS(bind_one(alone(&one, &maybe, &members[m].field), samples[s].json, &out, &p, &error), plain);
            parsed_free(&p);
            out = marked();
            CHECK_STATUS(bind_one(alone(&one, &nullable, &members[m].field), samples[s].json, &out, &p, &error), plain);
            CHECK_INT(out.there, plain == DDBS_OK);
            parsed_free(&p);
        }
    }
}

TEST(numbers_at_the_edge_of_each_member)
{
    const struct {
        const ddbs_field *field;
        const char *lowest, *below, *highest, *above;
    } rows[] = {
        { MEMBER(i8), "-128", "-129", "127", "128" },
        { MEMBER(i16), "-32768", "-32769", "32767", "32768" },
        { MEMBER(i32), "-2147483648", "-2147483649", "2147483647", "2147483648" },
        { MEMBER(i64), "-9223372036854775808", "-9223372036854775809", "9223372036854775807", "9223372036854775808" },
        { MEMBER(wide), "-9223372036854775808", "-9223372036854775809", "9223372036854775807", "1E125" },
        { MEMBER(when), "-9223372036854775808", "-1E19", "9223372036854775807", "9223372036854775808" },
        { MEMBER(u8), "0", "-1", "255", "256" },
        { MEMBER(u16), "-0", "-1", "65535", "65536" },
        { MEMBER(u32), "0", "-1.5", "4294967295", "4294967296" },
        { MEMBER(u64), "0", "-1", "18446744073709551615", "18446744073709551616" },
        { MEMBER(cents), "-21474836.48", "-21474836.49", "21474836.47", "21474836.48" },
        { MEMBER(tenths), "0.0", "-0.1", "25.5", "25.6" },
        { MEMBER(i128), "-99999999999999999999999999999999999999", "-1.8E38", "99999999999999999999999999999999999999",
          "1.8E38" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct {
            const char *number;
            ddbs_status status;
        } cases[] = { { rows[i].lowest, DDBS_OK },
                      { rows[i].below, DDBS_E_RANGE },
                      { rows[i].highest, DDBS_OK },
                      { rows[i].above, DDBS_E_RANGE },
                      { "0.005", DDBS_E_INEXACT } };
        for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
            char json[128];
            snprintf(json, sizeof json, "{'N':'%s'}", cases[k].number);
            if (!CHECK_STATUS(status_of(rows[i].field, json), cases[k].status))
                fprintf(stderr, "row %zu: %s\n", i, cases[k].number);
        }
    }
}

TEST(doubles_are_exact_unless_the_entry_says_that_they_round)
{
    CHECK_STATUS(status_of(MEMBER(exact), "{'N':'0.5'}"), DDBS_OK);
    CHECK_STATUS(status_of(MEMBER(exact), "{'N':'0.1'}"), DDBS_E_INEXACT);
    CHECK_STATUS(status_of(MEMBER(exact), "{'N':'9007199254740993'}"), DDBS_E_INEXACT);
    CHECK_STATUS(status_of(MEMBER(rounded), "{'N':'0.1'}"), DDBS_OK);
    CHECK_STATUS(status_of(MEMBER_ARRAY(doubles), "{'L':[{'N':'0.5'},{'N':'0.1'}]}"), DDBS_E_INEXACT);
}

TEST(text_of_a_char_array_fits_with_its_nul_and_has_none_inside)
{
    CHECK_STATUS(status_of(MEMBER(chars), "{'S':''}"), DDBS_OK);
    CHECK_STATUS(status_of(MEMBER(chars), "{'S':'abc'}"), DDBS_OK);
    CHECK_STATUS(status_of(MEMBER(chars), "{'S':'abcd'}"), DDBS_E_LIMIT);
    CHECK_STATUS(status_of(MEMBER(chars), "{'S':'a\\u0000'}"), DDBS_E_INEXACT);
}

TEST(an_enum_is_one_of_its_names)
{
    CHECK_STATUS(status_of(MEMBER(color), "{'S':'green'}"), DDBS_OK);
    CHECK_STATUS(status_of(MEMBER(color), "{'S':'Green'}"), DDBS_E_RANGE);
    CHECK_STATUS(status_of(MEMBER(color), "{'S':''}"), DDBS_E_RANGE);
    CHECK_STATUS(status_of(MEMBER(color), "{'S':'red\\u0000'}"), DDBS_E_RANGE);
    CHECK_STATUS(status_of(MEMBER(color), "{'N':'5'}"), DDBS_E_TYPE);
}

/* Structs with the members that people use, and their schemas. */
struct address {
    ddbs_str city;
    struct point at;
};
struct line {
    ddbs_str sku;
    struct {
        uint16_t *ptr;
        size_t count;
    } sizes;
    struct point where;
};
struct order {
    ddbs_str id;
    int64_t quantity;
    int64_t cents;
    enum color color;
    char note[8];
    bool gift, has_address;
    struct address address;
    struct {
        struct line *ptr;
        size_t count;
    } lines;
    struct {
        ddbs_str *ptr;
        size_t count;
    } tags;
};

static const ddbs_schema address_schema = DDBS_SCHEMA(struct address, DDBS_FIELD(struct address, city),
                                                      DDBS_MAYBE(DDBS_NESTED(struct address, at, point_schema)));
static const ddbs_schema line_schema =
    DDBS_SCHEMA(struct line, DDBS_FIELD(struct line, sku), DDBS_MAYBE(DDBS_LIST(struct line, sizes)),
                DDBS_MAYBE(DDBS_NESTED_AS(struct line, where, "w.h", point_schema)));
static const ddbs_schema order_schema =
    DDBS_SCHEMA(struct order, DDBS_FIELD_AS(struct order, id, "orderId"), DDBS_FIELD_AS(struct order, quantity, "qty"),
                DDBS_SCALED_AS(struct order, cents, "price", 2), DDBS_ENUM(struct order, color, colors),
                DDBS_MAYBE(DDBS_FIELD(struct order, note)), DDBS_MAYBE(DDBS_FIELD(struct order, gift)),
                DDBS_NULLABLE(struct order, has_address, DDBS_NESTED(struct order, address, address_schema)),
                DDBS_NESTED_LIST(struct order, lines, line_schema), DDBS_MAYBE(DDBS_SET(struct order, tags)));

#define ORDER(lines) "{'orderId':{'S':'o-1'},'qty':{'N':'3'},'price':{'N':'12.5'},'color':{'S':'blue'}" lines "}"

TEST(a_struct_is_filled_from_an_item)
{
    const ddbs_item *item;
    ddbs_error error;
    struct order order = { .gift = true };
    struct parsed p = item_of(ORDER(",'lines':{'L':[{'M':{'sku':{'S':'a'},'sizes':{'L':[{'N':'1'},{'N':'2'}]}}},"
                                    "{'M':{'sku':{'S':'b'},'unknown':{'N':'9'}}}]},'tags':{'SS':['x','y']},"
                                    "'address':{'M':{'city':{'S':'Oslo'},'at':{'M':{'x':{'N':'1'},'y':{'N':'2'}}}}}"),
                              &item);
    REQUIRE(item != NULL && ddbs_bind(&order_schema, item, &order, &error) == DDBS_OK);
    CHECK_VIEW(order.id, "o-1");
    CHECK(order.quantity == 3 && order.cents == 1250 && order.color == BLUE && order.gift && order.has_address);
    CHECK_STR(order.note, "");
    CHECK_VIEW(order.address.city, "Oslo");
    CHECK(order.address.at.x == 1 && order.address.at.y == 2);
    REQUIRE(order.lines.count == 2 && order.tags.count == 2);
    CHECK(order.lines.ptr[0].sizes.count == 2 && order.lines.ptr[0].sizes.ptr[1] == 2);
    CHECK(order.lines.ptr[1].sizes.ptr == NULL && order.lines.ptr[1].sizes.count == 0);
    CHECK(order.lines.ptr[1].where.x == 0);
    CHECK_VIEW(order.lines.ptr[1].sku, "b");
    CHECK_VIEW(order.tags.ptr[1], "y");
    parsed_free(&p);
}

TEST(an_error_names_the_path_what_was_expected_and_what_was_found)
{
    static const struct {
        const char *item;
        ddbs_status status;
        const char *path, *reason;
    } rows[] = {
        { "{'orderId':{'S':'o'}}", DDBS_E_MISSING, "qty", "no such attribute" },
        { "{'orderId':{'N':'1'}}", DDBS_E_TYPE, "orderId", "expected S, found N" },
        { "{'orderId':{'NULL':true}}", DDBS_E_TYPE, "orderId", "expected S, found NULL" },
        { "{'orderId':{'S':'o'},'qty':{'N':'1.5'}}", DDBS_E_INEXACT, "qty",
          "expected N, an int64_t, found a number that it cannot hold exactly" },
        { "{'orderId':{'S':'o'},'qty':{'N':'1E100'}}", DDBS_E_RANGE, "qty",
          "expected N, an int64_t, found a number outside its range" },
        { ORDER(""), DDBS_E_MISSING, "lines", "no such attribute" },
        { ORDER(",'note':{'S':'123456789'}"), DDBS_E_LIMIT, "note", "expected at most 7 bytes, found 9" },
        { ORDER(",'lines':{'M':{}}"), DDBS_E_TYPE, "lines", "expected L, found M" },
        { ORDER(",'lines':{'L':[{'M':{'sku':{'S':'a'}}},{'S':'b'}]}"), DDBS_E_TYPE, "lines[1]", "expected M, found S" },
        { ORDER(",'lines':{'L':[{'M':{'sku':{'S':'a'}}},{'M':{}}]}"), DDBS_E_MISSING, "lines[1].sku",
          "no such attribute" },
        { ORDER(",'lines':{'L':[{'M':{'sku':{'S':'a'},'sizes':{'L':[{'N':'1'},{'N':'-1'}]}}}]}"), DDBS_E_RANGE,
          "lines[0].sizes[1]", "expected N, a uint16_t, found a number outside its range" },
        { ORDER(",'lines':{'L':[{'M':{'sku':{'S':'a'},'w.h':{'M':{'x':{'N':'1'}}}}}]}"), DDBS_E_MISSING,
          "lines[0].w\\.h.y", "no such attribute" },
        { ORDER(",'lines':{'L':[]},'address':{'M':{'city':{'BOOL':true}}}"), DDBS_E_TYPE, "address.city",
          "expected S, found BOOL" },
        { ORDER(",'lines':{'L':[]},'tags':{'L':[{'S':'x'}]}"), DDBS_E_TYPE, "tags", "expected SS, found L" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const ddbs_item *item;
        ddbs_error error;
        struct order order, before;
        memset(&order, 0x77, sizeof order);
        before = order;
        struct parsed p = item_of(rows[i].item, &item);
        REQUIRE(item != NULL);
        CHECK_STATUS(ddbs_bind(&order_schema, item, &order, &error), rows[i].status);
        CHECK_STR(error.path, rows[i].path);
        CHECK_STR(error.reason, rows[i].reason);
        CHECK(error.record == DDBS_NOWHERE && error.offset == DDBS_NOWHERE);
        CHECK(memcmp(&order, &before, sizeof order) == 0);
        CHECK_STATUS(ddbs_bind(&order_schema, item, &order, NULL), rows[i].status);
        parsed_free(&p);
    }
}

TEST(an_image_that_the_stream_does_not_carry_is_missing)
{
    struct order order;
    ddbs_error error;
    CHECK_STATUS(ddbs_bind(&order_schema, NULL, &order, &error), DDBS_E_MISSING);
    CHECK_STR(error.path, "");
    CHECK_STR(error.reason, "no item: the stream's view type leaves this image out, or there is none");
    CHECK_STATUS(ddbs_bind(&order_schema, NULL, &order, NULL), DDBS_E_MISSING);
}

TEST(a_schema_of_another_struct_is_refused)
{
    struct holder {
        struct point point;
        struct {
            struct point *ptr;
            size_t count;
        } list;
    } holder = { .point = { 0 } };
    const ddbs_schema wrong = { 3, point_schema.fields, point_schema.count };
    const ddbs_field fields[] = { DDBS_NESTED(struct holder, point, wrong),
                                  DDBS_NESTED_LIST(struct holder, list, wrong) };
    const char *const items[] = { "{'point':{'M':{}}}", "{'list':{'L':[]}}" };
    for (size_t i = 0; i < 2; i++) {
        const ddbs_schema schema = { sizeof holder, &fields[i], 1 };
        const ddbs_item *item;
        ddbs_error error;
        struct parsed p = item_of(items[i], &item);
        CHECK_STATUS(ddbs_bind(&schema, item, &holder, &error), DDBS_E_USAGE);
        CHECK_STATUS(ddbs_unbind(&schema, &holder, p.arena, &item, &error), DDBS_E_USAGE);
        parsed_free(&p);
    }
}

/* A schema may contain itself; the item decides how deep it goes. */
struct tree {
    int8_t leaf;
    struct {
        struct tree *ptr;
        size_t count;
    } children;
};
static const ddbs_schema tree_schema = DDBS_SCHEMA(struct tree, DDBS_FIELD(struct tree, leaf),
                                                   DDBS_MAYBE(DDBS_NESTED_LIST(struct tree, children, tree_schema)));

/* A chain of `levels` trees. */
static void write_tree(ddbs_buf *text, int levels)
{
    for (int i = 0; i < levels; i++)
        ddbs_buf__text(text, "{\"leaf\":{\"N\":\"1\"},\"children\":{\"L\":[{\"M\":");
    ddbs_buf__text(text, "{\"leaf\":{\"N\":\"2\"}}");
    for (int i = 0; i < levels; i++)
        ddbs_buf__text(text, "}]}}");
}

TEST(a_schema_that_contains_itself_goes_as_deep_as_a_value_may)
{
    enum { LEVELS = 31 }; /* an L and an M each, and the leaf at the bottom */
    struct parsed p = { .event = NULL };
    const ddbs_item *item, *again;
    struct tree tree;
    REQUIRE(ddbs_arena_new(&p.arena, 0) == DDBS_OK);
    ddbs_buf text = { .arena = p.arena };
    write_tree(&text, LEVELS);
    REQUIRE(ddbs_item_read(text.ptr, text.len, DDBS_JSON_TYPED, p.arena, &item, NULL) == DDBS_OK);
    REQUIRE(ddbs_bind(&tree_schema, item, &tree, NULL) == DDBS_OK);
    REQUIRE(ddbs_unbind(&tree_schema, &tree, p.arena, &again, NULL) == DDBS_OK);
    CHECK(ddbs_item_equal(item, again));
    /* One level more cannot be decoded, and is not written either. */
    struct tree tops[3] = { { .leaf = 1 }, { .leaf = 1 }, tree };
    tops[0].children.ptr = &tops[1];
    tops[1].children.ptr = &tops[2];
    tops[0].children.count = tops[1].children.count = 1;
    ddbs_error error;
    CHECK_STATUS(ddbs_unbind(&tree_schema, &tops[0], p.arena, &again, &error), DDBS_E_LIMIT);
    parsed_free(&p);
}

/* Every allocation fails once: an error, the struct untouched, and the arena as it was. */
TEST(without_memory_nothing_is_bound)
{
    const ddbs_item *item;
    ddbs_error error;
    struct order order;
    ddbs_buf text = { .ptr = NULL };
    struct parsed p = item_of(ORDER(",'lines':{'L':[{'M':{'sku':{'S':'a'},'sizes':{'L':[{'N':'1'}]}}}]},"
                                    "'tags':{'SS':['x']}"),
                              &item);
    REQUIRE(item != NULL && ddbs_item_write(item, DDBS_JSON_TYPED, &text) == DDBS_OK);
    size_t refused = 0;
    for (size_t limit = 32;; limit += 32) {
        ddbs_arena *arena;
        struct order before;
        memset(&order, 0x77, sizeof order);
        before = order;
        REQUIRE(limit < 1 << 20 && ddbs_arena_new(&arena, limit) == DDBS_OK);
        ddbs_status status = ddbs_item_read(text.ptr, text.len, DDBS_JSON_TYPED, arena, &item, NULL);
        bool decoded = status == DDBS_OK;
        if (decoded)
            status = ddbs_bind(&order_schema, item, &order, &error);
        CHECK(status == DDBS_OK || (status == DDBS_E_MEMORY && memcmp(&order, &before, sizeof order) == 0));
        refused += decoded && status == DDBS_E_MEMORY;
        ddbs_arena_free(arena);
        if (status == DDBS_OK)
            break;
    }
    CHECK(refused > 3);
    ddbs_buf_free(&text);
    parsed_free(&p);
}
