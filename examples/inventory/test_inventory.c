/* test_inventory.c: a unit test of the handler: the stock is exact to the piece, whatever happens on the way.
 *
 * Shows: a table in memory behind the handler's conditional write; a process that is lost when the write is done and
 * nobody knows it yet; a lost answer; records that come twice. */
#include "inventory.h"

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

static int64_t pieces_of(ddbs_test *test, const char *key)
{
    int64_t pieces = -1;
    return ddbs_get(ddbs_test_item(test, "Stock", key), "pieces", &pieces) == DDBS_OK ? pieces : -1;
}

/* A fault of the one call that an order makes. */
static void once(ddbs_test *test, ddbs_test_fault_kind kind, size_t record)
{
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = kind, .call = "UpdateItem", .record = record, .times = 1 });
}

static void stock_is_exact(ddbs_test *test)
{
    once(test, DDBS_TEST_AWS_CRASH, 1);
    once(test, DDBS_TEST_AWS_CRASH_AFTER, 2);
    once(test, DDBS_TEST_AWS_LOSE_ANSWER, 3);
    once(test, DDBS_TEST_AWS_REFUSE, 4);
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_DUPLICATE, .record = 4, .times = 1 });
    ddbs_test_put(test, "{\"order\":\"o-1\",\"sku\":\"chair\",\"pieces\":1}");
    ddbs_test_put(test, "{\"order\":\"o-2\",\"sku\":\"chair\",\"pieces\":2}");
    ddbs_test_put(test, "{\"order\":\"o-3\",\"sku\":\"lamp\",\"pieces\":3}");
    ddbs_test_put(test, "{\"order\":\"o-4\",\"sku\":\"chair\",\"pieces\":4}");
    ddbs_test_run(test);
    check("chairs are exact after crash, throttling and duplicate", pieces_of(test, "{\"sku\":\"chair\"}") == 3, test);
    check("lamps are exact after a lost answer", pieces_of(test, "{\"sku\":\"lamp\"}") == 2, test);
    check("the write of a lost answer was sent twice", ddbs_test_call_count(test, "UpdateItem") > 6, test);
}

static void stock_does_not_fall_below_zero(ddbs_test *test)
{
    ddbs_test_put(test, "{\"order\":\"o-5\",\"sku\":\"chair\",\"pieces\":4}");
    ddbs_test_put(test, "{\"order\":\"o-6\",\"sku\":\"chair\",\"pieces\":3}");
    ddbs_test_run(test);
    check("who comes too late gets nothing", strstr(ddbs_test_log(test), "sold out") != NULL, test);
    check("and who fits in does", pieces_of(test, "{\"sku\":\"chair\"}") == 0, test);
}

/* As expected.txt has it, on a smaller scale: the order is isolated and given up, those around it are served. */
static void an_order_of_nothing_is_isolated(ddbs_test *test)
{
    ddbs_test_put(test, "{\"order\":\"o-7\",\"sku\":\"lamp\",\"pieces\":1}");
    ddbs_test_put(test, "{\"order\":\"o-8\",\"sku\":\"lamp\",\"pieces\":0}");
    ddbs_test_put(test, "{\"order\":\"o-9\",\"sku\":\"lamp\",\"pieces\":1}");
    ddbs_test_run(test);
    check("an order of nothing is given up alone",
          ddbs_test_fate_of(test, 8) == DDBS_TEST_GIVEN_UP && ddbs_test_discards(test) == 1 &&
              ddbs_test_discard_at(test, 0)->count == 1,
          test);
    check("those around it are served", pieces_of(test, "{\"sku\":\"lamp\"}") == 0, test);
}

int main(void)
{
    const ddbs_test_options options = { .mapping_file = "examples/inventory/esm.json", .key = "order" };
    ddbs_test *test;
    setenv("STOCK", "Stock", 1);
    if (ddbs_test_new(&test, &inventory, &options, NULL) != DDBS_OK)
        return 1;
    ddbs_test_table(test, "Stock", "sku");
    ddbs_test_table_put(test, "Stock", "{\"sku\":\"chair\",\"pieces\":10}");
    ddbs_test_table_put(test, "Stock", "{\"sku\":\"lamp\",\"pieces\":5}");
    stock_is_exact(test);
    stock_does_not_fall_below_zero(test);
    an_order_of_nothing_is_isolated(test);
    check("nothing else went wrong",
          ddbs_test_count(test).done == 8 && ddbs_test_count(test).given_up == 1 && ddbs_test_status(test) == DDBS_OK,
          test);
    ddbs_test_free(test);
    return failures > 0;
}
