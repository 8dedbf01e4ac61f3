/* test_base64.c: canonical base64 and nothing else. */
#include "lib/base64.h"
#include "tests/unit/check.h"

static const struct {
    const char *text;
    const char *bytes;
    size_t len;
} known[] = {
    /* RFC 4648 section 10 */
    { "", "", 0 },
    { "Zg==", "f", 1 },
    { "Zm8=", "fo", 2 },
    { "Zm9v", "foo", 3 },
    { "Zm9vYg==", "foob", 4 },
    { "Zm9vYmE=", "fooba", 5 },
    { "Zm9vYmFy", "foobar", 6 },
    { "AAAA", "\0\0\0", 3 },
    { "////", "\xff\xff\xff", 3 },
    { "+/+/", "\xfb\xff\xbf", 3 },
    { "/w==", "\xff", 1 },
    { "//8=", "\xff\xff", 2 },
};

TEST(known_answers_decode_and_encode)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        char out[16], text[17];
        size_t len = strlen(known[i].text), used = 99;
        REQUIRE(ddbs_base64__decode(out, check_guard(known[i].text, len), len, &used));
        CHECK_INT(used, known[i].len);
        CHECK(memcmp(out, known[i].bytes, known[i].len) == 0);
        CHECK_INT(ddbs_base64__encoded(known[i].len), len);
        ddbs_base64__encode(text, (const unsigned char *)check_guard(known[i].bytes, known[i].len), known[i].len);
        text[len] = '\0';
        CHECK_STR(text, known[i].text);
    }
}

static const char *const wrong[] = {
    "A",
    "AA",
    "AAA",
    "AAAAA",
    "AAAAAA",
    "AAAAAAA", /* no multiple of four */
    "AA=",
    "A===",
    "====",
    "=AAA",
    "A=AA",
    "AA=A", /* padding elsewhere */
    "AA==AAAA",
    "AAA=AAAA",
    "AAAA====",
    "AAAA=AAA",
    "AAAA==AA", /* padding before the end */
    "Zh==",
    "Zi==",
    "Zv==",
    "Zm9=",
    "Zm8==",
    "/x==", /* unused bits that are not zero */
    "AA-A",
    "AA_A",
    "AA A",
    "AAA ",
    " AAA",
    "AAA\n", /* other alphabets, blanks */
    "AA\x80"
    "A",
    "AA.A",
    "AAA*",
    "\xc3\xa9"
    "AA",
};

TEST(what_is_not_canonical_is_refused)
{
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char out[16];
        size_t used;
        size_t len = strlen(wrong[i]);
        if (!CHECK(!ddbs_base64__decode(out, check_guard(wrong[i], len), len, &used)))
            CHECK_STR(wrong[i], "(refused)");
    }
    char out[4];
    size_t used;
    CHECK(!ddbs_base64__decode(out, "AA\0A", 4, &used));
}

/* Of the 256 bytes, exactly the 64 of the alphabet stand for something, each for another value. */
TEST(every_byte_at_every_place_of_a_group_is_judged)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int place = 0; place < 4; place++) {
        for (int byte = 0; byte < 256; byte++) {
            char text[4] = { 'A', 'A', 'A', 'A' };
            unsigned char out[4];
            size_t used = 0;
            const char *at = byte == 0 ? NULL : strchr(alphabet, byte);
            text[place] = (char)byte;
            bool accepted = ddbs_base64__decode((char *)out, text, 4, &used);
            if (byte == '=' && place == 3) {
                CHECK(accepted && used == 2);
                continue;
            }
            REQUIRE(accepted == (at != NULL));
            if (accepted)
                CHECK_INT((unsigned)out[0] << 16 | (unsigned)out[1] << 8 | out[2], (unsigned)(at - alphabet)
                                                                                       << (18 - 6 * place));
        }
    }
}

/* Deterministic bytes of every length, through encode, decode in place, and back. */
TEST(decoding_in_place_gives_back_what_was_encoded)
{
    unsigned char bytes[100];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 167 + 13);
    for (size_t len = 0; len <= sizeof bytes; len++) {
        char text[136];
        size_t size = ddbs_base64__encoded(len), used = 0;
        ddbs_base64__encode(text, bytes, len);
        char *place = check_guard(text, size);
        REQUIRE(ddbs_base64__decode(place, place, size, &used));
        CHECK_INT(used, len);
        CHECK(memcmp(place, bytes, len) == 0);
    }
}
