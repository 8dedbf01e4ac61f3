/* test_num.c: decimal numbers: what is one, and the conversions; more known answers in test_num_exact.c. */
#include "lib/num.h"
#include "tests/unit/check.h"

#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define NINES_38 "99999999999999999999999999999999999999"
#define ZEROS_40 "0000000000000000000000000000000000000000"

/* A view at a guard page, without a NUL behind it: the length rules. */
static ddbs_num num_of(const char *text)
{
    size_t len = strlen(text);
    return (ddbs_num){ check_guard(text, len), len };
}

static const struct {
    const char *text;
    ddbs_status status;
} judged[] = {
    { "0", DDBS_OK },
    { "-0", DDBS_OK },
    { "+0", DDBS_OK },
    { "007", DDBS_OK },
    { "+1.50", DDBS_OK },
    { "1e5", DDBS_OK },
    { "1E+05", DDBS_OK },
    { "0.0e-0", DDBS_OK },
    { "0e999999999999999999999999999", DDBS_OK }, /* zero has no magnitude */
    { "0.000e-999999999999999999999999", DDBS_OK },
    { NINES_38, DDBS_OK },
    { "-" NINES_38, DDBS_OK },
    { NINES_38 "0", DDBS_OK },
    { "0" NINES_38, DDBS_OK },
    { NINES_38 ".000", DDBS_OK },
    { "0.000" NINES_38, DDBS_OK },
    { "1" ZEROS_40 ZEROS_40 ZEROS_40, DDBS_OK },
    { NINES_38 "9", DDBS_E_LIMIT }, /* 39 digits */
    { "1." NINES_38, DDBS_E_LIMIT },
    { "10000000000000000000000000000000000000.1", DDBS_E_LIMIT },
    { "9.9999999999999999999999999999999999999E125", DDBS_OK },
    { "1E125", DDBS_OK },
    { "9.99E125", DDBS_OK },
    { "1E126", DDBS_E_LIMIT },
    { "-1E126", DDBS_E_LIMIT },
    { "10E125", DDBS_E_LIMIT },
    { "0.1E126", DDBS_OK },
    { "1E-130", DDBS_OK },
    { "-1E-130", DDBS_OK },
    { "10E-131", DDBS_OK },
    { "1.5E-130", DDBS_OK },
    { "9.99E-131", DDBS_E_LIMIT },
    { "1E-131", DDBS_E_LIMIT },
    { "0.1E-130", DDBS_E_LIMIT },
    { "1E999999999999999999999999", DDBS_E_LIMIT },
    { "1E-999999999999999999999999", DDBS_E_LIMIT },
    { "1E18446744073709551616", DDBS_E_LIMIT }, /* 0 where the exponent wraps */
    { "1E4294967296", DDBS_E_LIMIT },
    { "1E-4294967296", DDBS_E_LIMIT },
    { "", DDBS_E_SYNTAX },
    { "-", DDBS_E_SYNTAX },
    { "+", DDBS_E_SYNTAX },
    { "--1", DDBS_E_SYNTAX },
    { "+-1", DDBS_E_SYNTAX },
    { ".5", DDBS_E_SYNTAX },
    { "5.", DDBS_E_SYNTAX },
    { "1.e5", DDBS_E_SYNTAX },
    { "e5", DDBS_E_SYNTAX },
    { "1e", DDBS_E_SYNTAX },
    { "1e+", DDBS_E_SYNTAX },
    { "1e5.0", DDBS_E_SYNTAX },
    { "1e5e5", DDBS_E_SYNTAX },
    { "1.2.3", DDBS_E_SYNTAX },
    { " 1", DDBS_E_SYNTAX },
    { "1 ", DDBS_E_SYNTAX },
    { "1\n", DDBS_E_SYNTAX },
    { "1,5", DDBS_E_SYNTAX },
    { "1_000", DDBS_E_SYNTAX },
    { "0x10", DDBS_E_SYNTAX },
    { "NaN", DDBS_E_SYNTAX },
    { "nan", DDBS_E_SYNTAX },
    { "Infinity", DDBS_E_SYNTAX },
    { "inf", DDBS_E_SYNTAX },
    { "1f", DDBS_E_SYNTAX },
    { "\xd9\xa1", DDBS_E_SYNTAX }, /* an Arabic digit */
};

