/* test_record.c: decoding one record of a stream or of Pipes: every member, its type, times, sizes, and what is bad. */
#include "tests/unit/events.h"

#include <stdio.h>

#define ARN "arn:aws:dynamodb:eu-west-1:111122223333:table/Orders/stream/2026-10-19T08:35:12.417"

static const char whole[] =
    EVENT("{'eventID':'id-1','eventName':'MODIFY','eventVersion':'1.1'," SOURCE ",'awsRegion':'eu-west-1',"
          "'dynamodb':{'ApproximateCreationDateTime':1.792399203E9,'Keys':{'k':{'S':'key'}},"
          "'NewImage':{'k':{'S':'key'},'n':{'N':'2'}},'OldImage':{'k':{'S':'key'},'n':{'N':'1'}},"
          "'SequenceNumber':'810000000000000021457311106','SizeBytes':59,'StreamViewType':'NEW_AND_OLD_IMAGES'},"
          "'eventSourceARN':'" ARN "','userIdentity':{'type':'Service','principalId':'someone'}}");

TEST(every_member_of_a_record_is_read)
{
    struct parsed p = parse(whole);
    const ddbs_record *r = record_of(&p, 0);
    int64_t n = 0;
    REQUIRE(r != NULL);
    CHECK_INT(r->index, 0);
    CHECK_INT(r->source, DDBS_SOURCE_DYNAMODB);
    CHECK_INT(r->operation, DDBS_OP_MODIFY);
    CHECK_INT(r->view, DDBS_VIEW_NEW_AND_OLD_IMAGES);
    CHECK_INT(r->created_ns, 1792399203000000000);
    CHECK_INT(r->size_bytes, 59);
    CHECK(!r->expired);
    CHECK_VIEW(r->event_id, "id-1");
    CHECK_VIEW(r->event_name, "MODIFY");
    CHECK_VIEW(r->view_name, "NEW_AND_OLD_IMAGES");
    CHECK_VIEW(r->sequence_number, "810000000000000021457311106");
    CHECK_VIEW(r->table, "Orders");
    CHECK_VIEW(r->stream_arn, ARN);
    CHECK_VIEW(r->region, "eu-west-1");
    CHECK_VIEW(r->identity_type, "Service");
    CHECK_VIEW(r->identity_principal, "someone");
    CHECK(r->raw.ptr == ddbs_event_raw(p.event, 0).ptr && r->raw.len == ddbs_event_raw(p.event, 0).len);
    CHECK(ddbs_get(r->new_image, "n", &n) == DDBS_OK && n == 2);
    CHECK(ddbs_get(r->old_image, "n", &n) == DDBS_OK && n == 1);
    CHECK_INT(ddbs_item_count(r->keys), 1);
    parsed_free(&p);
}

TEST(what_a_record_does_not_say_is_absent)
{
    struct parsed p = parse("{'Records':[{" SOURCE ",'dynamodb':{'SequenceNumber':'1'}}]}");
    const ddbs_record *r = record_of(&p, 0);
    REQUIRE(r != NULL);
    CHECK(r->keys == NULL && r->new_image == NULL && r->old_image == NULL);
    CHECK_INT(r->operation, DDBS_OP_UNKNOWN);
    CHECK_INT(r->view, DDBS_VIEW_NONE);
    CHECK(r->created_ns == DDBS_NO_TIME && r->size_bytes == DDBS_NO_SIZE && !r->expired);
    CHECK(r->event_id.ptr == NULL && r->event_name.ptr == NULL && r->view_name.ptr == NULL && r->table.ptr == NULL);
    CHECK(r->stream_arn.ptr == NULL && r->region.ptr == NULL);
    CHECK(r->identity_type.ptr == NULL && r->identity_principal.ptr == NULL);
    parsed_free(&p);
}

/* The record with `members` in front of its own. */
static struct parsed parse_with(const char *members, const char *in_dynamodb)
{
    char text[1500];
    snprintf(text, sizeof text, "{'Records':[{%s" SOURCE ",'dynamodb':{%s'SequenceNumber':'1'}}]}", members,
             in_dynamodb);
    return parse(text);
}

