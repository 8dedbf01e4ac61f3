/* mapping.h: an event source mapping of a DynamoDB stream, as a machine without a clock, a file, a socket or a thread.
 *
 * It reads the shards of a stream through functions, cuts what it reads into batches, says what to deliver when, takes
 * what became of each delivery, and decides what AWS would do: move the checkpoint, try again, halve, give up, close a
 * window. Time is a number that the host passes in, so the same machine serves real processes in real time and a unit
 * test with a clock of its own:
 *
 *     for (;;) {
 *         switch (mapping_step(mapping, now, &delivery)) {
 *         case MAPPING_INVOKE:    invoke(&delivery);            continue;   // any number may be under way
 *         case MAPPING_WAITS:     now = what_comes_first(mapping_wake(mapping), an answer);
 *                                 // of each answer: mapping_settle(mapping, ticket, now, &result)
 *                                 continue;
 *         case MAPPING_ENDED: ... // every shard was read to its end and every record is settled
 *         case MAPPING_BROKEN: case MAPPING_EXHAUSTED: ...
 *         }
 *     }
 *
 * Nothing is random but request ids, which come from settings.seed: the same records, answers and times give the same
 * trace. In memory are, for each of the ParallelizationFactor lanes of a shard, the batch being delivered and, where
 * the factor is above 1, the one being gathered.
 *
 * What AWS does not document, and what is done about it here, is listed in README.md. */
#ifndef MAPPING_MAPPING_H
#define MAPPING_MAPPING_H
#include "runtime/mapping/settings.h"
#include "runtime/mapping/verdict.h"

/* A batch is cut where the event would get larger than this: "6 MB" in the developer guide. */
#define MAPPING_EVENT_BYTES_MAX ((size_t)6 * 1024 * 1024)
#define MAPPING_EVENT_HEAD      "{\"Records\":["
#define MAPPING_EVENT_TAIL      "]}"
/* What fits into an event of its own. A larger record never reaches the function, but spends its retries. */
#define MAPPING_RECORD_BYTES_MAX (MAPPING_EVENT_BYTES_MAX - 14)
/* A state larger than this ends its window early. */
#define MAPPING_STATE_BYTES_MAX ((size_t)1024 * 1024)
/* How long a stream keeps its records, whatever MaximumRecordAgeInSeconds says. */
#define MAPPING_RETENTION_MS ((int64_t)24 * 3600 * 1000)
#define MAPPING_NEVER        INT64_MAX

enum { MAPPING_ID_SIZE = 37 }; /* of a request id, a UUID as text with its NUL */

struct mapping;

/* ---- Where records come from ------------------------------------------------------------------------------------- */

/* Of a source: valid until the next call of the same source. Of a delivery or a trace: see there. */
struct mapping_record {
    ddbs_str json;      /* its JSON object as the event shall have it */
    ddbs_str sequence;  /* its sequence number: decimal digits, not empty, at most DDBS_SEQUENCE_MAX bytes */
    uint64_t key;       /* hash of its partition key: equal keys are delivered in order (record.h makes one) */
    int64_t created_ms; /* ApproximateCreationDateTime, 1970 UTC to the year 9999: its age, its window, and the arrival
                           that on-failure records tell. A source that does not know gives the time at hand */
    uint64_t place;     /* in its shard, from 1. A source leaves 0: it follows the record before. One that begins in the
                           middle of its shard, or reads something again, says the place: the checkpoint never goes
                           back for that */
};

/* A shard. Up to two parents, {NULL, 0} where there is none: a split has one, a merge two. It is read when all parents
 * that the source lists are read to their end and all their records are settled. */
struct mapping_shard {
    ddbs_str id;
    ddbs_str parents[2];
};

enum mapping_read {
    MAPPING_READ_RECORD,
    MAPPING_READ_NOTHING, /* nothing there by now (an empty GetRecords is normal), or a page ended: ask again later */
    MAPPING_READ_END,     /* the shard is closed and has no more */
    MAPPING_READ_DENIED, /* permission is missing, or the service is busy: ask again later, the mapping stays enabled */
    MAPPING_READ_FAILED  /* it cannot be read, for ever: what was read is delivered, then the mapping is broken */
};

/* Functions of the host; `user` is handed to each. They never call the mapping. */
struct mapping_source {
    void *user;
    /* Shard `index` (from 0) of those known by now, in the order of the listing; false: there are no more yet. The list
     * only grows, and a shard's children are in it before its end is told. The texts are copied. */
    bool (*shard)(void *user, size_t index, struct mapping_shard *out);
    /* Reading of a shard begins. LATEST only for the shards of the first listing, whose parents are not listed, of a
     * mapping that starts there; every other shard is read from its beginning. May be NULL. */
    void (*open)(void *user, size_t index, enum mapping_position position);
    enum mapping_read (*read)(void *user, size_t index, struct mapping_record *out);
};

