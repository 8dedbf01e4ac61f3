/* emit.h: one member of a struct as an attribute value on a tape. */
#ifndef LIB_EMIT_H
#define LIB_EMIT_H
#include "lib/value.h"

#include <ddbstream/bind.h>

/* Whether the member holds nothing: a view {NULL, 0} or a NULL pointer. */
bool ddbs_emit__is_absent(ddbs_ctype type, const void *in);

/* Append the member at `in` as `field` says; in arrays that is one element. `open` is the number of maps and lists that
 * are open around it. `*reason` gets static text unless DDBS_OK. */
ddbs_status ddbs_emit__scalar(struct tape *tape, const ddbs_field *field, const void *in, size_t open,
                              const char **reason);
#endif
