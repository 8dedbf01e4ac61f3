/* gen_number.c: see gen_number.h. */
#include "gen_number.h"

#include <string.h>

enum { DIGITS_MAX = DDBS_NUM_DIGITS_MAX };

/* The edges of the range, and the spellings that a reader may stumble over; each has a blank at its end. */
static const char NUMBERS[] =
    "0 -0 0.0 0e0 1 -1 0.1 1.0 1.0E2 100 100.00 1e5 -2.50e-3 0.000001 1E-130 -1E-130 1E125 -1E+125 "
    "1.0000000000000000000000000000000000001E-130 9.9999999999999999999999999999999999999E+125 "
    "-9.9999999999999999999999999999999999999E+125 99999999999999999999999999999999999999 "
    "-0.99999999999999999999999999999999999999 12345678901234567890123456789012345678000 9007199254740993 "
    "9223372036854775807 -9223372036854775808 18446744073709551615 9223372036854775808 "
    "0.1000000000000000055511151231257827 ";
enum { NUMBER_COUNT = 30 };

static void write_known(struct value_gen *gen)
{
    const char *number = NUMBERS;
    for (uint32_t skip = rng_below(&gen->rng, NUMBER_COUNT); skip > 0; skip--)
        number += strcspn(number, " ") + 1;
    ddbs_buf__bytes(gen->out, number, strcspn(number, " "));
}

/* `count` digits, the first at least `first`. */
static void write_digits(struct value_gen *gen, int count, int first)
{
    for (int i = 0; i < count; i++)
        ddbs_buf__format(gen->out, "%d", rng_between(&gen->rng, i == 0 ? first : 0, 9));
}

static void write_sign(struct value_gen *gen)
{
    if (rng_one_in(&gen->rng, 3))
        ddbs_buf__text(gen->out, "-");
}

static int random_digits(struct rng *rng)
{
    return rng_one_in(rng, 4) ? rng_between(rng, 1, DIGITS_MAX) : rng_between(rng, 1, 6);
}

/* With a point inside, and perhaps zeros that mean nothing behind it. */
static void write_fraction(struct value_gen *gen)
{
    static const char zeros[] = "0000";
    int digits = rng_between(&gen->rng, 1, DIGITS_MAX), before = rng_between(&gen->rng, 0, digits);
    if (before == 0)
        ddbs_buf__text(gen->out, "0");
    write_digits(gen, before, 1);
    ddbs_buf__text(gen->out, ".");
    write_digits(gen, digits - before, 0);
    ddbs_buf__bytes(gen->out, zeros, (size_t)rng_between(&gen->rng, digits == before, 4));
}

/* d.ddd times ten to an exponent of the whole legal range. */
static void write_exponent(struct value_gen *gen)
{
    static const char *const signs[] = { "E+", "e+", "E", "e" };
    int exponent = rng_between(&gen->rng, -130, 125), digits = random_digits(&gen->rng);
    write_digits(gen, 1, 1);
    if (digits > 1) {
        ddbs_buf__text(gen->out, ".");
        write_digits(gen, digits - 1, 0);
    }
    ddbs_buf__text(gen->out, exponent < 0 ? "E" : signs[rng_below(&gen->rng, 4)]);
    ddbs_buf__format(gen->out, "%d", exponent);
}

size_t gen_number_size(const char *text, size_t len)
{
    size_t digits = 0, zeros = 0;
    for (size_t i = 0; i < len && text[i] != 'e' && text[i] != 'E'; i++) {
        if (text[i] < '0' || text[i] > '9' || (text[i] == '0' && digits == 0))
            continue;
        digits++;
        zeros = text[i] == '0' ? zeros + 1 : 0;
    }
    return (digits - zeros + 1) / 2 + 1 + (text[0] == '-' && digits > 0 ? 1 : 0);
}

void gen_number(struct value_gen *gen)
{
    ddbs_buf__text(gen->out, "\"");
    size_t begin = gen->out->len;
    switch (rng_below(&gen->rng, 4)) {
    case 0:
        write_known(gen);
        break;
    case 1:
        write_sign(gen);
        write_fraction(gen);
        break;
    case 2:
        write_sign(gen);
        write_exponent(gen);
        break;
    default:
        write_sign(gen);
        write_digits(gen, random_digits(&gen->rng), 1);
    }
    if (!gen->out->failed)
        gen->size += gen_number_size(gen->out->ptr + begin, gen->out->len - begin);
    ddbs_buf__text(gen->out, "\"");
}

void gen_number_element(struct value_gen *gen, int index, int exponent)
{
    ddbs_buf__text(gen->out, "\"");
    size_t begin = gen->out->len;
    write_sign(gen);
    write_digits(gen, random_digits(&gen->rng) % (DIGITS_MAX - 1) + 1, 1);
    ddbs_buf__format(gen->out, "%d", index + 1);
    if (exponent != 0)
        ddbs_buf__format(gen->out, "E%d", exponent);
    if (!gen->out->failed)
        gen->size += gen_number_size(gen->out->ptr + begin, gen->out->len - begin);
    ddbs_buf__text(gen->out, "\"");
}
