/* gen_value.c: see gen_value.h. */
#include "gen_value.h"

#include "gen_number.h"
#include "lib/base64.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <uchar.h>

enum { BINARY_MAX = 12 * 1024, ELEMENTS_MAX = 5, SET_MAX = 8 };

/* What is cheaper than this may still be begun when the size is nearly used up. */
enum { SIZE_SPARE = 64 };

static bool is_full(const struct value_gen *gen)
{
    return gen->size + SIZE_SPARE > gen->size_max;
}

/* ---- Strings ---- */

static void write_unit(struct value_gen *gen, uint32_t unit)
{
    ddbs_buf__format(gen->out, rng_one_in(&gen->rng, 2) ? "\\u%04" PRIx32 : "\\u%04" PRIX32, unit);
}

static void write_escaped(struct value_gen *gen, uint32_t code)
{
    if (code < 0x10000) {
        write_unit(gen, code);
        return;
    }
    write_unit(gen, 0xd800 + ((code - 0x10000) >> 10));
    write_unit(gen, 0xdc00 + ((code - 0x10000) & 0x3ff));
}

/* The UTF-8 bytes of a code point; returns how many. */
static size_t encode_utf8(char out[4], uint32_t code)
{
    static const unsigned char first[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
    size_t len = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = len - 1; i > 0; i--, code >>= 6)
        out[i] = (char)(0x80 | (code & 0x3f));
    out[0] = (char)(first[len] | code);
    return len;
}

/* The letter of a two-character escape such as \n, or NUL where the code point has none. */
static char escape_letter(uint32_t code)
{
    static const char codes[] = "\"\\/\b\f\n\r\t", letters[] = "\"\\/bfnrt";
    const char *found = code != 0 && code < 0x80 ? strchr(codes, (int)code) : NULL;
    return found == NULL ? '\0' : letters[found - codes];
}

/* One character in one of the ways JSON has for it. */
static void write_char(struct value_gen *gen, uint32_t code)
{
    char bytes[4];
    size_t len = encode_utf8(bytes, code);
    char letter = escape_letter(code);
    bool must = code < 0x20 || code == '"' || code == '\\';
    gen->size += len;
    if (letter != '\0' && !rng_one_in(&gen->rng, must ? 4 : 2))
        ddbs_buf__format(gen->out, "\\%c", letter);
    else if (must || rng_one_in(&gen->rng, code < 0x80 ? 64 : 4))
        write_escaped(gen, code);
    else
        ddbs_buf__bytes(gen->out, bytes, len);
}

/* The edges of what UTF-8 and JSON treat differently. */
static const uint32_t EDGES[] = { 0,      0x01,   0x1f,   '"',    '\\',   '/',    0x7f,    0x80,    0x7ff,   0x800,
                                  0x2028, 0xd7ff, 0xe000, 0xfeff, 0xfffd, 0xffff, 0x10000, 0x1f600, 0x10ffff };

static uint32_t random_char(struct rng *rng)
{
    switch (rng_below(rng, 8)) {
    case 0:
        return EDGES[rng_below(rng, sizeof EDGES / sizeof *EDGES)];
    case 1:
        return rng_below(rng, 0x20);
    case 2:
        return 0x80 + rng_below(rng, 0x800 - 0x80);
    case 3:
        return 0x800 + rng_below(rng, 0xd800 - 0x800);
    case 4:
        return 0xe000 + rng_below(rng, 0x10000 - 0xe000);
    case 5:
        return 0x10000 + rng_below(rng, 0x110000 - 0x10000);
    default:
        return 0x20 + rng_below(rng, 0x60);
    }
}

/* How long a string or a Binary becomes: mostly short, seldom thousands of bytes. */
static uint32_t random_length(struct value_gen *gen)
{
    uint32_t draw = rng_below(&gen->rng, 2048);
    uint32_t limit = draw < 1500 ? 17 : draw < 2000 ? 101 : draw < 2047 ? 1001 : 20001;
    size_t left = is_full(gen) ? 0 : (gen->size_max - gen->size) / 4;
    uint32_t length = draw < 100 ? 0 : rng_below(&gen->rng, limit);
    return length < left ? length : (uint32_t)left;
}

static void write_characters(struct value_gen *gen, uint32_t length)
{
    bool plain = rng_one_in(&gen->rng, 2);
    for (uint32_t i = 0; i < length; i++)
        write_char(gen, plain ? 0x20 + rng_below(&gen->rng, 0x5f) : random_char(&gen->rng));
}

