/* members.h: a struct with a member for every conversion that a schema has, and a schema for each alone. Included by
 * the tests of bind.h, which go through all of them. */
#ifndef MEMBERS_H
#define MEMBERS_H
#include "tests/unit/events.h"

#include <time.h>

enum color { RED, GREEN = 5, BLUE = -3 };

struct point {
    int32_t x, y;
};

struct members {
    ddbs_str str;
    ddbs_num num;
    ddbs_bytes bytes;
    bool truth;
    int8_t i8;
    int16_t i16;
    int32_t i32;
    int64_t i64;
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;
    long long wide;
    ddbs_i128 i128;
    double exact, rounded;
    char chars[4];
    time_t when;
    enum color color, number;
    int32_t cents;
    uint8_t tenths;
    struct point point;
    const ddbs_item *item;
    const ddbs_value *value;
    struct {
        ddbs_str *ptr;
        size_t count;
    } texts, ss;
    struct {
        int16_t *ptr;
        size_t count;
    } shorts, ns;
    struct {
        bool *ptr;
        size_t count;
    } truths;
    struct {
        const ddbs_value **ptr;
        size_t count;
    } values;
    struct {
        struct point *ptr;
        size_t count;
    } points;
    struct {
        double *ptr;
        size_t count;
    } doubles;
    struct {
        ddbs_bytes *ptr;
        size_t count;
    } bs;
    bool there;
};

static const ddbs_enum_name colors[] = { { "red", RED }, { "green", GREEN }, { "blue", BLUE } };
static const ddbs_schema point_schema =
    DDBS_SCHEMA(struct point, DDBS_FIELD(struct point, x), DDBS_FIELD(struct point, y));

/* Each entry once, and which of the ten types it takes from the samples. */
static const struct member {
    ddbs_field field;
    const char *fits;
} members[] = {
    { DDBS_FIELD_AS(struct members, str, "a"), "S" },
    { DDBS_FIELD_AS(struct members, num, "a"), "N" },
    { DDBS_FIELD_AS(struct members, bytes, "a"), "B" },
    { DDBS_FIELD_AS(struct members, truth, "a"), "BOOL" },
    { DDBS_FIELD_AS(struct members, i8, "a"), "N" },
    { DDBS_FIELD_AS(struct members, i16, "a"), "N" },
    { DDBS_FIELD_AS(struct members, i32, "a"), "N" },
    { DDBS_FIELD_AS(struct members, i64, "a"), "N" },
    { DDBS_FIELD_AS(struct members, u8, "a"), "N" },
    { DDBS_FIELD_AS(struct members, u16, "a"), "N" },
    { DDBS_FIELD_AS(struct members, u32, "a"), "N" },
    { DDBS_FIELD_AS(struct members, u64, "a"), "N" },
    { DDBS_FIELD_AS(struct members, wide, "a"), "N" },
    { DDBS_FIELD_AS(struct members, i128, "a"), "N" },
    { DDBS_FIELD_AS(struct members, exact, "a"), "N" },
    { DDBS_ROUNDED_AS(struct members, rounded, "a"), "N" },
    { DDBS_FIELD_AS(struct members, chars, "a"), "S" },
    { DDBS_FIELD_AS(struct members, when, "a"), "N" },
    { DDBS_ENUM_AS(struct members, color, "a", colors), "S" },
    { DDBS_FIELD_AS(struct members, number, "a"), "N" },
    { DDBS_SCALED_AS(struct members, cents, "a", 2), "N" },
    { DDBS_SCALED_AS(struct members, tenths, "a", 1), "N" },
    { DDBS_NESTED_AS(struct members, point, "a", point_schema), "M" },
    { DDBS_FIELD_AS(struct members, item, "a"), "M" },
    { DDBS_FIELD_AS(struct members, value, "a"), "S N B BOOL NULL M L SS NS BS" },
    { DDBS_LIST_AS(struct members, texts, "a"), "" },
    { DDBS_LIST_AS(struct members, shorts, "a"), "L" },
    { DDBS_LIST_AS(struct members, truths, "a"), "" },
    { DDBS_LIST_AS(struct members, values, "a"), "L" },
    { DDBS_NESTED_LIST_AS(struct members, points, "a", point_schema), "" },
    { DDBS_LIST_AS(struct members, doubles, "a"), "L" },
    { DDBS_SET_AS(struct members, ss, "a"), "SS" },
    { DDBS_SET_AS(struct members, ns, "a"), "NS" },
    { DDBS_SET_AS(struct members, bs, "a"), "BS" },
};
enum { MEMBER_COUNT = sizeof members / sizeof *members };

/* The entry whose member stands at this offset, with modifiers before it: an array of up to three entries. */
static inline const ddbs_field *field_at(size_t offset)
{
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        if (members[i].field.offset == offset)
            return &members[i].field;
    }
    abort();
}
#define MEMBER(m)       field_at(offsetof(struct members, m))
#define MEMBER_ARRAY(m) field_at(offsetof(struct members, m.ptr))

/* A schema of one entry and the modifiers before it. */
struct alone {
    ddbs_field fields[2];
    ddbs_schema schema;
};

static const ddbs_field maybe = { .entry = DDBS_ENTRY_MAYBE };
static const ddbs_field nullable = { .entry = DDBS_ENTRY_NULLABLE, .offset = offsetof(struct members, there) };

static inline const ddbs_schema *alone(struct alone *out, const ddbs_field *modifier, const ddbs_field *field)
{
    size_t count = 0;
    if (modifier != NULL)
        out->fields[count++] = *modifier;
    out->fields[count++] = *field;
    out->schema = (ddbs_schema){ sizeof(struct members), out->fields, count };
    return &out->schema;
}

/* An item from DynamoDB JSON written with ' for ". */
static inline struct parsed read_typed(const char *json, const ddbs_item **out)
{
    struct parsed p = { .event = NULL };
    char text[1024];
    size_t len = strlen(json);
    if (len >= sizeof text || ddbs_arena_new(&p.arena, 0) != DDBS_OK)
        abort();
    for (size_t i = 0; i <= len; i++)
        text[i] = json[i] == '\'' ? '"' : json[i];
    if (ddbs_item_read(text, len, DDBS_JSON_TYPED, p.arena, out, NULL) != DDBS_OK)
        abort();
    return p;
}

/* A struct whose bytes are known, to see what was written. */
static inline struct members marked(void)
{
    struct members out;
    memset(&out, 0x5a, sizeof out);
    memset(&out.there, 0, sizeof out.there);
    return out;
}
#endif
