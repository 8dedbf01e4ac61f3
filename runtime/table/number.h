/* number.h: DynamoDB's numbers: exact sums, the text in which it stores them, an order that memcmp() sees. */
#ifndef TABLE_NUMBER_H
#define TABLE_NUMBER_H
#include "lib/num.h"

enum {
    NUMBER_TEXT_MAX = 192, /* sign, "0.", 167 places, NUL */
    NUMBER_KEY_MAX = 2 + DDBS_NUM_DIGITS_MAX + 1
};

/* The exact sum of two numbers, or with `minus` their difference.
 * @return DDBS_OK
 *         DDBS_E_INEXACT  it has more than 38 significant digits: DynamoDB refuses rather than rounds
 *         DDBS_E_RANGE    its magnitude is too large
 *         DDBS_E_LIMIT    its magnitude is too small, and not zero */
ddbs_status number_add(const struct decimal *a, const struct decimal *b, bool minus, struct decimal *out);

/* The text that DynamoDB stores and gives back: plain digits, no exponent, no superfluous zeros ("1.50" is "1.5",
 * "1E2" is "100", "-0" is "0"). Returns its length. Whether AWS writes an exponent for very large or small numbers is
 * not known; digits are what any reader takes. */
size_t number_plain(const struct decimal *number, char out[NUMBER_TEXT_MAX]);

/* Bytes whose order is that of the numbers; equal numbers have equal bytes, and none is another's begin. Returns their
 * number. */
size_t number_key(const struct decimal *number, unsigned char out[NUMBER_KEY_MAX]);

/* What a number counts for in an item's size: (digits + 1) / 2 + 1, and one more below zero. */
size_t number_size(const struct decimal *number);

/* Why the text of a number is not accepted, in AWS's words. */
const char *number_complaint(ddbs_str text, char *out, size_t size);
#endif
