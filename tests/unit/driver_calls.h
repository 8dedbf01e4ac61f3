/* driver_calls.h: what the tests of calls of AWS under the test driver share. */
#ifndef DRIVER_CALLS_H
#define DRIVER_CALLS_H
#include "check.h"

#include <ddbstream.h>
#include <ddbstream/test.h>
#include <stdio.h>
#include <stdlib.h>

/* A driver with records of these ids, and a table of copies. NULL where there is none: noted as a failure. */
static inline ddbs_test *open_test(const ddbs_consumer *consumer, const char *const *ids)
{
    ddbs_test *test = NULL;
    const ddbs_test_options options = { .key = "id", .seed = 7 };
    if (!CHECK_STATUS(ddbs_test_new(&test, consumer, &options, NULL), DDBS_OK))
        return NULL;
    ddbs_test_table(test, "Copies", "id");
    for (; *ids != NULL; ids++) {
        char item[64];
        snprintf(item, sizeof item, "{\"id\":\"%s\",\"n\":1}", *ids);
        ddbs_test_put(test, item);
    }
    return test;
}

static const char *const ONE[] = { "r1", NULL };
static const char *const THREE[] = { "r1", "r2", "r3", NULL };
#endif
