/* typed.c: orders as structs. One table says how an item becomes one; every digit survives, or the record fails. */
#include "typed.h"

#include <ddbstream.h>
#include <stdio.h>
#include <time.h>

enum state { OPEN, PAID, SHIPPED };
struct line {
    uint16_t pieces;
    int32_t cents;
};
struct order {
    ddbs_str id;
    enum state state;
    time_t placed;
    bool has_note;
    char note[40];
    struct {
        struct line *ptr;
        size_t count;
    } lines;
};

static const ddbs_schema line_schema =
    DDBS_SCHEMA(struct line, DDBS_FIELD(struct line, pieces), DDBS_SCALED_AS(struct line, cents, "price", 2));
static const ddbs_enum_name states[] = { { "OPEN", OPEN }, { "PAID", PAID }, { "SHIPPED", SHIPPED } };
static const ddbs_schema order_schema =
    DDBS_SCHEMA(struct order, DDBS_FIELD_AS(struct order, id, "orderId"), DDBS_ENUM(struct order, state, states),
                DDBS_MAYBE(DDBS_FIELD(struct order, placed)),                          /* absent: what it held before */
                DDBS_NULLABLE(struct order, has_note, DDBS_FIELD(struct order, note)), /* absent: has_note is false */
                DDBS_NESTED_LIST(struct order, lines, line_schema));

static ddbs_status placed(ddbs_ctx *ctx, const ddbs_record *rec)
{
    struct order order = { .placed = 0 };
    long long cents = 0;
    DDBS_TRY(ddbs_bind(&order_schema, rec->new_image, &order, ddbs_ctx_error(ctx)));
    for (size_t i = 0; i < order.lines.count; i++)
        cents += (long long)order.lines.ptr[i].pieces * order.lines.ptr[i].cents;
    printf("%s: %zu lines, %lld.%02lld%s\n", order.id.ptr, order.lines.count, cents / 100, cents % 100,
           order.has_note ? ", with a note" : "");
    return DDBS_OK;
}

static ddbs_status changed(ddbs_ctx *ctx, const ddbs_record *rec)
{
    ddbs_diff diff;
    (void)ctx;
    if (ddbs_changed_only(rec, (const char *const[]){ "updatedAt" }, 1))
        return DDBS_OK;
    DDBS_TRY(ddbs_diff_record(rec, true, &diff));
    for (size_t i = 0; i < diff.count; i++)
        printf("%s: %s\n", diff.changes[i].path.ptr, ddbs_change_name(diff.changes[i].kind));
    return DDBS_OK;
}

const ddbs_consumer typed = { .on_insert = placed, .on_modify = changed };
