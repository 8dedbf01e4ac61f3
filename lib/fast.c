/* fast.c: see fast.h. Two ideas. The quotes of the whole text are found first, 64 bytes at a time, so that the end of a
 * string is one look into a map. And what stands between strings is compared with the usual spelling as a whole,
 * {"S":" in one load, instead of token by token.
 *
 * Nothing is written before an element is known to be taken: image.c must find the text as it was. */
#include "lib/fast.h"

#include "lib/arena.h"
#include "lib/ascii.h"
#include "lib/twin.h"
#include "lib/usual.h"
#include "lib/utf8.h"

#include <string.h>

/* What became of the element at hand. */
enum step {
    TAKEN, /* it is on the tape, or a container was opened or closed */
    ODD,   /* nothing was done: its spelling is not the usual one */
    ENDED, /* the outermost container was closed */
    FAILED
};

/* The decoder's state as it changes with each element, in registers: its address is never passed on, or it would have
 * to be in memory after every NUL that is written. store() and load() are its way to the decoder. */
struct cursor {
    char *text;
    const uint64_t *quotes, *care;
    ddbs_value *node, *limit; /* where the next one goes, and where two do not fit any more */
    const ddbs_value *name;   /* of the attribute taken last, if that is not in the frame yet */
    struct frame *frame;
    size_t at;
    size_t count;
};

/* Where a payload begins, and its type; DDBS_TYPE_NONE for an odd spelling of what is before it. */
struct head {
    size_t at;
    ddbs_type type;
    size_t letter; /* the tag's place, where it is one letter and of an attribute */
};

bool ddbs_fast__map(struct decoder *d)
{
    size_t words = ddbs_scan__words(d->json.len);
    if (d->scan == NULL)
        return true;
    bool indented = d->json.len > 1 && (unsigned char)d->json.text[1] <= ' ';
    uint64_t *maps = ddbs_arena__alloc(d->tape.arena, (indented ? 3 : 2) * words * sizeof *maps);
    if (maps == NULL)
        return false;
    bool any;
    size_t quotes = d->scan->map(d->json.text, d->json.len, maps, maps + words, &any);
    d->json.quotes = maps;
    d->json.care = any ? maps + words : NULL;
    if (indented && d->source != NULL) {
        d->scan->solid(d->json.text, d->json.len, maps + 2 * words);
        d->solid = maps + 2 * words;
    }
    /* A node has two quotes at least, so the tape need not grow, but for indexes of names. Where there is no room for
     * as many, it may still do with less. */
    (void)ddbs_tape__reserve(&d->tape, quotes / 2 + 2);
    return true;
}

ALWAYS void load(struct cursor *c, struct decoder *d)
{
    c->text = d->text;
    c->quotes = d->json.quotes;
    c->care = d->json.care;
    c->node = d->tape.nodes + d->tape.count;
    c->limit = d->tape.nodes + d->tape.capacity - 1;
    c->name = NULL;
    c->frame = &d->frames[d->frame_count - 1];
    c->at = d->json.at;
    c->count = c->frame->count;
}

/* An error about what stands between two elements names the one before. */
ALWAYS void store_name(struct cursor *c)
{
    if (c->name != NULL)
        c->frame->name = (ddbs_str){ c->name->as.text, c->name->len };
    c->name = NULL;
}

ALWAYS void store(struct cursor *c, struct decoder *d)
{
    store_name(c);
    d->tape.count = (size_t)(c->node - d->tape.nodes);
    d->json.at = c->at;
    c->frame->count = c->count;
}

/* The first byte at or behind `at` that is no whitespace. How long an indentation is changes from line to line: the map
 * tells without a loop. */
ALWAYS size_t space(const struct decoder *d, const char *text, size_t at)
{
    if ((unsigned char)text[at] > ' ')
        return at;
    if (d->solid != NULL)
        return ddbs_scan__next(d->solid, at);
    at += text[at] == ' ';
    return (unsigned char)text[at] > ' ' ? at : ddbs_ascii__space(text, at);
}

