/* store.h: the tables themselves, and the one place where their items change and stream records are made. */
#ifndef TABLE_STORE_H
#define TABLE_STORE_H
#include "index.h"
#include "item.h"
#include "table.h"

enum { STORE_ID_SIZE = 37, STORE_TOKEN_SIZE = 37 };

struct table {
    struct table *next; /* by name */
    char name[TABLE_NAME_MAX + 1];
    char id[STORE_ID_SIZE];
    struct key_schema schema;
    struct index index;
    size_t bytes; /* of all items */
    int64_t created_ms;
    int64_t read_units, write_units; /* 0: on demand */
    char ttl[KEY_NAME_MAX + 1];      /* attribute of time-to-live, "" when it is off */
    int64_t soonest;                 /* no item runs out before that second; INT64_MAX: none does */
    struct stream *stream;           /* NULL: it has none */
};

/* An answered TransactWriteItems, for the ten minutes in which its token counts. */
struct store_token {
    struct store_token *next;
    char text[STORE_TOKEN_SIZE];
    uint64_t digest;
    int64_t time_ms;
};

struct table_db {
    struct table_config config;
    struct table *tables;
    struct store_token *tokens;
    ddbs_arena *arena; /* of the call at hand */
    uint64_t random;
    bool replaying;
};

/* One item as it is and as it is to be. */
struct change {
    struct table *table;
    struct key key;
    struct entry *entry;   /* as it is, NULL: it is not there */
    const ddbs_item *old;  /* its content */
    const ddbs_item *item; /* as it is to be, NULL: not there */
    bool expired;          /* by time-to-live */
    bool noop;             /* set by store_commit(): nothing changes, no record */
    char *text;            /* prepared by store_commit() */
    size_t len;
    struct entry *fresh;
    struct stream_record *record;
};

struct table *store_find(const struct table_db *db, ddbs_str name);

/* Look an item up: fills entry and old of a change whose table and key are set. */
bool store_look(struct change *change, struct fault *fault);

/* Let changes take effect, all or none. They name different keys; entries are as store_look() found them. What equals
 * the old item changes nothing and makes no record. */
bool store_commit(struct table_db *db, struct change *changes, size_t count, int64_t now_ms, struct fault *fault);

/* Add a table whose name, schema, units and stream view are set in `wanted`; its other members are filled in. `view`
 * STREAM_NONE: no stream. */
bool store_create(struct table_db *db, const struct table *wanted, enum stream_view view, int64_t now_ms,
                  struct fault *fault, struct table **out);
bool store_drop(struct table_db *db, struct table *table, int64_t now_ms, struct fault *fault);

/* Turn time-to-live on or, with "", off. */
bool store_set_ttl(struct table_db *db, struct table *table, const char *attribute, int64_t now_ms,
                   struct fault *fault);

/* Names. `arn` gets "arn:aws:dynamodb:...:table/NAME", with a stream's label "/stream/LABEL", too. */
void store_arn(const struct table *table, bool stream, char out[TABLE_ARN_SIZE]);

uint64_t store_random(struct table_db *db);
#endif
