/* test_table_order.c: the order of items, pages, keys and their limits, and doing changes again. */
#include "table_calls.h"

static void put_sorted(struct tables *t, const char *sort)
{
    char request[512];
    snprintf(request, sizeof request, "{'TableName':'Orders','Item':{'id':{'S':'p'},'n':%s}}", sort);
    CHECK(tables_ok(t, "PutItem", request, "{}"));
}

/* The sort keys of the answer, as text between commas. */
static const char *sorts(const struct tables *t)
{
    static char out[2048];
    size_t len = 0;
    out[0] = '\0';
    const char *end = strstr(t->reply.ptr, "\"Count\"");
    for (const char *at = t->reply.ptr; (at = strstr(at, "\"n\":{\"")) != NULL && at < end; at++) {
        const char *text = at + strlen("\"n\":{\"N\":\"");
        len += (size_t)snprintf(out + len, sizeof out - len, "%s%.*s", len == 0 ? "" : ",", (int)strcspn(text, "\""),
                                text);
    }
    return out;
}

static const char *query(struct tables *t, const char *more)
{
    char request[1024];
    snprintf(request, sizeof request,
             "{'TableName':'Orders','ProjectionExpression':'n','KeyConditionExpression':'id = :p%s", more);
    if (tables_call(t, "Query", request) != 200)
        printf("# %s: %s\n", request, t->reply.ptr);
    return sorts(t);
}

TEST(sort_keys_that_are_numbers_order_by_value)
{
    static const char *const numbers[] = { "10", "9", "-1", "-10", "0", "1e2", "0.5", "-0.5", "99.9", "1000000" };
    struct tables t = tables_open(NULL, 'N');
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        char value[64];
        snprintf(value, sizeof value, "{'N':'%s'}", numbers[i]);
        put_sorted(&t, value);
    }
    CHECK_STR(query(&t, "','ExpressionAttributeValues':{':p':{'S':'p'}}}"), "-10,-1,-0.5,0,0.5,9,10,99.9,100,1000000");
    CHECK_STR(query(&t, "','ScanIndexForward':false,'ExpressionAttributeValues':{':p':{'S':'p'}}}"),
              "1000000,100,99.9,10,9,0.5,0,-0.5,-1,-10");
    CHECK_STR(query(&t, " AND n BETWEEN :a AND :b','ExpressionAttributeValues':{':p':{'S':'p'},':a':{'N':'-1.0'},':b':{"
                        "'N':'9'}}}"),
              "-1,-0.5,0,0.5,9");
    CHECK_STR(query(&t, " AND n > :a','Limit':2,'ExpressionAttributeValues':{':p':{'S':'p'},':a':{'N':'0.5'}}}"),
              "9,10");
    CHECK(strstr(t.reply.ptr, tables_json("'LastEvaluatedKey':{'id':{'S':'p'},'n':{'N':'10'}}")) != NULL);
    CHECK_STR(query(&t, " AND n > :a','Limit':2,'ExclusiveStartKey':{'id':{'S':'p'},'n':{'N':'10'}},"
                        "'ExpressionAttributeValues':{':p':{'S':'p'},':a':{'N':'0.5'}}}"),
              "99.9,100");
    CHECK_STR(query(&t, " AND n <= :a','ScanIndexForward':false,'ExclusiveStartKey':{'id':{'S':'p'},'n':{'N':'0'}},"
                        "'ExpressionAttributeValues':{':p':{'S':'p'},':a':{'N':'0.5'}}}"),
              "-0.5,-1,-10");
    tables_close(&t);
}

TEST(sort_keys_that_are_strings_order_by_their_utf8_bytes)
{
    /* By UTF-16, as JavaScript compares, U+FF61 would come behind U+1F69A. */
    static const char *const words[] = { "b", "\xf0\x9f\x9a\x9a", "a", "ab", "\xef\xbd\xa1", "B", "\xc3\xa9", "~" };
    struct tables t = tables_open(NULL, 'S');
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        char value[64];
        snprintf(value, sizeof value, "{'S':'%s'}", words[i]);
        put_sorted(&t, value);
    }
    CHECK_STR(query(&t, "','ExpressionAttributeValues':{':p':{'S':'p'}}}"),
              "B,a,ab,b,~,\xc3\xa9,\xef\xbd\xa1,\xf0\x9f\x9a\x9a");
    CHECK_STR(query(&t, " AND begins_with(n, :a)','ExpressionAttributeValues':{':p':{'S':'p'},':a':{'S':'a'}}}"),
              "a,ab");
    CHECK_STR(query(&t, " AND begins_with(n, :a)','ScanIndexForward':false,'ExpressionAttributeValues':{':p':{'S':'p'},"
                        "':a':{'S':'a'}}}"),
              "ab,a");
    tables_close(&t);
}

