/* runtime_api.h: the Runtime API of Lambda for one function: paths, states and error bodies. It is offered an
 * invocation, hands it to whoever asks with /next, and notes what was answered. Starting, killing and timing are the
 * business of others. */
#ifndef EMULATOR_RUNTIME_API_H
#define EMULATOR_RUNTIME_API_H
#include "http.h"
#include "text.h"

#include "runtime/mapping/fault_spec.h"

#include <stdint.h>

#define RUNTIME_API_PAYLOAD_MAX ((size_t)6 * 1024 * 1024 + 100) /* of an event and of an answer */

enum { RUNTIME_API_TYPE_SIZE = 128 };

struct runtime_api;

struct runtime_api_config {
    int port;
    const char *function_name;
    int timeout_ms; /* of the function: for the deadline that is told */
    bool by_hand;   /* nobody restarts the runtime here: a new one may come at any time */
    /* Requests that are not of the Runtime API; NULL: 404. */
    void (*other)(void *user, struct http_request *request);
    void *user;
};

enum runtime_api_end { RUNTIME_API_NONE, RUNTIME_API_RESPONSE, RUNTIME_API_ERROR, RUNTIME_API_INIT_ERROR };

/* What the runtime has answered to the current invocation, or instead of asking for one. */
struct runtime_api_answer {
    enum runtime_api_end end;
    struct text body;
    char error_type[RUNTIME_API_TYPE_SIZE];
    bool truncated; /* an error because the connection ended within the answer: the process may be dying */
    int64_t at_ms;  /* CLOCK_MONOTONIC */
};

/* Returns 0, or -1 with errno. */
int runtime_api_open(struct runtime_api **out, const struct runtime_api_config *config);
void runtime_api_close(struct runtime_api *api);

/* Where to wait for requests. */
struct http_server *runtime_api_server(struct runtime_api *api);

/* The process is a new one: what the old one said or was waiting for does not count any more. */
void runtime_api_restart(struct runtime_api *api);

/* Hand this event to the runtime as soon as it asks. `event` must live until the answer or runtime_api_withdraw. */
void runtime_api_offer(struct runtime_api *api, const char *event, size_t len, const char *request_id);

/* What happens to the next invocation on purpose: FAULT_CRASH_BEFORE keeps the event back, so that the caller can kill
 * who asks for it; FAULT_MALFORMED, _WRONG_IDENTIFIER, _OVERSIZED, _BROKEN_NEXT and _SKEW are made here; other kinds
 * change nothing. `draw` is a random number. Holds until it is called again. */
void runtime_api_arm(struct runtime_api *api, enum fault_kind kind, uint64_t draw);

/* Whether the kind that was armed has happened here; FAULT_CRASH_BEFORE: whether the runtime asks for the event. */
bool runtime_api_struck(const struct runtime_api *api);

/* The invocation is over without an answer: a late one is refused. */
void runtime_api_withdraw(struct runtime_api *api);

/* Whether the runtime has asked for an event since the restart, and whether it holds the current one. */
bool runtime_api_initialized(const struct runtime_api *api);
bool runtime_api_holds(const struct runtime_api *api);

/* When the current invocation was handed out (CLOCK_MONOTONIC). */
int64_t runtime_api_handed_ms(const struct runtime_api *api);

/* Whether an extension is registered, which is what makes Lambda send SIGTERM. */
bool runtime_api_wants_sigterm(const struct runtime_api *api);

/* Valid until the next offer, withdraw or restart. */
struct runtime_api_answer *runtime_api_answer(struct runtime_api *api);
#endif
