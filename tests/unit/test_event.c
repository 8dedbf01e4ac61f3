/* test_event.c: the envelope of an event: what is accepted, what is refused, windows, limits. */
#include "tests/unit/events.h"

#include <stdio.h>

#define ONE RECORD("INSERT", "1", "")

static const struct {
    const char *text;
    ddbs_source source;
    size_t count;
} accepted[] = {
    { "{'Records':[]}", DDBS_SOURCE_DYNAMODB, 0 },
    { " \t\r\n{ 'Records' : [ ] } \n", DDBS_SOURCE_DYNAMODB, 0 },
    { "[]", DDBS_SOURCE_PIPES, 0 },
    { " [ ] ", DDBS_SOURCE_PIPES, 0 },
    { EVENT(ONE), DDBS_SOURCE_DYNAMODB, 1 },
    { EVENT(ONE " , " ONE "," ONE), DDBS_SOURCE_DYNAMODB, 3 },
    { "{'R\\u0065cords':[" ONE "]}", DDBS_SOURCE_DYNAMODB, 1 },
    { "{'a':[1,{'Records':5}],'Records':[" ONE "],'b':null,'b':1}", DDBS_SOURCE_DYNAMODB, 1 },
    { "{'Records':[],'records':1,'unknown':'\\ud800'}", DDBS_SOURCE_DYNAMODB, 0 },
    { "[{'eventID':'x'," SOURCE ",'dynamodb':{'SequenceNumber':'7'}}]", DDBS_SOURCE_PIPES, 1 },
    { EVENT("{'eventSource':'aws:kinesis','kinesis':{'sequenceNumber':'7'}}"), DDBS_SOURCE_KINESIS, 1 },
    { "{'Records':[],'shardId':'s','eventSourceARN':'a','isFinalInvokeForWindow':true,'isWindowTerminatedEarly':false,"
      "'state':'\\udc00','window':null}",
      DDBS_SOURCE_DYNAMODB, 0 },
};

TEST(events_of_every_source_are_accepted)
{
    for (size_t i = 0; i < sizeof accepted / sizeof *accepted; i++) {
        struct parsed p = parse(accepted[i].text);
        bool held = CHECK_STATUS(p.status, DDBS_OK) && CHECK(p.event != NULL);
        if (held) {
            held = CHECK_INT(ddbs_event_source(p.event), accepted[i].source);
            held = CHECK_INT(ddbs_event_count(p.event), accepted[i].count) && held;
            held = CHECK(ddbs_event_window(p.event) == NULL) && held;
            held = CHECK_STATUS(p.error.status, DDBS_OK) && held;
        }
        if (!held)
            CHECK_STR(accepted[i].text, "(accepted)");
        parsed_free(&p);
    }
}

