/* kinesis.c: one handler behind three ways that the changes of a table can take: its stream, Kinesis Data Streams for
 * DynamoDB, and EventBridge Pipes.
 *
 * Shows: that the handler need not know which one it is. The runtime tells them apart by the event, decodes Binary that
 * Kinesis has twice in base64, brings the times to one unit, and names a failure as the source wants it named: by the
 * sequence number of the stream, that of Kinesis, or the event id. */
#include "kinesis.h"

#include <ddbstream.h>
#include <stdio.h>
#include <time.h>

struct order {
    ddbs_str id, status;
    int64_t quantity;
    ddbs_bytes label;
};

static const ddbs_schema order_schema =
    DDBS_SCHEMA(struct order, DDBS_FIELD_AS(struct order, id, "OrderId"), DDBS_FIELD_AS(struct order, status, "Status"),
                DDBS_FIELD_AS(struct order, quantity, "Qty"), DDBS_FIELD_AS(struct order, label, "Label"));

/* Of the change, to the millisecond where the source is that exact: the order of changes where it has no other. */
static void print_time(const ddbs_record *rec)
{
    char text[sizeof "08:40:00"] = "--:--:--";
    time_t seconds = (time_t)(rec->created_ns / 1000000000);
    struct tm utc;
    if (rec->created_ns != DDBS_NO_TIME && gmtime_r(&seconds, &utc) != NULL)
        (void)strftime(text, sizeof text, "%H:%M:%S", &utc);
    printf("%s.%03d ", text, rec->created_ns == DDBS_NO_TIME ? 0 : (int)(rec->created_ns / 1000000 % 1000));
}

static ddbs_status follow(ddbs_ctx *ctx, const ddbs_record *rec)
{
    const ddbs_item *image = rec->new_image != NULL ? rec->new_image : rec->old_image;
    struct order order;
    DDBS_TRY(ddbs_bind(&order_schema, image, &order, ddbs_ctx_error(ctx)));
    if (order.quantity < 1)
        return ddbs_fail(ctx, DDBS_E_HANDLER, "an order of nothing");
    print_time(rec);
    printf("%s %s %s: %s, %d pieces, label", rec->table.ptr, rec->event_name.ptr, order.id.ptr,
           rec->expired ? "expired" : order.status.ptr, (int)order.quantity);
    for (size_t i = 0; i < order.label.len; i++)
        printf(" %02x", order.label.ptr[i]);
    return putchar('\n') == EOF ? ddbs_fail(ctx, DDBS_E_HANDLER, "cannot write") : DDBS_OK;
}

const ddbs_consumer kinesis = { .on_any = follow };
