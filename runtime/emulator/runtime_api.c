/* runtime_api.c: see runtime_api.h. Modelled on the runtime interface emulator of AWS, with one difference: an answer
 * that was cut off on its way is an error of the invocation, not an empty success. */
#include "runtime_api.h"

#include "clock.h"
#include "error_body.h"
#include "extension.h"
#include "id.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INVOCATION_PATH "/2018-06-01/runtime/invocation/"
#define ACCEPTED_BODY   "{\"status\":\"OK\"}\n"

enum { REQUEST_ID_SIZE = 128, ARN_SIZE = 256, TRACE_SIZE = 128 };

enum state { STARTED, INIT_ERROR, READY, RUNNING, RESPONSE_SENT };

struct runtime_api {
    struct runtime_api_config config;
    struct http_server *server;
    enum state state;
    struct http_request *waiting; /* the /next that gets the invocation */
    bool offered;                 /* there is an invocation that nobody has taken yet */
    const char *event;
    size_t event_len;
    char offered_id[REQUEST_ID_SIZE];
    char request_id[REQUEST_ID_SIZE]; /* handed out; kept after the answer, so that a second one is a wrong state */
    char arn[ARN_SIZE];
    char trace_id[TRACE_SIZE];
    int64_t deadline_ms; /* CLOCK_REALTIME */
    int64_t handed_ms;
    struct runtime_api_answer answer;
    enum fault_kind fault;
    uint64_t fault_draw;
    bool struck; /* the fault has happened */
    struct extensions extensions;
};

static const char *state_name(enum state state)
{
    static const char *const names[] = { "Started", "InitError", "Ready", "Running", "RuntimeResponseSentState" };
    return names[state];
}

static void refuse_state(struct runtime_api *api, struct http_request *request, const char *to)
{
    char message[160];
    snprintf(message, sizeof message,
             "State transition from %s to %s failed for runtime. Error: State transition is not allowed",
             state_name(api->state), to);
    error_reply(request, 403, "InvalidStateTransition", message);
}

static void accept_post(struct http_request *request)
{
    http_reply(request, 202, ERROR_BODY_JSON, ACCEPTED_BODY, strlen(ACCEPTED_BODY));
}

static void forget_answer(struct runtime_api *api)
{
    text_free(&api->answer.body);
    api->answer = (struct runtime_api_answer){ .end = RUNTIME_API_NONE };
}

/* ---- Faults ------------------------------------------------------------------------------------------------------ */

/* Whether the event stays here although it is asked for. */
static bool keeps_back(struct runtime_api *api)
{
    if (api->fault == FAULT_CRASH_BEFORE)
        return api->struck = true;
    if (api->fault != FAULT_BROKEN_NEXT || api->struck)
        return false;
    api->struck = true;
    http_cut(api->waiting); /* which is forgotten by that */
    return true;
}

/* How far off the deadline is that is told. */
static int64_t skew_ms(struct runtime_api *api)
{
    static const int64_t hour = 3600 * 1000;
    if (api->fault != FAULT_SKEW)
        return 0;
    api->struck = true;
    return (api->fault_draw & 1) != 0 ? hour : -hour;
}

/* What becomes of a response on its way; NULL: nothing. */
static const char *spoilt_response(struct runtime_api *api)
{
    if (api->fault != FAULT_MALFORMED && api->fault != FAULT_WRONG_IDENTIFIER)
        return NULL;
    api->struck = true;
    return api->fault == FAULT_MALFORMED ? "{\"batchItemFailures\":[{\"itemIdentifier\":\""
                                         : "{\"batchItemFailures\":[{\"itemIdentifier\":\"of-another-batch\"}]}";
}

void runtime_api_arm(struct runtime_api *api, enum fault_kind kind, uint64_t draw)
{
    api->fault = kind;
    api->fault_draw = draw;
    api->struck = false;
}

bool runtime_api_struck(const struct runtime_api *api)
{
    return api->struck;
}

/* ---- Handing out ------------------------------------------------------------------------------------------------- */

