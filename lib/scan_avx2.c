/* scan_avx2.c: struct scan for x86-64 processors of 2013 and later; all that Lambda has on that architecture. */
#include "lib/scan_tables.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define SCAN_TARGET __attribute__((target("avx2,bmi,pclmul,popcnt")))

struct block {
    __m256i low, high;
};

static inline SCAN_TARGET struct block block_load(const char *text)
{
    const __m256i *from = (const __m256i *)(const void *)text;
    return (struct block){ _mm256_loadu_si256(from), _mm256_loadu_si256(from + 1) };
}

static inline SCAN_TARGET uint64_t bits(__m256i low, __m256i high)
{
    return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

static inline SCAN_TARGET uint64_t block_is(struct block block, char byte)
{
    __m256i wanted = _mm256_set1_epi8(byte);
    return bits(_mm256_cmpeq_epi8(block.low, wanted), _mm256_cmpeq_epi8(block.high, wanted));
}

static inline SCAN_TARGET uint64_t block_same(struct block a, struct block b)
{
    return bits(_mm256_cmpeq_epi8(a.low, b.low), _mm256_cmpeq_epi8(a.high, b.high));
}

static inline SCAN_TARGET __m256i care(__m256i bytes)
{
    __m256i control = _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(0x1f)), bytes);
    return _mm256_or_si256(control, _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\\')));
}

static inline SCAN_TARGET uint64_t block_care(struct block block)
{
    return bits(care(block.low), care(block.high));
}

/* Bit 5 tells '[' from '{' and ']' from '}'. */
static inline SCAN_TARGET __m256i bracket(__m256i bytes)
{
    __m256i curly = _mm256_or_si256(bytes, _mm256_set1_epi8(0x20));
    return _mm256_or_si256(_mm256_cmpeq_epi8(curly, _mm256_set1_epi8('{')),
                           _mm256_cmpeq_epi8(curly, _mm256_set1_epi8('}')));
}

static inline SCAN_TARGET uint64_t block_bracket(struct block block)
{
    return bits(bracket(block.low), bracket(block.high));
}

static inline SCAN_TARGET uint64_t prefix_xor(uint64_t bits_in)
{
    __m128i product = _mm_clmulepi64_si128(_mm_cvtsi64_si128((long long)bits_in), _mm_set1_epi8((char)0xff), 0);
    return (uint64_t)_mm_cvtsi128_si64(product);
}

#include "lib/scan_blocks.h"

static inline SCAN_TARGET __m256i look_up(const unsigned char *table, __m256i nibbles)
{
    __m128i half = _mm_loadu_si128((const __m128i *)(const void *)table);
    return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(half), nibbles);
}

static inline SCAN_TARGET __m256i high_nibbles(__m256i bytes)
{
    return _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(15));
}

/* What is wrong with the bytes, each judged with the three before it; see scan_tables.h. */
static inline SCAN_TARGET __m256i utf8_faults(__m256i bytes, __m256i before)
{
    __m256i joint = _mm256_permute2x128_si256(before, bytes, 0x21);
    __m256i one = _mm256_alignr_epi8(bytes, joint, 15), two = _mm256_alignr_epi8(bytes, joint, 14);
    __m256i three = _mm256_alignr_epi8(bytes, joint, 13);
    __m256i pair = _mm256_and_si256(look_up(ddbs_scan__utf8_lead_high, high_nibbles(one)),
                                    look_up(ddbs_scan__utf8_lead_low, _mm256_and_si256(one, _mm256_set1_epi8(15))));
    pair = _mm256_and_si256(pair, look_up(ddbs_scan__utf8_next_high, high_nibbles(bytes)));
    __m256i third = _mm256_subs_epu8(two, _mm256_set1_epi8(0xe0 - 0x80));
    __m256i fourth = _mm256_subs_epu8(three, _mm256_set1_epi8(0xf0 - 0x80));
    __m256i continues = _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8((char)0x80));
    return _mm256_xor_si256(pair, continues);
}

static inline SCAN_TARGET bool is_ascii(struct block block)
{
    return _mm256_movemask_epi8(_mm256_or_si256(block.low, block.high)) == 0;
}

