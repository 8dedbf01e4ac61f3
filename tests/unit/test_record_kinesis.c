/* test_record_kinesis.c: records of the Kinesis feed: the change inside the data, its times, Binary in base64 twice. */
#include "lib/base64.h"
#include "tests/unit/events.h"

#include <stdio.h>

/* The event of one Kinesis record around this change; `members` come in front of the record's own. */
static struct parsed parse_around(const char *change, const char *members, const ddbs_event_options *options)
{
    char data[4096], text[6000];
    ddbs_str json = json_text(change);
    ddbs_base64__encode(data, (const unsigned char *)json.ptr, json.len);
    snprintf(text, sizeof text,
             "{'Records':[{%s'eventSource':'aws:kinesis','eventID':'shard:77','eventName':'aws:kinesis:record',"
             "'awsRegion':'eu-west-1','eventSourceARN':'arn:aws:kinesis:eu-west-1:111122223333:stream/cdc',"
             "'kinesis':{'sequenceNumber':'77','data':'%.*s'}}]}",
             members, (int)ddbs_base64__encoded(json.len), data);
    ddbs_str event = json_text(text);
    return parse_bytes(event.ptr, event.len, options);
}

TEST(the_change_is_inside_and_the_sequence_number_outside)
{
    struct parsed p =
        parse_around(" {'eventID':'inner','eventName':'REMOVE','tableName':'Orders','awsRegion':'us-east-1',"
                     "'eventSource':'aws:dynamodb','recordFormat':'application/json','unknown':[{}],"
                     "'userIdentity':{'type':'Service','principalId':'dynamodb.amazonaws.com'},"
                     "'dynamodb':{'Keys':{'k':{'S':'key'}},'OldImage':{'k':{'S':'key'}},'SizeBytes':4,"
                     "'ApproximateCreationDateTime':1792399203417,'SequenceNumber':'5'}} ",
                     "", NULL);
    const ddbs_record *r = record_of(&p, 0);
    REQUIRE(r != NULL);
    CHECK_INT(r->source, DDBS_SOURCE_KINESIS);
    CHECK_INT(r->operation, DDBS_OP_REMOVE);
    CHECK(r->expired);
    CHECK_VIEW(r->sequence_number, "77");
    CHECK_VIEW(r->event_id, "inner");
    CHECK_VIEW(r->table, "Orders");
    CHECK_VIEW(r->stream_arn, "arn:aws:kinesis:eu-west-1:111122223333:stream/cdc");
    CHECK_VIEW(r->region, "us-east-1");
    CHECK_INT(r->created_ns, 1792399203417000000);
    CHECK_INT(r->size_bytes, 4);
    CHECK(ddbs_item_count(r->keys) == 1 && ddbs_item_count(r->old_image) == 1 && r->new_image == NULL);
    CHECK_INT(r->view, DDBS_VIEW_NONE);
    parsed_free(&p);
}

TEST(where_the_change_is_silent_only_its_own_members_are_absent)
{
    struct parsed p = parse_around("{}", "", NULL);
    const ddbs_record *r = record_of(&p, 0);
    REQUIRE(r != NULL);
    CHECK_INT(r->operation, DDBS_OP_UNKNOWN);
    CHECK(r->event_id.ptr == NULL && r->event_name.ptr == NULL && r->table.ptr == NULL);
    CHECK_VIEW(r->region, "eu-west-1");
    CHECK_VIEW(r->sequence_number, "77");
    CHECK(r->created_ns == DDBS_NO_TIME && r->size_bytes == DDBS_NO_SIZE && r->keys == NULL);
    parsed_free(&p);
}

static const struct {
    const char *members;
    ddbs_status status;
    int64_t ns;
} times[] = {
    { "'ApproximateCreationDateTime':1792399203417", DDBS_OK, 1792399203417000000 },
    { "'ApproximateCreationDateTime':1792399203417123", DDBS_OK, 1792399203417123000 }, /* microseconds by size */
    { "'ApproximateCreationDateTime':100000000000000", DDBS_E_RANGE, 0 },               /* 1e14 is still milliseconds */
    { "'ApproximateCreationDateTime':100000000000001", DDBS_OK, 100000000000001000 },
    { "'ApproximateCreationDateTime':1792399203417,'ApproximateCreationDateTimePrecision':'MILLISECOND'", DDBS_OK,
      1792399203417000000 },
    { "'ApproximateCreationDateTimePrecision':'MICROSECOND','ApproximateCreationDateTime':1792399203417123", DDBS_OK,
      1792399203417123000 },
    { "'ApproximateCreationDateTimePrecision':'MICROSECOND','ApproximateCreationDateTime':5", DDBS_OK, 5000 },
    { "'ApproximateCreationDateTime':'1792399203417.5'", DDBS_OK, 1792399203417500000 },
    { "'ApproximateCreationDateTime':0.0000001", DDBS_E_INEXACT, 0 },
    { "'ApproximateCreationDateTimePrecision':'MILLISECOND','ApproximateCreationDateTime':1792399203417123",
      DDBS_E_RANGE, 0 },
    { "'ApproximateCreationDateTimePrecision':'SECOND','ApproximateCreationDateTime':5", DDBS_E_TYPE, 0 },
    { "'ApproximateCreationDateTimePrecision':'microsecond','ApproximateCreationDateTime':5", DDBS_E_TYPE, 0 },
    { "'ApproximateCreationDateTimePrecision':'','ApproximateCreationDateTime':5", DDBS_E_TYPE, 0 },
};

