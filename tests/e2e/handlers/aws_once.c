/* aws_once.c: an effect that happens once for each record; the key "id" says how it goes: "crash" dies in the middle of
 * it the first time, "fail" fails it, "queue" puts something into a batch writer instead. */
#include "journal.h"

#include <ddbstream/idempotency.h>

static ddbs_aws *aws;
static ddbs_idempotency *once;
static ddbs_writer *audit;

static ddbs_status start(ddbs_ctx *ctx)
{
    ddbs_aws_options settings = { .backoff_ms = 1 };
    DDBS_TRY(ddbs_aws_new(&aws, &settings, ddbs_ctx_error(ctx)));
    ddbs_idempotency_options options = { .aws = aws,
                                         .table = "claims",
                                         .function = "shop",
                                         .handler = "welcome",
                                         .path = getenv("TEST_PATH"),
                                         .sort_key = getenv("TEST_SORT") };
    DDBS_TRY(ddbs_idempotency_new(&once, &options, ddbs_ctx_error(ctx)));
    ddbs_firehose_options firehose = { .aws = aws, .stream = "audit" };
    return ddbs_firehose_new(&audit, &firehose, ddbs_ctx_error(ctx));
}

static ddbs_status effect(ddbs_ctx *ctx, const ddbs_record *rec)
{
    ddbs_str id;
    DDBS_TRY(ddbs_get(rec->keys, "id", &id));
    journal("effect", rec->event_id);
    if (ddbs_str_is(id, "crash") && access(getenv("TEST_MARK"), F_OK) != 0) {
        close(open(getenv("TEST_MARK"), O_CREAT | O_WRONLY, 0600));
        abort();
    }
    if (ddbs_str_is(id, "fail"))
        return ddbs_fail(ctx, DDBS_E_HANDLER, "not this time");
    if (ddbs_str_is(id, "queue"))
        return ddbs_firehose_put(audit, ctx, (ddbs_bytes){ (const unsigned char *)"x", 1 });
    return DDBS_OK;
}

static ddbs_status welcome(ddbs_ctx *ctx, const ddbs_record *rec)
{
    return ddbs_once(once, ctx, rec, effect);
}

static ddbs_status flush(ddbs_ctx *ctx)
{
    return ddbs_writer_flush(audit, ctx);
}

int main(int argc, char **argv)
{
    ddbs_consumer consumer = { .on_start = start, .on_any = welcome, .on_batch_end = flush };
    return ddbs_lambda_main(argc, argv, &consumer, NULL);
}
