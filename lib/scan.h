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
     * end in ones from bit `len` on, so that a search ends. Returns whether there is anything that needs care. Reads
     * nothing at or behind `len`. */
    bool (*map)(const char *text, size_t len, uint64_t *quotes, uint64_t *care);

    /* text[at - 1] is an opening bracket outside of strings: the offset behind the closing bracket that belongs to it.
     * SIZE_MAX where that cannot be said: brackets of two kinds crossed, more than `room` open at once, no end, or a
     * backslash outside of strings; and where it comes close to `room`. Reads nothing at or behind `len`. */
    size_t (*skip)(const char *text, size_t at, size_t len, size_t room);

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

/* The first bit set in a map at or behind `at`. 57 bits or more are at hand in one load, wherever a string begins: that
 * is where most strings end. */
static inline size_t ddbs_scan__next(const uint64_t *map, size_t at)
{
    uint64_t bits;
    __builtin_memcpy(&bits, (const unsigned char *)map + at / 8, sizeof bits);
    bits >>= at % 8;
    if (bits != 0)
        return at + (size_t)__builtin_ctzll(bits);
    size_t word = at / 64 + 1;
    while (map[word] == 0)
        word++;
    return word * 64 + (size_t)__builtin_ctzll(map[word]);
}

/* Whether a bit is set in [begin, end). */
static inline bool ddbs_scan__any(const uint64_t *map, size_t begin, size_t end)
{
    if (end - begin <= 57) {
        uint64_t bits;
        __builtin_memcpy(&bits, (const unsigned char *)map + begin / 8, sizeof bits);
        return bits >> begin % 8 << 1 << (63 - (end - begin)) != 0;
    }
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
#endif
