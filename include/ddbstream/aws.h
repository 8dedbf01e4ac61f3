/* ddbstream/aws.h: signed calls to AWS, and writers that store what a batch collected.
 *
 *     static ddbs_aws *aws;
 *     static ddbs_writer *audit;
 *
 *     static ddbs_status start(ddbs_ctx *ctx)
 *     {
 *         DDBS_TRY(ddbs_aws_new(&aws, NULL, ddbs_ctx_error(ctx)));
 *         ddbs_firehose_options options = { .aws = aws, .stream = "orders-audit", .newline = true };
 *         return ddbs_firehose_new(&audit, &options, ddbs_ctx_error(ctx));
 *     }
 *
 *     static ddbs_status queue(ddbs_ctx *ctx, const ddbs_record *record)
 *     {
 *         ddbs_bytes raw = { (const unsigned char *)record->raw.ptr, record->raw.len };
 *         return ddbs_firehose_put(audit, ctx, raw);
 *     }
 *
 *     static ddbs_status flush(ddbs_ctx *ctx)
 *     {
 *         return ddbs_writer_flush(audit, ctx);
 *     }
 *
 * That consumer is { .on_start = start, .on_any = queue, .on_batch_end = flush }. Nothing here logs, and no error text
 * holds a credential, a body or what a service wrote about one: errors name the service, the operation, the status and
 * the error's type.
 *
 * Environment, read by ddbs_aws_new:
 *   AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN   set by Lambda
 *   AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI, AWS_CONTAINER_AUTHORIZATION_TOKEN or _TOKEN_FILE
 *                                              instead of those three (SnapStart); renewed before they expire
 *   AWS_REGION, then AWS_DEFAULT_REGION        where the options name no region
 *   AWS_ENDPOINT_URL_<SERVICE>, then AWS_ENDPOINT_URL   other addresses than those of AWS: "http://127.0.0.1:8000".
 *                                              <SERVICE> is what each function below says: DYNAMODB, SQS ...
 *   AWS_CA_BUNDLE, SSL_CERT_FILE               file of trusted certificates (PEM), before the places of the
 *                                              distributions; where none is there, Amazon's roots, which are linked in
 *   _X_AMZN_TRACE_ID                           passed on as X-Amzn-Trace-Id, read at each call
 *
 * A client and its writers may be used by one thread at a time: with several lanes each needs a client of its own for
 * its calls (ddbs_ctx_lane), and batch writers are refused. Make them in on_start: what a process opens before it forks
 * its workers is not theirs. */
