/* command.c: see command.h. */
#include "command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

static void complain(const char *name, const char *format, va_list arguments) __attribute__((format(printf, 2, 0)));

static void complain(const char *name, const char *format, va_list arguments)
{
    fflush(stdout);
    fprintf(stderr, "ddbstream %s: ", name);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

int command_misused(const char *name, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    complain(name, format, arguments);
    va_end(arguments);
    fprintf(stderr, "See: ddbstream %s --help\n", name);
    return EXIT_CANNOT_RUN;
}

int command_failed(const char *name, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    complain(name, format, arguments);
    va_end(arguments);
    return EXIT_CANNOT_RUN;
}

int command_number(const char *text, long long min, long long max, long long *out)
{
    char *end;
    long long number;
    const char *digits = text[0] == '-' ? text + 1 : text;
    if (digits[0] == '\0' || strspn(digits, "0123456789") != strlen(digits))
        return -1;
    errno = 0;
    number = strtoll(text, &end, 10);
    if (errno != 0 || *end != '\0' || number < min || number > max)
        return -1;
    *out = number;
    return 0;
}

static gzFile open_file(const char *path)
{
    gzFile file;
    int fd;
    errno = 0;
    if (strcmp(path, "-") != 0)
        return gzopen(path, "rb");
    fd = dup(0);
    file = fd < 0 ? NULL : gzdopen(fd, "rb");
    if (file == NULL && fd >= 0)
        close(fd);
    return file;
}

/* Room for at least one more byte and the NUL, up to `limit` bytes. */
static int grow(char **content, size_t *size, size_t len, size_t limit)
{
    enum { SIZE_FIRST = 65536 };
    size_t larger = *size == 0 ? SIZE_FIRST : *size * 2;
    char *moved;
    if (len + 1 < *size)
        return 0;
    if (larger > limit + 1)
        larger = limit + 1;
    moved = realloc(*content, larger);
    if (moved == NULL)
        return -1;
    *content = moved;
    *size = larger;
    return 0;
}

static const char *gzip_error(gzFile file)
{
    int code;
    const char *text = gzerror(file, &code);
    if (code == Z_ERRNO)
        return strerror(errno);
    return code == Z_BUF_ERROR ? "the gzip data ends too early" : text;
}

/* Up to `limit` bytes; NULL when that went well. */
static const char *read_content(gzFile file, size_t limit, char **content, size_t *len)
{
    enum { PIECE_MAX = 1 << 20 };
    size_t size = 0;
    for (;;) {
        size_t piece;
        int got;
        if (grow(content, &size, *len, limit) != 0)
            return "out of memory";
        piece = size - 1 - *len;
        got = piece == 0 ? 0 : gzread(file, *content + *len, piece > PIECE_MAX ? PIECE_MAX : (unsigned)piece);
        if (got < 0)
            return gzip_error(file);
        if (got == 0)
            break;
        *len += (size_t)got;
    }
    /* A gzip file that was cut off ends like a whole one; only this tells. */
    if (*len < limit && !gzdirect(file)) {
        int code;
        gzerror(file, &code);
        if (code != Z_OK)
            return gzip_error(file);
    }
    (*content)[*len] = '\0';
    return NULL;
}

/* Of a larger file the first `limit` bytes are read: who must refuse larger ones asks for one byte more. */
int command_read(const char *path, size_t limit, char **out, size_t *len, char *why, size_t why_size)
{
    const char *name = strcmp(path, "-") == 0 ? "standard input" : path, *error;
    char *content = NULL;
    size_t content_len = 0;
    gzFile file = open_file(path);
    if (file == NULL) {
        snprintf(why, why_size, "%s: %s", name, errno == 0 ? "out of memory" : strerror(errno));
        return -1;
    }
    error = read_content(file, limit, &content, &content_len);
    if (error != NULL) {
        snprintf(why, why_size, "%s: %s", name, error);
        free(content);
        gzclose_r(file);
        return -1;
    }
    gzclose_r(file);
    *out = content;
    *len = content_len;
    return 0;
}
