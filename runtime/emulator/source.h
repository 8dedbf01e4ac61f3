/* source.h: where the records of a stream come from: a file of one stream record per line (.jsonl, .jsonl.gz), read as
 * it is needed, or an event as Lambda delivers it. */
#ifndef EMULATOR_SOURCE_H
#define EMULATOR_SOURCE_H
#include "runtime/mapping/mapping.h"
#include "runtime/mapping/record.h"

struct source;

/* Whether a file is named as one of a record per line. */
bool source_has_lines(const char *path);

/* "-" is standard input, one record per line. 0, or -1 with a sentence in `why`: it cannot be opened or read, or there
 * is no memory. Bad content is what source_read says, also of an event that is bad as a whole. */
int source_open(struct source **out, const char *path, char *why, size_t why_size);
void source_close(struct source *source);

/* There is one shard here. The form is that of DynamoDB. */
#define SOURCE_SHARD "shardId-00000000000000000001-0000da7a"

/* Have each record carry the hash of its partition key: attribute `name`, or, where that is NULL, the one that stands
 * first in the Keys of the first record. Without this call every record has the same. */
void source_use_keys(struct source *source, const char *name);

/* The functions of a mapping_source; `source` is a struct source. Once reading failed it fails for ever. Warns of a
 * stream without records, and of the first sequence number that is not above the one before it. */
bool source_shard(void *source, size_t index, struct mapping_shard *out);
enum mapping_read source_read(void *source, size_t shard, struct mapping_record *out);

/* The creation time of the first record, which is read for it; MAPPING_NO_TIME where it has none, or cannot be read. */
int64_t source_begins(struct source *source);

/* `source` is a struct source. After source_read failed: why, with the file and the line. */
const char *source_why(const void *source);

/* The exit status that goes with it: EXIT_BAD_INPUT for bad content, EXIT_CANNOT_RUN for what cannot be read. */
int source_status(const void *source);

/* Whether the sequence number of a record was not above the one before it, so that numbers may repeat. No shard of a
 * stream is like that. */
bool source_repeats(const void *source);
#endif
