/* play.h: a stream played through bootstrap processes: the mapping says what to deliver when, each delivery under way
 * has a process of its own, and everything is shown by the report. One thread; it waits for sockets, processes and
 * time. */
#ifndef EMULATOR_PLAY_H
#define EMULATOR_PLAY_H
#include "checkpoint.h"
#include "expect.h"
#include "function.h"
#include "report.h"

#include "runtime/mapping/fault.h"

#include <signal.h>

enum { EXIT_INTERRUPTED = 130 };

/* Where the records come from; `stream.user` is handed to each function. A read that waits holds everything up. */
struct play_source {
    struct mapping_source stream;
    void *owner; /* handed to the functions below instead of stream.user; NULL: that one */
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
    /* What is done on purpose, and the layer of `source` that loses checkpoints; NULL: nothing. Together with
     * skip_waits the mapping's clock is moved by its waits only, and batches that are under way at once are settled in
     * their order: so the same seed gives the same trace, however fast the processes are. */
    struct fault_plan *faults;
    struct fault_source *lossy;
    struct expect *expect;                    /* is told what was given up; NULL: nobody */
    struct checkpoint *checkpoint;            /* is written; NULL: none */
    const volatile sig_atomic_t *interrupted; /* no new delivery once it is set; those under way end */
};

/* Play until the stream ends, something breaks, or the user wants no more. The exit status; `invokes` gets how often
 * the function was invoked, duplicates included. */
int play(const struct play_config *config, uint64_t *invokes);
#endif
