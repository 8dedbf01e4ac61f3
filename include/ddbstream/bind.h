/* ddbstream/bind.h: an item as your struct, by one table, and back.
 *
 *     struct line { ddbs_str sku; uint32_t pieces; };
 *     enum state { OPEN, PAID, SHIPPED };
 *     struct order {
 *         ddbs_str id;
 *         int64_t cents;
 *         enum state state;
 *         bool gift;
 *         bool has_note;
 *         char note[80];
 *         struct { struct line *ptr; size_t count; } lines;
 *     };
 *
 *     static const ddbs_schema line_schema = DDBS_SCHEMA(struct line,
 *         DDBS_FIELD(struct line, sku),
 *         DDBS_FIELD(struct line, pieces));
 *     static const ddbs_enum_name states[] = { { "OPEN", OPEN }, { "PAID", PAID }, { "SHIPPED", SHIPPED } };
 *     static const ddbs_schema order_schema = DDBS_SCHEMA(struct order,
 *         DDBS_FIELD_AS(struct order, id, "orderId"),
 *         DDBS_SCALED_AS(struct order, cents, "total", 2),
 *         DDBS_ENUM(struct order, state, states),
 *         DDBS_MAYBE(DDBS_FIELD(struct order, gift)),
 *         DDBS_NULLABLE(struct order, has_note, DDBS_FIELD(struct order, note)),
 *         DDBS_NESTED_LIST(struct order, lines, line_schema));
 *
 *     static ddbs_status placed(ddbs_ctx *ctx, const ddbs_record *rec)
 *     {
 *         struct order order = { .gift = false };
 *         DDBS_TRY(ddbs_bind(&order_schema, rec->new_image, &order, ddbs_ctx_error(ctx)));
 *         return order.lines.count > 0 ? DDBS_OK : ddbs_fail(ctx, DDBS_E_HANDLER, "an order without lines");
 *     }
 *
 * An entry names a member and says which attribute fills it: the one of the member's name, or with the twin that ends
 * in _AS the one that is named. A member that does not exist or a type without a conversion does not compile.
 *
 *     entry                                    member                             attribute
 *     DDBS_FIELD(T, m)                         what value.h lists                 as value.h lists
 *                                              char array                         S; the NUL must fit, none be inside
 *                                              time_t                             N, whole seconds since 1970
 *                                              an enum                            N, its integer
 *     DDBS_SCALED(T, m, places)                integer                            N, times 10^places, exactly
 *     DDBS_ROUNDED(T, m)                       double                             N, rounded to the nearest
 *     DDBS_ENUM(T, m, names)                   enum or integer                    S, one of the names
 *     DDBS_NESTED(T, m, schema)                struct                             M
 *     DDBS_LIST(T, m)                          struct { X *ptr; size_t count; }   L of what becomes an X
 *     DDBS_NESTED_LIST(T, m, schema)           struct { X *ptr; size_t count; }   L of M
 *     DDBS_SET(T, m)                           struct { X *ptr; size_t count; }   SS, NS or BS, as X says
 *     DDBS_MAYBE(entry)                        absent or NULL: the member keeps what it held before
 *     DDBS_NULLABLE(T, flag, entry)            the same, and the bool member `flag` says whether it was there
 *
 * Without DDBS_MAYBE or DDBS_NULLABLE an attribute must be there, and may not be NULL. Attributes that no entry names
 * are not read. Arrays, and what views point to, belong to the item's arena: they live as long as the record does.
 *
 * A schema stands at file level, as in the example; in a function leave out the `static`. */
#ifndef DDBSTREAM_BIND_H
#define DDBSTREAM_BIND_H
#include <ddbstream/value.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef struct ddbs_schema ddbs_schema;

/* A string of the table and the constant that stands for it. */
typedef struct ddbs_enum_name {
    const char *name;
    int64_t value;
} ddbs_enum_name;

/* What an entry is. The last two say how the entry after them is to be read. */
typedef enum ddbs_entry {
    DDBS_ENTRY_FIELD,
    DDBS_ENTRY_SCALED,
    DDBS_ENTRY_ROUNDED,
    DDBS_ENTRY_ENUM,
    DDBS_ENTRY_NESTED,
    DDBS_ENTRY_LIST,
    DDBS_ENTRY_NESTED_LIST,
    DDBS_ENTRY_SET,
    DDBS_ENTRY_MAYBE,
    DDBS_ENTRY_NULLABLE
} ddbs_entry;

