/* threads.h: threads for the lanes of a batch, and what they share of the measuring. */
#ifndef LAMBDA_THREADS_H
#define LAMBDA_THREADS_H
#include "runtime/lambda/numbers.h"

#include <pthread.h>
#include <sys/types.h>

/* Of one batch. With one lane all of it is the calling thread's. */
struct ddbs_threads {
    pid_t pid;                          /* the process whose threads these are */
    struct ddbs_batch_numbers *numbers; /* NULL: nothing is measured */
    bool live;                          /* there are threads, so that a lock is needed */
    pthread_mutex_t mutex;              /* of the numbers, and of: */
    size_t busy;                        /* threads that are in a callback */
};

/* Begin a batch, and its numbers. */
void ddbs_threads__open(struct ddbs_threads *threads, struct ddbs_batch_numbers *numbers);

/* This thread is in a callback from now on, or not any more. The time of the batch counts as the handler's while any
 * thread is in one. */
void ddbs_threads__turn(struct ddbs_threads *threads, bool handling);

/* A record is decoded, and its callback comes next. */
void ddbs_threads__decoded(struct ddbs_threads *threads, const ddbs_record *record);

/* As ddbs_host.parallel: each lane in a thread of 8 MiB stack (musl has 128 KiB) and a stack for signals. Where no more
 * threads can be made the rest is left out. A child that the handler forked ends here instead of returning. */
bool ddbs_threads__run(struct ddbs_threads *threads, size_t lanes, void (*run)(void *job, size_t lane), void *job);
#endif
