/* call_table.c: CreateTable, DescribeTable, ListTables, DeleteTable and time-to-live. */
#include "call.h"
#include "lib/arena.h"
#include "lib/buf.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- CreateTable ------------------------------------------------------------------------------------------------- */

static const char *const NO_INDEXES[] = { "GlobalSecondaryIndexes", "LocalSecondaryIndexes", NULL };

static bool read_type(struct call *call, struct span definition, ddbs_type *out)
{
    static const char *const names[] = { "B", "N", "S", NULL };
    static const ddbs_type types[] = { DDBS_TYPE_B, DDBS_TYPE_N, DDBS_TYPE_S, DDBS_TYPE_NONE };
    size_t choice;
    if (!call_choice(call, definition, "AttributeType", names, 3, &choice))
        return false;
    *out = types[choice];
    return true;
}

/* The type that AttributeDefinitions give a key; DDBS_TYPE_NONE when they do not. */
static bool find_type(struct call *call, ddbs_str name, ddbs_type *out)
{
    struct span_iter iter = span_walk(span_member(call->body, "AttributeDefinitions"));
    *out = DDBS_TYPE_NONE;
    for (struct span definition; span_next(&iter, &definition);) {
        ddbs_str defined;
        if (!call_text(call, definition, "AttributeName", &defined))
            return false;
        if (defined.ptr != NULL && ddbs_str_is(defined, name.ptr))
            return read_type(call, definition, out);
    }
    return true;
}

static bool read_key_part(struct call *call, struct span element, size_t at, struct key_part *out)
{
    static const char *const kinds[] = { "HASH", "RANGE", NULL };
    ddbs_str name;
    size_t kind;
    if (!call_text(call, element, "AttributeName", &name) || !call_choice(call, element, "KeyType", kinds, 2, &kind))
        return false;
    if (kind != at)
        return fault_invalid(&call->fault, "Invalid KeySchema: The %s KeySchemaElement is not a %s key type",
                             at == 0 ? "first" : "second", kinds[at]);
    if (name.ptr == NULL || name.len < 1 || name.len > KEY_NAME_MAX || strlen(name.ptr) != name.len)
        return fault_invalid(&call->fault,
                             "1 validation error detected: Value at 'keySchema.%zu.member.attributeName' "
                             "failed to satisfy constraint: Member must have length between 1 and 255",
                             at + 1);
    if (!find_type(call, name, &out->type))
        return false;
    if (out->type == DDBS_TYPE_NONE)
        return fault_invalid(&call->fault, "Invalid KeySchema: Some index key attribute have no definition");
    snprintf(out->name, sizeof out->name, "%s", name.ptr);
    return true;
}

static bool read_schema(struct call *call, struct key_schema *out)
{
    struct span elements = span_member(call->body, "KeySchema");
    struct span_iter iter = span_walk(elements);
    size_t count = span_count(elements);
    if (count < 1 || count > 2)
        return fault_invalid(&call->fault,
                             "1 validation error detected: Value at 'keySchema' failed to satisfy constraint: Member "
                             "must have length %s than or equal to %d",
                             count < 1 ? "greater" : "less", count < 1 ? 1 : 2);
    for (struct span element; span_next(&iter, &element); out->count++) {
        if (!read_key_part(call, element, out->count, &out->parts[out->count]))
            return false;
    }
    if (count == 2 && strcmp(out->parts[0].name, out->parts[1].name) == 0)
        return fault_invalid(&call->fault, "Both the Hash Key and the Range Key element in the KeySchema have the same "
                                           "name");
    return span_count(span_member(call->body, "AttributeDefinitions")) == count ||
           fault_invalid(&call->fault, FAULT_INVALID_PARAMETERS
                         "Number of attributes in KeySchema does not exactly match number of attributes defined in "
                         "AttributeDefinitions");
}

static bool read_units(struct call *call, struct table *out)
{
    static const char *const modes[] = { "PROVISIONED", "PAY_PER_REQUEST", NULL };
    struct span units = span_member(call->body, "ProvisionedThroughput");
    long long reads, writes;
    size_t mode;
    if (!call_choice(call, call->body, "BillingMode", modes, 0, &mode) ||
        !call_number(call, units, "ReadCapacityUnits", 1, INT64_MAX, 0, &reads) ||
        !call_number(call, units, "WriteCapacityUnits", 1, INT64_MAX, 0, &writes))
        return false;
    if (mode == 1 && units.ptr != NULL)
        return fault_invalid(&call->fault, FAULT_INVALID_PARAMETERS
                             "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is "
                             "PAY_PER_REQUEST");
    if (mode == 0 && (reads == 0 || writes == 0))
        return fault_invalid(&call->fault, FAULT_INVALID_PARAMETERS
                             "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is "
                             "PROVISIONED");
    out->read_units = reads;
    out->write_units = writes;
    return true;
}

