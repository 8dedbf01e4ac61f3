/* command_read.c: what commands are given: numbers, programs, files. See command.h. It prints nothing. */
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

int command_program(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return -1;
    if (S_ISDIR(status.st_mode)) {
        errno = EISDIR;
        return -1;
    }
    return access(path, X_OK);
}

/* How messages call a file. */
static const char *name_of(const char *path)
{
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

gzFile command_open(const char *path, char *why, size_t why_size)
{
    struct stat status;
    int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        snprintf(why, why_size, "%s: %s", name_of(path), strerror(errno));
        return NULL;
    }
    bool folder = fstat(fd, &status) == 0 && S_ISDIR(status.st_mode);
    gzFile file = folder ? NULL : gzdopen(fd, "rb");
    if (file != NULL)
        return file;
    snprintf(why, why_size, "%s: %s", name_of(path), folder ? "is a folder" : "out of memory");
    close(fd);
    return NULL;
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

/* zlib's own texts begin with the name that it knows, which may be a descriptor's. */
const char *command_gzip_error(gzFile file)
{
    int code = Z_OK, error = errno;
    gzerror(file, &code);
    switch (code) {
    case Z_OK:
    case Z_STREAM_END:
        return NULL;
    case Z_ERRNO:
        return strerror(error);
    case Z_MEM_ERROR:
        return "out of memory";
    case Z_BUF_ERROR:
        return "the gzip data ends too early";
    default:
        return "the gzip data is damaged";
    }
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
            return command_gzip_error(file);
        if (got == 0)
            break;
        *len += (size_t)got;
    }
    /* A gzip file that was cut off ends like a whole one; only this tells. */
    if (*len < limit && !gzdirect(file) && command_gzip_error(file) != NULL)
        return command_gzip_error(file);
    (*content)[*len] = '\0';
    return NULL;
}

/* Of a larger file the first `limit` bytes are read: who must refuse larger ones asks for one byte more. */
int command_read(const char *path, size_t limit, char **out, size_t *len, char *why, size_t why_size)
{
    char *content = NULL;
    size_t content_len = 0;
    gzFile file = command_open(path, why, why_size);
    if (file == NULL)
        return -1;
    const char *error = read_content(file, limit, &content, &content_len);
    if (error != NULL) {
        snprintf(why, why_size, "%s: %s", name_of(path), error);
        free(content);
        gzclose_r(file);
        return -1;
    }
    gzclose_r(file);
    *out = content;
    *len = content_len;
    return 0;
}