/* ---- Deliveries -------------------------------------------------------------------------------------------------- */

/* Why a delivery is made. */
enum mapping_cause {
    MAPPING_BATCH, /* a new batch */
    MAPPING_REST,  /* what a partial response, or records grown too old, left of the delivery before */
    MAPPING_HALF,  /* one part of a batch that was halved */
    MAPPING_RETRY, /* the delivery before, once more */
    MAPPING_FINAL  /* the final invocation of a tumbling window: no records */
};

struct mapping_window {
    int64_t start_ms, end_ms; /* since 1970 UTC; whole multiples of TumblingWindowInSeconds; the end is not inside */
    ddbs_str state;           /* JSON text; "{}" in the first invocation */
    bool final;               /* isFinalInvokeForWindow */
    bool early;               /* isWindowTerminatedEarly: the state grew over MAPPING_STATE_BYTES_MAX */
};

/* Valid until it is settled. */
struct mapping_delivery {
    size_t ticket; /* names it to mapping_settle */
    size_t shard;  /* index of its shard */
    ddbs_str shard_id;
    size_t lane; /* of the shard, from 0, below ParallelizationFactor */
    enum mapping_cause cause;
    uint64_t number;                      /* counts deliveries, from 1 */
    char request_id[MAPPING_ID_SIZE];     /* a retry keeps it, everything else gets a new one */
    size_t count;                         /* 0: a final invocation */
    const struct mapping_record *records; /* with one lane consecutive, but for what the filter dropped */
    uint64_t attempt;                     /* from 1; 1 again for a rest and for a half; throttles do not count */
    int64_t wait_ms;                      /* what was waited before it: AWS waits before a retry only */
    const struct mapping_window *window;  /* NULL: the mapping has no tumbling window */
};

enum mapping_end {
    MAPPING_RESPONSE, /* the function answered */
    MAPPING_ERROR,    /* it failed: an error, a time-out, a crash */
    MAPPING_THROTTLED /* it did not run: no concurrency left. Tried again until the records are too old */
};

/* What became of a delivery. */
struct mapping_result {
    enum mapping_end end;
    const char *body; /* the response; may be NULL where `len` is 0 */
    size_t len;
};

enum mapping_verdict_step {
    MAPPING_DONE,   /* the checkpoint is behind the delivery */
    MAPPING_RESUME, /* the checkpoint moves into the delivery, the rest comes next */
    MAPPING_AGAIN,  /* the same delivery comes again, after a wait */
    MAPPING_HALVE,  /* it comes again in two parts, the first of floor(n/2) records */
    MAPPING_DISCARD /* tried often enough: given up and handed to the on-failure destination */
};

struct mapping_decision {
    enum mapping_verdict_step step;
    struct verdict verdict; /* of the response; zeroed after an error or a throttle */
    size_t done;            /* records of the delivery now behind the checkpoint as done */
    size_t discarded;       /* records of the delivery given up */
    size_t lost;            /* records of the delivery that were reported as not done to a mapping without report_items:
                               the checkpoint passes them like those done */
    int64_t wait_ms;        /* MAPPING_AGAIN: until the next try */
    bool overflow;          /* the state is over its limit: the window's final invocation comes next */
};

/* ---- Records given up -------------------------------------------------------------------------------------------- */

enum mapping_condition { MAPPING_RETRIES_EXHAUSTED, MAPPING_AGE_EXCEEDED };

/* Valid during the callback. */
struct mapping_discard {
    enum mapping_condition condition;
    const struct mapping_delivery *delivery; /* the last one; records and count are those given up. Of records too old
                                                before the first delivery: as it would have been */
    uint64_t invokes;                        /* approximateInvokeCount: 1 also where the function never ran */
    bool responded;                          /* there is a responseContext */
    bool error; /* its functionError is "Unhandled": the last try ended with an error, not with a response */
    int64_t now_ms;
};

/* Hand it to the on-failure destination (failure.h makes the message). Whether it was taken. Called only where the
 * settings have a destination. */
typedef bool mapping_destination_take(void *user, const struct mapping_discard *discard);

/* ---- The trace --------------------------------------------------------------------------------------------------- */

