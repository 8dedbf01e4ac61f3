/* key.h: primary keys: the schema of a table, and a key as bytes that compare as DynamoDB orders items. */
#ifndef TABLE_KEY_H
#define TABLE_KEY_H
#include "fault.h"

#include <stdint.h>

enum { KEY_PARTITION_MAX = 2048, KEY_SORT_MAX = 1024, KEY_NAME_MAX = 255 };

struct key_part {
    char name[KEY_NAME_MAX + 1];
    ddbs_type type; /* S, N or B */
};

struct key_schema {
    struct key_part parts[2]; /* the partition key, the sort key */
    size_t count;             /* 1 or 2 */
};

/* A key: the bytes of the partition key, then those of the sort key. Strings and binary are their own bytes, numbers
 * those of number_key(). */
struct key {
    const unsigned char *bytes;
    size_t partition_len;
    size_t len;
    uint32_t hash; /* of the partition key: decides the order of a Scan, its segments, and the shard of the stream */
};

/* The name of a part as a view. */
ddbs_str key_name(const struct key_part *part);

/* Whether an attribute is part of the key. */
bool key_has(const struct key_schema *schema, ddbs_str name);

/* The key of a whole item; false with a fault when one is missing, empty, too long or of another type. */
bool key_of_item(const struct key_schema *schema, const ddbs_item *item, struct fault *fault, struct key *out);

/* The key that a `Key` parameter is: exactly the attributes of the schema. */
bool key_of_key(const struct key_schema *schema, const ddbs_item *item, struct fault *fault, struct key *out);

/* Bytes of one value of a key for comparison, in the fault's arena. False when memory is exhausted. */
bool key_bytes(const ddbs_value *value, struct fault *fault, ddbs_bytes *out);

/* The hash of a partition key. */
uint32_t key_hash(const unsigned char *bytes, size_t len);

/* Write the attributes of the key of `item` as one JSON object, and add up their size. */
void key_write(const struct key_schema *schema, const ddbs_item *item, ddbs_buf *out);
size_t key_size(const struct key_schema *schema, const ddbs_item *item);
#endif
