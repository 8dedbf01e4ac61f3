/* call_take.c: parameters of a request; see call.h. */
#include "call.h"

#include "lib/arena.h"
#include "lib/buf.h"

#include <string.h>

const char *const CALL_LEGACY[] = { "Expected",    "ConditionalOperator", "AttributeUpdates", "AttributesToGet",
                                    "QueryFilter", "ScanFilter",          "KeyConditions",    NULL };

/* The name of a parameter as AWS's constraints show it: "tableName". */
static const char *lower_first(struct call *call, const char *name)
{
    return fault_text(&call->fault, "%c%s", name[0] | 0x20, name + 1);
}

bool call_text(struct call *call, struct span object, const char *name, ddbs_str *out)
{
    struct span span = span_member(object, name);
    *out = (ddbs_str){ NULL, 0 };
    if (span.ptr == NULL)
        return true;
    switch (span_kind(span)) {
    case SPAN_TEXT:
        *out = span_text(span, call->fault.arena);
        return out->ptr != NULL || fault_memory(&call->fault);
    case SPAN_NUMBER:
        return fault_set(&call->fault, FAULT_SERIALIZATION, "NUMBER_VALUE cannot be converted to String");
    case SPAN_BOOL:
        return fault_set(&call->fault, FAULT_SERIALIZATION, "%s cannot be converted to String",
                         span_is_true(span) ? "TRUE_VALUE" : "FALSE_VALUE");
    default:
        return fault_set(&call->fault, FAULT_SERIALIZATION, "Start of structure or map found where not expected");
    }
}

static bool refuse_choice(struct call *call, const char *name, ddbs_str text, const char *const *names)
{
    const char *list = "";
    for (size_t i = 0; names[i] != NULL; i++)
        list = fault_text(&call->fault, "%s%s%s", list, i == 0 ? "" : ", ", names[i]);
    return fault_invalid(&call->fault,
                         "1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must "
                         "satisfy enum value set: [%s]",
                         text.ptr, lower_first(call, name), list);
}

bool call_choice(struct call *call, struct span object, const char *name, const char *const *names, size_t absent,
                 size_t *out)
{
    ddbs_str text;
    *out = absent;
    if (!call_text(call, object, name, &text))
        return false;
    if (text.ptr == NULL)
        return true;
    for (size_t i = 0; names[i] != NULL; i++) {
        if (ddbs_str_is(text, names[i])) {
            *out = i;
            return true;
        }
    }
    return refuse_choice(call, name, text, names);
}

bool call_number(struct call *call, struct span object, const char *name, long long min, long long max,
                 long long absent, long long *out)
{
    struct span span = span_member(object, name);
    *out = absent;
    if (span.ptr == NULL)
        return true;
    if (!span_number(span, out))
        return fault_set(&call->fault, FAULT_SERIALIZATION, "%s cannot be converted to Integer",
                         span_kind(span) == SPAN_TEXT ? "STRING_VALUE" : "The value");
    if (*out >= min && *out <= max)
        return true;
    return fault_invalid(&call->fault,
                         "1 validation error detected: Value '%lld' at '%s' failed to satisfy constraint: Member must "
                         "have value %s than or equal to %lld",
                         *out, lower_first(call, name), *out < min ? "greater" : "less", *out < min ? min : max);
}

bool call_flag(struct call *call, struct span object, const char *name, bool absent, bool *out)
{
    struct span span = span_member(object, name);
    *out = absent;
    if (span.ptr == NULL)
        return true;
    if (span_kind(span) != SPAN_BOOL)
        return fault_set(&call->fault, FAULT_SERIALIZATION, "Unexpected token received from parser");
    *out = span_is_true(span);
    return true;
}

static bool is_name(ddbs_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char byte = name.ptr[i];
        if (!((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
              byte == '_' || byte == '.' || byte == '-'))
            return false;
    }
    return name.len > 0;
}

/* "arn:aws:dynamodb:REGION:ACCOUNT:table/NAME" names a table, too. */
static ddbs_str strip_arn(ddbs_str name)
{
    const char *slash = strncmp(name.ptr, "arn:", 4) == 0 ? strstr(name.ptr, ":table/") : NULL;
    size_t lead = slash == NULL ? 0 : (size_t)(slash - name.ptr) + strlen(":table/");
    return (ddbs_str){ name.ptr + lead, name.len - lead };
}

bool call_table_name(struct call *call, struct span object, ddbs_str *out)
{
    static const char lead[] = "1 validation error detected: Value ";
    ddbs_str name;
    if (!call_text(call, object, "TableName", &name))
        return false;
    if (name.ptr == NULL)
        return fault_invalid(&call->fault,
                             "%snull at 'tableName' failed to satisfy constraint: Member must not be null", lead);
    name = strip_arn(name);
    if (!is_name(name))
        return fault_invalid(&call->fault,
                             "%s'%s' at 'tableName' failed to satisfy constraint: Member must satisfy regular "
                             "expression pattern: [a-zA-Z0-9_.-]+",
                             lead, name.ptr);
    if (name.len < 3 || name.len > TABLE_NAME_MAX)
        return fault_invalid(&call->fault,
                             "%s'%s' at 'tableName' failed to satisfy constraint: Member must have length %s than or "
                             "equal to %d",
                             lead, name.ptr, name.len < 3 ? "greater" : "less", name.len < 3 ? 3 : TABLE_NAME_MAX);
    *out = name;
    return true;
}

bool call_find_table(struct call *call, ddbs_str name, struct table **out)
{
    *out = store_find(call->db, name);
    return *out != NULL || fault_set(&call->fault, FAULT_NOT_FOUND, "Requested resource not found");
}

bool call_refuse(struct call *call, struct span object, const char *const *names)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        if (span_member(object, names[i]).ptr != NULL)
            return fault_invalid(&call->fault, "ddbstream table does not know the legacy parameter %s: use expressions",
                                 names[i]);
    }
    return true;
}

bool call_capacity(struct call *call, size_t *out)
{
    static const char *const names[] = { "NONE", "TOTAL", "INDEXES", NULL };
    return call_choice(call, call->body, "ReturnConsumedCapacity", names, 0, out);
}

double call_write_units(size_t size)
{
    return size == 0 ? 1 : (double)((size + 1023) / 1024);
}

double call_read_units(size_t size, bool consistent)
{
    double units = size == 0 ? 1 : (double)((size + 4095) / 4096);
    return consistent ? units : units / 2;
}

void call_write_capacity(struct call *call, size_t asked, const struct table *table, double units, const char *lead)
{
    if (asked == 0)
        return;
    ddbs_buf__format(call->out, "%s{\"TableName\":\"%s\",\"CapacityUnits\":%.1f", lead, table->name, units);
    if (asked == 2)
        ddbs_buf__format(call->out, ",\"Table\":{\"CapacityUnits\":%.1f}", units);
    ddbs_buf__text(call->out, "}");
}
