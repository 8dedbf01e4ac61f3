/* put_stream.c: entries for Firehose, Kinesis, SQS, SNS and EventBridge, and what makes texts of them. */
#include "lib/utf8.h"
#include "runtime/aws/put.h"

#include <string.h>

enum { KINESIS_KEY_MAX = 256, FIREHOSE_RECORD_MAX = 1000 * 1024, ATTRIBUTES_MAX = 10, SUBJECT_MAX = 100 };

/* ---- Texts ---- */

void ddbs_put__percent(ddbs_buf *buf, ddbs_str text)
{
    static const char hex[] = "0123456789ABCDEF";
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];
        if (memchr(plain, byte, sizeof plain - 1) != NULL)
            ddbs_buf__bytes(buf, text.ptr + i, 1);
        else
            ddbs_buf__bytes(buf, (const char[]){ '%', hex[byte >> 4], hex[byte & 15] }, 3);
    }
}

void ddbs_put__form(ddbs_buf *buf, const char *name, ddbs_str text)
{
    ddbs_buf__format(buf, "%s%s=", buf->len == 0 ? "" : "&", name);
    ddbs_put__percent(buf, text);
}

void ddbs_put__member(ddbs_buf *buf, const char *name, ddbs_str text)
{
    bool first = buf->len == 0 || buf->ptr[buf->len - 1] == '{';
    ddbs_buf__format(buf, "%s\"%s\":", first ? "" : ",", name);
    ddbs_buf__json(buf, text.ptr, text.len);
}

bool ddbs_put__is_utf8(ddbs_str text)
{
    return text.len == 0 || ddbs_utf8__check(text.ptr, text.len) == text.len;
}

bool ddbs_put__is_xml(ddbs_str text)
{
    if (!ddbs_put__is_utf8(text))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];
        if (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r')
            return false;
        if (byte == 0xef &&
            (memcmp(text.ptr + i, "\xef\xbf\xbe", 3) == 0 || memcmp(text.ptr + i, "\xef\xbf\xbf", 3) == 0))
            return false;
    }
    return true;
}

/* ---- Firehose ---- */

ddbs_status ddbs_firehose_new(ddbs_writer **out, const ddbs_firehose_options *options, ddbs_error *error)
{
    const char *texts[DDBS_WRITER_TEXTS] = { options->stream };
    DDBS_TRY(ddbs_writer__need(options->stream, "`stream`, the name of a delivery stream", error));
    DDBS_TRY(ddbs_writer__make(out, options->aws, &ddbs_service__firehose, &options->tuning, texts, error));
    (*out)->flags[0] = options->newline;
    return DDBS_OK;
}

/* The data with a line end behind it, in base64. */
static void write_lines(ddbs_buf *out, ddbs_bytes data)
{
    ddbs_buf line = { .ptr = NULL };
    ddbs_buf__bytes(&line, (const char *)data.ptr, data.len);
    ddbs_buf__bytes(&line, "\n", 1);
    out->failed = out->failed || line.failed;
    if (!line.failed)
        ddbs_buf__base64(out, (const unsigned char *)line.ptr, line.len);
    ddbs_buf_free(&line);
}

ddbs_status ddbs_firehose_put(ddbs_writer *writer, ddbs_ctx *ctx, ddbs_bytes data)
{
    DDBS_TRY(ddbs_writer__begin(writer, ctx, &ddbs_service__firehose));
    if (data.ptr == NULL)
        return ddbs_fail(ctx, DDBS_E_MISSING, "firehose: no data");
    if (data.len + writer->flags[0] > FIREHOSE_RECORD_MAX)
        return ddbs_fail(ctx, DDBS_E_LIMIT, "firehose: a record of %zu bytes, at most %d", data.len,
                         FIREHOSE_RECORD_MAX);
    ddbs_buf *out = &writer->scratch;
    ddbs_buf__text(out, "{\"Data\":");
    if (writer->flags[0])
        write_lines(out, data);
    else
        ddbs_buf__base64(out, data.ptr, data.len);
    ddbs_buf__text(out, "}");
    return ddbs_writer__put(writer, ctx, out->len + 1, (ddbs_str){ NULL, 0 });
}

/* ---- Kinesis ---- */

ddbs_status ddbs_kinesis_new(ddbs_writer **out, const ddbs_kinesis_options *options, ddbs_error *error)
{
    const char *texts[DDBS_WRITER_TEXTS] = { options->stream };
    DDBS_TRY(ddbs_writer__need(options->stream, "`stream`, a name or an ARN", error));
    return ddbs_writer__make(out, options->aws, &ddbs_service__kinesis, &options->tuning, texts, error);
}

