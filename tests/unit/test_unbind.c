/* test_unbind.c: bind undoes unbind and unbind undoes bind; what cannot be written is an error. */
#include "members.h"
#include "runtime/mapping/rng.h"

#include <math.h>
#include <stdio.h>

/* All members in one schema, each with an attribute of its own. */
static const ddbs_schema all_schema = DDBS_SCHEMA(
    struct members, DDBS_FIELD(struct members, str), DDBS_FIELD(struct members, num), DDBS_FIELD(struct members, bytes),
    DDBS_FIELD(struct members, truth), DDBS_FIELD(struct members, i8), DDBS_FIELD(struct members, i16),
    DDBS_FIELD(struct members, i32), DDBS_FIELD(struct members, i64), DDBS_FIELD(struct members, u8),
    DDBS_FIELD(struct members, u16), DDBS_FIELD(struct members, u32), DDBS_FIELD(struct members, u64),
    DDBS_FIELD(struct members, wide), DDBS_FIELD(struct members, i128), DDBS_FIELD(struct members, exact),
    DDBS_ROUNDED(struct members, rounded), DDBS_FIELD(struct members, chars), DDBS_FIELD(struct members, when),
    DDBS_ENUM(struct members, color, colors), DDBS_FIELD(struct members, number), DDBS_SCALED(struct members, cents, 2),
    DDBS_SCALED(struct members, tenths, 1),
    DDBS_NULLABLE(struct members, there, DDBS_NESTED(struct members, point, point_schema)),
    DDBS_FIELD(struct members, item), DDBS_FIELD(struct members, value), DDBS_LIST(struct members, texts),
    DDBS_SET(struct members, ss), DDBS_MAYBE(DDBS_LIST(struct members, shorts)), DDBS_SET(struct members, ns),
    DDBS_LIST(struct members, truths), DDBS_LIST(struct members, values),
    DDBS_NESTED_LIST_AS(struct members, points, "po.ints", point_schema), DDBS_LIST(struct members, doubles),
    DDBS_SET(struct members, bs));

/* ---- Generated structs ---- */

static struct rng rng;

static uint64_t next_random(void)
{
    return rng_next(&rng);
}

/* Often an edge, else anything. */
static uint64_t random_bits(void)
{
    static const uint64_t edges[] = {
        0, 1, UINT64_MAX, INT64_MAX, (uint64_t)INT64_MAX + 1, 0x80, 0x7f, 0x8000, 0x7fff
    };
    uint64_t pick = next_random();
    return pick % 2 == 0 ? next_random() >> (pick >> 58) : edges[pick / 2 % (sizeof edges / sizeof *edges)];
}

static ddbs_str random_str(void)
{
    static const ddbs_str texts[] = { { "", 0 }, { "x", 1 }, { "a\0b", 3 }, { "\xc3\xa9", 2 }, { "\"\\\n", 3 } };
    return texts[next_random() % (sizeof texts / sizeof *texts)];
}

static ddbs_num random_num(void)
{
    static const char *const nums[] = { "0",      "-7",       "1.50", "12345678901234567890123456789012345678",
                                        "1E-130", "9.99E+125" };
    const char *num = nums[next_random() % (sizeof nums / sizeof *nums)];
    return (ddbs_num){ num, strlen(num) };
}

/* Arrays of up to five elements; elements that are generated lie here. */
struct store {
    ddbs_str texts[5], ss[3];
    int16_t shorts[5], ns[5];
    bool truths[5];
    const ddbs_value *values[5];
    struct point points[5];
    double doubles[5];
    ddbs_bytes bs[3];
};

