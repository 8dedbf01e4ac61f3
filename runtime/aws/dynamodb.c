/* dynamodb.c: single writes and transactions under conditions. A condition that does not hold is an answer and no
 * failure; with it comes the item as it is, so that the caller can tell "applied before" from "may not be". */
#include "lib/buf.h"
#include "lib/context.h"
#include "lib/json.h"
#include "lib/utf8.h"
#include "runtime/aws/client.h"
#include <ddbstream/dynamodb.h>

#include <stdio.h>
#include <string.h>

enum { WRITES_MAX = 100 };

/* ---- Requests ---- */

static const struct {
    const char *operation, *action, *content;
} kinds[] = {
    [DDBS_WRITE_PUT] = { "PutItem", "Put", "Item" },
    [DDBS_WRITE_UPDATE] = { "UpdateItem", "Update", "Key" },
    [DDBS_WRITE_DELETE] = { "DeleteItem", "Delete", "Key" },
    [DDBS_WRITE_CHECK] = { NULL, "ConditionCheck", "Key" },
};

static void write_text(ddbs_buf *out, const char *text)
{
    ddbs_buf__json(out, text, strlen(text));
}

static void write_scalar(ddbs_buf *out, const ddbs_pair *pair)
{
    if (pair->kind == DDBS_PAIR_STR)
        ddbs_buf__json(out, pair->as.str.ptr, pair->as.str.len);
    else if (pair->kind == DDBS_PAIR_NUM)
        ddbs_buf__json(out, pair->as.num.ptr, pair->as.num.len);
    else if (pair->kind == DDBS_PAIR_I64)
        ddbs_buf__format(out, "\"%lld\"", (long long)pair->as.i64);
    else if (pair->kind == DDBS_PAIR_U64)
        ddbs_buf__format(out, "\"%llu\"", (unsigned long long)pair->as.u64);
    else
        ddbs_buf__text(out, pair->as.flag ? "true" : "false");
}

/* {"N":"12"}, or as a set of one {"NS":["12"]}. */
static ddbs_status write_value(ddbs_buf *out, const ddbs_pair *pair, bool is_set)
{
    bool is_text = pair->kind == DDBS_PAIR_STR, is_bool = pair->kind == DDBS_PAIR_BOOL;
    if (pair->kind == DDBS_PAIR_F64 || (is_set && (is_bool || (is_text && pair->as.str.ptr == NULL))))
        return DDBS_E_TYPE;
    if (is_text && pair->as.str.ptr == NULL) {
        ddbs_buf__text(out, "{\"NULL\":true}");
        return DDBS_OK;
    }
    ddbs_buf__format(out, "{\"%s%s\":%s", is_text ? "S" : is_bool ? "BOOL" : "N", is_set ? "S" : "", is_set ? "[" : "");
    write_scalar(out, pair);
    ddbs_buf__text(out, is_set ? "]}" : "}");
    return DDBS_OK;
}

/* `,"NAME":` or without the comma, where an object has just begun. */
static void write_name(ddbs_buf *out, const char *name)
{
    if (!out->failed && out->ptr[out->len - 1] != '{')
        ddbs_buf__text(out, ",");
    write_text(out, name);
    ddbs_buf__text(out, ":");
}

/* Members of an object that is open. */
static ddbs_status write_pairs(ddbs_buf *out, ddbs_pairs pairs, bool are_sets)
{
    for (size_t i = 0; i < pairs.count; i++) {
        write_name(out, pairs.ptr[i].name);
        DDBS_TRY(write_value(out, &pairs.ptr[i], are_sets));
    }
    return DDBS_OK;
}

static ddbs_status write_content(ddbs_buf *out, const ddbs_write *write)
{
    write_name(out, kinds[write->kind].content);
    if (write->item == NULL)
        ddbs_buf__text(out, "{");
    else
        DDBS_TRY(ddbs_item_write(write->item, DDBS_JSON_TYPED, out));
    if (write->item != NULL)
        out->len--; /* the object stays open */
    DDBS_TRY(write_pairs(out, write->attributes, false));
    ddbs_buf__text(out, "}");
    return DDBS_OK;
}

static void write_expression(ddbs_buf *out, const char *name, const char *text)
{
    if (text == NULL)
        return;
    write_name(out, name);
    write_text(out, text);
}

