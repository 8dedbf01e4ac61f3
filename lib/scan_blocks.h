/* scan_blocks.h: the functions of struct scan over blocks of 64 bytes, to be included once by the file of an
 * instruction set, which defines before:
 *
 *     SCAN_TARGET                the attribute that lets a function use the instructions, or nothing
 *     struct block               64 bytes in registers
 *     block_load(text)           from any address
 *     block_is(block, byte)      a bit for each byte that equals `byte`
 *     block_same(block, block)   for each byte that is the same in both
 *     block_care(block)          for each backslash or byte below 0x20
 *     block_bracket(block)       for each of { } [ ]
 *     prefix_xor(bits)           bit i is the xor of the bits 0 to i
 *
 * and after: utf8, base64 and the table. */
#ifndef LIB_SCAN_BLOCKS_H
#define LIB_SCAN_BLOCKS_H
#include "lib/scan.h"

#include <ddbstream/base.h>
#include <string.h>

enum { BLOCK = 64 };

/* The block at `at`, whose bytes at or behind `len` are spaces: nothing is read there. */
static inline SCAN_TARGET struct block load_tail(const char *text, size_t at, size_t len)
{
    char tail[BLOCK];
    memset(tail, ' ', sizeof tail);
    memcpy(tail, text + at, len - at);
    return block_load(tail);
}

/* The bytes that a backslash escapes. `*carry` is 1 where the first byte of a block is escaped from before. */
static inline SCAN_TARGET uint64_t escaped(uint64_t backslashes, uint64_t *carry)
{
    uint64_t result = *carry, left = backslashes & ~result;
    *carry = 0;
    while (left != 0) {
        uint64_t first = left & (0 - left);
        result |= first << 1;
        *carry = first >> 63;
        left &= ~(first | first << 1);
    }
    return result;
}

static SCAN_TARGET size_t scan_map(const char *text, size_t len, uint64_t *quotes, uint64_t *care, bool *any)
{
    uint64_t carry = 0, found = 0;
    size_t count = 0; /* of quotes; a string is open where it is odd */
    size_t words = len / BLOCK + 1;
    for (size_t i = 0; i < words; i++) {
        struct block block = i * BLOCK + BLOCK <= len ? block_load(text + i * BLOCK) : load_tail(text, i * BLOCK, len);
        uint64_t quote = block_is(block, '"'), odd = block_care(block);
        if ((odd | carry) != 0)
            quote &= ~escaped(block_is(block, '\\'), &carry);
        if (odd != 0)
            odd &= prefix_xor(quote) ^ (0 - (uint64_t)(count & 1));
        count += (size_t)__builtin_popcountll(quote);
        found |= odd;
        quotes[i] = quote;
        care[i] = odd;
    }
    uint64_t beyond = ~UINT64_C(0) << len % BLOCK;
    quotes[words - 1] |= beyond;
    care[words - 1] |= beyond;
    quotes[words] = care[words] = ~UINT64_C(0);
    *any = found != 0;
    return count;
}

static inline SCAN_TARGET uint64_t block_space(struct block block)
{
    return block_is(block, ' ') | block_is(block, '\n') | block_is(block, '\r') | block_is(block, '\t');
}

static SCAN_TARGET void scan_solid(const char *text, size_t len, uint64_t *solid)
{
    size_t word = 0;
    for (; word < len / BLOCK; word++)
        solid[word] = ~block_space(block_load(text + word * BLOCK));
    solid[word] = ~block_space(load_tail(text, word * BLOCK, len)) | ~UINT64_C(0) << len % BLOCK;
    solid[word + 1] = ~UINT64_C(0);
}

/* Brackets that are open. Of curly ones the number is enough, as long as it is known at which depths square ones
 * are open: a curly one may not close at the depth of the innermost of these. */
struct open {
    size_t depth;
    size_t square; /* the depth of the innermost square one; 0: there is none */
    size_t squares;
    uint16_t outer[DDBS_EVENT_DEPTH_MAX + BLOCK]; /* what `square` was before each */
};

static inline SCAN_TARGET void open_square(struct open *open)
{
    open->outer[open->squares++] = (uint16_t)open->square;
    open->square = ++open->depth;
}

/* Follow curly brackets one by one: the place behind the one that ends it all, 0 for none, SIZE_MAX where one closes a
 * square one. */