static bool read_view(struct call *call, enum stream_view *out)
{
    static const char *const views[] = { "KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", NULL };
    struct span specification = span_member(call->body, "StreamSpecification");
    bool enabled;
    size_t view;
    *out = STREAM_NONE;
    if (!call_flag(call, specification, "StreamEnabled", false, &enabled) ||
        !call_choice(call, specification, "StreamViewType", views, STREAM_NONE, &view))
        return false;
    if (enabled && view == STREAM_NONE)
        return fault_invalid(&call->fault,
                             FAULT_INVALID_PARAMETERS "StreamViewType must be specified when StreamEnabled is true");
    *out = enabled ? (enum stream_view)view : STREAM_NONE;
    return true;
}

/* ---- Descriptions ------------------------------------------------------------------------------------------------ */

/* Milliseconds as the seconds of an answer, "1792399203.417". */
static void write_time(ddbs_buf *out, int64_t ms)
{
    ddbs_buf__format(out, "%" PRId64 ".%03" PRId64, ms / 1000, ms % 1000);
}

static void write_keys(const struct table *table, bool definitions, ddbs_buf *out)
{
    for (size_t i = 0; i < table->schema.count; i++) {
        const struct key_part *part = &table->schema.parts[i];
        ddbs_buf__text(out, i == 0 ? "[{\"AttributeName\":" : ",{\"AttributeName\":");
        ddbs_buf__json(out, part->name, strlen(part->name));
        ddbs_buf__format(out, ",\"%s\":\"%s\"}", definitions ? "AttributeType" : "KeyType",
                         definitions ? ddbs_type_name(part->type)
                         : i == 0    ? "HASH"
                                     : "RANGE");
    }
    ddbs_buf__text(out, "]");
}

static void write_stream(const struct table *table, ddbs_buf *out)
{
    char arn[TABLE_ARN_SIZE];
    if (table->stream == NULL)
        return;
    store_arn(table, true, arn);
    ddbs_buf__format(out,
                     ",\"StreamSpecification\":{\"StreamEnabled\":true,\"StreamViewType\":\"%s\"},"
                     "\"LatestStreamLabel\":\"%s\",\"LatestStreamArn\":\"%s\"",
                     stream_view_name(table->stream->view), table->stream->label, arn);
}

static void write_table(const struct table *table, const char *status, ddbs_buf *out)
{
    char arn[TABLE_ARN_SIZE];
    store_arn(table, false, arn);
    ddbs_buf__format(out, "{\"TableName\":\"%s\",\"TableStatus\":\"%s\",\"AttributeDefinitions\":", table->name,
                     status);
    write_keys(table, true, out);
    ddbs_buf__text(out, ",\"KeySchema\":");
    write_keys(table, false, out);
    ddbs_buf__text(out, ",\"CreationDateTime\":");
    write_time(out, table->created_ms);
    ddbs_buf__format(out,
                     ",\"ProvisionedThroughput\":{\"NumberOfDecreasesToday\":0,\"ReadCapacityUnits\":%" PRId64
                     ",\"WriteCapacityUnits\":%" PRId64 "},",
                     table->read_units, table->write_units);
    if (table->read_units == 0)
        ddbs_buf__text(out, "\"BillingModeSummary\":{\"BillingMode\":\"PAY_PER_REQUEST\"},");
    ddbs_buf__format(out,
                     "\"TableSizeBytes\":%zu,\"ItemCount\":%zu,\"TableArn\":\"%s\",\"TableId\":\"%s\","
                     "\"DeletionProtectionEnabled\":false",
                     table->bytes, table->index.count, arn, table->id);
    write_stream(table, out);
    ddbs_buf__text(out, "}");
}

bool call_create_table(struct call *call)
{
    struct table wanted = { .read_units = 0 }, *table;
    enum stream_view view;
    ddbs_str name;
    if (!call_table_name(call, call->body, &name) || !read_schema(call, &wanted.schema) || !read_units(call, &wanted) ||
        !read_view(call, &view))
        return false;
    for (size_t i = 0; NO_INDEXES[i] != NULL; i++) {
        if (span_count(span_member(call->body, NO_INDEXES[i])) > 0)
            return fault_invalid(&call->fault, "ddbstream table has no secondary indexes: leave %s out", NO_INDEXES[i]);
    }
    if (store_find(call->db, name) != NULL)
        return fault_set(&call->fault, FAULT_IN_USE, "Table already exists: %s", name.ptr);
    snprintf(wanted.name, sizeof wanted.name, "%s", name.ptr);
    if (!store_create(call->db, &wanted, view, call->now_ms, &call->fault, &table))
        return false;
    ddbs_buf__text(call->out, "{\"TableDescription\":");
    write_table(table, "ACTIVE", call->out);
    ddbs_buf__text(call->out, "}");
    return true;
}

