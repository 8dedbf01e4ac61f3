/* ddbstream/value.h: attribute values and items.
 *
 * An item is a set of named attribute values; an attribute value has one of DynamoDB's ten types. Both are borrowed:
 * they live as long as the record they belong to. Every function accepts NULL and treats it as an absent value, so
 * that look-ups chain:
 *
 *     ddbs_str city;
 *     const ddbs_item *address;
 *     DDBS_TRY(ddbs_get(rec->new_image, "address", &address));
 *     DDBS_TRY(ddbs_get(address, "city", &city)); */
#ifndef DDBSTREAM_VALUE_H
#define DDBSTREAM_VALUE_H
#include <ddbstream/base.h>
#ifdef __cplusplus
extern "C" {
#endif

/* The type tags of DynamoDB, in the order of the developer guide. */
typedef enum ddbs_type {
    DDBS_TYPE_NONE, /* no value: what NULL has */
    DDBS_TYPE_S,
    DDBS_TYPE_N,
    DDBS_TYPE_B,
    DDBS_TYPE_BOOL,
    DDBS_TYPE_NULL,
    DDBS_TYPE_M,
    DDBS_TYPE_L,
    DDBS_TYPE_SS,
    DDBS_TYPE_NS,
    DDBS_TYPE_BS
} ddbs_type;

typedef struct ddbs_value ddbs_value; /* one attribute value */
typedef struct ddbs_item ddbs_item;   /* an image, the keys of a record, or the content of an M */

/** The tag of a type as it stands in JSON: "S", "BOOL"; "none" for DDBS_TYPE_NONE. Static text. */
DDBS_API const char *ddbs_type_name(ddbs_type type);

/** The type of a value; DDBS_TYPE_NONE for NULL. */
DDBS_API ddbs_type ddbs_value_type(const ddbs_value *value);

/* The content of a scalar.
 * @return DDBS_OK, DDBS_E_MISSING for NULL, DDBS_E_TYPE for another type */
DDBS_API ddbs_status ddbs_value_str(const ddbs_value *value, ddbs_str *out) DDBS_MUST_CHECK;          /* S */
DDBS_API ddbs_status ddbs_value_num(const ddbs_value *value, ddbs_num *out) DDBS_MUST_CHECK;          /* N */
DDBS_API ddbs_status ddbs_value_bytes(const ddbs_value *value, ddbs_bytes *out) DDBS_MUST_CHECK;      /* B, decoded */
DDBS_API ddbs_status ddbs_value_bool(const ddbs_value *value, bool *out) DDBS_MUST_CHECK;             /* BOOL */
DDBS_API ddbs_status ddbs_value_item(const ddbs_value *value, const ddbs_item **out) DDBS_MUST_CHECK; /* M */

/** How many elements an L, SS, NS or BS has, or how many attributes an M; 0 for every other type and for NULL. */
DDBS_API size_t ddbs_value_count(const ddbs_value *value);

/** How many attributes an item has; 0 for NULL. */
DDBS_API size_t ddbs_item_count(const ddbs_item *item);

/** The attribute of that name (case counts, bytes compare), or NULL. Fast for items of any size. */
DDBS_API const ddbs_value *ddbs_item_find(const ddbs_item *item, ddbs_str name);

/* Walk over the elements of an L or a set, or over the attributes of an item, in the order of the event.
 *
 *     ddbs_iter it = ddbs_iter_item(rec->new_image);
 *     for (ddbs_str name; (value = ddbs_iter_attr(&it, &name)) != NULL;)
 *         ... */
typedef struct ddbs_iter {
    const ddbs_value *next; /* for the two functions below only */
    size_t left;            /* how many are still to come */
} ddbs_iter;

/** Begin at the first element of an L, SS, NS or BS; anything else has no elements. */
DDBS_API ddbs_iter ddbs_iter_list(const ddbs_value *value);

/** Begin at the first attribute of an item; NULL has none. */
DDBS_API ddbs_iter ddbs_iter_item(const ddbs_item *item);

/** The next element, or NULL after the last. For an iterator of ddbs_iter_list. */
DDBS_API const ddbs_value *ddbs_iter_next(ddbs_iter *iter);

/** The next attribute and its name, or NULL after the last. For an iterator of ddbs_iter_item. */
DDBS_API const ddbs_value *ddbs_iter_attr(ddbs_iter *iter, ddbs_str *name);

/* The attribute `name` of an item as a C value: the named forms of ddbs_get.
 * @return DDBS_OK
 *         DDBS_E_MISSING  the item is NULL or has no such attribute
 *         DDBS_E_TYPE     the attribute has another type, NULL included
 *         DDBS_E_RANGE    a number outside the integer's range
 *         DDBS_E_INEXACT  a number that is no whole number */
DDBS_API ddbs_status ddbs_get_str(const ddbs_item *item, const char *name, ddbs_str *out) DDBS_MUST_CHECK;
DDBS_API ddbs_status ddbs_get_num(const ddbs_item *item, const char *name, ddbs_num *out) DDBS_MUST_CHECK;
DDBS_API ddbs_status ddbs_get_bytes(const ddbs_item *item, const char *name, ddbs_bytes *out) DDBS_MUST_CHECK;
DDBS_API ddbs_status ddbs_get_bool(const ddbs_item *item, const char *name, bool *out) DDBS_MUST_CHECK;
DDBS_API ddbs_status ddbs_get_i32(const ddbs_item *item, const char *name, int32_t *out) DDBS_MUST_CHECK;
DDBS_API ddbs_status ddbs_get_i64(const ddbs_item *item, const char *name, int64_t *out) DDBS_MUST_CHECK;
DDBS_API ddbs_status ddbs_get_u64(const ddbs_item *item, const char *name, uint64_t *out) DDBS_MUST_CHECK;
DDBS_API ddbs_status ddbs_get_item(const ddbs_item *item, const char *name, const ddbs_item **out) DDBS_MUST_CHECK;
DDBS_API ddbs_status ddbs_get_value(const ddbs_item *item, const char *name, const ddbs_value **out) DDBS_MUST_CHECK;

#ifdef __cplusplus
}

