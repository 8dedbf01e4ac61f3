/* share.c: see share.h. */
#define _GNU_SOURCE
#include "runtime/lambda/share.h"

#include <ddbstream/consumer.h>
#include <sys/mman.h>

/* An index takes 20 bytes a record, and twice that while it grows; the rest is the job. The worker sends a few structs
 * and a window's state or a result, which is as large as an event at most. */
enum { EVENT_SIZE = 8 << 20, INDEX_SIZE = 2 << 20, REPLY_SIZE = 8 << 20, KEPT_SIZE = 1 << 20 };
_Static_assert(EVENT_SIZE >= DDBS_EVENT_BYTES_MAX, "an event fits");
_Static_assert(REPLY_SIZE >= DDBS_EVENT_BYTES_MAX + (1 << 20), "a result fits behind the structs");

bool ddbs_share__open(struct ddbs_share *share)
{
    size_t mine = EVENT_SIZE + INDEX_SIZE;
    unsigned char *memory =
        mmap(NULL, mine + REPLY_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return false;
    *share = (struct ddbs_share){ memory, memory + EVENT_SIZE, INDEX_SIZE, memory + mine, REPLY_SIZE };
    return true;
}

void ddbs_share__close(struct ddbs_share *share)
{
    munmap(share->event, EVENT_SIZE + INDEX_SIZE + REPLY_SIZE);
    *share = (struct ddbs_share){ .event = NULL };
}

bool ddbs_share__protect(const struct ddbs_share *share)
{
    return mprotect(share->event, EVENT_SIZE + INDEX_SIZE, PROT_READ) == 0;
}

void ddbs_share__trim(const struct ddbs_share *share, size_t len)
{
    /* MADV_DONTNEED would only drop this process's view of shared pages. */
    if (len > KEPT_SIZE)
        madvise(share->event + KEPT_SIZE, EVENT_SIZE - KEPT_SIZE, MADV_REMOVE);
}

void ddbs_share__trim_reply(const struct ddbs_share *share, size_t len)
{
    if (len > KEPT_SIZE)
        madvise((char *)share->reply + KEPT_SIZE, REPLY_SIZE - KEPT_SIZE, MADV_REMOVE);
}
