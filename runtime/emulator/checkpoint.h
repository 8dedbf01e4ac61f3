/* checkpoint.h: where a run stopped, in a file, so that the next one goes on from there: for each shard the first
 * record that was not settled. Written after each move, as a whole or not at all. */
#ifndef EMULATOR_CHECKPOINT_H
#define EMULATOR_CHECKPOINT_H
#include "runtime/mapping/mapping.h"

struct checkpoint;

/* `stream` names the stream (its ARN) and `source` where it is read from: a file that says something else is refused.
 * No file, or an empty one: nothing was settled yet. `path`, `stream` and `source` must live as long. 0, or -1 with a
 * sentence in `why`. The caller frees it with checkpoint_free. */
int checkpoint_open(struct checkpoint **out, const char *path, const char *stream, const char *source, char *why,
                    size_t why_size);
void checkpoint_free(struct checkpoint *checkpoint);

/* A source that gives what is not settled of `below`: it reads over the rest. Where `below` does not have the record at
 * which it should go on, reading fails, and checkpoint_why says so. */
struct mapping_source checkpoint_source(struct checkpoint *checkpoint, const struct mapping_source *below);

/* NULL: the source was not refused. */
const char *checkpoint_why(const struct checkpoint *checkpoint);

/* The checkpoint of a shard has moved. 0, or -1 with a sentence in `why`: it could not be written. */
int checkpoint_moved(struct checkpoint *checkpoint, ddbs_str shard_id, const struct mapping_checkpoint *to, char *why,
                     size_t why_size);
#endif
