/* test_json.c: the strict scanner: what RFC 8259 allows, what it does not, and where the error is. */
#include "lib/json.h"
#include "tests/unit/events.h"

#include <stdio.h>

/* Whether `text` is one JSON value, blanks around it included, as an event's envelope is read. */
static struct json scan(const char *text, size_t len, bool *accepted)
{
    struct json json = { .text = text, .len = len };
    *accepted = ddbs_json__skip(&json, 0);
    if (*accepted)
        ddbs_json__space(&json);
    return json;
}

static const char *const valid[] = {
    "null",
    "true",
    "false",
    "''",
    "0",
    "-0",
    "-1",
    "10",
    "1.5",
    "0.0",
    "1e5",
    "1E+05",
    "1e-5",
    "-0.5E-00",
    "[]",
    "{}",
    "[1]",
    "[1,2]",
    "[[],{},[[]]]",
    "{'a':1}",
    "{'a':1,'a':2,'':{}}",
    " \t\n\r[ \t\n\r1 \t\n\r, 2 ] \t\n\r",
    "{ 'a' : [ { } ] , 'b' : null }",
    "'\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\uABCD\\uabcd'",
    "'\\ud800'", /* grammatical; what hands strings out looks closer */
    "'\\udc00\\ud800'",
    "'\x7f\xc3\xa9'",
};

TEST(valid_values_are_accepted_to_their_end)
{
    for (size_t i = 0; i < sizeof valid / sizeof *valid; i++) {
        bool accepted;
        ddbs_str text = json_text(valid[i]);
        struct json json = scan(text.ptr, text.len, &accepted);
        if (!CHECK(accepted && json.at == text.len && json.reason == NULL))
            CHECK_STR(valid[i], "(accepted)");
    }
}

static const struct {
    const char *text;
    size_t fault;
} invalid[] = {
    { "", 0 },
    { " ", 1 },
    { "nul", 0 },
    { "nulL", 0 },
    { "True", 0 },
    { "tru", 0 },
    { "NaN", 0 },
    { "Infinity", 0 },
    { "-Infinity", 1 },
    { "-", 1 },
    { "+1", 0 },
    { ".5", 0 },
    { "1.", 2 },
    { "1.e5", 2 },
    { "1e", 2 },
    { "1e+", 3 },
    { "-a", 1 },
    { "'", 1 },
    { "'abc", 4 },
    { "'a\nb'", 2 },
    { "'\x01'", 1 },
    { "'\x1f'", 1 },
    { "'\\x'", 1 },
    { "'\\'", 3 }, /* the quote is escaped, then nothing */
    { "'\\u12'", 1 },
    { "'\\u12g4'", 1 },
    { "'\\u12G4'", 1 },
    { "'\\u12/4'", 1 },
    { "'\\u12:4'", 1 },
    { "'\\u12@4'", 1 },
    { "'\\u12`4'", 1 },
    { "'\\U0041'", 1 },
    { "'\\", 1 },
    { "[", 1 },
    { "[1", 2 },
    { "[1,", 3 },
    { "[1,]", 3 },
    { "[,1]", 1 },
    { "[1 2]", 3 },
    { "[1}", 2 },
    { "{", 1 },
    { "{]", 1 },
    { "{'a'}", 4 },
    { "{'a' 1}", 5 },
    { "{'a':}", 5 },
    { "{'a':1,}", 7 },
    { "{a:1}", 1 },
    { "{1:1}", 1 },
    { "{'a':1 'b':2}", 7 },
    { "]", 0 },
    { "/**/1", 0 },
    { "\v1", 0 },
    { "\xef\xbb\xbf"
      "1",
      0 }, /* a byte order mark */
    { "\xc2\xa0"
      "1",
      0 }, /* a blank that is not JSON's */
};

TEST(invalid_values_are_refused_at_the_wrong_byte)
{
    for (size_t i = 0; i < sizeof invalid / sizeof *invalid; i++) {
        bool accepted;
        ddbs_str text = json_text(invalid[i].text);
        struct json json = scan(text.ptr, text.len, &accepted);
        bool held = CHECK(!accepted) && CHECK_STATUS(json.status, DDBS_E_SYNTAX) && CHECK(json.reason != NULL);
        if (!held || !CHECK_INT(json.fault, invalid[i].fault))
            CHECK_STR(invalid[i].text, "(refused)");
    }
}

/* One value ends here; what stands behind it is for the caller to judge. */
TEST(a_leading_zero_ends_the_number)
{
    static const char *const texts[] = { "01", "00", "-01", "1.5.5", "1e5.5", "0x10", "1true" };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        bool accepted;
        struct json json = scan(texts[i], strlen(texts[i]), &accepted);
        CHECK(accepted && json.at < strlen(texts[i]));
    }
}

TEST(every_cut_of_a_value_is_refused)
{
    ddbs_str text = json_text("{'a':[1.5e-7,'\\ud83d\\ude00\\n',true,null,{'b':{}}],'c':-0}");
    for (size_t len = 0; len < text.len; len++) {
        bool accepted;
        struct json json = scan(check_guard(text.ptr, len), len, &accepted);
        CHECK(!accepted && json.fault <= len);
    }
}