enum mapping_trace_kind {
    MAPPING_TRACE_SHARD,    /* a shard is read from here on: it has no parents, or they are finished */
    MAPPING_TRACE_POLL,     /* a look into the shard brought `count` records */
    MAPPING_TRACE_DENIED,   /* a look into the shard was denied; it is tried again */
    MAPPING_TRACE_FILTERED, /* `record` does not pass FilterCriteria */
    MAPPING_TRACE_INVOKE,   /* `delivery` begins */
    MAPPING_TRACE_RESULT,   /* `delivery` ended with `result`, `decision` says what follows. No result: its record fits
                                 into no event, the function did not run, and there was no MAPPING_TRACE_INVOKE */
    MAPPING_TRACE_DISCARD,  /* `discard`; `delivered` tells whether a destination took it */
    MAPPING_TRACE_CHECKPOINT, /* the checkpoint of the shard moved to `checkpoint` */
    MAPPING_TRACE_WINDOW,     /* `window` is closed, its state forgotten */
    MAPPING_TRACE_SHARD_END   /* the shard was read to its end and all its records are settled */
};

/* From where on a shard's records are not settled: everything before it is done, filtered out or given up. */
struct mapping_checkpoint {
    uint64_t place;    /* in the shard, from 1, of the first record that is not settled, or will be read next */
    ddbs_str sequence; /* {NULL, 0}: nothing was read yet */
    bool after;        /* behind `sequence` (AFTER_SEQUENCE_NUMBER), not at it (AT_SEQUENCE_NUMBER) */
};

/* One decision. What does not belong to its kind is zero; everything is valid during the callback only. */
struct mapping_trace {
    enum mapping_trace_kind kind;
    int64_t now_ms;
    size_t shard;
    ddbs_str shard_id;
    size_t count;
    const struct mapping_record *record;
    const struct mapping_delivery *delivery;
    const struct mapping_result *result;
    const struct mapping_decision *decision;
    const struct mapping_discard *discard;
    bool delivered;
    const struct mapping_checkpoint *checkpoint;
    const struct mapping_window *window;
};

/* ---- The machine ------------------------------------------------------------------------------------------------- */

/* Functions of the host, called from within mapping_step and mapping_settle. They never call the mapping. */
struct mapping_host {
    void *user;
    mapping_destination_take *take;                               /* may be NULL where there is no destination */
    void (*trace)(void *user, const struct mapping_trace *trace); /* may be NULL */
};

/* What happened so far. polled == filtered + done + lost + discarded + what is open; once the stream has ended nothing
 * is open. */
struct mapping_totals {
    uint64_t polled, filtered, done, lost, discarded; /* records */
    uint64_t expired;                                 /* of those discarded: too old */
    uint64_t delivered, dropped; /* of those discarded: taken by the destination, or not. Without one neither counts */
    uint64_t invocations;        /* settled deliveries that ran, final ones included */
    uint64_t invoked, failed;    /* records in them, and in those of them that failed: InvokedEventCount,
                                    FailedInvokeEventCount */
    uint64_t errors;             /* deliveries that the function failed, or whose response counted as a failure */
    uint64_t retries;            /* deliveries of cause MAPPING_RETRY */
    uint64_t partial;            /* responses that named a record to resume at */
    uint64_t halvings, throttles;
    uint64_t windows; /* tumbling windows closed */
};

/* The caller frees it with mapping_free. `settings` are legal (mapping_refusal). False when memory is exhausted. */
bool mapping_new(struct mapping **out, const struct mapping_settings *settings, const struct mapping_source *source,
                 const struct mapping_host *host);
void mapping_free(struct mapping *mapping);

enum mapping_state {
    MAPPING_INVOKE,   /* deliver `*out` now */
    MAPPING_WAITS,    /* nothing to do before mapping_wake() or the next mapping_settle() */
    MAPPING_ENDED,    /* every shard was read to its end and every record is settled */
    MAPPING_BROKEN,   /* a source failed (what it gave before is settled), or shards are their own ancestors */
    MAPPING_EXHAUSTED /* memory */
};

/* Do what is due at `now_ms` (since 1970 UTC; never less than before) up to the next delivery, if there is one. */
enum mapping_state mapping_step(struct mapping *mapping, int64_t now_ms, struct mapping_delivery *out);

/* After MAPPING_WAITS: when there will be something to do without an answer, a retry, a poll, the end of a batching or
 * tumbling window; MAPPING_NEVER: only an answer can help. */
int64_t mapping_wake(const struct mapping *mapping);

/* Decide about the delivery of this ticket, which is under way. Its records are gone afterwards; the trace got them. */
void mapping_settle(struct mapping *mapping, size_t ticket, int64_t now_ms, const struct mapping_result *result);

const struct mapping_totals *mapping_totals(const struct mapping *mapping);

/* LastProcessingResult of GetEventSourceMapping, as it was seen: "No records processed" before anything was done,
 * "OK", "PROBLEM: Function call failed". Static text. */
const char *mapping_last_result(const struct mapping *mapping);
#endif
