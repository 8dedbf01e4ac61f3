/* test_num_exact.c: known answers of the conversions that are exact: numbers that other libraries get wrong. */
#include "tests/unit/check.h"

#include <ddbstream/num.h>
#include <math.h>
#include <stdio.h>

#define NINES_38   "99999999999999999999999999999999999999"
#define ZEROS_25   "0000000000000000000000000"
#define DIGITS_126 "1" ZEROS_25 ZEROS_25 ZEROS_25 ZEROS_25 ZEROS_25

/* A view at a guard page, without a NUL behind it: the length rules. */
static ddbs_num num_of(const char *text)
{
    size_t len = strlen(text);
    return (ddbs_num){ check_guard(text, len), len };
}

static void about(const char *text, bool held)
{
    if (!held)
        printf("# with %s\n", text);
}

/* ---- Doubles ---- */

static const struct {
    const char *text;
    double nearest;
    bool exact;
} doubles[] = {
    { "0", 0, true },
    { "0.5", 0.5, true },
    { "5E-1", 0.5, true },
    { "-0.500", -0.5, true },
    { "1.10", 0x1.199999999999ap+0, false },
    { "0.1", 0x1.999999999999ap-4, false },
    { "-0.1", -0x1.999999999999ap-4, false },
    { "0.125", 0x1p-3, true },
    { "9007199254740991", 0x1.fffffffffffffp+52, true },
    { "9007199254740992", 0x1p+53, true },
    { "9007199254740993", 0x1p+53, false },
    { "-9007199254740993", -0x1p+53, false },
    { "9007199254740994", 0x1.0000000000001p+53, true },
    { "9007199254740992.000", 0x1p+53, true },
    { "9007199254740992.001", 0x1p+53, false },
    { "-9223372036854775808", -0x1p+63, true },
    { "18446744073709551615", 0x1p+64, false },
    { "18446744073709551616", 0x1p+64, true },
    { "1E22", 0x1.0f0cf064dd592p+73, true }, /* the largest power of ten that a double has: 5^22 has 52 bits */
    { "1E23", 0x1.52d02c7e14af6p+76, false },
    { DIGITS_126, 0x1.2e8bd69aa19ccp+415, false },
    { "1E125", 0x1.2e8bd69aa19ccp+415, false },
    { "1E-130", 0x1.1bebdf578b2f4p-432, false },
    { NINES_38, 0x1.2ced32a16a1b1p+126, false },
    { "85070591730234615865843651857942052864", 0x1p+126, true },  /* 38 digits */
    { "85070591730234615865843651857942052865", 0x1p+126, false }, /* one more in the last */
    { "0.0000000000582076609134674072265625", 0x1p-34, true },
    { "0.0000000000582076609134674072265626", 0x1.0000000000000p-34, false },
};

TEST(a_double_has_the_value_or_is_refused)
{
    for (size_t i = 0; i < sizeof doubles / sizeof *doubles; i++) {
        double got = 777;
        bool held =
            CHECK_STATUS(ddbs_num_f64(num_of(doubles[i].text), &got), doubles[i].exact ? DDBS_OK : DDBS_E_INEXACT);
        held = CHECK(got == (doubles[i].exact ? doubles[i].nearest : 777)) && held;
        about(doubles[i].text, held);
    }
}

TEST(a_rounded_double_says_whether_it_differs)
{
    for (size_t i = 0; i < sizeof doubles / sizeof *doubles; i++) {
        double got = 777, alone = 777;
        bool inexact = doubles[i].exact; /* the wrong answer */
        bool held = CHECK_STATUS(ddbs_num_f64_rounded(num_of(doubles[i].text), &got, &inexact), DDBS_OK);
        held = CHECK(got == doubles[i].nearest) && CHECK(inexact == !doubles[i].exact) && held;
        held = CHECK_STATUS(ddbs_num_f64_rounded(num_of(doubles[i].text), &alone, NULL), DDBS_OK) && held;
        held = CHECK(alone == got) && held;
        about(doubles[i].text, held);
    }
}

TEST(minus_zero_is_exactly_a_zero)
{
    double got = 1;
    bool inexact = true;
    REQUIRE(ddbs_num_f64(num_of("-0"), &got) == DDBS_OK);
    CHECK(got == 0 && signbit(got));
    REQUIRE(ddbs_num_f64(num_of("0E-300"), &got) == DDBS_OK);
    CHECK(got == 0 && !signbit(got));
    REQUIRE(ddbs_num_f64_rounded(num_of("-0.0E+999"), &got, &inexact) == DDBS_OK);
    CHECK(got == 0 && signbit(got) && !inexact);
}

