/* services.c: the table of services: limits, how a request is written, how its result is read. Limits are those of the
 * API references of 2026-08: API_PutRecordBatch, API_PutRecords, API_SendMessageBatch, API_PublishBatch, API_PutEvents,
 * API_BatchWriteItem, API_TransactWriteItems, API_PutMetricData. */
#include "lib/base64.h"
#include "runtime/aws/hash.h"
#include "runtime/aws/put.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JSON_1_0 "application/x-amz-json-1.0"
#define JSON_1_1 "application/x-amz-json-1.1"
#define FORM     "application/x-www-form-urlencoded; charset=utf-8"

enum {
    KIB = 1024,
    MIB = 1024 * KIB,
    FIREHOSE_BYTES = 4000000 - 1024, /* "4 MB"; of what is not said, so of the encoded body, its head included */
    EVENTBRIDGE_BYTES = 256 * KIB - 1,
    METRICS_BYTES = 1000000 - 1024,
    DYNAMODB_BYTES = 16 * MIB - 4096,
    TRANSACT_BYTES = 4 * MIB - 4096,
    OPENSEARCH_BYTES = 5000000,
    OBJECT_BYTES = 64 * MIB,
    MAIL_BYTES = 10 * MIB,
    NO_COUNT = 1000000 /* the bytes end a request */
};

void ddbs_put__join(const ddbs_writer *writer, const struct ddbs_parcel *parcel, ddbs_buf *body, const char *between)
{
    for (size_t i = 0; i < parcel->count; i++) {
        const struct ddbs_queued *entry = ddbs_parcel__entry(writer, parcel, i);
        if (i > 0)
            ddbs_buf__text(body, between);
        ddbs_buf__bytes(body, entry->text.ptr, entry->text.len);
    }
}

static void write_text(ddbs_buf *body, const char *text)
{
    ddbs_buf__json(body, text, strlen(text));
}

/* ---- Bodies ---- */

static void write_firehose(const ddbs_writer *writer, const struct ddbs_parcel *parcel, ddbs_buf *body)
{
    ddbs_buf__text(body, "{\"DeliveryStreamName\":");
    write_text(body, writer->texts[0]);
    ddbs_buf__text(body, ",\"Records\":[");
    ddbs_put__join(writer, parcel, body, ",");
    ddbs_buf__text(body, "]}");
}

static void write_kinesis(const ddbs_writer *writer, const struct ddbs_parcel *parcel, ddbs_buf *body)
{
    bool arn = strncmp(writer->texts[0], "arn:", 4) == 0;
    ddbs_buf__text(body, arn ? "{\"StreamARN\":" : "{\"StreamName\":");
    write_text(body, writer->texts[0]);
    ddbs_buf__text(body, ",\"Records\":[");
    ddbs_put__join(writer, parcel, body, ",");
    ddbs_buf__text(body, "]}");
}

static void write_sqs(const ddbs_writer *writer, const struct ddbs_parcel *parcel, ddbs_buf *body)
{
    ddbs_buf__text(body, "{\"QueueUrl\":");
    write_text(body, writer->texts[0]);
    ddbs_buf__text(body, ",\"Entries\":[");
    for (size_t i = 0; i < parcel->count; i++) {
        const struct ddbs_queued *entry = ddbs_parcel__entry(writer, parcel, i);
        ddbs_buf__format(body, "%s{\"Id\":\"%zu\",", i == 0 ? "" : ",", i);
        ddbs_buf__bytes(body, entry->text.ptr, entry->text.len);
    }
    ddbs_buf__text(body, "]}");
}

/* The pairs of an entry, "Name=value&Name=value", each with what it is a member of. */
static void write_pairs(ddbs_buf *body, const char *list, size_t number, ddbs_str pairs)
{
    while (pairs.len > 0) {
        const char *end = memchr(pairs.ptr, '&', pairs.len);
        size_t len = end == NULL ? pairs.len : (size_t)(end - pairs.ptr);
        ddbs_buf__format(body, "&%s.member.%zu.", list, number);
        ddbs_buf__bytes(body, pairs.ptr, len);
        pairs.ptr += len + (end != NULL);
        pairs.len -= len + (end != NULL);
    }
}

static void write_sns(const ddbs_writer *writer, const struct ddbs_parcel *parcel, ddbs_buf *body)
{
    static const char list[] = "PublishBatchRequestEntries";
    ddbs_buf__text(body, "Action=PublishBatch&Version=2010-03-31&TopicArn=");
    ddbs_put__percent(body, ddbs_str_c(writer->texts[0]));
    for (size_t i = 0; i < parcel->count; i++) {
        ddbs_buf__format(body, "&%s.member.%zu.Id=%zu", list, i + 1, i);
        write_pairs(body, list, i + 1, ddbs_parcel__entry(writer, parcel, i)->text);
    }
}

