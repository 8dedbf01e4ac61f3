/* aws_table.c: calls of DynamoDB, answered by tables in memory: those of the stream's region are beside the stream's
 * own, other regions have theirs. */
#include "runtime/table/store.h"
#include "runtime/test/driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TARGET_SIZE = 128, FAILED = 500 };

/* ---- Where a table is -------------------------------------------------------------------------------------------- */

/* The tables of a region, made when they are first asked for; NULL after a driver_fail(). */
static struct table_db *tables_of(ddbs_test *test, const char *name)
{
    struct driver_region *region = test->aws.regions;
    if (strcmp(name, test->aws.region) == 0)
        return test->db;
    while (region != NULL && strcmp(region->name, name) != 0)
        region = region->next;
    if (region != NULL)
        return region->db;
    region = calloc(1, sizeof *region);
    if (region == NULL ||
        table_open(&region->db, &(struct table_config){ .seed = test->esm.settings.seed }) != DDBS_OK) {
        free(region);
        driver_fail(test, DDBS_E_MEMORY, "out of memory");
        return NULL;
    }
    snprintf(region->name, sizeof region->name, "%s", name);
    region->next = test->aws.regions;
    test->aws.regions = region;
    return region->db;
}

/* Name and tables of what the test calls a table: NULL, a name, "arn:aws:dynamodb:eu-west-1:1111:table/Stock". */
static struct table_db *find(ddbs_test *test, const char *table, char name[DRIVER_TABLE_SIZE])
{
    char region[DRIVER_REGION_SIZE];
    const char *text = table == NULL ? test->table : table;
    const char *part = strstr(text, ":table/");
    snprintf(region, sizeof region, "%s", test->aws.region);
    if (strncmp(text, "arn:", 4) == 0 && part != NULL) {
        const char *at = text;
        for (size_t i = 0; i < 3 && at < part; i++)
            at += strcspn(at, ":") + 1;
        snprintf(region, sizeof region, "%.*s", (int)strcspn(at, ":"), at);
        text = part + strlen(":table/");
    }
    snprintf(name, DRIVER_TABLE_SIZE, "%s", text);
    return tables_of(test, region);
}

static bool is_own(const ddbs_test *test, const struct table_db *db, const char *name)
{
    return db == test->db && strcmp(name, test->table) == 0;
}

/* ---- Calls ------------------------------------------------------------------------------------------------------- */

static long call_tables(ddbs_test *test, struct table_db *db, const struct driver_call *call, ddbs_str body,
                        ddbs_buf *out)
{
    ddbs_buf reply = { .ptr = NULL };
    long status =
        table_call(db, driver_header(&call->told, "X-Amz-Target"), body.ptr, body.len, driver_table_now(test), &reply);
    if (reply.ptr != NULL)
        ddbs_buf__bytes(out, reply.ptr, reply.len);
    ddbs_buf_free(&reply);
    if (db == test->db)
        driver_drain(test);
    return status;
}

/* Append a BatchWriteItem's {"Table":[...]} of the entries that are refused, or of the others. False: there is none. */
static bool write_items(const struct driver_call *call, bool refused, ddbs_buf *out)
{
    const char *table = NULL;
    ddbs_buf__text(out, "{");
    for (size_t i = 0; i < call->told.entries; i++) {
        const struct driver_entry *entry = &call->entries[i];
        if ((entry->error != NULL) != refused)
            continue;
        if (table == NULL || strcmp(table, entry->told.to) != 0) {
            ddbs_buf__text(out, table == NULL ? "" : "],");
            ddbs_buf__json(out, entry->told.to, strlen(entry->told.to));
            ddbs_buf__text(out, ":[");
        } else {
            ddbs_buf__text(out, ",");
        }
        ddbs_buf__bytes(out, entry->text.ptr, entry->text.len);
        table = entry->told.to;
    }
    ddbs_buf__text(out, table == NULL ? "}" : "]}");
    return table != NULL;
}

/* Without the entries that a fault of the test refuses, which come back as unprocessed. */
static long write_others(ddbs_test *test, struct table_db *db, const struct driver_call *call, ddbs_buf *out)
{
    ddbs_buf body = { .arena = test->aws.arena }, reply = body;
    long status = 200;
    ddbs_buf__text(&body, "{\"RequestItems\":");
    bool any = write_items(call, false, &body);
    ddbs_buf__text(&body, "}");
    if (!body.failed && any)
        status = call_tables(test, db, call, (ddbs_str){ body.ptr, body.len }, &reply);
    if (status != 200) {
        ddbs_buf__bytes(out, reply.ptr, reply.len);
        return status;
    }
    out->failed = out->failed || body.failed;
    ddbs_buf__text(out, "{\"UnprocessedItems\":");
    write_items(call, true, out);
    ddbs_buf__text(out, "}");
    return status;
}

long driver_call_table(ddbs_test *test, struct driver_call *call, ddbs_buf *out)
{
    struct table_db *db = tables_of(test, call->told.region);
    bool some = false;
    if (db == NULL)
        return FAILED;
    for (size_t i = 0; i < call->told.entries; i++)
        some = some || call->entries[i].error != NULL;
    return some ? write_others(test, db, call, out) : call_tables(test, db, call, call->told.body, out);
}

/* ---- Tables of the test ------------------------------------------------------------------------------------------ */

