/* write.c: see write.h. */
#include "write.h"

#include "lib/buf.h"

#include <string.h>

/* Item of a put, Key of everything else. */
static bool read_given(struct call *call, struct span span, struct write *write)
{
    bool put = write->kind == WRITE_PUT;
    if (span.ptr == NULL)
        return fault_invalid(&call->fault,
                             "1 validation error detected: Value null at '%s' failed to satisfy constraint: Member "
                             "must not be null",
                             put ? "item" : "key");
    if (!item_read(span, &call->fault, &write->given))
        return false;
    if (write->kind != WRITE_UPDATE && write->returns > WRITE_ALL_OLD)
        return fault_invalid(&call->fault, "ReturnValues can only be ALL_OLD or NONE");
    return !put || item_size(write->given) <= ITEM_SIZE_MAX ||
           fault_invalid(&call->fault, "Item size has exceeded the maximum allowed size");
}

/* The expressions of a write, as they stand in the request. */
struct texts {
    ddbs_str condition, update; /* {NULL, 0}: absent */
    struct span names, values;
};

/* AWS looks whether placeholders have an expression before it looks at anything else. */
static bool read_texts(struct call *call, struct span object, enum write_kind kind, struct texts *out)
{
    *out = (struct texts){ .names = span_member(object, "ExpressionAttributeNames"),
                           .values = span_member(object, "ExpressionAttributeValues") };
    if (!call_text(call, object, "ConditionExpression", &out->condition) ||
        (kind == WRITE_UPDATE && !call_text(call, object, "UpdateExpression", &out->update)))
        return false;
    if (out->condition.ptr != NULL || out->update.ptr != NULL)
        return true;
    if (out->names.ptr != NULL)
        return fault_invalid(&call->fault, "ExpressionAttributeNames can only be specified when using expressions");
    return out->values.ptr == NULL ||
           fault_invalid(
               &call->fault, "ExpressionAttributeValues can only be specified when using expressions: %s null",
               kind == WRITE_UPDATE ? "UpdateExpression and ConditionExpression are" : "ConditionExpression is");
}

static bool read_expressions(struct call *call, const struct texts *texts, struct write *write)
{
    struct expr_scope scope;
    if (!expr_scope_open(&scope, texts->names, texts->values, &call->fault))
        return false;
    if (texts->update.ptr != NULL && !update_read(&scope, texts->update, &write->update))
        return false;
    if (texts->condition.ptr != NULL &&
        !condition_read(&scope, "ConditionExpression", texts->condition, &write->condition))
        return false;
    return expr_scope_close(&scope);
}

static bool check_key_untouched(struct call *call, const struct write *write)
{
    for (size_t i = 0; write->update != NULL && i < write->update->action_count; i++) {
        ddbs_str name = write->update->paths[i]->steps[0].name;
        const struct key_schema *schema = &write->change.table->schema;
        for (size_t k = 0; k < schema->count; k++) {
            const char *part = schema->parts[k].name;
            if (strlen(part) == name.len && memcmp(part, name.ptr, name.len) == 0)
                return fault_invalid(
                    &call->fault,
                    FAULT_INVALID_PARAMETERS "Cannot update attribute %s. This attribute is part of the key", part);
        }
    }
    return true;
}

static bool check_given(struct call *call, struct write *write)
{
    const struct key_schema *schema = &write->change.table->schema;
    if (write->kind != WRITE_PUT)
        return key_of_key(schema, write->given, &call->fault, &write->change.key) && check_key_untouched(call, write);
    return key_of_item(schema, write->given, &call->fault, &write->change.key);
}

bool write_read(struct call *call, struct span object, enum write_kind kind, struct write *out)
{
    static const char *const choices[] = { "ALL_OLD", "NONE", NULL };
    static const char *const returns[] = { "NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW", NULL };
    struct texts texts;
    ddbs_str name;
    size_t choice;
    *out = (struct write){ .kind = kind };
    if (!call_table_name(call, object, &name) || !call_refuse(call, object, CALL_LEGACY) ||
        !call_choice(call, object, "ReturnValuesOnConditionCheckFailure", choices, 1, &choice) ||
        !call_choice(call, object, "ReturnValues", returns, WRITE_NONE, &out->returns) ||
        !read_texts(call, object, kind, &texts) ||
        !read_given(call, span_member(object, kind == WRITE_PUT ? "Item" : "Key"), out) ||
        !read_expressions(call, &texts, out) || !call_find_table(call, name, &out->change.table))
        return false;
    out->show_old = choice == 0;
    return check_given(call, out);
}

bool write_read_plain(struct call *call, struct table *table, struct span item, enum write_kind kind, struct write *out)
{
    *out = (struct write){ .kind = kind, .change = { .table = table } };
    return read_given(call, item, out) && check_given(call, out);
}

static bool refuse(struct call *call, const struct write *write)
{
    ddbs_buf more = { .arena = call->fault.arena };
    fault_set(&call->fault, FAULT_CONDITION, "The conditional request failed");
    if (!write->show_old || write->change.old == NULL)
        return false;
    ddbs_buf__text(&more, ",\"Item\":");
    if (ddbs_item_write(write->change.old, DDBS_JSON_TYPED, &more) == DDBS_OK && !more.failed)
        call->fault.more = more.ptr;
    return false;
}

static bool decide_update(struct call *call, struct write *write)
{
    struct change *change = &write->change;
    const ddbs_item *old = change->old == NULL ? write->given : change->old;
    if (write->update == NULL) {
        change->item = old;
        return true;
    }
    if (!update_apply(write->update, old, &call->fault, &change->item))
        return false;
    if (change->old == NULL && update_only_removes(write->update))
        change->item = NULL;
    return change->item == NULL || item_size(change->item) <= ITEM_SIZE_MAX ||
           fault_invalid(&call->fault, "Item size to update has exceeded the maximum allowed size");
}

bool write_decide(struct call *call, struct write *write)
{
    struct change *change = &write->change;
    bool holds = true;
    if (!store_look(change, &call->fault))
        return false;
    if (write->condition != NULL && !condition_holds(write->condition, change->old, &call->fault, &holds))
        return false;
    if (!holds)
        return refuse(call, write);
    switch (write->kind) {
    case WRITE_PUT:
        change->item = write->given;
        return true;
    case WRITE_UPDATE:
        return decide_update(call, write);
    case WRITE_CHECK:
        change->item = change->old;
        return true;
    default:
        change->item = NULL;
        return true;
    }
}
