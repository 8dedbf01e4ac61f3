/* peer.c: see peer.h. */
#include "peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PADDING = 64, NODES_FIRST = 1024 };

struct tally {
    uint64_t records, text, kinds[KIND_NONE], string_bytes, number_bytes, binary_bytes, binary_edges, trues, names,
        name_bytes;
    int64_t created, size;
};

long long peer_allocations = -1;

void peer_fail(const char *why)
{
    fprintf(stderr, "%s\n", why);
    exit(1);
}

void record_grow(struct record *record)
{
    size_t capacity = record->capacity == 0 ? NODES_FIRST : record->capacity * 2;
    struct node *grown = realloc(record->nodes, capacity * sizeof *grown);
    if (grown == NULL)
        peer_fail("out of memory");
    record->nodes = grown;
    record->capacity = capacity;
}

/* ---- Numbers and Binary ---- */

static const char *skip_digits(const char *at, const char *end)
{
    while (at < end && (unsigned)(*at - '0') < 10)
        at++;
    return at;
}

static bool is_number(const char *at, const char *end)
{
    const char *digits = at + (at < end && (*at == '-' || *at == '+'));
    at = skip_digits(digits, end);
    if (at == digits)
        return false;
    if (at < end && *at == '.') {
        digits = at + 1;
        at = skip_digits(digits, end);
        if (at == digits)
            return false;
    }
    if (at < end && (*at | 0x20) == 'e') {
        digits = at + 1 + (at + 1 < end && (at[1] == '-' || at[1] == '+'));
        at = skip_digits(digits, end);
        if (at == digits)
            return false;
    }
    return at == end;
}

void node_number(struct record *record, struct text name, struct text value)
{
    if (!is_number(value.ptr, value.ptr + value.len))
        peer_fail("not a number");
    node_add(record, KIND_N, name)->value = value;
}

/* Four letters at once: one table for each place, its bits already where they belong; ILLEGAL marks no letter. */
#define ILLEGAL 0x01000000u
static uint32_t letters[4][256];

void peer_prepare(void)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t place = 0; place < 4; place++) {
        for (size_t i = 0; i < 256; i++)
            letters[place][i] = ILLEGAL;
        for (uint32_t i = 0; i < 64; i++)
            letters[place][(unsigned char)alphabet[i]] = i << (18 - 6 * place);
    }
}

static uint32_t read_letters(const unsigned char *at)
{
    return letters[0][at[0]] | letters[1][at[1]] | letters[2][at[2]] | letters[3][at[3]];
}

/* The last four letters, of which one or two may be '='. Returns the number of bytes. */
static size_t read_last(const unsigned char *at, unsigned char *out)
{
    unsigned char four[4];
    size_t pads = at[3] != '=' ? 0 : at[2] != '=' ? 1 : 2;
    memcpy(four, at, 4);
    for (size_t i = 0; i < pads; i++)
        four[3 - i] = 'A';
    uint32_t bits = read_letters(four);
    if ((bits & ILLEGAL) != 0 || (bits & (pads == 2 ? 0xffffu : pads == 1 ? 0xffu : 0)) != 0)
        peer_fail("not base64");
    out[0] = (unsigned char)(bits >> 16);
    out[1] = (unsigned char)(bits >> 8);
    out[2] = (unsigned char)bits;
    return 3 - pads;
}

void node_binary(struct record *record, struct text name, struct text value)
{
    const unsigned char *at = (const unsigned char *)value.ptr, *end = at + value.len;
    unsigned char *begin = record->bytes + record->bytes_used, *out = begin;
    uint32_t wrong = 0;
    if (value.len % 4 != 0)
        peer_fail("not base64");
    for (; end - at > 4; at += 4, out += 3) {
        uint32_t bits = read_letters(at);
        wrong |= bits;
        out[0] = (unsigned char)(bits >> 16);
        out[1] = (unsigned char)(bits >> 8);
        out[2] = (unsigned char)bits;
    }
    if ((wrong & ILLEGAL) != 0)
        peer_fail("not base64");
    if (at < end)
        out += read_last(at, out);
    record->bytes_used += (size_t)(out - begin);
    node_add(record, KIND_B, name)->value = (struct text){ (const char *)begin, (size_t)(out - begin) };
}

/* ---- Members ---- */