static void send_event(struct runtime_api *api, struct http_request *request)
{
    char headers[1024];
    snprintf(headers, sizeof headers,
             ERROR_BODY_JSON "Lambda-Runtime-Aws-Request-Id: %s\r\n"
                             "Lambda-Runtime-Deadline-Ms: %" PRId64 "\r\n"
                             "Lambda-Runtime-Invoked-Function-Arn: %s\r\n"
                             "Lambda-Runtime-Trace-Id: %s\r\n",
             api->request_id, api->deadline_ms, api->arn, api->trace_id);
    http_reply(request, 200, headers, api->event, api->event_len);
}

static void make_trace_id(struct runtime_api *api)
{
    char root[24 + 1], parent[16 + 1];
    id_hex(root, 24);
    id_hex(parent, 16);
    snprintf(api->trace_id, sizeof api->trace_id, "Root=1-%08" PRIx64 "-%s;Parent=%s;Sampled=0",
             (uint64_t)clock_ms(CLOCK_REALTIME) / 1000, root, parent);
}

static void hand_out(struct runtime_api *api)
{
    struct http_request *request = api->waiting;
    if (request == NULL || !api->offered || keeps_back(api))
        return;
    api->waiting = NULL;
    api->offered = false;
    api->state = RUNNING;
    memcpy(api->request_id, api->offered_id, sizeof api->request_id);
    api->handed_ms = clock_ms(CLOCK_MONOTONIC);
    api->deadline_ms = clock_ms(CLOCK_REALTIME) + api->config.timeout_ms + skew_ms(api);
    make_trace_id(api);
    send_event(api, request);
    extension_invoke(&api->extensions, api->request_id, api->arn, api->trace_id, api->deadline_ms);
}

static void take_next(struct runtime_api *api, struct http_request *request)
{
    if (api->waiting != NULL || (api->state == INIT_ERROR && !api->config.by_hand)) {
        refuse_state(api, request, "Ready");
    } else if (api->state == RUNNING) {
        send_event(api, request); /* asked again before answering: the same event, as the emulator of AWS does */
    } else {
        if (api->answer.end == RUNTIME_API_INIT_ERROR)
            forget_answer(api); /* of another runtime, started by hand before this one */
        api->state = READY;
        api->waiting = request;
        http_watch(request);
        hand_out(api);
    }
}

/* ---- Answers ----------------------------------------------------------------------------------------------------- */

static void note_answer(struct runtime_api *api, enum runtime_api_end end, const char *type, const char *body,
                        size_t len)
{
    struct runtime_api_answer *answer = &api->answer;
    forget_answer(api);
    answer->end = end;
    answer->at_ms = clock_ms(CLOCK_MONOTONIC);
    error_type_copy(type, answer->error_type, sizeof answer->error_type);
    if (!text_add(&answer->body, body, len)) {
        /* An answer that cannot be kept must not count as a success. */
        answer->end = end == RUNTIME_API_RESPONSE ? RUNTIME_API_ERROR : end;
        error_type_copy("Sandbox.Failure", answer->error_type, sizeof answer->error_type);
    }
}

static void note_response(struct runtime_api *api, const struct http_request *request)
{
    const char *spoilt = spoilt_response(api);
    if (spoilt != NULL)
        note_answer(api, RUNTIME_API_RESPONSE, "", spoilt, strlen(spoilt));
    else
        note_answer(api, RUNTIME_API_RESPONSE, "", request->body, request->body_len);
}

/* An error that the platform makes out of what the runtime posted. */
static void note_platform_error(struct runtime_api *api, const char *type, const char *message)
{
    char *body = error_body(type, message);
    note_answer(api, RUNTIME_API_ERROR, type, body == NULL ? "" : body, body == NULL ? 0 : strlen(body));
    free(body);
}

