/* ddbstream/log.h: lines for the function's log.
 *
 *     ddbs_str customer;
 *     int64_t quantity;
 *     DDBS_TRY(ddbs_get(rec->new_image, "customer", &customer));
 *     DDBS_TRY(ddbs_get(rec->new_image, "quantity", &quantity));
 *     ddbs_log(ctx, DDBS_LOG_WARN, "no price, taking the list's");
 *     DDBS_LOG(ctx, DDBS_LOG_INFO, "order paid", DDBS_PAIR("customer", customer), DDBS_PAIR("quantity", quantity));
 *
 * A line tells of itself which invocation and which record it is about. Lambda chooses its form and what is left out:
 *
 *   AWS_LAMBDA_LOG_FORMAT  "Text", also where it is not set:
 *                            WARN RequestId: 8f5a... record 8/10 seq=4421: no price, taking the list's
 *                            INFO RequestId: 8f5a... record 9/10 seq=4422: order paid customer=c-17 quantity=2
 *                          "JSON", one object a line, for programs:
 *                            {"timestamp":"2026-10-19T08:40:00.123Z","level":"INFO","requestId":"8f5a...",
 *                             "record":9,"records":10,"sequenceNumber":"4422","message":"order paid",
 *                             "customer":"c-17","quantity":2}
 *   AWS_LAMBDA_LOG_LEVEL   lines below this level are not written; "INFO" where it is not set
 *
 * Records are counted from 1, as in the answers: record 8 is `Records[7]`. Lines go to stderr, each in one write(2), so
 * that those of several writers do not mix. Nothing of an event gets into a line but what you put there, and nothing
 * that you put there can make a second line or another member: control characters, characters that change the
 * direction of text and bytes that are not UTF-8 are escaped. What does not fit into DDBS_LOG_LINE_MAX is cut and ends
 * in "..."; an object then has "cut":true. The functions allocate nothing, keep errno, and may be called from any
 * thread. */
#ifndef DDBSTREAM_LOG_H
#define DDBSTREAM_LOG_H
#include <ddbstream/consumer.h>
#ifdef __cplusplus
extern "C" {
#endif

/* The levels that Lambda knows (developer guide, monitoring-cloudwatchlogs-log-level). */
typedef enum ddbs_log_level {
    DDBS_LOG_TRACE,
    DDBS_LOG_DEBUG,
    DDBS_LOG_INFO,
    DDBS_LOG_WARN,
    DDBS_LOG_ERROR,
    DDBS_LOG_FATAL
} ddbs_log_level;

/* Bytes of a line, its newline included: PIPE_BUF of Linux, up to which a write to a pipe is never torn. */
#define DDBS_LOG_LINE_MAX 4096

/** Whether lines of this level are written: to save work that only a line needs. */
DDBS_API bool ddbs_log_enabled(ddbs_log_level level);

/**
 * Write a line.
 * @param ctx     NULL: outside of any callback
 * @param format  as for printf
 */
DDBS_API void ddbs_log(const ddbs_ctx *ctx, ddbs_log_level level, const char *format, ...) DDBS_PRINTF(3, 4);

/* A name and a value of one of the types below. */
typedef enum ddbs_pair_kind {
    DDBS_PAIR_STR, /* {NULL, 0} is written as null */
    DDBS_PAIR_NUM, /* its digits, exactly; quoted where they are no number in JSON */
    DDBS_PAIR_I64,
    DDBS_PAIR_U64,
    DDBS_PAIR_F64, /* as short as is exact; quoted where it is not finite */
    DDBS_PAIR_BOOL
} ddbs_pair_kind;

typedef struct ddbs_pair {
    const char *name; /* one of the line's own names gets a '_' behind it */
    ddbs_pair_kind kind;
    union {
        ddbs_str str;
        ddbs_num num;
        int64_t i64;
        uint64_t u64;
        double f64;
        bool flag;
    } as;
} ddbs_pair;

/**
 * Write a line with `count` pairs behind its message.
 * @param ctx      NULL: outside of any callback
 * @param message  the same words every time, so that they can be searched for
 */
DDBS_API void ddbs_log_pairs(const ddbs_ctx *ctx, ddbs_log_level level, const char *message, const ddbs_pair *pairs,
                             size_t count);

static inline ddbs_pair ddbs_pair_str(const char *name, ddbs_str value)
{
    ddbs_pair pair;
    pair.name = name;
    pair.kind = DDBS_PAIR_STR;
    pair.as.str = value;
    return pair;
}

static inline ddbs_pair ddbs_pair_text(const char *name, const char *value)
{
    return ddbs_pair_str(name, ddbs_str_c(value));
}

static inline ddbs_pair ddbs_pair_num(const char *name, ddbs_num value)
{
    ddbs_pair pair;
    pair.name = name;
    pair.kind = DDBS_PAIR_NUM;
    pair.as.num = value;
    return pair;
}

static inline ddbs_pair ddbs_pair_i64(const char *name, int64_t value)
{
    ddbs_pair pair;
    pair.name = name;
    pair.kind = DDBS_PAIR_I64;
    pair.as.i64 = value;
    return pair;
}

static inline ddbs_pair ddbs_pair_u64(const char *name, uint64_t value)
{
    ddbs_pair pair;
    pair.name = name;
    pair.kind = DDBS_PAIR_U64;
    pair.as.u64 = value;
    return pair;
}

static inline ddbs_pair ddbs_pair_f64(const char *name, double value)
{
    ddbs_pair pair;
    pair.name = name;
    pair.kind = DDBS_PAIR_F64;
    pair.as.f64 = value;
    return pair;
}

static inline ddbs_pair ddbs_pair_bool(const char *name, bool value)
{
    ddbs_pair pair;
    pair.name = name;
    pair.kind = DDBS_PAIR_BOOL;
    pair.as.flag = value;
    return pair;
}

#ifndef __cplusplus
/** A pair, by the type of its value; no other types than these compile (true itself is
 *  an int). C++ calls the functions above. */
#define DDBS_PAIR(name, value)                                                                                         \
    _Generic((value),                                                                                                  \
        ddbs_str: ddbs_pair_str,                                                                                       \
        ddbs_num: ddbs_pair_num,                                                                                       \
        const char *: ddbs_pair_text,                                                                                  \
        char *: ddbs_pair_text,                                                                                        \
        bool: ddbs_pair_bool,                                                                                          \
        short: ddbs_pair_i64,                                                                                          \
        int: ddbs_pair_i64,                                                                                            \
        long: ddbs_pair_i64,                                                                                           \
        long long: ddbs_pair_i64,                                                                                      \
        unsigned short: ddbs_pair_u64,                                                                                 \
        unsigned: ddbs_pair_u64,                                                                                       \
        unsigned long: ddbs_pair_u64,                                                                                  \
        unsigned long long: ddbs_pair_u64,                                                                             \
        double: ddbs_pair_f64,                                                                                         \
        float: ddbs_pair_f64)(name, value)

/** ddbs_log_pairs with its pairs, at least one, as arguments. */
#define DDBS_LOG(ctx, level, message, ...)                                                                             \
    ddbs_log_pairs(ctx, level, message, (const ddbs_pair[]){ __VA_ARGS__ },                                            \
                   sizeof((const ddbs_pair[]){ __VA_ARGS__ }) / sizeof(ddbs_pair))
#endif

#ifdef __cplusplus
}
#endif
#endif