static const struct {
    const char *text;
    ddbs_status status;
    const char *path;
} refused[] = {
    /* no JSON */
    { "", DDBS_E_SYNTAX, "" },
    { "  ", DDBS_E_SYNTAX, "" },
    { "{", DDBS_E_SYNTAX, "" },
    { "{'Records':[]", DDBS_E_SYNTAX, "" },
    { "{'Records':[}", DDBS_E_SYNTAX, NULL },
    { "{'Records':[]]", DDBS_E_SYNTAX, "" },
    { "{'Records':[],}", DDBS_E_SYNTAX, "" },
    { "{'Records' []}", DDBS_E_SYNTAX, NULL },
    { "{Records:[]}", DDBS_E_SYNTAX, "" },
    { "{'Records':[],'a':01}", DDBS_E_SYNTAX, NULL },
    { "{'Records':[],'a':NaN}", DDBS_E_SYNTAX, NULL },
    { "{'Records':[],'a':'\x01'}", DDBS_E_SYNTAX, NULL },
    { "{'Records':[],'a':'\\x'}", DDBS_E_SYNTAX, NULL },
    { "{'Records':[],'a':[1,]}", DDBS_E_SYNTAX, NULL },
    { "{'Records':[]} x", DDBS_E_SYNTAX, "" },
    { "{'Records':[]}{}", DDBS_E_SYNTAX, "" },
    { "[] []", DDBS_E_SYNTAX, "" },
    { "[],", DDBS_E_SYNTAX, "" },
    { "\xef\xbb\xbf{'Records':[]}", DDBS_E_SYNTAX, "" }, /* a byte order mark */
    /* JSON, but no event */
    { "null", DDBS_E_EVENT, "" },
    { "5", DDBS_E_EVENT, "" },
    { "'Records'", DDBS_E_EVENT, "" },
    { "{}", DDBS_E_EVENT, "" },
    { "{'records':[]}", DDBS_E_EVENT, "" },
    { "{'Records':{}}", DDBS_E_EVENT, "Records" },
    { "{'Records':null}", DDBS_E_EVENT, "Records" },
    { "{'Records':'[]'}", DDBS_E_EVENT, "Records" },
    { "{'a':{'Records':[]}}", DDBS_E_EVENT, "" },
    /* elements */
    { "{'Records':[1]}", DDBS_E_SYNTAX, "Records[0]" },
    { "{'Records':[[]]}", DDBS_E_SYNTAX, "Records[0]" },
    { "{'Records':[null]}", DDBS_E_SYNTAX, "Records[0]" },
    { "{'Records':[" ONE ",]}", DDBS_E_SYNTAX, "Records[1]" },
    { "{'Records':[," ONE "]}", DDBS_E_SYNTAX, "Records[0]" },
    { "{'Records':[" ONE " " ONE "]}", DDBS_E_SYNTAX, "Records" },
    { "{'Records':[" ONE "," ONE ",'x']}", DDBS_E_SYNTAX, "Records[2]" },
    { "['x']", DDBS_E_SYNTAX, "[0]" },
    /* known members twice, also behind escapes */
    { "{'Records':[],'Records':[]}", DDBS_E_DUPLICATE, "Records" },
    { "{'Records':[],'\\u0052ecords':[]}", DDBS_E_DUPLICATE, "Records" },
    { "{'Records':[],'shardId':'a','shardId':'a'}", DDBS_E_DUPLICATE, "shardId" },
    { "{'Records':[],'eventSourceARN':'a','eventSourceARN':'a'}", DDBS_E_DUPLICATE, "eventSourceARN" },
    { "{'Records':[],'window':null,'window':null}", DDBS_E_DUPLICATE, "window" },
    { "{'Records':[],'state':1,'state':1}", DDBS_E_DUPLICATE, "state" },
    { "{'isFinalInvokeForWindow':true,'Records':[],'isFinalInvokeForWindow':true}", DDBS_E_DUPLICATE,
      "isFinalInvokeForWindow" },
    { "{'isWindowTerminatedEarly':true,'Records':[],'isWindowTerminatedEarly':true}", DDBS_E_DUPLICATE,
      "isWindowTerminatedEarly" },
    { "{'Records':[],'window':{'start':'a','start':'a','end':'b'}}", DDBS_E_DUPLICATE, "window.start" },
    { "{'Records':[],'window':{'start':'a','end':'b','end':'b'}}", DDBS_E_DUPLICATE, "window.end" },
    /* wrong types */
    { "{'Records':[],'shardId':5}", DDBS_E_SYNTAX, "shardId" },
    { "{'Records':[],'shardId':null}", DDBS_E_SYNTAX, "shardId" },
    { "{'Records':[],'shardId':'\\ud800'}", DDBS_E_SYNTAX, "shardId" },
    { "{'Records':[],'eventSourceARN':{}}", DDBS_E_SYNTAX, "eventSourceARN" },
    { "{'Records':[],'eventSourceARN':'\\udc00\\ud800'}", DDBS_E_SYNTAX, "eventSourceARN" },
    { "{'Records':[],'window':[]}", DDBS_E_SYNTAX, "window" },
    { "{'Records':[],'window':'x'}", DDBS_E_SYNTAX, "window" },
    { "{'Records':[],'window':nul}", DDBS_E_SYNTAX, "window" },
    { "{'Records':[],'window':{}}", DDBS_E_SYNTAX, "window" },
    { "{'Records':[],'window':{'start':'a'}}", DDBS_E_SYNTAX, "window" },
    { "{'Records':[],'window':{'end':'a'}}", DDBS_E_SYNTAX, "window" },
    { "{'Records':[],'window':{'start':1,'end':'a'}}", DDBS_E_SYNTAX, "window.start" },
    { "{'Records':[],'window':{'start':'a','end':'\\ud800'}}", DDBS_E_SYNTAX, "window.end" },
    { "{'Records':[],'isFinalInvokeForWindow':'true'}", DDBS_E_SYNTAX, "isFinalInvokeForWindow" },
    { "{'Records':[],'isFinalInvokeForWindow':null}", DDBS_E_SYNTAX, "isFinalInvokeForWindow" },
    { "{'Records':[],'isWindowTerminatedEarly':0}", DDBS_E_SYNTAX, "isWindowTerminatedEarly" },
    { "{'Records':[],'state':}", DDBS_E_SYNTAX, "state" },
    { "{'Records':[],'state':{'a':tru}}", DDBS_E_SYNTAX, "state" },
};

