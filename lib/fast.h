/* fast.h: the fast path of attribute values. It takes the usual spelling only, as DynamoDB, json.dumps and people who
 * indent write it, and leaves everything else to image.c, where it stands: what is unusual, and every error. */
#ifndef LIB_FAST_H
#define LIB_FAST_H
#include "lib/decode.h"

/* Map the text of a decoder, so that its strings are found at once; the text must have SCAN_BEYOND readable bytes
 * behind it. Without a struct scan nothing happens. False when memory is exhausted. */
bool ddbs_fast__map(struct decoder *decoder);

/* Between two elements of the innermost container: take as many elements, and ends of containers, as have the usual
 * spelling. The cursor is then between two elements again, or the outermost container has ended. False on an error. */
bool ddbs_fast__values(struct decoder *decoder);
#endif
