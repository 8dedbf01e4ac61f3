/* test_utf8.c: strict UTF-8, every boundary of table 3-7 of the Unicode standard. */
#include "lib/utf8.h"
#include "tests/unit/check.h"

#include <stdio.h>

static const char *const wrong[] = {
    "\x80",             /* a continuation byte alone */
    "\xbf",             /* and the last of them */
    "\xc0\x80",         /* U+0000 overlong */
    "\xc1\xbf",         /* U+007F overlong */
    "\xc2",             /* cut after one byte of two */
    "\xc2\x7f",         /* continuation too low */
    "\xc2\xc0",         /* continuation too high */
    "\xdf\xff",         /* the same for the last lead of two */
    "\xe0\x80\x80",     /* U+0000 overlong in three */
    "\xe0\x9f\xbf",     /* U+07FF overlong */
    "\xe0\xa0",         /* cut */
    "\xe1\x80",         /* cut */
    "\xe1\x80\x7f",     /* third byte too low */
    "\xe1\x80\xc0",     /* third byte too high */
    "\xed\xa0\x80",     /* U+D800, a surrogate */
    "\xed\xbf\xbf",     /* U+DFFF */
    "\xf0\x80\x80\x80", /* overlong in four */
    "\xf0\x8f\xbf\xbf", /* U+FFFF overlong */
    "\xf0\x90\x80",     /* cut */
    "\xf1\x80\x80\x7f", /* fourth byte too low */
    "\xf4\x90\x80\x80", /* U+110000 */
    "\xf5\x80\x80\x80", /* above every code point */
    "\xfe",             /* never a byte of UTF-8 */
    "\xff",
};

TEST(what_is_not_utf8_is_found_where_it_stands)
{
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        for (size_t before = 0; before < 10; before++) {
            char text[32];
            int len = snprintf(text, sizeof text, "%.*s%s", (int)before, "abcdefghij", wrong[i]);
            CHECK_INT(ddbs_utf8__check(check_guard(text, (size_t)len), (size_t)len), before);
        }
    }
}

static const char *const right[] = {
    "",
    "plain ASCII, longer than a word",
    "\x7f",
    "\xc2\x80",     /* U+0080 */
    "\xdf\xbf",     /* U+07FF */
    "\xe0\xa0\x80", /* U+0800 */
    "\xec\xbf\xbf",
    "\xed\x80\x80",
    "\xed\x9f\xbf",     /* U+D7FF, before the surrogates */
    "\xee\x80\x80",     /* U+E000, behind them */
    "\xef\xbf\xbf",     /* U+FFFF */
    "\xf0\x90\x80\x80", /* U+10000 */
    "\xf3\xbf\xbf\xbf",
    "\xf4\x8f\xbf\xbf", /* U+10FFFF */
    "seven b\xc3\xa9yond a word",
    "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac",
};

TEST(valid_utf8_passes_whole)
{
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        size_t len = strlen(right[i]);
        CHECK_INT(ddbs_utf8__check(check_guard(right[i], len), len), len);
    }
    CHECK_INT(ddbs_utf8__check("a\0b", 3), 3);
}

TEST(every_code_point_written_is_valid_and_the_next_length_is_not_shorter)
{
    size_t last = 1;
    for (unsigned code = 0; code <= 0x10ffff; code++) {
        char text[4];
        if (code == 0xd800)
            code = 0xe000;
        size_t len = ddbs_utf8__write(text, code);
        if (len < last || len > 4 || ddbs_utf8__check(text, len) != len) {
            CHECK_INT(code, -1); /* names the code point that is wrong */
            return;
        }
        last = len;
    }
    CHECK_INT(last, 4);
}

TEST(code_points_at_the_boundaries_have_their_bytes)
{
    static const struct {
        unsigned code;
        const char *bytes;
    } rows[] = {
        { 0x41, "A" },
        { 0x7f, "\x7f" },
        { 0x80, "\xc2\x80" },
        { 0x7ff, "\xdf\xbf" },
        { 0x800, "\xe0\xa0\x80" },
        { 0xffff, "\xef\xbf\xbf" },
        { 0x10000, "\xf0\x90\x80\x80" },
        { 0x10ffff, "\xf4\x8f\xbf\xbf" },
        { 0x20ac, "\xe2\x82\xac" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[5] = "";
        text[ddbs_utf8__write(text, rows[i].code)] = '\0';
        CHECK_STR(text, rows[i].bytes);
    }
}

/* Every sequence of two bytes, and every change of the second byte of longer ones, against the table. */
TEST(every_pair_of_bytes_is_judged_as_the_table_says)
{
    for (int a = 0; a < 256; a++) {
        for (int b = 0; b < 256; b++) {
            char text[2] = { (char)a, (char)b };
            bool follows = b >= 0x80 && b <= 0xbf;
            size_t want = a < 0x80 ? (b < 0x80 ? 2 : 1) : (a >= 0xc2 && a <= 0xdf && follows) ? 2 : 0;
            if (ddbs_utf8__check(text, 2) != want) {
                CHECK_INT(a * 256 + b, -1);
                return;
            }
        }
    }
}
