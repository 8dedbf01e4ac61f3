/* test_convert.c: items to JSON text and back, in both forms: what is read, what is refused and where, and that a
 * failure leaves text and arena as they were. */
#include "lib/arena.h"
#include "tests/unit/events.h"

#include <stdio.h>

static ddbs_arena *new_arena(size_t limit)
{
    ddbs_arena *arena;
    if (ddbs_arena_new(&arena, limit) != DDBS_OK)
        abort();
    return arena;
}

/* A text with ' for " as an item; NULL where it is refused, and `error` tells why. */
static const ddbs_item *read_text(ddbs_arena *arena, const char *text, ddbs_json_form form, ddbs_error *error)
{
    ddbs_str json = json_text(text);
    const ddbs_item *item = NULL;
    ddbs_status status = ddbs_item_read(json.ptr, json.len, form, arena, &item, error);
    CHECK((status == DDBS_OK) == (item != NULL));
    CHECK_STATUS(error->status, status);
    return item;
}

/* Whether these bytes were written, and a NUL behind them. */
static bool is_text(const ddbs_buf *text, ddbs_str want)
{
    bool same = text->len == want.len && memcmp(text->ptr, want.ptr, want.len) == 0 && text->ptr[text->len] == '\0';
    if (!same)
        printf("# written: %.*s\n# wanted:  %.*s\n", (int)text->len, text->ptr, (int)want.len, want.ptr);
    return same;
}

static bool is_written_as(const ddbs_item *item, ddbs_json_form form, ddbs_str want)
{
    ddbs_buf text = { 0 };
    bool same = ddbs_item_write(item, form, &text) == DDBS_OK && is_text(&text, want);
    ddbs_buf_free(&text);
    return same;
}

/* ---- What the two forms are ------------------------------------------------------------------------------------- */

static const struct {
    const char *plain, *typed;
} pairs[] = {
    { "{}", "{}" },
    { " { 'a' : 1 , 'b' : [ ] }\r\n\t ", "{'a':{'N':'1'},'b':{'L':[]}}" },
    { "{'n':-0,'m':1.50,'k':1e+2,'j':1E-130}",
      "{'n':{'N':'-0'},'m':{'N':'1.50'},'k':{'N':'1e+2'},'j':{'N':'1E-130'}}" },
    { "{'n':99999999999999999999999999999999999999}", "{'n':{'N':'99999999999999999999999999999999999999'}}" },
    { "{'n':[1,22,333],'t':true,'f':false,'z':null}",
      "{'n':{'L':[{'N':'1'},{'N':'22'},{'N':'333'}]},'t':{'BOOL':true},'f':{'BOOL':false},'z':{'NULL':true}}" },
    { "{'':'','s':'N','S':{'S':'x'}}", "{'':{'S':''},'s':{'S':'N'},'S':{'M':{'S':{'S':'x'}}}}" },
    { "{'m':{'l':[{'m':{}},[[]]]}}", "{'m':{'M':{'l':{'L':[{'M':{'m':{'M':{}}}},{'L':[{'L':[]}]}]}}}}" },
    { "{'\\u0061\\/\\ud83d\\ude00':'\\u0000\\b\\f\\n\\r\\t\\\\\\u00e9'}",
      "{'a/\xf0\x9f\x98\x80':{'S':'\\u0000\\b\\f\\n\\r\\t\\\\\xc3\xa9'}}" },
};

TEST(plain_json_becomes_strings_numbers_booleans_null_lists_and_maps)
{
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        ddbs_arena *arena = new_arena(0);
        ddbs_error error;
        const ddbs_item *plain = read_text(arena, pairs[i].plain, DDBS_JSON_PLAIN, &error);
        const ddbs_item *typed = read_text(arena, pairs[i].typed, DDBS_JSON_TYPED, &error);
        REQUIRE(plain != NULL && typed != NULL);
        CHECK(ddbs_item_equal(plain, typed));
        CHECK(is_written_as(plain, DDBS_JSON_TYPED, json_text(pairs[i].typed)));
        CHECK(is_written_as(typed, DDBS_JSON_TYPED, json_text(pairs[i].typed)));
        ddbs_arena_free(arena);
    }
}

