/* streams_api.c: see streams_api.h. Replies that are about shards are cJSON's; records are not touched but for the two
 * things in which the raw record of GetRecords differs from the one that Lambda delivers. */
#include "streams_api.h"

#include "json_member.h"

#include "lib/buf.h"
#include "lib/json.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TARGET "DynamoDBStreams_20120810."

enum { SHARDS_MAX = 100000 };

/* Call with a body that this gives back. */
static enum aws_end call(struct aws_client *client, const char *target, ddbs_buf *body, struct aws_reply *reply)
{
    ddbs_buf__text(body, "}");
    if (body->failed) {
        snprintf(reply->message, sizeof reply->message, "out of memory");
        reply->end = AWS_UNREACHABLE;
    } else {
        aws_call(client, target, (ddbs_str){ body->ptr, body->len }, reply);
    }
    ddbs_buf_free(body);
    return reply->end;
}

static void put_member(ddbs_buf *out, const char *name, const char *text)
{
    ddbs_buf__format(out, "%s\"%s\":", out->len == 0 ? "{" : ",", name);
    ddbs_buf__json(out, text, strlen(text));
}

static enum aws_end misunderstood(struct aws_reply *reply, const char *what)
{
    snprintf(reply->message, sizeof reply->message, "the endpoint's answer has no %s", what);
    return reply->end = AWS_UNREACHABLE;
}

/* A text member that fits; false otherwise, and `out` is "". */
static bool take_text(const cJSON *object, const char *name, char *out, size_t size)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);
    out[0] = '\0';
    if (!cJSON_IsString(value) || strlen(value->valuestring) >= size)
        return false;
    memcpy(out, value->valuestring, strlen(value->valuestring) + 1);
    return true;
}

/* ---- DescribeStream ---------------------------------------------------------------------------------------------- */

static bool is_known(const struct streams_list *list, const char *id)
{
    for (size_t i = list->count; i-- > 0;) /* what was listed last is asked for first */
        if (strcmp(list->shards[i].id, id) == 0)
            return true;
    return false;
}

static bool add_shard(struct streams_list *list, const cJSON *entry)
{
    struct streams_shard shard;
    if (!take_text(entry, "ShardId", shard.id, sizeof shard.id) || shard.id[0] == '\0')
        return false;
    take_text(entry, "ParentShardId", shard.parent, sizeof shard.parent);
    if (is_known(list, shard.id))
        return true;
    struct streams_shard *grown = realloc(list->shards, (list->count + 1) * sizeof *grown);
    if (grown == NULL || list->count == SHARDS_MAX)
        return false;
    list->shards = grown;
    list->shards[list->count++] = shard;
    return true;
}

static void take_key(struct streams_list *list, const cJSON *description)
{
    const cJSON *key;
    cJSON_ArrayForEach(key, cJSON_GetObjectItemCaseSensitive(description, "KeySchema"))
    {
        const cJSON *type = cJSON_GetObjectItemCaseSensitive(key, "KeyType");
        if (cJSON_IsString(type) && strcmp(type->valuestring, "HASH") == 0)
            take_text(key, "AttributeName", list->key, sizeof list->key);
    }
}

/* One page. `from` becomes the shard that the next page follows, "" after the last one. */
static bool take_shards(struct streams_list *list, const struct aws_reply *reply, char from[STREAMS_ID_MAX])
{
    cJSON *answer = cJSON_ParseWithLength(reply->body.ptr, reply->body.len);
    const cJSON *description = cJSON_GetObjectItemCaseSensitive(answer, "StreamDescription");
    const cJSON *shards = cJSON_GetObjectItemCaseSensitive(description, "Shards"), *shard;
    bool taken = cJSON_IsArray(shards);
    cJSON_ArrayForEach(shard, shards) taken = taken && add_shard(list, shard);
    take_key(list, description);
    take_text(description, "LastEvaluatedShardId", from, STREAMS_ID_MAX);
    cJSON_Delete(answer);
    return taken;
}

