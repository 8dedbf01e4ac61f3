/* key_condition.h: which items a KeyConditionExpression asks for: one partition, and a range of its sort keys. */
#ifndef TABLE_KEY_CONDITION_H
#define TABLE_KEY_CONDITION_H
#include "condition.h"
#include "key.h"

struct key_range {
    struct key low;           /* of the partition and the lowest sort key that is asked for */
    struct key high;          /* the highest */
    bool low_open, high_open; /* the bound itself is not asked for */
};

/* The range of a condition on the key of a table. */
bool key_condition_range(const struct condition *condition, const struct key_schema *schema, struct fault *fault,
                         struct key_range *out);
#endif