TEST(binary_and_sets_become_base64_and_arrays_of_plain_json)
{
    ddbs_arena *arena = new_arena(0);
    ddbs_error error;
    const ddbs_item *item =
        read_text(arena, "{'b':{'B':'AGZv'},'s':{'SS':['x']},'n':{'NS':['1.0','+2']},'c':{'BS':['','AA==']}}",
                  DDBS_JSON_TYPED, &error);
    REQUIRE(item != NULL);
    CHECK(is_written_as(item, DDBS_JSON_PLAIN, json_text("{'b':'AGZv','s':['x'],'n':[1.0,2],'c':['','AA==']}")));
    ddbs_arena_free(arena);
}

TEST(text_and_number_views_end_in_nul)
{
    ddbs_arena *arena = new_arena(0);
    ddbs_error error;
    ddbs_num first, second;
    ddbs_str text;
    const ddbs_item *item = read_text(arena, "{'a':12,'b':-3.5e1,'c':'x'}", DDBS_JSON_PLAIN, &error);
    REQUIRE(ddbs_get(item, "a", &first) == DDBS_OK && ddbs_get(item, "b", &second) == DDBS_OK);
    REQUIRE(ddbs_get(item, "c", &text) == DDBS_OK);
    CHECK_STR(first.ptr, "12");
    CHECK_STR(second.ptr, "-3.5e1");
    CHECK_STR(text.ptr, "x");
    ddbs_arena_free(arena);
}

TEST(one_value_is_written_alone)
{
    static const struct {
        const char *name, *plain, *typed;
    } values[] = { { "n", "3", "{'N':'3'}" },
                   { "s", "'x'", "{'S':'x'}" },
                   { "l", "[1,[]]", "{'L':[{'N':'1'},{'L':[]}]}" },
                   { "m", "{'a':null}", "{'M':{'a':{'NULL':true}}}" } };
    ddbs_arena *arena = new_arena(0);
    ddbs_error error;
    const ddbs_item *item = read_text(arena, "{'n':3,'s':'x','l':[1,[]],'m':{'a':null}}", DDBS_JSON_PLAIN, &error);
    REQUIRE(item != NULL);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        ddbs_buf plain = { 0 }, typed = { 0 };
        const ddbs_value *value = ddbs_item_find(item, ddbs_str_c(values[i].name));
        CHECK_STATUS(ddbs_value_write(value, DDBS_JSON_PLAIN, &plain), DDBS_OK);
        CHECK_STATUS(ddbs_value_write(value, DDBS_JSON_TYPED, &typed), DDBS_OK);
        CHECK(is_text(&plain, json_text(values[i].plain)));
        CHECK(is_text(&typed, json_text(values[i].typed)));
        ddbs_buf_free(&plain);
        ddbs_buf_free(&typed);
    }
    ddbs_arena_free(arena);
}

/* ---- What is refused, and where --------------------------------------------------------------------------------- */

#define NINES_39 "999999999999999999999999999999999999999"

