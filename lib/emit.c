/* emit.c: see emit.h. */
#include "lib/emit.h"

#include "lib/copy.h"
#include "lib/get.h"
#include "lib/num.h"
#include "lib/utf8.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static ddbs_status stop(ddbs_status status, const char *because, const char **reason)
{
    *reason = because;
    return status;
}

static ddbs_status no_memory(const char **reason)
{
    return stop(DDBS_E_MEMORY, "no memory for the item", reason);
}

bool ddbs_emit__is_absent(ddbs_ctype type, const void *in)
{
    switch (type) {
    case DDBS_C_STR:
        return ((const ddbs_str *)in)->ptr == NULL;
    case DDBS_C_NUM:
        return ((const ddbs_num *)in)->ptr == NULL;
    case DDBS_C_BYTES:
        return ((const ddbs_bytes *)in)->ptr == NULL;
    case DDBS_C_ITEM:
        return *(const ddbs_item *const *)in == NULL;
    case DDBS_C_VALUE:
        return *(const ddbs_value *const *)in == NULL;
    default:
        return false;
    }
}

static ddbs_status emit_text(struct tape *tape, const char *text, size_t len, const char **reason)
{
    if (ddbs_utf8__check(text, len) != len)
        return stop(DDBS_E_SYNTAX, "the text is not UTF-8", reason);
    return ddbs_tape__text(tape, DDBS_TYPE_S, text, len) ? DDBS_OK : no_memory(reason);
}

static ddbs_status emit_number(struct tape *tape, const char *text, size_t len, const char **reason)
{
    struct decimal ignored;
    ddbs_status status = ddbs_num__parse((ddbs_num){ text, len }, &ignored);
    if (status == DDBS_E_LIMIT)
        return stop(status, "a number that DynamoDB does not have: over 38 digits or out of range", reason);
    if (status != DDBS_OK)
        return stop(status, "the text is no number", reason);
    return ddbs_tape__text(tape, DDBS_TYPE_N, text, len) ? DDBS_OK : no_memory(reason);
}

/* Append a number that was composed here, in its canonical form. */
static ddbs_status emit_composed(struct tape *tape, const char *text, const char **reason)
{
    char canonical[DDBS_NUM_TEXT_MAX];
    if (ddbs_num_canonical((ddbs_num){ text, strlen(text) }, canonical) != DDBS_OK)
        return emit_number(tape, text, strlen(text), reason); /* which says why not */
    return emit_number(tape, canonical, strlen(canonical), reason);
}

static ddbs_status emit_integer(struct tape *tape, const ddbs_field *field, const void *in, const char **reason)
{
    char text[DDBS_NUM_TEXT_MAX];
    bool negative;
    uint64_t magnitude = ddbs_get__magnitude(field->type, in, &negative);
    snprintf(text, sizeof text, "%s%" PRIu64 "e%d", negative ? "-" : "", magnitude, -field->scale);
    return emit_composed(tape, text, reason);
}

static ddbs_status emit_i128(struct tape *tape, const void *in, const char **reason)
{
    __extension__ typedef unsigned __int128 wide;
    char text[48];
    char *at = text + sizeof text;
    ddbs_i128 value = *(const ddbs_i128 *)in;
    wide left = value < 0 ? 0 - (wide)value : (wide)value;
    *--at = '\0';
    do
        *--at = (char)('0' + (int)(left % 10));
    while ((left /= 10) != 0);
    if (value < 0)
        *--at = '-';
    return emit_composed(tape, at, reason);
}

/* The double with that many significant digits, whatever the locale writes between them. */
static void write_double(char *out, double value, int digits)
{
    char text[DDBS_NUM_TEXT_MAX];
    snprintf(text, sizeof text, "%.*e", digits - 1, value);
    const char *e = strchr(text, 'e');
    long exponent = strtol(e + 1, NULL, 10) - digits + 1;
    for (const char *at = text; at < e; at++) {
        if (*at == '-' || (*at >= '0' && *at <= '9'))
            *out++ = *at;
    }
    snprintf(out, 24, "e%ld", exponent);
}

