/* context.c: writes down what a callback can learn about its invocation. */
#include "journal.h"

static void journal_or_none(const char *word, ddbs_str text)
{
    journal(word, text.ptr == NULL ? ddbs_str_c("none") : text);
}

static ddbs_status look(ddbs_ctx *ctx, const ddbs_record *rec)
{
    char remaining[32] = "none";
    const char *trace = getenv("_X_AMZN_TRACE_ID");
    (void)rec;
    if (ddbs_ctx_remaining_ms(ctx) != INT64_MAX)
        snprintf(remaining, sizeof remaining, "%lld", (long long)ddbs_ctx_remaining_ms(ctx));
    journal("request", ddbs_ctx_request_id(ctx));
    journal("remaining", ddbs_str_c(remaining));
    journal("trace", ddbs_str_c(trace == NULL ? "none" : trace));
    journal_or_none("arn", ddbs_ctx_invocation(ctx)->function_arn);
    journal_or_none("client", ddbs_ctx_invocation(ctx)->client_context);
    journal_or_none("identity", ddbs_ctx_invocation(ctx)->cognito_identity);
    journal_or_none("tenant", ddbs_ctx_invocation(ctx)->tenant_id);
    return DDBS_OK;
}

int main(int argc, char **argv)
{
    return ddbs_lambda_main(argc, argv, &(ddbs_consumer){ .on_any = look }, NULL);
}
