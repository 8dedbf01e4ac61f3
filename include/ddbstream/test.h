/* ddbstream/test.h: a consumer under test, driven as its event source mapping would drive it. Not part of ddbstream.h.
 *
 * No process, no socket, no real clock: tables and mapping are those of the `ddbstream` command, answers are made by
 * the code that makes them in Lambda, and time is a number that jumps to whatever comes next: a day of retries takes
 * milliseconds.
 *
 *     ddbs_test *test;
 *     if (ddbs_test_new(&test, &consumer, NULL, NULL) != DDBS_OK)
 *         return 1;
 *     ddbs_test_put(test, "{\"orderId\":\"o-1\",\"qty\":2}");
 *     ddbs_test_put(test, "{\"orderId\":\"o-2\",\"qty\":0}");
 *     ddbs_test_run(test);
 *     bool held = ddbs_test_fate_of(test, 1) == DDBS_TEST_DONE && ddbs_test_fate_of(test, 2) == DDBS_TEST_GIVEN_UP &&
 *                 strcmp(ddbs_test_story(test), "[1 2] [2] [2] [2]") == 0;
 *     ddbs_test_free(test);
 *     return held ? 0 : 1;
 *
 * For any test framework: nothing is printed and nothing asserts. What a driver could not do (JSON that is none, no
 * memory) is kept, and every call after it does nothing and returns the same: one look at ddbs_test_status() in the end
 * is enough.
 *
 * Link with libddbstream-test.a, libddbstream.a (in this order), cJSON and zlib. libcurl is not needed, and a test
 * cannot reach the network: ddbs_aws_new() is the driver's own here, and what a handler calls of AWS is played in
 * memory (see Calls of AWS, below).
 *
 * Records are counted from 1 in the order in which they came into the stream, deliveries from 0. One thread at a time;
 * a consumer with lanes runs record by record, each under the number of its lane. */
#ifndef DDBSTREAM_TEST_H
#define DDBSTREAM_TEST_H
#include <ddbstream/lambda.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef struct ddbs_test ddbs_test;

/* Zero, or NULL for the whole struct, is the default of each member. Texts may go after ddbs_test_new(), but `view`;
 * what is in `lambda` stays. */
typedef struct ddbs_test_options {
    /* What CreateEventSourceMapping takes, as JSON, or the file of it: not both. EventSourceArn, FunctionName and
     * StartingPosition may be left out; all records are delivered, also with LATEST. NULL and NULL:
     * ReportBatchItemFailures, two retries, and for the rest AWS's defaults. */
    const char *mapping;
    const char *mapping_file;

    /* Names of the table's key attributes, "orderId" or "orderId,line". NULL: one, the first of the first item. */
    const char *key;

    const char *view; /* StreamViewType of the table; NULL: "NEW_AND_OLD_IMAGES" */

    /* As main() gives it to ddbs_lambda_main(). Of its members count `report`, `event`, `park`, `window_partial` and
     * `metrics`. NULL, or with DDBS_REPORT_DEFAULT: DDBS_REPORT_ITEMS where the mapping has ReportBatchItemFailures,
     * else DDBS_REPORT_ERROR. Of the environment only DDBS_METRICS is read. */
    const ddbs_lambda_options *lambda;

    int64_t timeout_ms; /* of the function; 0: 30,000 */
    int64_t start_ms;   /* when the clock begins, since 1970 UTC; 0: 2026-10-19T08:00:00Z, or with the first record of
                           the stream where that is none of the driver's table */
    uint64_t seed;      /* of request ids, event ids and sequence numbers: the same seed gives the same ones */
} ddbs_test_options;

/**
 * Make a driver with an empty table, and call on_start. The caller frees it with ddbs_test_free().
 * @param consumer  outlives the driver; ddbs_ctx_user() is its `user`, as always
 * @param error     NULL, or gets the reason of a failure
 * @return DDBS_OK; DDBS_E_USAGE for a consumer, mapping or option that makes no sense; DDBS_E_MEMORY; what on_start
 *         returned
 */
DDBS_API ddbs_status ddbs_test_new(ddbs_test **out, const ddbs_consumer *consumer, const ddbs_test_options *options,
                                   ddbs_error *error) DDBS_MUST_CHECK;

