/* table_calls.h: what the tests of runtime/table share: a database, calls as JSON, records of a stream as text. JSON is
 * written with ' for ". */
#ifndef TABLE_CALLS_H
#define TABLE_CALLS_H
#include "check.h"
#include "runtime/table/table.h"

#include <stdio.h>
#include <stdlib.h>

#define TABLE_NOW INT64_C(1792399203417)

struct tables {
    struct table_db *db;
    ddbs_buf reply;
    int64_t now_ms;
};

/* The text with " for '; it lives until the next call but seven. */
static inline const char *tables_json(const char *text)
{
    static char room[8][16384];
    static unsigned turn;
    char *out = room[turn++ % 8];
    size_t len = strlen(text) < sizeof *room ? strlen(text) : sizeof *room - 1;
    for (size_t i = 0; i < len; i++)
        out[i] = text[i];
    out[len] = '\0';
    for (char *at = out; *at != '\0'; at++)
        *at = *at == '\'' ? '"' : *at;
    return out;
}

static inline int tables_call(struct tables *t, const char *operation, const char *request)
{
    char target[128];
    const char *body = tables_json(request);
    bool stream = strstr(operation, "Stream") != NULL || strstr(operation, "Shard") != NULL ||
                  strcmp(operation, "GetRecords") == 0;
    snprintf(target, sizeof target, "DynamoDB%s_20120810.%s", stream ? "Streams" : "", operation);
    return table_call(t->db, target, body, strlen(body), t->now_ms, &t->reply);
}

/* A call that must succeed; its answer must be `want`, unless that is NULL. */
static inline bool tables_ok(struct tables *t, const char *operation, const char *request, const char *want)
{
    int status = tables_call(t, operation, request);
    bool held = status == 200 && (want == NULL || strcmp(t->reply.ptr, tables_json(want)) == 0);
    if (!held)
        printf("# %s %s\n# %d %s\n# want %s\n", operation, request, status, t->reply.ptr, want == NULL ? "200" : want);
    return held;
}

/* A call that must be refused with an exception of that name and with these words in its message. */
static inline bool tables_refused(struct tables *t, const char *operation, const char *request, const char *type,
                                  const char *words)
{
    int status = tables_call(t, operation, request);
    bool held = status == 400 && strstr(t->reply.ptr, type) != NULL && strstr(t->reply.ptr, tables_json(words)) != NULL;
    if (!held)
        printf("# %s %s\n# %d %s\n# want %s: %s\n", operation, request, status, t->reply.ptr, type, words);
    return held;
}

/* A database with the table "Orders": key "id" (S) and, if `sort` is not 0, "n" of that type. */
static inline struct tables tables_open(const char *view, char sort)
{
    struct tables t = { .now_ms = TABLE_NOW };
    char request[1024], range[64] = "", definition[64] = "";
    if (table_open(&t.db, &(struct table_config){ .seed = 7 }) != DDBS_OK)
        abort();
    if (sort != 0) {
        snprintf(range, sizeof range, ",{'AttributeName':'n','KeyType':'RANGE'}");
        snprintf(definition, sizeof definition, ",{'AttributeName':'n','AttributeType':'%c'}", sort);
    }
    snprintf(request, sizeof request,
             "{'TableName':'Orders','BillingMode':'PAY_PER_REQUEST',"
             "'KeySchema':[{'AttributeName':'id','KeyType':'HASH'}%s],"
             "'AttributeDefinitions':[{'AttributeName':'id','AttributeType':'S'}%s],"
             "'StreamSpecification':{'StreamEnabled':%s,'StreamViewType':'%s'}}",
             range, definition, view == NULL ? "false" : "true", view == NULL ? "KEYS_ONLY" : view);
    if (tables_call(&t, "CreateTable", request) != 200)
        printf("# CreateTable: %s\n", t.reply.ptr);
    return t;
}

static inline void tables_close(struct tables *t)
{
    ddbs_buf_free(&t->reply);
    table_close(t->db);
}

static inline size_t tables_records(const struct tables *t)
{
    return table_stream(t->db, "Orders")->count;
}

/* The newest record of the stream. */
static inline const struct stream_record *tables_latest(const struct tables *t)
{
    const struct stream *stream = table_stream(t->db, "Orders");
    return stream_at(stream, stream->count - 1);
}
#endif
