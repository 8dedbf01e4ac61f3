/* metrics.c: see metrics.h and ddbstream/metrics.h. One line holds as many metrics as fit into what a pipe takes at
 * once; a single one is never divided, and its line can be longer. */
#include "runtime/lambda/metrics.h"
#include "lib/context.h"
#include "lib/error.h"
#include "runtime/lambda/line.h"
#include "runtime/lambda/log.h"

#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A value is at most 24 characters and a comma; the dimensions and the namespace of a line stay below HEAD_MAX. */
enum { VALUES_MAX = 100, VALUE_SIZE = 25, HEAD_MAX = 3584, OWN_MAX = 16, DIMENSION_BYTES_MAX = 2048 };
enum { LINE_SIZE = HEAD_MAX + 2 * DDBS_METRIC_NAME_MAX + 64 + VALUES_MAX * VALUE_SIZE };

/* What one name came to. */
struct metric {
    const char *name;
    ddbs_unit unit;
    const double *values;
    size_t count;
};

static const char function_dimension[] = "FunctionName";

/* Set once, before any callback runs. */
static struct {
    ddbs_metrics_mode mode;
    const char *name_space;
    ddbs_dimension dimensions[DDBS_DIMENSIONS_MAX + 1];
    size_t dimension_count;
} settings;

/* What the callbacks of the batch at hand measured, in whatever thread. A lock is held for no longer than a call. */
static struct {
    pthread_mutex_t lock;
    size_t count;
    size_t refused;  /* values for which there was no name left */
    int64_t time_ms; /* of them all, since 1970; 0: when the line is written */
    struct {
        char name[DDBS_METRIC_NAME_MAX + 1];
        ddbs_unit unit;
        size_t count;
        double values[VALUES_MAX];
    } table[DDBS_METRICS_MAX];
} collected = { .lock = PTHREAD_MUTEX_INITIALIZER };

const char *ddbs_unit_name(ddbs_unit unit)
{
    static const char *const names[] = {
#define UNIT_TEXT(name, text) text,
        DDBS_UNIT_LIST(UNIT_TEXT)
#undef UNIT_TEXT
    };
    return (size_t)unit < sizeof names / sizeof *names ? names[unit] : names[DDBS_UNIT_NONE];
}

/* ---- Configuration ---- */

/* CloudWatch's names and values of dimensions are ASCII; without quotes none needs an escape, so sizes are known. */
static bool is_name(const char *text)
{
    size_t len = text == NULL ? 0 : strnlen(text, DDBS_METRIC_NAME_MAX + 1);
    for (size_t i = 0; i < len; i++) {
        if (text[i] < ' ' || text[i] > '~' || text[i] == '"' || text[i] == '\\')
            return false;
    }
    return len > 0 && len <= DDBS_METRIC_NAME_MAX && strspn(text, " ") < len;
}

/* Members that a line has anyway. */
static bool is_taken(const char *name)
{
    static const char *const taken[] = { "_aws", "requestId", "timestamp", "level" };
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        if (strcmp(name, taken[i]) == 0)
            return true;
    }
    for (size_t i = 0; i < settings.dimension_count; i++) {
        if (strcmp(name, settings.dimensions[i].name) == 0)
            return true;
    }
    return false;
}

static ddbs_status refuse(ddbs_error *error, const char *what, size_t index)
{
    settings.mode = DDBS_METRICS_OFF;
    return ddbs_error__set(error, DDBS_E_USAGE, DDBS_NOWHERE, DDBS_NOWHERE, "the option metrics: %s (dimension %zu)",
                           what, index);
}

static ddbs_status add_dimension(ddbs_dimension dimension, size_t index, size_t *bytes, ddbs_error *error)
{
    if (!is_name(dimension.name) || !is_name(dimension.value) || dimension.name[0] == ':')
        return refuse(error, "name and value of a dimension are 1 to 255 characters of printable ASCII", index);
    if (is_taken(dimension.name))
        return refuse(error, "the name of a dimension is there already", index);
    *bytes += 2 * strlen(dimension.name) + strlen(dimension.value);
    if (*bytes > DIMENSION_BYTES_MAX)
        return refuse(error, "names (twice) and values of all dimensions are at most 2048 bytes", index);
    settings.dimensions[settings.dimension_count++] = dimension;
    return DDBS_OK;
}

