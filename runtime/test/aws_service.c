/* aws_service.c: the services. Forms of answers and names of errors are those of the API references
 * (API_PutRecordBatch, API_PutRecords, API_SendMessageBatch, API_PublishBatch, API_PutEvents, API_PutObject,
 * API_PutMetricData, API_SendEmail, API_BatchWriteItem) and of OpenSearch's _bulk. */
#include "runtime/aws/client.h"
#include "runtime/aws/hash.h"
#include "runtime/test/driver.h"

#include <stdlib.h>
#include <string.h>

enum { BAD_REQUEST = 400, TOO_MANY = 429, UNAVAILABLE = 503, CONFLICT = 409 };

/* FIFO queues and topics know a deduplication id for so long (API_SendMessage, API_Publish). */
enum { DEDUPLICATION_MS = 5 * 60 * 1000 };

/* ---- Answers ----------------------------------------------------------------------------------------------------- */

static size_t count_refused(const struct driver_call *call)
{
    size_t count = 0;
    for (size_t i = 0; i < call->told.entries; i++)
        count += call->entries[i].error != NULL;
    return count;
}

/* In the order of the request: {"FailedPutCount":1,"RequestResponses":[{"RecordId":"1-0"},{"ErrorCode":...}]}. */
static void write_list(const struct driver_call *call, ddbs_buf *out, const char *count, const char *list,
                       const char *id)
{
    ddbs_buf__format(out, "{\"%s\":%zu,\"%s\":[", count, count_refused(call), list);
    for (size_t i = 0; i < call->told.entries; i++) {
        const struct driver_entry *entry = &call->entries[i];
        ddbs_buf__text(out, i == 0 ? "" : ",");
        if (entry->error != NULL)
            ddbs_buf__format(out, "{\"ErrorCode\":\"%s\",\"ErrorMessage\":\"a fault of the test\"}", entry->error);
        else
            ddbs_buf__format(out, "{\"%s\":\"%zu-%zu\"}", id, entry->told.call + 1, i);
    }
    ddbs_buf__text(out, "]}");
}

static void write_firehose(const struct driver_call *call, ddbs_buf *out)
{
    write_list(call, out, "FailedPutCount", "RequestResponses", "RecordId");
}

static void write_kinesis(const struct driver_call *call, ddbs_buf *out)
{
    write_list(call, out, "FailedRecordCount", "Records", "SequenceNumber");
}

static void write_events(const struct driver_call *call, ddbs_buf *out)
{
    write_list(call, out, "FailedEntryCount", "Entries", "EventId");
}

/* What may be taken later is not the sender's fault. */
static bool is_senders_fault(const struct driver_entry *entry)
{
    return !ddbs_aws__is_passing(ddbs_aws__fault_of(entry->error, BAD_REQUEST));
}

static void write_sqs_entry(const struct driver_entry *entry, size_t number, ddbs_buf *out)
{
    char md5[DDBS_MD5_TEXT];
    ddbs_buf__text(out, "{\"Id\":");
    ddbs_buf__json(out, entry->name.ptr, entry->name.len);
    if (entry->error != NULL) {
        ddbs_buf__format(out, ",\"SenderFault\":%s,\"Code\":\"%s\",\"Message\":\"a fault of the test\"}",
                         is_senders_fault(entry) ? "true" : "false", entry->error);
        return;
    }
    ddbs_hash__md5((ddbs_bytes){ (const unsigned char *)entry->told.body.ptr, entry->told.body.len }, md5);
    ddbs_buf__format(out, ",\"MessageId\":\"%zu-%zu\",\"MD5OfMessageBody\":\"%s\"}", entry->told.call + 1, number, md5);
}

static void write_sns_entry(const struct driver_entry *entry, size_t number, ddbs_buf *out)
{
    ddbs_buf__format(out, "<member><Id>%s</Id>", entry->name.ptr);
    if (entry->error == NULL)
        ddbs_buf__format(out, "<MessageId>%zu-%zu</MessageId></member>", entry->told.call + 1, number);
    else
        ddbs_buf__format(out,
                         "<Code>%s</Code><Message>a fault of the test</Message><SenderFault>%s</SenderFault></member>",
                         entry->error, is_senders_fault(entry) ? "true" : "false");
}

/* Those that were taken, or those that were not. */
static void write_some(const struct driver_call *call, ddbs_buf *out, bool refused, const char *between,
                       void (*write)(const struct driver_entry *entry, size_t number, ddbs_buf *out))
{
    bool first = true;
    for (size_t i = 0; i < call->told.entries; i++) {
        if ((call->entries[i].error != NULL) != refused)
            continue;
        ddbs_buf__text(out, first ? "" : between);
        write(&call->entries[i], i, out);
        first = false;
    }
}

static void write_sqs(const struct driver_call *call, ddbs_buf *out)
{
    ddbs_buf__text(out, "{\"Successful\":[");
    write_some(call, out, false, ",", write_sqs_entry);
    ddbs_buf__text(out, "],\"Failed\":[");
    write_some(call, out, true, ",", write_sqs_entry);
    ddbs_buf__text(out, "]}");
}

