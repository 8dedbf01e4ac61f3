/* test_write.c: items back to JSON, and the growing text they are written to. */
#include "tests/unit/events.h"

#include <stdio.h>

static const struct {
    const char *item, *typed, *plain;
} rows[] = {
    { "{'a':{'S':''}}", "{'a':{'S':''}}", "{'a':''}" },
    { "{ 'a' : { 'S' : 'x' } , 'b' : { 'N' : '1.50' } }", "{'a':{'S':'x'},'b':{'N':'1.50'}}", "{'a':'x','b':1.50}" },
    { "{'n':{'N':'+1'}}", "{'n':{'N':'+1'}}", "{'n':1}" }, /* no JSON number: the canonical form */
    { "{'n':{'N':'007.50'}}", "{'n':{'N':'007.50'}}", "{'n':7.5}" },
    { "{'n':{'N':'-0'}}", "{'n':{'N':'-0'}}", "{'n':-0}" },
    { "{'n':{'N':'1E2'}}", "{'n':{'N':'1E2'}}", "{'n':1E2}" },
    { "{'n':{'N':'99999999999999999999999999999999999999'}}", "{'n':{'N':'99999999999999999999999999999999999999'}}",
      "{'n':99999999999999999999999999999999999999}" },
    { "{'b':{'B':'AGZvbw=='},'e':{'B':''}}", "{'b':{'B':'AGZvbw=='},'e':{'B':''}}", "{'b':'AGZvbw==','e':''}" },
    { "{'t':{'BOOL':true},'f':{'BOOL':false}}", "{'t':{'BOOL':true},'f':{'BOOL':false}}", "{'t':true,'f':false}" },
    { "{'z':{'NULL':true},'y':{'NULL':false}}", "{'z':{'NULL':true},'y':{'NULL':true}}", "{'z':null,'y':null}" },
    { "{'m':{'M':{}},'l':{'L':[]}}", "{'m':{'M':{}},'l':{'L':[]}}", "{'m':{},'l':[]}" },
    { "{'m':{'M':{'a':{'L':[{'M':{'x':{'S':'y'}}},{'S':'z'}]},'b':{'S':'w'}}}}",
      "{'m':{'M':{'a':{'L':[{'M':{'x':{'S':'y'}}},{'S':'z'}]},'b':{'S':'w'}}}}",
      "{'m':{'a':[{'x':'y'},'z'],'b':'w'}}" },
    { "{'s':{'SS':['a','b']},'n':{'NS':['1','+2']},'b':{'BS':['AA==','']}}",
      "{'s':{'SS':['a','b']},'n':{'NS':['1','+2']},'b':{'BS':['AA==','']}}",
      "{'s':['a','b'],'n':[1,2],'b':['AA==','']}" },
    { "{'s':{'SS':[]},'n':{'NS':[]},'b':{'BS':[]},'':{'S':'x'}}",
      "{'s':{'SS':[]},'n':{'NS':[]},'b':{'BS':[]},'':{'S':'x'}}", "{'s':[],'n':[],'b':[],'':'x'}" },
    { "{'\\u0022\\u0007':{'S':'\\u0000\\/\\\\\\b\\f\\n\\r\\t\\u000b\\u001f\\u007f\\u00e9'}}",
      "{'\\\"\\u0007':{'S':'\\u0000/\\\\\\b\\f\\n\\r\\t\\u000b\\u001f\\u007f\xc3\xa9'}}",
      "{'\\\"\\u0007':'\\u0000/\\\\\\b\\f\\n\\r\\t\\u000b\\u001f\\u007f\xc3\xa9'}" },
};

static void check_writing(const ddbs_item *item, bool typed, const char *want)
{
    struct parsed scratch = { .event = NULL };
    if (ddbs_arena_new(&scratch.arena, 0) != DDBS_OK)
        abort();
    ddbs_buf text = new_text(&scratch);
    ddbs_write__item(&text, item, typed);
    CHECK(!text.failed && text.ptr[text.len] == '\0');
    ddbs_str json = json_text(want);
    if (!CHECK(text.len == json.len && memcmp(text.ptr, json.ptr, json.len) == 0))
        CHECK_STR(text.ptr, want);
    parsed_free(&scratch);
}

TEST(items_are_written_compact_in_their_order)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const ddbs_item *item;
        struct parsed p = item_of(rows[i].item, &item);
        REQUIRE(item != NULL);
        check_writing(item, true, rows[i].typed);
        check_writing(item, false, rows[i].plain);
        parsed_free(&p);
    }
}

TEST(no_item_is_written_as_an_empty_object)
{
    check_writing(NULL, true, "{}");
    check_writing(NULL, false, "{}");
}