/* One entry of a schema; made by the macros below, read by nobody else. */
typedef struct ddbs_field {
    ddbs_entry entry;
    ddbs_ctype type; /* of the member; of an element in arrays */
    ddbs_str name;   /* of the attribute */
    size_t offset;   /* of the member; of `ptr` in arrays; of the flag in DDBS_NULLABLE */
    size_t size;     /* of the member; of an element in arrays */
    size_t count_offset;
    int scale;
    const ddbs_schema *schema;
    const ddbs_enum_name *names;
    size_t name_count;
} ddbs_field;

struct ddbs_schema {
    size_t size; /* of the struct */
    const ddbs_field *fields;
    size_t count;
};

/**
 * Fill a struct from an item. One look-up for each entry: the cost is that of the entries, not of the item.
 * @param out    the struct that the schema describes. Set defaults of DDBS_MAYBE before. Untouched unless DDBS_OK
 * @param error  NULL, or gets the path inside the item, what was expected, and what was found; never a value
 * @return DDBS_OK
 *         DDBS_E_MISSING  the item is NULL (the stream's view leaves that image out), or an attribute is not there
 *         DDBS_E_TYPE     an attribute of another type
 *         DDBS_E_RANGE    a number outside its member's range, or a string that is none of an enum's names
 *         DDBS_E_INEXACT  a number that the member's type does not have, or a char array would end at a U+0000 inside
 *         DDBS_E_LIMIT    a string longer than its char array
 *         DDBS_E_MEMORY   no room in the item's arena
 *         DDBS_E_USAGE    the schema contradicts itself: a nested schema of another struct's size
 */
DDBS_API ddbs_status ddbs_bind(const ddbs_schema *schema, const ddbs_item *item, void *out,
                               ddbs_error *error) DDBS_MUST_CHECK;

/**
 * Write a struct as an item: for replicas, event stores and tests. What ddbs_bind would read back is the same struct.
 * Left out are a DDBS_NULLABLE whose flag is false, and a DDBS_MAYBE whose view is {NULL, 0} or whose pointer is NULL;
 * any other member of a DDBS_MAYBE is written, whatever it holds.
 * @param arena  gets the item with copies of all that the struct points to
 * @param error  NULL, or gets the path and the reason
 * @return DDBS_OK
 *         DDBS_E_MISSING  a view {NULL, 0} or a NULL pointer in a member that is not DDBS_MAYBE
 *         DDBS_E_SYNTAX   text that is not UTF-8, a ddbs_num that is no number, a double that is not finite
 *         DDBS_E_RANGE    a constant without a name in its table
 *         DDBS_E_INEXACT  a double that no number of 38 digits equals, unless it is DDBS_ROUNDED
 *         DDBS_E_LIMIT    a number that DynamoDB cannot hold, nesting deeper than DDBS_VALUE_DEPTH_MAX, a char array
 *                         without its NUL
 *         DDBS_E_DUPLICATE  two entries that write the same attribute
 *         DDBS_E_MEMORY, DDBS_E_USAGE as ddbs_bind
 */
DDBS_API ddbs_status ddbs_unbind(const ddbs_schema *schema, const void *in, ddbs_arena *arena, const ddbs_item **out,
                                 ddbs_error *error) DDBS_MUST_CHECK;

/* ---- The entries ------------------------------------------------------------------------------------------------- */

#define DDBS_FIELD(T, m)               DDBS_FIELD_AS(T, m, #m)
#define DDBS_SCALED(T, m, places)      DDBS_SCALED_AS(T, m, #m, places)
#define DDBS_ROUNDED(T, m)             DDBS_ROUNDED_AS(T, m, #m)
#define DDBS_ENUM(T, m, table)         DDBS_ENUM_AS(T, m, #m, table)
#define DDBS_NESTED(T, m, nested)      DDBS_NESTED_AS(T, m, #m, nested)
#define DDBS_LIST(T, m)                DDBS_LIST_AS(T, m, #m)
#define DDBS_NESTED_LIST(T, m, nested) DDBS_NESTED_LIST_AS(T, m, #m, nested)
#define DDBS_SET(T, m)                 DDBS_SET_AS(T, m, #m)

#define DDBS_FIELD_AS(T, m, attribute)                                                                                 \
    DDBS_MEMBER(DDBS_ENTRY_FIELD, DDBS_CTYPE_FIELD(T, m), T, m, attribute, 0, NULL, NULL, 0)
