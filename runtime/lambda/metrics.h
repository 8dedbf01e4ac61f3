/* metrics.h: from measurements to lines of CloudWatch's embedded metric format (LAMBDA developer guide, monitoring). */
#ifndef LAMBDA_METRICS_H
#define LAMBDA_METRICS_H
#include "runtime/lambda/batch_line.h"
#include <ddbstream/metrics.h>

/**
 * Set how metrics are written. To be called once, after ddbs_log__open(), before the first fork and the first callback;
 * without it nothing is measured. What is collected so far is forgotten.
 * @param options  its mode is what the environment says, if that says anything; its texts stay where they are
 * @return DDBS_OK, or DDBS_E_USAGE for a namespace or dimension that cannot be; `error` says which
 */
ddbs_status ddbs_metrics__open(const ddbs_metrics_options *options, ddbs_error *error) DDBS_MUST_CHECK;

/* In the process that ran the callbacks, when they are through: write what they measured. */
void ddbs_metrics__flush(ddbs_str request_id);

/* Write the batch's own metrics. */
void ddbs_metrics__write(const struct ddbs_batch *batch);
#endif