static const struct {
    ddbs_json_form form;
    const char *text;
    ddbs_status status;
    size_t offset;
    const char *path;
} refused[] = {
    { DDBS_JSON_PLAIN, "", DDBS_E_TYPE, 0, "" },
    { DDBS_JSON_PLAIN, "  ", DDBS_E_TYPE, 2, "" },
    { DDBS_JSON_PLAIN, "[1]", DDBS_E_TYPE, 0, "" },
    { DDBS_JSON_PLAIN, "'x'", DDBS_E_TYPE, 0, "" },
    { DDBS_JSON_TYPED, "null", DDBS_E_TYPE, 0, "" },
    { DDBS_JSON_PLAIN, "{} {}", DDBS_E_SYNTAX, 3, "" },
    { DDBS_JSON_PLAIN, "{}x", DDBS_E_SYNTAX, 2, "" },
    { DDBS_JSON_TYPED, "{'a':{'S':'x'}},", DDBS_E_SYNTAX, 15, "" },
    { DDBS_JSON_PLAIN, "{", DDBS_E_SYNTAX, 1, "" },
    { DDBS_JSON_PLAIN, "{'a':1", DDBS_E_SYNTAX, 6, "a" },
    { DDBS_JSON_PLAIN, "{'a'}", DDBS_E_SYNTAX, 4, "" },
    { DDBS_JSON_PLAIN, "{'a':}", DDBS_E_SYNTAX, 5, "a" },
    { DDBS_JSON_PLAIN, "{'a':1,}", DDBS_E_SYNTAX, 7, "" },
    { DDBS_JSON_PLAIN, "{'a':[1,]}", DDBS_E_SYNTAX, 8, "a[1]" },
    { DDBS_JSON_PLAIN, "{'a':[1 2]}", DDBS_E_SYNTAX, 8, "a[0]" },
    { DDBS_JSON_PLAIN, "{'a':[{'b':tru}]}", DDBS_E_SYNTAX, 11, "a[0].b" },
    { DDBS_JSON_PLAIN, "{'a':NaN}", DDBS_E_SYNTAX, 5, "a" },
    { DDBS_JSON_PLAIN, "{'a':nul}", DDBS_E_SYNTAX, 5, "a" },
    { DDBS_JSON_PLAIN, "{'a':01}", DDBS_E_SYNTAX, 6, "a" },
    { DDBS_JSON_PLAIN, "{'a':+1}", DDBS_E_SYNTAX, 5, "a" },
    { DDBS_JSON_PLAIN, "{'a':1.}", DDBS_E_SYNTAX, 7, "a" },
    { DDBS_JSON_PLAIN, "{'a':-}", DDBS_E_SYNTAX, 6, "a" },
    { DDBS_JSON_PLAIN, "{'a':1e}", DDBS_E_SYNTAX, 7, "a" },
    { DDBS_JSON_PLAIN, "{'a':'\\x'}", DDBS_E_SYNTAX, 6, "a" },
    { DDBS_JSON_PLAIN, "{'a':'\\ud800'}", DDBS_E_SYNTAX, 6, "a" },
    { DDBS_JSON_PLAIN, "{'a':'\\udc00\\ud800'}", DDBS_E_SYNTAX, 6, "a" },
    { DDBS_JSON_TYPED, "{'\\ud83d':{'S':''}}", DDBS_E_SYNTAX, 2, "" },
    { DDBS_JSON_PLAIN, "{'a':'\n'}", DDBS_E_SYNTAX, 6, "a" },
    { DDBS_JSON_PLAIN, "{'a':'\xc3'}", DDBS_E_SYNTAX, 6, "" },
    { DDBS_JSON_PLAIN, "{'a':'\xed\xa0\x80'}", DDBS_E_SYNTAX, 6, "" },
    { DDBS_JSON_PLAIN, "\xef\xbb\xbf{}", DDBS_E_TYPE, 0, "" },
    { DDBS_JSON_PLAIN, "{'a':1,'b':2,'a':3}", DDBS_E_DUPLICATE, 13, "a" },
    { DDBS_JSON_PLAIN, "{'m':[{'x':1,'\\u0078':2}]}", DDBS_E_DUPLICATE, 13, "m[0].x" },
    { DDBS_JSON_TYPED, "{'m':{'M':{'x':{'S':''},'x':{'S':''}}}}", DDBS_E_DUPLICATE, 24, "m.M.x" },
    { DDBS_JSON_PLAIN, "{'a':[" NINES_39 "]}", DDBS_E_LIMIT, 6, "a[0]" },
    { DDBS_JSON_PLAIN, "{'a':1E126}", DDBS_E_LIMIT, 5, "a" },
    { DDBS_JSON_PLAIN, "{'a':1E-131}", DDBS_E_LIMIT, 5, "a" },
    { DDBS_JSON_TYPED, "{'a':{'N':'" NINES_39 "'}}", DDBS_E_LIMIT, 10, "a.N" },
    { DDBS_JSON_TYPED, "{'a':{'N':'x'}}", DDBS_E_SYNTAX, 10, "a.N" },
    { DDBS_JSON_TYPED, "{'a':{'N':1}}", DDBS_E_SYNTAX, 10, "a.N" },
    { DDBS_JSON_TYPED, "{'a':{'NS':['1','']}}", DDBS_E_SYNTAX, 16, "a.NS[1]" },
    { DDBS_JSON_TYPED, "{'a':{'B':'A'}}", DDBS_E_SYNTAX, 10, "a.B" },
    { DDBS_JSON_TYPED, "{'a':{'BS':['AB==']}}", DDBS_E_SYNTAX, 12, "a.BS[0]" },
    { DDBS_JSON_TYPED, "{'a':{'X':1}}", DDBS_E_TYPE, 6, "a" },
    { DDBS_JSON_TYPED, "{'a':{'L':[{'s':'x'}]}}", DDBS_E_TYPE, 12, "a.L[0]" },
    { DDBS_JSON_TYPED, "{'a':{}}", DDBS_E_SYNTAX, 6, "a" },
    { DDBS_JSON_TYPED, "{'a':1}", DDBS_E_SYNTAX, 5, "a" },
    { DDBS_JSON_TYPED, "{'a':{'S':'x','N':'1'}}", DDBS_E_SYNTAX, 13, "a.S" },
    { DDBS_JSON_TYPED, "{'a':{'NULL':null}}", DDBS_E_SYNTAX, 13, "a.NULL" },
};

