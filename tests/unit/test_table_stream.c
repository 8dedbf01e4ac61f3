/* test_table_stream.c: what writes leave in the stream (facts O24 and O25 of real tables), and reading it. */
#include "table_calls.h"

#define PUT(item)    "{'TableName':'Orders','Item':" item "}"
#define KEY          "'TableName':'Orders','Key':{'id':{'S':'a'}}"
#define DELETE       "{" KEY "}"
#define UPDATE(text) "{" KEY ",'UpdateExpression':'" text "'}"

static bool latest_is(const struct tables *t, enum stream_operation operation, const char *old_image,
                      const char *new_image)
{
    const struct stream_record *record = tables_latest(t);
    const char *want_old = old_image == NULL ? NULL : tables_json(old_image);
    const char *want_new = new_image == NULL ? NULL : tables_json(new_image);
    bool held = record != NULL && record->operation == operation &&
                (want_old == NULL ? record->old_image == NULL
                                  : record->old_image != NULL && strcmp(record->old_image, want_old) == 0) &&
                (want_new == NULL ? record->new_image == NULL
                                  : record->new_image != NULL && strcmp(record->new_image, want_new) == 0);
    if (!held && record != NULL)
        printf("# %d old %s new %s\n", record->operation, record->old_image == NULL ? "-" : record->old_image,
               record->new_image == NULL ? "-" : record->new_image);
    return held;
}

TEST(o25_a_put_inserts_modifies_or_leaves_nothing)
{
    struct tables t = tables_open("NEW_AND_OLD_IMAGES", 0);
    CHECK(tables_ok(&t, "PutItem", PUT("{'id':{'S':'a'},'n':{'N':'1'}}"), "{}"));
    CHECK(latest_is(&t, STREAM_INSERT, NULL, "{'id':{'S':'a'},'n':{'N':'1'}}"));
    CHECK(tables_ok(&t, "PutItem", PUT("{'n':{'N':'1.0'},'id':{'S':'a'}}"), "{}")); /* equal by value */
    CHECK_INT(tables_records(&t), 1);
    CHECK(tables_ok(&t, "PutItem", PUT("{'id':{'S':'a'},'s':{'SS':['x','y']},'m':{'M':{'p':{'N':'1'},'q':{'N':'2'}}}}"),
                    "{}"));
    CHECK(latest_is(&t, STREAM_MODIFY, "{'id':{'S':'a'},'n':{'N':'1'}}",
                    "{'id':{'S':'a'},'s':{'SS':['x','y']},'m':{'M':{'p':{'N':'1'},'q':{'N':'2'}}}}"));
    CHECK(tables_ok(&t, "PutItem", PUT("{'id':{'S':'a'},'m':{'M':{'q':{'N':'2'},'p':{'N':'1'}}},'s':{'SS':['y','x']}}"),
                    "{}")); /* neither maps nor sets have an order */
    CHECK_INT(tables_records(&t), 2);
    tables_close(&t);
}

TEST(o25_an_update_inserts_modifies_or_leaves_nothing)
{
    struct tables t = tables_open("NEW_AND_OLD_IMAGES", 0);
    CHECK(tables_ok(&t, "UpdateItem", UPDATE("REMOVE gone"), "{}")); /* takes away only: makes no item */
    CHECK_INT(tables_records(&t), 0);
    CHECK(tables_ok(&t, "UpdateItem", DELETE, "{}")); /* without expression: makes one of the key alone */
    CHECK(latest_is(&t, STREAM_INSERT, NULL, "{'id':{'S':'a'}}"));
    CHECK(tables_ok(&t, "UpdateItem", DELETE, "{}"));
    CHECK(tables_ok(&t, "UpdateItem", UPDATE("REMOVE gone"), "{}"));
    CHECK_INT(tables_records(&t), 1);
    CHECK(tables_ok(&t, "UpdateItem",
                    "{" KEY ",'UpdateExpression':'SET x = :v','ExpressionAttributeValues':{':v':{'N':'1'}}}", "{}"));
    CHECK(latest_is(&t, STREAM_MODIFY, "{'id':{'S':'a'}}", "{'id':{'S':'a'},'x':{'N':'1'}}"));
    CHECK(tables_ok(&t, "UpdateItem",
                    "{" KEY ",'UpdateExpression':'SET x = :v','ExpressionAttributeValues':{':v':{'N':'1.00'}}}", "{}"));
    CHECK_INT(tables_records(&t), 2);
    tables_close(&t);
}

