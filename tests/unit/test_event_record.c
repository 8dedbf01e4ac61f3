/* test_event_record.c: what the index reads of each record, and nothing else: its end, its event source and the number
 * that reports it. A wrong hit here would acknowledge lost records. */
#include "tests/unit/events.h"

#include <stdio.h>

#define DIGITS_128                                                                                                     \
    "1234567890123456789012345678901234567890123456789012345678901234"                                                 \
    "5678901234567890123456789012345678901234567890123456789012345678"

static const struct {
    const char *record;
    const char *sequence;
} found[] = {
    { "{" SOURCE ",'dynamodb':{'SequenceNumber':'7'}}", "7" },
    { "{'dynamodb':{'SequenceNumber':'7'}," SOURCE "}", "7" }, /* the source is known only later */
    { "{ 'dynamodb' : { 'SequenceNumber' : '7' } , 'eventSource' : 'aws:dynamodb' }", "7" },
    { "{" SOURCE ",'dynamodb':{'SequenceNumber':'" DIGITS_128 "'}}", DIGITS_128 },
    { "{" SOURCE ",'dynamodb':{'SequenceNumber':'0007'}}", "0007" },
    { "{" SOURCE ",'dyn\\u0061modb':{'Sequence\\u004eumber':'7'}}", "7" },
    /* the same name at other places */
    { "{'SequenceNumber':'1'," SOURCE ",'dynamodb':{'SequenceNumber':'7'},'sequenceNumber':'2'}", "7" },
    { "{" SOURCE ",'x':{'SequenceNumber':'1'},'dynamodb':{'SequenceNumber':'7'}}", "7" },
    { "{" SOURCE ",'x':{'dynamodb':{'SequenceNumber':'1'}},'dynamodb':{'SequenceNumber':'7'}}", "7" },
    { "{" SOURCE ",'dynamodb':{'NewImage':{'SequenceNumber':'1'},'SequenceNumber':'7','x':[{'SequenceNumber':'2'}]}}",
      "7" },
    { "{" SOURCE ",'dynamodb':{'NewImage':{'SequenceNumber':{'S':'1'}},'SequenceNumber':'7'}}", "7" },
    { "{" SOURCE ",'dynamodb':{'SequenceNumber':'7'},'kinesis':{'sequenceNumber':'1','SequenceNumber':'2'}}", "7" },
    { "{" SOURCE ",'dynamodb':{'sequenceNumber':'1','SequenceNumber':'7'}}", "7" },
    { "{'x':'SequenceNumber'," SOURCE ",'dynamodb':{'y':'SequenceNumber','SequenceNumber':'7'}}", "7" },
    { "{'x':'}]\\\"{[',"
      "'y':'\\\\'," SOURCE ",'dynamodb':{'z':'\\\"SequenceNumber\\\":\\\"1\\\"','SequenceNumber':'7'}}",
      "7" },
    { "{" SOURCE ",'dynamodb':{'SequenceNumber':'7'},'x':{'eventSource':'aws:kinesis'}}", "7" },
    { "{" SOURCE ",'dynamodb':{'x\\q':'1','SequenceNumber\\u00':'2','SequenceNumber':'7'}}", "7" },
    { "{" SOURCE ",'dynamodb':{'SequenceNumber':'7'},'x':['SequenceNumber':'1'],'y' {'SequenceNumber':'2'}}", "7" },
    /* bad inside, yet the index knows where it ends and what it is called */
    { "{" SOURCE ",'dynamodb':{'SequenceNumber':'7'} nonsense , ,: 'x' }", "7" },
    { "{" SOURCE " 'dynamodb':{'SequenceNumber':'7','Keys':{'a':{'S':}}}}", "7" },
    { "{" SOURCE ",'dynamodb':{'x':'SequenceNumber':'1','SequenceNumber':'7'}}", "7" },
    { "{" SOURCE ",'dynamodb':{'SequenceNumber':'7'},'dynamodb':{}}", "7" },
};

