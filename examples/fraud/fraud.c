/* fraud.c: what a card spends within ten minutes, and an alert where that is too much.
 *
 * Shows: sums that DynamoDB adds up exactly (ADD), once for each payment; one alert for each case, sent at once.
 *
 * A case is a card in ten minutes of the clock. Its item holds what was spent, which payments that were, and whether
 * somebody was told. A payment has `id`, `card` (a token, never the number) and `amount`.
 * Environment: CASES, a table; TOPIC_ARN, of the alerts; LIMIT, "500": more than that is too much. */
#include "fraud.h"

#include <ddbstream.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW_S = 600, KEPT_S = 2 * 24 * 3600 /* longer than a payment can come again, which is a day */ };
static const int64_t second_ns = 1000000000;

static ddbs_aws *aws;
static ddbs_writer *alerts;
static const char *cases;
static ddbs_num limit;

struct payment {
    char card[64];
    ddbs_num amount;
};
static const ddbs_schema payment_schema =
    DDBS_SCHEMA(struct payment, DDBS_FIELD(struct payment, card), DDBS_FIELD(struct payment, amount));

struct spending {
    ddbs_str id;
    ddbs_num spent;
    int64_t payments, alerted;
};
static const ddbs_schema spending_schema =
    DDBS_SCHEMA(struct spending, DDBS_FIELD(struct spending, id), DDBS_FIELD(struct spending, spent),
                DDBS_FIELD(struct spending, payments), DDBS_MAYBE(DDBS_FIELD(struct spending, alerted)));

static ddbs_status start(ddbs_ctx *ctx)
{
    const char *topic = getenv("TOPIC_ARN"), *text = getenv("LIMIT");
    bool whole;
    cases = getenv("CASES");
    if (cases == NULL || topic == NULL || text == NULL)
        return ddbs_fail(ctx, DDBS_E_USAGE, "CASES, TOPIC_ARN and LIMIT are needed");
    limit = (ddbs_num){ text, strlen(text) };
    if (ddbs_num_is_integer(limit, &whole) != DDBS_OK)
        return ddbs_fail(ctx, DDBS_E_USAGE, "LIMIT is no number");
    DDBS_TRY(ddbs_aws_new(&aws, NULL, ddbs_ctx_error(ctx)));
    ddbs_sns_options options = { .aws = aws, .topic_arn = topic };
    return ddbs_sns_new(&alerts, &options, ddbs_ctx_error(ctx));
}

/* Add the payment to its case unless it is in there; the case as it is then. */
static ddbs_status add(ddbs_ctx *ctx, const ddbs_record *rec, const struct payment *payment, struct spending *spending)
{
    ddbs_written written;
    char id[sizeof payment->card + 24];
    int64_t window = rec->created_ns / second_ns / WINDOW_S;
    snprintf(id, sizeof id, "%s#%lld", payment->card, (long long)window);
    ddbs_write write = {
        .kind = DDBS_WRITE_UPDATE,
        .table = cases,
        .attributes = DDBS_PAIRS(DDBS_PAIR("id", id)),
        .update = "SET expires = :expires ADD spent :amount, payments :one, seen :payment",
        .condition = "NOT contains(seen, :event)",
        .values = DDBS_PAIRS(DDBS_PAIR(":expires", (window + 1) * WINDOW_S + KEPT_S), DDBS_PAIR(":one", 1),
                             DDBS_PAIR(":amount", payment->amount), DDBS_PAIR(":event", rec->event_id)),
        .sets = DDBS_PAIRS(DDBS_PAIR(":payment", rec->event_id)),
        .returns = "ALL_NEW",
    };
    DDBS_TRY(ddbs_dynamodb_write(aws, ctx, &write, &written));
    return ddbs_bind(&spending_schema, written.item, spending, ddbs_ctx_error(ctx));
}

/* Tell somebody, then note it. Between the two a crash makes a second alert; the other way round it would make none. */
static ddbs_status alert(ddbs_ctx *ctx, const ddbs_record *rec, const struct spending *spending)
{
    char text[256];
    ddbs_written written;
    snprintf(text, sizeof text, "%s: %s spent in %d minutes, %lld payments", spending->id.ptr, spending->spent.ptr,
             WINDOW_S / 60, (long long)spending->payments);
    ddbs_message message = { .subject = ddbs_str_c("Unusual spending"), .body = ddbs_str_c(text) };
    DDBS_TRY(ddbs_sns_put(alerts, ctx, &message));
    DDBS_TRY(ddbs_writer_flush(alerts, ctx));
    ddbs_write mark = {
        .kind = DDBS_WRITE_UPDATE,
        .table = cases,
        .attributes = DDBS_PAIRS(DDBS_PAIR("id", spending->id)),
        .update = "SET alerted = :at",
        .values = DDBS_PAIRS(DDBS_PAIR(":at", rec->created_ns / second_ns)),
    };
    return ddbs_dynamodb_write(aws, ctx, &mark, &written);
}

static ddbs_status paid(ddbs_ctx *ctx, const ddbs_record *rec)
{
    int above;
    struct payment payment;
    struct spending spending = { .alerted = 0 };
    DDBS_TRY(ddbs_bind(&payment_schema, rec->new_image, &payment, ddbs_ctx_error(ctx)));
    DDBS_TRY(add(ctx, rec, &payment, &spending));
    DDBS_TRY(ddbs_num_compare(spending.spent, limit, &above));
    return above > 0 && spending.alerted == 0 ? alert(ctx, rec, &spending) : DDBS_OK;
}

static ddbs_status flush(ddbs_ctx *ctx)
{
    return ddbs_writer_flush(alerts, ctx); /* nothing waits any more: it commits what is done */
}

const ddbs_consumer fraud = { .on_start = start, .on_insert = paid, .on_batch_end = flush };
