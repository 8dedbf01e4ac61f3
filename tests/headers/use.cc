// use.cc: the public headers from C++17: all overloads of ddbs_get, all entries of a schema, a consumer of lambdas.
#include <ctime>
#include <ddbstream.h>
#include <ddbstream/cjson.h>
#include <type_traits>

namespace {

// ---- Look-up: a C type each, by name, by path and of a value ----

template <typename T> ddbs_status get_all_ways(const ddbs_item *item, T *out)
{
    DDBS_TRY(ddbs_get(item, "a", out));
    DDBS_TRY(ddbs_get_path(item, "a.b[2]", out));
    return ddbs_value_get(ddbs_item_find(item, ddbs_str_c("a")), out);
}

template <typename... T> ddbs_status get_each(const ddbs_item *item)
{
    ddbs_status status = DDBS_OK;
    const auto get = [&](auto value) { return get_all_ways(item, &value); };
    ((status = status == DDBS_OK ? get(T{}) : status), ...);
    return status;
}

ddbs_status get_every_type(const ddbs_item *item)
{
    DDBS_TRY((get_each<ddbs_str, ddbs_num, ddbs_bytes, bool, double, const ddbs_item *, const ddbs_value *>(item)));
    DDBS_TRY((get_each<int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t, ddbs_i128>(item)));
    DDBS_TRY((get_each<signed char, short, int, long, long long>(item)));
    return get_each<unsigned char, unsigned short, unsigned, unsigned long, unsigned long long, size_t, time_t>(item);
}

static_assert(DDBS_CTYPE(static_cast<double *>(nullptr)) == DDBS_C_F64 &&
                  DDBS_CTYPE(static_cast<int64_t *>(nullptr)) == DDBS_C_I64 &&
                  DDBS_CTYPE(static_cast<unsigned char *>(nullptr)) == DDBS_C_U8 &&
                  DDBS_CTYPE(static_cast<const ddbs_item **>(nullptr)) == DDBS_C_ITEM,
              "the overloads pick the conversion that the C macro picks");

// ---- Schemas: an entry of each kind, with and without _AS ----

template <typename T> struct array {
    T *ptr;
    size_t count;
};

enum level { LOW, HIGH };
enum class color : uint8_t { RED, GREEN };

struct part {
    ddbs_str sku;
    uint32_t pieces;
};

struct thing {
    ddbs_str text;
    ddbs_num number;
    ddbs_bytes bytes;
    bool flag, has_note, has_cents;
    int8_t i8;
    int16_t i16;
    int32_t i32;
    int64_t i64, cents;
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;
    ddbs_i128 i128;
    double exact, rounded;
    char note[80];
    time_t at;
    level bare, named;
    color tint, paint;
    const ddbs_item *item;
    const ddbs_value *value;
    part nested;
    array<part> parts;
    array<int64_t> sizes;
    array<bool> flags;
    array<const ddbs_value *> values;
    array<ddbs_str> tags;
    array<ddbs_num> prices;
    array<ddbs_bytes> blobs;
    array<uint16_t> ports;
    array<double> ratios;
};

const ddbs_enum_name levels[] = { { "LOW", LOW }, { "HIGH", HIGH } };
const ddbs_enum_name colors[] = { { "RED", 0 }, { "GREEN", 1 } };

const ddbs_schema part_schema = DDBS_SCHEMA(part, DDBS_FIELD(part, sku), DDBS_FIELD_AS(part, pieces, "qty"));
const ddbs_schema thing_schema = DDBS_SCHEMA(
    thing, DDBS_FIELD(thing, text), DDBS_FIELD(thing, number), DDBS_FIELD(thing, bytes), DDBS_FIELD(thing, flag),
    DDBS_FIELD(thing, i8), DDBS_FIELD(thing, i16), DDBS_FIELD(thing, i32), DDBS_FIELD_AS(thing, i64, "long"),
    DDBS_FIELD(thing, u8), DDBS_FIELD(thing, u16), DDBS_FIELD(thing, u32), DDBS_FIELD(thing, u64),
    DDBS_FIELD(thing, i128), DDBS_FIELD(thing, exact), DDBS_ROUNDED(thing, rounded), DDBS_FIELD(thing, at),
    DDBS_ROUNDED_AS(thing, rounded, "ratio"), DDBS_SCALED_AS(thing, i32, "rate", -2),
    DDBS_NULLABLE(thing, has_cents, DDBS_SCALED(thing, cents, 2)),
    DDBS_NULLABLE(thing, has_note, DDBS_FIELD_AS(thing, note, "a note")), DDBS_FIELD(thing, bare),
    DDBS_FIELD(thing, tint), DDBS_ENUM(thing, named, levels), DDBS_ENUM_AS(thing, paint, "colour", colors),
    DDBS_ENUM_AS(thing, i16, "level", levels), DDBS_MAYBE(DDBS_FIELD(thing, item)), DDBS_FIELD(thing, value),
    DDBS_NESTED(thing, nested, part_schema), DDBS_MAYBE(DDBS_NESTED_AS(thing, nested, "inner", part_schema)),
    DDBS_NESTED_LIST(thing, parts, part_schema), DDBS_NESTED_LIST_AS(thing, parts, "lines", part_schema),
    DDBS_LIST(thing, sizes), DDBS_LIST_AS(thing, flags, "switches"), DDBS_LIST(thing, values), DDBS_SET(thing, tags),
    DDBS_SET(thing, prices), DDBS_SET(thing, blobs), DDBS_SET(thing, ports), DDBS_SET_AS(thing, ratios, "shares"));

ddbs_status copy_thing(const ddbs_item *item, ddbs_arena *arena, ddbs_error *error)
{
    thing thing = {};
    const ddbs_item *again = nullptr;
    DDBS_TRY(ddbs_bind(&thing_schema, item, &thing, error));
    DDBS_TRY(ddbs_unbind(&thing_schema, &thing, arena, &again, error));
    return ddbs_item_equal(item, again) ? DDBS_OK : DDBS_E_HANDLER;
}

// A schema inside a function.
ddbs_status bind_part(const ddbs_item *item, part *out)
{
    const ddbs_schema schema = DDBS_SCHEMA(part, DDBS_FIELD(part, sku), DDBS_MAYBE(DDBS_FIELD(part, pieces)));
    return ddbs_bind(&schema, item, out, nullptr);
}

// ---- Differences, conversions, filters ----

ddbs_status differences(const ddbs_record *rec, size_t *out)
{
    static const char *const quiet[] = { "updatedAt", "version" };
    ddbs_diff diff = {};
    if (ddbs_changed_only(rec, quiet, 2) || ddbs_changed(rec, "status") == DDBS_UNCHANGED)
        return DDBS_SKIP;
    DDBS_TRY(ddbs_diff_record(rec, true, &diff));
    DDBS_TRY(ddbs_diff_items(rec->old_image, rec->new_image, false, &diff));
    for (size_t i = 0; i < diff.count; i++)
        *out += diff.changes[i].path.len + (ddbs_change_name(diff.changes[i].kind) != nullptr);
    return DDBS_OK;
}

// Memory that C++ gives back.
struct buffer : ddbs_buf {
    buffer() : ddbs_buf() {}
    buffer(const buffer &) = delete;
    buffer &operator=(const buffer &) = delete;
    ~buffer() { ddbs_buf_free(this); }
};

ddbs_status convert(const ddbs_item *item, ddbs_bytes packed, ddbs_arena *arena)
{
    buffer text;
    const ddbs_item *again = nullptr;
    DDBS_TRY(ddbs_item_write(item, DDBS_JSON_TYPED, &text));
    DDBS_TRY(ddbs_item_read(text.ptr, text.len, DDBS_JSON_TYPED, arena, &again, nullptr));
    DDBS_TRY(ddbs_value_write(ddbs_item_find(again, ddbs_str_c("a")), DDBS_JSON_PLAIN, &text));
    DDBS_TRY(ddbs_buf_append(&text, "\n", 1));
    return ddbs_inflate(packed, 1 << 20, &text);
}

ddbs_status bridge(const ddbs_item *item, ddbs_arena *arena)
{
    cJSON *tree = nullptr;
    const ddbs_item *again = nullptr;
    DDBS_TRY(ddbs_item_to_cjson(item, DDBS_JSON_PLAIN, &tree, nullptr));
    const ddbs_status status = ddbs_item_from_cjson(tree, DDBS_JSON_PLAIN, arena, &again, nullptr);
    cJSON_Delete(tree);
    return status;
}

ddbs_status passes(const ddbs_record *rec, bool *out)
{
    const ddbs_str pattern = ddbs_str_c(R"({"eventName":["INSERT"]})");
    ddbs_filter *filter = nullptr;
    DDBS_TRY(ddbs_filter_new(&filter, ddbs_str_c(R"({"Filters":[]})"), nullptr));
    ddbs_filter_free(filter);
    DDBS_TRY(ddbs_filter_new_patterns(&filter, &pattern, 1, nullptr));
    ddbs_status status = ddbs_filter_match(filter, rec, out);
    if (status == DDBS_E_USAGE)
        status = ddbs_filter_match_json(filter, rec->raw, out);
    ddbs_filter_free(filter);
    return status;
}

// ---- A consumer ----

struct order {
    ddbs_str id = {nullptr, 0};
    ddbs_num price = {nullptr, 0};
    ddbs_bytes blob = {nullptr, 0};
    bool gift = false;
    int32_t lines = 0;
    int64_t quantity = 0;
    uint64_t version = 0;
    const ddbs_item *address = nullptr;
    const ddbs_value *tags = nullptr;
};

ddbs_status read_order(const ddbs_item *item, order *out)
{
    DDBS_TRY(ddbs_get(item, "id", &out->id));
    DDBS_TRY(ddbs_get(item, "price", &out->price));
    DDBS_TRY(ddbs_get(item, "blob", &out->blob));
    DDBS_TRY(ddbs_get(item, "gift", &out->gift));
    DDBS_TRY(ddbs_get(item, "lines", &out->lines));
    DDBS_TRY(ddbs_get(item, "quantity", &out->quantity));
    DDBS_TRY(ddbs_get(item, "version", &out->version));
    DDBS_TRY(ddbs_get(item, "address", &out->address));
    return ddbs_get(item, "tags", &out->tags);
}

int64_t cents_of(const order &order)
{
    int64_t cents = 0;
    bool whole = false, inexact = false;
    double nearest = 0;
    if (ddbs_num_is_integer(order.price, &whole) == DDBS_OK && whole)
        return ddbs_num_f64_rounded(order.price, &nearest, &inexact) == DDBS_OK ? static_cast<int64_t>(nearest) : 0;
    return ddbs_num_scaled(order.price, 2, &cents) == DDBS_OK ? cents : 0;
}

// Lambdas without captures are functions of C: they fit the callbacks as they are.
ddbs_consumer make_consumer(void *user)
{
    ddbs_consumer consumer = {};
    consumer.on_insert = [](ddbs_ctx *ctx, const ddbs_record *record) -> ddbs_status {
        order placed;
        DDBS_TRY(read_order(record->new_image, &placed));
        if (cents_of(placed) < 1)
            return ddbs_fail(ctx, DDBS_E_HANDLER, "quantity %d", static_cast<int>(placed.lines));
        return ddbs_ctx_user(ctx) == nullptr ? DDBS_SKIP : DDBS_OK;
    };
    consumer.on_modify = [](ddbs_ctx *ctx, const ddbs_record *rec) -> ddbs_status {
        size_t length = 0;
        bool wanted = false;
        part first = {};
        ddbs_arena *arena = static_cast<ddbs_arena *>(ddbs_ctx_user(ctx));
        DDBS_TRY(passes(rec, &wanted));
        DDBS_TRY(differences(rec, &length));
        DDBS_TRY(get_every_type(rec->new_image));
        DDBS_TRY(bind_part(rec->new_image, &first));
        DDBS_TRY(convert(rec->new_image, ddbs_bytes{ nullptr, 0 }, arena));
        DDBS_TRY(bridge(rec->new_image, arena));
        return copy_thing(rec->new_image, arena, ddbs_ctx_error(ctx));
    };
    consumer.on_poison = [](ddbs_ctx *, const ddbs_poison *poison) { return poison->error->status; };
    consumer.on_start = [](ddbs_ctx *ctx) { return ddbs_ctx_remaining_ms(ctx) > 0 ? DDBS_OK : DDBS_E_HANDLER; };
    consumer.user = user;
    return consumer;
}

// Walk over an item as a C++ program would.
size_t count_strings(const ddbs_item *item)
{
    size_t count = 0;
    ddbs_str name;
    ddbs_iter iter = ddbs_iter_item(item);
    for (const ddbs_value *value; (value = ddbs_iter_attr(&iter, &name)) != nullptr;)
        count += ddbs_value_type(value) == DDBS_TYPE_S ? 1 : 0;
    return count;
}

static_assert(std::is_standard_layout<ddbs_record>::value && std::is_standard_layout<ddbs_consumer>::value,
              "the structs are those of C");

} // namespace

int main(int argc, char **argv)
{
    int user = 0;
    const ddbs_consumer consumer = make_consumer(&user);
    const ddbs_lambda_options options = {};
    return count_strings(nullptr) == 0 ? ddbs_lambda_main(argc, argv, &consumer, &options) : 1;
}
