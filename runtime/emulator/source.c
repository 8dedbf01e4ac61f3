/* source.c: see source.h.
 *
 * Each record is laid into an event of its own, {"Records":[RECORD]}, and read with the library's index: what the
 * function could not be given is refused here, with its line, and what only fails to decode is passed on. */
#include "source.h"

#include "clock.h"
#include "command.h"
#include "report.h"

#include <ddbstream/event.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 64 * 1024, HEAD = sizeof MAPPING_EVENT_HEAD - 1, TAIL = sizeof MAPPING_EVENT_TAIL - 1 };

struct source {
    const char *path;
    ddbs_arena *arena; /* of the record at hand */
    char *text;        /* {"Records":[RECORD]} */
    size_t capacity;
    size_t len; /* of the record in it */
    ddbs_str identifier;
    char before[DDBS_SEQUENCE_MAX]; /* the identifier before this one */
    size_t before_len;
    uint64_t records, unordered;
    int64_t created_ms; /* of the record before, for one that has no time */
    bool keyed;
    char key_name[256]; /* "": all of Keys */
    bool peeked;        /* `first` was read ahead */
    struct mapping_record first;
    enum mapping_read first_read;
    char why[DDBS_ERROR_REASON_MAX + 512];
    int status; /* why it cannot go on; EXIT_HELD: it can */
    bool ended;

    gzFile file; /* lines; NULL: an event */
    uint64_t line;
    char chunk[CHUNK_BYTES];
    size_t chunk_at, chunk_len;

    ddbs_arena *event_arena;
    const ddbs_event *event;
    char *json;
    size_t next;
};

const char *source_why(const void *user)
{
    const struct source *source = user;
    return source->why;
}

int source_status(const void *user)
{
    const struct source *source = user;
    return source->status;
}

bool source_repeats(const void *user)
{
    const struct source *source = user;
    return source->unordered != 0;
}

void source_close(struct source *source)
{
    if (source == NULL)
        return;
    if (source->file != NULL)
        gzclose(source->file);
    ddbs_arena_free(source->event_arena);
    ddbs_arena_free(source->arena);
    free(source->json);
    free(source->text);
    free(source);
}

/* Say what is wrong at the record at hand, and with which exit status. Always -1. */
static int stop(struct source *source, int status, const char *format, ...) __attribute__((format(printf, 3, 4)));
static int stop(struct source *source, int status, const char *format, ...)
{
    char reason[DDBS_ERROR_REASON_MAX + 64];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    source->status = status;
    if (source->file != NULL)
        snprintf(source->why, sizeof source->why, "%s:%llu: %s", source->path, (unsigned long long)source->line,
                 reason);
    else
        snprintf(source->why, sizeof source->why, "%s: record %zu: %s", source->path, source->next, reason);
    return -1;
}

/* ---- One record -------------------------------------------------------------------------------------------------- */

/* Append to the record at hand. */
static int append(struct source *source, const char *bytes, size_t len)
{
    if (len > MAPPING_RECORD_BYTES_MAX - source->len)
        return stop(source, EXIT_BAD_INPUT, "the record is larger than the %zu bytes that fit into an event",
                    MAPPING_RECORD_BYTES_MAX);
    size_t needed = HEAD + source->len + len + TAIL;
    if (needed > source->capacity) {
        char *grown = realloc(source->text, 2 * needed);
        if (grown == NULL)
            return stop(source, EXIT_CANNOT_RUN, "out of memory");
        memcpy(grown, MAPPING_EVENT_HEAD, HEAD);
        source->text = grown;
        source->capacity = 2 * needed;
    }
    memcpy(source->text + HEAD + source->len, bytes, len);
    source->len += len;
    return 0;
}

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static void keep_order(struct source *source)
{
    ddbs_str before = { source->before, source->before_len };
    source->records++;
    if (source->unordered == 0 && source->records > 1 && verdict_compare(before, source->identifier) >= 0) {
        source->unordered = source->records;
        report_warn("the sequence number of record %llu is not above the one before it; no shard of a stream is like "
                    "that",
                    (unsigned long long)source->unordered);
    }
    memcpy(source->before, source->identifier.ptr, source->identifier.len);
    source->before_len = source->identifier.len;
}

