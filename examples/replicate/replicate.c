/* replicate.c: a table in another region follows this one. The last writer wins, in both directions at once.
 *
 * Shows: conditional writes that make duplicates and late arrivals harmless; tombstones, so that a deletion wins over a
 * change that was made before it and arrives after it; a mark that stops changes from going round in circles.
 *
 * What the tables agree on: every item has `written` (N, milliseconds since 1970) and `origin` (S, the region where it
 * was written), set by whoever writes. The larger pair of the two is the later write, in each region alike.
 *
 * Environment: AWS_REGION (Lambda sets it), TABLE, REPLICA_REGION; REPLICA_ENDPOINT only where that is not AWS. */
#include "replicate.h"

#include <ddbstream.h>
#include <stdlib.h>

enum { NS_PER_MS = 1000000, TOMBSTONE_S = 7 * 24 * 3600 /* longer than a stream keeps its records, which is a day */ };

static ddbs_aws *here, *there;
static const char *table, *region;

struct version {
    int64_t written;
    ddbs_str origin;
};
static const ddbs_schema version_schema =
    DDBS_SCHEMA(struct version, DDBS_FIELD(struct version, written), DDBS_FIELD(struct version, origin));

static ddbs_status start(ddbs_ctx *ctx)
{
    ddbs_aws_options replica = { .region = getenv("REPLICA_REGION"), .endpoint = getenv("REPLICA_ENDPOINT") };
    table = getenv("TABLE");
    region = getenv("AWS_REGION");
    if (table == NULL || region == NULL || replica.region == NULL)
        return ddbs_fail(ctx, DDBS_E_USAGE, "TABLE, AWS_REGION and REPLICA_REGION are needed");
    DDBS_TRY(ddbs_aws_new(&here, NULL, ddbs_ctx_error(ctx)));
    return ddbs_aws_new(&there, &replica, ddbs_ctx_error(ctx));
}

/* Put an item unless a later one is there. That it was refused is as good: it was applied before, or has lost. */
static ddbs_status put(ddbs_aws *aws, ddbs_ctx *ctx, ddbs_write write, struct version version)
{
    ddbs_written written;
    write.table = table;
    write.condition =
        "attribute_not_exists(written) OR written < :written OR (written = :written AND origin < :origin)";
    write.values = (ddbs_pairs)DDBS_PAIRS(DDBS_PAIR(":written", version.written), DDBS_PAIR(":origin", version.origin));
    return ddbs_dynamodb_write(aws, ctx, &write, &written);
}

static ddbs_status copy(ddbs_ctx *ctx, const ddbs_record *rec)
{
    struct version version;
    DDBS_TRY(ddbs_bind(&version_schema, rec->new_image, &version, ddbs_ctx_error(ctx)));
    if (!ddbs_str_is(version.origin, region))
        return DDBS_SKIP; /* it came from there, or is the tombstone of what did */
    return put(there, ctx, (ddbs_write){ .item = rec->new_image }, version);
}

/* A deletion leaves a tombstone in its own table; the stream brings that to copy(), as it does every write. */
static ddbs_status bury(ddbs_ctx *ctx, const ddbs_record *rec)
{
    struct version version;
    DDBS_TRY(ddbs_bind(&version_schema, rec->old_image, &version, ddbs_ctx_error(ctx)));
    if (ddbs_item_find(rec->old_image, ddbs_str_c("deleted")) != NULL)
        return DDBS_SKIP; /* a tombstone itself */

    /* The time of a record is whole seconds: later than what was deleted it is in any case. */
    int64_t created_ms = rec->created_ns / NS_PER_MS;
    version.written = created_ms > version.written ? created_ms : version.written + 1;
    version.origin = ddbs_str_c(region);
    ddbs_write tombstone = {
        .item = rec->keys,
        .attributes =
            DDBS_PAIRS(DDBS_PAIR("deleted", (bool)true), DDBS_PAIR("written", version.written),
                       DDBS_PAIR("origin", version.origin), DDBS_PAIR("expires", version.written / 1000 + TOMBSTONE_S)),
    };
    return put(here, ctx, tombstone, version);
}

static ddbs_status expire(ddbs_ctx *ctx, const ddbs_record *rec)
{
    (void)ctx, (void)rec; /* time-to-live is on in both regions: each removes its own */
    return DDBS_OK;
}

const ddbs_consumer replicate = {
    .on_start = start,
    .on_insert = copy,
    .on_modify = copy,
    .on_remove = bury,
    .on_expire = expire,
};
