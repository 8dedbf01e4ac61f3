/* twin.c: see twin.h. Texts are compared as they stand in the event, where nothing has been unescaped yet. */
#include "lib/twin.h"

#include "lib/ascii.h"
#include "lib/usual.h"

#include <string.h>

/* So many attributes of the model are looked at for the one at hand, and so often may none of them be it. */
enum { AHEAD = 4, MISSES_MAX = 4 };

void ddbs_twin__model(struct decoder *d, size_t node, size_t end)
{
    d->twin = (struct twin){ .node = node + 1, .left = d->tape.nodes[node].len, .end = end };
}

/* Where the text of a node begins: it was read in place. */
static size_t offset_of(const struct decoder *d, const ddbs_value *node)
{
    return (size_t)(node->as.text - d->text);
}

static size_t solid(const char *text, size_t at)
{
    return (unsigned char)text[at] > ' ' ? at : ddbs_ascii__space(text, at);
}

/* The quote before the next attribute's name, behind the comma. False: what stands there is something else. */
static bool next_quote(const struct decoder *d, size_t *quote)
{
    const char *text = d->text;
    size_t at = solid(text, d->json.at);
    if (d->frames[0].count > 0) {
        if (text[at] != ',')
            return false;
        at = solid(text, at + 1);
    }
    *quote = at;
    return text[at] == '"';
}

static void skip_attribute(struct decoder *d)
{
    const ddbs_value *name = d->tape.nodes + d->twin.node;
    d->twin.node += (size_t)(ddbs_value__behind(name + 1) - name);
    d->twin.left--;
}

static void missed(struct decoder *d)
{
    if (++d->twin.misses == MISSES_MAX)
        d->twin.left = 0;
}

/* Step to the model's attribute that has the name behind this quote: the next one, or one soon behind it. */
static bool align(struct decoder *d, size_t quote)
{
    struct twin twin = d->twin;
    for (int tried = 0; tried < AHEAD && d->twin.left > 0; tried++) {
        const ddbs_value *name = d->tape.nodes + d->twin.node;
        const char *text = d->source + offset_of(d, name);
        if (name->len < d->json.len - quote && memcmp(text, d->source + quote + 1, name->len) == 0 &&
            text[name->len] == '"')
            return true;
        skip_attribute(d);
    }
    d->twin = twin;
    missed(d);
    return false;
}

/* Copy the nodes of an attribute. False where they hold an index of names, which is not understood here. */
static inline bool copy_nodes(ddbs_value *to, const ddbs_value *from, size_t count)
{
    to[0] = from[0];
    to[1] = from[1];
    if (!ddbs_value__is_container(from + 1))
        return true;
    uint32_t moved = (uint32_t)(to - from);
    for (size_t i = 1; i < count; i++) {
        to[i] = from[i];
        if (ddbs_value__is_container(from + i)) {
            if (from[i].type == DDBS_TYPE_M && from[i].len > FEW_NAMES)
                return false;
            to[i].as.span.place += moved;
        }
    }
    return true;
}

/* Note the name of the model's attribute at hand as one of the image. False where the image may have it already, and
 * where it has escapes and so no mark. */
static inline bool note(const struct decoder *d, struct frame *frame, const ddbs_value *end, const ddbs_value *name)
{
    struct span span = { offset_of(d, name), offset_of(d, name) + name->len };
    if (d->json.care != NULL && ddbs_scan__any(d->json.care, span.begin, span.end))
        return false;
    ddbs_usual__note(d, frame, end, d->source, span);
    return frame->repeated == 0;
}

/* Behind the last byte of a value, before the comma and space or the bracket at `end`. */
static inline size_t trim(const char *text, size_t end)
{
    while (text[end - 1] != '}')
        end--;
    return end;
}

/* Take attributes from the model as long as they end at or before `same_to`. Those of the image are `shift` bytes
 * behind them. */
static void take_same(struct decoder *d, size_t shift, size_t same_to)
{
    struct frame *frame = d->frames;
    const ddbs_value *from = d->tape.nodes + d->twin.node, *name = NULL;
    ddbs_value *to = d->tape.nodes + d->tape.count;
    size_t left = d->twin.left, end = d->twin.end, taken = 0;
    for (; left > 0; left--, taken++) {
        const ddbs_value *next = ddbs_value__behind(from + 1);
        size_t behind = left > 1 ? offset_of(d, next) - 1 : trim(d->source, d->twin.end);
        if (behind > same_to || !note(d, frame, to, from) || !copy_nodes(to, from, (size_t)(next - from)))
            break;
        to += next - from;
        name = from;
        from = next;
        end = behind;
    }
    d->twin.left = left;
    d->twin.node = (size_t)(from - d->tape.nodes);
    d->tape.count = (size_t)(to - d->tape.nodes);
    if (name == NULL)
        return;
    frame->count += taken;
    frame->name = (ddbs_str){ name->as.text, name->len };
    d->json.at = trim(d->source, end) + shift;
}

/* Take the model's attribute at hand with another text or number. */
static bool take_changed(struct decoder *d, size_t shift, size_t same_to)
{
    const ddbs_value *name = d->tape.nodes + d->twin.node, *value = name + 1;
    ddbs_value *to = d->tape.nodes + d->tape.count;
    if (value->type != DDBS_TYPE_S && value->type != DDBS_TYPE_N)
        return false;
    size_t begin = offset_of(d, value);
    if (same_to < begin)
        return false;
    struct span text = { begin + shift, ddbs_scan__next(d->json.quotes, begin + shift) };
    if (d->text[text.end + 1] != '}' || (d->json.care != NULL && ddbs_scan__any(d->json.care, text.begin, text.end)) ||
        (value->type == DDBS_TYPE_N && !ddbs_ascii__is_number(d->text + text.begin, text.end - text.begin)) ||
        !note(d, d->frames, to, name))
        return false;
    d->text[text.end] = '\0';
    to[0] = *name;
    to[1] =
        (ddbs_value){ .as.text = d->text + text.begin, .len = (uint32_t)(text.end - text.begin), .type = value->type };
    d->tape.count += 2;
    d->frames[0].count++;
    d->frames[0].name = (ddbs_str){ name->as.text, name->len };
    d->json.at = text.end + 2;
    skip_attribute(d);
    return true;
}

void ddbs_twin__take(struct decoder *d)
{
    if (d->frames[0].repeated != 0 || d->tape.capacity - d->tape.count < d->frames[0].node - d->twin.node)
        d->twin.left = 0;
    while (d->twin.left > 0) {
        size_t quote;
        if (!next_quote(d, &quote) || !align(d, quote))
            return;
        size_t begin = offset_of(d, d->tape.nodes + d->twin.node) - 1, shift = quote - begin;
        size_t max = d->twin.end < d->json.len - shift ? d->twin.end - begin : d->json.len - quote;
        size_t same_to = begin + d->scan->common(d->source + begin, d->source + quote, max);
        take_same(d, shift, same_to);
        if (d->frames[0].repeated != 0 || d->twin.left == 0)
            return;
        if (!take_changed(d, shift, same_to)) {
            missed(d);
            return;
        }
    }
}
