/* failure.c: see failure.h. No allocation here: one of the failures is that there is no memory. */
#include "runtime/lambda/failure.h"
#include "lib/utf8.h"

#include <stdio.h>
#include <string.h>

#define NO_MEMORY_TYPE "Function.OutOfMemory"
#define INIT_TYPE      "Runtime.InitFailed"

#define ERROR_BODY(type, message)                                                                                      \
    "{\"errorMessage\":\"" type ": " message "\",\"errorType\":\"" type "\",\"stackTrace\":[]}"

ddbs_answer ddbs_failure__no_memory(void)
{
    static const char body[] = ERROR_BODY(NO_MEMORY_TYPE, "no memory for the answer; nothing was acknowledged");
    return (ddbs_answer){ .is_error = true,
                          .error_type = NO_MEMORY_TYPE,
                          .body = { body, sizeof body - 1 },
                          .message =
                              ddbs_str_c(NO_MEMORY_TYPE ": no memory for the answer; nothing was acknowledged") };
}

/* Write `text` as the inside of a JSON string, NUL-terminated; `out` has room for six bytes a byte. A text that was cut
 * inside a character, or was never UTF-8, loses what is not ASCII. */
static void escape(char *out, const char *text)
{
    size_t len = strlen(text);
    bool utf8 = ddbs_utf8__check(text, len) == len;
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte == '"' || byte == '\\')
            *out++ = '\\', *out++ = (char)byte;
        else if (byte < 0x20)
            out += snprintf(out, 7, "\\u%04x", byte);
        else
            *out++ = byte >= 0x80 && !utf8 ? '?' : (char)byte;
    }
    *out = '\0';
}

ddbs_answer ddbs_failure__error(const char *type, const char *reason, char body[DDBS_FAILURE_BODY_MAX])
{
    char escaped[6 * DDBS_ERROR_REASON_MAX + 1];
    escape(escaped, reason);
    int len = snprintf(body, DDBS_FAILURE_BODY_MAX, ERROR_BODY("%s", "%s"), type, escaped, type);
    return (ddbs_answer){ .is_error = true, .error_type = type, .body = { body, (size_t)len } };
}

ddbs_answer ddbs_failure__init(const ddbs_error *error, char body[DDBS_FAILURE_BODY_MAX])
{
    return ddbs_failure__error(INIT_TYPE, error->reason[0] != '\0' ? error->reason : ddbs_status_text(error->status),
                               body);
}

/* One code unit as \uXXXX. */
static char *write_unit(char *out, unsigned unit)
{
    return out + snprintf(out, 7, "\\u%04x", unit & 0xffff);
}

/* The character of a well-formed sequence as one or two of them. */
static char *write_character(char *out, const char *text, size_t len)
{
    static const unsigned char masks[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
    unsigned code = (unsigned char)text[0] & masks[len];
    for (size_t i = 1; i < len; i++)
        code = code << 6 | ((unsigned char)text[i] & 0x3f);
    if (code < 0x10000)
        return write_unit(out, code);
    return write_unit(write_unit(out, 0xd800 + ((code - 0x10000) >> 10)), 0xdc00 + ((code - 0x10000) & 0x3ff));
}

void ddbs_failure__cause(const ddbs_answer *answer, char *out, size_t size)
{
    char message[6 * DDBS_ERROR_REASON_MAX + 16];
    char *at = message;
    for (size_t i = 0; i < answer->message.len && at + 16 < message + sizeof message;) {
        const char *text = answer->message.ptr + i;
        size_t step = ddbs_utf8__sequence(text, answer->message.len - i);
        if (step == 1 && *text >= 0x20 && *text != '"' && *text != '\\' && *text != 0x7f)
            *at++ = *text;
        else
            at = write_character(at, step == 0 ? "?" : text, step == 0 ? 1 : step);
        i += step == 0 ? 1 : step;
    }
    *at = '\0';
    snprintf(out, size,
             "{\"working_directory\":\"/var/task\",\"exceptions\":[{\"message\":\"%s\",\"type\":\"%s\",\"stack\":[]}],"
             "\"paths\":[]}",
             message, answer->error_type);
}
