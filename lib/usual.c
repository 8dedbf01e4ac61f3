/* usual.c: see usual.h. Where the next attribute begins is what takes the time here: each string's end is found by a
 * look into a map, which cannot begin before the one before it is done. Everything else happens beside it, so these
 * loops have as few looks as they can, and compare what is between the strings as a whole. NULs are written after the
 * last wide load of what is around them: a load would have to wait for them. */
#include "lib/usual.h"

#include "lib/ascii.h"

bool ddbs_usual__may_repeat(const ddbs_value *node, const ddbs_value *end, const char *text, size_t len)
{
    int names = 0;
    for (; node < end && names < FEW_NAMES; names++) {
        if (node->len == len && memcmp(node->as.text, text, len) == 0)
            return true;
        node = ddbs_value__behind(node + 1);
    }
    return names == FEW_NAMES;
}

ALWAYS void set_text(ddbs_value *node, ddbs_type type, const char *text, struct span span)
{
    *node =
        (ddbs_value){ .as.text = text + span.begin, .len = (uint32_t)(span.end - span.begin), .type = (uint32_t)type };
}

ALWAYS void take(const struct decoder *d, struct frame *frame, ddbs_value *node, char *text, struct span name,
                 struct span value, ddbs_type type)
{
    ddbs_usual__note(d, frame, node, text, name);
    text[name.end] = text[value.end] = '\0';
    set_text(node, (ddbs_type)TYPE_NAME, text, name);
    set_text(node + 1, type, text, value);
}

/* Attributes of a map as most are, ,"name":{"S":"text"} or N, as many as come, the first one's name at `begin`; with
 * `spaced` as json.dumps writes them, , "name": {"S": "text"}. What is the same for all of them is compared at once;
 * everything else is left to take_element(). Where the next one begins is what takes the time, one look into the map
 * after the other, so that both of an attribute's strings are found in one. */
ALWAYS struct usual_run take_usual(const struct decoder *d, struct frame *frame, ddbs_value *node, size_t begin,
                                   bool spaced)
{
    const uint64_t tag_s = spaced ? SPACED_S : TAG_S, tag_n = spaced ? SPACED_N : TAG_N;
    char *text = d->text;
    const uint64_t *quotes = d->json.quotes, *care = d->json.care;
    const ddbs_value *limit = d->tape.nodes + d->tape.capacity - 1;
    do {
        uint64_t bits = ddbs_scan__bits(quotes, begin);
        if (bits == 0)
            break;
        struct span name = { begin, begin + ddbs_scan__lowest(bits) };
        struct span value = { name.end + (spaced ? 10 : 8), 0 };
        uint64_t tag = load_8(text + name.end), rest = bits >> (name.end - begin) >> (spaced ? 10 : 8);
        value.end = rest != 0 ? value.begin + ddbs_scan__lowest(rest) : ddbs_scan__next(quotes, value.begin);
        ddbs_type type = DDBS_TYPE_S;
        if (tag != tag_s) {
            if (tag != tag_n || !ddbs_ascii__is_number(text + value.begin, value.end - value.begin))
                break;
            type = DDBS_TYPE_N;
        }
        if ((spaced && load_2(text + name.end + 8) != 0x2220) || /* space, quote */
            load_2(text + value.end) != 0x7d22 ||                /* "} */
            (care != NULL && ddbs_scan__any(care, begin, value.end)))
            break;
        take(d, frame, node, text, name, value, type);
        node += 2;
        begin = value.end + (spaced ? 5 : 4);
    } while (load_2(text + begin - 2) == (spaced ? 0x2220 : 0x222c) && (!spaced || text[begin - 3] == ',') &&
             node < limit);
    return (struct usual_run){ node, begin - (spaced ? 3 : 2) };
}

struct usual_run ddbs_usual__compact(const struct decoder *d, struct frame *frame, ddbs_value *node, size_t begin)
{
    return take_usual(d, frame, node, begin, false);
}

struct usual_run ddbs_usual__spaced(const struct decoder *d, struct frame *frame, ddbs_value *node, size_t begin)
{
    return take_usual(d, frame, node, begin, true);
}

/* ---- Indented text ---- */

/* An attribute whose name is between these quotes, if it has the layout: its value, and its type. */
ALWAYS ddbs_type match(const struct decoder *d, struct span name, struct span *value)
{
    const struct layout *like = &d->layout;
    const char *source = d->source, *tag = source + name.end, *model = source + like->name_end;
    size_t lead = like->text - like->name_end, letter = like->letter - like->name_end;
    size_t tail = like->close - like->text_end;
    value->begin = name.end + lead;
    if (value->begin >= d->json.len)
        return DDBS_TYPE_NONE;
    value->end = ddbs_scan__next(d->json.quotes, value->begin);
    if (value->end + tail > d->json.len || (tag[letter] != 'S' && tag[letter] != 'N') ||
        !ddbs_ascii__same(tag, model, letter) ||
        !ddbs_ascii__same(tag + letter + 1, model + letter + 1, lead - letter - 1) ||
        !ddbs_ascii__same(source + value->end, source + like->text_end, tail) ||
        (d->json.care != NULL && ddbs_scan__any(d->json.care, name.begin, value->end)))
        return DDBS_TYPE_NONE;
    if (tag[letter] == 'S')
        return DDBS_TYPE_S;
    return ddbs_ascii__is_number(d->text + value->begin, value->end - value->begin) ? DDBS_TYPE_N : DDBS_TYPE_NONE;
}

struct usual_run ddbs_usual__indented(const struct decoder *d, struct frame *frame, ddbs_value *node, size_t quote)
{
    const struct layout *like = &d->layout;
    const ddbs_value *limit = d->tape.nodes + d->tape.capacity - 1;
    size_t tail = like->close - like->text_end, gap = quote + 1 - like->close;
    struct usual_run run = { node, like->close };
    while (run.node < limit && run.at + gap < d->json.len &&
           ddbs_ascii__same(d->source + run.at, d->source + like->close, gap) && d->source[run.at + gap - 1] == '"') {
        struct span name = { run.at + gap, ddbs_scan__next(d->json.quotes, run.at + gap) }, value;
        ddbs_type type = match(d, name, &value);
        if (type == DDBS_TYPE_NONE)
            break;
        take(d, frame, run.node, d->text, name, value, type);
        run.node += 2;
        run.at = value.end + tail;
    }
    return run;
}
