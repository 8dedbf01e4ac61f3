/* analytics.c: new images of a table of orders as flat JSON lines in a Firehose stream, for Athena to read.
 *
 * Shows: rows of chosen columns out of nested items, numbers with all their digits; a batch writer that fills requests
 * and commits what is stored. A line can come twice after a crash, with the same event_id and the same bytes. */
#include "analytics.h"

#include <ddbstream.h>
#include <stdlib.h>

/* The columns of the table in Athena, and where in an item each is found. What an item lacks, a line lacks: Athena
 * reads it as null. */
static const struct column {
    const char *name, *path;
} columns[] = {
    { "order_id", "OrderId" },
    { "customer", "Customer" },
    { "status", "Status" },
    { "total", "Total" },
    { "placed_at", "PlacedAt" },
    { "city", "Address.City" },
    { "country", "Address.Country" },
    { "first_sku", "Lines[0].Sku" },
    { "tags", "Tags" },
};

static ddbs_aws *aws;
static ddbs_writer *firehose;
static ddbs_buf line; /* of the record at hand; its memory is used again */

static ddbs_status start(ddbs_ctx *ctx)
{
    DDBS_TRY(ddbs_aws_new(&aws, NULL, ddbs_ctx_error(ctx)));
    ddbs_firehose_options options = { .aws = aws, .stream = getenv("DELIVERY_STREAM"), .newline = true };
    return ddbs_firehose_new(&firehose, &options, ddbs_ctx_error(ctx));
}

static ddbs_status write_column(const ddbs_item *item, const struct column *column)
{
    const ddbs_value *value;
    ddbs_status status = ddbs_item_find_path(item, column->path, &value);
    if (status == DDBS_E_MISSING)
        return DDBS_OK;
    DDBS_TRY(status);
    DDBS_TRY(ddbs_buf_format(&line, ",\"%s\":", column->name));
    return ddbs_value_write(value, DDBS_JSON_PLAIN, &line);
}

/* event_id tells two deliveries of one change from two changes, changed_at and sequence put the changes in order. */
static ddbs_status write_line(const ddbs_record *rec)
{
    line.len = 0;
    DDBS_TRY(ddbs_buf_format(&line, "{\"event_id\":"));
    DDBS_TRY(ddbs_buf_json(&line, rec->event_id));
    DDBS_TRY(ddbs_buf_format(&line, ",\"change\":"));
    DDBS_TRY(ddbs_buf_json(&line, rec->event_name));
    DDBS_TRY(ddbs_buf_format(&line, ",\"sequence\":\"%s\"", rec->sequence_number.ptr));
    if (rec->created_ns != DDBS_NO_TIME)
        DDBS_TRY(ddbs_buf_format(&line, ",\"changed_at\":%lld", (long long)(rec->created_ns / 1000000000)));
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        DDBS_TRY(write_column(rec->new_image, &columns[i]));
    return ddbs_buf_format(&line, "}");
}

static ddbs_status queue(ddbs_ctx *ctx, const ddbs_record *rec)
{
    DDBS_TRY(write_line(rec));
    return ddbs_firehose_put(firehose, ctx, ddbs_buf_bytes(&line));
}

static ddbs_status flush(ddbs_ctx *ctx)
{
    return ddbs_writer_flush(firehose, ctx);
}

const ddbs_consumer analytics = {
    .on_start = start,
    .on_insert = queue,
    .on_modify = queue,
    .on_batch_end = flush,
};
