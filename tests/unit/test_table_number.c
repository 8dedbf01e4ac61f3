/* test_table_number.c: runtime/table/number: exact sums, stored text, order as bytes. */
#include "check.h"
#include "runtime/table/number.h"

static struct decimal number(const char *text)
{
    struct decimal decimal = { .count = -1 };
    CHECK_STATUS(ddbs_num__parse((ddbs_num){ text, strlen(text) }, &decimal), DDBS_OK);
    return decimal;
}

TEST(sums_are_exact_or_an_error)
{
    static const char nines[] = "99999999999999999999999999999999999999"; /* 38 */
    static const struct {
        const char *a, *b;
        bool minus;
        ddbs_status status;
        const char *sum;
    } cases[] = {
        { "0.1", "0.2", false, DDBS_OK, "0.3" },
        { "1", "-1", false, DDBS_OK, "0" },
        { "2", "5", true, DDBS_OK, "-3" },
        { "-2", "-5", true, DDBS_OK, "3" },
        { "-2", "5", true, DDBS_OK, "-7" },
        { "0", "0", true, DDBS_OK, "0" },
        { "-0", "0", false, DDBS_OK, "0" },
        { "9007199254740993", "1", false, DDBS_OK, "9007199254740994" },
        { nines, "1", false, DDBS_OK, "100000000000000000000000000000000000000" },
        { nines, "0.1", false, DDBS_E_INEXACT, NULL },
        { "1e38", "1", false, DDBS_E_INEXACT, NULL },
        { "1e37", "1", false, DDBS_OK, "10000000000000000000000000000000000001" },
        { "9e125", "9e125", false, DDBS_E_RANGE, NULL },
        { "1.1e-130", "1e-130", true, DDBS_E_LIMIT, NULL },
        { "1e-130", "1e-130", true, DDBS_OK, "0" },
        { "1e125", "1e-130", false, DDBS_E_INEXACT, NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct decimal a = number(cases[i].a), b = number(cases[i].b), sum;
        char text[NUMBER_TEXT_MAX];
        CHECK_STATUS(number_add(&a, &b, cases[i].minus, &sum), cases[i].status);
        if (cases[i].status == DDBS_OK) {
            number_plain(&sum, text);
            CHECK_STR(text, cases[i].sum);
        }
    }
}

TEST(numbers_are_stored_as_plain_digits)
{
    static const char *const cases[][2] = {
        { "1.50", "1.5" },   { "1E2", "100" },     { "-0", "0" },     { "007", "7" },     { "+3.10", "3.1" },
        { "1e-3", "0.001" }, { "-2E-2", "-0.02" }, { "0.10e1", "1" }, { "12.5", "12.5" }, { "120e-1", "12" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct decimal decimal = number(cases[i][0]);
        char text[NUMBER_TEXT_MAX];
        CHECK_INT(number_plain(&decimal, text), strlen(cases[i][1]));
        CHECK_STR(text, cases[i][1]);
    }
    struct decimal smallest = number("-1.2345678901234567890123456789012345678e-130");
    char text[NUMBER_TEXT_MAX];
    size_t len = number_plain(&smallest, text);
    CHECK_INT(len, 3 + 167);
    struct decimal again = number(text);
    CHECK(memcmp(again.digit, smallest.digit, sizeof again.digit) == 0 && again.exponent == smallest.exponent);
}

TEST(keys_of_numbers_order_as_the_numbers_do)
{
    static const char *const ascending[] = { "-9.9e125", "-100", "-99.9",   "-99.89",    "-10",    "-9.99",
                                             "-1",       "-0.5", "-1e-130", "0",         "1e-130", "0.49",
                                             "0.5",      "0.51", "1",       "1.0000001", "9.99",   "10",
                                             "10.5",     "99.9", "100",     "101",       "9.9e125" };
    for (size_t i = 0; i < sizeof ascending / sizeof *ascending; i++) {
        for (size_t k = 0; k < sizeof ascending / sizeof *ascending; k++) {
            unsigned char a[NUMBER_KEY_MAX], b[NUMBER_KEY_MAX];
            struct decimal left = number(ascending[i]), right = number(ascending[k]);
            size_t a_len = number_key(&left, a), b_len = number_key(&right, b);
            int order = memcmp(a, b, a_len < b_len ? a_len : b_len);
            if (i == k)
                CHECK(order == 0 && a_len == b_len);
            else
                CHECK(i < k ? order < 0 : order > 0);
        }
    }
}

TEST(a_long_text_is_shown_in_whole_characters)
{
    char words[256], text[152];
    text[0] = 'x';
    for (size_t i = 0; i < 50; i++)
        memcpy(text + 1 + 3 * i, "\xe2\x82\xac", 4);
    number_complaint(ddbs_str_c(text), words, sizeof words);
    CHECK_INT(strlen(words), strlen("The parameter cannot be converted to a numeric value: ") + 100);
    memmove(text, text + 1, sizeof text - 1); /* 99 bytes are 33 characters, the 100th begins one */
    number_complaint(ddbs_str_c(text), words, sizeof words);
    CHECK_INT(strlen(words), strlen("The parameter cannot be converted to a numeric value: ") + 99);
}

TEST(what_is_no_number_is_said_in_the_words_of_aws)
{
    static const char *const cases[][2] = {
        { "", "The parameter cannot be converted to a numeric value" },
        { "x1", "The parameter cannot be converted to a numeric value: x1" },
        { "1e126", "Number overflow. Attempting to store a number with magnitude larger than supported range" },
        { "1e-131", "Number underflow. Attempting to store a number with magnitude smaller than supported range" },
        { "123456789012345678901234567890123456789",
          "Attempting to store more than 38 significant digits in a Number" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[256];
        CHECK_STR(number_complaint(ddbs_str_c(cases[i][0]), text, sizeof text), cases[i][1]);
    }
}
