/* test_dashboard.c: a unit test of the handler: every request is counted once, in its minute.
 *
 * Shows: a tumbling window on the driver's clock; its state, handed from batch to batch; metrics as they are in the
 * log. */
#include "dashboard.h"

#include <ddbstream/test.h>
#include <stdio.h>

static int failures;

static void check(const char *name, bool held, const ddbs_test *test)
{
    failures += !held;
    if (held)
        printf("ok - %s\n", name);
    else
        printf("not ok - %s: %s; %s\n", name, ddbs_test_story(test), ddbs_test_reason(test));
}

static bool counted(ddbs_test *test, const char *name, double want)
{
    double sum = 0;
    return ddbs_test_metric(test, name, &sum) && sum > want - 0.5 && sum < want + 0.5;
}

static void request(ddbs_test *test, int number, int status, int bytes)
{
    char item[128];
    snprintf(item, sizeof item, "{\"id\":\"r-%d\",\"status\":%d,\"bytes\":%d}", number, status, bytes);
    ddbs_test_put(test, item);
}

/* Records 1 to 3, in two batches of one minute. */
static void a_minute_is_measured_when_it_is_over(ddbs_test *test)
{
    double sum;
    request(test, 1, 200, 100);
    request(test, 2, 503, 10);
    ddbs_test_wait(test, 1000);
    request(test, 3, 200, 1000);
    ddbs_test_wait(test, 1000);
    check("nothing is measured while the minute lasts",
          !ddbs_test_metric(test, "Requests", &sum) && ddbs_test_count(test).done == 3, test);
    ddbs_test_run(test);
    check("a minute is measured when it is over, in its final call",
          counted(test, "Requests", 3) && counted(test, "Errors", 1) && counted(test, "Bytes", 1110) &&
              ddbs_test_last(test)->cause == DDBS_TEST_FINAL,
          test);
}

/* Records 4 to 6. */
static void what_comes_twice_is_counted_once(ddbs_test *test)
{
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_CRASH_AFTER, .record = 4, .times = 1 });
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_DUPLICATE, .record = 5, .times = 1 });
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_LOSE_ANSWER, .record = 6, .times = 1 });
    for (int number = 4; number <= 6; number++) {
        request(test, number, 200, 1);
        ddbs_test_wait(test, 500);
    }
    ddbs_test_run(test);
    check("a crash, a duplicate and a lost answer count nothing twice", counted(test, "Requests", 6), test);
}

/* Record 7, and once more as 8: as after a checkpoint that was lost. */
static void what_the_state_has_is_passed_over(ddbs_test *test)
{
    request(test, 7, 200, 1);
    ddbs_test_wait(test, 500);
    ddbs_test_record(test, ddbs_test_json_of(test, 7).ptr);
    ddbs_test_run(test);
    check("a record that the state has is passed over",
          counted(test, "Requests", 7) && ddbs_test_calls_of(test, 8) == 1, test);
}

/* Record 9. */
static void a_failure_is_an_error_of_the_whole_batch(ddbs_test *test)
{
    uint64_t errors = ddbs_test_count(test).errors;
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_FAIL, .record = 9, .times = 1 });
    request(test, 8, 200, 1);
    ddbs_test_run(test);
    check("a failure in a window is an error of the whole batch",
          ddbs_test_count(test).errors == errors + 1 && ddbs_test_count(test).partial == 0 &&
              counted(test, "Requests", 8),
          test);
}

int main(void)
{
    const ddbs_test_options options = { .mapping_file = "examples/dashboard/esm.json",
                                        .key = "id",
                                        .lambda = &dashboard_options };
    ddbs_test *test;
    if (ddbs_test_new(&test, &dashboard, &options, NULL) != DDBS_OK)
        return 1;
    a_minute_is_measured_when_it_is_over(test);
    what_comes_twice_is_counted_once(test);
    what_the_state_has_is_passed_over(test);
    a_failure_is_an_error_of_the_whole_batch(test);
    check("the driver had no trouble", ddbs_test_status(test) == DDBS_OK, test);
    ddbs_test_free(test);
    return failures > 0;
}