enum aws_end streams_describe(struct aws_client *client, const char *arn, struct streams_list *list,
                              struct aws_reply *reply)
{
    char from[STREAMS_ID_MAX] = "";
    do {
        ddbs_buf body = { .ptr = NULL };
        put_member(&body, "StreamArn", arn);
        if (from[0] != '\0')
            put_member(&body, "ExclusiveStartShardId", from);
        if (call(client, TARGET "DescribeStream", &body, reply) != AWS_ANSWERED)
            return reply->end;
        if (!take_shards(list, reply, from))
            return misunderstood(reply, "list of shards");
    } while (from[0] != '\0');
    return AWS_ANSWERED;
}

void streams_list_free(struct streams_list *list)
{
    free(list->shards);
    *list = (struct streams_list){ .shards = NULL };
}

/* ---- ListStreams ------------------------------------------------------------------------------------------------- */

/* Keep the stream with the latest label, which is the time at which it was made. */
static void take_newest(const struct aws_reply *reply, char label[64], char arn[STREAMS_ARN_MAX],
                        char from[STREAMS_ARN_MAX])
{
    cJSON *answer = cJSON_ParseWithLength(reply->body.ptr, reply->body.len);
    const cJSON *stream;
    char one[64];
    cJSON_ArrayForEach(stream, cJSON_GetObjectItemCaseSensitive(answer, "Streams"))
    {
        if (!take_text(stream, "StreamLabel", one, sizeof one) || strcmp(one, label) <= 0)
            continue;
        memcpy(label, one, sizeof one);
        take_text(stream, "StreamArn", arn, STREAMS_ARN_MAX);
    }
    take_text(answer, "LastEvaluatedStreamArn", from, STREAMS_ARN_MAX);
    cJSON_Delete(answer);
}

enum aws_end streams_find(struct aws_client *client, const char *table, char arn[STREAMS_ARN_MAX],
                          struct aws_reply *reply)
{
    char label[64] = "", from[STREAMS_ARN_MAX] = "";
    arn[0] = '\0';
    do {
        ddbs_buf body = { .ptr = NULL };
        put_member(&body, "TableName", table);
        if (from[0] != '\0')
            put_member(&body, "ExclusiveStartStreamArn", from);
        if (call(client, TARGET "ListStreams", &body, reply) != AWS_ANSWERED)
            return reply->end;
        take_newest(reply, label, arn, from);
    } while (from[0] != '\0');
    if (arn[0] != '\0')
        return AWS_ANSWERED;
    snprintf(reply->message, sizeof reply->message, "table %.200s has no stream", table);
    return reply->end = AWS_REFUSED;
}

/* ---- GetShardIterator, GetRecords -------------------------------------------------------------------------------- */

enum aws_end streams_iterator(struct aws_client *client, const char *arn, const char *shard, const char *type,
                              const char *sequence, char out[STREAMS_ITERATOR_MAX], struct aws_reply *reply)
{
    ddbs_buf body = { .ptr = NULL };
    put_member(&body, "StreamArn", arn);
    put_member(&body, "ShardId", shard);
    put_member(&body, "ShardIteratorType", type);
    if (sequence[0] != '\0')
        put_member(&body, "SequenceNumber", sequence);
    if (call(client, TARGET "GetShardIterator", &body, reply) != AWS_ANSWERED)
        return reply->end;
    cJSON *answer = cJSON_ParseWithLength(reply->body.ptr, reply->body.len);
    bool taken = take_text(answer, "ShardIterator", out, STREAMS_ITERATOR_MAX) && out[0] != '\0';
    cJSON_Delete(answer);
    return taken ? AWS_ANSWERED : misunderstood(reply, "ShardIterator");
}

