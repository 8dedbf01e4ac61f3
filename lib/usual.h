/* usual.h: runs of attributes that are all spelled in the same usual way: the innermost loops of the fast path. */
#ifndef LIB_USUAL_H
#define LIB_USUAL_H
#include "lib/decode.h"

#include <string.h>

#define ALWAYS static inline __attribute__((always_inline))

/* What is between the name and the text of an attribute, in one load. */
#define TAG_S    UINT64_C(0x223a2253227b3a22) /* ":{"S":" */
#define TAG_N    UINT64_C(0x223a224e227b3a22) /* ":{"N":" */
#define SPACED_S UINT64_C(0x3a2253227b203a22) /* ": {"S": */
#define SPACED_N UINT64_C(0x3a224e227b203a22) /* ": {"N": */

/* Bytes of the decoder's text. */
struct span {
    size_t begin, end;
};

/* Where a run ended: the next node of the tape, and the place behind the last attribute. */
struct usual_run {
    ddbs_value *node;
    size_t at;
};

/* Take attributes of type S or N onto the tape from `node` on, each a name and a value, as long as they are spelled as
 * the function says, need no care and there is room; the first one's name begins at `begin`. What is not taken is as it
 * was. `frame` is of their map. */

/* ,"name":{"S":"text"} as DynamoDB writes it. */
struct usual_run ddbs_usual__compact(const struct decoder *decoder, struct frame *frame, ddbs_value *node,
                                     size_t begin);

/* , "name": {"S": "text"} as json.dumps does. */
struct usual_run ddbs_usual__spaced(const struct decoder *decoder, struct frame *frame, ddbs_value *node, size_t begin);

/* With the same space between its parts as the attribute in decoder->layout, which stands right before; `quote` is
 * where the first one's name is opened. */
struct usual_run ddbs_usual__indented(const struct decoder *decoder, struct frame *frame, ddbs_value *node,
                                      size_t quote);

/* Whether one of the names in [node, end), which are nodes of a map, is this one; also where they are FEW_NAMES or
 * more, for then the map gets an index, which tells. */
bool ddbs_usual__may_repeat(const ddbs_value *node, const ddbs_value *end, const char *text, size_t len);

ALWAYS uint64_t load_8(const char *text)
{
    uint64_t word;
    memcpy(&word, text, sizeof word);
    return word;
}

ALWAYS unsigned load_2(const char *text)
{
    uint16_t word;
    memcpy(&word, text, sizeof word);
    return word;
}

/* Note a name of a map, before it gets onto the tape at `end`: only where another one has the same mark are they
 * compared. The mark is made of its length and of its first and last bytes. */
ALWAYS void ddbs_usual__note(const struct decoder *d, struct frame *frame, const ddbs_value *end, const char *text,
                             struct span name)
{
    /* A quote is one of two bytes where the name is only one. */
    size_t len = name.end - name.begin;
    uint32_t ends = load_2(text + name.begin) << 16 | load_2(text + name.end - 2);
    uint32_t mark = (ends + (uint32_t)len) * UINT32_C(0x9e3779b1) >> 23;
    uint64_t *word = &frame->seen[mark / 64], before = *word, bit = UINT64_C(1) << mark % 64;
    *word = before | bit;
    if (((before & bit) != 0 || len == 0) && frame->repeated == 0)
        frame->repeated = ddbs_usual__may_repeat(d->tape.nodes + frame->node + 1, end, text + name.begin, len);
}
#endif
