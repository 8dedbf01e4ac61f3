/* test_value.c: attribute values: decoding of all ten types, accessors, look-up, iteration, and what is refused. */
#include "tests/unit/events.h"

#include <stdio.h>

#define ALL_TYPES                                                                                                      \
    "{'s':{'S':'text'},'n':{'N':'-12.50'},'b':{'B':'AGZvbw=='},'t':{'BOOL':true},'f':{'BOOL':false},"                  \
    "'z':{'NULL':true},'m':{'M':{'in':{'S':'side'}}},'l':{'L':[{'N':'1'},{'L':[{'S':'x'}]},{'M':{}},{'S':''}]},"       \
    "'ss':{'SS':['a','b']},'ns':{'NS':['1','2.5','-3']},'bs':{'BS':['AA==','']}}"

TEST(all_ten_types_are_read)
{
    const ddbs_item *item, *inner;
    struct parsed p = item_of(ALL_TYPES, &item);
    ddbs_str text;
    ddbs_num num;
    ddbs_bytes bytes;
    bool truth = false;
    REQUIRE(item != NULL);
    CHECK_INT(ddbs_item_count(item), 11);
    REQUIRE(ddbs_get(item, "s", &text) == DDBS_OK);
    CHECK_VIEW(text, "text");
    REQUIRE(ddbs_get(item, "n", &num) == DDBS_OK);
    CHECK_VIEW(num, "-12.50");
    const ddbs_value *value = NULL;
    REQUIRE(ddbs_get(item, "n", &value) == DDBS_OK);
    CHECK(value == ddbs_item_find(item, ddbs_str_c("n")));
    REQUIRE(ddbs_get(item, "b", &bytes) == DDBS_OK);
    CHECK(bytes.len == 4 && memcmp(bytes.ptr, "\0foo", 4) == 0);
    CHECK(ddbs_get(item, "t", &truth) == DDBS_OK && truth);
    CHECK(ddbs_get(item, "f", &truth) == DDBS_OK && !truth);
    CHECK_INT(ddbs_value_type(ddbs_item_find(item, ddbs_str_c("z"))), DDBS_TYPE_NULL);
    REQUIRE(ddbs_get(item, "m", &inner) == DDBS_OK);
    REQUIRE(ddbs_get(inner, "in", &text) == DDBS_OK);
    CHECK_VIEW(text, "side");
    parsed_free(&p);
}

TEST(views_are_followed_by_a_nul)
{
    const ddbs_item *item;
    struct parsed p = item_of(ALL_TYPES, &item);
    ddbs_str name, text;
    ddbs_num num;
    ddbs_bytes bytes;
    REQUIRE(item != NULL);
    REQUIRE(ddbs_get(item, "s", &text) == DDBS_OK && ddbs_get(item, "n", &num) == DDBS_OK);
    REQUIRE(ddbs_get(item, "b", &bytes) == DDBS_OK);
    CHECK(text.ptr[text.len] == '\0' && num.ptr[num.len] == '\0' && bytes.ptr[bytes.len] == '\0');
    ddbs_iter it = ddbs_iter_item(item);
    while (ddbs_iter_attr(&it, &name) != NULL)
        CHECK(name.ptr[name.len] == '\0');
    parsed_free(&p);
}

TEST(attributes_come_in_the_order_of_the_event)
{
    static const char *const names[] = { "s", "n", "b", "t", "f", "z", "m", "l", "ss", "ns", "bs" };
    static const ddbs_type types[] = { DDBS_TYPE_S,    DDBS_TYPE_N,    DDBS_TYPE_B, DDBS_TYPE_BOOL,
                                       DDBS_TYPE_BOOL, DDBS_TYPE_NULL, DDBS_TYPE_M, DDBS_TYPE_L,
                                       DDBS_TYPE_SS,   DDBS_TYPE_NS,   DDBS_TYPE_BS };
    const ddbs_item *item;
    struct parsed p = item_of(ALL_TYPES, &item);
    REQUIRE(item != NULL);
    ddbs_iter it = ddbs_iter_item(item);
    ddbs_str name;
    for (size_t i = 0; i < 11; i++) {
        const ddbs_value *value = ddbs_iter_attr(&it, &name);
        REQUIRE(value != NULL);
        CHECK_VIEW(name, names[i]);
        CHECK_INT(ddbs_value_type(value), types[i]);
        CHECK(ddbs_item_find(item, name) == value);
    }
    CHECK(ddbs_iter_attr(&it, &name) == NULL);
    CHECK(ddbs_iter_attr(&it, &name) == NULL);
    parsed_free(&p);
}

