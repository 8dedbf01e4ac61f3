/* aws_json.c: the entries of requests that are JSON. */
#include "lib/base64.h"
#include "runtime/test/driver.h"

#include <string.h>

static ddbs_str text_of(ddbs_test *test, struct span object, const char *name)
{
    return span_text(span_member(object, name), test->aws.arena);
}

/* A member in base64, decoded. */
static ddbs_str data_of(ddbs_test *test, struct span object, const char *name)
{
    ddbs_str text = text_of(test, object, name);
    char *bytes = text.ptr == NULL ? NULL : ddbs_arena__alloc(test->aws.arena, text.len + 1);
    size_t len;
    if (bytes == NULL || !ddbs_base64__decode(bytes, text.ptr, text.len, &len))
        return (ddbs_str){ NULL, 0 };
    bytes[len] = '\0';
    return (ddbs_str){ bytes, len };
}

static bool open_body(const struct driver_call *call, struct span *body)
{
    return span_open(call->told.body.ptr, call->told.body.len, body) && span_kind(*body) == SPAN_OBJECT;
}

/* What reads one element; false: it is none. */
typedef bool read_fn(ddbs_test *test, struct span element, struct driver_entry *entry);

static bool read_list(ddbs_test *test, struct driver_call *call, const char *list, ddbs_str to, read_fn *read)
{
    struct span body, element;
    if (!open_body(call, &body))
        return false;
    struct span_iter iter = span_walk(span_member(body, list));
    while (span_next(&iter, &element)) {
        struct driver_entry *entry = driver_add_entry(test, call);
        if (entry == NULL)
            return false;
        entry->told.to = to.ptr == NULL ? "" : to.ptr;
        entry->text = (ddbs_str){ element.ptr, element.len };
        if (!read(test, element, entry))
            return false;
    }
    return call->told.entries > 0;
}

/* The text of a member of the request itself. */
static ddbs_str name_in(ddbs_test *test, const struct driver_call *call, const char *name)
{
    struct span body;
    return open_body(call, &body) ? text_of(test, body, name) : (ddbs_str){ NULL, 0 };
}

static bool read_record(ddbs_test *test, struct span element, struct driver_entry *entry)
{
    entry->told.key = text_of(test, element, "PartitionKey");
    entry->told.body = data_of(test, element, "Data");
    return entry->told.body.ptr != NULL;
}

bool driver_read_firehose(ddbs_test *test, struct driver_call *call)
{
    return read_list(test, call, "Records", name_in(test, call, "DeliveryStreamName"), read_record);
}

bool driver_read_kinesis(ddbs_test *test, struct driver_call *call)
{
    ddbs_str name = name_in(test, call, "StreamName");
    return read_list(test, call, "Records", name.ptr != NULL ? name : name_in(test, call, "StreamARN"), read_record);
}

static bool read_message(ddbs_test *test, struct span element, struct driver_entry *entry)
{
    entry->name = text_of(test, element, "Id");
    entry->told.key = text_of(test, element, "MessageGroupId");
    entry->told.id = text_of(test, element, "MessageDeduplicationId");
    entry->told.body = text_of(test, element, "MessageBody");
    return entry->name.ptr != NULL && entry->told.body.ptr != NULL;
}

bool driver_read_sqs(ddbs_test *test, struct driver_call *call)
{
    return read_list(test, call, "Entries", name_in(test, call, "QueueUrl"), read_message);
}

static bool read_event(ddbs_test *test, struct span element, struct driver_entry *entry)
{
    ddbs_str bus = text_of(test, element, "EventBusName");
    entry->told.to = bus.ptr == NULL ? "default" : bus.ptr;
    entry->told.key = text_of(test, element, "DetailType");
    entry->told.body = text_of(test, element, "Detail");
    return entry->told.body.ptr != NULL;
}

bool driver_read_events(ddbs_test *test, struct driver_call *call)
{
    return read_list(test, call, "Entries", (ddbs_str){ NULL, 0 }, read_event);
}