TEST(a_number_is_what_dynamodb_can_hold)
{
    for (size_t i = 0; i < sizeof judged / sizeof *judged; i++) {
        double f64 = 12345;
        int64_t i64 = 12345;
        uint64_t u64 = 12345;
        int order = 12345;
        char text[DDBS_NUM_TEXT_MAX] = "untouched";
        ddbs_num num = num_of(judged[i].text);
        bool held = CHECK_STATUS(ddbs_num_f64_rounded(num, &f64, NULL), judged[i].status);
        held = CHECK_STATUS(ddbs_num_compare(num, num, &order), judged[i].status) && held;
        held = CHECK_STATUS(ddbs_num_canonical(num, text), judged[i].status) && held;
        if (judged[i].status != DDBS_OK) {
            held = CHECK_STATUS(ddbs_num_i64(num, &i64), judged[i].status) && held;
            held = CHECK_STATUS(ddbs_num_u64(num, &u64), judged[i].status) && held;
            held = CHECK(i64 == 12345 && u64 == 12345 && f64 == 12345 && order == 12345) && held;
            held = CHECK_STR(text, "untouched") && held;
        }
        if (!held)
            CHECK_STR(judged[i].text, "(judged)");
    }
}

TEST(an_absent_or_cut_number_is_no_number)
{
    int64_t out;
    CHECK_STATUS(ddbs_num_i64((ddbs_num){ NULL, 0 }, &out), DDBS_E_SYNTAX);
    CHECK_STATUS(ddbs_num_i64((ddbs_num){ "1\0002", 3 }, &out), DDBS_E_SYNTAX);
    REQUIRE(ddbs_num_i64((ddbs_num){ "123", 2 }, &out) == DDBS_OK);
    CHECK_INT(out, 12);
}

/* ---- Integers ---- */

static const struct {
    const char *text;
    ddbs_status i64, u64;
    int64_t want;
    uint64_t uwant;
} integers[] = {
    { "0", DDBS_OK, DDBS_OK, 0, 0 },
    { "-0", DDBS_OK, DDBS_OK, 0, 0 },
    { "-0.000", DDBS_OK, DDBS_OK, 0, 0 },
    { "1200", DDBS_OK, DDBS_OK, 1200, 1200 },
    { "1.2e3", DDBS_OK, DDBS_OK, 1200, 1200 },
    { "1200.0", DDBS_OK, DDBS_OK, 1200, 1200 },
    { "120000E-2", DDBS_OK, DDBS_OK, 1200, 1200 },
    { "+0001200", DDBS_OK, DDBS_OK, 1200, 1200 },
    { "-7", DDBS_OK, DDBS_E_RANGE, -7, 0 },
    { "9007199254740993", DDBS_OK, DDBS_OK, INT64_C(9007199254740993), UINT64_C(9007199254740993) },
    { "9223372036854775807", DDBS_OK, DDBS_OK, INT64_MAX, INT64_MAX },
    { "9223372036854775808", DDBS_E_RANGE, DDBS_OK, 0, UINT64_C(9223372036854775808) },
    { "-9223372036854775808", DDBS_OK, DDBS_E_RANGE, INT64_MIN, 0 },
    { "-9223372036854775809", DDBS_E_RANGE, DDBS_E_RANGE, 0, 0 },
    { "18446744073709551615", DDBS_E_RANGE, DDBS_OK, 0, UINT64_MAX },
    { "18446744073709551616", DDBS_E_RANGE, DDBS_E_RANGE, 0, 0 },
    { "-18446744073709551616", DDBS_E_RANGE, DDBS_E_RANGE, 0, 0 },
    { "99999999999999999999", DDBS_E_RANGE, DDBS_E_RANGE, 0, 0 },
    { NINES_38, DDBS_E_RANGE, DDBS_E_RANGE, 0, 0 },
    { "1E19", DDBS_E_RANGE, DDBS_OK, 0, UINT64_C(10000000000000000000) },
    { "1E125", DDBS_E_RANGE, DDBS_E_RANGE, 0, 0 },
    { "0.5", DDBS_E_INEXACT, DDBS_E_INEXACT, 0, 0 },
    { "1E-130", DDBS_E_INEXACT, DDBS_E_INEXACT, 0, 0 },
    { "-0.1", DDBS_E_INEXACT, DDBS_E_RANGE, 0, 0 },
    { "9007199254740993.1", DDBS_E_INEXACT, DDBS_E_INEXACT, 0, 0 },
};

