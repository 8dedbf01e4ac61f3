/* fail_on_key.c: a record whose key "id" is "bad" fails with a reason, one with "skip" is given up, one with "rude" has
 * a reason with control bytes and bytes that are no UTF-8. */
#include "journal.h"

static ddbs_status look(ddbs_ctx *ctx, const ddbs_record *rec)
{
    ddbs_str id;
    DDBS_TRY(ddbs_get(rec->keys, "id", &id));
    if (ddbs_str_is(id, "bad"))
        return ddbs_fail(ctx, DDBS_E_HANDLER, "the record was refused");
    if (ddbs_str_is(id, "rude"))
        return ddbs_fail(ctx, DDBS_E_HANDLER, "first line\nERROR forged \x1b[31m\"quoted\" \xff");
    if (ddbs_str_is(id, "skip"))
        return DDBS_SKIP;
    journal("done", rec->sequence_number);
    return DDBS_OK;
}

int main(int argc, char **argv)
{
    return ddbs_lambda_main(argc, argv, &(ddbs_consumer){ .on_any = look }, NULL);
}
