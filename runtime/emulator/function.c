/* function.c: see function.h. Puts the Runtime API and the process behind it together: when to start, when to kill, and
 * what an end means for the invocation. */
#include "function_inner.h"

#include "clock.h"
#include "environment.h"
#include "error_body.h"
#include "family.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TIMEOUT_MS = 30000,
    INIT_TIMEOUT_MS = 10000,
    /* A runtime that reported an initialization error is about to exit, and one whose answer was cut off is probably
     * dying: wait so long to know for sure and to see its last lines. */
    DYING_MS = 300,
    SIGTERM_GRACE_MS = 500, /* what Lambda gives a function with an internal extension */
    SETTLE_TURNS = 1000
};

static int64_t now_ms(void)
{
    return clock_ms(CLOCK_MONOTONIC);
}

static void pass_on_line(void *user, const char *line, size_t len)
{
    (void)user;
    fwrite(line, 1, len, stderr);
    fputc('\n', stderr);
}

static void fill_defaults(struct function_config *config)
{
    if (config->name == NULL)
        config->name = "ddbstream-local";
    if (config->timeout_ms == 0)
        config->timeout_ms = TIMEOUT_MS;
    if (config->init_timeout_ms == 0)
        config->init_timeout_ms = INIT_TIMEOUT_MS;
    if (config->output == NULL)
        config->output = pass_on_line;
}

static int open_api(struct function *function)
{
    const struct function_config *config = &function->config;
    struct runtime_api_config api = { .port = config->port,
                                      .function_name = config->name,
                                      .timeout_ms = config->timeout_ms,
                                      .by_hand = config->bootstrap == NULL,
                                      .other = config->request,
                                      .user = config->user };
    return runtime_api_open(&function->api, &api);
}

static int make_env(struct function *function)
{
    struct environment_config config = { .function_name = function->config.name,
                                         .bootstrap = function->config.bootstrap,
                                         .more = function->config.env,
                                         .memory_mb = function->config.memory_mb,
                                         .port = function_port(function) };
    if (config.bootstrap == NULL)
        return 0;
    function->env = environment_new(&config);
    return function->env == NULL ? -1 : 0;
}

int function_open(struct function **out, const struct function_config *config)
{
    struct function *function = calloc(1, sizeof *function);
    if (function == NULL)
        return -1;
    function->config = *config;
    function->fault.kind = FAULT_NONE;
    fill_defaults(&function->config);
    if (open_api(function) != 0 || make_env(function) != 0) {
        int error = errno;
        function_close(function);
        errno = error;
        return -1;
    }
    *out = function;
    return 0;
}

int function_port(const struct function *function)
{
    return http_port(runtime_api_server(function->api));
}

void function_close(struct function *function)
{
    if (function == NULL)
        return;
    function_thaw(function);
    if (function->api != NULL)
        process_stop(&function->process, runtime_api_wants_sigterm(function->api) ? SIGTERM_GRACE_MS : 0);
    runtime_api_close(function->api);
    environment_free(function->env);
    free(function);
}

/* ---- Waiting ----------------------------------------------------------------------------------------------------- */

/* Serve the sockets, then hand out what the process wrote: whatever it wrote before its answer is seen before it. */
static int turn(struct function *function, int wait_ms)
{
    struct pollfd output = { .fd = -1, .events = POLLIN };
    int ready, error;
    if (process_runs(&function->process))
        output.fd = function->process.output;
    ready = http_poll(runtime_api_server(function->api), &output, 1, wait_ms);
    error = errno;
    function->spoke = function->spoke || (output.revents & POLLIN) != 0;
    process_read(&function->process);
    errno = error;
    return ready;
}

/* The process has ended. What it sent before is still in the sockets: take it now, so that it can neither be missed nor
 * be taken for the next process's. */
static void settle(struct function *function)
{
    for (int i = 0; i < SETTLE_TURNS && turn(function, 0) > 0; i++) {
    }
}

/* ---- Ends -------------------------------------------------------------------------------------------------------- */

/* Every end of an invocation goes through here. */
static void finish(struct function *function, struct function_answer *answer, enum function_end end)
{
    bool handed = runtime_api_handed_ms(function->api) >= function->begun_ms;
    answer->end = end;
    answer->struck = function->fault.struck || runtime_api_struck(function->api);
    answer->duration_ms = now_ms() - (handed ? runtime_api_handed_ms(function->api) : function->begun_ms);
    runtime_api_withdraw(function->api);
    function->busy = false;
}

