/* ddbstream/consumer.h: callbacks for changes, and what became of a batch.
 *
 * Records are handed over one by one in stream order. The first failure stops the batch at that record, because Lambda
 * takes the lowest reported sequence number as the checkpoint and delivers everything from there again: running on
 * would only repeat side effects.
 *
 *     static ddbs_status queue(ddbs_ctx *ctx, const ddbs_record *rec)
 *     {
 *         ddbs_str *ids = ddbs_ctx_user(ctx);
 *         DDBS_TRY(ddbs_get(rec->keys, "id", &ids[ddbs_ctx_batch_ok(ctx)]));
 *         return ddbs_ctx_keep_str(ctx, ids[ddbs_ctx_batch_ok(ctx)], &ids[ddbs_ctx_batch_ok(ctx)]);
 *     }
 *
 *     static ddbs_status flush(ddbs_ctx *ctx)
 *     {
 *         const ddbs_str *ids = ddbs_ctx_user(ctx);
 *         for (size_t i = 0; i < ddbs_ctx_batch_ok(ctx); i++) {
 *             if (puts(ids[i].ptr) < 0)
 *                 return ddbs_fail(ctx, DDBS_E_HANDLER, "cannot write");
 *             DDBS_TRY(ddbs_ctx_commit(ctx, i + 1));
 *         }
 *         return DDBS_OK;
 *     }
 *
 * That consumer, { .on_any = queue, .on_batch_end = flush }, collects and writes at the end: while on_batch_end is set,
 * nothing counts as done until it returned DDBS_OK or committed it. */
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

/* The whole batch at once, in order, for bulk writers. Records live until it returns. Each tells its place in the batch
 * by `index`: what on_poison or the sink took is left out. DDBS_SKIP gives all of them up. */
typedef ddbs_status ddbs_batch_fn(ddbs_ctx *ctx, const ddbs_record *const *records, size_t count);

/* A moment in the life of the function or of a batch. */
typedef ddbs_status ddbs_hook_fn(ddbs_ctx *ctx);
typedef void ddbs_stop_fn(ddbs_ctx *ctx);

typedef struct ddbs_route ddbs_route;

/* Most lanes of a consumer. */
#define DDBS_LANES_MAX ((size_t)64)

/* A set of callbacks; a zeroed one is valid. A known operation without a callback is done and counted as ignored. An
 * unknown event name without `on_any` fails its record. None may be left by a jump; ddbs_ctx_user() is theirs. */
typedef struct ddbs_consumer {
    ddbs_record_fn *on_insert;
    ddbs_record_fn *on_modify;
    ddbs_record_fn *on_remove;
    ddbs_record_fn *on_expire; /* a REMOVE made by time-to-live; NULL: on_remove takes it */
    ddbs_record_fn *on_any;    /* what has no callback above, event names of the future included */
    ddbs_poison_fn *on_poison; /* a record that does not decode; NULL: that record fails */

    /* The records before the first one that does not decode, if there are any; a failure or a crash leaves what was
     * committed. Not with the callbacks above, on_poison excepted, nor with on_batch_end. */
    ddbs_batch_fn *on_batch;

    /* Before the first record of every delivery, and in the final call of a window, which has none: reset buffers, load
     * the state. Anything but DDBS_OK fails the first record, or the event where there is none. */
    ddbs_hook_fn *on_batch_begin;

    /* After the last record that is run, whenever there is one that did not fail, also behind a failure and where the
     * time is up: write out what was collected. While it is set, nothing is done before it returns DDBS_OK, but what
     * ddbs_ctx_commit says. Anything but DDBS_OK fails the first record that is not committed. */
    ddbs_hook_fn *on_batch_end;

    /* The final call of a tumbling window (developer guide, services-ddb-windows), after the batch's records if it has
     * any and all were done: ddbs_ctx_state() is what the window came to. Anything but DDBS_OK fails the event. NULL: a
     * final call with a state other than {} is an error, for nobody would see what the window came to. */
    ddbs_hook_fn *on_window;

    /* Once before the first event: connections, configuration. A failure is an initialization error: no event is taken,
     * and the program ends. */
    ddbs_hook_fn *on_start;

    ddbs_stop_fn *on_stop; /* when Lambda ends the environment; at most 200 ms */

    const ddbs_route *routes; /* consumers for tables, see ddbs_route; NULL: all records are this one's */
    size_t route_count;

    /* Above 1: run the records of a batch in so many threads, at most DDBS_LANES_MAX, see "Lanes" below. 0 and 1: one
     * after the other. Not with on_batch, and not in a route's consumer: the outer one's holds for all. */
    size_t lanes;

    void *user; /* yours, see ddbs_ctx_user */
} ddbs_consumer;

