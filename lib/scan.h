/* scan.h: the few loops over raw text that depend on the instruction set, as a table of functions for each. Everything
 * else of the fast path (fast.h, walk.c) is plain C on top of them.
 *
 * There is no table for the plain path: NULL stands for it, and then json.c, utf8.c, base64.c, image.c and walk.c do
 * the work byte by byte. They say what is right; what a table's function cannot vouch for, it leaves to them. */
#ifndef LIB_SCAN_H
#define LIB_SCAN_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that must be readable before and behind a text that is decoded by the fast path; what they hold is ignored. */
enum { SCAN_BEFORE = 8, SCAN_BEYOND = 64 };

struct scan {
    const char *name;

    /* Map a text, a bit for each byte, lowest first: the quotes that no backslash escapes, and what needs care between
     * two of them, in a string: backslashes and control bytes. Both maps have room for ddbs_scan__words(len) words and
     * end in ones from bit `len` on, so that a search ends. Returns the number of quotes; `*any` tells whether there is
     * anything that needs care. Reads nothing at or behind `len`. */
    size_t (*map)(const char *text, size_t len, uint64_t *quotes, uint64_t *care, bool *any);

    /* Map what is no whitespace of JSON in the same way, in strings as well as outside. */
    void (*solid)(const char *text, size_t len, uint64_t *solid);

    /* text[at - 1] is an opening bracket outside of strings: the offset behind the closing bracket that belongs to it.
     * SIZE_MAX where that cannot be said: brackets of two kinds crossed, more than `room` open at once, no end, or a
     * backslash outside of strings; and where it comes close to `room`. Reads nothing at or behind `len`. */
    size_t (*skip)(const char *text, size_t at, size_t len, size_t room);

    /* How many bytes at the begin of two texts are the same. Reads nothing at or behind `len`. */
    size_t (*common)(const char *a, const char *b, size_t len);

    /* An offset up to which the text is valid UTF-8 for certain, and where a character begins; `len` for a text that is
     * valid throughout. Reads nothing at or behind `len`. */
    size_t (*utf8)(const char *text, size_t len);

    /* Decode groups of four characters without padding from the begin of a base64 text, as many as the machine takes at
     * once, up to the first character that is none; returns how many characters that were. `out` may be `text`. Reads
     * and writes nothing at or behind `len`. */
    size_t (*base64)(char *out, const char *text, size_t len);
};

/* The best table for the processor at hand; NULL: there is none, or the build pins the plain path. */
const struct scan *ddbs_scan__best(void);

/* All tables that this processor can run, the best one first, then NULL; for tests. */
const struct scan *const *ddbs_scan__all(void);

/* Words of a map of `len` bytes. */
static inline size_t ddbs_scan__words(size_t len)
{
    return len / 64 + 2;
}

/* The first bit set in a map behind the word that holds bit `at`. */
size_t ddbs_scan__next_word(const uint64_t *map, size_t at);

/* The bits of a map from `at` on, 57 or more. */
static inline uint64_t ddbs_scan__bits(const uint64_t *map, size_t at)
{
    uint64_t bits;
    __builtin_memcpy(&bits, (const unsigned char *)map + at / 8, sizeof bits);
    return bits >> at % 8;
}

/* The place of the lowest bit set; there must be one. */
static inline size_t ddbs_scan__lowest(uint64_t bits)
{
    return (unsigned)__builtin_ctzll(bits);
}

/* The first bit set in a map at or behind `at`. Wherever a string begins, most end within the bits at hand. */
static inline size_t ddbs_scan__next(const uint64_t *map, size_t at)
{
    uint64_t bits = ddbs_scan__bits(map, at);
    return __builtin_expect(bits != 0, 1) ? at + ddbs_scan__lowest(bits) : ddbs_scan__next_word(map, at);
}

/* Whether a bit is set in [begin, end), of any length. */
bool ddbs_scan__any_words(const uint64_t *map, size_t begin, size_t end);

/* Whether a bit is set in [begin, end). */
static inline bool ddbs_scan__any(const uint64_t *map, size_t begin, size_t end)
{
    if (end - begin > 57)
        return ddbs_scan__any_words(map, begin, end);
    return ddbs_scan__bits(map, begin) << 1 << (63 - (end - begin)) != 0;
}
#endif
