/* test_driver_calls.c: calls of AWS under the test driver: what services take and answer, what goes wrong on the way,
 * what is told of it. The client and tables are in test_driver_client.c. */
#include "driver_calls.h"

/* ---- A handler that calls everything ----------------------------------------------------------------------------- */

static struct {
    ddbs_aws *aws;
    ddbs_writer *firehose, *kinesis, *sqs, *sns, *bus, *bucket, *metrics, *mail, *index, *items;
    const char *only; /* the one that is called; NULL: all */
} calls;

static ddbs_status make_writers(ddbs_error *error)
{
    ddbs_firehose_options firehose = { .aws = calls.aws, .stream = "lines", .newline = true };
    ddbs_kinesis_options kinesis = { .aws = calls.aws, .stream = "arn:aws:kinesis:eu-west-1:1111:stream/feed" };
    ddbs_sqs_options sqs = { .aws = calls.aws, .queue_url = "https://sqs.eu-west-1.amazonaws.com/1111/queue" };
    ddbs_sns_options sns = { .aws = calls.aws, .topic_arn = "arn:aws:sns:eu-west-1:1111:topic" };
    ddbs_eventbridge_options bus = { .aws = calls.aws, .source = "shop" };
    ddbs_s3_options bucket = { .aws = calls.aws, .bucket = "dotted.bucket", .gzip = true };
    ddbs_cloudwatch_options metrics = { .aws = calls.aws, .name_space = "shop/orders" };
    ddbs_ses_options mail = { .aws = calls.aws, .from = "shop@example.com" };
    ddbs_opensearch_options index = { .aws = calls.aws, .endpoint = "https://search.example.com", .index = "docs" };
    ddbs_dynamodb_options items = { .aws = calls.aws, .table = "Copies", .partition_key = "id" };
    DDBS_TRY(ddbs_firehose_new(&calls.firehose, &firehose, error));
    DDBS_TRY(ddbs_kinesis_new(&calls.kinesis, &kinesis, error));
    DDBS_TRY(ddbs_sqs_new(&calls.sqs, &sqs, error));
    DDBS_TRY(ddbs_sns_new(&calls.sns, &sns, error));
    DDBS_TRY(ddbs_eventbridge_new(&calls.bus, &bus, error));
    DDBS_TRY(ddbs_s3_new(&calls.bucket, &bucket, error));
    DDBS_TRY(ddbs_cloudwatch_new(&calls.metrics, &metrics, error));
    DDBS_TRY(ddbs_ses_new(&calls.mail, &mail, error));
    DDBS_TRY(ddbs_opensearch_new(&calls.index, &index, error));
    return ddbs_dynamodb_new(&calls.items, &items, error);
}

static ddbs_status start(ddbs_ctx *ctx)
{
    DDBS_TRY(ddbs_aws_new(&calls.aws, NULL, ddbs_ctx_error(ctx)));
    return make_writers(ddbs_ctx_error(ctx));
}

static ddbs_writer **const writers[] = { &calls.firehose, &calls.kinesis, &calls.sqs,  &calls.sns,   &calls.bus,
                                         &calls.bucket,   &calls.metrics, &calls.mail, &calls.index, &calls.items };
enum { WRITERS = sizeof writers / sizeof *writers };

static void stop(ddbs_ctx *ctx)
{
    (void)ctx;
    for (size_t i = 0; i < WRITERS; i++) {
        ddbs_writer_free(*writers[i]);
        *writers[i] = NULL;
    }
    ddbs_aws_free(calls.aws);
    calls.aws = NULL;
}

static bool wanted(const char *name)
{
    return calls.only == NULL || strcmp(calls.only, name) == 0;
}