ddbs_status ddbs_metrics__open(const ddbs_metrics_options *options, ddbs_error *error)
{
    const char *function = getenv("AWS_LAMBDA_FUNCTION_NAME");
    size_t bytes = 0;
    collected.count = collected.refused = 0;
    collected.time_ms = 0;
    settings.dimension_count = 0;
    settings.mode = options->mode == DDBS_METRICS_DEFAULT ? DDBS_METRICS_FAILURES : options->mode;
    settings.name_space = options->name_space == NULL ? "ddbstream" : options->name_space;
    if (!is_name(settings.name_space))
        return refuse(error, "the namespace is 1 to 255 characters of printable ASCII", 0);
    if (options->dimension_count > DDBS_DIMENSIONS_MAX)
        return refuse(error, "at most 8 dimensions", options->dimension_count);
    if (is_name(function))
        DDBS_TRY(add_dimension((ddbs_dimension){ function_dimension, function }, 0, &bytes, error));
    for (size_t i = 0; i < options->dimension_count; i++)
        DDBS_TRY(add_dimension(options->dimensions[i], i, &bytes, error));
    return DDBS_OK;
}

/* ---- Lines ---- */

static void put_quoted(struct ddbs_line *line, const char *before, const char *text, const char *behind)
{
    ddbs_line__put(line, before);
    ddbs_line__put(line, text);
    ddbs_line__put(line, behind);
}

static void put_directive(struct ddbs_line *line, const struct metric *metrics, size_t count, int64_t time_ms)
{
    char time[32];
    snprintf(time, sizeof time, "%" PRId64, time_ms == 0 ? ddbs_log__now_ms() : time_ms);
    put_quoted(line, "\"_aws\":{\"Timestamp\":", time, ",\"CloudWatchMetrics\":[{\"Namespace\":\"");
    put_quoted(line, settings.name_space, "", "\",\"Dimensions\":[[");
    for (size_t i = 0; i < settings.dimension_count; i++)
        put_quoted(line, i == 0 ? "\"" : ",\"", settings.dimensions[i].name, "\"");
    ddbs_line__put(line, "]],\"Metrics\":[");
    for (size_t i = 0; i < count; i++) {
        put_quoted(line, i == 0 ? "{\"Name\":\"" : ",{\"Name\":\"", metrics[i].name, "\",\"Unit\":\"");
        put_quoted(line, ddbs_unit_name(metrics[i].unit), "", "\"}");
    }
    ddbs_line__put(line, "]}]}");
}

/* The dimensions, and what else a line of the log has. */
static void put_properties(struct ddbs_line *line, ddbs_str request_id)
{
    char time[DDBS_LOG_TIME_MAX];
    for (size_t i = 0; i < settings.dimension_count; i++)
        ddbs_line__string(line, settings.dimensions[i].name, ddbs_str_c(settings.dimensions[i].value));
    if (request_id.len > 0)
        ddbs_line__string(line, "requestId", request_id);
    if (!ddbs_log__is_json())
        return;
    /* Lambda drops what is below the level that is set. */
    ddbs_log_level level = ddbs_log__threshold() > DDBS_LOG_INFO ? ddbs_log__threshold() : DDBS_LOG_INFO;
    ddbs_log__time(ddbs_log__now_ms(), time);
    ddbs_line__string(line, "timestamp", ddbs_str_c(time));
    ddbs_line__string(line, "level", ddbs_str_c(ddbs_log__level_name(level)));
}

