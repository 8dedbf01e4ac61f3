/* store.c: see store.h. */
#include "store.h"

#include "journal.h"
#include "lib/arena.h"
#include "lib/buf.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Times further back are not taken for expiry (developer guide, time-to-live: "how it works"). */
#define TTL_PAST_MAX_S (INT64_C(5) * 365 * 24 * 60 * 60)

uint64_t store_random(struct table_db *db)
{
    uint64_t x = db->random += 0x9e3779b97f4a7c15U;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31);
}

struct table *store_find(const struct table_db *db, ddbs_str name)
{
    struct table *table = db->tables;
    while (table != NULL && !ddbs_str_is(name, table->name))
        table = table->next;
    return table;
}

void store_arn(const struct table *table, bool stream, char out[TABLE_ARN_SIZE])
{
    bool labelled = stream && table->stream != NULL;
    snprintf(out, TABLE_ARN_SIZE, "arn:aws:dynamodb:" TABLE_REGION ":" TABLE_ACCOUNT ":table/%s%s%s", table->name,
             labelled ? "/stream/" : "", labelled ? table->stream->label : "");
}

bool store_look(struct change *change, struct fault *fault)
{
    change->entry = index_find(&change->table->index, &change->key);
    change->old = NULL;
    if (change->entry == NULL)
        return true;
    change->old = item_load(change->entry->text, change->entry->len, fault->arena);
    return change->old != NULL || fault_memory(fault);
}

/* ---- Changing items ---------------------------------------------------------------------------------------------- */

static int64_t expiry_of(const struct table *table, const ddbs_item *item)
{
    int64_t seconds;
    double rounded;
    ddbs_num num;
    if (table->ttl[0] == '\0' || ddbs_get_num(item, table->ttl, &num) != DDBS_OK)
        return INT64_MAX;
    if (ddbs_num_i64(num, &seconds) == DDBS_OK)
        return seconds;
    if (ddbs_num_f64_rounded(num, &rounded, NULL) != DDBS_OK || rounded > 1e15 || rounded < -1e15)
        return INT64_MAX;
    return (int64_t)rounded + 1;
}

static char *copy_text(const char *text, size_t len)
{
    char *copy = malloc(len + 1);
    if (copy != NULL) {
        memcpy(copy, text, len);
        copy[len] = '\0';
    }
    return copy;
}

/* The stored text of an item, malloc's. */
static char *text_of(const ddbs_item *item, size_t *len)
{
    ddbs_buf buf = { 0 };
    if (ddbs_item_write(item, DDBS_JSON_TYPED, &buf) != DDBS_OK)
        return NULL;
    *len = buf.len;
    return buf.ptr;
}

static bool fill_images(const struct change *change, enum stream_view view, struct stream_record *record)
{
    bool with_new = view == STREAM_NEW_IMAGE || view == STREAM_NEW_AND_OLD_IMAGES;
    bool with_old = view == STREAM_OLD_IMAGE || view == STREAM_NEW_AND_OLD_IMAGES;
    if (with_new && change->item != NULL) {
        record->new_image = copy_text(change->text, change->len);
        record->size += item_size(change->item);
        if (record->new_image == NULL)
            return false;
    }
    if (with_old && change->old != NULL) {
        record->old_image = copy_text(change->entry->text, change->entry->len);
        record->size += change->entry->size;
        if (record->old_image == NULL)
            return false;
    }
    return true;
}

static struct stream_record *make_record(const struct change *change, int64_t now_ms)
{
    const ddbs_item *any = change->item == NULL ? change->old : change->item;
    const struct key_schema *schema = &change->table->schema;
    struct stream_record *record = calloc(1, sizeof *record);
    ddbs_buf keys = { 0 };
    if (record == NULL)
        return NULL;
    key_write(schema, any, &keys);
    record->keys = keys.ptr;
    record->size = key_size(schema, any);
    record->time_ms = now_ms;
    record->hash = change->key.hash;
    record->expired = change->expired;
    record->operation = change->item == NULL ? STREAM_REMOVE : change->old == NULL ? STREAM_INSERT : STREAM_MODIFY;
    if (keys.failed || !fill_images(change, change->table->stream->view, record)) {
        stream_record_free(record);
        return NULL;
    }
    return record;
}

/* Everything that can fail. */
static bool prepare(struct change *change, int64_t now_ms)
{
    change->noop = change->old == NULL && change->item == NULL;
    if (change->old != NULL && change->item != NULL)
        change->noop = ddbs_item_equal(change->old, change->item);
    if (change->noop)
        return true;
    if (change->item != NULL && (change->text = text_of(change->item, &change->len)) == NULL)
        return false;
    if (change->item != NULL && change->entry == NULL &&
        (change->fresh = index_entry(&change->table->index, &change->key)) == NULL)
        return false;
    return change->table->stream == NULL || (change->record = make_record(change, now_ms)) != NULL;
}