/* Every power of two that 38 digits can write, and the number one step of the last digit beside it. */
TEST(powers_of_two_are_exact_and_their_neighbours_are_not)
{
    char text[64];
    for (int power = 0; power <= 126; power++) {
        double got = 0, want = ldexp(1, power);
        snprintf(text, sizeof text, "%.0f", want);
        bool held = CHECK_STATUS(ddbs_num_f64(num_of(text), &got), DDBS_OK) && CHECK(got == want);
        if (power > 53) {
            text[strlen(text) - 1]++; /* a power of two ends in 2, 4, 6 or 8 */
            held = CHECK_STATUS(ddbs_num_f64(num_of(text), &got), DDBS_E_INEXACT) && CHECK(got == want) && held;
        }
        about(text, held);
    }
}

/* ---- 128 bits ---- */

static ddbs_i128 wide(uint64_t high, uint64_t low)
{
    return (ddbs_i128)high << 64 | low;
}

/* INT128_MAX itself has 39 digits, which no number of DynamoDB has. */
TEST(the_largest_128_bit_integer_is_over_the_limit_of_digits)
{
    static const char *const texts[] = {
        "170141183460469231731687303715884105727",
        "170141183460469231731687303715884105728",
        "-170141183460469231731687303715884105728",
        "-170141183460469231731687303715884105729",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        ddbs_i128 got = 777;
        about(texts[i], CHECK_STATUS(ddbs_num_i128(num_of(texts[i]), &got), DDBS_E_LIMIT) && CHECK(got == 777));
    }
}

TEST(all_whole_numbers_of_38_digits_fit_into_128_bits)
{
    const ddbs_i128 nines = wide(UINT64_C(0x4B3B4CA85A86C47A), UINT64_C(0x098A223FFFFFFFFF));
    ddbs_i128 got = 0;
    REQUIRE(ddbs_num_i128(num_of(NINES_38), &got) == DDBS_OK);
    CHECK(got == nines);
    REQUIRE(ddbs_num_i128(num_of("-" NINES_38 ".000"), &got) == DDBS_OK);
    CHECK(got == -nines);
    REQUIRE(ddbs_num_i128(num_of("18446744073709551616"), &got) == DDBS_OK);
    CHECK(got == wide(1, 0));
    REQUIRE(ddbs_num_i128(num_of("-0"), &got) == DDBS_OK);
    CHECK(got == 0);
    REQUIRE(ddbs_num_i128(num_of("-9223372036854775808"), &got) == DDBS_OK);
    CHECK(got == INT64_MIN);
}

TEST(numbers_of_39_places_fit_into_128_bits_up_to_the_limit)
{
    const ddbs_i128 max = wide(INT64_MAX, UINT64_MAX);
    ddbs_i128 got = 0;
    REQUIRE(ddbs_num_i128(num_of("170141183460469231731687303715884105720"), &got) == DDBS_OK);
    CHECK(got == max - 7);
    REQUIRE(ddbs_num_i128(num_of("-1.7014118346046923173168730371588410572E38"), &got) == DDBS_OK);
    CHECK(got == -max + 7);
    got = 777;
    CHECK_STATUS(ddbs_num_i128(num_of("170141183460469231731687303715884105730"), &got), DDBS_E_RANGE);
    CHECK_STATUS(ddbs_num_i128(num_of("-170141183460469231731687303715884105730"), &got), DDBS_E_RANGE);
    CHECK_STATUS(ddbs_num_i128(num_of("2E38"), &got), DDBS_E_RANGE);
    CHECK_STATUS(ddbs_num_i128(num_of("4E38"), &got), DDBS_E_RANGE); /* over 2^128 */
    CHECK_STATUS(ddbs_num_i128(num_of("1E125"), &got), DDBS_E_RANGE);
    CHECK_STATUS(ddbs_num_i128(num_of("1E-130"), &got), DDBS_E_INEXACT);
    CHECK_STATUS(ddbs_num_i128(num_of("-0.5"), &got), DDBS_E_INEXACT);
    CHECK(got == 777);
}

/* ---- Whole numbers and equality ---- */

static const struct {
    const char *text;
    bool whole;
} wholes[] = {
    { "7", true },
    { "7.00", true },
    { "1E+3", true },
    { "1.5E1", true },
    { "0", true },
    { "-0", true },
    { "0.000", true },
    { "0E-130", true },
    { "120E-1", true },
    { "1E125", true },
    { DIGITS_126, true },
    { NINES_38, true },
    { "7.5", false },
    { "0.1", false },
    { "1.5E0", false },
    { "125E-1", false },
    { "1E-130", false },
    { "-0.5", false },
    { "9007199254740993.1", false },
};

TEST(whole_numbers_are_told_from_others)
{
    for (size_t i = 0; i < sizeof wholes / sizeof *wholes; i++) {
        bool got = !wholes[i].whole;
        bool held = CHECK_STATUS(ddbs_num_is_integer(num_of(wholes[i].text), &got), DDBS_OK);
        about(wholes[i].text, CHECK(got == wholes[i].whole) && held);
    }
}

