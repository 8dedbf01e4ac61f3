/* run_source.h: what `ddbstream run` plays: a file of records, an export, or a stream behind an endpoint. */
#ifndef EMULATOR_RUN_SOURCE_H
#define EMULATOR_RUN_SOURCE_H
#include "play.h"

struct run_source_options {
    const char *source;        /* a file, "-", "stream", "stream:ARN" or "stream:TABLE"; NULL: an export */
    const char *backfill;      /* an export; NULL: `source` */
    const char *keys;          /* of the export's table */
    const char *endpoint;      /* of the stream; NULL: as the environment says */
    const char *partition_key; /* NULL: as the source says */
    bool keyed;                /* records carry the hash of their key also where one batch is under way at a time */
    int idle_ms;               /* of a stream; 0: it never ends by itself */
};

/* Whether it is a stream behind an endpoint, which goes on for as long as anybody writes. */
bool run_source_is_live(const struct run_source_options *options);

struct run_source {
    struct play_source play;
    struct source *file; /* one of the three is there */
    struct stream *stream;
    struct backfill *backfill;
    const char *name; /* for people */
};

/* 0, or the exit status with a sentence in `why`. `out` is zeroed before; run_source_close cleans up in both cases. */
int run_source_open(struct run_source *out, const struct run_source_options *options, const struct esm *esm, char *why,
                    size_t why_size);
void run_source_close(struct run_source *source);

/* When a recorded stream begins, by its first record; MAPPING_NO_TIME: by the real clock. */
int64_t run_source_begins(struct run_source *source);
#endif
