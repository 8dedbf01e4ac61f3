/* test_aws_dynamodb.c: writes under conditions: the bytes of requests, and what is made of replies, odd ones too. */
#include "events.h"
#include "runtime/aws/client.h"
#include <ddbstream/dynamodb.h>

#include <stdio.h>

/* What the service answers, and what it was asked; the callback's part. */
static struct {
    long status;
    const char *reply, *type;
    char body[2048], target[64];
    size_t calls;
    ddbs_aws *aws;
    ddbs_status (*act)(ddbs_ctx *ctx, const ddbs_record *rec);
    ddbs_status got;
    ddbs_written written;
} play;

static void exchange(void *self, ddbs_aws_exchange *const *exchanges, size_t count)
{
    (void)self, (void)count;
    ddbs_aws_exchange *one = exchanges[0];
    play.calls++;
    snprintf(play.body, sizeof play.body, "%.*s", (int)one->body.len, (const char *)one->body.ptr);
    for (size_t i = 0; i < one->header_count; i++) {
        if (strncmp(one->headers[i], "X-Amz-Target: ", 14) == 0)
            snprintf(play.target, sizeof play.target, "%s", one->headers[i] + 14);
    }
    one->status = play.status;
    snprintf(one->type, sizeof one->type, "%s", play.type == NULL ? "" : play.type);
    ddbs_str reply = json_text(play.reply);
    ddbs_buf__bytes(&one->reply, reply.ptr, reply.len);
}

static ddbs_status act(ddbs_ctx *ctx, const ddbs_record *rec)
{
    play.got = play.act(ctx, rec);
    return play.got;
}

/* Run a callback for one record against a service that answers so; its outcome's status. */
static ddbs_status run(ddbs_record_fn *callback, long status, const char *type, const char *reply)
{
    ddbs_aws_options options = { .region = "eu-west-1", .transport = exchange, .attempts = 1 };
    ddbs_consumer consumer = { .on_any = act };
    ddbs_error error;
    ddbs_outcome outcome;
    play.status = status;
    play.reply = reply;
    play.type = type;
    play.act = callback;
    play.calls = 0;
    setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    if (ddbs_aws__make(&play.aws, &options, &error) != DDBS_OK)
        abort();
    struct parsed parsed = parse(EVENT("{'eventName':'INSERT'," SOURCE ",'dynamodb':{'SequenceNumber':'1',"
                                       "'Keys':{'id':{'S':'a\\u0000b'}},'NewImage':{'n':{'N':'1.50'}}}}"));
    ddbs_status got = ddbs_process(parsed.event, &consumer, NULL, parsed.arena, &outcome);
    parsed_free(&parsed);
    ddbs_aws_free(play.aws);
    return got;
}

static void expect_body(const char *want)
{
    ddbs_str text = json_text(want);
    char copy[2048];
    snprintf(copy, sizeof copy, "%.*s", (int)text.len, text.ptr);
    CHECK_STR(play.body, copy);
}

static ddbs_status update(ddbs_ctx *ctx, const ddbs_record *rec)
{
    ddbs_num price;
    ddbs_str absent = { NULL, 0 };
    DDBS_TRY(ddbs_get(rec->new_image, "n", &price));
    ddbs_write write = {
        .kind = DDBS_WRITE_UPDATE,
        .table = "Stock",
        .item = rec->keys,
        .attributes = DDBS_PAIRS(DDBS_PAIR("day", 7u)),
        .update = "SET #p = :p ADD seen :e",
        .condition = "#p < :p",
        .names = DDBS_PAIRS(DDBS_PAIR("#p", "price \"net\"")),
        .values = DDBS_PAIRS(DDBS_PAIR(":p", price), DDBS_PAIR(":i", INT64_MIN), DDBS_PAIR(":b", (bool)true),
                             DDBS_PAIR(":z", absent)),
        .sets = DDBS_PAIRS(DDBS_PAIR(":e", "x"), DDBS_PAIR(":m", 3)),
        .returns = "ALL_NEW",
    };
    return ddbs_dynamodb_write(play.aws, ctx, &write, &play.written);
}

