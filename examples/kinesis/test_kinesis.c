/* test_kinesis.c: a unit test of the handler: three ways to it, and a failure named as each wants it named.
 *
 * Shows: the mapping of the stream under the driver; events of Kinesis and of Pipes, which the driver does not make,
 * through ddbs_event_parse(), ddbs_process() and ddbs_answer_outcome(), as the runtime does it. */
#include "kinesis.h"

#include <ddbstream/test.h>
#include <stdio.h>
#include <string.h>

static int failures;

static void check(const char *name, bool held, const ddbs_test *test)
{
    failures += !held;
    if (held)
        printf("ok - %s\n", name);
    else
        printf("not ok - %s: %s; %s\n", name, ddbs_test_story(test), ddbs_test_reason(test));
}

/* What Kinesis Data Streams for DynamoDB says of o-1, 2 pieces, and of o-2, none: at 08:41:05.123, label 00 01 ff. */
#define GOOD                                                                                                           \
    "eyJhd3NSZWdpb24iOiJldS13ZXN0LTEiLCJldmVudE5hbWUiOiJJTlNFUlQiLCJldmVudElEIjoi"                                     \
    "MDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAxIiwidXNlcklkZW50aXR5IjpudWxs"                                     \
    "LCJyZWNvcmRGb3JtYXQiOiJhcHBsaWNhdGlvbi9qc29uIiwidGFibGVOYW1lIjoiT3JkZXJzIiwi"                                     \
    "ZHluYW1vZGIiOnsiQXBwcm94aW1hdGVDcmVhdGlvbkRhdGVUaW1lIjoxNzkyMzk5MjY1MTIzLCJL"                                     \
    "ZXlzIjp7Ik9yZGVySWQiOnsiUyI6Im8tMSJ9fSwiTmV3SW1hZ2UiOnsiT3JkZXJJZCI6eyJTIjoi"                                     \
    "by0xIn0sIlN0YXR1cyI6eyJTIjoiTkVXIn0sIlF0eSI6eyJOIjoiMiJ9LCJMYWJlbCI6eyJCIjoi"                                     \
    "UVVGSUx3PT0ifX0sIlNpemVCeXRlcyI6NjB9LCJldmVudFNvdXJjZSI6ImF3czpkeW5hbW9kYiJ9"
#define BAD                                                                                                            \
    "eyJhd3NSZWdpb24iOiJldS13ZXN0LTEiLCJldmVudE5hbWUiOiJJTlNFUlQiLCJldmVudElEIjoi"                                     \
    "MDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAyIiwidXNlcklkZW50aXR5IjpudWxs"                                     \
    "LCJyZWNvcmRGb3JtYXQiOiJhcHBsaWNhdGlvbi9qc29uIiwidGFibGVOYW1lIjoiT3JkZXJzIiwi"                                     \
    "ZHluYW1vZGIiOnsiQXBwcm94aW1hdGVDcmVhdGlvbkRhdGVUaW1lIjoxNzkyMzk5MjY1MTIzLCJL"                                     \
    "ZXlzIjp7Ik9yZGVySWQiOnsiUyI6Im8tMiJ9fSwiTmV3SW1hZ2UiOnsiT3JkZXJJZCI6eyJTIjoi"                                     \
    "by0yIn0sIlN0YXR1cyI6eyJTIjoiTkVXIn0sIlF0eSI6eyJOIjoiMCJ9LCJMYWJlbCI6eyJCIjoi"                                     \
    "UVVGSUx3PT0ifX0sIlNpemVCeXRlcyI6NjB9LCJldmVudFNvdXJjZSI6ImF3czpkeW5hbW9kYiJ9"

/* As Lambda delivers it. */
#define WRAPPED(sequence, data)                                                                                        \
    "{\"kinesis\":{\"kinesisSchemaVersion\":\"1.0\",\"partitionKey\":\"9F0C\",\"sequenceNumber\":\"" sequence          \
    "\",\"data\":\"" data "\",\"approximateArrivalTimestamp\":1792399265.5},\"eventSource\":\"aws:kinesis\","          \
    "\"eventVersion\":\"1.0\",\"eventID\":\"shardId-000000000003:" sequence "\",\"eventName\":\"aws:kinesis:record\"," \
    "\"awsRegion\":\"eu-west-1\",\"eventSourceARN\":\"arn:aws:kinesis:eu-west-1:111122223333:stream/orders-changes\"}"