/** Call on_stop and free a driver. Does nothing for NULL. */
DDBS_API void ddbs_test_free(ddbs_test *test);

/** The first failure of a call on this driver; DDBS_OK: there was none. A failing handler is no failure of a call. */
DDBS_API ddbs_status ddbs_test_status(const ddbs_test *test);

/** What that was, in words; "" where there was none. It lives as long as the driver. */
DDBS_API const char *ddbs_test_reason(const ddbs_test *test);

/* ---- Changes ----------------------------------------------------------------------------------------------------- */

/* Items and keys are plain JSON, {"orderId":"o-1","qty":2,"tags":["a"]}. What needs DynamoDB's types (Binary, sets)
 * goes through ddbs_test_request(). A write that changes nothing makes no record, as in DynamoDB. A callback may write,
 * too, as a handler would that changes its own table. Each call returns ddbs_test_status(): DDBS_OK, DDBS_E_USAGE for
 * what DynamoDB refuses, a status of ddbs_item_read(), DDBS_E_MEMORY. */

/** Put an item: INSERT, or MODIFY where its key is in the table. */
DDBS_API ddbs_status ddbs_test_put(ddbs_test *test, const char *item);

/** Set the attributes of `item` beside its key and leave the others as they are: MODIFY, or INSERT. */
DDBS_API ddbs_status ddbs_test_update(ddbs_test *test, const char *item);

/** Delete the item of a key: REMOVE. Other attributes than those of the key do not matter. */
DDBS_API ddbs_status ddbs_test_remove(ddbs_test *test, const char *key);

/** The same by time-to-live. */
DDBS_API ddbs_status ddbs_test_expire(ddbs_test *test, const char *key);

/**
 * Any write of DynamoDB's API, as it stands in a request. The table is named as in EventSourceArn, "Table" where the
 * mapping does not say; it is made by the first item of the calls above, or by ddbs_test_table().
 * @param operation  "UpdateItem", "TransactWriteItems"
 */
DDBS_API ddbs_status ddbs_test_request(ddbs_test *test, const char *operation, const char *body);

/**
 * A stream record as an event has it, from its `{` to its `}`. It need not decode, but for its sequence number.
 * @return also DDBS_E_SYNTAX, DDBS_E_EVENT for what is no record of a DynamoDB stream
 */
DDBS_API ddbs_status ddbs_test_record(ddbs_test *test, const char *json);

/** All records of a file: one a line where its name ends in .jsonl or .jsonl.gz, else an event. */
DDBS_API ddbs_status ddbs_test_replay(ddbs_test *test, const char *path);

/** Split each open shard of the table's stream in two. DDBS_E_USAGE before the first item. */
DDBS_API ddbs_status ddbs_test_split(ddbs_test *test);

/* ---- Faults ------------------------------------------------------------------------------------------------------ */

typedef enum ddbs_test_fault_kind {
    /* In the callback that takes the record: its own, on_poison or on_batch. Records without a callback are safe. */
    DDBS_TEST_FAIL,        /* it is not called, and fails */
    DDBS_TEST_FAIL_AFTER,  /* it is called, and fails whatever it returned */
    DDBS_TEST_CRASH,       /* the process is lost before it */
    DDBS_TEST_CRASH_AFTER, /* and after it, before anybody knows that the record is done */
    DDBS_TEST_HANG,        /* it does not return, and is ended at the deadline */
    DDBS_TEST_SLOW,        /* it takes `amount` milliseconds */

    /* Of the delivery that has the record in it. */
    DDBS_TEST_CRASH_AT_END, /* the process is lost behind the last callback, on_batch_end included */
    DDBS_TEST_THROTTLE,     /* the function is not run */
    DDBS_TEST_LOSE_ANSWER,  /* it is run to its end, and its answer never arrives: to the mapping that is an error */
    DDBS_TEST_DUPLICATE,    /* it is run twice, and the second answer counts */
    DDBS_TEST_ANSWER,       /* `answer` arrives in the place of what it answers */
    DDBS_TEST_MEMORY,       /* it has `amount` bytes for what is made of the event and what callbacks keep */

    /* Around the function. */
    DDBS_TEST_DENY_READ,        /* the mapping may not read on at the record, and looks again later */
    DDBS_TEST_DENY_DESTINATION, /* the on-failure destination does not take the record */

    /* In a call of AWS that `call` and `holds` choose, made in a callback for the record. */
    DDBS_TEST_AWS_REFUSE,       /* it is refused with the error `answer`, and nothing is done */
    DDBS_TEST_AWS_REFUSE_ENTRY, /* those of its entries that fit are refused with it (BatchWriteItem: unprocessed), the
                                   others are taken; S3, SES and CloudWatch take none of a call then */
    DDBS_TEST_AWS_LOSE_REQUEST, /* it never arrives: nothing is done, and nobody answers */
    DDBS_TEST_AWS_LOSE_ANSWER,  /* it is done, and its answer never arrives */
    DDBS_TEST_AWS_CRASH,        /* the process is lost before it */
    DDBS_TEST_AWS_CRASH_AFTER,  /* it is done, and the process is lost before the answer arrives */
    DDBS_TEST_AWS_SLOW /* it is done, and takes `amount` milliseconds: more than the client waits is no answer */
} ddbs_test_fault_kind;

