/* test_scan.c: each struct scan of this processor against the plain meaning of its functions, on texts of every length
 * around those that are read at once, in memory that ends where they end. */
#include "lib/base64.h"
#include "lib/scan.h"
#include "lib/utf8.h"
#include "tests/unit/check.h"

#include <stdlib.h>

enum { LENGTHS = 260, ROUNDS = 40, TEXT_MAX = 4096 };

static uint64_t state = 88172645463325252;

/* xorshift: the same on every machine. */
static unsigned below(unsigned limit)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state >> 33) % limit;
}

static void fill(char *text, size_t len, const char *alphabet, size_t letters)
{
    for (size_t i = 0; i < len; i++)
        text[i] = alphabet[below((unsigned)letters)];
}

/* The text right before an unreadable page; one page serves a whole test, so the copy before is gone. */
static const char *before_the_end(char *guard, const char *text, size_t len)
{
    return memcpy(guard + TEXT_MAX - len, text, len);
}

static char *new_guard(void)
{
    static const char nothing[TEXT_MAX];
    return check_guard(nothing, sizeof nothing);
}

static bool bit(const uint64_t *map, size_t at)
{
    return map[at / 64] >> at % 64 & 1;
}

static void check_map(const struct scan *scan, const char *text, size_t len)
{
    uint64_t quotes[TEXT_MAX / 64 + 2], care[TEXT_MAX / 64 + 2];
    bool any, escaped = false, inside = false, expected = false;
    size_t count = scan->map(text, len, quotes, care, &any), found = 0;
    for (size_t i = 0; i < len; i++) {
        bool odd = inside && ((unsigned char)text[i] < 0x20 || text[i] == '\\');
        bool quote = text[i] == '"' && !escaped;
        inside ^= quote;
        found += quote;
        escaped = text[i] == '\\' && !escaped;
        expected |= odd;
        if (!CHECK_INT(bit(quotes, i), quote) || !CHECK_INT(bit(care, i), odd))
            return;
    }
    CHECK_INT(any, expected);
    CHECK_INT(count, found);
    CHECK(bit(quotes, len) && bit(care, len) && bit(quotes, len + 64) && bit(care, len + 64));
}

TEST(maps_hold_the_quotes_that_are_not_escaped_and_what_needs_care_between_them)
{
    char *guard = new_guard();
    static const char alphabet[] = "a\"\\\\\n ";
    for (const struct scan *const *scan = ddbs_scan__all(); *scan != NULL; scan++) {
        for (size_t len = 0; len < LENGTHS; len++) {
            char text[LENGTHS];
            fill(text, len, alphabet, 2 + below(sizeof alphabet - 3));
            check_map(*scan, before_the_end(guard, text, len), len);
        }
    }
}

TEST(a_map_of_what_is_solid_leaves_out_whitespace)
{
    char *guard = new_guard();
    static const char alphabet[] = "  \n\t\r\"a\v\f\x01\x1f!\xa0\x89";
    for (const struct scan *const *scan = ddbs_scan__all(); *scan != NULL; scan++) {
        for (size_t len = 0; len < LENGTHS; len++) {
            char text[LENGTHS];
            uint64_t solid[LENGTHS / 64 + 2];
            fill(text, len, alphabet, sizeof alphabet - 1);
            (*scan)->solid(before_the_end(guard, text, len), len, solid);
            for (size_t i = 0; i < len; i++) {
                bool space = text[i] == ' ' || text[i] == '\n' || text[i] == '\t' || text[i] == '\r';
                if (!CHECK_INT(bit(solid, i), !space))
                    return;
            }
            CHECK(bit(solid, len) && bit(solid, len + 64));
        }
    }
}

/* What skip says without any haste, SIZE_MAX where it may refuse. */
static size_t plain_skip(const char *text, size_t at, size_t len)
{
    char open[LENGTHS + 1] = { text[at - 1] };
    size_t depth = 1;
    bool inside = false;
    for (; at < len; at++) {
        char byte = text[at];
        if (byte == '\\' && !inside)
            return SIZE_MAX;
        if (byte == '\\')
            at++;
        else if (byte == '"')
            inside = !inside;
        else if (!inside && (byte == '{' || byte == '['))
            open[depth++] = byte;
        else if (!inside && (byte == '}' || byte == ']') && open[--depth] + 2 != byte)
            return SIZE_MAX;
        if (depth == 0)
            return at + 1;
    }
    return SIZE_MAX;
}

TEST(brackets_are_skipped_to_the_one_that_closes)
{
    char *guard = new_guard();
    static const char alphabet[] = "{}[]\"a\\";
    size_t found = 0;
    for (const struct scan *const *scan = ddbs_scan__all(); *scan != NULL; scan++) {
        for (size_t i = 0; i < (size_t)ROUNDS * LENGTHS; i++) {
            char text[LENGTHS];
            size_t len = 1 + i % (LENGTHS - 1), letters = 2 + below(sizeof alphabet - 2);
            fill(text, len, alphabet, letters);
            text[0] = "{["[below(2)];
            const char *copy = before_the_end(guard, text, len);
            size_t end = (*scan)->skip(copy, 1, len, DDBS_EVENT_DEPTH_MAX), want = plain_skip(copy, 1, len);
            /* A backslash behind the end, but read with it, may be refused. */
            if (!CHECK(end == want || (end == SIZE_MAX && letters > 6)))
                return;
            found += end != SIZE_MAX;
        }
    }
    CHECK(ddbs_scan__best() == NULL || found > LENGTHS);
}