static void fill_arrays(struct members *m, struct store *s, const ddbs_value *value)
{
    for (size_t i = 0; i < 5; i++) {
        s->texts[i] = random_str();
        s->shorts[i] = (int16_t)random_bits();
        s->ns[i] = (int16_t)(i * 100);
        s->truths[i] = next_random() % 2;
        s->values[i] = value;
        s->points[i] = (struct point){ (int32_t)random_bits(), (int32_t)random_bits() };
        s->doubles[i] = (double)(int32_t)random_bits() / 1024;
    }
    for (size_t i = 0; i < 3; i++) {
        s->ss[i] = (ddbs_str){ &"one\0two"[i], 7 - i };
        s->bs[i] = (ddbs_bytes){ (const unsigned char *)&"\0\xff\x80"[i], 3 - i };
    }
    m->texts.ptr = s->texts, m->texts.count = next_random() % 6;
    m->ss.ptr = s->ss, m->ss.count = next_random() % 4;
    m->shorts.ptr = next_random() % 4 == 0 ? NULL : s->shorts, m->shorts.count = m->shorts.ptr == NULL ? 0 : 5;
    m->ns.ptr = s->ns, m->ns.count = next_random() % 6;
    m->truths.ptr = s->truths, m->truths.count = next_random() % 6;
    m->values.ptr = s->values, m->values.count = next_random() % 6;
    m->points.ptr = s->points, m->points.count = next_random() % 6;
    m->doubles.ptr = s->doubles, m->doubles.count = next_random() % 6;
    m->bs.ptr = s->bs, m->bs.count = next_random() % 4;
}

/* A double from its bits, unless DynamoDB has no number of its size. */
static double random_double(void)
{
    double value;
    uint64_t bits = next_random();
    memcpy(&value, &bits, sizeof value);
    return isfinite(value) && fabs(value) < 1e125 && fabs(value) > 1e-130 ? value : 0.1;
}

static void fill(struct members *m, struct store *s, const ddbs_item *item, const ddbs_value *value)
{
    static const enum color constants[] = { RED, GREEN, BLUE };
    *m = (struct members){
        .str = random_str(),
        .num = random_num(),
        .bytes = { (const unsigned char *)"\0\1\2", next_random() % 4 },
        .truth = next_random() % 2,
        .i8 = (int8_t)random_bits(),
        .i16 = (int16_t)random_bits(),
        .i32 = (int32_t)random_bits(),
        .i64 = (int64_t)random_bits(),
        .u8 = (uint8_t)random_bits(),
        .u16 = (uint16_t)random_bits(),
        .u32 = (uint32_t)random_bits(),
        .u64 = random_bits(),
        .wide = (long long)random_bits(),
        .i128 = (ddbs_i128)(int64_t)random_bits() * (int64_t)(random_bits() >> 2),
        .exact = (double)(int64_t)(random_bits() >> 12) / 65536,
        .rounded = random_double(),
        .when = (time_t)random_bits(),
        .color = constants[next_random() % 3],
        .number = constants[next_random() % 3],
        .cents = (int32_t)random_bits(),
        .tenths = (uint8_t)random_bits(),
        .point = { (int32_t)random_bits(), (int32_t)random_bits() },
        .item = item,
        .value = value,
        .there = next_random() % 2,
    };
    memset(m->chars, 'c', next_random() % sizeof m->chars);
    if (!m->there)
        m->point = (struct point){ 0, 0 };
    fill_arrays(m, s, value);
}

/* ---- Comparing structs ---- */

static bool same_text(ddbs_str a, ddbs_str b)
{
    return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0 && b.ptr[b.len] == '\0';
}

static bool same_arrays(const struct members *a, const struct members *b)
{
    bool same = a->texts.count == b->texts.count && a->ss.count == b->ss.count && a->shorts.count == b->shorts.count &&
                a->ns.count == b->ns.count && a->truths.count == b->truths.count &&
                a->values.count == b->values.count && a->points.count == b->points.count &&
                a->doubles.count == b->doubles.count && a->bs.count == b->bs.count;
    for (size_t i = 0; same && i < a->texts.count; i++)
        same = same_text(a->texts.ptr[i], b->texts.ptr[i]);
    for (size_t i = 0; same && i < a->values.count; i++)
        same = ddbs_value_equal(a->values.ptr[i], b->values.ptr[i]);
    return same && memcmp(a->ns.ptr, b->ns.ptr, a->ns.count * sizeof *a->ns.ptr) == 0 &&
           memcmp(a->truths.ptr, b->truths.ptr, a->truths.count) == 0 &&
           memcmp(a->points.ptr, b->points.ptr, a->points.count * sizeof *a->points.ptr) == 0 &&
           memcmp(a->doubles.ptr, b->doubles.ptr, a->doubles.count * sizeof *a->doubles.ptr) == 0 &&
           (a->shorts.ptr == NULL || memcmp(a->shorts.ptr, b->shorts.ptr, 5 * sizeof *a->shorts.ptr) == 0);
}

