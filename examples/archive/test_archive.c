/* test_archive.c: a unit test of the handler: an archive has everything, once, whatever fails.
 *
 * Shows: objects as S3 has them, unpacked; a record that does not decode; an object of which nobody knows whether it is
 * written, while those beside it are. */
#include "archive.h"

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

static const ddbs_test_sent *object(ddbs_test *test, size_t index)
{
    return ddbs_test_sent_at(test, "orders-archive", index);
}

/* Records 1 to 3. */
static void both_images_are_there(ddbs_test *test)
{
    ddbs_test_put(test, "{\"OrderId\":\"o-1\",\"Total\":1.5}");
    ddbs_test_update(test, "{\"OrderId\":\"o-1\",\"Total\":2.5}");
    ddbs_test_expire(test, "{\"OrderId\":\"o-1\"}");
    ddbs_test_run(test);
    check("an object for each change", ddbs_test_sent_count(test, "orders-archive") == 3, test);
    check("with both images",
          strstr(object(test, 1)->body.ptr, "\"oldImage\":{\"OrderId\":{\"S\":\"o-1\"},\"Total\":{\"N\":\"1.5\"}}") &&
              strstr(object(test, 1)->body.ptr, "\"newImage\":{\"OrderId\":{\"S\":\"o-1\"},\"Total\":{\"N\":\"2.5\"}}"),
          test);
    check("by day", strncmp(object(test, 0)->key.ptr, "Orders/2026/10/19/", 18) == 0, test);
    check("a deletion by time-to-live says so", strstr(object(test, 2)->body.ptr, "\"expired\":true") != NULL, test);
}

/* Record 4. */
static void a_duplicate_writes_the_same_object(ddbs_test *test)
{
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_DUPLICATE, .record = 4, .times = 1 });
    ddbs_test_put(test, "{\"OrderId\":\"o-2\"}");
    ddbs_test_run(test);
    const ddbs_test_call *first = ddbs_test_call_at(test, "PutObject", 3);
    const ddbs_test_call *second = ddbs_test_call_at(test, "PutObject", 4);
    check("a duplicate writes the same object, byte for byte",
          strcmp(first->url, second->url) == 0 && first->body.len == second->body.len &&
              memcmp(first->body.ptr, second->body.ptr, first->body.len) == 0,
          test);
}

/* Record 5: a number that is none. */
static void what_cannot_be_read_is_kept_as_it_came(ddbs_test *test)
{
    static const char record[] = "{\"eventID\":\"f\",\"eventName\":\"INSERT\",\"eventSource\":\"aws:dynamodb\","
                                 "\"dynamodb\":{\"Keys\":{\"OrderId\":"
                                 "{\"S\":\"o-3\"}},\"NewImage\":{\"Total\":{\"N\":\"12,50\"}},\"SequenceNumber\":"
                                 "\"900000000000000000000000005\"}}";
    ddbs_test_record(test, record);
    ddbs_test_run(test);
    const ddbs_test_sent *unread = object(test, 5);
    check("what cannot be read is kept as it came",
          ddbs_str_is(unread->key, "unread/900000000000000000000000005.json") && ddbs_str_is(unread->body, record),
          test);
}

/* Records 6 to 8. The second delivery begins with record 7: it has another place in its batch. */
static void an_object_whose_answer_is_lost_is_written_again(ddbs_test *test)
{
    size_t first = ddbs_test_sent_count(test, "orders-archive");
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_AWS_LOSE_ANSWER, .holds = "o-5", .times = 3 });
    ddbs_test_put(test, "{\"OrderId\":\"o-4\"}");
    ddbs_test_put(test, "{\"OrderId\":\"o-5\"}");
    ddbs_test_put(test, "{\"OrderId\":\"o-6\"}");
    ddbs_test_run(test);
    check("the batch stops before an object of which nobody knows, and comes again from there",
          strstr(ddbs_test_story(test), "[6 7 8] [7 8]") != NULL, test);
    bool same = true;
    const ddbs_test_sent *one = object(test, first + 1);
    for (size_t i = first; i < ddbs_test_sent_count(test, "orders-archive"); i++) {
        const ddbs_test_sent *other = object(test, i);
        if (strstr(other->body.ptr, "o-5") != NULL)
            same = same && strcmp(other->key.ptr, one->key.ptr) == 0 && ddbs_str_is(other->body, one->body.ptr);
    }
    check("under the same key", strstr(one->body.ptr, "o-5") != NULL && same, test);
}

/* Records 9 and 10. */
static void while_s3_is_busy_nothing_is_lost(ddbs_test *test)
{
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_AWS_REFUSE, .times = 8 });
    ddbs_test_put(test, "{\"OrderId\":\"o-7\"}");
    ddbs_test_put(test, "{\"OrderId\":\"o-8\"}");
    ddbs_test_run(test);
    check("while S3 is busy nothing is lost",
          ddbs_test_count(test).done == 10 && strstr(ddbs_test_log(test), "SlowDown") != NULL, test);
}

int main(void)
{
    const ddbs_test_options options = { .mapping_file = "examples/archive/esm.json", .key = "OrderId" };
    ddbs_test *test;
    setenv("ARCHIVE_BUCKET", "orders-archive", 1);
    if (ddbs_test_new(&test, &archive, &options, NULL) != DDBS_OK)
        return 1;
    both_images_are_there(test);
    a_duplicate_writes_the_same_object(test);
    what_cannot_be_read_is_kept_as_it_came(test);
    an_object_whose_answer_is_lost_is_written_again(test);
    while_s3_is_busy_nothing_is_lost(test);
    check("the driver had no trouble", ddbs_test_status(test) == DDBS_OK, test);
    ddbs_test_free(test);
    return failures > 0;
}
