/* backfill.c: see backfill.h. The format of an export: "DynamoDB table export output format" in the developer guide. A
 * folder has manifest-summary.json (outputFormat, exportType, itemCount), manifest-files.json (one object per line,
 * dataFileS3Key names the file by its place in the bucket) and the files themselves, data/....json.gz. */
#include "backfill.h"

#include "command.h"
#include "json_member.h"
#include "report.h"
#include "text.h"

#include "lib/buf.h"
#include "runtime/mapping/record.h"

#include <cjson/cJSON.h>
#include <ddbstream/event.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* 21 digits, as DynamoDB writes them: their order as texts is that of their values. */
#define FIRST_SEQUENCE UINT64_C(100000000)

enum { KEYS_MAX = 2, NAME_SIZE = 256, MANIFEST_MAX = 64 * 1024 * 1024, CHUNK = 64 * 1024 };

struct backfill {
    char **files;
    size_t file_count, file; /* `file`: the one that is open or comes next */
    gzFile open;
    uint64_t line, items;
    int64_t announced; /* itemCount of the manifest; -1: not told */
    char keys[KEYS_MAX][NAME_SIZE];
    size_t key_count;
    char partition_key[NAME_SIZE];
    const char *arn;
    char region[64];
    int64_t now_ms;
    struct text text; /* the line at hand */
    ddbs_buf event;   /* {"Records":[RECORD]} */
    ddbs_arena *arena;
    char sequence[24];
    char why[DDBS_ERROR_REASON_MAX + 512];
    int status;
};

const char *backfill_why(const void *user)
{
    return ((const struct backfill *)user)->why;
}

int backfill_status(const void *user)
{
    return ((const struct backfill *)user)->status;
}

void backfill_close(struct backfill *backfill)
{
    if (backfill == NULL)
        return;
    if (backfill->open != NULL)
        gzclose_r(backfill->open);
    for (size_t i = 0; i < backfill->file_count; i++)
        free(backfill->files[i]);
    free(backfill->files);
    text_free(&backfill->text);
    ddbs_buf_free(&backfill->event);
    ddbs_arena_free(backfill->arena);
    free(backfill);
}

/* Say what is wrong, and with which exit status. Always false. */
static bool stop(struct backfill *backfill, int status, const char *format, ...) __attribute__((format(printf, 3, 4)));
static bool stop(struct backfill *backfill, int status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(backfill->why, sizeof backfill->why, format, arguments);
    va_end(arguments);
    backfill->status = status;
    return false;
}

/* The same about the line at hand. */
static enum mapping_read stop_at(struct backfill *backfill, int status, const char *reason)
{
    stop(backfill, status, "%s:%" PRIu64 ": %s", backfill->files[backfill->file], backfill->line, reason);
    return MAPPING_READ_FAILED;
}

/* ---- The files --------------------------------------------------------------------------------------------------- */

