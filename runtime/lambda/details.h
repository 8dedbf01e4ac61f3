/* details.h: what /next says about an invocation beside its event, as it came in headers. Most of it belongs to other
 * callers than an event source mapping; none of it is ever logged. */
#ifndef LAMBDA_DETAILS_H
#define LAMBDA_DETAILS_H
#include <ddbstream/consumer.h>

/* Room for each value and a NUL; a longer one counts as absent. The Invoke API takes 3,583 bytes of base64 for a client
 * context, an ARN has up to 256 characters with its qualifier, a tenant id 256 (Lambda API reference). */
struct ddbs_details {
    char function_arn[512];
    char client_context[4096];
    char cognito_identity[1024];
    char tenant_id[512];
};

/* The details as handlers see them: views of `details`. */
ddbs_invocation_info ddbs_details__info(const struct ddbs_details *details);
#endif