TEST(a_write_becomes_the_request_that_dynamodb_wants)
{
    CHECK_STATUS(run(update, 200, NULL, "{}"), DDBS_OK);
    CHECK_STR(play.target, "DynamoDB_20120810.UpdateItem");
    expect_body("{'TableName':'Stock','Key':{'id':{'S':'a\\u0000b'},'day':{'N':'7'}},"
                "'UpdateExpression':'SET #p = :p ADD seen :e','ConditionExpression':'#p < :p',"
                "'ExpressionAttributeNames':{'#p':'price \\'net\\''},"
                "'ExpressionAttributeValues':{':p':{'N':'1.50'},':i':{'N':'-9223372036854775808'},"
                "':b':{'BOOL':true},':z':{'NULL':true},':e':{'SS':['x']},':m':{'NS':['3']}},"
                "'ReturnValues':'ALL_NEW','ReturnValuesOnConditionCheckFailure':'ALL_OLD'}");
    CHECK(play.written.held && play.written.item == NULL);
}

static ddbs_status read_it(ddbs_ctx *ctx, const ddbs_record *rec)
{
    int64_t n = 0;
    DDBS_TRY(update(ctx, rec));
    DDBS_TRY(ddbs_get(play.written.item, "n", &n));
    return n == 9 ? DDBS_OK : DDBS_E_RANGE;
}

TEST(a_condition_that_does_not_hold_is_an_answer_with_the_item)
{
    static const char type[] = "ConditionalCheckFailedException";
    CHECK_STATUS(run(read_it, 200, NULL, "{'Attributes':{'n':{'N':'9'},'s':{'S':'\\u0000'}}}"), DDBS_OK);
    CHECK(play.written.held);
    CHECK_STATUS(run(read_it, 400, type, "{ 'message' : 'no' , 'Item' : {'n':{'N':'9'}} }"), DDBS_OK);
    CHECK(!play.written.held);
    CHECK_STATUS(run(update, 400, type, "{'message':'no'}"), DDBS_OK);
    CHECK(!play.written.held && play.written.item == NULL);
}

TEST(every_other_refusal_is_a_failure)
{
    CHECK_STATUS(run(update, 400, "ValidationException", "{}"), DDBS_E_HANDLER);
    CHECK_STATUS(run(update, 500, "", ""), DDBS_E_HANDLER);
    CHECK_STATUS(run(update, 400, "ConditionalCheckFailedException", "{'Item':{'n':{'N':'x'}}}"), DDBS_E_SYNTAX);
    CHECK_STATUS(run(update, 400, "ConditionalCheckFailedException", "{'Item':{'n'"), DDBS_OK);
    CHECK(!play.written.held && play.written.item == NULL);
}

static ddbs_status refuse_double(ddbs_ctx *ctx, const ddbs_record *rec)
{
    (void)rec;
    ddbs_write write = { .table = "t", .attributes = DDBS_PAIRS(DDBS_PAIR("x", 0.1)) };
    return ddbs_dynamodb_write(play.aws, ctx, &write, &play.written);
}

static ddbs_status refuse_set(ddbs_ctx *ctx, const ddbs_record *rec)
{
    (void)rec;
    ddbs_write write = { .table = "t", .sets = DDBS_PAIRS(DDBS_PAIR(":x", (bool)true)) };
    return ddbs_dynamodb_write(play.aws, ctx, &write, &play.written);
}

static ddbs_status refuse_nothing(ddbs_ctx *ctx, const ddbs_record *rec)
{
    (void)rec;
    return ddbs_dynamodb_write(play.aws, ctx, &(ddbs_write){ .condition = "x" }, &play.written);
}

static ddbs_status refuse_check(ddbs_ctx *ctx, const ddbs_record *rec)
{
    (void)rec;
    return ddbs_dynamodb_write(play.aws, ctx, &(ddbs_write){ .kind = DDBS_WRITE_CHECK, .table = "t" }, &play.written);
}

TEST(what_is_no_write_is_not_sent)
{
    static const struct {
        ddbs_record_fn *callback;
        ddbs_status status;
    } cases[] = { { refuse_double, DDBS_E_TYPE },
                  { refuse_set, DDBS_E_TYPE },
                  { refuse_nothing, DDBS_E_USAGE },
                  { refuse_check, DDBS_E_USAGE } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_STATUS(run(cases[i].callback, 200, NULL, "{}"), cases[i].status);
        CHECK_INT(play.calls, 0);
    }
}

static ddbs_status transact(ddbs_ctx *ctx, const ddbs_record *rec)
{
    const ddbs_write writes[] = {
        { .table = "Events", .item = rec->new_image, .condition = "attribute_not_exists(n)" },
        { .kind = DDBS_WRITE_DELETE, .table = "Open", .item = rec->keys },
        { .kind = DDBS_WRITE_CHECK, .table = "Gate", .item = rec->keys, .condition = "attribute_exists(id)" },
    };
    return ddbs_dynamodb_transact(play.aws, ctx, writes, 3, &play.written);
}

