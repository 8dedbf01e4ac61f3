/* test_eventstore.c: a unit test of the handler: an event for each version, and statements that follow from the events.
 *
 * Shows: transactions on two tables in memory; a version that is missing; a replay of the events through the same
 * handler, on a driver of its own. */
#include "eventstore.h"

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

static int64_t number_in(ddbs_test *test, const char *table, const char *key, const char *name)
{
    int64_t number = -1;
    return ddbs_get(ddbs_test_item(test, table, key), name, &number) == DDBS_OK ? number : -1;
}

/* Records 1 to 4. */
static void each_change_is_one_event(ddbs_test *test)
{
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_AWS_CRASH, .record = 1, .times = 1 });
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_AWS_CRASH_AFTER, .record = 2, .times = 1 });
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_AWS_LOSE_ANSWER, .record = 3, .times = 1 });
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_DUPLICATE, .record = 4, .times = 1 });
    ddbs_test_put(test, "{\"account\":\"a\",\"version\":1,\"balance\":10.50}");
    ddbs_test_put(test, "{\"account\":\"a\",\"version\":2,\"balance\":15.00}");
    ddbs_test_put(test, "{\"account\":\"a\",\"version\":3,\"balance\":12.75}");
    ddbs_test_put(test, "{\"account\":\"b\",\"version\":1,\"balance\":1}");
    ddbs_test_run(test);
    check("each change is one event, after crashes, a lost answer and a duplicate",
          ddbs_test_items(test, "events") == 4 && ddbs_test_count(test).done == 4, test);
    check("the statement is what the events come to",
          number_in(test, "statements", "{\"account\":\"a\"}", "cents") == 1275 &&
              number_in(test, "statements", "{\"account\":\"a\"}", "credited") == 1500 &&
              number_in(test, "statements", "{\"account\":\"a\"}", "debited") == 225,
          test);
}

/* Records 5 and 6: version 3 of b comes before version 2. */
static void a_version_too_early_waits_for_the_one_before(ddbs_test *test)
{
    ddbs_test_put(test, "{\"account\":\"b\",\"version\":3,\"balance\":3}");
    ddbs_test_put(test, "{\"account\":\"b\",\"version\":2,\"balance\":2}");
    ddbs_test_run(test);
    check("an event that is too early writes neither itself nor the statement",
          ddbs_test_fate_of(test, 5) == DDBS_TEST_GIVEN_UP && ddbs_test_fate_of(test, 6) == DDBS_TEST_DONE &&
              number_in(test, "statements", "{\"account\":\"b\"}", "version") == 2 &&
              ddbs_test_items(test, "events") == 5,
          test);
    check("and says so", strstr(ddbs_test_log(test), "an event is missing") != NULL, test);
}

/* Record 7. */
static void a_version_can_be_taken_once(ddbs_test *test)
{
    ddbs_test_put(test, "{\"account\":\"a\",\"version\":3,\"balance\":99}");
    ddbs_test_run(test);
    check("another change with the same version fails",
          ddbs_test_fate_of(test, 7) == DDBS_TEST_GIVEN_UP &&
              strstr(ddbs_test_log(test), "two changes of an account have one version") != NULL,
          test);
}

/* The same handler makes the statement of a again, of nothing but its events. */
static void a_replay_comes_to_the_same(ddbs_test *test, const ddbs_test_options *options)
{
    ddbs_test *again;
    setenv("REBUILD", "1", 1);
    if (ddbs_test_new(&again, &eventstore, options, NULL) != DDBS_OK) {
        check("there is a driver for the replay", false, test);
        return;
    }
    ddbs_test_table(again, "statements", "account");
    for (int version = 1; version <= 3; version++) {
        char key[64];
        ddbs_str record = { "", 0 };
        snprintf(key, sizeof key, "{\"account\":\"a\",\"version\":%d}", version);
        if (ddbs_get(ddbs_test_item(test, "events", key), "record", &record) == DDBS_OK)
            ddbs_test_record(again, record.ptr);
    }
    ddbs_test_run(again);
    check("a replay of the events comes to the same statement",
          number_in(again, "statements", "{\"account\":\"a\"}", "cents") == 1275 &&
              number_in(again, "statements", "{\"account\":\"a\"}", "debited") == 225 &&
              ddbs_test_count(again).done == 3,
          again);
    ddbs_test_free(again);
}

int main(void)
{
    const ddbs_test_options options = { .mapping_file = "examples/eventstore/esm.json", .key = "account" };
    ddbs_test *test;
    setenv("EVENTS", "events", 1);
    setenv("STATEMENTS", "statements", 1);
    if (ddbs_test_new(&test, &eventstore, &options, NULL) != DDBS_OK)
        return 1;
    ddbs_test_table(test, "events", "account,version:N");
    ddbs_test_table(test, "statements", "account");
    each_change_is_one_event(test);
    a_version_too_early_waits_for_the_one_before(test);
    a_version_can_be_taken_once(test);
    a_replay_comes_to_the_same(test, &options);
    check("the driver had no trouble", ddbs_test_status(test) == DDBS_OK, test);
    ddbs_test_free(test);
    return failures > 0;
}
