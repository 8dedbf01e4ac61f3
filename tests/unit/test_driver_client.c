/* test_driver_client.c: the client that a handler has under the test driver, services of the test's own, and tables. */
#include "driver_calls.h"

static struct {
    ddbs_aws *aws;
    ddbs_writer *sqs;
    const char *table;
    int64_t took_ms; /* of the last call */
    ddbs_aws_fault fault;
    char type[DDBS_AWS_TYPE_MAX];
    uint32_t tries;
} calls;

/* ---- Single calls ------------------------------------------------------------------------------------------------ */

static ddbs_status call_once(ddbs_ctx *ctx, const ddbs_record *record)
{
    ddbs_aws_reply reply = { .tries = 0 };
    ddbs_str body = ddbs_str_c("{\"Name\":\"/limit\"}");
    ddbs_aws_request request = { .service = "ssm",
                                 .target = "AmazonSSM.GetParameter",
                                 .body = { (const unsigned char *)body.ptr, body.len } };
    int64_t left = ddbs_ctx_remaining_ms(ctx);
    (void)record;
    ddbs_status status = ddbs_aws_call(calls.aws, ctx, &request, &reply);
    calls.took_ms = left - ddbs_ctx_remaining_ms(ctx);
    calls.fault = reply.fault;
    calls.tries = reply.tries;
    snprintf(calls.type, sizeof calls.type, "%s", reply.type);
    ddbs_aws_reply_free(&reply);
    return status;
}

static ddbs_status start_client(ddbs_ctx *ctx)
{
    return ddbs_aws_new(&calls.aws, NULL, ddbs_ctx_error(ctx));
}

static void stop_client(ddbs_ctx *ctx)
{
    (void)ctx;
    ddbs_aws_free(calls.aws);
}

static const ddbs_consumer single = { .on_start = start_client, .on_any = call_once, .on_stop = stop_client };

TEST(what_the_driver_does_not_know_is_answered_all_the_same)
{
    ddbs_test *test = open_test(&single, THREE);
    REQUIRE(test != NULL);
    ddbs_test_run(test);
    const ddbs_test_call *call = ddbs_test_call_at(test, "GetParameter", 2);
    REQUIRE(call != NULL);
    CHECK_STR(call->service, "ssm");
    CHECK_VIEW(call->answer, "{}");
    CHECK_INT(call->record, 3);
    CHECK_INT(call->entries, 0);
    ddbs_test_free(test);
}

TEST(an_error_has_the_type_and_status_that_it_is_given)
{
    ddbs_test *test = open_test(&single, ONE);
    REQUIRE(test != NULL);
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_AWS_REFUSE,
                                                  .record = 1,
                                                  .holds = "/limit",
                                                  .answer = "AccessDeniedException",
                                                  .amount = 403 });
    ddbs_test_step(test);
    CHECK_INT(calls.fault, DDBS_AWS_DENIED);
    CHECK_STR(calls.type, "AccessDeniedException");
    CHECK_INT(calls.tries, 1);
    CHECK_INT(ddbs_test_call_at(test, NULL, 0)->status, 403);
    CHECK(strstr(ddbs_test_log(test), "ssm GetParameter: AccessDeniedException (HTTP 403") != NULL);
    ddbs_test_free(test);
}

TEST(pauses_and_slow_calls_are_time_of_the_driver)
{
    ddbs_test *test = open_test(&single, ONE);
    REQUIRE(test != NULL);
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_AWS_SLOW, .amount = 2500, .times = 1 });
    ddbs_test_run(test);
    CHECK_INT(calls.took_ms, 2500);
    CHECK_INT(ddbs_test_last(test)->took_ms, 2500);

    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_AWS_SLOW, .amount = 20000, .times = 1 });
    ddbs_test_put(test, "{\"id\":\"r2\"}");
    ddbs_test_run(test);
    CHECK(calls.took_ms >= 10000 && calls.took_ms < 11000); /* what a client waits, and a pause */
    CHECK_INT(calls.tries, 2);
    CHECK_INT(ddbs_test_call_at(test, NULL, 1)->status, 0);
    CHECK(ddbs_test_call_at(test, NULL, 2)->at_ms - ddbs_test_call_at(test, NULL, 1)->at_ms >= 10000);
    ddbs_test_free(test);
}

