/* onfailure.c: see onfailure.h. A document is unwrapped layer by layer in a loop; only messages side by side are
 * many. */
#include "onfailure.h"

#include "command.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A payload is at most 6 MB, and twice as long where it is escaped inside of messages. */
enum { FILE_BYTES_MAX = 64 * 1024 * 1024, LAYERS_MAX = 4 };

struct reader {
    struct onfailure_list *list;
    const char *path;
    size_t number; /* of the message at hand; 0: there are none around it */
    char *why;
    size_t why_size;
};

static bool refuse(const struct reader *reader, const char *what)
{
    if (reader->number > 0)
        snprintf(reader->why, reader->why_size, "%s: message %zu: %s", reader->path, reader->number, what);
    else
        snprintf(reader->why, reader->why_size, "%s: %s", reader->path, what);
    return false;
}

static const char *text_of(const cJSON *object, const char *name)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsString(value) ? value->valuestring : NULL;
}

/* A text member that fits, or is not there. */
static bool take(const cJSON *object, const char *name, char *out, size_t size)
{
    const char *text = text_of(object, name);
    if (text != NULL && strlen(text) >= size)
        return false;
    memcpy(out, text == NULL ? "" : text, text == NULL ? 1 : strlen(text) + 1);
    return true;
}

static bool is_sequence(const char *text)
{
    return strspn(text, "0123456789") == strlen(text);
}

/* ---- A record ---------------------------------------------------------------------------------------------------- */

static bool fill(const struct reader *reader, const cJSON *record, struct onfailure *out)
{
    const cJSON *batch = cJSON_GetObjectItemCaseSensitive(record, "DDBStreamBatchInfo");
    const cJSON *request = cJSON_GetObjectItemCaseSensitive(record, "requestContext");
    const cJSON *size = cJSON_GetObjectItemCaseSensitive(batch, "batchSize");
    out->path = reader->path;
    out->number = reader->number;
    if (!take(batch, "streamArn", out->stream_arn, sizeof out->stream_arn) || out->stream_arn[0] == '\0')
        return refuse(reader, "DDBStreamBatchInfo.streamArn: expected the ARN of a stream");
    if (!take(batch, "shardId", out->shard, sizeof out->shard) || out->shard[0] == '\0')
        return refuse(reader, "DDBStreamBatchInfo.shardId: expected a text of 1 to 127 bytes");
    if (!take(batch, "startSequenceNumber", out->first, sizeof out->first) ||
        !take(batch, "endSequenceNumber", out->last, sizeof out->last) || !is_sequence(out->first) ||
        !is_sequence(out->last) || (out->first[0] == '\0') != (out->last[0] == '\0'))
        return refuse(reader, "DDBStreamBatchInfo: expected startSequenceNumber and endSequenceNumber, both digits");
    take(request, "condition", out->condition, sizeof out->condition);
    out->count = cJSON_IsNumber(size) && size->valuedouble >= 1 && size->valuedouble <= (double)DDBS_EVENT_RECORDS_MAX
                     ? (uint64_t)size->valuedouble
                     : 0;
    return true;
}

static bool add(const struct reader *reader, const cJSON *record)
{
    struct onfailure_list *list = reader->list;
    const char *payload = text_of(record, "payload");
    struct onfailure entry = { .path = NULL };
    if (!fill(reader, record, &entry))
        return false;
    struct onfailure *grown = realloc(list->entries, (list->count + 1) * sizeof *grown);
    if (grown != NULL)
        list->entries = grown;
    if (payload != NULL)
        entry.payload = strdup(payload);
    if (grown == NULL || (payload != NULL && entry.payload == NULL)) {
        free(entry.payload);
        return refuse(reader, "out of memory");
    }
    list->entries[list->count++] = entry;
    return true;
}

/* ---- What is around it ------------------------------------------------------------------------------------------- */

/* The text inside of a message or a notification: SQS's CLI says Body, its Lambda event body, SNS Message. */
static const char *wrapped(const cJSON *object)
{
    static const char *const NAMES[] = { "Message", "Body", "body" };
    const char *text = NULL;
    for (size_t i = 0; text == NULL && i < sizeof NAMES / sizeof *NAMES; i++)
        text = text_of(object, NAMES[i]);
    return text;
}

/* One message: take layers away until there is a record. */
static bool read_one(const struct reader *reader, const cJSON *object)
{
    cJSON *owned = NULL;
    const char *text;
    bool taken = false;
    for (int layer = 0; !taken && object != NULL; layer++) {
        if (cJSON_GetObjectItemCaseSensitive(object, "DDBStreamBatchInfo") != NULL) {
            taken = add(reader, object);
            cJSON_Delete(owned);
            return taken;
        }
        text = layer < LAYERS_MAX ? wrapped(object) : NULL;
        cJSON *inner = text == NULL ? NULL : cJSON_Parse(text);
        cJSON_Delete(owned);
        object = owned = inner;
    }
    return refuse(reader,
                  "not an on-failure record of a DynamoDB stream: expected an object with DDBStreamBatchInfo, or "
                  "the message of a queue or topic around one");
}

/* The messages side by side of `aws sqs receive-message`, or of an event; NULL: there is one document. */
static const cJSON *messages_of(const cJSON *document)
{
    const cJSON *messages = cJSON_GetObjectItemCaseSensitive(document, "Messages");
    if (!cJSON_IsArray(messages))
        messages = cJSON_GetObjectItemCaseSensitive(document, "Records");
    return cJSON_IsArray(messages) ? messages : NULL;
}

static bool read_document(struct reader *reader, const cJSON *document)
{
    const cJSON *messages = messages_of(document), *message;
    if (messages == NULL)
        return read_one(reader, document);
    cJSON_ArrayForEach(message, messages)
    {
        reader->number++;
        if (!read_one(reader, message))
            return false;
    }
    reader->number = 0;
    return messages->child != NULL || refuse(reader, "no messages in it");
}

int onfailure_read(struct onfailure_list *list, const char *path, char *why, size_t why_size)
{
    struct reader reader = { .list = list, .path = path, .why = why, .why_size = why_size };
    char *content;
    const char *end = NULL;
    size_t len;
    if (command_read(path, FILE_BYTES_MAX, &content, &len, why, why_size) != 0)
        return -1;
    cJSON *document = cJSON_ParseWithLengthOpts(content, len + 1, &end, 1);
    bool taken;
    if (document == NULL) {
        snprintf(why, why_size, "%s: byte %zu: not JSON", path, end == NULL ? 0 : (size_t)(end - content));
        taken = false;
    } else {
        taken = read_document(&reader, document);
    }
    cJSON_Delete(document);
    free(content);
    return taken ? 0 : -1;
}

void onfailure_free(struct onfailure_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->entries[i].payload);
    free(list->entries);
    *list = (struct onfailure_list){ .entries = NULL };
}
