/* welcome.c: mails to customers, and a list of contacts that follows the table.
 *
 * Shows: an effect that must not happen twice, behind a claim on a table (ddbs_once), beside one that may, through a
 * batch writer. A duplicate sends no second mail. A crash between sending and marking does: then nobody knows that it
 * was sent. */
#include "welcome.h"

#include <ddbstream.h>
#include <stdlib.h>

enum { REMEMBERED_S = 2 * 24 * 3600 }; /* a stream keeps its records for 24 hours: no duplicate comes later */

static ddbs_aws *aws;
static ddbs_idempotency *once;
static ddbs_writer *contacts;
static ddbs_buf text; /* of the mail at hand; its memory is used again */

static ddbs_status start(ddbs_ctx *ctx)
{
    DDBS_TRY(ddbs_aws_new(&aws, NULL, ddbs_ctx_error(ctx)));
    ddbs_idempotency_options claims = {
        .aws = aws,
        .table = getenv("CLAIMS_TABLE"),
        .handler = "welcome",
        .expires_s = REMEMBERED_S,
    };
    DDBS_TRY(ddbs_idempotency_new(&once, &claims, ddbs_ctx_error(ctx)));
    ddbs_dynamodb_options list = { .aws = aws, .table = getenv("CONTACTS_TABLE"), .partition_key = "id" };
    return ddbs_dynamodb_new(&contacts, &list, ddbs_ctx_error(ctx));
}

static ddbs_status send(ddbs_ctx *ctx, const ddbs_item *customer, const char *subject)
{
    ddbs_ses_options sender = { .aws = aws, .from = getenv("MAIL_FROM") };
    ddbs_mail mail = { .subject = ddbs_str_c(subject), .text = ddbs_buf_str(&text) };
    DDBS_TRY(ddbs_get(customer, "email", &mail.to));
    return ddbs_ses_send(&sender, ctx, &mail);
}

static ddbs_status send_welcome(ddbs_ctx *ctx, const ddbs_record *rec)
{
    ddbs_str name;
    DDBS_TRY(ddbs_get(rec->new_image, "name", &name));
    text.len = 0;
    DDBS_TRY(ddbs_buf_format(&text, "Dear %s,\n\nwelcome! Your account is ready.\n", name.ptr));
    return send(ctx, rec->new_image, "Welcome");
}

/* To the old address: whoever reads that one should know. */
static ddbs_status send_changed(ddbs_ctx *ctx, const ddbs_record *rec)
{
    ddbs_str name;
    DDBS_TRY(ddbs_get(rec->old_image, "name", &name));
    text.len = 0;
    DDBS_TRY(ddbs_buf_format(
        &text, "Dear %s,\n\nfrom now on our mails go to your new address. If that was not you, call us.\n", name.ptr));
    return send(ctx, rec->old_image, "Your address was changed");
}

/* Send unless it was sent before, which is as good. */
static ddbs_status send_once(ddbs_ctx *ctx, const ddbs_record *rec, ddbs_record_fn *effect)
{
    ddbs_status status = ddbs_once(once, ctx, rec, effect);
    return status == DDBS_SKIP ? DDBS_OK : status;
}

static ddbs_status joined(ddbs_ctx *ctx, const ddbs_record *rec)
{
    DDBS_TRY(send_once(ctx, rec, send_welcome));
    return ddbs_dynamodb_put(contacts, ctx, rec->new_image);
}

static ddbs_status changed(ddbs_ctx *ctx, const ddbs_record *rec)
{
    if (ddbs_changed(rec, "email"))
        DDBS_TRY(send_once(ctx, rec, send_changed));
    return ddbs_dynamodb_put(contacts, ctx, rec->new_image);
}

static ddbs_status left(ddbs_ctx *ctx, const ddbs_record *rec)
{
    return ddbs_dynamodb_delete(contacts, ctx, rec->keys);
}

static ddbs_status flush(ddbs_ctx *ctx)
{
    return ddbs_writer_flush(contacts, ctx);
}

const ddbs_consumer welcome = {
    .on_start = start,
    .on_insert = joined,
    .on_modify = changed,
    .on_remove = left,
    .on_batch_end = flush,
};
