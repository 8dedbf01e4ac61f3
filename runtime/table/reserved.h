/* reserved.h: the words that an expression may not use as the name of an attribute. */
#ifndef TABLE_RESERVED_H
#define TABLE_RESERVED_H
#include <ddbstream/base.h>

/* Whether a name is reserved, in any case (developer guide, ReservedWords). */
bool reserved_word(ddbs_str name);
#endif
