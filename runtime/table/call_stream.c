/* call_stream.c: the Streams API: ListStreams, DescribeStream, GetShardIterator, GetRecords.
 *
 * An iterator is "ARN|1|SHARD|POSITION|TIME": which records come next, and when it was made. It is no secret and not
 * signed; what does not read like one is refused. */
#include "call.h"
#include "lib/arena.h"
#include "lib/buf.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { ITERATOR_LIFE_MS = 15 * 60 * 1000, RECORDS_MAX = 1000, SHARDS_MAX = 100 };

/* GetRecords answers at most 1 MB (API reference). */
#define RECORDS_BYTES_MAX ((size_t)1024 * 1024)

static bool not_found(struct call *call, ddbs_str arn)
{
    return fault_set(&call->fault, FAULT_NOT_FOUND, "Requested resource not found: Stream: %s not found",
                     arn.ptr == NULL ? "" : arn.ptr);
}

/* The table whose stream has that ARN. */
static bool find_arn(struct call *call, ddbs_str arn, struct table **out)
{
    char text[TABLE_ARN_SIZE];
    for (struct table *table = call->db->tables; table != NULL && arn.ptr != NULL; table = table->next) {
        store_arn(table, true, text);
        if (table->stream == NULL || !ddbs_str_is(arn, text))
            continue;
        stream_trim(table->stream, call->now_ms);
        *out = table;
        return true;
    }
    return not_found(call, arn);
}

static bool find_stream(struct call *call, struct table **out)
{
    ddbs_str arn;
    if (!call_text(call, call->body, "StreamArn", &arn))
        return false;
    if (arn.ptr == NULL)
        return fault_invalid(&call->fault, "1 validation error detected: Value null at 'streamArn' failed to satisfy "
                                           "constraint: Member must not be null");
    return find_arn(call, arn, out);
}

/* ---- ListStreams ------------------------------------------------------------------------------------------------- */

bool call_list_streams(struct call *call)
{
    char arn[TABLE_ARN_SIZE] = "";
    ddbs_str name, start;
    long long limit, count = 0;
    bool begun, more = false;
    if (!call_text(call, call->body, "TableName", &name) ||
        !call_text(call, call->body, "ExclusiveStartStreamArn", &start) ||
        !call_number(call, call->body, "Limit", 1, 100, 100, &limit))
        return false;
    begun = start.ptr == NULL;
    ddbs_buf__text(call->out, "{\"Streams\":[");
    for (const struct table *table = call->db->tables; table != NULL && !more; table = table->next) {
        char next[TABLE_ARN_SIZE];
        if (table->stream == NULL || (name.ptr != NULL && !ddbs_str_is(name, table->name)))
            continue;
        store_arn(table, true, next);
        more = begun && count == limit;
        if (begun && !more) {
            memcpy(arn, next, sizeof arn);
            ddbs_buf__format(call->out, "%s{\"StreamArn\":\"%s\",\"TableName\":\"%s\",\"StreamLabel\":\"%s\"}",
                             count++ == 0 ? "" : ",", arn, table->name, table->stream->label);
        }
        begun = begun || ddbs_str_is(start, next);
    }
    ddbs_buf__text(call->out, "]");
    if (more)
        ddbs_buf__format(call->out, ",\"LastEvaluatedStreamArn\":\"%s\"", arn);
    ddbs_buf__text(call->out, "}");
    return true;
}

/* ---- DescribeStream ---------------------------------------------------------------------------------------------- */

static void write_shard(const struct stream *stream, size_t at, ddbs_buf *out)
{
    const struct stream_shard *shard = &stream->shards[at];
    char sequence[STREAM_SEQUENCE_SIZE];
    stream_sequence(shard->first, sequence);
    ddbs_buf__format(out, "{\"ShardId\":\"%s\",\"SequenceNumberRange\":{\"StartingSequenceNumber\":\"%s\"", shard->id,
                     sequence);
    if (shard->last != UINT64_MAX) {
        stream_sequence(shard->last, sequence);
        ddbs_buf__format(out, ",\"EndingSequenceNumber\":\"%s\"", sequence);
    }
    ddbs_buf__text(out, "}");
    if (shard->parent != SIZE_MAX)
        ddbs_buf__format(out, ",\"ParentShardId\":\"%s\"", stream->shards[shard->parent].id);
    ddbs_buf__text(out, "}");
}

static size_t find_shard(const struct stream *stream, ddbs_str id)
{
    for (size_t i = 0; id.ptr != NULL && i < stream->shard_count; i++) {
        if (ddbs_str_is(id, stream->shards[i].id))
            return i;
    }
    return SIZE_MAX;
}

