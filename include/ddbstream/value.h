/* ddbstream/value.h: attribute values and items.
 *
 * An item is a set of named attribute values; an attribute value has one of DynamoDB's ten types. Both are borrowed:
 * they live as long as the record they belong to. Every function accepts NULL and treats it as an absent value, so
 * that look-ups chain:
 *
 *     ddbs_str city;
 *     const ddbs_item *address;
 *     DDBS_TRY(ddbs_get(rec->new_image, "address", &address));
 *     DDBS_TRY(ddbs_get(address, "city", &city));
 *
 * The C type of the last argument picks the conversion, and one that has none does not compile:
 *
 *     C type                                       attribute type  refused
 *     ddbs_str                                     S
 *     ddbs_num                                     N
 *     ddbs_bytes                                   B               (decoded from base64)
 *     bool                                         BOOL
 *     signed and unsigned integers of 8-128 bits   N               DDBS_E_RANGE, DDBS_E_INEXACT (not a whole number)
 *     double                                       N               DDBS_E_INEXACT (no double has exactly this value)
 *     const ddbs_item *                            M
 *     const ddbs_value *                           any
 *
 * (128 bits: ddbs_i128 of num.h.) More of an item at once, and with defaults: bind.h. */
#ifndef DDBSTREAM_VALUE_H
#define DDBSTREAM_VALUE_H
#include <ddbstream/num.h>
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

/** The attribute of that name (case counts, bytes compare), or NULL. Cost: the logarithm of the item's size. */
DDBS_API const ddbs_value *ddbs_item_find(const ddbs_item *item, ddbs_str name);

/**
 * The value at a path: names separated by dots, elements of an L in brackets, counted from 0: "lines[0].sku". A
 * backslash takes the meaning from '.', '[', ']' and '\': "a\\.b" in C is the attribute "a.b"; \xNN is the byte of two
 * hexadecimal digits. Errors of ddbs_bind and differences print paths in this form. An empty name has none. An index
 * costs a walk over the elements before it; to visit all, use ddbs_iter_list. @return DDBS_OK
 *         DDBS_E_MISSING  the item is NULL, or an attribute or element on the way is not there
 *         DDBS_E_TYPE     a name asked of what is no M, or an index of what is no L
 *         DDBS_E_SYNTAX   not a path
 *         DDBS_E_MEMORY   no room in the item's arena for a name without its backslashes
 */
DDBS_API ddbs_status ddbs_item_find_path(const ddbs_item *item, const char *path,
                                         const ddbs_value **out) DDBS_MUST_CHECK;

/**
 * Whether two values are equal: numbers by value, sets without order, maps by name, lists element by element. Values of
 * different types never are. NULL equals NULL only.
 */
DDBS_API bool ddbs_value_equal(const ddbs_value *a, const ddbs_value *b);

/** The same for items: equal names with equal values. */
DDBS_API bool ddbs_item_equal(const ddbs_item *a, const ddbs_item *b);

/* Whether a set holds an element; false for what is no set of that type. Numbers compare by value: {"NS":["1.0"]} has
 * 1. A number that is none is in no set. Cost: the size of the set. */
DDBS_API bool ddbs_set_has_str(const ddbs_value *set, ddbs_str element);
DDBS_API bool ddbs_set_has_num(const ddbs_value *set, ddbs_num element);
DDBS_API bool ddbs_set_has_bytes(const ddbs_value *set, ddbs_bytes element);

/* Walk over the elements of an L or a set, or over the attributes of an item, in the order of the event.
 *
 *     ddbs_str name;
 *     ddbs_iter it = ddbs_iter_item(rec->new_image);
 *     for (const ddbs_value *value; (value = ddbs_iter_attr(&it, &name)) != NULL;)
 *         printf("%s is %s\n", name.ptr, ddbs_type_name(ddbs_value_type(value)));
 *
 *     int64_t sum = 0, size;
 *     ddbs_iter sizes = ddbs_iter_list(ddbs_item_find(rec->new_image, ddbs_str_c("sizes")));
 *     for (const ddbs_value *value; (value = ddbs_iter_next(&sizes)) != NULL; sum += size)
 *         DDBS_TRY(ddbs_value_get(value, &size)); */
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

