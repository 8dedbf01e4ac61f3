/* test_routes.c: several tables on one function, and consumers that make no sense. */
#include "tests/unit/events.h"

#include <stdio.h>

/* "name" and the index of each call. */
struct log {
    const char *name;
    char *text; /* 200 bytes, shared */
};

static ddbs_status on_record(ddbs_ctx *ctx, const ddbs_record *rec)
{
    struct log *log = ddbs_ctx_user(ctx);
    size_t used = strlen(log->text);
    snprintf(log->text + used, 200 - used, "%s%s%zu", used == 0 ? "" : " ", log->name, rec->index);
    return DDBS_OK;
}

static ddbs_status on_poison(ddbs_ctx *ctx, const ddbs_poison *poison)
{
    struct log *log = ddbs_ctx_user(ctx);
    size_t used = strlen(log->text);
    snprintf(log->text + used, 200 - used, "%s%sp%zu", used == 0 ? "" : " ", log->name, poison->index);
    return DDBS_OK;
}

static ddbs_status hook(ddbs_ctx *ctx)
{
    struct log *log = ddbs_ctx_user(ctx);
    size_t used = strlen(log->text);
    snprintf(log->text + used, 200 - used, "%s%s!", used == 0 ? "" : " ", log->name);
    return DDBS_OK;
}

static void stop(ddbs_ctx *ctx)
{
    (void)hook(ctx);
}

static ddbs_status batch(ddbs_ctx *ctx, const ddbs_record *const *records, size_t count)
{
    (void)ctx;
    (void)records;
    (void)count;
    return DDBS_OK;
}

#define ARN(region, table) "arn:aws:dynamodb:" region ":123456789012:table/" table "/stream/2026-10-19T08:40:00.000"
#define OF(name, number, region, table)                                                                                \
    "{'eventName':'" name "'," SOURCE                                                                                  \
    ",'eventSourceARN':'" ARN(region, table) "','dynamodb':{'SequenceNumber':'" number "'}}"

/* ---- Which route takes a record ---- */

static const struct {
    const char *first, *second;
    const char *calls;
    size_t checkpoint; /* of four: orders, users, orders-2, orders in another region */
} rows[] = {
    { "orders", "*:*", "a0 b1 b2 a3", 4 },
    { "orders", "users", "a0 b1", 2 },
    { "*:*", "orders", "a0 a1 a2 a3", 4 }, /* the first that matches */
    { "users", "orders", "b0 a1", 2 },
    { "order", "*:*", "b0 b1 b2 b3", 4 },
    { "Orders", "*:*", "b0 b1 b2 b3", 4 },
    { "*", "*:*", "b0 b1 b2 b3", 4 }, /* without a colon it is a name */
    { "arn:aws:dynamodb:eu-west-1:*", "*:*", "a0 a1 a2 b3", 4 },
    { "arn:*:table/orders/*", "*:table/*", "a0 b1 b2 a3", 4 },
    { "arn:*:table/orders*", "*:*", "a0 b1 a2 a3", 4 },
    { "arn:*:table/*/stream/2026*", "users", "a0 a1 a2 a3", 4 },
    { "*:*:*:*:*:*", "users", "a0 a1 a2 a3", 4 },
    { "*:table/orders", "*:table/users/*", "", 0 },
    { "a*n:aws:*", "users", "a0 a1 a2 a3", 4 },              /* one byte for the star */
    { "users", ARN("eu-west-1", "orders") "*", "b0 a1", 2 }, /* and none */
    { ":", "arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2026-10-19T08:40:00.000", "b0", 1 },
    { "*:nothing*", "**:**orders**", "b0", 1 },
    { "*0*0*0*0*0*0*0*0*:*0*0*0*0*0*0*0*x", "*:*", "b0 b1 b2 b3", 4 },
};

static const char four[] =
    EVENT(OF("INSERT", "1", "eu-west-1", "orders") "," OF("INSERT", "2", "eu-west-1", "users") "," OF(
        "INSERT", "3", "eu-west-1", "orders-2") "," OF("INSERT", "4", "us-east-1", "orders"));

