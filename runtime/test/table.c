/* table.c: writes to the driver's table, and the records that they leave in its stream. The table is that of `ddbstream
 * table`: what is a change, what is none and what is refused is decided there. */
#include "lib/arena.h"
#include "runtime/test/driver.h"

#include <stdio.h>
#include <string.h>

enum { KEYS_MAX = 2 };

bool driver_read_item(ddbs_test *test, const char *json, ddbs_arena *arena, const ddbs_item **out)
{
    ddbs_error error;
    ddbs_status status = ddbs_item_read(json, strlen(json), DDBS_JSON_PLAIN, arena, out, &error);
    if (status != DDBS_OK)
        driver_fail(test, status, "item: %s%s%s", error.path, error.path[0] != '\0' ? ": " : "", error.reason);
    return status == DDBS_OK;
}

/* Items of plain JSON live in the scratch arena until the next call. */
static bool read_item(ddbs_test *test, const char *json, const ddbs_item **out)
{
    ddbs_arena_reset(test->scratch);
    return driver_read_item(test, json, test->scratch, out);
}

static ddbs_buf scratch_buf(ddbs_test *test)
{
    return (ddbs_buf){ .arena = test->scratch };
}

/* ---- The stream -------------------------------------------------------------------------------------------------- */

/* Shards that a split has made. */
static bool follow_shards(ddbs_test *test, const struct stream *stream)
{
    while (test->shard_count < stream->shard_count) {
        if (!driver_add_shard(test))
            return false;
    }
    return true;
}

ddbs_status driver_drain(ddbs_test *test)
{
    const struct stream *stream = table_stream(test->db, test->table);
    ddbs_buf json = { 0 };
    if (stream == NULL)
        return test->status;
    test->table_made = true;
    if (!follow_shards(test, stream))
        driver_fail(test, DDBS_E_MEMORY, "out of memory");
    const struct stream_record *record;
    for (size_t i = 0; test->status == DDBS_OK && (record = stream_at(stream, i)) != NULL; i++) {
        if (record->position <= test->drained)
            continue;
        json.len = 0;
        stream_write(stream, record, "eu-west-1", test->esm.stream_arn, &json);
        if (ddbs_buf__settle(&json, 0) != DDBS_OK)
            driver_fail(test, DDBS_E_MEMORY, "out of memory");
        else if (driver_add(test, record->shard, json.ptr, json.len) == DDBS_OK)
            test->drained = record->position;
    }
    ddbs_buf_free(&json);
    return test->status;
}

int64_t driver_table_now(ddbs_test *test)
{
    if (test->now_ms > test->aws.table_ms)
        test->aws.table_ms = test->now_ms;
    return test->aws.table_ms;
}

ddbs_status driver_request(ddbs_test *test, struct table_db *db, const char *operation, ddbs_buf *body)
{
    char target[128];
    ddbs_buf reply = { 0 };
    if (test->status != DDBS_OK)
        return test->status;
    if (ddbs_buf__settle(body, 0) != DDBS_OK)
        return driver_fail(test, DDBS_E_MEMORY, "out of memory");
    snprintf(target, sizeof target, "DynamoDB_20120810.%s", operation);
    int http = table_call(db, target, body->ptr, body->len, driver_table_now(test), &reply);
    if (http != 200)
        driver_fail(test, http == 400 ? DDBS_E_USAGE : DDBS_E_MEMORY, "%s: %s", operation,
                    reply.ptr == NULL ? "out of memory" : reply.ptr);
    ddbs_buf_free(&reply);
    return driver_drain(test);
}

static ddbs_status request(ddbs_test *test, const char *operation, ddbs_buf *body)
{
    return driver_request(test, test->db, operation, body);
}

/* ---- The table --------------------------------------------------------------------------------------------------- */

/* The name of key attribute `index`; {NULL, 0}: there is none. Those of options.key, or the first of the first item,
 * which is then written down as if it had been there. */
static ddbs_str part_name(const ddbs_test *test, size_t index)
{
    const char *at = test->key_names;
    for (; index > 0 && at != NULL; index--) {
        at = strchr(at, ',');
        at = at == NULL ? NULL : at + 1;
    }
    return at == NULL ? (ddbs_str){ NULL, 0 } : (ddbs_str){ at, strcspn(at, ",") };
}

