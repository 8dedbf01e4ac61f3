/* accept_all.c: every record is done; its sequence number goes to the journal. */
#include "journal.h"

static ddbs_status start(ddbs_ctx *ctx)
{
    (void)ctx;
    journal("start", ddbs_str_c(""));
    return DDBS_OK;
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
