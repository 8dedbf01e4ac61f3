/* start_fails.c: on_start refuses, with a reason that it wrote past ddbs_fail and that is no UTF-8; no event may ever
 * reach a callback. */
#include "journal.h"

static ddbs_status start(ddbs_ctx *ctx)
{
    ddbs_error *error = ddbs_ctx_error(ctx);
    error->status = DDBS_E_HANDLER;
    snprintf(error->reason, sizeof error->reason, "no \"table\" to write to\n\xff");
    return error->status;
}

static ddbs_status accept(ddbs_ctx *ctx, const ddbs_record *rec)
{
    (void)ctx;
    journal("done", rec->sequence_number);
    return DDBS_OK;
}

int main(int argc, char **argv)
{
    return ddbs_lambda_main(argc, argv, &(ddbs_consumer){ .on_any = accept, .on_start = start }, NULL);
}
