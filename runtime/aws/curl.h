/* curl.h: exchanges over libcurl. */
#ifndef AWS_CURL_H
#define AWS_CURL_H
#include <ddbstream/aws.h>

struct ddbs_curl;

/* Make a transport. `ca` is the file of trusted certificates, NULL: those of ca.h. NULL where memory is exhausted. */
struct ddbs_curl *ddbs_curl__new(const char *ca);

/* A ddbs_aws_transport_fn; `self` is the struct above. */
void ddbs_curl__exchange(void *self, ddbs_aws_exchange *const *exchanges, size_t count);

void ddbs_curl__free(void *self);
#endif
