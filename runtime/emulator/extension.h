/* extension.h: the Extensions API, as far as an internal extension (a thread of the runtime) uses it: a runtime that
 * registers one gets SIGTERM before it is killed. */
#ifndef EMULATOR_EXTENSION_H
#define EMULATOR_EXTENSION_H
#include "http.h"
#include "id.h"
#include "text.h"

#include <stdint.h>

enum { EXTENSIONS_MAX = 10, EXTENSION_NAME_MAX = 128 };

struct extension {
    char name[EXTENSION_NAME_MAX + 1];
    char id[ID_UUID_SIZE];
    bool wants_invoke;
    bool due;                     /* it has not seen the current invocation yet */
    struct http_request *waiting; /* its event/next, or NULL */
};

/* Zeroed: none. */
struct extensions {
    struct extension list[EXTENSIONS_MAX];
    size_t count;
    struct text event; /* the INVOKE event of the current invocation */
};

/* POST /2020-01-01/extension/register. `open`: initialization is not over. `again`: a name may register again. */
void extension_register(struct extensions *extensions, struct http_request *request, const char *function_name,
                        bool open, bool again);

/* GET /2020-01-01/extension/event/next. */
void extension_next(struct extensions *extensions, struct http_request *request);

/* An invocation begins: tell those that asked for it. */
void extension_invoke(struct extensions *extensions, const char *request_id, const char *function_arn,
                      const char *trace_id, int64_t deadline_ms);

/* A waiting request is gone. */
void extension_forget(struct extensions *extensions, const struct http_request *request);

/* Forget all of them. */
void extension_reset(struct extensions *extensions);
#endif
