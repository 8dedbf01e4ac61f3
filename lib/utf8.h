/* utf8.h: strict UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF). */
#ifndef LIB_UTF8_H
#define LIB_UTF8_H
#include "lib/scan.h"
#include <stddef.h>

/* The offset of the first byte that does not continue valid UTF-8, or `len` when all of it is valid. */
size_t ddbs_utf8__check(const char *text, size_t len);

/* The same with this table of functions; NULL: byte by byte. */
size_t ddbs_utf8__check_by(const struct scan *scan, const char *text, size_t len);

/* The length of the well-formed sequence that begins at `text`, 1 to 4; 0 where none does. `left` is above 0. */
size_t ddbs_utf8__sequence(const char *text, size_t left);

/* Write a code point (a valid one, no surrogate) as UTF-8; returns its length, 1 to 4. */
size_t ddbs_utf8__write(char *out, unsigned code);
#endif
