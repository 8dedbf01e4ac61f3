/* aws.c: a client with the transport that it has where no other is given. Alone in its file, so that programs with a
 * transport of their own link without libcurl. */
#include "lib/error.h"
#include "runtime/aws/ca.h"
#include "runtime/aws/client.h"
#include "runtime/aws/curl.h"

#include <stdlib.h>

enum { TRIED_MAX = 300 };

ddbs_status ddbs_aws_new(ddbs_aws **out, const ddbs_aws_options *options, ddbs_error *error)
{
    ddbs_aws_options chosen = { .region = NULL };
    char tried[TRIED_MAX];
    const char *ca;
    bool plain;
    if (options != NULL)
        chosen = *options;
    if (chosen.transport != NULL)
        return ddbs_aws__make(out, &chosen, error);
    (void)ddbs_aws__odd_endpoint(&plain);
    if (!ddbs_ca__find(&ca, tried, sizeof tried) && !plain)
        return ddbs_error__set(error, DDBS_E_USAGE, DDBS_NOWHERE, DDBS_NOWHERE,
                               "the file of trusted certificates cannot be read; tried: %s", tried);
    struct ddbs_curl *pool = ddbs_curl__new(ca);
    if (pool == NULL)
        return ddbs_error__set(error, DDBS_E_MEMORY, DDBS_NOWHERE, DDBS_NOWHERE, "no memory for a client");
    chosen.transport = ddbs_curl__exchange;
    chosen.transport_self = pool;
    ddbs_aws *aws;
    ddbs_status status = ddbs_aws__make(&aws, &chosen, error);
    if (status != DDBS_OK) {
        ddbs_curl__free(pool);
        return status;
    }
    aws->close = ddbs_curl__free;
    *out = aws;
    return DDBS_OK;
}
