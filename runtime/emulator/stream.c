/* stream.c: see stream.h. */
#include "stream.h"

#include "clock.h"
#include "command.h"
#include "report.h"
#include "streams_api.h"

#include "runtime/mapping/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    bool latest;                         /* begins behind what is there */
    bool ending;                         /* read to its end, its children may not be listed yet */
    char iterator[STREAMS_ITERATOR_MAX]; /* "": none */
    char last[DDBS_SEQUENCE_MAX + 1];    /* sequence number of the last record that was handed out; "": none */
    struct streams_page page;
};

struct stream {
    struct aws_client *client;
    char arn[STREAMS_ARN_MAX], key[STREAMS_KEY_MAX];
    struct streams_list list;
    struct reader **readers; /* one for each shard that is read, by its index; NULL: not begun */
    size_t reader_count;
    struct aws_reply reply; /* of everything but GetRecords */
    ddbs_buf record;        /* the one handed out last */
    int idle_ms;
    int64_t fresh_ms; /* CLOCK_MONOTONIC when the last record came, or the reading began */
    char warned[128]; /* the type of the last refusal that was told */
    char why[1408];
    int status; /* EXIT_HELD: it can go on */
};

const char *stream_why(const void *user)
{
    return ((const struct stream *)user)->why;
}

int stream_status(const void *user)
{
    return ((const struct stream *)user)->status;
}

const char *stream_arn(const struct stream *stream)
{
    return stream->arn;
}

static void close_reader(struct reader *reader)
{
    if (reader == NULL)
        return;
    streams_page_free(&reader->page);
    free(reader);
}

void stream_close(struct stream *stream)
{
    if (stream == NULL)
        return;
    for (size_t i = 0; i < stream->reader_count; i++)
        close_reader(stream->readers[i]);
    free(stream->readers);
    streams_list_free(&stream->list);
    aws_reply_free(&stream->reply);
    ddbs_buf_free(&stream->record);
    aws_close(stream->client);
    free(stream);
}

/* ---- Opening ----------------------------------------------------------------------------------------------------- */

/* The region that an ARN names. */
static ddbs_str region_of(const char *arn)
{
    const char *at = arn;
    for (int colons = 0; colons < 3 && at != NULL; colons++)
        at = strchr(at, ':') == NULL ? NULL : strchr(at, ':') + 1;
    return at == NULL ? (ddbs_str){ "us-east-1", 9 } : (ddbs_str){ at, strcspn(at, ":") };
}

static bool find_stream(struct stream *stream, const struct stream_config *config)
{
    const char *arn = config->name[0] == '\0' ? config->arn : config->name;
    if (strncmp(arn, "arn:", 4) != 0)
        return streams_find(stream->client, config->name, stream->arn, &stream->reply) == AWS_ANSWERED;
    snprintf(stream->arn, sizeof stream->arn, "%s", arn);
    return true;
}

static int connect_stream(struct stream *stream, const struct stream_config *config, char *why, size_t why_size)
{
    const char *arn = strncmp(config->name, "arn:", 4) == 0 ? config->name : config->arn;
    if (aws_open(&stream->client, config->endpoint, region_of(arn), why, why_size) != 0)
        return -1;
    if (find_stream(stream, config) &&
        streams_describe(stream->client, stream->arn, &stream->list, &stream->reply) == AWS_ANSWERED)
        return 0;
    snprintf(why, why_size, "%s: %s%s%s", aws_url(stream->client), stream->reply.type,
             stream->reply.type[0] != '\0' ? ": " : "", stream->reply.message);
    return -1;
}

int stream_open(struct stream **out, const struct stream_config *config, char *why, size_t why_size)
{
    struct stream *stream = calloc(1, sizeof *stream);
    if (stream == NULL) {
        snprintf(why, why_size, "out of memory");
        return -1;
    }
    if (connect_stream(stream, config, why, why_size) != 0) {
        stream_close(stream);
        return -1;
    }
    snprintf(stream->key, sizeof stream->key, "%s",
             config->partition_key != NULL ? config->partition_key : stream->list.key);
    stream->idle_ms = config->idle_ms;
    stream->fresh_ms = clock_ms(CLOCK_MONOTONIC);
    *out = stream;
    return 0;
}

