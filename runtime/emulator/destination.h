/* destination.h: the on-failure destination of a mapping, played by a folder: one file per discarded delivery, with the
 * text that AWS would send to the queue or topic, or put into the bucket. */
#ifndef EMULATOR_DESTINATION_H
#define EMULATOR_DESTINATION_H
#include "esm.h"

/* There is one shard here. The form is that of DynamoDB. */
#define DESTINATION_SHARD "shardId-00000000000000000001-0000da7a"

struct discard {
    const struct esm *esm;
    const struct mapping_delivery *delivery;
    const char *request_id;
    bool error;     /* the last try ended with an error, not with a response */
    ddbs_str event; /* what the function was given */
    bool unordered; /* the sequence numbers of the source are not increasing, so they may repeat */
};

/* Make the folder `dir` and those above it, and see that files can be written there. 0, or -1 with a sentence in
 * `why`. */
int destination_open(const char *dir, char *why, size_t why_size);

/* Write the on-failure record to `dir`, which is made when it is not there: all of it or nothing. `path` gets the
 * file's name. 0, or -1 with a sentence in `why`. */
int destination_write(const char *dir, const struct discard *discard, char *path, size_t path_size, char *why,
                      size_t why_size);
#endif