TEST(o25_a_delete_removes_or_leaves_nothing)
{
    struct tables t = tables_open("NEW_AND_OLD_IMAGES", 0);
    CHECK(tables_ok(&t, "DeleteItem", DELETE, "{}"));
    CHECK_INT(tables_records(&t), 0);
    CHECK(tables_ok(&t, "PutItem", PUT("{'id':{'S':'a'}}"), "{}"));
    CHECK(tables_ok(&t, "DeleteItem", DELETE, "{}"));
    CHECK(latest_is(&t, STREAM_REMOVE, "{'id':{'S':'a'}}", NULL));
    CHECK(tables_ok(&t, "PutItem", PUT("{'id':{'S':'a'}}"), "{}"));
    CHECK(latest_is(&t, STREAM_INSERT, NULL, "{'id':{'S':'a'}}"));
    tables_close(&t);
}

TEST(o25_what_is_refused_leaves_nothing)
{
    struct tables t = tables_open("NEW_AND_OLD_IMAGES", 0);
    CHECK(tables_ok(&t, "PutItem", PUT("{'id':{'S':'a'}}"), "{}"));
    CHECK(tables_refused(&t, "DeleteItem", "{" KEY ",'ConditionExpression':'attribute_not_exists(id)'}",
                         "ConditionalCheckFailedException", "The conditional request failed"));
    CHECK(tables_refused(
        &t, "TransactWriteItems",
        "{'TransactItems':[{'Put':{'TableName':'Orders','Item':{'id':{'S':'b'}}}},{'ConditionCheck':{" KEY
        ",'ConditionExpression':'attribute_exists(x)','ReturnValuesOnConditionCheckFailure':'ALL_OLD'}}]}",
        "TransactionCanceledException",
        "[None, ConditionalCheckFailed]','CancellationReasons':[{'Code':'None'}, {'Code':'ConditionalCheckFailed',"
        "'Message':'The conditional request failed','Item':{'id':{'S':'a'}}}]"));
    CHECK_INT(tables_records(&t), 1);
    tables_close(&t);
}

TEST(o25_images_follow_the_view_type)
{
    static const struct {
        const char *view;
        bool old_image, new_image;
    } views[] = { { "KEYS_ONLY", false, false },
                  { "NEW_IMAGE", false, true },
                  { "OLD_IMAGE", true, false },
                  { "NEW_AND_OLD_IMAGES", true, true } };
    for (size_t i = 0; i < 4; i++) {
        struct tables t = tables_open(views[i].view, 0);
        const char *first = "{'id':{'S':'a'},'n':{'N':'1'}}", *second = "{'id':{'S':'a'},'n':{'N':'2'}}";
        CHECK(tables_ok(&t, "PutItem", PUT("{'id':{'S':'a'},'n':{'N':'1'}}"), "{}"));
        CHECK(latest_is(&t, STREAM_INSERT, NULL, views[i].new_image ? first : NULL));
        CHECK(tables_ok(&t, "PutItem", PUT("{'id':{'S':'a'},'n':{'N':'2'}}"), "{}"));
        CHECK(latest_is(&t, STREAM_MODIFY, views[i].old_image ? first : NULL, views[i].new_image ? second : NULL));
        CHECK(tables_ok(&t, "DeleteItem", DELETE, "{}"));
        CHECK(latest_is(&t, STREAM_REMOVE, views[i].old_image ? second : NULL, NULL));
        CHECK_STR(tables_latest(&t)->keys, tables_json("{'id':{'S':'a'}}"));
        /* Keys 3; the item 3 + 3. */
        CHECK_INT(tables_latest(&t)->size, 3 + (views[i].old_image ? 3 + 3 : 0));
        tables_close(&t);
    }
}