typedef struct ddbs_test_fault {
    ddbs_test_fault_kind kind;
    size_t record;  /* counted from 1, may be one that is still to come; 0: any */
    uint32_t times; /* how often; 0: always */
    int64_t amount; /* what the kind says; of DDBS_TEST_AWS_REFUSE the HTTP status, 0: 400, or what the service has */

    /* Texts stay as long as the fault. */
    const char *answer; /* of calls: the type of an error, "AccessDeniedException"; NULL: as this service throttles */
    const char *call;   /* its operation, "PublishBatch"; NULL: any */
    const char *holds;  /* a text in its body; where it has entries, in what ddbs_test_sent tells of one. NULL: any */
    uint32_t skip;      /* so many that fit go well before */
} ddbs_test_fault;

/** Let something go wrong. Several faults may wait at once; of one kind the first that fits counts.
 *  @return ddbs_test_status(); DDBS_E_MEMORY */
DDBS_API ddbs_status ddbs_test_add_fault(ddbs_test *test, const ddbs_test_fault *fault);

/** Forget all faults. */
DDBS_API void ddbs_test_clear_faults(ddbs_test *test);

/** In a callback, or in what it calls: `ms` milliseconds pass. Does not return where that ends the function: at the
 *  deadline, less what is kept for the answer, a callback is ended as in Lambda; on_start, on_stop and the sink are
 *  not. Outside of an invocation the same as ddbs_test_wait(). */
DDBS_API void ddbs_test_spend(ddbs_test *test, int64_t ms);

/** In a callback, or in what it calls: the process is lost here. Does not return; the frames of the handler are left by
 *  a jump, so that what they hold is lost (LeakSanitizer is told that it is no leak). Elsewhere it does nothing.
 *  After a loss on_stop and on_start are called, in the place of a new process: other than there, static data stays as
 *  it was. */
DDBS_API void ddbs_test_crash(ddbs_test *test);

/* ---- Time -------------------------------------------------------------------------------------------------------- */

/** Run until one delivery is settled. False: there was nothing left to deliver, or the driver has failed. */
DDBS_API bool ddbs_test_step(ddbs_test *test);

/**
 * Run until every record of the stream is settled and every window is closed.
 * @return ddbs_test_status(); DDBS_E_LIMIT after 1,000,000 deliveries
 */
DDBS_API ddbs_status ddbs_test_run(ddbs_test *test);

/** Let `ms` milliseconds pass, with everything that is due in them. */
DDBS_API ddbs_status ddbs_test_wait(ddbs_test *test, int64_t ms);

/** The same, but the mapping is disabled in the meantime: records grow older, and nothing is delivered. */
DDBS_API ddbs_status ddbs_test_pause(ddbs_test *test, int64_t ms);

/** The driver's time: milliseconds since 1970 UTC, in a callback with what it has spent. */
DDBS_API int64_t ddbs_test_now_ms(const ddbs_test *test);

/* ---- What came of it --------------------------------------------------------------------------------------------- */

