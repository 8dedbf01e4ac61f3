/* curl.c: see curl.h. One multi handle for life holds the connections; each exchange of a call has an easy handle.
 *
 * What libcurl 7.88 signs wrongly is kept from it: headers that are to be removed or have no value, paths with escapes,
 * queries, and bodies that it does not hold itself. So there is no "Expect:" here; where libcurl asks for a 100
 * Continue by itself (bodies over 1 MiB) it does not wait for long. */
#include "runtime/aws/curl.h"
#include "runtime/aws/ca.h"
#include "runtime/aws/client.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#if LIBCURL_VERSION_NUM < 0x075700
#error "libcurl 7.87 or newer is needed: older ones do not sign all headers, or not the body's hash that is given"
#endif

#define CONNECT_TIMEOUT_MS  3000L
#define CONTINUE_TIMEOUT_MS 200L
/* Idle connections are given up by AWS after seconds to minutes; libcurl looks whether one is closed before it sends,
 * and what that misses is told as `stale`. */
#define CONNECTION_IDLE_MAX_S 3600L

struct slot {
    CURL *curl;
    ddbs_aws_exchange *exchange;
    struct curl_slist nodes[DDBS_AWS_HEADERS_MAX];
    char error[CURL_ERROR_SIZE];
    bool received; /* a byte of the response */
    bool over;
};

struct ddbs_curl {
    CURLM *multi;
    char *ca;               /* a file; NULL: ddbs_ca__roots, joined in `roots` */
    struct curl_blob roots; /* libcurl reads it where it is */
    struct slot slots[DDBS_AWS_PARALLEL_MAX];
};

/* ---- The response ---- */

/* Copy the value of "Name: value\r\n" if its name is `name` and it fits. */
static bool keep_header(const char *line, size_t len, const char *name, char *out, size_t size)
{
    size_t name_len = strlen(name);
    if (len <= name_len || line[name_len] != ':' || strncasecmp(line, name, name_len) != 0)
        return false;
    const char *begin = line + name_len + 1, *end = line + len;
    while (begin < end && (*begin == ' ' || *begin == '\t'))
        begin++;
    while (end > begin && (unsigned char)end[-1] <= ' ')
        end--;
    len = (size_t)(end - begin);
    if (len >= size)
        return false;
    for (size_t i = 0; i < len; i++)
        out[i] = begin[i] > ' ' && begin[i] <= '~' ? begin[i] : ' ';
    out[len] = '\0';
    return true;
}

static size_t take_header(char *line, size_t size, size_t count, void *self)
{
    struct slot *slot = self;
    ddbs_aws_exchange *exchange = slot->exchange;
    size_t len = size * count;
    char text[64];
    slot->received = true;
    if (!keep_header(line, len, "x-amzn-requestid", exchange->request_id, sizeof exchange->request_id))
        (void)keep_header(line, len, "x-amz-request-id", exchange->request_id, sizeof exchange->request_id);
    (void)keep_header(line, len, "x-amzn-errortype", exchange->type, sizeof exchange->type);
    if (keep_header(line, len, "x-amz-retry-after", text, sizeof text) && strspn(text, "0123456789") == strlen(text) &&
        strlen(text) < 8)
        exchange->retry_after_ms = strtol(text, NULL, 10);
    if (keep_header(line, len, "date", text, sizeof text)) {
        time_t date = curl_getdate(text, NULL);
        exchange->date_s = date > 0 ? (int64_t)date : 0;
    }
    return len;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *self)
{
    struct slot *slot = self;
    size_t len = size * count;
    slot->exchange->too_large = slot->exchange->reply.len + len > DDBS_AWS_REPLY_MAX;
    if (slot->exchange->too_large || ddbs_buf_append(&slot->exchange->reply, bytes, len) != DDBS_OK)
        return 0;
    return len;
}

/* ---- The request ---- */

#define TRY_SET(curl, option, value)                                                                                   \
    do {                                                                                                               \
        CURLcode set_code = curl_easy_setopt(curl, option, value);                                                     \
        if (set_code != CURLE_OK)                                                                                      \
            return set_code;                                                                                           \
    } while (0)

static CURLcode set_response(CURL *curl, struct slot *slot)
{
    TRY_SET(curl, CURLOPT_ERRORBUFFER, slot->error);
    TRY_SET(curl, CURLOPT_HEADERFUNCTION, take_header);
    TRY_SET(curl, CURLOPT_HEADERDATA, slot);
    TRY_SET(curl, CURLOPT_WRITEFUNCTION, take_body);
    TRY_SET(curl, CURLOPT_WRITEDATA, slot);
    TRY_SET(curl, CURLOPT_PRIVATE, slot);
    return CURLE_OK;
}