static void write_sns(const struct driver_call *call, ddbs_buf *out)
{
    ddbs_buf__text(out, "<PublishBatchResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishBatchResult>"
                        "<Successful>");
    write_some(call, out, false, "", write_sns_entry);
    ddbs_buf__text(out, "</Successful><Failed>");
    write_some(call, out, true, "", write_sns_entry);
    ddbs_buf__text(out, "</Failed></PublishBatchResult></PublishBatchResponse>");
}

static void write_metrics(const struct driver_call *call, ddbs_buf *out)
{
    (void)call;
    ddbs_buf__text(out, "<PutMetricDataResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\">"
                        "</PutMetricDataResponse>");
}

static void write_mail(const struct driver_call *call, ddbs_buf *out)
{
    ddbs_buf__format(out, "{\"MessageId\":\"%zu\"}", call->entries[0].told.call + 1);
}

static void write_object(const struct driver_call *call, ddbs_buf *out)
{
    (void)call;
    ddbs_buf__text(out, "");
}

static int document_status(const struct driver_entry *entry)
{
    if (entry->error != NULL)
        return ddbs_aws__is_passing(ddbs_aws__fault_of(entry->error, BAD_REQUEST)) ? TOO_MANY : BAD_REQUEST;
    return entry->stale ? CONFLICT : 200;
}

static void write_documents(const struct driver_call *call, ddbs_buf *out)
{
    ddbs_buf__format(out, "{\"errors\":%s,\"items\":[", count_refused(call) > 0 ? "true" : "false");
    for (size_t i = 0; i < call->told.entries; i++) {
        const struct driver_entry *entry = &call->entries[i];
        const char *error = entry->stale ? "version_conflict_engine_exception" : entry->error;
        ddbs_buf__format(out, "%s{\"%s\":{\"_id\":", i == 0 ? "" : ",", entry->name.ptr);
        ddbs_buf__json(out, entry->told.key.ptr, entry->told.key.len);
        ddbs_buf__format(out, ",\"status\":%d", document_status(entry));
        if (error != NULL)
            ddbs_buf__format(out, ",\"error\":{\"type\":\"%s\"}", error);
        ddbs_buf__text(out, "}}");
    }
    ddbs_buf__text(out, "]}");
}

/* ---- The table --------------------------------------------------------------------------------------------------- */

static const struct driver_service services[] = {
    { "firehose", "PutRecordBatch", "ServiceUnavailableException", UNAVAILABLE, "ServiceUnavailableException", false,
      false, driver_read_firehose, write_firehose },
    { "kinesis", "PutRecords", "ProvisionedThroughputExceededException", BAD_REQUEST,
      "ProvisionedThroughputExceededException", false, false, driver_read_kinesis, write_kinesis },
    { "sqs", "SendMessageBatch", "RequestThrottled", BAD_REQUEST, "InternalError", false, false, driver_read_sqs,
      write_sqs },
    { "sns", "PublishBatch", "Throttled", TOO_MANY, "InternalError", true, false, driver_read_sns, write_sns },
    { "events", "PutEvents", "ThrottlingException", BAD_REQUEST, "ThrottlingException", false, false,
      driver_read_events, write_events },
    { "s3", "PutObject", "SlowDown", UNAVAILABLE, "SlowDown", true, true, driver_read_object, write_object },
    { "monitoring", "PutMetricData", "Throttling", BAD_REQUEST, "Throttling", true, true, driver_read_metrics,
      write_metrics },
    { "ses", "SendEmail", "TooManyRequestsException", TOO_MANY, "TooManyRequestsException", false, true,
      driver_read_mail, write_mail },
    { "es", "_bulk", "es_rejected_execution_exception", TOO_MANY, "es_rejected_execution_exception", false, false,
      driver_read_documents, write_documents },
    { "aoss", "_bulk", "es_rejected_execution_exception", TOO_MANY, "es_rejected_execution_exception", false, false,
      driver_read_documents, write_documents },
    { "dynamodb", "BatchWriteItem", "ProvisionedThroughputExceededException", BAD_REQUEST,
      "ProvisionedThroughputExceededException", false, false, driver_read_writes, NULL },
};

static bool is_dynamodb(const struct driver_call *call)
{
    return strcmp(call->told.service, "dynamodb") == 0;
}

static bool ends_with(const char *text, const char *end)
{
    size_t have = strlen(text), want = strlen(end);
    return have >= want && strcmp(text + have - want, end) == 0;
}

/* The last part of "X-Amz-Target: DynamoDB_20120810.PutItem"; what a form says it is; of REST, the operation that its
 * method and path are. */
static const char *operation_of(ddbs_test *test, const ddbs_test_call *call)
{
    static const char action[] = "Action=";
    const char *target = driver_header(call, "X-Amz-Target");
    if (target != NULL)
        return strrchr(target, '.') == NULL ? target : strrchr(target, '.') + 1;
    if (call->body.len > sizeof action && memcmp(call->body.ptr, action, sizeof action - 1) == 0)
        return driver_keep(test, call->body.ptr + sizeof action - 1, strcspn(call->body.ptr + sizeof action - 1, "&"))
            .ptr;
    if (strcmp(call->service, "s3") == 0 && strcmp(call->method, "PUT") == 0)
        return "PutObject";
    if (ends_with(call->url, "/_bulk"))
        return "_bulk";
    return ends_with(call->url, "/v2/email/outbound-emails") ? "SendEmail" : call->method;
}

