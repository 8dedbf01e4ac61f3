/* zip.h: the zip that Lambda takes: one entry, `bootstrap`, mode 0755. The same program gives the same bytes on every
 * machine with the same zlib: no extra fields, no owner, no time of day. */
#ifndef PACKAGE_ZIP_H
#define PACKAGE_ZIP_H
#include <stdint.h>

/* Write `zip_path` from a program. `time` is the time in the entry, in seconds since the epoch, kept to the two seconds
 * that zip knows, and to the years 1980 to 2107. Says on stderr what is wrong. Returns an exit status: 0 written, 1 the
 * program is too large, 2 a file cannot be read or written. */
int zip_write(const char *program_path, const char *zip_path, int64_t time);

/* Read a zip back: exactly one entry, `bootstrap`, deflated, made on Unix with mode 0755, without extra fields or
 * comments, whose content is that of the program. Returns an exit status: 0 it is, 1 it is not and stderr says why, 2 a
 * file cannot be read. */
int zip_verify(const char *zip_path, const char *program_path);
#endif