TEST(what_is_no_event_is_refused_with_its_place)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct parsed p = parse(refused[i].text);
        bool held = CHECK_STATUS(p.status, refused[i].status) && CHECK(p.event == NULL);
        held = CHECK_STATUS(p.error.status, refused[i].status) && held;
        held = CHECK(p.error.reason[0] != '\0' && p.error.offset <= strlen(refused[i].text)) && held;
        if (refused[i].path != NULL)
            held = CHECK_STR(p.error.path, refused[i].path) && held;
        if (!held)
            CHECK_STR(refused[i].text, "(refused)");
        parsed_free(&p);
    }
}

TEST(no_place_for_an_error_is_fine)
{
    const ddbs_event *event = NULL;
    ddbs_arena *arena = NULL;
    REQUIRE(ddbs_arena_new(&arena, 0) == DDBS_OK);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        ddbs_str text = json_text(refused[i].text);
        CHECK_STATUS(ddbs_event_parse(arena, text.ptr, text.len, NULL, &event, NULL), refused[i].status);
    }
    CHECK(event == NULL);
    ddbs_arena_free(arena);
}

TEST(a_window_is_read_whole)
{
    struct parsed p = parse("{'Records':[],'shardId':'shard\\u0020A','window':{'x':1,'start':'2026-10-19T08:40:00Z',"
                            "'end':'2026\\u002d10-19T08:42:00Z','x':2},'state': {'count': 1 } ,"
                            "'isFinalInvokeForWindow':true,'isWindowTerminatedEarly':true}");
    REQUIRE(p.event != NULL && ddbs_event_window(p.event) != NULL);
    const ddbs_window *window = ddbs_event_window(p.event);
    CHECK_VIEW(window->start, "2026-10-19T08:40:00Z");
    CHECK_VIEW(window->end, "2026-10-19T08:42:00Z");
    CHECK_VIEW(window->shard_id, "shard A");
    CHECK_VIEW(window->state, "{\"count\": 1 }");
    CHECK(window->start.ptr[20] == '\0' && window->end.ptr[20] == '\0' && window->shard_id.ptr[7] == '\0');
    CHECK(window->final && window->terminated_early);
    parsed_free(&p);
}

TEST(a_window_without_the_rest_has_its_defaults)
{
    struct parsed p = parse("{'window':{'start':'a','end':''},'Records':[]}");
    REQUIRE(p.event != NULL && ddbs_event_window(p.event) != NULL);
    const ddbs_window *window = ddbs_event_window(p.event);
    CHECK_VIEW(window->state, "{}");
    CHECK(window->shard_id.ptr == NULL && !window->final && !window->terminated_early);
    parsed_free(&p);
}

/* ---- Limits ---- */

/* An event of `size` bytes: an empty batch and blanks. */
static struct parsed parse_size(size_t size)
{
    char *text = malloc(size);
    if (text == NULL)
        abort();
    memset(text, ' ', size);
    memcpy(text, "{\"Records\":[]}", 14);
    struct parsed p = parse_bytes(text, size, NULL);
    p.event = NULL;
    free(text);
    return p;
}

TEST(an_event_has_at_most_6291556_bytes)
{
    CHECK_INT(DDBS_EVENT_BYTES_MAX, 6291556);
    struct parsed p = parse_size(DDBS_EVENT_BYTES_MAX);
    CHECK_STATUS(p.status, DDBS_OK);
    parsed_free(&p);
    p = parse_size(DDBS_EVENT_BYTES_MAX + 1);
    CHECK_STATUS(p.status, DDBS_E_LIMIT);
    parsed_free(&p);
}

