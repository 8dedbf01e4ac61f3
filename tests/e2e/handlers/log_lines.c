/* log_lines.c: says and measures things about its records, whose keys are commands: "crash", "hang", "fail" and "skip"
 * do that, "forge" logs what a stranger wrote. */
#include "journal.h"

#include <ddbstream/log.h>
#include <ddbstream/metrics.h>
#include <unistd.h>

static ddbs_status started(ddbs_ctx *ctx)
{
    ddbs_log(ctx, DDBS_LOG_WARN, "starting");
    return DDBS_OK;
}

static ddbs_status say(ddbs_ctx *ctx, const ddbs_record *rec)
{
    ddbs_str key, note;
    volatile size_t never = 8;
    DDBS_TRY(ddbs_get(rec->keys, "id", &key));
    ddbs_log(ctx, DDBS_LOG_WARN, "at work");
    (void)ddbs_metric(ctx, "RecordsSeen", 1, DDBS_UNIT_COUNT);
    (void)ddbs_metric(ctx, "Size", (double)rec->size_bytes, DDBS_UNIT_BYTES);
    if (ddbs_str_is(key, "crash"))
        *(volatile char *)never = 1;
    while (ddbs_str_is(key, "hang"))
        pause();
    if (ddbs_str_is(key, "fail"))
        return ddbs_fail(ctx, DDBS_E_HANDLER, "no such\ncustomer");
    if (ddbs_str_is(key, "forge")) {
        DDBS_TRY(ddbs_get(rec->new_image, "forged", &note));
        ddbs_log(ctx, DDBS_LOG_INFO, "%s", note.ptr);
        DDBS_LOG(ctx, DDBS_LOG_INFO, "noted", DDBS_PAIR("note", note), DDBS_PAIR("size", rec->size_bytes));
    }
    ddbs_log(ctx, DDBS_LOG_DEBUG, "done");
    return ddbs_str_is(key, "skip") ? DDBS_SKIP : DDBS_OK;
}

static ddbs_status poison(ddbs_ctx *ctx, const ddbs_poison *poison)
{
    (void)poison;
    ddbs_log(ctx, DDBS_LOG_WARN, "cannot read it");
    return DDBS_SKIP;
}

int main(int argc, char **argv)
{
    static const ddbs_dimension dimensions[] = { { "service", "shop" } };
    static const ddbs_consumer consumer = { .on_any = say, .on_poison = poison, .on_start = started };
    static const ddbs_lambda_options options = {
        .metrics = { .name_space = "Shop", .dimensions = dimensions, .dimension_count = 1 },
    };
    return ddbs_lambda_main(argc, argv, &consumer, &options);
}