static bool same_scalars(const struct members *a, const struct members *b)
{
    return a->truth == b->truth && a->i8 == b->i8 && a->i16 == b->i16 && a->i32 == b->i32 && a->i64 == b->i64 &&
           a->u8 == b->u8 && a->u16 == b->u16 && a->u32 == b->u32 && a->u64 == b->u64 && a->wide == b->wide &&
           a->i128 == b->i128 && a->exact == b->exact && a->rounded == b->rounded && a->when == b->when &&
           a->color == b->color && a->number == b->number && a->cents == b->cents && a->tenths == b->tenths &&
           a->there == b->there && a->point.x == b->point.x && a->point.y == b->point.y &&
           memcmp(a->chars, b->chars, sizeof a->chars) == 0;
}

static bool same_struct(const struct members *a, const struct members *b)
{
    ddbs_str a_num = { a->num.ptr, a->num.len }, b_num = { b->num.ptr, b->num.len };
    ddbs_str a_bytes = { (const char *)a->bytes.ptr, a->bytes.len };
    ddbs_str b_bytes = { (const char *)b->bytes.ptr, b->bytes.len };
    return same_text(a->str, b->str) && same_text(a_num, b_num) && same_text(a_bytes, b_bytes) && same_scalars(a, b) &&
           same_arrays(a, b) && ddbs_item_equal(a->item, b->item) && ddbs_value_equal(a->value, b->value);
}

#define NESTED "{'m':{'M':{'l':{'L':[{'NS':['1','2']},{'NULL':true},{'M':{}}]},'s':{'S':'x'}}}}"

TEST(bind_undoes_unbind_and_unbind_undoes_bind)
{
    const ddbs_item *nested, *item, *again;
    struct parsed p = read_typed(NESTED, &nested);
    ddbs_arena *arena;
    REQUIRE(ddbs_arena_new(&arena, 0) == DDBS_OK);
    for (uint64_t seed = 1; seed < 20000; seed++) {
        struct members in, out;
        struct store store;
        ddbs_error error;
        memset(&out, 0, sizeof out);
        rng = rng_of(seed, 0, 0);
        fill(&in, &store, nested, ddbs_item_find(nested, ddbs_str_c("m")));
        if (!CHECK_STATUS(ddbs_unbind(&all_schema, &in, arena, &item, &error), DDBS_OK))
            fprintf(stderr, "seed %llu: %s: %s\n", (unsigned long long)seed, error.path, error.reason);
        REQUIRE(error.status == DDBS_OK);
        REQUIRE(ddbs_bind(&all_schema, item, &out, &error) == DDBS_OK);
        REQUIRE(same_struct(&in, &out));
        REQUIRE(ddbs_unbind(&all_schema, &out, arena, &again, NULL) == DDBS_OK);
        REQUIRE(ddbs_item_equal(item, again));
        ddbs_arena_reset(arena);
    }
    ddbs_arena_free(arena);
    parsed_free(&p);
}

TEST(the_item_holds_copies_of_all_that_the_struct_points_to)
{
    const ddbs_item *nested, *item;
    struct parsed p = read_typed(NESTED, &nested);
    char text[] = "text", number[] = "12";
    struct members in = { .str = { text, 4 }, .num = { number, 2 }, .item = nested };
    const ddbs_schema schema = DDBS_SCHEMA(struct members, DDBS_FIELD(struct members, str),
                                           DDBS_FIELD(struct members, num), DDBS_FIELD(struct members, item));
    ddbs_arena *arena;
    ddbs_buf json = { .ptr = NULL };
    REQUIRE(ddbs_arena_new(&arena, 0) == DDBS_OK && ddbs_unbind(&schema, &in, arena, &item, NULL) == DDBS_OK);
    memset(text, 'z', 4);
    memset(number, '9', 2);
    parsed_free(&p);
    REQUIRE(ddbs_item_write(item, DDBS_JSON_PLAIN, &json) == DDBS_OK);
    CHECK_STR(json.ptr, "{\"str\":\"text\",\"num\":12,\"item\":{\"m\":{\"l\":[[1,2],null,{}],\"s\":\"x\"}}}");
    ddbs_buf_free(&json);
    ddbs_arena_free(arena);
}