TEST(operations_and_views_are_told_by_their_names)
{
    static const struct {
        const char *name;
        ddbs_operation operation;
    } names[] = {
        { "INSERT", DDBS_OP_INSERT },  { "MODIFY", DDBS_OP_MODIFY },       { "REMOVE", DDBS_OP_REMOVE },
        { "insert", DDBS_OP_UNKNOWN }, { "REPLACE", DDBS_OP_UNKNOWN },     { "INSERT\\u0000", DDBS_OP_UNKNOWN },
        { "", DDBS_OP_UNKNOWN },       { "\\u0049NSERT", DDBS_OP_INSERT },
    };
    static const struct {
        const char *name;
        ddbs_view view;
    } views[] = {
        { "KEYS_ONLY", DDBS_VIEW_KEYS_ONLY }, { "NEW_IMAGE", DDBS_VIEW_NEW_IMAGE },
        { "OLD_IMAGE", DDBS_VIEW_OLD_IMAGE }, { "NEW_AND_OLD_IMAGES", DDBS_VIEW_NEW_AND_OLD_IMAGES },
        { "new_image", DDBS_VIEW_OTHER },     { "", DDBS_VIEW_OTHER },
    };
    char member[100];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(member, sizeof member, "'eventName':'%s',", names[i].name);
        struct parsed p = parse_with(member, "");
        const ddbs_record *r = record_of(&p, 0);
        if (!CHECK(r != NULL && r->operation == names[i].operation))
            CHECK_STR(names[i].name, "(told)");
        parsed_free(&p);
    }
    for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
        snprintf(member, sizeof member, "'StreamViewType':'%s',", views[i].name);
        struct parsed p = parse_with("", member);
        const ddbs_record *r = record_of(&p, 0);
        if (!CHECK(r != NULL && r->view == views[i].view))
            CHECK_STR(views[i].name, "(told)");
        parsed_free(&p);
    }
}