/* Exactly, or with as many digits as tell it from every other double. */
static ddbs_status emit_double(struct tape *tape, double value, bool rounded, const char **reason)
{
    char text[DDBS_NUM_TEXT_MAX];
    double back = 0;
    bool inexact = true;
    if (!isfinite(value))
        return stop(DDBS_E_SYNTAX, "the double is no number", reason);
    for (int digits = rounded ? 15 : DDBS_NUM_DIGITS_MAX; digits <= DDBS_NUM_DIGITS_MAX; digits++) {
        ddbs_num num = { text, 0 };
        write_double(text, value, digits);
        num.len = strlen(text);
        if (ddbs_num_f64_rounded(num, &back, &inexact) != DDBS_OK)
            break;
        if (back == value && (rounded || !inexact))
            return emit_composed(tape, text, reason);
    }
    if (back == value && inexact)
        return stop(DDBS_E_INEXACT, "no number of 38 digits has the double's value; DDBS_ROUNDED writes it", reason);
    return emit_number(tape, text, strlen(text), reason);
}

static ddbs_status emit_enum(struct tape *tape, const ddbs_field *field, const void *in, const char **reason)
{
    bool negative;
    uint64_t magnitude = ddbs_get__magnitude(field->type, in, &negative);
    for (size_t i = 0; i < field->name_count; i++) {
        int64_t constant = field->names[i].value;
        uint64_t other = constant < 0 ? 0 - (uint64_t)constant : (uint64_t)constant;
        if (other == magnitude && (constant < 0) == negative)
            return emit_text(tape, field->names[i].name, strlen(field->names[i].name), reason);
    }
    return stop(DDBS_E_RANGE, "the enum's table has no name for this constant", reason);
}

static ddbs_status emit_copy(struct tape *tape, const ddbs_value *value, size_t open, const char **reason)
{
    ddbs_status status = ddbs_tape__copy(tape, value, open);
    if (status == DDBS_E_LIMIT)
        *reason = "values nested deeper than 64";
    return status == DDBS_E_MEMORY ? no_memory(reason) : status;
}

static ddbs_status emit_chars(struct tape *tape, const ddbs_field *field, const char *in, const char **reason)
{
    size_t len = strnlen(in, field->size);
    if (len == field->size)
        return stop(DDBS_E_LIMIT, "the char array has no NUL", reason);
    return emit_text(tape, in, len, reason);
}

static ddbs_status emit_field(struct tape *tape, const ddbs_field *field, const void *in, size_t open,
                              const char **reason)
{
    const ddbs_bytes *bytes = in;
    switch (field->type) {
    case DDBS_C_STR:
        return emit_text(tape, ((const ddbs_str *)in)->ptr, ((const ddbs_str *)in)->len, reason);
    case DDBS_C_NUM:
        return emit_number(tape, ((const ddbs_num *)in)->ptr, ((const ddbs_num *)in)->len, reason);
    case DDBS_C_BYTES:
        return ddbs_tape__text(tape, DDBS_TYPE_B, (const char *)bytes->ptr, bytes->len) ? DDBS_OK : no_memory(reason);
    case DDBS_C_BOOL:
        return ddbs_tape__push(tape, (ddbs_value){ .len = *(const bool *)in, .type = DDBS_TYPE_BOOL }) != SIZE_MAX
                   ? DDBS_OK
                   : no_memory(reason);
    case DDBS_C_I128:
        return emit_i128(tape, in, reason);
    case DDBS_C_F64:
        return emit_double(tape, *(const double *)in, field->entry == DDBS_ENTRY_ROUNDED, reason);
    case DDBS_C_ITEM:
        return emit_copy(tape, &(*(const ddbs_item *const *)in)->map, open, reason);
    case DDBS_C_VALUE:
        return emit_copy(tape, *(const ddbs_value *const *)in, open, reason);
    case DDBS_C_CHARS:
        return emit_chars(tape, field, in, reason);
    default:
        return emit_integer(tape, field, in, reason);
    }
}

ddbs_status ddbs_emit__scalar(struct tape *tape, const ddbs_field *field, const void *in, size_t open,
                              const char **reason)
{
    if (ddbs_emit__is_absent(field->type, in))
        return stop(DDBS_E_MISSING, "the member is empty, and not DDBS_MAYBE", reason);
    if (open > DDBS_VALUE_DEPTH_MAX)
        return stop(DDBS_E_LIMIT, "values nested deeper than 64", reason);
    if (field->entry == DDBS_ENTRY_ENUM)
        return emit_enum(tape, field, in, reason);
    return emit_field(tape, field, in, open, reason);
}