static void note_posted_error(struct runtime_api *api, enum runtime_api_end end, const struct http_request *request)
{
    char type[RUNTIME_API_TYPE_SIZE];
    const char *header = http_header(request, "Lambda-Runtime-Function-Error-Type");
    if (header == NULL)
        error_type_of(request->body, request->body_len, type, sizeof type);
    else
        error_type_copy(header, type, sizeof type);
    note_answer(api, end, type, request->body, request->body_len);
}

/* What is wrong with the body of an answer ends the invocation, too. Returns whether something is. */
static bool refuse_body(struct runtime_api *api, struct http_request *request, bool is_error)
{
    char message[96];
    if (api->fault == FAULT_OVERSIZED && !is_error)
        api->struck = request->too_large = true;
    if (request->too_large) {
        snprintf(message, sizeof message, "Exceeded maximum allowed payload size (%zu bytes).",
                 RUNTIME_API_PAYLOAD_MAX);
        error_reply(request, 413, "RequestEntityTooLarge", message);
        note_platform_error(api, "Function.ResponseSizeTooLarge", message);
    } else if (request->truncated) {
        error_reply(request, 400, "TruncatedHTTPRequest", "HTTP request detected as truncated");
        note_platform_error(api, "Runtime.TruncatedResponse", "HTTP request detected as truncated");
        api->answer.truncated = true;
    } else {
        return false;
    }
    api->state = RESPONSE_SENT;
    return true;
}

static bool is_legal_mode(const struct http_request *request)
{
    const char *mode = http_header(request, "Lambda-Runtime-Function-Response-Mode");
    return mode == NULL || strcmp(mode, "streaming") == 0;
}

static void take_answer(struct runtime_api *api, struct http_request *request, bool is_error)
{
    if (api->state != RUNNING) {
        refuse_state(api, request, is_error ? "InvocationErrorResponse" : "InvocationResponse");
    } else if (!is_error && !is_legal_mode(request)) {
        error_reply(request, 400, "InvalidFunctionResponseMode", "Invalid function response mode");
    } else if (!refuse_body(api, request, is_error)) {
        api->state = RESPONSE_SENT;
        if (is_error)
            note_posted_error(api, RUNTIME_API_ERROR, request);
        else
            note_response(api, request);
        accept_post(request);
    }
}

static void take_init_error(struct runtime_api *api, struct http_request *request)
{
    if (api->state != STARTED && !(api->config.by_hand && api->state != RUNNING)) {
        refuse_state(api, request, "InitError");
    } else if (request->truncated) {
        error_reply(request, 400, "TruncatedHTTPRequest", "HTTP request detected as truncated");
    } else {
        api->state = INIT_ERROR;
        note_posted_error(api, RUNTIME_API_INIT_ERROR, request);
        accept_post(request);
    }
}

/* ---- Paths ------------------------------------------------------------------------------------------------------- */

static void take_ping(struct runtime_api *api, struct http_request *request)
{
    (void)api;
    http_reply(request, 200, "Content-Type: text/plain\r\n", "pong", 4);
}

static void take_register(struct runtime_api *api, struct http_request *request)
{
    bool open = api->state == STARTED || api->config.by_hand;
    extension_register(&api->extensions, request, api->config.function_name, open, api->config.by_hand);
}

static void take_event_next(struct runtime_api *api, struct http_request *request)
{
    extension_next(&api->extensions, request);
}

struct route {
    const char *method;
    const char *path;
    void (*take)(struct runtime_api *api, struct http_request *request);
};

static const struct route routes[] = {
    { "GET", "/ping", take_ping },
    { "GET", INVOCATION_PATH "next", take_next },
    { "POST", "/2018-06-01/runtime/init/error", take_init_error },
    { "POST", "/2020-01-01/extension/register", take_register },
    { "GET", "/2020-01-01/extension/event/next", take_event_next },
};

static bool is_method(struct http_request *request, const char *method)
{
    if (strcmp(request->method, method) == 0)
        return true;
    http_reply(request, 405, "", "", 0);
    return false;
}

