/* verdict.c: what the library makes of events, in lines that a script can compare. Only the public API is used, but
 * for one thing: every path through the library must make the same of them.
 *
 * Reads frames from stdin, each a length (4 bytes, little-endian) and that many bytes of an event, and writes a line
 * for each:
 *
 *     refused STATUS OFFSET PATH
 *     records N: 101 1:OFFSET:PATH | SEQUENCE/IDENTIFIER SEQUENCE/IDENTIFIER SEQUENCE/IDENTIFIER
 *     broken WHAT
 *
 * A record is '1' if it decodes, and '0' with its place and path if not. "broken" is a promise of the headers that was
 * not kept. What could break a line is percent-escaped; an empty path is "-". The event lies in a block of exactly its
 * size, so that AddressSanitizer sees the first byte read beyond it. */
#include "tests/fuzz/paths.h"

#include <ddbstream/event.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAME_MAX ((uint32_t)64 * 1024 * 1024)

/* What out-parameters hold before a call: never a result. */
static const char untouched;

static void print_escaped(const char *text, size_t len)
{
    if (len == 0)
        putchar('-');
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c <= ' ' || c > '~' || c == '%' || c == '/' || c == '|')
            printf("%%%02X", c);
        else
            putchar(c);
    }
}

/* What is wrong with an error that was filled in for `status`, or NULL. */
static const char *error_fault(const ddbs_error *error, ddbs_status status, size_t len)
{
    if (status == DDBS_E_MEMORY || status == DDBS_E_USAGE || status == DDBS_SKIP)
        return "a status that says nothing about the event";
    if (error->status != status)
        return "the error has another status than the one returned";
    if (error->offset == DDBS_NOWHERE || error->offset > len)
        return "the offset is outside the event";
    if (error->reason[0] == '\0')
        return "no reason";
    if (memchr(error->path, '\0', sizeof error->path) == NULL)
        return "the path does not end";
    return memchr(error->reason, '\0', sizeof error->reason) == NULL ? "the reason does not end" : NULL;
}

/* What is wrong with the error of record `index`, or NULL. */
static const char *record_fault(const ddbs_error *error, ddbs_status status, size_t len, size_t index)
{
    char stream[40], bare[40];
    int stream_len = snprintf(stream, sizeof stream, "Records[%zu]", index);
    int bare_len = snprintf(bare, sizeof bare, "[%zu]", index);

    if (error->record != index)
        return "the error names another record";
    if (strncmp(error->path, stream, (size_t)stream_len) != 0 && strncmp(error->path, bare, (size_t)bare_len) != 0)
        return "the path does not begin with the record";
    return error_fault(error, status, len);
}

/* Whether a view lies inside the event. */
static bool inside(ddbs_str view, const char *json, size_t len)
{
    return view.ptr != NULL && view.ptr >= json && view.len <= len && (size_t)(view.ptr - json) <= len - view.len;
}

/* What is wrong with a record that decoded, or NULL. */
static const char *decoded_fault(const ddbs_event *event, const ddbs_record *rec, size_t index)
{
    ddbs_str sequence = ddbs_event_sequence(event, index);

    if (rec->index != index || rec->source != ddbs_event_source(event))
        return "the record has another index or source";
    if (rec->sequence_number.len != sequence.len || memcmp(rec->sequence_number.ptr, sequence.ptr, sequence.len) != 0)
        return "the record has another sequence number than the index";
    return NULL;
}

/* The verdict about one record: writes its digit into `*digit`, and its error. Returns what is broken, or NULL. */
static const char *judge_record(const ddbs_event *event, size_t index, ddbs_arena *arena, size_t len, ddbs_error *error,
                                char *digit)
{
    const ddbs_record *rec = (const ddbs_record *)(const void *)&untouched;
    ddbs_status status;

    ddbs_arena_reset(arena);
    ddbs_error_clear(error);
    status = ddbs_event_record(event, index, arena, &rec, error);
    *digit = status == DDBS_OK ? '1' : '0';
    if (status == DDBS_OK)
        return decoded_fault(event, rec, index);
    if ((const void *)rec != &untouched)
        return "the record was written although it does not decode";
    return record_fault(error, status, len, index);
}

