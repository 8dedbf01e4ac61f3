/* fuzz_number.c: two lines as two numbers. Conversions and comparison must agree with each other and with strtod. */
#include "lib/json.h"
#include "tests/fuzz/property.h"

#include <ddbstream/num.h>
#include <math.h>

static int sign(int value)
{
    return (value > 0) - (value < 0);
}

static ddbs_num num_of(const char *text)
{
    return (ddbs_num){ text, strlen(text) };
}

/* The canonical form is an equal number, a JSON number, and its own canonical form. */
static void check_canonical(ddbs_num num)
{
    char text[DDBS_NUM_TEXT_MAX], again[DDBS_NUM_TEXT_MAX];
    int order = 1;
    PROPERTY(ddbs_num_canonical(num, text) == DDBS_OK && strlen(text) < DDBS_NUM_TEXT_MAX);
    struct json json = { .text = text, .len = strlen(text) };
    PROPERTY(ddbs_json__number(&json) && json.at == json.len);
    PROPERTY(ddbs_num_compare(num, num_of(text), &order) == DDBS_OK && order == 0);
    PROPERTY(ddbs_num_canonical(num_of(text), again) == DDBS_OK && strcmp(text, again) == 0);
}

/* An integer that comes out is equal to the number it came from. */
static void check_integers(ddbs_num num)
{
    int64_t i64 = 0, scaled = 0;
    uint64_t u64 = 0;
    char text[32];
    int order = 1;
    ddbs_status status = ddbs_num_i64(num, &i64), other = ddbs_num_u64(num, &u64);
    PROPERTY(ddbs_num_scaled(num, 0, &scaled) == status && scaled == i64);
    PROPERTY(status == DDBS_OK || status == DDBS_E_RANGE || status == DDBS_E_INEXACT);
    PROPERTY(other == DDBS_OK || other == DDBS_E_RANGE || other == DDBS_E_INEXACT);
    if (status == DDBS_OK) {
        snprintf(text, sizeof text, "%lld", (long long)i64);
        PROPERTY(ddbs_num_compare(num, num_of(text), &order) == DDBS_OK && order == 0);
        PROPERTY((other == DDBS_OK) == (i64 >= 0) && (i64 < 0 || u64 == (uint64_t)i64));
    }
    if (other == DDBS_OK) {
        snprintf(text, sizeof text, "%llu", (unsigned long long)u64);
        PROPERTY(ddbs_num_compare(num, num_of(text), &order) == DDBS_OK && order == 0);
        PROPERTY((status == DDBS_OK) == (u64 <= INT64_MAX));
    }
}

/* A scaled integer is the number with its point moved. */
static void check_scaled(ddbs_num num, int scale)
{
    int64_t scaled;
    char text[64];
    int order = 1;
    if (ddbs_num_scaled(num, scale, &scaled) != DDBS_OK)
        return;
    snprintf(text, sizeof text, "%llde%d", (long long)scaled, -scale);
    PROPERTY(ddbs_num_compare(num, num_of(text), &order) == DDBS_OK && order == 0);
}

/* The nearest double, and whether it is the number, is what the exact conversion knows too. */
static void check_double(ddbs_num num, const char *text)
{
    double got = 0, exact = 0;
    bool inexact;
    PROPERTY(ddbs_num_f64_rounded(num, &got, &inexact) == DDBS_OK);
    double want = strtod(text, NULL);
    PROPERTY(got == want && signbit(got) == signbit(want));
    PROPERTY(ddbs_num_f64(num, &exact) == (inexact ? DDBS_E_INEXACT : DDBS_OK));
    PROPERTY(inexact || (exact == got && signbit(exact) == signbit(got)));
}

/* What fits into 64 bits fits into 128, and what fits into 128 is a whole number. */
static void check_i128(ddbs_num num)
{
    ddbs_i128 wide = 0;
    int64_t i64 = 0;
    uint64_t u64 = 0;
    bool whole;
    ddbs_status status = ddbs_num_i128(num, &wide);
    PROPERTY(ddbs_num_is_integer(num, &whole) == DDBS_OK);
    PROPERTY(status == DDBS_OK ? whole : status == (whole ? DDBS_E_RANGE : DDBS_E_INEXACT));
    if (ddbs_num_i64(num, &i64) == DDBS_OK)
        PROPERTY(status == DDBS_OK && wide == i64);
    if (ddbs_num_u64(num, &u64) == DDBS_OK)
        PROPERTY(status == DDBS_OK && wide == u64);
}

static bool check_number(ddbs_num num, const char *text)
{
    double f64;
    int order;
    int64_t i64;
    char canonical[DDBS_NUM_TEXT_MAX];
    ddbs_status status = ddbs_num_compare(num, num, &order);
    PROPERTY(ddbs_num_f64_rounded(num, &f64, NULL) == status && ddbs_num_canonical(num, canonical) == status);
    if (status != DDBS_OK) {
        PROPERTY(status == DDBS_E_SYNTAX || status == DDBS_E_LIMIT);
        PROPERTY(ddbs_num_i64(num, &i64) == status);
        return false;
    }
    PROPERTY(order == 0);
    check_canonical(num);
    check_integers(num);
    check_i128(num);
    check_double(num, text);
    for (int scale = -200; scale <= 200; scale += 25)
        check_scaled(num, scale + (int)(num.len % 25));
    return true;
}

static void check_pair(ddbs_num a, ddbs_num b)
{
    int forth = 0, back = 0;
    double left, right;
    bool equal;
    char first[DDBS_NUM_TEXT_MAX], second[DDBS_NUM_TEXT_MAX];
    PROPERTY(ddbs_num_compare(a, b, &forth) == DDBS_OK && ddbs_num_compare(b, a, &back) == DDBS_OK);
    PROPERTY(sign(forth) == -sign(back));
    PROPERTY(ddbs_num_equal(a, b, &equal) == DDBS_OK && equal == (forth == 0));
    PROPERTY(ddbs_num_f64_rounded(a, &left, NULL) == DDBS_OK && ddbs_num_f64_rounded(b, &right, NULL) == DDBS_OK);
    PROPERTY(left == right || (left < right) == (forth < 0)); /* rounding keeps the order */
    PROPERTY(ddbs_num_canonical(a, first) == DDBS_OK && ddbs_num_canonical(b, second) == DDBS_OK);
    PROPERTY((strcmp(first, second) == 0) == (forth == 0));
}

/* strtod wants a NUL behind its text; the number itself stays where one byte too far is seen. */
static bool check_line(ddbs_num num)
{
    char *text = malloc(num.len + 1);
    PROPERTY(text != NULL);
    memcpy(text, num.ptr, num.len);
    text[num.len] = '\0';
    bool is_number = check_number(num, text);
    free(text);
    return is_number;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = size == 0 ? "" : (const char *)data;
    const char *newline = memchr(text, '\n', size);
    ddbs_num first = { text, newline == NULL ? size : (size_t)(newline - text) };
    ddbs_num second = { newline == NULL ? "" : newline + 1, newline == NULL ? 0 : size - first.len - 1 };
    bool left = check_line(first), right = check_line(second);
    if (left && right)
        check_pair(first, second);
    return 0;
}