/* Say why the library does not take the record at hand, counted in the record's own bytes. */
static int stop_at_error(struct source *source, const ddbs_error *error)
{
    size_t at = error->offset == DDBS_NOWHERE || error->offset < HEAD ? 0 : error->offset - HEAD;
    if (error->status == DDBS_E_MEMORY)
        return stop(source, EXIT_CANNOT_RUN, "out of memory");
    /* What is wrong there is the end of the event around it, which nobody has written. */
    if (error->status == DDBS_E_SYNTAX && error->offset != DDBS_NOWHERE && at >= source->len)
        return stop(source, EXIT_BAD_INPUT,
                    "not a record of a DynamoDB stream: the record ends too early (at byte %zu)", source->len);
    return stop(source, EXIT_BAD_INPUT, "not a record of a DynamoDB stream: %s%s%s (at byte %zu of the record)",
                error->path, error->path[0] != '\0' ? ": " : "", error->reason, at);
}

/* The record at hand as the mapping takes it. */
static struct mapping_record describe(struct source *source)
{
    struct mapping_record record = { .json = { source->text + HEAD, source->len }, .sequence = source->identifier };
    record.created_ms = mapping_record_created(record.json);
    if (record.created_ms == MAPPING_NO_TIME)
        record.created_ms = source->records == 1 ? clock_ms(CLOCK_REALTIME) : source->created_ms;
    source->created_ms = record.created_ms;
    if (!source->keyed)
        return record;
    if (source->records == 1 && source->key_name[0] == '\0') {
        ddbs_str name = mapping_record_first_key(record.json);
        if (name.len < sizeof source->key_name && name.ptr != NULL)
            memcpy(source->key_name, name.ptr, name.len); /* zeroed: the NUL is there */
    }
    bool named = source->key_name[0] != '\0';
    record.key = mapping_record_key(record.json, named ? ddbs_str_c(source->key_name) : (ddbs_str){ NULL, 0 });
    return record;
}

/* Check the record at hand and hand it out. */
static int finish(struct source *source, struct mapping_record *out)
{
    const ddbs_event *event;
    ddbs_error error;
    while (source->len > 0 && is_space(source->text[HEAD + source->len - 1]))
        source->len--;
    memcpy(source->text + HEAD + source->len, MAPPING_EVENT_TAIL, TAIL);
    ddbs_arena_reset(source->arena);
    if (ddbs_event_parse(source->arena, source->text, HEAD + source->len + TAIL, NULL, &event, &error) != DDBS_OK)
        return stop_at_error(source, &error);
    if (ddbs_event_source(event) != DDBS_SOURCE_DYNAMODB)
        return stop(source, EXIT_BAD_INPUT, "a record of %s; only DynamoDB streams are played",
                    ddbs_source_name(ddbs_event_source(event)));
    if (ddbs_event_count(event) != 1)
        return stop(source, EXIT_BAD_INPUT, "expected one record, found %zu", ddbs_event_count(event));
    source->identifier = ddbs_event_identifier(event, 0);
    keep_order(source);
    *out = describe(source);
    return 1;
}

/* ---- Lines ------------------------------------------------------------------------------------------------------- */

/* Have unread bytes in the chunk. 1, 0 at the end of the file, -1. */
static int refill(struct source *source)
{
    if (source->chunk_at < source->chunk_len)
        return 1;
    int got = gzread(source->file, source->chunk, CHUNK_BYTES);
    /* Bytes before the place where compressed data ends too early are good. */
    const char *reason = got <= 0 ? command_gzip_error(source->file) : NULL;
    if (reason != NULL)
        return stop(source, EXIT_CANNOT_RUN, "cannot be read: %s", reason);
    source->chunk_at = 0;
    source->chunk_len = (size_t)got;
    return got > 0;
}

/* Read a line without the white space before it. 1, 0 at the end of the file, -1. */
static int read_line(struct source *source)
{
    int got;
    bool any = false;
    source->len = 0;
    source->line++;
    while ((got = refill(source)) > 0) {
        const char *begin = source->chunk + source->chunk_at;
        size_t left = source->chunk_len - source->chunk_at;
        const char *newline = memchr(begin, '\n', left);
        size_t len = newline == NULL ? left : (size_t)(newline - begin);
        source->chunk_at += len + (newline != NULL);
        any = true;
        while (source->len == 0 && len > 0 && is_space(*begin))
            begin++, len--;
        if (append(source, begin, len) != 0)
            return -1;
        if (newline != NULL)
            return 1;
    }
    return got < 0 ? -1 : any;
}