static SCAN_TARGET size_t follow(struct open *open, uint64_t begin, uint64_t end)
{
    for (uint64_t left = begin | end; left != 0; left &= left - 1) {
        bool closes = (left & (0 - left) & end) != 0;
        if (closes && open->depth == open->square)
            return SIZE_MAX;
        open->depth += closes ? SIZE_MAX : 1;
        if (open->depth == 0)
            return (size_t)__builtin_ctzll(left) + 1;
    }
    return 0;
}

/* Curly brackets with no square one between them; returns what follow() does. They can be counted as a whole unless
 * they end it all or get below the innermost square one, where the depth is lowest. Most are closed right behind where
 * they are opened, around one attribute's value, and then the depth is what it was: so it sinks by no more than the
 * number of the others. */
static inline SCAN_TARGET size_t skip_curly(struct open *open, uint64_t begin, uint64_t end)
{
    uint64_t next = ~(begin | end) + (begin << 1); /* each carry stops at the next bracket */
    size_t others = (size_t)__builtin_popcountll(end & ~next), floor = open->square > 0 ? open->square : 1;
    if (open->depth < floor + others)
        return follow(open, begin, end);
    open->depth += (size_t)__builtin_popcountll(begin) - (size_t)__builtin_popcountll(end);
    return 0;
}

/* The place behind the bracket of a block that ends it all, 0 for none, SIZE_MAX where the other kind closes one. */
static inline SCAN_TARGET size_t skip_block(struct open *open, const char *text, struct block block, uint64_t strings)
{
    uint64_t brackets = block_bracket(block) & ~strings;
    if (brackets == 0)
        return 0;
    uint64_t begin = block_is(block, '{') & brackets, end = block_is(block, '}') & brackets;
    for (uint64_t squares = brackets ^ (begin | end); squares != 0; squares &= squares - 1) {
        size_t place = (size_t)__builtin_ctzll(squares);
        uint64_t before = (squares & (0 - squares)) - 1;
        size_t ended = skip_curly(open, begin & before, end & before);
        if (ended != 0)
            return ended;
        if (text[place] == '[')
            open_square(open);
        else if (open->depth != open->square)
            return SIZE_MAX;
        else
            open->square = open->outer[--open->squares];
        if (text[place] == ']' && --open->depth == 0)
            return place + 1;
        begin &= ~before;
        end &= ~before;
    }
    return skip_curly(open, begin, end);
}

static SCAN_TARGET size_t scan_skip(const char *text, size_t at, size_t len, size_t room)
{
    struct open open;
    uint64_t carry = 0, inside = 0;
    open.depth = open.square = open.squares = 0;
    if (text[at - 1] == '[')
        open_square(&open);
    else
        open.depth = 1;
    for (; at < len && open.depth + BLOCK <= room; at += BLOCK) {
        struct block block = at + BLOCK <= len ? block_load(text + at) : load_tail(text, at, len);
        uint64_t quotes = block_is(block, '"'), backslashes = block_is(block, '\\');
        if ((backslashes | carry) != 0)
            quotes &= ~escaped(backslashes, &carry);
        uint64_t strings = prefix_xor(quotes) ^ inside;
        inside = 0 - (strings >> 63);
        if ((backslashes & ~strings) != 0)
            return SIZE_MAX;
        size_t end = skip_block(&open, text + at, block, strings);
        if (end != 0)
            return end == SIZE_MAX ? SIZE_MAX : at + end;
    }
    return SIZE_MAX;
}

static SCAN_TARGET size_t scan_common(const char *a, const char *b, size_t len)
{
    size_t at = 0;
    for (; at + BLOCK <= len; at += BLOCK) {
        uint64_t differ = ~block_same(block_load(a + at), block_load(b + at));
        if (differ != 0)
            return at + ddbs_scan__lowest(differ);
    }
    if (at == len)
        return len;
    uint64_t differ = ~block_same(load_tail(a, at, len), load_tail(b, at, len));
    return differ == 0 ? len : at + ddbs_scan__lowest(differ);
}

/* Where the character begins that is not complete at `at`, of a text that is valid up to there; `at` where all are. */
static inline size_t character_begin(const char *text, size_t at)
{
    for (size_t back = 1; back <= 3 && back <= at; back++) {
        unsigned char byte = (unsigned char)text[at - back];
        size_t len = byte < 0x80 ? 1 : byte < 0xc0 ? 0 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
        if (len > 0)
            return len > back ? at - back : at;
    }
    return at;
}
#endif
