/* aws_writer.c: puts each record into the writers that TEST_WRITERS names ("firehose,sqs"), and flushes them at the
 * end. The key "id" of a record can be a deed behind its puts: "fail" fails, "crash" aborts. */
#include "journal.h"

#include <ddbstream/aws.h>

enum { WRITERS = 12 };

static ddbs_aws *aws;
static ddbs_writer *writers[WRITERS];

typedef ddbs_status make_fn(ddbs_writer **out, ddbs_writer_tuning tuning, ddbs_error *error);
typedef ddbs_status put_fn(ddbs_writer *writer, ddbs_ctx *ctx, const ddbs_record *rec, ddbs_str id);

static ddbs_bytes bytes_of(ddbs_str text)
{
    return (ddbs_bytes){ (const unsigned char *)text.ptr, text.len };
}

static ddbs_status make_firehose(ddbs_writer **out, ddbs_writer_tuning tuning, ddbs_error *error)
{
    ddbs_firehose_options options = { .aws = aws, .stream = "audit", .newline = true, .tuning = tuning };
    return ddbs_firehose_new(out, &options, error);
}

static ddbs_status put_firehose(ddbs_writer *writer, ddbs_ctx *ctx, const ddbs_record *rec, ddbs_str id)
{
    ddbs_str text = getenv("TEST_RAW") != NULL ? rec->raw : id;
    return ddbs_firehose_put(writer, ctx, bytes_of(text));
}

static ddbs_status make_kinesis(ddbs_writer **out, ddbs_writer_tuning tuning, ddbs_error *error)
{
    ddbs_kinesis_options options = { .aws = aws, .stream = "changes", .tuning = tuning };
    return ddbs_kinesis_new(out, &options, error);
}

static ddbs_status put_kinesis(ddbs_writer *writer, ddbs_ctx *ctx, const ddbs_record *rec, ddbs_str id)
{
    return ddbs_kinesis_put(writer, ctx, id, bytes_of(rec->sequence_number));
}

static ddbs_status make_sqs(ddbs_writer **out, ddbs_writer_tuning tuning, ddbs_error *error)
{
    const char *url = getenv("TEST_QUEUE");
    ddbs_sqs_options options = { .aws = aws, .queue_url = url == NULL ? "http://sqs/1/orders" : url, .tuning = tuning };
    return ddbs_sqs_new(out, &options, error);
}

static ddbs_message message_of(const ddbs_record *rec, ddbs_str id, const ddbs_message_attribute *attribute)
{
    ddbs_message message = { .body = id, .attributes = attribute, .attribute_count = 1 };
    if (getenv("TEST_QUEUE") != NULL) {
        message.group_id = id;
        message.deduplication_id = rec->event_id;
    }
    return message;
}

static ddbs_status put_sqs(ddbs_writer *writer, ddbs_ctx *ctx, const ddbs_record *rec, ddbs_str id)
{
    ddbs_message_attribute attribute = { "sequence", rec->sequence_number };
    ddbs_message message = message_of(rec, id, &attribute);
    return ddbs_sqs_put(writer, ctx, &message);
}

static ddbs_status make_sns(ddbs_writer **out, ddbs_writer_tuning tuning, ddbs_error *error)
{
    ddbs_sns_options options = { .aws = aws, .topic_arn = "arn:aws:sns:eu-west-1:1:t", .tuning = tuning };
    return ddbs_sns_new(out, &options, error);
}

static ddbs_status put_sns(ddbs_writer *writer, ddbs_ctx *ctx, const ddbs_record *rec, ddbs_str id)
{
    ddbs_message_attribute attribute = { "sequence", rec->sequence_number };
    ddbs_message message = message_of(rec, id, &attribute);
    message.subject = ddbs_str_c("a & b = c");
    return ddbs_sns_put(writer, ctx, &message);
}

static ddbs_status make_eventbridge(ddbs_writer **out, ddbs_writer_tuning tuning, ddbs_error *error)
{
    ddbs_eventbridge_options options = { .aws = aws, .source = "shop", .bus = "orders", .tuning = tuning };
    return ddbs_eventbridge_new(out, &options, error);
}

static ddbs_status put_eventbridge(ddbs_writer *writer, ddbs_ctx *ctx, const ddbs_record *rec, ddbs_str id)
{
    ddbs_buf detail = { .ptr = NULL };
    (void)id;
    ddbs_status status = ddbs_item_write(rec->keys, DDBS_JSON_PLAIN, &detail);
    if (status == DDBS_OK)
        status = ddbs_eventbridge_put(writer, ctx, ddbs_str_c("Changed"), (ddbs_str){ detail.ptr, detail.len });
    ddbs_buf_free(&detail);
    return status;
}