TEST(sort_keys_that_are_binary_order_unsigned)
{
    struct tables t = tables_open(NULL, 'B');
    put_sorted(&t, "{'B':'/w=='}"); /* ff */
    put_sorted(&t, "{'B':'fw=='}"); /* 7f */
    put_sorted(&t, "{'B':'fwA='}"); /* 7f 00 */
    put_sorted(&t, "{'B':'gA=='}"); /* 80 */
    put_sorted(&t, "{'B':'/////w=='}");
    CHECK_STR(query(&t, "','ExpressionAttributeValues':{':p':{'S':'p'}}}"), "fw==,fwA=,gA==,/w==,/////w==");
    CHECK_STR(query(&t, " AND begins_with(n, :a)','ScanIndexForward':false,'ExpressionAttributeValues':{':p':{'S':'p'},"
                        "':a':{'B':'/w=='}}}"),
              "/////w==,/w==");
    tables_close(&t);
}

TEST(equal_numbers_are_one_key)
{
    struct tables t = tables_open(NULL, 'N');
    put_sorted(&t, "{'N':'1'}");
    put_sorted(&t, "{'N':'1.00'}");
    put_sorted(&t, "{'N':'10E-1'}");
    CHECK(tables_ok(&t, "Scan", "{'TableName':'Orders'}",
                    "{'Items':[{'id':{'S':'p'},'n':{'N':'1'}}],'Count':1,'ScannedCount':1}"));
    tables_close(&t);
}

TEST(segments_and_pages_of_a_scan_have_every_item_once)
{
    struct tables t = tables_open(NULL, 0);
    bool seen[200] = { false };
    int total = 0;
    for (int i = 0; i < 200; i++) {
        char request[128];
        snprintf(request, sizeof request, "{'TableName':'Orders','Item':{'id':{'S':'%d'}}}", i);
        CHECK(tables_ok(&t, "PutItem", request, "{}"));
    }
    for (int segment = 0; segment < 7; segment++) {
        char start[128] = "";
        for (bool more = true; more;) {
            char request[512];
            snprintf(request, sizeof request, "{'TableName':'Orders','Segment':%d,'TotalSegments':7,'Limit':10%s}",
                     segment, start);
            REQUIRE(tables_ok(&t, "Scan", request, NULL));
            const char *end = strstr(t.reply.ptr, "\"Count\"");
            for (const char *at = t.reply.ptr; (at = strstr(at, "\"S\":\"")) != NULL && at < end; at++, total++)
                seen[strtol(at + 5, NULL, 10)] = true;
            const char *last = strstr(t.reply.ptr, "\"LastEvaluatedKey\":");
            more = last != NULL;
            if (more)
                snprintf(start, sizeof start, ",'ExclusiveStartKey':%.*s",
                         (int)(strlen(last) - strlen("\"LastEvaluatedKey\":") - 1),
                         last + strlen("\"LastEvaluatedKey\":"));
        }
    }
    CHECK_INT(total, 200);
    for (int i = 0; i < 200; i++)
        CHECK(seen[i]);
    tables_close(&t);
}