/* ---- Shards ------------------------------------------------------------------------------------------------------ */

bool stream_shard(void *user, size_t index, struct mapping_shard *out)
{
    const struct stream *stream = user;
    if (index >= stream->list.count)
        return false;
    const struct streams_shard *shard = &stream->list.shards[index];
    *out = (struct mapping_shard){ .id = ddbs_str_c(shard->id) };
    if (shard->parent[0] != '\0')
        out->parents[0] = ddbs_str_c(shard->parent);
    return true;
}

/* The reader of a shard; NULL without memory. */
static struct reader *reader_of(struct stream *stream, size_t index)
{
    if (index >= stream->reader_count) {
        struct reader **grown = realloc(stream->readers, stream->list.count * sizeof *grown);
        if (grown == NULL)
            return NULL;
        memset(grown + stream->reader_count, 0, (stream->list.count - stream->reader_count) * sizeof *grown);
        stream->readers = grown;
        stream->reader_count = stream->list.count;
    }
    if (stream->readers[index] == NULL)
        stream->readers[index] = calloc(1, sizeof **stream->readers);
    return stream->readers[index];
}

/* ---- Refusals ---------------------------------------------------------------------------------------------------- */

/* It cannot be read any more. */
static enum mapping_read give_up(struct stream *stream, const struct aws_reply *reply)
{
    stream->status = EXIT_CANNOT_RUN;
    snprintf(stream->why, sizeof stream->why, "%s: %s: %s", stream->arn,
             reply->type[0] != '\0' ? reply->type : "the endpoint cannot be read", reply->message);
    return MAPPING_READ_FAILED;
}

/* It may be read later. Told once, until something else is refused or a read succeeds. */
static enum mapping_read put_off(struct stream *stream, const struct aws_reply *reply)
{
    const char *type = reply->type[0] != '\0' ? reply->type : "no answer";
    if (strcmp(stream->warned, type) != 0)
        report_warn("reading the stream is put off: %s: %s", type, reply->message);
    snprintf(stream->warned, sizeof stream->warned, "%s", type);
    return MAPPING_READ_DENIED;
}

static bool is_refusal(const struct aws_reply *reply, const char *type)
{
    return reply->end == AWS_REFUSED && strcmp(reply->type, type) == 0;
}

/* What follows from a call that was not answered as hoped. */
static enum mapping_read refused(struct stream *stream, struct reader *reader, const struct aws_reply *reply)
{
    if (is_refusal(reply, "ExpiredIteratorException")) {
        /* After 15 minutes. With the last record at hand nothing is lost. */
        if (reader->last[0] == '\0' && reader->latest)
            report_warn("an iterator at LATEST has expired before its first record: what came meanwhile is not read");
        reader->iterator[0] = '\0';
        return MAPPING_READ_NOTHING;
    }
    if (is_refusal(reply, "TrimmedDataAccessException")) {
        report_warn("the stream has trimmed records that were not read yet: they are LOST. The shard goes on with the "
                    "oldest record it still has.");
        reader->iterator[0] = reader->last[0] = '\0';
        reader->latest = false;
        return MAPPING_READ_NOTHING;
    }
    if (is_refusal(reply, "ResourceNotFoundException") || is_refusal(reply, "ValidationException"))
        return give_up(stream, reply);
    return put_off(stream, reply);
}

/* ---- Reading ----------------------------------------------------------------------------------------------------- */

static bool get_iterator(struct stream *stream, struct reader *reader, const char *shard)
{
    bool again = reader->last[0] != '\0';
    const char *type = again ? "AFTER_SEQUENCE_NUMBER" : reader->latest ? "LATEST" : "TRIM_HORIZON";
    return streams_iterator(stream->client, stream->arn, shard, type, reader->last, reader->iterator, &stream->reply) ==
           AWS_ANSWERED;
}