static ddbs_status make_dynamodb(ddbs_writer **out, ddbs_writer_tuning tuning, ddbs_error *error)
{
    ddbs_dynamodb_options options = { .aws = aws, .table = "copy", .partition_key = "id", .tuning = tuning };
    return ddbs_dynamodb_new(out, &options, error);
}

static ddbs_status put_dynamodb(ddbs_writer *writer, ddbs_ctx *ctx, const ddbs_record *rec, ddbs_str id)
{
    (void)id;
    if (rec->operation == DDBS_OP_REMOVE)
        return ddbs_dynamodb_delete(writer, ctx, rec->keys);
    return ddbs_dynamodb_put(writer, ctx, rec->new_image);
}

static ddbs_status make_transact(ddbs_writer **out, ddbs_writer_tuning tuning, ddbs_error *error)
{
    ddbs_transact_options options = { .aws = aws,
                                      .condition_is_done = getenv("TEST_CONDITION_IS_DONE") != NULL,
                                      .tuning = tuning };
    return ddbs_transact_new(out, &options, error);
}

/* The event itself, under a condition, and a projection. */
static ddbs_status put_transact(ddbs_writer *writer, ddbs_ctx *ctx, const ddbs_record *rec, ddbs_str id)
{
    char action[512];
    int len = snprintf(action, sizeof action,
                       "{\"Put\":{\"TableName\":\"log\",\"Item\":{\"id\":{\"S\":\"%s\"}},"
                       "\"ConditionExpression\":\"attribute_not_exists(id)\"}}",
                       rec->sequence_number.ptr);
    DDBS_TRY(ddbs_transact_put(writer, ctx, (ddbs_str){ action, (size_t)len }));
    len = snprintf(action, sizeof action,
                   "{\"Put\":{\"TableName\":\"view\",\"Item\":{\"id\":{\"S\":\"%.*s\"},\"seen\":{\"S\":\"%s\"}}}}",
                   (int)id.len, id.ptr, rec->sequence_number.ptr);
    return ddbs_transact_put(writer, ctx, (ddbs_str){ action, (size_t)len });
}

static ddbs_status make_s3(ddbs_writer **out, ddbs_writer_tuning tuning, ddbs_error *error)
{
    ddbs_s3_options options = { .aws = aws,
                                .bucket = "archive",
                                .type = "application/json",
                                .storage_class = "STANDARD",
                                .gzip = getenv("TEST_PLAIN") == NULL,
                                .tuning = tuning };
    return ddbs_s3_new(out, &options, error);
}

static ddbs_status put_s3(ddbs_writer *writer, ddbs_ctx *ctx, const ddbs_record *rec, ddbs_str id)
{
    char key[256];
    int len = snprintf(key, sizeof key, "orders/%.*s/%s.json", (int)id.len, id.ptr, rec->event_id.ptr);
    return ddbs_s3_put(writer, ctx, (ddbs_str){ key, (size_t)len }, bytes_of(rec->raw));
}

static ddbs_status make_cloudwatch(ddbs_writer **out, ddbs_writer_tuning tuning, ddbs_error *error)
{
    ddbs_cloudwatch_options options = { .aws = aws, .name_space = "Shop/Orders", .tuning = tuning };
    return ddbs_cloudwatch_new(out, &options, error);
}

static ddbs_status put_cloudwatch(ddbs_writer *writer, ddbs_ctx *ctx, const ddbs_record *rec, ddbs_str id)
{
    ddbs_message_attribute dimension = { "key", id };
    ddbs_datum datum = { .name = "Size",
                         .unit = "Bytes",
                         .value = (double)rec->size_bytes + 0.1,
                         .time_ms = rec->created_ns / 1000000,
                         .dimensions = &dimension,
                         .dimension_count = 1 };
    return ddbs_cloudwatch_put(writer, ctx, &datum);
}

static ddbs_status make_ses(ddbs_writer **out, ddbs_writer_tuning tuning, ddbs_error *error)
{
    ddbs_ses_options options = { .aws = aws, .from = "shop@example.com", .tuning = tuning };
    return ddbs_ses_new(out, &options, error);
}

static ddbs_status put_ses(ddbs_writer *writer, ddbs_ctx *ctx, const ddbs_record *rec, ddbs_str id)
{
    (void)rec;
    ddbs_mail mail = { .to = ddbs_str_c("you@example.com"), .subject = id, .text = ddbs_str_c("Welcome!\n") };
    return ddbs_ses_put(writer, ctx, &mail);
}