TEST(keys_and_items_have_the_limits_of_dynamodb)
{
    static char request[500 * 1024];
    struct tables t = tables_open(NULL, 'S');
    CHECK(tables_refused(&t, "PutItem", "{'TableName':'Orders','Item':{'id':{'S':''},'n':{'S':'x'}}}",
                         "ValidationException",
                         "One or more parameter values are not valid. The AttributeValue for a key attribute cannot "
                         "contain an empty string value. Key: id"));
    CHECK(tables_refused(&t, "PutItem", "{'TableName':'Orders','Item':{'id':{'S':'x'}}}", "ValidationException",
                         "Missing the key n in the item"));
    CHECK(tables_refused(&t, "PutItem", "{'TableName':'Orders','Item':{'id':{'S':'x'},'n':{'N':'1'}}}",
                         "ValidationException", "Type mismatch for key n expected: S actual: N"));
    CHECK(tables_refused(&t, "GetItem", "{'TableName':'Orders','Key':{'id':{'S':'x'}}}", "ValidationException",
                         "The provided key element does not match the schema"));
    /* 409,600 bytes with all names: id 2 + 1, n 1 + 1, blob 4, and the rest. */
    for (size_t over = 0; over < 2; over++) {
        int at =
            snprintf(request, sizeof request,
                     "{\"TableName\":\"Orders\",\"Item\":{\"id\":{\"S\":\"x\"},\"n\":{\"S\":\"y\"},\"blob\":{\"S\":\"");
        size_t len = 409600 - 9 + over;
        memset(request + at, 'z', len);
        snprintf(request + at + len, sizeof request - (size_t)at - len, "\"}}}");
        int status = table_call(t.db, "DynamoDB_20120810.PutItem", request, strlen(request), t.now_ms, &t.reply);
        CHECK_INT(status, over == 0 ? 200 : 400);
    }
    CHECK(strstr(t.reply.ptr, "Item size has exceeded the maximum allowed size") != NULL);
    CHECK(tables_refused(&t, "UpdateItem",
                         "{'TableName':'Orders','Key':{'id':{'S':'x'},'n':{'S':'y'}},'UpdateExpression':'SET a = :v',"
                         "'ExpressionAttributeValues':{':v':{'S':'1'}}}",
                         "ValidationException", "Item size to update has exceeded the maximum allowed size"));
    tables_close(&t);
}

TEST(a_transaction_is_done_once_for_its_token)
{
    static const char request[] =
        "{'ClientRequestToken':'t-1','TransactItems':[{'Update':{'TableName':'Orders','Key':{"
        "'id':{'S':'a'}},'UpdateExpression':'ADD x :v','ExpressionAttributeValues':{':v':{'N':"
        "'1'}}}}]}";
    struct tables t = tables_open("KEYS_ONLY", 0);
    CHECK(tables_ok(&t, "TransactWriteItems", request, "{}"));
    CHECK(tables_ok(&t, "TransactWriteItems", request, "{}"));
    CHECK_INT(tables_records(&t), 1);
    CHECK(
        tables_refused(&t, "TransactWriteItems",
                       "{'ClientRequestToken':'t-1','TransactItems':[{'Delete':{'TableName':'Orders','Key':{'id':{'S':"
                       "'a'}}}}]}",
                       "IdempotentParameterMismatchException", ""));
    t.now_ms += 10 * 60 * 1000;
    CHECK(tables_ok(&t, "TransactWriteItems", request, "{}"));
    CHECK_INT(tables_records(&t), 2);
    CHECK(
        tables_refused(&t, "TransactWriteItems",
                       "{'TransactItems':[{'Delete':{'TableName':'Orders','Key':{'id':{'S':'a'}}}},{'Put':{'TableName':"
                       "'Orders','Item':{'id':{'S':'a'}}}}]}",
                       "ValidationException", "Transaction request cannot include multiple operations on one item"));
    tables_close(&t);
}

TEST(batches_write_and_read_many_and_refuse_repeats)
{
    struct tables t = tables_open("KEYS_ONLY", 0);
    CHECK(tables_ok(&t, "BatchWriteItem",
                    "{'RequestItems':{'Orders':[{'PutRequest':{'Item':{'id':{'S':'a'},'x':{'N':'1'}}}},{'PutRequest':{"
                    "'Item':{'id':{'S':'b'}}}},{'DeleteRequest':{'Key':{'id':{'S':'c'}}}}]}}",
                    "{'UnprocessedItems':{}}"));
    CHECK_INT(tables_records(&t), 2);
    CHECK(tables_ok(&t, "BatchGetItem",
                    "{'RequestItems':{'Orders':{'Keys':[{'id':{'S':'a'}},{'id':{'S':'gone'}},{'id':{'S':'b'}}],"
                    "'ProjectionExpression':'x'}}}",
                    "{'Responses':{'Orders':[{'x':{'N':'1'}},{}]},'UnprocessedKeys':{}}"));
    CHECK(tables_refused(&t, "BatchWriteItem",
                         "{'RequestItems':{'Orders':[{'PutRequest':{'Item':{'id':{'S':'d'}}}},{'DeleteRequest':{'Key':{"
                         "'id':{'S':'d'}}}}]}}",
                         "ValidationException", "Provided list of item keys contains duplicates"));
    CHECK(tables_refused(&t, "BatchGetItem", "{'RequestItems':{'Orders':{'Keys':[{'id':{'S':'a'}},{'id':{'S':'a'}}]}}}",
                         "ValidationException", "Provided list of item keys contains duplicates"));
    CHECK(tables_refused(&t, "BatchGetItem", "{'RequestItems':{}}", "ValidationException",
                         "Member must have length greater than or equal to 1"));
    CHECK_INT(tables_records(&t), 2);
    tables_close(&t);
}