/* Characters, which is what Kinesis counts. */
static size_t characters(ddbs_str text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
    return count;
}

ddbs_status ddbs_kinesis_put(ddbs_writer *writer, ddbs_ctx *ctx, ddbs_str partition_key, ddbs_bytes data)
{
    DDBS_TRY(ddbs_writer__begin(writer, ctx, &ddbs_service__kinesis));
    if (partition_key.len == 0 || data.ptr == NULL)
        return ddbs_fail(ctx, DDBS_E_MISSING, "kinesis: no data or no partition key");
    if (!ddbs_put__is_utf8(partition_key) || characters(partition_key) > KINESIS_KEY_MAX)
        return ddbs_fail(ctx, DDBS_E_SYNTAX, "kinesis: a partition key is UTF-8 of up to %d characters",
                         KINESIS_KEY_MAX);
    ddbs_buf *out = &writer->scratch;
    ddbs_buf__text(out, "{\"Data\":");
    ddbs_buf__base64(out, data.ptr, data.len);
    ddbs_put__member(out, "PartitionKey", partition_key);
    ddbs_buf__text(out, "}");
    return ddbs_writer__put(writer, ctx, data.len + partition_key.len, partition_key);
}

/* ---- SQS and SNS ---- */

static ddbs_status check_message(const ddbs_message *message, ddbs_ctx *ctx, const char *service)
{
    if (message->body.len == 0)
        return ddbs_fail(ctx, DDBS_E_MISSING, "%s: a message needs a body", service);
    bool fine = ddbs_put__is_xml(message->body) && ddbs_put__is_xml(message->subject) &&
                ddbs_put__is_xml(message->group_id) && ddbs_put__is_xml(message->deduplication_id);
    for (size_t i = 0; i < message->attribute_count; i++)
        fine = fine && ddbs_put__is_xml(message->attributes[i].value) && message->attributes[i].value.len > 0;
    if (!fine)
        return ddbs_fail(ctx, DDBS_E_SYNTAX,
                         "%s: a text that is not UTF-8 or has control characters, or an empty "
                         "attribute",
                         service);
    if (message->attribute_count > ATTRIBUTES_MAX)
        return ddbs_fail(ctx, DDBS_E_LIMIT, "%s: %zu attributes, at most %d", service, message->attribute_count,
                         ATTRIBUTES_MAX);
    return DDBS_OK;
}

/* Body and attributes with their names and types count. */
static size_t weight_of(const ddbs_message *message)
{
    size_t weight = message->body.len;
    for (size_t i = 0; i < message->attribute_count; i++)
        weight += strlen(message->attributes[i].name) + strlen("String") + message->attributes[i].value.len;
    return weight;
}

ddbs_status ddbs_sqs_new(ddbs_writer **out, const ddbs_sqs_options *options, ddbs_error *error)
{
    const char *texts[DDBS_WRITER_TEXTS] = { options->queue_url };
    DDBS_TRY(ddbs_writer__need(options->queue_url, "`queue_url`", error));
    return ddbs_writer__make(out, options->aws, &ddbs_service__sqs, &options->tuning, texts, error);
}

static void write_attributes(ddbs_buf *out, const ddbs_message *message)
{
    ddbs_buf__text(out, ",\"MessageAttributes\":{");
    for (size_t i = 0; i < message->attribute_count; i++) {
        const ddbs_message_attribute *attribute = &message->attributes[i];
        ddbs_buf__text(out, i == 0 ? "" : ",");
        ddbs_buf__json(out, attribute->name, strlen(attribute->name));
        ddbs_buf__text(out, ":{\"DataType\":\"String\"");
        ddbs_put__member(out, "StringValue", attribute->value);
        ddbs_buf__text(out, "}");
    }
    ddbs_buf__text(out, "}");
}

