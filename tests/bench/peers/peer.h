/* peer.h: what the benchmark's peers in C and C++ share: the decoded form that each fills, its checksum, and how it is
 * called.
 *
 * A peer decodes a corpus record by record into typed nodes: strings unescaped, numbers checked as text, Binary as
 * bytes. The memory is kept warm from record to record, as in a function that stays up. peer_main() measures passes
 * over the corpus and takes the checksum of one more pass; it is the same for all peers, or somebody left work out. */
#ifndef TESTS_BENCH_PEER_H
#define TESTS_BENCH_PEER_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* In the order of the checksum; KIND_NONE is no kind. */
enum kind { KIND_S, KIND_N, KIND_B, KIND_BOOL, KIND_NULL, KIND_M, KIND_L, KIND_SS, KIND_NS, KIND_BS, KIND_NONE };

struct text {
    const char *ptr;
    size_t len;
};

/* An attribute, an element of an L, or an element of a set (as S, N or B). The content of an M, L or set follows it. */
struct node {
    struct text name; /* {NULL, 0}: an element */
    struct text value;
    enum kind kind;
    uint32_t count; /* of an M, L or set; of a BOOL: 1 for true */
};

/* What a record says beside its images. */
enum { HEAD_ID, HEAD_NAME, HEAD_ARN, HEAD_REGION, HEAD_SEQUENCE, HEAD_VIEW, HEAD_TEXTS };
struct head {
    struct text text[HEAD_TEXTS];
    int64_t created, size;
};

struct tally;

/* The record at hand. */
struct record {
    struct head head;
    struct node *nodes;
    size_t count, capacity;
    unsigned char *bytes; /* decoded Binary */
    size_t bytes_used;
    struct tally *tally; /* NULL: only decode */
};

void peer_fail(const char *why) __attribute__((noreturn));

/* ---- What a peer provides ---- */

/* Prepare for passes over this corpus; 64 bytes behind it may be read. */
void peer_open(const char *json, size_t len);

/* Decode the whole corpus, ending each record with record_done(). */
void peer_pass(struct record *record);

/* ---- What it uses ---- */

/* What a peer's main() does: CORPUS SECONDS. Prints a line of JSON: nanoseconds of processor time a pass, the number of
 * passes, allocations in a pass (null: not counted) and the checksum. With "count" in place of the seconds there is one
 * warm pass, and then one in counted_pass(), for callgrind. */
int peer_main(int argc, char **argv);

/* What else must be called before a pass, where peer_main() is not. */
void peer_prepare(void);

extern long long peer_allocations; /* grows with each; below 0: not counted */

/* A file with 64 bytes of zeros behind it; freed by nobody. */
char *peer_read(const char *path, size_t *len);

void record_grow(struct record *record);
void record_count(struct record *record);

/* The record is decoded: begin the next one. */
static inline void record_done(struct record *record)
{
    if (record->tally != NULL)
        record_count(record);
    record->count = 0;
    record->bytes_used = 0;
}

/* A node; its place is good until the next one. */
static inline struct node *node_add(struct record *record, enum kind kind, struct text name)
{
    struct node *node;
    if (record->count == record->capacity)
        record_grow(record);
    node = &record->nodes[record->count++];
    node->name = name;
    node->kind = kind;
    node->value.ptr = NULL;
    node->value.len = 0;
    node->count = 0;
    return node;
}

static inline void node_string(struct record *record, struct text name, struct text value)
{
    node_add(record, KIND_S, name)->value = value;
}

/* Ends the program where the text is no number: [+-]?digits[.digits][(e|E)[+-]?digits]. */
void node_number(struct record *record, struct text name, struct text value);

/* Decodes base64, strictly. */
void node_binary(struct record *record, struct text name, struct text value);

/* The kind that a type tag names. */
static inline enum kind kind_of(const char *tag, size_t len)
{
    char first = len > 0 ? tag[0] : '\0', second = len > 1 ? tag[1] : '\0';
    if (len == 1) {
        switch (first) {
        case 'S':
            return KIND_S;
        case 'N':
            return KIND_N;
        case 'B':
            return KIND_B;
        case 'M':
            return KIND_M;
        case 'L':
            return KIND_L;
        default:
            return KIND_NONE;
        }
    }
    if (len == 2 && second == 'S')
        return first == 'S' ? KIND_SS : first == 'N' ? KIND_NS : first == 'B' ? KIND_BS : KIND_NONE;
    if (len == 4)
        return first == 'B' ? KIND_BOOL : first == 'N' ? KIND_NULL : KIND_NONE;
    return KIND_NONE;
}

/* The members of a record and of its "dynamodb" that are decoded, by name. */
enum member {
    MEMBER_OTHER,
    MEMBER_TEXT, /* of the head; `*at` says which */
    MEMBER_CHANGE,
    MEMBER_CREATED,
    MEMBER_SIZE,
    MEMBER_IMAGE /* Keys, NewImage, OldImage */
};
enum member member_of(const char *name, size_t len, size_t *at);

#ifdef __cplusplus
}
#endif
#endif