/* A client waits no longer than the invocation has; what is kept for the answer is enough to report. */
TEST(calls_that_never_end_leave_time_to_answer)
{
    ddbs_test *test = open_test(&single, ONE);
    REQUIRE(test != NULL);
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_AWS_SLOW, .amount = INT64_MAX, .times = 3 });
    ddbs_test_step(test);
    CHECK_INT(ddbs_test_last(test)->end, DDBS_TEST_ANSWERED);
    CHECK(strstr(ddbs_test_log(test), "Function.HandlerFailed") != NULL);
    CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
    CHECK_INT(ddbs_test_fate_of(test, 1), DDBS_TEST_DONE);
    ddbs_test_free(test);
}

static bool answer_some(void *user, const ddbs_test_call *call, ddbs_test_reply *reply)
{
    size_t *asked = user;
    CHECK_STR(call->operation, "GetParameter");
    if (++*asked > 1)
        return false;
    *reply = (ddbs_test_reply){ .status = 404, .body = "{\"__type\":\"ParameterNotFound\"}" };
    return true;
}

TEST(a_test_can_be_a_service_itself)
{
    size_t asked = 0;
    ddbs_test *test = open_test(&single, ONE);
    REQUIRE(test != NULL);
    ddbs_test_on_call(test, answer_some, &asked);
    ddbs_test_step(test);
    CHECK_STR(calls.type, "ParameterNotFound");
    CHECK_INT(calls.fault, DDBS_AWS_NOT_FOUND);
    ddbs_test_run(test);
    CHECK_INT(asked, 2);
    CHECK_INT(ddbs_test_call_at(test, NULL, 1)->status, 200);
    ddbs_test_on_call(test, NULL, NULL);
    ddbs_test_put(test, "{\"id\":\"r2\"}");
    ddbs_test_run(test);
    CHECK_INT(asked, 2);
    ddbs_test_free(test);
}

/* ---- The client -------------------------------------------------------------------------------------------------- */

TEST(nothing_of_the_environment_counts)
{
    setenv("AWS_ENDPOINT_URL", "this is no address", 1);
    setenv("AWS_ACCESS_KEY_ID", "half of a pair", 1);
    setenv("AWS_REGION", "No Region", 1);
    ddbs_test *test = open_test(&single, ONE);
    unsetenv("AWS_ACCESS_KEY_ID");
    unsetenv("AWS_REGION");
    REQUIRE(test != NULL);
    ddbs_test_run(test);
    unsetenv("AWS_ENDPOINT_URL");
    CHECK_STR(ddbs_test_call_at(test, NULL, 0)->url, "https://ssm.eu-west-1.amazonaws.com/");
    CHECK_INT(ddbs_test_fate_of(test, 1), DDBS_TEST_DONE);
    ddbs_test_free(test);
}

/* A client that was made outside of a driver, or in another one, is that of the one that calls the handler. */
TEST(a_client_belongs_to_whoever_is_calling)
{
    static const ddbs_consumer without_start = { .on_any = call_once };
    ddbs_aws *aws = NULL;
    ddbs_aws_reply reply = { .tries = 0 };
    ddbs_aws_options once = { .attempts = 1, .region = "sa-east-1" };
    ddbs_aws_request request = { .service = "ssm", .target = "AmazonSSM.GetParameter" };
    ddbs_test *test = open_test(&without_start, ONE);
    REQUIRE(test != NULL && CHECK_STATUS(ddbs_aws_new(&aws, &once, NULL), DDBS_OK));
    CHECK_STATUS(ddbs_aws_call(aws, NULL, &request, &reply), DDBS_E_HANDLER);
    CHECK_INT(reply.status, 0);
    CHECK_INT(ddbs_test_call_count(test, NULL), 0);
    calls.aws = aws;
    ddbs_test_run(test);
    CHECK_INT(ddbs_test_call_count(test, NULL), 1);
    CHECK_STR(ddbs_test_call_at(test, NULL, 0)->region, "sa-east-1");
    ddbs_aws_reply_free(&reply);
    ddbs_aws_free(aws);
    ddbs_test_free(test);
}

static void refuse_all(void *self, ddbs_aws_exchange *const *exchanges, size_t count)
{
    *(size_t *)self += count;
    for (size_t i = 0; i < count; i++)
        exchanges[i]->status = 400;
}

TEST(a_client_with_a_transport_of_its_own_keeps_it)
{
    size_t exchanges = 0;
    ddbs_aws *aws = NULL;
    ddbs_aws_reply reply = { .tries = 0 };
    ddbs_aws_options options = { .transport = refuse_all, .transport_self = &exchanges };
    ddbs_aws_request request = { .service = "ssm" };
    REQUIRE(CHECK_STATUS(ddbs_aws_new(&aws, &options, NULL), DDBS_OK));
    CHECK_STATUS(ddbs_aws_call(aws, NULL, &request, &reply), DDBS_E_HANDLER);
    CHECK_INT(exchanges, 1);
    ddbs_aws_reply_free(&reply);
    ddbs_aws_free(aws);
}