ALWAYS void push(struct cursor *c, ddbs_type type, const char *text, size_t len)
{
    *c->node++ = (ddbs_value){ .as.text = text, .len = (uint32_t)len, .type = (uint32_t)type };
}

/* The element at hand is taken: its name goes onto the tape. A list's elements have none. */
ALWAYS void take_name(const struct decoder *d, struct cursor *c, struct span name)
{
    c->count++;
    if (name.end == 0)
        return;
    ddbs_usual__note(d, c->frame, c->node, c->text, name);
    c->text[name.end] = '\0';
    c->name = c->node;
    push(c, (ddbs_type)TYPE_NAME, c->text + name.begin, name.end - name.begin);
}

/* ---- Strings with escapes ---- */

/* Resolve the escapes of a string. Read from another copy of the text, where nothing of what follows can be overwritten
 * yet. SIZE_MAX, and the string as it was, if image.c must judge it. */
static size_t unescape(const struct decoder *d, struct span string)
{
    const char *in = d->source;
    char *out = d->text + string.begin;
    size_t at = string.begin, len = string.end - string.begin, used = 0;
    if (in == NULL)
        return SIZE_MAX;
    for (;;) {
        unsigned code = 0;
        size_t stop = ddbs_scan__next(d->json.care, at);
        stop = stop < string.end ? stop : string.end;
        if (stop - at <= 16 && string.end - at >= 16)
            memcpy(out + used, in + at, 16); /* one load and one store; what is too much is overwritten */
        else
            memcpy(out + used, in + at, stop - at);
        used += stop - at;
        if (stop == string.end)
            return used;
        char letter = in[stop] == '\\' ? ddbs_json__letters[(unsigned char)in[stop + 1]] : 0;
        if (letter != 0) {
            out[used++] = letter;
            at = stop + 2;
            continue;
        }
        size_t step = in[stop] != '\\' ? 0 : ddbs_json__escape(in + stop, string.end - stop, &code);
        if (step == 0 || (code >= 0xd800 && code <= 0xdfff)) {
            memcpy(out, in + string.begin, len);
            return SIZE_MAX;
        }
        at = stop + step;
        used += ddbs_utf8__write(out + used, code);
    }
}

/* ---- Values ---- */

/* Numbers of another form, and Binary. */
static bool append_text(struct decoder *d, ddbs_type type, ddbs_str text, size_t begin)
{
    return type == DDBS_TYPE_N ? ddbs_image__number(d, text, begin) : ddbs_image__binary(d, text, begin);
}

/* An S, N or B, whose string begins at the quote at `at`. */
ALWAYS enum step take_text(struct decoder *d, struct cursor *c, struct span name, struct head head)
{
    ddbs_type type = head.type;
    size_t at = head.at;
    struct span string = { at + 1, ddbs_scan__next(c->quotes, at + 1) };
    size_t len = string.end - string.begin, behind = space(d, c->text, string.end + 1);
    if (c->text[behind] != '}')
        return ODD;
    if (c->care != NULL && ddbs_scan__any(c->care, string.begin, string.end)) {
        len = type == DDBS_TYPE_S ? unescape(d, string) : SIZE_MAX;
        if (len == SIZE_MAX)
            return ODD;
    }
    char *text = c->text + string.begin;
    bool usual = type == DDBS_TYPE_S || (type == DDBS_TYPE_N && ddbs_ascii__is_number(text, len));
    take_name(d, c, name);
    text[len] = '\0';
    c->at = behind + 1;
    if (usual) {
        push(c, type, text, len);
        if (d->solid != NULL && name.end != 0)
            d->layout = (struct layout){ name.end, head.letter, string.begin, string.end, behind + 1 };
        return TAKEN;
    }
    c->frame->tag = type;
    store(c, d);
    if (!append_text(d, type, (ddbs_str){ text, len }, at))
        return FAILED;
    load(c, d);
    return TAKEN;
}

