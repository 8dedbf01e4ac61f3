/* log.c: see log.h and ddbstream/log.h. Lambda takes stdout and stderr as logs; stderr is not buffered and not mixed
 * with what a handler prints. Supervisor and worker have it in common; whole lines in one write(2) need no lock. */
#include "runtime/lambda/log.h"
#include "lib/context.h"
#include "lib/json.h"
#include "runtime/lambda/line.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static const char *const level_names[] = { "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL" };
enum { LEVELS = sizeof level_names / sizeof *level_names };

/* As global as the descriptor that the lines go to. Set before any callback runs, and never again. */
static struct {
    bool json;
    ddbs_log_level threshold;
} settings = { false, DDBS_LOG_INFO };

/* What a line is about. */
struct subject {
    ddbs_str request_id;
    const char *type;
    size_t record, records; /* counted from 1; 0: none */
    ddbs_str sequence;
};

void ddbs_log__open(void)
{
    const char *format = getenv("AWS_LAMBDA_LOG_FORMAT");
    const char *level = getenv("AWS_LAMBDA_LOG_LEVEL");
    settings.json = format != NULL && strcasecmp(format, "JSON") == 0;
    settings.threshold = DDBS_LOG_INFO;
    for (int i = 0; level != NULL && i < LEVELS; i++) {
        if (strcasecmp(level, level_names[i]) == 0)
            settings.threshold = (ddbs_log_level)i;
    }
}

bool ddbs_log__is_json(void)
{
    return settings.json;
}

ddbs_log_level ddbs_log__threshold(void)
{
    return settings.threshold;
}

const char *ddbs_log__level_name(ddbs_log_level level)
{
    return (unsigned)level < LEVELS ? level_names[level] : level_names[DDBS_LOG_ERROR];
}

bool ddbs_log_enabled(ddbs_log_level level)
{
    return level >= settings.threshold;
}

int64_t ddbs_log__now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void ddbs_log__time(int64_t ms, char out[DDBS_LOG_TIME_MAX])
{
    struct tm parts = { .tm_mday = 1 };
    char text[DDBS_LOG_TIME_MAX - sizeof ".000Z"];
    time_t seconds = (time_t)(ms / 1000);
    gmtime_r(&seconds, &parts);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(out, DDBS_LOG_TIME_MAX, "%s.%03dZ", text, (int)(ms % 1000));
}

/* ---- The parts of a line ---- */

static void begin_json(struct ddbs_line *line, ddbs_log_level level, const struct subject *subject, const char *message)
{
    char time[DDBS_LOG_TIME_MAX];
    ddbs_log__time(ddbs_log__now_ms(), time);
    ddbs_line__string(line, "timestamp", ddbs_str_c(time));
    ddbs_line__string(line, "level", ddbs_str_c(ddbs_log__level_name(level)));
    if (subject->request_id.len > 0)
        ddbs_line__string(line, "requestId", subject->request_id);
    if (subject->record > 0) {
        ddbs_line__i64(line, "record", (int64_t)subject->record);
        ddbs_line__i64(line, "records", (int64_t)subject->records);
        ddbs_line__string(line, "sequenceNumber", subject->sequence);
    }
    if (subject->type != NULL)
        ddbs_line__string(line, "errorType", ddbs_str_c(subject->type));
    ddbs_line__string(line, "message", ddbs_str_c(message));
}

static void begin_text(struct ddbs_line *line, ddbs_log_level level, const struct subject *subject, const char *message)
{
    char place[64];
    ddbs_line__put(line, ddbs_log__level_name(level));
    ddbs_line__put(line, " ");
    if (subject->request_id.len > 0) {
        ddbs_line__put(line, "RequestId: ");
        ddbs_line__text(line, subject->request_id.ptr, subject->request_id.len);
        ddbs_line__put(line, " ");
    }
    if (subject->record > 0) {
        snprintf(place, sizeof place, "record %zu/%zu seq=", subject->record, subject->records);
        ddbs_line__put(line, place);
        ddbs_line__text(line, subject->sequence.ptr, subject->sequence.len);
        ddbs_line__put(line, ": ");
    }
    if (subject->type != NULL) {
        ddbs_line__put(line, subject->type);
        ddbs_line__put(line, ": ");
    }
    ddbs_line__text(line, message, strlen(message));
}

/* A number of DynamoDB's may have forms that JSON has not, "+1" or "01". */
static void put_num(struct ddbs_line *line, const char *name, ddbs_num num)
{
    struct json json = { .text = num.ptr, .len = num.len };
    char text[256];
    if (num.ptr != NULL && num.len < sizeof text && ddbs_json__number(&json) && json.at == json.len) {
        memcpy(text, num.ptr, num.len);
        text[num.len] = '\0';
        ddbs_line__raw(line, name, text);
    } else {
        ddbs_line__string(line, name, (ddbs_str){ num.ptr, num.len });
    }
}

static void put_f64(struct ddbs_line *line, const char *name, double value)
{
    char text[32];
    if (isfinite(value)) {
        ddbs_line__double(value, text);
        ddbs_line__raw(line, name, text);
    } else {
        ddbs_line__string(line, name, ddbs_str_c(isnan(value) ? "NaN" : value < 0 ? "-Infinity" : "Infinity"));
    }
}