/* The consumer of one of several tables. The first route that matches takes a record; where none does, the record fails
 * ("*:*" as the last one takes the rest). A route's consumer has callbacks for records and `user` only, and there are
 * none for records beside the routes; on_poison and the hooks of batch, window and life are the outer consumer's,
 * because a record that does not decode has no table. */
struct ddbs_route {
    const char *table; /* its name; or, with a ':' in it, a pattern of stream ARNs in which '*' stands for anything */
    const ddbs_consumer *consumer;
};

/**
 * Whether a consumer makes sense: on_batch alone and in one lane, routes without hooks, no callback that nothing would
 * ever call.
 * @param error  NULL, or gets what does not go together, with "routes[1]" as its path where that one is at fault
 * @return DDBS_OK or DDBS_E_USAGE; the runtime reports that as an initialization error, and ddbs_process() calls
 *         nothing
 */
DDBS_API ddbs_status ddbs_consumer_check(const ddbs_consumer *consumer, ddbs_error *error) DDBS_MUST_CHECK;

/** The `user` of the consumer whose callback this is; in a route's callback, the route's. */
DDBS_API void *ddbs_ctx_user(const ddbs_ctx *ctx);

/** Where a callback may leave the details of its failure; cleared before each record, used only when its `status` is
 *  the one that the callback returns. Never NULL. */
DDBS_API ddbs_error *ddbs_ctx_error(ddbs_ctx *ctx);

/** Lambda's id of this invocation; {NULL, 0} outside Lambda. A repeated delivery can have the same id. */
DDBS_API ddbs_str ddbs_ctx_request_id(const ddbs_ctx *ctx);

/* What Lambda says about an invocation besides its event (developer guide, runtimes-api); {NULL, 0}: nothing, or what
 * is over the limit, or no UTF-8. An event source mapping sends the ARN only; the others are written by whoever invokes
 * the function, and are not checked for anything. The library never logs them. */
typedef struct ddbs_invocation_info {
    ddbs_str function_arn;   /* that was invoked, with ":alias" or ":version" where one was named; at most 511 bytes */
    ddbs_str client_context; /* JSON, of the mobile SDK or of Invoke's ClientContext; 4,095 bytes */
    ddbs_str cognito_identity; /* JSON, of the mobile SDK; 1,023 bytes */
    ddbs_str tenant_id;        /* of functions with tenant isolation; 511 bytes */
} ddbs_invocation_info;

/** What is known of this invocation, alive during the callback. Never NULL. */
DDBS_API const ddbs_invocation_info *ddbs_ctx_invocation(const ddbs_ctx *ctx);

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

/* ---- Batches ----------------------------------------------------------------------------------------------------- */

/** How many records of this batch went well so far, returning DDBS_OK or DDBS_SKIP, parked or ignored: in the callback
 *  of a record its index (in a lane, too, where some before it may not be through), in on_batch_end where the batch
 *  stopped; in on_batch the number of records given. */
DDBS_API size_t ddbs_ctx_batch_ok(const ddbs_ctx *ctx);

