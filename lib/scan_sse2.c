/* scan_sse2.c: struct scan for every x86-64 processor. */
#include "lib/scan_tables.h"

#if defined(__x86_64__)
#include <emmintrin.h>

#define SCAN_TARGET

struct block {
    __m128i part[4];
};

static inline struct block block_load(const char *text)
{
    const __m128i *from = (const __m128i *)(const void *)text;
    return (struct block){ { _mm_loadu_si128(from), _mm_loadu_si128(from + 1), _mm_loadu_si128(from + 2),
                             _mm_loadu_si128(from + 3) } };
}

static inline uint64_t bits(__m128i a, __m128i b, __m128i c, __m128i d)
{
    uint32_t low = (uint32_t)_mm_movemask_epi8(a) | (uint32_t)_mm_movemask_epi8(b) << 16;
    uint32_t high = (uint32_t)_mm_movemask_epi8(c) | (uint32_t)_mm_movemask_epi8(d) << 16;
    return low | (uint64_t)high << 32;
}

static inline uint64_t block_is(struct block block, char byte)
{
    __m128i wanted = _mm_set1_epi8(byte);
    return bits(_mm_cmpeq_epi8(block.part[0], wanted), _mm_cmpeq_epi8(block.part[1], wanted),
                _mm_cmpeq_epi8(block.part[2], wanted), _mm_cmpeq_epi8(block.part[3], wanted));
}

static inline uint64_t block_same(struct block a, struct block b)
{
    return bits(_mm_cmpeq_epi8(a.part[0], b.part[0]), _mm_cmpeq_epi8(a.part[1], b.part[1]),
                _mm_cmpeq_epi8(a.part[2], b.part[2]), _mm_cmpeq_epi8(a.part[3], b.part[3]));
}

static inline __m128i care(__m128i bytes)
{
    __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
    return _mm_or_si128(control, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
}

static inline uint64_t block_care(struct block block)
{
    return bits(care(block.part[0]), care(block.part[1]), care(block.part[2]), care(block.part[3]));
}

/* Bit 5 tells '[' from '{' and ']' from '}'. */
static inline __m128i bracket(__m128i bytes)
{
    __m128i curly = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
    return _mm_or_si128(_mm_cmpeq_epi8(curly, _mm_set1_epi8('{')), _mm_cmpeq_epi8(curly, _mm_set1_epi8('}')));
}

static inline uint64_t block_bracket(struct block block)
{
    return bits(bracket(block.part[0]), bracket(block.part[1]), bracket(block.part[2]), bracket(block.part[3]));
}

static inline uint64_t prefix_xor(uint64_t value)
{
    for (unsigned step = 1; step < 64; step *= 2)
        value ^= value << step;
    return value;
}

#include "lib/scan_blocks.h"

static inline bool is_ascii(struct block block)
{
    __m128i low = _mm_or_si128(block.part[0], block.part[1]), high = _mm_or_si128(block.part[2], block.part[3]);
    return _mm_movemask_epi8(_mm_or_si128(low, high)) == 0;
}

/* Without a shuffle of bytes only ASCII is for certain. */
static size_t utf8(const char *text, size_t len)
{
    size_t at = 0;
    while (at + BLOCK <= len && is_ascii(block_load(text + at)))
        at += BLOCK;
    return at;
}

static inline __m128i between(__m128i bytes, char low, char high)
{
    return _mm_and_si128(_mm_cmpgt_epi8(bytes, _mm_set1_epi8((char)(low - 1))),
                         _mm_cmpgt_epi8(_mm_set1_epi8((char)(high + 1)), bytes));
}

static inline __m128i chosen(__m128i mask, int value)
{
    return _mm_and_si128(mask, _mm_set1_epi8((char)value));
}

/* Turn 16 characters into their values; false where one is none. */
static inline bool base64_values(__m128i *bytes)
{
    __m128i upper = between(*bytes, 'A', 'Z'), lower = between(*bytes, 'a', 'z'), digit = between(*bytes, '0', '9');
    __m128i plus = _mm_cmpeq_epi8(*bytes, _mm_set1_epi8('+')), slash = _mm_cmpeq_epi8(*bytes, _mm_set1_epi8('/'));
    __m128i letters = _mm_or_si128(upper, lower), signs = _mm_or_si128(plus, slash);
    __m128i move = _mm_or_si128(chosen(upper, -'A'), chosen(lower, 26 - 'a'));
    move = _mm_or_si128(move, chosen(digit, 52 - '0'));
    move = _mm_or_si128(move, _mm_or_si128(chosen(plus, 62 - '+'), chosen(slash, 63 - '/')));
    *bytes = _mm_add_epi8(*bytes, move);
    return _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(letters, digit), signs)) == 0xffff;
}

static size_t base64(char *out, const char *text, size_t len)
{
    size_t at = 0;
    for (; at + 16 <= len; at += 16, out += 12) {
        uint32_t group[4];
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(text + at));
        if (!base64_values(&bytes))
            break;
        __m128i first = _mm_slli_epi16(_mm_and_si128(bytes, _mm_set1_epi16(0xff)), 6);
        __m128i pairs = _mm_or_si128(first, _mm_srli_epi16(bytes, 8));
        _mm_storeu_si128((__m128i *)(void *)group, _mm_madd_epi16(pairs, _mm_set1_epi32(0x00011000)));
        for (int i = 0; i < 4; i++) {
            uint32_t ordered = __builtin_bswap32(group[i]) >> 8;
            memcpy(out + 3 * (size_t)i, &ordered, sizeof ordered);
        }
    }
    return at;
}

const struct scan ddbs_scan__sse2 = { "sse2", scan_map, scan_solid, scan_skip, scan_common, utf8, base64 };
#endif
