/* buf.h: a growing text in an arena. A failed append makes every later one fail: asked for once, at the end. */
#ifndef LIB_BUF_H
#define LIB_BUF_H
#include <ddbstream/base.h>

struct buf {
    ddbs_arena *arena;
    char *ptr; /* NUL-terminated once something was appended */
    size_t len;
    size_t capacity;
    bool failed; /* memory was exhausted */
};

void ddbs_buf__bytes(struct buf *buf, const char *bytes, size_t len);
void ddbs_buf__text(struct buf *buf, const char *text);
void ddbs_buf__format(struct buf *buf, const char *format, ...) DDBS_PRINTF(2, 3);

/* A JSON string, quotes included, of any UTF-8 text. */
void ddbs_buf__json(struct buf *buf, const char *text, size_t len);

/* A JSON string, quotes included: the base64 of the bytes. */
void ddbs_buf__base64(struct buf *buf, const unsigned char *bytes, size_t len);
#endif
