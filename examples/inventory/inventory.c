/* inventory.c: orders take pieces from the stock, which never falls below zero.
 *
 * Shows: one conditional UpdateItem that is exact although orders are delivered again, because the stock itself
 * remembers which orders it has served; an order that nobody can serve, which fails until the mapping has it alone.
 *
 * An order has `sku` and `pieces`; an item of the stock has `sku` and `pieces`. Environment: STOCK, its table. */
#include "inventory.h"

#include <ddbstream.h>
#include <stdio.h>
#include <stdlib.h>

/* A stream keeps its records for a day (developer guide, Streams). So an order can come again on the day it was placed
 * and on the next one: what was served on other days can be forgotten. There are four sets, taken by turns, because the
 * one of tomorrow must not be removed by an order of yesterday. */
enum { SETS = 4, FORGOTTEN = 2 };
static const int64_t day_ns = (int64_t)24 * 3600 * 1000000000;

static ddbs_aws *aws;
static const char *stock;

struct order {
    ddbs_str sku;
    int64_t pieces;
};
static const ddbs_schema order_schema =
    DDBS_SCHEMA(struct order, DDBS_FIELD(struct order, sku), DDBS_FIELD(struct order, pieces));

static ddbs_status start(ddbs_ctx *ctx)
{
    stock = getenv("STOCK");
    if (stock == NULL)
        return ddbs_fail(ctx, DDBS_E_USAGE, "STOCK, the table, is needed");
    return ddbs_aws_new(&aws, NULL, ddbs_ctx_error(ctx));
}

/* The condition did not hold: the order was served before, or cannot be served. */
static ddbs_status refused(ddbs_ctx *ctx, const ddbs_record *rec, const ddbs_item *item, const char *today)
{
    if (item == NULL)
        return ddbs_fail(ctx, DDBS_E_HANDLER, "the stock does not have this sku");
    if (ddbs_set_has_str(ddbs_item_find(item, ddbs_str_c(today)), rec->event_id))
        return DDBS_OK;
    ddbs_log(ctx, DDBS_LOG_WARN, "sold out"); /* here the customer would be told */
    return DDBS_SKIP;
}

static ddbs_status placed(ddbs_ctx *ctx, const ddbs_record *rec)
{
    struct order order;
    ddbs_written written;
    char today[16], past[16];
    int day = (int)(rec->created_ns / day_ns % SETS);
    DDBS_TRY(ddbs_bind(&order_schema, rec->new_image, &order, ddbs_ctx_error(ctx)));
    if (order.pieces < 1)
        return ddbs_fail(ctx, DDBS_E_HANDLER, "an order of less than one piece");
    snprintf(today, sizeof today, "served%d", day);
    snprintf(past, sizeof past, "served%d", (day + FORGOTTEN) % SETS);

    ddbs_write take = {
        .kind = DDBS_WRITE_UPDATE,
        .table = stock,
        .attributes = DDBS_PAIRS(DDBS_PAIR("sku", order.sku)),
        .condition = "pieces >= :n AND NOT contains(#today, :order)",
        .update = "SET pieces = pieces - :n REMOVE #past ADD #today :served",
        .names = DDBS_PAIRS(DDBS_PAIR("#today", today), DDBS_PAIR("#past", past)),
        .values = DDBS_PAIRS(DDBS_PAIR(":n", order.pieces), DDBS_PAIR(":order", rec->event_id)),
        .sets = DDBS_PAIRS(DDBS_PAIR(":served", rec->event_id)),
    };
    DDBS_TRY(ddbs_dynamodb_write(aws, ctx, &take, &written));
    return written.held ? DDBS_OK : refused(ctx, rec, written.item, today);
}

const ddbs_consumer inventory = { .on_start = start, .on_insert = placed };