/* An M or L, whose bracket is at `at`. */
ALWAYS enum step open_container(struct decoder *d, struct cursor *c, struct span name, ddbs_type type, size_t at)
{
    if (c->text[at] != (type == DDBS_TYPE_M ? '{' : '[') || d->frame_count >= DDBS_VALUE_DEPTH_MAX)
        return ODD;
    take_name(d, c, name);
    store_name(c);
    c->frame->tag = type;
    c->frame->count = c->count;
    c->frame++;
    d->frame_count++;
    ddbs_decode__open(c->frame, (size_t)(c->node - d->tape.nodes), type);
    push(c, type, NULL, 0);
    c->count = 0;
    c->at = at + 1;
    return TAKEN;
}

/* The innermost container ends at the bracket at `at`. */
ALWAYS enum step close_container(struct decoder *d, struct cursor *c, size_t at)
{
    bool outermost = d->frame_count == 1;
    if (c->frame->type == DDBS_TYPE_M && (c->count > FEW_NAMES || c->frame->repeated != 0)) {
        c->at = at + 1;
        store(c, d);
        if (!ddbs_image__close(d))
            return FAILED;
        if (!outermost)
            load(c, d);
        return outermost ? ENDED : TAKEN;
    }
    size_t behind = outermost ? at : space(d, c->text, at + 1);
    if (c->text[behind] != '}')
        return ODD;
    ddbs_value__finish(d->tape.nodes, c->frame->node, (size_t)(c->node - d->tape.nodes), c->count);
    c->at = behind + 1;
    c->name = NULL;
    d->frame_count--;
    if (outermost) {
        store(c, d);
        return ENDED;
    }
    c->frame--;
    c->count = c->frame->count;
    return TAKEN;
}

/* The strings of a set, as many as are like "text", without space; `at` is behind the bracket. Returns where the next
 * one begins, or the place behind the bracket that ends them. */
static size_t take_strings(struct decoder *d, ddbs_type type, size_t at, size_t *count)
{
    char *const text = d->text;
    const ddbs_type element = type == DDBS_TYPE_SS ? DDBS_TYPE_S : DDBS_TYPE_N;
    ddbs_value *node = d->tape.nodes + d->tape.count, *first = node, *limit = d->tape.nodes + d->tape.capacity;
    while (text[at] == '"' && node < limit && type != DDBS_TYPE_BS) {
        struct span string = { at + 1, ddbs_scan__next(d->json.quotes, at + 1) };
        char separator = text[string.end + 1];
        size_t len = string.end - string.begin;
        if ((separator != ',' && separator != ']') ||
            (d->json.care != NULL && ddbs_scan__any(d->json.care, string.begin, string.end)) ||
            (element == DDBS_TYPE_N && !ddbs_ascii__is_number(text + string.begin, len)))
            break;
        text[string.end] = '\0';
        *node++ = (ddbs_value){ .as.text = text + string.begin, .len = (uint32_t)len, .type = (uint32_t)element };
        at = string.end + 2;
        if (separator == ']')
            break;
    }
    *count = (size_t)(node - first);
    d->tape.count += *count;
    return at;
}

/* A set. What take_strings() leaves is image.c's: it goes on between two elements, before the comma. */
ALWAYS enum step take_set(struct decoder *d, struct cursor *c, struct span name, ddbs_type type, size_t at)
{
    if (c->text[at] != '[')
        return ODD;
    take_name(d, c, name);
    c->frame->tag = type;
    size_t node = (size_t)(c->node - d->tape.nodes), count;
    push(c, type, NULL, 0);
    store(c, d);
    at = take_strings(d, type, at + 1, &count);
    if (count > 0 && load_2(c->text + at - 1) == 0x7d5d) { /* ]} */
        ddbs_value__finish(d->tape.nodes, node, d->tape.count, count);
        d->json.at = at + 1;
        load(c, d);
        return TAKEN;
    }
    d->json.at = at - (count > 0);
    if (!ddbs_image__rest_of_set(d, type, node, count))
        return FAILED;
    load(c, d);
    return TAKEN;
}