TEST(nesting_is_allowed_up_to_1024_brackets_and_not_further)
{
    for (size_t depth = 1022; depth <= 1025; depth++) {
        for (size_t outside = 0; outside < 3; outside++) {
            char text[2100];
            memset(text, '[', depth);
            memset(text + depth, ']', depth);
            struct json json = { .text = text, .len = depth * 2 };
            bool accepted = ddbs_json__skip(&json, outside);
            CHECK(accepted == (depth + outside <= 1024));
            CHECK(accepted || (json.status == DDBS_E_LIMIT && json.fault == 1024 - outside));
        }
    }
}

TEST(brackets_of_both_kinds_are_told_apart_at_every_depth)
{
    char text[800], wrong[800];
    size_t len = 0;
    for (size_t i = 0; i < 100; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s", i % 3 == 0 ? "[" : "{\"n\":");
    for (size_t i = 100; i-- > 0;)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s", i % 3 == 0 ? "]" : "}");
    struct json json = { .text = text, .len = len };
    REQUIRE(ddbs_json__skip(&json, 0));
    for (size_t i = len - 100; i < len; i++) {
        memcpy(wrong, text, len);
        wrong[i] = text[i] == ']' ? '}' : ']';
        json = (struct json){ .text = wrong, .len = len };
        CHECK(!ddbs_json__skip(&json, 0));
        CHECK_INT(json.fault, i);
    }
}

TEST(surrogate_escapes_must_pair_where_strings_are_handed_out)
{
    static const struct {
        const char *text;
        bool paired;
    } rows[] = {
        { "'\\ud83d\\ude00'", true },
        { "'\\uD800\\uDC00'", true },
        { "'\\udbff\\udfff'", true },
        { "'\\ue000'", true },
        { "'\\ud7ff'", true },
        { "'\\ud800'", false },
        { "'\\udfff'", false },
        { "'\\ude00\\ud83d'", false },
        { "'\\ud83dx'", false },
        { "'\\ud83d\\n'", false },
        { "'\\ud83d\\u0041'", false },
        { "'\\ud83d\\ue000'", false },
        { "'\\udbff\\udbff'", false },
        { "'\\ud83d\\ud83d\\ude00'", false },
        { "'\\ud83d\\ude00\\ude00'", false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct json_string string;
        ddbs_str text = json_text(rows[i].text);
        struct json json = { .text = text.ptr, .len = text.len, .pairs = true };
        if (!CHECK(ddbs_json__string(&json, &string) == rows[i].paired))
            CHECK_STR(rows[i].text, rows[i].paired ? "(accepted)" : "(refused)");
    }
}

TEST(escapes_resolve_to_their_characters)
{
    static const struct {
        const char *text, *want;
        size_t len;
    } rows[] = {
        { "plain", "plain", 5 },
        { "\\\"\\\\\\/", "\"\\/", 3 },
        { "\\b\\f\\n\\r\\t", "\b\f\n\r\t", 5 },
        { "a\\u0000b", "a\0b", 3 },
        { "\\u0041\\u00e9\\u20AC", "A\xc3\xa9\xe2\x82\xac", 6 },
        { "\\ud83d\\ude00", "\xf0\x9f\x98\x80", 4 },
        { "\\udbff\\udfff", "\xf4\x8f\xbf\xbf", 4 },
        { "", "", 0 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t len = strlen(rows[i].text);
        char *place = check_guard(rows[i].text, len);
        CHECK_INT(ddbs_json__unescape(place, place, len), rows[i].len);
        CHECK(memcmp(place, rows[i].want, rows[i].len) == 0);
    }
}

TEST(names_are_compared_with_escapes_resolved)
{
    static const struct {
        const char *text, *name;
        bool equal;
    } rows[] = {
        { "Records", "Records", true },
        { "R\\u0065cords", "Records", true },
        { "\\u0052\\u0065\\u0063\\u006f\\u0072\\u0064\\u0073", "Records", true },
        { "a\\/b", "a/b", true },
        { "Record", "Records", false },
        { "Recordss", "Records", false },
        { "records", "Records", false },
        { "", "Records", false },
        { "", "", true },
        { "Records\\u0000", "Records", false },
        { "R\\u00g5cords", "Records", false }, /* bad escapes match nothing */
        { "Records\\", "Records", false },
        { "Records\\u00", "Records", false },
        { "\\x52ecords", "Records", false },
        { "Records\\ud800", "Records", false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t len = strlen(rows[i].text);
        struct json_string string = { .begin = 0, .end = len, .escaped = true };
        bool equal = ddbs_json__string_is(check_guard(rows[i].text, len), string, rows[i].name);
        if (!CHECK(equal == rows[i].equal))
            CHECK_STR(rows[i].text, rows[i].name);
    }
}

TEST(the_first_error_is_kept)
{
    struct json json = { .text = "", .len = 0 };
    CHECK(!ddbs_json__fail(&json, DDBS_E_LIMIT, 3, "the first"));
    CHECK(!ddbs_json__fail(&json, DDBS_E_SYNTAX, 9, "the second"));
    CHECK_STATUS(json.status, DDBS_E_LIMIT);
    CHECK_INT(json.fault, 3);
    CHECK_STR(json.reason, "the first");
}
