/* esm.c: see esm.h. Keys, ranges and defaults are those of CreateEventSourceMapping for a DynamoDB stream. */
#include "esm.h"

#include "command.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* AWS takes no request near this size. */
enum { FILE_BYTES_MAX = 1024 * 1024, ACCOUNT_DIGITS = 12, PLAIN_NAME_MAX = 64 };

struct reader {
    struct esm *esm;
    const char *path;
    const char *key;             /* at hand; NULL: the whole file */
    char function[ESM_TEXT_MAX]; /* FunctionName as it stands in the file */
    char *why;
    size_t why_size;
};

static bool refuse(struct reader *reader, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool refuse(struct reader *reader, const char *format, ...)
{
    char reason[ESM_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    if (reader->key == NULL)
        snprintf(reader->why, reader->why_size, "%s: %s", reader->path, reason);
    else
        snprintf(reader->why, reader->why_size, "%s: %s: %s", reader->path, reader->key, reason);
    return false;
}

static void note(struct reader *reader, const char *sentence)
{
    if (reader->esm->note_count < ESM_NOTES_MAX)
        reader->esm->notes[reader->esm->note_count++] = sentence;
}

/* ---- Values ------------------------------------------------------------------------------------------------------ */

static bool read_number(struct reader *reader, const cJSON *value, int64_t min, int64_t max, int64_t *out)
{
    double number = cJSON_IsNumber(value) ? value->valuedouble : (double)min - 1;
    if (!(number >= (double)min && number <= (double)max) || number != (double)(int64_t)number)
        return refuse(reader, "expected a whole number from %lld to %lld", (long long)min, (long long)max);
    *out = (int64_t)number;
    return true;
}

static bool read_text(struct reader *reader, const cJSON *value, char out[ESM_TEXT_MAX])
{
    if (!cJSON_IsString(value) || value->valuestring[0] == '\0' || strlen(value->valuestring) >= ESM_TEXT_MAX)
        return refuse(reader, "expected a text of 1 to %d bytes", ESM_TEXT_MAX - 1);
    memcpy(out, value->valuestring, strlen(value->valuestring) + 1);
    return true;
}

/* A whole number in the range of its key. */
static bool read_ranged(struct reader *reader, const cJSON *value)
{
    const struct mapping_range *range = mapping_range(reader->key);
    char *settings = (char *)&reader->esm->settings;
    return read_number(reader, value, range->min, range->max, (int64_t *)(void *)(settings + range->place));
}

/* Begins with "arn:aws:SERVICE:" or "arn:aws-...:SERVICE:"? What follows the service, or NULL. */
static const char *arn_of(const char *text, const char *service)
{
    if (strncmp(text, "arn:aws", 7) != 0)
        return NULL;
    size_t more = strcspn(text + 7, ":");
    if (more != 0 && (text[7] != '-' || more == 1))
        return NULL;
    const char *at = text + 7 + more;
    size_t len = strlen(service);
    if (*at != ':' || strncmp(at + 1, service, len) != 0 || at[1 + len] != ':')
        return NULL;
    return at + 2 + len;
}

/* Begins with "ACCOUNT:"? What follows it, or NULL. */
static const char *after_account(const char *text)
{
    return strspn(text, "0123456789") == ACCOUNT_DIGITS && text[ACCOUNT_DIGITS] == ':' ? text + ACCOUNT_DIGITS + 1
                                                                                       : NULL;
}

/* Behind the service of an ARN: "REGION:ACCOUNT:"? What follows it, or NULL; so for NULL. */
static const char *after_region_and_account(const char *text)
{
    size_t region = text == NULL ? 0 : strcspn(text, ":");
    return region == 0 || text[region] == '\0' ? NULL : after_account(text + region + 1);
}

/* ---- Keys -------------------------------------------------------------------------------------------------------- */

static bool read_bisect(struct reader *reader, const cJSON *value)
{
    if (!cJSON_IsBool(value))
        return refuse(reader, "expected true or false");
    reader->esm->settings.bisect = cJSON_IsTrue(value);
    return true;
}

static bool read_response_types(struct reader *reader, const cJSON *value)
{
    const cJSON *type = cJSON_IsArray(value) ? value->child : NULL;
    bool known = type == NULL || (cJSON_IsString(type) && strcmp(type->valuestring, "ReportBatchItemFailures") == 0 &&
                                  type->next == NULL);
    if (!cJSON_IsArray(value) || !known)
        return refuse(reader, "expected [] or [\"ReportBatchItemFailures\"]");
    reader->esm->settings.report_items = type != NULL;
    return true;
}

static bool read_stream(struct reader *reader, const cJSON *value)
{
    if (!read_text(reader, value, reader->esm->stream_arn))
        return false;
    const char *at = after_region_and_account(arn_of(reader->esm->stream_arn, "dynamodb"));
    const char *table = at != NULL && strncmp(at, "table/", 6) == 0 ? at + 6 : "";
    const char *label = table + strcspn(table, "/");
    bool shaped = label > table && strncmp(label, "/stream/", 8) == 0 && label[8] != '\0';
    return shaped || refuse(reader, "expected the ARN of a DynamoDB stream, "
                                    "arn:aws:dynamodb:REGION:ACCOUNT:table/NAME/stream/LABEL");
}

static bool read_function(struct reader *reader, const cJSON *value)
{
    return read_text(reader, value, reader->function);
}

static bool read_starting_position(struct reader *reader, const cJSON *value)
{
    const char *text = cJSON_IsString(value) ? value->valuestring : "";
    if (strcmp(text, "LATEST") == 0)
        reader->esm->settings.position = MAPPING_LATEST;
    if (strcmp(text, "LATEST") == 0)
        note(reader, "StartingPosition LATEST: the records of the source count as written after the mapping began");
    else if (strcmp(text, "TRIM_HORIZON") != 0)
        return refuse(reader, "expected \"TRIM_HORIZON\" or \"LATEST\" (a DynamoDB stream has no others)");
    return true;
}

static bool read_enabled(struct reader *reader, const cJSON *value)
{
    if (!cJSON_IsBool(value))
        return refuse(reader, "expected true or false");
    return cJSON_IsTrue(value) || refuse(reader, "a mapping that is not enabled delivers nothing");
}

static bool read_window(struct reader *reader, const cJSON *value)
{
    if (!read_ranged(reader, value))
        return false;
    if (reader->esm->settings.batching_window > 0)
        note(reader,
             "MaximumBatchingWindowInSeconds: a source of records that are all there fills every batch at once");
    return true;
}

/* Not a pattern, or not FilterCriteria: with the sentence of AWS where it has one, and the place. */
static bool refuse_filter(struct reader *reader, const ddbs_error *error)
{
    const char *aws = error->status == DDBS_E_SYNTAX ? "Invalid filter pattern definition. " : "";
    return refuse(reader, "%s%s%s%s", aws, error->path, error->path[0] != '\0' ? ": " : "", error->reason);
}

static bool read_filters(struct reader *reader, const cJSON *value)
{
    struct esm *esm = reader->esm;
    ddbs_error error;
    char *text = cJSON_PrintUnformatted(value);
    if (text == NULL)
        return refuse(reader, "out of memory");
    ddbs_status status = ddbs_filter_new(&esm->filter, ddbs_str_c(text), &error);
    cJSON_free(text);
    if (status != DDBS_OK)
        return refuse_filter(reader, &error);
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(value, "Filters");
    esm->filter_count = (size_t)cJSON_GetArraySize(list);
    if (esm->filter_count > MAPPING_FILTERS_MAX)
        note(reader, "FilterCriteria: more than 5 filters, which AWS allows on request only");
    return true;
}

static bool read_on_failure(struct reader *reader, const cJSON *value)
{
    struct esm *esm = reader->esm;
    reader->key = "DestinationConfig.OnFailure.Destination";
    if (!read_text(reader, value, esm->destination_arn))
        return false;
    const char *why;
    return mapping_destination_of(esm->destination_arn, &esm->settings.destination, &why) || refuse(reader, "%s", why);
}

static bool read_destination(struct reader *reader, const cJSON *value)
{
    const cJSON *failure = value->child;
    const cJSON *arn = cJSON_IsObject(failure) ? failure->child : NULL;
    bool shaped = cJSON_IsObject(value) &&
                  (failure == NULL ||
                   (strcmp(failure->string, "OnFailure") == 0 && cJSON_IsObject(failure) && failure->next == NULL)) &&
                  (arn == NULL || (strcmp(arn->string, "Destination") == 0 && arn->next == NULL));
    if (!shaped)
        return refuse(reader, "expected {\"OnFailure\":{\"Destination\":\"arn:aws:...\"}}");
    return arn == NULL || read_on_failure(reader, arn);
}

static bool read_metrics(struct reader *reader, const cJSON *value)
{
    const cJSON *metrics = cJSON_GetObjectItemCaseSensitive(value, "Metrics");
    return (cJSON_IsObject(value) && cJSON_IsArray(metrics)) ||
           refuse(reader, "expected {\"Metrics\":[\"EventCount\"]}");
}

static bool read_key_arn(struct reader *reader, const cJSON *value)
{
    char ignored[ESM_TEXT_MAX];
    return read_text(reader, value, ignored);
}

static bool read_tags(struct reader *reader, const cJSON *value)
{
    return cJSON_IsObject(value) || refuse(reader, "expected an object of texts");
}

static bool read_foreign(struct reader *reader, const cJSON *value)
{
    (void)value;
    return refuse(reader, "not a setting of a DynamoDB stream");
}

static const struct key {
    const char *name;
    bool (*read)(struct reader *reader, const cJSON *value);
    bool required;
} KEYS[] = {
    { "EventSourceArn", read_stream, true },
    { "FunctionName", read_function, true },
    { "StartingPosition", read_starting_position, true },
    { "BatchSize", read_ranged, false },
    { "BisectBatchOnFunctionError", read_bisect, false },
    { "DestinationConfig", read_destination, false },
    { "Enabled", read_enabled, false },
    { "FilterCriteria", read_filters, false },
    { "FunctionResponseTypes", read_response_types, false },
    { "KMSKeyArn", read_key_arn, false },
    { "MaximumBatchingWindowInSeconds", read_window, false },
    { "MaximumRecordAgeInSeconds", read_ranged, false },
    { "MaximumRetryAttempts", read_ranged, false },
    { "MetricsConfig", read_metrics, false },
    { "ParallelizationFactor", read_ranged, false },
    { "Tags", read_tags, false },
    { "TumblingWindowInSeconds", read_ranged, false },
    { "AmazonManagedKafkaEventSourceConfig", read_foreign, false },
    { "DocumentDBEventSourceConfig", read_foreign, false },
    { "ProvisionedPollerConfig", read_foreign, false },
    { "Queues", read_foreign, false },
    { "ScalingConfig", read_foreign, false },
    { "SelfManagedEventSource", read_foreign, false },
    { "SelfManagedKafkaEventSourceConfig", read_foreign, false },
    { "SourceAccessConfigurations", read_foreign, false },
    { "StartingPositionTimestamp", read_foreign, false },
    { "Topics", read_foreign, false },
};
enum { KEY_COUNT = sizeof KEYS / sizeof *KEYS };

static bool read_member(struct reader *reader, const cJSON *member, bool seen[KEY_COUNT])
{
    reader->key = member->string;
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (strcmp(KEYS[i].name, member->string) != 0)
            continue;
        if (seen[i])
            return refuse(reader, "occurs twice");
        seen[i] = true;
        return KEYS[i].read(reader, member);
    }
    return refuse(reader, "not a key of CreateEventSourceMapping");
}

/* ---- The function ------------------------------------------------------------------------------------------------ */

static bool is_name(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)text[i]) && text[i] != '-' && text[i] != '_')
            return false;
    return len > 0;
}