TEST(the_sequence_number_is_read_at_exactly_its_place)
{
    for (size_t i = 0; i < sizeof found / sizeof *found; i++) {
        char text[800];
        snprintf(text, sizeof text, "{'Records':[ %s ]}", found[i].record);
        struct parsed p = parse(text);
        bool held = CHECK_STATUS(p.status, DDBS_OK) && CHECK_INT(ddbs_event_count(p.event), 1);
        held = held && CHECK_VIEW(ddbs_event_sequence(p.event, 0), found[i].sequence);
        held = held && CHECK_VIEW(ddbs_event_identifier(p.event, 0), found[i].sequence);
        ddbs_str want = json_text(found[i].record), raw = held ? ddbs_event_raw(p.event, 0) : want;
        if (!CHECK(raw.len == want.len && memcmp(raw.ptr, want.ptr, want.len) == 0) || !held)
            CHECK_STR(found[i].record, "(found)");
        parsed_free(&p);
    }
}

#define STREAM(text) "{" SOURCE ",'dynamodb':{" text "}}"

static const struct {
    const char *record;
    ddbs_status status;
    const char *path;
} refused[] = {
    { "{'dynamodb':{'SequenceNumber':'7'}}", DDBS_E_EVENT, ".eventSource" },
    { "{'eventSource':'aws:s3','dynamodb':{'SequenceNumber':'7'}}", DDBS_E_EVENT, ".eventSource" },
    { "{'eventSource':'aws:dynamodb ','dynamodb':{'SequenceNumber':'7'}}", DDBS_E_EVENT, ".eventSource" },
    { "{'eventSource':'aws\\u003adynamodb','dynamodb':{'SequenceNumber':'7'}}", DDBS_E_EVENT, ".eventSource" },
    { "{'EventSource':'aws:sns','Sns':{}}", DDBS_E_EVENT, ".eventSource" },
    { "{'eventSource':null,'dynamodb':{'SequenceNumber':'7'}}", DDBS_E_SYNTAX, ".eventSource" },
    { "{'eventSource':['aws:dynamodb'],'dynamodb':{'SequenceNumber':'7'}}", DDBS_E_SYNTAX, ".eventSource" },
    { "{" SOURCE "," SOURCE ",'dynamodb':{'SequenceNumber':'7'}}", DDBS_E_DUPLICATE, ".eventSource" },
    { "{" SOURCE "}", DDBS_E_SYNTAX, ".dynamodb.SequenceNumber" },
    { "{" SOURCE ",'SequenceNumber':'7','kinesis':{'sequenceNumber':'7'}}", DDBS_E_SYNTAX, ".dynamodb.SequenceNumber" },
    { "{" SOURCE ",'dynamodb':[{'SequenceNumber':'7'}]}", DDBS_E_SYNTAX, ".dynamodb.SequenceNumber" },
    { "{" SOURCE ",'dynamodb':['SequenceNumber':'7']}", DDBS_E_SYNTAX, ".dynamodb.SequenceNumber" },
    { "{" SOURCE ",'dynamodb' {'SequenceNumber':'7'}}", DDBS_E_SYNTAX, ".dynamodb.SequenceNumber" },
    { "{" SOURCE ",'dynamodb':x{'SequenceNumber':'7'}}", DDBS_E_SYNTAX, ".dynamodb.SequenceNumber" },
    { STREAM("'SequenceNumber' '7'"), DDBS_E_SYNTAX, ".dynamodb.SequenceNumber" },
    { STREAM("'SequenceNumber':'7','SequenceNumber':'7'"), DDBS_E_DUPLICATE, ".dynamodb.SequenceNumber" },
    { STREAM("'SequenceNumber':'7','Sequenc\\u0065Number':'8'"), DDBS_E_DUPLICATE, ".dynamodb.SequenceNumber" },
    { "{" SOURCE ",'dynamodb':{'SequenceNumber':'7'},'dynamodb':{'SequenceNumber':'8'}}", DDBS_E_DUPLICATE,
      ".dynamodb.SequenceNumber" },
    { STREAM("'SequenceNumber':''"), DDBS_E_SYNTAX, ".dynamodb.SequenceNumber" },
    { STREAM("'SequenceNumber':7"), DDBS_E_SYNTAX, ".dynamodb.SequenceNumber" },
    { STREAM("'SequenceNumber':null"), DDBS_E_SYNTAX, ".dynamodb.SequenceNumber" },
    { STREAM("'SequenceNumber':['7']"), DDBS_E_SYNTAX, ".dynamodb.SequenceNumber" },
    { STREAM("'SequenceNumber': x '7'"), DDBS_E_SYNTAX, ".dynamodb.SequenceNumber" },
    { STREAM("'SequenceNumber':'7a'"), DDBS_E_SYNTAX, ".dynamodb.SequenceNumber" },
    { STREAM("'SequenceNumber':'-7'"), DDBS_E_SYNTAX, ".dynamodb.SequenceNumber" },
    { STREAM("'SequenceNumber':' 7'"), DDBS_E_SYNTAX, ".dynamodb.SequenceNumber" },
    { STREAM("'SequenceNumber':'\\u0037'"), DDBS_E_SYNTAX, ".dynamodb.SequenceNumber" },
    { STREAM("'SequenceNumber':'7\\''"), DDBS_E_SYNTAX, NULL },
    { STREAM("'SequenceNumber':'" DIGITS_128 "9'"), DDBS_E_LIMIT, ".dynamodb.SequenceNumber" },
    { STREAM("'SequenceNumber':'" DIGITS_128 DIGITS_128 "'"), DDBS_E_LIMIT, ".dynamodb.SequenceNumber" },
    { STREAM("'SequenceNumber':'" DIGITS_128 DIGITS_128 "1'"), DDBS_E_LIMIT, ".dynamodb.SequenceNumber" },
    /* brackets */
    { "{" SOURCE ",'dynamodb':{'SequenceNumber':'7'],'x':1}", DDBS_E_SYNTAX, "" },
    { "{" SOURCE ",'dynamodb':{'SequenceNumber':'7'}]", DDBS_E_SYNTAX, "" },
    { "{" SOURCE ",'x':[},'dynamodb':{'SequenceNumber':'7'}}", DDBS_E_SYNTAX, "" },
    { STREAM("'SequenceNumber':'7'") "}", DDBS_E_SYNTAX, NULL },
    { "{" SOURCE ",'dynamodb':{'SequenceNumber':'7'}", DDBS_E_SYNTAX, NULL },
};