TEST(what_is_refused_says_where_and_leaves_nothing_in_the_arena)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        ddbs_arena *arena = new_arena(0);
        REQUIRE(ddbs_arena__alloc(arena, 32) != NULL);
        struct arena_mark before = ddbs_arena__mark(arena);
        ddbs_error error = { .status = DDBS_OK };
        CHECK(read_text(arena, refused[i].text, refused[i].form, &error) == NULL);
        struct arena_mark after = ddbs_arena__mark(arena);
        bool held = CHECK_STATUS(error.status, refused[i].status) && CHECK_INT(error.offset, refused[i].offset) &&
                    CHECK_STR(error.path, refused[i].path) && CHECK_INT(error.record, DDBS_NOWHERE) &&
                    CHECK(error.reason[0] != '\0') && CHECK(after.block == before.block && after.used == before.used);
        if (!held)
            printf("# in: %s\n", refused[i].text);
        ddbs_arena_free(arena);
    }
}

TEST(an_error_is_not_asked_for)
{
    ddbs_arena *arena = new_arena(0);
    const ddbs_item *item = NULL;
    CHECK_STATUS(ddbs_item_read("{]", 2, DDBS_JSON_PLAIN, arena, &item, NULL), DDBS_E_SYNTAX);
    CHECK_STATUS(ddbs_item_read(NULL, 0, DDBS_JSON_PLAIN, arena, &item, NULL), DDBS_E_TYPE);
    CHECK_STATUS(ddbs_item_read("{}", (size_t)2 << 30, DDBS_JSON_PLAIN, arena, &item, NULL), DDBS_E_LIMIT);
    CHECK(item == NULL);
    ddbs_arena_free(arena);
}

/* The innermost of `depth` values inside each other is a scalar. */
static ddbs_buf nested(int depth, ddbs_json_form form, char bracket)
{
    ddbs_buf text = { 0 };
    bool typed = form == DDBS_JSON_TYPED, map = bracket == '{';
    const char *open = typed ? map ? "{\"M\":{\"a\":" : "{\"L\":[" : map ? "{\"a\":" : "[";
    const char *close = typed ? map ? "}}" : "]}" : map ? "}" : "]";
    ddbs_buf__text(&text, "{\"a\":");
    for (int i = 1; i < depth; i++)
        ddbs_buf__text(&text, open);
    ddbs_buf__text(&text, typed ? "{\"S\":\"x\"}" : "\"x\"");
    for (int i = 1; i < depth; i++)
        ddbs_buf__text(&text, close);
    ddbs_buf__text(&text, "}");
    return text;
}

TEST(values_are_nested_up_to_the_limit_and_no_deeper)
{
    for (int i = 0; i < 4; i++) {
        ddbs_json_form form = i % 2 ? DDBS_JSON_TYPED : DDBS_JSON_PLAIN;
        ddbs_arena *arena = new_arena(0);
        const ddbs_item *item;
        ddbs_error error;
        ddbs_buf fits = nested(DDBS_VALUE_DEPTH_MAX, form, i < 2 ? '{' : '[');
        ddbs_buf deeper = nested(DDBS_VALUE_DEPTH_MAX + 1, form, i < 2 ? '{' : '[');
        REQUIRE(ddbs_item_read(fits.ptr, fits.len, form, arena, &item, &error) == DDBS_OK);
        CHECK(is_written_as(item, form, (ddbs_str){ fits.ptr, fits.len }));
        CHECK_STATUS(ddbs_item_read(deeper.ptr, deeper.len, form, arena, &item, &error), DDBS_E_LIMIT);
        CHECK(error.offset != DDBS_NOWHERE && error.path[0] == 'a');
        ddbs_buf_free(&fits);
        ddbs_buf_free(&deeper);
        ddbs_arena_free(arena);
    }
}