static ddbs_status write_values(ddbs_buf *out, const ddbs_write *write)
{
    if (write->values.count + write->sets.count == 0)
        return DDBS_OK;
    write_name(out, "ExpressionAttributeValues");
    ddbs_buf__text(out, "{");
    DDBS_TRY(write_pairs(out, write->values, false));
    DDBS_TRY(write_pairs(out, write->sets, true));
    ddbs_buf__text(out, "}");
    return DDBS_OK;
}

static ddbs_status write_names(ddbs_buf *out, ddbs_pairs names)
{
    if (names.count == 0)
        return DDBS_OK;
    write_name(out, "ExpressionAttributeNames");
    ddbs_buf__text(out, "{");
    for (size_t i = 0; i < names.count; i++) {
        if (names.ptr[i].kind != DDBS_PAIR_STR || names.ptr[i].as.str.ptr == NULL)
            return DDBS_E_TYPE;
        write_name(out, names.ptr[i].name);
        write_scalar(out, &names.ptr[i]);
    }
    ddbs_buf__text(out, "}");
    return DDBS_OK;
}

static ddbs_status write_request(ddbs_buf *out, const ddbs_write *write)
{
    if (write->table == NULL)
        return DDBS_E_USAGE;
    ddbs_buf__text(out, "{");
    write_expression(out, "TableName", write->table);
    DDBS_TRY(write_content(out, write));
    write_expression(out, "UpdateExpression", write->update);
    write_expression(out, "ConditionExpression", write->condition);
    DDBS_TRY(write_names(out, write->names));
    DDBS_TRY(write_values(out, write));
    write_expression(out, "ReturnValues", write->returns);
    if (write->condition != NULL)
        write_expression(out, "ReturnValuesOnConditionCheckFailure", "ALL_OLD");
    ddbs_buf__text(out, "}");
    return out->failed ? DDBS_E_MEMORY : DDBS_OK;
}

static ddbs_status write_transaction(ddbs_aws *aws, ddbs_buf *out, const ddbs_write *writes, size_t count)
{
    unsigned long high = (unsigned long)ddbs_aws__random_below(aws, UINT32_MAX);
    unsigned long low = (unsigned long)ddbs_aws__random_below(aws, UINT32_MAX);
    ddbs_buf__format(out, "{\"ClientRequestToken\":\"%08lx%08lx\",\"TransactItems\":[", high, low);
    for (size_t i = 0; i < count; i++) {
        ddbs_buf__format(out, "%s{\"%s\":", i == 0 ? "" : ",", kinds[writes[i].kind].action);
        DDBS_TRY(write_request(out, &writes[i]));
        ddbs_buf__text(out, "}");
    }
    ddbs_buf__text(out, "]}");
    return out->failed ? DDBS_E_MEMORY : DDBS_OK;
}

static const char *reason_of(ddbs_status status)
{
    return status == DDBS_E_MEMORY ? "no memory for a request"
           : status == DDBS_E_TYPE ? "a pair that is no attribute value: a double, or no element of a set"
                                   : "a write needs a table";
}

/* Call with `body`, which is freed. */
static ddbs_status call(ddbs_aws *aws, ddbs_ctx *ctx, const char *target, ddbs_status status, ddbs_buf *body,
                        ddbs_aws_reply *reply)
{
    ddbs_aws_request request = {
        .service = "dynamodb",
        .target = target,
        .body = { (const unsigned char *)body->ptr, body->len },
    };
    if (status != DDBS_OK)
        status = ddbs_fail(ctx, status, "dynamodb: %s", reason_of(status));
    else
        status = ddbs_aws_call(aws, ctx, &request, reply);
    ddbs_buf_free(body);
    return status;
}

/* ---- Replies: bytes from the network ---- */

/* The text of a member of an object that `text` is; {NULL, 0}: there is none. */
static ddbs_str member_of(ddbs_str text, const char *name)
{
    struct json json = { .text = text.ptr, .len = text.len };
    struct json_string found;
    bool more;
    if (text.ptr == NULL || !ddbs_json__expect(&json, '{', "an object"))
        return (ddbs_str){ NULL, 0 };
    for (bool first = true; ddbs_json__more(&json, '}', first, &more) && more; first = false) {
        if (!ddbs_json__name(&json, &found))
            break;
        size_t begin = json.at;
        if (!ddbs_json__skip(&json, 1))
            break;
        if (ddbs_json__string_is(text.ptr, found, name))
            return (ddbs_str){ text.ptr + begin, json.at - begin };
    }
    return (ddbs_str){ NULL, 0 };
}

