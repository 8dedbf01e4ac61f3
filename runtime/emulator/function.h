/* function.h: one function under test: a Runtime API endpoint on loopback and, unless somebody else starts it, the
 * bootstrap process behind it. An invocation blocks until it is answered, or its process has died, or its time is up;
 * then the process is killed and the next invocation gets a new one, as in Lambda. */
#ifndef EMULATOR_FUNCTION_H
#define EMULATOR_FUNCTION_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/mapping/fault_spec.h"

struct function;
struct http_request;

/* What is pointed to must live as long as the function. */
struct function_config {
    const char *bootstrap;       /* program to run; NULL: a runtime will connect by itself */
    char *const *bootstrap_argv; /* its arguments, argv[0] included, and a search on PATH; NULL: none */
    const char *name;            /* AWS_LAMBDA_FUNCTION_NAME, "ddbstream-local" when NULL */
    const char *const *env;      /* more variables, "NAME=value", NULL-terminated; may be NULL */
    int port;                    /* 0: any free one */
    int timeout_ms;              /* the function's timeout, 1 to 900000; 0: 30000 */
    int init_timeout_ms;         /* from start to the first /next; 0: 10000 */
    int memory_mb;               /* its processes are killed when they hold more; 0: no limit */
    /* Every line the process writes to stdout or stderr, without the newline; NULL: passed on to stderr. */
    void (*output)(void *user, const char *line, size_t len);
    /* A request to the endpoint that is not of the Runtime API; NULL: 404. See http.h. */
    void (*request)(void *user, struct http_request *request);
    void *user;
};

enum function_end {
    FUNCTION_RESPONSE,      /* /response was posted; body */
    FUNCTION_ERROR,         /* /error was posted; body, error_type */
    FUNCTION_CRASHED,       /* the process ended before it answered; status says how */
    FUNCTION_TIMED_OUT,     /* no answer before the deadline; the process was killed; limit_ms */
    FUNCTION_INIT_FAILED,   /* no /next: /init/error was posted or the program cannot be run (body, error_type),
                             or the process ended or hung (status) */
    FUNCTION_OUT_OF_MEMORY, /* its processes held more than memory_mb, and were killed; used_mb */
    FUNCTION_THROTTLED,     /* it was not invoked; never said by this file */
    FUNCTION_BROKEN         /* the emulator itself could not go on (errno); nothing is known about the invocation */
};

struct function_answer {
    enum function_end end;
    char *body; /* NUL-terminated; may be NULL; freed by function_answer_free */
    size_t body_len;
    char error_type[128]; /* of /error and /init/error: the header, else errorType of the body; "" */
    int status;           /* of waitpid, for FUNCTION_CRASHED and FUNCTION_INIT_FAILED without a body; errno for
                            FUNCTION_BROKEN */
    int limit_ms;        /* the limit that was passed, for FUNCTION_TIMED_OUT and an initialization that hung; else 0 */
    int used_mb;         /* FUNCTION_OUT_OF_MEMORY: what was seen */
    bool struck;         /* the fault that was armed has happened */
    int64_t duration_ms; /* from handing out the event to the answer */
};

/* Bind the endpoint; the process is started by the first invocation. 0, or -1 with errno. */
int function_open(struct function **out, const struct function_config *config);

/* The port that was bound. */
int function_port(const struct function *function);

/* Hand out one event and wait for its end. `request_id` goes into Lambda-Runtime-Aws-Request-Id. */
void function_invoke(struct function *function, const char *event, size_t len, const char *request_id,
                     struct function_answer *answer);

/* The same without waiting for the end: begin, then step until it says that there is an answer. `event` must live until
 * then. A step waits up to `wait_ms` for something to happen, and also serves requests while nothing is invoked. */
void function_begin(struct function *function, const char *event, size_t len, const char *request_id);
bool function_step(struct function *function, int wait_ms, struct function_answer *answer);

/* Wait up to `wait_ms` until one of several functions has something to do in function_step; also over sooner. */
void function_wait(struct function *const *functions, size_t count, int wait_ms);

/* What happens to the next invocation on purpose, a kind below FAULT_INVOCATION_KINDS, or FAULT_NONE. `draw` is a
 * random number. `at_once`: FAULT_TIMEOUT does not wait for the deadline. An answer tells whether it has happened. */
void function_arm(struct function *function, enum fault_kind kind, uint64_t draw, bool at_once);

/* Stop the processes until the next function_begin, as Lambda does between two invocations. Nothing happens where none
 * runs. Whether one did. */
bool function_freeze(struct function *function);

void function_answer_free(struct function_answer *answer);

/* A sentence about how an invocation ended: "exited with status 3", "was killed by SIGSEGV", "Task timed out after
 * 3.00 seconds". */
void function_describe(const struct function_answer *answer, char *text, size_t size);

/* Stop the process (SIGTERM where it registered an extension, then SIGKILL) and close everything. */
void function_close(struct function *function);
#endif
