/* take_poison.c: what does not decode is written down and given up. */
#include "journal.h"

static ddbs_status accept(ddbs_ctx *ctx, const ddbs_record *rec)
{
    (void)ctx;
    journal("done", rec->sequence_number);
    return DDBS_OK;
}

static ddbs_status take(ddbs_ctx *ctx, const ddbs_poison *poison)
{
    (void)ctx;
    journal("poison", poison->sequence_number);
    return DDBS_SKIP;
}

int main(int argc, char **argv)
{
    return ddbs_lambda_main(argc, argv, &(ddbs_consumer){ .on_any = accept, .on_poison = take }, NULL);
}
