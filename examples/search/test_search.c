/* test_search.c: a unit test of the handler: the index follows the table, and nothing old replaces anything new.
 *
 * Shows: an OpenSearch in memory that keeps versions; a change that comes late; a document that the index refuses. */
#include "search.h"

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

/* The document that the index has last taken under an id; "": it is deleted. */
static const char *document(ddbs_test *test, const char *id)
{
    const char *found = "";
    for (size_t i = 0; i < ddbs_test_sent_count(test, "products"); i++) {
        const ddbs_test_sent *sent = ddbs_test_sent_at(test, "products", i);
        if (ddbs_str_is(sent->key, id))
            found = sent->body.ptr == NULL ? "" : sent->body.ptr;
    }
    return found;
}

/* Records 1 to 3. */
static void the_index_follows_the_table(ddbs_test *test)
{
    ddbs_test_put(test, "{\"id\":\"p-1\",\"name\":\"Mill\",\"price\":19.9,\"purchase_price\":7}");
    ddbs_test_put(test, "{\"id\":\"p-2\",\"name\":\"Pot\"}");
    ddbs_test_remove(test, "{\"id\":\"p-2\"}");
    ddbs_test_run(test);
    check("the index has what can be searched for, and no more",
          strcmp(document(test, "p-1"), "{\"name\":\"Mill\",\"price\":19.9}") == 0, test);
    check("of several changes of one product the last is sent",
          strcmp(document(test, "p-2"), "") == 0 && ddbs_test_sent_count(test, "products") == 2, test);
}

/* A change of product p-6 with a sequence number as AWS has them. */
static void change(ddbs_test *test, const char *sequence, const char *name)
{
    char record[512];
    snprintf(record, sizeof record,
             "{\"eventID\":\"%s\",\"eventName\":\"MODIFY\",\"eventSource\":\"aws:dynamodb\",\"dynamodb\":{\"Keys\":{"
             "\"id\":{\"S\":"
             "\"p-6\"}},\"NewImage\":{\"id\":{\"S\":\"p-6\"},\"name\":{\"S\":\"%s\"}},\"SequenceNumber\":\"%s\"}}",
             sequence, name, sequence);
    ddbs_test_record(test, record);
    ddbs_test_run(test);
}

/* Records 4 and 5. */
static void a_late_change_replaces_nothing(ddbs_test *test)
{
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_DUPLICATE, .record = 4, .times = 1 });
    change(test, "810000000000000021457313092", "new");
    check("a duplicate writes the same document",
          strcmp(document(test, "p-6"), "{\"name\":\"new\"}") == 0 && ddbs_test_sent_count(test, "products") == 4,
          test);
    change(test, "810000000000000021457313091", "old");
    size_t calls = ddbs_test_call_count(test, "_bulk");
    check("a change that comes late is refused, and that is as good as done",
          strcmp(document(test, "p-6"), "{\"name\":\"new\"}") == 0 && ddbs_test_fate_of(test, 5) == DDBS_TEST_DONE &&
              strstr(ddbs_test_call_at(test, "_bulk", calls - 1)->answer.ptr, "version_conflict") != NULL,
          test);
}

/* Records 6 and 7. */
static void a_document_that_is_refused_is_given_up_alone(ddbs_test *test)
{
    ddbs_test_add_fault(
        test,
        &(ddbs_test_fault){ .kind = DDBS_TEST_AWS_REFUSE_ENTRY, .holds = "p-3", .answer = "mapper_parsing_exception" });
    ddbs_test_put(test, "{\"id\":\"p-3\",\"price\":\"much\"}");
    ddbs_test_put(test, "{\"id\":\"p-4\",\"name\":\"Pan\"}");
    ddbs_test_run(test);
    check("a document that is refused is given up alone",
          ddbs_test_fate_of(test, 6) == DDBS_TEST_GIVEN_UP && strstr(document(test, "p-4"), "Pan") != NULL, test);
    check("the log says why", strstr(ddbs_test_log(test), "mapper_parsing_exception") != NULL, test);
}

/* Record 8. */
static void a_crash_loses_nothing(ddbs_test *test)
{
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_AWS_CRASH, .times = 1 });
    ddbs_test_put(test, "{\"id\":\"p-5\",\"name\":\"Jug\"}");
    ddbs_test_run(test);
    check("a crash before the call loses nothing", strstr(document(test, "p-5"), "Jug") != NULL, test);
}

int main(void)
{
    const ddbs_test_options options = { .mapping_file = "examples/search/esm.json", .key = "id" };
    ddbs_test *test;
    setenv("SEARCH_ENDPOINT", "https://search-shop.eu-west-1.es.amazonaws.com", 1);
    setenv("SEARCH_INDEX", "products", 1);
    if (ddbs_test_new(&test, &search, &options, NULL) != DDBS_OK)
        return 1;
    the_index_follows_the_table(test);
    a_late_change_replaces_nothing(test);
    a_document_that_is_refused_is_given_up_alone(test);
    a_crash_loses_nothing(test);
    check("the driver had no trouble", ddbs_test_status(test) == DDBS_OK, test);
    ddbs_test_free(test);
    return failures > 0;
}