/* Texts and arrays live until the next call that lets time pass, or ddbs_test_free(). */

typedef enum ddbs_test_fate {
    DDBS_TEST_OPEN,     /* not settled yet, or there is no such record */
    DDBS_TEST_DONE,     /* behind the checkpoint, acknowledged by the function */
    DDBS_TEST_FILTERED, /* FilterCriteria left it out */
    DDBS_TEST_GIVEN_UP, /* its retries were spent, or it was too old */
    DDBS_TEST_LOST      /* the function said that it is not done, to a mapping without ReportBatchItemFailures */
} ddbs_test_fate;

DDBS_API ddbs_test_fate ddbs_test_fate_of(const ddbs_test *test, size_t record);

/** How often a callback of the handler was called for it (with on_batch: for a batch that it was in). */
DDBS_API size_t ddbs_test_calls_of(const ddbs_test *test, size_t record);

/** Its JSON as it is delivered, its sequence number; {NULL, 0}: there is no such record. */
DDBS_API ddbs_str ddbs_test_json_of(const ddbs_test *test, size_t record);
DDBS_API ddbs_str ddbs_test_sequence_of(const ddbs_test *test, size_t record);

/* Why a delivery was made. */
typedef enum ddbs_test_cause {
    DDBS_TEST_BATCH, /* a new batch */
    DDBS_TEST_REST,  /* what a partial answer, or records grown too old, left of the one before */
    DDBS_TEST_HALF,  /* one part of a batch that was halved */
    DDBS_TEST_RETRY, /* the one before, once more */
    DDBS_TEST_FINAL  /* the final invocation of a tumbling window: no records */
} ddbs_test_cause;

/* How an invocation ended. */
typedef enum ddbs_test_end {
    DDBS_TEST_ANSWERED, /* all callbacks returned that were called; `is_error` says what it answered */
    DDBS_TEST_CRASHED,
    DDBS_TEST_TIMED_OUT,
    DDBS_TEST_THROTTLED /* it did not run: there is no outcome and no answer */
} ddbs_test_end;

typedef struct ddbs_test_delivery {
    ddbs_test_cause cause;
    ddbs_test_end end;
    const size_t *records; /* their numbers, in order */
    size_t count;
    uint64_t attempt;       /* from 1; 1 again for a rest and for a half; throttles do not count */
    int64_t at_ms;          /* when it began, since the clock began */
    int64_t wait_ms;        /* what the mapping waited before it */
    int64_t took_ms;        /* what its callbacks spent */
    const char *request_id; /* a retry keeps it */
    const char *event;      /* the bytes that the function was given; NUL-terminated */
    ddbs_outcome outcome;
    bool is_error;       /* the answer went to /error, and all records count as failed */
    bool answer_lost;    /* it never arrived */
    const char *answer;  /* its bytes; NUL-terminated; "" where there is none */
    const char *message; /* what the log says went wrong; "": nothing did */

    /* Once it is settled: records of it now behind the checkpoint as done, those given up, those lost. */
    bool settled;
    size_t done, given_up, lost;
} ddbs_test_delivery;

DDBS_API size_t ddbs_test_deliveries(const ddbs_test *test);

/** One of them, from 0; NULL: there is none. */
DDBS_API const ddbs_test_delivery *ddbs_test_delivery_at(const ddbs_test *test, size_t index);
DDBS_API const ddbs_test_delivery *ddbs_test_last(const ddbs_test *test);

/** All deliveries in short, "[1 2 3] [2 3] [2]": each with its records; [final] or [early] for the final invocation of
 *  a window, and (2 3) for records that were given up. */
DDBS_API const char *ddbs_test_story(const ddbs_test *test);

/* Records given up. */
typedef struct ddbs_test_discard {
    const size_t *records; /* their numbers, in order */
    size_t count;
    bool too_old;           /* RecordAgeExceeded; else RetryAttemptsExhausted */
    uint64_t invokes;       /* approximateInvokeCount */
    const char *message;    /* as AWS sends it to the mapping's on-failure destination; NULL: it has none */
    const char *object_key; /* of a destination in S3; NULL: it is none */
} ddbs_test_discard;

