/* copy.h: values of another tape, or of C, onto a tape. */
#ifndef LIB_COPY_H
#define LIB_COPY_H
#include "lib/value.h"

/* Append a scalar with a copy of its text, which gets a NUL behind it; its type may be TYPE_NAME. False when memory is
 * exhausted. */
bool ddbs_tape__text(struct tape *tape, uint32_t type, const char *text, size_t len);

/* Append a value and all that is in it, with copies of its text. `open` is the number of maps and lists that are open
 * around it. DDBS_OK, DDBS_E_LIMIT (nested too deep), DDBS_E_MEMORY. */
ddbs_status ddbs_tape__copy(struct tape *tape, const ddbs_value *value, size_t open);
#endif
