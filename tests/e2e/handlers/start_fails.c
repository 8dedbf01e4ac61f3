/* start_fails.c: on_start refuses; no event may ever reach a callback. */
#include "journal.h"

static ddbs_status start(ddbs_ctx *ctx)
{
    return ddbs_fail(ctx, DDBS_E_HANDLER, "no \"table\" to write to\n\xff");
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