static SCAN_TARGET size_t utf8(const char *text, size_t len)
{
    __m256i before = _mm256_setzero_si256();
    bool open = false; /* the block before had other bytes than ASCII, so a character may go on */
    size_t at = 0;
    for (; at + BLOCK <= len; at += BLOCK) {
        struct block block = block_load(text + at);
        bool ascii = is_ascii(block);
        if (!ascii || open) {
            __m256i faults = _mm256_or_si256(utf8_faults(block.low, before), utf8_faults(block.high, block.low));
            if (!_mm256_testz_si256(faults, faults))
                break;
        }
        open = !ascii;
        before = block.high;
    }
    return character_begin(text, at);
}

/* Base64 by the two halves of a character: each table gives the faults that its half does not rule out, and a fault
 * that both leave is there. */
enum {
    SIGN = 1 << 0,   /* 2x, but neither '+' nor '/' */
    DIGIT = 1 << 1,  /* 3x behind '9' */
    FIRST = 1 << 2,  /* 40 or 60: letters begin with x1 */
    BEHIND = 1 << 3, /* 5x or 7x behind 'Z' or 'z', which are xa */
    OTHER = 1 << 4,  /* no half byte of any character */
    ANY = SIGN | DIGIT | FIRST | BEHIND | OTHER
};

static const unsigned char base64_high[16] = { OTHER, OTHER, SIGN,  DIGIT, FIRST, BEHIND, FIRST, BEHIND,
                                               OTHER, OTHER, OTHER, OTHER, OTHER, OTHER,  OTHER, OTHER };

static const unsigned char base64_low[16] = { ANY & ~(DIGIT | BEHIND),
                                              ANY & ~(DIGIT | FIRST | BEHIND),
                                              ANY & ~(DIGIT | FIRST | BEHIND),
                                              ANY & ~(DIGIT | FIRST | BEHIND),
                                              ANY & ~(DIGIT | FIRST | BEHIND),
                                              ANY & ~(DIGIT | FIRST | BEHIND),
                                              ANY & ~(DIGIT | FIRST | BEHIND),
                                              ANY & ~(DIGIT | FIRST | BEHIND),
                                              ANY & ~(DIGIT | FIRST | BEHIND),
                                              ANY & ~(DIGIT | FIRST | BEHIND),
                                              ANY & ~(FIRST | BEHIND),
                                              ANY & ~(SIGN | FIRST),
                                              ANY & ~FIRST,
                                              ANY & ~FIRST,
                                              ANY & ~FIRST,
                                              ANY & ~(SIGN | FIRST) };

/* From a character to its value, by its high half; '/' alone has the place before that of '+'. */
static const unsigned char base64_move[16] = { 0,         63 - '/',  62 - '+',       52 - '0',
                                               256 - 'A', 256 - 'A', 26 - 'a' + 256, 26 - 'a' + 256 };

/* Turn 32 characters into their values; false where one is none. */
static inline SCAN_TARGET bool base64_values(__m256i *bytes)
{
    __m256i high = high_nibbles(*bytes), low = _mm256_and_si256(*bytes, _mm256_set1_epi8(15));
    __m256i slash = _mm256_cmpeq_epi8(*bytes, _mm256_set1_epi8('/')); /* -1 there */
    bool valid = _mm256_testz_si256(look_up(base64_high, high), look_up(base64_low, low));
    *bytes = _mm256_add_epi8(*bytes, look_up(base64_move, _mm256_add_epi8(high, slash)));
    return valid;
}

static SCAN_TARGET size_t base64(char *out, const char *text, size_t len)
{
    /* In each half, four groups of 24 bits, highest byte first, then four bytes of nothing. */
    const __m256i order =
        _mm256_broadcastsi128_si256(_mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1));
    const __m256i together = _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7);
    size_t at = 0;
    for (; at + 32 <= len; at += 32, out += 24) {
        __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)(text + at));
        if (!base64_values(&bytes))
            break;
        __m256i pairs = _mm256_maddubs_epi16(bytes, _mm256_set1_epi32(0x01400140));
        __m256i groups = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x00011000));
        __m256i packed = _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(groups, order), together);
        _mm256_storeu_si256((__m256i *)(void *)out, packed);
    }
    return at;
}

const struct scan ddbs_scan__avx2 = { "avx2", scan_map, scan_solid, scan_skip, scan_common, utf8, base64 };
#endif