extern "C++" {
#define DDBS_GET_OVERLOAD(type, function)                                                                              \
    inline ddbs_status ddbs_get(const ddbs_item *item, const char *name, type *out)                                    \
    {                                                                                                                  \
        return function(item, name, out);                                                                              \
    }
DDBS_GET_OVERLOAD(ddbs_str, ddbs_get_str)
DDBS_GET_OVERLOAD(ddbs_num, ddbs_get_num)
DDBS_GET_OVERLOAD(ddbs_bytes, ddbs_get_bytes)
DDBS_GET_OVERLOAD(bool, ddbs_get_bool)
DDBS_GET_OVERLOAD(int32_t, ddbs_get_i32)
DDBS_GET_OVERLOAD(int64_t, ddbs_get_i64)
DDBS_GET_OVERLOAD(uint64_t, ddbs_get_u64)
DDBS_GET_OVERLOAD(const ddbs_item *, ddbs_get_item)
DDBS_GET_OVERLOAD(const ddbs_value *, ddbs_get_value)
#undef DDBS_GET_OVERLOAD
}
#else
/** The attribute `name` of `item` as the C type that `out` points to; no other types than those above compile. */
#define ddbs_get(item, name, out)                                                                                      \
    _Generic((out),                                                                                                    \
        ddbs_str *: ddbs_get_str,                                                                                      \
        ddbs_num *: ddbs_get_num,                                                                                      \
        ddbs_bytes *: ddbs_get_bytes,                                                                                  \
        bool *: ddbs_get_bool,                                                                                         \
        int32_t *: ddbs_get_i32,                                                                                       \
        int64_t *: ddbs_get_i64,                                                                                       \
        uint64_t *: ddbs_get_u64,                                                                                      \
        const ddbs_item **: ddbs_get_item,                                                                             \
        const ddbs_value **: ddbs_get_value)(item, name, out)
#endif
#endif