/* {"RequestItems":{"Table":[{"PutRequest":...},...]}}: their places are all that is needed here. */
bool driver_read_writes(ddbs_test *test, struct driver_call *call)
{
    struct span body, list, element;
    struct json_string name;
    if (!open_body(call, &body))
        return true; /* the tables refuse it */
    struct span_iter tables = span_walk(span_member(body, "RequestItems"));
    while (span_next_member(&tables, &name, &list)) {
        ddbs_str table = span_name(&tables, name, test->aws.arena);
        struct span_iter iter = span_walk(list);
        while (span_next(&iter, &element)) {
            struct driver_entry *entry = driver_add_entry(test, call);
            if (entry == NULL || table.ptr == NULL)
                return false;
            entry->told.to = table.ptr;
            entry->text = (ddbs_str){ element.ptr, element.len };
        }
    }
    return true;
}

/* ---- SES v2 and OpenSearch --------------------------------------------------------------------------------------- */

bool driver_read_mail(ddbs_test *test, struct driver_call *call)
{
    struct span body, to;
    if (!open_body(call, &body))
        return false;
    struct span_iter addresses = span_walk(span_member(span_member(body, "Destination"), "ToAddresses"));
    struct span simple = span_member(span_member(body, "Content"), "Simple");
    struct span parts = span_member(simple, "Body");
    struct driver_entry *entry = driver_add_entry(test, call);
    if (entry == NULL || !span_next(&addresses, &to))
        return false;
    ddbs_str address = span_text(to, test->aws.arena);
    entry->told.to = address.ptr == NULL ? "" : address.ptr;
    entry->told.subject = text_of(test, span_member(simple, "Subject"), "Data");
    entry->told.body = text_of(test, span_member(parts, "Text"), "Data");
    if (entry->told.body.ptr == NULL)
        entry->told.body = text_of(test, span_member(parts, "Html"), "Data");
    return entry->told.body.ptr != NULL;
}

static bool next_line(ddbs_str *rest, ddbs_str *line)
{
    const char *end = rest->len == 0 ? NULL : memchr(rest->ptr, '\n', rest->len);
    if (end == NULL)
        return false;
    *line = (ddbs_str){ rest->ptr, (size_t)(end - rest->ptr) };
    rest->ptr += line->len + 1;
    rest->len -= line->len + 1;
    return true;
}

/* {"index":{"_index":"products","_id":"p-1","version":7,"version_type":"external_gte"}} */
static bool read_action(ddbs_test *test, ddbs_str line, struct driver_entry *entry)
{
    struct span action, head;
    struct json_string name;
    if (!span_open(line.ptr, line.len, &action))
        return false;
    struct span_iter iter = span_walk(action);
    if (!span_next_member(&iter, &name, &head))
        return false;
    entry->name = span_name(&iter, name, test->aws.arena);
    entry->told.key = text_of(test, head, "_id");
    ddbs_str index = text_of(test, head, "_index"), kind = text_of(test, head, "version_type");
    struct span version = span_member(head, "version");
    entry->told.to = index.ptr == NULL ? "" : index.ptr;
    entry->told.id = version.ptr == NULL ? (ddbs_str){ NULL, 0 } : driver_keep(test, version.ptr, version.len);
    entry->equal_wins = kind.ptr != NULL && ddbs_str_is(kind, "external_gte");
    return entry->name.ptr != NULL && entry->told.key.ptr != NULL;
}

bool driver_read_documents(ddbs_test *test, struct driver_call *call)
{
    ddbs_str rest = call->told.body, line;
    while (next_line(&rest, &line)) {
        struct driver_entry *entry = driver_add_entry(test, call);
        if (entry == NULL || !read_action(test, line, entry))
            return false;
        if (ddbs_str_is(entry->name, "delete"))
            continue;
        if (!next_line(&rest, &line))
            return false;
        entry->told.body = driver_keep(test, line.ptr, line.len);
    }
    return call->told.entries > 0;
}
