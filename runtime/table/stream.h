/* stream.h: the stream of a table: what its writes changed, in order, for 24 hours. Time is an argument.
 *
 * Records lie in shards. A new stream has one; stream_split() closes one and opens two in its place, each for half of
 * its partition keys, so that the records of a key stay in order only for those who finish a parent before its
 * children. Sequence numbers increase over the whole stream, with gaps, as those of AWS do; a new stream begins shortly
 * below 10^22, so that whoever compares them as text is found out within the first hundred records (real ones were
 * seen to grow a digit, too). */
#ifndef TABLE_STREAM_H
#define TABLE_STREAM_H
#include "key.h"

enum {
    STREAM_RETENTION_MS = 24 * 60 * 60 * 1000,
    STREAM_LABEL_SIZE = 24,    /* "2026-10-19T08:35:12.417" */
    STREAM_SHARD_ID_SIZE = 38, /* "shardId-00000001792399000123-5b1d2c3e" */
    STREAM_SEQUENCE_SIZE = 32,
    STREAM_EVENT_ID_SIZE = 33
};

enum stream_view { STREAM_KEYS_ONLY, STREAM_NEW_IMAGE, STREAM_OLD_IMAGE, STREAM_NEW_AND_OLD_IMAGES, STREAM_NONE };
enum stream_operation { STREAM_INSERT, STREAM_MODIFY, STREAM_REMOVE };

/* Its name in the API, "NEW_IMAGE"; the view of a name, STREAM_NONE for what is none. */
const char *stream_view_name(enum stream_view view);
enum stream_view stream_view_of(ddbs_str name);

struct stream_shard {
    char id[STREAM_SHARD_ID_SIZE];
    size_t parent;      /* its place among the shards, SIZE_MAX: none */
    uint64_t first;     /* position of its first record or before */
    uint64_t last;      /* position of its last record, UINT64_MAX while it is open */
    uint32_t low, high; /* hashes of the partition keys that it takes, both included */
};

struct stream_record {
    uint64_t position; /* see stream_sequence() */
    int64_t time_ms;
    size_t shard;
    size_t size; /* SizeBytes: keys and images, as far as the view has them */
    enum stream_operation operation;
    bool expired; /* removed by time-to-live */
    uint32_t hash;
    char *keys; /* typed JSON; malloc's, as the images, which are NULL where the view leaves them out */
    char *old_image;
    char *new_image;
};

struct stream {
    enum stream_view view;
    int64_t created_ms;
    char label[STREAM_LABEL_SIZE];
    uint64_t salt;                  /* of its identifiers */
    uint64_t latest;                /* position of the newest record, or where the first will come after */
    uint64_t trimmed;               /* position of the newest record that is gone */
    struct stream_record **records; /* the oldest at `begin` */
    size_t begin, count, capacity;
    struct stream_shard *shards;
    size_t shard_count;
};

/* Begin a stream. NULL when memory is exhausted. */
struct stream *stream_new(enum stream_view view, int64_t now_ms, uint64_t salt);
void stream_free(struct stream *stream);

/* Room for `count` more records, so that stream_append cannot fail. */
bool stream_reserve(struct stream *stream, size_t count);

/* Add a record that malloc made; it belongs to the stream now, which fills in position and shard. */
void stream_append(struct stream *stream, struct stream_record *record);
void stream_record_free(struct stream_record *record);

/* Forget what is older than 24 hours. */
void stream_trim(struct stream *stream, int64_t now_ms);

/* Close an open shard and open two in its place. False when it is closed, takes one hash only, or memory is exhausted.
 */
bool stream_split(struct stream *stream, size_t shard, int64_t now_ms);

/* The first record of a shard behind `position`, by its place counted from `begin`; SIZE_MAX: none yet. */
size_t stream_next(const struct stream *stream, size_t shard, uint64_t position);
const struct stream_record *stream_at(const struct stream *stream, size_t place);

/* A position as a sequence number of 22 or more digits, and back: false for what none is. */
void stream_sequence(uint64_t position, char out[STREAM_SEQUENCE_SIZE]);
bool stream_position(ddbs_str sequence, uint64_t *out);

/* Write a record as GetRecords answers it, or as Lambda delivers it: with `arn`, the stream's, and the user identity in
 * lower case. `arn` NULL: GetRecords. */
void stream_write(const struct stream *stream, const struct stream_record *record, const char *region, const char *arn,
                  ddbs_buf *out);
#endif