TEST(times_have_the_unit_that_the_feed_says)
{
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        char change[300];
        snprintf(change, sizeof change, "{'dynamodb':{%s}}", times[i].members);
        struct parsed p = parse_around(change, "", NULL);
        const ddbs_record *r = record_of(&p, 0);
        bool held = CHECK_STATUS(p.status, times[i].status) && (r == NULL || CHECK_INT(r->created_ns, times[i].ns));
        if (!held)
            CHECK_STR(times[i].members, "(read)");
        parsed_free(&p);
    }
}

TEST(binary_is_base64_twice_unless_told_otherwise)
{
    static const char change[] = "{'dynamodb':{'NewImage':{'b':{'B':'QUE9PQ=='},'s':{'BS':['','QUFFPQ==']}}}}";
    ddbs_event_options once = { .kinesis_binary_once = true };
    ddbs_bytes bytes;
    struct parsed p = parse_around(change, "", NULL);
    const ddbs_record *r = record_of(&p, 0);
    REQUIRE(r != NULL && ddbs_get(r->new_image, "b", &bytes) == DDBS_OK);
    CHECK(bytes.len == 1 && bytes.ptr[0] == 0 && bytes.ptr[1] == 0);
    ddbs_iter it = ddbs_iter_list(ddbs_item_find(r->new_image, ddbs_str_c("s")));
    CHECK(ddbs_value_bytes(ddbs_iter_next(&it), &bytes) == DDBS_OK && bytes.len == 0);
    CHECK(ddbs_value_bytes(ddbs_iter_next(&it), &bytes) == DDBS_OK && bytes.len == 2 && bytes.ptr[1] == 1);
    parsed_free(&p);
    p = parse_around(change, "", &once);
    r = record_of(&p, 0);
    REQUIRE(r != NULL && ddbs_get(r->new_image, "b", &bytes) == DDBS_OK);
    CHECK(bytes.len == 4 && memcmp(bytes.ptr, "AA==", 4) == 0);
    parsed_free(&p);
}

static const struct {
    const char *change;
    ddbs_status status;
    const char *path;
} bad[] = {
    { "", DDBS_E_SYNTAX, ".kinesis.data" },
    { " ", DDBS_E_SYNTAX, ".kinesis.data" },
    { "[]", DDBS_E_SYNTAX, ".kinesis.data" },
    { "null", DDBS_E_SYNTAX, ".kinesis.data" },
    { "{", DDBS_E_SYNTAX, ".kinesis.data" },
    { "{} x", DDBS_E_SYNTAX, ".kinesis.data" },
    { "{}{}", DDBS_E_SYNTAX, ".kinesis.data" },
    { "{'x':'\xff'}", DDBS_E_SYNTAX, ".kinesis.data" },
    { "{'x':'\\ud800'}", DDBS_E_SYNTAX, ".kinesis.data.x" },
    { "{'eventID':5}", DDBS_E_SYNTAX, ".kinesis.data.eventID" },
    { "{'tableName':null}", DDBS_E_SYNTAX, ".kinesis.data.tableName" },
    { "{'recordFormat':1}", DDBS_E_SYNTAX, ".kinesis.data.recordFormat" },
    { "{'eventSource':1}", DDBS_E_SYNTAX, ".kinesis.data.eventSource" },
    { "{'awsRegion':1}", DDBS_E_SYNTAX, ".kinesis.data.awsRegion" },
    { "{'eventName':'A','eventName':'A'}", DDBS_E_DUPLICATE, ".kinesis.data.eventName" },
    { "{'dynamodb':null}", DDBS_E_SYNTAX, ".kinesis.data.dynamodb" },
    { "{'dynamodb':{'SequenceNumber':5}}", DDBS_E_SYNTAX, ".kinesis.data.dynamodb.SequenceNumber" },
    { "{'dynamodb':{'NewImage':{'a':{'B':'AA=='}}}}", DDBS_E_SYNTAX, ".kinesis.data.dynamodb.NewImage.a.B" },
    { "{'dynamodb':{'NewImage':{'a':{'L':[{'N':'x'}]}}}}", DDBS_E_SYNTAX, ".kinesis.data.dynamodb.NewImage.a.L[0].N" },
    { "{'dynamodb':{'SizeBytes':-1}}", DDBS_E_RANGE, ".kinesis.data.dynamodb.SizeBytes" },
    { "{'dynamodb':{'ApproximateCreationDateTime':1E30}}", DDBS_E_RANGE,
      ".kinesis.data.dynamodb.ApproximateCreationDateTime" },
};

