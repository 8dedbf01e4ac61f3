/* ddbstream/dynamodb.h: writes to DynamoDB tables under conditions, done at once.
 *
 *     static ddbs_aws *aws;
 *
 *     static ddbs_status take_from_stock(ddbs_ctx *ctx, ddbs_str sku, int64_t pieces)
 *     {
 *         ddbs_written written;
 *         ddbs_write take = {
 *             .kind = DDBS_WRITE_UPDATE,
 *             .table = "Stock",
 *             .attributes = DDBS_PAIRS(DDBS_PAIR("sku", sku)),
 *             .update = "SET pieces = pieces - :n",
 *             .condition = "pieces >= :n",
 *             .values = DDBS_PAIRS(DDBS_PAIR(":n", pieces)),
 *         };
 *         DDBS_TRY(ddbs_dynamodb_write(aws, ctx, &take, &written));
 *         return written.held ? DDBS_OK : ddbs_fail(ctx, DDBS_E_HANDLER, "not enough in stock");
 *     }
 *
 * A record may be delivered again, and a write whose response was lost is sent again: make the condition tell whether
 * it was applied before. For tables that nobody else writes the batch writer of aws.h needs fewer requests. */
#ifndef DDBSTREAM_DYNAMODB_H
#define DDBSTREAM_DYNAMODB_H
#include <ddbstream/aws.h>
#include <ddbstream/log.h>
#ifdef __cplusplus
extern "C" {
#endif

/* Names with scalars: DDBS_PAIR() of log.h. As attribute values a ddbs_str is an S, numbers and integers are an N, a
 * bool is a BOOL, and {NULL, 0} is NULL; a double has no exact number and is refused. */
typedef struct ddbs_pairs {
    const ddbs_pair *ptr;
    size_t count;
} ddbs_pairs;

#ifndef __cplusplus
/** Pairs, at least one. They live as long as the block that they stand in. */
#define DDBS_PAIRS(...)                                                                                                \
    {                                                                                                                  \
        (const ddbs_pair[]){ __VA_ARGS__ }, sizeof((const ddbs_pair[]){ __VA_ARGS__ }) / sizeof(ddbs_pair)             \
    }
#endif

typedef enum ddbs_write_kind {
    DDBS_WRITE_PUT,    /* PutItem */
    DDBS_WRITE_UPDATE, /* UpdateItem */
    DDBS_WRITE_DELETE, /* DeleteItem */
    DDBS_WRITE_CHECK   /* ConditionCheck: in transactions only, writes nothing */
} ddbs_write_kind;

/* One write. Zero is the default of each member but `table`. Expressions are those of DynamoDB (developer guide,
 * Expressions); nothing in them is checked here. */
typedef struct ddbs_write {
    ddbs_write_kind kind;
    const char *table; /* a name or an ARN */

    /* The whole item of a put, else the key: what `item` has, and `attributes`. Both may not name the same one. */
    const ddbs_item *item;
    ddbs_pairs attributes;

    const char *update;    /* UpdateExpression */
    const char *condition; /* ConditionExpression; NULL: none */
    ddbs_pairs names;      /* ExpressionAttributeNames: DDBS_PAIR("#state", "state") */
    ddbs_pairs values;     /* ExpressionAttributeValues: DDBS_PAIR(":n", pieces) */
    ddbs_pairs sets;       /* more of them: sets of this one element, an SS or NS, for ADD and DELETE */
    const char *returns;   /* ReturnValues: "ALL_NEW", "UPDATED_OLD", ...; NULL: none. Not in transactions */
} ddbs_write;

/* What became of a write or a transaction. */
typedef struct ddbs_written {
    bool held;     /* false: a condition did not hold, and nothing was written */
    size_t failed; /* the first write of a transaction whose condition did not hold; 0 where all did */

    /* What `returns` asked for; where the condition did not hold, the item as it is. NULL: there is none. Lives until
     * the batch is answered. */
    const ddbs_item *item;
} ddbs_written;

/**
 * Write, and wait until it is done. AWS_ENDPOINT_URL_DYNAMODB; retries as ddbs_aws_call().
 * @param ctx  a batch's: of a callback for a record, on_batch, on_batch_begin or on_batch_end
 * @return DDBS_OK also where the condition did not hold: `written->held` tells
 *         DDBS_E_USAGE   outside a batch; no table; DDBS_WRITE_CHECK; no credentials
 *         DDBS_E_TYPE    a double among the pairs
 *         DDBS_E_MEMORY, DDBS_E_TIME
 *         DDBS_E_HANDLER every other failure
 *         ddbs_ctx_error() then says why
 */
DDBS_API ddbs_status ddbs_dynamodb_write(ddbs_aws *aws, ddbs_ctx *ctx, const ddbs_write *write,
                                         ddbs_written *written) DDBS_MUST_CHECK;

/**
 * All of the writes or none of them (TransactWriteItems), and wait for it. A lost response is no matter: the
 * transaction has a token of its own, and what is sent again is not applied again.
 * @param count  1 to 100
 * @return as ddbs_dynamodb_write(); DDBS_E_HANDLER also where another transaction was in the way
 */
DDBS_API ddbs_status ddbs_dynamodb_transact(ddbs_aws *aws, ddbs_ctx *ctx, const ddbs_write *writes, size_t count,
                                            ddbs_written *written) DDBS_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