static ddbs_status make_opensearch(ddbs_writer **out, ddbs_writer_tuning tuning, ddbs_error *error)
{
    ddbs_opensearch_options options = { .aws = aws, .index = "orders", .tuning = tuning };
    return ddbs_opensearch_new(out, &options, error);
}

static ddbs_status put_opensearch(ddbs_writer *writer, ddbs_ctx *ctx, const ddbs_record *rec, ddbs_str id)
{
    uint64_t version = strtoull(rec->sequence_number.ptr + rec->sequence_number.len - 9, NULL, 10) + 1;
    if (rec->operation == DDBS_OP_REMOVE)
        return ddbs_opensearch_delete(writer, ctx, id, version);
    return ddbs_opensearch_put(writer, ctx, id, ddbs_str_c("{\"a\":\n1}"), version);
}

static const struct {
    const char *name;
    make_fn *make;
    put_fn *put;
} kinds[] = {
    { "firehose", make_firehose, put_firehose },
    { "kinesis", make_kinesis, put_kinesis },
    { "sqs", make_sqs, put_sqs },
    { "sns", make_sns, put_sns },
    { "eventbridge", make_eventbridge, put_eventbridge },
    { "dynamodb", make_dynamodb, put_dynamodb },
    { "transact", make_transact, put_transact },
    { "s3", make_s3, put_s3 },
    { "cloudwatch", make_cloudwatch, put_cloudwatch },
    { "ses", make_ses, put_ses },
    { "opensearch", make_opensearch, put_opensearch },
};

enum { KINDS_COUNT = sizeof kinds / sizeof *kinds };

static uint32_t number_of(const char *name)
{
    const char *text = getenv(name);
    return text == NULL ? 0 : (uint32_t)strtoul(text, NULL, 10);
}

static ddbs_status start(ddbs_ctx *ctx)
{
    const char *wanted = getenv("TEST_WRITERS");
    ddbs_aws_options options = { .backoff_ms = number_of("TEST_BACKOFF"), .timeout_ms = number_of("TEST_TIMEOUT") };
    ddbs_writer_tuning tuning = { .parallel = number_of("TEST_PARALLEL"),
                                  .request_entries = number_of("TEST_ENTRIES") };
    DDBS_TRY(ddbs_aws_new(&aws, &options, ddbs_ctx_error(ctx)));
    for (size_t i = 0; i < KINDS_COUNT; i++) {
        const char *at = wanted == NULL ? NULL : strstr(wanted, kinds[i].name);
        if (at != NULL)
            DDBS_TRY(kinds[i].make(&writers[i], tuning, ddbs_ctx_error(ctx)));
    }
    return DDBS_OK;
}

static ddbs_status queue(ddbs_ctx *ctx, const ddbs_record *rec)
{
    ddbs_str id;
    DDBS_TRY(ddbs_get(rec->keys, "id", &id));
    for (size_t i = 0; i < KINDS_COUNT; i++) {
        if (writers[i] != NULL)
            DDBS_TRY(kinds[i].put(writers[i], ctx, rec, id));
    }
    if (ddbs_str_is(id, "fail"))
        return ddbs_fail(ctx, DDBS_E_HANDLER, "not this one");
    if (ddbs_str_is(id, "crash"))
        abort();
    return DDBS_OK;
}

static void note_counts(size_t i)
{
    char text[128];
    ddbs_writer_counts counts = ddbs_writer_count(writers[i]);
    int len = snprintf(text, sizeof text, "%s %llu %llu %llu %llu", kinds[i].name, (unsigned long long)counts.entries,
                       (unsigned long long)counts.stored, (unsigned long long)counts.requests,
                       (unsigned long long)counts.retries);
    journal("counts", (ddbs_str){ text, (size_t)len });
}

static ddbs_status flush(ddbs_ctx *ctx)
{
    if (getenv("TEST_FORGET") != NULL)
        return DDBS_OK;
    ddbs_status worst = DDBS_OK;
    for (size_t i = 0; i < KINDS_COUNT; i++) {
        ddbs_status status = writers[i] == NULL ? DDBS_OK : ddbs_writer_flush(writers[i], ctx);
        if (writers[i] != NULL)
            note_counts(i);
        worst = status != DDBS_OK ? status : worst;
    }
    return worst;
}

static void stop(ddbs_ctx *ctx)
{
    (void)ctx;
    for (size_t i = 0; i < KINDS_COUNT; i++)
        ddbs_writer_free(writers[i]);
    ddbs_aws_free(aws);
}

int main(int argc, char **argv)
{
    ddbs_consumer consumer = { .on_start = start, .on_any = queue, .on_batch_end = flush, .on_stop = stop };
    return ddbs_lambda_main(argc, argv, &consumer, NULL);
}