/* The runtime has answered: with `end`, and what it posted. */
static void finish_answered(struct function *function, struct function_answer *answer, enum function_end end)
{
    struct runtime_api_answer *posted = runtime_api_answer(function->api);
    answer->body = posted->body.ptr;
    answer->body_len = posted->body.len;
    posted->body = (struct text){ .ptr = NULL };
    memcpy(answer->error_type, posted->error_type, sizeof answer->error_type);
    process_flush(&function->process); /* nothing of this invocation may show up in the next one */
    finish(function, answer, end);
}

void function_finish_killed(struct function *function, struct function_answer *answer, enum function_end end,
                            int limit_ms)
{
    if (process_runs(&function->process))
        family_signal(function->process.pid, SIGKILL); /* none of them may do anything more */
    answer->limit_ms = limit_ms;
    finish(function, answer, end);
    process_kill(&function->process, &answer->status);
    settle(function);
}

/* The program cannot be run at all: what Lambda calls an invalid entry point. */
static void finish_unstartable(struct function *function, struct function_answer *answer, int error)
{
    static const char type[] = "Runtime.InvalidEntrypoint";
    char message[512];
    snprintf(message, sizeof message, "cannot run %s: %s", function->config.bootstrap, strerror(error));
    answer->body = error_body(type, message);
    answer->body_len = answer->body == NULL ? 0 : strlen(answer->body);
    memcpy(answer->error_type, type, sizeof type);
    finish(function, answer, FUNCTION_INIT_FAILED);
}

static void finish_broken(struct function *function, struct function_answer *answer, int error)
{
    answer->status = error;
    finish(function, answer, FUNCTION_BROKEN);
}

/* ---- Steps ------------------------------------------------------------------------------------------------------- */

static bool is_about_program(int error)
{
    return error == ENOENT || error == EACCES || error == ENOEXEC || error == ENOTDIR || error == EISDIR ||
           error == ELOOP || error == ENAMETOOLONG || error == ETXTBSY || error == EPERM;
}

static int start_process(struct function *function)
{
    char *argv[] = { (char *)function->config.bootstrap, NULL };
    struct process_config config = { .program = function->config.bootstrap,
                                     .argv = function->config.bootstrap_argv,
                                     .search = function->config.bootstrap_argv != NULL, /* a command line */
                                     .env = function->env,
                                     .output = function->config.output,
                                     .user = function->config.user };
    if (config.argv == NULL)
        config.argv = argv;
    runtime_api_restart(function->api);
    function->offered = false;
    function->started_ms = now_ms();
    return process_start(&function->process, &config);
}

/* See to it that a process runs and that the event is on offer. Returns false where the invocation ended by that. */
static bool prepare(struct function *function, struct function_answer *answer)
{
    int status;
    if (!function->offered)
        process_ended(&function->process, &status); /* between two invocations that is no failure */
    if (function->config.bootstrap != NULL && !process_runs(&function->process) && start_process(function) != 0) {
        int error = errno;
        if (is_about_program(error))
            finish_unstartable(function, answer, error);
        else
            finish_broken(function, answer, error);
        return false;
    }
    if (!function->offered)
        runtime_api_offer(function->api, function->event, function->event_len, function->request_id);
    function->offered = true;
    return true;
}

/* The limit that is running, or 0 for none, and since when. */
static int running_limit(const struct function *function, int64_t *since_ms)
{
    if (runtime_api_answer(function->api)->end != RUNTIME_API_NONE)
        return 0;
    if (runtime_api_holds(function->api)) {
        *since_ms = runtime_api_handed_ms(function->api);
        return function->config.timeout_ms;
    }
    if (function->config.bootstrap == NULL)
        return 0; /* the runtime comes when somebody starts it */
    if (!runtime_api_initialized(function->api)) {
        *since_ms = function->started_ms;
        return function->config.init_timeout_ms;
    }
    *since_ms = function->begun_ms;
    return function->config.timeout_ms;
}

/* How long a step may wait. */
static int wait_limit(const struct function *function, int wait_ms)
{
    int64_t since = 0;
    int limit = function->busy ? running_limit(function, &since) : 0;
    int64_t left = since + limit - now_ms();
    if (process_runs(&function->process) && process_pause(&function->process) < wait_ms)
        wait_ms = process_pause(&function->process);
    if (limit != 0 && left < wait_ms)
        wait_ms = left < 0 ? 0 : (int)left;
    int pause = function->busy ? function_limit_pause(function) : INT_MAX;
    return pause < wait_ms ? pause : wait_ms;
}

static enum function_end end_of(const struct runtime_api_answer *posted)
{
    static const enum function_end ends[] = { [RUNTIME_API_RESPONSE] = FUNCTION_RESPONSE,
                                              [RUNTIME_API_ERROR] = FUNCTION_ERROR,
                                              [RUNTIME_API_INIT_ERROR] = FUNCTION_INIT_FAILED };
    return ends[posted->end];
}

