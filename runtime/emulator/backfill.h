/* backfill.h: a DynamoDB export as a source. A stream is not retroactive; this is how the items that a table already
 * has get through a handler: each as an INSERT. */
#ifndef EMULATOR_BACKFILL_H
#define EMULATOR_BACKFILL_H
#include "runtime/mapping/mapping.h"

struct backfill;

struct backfill_config {
    const char *path; /* the folder AWSDynamoDB/<ExportId> with its manifest, a folder of data files, or one data file:
                         *.json or *.json.gz, {"Item":{...}} on each line */
    const char *keys; /* the table's key attributes with a comma between them, the partition key first: an export does
                         not tell them */
    const char *arn;  /* of the stream, as the records name it */
    const char *partition_key; /* the attribute whose order is kept; NULL: the first of `keys` */
    int64_t now_ms;            /* when the records say that they were made */
};

/* Find the files. 0, or -1 with a sentence in `why`; `*status` is the exit status that goes with it. */
int backfill_open(struct backfill **out, const struct backfill_config *config, int *status, char *why, size_t why_size);
void backfill_close(struct backfill *backfill);

/* The functions of a play_source; `backfill` is a struct backfill. One shard; sequence numbers count up from a made-up
 * one, in the order of the files. */
enum mapping_read backfill_read(void *backfill, size_t shard, struct mapping_record *out);
const char *backfill_why(const void *backfill);
int backfill_status(const void *backfill);
#endif
