/* index.c: see index.h. */
#include "index.h"

#include <stdlib.h>
#include <string.h>

static int compare_bytes(const unsigned char *a, size_t a_len, const unsigned char *b, size_t b_len)
{
    size_t shared = a_len < b_len ? a_len : b_len;
    int order = shared == 0 ? 0 : memcmp(a, b, shared);
    return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

int index_compare(const struct key *a, const struct key *b)
{
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    int order = compare_bytes(a->bytes, a->partition_len, b->bytes, b->partition_len);
    if (order != 0)
        return order;
    return compare_bytes(a->bytes + a->partition_len, a->len - a->partition_len, b->bytes + b->partition_len,
                         b->len - b->partition_len);
}

/* One level in four goes a level up: xorshift64, whose state must not be 0. */
static unsigned random_levels(struct index *index)
{
    uint64_t x = index->random == 0 ? 0x9e3779b97f4a7c15U : index->random;
    unsigned levels = 1;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    index->random = x;
    for (; levels < INDEX_LEVELS && (x & 3) == 0; x >>= 2)
        levels++;
    return levels;
}

struct entry *index_entry(struct index *index, const struct key *key)
{
    unsigned levels = random_levels(index);
    size_t links = levels * sizeof(struct entry *);
    struct entry *entry = malloc(sizeof *entry + links + key->len);
    if (entry == NULL)
        return NULL;
    *entry = (struct entry){ .key = *key, .levels = levels, .expires = INT64_MAX };
    unsigned char *bytes = (unsigned char *)entry + sizeof *entry + links;
    memcpy(bytes, key->bytes, key->len);
    entry->key.bytes = bytes;
    return entry;
}

void index_entry_free(struct entry *entry)
{
    if (entry == NULL)
        return;
    free(entry->text);
    free(entry);
}

/* The places where the links to the first entry that is not before `key` (or behind it) stand, one a level. Returns
 * the entry whose link at the lowest level that is, NULL: the begin. */
static struct entry *descend(const struct index *index, const struct key *key, bool after,
                             struct entry **links[INDEX_LEVELS])
{
    struct entry *left = NULL;
    for (unsigned level = INDEX_LEVELS; level-- > 0;) {
        struct entry **link = left == NULL ? (struct entry **)(uintptr_t)&index->first[level] : &left->next[level];
        while (*link != NULL && index_compare(&(*link)->key, key) < (after ? 1 : 0)) {
            left = *link;
            link = &left->next[level];
        }
        links[level] = link;
    }
    return left;
}

void index_insert(struct index *index, struct entry *entry)
{
    struct entry **links[INDEX_LEVELS];
    descend(index, &entry->key, false, links);
    for (unsigned level = 0; level < entry->levels; level++) {
        entry->next[level] = *links[level];
        *links[level] = entry;
    }
    index->count++;
}

void index_remove(struct index *index, struct entry *entry)
{
    struct entry **links[INDEX_LEVELS];
    descend(index, &entry->key, false, links);
    for (unsigned level = 0; level < entry->levels; level++)
        *links[level] = entry->next[level];
    index->count--;
}

struct entry *index_from(const struct index *index, const struct key *key, bool after)
{
    struct entry **links[INDEX_LEVELS];
    descend(index, key, after, links);
    return *links[0];
}

struct entry *index_find(const struct index *index, const struct key *key)
{
    struct entry *entry = index_from(index, key, false);
    return entry != NULL && index_compare(&entry->key, key) == 0 ? entry : NULL;
}

struct entry *index_before(const struct index *index, const struct key *key, bool at)
{
    struct entry **links[INDEX_LEVELS];
    return descend(index, key, at, links);
}

void index_clear(struct index *index)
{
    struct entry *next;
    for (struct entry *entry = index->first[0]; entry != NULL; entry = next) {
        next = entry->next[0];
        index_entry_free(entry);
    }
    *index = (struct index){ .random = index->random };
}
