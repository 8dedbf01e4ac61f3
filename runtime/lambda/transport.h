/* transport.h: one HTTP request at a time to the Runtime API, over one connection that is kept open. It has no policy:
 * it says what happened to a request, api.c decides what that means. */
#ifndef LAMBDA_TRANSPORT_H
#define LAMBDA_TRANSPORT_H
#include "runtime/lambda/connection.h"
#include "runtime/lambda/details.h"

/* Most characters of the header values that are kept, without the NUL. What is longer counts as absent. */
#define DDBS_REQUEST_ID_MAX 128
#define DDBS_TRACE_ID_MAX   1024
#define DDBS_DEADLINE_MAX   32
#define DDBS_INVOCATION_MAX 128
#define DDBS_CAUSE_MAX      8192

/* What became of a request. All of it is valid until the next request. */
struct ddbs_reply {
    long status;    /* of the response, even where its body did not come whole; 0: there was none */
    bool sent;      /* the other side may have seen bytes of the request */
    bool received;  /* a status line came, or bytes that are no HTTP */
    bool whole;     /* the response came to its end */
    bool too_large; /* the body is over DDBS_EVENT_BYTES_MAX: it was read and dropped */
    bool disturbed; /* the watch ended it */
    char request_id[DDBS_REQUEST_ID_MAX + 1]; /* headers: "" where absent or empty */
    char trace_id[DDBS_TRACE_ID_MAX + 1];
    char deadline[DDBS_DEADLINE_MAX + 1];
    char invocation_id[DDBS_INVOCATION_MAX + 1];
    struct ddbs_details details;
    bool contradictory;                /* two request ids that differ */
    char why[DDBS_CONNECTION_WHY_MAX]; /* what went wrong, unless `whole` */
    ddbs_bytes body;
};

struct ddbs_transport;

/**
 * Prepare requests to http://ADDRESS/2018-06-01. Nothing is sent. The caller frees it with ddbs_transport__free().
 * @param address  as in AWS_LAMBDA_RUNTIME_API, outlives the transport, used as it is: a bracketed IPv6 address and a
 *                 path are fine
 * @param body     where bodies go: DDBS_EVENT_BYTES_MAX bytes that outlive the transport
 * @return DDBS_OK, DDBS_E_MEMORY, or DDBS_E_LIMIT for an address that is too long
 */
ddbs_status ddbs_transport__new(struct ddbs_transport **out, const char *address, unsigned char *body) DDBS_MUST_CHECK;
void ddbs_transport__free(struct ddbs_transport *transport);

/* GET `path` (which follows the base), waiting without limit for the response. Never fails: the reply says it.
 * @param watch  NULL, or what may end the waiting: the reply then has no status and is `disturbed` */
const struct ddbs_reply *ddbs_transport__get(struct ddbs_transport *transport, const char *path,
                                             const struct ddbs_watch *watch);

/* A JSON body to post, and headers; NULL or "": without it. */
struct ddbs_post {
    const char *path;
    ddbs_str body;
    const char *error_type;    /* Lambda-Runtime-Function-Error-Type */
    const char *cause;         /* Lambda-Runtime-Function-XRay-Error-Cause */
    const char *invocation_id; /* Lambda-Runtime-Invocation-Id, as it came */
    long timeout_ms;           /* 0: none */
};

/* Post it, at most once: it is not repeated behind the caller's back. */
const struct ddbs_reply *ddbs_transport__post(struct ddbs_transport *transport, const struct ddbs_post *post);
#endif
