/* api.c: see api.h.
 *
 * An answer is decided once. It may be posted again with the same bytes where the connection broke, never with others:
 * the first copy may have arrived, and an error after a success, or the other way round, would be a second answer. */
#include "runtime/lambda/api.h"
#include "lib/error.h"
#include "runtime/lambda/failure.h"
#include "runtime/lambda/log.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define TRIES_MAX        5 /* of taking an event */
#define RETRIES_MAX      3 /* of an answer that was certainly not seen */
#define PAUSE_FIRST_MS   10
#define PAUSE_MAX_MS     1000
#define INIT_ERROR_MS    1000L /* the process ends afterwards in any case */
#define DETAIL_BYTES_MAX 200   /* of what the Runtime API says about an error */

ddbs_status ddbs_api__open(struct ddbs_api *api, const char *address, unsigned char *body)
{
    *api = (struct ddbs_api){ .transport = NULL };
    return ddbs_transport__new(&api->transport, address, body);
}

void ddbs_api__close(struct ddbs_api *api)
{
    ddbs_transport__free(api->transport);
    api->transport = NULL;
}

/* 10 ms, 20 ms, ... 1 s. */
static void pause_before_retry(unsigned tries)
{
    long ms = PAUSE_FIRST_MS;
    struct timespec pause;
    while (--tries > 0 && ms < PAUSE_MAX_MS)
        ms *= 2;
    if (ms > PAUSE_MAX_MS)
        ms = PAUSE_MAX_MS;
    pause = (struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
    nanosleep(&pause, NULL);
}

/* The Runtime API explains a refusal in a short JSON body; it holds nothing of an event. */
static void log_reply(enum ddbs_log_level level, const char *request_id, const char *call,
                      const struct ddbs_reply *reply, const char *consequence)
{
    size_t len = reply->body.len < DETAIL_BYTES_MAX ? reply->body.len : DETAIL_BYTES_MAX;
    if (reply->status < 400)
        len = 0; /* whatever that is, it may be an event */
    if (reply->status == 0)
        ddbs_log__line(level, request_id, NULL, "Runtime API: %s: %s; %s", call, reply->why, consequence);
    else
        ddbs_log__line(level, request_id, NULL, "Runtime API: %s: status %ld%s%.*s; %s", call, reply->status,
                       len > 0 ? ": " : "", (int)len, (const char *)reply->body.ptr, consequence);
}

/* The id becomes a part of the path of the answer: nothing may be in it that would lead to another one. */
static bool is_request_id(const char *text)
{
    static const char legal[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:@=+,";
    size_t len = strlen(text);
    return len > 0 && strspn(text, legal) == len && strcmp(text, ".") != 0 && strcmp(text, "..") != 0;
}

/* An event that did not arrive whole has an id and must be answered, but nothing of it can be used. */
static void judge_arrival(const struct ddbs_reply *reply, ddbs_error *refusal)
{
    ddbs_error_clear(refusal);
    if (reply->too_large)
        ddbs_error__set(refusal, DDBS_E_LIMIT, DDBS_NOWHERE, DDBS_EVENT_BYTES_MAX, "the event is larger than %zu bytes",
                        DDBS_EVENT_BYTES_MAX);
    else if (!reply->whole)
        ddbs_error__set(refusal, DDBS_E_SYNTAX, DDBS_NOWHERE, reply->body.len,
                        "the event was cut off on its way from the Runtime API: %s", reply->why);
}

static void read_deadline(struct ddbs_api *api, const char *text, struct ddbs_invocation *out)
{
    enum ddbs_deadline_fault fault = ddbs_deadline__read(text, &out->deadline);
    if (fault == DDBS_DEADLINE_FINE || api->deadline_fault_logged)
        return;
    api->deadline_fault_logged = true;
    if (fault == DDBS_DEADLINE_ABSENT)
        ddbs_log__line(DDBS_LOG_WARN, out->request_id, NULL,
                       "Runtime API: no deadline came; going on without one (said once)");
    else
        ddbs_log__line(DDBS_LOG_WARN, out->request_id, NULL,
                       "Runtime API: the deadline \"%s\" is not plausible; going on without one (said once)", text);
}

static enum ddbs_api_result accept_event(struct ddbs_api *api, const struct ddbs_reply *reply,
                                         struct ddbs_invocation *out)
{
    if (reply->status != 200) {
        log_reply(DDBS_LOG_FATAL, NULL, "GET next", reply, "exiting");
        return DDBS_API_EXIT;
    }
    if (!is_request_id(reply->request_id) || reply->contradictory) {
        ddbs_log__line(DDBS_LOG_FATAL, NULL, NULL,
                       "Runtime API: GET next: no usable Lambda-Runtime-Aws-Request-Id%s%s; exiting",
                       reply->whole ? "" : ": ", reply->whole ? "" : reply->why);
        return DDBS_API_EXIT;
    }
    memcpy(out->request_id, reply->request_id, sizeof out->request_id);
    memcpy(out->trace_id, reply->trace_id, sizeof out->trace_id);
    memcpy(out->invocation_id, reply->invocation_id, sizeof out->invocation_id);
    out->details = reply->details;
    out->event = reply->body;
    judge_arrival(reply, &out->refusal);
    read_deadline(api, reply->deadline, out);
    return DDBS_API_GO_ON;
}

/* Nothing came: the endpoint is not there yet, or the connection did not outlive a freeze. */
static bool may_ask_again(const struct ddbs_reply *reply)
{
    return !reply->received || reply->status == 204;
}

enum ddbs_api_result ddbs_api__next(struct ddbs_api *api, const struct ddbs_watch *watch, struct ddbs_invocation *out)
{
    for (unsigned tries = 1;; tries++) {
        const struct ddbs_reply *reply = ddbs_transport__get(api->transport, "/runtime/invocation/next", watch);
        if (reply->disturbed)
            return DDBS_API_DISTURBED;
        if (!may_ask_again(reply))
            return accept_event(api, reply, out);
        if (tries == TRIES_MAX) {
            log_reply(DDBS_LOG_FATAL, NULL, "GET next", reply, "no event after several tries, exiting");
            return DDBS_API_EXIT;
        }
        pause_before_retry(tries);
    }
}

/* A status came. After an uncertain first copy a refusal may mean that the first copy was taken, or that it was not. */
static enum ddbs_api_result judge_post(const struct ddbs_invocation *invocation, const struct ddbs_reply *reply,
                                       bool repeated)
{
    if (reply->status >= 200 && reply->status < 300)
        return DDBS_API_GO_ON;
    if (reply->status >= 500) {
        log_reply(DDBS_LOG_FATAL, invocation->request_id, "POST answer", reply, "exiting");
        return DDBS_API_EXIT;
    }
    if (repeated) {
        log_reply(DDBS_LOG_FATAL, invocation->request_id, "POST answer, repeated", reply,
                  "whether the first copy arrived is unknown, exiting");
        return DDBS_API_EXIT;
    }
    log_reply(DDBS_LOG_ERROR, invocation->request_id, "POST answer", reply, "asking for the next event");
    return DDBS_API_GO_ON;
}

/* Post until somebody has said something about it: again at will while nothing was sent, once more after that. */
static enum ddbs_api_result post_answer(struct ddbs_api *api, const struct ddbs_invocation *invocation,
                                        const struct ddbs_post *post)
{
    bool repeated = false;
    for (unsigned tries = 1;; tries++) {
        const struct ddbs_reply *reply = ddbs_transport__post(api->transport, post);
        if (reply->status != 0)
            return judge_post(invocation, reply, repeated);
        if (repeated) {
            log_reply(DDBS_LOG_FATAL, invocation->request_id, "POST answer, repeated", reply,
                      "whether it arrived is unknown, exiting");
            return DDBS_API_EXIT;
        }
        repeated = reply->sent;
        if (!repeated && (tries > RETRIES_MAX || ddbs_deadline__remaining_ms(&invocation->deadline) <= 0)) {
            log_reply(DDBS_LOG_ERROR, invocation->request_id, "POST answer", reply,
                      "not delivered, asking for the next event");
            return DDBS_API_GO_ON;
        }
        pause_before_retry(tries);
    }
}

enum ddbs_api_result ddbs_api__answer(struct ddbs_api *api, const struct ddbs_invocation *invocation,
                                      const ddbs_answer *answer)
{
    char path[DDBS_REQUEST_ID_MAX + 64];
    char cause[DDBS_CAUSE_MAX] = "";
    struct ddbs_post post = {
        .path = path,
        .body = answer->body,
        .error_type = answer->error_type,
        .cause = cause,
        .invocation_id = invocation->invocation_id,
    };
    assert(answer->body.len > 0); /* the API takes nothing at all as a success */
    if (answer->is_error)
        ddbs_failure__cause(answer, cause, sizeof cause);
    snprintf(path, sizeof path, "/runtime/invocation/%s/%s", invocation->request_id,
             answer->is_error ? "error" : "response");
    return post_answer(api, invocation, &post);
}

void ddbs_api__init_error(struct ddbs_api *api, ddbs_str body, const char *error_type)
{
    struct ddbs_post post = {
        .path = "/runtime/init/error", .body = body, .error_type = error_type, .timeout_ms = INIT_ERROR_MS
    };
    const struct ddbs_reply *reply = ddbs_transport__post(api->transport, &post);
    if (reply->status < 200 || reply->status >= 300)
        log_reply(DDBS_LOG_FATAL, NULL, "POST init error", reply, "exiting");
}