/* ---- Deduplication and versions ---------------------------------------------------------------------------------- */

static ddbs_status put_twins(ddbs_ctx *ctx, const ddbs_record *record)
{
    ddbs_message message = { .body = ddbs_str_c("x"),
                             .group_id = ddbs_str_c("g"),
                             .deduplication_id = ddbs_str_c("same") };
    (void)record;
    DDBS_TRY(ddbs_sqs_put(calls.sqs, ctx, &message));
    return ddbs_sqs_put(calls.sqs, ctx, &message);
}

static ddbs_status start_fifo(ddbs_ctx *ctx)
{
    ddbs_sqs_options sqs = { .queue_url = "https://sqs.eu-west-1.amazonaws.com/1111/queue.fifo" };
    DDBS_TRY(start_client(ctx));
    sqs.aws = calls.aws;
    return ddbs_sqs_new(&calls.sqs, &sqs, ddbs_ctx_error(ctx));
}

static ddbs_status flush_fifo(ddbs_ctx *ctx)
{
    return ddbs_writer_flush(calls.sqs, ctx);
}

static void stop_fifo(ddbs_ctx *ctx)
{
    ddbs_writer_free(calls.sqs);
    stop_client(ctx);
}

TEST(a_fifo_queue_knows_a_deduplication_id_for_five_minutes)
{
    static const ddbs_consumer fifo = {
        .on_start = start_fifo, .on_any = put_twins, .on_batch_end = flush_fifo, .on_stop = stop_fifo
    };
    ddbs_test *test = open_test(&fifo, ONE);
    REQUIRE(test != NULL);
    ddbs_test_run(test);
    CHECK_INT(ddbs_test_sent_count(test, "queue.fifo"), 1);
    ddbs_test_wait(test, 5 * 60 * 1000 - 1000);
    ddbs_test_put(test, "{\"id\":\"r2\"}");
    ddbs_test_wait(test, 500);
    CHECK_INT(ddbs_test_sent_count(test, "queue.fifo"), 1);
    ddbs_test_wait(test, 1000);
    ddbs_test_put(test, "{\"id\":\"r3\"}");
    ddbs_test_run(test);
    CHECK_INT(ddbs_test_sent_count(test, "queue.fifo"), 2);
    CHECK_INT(ddbs_test_call_count(test, NULL), 3);
    ddbs_test_free(test);
}

/* ---- Tables ------------------------------------------------------------------------------------------------------ */

static ddbs_status copy_item(ddbs_ctx *ctx, const ddbs_record *record)
{
    ddbs_written written;
    ddbs_write write = { .table = calls.table, .item = record->new_image, .condition = "attribute_not_exists(id)" };
    DDBS_TRY(ddbs_dynamodb_write(calls.aws, ctx, &write, &written));
    return written.held ? DDBS_OK : DDBS_SKIP;
}

static const ddbs_consumer copying = { .on_start = start_client, .on_insert = copy_item, .on_stop = stop_client };

TEST(tables_keep_what_a_handler_writes)
{
    int64_t n = 0;
    ddbs_test *test = open_test(&copying, THREE);
    REQUIRE(test != NULL);
    calls.table = "Copies";
    ddbs_test_table_put(test, "Copies", "{\"id\":\"r2\",\"n\":7}");
    ddbs_test_run(test);
    CHECK_INT(ddbs_test_items(test, "Copies"), 3);
    CHECK_INT(ddbs_test_items(test, NULL), 3);
    CHECK_INT(ddbs_test_items(test, "Nothing"), 0);
    CHECK_STATUS(ddbs_get(ddbs_test_item(test, "Copies", "{\"id\":\"r2\"}"), "n", &n), DDBS_OK);
    CHECK_INT(n, 7);
    CHECK_STATUS(ddbs_get(ddbs_test_item(test, NULL, "{\"id\":\"r1\",\"n\":5}"), "n", &n), DDBS_OK);
    CHECK_INT(n, 1);
    CHECK(ddbs_test_item(test, "Copies", "{\"id\":\"r9\"}") == NULL);
    CHECK(ddbs_test_item(test, "Nothing", "{\"id\":\"r9\"}") == NULL);
    CHECK_STATUS(ddbs_test_status(test), DDBS_OK);
    CHECK_INT(ddbs_test_count(test).records, 3); /* Copies has no stream */
    ddbs_test_free(test);
}

