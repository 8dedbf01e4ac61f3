/* test_typed.c: a unit test of the handler: every digit survives, or the record fails and says where.
 *
 * Shows: a test without a mapping of its own; what the handler prints, looked at through a file. */
#include "typed.h"

#include <ddbstream/test.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int failures;

static void check(const char *name, bool held, const ddbs_test *test)
{
    failures += !held;
    if (held)
        printf("ok - %s\n", name);
    else
        printf("not ok - %s: %s; %s\n", name, ddbs_test_story(test), ddbs_test_reason(test));
}

/* Run what waits; what is printed meanwhile. */
static const char *printed(ddbs_test *test)
{
    static char text[4096];
    FILE *file = tmpfile();
    int screen = dup(STDOUT_FILENO);
    text[0] = '\0';
    if (file == NULL || screen < 0)
        return text;
    fflush(stdout);
    dup2(fileno(file), STDOUT_FILENO);
    ddbs_test_run(test);
    fflush(stdout);
    dup2(screen, STDOUT_FILENO);
    close(screen);
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static void an_order_is_a_struct(ddbs_test *test)
{
    ddbs_test_put(test,
                  "{\"orderId\":\"o-1\",\"state\":\"OPEN\",\"note\":\"ring\",\"lines\":[{\"pieces\":2,\"price\":11.19},"
                  "{\"pieces\":1,\"price\":4.5}]}");
    check("cents are exact", strcmp(printed(test), "o-1: 2 lines, 26.88, with a note\n") == 0, test);
    ddbs_test_put(test, "{\"orderId\":\"o-2\",\"state\":\"PAID\",\"lines\":[]}");
    check("an order may have no note", strcmp(printed(test), "o-2: 0 lines, 0.00\n") == 0, test);
}

static void a_change_is_told(ddbs_test *test)
{
    ddbs_test_update(test, "{\"orderId\":\"o-2\",\"updatedAt\":1792399300}");
    check("a change of the time alone is passed over", strcmp(printed(test), "") == 0, test);
    ddbs_test_update(test, "{\"orderId\":\"o-2\",\"updatedAt\":1792399400,\"state\":\"SHIPPED\"}");
    check("what changed is told", strcmp(printed(test), "state: changed\nupdatedAt: changed\n") == 0, test);
}

static bool fails(ddbs_test *test, const char *item, const char *why)
{
    uint64_t given_up = ddbs_test_count(test).given_up;
    ddbs_test_put(test, item);
    ddbs_test_run(test);
    return ddbs_test_count(test).given_up == given_up + 1 && strstr(ddbs_test_log(test), why) != NULL;
}

static void what_does_not_fit_fails_and_says_where(ddbs_test *test)
{
    check("half a cent is no number of cents",
          fails(test, "{\"orderId\":\"o-3\",\"state\":\"OPEN\",\"lines\":[{\"pieces\":1,\"price\":0.005}]}",
                "found a number with more digits; at lines[0].price"),
          test);
    check("65536 pieces are more than a uint16_t holds",
          fails(test, "{\"orderId\":\"o-4\",\"state\":\"OPEN\",\"lines\":[{\"pieces\":65536,\"price\":1}]}",
                "at lines[0].pieces"),
          test);
    check("a state that has no name is none",
          fails(test, "{\"orderId\":\"o-5\",\"state\":\"LOST\",\"lines\":[]}", "at state"), test);
}

/* Another crash than one of the handler's own cannot do more than this. */
static void a_crash_costs_nothing(ddbs_test *test)
{
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_CRASH, .times = 1 });
    ddbs_test_put(test, "{\"orderId\":\"o-6\",\"state\":\"OPEN\",\"lines\":[]}");
    check("a crash costs nothing", strcmp(printed(test), "o-6: 0 lines, 0.00\n") == 0, test);
}

int main(void)
{
    const ddbs_test_options options = { .key = "orderId" };
    ddbs_test *test;
    if (ddbs_test_new(&test, &typed, &options, NULL) != DDBS_OK)
        return 1;
    an_order_is_a_struct(test);
    a_change_is_told(test);
    what_does_not_fit_fails_and_says_where(test);
    a_crash_costs_nothing(test);
    check("the driver had no trouble", ddbs_test_status(test) == DDBS_OK, test);
    ddbs_test_free(test);
    return failures > 0;
}