/* 60 items of 300 KB are more than the 16 MB that an answer may have; 4 of them more than the 1 MB of a page. */
TEST(large_answers_are_cut_and_say_where_to_go_on)
{
    static char request[400 * 1024];
    struct tables t = tables_open(NULL, 0);
    size_t at = 0;
    for (int i = 0; i < 60; i++) {
        int lead = snprintf(request, sizeof request,
                            "{\"TableName\":\"Orders\",\"Item\":{\"id\":{\"S\":\"%d\"},\"blob\":{\"S\":\"", i);
        memset(request + lead, 'z', 300 * 1024);
        snprintf(request + lead + 300 * 1024, 16, "\"}}}");
        CHECK_INT(table_call(t.db, "DynamoDB_20120810.PutItem", request, strlen(request), t.now_ms, &t.reply), 200);
    }
    at = (size_t)snprintf(request, sizeof request, "{\"RequestItems\":{\"Orders\":{\"ConsistentRead\":true,\"Keys\":[");
    for (int i = 0; i < 60; i++)
        at += (size_t)snprintf(request + at, sizeof request - at, "%s{\"id\":{\"S\":\"%d\"}}", i == 0 ? "" : ",", i);
    snprintf(request + at, sizeof request - at, "]}}}");
    CHECK_INT(table_call(t.db, "DynamoDB_20120810.BatchGetItem", request, strlen(request), t.now_ms, &t.reply), 200);
    const char *left = strstr(t.reply.ptr, "\"UnprocessedKeys\":");
    REQUIRE(left != NULL);
    CHECK_STR(left,
              tables_json("'UnprocessedKeys':{'Orders':{'Keys':[{'id':{'S':'54'}},{'id':{'S':'55'}},{'id':{'S':'56'}},"
                          "{'id':{'S':'57'}},{'id':{'S':'58'}},{'id':{'S':'59'}}],'ConsistentRead':true}}}"));
    CHECK(tables_ok(&t, "Scan", "{'TableName':'Orders','Select':'COUNT'}", NULL));
    CHECK(strstr(t.reply.ptr, tables_json("'Count':4,'ScannedCount':4,'LastEvaluatedKey':")) != NULL);
    tables_close(&t);
}

/* ---- Kept and done again ----------------------------------------------------------------------------------------- */

struct kept {
    char lines[64][512];
    size_t count;
    bool full;
};

static bool keep(void *user, const char *line, size_t len)
{
    struct kept *kept = user;
    if (kept->full)
        return false;
    snprintf(kept->lines[kept->count++], sizeof kept->lines[0], "%.*s", (int)len, line);
    return true;
}

static void write_some(struct tables *t)
{
    CHECK(tables_ok(t, "PutItem",
                    "{'TableName':'Orders','Item':{'id':{'S':'a\\u0000b'},'x':{'N':'1'},'exp':{'N':'5'}}}", "{}"));
    CHECK(tables_ok(t, "UpdateTimeToLive",
                    "{'TableName':'Orders','TimeToLiveSpecification':{'Enabled':true,'AttributeName':'exp'}}", NULL));
    t->now_ms += 1000;
    CHECK(tables_ok(t, "TransactWriteItems",
                    "{'TransactItems':[{'Put':{'TableName':'Orders','Item':{'id':{'S':'b'}}}},{'Put':{'TableName':"
                    "'Orders','Item':{'id':{'S':'c'},'exp':{'N':'1792399200'}}}}]}",
                    "{}"));
    CHECK(tables_ok(t, "PutItem", "{'TableName':'Orders','Item':{'id':{'S':'b'}}}", "{}"));
    CHECK(tables_ok(t, "DeleteItem", "{'TableName':'Orders','Key':{'id':{'S':'b'}}}", "{}"));
    CHECK_INT(table_expire(t->db, t->now_ms), 1);
}

