/* fault_spec.h: faults that are made on purpose, as people write them: "crash:p=0.02,timeout:at=57,dup:p=0.05:n=3".
 *
 * A specification is a list of rules with commas between them. A rule names a kind, then its parameters, each after a
 * colon:
 *
 *     p=0.02   each opportunity is taken with this probability, above 0 and at most 1; 0.05 where neither p nor at is
 *              given
 *     at=57    the 57th opportunity is taken, from 1
 *     n=3      at most three times
 *
 * An opportunity is an invocation for what happens to the function, a record read for what happens to the stream, a
 * move of the checkpoint for "lost-checkpoint". "crash" is one of the three crashes, "all" every kind there is.
 * Pure. */
#ifndef MAPPING_FAULT_SPEC_H
#define MAPPING_FAULT_SPEC_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fault_kind {
    /* What happens to the function: at most one of these an invocation. */
    FAULT_CRASH_BEFORE,     /* killed when it asks for the event */
    FAULT_CRASH_IN,         /* killed while it works on it */
    FAULT_CRASH_AFTER,      /* killed when it has answered: the answer is lost */
    FAULT_TIMEOUT,          /* it stands still until its time is up */
    FAULT_MALFORMED,        /* its response arrives as something that is no JSON */
    FAULT_OVERSIZED,        /* its response is refused as larger than 6 MB */
    FAULT_WRONG_IDENTIFIER, /* its response names a record that is not in the batch */
    FAULT_BROKEN_NEXT,      /* the connection is cut when it asks for the event, once */
    FAULT_SKEW,             /* the deadline that it is told is an hour off */
    FAULT_INVOCATION_KINDS, /* how many those are */
    /* What happens around it. */
    FAULT_FREEZE = FAULT_INVOCATION_KINDS, /* stopped from its answer to the next event */
    FAULT_DUPLICATE,                       /* the same batch is delivered once more after its success */
    FAULT_THROTTLE,                        /* not invoked: no concurrency is left */
    /* What happens to the stream. */
    FAULT_LOST_CHECKPOINT,  /* the last move of the checkpoint is forgotten, and the records before it are read again */
    FAULT_EXPIRED_ITERATOR, /* a read brings nothing, the next one goes on */
    FAULT_SPLIT,            /* the shard ends, two children follow */
    FAULT_MERGE,            /* two children end, one shard follows both */
    FAULT_KINDS,
    FAULT_NONE = FAULT_KINDS
};

enum { FAULT_RULES_MAX = 64 };

struct fault_rule {
    enum fault_kind kind; /* FAULT_CRASH_BEFORE also where any_crash is set */
    bool any_crash;
    uint64_t chance;  /* of 2^32; 0: `at` tells */
    uint64_t at;      /* the opportunity that is taken; 0: `chance` tells */
    uint64_t most;    /* how often at most; UINT64_MAX: no limit */
    uint64_t seen;    /* opportunities so far */
    uint64_t started; /* how often it was due */
    uint64_t place;   /* among the rules as they were written, from 0: its own random numbers */
    bool due;
};

struct fault_rules {
    struct fault_rule rule[FAULT_RULES_MAX];
    size_t count;
};

/* The name of a kind as it is written in a rule. Static text. */
const char *fault_name(enum fault_kind kind);

/* Read a specification. False with a sentence in `why`: what was expected, and where. */
bool fault_rules_read(struct fault_rules *out, const char *spec, char *why, size_t why_size);

/* Whether one of the rules is about this kind. */
bool fault_rules_have(const struct fault_rules *rules, enum fault_kind kind);
#endif
