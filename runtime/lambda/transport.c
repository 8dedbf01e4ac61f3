/* transport.c: see transport.h. One libcurl easy handle for life, driven by a multi handle, which keeps the connection
 * and can wait for other things, too. */
#include "runtime/lambda/transport.h"

#include <curl/curl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#if LIBCURL_VERSION_NUM < 0x075000
#error "libcurl 7.80 or newer is needed: CURLOPT_PREREQFUNCTION keeps it from repeating a POST on its own"
#endif

#define API_VERSION    "/2018-06-01"
#define ADDRESS_MAX    1024
#define PATH_MAX_BYTES 512
#define HEADER_MAX     (DDBS_CAUSE_MAX + 64)

#define CONNECT_TIMEOUT_MS 5000L
#define RECEIVE_BYTES      65536L
#define POLL_MS            600000 /* a wait ends earlier when anything happens */

/* A body over the limit is read to its end, so that the other side is not cut off, but not for ever. */
#define DRAIN_BYTES_MAX (16 * DDBS_EVENT_BYTES_MAX)

/* libcurl gives up connections that were idle for 118 s, and an environment may be frozen for hours between two events:
 * the connection is as good as before, and if it is not, libcurl sees that before it sends. */
#define CONNECTION_IDLE_MAX_S (7 * 24 * 3600L)

enum { POST_HEADERS = 5 };

struct ddbs_transport {
    CURL *curl;
    CURLM *multi;
    curl_socket_t socket; /* of the newest connection */
    char base[ADDRESS_MAX];
    struct ddbs_reply reply;
    unsigned char *body;
    size_t body_total; /* bytes that came, kept or not */
    unsigned attempts; /* how often libcurl was about to send this request */
    char curl_error[CURL_ERROR_SIZE];
    /* The request headers, in a list of our own: libcurl only reads it. */
    char headers[POST_HEADERS][HEADER_MAX];
    struct curl_slist nodes[POST_HEADERS];
};

/* libcurl repeats a request by itself when a reused connection dies without a response, a POST, too. The first copy may
 * have arrived, so whether to send it again is not libcurl's to decide. */