TEST(what_was_kept_is_done_again_with_the_same_records_and_names)
{
    static struct kept kept;
    struct tables first = { .now_ms = TABLE_NOW }, second = { .now_ms = TABLE_NOW };
    ddbs_buf a = { 0 }, b = { 0 };
    REQUIRE(table_open(&first.db, &(struct table_config){ .seed = 1, .keep = keep, .user = &kept }) == DDBS_OK);
    REQUIRE(table_open(&second.db, &(struct table_config){ .seed = 99 }) == DDBS_OK);
    CHECK(
        tables_ok(&first, "CreateTable",
                  "{'TableName':'Orders','BillingMode':'PAY_PER_REQUEST','KeySchema':[{'AttributeName':'id','KeyType':"
                  "'HASH'}],'AttributeDefinitions':[{'AttributeName':'id','AttributeType':'S'}],'StreamSpecification':{"
                  "'StreamEnabled':true,'StreamViewType':'NEW_AND_OLD_IMAGES'}}",
                  NULL));
    write_some(&first);
    CHECK_INT(kept.count, 6); /* create, put, ttl, transaction, delete, expiry: not the put that changes nothing */
    for (size_t i = 0; i < kept.count; i++)
        CHECK(table_replay(second.db, kept.lines[i], strlen(kept.lines[i])));
    CHECK_INT(tables_records(&first), 5);
    REQUIRE(tables_records(&second) == 5);
    for (size_t i = 0; i < 5; i++) {
        a.len = b.len = 0;
        stream_write(table_stream(first.db, "Orders"), stream_at(table_stream(first.db, "Orders"), i), "r", NULL, &a);
        stream_write(table_stream(second.db, "Orders"), stream_at(table_stream(second.db, "Orders"), i), "r", NULL, &b);
        CHECK_STR(a.ptr, b.ptr);
    }
    CHECK(tables_ok(&first, "DescribeTable", "{'TableName':'Orders'}", NULL));
    CHECK(tables_ok(&second, "DescribeTable", "{'TableName':'Orders'}", NULL));
    CHECK_STR(first.reply.ptr, second.reply.ptr);
    CHECK(!table_replay(second.db, kept.lines[0], strlen(kept.lines[0]))); /* there already */
    CHECK(!table_replay(second.db, "{}", 2));
    ddbs_buf_free(&a);
    ddbs_buf_free(&b);
    tables_close(&first);
    tables_close(&second);
}

TEST(what_cannot_be_kept_does_not_happen)
{
    static struct kept kept;
    struct tables t = tables_open("KEYS_ONLY", 0);
    CHECK(tables_ok(&t, "PutItem", "{'TableName':'Orders','Item':{'id':{'S':'a'}}}", "{}"));
    table_keep(t.db, keep, &kept);
    kept.full = true;
    CHECK_INT(tables_call(&t, "PutItem", "{'TableName':'Orders','Item':{'id':{'S':'b'}}}"), 500);
    CHECK_INT(tables_call(&t, "DeleteItem", "{'TableName':'Orders','Key':{'id':{'S':'a'}}}"), 500);
    CHECK_INT(tables_call(&t, "DeleteTable", "{'TableName':'Orders'}"), 500);
    CHECK(strstr(t.reply.ptr, "InternalServerError") != NULL);
    CHECK(tables_ok(&t, "Scan", "{'TableName':'Orders'}", "{'Items':[{'id':{'S':'a'}}],'Count':1,'ScannedCount':1}"));
    CHECK_INT(tables_records(&t), 1);
    tables_close(&t);
}

/* Each call with memory for n allocations, n from 0 until it succeeds: it answers 500 and changes nothing, or it is
 * done. */
TEST(without_memory_a_request_fails_whole)
{
    static const char request[] =
        "{\"TransactItems\":[{\"Put\":{\"TableName\":\"Orders\",\"Item\":{\"id\":{\"S\":\"a\"}}}},"
        "{\"Put\":{\"TableName\":\"Orders\",\"Item\":{\"id\":{\"S\":\"b\"}}}}]}";
    int status = 500;
    for (size_t n = 0; status != 200 && n < 200; n++) {
        struct tables t = tables_open("NEW_AND_OLD_IMAGES", 0);
        check_fail_alloc(n);
        status = table_call(t.db, "DynamoDB_20120810.TransactWriteItems", request, strlen(request), t.now_ms, &t.reply);
        check_fail_alloc(SIZE_MAX);
        CHECK(status == 200 || status == 500);
        CHECK_INT(tables_records(&t), status == 200 ? 2 : 0);
        CHECK(tables_ok(&t, "Scan", "{'TableName':'Orders','Select':'COUNT'}",
                        status == 200 ? "{'Count':2,'ScannedCount':2}" : "{'Count':0,'ScannedCount':0}"));
        tables_close(&t);
    }
    CHECK_INT(status, 200);
}