void driver_find_service(ddbs_test *test, struct driver_call *call)
{
    const char *operation = operation_of(test, &call->told);
    call->told.operation = operation == NULL ? "" : operation;
    for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
        const struct driver_service *service = &services[i];
        if (strcmp(service->signing, call->told.service) == 0 && strcmp(service->operation, call->told.operation) == 0)
            call->service = service;
    }
    call->malformed = call->service != NULL && !call->service->read(test, call);
}

/* ---- Refusing ---------------------------------------------------------------------------------------------------- */

long driver_refuse(const struct driver_call *call, const char *type, long status, ddbs_buf *out)
{
    const struct driver_service *service = call->service;
    bool xml = service != NULL && service->xml, throttled = type == NULL;
    if (throttled)
        type = service != NULL     ? service->throttled
               : is_dynamodb(call) ? "ProvisionedThroughputExceededException"
                                   : "ThrottlingException";
    if (status == 0)
        status = throttled && service != NULL ? service->status : BAD_REQUEST;
    out->len = 0;
    if (xml)
        ddbs_buf__format(out,
                         "<ErrorResponse><Error><Code>%s</Code><Message>a fault of the test</Message></Error>"
                         "</ErrorResponse>",
                         type);
    else
        ddbs_buf__format(out, "{\"__type\":\"%s\",\"message\":\"a fault of the test\"}", type);
    return status;
}

/* Mark the entries that a fault is for. NULL, or the error of a service that takes all or none. */
static const ddbs_test_fault *refuse_entries(ddbs_test *test, struct driver_call *call)
{
    const ddbs_test_fault *fault = driver_call_fault(test, DDBS_TEST_AWS_REFUSE_ENTRY, call);
    if (fault == NULL || call->service == NULL)
        return NULL;
    for (size_t i = 0; i < call->told.entries; i++) {
        if (driver_entry_fits(&call->entries[i], fault))
            call->entries[i].error = fault->answer != NULL ? fault->answer : call->service->busy;
    }
    return call->service->whole ? fault : NULL;
}

/* ---- Taking ------------------------------------------------------------------------------------------------------ */

static bool equals(ddbs_str a, ddbs_str b)
{
    return a.ptr != NULL && b.ptr != NULL && a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}

static bool is_repeated(const ddbs_test *test, const struct driver_entry *entry)
{
    const struct driver_aws *aws = &test->aws;
    int64_t now_ms = aws->calls[entry->told.call]->told.at_ms;
    for (size_t i = aws->sent_count; ends_with(entry->told.to, ".fifo") && i-- > 0;) {
        const ddbs_test_sent *sent = aws->sent[i];
        if (strcmp(sent->to, entry->told.to) == 0 && equals(sent->id, entry->told.id) &&
            now_ms - aws->calls[sent->call]->told.at_ms < DEDUPLICATION_MS)
            return true;
    }
    return false;
}

/* Whether a newer version of the document is there. */
static bool is_stale(const ddbs_test *test, const struct driver_entry *entry)
{
    const struct driver_aws *aws = &test->aws;
    for (size_t i = aws->sent_count; entry->told.id.ptr != NULL && i-- > 0;) {
        const ddbs_test_sent *sent = aws->sent[i];
        if (strcmp(sent->to, entry->told.to) != 0 || !equals(sent->key, entry->told.key) || sent->id.ptr == NULL)
            continue;
        unsigned long long have = strtoull(sent->id.ptr, NULL, 10), want = strtoull(entry->told.id.ptr, NULL, 10);
        return want < have || (want == have && !entry->equal_wins);
    }
    return false;
}

static void take_entries(ddbs_test *test, struct driver_call *call)
{
    bool documents = call->service->read == driver_read_documents;
    for (size_t i = 0; i < call->told.entries; i++) {
        struct driver_entry *entry = &call->entries[i];
        entry->stale = documents && entry->error == NULL && is_stale(test, entry);
        if (entry->error == NULL && !entry->stale && !is_repeated(test, entry))
            driver_add_sent(test, entry);
    }
}

long driver_answer(ddbs_test *test, struct driver_call *call, ddbs_buf *out)
{
    const ddbs_test_fault *fault = refuse_entries(test, call);
    if (call->malformed)
        return driver_refuse(call, "SerializationException", BAD_REQUEST, out);
    if (fault != NULL)
        return driver_refuse(call, fault->answer, (long)fault->amount, out);
    if (is_dynamodb(call))
        return driver_call_table(test, call, out);
    if (call->service == NULL) {
        ddbs_buf__text(out, "{}");
        return 200;
    }
    take_entries(test, call);
    call->service->write(call, out);
    return 200;
}
