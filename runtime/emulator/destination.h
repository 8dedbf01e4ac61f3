/* destination.h: the on-failure destination of a mapping, played by a folder: one file per discarded delivery, with the
 * text that AWS would send to the queue or topic, or put into the bucket. */
#ifndef EMULATOR_DESTINATION_H
#define EMULATOR_DESTINATION_H
#include "runtime/mapping/esm.h"

/* Make the folder `dir` and those above it, and see that files can be written there. 0, or -1 with a sentence in
 * `why`. */
int destination_open(const char *dir, char *why, size_t why_size);

/* Write the on-failure record to `dir`, which is made when it is not there: all of it or nothing. It is named after the
 * first sequence number, a final invocation after its window; `unordered`: the sequence numbers of the source are not
 * increasing and may repeat, so the record's place is added. `path` gets the file's name. 0, or -1 with a sentence in
 * `why`. */
int destination_write(const char *dir, const struct esm *esm, const struct mapping_discard *discard, bool unordered,
                      char *path, size_t path_size, char *why, size_t why_size);
#endif