static const struct {
    const char *a, *b;
    bool equal;
} pairs[] = {
    { "1.10", "1.1", true },
    { "1.1", "1.10000000000000000000000000000000000000000", true },
    { "0", "-0", true },
    { "-0.000", "0E125", true },
    { "1E125", DIGITS_126, true },
    { "1200", "1.2e3", true },
    { "0.001", "1E-3", true },
    { "9007199254740993", "9007199254740992", false }, /* the same double */
    { "18446744073709551615", "18446744073709551616", false },
    { NINES_38, "1E38", false },
    { "0.1", "0.1000000000000000055511151231257827021", false }, /* the same double */
    { "1", "-1", false },
    { "1E-130", "0", false },
};

TEST(equality_is_by_value)
{
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        bool forth = !pairs[i].equal, back = !pairs[i].equal;
        bool held = CHECK_STATUS(ddbs_num_equal(num_of(pairs[i].a), num_of(pairs[i].b), &forth), DDBS_OK);
        held = CHECK_STATUS(ddbs_num_equal(num_of(pairs[i].b), num_of(pairs[i].a), &back), DDBS_OK) && held;
        about(pairs[i].a, CHECK(forth == pairs[i].equal && back == pairs[i].equal) && held);
    }
}

static const struct {
    const char *text, *canonical;
} canonicals[] = {
    { "1.10", "1.1" },
    { "+0012.50", "12.5" },
    { "-0", "0" },
    { "100", "100" },
    { "1E2", "100" },
    { DIGITS_126, "1E+125" },
    { NINES_38, NINES_38 },
    { "9007199254740993.0", "9007199254740993" },
    { "1E-38", "0.00000000000000000000000000000000000001" },
    { "1E-39", "1E-39" },
    { "15E+39", "1.5E+40" },
};

TEST(trailing_zeros_and_forms_are_gone_from_the_canonical_text)
{
    for (size_t i = 0; i < sizeof canonicals / sizeof *canonicals; i++) {
        char text[DDBS_NUM_TEXT_MAX] = "";
        bool held = CHECK_STATUS(ddbs_num_canonical(num_of(canonicals[i].text), text), DDBS_OK);
        about(canonicals[i].text, CHECK_STR(text, canonicals[i].canonical) && held);
    }
}

/* ---- Refusals ---- */

static const struct {
    const char *text;
    ddbs_status status;
} refused[] = {
    { "", DDBS_E_SYNTAX },
    { "-", DDBS_E_SYNTAX },
    { "1.", DDBS_E_SYNTAX },
    { ".5", DDBS_E_SYNTAX },
    { "1e", DDBS_E_SYNTAX },
    { "0x1p3", DDBS_E_SYNTAX },
    { "NaN", DDBS_E_SYNTAX },
    { "inf", DDBS_E_SYNTAX },
    { "1 ", DDBS_E_SYNTAX },
    { "1" NINES_38, DDBS_E_LIMIT },
    { "1E126", DDBS_E_LIMIT },
    { "1E-131", DDBS_E_LIMIT },
    { DIGITS_126 "0", DDBS_E_LIMIT },
};

TEST(what_is_no_number_is_refused_and_nothing_is_written)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        ddbs_num num = num_of(refused[i].text);
        double exact = 777, rounded = 777;
        ddbs_i128 i128 = 777;
        bool inexact = true, whole = true;
        bool held = CHECK_STATUS(ddbs_num_f64(num, &exact), refused[i].status);
        held = CHECK_STATUS(ddbs_num_f64_rounded(num, &rounded, &inexact), refused[i].status) && held;
        held = CHECK_STATUS(ddbs_num_f64_rounded(num, &rounded, NULL), refused[i].status) && held;
        held = CHECK_STATUS(ddbs_num_i128(num, &i128), refused[i].status) && held;
        held = CHECK_STATUS(ddbs_num_is_integer(num, &whole), refused[i].status) && held;
        held = CHECK(exact == 777 && rounded == 777 && i128 == 777 && inexact && whole) && held;
        inexact = whole = false;
        held = CHECK_STATUS(ddbs_num_f64_rounded(num, &rounded, &inexact), refused[i].status) && held;
        held = CHECK_STATUS(ddbs_num_is_integer(num, &whole), refused[i].status) && held;
        about(refused[i].text, CHECK(!inexact && !whole) && held);
    }
}

TEST(equality_with_what_is_no_number_is_refused)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        ddbs_num num = num_of(refused[i].text), one = num_of("1");
        bool yes = true, no = false;
        bool held = CHECK_STATUS(ddbs_num_equal(num, one, &yes), refused[i].status);
        held = CHECK_STATUS(ddbs_num_equal(one, num, &no), refused[i].status) && held;
        about(refused[i].text, CHECK(yes && !no) && held);
    }
}
