/* ddbstream/metrics.h: metrics, as lines of the log that CloudWatch reads (embedded metric format). No call is made and
 * no permission is needed.
 *
 *     (void)ddbs_metric(ctx, "OrdersPaid", 1, DDBS_UNIT_COUNT);
 *     (void)ddbs_metric(ctx, "PaymentTime", 41.5, DDBS_UNIT_MILLISECONDS);
 *
 * What a batch's callbacks measured is written when they are through. A worker that is lost takes it along, and a batch
 * that is delivered again is measured again.
 *
 * The runtime measures, too:
 *
 *   RecordsFailed    records that stopped their batch: 0 or 1. With partial answers Lambda's own Errors stays 0
 *                    whatever fails, so this is the one to put an alarm on
 *   WorkerCrashes    workers that were lost to a crash or an exit of the handler
 *   DeadlineStops    batches that were stopped because too little time was left, and handlers that were ended for it
 *   Records, RecordsSkipped, RecordsParked
 *   RecordsToRetry   records of the batch that will be delivered again
 *   IteratorAge      age of the last record that was decoded, when the batch came; with DecodeTime, HandlerTime and
 *                    BatchTime in milliseconds. What a lost worker did not tell is left out
 *
 *   DDBS_METRICS  "failures" (default): RecordsFailed, WorkerCrashes and DeadlineStops of every batch, 0 included, for
 *                 a missing datapoint tells nobody whether all is well; and what the handler measures. "all": all of
 *                 them; "off": nothing, not even the handler's. A line is paid for as log, a name with its dimensions
 *                 as a custom metric.
 *
 * With AWS_LAMBDA_LOG_FORMAT=JSON Lambda itself drops lines below AWS_LAMBDA_LOG_LEVEL: there a line of metrics claims
 * that level where it is above INFO. */
#ifndef DDBSTREAM_METRICS_H
#define DDBSTREAM_METRICS_H
#include <ddbstream/consumer.h>
#ifdef __cplusplus
extern "C" {
#endif

/* The units of CloudWatch. */
#define DDBS_UNIT_LIST(X)                                                                                              \
    X(NONE, "None")                                                                                                    \
    X(COUNT, "Count")                                                                                                  \
    X(PERCENT, "Percent")                                                                                              \
    X(SECONDS, "Seconds")                                                                                              \
    X(MILLISECONDS, "Milliseconds")                                                                                    \
    X(MICROSECONDS, "Microseconds")                                                                                    \
    X(BYTES, "Bytes")                                                                                                  \
    X(KILOBYTES, "Kilobytes")                                                                                          \
    X(MEGABYTES, "Megabytes")                                                                                          \
    X(GIGABYTES, "Gigabytes")                                                                                          \
    X(TERABYTES, "Terabytes")                                                                                          \
    X(BITS, "Bits")                                                                                                    \
    X(KILOBITS, "Kilobits")                                                                                            \
    X(MEGABITS, "Megabits")                                                                                            \
    X(GIGABITS, "Gigabits")                                                                                            \
    X(TERABITS, "Terabits")                                                                                            \
    X(COUNT_PER_SECOND, "Count/Second")                                                                                \
    X(BYTES_PER_SECOND, "Bytes/Second")                                                                                \
    X(KILOBYTES_PER_SECOND, "Kilobytes/Second")                                                                        \
    X(MEGABYTES_PER_SECOND, "Megabytes/Second")                                                                        \
    X(GIGABYTES_PER_SECOND, "Gigabytes/Second")                                                                        \
    X(TERABYTES_PER_SECOND, "Terabytes/Second")                                                                        \
    X(BITS_PER_SECOND, "Bits/Second")                                                                                  \
    X(KILOBITS_PER_SECOND, "Kilobits/Second")                                                                          \
    X(MEGABITS_PER_SECOND, "Megabits/Second")                                                                          \
    X(GIGABITS_PER_SECOND, "Gigabits/Second")                                                                          \
    X(TERABITS_PER_SECOND, "Terabits/Second")

typedef enum ddbs_unit {
#define DDBS_UNIT_MEMBER(name, text) DDBS_UNIT_##name,
    DDBS_UNIT_LIST(DDBS_UNIT_MEMBER)
#undef DDBS_UNIT_MEMBER
} ddbs_unit;

#define DDBS_METRICS_MAX     32  /* names in one batch */
#define DDBS_METRIC_NAME_MAX 255 /* bytes of a name, a namespace, or the name or value of a dimension */
#define DDBS_DIMENSIONS_MAX  8   /* beside FunctionName */

/**
 * Measure something. Values of DDBS_UNIT_COUNT are added up over the batch; of all other units each value is kept, and
 * a line is written whenever a name has 100 of them, which is what CloudWatch takes at once.
 * @param ctx   of the callback that measures; NULL: outside of any callback
 * @param name  printable ASCII without '"' and '\', copied; a name keeps its unit during a batch
 * @return DDBS_OK, also where metrics are off. What is refused is not measured, and a record need not fail for it:
 *         DDBS_E_RANGE for what is not finite, DDBS_E_USAGE for a name or unit that cannot be, a name that is one of
 *         the dimensions or the line's own, or another unit than before; DDBS_E_LIMIT for more than DDBS_METRICS_MAX
 *         names
 */
DDBS_API ddbs_status ddbs_metric(const ddbs_ctx *ctx, const char *name, double value, ddbs_unit unit);

/**
 * When what this batch measures happened, instead of now: the begin of a tumbling window, for one. It holds for all of
 * the batch's measurements, until the batch is through.
 * @param ctx      as ddbs_metric
 * @param time_ms  since 1970. CloudWatch takes what is at most two weeks old
 * @return DDBS_OK; DDBS_E_RANGE for 0 and below
 */
DDBS_API ddbs_status ddbs_metric_time(const ddbs_ctx *ctx, int64_t time_ms);

/** The unit as CloudWatch writes it, "Count/Second"; "None" for a number that is none. Static text. */
DDBS_API const char *ddbs_unit_name(ddbs_unit unit);

typedef enum ddbs_metrics_mode {
    DDBS_METRICS_DEFAULT, /* as DDBS_METRICS_FAILURES, unless the environment says otherwise */
    DDBS_METRICS_OFF,
    DDBS_METRICS_FAILURES,
    DDBS_METRICS_ALL
} ddbs_metrics_mode;

/* Every metric has every dimension: one that takes many values makes as many metrics, each paid for. */
typedef struct ddbs_dimension {
    const char *name, *value; /* printable ASCII without '"' and '\' */
} ddbs_dimension;

/* Texts and array live as long as the program. */
typedef struct ddbs_metrics_options {
    ddbs_metrics_mode mode;
    const char *name_space;           /* NULL: "ddbstream" */
    const ddbs_dimension *dimensions; /* beside FunctionName, which is AWS_LAMBDA_FUNCTION_NAME */
    size_t dimension_count;
} ddbs_metrics_options;

#ifdef __cplusplus
}
#endif
#endif