static ddbs_status put_all(ddbs_ctx *ctx, const ddbs_record *record)
{
    ddbs_str id;
    DDBS_TRY(ddbs_get(record->keys, "id", &id));
    ddbs_bytes data = { (const unsigned char *)id.ptr, id.len };
    ddbs_message message = {
        .body = id, .subject = ddbs_str_c("a & b"), .group_id = ddbs_str_c("g"), .deduplication_id = id
    };
    ddbs_datum datum = { .name = "Orders", .value = 2.5 };
    ddbs_mail mail = { .to = ddbs_str_c("a@b.example"), .subject = id, .html = ddbs_str_c("<p>\"x\"</p>") };
    if (wanted("firehose"))
        DDBS_TRY(ddbs_firehose_put(calls.firehose, ctx, data));
    if (wanted("kinesis"))
        DDBS_TRY(ddbs_kinesis_put(calls.kinesis, ctx, id, data));
    if (wanted("sqs"))
        DDBS_TRY(ddbs_sqs_put(calls.sqs, ctx, &message));
    if (wanted("sns"))
        DDBS_TRY(ddbs_sns_put(calls.sns, ctx, &message));
    if (wanted("bus"))
        DDBS_TRY(ddbs_eventbridge_put(calls.bus, ctx, ddbs_str_c("Placed"), ddbs_str_c("{\"a\":1}")));
    if (wanted("bucket"))
        DDBS_TRY(ddbs_s3_put(calls.bucket, ctx, id, data));
    if (wanted("metrics"))
        DDBS_TRY(ddbs_cloudwatch_put(calls.metrics, ctx, &datum));
    if (wanted("mail"))
        DDBS_TRY(ddbs_ses_put(calls.mail, ctx, &mail));
    if (wanted("index"))
        DDBS_TRY(ddbs_opensearch_put(calls.index, ctx, id, ddbs_str_c("{\"d\":1}"), 0));
    return wanted("items") ? ddbs_dynamodb_put(calls.items, ctx, record->new_image) : DDBS_OK;
}

static ddbs_status flush_all(ddbs_ctx *ctx)
{
    ddbs_status status = DDBS_OK;
    for (size_t i = 0; i < WRITERS; i++) {
        ddbs_status other = ddbs_writer_flush(*writers[i], ctx);
        status = status == DDBS_OK ? other : status;
    }
    return status;
}

static const ddbs_consumer everything = {
    .on_start = start, .on_any = put_all, .on_batch_end = flush_all, .on_stop = stop
};

/* A driver under which one of the services is called; NULL: all. */
static ddbs_test *open_calls(const char *only, const char *const *ids)
{
    memset(&calls, 0, sizeof calls);
    calls.only = only;
    return open_test(&everything, ids);
}

/* ---- Services ---------------------------------------------------------------------------------------------------- */

TEST(each_service_takes_what_a_writer_puts)
{
    static const struct {
        const char *to, *key, *id, *subject, *body;
    } want[] = {
        { "lines", NULL, NULL, NULL, "r1\n" },
        { "arn:aws:kinesis:eu-west-1:1111:stream/feed", "r1", NULL, NULL, "r1" },
        { "https://sqs.eu-west-1.amazonaws.com/1111/queue", "g", "r1", NULL, "r1" },
        { "arn:aws:sns:eu-west-1:1111:topic", "g", "r1", "a & b", "r1" },
        { "default", "Placed", NULL, NULL, "{\"a\":1}" },
        { "dotted.bucket", "r1", NULL, NULL, "r1" },
        { "shop/orders", "Orders", NULL, NULL, "2.5" },
        { "a@b.example", NULL, NULL, "r1", "<p>\"x\"</p>" },
        { "docs", "r1", NULL, NULL, "{\"d\":1}" },
    };
    ddbs_test *test = open_calls(NULL, ONE);
    REQUIRE(test != NULL);
    CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
    CHECK_STR(ddbs_test_story(test), "[1]");
    CHECK(strstr(ddbs_test_log(test), "ERROR") == NULL && strstr(ddbs_test_log(test), "WARN") == NULL);
    CHECK_INT(ddbs_test_sent_count(test, NULL), sizeof want / sizeof *want);
    for (size_t i = 0; i < ddbs_test_sent_count(test, NULL) && i < sizeof want / sizeof *want; i++) {
        const ddbs_test_sent *sent = ddbs_test_sent_at(test, NULL, i);
        CHECK_STR(sent->to, want[i].to);
        CHECK(want[i].key == NULL ? sent->key.ptr == NULL : ddbs_str_is(sent->key, want[i].key));
        CHECK(want[i].id == NULL ? sent->id.ptr == NULL : ddbs_str_is(sent->id, want[i].id));
        CHECK(want[i].subject == NULL ? sent->subject.ptr == NULL : ddbs_str_is(sent->subject, want[i].subject));
        CHECK_VIEW(sent->body, want[i].body);
        CHECK_INT(sent->call, i);
    }
    CHECK_INT(ddbs_test_items(test, "Copies"), 1);
    ddbs_test_free(test);
}