static void abandon(struct change *changes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(changes[i].text);
        index_entry_free(changes[i].fresh);
        stream_record_free(changes[i].record);
        changes[i].text = NULL;
        changes[i].fresh = NULL;
        changes[i].record = NULL;
    }
}

static void put(struct change *change)
{
    struct table *table = change->table;
    struct entry *entry = change->entry == NULL ? change->fresh : change->entry;
    if (change->entry == NULL)
        index_insert(&table->index, entry);
    free(entry->text);
    table->bytes -= entry->size;
    entry->text = change->text;
    entry->len = change->len;
    entry->size = item_size(change->item);
    entry->expires = expiry_of(table, change->item);
    table->bytes += entry->size;
    if (entry->expires < table->soonest)
        table->soonest = entry->expires;
}

/* Nothing here can fail. */
static void apply(struct change *change)
{
    struct table *table = change->table;
    if (change->noop)
        return;
    if (change->record != NULL)
        stream_append(table->stream, change->record);
    if (change->item != NULL) {
        put(change);
        return;
    }
    table->bytes -= change->entry->size;
    index_remove(&table->index, change->entry);
    index_entry_free(change->entry);
}

static bool prepare_all(struct change *changes, size_t count, int64_t now_ms)
{
    for (size_t i = 0; i < count; i++) {
        struct stream *stream = changes[i].table->stream;
        if (!prepare(&changes[i], now_ms))
            return false;
        /* For all of them at once: each counts for the stream of its own table at most. */
        if (stream != NULL && !stream_reserve(stream, count))
            return false;
    }
    return true;
}

bool store_commit(struct table_db *db, struct change *changes, size_t count, int64_t now_ms, struct fault *fault)
{
    if (!prepare_all(changes, count, now_ms)) {
        abandon(changes, count);
        return fault_memory(fault);
    }
    if (!journal_changes(db, changes, count, now_ms, fault)) {
        abandon(changes, count);
        return false;
    }
    for (size_t i = 0; i < count; i++)
        apply(&changes[i]);
    return true;
}

/* ---- Tables ------------------------------------------------------------------------------------------------------ */

static void table_free(struct table *table)
{
    if (table == NULL)
        return;
    index_clear(&table->index);
    stream_free(table->stream);
    free(table);
}

static struct table *table_new(struct table_db *db, const struct table *wanted, enum stream_view view, int64_t now_ms)
{
    struct table *table = malloc(sizeof *table);
    uint64_t high = store_random(db), low = store_random(db);
    if (table == NULL)
        return NULL;
    *table = *wanted;
    table->index = (struct index){ .random = low | 1 };
    table->created_ms = now_ms;
    table->soonest = INT64_MAX;
    snprintf(table->id, sizeof table->id, "%08" PRIx64 "-%04" PRIx64 "-4%03" PRIx64 "-8%03" PRIx64 "-%012" PRIx64,
             high >> 32, high >> 16 & 0xffff, high & 0xfff, low >> 52, low & 0xffffffffffffU);
    table->stream = view == STREAM_NONE ? NULL : stream_new(view, now_ms, high ^ low);
    if (view != STREAM_NONE && table->stream == NULL) {
        table_free(table);
        return NULL;
    }
    return table;
}

bool store_create(struct table_db *db, const struct table *wanted, enum stream_view view, int64_t now_ms,
                  struct fault *fault, struct table **out)
{
    struct table **link = &db->tables;
    struct table *table = table_new(db, wanted, view, now_ms);
    if (table == NULL)
        return fault_memory(fault);
    if (!journal_create(db, table, view, now_ms, fault)) {
        table_free(table);
        return false;
    }
    while (*link != NULL && strcmp((*link)->name, table->name) < 0)
        link = &(*link)->next;
    table->next = *link;
    *link = table;
    *out = table;
    return true;
}

bool store_drop(struct table_db *db, struct table *table, int64_t now_ms, struct fault *fault)
{
    struct table **link = &db->tables;
    if (!journal_drop(db, table, now_ms, fault))
        return false;
    while (*link != table)
        link = &(*link)->next;
    *link = table->next;
    table_free(table);
    return true;
}

