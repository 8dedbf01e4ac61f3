/* function_inner.h: the state of a function, for the files that it is made of: function.c (when to start, when to kill,
 * what an end means) and function_limit.c (what is enforced or done to it on purpose: memory, faults, freezing). */
#ifndef EMULATOR_FUNCTION_INNER_H
#define EMULATOR_FUNCTION_INNER_H
#include "function.h"
#include "process.h"
#include "runtime_api.h"

enum { FUNCTION_REQUEST_ID_SIZE = 128 };

/* What was armed. */
struct function_fault {
    enum fault_kind kind;
    uint64_t draw;
    bool at_once;
    bool struck;
    int64_t strike_ms; /* FAULT_CRASH_IN, FAULT_TIMEOUT: when, at the latest; 0: the event was not handed out yet */
};

struct function {
    struct function_config config;
    struct runtime_api *api;
    char **env;
    struct process process;
    int64_t started_ms; /* of the process */
    bool frozen;
    bool spoke; /* it wrote something since the event was handed out */
    struct function_fault fault;
    int64_t sampled_ms; /* when its memory was looked at */
    /* The invocation, while `busy`. */
    bool busy;
    bool offered; /* to the process that runs now */
    const char *event;
    size_t event_len;
    char request_id[FUNCTION_REQUEST_ID_SIZE];
    int64_t begun_ms;
};

/* ---- function.c ---- */

/* Kill the processes and end the invocation by that. */
void function_finish_killed(struct function *function, struct function_answer *answer, enum function_end end,
                            int limit_ms);

/* ---- function_limit.c ---- */

/* Let the armed fault happen if its moment has come, and see whether the memory is within its limit. Whether the
 * invocation ended by that. */
bool function_limit(struct function *function, struct function_answer *answer);

/* The longest pause until function_limit should be asked again, in milliseconds; INT_MAX: it has nothing to do. */
int function_limit_pause(const struct function *function);

/* Let the processes run again. */
void function_thaw(struct function *function);
#endif