static void put_pair(struct ddbs_line *line, const char *name, const ddbs_pair *pair)
{
    char text[32];
    switch (pair->kind) {
    case DDBS_PAIR_STR:
        ddbs_line__string(line, name, pair->as.str);
        break;
    case DDBS_PAIR_NUM:
        put_num(line, name, pair->as.num);
        break;
    case DDBS_PAIR_I64:
        ddbs_line__i64(line, name, pair->as.i64);
        break;
    case DDBS_PAIR_U64:
        snprintf(text, sizeof text, "%" PRIu64, pair->as.u64);
        ddbs_line__raw(line, name, text);
        break;
    case DDBS_PAIR_F64:
        put_f64(line, name, pair->as.f64);
        break;
    case DDBS_PAIR_BOOL:
        ddbs_line__raw(line, name, pair->as.flag ? "true" : "false");
        break;
    }
}

/* Which of two members of one name counts, no two readers agree; and an object with "_aws" is one of metrics. */
static const char *free_name(const char *name, char room[32])
{
    static const char *const taken[] = { "timestamp",      "level",     "requestId", "record", "records",
                                         "sequenceNumber", "errorType", "message",   "cut",    "_aws" };
    if (name == NULL)
        return "null";
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        if (strcmp(name, taken[i]) == 0) {
            snprintf(room, 32, "%s_", name);
            return room;
        }
    }
    return name;
}

static void begin(struct ddbs_line *line, char buffer[DDBS_LOG_LINE_MAX], ddbs_log_level level,
                  const struct subject *subject, const char *message)
{
    ddbs_line__begin(line, buffer, DDBS_LOG_LINE_MAX, settings.json);
    if (settings.json)
        begin_json(line, level, subject, message);
    else
        begin_text(line, level, subject, message);
}

/* ---- Lines ---- */

static void write_formatted(ddbs_log_level level, const struct subject *subject, const char *format, va_list arguments)
    DDBS_PRINTF(3, 0);

/* A message that does not fit into its buffer does not fit into the line either, and is cut there. */
static void write_formatted(ddbs_log_level level, const struct subject *subject, const char *format, va_list arguments)
{
    char message[DDBS_LOG_LINE_MAX], buffer[DDBS_LOG_LINE_MAX];
    struct ddbs_line line;
    int reason = errno;
    if (vsnprintf(message, sizeof message, format, arguments) < 0)
        snprintf(message, sizeof message, "a message that cannot be formatted");
    begin(&line, buffer, level, subject, message);
    ddbs_line__write(&line);
    errno = reason;
}

void ddbs_log__line(enum ddbs_log_level level, const char *request_id, const char *type, const char *format, ...)
{
    struct subject subject = { .request_id = ddbs_str_c(request_id), .type = type };
    va_list arguments;
    if (!ddbs_log_enabled(level))
        return;
    va_start(arguments, format);
    write_formatted(level, &subject, format, arguments);
    va_end(arguments);
}

void ddbs_log__pairs(ddbs_log_level level, const char *request_id, const char *message, const ddbs_pair *pairs,
                     size_t count)
{
    char buffer[DDBS_LOG_LINE_MAX];
    struct ddbs_line line;
    struct subject subject = { .request_id = ddbs_str_c(request_id) };
    if (!ddbs_log_enabled(level))
        return;
    begin(&line, buffer, level, &subject, message);
    for (size_t i = 0; i < count; i++)
        put_pair(&line, pairs[i].name, &pairs[i]);
    ddbs_line__write(&line);
}

static struct subject subject_of(const ddbs_ctx *ctx)
{
    struct subject subject = { .type = NULL };
    if (ctx == NULL)
        return subject;
    subject.request_id = ctx->host->request_id;
    if (ctx->event != NULL && ctx->index < ddbs_event_count(ctx->event)) {
        subject.record = ctx->index + 1;
        subject.records = ddbs_event_count(ctx->event);
        subject.sequence = ddbs_event_sequence(ctx->event, ctx->index);
    }
    return subject;
}

void ddbs_log(const ddbs_ctx *ctx, ddbs_log_level level, const char *format, ...)
{
    va_list arguments;
    if (!ddbs_log_enabled(level))
        return;
    struct subject subject = subject_of(ctx);
    va_start(arguments, format);
    write_formatted(level, &subject, format, arguments);
    va_end(arguments);
}

void ddbs_log_pairs(const ddbs_ctx *ctx, ddbs_log_level level, const char *message, const ddbs_pair *pairs,
                    size_t count)
{
    char buffer[DDBS_LOG_LINE_MAX], room[32];
    struct ddbs_line line;
    int reason = errno;
    if (!ddbs_log_enabled(level))
        return;
    struct subject subject = subject_of(ctx);
    begin(&line, buffer, level, &subject, message == NULL ? "" : message);
    for (size_t i = 0; i < count; i++)
        put_pair(&line, free_name(pairs[i].name, room), &pairs[i]);
    ddbs_line__write(&line);
    errno = reason;
}
