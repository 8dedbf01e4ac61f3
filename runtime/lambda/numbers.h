/* numbers.h: what a worker measures of a batch. It writes them where the supervisor sees them, as it goes, so that they
 * are there even when it does not come back; and so to the supervisor they are hostile bytes. */
#ifndef LAMBDA_NUMBERS_H
#define LAMBDA_NUMBERS_H
#include <ddbstream/event.h>

/* Of the records that were decoded. Times are those of CLOCK_MONOTONIC, which all processes share. */
struct ddbs_batch_numbers {
    uint32_t inserts, modifies, removes, others;
    int64_t last_created_ns; /* of the last one in the batch that says; DDBS_NO_TIME: none did */
    int64_t decode_ns;       /* from one callback to the next */
    int64_t handler_ns;      /* in callbacks, those for the batch included */
    int64_t mark_ns;         /* when the phase at hand began; 0: the batch is over */
    uint32_t last;           /* index of the record that `last_created_ns` is of */
    uint32_t handling;       /* which one that is; no bool, for a stray store can put anything there */
};

/* A batch begins, with its on_batch_begin. */
void ddbs_numbers__open(struct ddbs_batch_numbers *numbers, int64_t now_ns);

/* From now on a callback runs, or not: the next record is being looked at. */
void ddbs_numbers__turn(struct ddbs_batch_numbers *numbers, bool handling, int64_t now_ns);

/* A record is decoded, and its callback comes next. */
void ddbs_numbers__decoded(struct ddbs_batch_numbers *numbers, const ddbs_record *record, int64_t now_ns);

/* The last callback has returned. */
void ddbs_numbers__close(struct ddbs_batch_numbers *numbers, int64_t now_ns);

/**
 * Copy the numbers of a worker that may be broken, and count the phase that it was lost in up to `ended_ns`.
 * @return false where they cannot be those of a batch of `records` between those two moments: then nothing is known
 */
bool ddbs_numbers__take(const struct ddbs_batch_numbers *from, size_t records, int64_t began_ns, int64_t ended_ns,
                        struct ddbs_batch_numbers *out);
#endif
