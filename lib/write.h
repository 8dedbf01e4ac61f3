/* write.h: items back to JSON text. */
#ifndef LIB_WRITE_H
#define LIB_WRITE_H
#include "lib/buf.h"
#include <ddbstream/value.h>

/* Append an item as compact JSON, attributes in their order. `typed`: DynamoDB JSON, number text untouched. Otherwise
 * plain JSON: N as its text where that is a JSON number, else in canonical form; B as base64; sets as arrays. */
void ddbs_write__item(struct buf *buf, const ddbs_item *item, bool typed);
#endif