static void write_ascii(struct value_gen *gen, const char *text)
{
    for (; *text != '\0'; text++)
        write_char(gen, (unsigned char)*text);
}

static void write_string(struct value_gen *gen)
{
    ddbs_buf__text(gen->out, "\"");
    write_characters(gen, random_length(gen));
    ddbs_buf__text(gen->out, "\"");
}

/* ---- Names ---- */

/* What applications use, what looks like the JSON around it, and what has to be escaped, one behind another, each with
 * a '|' at its end. No name is another one with "_" and a number behind it, so that gen_name can tell its rounds apart.
 */
static const char32_t NAMES[] =
    U"Status|Qty|total|S|nul\0!\x7f|customer|say \"hi\"|line.total|M|tags|\U0001f600|lines[0]|back\\slash|N|a/b|"
    U"updatedAt|\u5024\u6bb5|NULL|aws:rep:region|qty|tab\tand\nline|gr\u00f6\u00dfe|NewImage| |";
enum { NAME_COUNT = 24 };

void gen_name(struct value_gen *gen, uint32_t index)
{
    const char32_t *name = NAMES;
    char round[16] = "";
    for (uint32_t skip = index % NAME_COUNT; skip > 0; name++)
        skip -= *name == '|';
    if (index >= NAME_COUNT)
        snprintf(round, sizeof round, "_%" PRIu32, index / NAME_COUNT);
    ddbs_buf__text(gen->out, "\"");
    for (; *name != '|'; name++)
        write_char(gen, *name);
    write_ascii(gen, round);
    ddbs_buf__text(gen->out, "\"");
}

/* ---- Binary ---- */

static void write_base64(struct value_gen *gen, const unsigned char *bytes, size_t len)
{
    char once[(BINARY_MAX + 2) / 3 * 4];
    gen->size += len;
    if (!gen->binary_twice) {
        ddbs_buf__base64(gen->out, bytes, len);
        return;
    }
    ddbs_base64__encode(once, bytes, len);
    ddbs_buf__base64(gen->out, (const unsigned char *)once, ddbs_base64__encoded(len));
}

static void random_bytes(struct rng *rng, unsigned char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        bytes[i] = (unsigned char)(rng_next(rng) >> 56);
}

static void write_binary(struct value_gen *gen)
{
    unsigned char bytes[BINARY_MAX];
    size_t len = random_length(gen);
    len = len < sizeof bytes ? len : sizeof bytes;
    random_bytes(&gen->rng, bytes, len);
    write_base64(gen, bytes, len);
}

/* ---- Sets: their elements end in their index, so they differ ---- */

/* Element 0 is the empty one. */
static void write_string_element(struct value_gen *gen, int index)
{
    ddbs_buf__text(gen->out, "\"");
    write_characters(gen, index == 0 ? 0 : random_length(gen) % 30);
    if (index > 0)
        ddbs_buf__format(gen->out, "%d", index);
    gen->size += index > 0;
    ddbs_buf__text(gen->out, "\"");
}

static void write_binary_element(struct value_gen *gen, int index)
{
    unsigned char bytes[32];
    size_t len = index == 0 ? 0 : rng_below(&gen->rng, sizeof bytes - 1);
    random_bytes(&gen->rng, bytes, len);
    if (index > 0)
        bytes[len++] = (unsigned char)index;
    write_base64(gen, bytes, len);
}

static void write_set(struct value_gen *gen, ddbs_type type)
{
    int first = type == DDBS_TYPE_NS ? 0 : rng_between(&gen->rng, 0, 1), count = rng_between(&gen->rng, 1, SET_MAX);
    int exponent = rng_one_in(&gen->rng, 4) ? rng_between(&gen->rng, -100, 80) : 0;
    ddbs_buf__text(gen->out, "[");
    for (int i = 0; i < count && (i == 0 || !is_full(gen)); i++) {
        if (i > 0)
            ddbs_buf__text(gen->out, ",");
        if (type == DDBS_TYPE_SS)
            write_string_element(gen, first + i);
        else if (type == DDBS_TYPE_NS)
            gen_number_element(gen, i, exponent);
        else
            write_binary_element(gen, first + i);
    }
    ddbs_buf__text(gen->out, "]");
}

/* ---- Values ---- */