TEST(only_a_removal_by_the_service_of_dynamodb_is_an_expiry)
{
#define IDENTITY(type, principal) "'userIdentity':{'type':'" type "','principalId':'" principal "'},"
    static const struct {
        const char *members;
        bool expired;
    } rows[] = {
        { "'eventName':'REMOVE'," IDENTITY("Service", "dynamodb.amazonaws.com"), true },
        { IDENTITY("Service", "dynamodb.amazonaws.com") "'eventName':'REMOVE',", true },
        { "'eventName':'MODIFY'," IDENTITY("Service", "dynamodb.amazonaws.com"), false },
        { "'eventName':'INSERT'," IDENTITY("Service", "dynamodb.amazonaws.com"), false },
        { "'eventName':'REMOVE'," IDENTITY("service", "dynamodb.amazonaws.com"), false },
        { "'eventName':'REMOVE'," IDENTITY("Service", "replication.dynamodb.amazonaws.com"), false },
        { "'eventName':'REMOVE','userIdentity':{'principalId':'dynamodb.amazonaws.com'},", false },
        { "'eventName':'REMOVE','userIdentity':null,", false },
        { "'eventName':'REMOVE','userIdentity':{},", false },
        { "'eventName':'REMOVE',", false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct parsed p = parse_with(rows[i].members, "");
        const ddbs_record *r = record_of(&p, 0);
        if (!CHECK(r != NULL && r->expired == rows[i].expired))
            CHECK_STR(rows[i].members, "(told)");
        parsed_free(&p);
    }
}

TEST(the_table_comes_from_the_arn_or_is_absent)
{
    static const struct {
        const char *arn, *table;
    } rows[] = {
        { ARN, "Orders" },
        { "arn:aws-cn:dynamodb:cn-north-1:111122223333:table/a-b_c.9/stream/2026-10-19T08:35:12.417", "a-b_c.9" },
        { "arn:aws:dynamodb:ddblocal:000000000000:table/Orders/stream/x", "Orders" },
        { "arn:aws:dynamodb:eu-west-1:111122223333:table/Orders", "Orders" },
        { "arn:aws:dynamodb:eu-west-1:111122223333:table/", NULL },
        { "arn:aws:dynamodb:eu-west-1:111122223333:table//stream/x", NULL },
        { "arn:aws:dynamodb:eu-west-1:111122223333:index/Orders", NULL },
        { "arn:aws:kinesis:eu-west-1:111122223333:table/Orders", NULL },
        { "arn:aws:dynamodb:eu-west-1:table/Orders", NULL },
        { "Arn:aws:dynamodb:eu-west-1:111122223333:table/Orders", NULL },
        { "arn:", NULL },
        { "", NULL },
        { ":::::", NULL },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char member[300];
        snprintf(member, sizeof member, "'eventSourceARN':'%s',", rows[i].arn);
        struct parsed p = parse_with(member, "");
        const ddbs_record *r = record_of(&p, 0);
        REQUIRE(r != NULL);
        bool held = rows[i].table == NULL
                        ? CHECK(r->table.ptr == NULL && r->table.len == 0)
                        : CHECK_VIEW(r->table, rows[i].table) && CHECK_STR(r->table.ptr, rows[i].table);
        if (!CHECK_VIEW(r->stream_arn, rows[i].arn) || !held)
            CHECK_STR(rows[i].arn, "(split)");
        parsed_free(&p);
    }
}

static const struct {
    const char *text;
    ddbs_status status;
    int64_t ns;
} times[] = {
    { "1792399203", DDBS_OK, 1792399203000000000 },
    { "1.792399203E9", DDBS_OK, 1792399203000000000 },
    { "1792399203.417", DDBS_OK, 1792399203417000000 },
    { "1792399203.123456789", DDBS_OK, 1792399203123456789 },
    { "1792399203.1234567890", DDBS_OK, 1792399203123456789 },
    { "'1792399203.5'", DDBS_OK, 1792399203500000000 },
    { "'+01792399203'", DDBS_OK, 1792399203000000000 },
    { "0", DDBS_OK, 0 },
    { "-1.5", DDBS_OK, -1500000000 },
    { "1792399203417", DDBS_E_RANGE, 0 }, /* milliseconds are never guessed for a stream */
    { "1792399203.1234567891", DDBS_E_INEXACT, 0 },
    { "1E-10", DDBS_E_INEXACT, 0 },
    { "9223372036", DDBS_OK, 9223372036000000000 },
    { "9223372037", DDBS_E_RANGE, 0 },
    { "1E126", DDBS_E_LIMIT, 0 },
    { "-", DDBS_E_SYNTAX, 0 },
    { "'\\ud800'", DDBS_E_SYNTAX, 0 },
    { "-9223372036.854775807", DDBS_OK, -INT64_MAX },
    { "-9223372036.854775808", DDBS_E_RANGE, 0 }, /* DDBS_NO_TIME */
    { "null", DDBS_E_SYNTAX, 0 },
    { "true", DDBS_E_SYNTAX, 0 },
    { "''", DDBS_E_SYNTAX, 0 },
    { "'2026-10-19T08:40:00Z'", DDBS_E_SYNTAX, 0 },
    { "[1]", DDBS_E_SYNTAX, 0 },
};

TEST(creation_times_are_exact_in_nanoseconds_or_the_record_is_bad)
{
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        char member[200];
        snprintf(member, sizeof member, "'ApproximateCreationDateTime':%s,", times[i].text);
        struct parsed p = parse_with("", member);
        const ddbs_record *r = record_of(&p, 0);
        bool held = CHECK_STATUS(p.status, times[i].status);
        held = held && (r == NULL || CHECK_INT(r->created_ns, times[i].ns));
        if (r == NULL)
            held = CHECK_STR(p.error.path, "Records[0].dynamodb.ApproximateCreationDateTime") && held;
        if (!held)
            CHECK_STR(times[i].text, "(read)");
        parsed_free(&p);
    }
}

TEST(the_precision_of_the_kinesis_feed_means_nothing_in_a_stream)
{
    struct parsed p = parse_with("", "'ApproximateCreationDateTimePrecision':'WEEK','ApproximateCreationDateTime':5,");
    const ddbs_record *r = record_of(&p, 0);
    CHECK(r != NULL && r->created_ns == 5000000000);
    parsed_free(&p);
}