/* The C types that a value can become. DDBS_CTYPE(pointer) finds the one that a pointer points to. */
typedef enum ddbs_ctype {
    DDBS_C_NONE, /* no conversion */
    DDBS_C_STR,
    DDBS_C_NUM,
    DDBS_C_BYTES,
    DDBS_C_BOOL,
    DDBS_C_I8,
    DDBS_C_I16,
    DDBS_C_I32,
    DDBS_C_I64,
    DDBS_C_U8,
    DDBS_C_U16,
    DDBS_C_U32,
    DDBS_C_U64,
    DDBS_C_I128,
    DDBS_C_F64,
    DDBS_C_ITEM,
    DDBS_C_VALUE,
    DDBS_C_CHARS /* a char array: members of structs only, see bind.h */
} ddbs_ctype;

/* What the three macros below call: a value, an attribute, or the value at a path as a C type.
 * @param type  of `*out`; not DDBS_C_NONE or DDBS_C_CHARS
 * @return DDBS_OK
 *         DDBS_E_MISSING  no such attribute, or NULL
 *         DDBS_E_TYPE     another attribute type, NULL included
 *         DDBS_E_RANGE    a number outside the integer's range
 *         DDBS_E_INEXACT  a number that is no whole number, or that no double has
 *         DDBS_E_USAGE    no such `type`
 *         and for a path those of ddbs_item_find_path */
DDBS_API ddbs_status ddbs_value_as(const ddbs_value *value, ddbs_ctype type, void *out) DDBS_MUST_CHECK;
DDBS_API ddbs_status ddbs_get_as(const ddbs_item *item, const char *name, ddbs_ctype type, void *out) DDBS_MUST_CHECK;
DDBS_API ddbs_status ddbs_get_path_as(const ddbs_item *item, const char *path, ddbs_ctype type,
                                      void *out) DDBS_MUST_CHECK;

/** The attribute `name` of `item` as the C type that `out` points to; status as ddbs_get_as. */
#define ddbs_get(item, name, out) ddbs_get_as(item, name, DDBS_CTYPE(out), out)

/** The value at `path` in `item` as the C type that `out` points to. */
#define ddbs_get_path(item, path, out) ddbs_get_path_as(item, path, DDBS_CTYPE(out), out)

/** A value itself as the C type that `out` points to: for elements of lists and sets. */
#define ddbs_value_get(value, out) ddbs_value_as(value, DDBS_CTYPE(out), out)

/* The same with the type in the name, for callers that have no macros. */
DDBS_API ddbs_status ddbs_get_str(const ddbs_item *item, const char *name, ddbs_str *out) DDBS_MUST_CHECK;
DDBS_API ddbs_status ddbs_get_num(const ddbs_item *item, const char *name, ddbs_num *out) DDBS_MUST_CHECK;
DDBS_API ddbs_status ddbs_get_bytes(const ddbs_item *item, const char *name, ddbs_bytes *out) DDBS_MUST_CHECK;
DDBS_API ddbs_status ddbs_get_bool(const ddbs_item *item, const char *name, bool *out) DDBS_MUST_CHECK;
DDBS_API ddbs_status ddbs_get_i32(const ddbs_item *item, const char *name, int32_t *out) DDBS_MUST_CHECK;
DDBS_API ddbs_status ddbs_get_i64(const ddbs_item *item, const char *name, int64_t *out) DDBS_MUST_CHECK;
DDBS_API ddbs_status ddbs_get_u64(const ddbs_item *item, const char *name, uint64_t *out) DDBS_MUST_CHECK;
DDBS_API ddbs_status ddbs_get_f64(const ddbs_item *item, const char *name, double *out) DDBS_MUST_CHECK;
DDBS_API ddbs_status ddbs_get_item(const ddbs_item *item, const char *name, const ddbs_item **out) DDBS_MUST_CHECK;
DDBS_API ddbs_status ddbs_get_value(const ddbs_item *item, const char *name, const ddbs_value **out) DDBS_MUST_CHECK;

