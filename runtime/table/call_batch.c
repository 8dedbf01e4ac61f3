/* call_batch.c: BatchWriteItem, TransactWriteItems and TransactGetItems. */
#include "lib/arena.h"
#include "lib/buf.h"
#include "write.h"

#include <stdlib.h>
#include <string.h>

enum { BATCH_WRITE_MAX = 25, TRANSACT_MAX = 100, TRANSACT_BYTES_MAX = 4 * 1024 * 1024, TOKEN_LIFE_MS = 10 * 60 * 1000 };

/* Whether a write names an item that one before it names. */
static bool is_repeated(const struct write *writes, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (writes[i].change.table == writes[at].change.table &&
            index_compare(&writes[i].change.key, &writes[at].change.key) == 0)
            return true;
    }
    return false;
}

static bool commit(struct call *call, const struct write *writes, size_t count)
{
    struct change *changes = ddbs_arena__alloc(call->fault.arena, count * sizeof *changes);
    if (changes == NULL)
        return fault_memory(&call->fault);
    for (size_t i = 0; i < count; i++)
        changes[i] = writes[i].change;
    return store_commit(call->db, changes, count, call->now_ms, &call->fault);
}

/* ---- BatchWriteItem ---------------------------------------------------------------------------------------------- */

static bool batch_entry(struct call *call, struct table *table, struct span entry, struct write *out)
{
    struct span put = span_member(entry, "PutRequest"), gone = span_member(entry, "DeleteRequest");
    struct span item = put.ptr != NULL ? span_member(put, "Item") : span_member(gone, "Key");
    if ((put.ptr == NULL) == (gone.ptr == NULL))
        return fault_invalid(&call->fault, "Supplied AttributeValue has more than one datatypes set, must contain "
                                           "exactly one of the supported datatypes");
    if (write_read_plain(call, table, item, put.ptr != NULL ? WRITE_PUT : WRITE_DELETE, out))
        return true;
    /* AWS says it otherwise here than in PutItem. */
    if (strstr(call->fault.text, "Missing the key") != NULL || strstr(call->fault.text, "Type mismatch for key"))
        call->fault.text = "The provided key element does not match the schema";
    return false;
}

static bool batch_table(struct call *call, ddbs_str name, struct span entries, struct write *writes, size_t *count)
{
    struct table *table;
    struct span_iter iter = span_walk(entries);
    if (!call_find_table(call, name, &table))
        return false;
    for (struct span entry; span_next(&iter, &entry);) {
        if (*count == BATCH_WRITE_MAX)
            return fault_invalid(&call->fault, "Too many items requested for the BatchWriteItem call");
        if (!batch_entry(call, table, entry, &writes[*count]))
            return false;
        if (is_repeated(writes, (*count)++))
            return fault_invalid(&call->fault, "Provided list of item keys contains duplicates");
    }
    return true;
}

/* AWS looks at the values of all items before it looks at their tables and keys. */
static bool check_values(struct call *call)
{
    struct span_iter tables = span_walk(span_member(call->body, "RequestItems"));
    struct json_string token;
    const ddbs_item *ignored;
    for (struct span entries; span_next_member(&tables, &token, &entries);) {
        struct span_iter iter = span_walk(entries);
        for (struct span entry; span_next(&iter, &entry);) {
            struct span put = span_member(entry, "PutRequest"), gone = span_member(entry, "DeleteRequest");
            struct span item = put.ptr != NULL ? span_member(put, "Item") : span_member(gone, "Key");
            if (item.ptr != NULL && !item_read(item, &call->fault, &ignored))
                return false;
        }
    }
    return true;
}

static bool read_batch(struct call *call, struct write *writes, size_t *count)
{
    struct span_iter iter = span_walk(span_member(call->body, "RequestItems"));
    struct json_string token;
    for (struct span entries; span_next_member(&iter, &token, &entries);) {
        ddbs_str name = span_name(&iter, token, call->fault.arena);
        if (name.ptr == NULL)
            return fault_memory(&call->fault);
        if (!batch_table(call, name, entries, writes, count))
            return false;
    }
    return *count > 0 ||
           fault_invalid(&call->fault, "1 validation error detected: Value '{}' at 'requestItems' failed to satisfy "
                                       "constraint: Member must have length greater than or equal to 1");
}

bool call_batch_write_item(struct call *call)
{
    size_t count = 0;
    struct write *writes = ddbs_arena__alloc(call->fault.arena, BATCH_WRITE_MAX * sizeof *writes);
    if (writes == NULL)
        return fault_memory(&call->fault);
    if (!check_values(call) || !read_batch(call, writes, &count))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!write_decide(call, &writes[i]))
            return false;
    }
    if (!commit(call, writes, count))
        return false;
    ddbs_buf__text(call->out, "{\"UnprocessedItems\":{}}");
    return true;
}

/* ---- TransactWriteItems ------------------------------------------------------------------------------------------ */

