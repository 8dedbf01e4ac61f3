/* test_orders.c: a unit test of the handler: an order of nothing blocks nobody, and a crash repeats one record.
 *
 * Shows: the mapping that is deployed (esm.json) decides what is delivered again; records are made by writing items; a
 * fault is put where it hurts. No framework is needed, and any would do. */
#include "orders.h"

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

int main(void)
{
    const ddbs_test_options options = { .mapping_file = "examples/orders/esm.json", .key = "OrderId" };
    ddbs_test *test;
    if (ddbs_test_new(&test, &orders, &options, NULL) != DDBS_OK)
        return 1;
    ddbs_test_put(test, "{\"OrderId\":\"o-1\",\"Qty\":2,\"Status\":\"NEW\"}");
    ddbs_test_put(test, "{\"OrderId\":\"o-2\",\"Qty\":0,\"Status\":\"NEW\"}");
    ddbs_test_update(test, "{\"OrderId\":\"o-1\",\"Status\":\"PAID\"}");
    ddbs_test_run(test);
    check("an order of nothing is given up alone",
          strcmp(ddbs_test_story(test), "[1 2 3] [2 3] [2] [2] [2] (2) [3]") == 0, test);
    check("the log says why", strstr(ddbs_test_log(test), "quantity below 1; record 2/3") != NULL, test);
    check("it went to the bucket", ddbs_test_discard_at(test, 0)->object_key != NULL, test);

    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_CRASH, .record = 5, .times = 1 });
    ddbs_test_expire(test, "{\"OrderId\":\"o-1\"}");
    ddbs_test_remove(test, "{\"OrderId\":\"o-2\"}");
    ddbs_test_run(test);
    check("a crash repeats one record",
          ddbs_test_calls_of(test, 4) == 1 && ddbs_test_fate_of(test, 5) == DDBS_TEST_DONE, test);
    check("the driver had no trouble", ddbs_test_status(test) == DDBS_OK, test);
    ddbs_test_free(test);
    return failures > 0;
}