/**
 * The first `count` records of the batch (in on_batch: of those given) are durable. Whatever happens from now on, a
 * crash too, the batch is reported as done up to there, and with DDBS_REPORT_ITEMS they are not delivered again. A
 * smaller count than before changes nothing. Only with on_batch_end or on_batch, and with several lanes not in the
 * callback of a record. Who commits all and fails then has no record to be named, and the whole batch comes again.
 * @return DDBS_OK, DDBS_E_RANGE for more than ddbs_ctx_batch_ok(), DDBS_E_USAGE without on_batch_end and on_batch,
 *         outside a batch, in a lane, or where a batch writer (aws.h) has not stored an entry of one of them
 */
DDBS_API ddbs_status ddbs_ctx_commit(ddbs_ctx *ctx, size_t count) DDBS_MUST_CHECK;

/* Memory that lives until the batch is answered, or what is taken in a lane until on_batch_end has returned: zeroed
 * bytes, aligned for anything, or copies of what would die with its record. `out` may be where `view` came from.
 * @return NULL where memory is exhausted or outside a batch; DDBS_OK, DDBS_E_MEMORY, DDBS_E_MISSING for an absent view
 *         or a NULL item, DDBS_E_USAGE outside a batch (on_start, on_stop) */
DDBS_API void *ddbs_ctx_alloc(ddbs_ctx *ctx, size_t size) DDBS_MUST_CHECK;
DDBS_API ddbs_status ddbs_ctx_keep_str(ddbs_ctx *ctx, ddbs_str view, ddbs_str *out) DDBS_MUST_CHECK;
DDBS_API ddbs_status ddbs_ctx_keep_item(ddbs_ctx *ctx, const ddbs_item *item, const ddbs_item **out) DDBS_MUST_CHECK;

/** That memory as an arena: for ddbs_unbind(), ddbs_item_read(), or as `arena` of a ddbs_buf. NULL outside a batch. It
 *  is not the caller's to reset or free. */
DDBS_API ddbs_arena *ddbs_ctx_arena(ddbs_ctx *ctx);

/* ---- Lanes ------------------------------------------------------------------------------------------------------- */

/* With .lanes = n the callbacks of records run in up to n threads at once. What a handler may rely on then:
 *
 *   - All changes of one item, that is with the same table and equal keys, run in the same lane and in the order of the
 *     batch. Items are spread over the lanes by a hash, so that an item can wait for another one's.
 *   - A record whose keys are not known (it does not decode, or has none) could be any item's: it starts when all
 *     before it are through, runs alone, and those behind it start afterwards.
 *   - After a failure no lane starts a record behind it; those that run are waited for. The batch stops at the first
 *     record that is not done. Records behind that one may be done all the same, in other lanes, and are delivered and
 *     run AGAIN, because a stream has one checkpoint and not one for each record: with lanes a handler must bear to see
 *     a record twice even where nothing crashes. In on_batch_end write only what belongs to records below
 *     ddbs_ctx_batch_ok(): what stands behind comes again.
 *   - The hooks of batch and life run alone. Callbacks of records, on_poison and the parking sink run at once: what
 *     they share through `user` needs a lock, or one for each lane, chosen by ddbs_ctx_lane(). A context is its
 *     lane's own.
 *   - No ddbs_ctx_commit() in a record's callback. The records of a tumbling window always run in one lane, because the
 *     state is one.
 *   - Where a record crashes, several may have been running. An attempt (ddbs_park_policy) is counted for the one whose
 *     thread got the signal; where none did (an exit), for the first one that is not done: a record can thus be counted
 *     for its neighbour, and one that fails can go uncounted.
 *
 * Without threads (ddbs_process() with a host that has none, --event) the records run one after the other in the order
 * of the batch, each under the number of its lane. */

/** The lane that a callback runs in, from 0 to below `.lanes` of the consumer: the same one for all changes of an item
 *  in a batch. 0 in hooks, with one lane, and for a record that runs alone. */
