/* aws_service.h: a service in memory behind a client's transport, with a clock that only pauses move. It reads requests
 * of PutRecordBatch and PutRecords, and fails what the test says. */
#ifndef AWS_SERVICE_H
#define AWS_SERVICE_H
#include "events.h"
#include "lib/base64.h"
#include "runtime/aws/client.h"

#include <cjson/cJSON.h>
#include <stdio.h>

enum { SERVICE_RECORDS = 12000 };

static struct {
    int64_t now_ms, slept_ms;
    size_t requests, calls, entries, most_entries, most_at_once, sleeps;
    unsigned char stored[SERVICE_RECORDS];  /* how often */
    unsigned char refused[SERVICE_RECORDS]; /* how often it is still to fail for a passing reason; 255: for good */
    long status;                            /* of whole requests; 0: 200 */
    const char *type;                       /* with that status */
    size_t whole;                           /* for so many requests; else 200 */
    const char *odd;                        /* instead of a reply */
    size_t odd_times;
    size_t order[SERVICE_RECORDS]; /* what was stored, in order */
    size_t order_count;
} service;

static int64_t service_now(void *self)
{
    (void)self;
    return service.now_ms;
}

static void service_sleep(void *self, int64_t ms)
{
    (void)self;
    service.now_ms += ms;
    service.slept_ms += ms;
    service.sleeps++;
}

/* The number that an entry's data is. */
static size_t number_in(const cJSON *entry)
{
    char text[64] = "";
    size_t used = 0;
    const char *data = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(entry, "Data"));
    if (data == NULL || strlen(data) >= sizeof text || !ddbs_base64__decode(text, data, strlen(data), &used))
        abort();
    text[used] = '\0';
    return strtoul(text, NULL, 10);
}

static void answer_entry(const cJSON *entry, const char *id, ddbs_buf *reply)
{
    size_t number = number_in(entry);
    service.entries++;
    if (service.refused[number] == 0) {
        service.stored[number]++;
        service.order[service.order_count++] = number;
        ddbs_buf__format(reply, "{\"%s\":\"1\"}", id);
        return;
    }
    bool passing = service.refused[number] != 255;
    service.refused[number] = (unsigned char)(service.refused[number] - passing);
    ddbs_buf__format(reply, "{\"ErrorCode\":\"%s\"}",
                     passing ? "ServiceUnavailableException" : "InvalidArgumentException");
}

static void answer_all(const ddbs_aws_exchange *exchange, ddbs_buf *reply)
{
    cJSON *tree = cJSON_ParseWithLength((const char *)exchange->body.ptr, exchange->body.len);
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(tree, "Records"), *entry;
    bool firehose = strcmp(exchange->service, "firehose") == 0;
    size_t count = (size_t)cJSON_GetArraySize(list);
    if (count > service.most_entries)
        service.most_entries = count;
    ddbs_buf__text(reply, firehose ? "{\"RequestResponses\":[" : "{\"Records\":[");
    cJSON_ArrayForEach(entry, list)
    {
        answer_entry(entry, firehose ? "RecordId" : "SequenceNumber", reply);
        ddbs_buf__text(reply, entry->next == NULL ? "" : ",");
    }
    ddbs_buf__text(reply, "]}");
    cJSON_Delete(tree);
}

static void service_exchange(void *self, ddbs_aws_exchange *const *exchanges, size_t count)
{
    (void)self;
    service.calls++;
    if (count > service.most_at_once)
        service.most_at_once = count;
    for (size_t i = 0; i < count; i++) {
        ddbs_aws_exchange *exchange = exchanges[i];
        service.requests++;
        exchange->status = 200;
        if (service.odd_times > 0) {
            service.odd_times--;
            ddbs_buf__text(&exchange->reply, service.odd);
        } else if (service.whole > 0) {
            service.whole--;
            exchange->status = service.status;
            snprintf(exchange->type, sizeof exchange->type, "%s", service.type);
        } else {
            answer_all(exchange, &exchange->reply);
        }
    }
}

static ddbs_aws *service_client(uint32_t attempts)
{
    ddbs_aws *aws = NULL;
    ddbs_error error;
    ddbs_aws_options options = { .region = "eu-west-1", .transport = service_exchange, .attempts = attempts };
    memset(&service, 0, sizeof service);
    service.now_ms = 1792399200000;
    setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    if (ddbs_aws__make(&aws, &options, &error) != DDBS_OK)
        abort();
    aws->clock = (struct ddbs_aws_clock){ service_now, service_sleep, NULL };
    return aws;
}
#endif
