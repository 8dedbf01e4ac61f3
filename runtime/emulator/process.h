/* process.h: one child process in a process group of its own: started, listened to, killed with all that it started.
 * Never blocks but where it says so. */
#ifndef EMULATOR_PROCESS_H
#define EMULATOR_PROCESS_H
#include "text.h"

#include <stdint.h>
#include <sys/types.h>

struct process_config {
    const char *program; /* a file, as seen from the current folder */
    bool search;         /* a program without a slash is found through PATH instead */
    char *const *argv;
    char *const *env;
    /* Every line of its stdout and stderr, without the newline. */
    void (*output)(void *user, const char *line, size_t len);
    void *user;
};

/* Zeroed: no process. */
struct process {
    struct process_config config;
    pid_t pid;      /* 0: none */
    int output;     /* what it writes comes out here, non-blocking; -1 where the other side is closed */
    int64_t hup_ms; /* when that was noticed (CLOCK_MONOTONIC) */
    struct text line;
};

/* Start the program. Waits until it runs. Returns 0, or -1 with errno where it cannot be run. */
int process_start(struct process *process, const struct process_config *config);

bool process_runs(const struct process *process);

/* The longest pause after which process_ended should be asked again, in milliseconds. */
int process_pause(const struct process *process);

/* Hand out the lines that it has written so far. */
void process_read(struct process *process);

/* Hand out a last line without its newline too: what follows belongs to something else. */
void process_flush(struct process *process);

/* Whether it has ended, with the status of waitpid. What it left running in its group is killed, the rest of its output
 * is handed out, and there is no process any more. */
bool process_ended(struct process *process, int *status);

/* Kill it and its group, and wait for the end. `status` may be NULL. Does nothing where there is no process. */
void process_kill(struct process *process, int *status);

/* Send SIGTERM, wait for the end up to `grace_ms`, then kill. */
void process_stop(struct process *process, int grace_ms);
#endif
