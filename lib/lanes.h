/* lanes.h: the records of a batch in several lanes, for process.c.
 *
 * Which lane a record runs in follows from its table and the value of its keys, so that all changes of one item are in
 * one lane, and in order. It is decided for the whole batch before the first record runs. */
#ifndef LIB_LANES_H
#define LIB_LANES_H
#include "lib/context.h"

/* Why a batch did not get to its end. */
struct ddbs_lanes_failure {
    struct ddbs_ctx *ctx; /* of the lane that the record failed in: its error tells more */
    ddbs_status status;
};

/* Make `count` lanes for a batch of `records`, 2 to DDBS_LANES_MAX of them; ended with ddbs_lanes__free(). NULL where
 * memory is exhausted.
 * @param batch  outlives them; its arena holds them, and each lane has an arena of its own */
struct ddbs_lanes *ddbs_lanes__new(struct ddbs_ctx *batch, size_t count, size_t records);

/* Free the arenas of the lanes; NULL does nothing. */
void ddbs_lanes__free(struct ddbs_lanes *lanes);

/* Run all records; no lane starts one that lies behind a failure. Returns how many at the begin of the batch went well.
 * `failure` is set where that is not all of them: it is about the record behind those. */
size_t ddbs_lanes__run(struct ddbs_lanes *lanes, struct ddbs_lanes_failure *failure);
#endif
