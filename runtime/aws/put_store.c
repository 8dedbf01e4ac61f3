/* put_store.c: entries for DynamoDB, S3, CloudWatch, SES and OpenSearch. */
#include "lib/base64.h"
#include "runtime/aws/put.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

enum {
    KEY_MAX = 1024,
    OBJECT_MAX = 64 * 1024 * 1024,
    DIMENSIONS_MAX = 30,
    ID_MAX = 512,
    ACTIONS_MAX = 100,
    PAIR_HEAD = 24, /* "&MetricData.member.1000." */
    GZIP_WINDOW = 15 + 16
};

static bool is_header_value(const char *text)
{
    return text == NULL || (text[0] != '\0' && strlen(text) < 100 && strcspn(text, "\r\n") == strlen(text));
}

/* ---- DynamoDB ---- */

ddbs_status ddbs_dynamodb_new(ddbs_writer **out, const ddbs_dynamodb_options *options, ddbs_error *error)
{
    const char *texts[DDBS_WRITER_TEXTS] = { options->table, options->partition_key, options->sort_key };
    DDBS_TRY(ddbs_writer__need(options->table, "`table`", error));
    DDBS_TRY(ddbs_writer__need(options->partition_key, "`partition_key`, an attribute's name", error));
    return ddbs_writer__make(out, options->aws, &ddbs_service__dynamodb, &options->tuning, texts, error);
}

static bool write_binary_key(ddbs_buf *key, ddbs_bytes bytes)
{
    ddbs_buf text = { .ptr = NULL };
    size_t len = ddbs_base64__encoded(bytes.len);
    char *room = ddbs_buf__room(&text, len);
    if (room != NULL)
        ddbs_base64__encode(room, bytes.ptr, bytes.len);
    bool written = room != NULL && ddbs_key__write(key, 'B', room, len);
    ddbs_buf_free(&text);
    return written;
}

static bool write_key(ddbs_buf *key, const ddbs_value *value)
{
    ddbs_str text;
    ddbs_num num;
    ddbs_bytes bytes;
    if (ddbs_value_str(value, &text) == DDBS_OK)
        return ddbs_key__write(key, 'S', text.ptr, text.len);
    if (ddbs_value_num(value, &num) == DDBS_OK)
        return ddbs_key__write(key, 'N', num.ptr, num.len);
    return ddbs_value_bytes(value, &bytes) == DDBS_OK && write_binary_key(key, bytes);
}

/* Append `{"id":{"S":"o-1"}}` of one or two key attributes, and their canonical text to `key`. */
static ddbs_status write_keys(const ddbs_writer *writer, const ddbs_item *item, ddbs_buf *json, ddbs_buf *key)
{
    ddbs_buf__text(json, "{");
    for (size_t i = 1; i <= 2 && writer->texts[i] != NULL; i++) {
        const ddbs_value *value = ddbs_item_find(item, ddbs_str_c(writer->texts[i]));
        if (!write_key(key, value))
            return key->failed ? DDBS_E_MEMORY : DDBS_E_MISSING;
        ddbs_buf__text(json, i == 1 ? "" : ",");
        ddbs_buf__json(json, writer->texts[i], strlen(writer->texts[i]));
        ddbs_buf__text(json, ":");
        DDBS_TRY(ddbs_value_write(value, DDBS_JSON_TYPED, json));
    }
    ddbs_buf__text(json, "}");
    return json->failed ? DDBS_E_MEMORY : DDBS_OK;
}

static ddbs_status write_item(ddbs_writer *writer, const ddbs_item *item, bool deletes, ddbs_buf *key)
{
    ddbs_buf keys = { .ptr = NULL };
    ddbs_buf *out = &writer->scratch;
    ddbs_status status = write_keys(writer, item, &keys, key);
    ddbs_buf__text(out, deletes ? "{\"DeleteRequest\":{\"Key\":" : "{\"PutRequest\":{\"Item\":");
    if (status == DDBS_OK && deletes)
        ddbs_buf__bytes(out, keys.ptr, keys.len);
    else if (status == DDBS_OK)
        status = ddbs_item_write(item, DDBS_JSON_TYPED, out);
    ddbs_buf__text(out, "}}");
    ddbs_buf_free(&keys);
    return status;
}

