/* matrix.c: the key "id" of a record names a deed (deeds.h); any other key stands for a record that is simply done.
 * What is finished goes to the journal first.
 *
 * MATRIX_MODE says where records are finished, and where deeds are done:
 *   record  in the callback of the record (the default)
 *   queue   nothing is finished before on_batch_end; the deed is done in the callback
 *   flush   everything in on_batch_end, the deed too, without commits
 *   commit  the same, with a commit after each record
 * MATRIX_LANES is the number of lanes, and MATRIX_WAIT_MS how long a deed waits, so that what the other lanes do
 * is done before it. */
#include "deeds.h"

enum { QUEUE_MAX = 64, TEXT_MAX = 64 };

struct entry {
    char sequence[TEXT_MAX];
    char deed[TEXT_MAX];
    ddbs_str raw; /* in the event */
};

/* Lies on the stack of main: a store over the globals must not make this handler write a false journal. */
struct queue {
    bool commits;
    bool deeds_at_end;
    struct entry entries[QUEUE_MAX]; /* by the index of their records: lanes fill it in any order */
};

static useconds_t wait_us;
static int main_argc;
static char **main_argv;

struct deed {
    const char *name;
    bool after; /* once the record is finished, just before the callback returns DDBS_OK */
    deed_fn *act;
};

static const struct deed deeds[] = {
    { "null-pointer", false, null_pointer },
    { "overflow-main", false, overflow_main },
    { "overflow-thread", false, overflow_thread },
    { "abort", false, do_abort },
    { "fpe", false, divide },
    { "ill", false, illegal },
    { "bus", false, bus_error },
    { "exit-0", false, exit_0 },
    { "exit-3", false, exit_3 },
    { "_exit-0", false, quick_exit_0 },
    { "sigkill", false, kill_self },
    { "execve", false, become_true },
    { "signals-default", false, default_signals },
    { "signals-ignored", false, ignored_signals },
    { "hang", false, hang },
    { "hang-blocked", false, hang_blocked },
    { "double-free", false, double_free },
    { "heap-smash", false, smash_heap },
    { "memory-null", false, memory_null },
    { "memory-unchecked", false, memory_unchecked },
    { "leak", true, leak },
    { "wild", true, wild },
    { "wild-crash", false, wild_crash },
    { "wild-event", false, wild_event },
    { "forge-ones", false, forge_ones },
    { "forge-sizes", false, forge_sizes },
    { "forge-words", false, forge_words },
    { "forge-exit", false, forge_exit },
    { "forge-only", true, forge_only },
    { "close", true, close_all },
    { "close-crash", false, close_crash },
    { "garbage", true, garbage },
    { "garbage-crash", false, garbage_crash },
    { "fork-return", true, fork_return },
    { "fork-first", false, fork_first },
    { "fork-crash", true, fork_crash },
    { "orphan", false, orphan },
    { "jump-main", false, jump_main },
    { "jump-again", false, jump_again },
    { "jump-start", false, jump_start },
    { "end-thread", false, end_thread },
};

static const struct deed *find_deed(const char *name)
{
    for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) {
        if (strcmp(deeds[i].name, name) == 0)
            return &deeds[i];
    }
    return NULL;
}

/* "WORD TEXT PID PARENT" */
static void note(const char *word, const char *text)
{
    char line[2 * TEXT_MAX];
    int len = snprintf(line, sizeof line, "%s %d %d", text, (int)getpid(), (int)getppid());
    journal(word, (ddbs_str){ line, (size_t)len });
}

/* The deed, on one side of the finish or the other. In a child that it made nothing is finished, and everything that
 * could be reported is. */
static ddbs_status act(ddbs_ctx *ctx, const struct entry *entry, bool after, bool *is_child)
{
    const struct deed *deed = find_deed(entry->deed);
    pid_t self = getpid();
    *is_child = false;
    if (deed == NULL || deed->after != after)
        return DDBS_OK;
    usleep(wait_us);
    note("deed", deed->name);
    at_hand.ctx = ctx;
    at_hand.raw = entry->raw;
    ddbs_status status = deed->act();
    *is_child = getpid() != self;
    if (*is_child && ddbs_ctx_commit(ctx, ddbs_ctx_batch_ok(ctx)) == DDBS_E_RANGE)
        abort();
    return status;
}

