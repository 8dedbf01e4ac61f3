/* call_item.c: PutItem, UpdateItem, DeleteItem, GetItem and BatchGetItem. */
#include "lib/arena.h"
#include "lib/buf.h"
#include "write.h"

#include <string.h>

enum { BATCH_GET_MAX = 100, BATCH_BYTES_MAX = 16 * 1024 * 1024 };

/* ---- One write --------------------------------------------------------------------------------------------------- */

/* "Attributes":{...} as ReturnValues asks for it; `*any` gets whether there were some. */
static bool write_returned(struct call *call, const struct write *write, bool *any)
{
    size_t returns = write->returns;
    bool fresh = returns == WRITE_ALL_NEW || returns == WRITE_UPDATED_NEW;
    const ddbs_item *item = fresh ? write->change.item : write->change.old;
    struct projection touched = { NULL, 0 };
    size_t before = call->out->len;
    *any = false;
    if (returns == WRITE_NONE || item == NULL)
        return true;
    if (write->update != NULL)
        touched = (struct projection){ write->update->paths, write->update->action_count };
    ddbs_buf__text(call->out, "\"Attributes\":");
    bool whole = returns == WRITE_ALL_OLD || returns == WRITE_ALL_NEW;
    if (!projection_write(whole ? NULL : &touched, item, &call->fault, call->out, any))
        return false;
    if (!*any)
        call->out->len = before;
    return true;
}

static bool one_write(struct call *call, enum write_kind kind)
{
    struct write write;
    size_t capacity;
    bool any;
    if (!call_capacity(call, &capacity) || !write_read(call, call->body, kind, &write) || !write_decide(call, &write))
        return false;
    size_t size = write.change.entry == NULL ? 0 : write.change.entry->size;
    if (!store_commit(call->db, &write.change, 1, call->now_ms, &call->fault))
        return false;
    size_t after = write.change.item == NULL ? 0 : item_size(write.change.item);
    ddbs_buf__text(call->out, "{");
    if (!write_returned(call, &write, &any))
        return false;
    call_write_capacity(call, capacity, write.change.table, call_write_units(after > size ? after : size),
                        any ? ",\"ConsumedCapacity\":" : "\"ConsumedCapacity\":");
    ddbs_buf__text(call->out, "}");
    return true;
}

bool call_put_item(struct call *call)
{
    return one_write(call, WRITE_PUT);
}

bool call_update_item(struct call *call)
{
    return one_write(call, WRITE_UPDATE);
}

bool call_delete_item(struct call *call)
{
    return one_write(call, WRITE_DELETE);
}

/* ---- Reading by key ---------------------------------------------------------------------------------------------- */

/* What every read of items by key has: a projection, or NULL for all. */
static bool read_projection(struct call *call, struct span object, struct projection *room,
                            const struct projection **out)
{
    struct expr_scope scope;
    ddbs_str text;
    struct span names = span_member(object, "ExpressionAttributeNames");
    *out = NULL;
    if (!call_refuse(call, object, CALL_LEGACY) || !call_text(call, object, "ProjectionExpression", &text))
        return false;
    if (text.ptr == NULL && names.ptr != NULL)
        return fault_invalid(&call->fault, "ExpressionAttributeNames can only be specified when using expressions");
    if (text.ptr == NULL)
        return true;
    *out = room;
    return expr_scope_open(&scope, names, (struct span){ NULL, 0 }, &call->fault) &&
           projection_read(&scope, text, room) && expr_scope_close(&scope);
}

static bool read_key(struct call *call, struct table *table, struct span span, struct change *out)
{
    const ddbs_item *key;
    *out = (struct change){ .table = table };
    if (span.ptr == NULL)
        return fault_invalid(&call->fault, "1 validation error detected: Value null at 'key' failed to satisfy "
                                           "constraint: Member must not be null");
    return item_read(span, &call->fault, &key) && key_of_key(&table->schema, key, &call->fault, &out->key);
}

bool call_get_item(struct call *call)
{
    struct projection room;
    const struct projection *projection;
    struct change found;
    struct table *table;
    ddbs_str name;
    size_t capacity;
    bool consistent;
    if (!call_table_name(call, call->body, &name) || !read_projection(call, call->body, &room, &projection) ||
        !call_flag(call, call->body, "ConsistentRead", false, &consistent) || !call_capacity(call, &capacity) ||
        !call_find_table(call, name, &table) || !read_key(call, table, span_member(call->body, "Key"), &found) ||
        !store_look(&found, &call->fault))
        return false;
    ddbs_buf__text(call->out, "{");
    if (found.old != NULL) {
        ddbs_buf__text(call->out, "\"Item\":");
        if (!projection_write(projection, found.old, &call->fault, call->out, NULL))
            return false;
    }
    call_write_capacity(call, capacity, table, call_read_units(found.entry == NULL ? 0 : found.entry->size, consistent),
                        found.old == NULL ? "\"ConsumedCapacity\":" : ",\"ConsumedCapacity\":");
    ddbs_buf__text(call->out, "}");
    return true;
}

