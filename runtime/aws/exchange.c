/* exchange.c: a request made ready, sent, and judged. Three things are repaired at once and without a pause, because
 * they say nothing about the service: a connection that died while the environment was frozen, a clock that is wrong,
 * and credentials that ran out before their time. */
#include "runtime/aws/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { SKEW_MIN_MS = 60000, TRACE_MAX = 256 };

static const char path_bytes[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/-._~";

/* A name for a signature: it stands between the colons of libcurl's option. */
static bool is_service(const char *name)
{
    size_t len = name == NULL ? 0 : strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return len > 0 && len < 64 && name[len] == '\0';
}

static bool is_line(const char *text, size_t max)
{
    return text == NULL || (strlen(text) < max && strcspn(text, "\r\n") == strlen(text));
}

/* libcurl 7.88 signs a header without a value, but does not send it. */
static bool is_header(const char *text)
{
    const char *colon = text == NULL ? NULL : strchr(text, ':');
    return colon != NULL && colon != text && colon[1 + strspn(colon + 1, " ")] != '\0' && is_line(text, 4096);
}

const char *ddbs_aws__request_fault(const ddbs_aws_request *request)
{
    const char *path = request->path;
    if (!is_service(request->service))
        return "a service is named in small letters, digits and '-'";
    if (request->host != NULL && request->host[strspn(request->host, path_bytes)] != '\0')
        return "a host's name is written in letters, digits, '-' and '.'";
    if (request->endpoint != NULL && !ddbs_aws__is_address(request->endpoint))
        return "an endpoint begins with http:// or https:// and names a host";
    if (request->method != NULL && request->method[strspn(request->method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] != '\0')
        return "a method is written in capitals";
    if (path != NULL && (path[0] != '/' || path[strspn(path, path_bytes)] != '\0'))
        return "a path begins with '/' and holds only letters, digits, '/', '-', '.', '_' and '~'";
    if (!is_line(request->target, 256) || !is_line(request->type, 256))
        return "a header of more than one line, or over 256 bytes";
    if (request->header_count > DDBS_AWS_USER_HEADERS_MAX)
        return "more than 8 headers";
    for (size_t i = 0; i < request->header_count; i++) {
        if (!is_header(request->headers[i]))
            return "a header is written \"Name: value\", in one line";
    }
    return NULL;
}

/* ---- Making ready ---- */

static void add(struct ddbs_aws_attempt *attempt, const char *line)
{
    attempt->headers[attempt->exchange.header_count++] = line;
}

static void add_line(struct ddbs_aws_attempt *attempt, size_t place, const char *name, const char *value)
{
    if (value == NULL || value[0] == '\0')
        return;
    snprintf(attempt->lines[place], sizeof attempt->lines[place], "%s: %s", name, value);
    add(attempt, attempt->lines[place]);
}

/* The trace of the invocation; a text that is none is left out, for it would be signed otherwise than sent. */
static const char *trace_id(void)
{
    const char *trace = getenv("_X_AMZN_TRACE_ID");
    if (trace == NULL || strlen(trace) >= TRACE_MAX)
        return NULL;
    for (const char *c = trace; *c != '\0'; c++) {
        if (*c <= ' ' || *c > '~')
            return NULL;
    }
    return trace;
}

/* With this header libcurl signs for its time, not for the clock's. */
static void add_date(ddbs_aws *aws, struct ddbs_aws_attempt *attempt)
{
    char text[32];
    struct tm tm;
    time_t now = (time_t)((aws->clock.now_ms(aws->clock.self) + aws->skew_ms) / 1000);
    if (aws->skew_ms == 0 || gmtime_r(&now, &tm) == NULL)
        return;
    strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &tm);
    add_line(attempt, 3, "X-Amz-Date", text);
}

static bool add_token(const ddbs_aws *aws, struct ddbs_aws_attempt *attempt)
{
    static const char name[] = "X-Amz-Security-Token: ";
    const char *token = aws->credentials.token;
    free(attempt->token_line);
    attempt->token_line = NULL;
    if (token == NULL || token[0] == '\0')
        return true;
    size_t size = sizeof name + strlen(token);
    attempt->token_line = malloc(size);
    if (attempt->token_line == NULL)
        return false;
    snprintf(attempt->token_line, size, "%s%s", name, token);
    add(attempt, attempt->token_line);
    return true;
}

static const char *type_of(const ddbs_aws_request *request)
{
    if (request->type != NULL)
        return request->type;
    if (request->target != NULL)
        return "application/x-amz-json-1.0";
    return request->body.len > 0 ? "application/octet-stream" : NULL;
}

static bool write_url(const ddbs_aws *aws, struct ddbs_aws_attempt *attempt)
{
    const ddbs_aws_request *request = attempt->request;
    bool own;
    if (!ddbs_aws__endpoint(aws, request, attempt->url, sizeof attempt->url, &own))
        return false;
    size_t len = strlen(attempt->url);
    int more =
        snprintf(attempt->url + len, sizeof attempt->url - len, "%s", request->path == NULL ? "/" : request->path);
    return more >= 0 && (size_t)more < sizeof attempt->url - len;
}

static bool make_ready(ddbs_aws *aws, struct ddbs_aws_attempt *attempt, int64_t left_ms)
{
    const ddbs_aws_request *request = attempt->request;
    ddbs_buf_free(&attempt->exchange.reply);
    attempt->exchange = (ddbs_aws_exchange){
        .method = request->method == NULL ? "POST" : request->method,
        .url = attempt->url,
        .service = request->service,
        .region = aws->region,
        .credentials = &aws->credentials,
        .headers = attempt->headers,
        .body = request->body,
        .timeout_ms = left_ms < (int64_t)aws->options.timeout_ms ? left_ms : (int64_t)aws->options.timeout_ms,
    };
    add_line(attempt, 0, "Content-Type", type_of(request));
    add_line(attempt, 1, "X-Amz-Target", request->target);
    add_line(attempt, 2, "X-Amzn-Trace-Id", trace_id());
    add_date(aws, attempt);
    for (size_t i = 0; i < request->header_count; i++)
        add(attempt, request->headers[i]);
    return write_url(aws, attempt) && add_token(aws, attempt);
}

/* ---- Sending ---- */

static void judge(struct ddbs_aws_attempt *attempt)
{
    const ddbs_aws_exchange *exchange = &attempt->exchange;
    bool failed = exchange->status < 200 || exchange->status >= 300;
    attempt->type[0] = '\0';
    if (failed && exchange->status != 0)
        ddbs_aws__read_type(exchange->type, exchange->reply.ptr, exchange->reply.len, attempt->type);
    attempt->fault = ddbs_aws__fault_of(attempt->type, exchange->status);
    if (exchange->too_large)
        attempt->fault = DDBS_AWS_REFUSED;
}

typedef bool need_fn(const struct ddbs_aws_attempt *attempt);

static bool is_stale(const struct ddbs_aws_attempt *attempt)
{
    return attempt->exchange.stale;
}

static bool is_clock(const struct ddbs_aws_attempt *attempt)
{
    return attempt->fault == DDBS_AWS_CLOCK;
}

static bool is_credentials(const struct ddbs_aws_attempt *attempt)
{
    return attempt->fault == DDBS_AWS_CREDENTIALS;
}

static bool is_any(const struct ddbs_aws_attempt *attempt)
{
    (void)attempt;
    return true;
}

static int64_t left_until(ddbs_aws *aws, int64_t end_ms)
{
    return end_ms == INT64_MAX ? INT64_MAX : end_ms - aws->clock.now_ms(aws->clock.self);
}

/* Send those of the attempts that `need` it. */
static ddbs_status send_some(ddbs_aws *aws, struct ddbs_aws_attempt *const *attempts, size_t count, need_fn *need,
                             int64_t end_ms)
{
    ddbs_aws_exchange *list[DDBS_AWS_PARALLEL_MAX];
    struct ddbs_aws_attempt *whose[DDBS_AWS_PARALLEL_MAX];
    size_t used = 0;
    int64_t left_ms = left_until(aws, end_ms);
    for (size_t i = 0; i < count; i++) {
        if (need(attempts[i]))
            whose[used++] = attempts[i];
    }
    for (size_t i = 0; i < used && left_ms > 0; i++) {
        if (!make_ready(aws, whose[i], left_ms))
            return DDBS_E_MEMORY;
        whose[i]->exchange.fresh = need == is_stale;
        list[i] = &whose[i]->exchange;
    }
    if (used == 0 || left_ms <= 0)
        return DDBS_OK;
    aws->options.transport(aws->options.transport_self, list, used);
    for (size_t i = 0; i < used; i++)
        judge(whose[i]);
    return DDBS_OK;
}

/* Whether one of them was told that its time is wrong, and the service's clock is another than ours. */
static bool correct_clock(ddbs_aws *aws, struct ddbs_aws_attempt *const *attempts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const ddbs_aws_exchange *exchange = &attempts[i]->exchange;
        if (attempts[i]->fault != DDBS_AWS_CLOCK || exchange->date_s == 0)
            continue;
        int64_t skew_ms = exchange->date_s * 1000 - aws->clock.now_ms(aws->clock.self);
        int64_t change_ms = skew_ms - aws->skew_ms;
        if (change_ms > -SKEW_MIN_MS && change_ms < SKEW_MIN_MS)
            continue;
        aws->skew_ms = skew_ms;
        return true;
    }
    return false;
}

