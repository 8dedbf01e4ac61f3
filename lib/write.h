/* write.h: items back to JSON text. */
#ifndef LIB_WRITE_H
#define LIB_WRITE_H
#include "lib/buf.h"
#include <ddbstream/value.h>

/* As ddbs_item_write, for a text whose failure is asked for at its end. In plain JSON a number is its text where that
 * is a JSON number, else its canonical form. NULL is an item without attributes. */
void ddbs_write__item(ddbs_buf *buf, const ddbs_item *item, ddbs_json_form form);
#endif