/* The next iterator; "" where it is null or absent. Iterators have no escapes that mean anything else. */
static bool take_next(char iterator[STREAMS_ITERATOR_MAX], ddbs_str answer)
{
    ddbs_str next = json_member(answer, "NextShardIterator");
    iterator[0] = '\0';
    if (next.ptr == NULL || next.ptr[0] != '"')
        return next.ptr == NULL || next.ptr[0] == 'n';
    if (next.len < 3 || next.len - 2 >= STREAMS_ITERATOR_MAX)
        return false;
    iterator[ddbs_json__unescape(iterator, next.ptr + 1, next.len - 2)] = '\0';
    return true;
}

enum aws_end streams_read(struct aws_client *client, char iterator[STREAMS_ITERATOR_MAX], struct streams_page *page)
{
    ddbs_buf body = { .ptr = NULL };
    ddbs_error error;
    page->event = NULL;
    page->next = 0;
    if (page->arena == NULL && ddbs_arena_new(&page->arena, 0) != DDBS_OK)
        return misunderstood(&page->reply, "room in memory");
    ddbs_arena_reset(page->arena);
    put_member(&body, "ShardIterator", iterator);
    if (call(client, TARGET "GetRecords", &body, &page->reply) != AWS_ANSWERED)
        return page->reply.end;
    const struct text *text = &page->reply.body;
    if (ddbs_event_parse(page->arena, text->ptr, text->len, NULL, &page->event, &error) != DDBS_OK) {
        page->event = NULL;
        snprintf(page->reply.message, sizeof page->reply.message, "GetRecords: %.200s: %.200s (at byte %zu)",
                 error.path, error.reason, error.offset);
        return page->reply.end = AWS_UNREACHABLE;
    }
    if (!take_next(iterator, (ddbs_str){ text->ptr, text->len })) {
        page->event = NULL;
        return misunderstood(&page->reply, "usable NextShardIterator");
    }
    return AWS_ANSWERED;
}

void streams_page_free(struct streams_page *page)
{
    aws_reply_free(&page->reply);
    ddbs_arena_free(page->arena);
    *page = (struct streams_page){ .arena = NULL };
}

/* ---- Records ----------------------------------------------------------------------------------------------------- */

/* {"PrincipalId":"dynamodb.amazonaws.com","Type":"Service"} with the names as Lambda has them. */
static void put_identity(ddbs_buf *out, ddbs_str identity)
{
    ddbs_str principal = json_member(identity, "PrincipalId"), type = json_member(identity, "Type");
    if (principal.ptr == NULL && type.ptr == NULL) {
        ddbs_buf__bytes(out, identity.ptr, identity.len);
        return;
    }
    ddbs_buf__text(out, "{");
    if (principal.ptr != NULL) {
        ddbs_buf__text(out, "\"principalId\":");
        ddbs_buf__bytes(out, principal.ptr, principal.len);
    }
    if (type.ptr != NULL) {
        ddbs_buf__text(out, principal.ptr != NULL ? ",\"type\":" : "\"type\":");
        ddbs_buf__bytes(out, type.ptr, type.len);
    }
    ddbs_buf__text(out, "}");
}

bool streams_record(ddbs_buf *out, ddbs_str raw, const char *arn)
{
    ddbs_str identity = json_member(raw, "userIdentity");
    const char *at = raw.ptr, *end = raw.ptr + raw.len;
    while (end > at && end[-1] != '}')
        end--;
    if (end == at || at[0] != '{')
        return false;
    if (identity.ptr != NULL) {
        ddbs_buf__bytes(out, at, (size_t)(identity.ptr - at));
        put_identity(out, identity);
        at = identity.ptr + identity.len;
    }
    ddbs_buf__bytes(out, at, (size_t)(end - 1 - at));
    if (json_member(raw, "eventSourceARN").ptr == NULL) {
        ddbs_buf__text(out, ",\"eventSourceARN\":");
        ddbs_buf__json(out, arn, strlen(arn));
    }
    ddbs_buf__text(out, "}");
    return !out->failed;
}