TEST(a_call_is_told_as_it_would_have_gone_out)
{
    static const char *const operations[] = { "PutRecordBatch", "PutRecords",    "SendMessageBatch", "PublishBatch",
                                              "PutEvents",      "PutObject",     "PutMetricData",    "SendEmail",
                                              "_bulk",          "BatchWriteItem" };
    ddbs_test *test = open_calls(NULL, ONE);
    REQUIRE(test != NULL);
    ddbs_test_run(test);
    CHECK_INT(ddbs_test_call_count(test, NULL), WRITERS);
    for (size_t i = 0; i < WRITERS; i++) {
        const ddbs_test_call *call = ddbs_test_call_at(test, NULL, i);
        CHECK_STR(call->operation, operations[i]);
        CHECK(ddbs_test_call_at(test, operations[i], 0) == call);
        CHECK_INT(ddbs_test_call_count(test, operations[i]), 1);
        CHECK_INT(call->entries, 1);
        CHECK_INT(call->status, 200);
        CHECK_INT(call->delivery, 0);
        CHECK_INT(call->record, 0); /* of on_batch_end */
        CHECK_STR(call->region, "eu-west-1");
    }
    const ddbs_test_call *queue = ddbs_test_call_at(test, "SendMessageBatch", 0);
    CHECK_STR(queue->url, "https://sqs.eu-west-1.amazonaws.com/");
    CHECK_STR(queue->method, "POST");
    CHECK_STR(queue->headers[1], "X-Amz-Target: AmazonSQS.SendMessageBatch");
    CHECK(strstr(queue->body.ptr, "\"MessageBody\":\"r1\"") != NULL);
    CHECK(strstr(queue->answer.ptr, "\"Successful\":[{\"Id\":\"0\"") != NULL);
    CHECK(ddbs_test_call_at(test, NULL, WRITERS) == NULL && ddbs_test_call_at(test, "PutItem", 0) == NULL);
    CHECK(ddbs_test_sent_at(test, "lines", 1) == NULL && ddbs_test_sent_at(test, "ines", 0) == NULL);
    ddbs_test_free(test);
}

/* ---- Faults ------------------------------------------------------------------------------------------------------ */

/* One service, three records, the fault: everything is taken in the end, in so many calls. */
static void comes_through(const char *only, const char *to, ddbs_test_fault fault, const char *story, size_t count)
{
    ddbs_test *test = open_calls(only, THREE);
    REQUIRE(test != NULL);
    ddbs_test_add_fault(test, &fault);
    CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
    bool held = CHECK_STR(ddbs_test_story(test), story);
    held = CHECK_INT(ddbs_test_call_count(test, NULL), count) && held;
    held = CHECK_INT(ddbs_test_count(test).done, 3) && held;
    held = CHECK((to == NULL ? ddbs_test_items(test, "Copies") : ddbs_test_sent_count(test, to)) >= 3) && held;
    if (!held)
        printf("# %s: %s\n", only, ddbs_test_log(test));
    ddbs_test_free(test);
}

static const struct {
    const char *only, *to;
    size_t calls; /* for three records */
} services[] = {
    { "firehose", "lines", 1 },      { "kinesis", "feed", 1 },
    { "sqs", "queue", 1 },           { "sns", "topic", 1 },
    { "bus", "default", 1 },         { "bucket", "dotted.bucket", 3 },
    { "metrics", "shop/orders", 1 }, { "mail", "a@b.example", 3 },
    { "index", "docs", 1 },          { "items", NULL, 1 },
};
enum { SERVICES = sizeof services / sizeof *services };

TEST(each_service_throttles_in_its_own_words)
{
    for (size_t i = 0; i < SERVICES; i++)
        comes_through(services[i].only, services[i].to, (ddbs_test_fault){ .kind = DDBS_TEST_AWS_REFUSE, .times = 1 },
                      "[1 2 3]", services[i].calls + 1);
}

TEST(each_service_refuses_an_entry_in_its_own_words)
{
    for (size_t i = 0; i < SERVICES; i++) {
        bool has_r2 = strcmp(services[i].only, "bus") != 0 && strcmp(services[i].only, "metrics") != 0;
        comes_through(
            services[i].only, services[i].to,
            (ddbs_test_fault){ .kind = DDBS_TEST_AWS_REFUSE_ENTRY, .holds = has_r2 ? "r2" : NULL, .times = 1 },
            "[1 2 3]", services[i].calls + 1);
    }
}