TEST(a_record_that_cannot_be_reported_refuses_the_event)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        char text[800], path[100];
        snprintf(text, sizeof text, EVENT(RECORD("INSERT", "1", "") ",%s"), refused[i].record);
        snprintf(path, sizeof path, "Records[1]%s", refused[i].path == NULL ? "" : refused[i].path);
        struct parsed p = parse(text);
        bool held = CHECK_STATUS(p.status, refused[i].status) && CHECK(p.event == NULL);
        held = held && (refused[i].path == NULL || (CHECK_STR(p.error.path, path) && CHECK_INT(p.error.record, 1)));
        if (!held)
            CHECK_STR(refused[i].record, "(refused)");
        parsed_free(&p);
    }
}

#define KINESIS(number) "{'eventSource':'aws:kinesis','kinesis':{'sequenceNumber':'" number "'}}"

TEST(records_of_kinesis_are_numbered_by_kinesis)
{
    struct parsed p = parse(EVENT("{'kinesis':{'sequenceNumber':'7','SequenceNumber':'1'},'eventSource':'aws:kinesis',"
                                  "'dynamodb':{'SequenceNumber':'2','sequenceNumber':'3'}}," KINESIS("8")));
    REQUIRE(p.event != NULL);
    CHECK_INT(ddbs_event_source(p.event), DDBS_SOURCE_KINESIS);
    CHECK_VIEW(ddbs_event_sequence(p.event, 0), "7");
    CHECK_VIEW(ddbs_event_identifier(p.event, 1), "8");
    parsed_free(&p);
}

TEST(sources_do_not_mix)
{
    static const char *const events[] = {
        EVENT(RECORD("INSERT", "1", "") "," KINESIS("2")),
        EVENT(KINESIS("1") "," RECORD("INSERT", "2", "")),
        "[{'eventID':'x','eventSource':'aws:kinesis','kinesis':{'sequenceNumber':'1'}}]",
    };
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        struct parsed p = parse(events[i]);
        CHECK_STATUS(p.status, DDBS_E_EVENT);
        CHECK_STR(p.error.path, i == 2 ? "[0].eventSource" : "Records[1].eventSource");
        parsed_free(&p);
    }
}

#define PIPED(id) "[{" id SOURCE ",'dynamodb':{'SequenceNumber':'7'}}]"

