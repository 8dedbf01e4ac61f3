/* test_num_order.c: comparing numbers, and their canonical form. */
#include "tests/unit/check.h"

#include <ddbstream/num.h>
#include <stdio.h>

#define NINES_38 "99999999999999999999999999999999999999"

/* Ascending; what stands in one row is equal. */
static const char *const ascending[][4] = {
    { "-9.99E125" },
    { "-1E125", "-10E124" },
    { "-" NINES_38 },
    { "-99999999999999999999999999999999999998" },
    { "-9007199254740993" },
    { "-9007199254740992" },
    { "-100", "-1E2", "-100.00" },
    { "-99.99" },
    { "-10" },
    { "-9" },
    { "-1.10", "-1.1", "-0.11E1" },
    { "-1.01" },
    { "-1" },
    { "-0.5" },
    { "-1E-130" },
    { "0", "-0", "0.000", "-0E99" },
    { "1E-130", "0.1E-129", "10E-131" },
    { "1.5E-130" },
    { "2E-130" },
    { "0.1", "0.10", "1E-1", "+00.1" },
    { "0.12" },
    { "0.2" },
    { "1", "1.0", "1E0", "+1" },
    { "1.01" },
    { "1.1", "1.10", "11E-1" },
    { "2" },
    { "9" },
    { "10", "1E1" },
    { "11" },
    { "100" },
    { "101" },
    { "9007199254740992" },
    { "9007199254740993", "9007199254740993.0" },
    { "9007199254740993.00000000000000000001" },
    { "18446744073709551615" },
    { "18446744073709551616" },
    { NINES_38 },
    { "1E38" },
    { "1E125" },
    { "9.99E125" },
};
enum { ROWS = sizeof ascending / sizeof *ascending };

static ddbs_num num_of(const char *text)
{
    return (ddbs_num){ text, strlen(text) };
}

static int sign(int value)
{
    return (value > 0) - (value < 0);
}

static void check_pair(const char *a, const char *b, int want)
{
    int order = 99, back = 99;
    bool held = CHECK_STATUS(ddbs_num_compare(num_of(a), num_of(b), &order), DDBS_OK) &&
                CHECK_STATUS(ddbs_num_compare(num_of(b), num_of(a), &back), DDBS_OK) && CHECK_INT(sign(order), want) &&
                CHECK_INT(sign(back), -want);
    if (!held)
        printf("# %s and %s\n", a, b);
}

TEST(numbers_are_totally_ordered_by_value)
{
    for (int i = 0; i < ROWS; i++) {
        for (int k = 0; k < ROWS; k++) {
            for (int n = 0; n < 4 && ascending[i][n] != NULL; n++)
                check_pair(ascending[i][n], ascending[k][0], sign(i - k));
        }
    }
}

TEST(comparing_with_what_is_no_number_is_an_error)
{
    int order = 99;
    CHECK_STATUS(ddbs_num_compare(num_of("1"), num_of("x"), &order), DDBS_E_SYNTAX);
    CHECK_STATUS(ddbs_num_compare(num_of(""), num_of("1"), &order), DDBS_E_SYNTAX);
    CHECK_STATUS(ddbs_num_compare(num_of("1"), num_of("1E126"), &order), DDBS_E_LIMIT);
    CHECK_INT(order, 99);
}

static const struct {
    const char *text, *want;
} canonical[] = {
    { "0", "0" },
    { "-0", "0" },
    { "0.000", "0" },
    { "-0E-99", "0" },
    { "12.50", "12.5" },
    { "+12.5", "12.5" },
    { "-007", "-7" },
    { "1E2", "100" },
    { "1.5e3", "1500" },
    { "1E-1", "0.1" },
    { "0.1", "0.1" },
    { "-0.10", "-0.1" },
    { "9007199254740993", "9007199254740993" },
    { "-9223372036854775808", "-9223372036854775808" },
    { "18446744073709551615", "18446744073709551615" },
    { NINES_38, NINES_38 },
    { "-" NINES_38, "-" NINES_38 },
    { "0." NINES_38, "0." NINES_38 },
    { "-0." NINES_38, "-0." NINES_38 },
    { "1E37", "10000000000000000000000000000000000000" },
    { "1E38", "1E+38" },
    { "1E-38", "0.00000000000000000000000000000000000001" },
    { "1E-39", "1E-39" },
    { "0.0" NINES_38, "9.9999999999999999999999999999999999999E-2" },
    { "1.5E40", "1.5E+40" },
    { "15E39", "1.5E+40" },
    { "-1E-130", "-1E-130" },
    { "9.99E125", "9.99E+125" },
    { NINES_38 "E88", "9.9999999999999999999999999999999999999E+125" },
    { "-" NINES_38 "E-167", "-9.9999999999999999999999999999999999999E-130" },
};

TEST(the_canonical_form_is_one_text_for_all_equal_numbers)
{
    for (size_t i = 0; i < sizeof canonical / sizeof *canonical; i++) {
        char text[DDBS_NUM_TEXT_MAX] = "", again[DDBS_NUM_TEXT_MAX] = "";
        if (!CHECK_STATUS(ddbs_num_canonical(num_of(canonical[i].text), text), DDBS_OK))
            printf("# %s\n", canonical[i].text);
        CHECK_STR(text, canonical[i].want);
        CHECK_STATUS(ddbs_num_canonical(num_of(text), again), DDBS_OK);
        CHECK_STR(again, text);
    }
    for (int i = 0; i < ROWS; i++) {
        char first[DDBS_NUM_TEXT_MAX] = "", other[DDBS_NUM_TEXT_MAX] = "";
        CHECK_STATUS(ddbs_num_canonical(num_of(ascending[i][0]), first), DDBS_OK);
        for (int n = 1; n < 4 && ascending[i][n] != NULL; n++) {
            CHECK_STATUS(ddbs_num_canonical(num_of(ascending[i][n]), other), DDBS_OK);
            CHECK_STR(other, first);
        }
    }
}

/* 10 to the 125th in plain digits: the longest whole number there is. */
TEST(a_number_of_126_digits_is_its_short_form)
{
    char digits[127] = "1", text[DDBS_NUM_TEXT_MAX];
    int order = 99;
    memset(digits + 1, '0', 125);
    CHECK_STATUS(ddbs_num_compare(num_of(digits), num_of("1E125"), &order), DDBS_OK);
    CHECK_INT(order, 0);
    REQUIRE(ddbs_num_canonical(num_of(digits), text) == DDBS_OK);
    CHECK_STR(text, "1E+125");
}
