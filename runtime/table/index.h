/* index.h: the items of a table in order: a skip list. Partitions follow each other by the hash of their key, as in
 * DynamoDB, where a Scan has no order to rely on; the items of a partition by their sort key. */
#ifndef TABLE_INDEX_H
#define TABLE_INDEX_H
#include "key.h"

enum { INDEX_LEVELS = 20 };

/* An item. Its text is typed JSON, as compact as the request allowed; it is decoded when somebody asks for it. */
struct entry {
    struct key key;  /* its bytes stand behind the links */
    char *text;      /* malloc's */
    size_t len;      /* of the text */
    size_t size;     /* by AWS's rules */
    int64_t expires; /* seconds since the epoch, INT64_MAX: never */
    unsigned levels;
    struct entry *next[];
};

struct index {
    struct entry *first[INDEX_LEVELS];
    uint64_t random; /* state; decides how high an entry stands, nothing else */
    size_t count;
};

/* An entry with a copy of the key, not in the index yet; NULL when memory is exhausted. */
struct entry *index_entry(struct index *index, const struct key *key);
void index_entry_free(struct entry *entry);

/* Put an entry in; no other has its key. Take one out, which the caller frees. */
void index_insert(struct index *index, struct entry *entry);
void index_remove(struct index *index, struct entry *entry);

/* The entry of that key, or NULL. */
struct entry *index_find(const struct index *index, const struct key *key);

/* The first entry that is not before `key`, or behind it where `after`; NULL: none. */
struct entry *index_from(const struct index *index, const struct key *key, bool after);

/* The last entry before `key`, or with `at` not behind it; NULL: none. */
struct entry *index_before(const struct index *index, const struct key *key, bool at);

/* Free all entries. */
void index_clear(struct index *index);

/* The order of two keys: below, equal to or above 0. */
int index_compare(const struct key *a, const struct key *b);
#endif
