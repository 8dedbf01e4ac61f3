/* get.c: attribute values as C types. */
#include "lib/get.h"

#include "lib/num.h"

bool ddbs_get__is_integer(ddbs_ctype type)
{
    return type >= DDBS_C_I8 && type <= DDBS_C_U64;
}

static bool is_signed(ddbs_ctype type)
{
    return type <= DDBS_C_I64;
}

/* Bytes of an integer: both rows of the enumeration go from 8 to 64 bits. */
static size_t width(ddbs_ctype type)
{
    return (size_t)1 << (type - (is_signed(type) ? DDBS_C_I8 : DDBS_C_U8));
}

static uint64_t largest(ddbs_ctype type)
{
    return UINT64_MAX >> (64 - 8 * width(type) + is_signed(type));
}

ddbs_status ddbs_get__store(bool negative, uint64_t magnitude, ddbs_ctype type, void *out)
{
    uint64_t bits = negative ? 0 - magnitude : magnitude;
    if (negative && !is_signed(type))
        return DDBS_E_RANGE;
    if (magnitude > largest(type) && magnitude - negative > largest(type))
        return DDBS_E_RANGE;
    switch (width(type)) {
    case 1:
        *(uint8_t *)out = (uint8_t)bits;
        break;
    case 2:
        *(uint16_t *)out = (uint16_t)bits;
        break;
    case 4:
        *(uint32_t *)out = (uint32_t)bits;
        break;
    default:
        *(uint64_t *)out = bits;
        break;
    }
    return DDBS_OK;
}

static int64_t load_signed(ddbs_ctype type, const void *in)
{
    switch (width(type)) {
    case 1:
        return *(const int8_t *)in;
    case 2:
        return *(const int16_t *)in;
    case 4:
        return *(const int32_t *)in;
    default:
        return *(const int64_t *)in;
    }
}

static uint64_t load_unsigned(ddbs_ctype type, const void *in)
{
    switch (width(type)) {
    case 1:
        return *(const uint8_t *)in;
    case 2:
        return *(const uint16_t *)in;
    case 4:
        return *(const uint32_t *)in;
    default:
        return *(const uint64_t *)in;
    }
}

uint64_t ddbs_get__magnitude(ddbs_ctype type, const void *in, bool *negative)
{
    int64_t value = is_signed(type) ? load_signed(type, in) : 0;
    *negative = value < 0;
    if (!is_signed(type))
        return load_unsigned(type, in);
    return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

ddbs_status ddbs_get__integer(ddbs_num num, int scale, ddbs_ctype type, void *out)
{
    bool negative;
    uint64_t magnitude;
    DDBS_TRY(ddbs_num__scaled(num, scale, is_signed(type), &negative, &magnitude));
    return ddbs_get__store(negative, magnitude, type, out);
}

static ddbs_status number_as(const ddbs_value *value, ddbs_ctype type, void *out)
{
    ddbs_num num;
    DDBS_TRY(ddbs_value_num(value, &num));
    switch (type) {
    case DDBS_C_NUM:
        *(ddbs_num *)out = num;
        return DDBS_OK;
    case DDBS_C_F64:
        return ddbs_num_f64(num, out);
#ifdef __SIZEOF_INT128__
    case DDBS_C_I128:
        return ddbs_num_i128(num, out);
#endif
    default:
        return ddbs_get__is_integer(type) ? ddbs_get__integer(num, 0, type, out) : DDBS_E_USAGE;
    }
}

ddbs_status ddbs_value_as(const ddbs_value *value, ddbs_ctype type, void *out)
{
    if (type == DDBS_C_NONE || type >= DDBS_C_CHARS)
        return DDBS_E_USAGE;
    switch (type) {
    case DDBS_C_STR:
        return ddbs_value_str(value, out);
    case DDBS_C_BYTES:
        return ddbs_value_bytes(value, out);
    case DDBS_C_BOOL:
        return ddbs_value_bool(value, out);
    case DDBS_C_ITEM:
        return ddbs_value_item(value, out);
    case DDBS_C_VALUE:
        if (value == NULL)
            return DDBS_E_MISSING;
        *(const ddbs_value **)out = value;
        return DDBS_OK;
    default:
        return number_as(value, type, out);
    }
}

ddbs_status ddbs_get_as(const ddbs_item *item, const char *name, ddbs_ctype type, void *out)
{
    return ddbs_value_as(ddbs_item_find(item, ddbs_str_c(name)), type, out);
}

ddbs_status ddbs_get_path_as(const ddbs_item *item, const char *path, ddbs_ctype type, void *out)
{
    const ddbs_value *value;
    DDBS_TRY(ddbs_item_find_path(item, path, &value));
    return ddbs_value_as(value, type, out);
}

ddbs_status ddbs_get_str(const ddbs_item *item, const char *name, ddbs_str *out)
{
    return ddbs_get(item, name, out);
}

ddbs_status ddbs_get_num(const ddbs_item *item, const char *name, ddbs_num *out)
{
    return ddbs_get(item, name, out);
}

ddbs_status ddbs_get_bytes(const ddbs_item *item, const char *name, ddbs_bytes *out)
{
    return ddbs_get(item, name, out);
}

ddbs_status ddbs_get_bool(const ddbs_item *item, const char *name, bool *out)
{
    return ddbs_get(item, name, out);
}

ddbs_status ddbs_get_i32(const ddbs_item *item, const char *name, int32_t *out)
{
    return ddbs_get(item, name, out);
}

ddbs_status ddbs_get_i64(const ddbs_item *item, const char *name, int64_t *out)
{
    return ddbs_get(item, name, out);
}

ddbs_status ddbs_get_u64(const ddbs_item *item, const char *name, uint64_t *out)
{
    return ddbs_get(item, name, out);
}

ddbs_status ddbs_get_f64(const ddbs_item *item, const char *name, double *out)
{
    return ddbs_get(item, name, out);
}

ddbs_status ddbs_get_item(const ddbs_item *item, const char *name, const ddbs_item **out)
{
    return ddbs_get(item, name, out);
}

ddbs_status ddbs_get_value(const ddbs_item *item, const char *name, const ddbs_value **out)
{
    return ddbs_get(item, name, out);
}
