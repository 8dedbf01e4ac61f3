/* scan_blocks.h: the functions of struct scan over blocks of 64 bytes, to be included once by the file of an
 * instruction set, which defines before:
 *
 *     SCAN_TARGET                the attribute that lets a function use the instructions, or nothing
 *     struct block               64 bytes in registers
 *     block_load(text)           from any address
 *     block_is(block, byte)      a bit for each byte that equals `byte`
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

static SCAN_TARGET bool scan_map(const char *text, size_t len, uint64_t *quotes, uint64_t *care)
{
    uint64_t carry = 0, any = 0, sum = 0; /* the quotes so far, xored: its parity tells whether a string is open */
    size_t words = len / BLOCK + 1;
    for (size_t i = 0; i < words; i++) {
        struct block block = i * BLOCK + BLOCK <= len ? block_load(text + i * BLOCK) : load_tail(text, i * BLOCK, len);
        uint64_t quote = block_is(block, '"'), odd = block_care(block);
        if ((odd | carry) != 0)
            quote &= ~escaped(block_is(block, '\\'), &carry);
        if (odd != 0)
            odd &= prefix_xor(quote) ^ (0 - (uint64_t)__builtin_parityll(sum));
        sum ^= quote;
        any |= odd;
        quotes[i] = quote;
        care[i] = odd;
    }
    uint64_t beyond = ~UINT64_C(0) << len % BLOCK;
    quotes[words - 1] |= beyond;
    care[words - 1] |= beyond;
    quotes[words] = care[words] = ~UINT64_C(0);
    return any != 0;
}

/* Brackets that are open, innermost last. */
struct open {
    size_t depth;
    unsigned crossed; /* not 0: one was closed by the other kind */
    unsigned char kind[DDBS_EVENT_DEPTH_MAX + BLOCK];
};

/* Follow the brackets of a block; the place behind the one that ends it all, or BLOCK + 1. Most are opened and closed
 * at once, around one attribute's value. For the others there are no branches on what a bracket is, because no
 * processor can guess which comes next: closing ones have bit 2 set and are 2 more than theirs. */
static inline SCAN_TARGET size_t follow(struct open *open, const char *text, uint64_t brackets)
{
    size_t depth = open->depth;
    unsigned crossed = open->crossed;
    for (; brackets != 0; brackets &= brackets - 1) {
        size_t place = (size_t)__builtin_ctzll(brackets);
        unsigned bracket = (unsigned char)text[place], closes = bracket >> 1 & 2;
        uint64_t behind = brackets & (brackets - 1);
        if (behind != 0 && (unsigned char)text[__builtin_ctzll(behind)] == bracket + 2) {
            brackets = behind;
            continue;
        }
        crossed |= ((open->kind[depth - 1] + 2u) ^ bracket) & (0 - closes);
        open->kind[depth] = (unsigned char)bracket;
        depth += 1 - (size_t)closes;
        if (depth == 0)
            break;
    }
    open->depth = depth;
    open->crossed = crossed;
    return depth == 0 ? (size_t)__builtin_ctzll(brackets) + 1 : BLOCK + 1;
}

static SCAN_TARGET size_t scan_skip(const char *text, size_t at, size_t len, size_t room)
{
    struct open open;
    uint64_t carry = 0, inside = 0;
    open.depth = 1;
    open.crossed = 0;
    open.kind[0] = (unsigned char)text[at - 1];
    for (; at < len && open.depth + BLOCK <= room; at += BLOCK) {
        struct block block = at + BLOCK <= len ? block_load(text + at) : load_tail(text, at, len);
        uint64_t quotes = block_is(block, '"'), backslashes = block_is(block, '\\');
        if ((backslashes | carry) != 0)
            quotes &= ~escaped(backslashes, &carry);
        uint64_t strings = prefix_xor(quotes) ^ inside;
        inside = 0 - (strings >> 63);
        if ((backslashes & ~strings) != 0)
            return SIZE_MAX;
        size_t end = follow(&open, text + at, block_bracket(block) & ~strings);
        if (open.crossed != 0)
            return SIZE_MAX;
        if (end <= BLOCK)
            return at + end;
    }
    return SIZE_MAX;
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
