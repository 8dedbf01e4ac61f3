/* idempotency.c: claims on a table. Layout and conditions are those of Powertools for AWS Lambda
 * (persistence/dynamodb.py, datarecord.py), with one more where it writes by id alone: a claim is marked or dropped only
 * while it is the same one, so that a function that was too slow does not end the claim of the one that took over. */
#include "lib/buf.h"
#include "lib/error.h"
#include "runtime/aws/claim_key.h"
#include "runtime/aws/writer.h"
#include <ddbstream/idempotency.h>

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXPIRES_S = 3600, LEASE_MS = 900000, SPREAD_MS = 1000 };
enum { TABLE, FUNCTION, HANDLER, PATH, PARTITION, SORT, TEXTS };

struct ddbs_idempotency {
    ddbs_aws *aws;
    char *texts[TEXTS];
    uint32_t expires_s, lease_ms;
};

/* ---- Life ---- */

static const char *or_else(const char *text, const char *other)
{
    return text != NULL && text[0] != '\0' ? text : other;
}

static bool copy_texts(ddbs_idempotency *idempotency, const ddbs_idempotency_options *options)
{
    const char *function = or_else(getenv("AWS_LAMBDA_FUNCTION_NAME"), "function");
    const char *texts[TEXTS] = { options->table,
                                 or_else(options->function, function),
                                 or_else(options->handler, "handler"),
                                 or_else(options->path, "eventID"),
                                 or_else(options->partition_key, "id"),
                                 options->sort_key };
    for (size_t i = 0; i < TEXTS; i++) {
        idempotency->texts[i] = texts[i] == NULL ? NULL : strdup(texts[i]);
        if (texts[i] != NULL && idempotency->texts[i] == NULL)
            return false;
    }
    return true;
}

ddbs_status ddbs_idempotency_new(ddbs_idempotency **out, const ddbs_idempotency_options *options, ddbs_error *error)
{
    ddbs_error_clear(error);
    if (options->aws == NULL || options->table == NULL || options->table[0] == '\0')
        return ddbs_error__set(error, DDBS_E_USAGE, DDBS_NOWHERE, DDBS_NOWHERE, "claims need `aws` and `table`");
    if (options->path != NULL && options->path[0] != '\0' && !ddbs_claim_key__is_path(options->path))
        return ddbs_error__set(error, DDBS_E_USAGE, DDBS_NOWHERE, DDBS_NOWHERE,
                               "\"%.64s\" is no path: names separated by dots, elements as [0]", options->path);
    ddbs_idempotency *idempotency = calloc(1, sizeof *idempotency);
    if (idempotency == NULL || !copy_texts(idempotency, options)) {
        ddbs_idempotency_free(idempotency);
        return ddbs_error__set(error, DDBS_E_MEMORY, DDBS_NOWHERE, DDBS_NOWHERE, "no memory for a table of claims");
    }
    idempotency->aws = options->aws;
    idempotency->expires_s = options->expires_s == 0 ? EXPIRES_S : options->expires_s;
    idempotency->lease_ms = options->lease_ms == 0 ? LEASE_MS : options->lease_ms;
    *out = idempotency;
    return DDBS_OK;
}

void ddbs_idempotency_free(ddbs_idempotency *idempotency)
{
    for (size_t i = 0; idempotency != NULL && i < TEXTS; i++)
        free(idempotency->texts[i]);
    free(idempotency);
}

/* ---- Requests ---- */

/* `{"id":{"S":"..."}}`, with more members where it is left open. */
static void write_key(ddbs_buf *out, const ddbs_idempotency *idempotency, const char *id)
{
    ddbs_buf shared = { .ptr = NULL };
    ddbs_buf__format(&shared, "idempotency#%s", idempotency->texts[FUNCTION]);
    const char *partition = idempotency->texts[SORT] == NULL ? id : shared.ptr == NULL ? "" : shared.ptr;
    ddbs_buf__text(out, "{");
    ddbs_buf__json(out, idempotency->texts[PARTITION], strlen(idempotency->texts[PARTITION]));
    ddbs_buf__text(out, ":{\"S\":");
    ddbs_buf__json(out, partition, strlen(partition));
    ddbs_buf__text(out, "}");
    if (idempotency->texts[SORT] != NULL) {
        ddbs_buf__text(out, ",");
        ddbs_buf__json(out, idempotency->texts[SORT], strlen(idempotency->texts[SORT]));
        ddbs_buf__text(out, ":{\"S\":");
        ddbs_buf__json(out, id, strlen(id));
        ddbs_buf__text(out, "}");
    }
    out->failed = out->failed || shared.failed;
    ddbs_buf_free(&shared);
}