/* Judge the invocation after the end of its process. Returns false where it goes on with a new one. */
static bool judge_end(struct function *function, struct function_answer *answer, int status)
{
    const struct runtime_api_answer *posted = runtime_api_answer(function->api);
    if (!runtime_api_holds(function->api))
        runtime_api_withdraw(function->api); /* not to be handed to the dead */
    settle(function);
    if (posted->end != RUNTIME_API_NONE && !posted->truncated) {
        finish_answered(function, answer, end_of(posted));
        return true;
    }
    answer->status = status;
    if (runtime_api_holds(function->api) || posted->truncated)
        finish(function, answer, FUNCTION_CRASHED);
    else if (!runtime_api_initialized(function->api))
        finish(function, answer, FUNCTION_INIT_FAILED);
    else
        answer->status = 0; /* it had ended with the invocation before: the next step starts a new one */
    return !function->busy;
}

static bool judge_limits(struct function *function, struct function_answer *answer)
{
    int64_t since = 0;
    int limit = running_limit(function, &since);
    if (limit == 0 || now_ms() < since + limit)
        return false;
    if (runtime_api_holds(function->api))
        function_finish_killed(function, answer, FUNCTION_TIMED_OUT, limit);
    else if (!runtime_api_initialized(function->api))
        function_finish_killed(function, answer, FUNCTION_INIT_FAILED, limit);
    else
        process_kill(&function->process, NULL); /* hangs since the invocation before: the next step starts a new one */
    return !function->busy;
}

/* Whether what was posted ends the invocation now. */
static bool is_final(const struct function *function, const struct runtime_api_answer *posted)
{
    bool dying = posted->end == RUNTIME_API_INIT_ERROR || posted->truncated;
    if (posted->end == RUNTIME_API_NONE)
        return false;
    if (function->config.bootstrap == NULL)
        return posted->end != RUNTIME_API_INIT_ERROR; /* another runtime may be started by hand */
    return !dying || now_ms() - posted->at_ms >= DYING_MS;
}

static bool judge(struct function *function, struct function_answer *answer)
{
    const struct runtime_api_answer *posted = runtime_api_answer(function->api);
    int status;
    if (function_limit(function, answer))
        return true;
    if (is_final(function, posted)) {
        finish_answered(function, answer, end_of(posted));
        if (answer->end == FUNCTION_INIT_FAILED)
            process_kill(&function->process, NULL);
        return true;
    }
    if (process_ended(&function->process, &status))
        return judge_end(function, answer, status);
    return judge_limits(function, answer);
}

void function_begin(struct function *function, const char *event, size_t len, const char *request_id)
{
    function_thaw(function);
    function->busy = true;
    function->offered = false;
    function->event = event;
    function->event_len = len;
    function->begun_ms = now_ms();
    snprintf(function->request_id, sizeof function->request_id, "%s", request_id);
}

bool function_step(struct function *function, int wait_ms, struct function_answer *answer)
{
    int status;
    *answer = (struct function_answer){ .end = FUNCTION_BROKEN };
    if (function->busy && !prepare(function, answer))
        return true;
    if (turn(function, wait_limit(function, wait_ms)) < 0 && function->busy) {
        finish_broken(function, answer, errno);
        process_kill(&function->process, NULL);
        return true;
    }
    if (function->busy)
        return judge(function, answer);
    process_ended(&function->process, &status); /* the next invocation starts a new one */
    return false;
}

void function_wait(struct function *const *functions, size_t count, int wait_ms)
{
    enum { FDS_MAX = 256 }; /* what is beyond is looked at when the pause of a process is over */
    struct pollfd fds[FDS_MAX];
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        const struct process *process = &functions[i]->process;
        wait_ms = wait_limit(functions[i], wait_ms);
        used += http_fds(runtime_api_server(functions[i]->api), fds + used, FDS_MAX - used);
        if (process_runs(process) && process->output >= 0 && used < FDS_MAX)
            fds[used++] = (struct pollfd){ .fd = process->output, .events = POLLIN };
    }
    poll(fds, (nfds_t)used, wait_ms);
}

void function_invoke(struct function *function, const char *event, size_t len, const char *request_id,
                     struct function_answer *answer)
{
    enum { STEP_MS = 1000 };
    function_begin(function, event, len, request_id);
    while (!function_step(function, STEP_MS, answer)) {
    }
}

void function_answer_free(struct function_answer *answer)
{
    free(answer->body);
    answer->body = NULL;
}