static ddbs_status name_key(ddbs_test *test, const ddbs_item *item)
{
    ddbs_iter iter = ddbs_iter_item(item);
    ddbs_str name = { NULL, 0 };
    if (test->key_names != NULL)
        return test->status;
    if (ddbs_iter_attr(&iter, &name) == NULL)
        return driver_fail(test, DDBS_E_USAGE, "an item without attributes has no key");
    test->key_names = strndup(name.ptr, name.len);
    return test->key_names == NULL ? driver_fail(test, DDBS_E_MEMORY, "out of memory") : DDBS_OK;
}

static const ddbs_value *value_of(const ddbs_item *item, ddbs_str name)
{
    ddbs_iter iter = ddbs_iter_item(item);
    ddbs_str at;
    const ddbs_value *value;
    while ((value = ddbs_iter_attr(&iter, &at)) != NULL) {
        if (at.len == name.len && memcmp(at.ptr, name.ptr, name.len) == 0)
            return value;
    }
    return NULL;
}

static void define_key(ddbs_buf *definitions, ddbs_buf *schema, ddbs_str name, const ddbs_value *value, bool first)
{
    const char *type = ddbs_value_type(value) == DDBS_TYPE_N ? "N" : "S";
    const char *comma = first ? "" : ",";
    ddbs_buf__format(definitions, "%s{\"AttributeName\":", comma);
    ddbs_buf__json(definitions, name.ptr, name.len);
    ddbs_buf__format(definitions, ",\"AttributeType\":\"%s\"}", type);
    ddbs_buf__format(schema, "%s{\"AttributeName\":", comma);
    ddbs_buf__json(schema, name.ptr, name.len);
    ddbs_buf__format(schema, ",\"KeyType\":\"%s\"}", first ? "HASH" : "RANGE");
}

/* Make the table when the first item says of which types its key is. */
static ddbs_status make_table(ddbs_test *test, const ddbs_item *item)
{
    ddbs_buf body = scratch_buf(test), definitions = body, schema = body;
    if (table_stream(test->db, test->table) != NULL)
        return test->status;
    DDBS_TRY(name_key(test, item));
    ddbs_buf__text(&definitions, "");
    ddbs_buf__text(&schema, "");
    for (size_t i = 0; i < KEYS_MAX && part_name(test, i).ptr != NULL; i++) {
        const ddbs_value *value = value_of(item, part_name(test, i));
        if (value == NULL)
            return driver_fail(test, DDBS_E_USAGE, "the first item has not all attributes of the key, \"%s\"",
                               test->key_names);
        define_key(&definitions, &schema, part_name(test, i), value, i == 0);
    }
    if (definitions.failed || schema.failed)
        return driver_fail(test, DDBS_E_MEMORY, "out of memory");
    ddbs_buf__format(&body,
                     "{\"TableName\":\"%s\",\"AttributeDefinitions\":[%s],\"KeySchema\":[%s],\"BillingMode\":"
                     "\"PAY_PER_REQUEST\",\"StreamSpecification\":{\"StreamEnabled\":true,\"StreamViewType\":\"%s\"}}",
                     test->table, definitions.ptr, schema.ptr, test->view);
    return request(test, "CreateTable", &body);
}

/* Append the attributes of the key, typed: {"orderId":{"S":"o-1"}}. */
static void write_key(ddbs_test *test, const ddbs_item *item, ddbs_buf *out)
{
    const char *before = "{";
    for (size_t i = 0; i < KEYS_MAX && part_name(test, i).ptr != NULL; i++) {
        ddbs_str name = part_name(test, i);
        const ddbs_value *value = value_of(item, name);
        if (value == NULL)
            continue; /* the table says what is missing */
        ddbs_buf__text(out, before);
        ddbs_buf__json(out, name.ptr, name.len);
        ddbs_buf__text(out, ":");
        if (ddbs_value_write(value, DDBS_JSON_TYPED, out) != DDBS_OK)
            out->failed = true;
        before = ",";
    }
    ddbs_buf__text(out, *before == '{' ? "{}" : "}");
}

/* Read an item and have a table for it. */
static bool prepare(ddbs_test *test, const char *json, const ddbs_item **out)
{
    return test->status == DDBS_OK && read_item(test, json, out) && make_table(test, *out) == DDBS_OK &&
           read_item(test, json, out); /* what was recorded meanwhile has taken the arena */
}

/* ---- Writes ------------------------------------------------------------------------------------------------------ */

ddbs_status ddbs_test_put(ddbs_test *test, const char *json)
{
    const ddbs_item *item;
    if (!prepare(test, json, &item))
        return test->status;
    ddbs_buf body = scratch_buf(test);
    ddbs_buf__format(&body, "{\"TableName\":\"%s\",\"Item\":", test->table);
    if (ddbs_item_write(item, DDBS_JSON_TYPED, &body) != DDBS_OK)
        body.failed = true;
    ddbs_buf__text(&body, "}");
    return request(test, "PutItem", &body);
}