TEST(integers_are_exact_or_an_error)
{
    for (size_t i = 0; i < sizeof integers / sizeof *integers; i++) {
        int64_t i64 = 777;
        uint64_t u64 = 777;
        ddbs_num num = num_of(integers[i].text);
        bool held = CHECK_STATUS(ddbs_num_i64(num, &i64), integers[i].i64);
        held = CHECK_INT(i64, integers[i].i64 == DDBS_OK ? integers[i].want : 777) && held;
        held = CHECK_STATUS(ddbs_num_u64(num, &u64), integers[i].u64) && held;
        held = CHECK(u64 == (integers[i].u64 == DDBS_OK ? integers[i].uwant : 777)) && held;
        if (!held)
            CHECK_STR(integers[i].text, "(converted)");
    }
}

static const struct {
    const char *text;
    int scale;
    ddbs_status status;
    int64_t want;
} scaled[] = {
    { "12.50", 2, DDBS_OK, 1250 },
    { "12.505", 2, DDBS_E_INEXACT, 0 },
    { "12.505", 3, DDBS_OK, 12505 },
    { "12.5", 200, DDBS_E_RANGE, 0 },
    { "0", 200, DDBS_OK, 0 },
    { "-0", -200, DDBS_OK, 0 },
    { "-12.5", 1, DDBS_OK, -125 },
    { "1200", -2, DDBS_OK, 12 },
    { "1250", -2, DDBS_E_INEXACT, 0 },
    { "1E-130", 130, DDBS_OK, 1 },
    { "1E-130", 129, DDBS_E_INEXACT, 0 },
    { "1E125", -125, DDBS_OK, 1 },
    { "-92233720368547758.08", 2, DDBS_OK, INT64_MIN },
    { "92233720368547758.08", 2, DDBS_E_RANGE, 0 },
    { "92233720368547758.07", 2, DDBS_OK, INT64_MAX },
    { "1", 201, DDBS_E_USAGE, 0 },
    { "1", -201, DDBS_E_USAGE, 0 },
    { "x", 2, DDBS_E_SYNTAX, 0 },
    { "1E126", 2, DDBS_E_LIMIT, 0 },
};

TEST(amounts_are_scaled_exactly)
{
    for (size_t i = 0; i < sizeof scaled / sizeof *scaled; i++) {
        int64_t got = 777;
        bool held = CHECK_STATUS(ddbs_num_scaled(num_of(scaled[i].text), scaled[i].scale, &got), scaled[i].status);
        if (!CHECK_INT(got, scaled[i].status == DDBS_OK ? scaled[i].want : 777) || !held)
            CHECK_STR(scaled[i].text, "(scaled)");
    }
}

TEST(the_integers_around_the_limits_of_int64_come_back)
{
    for (int64_t i = 0; i < 100; i++) {
        char low[32], high[32];
        int64_t got;
        snprintf(low, sizeof low, "%" PRId64, INT64_MIN + i);
        snprintf(high, sizeof high, "%" PRId64 ".000e0", INT64_MAX - i);
        CHECK(ddbs_num_i64((ddbs_num){ low, strlen(low) }, &got) == DDBS_OK && got == INT64_MIN + i);
        CHECK(ddbs_num_i64((ddbs_num){ high, strlen(high) }, &got) == DDBS_OK && got == INT64_MAX - i);
    }
}

/* ---- Doubles ---- */

static const struct {
    const char *text;
    double want;
} doubles[] = {
    { "0.1", 0x1.999999999999ap-4 },
    { "-0.1", -0x1.999999999999ap-4 },
    { "0.5", 0.5 },
    { "1E23", 0x1.52d02c7e14af6p+76 }, /* halfway in 53 bits, but for a trifle */
    { "9007199254740992", 0x1p+53 },
    { "9007199254740993", 0x1p+53 }, /* halfway: to even */
    { "9007199254740995", 0x1.0000000000002p+53 },
    { "9007199254740993.0000000000000000000001", 0x1.0000000000001p+53 },
    { "9007199254740992.9999999999999999999999", 0x1p+53 },
    { "1.0000000000000001110223024625156540423", 0x1p+0 }, /* below the half of the last place */
    { "1.0000000000000001110223024625156540424", 0x1.0000000000001p+0 },
    { "1E125", 0x1.2e8bd69aa19ccp+415 },
    { "1E-130", 0x1.1bebdf578b2f4p-432 },
    { "18446744073709551615", 0x1p+64 },
    { NINES_38, 0x1.2ced32a16a1b1p+126 },
};

TEST(a_rounded_double_is_the_nearest_one_ties_to_even)
{
    for (size_t i = 0; i < sizeof doubles / sizeof *doubles; i++) {
        double got = 0;
        CHECK_STATUS(ddbs_num_f64_rounded(num_of(doubles[i].text), &got, NULL), DDBS_OK);
        if (!CHECK(got == doubles[i].want))
            printf("# %s is %a, not %a\n", doubles[i].text, got, doubles[i].want);
    }
}

