/* slots.c: shows in the journal which process works on what. The key "id" says what to do: "meet-N" waits until N
 * records were begun, "hold" until the file TEST_JOURNAL.go is there, "crash" and "exit" do that.
 * START_FAILS=N: the N-th on_start of all processes fails, from 1. START_DIES=N: it ends its process. */
#include "journal.h"

#include <signal.h>
#include <time.h>

enum { PATIENCE_MS = 20000, PATH_SIZE = 4096 };

static void nap(void)
{
    struct timespec pause = { .tv_sec = 0, .tv_nsec = 5000000 };
    nanosleep(&pause, NULL);
}

static const char *beside_journal(char path[PATH_SIZE], const char *suffix, int number)
{
    snprintf(path, PATH_SIZE, "%s.%s%d", getenv("TEST_JOURNAL"), suffix, number);
    return path;
}

/* How many times anybody was here before, and once more. */
static int count_up(const char *what)
{
    char path[PATH_SIZE];
    for (int number = 1;; number++) {
        int file = open(beside_journal(path, what, number), O_WRONLY | O_CREAT | O_EXCL, 0600);
        if (file >= 0) {
            close(file);
            return number;
        }
    }
}

static bool exists(const char *what, int number)
{
    char path[PATH_SIZE];
    return access(beside_journal(path, what, number), F_OK) == 0;
}

static void note(const char *word, const char *text)
{
    char line[512];
    const char *trace = getenv("_X_AMZN_TRACE_ID");
    int len =
        snprintf(line, sizeof line, "%s %d %d %s", text, (int)getpid(), (int)getppid(), trace == NULL ? "none" : trace);
    journal(word, (ddbs_str){ line, (size_t)len });
}

static ddbs_status start(ddbs_ctx *ctx)
{
    const char *fails = getenv("START_FAILS"), *dies = getenv("START_DIES");
    int number = count_up("start");
    note("start", "-");
    if (dies != NULL && strtol(dies, NULL, 10) == number) {
        kill(getppid(), SIGKILL);
        nap();
    }
    if (fails != NULL && strtol(fails, NULL, 10) == number)
        return ddbs_fail(ctx, DDBS_E_HANDLER, "start number %d is told to fail", number);
    return DDBS_OK;
}

static void stop(ddbs_ctx *ctx)
{
    (void)ctx;
    note("stop", "-");
}

static ddbs_status wait_for(ddbs_ctx *ctx, const char *what, int number)
{
    for (int waited = 0; waited < PATIENCE_MS; waited += 5) {
        if (exists(what, number))
            return DDBS_OK;
        nap();
    }
    return ddbs_fail(ctx, DDBS_E_HANDLER, "waited in vain");
}

static ddbs_status take(ddbs_ctx *ctx, const ddbs_record *rec)
{
    ddbs_str key;
    DDBS_TRY(ddbs_get(rec->keys, "id", &key));
    note("begin", key.ptr);
    if (strncmp(key.ptr, "meet-", 5) == 0) {
        count_up("begun");
        DDBS_TRY(wait_for(ctx, "begun", (int)strtol(key.ptr + 5, NULL, 10)));
    } else if (strcmp(key.ptr, "hold") == 0) {
        DDBS_TRY(wait_for(ctx, "go", 1));
    } else if (strcmp(key.ptr, "hold-and-crash") == 0) {
        DDBS_TRY(wait_for(ctx, "go", 1));
        raise(SIGSEGV);
    } else if (strcmp(key.ptr, "crash") == 0) {
        raise(SIGSEGV);
    } else if (strcmp(key.ptr, "exit") == 0) {
        exit(0);
    }
    journal("done", rec->sequence_number);
    return DDBS_OK;
}

static ddbs_lambda_options options_of(void)
{
    const char *most = getenv("TEST_MAX_WORKERS");
    return (ddbs_lambda_options){ .max_workers = most == NULL ? 0 : (uint32_t)strtoul(most, NULL, 10) };
}

int main(int argc, char **argv)
{
    ddbs_lambda_options options = options_of();
    ddbs_consumer consumer = { .on_any = take, .on_start = start };
    if (getenv("TEST_ON_STOP") != NULL)
        consumer.on_stop = stop;
    return ddbs_lambda_main(argc, argv, &consumer, &options);
}