static void write_table(ddbs_buf *out, const ddbs_idempotency *idempotency, const char *member)
{
    ddbs_buf__text(out, "{\"TableName\":");
    ddbs_buf__json(out, idempotency->texts[TABLE], strlen(idempotency->texts[TABLE]));
    ddbs_buf__format(out, ",\"%s\":", member);
}

static void write_claim(ddbs_buf *out, const ddbs_idempotency *idempotency, const ddbs_claim *claim, int64_t now_ms)
{
    write_table(out, idempotency, "Item");
    write_key(out, idempotency, claim->id);
    ddbs_buf__format(out,
                     ",\"status\":{\"S\":\"INPROGRESS\"},\"expiration\":{\"N\":\"%lld\"},"
                     "\"in_progress_expiration\":{\"N\":\"%lld\"}}",
                     (long long)(now_ms / 1000 + idempotency->expires_s), (long long)claim->in_progress_ms);
    ddbs_buf__text(out, ",\"ConditionExpression\":\"attribute_not_exists(#id) OR #expiry < :now OR "
                        "(#status = :inprogress AND attribute_exists(#in_progress_expiry) AND "
                        "#in_progress_expiry < :now_in_millis)\",\"ExpressionAttributeNames\":{\"#id\":");
    ddbs_buf__json(out, idempotency->texts[PARTITION], strlen(idempotency->texts[PARTITION]));
    ddbs_buf__format(out,
                     ",\"#expiry\":\"expiration\",\"#status\":\"status\","
                     "\"#in_progress_expiry\":\"in_progress_expiration\"},"
                     "\"ExpressionAttributeValues\":{\":now\":{\"N\":\"%lld\"},\":now_in_millis\":{\"N\":\"%lld\"},"
                     "\":inprogress\":{\"S\":\"INPROGRESS\"}},\"ReturnValuesOnConditionCheckFailure\":\"ALL_OLD\"}",
                     (long long)(now_ms / 1000), (long long)now_ms);
}

static const char ours[] = ",\"ConditionExpression\":\"#status = :inprogress AND #in_progress_expiry = :ours\"";

static void write_done(ddbs_buf *out, const ddbs_idempotency *idempotency, const ddbs_claim *claim, int64_t now_ms)
{
    write_table(out, idempotency, "Key");
    write_key(out, idempotency, claim->id);
    ddbs_buf__format(out,
                     "},\"UpdateExpression\":\"SET #response_data = :response_data, #expiry = :expiry, "
                     "#status = :status\"%s,\"ExpressionAttributeNames\":{\"#response_data\":\"data\","
                     "\"#expiry\":\"expiration\",\"#status\":\"status\","
                     "\"#in_progress_expiry\":\"in_progress_expiration\"},"
                     "\"ExpressionAttributeValues\":{\":response_data\":{\"S\":\"null\"},"
                     "\":expiry\":{\"N\":\"%lld\"},\":status\":{\"S\":\"COMPLETED\"},"
                     "\":inprogress\":{\"S\":\"INPROGRESS\"},\":ours\":{\"N\":\"%lld\"}}}",
                     ours, (long long)(now_ms / 1000 + idempotency->expires_s), (long long)claim->in_progress_ms);
}

