/* window.c: counts the records of a tumbling window in its state. The key "id" says what else a record does: "bad"
 * fails, "touch" sets the state and fails, "crash" and "hang" do that. WINDOW_PARTIAL: answer failures in part. */
#include "journal.h"

#include <signal.h>

static ddbs_status count(ddbs_ctx *ctx, const ddbs_record *rec)
{
    char text[64];
    size_t *counted = ddbs_ctx_user(ctx);
    ddbs_str key;
    DDBS_TRY(ddbs_get(rec->keys, "id", &key));
    if (strcmp(key.ptr, "bad") == 0)
        return ddbs_fail(ctx, DDBS_E_HANDLER, "told to fail");
    if (strcmp(key.ptr, "crash") == 0)
        raise(SIGSEGV);
    while (strcmp(key.ptr, "hang") == 0)
        pause();
    int len = snprintf(text, sizeof text, "{\"counted\":%zu}", ++*counted);
    DDBS_TRY(ddbs_ctx_set_state(ctx, (ddbs_str){ text, (size_t)len }));
    if (strcmp(key.ptr, "touch") == 0)
        return ddbs_fail(ctx, DDBS_E_HANDLER, "told to fail");
    journal("done", rec->sequence_number);
    return DDBS_OK;
}

int main(int argc, char **argv)
{
    size_t counted = 0;
    ddbs_lambda_options options = { .window_partial = getenv("WINDOW_PARTIAL") != NULL };
    return ddbs_lambda_main(argc, argv, &(ddbs_consumer){ .on_any = count, .user = &counted }, &options);
}
