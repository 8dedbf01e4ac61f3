/* ascii.h: 16 bytes of text at a time, with what every processor of its kind has (SSE2, NEON); byte by byte on others.
 * 16 bytes from the address can be read, whatever they hold. */
#ifndef LIB_ASCII_H
#define LIB_ASCII_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>

/* A bit for each of 16 bytes that is a digit, lowest first. */
static inline uint64_t ddbs_ascii__digits(const char *text)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)text);
    __m128i value = _mm_sub_epi8(bytes, _mm_set1_epi8('0'));
    return (uint64_t)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(value, _mm_set1_epi8(9)), value));
}

/* A bit for each of 16 bytes that is whitespace of JSON. */
static inline uint64_t ddbs_ascii__spaces(const char *text)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)text);
    __m128i line = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\r')));
    __m128i blank = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(' ')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\t')));
    return (uint64_t)_mm_movemask_epi8(_mm_or_si128(line, blank));
}

/* A bit for each of 16 bytes that is a quote or a backslash. */
static inline uint64_t ddbs_ascii__special(const char *text)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)text);
    __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')), escape = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
    return (uint64_t)_mm_movemask_epi8(_mm_or_si128(quote, escape));
}

/* A bit for each of 16 bytes that is a quote or a bracket. Bit 5 tells square brackets from curly ones. */
static inline uint64_t ddbs_ascii__tokens(const char *text)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)text);
    __m128i curly = _mm_or_si128(bytes, _mm_set1_epi8(0x20)), quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
    __m128i begin = _mm_cmpeq_epi8(curly, _mm_set1_epi8('{')), end = _mm_cmpeq_epi8(curly, _mm_set1_epi8('}'));
    return (uint64_t)_mm_movemask_epi8(_mm_or_si128(quote, _mm_or_si128(begin, end)));
}
#elif defined(__aarch64__)
#include <arm_neon.h>

static inline uint64_t ddbs_ascii__bits(uint8x16_t found)
{
    const uint8x16_t place = { 1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128 };
    uint8x16_t bits = vandq_u8(found, place);
    return vaddv_u8(vget_low_u8(bits)) | (uint64_t)vaddv_u8(vget_high_u8(bits)) << 8;
}

static inline uint64_t ddbs_ascii__digits(const char *text)
{
    uint8x16_t value = vsubq_u8(vld1q_u8((const uint8_t *)text), vdupq_n_u8('0'));
    return ddbs_ascii__bits(vcleq_u8(value, vdupq_n_u8(9)));
}

static inline uint64_t ddbs_ascii__spaces(const char *text)
{
    uint8x16_t bytes = vld1q_u8((const uint8_t *)text);
    uint8x16_t line = vorrq_u8(vceqq_u8(bytes, vdupq_n_u8('\n')), vceqq_u8(bytes, vdupq_n_u8('\r')));
    uint8x16_t blank = vorrq_u8(vceqq_u8(bytes, vdupq_n_u8(' ')), vceqq_u8(bytes, vdupq_n_u8('\t')));
    return ddbs_ascii__bits(vorrq_u8(line, blank));
}

static inline uint64_t ddbs_ascii__special(const char *text)
{
    uint8x16_t bytes = vld1q_u8((const uint8_t *)text);
    return ddbs_ascii__bits(vorrq_u8(vceqq_u8(bytes, vdupq_n_u8('"')), vceqq_u8(bytes, vdupq_n_u8('\\'))));
}

static inline uint64_t ddbs_ascii__tokens(const char *text)
{
    uint8x16_t bytes = vld1q_u8((const uint8_t *)text), curly = vorrq_u8(bytes, vdupq_n_u8(0x20));
    uint8x16_t bracket = vorrq_u8(vceqq_u8(curly, vdupq_n_u8('{')), vceqq_u8(curly, vdupq_n_u8('}')));
    return ddbs_ascii__bits(vorrq_u8(vceqq_u8(bytes, vdupq_n_u8('"')), bracket));
}
#else
static inline uint64_t ddbs_ascii__digits(const char *text)
{
    uint64_t bits = 0;
    for (int i = 0; i < 16; i++)
        bits |= (uint64_t)(text[i] >= '0' && text[i] <= '9') << i;
    return bits;
}