/* These name the table that they do not find. */
static bool find_named(struct call *call, struct table **out)
{
    ddbs_str name;
    if (!call_table_name(call, call->body, &name))
        return false;
    *out = store_find(call->db, name);
    return *out != NULL ||
           fault_set(&call->fault, FAULT_NOT_FOUND, "Requested resource not found: Table: %s not found", name.ptr);
}

bool call_describe_table(struct call *call)
{
    struct table *table;
    if (!find_named(call, &table))
        return false;
    ddbs_buf__text(call->out, "{\"Table\":");
    write_table(table, "ACTIVE", call->out);
    ddbs_buf__text(call->out, "}");
    return true;
}

bool call_delete_table(struct call *call)
{
    struct table *table;
    if (!find_named(call, &table))
        return false;
    ddbs_buf__text(call->out, "{\"TableDescription\":");
    write_table(table, "DELETING", call->out);
    ddbs_buf__text(call->out, "}");
    return store_drop(call->db, table, call->now_ms, &call->fault);
}

bool call_list_tables(struct call *call)
{
    ddbs_str start;
    long long limit, count = 0;
    const char *last = NULL;
    if (!call_text(call, call->body, "ExclusiveStartTableName", &start) ||
        !call_number(call, call->body, "Limit", 1, 100, 100, &limit))
        return false;
    ddbs_buf__text(call->out, "{\"TableNames\":[");
    const struct table *table = call->db->tables;
    for (; table != NULL && count < limit; table = table->next) {
        if (start.ptr != NULL && strcmp(table->name, start.ptr) <= 0)
            continue;
        ddbs_buf__format(call->out, "%s\"%s\"", count++ == 0 ? "" : ",", table->name);
        last = table->name;
    }
    ddbs_buf__text(call->out, "]");
    if (table != NULL && last != NULL)
        ddbs_buf__format(call->out, ",\"LastEvaluatedTableName\":\"%s\"", last);
    ddbs_buf__text(call->out, "}");
    return true;
}

/* ---- Time-to-live ------------------------------------------------------------------------------------------------ */

static bool check_ttl(struct call *call, const struct table *table, bool enable, ddbs_str attribute)
{
    bool enabled = table->ttl[0] != '\0';
    if (attribute.ptr == NULL || attribute.len < 1 || attribute.len > KEY_NAME_MAX)
        return fault_invalid(&call->fault, "1 validation error detected: Value at "
                                           "'timeToLiveSpecification.attributeName' failed to satisfy constraint: "
                                           "Member must have length between 1 and 255");
    if (strlen(attribute.ptr) != attribute.len)
        return fault_invalid(&call->fault, "TimeToLive: the name of the attribute has U+0000 inside");
    if (enable && enabled)
        return fault_invalid(&call->fault, "TimeToLive is already enabled");
    if (!enable && !enabled)
        return fault_invalid(&call->fault, "TimeToLive is already disabled");
    return enable || ddbs_str_is(attribute, table->ttl) ||
           fault_invalid(&call->fault, "TimeToLive is active on a different AttributeName: current AttributeName is %s",
                         table->ttl);
}

bool call_update_time_to_live(struct call *call)
{
    struct span specification = span_member(call->body, "TimeToLiveSpecification");
    struct table *table;
    ddbs_str attribute;
    bool enable;
    if (!call_text(call, specification, "AttributeName", &attribute) ||
        !call_flag(call, specification, "Enabled", false, &enable) || !find_named(call, &table) ||
        !check_ttl(call, table, enable, attribute))
        return false;
    ddbs_buf__format(call->out,
                     "{\"TimeToLiveSpecification\":{\"Enabled\":%s,\"AttributeName\":", enable ? "true" : "false");
    ddbs_buf__json(call->out, attribute.ptr, attribute.len);
    ddbs_buf__text(call->out, "}}");
    return store_set_ttl(call->db, table, enable ? attribute.ptr : "", call->now_ms, &call->fault);
}

bool call_describe_time_to_live(struct call *call)
{
    struct table *table;
    if (!find_named(call, &table))
        return false;
    bool enabled = table->ttl[0] != '\0';
    ddbs_buf__format(call->out, "{\"TimeToLiveDescription\":{\"TimeToLiveStatus\":\"%s\"",
                     enabled ? "ENABLED" : "DISABLED");
    if (enabled) {
        ddbs_buf__text(call->out, ",\"AttributeName\":");
        ddbs_buf__json(call->out, table->ttl, strlen(table->ttl));
    }
    ddbs_buf__text(call->out, "}}");
    return true;
}