/* A libcurl that takes no certificates from memory (not every TLS library can) keeps to those it was built with. */
static CURLcode set_trust(CURL *curl, struct ddbs_curl *pool)
{
    if (pool->ca != NULL)
        return curl_easy_setopt(curl, CURLOPT_CAINFO, pool->ca);
    CURLcode code = curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &pool->roots);
    return code == CURLE_NOT_BUILT_IN || code == CURLE_UNKNOWN_OPTION ? CURLE_OK : code;
}

static CURLcode set_connection(CURL *curl, const ddbs_aws_exchange *exchange)
{
    long connect_ms = exchange->timeout_ms < CONNECT_TIMEOUT_MS ? (long)exchange->timeout_ms : CONNECT_TIMEOUT_MS;
    TRY_SET(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    TRY_SET(curl, CURLOPT_NOSIGNAL, 1L);
    TRY_SET(curl, CURLOPT_TCP_NODELAY, 1L);
    TRY_SET(curl, CURLOPT_PATH_AS_IS, 1L);
    TRY_SET(curl, CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
    TRY_SET(curl, CURLOPT_TIMEOUT_MS, (long)exchange->timeout_ms);
    TRY_SET(curl, CURLOPT_EXPECT_100_TIMEOUT_MS, CONTINUE_TIMEOUT_MS);
    TRY_SET(curl, CURLOPT_MAXAGE_CONN, CONNECTION_IDLE_MAX_S);
    TRY_SET(curl, CURLOPT_FRESH_CONNECT, (long)exchange->fresh);
    TRY_SET(curl, CURLOPT_USERAGENT, "ddbstream/" DDBS_VERSION);
    if (exchange->credentials == NULL)
        TRY_SET(curl, CURLOPT_NOPROXY, "*"); /* the credentials' own endpoint */
    return CURLE_OK;
}

static CURLcode set_body(CURL *curl, const ddbs_aws_exchange *exchange)
{
    if (strcmp(exchange->method, "GET") == 0)
        return curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
    TRY_SET(curl, CURLOPT_POST, 1L);
    TRY_SET(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)exchange->body.len);
    TRY_SET(curl, CURLOPT_POSTFIELDS, exchange->body.len == 0 ? "" : (const char *)exchange->body.ptr);
    if (strcmp(exchange->method, "POST") != 0)
        TRY_SET(curl, CURLOPT_CUSTOMREQUEST, exchange->method);
    return CURLE_OK;
}

static CURLcode set_signature(CURL *curl, const ddbs_aws_exchange *exchange)
{
    char scope[192];
    if (exchange->credentials == NULL)
        return CURLE_OK;
    snprintf(scope, sizeof scope, "aws:amz:%s:%s", exchange->region, exchange->service);
    TRY_SET(curl, CURLOPT_AWS_SIGV4, scope);
    TRY_SET(curl, CURLOPT_USERNAME, exchange->credentials->access_key);
    TRY_SET(curl, CURLOPT_PASSWORD, exchange->credentials->secret);
    return CURLE_OK;
}

static CURLcode set_headers(CURL *curl, struct slot *slot)
{
    const ddbs_aws_exchange *exchange = slot->exchange;
    struct curl_slist *list = NULL;
    for (size_t i = exchange->header_count; i-- > 0;) {
        /* libcurl only reads the list. */
        slot->nodes[i] = (struct curl_slist){ (char *)(uintptr_t)exchange->headers[i], list };
        list = &slot->nodes[i];
    }
    return curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
}

static CURLcode set_up(struct ddbs_curl *pool, struct slot *slot)
{
    CURL *curl = slot->curl;
    const ddbs_aws_exchange *exchange = slot->exchange;
    CURLcode code = set_response(curl, slot);
    if (code == CURLE_OK)
        code = set_connection(curl, exchange);
    if (code == CURLE_OK)
        code = set_trust(curl, pool);
    if (code == CURLE_OK)
        code = set_body(curl, exchange);
    if (code == CURLE_OK)
        code = set_signature(curl, exchange);
    if (code == CURLE_OK)
        code = set_headers(curl, slot);
    return code == CURLE_OK ? curl_easy_setopt(curl, CURLOPT_URL, exchange->url) : code;
}

/* ---- The exchange ---- */

/* Why there is no response; where nobody trusts the other side, also whom we trust. */
static void note_why(const struct ddbs_curl *pool, struct slot *slot, CURLcode code)
{
    ddbs_aws_exchange *exchange = slot->exchange;
    const char *why = slot->error[0] != '\0' ? slot->error : curl_easy_strerror(code);
    int len = snprintf(exchange->why, sizeof exchange->why, "%s", code == CURLE_OK ? "no response" : why);
    if (code == CURLE_PEER_FAILED_VERIFICATION && (size_t)len < sizeof exchange->why)
        snprintf(exchange->why + len, sizeof exchange->why - (size_t)len, " (trusted: %s)",
                 pool->ca != NULL ? pool->ca : "the roots of Amazon that are linked in");
}

/* What libcurl did, in our words. */
static void note_end(const struct ddbs_curl *pool, struct slot *slot, CURLcode code)
{
    ddbs_aws_exchange *exchange = slot->exchange;
    long connects = 1;
    bool lost = code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR || code == CURLE_GOT_NOTHING;
    slot->over = true;
    curl_easy_getinfo(slot->curl, CURLINFO_NUM_CONNECTS, &connects);
    exchange->stale = lost && connects == 0 && !slot->received;
    if (code == CURLE_OK)
        curl_easy_getinfo(slot->curl, CURLINFO_RESPONSE_CODE, &exchange->status);
    if (code == CURLE_OK && exchange->status >= 200)
        return;
    exchange->status = exchange->too_large ? 200 : 0;
    note_why(pool, slot, code);
}

static void begin(struct ddbs_curl *pool, struct slot *slot, ddbs_aws_exchange *exchange)
{
    slot->exchange = exchange;
    slot->received = slot->over = false;
    slot->error[0] = '\0';
    if (slot->curl == NULL)
        slot->curl = curl_easy_init();
    else
        curl_easy_reset(slot->curl); /* connections stay: they are the multi handle's */
    CURLcode code = slot->curl == NULL ? CURLE_OUT_OF_MEMORY : set_up(pool, slot);
    if (code == CURLE_OK && curl_multi_add_handle(pool->multi, slot->curl) == CURLM_OK)
        return;
    slot->over = true;
    snprintf(exchange->why, sizeof exchange->why, "%s",
             curl_easy_strerror(code == CURLE_OK ? CURLE_FAILED_INIT : code));
}

static void note_ends(struct ddbs_curl *pool)
{
    int left;
    for (CURLMsg *message; (message = curl_multi_info_read(pool->multi, &left)) != NULL;) {
        struct slot *slot = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&slot);
        if (message->msg == CURLMSG_DONE && slot != NULL)
            note_end(pool, slot, message->data.result);
    }
}

