/* orders.c: follows the changes of a table of orders.
 *
 * Shows: one callback per kind of change; reading attributes into C types; a failure that passes (the payment service
 * is busy once) and one that does not (an order of nothing). The first failure stops the batch: Lambda delivers it
 * again from that record on, so whatever a callback does must be safe to do twice. */
#include "orders.h"

#include <ddbstream.h>
#include <stdio.h>

/* Stands for a payment service, which is busy at the third call. */
static bool payment_accepted(void)
{
    static int calls;
    return ++calls != 3;
}

static ddbs_status log_order(const ddbs_record *rec, const char *what)
{
    ddbs_str id;
    DDBS_TRY(ddbs_get(rec->keys, "OrderId", &id));
    printf("%s %s\n", id.ptr, what);
    return DDBS_OK;
}

static ddbs_status placed(ddbs_ctx *ctx, const ddbs_record *rec)
{
    int64_t quantity;
    DDBS_TRY(ddbs_get(rec->new_image, "Qty", &quantity));
    if (quantity < 1)
        return ddbs_fail(ctx, DDBS_E_HANDLER, "quantity below 1"); /* record and sequence number are added */
    return log_order(rec, "placed");
}

static ddbs_status changed(ddbs_ctx *ctx, const ddbs_record *rec)
{
    ddbs_str status;
    DDBS_TRY(ddbs_get(rec->new_image, "Status", &status));
    if (!ddbs_str_is(status, "PAID"))
        return log_order(rec, "changed");
    if (!payment_accepted())
        return ddbs_fail(ctx, DDBS_E_HANDLER, "the payment service is busy");
    return log_order(rec, "paid");
}

static ddbs_status removed(ddbs_ctx *ctx, const ddbs_record *rec)
{
    (void)ctx;
    return log_order(rec, "removed");
}

static ddbs_status expired(ddbs_ctx *ctx, const ddbs_record *rec)
{
    (void)ctx;
    return log_order(rec, "expired: deleted by time-to-live");
}

const ddbs_consumer orders = {
    .on_insert = placed,
    .on_modify = changed,
    .on_remove = removed,
    .on_expire = expired,
};
