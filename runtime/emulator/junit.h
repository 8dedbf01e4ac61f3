/* junit.h: what was held to be true of a run, as the XML that build servers read: a test suite with one test case each
 * for what must hold. */
#ifndef EMULATOR_JUNIT_H
#define EMULATOR_JUNIT_H
#include "tally.h"

#include <ddbstream/convert.h>
#include <stdio.h>

/* Zeroed: no file, every call does nothing. */
struct junit {
    FILE *file;
    ddbs_buf cases;
    uint64_t count, failed;
};

/* 0, or -1 with errno. */
int junit_open(struct junit *junit, const char *path);

/* One test case. `failure` is a sentence, NULL where it held; texts may hold any bytes. */
void junit_case(struct junit *junit, const char *name, const char *failure);

/* What must hold of every run: each record that a shard gave was settled and none was lost, and the exit status, in
 * words. */
void junit_run(struct junit *junit, const struct tally *tally, int status);

/* Write the file and close it; `suite` names the whole, `duration_ms` is how long it took. 0, or -1: not everything
 * could be written. */
int junit_close(struct junit *junit, const char *suite, int64_t duration_ms);
#endif