static const struct {
    const char *name;
    enum write_kind kind;
} ACTIONS[] = {
    { "Put", WRITE_PUT },
    { "Update", WRITE_UPDATE },
    { "Delete", WRITE_DELETE },
    { "ConditionCheck", WRITE_CHECK },
};
enum { ACTION_COUNT = sizeof ACTIONS / sizeof *ACTIONS };

static bool transact_entry(struct call *call, struct span entry, struct write *out)
{
    size_t found = ACTION_COUNT;
    struct span action = { NULL, 0 };
    for (size_t i = 0; i < ACTION_COUNT; i++) {
        struct span span = span_member(entry, ACTIONS[i].name);
        if (span.ptr != NULL && found != ACTION_COUNT)
            return fault_invalid(&call->fault, "TransactItems can only contain one of Check, Put, Update or Delete");
        if (span.ptr != NULL) {
            found = i;
            action = span;
        }
    }
    if (found == ACTION_COUNT)
        return fault_invalid(&call->fault, "Invalid Request: TransactWriteRequest should contain Delete or Put or "
                                           "Update request");
    if (!write_read(call, action, ACTIONS[found].kind, out))
        return false;
    if (out->kind == WRITE_CHECK && out->condition == NULL)
        return fault_invalid(&call->fault, "The expression can not be empty; a ConditionCheck needs a "
                                           "ConditionExpression");
    return true;
}

static bool read_transaction(struct call *call, struct write **out, size_t *count)
{
    struct span items = span_member(call->body, "TransactItems");
    struct span_iter iter = span_walk(items);
    size_t wanted = span_count(items);
    if (wanted < 1 || wanted > TRANSACT_MAX)
        return fault_invalid(&call->fault,
                             "1 validation error detected: Value at 'transactItems' failed to satisfy constraint: "
                             "Member must have length %s than or equal to %d",
                             wanted < 1 ? "greater" : "less", wanted < 1 ? 1 : TRANSACT_MAX);
    struct write *writes = *out = ddbs_arena__alloc(call->fault.arena, wanted * sizeof *writes);
    if (writes == NULL)
        return fault_memory(&call->fault);
    for (struct span entry; span_next(&iter, &entry);) {
        if (!transact_entry(call, entry, &writes[*count]))
            return false;
        if (is_repeated(writes, (*count)++))
            return fault_invalid(&call->fault, "Transaction request cannot include multiple operations on one item");
    }
    return true;
}

/* Decide one write of a transaction; what is wrong becomes its reason. */
static bool decide_one(struct call *call, struct write *write, ddbs_buf *reasons, ddbs_buf *codes)
{
    struct fault fault = { .arena = call->fault.arena }, kept = call->fault;
    call->fault = fault;
    bool decided = write_decide(call, write);
    fault = call->fault;
    call->fault = kept;
    const char *separator = codes->len == 0 ? "" : ", ";
    const char *code = decided                                     ? "None"
                       : strcmp(fault.type, FAULT_CONDITION) == 0  ? "ConditionalCheckFailed"
                       : strcmp(fault.type, FAULT_VALIDATION) == 0 ? "ValidationError"
                                                                   : NULL;
    if (code == NULL) {
        call->fault = fault;
        return false;
    }
    ddbs_buf__format(codes, "%s%s", separator, code);
    ddbs_buf__format(reasons, "%s{\"Code\":\"%s\"", separator, code);
    if (!decided) {
        ddbs_buf__text(reasons, ",\"Message\":");
        ddbs_buf__json(reasons, fault.text, strlen(fault.text));
        ddbs_buf__text(reasons, fault.more == NULL ? "" : fault.more);
    }
    ddbs_buf__text(reasons, "}");
    return decided;
}

static bool decide_all(struct call *call, struct write *writes, size_t count)
{
    ddbs_buf reasons = { .arena = call->fault.arena }, codes = { .arena = call->fault.arena };
    bool all = true;
    ddbs_buf__text(&reasons, ",\"CancellationReasons\":[");
    for (size_t i = 0; i < count; i++) {
        all = decide_one(call, &writes[i], &reasons, &codes) && all;
        if (call->fault.type != NULL)
            return false;
    }
    ddbs_buf__text(&reasons, "]");
    if (all)
        return true;
    if (reasons.failed || codes.failed)
        return fault_memory(&call->fault);
    fault_set(&call->fault, FAULT_CANCELED,
              "Transaction cancelled, please refer cancellation reasons for specific reasons [%s]", codes.ptr);
    call->fault.more = reasons.ptr;
    return false;
}

static bool check_size(struct call *call, const struct write *writes, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += writes[i].change.item == NULL ? 0 : item_size(writes[i].change.item);
    return size <= TRANSACT_BYTES_MAX ||
           fault_invalid(&call->fault,
                         "Member must have length less than or equal to %d bytes: the items of a "
                         "transaction together",
                         TRANSACT_BYTES_MAX);
}

