/* function_limit.c: see function_inner.h.
 *
 * A fault of the process strikes by signals alone: the handler is never changed. Where it strikes while the handler
 * works, the random number says when: some microseconds after the event was handed out, to hit a fast handler between
 * two records, or at its first line of output, or some milliseconds later. An answer that comes before that is thrown
 * away, so that the same seed always gives the same end. */
#include "function_inner.h"

#include "clock.h"
#include "family.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>

enum {
    STRIKE_WITHIN_MS = 16,
    STRIKE_FIRST_NS = 16384,
    STRIKE_DOUBLINGS = 7,
    STRIKE_PAUSE_MS = 1,
    SAMPLE_MS = 20,
    MEGABYTE = 1024 * 1024
};

static int64_t now_ms(void)
{
    return clock_ms(CLOCK_MONOTONIC);
}

/* ---- Memory ------------------------------------------------------------------------------------------------------ */

/* "MemorySize" bounds the whole environment; Lambda kills what runs there and reports the exit of the runtime. */
static bool exceeds_memory(struct function *function, struct function_answer *answer)
{
    if (function->config.memory_mb == 0 || !process_runs(&function->process) ||
        now_ms() - function->sampled_ms < SAMPLE_MS)
        return false;
    function->sampled_ms = now_ms();
    int64_t used = family_resident(function->process.pid);
    if (used <= (int64_t)function->config.memory_mb * MEGABYTE)
        return false;
    answer->used_mb = (int)(used / MEGABYTE);
    snprintf(answer->error_type, sizeof answer->error_type, "Runtime.ExitError");
    function_finish_killed(function, answer, FUNCTION_OUT_OF_MEMORY, 0);
    return true;
}

/* ---- Faults ------------------------------------------------------------------------------------------------------ */

static bool kill_now(struct function *function, struct function_answer *answer, enum function_end end, int limit_ms)
{
    function->fault.struck = true;
    function_finish_killed(function, answer, end, limit_ms);
    return true;
}

/* At most some milliseconds. */
static void pause_for(long nanoseconds)
{
    struct timespec pause = { .tv_nsec = nanoseconds };
    nanosleep(&pause, NULL);
}

/* Whether the moment within the handler's work has come. */
static bool is_moment(struct function *function)
{
    struct function_fault *fault = &function->fault;
    bool answered = runtime_api_answer(function->api)->end != RUNTIME_API_NONE;
    if (!answered && !runtime_api_holds(function->api))
        return false;
    if (fault->strike_ms == 0) {
        bool early = (fault->draw & 1) != 0;
        fault->strike_ms = now_ms() + (early ? 0 : (int64_t)(fault->draw >> 1) % STRIKE_WITHIN_MS);
        function->spoke = false;
        if (early && !answered)
            pause_for((STRIKE_FIRST_NS << (fault->draw >> 1) % STRIKE_DOUBLINGS) + (long)(fault->draw >> 44));
    }
    return answered || function->spoke || now_ms() >= fault->strike_ms;
}

/* It stands still from here on; the deadline ends it like any that hangs, at once where nobody wants to wait. */
static bool hang(struct function *function, struct function_answer *answer)
{
    bool answered = runtime_api_answer(function->api)->end != RUNTIME_API_NONE;
    if (function->fault.at_once || answered)
        return kill_now(function, answer, FUNCTION_TIMED_OUT, function->config.timeout_ms);
    family_signal(function->process.pid, SIGSTOP);
    function->fault.struck = true;
    return false;
}

static bool strikes(struct function *function, struct function_answer *answer)
{
    struct function_fault *fault = &function->fault;
    if (fault->struck || !process_runs(&function->process))
        return false;
    switch (fault->kind) {
    case FAULT_CRASH_BEFORE:
        return runtime_api_struck(function->api) && kill_now(function, answer, FUNCTION_CRASHED, 0);
    case FAULT_CRASH_IN:
        return is_moment(function) && kill_now(function, answer, FUNCTION_CRASHED, 0);
    case FAULT_CRASH_AFTER:
        return runtime_api_answer(function->api)->end != RUNTIME_API_NONE && runtime_api_initialized(function->api) &&
               kill_now(function, answer, FUNCTION_CRASHED, 0);
    case FAULT_TIMEOUT:
        return is_moment(function) && hang(function, answer);
    default:
        return false; /* made by the Runtime API, or not by a function at all */
    }
}

bool function_limit(struct function *function, struct function_answer *answer)
{
    return strikes(function, answer) || exceeds_memory(function, answer);
}

int function_limit_pause(const struct function *function)
{
    bool waits = function->fault.kind == FAULT_CRASH_IN || function->fault.kind == FAULT_TIMEOUT;
    if (waits && !function->fault.struck && runtime_api_holds(function->api))
        return STRIKE_PAUSE_MS;
    return function->config.memory_mb != 0 ? SAMPLE_MS : INT_MAX;
}

void function_arm(struct function *function, enum fault_kind kind, uint64_t draw, bool at_once)
{
    function->fault = (struct function_fault){ .kind = kind, .draw = draw, .at_once = at_once };
    runtime_api_arm(function->api, kind, draw);
}

/* ---- Freezing ---------------------------------------------------------------------------------------------------- */

bool function_freeze(struct function *function)
{
    if (!process_runs(&function->process))
        return false;
    family_signal(function->process.pid, SIGSTOP);
    function->frozen = true;
    return true;
}

void function_thaw(struct function *function)
{
    if (function->frozen && process_runs(&function->process))
        family_signal(function->process.pid, SIGCONT);
    function->frozen = false;
}
