/* gen_number.h: random decimal numbers over DynamoDB's whole range, in every spelling that it may have. */
#ifndef EMULATOR_GEN_NUMBER_H
#define EMULATOR_GEN_NUMBER_H
#include "gen_value.h"

/* Append a JSON string with a number in it. */
void gen_number(struct value_gen *gen);

/* The same for element `index`, 0 to 8, of a set: elements with the same exponent (-100 to 80) differ. */
void gen_number_element(struct value_gen *gen, int index, int exponent);

/* What a number counts by the item-size rules: about a byte for two significant digits, one more, and one for the minus
 * sign (developer guide, item sizes). */
size_t gen_number_size(const char *text, size_t len);
#endif