/* Whether the answer to an event is this one. */
static bool answers(const char *json, size_t len, const char *want)
{
    ddbs_arena *arena;
    const ddbs_event *event;
    ddbs_outcome outcome;
    ddbs_answer answer;
    bool held = false;
    if (ddbs_arena_new(&arena, 0) != DDBS_OK)
        return false;
    if (ddbs_event_parse(arena, json, len, NULL, &event, NULL) == DDBS_OK) {
        (void)ddbs_process(event, &kinesis, NULL, arena, &outcome);
        held = ddbs_answer_outcome(event, &outcome, DDBS_REPORT_ITEMS, arena, &answer) == DDBS_OK &&
               ddbs_str_is(answer.body, want);
    }
    ddbs_arena_free(arena);
    return held;
}

/* Records 1 to 3: the second one orders nothing. */
static void behind_the_stream(ddbs_test *test)
{
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_CRASH, .record = 3, .times = 1 });
    ddbs_test_table(test, NULL, "OrderId");
    for (int i = 1; i <= 3; i++) {
        char request[256];
        snprintf(request, sizeof request,
                 "{\"TableName\":\"Orders\",\"Item\":{\"OrderId\":{\"S\":\"o-%d\"},\"Status\":{\"S\":\"NEW\"},\"Qty\":{"
                 "\"N\":\"%d\"},"
                 "\"Label\":{\"B\":\"AAH/\"}}}",
                 i, i == 2 ? 0 : i);
        ddbs_test_request(test, "PutItem", request);
    }
    ddbs_test_run(test);
    check("behind the stream an order of nothing is given up alone",
          ddbs_test_fate_of(test, 2) == DDBS_TEST_GIVEN_UP && ddbs_test_count(test).done == 2, test);
}

/* The same event as Pipes gives it: a bare array. The identifier is the event id. */
static void behind_pipes(ddbs_test *test)
{
    static const char head[] = "{\"Records\":";
    const char *event = ddbs_test_delivery_at(test, 0)->event;
    const char *id = strstr(ddbs_test_json_of(test, 2).ptr, "\"eventID\":\"");
    char want[128];
    snprintf(want, sizeof want, "{\"batchItemFailures\":[{\"itemIdentifier\":\"%.*s\"}]}",
             id == NULL ? 0 : (int)strcspn(id + 11, "\""), id == NULL ? "" : id + 11);
    check("behind Pipes a failure is named by its event id",
          strncmp(event, head, sizeof head - 1) == 0 &&
              answers(event + sizeof head - 1, strlen(event) - sizeof head, want),
          test);
}

static void behind_kinesis(ddbs_test *test)
{
    static const char both[] = "{\"Records\":[" WRAPPED("4967100001", GOOD) "," WRAPPED("4967100002", BAD) "]}";
    static const char good[] = "{\"Records\":[" WRAPPED("4967100001", GOOD) "]}";
    check("behind Kinesis a failure is named by the number of Kinesis",
          answers(both, sizeof both - 1, "{\"batchItemFailures\":[{\"itemIdentifier\":\"4967100002\"}]}"), test);
    check("and what is fine is done", answers(good, sizeof good - 1, "{\"batchItemFailures\":[]}"), test);
}

int main(void)
{
    const ddbs_test_options options = { .mapping_file = "examples/kinesis/esm.json" };
    ddbs_test *test;
    if (ddbs_test_new(&test, &kinesis, &options, NULL) != DDBS_OK)
        return 1;
    behind_the_stream(test);
    behind_pipes(test);
    behind_kinesis(test);
    check("the driver had no trouble", ddbs_test_status(test) == DDBS_OK, test);
    ddbs_test_free(test);
    return failures > 0;
}