TEST(the_first_route_that_matches_takes_the_record)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[200] = "";
        struct log first = { "a", text }, second = { "b", text };
        ddbs_consumer a = { .on_insert = on_record, .user = &first }, b = { .on_any = on_record, .user = &second };
        ddbs_route routes[] = { { rows[i].first, &a }, { rows[i].second, &b } };
        ddbs_consumer consumer = { .routes = routes, .route_count = 2 };
        struct parsed p = parse(four);
        ddbs_outcome outcome;
        REQUIRE(p.event != NULL);
        CHECK_STATUS(ddbs_consumer_check(&consumer, NULL), DDBS_OK);
        ddbs_status status = ddbs_process(p.event, &consumer, NULL, p.arena, &outcome);
        CHECK_STATUS(status, rows[i].checkpoint == 4 ? DDBS_OK : DDBS_E_HANDLER);
        if (!CHECK_STR(text, rows[i].calls) || !CHECK_INT(outcome.checkpoint, rows[i].checkpoint))
            printf("# row %zu\n", i);
        parsed_free(&p);
    }
}

TEST(a_table_without_a_route_is_named)
{
    char text[200] = "";
    struct log log = { "a", text };
    ddbs_consumer a = { .on_insert = on_record, .user = &log };
    ddbs_consumer consumer = { .routes = &(ddbs_route){ "orders", &a }, .route_count = 1 };
    struct parsed p = parse(four), unnamed = parse(EVENT(RECORD("INSERT", "1", "")));
    ddbs_outcome outcome;
    REQUIRE(p.event != NULL && unnamed.event != NULL);
    CHECK_STATUS(ddbs_process(p.event, &consumer, NULL, p.arena, &outcome), DDBS_E_HANDLER);
    CHECK_STR(outcome.error.reason, "no route takes the table \"users\"");
    CHECK(outcome.checkpoint == 1 && outcome.error.record == 1);
    CHECK_STATUS(ddbs_process(unnamed.event, &consumer, NULL, p.arena, &outcome), DDBS_E_HANDLER);
    CHECK_STR(outcome.error.reason, "no route takes the table \"\"");
    parsed_free(&unnamed);
    parsed_free(&p);
}

TEST(in_a_route_the_operations_go_as_without)
{
    char text[200] = "";
    struct log inner = { "a", text };
    ddbs_consumer a = { .on_remove = on_record, .user = &inner };
    ddbs_consumer consumer = { .routes = &(ddbs_route){ "orders", &a }, .route_count = 1 };
    struct parsed p = parse(EVENT(
        OF("INSERT", "1", "x", "orders") "," OF("REMOVE", "2", "x", "orders") "," OF("NEWNAME", "3", "x", "orders")));
    ddbs_outcome outcome;
    REQUIRE(p.event != NULL);
    CHECK_STATUS(ddbs_process(p.event, &consumer, NULL, p.arena, &outcome), DDBS_E_OPERATION);
    CHECK_STR(text, "a1");
    CHECK(outcome.ignored == 1 && outcome.done == 1 && outcome.checkpoint == 2);
    parsed_free(&p);
}

/* Hooks and poison are the outer consumer's, with its user. */
TEST(around_the_routes_the_outer_consumer_is_called)
{
    char text[200] = "";
    struct log inner = { "a", text }, outer = { "o", text };
    ddbs_consumer a = { .on_any = on_record, .user = &inner };
    ddbs_consumer consumer = { .routes = &(ddbs_route){ "*:*", &a },
                               .route_count = 1,
                               .on_poison = on_poison,
                               .on_batch_begin = hook,
                               .on_batch_end = hook,
                               .user = &outer };
    struct parsed p = parse(EVENT(OF("INSERT", "1", "x", "orders") "," RECORD("INSERT", "2", ",'eventID':5") "," OF(
        "INSERT", "3", "x", "users")));
    ddbs_outcome outcome;
    REQUIRE(p.event != NULL);
    CHECK_STATUS(ddbs_process(p.event, &consumer, NULL, p.arena, &outcome), DDBS_OK);
    CHECK_STR(text, "o! a0 op1 a2 o!");
    parsed_free(&p);
}

/* ---- Consumers that make no sense ---- */

static const ddbs_consumer good = { .on_any = on_record };
static const ddbs_consumer with_begin = { .on_batch_begin = hook }, with_end = { .on_batch_end = hook },
                           with_window = { .on_window = hook }, with_start = { .on_start = hook },
                           with_stop = { .on_stop = stop }, with_batch = { .on_batch = batch },
                           with_poison = { .on_poison = on_poison };
