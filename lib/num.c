/* num.c: see ddbstream/num.h. */
#include "lib/num.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Magnitudes that DynamoDB has: 1E-130 to 9.99E+125. */
enum { LOWEST_PLACE = -130, HIGHEST_PLACE = 125, EXPONENT_CLAMP = 100000000 };

/* Room for 38 digits. Lambda's machines are 64-bit ones, where every compiler has it. */
__extension__ typedef unsigned __int128 wide;

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* The text between the sign and the exponent. */
struct mantissa {
    const char *ptr;
    size_t len;
    size_t point; /* place of the '.', or len */
};

static size_t digit_run(const char *ptr, size_t at, size_t len)
{
    while (at < len && is_digit(ptr[at]))
        at++;
    return at;
}

static bool split_mantissa(const char *ptr, size_t len, struct mantissa *out)
{
    size_t whole = digit_run(ptr, 0, len);
    size_t end = whole;
    if (whole == 0)
        return false;
    if (whole < len && ptr[whole] == '.') {
        end = digit_run(ptr, whole + 1, len);
        if (end == whole + 1)
            return false;
    }
    *out = (struct mantissa){ ptr, end, whole };
    return true;
}

/* The exponent at "e...", clamped far outside of what can matter; the whole text must be it. */
static bool read_exponent(const char *ptr, size_t len, long *out)
{
    size_t at = 1;
    bool negative = len > 1 && ptr[1] == '-';
    long value = 0;
    if (len > 1 && (ptr[1] == '-' || ptr[1] == '+'))
        at++;
    if (at == len || digit_run(ptr, at, len) != len)
        return false;
    for (; at < len; at++)
        value = value >= EXPONENT_CLAMP ? EXPONENT_CLAMP : value * 10 + (ptr[at] - '0');
    *out = negative ? -value : value;
    return true;
}

/* Collect the significant digits. `*last` gets the power of ten of the last one collected. */
static bool collect(const struct mantissa *mantissa, struct decimal *out, long *last)
{
    long zeros = 0; /* seen since the last collected digit; they count only when another digit follows */
    for (size_t i = 0; i < mantissa->len; i++) {
        char byte = mantissa->ptr[i];
        if (byte == '.')
            continue;
        if (byte == '0') {
            zeros += out->count > 0;
            continue;
        }
        if (out->count + zeros >= DDBS_NUM_DIGITS_MAX)
            return false;
        for (; zeros > 0; zeros--)
            out->digit[out->count++] = 0;
        out->digit[out->count++] = (unsigned char)(byte - '0');
        *last = i < mantissa->point ? (long)(mantissa->point - i) - 1 : -(long)(i - mantissa->point);
    }
    return true;
}

ddbs_status ddbs_num__parse(ddbs_num num, struct decimal *out)
{
    struct decimal result = { .negative = num.len > 0 && num.ptr[0] == '-' };
    struct mantissa mantissa;
    size_t sign = num.len > 0 && (num.ptr[0] == '-' || num.ptr[0] == '+');
    long exponent = 0;
    long last = 0;

    if (num.len == 0 || !split_mantissa(num.ptr + sign, num.len - sign, &mantissa))
        return DDBS_E_SYNTAX;
    const char *rest = mantissa.ptr + mantissa.len;
    size_t left = num.len - sign - mantissa.len;
    if (left > 0 && ((*rest != 'e' && *rest != 'E') || !read_exponent(rest, left, &exponent)))
        return DDBS_E_SYNTAX;
    if (!collect(&mantissa, &result, &last))
        return DDBS_E_LIMIT;
    if (result.count > 0) {
        long first = last + exponent + result.count - 1;
        if (first < LOWEST_PLACE || first > HIGHEST_PLACE)
            return DDBS_E_LIMIT;
        result.exponent = (int)(last + exponent);
    }
    *out = result;
    return DDBS_OK;
}

ddbs_status ddbs_num_is_integer(ddbs_num num, bool *out)
{
    struct decimal decimal;
    DDBS_TRY(ddbs_num__parse(num, &decimal));
    *out = decimal.exponent >= 0;
    return DDBS_OK;
}

/* The magnitude of an integer decimal, exponent already moved by the scale. */
static ddbs_status magnitude(const struct decimal *decimal, int exponent, uint64_t *out)
{
    uint64_t value = 0;
    if (decimal->count > 0 && decimal->count + exponent > 20)
        return DDBS_E_RANGE;
    if (decimal->count > 0 && exponent < 0)
        return DDBS_E_INEXACT;
    for (int i = 0; decimal->count > 0 && i < decimal->count + exponent; i++) {
        uint64_t digit = i < decimal->count ? decimal->digit[i] : 0;
        if (__builtin_mul_overflow(value, UINT64_C(10), &value) || __builtin_add_overflow(value, digit, &value))
            return DDBS_E_RANGE;
    }
    *out = value;
    return DDBS_OK;
}

/* Append the digits that begin at `at` to a number; behind the last one. */
static const char *add_digits(const char *at, const char *end, uint64_t *number)
{
    uint64_t value = *number;
    for (unsigned digit; at < end && (digit = (unsigned char)*at - (unsigned)'0') <= 9; at++)
        value = value * 10 + digit;
    *number = value;
    return at;
}