static void put_metric(struct ddbs_line *line, const struct metric *metric)
{
    char text[VALUES_MAX * VALUE_SIZE + 3], number[32];
    size_t len = 0;
    for (size_t i = 0; i < metric->count; i++) {
        ddbs_line__double(metric->values[i], number);
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%s",
                                i > 0               ? ","
                                : metric->count > 1 ? "["
                                                    : "",
                                number);
    }
    if (metric->count > 1)
        snprintf(text + len, sizeof text - len, "]");
    ddbs_line__raw(line, metric->name, text);
}

static void write_line(const struct metric *metrics, size_t count, ddbs_str request_id, int64_t time_ms)
{
    char buffer[LINE_SIZE];
    struct ddbs_line line;
    ddbs_line__begin(&line, buffer, sizeof buffer, true);
    put_directive(&line, metrics, count, time_ms);
    put_properties(&line, request_id);
    for (size_t i = 0; i < count; i++)
        put_metric(&line, &metrics[i]);
    ddbs_line__write(&line);
}

/* At most this many bytes of a line are a metric's. */
static size_t size_of(const struct metric *metric)
{
    return 2 * strlen(metric->name) + 64 + metric->count * VALUE_SIZE;
}

/* At most this many are no metric's. */
static size_t head_size(ddbs_str request_id)
{
    size_t size = 320 + strlen(settings.name_space) + request_id.len;
    for (size_t i = 0; i < settings.dimension_count; i++)
        size += 2 * strlen(settings.dimensions[i].name) + strlen(settings.dimensions[i].value) + 16;
    return size;
}

/* As few lines as can be, each below what a pipe takes at once where one metric is. */
static void write_lines(const struct metric *metrics, size_t count, ddbs_str request_id, int64_t time_ms)
{
    size_t head = head_size(request_id);
    while (count > 0) {
        size_t taken = 1, size = head + size_of(metrics);
        while (taken < count && size + size_of(&metrics[taken]) <= DDBS_LOG_LINE_MAX)
            size += size_of(&metrics[taken++]);
        write_line(metrics, taken, request_id, time_ms);
        metrics += taken;
        count -= taken;
    }
}

/* ---- What the handler measures ---- */

static struct metric metric_at(size_t i)
{
    return (struct metric){ collected.table[i].name, collected.table[i].unit, collected.table[i].values,
                            collected.table[i].count };
}

/* The place of a name, a new one if need be; DDBS_METRICS_MAX where none is left. */
static size_t place_of(const char *name, ddbs_unit unit)
{
    for (size_t i = 0; i < collected.count; i++) {
        if (strcmp(collected.table[i].name, name) == 0)
            return i;
    }
    if (collected.count == DDBS_METRICS_MAX)
        return DDBS_METRICS_MAX;
    snprintf(collected.table[collected.count].name, sizeof collected.table->name, "%s", name);
    collected.table[collected.count].unit = unit;
    collected.table[collected.count].count = 0;
    return collected.count++;
}

static ddbs_status collect(const char *name, double value, ddbs_unit unit, ddbs_str request_id)
{
    size_t at = place_of(name, unit);
    if (at == DDBS_METRICS_MAX) {
        collected.refused++;
        return DDBS_E_LIMIT;
    }
    double *values = collected.table[at].values;
    size_t *count = &collected.table[at].count;
    if (collected.table[at].unit != unit)
        return DDBS_E_USAGE;
    if (unit == DDBS_UNIT_COUNT && *count == 1) {
        if (!isfinite(values[0] + value))
            return DDBS_E_RANGE;
        values[0] += value;
        return DDBS_OK;
    }
    values[(*count)++] = value;
    if (*count == VALUES_MAX) {
        struct metric metric = metric_at(at);
        write_lines(&metric, 1, request_id, collected.time_ms);
        *count = 0;
    }
    return DDBS_OK;
}

