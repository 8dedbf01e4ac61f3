/* test_aws_credentials.c: credentials of the container's endpoint, on a clock that only exchanges move: when they are
 * asked for, and that this ends with the call's time, too. */
#include "check.h"
#include "lib/buf.h"
#include "runtime/aws/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static struct {
    int64_t now_ms;
    int64_t takes_ms, fetch_takes_ms; /* an exchange with the service, with the endpoint: at most its timeout */
    size_t calls, fetches;
    size_t refused;      /* calls that are still to be refused: the credentials ran out */
    bool fetch_fails;    /* nobody answers at the endpoint */
    int64_t lifetime_ms; /* of what it gives */
    ddbs_aws *aws;
} play;

static int64_t now(void *self)
{
    (void)self;
    return play.now_ms;
}

static void sleep_ms(void *self, int64_t ms)
{
    (void)self;
    play.now_ms += ms;
}

static void fetch(ddbs_aws_exchange *exchange)
{
    bool late = play.fetch_takes_ms > exchange->timeout_ms;
    play.fetches++;
    play.now_ms += late ? exchange->timeout_ms : play.fetch_takes_ms;
    if (late || play.fetch_fails)
        return;
    time_t expires = (time_t)((play.now_ms + play.lifetime_ms) / 1000);
    struct tm tm;
    char text[32];
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&expires, &tm));
    exchange->status = 200;
    ddbs_buf__format(&exchange->reply,
                     "{\"AccessKeyId\":\"A%zu\",\"SecretAccessKey\":\"s\",\"Token\":\"t\",\"Expiration\":\"%s\"}",
                     play.fetches, text);
}

static void exchange_all(void *self, ddbs_aws_exchange *const *exchanges, size_t count)
{
    (void)self;
    for (size_t i = 0; i < count; i++) {
        ddbs_aws_exchange *one = exchanges[i];
        if (one->credentials == NULL) {
            fetch(one);
            continue;
        }
        play.calls++;
        play.now_ms += play.takes_ms < one->timeout_ms ? play.takes_ms : one->timeout_ms;
        one->status = play.refused > 0 ? 400 : 200;
        if (play.refused > 0)
            snprintf(one->type, sizeof one->type, "ExpiredTokenException");
        play.refused -= play.refused > 0;
    }
}

static void begin(void)
{
    ddbs_error error;
    ddbs_aws_options options = { .region = "eu-west-1", .transport = exchange_all, .attempts = 1 };
    memset(&play, 0, sizeof play);
    play.now_ms = 1792399200000;
    play.lifetime_ms = 3600000;
    unsetenv("AWS_ACCESS_KEY_ID");
    unsetenv("AWS_SECRET_ACCESS_KEY");
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1/credentials", 1);
    if (ddbs_aws__make(&play.aws, &options, &error) != DDBS_OK)
        abort();
    play.aws->clock = (struct ddbs_aws_clock){ now, sleep_ms, NULL };
}

/* One request, which may take so long. */
static ddbs_status send_one(int64_t left_ms, ddbs_aws_fault *fault)
{
    ddbs_aws_request request = { .service = "dynamodb" };
    struct ddbs_aws_attempt attempt = { .request = &request }, *list[] = { &attempt };
    ddbs_status status = ddbs_aws__send(play.aws, list, 1, left_ms);
    *fault = attempt.fault;
    ddbs_aws__end(&attempt);
    return status;
}

TEST(credentials_are_renewed_before_they_expire_and_where_they_are_refused)
{
    ddbs_aws_fault fault;
    begin();
    CHECK_STATUS(send_one(10000, &fault), DDBS_OK);
    CHECK_STATUS(send_one(10000, &fault), DDBS_OK);
    CHECK_INT(play.fetches, 1);
    play.now_ms += 3600000 - 299000;
    CHECK_STATUS(send_one(10000, &fault), DDBS_OK);
    CHECK_INT(play.fetches, 2);
    play.refused = 1;
    CHECK_STATUS(send_one(10000, &fault), DDBS_OK);
    CHECK_INT(fault, DDBS_AWS_FINE);
    CHECK_INT(play.fetches, 3);
    CHECK_STR(play.aws->credentials.access_key, "A3");
    ddbs_aws_free(play.aws);
}

TEST(no_renewal_goes_beyond_the_time_of_the_call)
{
    static const int64_t takes[] = { 0, 1000, 2900, 3000, 5000 };
    for (size_t i = 0; i < sizeof takes / sizeof *takes; i++) {
        ddbs_aws_fault fault;
        begin();
        CHECK_STATUS(send_one(10000, &fault), DDBS_OK);
        int64_t began_ms = play.now_ms;
        play.takes_ms = takes[i];
        play.fetch_takes_ms = 60000;
        play.refused = 1;
        CHECK_STATUS(send_one(3000, &fault), DDBS_OK);
        CHECK_INT(fault, DDBS_AWS_CREDENTIALS);
        CHECK(play.now_ms - began_ms <= 3000);
        ddbs_aws_free(play.aws);
    }
}

TEST(without_credentials_nothing_is_sent)
{
    ddbs_aws_fault fault;
    begin();
    play.fetch_fails = true;
    CHECK_STATUS(send_one(10000, &fault), DDBS_E_USAGE);
    CHECK_INT(play.fetches, 3);
    CHECK_INT(play.calls, 0);
    ddbs_aws_free(play.aws);
}
