/* replay.c: records from files. zlib reads what is compressed and what is not. */
#include "runtime/test/driver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* The whole stream is in memory: what is larger belongs to `ddbstream run`. */
enum { PIECE = 64 * 1024, FILE_MAX = 512 * 1024 * 1024 };

/* Append the next piece: how many bytes, below 0 for what cannot be read. */
static int append_piece(ddbs_buf *content, gzFile file)
{
    char piece[PIECE];
    int got = gzread(file, piece, sizeof piece);
    if (got > 0 && (content->len > FILE_MAX || ddbs_buf_append(content, piece, (size_t)got) != DDBS_OK))
        return -1;
    return got;
}

char *driver_read_file(ddbs_test *test, const char *path, size_t *len)
{
    ddbs_buf content = { 0 };
    gzFile file = gzopen(path, "rb");
    int got, code = Z_OK;
    if (file == NULL) {
        driver_fail(test, DDBS_E_USAGE, "%s: %s", path, errno == 0 ? "out of memory" : strerror(errno));
        return NULL;
    }
    while ((got = append_piece(&content, file)) > 0)
        continue;
    gzerror(file, &code); /* a file that was cut off ends like a whole one; only this tells */
    gzclose(file);
    if (got < 0 || (code != Z_OK && code != Z_STREAM_END) || ddbs_buf_append(&content, "", 0) != DDBS_OK ||
        content.ptr == NULL) {
        driver_fail(test, DDBS_E_USAGE, "%s: %s", path,
                    content.ptr == NULL && got == 0 ? "is empty" : "cannot be read, or is too large");
        ddbs_buf_free(&content);
        return NULL;
    }
    *len = content.len;
    return content.ptr;
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);
    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static bool is_blank(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (strchr(" \t\r", text[i]) == NULL)
            return false;
    }
    return true;
}

static void replay_lines(ddbs_test *test, const char *text, size_t len)
{
    for (size_t at = 0; at < len && test->status == DDBS_OK;) {
        const char *end = memchr(text + at, '\n', len - at);
        size_t line = end == NULL ? len - at : (size_t)(end - text) - at;
        if (!is_blank(text + at, line))
            driver_add(test, test->shard_count - 1, text + at, line);
        at += line + 1;
    }
}

static void replay_event(ddbs_test *test, const char *path, const char *text, size_t len)
{
    const ddbs_event *event;
    ddbs_arena *arena;
    ddbs_error error;
    ddbs_error_clear(&error);
    ddbs_status status = ddbs_arena_new(&arena, 0);
    if (status != DDBS_OK) {
        driver_fail(test, status, "out of memory");
        return;
    }
    status = ddbs_event_parse(arena, text, len, NULL, &event, &error);
    if (status != DDBS_OK)
        driver_fail(test, status, "%s: %s%s%s (a file of one record per line is named *.jsonl or *.jsonl.gz)", path,
                    error.path, error.path[0] != '\0' ? ": " : "", error.reason);
    for (size_t i = 0; status == DDBS_OK && i < ddbs_event_count(event); i++) {
        ddbs_str raw = ddbs_event_raw(event, i);
        status = driver_add(test, test->shard_count - 1, raw.ptr, raw.len);
    }
    ddbs_arena_free(arena);
}

ddbs_status ddbs_test_replay(ddbs_test *test, const char *path)
{
    size_t len;
    char *text = test->status == DDBS_OK ? driver_read_file(test, path, &len) : NULL;
    if (text == NULL)
        return test->status;
    if (ends_with(path, ".jsonl") || ends_with(path, ".jsonl.gz"))
        replay_lines(test, text, len);
    else
        replay_event(test, path, text, len);
    free(text);
    return test->status;
}

ddbs_status ddbs_test_record(ddbs_test *test, const char *json)
{
    return driver_add(test, test->shard_count - 1, json, strlen(json));
}
