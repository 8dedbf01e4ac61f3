/* park_file.c: parking in a file, a line of JSON a record.
 *
 * Several processes may park in one file, those of other environments included: a file system that functions share is
 * NFS, where O_APPEND alone lets writers overlap (open(2)), so that each holds a lock on the file while it appends.
 * flock() reaches the other clients of an NFS file, too (flock(2)). */
#define _GNU_SOURCE
#include "runtime/lambda/park_file.h"

#include "lib/buf.h"
#include "lib/error.h"
#include "lib/utf8.h"
#include "runtime/lambda/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_file(const char *path)
{
    return open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600); /* it holds what must not be in a log */
}

static void folder_of(const char *path, char out[PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    int len = slash == NULL ? 0 : slash == path ? 1 : (int)(slash - path);
    snprintf(out, PATH_MAX, "%.*s", len > 0 ? len : 1, len > 0 ? path : ".");
}

/* ---- One line ---- */

/* Reasons are the handler's own and can be anything. */
static void write_reason(ddbs_buf *line, ddbs_str reason)
{
    if (ddbs_utf8__check(reason.ptr, reason.len) == reason.len)
        ddbs_buf__json(line, reason.ptr, reason.len);
    else
        ddbs_buf__text(line, "\"(a reason that is not UTF-8)\"");
}

static void write_line(ddbs_buf *line, const ddbs_parked *parked)
{
    ddbs_buf__text(line, "{\"sequenceNumber\":");
    ddbs_buf__json(line, parked->sequence_number.ptr, parked->sequence_number.len);
    ddbs_buf__text(line, ",\"reason\":");
    write_reason(line, parked->reason);
    ddbs_buf__text(line, ",\"record\":");
    ddbs_buf__json(line, parked->raw.ptr, parked->raw.len);
    ddbs_buf__text(line, "}\n");
}

/* Whether somebody was ended in the middle of a line: the next one must not become a part of it. */
static bool ends_torn(int fd, off_t size)
{
    char last = '\n';
    return size > 0 && (pread(fd, &last, 1, size - 1) != 1 || last != '\n');
}

/* Under the lock: all of it, or nothing. */
static bool append(int fd, const char *line, size_t len)
{
    struct stat before;
    if (fstat(fd, &before) != 0)
        return false;
    if (ends_torn(fd, before.st_size) && write(fd, "\n", 1) != 1)
        return false;
    ssize_t wrote = write(fd, line, len);
    if (wrote == (ssize_t)len)
        return true;
    int reason = wrote < 0 ? errno : ENOSPC;
    if (ftruncate(fd, before.st_size) != 0) {
        /* then the begin of a line stays, which the next one keeps apart */
    }
    errno = reason;
    return false;
}

/* A file that was just made is only found again when its folder is stored, too; some file systems need no such word. */
static bool sync_folder(const char *path)
{
    char folder[PATH_MAX];
    folder_of(path, folder);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool held = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL);
    int reason = errno;
    if (fd >= 0)
        close(fd);
    errno = reason;
    return held;
}

static bool lock(int fd)
{
    int result;
    do
        result = flock(fd, LOCK_EX);
    while (result != 0 && errno == EINTR);
    return result == 0;
}

/* Closing gives the lock back. An error of close() can be that of a write that NFS had put off, behind fsync() too. */
static bool store(const char *path, const char *line, size_t len)
{
    int fd = open_file(path);
    bool held = fd >= 0 && lock(fd) && append(fd, line, len) && fsync(fd) == 0 && sync_folder(path);
    int reason = errno;
    if (fd >= 0 && close(fd) != 0 && held) {
        held = false;
        reason = errno;
    }
    errno = reason;
    return held;
}

ddbs_status ddbs_park_to_file(void *user, const ddbs_parked *parked)
{
    const ddbs_park_file *file = user;
    ddbs_buf line = { .ptr = NULL };
    write_line(&line, parked);
    ddbs_status status = line.failed ? DDBS_E_MEMORY : DDBS_OK;
    if (status == DDBS_OK && !store(file->path, line.ptr, line.len)) {
        status = DDBS_E_HANDLER;
        ddbs_log__line(DDBS_LOG_ERROR, NULL, NULL, "cannot park in %s: %s", file->path, strerror(errno));
    }
    ddbs_buf_free(&line);
    return status;
}

/* ---- Before anything runs ---- */

/* Both are reserved: only Lambda sets them there, and `ddbstream run` and `serve` name the folder of the program. */
static bool is_lambda(void)
{
    const char *root = getenv("LAMBDA_TASK_ROOT");
    return getenv("AWS_LAMBDA_FUNCTION_NAME") != NULL && root != NULL && strcmp(root, "/var/task") == 0;
}

/* Lambda mounts file systems below /mnt/ (API reference, FileSystemConfig); all else is lost with the environment. */
static bool is_mounted(const char *path)
{
    char folder[PATH_MAX];
    folder_of(path, folder);
    char *real = realpath(folder, NULL);
    bool held = real != NULL && strncmp(real, "/mnt/", 5) == 0;
    free(real);
    return held;
}

ddbs_status ddbs_park_file__check(const ddbs_park_policy *policy, ddbs_error *error)
{
    const ddbs_park_file *file = policy->user;
    if (policy->sink != ddbs_park_to_file)
        return DDBS_OK;
    if (file == NULL || file->path == NULL || file->path[0] == '\0' || strlen(file->path) >= PATH_MAX)
        return ddbs_error__set(error, DDBS_E_USAGE, DDBS_NOWHERE, DDBS_NOWHERE,
                               "ddbs_park_to_file needs a ddbs_park_file with a path as its user");
    if (is_lambda() && !is_mounted(file->path))
        return ddbs_error__set(error, DDBS_E_USAGE, DDBS_NOWHERE, DDBS_NOWHERE,
                               "what is parked in %s would be lost with this environment: it must be on a file system "
                               "that is mounted below /mnt/",
                               file->path);
    int fd = open_file(file->path);
    if (fd < 0)
        return ddbs_error__set(error, DDBS_E_USAGE, DDBS_NOWHERE, DDBS_NOWHERE, "cannot park in %s: %s", file->path,
                               strerror(errno));
    close(fd);
    return DDBS_OK;
}
