/* wire_stop.c: wants to be told when the environment ends; writes down that it was. */
#include "journal.h"

static ddbs_status accept(ddbs_ctx *ctx, const ddbs_record *rec)
{
    (void)ctx;
    journal("done", rec->sequence_number);
    return DDBS_OK;
}

static void stop(ddbs_ctx *ctx)
{
    (void)ctx;
    journal("stop", ddbs_str_c("now"));
}

int main(int argc, char **argv)
{
    return ddbs_lambda_main(argc, argv, &(ddbs_consumer){ .on_any = accept, .on_stop = stop }, NULL);
}
