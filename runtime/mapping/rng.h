/* rng.h: a small random generator (splitmix64). The same seed gives the same numbers everywhere. Not for secrets. */
#ifndef MAPPING_RNG_H
#define MAPPING_RNG_H
#include <stdbool.h>
#include <stdint.h>

struct rng {
    uint64_t state; /* any value will do */
};

static inline uint64_t rng_next(struct rng *rng)
{
    uint64_t mixed = rng->state += 0x9e3779b97f4a7c15u;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebu;
    return mixed ^ mixed >> 31;
}

/* A number from 0 to limit - 1. */
static inline uint32_t rng_below(struct rng *rng, uint32_t limit)
{
    return (uint32_t)((rng_next(rng) >> 32) * limit >> 32);
}

/* A number from `min` to `max`, both included. */
static inline int rng_between(struct rng *rng, int min, int max)
{
    return min + (int)rng_below(rng, (uint32_t)(max - min) + 1);
}

static inline bool rng_one_in(struct rng *rng, uint32_t count)
{
    return rng_below(rng, count) == 0;
}

/* A generator of its own for thing `a`, `b` of `seed`: it does not depend on what was drawn before. */
static inline struct rng rng_of(uint64_t seed, uint64_t a, uint64_t b)
{
    struct rng rng = { seed };
    rng.state = rng_next(&rng) ^ a * 0xd6e8feb86659fd93u;
    rng.state = rng_next(&rng) ^ b * 0xa0761d6478bd642fu;
    return rng;
}
#endif