/* true or false as the payload of BOOL and NULL, at `at`. */
ALWAYS enum step take_truth(const struct decoder *d, struct cursor *c, struct span name, ddbs_type type, size_t at)
{
    uint32_t word = (uint32_t)load_8(c->text + at), truth = word == 0x65757274; /* "true" */
    if (!truth && (word != 0x736c6166 || c->text[at + 4] != 'e'))
        return ODD;
    size_t behind = space(d, c->text, at + 5 - truth);
    if (c->text[behind] != '}')
        return ODD;
    take_name(d, c, name);
    push(c, type, NULL, type == DDBS_TYPE_BOOL ? truth : 0);
    c->at = behind + 1;
    return TAKEN;
}

/* ---- Tags ---- */

/* The type that a tag of more than one letter names, at its opening quote, and what is behind its colon. */
static struct head long_tag(const char *text, size_t at)
{
    uint64_t long_word = load_8(text + at) << 8, short_word = long_word << 16;
    if (long_word == UINT64_C(0x3a224c4f4f422200)) /* "BOOL": */
        return (struct head){ at + 7, DDBS_TYPE_BOOL, 0 };
    if (long_word == UINT64_C(0x3a224c4c554e2200)) /* "NULL": */
        return (struct head){ at + 7, DDBS_TYPE_NULL, 0 };
    if (short_word == UINT64_C(0x3a22535322000000)) /* "SS": */
        return (struct head){ at + 5, DDBS_TYPE_SS, 0 };
    if (short_word == UINT64_C(0x3a22534e22000000)) /* "NS": */
        return (struct head){ at + 5, DDBS_TYPE_NS, 0 };
    if (short_word == UINT64_C(0x3a22534222000000)) /* "BS": */
        return (struct head){ at + 5, DDBS_TYPE_BS, 0 };
    return (struct head){ at, DDBS_TYPE_NONE, 0 };
}

/* The type that a tag of one letter names. */
ALWAYS ddbs_type short_tag(char letter)
{
    static const unsigned char types[256] = {
        ['S'] = DDBS_TYPE_S, ['N'] = DDBS_TYPE_N, ['B'] = DDBS_TYPE_B, ['M'] = DDBS_TYPE_M, ['L'] = DDBS_TYPE_L
    };
    return (ddbs_type)types[(unsigned char)letter];
}

/* The head of a value whose '{' is expected at `at`, with space around what it is made of. */
ALWAYS struct head spaced_head(const struct decoder *d, const char *text, size_t at)
{
    at = space(d, text, at);
    if (text[at] != '{')
        return (struct head){ at, DDBS_TYPE_NONE, 0 };
    at = space(d, text, at + 1);
    struct head head = { at + 4, short_tag(text[at + 1]), at + 1 };
    if ((load_8(text + at) & 0xffff00ff) != 0x3a220022) /* "?": */
        head = long_tag(text, at);
    head.at = space(d, text, head.at);
    return head;
}

ALWAYS enum step take_payload(struct decoder *d, struct cursor *c, struct span name, struct head head)
{
    switch (head.type) {
    case DDBS_TYPE_S:
    case DDBS_TYPE_N:
    case DDBS_TYPE_B:
        return c->text[head.at] == '"' ? take_text(d, c, name, head) : ODD;
    case DDBS_TYPE_M:
    case DDBS_TYPE_L:
        return open_container(d, c, name, head.type, head.at);
    case DDBS_TYPE_BOOL:
    case DDBS_TYPE_NULL:
        return take_truth(d, c, name, head.type, head.at);
    case DDBS_TYPE_NONE:
        return ODD;
    default:
        return take_set(d, c, name, head.type, head.at);
    }
}

/* ---- Elements ---- */

/* A run of attributes is taken; false where it has none. */
ALWAYS bool took(struct cursor *c, struct usual_run run)
{
    if (run.node == c->node)
        return false;
    c->count += (size_t)(run.node - c->node) / 2;
    c->name = run.node - 2;
    c->node = run.node;
    c->at = run.at;
    return true;
}

