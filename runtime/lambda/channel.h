/* channel.h: what supervisor and worker say to each other.
 *
 * Frames go both ways over a socketpair that keeps their boundaries. Progress goes one way, through a pipe: words of
 * four bytes that a stray store in the worker cannot forge. Every frame and word carries the generation of its worker,
 * so that one that was already given up is not believed.
 *
 * A word costs the worker one write, and a supervisor that woke up for each would cost more than that: so the pipe has
 * room for all the words of a batch, and is read when the batch is over, however it came to its end. */
#ifndef LAMBDA_CHANNEL_H
#define LAMBDA_CHANNEL_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum ddbs_frame_kind {
    DDBS_FRAME_RUN = 1, /* supervisor: the job in the shared memory is yours */
    DDBS_FRAME_STOP,    /* supervisor: call on_stop and end */
    DDBS_FRAME_READY,   /* worker: on_start is done */
    DDBS_FRAME_REFUSED, /* worker: on_start failed; the reply says why */
    DDBS_FRAME_END,     /* worker: the job is done; the reply says what came of it */
    DDBS_FRAME_STOPPED  /* worker: on_stop is done */
};

struct ddbs_frame {
    uint32_t generation;
    uint32_t invocation;
    uint32_t kind;
    uint32_t length; /* bytes of the reply */
};

enum ddbs_progress_kind { DDBS_PROGRESS_STARTED = 1, DDBS_PROGRESS_DONE, DDBS_PROGRESS_COMMITTED };

/* One word of progress: the index of a record, or how many are committed. */
struct ddbs_progress {
    enum ddbs_progress_kind kind;
    uint16_t generation; /* its lower bits */
    uint16_t index;
};

/* The two ends of the conversation with one worker; -1: closed. */
struct ddbs_channel {
    int supervisor, worker; /* of the socketpair */
    int progress_in, progress_out;
    bool narrow; /* the system gave no pipe of that size: it must be read while the worker runs */
};

#define DDBS_CHANNEL_CLOSED                                                                                            \
    {                                                                                                                  \
        .supervisor = -1, .worker = -1, .progress_in = -1, .progress_out = -1                                          \
    }

bool ddbs_channel__open(struct ddbs_channel *channel);

/* Close the ends of the other side, in the process named; the worker's own move to where a handler hardly comes. */
void ddbs_channel__keep_supervisor(struct ddbs_channel *channel);
void ddbs_channel__keep_worker(struct ddbs_channel *channel);
void ddbs_channel__close(struct ddbs_channel *channel);

/* Both are whole or not at all. Receiving waits where the descriptor is blocking; false at the end of the conversation,
 * where nothing is there, and for what is no frame. */
bool ddbs_channel__send(int socket, const struct ddbs_frame *frame);
bool ddbs_channel__receive(int socket, struct ddbs_frame *frame);

/* Write a word; waits while the pipe is full. */
bool ddbs_channel__report(int pipe, struct ddbs_progress progress);

/* Take what is in the pipe, up to `max` words; returns how many. */
size_t ddbs_channel__progress(int pipe, struct ddbs_progress *out, size_t max);
#endif
