/* report_items.c: options that ask for partial answers; every record fails. The environment must win over them. */
#include <ddbstream.h>

static ddbs_status refuse(ddbs_ctx *ctx, const ddbs_record *rec)
{
    (void)rec;
    return ddbs_fail(ctx, DDBS_E_HANDLER, "the record was refused");
}

int main(int argc, char **argv)
{
    static const ddbs_lambda_options options = { .report = DDBS_REPORT_ITEMS };
    return ddbs_lambda_main(argc, argv, &(ddbs_consumer){ .on_any = refuse }, &options);
}
