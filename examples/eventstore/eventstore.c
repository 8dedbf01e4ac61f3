/* eventstore.c: every change of an account becomes an event that stays for ever, and a statement is kept of them.
 *
 * Shows: a transaction that writes the event and the projection, or neither; versions, so that no event is applied
 * twice, too early or not at all; a projection that can be made again from the events by this same handler.
 *
 * An account has `account`, `version` (1, 2, 3 ..., which the application checks with each write) and `balance`.
 * Environment: EVENTS and STATEMENTS, the tables. REBUILD: no events are written, they are what comes in. */
#include "eventstore.h"

#include <ddbstream.h>
#include <stdlib.h>

enum { NS_PER_MS = 1000000 };

static ddbs_aws *aws;
static const char *events, *statements;
static bool rebuild;

struct account {
    ddbs_str account;
    int64_t version, cents;
};
static const ddbs_schema account_schema =
    DDBS_SCHEMA(struct account, DDBS_FIELD(struct account, account), DDBS_FIELD(struct account, version),
                DDBS_SCALED_AS(struct account, cents, "balance", 2));

static ddbs_status start(ddbs_ctx *ctx)
{
    events = getenv("EVENTS");
    statements = getenv("STATEMENTS");
    rebuild = getenv("REBUILD") != NULL;
    if (statements == NULL || (events == NULL && !rebuild))
        return ddbs_fail(ctx, DDBS_E_USAGE, "EVENTS and STATEMENTS, the tables, are needed");
    return ddbs_aws_new(&aws, NULL, ddbs_ctx_error(ctx));
}

/* A condition did not hold. `item` is what stands in the way: the event itself, or the statement. */
static ddbs_status refused(ddbs_ctx *ctx, const ddbs_record *rec, const ddbs_item *item, bool is_event, int64_t version)
{
    ddbs_str id;
    int64_t reached = 0;
    if (is_event && ddbs_get(item, "event", &id) == DDBS_OK)
        return ddbs_str_is(id, rec->event_id.ptr)
                   ? DDBS_OK /* written before, and the statement with it */
                   : ddbs_fail(ctx, DDBS_E_HANDLER, "two changes of an account have one version");
    if (rebuild && ddbs_get(item, "version", &reached) == DDBS_OK && reached >= version)
        return DDBS_OK;
    return ddbs_fail(ctx, DDBS_E_HANDLER, "the statement is not at the version before: an event is missing");
}

/* Write the event and what it does to the statement, both or neither. */
static ddbs_status apply(ddbs_ctx *ctx, const ddbs_record *rec, const char *type, const struct account *account,
                         ddbs_write projection)
{
    ddbs_written written;
    ddbs_write event = {
        .table = events,
        .attributes = DDBS_PAIRS(DDBS_PAIR("account", account->account), DDBS_PAIR("version", account->version),
                                 DDBS_PAIR("type", type), DDBS_PAIR("at", rec->created_ns / NS_PER_MS),
                                 DDBS_PAIR("event", rec->event_id), DDBS_PAIR("record", rec->raw)),
        .condition = "attribute_not_exists(version)",
    };
    projection.table = statements;
    ddbs_write writes[] = { event, projection };
    size_t first = rebuild ? 1 : 0;
    DDBS_TRY(ddbs_dynamodb_transact(aws, ctx, writes + first, 2 - first, &written));
    return written.held ? DDBS_OK : refused(ctx, rec, written.item, first + written.failed == 0, account->version);
}

static ddbs_status opened(ddbs_ctx *ctx, const ddbs_record *rec)
{
    struct account account;
    DDBS_TRY(ddbs_bind(&account_schema, rec->new_image, &account, ddbs_ctx_error(ctx)));
    ddbs_write statement = {
        .attributes = DDBS_PAIRS(DDBS_PAIR("account", account.account), DDBS_PAIR("version", account.version),
                                 DDBS_PAIR("state", "open"), DDBS_PAIR("cents", account.cents),
                                 DDBS_PAIR("credited", account.cents), DDBS_PAIR("debited", 0)),
        .condition = "attribute_not_exists(version)",
    };
    return apply(ctx, rec, "opened", &account, statement);
}

/* From one version to the next one, `change` cents up or down. */
static ddbs_status move(ddbs_ctx *ctx, const ddbs_record *rec, const char *type, const struct account *after,
                        int64_t change)
{
    ddbs_write statement = {
        .kind = DDBS_WRITE_UPDATE,
        .attributes = DDBS_PAIRS(DDBS_PAIR("account", after->account)),
        .update = "SET version = :version, cents = :cents, #state = :state ADD credited :in, debited :out",
        .condition = "version = :before",
        .names = DDBS_PAIRS(DDBS_PAIR("#state", "state")),
        .values = DDBS_PAIRS(DDBS_PAIR(":version", after->version), DDBS_PAIR(":before", after->version - 1),
                             DDBS_PAIR(":cents", after->cents), DDBS_PAIR(":in", change > 0 ? change : 0),
                             DDBS_PAIR(":out", change < 0 ? -change : 0),
                             DDBS_PAIR(":state", rec->operation == DDBS_OP_REMOVE ? "closed" : "open")),
    };
    return apply(ctx, rec, type, after, statement);
}

static ddbs_status changed(ddbs_ctx *ctx, const ddbs_record *rec)
{
    struct account before, after;
    DDBS_TRY(ddbs_bind(&account_schema, rec->old_image, &before, ddbs_ctx_error(ctx)));
    DDBS_TRY(ddbs_bind(&account_schema, rec->new_image, &after, ddbs_ctx_error(ctx)));
    int64_t change = after.cents - before.cents;
    return move(ctx, rec, change < 0 ? "withdrawn" : "deposited", &after, change);
}

/* A deletion has no version of its own: it is the one behind the last. What was left is paid out. */
static ddbs_status closed(ddbs_ctx *ctx, const ddbs_record *rec)
{
    struct account last;
    DDBS_TRY(ddbs_bind(&account_schema, rec->old_image, &last, ddbs_ctx_error(ctx)));
    struct account after = { .account = last.account, .version = last.version + 1 };
    return move(ctx, rec, "closed", &after, -last.cents);
}

const ddbs_consumer eventstore = {
    .on_start = start,
    .on_insert = opened,
    .on_modify = changed,
    .on_remove = closed,
};
