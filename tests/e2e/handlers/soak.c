/* soak.c: the key "id" of a record says what to do with it: "fail", "skip", "park", "abort", "null", "exit", "kill",
 * "orphan" (leave a child behind and crash); any other key stands for a record that is simply done. It measures, logs
 * and keeps memory on the way, for whatever could grow in that.
 *
 * SOAK_LEAK=N takes N bytes a record and never gives them back, SOAK_FILES=1 a descriptor, SOAK_THREADS=1 a thread: a
 * soak that does not see that sees nothing. */
#include <ddbstream.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static size_t leak_bytes;
static bool leaks_files, leaks_threads;

/* Where a compiler would take away what nobody uses. */
static void *volatile lost;

static ddbs_status start(ddbs_ctx *ctx)
{
    const char *leak = getenv("SOAK_LEAK");
    (void)ctx;
    leak_bytes = leak == NULL ? 0 : strtoul(leak, NULL, 10);
    leaks_files = getenv("SOAK_FILES") != NULL;
    leaks_threads = getenv("SOAK_THREADS") != NULL;
    return DDBS_OK;
}

static void *wait_for_ever(void *unused)
{
    for (;;)
        pause();
    return unused;
}

static ddbs_status leak(ddbs_ctx *ctx)
{
    pthread_t thread;
    if (leak_bytes > 0) {
        lost = malloc(leak_bytes);
        if (lost == NULL)
            return DDBS_E_MEMORY;
        memset(lost, 1, leak_bytes);
    }
    if (leaks_files && dup(STDOUT_FILENO) < 0 && errno != EMFILE)
        return ddbs_fail(ctx, DDBS_E_HANDLER, "no descriptor");
    if (leaks_threads)
        leaks_threads = pthread_create(&thread, NULL, wait_for_ever, NULL) == 0;
    return DDBS_OK;
}

static void leave_orphan(void)
{
    pid_t child = fork();
    while (child == 0)
        pause();
    abort();
}

/* What does not return. */
static void end(ddbs_str id)
{
    volatile char *volatile nowhere = (volatile char *)8;
    if (ddbs_str_is(id, "abort"))
        abort();
    if (ddbs_str_is(id, "null"))
        *nowhere = 1;
    if (ddbs_str_is(id, "exit"))
        exit(0);
    if (ddbs_str_is(id, "kill"))
        kill(getpid(), SIGKILL);
    if (ddbs_str_is(id, "orphan"))
        leave_orphan();
}

/* The state is as long as it came, and other bytes: {"n":"111..."}. */
static ddbs_status advance_window(ddbs_ctx *ctx)
{
    ddbs_str state = ddbs_ctx_state(ctx);
    if (ddbs_ctx_window(ctx) == NULL || state.len <= strlen("{}"))
        return DDBS_OK;
    char *next = ddbs_ctx_alloc(ctx, state.len);
    if (next == NULL)
        return DDBS_E_MEMORY;
    for (size_t i = 0; i < state.len; i++)
        next[i] = (char)(state.ptr[i] >= '0' && state.ptr[i] < '9' ? state.ptr[i] + 1 : state.ptr[i]);
    return ddbs_ctx_set_state(ctx, (ddbs_str){ next, state.len });
}

static ddbs_status work(ddbs_ctx *ctx, const ddbs_record *rec)
{
    ddbs_str note;
    int64_t n;
    DDBS_TRY(ddbs_get(rec->new_image, "note", &note));
    DDBS_TRY(ddbs_get(rec->new_image, "n", &n));
    DDBS_TRY(ddbs_metric(ctx, "Worked", 1, DDBS_UNIT_COUNT));
    ddbs_log(ctx, DDBS_LOG_DEBUG, "number %lld", (long long)n);
    DDBS_TRY(ddbs_ctx_keep_str(ctx, note, &note));
    DDBS_TRY(leak(ctx));
    return advance_window(ctx);
}

static ddbs_status look(ddbs_ctx *ctx, const ddbs_record *rec)
{
    ddbs_str id;
    DDBS_TRY(ddbs_get(rec->keys, "id", &id));
    if (ddbs_str_is(id, "fail"))
        return ddbs_fail(ctx, DDBS_E_HANDLER, "as the key says");
    if (ddbs_str_is(id, "skip"))
        return DDBS_SKIP;
    if (ddbs_str_is(id, "park"))
        return ddbs_park(ctx, "as the key says");
    end(id);
    return work(ctx, rec);
}

static ddbs_status close_window(ddbs_ctx *ctx)
{
    return ddbs_ctx_state(ctx).len > strlen("{}") ? DDBS_OK : ddbs_fail(ctx, DDBS_E_HANDLER, "the window has no state");
}

static ddbs_status take_parked(void *user, const ddbs_parked *parked)
{
    (void)user;
    return parked->raw.len > 0 ? DDBS_OK : DDBS_E_HANDLER;
}

int main(int argc, char **argv)
{
    ddbs_consumer consumer = { .on_any = look, .on_window = close_window, .on_start = start };
    ddbs_lambda_options options = { .park = { .sink = take_parked } };
    return ddbs_lambda_main(argc, argv, &consumer, &options);
}