/* ---- ClientRequestToken ------------------------------------------------------------------------------------------ */

static void forget_tokens(struct call *call)
{
    struct store_token **link = &call->db->tokens;
    while (*link != NULL) {
        struct store_token *token = *link;
        if (call->now_ms - token->time_ms < TOKEN_LIFE_MS) {
            link = &token->next;
            continue;
        }
        *link = token->next;
        free(token);
    }
}

/* FNV-1a over what the request writes: enough to notice that it is another one. */
static uint64_t digest(struct span span)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < span.len; i++)
        hash = (hash ^ (unsigned char)span.ptr[i]) * UINT64_C(1099511628211);
    return hash;
}

static const struct store_token *find_token(const struct call *call, ddbs_str text)
{
    const struct store_token *token = call->db->tokens;
    while (token != NULL && !ddbs_str_is(text, token->text))
        token = token->next;
    return token;
}

static void remember(struct call *call, ddbs_str text, struct store_token *token)
{
    if (token == NULL)
        return;
    memcpy(token->text, text.ptr, text.len + 1);
    token->digest = digest(span_member(call->body, "TransactItems"));
    token->time_ms = call->now_ms;
    token->next = call->db->tokens;
    call->db->tokens = token;
}

static bool run_transaction(struct call *call, ddbs_str text, struct store_token *token)
{
    struct write *writes;
    size_t count = 0;
    if (!read_transaction(call, &writes, &count) || !decide_all(call, writes, count) ||
        !check_size(call, writes, count) || !commit(call, writes, count))
        return false;
    remember(call, text, token);
    return true;
}

bool call_transact_write_items(struct call *call)
{
    ddbs_str text;
    struct store_token *fresh = NULL;
    forget_tokens(call);
    if (!call_text(call, call->body, "ClientRequestToken", &text))
        return false;
    if (text.ptr != NULL && (text.len < 1 || text.len > STORE_TOKEN_SIZE - 1))
        return fault_invalid(&call->fault,
                             "1 validation error detected: Value '%s' at 'clientRequestToken' failed to satisfy "
                             "constraint: Member must have length %s than or equal to %d",
                             text.ptr, text.len < 1 ? "greater" : "less", text.len < 1 ? 1 : STORE_TOKEN_SIZE - 1);
    const struct store_token *token = text.ptr == NULL ? NULL : find_token(call, text);
    ddbs_buf__text(call->out, "{}");
    if (token != NULL)
        return token->digest == digest(span_member(call->body, "TransactItems")) ||
               fault_set(&call->fault, FAULT_MISMATCH,
                         "The provided client token was already used with different parameters");
    if (text.ptr != NULL && (fresh = calloc(1, sizeof *fresh)) == NULL)
        return fault_memory(&call->fault);
    if (run_transaction(call, text, fresh))
        return true;
    free(fresh);
    return false;
}

/* ---- TransactGetItems -------------------------------------------------------------------------------------------- */

static bool transact_get(struct call *call, struct span get)
{
    struct projection room, *projection = NULL;
    struct expr_scope scope;
    struct change found = { .table = NULL };
    const ddbs_item *key;
    ddbs_str name, text;
    if (!call_table_name(call, get, &name) || !call_text(call, get, "ProjectionExpression", &text) ||
        !expr_scope_open(&scope, span_member(get, "ExpressionAttributeNames"), (struct span){ NULL, 0 }, &call->fault))
        return false;
    if (text.ptr != NULL && !projection_read(&scope, text, projection = &room))
        return false;
    if (!expr_scope_close(&scope) || !call_find_table(call, name, &found.table) ||
        !item_read(span_member(get, "Key"), &call->fault, &key) ||
        !key_of_key(&found.table->schema, key, &call->fault, &found.key) || !store_look(&found, &call->fault))
        return false;
    ddbs_buf__text(call->out, "{");
    if (found.old != NULL) {
        ddbs_buf__text(call->out, "\"Item\":");
        if (!projection_write(projection, found.old, &call->fault, call->out, NULL))
            return false;
    }
    ddbs_buf__text(call->out, "}");
    return true;
}

bool call_transact_get_items(struct call *call)
{
    struct span items = span_member(call->body, "TransactItems");
    struct span_iter iter = span_walk(items);
    size_t count = span_count(items);
    if (count < 1 || count > TRANSACT_MAX)
        return fault_invalid(&call->fault,
                             "1 validation error detected: Value at 'transactItems' failed to satisfy constraint: "
                             "Member must have length %s than or equal to %d",
                             count < 1 ? "greater" : "less", count < 1 ? 1 : TRANSACT_MAX);
    ddbs_buf__text(call->out, "{\"Responses\":[");
    const char *separator = "";
    for (struct span entry; span_next(&iter, &entry); separator = ",") {
        ddbs_buf__text(call->out, separator);
        if (!transact_get(call, span_member(entry, "Get")))
            return false;
    }
    ddbs_buf__text(call->out, "]}");
    return true;
}
