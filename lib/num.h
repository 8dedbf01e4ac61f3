/* num.h: a decimal number taken apart. */
#ifndef LIB_NUM_H
#define LIB_NUM_H
#include <ddbstream/num.h>

/* The value is digit[0] ... digit[count-1] as an integer, times 10^exponent. Neither the first nor the last digit is
 * zero; zero itself has count 0. */
struct decimal {
    bool negative;
    int count;
    int exponent;
    unsigned char digit[DDBS_NUM_DIGITS_MAX];
};

/* Take the text apart. DDBS_E_SYNTAX: not [+-]digits[.digits][e[+-]digits]. DDBS_E_LIMIT: more than 38 significant
 * digits, or a magnitude that DynamoDB does not have. */
ddbs_status ddbs_num__parse(ddbs_num num, struct decimal *out);

/* The magnitude of the integer that `num` times 10^`scale` is, and its sign; "-0" is not negative. Status as of
 * ddbs_num_scaled, but that everything up to UINT64_MAX is in range, and nothing below zero unless `is_signed`. */
ddbs_status ddbs_num__scaled(ddbs_num num, int scale, bool is_signed, bool *negative, uint64_t *out);
#endif