/* One part of "account,version:N". */
static void define_part(ddbs_buf *definitions, ddbs_buf *schema, const char *part, size_t len, bool first)
{
    const char *colon = memchr(part, ':', len);
    size_t name = colon == NULL ? len : (size_t)(colon - part);
    const char *comma = first ? "" : ",";
    ddbs_buf__format(definitions, "%s{\"AttributeName\":", comma);
    ddbs_buf__json(definitions, part, name);
    ddbs_buf__format(definitions, ",\"AttributeType\":\"%.*s\"}", colon == NULL ? 1 : (int)(len - name - 1),
                     colon == NULL ? "S" : colon + 1);
    ddbs_buf__format(schema, "%s{\"AttributeName\":", comma);
    ddbs_buf__json(schema, part, name);
    ddbs_buf__format(schema, ",\"KeyType\":\"%s\"}", first ? "HASH" : "RANGE");
}

/* The stream's own has a stream, and its key is from now on that of the items of the test. */
static ddbs_status define_own(ddbs_test *test, const char *key, ddbs_buf *body)
{
    size_t used = 0;
    ddbs_buf__format(body, ",\"StreamSpecification\":{\"StreamEnabled\":true,\"StreamViewType\":\"%s\"}", test->view);
    free(test->key_names);
    test->key_names = calloc(1, strlen(key) + 1);
    if (test->key_names == NULL)
        return driver_fail(test, DDBS_E_MEMORY, "out of memory");
    for (const char *at = key; *at != '\0'; at += *at == ':' ? strcspn(at, ",") : 1) {
        if (*at != ':')
            test->key_names[used++] = *at;
    }
    return DDBS_OK;
}

ddbs_status ddbs_test_table(ddbs_test *test, const char *table, const char *key)
{
    char name[DRIVER_TABLE_SIZE];
    ddbs_buf body = { .arena = test->scratch }, definitions = body, schema = body;
    struct table_db *db = test->status == DDBS_OK ? find(test, table, name) : NULL;
    if (db == NULL)
        return test->status;
    ddbs_arena_reset(test->scratch);
    for (const char *part = key, *end; part != NULL; part = *end == '\0' ? NULL : end + 1) {
        end = part + strcspn(part, ",");
        define_part(&definitions, &schema, part, (size_t)(end - part), part == key);
    }
    if (definitions.failed || schema.failed)
        return driver_fail(test, DDBS_E_MEMORY, "out of memory");
    ddbs_buf__text(&body, "{\"TableName\":");
    ddbs_buf__json(&body, name, strlen(name));
    ddbs_buf__format(&body, ",\"AttributeDefinitions\":[%s],\"KeySchema\":[%s],\"BillingMode\":\"PAY_PER_REQUEST\"",
                     definitions.ptr, schema.ptr);
    if (is_own(test, db, name))
        DDBS_TRY(define_own(test, key, &body));
    ddbs_buf__text(&body, "}");
    return driver_request(test, db, "CreateTable", &body);
}

ddbs_status ddbs_test_table_put(ddbs_test *test, const char *table, const char *json)
{
    char name[DRIVER_TABLE_SIZE];
    const ddbs_item *item;
    struct table_db *db = test->status == DDBS_OK ? find(test, table, name) : NULL;
    if (db == NULL)
        return test->status;
    if (is_own(test, db, name))
        return ddbs_test_put(test, json);
    ddbs_arena_reset(test->scratch);
    if (!driver_read_item(test, json, test->scratch, &item))
        return test->status;
    ddbs_buf body = { .arena = test->scratch };
    ddbs_buf__text(&body, "{\"TableName\":");
    ddbs_buf__json(&body, name, strlen(name));
    ddbs_buf__text(&body, ",\"Item\":");
    if (ddbs_item_write(item, DDBS_JSON_TYPED, &body) != DDBS_OK)
        body.failed = true;
    ddbs_buf__text(&body, "}");
    return driver_request(test, db, "PutItem", &body);
}

/* ---- Looking ----------------------------------------------------------------------------------------------------- */

const ddbs_item *ddbs_test_item(ddbs_test *test, const char *table, const char *json)
{
    char name[DRIVER_TABLE_SIZE];
    struct key key;
    struct fault fault = { .arena = test->aws.told };
    const ddbs_item *item = NULL;
    struct table_db *db = test->status == DDBS_OK ? find(test, table, name) : NULL;
    const struct table *found = db == NULL ? NULL : store_find(db, ddbs_str_c(name));
    if (found == NULL || !driver_read_item(test, json, test->aws.told, &item))
        return NULL;
    if (!key_of_item(&found->schema, item, &fault, &key)) {
        driver_fail(test, DDBS_E_USAGE, "%s: not its key: %s", name, fault.text);
        return NULL;
    }
    const struct entry *entry = index_find(&found->index, &key);
    if (entry == NULL)
        return NULL;
    ddbs_status status = ddbs_item_read(entry->text, entry->len, DDBS_JSON_TYPED, test->aws.told, &item, NULL);
    driver_fail(test, status, "out of memory");
    return status == DDBS_OK ? item : NULL;
}

size_t ddbs_test_items(ddbs_test *test, const char *table)
{
    char name[DRIVER_TABLE_SIZE];
    struct table_db *db = find(test, table, name);
    const struct table *found = db == NULL ? NULL : store_find(db, ddbs_str_c(name));
    return found == NULL ? 0 : found->index.count;
}
