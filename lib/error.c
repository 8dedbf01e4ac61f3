/* error.c: see error.h. Errors end in logs, so no byte of a stranger's may forge a line there. */
#include "lib/error.h"

#include "lib/utf8.h"

#include <stdio.h>
#include <string.h>

/* Append `text` where it fits whole; else "...", for which room is always left, and return false. */
static bool append(char *out, size_t size, const char *text)
{
    size_t used = strlen(out);
    bool fits = used + strlen(text) + sizeof "..." <= size;
    if (!fits) {
        used -= used > 0 && out[used - 1] == '.'; /* the dot between two names */
        text = used + sizeof "..." <= size ? "..." : "";
    }
    memcpy(out + used, text, strlen(text) + 1);
    return fits;
}

/* Control characters, C1 included: some terminals obey them, too. */
static bool is_control(const char *ptr, size_t len)
{
    unsigned char first = (unsigned char)ptr[0];
    return first < 0x20 || first == 0x7f || (len == 2 && first == 0xc2 && (unsigned char)ptr[1] < 0xa0);
}

/* Append text that may hold anything, in whole characters, so that the result is printable UTF-8 wherever it is cut.
 * The bytes of control characters and of what is not UTF-8 become \xNN, those in `special` get a backslash. */
static void append_escaped(char *out, size_t size, const char *ptr, size_t len, const char *special)
{
    for (size_t at = 0; at < len;) {
        char one[5] = { 0 };
        size_t step = ddbs_utf8__sequence(ptr + at, len - at);
        if (step == 0 || is_control(ptr + at, step)) {
            step = 1;
            snprintf(one, sizeof one, "\\x%02x", (unsigned char)ptr[at]);
        } else if (strchr(special, ptr[at]) != NULL) {
            snprintf(one, sizeof one, "\\%c", ptr[at]);
        } else {
            memcpy(one, ptr + at, step);
        }
        if (!append(out, size, one))
            return;
        at += step;
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

static void clean(char *text, size_t size)
{
    char copy[DDBS_ERROR_REASON_MAX];
    size_t len = strnlen(text, size - 1);
    memcpy(copy, text, len);
    text[0] = '\0';
    append_escaped(text, size, copy, len, "");
}

void ddbs_error__clean(ddbs_error *error)
{
    clean(error->path, sizeof error->path);
    clean(error->reason, sizeof error->reason);
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

/* A path that was cut ends there. Dots inside names are escaped, so three of them can mean nothing else. */
static bool is_cut(const char *path)
{
    size_t len = strlen(path);
    return len >= 3 && strcmp(path + len - 3, "...") == 0;
}

void ddbs_error__path_name(ddbs_error *error, ddbs_str name)
{
    if (error == NULL || is_cut(error->path))
        return;
    if (error->path[0] != '\0' && !append(error->path, sizeof error->path, "."))
        return;
    append_escaped(error->path, sizeof error->path, name.ptr, name.len, ".[]\\");
}

void ddbs_error__path_index(ddbs_error *error, size_t index)
{
    char text[32];
    if (error == NULL || is_cut(error->path))
        return;
    snprintf(text, sizeof text, "[%zu]", index);
    (void)append(error->path, sizeof error->path, text);
}