/* Whether a shard is still there: one that was closed goes with its last record. */
static bool is_kept(const struct stream *stream, size_t at)
{
    const struct stream_shard *shard = &stream->shards[at];
    return shard->last == UINT64_MAX || shard->last > stream->trimmed;
}

static bool write_shards(struct call *call, const struct stream *stream)
{
    ddbs_str start, parent;
    long long limit, count = 0;
    struct span filter = span_member(call->body, "ShardFilter");
    if (!call_text(call, call->body, "ExclusiveStartShardId", &start) || !call_text(call, filter, "ShardId", &parent) ||
        !call_number(call, call->body, "Limit", 1, SHARDS_MAX, SHARDS_MAX, &limit))
        return false;
    size_t at = start.ptr == NULL ? 0 : find_shard(stream, start) + 1, of = find_shard(stream, parent), last = 0;
    ddbs_buf__text(call->out, "\"Shards\":[");
    for (; at < stream->shard_count && count < limit; at++) {
        if (!is_kept(stream, at) || (filter.ptr != NULL && stream->shards[at].parent != of))
            continue;
        ddbs_buf__text(call->out, count++ == 0 ? "" : ",");
        write_shard(stream, at, call->out);
        last = at;
    }
    ddbs_buf__text(call->out, "]");
    if (at < stream->shard_count)
        ddbs_buf__format(call->out, ",\"LastEvaluatedShardId\":\"%s\"", stream->shards[last].id);
    return true;
}

bool call_describe_stream(struct call *call)
{
    struct table *table;
    char arn[TABLE_ARN_SIZE];
    if (!find_stream(call, &table))
        return false;
    store_arn(table, true, arn);
    ddbs_buf__format(call->out,
                     "{\"StreamDescription\":{\"StreamArn\":\"%s\",\"StreamLabel\":\"%s\",\"StreamStatus\":\"ENABLED\","
                     "\"StreamViewType\":\"%s\",\"CreationRequestDateTime\":%" PRId64 ".%03" PRId64
                     ",\"TableName\":\"%s\",\"KeySchema\":[",
                     arn, table->stream->label, stream_view_name(table->stream->view), table->stream->created_ms / 1000,
                     table->stream->created_ms % 1000, table->name);
    for (size_t i = 0; i < table->schema.count; i++) {
        ddbs_buf__text(call->out, i == 0 ? "{\"AttributeName\":" : ",{\"AttributeName\":");
        ddbs_buf__json(call->out, table->schema.parts[i].name, strlen(table->schema.parts[i].name));
        ddbs_buf__format(call->out, ",\"KeyType\":\"%s\"}", i == 0 ? "HASH" : "RANGE");
    }
    ddbs_buf__text(call->out, "],");
    if (!write_shards(call, table->stream))
        return false;
    ddbs_buf__text(call->out, "}}");
    return true;
}

/* ---- GetShardIterator -------------------------------------------------------------------------------------------- */

static void write_iterator(struct call *call, const struct table *table, size_t shard, uint64_t position)
{
    char arn[TABLE_ARN_SIZE];
    store_arn(table, true, arn);
    ddbs_buf__format(call->out, "\"%s|1|%zu|%" PRIu64 "|%" PRId64 "\"", arn, shard, position, call->now_ms);
}

enum { FROM_HORIZON, FROM_LATEST, FROM_SEQUENCE, AFTER_SEQUENCE, FROM_NOWHERE };
static const char *const STARTS[] = { "TRIM_HORIZON", "LATEST", "AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER", NULL };

/* The position behind which reading begins. */
static bool start_position(struct call *call, const struct stream *stream, const struct stream_shard *shard,
                           size_t start, uint64_t *out)
{
    ddbs_str sequence;
    uint64_t position, before = shard->first - 1;
    if (!call_text(call, call->body, "SequenceNumber", &sequence))
        return false;
    if (start == FROM_HORIZON || start == FROM_LATEST) {
        *out = start == FROM_LATEST ? stream->latest : before > stream->trimmed ? before : stream->trimmed;
        return true;
    }
    if (sequence.ptr == NULL || !stream_position(sequence, &position))
        return fault_invalid(&call->fault,
                             "Invalid SequenceNumber: a shard iterator of type %s needs the sequence "
                             "number of a record",
                             STARTS[start]);
    if (position < shard->first || position > shard->last)
        return fault_invalid(&call->fault, "The SequenceNumber is outside of the range of the shard");
    if (position - (start == FROM_SEQUENCE) < stream->trimmed)
        return fault_set(&call->fault, FAULT_TRIMMED,
                         "The operation attempted to read past the oldest stream record in a shard");
    *out = position - (start == FROM_SEQUENCE);
    return true;
}

