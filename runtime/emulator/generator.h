/* generator.h: an endless stream of valid change records from a seed, in constant memory.
 *
 * The stream is consistent: an item is inserted before it is changed, and the old image of a change is the new image of
 * the one before. Images are not kept for that: each attribute is made anew from the seed, the item and a version. */
#ifndef EMULATOR_GENERATOR_H
#define EMULATOR_GENERATOR_H
#include "lib/buf.h"
#include "runtime/mapping/rng.h"

#include <ddbstream/event.h>

enum gen_operation { GEN_INSERT, GEN_MODIFY, GEN_REMOVE, GEN_EXPIRE };

enum { GEN_OPERATIONS_MAX = 16, GEN_ATTRIBUTES_MAX = 1000, GEN_ITEMS = 64, GEN_SEQUENCE_MAX = 56 };

struct gen_options {
    uint64_t seed;
    ddbs_source source;
    ddbs_view view; /* the Kinesis feed always carries both images, whatever is asked for here */
    enum gen_operation operations[GEN_OPERATIONS_MAX]; /* drawn from; one that stands twice comes twice as often */
    uint32_t operation_count;                          /* 1 or more */
    uint32_t attributes;                               /* of an item beside its keys; 1 to GEN_ATTRIBUTES_MAX */
    int depth;                                         /* 1 to GEN_DEPTH_MAX */
};

struct gen_item {
    uint64_t id;                                         /* 0: this place was never used */
    uint64_t version;                                    /* grows with each change */
    enum { GEN_UNKNOWN, GEN_PRESENT, GEN_ABSENT } state; /* before the stream began: unknown */
};

struct generator {
    struct gen_options options;
    struct rng rng;
    ddbs_type sort_key, partition_key; /* sort_key may be DDBS_TYPE_NONE */
    const char *table, *partition, *region;
    struct gen_item items[GEN_ITEMS];
    uint64_t items_made;
    uint64_t clock_us;   /* time of the last change, since 1970 */
    bool microseconds;   /* the precision of a Kinesis feed */
    uint32_t first_name; /* of the items' attributes */
    char sequence[GEN_SEQUENCE_MAX + 1];
};

void generator_init(struct generator *generator, const struct gen_options *options);

/* Append the next record as compact JSON. */
void generator_next(struct generator *generator, ddbs_buf *out);
#endif
