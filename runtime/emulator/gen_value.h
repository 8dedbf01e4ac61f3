/* gen_value.h: random attribute values as DynamoDB JSON, of all ten types, and names for them.
 *
 * Everything is legal and much is unusual: what a decoder gets wrong is an escape, a pair of surrogates, a U+0000, a
 * number of 38 digits, an empty list. The same text is written in several spellings ("é" or "\u00E9"). */
#ifndef EMULATOR_GEN_VALUE_H
#define EMULATOR_GEN_VALUE_H
#include "lib/buf.h"
#include "runtime/mapping/rng.h"

#include <ddbstream/value.h>

enum { GEN_DEPTH_MAX = 32 }; /* DynamoDB nests up to 32 levels */

struct value_gen {
    ddbs_buf *out;
    struct rng rng;
    int depth_max;     /* 1: scalars and sets only; at most GEN_DEPTH_MAX */
    bool binary_twice; /* Binary is base64 of base64, as in the Kinesis feed */
    size_t size;       /* of what was written so far, by DynamoDB's item-size rules */
    size_t size_max;   /* where values stop growing; passed by a few bytes only */
};

/* Append a JSON string: the name of attribute `index`. Names of different indexes differ. */
void gen_name(struct value_gen *gen, uint32_t index);

/* Append a value of any type. */
void gen_value(struct value_gen *gen);

/* Append the value of a key attribute: of type S, N or B, never empty, different for different `id`. */
void gen_key_value(struct value_gen *gen, ddbs_type type, uint64_t id);
#endif
