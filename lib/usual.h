/* usual.h: runs of attributes that are all spelled in the same usual way: the innermost loops of the fast path. */
#ifndef LIB_USUAL_H
#define LIB_USUAL_H
#include "lib/decode.h"

#include <string.h>

#define ALWAYS static inline __attribute__((always_inline))

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
 * compared. The mark is made of its length and its last bytes. */
ALWAYS void ddbs_usual__note(const struct decoder *d, struct frame *frame, const ddbs_value *end, const char *text,
                             struct span name)
{
    /* What stands before a short name is none of its bytes. */
    static const uint64_t bytes[9] = { 0,
                                       UINT64_MAX << 56,
                                       UINT64_MAX << 48,
                                       UINT64_MAX << 40,
                                       UINT64_MAX << 32,
                                       UINT64_MAX << 24,
                                       UINT64_MAX << 16,
                                       UINT64_MAX << 8,
                                       UINT64_MAX };
    size_t len = name.end - name.begin;
    uint64_t last = load_8(text + name.end - 8) & bytes[len < 8 ? len : 8];
    uint64_t mark = (last + len) * UINT64_C(0x9e3779b97f4a7c15) >> 55;
    uint64_t *word = &frame->seen[mark / 64], before = *word;
    *word = before | UINT64_C(1) << mark % 64;
    if ((before >> mark % 64 & 1) != 0 && frame->repeated == 0)
        frame->repeated = ddbs_usual__may_repeat(d->tape.nodes + frame->node + 1, end, text + name.begin, len);
}
#endif