static ddbs_status put_item(ddbs_writer *writer, ddbs_ctx *ctx, const ddbs_item *item, bool deletes)
{
    ddbs_buf key = { .ptr = NULL };
    DDBS_TRY(ddbs_writer__begin(writer, ctx, &ddbs_service__dynamodb));
    ddbs_status status = item == NULL ? DDBS_E_MISSING : write_item(writer, item, deletes, &key);
    if (status == DDBS_OK)
        status = ddbs_writer__put(writer, ctx, writer->scratch.len + 1, (ddbs_str){ key.ptr, key.len });
    else
        status = ddbs_fail(ctx, status, "dynamodb: no item, or one without the table's key");
    ddbs_buf_free(&key);
    return status;
}

ddbs_status ddbs_dynamodb_put(ddbs_writer *writer, ddbs_ctx *ctx, const ddbs_item *item)
{
    return put_item(writer, ctx, item, false);
}

ddbs_status ddbs_dynamodb_delete(ddbs_writer *writer, ddbs_ctx *ctx, const ddbs_item *item)
{
    return put_item(writer, ctx, item, true);
}

ddbs_status ddbs_transact_new(ddbs_writer **out, const ddbs_transact_options *options, ddbs_error *error)
{
    const char *texts[DDBS_WRITER_TEXTS] = { NULL };
    DDBS_TRY(ddbs_writer__make(out, options->aws, &ddbs_service__transact, &options->tuning, texts, error));
    (*out)->flags[0] = options->condition_is_done;
    (*out)->tuning.request_entries = ddbs_service__transact.entries_max; /* a record's actions stay together, */
    (*out)->tuning.strict_order = false;                                 /* and have one key */
    return DDBS_OK;
}

/* What is waiting for this record already: its actions must fit into one transaction. */
static void count_actions(const ddbs_writer *writer, size_t record, size_t place, size_t *count, size_t *bytes)
{
    *count = *bytes = 0;
    for (size_t i = writer->count; i-- > writer->first;) {
        if (writer->entries[i].place != place || writer->entries[i].record != record)
            return;
        ++*count;
        *bytes += writer->entries[i].weight;
    }
}

/* A call without records is the final one of a window. It comes again with the same state. */
static void name_window(const ddbs_window *window, ddbs_buf *out)
{
    if (window == NULL)
        return;
    ddbs_buf__format(out, "window %.*s %.*s %.*s ", (int)window->shard_id.len,
                     window->shard_id.ptr == NULL ? "" : window->shard_id.ptr, (int)window->start.len,
                     window->start.ptr, (int)window->end.len, window->end.ptr);
    ddbs_buf__bytes(out, window->state.ptr, window->state.len);
}

/* What tells a transaction from all others with the same actions, and is the same when it comes again: the sequence
 * number of the record at hand, or of the one at a place, where on_batch has places of its own. What another hook puts
 * is none of the record's. */
static void write_origin(const ddbs_ctx *ctx, size_t place, ddbs_buf *out)
{
    bool in_batch = ctx->given != NULL && ctx->index == DDBS_NOWHERE && place < ctx->given_count;
    size_t index = ctx->index != DDBS_NOWHERE ? ctx->index : in_batch ? ctx->given[place]->index : place;
    if (index >= ddbs_event_count(ctx->event)) {
        name_window(ddbs_ctx_window(ctx), out);
        return;
    }
    ddbs_str sequence = ddbs_event_sequence(ctx->event, index);
    ddbs_buf__bytes(out, sequence.ptr, sequence.len);
    if (ctx->index == DDBS_NOWHERE && !in_batch)
        ddbs_buf__text(out, " hook");
}

static ddbs_status put_action(ddbs_writer *writer, ddbs_ctx *ctx, ddbs_str action, size_t place)
{
    ddbs_buf origin = { .ptr = NULL };
    write_origin(ctx, place, &origin);
    ddbs_buf__bytes(&writer->scratch, action.ptr, action.len);
    writer->scratch.failed = writer->scratch.failed || origin.failed;
    ddbs_str key = { origin.ptr == NULL ? "" : origin.ptr, origin.len };
    ddbs_status status = ddbs_writer__put(writer, ctx, action.len + 1, key);
    ddbs_buf_free(&origin);
    return status;
}

