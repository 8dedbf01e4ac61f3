/* buf.c: see buf.h. */
#include "lib/buf.h"

#include "lib/arena.h"
#include "lib/base64.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { SIZE_AT_FIRST = 256 };

/* Room for `len` more bytes and a NUL; where to write them, or NULL. */
static char *room(struct buf *buf, size_t len)
{
    if (!buf->failed && buf->capacity - buf->len <= len) {
        size_t capacity = buf->capacity < SIZE_AT_FIRST ? SIZE_AT_FIRST : buf->capacity * 2;
        if (capacity - buf->len <= len)
            capacity = buf->len + len + 1;
        char *ptr = ddbs_arena__grow(buf->arena, buf->ptr, buf->capacity, capacity);
        buf->failed = ptr == NULL;
        if (ptr != NULL) {
            buf->ptr = ptr;
            buf->capacity = capacity;
        }
    }
    return buf->failed ? NULL : buf->ptr + buf->len;
}

void ddbs_buf__bytes(struct buf *buf, const char *bytes, size_t len)
{
    char *to = room(buf, len);
    if (to == NULL)
        return;
    if (len > 0)
        memcpy(to, bytes, len);
    to[len] = '\0';
    buf->len += len;
}

void ddbs_buf__text(struct buf *buf, const char *text)
{
    ddbs_buf__bytes(buf, text, strlen(text));
}

void ddbs_buf__format(struct buf *buf, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int len = vsnprintf(NULL, 0, format, arguments);
    char *to = len < 0 ? NULL : room(buf, (size_t)len);
    buf->failed = buf->failed || len < 0;
    if (to != NULL) {
        vsnprintf(to, (size_t)len + 1, format, again);
        buf->len += (size_t)len;
    }
    va_end(again);
    va_end(arguments);
}

static void escape(struct buf *buf, unsigned char byte)
{
    static const char letters[] = "btn\0fr"; /* U+0008 to U+000D */
    if (byte == '"' || byte == '\\')
        ddbs_buf__format(buf, "\\%c", byte);
    else if (byte >= 0x08 && byte <= 0x0d && byte != 0x0b)
        ddbs_buf__format(buf, "\\%c", letters[byte - 0x08]);
    else
        ddbs_buf__format(buf, "\\u%04x", byte);
}

void ddbs_buf__json(struct buf *buf, const char *text, size_t len)
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

void ddbs_buf__base64(struct buf *buf, const unsigned char *bytes, size_t len)
{
    size_t size = ddbs_base64__encoded(len) + 2;
    char *to = room(buf, size);
    if (to == NULL)
        return;
    to[0] = '"';
    ddbs_base64__encode(to + 1, bytes, len);
    to[size - 1] = '"';
    to[size] = '\0';
    buf->len += size;
}