DDBS_API size_t ddbs_test_discards(const ddbs_test *test);
DDBS_API const ddbs_test_discard *ddbs_test_discard_at(const ddbs_test *test, size_t index);

/* So far. Once everything is settled: records == done + filtered + given_up + lost. */
typedef struct ddbs_test_totals {
    uint64_t records; /* in the stream */
    uint64_t done, filtered, given_up, lost;
    uint64_t invocations; /* that ran */
    uint64_t errors;      /* of them */
    uint64_t retries, partial, halvings, throttles, windows;
    uint64_t delivered, dropped; /* of those given up: taken by the on-failure destination, or not */
} ddbs_test_totals;

DDBS_API ddbs_test_totals ddbs_test_count(const ddbs_test *test);

/** LastProcessingResult, as GetEventSourceMapping shows it. Static text. */
DDBS_API const char *ddbs_test_last_result(const ddbs_test *test);

/** Everything that was logged, the runtime's lines and those of metrics included; "" where there is nothing. It is not
 *  written to stderr. */
DDBS_API const char *ddbs_test_log(const ddbs_test *test);

/**
 * What a metric came to (ddbs_metric, or one of the runtime's own): the sum of all its values in the log.
 * @return false: it was never written
 */
DDBS_API bool ddbs_test_metric(const ddbs_test *test, const char *name, double *sum);

/* ---- Calls of AWS ------------------------------------------------------------------------------------------------ */

/* A handler makes its client as always, with ddbs_aws_new(). The driver's needs no region, no credentials and no
 * variable of the environment: its region is the stream's where the options name none. Pauses between attempts are time
 * of the driver. A call is answered as AWS would answer it:
 *
 *   DynamoDB   by tables in memory, with conditions, expressions and transactions: those of ddbs_test_table(), and the
 *              stream's own, whose changes come into the stream
 *   Firehose PutRecordBatch, Kinesis PutRecords, SQS SendMessageBatch, SNS PublishBatch, EventBridge PutEvents,
 *   S3 PutObject, CloudWatch PutMetricData, SES SendEmail, OpenSearch _bulk
 *              every entry is taken, and kept to be looked at (ddbs_test_sent). What comes twice within five minutes
 *              with one deduplication id is taken once by FIFO queues and topics, named "....fifo"; documents of
 *              OpenSearch have versions
 *   all else   200 and "{}", or what ddbs_test_on_call() says
 *
 * Queues, topics, buckets and the like need not be made. Limits, names and rights are not checked here: the writers
 * keep the limits, the rest shows against AWS only. A client with a transport of its own keeps it. Calls are answered
 * while the driver calls the handler: elsewhere nobody responds. */

/* A call, as it would have gone out. It lives as long as the driver. */
typedef struct ddbs_test_call {
    const char *service;   /* its name in signatures: "sns", "events", "monitoring" */
    const char *region;    /* "eu-west-1" */
    const char *operation; /* "PublishBatch"; its method, where it cannot be told */
    const char *method, *url;
    const char *const *headers; /* "Name: value"; those of the signature are not among them */
    size_t header_count;
    ddbs_str body;

    size_t entries;  /* in it; 0: it has none */
    size_t delivery; /* the one that it was made in; SIZE_MAX: in none */
    size_t record;   /* the one in whose callback it was made, counted from 1; 0: elsewhere */
    int64_t at_ms;   /* since the clock began */

    long status; /* of HTTP; 0: no answer arrived */
    ddbs_str answer;
} ddbs_test_call;

/** How many calls of an operation were made, attempts that failed included; NULL: of all. */
DDBS_API size_t ddbs_test_call_count(const ddbs_test *test, const char *operation);

/** One of them, from 0, in the order in which they were made; NULL: there is none. */
DDBS_API const ddbs_test_call *ddbs_test_call_at(const ddbs_test *test, const char *operation, size_t index);

