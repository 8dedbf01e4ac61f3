/* archive.c: every change of a table, with the item before and after it, as an object in S3.
 *
 * Shows: keys and bytes that depend on the change alone, so that a repeated delivery writes the same object again and
 * nothing is there twice; DynamoDB JSON, which loses nothing; what to do with a record that does not decode. */
#include "archive.h"

#include <ddbstream.h>
#include <stdlib.h>
#include <time.h>

static ddbs_aws *aws;
static ddbs_writer *objects;
static ddbs_buf key, body; /* of the record at hand; their memory is used again */

static ddbs_status start(ddbs_ctx *ctx)
{
    DDBS_TRY(ddbs_aws_new(&aws, NULL, ddbs_ctx_error(ctx)));
    ddbs_s3_options options = {
        .aws = aws,
        .bucket = getenv("ARCHIVE_BUCKET"),
        .type = "application/json",
        .gzip = true,
        .tuning = { .parallel = 16 }, /* one request an object */
    };
    return ddbs_s3_new(&objects, &options, ddbs_ctx_error(ctx));
}

/* "Orders/2026/10/19/810000000000000021457312115-e9e91242f1d542c569225fb5cc2c2f3f.json": by day, because a retention is
 * one of days, and in the order of the changes. */
static ddbs_status write_key(const ddbs_record *rec)
{
    char day[sizeof "2026/10/19"] = "undated";
    time_t seconds = (time_t)(rec->created_ns / 1000000000);
    struct tm utc;
    if (rec->created_ns != DDBS_NO_TIME && gmtime_r(&seconds, &utc) != NULL)
        (void)strftime(day, sizeof day, "%Y/%m/%d", &utc);
    key.len = 0;
    return ddbs_buf_format(&key, "%s/%s/%s-%s.json", rec->table.ptr, day, rec->sequence_number.ptr, rec->event_id.ptr);
}

static ddbs_status write_image(const char *name, const ddbs_item *image)
{
    if (image == NULL)
        return DDBS_OK;
    DDBS_TRY(ddbs_buf_format(&body, ",\"%s\":", name));
    return ddbs_item_write(image, DDBS_JSON_TYPED, &body);
}

static ddbs_status write_body(const ddbs_record *rec)
{
    body.len = 0;
    DDBS_TRY(ddbs_buf_format(&body, "{\"eventID\":"));
    DDBS_TRY(ddbs_buf_json(&body, rec->event_id));
    DDBS_TRY(ddbs_buf_format(&body, ",\"eventName\":"));
    DDBS_TRY(ddbs_buf_json(&body, rec->event_name));
    DDBS_TRY(ddbs_buf_format(&body, ",\"sequenceNumber\":\"%s\",\"expired\":%s", rec->sequence_number.ptr,
                             rec->expired ? "true" : "false"));
    DDBS_TRY(write_image("keys", rec->keys));
    DDBS_TRY(write_image("oldImage", rec->old_image));
    DDBS_TRY(write_image("newImage", rec->new_image));
    return ddbs_buf_format(&body, "}\n");
}

static ddbs_status store(ddbs_ctx *ctx, const ddbs_record *rec)
{
    DDBS_TRY(write_key(rec));
    DDBS_TRY(write_body(rec));
    return ddbs_s3_put(objects, ctx, ddbs_buf_str(&key), ddbs_buf_bytes(&body));
}

/* An archive has everything: what cannot be read is kept as it was delivered. */
static ddbs_status store_unread(ddbs_ctx *ctx, const ddbs_poison *poison)
{
    ddbs_bytes raw = { (const unsigned char *)poison->raw.ptr, poison->raw.len };
    key.len = 0;
    DDBS_TRY(ddbs_buf_format(&key, "unread/%.*s.json", (int)poison->sequence_number.len, poison->sequence_number.ptr));
    return ddbs_s3_put(objects, ctx, ddbs_buf_str(&key), raw);
}

static ddbs_status flush(ddbs_ctx *ctx)
{
    return ddbs_writer_flush(objects, ctx);
}

const ddbs_consumer archive = {
    .on_start = start,
    .on_any = store,
    .on_poison = store_unread,
    .on_batch_end = flush,
};
