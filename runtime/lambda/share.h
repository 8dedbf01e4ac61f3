/* share.h: memory that supervisor and worker both see, at the same addresses. It is reserved once, before the first
 * fork, at its final size, and never grown: growing a shared mapping in one process is a bus error in the other. Pages
 * are taken when they are touched. */
#ifndef LAMBDA_SHARE_H
#define LAMBDA_SHARE_H
#include <ddbstream/event.h>

/* What the supervisor knows and the worker reads: the event, its index, and the job. The worker cannot write there. */
struct ddbs_share {
    unsigned char *event; /* room for DDBS_EVENT_BYTES_MAX bytes */
    void *index;          /* room for the index of any event, and for the job */
    size_t index_size;
    void *reply; /* what the worker writes and the supervisor takes for hostile bytes */
    size_t reply_size;
};

/* Reserve it. False where the system refuses. */
bool ddbs_share__open(struct ddbs_share *share);
void ddbs_share__close(struct ddbs_share *share);

/* In the worker: make its view of what is not its own read-only. */
bool ddbs_share__protect(const struct ddbs_share *share);

/* After an event of `len` bytes: give back the memory that a usual one does not need. */
void ddbs_share__trim(const struct ddbs_share *share, size_t len);

/* The same after a reply, of which `len` bytes were touched. */
void ddbs_share__trim_reply(const struct ddbs_share *share, size_t len);
#endif
