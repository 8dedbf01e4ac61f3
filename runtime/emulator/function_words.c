/* function_words.c: how an invocation ended, in words. See function.h. */
#include "function.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

static const char *signal_name(int number)
{
    static const struct {
        int number;
        const char *name;
    } names[] = {
        { SIGABRT, "SIGABRT" }, { SIGALRM, "SIGALRM" }, { SIGBUS, "SIGBUS" },   { SIGFPE, "SIGFPE" },
        { SIGHUP, "SIGHUP" },   { SIGILL, "SIGILL" },   { SIGINT, "SIGINT" },   { SIGKILL, "SIGKILL" },
        { SIGPIPE, "SIGPIPE" }, { SIGQUIT, "SIGQUIT" }, { SIGSEGV, "SIGSEGV" }, { SIGSYS, "SIGSYS" },
        { SIGTERM, "SIGTERM" }, { SIGTRAP, "SIGTRAP" }, { SIGXCPU, "SIGXCPU" }, { SIGXFSZ, "SIGXFSZ" },
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (names[i].number == number)
            return names[i].name;
    }
    return "a signal";
}

static void describe_status(int status, char *text, size_t size)
{
    if (WIFSIGNALED(status))
        snprintf(text, size, "was killed by %s", signal_name(WTERMSIG(status)));
    else
        snprintf(text, size, "exited with status %d", WIFEXITED(status) ? WEXITSTATUS(status) : status);
}

static void describe_init(const struct function_answer *answer, char *text, size_t size)
{
    char how[64];
    describe_status(answer->status, how, sizeof how);
    if (answer->limit_ms != 0)
        snprintf(text, size, "did not ask for an event within %d ms", answer->limit_ms);
    else if (strcmp(answer->error_type, "Runtime.InvalidEntrypoint") == 0)
        snprintf(text, size, "cannot be run");
    else if (answer->body != NULL)
        snprintf(text, size, "reported an initialization error%s%s", answer->error_type[0] == '\0' ? "" : ", ",
                 answer->error_type);
    else
        snprintf(text, size, "%s during initialization", how);
}

void function_describe(const struct function_answer *answer, char *text, size_t size)
{
    switch (answer->end) {
    case FUNCTION_RESPONSE:
        snprintf(text, size, "answered");
        break;
    case FUNCTION_ERROR:
        snprintf(text, size, "reported an error%s%s", answer->error_type[0] == '\0' ? "" : ", ", answer->error_type);
        break;
    case FUNCTION_CRASHED:
        describe_status(answer->status, text, size);
        break;
    case FUNCTION_TIMED_OUT:
        snprintf(text, size, "Task timed out after %d.%02d seconds", answer->limit_ms / 1000,
                 answer->limit_ms % 1000 / 10);
        break;
    case FUNCTION_OUT_OF_MEMORY:
        snprintf(text, size, "Runtime.ExitError: Runtime exited with error: signal: killed (%d MB of memory used)",
                 answer->used_mb);
        break;
    case FUNCTION_THROTTLED:
        snprintf(text, size, "throttled: Rate Exceeded.");
        break;
    case FUNCTION_INIT_FAILED:
        describe_init(answer, text, size);
        break;
    case FUNCTION_BROKEN:
        snprintf(text, size, "the emulator could not go on: %s", strerror(answer->status));
        break;
    }
}
