/* orders.c: follows the changes of a table of orders.
 *
 * Shows: one callback per kind of change; reading attributes into C types; a failure that passes (the payment service
 * is busy once) and one that does not (an order of nothing). The first failure stops the batch: Lambda delivers it
 * again from that record on, so whatever a callback does must be safe to do twice. For `ddbstream run --expect` it
 * notes in a journal what is done. */
#include <ddbstream.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Stands for a payment service, which is busy at the third call. */
static bool payment_accepted(void)
{
    static int calls;
    return ++calls != 3;
}

/* One write(2) to a file opened with O_APPEND: whole lines, whoever else writes. No journal: nobody asks. */
static ddbs_status note_done(const ddbs_record *rec)
{
    char line[DDBS_SEQUENCE_MAX + 2];
    const char *path = getenv("DDBS_JOURNAL");
    if (path == NULL)
        return DDBS_OK;
    int len = snprintf(line, sizeof line, "%s\n", rec->sequence_number.ptr);
    int file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    bool noted = file >= 0 && write(file, line, (size_t)len) == len;
    if (file >= 0)
        close(file);
    return noted ? DDBS_OK : DDBS_E_HANDLER;
}

static ddbs_status log_order(const ddbs_record *rec, const char *what)
{
    ddbs_str id;
    DDBS_TRY(ddbs_get(rec->keys, "OrderId", &id));
    printf("%s %s\n", id.ptr, what);
    return note_done(rec);
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

int main(int argc, char **argv)
{
    static const ddbs_consumer orders = {
        .on_insert = placed,
        .on_modify = changed,
        .on_remove = removed,
        .on_expire = expired,
    };
    return ddbs_lambda_main(argc, argv, &orders, NULL);
}
