/* call.c: finds the handler of a request and answers for it; see table.h. */
#include "call.h"

#include "lib/arena.h"
#include "lib/buf.h"

#include <string.h>

static const struct {
    const char *target;
    bool (*handle)(struct call *call);
} HANDLERS[] = {
    { "DynamoDB_20120810.PutItem", call_put_item },
    { "DynamoDB_20120810.UpdateItem", call_update_item },
    { "DynamoDB_20120810.DeleteItem", call_delete_item },
    { "DynamoDB_20120810.GetItem", call_get_item },
    { "DynamoDB_20120810.BatchGetItem", call_batch_get_item },
    { "DynamoDB_20120810.BatchWriteItem", call_batch_write_item },
    { "DynamoDB_20120810.TransactWriteItems", call_transact_write_items },
    { "DynamoDB_20120810.TransactGetItems", call_transact_get_items },
    { "DynamoDB_20120810.Query", call_query },
    { "DynamoDB_20120810.Scan", call_scan },
    { "DynamoDB_20120810.CreateTable", call_create_table },
    { "DynamoDB_20120810.DeleteTable", call_delete_table },
    { "DynamoDB_20120810.DescribeTable", call_describe_table },
    { "DynamoDB_20120810.ListTables", call_list_tables },
    { "DynamoDB_20120810.UpdateTimeToLive", call_update_time_to_live },
    { "DynamoDB_20120810.DescribeTimeToLive", call_describe_time_to_live },
    { "DynamoDBStreams_20120810.ListStreams", call_list_streams },
    { "DynamoDBStreams_20120810.DescribeStream", call_describe_stream },
    { "DynamoDBStreams_20120810.GetShardIterator", call_get_shard_iterator },
    { "DynamoDBStreams_20120810.GetRecords", call_get_records },
};

static bool handle(struct call *call, const char *target, const char *body, size_t len)
{
    for (size_t i = 0; target != NULL && i < sizeof HANDLERS / sizeof *HANDLERS; i++) {
        if (strcmp(HANDLERS[i].target, target) != 0)
            continue;
        if (len == 0 || !span_open(body, len, &call->body) || span_kind(call->body) != SPAN_OBJECT)
            return fault_set(&call->fault, FAULT_SERIALIZATION, "The request is not JSON");
        return HANDLERS[i].handle(call);
    }
    return fault_set(&call->fault, FAULT_UNKNOWN, "ddbstream table has no such operation");
}

/* AWS writes Message in the errors of its outer layer, message in those of DynamoDB. */
static int write_fault(const struct fault *fault, ddbs_buf *out)
{
    bool outer = strcmp(fault->type, FAULT_SERIALIZATION) == 0 || strcmp(fault->type, FAULT_CANCELED) == 0;
    out->len = 0;
    out->failed = false;
    ddbs_buf__format(out, "{\"__type\":\"%s\",\"%s\":", fault->type, outer ? "Message" : "message");
    ddbs_buf__json(out, fault->text, strlen(fault->text));
    if (fault->more != NULL)
        ddbs_buf__text(out, fault->more);
    ddbs_buf__text(out, "}");
    return strcmp(fault->type, FAULT_INTERNAL) == 0 ? 500 : 400;
}

int table_call(struct table_db *db, const char *target, const char *body, size_t len, int64_t now_ms, ddbs_buf *reply)
{
    struct call call = { .db = db, .fault = { .arena = db->arena }, .now_ms = now_ms, .out = reply };
    ddbs_arena_reset(db->arena);
    reply->len = 0;
    reply->failed = false;
    bool done = handle(&call, target, body, len);
    if (done && reply->failed)
        done = fault_memory(&call.fault);
    int status = done ? 200 : write_fault(&call.fault, reply);
    return ddbs_buf__settle(reply, 0) == DDBS_OK ? status : 500;
}
