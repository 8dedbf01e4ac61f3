/* ddbstream/idempotency.h: effects that happen once, although a record may be delivered again.
 *
 * A claim is an item of a DynamoDB table, in the layout of Powertools for AWS Lambda (its idempotency utility), so that
 * functions in other languages can share the table: partition key `id` (S), time-to-live on `expiration`. One more
 * attribute, `owner`, tells whose claim it is.
 *
 *     static ddbs_aws *aws;
 *     static ddbs_idempotency *once;
 *
 *     ddbs_record_fn send_mail;
 *
 *     static ddbs_status start(ddbs_ctx *ctx)
 *     {
 *         DDBS_TRY(ddbs_aws_new(&aws, NULL, ddbs_ctx_error(ctx)));
 *         ddbs_idempotency_options options = { .aws = aws, .table = "idempotency", .handler = "welcome" };
 *         return ddbs_idempotency_new(&once, &options, ddbs_ctx_error(ctx));
 *     }
 *
 *     static ddbs_status welcome(ddbs_ctx *ctx, const ddbs_record *rec)
 *     {
 *         return ddbs_once(once, ctx, rec, send_mail);
 *     }
 *
 * What it cannot do: a crash between the effect and the mark that it is done lets the effect happen again once the
 * claim has expired. */
#ifndef DDBSTREAM_IDEMPOTENCY_H
#define DDBSTREAM_IDEMPOTENCY_H
#include <ddbstream/aws.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef struct ddbs_idempotency ddbs_idempotency; /* a table of claims */

/* Settings. Zero is the default of each but `aws` and `table`. */
typedef struct ddbs_idempotency_options {
    ddbs_aws *aws;
    const char *table;    /* a name or an ARN */
    const char *function; /* begin of the ids; NULL: AWS_LAMBDA_FUNCTION_NAME, else "function" */
    const char *handler;  /* second part of the ids, so that two handlers can claim one record; NULL: "handler" */

    /* What makes two records the same, as a path into the record's JSON as it is delivered: names separated by dots,
     * elements as [0]. "dynamodb.Keys" or "dynamodb.NewImage.orderId.S". NULL: "eventID", which stays the same for all
     * deliveries of one change; but not for duplicates of the Kinesis feed, which needs a path. */
    const char *path;

    const char *partition_key; /* its attribute; NULL: "id" */
    const char *sort_key;      /* NULL: none; else the id goes there, and "idempotency#<function>" into the other */
    uint32_t expires_s;        /* how long a claim that is done is remembered; 0: 3,600 */

    /* How long a claim lasts whose function was lost, where no deadline is known; 0: 900,000, the longest time limit.
     * Else until that deadline. */
    uint32_t lease_ms;
} ddbs_idempotency_options;

/**
 * Make one. The caller frees it with ddbs_idempotency_free(), before the client.
 * @return DDBS_OK; DDBS_E_USAGE for no client, no table or a path that is none; DDBS_E_MEMORY
 */
DDBS_API ddbs_status ddbs_idempotency_new(ddbs_idempotency **out, const ddbs_idempotency_options *options,
                                          ddbs_error *error) DDBS_MUST_CHECK;
DDBS_API void ddbs_idempotency_free(ddbs_idempotency *idempotency);

/**
 * Run `effect` for a record that was not done before: claim it, run, and mark it done; or, where it failed, drop the
 * claim so that the next delivery can try.
 * @return the effect's status: DDBS_OK, or DDBS_SKIP, which is marked done, too
 *         DDBS_SKIP       it was done before
 *         DDBS_E_HANDLER  somebody is at it, or was and has not come back: deliver it again, the claim expires
 *         DDBS_E_USAGE    the effect put an entry into a batch writer: it would be marked done before it is stored, so
 *                         the claim was dropped. Claim what is done at once, in the callback
 *         and those of ddbs_claim_begin. Where the mark cannot be written the record fails, although it is done
 */
DDBS_API ddbs_status ddbs_once(ddbs_idempotency *idempotency, ddbs_ctx *ctx, const ddbs_record *rec,
                               ddbs_record_fn *effect) DDBS_MUST_CHECK;

/* ---- Step by step, for effects that are no function of a record -------------------------------------------------- */

/** Bytes of an id, its NUL included. */
#define DDBS_CLAIM_ID_MAX 256

typedef enum ddbs_claim_state {
    DDBS_CLAIM_MINE,       /* do it, then ddbs_claim_done or ddbs_claim_drop */
    DDBS_CLAIM_DONE,       /* it was done before */
    DDBS_CLAIM_IN_PROGRESS /* somebody is at it, or was and has not come back */
} ddbs_claim_state;

typedef struct ddbs_claim {
    ddbs_claim_state state;
    char id[DDBS_CLAIM_ID_MAX]; /* "orders.handler#<md5 of the key's JSON>" */
    char owner[24];             /* who claimed it: what somebody has taken over is not ours any more */
} ddbs_claim;

/**
 * Claim a record, in one conditional write.
 * @return DDBS_OK, and `claim->state` tells; DDBS_E_MISSING: nothing is at the path; DDBS_E_INEXACT: the key holds
 *         U+0000 or a number that is no integer, which cannot be told apart safely; DDBS_E_LIMIT for an id that is too
 *         long; and those of ddbs_aws_call
 */
DDBS_API ddbs_status ddbs_claim_begin(ddbs_idempotency *idempotency, ddbs_ctx *ctx, const ddbs_record *rec,
                                      ddbs_claim *claim) DDBS_MUST_CHECK;

/* Mark a claim of ours as done, or drop it. Only where it is still ours: else DDBS_E_HANDLER. Status as
 * ddbs_aws_call. */
DDBS_API ddbs_status ddbs_claim_done(ddbs_idempotency *idempotency, ddbs_ctx *ctx,
                                     const ddbs_claim *claim) DDBS_MUST_CHECK;
DDBS_API ddbs_status ddbs_claim_drop(ddbs_idempotency *idempotency, ddbs_ctx *ctx,
                                     const ddbs_claim *claim) DDBS_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