ddbs_status ddbs_sqs_put(ddbs_writer *writer, ddbs_ctx *ctx, const ddbs_message *message)
{
    DDBS_TRY(ddbs_writer__begin(writer, ctx, &ddbs_service__sqs));
    DDBS_TRY(check_message(message, ctx, "sqs"));
    ddbs_buf *out = &writer->scratch;
    ddbs_buf__text(out, "\"MessageBody\":");
    ddbs_buf__json(out, message->body.ptr, message->body.len);
    if (message->delay_s > 0)
        ddbs_buf__format(out, ",\"DelaySeconds\":%u", (unsigned)message->delay_s);
    if (message->group_id.len > 0)
        ddbs_put__member(out, "MessageGroupId", message->group_id);
    if (message->deduplication_id.len > 0)
        ddbs_put__member(out, "MessageDeduplicationId", message->deduplication_id);
    if (message->attribute_count > 0)
        write_attributes(out, message);
    ddbs_buf__text(out, "}");
    ddbs_str key = message->group_id.len > 0 ? message->group_id : (ddbs_str){ NULL, 0 };
    return ddbs_writer__put(writer, ctx, weight_of(message), key);
}

ddbs_status ddbs_sns_new(ddbs_writer **out, const ddbs_sns_options *options, ddbs_error *error)
{
    const char *texts[DDBS_WRITER_TEXTS] = { options->topic_arn };
    DDBS_TRY(ddbs_writer__need(options->topic_arn, "`topic_arn`", error));
    return ddbs_writer__make(out, options->aws, &ddbs_service__sns, &options->tuning, texts, error);
}

ddbs_status ddbs_sns_put(ddbs_writer *writer, ddbs_ctx *ctx, const ddbs_message *message)
{
    DDBS_TRY(ddbs_writer__begin(writer, ctx, &ddbs_service__sns));
    DDBS_TRY(check_message(message, ctx, "sns"));
    if (message->subject.len > SUBJECT_MAX)
        return ddbs_fail(ctx, DDBS_E_LIMIT, "sns: a subject of %zu bytes, at most %d", message->subject.len,
                         SUBJECT_MAX);
    ddbs_buf *out = &writer->scratch;
    ddbs_put__form(out, "Message", message->body);
    if (message->subject.len > 0)
        ddbs_put__form(out, "Subject", message->subject);
    if (message->group_id.len > 0)
        ddbs_put__form(out, "MessageGroupId", message->group_id);
    if (message->deduplication_id.len > 0)
        ddbs_put__form(out, "MessageDeduplicationId", message->deduplication_id);
    for (size_t i = 0; i < message->attribute_count; i++) {
        ddbs_buf__format(out, "&MessageAttributes.entry.%zu.Name=", i + 1);
        ddbs_put__percent(out, ddbs_str_c(message->attributes[i].name));
        ddbs_buf__format(out, "&MessageAttributes.entry.%zu.Value.DataType=String", i + 1);
        ddbs_buf__format(out, "&MessageAttributes.entry.%zu.Value.StringValue=", i + 1);
        ddbs_put__percent(out, message->attributes[i].value);
    }
    ddbs_str key = message->group_id.len > 0 ? message->group_id : (ddbs_str){ NULL, 0 };
    return ddbs_writer__put(writer, ctx, weight_of(message), key);
}

/* ---- EventBridge ---- */

ddbs_status ddbs_eventbridge_new(ddbs_writer **out, const ddbs_eventbridge_options *options, ddbs_error *error)
{
    const char *texts[DDBS_WRITER_TEXTS] = { options->bus, options->source };
    DDBS_TRY(ddbs_writer__need(options->source, "`source`", error));
    return ddbs_writer__make(out, options->aws, &ddbs_service__eventbridge, &options->tuning, texts, error);
}

ddbs_status ddbs_eventbridge_put(ddbs_writer *writer, ddbs_ctx *ctx, ddbs_str detail_type, ddbs_str detail)
{
    DDBS_TRY(ddbs_writer__begin(writer, ctx, &ddbs_service__eventbridge));
    if (detail_type.len == 0 || detail.len == 0)
        return ddbs_fail(ctx, DDBS_E_MISSING, "eventbridge: no detail or no detail type");
    if (!ddbs_put__is_utf8(detail_type) || !ddbs_put__is_utf8(detail))
        return ddbs_fail(ctx, DDBS_E_SYNTAX, "eventbridge: a text that is not UTF-8");
    ddbs_buf *out = &writer->scratch;
    ddbs_str source = ddbs_str_c(writer->texts[1]);
    ddbs_buf__text(out, "{");
    ddbs_put__member(out, "Source", source);
    ddbs_put__member(out, "DetailType", detail_type);
    ddbs_put__member(out, "Detail", detail);
    if (writer->texts[0] != NULL)
        ddbs_put__member(out, "EventBusName", ddbs_str_c(writer->texts[0]));
    ddbs_buf__text(out, "}");
    return ddbs_writer__put(writer, ctx, source.len + detail_type.len + detail.len, (ddbs_str){ NULL, 0 });
}
