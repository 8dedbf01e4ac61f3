/* test_derive.c: a unit test of the handler: the catalog has what is published, and nothing else.
 *
 * Shows: items that need DynamoDB's types (a Binary), written as requests; an item that BatchWriteItem leaves
 * unprocessed; a body that does not unpack. */
#include "derive.h"

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

/* "The quick brown fox jumps over the lazy dog, and over the fence behind it, and is gone.", gzip, base64. */
#define BODY                                                                                                           \
    "H4sIAAAAAAACA0XJyRGAIAwF0FZ+AY7V2ABggLgkyuJWvcx48PreEAl7ZTfDJj0FXi9Mdd0y9KCE"                                     \
    "0noxz41RQwcj48+exBEsRW7K5VvOCCrUv3dFZUVXAAAA"

static void write(ddbs_test *test, const char *id, const char *state, const char *body)
{
    char request[512];
    snprintf(request, sizeof request,
             "{\"TableName\":\"Articles\",\"Item\":{\"id\":{\"S\":\"%s\"},\"state\":{\"S\":\"%s\"},\"title\":{\"S\":"
             "\"Fox\"},"
             "\"body\":{\"B\":\"%s\"}}}",
             id, state, body);
    ddbs_test_request(test, "PutItem", request);
}

/* Records 1 and 2. */
static void what_is_published_is_in_the_catalog(ddbs_test *test)
{
    int64_t words = 0;
    ddbs_str teaser = { "", 0 };
    write(test, "a-1", "PUBLISHED", BODY);
    write(test, "a-2", "DRAFT", BODY);
    ddbs_test_run(test);
    const ddbs_item *entry = ddbs_test_item(test, "catalog", "{\"id\":\"a-1\"}");
    check("the catalog has what is published", ddbs_test_items(test, "catalog") == 1 && entry != NULL, test);
    check("with its words counted and its begin",
          ddbs_get(entry, "words", &words) == DDBS_OK && words == 18 && ddbs_get(entry, "teaser", &teaser) == DDBS_OK &&
              ddbs_str_is(teaser, "The quick brown fox jumps over the lazy dog, and over the fe"),
          test);
}

/* Records 3 and 4, delivered twice; of BatchWriteItem one is left over at first. */
static void what_is_withdrawn_leaves_it(ddbs_test *test)
{
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_DUPLICATE, .record = 3, .times = 1 });
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_AWS_REFUSE_ENTRY, .holds = "a-2", .times = 1 });
    write(test, "a-1", "DRAFT", BODY);
    write(test, "a-2", "PUBLISHED", BODY);
    ddbs_test_run(test);
    check("what is withdrawn leaves the catalog, what is left unprocessed is sent again",
          ddbs_test_items(test, "catalog") == 1 && ddbs_test_item(test, "catalog", "{\"id\":\"a-2\"}") != NULL, test);
    check("alone", ddbs_test_call_at(test, "BatchWriteItem", 2)->entries == 1, test);
}

/* Records 5 to 7. */
static void a_damaged_body_is_given_up_alone(ddbs_test *test)
{
    write(test, "a-3", "PUBLISHED", BODY);
    write(test, "a-4", "PUBLISHED", "H4sIAAAAAAAC");
    write(test, "a-5", "PUBLISHED", BODY);
    ddbs_test_run(test);
    check("a body that does not unpack is given up alone",
          ddbs_test_fate_of(test, 6) == DDBS_TEST_GIVEN_UP && ddbs_test_count(test).given_up == 1 &&
              ddbs_test_items(test, "catalog") == 3,
          test);
}

/* Record 8. */
static void a_crash_behind_the_call_changes_nothing(ddbs_test *test)
{
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_AWS_CRASH_AFTER, .times = 1 });
    ddbs_test_request(test, "DeleteItem", "{\"TableName\":\"Articles\",\"Key\":{\"id\":{\"S\":\"a-5\"}}}");
    ddbs_test_run(test);
    check("a deletion is followed, after a crash, too",
          ddbs_test_items(test, "catalog") == 2 && ddbs_test_fate_of(test, 8) == DDBS_TEST_DONE, test);
}

int main(void)
{
    const ddbs_test_options options = { .mapping_file = "examples/derive/esm.json", .key = "id" };
    ddbs_test *test;
    setenv("CATALOG", "catalog", 1);
    if (ddbs_test_new(&test, &derive, &options, NULL) != DDBS_OK)
        return 1;
    ddbs_test_table(test, "catalog", "id");
    ddbs_test_table(test, NULL, "id"); /* the stream's own */
    what_is_published_is_in_the_catalog(test);
    what_is_withdrawn_leaves_it(test);
    a_damaged_body_is_given_up_alone(test);
    a_crash_behind_the_call_changes_nothing(test);
    check("the driver had no trouble", ddbs_test_status(test) == DDBS_OK, test);
    ddbs_test_free(test);
    return failures > 0;
}