TEST(the_deepest_values_are_written)
{
    struct parsed scratch = { .event = NULL };
    const ddbs_item *item;
    REQUIRE(ddbs_arena_new(&scratch.arena, 0) == DDBS_OK);
    ddbs_buf text = new_text(&scratch), again = new_text(&scratch);
    ddbs_buf__text(&text, "{\"a\":");
    for (int i = 1; i < DDBS_VALUE_DEPTH_MAX; i++)
        ddbs_buf__text(&text, i % 2 ? "{\"M\":{\"a\":" : "{\"L\":[");
    ddbs_buf__text(&text, "{\"M\":{}}");
    for (int i = DDBS_VALUE_DEPTH_MAX - 1; i > 0; i--)
        ddbs_buf__text(&text, i % 2 ? "}}" : "]}");
    ddbs_buf__text(&text, "}");
    struct parsed p = parse_item(text.ptr, text.len, &item);
    REQUIRE(item != NULL);
    ddbs_write__item(&again, item, true);
    CHECK_VIEW(again, text.ptr);
    parsed_free(&p);
    parsed_free(&scratch);
}

/* ---- The growing text ---- */

TEST(a_text_grows_with_what_is_appended)
{
    struct parsed scratch = { .event = NULL };
    REQUIRE(ddbs_arena_new(&scratch.arena, 0) == DDBS_OK);
    ddbs_buf text = new_text(&scratch);
    for (int i = 0; i < 10000; i++)
        ddbs_buf__format(&text, "%d,", i % 10);
    CHECK(!text.failed);
    REQUIRE(text.len == 20000 && text.ptr[20000] == '\0');
    for (size_t i = 0; i < 10000; i++)
        REQUIRE(text.ptr[i * 2] == (char)('0' + i % 10) && text.ptr[i * 2 + 1] == ',');
    parsed_free(&scratch);
}

TEST(every_length_around_the_capacity_is_written_whole)
{
    char bytes[600];
    memset(bytes, 'x', sizeof bytes);
    for (size_t len = 0; len < sizeof bytes; len++) {
        struct parsed scratch = { .event = NULL };
        REQUIRE(ddbs_arena_new(&scratch.arena, 0) == DDBS_OK);
        ddbs_buf text = new_text(&scratch);
        ddbs_buf__bytes(&text, bytes, len);
        ddbs_buf__format(&text, "%.*s", (int)len, bytes);
        REQUIRE(!text.failed && text.len == len * 2 && text.ptr[text.len] == '\0');
        REQUIRE(memcmp(text.ptr, bytes, len) == 0 && memcmp(text.ptr + len, bytes, len) == 0);
        parsed_free(&scratch);
    }
}

TEST(base64_is_written_as_a_string)
{
    static const struct {
        const char *bytes, *want;
    } table[] = { { "", "''" }, { "f", "'Zg=='" }, { "fo", "'Zm8='" }, { "foo", "'Zm9v'" } };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct parsed scratch = { .event = NULL };
        REQUIRE(ddbs_arena_new(&scratch.arena, 0) == DDBS_OK);
        ddbs_buf text = new_text(&scratch);
        ddbs_buf__base64(&text, (const unsigned char *)table[i].bytes, strlen(table[i].bytes));
        ddbs_str want = json_text(table[i].want);
        CHECK(text.len == want.len && memcmp(text.ptr, want.ptr, want.len) == 0 && text.ptr[text.len] == '\0');
        parsed_free(&scratch);
    }
}

TEST(after_a_failed_append_nothing_is_appended_and_nothing_lost)
{
    ddbs_arena *arena = NULL;
    REQUIRE(ddbs_arena_new(&arena, 1024) == DDBS_OK);
    ddbs_buf text = { .arena = arena };
    ddbs_buf__text(&text, "kept");
    char large[2000];
    memset(large, 'x', sizeof large);
    ddbs_buf__bytes(&text, large, sizeof large);
    CHECK(text.failed);
    ddbs_buf__text(&text, "more");
    ddbs_buf__json(&text, "more", 4);
    ddbs_buf__format(&text, "%d", 5);
    ddbs_buf__base64(&text, (const unsigned char *)"more", 4);
    CHECK(text.failed);
    CHECK_VIEW(text, "kept");
    ddbs_arena_free(arena);
}

TEST(a_text_that_never_got_memory_has_failed)
{
    ddbs_arena *arena = NULL;
    REQUIRE(ddbs_arena_new(&arena, 16) == DDBS_OK);
    ddbs_buf text = { .arena = arena };
    ddbs_buf__text(&text, "x");
    CHECK(text.failed && text.len == 0);
    ddbs_buf other = { .arena = arena };
    ddbs_buf__json(&other, text.ptr, text.len);
    CHECK(other.failed);
    ddbs_arena_free(arena);
}
