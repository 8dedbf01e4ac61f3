/* result.c: see result.h. */
#define _GNU_SOURCE
#include "runtime/aws/result.h"
#include "lib/buf.h"
#include "runtime/aws/client.h"

#include <cjson/cJSON.h>
#include <ddbstream/num.h>
#include <stdlib.h>
#include <string.h>

/* ---- Noting ---- */

/* An error's code as far as it is a name: it goes into errors. */
static void note_code(struct ddbs_results *results, const char *code)
{
    if (results->code[0] == '\0' && code != NULL)
        ddbs_aws__read_type(code, NULL, 0, results->code);
}

/* A failure of an entry outweighs whatever else a reply says of it. */
static void note(struct ddbs_results *results, size_t at, enum ddbs_verdict verdict, const char *code)
{
    if (at >= results->count || results->verdicts[at] == DDBS_VERDICT_REFUSED ||
        (results->verdicts[at] == DDBS_VERDICT_AGAIN && verdict == DDBS_VERDICT_STORED))
        return;
    results->verdicts[at] = (unsigned char)verdict;
    if (verdict != DDBS_VERDICT_STORED)
        note_code(results, code);
}

static void note_all(struct ddbs_results *results, enum ddbs_verdict verdict, const char *code)
{
    for (size_t i = 0; i < results->count; i++)
        note(results, i, verdict, code);
}

static const char *text_of(const cJSON *tree, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(tree, name));
}

/* The entry that "17" names; SIZE_MAX: none. */
static size_t number_of(const char *text, size_t len)
{
    size_t number = 0;
    if (len == 0 || len > 6)
        return SIZE_MAX;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return SIZE_MAX;
        number = number * 10 + (size_t)(text[i] - '0');
    }
    return number;
}

/* ---- Lists in the order of the request ---- */

/* An element with an ErrorCode failed; one with an id is stored. All codes of these services are of passing failures
 * but those that fault.c knows as others. */
static void read_list(const char *body, size_t len, const char *list_name, const char *id_name,
                      struct ddbs_results *results)
{
    cJSON *tree = len == 0 ? NULL : cJSON_ParseWithLength(body, len);
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(tree, list_name), *element;
    size_t at = 0;
    if (cJSON_IsArray(list) && (size_t)cJSON_GetArraySize(list) == results->count) {
        cJSON_ArrayForEach(element, list)
        {
            const char *code = text_of(element, "ErrorCode");
            if (code != NULL)
                note(results, at,
                     ddbs_aws__is_passing(ddbs_aws__fault_of(code, 400)) ? DDBS_VERDICT_AGAIN : DDBS_VERDICT_REFUSED,
                     code);
            else if (text_of(element, id_name) != NULL)
                note(results, at, DDBS_VERDICT_STORED, NULL);
            at++;
        }
    }
    cJSON_Delete(tree);
}

void ddbs_result__firehose(const char *body, size_t len, struct ddbs_results *results)
{
    read_list(body, len, "RequestResponses", "RecordId", results);
}

void ddbs_result__kinesis(const char *body, size_t len, struct ddbs_results *results)
{
    read_list(body, len, "Records", "SequenceNumber", results);
}

void ddbs_result__eventbridge(const char *body, size_t len, struct ddbs_results *results)
{
    read_list(body, len, "Entries", "EventId", results);
}

/* {"items":[{"index":{"status":201}},{"delete":{"status":404}}]}. A version conflict means that this version or a newer
 * one is there. */
static enum ddbs_verdict verdict_of_item(const cJSON *action, const char **code)
{
    const cJSON *status = cJSON_GetObjectItemCaseSensitive(action, "status");
    double number = cJSON_IsNumber(status) ? status->valuedouble : 0;
    bool deletes = action != NULL && action->string != NULL && strcmp(action->string, "delete") == 0;
    *code = text_of(cJSON_GetObjectItemCaseSensitive(action, "error"), "type");
    if ((number >= 200 && number < 300) || number == 409 || (deletes && number == 404))
        return DDBS_VERDICT_STORED;
    if (number == 429 || number >= 500)
        return DDBS_VERDICT_AGAIN;
    return number >= 400 ? DDBS_VERDICT_REFUSED : DDBS_VERDICT_NONE;
}