TEST(pipes_records_are_named_by_their_event_id)
{
    ddbs_event_options by_sequence = { .pipes_report_sequence = true };
    struct parsed p = parse(PIPED("'x':{'eventID':'no'},'eventID':'a:/~ ! 9',"));
    REQUIRE(p.event != NULL);
    CHECK_VIEW(ddbs_event_identifier(p.event, 0), "a:/~ ! 9");
    CHECK_VIEW(ddbs_event_sequence(p.event, 0), "7");
    parsed_free(&p);
    ddbs_str text = json_text(PIPED("'eventID':'abc',"));
    p = parse_bytes(text.ptr, text.len, &by_sequence);
    REQUIRE(p.event != NULL);
    CHECK_VIEW(ddbs_event_identifier(p.event, 0), "7");
    parsed_free(&p);
}

TEST(a_pipes_record_without_a_usable_event_id_refuses_the_event)
{
    static const struct {
        const char *text;
        ddbs_status status;
    } rows[] = {
        { PIPED(""), DDBS_E_SYNTAX },
        { PIPED("'eventID':'',"), DDBS_E_SYNTAX },
        { PIPED("'eventID':5,"), DDBS_E_SYNTAX },
        { PIPED("'eventID':'a','eventID':'a',"), DDBS_E_DUPLICATE },
        { PIPED("'eventID':'a\\u0041',"), DDBS_E_SYNTAX },
        { PIPED("'eventID':'a\\\\b',"), DDBS_E_SYNTAX },
        { PIPED("'eventID':'\x7f',"), DDBS_E_SYNTAX },
        { PIPED("'eventID':'a\tb',"), DDBS_E_SYNTAX },
        { PIPED("'eventID':'\xc3\xa9',"), DDBS_E_SYNTAX },
        { PIPED("'eventID':'" DIGITS_128 "x',"), DDBS_E_LIMIT },
        { PIPED("'eventID':'" DIGITS_128 "',"), DDBS_OK },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct parsed p = parse(rows[i].text);
        if (!CHECK_STATUS(p.status, rows[i].status))
            CHECK_STR(rows[i].text, "(judged)");
        parsed_free(&p);
    }
}

/* ---- Order ---- */

static const struct {
    const char *first, *second;
    bool ordered;
} pairs[] = {
    { "1", "2", true },
    { "2", "1", false },
    { "1", "1", false },
    { "9", "10", true },
    { "10", "9", false },
    { "0009", "10", true },
    { "09", "9", false },
    { "9", "0000000009", false },
    { "0", "1", true },
    { "000", "0", false },
    { "99999999999999999999999999", "100000000000000000000000000", true }, /* a carry to another length */
    { "100000000000000000000000000", "99999999999999999999999999", false },
    { "18446744073709551616", "18446744073709551617", true }, /* beyond 64 bits */
    { "49671000000000000000000000000000000000000000000000000018",
      "49671000000000000000000000000000000000000000000000000034", true },
    { "1", DIGITS_128, true },
    { DIGITS_128, "1", false },
};

TEST(order_is_by_number_whatever_its_length)
{
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char text[800];
        snprintf(text, sizeof text, EVENT(RECORD("INSERT", "%s", "") "," RECORD("INSERT", "%s", "")), pairs[i].first,
                 pairs[i].second);
        struct parsed p = parse(text);
        REQUIRE(p.event != NULL);
        if (!CHECK(ddbs_event_ordered(p.event) == pairs[i].ordered))
            CHECK_STR(pairs[i].first, pairs[i].second);
        parsed_free(&p);
    }
}

TEST(one_record_out_of_order_is_enough)
{
    static const struct {
        const char *text;
        bool ordered;
    } rows[] = {
        { EVENT(""), true },
        { EVENT(RECORD("A", "5", "")), true },
        { EVENT(RECORD("A", "1", "") "," RECORD("A", "3", "") "," RECORD("A", "4", "")), true },
        { EVENT(RECORD("A", "1", "") "," RECORD("A", "3", "") "," RECORD("A", "2", "") "," RECORD("A", "4", "")),
          false },
        { EVENT(RECORD("A", "2", "") "," RECORD("A", "1", "") "," RECORD("A", "3", "") "," RECORD("A", "4", "")),
          false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct parsed p = parse(rows[i].text);
        REQUIRE(p.event != NULL);
        CHECK(ddbs_event_ordered(p.event) == rows[i].ordered);
        parsed_free(&p);
    }
}