TEST(a_region_has_its_own_tables)
{
    static const char far[] = "arn:aws:dynamodb:us-east-1:111122223333:table/Copies";
    ddbs_test *test = open_test(&copying, ONE);
    REQUIRE(test != NULL);
    ddbs_test_table(test, far, "id");
    ddbs_test_table_put(test, far, "{\"id\":\"there\"}");
    CHECK_INT(ddbs_test_items(test, far), 1);
    CHECK_INT(ddbs_test_items(test, "Copies"), 0);
    calls.table = "Copies";
    ddbs_test_run(test);
    CHECK_INT(ddbs_test_items(test, "Copies"), 1);
    CHECK_INT(ddbs_test_items(test, far), 1);
    CHECK_STATUS(ddbs_test_status(test), DDBS_OK);
    ddbs_test_free(test);
}

/* What a handler writes into the table of its own stream comes to it, once. */
static ddbs_status mark_own(ddbs_ctx *ctx, const ddbs_record *record)
{
    ddbs_written written;
    ddbs_write write = { .kind = DDBS_WRITE_UPDATE,
                         .table = "Table",
                         .item = record->keys,
                         .update = "SET marked = :one",
                         .values = DDBS_PAIRS(DDBS_PAIR(":one", 1)) };
    return ddbs_dynamodb_write(calls.aws, ctx, &write, &written);
}

TEST(writes_to_the_streams_own_table_come_into_the_stream)
{
    static const ddbs_consumer marking = { .on_start = start_client, .on_any = mark_own, .on_stop = stop_client };
    ddbs_test *test = open_test(&marking, ONE);
    REQUIRE(test != NULL);
    CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
    CHECK_STR(ddbs_test_story(test), "[1] [2]");
    CHECK(strstr(ddbs_test_json_of(test, 2).ptr, "\"marked\":{\"N\":\"1\"}") != NULL);
    ddbs_test_free(test);
}

TEST(a_table_that_is_not_there_is_an_error_of_the_call_and_not_of_the_driver)
{
    ddbs_test *test = open_test(&copying, ONE);
    REQUIRE(test != NULL);
    calls.table = "Nothing";
    CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
    CHECK_INT(ddbs_test_fate_of(test, 1), DDBS_TEST_GIVEN_UP);
    CHECK(strstr(ddbs_test_log(test), "ResourceNotFoundException") != NULL);
    ddbs_test_free(test);
}

TEST(the_streams_own_table_may_be_made_before_its_first_item)
{
    ddbs_test *test;
    const ddbs_consumer nothing = { .user = NULL };
    REQUIRE(CHECK_STATUS(ddbs_test_new(&test, &nothing, NULL, NULL), DDBS_OK));
    CHECK_STATUS(ddbs_test_table(test, NULL, "account,version:N"), DDBS_OK);
    ddbs_test_put(test, "{\"n\":1,\"version\":2,\"account\":\"a\"}");
    ddbs_test_table_put(test, NULL, "{\"version\":3,\"account\":\"a\"}");
    ddbs_test_remove(test, "{\"version\":2,\"account\":\"a\"}");
    CHECK_STATUS(ddbs_test_run(test), DDBS_OK);
    CHECK_INT(ddbs_test_count(test).records, 3);
    CHECK_INT(ddbs_test_items(test, NULL), 1);
    ddbs_test_free(test);
}

static void is_refused(const char *table, const char *key, const char *item, const char *why)
{
    ddbs_test *test;
    const ddbs_consumer nothing = { .user = NULL };
    REQUIRE(CHECK_STATUS(ddbs_test_new(&test, &nothing, NULL, NULL), DDBS_OK));
    ddbs_test_table(test, table, key);
    ddbs_test_table_put(test, table, item);
    if (!CHECK(ddbs_test_status(test) != DDBS_OK && strstr(ddbs_test_reason(test), why) != NULL))
        printf("# %s\n", ddbs_test_reason(test));
    CHECK(ddbs_test_item(test, table, "{}") == NULL);
    CHECK(ddbs_test_table(test, "Other", "id") != DDBS_OK); /* nothing goes on after a failure */
    CHECK_INT(ddbs_test_items(test, "Other"), 0);
    ddbs_test_free(test);
}

TEST(what_dynamodb_refuses_is_a_failure_of_the_driver)
{
    is_refused("T", "id", "{\"id\":\"a\"}", "greater than or equal to 3");
    is_refused("Table2", "id:X", "{\"id\":\"a\"}", "enum value set: [B, N, S]");
    is_refused("Table2", "", "{\"id\":\"a\"}", "CreateTable");
    is_refused("Table2", "id", "{\"id\":1}", "PutItem");
    is_refused("Table2", "id", "{\"id\":", "item");
}
