/* esm_file.h: an event source mapping from its file. */
#ifndef EMULATOR_ESM_FILE_H
#define EMULATOR_ESM_FILE_H
#include "runtime/mapping/esm.h"

/* esm_read() of a file. 0, or -1 with "FILE: KEY: what was expected" in `why`. */
int esm_load(struct esm *out, const char *path, char *why, size_t why_size);
#endif