/* ---- The text that it goes to ----------------------------------------------------------------------------------- */

TEST(a_text_is_appended_to_wherever_its_memory_is)
{
    ddbs_arena *arena = new_arena(0);
    ddbs_error error;
    const ddbs_item *item = read_text(arena, "{'a':1}", DDBS_JSON_PLAIN, &error);
    ddbs_buf texts[] = { { 0 }, { .arena = arena } };
    for (size_t i = 0; i < 2; i++) {
        CHECK_STATUS(ddbs_buf_append(&texts[i], "x\0", 2), DDBS_OK);
        CHECK_STATUS(ddbs_item_write(item, DDBS_JSON_PLAIN, &texts[i]), DDBS_OK);
        CHECK(texts[i].len == 9 && memcmp(texts[i].ptr, "x\0{\"a\":1}", 10) == 0);
        CHECK_STATUS(ddbs_item_write(NULL, DDBS_JSON_PLAIN, &texts[i]), DDBS_E_MISSING);
        CHECK_STATUS(ddbs_value_write(NULL, DDBS_JSON_PLAIN, &texts[i]), DDBS_E_MISSING);
        CHECK_INT(texts[i].len, 9);
        texts[i].len = 0; /* used again */
        CHECK_STATUS(ddbs_item_write(item, DDBS_JSON_TYPED, &texts[i]), DDBS_OK);
        CHECK_VIEW(texts[i], "{\"a\":{\"N\":\"1\"}}");
        ddbs_buf_free(&texts[i]);
        CHECK(texts[i].ptr == NULL && texts[i].len == 0 && texts[i].capacity == 0 &&
              texts[i].arena == (i ? arena : NULL));
    }
    ddbs_arena_free(arena);
}

TEST(a_text_can_be_put_together_by_hand)
{
    ddbs_buf text = { 0 };
    CHECK_VIEW(ddbs_buf_str(&text), "");
    CHECK(ddbs_buf_str(&text).ptr != NULL && ddbs_buf_bytes(&text).ptr != NULL && ddbs_buf_bytes(&text).len == 0);
    CHECK_STATUS(ddbs_buf_format(&text, "{\"%s\":%d,\"b\":", "a", 7), DDBS_OK);
    CHECK_STATUS(ddbs_buf_json(&text, (ddbs_str){ "q\"\0\n", 4 }), DDBS_OK);
    CHECK_STATUS(ddbs_buf_format(&text, ",\"c\":"), DDBS_OK);
    CHECK_STATUS(ddbs_buf_json(&text, (ddbs_str){ NULL, 0 }), DDBS_OK);
    CHECK_STATUS(ddbs_buf_json(&text, ddbs_str_c("")), DDBS_OK);
    CHECK_VIEW(ddbs_buf_str(&text), "{\"a\":7,\"b\":\"q\\\"\\u0000\\n\",\"c\":null\"\"");
    CHECK_VIEW(ddbs_buf_bytes(&text), text.ptr);
    ddbs_buf_free(&text);
}

TEST(a_text_by_hand_without_memory_stays_as_it_was)
{
    char wide[600] = { 0 };
    memset(wide, 'x', sizeof wide - 1);
    ddbs_buf text = { 0 };
    REQUIRE(ddbs_buf_format(&text, "%s", "begin") == DDBS_OK);
    check_fail_alloc(0);
    CHECK_STATUS(ddbs_buf_format(&text, "%s", wide), DDBS_E_MEMORY);
    CHECK_STATUS(ddbs_buf_json(&text, ddbs_str_c(wide)), DDBS_E_MEMORY);
    check_fail_alloc(SIZE_MAX);
    CHECK_VIEW(ddbs_buf_str(&text), "begin");
    CHECK_STATUS(ddbs_buf_json(&text, ddbs_str_c("!")), DDBS_OK); /* it can still be used */
    CHECK_VIEW(ddbs_buf_str(&text), "begin\"!\"");
    ddbs_buf_free(&text);
}