TEST(a_transaction_is_all_or_tells_which_condition_failed)
{
    static const char type[] = "TransactionCanceledException";
    CHECK_STATUS(run(transact, 200, NULL, "{}"), DDBS_OK);
    CHECK(play.written.held);
    char *items = strstr(play.body, "\"TransactItems\"");
    REQUIRE(items != NULL);
    memmove(play.body, items, strlen(items) + 1); /* the token before it is random */
    expect_body("'TransactItems':[{'Put':{'TableName':'Events','Item':{'n':{'N':'1.50'}},"
                "'ConditionExpression':'attribute_not_exists(n)','ReturnValuesOnConditionCheckFailure':'ALL_OLD'}},"
                "{'Delete':{'TableName':'Open','Key':{'id':{'S':'a\\u0000b'}}}},"
                "{'ConditionCheck':{'TableName':'Gate','Key':{'id':{'S':'a\\u0000b'}},"
                "'ConditionExpression':'attribute_exists(id)','ReturnValuesOnConditionCheckFailure':'ALL_OLD'}}]}");

    CHECK_STATUS(run(transact, 400, type,
                     "{'CancellationReasons':[{'Code':'None'},{'Code':'None'},{'Code':'ConditionalCheckFailed'}]}"),
                 DDBS_OK);
    CHECK(!play.written.held && play.written.failed == 2 && play.written.item == NULL);
    CHECK_STATUS(run(transact, 400, type,
                     "{'CancellationReasons':[{'Code':'ConditionalCheckFailed','Item':{'n':{'N':'9'}}},"
                     "{'Code':'None'},{'Code':'ConditionalCheckFailed'}]}"),
                 DDBS_OK);
    CHECK(!play.written.held && play.written.failed == 0);
}

TEST(a_transaction_that_was_cancelled_otherwise_has_failed)
{
    static const char *const replies[] = {
        "{'CancellationReasons':[{'Code':'ConditionalCheckFailed'},{'Code':'TransactionConflict'},{'Code':'None'}]}",
        "{'CancellationReasons':[{'Code':'None'},{'Code':'None'},{'Code':'None'}]}",
        "{'CancellationReasons':[{'Code':'ConditionalCheckFailed'}]}", /* fewer than there are writes */
        "{'CancellationReasons':7}",
        "{'CancellationReasons':[{'Code':'Cond",
        "",
    };
    for (size_t i = 0; i < sizeof replies / sizeof *replies; i++)
        CHECK_STATUS(run(transact, 400, "TransactionCanceledException", replies[i]), DDBS_E_HANDLER);
}

static ddbs_status twice(ddbs_ctx *ctx, const ddbs_record *rec)
{
    (void)rec;
    return ddbs_dynamodb_transact(play.aws, ctx, NULL, 0, &play.written);
}

TEST(a_transaction_has_writes_and_a_batch)
{
    CHECK_STATUS(run(twice, 200, NULL, "{}"), DDBS_E_USAGE);
    CHECK_INT(play.calls, 0);
}

TEST(the_endpoint_of_the_options_comes_before_the_environments)
{
    char url[DDBS_AWS_URL_MAX];
    bool own;
    ddbs_error error;
    ddbs_aws *aws;
    ddbs_aws_request request = { .service = "dynamodb" };
    ddbs_aws_options options = { .region = "us-east-1", .transport = exchange, .endpoint = "http://127.0.0.1:8000/" };
    setenv("AWS_ENDPOINT_URL", "http://other", 1);
    REQUIRE(ddbs_aws__make(&aws, &options, &error) == DDBS_OK);
    CHECK(ddbs_aws__endpoint(aws, &request, url, sizeof url, &own) && own);
    CHECK_STR(url, "http://127.0.0.1:8000");
    ddbs_aws_free(aws);
    unsetenv("AWS_ENDPOINT_URL");
    options.endpoint = "";
    REQUIRE(ddbs_aws__make(&aws, &options, &error) == DDBS_OK);
    CHECK(ddbs_aws__endpoint(aws, &request, url, sizeof url, &own) && !own);
    CHECK_STR(url, "https://dynamodb.us-east-1.amazonaws.com");
    ddbs_aws_free(aws);
    options.endpoint = "ftp://x";
    CHECK_STATUS(ddbs_aws__make(&aws, &options, &error), DDBS_E_USAGE);
}
