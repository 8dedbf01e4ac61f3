/* number.c: see number.h. */
#include "number.h"

#include <stdio.h>
#include <string.h>

/* Powers of ten that a sum can touch: the last digit of the smallest number, and a carry beyond the largest. */
enum { LOWEST = -168, PLACES = 300, FIRST_MIN = -130, FIRST_MAX = 125 };

struct places {
    unsigned char digit[PLACES]; /* of 10^(LOWEST + i) */
};

static void spread(const struct decimal *number, struct places *out)
{
    memset(out, 0, sizeof *out);
    for (int i = 0; i < number->count; i++)
        out->digit[number->exponent + number->count - 1 - i - LOWEST] = number->digit[i];
}

static int compare_places(const struct places *a, const struct places *b)
{
    for (int i = PLACES; i-- > 0;) {
        if (a->digit[i] != b->digit[i])
            return a->digit[i] < b->digit[i] ? -1 : 1;
    }
    return 0;
}

static void add_places(struct places *a, const struct places *b)
{
    int carry = 0;
    for (int i = 0; i < PLACES; i++) {
        int sum = a->digit[i] + b->digit[i] + carry;
        a->digit[i] = (unsigned char)(sum % 10);
        carry = sum / 10;
    }
}

/* `a` is not below `b`. */
static void subtract_places(struct places *a, const struct places *b)
{
    int borrow = 0;
    for (int i = 0; i < PLACES; i++) {
        int rest = a->digit[i] - b->digit[i] - borrow;
        borrow = rest < 0;
        a->digit[i] = (unsigned char)(rest + 10 * borrow);
    }
}

static ddbs_status gather(const struct places *places, bool negative, struct decimal *out)
{
    int low = 0, high = PLACES;
    while (low < PLACES && places->digit[low] == 0)
        low++;
    *out = (struct decimal){ .negative = false };
    if (low == PLACES)
        return DDBS_OK;
    while (places->digit[high - 1] == 0)
        high--;
    if (high - 1 + LOWEST > FIRST_MAX)
        return DDBS_E_RANGE;
    if (high - 1 + LOWEST < FIRST_MIN)
        return DDBS_E_LIMIT;
    if (high - low > DDBS_NUM_DIGITS_MAX)
        return DDBS_E_INEXACT;
    out->negative = negative;
    out->exponent = low + LOWEST;
    while (high > low)
        out->digit[out->count++] = places->digit[--high];
    return DDBS_OK;
}

ddbs_status number_add(const struct decimal *a, const struct decimal *b, bool minus, struct decimal *out)
{
    struct places left, right;
    bool b_negative = b->negative != minus;
    spread(a, &left);
    spread(b, &right);
    if (a->negative == b_negative) {
        add_places(&left, &right);
        return gather(&left, a->negative, out);
    }
    if (compare_places(&left, &right) >= 0) {
        subtract_places(&left, &right);
        return gather(&left, a->negative, out);
    }
    subtract_places(&right, &left);
    return gather(&right, b_negative, out);
}

size_t number_plain(const struct decimal *number, char out[NUMBER_TEXT_MAX])
{
    int whole = number->count + number->exponent; /* digits before the point */
    int last = number->exponent > 0 ? number->exponent : 0;
    size_t at = 0;
    if (number->count == 0) {
        memcpy(out, "0", 2);
        return 1;
    }
    if (number->negative)
        out[at++] = '-';
    if (whole <= 0)
        out[at++] = '0';
    for (int i = whole < 0 ? whole : 0; i < number->count + last; i++) {
        if (i == whole)
            out[at++] = '.';
        out[at++] = i < 0 || i >= number->count ? '0' : (char)('0' + number->digit[i]);
    }
    out[at] = '\0';
    return at;
}

size_t number_key(const struct decimal *number, unsigned char out[NUMBER_KEY_MAX])
{
    size_t len = 0;
    if (number->count == 0) {
        out[0] = 1;
        return 1;
    }
    /* 0 below zero, 1 zero, 2 above; place of the first digit; digits and an end, turned round below zero. */
    unsigned flip = number->negative ? 0xff : 0;
    out[len++] = number->negative ? 0 : 2;
    out[len++] = (unsigned char)((unsigned)(number->count + number->exponent - 1 - FIRST_MIN) ^ flip);
    for (int i = 0; i < number->count; i++)
        out[len++] = (unsigned char)((number->digit[i] + 1U) ^ flip);
    out[len++] = (unsigned char)flip;
    return len;
}

size_t number_size(const struct decimal *number)
{
    return (size_t)(number->count + 1) / 2 + 1 + (number->negative && number->count > 0);
}

/* Of a number that is written as one: how many significant digits it has. */
static size_t significant(ddbs_str text)
{
    size_t digits = 0, zeros = 0;
    for (size_t i = 0; i < text.len && text.ptr[i] != 'e' && text.ptr[i] != 'E'; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9' || (text.ptr[i] == '0' && digits == 0))
            continue;
        digits++;
        zeros = text.ptr[i] == '0' ? zeros + 1 : 0;
    }
    return digits - zeros;
}

/* Whether a number outside the range is a small one. */
static bool is_small(ddbs_str text)
{
    const char *exponent = NULL;
    for (size_t i = 0; i < text.len && exponent == NULL; i++) {
        if (text.ptr[i] == 'e' || text.ptr[i] == 'E')
            exponent = text.ptr + i + 1;
    }
    if (exponent != NULL)
        return *exponent == '-';
    for (size_t i = 0; i < text.len && text.ptr[i] != '.'; i++) {
        if (text.ptr[i] >= '1' && text.ptr[i] <= '9')
            return false;
    }
    return true;
}

/* As much of a text as an answer shows, whole characters. */
static int shown(ddbs_str text)
{
    size_t len = text.len < 100 ? text.len : 100;
    while (len < text.len && len > 0 && ((unsigned char)text.ptr[len] & 0xc0) == 0x80)
        len--;
    return (int)len;
}

const char *number_complaint(ddbs_str text, char *out, size_t size)
{
    struct decimal ignored;
    if (text.len == 0)
        snprintf(out, size, "The parameter cannot be converted to a numeric value");
    else if (ddbs_num__parse((ddbs_num){ text.ptr, text.len }, &ignored) != DDBS_E_LIMIT)
        snprintf(out, size, "The parameter cannot be converted to a numeric value: %.*s", shown(text), text.ptr);
    else if (significant(text) > DDBS_NUM_DIGITS_MAX)
        snprintf(out, size, "Attempting to store more than 38 significant digits in a Number");
    else if (is_small(text))
        snprintf(out, size,
                 "Number underflow. Attempting to store a number with magnitude smaller than supported range");
    else
        snprintf(out, size, "Number overflow. Attempting to store a number with magnitude larger than supported range");
    return out;
}