bool store_set_ttl(struct table_db *db, struct table *table, const char *attribute, int64_t now_ms, struct fault *fault)
{
    if (!journal_ttl(db, table, attribute, now_ms, fault))
        return false;
    snprintf(table->ttl, sizeof table->ttl, "%s", attribute);
    table->soonest = INT64_MAX;
    for (struct entry *entry = table->index.first[0]; entry != NULL; entry = entry->next[0]) {
        struct arena_mark mark = ddbs_arena__mark(db->arena);
        const ddbs_item *item = item_load(entry->text, entry->len, db->arena);
        entry->expires = item == NULL ? INT64_MAX : expiry_of(table, item);
        if (entry->expires < table->soonest)
            table->soonest = entry->expires;
        ddbs_arena__release(db->arena, mark);
    }
    return true;
}

/* ---- Time-to-live ------------------------------------------------------------------------------------------------ */

static bool is_expired(const struct entry *entry, int64_t now_s)
{
    return entry->expires <= now_s && entry->expires >= now_s - TTL_PAST_MAX_S;
}

/* Remove one item; false when that cannot be done now. */
static bool expire(struct table_db *db, struct table *table, struct entry *entry, int64_t now_ms)
{
    ddbs_arena_reset(db->arena);
    struct fault fault = { .arena = db->arena };
    struct change change = { .table = table, .key = entry->key, .expired = true };
    return store_look(&change, &fault) && store_commit(db, &change, 1, now_ms, &fault);
}

static size_t expire_table(struct table_db *db, struct table *table, int64_t now_ms)
{
    int64_t now_s = now_ms / 1000, soonest = INT64_MAX;
    size_t count = 0;
    struct entry *next;
    if (table->soonest > now_s)
        return 0;
    for (struct entry *entry = table->index.first[0]; entry != NULL; entry = next) {
        int64_t expires = entry->expires;
        next = entry->next[0];
        if (is_expired(entry, now_s) && expire(db, table, entry, now_ms))
            count++;
        else if (expires < soonest && expires >= now_s - TTL_PAST_MAX_S)
            soonest = expires;
    }
    table->soonest = soonest;
    return count;
}

size_t table_expire(struct table_db *db, int64_t now_ms)
{
    size_t count = 0;
    for (struct table *table = db->tables; table != NULL; table = table->next) {
        count += expire_table(db, table, now_ms);
        if (table->stream != NULL)
            stream_trim(table->stream, now_ms);
    }
    return count;
}

bool table_expire_item(struct table_db *db, const char *name, const char *json, size_t len, int64_t now_ms)
{
    ddbs_arena_reset(db->arena);
    struct fault fault = { .arena = db->arena };
    struct change change = { .table = store_find(db, ddbs_str_c(name)), .expired = true };
    const ddbs_item *key;
    if (change.table == NULL || ddbs_item_read(json, len, DDBS_JSON_TYPED, db->arena, &key, NULL) != DDBS_OK ||
        !key_of_item(&change.table->schema, key, &fault, &change.key) || !store_look(&change, &fault))
        return false;
    return change.entry == NULL || store_commit(db, &change, 1, now_ms, &fault);
}

/* ---- The database ------------------------------------------------------------------------------------------------ */

ddbs_status table_open(struct table_db **out, const struct table_config *config)
{
    struct table_db *db = calloc(1, sizeof *db);
    if (db == NULL)
        return DDBS_E_MEMORY;
    db->config = *config;
    db->random = config->seed;
    if (ddbs_arena_new(&db->arena, 0) != DDBS_OK) {
        free(db);
        return DDBS_E_MEMORY;
    }
    *out = db;
    return DDBS_OK;
}

void table_close(struct table_db *db)
{
    if (db == NULL)
        return;
    for (struct table *next; db->tables != NULL; db->tables = next) {
        next = db->tables->next;
        table_free(db->tables);
    }
    for (struct store_token *next; db->tokens != NULL; db->tokens = next) {
        next = db->tokens->next;
        free(db->tokens);
    }
    ddbs_arena_free(db->arena);
    free(db);
}

void table_keep(struct table_db *db, bool (*keep)(void *user, const char *line, size_t len), void *user)
{
    db->config.keep = keep;
    db->config.user = user;
}

const struct stream *table_stream(const struct table_db *db, const char *name)
{
    const struct table *table = store_find(db, ddbs_str_c(name));
    return table == NULL ? NULL : table->stream;
}

bool table_split(struct table_db *db, const char *name, size_t shard, int64_t now_ms)
{
    struct table *table = store_find(db, ddbs_str_c(name));
    return table != NULL && table->stream != NULL && shard < table->stream->shard_count &&
           stream_split(table->stream, shard, now_ms);
}