#ifndef DDBSTREAM_AWS_H
#define DDBSTREAM_AWS_H
#include <ddbstream/consumer.h>
#include <ddbstream/convert.h>
#ifdef __cplusplus
extern "C" {
#endif

/* ---- The client -------------------------------------------------------------------------------------------------- */

typedef struct ddbs_aws ddbs_aws; /* region, credentials, connections */

/* Bytes of an error's type, a request id and a reason, their NUL included; longer ones are cut. */
#define DDBS_AWS_TYPE_MAX 96
#define DDBS_AWS_ID_MAX   96
#define DDBS_AWS_WHY_MAX  256

/** Most bytes of a response; more is an error. */
#define DDBS_AWS_REPLY_MAX ((size_t)32 * 1024 * 1024)

typedef struct ddbs_aws_credentials {
    char access_key[256]; /* "": none are known */
    char secret[256];
    char *token;       /* NULL: none */
    int64_t expires_s; /* since 1970; 0: never */
} ddbs_aws_credentials;

/* One request on its way to a service, ready but for its signature, and what came back: what a transport works on. */
typedef struct ddbs_aws_exchange {
    const char *method;                      /* "POST" */
    const char *url;                         /* with host and path; the path needs no escapes, there is no query */
    const char *service, *region;            /* for the signature */
    const ddbs_aws_credentials *credentials; /* to sign with; NULL: not to be signed */
    const char *const *headers;              /* "Name: value" */
    size_t header_count;
    ddbs_bytes body;
    int64_t timeout_ms; /* for the whole exchange, above 0 */
    bool fresh;         /* on a new connection: the old ones may be dead */

    /* The response; zeroed before. */
    long status;                      /* 200; 0: none came */
    ddbs_buf reply;                   /* its body; malloc's, freed by the caller */
    bool too_large;                   /* it had more than DDBS_AWS_REPLY_MAX bytes */
    bool stale;                       /* a used connection was lost before any byte of the response */
    char type[DDBS_AWS_TYPE_MAX];     /* header x-amzn-errortype, as it came */
    char request_id[DDBS_AWS_ID_MAX]; /* header x-amzn-requestid or x-amz-request-id */
    int64_t retry_after_ms;           /* header x-amz-retry-after; 0: none */
    int64_t date_s;                   /* header Date, since 1970; 0: none */
    char why[DDBS_AWS_WHY_MAX];       /* without a response: the reason */
} ddbs_aws_exchange;

/* Carry out `count` exchanges (at most 16), at once where it can. Instead of libcurl, in tests. */
typedef void ddbs_aws_transport_fn(void *self, ddbs_aws_exchange *const *exchanges, size_t count);

/* Settings of a client. Zero, or NULL for the whole struct, is the default of each. */
typedef struct ddbs_aws_options {
    const char *region;               /* NULL: from the environment */
    const char *endpoint;             /* of every service that is called, copied; NULL or "": as the environment says,
                                         or the service's own in that region */
    uint32_t timeout_ms;              /* of one attempt, at most; 0: 10,000. Never beyond the invocation's deadline */
    uint32_t attempts;                /* in all, for what may be tried again; 0: 3, DynamoDB 4; 1: no retries */
    uint32_t backoff_ms;              /* base of the pauses; 0: 1,000 after throttling, else 50, DynamoDB 25 */
    ddbs_aws_transport_fn *transport; /* NULL: libcurl */
    void *transport_self;             /* first argument of `transport` */
} ddbs_aws_options;

/**
 * Make a client. The caller frees it with ddbs_aws_free(), after its writers.
 * @param options  copied; NULL for the defaults
 * @param error    NULL, or gets the reason
 * @return DDBS_OK; DDBS_E_USAGE for no region, a region that is no name, an endpoint that is no http or https address,
 *         half of a pair of credentials, or a file of certificates that AWS_CA_BUNDLE or SSL_CERT_FILE names and that
 *         cannot be read (the reason says which; not where an endpoint is http); DDBS_E_MEMORY. That there are no
 *         credentials at all is an error of the first call
 */
DDBS_API ddbs_status ddbs_aws_new(ddbs_aws **out, const ddbs_aws_options *options, ddbs_error *error) DDBS_MUST_CHECK;

/** Free a client and close its connections. Does nothing for NULL. */
DDBS_API void ddbs_aws_free(ddbs_aws *aws);

/* ---- Single calls ------------------------------------------------------------------------------------------------ */

/* What kind of failure an error's type or an HTTP status stands for. */
typedef enum ddbs_aws_fault {
    DDBS_AWS_FINE,        /* 2xx */
    DDBS_AWS_THROTTLED,   /* ProvisionedThroughputExceededException, SlowDown, HTTP 429, ... */
    DDBS_AWS_TRANSIENT,   /* HTTP 5xx, no response, InternalServerError, TransactionConflictException, ...: whether a
                             write was done is unknown */
    DDBS_AWS_CONDITION,   /* ConditionalCheckFailedException: usually it is applied already */
    DDBS_AWS_NOT_FOUND,   /* ResourceNotFoundException, QueueDoesNotExist, NoSuchBucket, HTTP 404, ... */
    DDBS_AWS_DENIED,      /* AccessDeniedException, HTTP 403, ...: the role's policy */
    DDBS_AWS_CREDENTIALS, /* ExpiredTokenException, UnrecognizedClientException, ... */
    DDBS_AWS_CLOCK,       /* RequestTimeTooSkewed, InvalidSignatureException, ... also after the clock was corrected */
    DDBS_AWS_REFUSED,     /* everything else: the same request will be refused again */
    DDBS_AWS_NO_TIME      /* too little time is left for (another) attempt */
} ddbs_aws_fault;

/** The name of a fault in words, "throttled". Static text. */
DDBS_API const char *ddbs_aws_fault_name(ddbs_aws_fault fault);

/* A request. Zero is the default of each member but `service`. */
typedef struct ddbs_aws_request {
    const char *service;  /* its name in signatures: "dynamodb"; AWS_ENDPOINT_URL_DYNAMODB applies */
    const char *host;     /* first part of the host's name; NULL: `service` */
    const char *endpoint; /* "https://search-orders.eu-west-1.es.amazonaws.com"; NULL: from environment and region */
    const char *method;   /* NULL: "POST" */
    const char *path;     /* only of A-Z a-z 0-9 / - . _ ~, because libcurl signs paths as they are; NULL: "/" */
    const char *target;   /* JSON services: "DynamoDB_20120810.PutItem"; NULL: none */
    const char *type;     /* Content-Type; NULL: application/x-amz-json-1.0 with a target, else none */
    const char *const *headers; /* more of them, "Name: value", all signed */
    size_t header_count;        /* at most 8 */
    ddbs_bytes body;
} ddbs_aws_request;

/* What became of a call; zero it before the first use, ddbs_aws_reply_free() it in the end. */
typedef struct ddbs_aws_reply {
    ddbs_aws_fault fault;
    long status;                  /* of HTTP; 0: no response */
    uint32_t tries;               /* how often it was sent */
    char type[DDBS_AWS_TYPE_MAX]; /* "ConditionalCheckFailedException"; "" where there is none */
    char request_id[DDBS_AWS_ID_MAX];
    ddbs_buf body; /* what the service answered, an error's body too: it can hold attribute values */
} ddbs_aws_reply;

/**
 * Call a service and wait for its answer. Throttling, 5xx and lost connections are tried again after pauses with full
 * jitter (SDKs and tools reference, feature-retry-behavior), as long as the invocation has time left. A write can so be
 * done twice: make it idempotent.
 *
 *     static ddbs_status describe(ddbs_aws *aws, ddbs_ctx *ctx)
 *     {
 *         ddbs_aws_reply reply = { .tries = 0 };
 *         ddbs_str body = ddbs_str_c("{\"TableName\":\"Orders\"}");
 *         ddbs_aws_request request = { .service = "dynamodb", .target = "DynamoDB_20120810.DescribeTable",
 *                                      .body = { (const unsigned char *)body.ptr, body.len } };
 *         ddbs_status status = ddbs_aws_call(aws, ctx, &request, &reply);
 *         ddbs_aws_reply_free(&reply);
 *         return status;
 *     }
 *
 * @param ctx    for the deadline, and gets the failure as ddbs_fail() does; NULL: neither
 * @param reply  filled whatever the status is, but with DDBS_E_USAGE
 * @return DDBS_OK for 2xx; DDBS_E_TIME where the time ran out; DDBS_E_USAGE for a request that is none, or no
 *         credentials; DDBS_E_LIMIT for a response over DDBS_AWS_REPLY_MAX; DDBS_E_MEMORY; DDBS_E_HANDLER for every
 *         other failure: `reply->fault` says which
 */
DDBS_API ddbs_status ddbs_aws_call(ddbs_aws *aws, ddbs_ctx *ctx, const ddbs_aws_request *request,
                                   ddbs_aws_reply *reply) DDBS_MUST_CHECK;

/** Give back the memory of a reply and empty it. */
DDBS_API void ddbs_aws_reply_free(ddbs_aws_reply *reply);

/* ---- Writers ----------------------------------------------------------------------------------------------------- */

/* A writer collects entries in the callbacks of records, and stores them in as few requests as the service's limits
 * allow. An entry is copied and belongs to the record in whose callback it was put. It is stored when the service has
 * said so for this very entry; a 200 says nothing yet. What failed for a passing reason is sent again, in order, the
 * rest is not. A request that is refused as a whole is halved until the entry at fault is found.
 *
 * Full requests of records that are done are sent while the batch runs; on_batch_end must flush the rest. A batch whose
 * on_batch_end returns DDBS_OK while an entry is not stored fails: a flush that was forgotten loses nothing. What
 * record k put before it failed, and what a delivery left behind that came to no end, is never sent.
 *
 * Requests of one flush run in parallel, but two with entries of the same order key (what that is, each service says)
 * never do. After a failure for good no entry of a later record is sent any more. A write whose response was lost may
 * be done twice, and so may everything after a crash. */
typedef struct ddbs_writer ddbs_writer;

/* How a writer works. Zero is the default of each. */
typedef struct ddbs_writer_tuning {
    uint32_t attempts;      /* in all, for an entry; 0: the client's */
    uint32_t parallel;      /* requests at once, up to 16; 0: 4 */
    size_t request_entries; /* most entries of a request; 0, or more than the service takes: what it takes */
    size_t request_bytes;   /* most bytes of a request; 0: what the service takes. Larger only where it says so */
    bool strict_order;      /* no two entries of one order key in one request, so that a partial failure cannot change
                               their order: more requests, one after the other */
} ddbs_writer_tuning;

/* What a writer did since it was made. */
typedef struct ddbs_writer_counts {
    uint64_t entries;  /* put */
    uint64_t stored;   /* once for each entry */
    uint64_t requests; /* sent, repeated ones included */
    uint64_t retries;  /* entries that were sent again */
} ddbs_writer_counts;

/**
 * Store everything, wait for it, and commit (ddbs_ctx_commit) up to the first record with an entry that is not stored:
 * in this writer or in any other that has entries of this batch. So several writers are flushed one after the other, in
 * any order, and the last flush commits what all of them have; flush the others also where one fails, and return that
 * one's status. The writer is empty afterwards.
 *
 * In the callback of a record it stores what this record and those before it put, for what must be out before the
 * callback goes on; the record itself is not committed by that, and on_batch_end has to flush all the same. So does
 * on_window with what it put itself. With on_batch, what on_poison put is stored by the flush in on_batch, which is not
 * called where no record decodes: then on_poison has to flush, or the batch fails.
 * @return DDBS_OK: all is stored; DDBS_E_TIME: the time ran out; DDBS_E_HANDLER: entries were refused, or not taken
 *         after all attempts; DDBS_E_MEMORY; DDBS_E_USAGE: no credentials. ddbs_ctx_error() tells how many entries, of
 *         which record on, and the service's code
 */
DDBS_API ddbs_status ddbs_writer_flush(ddbs_writer *writer, ddbs_ctx *ctx) DDBS_MUST_CHECK;

/** Drop all entries: for on_batch_begin. Where it is not called, the first put of a new delivery does the same. In the
 *  middle of a batch it makes no record done: what was dropped is not stored, and the batch fails there. */
DDBS_API void ddbs_writer_reset(ddbs_writer *writer);

/** In on_batch, before the puts of `records[place]`: whose entries they are. In the callback of a record that is known.
 *  What is put without it elsewhere, in on_batch_end for instance, belongs to the first record: if it is not stored,
 *  nothing of the batch is done. At a place that the batch does not have, a put is DDBS_E_USAGE. */
DDBS_API void ddbs_writer_at(ddbs_writer *writer, ddbs_ctx *ctx, size_t place);

DDBS_API ddbs_writer_counts ddbs_writer_count(const ddbs_writer *writer);

/** Free a writer and its entries. Does nothing for NULL. */
DDBS_API void ddbs_writer_free(ddbs_writer *writer);

/* For every service: ddbs_<service>_new makes a writer, to be freed with ddbs_writer_free(). Options are copied. It
 * returns DDBS_OK, DDBS_E_USAGE for options that do not go together (the reason says which), DDBS_E_MEMORY.
 * ddbs_<service>_put and _delete return
 *   DDBS_OK         it is queued
 *   DDBS_E_LIMIT    the entry alone is larger than the service allows
 *   DDBS_E_SYNTAX   text or a name that the service does not take
 *   DDBS_E_MISSING  a part that the service needs is absent
 *   DDBS_E_USAGE    outside a batch; no on_batch_end or on_batch that could flush; in one of several lanes; another
 *                   service's writer; at a place (ddbs_writer_at) that the batch does not have
 *   DDBS_E_HANDLER  an entry of an earlier record was refused for good: the batch must stop here
 *   DDBS_E_MEMORY
 * and leave the reason in ddbs_ctx_error(). */

/* Firehose PutRecordBatch (500 records, 4 MB), AWS_ENDPOINT_URL_FIREHOSE. No order. */
typedef struct ddbs_firehose_options {
    ddbs_aws *aws;
    const char *stream; /* DeliveryStreamName */
    bool newline;       /* put a '\n' behind each record: Firehose itself puts nothing between them */
    ddbs_writer_tuning tuning;
} ddbs_firehose_options;
DDBS_API ddbs_status ddbs_firehose_new(ddbs_writer **out, const ddbs_firehose_options *options,
                                       ddbs_error *error) DDBS_MUST_CHECK;
DDBS_API ddbs_status ddbs_firehose_put(ddbs_writer *writer, ddbs_ctx *ctx, ddbs_bytes data) DDBS_MUST_CHECK;

/* Kinesis PutRecords (500 records, 5 MiB; request_bytes may be up to 10 MiB), AWS_ENDPOINT_URL_KINESIS. The order key
 * is the partition key; within a request Kinesis promises no order. */
typedef struct ddbs_kinesis_options {
    ddbs_aws *aws;
    const char *stream; /* a name, or an ARN */
    ddbs_writer_tuning tuning;
} ddbs_kinesis_options;
DDBS_API ddbs_status ddbs_kinesis_new(ddbs_writer **out, const ddbs_kinesis_options *options,
                                      ddbs_error *error) DDBS_MUST_CHECK;
/** @param partition_key  1 to 256 characters */
DDBS_API ddbs_status ddbs_kinesis_put(ddbs_writer *writer, ddbs_ctx *ctx, ddbs_str partition_key,
                                      ddbs_bytes data) DDBS_MUST_CHECK;

/* An attribute of a message: a String. */
typedef struct ddbs_message_attribute {
    const char *name;
    ddbs_str value;
} ddbs_message_attribute;

/* What SQS and SNS take. {NULL, 0} and NULL leave a member out. */
typedef struct ddbs_message {
    ddbs_str body;             /* not empty; XML 1.0 characters only */
    ddbs_str subject;          /* SNS, up to 100 characters */
    ddbs_str group_id;         /* needed by FIFO queues and topics; the order key */
    ddbs_str deduplication_id; /* FIFO: the record's event_id fits */
    uint32_t delay_s;          /* SQS, up to 900; 0: the queue's */
    const ddbs_message_attribute *attributes;
    size_t attribute_count; /* up to 10 */
} ddbs_message;

/* SQS SendMessageBatch (10 messages, 1 MiB), AWS_ENDPOINT_URL_SQS. */
typedef struct ddbs_sqs_options {
    ddbs_aws *aws;
    const char *queue_url; /* "https://sqs.eu-west-1.amazonaws.com/111122223333/orders" */
    ddbs_writer_tuning tuning;
} ddbs_sqs_options;
DDBS_API ddbs_status ddbs_sqs_new(ddbs_writer **out, const ddbs_sqs_options *options,
                                  ddbs_error *error) DDBS_MUST_CHECK;
DDBS_API ddbs_status ddbs_sqs_put(ddbs_writer *writer, ddbs_ctx *ctx, const ddbs_message *message) DDBS_MUST_CHECK;

/* SNS PublishBatch (10 messages, 256 KiB), AWS_ENDPOINT_URL_SNS. */
typedef struct ddbs_sns_options {
    ddbs_aws *aws;
    const char *topic_arn;
    ddbs_writer_tuning tuning;
} ddbs_sns_options;
DDBS_API ddbs_status ddbs_sns_new(ddbs_writer **out, const ddbs_sns_options *options,
                                  ddbs_error *error) DDBS_MUST_CHECK;
DDBS_API ddbs_status ddbs_sns_put(ddbs_writer *writer, ddbs_ctx *ctx, const ddbs_message *message) DDBS_MUST_CHECK;

/* EventBridge PutEvents (10 events, 256 KiB), AWS_ENDPOINT_URL_EVENTBRIDGE. No order. */
typedef struct ddbs_eventbridge_options {
    ddbs_aws *aws;
    const char *bus;    /* a name or an ARN; NULL: "default" */
    const char *source; /* "shop.orders" */
    ddbs_writer_tuning tuning;
} ddbs_eventbridge_options;
DDBS_API ddbs_status ddbs_eventbridge_new(ddbs_writer **out, const ddbs_eventbridge_options *options,
                                          ddbs_error *error) DDBS_MUST_CHECK;
/** @param detail_type  "OrderPlaced"
 *  @param detail       the text of a JSON object; not checked here */
DDBS_API ddbs_status ddbs_eventbridge_put(ddbs_writer *writer, ddbs_ctx *ctx, ddbs_str detail_type,
                                          ddbs_str detail) DDBS_MUST_CHECK;

/* DynamoDB BatchWriteItem (25 writes, 16 MB), AWS_ENDPOINT_URL_DYNAMODB. It has no conditions, so it is for tables that
 * nobody else writes. Of several writes of one key that wait together only the last is sent; the others count as stored
 * with it. The order key is the item's key. */
typedef struct ddbs_dynamodb_options {
    ddbs_aws *aws;
    const char *table;         /* a name or an ARN */
    const char *partition_key; /* name of the attribute */
    const char *sort_key;      /* NULL: the table has none */
    ddbs_writer_tuning tuning;
} ddbs_dynamodb_options;
DDBS_API ddbs_status ddbs_dynamodb_new(ddbs_writer **out, const ddbs_dynamodb_options *options,
                                       ddbs_error *error) DDBS_MUST_CHECK;
/* The whole item; of `item` only the key is used to delete. */
DDBS_API ddbs_status ddbs_dynamodb_put(ddbs_writer *writer, ddbs_ctx *ctx, const ddbs_item *item) DDBS_MUST_CHECK;
DDBS_API ddbs_status ddbs_dynamodb_delete(ddbs_writer *writer, ddbs_ctx *ctx, const ddbs_item *item) DDBS_MUST_CHECK;

/* DynamoDB TransactWriteItems, AWS_ENDPOINT_URL_DYNAMODB: the actions of one record are one transaction (100 actions,
 * 4 MB), and transactions are written one after the other, in the order of the records. Its token is made of the
 * record's sequence number (in the final call of a window that has no records, of the window and its state) and the
 * actions: repeated within 10 minutes, it is applied once. */
typedef struct ddbs_transact_options {
    ddbs_aws *aws;
    bool condition_is_done;    /* a transaction that only failed conditions is stored: it was applied before */
    ddbs_writer_tuning tuning; /* `attempts` and `request_bytes` count: requests are whole transactions, in order */
} ddbs_transact_options;
DDBS_API ddbs_status ddbs_transact_new(ddbs_writer **out, const ddbs_transact_options *options,
                                       ddbs_error *error) DDBS_MUST_CHECK;
/** @param action  JSON as in TransactItems: {"Put":{"TableName":"Orders","Item":{"id":{"S":"o-1"}}}}; not checked */
DDBS_API ddbs_status ddbs_transact_put(ddbs_writer *writer, ddbs_ctx *ctx, ddbs_str action) DDBS_MUST_CHECK;

/* S3 PutObject, AWS_ENDPOINT_URL_S3, one request an object, with its SHA-256 as x-amz-checksum-sha256, which S3 checks
 * and keeps, and without which a bucket with Object Lock takes nothing. The order key is the object's key. */
typedef struct ddbs_s3_options {
    ddbs_aws *aws;
    const char *bucket;
    const char *type;          /* Content-Type; NULL: application/octet-stream */
    const char *storage_class; /* "STANDARD_IA"; NULL: the bucket's */
    bool gzip;                 /* compress, and say so in Content-Encoding */
    ddbs_writer_tuning tuning;
} ddbs_s3_options;
DDBS_API ddbs_status ddbs_s3_new(ddbs_writer **out, const ddbs_s3_options *options, ddbs_error *error) DDBS_MUST_CHECK;
/** @param key   1 to 1,024 of A-Z a-z 0-9 / - . _ ~; other characters are DDBS_E_SYNTAX, because libcurl does not sign
 *               them rightly. A key made of the event id makes a repeated delivery write the same object
 *  @param data  up to 64 MiB */
DDBS_API ddbs_status ddbs_s3_put(ddbs_writer *writer, ddbs_ctx *ctx, ddbs_str key, ddbs_bytes data) DDBS_MUST_CHECK;

/* CloudWatch PutMetricData (1,000 values, 1 MB), AWS_ENDPOINT_URL_CLOUDWATCH. No order. From Lambda a metric in the log
 * costs no call: see metrics.h. */
typedef struct ddbs_cloudwatch_options {
    ddbs_aws *aws;
    const char *name_space;
    ddbs_writer_tuning tuning;
} ddbs_cloudwatch_options;
typedef struct ddbs_datum {
    const char *name;
    const char *unit; /* "Count"; NULL: none */
    double value;     /* finite, within 2^360 */
    int64_t time_ms;  /* since 1970; 0: when it arrives */
    const ddbs_message_attribute *dimensions;
    size_t dimension_count; /* up to 30 */
} ddbs_datum;
DDBS_API ddbs_status ddbs_cloudwatch_new(ddbs_writer **out, const ddbs_cloudwatch_options *options,
                                         ddbs_error *error) DDBS_MUST_CHECK;
DDBS_API ddbs_status ddbs_cloudwatch_put(ddbs_writer *writer, ddbs_ctx *ctx, const ddbs_datum *datum) DDBS_MUST_CHECK;

/* SES v2 SendEmail, AWS_ENDPOINT_URL_SESV2, one request a mail. No order. A mail whose response was lost may be sent
 * twice, and so may the mails of a batch that comes again; where one must not, send it with ddbs_ses_send inside of
 * ddbs_once (idempotency.h). */
typedef struct ddbs_ses_options {
    ddbs_aws *aws;
    const char *from;              /* a verified address */
    const char *configuration_set; /* NULL: none */
    ddbs_writer_tuning tuning;
} ddbs_ses_options;
typedef struct ddbs_mail {
    ddbs_str to; /* one address */
    ddbs_str subject;
    ddbs_str text, html; /* at least one of them */
} ddbs_mail;
DDBS_API ddbs_status ddbs_ses_new(ddbs_writer **out, const ddbs_ses_options *options,
                                  ddbs_error *error) DDBS_MUST_CHECK;
DDBS_API ddbs_status ddbs_ses_put(ddbs_writer *writer, ddbs_ctx *ctx, const ddbs_mail *mail) DDBS_MUST_CHECK;

/**
 * Send one mail at once, without a writer.
 * @param options  of which `aws`, `from` and `configuration_set` count
 * @return DDBS_OK: SES has it; DDBS_E_MISSING, DDBS_E_SYNTAX as ddbs_ses_put; DDBS_E_USAGE without `aws` or `from`; and
 *         those of ddbs_aws_call
 */
DDBS_API ddbs_status ddbs_ses_send(const ddbs_ses_options *options, ddbs_ctx *ctx,
                                   const ddbs_mail *mail) DDBS_MUST_CHECK;

/* OpenSearch _bulk (5 MB; request_bytes may be up to 100 MiB, as the domain's instances take it). Of several writes of
 * one document that wait together only the last is sent, and those of a higher version that came before it. The order
 * key is the document's id. With a version, an older or repeated change is done without effect: its 409 counts as
 * stored, and so does the 404 of a deletion. */
typedef struct ddbs_opensearch_options {
    ddbs_aws *aws;
    const char *endpoint; /* of the domain; NULL: AWS_ENDPOINT_URL_OPENSEARCH or AWS_ENDPOINT_URL */
    const char *index;
    bool serverless; /* a collection ("aoss") and no domain ("es") */
    bool or_equal;   /* a write of the version that is there replaces it ("external_gte"); needed where different
                        changes can have the same one */
    ddbs_writer_tuning tuning;
} ddbs_opensearch_options;
DDBS_API ddbs_status ddbs_opensearch_new(ddbs_writer **out, const ddbs_opensearch_options *options,
                                         ddbs_error *error) DDBS_MUST_CHECK;
/* @param id        1 to 512 bytes
 * @param document  the text of a JSON object; line ends in it become blanks
 * @param version   an external version of 1 to 2^63 - 1; 0: none, and the last write that arrives wins */
DDBS_API ddbs_status ddbs_opensearch_put(ddbs_writer *writer, ddbs_ctx *ctx, ddbs_str id, ddbs_str document,
                                         uint64_t version) DDBS_MUST_CHECK;
DDBS_API ddbs_status ddbs_opensearch_delete(ddbs_writer *writer, ddbs_ctx *ctx, ddbs_str id,
                                            uint64_t version) DDBS_MUST_CHECK;

/**
 * An external version for a change of a table's stream: a larger sequence number never has a smaller one. Sequence
 * numbers have up to 40 digits and versions 63 bits, so two can share a version: only together with `or_equal`, or a
 * newer change could count as an old one. Those that were seen are a number and another one of 20 digits behind it; up
 * to 2^28 - 1 and 2^35 - 2 they have versions of their own. Those of a Kinesis stream are longer and share one.
 * @param sequence_number  of the record: digits
 * @return 1 to 2^63 - 1
 */
DDBS_API uint64_t ddbs_opensearch_version(ddbs_str sequence_number);

#ifdef __cplusplus
}
#endif
#endif