void ddbs_result__opensearch(const char *body, size_t len, struct ddbs_results *results)
{
    cJSON *tree = len == 0 ? NULL : cJSON_ParseWithLength(body, len);
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(tree, "items"), *element;
    size_t at = 0;
    if (cJSON_IsArray(list) && (size_t)cJSON_GetArraySize(list) == results->count) {
        cJSON_ArrayForEach(element, list)
        {
            const char *code;
            enum ddbs_verdict verdict = verdict_of_item(cJSON_IsObject(element) ? element->child : NULL, &code);
            if (verdict != DDBS_VERDICT_NONE)
                note(results, at, verdict, code);
            at++;
        }
    }
    cJSON_Delete(tree);
}

/* ---- Lists of ids ---- */

/* Services call some throttling the sender's fault, too. */
static enum ddbs_verdict verdict_of_failure(bool senders, const char *code)
{
    bool passing = code != NULL && ddbs_aws__is_passing(ddbs_aws__fault_of(code, 400));
    return senders && !passing ? DDBS_VERDICT_REFUSED : DDBS_VERDICT_AGAIN;
}

void ddbs_result__sqs(const char *body, size_t len, struct ddbs_results *results)
{
    cJSON *tree = len == 0 ? NULL : cJSON_ParseWithLength(body, len);
    const cJSON *element;
    cJSON_ArrayForEach(element, cJSON_GetObjectItemCaseSensitive(tree, "Successful"))
    {
        const char *id = text_of(element, "Id");
        if (id != NULL && text_of(element, "MessageId") != NULL)
            note(results, number_of(id, strlen(id)), DDBS_VERDICT_STORED, NULL);
    }
    cJSON_ArrayForEach(element, cJSON_GetObjectItemCaseSensitive(tree, "Failed"))
    {
        const char *id = text_of(element, "Id"), *code = text_of(element, "Code");
        bool senders = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(element, "SenderFault"));
        if (id != NULL)
            note(results, number_of(id, strlen(id)), verdict_of_failure(senders, code), code);
    }
    cJSON_Delete(tree);
}

/* The content of the first <name> in a text. Names of elements that can stand inside each other differ here. */
static bool find_element(ddbs_str text, const char *open, const char *close, ddbs_str *content, ddbs_str *rest)
{
    const char *begin = text.len == 0 ? NULL : memmem(text.ptr, text.len, open, strlen(open));
    if (begin == NULL)
        return false;
    begin += strlen(open);
    size_t left = text.len - (size_t)(begin - text.ptr);
    const char *end = memmem(begin, left, close, strlen(close));
    if (end == NULL)
        return false;
    *content = (ddbs_str){ begin, (size_t)(end - begin) };
    *rest = (ddbs_str){ end + strlen(close), left - content->len - strlen(close) };
    return true;
}

static void read_member(ddbs_str member, bool failed, struct ddbs_results *results)
{
    ddbs_str id, code = { "", 0 }, fault, rest;
    char text[DDBS_AWS_TYPE_MAX] = "";
    if (!find_element(member, "<Id>", "</Id>", &id, &rest))
        return;
    if (!failed) {
        if (find_element(member, "<MessageId>", "</MessageId>", &code, &rest))
            note(results, number_of(id.ptr, id.len), DDBS_VERDICT_STORED, NULL);
        return;
    }
    if (find_element(member, "<Code>", "</Code>", &code, &rest) && code.len < sizeof text)
        memcpy(text, code.ptr, code.len);
    bool senders = find_element(member, "<SenderFault>", "</SenderFault>", &fault, &rest) && fault.len == 4 &&
                   memcmp(fault.ptr, "true", 4) == 0;
    note(results, number_of(id.ptr, id.len), verdict_of_failure(senders, text), text);
}

/* XML, of which we need so little that a scanner for a few names does (API_PublishBatch). Messages in it are escaped,
 * so no '<' of theirs can pass for an element. */
void ddbs_result__sns(const char *body, size_t len, struct ddbs_results *results)
{
    static const char *const names[][2] = { { "<Successful>", "</Successful>" }, { "<Failed>", "</Failed>" } };
    for (size_t i = 0; i < 2; i++) {
        ddbs_str section, member, rest;
        if (!find_element((ddbs_str){ body, len }, names[i][0], names[i][1], &section, &rest))
            continue;
        while (find_element(section, "<member>", "</member>", &member, &section))
            read_member(member, i == 1, results);
    }
}

/* ---- DynamoDB ---- */

bool ddbs_key__write(ddbs_buf *out, char type, const char *value, size_t len)
{
    char canonical[DDBS_NUM_TEXT_MAX];
    if (type == 'N') {
        if (ddbs_num_canonical((ddbs_num){ value, len }, canonical) != DDBS_OK)
            return false;
        value = canonical;
        len = strlen(canonical);
    }
    ddbs_buf__format(out, "%c%zu:", type, len);
    ddbs_buf__bytes(out, value, len);
    return !out->failed;
}

