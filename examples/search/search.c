/* search.c: a table of products as a search index.
 *
 * Shows: documents that are written and deleted under the id of their item, with a version made of the sequence number,
 * so that a change that comes late or twice never replaces a newer one; attributes of which the index is to know
 * nothing. */
#include "search.h"

#include <ddbstream.h>
#include <stdlib.h>

/* Attributes that can be searched for; everything else stays in the table. */
static const char *const searched[] = { "name", "description", "price", "tags", "stock" };

static ddbs_aws *aws;
static ddbs_writer *documents;
static ddbs_buf document; /* of the record at hand; its memory is used again */

static ddbs_status start(ddbs_ctx *ctx)
{
    DDBS_TRY(ddbs_aws_new(&aws, NULL, ddbs_ctx_error(ctx)));
    ddbs_opensearch_options options = {
        .aws = aws,
        .endpoint = getenv("SEARCH_ENDPOINT"), /* not set: AWS_ENDPOINT_URL */
        .index = getenv("SEARCH_INDEX"),
        .or_equal = true, /* sequence numbers have more digits than versions */
    };
    return ddbs_opensearch_new(&documents, &options, ddbs_ctx_error(ctx));
}

static ddbs_status write_document(const ddbs_item *item)
{
    const char *comma = "";
    document.len = 0;
    DDBS_TRY(ddbs_buf_format(&document, "{"));
    for (size_t i = 0; i < sizeof searched / sizeof *searched; i++) {
        const ddbs_value *value = ddbs_item_find(item, ddbs_str_c(searched[i]));
        if (value == NULL)
            continue;
        DDBS_TRY(ddbs_buf_format(&document, "%s\"%s\":", comma, searched[i]));
        DDBS_TRY(ddbs_value_write(value, DDBS_JSON_PLAIN, &document));
        comma = ",";
    }
    return ddbs_buf_format(&document, "}");
}

static ddbs_status upsert(ddbs_ctx *ctx, const ddbs_record *rec)
{
    ddbs_str id;
    DDBS_TRY(ddbs_get(rec->keys, "id", &id));
    DDBS_TRY(write_document(rec->new_image));
    return ddbs_opensearch_put(documents, ctx, id, ddbs_buf_str(&document),
                               ddbs_opensearch_version(rec->sequence_number));
}

static ddbs_status drop(ddbs_ctx *ctx, const ddbs_record *rec)
{
    ddbs_str id;
    DDBS_TRY(ddbs_get(rec->keys, "id", &id));
    return ddbs_opensearch_delete(documents, ctx, id, ddbs_opensearch_version(rec->sequence_number));
}

static ddbs_status flush(ddbs_ctx *ctx)
{
    return ddbs_writer_flush(documents, ctx);
}

const ddbs_consumer search = {
    .on_start = start,
    .on_insert = upsert,
    .on_modify = upsert,
    .on_remove = drop,
    .on_batch_end = flush,
};