static int before_request(void *self, char *remote, char *local, int remote_port, int local_port)
{
    struct ddbs_transport *transport = self;
    (void)remote, (void)local, (void)remote_port, (void)local_port;
    return transport->attempts++ == 0 ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

static curl_socket_t open_socket(void *self, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct ddbs_transport *transport = self;
    (void)purpose;
    transport->socket = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    return transport->socket;
}

static int close_socket(void *self, curl_socket_t socket)
{
    struct ddbs_transport *transport = self;
    if (transport->socket == socket)
        transport->socket = CURL_SOCKET_BAD;
    return close(socket);
}

static void forget_headers(struct ddbs_reply *reply)
{
    reply->request_id[0] = reply->trace_id[0] = reply->deadline[0] = reply->invocation_id[0] = '\0';
    reply->contradictory = false;
    reply->details.function_arn[0] = reply->details.client_context[0] = '\0';
    reply->details.cognito_identity[0] = reply->details.tenant_id[0] = '\0';
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

/* Of two ids that differ nobody knows which one to answer. */
static void keep_request_id(const char *line, size_t len, struct ddbs_reply *reply)
{
    char before[sizeof reply->request_id];
    memcpy(before, reply->request_id, sizeof before);
    keep_header(line, len, "Lambda-Runtime-Aws-Request-Id", reply->request_id, sizeof reply->request_id);
    reply->contradictory = reply->contradictory || (before[0] != '\0' && strcmp(before, reply->request_id) != 0);
}

static void keep_details(const char *line, size_t len, struct ddbs_details *out)
{
    keep_header(line, len, "Lambda-Runtime-Invoked-Function-Arn", out->function_arn, sizeof out->function_arn);
    keep_header(line, len, "Lambda-Runtime-Client-Context", out->client_context, sizeof out->client_context);
    keep_header(line, len, "Lambda-Runtime-Cognito-Identity", out->cognito_identity, sizeof out->cognito_identity);
    keep_header(line, len, "Lambda-Runtime-Aws-Tenant-Id", out->tenant_id, sizeof out->tenant_id);
}

static size_t take_header(char *line, size_t size, size_t count, void *self)
{
    struct ddbs_transport *transport = self;
    struct ddbs_reply *reply = &transport->reply;
    size_t len = size * count;

    reply->received = true;
    if (len >= 5 && memcmp(line, "HTTP/", 5) == 0)
        forget_headers(reply); /* what came before belongs to a 100 Continue or the like */
    keep_request_id(line, len, reply);
    keep_header(line, len, "Lambda-Runtime-Invocation-Id", reply->invocation_id, sizeof reply->invocation_id);
    keep_header(line, len, "Lambda-Runtime-Trace-Id", reply->trace_id, sizeof reply->trace_id);
    keep_header(line, len, "Lambda-Runtime-Deadline-Ms", reply->deadline, sizeof reply->deadline);
    keep_details(line, len, &reply->details);
    return len;
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
    if (reply->too_large)
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

/* http_proxy is meant for the handler's own calls. A libcurl that was built without proxies knows no such options, and
 * needs none. */
static CURLcode set_no_proxy(CURL *curl)
{
    CURLcode code = curl_easy_setopt(curl, CURLOPT_PROXY, "");
    if (code == CURLE_UNKNOWN_OPTION || code == CURLE_NOT_BUILT_IN)
        return CURLE_OK;
    TRY_SET(curl, CURLOPT_NOPROXY, "*");
    return code;
}

static CURLcode set_up(struct ddbs_transport *transport)
{
    CURL *curl = transport->curl;
    CURLcode code = set_no_proxy(curl);
    if (code != CURLE_OK)
        return code;
    TRY_SET(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    TRY_SET(curl, CURLOPT_NOSIGNAL, 1L);
    TRY_SET(curl, CURLOPT_TCP_NODELAY, 1L);
    TRY_SET(curl, CURLOPT_PATH_AS_IS, 1L);
    TRY_SET(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    TRY_SET(curl, CURLOPT_MAXAGE_CONN, CONNECTION_IDLE_MAX_S);
    TRY_SET(curl, CURLOPT_BUFFERSIZE, RECEIVE_BYTES);
    TRY_SET(curl, CURLOPT_USERAGENT, "ddbstream/" DDBS_VERSION);
    TRY_SET(curl, CURLOPT_ERRORBUFFER, transport->curl_error);
    TRY_SET(curl, CURLOPT_PREREQFUNCTION, before_request);
    TRY_SET(curl, CURLOPT_PREREQDATA, transport);
    TRY_SET(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    TRY_SET(curl, CURLOPT_OPENSOCKETDATA, transport);
    TRY_SET(curl, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
    TRY_SET(curl, CURLOPT_CLOSESOCKETDATA, transport);
    TRY_SET(curl, CURLOPT_HEADERFUNCTION, take_header);
    TRY_SET(curl, CURLOPT_HEADERDATA, transport);
    TRY_SET(curl, CURLOPT_WRITEFUNCTION, take_body);
    TRY_SET(curl, CURLOPT_WRITEDATA, transport);
    return CURLE_OK;
}

/* Put a header in front of the list; it is left out where it has no value. */
static struct curl_slist *add_header(struct ddbs_transport *transport, size_t place, struct curl_slist *list,
                                     const char *name, const char *value)
{
    if (value == NULL || value[0] == '\0')
        return list;
    snprintf(transport->headers[place], HEADER_MAX, "%s: %s", name, value);
    transport->nodes[place] = (struct curl_slist){ transport->headers[place], list };
    return &transport->nodes[place];
}

static struct curl_slist *post_headers(struct ddbs_transport *transport, const struct ddbs_post *post)
{
    struct curl_slist *list = add_header(transport, 0, NULL, "Content-Type", "application/json");
    transport->nodes[1] = (struct curl_slist){ transport->headers[1], list };
    snprintf(transport->headers[1], HEADER_MAX, "Expect:");
    list = add_header(transport, 2, &transport->nodes[1], "Lambda-Runtime-Function-Error-Type", post->error_type);
    list = add_header(transport, 3, list, "Lambda-Runtime-Function-XRay-Error-Cause", post->cause);
    return add_header(transport, 4, list, "Lambda-Runtime-Invocation-Id", post->invocation_id);
}

ddbs_status ddbs_transport__new(struct ddbs_transport **out, const char *address, unsigned char *body)
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
    transport->body = body;
    transport->curl = curl_easy_init();
    transport->multi = curl_multi_init();
    transport->socket = CURL_SOCKET_BAD;
    /* One idle connection: a spoiled one goes when another has taken its place. */
    if (transport->curl == NULL || transport->multi == NULL || set_up(transport) != CURLE_OK ||
        curl_multi_setopt(transport->multi, CURLMOPT_MAXCONNECTS, 1L) != CURLM_OK) {
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
    curl_multi_cleanup(transport->multi);
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
    TRY_SET(transport->curl, CURLOPT_TIMEOUT_MS, 0L); /* a frozen process must not find its time over when it wakes */
    TRY_SET(transport->curl, CURLOPT_FRESH_CONNECT, 0L);
    return set_url(transport, path);
}

/* Whether something came that nobody asked for: a reply to nothing, or the end of the connection. libcurl would take
 * the one for the reply to what is sent next. */
static bool is_spoiled(const struct ddbs_transport *transport)
{
    struct pollfd fd = { .fd = transport->socket, .events = POLLIN };
    return transport->socket != CURL_SOCKET_BAD && poll(&fd, 1, 0) > 0;
}

static CURLcode prepare_post(struct ddbs_transport *transport, const struct ddbs_post *post)
{
    TRY_SET(transport->curl, CURLOPT_POST, 1L);
    TRY_SET(transport->curl, CURLOPT_POSTFIELDS, post->body.ptr);
    TRY_SET(transport->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)post->body.len);
    TRY_SET(transport->curl, CURLOPT_HTTPHEADER, post_headers(transport, post));
    TRY_SET(transport->curl, CURLOPT_TIMEOUT_MS, post->timeout_ms);
    TRY_SET(transport->curl, CURLOPT_FRESH_CONNECT, (long)is_spoiled(transport));
    return set_url(transport, post->path);
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

/* Whether the request is over, and how. */
static bool is_over(struct ddbs_transport *transport, CURLcode *code)
{
    int ignored;
    const CURLMsg *message;
    do
        message = curl_multi_info_read(transport->multi, &ignored);
    while (message != NULL && message->easy_handle != transport->curl);
    if (message == NULL || message->msg != CURLMSG_DONE)
        return false;
    *code = message->data.result;
    return true;
}

bool ddbs_transport__add(struct ddbs_transport *transport, void *curl)
{
    return curl_multi_add_handle(transport->multi, curl) == CURLM_OK;
}

void ddbs_transport__remove(struct ddbs_transport *transport, void *curl)
{
    curl_multi_remove_handle(transport->multi, curl);
}

/* Drive the request to its end, or until the watch ends it. */
static CURLcode drive(struct ddbs_transport *transport, const struct ddbs_watch *watch)
{
    struct curl_waitfd extra = { .fd = watch == NULL ? -1 : watch->fd, .events = CURL_WAIT_POLLIN };
    CURLcode code = CURLE_OK;
    int running;
    transport->reply.disturbed = watch != NULL && watch->is_disturbed(watch->self);
    if (transport->reply.disturbed)
        return CURLE_ABORTED_BY_CALLBACK;
    for (;;) {
        if (curl_multi_perform(transport->multi, &running) != CURLM_OK)
            return CURLE_OUT_OF_MEMORY;
        if (is_over(transport, &code))
            return code;
        extra.revents = 0;
        if (curl_multi_poll(transport->multi, &extra, watch != NULL, POLL_MS, NULL) != CURLM_OK)
            return CURLE_OUT_OF_MEMORY;
        transport->reply.disturbed = extra.revents != 0 && watch->is_disturbed(watch->self);
        if (transport->reply.disturbed)
            return CURLE_ABORTED_BY_CALLBACK;
    }
}

/* A request that libcurl would not even take (no memory) was not sent. */
static const struct ddbs_reply *perform(struct ddbs_transport *transport, CURLcode prepared,
                                        const struct ddbs_watch *watch)
{
    if (prepared == CURLE_OK && curl_multi_add_handle(transport->multi, transport->curl) == CURLM_OK) {
        note_end(transport, drive(transport, watch));
        curl_multi_remove_handle(transport->multi, transport->curl);
        return &transport->reply;
    }
    snprintf(transport->reply.why, sizeof transport->reply.why, "%s",
             curl_easy_strerror(prepared == CURLE_OK ? CURLE_OUT_OF_MEMORY : prepared));
    return &transport->reply;
}

const struct ddbs_reply *ddbs_transport__get(struct ddbs_transport *transport, const char *path,
                                             const struct ddbs_watch *watch)
{
    begin(transport);
    return perform(transport, prepare_get(transport, path), watch);
}

const struct ddbs_reply *ddbs_transport__post(struct ddbs_transport *transport, const struct ddbs_post *post)
{
    CURLcode prepared = prepare_post(transport, post);
    begin(transport);
    return perform(transport, prepared, NULL);
}
