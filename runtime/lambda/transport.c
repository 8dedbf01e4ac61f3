/* transport.c: see transport.h. It writes requests, and keeps what matters of the responses. */
#include "runtime/lambda/transport.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define API_VERSION    "/2018-06-01"
#define PATH_MAX_BYTES 512
#define HEADERS_MAX    1024

/* A body over the limit is read to its end, so that the other side is not cut off, but not for ever. */
#define DRAIN_BYTES_MAX (16 * DDBS_EVENT_BYTES_MAX)

struct ddbs_transport {
    struct ddbs_connection connection;
    unsigned char *body;
    size_t body_total; /* bytes that came, kept or not */
    struct ddbs_reply reply;
    struct ddbs_exchange exchange;
    char head[DDBS_ADDRESS_MAX * 2 + PATH_MAX_BYTES + DDBS_CAUSE_MAX + HEADERS_MAX]; /* of the request */
    size_t head_len;
};

/* ---- What comes ---- */

static void forget_headers(struct ddbs_reply *reply)
{
    reply->request_id[0] = reply->trace_id[0] = reply->deadline[0] = reply->invocation_id[0] = '\0';
    reply->contradictory = false;
    reply->details.function_arn[0] = reply->details.client_context[0] = '\0';
    reply->details.cognito_identity[0] = reply->details.tenant_id[0] = '\0';
}

/* Copy the value; one that has no room counts as absent. */
static void keep(const char *value, size_t len, char *out, size_t size)
{
    if (len >= size)
        len = 0;
    memcpy(out, value, len);
    out[len] = '\0';
}

/* Of two ids that differ nobody knows which one to answer. */
static void keep_request_id(const char *value, size_t len, struct ddbs_reply *reply)
{
    char before[sizeof reply->request_id];
    memcpy(before, reply->request_id, sizeof before);
    keep(value, len, reply->request_id, sizeof reply->request_id);
    reply->contradictory = reply->contradictory || (before[0] != '\0' && strcmp(before, reply->request_id) != 0);
}

static void take_begin(void *self)
{
    struct ddbs_transport *transport = self;
    forget_headers(&transport->reply);
}

static const char prefix[] = "Lambda-Runtime-";
enum { PREFIX_LEN = sizeof prefix - 1 };

static void take_header(void *self, const char *name, size_t name_len, const char *value, size_t len)
{
    struct ddbs_transport *transport = self;
    struct ddbs_reply *reply = &transport->reply;
    struct ddbs_details *details = &reply->details;
    const struct {
        const char *name;
        char *out;
        size_t size;
    } wanted[] = {
        { "Deadline-Ms", reply->deadline, sizeof reply->deadline },
        { "Trace-Id", reply->trace_id, sizeof reply->trace_id },
        { "Invoked-Function-Arn", details->function_arn, sizeof details->function_arn },
        { "Invocation-Id", reply->invocation_id, sizeof reply->invocation_id },
        { "Client-Context", details->client_context, sizeof details->client_context },
        { "Cognito-Identity", details->cognito_identity, sizeof details->cognito_identity },
        { "Aws-Tenant-Id", details->tenant_id, sizeof details->tenant_id },
    };
    if (name_len <= PREFIX_LEN || strncasecmp(name, prefix, PREFIX_LEN) != 0)
        return;
    name += PREFIX_LEN;
    name_len -= PREFIX_LEN;
    if (name_len == strlen("Aws-Request-Id") && strncasecmp(name, "Aws-Request-Id", name_len) == 0)
        keep_request_id(value, len, reply);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        if (strlen(wanted[i].name) == name_len && strncasecmp(name, wanted[i].name, name_len) == 0)
            keep(value, len, wanted[i].out, wanted[i].size);
    }
}

/* A body that comes alone lands where it belongs. */
static char *place_body(void *self, size_t *size)
{
    struct ddbs_transport *transport = self;
    if (transport->body_total >= DDBS_EVENT_BYTES_MAX)
        return NULL;
    if (*size > DDBS_EVENT_BYTES_MAX - transport->body_total)
        *size = DDBS_EVENT_BYTES_MAX - transport->body_total;
    return (char *)transport->body + transport->body_total;
}

static bool take_body(void *self, const char *bytes, size_t len)
{
    struct ddbs_transport *transport = self;
    struct ddbs_reply *reply = &transport->reply;
    char *at = (char *)transport->body + reply->body.len;

    transport->body_total += len;
    if (transport->body_total > DRAIN_BYTES_MAX)
        return false;
    reply->too_large = transport->body_total > DDBS_EVENT_BYTES_MAX;
    if (reply->too_large)
        return true;
    if (bytes != at)
        memcpy(at, bytes, len);
    reply->body = (ddbs_bytes){ transport->body, transport->body_total };
    return true;
}