static void write_drop(ddbs_buf *out, const ddbs_idempotency *idempotency, const ddbs_claim *claim)
{
    write_table(out, idempotency, "Key");
    write_key(out, idempotency, claim->id);
    ddbs_buf__format(out,
                     "}%s,\"ExpressionAttributeNames\":{\"#status\":\"status\","
                     "\"#in_progress_expiry\":\"in_progress_expiration\"},"
                     "\"ExpressionAttributeValues\":{\":inprogress\":{\"S\":\"INPROGRESS\"},"
                     "\":ours\":{\"N\":\"%lld\"}}}",
                     ours, (long long)claim->in_progress_ms);
}

/* Call with `body`, which is freed. */
static ddbs_status call(ddbs_idempotency *idempotency, ddbs_ctx *ctx, const char *target, ddbs_buf *body,
                        ddbs_aws_reply *reply)
{
    ddbs_aws_request request = {
        .service = "dynamodb",
        .target = target,
        .body = { (const unsigned char *)body->ptr, body->len },
    };
    ddbs_status status = body->failed ? DDBS_E_MEMORY : ddbs_aws_call(idempotency->aws, ctx, &request, reply);
    ddbs_buf_free(body);
    return status;
}

/* ---- Claims ---- */

static ddbs_status write_id(const ddbs_idempotency *idempotency, ddbs_ctx *ctx, const ddbs_record *rec,
                            ddbs_claim *claim)
{
    char hash[DDBS_MD5_TEXT];
    ddbs_status status = ddbs_claim_key__hash(rec->raw, idempotency->texts[PATH], hash);
    if (status == DDBS_E_MISSING)
        return ddbs_fail(ctx, status, "the record has no \"%s\" to be claimed by", idempotency->texts[PATH]);
    if (status != DDBS_OK)
        return ddbs_fail(ctx, status, "\"%s\" of the record cannot be made a claim's id", idempotency->texts[PATH]);
    int len = snprintf(claim->id, sizeof claim->id, "%s.%s#%s", idempotency->texts[FUNCTION],
                       idempotency->texts[HANDLER], hash);
    return len > 0 && (size_t)len < sizeof claim->id ? DDBS_OK
                                                     : ddbs_fail(ctx, DDBS_E_LIMIT, "the id of a claim is too long");
}

/* What the item of the table says that kept us from claiming. Whatever is not surely done is in progress. */
static ddbs_claim_state state_of(const ddbs_aws_reply *reply)
{
    cJSON *tree = reply->body.len == 0 ? NULL : cJSON_ParseWithLength(reply->body.ptr, reply->body.len);
    const cJSON *status = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(tree, "Item"), "status");
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(status, "S"));
    ddbs_claim_state state = text != NULL && strcmp(text, "COMPLETED") == 0 ? DDBS_CLAIM_DONE : DDBS_CLAIM_IN_PROGRESS;
    cJSON_Delete(tree);
    return state;
}

/* Whether the item that kept us out is our own: a first try that arrived although its response was lost. */
static bool is_ours(const ddbs_aws_reply *reply, const ddbs_claim *claim)
{
    char want[32];
    cJSON *tree = reply->body.len == 0 ? NULL : cJSON_ParseWithLength(reply->body.ptr, reply->body.len);
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(tree, "Item");
    const char *got = cJSON_GetStringValue(
        cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(item, "in_progress_expiration"), "N"));
    snprintf(want, sizeof want, "%lld", (long long)claim->in_progress_ms);
    bool same = reply->tries > 1 && got != NULL && strcmp(got, want) == 0;
    cJSON_Delete(tree);
    return same;
}

/* In progress until the invocation's deadline: then the function is dead. The last digits are random, so that no two
 * claims are the same. */
static int64_t lease_end_ms(ddbs_idempotency *idempotency, const ddbs_ctx *ctx, int64_t now_ms)
{
    int64_t remaining_ms = ddbs_ctx_remaining_ms(ctx);
    if (remaining_ms == INT64_MAX || remaining_ms < 0)
        remaining_ms = remaining_ms < 0 ? 0 : (int64_t)idempotency->lease_ms;
    return now_ms + remaining_ms + (int64_t)ddbs_aws__random_below(idempotency->aws, SPREAD_MS);
}