static const char *find_fault(const ddbs_event *event, ddbs_arena *arena, const char *json, size_t len)
{
    for (size_t i = 0; i < ddbs_event_count(event); i++) {
        ddbs_error error;
        char digit;
        const char *fault = judge_record(event, i, arena, len, &error, &digit);
        if (fault != NULL)
            return fault;
        if (!inside(ddbs_event_sequence(event, i), json, len) || !inside(ddbs_event_identifier(event, i), json, len) ||
            !inside(ddbs_event_raw(event, i), json, len))
            return "a view of the index lies outside the event";
    }
    return NULL;
}

/* Each record is decoded once for its digit and once for its error: the second time must say the same. */
static void print_records(const ddbs_event *event, ddbs_arena *arena, size_t len)
{
    size_t count = ddbs_event_count(event);
    ddbs_error error;
    char digit;

    printf("records %zu: ", count);
    for (size_t i = 0; i < count; i++) {
        judge_record(event, i, arena, len, &error, &digit);
        putchar(digit);
    }
    for (size_t i = 0; i < count; i++) {
        judge_record(event, i, arena, len, &error, &digit);
        if (digit == '0') {
            printf(" %zu:%zu:", i, error.offset);
            print_escaped(error.path, strlen(error.path));
        }
    }
    printf(" |");
    for (size_t i = 0; i < count; i++) {
        ddbs_str sequence = ddbs_event_sequence(event, i), identifier = ddbs_event_identifier(event, i);
        putchar(' ');
        print_escaped(sequence.ptr, sequence.len);
        putchar('/');
        print_escaped(identifier.ptr, identifier.len);
    }
    putchar('\n');
}

static void print_refusal(const ddbs_error *error)
{
    printf("refused %s %zu ", ddbs_status_name(error->status), error->offset);
    print_escaped(error->path, strlen(error->path));
    putchar('\n');
}

static void judge(const char *json, size_t len, ddbs_arena *events, ddbs_arena *records)
{
    const ddbs_event *event = (const ddbs_event *)(const void *)&untouched;
    const char *fault;
    ddbs_error error;
    ddbs_status status;

    ddbs_arena_reset(events);
    ddbs_error_clear(&error);
    status = ddbs_event_parse(events, json, len, NULL, &event, &error);
    if (status == DDBS_OK)
        fault = find_fault(event, records, json, len);
    else if ((const void *)event != &untouched)
        fault = "the event was written although it is refused";
    else
        fault = error_fault(&error, status, len);
    if (fault == NULL)
        fault = paths_difference(json, len, NULL);
    if (fault != NULL)
        printf("broken %s\n", fault);
    else if (status == DDBS_OK)
        print_records(event, records, len);
    else
        print_refusal(&error);
}

/* The next frame in a block of its own (NULL may stand for no bytes); false at the end of the input. A frame that is
 * cut ends the program. */
static bool read_frame(char **json, size_t *len)
{
    unsigned char head[4];
    uint32_t size;
    size_t got = fread(head, 1, sizeof head, stdin);

    if (got == 0)
        return false;
    size = (uint32_t)head[0] | (uint32_t)head[1] << 8 | (uint32_t)head[2] << 16 | (uint32_t)head[3] << 24;
    *json = got == sizeof head && size <= FRAME_MAX ? malloc(size) : NULL;
    if (got != sizeof head || (*json == NULL && size > 0) || (size > 0 && fread(*json, 1, size, stdin) != size)) {
        fprintf(stderr, "verdict: a frame is cut or over %" PRIu32 " bytes\n", FRAME_MAX);
        exit(2);
    }
    *len = size;
    return true;
}

int main(void)
{
    ddbs_arena *events, *records;
    char *json;
    size_t len;

    if (ddbs_arena_new(&events, 0) != DDBS_OK || ddbs_arena_new(&records, 0) != DDBS_OK)
        return 2;
    while (read_frame(&json, &len)) {
        judge(json, len, events, records);
        /* After a crash the number of lines tells which frame it was. */
        fflush(stdout);
        free(json);
    }
    ddbs_arena_free(events);
    ddbs_arena_free(records);
    return ferror(stdin) || ferror(stdout) ? 2 : 0;
}