TEST(sizes_are_whole_numbers_of_bytes)
{
    static const struct {
        const char *text;
        ddbs_status status;
        int64_t size;
    } rows[] = {
        { "0", DDBS_OK, 0 },
        { "1E2", DDBS_OK, 100 },
        { "12.0", DDBS_OK, 12 },
        { "9223372036854775807", DDBS_OK, INT64_MAX },
        { "9223372036854775808", DDBS_E_RANGE, 0 },
        { "-1", DDBS_E_RANGE, 0 },
        { "1.5", DDBS_E_INEXACT, 0 },
        { "'59'", DDBS_E_SYNTAX, 0 },
        { "null", DDBS_E_SYNTAX, 0 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char member[100];
        snprintf(member, sizeof member, "'SizeBytes':%s,", rows[i].text);
        struct parsed p = parse_with("", member);
        const ddbs_record *r = record_of(&p, 0);
        bool held = CHECK_STATUS(p.status, rows[i].status) && (r == NULL || CHECK_INT(r->size_bytes, rows[i].size));
        held = (r != NULL || CHECK_STR(p.error.path, "Records[0].dynamodb.SizeBytes")) && held;
        if (!held)
            CHECK_STR(rows[i].text, "(read)");
        parsed_free(&p);
    }
}

TEST(empty_and_null_images_are_absent)
{
    struct parsed p = parse_with("", "'Keys':{},'NewImage':null,'OldImage': { } ,");
    const ddbs_record *r = record_of(&p, 0);
    REQUIRE(r != NULL);
    CHECK(r->keys == NULL && r->new_image == NULL && r->old_image == NULL);
    parsed_free(&p);
}

static const struct {
    const char *members, *in_dynamodb;
    ddbs_status status;
    const char *path;
} bad[] = {
    { "'eventID':5,", "", DDBS_E_SYNTAX, ".eventID" },
    { "'eventName':null,", "", DDBS_E_SYNTAX, ".eventName" },
    { "'eventVersion':1.1,", "", DDBS_E_SYNTAX, ".eventVersion" },
    { "'awsRegion':[],", "", DDBS_E_SYNTAX, ".awsRegion" },
    { "'eventSourceARN':null,", "", DDBS_E_SYNTAX, ".eventSourceARN" },
    { "'userIdentity':'me',", "", DDBS_E_SYNTAX, ".userIdentity" },
    { "'userIdentity':{'type':5},", "", DDBS_E_SYNTAX, ".userIdentity.type" },
    { "'userIdentity':{'principalId':null},", "", DDBS_E_SYNTAX, ".userIdentity.principalId" },
    { "'userIdentity':{'type':'a','type':'a'},", "", DDBS_E_DUPLICATE, ".userIdentity.type" },
    { "'eventName':'A','eventName':'A',", "", DDBS_E_DUPLICATE, ".eventName" },
    { "'eventID':'A','event\\u0049D':'A',", "", DDBS_E_DUPLICATE, ".eventID" },
    { "'userIdentity':null,'userIdentity':null,", "", DDBS_E_DUPLICATE, ".userIdentity" },
    { "'dynamodb':{},", "", DDBS_E_DUPLICATE, ".dynamodb" },
    { "'dynamodb':null,", "", DDBS_E_SYNTAX, ".dynamodb" },
    { "", "'Keys':null,'Keys':null,", DDBS_E_DUPLICATE, ".dynamodb.Keys" },
    { "", "'Keys':[],", DDBS_E_SYNTAX, ".dynamodb.Keys" },
    { "", "'NewImage':'x',", DDBS_E_SYNTAX, ".dynamodb.NewImage" },
    { "", "'OldImage':{'a':1},", DDBS_E_SYNTAX, ".dynamodb.OldImage.a" },
    { "", "'StreamViewType':1,", DDBS_E_SYNTAX, ".dynamodb.StreamViewType" },
    { "", "'ApproximateCreationDateTimePrecision':1,", DDBS_E_SYNTAX,
      ".dynamodb.ApproximateCreationDateTimePrecision" },
    { "'x':'\\ud800',", "", DDBS_E_SYNTAX, ".x" },
    { "'x':[1,{'y':'\\ude00\\ud83d'}],", "", DDBS_E_SYNTAX, ".x" },
    { "'x\\ud800':1,", "", DDBS_E_SYNTAX, "" },
    { "'x':01,", "", DDBS_E_SYNTAX, "" },
    { "'x':tru,", "", DDBS_E_SYNTAX, ".x" },
    { "'x':'a\tb',", "", DDBS_E_SYNTAX, ".x" },
    { "'x':'\\q',", "", DDBS_E_SYNTAX, ".x" },
    { "'x':{'a':1,},", "", DDBS_E_SYNTAX, ".x" },
    { "'x' 1,", "", DDBS_E_SYNTAX, "" },
    { "'x':1 'y':2,", "", DDBS_E_SYNTAX, "" },
    { ",", "", DDBS_E_SYNTAX, "" },
    { "x:1,", "", DDBS_E_SYNTAX, "" },
    { "'x':[1}],", "", DDBS_OK, NULL }, /* brackets that cross are the event's, see test_event_record.c */
};

TEST(a_bad_member_fails_its_record_at_its_place)
{
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char path[200];
        struct parsed p = parse_with(bad[i].members, bad[i].in_dynamodb);
        if (bad[i].path == NULL) {
            CHECK(p.event == NULL);
            parsed_free(&p);
            continue;
        }
        CHECK(p.event != NULL);
        const ddbs_record *r = record_of(&p, 0);
        snprintf(path, sizeof path, "Records[0]%s", bad[i].path);
        bool held = CHECK(r == NULL) && CHECK_STATUS(p.status, bad[i].status) && CHECK_STR(p.error.path, path);
        if (!held || !CHECK(p.error.record == 0 && p.error.status == p.status && p.error.reason[0] != '\0'))
            CHECK_STR(bad[i].members, bad[i].in_dynamodb);
        parsed_free(&p);
    }
}