/* ---- What a member becomes ---- */

/* The item of one member as JSON, or its error. */
static ddbs_status unbind_one(const ddbs_field *modifier, const ddbs_field *field, const struct members *in, char *json,
                              size_t size, ddbs_error *error)
{
    struct alone one;
    const ddbs_item *item = NULL;
    ddbs_arena *arena;
    if (ddbs_arena_new(&arena, 0) != DDBS_OK)
        abort();
    ddbs_buf text = { .arena = arena };
    ddbs_status status = ddbs_unbind(alone(&one, modifier, field), in, arena, &item, error);
    CHECK((status == DDBS_OK) == (item != NULL));
    CHECK_STATUS(error->status, status);
    if (status == DDBS_OK && ddbs_item_write(item, DDBS_JSON_TYPED, &text) == DDBS_OK)
        snprintf(json, size, "%s", text.ptr);
    ddbs_arena_free(arena);
    return status;
}

static void check_written(const ddbs_field *field, const struct members *in, const char *want)
{
    char json[256] = "";
    ddbs_error error;
    CHECK_STATUS(unbind_one(NULL, field, in, json, sizeof json, &error), DDBS_OK);
    CHECK_STR(json, want);
}

TEST(members_are_written_in_the_form_that_dynamodb_uses)
{
    struct members in = { .cents = -1250, .tenths = 7, .exact = -0.5, .rounded = 0.1, .color = BLUE, .when = 86400 };
    in.i128 = -((ddbs_i128)1 << 100);
    check_written(MEMBER(cents), &in, "{\"a\":{\"N\":\"-12.5\"}}");
    check_written(MEMBER(tenths), &in, "{\"a\":{\"N\":\"0.7\"}}");
    check_written(MEMBER(exact), &in, "{\"a\":{\"N\":\"-0.5\"}}");
    check_written(MEMBER(rounded), &in, "{\"a\":{\"N\":\"0.1\"}}");
    check_written(MEMBER(color), &in, "{\"a\":{\"S\":\"blue\"}}");
    check_written(MEMBER(when), &in, "{\"a\":{\"N\":\"86400\"}}");
    check_written(MEMBER(i128), &in, "{\"a\":{\"N\":\"-1267650600228229401496703205376\"}}");
    in.ss.ptr = &(ddbs_str){ "x", 1 };
    in.ss.count = 1;
    check_written(MEMBER_ARRAY(ss), &in, "{\"a\":{\"SS\":[\"x\"]}}");
    in.rounded = 1.0 / 3;
    check_written(MEMBER(rounded), &in, "{\"a\":{\"N\":\"0.3333333333333333\"}}");
}

static void check_refused(const ddbs_field *field, const struct members *in, ddbs_status want, const char *reason)
{
    char json[64] = "";
    ddbs_error error;
    CHECK_STATUS(unbind_one(NULL, field, in, json, sizeof json, &error), want);
    CHECK_STR(error.reason, reason);
    CHECK(error.path[0] == 'a');
}

