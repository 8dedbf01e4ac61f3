/* test_fanout.c: a unit test of the handler: who gets what, and what becomes of it when a service does not take it.
 *
 * Shows: what went out, as the services have it (ddbs_test_sent_keys), and the calls that it took; one message that is
 * refused, a throttled topic, a crash between two calls. SNS and SQS are played in memory: no account, no network. */
#include "fanout.h"

#include <ddbstream/test.h>
#include <stdio.h>
#include <stdlib.h>
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

static bool has(ddbs_test *test, const char *to, const char *keys)
{
    return strcmp(ddbs_test_sent_keys(test, to), keys) == 0;
}

/* An order, from placed to cancelled: records 1 to 5. */
static void each_topic_gets_what_concerns_it(ddbs_test *test)
{
    ddbs_test_put(test, "{\"OrderId\":\"o-1\",\"Status\":\"NEW\",\"Total\":999.99}");
    ddbs_test_put(test, "{\"OrderId\":\"o-2\",\"Status\":\"NEW\",\"Total\":1000}");
    ddbs_test_update(test, "{\"OrderId\":\"o-1\",\"Status\":\"SHIPPED\"}");
    ddbs_test_remove(test, "{\"OrderId\":\"o-2\"}");
    ddbs_test_expire(test, "{\"OrderId\":\"o-1\"}");
    ddbs_test_run(test);
    check("each topic gets what concerns it",
          has(test, "placed.fifo", "o-1 o-2") && has(test, "large.fifo", "o-2") && has(test, "shipped.fifo", "o-1") &&
              has(test, "cancelled.fifo", "o-2"),
          test);
    check("the queue gets every change, in order", has(test, "orders.fifo", "o-1 o-2 o-1 o-2 o-1"), test);
    const ddbs_test_sent *first = ddbs_test_sent_at(test, "large.fifo", 0);
    check("a message is the change", strncmp(first->body.ptr, "{\"change\":\"INSERT\",\"sequence\":", 28) == 0, test);
}

/* An entry that fails alone is sent again, and nothing of its order overtakes it: records 6 to 8. */
static void a_refused_message_is_not_overtaken(ddbs_test *test)
{
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_AWS_REFUSE_ENTRY,
                                                  .call = "SendMessageBatch",
                                                  .holds = "\"Status\":\"NEW\"",
                                                  .times = 2 });
    ddbs_test_put(test, "{\"OrderId\":\"o-3\",\"Status\":\"NEW\",\"Total\":1}");
    ddbs_test_update(test, "{\"OrderId\":\"o-3\",\"Status\":\"PAID\"}");
    ddbs_test_put(test, "{\"OrderId\":\"o-4\",\"Status\":\"PAID\",\"Total\":1}");
    ddbs_test_run(test);
    const ddbs_test_sent *last = ddbs_test_sent_at(test, "orders.fifo", ddbs_test_sent_count(test, "orders.fifo") - 1);
    check("a refused message is not overtaken", strstr(last->body.ptr, "\"Status\":\"PAID\"") != NULL, test);
    check("the batch need not come again", ddbs_test_last(test)->attempt == 1 && !ddbs_test_last(test)->is_error, test);
}

/* More than the attempts of a writer, in one delivery: records 9 and 10. */
static void a_throttled_topic_stops_the_batch_at_its_record(ddbs_test *test)
{
    ddbs_test_add_fault(
        test, &(ddbs_test_fault){ .kind = DDBS_TEST_AWS_REFUSE, .call = "PublishBatch", .holds = "o-6", .times = 3 });
    ddbs_test_put(test, "{\"OrderId\":\"o-5\",\"Status\":\"NEW\",\"Total\":1}");
    ddbs_test_put(test, "{\"OrderId\":\"o-6\",\"Status\":\"NEW\",\"Total\":1}");
    ddbs_test_run(test);
    check("a throttled topic makes its records come again",
          strstr(ddbs_test_log(test), "sns PublishBatch") != NULL && strstr(ddbs_test_log(test), "Throttled") != NULL &&
              ddbs_test_fate_of(test, 10) == DDBS_TEST_DONE,
          test);
    check("what the queue had already is dropped by its deduplication id",
          ddbs_test_sent_count(test, "orders.fifo") == 10 && ddbs_test_sent_count(test, "placed.fifo") == 6, test);
}

/* The queue has it, the topics do not: record 11. */
static void a_crash_between_two_calls_loses_nothing(ddbs_test *test)
{
    size_t calls = ddbs_test_call_count(test, "SendMessageBatch");
    ddbs_test_add_fault(
        test, &(ddbs_test_fault){ .kind = DDBS_TEST_AWS_CRASH, .call = "PublishBatch", .record = 0, .times = 1 });
    ddbs_test_put(test, "{\"OrderId\":\"o-7\",\"Status\":\"NEW\",\"Total\":5000}");
    ddbs_test_run(test);
    check("a crash between two calls loses nothing",
          has(test, "large.fifo", "o-2 o-7") && ddbs_test_call_count(test, "SendMessageBatch") == calls + 2, test);
    check("and doubles nothing", ddbs_test_sent_count(test, "orders.fifo") == 11, test);
}

int main(void)
{
    const ddbs_test_options options = { .mapping_file = "examples/fanout/esm.json", .key = "OrderId" };
    ddbs_test *test;
    setenv("TOPIC_PLACED", "arn:aws:sns:eu-west-1:111122223333:placed.fifo", 1);
    setenv("TOPIC_LARGE", "arn:aws:sns:eu-west-1:111122223333:large.fifo", 1);
    setenv("TOPIC_SHIPPED", "arn:aws:sns:eu-west-1:111122223333:shipped.fifo", 1);
    setenv("TOPIC_CANCELLED", "arn:aws:sns:eu-west-1:111122223333:cancelled.fifo", 1);
    setenv("QUEUE_URL", "https://sqs.eu-west-1.amazonaws.com/111122223333/orders.fifo", 1);
    if (ddbs_test_new(&test, &fanout, &options, NULL) != DDBS_OK)
        return 1;
    each_topic_gets_what_concerns_it(test);
    a_refused_message_is_not_overtaken(test);
    a_throttled_topic_stops_the_batch_at_its_record(test);
    a_crash_between_two_calls_loses_nothing(test);
    check("every change is done", ddbs_test_count(test).done == 11 && ddbs_test_status(test) == DDBS_OK, test);
    ddbs_test_free(test);
    return failures > 0;
}
