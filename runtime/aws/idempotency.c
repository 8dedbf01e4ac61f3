/* idempotency.c: claims on a table. Layout and conditions are those of Powertools for AWS Lambda
 * (persistence/dynamodb.py, datarecord.py), with one more where it writes by id alone: a claim is marked or dropped
 * only while it is the same one, so that a function that was too slow does not end the claim of who took over. */
#include "lib/buf.h"
#include "lib/error.h"
#include "runtime/aws/claim_key.h"
#include "runtime/aws/writer.h"
#include <ddbstream/idempotency.h>

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXPIRES_S = 3600, LEASE_MS = 900000 };
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

static void write_claim(ddbs_buf *out, const ddbs_idempotency *idempotency, const ddbs_claim *claim, int64_t now_ms,
                        int64_t until_ms)
{
    write_table(out, idempotency, "Item");
    write_key(out, idempotency, claim->id);
    ddbs_buf__format(out,
                     ",\"status\":{\"S\":\"INPROGRESS\"},\"expiration\":{\"N\":\"%lld\"},"
                     "\"in_progress_expiration\":{\"N\":\"%lld\"},\"owner\":{\"S\":\"%s\"}}",
                     (long long)(now_ms / 1000 + idempotency->expires_s), (long long)until_ms, claim->owner);
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

/* The tail of a request about a claim of ours. */
static const char ours[] = ",\"ConditionExpression\":\"#status = :inprogress AND #owner = :owner\","
                           "\"ReturnValuesOnConditionCheckFailure\":\"ALL_OLD\","
                           "\"ExpressionAttributeNames\":{\"#status\":\"status\",\"#owner\":\"owner\"";

static void write_done(ddbs_buf *out, const ddbs_idempotency *idempotency, const ddbs_claim *claim, int64_t now_ms)
{
    write_table(out, idempotency, "Key");
    write_key(out, idempotency, claim->id);
    ddbs_buf__format(out,
                     "},\"UpdateExpression\":\"SET #response_data = :response_data, #expiry = :expiry, "
                     "#status = :status\"%s,\"#response_data\":\"data\",\"#expiry\":\"expiration\"},"
                     "\"ExpressionAttributeValues\":{\":response_data\":{\"S\":\"null\"},"
                     "\":expiry\":{\"N\":\"%lld\"},\":status\":{\"S\":\"COMPLETED\"},"
                     "\":inprogress\":{\"S\":\"INPROGRESS\"},\":owner\":{\"S\":\"%s\"}}}",
                     ours, (long long)(now_ms / 1000 + idempotency->expires_s), claim->owner);
}

static void write_drop(ddbs_buf *out, const ddbs_idempotency *idempotency, const ddbs_claim *claim)
{
    write_table(out, idempotency, "Key");
    write_key(out, idempotency, claim->id);
    ddbs_buf__format(out,
                     "}%s},\"ExpressionAttributeValues\":{\":inprogress\":{\"S\":\"INPROGRESS\"},"
                     "\":owner\":{\"S\":\"%s\"}}}",
                     ours, claim->owner);
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

/* A condition that failed as it may is no failure: what was said about it must not become the reason of another. */
static ddbs_status forgive(ddbs_ctx *ctx)
{
    ddbs_error_clear(ddbs_ctx_error(ctx));
    return DDBS_OK;
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

/* The item of the table that a condition failed at, as far as it matters. */
struct holder {
    bool any;     /* there is one */
    bool is_ours; /* this very claim, from a request whose response was lost */
    bool is_done;
};

static bool text_is(const cJSON *item, const char *name, const char *text)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(item, name);
    const char *got = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(value, "S"));
    return got != NULL && strcmp(got, text) == 0;
}

static struct holder read_holder(const ddbs_aws_reply *reply, const ddbs_claim *claim)
{
    cJSON *tree = reply->body.len == 0 ? NULL : cJSON_ParseWithLength(reply->body.ptr, reply->body.len);
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(tree, "Item");
    struct holder holder = {
        .any = item != NULL,
        .is_ours = text_is(item, "owner", claim->owner),
        .is_done = text_is(item, "status", "COMPLETED"),
    };
    cJSON_Delete(tree);
    return holder;
}

/* The same where the reply does not bring the item: old stand-ins do not know that DynamoDB can do that. */
static struct holder find_holder(ddbs_idempotency *idempotency, ddbs_ctx *ctx, const ddbs_aws_reply *reply,
                                 const ddbs_claim *claim)
{
    struct holder holder = read_holder(reply, claim);
    ddbs_aws_reply found = { .tries = 0 };
    ddbs_buf body = { .ptr = NULL };
    if (holder.any)
        return holder;
    write_table(&body, idempotency, "Key");
    write_key(&body, idempotency, claim->id);
    ddbs_buf__text(&body, "},\"ConsistentRead\":true}");
    if (call(idempotency, ctx, "DynamoDB_20120810.GetItem", &body, &found) == DDBS_OK)
        holder = read_holder(&found, claim);
    else
        holder.any = true; /* and it is not ours, as far as we know */
    ddbs_aws_reply_free(&found);
    return holder;
}

/* In progress until the invocation's deadline: then the function is dead. */
static int64_t lease_end_ms(const ddbs_idempotency *idempotency, const ddbs_ctx *ctx, int64_t now_ms)
{
    int64_t remaining_ms = ddbs_ctx_remaining_ms(ctx);
    if (remaining_ms == INT64_MAX)
        return now_ms + idempotency->lease_ms;
    return now_ms + (remaining_ms < 0 ? 0 : remaining_ms);
}

static void choose_owner(ddbs_aws *aws, ddbs_claim *claim)
{
    unsigned long high = (unsigned long)ddbs_aws__random_below(aws, UINT32_MAX);
    unsigned long low = (unsigned long)ddbs_aws__random_below(aws, UINT32_MAX);
    snprintf(claim->owner, sizeof claim->owner, "%08lx%08lx", high, low);
}

ddbs_status ddbs_claim_begin(ddbs_idempotency *idempotency, ddbs_ctx *ctx, const ddbs_record *rec, ddbs_claim *claim)
{
    int64_t now_ms = idempotency->aws->clock.now_ms(idempotency->aws->clock.self);
    ddbs_buf body = { .ptr = NULL };
    ddbs_aws_reply reply = { .tries = 0 };
    ddbs_claim fresh = { .state = DDBS_CLAIM_MINE };
    DDBS_TRY(write_id(idempotency, ctx, rec, &fresh));
    choose_owner(idempotency->aws, &fresh);
    write_claim(&body, idempotency, &fresh, now_ms, lease_end_ms(idempotency, ctx, now_ms));
    ddbs_status status = call(idempotency, ctx, "DynamoDB_20120810.PutItem", &body, &reply);
    if (reply.fault == DDBS_AWS_CONDITION) {
        struct holder holder = find_holder(idempotency, ctx, &reply, &fresh);
        fresh.state = holder.is_done   ? DDBS_CLAIM_DONE
                      : holder.is_ours ? DDBS_CLAIM_MINE
                                       : DDBS_CLAIM_IN_PROGRESS; /* also where the reply does not tell */
        status = forgive(ctx);
    }
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
    if (reply.fault == DDBS_AWS_CONDITION) {
        struct holder holder = find_holder(idempotency, ctx, &reply, claim);
        status = holder.is_ours && holder.is_done ? forgive(ctx) : status;
    }
    ddbs_aws_reply_free(&reply);
    return status;
}

ddbs_status ddbs_claim_drop(ddbs_idempotency *idempotency, ddbs_ctx *ctx, const ddbs_claim *claim)
{
    ddbs_buf body = { .ptr = NULL };
    ddbs_aws_reply reply = { .tries = 0 };
    write_drop(&body, idempotency, claim);
    ddbs_status status = call(idempotency, ctx, "DynamoDB_20120810.DeleteItem", &body, &reply);
    if (reply.fault == DDBS_AWS_CONDITION && !find_holder(idempotency, ctx, &reply, claim).any)
        status = forgive(ctx);
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
