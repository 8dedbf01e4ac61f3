/* transport.c: see transport.h. One libcurl easy handle for life; it keeps the connection. */
#include "runtime/lambda/transport.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#if LIBCURL_VERSION_NUM < 0x075000
#error "libcurl 7.80 or newer is needed: CURLOPT_PREREQFUNCTION keeps it from repeating a POST on its own"
#endif

#define API_VERSION     "/2018-06-01"
#define ADDRESS_MAX     1024
#define PATH_MAX_BYTES  512
#define ERROR_TYPE_NAME "Lambda-Runtime-Function-Error-Type: "
#define ERROR_TYPE_MAX  128

#define CONNECT_TIMEOUT_MS 5000L
#define RECEIVE_BYTES      65536L
#define BODY_BYTES_FIRST   ((size_t)65536)

/* A body over the limit is read to its end, so that the other side is not cut off, but not for ever. */
#define DRAIN_BYTES_MAX (16 * DDBS_EVENT_BYTES_MAX)

/* libcurl gives up connections that were idle for 118 s, and an environment may be frozen for hours between two events:
 * the connection is as good as before, and if it is not, libcurl sees that before it sends. */
#define CONNECTION_IDLE_MAX_S (7 * 24 * 3600L)

struct ddbs_transport {
    CURL *curl;
    char base[ADDRESS_MAX];
    struct ddbs_reply reply;
    unsigned char *body; /* grows, is never given back: a warm environment does not allocate */
    size_t body_size;
    size_t body_total; /* bytes that came, kept or not */
    unsigned attempts; /* how often libcurl was about to send this request */
    char curl_error[CURL_ERROR_SIZE];
    /* The request headers, in lists of our own: libcurl only reads them. */
    char content_type[48];
    char no_expect[8];
    char error_type[sizeof ERROR_TYPE_NAME + ERROR_TYPE_MAX];
    struct curl_slist content_type_node, no_expect_node, error_type_node;
};

/* libcurl repeats a request by itself when a reused connection dies without a response, a POST, too. The first copy may
 * have arrived, so whether to send it again is not libcurl's to decide. */
