/* noop.c: a function that takes every record and does nothing with it. */
#include <ddbstream.h>

static ddbs_status accept_record(ddbs_ctx *ctx, const ddbs_record *rec)
{
    (void)ctx, (void)rec;
    return DDBS_OK;
}

int main(int argc, char **argv)
{
    return ddbs_lambda_main(argc, argv, &(ddbs_consumer){ .on_any = accept_record }, NULL);
}
