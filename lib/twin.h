/* twin.h: of a record with both images, the second mostly says again what the first one said, in the same words: an
 * update changes few attributes. What stands in the same bytes as in the image before need not be read again. */
#ifndef LIB_TWIN_H
#define LIB_TWIN_H
#include "lib/decode.h"

/* The image at `node` was read, and its text ends at the bracket at `end`: it is the model of the next one. None of its
 * own nodes may have come from a model, for they tell where its text is. */
void ddbs_twin__model(struct decoder *decoder, size_t node, size_t end);

/* Between two attributes of an image that has a model: take as many attributes as are in the model in the same bytes,
 * or with another text or number. Their nodes are those of the model: so they share its text, too. Nothing is taken
 * that needs a judgement, and there are no errors. */
void ddbs_twin__take(struct decoder *decoder);
#endif
