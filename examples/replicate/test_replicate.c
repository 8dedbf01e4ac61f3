/* test_replicate.c: a unit test of the handler: the last writer wins, in any order, and nothing goes round in circles.
 *
 * Shows: tables of two regions in memory; a table that the handler itself writes, and whose stream it gets. */
#include "replicate.h"

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

#define REPLICA "arn:aws:dynamodb:eu-central-1:111122223333:table/Orders"

static bool replica_has(ddbs_test *test, const char *key, const char *note)
{
    ddbs_str text;
    return ddbs_get(ddbs_test_item(test, REPLICA, key), "note", &text) == DDBS_OK && ddbs_str_is(text, note);
}

/* Records 1 and 2. */
static void changes_are_copied_once_whatever_happens(ddbs_test *test)
{
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_AWS_CRASH_AFTER, .record = 1, .times = 1 });
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_DUPLICATE, .record = 2, .times = 1 });
    ddbs_test_put(test, "{\"id\":\"o-1\",\"note\":\"first\",\"written\":100,\"origin\":\"eu-west-1\"}");
    ddbs_test_put(test, "{\"id\":\"o-1\",\"note\":\"second\",\"written\":200,\"origin\":\"eu-west-1\"}");
    ddbs_test_run(test);
    check("a change is in the other region, after crash and duplicate", replica_has(test, "{\"id\":\"o-1\"}", "second"),
          test);
}

/* Records 3 to 5; the replica was written meanwhile. */
static void the_last_writer_wins(ddbs_test *test)
{
    ddbs_test_table_put(test, REPLICA,
                        "{\"id\":\"o-2\",\"note\":\"theirs\",\"written\":300,\"origin\":\"eu-central-1\"}");
    ddbs_test_put(test, "{\"id\":\"o-2\",\"note\":\"ours\",\"written\":299,\"origin\":\"eu-west-1\"}");
    ddbs_test_run(test);
    check("an earlier write loses", replica_has(test, "{\"id\":\"o-2\"}", "theirs"), test);
    ddbs_test_put(test, "{\"id\":\"o-2\",\"note\":\"same time\",\"written\":300,\"origin\":\"eu-west-1\"}");
    ddbs_test_run(test);
    check("of two at one time that of the larger region wins", replica_has(test, "{\"id\":\"o-2\"}", "same time"),
          test);
    size_t calls = ddbs_test_call_count(test, NULL);
    ddbs_test_put(test, "{\"id\":\"o-3\",\"note\":\"a copy\",\"written\":400,\"origin\":\"eu-central-1\"}");
    ddbs_test_run(test);
    check("what came from there does not go back",
          ddbs_test_call_count(test, NULL) == calls && ddbs_test_item(test, REPLICA, "{\"id\":\"o-3\"}") == NULL, test);
}

/* Record 6, and 7, which the handler makes. */
static void a_deletion_leaves_a_tombstone(ddbs_test *test)
{
    bool deleted = false;
    ddbs_test_remove(test, "{\"id\":\"o-1\"}");
    ddbs_test_run(test);
    check("a deletion leaves a tombstone, which the stream brings along",
          ddbs_test_fate_of(test, 7) == DDBS_TEST_DONE &&
              ddbs_get(ddbs_test_item(test, REPLICA, "{\"id\":\"o-1\"}"), "deleted", &deleted) == DDBS_OK && deleted,
          test);
    size_t calls = ddbs_test_call_count(test, NULL);
    ddbs_test_expire(test, "{\"id\":\"o-1\"}");
    ddbs_test_run(test);
    check("and time-to-live removes it in each region by itself", ddbs_test_call_count(test, NULL) == calls, test);
}

/* Record 9. */
static void while_the_replica_is_away_the_shard_waits(ddbs_test *test)
{
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_AWS_LOSE_REQUEST, .times = 10 });
    ddbs_test_put(test, "{\"id\":\"o-4\",\"note\":\"late\",\"written\":500,\"origin\":\"eu-west-1\"}");
    ddbs_test_run(test);
    check("while the replica is away the shard waits", replica_has(test, "{\"id\":\"o-4\"}", "late"), test);
}

int main(void)
{
    const ddbs_test_options options = { .mapping_file = "examples/replicate/esm.json", .key = "id" };
    ddbs_test *test;
    setenv("TABLE", "Orders", 1);
    setenv("AWS_REGION", "eu-west-1", 1);
    setenv("REPLICA_REGION", "eu-central-1", 1);
    if (ddbs_test_new(&test, &replicate, &options, NULL) != DDBS_OK)
        return 1;
    ddbs_test_table(test, REPLICA, "id");
    changes_are_copied_once_whatever_happens(test);
    the_last_writer_wins(test);
    a_deletion_leaves_a_tombstone(test);
    while_the_replica_is_away_the_shard_waits(test);
    check("the driver had no trouble", ddbs_test_status(test) == DDBS_OK, test);
    ddbs_test_free(test);
    return failures > 0;
}
