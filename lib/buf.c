/* buf.c: see buf.h. */
#include "lib/buf.h"

#include "lib/arena.h"
#include "lib/base64.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE_AT_FIRST = 256 };

static bool grow(ddbs_buf *buf, size_t capacity)
{
    char *ptr = buf->arena == NULL ? realloc(buf->ptr, capacity)
                                   : ddbs_arena__grow(buf->arena, buf->ptr, buf->capacity, capacity);
    if (ptr == NULL)
        return false;
    buf->ptr = ptr;
    buf->capacity = capacity;
    return true;
}

char *ddbs_buf__room(ddbs_buf *buf, size_t len)
{
    if (!buf->failed && buf->capacity - buf->len <= len) {
        size_t capacity = buf->capacity < SIZE_AT_FIRST ? SIZE_AT_FIRST : buf->capacity * 2;
        if (capacity - buf->len <= len)
            capacity = buf->len + len + 1;
        buf->failed = len > SIZE_MAX / 4 || !grow(buf, capacity);
    }
    return buf->failed ? NULL : buf->ptr + buf->len;
}

ddbs_status ddbs_buf__settle(ddbs_buf *buf, size_t len)
{
    if (!buf->failed)
        return DDBS_OK;
    buf->failed = false;
    buf->len = len;
    if (buf->ptr != NULL)
        buf->ptr[len] = '\0';
    return DDBS_E_MEMORY;
}

static void format_list(ddbs_buf *buf, const char *format, va_list arguments) DDBS_PRINTF(2, 0);
static void format_list(ddbs_buf *buf, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int len = vsnprintf(NULL, 0, format, arguments);
    char *to = len < 0 ? NULL : ddbs_buf__room(buf, (size_t)len);
    buf->failed = buf->failed || len < 0;
    if (to != NULL) {
        vsnprintf(to, (size_t)len + 1, format, again);
        buf->len += (size_t)len;
    }
    va_end(again);
}

ddbs_status ddbs_buf_append(ddbs_buf *buf, const void *bytes, size_t len)
{
    size_t before = buf->len;
    ddbs_buf__bytes(buf, bytes, len);
    return ddbs_buf__settle(buf, before);
}

ddbs_status ddbs_buf_format(ddbs_buf *buf, const char *format, ...)
{
    size_t before = buf->len;
    va_list arguments;
    va_start(arguments, format);
    format_list(buf, format, arguments);
    va_end(arguments);
    return ddbs_buf__settle(buf, before);
}

ddbs_status ddbs_buf_json(ddbs_buf *buf, ddbs_str text)
{
    size_t before = buf->len;
    if (text.ptr == NULL)
        ddbs_buf__text(buf, "null");
    else
        ddbs_buf__json(buf, text.ptr, text.len);
    return ddbs_buf__settle(buf, before);
}

ddbs_str ddbs_buf_str(const ddbs_buf *buf)
{
    return buf->ptr == NULL ? (ddbs_str){ "", 0 } : (ddbs_str){ buf->ptr, buf->len };
}

ddbs_bytes ddbs_buf_bytes(const ddbs_buf *buf)
{
    ddbs_str text = ddbs_buf_str(buf);
    return (ddbs_bytes){ (const unsigned char *)text.ptr, text.len };
}

void ddbs_buf_free(ddbs_buf *buf)
{
    if (buf->arena == NULL)
        free(buf->ptr);
    *buf = (ddbs_buf){ .arena = buf->arena };
}

void ddbs_buf__bytes(ddbs_buf *buf, const char *bytes, size_t len)
{
    char *to = ddbs_buf__room(buf, len);
    if (to == NULL)
        return;
    if (len > 0)
        memcpy(to, bytes, len);
    to[len] = '\0';
    buf->len += len;
}

void ddbs_buf__text(ddbs_buf *buf, const char *text)
{
    ddbs_buf__bytes(buf, text, strlen(text));
}

void ddbs_buf__format(ddbs_buf *buf, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    format_list(buf, format, arguments);
    va_end(arguments);
}

static void escape(ddbs_buf *buf, unsigned char byte)
{
    static const char letters[] = "btn\0fr"; /* U+0008 to U+000D */
    if (byte == '"' || byte == '\\')
        ddbs_buf__format(buf, "\\%c", byte);
    else if (byte >= 0x08 && byte <= 0x0d && byte != 0x0b)
        ddbs_buf__format(buf, "\\%c", letters[byte - 0x08]);
    else
        ddbs_buf__format(buf, "\\u%04x", byte);
}

void ddbs_buf__json(ddbs_buf *buf, const char *text, size_t len)
{
    size_t plain = 0; /* begin of the run that needs no escape */
    if (len == 0)
        text = "";
    ddbs_buf__bytes(buf, "\"", 1);
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte >= 0x20 && byte != '"' && byte != '\\' && byte != 0x7f)
            continue;
        ddbs_buf__bytes(buf, text + plain, i - plain);
        escape(buf, byte);
        plain = i + 1;
    }
    ddbs_buf__bytes(buf, text + plain, len - plain);
    ddbs_buf__bytes(buf, "\"", 1);
}

void ddbs_buf__base64(ddbs_buf *buf, const unsigned char *bytes, size_t len)
{
    size_t size = ddbs_base64__encoded(len) + 2;
    char *to = ddbs_buf__room(buf, size);
    if (to == NULL)
        return;
    to[0] = '"';
    ddbs_base64__encode(to + 1, bytes, len);
    to[size - 1] = '"';
    to[size] = '\0';
    buf->len += size;
}
