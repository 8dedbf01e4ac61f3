/* error.c: see error.h. Errors end in logs, so no byte of a stranger's may forge a line there. */
#include "lib/error.h"

#include <stdio.h>
#include <string.h>

/* Append `text` where it fits whole; else "..." once, for which room is always left. */
static void append(char *out, size_t size, const char *text)
{
    size_t used = strlen(out);
    size_t len = strlen(text);
    if (used >= 3 && memcmp(out + used - 3, "...", 3) == 0 && used + len + 4 > size)
        return;
    if (used + len + 4 > size)
        text = used + 4 > size ? "" : "...", len = strlen(text);
    memcpy(out + used, text, len + 1);
}

static void append_escaped(char *out, size_t size, const char *ptr, size_t len, const char *special)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)ptr[i];
        char one[5] = { (char)byte, '\0' };
        if (byte < 0x20 || byte == 0x7f)
            snprintf(one, sizeof one, "\\x%02x", byte);
        else if (strchr(special, byte) != NULL)
            snprintf(one, sizeof one, "\\%c", byte);
        append(out, size, one);
    }
}

void ddbs_error__reason(ddbs_error *error, const char *format, va_list arguments)
{
    char text[DDBS_ERROR_REASON_MAX];
    if (error == NULL)
        return;
    vsnprintf(text, sizeof text, format, arguments);
    error->reason[0] = '\0';
    append_escaped(error->reason, sizeof error->reason, text, strlen(text), "");
}

ddbs_status ddbs_error__set(ddbs_error *error, ddbs_status status, size_t record, size_t offset, const char *format,
                            ...)
{
    va_list arguments;
    if (error == NULL)
        return status;
    *error = (ddbs_error){ .status = status, .record = record, .offset = offset };
    va_start(arguments, format);
    ddbs_error__reason(error, format, arguments);
    va_end(arguments);
    return status;
}

void ddbs_error__path_name(ddbs_error *error, ddbs_str name)
{
    if (error == NULL)
        return;
    if (error->path[0] != '\0')
        append(error->path, sizeof error->path, ".");
    append_escaped(error->path, sizeof error->path, name.ptr, name.len, ".[]\\");
}

void ddbs_error__path_index(ddbs_error *error, size_t index)
{
    char text[32];
    if (error == NULL)
        return;
    snprintf(text, sizeof text, "[%zu]", index);
    append(error->path, sizeof error->path, text);
}