static bool has(struct ddbs_aws_attempt *const *attempts, size_t count, need_fn *need)
{
    for (size_t i = 0; i < count; i++) {
        if (need(attempts[i]))
            return true;
    }
    return false;
}

static ddbs_status repair(ddbs_aws *aws, struct ddbs_aws_attempt *const *attempts, size_t count, int64_t end_ms)
{
    if (has(attempts, count, is_stale))
        DDBS_TRY(send_some(aws, attempts, count, is_stale, end_ms));
    if (correct_clock(aws, attempts, count))
        DDBS_TRY(send_some(aws, attempts, count, is_clock, end_ms));
    if (aws->renewable && has(attempts, count, is_credentials) &&
        ddbs_aws__renew_credentials(aws, true, left_until(aws, end_ms)))
        DDBS_TRY(send_some(aws, attempts, count, is_credentials, end_ms));
    return DDBS_OK;
}

ddbs_status ddbs_aws__send(ddbs_aws *aws, struct ddbs_aws_attempt *const *attempts, size_t count, int64_t left_ms)
{
    int64_t end_ms = left_ms == INT64_MAX ? INT64_MAX : aws->clock.now_ms(aws->clock.self) + left_ms;
    for (size_t i = 0; i < count; i++)
        attempts[i]->fault = DDBS_AWS_NO_TIME; /* until it is sent */
    if (left_ms <= 0)
        return DDBS_OK;
    if (!ddbs_aws__renew_credentials(aws, false, left_ms))
        return DDBS_E_USAGE;
    DDBS_TRY(send_some(aws, attempts, count, is_any, end_ms));
    return repair(aws, attempts, count, end_ms);
}

void ddbs_aws__end(struct ddbs_aws_attempt *attempt)
{
    ddbs_buf_free(&attempt->exchange.reply);
    if (attempt->token_line != NULL)
        explicit_bzero(attempt->token_line, strlen(attempt->token_line));
    free(attempt->token_line);
    attempt->token_line = NULL;
}
