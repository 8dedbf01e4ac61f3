/* raw.h: a function that is no consumer, through the same runtime: an invocation is then a batch of no records, with
 * bytes for its event and its result. */
#ifndef LAMBDA_RAW_H
#define LAMBDA_RAW_H
#include <ddbstream/lambda.h>

/* What has the hooks and the `user` of a function, for who knows consumers only. */
ddbs_consumer ddbs_raw__consumer(const ddbs_raw *function);

/**
 * Call the function once.
 * @param arena   gets what the callback allocates, and the result
 * @param result  {NULL, 0} unless the function returned DDBS_OK
 */
void ddbs_raw__call(const ddbs_consumer *consumer, ddbs_raw_fn *function, const ddbs_host *host, ddbs_bytes event,
                    ddbs_arena *arena, ddbs_outcome *outcome, ddbs_str *result);
#endif