enum member member_of(const char *name, size_t len, size_t *at)
{
    static const struct {
        const char *name;
        size_t len, at;
        enum member member;
    } known[] = {
        { "eventID", 7, HEAD_ID, MEMBER_TEXT },
        { "eventName", 9, HEAD_NAME, MEMBER_TEXT },
        { "eventSourceARN", 14, HEAD_ARN, MEMBER_TEXT },
        { "awsRegion", 9, HEAD_REGION, MEMBER_TEXT },
        { "dynamodb", 8, 0, MEMBER_CHANGE },
        { "ApproximateCreationDateTime", 27, 0, MEMBER_CREATED },
        { "Keys", 4, 0, MEMBER_IMAGE },
        { "NewImage", 8, 0, MEMBER_IMAGE },
        { "OldImage", 8, 0, MEMBER_IMAGE },
        { "SequenceNumber", 14, HEAD_SEQUENCE, MEMBER_TEXT },
        { "SizeBytes", 9, 0, MEMBER_SIZE },
        { "StreamViewType", 14, HEAD_VIEW, MEMBER_TEXT },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (len == known[i].len && memcmp(name, known[i].name, len) == 0) {
            *at = known[i].at;
            return known[i].member;
        }
    }
    return MEMBER_OTHER;
}

/* ---- The checksum ---- */

static void count_node(struct tally *tally, const struct node *node)
{
    tally->kinds[node->kind]++;
    if (node->name.ptr != NULL) {
        tally->names++;
        tally->name_bytes += node->name.len;
    }
    if (node->kind == KIND_S)
        tally->string_bytes += node->value.len;
    else if (node->kind == KIND_N)
        tally->number_bytes += node->value.len;
    else if (node->kind == KIND_BOOL)
        tally->trues += node->count;
    if (node->kind != KIND_B || node->value.len == 0)
        return;
    tally->binary_bytes += node->value.len;
    tally->binary_edges += (unsigned char)node->value.ptr[0];
    tally->binary_edges += (unsigned char)node->value.ptr[node->value.len - 1];
}

void record_count(struct record *record)
{
    struct tally *tally = record->tally;
    tally->records++;
    for (size_t i = 0; i < HEAD_TEXTS; i++)
        tally->text += record->head.text[i].len;
    tally->created += record->head.created;
    tally->size += record->head.size;
    for (size_t i = 0; i < record->count; i++)
        count_node(tally, &record->nodes[i]);
}

static void print_tally(const struct tally *tally)
{
    static const char *const names[KIND_NONE] = { "S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS" };
    printf(",\"checksum\":\"records=%llu text=%llu created=%lld size=%lld", (unsigned long long)tally->records,
           (unsigned long long)tally->text, (long long)tally->created, (long long)tally->size);
    for (size_t i = 0; i < KIND_NONE; i++)
        printf(" %s=%llu", names[i], (unsigned long long)tally->kinds[i]);
    printf(" strings=%llu numbers=%llu binary=%llu edges=%llu true=%llu names=%llu:%llu\"}\n",
           (unsigned long long)tally->string_bytes, (unsigned long long)tally->number_bytes,
           (unsigned long long)tally->binary_bytes, (unsigned long long)tally->binary_edges,
           (unsigned long long)tally->trues, (unsigned long long)tally->names, (unsigned long long)tally->name_bytes);
}

/* ---- Measuring ---- */

static double processor_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

char *peer_read(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0)
        peer_fail("no such corpus");
    long size = ftell(file);
    rewind(file);
    char *json = size < 0 ? NULL : calloc((size_t)size + PADDING, 1);
    if (json == NULL || fread(json, 1, (size_t)size, file) != (size_t)size)
        peer_fail("the corpus cannot be read");
    fclose(file);
    *len = (size_t)size;
    return json;
}

/* A function of its own, so that callgrind can be told to count in it only. */
void counted_pass(struct record *record);
__attribute__((noinline)) void counted_pass(struct record *record)
{
    peer_pass(record);
}

/* Twice as many passes each time, until they take long enough: the last ones are warm. */
static void measure(struct record *record, double wanted_ns)
{
    double took = 0;
    size_t passes = 1;
    long long allocated = 0;
    for (;; passes *= 2) {
        double began = processor_ns();
        allocated = peer_allocations;
        for (size_t i = 0; i < passes; i++)
            peer_pass(record);
        allocated = peer_allocations - allocated;
        took = processor_ns() - began;
        if (took >= wanted_ns)
            break;
    }
    printf("{\"ns\":%.1f,\"passes\":%zu,\"allocations\":", took / (double)passes, passes);
    if (peer_allocations < 0)
        printf("null");
    else
        printf("%.2f", (double)allocated / (double)passes);
}

int peer_main(int argc, char **argv)
{
    struct record record = { .nodes = NULL };
    struct tally tally = { 0 };
    size_t len;
    if (argc != 3)
        peer_fail("PROGRAM CORPUS SECONDS");
    char *json = peer_read(argv[1], &len);
    record.bytes = malloc(len + PADDING);
    if (record.bytes == NULL)
        peer_fail("out of memory");
    peer_prepare();
    peer_open(json, len);
    peer_pass(&record);
    if (strcmp(argv[2], "count") == 0) {
        counted_pass(&record);
    } else {
        measure(&record, strtod(argv[2], NULL) * 1e9);
        record.tally = &tally;
        peer_pass(&record);
        print_tally(&tally);
    }
    free(record.nodes);
    free(record.bytes);
    return 0;
}