/* What a service has taken: a message, a record, an object, a mail. It lives as long as the driver. */
typedef struct ddbs_test_sent {
    const char *to;   /* ARN of the topic, URL of the queue; name of stream, bus, bucket, index or metrics' namespace;
                         address of the mail */
    ddbs_str key;     /* message group, partition key, key of the object, id of the document, detail type, name of the
                         metric; {NULL, 0}: it has none */
    ddbs_str id;      /* deduplication id; version of the document */
    ddbs_str subject; /* of a message of SNS, of a mail */
    ddbs_str body;    /* as it was put: no base64, no gzip. The value of a metric, the text of a mail or, where it has
                         none, its HTML. {NULL, 0}: the document is deleted */
    size_t call;      /* index among all calls */
} ddbs_test_sent;

/** How much was sent there.
 *  @param to  as above, or its last part behind a '/' or ':'; NULL: anywhere */
DDBS_API size_t ddbs_test_sent_count(const ddbs_test *test, const char *to);

/** One of them, from 0, in order; NULL: there is none. */
DDBS_API const ddbs_test_sent *ddbs_test_sent_at(const ddbs_test *test, const char *to, size_t index);

/** Their keys in order, with a blank between two: "o-1 o-2 o-1"; "-" for one without. "" where nothing was sent. The
 *  text lives as long as the driver. */
DDBS_API const char *ddbs_test_sent_keys(ddbs_test *test, const char *to);

/* What a service answers; zeroed before. */
typedef struct ddbs_test_reply {
    long status;      /* of HTTP; 0: no answer arrives */
    const char *body; /* NULL: none. Copied */
} ddbs_test_reply;

/* A service of the test's own. False: the driver answers. It may call ddbs_test_spend() and ddbs_test_crash(). */
typedef bool ddbs_test_service(void *user, const ddbs_test_call *call, ddbs_test_reply *reply);

/** Ask this function first, for every call that arrives. NULL: none. */
DDBS_API void ddbs_test_on_call(ddbs_test *test, ddbs_test_service *service, void *user);

/**
 * Make an empty table.
 * @param table  a name, or where it is in another region an ARN; NULL: the stream's own, else made by its first item
 * @param key    its key attributes, "sku" or "account,version:N": S where no type is said
 * @return as ddbs_test_put()
 */
DDBS_API ddbs_status ddbs_test_table(ddbs_test *test, const char *table, const char *key);

/** Put an item of plain JSON into a table, of which no handler is told unless it is the stream's own. */
DDBS_API ddbs_status ddbs_test_table_put(ddbs_test *test, const char *table, const char *item);

/**
 * An item of a table as it is now, for ddbs_get(). It lives until the next call that lets time pass.
 * @param table  NULL: the stream's own
 * @param key    plain JSON; other attributes than those of the key do not matter
 * @return NULL: there is no such item
 */
DDBS_API const ddbs_item *ddbs_test_item(ddbs_test *test, const char *table, const char *key);

/** How many items a table has; 0 also where there is no such table. */
DDBS_API size_t ddbs_test_items(ddbs_test *test, const char *table);

/* ---- Memory ------------------------------------------------------------------------------------------------------ */

/* A test as a function: changes, faults, ddbs_test_run(), and whether what it finds then is right. */
typedef bool ddbs_test_scenario(ddbs_test *test, void *user);

/* What ddbs_test_starve() found. */
typedef struct ddbs_test_starved {
    size_t runs;         /* of the scenario */
    size_t failures;     /* runs in which an invocation had too little memory */
    size_t room;         /* of the last run, in bytes: with them it went wrong, or all was enough */
    const char *problem; /* static text; NULL: there was none */
} ddbs_test_starved;

/**
 * Play a scenario again and again, each time on a driver of its own in which the first try of every delivery has a
 * little more memory for event, records and what callbacks keep, so that each allocation from there is once the one
 * that fails. A second try has all it wants. Every run must come to the end that a run with enough memory comes to: the
 * scenario returns true, nothing is lost, and no more records are given up. It ends with twice the memory of the last
 * invocation that failed for it. The mapping needs at least one retry.
 * @param scenario  resets what `user` counts before it begins
 * @return DDBS_OK, also with a problem; DDBS_E_USAGE where the scenario already fails with enough memory; what
 *         ddbs_test_new() returns
 */
DDBS_API ddbs_status ddbs_test_starve(const ddbs_consumer *consumer, const ddbs_test_options *options,
                                      ddbs_test_scenario *scenario, void *user, ddbs_test_starved *out) DDBS_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