static void drive(struct ddbs_curl *pool)
{
    int running = 1;
    while (running > 0) {
        if (curl_multi_perform(pool->multi, &running) != CURLM_OK)
            return;
        note_ends(pool);
        if (running > 0 && curl_multi_poll(pool->multi, NULL, 0, 1000, NULL) != CURLM_OK)
            return;
    }
}

void ddbs_curl__exchange(void *self, ddbs_aws_exchange *const *exchanges, size_t count)
{
    struct ddbs_curl *pool = self;
    bool taken[DDBS_AWS_PARALLEL_MAX] = { false };
    for (size_t i = 0; i < count; i++) {
        begin(pool, &pool->slots[i], exchanges[i]);
        taken[i] = !pool->slots[i].over;
    }
    drive(pool);
    for (size_t i = 0; i < count; i++) {
        struct slot *slot = &pool->slots[i];
        if (!slot->over)
            note_end(pool, slot, CURLE_FAILED_INIT);
        if (taken[i])
            curl_multi_remove_handle(pool->multi, slot->curl);
        if (slot->curl != NULL)
            curl_easy_reset(slot->curl); /* it points to the caller's memory, and knows the secret */
    }
}

static bool join_roots(struct curl_blob *out)
{
    *out = (struct curl_blob){ .flags = CURL_BLOB_NOCOPY };
    for (size_t i = 0; i < DDBS_CA_ROOTS; i++)
        out->len += strlen(ddbs_ca__roots[i]);
    char *text = malloc(out->len);
    out->data = text;
    for (size_t i = 0; text != NULL && i < DDBS_CA_ROOTS; i++) {
        size_t len = strlen(ddbs_ca__roots[i]);
        memcpy(text, ddbs_ca__roots[i], len);
        text += len;
    }
    return out->data != NULL;
}

static bool set_pool_trust(struct ddbs_curl *pool, const char *ca)
{
    if (ca == NULL)
        return join_roots(&pool->roots);
    pool->ca = strdup(ca);
    return pool->ca != NULL;
}

struct ddbs_curl *ddbs_curl__new(const char *ca)
{
    struct ddbs_curl *pool = calloc(1, sizeof *pool);
    if (pool == NULL)
        return NULL;
    pool->multi = curl_multi_init();
    if (pool->multi == NULL || !set_pool_trust(pool, ca) ||
        curl_multi_setopt(pool->multi, CURLMOPT_MAXCONNECTS, 2L * DDBS_AWS_PARALLEL_MAX) != CURLM_OK) {
        ddbs_curl__free(pool);
        return NULL;
    }
    return pool;
}

void ddbs_curl__free(void *self)
{
    struct ddbs_curl *pool = self;
    if (pool == NULL)
        return;
    for (size_t i = 0; i < DDBS_AWS_PARALLEL_MAX; i++) {
        if (pool->slots[i].curl != NULL)
            curl_easy_cleanup(pool->slots[i].curl);
    }
    curl_multi_cleanup(pool->multi);
    free(pool->ca);
    free(pool->roots.data);
    free(pool);
}
