/* trace.h: the X-Ray trace id where SDKs look for it. */
#ifndef LAMBDA_TRACE_H
#define LAMBDA_TRACE_H

/* Set _X_AMZN_TRACE_ID to the id of this invocation, or unset it for "": Lambda leaves that to the custom runtime
 * (developer guide, runtimes-custom). No other thread may be using the environment meanwhile. */
void ddbs_trace__publish(const char *trace_id);
#endif