TEST(a_lost_request_and_a_lost_answer_are_sent_again)
{
    for (size_t i = 0; i < SERVICES; i++) {
        ddbs_test_fault fault = { .kind = DDBS_TEST_AWS_LOSE_REQUEST, .times = 1 };
        comes_through(services[i].only, services[i].to, fault, "[1 2 3]", services[i].calls + 1);
        fault.kind = DDBS_TEST_AWS_LOSE_ANSWER;
        comes_through(services[i].only, services[i].to, fault, "[1 2 3]", services[i].calls + 1);
    }
}

TEST(an_entry_that_is_refused_for_good_stops_the_batch_at_its_record)
{
    static const char *const some[] = { "firehose", "kinesis", "sqs", "sns", "index" };
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        ddbs_test *test = open_calls(some[i], THREE);
        REQUIRE(test != NULL);
        ddbs_test_add_fault(
            test,
            &(ddbs_test_fault){ .kind = DDBS_TEST_AWS_REFUSE_ENTRY, .holds = "r2", .answer = "InvalidParameterValue" });
        ddbs_test_run(test);
        if (!CHECK_STR(ddbs_test_story(test), "[1 2 3] [2 3] [2 3] [2 3] (2 3)"))
            printf("# %s\n", some[i]);
        CHECK(strstr(ddbs_test_log(test), "from record 2 on: InvalidParameterValue") != NULL);
        ddbs_test_free(test);
    }
}

/* Copies of records with an empty map, as in no other test. */
TEST(an_item_that_ends_in_brackets_is_written_beside_one_that_is_not)
{
    static const char *const none[] = { NULL };
    ddbs_test *test = open_calls("items", none);
    REQUIRE(test != NULL);
    ddbs_test_put(test, "{\"id\":\"r1\",\"m\":{}}");
    ddbs_test_put(test, "{\"id\":\"r2\",\"n\":1}");
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_AWS_REFUSE_ENTRY, .holds = "r2", .times = 1 });
    ddbs_test_run(test);
    CHECK_STR(ddbs_test_story(test), "[1 2]");
    CHECK(ddbs_test_item(test, "Copies", "{\"id\":\"r1\"}") != NULL);
    CHECK_INT(ddbs_test_items(test, "Copies"), 2);
    ddbs_test_free(test);
}

/* What was stored twice shows whether the call was carried out. */
TEST(a_crash_comes_before_or_behind_a_call)
{
    static const struct {
        ddbs_test_fault_kind kind;
        size_t stored;
    } cases[] = { { DDBS_TEST_AWS_CRASH, 1 },
                  { DDBS_TEST_AWS_CRASH_AFTER, 2 },
                  { DDBS_TEST_AWS_LOSE_REQUEST, 1 },
                  { DDBS_TEST_AWS_LOSE_ANSWER, 2 } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ddbs_test *test = open_calls("sqs", ONE);
        REQUIRE(test != NULL);
        ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = cases[i].kind, .times = 1 });
        ddbs_test_run(test);
        bool crash = cases[i].kind == DDBS_TEST_AWS_CRASH || cases[i].kind == DDBS_TEST_AWS_CRASH_AFTER;
        CHECK_INT(ddbs_test_sent_count(test, "queue"), cases[i].stored);
        CHECK_INT(ddbs_test_delivery_at(test, 0)->end, crash ? DDBS_TEST_CRASHED : DDBS_TEST_ANSWERED);
        CHECK_INT(ddbs_test_call_at(test, NULL, 0)->status, cases[i].kind == DDBS_TEST_AWS_CRASH_AFTER ? 200 : 0);
        CHECK_INT(ddbs_test_call_count(test, NULL), 2);
        ddbs_test_free(test);
    }
}

/* Three objects are three requests, and go at once. */
TEST(calls_that_go_at_once_take_the_time_of_the_slowest)
{
    ddbs_test *test = open_calls("bucket", THREE);
    REQUIRE(test != NULL);
    ddbs_test_add_fault(test,
                        &(ddbs_test_fault){ .kind = DDBS_TEST_AWS_SLOW, .amount = 9000, .times = 1, .holds = "r2" });
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_AWS_SLOW, .amount = 8000, .times = 2 });
    ddbs_test_run(test);
    CHECK_STR(ddbs_test_story(test), "[1 2 3]");
    CHECK_INT(ddbs_test_last(test)->took_ms, 9000);
    CHECK_INT(ddbs_test_call_count(test, "PutObject"), 3);
    ddbs_test_free(test);
}