#ifdef __cplusplus
}

extern "C++" {
#define DDBS_CTYPE_OVERLOAD(type, code)                                                                                \
    constexpr ddbs_ctype ddbs_ctype_of(type *)                                                                         \
    {                                                                                                                  \
        return code;                                                                                                   \
    }
DDBS_CTYPE_OVERLOAD(ddbs_str, DDBS_C_STR)
DDBS_CTYPE_OVERLOAD(ddbs_num, DDBS_C_NUM)
DDBS_CTYPE_OVERLOAD(ddbs_bytes, DDBS_C_BYTES)
DDBS_CTYPE_OVERLOAD(bool, DDBS_C_BOOL)
DDBS_CTYPE_OVERLOAD(signed char, DDBS_C_I8)
DDBS_CTYPE_OVERLOAD(short, DDBS_C_I16)
DDBS_CTYPE_OVERLOAD(int, DDBS_C_I32)
DDBS_CTYPE_OVERLOAD(long, sizeof(long) == 8 ? DDBS_C_I64 : DDBS_C_I32)
DDBS_CTYPE_OVERLOAD(long long, DDBS_C_I64)
DDBS_CTYPE_OVERLOAD(unsigned char, DDBS_C_U8)
DDBS_CTYPE_OVERLOAD(unsigned short, DDBS_C_U16)
DDBS_CTYPE_OVERLOAD(unsigned, DDBS_C_U32)
DDBS_CTYPE_OVERLOAD(unsigned long, sizeof(long) == 8 ? DDBS_C_U64 : DDBS_C_U32)
DDBS_CTYPE_OVERLOAD(unsigned long long, DDBS_C_U64)
#ifdef __SIZEOF_INT128__
DDBS_CTYPE_OVERLOAD(ddbs_i128, DDBS_C_I128)
#endif
DDBS_CTYPE_OVERLOAD(double, DDBS_C_F64)
#undef DDBS_CTYPE_OVERLOAD
constexpr ddbs_ctype ddbs_ctype_of(const ddbs_item **)
{
    return DDBS_C_ITEM;
}
constexpr ddbs_ctype ddbs_ctype_of(const ddbs_value **)
{
    return DDBS_C_VALUE;
}
}
#define DDBS_CTYPE(pointer) ddbs_ctype_of(pointer)
#else
#ifdef __SIZEOF_INT128__
#define DDBS_CTYPE_I128 ddbs_i128 * : DDBS_C_I128,
#else
#define DDBS_CTYPE_I128
#endif
/* Integers by their names in C: int64_t is `long` here and `long long` there. */
/* clang-format off */
#define DDBS_CTYPE_INTEGERS                                                                                            \
    DDBS_CTYPE_I128                                                                                                    \
    signed char *: DDBS_C_I8,    unsigned char *: DDBS_C_U8,                                                           \
    short *: DDBS_C_I16,         unsigned short *: DDBS_C_U16,                                                         \
    int *: DDBS_C_I32,           unsigned *: DDBS_C_U32,                                                               \
    long *: sizeof(long) == 8 ? DDBS_C_I64 : DDBS_C_I32,                                                               \
    unsigned long *: sizeof(long) == 8 ? DDBS_C_U64 : DDBS_C_U32,                                                      \
    long long *: DDBS_C_I64,     unsigned long long *: DDBS_C_U64
#define DDBS_CTYPE_ELEMENTS                                                                                            \
    DDBS_CTYPE_INTEGERS, double *: DDBS_C_F64,                                                                         \
    ddbs_str *: DDBS_C_STR, ddbs_num *: DDBS_C_NUM, ddbs_bytes *: DDBS_C_BYTES
#define DDBS_CTYPE_ALL                                                                                                 \
    DDBS_CTYPE_ELEMENTS, bool *: DDBS_C_BOOL,                                                                          \
    const ddbs_item **: DDBS_C_ITEM, const ddbs_value **: DDBS_C_VALUE
/* clang-format on */

#define DDBS_CTYPE(pointer) _Generic((pointer), DDBS_CTYPE_ALL)
#endif
#endif
