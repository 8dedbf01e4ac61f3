/* mapping.h: an event source mapping of a DynamoDB stream, as a machine without a clock, a file or a socket.
 *
 * It cuts the records that a source gives it into batches, says what to deliver next, takes what became of the delivery
 * and decides what AWS would do: move the checkpoint, try again, halve, discard. At most one batch is in memory.
 *
 *     while (mapping_next(mapping, &delivery) > 0) {
 *         ... wait delivery.wait_ms, invoke the function ...
 *         mapping_settle(mapping, &result, &decision);
 *     } */
#ifndef RUNTIME_MAPPING_H
#define RUNTIME_MAPPING_H
#include "runtime/mapping/verdict.h"

/* A batch is cut where the event would get larger than this: "6 MB" in the developer guide. */
#define MAPPING_EVENT_BYTES_MAX   ((size_t)6 * 1024 * 1024)
#define MAPPING_EVENT_HEAD        "{\"Records\":["
#define MAPPING_EVENT_TAIL        "]}"
#define MAPPING_RECORD_BYTES_MAX  (MAPPING_EVENT_BYTES_MAX - 14) /* what fits into an event of its own */
#define MAPPING_RETRIES_UNLIMITED ((int64_t)-1)

struct mapping;

struct mapping_settings {
    size_t batch_size; /* 1 to DDBS_EVENT_RECORDS_MAX */
    int64_t retries;   /* MaximumRetryAttempts: after the first try; MAPPING_RETRIES_UNLIMITED: for ever */
    bool bisect;       /* BisectBatchOnFunctionError */
    bool report_items; /* FunctionResponseTypes has ReportBatchItemFailures */
};

/* A record of the stream; both texts NUL-terminated. */
struct mapping_record {
    ddbs_str json;       /* its JSON object, at most MAPPING_RECORD_BYTES_MAX bytes */
    ddbs_str identifier; /* its sequence number, at most DDBS_SEQUENCE_MAX bytes, not empty */
};

/* Give the next record; its bytes stay as they are until the next call. 1: there is one, 0: the stream ends, -1: it
 * cannot be read. */
typedef int mapping_source(void *user, struct mapping_record *out);

/* Why a delivery is made. */
enum mapping_cause {
    MAPPING_BATCH, /* a new batch */
    MAPPING_REST,  /* what a partial response left of the delivery before */
    MAPPING_HALF,  /* one part of a batch that was halved */
    MAPPING_RETRY  /* the delivery before, once more */
};

struct mapping_delivery {
    enum mapping_cause cause;
    uint64_t number;             /* counts deliveries, from 1 */
    uint64_t first;              /* place of its first record in the stream, from 1 */
    size_t count;                /* at least 1 */
    const ddbs_str *json;        /* of each record; valid until the next mapping_next */
    const ddbs_str *identifiers; /* of each record */
    uint64_t attempt;            /* from 1; 1 again for a rest and for a half */
    int64_t wait_ms;             /* to wait before it: AWS waits before a retry only */
    bool same_request;           /* a retry keeps the request id, everything else gets a new one */
};

/* What became of a delivery. */
struct mapping_result {
    bool error;       /* the function failed: an error, a time-out, a crash */
    const char *body; /* its response otherwise */
    size_t len;
};

enum mapping_step {
    MAPPING_DONE,   /* the checkpoint is behind the delivery */
    MAPPING_RESUME, /* the checkpoint moves into the delivery, the rest comes next */
    MAPPING_AGAIN,  /* the same delivery comes again, after a wait */
    MAPPING_HALVE,  /* the delivery comes again in two parts, the first of floor(n/2) records */
    MAPPING_DISCARD /* tried often enough: given up and handed to the on-failure destination */
};

struct mapping_decision {
    enum mapping_step step;
    struct verdict verdict; /* of the response; zeroed after an error */
    size_t done;            /* records of the delivery now behind the checkpoint as done */
    size_t discarded;       /* records of the delivery given up */
    size_t lost;            /* records of the delivery that were reported as not done to a mapping without report_items:
                               the checkpoint passes them like those done */
};

/* What happened so far, in settled deliveries. polled == done + lost + discarded once the stream has ended. */
struct mapping_totals {
    uint64_t polled, done, lost, discarded;
    uint64_t invocations;
    uint64_t errors;  /* deliveries that the function failed, or whose response counted as a failure */
    uint64_t retries; /* deliveries of cause MAPPING_RETRY */
    uint64_t partial; /* responses that named a record to resume at */
    uint64_t halvings;
};

/* The caller frees it with mapping_free. False when memory is exhausted. */
bool mapping_new(struct mapping **out, const struct mapping_settings *settings, mapping_source *source, void *user);
void mapping_free(struct mapping *mapping);

/* The next delivery. 1: there is one, 0: the stream has ended, -1: the source failed, and what it gave before has been
 * delivered, or memory is exhausted (then mapping_exhausted says so). Each delivery is settled before the next is asked
 * for. */
int mapping_next(struct mapping *mapping, struct mapping_delivery *out);
bool mapping_exhausted(const struct mapping *mapping);

/* Decide. The records of the delivery stay valid until the next mapping_next. */
void mapping_settle(struct mapping *mapping, const struct mapping_result *result, struct mapping_decision *out);

const struct mapping_totals *mapping_totals(const struct mapping *mapping);
#endif
