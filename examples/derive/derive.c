/* derive.c: a catalog for readers, made of the articles that editors write.
 *
 * Shows: a table that follows another one, filtered and transformed; a large text that is kept compressed in a Binary
 * attribute; a batch writer that stores up to 25 items with one call.
 *
 * An article has `id`, `state` (DRAFT or PUBLISHED), `title` and `body`, a Binary of gzip or zlib. The catalog has what
 * is published: title, number of words, and how the text begins. Environment: CATALOG, its table. */
#include "derive.h"

#include <ddbstream.h>
#include <stdlib.h>
#include <string.h>

enum { BODY_MAX = 4 * 1024 * 1024, TEASER_BYTES = 60 };

static ddbs_aws *aws;
static ddbs_writer *catalog;

enum state { DRAFT, PUBLISHED };
struct article {
    ddbs_str id, title;
    enum state state;
    ddbs_bytes body;
};
static const ddbs_enum_name states[] = { { "DRAFT", DRAFT }, { "PUBLISHED", PUBLISHED } };
static const ddbs_schema article_schema =
    DDBS_SCHEMA(struct article, DDBS_FIELD(struct article, id), DDBS_FIELD(struct article, title),
                DDBS_ENUM(struct article, state, states), DDBS_FIELD(struct article, body));

struct entry {
    ddbs_str id, title, teaser;
    uint32_t words;
};
static const ddbs_schema entry_schema =
    DDBS_SCHEMA(struct entry, DDBS_FIELD(struct entry, id), DDBS_FIELD(struct entry, title),
                DDBS_FIELD(struct entry, teaser), DDBS_FIELD(struct entry, words));

static ddbs_status start(ddbs_ctx *ctx)
{
    ddbs_dynamodb_options options = { .table = getenv("CATALOG"), .partition_key = "id" };
    DDBS_TRY(ddbs_aws_new(&aws, NULL, ddbs_ctx_error(ctx)));
    options.aws = aws;
    return ddbs_dynamodb_new(&catalog, &options, ddbs_ctx_error(ctx));
}

static uint32_t count_words(ddbs_str text)
{
    uint32_t words = 0;
    bool inside = false;
    for (size_t i = 0; i < text.len; i++) {
        bool blank = memchr(" \t\r\n", text.ptr[i], 4) != NULL;
        words += !blank && !inside;
        inside = !blank;
    }
    return words;
}

/* The first bytes of a text, not cut inside a character. */
static ddbs_str teaser_of(ddbs_str text)
{
    size_t len = text.len < TEASER_BYTES ? text.len : TEASER_BYTES;
    while (len < text.len && len > 0 && ((unsigned char)text.ptr[len] & 0xc0) == 0x80)
        len--;
    return (ddbs_str){ text.ptr, len };
}

static ddbs_status edited(ddbs_ctx *ctx, const ddbs_record *rec)
{
    struct article article;
    const ddbs_item *item;
    DDBS_TRY(ddbs_bind(&article_schema, rec->new_image, &article, ddbs_ctx_error(ctx)));
    if (article.state != PUBLISHED) /* or not any more */
        return ddbs_dynamodb_delete(catalog, ctx, rec->keys);

    ddbs_buf body = { .arena = ddbs_ctx_arena(ctx) };
    ddbs_status status = ddbs_inflate(article.body, BODY_MAX, &body);
    if (status != DDBS_OK)
        return ddbs_fail(ctx, status, "the body does not unpack");
    ddbs_str text = { body.ptr == NULL ? "" : body.ptr, body.len };
    struct entry entry = {
        .id = article.id,
        .title = article.title,
        .teaser = teaser_of(text),
        .words = count_words(text),
    };
    DDBS_TRY(ddbs_unbind(&entry_schema, &entry, ddbs_ctx_arena(ctx), &item, ddbs_ctx_error(ctx)));
    return ddbs_dynamodb_put(catalog, ctx, item);
}

static ddbs_status removed(ddbs_ctx *ctx, const ddbs_record *rec)
{
    return ddbs_dynamodb_delete(catalog, ctx, rec->keys);
}

static ddbs_status flush(ddbs_ctx *ctx)
{
    return ddbs_writer_flush(catalog, ctx);
}

const ddbs_consumer derive = {
    .on_start = start,
    .on_insert = edited,
    .on_modify = edited,
    .on_remove = removed,
    .on_batch_end = flush,
};