TEST(elements_of_lists_and_sets_come_in_order)
{
    static const ddbs_type in_list[] = { DDBS_TYPE_N, DDBS_TYPE_L, DDBS_TYPE_M, DDBS_TYPE_S };
    static const char *const numbers[] = { "1", "2.5", "-3" };
    const ddbs_item *item;
    struct parsed p = item_of(ALL_TYPES, &item);
    REQUIRE(item != NULL);
    const ddbs_value *list = ddbs_item_find(item, ddbs_str_c("l")), *set = ddbs_item_find(item, ddbs_str_c("ns"));
    CHECK_INT(ddbs_value_count(list), 4);
    ddbs_iter it = ddbs_iter_list(list);
    for (size_t i = 0; i < 4; i++)
        CHECK_INT(ddbs_value_type(ddbs_iter_next(&it)), in_list[i]);
    CHECK(ddbs_iter_next(&it) == NULL);
    CHECK_INT(ddbs_value_count(set), 3);
    it = ddbs_iter_list(set);
    for (size_t i = 0; i < 3; i++) {
        ddbs_num num = { "", 0 };
        CHECK_STATUS(ddbs_value_num(ddbs_iter_next(&it), &num), DDBS_OK);
        CHECK_VIEW(num, numbers[i]);
    }
    CHECK(ddbs_iter_next(&it) == NULL);
    CHECK_INT(ddbs_value_count(ddbs_item_find(item, ddbs_str_c("m"))), 1);
    CHECK_INT(ddbs_value_count(ddbs_item_find(item, ddbs_str_c("s"))), 0);
    CHECK_INT(ddbs_iter_list(ddbs_item_find(item, ddbs_str_c("m"))).left, 0);
    parsed_free(&p);
}

TEST(what_is_absent_is_missing_everywhere)
{
    const ddbs_item *none = NULL, *item;
    const ddbs_value *value = NULL;
    struct parsed p = item_of("{'a':{'S':'x'}}", &item);
    ddbs_str text = { "kept", 4 };
    int64_t number = 7;
    CHECK_STATUS(ddbs_get(none, "a", &text), DDBS_E_MISSING);
    CHECK_STATUS(ddbs_get(item, "A", &text), DDBS_E_MISSING);
    CHECK_STATUS(ddbs_get(item, "", &text), DDBS_E_MISSING);
    CHECK_STATUS(ddbs_get(item, "ab", &number), DDBS_E_MISSING);
    CHECK_STATUS(ddbs_get(item, "b", &none), DDBS_E_MISSING);
    CHECK_STATUS(ddbs_get(item, "b", &value), DDBS_E_MISSING);
    CHECK_STATUS(ddbs_value_str(NULL, &text), DDBS_E_MISSING);
    CHECK(none == NULL && value == NULL && number == 7);
    CHECK_VIEW(text, "kept");
    CHECK_INT(ddbs_value_type(NULL), DDBS_TYPE_NONE);
    CHECK_INT(ddbs_value_count(NULL) + ddbs_item_count(NULL), 0);
    CHECK(ddbs_item_find(item, (ddbs_str){ NULL, 0 }) == NULL && ddbs_item_find(NULL, text) == NULL);
    ddbs_iter nothing = ddbs_iter_list(NULL);
    CHECK(ddbs_iter_next(&nothing) == NULL);
    nothing = ddbs_iter_item(NULL);
    CHECK(ddbs_iter_attr(&nothing, &text) == NULL);
    parsed_free(&p);
}

