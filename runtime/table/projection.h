/* projection.h: parts of items: ProjectionExpression, and what ReturnValues UPDATED_* asks for. */
#ifndef TABLE_PROJECTION_H
#define TABLE_PROJECTION_H
#include "expr.h"

struct projection {
    const struct expr_path **paths;
    size_t count;
};

/* Read a ProjectionExpression. */
bool projection_read(struct expr_scope *scope, ddbs_str text, struct projection *out);

/* Write the parts of an item that the paths lead to, as typed JSON; all of it for NULL. What is not there is left out,
 * with the maps and lists around it. `*any`: NULL, or gets whether there was any part. */
bool projection_write(const struct projection *projection, const ddbs_item *item, struct fault *fault, ddbs_buf *out,
                      bool *any);
#endif