TEST(a_fault_finds_its_call)
{
    ddbs_test *test = open_calls(NULL, THREE);
    REQUIRE(test != NULL);
    ddbs_test_fault of_calls[] = {
        { .kind = DDBS_TEST_AWS_REFUSE, .call = "PutObject", .skip = 1, .times = 1 },     /* the second object */
        { .kind = DDBS_TEST_AWS_REFUSE, .call = "SendEmail", .holds = "r3", .times = 1 }, /* the third mail */
        { .kind = DDBS_TEST_AWS_REFUSE, .record = 1 },       /* none: all are of on_batch_end */
        { .kind = DDBS_TEST_AWS_REFUSE, .call = "PutItem" }, /* nobody calls it */
    };
    for (size_t i = 0; i < sizeof of_calls / sizeof *of_calls; i++)
        ddbs_test_add_fault(test, &of_calls[i]);
    ddbs_test_run(test);
    CHECK_STR(ddbs_test_story(test), "[1 2 3]");
    CHECK_INT(ddbs_test_call_count(test, NULL), WRITERS + 4 + 2);
    CHECK_STR(ddbs_test_sent_keys(test, "dotted.bucket"), "r1 r3 r2");
    CHECK_INT(ddbs_test_call_at(test, "PutObject", 1)->status, 503);
    CHECK_INT(ddbs_test_call_at(test, "SendEmail", 2)->status, 429);
    CHECK_STR(ddbs_test_sent_keys(test, "lines"), "- - -");
    CHECK_STR(ddbs_test_sent_keys(test, "nowhere"), "");
    ddbs_test_free(test);
}

/* Tokens of transactions and the jitter of pauses are random elsewhere. */
TEST(the_same_seed_makes_the_same_calls)
{
    int64_t at[2];
    for (size_t i = 0; i < 2; i++) {
        ddbs_test *test = open_calls(NULL, THREE);
        REQUIRE(test != NULL);
        ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_AWS_REFUSE, .times = 2 });
        ddbs_test_run(test);
        at[i] = ddbs_test_call_at(test, NULL, ddbs_test_call_count(test, NULL) - 1)->at_ms;
        ddbs_test_free(test);
    }
    CHECK(at[0] > 0);
    CHECK_INT(at[0], at[1]);
}

/* ---- Memory ------------------------------------------------------------------------------------------------------ */

static bool all_is_taken(ddbs_test *test, void *user)
{
    (void)user;
    ddbs_test_table(test, "Copies", "id");
    ddbs_test_put(test, "{\"id\":\"r1\",\"n\":1}");
    ddbs_test_put(test, "{\"id\":\"r2\",\"n\":1}");
    return ddbs_test_run(test) == DDBS_OK && ddbs_test_items(test, "Copies") == 2 &&
           ddbs_test_sent_count(test, "queue") >= 2;
}

TEST(a_handler_that_calls_can_be_starved)
{
    ddbs_test_starved starved;
    memset(&calls, 0, sizeof calls);
    CHECK_STATUS(ddbs_test_starve(&everything, NULL, all_is_taken, NULL, &starved), DDBS_OK);
    CHECK(starved.problem == NULL);
    CHECK(starved.failures > 0);
}

/* A failure is the driver's, or one of the handler: then nothing is told as taken that was not. */
TEST(every_allocation_behind_a_call_may_fail)
{
    bool whole = false;
    memset(&calls, 0, sizeof calls);
    for (size_t n = 0; !whole && n < 3000; n++) {
        ddbs_test *test = NULL;
        check_fail_alloc(n);
        ddbs_status status = ddbs_test_new(&test, &everything, NULL, NULL);
        whole = status == DDBS_OK && all_is_taken(test, NULL);
        check_fail_alloc(SIZE_MAX);
        if (status == DDBS_OK)
            CHECK(whole || ddbs_test_status(test) != DDBS_OK || ddbs_test_count(test).given_up > 0);
        ddbs_test_free(test);
        stop(NULL); /* what on_start had made before it failed */
    }
    CHECK(whole);
}
