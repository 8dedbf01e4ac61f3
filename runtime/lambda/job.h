/* job.h: what lies in the memory that supervisor and worker share. */
#ifndef LAMBDA_JOB_H
#define LAMBDA_JOB_H
#include "runtime/lambda/deadline.h"
#include "runtime/lambda/numbers.h"
#include "runtime/lambda/transport.h"
#include <ddbstream/consumer.h>

enum { DDBS_ATTEMPTS_MAX = 64, DDBS_CRASH_FRAMES_MAX = 24 };

/* A record that was started and did not get done, and how often that was seen. */
struct ddbs_attempt {
    char sequence[DDBS_SEQUENCE_MAX + 1];
    uint32_t count;
};

/* One invocation, written by the supervisor at the begin of the index. The worker reads it. */
struct ddbs_job {
    const ddbs_event *event; /* NULL: there is none, and `bytes` goes to a function that is no consumer */
    ddbs_bytes bytes;
    struct ddbs_deadline deadline;
    int64_t soft_ms; /* no record starts with less time left; 0: no limit */
    char request_id[DDBS_REQUEST_ID_MAX + 1];
    char trace_id[DDBS_TRACE_ID_MAX + 1];
    struct ddbs_details details;
    struct ddbs_attempt attempts[DDBS_ATTEMPTS_MAX];
};

/* Where a worker was when a signal ended it; written by its signal handler. */
struct ddbs_crash {
    int signal; /* 0: none */
    int code;
    size_t record;     /* that the thread ran; DDBS_NOWHERE: not known */
    uintptr_t address; /* that was accessed */
    size_t frame_count;
    uintptr_t frames[DDBS_CRASH_FRAMES_MAX]; /* the first is where it happened */
};

/* What the worker has to say, at the begin of the reply. To the supervisor these are hostile bytes. */
struct ddbs_worker_reply {
    ddbs_outcome outcome; /* its views mean nothing to the supervisor */
    struct ddbs_crash crash;
    struct ddbs_batch_numbers numbers;
    size_t text_len; /* of what follows, where it has room: a window's state, or the result of a raw function */
    char text[];
};
#endif
