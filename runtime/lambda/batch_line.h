/* batch_line.h: what became of one batch, for log and metrics, and the line of the log about it:
 *
 *   INFO RequestId: 8f5a... batch records=10 done=7 skipped=0 parked=0 ignored=0 poison=0 failed=1 retry=3 first=4414
 *   last=4423 ms=12.5 remainingMs=59987 insert=5 modify=2 remove=1 other=0 iteratorAgeMs=812 decodeMs=0.4
 *   handlerMs=11.9 crashes=0 deadlineStops=0
 *
 * (one line; with AWS_LAMBDA_LOG_FORMAT=JSON an object). What is not known is left out. */
#ifndef LAMBDA_BATCH_LINE_H
#define LAMBDA_BATCH_LINE_H
#include "runtime/lambda/numbers.h"
#include <ddbstream/consumer.h>

struct ddbs_batch {
    const char *request_id;
    const ddbs_outcome *outcome;
    bool is_error;                            /* of the answer: the whole batch is delivered again */
    ddbs_str first, last;                     /* sequence numbers; {NULL, 0} in an empty batch */
    const struct ddbs_batch_numbers *numbers; /* NULL: not known */
    int64_t received_ms;                      /* CLOCK_REALTIME, when the event was there */
    int64_t began_ns;                         /* CLOCK_MONOTONIC, the same moment */
    int64_t took_ns;                          /* from then to the answer */
    int64_t remaining_ms;                     /* to the deadline; INT64_MAX: not known */
    unsigned crashes;                         /* workers that were lost since the batch before */
};

/* Records that stopped the batch: 0 or 1. One that was not started because time is short did not fail. */
size_t ddbs_batch__failed(const struct ddbs_batch *batch);

/* Records that are delivered again. */
size_t ddbs_batch__to_retry(const struct ddbs_batch *batch);

/* Age of the last record that was decoded, when the batch came. False: not known. */
bool ddbs_batch__iterator_age_ms(const struct ddbs_batch *batch, int64_t *out);

/* The sequence numbers of an event. */
void ddbs_batch__name(struct ddbs_batch *batch, const ddbs_event *event);

/* Write the line. */
void ddbs_batch_line__write(const struct ddbs_batch *batch);
#endif