TEST(what_dynamodb_cannot_hold_is_not_written)
{
    struct members in = { .str = { "\xff", 1 }, .num = { "x", 1 }, .exact = 0.1, .rounded = NAN, .color = 77 };
    static const char empty[] = "the member is empty, and not DDBS_MAYBE";
    static const char no_number[] = "a number that DynamoDB does not have: over 38 digits or out of range";
    check_refused(MEMBER(str), &in, DDBS_E_SYNTAX, "the text is not UTF-8");
    check_refused(MEMBER(num), &in, DDBS_E_SYNTAX, "the text is no number");
    check_refused(MEMBER(exact), &in, DDBS_E_INEXACT,
                  "no number of 38 digits has the double's value; DDBS_ROUNDED writes it");
    check_refused(MEMBER(rounded), &in, DDBS_E_SYNTAX, "the double is no number");
    check_refused(MEMBER(color), &in, DDBS_E_RANGE, "the enum's table has no name for this constant");
    in.str = (ddbs_str){ NULL, 0 };
    in.num = (ddbs_num){ "1E126", 5 };
    in.rounded = 1e300;
    in.i128 = ((ddbs_i128)1 << 126) + 1;
    memset(in.chars, 'x', sizeof in.chars);
    check_refused(MEMBER(str), &in, DDBS_E_MISSING, empty);
    check_refused(MEMBER(bytes), &in, DDBS_E_MISSING, empty);
    check_refused(MEMBER(item), &in, DDBS_E_MISSING, empty);
    check_refused(MEMBER(value), &in, DDBS_E_MISSING, empty);
    check_refused(MEMBER_ARRAY(points), &in, DDBS_E_MISSING, "the array is NULL, and not DDBS_MAYBE");
    check_refused(MEMBER(num), &in, DDBS_E_LIMIT, no_number);
    check_refused(MEMBER(rounded), &in, DDBS_E_LIMIT, no_number);
    check_refused(MEMBER(chars), &in, DDBS_E_LIMIT, "the char array has no NUL");
    in.exact = -1e-200;
    check_refused(MEMBER(exact), &in, DDBS_E_LIMIT, no_number);
}

TEST(an_empty_member_of_a_maybe_is_left_out)
{
    const struct members in = { .there = false };
    static const char *const empties[] = { "str", "num", "bytes", "item", "value", "texts", "points", "ss" };
    const ddbs_field *const fields[] = { MEMBER(str),   MEMBER(num),         MEMBER(bytes),        MEMBER(item),
                                         MEMBER(value), MEMBER_ARRAY(texts), MEMBER_ARRAY(points), MEMBER_ARRAY(ss) };
    for (size_t i = 0; i < sizeof empties / sizeof *empties; i++) {
        char json[64] = "";
        ddbs_error error;
        CHECK_STATUS(unbind_one(&maybe, fields[i], &in, json, sizeof json, &error), DDBS_OK);
        CHECK_STR(json, "{}");
        CHECK_STATUS(unbind_one(&nullable, fields[i], &in, json, sizeof json, &error), DDBS_OK);
        CHECK_STR(json, "{}");
    }
}

TEST(two_entries_of_one_attribute_are_refused)
{
    const ddbs_schema twice =
        DDBS_SCHEMA(struct point, DDBS_FIELD(struct point, x), DDBS_FIELD_AS(struct point, y, "x"));
    struct point point = { 1, 2 };
    const ddbs_item *item = NULL;
    ddbs_error error;
    ddbs_arena *arena;
    REQUIRE(ddbs_arena_new(&arena, 0) == DDBS_OK);
    CHECK_STATUS(ddbs_unbind(&twice, &point, arena, &item, &error), DDBS_E_DUPLICATE);
    CHECK(item == NULL && error.reason[0] != '\0');
    ddbs_arena_free(arena);
}

TEST(without_memory_nothing_is_written)
{
    const ddbs_item *nested, *item;
    struct parsed p = read_typed(NESTED, &nested);
    struct members in;
    struct store store;
    size_t refused = 0;
    rng = rng_of(7, 0, 0);
    fill(&in, &store, nested, ddbs_item_find(nested, ddbs_str_c("m")));
    for (size_t limit = 32;; limit += 32, refused++) {
        ddbs_arena *arena;
        ddbs_error error;
        item = NULL;
        REQUIRE(limit < 1 << 20 && ddbs_arena_new(&arena, limit) == DDBS_OK);
        ddbs_status status = ddbs_unbind(&all_schema, &in, arena, &item, &error);
        ddbs_arena_free(arena);
        if (status == DDBS_OK)
            break;
        CHECK_STATUS(status, DDBS_E_MEMORY);
        CHECK(item == NULL && error.reason[0] != '\0');
    }
    CHECK(refused > 10);
    parsed_free(&p);
}