/* The parts of a FunctionName. */
struct function_parts {
    const char *arn;     /* behind "arn:aws:lambda:"; NULL: it is no ARN */
    const char *account; /* where the account's part of an ARN stands, else NULL */
    const char *name;
    size_t name_len;
    const char *qualifier;
};

/* The name, the account's part of an ARN, or the whole ARN: each with or without a version or alias. */
static bool split_function(const char *given, struct function_parts *out)
{
    static const char mark[] = "function:";
    enum { MARK = sizeof mark - 1 };
    const char *arn = arn_of(given, "lambda");
    const char *rest = arn != NULL ? after_region_and_account(arn) : after_account(given);
    bool of_account = rest != NULL && strncmp(rest, mark, MARK) == 0;
    if (arn != NULL && !of_account)
        return false;
    const char *name = of_account ? rest + MARK : strncmp(given, mark, MARK) == 0 ? given + MARK : given;
    size_t len = strcspn(name, ":");
    const char *qualifier = name[len] == ':' ? name + len + 1 : "$LATEST";
    *out = (struct function_parts){ arn, of_account && arn == NULL ? given : NULL, name, len, qualifier };
    return is_name(name, len) && (of_account || len <= PLAIN_NAME_MAX) &&
           (strcmp(qualifier, "$LATEST") == 0 || is_name(qualifier, strlen(qualifier)));
}

