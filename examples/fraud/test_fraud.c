/* test_fraud.c: a unit test of the handler: sums to the cent, and one alert for each case.
 *
 * Shows: cases in a table in memory beside the topic of the alerts; where a crash costs nothing, and where a second
 * alert. */
#include "fraud.h"

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

static void pay(ddbs_test *test, const char *id, const char *card, const char *amount)
{
    char item[128];
    snprintf(item, sizeof item, "{\"id\":\"%s\",\"card\":\"%s\",\"amount\":%s}", id, card, amount);
    ddbs_test_put(test, item);
}

/* How many alerts name a card. */
static size_t alerts(ddbs_test *test, const char *card)
{
    size_t count = 0;
    for (size_t i = 0; i < ddbs_test_sent_count(test, "alerts"); i++)
        count += strstr(ddbs_test_sent_at(test, "alerts", i)->body.ptr, card) != NULL;
    return count;
}

/* Records 1 to 5, each delivered twice. */
static void sums_are_exact(ddbs_test *test)
{
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_DUPLICATE });
    pay(test, "p-1", "card-a", "166.67");
    pay(test, "p-2", "card-a", "166.67");
    pay(test, "p-3", "card-a", "166.66");
    ddbs_test_run(test);
    check("500.00 is not more than 500, also when it comes twice", alerts(test, "card-a") == 0, test);
    pay(test, "p-4", "card-a", "0.01");
    pay(test, "p-5", "card-a", "1000");
    ddbs_test_run(test);
    check("a cent more is, and that is told once", alerts(test, "card-a") == 1, test);
    check("with what was spent", strstr(ddbs_test_sent_at(test, "alerts", 0)->body.ptr, "500.01 spent in 10 minutes"),
          test);
    ddbs_test_clear_faults(test);
}

/* Record 6. */
static void a_crash_before_the_alert_delays_it(ddbs_test *test)
{
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_AWS_CRASH, .call = "PublishBatch", .times = 1 });
    pay(test, "p-6", "card-b", "600");
    ddbs_test_run(test);
    check("a crash before the alert was sent: it is sent then", alerts(test, "card-b") == 1, test);
}

/* Record 7. */
static void a_crash_behind_the_alert_makes_another(ddbs_test *test)
{
    ddbs_test_add_fault(test,
                        &(ddbs_test_fault){ .kind = DDBS_TEST_AWS_CRASH_AFTER, .call = "PublishBatch", .times = 1 });
    pay(test, "p-7", "card-c", "600");
    ddbs_test_run(test);
    check("a crash between sending and noting: a second alert", alerts(test, "card-c") == 2, test);
}

/* Records 8 and 9: more than the attempts of one delivery. */
static void without_the_topic_the_batch_waits(ddbs_test *test)
{
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_AWS_REFUSE, .call = "PublishBatch", .times = 4 });
    pay(test, "p-8", "card-d", "600");
    pay(test, "p-9", "card-e", "1");
    ddbs_test_run(test);
    check("while the topic is away the batch comes again from there on",
          strstr(ddbs_test_story(test), "[8 9] [8] [9]") != NULL && alerts(test, "card-d") == 1, test);
    check("every payment is done and every case is there",
          ddbs_test_count(test).done == 9 && ddbs_test_items(test, "cases") == 5, test);
}

int main(void)
{
    const ddbs_test_options options = { .mapping_file = "examples/fraud/esm.json", .key = "id" };
    ddbs_test *test;
    setenv("CASES", "cases", 1);
    setenv("TOPIC_ARN", "arn:aws:sns:eu-west-1:111122223333:alerts", 1);
    setenv("LIMIT", "500", 1);
    if (ddbs_test_new(&test, &fraud, &options, NULL) != DDBS_OK)
        return 1;
    ddbs_test_table(test, "cases", "id");
    sums_are_exact(test);
    a_crash_before_the_alert_delays_it(test);
    a_crash_behind_the_alert_makes_another(test);
    without_the_topic_the_batch_waits(test);
    check("the driver had no trouble", ddbs_test_status(test) == DDBS_OK, test);
    ddbs_test_free(test);
    return failures > 0;
}
