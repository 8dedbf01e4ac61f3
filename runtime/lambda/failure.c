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

ddbs_answer ddbs_failure__init(const ddbs_error *error, char body[DDBS_FAILURE_BODY_MAX])
{
    char reason[6 * DDBS_ERROR_REASON_MAX + 1];
    int len;
    escape(reason, error->reason[0] != '\0' ? error->reason : ddbs_status_text(error->status));
    len = snprintf(body, DDBS_FAILURE_BODY_MAX, ERROR_BODY(INIT_TYPE, "%s"), reason);
    return (ddbs_answer){ .is_error = true, .error_type = INIT_TYPE, .body = { body, (size_t)len } };
}
