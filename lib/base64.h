/* base64.h: canonical base64 (RFC 4648 section 4: standard alphabet, padded, unused bits zero). */
#ifndef LIB_BASE64_H
#define LIB_BASE64_H
#include "lib/scan.h"
#include <stdbool.h>
#include <stddef.h>

/* Decode `len` characters; `out` may be `text` itself. `*used` gets the number of bytes, at most len / 4 * 3. False
 * when the text is not canonical base64; `out` is then undefined. */
bool ddbs_base64__decode(char *out, const char *text, size_t len, size_t *used);

/* The same with this table of functions; NULL: byte by byte. */
bool ddbs_base64__decode_by(const struct scan *scan, char *out, const char *text, size_t len, size_t *used);

/* Characters that `len` bytes take. */
size_t ddbs_base64__encoded(size_t len);

/* Encode; `out` has room for ddbs_base64__encoded(len) characters and is not NUL-terminated. */
void ddbs_base64__encode(char *out, const unsigned char *bytes, size_t len);
#endif
