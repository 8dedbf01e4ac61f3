/* text.c: see text.h. */
#include "text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_SIZE_FIRST = 512 };

bool text_add(struct text *text, const char *bytes, size_t len)
{
    size_t size = text->size == 0 ? TEXT_SIZE_FIRST : text->size;
    if (len >= SIZE_MAX / 2 - text->len)
        return false;
    while (size <= text->len + len)
        size *= 2;
    if (size != text->size) {
        char *ptr = realloc(text->ptr, size);
        if (ptr == NULL)
            return false;
        text->ptr = ptr;
        text->size = size;
    }
    if (len > 0)
        memcpy(text->ptr + text->len, bytes, len);
    text->len += len;
    text->ptr[text->len] = '\0';
    return true;
}

void text_drop(struct text *text, size_t len)
{
    if (len == 0)
        return;
    memmove(text->ptr, text->ptr + len, text->len - len + 1);
    text->len -= len;
}

void text_free(struct text *text)
{
    free(text->ptr);
    *text = (struct text){ .ptr = NULL };
}
