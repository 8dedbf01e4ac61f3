/* log.h: what the runtime itself has to say, one line on stderr per event. Never attribute values: the texts come from
 * ddbs_error, from the Runtime API and from the operating system. */
#ifndef LAMBDA_LOG_H
#define LAMBDA_LOG_H
#include <ddbstream/base.h>

enum ddbs_log_level { DDBS_LOG_WARN, DDBS_LOG_ERROR };

/* Bytes of a line, its newline included; a longer one is cut and ends in "...". */
#define DDBS_LOG_LINE_MAX 4096

/**
 * Write "LEVEL RequestId: <id> <type>: <text>" in one write(2), so that lines of several writers do not mix. Control
 * bytes are escaped: a text can hold what a stranger wrote.
 * @param request_id  NULL or "": not about an invocation; the part is left out
 * @param type        NULL: the part is left out
 */
void ddbs_log__line(enum ddbs_log_level level, const char *request_id, const char *type, const char *format, ...)
    DDBS_PRINTF(4, 5);
#endif
