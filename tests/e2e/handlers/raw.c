/* raw.c: a function that is no consumer. The first word of its event says what it does. */
#include "journal.h"

#include <signal.h>

static ddbs_status echo(ddbs_ctx *ctx, ddbs_bytes event, ddbs_buf *result)
{
    (void)ctx;
    return ddbs_buf_append(result, event.ptr, event.len);
}

static ddbs_status size(ddbs_ctx *ctx, ddbs_bytes event, ddbs_buf *result)
{
    size_t want = strtoull((const char *)event.ptr + strlen("size "), NULL, 10);
    char *bytes = ddbs_ctx_alloc(ctx, want);
    if (bytes == NULL)
        return DDBS_E_MEMORY;
    memset(bytes, '7', want);
    return ddbs_buf_append(result, bytes, want);
}

/* Takes pieces of it in memory of the invocation's, and says what is known of that. */
static ddbs_status look(ddbs_ctx *ctx, ddbs_bytes event, ddbs_buf *result)
{
    char text[1024];
    ddbs_str kept;
    (void)event;
    DDBS_TRY(ddbs_ctx_keep_str(ctx, ddbs_ctx_invocation(ctx)->function_arn, &kept));
    int len = snprintf(text, sizeof text, "%s|%s|%s|%d|%d|%s|%d", ddbs_ctx_request_id(ctx).ptr, kept.ptr,
                       (const char *)ddbs_ctx_user(ctx), ddbs_ctx_remaining_ms(ctx) > 1000,
                       ddbs_ctx_window(ctx) == NULL && ddbs_ctx_state(ctx).ptr == NULL, getenv("_X_AMZN_TRACE_ID"),
                       ddbs_ctx_commit(ctx, 0) == DDBS_E_USAGE && ddbs_park(ctx, "no") == DDBS_E_USAGE);
    return ddbs_buf_append(result, text, (size_t)len);
}

static ddbs_status refuse(ddbs_ctx *ctx, ddbs_bytes event, ddbs_buf *result)
{
    (void)event;
    DDBS_TRY(ddbs_buf_append(result, "half an answer", 14));
    return ddbs_fail(ctx, DDBS_E_RANGE, "of \"that\" size\n");
}

static ddbs_status skip(ddbs_ctx *ctx, ddbs_bytes event, ddbs_buf *result)
{
    (void)ctx, (void)event, (void)result;
    return DDBS_SKIP;
}

static ddbs_status no_memory(ddbs_ctx *ctx, ddbs_bytes event, ddbs_buf *result)
{
    (void)ctx, (void)event, (void)result;
    return DDBS_E_MEMORY;
}

static ddbs_status crash(ddbs_ctx *ctx, ddbs_bytes event, ddbs_buf *result)
{
    DDBS_TRY(echo(ctx, event, result));
    raise(SIGSEGV);
    return DDBS_OK;
}

static ddbs_status die(ddbs_ctx *ctx, ddbs_bytes event, ddbs_buf *result)
{
    DDBS_TRY(echo(ctx, event, result));
    raise(SIGKILL);
    return DDBS_OK;
}

static ddbs_status overwrite(ddbs_ctx *ctx, ddbs_bytes event, ddbs_buf *result)
{
    *(volatile unsigned char *)(uintptr_t)event.ptr = 'x';
    return echo(ctx, event, result);
}

static ddbs_status hang(ddbs_ctx *ctx, ddbs_bytes event, ddbs_buf *result)
{
    DDBS_TRY(echo(ctx, event, result));
    for (;;)
        pause();
}

static ddbs_status leave(ddbs_ctx *ctx, ddbs_bytes event, ddbs_buf *result)
{
    (void)ctx, (void)event, (void)result;
    exit(0);
}

static ddbs_status come_back_as_a_child(ddbs_ctx *ctx, ddbs_bytes event, ddbs_buf *result)
{
    if (fork() == 0)
        return ddbs_buf_append(result, "child", 5);
    usleep(50000);
    return echo(ctx, event, result);
}

static const struct {
    const char *word;
    ddbs_raw_fn *act;
} deeds[] = {
    { "size ", size },
    { "look", look },
    { "refuse", refuse },
    { "skip", skip },
    { "memory", no_memory },
    { "crash", crash },
    { "die", die },
    { "overwrite", overwrite },
    { "hang", hang },
    { "leave", leave },
    { "fork", come_back_as_a_child },
};

static ddbs_status take(ddbs_ctx *ctx, ddbs_bytes event, ddbs_buf *result)
{
    journal("call", (ddbs_str){ "", 0 });
    for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) {
        if (event.len >= strlen(deeds[i].word) && memcmp(event.ptr, deeds[i].word, strlen(deeds[i].word)) == 0)
            return deeds[i].act(ctx, event, result);
    }
    return echo(ctx, event, result);
}

static ddbs_status start(ddbs_ctx *ctx)
{
    journal("start", ddbs_str_c(ddbs_ctx_user(ctx)));
    if (getenv("START_FAILS") != NULL)
        return ddbs_fail(ctx, DDBS_E_HANDLER, "told to fail");
    return DDBS_OK;
}

static void stop(ddbs_ctx *ctx)
{
    journal("stop", ddbs_str_c(ddbs_ctx_user(ctx)));
}

int main(int argc, char **argv)
{
    char user[] = "mine";
    ddbs_raw function = { .on_event = take, .on_start = start, .user = user };
    if (getenv("TEST_ON_STOP") != NULL)
        function.on_stop = stop;
    return ddbs_lambda_main_raw(argc, argv, &function, NULL);
}
