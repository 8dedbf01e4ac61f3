/* play.h: a stream played through bootstrap processes: the mapping says what to deliver when, each delivery under way
 * has a process of its own, and everything is shown by the report. One thread; it waits for sockets, processes and
 * time. */
#ifndef EMULATOR_PLAY_H
#define EMULATOR_PLAY_H
#include "function.h"
#include "report.h"

#include <signal.h>

enum { EXIT_INTERRUPTED = 130 };

/* Where the records come from; `stream.user` is handed to each function. A read that waits holds everything up. */
struct play_source {
    struct mapping_source stream;
    /* Once the stream cannot be read any more: a sentence, and the exit status that goes with it. */
    const char *(*why)(const void *user);
    int (*status)(const void *user);
    /* Whether sequence numbers may repeat, so that they cannot name files; NULL: they never do. */
    bool (*repeats)(const void *user);
};

struct play_config {
    const struct esm *esm;
    struct play_source source;
    struct report *report;
    struct function_config function; /* output and user are set here */
    const char *folder;              /* of on-failure records */
    int64_t begin_ms;                /* the time at which the mapping begins, since 1970 UTC */
    uint64_t seed;                   /* of request ids */
    /* Do not wait for what only the mapping waits for: retries, batching windows, the end of idle tumbling windows. Its
     * clock moves on at once, as long as no invocation is under way. */
    bool skip_waits;
    const volatile sig_atomic_t *interrupted; /* no new delivery once it is set; those under way end */
};

/* Play until the stream ends, something breaks, or the user wants no more. The exit status. */
int play(const struct play_config *config);
#endif
