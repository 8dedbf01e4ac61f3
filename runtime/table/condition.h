/* condition.h: ConditionExpression, FilterExpression and KeyConditionExpression. */
#ifndef TABLE_CONDITION_H
#define TABLE_CONDITION_H
#include "expr.h"

enum condition_kind {
    CONDITION_EQ,
    CONDITION_NE,
    CONDITION_LT,
    CONDITION_LE,
    CONDITION_GT,
    CONDITION_GE,
    CONDITION_BETWEEN,
    CONDITION_IN,
    CONDITION_EXISTS,
    CONDITION_NOT_EXISTS,
    CONDITION_TYPE,
    CONDITION_BEGINS_WITH,
    CONDITION_CONTAINS,
    CONDITION_AND,
    CONDITION_OR,
    CONDITION_NOT
};

/* What is compared: a path or a value, or how large it is. */
struct condition_operand {
    const struct expr_path *path; /* or NULL */
    const ddbs_value *value;
    bool size;
};

/* Conditions stand in the order in which they can be evaluated: what another one joins comes before it. */
struct condition_node {
    enum condition_kind kind;
    const struct condition_operand *operands;
    size_t count;
    size_t left, right; /* AND, OR, NOT: other nodes */
};

struct condition {
    struct condition_node *nodes; /* the last one is the whole */
    size_t count;
};

/* Read an expression. `kind` is the name of the parameter. */
bool condition_read(struct expr_scope *scope, const char *kind, ddbs_str text, const struct condition **out);

/* Whether it holds for an item, NULL for one that is not there. False with a fault only when memory is exhausted. */
bool condition_holds(const struct condition *condition, const ddbs_item *item, struct fault *fault, bool *out);

/* The name of a kind as it is written, "<=", "begins_with". */
const char *condition_name(enum condition_kind kind);
#endif