/* The item of the example with all ten types and its documented size of 282 bytes, keys and image. */
TEST(o24_size_counts_keys_and_images_by_the_rules_of_items)
{
    struct tables t = tables_open("NEW_AND_OLD_IMAGES", 0);
    CHECK(tables_ok(
        &t, "CreateTable",
        "{'TableName':'All','BillingMode':'PAY_PER_REQUEST','KeySchema':[{'AttributeName':'OrderId','KeyType':"
        "'HASH'}],'AttributeDefinitions':[{'AttributeName':'OrderId','AttributeType':'S'}],"
        "'StreamSpecification':{'StreamEnabled':true,'StreamViewType':'NEW_IMAGE'}}",
        NULL));
    CHECK(tables_ok(
        &t, "PutItem",
        "{'TableName':'All','Item':{'OrderId':{'S':'o-1005'},'Note':{'S':'caf\\u00e9 \\ud83d\\ude9a \\'quoted\\'\\n'},"
        "'Empty':{'S':''},'Total':{'N':'1234567890.123456789'},'Tiny':{'N':'-0.00000000000000000000000000000000000001'}"
        ","
        "'Zero':{'N':'0'},'Blob':{'B':'AAEC/f7/'},'NoBytes':{'B':''},'Paid':{'BOOL':false},'Coupon':{'NULL':true},"
        "'Address':{'M':{'City':{'S':'Oslo'},'Geo':{'M':{'Lat':{'N':'59.9139'},'Lon':{'N':'10.7522'}}},'Nothing':{'M':{"
        "}},"
        "'S':{'S':'an attribute named S'}}},'Lines':{'L':[{'M':{'Sku':{'S':'A-1'},'Qty':{'N':'2'},'Gift':{'BOOL':true},"
        "'Opts':{'L':[{'S':'red'},{'N':'42'},{'NULL':true},{'B':'/w=='},{'SS':['x','y']}]}}},{'L':[]}]},"
        "'Tags':{'SS':['blue','green','']},'Scores':{'NS':['-7','3.14','100']},'Digests':{'BS':['AAE=','QUI=']}}}",
        "{}"));
    const struct stream *stream = table_stream(t.db, "All");
    CHECK_INT(stream_at(stream, 0)->size, 282);
    tables_close(&t);
}

TEST(sequence_numbers_increase_and_grow_a_digit)
{
    struct tables t = tables_open("KEYS_ONLY", 0);
    char before[STREAM_SEQUENCE_SIZE] = "0", after[STREAM_SEQUENCE_SIZE];
    bool grew = false;
    for (int i = 0; i < 300; i++) {
        char request[128];
        uint64_t position;
        snprintf(request, sizeof request, PUT("{'id':{'S':'%d'}}"), i);
        CHECK(tables_ok(&t, "PutItem", request, "{}"));
        stream_sequence(tables_latest(&t)->position, after);
        CHECK(strlen(after) > strlen(before) || strcmp(after, before) > 0);
        CHECK(strlen(after) >= 21 && strlen(after) <= 40);
        CHECK(stream_position(ddbs_str_c(after), &position) && position == tables_latest(&t)->position);
        grew = grew || (strlen(before) > 1 && strlen(after) > strlen(before));
        memcpy(before, after, sizeof before);
    }
    CHECK(grew); /* whoever compares them as text is found out */
    tables_close(&t);
}

TEST(time_to_live_removes_as_the_service)
{
    struct tables t = tables_open("NEW_AND_OLD_IMAGES", 0);
    ddbs_buf event = { 0 };
    CHECK(tables_ok(&t, "PutItem", PUT("{'id':{'S':'old'},'exp':{'N':'1792399203'}}"), "{}"));
    CHECK(tables_ok(&t, "UpdateTimeToLive",
                    "{'TableName':'Orders','TimeToLiveSpecification':{'Enabled':true,'AttributeName':'exp'}}",
                    "{'TimeToLiveSpecification':{'Enabled':true,'AttributeName':'exp'}}"));
    CHECK(tables_ok(&t, "PutItem", PUT("{'id':{'S':'later'},'exp':{'N':'1792399205'}}"), "{}"));
    CHECK(tables_ok(&t, "PutItem", PUT("{'id':{'S':'text'},'exp':{'S':'1'}}"), "{}"));
    CHECK(tables_ok(&t, "PutItem", PUT("{'id':{'S':'long ago'},'exp':{'N':'1'}}"), "{}")); /* over five years */
    CHECK_INT(table_expire(t.db, t.now_ms), 1);
    CHECK_STR(tables_latest(&t)->keys, tables_json("{'id':{'S':'old'}}"));
    CHECK(tables_latest(&t)->expired && tables_latest(&t)->operation == STREAM_REMOVE);
    CHECK_INT(table_expire(t.db, t.now_ms), 0);
    CHECK_INT(table_expire(t.db, t.now_ms + 2000), 1);
    stream_write(table_stream(t.db, "Orders"), tables_latest(&t), "r", "arn", &event);
    CHECK(strstr(event.ptr, tables_json("'userIdentity':{'principalId':'dynamodb.amazonaws.com','type':'Service'},"
                                        "'eventSourceARN':'arn'}")) != NULL);
    event.len = 0;
    stream_write(table_stream(t.db, "Orders"), tables_latest(&t), "r", NULL, &event);
    CHECK(strstr(event.ptr, tables_json("'userIdentity':{'PrincipalId':'dynamodb.amazonaws.com','Type':'Service'}}")) !=
          NULL);
    CHECK(tables_ok(&t, "DeleteItem", "{'TableName':'Orders','Key':{'id':{'S':'text'}}}", "{}"));
    CHECK(!tables_latest(&t)->expired);
    ddbs_buf_free(&event);
    tables_close(&t);
}

