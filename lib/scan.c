/* scan.c: which struct scan is used, and the constants that several share. */
#include "lib/scan_tables.h"

/* A build that is to run one path only, for tests: SCAN_ONLY is plain, sse2, ... A processor that cannot run it takes
 * the plain path. */
#define SCAN_TEXT_(name) #name
#define SCAN_TEXT(name)  SCAN_TEXT_(name)

#if defined(__x86_64__)
static const struct scan *const with_avx2[] = { &ddbs_scan__avx2, &ddbs_scan__sse2, 0 };
static const struct scan *const without_avx2[] = { &ddbs_scan__sse2, 0 };

const struct scan *const *ddbs_scan__all(void)
{
    bool has = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("pclmul") &&
               __builtin_cpu_supports("popcnt");
    return has ? with_avx2 : without_avx2;
}
#elif defined(__aarch64__) && defined(__ORDER_LITTLE_ENDIAN__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
static const struct scan *const with_neon[] = { &ddbs_scan__neon, 0 };

const struct scan *const *ddbs_scan__all(void)
{
    return with_neon;
}
#else
static const struct scan *const none[] = { 0 };

const struct scan *const *ddbs_scan__all(void)
{
    return none;
}
#endif

const struct scan *ddbs_scan__best(void)
{
    const struct scan *const *all = ddbs_scan__all();
#ifdef SCAN_ONLY
    while (*all != 0 && __builtin_strcmp((*all)->name, SCAN_TEXT(SCAN_ONLY)) != 0)
        all++;
#endif
    return *all;
}

size_t ddbs_scan__next_word(const uint64_t *map, size_t at)
{
    size_t word = at / 64 + 1;
    while (map[word] == 0)
        word++;
    return word * 64 + (size_t)__builtin_ctzll(map[word]);
}

bool ddbs_scan__any_words(const uint64_t *map, size_t begin, size_t end)
{
    size_t word = begin / 64, last = end / 64;
    uint64_t low = ~UINT64_C(0) << begin % 64, high = ~(~UINT64_C(0) << end % 64);
    if (word == last)
        return (map[word] & low & high) != 0;
    if ((map[word] & low) != 0)
        return true;
    while (++word < last) {
        if (map[word] != 0)
            return true;
    }
    return (map[last] & high) != 0;
}

/* Faults that a pair of bytes can show. */
enum {
    SHORT = 1,       /* a lead byte without its continuation */
    LONG = 2,        /* a continuation after ASCII */
    OVERLONG_3 = 4,  /* e0 80..9f */
    LARGE = 8,       /* f4 90..bf, f5..ff 80..bf but 8f */
    SURROGATE = 16,  /* ed a0..bf */
    OVERLONG_2 = 32, /* c0..c1 */
    LARGE_8 = 64,    /* f5..ff 80..8f; f0 80..8f, which is overlong */
    TWO = 128,       /* two continuations */
    ANY_LOW = SHORT | LONG | TWO,
    LARGE_ALL = ANY_LOW | LARGE | LARGE_8,
    CONTINUES = LONG | OVERLONG_2 | TWO
};

const unsigned char ddbs_scan__utf8_lead_high[16] = {
    LONG,
    LONG,
    LONG,
    LONG,
    LONG,
    LONG,
    LONG,
    LONG,
    TWO,
    TWO,
    TWO,
    TWO,
    SHORT | OVERLONG_2,
    SHORT,
    SHORT | OVERLONG_3 | SURROGATE,
    SHORT | LARGE | LARGE_8,
};

const unsigned char ddbs_scan__utf8_lead_low[16] = {
    ANY_LOW | OVERLONG_3 | OVERLONG_2 | LARGE_8,
    ANY_LOW | OVERLONG_2,
    ANY_LOW,
    ANY_LOW,
    ANY_LOW | LARGE,
    LARGE_ALL,
    LARGE_ALL,
    LARGE_ALL,
    LARGE_ALL,
    LARGE_ALL,
    LARGE_ALL,
    LARGE_ALL,
    LARGE_ALL,
    LARGE_ALL | SURROGATE,
    LARGE_ALL,
    LARGE_ALL,
};

const unsigned char ddbs_scan__utf8_next_high[16] = {
    SHORT,
    SHORT,
    SHORT,
    SHORT,
    SHORT,
    SHORT,
    SHORT,
    SHORT,
    CONTINUES | OVERLONG_3 | LARGE_8,
    CONTINUES | OVERLONG_3 | LARGE,
    CONTINUES | SURROGATE | LARGE,
    CONTINUES | SURROGATE | LARGE,
    SHORT,
    SHORT,
    SHORT,
    SHORT,
};

#define NONE_16 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255

const unsigned char ddbs_scan__base64[256] = {
    NONE_16, NONE_16, 255,     255,     255, 255, 255, 255, 255, 255, 255, 255, 255, 62,      255,     255,     255,
    63,      52,      53,      54,      55,  56,  57,  58,  59,  60,  61,  255, 255, 255,     255,     255,     255,
    255,     0,       1,       2,       3,   4,   5,   6,   7,   8,   9,   10,  11,  12,      13,      14,      15,
    16,      17,      18,      19,      20,  21,  22,  23,  24,  25,  255, 255, 255, 255,     255,     255,     26,
    27,      28,      29,      30,      31,  32,  33,  34,  35,  36,  37,  38,  39,  40,      41,      42,      43,
    44,      45,      46,      47,      48,  49,  50,  51,  255, 255, 255, 255, 255, NONE_16, NONE_16, NONE_16, NONE_16,
    NONE_16, NONE_16, NONE_16, NONE_16,
};
