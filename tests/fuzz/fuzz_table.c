/* fuzz_table.c: lines "Operation body" as requests to one database, a second apart. Every answer is JSON with a status
 * that fits; and what was kept, done again elsewhere, makes the same tables and the same records. */
#include "lib/json.h"
#include "lib/utf8.h"
#include "runtime/table/table.h"
#include "tests/fuzz/property.h"

#define BEGIN INT64_C(1792399203417)

static const char CREATE[] =
    "{\"TableName\":\"Orders\",\"BillingMode\":\"PAY_PER_REQUEST\",\"KeySchema\":[{\"AttributeName\":\"id\","
    "\"KeyType\":"
    "\"HASH\"},{\"AttributeName\":\"n\",\"KeyType\":\"RANGE\"}],\"AttributeDefinitions\":[{\"AttributeName\":\"id\","
    "\"AttributeType\":\"S\"},{\"AttributeName\":\"n\",\"AttributeType\":\"N\"}],\"StreamSpecification\":{"
    "\"StreamEnabled\":"
    "true,\"StreamViewType\":\"NEW_AND_OLD_IMAGES\"}}";

struct pair {
    struct table_db *first, *second;
};

/* What is kept is done again in the second database at once. */
static bool keep(void *user, const char *line, size_t len)
{
    struct pair *pair = user;
    PROPERTY(table_replay(pair->second, line, len));
    return true;
}

static void check_reply(int status, const ddbs_buf *reply)
{
    struct json json = { .text = reply->ptr, .len = reply->len, .pairs = true };
    PROPERTY(status == 200 || status == 400);
    PROPERTY(reply->len > 0 && ddbs_utf8__check(reply->ptr, reply->len) == reply->len);
    PROPERTY(ddbs_json__skip(&json, 0) && json.at == json.len);
    PROPERTY((status == 400) == (strncmp(reply->ptr, "{\"__type\":", 10) == 0));
}

static void run_line(struct pair *pair, const char *line, size_t len, int64_t now_ms, ddbs_buf *reply)
{
    static const char *const apis[] = { "DynamoDB_20120810.", "DynamoDBStreams_20120810." };
    const char *blank = memchr(line, ' ', len);
    size_t name = blank == NULL ? len : (size_t)(blank - line);
    if (name > 40)
        return;
    for (size_t i = 0; i < 2; i++) {
        char target[128];
        snprintf(target, sizeof target, "%s%.*s", apis[i], (int)name, line);
        check_reply(table_call(pair->first, target, blank == NULL ? "" : blank + 1, blank == NULL ? 0 : len - name - 1,
                               now_ms, reply),
                    reply);
    }
}

static void check_equal(struct pair *pair, int64_t now_ms)
{
    static const char scan[] = "{\"TableName\":\"Orders\"}";
    const struct stream *first = table_stream(pair->first, "Orders"), *second = table_stream(pair->second, "Orders");
    ddbs_buf a = { 0 }, b = { 0 };
    int a_status = table_call(pair->first, "DynamoDB_20120810.Scan", scan, sizeof scan - 1, now_ms, &a);
    int b_status = table_call(pair->second, "DynamoDB_20120810.Scan", scan, sizeof scan - 1, now_ms, &b);
    PROPERTY(a_status == b_status && a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0);
    PROPERTY((first == NULL) == (second == NULL));
    PROPERTY(first == NULL || (first->count == second->count && first->latest == second->latest));
    ddbs_buf_free(&a);
    ddbs_buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pair pair;
    ddbs_buf reply = { 0 };
    const char *at = (const char *)data, *end = at + size;
    int64_t now_ms = BEGIN;
    PROPERTY(table_open(&pair.second, &(struct table_config){ .seed = 2 }) == DDBS_OK);
    PROPERTY(table_open(&pair.first, &(struct table_config){ .seed = 1, .keep = keep, .user = &pair }) == DDBS_OK);
    PROPERTY(table_call(pair.first, "DynamoDB_20120810.CreateTable", CREATE, sizeof CREATE - 1, now_ms, &reply) == 200);
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop == NULL ? end : stop;
        run_line(&pair, at, (size_t)(stop - at), now_ms, &reply);
        now_ms += 1000;
        table_expire(pair.first, now_ms);
        at = stop + 1;
    }
    check_equal(&pair, now_ms);
    ddbs_buf_free(&reply);
    table_close(pair.first);
    table_close(pair.second);
    return 0;
}