/* ---- Reading ----------------------------------------------------------------------------------------------------- */

/* The text of a member of the answer, behind `"name":"`. */
static const char *member(const struct tables *t, const char *name)
{
    static char text[8][512];
    static unsigned turn;
    char lead[64], *out = text[turn++ % 8];
    snprintf(lead, sizeof lead, "\"%s\":\"", name);
    const char *at = strstr(t->reply.ptr, lead);
    at = at == NULL ? "" : at + strlen(lead);
    snprintf(out, sizeof *text, "%.*s", (int)strcspn(at, "\""), at);
    return out;
}

static int iterator(struct tables *t, size_t shard, const char *type, const char *sequence, char out[512])
{
    char request[1024];
    const struct stream *stream = table_stream(t->db, "Orders");
    snprintf(request, sizeof request,
             "{'StreamArn':'arn:aws:dynamodb:ddblocal:000000000000:table/Orders/stream/%s','ShardId':'%s',"
             "'ShardIteratorType':'%s'%s%s%s}",
             stream->label, stream->shards[shard].id, type, sequence == NULL ? "" : ",'SequenceNumber':'",
             sequence == NULL ? "" : sequence, sequence == NULL ? "" : "'");
    int status = tables_call(t, "GetShardIterator", request);
    snprintf(out, 512, "%s", member(t, "ShardIterator"));
    return status;
}

static int get_records(struct tables *t, const char *shard_iterator, int limit)
{
    char request[1024];
    snprintf(request, sizeof request, "{'ShardIterator':'%s','Limit':%d}", shard_iterator, limit);
    return tables_call(t, "GetRecords", request);
}

static int count(const struct tables *t, const char *text)
{
    int found = 0;
    for (const char *at = t->reply.ptr; (at = strstr(at, text)) != NULL; at++)
        found++;
    return found;
}

static void put_many(struct tables *t, int from, int to)
{
    for (int i = from; i < to; i++) {
        char request[128];
        snprintf(request, sizeof request, PUT("{'id':{'S':'%d'}}"), i);
        CHECK(tables_ok(t, "PutItem", request, "{}"));
    }
}

TEST(a_stream_is_read_from_any_place_to_its_end)
{
    struct tables t = tables_open("NEW_IMAGE", 0);
    char it[512], sequence[STREAM_SEQUENCE_SIZE];
    put_many(&t, 0, 10);
    CHECK_INT(iterator(&t, 0, "TRIM_HORIZON", NULL, it), 200);
    CHECK_INT(get_records(&t, it, 4), 200);
    CHECK_INT(count(&t, "eventID"), 4);
    snprintf(it, sizeof it, "%s", member(&t, "NextShardIterator"));
    CHECK_INT(get_records(&t, it, 1000), 200);
    CHECK_INT(count(&t, "eventID"), 6);
    snprintf(it, sizeof it, "%s", member(&t, "NextShardIterator"));
    CHECK_INT(get_records(&t, it, 1000), 200);
    CHECK_INT(count(&t, "eventID"), 0); /* an empty page is no end */
    CHECK(member(&t, "NextShardIterator")[0] != '\0');
    stream_sequence(stream_at(table_stream(t.db, "Orders"), 7)->position, sequence);
    CHECK_INT(iterator(&t, 0, "AT_SEQUENCE_NUMBER", sequence, it), 200);
    CHECK(get_records(&t, it, 1000) == 200 && count(&t, "eventID") == 3);
    CHECK_INT(iterator(&t, 0, "AFTER_SEQUENCE_NUMBER", sequence, it), 200);
    CHECK(get_records(&t, it, 1000) == 200 && count(&t, "eventID") == 2);
    CHECK_INT(iterator(&t, 0, "LATEST", NULL, it), 200);
    put_many(&t, 10, 11);
    CHECK(get_records(&t, it, 1000) == 200 && count(&t, "eventID") == 1);
    tables_close(&t);
}

