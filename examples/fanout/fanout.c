/* fanout.c: one change to the topics that it concerns, and every change to a queue, in order for each order.
 *
 * Shows: a table of topics and of what belongs there; several writers in one batch; FIFO groups, so that whoever
 * listens sees the changes of one order in their order, and deduplication ids, so that SNS and SQS drop what comes
 * twice. */
#include "fanout.h"

#include <ddbstream.h>
#include <stdlib.h>

struct order {
    ddbs_str id, status;
    ddbs_num total;
};

static const ddbs_schema order_schema =
    DDBS_SCHEMA(struct order, DDBS_FIELD_AS(struct order, id, "OrderId"), DDBS_FIELD_AS(struct order, status, "Status"),
                DDBS_FIELD_AS(struct order, total, "Total"));

/* ---- What belongs where ---- */

static bool is_placed(const ddbs_record *rec, const struct order *order)
{
    (void)order;
    return rec->operation == DDBS_OP_INSERT;
}

static bool is_large(const ddbs_record *rec, const struct order *order)
{
    static const ddbs_num large = { "1000", 4 };
    int comparison;
    return rec->operation == DDBS_OP_INSERT && ddbs_num_compare(order->total, large, &comparison) == DDBS_OK &&
           comparison >= 0;
}

static bool is_shipped(const ddbs_record *rec, const struct order *order)
{
    return ddbs_changed(rec, "Status") == DDBS_CHANGED && ddbs_str_is(order->status, "SHIPPED");
}

static bool is_cancelled(const ddbs_record *rec, const struct order *order)
{
    (void)order;
    return rec->operation == DDBS_OP_REMOVE && !rec->expired;
}

static const struct topic {
    const char *variable; /* of the environment: the topic's ARN */
    bool (*takes)(const ddbs_record *rec, const struct order *order);
} topics[] = {
    { "TOPIC_PLACED", is_placed },
    { "TOPIC_LARGE", is_large },
    { "TOPIC_SHIPPED", is_shipped },
    { "TOPIC_CANCELLED", is_cancelled },
};
enum { TOPICS = sizeof topics / sizeof *topics };

/* ---- Sending it there ---- */

static ddbs_aws *aws;
static ddbs_writer *writers[TOPICS], *queue;
static ddbs_buf body; /* of the record at hand; its memory is used again */

/* An entry that fails alone is sent again, and what stood behind it in the same request would overtake it. */
static const ddbs_writer_tuning in_order = { .strict_order = true };

static ddbs_status start(ddbs_ctx *ctx)
{
    DDBS_TRY(ddbs_aws_new(&aws, NULL, ddbs_ctx_error(ctx)));
    for (size_t i = 0; i < TOPICS; i++) {
        ddbs_sns_options options = { .aws = aws, .topic_arn = getenv(topics[i].variable), .tuning = in_order };
        DDBS_TRY(ddbs_sns_new(&writers[i], &options, ddbs_ctx_error(ctx)));
    }
    ddbs_sqs_options options = { .aws = aws, .queue_url = getenv("QUEUE_URL"), .tuning = in_order };
    return ddbs_sqs_new(&queue, &options, ddbs_ctx_error(ctx));
}

static ddbs_status write_body(const ddbs_record *rec, const ddbs_item *image)
{
    body.len = 0;
    DDBS_TRY(ddbs_buf_format(&body, "{\"change\":"));
    DDBS_TRY(ddbs_buf_json(&body, rec->event_name));
    DDBS_TRY(ddbs_buf_format(&body, ",\"sequence\":\"%s\",\"order\":", rec->sequence_number.ptr));
    DDBS_TRY(ddbs_item_write(image, DDBS_JSON_PLAIN, &body));
    return ddbs_buf_format(&body, "}");
}

static ddbs_status publish(ddbs_ctx *ctx, const ddbs_record *rec)
{
    const ddbs_item *image = rec->new_image != NULL ? rec->new_image : rec->old_image;
    struct order order;
    DDBS_TRY(ddbs_bind(&order_schema, image, &order, ddbs_ctx_error(ctx)));
    DDBS_TRY(write_body(rec, image));
    ddbs_message message = {
        .body = ddbs_buf_str(&body),
        .group_id = order.id,
        .deduplication_id = rec->event_id,
    };
    for (size_t i = 0; i < TOPICS; i++)
        if (topics[i].takes(rec, &order))
            DDBS_TRY(ddbs_sns_put(writers[i], ctx, &message));
    return ddbs_sqs_put(queue, ctx, &message);
}

/* All of them, also where one fails: the batch is done up to the first record that any of them has not stored. */
static ddbs_status flush(ddbs_ctx *ctx)
{
    ddbs_status status = ddbs_writer_flush(queue, ctx);
    for (size_t i = 0; i < TOPICS; i++) {
        ddbs_status other = ddbs_writer_flush(writers[i], ctx);
        status = status == DDBS_OK ? other : status;
    }
    return status;
}

const ddbs_consumer fanout = { .on_start = start, .on_any = publish, .on_batch_end = flush };
