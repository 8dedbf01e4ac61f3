/* context.h: what a callback's ddbs_ctx holds, for the files that make up the processing: context.c (questions and
 * failures), keep.c (memory of the batch), window.c, park.c, consumer.c (whose record is it), process.c (the run) and
 * lanes.c (the run in several lanes, each with a context of its own).
 *
 * A context lives on the stack of ddbs_process and owns nothing: all its memory is the arena's, but that of the lanes.
 * A callback that leaves by a jump therefore leaves nothing behind that had to be freed or unlocked. */
#ifndef LIB_CONTEXT_H
#define LIB_CONTEXT_H
#include "lib/arena.h"
#include <ddbstream/consumer.h>

/* Something that keeps what records of a batch wait for, such as a batch writer. It joins the batch that it got
 * something of, and keeps records open until they are stored. */
struct ddbs_part {
    struct ddbs_part *next;
    size_t (*open)(const struct ddbs_part *part); /* the first record that is not stored, as ddbs_ctx_commit() counts
                                                     them; SIZE_MAX: none */
};

/* What became of a record. */
enum kind { KIND_OPEN, KIND_DONE, KIND_SKIPPED, KIND_PARKED, KIND_IGNORED, KIND_POISON, KINDS };

struct ddbs_lanes;

struct ddbs_ctx {
    const ddbs_consumer *consumer; /* of the whole batch */
    const ddbs_consumer *called;   /* whose callback is running: that one, or a route's */
    const ddbs_host *host;         /* never NULL */
    const ddbs_event *event;       /* NULL outside a batch */
    ddbs_arena *arena;             /* one record above another, released behind each */
    ddbs_arena *keep;              /* in `arena`: what lives as long as the batch; NULL outside a batch */
    ddbs_error error;

    size_t index;                  /* of the record at hand, DDBS_NOWHERE in hooks */
    bool active;                   /* a callback is running */
    bool parked;                   /* the record at hand was given to the sink */
    bool undecodable, out_of_time; /* why the record at hand failed, as in ddbs_outcome */
    size_t ok;                     /* as ddbs_ctx_batch_ok() tells */
    size_t end;                    /* with on_batch: the record behind those that were given */
    size_t stored;                 /* the first records of the batch that were committed */

    struct ddbs_part *parts; /* that joined this batch */
    size_t entries;          /* that parts got in this batch */

    unsigned char *kinds;      /* of each record, an enum kind */
    const ddbs_record **given; /* with on_batch: its records; else NULL */
    size_t given_count;

    struct ddbs_lanes *lanes; /* NULL: one lane */
    size_t lane;              /* whose context this is; 0 outside lanes */

    char *state; /* as ddbs_ctx_set_state() left it; NULL: not set */
    size_t state_len, state_size;
    bool state_touched;  /* by the callback at hand */
    bool state_doubtful; /* a callback that failed has, or may have, a part in it */
};

/* Begin a context; `host` and `event` may be NULL. */
void ddbs_ctx__init(struct ddbs_ctx *ctx, const ddbs_consumer *consumer, const ddbs_host *host,
                    const ddbs_event *event);

/* Before and behind every callback. ddbs_ctx__leave() is false where it was not this call that was entered last:
 * somebody jumped out of a callback and into one that had returned, and no count on the stack can be trusted any more.
 * */
void ddbs_ctx__enter(struct ddbs_ctx *ctx, const ddbs_consumer *called, size_t index);
bool ddbs_ctx__leave(struct ddbs_ctx *ctx, size_t index);

/* Make `ctx->error` tell of the status that `who` returned, whatever was left there. */
void ddbs_ctx__settle(struct ddbs_ctx *ctx, ddbs_status status, const char *who);

/* The first `count` records of the batch are durable: note it, and tell the host. Never goes back. */
void ddbs_ctx__store(struct ddbs_ctx *ctx, size_t count);

/* Let a part join the batch. False: it has joined already. What joined is forgotten with the batch. */
bool ddbs_ctx__join(struct ddbs_ctx *ctx, struct ddbs_part *part);

/* The first record that a part keeps open; SIZE_MAX: none. */
size_t ddbs_ctx__open(const struct ddbs_ctx *ctx);

/* Run one record: decode it, call its callback or what takes its place, note its kind, tell the host. DDBS_OK where the
 * batch goes on; anything else is its failure, and the details are in `ctx`. */
ddbs_status ddbs_process__record(struct ddbs_ctx *ctx, size_t index);

/* What is wrong with a text that should be a window's state, and the status for that; NULL: nothing. */
const char *ddbs_state__fault(ddbs_str json, ddbs_status *status);

/* A callback returned: if it failed, the state may tell of what is not done. */
void ddbs_state__returned(struct ddbs_ctx *ctx, ddbs_status status);

/* The batch failed: note in the outcome whether it can be answered in part, and with which state. */
void ddbs_state__settle(const struct ddbs_ctx *ctx, ddbs_outcome *outcome);

/* Whether a policy gives record `index` up before it is started, because it was started too often. */
bool ddbs_park__worn_out(const struct ddbs_ctx *ctx, size_t index, uint32_t *attempts);

/* Hand a record to the sink, with the reason that a policy has. DDBS_SKIP where it was stored, otherwise the failure.
 * */
ddbs_status ddbs_park__attempts(struct ddbs_ctx *ctx, size_t index, uint32_t attempts);
ddbs_status ddbs_park__poison(struct ddbs_ctx *ctx, size_t index, const ddbs_error *error);

/* In how many lanes the records of an event run; never 0. A window's are one. */
size_t ddbs_consumer__lanes(const ddbs_consumer *consumer, const ddbs_event *event);

/* Whose record it is: the consumer's own, a route's, or NULL where no route takes it. */
const ddbs_consumer *ddbs_consumer__of(const ddbs_consumer *consumer, const ddbs_record *record);

/* The callback for a record; NULL: there is none. */
ddbs_record_fn *ddbs_consumer__callback(const ddbs_consumer *consumer, const ddbs_record *record);
#endif