/* ---- What goes out ---- */

ddbs_status ddbs_transport__new(struct ddbs_transport **out, const char *address, unsigned char *body)
{
    struct ddbs_transport *transport;
    if (strlen(address) >= DDBS_ADDRESS_MAX)
        return DDBS_E_LIMIT;
    transport = malloc(sizeof *transport); /* large, mostly room: clearing it would take all its pages at once */
    if (transport == NULL)
        return DDBS_E_MEMORY;
    transport->reply.status = 0;
    transport->reply.whole = false;
    ddbs_connection__init(&transport->connection, address);
    transport->body = body;
    *out = transport;
    return DDBS_OK;
}

void ddbs_transport__free(struct ddbs_transport *transport)
{
    if (transport == NULL)
        return;
    ddbs_connection__close(&transport->connection);
    free(transport);
}

static void put(struct ddbs_transport *transport, const char *text, size_t len)
{
    size_t room = sizeof transport->head - transport->head_len;
    len = len < room ? len : room;
    memcpy(transport->head + transport->head_len, text, len);
    transport->head_len += len;
}

static void put_text(struct ddbs_transport *transport, const char *text)
{
    put(transport, text, strlen(text));
}

/* A header is left out where it has no value. */
static void put_header(struct ddbs_transport *transport, const char *name, const char *value)
{
    if (value == NULL || value[0] == '\0')
        return;
    put_text(transport, name);
    put_text(transport, ": ");
    put_text(transport, value);
    put_text(transport, "\r\n");
}

static void begin_head(struct ddbs_transport *transport, const char *method, const char *path)
{
    const struct ddbs_connection *connection = &transport->connection;
    transport->head_len = 0;
    put_text(transport, method);
    put_text(transport, connection->address + connection->authority_len);
    put_text(transport, API_VERSION);
    put_text(transport, path);
    put_text(transport, " HTTP/1.1\r\nHost: ");
    put(transport, connection->address, connection->authority_len);
    put_text(transport, "\r\nUser-Agent: ddbstream/" DDBS_VERSION "\r\nAccept: */*\r\n");
}

/* The head is written; what came of it becomes the reply. */
static const struct ddbs_reply *perform(struct ddbs_transport *transport, ddbs_str body, long timeout_ms,
                                        const struct ddbs_watch *watch)
{
    struct ddbs_reply *reply = &transport->reply;
    struct ddbs_exchange *exchange = &transport->exchange;
    put_text(transport, "\r\n");
    exchange->head = (ddbs_str){ transport->head, transport->head_len };
    exchange->body = body;
    exchange->timeout_ms = timeout_ms;
    exchange->watch = watch;
    exchange->sink = (struct ddbs_http_sink){ take_begin, take_header, take_body, transport };
    exchange->place = place_body;
    transport->body_total = 0;
    reply->body = (ddbs_bytes){ NULL, 0 };
    reply->too_large = false;
    forget_headers(reply);
    ddbs_connection__exchange(&transport->connection, exchange);
    reply->status = exchange->reply.status;
    reply->sent = exchange->sent;
    reply->received = exchange->reply.received;
    reply->whole = exchange->whole;
    reply->disturbed = exchange->disturbed;
    memcpy(reply->why, exchange->why, sizeof reply->why);
    return reply;
}

const struct ddbs_reply *ddbs_transport__get(struct ddbs_transport *transport, const char *path,
                                             const struct ddbs_watch *watch)
{
    transport->reply.disturbed = watch != NULL && watch->is_disturbed(watch->self);
    if (transport->reply.disturbed)
        return &transport->reply;
    begin_head(transport, "GET ", path);
    return perform(transport, (ddbs_str){ NULL, 0 }, 0, watch);
}

const struct ddbs_reply *ddbs_transport__post(struct ddbs_transport *transport, const struct ddbs_post *post)
{
    char length[32];
    snprintf(length, sizeof length, "%zu", post->body.len);
    begin_head(transport, "POST ", post->path);
    put_header(transport, "Content-Type", "application/json");
    put_header(transport, "Content-Length", length);
    put_header(transport, "Lambda-Runtime-Function-Error-Type", post->error_type);
    put_header(transport, "Lambda-Runtime-Function-XRay-Error-Cause", post->cause);
    put_header(transport, "Lambda-Runtime-Invocation-Id", post->invocation_id);
    return perform(transport, post->body, post->timeout_ms, NULL);
}
