/* settings.h: what CreateEventSourceMapping says of a mapping on a DynamoDB stream: names, ranges, what AWS refuses. */
#ifndef MAPPING_SETTINGS_H
#define MAPPING_SETTINGS_H
#include <ddbstream/filter.h>

#define MAPPING_UNLIMITED ((int64_t)-1) /* of retries and of the age of records */

enum { MAPPING_FACTOR_MAX = 10, MAPPING_FILTERS_MAX = 5 };

enum mapping_position { MAPPING_TRIM_HORIZON, MAPPING_LATEST };

enum mapping_destination { MAPPING_NO_DESTINATION, MAPPING_QUEUE, MAPPING_TOPIC, MAPPING_BUCKET };

/* Texts are NUL-terminated, not copied, and live as long as the mapping. */
struct mapping_settings {
    int64_t batch_size;      /* BatchSize */
    int64_t batching_window; /* MaximumBatchingWindowInSeconds */
    int64_t factor;          /* ParallelizationFactor */
    int64_t retries;         /* MaximumRetryAttempts: after the first try; MAPPING_UNLIMITED */
    int64_t record_age;      /* MaximumRecordAgeInSeconds; MAPPING_UNLIMITED: the stream's own 24 hours */
    int64_t tumbling_window; /* TumblingWindowInSeconds; 0: none */
    bool bisect;             /* BisectBatchOnFunctionError */
    bool report_items;       /* FunctionResponseTypes has ReportBatchItemFailures */
    enum mapping_position position;
    const ddbs_filter *filter; /* FilterCriteria; NULL: every record passes */
    bool filtered;             /* FilterCriteria has a filter: not together with a tumbling window */
    enum mapping_destination destination;
    const char *stream_arn;   /* EventSourceArn */
    const char *function_arn; /* as on-failure records name it, with its qualifier */
    uint64_t seed;            /* of request ids: the same seed gives the same ones */
    /* What AWS does not let anyone set; 0: as AWS was seen to do it. */
    int64_t poll_ms;       /* between two looks at a shard that had nothing: 250, "4 times per second" */
    int64_t idle_close_ms; /* from the end of a tumbling window to its final invocation, when no later record comes:
                              120000 (112 s were seen) */
};

/* The defaults of CreateEventSourceMapping: 100 records, no window, factor 1, no limit of retries and age. */
struct mapping_settings mapping_defaults(void);

/* One setting that is a whole number. */
struct mapping_range {
    const char *name; /* its key in CreateEventSourceMapping */
    int64_t min, max; /* both are legal */
    size_t place;     /* offset of the int64_t in struct mapping_settings */
};

/* By its key; NULL: there is no such number. */
const struct mapping_range *mapping_range(const char *name);

/* Whether AWS takes these settings. NULL, or the sentence that it refuses them with where that was seen, else one of
 * ours; static text. `key` gets the setting that it is about. */
const char *mapping_refusal(const struct mapping_settings *settings, const char **key);

/* What kind of on-failure destination an ARN names. True, or false with the sentence in `why`: FIFO queues and topics
 * and other services are refused. */
bool mapping_destination_of(const char *arn, enum mapping_destination *out, const char **why);
#endif
