/* get.c: ddbs_get and its named forms: attribute of an item to C value. */
#include <ddbstream/num.h>
#include <ddbstream/value.h>

static const ddbs_value *find(const ddbs_item *item, const char *name)
{
    return ddbs_item_find(item, ddbs_str_c(name));
}

ddbs_status ddbs_get_str(const ddbs_item *item, const char *name, ddbs_str *out)
{
    return ddbs_value_str(find(item, name), out);
}

ddbs_status ddbs_get_num(const ddbs_item *item, const char *name, ddbs_num *out)
{
    return ddbs_value_num(find(item, name), out);
}

ddbs_status ddbs_get_bytes(const ddbs_item *item, const char *name, ddbs_bytes *out)
{
    return ddbs_value_bytes(find(item, name), out);
}

ddbs_status ddbs_get_bool(const ddbs_item *item, const char *name, bool *out)
{
    return ddbs_value_bool(find(item, name), out);
}

ddbs_status ddbs_get_i32(const ddbs_item *item, const char *name, int32_t *out)
{
    int64_t wide;
    DDBS_TRY(ddbs_get_i64(item, name, &wide));
    if (wide < INT32_MIN || wide > INT32_MAX)
        return DDBS_E_RANGE;
    *out = (int32_t)wide;
    return DDBS_OK;
}

ddbs_status ddbs_get_i64(const ddbs_item *item, const char *name, int64_t *out)
{
    ddbs_num num;
    DDBS_TRY(ddbs_get_num(item, name, &num));
    return ddbs_num_i64(num, out);
}

ddbs_status ddbs_get_u64(const ddbs_item *item, const char *name, uint64_t *out)
{
    ddbs_num num;
    DDBS_TRY(ddbs_get_num(item, name, &num));
    return ddbs_num_u64(num, out);
}

ddbs_status ddbs_get_item(const ddbs_item *item, const char *name, const ddbs_item **out)
{
    return ddbs_value_item(find(item, name), out);
}

ddbs_status ddbs_get_value(const ddbs_item *item, const char *name, const ddbs_value **out)
{
    const ddbs_value *value = find(item, name);
    if (value == NULL)
        return DDBS_E_MISSING;
    *out = value;
    return DDBS_OK;
}