static const ddbs_route good_route = { "t", &good };
static const ddbs_consumer with_routes = { .routes = &good_route, .route_count = 1 };

#define TO(consumer)                                                                                                   \
    {                                                                                                                  \
        .routes = (const ddbs_route[]){ { "t", &good }, { "u", &(consumer) } }, .route_count = 2                       \
    }

static const struct {
    ddbs_consumer consumer;
    const char *path; /* NULL: it is fine */
} consumers[] = {
    { { .user = NULL }, NULL },
    { { .on_insert = on_record,
        .on_batch_begin = hook,
        .on_batch_end = hook,
        .on_window = hook,
        .on_start = hook,
        .on_stop = stop,
        .on_poison = on_poison },
      NULL },
    { { .on_batch = batch, .on_batch_begin = hook, .on_window = hook, .on_poison = on_poison, .on_start = hook },
      NULL },
    { { .on_batch = batch, .on_insert = on_record }, "" },
    { { .on_batch = batch, .on_modify = on_record }, "" },
    { { .on_batch = batch, .on_remove = on_record }, "" },
    { { .on_batch = batch, .on_expire = on_record }, "" },
    { { .on_batch = batch, .on_any = on_record }, "" },
    { { .on_batch = batch, .on_batch_end = hook }, "" },
    { { .on_batch = batch, .routes = &good_route, .route_count = 1 }, "" },
    { { .on_any = on_record, .routes = &good_route, .route_count = 1 }, "" },
    { { .on_expire = on_record, .routes = &good_route, .route_count = 1 }, "" },
    { { .routes = &good_route }, "" },
    { { .route_count = 1 }, "" },
    { { .routes = &good_route,
        .route_count = 1,
        .on_batch_begin = hook,
        .on_batch_end = hook,
        .on_window = hook,
        .on_start = hook,
        .on_stop = stop,
        .on_poison = on_poison },
      NULL },
    { TO(good), NULL },
    { TO(with_begin), "routes[1]" },
    { TO(with_end), "routes[1]" },
    { TO(with_window), "routes[1]" },
    { TO(with_start), "routes[1]" },
    { TO(with_stop), "routes[1]" },
    { TO(with_batch), "routes[1]" },
    { TO(with_poison), "routes[1]" },
    { TO(with_routes), "routes[1]" },
    { { .routes = (const ddbs_route[]){ { NULL, &good } }, .route_count = 1 }, "routes[0]" },
    { { .routes = (const ddbs_route[]){ { "", &good } }, .route_count = 1 }, "routes[0]" },
    { { .routes = (const ddbs_route[]){ { "t", NULL } }, .route_count = 1 }, "routes[0]" },
};

TEST(a_consumer_that_makes_no_sense_is_refused_and_runs_nothing)
{
    struct parsed p = parse(EVENT(OF("INSERT", "1", "x", "t")));
    REQUIRE(p.event != NULL);
    for (size_t i = 0; i < sizeof consumers / sizeof *consumers; i++) {
        char text[200] = "";
        struct log log = { "", text };
        ddbs_consumer consumer = consumers[i].consumer;
        ddbs_error error = { .status = DDBS_E_TYPE, .reason = "before" };
        ddbs_outcome outcome;
        bool fine = consumers[i].path == NULL;
        CHECK_STATUS(ddbs_consumer_check(&consumer, NULL), fine ? DDBS_OK : DDBS_E_USAGE);
        CHECK_STATUS(ddbs_consumer_check(&consumer, &error), fine ? DDBS_OK : DDBS_E_USAGE);
        CHECK_STATUS(error.status, fine ? DDBS_OK : DDBS_E_USAGE);
        if (!CHECK((error.reason[0] == '\0') == fine) || !CHECK_STR(error.path, fine ? "" : consumers[i].path))
            printf("# consumer %zu\n", i);
        if (fine)
            continue;
        consumer.user = &log;
        CHECK_STATUS(ddbs_process(p.event, &consumer, NULL, p.arena, &outcome), DDBS_E_USAGE);
        CHECK_STR(outcome.error.reason, error.reason);
        CHECK(outcome.checkpoint == 0 && text[0] == '\0');
    }
    parsed_free(&p);
}
