/* test_keep.c: memory that lives as long as the batch: it holds what was put there when its record is long gone, and
 * keeping little costs little. */
#include "tests/unit/events.h"

#include <stdio.h>

enum { KEPT = 2000 };

struct kept {
    ddbs_str texts[KEPT];
    const ddbs_item *items[KEPT];
    char *bytes[KEPT];
};

/* A batch of `count` records whose images are different and larger than what is kept of them. */
static ddbs_str many_records(struct parsed *scratch, int count)
{
    ddbs_buf text = new_text(scratch);
    for (int i = 0; i < count; i++)
        ddbs_buf__format(&text,
                         "%s{\"eventName\":\"INSERT\",\"eventSource\":\"aws:dynamodb\",\"dynamodb\":{"
                         "\"SequenceNumber\":\"%d\",\"NewImage\":{\"id\":{\"S\":\"id-%d\"},\"in\":{\"M\":{\"n\":{\"N\":"
                         "\"%d\"}}},\"rest\":{\"S\":\"%01000d\"}}}}",
                         i == 0 ? "{\"Records\":[" : ",", i + 1, i, i, i);
    ddbs_buf__text(&text, "]}");
    return (ddbs_str){ text.ptr, text.len };
}

static ddbs_status keep(ddbs_ctx *ctx, const ddbs_record *rec)
{
    struct kept *kept = ddbs_ctx_user(ctx);
    const ddbs_item *in;
    ddbs_str *id = &kept->texts[rec->index];
    DDBS_TRY(ddbs_get(rec->new_image, "id", id));
    DDBS_TRY(ddbs_ctx_keep_str(ctx, *id, id));
    DDBS_TRY(ddbs_get(rec->new_image, "in", &in));
    DDBS_TRY(ddbs_ctx_keep_item(ctx, in, &kept->items[rec->index]));
    kept->bytes[rec->index] = ddbs_ctx_alloc(ctx, 10);
    if (kept->bytes[rec->index] == NULL)
        return DDBS_E_MEMORY;
    for (size_t i = 0; i < 10; i++)
        CHECK_INT(kept->bytes[rec->index][i], 0);
    memset(kept->bytes[rec->index], (int)(rec->index % 100), 10);
    return DDBS_OK;
}

static ddbs_status look(ddbs_ctx *ctx)
{
    const struct kept *kept = ddbs_ctx_user(ctx);
    for (size_t i = 0; i < ddbs_ctx_batch_ok(ctx); i++) {
        char want[32];
        int32_t number = -1;
        snprintf(want, sizeof want, "id-%zu", i);
        CHECK_VIEW(kept->texts[i], want);
        CHECK_INT(kept->texts[i].ptr[kept->texts[i].len], 0);
        CHECK_STATUS(ddbs_get(kept->items[i], "n", &number), DDBS_OK);
        CHECK_INT(number, i);
        for (size_t k = 0; k < 10; k++)
            CHECK_INT(kept->bytes[i][k], i % 100);
    }
    return DDBS_OK;
}

static struct kept kept;
static const ddbs_consumer keeping = { .on_any = keep, .on_batch_end = look, .user = &kept };

TEST(what_is_kept_outlives_its_record)
{
    struct parsed scratch = { .event = NULL };
    REQUIRE(ddbs_arena_new(&scratch.arena, 0) == DDBS_OK);
    ddbs_str text = many_records(&scratch, KEPT);
    struct parsed p = parse_bytes(text.ptr, text.len, NULL);
    ddbs_arena *arena = NULL;
    ddbs_outcome outcome;
    /* 2000 records take some 6 MB, what is kept of them 350 KB: it doubles, and a few records stay below it. */
    REQUIRE(p.event != NULL && ddbs_arena_new(&arena, 1400 * 1024) == DDBS_OK);
    CHECK_STATUS(ddbs_process(p.event, &keeping, NULL, arena, &outcome), DDBS_OK);
    CHECK_INT(outcome.done, KEPT);
    ddbs_arena_free(arena);
    parsed_free(&p);
    parsed_free(&scratch);
}

/* Whatever the limit: all that was kept is whole, and where it ran out the record fails. */
TEST(memory_that_runs_out_fails_the_record_at_hand)
{
    struct parsed scratch = { .event = NULL };
    REQUIRE(ddbs_arena_new(&scratch.arena, 0) == DDBS_OK);
    ddbs_str text = many_records(&scratch, 40);
    struct parsed p = parse_bytes(text.ptr, text.len, NULL);
    size_t failed = 0, last = 0;
    REQUIRE(p.event != NULL);
    for (size_t limit = 16; limit < 100000 && last < 40; limit += 96) {
        ddbs_arena *arena = NULL;
        ddbs_outcome outcome;
        REQUIRE(ddbs_arena_new(&arena, limit) == DDBS_OK);
        ddbs_status status = ddbs_process(p.event, &keeping, NULL, arena, &outcome);
        CHECK(status == (outcome.checkpoint == 40 ? DDBS_OK : DDBS_E_MEMORY));
        failed += status != DDBS_OK;
        last = outcome.checkpoint;
        ddbs_arena_free(arena);
    }
    CHECK(failed > 10 && last == 40);
    parsed_free(&p);
    parsed_free(&scratch);
}

