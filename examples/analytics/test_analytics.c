/* test_analytics.c: a unit test of the handler: what a line says, and which lines Firehose has when something fails.
 *
 * Shows: a filter of the mapping at work; one line that is not taken, for a while or for good; a crash after a call. */
#include "analytics.h"

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

static const char *line(ddbs_test *test, size_t index)
{
    const ddbs_test_sent *sent = ddbs_test_sent_at(test, "orders-analytics", index);
    return sent == NULL ? "" : sent->body.ptr;
}

static size_t lines(ddbs_test *test)
{
    return ddbs_test_sent_count(test, "orders-analytics");
}

/* Records 1 to 3. */
static void a_line_has_the_columns(ddbs_test *test)
{
    ddbs_test_put(test,
                  "{\"OrderId\":\"o-1\",\"Total\":12.345678901234567890123456789012345678,\"Secret\":\"x\","
                  "\"Address\":{\"City\":\"Ulm\",\"Street\":\"y\"},\"Lines\":[{\"Sku\":\"s-1\"},{\"Sku\":\"s-2\"}]}");
    ddbs_test_update(test, "{\"OrderId\":\"o-1\",\"Status\":\"PAID\"}");
    ddbs_test_remove(test, "{\"OrderId\":\"o-1\"}");
    ddbs_test_run(test);
    check("every digit of a number is there",
          strstr(line(test, 0), "\"total\":12.345678901234567890123456789012345678,") != NULL, test);
    check("nested columns are flat",
          strstr(line(test, 0), "\"city\":\"Ulm\",\"first_sku\":\"s-1\"}\n") != NULL &&
              !strstr(line(test, 0), "Secret"),
          test);
    check("a deletion is filtered out by the mapping",
          ddbs_test_fate_of(test, 3) == DDBS_TEST_FILTERED && lines(test) == 2 && ddbs_test_deliveries(test) == 1,
          test);
}

/* Records 4 and 5. */
static void a_line_that_is_not_taken_is_sent_again_alone(ddbs_test *test)
{
    ddbs_test_add_fault(
        test, &(ddbs_test_fault){ .kind = DDBS_TEST_AWS_REFUSE_ENTRY, .holds = "\"order_id\":\"o-2\"", .times = 1 });
    ddbs_test_put(test, "{\"OrderId\":\"o-2\"}");
    ddbs_test_put(test, "{\"OrderId\":\"o-3\"}");
    ddbs_test_run(test);
    size_t calls = ddbs_test_call_count(test, NULL);
    check("a line that is not taken is sent again, alone",
          ddbs_test_call_at(test, NULL, calls - 1)->entries == 1 && strstr(line(test, 3), "o-2") != NULL, test);
}

/* Records 6 to 8. */
static void a_line_that_is_refused_stops_the_batch(ddbs_test *test)
{
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_AWS_REFUSE_ENTRY,
                                                  .holds = "\"order_id\":\"o-5\"",
                                                  .answer = "InvalidArgumentException" });
    ddbs_test_put(test, "{\"OrderId\":\"o-4\"}");
    ddbs_test_put(test, "{\"OrderId\":\"o-5\"}");
    ddbs_test_put(test, "{\"OrderId\":\"o-6\"}");
    ddbs_test_run(test);
    check("a line that is refused for good is given up alone",
          ddbs_test_fate_of(test, 7) == DDBS_TEST_GIVEN_UP && ddbs_test_count(test).given_up == 1, test);
    check("the line before it stays done", ddbs_test_calls_of(test, 6) == 1, test);
    ddbs_test_clear_faults(test);
}

/* Record 9. */
static void after_a_crash_a_line_is_there_twice(ddbs_test *test)
{
    size_t before = lines(test);
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_AWS_CRASH_AFTER, .times = 1 });
    ddbs_test_put(test, "{\"OrderId\":\"o-7\"}");
    ddbs_test_run(test);
    check("after a crash a line is there twice, byte for byte",
          lines(test) == before + 2 && strcmp(line(test, before), line(test, before + 1)) == 0, test);
}

int main(void)
{
    const ddbs_test_options options = { .mapping_file = "examples/analytics/esm.json", .key = "OrderId" };
    ddbs_test *test;
    setenv("DELIVERY_STREAM", "orders-analytics", 1);
    if (ddbs_test_new(&test, &analytics, &options, NULL) != DDBS_OK)
        return 1;
    a_line_has_the_columns(test);
    a_line_that_is_not_taken_is_sent_again_alone(test);
    a_line_that_is_refused_stops_the_batch(test);
    after_a_crash_a_line_is_there_twice(test);
    check("the driver had no trouble", ddbs_test_status(test) == DDBS_OK, test);
    ddbs_test_free(test);
    return failures > 0;
}
