/* filter.h: a pattern as it is matched: a tree of names whose leaves are lists of rules. It is made once (filter.c) and
 * only read afterwards (filter_match.c). */
#ifndef LIB_FILTER_H
#define LIB_FILTER_H
#include <ddbstream/filter.h>

/* What a part of a pattern says of a part of a record. An absence is kept apart from what was found: in an array of
 * objects one element suffices to find something, but every one must lack what shall be absent. */
enum filter_verdict { FILTER_FAILS, FILTER_ABSENT, FILTER_HOLDS };

enum filter_op {
    FILTER_EQUALS, /* a string */
    FILTER_PREFIX,
    FILTER_SUFFIX,
    FILTER_NUMBER, /* of this value */
    FILTER_RANGE,
    FILTER_TRUE,
    FILTER_FALSE,
    FILTER_NULL,
    FILTER_EXISTS,
    FILTER_MISSING, /* exists:false, which no value can satisfy */
    FILTER_NONE_OF  /* anything-but */
};

/* One end of a range; without text there is none. */
struct filter_bound {
    ddbs_num num;
    bool included;
};

struct filter_rule {
    enum filter_op op;
    bool fold;     /* letters of either case are equal */
    ddbs_str text; /* of a string; the canonical text of a number */
    struct filter_bound low, high;
    const struct filter_rule *rules; /* none of these */
    size_t rule_count;
};

struct filter_object;

struct filter_member {
    ddbs_str name;
    const struct filter_object *object; /* NULL: a leaf */
    const struct filter_rule *rules;
    size_t rule_count;
};

struct filter_object {
    const struct filter_member *members; /* by length and bytes of the name, each name once */
    const unsigned char *absent;         /* each member's verdict where the record does not have it */
    size_t count;
    size_t first;                        /* place of the members' verdicts among those of the whole pattern */
    size_t failing;                      /* how many of `absent` fail */
    const struct filter_object *choices; /* $or */
    size_t choice_count;
    enum filter_verdict verdict; /* where the record has nothing here */
};

/* Names of a pattern, at most: one with its value takes 6 bytes and more, as in {"":[1]}. */
#define FILTER_NAMES_MAX (DDBS_FILTER_PATTERN_MAX / 5)

struct ddbs_filter {
    ddbs_arena *arena;
    struct filter_object *patterns;
    size_t count;
};

/* Both must hold. */
static inline enum filter_verdict filter_both(enum filter_verdict a, enum filter_verdict b)
{
    if (a == FILTER_FAILS || b == FILTER_FAILS)
        return FILTER_FAILS;
    return a > b ? a : b;
}

/* Order of names: by length, then by bytes. */
int ddbs_filter__order(ddbs_str a, ddbs_str b);
#endif