TEST(a_bad_change_fails_its_record_at_its_place)
{
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char path[200];
        struct parsed p = parse_around(bad[i].change, "", NULL);
        CHECK(p.event != NULL);
        const ddbs_record *r = record_of(&p, 0);
        size_t chars = ddbs_base64__encoded(strlen(bad[i].change));
        size_t begin = strlen("{'Records':[") + ddbs_event_raw(p.event, 0).len - strlen("'}}") - chars;
        snprintf(path, sizeof path, "Records[0]%s", bad[i].path);
        bool held = CHECK(r == NULL) && CHECK_STATUS(p.status, bad[i].status) && CHECK_STR(p.error.path, path);
        held = held && CHECK(p.error.offset >= begin && p.error.offset <= begin + chars); /* in the base64 text */
        if (!held)
            CHECK_STR(bad[i].change, "(refused)");
        parsed_free(&p);
    }
}

static const struct {
    const char *kinesis, *path;
} outer[] = {
    { "'sequenceNumber':'1'", ".kinesis.data" },
    { "'sequenceNumber':'1','data':null", ".kinesis.data" },
    { "'sequenceNumber':'1','data':'e30'", ".kinesis.data" },
    { "'sequenceNumber':'1','data':'e31='", ".kinesis.data" },
    { "'sequenceNumber':'1','data':'e30=','data':'e30='", ".kinesis.data" },
    { "'sequenceNumber':'1','data':'e30=','partitionKey':1", ".kinesis.partitionKey" },
    { "'sequenceNumber':'1','data':'e30=','kinesisSchemaVersion':1.0", ".kinesis.kinesisSchemaVersion" },
    { "'sequenceNumber':'1','data':'e30=','approximateArrivalTimestamp':'1'", ".kinesis.approximateArrivalTimestamp" },
};

TEST(a_bad_record_around_the_change_is_bad)
{
    for (size_t i = 0; i < sizeof outer / sizeof *outer; i++) {
        char text[300], path[100];
        snprintf(text, sizeof text, "{'Records':[{'eventSource':'aws:kinesis','kinesis':{%s}}]}", outer[i].kinesis);
        snprintf(path, sizeof path, "Records[0]%s", outer[i].path);
        struct parsed p = parse(text);
        CHECK(p.event != NULL && record_of(&p, 0) == NULL);
        if (!CHECK_STR(p.error.path, path))
            CHECK_STR(outer[i].kinesis, "(refused)");
        parsed_free(&p);
    }
    struct parsed p = parse_around("{}", "'invokeIdentityArn':5,", NULL);
    CHECK(record_of(&p, 0) == NULL);
    CHECK_STR(p.error.path, "Records[0].invokeIdentityArn");
    parsed_free(&p);
}

TEST(a_precision_is_judged_even_without_a_time)
{
    struct parsed p = parse_around("{'dynamodb':{'ApproximateCreationDateTimePrecision':'MICROSECOND'}}", "", NULL);
    const ddbs_record *r = record_of(&p, 0);
    CHECK(r != NULL && r->created_ns == DDBS_NO_TIME);
    parsed_free(&p);
    p = parse_around("{'dynamodb':{'ApproximateCreationDateTimePrecision':'WEEK'}}", "", NULL);
    CHECK(record_of(&p, 0) == NULL);
    CHECK_STR(p.error.path, "Records[0].kinesis.data.dynamodb.ApproximateCreationDateTimePrecision");
    parsed_free(&p);
}

TEST(escapes_in_the_data_are_resolved_before_it_is_decoded)
{
    struct parsed p = parse("{'Records':[{'eventSource':'aws:kinesis','kinesis':{'sequenceNumber':'1',"
                            "'data':'\\u0065yJldmVudE5hbWUiOiJJTlNFUlQifQ=\\u003d'}}]}");
    const ddbs_record *r = record_of(&p, 0);
    CHECK(r != NULL && r->operation == DDBS_OP_INSERT);
    parsed_free(&p);
}

/* The brackets inside the data are counted on their own. */
TEST(a_change_is_nested_up_to_1024_brackets)
{
    for (size_t depth = 1023; depth <= 1024; depth++) {
        char change[2100] = "{\"x\":";
        size_t len = 5;
        memset(change + len, '[', depth);
        memset(change + len + depth, ']', depth);
        len += depth * 2;
        change[len] = '}';
        change[len + 1] = '\0';
        struct parsed p = parse_around(change, "", NULL);
        const ddbs_record *r = record_of(&p, 0);
        CHECK((r != NULL) == (depth == 1023));
        CHECK_STATUS(p.status, depth == 1023 ? DDBS_OK : DDBS_E_LIMIT);
        parsed_free(&p);
    }
}