ddbs_status ddbs_transact_put(ddbs_writer *writer, ddbs_ctx *ctx, ddbs_str action)
{
    size_t count, bytes;
    DDBS_TRY(ddbs_writer__begin(writer, ctx, &ddbs_service__transact));
    if (action.len == 0)
        return ddbs_fail(ctx, DDBS_E_MISSING, "dynamodb: no action");
    size_t place = ddbs_writer__place(writer, ctx);
    count_actions(writer, ctx->index, place, &count, &bytes);
    if (count >= ACTIONS_MAX || bytes + action.len + 1 > writer->tuning.request_bytes)
        return ddbs_fail(ctx, DDBS_E_LIMIT, "dynamodb: a transaction has up to %d actions and %zu bytes", ACTIONS_MAX,
                         writer->tuning.request_bytes);
    return put_action(writer, ctx, action, place);
}

/* ---- S3 ---- */

ddbs_status ddbs_s3_new(ddbs_writer **out, const ddbs_s3_options *options, ddbs_error *error)
{
    const char *texts[DDBS_WRITER_TEXTS] = { options->bucket, options->type, options->storage_class };
    const char *bucket = options->bucket;
    bool named = bucket != NULL && strlen(bucket) >= 3 && strlen(bucket) <= 63 &&
                 bucket[strspn(bucket, "abcdefghijklmnopqrstuvwxyz0123456789.-")] == '\0';
    DDBS_TRY(ddbs_writer__need(named ? bucket : NULL, "`bucket`, the name of one", error));
    bool fine = is_header_value(options->type) && is_header_value(options->storage_class);
    DDBS_TRY(ddbs_writer__need(fine ? "fine" : NULL, "`type` and `storage_class` of one line each, or NULL", error));
    DDBS_TRY(ddbs_writer__make(out, options->aws, &ddbs_service__s3, &options->tuning, texts, error));
    (*out)->flags[0] = options->gzip;
    return DDBS_OK;
}