TEST(minus_zero_is_a_zero_with_its_sign)
{
    double got = 1;
    REQUIRE(ddbs_num_f64_rounded(num_of("-0.00"), &got, NULL) == DDBS_OK);
    CHECK(got == 0 && signbit(got));
    REQUIRE(ddbs_num_f64_rounded(num_of("0"), &got, NULL) == DDBS_OK);
    CHECK(got == 0 && !signbit(got));
}

static uint64_t state;

/* xorshift: the same numbers in every run. */
static uint64_t next_random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* A number of DynamoDB: 1 to 38 digits, a point among them, an exponent. */
static void random_number(char *out, size_t size)
{
    char digits[39];
    size_t count = 1 + next_random() % 38, point = next_random() % (count + 1);
    for (size_t i = 0; i < count; i++)
        digits[i] = (char)('0' + next_random() % 10);
    digits[count] = '\0';
    int exponent = (int)(next_random() % 216) - 130 + (int)(count - point);
    snprintf(out, size, "%s%.*s%s%s%se%d", next_random() % 2 ? "-" : "", (int)point, digits, point == 0 ? "0" : "",
             point < count ? "." : "", digits + point, exponent);
}

static bool agrees_with_strtod(const char *text)
{
    double got = 0;
    ddbs_status status = ddbs_num_f64_rounded((ddbs_num){ text, strlen(text) }, &got, NULL);
    double want = strtod(text, NULL);
    if (status == DDBS_E_LIMIT)
        return fabs(want) < 1e-130 || fabs(want) >= 1e126;
    return CHECK_STATUS(status, DDBS_OK) && CHECK(memcmp(&got, &want, sizeof got) == 0);
}

TEST(random_numbers_convert_as_strtod_does)
{
    state = 88172645463325252;
    for (int i = 0; i < 200000; i++) {
        char text[64];
        random_number(text, sizeof text);
        if (!agrees_with_strtod(text)) {
            CHECK_STR(text, "(as strtod)");
            return;
        }
    }
}

/* Integers of 54 and 55 bits that lie right between two doubles, and their neighbours a trifle away. */
TEST(halfway_cases_convert_as_strtod_does)
{
    state = 2463534242;
    for (int i = 0; i < 50000; i++) {
        static const char *const tails[] = {
            "", ".0", ".00000000000000000001", ".99999999999999999999", "e-100", "e60"
        };
        uint64_t mantissa = (next_random() >> 11) | (UINT64_C(1) << 52);
        char text[64];
        snprintf(text, sizeof text, "%" PRIu64 "%s", mantissa * 2 + 1, tails[i % 6]);
        REQUIRE(agrees_with_strtod(text));
        snprintf(text, sizeof text, "%" PRIu64 "%s", mantissa * 4 + 2, tails[i % 6]);
        REQUIRE(agrees_with_strtod(text));
    }
}

static const char *const comma_locales[] = { "de_DE.UTF-8", "de_DE.utf8",  "de_DE",       "fr_FR.UTF-8", "fr_FR.utf8",
                                             "fr_FR",       "es_ES.UTF-8", "nl_NL.UTF-8", "pl_PL.UTF-8" };

static bool set_comma_locale(void)
{
    for (size_t i = 0; i < sizeof comma_locales / sizeof *comma_locales; i++) {
        if (setlocale(LC_ALL, comma_locales[i]) != NULL && strcmp(localeconv()->decimal_point, ",") == 0)
            return true;
    }
    setlocale(LC_ALL, "C");
    return false;
}

static void no_locale_changes_a_number(void)
{
    double got = 0;
    char text[DDBS_NUM_TEXT_MAX];
    REQUIRE(set_comma_locale());
    CHECK(ddbs_num_f64_rounded(num_of("1234.5"), &got, NULL) == DDBS_OK && got == 1234.5);
    CHECK_STATUS(ddbs_num_f64_rounded(num_of("1234,5"), &got, NULL), DDBS_E_SYNTAX);
    REQUIRE(ddbs_num_canonical(num_of("1234.50"), text) == DDBS_OK);
    CHECK_STR(text, "1234.5");
    setlocale(LC_ALL, "C");
}

/* A test only where there is a locale to test with. */
__attribute__((constructor)) static void register_locale_test(void)
{
    static struct check_test test = { "no_locale_changes_a_number", no_locale_changes_a_number, NULL };
    if (set_comma_locale())
        check_register(&test);
    setlocale(LC_ALL, "C");
}