ddbs_status ddbs_claim_begin(ddbs_idempotency *idempotency, ddbs_ctx *ctx, const ddbs_record *rec, ddbs_claim *claim)
{
    int64_t now_ms = idempotency->aws->clock.now_ms(idempotency->aws->clock.self);
    ddbs_buf body = { .ptr = NULL };
    ddbs_aws_reply reply = { .tries = 0 };
    ddbs_claim fresh = { .state = DDBS_CLAIM_MINE };
    DDBS_TRY(write_id(idempotency, ctx, rec, &fresh));
    fresh.in_progress_ms = lease_end_ms(idempotency, ctx, now_ms);
    write_claim(&body, idempotency, &fresh, now_ms);
    ddbs_status status = call(idempotency, ctx, "DynamoDB_20120810.PutItem", &body, &reply);
    if (reply.fault == DDBS_AWS_CONDITION && !is_ours(&reply, &fresh))
        fresh.state = state_of(&reply);
    if (reply.fault == DDBS_AWS_CONDITION)
        status = DDBS_OK;
    if (status == DDBS_OK)
        *claim = fresh;
    ddbs_aws_reply_free(&reply);
    return status;
}

ddbs_status ddbs_claim_done(ddbs_idempotency *idempotency, ddbs_ctx *ctx, const ddbs_claim *claim)
{
    ddbs_buf body = { .ptr = NULL };
    ddbs_aws_reply reply = { .tries = 0 };
    write_done(&body, idempotency, claim, idempotency->aws->clock.now_ms(idempotency->aws->clock.self));
    ddbs_status status = call(idempotency, ctx, "DynamoDB_20120810.UpdateItem", &body, &reply);
    if (reply.fault == DDBS_AWS_CONDITION && reply.tries > 1)
        status = DDBS_OK; /* the first try arrived */
    ddbs_aws_reply_free(&reply);
    return status;
}

ddbs_status ddbs_claim_drop(ddbs_idempotency *idempotency, ddbs_ctx *ctx, const ddbs_claim *claim)
{
    ddbs_buf body = { .ptr = NULL };
    ddbs_aws_reply reply = { .tries = 0 };
    write_drop(&body, idempotency, claim);
    ddbs_status status = call(idempotency, ctx, "DynamoDB_20120810.DeleteItem", &body, &reply);
    if (reply.fault == DDBS_AWS_CONDITION && reply.tries > 1)
        status = DDBS_OK;
    ddbs_aws_reply_free(&reply);
    return status;
}

/* Drop the claim of an effect that failed with `status`, and keep what it said. If the claim cannot be dropped, it
 * expires. */
static ddbs_status give_back(ddbs_idempotency *idempotency, ddbs_ctx *ctx, const ddbs_claim *claim, ddbs_status status)
{
    ddbs_error error = *ddbs_ctx_error(ctx);
    if (ddbs_claim_drop(idempotency, ctx, claim) != DDBS_OK) {
        /* the record comes again until it has expired */
    }
    *ddbs_ctx_error(ctx) = error;
    return status;
}

ddbs_status ddbs_once(ddbs_idempotency *idempotency, ddbs_ctx *ctx, const ddbs_record *rec, ddbs_record_fn *effect)
{
    ddbs_claim claim;
    DDBS_TRY(ddbs_claim_begin(idempotency, ctx, rec, &claim));
    if (claim.state == DDBS_CLAIM_DONE)
        return DDBS_SKIP;
    if (claim.state == DDBS_CLAIM_IN_PROGRESS)
        return ddbs_fail(ctx, DDBS_E_HANDLER, "the record is claimed and not done yet");
    size_t entries = ctx->entries;
    ddbs_status status = effect(ctx, rec);
    if (status != DDBS_OK && status != DDBS_SKIP)
        return give_back(idempotency, ctx, &claim, status);
    if (ctx->entries != entries) {
        status = ddbs_fail(ctx, DDBS_E_USAGE, "an effect that happens once cannot wait in a batch writer");
        return give_back(idempotency, ctx, &claim, status);
    }
    DDBS_TRY(ddbs_claim_done(idempotency, ctx, &claim));
    return status;
}
