/* ddbstream/consumer.h: callbacks for changes, and what became of a batch.
 *
 * Records are handed over one by one in stream order. The first failure stops the batch at that record, because Lambda
 * takes the lowest reported sequence number as the checkpoint and delivers everything from there again: running on
 * would only repeat side effects. */
#ifndef DDBSTREAM_CONSUMER_H
#define DDBSTREAM_CONSUMER_H
#include <ddbstream/event.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef struct ddbs_ctx ddbs_ctx; /* the delivery a callback runs in; alive during the callback only */

/* A record that does not decode: everything the event tells about it. */
typedef struct ddbs_poison {
    size_t index;             /* place in the batch */
    ddbs_str sequence_number; /* not NUL-terminated */
    ddbs_str raw;             /* its JSON as delivered; not NUL-terminated */
    const ddbs_error *error;  /* path, offset and reason */
} ddbs_poison;

/* What a callback returns decides about its record:
 *   DDBS_OK         it is done
 *   DDBS_SKIP       it is given up: counted as skipped, never delivered again
 *   anything else   it failed: the batch stops here and is delivered again from this record on */
typedef ddbs_status ddbs_record_fn(ddbs_ctx *ctx, const ddbs_record *rec);
typedef ddbs_status ddbs_poison_fn(ddbs_ctx *ctx, const ddbs_poison *poison);

/* Runs once before the first event: connections, tables, configuration. Anything but DDBS_OK is an initialization
 * error: no event is taken, and the program ends. */
typedef ddbs_status ddbs_start_fn(ddbs_ctx *ctx);

/* A set of callbacks; a zeroed one is valid. A known operation without a callback is done and counted as ignored. An
 * unknown event name without `on_any` fails its record. */
typedef struct ddbs_consumer {
    ddbs_record_fn *on_insert;
    ddbs_record_fn *on_modify;
    ddbs_record_fn *on_remove;
    ddbs_record_fn *on_expire; /* a REMOVE made by time-to-live; NULL: on_remove takes it */
    ddbs_record_fn *on_any;    /* what has no callback above, event names of the future included */
    ddbs_poison_fn *on_poison; /* a record that does not decode; NULL: that record fails */
    ddbs_start_fn *on_start;   /* before the first event */
    void *user;                /* yours, see ddbs_ctx_user */
} ddbs_consumer;

/** The consumer's `user`. */
DDBS_API void *ddbs_ctx_user(const ddbs_ctx *ctx);

/** Where a callback may leave the details of its failure; cleared before each record, used only when its `status` is
 *  the one that the callback returns. Never NULL. */
DDBS_API ddbs_error *ddbs_ctx_error(ddbs_ctx *ctx);

/** Lambda's id of this invocation; {NULL, 0} outside Lambda. A repeated delivery can have the same id. */
DDBS_API ddbs_str ddbs_ctx_request_id(const ddbs_ctx *ctx);

/** Milliseconds until the invocation's deadline, below 0 after it; INT64_MAX where no deadline is known: there was
 *  none, or it was past on arrival or more than 905 seconds away, and then a clock is wrong. */
DDBS_API int64_t ddbs_ctx_remaining_ms(const ddbs_ctx *ctx);

/**
 * Fail the record with a reason for log and answer: `return ddbs_fail(ctx, DDBS_E_HANDLER, "quantity %d", qty);`
 * Record and sequence number are added. Control bytes are escaped; cut at DDBS_ERROR_REASON_MAX.
 * @return `status`; DDBS_E_HANDLER where that is DDBS_OK or DDBS_SKIP, which are no failures
 */
DDBS_API ddbs_status ddbs_fail(ddbs_ctx *ctx, ddbs_status status, const char *format, ...)
    DDBS_PRINTF(3, 4) DDBS_MUST_CHECK;

/* What the processing needs from outside; NULL, or zero for any member, means that there is none. */
typedef struct ddbs_host {
    void *self;
    int64_t (*remaining_ms)(void *self);
    ddbs_str request_id;
} ddbs_host;

/* What became of a batch. Up to `checkpoint` every record is accounted for:
 * done + skipped + ignored + poison == checkpoint. */
typedef struct ddbs_outcome {
    size_t records;
    size_t done;       /* a callback returned DDBS_OK */
    size_t skipped;    /* a callback returned DDBS_SKIP */
    size_t ignored;    /* no callback wanted it */
    size_t poison;     /* did not decode, and on_poison took it */
    size_t checkpoint; /* first record not accounted for; == records: nothing to deliver again */
    bool undecodable;  /* the record at the checkpoint failed because it does not decode */
    ddbs_str failing;  /* sequence number of the record at the checkpoint, in the event, not NUL-terminated; {NULL, 0}
                          where none failed */
    ddbs_error error;  /* why, where checkpoint < records; DDBS_OK otherwise */
} ddbs_outcome;

/**
 * Call the consumer's on_start, if it has one.
 * @param error  NULL, or gets the reason of a failure
 * @return its status
 */
DDBS_API ddbs_status ddbs_start(const ddbs_consumer *consumer, const ddbs_host *host,
                                ddbs_error *error) DDBS_MUST_CHECK;

/**
 * Run the records of an event through a consumer, in order, up to the first failure.
 * @param host   NULL: no deadline, no request id
 * @param arena  holds one record at a time; may be the event's
 * @return the status of `outcome->error`: DDBS_OK when every record is accounted for
 */
DDBS_API ddbs_status ddbs_process(const ddbs_event *event, const ddbs_consumer *consumer, const ddbs_host *host,
                                  ddbs_arena *arena, ddbs_outcome *outcome);

/* How a failed record is reported. The function cannot see whether its mapping has ReportBatchItemFailures, and a
 * mapping without it takes any response as success, so the safe way is the default. */
typedef enum ddbs_report {
    DDBS_REPORT_DEFAULT, /* as DDBS_REPORT_ERROR, unless the environment says otherwise */
    DDBS_REPORT_ERROR,   /* the whole invocation is an error: the batch comes again */
    DDBS_REPORT_ITEMS    /* one identifier, of the first record not done: needs ReportBatchItemFailures */
} ddbs_report;

/* What to send to Lambda, byte for byte. */
typedef struct ddbs_answer {
    bool is_error;          /* send `body` to /error, not to /response */
    const char *error_type; /* "Function.RecordUndecodable"; static text; NULL unless is_error */
    ddbs_str body;          /* JSON, in the arena it was made in */
    ddbs_str message;       /* what went wrong, for a log, also behind a partial response; {NULL, 0}: nothing did */
} ddbs_answer;

/**
 * The answer to a processed event: `{"batchItemFailures":[]}` when every record is accounted for, with `state` in a
 * tumbling window; else one identifier or an error, as `report` says. A failure is always an error in a tumbling window
 * and where the sequence numbers are not strictly increasing. An error's message reads
 * "Function.HandlerFailed: <reason>; record 8/10 seq=<sequence number>", counted from 1: this is `Records[7]`.
 * @return DDBS_OK or DDBS_E_MEMORY
 */
DDBS_API ddbs_status ddbs_answer_outcome(const ddbs_event *event, const ddbs_outcome *outcome, ddbs_report report,
                                         ddbs_arena *arena, ddbs_answer *out) DDBS_MUST_CHECK;

/**
 * The answer to an event that ddbs_event_parse refused, or that could not be handled at all.
 * @param error  as ddbs_event_parse left it
 * @return DDBS_OK or DDBS_E_MEMORY
 */
DDBS_API ddbs_status ddbs_answer_refusal(const ddbs_error *error, ddbs_arena *arena, ddbs_answer *out) DDBS_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
