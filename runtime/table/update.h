/* update.h: UpdateExpression. */
#ifndef TABLE_UPDATE_H
#define TABLE_UPDATE_H
#include "doc.h"

enum update_kind { UPDATE_SET, UPDATE_REMOVE, UPDATE_ADD, UPDATE_DELETE };

enum update_value_kind {
    UPDATE_CONSTANT,
    UPDATE_PATH,
    UPDATE_IF_NOT_EXISTS,
    UPDATE_LIST_APPEND,
    UPDATE_PLUS,
    UPDATE_MINUS
};

/* Part of the right side of a SET; parts stand in the order in which they can be evaluated. */
struct update_value {
    enum update_value_kind kind;
    const ddbs_value *constant;
    const struct expr_path *path; /* UPDATE_PATH */
    size_t left, right;           /* other parts */
};

struct update_action {
    enum update_kind kind;
    const struct expr_path *path;
    size_t value;               /* UPDATE_SET: the part that is the whole right side */
    const ddbs_value *constant; /* UPDATE_ADD, UPDATE_DELETE */
};

struct update {
    struct update_action *actions;
    size_t action_count;
    struct update_value *values;
    size_t value_count;
    const struct expr_path **paths; /* of all actions, in their order */
};

/* Read an UpdateExpression. */
bool update_read(struct expr_scope *scope, ddbs_str text, const struct update **out);

/* Whether it only takes away: such an update of an item that is not there does not make one (seen on AWS by
 * scylladb/scylladb, 5862). */
bool update_only_removes(const struct update *update);

/* Apply it to `old`, the item as it is; for one that is not there, its key. All right sides see `old`. The new item is
 * made in the fault's arena. False with a fault in AWS's words. */
bool update_apply(const struct update *update, const ddbs_item *old, struct fault *fault, const ddbs_item **out);
#endif
