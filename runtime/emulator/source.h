/* source.h: where the records of a stream come from: a file of one stream record per line (.jsonl, .jsonl.gz), read as
 * it is needed, or an event as Lambda delivers it. */
#ifndef EMULATOR_SOURCE_H
#define EMULATOR_SOURCE_H
#include "runtime/mapping/mapping.h"

struct source;

/* Whether a file is named as one of a record per line. */
bool source_has_lines(const char *path);

/* "-" is standard input, one record per line. 0, or -1 with a sentence in `why`: it cannot be opened or read, or there
 * is no memory. Bad content is what source_pull says, also of an event that is bad as a whole. */
int source_open(struct source **out, const char *path, char *why, size_t why_size);
void source_close(struct source *source);

/* A mapping_source; `source` is a struct source. After -1 it says -1 for ever. Warns of a stream without records. */
int source_pull(void *source, struct mapping_record *out);

/* After source_pull said -1: why, with the file and the line. */
const char *source_why(const struct source *source);

/* The exit status that goes with it: EXIT_BAD_INPUT for bad content, EXIT_CANNOT_RUN for what cannot be read. */
int source_status(const struct source *source);

/* The number (from 1) of the first record whose sequence number is not above the one before it, 0: there was none so
 * far. No shard of a stream is like that. */
uint64_t source_unordered(const struct source *source);
#endif
