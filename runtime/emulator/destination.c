/* destination.c: see destination.h. Members and their order as AWS was seen to write them; an object in S3 has the
 * event itself in `payload`, as text, and the message to a queue or topic has not. */
#include "destination.h"

#include "clock.h"
#include "lib/buf.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { TIME_SIZE = 32 };

/* 9999-12-31T23:59:59Z */
static const double TIME_MAX = 253402300799.0;

static void format_time(char out[TIME_SIZE], time_t seconds)
{
    struct tm parts;
    if (gmtime_r(&seconds, &parts) == NULL || strftime(out, TIME_SIZE, "%Y-%m-%dT%H:%M:%S", &parts) == 0)
        out[0] = '\0';
}

/* The creation time of a record, which need not decode; where it tells none, the time of now. */
static time_t created(ddbs_str json)
{
    double seconds = -1;
    cJSON *record = cJSON_ParseWithLength(json.ptr, json.len);
    const cJSON *change = cJSON_GetObjectItemCaseSensitive(record, "dynamodb");
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(change, "ApproximateCreationDateTime");
    if (cJSON_IsNumber(value))
        seconds = value->valuedouble;
    else if (cJSON_IsString(value))
        seconds = strtod(value->valuestring, NULL);
    cJSON_Delete(record);
    return seconds >= 0 && seconds <= TIME_MAX ? (time_t)seconds : time(NULL);
}

static void write_member(ddbs_buf *out, const char *name, const char *text)
{
    ddbs_buf__format(out, "\"%s\":", name);
    ddbs_buf__json(out, text, strlen(text));
}

static void write_request(ddbs_buf *out, const struct discard *discard)
{
    ddbs_buf__text(out, "{\"requestContext\":{");
    write_member(out, "requestId", discard->request_id);
    ddbs_buf__text(out, ",");
    write_member(out, "functionArn", discard->esm->function_arn);
    ddbs_buf__format(out, ",\"condition\":\"RetryAttemptsExhausted\",\"approximateInvokeCount\":%" PRIu64 "}",
                     discard->delivery->attempt);
}

/* A response that counts as a failure is a successful invocation all the same: statusCode 200 and no functionError. */
static void write_response(ddbs_buf *out, const struct discard *discard)
{
    /* What an alias stands for is not known here. */
    const char *qualifier = strrchr(discard->esm->function_arn, ':') + 1;
    const char *version = strspn(qualifier, "0123456789") == strlen(qualifier) ? qualifier : "$LATEST";
    ddbs_buf__text(out, ",\"responseContext\":{\"statusCode\":200,");
    write_member(out, "executedVersion", version);
    ddbs_buf__format(out, ",\"functionError\":%s},\"version\":\"1.0\"", discard->error ? "\"Unhandled\"" : "null");
    if (discard->esm->destination == ESM_BUCKET) {
        ddbs_buf__text(out, ",\"payload\":");
        ddbs_buf__json(out, discard->event.ptr, discard->event.len);
    }
}

static void write_batch(ddbs_buf *out, const struct discard *discard)
{
    const struct mapping_delivery *delivery = discard->delivery;
    char now[TIME_SIZE], first[TIME_SIZE], last[TIME_SIZE];
    int64_t now_ms = clock_ms(CLOCK_REALTIME);
    format_time(now, (time_t)(now_ms / 1000));
    format_time(first, created(delivery->json[0]));
    format_time(last, created(delivery->json[delivery->count - 1]));
    ddbs_buf__format(out, ",\"timestamp\":\"%s.%03dZ\",\"DDBStreamBatchInfo\":{\"shardId\":\"%s\",", now,
                     (int)(now_ms % 1000), DESTINATION_SHARD);
    write_member(out, "startSequenceNumber", delivery->identifiers[0].ptr);
    ddbs_buf__text(out, ",");
    write_member(out, "endSequenceNumber", delivery->identifiers[delivery->count - 1].ptr);
    ddbs_buf__format(out,
                     ",\"approximateArrivalOfFirstRecord\":\"%sZ\",\"approximateArrivalOfLastRecord\":\"%sZ\","
                     "\"batchSize\":%zu,",
                     first, last, delivery->count);
    write_member(out, "streamArn", discard->esm->stream_arn);
    ddbs_buf__text(out, "}}\n");
}

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

int destination_write(const char *dir, const struct discard *discard, char *path, size_t path_size, char *why,
                      size_t why_size)
{
    ddbs_arena *arena;
    char place[32] = "";
    if (discard->unordered)
        snprintf(place, sizeof place, "-record%" PRIu64, discard->delivery->first);
    int len = snprintf(path, path_size, "%s/%s-%s%s.json", dir, DESTINATION_SHARD,
                       discard->delivery->identifiers[0].ptr, place);
    if (ddbs_arena_new(&arena, 0) != DDBS_OK) {
        snprintf(why, why_size, "out of memory");
        return -1;
    }
    ddbs_buf out = { .arena = arena };
    write_request(&out, discard);
    write_response(&out, discard);
    write_batch(&out, discard);
    errno = out.failed ? ENOMEM : ENAMETOOLONG;
    bool written = !out.failed && len > 0 && (size_t)len < path_size && make_folder(dir) == 0 &&
                   write_whole(path, out.ptr, out.len) == 0;
    if (!written)
        snprintf(why, why_size, "the on-failure record cannot be written to %s: %s", dir, strerror(errno));
    ddbs_arena_free(arena);
    return written ? 0 : -1;
}
