/* test_welcome.c: a unit test of the handler: who gets a mail, and when a second one.
 *
 * Shows: claims and contacts in tables in memory, mails as SES has them; duplicates; a crash before sending, another
 * one between sending and marking, and the time that it takes until a claim of a lost process expires. */
#include "welcome.h"

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

static bool listed(ddbs_test *test, const char *key, const char *address)
{
    ddbs_str email;
    return ddbs_get(ddbs_test_item(test, "contacts", key), "email", &email) == DDBS_OK && ddbs_str_is(email, address);
}

/* Records 1 to 4, delivered twice. */
static void a_duplicate_sends_no_second_mail(ddbs_test *test)
{
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_DUPLICATE, .record = 1, .times = 1 });
    ddbs_test_put(test, "{\"id\":\"c-1\",\"name\":\"Ada\",\"email\":\"ada@old.example\"}");
    ddbs_test_update(test, "{\"id\":\"c-1\",\"email\":\"ada@new.example\"}");
    ddbs_test_put(test, "{\"id\":\"c-2\",\"name\":\"Bob\",\"email\":\"bob@example.com\"}");
    ddbs_test_remove(test, "{\"id\":\"c-2\"}");
    ddbs_test_run(test);
    check("each mail is sent once, although all came twice",
          ddbs_test_sent_count(test, "ada@old.example") == 2 && ddbs_test_sent_count(test, "bob@example.com") == 1,
          test);
    check("the old address is told of the new one",
          ddbs_test_sent_count(test, "ada@new.example") == 0 &&
              ddbs_str_is(ddbs_test_sent_at(test, "ada@old.example", 1)->subject, "Your address was changed"),
          test);
    check("the list follows, and forgets who leaves",
          listed(test, "{\"id\":\"c-1\"}", "ada@new.example") && ddbs_test_items(test, "contacts") == 1, test);
}

/* Record 5. The claim lasts until the deadline of the function that was lost. */
static void a_crash_before_sending_delays_the_mail(ddbs_test *test)
{
    int64_t began = ddbs_test_now_ms(test);
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_AWS_CRASH, .call = "SendEmail", .times = 1 });
    ddbs_test_put(test, "{\"id\":\"c-3\",\"name\":\"Cyd\",\"email\":\"cyd@example.com\"}");
    ddbs_test_run(test);
    check("a crash before sending: one mail, when the claim has expired",
          ddbs_test_sent_count(test, "cyd@example.com") == 1 && ddbs_test_now_ms(test) - began >= 30000, test);
    check("until then it is refused", strstr(ddbs_test_log(test), "claimed and not done yet") != NULL, test);
}

/* Record 6. Nobody can know that the mail went out. */
static void a_crash_between_sending_and_marking_sends_another(ddbs_test *test)
{
    ddbs_test_add_fault(test, &(ddbs_test_fault){ .kind = DDBS_TEST_AWS_CRASH_AFTER, .call = "SendEmail", .times = 1 });
    ddbs_test_put(test, "{\"id\":\"c-4\",\"name\":\"Dan\",\"email\":\"dan@example.com\"}");
    ddbs_test_run(test);
    check("a crash between sending and marking: two mails", ddbs_test_sent_count(test, "dan@example.com") == 2, test);
}

/* Records 7 and 8. */
static void a_mail_that_is_refused_for_good_is_given_up(ddbs_test *test)
{
    ddbs_test_add_fault(
        test, &(ddbs_test_fault){
                  .kind = DDBS_TEST_AWS_REFUSE, .call = "SendEmail", .holds = "nobody@", .answer = "MessageRejected" });
    ddbs_test_put(test, "{\"id\":\"c-5\",\"name\":\"Eve\",\"email\":\"nobody@example.com\"}");
    ddbs_test_put(test, "{\"id\":\"c-6\",\"name\":\"Fay\",\"email\":\"fay@example.com\"}");
    ddbs_test_run(test);
    check("a mail that is refused drops its claim, and after its retries goes to the queue",
          ddbs_test_fate_of(test, 7) == DDBS_TEST_GIVEN_UP && ddbs_test_discard_at(test, 0)->message != NULL, test);
    check("and the next one is sent", ddbs_test_sent_count(test, "fay@example.com") == 1, test);
    check("six claims are left, all done", ddbs_test_items(test, "claims") == 6, test);
}

int main(void)
{
    const ddbs_test_options options = { .mapping_file = "examples/welcome/esm.json", .key = "id" };
    ddbs_test *test;
    setenv("CLAIMS_TABLE", "claims", 1);
    setenv("CONTACTS_TABLE", "contacts", 1);
    setenv("MAIL_FROM", "shop@example.com", 1);
    if (ddbs_test_new(&test, &welcome, &options, NULL) != DDBS_OK)
        return 1;
    ddbs_test_table(test, "claims", "id");
    ddbs_test_table(test, "contacts", "id");
    a_duplicate_sends_no_second_mail(test);
    a_crash_before_sending_delays_the_mail(test);
    a_crash_between_sending_and_marking_sends_another(test);
    a_mail_that_is_refused_for_good_is_given_up(test);
    check("the driver had no trouble", ddbs_test_status(test) == DDBS_OK, test);
    ddbs_test_free(test);
    return failures > 0;
}