ddbs_status ddbs_metric(const ddbs_ctx *ctx, const char *name, double value, ddbs_unit unit)
{
    ddbs_str nobody = { NULL, 0 };
    if (!isfinite(value))
        return DDBS_E_RANGE;
    if (!is_name(name) || is_taken(name) || (size_t)unit > DDBS_UNIT_TERABITS_PER_SECOND)
        return DDBS_E_USAGE;
    if (settings.mode == DDBS_METRICS_DEFAULT || settings.mode == DDBS_METRICS_OFF)
        return DDBS_OK;
    pthread_mutex_lock(&collected.lock);
    ddbs_status status = collect(name, value, unit, ctx == NULL ? nobody : ctx->host->request_id);
    pthread_mutex_unlock(&collected.lock);
    return status;
}

ddbs_status ddbs_metric_time(const ddbs_ctx *ctx, int64_t time_ms)
{
    (void)ctx;
    if (time_ms <= 0)
        return DDBS_E_RANGE;
    pthread_mutex_lock(&collected.lock);
    collected.time_ms = time_ms;
    pthread_mutex_unlock(&collected.lock);
    return DDBS_OK;
}

void ddbs_metrics__flush(ddbs_str request_id)
{
    struct metric metrics[DDBS_METRICS_MAX];
    size_t count = 0;
    pthread_mutex_lock(&collected.lock);
    for (size_t i = 0; i < collected.count; i++) {
        if (collected.table[i].count > 0)
            metrics[count++] = metric_at(i);
    }
    write_lines(metrics, count, request_id, collected.time_ms);
    size_t refused = collected.refused;
    collected.count = collected.refused = 0;
    collected.time_ms = 0;
    pthread_mutex_unlock(&collected.lock);
    if (refused > 0)
        ddbs_log__line(DDBS_LOG_WARN, request_id.ptr, NULL,
                       "%zu measured values are lost: at most %d names of metrics in one batch", refused,
                       DDBS_METRICS_MAX);
}

/* ---- What the runtime measures ---- */

struct own {
    struct metric metrics[OWN_MAX];
    double values[OWN_MAX];
    size_t count;
};

static void add(struct own *own, const char *name, ddbs_unit unit, double value)
{
    own->values[own->count] = value;
    own->metrics[own->count] = (struct metric){ name, unit, &own->values[own->count], 1 };
    own->count++;
}

static void add_failures(struct own *own, const struct ddbs_batch *batch)
{
    add(own, "RecordsFailed", DDBS_UNIT_COUNT, (double)ddbs_batch__failed(batch));
    add(own, "WorkerCrashes", DDBS_UNIT_COUNT, batch->crashes);
    add(own, "DeadlineStops", DDBS_UNIT_COUNT, batch->outcome->out_of_time);
}

static void add_rest(struct own *own, const struct ddbs_batch *batch)
{
    int64_t age;
    add(own, "Records", DDBS_UNIT_COUNT, (double)batch->outcome->records);
    add(own, "RecordsSkipped", DDBS_UNIT_COUNT, (double)batch->outcome->skipped);
    add(own, "RecordsParked", DDBS_UNIT_COUNT, (double)batch->outcome->parked);
    add(own, "RecordsToRetry", DDBS_UNIT_COUNT, (double)ddbs_batch__to_retry(batch));
    add(own, "BatchTime", DDBS_UNIT_MILLISECONDS, (double)(batch->took_ns / 1000) / 1000);
    if (ddbs_batch__iterator_age_ms(batch, &age))
        add(own, "IteratorAge", DDBS_UNIT_MILLISECONDS, (double)age);
    if (batch->numbers == NULL)
        return;
    add(own, "DecodeTime", DDBS_UNIT_MILLISECONDS, (double)(batch->numbers->decode_ns / 1000) / 1000);
    add(own, "HandlerTime", DDBS_UNIT_MILLISECONDS, (double)(batch->numbers->handler_ns / 1000) / 1000);
}

void ddbs_metrics__write(const struct ddbs_batch *batch)
{
    struct own own = { .count = 0 };
    if (settings.mode == DDBS_METRICS_OFF)
        return;
    add_failures(&own, batch);
    if (settings.mode == DDBS_METRICS_ALL)
        add_rest(&own, batch);
    write_lines(own.metrics, own.count, ddbs_str_c(batch->request_id), 0);
}