static bool seen_before(const struct change *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (list[i].table == list[count].table && index_compare(&list[i].key, &list[count].key) == 0)
            return true;
    }
    return false;
}

struct batch {
    struct change *list;
    size_t count;
    size_t bytes;         /* of the answer's items so far */
    ddbs_buf unprocessed; /* members of UnprocessedKeys */
};

/* One table of a BatchGetItem. What the answer has no room for is handed back, with its own request around it. */
static bool batch_get_keys(struct call *call, struct batch *batch, struct table *table, struct span keys,
                           const struct projection *projection, ddbs_buf *left)
{
    struct span_iter iter = span_walk(keys);
    const char *separator = "";
    for (struct span span; span_next(&iter, &span);) {
        struct change *found = &batch->list[batch->count];
        if (batch->count == BATCH_GET_MAX)
            return fault_invalid(&call->fault, "Too many items requested for the BatchGetItem call");
        if (!read_key(call, table, span, found))
            return false;
        if (seen_before(batch->list, batch->count++))
            return fault_invalid(&call->fault, "Provided list of item keys contains duplicates");
        if (!store_look(found, &call->fault))
            return false;
        if (found->old == NULL)
            continue;
        batch->bytes += found->entry->size;
        if (batch->bytes > BATCH_BYTES_MAX) {
            ddbs_buf__text(left, left->len == 0 ? "" : ",");
            ddbs_buf__bytes(left, span.ptr, span.len);
            continue;
        }
        ddbs_buf__text(call->out, separator);
        separator = ",";
        if (!projection_write(projection, found->old, &call->fault, call->out, NULL))
            return false;
    }
    return true;
}

/* The members of a table's request but Keys, then the keys that are left. */
static void write_left(struct batch *batch, ddbs_str name, struct span request, const ddbs_buf *left)
{
    struct span_iter iter = span_walk(request);
    struct json_string token;
    if (left->len == 0)
        return;
    ddbs_buf__text(&batch->unprocessed, batch->unprocessed.len == 0 ? "" : ",");
    ddbs_buf__json(&batch->unprocessed, name.ptr, name.len);
    ddbs_buf__text(&batch->unprocessed, ":{\"Keys\":[");
    ddbs_buf__bytes(&batch->unprocessed, left->ptr, left->len);
    ddbs_buf__text(&batch->unprocessed, "]");
    for (struct span value; span_next_member(&iter, &token, &value);) {
        if (ddbs_json__string_is(iter.json.text, token, "Keys"))
            continue;
        ddbs_buf__text(&batch->unprocessed, ",\"");
        ddbs_buf__bytes(&batch->unprocessed, iter.json.text + token.begin, token.end - token.begin);
        ddbs_buf__text(&batch->unprocessed, "\":");
        ddbs_buf__bytes(&batch->unprocessed, value.ptr, value.len);
    }
    ddbs_buf__text(&batch->unprocessed, "}");
}

static bool batch_get_table(struct call *call, struct batch *batch, ddbs_str name, struct span request)
{
    struct projection room;
    const struct projection *projection;
    struct table *table;
    ddbs_buf left = { .arena = call->fault.arena };
    if (!read_projection(call, request, &room, &projection) || !call_find_table(call, name, &table))
        return false;
    ddbs_buf__json(call->out, name.ptr, name.len);
    ddbs_buf__text(call->out, ":[");
    if (!batch_get_keys(call, batch, table, span_member(request, "Keys"), projection, &left))
        return false;
    ddbs_buf__text(call->out, "]");
    write_left(batch, name, request, &left);
    return !batch->unprocessed.failed || fault_memory(&call->fault);
}

bool call_batch_get_item(struct call *call)
{
    struct batch batch = { .unprocessed = { .arena = call->fault.arena } };
    struct span_iter iter = span_walk(span_member(call->body, "RequestItems"));
    struct json_string token;
    const char *separator = "";
    batch.list = ddbs_arena__alloc(call->fault.arena, (BATCH_GET_MAX + 1) * sizeof *batch.list);
    if (batch.list == NULL)
        return fault_memory(&call->fault);
    ddbs_buf__text(call->out, "{\"Responses\":{");
    for (struct span request; span_next_member(&iter, &token, &request); separator = ",") {
        ddbs_str name = span_name(&iter, token, call->fault.arena);
        ddbs_buf__text(call->out, separator);
        if (name.ptr == NULL || !batch_get_table(call, &batch, name, request))
            return name.ptr == NULL ? fault_memory(&call->fault) : false;
    }
    if (batch.count == 0)
        return fault_invalid(&call->fault, "1 validation error detected: Value '{}' at 'requestItems' failed to "
                                           "satisfy constraint: Member must have length greater than or equal to 1");
    ddbs_buf__text(call->out, "},\"UnprocessedKeys\":{");
    ddbs_buf__bytes(call->out, batch.unprocessed.ptr == NULL ? "" : batch.unprocessed.ptr, batch.unprocessed.len);
    ddbs_buf__text(call->out, "}}");
    return true;
}
