/* log.c: see log.h. Lambda takes stdout and stderr as logs; stderr is not buffered and not mixed with what a handler
 * prints. */
#include "runtime/lambda/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct line {
    char text[DDBS_LOG_LINE_MAX];
    size_t len;
};

#define ELLIPSIS "..."

/* Room for the ellipsis and the newline is always left. */
static void append(struct line *line, const char *text)
{
    size_t limit = sizeof line->text - sizeof ELLIPSIS;
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        char one[5] = { (char)byte, '\0' };
        if (byte < 0x20 || byte == 0x7f)
            snprintf(one, sizeof one, "\\x%02x", byte);
        size_t len = strlen(one);
        if (line->len + len > limit) {
            memcpy(line->text + line->len, ELLIPSIS, strlen(ELLIPSIS));
            line->len += strlen(ELLIPSIS);
            return;
        }
        memcpy(line->text + line->len, one, len);
        line->len += len;
    }
}

/* A log that cannot be written is no reason to fail an invocation. */
static void flush(struct line *line)
{
    size_t at = 0;
    line->text[line->len++] = '\n';
    while (at < line->len) {
        ssize_t wrote = write(STDERR_FILENO, line->text + at, line->len - at);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return;
        at += (size_t)wrote;
    }
}

void ddbs_log__line(enum ddbs_log_level level, const char *request_id, const char *type, const char *format, ...)
{
    struct line line = { .len = 0 };
    char text[DDBS_LOG_LINE_MAX];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    append(&line, level == DDBS_LOG_ERROR ? "ERROR " : "WARN ");
    if (request_id != NULL && request_id[0] != '\0') {
        append(&line, "RequestId: ");
        append(&line, request_id);
        append(&line, " ");
    }
    if (type != NULL) {
        append(&line, type);
        append(&line, ": ");
    }
    append(&line, text);
    flush(&line);
}
