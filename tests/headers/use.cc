// use.cc: the public headers from C++17: the overloads of ddbs_get with every type, and a consumer of lambdas.
#include <ddbstream.h>
#include <type_traits>

namespace {

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