/* [-]digits[.digits] of at most 16 characters, as most numbers are: its digits as an integer, and how many of them are
 * behind the point. False for all other text, which says nothing about it. */
static bool read_short(ddbs_num num, bool *negative, uint64_t *digits, int *places)
{
    const char *at = num.ptr, *end = num.ptr + num.len;
    if (num.len == 0 || num.len > 16)
        return false;
    *digits = 0;
    *places = 0;
    *negative = *at == '-';
    const char *begin = at += *negative;
    at = add_digits(at, end, digits);
    if (at == begin)
        return false;
    if (at < end && *at == '.') {
        begin = at + 1;
        at = add_digits(begin, end, digits);
        *places = (int)(at - begin);
        if (*places == 0)
            return false;
    }
    *negative = *negative && *digits > 0;
    return at == end;
}

/* The same times 10^scale, where that needs no more than a multiplication and stays below 10^19. */
static bool small_integer(ddbs_num num, int scale, bool *negative, uint64_t *out)
{
    static const uint64_t factors[] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000 };
    uint64_t digits;
    int places;
    if (!read_short(num, negative, &digits, &places) || scale < places || scale - places > 9 ||
        (int)num.len + scale - places > 19)
        return false;
    *out = digits * factors[scale - places];
    return true;
}

ddbs_status ddbs_num__scaled(ddbs_num num, int scale, bool is_signed, bool *negative, uint64_t *out)
{
    struct decimal decimal;
    uint64_t value;
    if (scale < -200 || scale > 200)
        return DDBS_E_USAGE;
    if (small_integer(num, scale, negative, &value)) {
        if (is_signed ? value > (uint64_t)INT64_MAX + 1 : *negative)
            return DDBS_E_RANGE;
        *out = value;
        return DDBS_OK;
    }
    DDBS_TRY(ddbs_num__parse(num, &decimal));
    if (decimal.negative && decimal.count > 0 && !is_signed)
        return DDBS_E_RANGE;
    DDBS_TRY(magnitude(&decimal, decimal.exponent + scale, &value));
    *negative = decimal.negative && value > 0;
    *out = value;
    return DDBS_OK;
}

ddbs_status ddbs_num_scaled(ddbs_num num, int scale, int64_t *out)
{
    bool negative;
    uint64_t value;
    DDBS_TRY(ddbs_num__scaled(num, scale, true, &negative, &value));
    if (value > (uint64_t)INT64_MAX + negative)
        return DDBS_E_RANGE;
    *out = negative ? (int64_t)(0 - value) : (int64_t)value;
    return DDBS_OK;
}

ddbs_status ddbs_num_i64(ddbs_num num, int64_t *out)
{
    return ddbs_num_scaled(num, 0, out);
}

ddbs_status ddbs_num_u64(ddbs_num num, uint64_t *out)
{
    bool negative;
    return ddbs_num__scaled(num, 0, false, &negative, out);
}

/* The digits alone, below 10^38 and so below 2^127. */
static wide digits_of(const struct decimal *decimal)
{
    wide value = 0;
    for (int i = 0; i < decimal->count; i++)
        value = value * 10 + decimal->digit[i];
    return value;
}

ddbs_status ddbs_num_i128(ddbs_num num, ddbs_i128 *out)
{
    struct decimal decimal;
    DDBS_TRY(ddbs_num__parse(num, &decimal));
    if (decimal.exponent < 0)
        return DDBS_E_INEXACT;
    wide value = digits_of(&decimal), limit = ((wide)1 << 127) - 1 + decimal.negative;
    for (int i = 0; i < decimal.exponent; i++) {
        if (value > limit / 10)
            return DDBS_E_RANGE;
        value *= 10;
    }
    *out = decimal.negative ? (ddbs_i128)(0 - value) : (ddbs_i128)value;
    return DDBS_OK;
}

static void write_digits(char *out, const struct decimal *decimal)
{
    for (int i = 0; i < decimal->count; i++)
        out[i] = (char)('0' + decimal->digit[i]);
    out[decimal->count] = '\0';
}

/* Whether a double has this value: an integer of at most 53 bits times a power of two. DynamoDB's range of exponents is
 * far inside that of a double. */
static bool has_double(const struct decimal *decimal)
{
    const wide limit = (wide)1 << 53;
    wide odd = digits_of(decimal);
    if (odd == 0)
        return true;
    for (int i = decimal->exponent; i < 0; i++) {
        if (odd % 5 != 0)
            return false;
        odd /= 5;
    }
    while (odd % 2 == 0)
        odd /= 2;
    for (int i = 0; i < decimal->exponent && odd < limit; i++)
        odd *= 5;
    return odd < limit;
}

/* An integer of up to 53 bits and a power of ten that a double has exactly: then one operation rounds once, as it
 * should (W. D. Clinger: How to read floating point numbers accurately, 1990). */
