/* fuzz_bind.c: any bytes as an item in DynamoDB JSON, into structs of every kind. A failure leaves the struct and says
 * where; what was bound is written, and is bound again to the same. */
#include "tests/fuzz/property.h"

struct line {
    ddbs_str sku;
    uint8_t pieces;
    char size[3];
};
enum state { OPEN, PAID };
struct order {
    ddbs_str s;
    ddbs_num n;
    ddbs_bytes b;
    bool t, has_m;
    int8_t i8;
    uint64_t u64;
    ddbs_i128 i128;
    double f64, rounded;
    int32_t cents;
    enum state state;
    struct line m;
    const ddbs_value *v;
    struct {
        struct line *ptr;
        size_t count;
    } l;
    struct {
        const ddbs_value **ptr;
        size_t count;
    } values;
    struct {
        ddbs_str *ptr;
        size_t count;
    } ss;
    struct {
        int64_t *ptr;
        size_t count;
    } ns;
    struct {
        ddbs_bytes *ptr;
        size_t count;
    } bs;
    struct {
        struct order *ptr;
        size_t count;
    } orders;
};

static const ddbs_schema line_schema =
    DDBS_SCHEMA(struct line, DDBS_FIELD(struct line, sku), DDBS_MAYBE(DDBS_FIELD(struct line, pieces)),
                DDBS_MAYBE(DDBS_FIELD(struct line, size)));
static const ddbs_enum_name states[] = { { "OPEN", OPEN }, { "PAID", PAID } };
static const ddbs_schema order_schema =
    DDBS_SCHEMA(struct order, DDBS_MAYBE(DDBS_FIELD(struct order, s)), DDBS_MAYBE(DDBS_FIELD(struct order, n)),
                DDBS_MAYBE(DDBS_FIELD(struct order, b)), DDBS_MAYBE(DDBS_FIELD(struct order, t)),
                DDBS_MAYBE(DDBS_FIELD(struct order, i8)), DDBS_MAYBE(DDBS_FIELD(struct order, u64)),
                DDBS_MAYBE(DDBS_FIELD(struct order, i128)), DDBS_MAYBE(DDBS_FIELD(struct order, f64)),
                DDBS_MAYBE(DDBS_ROUNDED(struct order, rounded)), DDBS_MAYBE(DDBS_SCALED(struct order, cents, 2)),
                DDBS_MAYBE(DDBS_ENUM(struct order, state, states)),
                DDBS_NULLABLE(struct order, has_m, DDBS_NESTED(struct order, m, line_schema)),
                DDBS_MAYBE(DDBS_FIELD(struct order, v)), DDBS_MAYBE(DDBS_NESTED_LIST(struct order, l, line_schema)),
                DDBS_MAYBE(DDBS_LIST(struct order, values)), DDBS_MAYBE(DDBS_SET(struct order, ss)),
                DDBS_MAYBE(DDBS_SET(struct order, ns)), DDBS_MAYBE(DDBS_SET(struct order, bs)),
                DDBS_MAYBE(DDBS_NESTED_LIST(struct order, orders, order_schema)));

static void check_bound(ddbs_arena *arena, const struct order *bound)
{
    const ddbs_item *first, *second;
    ddbs_error error;
    struct order again;
    memset(&again, 0, sizeof again);
    ddbs_status status = ddbs_unbind(&order_schema, bound, arena, &first, &error);
    /* Rounding can leave DynamoDB's range: 9.99...E+125 becomes 1E+126. */
    if (status == DDBS_E_LIMIT && strstr(error.path, "rounded") != NULL)
        return;
    PROPERTY(status == DDBS_OK);
    PROPERTY(ddbs_bind(&order_schema, first, &again, &error) == DDBS_OK);
    PROPERTY(ddbs_unbind(&order_schema, &again, arena, &second, NULL) == DDBS_OK);
    PROPERTY(ddbs_item_equal(first, second));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ddbs_arena *arena = arena_or_abort();
    const ddbs_item *item;
    ddbs_error error;
    if (ddbs_item_read((const char *)data, size, DDBS_JSON_TYPED, arena, &item, NULL) == DDBS_OK) {
        struct order order, before;
        memset(&order, 0, sizeof order);
        before = order;
        ddbs_status status = ddbs_bind(&order_schema, item, &order, &error);
        if (status == DDBS_OK) {
            check_bound(arena, &order);
        } else {
            check_error(&error, status, size);
            PROPERTY(memcmp(&before, &order, sizeof order) == 0);
        }
    }
    ddbs_arena_free(arena);
    return 0;
}
