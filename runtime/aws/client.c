/* client.c: a client's life, its clock and its pauses. */
#include "runtime/aws/client.h"
#include "lib/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* botocore, data/_retry.json and retries/standard.py. */
enum { ATTEMPTS = 3, ATTEMPTS_DYNAMODB = 4, BASE_THROTTLED_MS = 1000, BASE_MS = 50, BASE_DYNAMODB_MS = 25 };
enum { PAUSE_MAX_MS = 20000, ASKED_MAX_MS = 5000, TIMEOUT_MS = 10000 };

/* The runtime kills a worker at max(150 ms, 0.5 %) before the deadline, at most an eighth of all: calls end before. */
enum { RESERVE_MIN_MS = 300, RESERVE_SHARE = 125, RESERVE_MAX_SHARE = 5 };

static int64_t real_now_ms(void *self)
{
    struct timespec now;
    (void)self;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void real_sleep_ms(void *self, int64_t ms)
{
    struct timespec pause = { (time_t)(ms / 1000), (long)(ms % 1000) * 1000000 };
    (void)self;
    while (nanosleep(&pause, &pause) != 0) {
        /* a signal: sleep what is left */
    }
}

static bool is_name(const char *text, size_t size)
{
    size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return len > 0 && len < size && text[len] == '\0';
}

static const char *variable(const ddbs_aws *aws, const char *name)
{
    return aws->sealed ? NULL : getenv(name);
}

static ddbs_status read_region(ddbs_aws *aws, ddbs_error *error)
{
    const char *region = aws->options.region;
    if (region == NULL || region[0] == '\0')
        region = variable(aws, "AWS_REGION");
    if (region == NULL || region[0] == '\0')
        region = variable(aws, "AWS_DEFAULT_REGION");
    if (region == NULL || region[0] == '\0')
        return ddbs_error__set(error, DDBS_E_USAGE, DDBS_NOWHERE, DDBS_NOWHERE,
                               "no region: set AWS_REGION, or `region` in the options of the client");
    if (!is_name(region, sizeof aws->region))
        return ddbs_error__set(error, DDBS_E_USAGE, DDBS_NOWHERE, DDBS_NOWHERE, "\"%.64s\" is no region", region);
    snprintf(aws->region, sizeof aws->region, "%s", region);
    aws->options.region = aws->region;
    return DDBS_OK;
}

static ddbs_status read_endpoints(ddbs_aws *aws, ddbs_error *error)
{
    bool plain;
    const char *endpoint = aws->options.endpoint == NULL ? "" : aws->options.endpoint;
    if (endpoint[0] != '\0' && !ddbs_aws__is_address(endpoint))
        return ddbs_error__set(error, DDBS_E_USAGE, DDBS_NOWHERE, DDBS_NOWHERE,
                               "`endpoint` must begin with http:// or https:// and name a host");
    snprintf(aws->endpoint, sizeof aws->endpoint, "%s", endpoint);
    aws->options.endpoint = aws->endpoint;
    const char *odd = aws->sealed ? NULL : ddbs_aws__odd_endpoint(&plain);
    if (odd == NULL)
        return DDBS_OK;
    return ddbs_error__set(error, DDBS_E_USAGE, DDBS_NOWHERE, DDBS_NOWHERE,
                           "the environment variable %.64s must begin with http:// or https:// and name a host", odd);
}

static ddbs_status make(ddbs_aws **out, const ddbs_aws_options *options, bool sealed, ddbs_error *error)
{
    ddbs_aws *aws = calloc(1, sizeof *aws);
    ddbs_error_clear(error);
    if (aws == NULL)
        return ddbs_error__set(error, DDBS_E_MEMORY, DDBS_NOWHERE, DDBS_NOWHERE, "no memory for a client");
    aws->options = *options;
    aws->sealed = sealed;
    aws->clock = (struct ddbs_aws_clock){ real_now_ms, real_sleep_ms, NULL };
    if (getentropy(&aws->random, sizeof aws->random) != 0)
        aws->random = (uint64_t)real_now_ms(NULL) * 1000003u ^ (uint64_t)getpid() << 32;
    if (aws->options.timeout_ms == 0)
        aws->options.timeout_ms = TIMEOUT_MS;
    ddbs_status status = read_region(aws, error);
    if (status == DDBS_OK)
        status = read_endpoints(aws, error);
    if (status == DDBS_OK)
        status = ddbs_aws__read_credentials(aws, error);
    if (status == DDBS_OK)
        *out = aws;
    else
        ddbs_aws_free(aws);
    return status;
}

ddbs_status ddbs_aws__make(ddbs_aws **out, const ddbs_aws_options *options, ddbs_error *error)
{
    return make(out, options, false, error);
}

ddbs_status ddbs_aws__make_sealed(ddbs_aws **out, const ddbs_aws_options *options, ddbs_error *error)
{
    return make(out, options, true, error);
}

void ddbs_aws_free(ddbs_aws *aws)
{
    if (aws == NULL)
        return;
    if (aws->close != NULL)
        aws->close(aws->options.transport_self);
    free(aws->credentials.token);
    explicit_bzero(&aws->credentials, sizeof aws->credentials);
    free(aws);
}

ddbs_status ddbs_aws__fail(ddbs_ctx *ctx, ddbs_status status, const char *format, ...)
{
    char reason[DDBS_ERROR_REASON_MAX];
    va_list arguments;
    if (ctx == NULL)
        return status;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    return ddbs_fail(ctx, status, "%s", reason);
}

int64_t ddbs_aws__time_left(ddbs_aws *aws, const ddbs_ctx *ctx)
{
    int64_t remaining = ctx == NULL ? INT64_MAX : ddbs_ctx_remaining_ms(ctx);
    if (remaining == INT64_MAX)
        return INT64_MAX;
    if (remaining > aws->longest_ms)
        aws->longest_ms = remaining;
    int64_t reserve = aws->longest_ms / RESERVE_SHARE;
    if (reserve < RESERVE_MIN_MS)
        reserve = RESERVE_MIN_MS;
    if (reserve > aws->longest_ms / RESERVE_MAX_SHARE)
        reserve = aws->longest_ms / RESERVE_MAX_SHARE;
    return remaining - reserve;
}

/* xorshift64*: jitter needs to differ between environments, nothing more. */
uint64_t ddbs_aws__random_below(ddbs_aws *aws, uint64_t limit)
{
    uint64_t x = aws->random == 0 ? 1 : aws->random;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    aws->random = x;
    return (x * 2685821657736338717u >> 32) % limit;
}

static bool is_dynamodb(const char *service)
{
    return strcmp(service, "dynamodb") == 0;
}

int64_t ddbs_aws__pause_ms(ddbs_aws *aws, const char *service, ddbs_aws_fault fault, uint32_t tries,
                           int64_t retry_after_ms)
{
    int64_t base = aws->options.backoff_ms;
    if (base == 0 && fault == DDBS_AWS_THROTTLED)
        base = BASE_THROTTLED_MS;
    if (base == 0)
        base = is_dynamodb(service) ? BASE_DYNAMODB_MS : BASE_MS;
    for (uint32_t i = 1; i < tries && base < PAUSE_MAX_MS; i++)
        base *= 2;
    if (base > PAUSE_MAX_MS)
        base = PAUSE_MAX_MS;
    int64_t pause = (int64_t)ddbs_aws__random_below(aws, (uint64_t)base + 1);
    int64_t asked = retry_after_ms > ASKED_MAX_MS ? ASKED_MAX_MS : retry_after_ms;
    return pause > asked ? pause : asked;
}

uint32_t ddbs_aws__attempts(const ddbs_aws *aws, const char *service)
{
    if (aws->options.attempts != 0)
        return aws->options.attempts;
    return is_dynamodb(service) ? ATTEMPTS_DYNAMODB : ATTEMPTS;
}