bool call_get_shard_iterator(struct call *call)
{
    struct table *table;
    ddbs_str id;
    size_t start;
    uint64_t position = 0;
    if (!find_stream(call, &table) || !call_text(call, call->body, "ShardId", &id) ||
        !call_choice(call, call->body, "ShardIteratorType", STARTS, FROM_NOWHERE, &start))
        return false;
    size_t shard = find_shard(table->stream, id);
    if (shard == SIZE_MAX || !is_kept(table->stream, shard))
        return fault_set(&call->fault, FAULT_NOT_FOUND, "Requested resource not found: Shard: %s not found",
                         id.ptr == NULL ? "" : id.ptr);
    if (start == FROM_NOWHERE)
        return fault_invalid(&call->fault, "1 validation error detected: Value null at 'shardIteratorType' failed to "
                                           "satisfy constraint: Member must not be null");
    if (!start_position(call, table->stream, &table->stream->shards[shard], start, &position))
        return false;
    ddbs_buf__text(call->out, "{\"ShardIterator\":");
    write_iterator(call, table, shard, position);
    ddbs_buf__text(call->out, "}");
    return true;
}

/* ---- GetRecords -------------------------------------------------------------------------------------------------- */

struct iterator {
    struct table *table;
    size_t shard;
    uint64_t position;
    int64_t made_ms;
};

static bool read_iterator(struct call *call, struct iterator *out)
{
    ddbs_str text;
    char tail[2];
    if (!call_text(call, call->body, "ShardIterator", &text))
        return false;
    const char *bar = text.ptr == NULL ? NULL : strstr(text.ptr, "|1|");
    if (bar == NULL || strlen(bar) > 80 ||
        sscanf(bar, "|1|%zu|%" SCNu64 "|%" SCNd64 "%1s", &out->shard, &out->position, &out->made_ms, tail) != 3)
        return fault_invalid(&call->fault, "Invalid ShardIterator");
    char *arn = ddbs_arena__alloc(call->fault.arena, (size_t)(bar - text.ptr) + 1);
    if (arn == NULL)
        return fault_memory(&call->fault);
    memcpy(arn, text.ptr, (size_t)(bar - text.ptr));
    arn[bar - text.ptr] = '\0';
    if (!find_arn(call, ddbs_str_c(arn), &out->table))
        return false;
    if (out->shard >= out->table->stream->shard_count)
        return fault_invalid(&call->fault, "Invalid ShardIterator");
    if (call->now_ms - out->made_ms > ITERATOR_LIFE_MS)
        return fault_set(&call->fault, FAULT_EXPIRED,
                         "The shard iterator has expired: iterators are valid for 15 minutes");
    return out->position >= out->table->stream->trimmed ||
           fault_set(&call->fault, FAULT_TRIMMED,
                     "The operation attempted to read past the oldest stream record in a shard");
}

/* Write up to `limit` records of the iterator's shard, and move it behind them. At least one, however large. */
static void write_records(struct call *call, struct iterator *iterator, long long limit)
{
    const struct stream *stream = iterator->table->stream;
    size_t begin = call->out->len;
    for (long long count = 0; count < limit; count++) {
        size_t before = call->out->len, place = stream_next(stream, iterator->shard, iterator->position);
        const struct stream_record *record = stream_at(stream, place);
        if (record == NULL)
            return;
        ddbs_buf__text(call->out, count == 0 ? "" : ",");
        stream_write(stream, record, TABLE_REGION, NULL, call->out);
        if (count > 0 && call->out->len - begin > RECORDS_BYTES_MAX) {
            call->out->len = before;
            return;
        }
        iterator->position = record->position;
    }
}

bool call_get_records(struct call *call)
{
    struct iterator iterator;
    long long limit;
    if (!call_number(call, call->body, "Limit", 1, RECORDS_MAX, RECORDS_MAX, &limit) || !read_iterator(call, &iterator))
        return false;
    ddbs_buf__text(call->out, "{\"Records\":[");
    write_records(call, &iterator, limit);
    ddbs_buf__text(call->out, "]");
    const struct stream *stream = iterator.table->stream;
    bool open = stream->shards[iterator.shard].last == UINT64_MAX;
    if (open || stream_next(stream, iterator.shard, iterator.position) != SIZE_MAX) {
        ddbs_buf__text(call->out, ",\"NextShardIterator\":");
        write_iterator(call, iterator.table, iterator.shard, iterator.position);
    }
    ddbs_buf__text(call->out, "}");
    return true;
}
