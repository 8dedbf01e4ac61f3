/* text.h: bytes that grow at their end, always followed by a NUL once something was added. Zeroed, one is empty. */
#ifndef EMULATOR_TEXT_H
#define EMULATOR_TEXT_H
#include <stdbool.h>
#include <stddef.h>

struct text {
    char *ptr; /* NULL until something is added */
    size_t len;
    size_t size;
};

/* Whether there was memory for it; if not, nothing changes. */
bool text_add(struct text *text, const char *bytes, size_t len);

/* Take the first `len` bytes away. */
void text_drop(struct text *text, size_t len);

/* Empty it and give its memory back. */
void text_free(struct text *text);
#endif
