/* table.h: tables in memory with their streams, behind the JSON of DynamoDB's API. For the `ddbstream table` command
 * and for the test driver.
 *
 * Pure: no socket, no file, no clock. Time is an argument of every call and must not go back; randomness is the seed;
 * what must outlive the process is handed line by line to `keep` and given back with table_replay(). The same calls at
 * the same times give the same answers, stream records and identifiers.
 *
 *     struct table_db *db;
 *     ddbs_buf reply = { 0 };
 *     if (table_open(&db, &(struct table_config){ .seed = 1 }) != DDBS_OK)
 *         return false;
 *     int status = table_call(db, "DynamoDB_20120810.PutItem", body, body_len, now_ms, &reply);  // 200, or 400, 500
 *     const struct stream *stream = table_stream(db, "Orders");                        // what the write has recorded
 *     ddbs_buf_free(&reply);
 *     table_close(db);
 *
 * No secondary indexes, no legacy parameters (Expected, AttributeUpdates, KeyConditions, ...), no PartiQL, no backups;
 * nothing is ever throttled. */
#ifndef TABLE_TABLE_H
#define TABLE_TABLE_H
#include "stream.h"

#define TABLE_REGION  "ddblocal" /* as DynamoDB Local names it in its ARNs */
#define TABLE_ACCOUNT "000000000000"

enum {
    TABLE_REQUEST_MAX = 16 * 1024 * 1024, /* bytes of a request, as AWS takes them */
    TABLE_NAME_MAX = 255,
    TABLE_ARN_SIZE = 384
};

struct table_db;

struct table_config {
    uint64_t seed; /* of identifiers of tables, shards and events */
    /* Called with a line of JSON, without a line feed, before a change takes effect; false refuses it with an
     * InternalServerError. NULL: nothing is kept. */
    bool (*keep)(void *user, const char *line, size_t len);
    void *user;
};

/**
 * Make an empty database; free it with table_close(). `config` is copied.
 * @return DDBS_OK, DDBS_E_MEMORY
 */
ddbs_status table_open(struct table_db **out, const struct table_config *config) DDBS_MUST_CHECK;

/** Free it with everything in it. Does nothing for NULL. */
void table_close(struct table_db *db);

/**
 * Answer one request of DynamoDB's or DynamoDB Streams' API.
 * @param target  the X-Amz-Target header, "DynamoDB_20120810.PutItem"; NULL as a header that was not sent
 * @param now_ms  milliseconds since the epoch
 * @param reply   emptied, then gets the JSON of the answer or the error; may be empty when memory is exhausted
 * @return the HTTP status: 200, 400 or 500
 */
int table_call(struct table_db *db, const char *target, const char *body, size_t len, int64_t now_ms, ddbs_buf *reply);

/**
 * Remove what time-to-live has run out for: one REMOVE record each, with the user identity of the service. AWS takes up
 * to some days for it; here it is now. Also forgets records of streams older than 24 hours.
 * @return how many items were removed; fewer than there are when memory is exhausted or `keep` refused
 */
size_t table_expire(struct table_db *db, int64_t now_ms);

/**
 * Remove one item in the same way, whenever it would run out: for tests, which need no attribute for that.
 * @param key  typed JSON; attributes beside the key do not matter
 * @return false when there is no such table, `key` has not its key, `keep` refused, or memory is exhausted. Where no
 *         such item is there nothing is to be removed, and that is true
 */
bool table_expire_item(struct table_db *db, const char *name, const char *key, size_t len, int64_t now_ms);

/**
 * Do again what a line given to `keep` says, its stream record included. Lines come in the order in which they were
 * given. `keep` is not called.
 * @return whether the line was one of ours and there was memory
 */
bool table_replay(struct table_db *db, const char *line, size_t len);

/** Call `keep` from now on, for a database that was filled by table_replay() first. */
void table_keep(struct table_db *db, bool (*keep)(void *user, const char *line, size_t len), void *user);

/** The stream of a table; NULL: there is no such table, or it has none. Valid until the next call; to read only. */
const struct stream *table_stream(const struct table_db *db, const char *name);

/** Split an open shard of a table's stream. False as of stream_split(), or when there is no such shard. */
bool table_split(struct table_db *db, const char *name, size_t shard, int64_t now_ms);
#endif