/* LATEST is a point in time: its iterator is taken now. Where that fails the first read tries again. */
void stream_begin(void *user, size_t index, enum mapping_position position)
{
    struct stream *stream = user;
    struct reader *reader = reader_of(stream, index);
    if (reader == NULL)
        return;
    reader->latest = position == MAPPING_LATEST;
    if (reader->latest)
        get_iterator(stream, reader, stream->list.shards[index].id);
}

/* The next record of the page at hand. */
static enum mapping_read take(struct stream *stream, struct reader *reader, struct mapping_record *out)
{
    struct streams_page *page = &reader->page;
    ddbs_str raw = ddbs_event_raw(page->event, page->next);
    ddbs_str sequence = ddbs_event_identifier(page->event, page->next++);
    stream->record.len = 0;
    if (!streams_record(&stream->record, raw, stream->arn)) {
        snprintf(page->reply.message, sizeof page->reply.message, "out of memory");
        return give_up(stream, &page->reply);
    }
    snprintf(reader->last, sizeof reader->last, "%.*s", (int)sequence.len, sequence.ptr);
    out->json = (ddbs_str){ stream->record.ptr, stream->record.len };
    out->sequence = sequence;
    out->created_ms = mapping_record_created(out->json);
    if (out->created_ms == MAPPING_NO_TIME)
        out->created_ms = clock_ms(CLOCK_REALTIME);
    out->key = mapping_record_key(out->json, stream->key[0] != '\0' ? ddbs_str_c(stream->key) : (ddbs_str){ NULL, 0 });
    stream->fresh_ms = clock_ms(CLOCK_MONOTONIC);
    return MAPPING_READ_RECORD;
}

/* The end of a shard is told when its children are listed. */
static enum mapping_read end(struct stream *stream, struct reader *reader)
{
    reader->ending = true;
    if (streams_describe(stream->client, stream->arn, &stream->list, &stream->reply) != AWS_ANSWERED)
        return refused(stream, reader, &stream->reply);
    streams_page_free(&reader->page);
    return MAPPING_READ_END;
}

static bool is_idle(const struct stream *stream)
{
    return stream->idle_ms > 0 && clock_ms(CLOCK_MONOTONIC) - stream->fresh_ms >= stream->idle_ms;
}

/* Read a page, and hand out its first record. */
static enum mapping_read turn_page(struct stream *stream, struct reader *reader, size_t index,
                                   struct mapping_record *out)
{
    if (reader->iterator[0] == '\0' && !get_iterator(stream, reader, stream->list.shards[index].id))
        return refused(stream, reader, &stream->reply);
    if (streams_read(stream->client, reader->iterator, &reader->page) != AWS_ANSWERED)
        return refused(stream, reader, &reader->page.reply);
    stream->warned[0] = '\0';
    if (ddbs_event_count(reader->page.event) > 0)
        return take(stream, reader, out);
    reader->page.event = NULL;
    if (reader->iterator[0] == '\0')
        return end(stream, reader);
    return is_idle(stream) ? MAPPING_READ_END : MAPPING_READ_NOTHING;
}

enum mapping_read stream_read(void *user, size_t index, struct mapping_record *out)
{
    struct stream *stream = user;
    struct reader *reader = reader_of(stream, index);
    if (reader == NULL) {
        snprintf(stream->reply.message, sizeof stream->reply.message, "out of memory");
        return give_up(stream, &stream->reply);
    }
    if (reader->ending)
        return end(stream, reader);
    if (reader->page.event == NULL)
        return turn_page(stream, reader, index, out);
    if (reader->page.next < ddbs_event_count(reader->page.event))
        return take(stream, reader, out);
    reader->page.event = NULL;
    return reader->iterator[0] == '\0' ? end(stream, reader) : MAPPING_READ_NOTHING;
}