static void write_cloudwatch(const ddbs_writer *writer, const struct ddbs_parcel *parcel, ddbs_buf *body)
{
    ddbs_buf__text(body, "Action=PutMetricData&Version=2010-08-01&Namespace=");
    ddbs_put__percent(body, ddbs_str_c(writer->texts[0]));
    for (size_t i = 0; i < parcel->count; i++)
        write_pairs(body, "MetricData", i + 1, ddbs_parcel__entry(writer, parcel, i)->text);
}

static void write_eventbridge(const ddbs_writer *writer, const struct ddbs_parcel *parcel, ddbs_buf *body)
{
    ddbs_buf__text(body, "{\"Entries\":[");
    ddbs_put__join(writer, parcel, body, ",");
    ddbs_buf__text(body, "]}");
}

static void write_dynamodb(const ddbs_writer *writer, const struct ddbs_parcel *parcel, ddbs_buf *body)
{
    ddbs_buf__text(body, "{\"RequestItems\":{");
    write_text(body, writer->texts[0]);
    ddbs_buf__text(body, ":[");
    ddbs_put__join(writer, parcel, body, ",");
    ddbs_buf__text(body, "]}}");
}

/* The token makes a repeated request harmless for 10 minutes (API_TransactWriteItems). It is of the record and of what
 * is written, so that equal writes of two records are two. */
static void write_transact(const ddbs_writer *writer, const struct ddbs_parcel *parcel, ddbs_buf *body)
{
    ddbs_buf hashed = { .ptr = NULL };
    char token[DDBS_MD5_TEXT] = "";
    const struct ddbs_queued *first = ddbs_parcel__entry(writer, parcel, 0);
    ddbs_buf__bytes(&hashed, first->key.ptr, first->key.len);
    ddbs_put__join(writer, parcel, &hashed, ",");
    if (!hashed.failed)
        ddbs_hash__md5((ddbs_bytes){ (const unsigned char *)hashed.ptr, hashed.len }, token);
    body->failed = body->failed || hashed.failed;
    ddbs_buf_free(&hashed);
    ddbs_buf__format(body, "{\"ClientRequestToken\":\"%s\",\"TransactItems\":[", token);
    ddbs_put__join(writer, parcel, body, ",");
    ddbs_buf__text(body, "]}");
}

static void write_plain(const ddbs_writer *writer, const struct ddbs_parcel *parcel, ddbs_buf *body)
{
    ddbs_put__join(writer, parcel, body, "");
}

/* ---- Addresses ---- */

static void add_header(ddbs_aws_request *request, struct ddbs_address *room, const char *name, const char *value)
{
    char *line = room->lines[request->header_count];
    snprintf(line, sizeof room->lines[0], "%s: %s", name, value);
    room->headers[request->header_count++] = line;
    request->headers = room->headers;
}

/* libcurl signs the body's hash anyway, but these services want to see it. */
static void add_hash(ddbs_aws_request *request, struct ddbs_address *room, char hash[DDBS_SHA256_TEXT])
{
    ddbs_hash__sha256(request->body, hash);
    add_header(request, room, "x-amz-content-sha256", hash);
}

/* The same hash as S3 keeps it with the object. A bucket with Object Lock takes none without: "Content-MD5 OR
 * x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters". */
static void add_checksum(ddbs_aws_request *request, struct ddbs_address *room, const char hash[DDBS_SHA256_TEXT])
{
    unsigned char bytes[DDBS_SHA256_TEXT / 2];
    char text[64] = "";
    for (size_t i = 0; i < sizeof bytes; i++) {
        const char digits[3] = { hash[2 * i], hash[2 * i + 1], '\0' };
        bytes[i] = (unsigned char)strtoul(digits, NULL, 16);
    }
    ddbs_base64__encode(text, bytes, sizeof bytes);
    add_header(request, room, "x-amz-checksum-sha256", text);
}

/* "bucket.s3.eu-west-1.amazonaws.com/key", but not where a dot in the bucket's name would break the certificate, nor
 * where the address is somebody else's: those know "/bucket/key". */
static bool address_s3(const ddbs_writer *writer, const struct ddbs_parcel *parcel, ddbs_aws_request *request,
                       struct ddbs_address *room)
{
    const struct ddbs_queued *entry = ddbs_parcel__entry(writer, parcel, 0);
    const char *bucket = writer->texts[0];
    char hash[DDBS_SHA256_TEXT];
    bool own, own_host;
    if (!ddbs_aws__endpoint(writer->aws, request, room->path, sizeof room->path, &own))
        return false;
    own_host = !own && strchr(bucket, '.') == NULL;
    int len = own_host ? snprintf(room->path, sizeof room->path, "/%s", entry->key.ptr)
                       : snprintf(room->path, sizeof room->path, "/%s/%s", bucket, entry->key.ptr);
    snprintf(room->host, sizeof room->host, "%s%ss3", own_host ? bucket : "", own_host ? "." : "");
    request->host = room->host;
    request->path = room->path;
    request->type = writer->texts[1];
    add_hash(request, room, hash);
    add_checksum(request, room, hash);
    if (writer->flags[0])
        add_header(request, room, "Content-Encoding", "gzip");
    if (writer->texts[2] != NULL)
        add_header(request, room, "x-amz-storage-class", writer->texts[2]);
    return len > 0 && (size_t)len < sizeof room->path;
}

