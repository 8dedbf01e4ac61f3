/* destination.c: see destination.h. What is written is the mapping's business; here it gets into a file, whole. */
#include "destination.h"

#include "runtime/mapping/failure.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Make the folder and those above it. */
static int make_folder(const char *dir)
{
    char path[4096];
    size_t len = strlen(dir);
    if (len == 0 || len >= sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(path, dir, len + 1);
    for (size_t i = 1; i <= len; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        path[i] = '\0';
        if (mkdir(path, 0777) != 0 && errno != EEXIST)
            return -1;
        path[i] = dir[i];
    }
    return 0;
}

/* Write a new file; what is half written is taken away again. It holds whole items: nobody else may read it. */
static int write_file(const char *path, const char *bytes, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return -1;
    while (len > 0) {
        ssize_t wrote = write(fd, bytes, len);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            break;
        bytes += wrote;
        len -= (size_t)wrote;
    }
    int failed = len > 0 ? errno : 0;
    if (close(fd) != 0 && failed == 0)
        failed = errno;
    if (failed == 0)
        return 0;
    unlink(path);
    errno = failed;
    return -1;
}

static int write_whole(const char *path, const char *bytes, size_t len)
{
    char temporary[4200];
    int size = snprintf(temporary, sizeof temporary, "%s.%ld.tmp", path, (long)getpid());
    if (size < 0 || (size_t)size >= sizeof temporary) {
        errno = ENAMETOOLONG;
        return -1;
    }
    if (write_file(temporary, bytes, len) != 0)
        return -1;
    if (rename(temporary, path) == 0)
        return 0;
    int failed = errno;
    unlink(temporary);
    errno = failed;
    return -1;
}

/* Only a file that was written proves it: permissions say nothing of a file system that is read-only. */
static int try_file(const char *dir)
{
    char path[4200];
    int len = snprintf(path, sizeof path, "%s/.ddbstream.%ld.tmp", dir, (long)getpid());
    if (len < 0 || (size_t)len >= sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return write_file(path, "", 0) == 0 ? unlink(path) : -1;
}

int destination_open(const char *dir, char *why, size_t why_size)
{
    if (make_folder(dir) == 0 && try_file(dir) == 0)
        return 0;
    snprintf(why, why_size, "on-failure records cannot be written to %s: %s", dir, strerror(errno));
    return -1;
}

/* The file's name. Its length as snprintf says it. */
static int name_file(char *path, size_t size, const char *dir, const struct mapping_discard *discard, bool unordered)
{
    const struct mapping_delivery *delivery = discard->delivery;
    char place[32] = "", start[32];
    if (delivery->count == 0) {
        mapping_time(start, delivery->window->start_ms);
        return snprintf(path, size, "%s/%s-window-%s.json", dir, delivery->shard_id.ptr, start);
    }
    if (unordered)
        snprintf(place, sizeof place, "-record%" PRIu64, delivery->records->place);
    return snprintf(path, size, "%s/%s-%s%s.json", dir, delivery->shard_id.ptr, delivery->records->sequence.ptr, place);
}

int destination_write(const char *dir, const struct esm *esm, const struct mapping_discard *discard, bool unordered,
                      char *path, size_t path_size, char *why, size_t why_size)
{
    ddbs_buf out = { .ptr = NULL };
    int len = name_file(path, path_size, dir, discard, unordered);
    mapping_failure(&out, &esm->settings, discard);
    errno = out.failed ? ENOMEM : ENAMETOOLONG;
    bool written = !out.failed && len > 0 && (size_t)len < path_size && make_folder(dir) == 0 &&
                   write_whole(path, out.ptr, out.len) == 0;
    if (!written)
        snprintf(why, why_size, "the on-failure record cannot be written to %s: %s", dir, strerror(errno));
    ddbs_buf_free(&out);
    return written ? 0 : -1;
}