static int pull_line(struct source *source, struct mapping_record *out)
{
    for (;;) {
        int got = read_line(source);
        if (got <= 0)
            return got;
        if (source->len > 0)
            return finish(source, out);
    }
}

/* ---- Events ------------------------------------------------------------------------------------------------------ */

static int pull_event(struct source *source, struct mapping_record *out)
{
    if (source->next == ddbs_event_count(source->event))
        return 0;
    ddbs_str raw = ddbs_event_raw(source->event, source->next++);
    source->len = 0;
    return append(source, raw.ptr, raw.len) == 0 ? finish(source, out) : -1;
}

static enum mapping_read pull(struct source *source, struct mapping_record *out)
{
    if (source->status != EXIT_HELD)
        return MAPPING_READ_FAILED;
    int got = source->event != NULL ? pull_event(source, out) : pull_line(source, out);
    if (got == 0 && source->records == 0 && !source->ended)
        report_warn("%s has no records", source->path);
    source->ended = got == 0;
    return got > 0 ? MAPPING_READ_RECORD : got == 0 ? MAPPING_READ_END : MAPPING_READ_FAILED;
}

bool source_shard(void *user, size_t index, struct mapping_shard *out)
{
    (void)user;
    *out = (struct mapping_shard){ .id = ddbs_str_c(SOURCE_SHARD) };
    return index == 0;
}

enum mapping_read source_read(void *user, size_t shard, struct mapping_record *out)
{
    struct source *source = user;
    (void)shard;
    if (!source->peeked)
        return pull(source, out);
    source->peeked = false;
    *out = source->first;
    return source->first_read;
}

int64_t source_begins(struct source *source)
{
    if (!source->peeked)
        source->first_read = pull(source, &source->first);
    source->peeked = true;
    return source->first_read == MAPPING_READ_RECORD ? source->first.created_ms : MAPPING_NO_TIME;
}

void source_use_keys(struct source *source, const char *name)
{
    source->keyed = true;
    snprintf(source->key_name, sizeof source->key_name, "%s", name == NULL ? "" : name);
}

/* ---- Opening ----------------------------------------------------------------------------------------------------- */

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);
    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/* An event that is bad as a whole opens well: source_read tells, as it does of a bad line. */
static int open_event(struct source *source, char *why, size_t why_size)
{
    size_t len;
    ddbs_error error;
    /* One byte more than an event may have, so that the library can say that it is too large. */
    if (command_read(source->path, DDBS_EVENT_BYTES_MAX + 1, &source->json, &len, why, why_size) != 0)
        return -1;
    ddbs_status status = ddbs_event_parse(source->event_arena, source->json, len, NULL, &source->event, &error);
    if (status == DDBS_OK)
        return 0;
    source->status = status == DDBS_E_MEMORY ? EXIT_CANNOT_RUN : EXIT_BAD_INPUT;
    snprintf(source->why, sizeof source->why,
             "%s: byte %zu: %s%s%s (a file of one record per line is named *.jsonl or *.jsonl.gz)", source->path,
             error.offset == DDBS_NOWHERE ? 0 : error.offset, error.path, error.path[0] ? ": " : "", error.reason);
    return 0;
}

bool source_has_lines(const char *path)
{
    return ends_with(path, ".jsonl") || ends_with(path, ".jsonl.gz");
}

int source_open(struct source **out, const char *path, char *why, size_t why_size)
{
    struct source *source = calloc(1, sizeof *source);
    bool lines = strcmp(path, "-") == 0 || source_has_lines(path);
    if (source == NULL || ddbs_arena_new(&source->arena, 0) != DDBS_OK ||
        ddbs_arena_new(&source->event_arena, 0) != DDBS_OK) {
        snprintf(why, why_size, "out of memory");
        source_close(source);
        return -1;
    }
    source->path = path;
    if (lines)
        source->file = command_open(path, why, why_size);
    if (lines ? source->file == NULL : open_event(source, why, why_size) != 0) {
        source_close(source);
        return -1;
    }
    *out = source;
    return 0;
}
