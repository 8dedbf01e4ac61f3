/* read.h: JSON text onto a tape. */
#ifndef LIB_READ_H
#define LIB_READ_H
#include <ddbstream/convert.h>

/* As ddbs_item_read; with `twice`, plain JSON may have a name twice in one object, and a walk over that map shows both,
 * in their order. */
ddbs_status ddbs_read__item(const char *json, size_t len, ddbs_json_form form, bool twice, ddbs_arena *arena,
                            const ddbs_item **out, ddbs_error *error);
#endif