/* Append the data as one gzip member, the same bytes for the same data: without a time in its head. */
static bool write_gzip(ddbs_buf *out, ddbs_bytes data)
{
    z_stream zlib = { .next_in = (Bytef *)(uintptr_t)data.ptr, .avail_in = (uInt)data.len };
    if (deflateInit2(&zlib, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return false;
    size_t bound = deflateBound(&zlib, (uLong)data.len);
    zlib.next_out = (Bytef *)ddbs_buf__room(out, bound);
    zlib.avail_out = (uInt)bound;
    bool whole = zlib.next_out != NULL && deflate(&zlib, Z_FINISH) == Z_STREAM_END;
    out->len += whole ? (size_t)zlib.total_out : 0;
    deflateEnd(&zlib);
    return whole;
}

static bool is_object_key(ddbs_str key)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/-._~";
    for (size_t i = 0; i < key.len; i++) {
        if (memchr(allowed, key.ptr[i], sizeof allowed - 1) == NULL)
            return false;
    }
    return key.len > 0 && key.len <= KEY_MAX;
}

ddbs_status ddbs_s3_put(ddbs_writer *writer, ddbs_ctx *ctx, ddbs_str key, ddbs_bytes data)
{
    DDBS_TRY(ddbs_writer__begin(writer, ctx, &ddbs_service__s3));
    if (!is_object_key(key))
        return ddbs_fail(ctx, DDBS_E_SYNTAX, "s3: a key has 1 to %d letters, digits, '/', '-', '.', '_' or '~'",
                         KEY_MAX);
    if (data.ptr == NULL && data.len > 0)
        return ddbs_fail(ctx, DDBS_E_MISSING, "s3: no data");
    if (data.len > OBJECT_MAX)
        return ddbs_fail(ctx, DDBS_E_LIMIT, "s3: an object of %zu bytes, at most %d", data.len, OBJECT_MAX);
    ddbs_buf *out = &writer->scratch;
    if (!writer->flags[0])
        ddbs_buf__bytes(out, (const char *)data.ptr, data.len);
    else if (!write_gzip(out, data))
        return ddbs_fail(ctx, DDBS_E_MEMORY, "s3: no memory to compress an object");
    return ddbs_writer__put(writer, ctx, out->len, key);
}

/* ---- CloudWatch ---- */

ddbs_status ddbs_cloudwatch_new(ddbs_writer **out, const ddbs_cloudwatch_options *options, ddbs_error *error)
{
    const char *texts[DDBS_WRITER_TEXTS] = { options->name_space };
    DDBS_TRY(ddbs_writer__need(options->name_space, "`name_space`", error));
    return ddbs_writer__make(out, options->aws, &ddbs_service__cloudwatch, &options->tuning, texts, error);
}

static void write_time(ddbs_buf *out, int64_t time_ms)
{
    char text[40];
    struct tm tm;
    time_t seconds = (time_t)(time_ms / 1000);
    if (gmtime_r(&seconds, &tm) == NULL)
        return;
    size_t len = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(text + len, sizeof text - len, ".%03dZ", (int)(time_ms % 1000));
    ddbs_put__form(out, "Timestamp", ddbs_str_c(text));
}

ddbs_status ddbs_cloudwatch_put(ddbs_writer *writer, ddbs_ctx *ctx, const ddbs_datum *datum)
{
    char value[40];
    DDBS_TRY(ddbs_writer__begin(writer, ctx, &ddbs_service__cloudwatch));
    if (datum->name == NULL || datum->name[0] == '\0')
        return ddbs_fail(ctx, DDBS_E_MISSING, "cloudwatch: a metric needs a name");
    if (!(datum->value >= -0x1p360 && datum->value <= 0x1p360) || datum->time_ms < 0)
        return ddbs_fail(ctx, DDBS_E_SYNTAX, "cloudwatch: a value that is not finite or over 2^360, or a time below 0");
    if (datum->dimension_count > DIMENSIONS_MAX)
        return ddbs_fail(ctx, DDBS_E_LIMIT, "cloudwatch: %zu dimensions, at most %d", datum->dimension_count,
                         DIMENSIONS_MAX);
    ddbs_buf *out = &writer->scratch;
    ddbs_put__form(out, "MetricName", ddbs_str_c(datum->name));
    snprintf(value, sizeof value, "%.17g", datum->value);
    ddbs_put__form(out, "Value", ddbs_str_c(value));
    if (datum->unit != NULL)
        ddbs_put__form(out, "Unit", ddbs_str_c(datum->unit));
    if (datum->time_ms > 0)
        write_time(out, datum->time_ms);
    for (size_t i = 0; i < datum->dimension_count; i++) {
        ddbs_buf__format(out, "&Dimensions.member.%zu.Name=", i + 1);
        ddbs_put__percent(out, ddbs_str_c(datum->dimensions[i].name));
        ddbs_buf__format(out, "&Dimensions.member.%zu.Value=", i + 1);
        ddbs_put__percent(out, datum->dimensions[i].value);
    }
    return ddbs_writer__put(writer, ctx, out->len + (4 + 2 * datum->dimension_count) * PAIR_HEAD,
                            (ddbs_str){ NULL, 0 });
}

/* ---- SES ---- */

ddbs_status ddbs_ses_new(ddbs_writer **out, const ddbs_ses_options *options, ddbs_error *error)
{
    const char *texts[DDBS_WRITER_TEXTS] = { options->from, options->configuration_set };
    DDBS_TRY(ddbs_writer__need(options->from, "`from`, a verified address", error));
    return ddbs_writer__make(out, options->aws, &ddbs_service__ses, &options->tuning, texts, error);
}

static void write_part(ddbs_buf *out, const char *name, ddbs_str text)
{
    bool first = out->len == 0 || out->ptr[out->len - 1] == '{';
    ddbs_buf__format(out, "%s\"%s\":{", first ? "" : ",", name);
    ddbs_put__member(out, "Data", text);
    ddbs_buf__text(out, ",\"Charset\":\"UTF-8\"}");
}

static void write_mail(ddbs_buf *out, const char *from, const char *configuration_set, const ddbs_mail *mail)
{
    ddbs_buf__text(out, "{");
    ddbs_put__member(out, "FromEmailAddress", ddbs_str_c(from));
    ddbs_buf__text(out, ",\"Destination\":{\"ToAddresses\":[");
    ddbs_buf__json(out, mail->to.ptr, mail->to.len);
    ddbs_buf__text(out, "]},\"Content\":{\"Simple\":{");
    write_part(out, "Subject", mail->subject);
    ddbs_buf__text(out, ",\"Body\":{");
    if (mail->text.len > 0)
        write_part(out, "Text", mail->text);
    if (mail->html.len > 0)
        write_part(out, "Html", mail->html);
    ddbs_buf__text(out, "}}}");
    if (configuration_set != NULL)
        ddbs_put__member(out, "ConfigurationSetName", ddbs_str_c(configuration_set));
    ddbs_buf__text(out, "}");
}

/* A line end in an address or a subject would be another header of the mail. */
static bool is_mail_line(ddbs_str text)
{
    return ddbs_put__is_xml(text) && memchr(text.ptr, '\n', text.len) == NULL &&
           memchr(text.ptr, '\r', text.len) == NULL;
}

static ddbs_status check_mail(ddbs_ctx *ctx, const ddbs_mail *mail)
{
    if (mail->to.len == 0 || mail->subject.len == 0 || mail->text.len + mail->html.len == 0)
        return ddbs_fail(ctx, DDBS_E_MISSING, "ses: a mail needs an address, a subject and a text");
    if (!is_mail_line(mail->to) || !is_mail_line(mail->subject) || !ddbs_put__is_xml(mail->text) ||
        !ddbs_put__is_xml(mail->html))
        return ddbs_fail(ctx, DDBS_E_SYNTAX, "ses: a line end in address or subject, a control character, or no UTF-8");
    return DDBS_OK;
}

ddbs_status ddbs_ses_put(ddbs_writer *writer, ddbs_ctx *ctx, const ddbs_mail *mail)
{
    DDBS_TRY(ddbs_writer__begin(writer, ctx, &ddbs_service__ses));
    DDBS_TRY(check_mail(ctx, mail));
    write_mail(&writer->scratch, writer->texts[0], writer->texts[1], mail);
    return ddbs_writer__put(writer, ctx, writer->scratch.len, (ddbs_str){ NULL, 0 });
}

ddbs_status ddbs_ses_send(const ddbs_ses_options *options, ddbs_ctx *ctx, const ddbs_mail *mail)
{
    ddbs_buf body = { .ptr = NULL };
    ddbs_aws_reply reply = { .tries = 0 };
    if (options->aws == NULL || options->from == NULL || options->from[0] == '\0')
        return ddbs_fail(ctx, DDBS_E_USAGE, "ses: a mail needs `aws`, a client, and `from`, a verified address");
    DDBS_TRY(check_mail(ctx, mail));
    write_mail(&body, options->from, options->configuration_set, mail);
    ddbs_aws_request request = {
        .service = ddbs_service__ses.signing,
        .host = ddbs_service__ses.host,
        .path = ddbs_service__ses.path,
        .type = ddbs_service__ses.type,
        .body = ddbs_buf_bytes(&body),
    };
    ddbs_status status = body.failed ? ddbs_fail(ctx, DDBS_E_MEMORY, "ses: no memory for a mail")
                                     : ddbs_aws_call(options->aws, ctx, &request, &reply);
    ddbs_aws_reply_free(&reply);
    ddbs_buf_free(&body);
    return status;
}

/* ---- OpenSearch ---- */

enum { OR_EQUAL = 1 }; /* of the flags */

ddbs_status ddbs_opensearch_new(ddbs_writer **out, const ddbs_opensearch_options *options, ddbs_error *error)
{
    const char *texts[DDBS_WRITER_TEXTS] = { options->endpoint, options->index };
    const struct ddbs_service *service =
        options->serverless ? &ddbs_service__opensearch_serverless : &ddbs_service__opensearch;
    bool own;
    char address[DDBS_AWS_URL_MAX];
    ddbs_aws_request request = { .service = service->signing, .endpoint = options->endpoint };
    DDBS_TRY(ddbs_writer__need(options->index, "`index`", error));
    DDBS_TRY(ddbs_writer__need(options->aws == NULL ? NULL : "client", "`aws`, a client", error));
    bool known = ddbs_aws__endpoint(options->aws, &request, address, sizeof address, &own) && own &&
                 ddbs_aws__is_address(address);
    DDBS_TRY(ddbs_writer__need(known ? address : NULL, "`endpoint`, the address of the domain", error));
    DDBS_TRY(ddbs_writer__make(out, options->aws, service, &options->tuning, texts, error));
    (*out)->flags[OR_EQUAL] = options->or_equal;
    return DDBS_OK;
}

static ddbs_status put_document(ddbs_writer *writer, ddbs_ctx *ctx, const char *action, ddbs_str id, ddbs_str document,
                                uint64_t version)
{
    ddbs_buf *out = &writer->scratch;
    if (id.len == 0 || id.len > ID_MAX || !ddbs_put__is_utf8(id) || !ddbs_put__is_utf8(document))
        return ddbs_fail(ctx, DDBS_E_SYNTAX, "opensearch: an id has 1 to %d bytes, all text is UTF-8", ID_MAX);
    if (version > INT64_MAX)
        return ddbs_fail(ctx, DDBS_E_LIMIT, "opensearch: a version is below 2^63");
    ddbs_buf__format(out, "{\"%s\":{", action);
    ddbs_put__member(out, "_index", ddbs_str_c(writer->texts[1]));
    ddbs_put__member(out, "_id", id);
    if (version > 0)
        ddbs_buf__format(out, ",\"version\":%llu,\"version_type\":\"external%s\"", (unsigned long long)version,
                         writer->flags[OR_EQUAL] ? "_gte" : "");
    ddbs_buf__text(out, "}}\n");
    writer->version = version;
    size_t begin = out->len;
    if (document.ptr != NULL) {
        ddbs_buf__bytes(out, document.ptr, document.len);
        ddbs_buf__text(out, "\n");
    }
    for (size_t i = begin; !out->failed && i + 1 < out->len; i++) {
        if (out->ptr[i] == '\n' || out->ptr[i] == '\r')
            out->ptr[i] = ' '; /* outside of strings it is white space, inside it cannot stand */
    }
    return ddbs_writer__put(writer, ctx, out->len, id);
}

ddbs_status ddbs_opensearch_put(ddbs_writer *writer, ddbs_ctx *ctx, ddbs_str id, ddbs_str document, uint64_t version)
{
    DDBS_TRY(ddbs_writer__begin(writer, ctx,
                                writer->service == &ddbs_service__opensearch_serverless ? writer->service
                                                                                        : &ddbs_service__opensearch));
    if (document.len == 0)
        return ddbs_fail(ctx, DDBS_E_MISSING, "opensearch: no document");
    return put_document(writer, ctx, "index", id, document, version);
}

ddbs_status ddbs_opensearch_delete(ddbs_writer *writer, ddbs_ctx *ctx, ddbs_str id, uint64_t version)
{
    DDBS_TRY(ddbs_writer__begin(writer, ctx,
                                writer->service == &ddbs_service__opensearch_serverless ? writer->service
                                                                                        : &ddbs_service__opensearch));
    return put_document(writer, ctx, "delete", id, (ddbs_str){ NULL, 0 }, version);
}

/* The value of decimal digits, but at most `most`. */
static uint64_t value_up_to(ddbs_str digits, uint64_t most)
{
    uint64_t value = 0;
    for (size_t i = 0; i < digits.len && value < most; i++) {
        if (digits.ptr[i] < '0' || digits.ptr[i] > '9')
            return 0;
        value = value * 10 + (uint64_t)(digits.ptr[i] - '0');
    }
    return value < most ? value : most;
}

uint64_t ddbs_opensearch_version(ddbs_str sequence_number)
{
    enum { LOW_DIGITS = 20, LOW_BITS = 35 };
    static const uint64_t high_most = (1U << 28) - 1, low_most = ((uint64_t)1 << LOW_BITS) - 2;
    size_t high_len = sequence_number.len > LOW_DIGITS ? sequence_number.len - LOW_DIGITS : 0;
    uint64_t high = value_up_to((ddbs_str){ sequence_number.ptr, high_len }, high_most);
    /* Saturated, whatever comes behind is no larger. */
    uint64_t low =
        high == high_most
            ? low_most
            : value_up_to((ddbs_str){ sequence_number.ptr + high_len, sequence_number.len - high_len }, low_most);
    return ((high << LOW_BITS) | low) + 1;
}