static void write_value(struct value_gen *gen, int depth, bool chain);

/* A map or list. In a chain it has one element, else any number; together with random_type fewer than one container
 * comes from a container, so that values end. */
static void write_container(struct value_gen *gen, ddbs_type type, int depth, bool chain)
{
    uint32_t name = rng_below(&gen->rng, NAME_COUNT);
    int count = chain ? 1 : rng_between(&gen->rng, 0, ELEMENTS_MAX);
    gen->size += 3;
    ddbs_buf__text(gen->out, type == DDBS_TYPE_M ? "{" : "[");
    for (int i = 0; i < count && !is_full(gen); i++) {
        if (i > 0)
            ddbs_buf__text(gen->out, ",");
        if (type == DDBS_TYPE_M) {
            gen_name(gen, name + (uint32_t)i);
            ddbs_buf__text(gen->out, ":");
        }
        gen->size++;
        write_value(gen, depth + 1, chain);
    }
    ddbs_buf__text(gen->out, type == DDBS_TYPE_M ? "}" : "]");
}

static ddbs_type random_type(struct value_gen *gen, bool container)
{
    static const ddbs_type types[] = { DDBS_TYPE_S,  DDBS_TYPE_S,  DDBS_TYPE_S,  DDBS_TYPE_S,    DDBS_TYPE_N,
                                       DDBS_TYPE_N,  DDBS_TYPE_N,  DDBS_TYPE_N,  DDBS_TYPE_B,    DDBS_TYPE_B,
                                       DDBS_TYPE_SS, DDBS_TYPE_NS, DDBS_TYPE_BS, DDBS_TYPE_BOOL, DDBS_TYPE_NULL,
                                       DDBS_TYPE_M,  DDBS_TYPE_M,  DDBS_TYPE_L,  DDBS_TYPE_L };
    uint32_t count = sizeof types / sizeof *types;
    return types[rng_below(&gen->rng, container ? count : count - 4)];
}

static void write_payload(struct value_gen *gen, ddbs_type type, int depth, bool chain)
{
    if (type == DDBS_TYPE_M || type == DDBS_TYPE_L)
        write_container(gen, type, depth, chain);
    else if (type == DDBS_TYPE_S)
        write_string(gen);
    else if (type == DDBS_TYPE_N)
        gen_number(gen);
    else if (type == DDBS_TYPE_B)
        write_binary(gen);
    else if (type == DDBS_TYPE_BOOL || type == DDBS_TYPE_NULL) {
        ddbs_buf__text(gen->out, type == DDBS_TYPE_NULL || rng_one_in(&gen->rng, 2) ? "true" : "false");
        gen->size++;
    } else {
        write_set(gen, type);
    }
}

/* Calls itself at most depth_max times deep. A chain goes down all the way, one element a level. */
static void write_value(struct value_gen *gen, int depth, bool chain)
{
    bool nest = depth < gen->depth_max && !is_full(gen);
    ddbs_type type = random_type(gen, nest);
    if (chain && nest)
        type = rng_one_in(&gen->rng, 2) ? DDBS_TYPE_M : DDBS_TYPE_L;
    ddbs_buf__format(gen->out, "{\"%s\":", ddbs_type_name(type));
    write_payload(gen, type, depth, chain);
    ddbs_buf__text(gen->out, "}");
}

void gen_value(struct value_gen *gen)
{
    write_value(gen, 1, rng_one_in(&gen->rng, 64));
}

void gen_key_value(struct value_gen *gen, ddbs_type type, uint64_t id)
{
    char text[32];
    snprintf(text, sizeof text, "%s%" PRIu64, type == DDBS_TYPE_N ? "" : "o-", id);
    ddbs_buf__format(gen->out, "{\"%s\":", ddbs_type_name(type));
    if (type == DDBS_TYPE_N) {
        ddbs_buf__format(gen->out, "\"%s\"", text);
        gen->size += gen_number_size(text, strlen(text));
    } else if (type == DDBS_TYPE_B) {
        write_base64(gen, (const unsigned char *)text, strlen(text));
    } else {
        ddbs_buf__text(gen->out, "\"");
        write_ascii(gen, text);
        if (rng_one_in(&gen->rng, 4))
            write_char(gen, random_char(&gen->rng));
        ddbs_buf__text(gen->out, "\"");
    }
    ddbs_buf__text(gen->out, "}");
}
