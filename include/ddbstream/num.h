/* ddbstream/num.h: exact conversions of DynamoDB numbers.
 *
 * A DynamoDB number is decimal text: [+-]digits[.digits][e[+-]digits], at most 38 significant digits, magnitude
 * 1E-130 to 9.99E+125, or zero (developer guide, HowItWorks.NamingRulesDataTypes). It stays text until it is asked for
 * as a C type. Nothing here rounds but ddbs_num_f64_rounded; a value that does not fit exactly is an error, never a
 * nearby value.
 *
 *     int64_t cents;
 *     DDBS_TRY(ddbs_num_scaled(price, 2, &cents));   // "12.50" gives 1250, "12.505" DDBS_E_INEXACT
 *
 * A number that is outside the range and no whole number either may be DDBS_E_RANGE or DDBS_E_INEXACT.
 * Every function returns DDBS_E_SYNTAX for text that is no number, and DDBS_E_LIMIT for a number that DynamoDB cannot
 * hold. Numbers of a decoded record are neither. */
#ifndef DDBSTREAM_NUM_H
#define DDBSTREAM_NUM_H
#include <ddbstream/base.h>
#ifdef __cplusplus
extern "C" {
#endif

/**
 * The integer that `num` denotes: "1200", "1.2e3" and "1200.0" are all 1200.
 * @return DDBS_OK, DDBS_E_RANGE outside int64_t, DDBS_E_INEXACT not a whole number, DDBS_E_SYNTAX, DDBS_E_LIMIT
 */
DDBS_API ddbs_status ddbs_num_i64(ddbs_num num, int64_t *out) DDBS_MUST_CHECK;

/** The same for uint64_t; every number below zero is DDBS_E_RANGE, "-0" is 0. */
DDBS_API ddbs_status ddbs_num_u64(ddbs_num num, uint64_t *out) DDBS_MUST_CHECK;

#ifdef __SIZEOF_INT128__
/* Where the compiler has it: wide enough for every whole number of up to 38 digits. */
__extension__ typedef __int128 ddbs_i128;

/** The same for a 128-bit integer. */
DDBS_API ddbs_status ddbs_num_i128(ddbs_num num, ddbs_i128 *out) DDBS_MUST_CHECK;
#endif

/**
 * The integer that `num` times 10^`scale` denotes: amounts of money without floating point.
 * @param scale  -200 to 200, decimal places to keep; 0 is ddbs_num_i64
 * @return as ddbs_num_i64; DDBS_E_USAGE for another scale
 */
DDBS_API ddbs_status ddbs_num_scaled(ddbs_num num, int scale, int64_t *out) DDBS_MUST_CHECK;

/**
 * The double that has exactly this value. "0.5" and "9007199254740992" have one, "0.1" and "9007199254740993" do not.
 * @return DDBS_OK, DDBS_E_INEXACT, DDBS_E_SYNTAX, DDBS_E_LIMIT
 */
DDBS_API ddbs_status ddbs_num_f64(ddbs_num num, double *out) DDBS_MUST_CHECK;

/**
 * The double nearest to `num`, rounded to nearest, ties to even: the one conversion that rounds. Independent of the
 * locale; every number of DynamoDB is within the range of a double.
 * @param inexact  NULL, or gets whether the double differs from `num`
 * @return DDBS_OK, DDBS_E_SYNTAX, DDBS_E_LIMIT
 */
DDBS_API ddbs_status ddbs_num_f64_rounded(ddbs_num num, double *out, bool *inexact) DDBS_MUST_CHECK;

/** Whether `num` is a whole number: "7", "7.00" and "1E+3" are. DDBS_OK, DDBS_E_SYNTAX, DDBS_E_LIMIT. */
DDBS_API ddbs_status ddbs_num_is_integer(ddbs_num num, bool *out) DDBS_MUST_CHECK;

/**
 * Order two numbers by value: `*out` is below, equal to or above 0 as `a` is below, equal to or above `b`. "1", "1.0"
 * and "1E0" are equal, and so are "0" and "-0".
 * @return DDBS_OK, DDBS_E_SYNTAX, DDBS_E_LIMIT
 */
DDBS_API ddbs_status ddbs_num_compare(ddbs_num a, ddbs_num b, int *out) DDBS_MUST_CHECK;

/** Whether two numbers have the same value: "1.10" and "1.1" do. DDBS_OK, DDBS_E_SYNTAX, DDBS_E_LIMIT. */
DDBS_API ddbs_status ddbs_num_equal(ddbs_num a, ddbs_num b, bool *out) DDBS_MUST_CHECK;

/** Bytes that ddbs_num_canonical may need, the NUL included. */
#define DDBS_NUM_TEXT_MAX 96

/**
 * Write `num` in its canonical form, which is one text for all equal numbers and a JSON number: "12.5", "-7", "0";
 * with an exponent ("1.5E+40", "1E-40") where plain digits would need more than 38 places.
 * @param out  gets at most DDBS_NUM_TEXT_MAX bytes, NUL included
 * @return DDBS_OK, DDBS_E_SYNTAX, DDBS_E_LIMIT
 */
DDBS_API ddbs_status ddbs_num_canonical(ddbs_num num, char out[DDBS_NUM_TEXT_MAX]) DDBS_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