/* What a FunctionName leaves out is taken from the stream: both are of one region, and mostly of one account. */
static bool resolve_function(struct reader *reader)
{
    struct esm *esm = reader->esm;
    struct function_parts function;
    int len;
    reader->key = "FunctionName";
    if (!split_function(reader->function, &function))
        return refuse(
            reader,
            "expected a function's name (1 to %d letters, digits, - or _) or ARN (its account has %d digits), "
            "with or without a version or alias",
            PLAIN_NAME_MAX, ACCOUNT_DIGITS);

    snprintf(esm->function_name, sizeof esm->function_name, "%.*s", (int)function.name_len, function.name);
    const char *partition = esm->stream_arn + strlen("arn:");
    const char *region = arn_of(esm->stream_arn, "dynamodb");
    const char *account = function.account != NULL ? function.account : region + strcspn(region, ":") + 1;
    if (function.arn != NULL)
        len =
            snprintf(esm->function_arn, sizeof esm->function_arn, "%.*s%s:%s", (int)(function.name - reader->function),
                     reader->function, esm->function_name, function.qualifier);
    else
        len = snprintf(esm->function_arn, sizeof esm->function_arn, "arn:%.*s:lambda:%.*s:%.*s:function:%s:%s",
                       (int)strcspn(partition, ":"), partition, (int)strcspn(region, ":"), region, ACCOUNT_DIGITS,
                       account, esm->function_name, function.qualifier);
    return (len > 0 && (size_t)len < sizeof esm->function_arn) || refuse(reader, "expected a shorter name");
}