static bool add_file(struct backfill *backfill, const char *folder, const char *name)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    char **grown = realloc(backfill->files, (backfill->file_count + 1) * sizeof *grown);
    char *path = malloc(size);
    if (grown != NULL)
        backfill->files = grown;
    if (grown == NULL || path == NULL) {
        free(path);
        return stop(backfill, EXIT_CANNOT_RUN, "out of memory");
    }
    snprintf(path, size, "%s%s%s", folder, folder[0] != '\0' ? "/" : "", name);
    backfill->files[backfill->file_count++] = path;
    return true;
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);
    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static bool is_data(const char *name)
{
    return strncmp(name, "manifest-", 9) != 0 && (ends_with(name, ".json.gz") || ends_with(name, ".json"));
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A folder without a manifest: its data files in the order of their names. */
static bool list_folder(struct backfill *backfill, const char *folder)
{
    DIR *dir = opendir(folder);
    bool added = true;
    if (dir == NULL)
        return stop(backfill, EXIT_CANNOT_RUN, "%s: %s", folder, strerror(errno));
    for (struct dirent *entry; added && (entry = readdir(dir)) != NULL;)
        if (is_data(entry->d_name))
            added = add_file(backfill, folder, entry->d_name);
    closedir(dir);
    if (added && backfill->file_count == 0)
        return stop(backfill, EXIT_BAD_INPUT, "%s: no *.json.gz and no *.json in it", folder);
    if (added)
        qsort(backfill->files, backfill->file_count, sizeof *backfill->files, by_name);
    return added;
}

/* One line of manifest-files.json. */
static bool take_entry(struct backfill *backfill, const char *path, size_t number, const char *line, size_t len,
                       const char *folder)
{
    char data[4096];
    struct stat status;
    cJSON *entry = cJSON_ParseWithLength(line, len);
    const cJSON *key = cJSON_GetObjectItemCaseSensitive(entry, "dataFileS3Key");
    const char *slash = cJSON_IsString(key) ? strrchr(key->valuestring, '/') : NULL;
    snprintf(data, sizeof data, "%s/data", folder);
    bool added = cJSON_IsString(key)
                     ? add_file(backfill, data, slash != NULL ? slash + 1 : key->valuestring)
                     : stop(backfill, EXIT_BAD_INPUT, "%s:%zu: expected an object with dataFileS3Key", path, number);
    cJSON_Delete(entry);
    const char *file = added ? backfill->files[backfill->file_count - 1] : "";
    if (added && stat(file, &status) != 0)
        return stop(backfill, EXIT_CANNOT_RUN, "%s:%zu: names a file that is not there: %s: %s", path, number, file,
                    strerror(errno));
    return added;
}

static bool read_manifest(struct backfill *backfill, const char *path, const char *folder)
{
    char *content;
    size_t len, number = 0;
    bool taken = true;
    if (command_read(path, MANIFEST_MAX, &content, &len, backfill->why, sizeof backfill->why) != 0) {
        backfill->status = EXIT_CANNOT_RUN;
        return false;
    }
    for (size_t at = 0, next; taken && at < len; at = next + 1) {
        const char *newline = memchr(content + at, '\n', len - at);
        next = newline == NULL ? len : (size_t)(newline - content);
        number++;
        if (next > at)
            taken = take_entry(backfill, path, number, content + at, next - at, folder);
    }
    free(content);
    return taken;
}

/* manifest-summary.json: what kind of export this is; it may be missing. */
static bool read_summary(struct backfill *backfill, const char *path)
{
    char *content, ignored[512];
    size_t len;
    bool good = true;
    if (command_read(path, MANIFEST_MAX, &content, &len, ignored, sizeof ignored) != 0)
        return true;
    cJSON *summary = cJSON_ParseWithLength(content, len);
    const cJSON *format = cJSON_GetObjectItemCaseSensitive(summary, "outputFormat");
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(summary, "exportType");
    const cJSON *count = cJSON_GetObjectItemCaseSensitive(summary, "itemCount");
    if (summary == NULL)
        good = stop(backfill, EXIT_BAD_INPUT, "%s: not JSON", path);
    else if (cJSON_IsString(format) && strcmp(format->valuestring, "DYNAMODB_JSON") != 0)
        good = stop(backfill, EXIT_BAD_INPUT, "%s: outputFormat: expected DYNAMODB_JSON, found %.40s", path,
                    format->valuestring);
    else if (cJSON_IsString(type) && strcmp(type->valuestring, "FULL_EXPORT") != 0)
        good = stop(backfill, EXIT_BAD_INPUT, "%s: exportType: expected FULL_EXPORT, found %.40s", path,
                    type->valuestring);
    else if (cJSON_IsNumber(count) && count->valuedouble >= 0 && count->valuedouble < 1e15)
        backfill->announced = (int64_t)count->valuedouble;
    cJSON_Delete(summary);
    free(content);
    return good;
}

static bool find_files(struct backfill *backfill, const char *path)
{
    char inner[4096];
    struct stat status;
    if (stat(path, &status) != 0)
        return stop(backfill, EXIT_CANNOT_RUN, "%s: %s", path, strerror(errno));
    if (!S_ISDIR(status.st_mode))
        return add_file(backfill, "", path);
    snprintf(inner, sizeof inner, "%s/manifest-summary.json", path);
    if (!read_summary(backfill, inner))
        return false;
    snprintf(inner, sizeof inner, "%s/manifest-files.json", path);
    if (stat(inner, &status) == 0)
        return read_manifest(backfill, inner, path);
    snprintf(inner, sizeof inner, "%s/data", path);
    return list_folder(backfill, stat(inner, &status) == 0 && S_ISDIR(status.st_mode) ? inner : path);
}

static bool read_keys(struct backfill *backfill, const char *keys)
{
    for (const char *at = keys;; at++) {
        size_t len = strcspn(at, ",");
        if (len == 0 || len >= NAME_SIZE || backfill->key_count == KEYS_MAX)
            return stop(backfill, EXIT_CANNOT_RUN,
                        "--keys takes one or two names with a comma between them, not \"%s\"", keys);
        memcpy(backfill->keys[backfill->key_count++], at, len); /* zeroed: the NUL is there */
        at += len;
        if (*at == '\0')
            return true;
    }
}

int backfill_open(struct backfill **out, const struct backfill_config *config, int *status, char *why, size_t why_size)
{
    struct backfill *backfill = calloc(1, sizeof *backfill);
    if (backfill == NULL || ddbs_arena_new(&backfill->arena, 0) != DDBS_OK) {
        snprintf(why, why_size, "out of memory");
        *status = EXIT_CANNOT_RUN;
        backfill_close(backfill);
        return -1;
    }
    const char *region = config->arn;
    for (int colons = 0; colons < 3; colons++)
        region = strchr(region, ':') == NULL ? region : strchr(region, ':') + 1;
    snprintf(backfill->region, sizeof backfill->region, "%.*s", (int)strcspn(region, ":"), region);
    backfill->arn = config->arn;
    backfill->now_ms = config->now_ms;
    backfill->announced = -1;
    if (!read_keys(backfill, config->keys) || !find_files(backfill, config->path)) {
        snprintf(why, why_size, "%s", backfill->why);
        *status = backfill->status;
        backfill_close(backfill);
        return -1;
    }
    snprintf(backfill->partition_key, NAME_SIZE, "%s",
             config->partition_key != NULL ? config->partition_key : backfill->keys[0]);
    *out = backfill;
    return 0;
}

/* ---- Items ------------------------------------------------------------------------------------------------------- */

/* Read a line into the text, without its newline. 1, 0 at the end of the file, -1. */
static int read_line(struct backfill *backfill)
{
    char chunk[CHUNK];
    text_drop(&backfill->text, backfill->text.len);
    backfill->line++;
    while (gzgets(backfill->open, chunk, sizeof chunk) != NULL) {
        size_t len = strlen(chunk);
        bool whole = len > 0 && chunk[len - 1] == '\n';
        if (backfill->text.len + len > MAPPING_RECORD_BYTES_MAX || !text_add(&backfill->text, chunk, len)) {
            stop_at(backfill, EXIT_BAD_INPUT, "the item is larger than what fits into an event");
            return -1;
        }
        if (whole)
            return 1;
    }
    const char *reason = command_gzip_error(backfill->open);
    if (reason == NULL)
        return backfill->text.len > 0;
    stop_at(backfill, EXIT_CANNOT_RUN, reason);
    return -1;
}

/* The Keys of an item; false where it lacks one. */
static bool put_keys(struct backfill *backfill, ddbs_str item)
{
    for (size_t i = 0; i < backfill->key_count; i++) {
        ddbs_str value = json_member(item, backfill->keys[i]);
        if (value.ptr == NULL)
            return false;
        ddbs_buf__text(&backfill->event, i > 0 ? "," : "{");
        ddbs_buf__json(&backfill->event, backfill->keys[i], strlen(backfill->keys[i]));
        ddbs_buf__text(&backfill->event, ":");
        ddbs_buf__bytes(&backfill->event, value.ptr, value.len);
    }
    ddbs_buf__text(&backfill->event, "}");
    return true;
}

/* The record of the item in an event of its own; false where the item lacks a key. */
static bool write_record(struct backfill *backfill, ddbs_str item)
{
    ddbs_buf *out = &backfill->event;
    out->len = 0;
    snprintf(backfill->sequence, sizeof backfill->sequence, "%" PRIu64 "%012" PRIu64, FIRST_SEQUENCE, backfill->items);
    ddbs_buf__format(out,
                     MAPPING_EVENT_HEAD "{\"eventID\":\"%032" PRIx64
                                        "\",\"eventName\":\"INSERT\",\"eventVersion\":\"1.1\","
                                        "\"eventSource\":\"aws:dynamodb\",\"awsRegion\":",
                     backfill->items);
    ddbs_buf__json(out, backfill->region, strlen(backfill->region));
    ddbs_buf__format(out,
                     ",\"dynamodb\":{\"ApproximateCreationDateTime\":%" PRId64 ",\"Keys\":", backfill->now_ms / 1000);
    if (!put_keys(backfill, item))
        return false;
    ddbs_buf__text(out, ",\"NewImage\":");
    ddbs_buf__bytes(out, item.ptr, item.len);
    ddbs_buf__format(out, ",\"SequenceNumber\":\"%s\",\"SizeBytes\":%zu,\"StreamViewType\":\"NEW_AND_OLD_IMAGES\"}",
                     backfill->sequence, item.len);
    ddbs_buf__text(out, ",\"eventSourceARN\":");
    ddbs_buf__json(out, backfill->arn, strlen(backfill->arn));
    ddbs_buf__text(out, "}" MAPPING_EVENT_TAIL);
    return true;
}

/* Hand out the item of the line at hand. */
static enum mapping_read take(struct backfill *backfill, struct mapping_record *out)
{
    const ddbs_event *event;
    ddbs_str item = json_member((ddbs_str){ backfill->text.ptr, backfill->text.len }, "Item");
    backfill->items++;
    if (item.ptr == NULL || item.ptr[0] != '{')
        return stop_at(backfill, EXIT_BAD_INPUT, "expected {\"Item\":{...}}, a line of a full export in DYNAMODB_JSON");
    if (!write_record(backfill, item))
        return stop_at(backfill, EXIT_BAD_INPUT, "the item lacks a key attribute that --keys names");
    ddbs_arena_reset(backfill->arena);
    if (backfill->event.failed)
        return stop_at(backfill, EXIT_CANNOT_RUN, "out of memory");
    if (ddbs_event_parse(backfill->arena, backfill->event.ptr, backfill->event.len, NULL, &event, NULL) != DDBS_OK)
        return stop_at(backfill, EXIT_BAD_INPUT, "not an item: it is no JSON, or larger than an event may be");
    out->json = ddbs_event_raw(event, 0);
    out->sequence = ddbs_str_c(backfill->sequence);
    out->created_ms = backfill->now_ms;
    out->key = mapping_record_key(out->json, ddbs_str_c(backfill->partition_key));
    return MAPPING_READ_RECORD;
}

static bool next_file(struct backfill *backfill)
{
    backfill->open = command_open(backfill->files[backfill->file], backfill->why, sizeof backfill->why);
    backfill->line = 0;
    if (backfill->open == NULL)
        backfill->status = EXIT_CANNOT_RUN;
    return backfill->open != NULL;
}

static enum mapping_read end(const struct backfill *backfill)
{
    if (backfill->announced >= 0 && (uint64_t)backfill->announced != backfill->items)
        report_warn("the manifest tells of %" PRId64 " items, the files have %" PRIu64, backfill->announced,
                    backfill->items);
    return MAPPING_READ_END;
}

enum mapping_read backfill_read(void *user, size_t shard, struct mapping_record *out)
{
    struct backfill *backfill = user;
    (void)shard;
    while (backfill->status == EXIT_HELD && backfill->file < backfill->file_count) {
        if (backfill->open == NULL && !next_file(backfill))
            break;
        int got = read_line(backfill);
        if (got < 0)
            break;
        if (got > 0 && strspn(backfill->text.ptr, " \t\r\n") < backfill->text.len)
            return take(backfill, out);
        if (got > 0)
            continue;
        gzclose_r(backfill->open);
        backfill->open = NULL;
        backfill->file++;
    }
    return backfill->status != EXIT_HELD ? MAPPING_READ_FAILED : end(backfill);
}