static ddbs_status finish(ddbs_ctx *ctx, const struct entry *entry, bool *is_child)
{
    ddbs_status status = act(ctx, entry, false, is_child);
    if (status != DDBS_OK || *is_child)
        return status;
    note("done", entry->sequence);
    return act(ctx, entry, true, is_child);
}

static ddbs_status fill_entry(const ddbs_record *rec, struct entry *out)
{
    ddbs_str deed;
    DDBS_TRY(ddbs_get(rec->keys, "id", &deed));
    snprintf(out->sequence, sizeof out->sequence, "%.*s", (int)rec->sequence_number.len, rec->sequence_number.ptr);
    snprintf(out->deed, sizeof out->deed, "%.*s", (int)deed.len, deed.ptr);
    out->raw = rec->raw;
    return DDBS_OK;
}

static ddbs_status finish_record(ddbs_ctx *ctx, const ddbs_record *rec)
{
    struct entry entry;
    bool is_child;
    DDBS_TRY(fill_entry(rec, &entry));
    return finish(ctx, &entry, &is_child);
}

static ddbs_status collect(ddbs_ctx *ctx, const ddbs_record *rec)
{
    struct queue *queue = ddbs_ctx_user(ctx);
    struct entry *entry = &queue->entries[rec->index % QUEUE_MAX];
    bool is_child;
    if (rec->index >= QUEUE_MAX)
        return DDBS_E_LIMIT;
    DDBS_TRY(fill_entry(rec, entry));
    if (!queue->deeds_at_end) {
        DDBS_TRY(act(ctx, entry, false, &is_child));
        if (!is_child)
            DDBS_TRY(act(ctx, entry, true, &is_child));
        entry->deed[0] = '\0';
    }
    return DDBS_OK;
}

static ddbs_status flush(ddbs_ctx *ctx)
{
    struct queue *queue = ddbs_ctx_user(ctx);
    for (size_t i = 0; i < ddbs_ctx_batch_ok(ctx); i++) {
        bool is_child;
        DDBS_TRY(finish(ctx, &queue->entries[i], &is_child));
        if (is_child)
            return DDBS_OK;
        if (queue->commits)
            DDBS_TRY(ddbs_ctx_commit(ctx, i + 1));
    }
    return DDBS_OK;
}

/* Jumping here is undefined: that is the point. */
static ddbs_status start(ddbs_ctx *ctx)
{
    return setjmp(in_start) == 0 ? DDBS_OK : ddbs_fail(ctx, DDBS_E_HANDLER, "came back");
}

static int serve(void)
{
    const char *mode = getenv("MATRIX_MODE"), *lanes = getenv("MATRIX_LANES"), *wait = getenv("MATRIX_WAIT_MS");
    struct queue queue = { .commits = false };
    bool at_once = mode == NULL || strcmp(mode, "record") == 0;
    ddbs_consumer consumer = { .on_any = at_once ? finish_record : collect, .on_start = start, .user = &queue };
    consumer.lanes = lanes == NULL ? 1 : (size_t)strtoul(lanes, NULL, 10);
    wait_us = wait == NULL ? 0 : (useconds_t)strtoul(wait, NULL, 10) * 1000;
    if (!at_once) {
        consumer.on_batch_end = flush;
        queue.deeds_at_end = strcmp(mode, "queue") != 0;
        queue.commits = strcmp(mode, "commit") == 0;
    }
    return ddbs_lambda_main(main_argc, main_argv, &consumer, NULL);
}

int main(int argc, char **argv)
{
    main_argc = argc;
    main_argv = argv;
    switch (setjmp(in_main)) {
    case 1:
        return 0;
    default:
        return serve();
    }
}