static bool address_opensearch(const ddbs_writer *writer, const struct ddbs_parcel *parcel, ddbs_aws_request *request,
                               struct ddbs_address *room)
{
    char hash[DDBS_SHA256_TEXT];
    (void)parcel;
    request->endpoint = writer->texts[0];
    add_hash(request, room, hash);
    return true;
}

/* ---- The table ---- */

const struct ddbs_service ddbs_service__firehose = {
    .name = "firehose",
    .operation = "PutRecordBatch",
    .signing = "firehose",
    .target = "Firehose_20150804.PutRecordBatch",
    .type = JSON_1_1,
    .entries_max = 500,
    .bytes_max = FIREHOSE_BYTES,
    .write = write_firehose,
    .read = ddbs_result__firehose,
};

const struct ddbs_service ddbs_service__kinesis = {
    .name = "kinesis",
    .operation = "PutRecords",
    .signing = "kinesis",
    .target = "Kinesis_20131202.PutRecords",
    .type = JSON_1_1,
    .entries_max = 500,
    .bytes_max = 5 * MIB,
    .bytes_most = 10 * MIB,
    .write = write_kinesis,
    .read = ddbs_result__kinesis,
};

const struct ddbs_service ddbs_service__sqs = {
    .name = "sqs",
    .operation = "SendMessageBatch",
    .signing = "sqs",
    .target = "AmazonSQS.SendMessageBatch",
    .type = JSON_1_0,
    .entries_max = 10,
    .bytes_max = MIB,
    .write = write_sqs,
    .read = ddbs_result__sqs,
};

const struct ddbs_service ddbs_service__sns = {
    .name = "sns",
    .operation = "PublishBatch",
    .signing = "sns",
    .type = FORM,
    .entries_max = 10,
    .bytes_max = 256 * KIB,
    .write = write_sns,
    .read = ddbs_result__sns,
};

const struct ddbs_service ddbs_service__eventbridge = {
    .name = "eventbridge",
    .operation = "PutEvents",
    .signing = "events",
    .target = "AWSEvents.PutEvents",
    .type = JSON_1_1,
    .entries_max = 10,
    .bytes_max = EVENTBRIDGE_BYTES,
    .write = write_eventbridge,
    .read = ddbs_result__eventbridge,
};

const struct ddbs_service ddbs_service__dynamodb = {
    .name = "dynamodb",
    .operation = "BatchWriteItem",
    .signing = "dynamodb",
    .target = "DynamoDB_20120810.BatchWriteItem",
    .type = JSON_1_0,
    .entries_max = 25,
    .bytes_max = DYNAMODB_BYTES,
    .last_wins = true,
    .write = write_dynamodb,
    .read = ddbs_result__dynamodb,
};

const struct ddbs_service ddbs_service__transact = {
    .name = "dynamodb",
    .operation = "TransactWriteItems",
    .signing = "dynamodb",
    .target = "DynamoDB_20120810.TransactWriteItems",
    .type = JSON_1_0,
    .entries_max = 100,
    .bytes_max = TRANSACT_BYTES,
    .one_place = true,
    .in_order = true,
    .write = write_transact,
    .read = ddbs_result__whole,
    .read_failure = ddbs_result__transact_failure,
};

const struct ddbs_service ddbs_service__s3 = {
    .name = "s3",
    .operation = "PutObject",
    .signing = "s3",
    .method = "PUT",
    .entries_max = 1,
    .bytes_max = OBJECT_BYTES,
    .write = write_plain,
    .address = address_s3,
    .read = ddbs_result__whole,
};

const struct ddbs_service ddbs_service__cloudwatch = {
    .name = "cloudwatch",
    .operation = "PutMetricData",
    .signing = "monitoring",
    .type = FORM,
    .entries_max = 1000,
    .bytes_max = METRICS_BYTES,
    .write = write_cloudwatch,
    .read = ddbs_result__whole,
};

const struct ddbs_service ddbs_service__ses = {
    .name = "ses",
    .operation = "SendEmail",
    .signing = "ses",
    .host = "email",
    .type = "application/json",
    .path = "/v2/email/outbound-emails",
    .entries_max = 1,
    .bytes_max = MAIL_BYTES,
    .write = write_plain,
    .read = ddbs_result__ses,
};

#define OPENSEARCH_ROW(signing_name)                                                                                   \
    {                                                                                                                  \
        .name = "opensearch", .operation = "_bulk", .signing = signing_name, .type = "application/x-ndjson",           \
        .path = "/_bulk", .entries_max = NO_COUNT, .bytes_max = OPENSEARCH_BYTES, .bytes_most = 100 * MIB,             \
        .last_wins = true, .write = write_plain, .address = address_opensearch, .read = ddbs_result__opensearch,       \
    }

const struct ddbs_service ddbs_service__opensearch = OPENSEARCH_ROW("es");
const struct ddbs_service ddbs_service__opensearch_serverless = OPENSEARCH_ROW("aoss");