static inline uint64_t ddbs_ascii__spaces(const char *text)
{
    uint64_t bits = 0;
    for (int i = 0; i < 16; i++)
        bits |= (uint64_t)(text[i] == ' ' || text[i] == '\n' || text[i] == '\r' || text[i] == '\t') << i;
    return bits;
}

static inline uint64_t ddbs_ascii__special(const char *text)
{
    uint64_t bits = 0;
    for (int i = 0; i < 16; i++)
        bits |= (uint64_t)(text[i] == '"' || text[i] == '\\') << i;
    return bits;
}

static inline uint64_t ddbs_ascii__tokens(const char *text)
{
    uint64_t bits = 0;
    for (int i = 0; i < 16; i++)
        bits |= (uint64_t)(text[i] == '"' || (text[i] | 0x20) == '{' || (text[i] | 0x20) == '}') << i;
    return bits;
}
#endif

/* Whether two texts are the same; without a call for the usual lengths. */
static inline bool ddbs_ascii__same(const char *a, const char *b, size_t len)
{
    uint64_t left, right;
    if (len < sizeof left) {
        size_t same = 0;
        while (same < len && a[same] == b[same])
            same++;
        return same == len;
    }
    for (size_t i = 0; i + sizeof left < len; i += sizeof left) {
        memcpy(&left, a + i, sizeof left);
        memcpy(&right, b + i, sizeof right);
        if (left != right)
            return false;
    }
    memcpy(&left, a + len - sizeof left, sizeof left);
    memcpy(&right, b + len - sizeof right, sizeof right);
    return left == right;
}

/* A bit for each of the first `len` bytes, at most 48, that is no digit. */
static inline uint64_t ddbs_ascii__others(const char *text, size_t len)
{
    uint64_t others = ddbs_ascii__digits(text) ^ 0xffff;
    if (len > 16)
        others |= (ddbs_ascii__digits(text + 16) ^ 0xffff) << 16;
    if (len > 32)
        others |= (ddbs_ascii__digits(text + 32) ^ 0xffff) << 32;
    return others & ((UINT64_C(1) << len) - 1);
}

/* Whether text is a number of DynamoDB's for certain: [+-]digits[.digits][(e|E)[+-]digits], whose length, at most 38
 * before an exponent below 80, rules out that it is too long or too large. False says nothing. */
static inline bool ddbs_ascii__is_number(const char *text, size_t len)
{
    if (len == 0 || len > 42)
        return false;
    uint64_t others = ddbs_ascii__others(text, len);
    size_t begin = text[0] == '-' || text[0] == '+', end = len;
    others &= ~(uint64_t)begin;
    if (others == 0)
        return len > begin && len <= 38;
    size_t place = (size_t)__builtin_ctzll(others);
    if (text[place] == '.') {
        others &= others - 1;
        if (place == begin)
            return false;
        begin = place + 1;
        place = others == 0 ? len : (size_t)__builtin_ctzll(others);
    }
    if (others != 0) {
        size_t sign = place + 1 < len && (text[place + 1] == '+' || text[place + 1] == '-');
        size_t digits = len - place - 1 - sign;
        others &= ~(((UINT64_C(2) << sign) - 1) << place);
        if ((text[place] | 0x20) != 'e' || others != 0 || len <= place + 1 + sign || digits > 2 ||
            (digits == 2 && text[len - 2] > '7'))
            return false;
        end = place;
    }
    return end > begin && end <= 38;
}

/* The first byte at or behind `at` that is no whitespace; there must be one. Mostly it is a new line, indented. */
static inline size_t ddbs_ascii__space(const char *text, size_t at)
{
    uint64_t others;
    at += text[at] == '\n';
    while (memcpy(&others, text + at, sizeof others), (others ^= UINT64_C(0x2020202020202020)) == 0)
        at += 8;
    at += (size_t)__builtin_ctzll(others) / 8;
    if ((unsigned char)text[at] > ' ')
        return at;
    for (;; at += 16) {
        others = ~ddbs_ascii__spaces(text + at) & 0xffff;
        if (others != 0)
            return at + (size_t)__builtin_ctzll(others);
    }
}
#endif
