/* buf.h: writing to a ddbs_buf. A failed append makes every later one fail: asked for once, at the end. */
#ifndef LIB_BUF_H
#define LIB_BUF_H
#include <ddbstream/convert.h>

/* Room for `len` more bytes and a NUL; where to write them, or NULL. Who writes there raises buf->len. */
char *ddbs_buf__room(ddbs_buf *buf, size_t len);

/* Forget a failure, and what was written since the text was `len` bytes long; the status that tells of it. For
 * functions that append all or nothing. */
ddbs_status ddbs_buf__settle(ddbs_buf *buf, size_t len);

void ddbs_buf__bytes(ddbs_buf *buf, const char *bytes, size_t len);
void ddbs_buf__text(ddbs_buf *buf, const char *text);
void ddbs_buf__format(ddbs_buf *buf, const char *format, ...) DDBS_PRINTF(2, 3);

/* A JSON string, quotes included, of any UTF-8 text. */
void ddbs_buf__json(ddbs_buf *buf, const char *text, size_t len);

/* A JSON string, quotes included: the base64 of the bytes. */
void ddbs_buf__base64(ddbs_buf *buf, const unsigned char *bytes, size_t len);
#endif