static int before_request(void *self, char *remote, char *local, int remote_port, int local_port)
{
    struct ddbs_transport *transport = self;
    (void)remote, (void)local, (void)remote_port, (void)local_port;
    return transport->attempts++ == 0 ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

static void forget_headers(struct ddbs_reply *reply)
{
    reply->request_id[0] = reply->trace_id[0] = reply->deadline[0] = '\0';
}

/* Copy the value of a header line "Name: value\r\n", without the whitespace around it, if its name is `name`. */
static void keep_header(const char *line, size_t len, const char *name, char *out, size_t size)
{
    size_t name_len = strlen(name);
    const char *end = line + len;
    if (len <= name_len || line[name_len] != ':' || strncasecmp(line, name, name_len) != 0)
        return;
    line += name_len + 1;
    while (line < end && (*line == ' ' || *line == '\t'))
        line++;
    while (end > line && (unsigned char)end[-1] <= ' ')
        end--;
    len = (size_t)(end - line);
    if (len >= size || memchr(line, '\0', len) != NULL)
        len = 0;
    memcpy(out, line, len);
    out[len] = '\0';
}

static size_t take_header(char *line, size_t size, size_t count, void *self)
{
    struct ddbs_transport *transport = self;
    struct ddbs_reply *reply = &transport->reply;
    size_t len = size * count;

    reply->received = true;
    if (len >= 5 && memcmp(line, "HTTP/", 5) == 0)
        forget_headers(reply); /* what came before belongs to a 100 Continue or the like */
    keep_header(line, len, "Lambda-Runtime-Aws-Request-Id", reply->request_id, sizeof reply->request_id);
    keep_header(line, len, "Lambda-Runtime-Trace-Id", reply->trace_id, sizeof reply->trace_id);
    keep_header(line, len, "Lambda-Runtime-Deadline-Ms", reply->deadline, sizeof reply->deadline);
    return len;
}

static bool reserve_body(struct ddbs_transport *transport, size_t need)
{
    size_t size = transport->body_size == 0 ? BODY_BYTES_FIRST : transport->body_size;
    unsigned char *body;
    if (need <= transport->body_size)
        return true;
    while (size < need)
        size *= 2;
    if (size > DDBS_EVENT_BYTES_MAX)
        size = DDBS_EVENT_BYTES_MAX;
    body = realloc(transport->body, size);
    if (body == NULL)
        return false;
    transport->body = body;
    transport->body_size = size;
    return true;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *self)
{
    struct ddbs_transport *transport = self;
    struct ddbs_reply *reply = &transport->reply;
    size_t len = size * count;

    transport->body_total += len;
    if (transport->body_total > DRAIN_BYTES_MAX)
        return 0;
    reply->too_large = transport->body_total > DDBS_EVENT_BYTES_MAX;
    if (reply->too_large || reply->no_memory)
        return len;
    reply->no_memory = !reserve_body(transport, transport->body_total);
    if (reply->no_memory)
        return len;
    memcpy(transport->body + reply->body.len, bytes, len);
    reply->body = (ddbs_bytes){ transport->body, transport->body_total };
    return len;
}

#define TRY_SET(curl, option, value)                                                                                   \
    do {                                                                                                               \
        CURLcode set_code = curl_easy_setopt(curl, option, value);                                                     \
        if (set_code != CURLE_OK)                                                                                      \
            return set_code;                                                                                           \
    } while (0)

static CURLcode set_up(struct ddbs_transport *transport)
{
    CURL *curl = transport->curl;
    TRY_SET(curl, CURLOPT_PROXY, ""); /* http_proxy is meant for the handler's own calls */
    TRY_SET(curl, CURLOPT_NOPROXY, "*");
    TRY_SET(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    TRY_SET(curl, CURLOPT_NOSIGNAL, 1L);
    TRY_SET(curl, CURLOPT_TCP_NODELAY, 1L);
    TRY_SET(curl, CURLOPT_PATH_AS_IS, 1L);
    TRY_SET(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    TRY_SET(curl, CURLOPT_TIMEOUT_MS, 0L); /* a frozen process must not find its time over when it wakes */
    TRY_SET(curl, CURLOPT_MAXAGE_CONN, CONNECTION_IDLE_MAX_S);
    TRY_SET(curl, CURLOPT_BUFFERSIZE, RECEIVE_BYTES);
    TRY_SET(curl, CURLOPT_USERAGENT, "ddbstream/" DDBS_VERSION);
    TRY_SET(curl, CURLOPT_ERRORBUFFER, transport->curl_error);
    TRY_SET(curl, CURLOPT_PREREQFUNCTION, before_request);
    TRY_SET(curl, CURLOPT_PREREQDATA, transport);
    TRY_SET(curl, CURLOPT_HEADERFUNCTION, take_header);
    TRY_SET(curl, CURLOPT_HEADERDATA, transport);
    TRY_SET(curl, CURLOPT_WRITEFUNCTION, take_body);
    TRY_SET(curl, CURLOPT_WRITEDATA, transport);
    return CURLE_OK;
}

static void set_up_headers(struct ddbs_transport *transport)
{
    snprintf(transport->content_type, sizeof transport->content_type, "Content-Type: application/json");
    snprintf(transport->no_expect, sizeof transport->no_expect, "Expect:");
    transport->content_type_node = (struct curl_slist){ transport->content_type, &transport->no_expect_node };
    transport->no_expect_node = (struct curl_slist){ transport->no_expect, NULL };
    transport->error_type_node = (struct curl_slist){ transport->error_type, &transport->content_type_node };
}

ddbs_status ddbs_transport__new(struct ddbs_transport **out, const char *address)
{
    struct ddbs_transport *transport = calloc(1, sizeof *transport);
    int len;
    if (transport == NULL)
        return DDBS_E_MEMORY;
    len = snprintf(transport->base, sizeof transport->base, "http://%s" API_VERSION, address);
    if (len < 0 || (size_t)len >= sizeof transport->base) {
        ddbs_transport__free(transport);
        return DDBS_E_LIMIT;
    }
    set_up_headers(transport);
    transport->curl = curl_easy_init();
    if (transport->curl == NULL || set_up(transport) != CURLE_OK) {
        ddbs_transport__free(transport);
        return DDBS_E_MEMORY;
    }
    *out = transport;
    return DDBS_OK;
}

void ddbs_transport__free(struct ddbs_transport *transport)
{
    if (transport == NULL)
        return;
    curl_easy_cleanup(transport->curl);
    free(transport->body);
    free(transport);
}

static CURLcode set_url(struct ddbs_transport *transport, const char *path)
{
    char url[ADDRESS_MAX + PATH_MAX_BYTES];
    int len = snprintf(url, sizeof url, "%s%s", transport->base, path);
    if (len < 0 || (size_t)len >= sizeof url)
        return CURLE_URL_MALFORMAT;
    return curl_easy_setopt(transport->curl, CURLOPT_URL, url);
}

static CURLcode prepare_get(struct ddbs_transport *transport, const char *path)
{
    TRY_SET(transport->curl, CURLOPT_HTTPGET, 1L);
    TRY_SET(transport->curl, CURLOPT_HTTPHEADER, (struct curl_slist *)NULL);
    return set_url(transport, path);
}

static CURLcode prepare_post(struct ddbs_transport *transport, const char *path, ddbs_str body, const char *error_type)
{
    struct curl_slist *headers = &transport->content_type_node;
    if (error_type != NULL) {
        snprintf(transport->error_type, sizeof transport->error_type, ERROR_TYPE_NAME "%s", error_type);
        headers = &transport->error_type_node;
    }
    TRY_SET(transport->curl, CURLOPT_POST, 1L);
    TRY_SET(transport->curl, CURLOPT_POSTFIELDS, body.ptr);
    TRY_SET(transport->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
    TRY_SET(transport->curl, CURLOPT_HTTPHEADER, headers);
    return set_url(transport, path);
}

/* What libcurl did, in our words. */
static void note_end(struct ddbs_transport *transport, CURLcode code)
{
    struct ddbs_reply *reply = &transport->reply;
    long request_bytes = 0;
    const char *why = transport->curl_error[0] != '\0' ? transport->curl_error : curl_easy_strerror(code);

    curl_easy_getinfo(transport->curl, CURLINFO_RESPONSE_CODE, &reply->status);
    curl_easy_getinfo(transport->curl, CURLINFO_REQUEST_SIZE, &request_bytes);
    if (reply->status < 200)
        reply->status = 0; /* a 100 Continue is not the response */
    reply->sent = transport->attempts > 0 && request_bytes > 0;
    if (code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_WEIRD_SERVER_REPLY)
        reply->received = true; /* bytes that are no HTTP/1.1 never become headers */
    reply->whole = code == CURLE_OK && reply->status != 0;
    if (code == CURLE_OK)
        why = "no response";
    if (code == CURLE_ABORTED_BY_CALLBACK)
        why = "the connection was closed before a response";
    snprintf(reply->why, sizeof reply->why, "%s", why);
}

static void begin(struct ddbs_transport *transport)
{
    transport->reply = (struct ddbs_reply){ .status = 0 };
    transport->body_total = 0;
    transport->attempts = 0;
    transport->curl_error[0] = '\0';
}

/* A request that libcurl would not even take (no memory) was not sent. */
static const struct ddbs_reply *perform(struct ddbs_transport *transport, CURLcode prepared)
{
    if (prepared == CURLE_OK) {
        note_end(transport, curl_easy_perform(transport->curl));
    } else {
        snprintf(transport->reply.why, sizeof transport->reply.why, "%s", curl_easy_strerror(prepared));
    }
    return &transport->reply;
}

const struct ddbs_reply *ddbs_transport__get(struct ddbs_transport *transport, const char *path)
{
    begin(transport);
    return perform(transport, prepare_get(transport, path));
}

const struct ddbs_reply *ddbs_transport__post(struct ddbs_transport *transport, const char *path, ddbs_str body,
                                              const char *error_type)
{
    begin(transport);
    return perform(transport, prepare_post(transport, path, body, error_type));
}
