/* details.c: see details.h. */
#include "runtime/lambda/details.h"

#include "lib/utf8.h"

#include <string.h>

/* The emulator of Managed Instances sends empty headers for what there is not. What is not UTF-8 is no text. */
static ddbs_str view(const char *text)
{
    size_t len = strlen(text);
    return ddbs_str_c(len == 0 || ddbs_utf8__check(text, len) != len ? NULL : text);
}

ddbs_invocation_info ddbs_details__info(const struct ddbs_details *details)
{
    return (ddbs_invocation_info){
        .function_arn = view(details->function_arn),
        .client_context = view(details->client_context),
        .cognito_identity = view(details->cognito_identity),
        .tenant_id = view(details->tenant_id),
    };
}