TEST(brackets_are_not_skipped_beyond_the_room_there_is)
{
    char text[2000];
    for (const struct scan *const *scan = ddbs_scan__all(); *scan != NULL; scan++) {
        memset(text, '[', 900);
        memset(text + 900, ']', 900);
        CHECK_INT((*scan)->skip(text, 1, 1800, DDBS_EVENT_DEPTH_MAX), 1800);
        CHECK((*scan)->skip(text, 1, 1800, 899) == SIZE_MAX);
        memset(text, '[', sizeof text);
        CHECK((*scan)->skip(text, 1, sizeof text, DDBS_EVENT_DEPTH_MAX) == SIZE_MAX);
    }
}

/* Text that is mostly valid, with many kinds of characters and a byte that is wrong now and then. */
static size_t write_utf8(char *text, size_t limit)
{
    static const unsigned codes[] = { 'a',   'z',    0x7f,   0x80,   0x7ff,   0x800,
                                      0xfff, 0xd7ff, 0xe000, 0xffff, 0x10000, 0x10ffff };
    size_t len = 0, kinds = 1 + below(sizeof codes / sizeof *codes);
    while (len + 4 <= limit)
        len += ddbs_utf8__write(text + len, codes[below((unsigned)kinds)]);
    if (len > 0 && below(2) == 0)
        text[below((unsigned)len)] = (char)below(256);
    return len;
}

TEST(utf8_is_judged_alike_by_every_path)
{
    char *guard = new_guard();
    for (const struct scan *const *scan = ddbs_scan__all(); *scan != NULL; scan++) {
        for (size_t i = 0; i < (size_t)ROUNDS * LENGTHS; i++) {
            char text[LENGTHS];
            size_t len = write_utf8(text, i % LENGTHS);
            const char *copy = before_the_end(guard, text, len);
            size_t valid = (*scan)->utf8(copy, len), want = ddbs_utf8__check_by(NULL, copy, len);
            if (!CHECK(valid <= want) || !CHECK_INT(ddbs_utf8__check_by(*scan, copy, len), want))
                return;
        }
    }
}

/* Every sequence of three bytes that begins with a lead byte, and four at the borders, across a border of blocks. */
TEST(utf8_sequences_are_judged_alike_wherever_they_stand)
{
    static const unsigned char firsts[] = { 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xed,
                                            0xef, 0xf0, 0xf3, 0xf4, 0xf5, 0xff, 0x80 };
    for (const struct scan *const *scan = ddbs_scan__all(); *scan != NULL; scan++) {
        for (size_t at = 60; at <= 64; at++) {
            for (size_t i = 0; i < sizeof firsts * 256 * 16; i++) {
                char text[192];
                memset(text, 'a', sizeof text);
                text[at] = (char)firsts[i / (256 * 16)];
                text[at + 1] = (char)(i / 16 % 256);
                text[at + 2] = (char)(i % 16 < 8 ? 0x80 + i % 16 * 9 : 0x70 + i % 16 * 9);
                text[at + 3] = (char)(i % 3 == 0 ? 'a' : 0x80 + i % 64);
                size_t want = ddbs_utf8__check_by(NULL, text, sizeof text);
                if (!CHECK_INT(ddbs_utf8__check_by(*scan, text, sizeof text), want))
                    return;
            }
        }
    }
}

static void check_base64(const struct scan *scan, char *guard, const char *text, size_t len)
{
    char plain[TEXT_MAX], fast[TEXT_MAX];
    size_t plain_len = 0, fast_len = 0;
    memcpy(plain, text, len);
    memcpy(fast, text, len);
    bool want = ddbs_base64__decode_by(NULL, plain, plain, len, &plain_len);
    if (!CHECK_INT(ddbs_base64__decode_by(scan, fast, fast, len, &fast_len), want) || !want)
        return;
    CHECK(plain_len == fast_len && memcmp(plain, fast, plain_len) == 0);
    CHECK(scan->base64(fast, before_the_end(guard, text, len), len) <= len);
}

TEST(base64_is_decoded_alike_by_every_path)
{
    char *guard = new_guard();
    for (const struct scan *const *scan = ddbs_scan__all(); *scan != NULL; scan++) {
        for (size_t i = 0; i < LENGTHS * 8; i++) {
            unsigned char bytes[LENGTHS];
            char text[LENGTHS * 2];
            size_t len = i % LENGTHS;
            for (size_t k = 0; k < len; k++)
                bytes[k] = (unsigned char)below(256);
            ddbs_base64__encode(text, bytes, len);
            check_base64(*scan, guard, text, ddbs_base64__encoded(len));
            if (len > 0)
                text[below((unsigned)ddbs_base64__encoded(len))] = (char)below(256);
            check_base64(*scan, guard, text, ddbs_base64__encoded(len));
        }
    }
}

TEST(every_byte_is_one_character_of_base64_or_none)
{
    char *guard = new_guard();
    char text[64];
    for (const struct scan *const *scan = ddbs_scan__all(); *scan != NULL; scan++) {
        for (int byte = 0; byte < 256; byte++) {
            for (size_t at = 0; at < sizeof text; at += 7) {
                memset(text, 'Q', sizeof text);
                text[at] = (char)byte;
                check_base64(*scan, guard, text, sizeof text);
            }
        }
    }
}