DDBS_API size_t ddbs_ctx_lane(const ddbs_ctx *ctx);

/* ---- Tumbling windows (developer guide, services-ddb-windows) ---------------------------------------------------- */

/** The window of this delivery; NULL where there is none. */
DDBS_API const ddbs_window *ddbs_ctx_window(const ddbs_ctx *ctx);

/** The window's state: what was set in this delivery, else what the event brought, which is not NUL-terminated; {NULL,
 *  0} outside windows. Good until a state is set. */
DDBS_API ddbs_str ddbs_ctx_state(const ddbs_ctx *ctx);

/** Most bytes of a state; Lambda ends a window early above 1 MB. */
#define DDBS_STATE_MAX ((size_t)1000000)

/**
 * Set the state that goes to the next invocation of the window: a JSON object, in any callback of a batch. It is kept
 * only if the batch succeeds (but see `window_partial` in lambda.h). Not set, the one that came goes back; after a
 * final call {} does, whatever was set.
 * @param json  copied; may be a part of ddbs_ctx_state()
 * @return DDBS_OK, DDBS_E_USAGE outside windows, DDBS_E_TYPE for JSON that is no object, DDBS_E_SYNTAX, DDBS_E_LIMIT
 *         for more than DDBS_STATE_MAX bytes or DDBS_EVENT_DEPTH_MAX - 1 brackets open at once, DDBS_E_MEMORY; the
 *         state is then as it was, and ddbs_ctx_error() says why
 */
DDBS_API ddbs_status ddbs_ctx_set_state(ddbs_ctx *ctx, ddbs_str json) DDBS_MUST_CHECK;

/* ---- Parking ----------------------------------------------------------------------------------------------------- */

/* A record that is given up, for somebody to look at. */
typedef struct ddbs_parked {
    size_t index;
    ddbs_str sequence_number; /* not NUL-terminated */
    ddbs_str raw;             /* its JSON as delivered; not NUL-terminated */
    ddbs_str reason;
} ddbs_parked;

/* Where parked records go. DDBS_OK: it is stored for good. */
typedef ddbs_status ddbs_park_fn(void *user, const ddbs_parked *parked);

/* Where records are parked, and when without being asked. */
typedef struct ddbs_park_policy {
    ddbs_park_fn *sink; /* NULL: nothing is ever parked */
    void *user;         /* the sink's */

    /* A record that this many deliveries stopped at before, instead of starting it again; 0: never. Whether it failed,
     * crashed or did not decode makes no difference; running out of time does not count. Counted by this environment,
     * so it is a lower bound of the truth. Not with on_batch or on_batch_end: there nobody knows whose fault it was. */
    uint32_t after_attempts;

    bool poison; /* records that do not decode, unless on_poison is set */
} ddbs_park_policy;

/**
 * Give the record at hand up and hand its raw text to the sink at once: `return ddbs_park(ctx, "no such customer");`
 * With on_batch_end it can come again like every other record, until that returned DDBS_OK, and is then parked twice.
 * @param reason  for the sink; NULL counts as ""
 * @return DDBS_SKIP where the sink stored it, counted as parked unless the callback fails; its status, or
 *         DDBS_E_HANDLER for DDBS_SKIP, where it did not; DDBS_E_USAGE without a sink or outside a record's callback
 *         (on_poison is one)
 */
DDBS_API ddbs_status ddbs_park(ddbs_ctx *ctx, const char *reason) DDBS_MUST_CHECK;

/* ---- Processing -------------------------------------------------------------------------------------------------- */

/* What the processing needs from outside; NULL, or zero for any member, means that there is none. For each record the
 * functions are called in this order, and for the records in that of the batch. With `parallel` and several lanes they
 * are called from several threads at once, for each item still in the order of the batch. */
