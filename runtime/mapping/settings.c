/* settings.c: see settings.h. Ranges as of CreateEventSourceMapping (service model of the AWS SDKs, developer guide
 * services-ddb-params); sentences of AWS where they were seen. */
#include "runtime/mapping/settings.h"

#include <stddef.h>
#include <string.h>

#define RANGE(key, min, max, member)                                                                                   \
    {                                                                                                                  \
        key, min, max, offsetof(struct mapping_settings, member)                                                       \
    }

static const struct mapping_range RANGES[] = {
    RANGE("BatchSize", 1, 10000, batch_size),
    RANGE("MaximumBatchingWindowInSeconds", 0, 300, batching_window),
    RANGE("ParallelizationFactor", 1, MAPPING_FACTOR_MAX, factor),
    RANGE("MaximumRetryAttempts", -1, 10000, retries),
    RANGE("MaximumRecordAgeInSeconds", -1, 604800, record_age),
    RANGE("TumblingWindowInSeconds", 0, 900, tumbling_window),
};
enum { RANGE_COUNT = sizeof RANGES / sizeof *RANGES, AGE_MIN = 60 };

struct mapping_settings mapping_defaults(void)
{
    return (struct mapping_settings){
        .batch_size = 100, .factor = 1, .retries = MAPPING_UNLIMITED, .record_age = MAPPING_UNLIMITED
    };
}

const struct mapping_range *mapping_range(const char *name)
{
    for (size_t i = 0; i < RANGE_COUNT; i++)
        if (strcmp(RANGES[i].name, name) == 0)
            return &RANGES[i];
    return NULL;
}

static bool is_in_range(const struct mapping_settings *settings, const struct mapping_range *range)
{
    int64_t value = *(const int64_t *)(const void *)((const char *)settings + range->place);
    return value >= range->min && value <= range->max;
}

const char *mapping_refusal(const struct mapping_settings *settings, const char **key)
{
    for (size_t i = 0; i < RANGE_COUNT; i++) {
        *key = RANGES[i].name;
        if (!is_in_range(settings, &RANGES[i]))
            return "the value is outside its range";
    }
    *key = "MaximumRecordAgeInSeconds";
    if (settings->record_age != MAPPING_UNLIMITED && settings->record_age < AGE_MIN)
        return "MaximumRecordAgeInSeconds must be either -1 (forever) or between 60 and 604800 (inclusive)";
    *key = "TumblingWindowInSeconds";
    if (settings->tumbling_window > 0 && settings->factor > 1)
        return "a tumbling window goes with ParallelizationFactor 1 only";
    if (settings->tumbling_window > 0 && settings->filtered)
        return "a tumbling window goes without FilterCriteria only";
    *key = NULL;
    return NULL;
}

/* Begins with "arn:aws:SERVICE:" or "arn:aws-...:SERVICE:"? */
static bool is_arn_of(const char *text, const char *service)
{
    size_t len = strlen(service);
    if (strncmp(text, "arn:aws", 7) != 0)
        return false;
    size_t more = strcspn(text + 7, ":");
    const char *at = text + 7 + more;
    return (more == 0 || (text[7] == '-' && more > 1)) && *at == ':' && strncmp(at + 1, service, len) == 0 &&
           at[1 + len] == ':';
}

bool mapping_destination_of(const char *arn, enum mapping_destination *out, const char **why)
{
    static const struct {
        const char *service;
        enum mapping_destination kind;
    } kinds[] = { { "sqs", MAPPING_QUEUE }, { "sns", MAPPING_TOPIC }, { "s3", MAPPING_BUCKET } };
    size_t len = strlen(arn);
    if (len >= 5 && strcmp(arn + len - 5, ".fifo") == 0) {
        *why = "FIFO queues and topics cannot be destinations of a mapping";
        return false;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (!is_arn_of(arn, kinds[i].service))
            continue;
        *out = kinds[i].kind;
        return true;
    }
    *why = "expected the ARN of an SQS queue, an SNS topic or an S3 bucket";
    return false;
}