/* /2018-06-01/runtime/invocation/{id}/response and /error. Returns whether the path is one of them. */
static bool route_answer(struct runtime_api *api, struct http_request *request)
{
    const char *id = request->path + strlen(INVOCATION_PATH), *call;
    if (strncmp(request->path, INVOCATION_PATH, strlen(INVOCATION_PATH)) != 0)
        return false;
    call = strchr(id, '/');
    if (call == NULL || (strcmp(call, "/response") != 0 && strcmp(call, "/error") != 0))
        return false;
    http_join_group(request);
    if (!is_method(request, "POST"))
        return true;
    if (api->request_id[0] == '\0' || strlen(api->request_id) != (size_t)(call - id) ||
        memcmp(api->request_id, id, (size_t)(call - id)) != 0)
        error_reply(request, 400, "InvalidRequestID", "Invalid request ID");
    else
        take_answer(api, request, strcmp(call, "/error") == 0);
    return true;
}

static void take_request(void *user, struct http_request *request)
{
    static const char not_found[] = "404 page not found\n";
    struct runtime_api *api = user;
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        if (strcmp(request->path, routes[i].path) != 0)
            continue;
        http_join_group(request);
        if (is_method(request, routes[i].method))
            routes[i].take(api, request);
        return;
    }
    if (route_answer(api, request))
        return;
    if (api->config.other != NULL)
        api->config.other(api->config.user, request);
    else
        http_reply(request, 404, "Content-Type: text/plain\r\n", not_found, sizeof not_found - 1);
}

static void take_close(void *user, struct http_request *request)
{
    struct runtime_api *api = user;
    if (api->waiting == request)
        api->waiting = NULL;
    extension_forget(&api->extensions, request);
}

/* ---- For the caller ---------------------------------------------------------------------------------------------- */

int runtime_api_open(struct runtime_api **out, const struct runtime_api_config *config)
{
    struct runtime_api *api = calloc(1, sizeof *api);
    struct http_config http = { .port = config->port,
                                .body_max = RUNTIME_API_PAYLOAD_MAX,
                                .request = take_request,
                                .closed = take_close,
                                .user = api };
    if (api == NULL)
        return -1;
    api->config = *config;
    api->fault = FAULT_NONE;
    snprintf(api->arn, sizeof api->arn, "arn:aws:lambda:eu-west-1:111122223333:function:%s", config->function_name);
    if (http_open(&api->server, &http) != 0) {
        int error = errno;
        free(api);
        errno = error;
        return -1;
    }
    *out = api;
    return 0;
}

void runtime_api_close(struct runtime_api *api)
{
    if (api == NULL)
        return;
    http_close(api->server);
    forget_answer(api);
    extension_reset(&api->extensions);
    free(api);
}

struct http_server *runtime_api_server(struct runtime_api *api)
{
    return api->server;
}

void runtime_api_restart(struct runtime_api *api)
{
    http_drop_group(api->server);
    extension_reset(&api->extensions);
    forget_answer(api);
    api->state = STARTED;
    api->offered = false;
    api->request_id[0] = '\0';
}

void runtime_api_offer(struct runtime_api *api, const char *event, size_t len, const char *request_id)
{
    forget_answer(api);
    api->event = event;
    api->event_len = len;
    api->offered = true;
    snprintf(api->offered_id, sizeof api->offered_id, "%s", request_id);
    hand_out(api);
}

void runtime_api_withdraw(struct runtime_api *api)
{
    api->offered = false;
    if (api->state != RUNNING)
        return;
    api->state = RESPONSE_SENT;
    api->request_id[0] = '\0';
}

bool runtime_api_initialized(const struct runtime_api *api)
{
    return api->state != STARTED && api->state != INIT_ERROR;
}

bool runtime_api_holds(const struct runtime_api *api)
{
    return api->state == RUNNING;
}

int64_t runtime_api_handed_ms(const struct runtime_api *api)
{
    return api->handed_ms;
}

bool runtime_api_wants_sigterm(const struct runtime_api *api)
{
    return api->extensions.count > 0;
}

struct runtime_api_answer *runtime_api_answer(struct runtime_api *api)
{
    return &api->answer;
}