static ddbs_status edges(ddbs_ctx *ctx, const ddbs_record *rec)
{
    static const char untouched[] = "";
    const ddbs_item *item = (const ddbs_item *)(const void *)untouched;
    ddbs_str str = { untouched, 77 };
    CHECK_STATUS(ddbs_ctx_keep_str(ctx, (ddbs_str){ NULL, 0 }, &str), DDBS_E_MISSING);
    CHECK_STATUS(ddbs_ctx_keep_item(ctx, rec->old_image, &item), DDBS_E_MISSING);
    CHECK(str.len == 77 && (const void *)item == untouched);
    CHECK_STATUS(ddbs_ctx_keep_str(ctx, (ddbs_str){ "", 0 }, &str), DDBS_OK);
    CHECK(str.ptr != untouched && str.len == 0 && str.ptr[0] == '\0');
    void *nothing = ddbs_ctx_alloc(ctx, 0), *more = ddbs_ctx_alloc(ctx, 1);
    CHECK(nothing != NULL && more != NULL && nothing != more && (uintptr_t)more % 16 == 0);
    CHECK(ddbs_ctx_alloc(ctx, SIZE_MAX) == NULL && ddbs_ctx_alloc(ctx, SIZE_MAX - 100) == NULL);
    return DDBS_OK;
}

TEST(what_is_not_there_cannot_be_kept)
{
    struct parsed p = parse(EVENT(RECORD("INSERT", "1", "")));
    ddbs_consumer consumer = { .on_any = edges };
    ddbs_outcome outcome;
    REQUIRE(p.event != NULL);
    CHECK_STATUS(ddbs_process(p.event, &consumer, NULL, p.arena, &outcome), DDBS_OK);
    parsed_free(&p);
}

/* An item with all types, more names than are searched pair by pair, and a map in it that is kept alone. */
static ddbs_status keep_large(ddbs_ctx *ctx, const ddbs_record *rec)
{
    const ddbs_item **out = ddbs_ctx_user(ctx);
    return ddbs_ctx_keep_item(ctx, rec->new_image, out);
}

TEST(a_kept_item_is_the_item)
{
    static const char before[] = "{'Records':[{'eventName':'INSERT'," SOURCE ",'dynamodb':{'SequenceNumber':'1',"
                                 "'NewImage':";
    static const char item[] =
        "{'a':{'S':'x\\u0000y'},'b':{'N':'1.50'},'c':{'B':'AAEC'},'d':{'BOOL':true},'e':{'NULL':true},"
        "'f':{'M':{'p':{'L':[{'S':''},{'M':{}}]}}},'g':{'SS':['1','2']},'h':{'NS':['3']},'i':{'BS':['AA==']},"
        "'j':{'S':'1'},'k':{'S':'2'},'l':{'S':'3'},'m':{'S':'4'},'n':{'S':'5'},'o':{'S':'6'},'p':{'S':'7'},"
        "'q':{'S':'8'},'r':{'S':'9'},'s':{'S':'10'}}";
    char text[2000];
    snprintf(text, sizeof text, "%s%s}}]}", before, item);
    struct parsed p = parse(text);
    const ddbs_item *copy = NULL;
    ddbs_consumer consumer = { .on_any = keep_large, .user = (void *)&copy };
    ddbs_outcome outcome;
    REQUIRE(p.event != NULL);
    REQUIRE(ddbs_process(p.event, &consumer, NULL, p.arena, &outcome) == DDBS_OK);
    const ddbs_record *record = record_of(&p, 0);
    REQUIRE(record != NULL);
    ddbs_buf kept_text = new_text(&p), own_text = new_text(&p);
    ddbs_write__item(&kept_text, copy, true);
    ddbs_write__item(&own_text, record->new_image, true);
    CHECK_STR(kept_text.ptr, own_text.ptr);
    CHECK(ddbs_item_find(copy, ddbs_str_c("s")) != NULL && ddbs_item_find(copy, ddbs_str_c("t")) == NULL);
    parsed_free(&p);
}

static ddbs_status start(ddbs_ctx *ctx)
{
    ddbs_str str;
    CHECK(ddbs_ctx_alloc(ctx, 1) == NULL && ddbs_ctx_arena(ctx) == NULL);
    CHECK_STATUS(ddbs_ctx_keep_str(ctx, ddbs_str_c("x"), &str), DDBS_E_USAGE);
    CHECK_STATUS(ddbs_ctx_commit(ctx, 0), DDBS_E_USAGE);
    CHECK_STATUS(ddbs_ctx_set_state(ctx, ddbs_str_c("{}")), DDBS_E_USAGE);
    CHECK_STATUS(ddbs_park(ctx, "x"), DDBS_E_USAGE);
    CHECK(ddbs_ctx_window(ctx) == NULL && ddbs_ctx_state(ctx).ptr == NULL && ddbs_ctx_batch_ok(ctx) == 0);
    return DDBS_OK;
}

static void stop(ddbs_ctx *ctx)
{
    *(int *)ddbs_ctx_user(ctx) += (int)(start(ctx) == DDBS_OK);
}

TEST(outside_a_batch_there_is_none_of_it)
{
    int stopped = 0;
    ddbs_consumer consumer = { .on_start = start, .on_stop = stop, .on_batch_end = look, .user = &stopped };
    ddbs_consumer none = { .user = &stopped };
    CHECK_STATUS(ddbs_start(&consumer, NULL, NULL), DDBS_OK);
    CHECK_INT(stopped, 0);
    ddbs_stop(&consumer);
    ddbs_stop(&none);
    CHECK_INT(stopped, 1);
}