/* ---- Without memory --------------------------------------------------------------------------------------------- */

/* Bytes with which everything works. */
enum { ENOUGH = 1 << 22 };

/* Write with allocation `n` and all after it failing, and in an arena of so many bytes; 0: no arena. True when it was
 * written. */
static bool write_short_of_memory(const ddbs_item *item, size_t n, size_t limit, bool whole)
{
    ddbs_arena *arena = limit == 0 ? NULL : new_arena(limit);
    ddbs_buf text = { .arena = arena };
    size_t begun = ddbs_buf_append(&text, "begin", 5) == DDBS_OK ? 5 : 0;
    check_fail_alloc(n);
    ddbs_status status = whole ? ddbs_item_write(item, DDBS_JSON_TYPED, &text)
                               : ddbs_value_write(ddbs_item_find(item, ddbs_str_c("m")), DDBS_JSON_PLAIN, &text);
    check_fail_alloc(SIZE_MAX);
    if (status != DDBS_OK) {
        CHECK_STATUS(status, DDBS_E_MEMORY);
        CHECK(text.len == begun && (begun == 0 || strcmp(text.ptr, "begin") == 0));
        CHECK(begun == 0 || ddbs_buf_append(&text, "!", 1) == DDBS_OK); /* it can still be used */
    }
    ddbs_buf_free(&text);
    ddbs_arena_free(arena);
    return status == DDBS_OK;
}

TEST(without_memory_nothing_is_appended)
{
    ddbs_arena *arena = new_arena(0);
    ddbs_buf large = { 0 };
    const ddbs_item *item;
    ddbs_buf__format(&large, "{\"m\":{\"M\":{\"x\":{\"S\":\"%05000d\"}}}}", 0);
    REQUIRE(ddbs_item_read(large.ptr, large.len, DDBS_JSON_TYPED, arena, &item, NULL) == DDBS_OK);
    for (int whole = 0; whole < 2; whole++) {
        size_t failures = 0, limit = 16;
        while (failures < 100 && !write_short_of_memory(item, failures, 0, whole))
            failures++;
        while (limit < ENOUGH && !write_short_of_memory(item, SIZE_MAX, limit, whole))
            limit += 32;
        CHECK(failures > 0 && failures < 100 && limit > 5000 && limit < ENOUGH);
    }
    ddbs_buf_free(&large);
    ddbs_arena_free(arena);
}

/* Read the same way. True when it was read. */
static bool read_short_of_memory(const ddbs_buf *json, size_t n, size_t limit)
{
    ddbs_arena *arena = new_arena(limit);
    const ddbs_item *item = NULL;
    ddbs_error error;
    bool begun = ddbs_arena__alloc(arena, 32) != NULL;
    struct arena_mark before = ddbs_arena__mark(arena);
    check_fail_alloc(n);
    ddbs_status status = ddbs_item_read(json->ptr, json->len, DDBS_JSON_TYPED, arena, &item, &error);
    check_fail_alloc(SIZE_MAX);
    struct arena_mark after = ddbs_arena__mark(arena);
    CHECK((status == DDBS_OK) == (item != NULL) && error.status == status && (begun || item == NULL));
    if (status != DDBS_OK) {
        CHECK_STATUS(status, DDBS_E_MEMORY);
        CHECK(error.reason[0] != '\0' && after.block == before.block && after.used == before.used);
    }
    ddbs_arena_free(arena);
    return status == DDBS_OK;
}

/* More names than are compared pair by pair, more values than the tape and the arena's first block have room for. */
TEST(without_memory_nothing_is_read)
{
    ddbs_buf json = { 0 };
    size_t failures = 0, limit = 32;
    for (int i = 0; i < 3000; i++)
        ddbs_buf__format(&json, "%c\"%d\":{\"NS\":[\"%d\"]}", i == 0 ? '{' : ',', i, i);
    ddbs_buf__text(&json, "}");
    while (failures < 100 && !read_short_of_memory(&json, failures, 0))
        failures++;
    while (limit < ENOUGH && !read_short_of_memory(&json, SIZE_MAX, limit))
        limit += 512;
    CHECK(failures > 1 && failures < 100 && limit > json.len && limit < ENOUGH);
    ddbs_buf_free(&json);
}