typedef struct ddbs_host {
    void *self; /* first argument of the functions */
    int64_t (*remaining_ms)(void *self);
    bool (*may_start)(void *self, size_t index);         /* false: too little time is left, stop before this record */
    uint32_t (*attempts)(void *self, ddbs_str sequence); /* how often it was started before and did not get done */
    void (*decoded)(void *self, const ddbs_record *record); /* it is decoded, and its callback comes next */
    void (*started)(void *self, size_t index);   /* before the callback of a record, on_poison too; not on_batch */
    void (*done)(void *self, size_t index);      /* it is accounted for; never with on_batch_end or on_batch */
    void (*committed)(void *self, size_t count); /* only with those: the first `count` are durable; always growing */

    /* Call run(job, 0) to run(job, lanes - 1), each once, from threads of their own, and return when all of them have
     * returned or ended their thread; what they wrote can be seen then. False: some could not be run and are left out.
     * These, and with NULL all, are run by the caller. Called once or more for each batch with several lanes. */
    bool (*parallel)(void *self, size_t lanes, void (*run)(void *job, size_t lane), void *job);
    ddbs_str request_id;
    const ddbs_invocation_info *invocation;
    ddbs_park_policy park;
    bool window_partial; /* a failure in a tumbling window may be answered in part, where its state allows it */
} ddbs_host;

/* What became of a batch. Up to `checkpoint` every record is accounted for:
 * done + skipped + parked + ignored + poison == checkpoint. With DDBS_OK in `error` that is all of them. */
typedef struct ddbs_outcome {
    size_t records;
    size_t done;       /* a callback returned DDBS_OK */
    size_t skipped;    /* a callback returned DDBS_SKIP */
    size_t parked;     /* a sink took it */
    size_t ignored;    /* no callback wanted it */
    size_t poison;     /* did not decode, and on_poison took it */
    size_t checkpoint; /* first record not accounted for */
    bool undecodable;  /* the record at the checkpoint failed because it does not decode */
    bool out_of_time;  /* the batch was stopped before the record at the checkpoint: too little time was left */

    /* The host allows it, and the batch of a window that goes on has failed with a state that is known to tell of the
     * records before the checkpoint, of all of them and of no other: each of their callbacks and hooks returned well,
     * and the callback that failed was a record's and set no state. */
    bool window_partial;

    /* Of a window, in the arena: as ddbs_ctx_set_state() left it; after a final call "{}", where on_window took it.
     * {NULL, 0}: not set, or the batch failed without window_partial. */
    ddbs_str state;

    /* Sequence number of the record at the checkpoint, in the event, not NUL-terminated; {NULL, 0}: there is none. */
    ddbs_str failing;

    const char *error_type; /* what the answer calls the failure, static text; NULL: it follows from the error */

    /* Why not all is done. With checkpoint == records the event failed and none of its records: in on_window, in a hook
     * of an event without records, or in on_batch_end or on_batch although all was committed. */
    ddbs_error error;
} ddbs_outcome;

/**
 * Call the consumer's on_start, if it has one.
 * @param error  NULL, or gets the reason of a failure
 * @return its status
 */
DDBS_API ddbs_status ddbs_start(const ddbs_consumer *consumer, const ddbs_host *host,
                                ddbs_error *error) DDBS_MUST_CHECK;

/** Call the consumer's on_stop, if it has one. */
DDBS_API void ddbs_stop(const ddbs_consumer *consumer);

/**
 * Run the records of an event through a consumer, in order (in lanes: of each item), up to the first failure.
 * @param host   NULL: no deadline, no request id
 * @param arena  holds one record at a time, with on_batch all of them, and what lives as long as the batch: that stays
 *               there until the arena is reset. May be the event's
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
 * tumbling window; else one identifier or an error, as `report` says. A failure is always an error in a tumbling
 * window (but see `window_partial`), where the sequence numbers are not strictly increasing, and where no record is
 * left to be named; the final call of a window with a state that on_window did not take is one, too. An error's message
 * reads
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