#define DDBS_SCALED_AS(T, m, attribute, places)                                                                        \
    DDBS_MEMBER(DDBS_ENTRY_SCALED, DDBS_CTYPE_INTEGER(T, m), T, m, attribute, places, NULL, NULL, 0)
#define DDBS_ROUNDED_AS(T, m, attribute)                                                                               \
    DDBS_MEMBER(DDBS_ENTRY_ROUNDED, DDBS_CTYPE_DOUBLE(T, m), T, m, attribute, 0, NULL, NULL, 0)
#define DDBS_ENUM_AS(T, m, attribute, table)                                                                           \
    DDBS_MEMBER(DDBS_ENTRY_ENUM, DDBS_CTYPE_INTEGER(T, m), T, m, attribute, 0, NULL, table, DDBS_NAME_COUNT(table))
#define DDBS_NESTED_AS(T, m, attribute, nested)                                                                        \
    DDBS_MEMBER(DDBS_ENTRY_NESTED, DDBS_C_NONE, T, m, attribute, 0, &(nested), NULL, 0)
#define DDBS_LIST_AS(T, m, attribute) DDBS_ARRAY(DDBS_ENTRY_LIST, DDBS_CTYPE_IN_LIST(T, m.ptr), T, m, attribute, NULL)
#define DDBS_NESTED_LIST_AS(T, m, attribute, nested)                                                                   \
    DDBS_ARRAY(DDBS_ENTRY_NESTED_LIST, DDBS_C_NONE, T, m, attribute, &(nested))
#define DDBS_SET_AS(T, m, attribute) DDBS_ARRAY(DDBS_ENTRY_SET, DDBS_CTYPE_IN_SET(T, m.ptr), T, m, attribute, NULL)

/** The entry is optional: where the attribute is absent or NULL, the member keeps what it held. */
#define DDBS_MAYBE(entry) { DDBS_ENTRY_MAYBE, DDBS_C_NONE, { "", 0 }, 0, 0, 0, 0, NULL, NULL, 0 }, entry

/** The same, and the member `flag`, a bool of the struct, says whether the attribute was there. */
#define DDBS_NULLABLE(T, flag, entry)                                                                                  \
    { DDBS_ENTRY_NULLABLE, DDBS_CTYPE_FLAG(T, flag), { "", 0 }, offsetof(T, flag), 0, 0, 0, NULL, NULL, 0 }, entry

/* What the entries are made of. `"" attribute ""` takes string literals only. */
#define DDBS_MEMBER(entry, type, T, m, attribute, scale, schema, names, name_count)                                    \
    {                                                                                                                  \
        entry, type, { "" attribute "", sizeof(attribute) - 1 }, offsetof(T, m), sizeof(((T *)0)->m), 0, scale,        \
            schema, names, name_count                                                                                  \
    }
#define DDBS_ARRAY(entry, type, T, m, attribute, schema)                                                               \
    {                                                                                                                  \
        entry, type, { "" attribute "", sizeof(attribute) - 1 }, DDBS_POINTER_OFFSET(T, m), sizeof *((T *)0)->m.ptr,   \
            DDBS_COUNT_OFFSET(T, m), 0, schema, NULL, 0                                                                \
    }

#ifdef __cplusplus
}

/** A schema; the entries' order is free. */
#define DDBS_SCHEMA(T, ...)                                                                                            \
    [] {                                                                                                               \
        static const ddbs_field fields[] = { __VA_ARGS__ };                                                            \
        return ddbs_schema{ sizeof(T), fields, sizeof fields / sizeof *fields };                                       \
    }()