/* Reads `name` as each C type; only the ones in `fits` may succeed. */
static void check_types(const ddbs_item *item, const char *name, const char *fits)
{
    ddbs_str text = { NULL, 1 };
    ddbs_num num = { NULL, 2 };
    ddbs_bytes bytes = { NULL, 3 };
    const ddbs_item *inner = NULL;
    bool truth = true;
    int32_t i32 = 4;
    int64_t i64 = 5;
    uint64_t u64 = 6;
    CHECK_STATUS(ddbs_get(item, name, &text), strchr(fits, 's') ? DDBS_OK : DDBS_E_TYPE);
    CHECK_STATUS(ddbs_get(item, name, &num), strchr(fits, 'n') ? DDBS_OK : DDBS_E_TYPE);
    CHECK_STATUS(ddbs_get(item, name, &bytes), strchr(fits, 'b') ? DDBS_OK : DDBS_E_TYPE);
    CHECK_STATUS(ddbs_get(item, name, &truth), strchr(fits, 't') ? DDBS_OK : DDBS_E_TYPE);
    CHECK_STATUS(ddbs_get(item, name, &inner), strchr(fits, 'm') ? DDBS_OK : DDBS_E_TYPE);
    ddbs_status integer = strchr(fits, 'n') ? DDBS_E_INEXACT : DDBS_E_TYPE;
    CHECK_STATUS(ddbs_get(item, name, &i32), integer);
    CHECK_STATUS(ddbs_get(item, name, &i64), integer);
    CHECK_STATUS(ddbs_get(item, name, &u64), integer == DDBS_E_INEXACT ? DDBS_E_RANGE : integer);
    CHECK(strchr(fits, 's') || (text.ptr == NULL && text.len == 1));
    CHECK(strchr(fits, 'n') || (num.ptr == NULL && num.len == 2));
    CHECK(strchr(fits, 'b') || (bytes.ptr == NULL && bytes.len == 3));
    CHECK(strchr(fits, 'm') || inner == NULL);
    CHECK(i32 == 4 && i64 == 5 && u64 == 6);
}

TEST(another_type_is_an_error_and_leaves_the_out_parameter)
{
    static const struct {
        const char *name, *fits;
    } rows[] = { { "s", "s" }, { "n", "n" }, { "b", "b" }, { "t", "t" }, { "z", "" },
                 { "m", "m" }, { "l", "" },  { "ss", "" }, { "ns", "" }, { "bs", "" } };
    const ddbs_item *item;
    struct parsed p = item_of(ALL_TYPES, &item);
    REQUIRE(item != NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_types(item, rows[i].name, rows[i].fits);
    parsed_free(&p);
}

TEST(integers_of_an_item_are_exact_or_an_error)
{
    static const struct {
        const char *number;
        ddbs_status i32, i64, u64;
    } rows[] = {
        { "2147483647", DDBS_OK, DDBS_OK, DDBS_OK },
        { "2147483648", DDBS_E_RANGE, DDBS_OK, DDBS_OK },
        { "-2147483648", DDBS_OK, DDBS_OK, DDBS_E_RANGE },
        { "-2147483649", DDBS_E_RANGE, DDBS_OK, DDBS_E_RANGE },
        { "1.5", DDBS_E_INEXACT, DDBS_E_INEXACT, DDBS_E_INEXACT },
        { "18446744073709551615", DDBS_E_RANGE, DDBS_E_RANGE, DDBS_OK },
        { "1E2", DDBS_OK, DDBS_OK, DDBS_OK },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[100];
        const ddbs_item *item;
        int32_t i32 = 1;
        int64_t i64 = 1;
        uint64_t u64 = 1;
        snprintf(text, sizeof text, "{'n':{'N':'%s'}}", rows[i].number);
        struct parsed p = item_of(text, &item);
        CHECK_STATUS(ddbs_get(item, "n", &i32), rows[i].i32);
        CHECK_STATUS(ddbs_get(item, "n", &i64), rows[i].i64);
        CHECK_STATUS(ddbs_get(item, "n", &u64), rows[i].u64);
        CHECK(rows[i].i32 == DDBS_OK || i32 == 1);
        CHECK(rows[i].i64 == DDBS_OK || i64 == 1);
        CHECK(rows[i].u64 == DDBS_OK || u64 == 1);
        parsed_free(&p);
    }
}

TEST(escapes_in_names_and_text_are_resolved)
{
    const ddbs_item *item;
    struct parsed p = item_of("{'\\u0061\\n':{'\\u0053':'\\ud83d\\ude00\\u0000x'},'\\u00e9':{'N':'\\u0031'}}", &item);
    ddbs_str text;
    int64_t number = 0;
    REQUIRE(item != NULL);
    REQUIRE(ddbs_get(item, "a\n", &text) == DDBS_OK);
    CHECK(text.len == 6 && memcmp(text.ptr, "\xf0\x9f\x98\x80\0x", 7) == 0);
    CHECK(ddbs_get(item, "\xc3\xa9", &number) == DDBS_OK && number == 1);
    parsed_free(&p);
}