static bool simple_double(const struct decimal *decimal, double *out)
{
    static const double powers[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                     1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
    const int largest = (int)(sizeof powers / sizeof *powers) - 1;
    wide integer = digits_of(decimal);
    if (integer >> 53 != 0 || decimal->exponent < -largest || decimal->exponent > largest)
        return false;
    double value = (double)(uint64_t)integer;
    value = decimal->exponent < 0 ? value / powers[-decimal->exponent] : value * powers[decimal->exponent];
    *out = decimal->negative ? -value : value;
    return true;
}

static double nearest_double(const struct decimal *decimal)
{
    double simple;
    if (simple_double(decimal, &simple))
        return simple;
    char digits[DDBS_NUM_DIGITS_MAX + 1];
    char text[DDBS_NUM_TEXT_MAX];
    write_digits(digits, decimal);
    /* Digits and an exponent, no decimal point: the one form of strtod's that no locale changes. */
    snprintf(text, sizeof text, "%s%se%d", decimal->negative ? "-" : "", decimal->count > 0 ? digits : "0",
             decimal->exponent);
    return strtod(text, NULL);
}

/* A short number that a double has exactly: then five to the number of its places divides its digits, and what is left
 * is an integer by a power of two. */
static bool short_double(ddbs_num num, double *out)
{
    bool negative;
    uint64_t digits, fives = 1;
    int places;
    if (!read_short(num, &negative, &digits, &places))
        return false;
    for (int i = 0; i < places; i++)
        fives *= 5;
    if (digits % fives != 0 || digits / fives >> 53 != 0)
        return false;
    double value = (double)(digits / fives) / (double)(UINT64_C(1) << places);
    *out = num.ptr[0] == '-' ? -value : value; /* the sign of zero, too */
    return true;
}

ddbs_status ddbs_num_f64(ddbs_num num, double *out)
{
    struct decimal decimal;
    if (short_double(num, out))
        return DDBS_OK;
    DDBS_TRY(ddbs_num__parse(num, &decimal));
    if (!has_double(&decimal))
        return DDBS_E_INEXACT;
    *out = nearest_double(&decimal);
    return DDBS_OK;
}

ddbs_status ddbs_num_f64_rounded(ddbs_num num, double *out, bool *inexact)
{
    struct decimal decimal;
    DDBS_TRY(ddbs_num__parse(num, &decimal));
    if (inexact != NULL)
        *inexact = !has_double(&decimal);
    *out = nearest_double(&decimal);
    return DDBS_OK;
}

static int compare_magnitude(const struct decimal *a, const struct decimal *b)
{
    if (a->count == 0 || b->count == 0)
        return (a->count > 0) - (b->count > 0);
    int place = (a->count + a->exponent) - (b->count + b->exponent);
    if (place != 0)
        return place;
    int shared = a->count < b->count ? a->count : b->count;
    int order = memcmp(a->digit, b->digit, (size_t)shared);
    return order != 0 ? order : a->count - b->count;
}

ddbs_status ddbs_num_compare(ddbs_num a, ddbs_num b, int *out)
{
    struct decimal left, right;
    DDBS_TRY(ddbs_num__parse(a, &left));
    DDBS_TRY(ddbs_num__parse(b, &right));
    bool below = left.negative && left.count > 0;
    bool other_below = right.negative && right.count > 0;
    int order = below != other_below ? other_below - below : compare_magnitude(&left, &right);
    *out = below && other_below ? -order : order;
    return DDBS_OK;
}

ddbs_status ddbs_num_equal(ddbs_num a, ddbs_num b, bool *out)
{
    int order;
    DDBS_TRY(ddbs_num_compare(a, b, &order));
    *out = order == 0;
    return DDBS_OK;
}

/* Digits with the point after `whole` of them, zeros filled in on either side. */
static void write_plain(char *out, size_t size, const char *sign, const char *digits, int count, int whole)
{
    if (whole <= 0)
        snprintf(out, size, "%s0.%.*s%s", sign, -whole, "0000000000000000000000000000000000000000", digits);
    else if (whole >= count)
        snprintf(out, size, "%s%s%.*s", sign, digits, whole - count, "0000000000000000000000000000000000000000");
    else
        snprintf(out, size, "%s%.*s.%s", sign, whole, digits, digits + whole);
}

ddbs_status ddbs_num_canonical(ddbs_num num, char out[DDBS_NUM_TEXT_MAX])
{
    struct decimal decimal;
    char digits[DDBS_NUM_DIGITS_MAX + 1];
    DDBS_TRY(ddbs_num__parse(num, &decimal));
    if (decimal.count == 0) {
        memcpy(out, "0", 2);
        return DDBS_OK;
    }
    write_digits(digits, &decimal);
    const char *sign = decimal.negative ? "-" : "";
    int whole = decimal.count + decimal.exponent; /* digits before the point */
    if (whole <= DDBS_NUM_DIGITS_MAX && decimal.exponent >= -DDBS_NUM_DIGITS_MAX)
        write_plain(out, DDBS_NUM_TEXT_MAX, sign, digits, decimal.count, whole);
    else
        snprintf(out, DDBS_NUM_TEXT_MAX, "%s%c%s%sE%+d", sign, digits[0], decimal.count > 1 ? "." : "", digits + 1,
                 whole - 1);
    return DDBS_OK;
}