#include <type_traits>
extern "C++" {
/* The conversion of a member's type. Without a match, and for char *, there is none, and it does not compile. */
template <typename M> constexpr ddbs_ctype ddbs_ctype_field()
{
    using element = typename std::remove_extent<M>::type;
    if constexpr (std::is_array<M>::value) {
        static_assert(std::is_same<element, char>::value, "an array member must be of char");
        return DDBS_C_CHARS;
    } else if constexpr (std::is_enum<M>::value) {
        return ddbs_ctype_of(static_cast<typename std::underlying_type<M>::type *>(nullptr));
    } else {
        return ddbs_ctype_of(static_cast<M *>(nullptr));
    }
}
template <typename M> constexpr ddbs_ctype ddbs_ctype_integer()
{
    static_assert((std::is_integral<M>::value && !std::is_same<M, bool>::value) || std::is_enum<M>::value,
                  "expected an integer member");
    return ddbs_ctype_field<M>();
}
template <typename M, typename Wanted> constexpr ddbs_ctype ddbs_ctype_exactly()
{
    static_assert(std::is_same<M, Wanted>::value, "the member has another type than this entry takes");
    return ddbs_ctype_of(static_cast<M *>(nullptr));
}
template <size_t N> constexpr size_t ddbs_name_count(const ddbs_enum_name (&)[N])
{
    return N;
}
template <typename P> constexpr void ddbs_must_be_pointer()
{
    static_assert(std::is_pointer<P>::value, "expected a struct of a pointer and a count");
}
template <typename P> constexpr ddbs_ctype ddbs_ctype_in_set()
{
    using X = typename std::remove_pointer<P>::type;
    static_assert(!std::is_pointer<X>::value && !std::is_same<X, bool>::value, "no element of a set");
    return ddbs_ctype_of(static_cast<X *>(nullptr));
}
}
#define DDBS_CTYPE_FIELD(T, m)    ddbs_ctype_field<decltype(((T *)0)->m)>()
#define DDBS_CTYPE_INTEGER(T, m)  ddbs_ctype_integer<decltype(((T *)0)->m)>()
#define DDBS_NAME_COUNT(table)    ddbs_name_count(table)
#define DDBS_CTYPE_DOUBLE(T, m)   ddbs_ctype_exactly<decltype(((T *)0)->m), double>()
#define DDBS_CTYPE_FLAG(T, m)     ddbs_ctype_exactly<decltype(((T *)0)->m), bool>()
#define DDBS_CTYPE_IN_LIST(T, m)  ddbs_ctype_of(static_cast<decltype(((T *)0)->m)>(nullptr))
#define DDBS_CTYPE_IN_SET(T, m)   ddbs_ctype_in_set<decltype(((T *)0)->m)>()
#define DDBS_POINTER_OFFSET(T, m) (ddbs_must_be_pointer<decltype(((T *)0)->m.ptr)>(), offsetof(T, m.ptr))
#define DDBS_COUNT_OFFSET(T, m)   (ddbs_ctype_exactly<decltype(((T *)0)->m.count), size_t>(), offsetof(T, m.count))
#else
#define DDBS_SCHEMA(T, ...)                                                                                            \
    {                                                                                                                  \
        sizeof(T), (const ddbs_field[]){ __VA_ARGS__ },                                                                \
            sizeof((const ddbs_field[]){ __VA_ARGS__ }) / sizeof(ddbs_field)                                           \
    }

/* A member's address tells its type, but for char arrays, which have as many types as sizes: those are known by what
 * they turn into, unless it is a char * itself. The struct stops the compiler with a message that says why. */
typedef struct ddbs_no_conversion {
    char none;
} ddbs_no_conversion;
#define DDBS_CTYPE_FIELD(T, m)                                                                                         \
    _Generic(&((T *)0)->m, DDBS_CTYPE_ALL, char ** : (ddbs_no_conversion){ 0 },                                        \
             default : _Generic(((T *)0)->m, char * : DDBS_C_CHARS, default : (ddbs_no_conversion){ 0 }))
#define DDBS_CTYPE_INTEGER(T, m) _Generic(&((T *)0)->m, DDBS_CTYPE_INTEGERS)
#define DDBS_CTYPE_DOUBLE(T, m)  _Generic(&((T *)0)->m, double * : DDBS_C_F64)
#define DDBS_CTYPE_FLAG(T, m)    _Generic(&((T *)0)->m, bool * : DDBS_C_BOOL)
#define DDBS_CTYPE_IN_LIST(T, m) _Generic(((T *)0)->m, DDBS_CTYPE_ALL)
#define DDBS_CTYPE_IN_SET(T, m)  _Generic(((T *)0)->m, DDBS_CTYPE_ELEMENTS)
/* A pointer to a table does not know how long that is. */
#define DDBS_NAME_COUNT(table)                                                                                         \
    _Generic(&(table), const ddbs_enum_name(*)[sizeof(table) / sizeof *(table)] : sizeof(table) / sizeof *(table))

/* An array would turn into a pointer, but its address does not. */
#define DDBS_POINTER_OFFSET(T, m) _Generic(&((T *)0)->m.ptr, __typeof__(*((T *)0)->m.ptr) ** : offsetof(T, m.ptr))
#define DDBS_COUNT_OFFSET(T, m)   _Generic(&((T *)0)->m.count, size_t * : offsetof(T, m.count))
#endif
#endif
