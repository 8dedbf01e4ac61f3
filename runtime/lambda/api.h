/* api.h: the Runtime API as a conversation: take an event, answer it once. What to do about every failure of the other
 * side is decided and logged here; the caller only learns whether to go on. */
#ifndef LAMBDA_API_H
#define LAMBDA_API_H
#include "runtime/lambda/deadline.h"
#include "runtime/lambda/transport.h"
#include <ddbstream/consumer.h>

/* Whether the process can go on. DDBS_API_EXIT: it has been logged why not; Lambda then restarts the environment. */
enum ddbs_api_result {
    DDBS_API_GO_ON,
    DDBS_API_EXIT,
    DDBS_API_DISTURBED /* ddbs_api__next only: the watch ended the waiting, no event was taken */
};

struct ddbs_api {
    struct ddbs_transport *transport;
    bool deadline_fault_logged; /* a clock that is wrong is wrong in every invocation: said once */
};

/* An invocation that was taken. */
struct ddbs_invocation {
    char request_id[DDBS_REQUEST_ID_MAX + 1];
    char trace_id[DDBS_TRACE_ID_MAX + 1];        /* "": none */
    char invocation_id[DDBS_INVOCATION_MAX + 1]; /* to be sent back; "": none came */
    struct ddbs_details details;
    struct ddbs_deadline deadline;
    ddbs_bytes event;   /* until the answer is posted */
    ddbs_error refusal; /* unless DDBS_OK: the event did not arrive whole and must be refused */
};

/* Begin a conversation with the endpoint at `address`; events go to `body`. Statuses as of ddbs_transport__new. */
ddbs_status ddbs_api__open(struct ddbs_api *api, const char *address, unsigned char *body) DDBS_MUST_CHECK;
void ddbs_api__close(struct ddbs_api *api);

/* Wait for the next event. `*out` is written on DDBS_API_GO_ON only. `watch`: NULL, or what may end the waiting. */
enum ddbs_api_result ddbs_api__next(struct ddbs_api *api, const struct ddbs_watch *watch,
                                    struct ddbs_invocation *out) DDBS_MUST_CHECK;

/* Answer an invocation: the only way to an acknowledgement. Must be called exactly once for each. */
enum ddbs_api_result ddbs_api__answer(struct ddbs_api *api, const struct ddbs_invocation *invocation,
                                      const ddbs_answer *answer) DDBS_MUST_CHECK;

/* Report that the initialization failed; legal before the first ddbs_api__next only. The process exits afterwards
 * whatever comes of it. */
void ddbs_api__init_error(struct ddbs_api *api, ddbs_str body, const char *error_type);
#endif