TEST(an_event_has_at_most_10000_records)
{
    for (size_t count = 9999; count <= 10001; count++) {
        struct parsed scratch = { .event = NULL };
        REQUIRE(ddbs_arena_new(&scratch.arena, 0) == DDBS_OK);
        ddbs_buf text = new_text(&scratch);
        ddbs_buf__text(&text, "{\"Records\":[");
        for (size_t i = 1; i <= count; i++)
            ddbs_buf__format(&text, "%s{\"eventSource\":\"aws:dynamodb\",\"dynamodb\":{\"SequenceNumber\":\"%zu\"}}",
                             i == 1 ? "" : ",", i);
        ddbs_buf__text(&text, "]}");
        struct parsed p = parse_bytes(text.ptr, text.len, NULL);
        CHECK_STATUS(p.status, count <= 10000 ? DDBS_OK : DDBS_E_LIMIT);
        REQUIRE((p.event != NULL) == (count <= 10000));
        if (p.event != NULL) {
            CHECK_INT(ddbs_event_count(p.event), count);
            CHECK(ddbs_event_ordered(p.event));
            ddbs_str last = ddbs_event_sequence(p.event, count - 1);
            CHECK(last.len == (count < 10000 ? 4 : 5) &&
                  memcmp(last.ptr, count < 10000 ? "9999" : "10000", last.len) == 0);
        }
        parsed_free(&p);
        parsed_free(&scratch);
    }
}

/* `text` with `depth` opened and closed brackets for its '%'. */
static ddbs_status status_of_depth(const char *text, size_t depth)
{
    struct parsed scratch = { .event = NULL };
    if (ddbs_arena_new(&scratch.arena, 0) != DDBS_OK)
        abort();
    ddbs_buf event = new_text(&scratch);
    ddbs_str json = json_text(text);
    size_t place = (size_t)((const char *)memchr(json.ptr, '%', json.len) - json.ptr);
    ddbs_buf__bytes(&event, json.ptr, place);
    for (size_t i = 0; i < depth; i++)
        ddbs_buf__text(&event, "[");
    for (size_t i = 0; i < depth; i++)
        ddbs_buf__text(&event, "]");
    ddbs_buf__bytes(&event, json.ptr + place + 1, json.len - place - 1);
    struct parsed p = parse_bytes(event.ptr, event.len, NULL);
    ddbs_status status = p.status;
    if (status == DDBS_OK && ddbs_event_count(p.event) > 0) {
        CHECK(record_of(&p, 0) != NULL);
        status = p.status;
    }
    parsed_free(&p);
    parsed_free(&scratch);
    return status;
}

TEST(brackets_are_nested_up_to_1024_everywhere)
{
    static const struct {
        const char *text;
        size_t outside;
    } places[] = {
        { "%", 0 }, /* accepted as far as nesting goes: a bare array whose element is no record */
        { "{'a':%,'Records':[]}", 1 },
        { "{'Records':[],'state':%}", 1 },
        { "{'Records':[],'window':{'start':'a','end':'b','x':%}}", 2 },
        { "{'Records':[{'x':%," SOURCE ",'dynamodb':{'SequenceNumber':'1'}}]}", 3 },
        { "{'Records':[{" SOURCE ",'dynamodb':{'SequenceNumber':'1','x':%}}]}", 4 },
        { "[{'eventID':'e','x':%," SOURCE ",'dynamodb':{'SequenceNumber':'1'}}]", 2 },
    };
    for (size_t i = 1; i < sizeof places / sizeof *places; i++) {
        size_t most = 1024 - places[i].outside;
        bool held = CHECK_STATUS(status_of_depth(places[i].text, most), DDBS_OK);
        held = CHECK_STATUS(status_of_depth(places[i].text, most + 1), DDBS_E_LIMIT) && held;
        if (!held)
            CHECK_STR(places[i].text, "(nested)");
    }
    CHECK_STATUS(status_of_depth(places[0].text, 1), DDBS_OK);
    CHECK_STATUS(status_of_depth(places[0].text, 2), DDBS_E_SYNTAX);
}