static bool is_key(const ddbs_test *test, ddbs_str name)
{
    for (size_t i = 0; i < KEYS_MAX && part_name(test, i).ptr != NULL; i++) {
        ddbs_str key = part_name(test, i);
        if (key.len == name.len && memcmp(key.ptr, name.ptr, name.len) == 0)
            return true;
    }
    return false;
}

/* "SET #0 = :0, #1 = :1" and what these stand for; nothing for an item that is a key alone. */
static void write_update(ddbs_test *test, const ddbs_item *item, ddbs_buf *body)
{
    ddbs_buf set = scratch_buf(test), names = set, values = set;
    ddbs_iter iter = ddbs_iter_item(item);
    ddbs_str name;
    size_t count = 0;
    for (const ddbs_value *value; (value = ddbs_iter_attr(&iter, &name)) != NULL;) {
        if (is_key(test, name))
            continue;
        const char *comma = count == 0 ? "" : ",";
        ddbs_buf__format(&set, "%s#n%zu = :v%zu", count == 0 ? "SET " : ", ", count, count);
        ddbs_buf__format(&names, "%s\"#n%zu\":", comma, count);
        ddbs_buf__json(&names, name.ptr, name.len);
        ddbs_buf__format(&values, "%s\":v%zu\":", comma, count);
        if (ddbs_value_write(value, DDBS_JSON_TYPED, &values) != DDBS_OK)
            values.failed = true;
        count++;
    }
    body->failed = body->failed || set.failed || names.failed || values.failed;
    if (count > 0 && !body->failed)
        ddbs_buf__format(body,
                         ",\"UpdateExpression\":\"%s\",\"ExpressionAttributeNames\":{%s},"
                         "\"ExpressionAttributeValues\":{%s}",
                         set.ptr, names.ptr, values.ptr);
}

ddbs_status ddbs_test_update(ddbs_test *test, const char *json)
{
    const ddbs_item *item;
    if (!prepare(test, json, &item))
        return test->status;
    ddbs_buf body = scratch_buf(test);
    ddbs_buf__format(&body, "{\"TableName\":\"%s\",\"Key\":", test->table);
    write_key(test, item, &body);
    write_update(test, item, &body);
    ddbs_buf__text(&body, "}");
    return request(test, "UpdateItem", &body);
}

ddbs_status ddbs_test_remove(ddbs_test *test, const char *json)
{
    const ddbs_item *item;
    if (!prepare(test, json, &item))
        return test->status;
    ddbs_buf body = scratch_buf(test);
    ddbs_buf__format(&body, "{\"TableName\":\"%s\",\"Key\":", test->table);
    write_key(test, item, &body);
    ddbs_buf__text(&body, "}");
    return request(test, "DeleteItem", &body);
}

ddbs_status ddbs_test_expire(ddbs_test *test, const char *json)
{
    const ddbs_item *item;
    if (!prepare(test, json, &item))
        return test->status;
    ddbs_buf key = scratch_buf(test);
    write_key(test, item, &key);
    if (key.failed)
        return driver_fail(test, DDBS_E_MEMORY, "out of memory");
    if (!table_expire_item(test->db, test->table, key.ptr, key.len, driver_table_now(test)))
        return driver_fail(test, DDBS_E_USAGE, "not a key of the table");
    return driver_drain(test);
}

ddbs_status ddbs_test_request(ddbs_test *test, const char *operation, const char *json)
{
    ddbs_buf body = { 0 };
    ddbs_buf__text(&body, json);
    ddbs_status status = request(test, operation, &body);
    ddbs_buf_free(&body);
    return status;
}

ddbs_status ddbs_test_split(ddbs_test *test)
{
    const struct stream *stream = table_stream(test->db, test->table);
    if (test->status != DDBS_OK)
        return test->status;
    if (stream == NULL)
        return driver_fail(test, DDBS_E_USAGE, "there is no table yet whose stream could be split");
    for (size_t i = 0, count = stream->shard_count; i < count; i++) {
        bool open = stream->shards[i].last == UINT64_MAX;
        if (open && !table_split(test->db, test->table, i, driver_table_now(test)))
            return driver_fail(test, DDBS_E_LIMIT, "shard %zu cannot be split", i);
    }
    return driver_drain(test);
}