/* What is legal alone and not together. */
static bool check_settings(struct reader *reader)
{
    struct mapping_settings *settings = &reader->esm->settings;
    settings->stream_arn = reader->esm->stream_arn;
    settings->function_arn = reader->esm->function_arn;
    settings->filter = reader->esm->filter;
    settings->filtered = reader->esm->filter_count > 0;
    const char *why = mapping_refusal(settings, &reader->key);
    return why == NULL || refuse(reader, "%s", why);
}

static bool read_mapping(struct reader *reader, const cJSON *root)
{
    bool seen[KEY_COUNT] = { false };
    if (!cJSON_IsObject(root))
        return refuse(reader, "expected a JSON object, the input of CreateEventSourceMapping");
    for (const cJSON *member = root->child; member != NULL; member = member->next)
        if (!read_member(reader, member, seen))
            return false;
    for (size_t i = 0; i < KEY_COUNT; i++) {
        reader->key = KEYS[i].name;
        if (KEYS[i].required && !seen[i])
            return refuse(reader, "missing, and AWS asks for it");
    }
    return resolve_function(reader) && check_settings(reader);
}

/* cJSON says where it gave up; people look for a line. */
static size_t line_of(const char *text, const char *at)
{
    size_t line = 1;
    for (; text < at; text++)
        line += *text == '\n';
    return line;
}

int esm_read(struct esm *out, const char *name, const char *text, size_t len, char *why, size_t why_size)
{
    *out = (struct esm){ .settings = mapping_defaults() };
    struct reader reader = { .esm = out, .path = name, .why = why, .why_size = why_size };
    const char *end = text;
    cJSON *root = cJSON_ParseWithLengthOpts(text, len + 1, &end, 1);
    bool read = root != NULL ? read_mapping(&reader, root) : refuse(&reader, "line %zu: not JSON", line_of(text, end));
    cJSON_Delete(root);
    return read ? 0 : -1;
}

int esm_load(struct esm *out, const char *path, char *why, size_t why_size)
{
    char *text;
    size_t len;
    int status;
    *out = (struct esm){ .settings = mapping_defaults() };
    if (command_read(path, FILE_BYTES_MAX + 1, &text, &len, why, why_size) != 0)
        return -1;
    if (len > FILE_BYTES_MAX) {
        snprintf(why, why_size, "%s: larger than 1 MiB, which no mapping is", path);
        status = -1;
    } else {
        status = esm_read(out, path, text, len, why, why_size);
    }
    free(text);
    return status;
}

void esm_free(struct esm *esm)
{
    ddbs_filter_free(esm->filter);
    esm->filter = NULL;
}