/* Element `index` of an array; {NULL, 0}: there is none. */
static ddbs_str element_of(ddbs_str text, size_t index)
{
    struct json json = { .text = text.ptr, .len = text.len };
    bool more;
    if (text.ptr == NULL || !ddbs_json__expect(&json, '[', "an array"))
        return (ddbs_str){ NULL, 0 };
    for (size_t i = 0; ddbs_json__more(&json, ']', i == 0, &more) && more; i++) {
        ddbs_json__space(&json);
        size_t begin = json.at;
        if (!ddbs_json__skip(&json, 1))
            break;
        if (i == index)
            return (ddbs_str){ text.ptr + begin, json.at - begin };
    }
    return (ddbs_str){ NULL, 0 };
}

static ddbs_str body_of(const ddbs_aws_reply *reply)
{
    bool whole = reply->body.len > 0 && ddbs_utf8__check(reply->body.ptr, reply->body.len) == reply->body.len;
    return whole ? (ddbs_str){ reply->body.ptr, reply->body.len } : (ddbs_str){ NULL, 0 };
}

static ddbs_status read_item(ddbs_ctx *ctx, ddbs_str text, ddbs_written *written)
{
    written->item = NULL;
    if (text.ptr == NULL)
        return DDBS_OK;
    return ddbs_item_read(text.ptr, text.len, DDBS_JSON_TYPED, ctx->keep, &written->item, ddbs_ctx_error(ctx));
}

/* What was said about a condition is no failure of the record. */
static ddbs_status not_held(ddbs_ctx *ctx, ddbs_str item, size_t failed, ddbs_written *written)
{
    ddbs_error_clear(ddbs_ctx_error(ctx));
    written->held = false;
    written->failed = failed;
    return read_item(ctx, item, written);
}

ddbs_status ddbs_dynamodb_write(ddbs_aws *aws, ddbs_ctx *ctx, const ddbs_write *write, ddbs_written *written)
{
    char target[64];
    ddbs_buf body = { .ptr = NULL };
    ddbs_aws_reply reply = { .tries = 0 };
    if (ctx->keep == NULL || write->kind == DDBS_WRITE_CHECK)
        return ddbs_fail(ctx, DDBS_E_USAGE, "dynamodb: a write outside a batch, or a check outside a transaction");
    snprintf(target, sizeof target, "DynamoDB_20120810.%s", kinds[write->kind].operation);
    ddbs_status status = call(aws, ctx, target, write_request(&body, write), &body, &reply);
    *written = (ddbs_written){ .held = true };
    if (status == DDBS_OK)
        status = read_item(ctx, member_of(body_of(&reply), "Attributes"), written);
    else if (reply.fault == DDBS_AWS_CONDITION)
        status = not_held(ctx, member_of(body_of(&reply), "Item"), 0, written);
    ddbs_aws_reply_free(&reply);
    return status;
}

/* Which condition a cancelled transaction failed at. False: it was cancelled for another reason, or none is given. */
static bool find_failed(ddbs_str reasons, size_t count, size_t *failed)
{
    *failed = count;
    for (size_t i = 0; i < count; i++) {
        ddbs_str code = member_of(element_of(reasons, i), "Code");
        bool is_condition = ddbs_str_is(code, "\"ConditionalCheckFailed\"");
        if (!is_condition && !ddbs_str_is(code, "\"None\""))
            return false;
        if (is_condition && *failed == count)
            *failed = i;
    }
    return *failed < count;
}

ddbs_status ddbs_dynamodb_transact(ddbs_aws *aws, ddbs_ctx *ctx, const ddbs_write *writes, size_t count,
                                   ddbs_written *written)
{
    size_t failed;
    ddbs_buf body = { .ptr = NULL };
    ddbs_aws_reply reply = { .tries = 0 };
    if (ctx->keep == NULL || count == 0 || count > WRITES_MAX)
        return ddbs_fail(ctx, DDBS_E_USAGE, "dynamodb: a transaction outside a batch, or not of 1 to %d writes",
                         WRITES_MAX);
    ddbs_status made = write_transaction(aws, &body, writes, count);
    ddbs_status status = call(aws, ctx, "DynamoDB_20120810.TransactWriteItems", made, &body, &reply);
    *written = (ddbs_written){ .held = true };
    ddbs_str reasons = member_of(body_of(&reply), "CancellationReasons");
    if (status != DDBS_OK && find_failed(reasons, count, &failed))
        status = not_held(ctx, member_of(element_of(reasons, failed), "Item"), failed, written);
    ddbs_aws_reply_free(&reply);
    return status;
}