/* An attribute, whose name begins at the quote at `at`. */
ALWAYS enum step take_attribute(struct decoder *d, struct cursor *c, size_t at)
{
    struct span name = { at + 1, ddbs_scan__next(c->quotes, at + 1) };
    uint64_t tag = load_8(c->text + name.end);
    if ((tag == TAG_S || tag == TAG_N) && c->text[at] == '"' &&
        took(c, ddbs_usual__compact(d, c->frame, c->node, name.begin)))
        return TAKEN;
    if (c->text[at] != '"' || (c->care != NULL && ddbs_scan__any(c->care, name.begin, name.end)))
        return ODD;
    struct head head = { name.end + 7, short_tag(c->text[name.end + 4]), name.end + 4 };
    if ((tag & 0x00ffff00ffffffff) != 0x003a2200227b3a22) { /* ":{"?": */
        if (c->text[name.end + 1] != ':')
            return ODD;
        head = spaced_head(d, c->text, name.end + 2);
    }
    return take_payload(d, c, name, head);
}

ALWAYS enum step take_list_element(struct decoder *d, struct cursor *c, size_t at)
{
    struct head head = { space(d, c->text, at + 5), short_tag(c->text[at + 2]), 0 };
    if ((load_8(c->text + at) & 0xffff00ffff) != 0x3a2200227b) /* {"?": */
        head = spaced_head(d, c->text, at);
    return take_payload(d, c, (struct span){ 0, 0 }, head);
}

ALWAYS enum step take_element(struct decoder *d, struct cursor *c)
{
    bool is_map = c->frame->type == DDBS_TYPE_M;
    if (load_2(c->text + c->at) == 0x222c && is_map && c->count > 0) /* ," */
        return take_attribute(d, c, c->at + 1);
    size_t at = space(d, c->text, c->at);
    if (c->text[at] == (is_map ? '}' : ']'))
        return close_container(d, c, at);
    if (c->count > 0) {
        if (c->text[at] != ',')
            return ODD;
        at = space(d, c->text, at + 1);
    }
    return is_map ? take_attribute(d, c, at) : take_list_element(d, c, at);
}

/* As many attributes as have the spelling that most have in a text with space, from where the cursor is. */
ALWAYS void take_usual(const struct decoder *d, struct cursor *c)
{
    if (c->count == 0 || c->text[c->at] != ',' || (unsigned char)c->text[c->at + 1] > ' ')
        return;
    if (load_2(c->text + c->at + 1) == 0x2220)
        (void)took(c, ddbs_usual__spaced(d, c->frame, c->node, c->at + 3));
    else if (d->layout.close == c->at)
        (void)took(c, ddbs_usual__indented(d, c->frame, c->node, space(d, c->text, c->at + 1)));
}

/* Make room for two nodes. */
static bool reserve(struct decoder *d)
{
    return ddbs_tape__reserve(&d->tape, 2) ||
           ddbs_json__fail(&d->json, DDBS_E_MEMORY, d->json.at, "no memory for the attribute values");
}

bool ddbs_fast__values(struct decoder *d)
{
    struct cursor c;
    enum step step = TAKEN;
    if (d->frame_count > DDBS_VALUE_DEPTH_MAX)
        return true; /* nothing may be in it */
    load(&c, d);
    while (step == TAKEN) {
        if (c.frame == d->frames && d->twin.left > 0) {
            store(&c, d);
            ddbs_twin__take(d); /* may fill the tape to its end */
            load(&c, d);
        }
        if (c.node >= c.limit) {
            store(&c, d);
            if (!reserve(d))
                return false;
            load(&c, d);
        }
        if (c.frame->type == DDBS_TYPE_M)
            take_usual(d, &c);
        if (c.node >= c.limit)
            continue;
        step = take_element(d, &c);
    }
    if (step == ODD)
        store(&c, d);
    return step != FAILED;
}
