/* log.h: what the runtime itself has to say, and how lines are made of it and of what handlers say. Never attribute
 * values: the texts come from ddbs_error, from the Runtime API and from the operating system. */
#ifndef LAMBDA_LOG_H
#define LAMBDA_LOG_H
#include <ddbstream/log.h>

/* Read AWS_LAMBDA_LOG_FORMAT and AWS_LAMBDA_LOG_LEVEL. To be called once, before the first fork and the first callback;
 * without it, and for values that Lambda does not have, lines are text from INFO on. */
void ddbs_log__open(void);

/* How lines are written. */
bool ddbs_log__is_json(void);
ddbs_log_level ddbs_log__threshold(void);
const char *ddbs_log__level_name(ddbs_log_level level);

/* Write the time as RFC 3339 has it, UTC with milliseconds: Lambda reads it so. */
enum { DDBS_LOG_TIME_MAX = 32 };
void ddbs_log__time(int64_t ms_since_1970, char out[DDBS_LOG_TIME_MAX]);
int64_t ddbs_log__now_ms(void);

/**
 * Write "LEVEL RequestId: <id> <type>: <text>", or the same as an object.
 * @param request_id  NULL or "": not about an invocation; the part is left out
 * @param type        NULL: the part is left out
 */
void ddbs_log__line(enum ddbs_log_level level, const char *request_id, const char *type, const char *format, ...)
    DDBS_PRINTF(4, 5);

/* A line of the runtime's own with pairs; their names are as they are. */
void ddbs_log__pairs(ddbs_log_level level, const char *request_id, const char *message, const ddbs_pair *pairs,
                     size_t count);
#endif