static bool write_attribute(ddbs_buf *out, const cJSON *holder, const char *name)
{
    const cJSON *typed = cJSON_GetObjectItemCaseSensitive(holder, name);
    const cJSON *value = cJSON_IsObject(typed) ? typed->child : NULL;
    const char *text = cJSON_GetStringValue(value);
    if (text == NULL || value->string == NULL || strlen(value->string) != 1 || strchr("SNB", value->string[0]) == NULL)
        return false;
    return ddbs_key__write(out, value->string[0], text, strlen(text));
}

/* Which entry an element of UnprocessedItems is; SIZE_MAX: none of ours. */
static size_t find_unprocessed(const cJSON *element, const struct ddbs_results *results)
{
    const cJSON *holder =
        cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(element, "PutRequest"), "Item");
    ddbs_buf key = { .ptr = NULL };
    size_t found = SIZE_MAX;
    if (holder == NULL)
        holder = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(element, "DeleteRequest"), "Key");
    bool whole = write_attribute(&key, holder, results->names[0]) &&
                 (results->names[1] == NULL || write_attribute(&key, holder, results->names[1]));
    for (size_t i = 0; whole && i < results->count && found == SIZE_MAX; i++) {
        if (results->keys[i].len == key.len && memcmp(results->keys[i].ptr, key.ptr, key.len) == 0)
            found = i;
    }
    ddbs_buf_free(&key);
    return found;
}

void ddbs_result__dynamodb(const char *body, size_t len, struct ddbs_results *results)
{
    static const char code[] = "UnprocessedItems";
    if (len > 0 && memmem(body, len, "\\u0000", 6) != NULL)
        return; /* cJSON cuts texts there: one key could be taken for another, and the open one count as stored */
    cJSON *tree = len == 0 ? NULL : cJSON_ParseWithLength(body, len);
    const cJSON *tables = cJSON_GetObjectItemCaseSensitive(tree, code), *table, *element;
    bool known = cJSON_IsObject(tables);
    cJSON_ArrayForEach(table, tables)
    {
        cJSON_ArrayForEach(element, table)
        {
            size_t at = find_unprocessed(element, results);
            known = known && at != SIZE_MAX;
            note(results, at, DDBS_VERDICT_AGAIN, code);
        }
    }
    if (known) /* what is left is stored, unless something is open that we cannot find */
        note_all(results, DDBS_VERDICT_STORED, NULL);
    cJSON_Delete(tree);
}

/* {"CancellationReasons":[{"Code":"None"},{"Code":"ConditionalCheckFailed"}]}: one verdict for all of them. */
void ddbs_result__transact_failure(const char *body, size_t len, struct ddbs_results *results)
{
    cJSON *tree = len == 0 ? NULL : cJSON_ParseWithLength(body, len);
    const cJSON *reason;
    enum ddbs_verdict verdict = DDBS_VERDICT_NONE;
    const char *decisive = NULL;
    cJSON_ArrayForEach(reason, cJSON_GetObjectItemCaseSensitive(tree, "CancellationReasons"))
    {
        const char *code = text_of(reason, "Code");
        ddbs_aws_fault fault = code == NULL ? DDBS_AWS_REFUSED : ddbs_aws__fault_of(code, 400);
        if (code != NULL && strcmp(code, "None") == 0)
            continue;
        enum ddbs_verdict one = ddbs_aws__is_passing(fault)                                 ? DDBS_VERDICT_AGAIN
                                : fault == DDBS_AWS_CONDITION && results->condition_is_done ? DDBS_VERDICT_STORED
                                                                                            : DDBS_VERDICT_REFUSED;
        if (one > verdict) {
            verdict = one;
            decisive = code;
        }
    }
    if (verdict != DDBS_VERDICT_NONE)
        note_all(results, verdict, decisive == NULL ? "TransactionCanceledException" : decisive);
    cJSON_Delete(tree);
}

/* ---- All or nothing ---- */

void ddbs_result__whole(const char *body, size_t len, struct ddbs_results *results)
{
    (void)body, (void)len;
    note_all(results, DDBS_VERDICT_STORED, NULL);
}

void ddbs_result__ses(const char *body, size_t len, struct ddbs_results *results)
{
    cJSON *tree = len == 0 ? NULL : cJSON_ParseWithLength(body, len);
    if (text_of(tree, "MessageId") != NULL)
        note_all(results, DDBS_VERDICT_STORED, NULL);
    cJSON_Delete(tree);
}