TEST(unknown_members_may_repeat_and_hold_anything)
{
    struct parsed p = parse_with("'x':1,'x':{'x':[null,true,-0.5e9,'\\ud83d\\ude00']},'':'','Dynamodb':null,",
                                 "'x':1,'x':2,'keys':5,");
    CHECK(record_of(&p, 0) != NULL);
    parsed_free(&p);
}

TEST(an_offset_points_at_the_wrong_byte_of_the_event)
{
    static const char text[] = EVENT(RECORD("INSERT", "1", "") "," RECORD("INSERT", "2", ",'x':%"));
    struct parsed p = parse(text);
    REQUIRE(p.event != NULL && record_of(&p, 0) != NULL);
    CHECK(record_of(&p, 1) == NULL);
    CHECK_INT(p.error.offset, strchr(text, '%') - text);
    CHECK_INT(p.error.record, 1);
    CHECK_STR(p.error.path, "Records[1].x");
    parsed_free(&p);
}

TEST(an_index_that_is_none_is_misuse)
{
    struct parsed p = parse(whole);
    CHECK(record_of(&p, 1) == NULL);
    CHECK_STATUS(p.status, DDBS_E_USAGE);
    CHECK(record_of(&p, SIZE_MAX) == NULL);
    CHECK_STATUS(p.status, DDBS_E_USAGE);
    parsed_free(&p);
}

TEST(a_record_can_be_decoded_again_and_in_any_order)
{
    struct parsed p = parse(
        EVENT(RECORD("INSERT", "1", ",'x':1") "," RECORD("INSERT", "2", ",'x':bad") "," RECORD("REMOVE", "3", "")));
    static const size_t order[] = { 2, 0, 1, 0, 2, 1, 2 };
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        const ddbs_record *r = record_of(&p, order[i]);
        CHECK((r == NULL) == (order[i] == 1));
        CHECK(r == NULL || r->index == order[i]);
    }
    parsed_free(&p);
}

TEST(records_of_pipes_are_those_of_a_stream)
{
    struct parsed p = parse("[{'eventID':'e-1','eventName':'INSERT'," SOURCE ",'dynamodb':{'SequenceNumber':'7',"
                            "'Keys':{'k':{'S':'x'}},'ApproximateCreationDateTime':1.5}},"
                            "{'eventID':'e-2'," SOURCE ",'dynamodb':{'SequenceNumber':'8','Keys':{'k':5}}}]");
    const ddbs_record *r = record_of(&p, 0);
    REQUIRE(r != NULL);
    CHECK_INT(r->source, DDBS_SOURCE_PIPES);
    CHECK_INT(r->operation, DDBS_OP_INSERT);
    CHECK_VIEW(r->sequence_number, "7");
    CHECK_VIEW(r->event_id, "e-1");
    CHECK_INT(r->created_ns, 1500000000);
    CHECK(record_of(&p, 1) == NULL);
    CHECK_STR(p.error.path, "[1].dynamodb.Keys.k");
    parsed_free(&p);
}
