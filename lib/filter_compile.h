/* filter_compile.h: what the two halves of the compiler of patterns share: filter.c walks over names and objects,
 * filter_rule.c reads what stands in a leaf. */
#ifndef LIB_FILTER_COMPILE_H
#define LIB_FILTER_COMPILE_H
#include "lib/filter.h"
#include "lib/value.h"

/* Where in the criteria the compiler is: "Filters", [0], "Pattern", and then as deep as a pattern goes. */
enum { STEPS_MAX = 2 * DDBS_VALUE_DEPTH_MAX + 8 };

struct step {
    ddbs_str name; /* {NULL, 0}: an index */
    size_t index;
};

struct compiler {
    ddbs_arena *arena;
    const char *text; /* of the pattern, unescaped in place: names point into it */
    struct step steps[STEPS_MAX];
    size_t step_count;
    size_t offset; /* of the name at hand */
    size_t places; /* for verdicts, given out so far */
    ddbs_status status;
    ddbs_error *error;
};

/* Note an error where the compiler is; always false. */
bool ddbs_filter__refuse(struct compiler *c, ddbs_status status, const char *reason);

/* Zeroed memory, or NULL and the error is noted. */
void *ddbs_filter__alloc(struct compiler *c, size_t count, size_t size);

/* Go into a member, and out again. */
void ddbs_filter__enter(struct compiler *c, ddbs_str name);
void ddbs_filter__leave(struct compiler *c);

/* One element of a leaf: a value or an operator. */
bool ddbs_filter__rule(struct compiler *c, const ddbs_value *value, struct filter_rule *rule);

/* The only member of an object, {NULL, 0} where it has another number of them. */
ddbs_str ddbs_filter__only_name(const ddbs_value *object, const ddbs_value **value);

static inline ddbs_str filter_text(const ddbs_value *value)
{
    return (ddbs_str){ value->as.text, value->len };
}

static inline const ddbs_item *filter_item(const ddbs_value *object)
{
    return (const ddbs_item *)(const void *)object;
}
#endif