TEST(iterators_expire_and_old_records_are_trimmed)
{
    struct tables t = tables_open("NEW_IMAGE", 0);
    char it[512], sequence[STREAM_SEQUENCE_SIZE];
    put_many(&t, 0, 3);
    stream_sequence(stream_at(table_stream(t.db, "Orders"), 1)->position, sequence);
    CHECK_INT(iterator(&t, 0, "TRIM_HORIZON", NULL, it), 200);
    t.now_ms += 15 * 60 * 1000;
    CHECK_INT(get_records(&t, it, 10), 200);
    t.now_ms += 1;
    CHECK_INT(get_records(&t, it, 10), 400);
    CHECK(strstr(t.reply.ptr, "#ExpiredIteratorException") != NULL);
    CHECK_INT(iterator(&t, 0, "TRIM_HORIZON", NULL, it), 200);
    t.now_ms = TABLE_NOW + STREAM_RETENTION_MS - 1000;
    put_many(&t, 3, 4);
    CHECK_INT(iterator(&t, 0, "TRIM_HORIZON", NULL, it), 200);
    t.now_ms = TABLE_NOW + STREAM_RETENTION_MS + 1;
    CHECK_INT(get_records(&t, it, 10), 400);
    CHECK(strstr(t.reply.ptr, "#TrimmedDataAccessException") != NULL);
    CHECK_INT(tables_records(&t), 1);
    CHECK_INT(iterator(&t, 0, "AT_SEQUENCE_NUMBER", sequence, it), 400);
    CHECK(strstr(t.reply.ptr, "#TrimmedDataAccessException") != NULL);
    CHECK_INT(iterator(&t, 0, "TRIM_HORIZON", NULL, it), 200);
    CHECK(get_records(&t, it, 10) == 200 && count(&t, "eventID") == 1);
    tables_close(&t);
}

TEST(a_split_shard_ends_and_its_children_go_on)
{
    struct tables t = tables_open("KEYS_ONLY", 0);
    char it[512];
    int children = 0;
    put_many(&t, 0, 20);
    REQUIRE(table_split(t.db, "Orders", 0, t.now_ms));
    CHECK(!table_split(t.db, "Orders", 0, t.now_ms)); /* it is closed */
    put_many(&t, 20, 60);
    const struct stream *stream = table_stream(t.db, "Orders");
    REQUIRE(stream->shard_count == 3);
    CHECK_INT(iterator(&t, 0, "TRIM_HORIZON", NULL, it), 200);
    CHECK_INT(get_records(&t, it, 1000), 200);
    CHECK_INT(count(&t, "eventID"), 20);
    CHECK(strstr(t.reply.ptr, "NextShardIterator") == NULL); /* read to its end */
    for (size_t shard = 1; shard < 3; shard++) {
        CHECK_INT(stream->shards[shard].parent, 0);
        CHECK_INT(iterator(&t, shard, "TRIM_HORIZON", NULL, it), 200);
        CHECK_INT(get_records(&t, it, 1000), 200);
        CHECK(count(&t, "eventID") > 0);
        children += count(&t, "eventID");
    }
    CHECK_INT(children, 40);
    tables_close(&t);
}

TEST(odd_iterators_are_refused)
{
    static const char *const odd[] = { "", "x", "arn|1|0|0", "arn|1|0|0|0",
                                       "arn:aws:dynamodb:ddblocal:000000000000:table/Orders/stream/x|1|0|0|0" };
    struct tables t = tables_open("KEYS_ONLY", 0);
    char it[512], longer[600];
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        CHECK_INT(get_records(&t, odd[i], 1), 400);
    CHECK_INT(iterator(&t, 0, "TRIM_HORIZON", NULL, it), 200);
    snprintf(longer, sizeof longer, "%s0x", it);
    CHECK_INT(get_records(&t, longer, 1), 400);
    CHECK_INT(iterator(&t, 0, "AT_SEQUENCE_NUMBER", "12", it), 400);
    CHECK_INT(iterator(&t, 0, "AT_SEQUENCE_NUMBER", NULL, it), 400);
    CHECK_INT(iterator(&t, 0, "SOMEWHERE", NULL, it), 400);
    tables_close(&t);
}
