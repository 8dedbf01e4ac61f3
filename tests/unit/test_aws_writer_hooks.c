/* test_aws_writer_hooks.c: entries that are put where no record's callback runs, or where on_batch runs instead: they
 * are stored, or the batch fails. */
#include "aws_service.h"
#include "runtime/aws/writer.h"

/* What a hook puts has a number of its own; on_poison's is the record's. */
enum { OF_HOOK = 1000 };

static struct {
    ddbs_aws *aws;
    ddbs_writer *writer;
    bool hook_flushes, poison_flushes, batch_flushes;
    size_t poison_fails; /* record; SIZE_MAX: none */
    size_t place;        /* that on_batch says; SIZE_MAX: none */
    ddbs_status put;     /* of the last put */
    ddbs_outcome outcome;
} play;

static ddbs_status put(ddbs_ctx *ctx, size_t number)
{
    char text[24];
    int len = snprintf(text, sizeof text, "%zu", number);
    play.put = ddbs_firehose_put(play.writer, ctx, (ddbs_bytes){ (const unsigned char *)text, (size_t)len });
    return play.put;
}

static ddbs_status put_record(ddbs_ctx *ctx, const ddbs_record *rec)
{
    return put(ctx, rec->index);
}

static ddbs_status flush(ddbs_ctx *ctx)
{
    return ddbs_writer_flush(play.writer, ctx);
}

static ddbs_status put_in_hook(ddbs_ctx *ctx)
{
    DDBS_TRY(put(ctx, OF_HOOK));
    return play.hook_flushes ? flush(ctx) : DDBS_OK;
}

static ddbs_status put_poison(ddbs_ctx *ctx, const ddbs_poison *poison)
{
    DDBS_TRY(put(ctx, poison->index));
    if (poison->index == play.poison_fails)
        return ddbs_fail(ctx, DDBS_E_HANDLER, "not this one");
    return play.poison_flushes ? flush(ctx) : DDBS_OK;
}

static ddbs_status take_batch(ddbs_ctx *ctx, const ddbs_record *const *records, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ddbs_writer_at(play.writer, ctx, play.place != SIZE_MAX ? play.place : i);
        DDBS_TRY(put(ctx, records[i]->index));
    }
    return play.batch_flushes ? flush(ctx) : DDBS_OK;
}

static const ddbs_consumer with_window = { .on_any = put_record, .on_batch_end = flush, .on_window = put_in_hook };
static const ddbs_consumer with_begin = { .on_any = put_record, .on_batch_begin = put_in_hook, .on_batch_end = flush };
static const ddbs_consumer with_batch = { .on_batch = take_batch, .on_poison = put_poison };

static void begin(void)
{
    ddbs_error error;
    memset(&play, 0, sizeof play);
    play.aws = service_client(2);
    play.hook_flushes = play.batch_flushes = true;
    play.poison_fails = play.place = SIZE_MAX;
    ddbs_firehose_options options = { .aws = play.aws, .stream = "s" };
    if (ddbs_firehose_new(&play.writer, &options, &error) != DDBS_OK)
        abort();
}

static void end(void)
{
    ddbs_writer_free(play.writer);
    ddbs_aws_free(play.aws);
}

static ddbs_status run(const ddbs_consumer *consumer, const char *event)
{
    struct parsed parsed = parse(event);
    if (parsed.event == NULL)
        abort();
    ddbs_status status = ddbs_process(parsed.event, consumer, NULL, parsed.arena, &play.outcome);
    parsed_free(&parsed);
    return status;
}

/* ---- Windows ----------------------------------------------------------------------------------------------------- */

#define FINAL(records)                                                                                                 \
    "{'Records':[" records "],'shardId':'s','eventSourceARN':'arn:aws:dynamodb:eu-west-1:1:table/T/stream/x',"         \
    "'window':{'start':'2026-10-19T08:40:00Z','end':'2026-10-19T08:42:00Z'},'state':{'n':2},"                          \
    "'isFinalInvokeForWindow':true,'isWindowTerminatedEarly':false}"

TEST(what_a_window_came_to_is_stored)
{
    begin();
    CHECK_STATUS(run(&with_window, FINAL("")), DDBS_OK);
    CHECK_INT(service.stored[OF_HOOK], 1);
    CHECK_STATUS(run(&with_window, FINAL(RECORD("INSERT", "1", ""))), DDBS_OK);
    CHECK_INT(service.stored[OF_HOOK], 2);
    CHECK_INT(service.stored[0], 1);
    end();
}

TEST(what_a_window_came_to_and_is_not_stored_fails_it)
{
    begin();
    service.refused[OF_HOOK] = 255;
    CHECK_STATUS(run(&with_window, FINAL("")), DDBS_E_HANDLER);
    play.hook_flushes = false;
    CHECK_STATUS(run(&with_window, FINAL("")), DDBS_E_USAGE);
    service.refused[OF_HOOK] = 0;
    play.hook_flushes = true;
    CHECK_STATUS(run(&with_window, FINAL("")), DDBS_OK);
    CHECK_INT(service.stored[OF_HOOK], 1);
    end();
}

TEST(what_is_put_before_the_first_record_is_stored)
{
    for (int flushes = 0; flushes < 2; flushes++) {
        begin();
        play.hook_flushes = flushes == 1;
        CHECK_STATUS(run(&with_begin, EVENT(RECORD("INSERT", "1", ""))), DDBS_OK);
        CHECK_INT(service.stored[OF_HOOK], 1);
        CHECK_INT(service.stored[0], 1);
        service.refused[OF_HOOK] = 255;
        CHECK_STATUS(run(&with_begin, EVENT(RECORD("INSERT", "1", ""))), DDBS_E_HANDLER);
        CHECK_INT(play.outcome.checkpoint, 0);
        end();
    }
}

/* ---- Records that do not decode, and on_batch -------------------------------------------------------------------- */

#define GOOD(sequence)   RECORD("INSERT", sequence, "")
#define POISON(sequence) RECORD("INSERT", sequence, ",'eventID':1")

static const char mixed[] =
    EVENT(POISON("1") "," POISON("2") "," GOOD("3") "," POISON("4") "," GOOD("5") "," POISON("6"));
static const char poison_only[] = EVENT(POISON("1") "," POISON("2") "," POISON("3"));

static size_t stored_up_to(size_t end)
{
    size_t count = 0;
    for (size_t i = 0; i < end; i++)
        count += service.stored[i];
    return count;
}

TEST(what_on_poison_puts_is_stored_with_the_batch)
{
    for (int flushes = 0; flushes < 2; flushes++) {
        begin();
        play.poison_flushes = flushes == 1;
        CHECK_STATUS(run(&with_batch, mixed), DDBS_OK);
        CHECK_INT(play.outcome.checkpoint, 6);
        CHECK_INT(play.outcome.poison, 4);
        CHECK_INT(stored_up_to(6), 6);
        end();
    }
}

TEST(what_on_poison_put_and_is_not_stored_is_not_committed)
{
    static const size_t checkpoints[] = { 0, 0, 0, 0, 4, 4 }; /* a record has its place with the one given before it */
    for (size_t i = 0; i < 6; i++) {
        begin();
        service.refused[i] = 255;
        CHECK_STATUS(run(&with_batch, mixed), DDBS_E_HANDLER);
        CHECK_INT(play.outcome.checkpoint, checkpoints[i]);
        end();
    }
    begin();
    play.batch_flushes = false;
    CHECK_STATUS(run(&with_batch, mixed), DDBS_E_USAGE);
    CHECK_INT(play.outcome.checkpoint, 0);
    end();
}

TEST(what_a_failed_on_poison_put_is_not_sent)
{
    begin();
    play.poison_fails = 3;
    CHECK_STATUS(run(&with_batch, mixed), DDBS_E_HANDLER);
    CHECK_INT(play.outcome.checkpoint, 3);
    CHECK_INT(stored_up_to(3), 3);
    CHECK_INT(service.stored[3], 0);
    end();
}

TEST(poison_alone_is_stored_by_on_poison_or_not_done)
{
    begin();
    CHECK_STATUS(run(&with_batch, poison_only), DDBS_E_USAGE);
    CHECK_INT(play.outcome.checkpoint, 0);
    play.poison_flushes = true;
    CHECK_STATUS(run(&with_batch, poison_only), DDBS_OK);
    CHECK_INT(stored_up_to(3), 3);
    end();
}

TEST(an_entry_of_no_record_of_the_batch_is_refused)
{
    begin();
    play.place = 2; /* of two that were given, as their indexes would be 2 and 4 */
    CHECK_STATUS(run(&with_batch, mixed), DDBS_E_USAGE);
    CHECK_STATUS(play.put, DDBS_E_USAGE);
    CHECK_INT(play.outcome.checkpoint, 0);
    play.place = 1;
    CHECK_STATUS(run(&with_batch, mixed), DDBS_OK);
    end();
}

/* ---- At random --------------------------------------------------------------------------------------------------- */

static uint64_t seed;

static size_t pick(size_t below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(seed >> 33) % below;
}

static void write_event(ddbs_buf *text, size_t records)
{
    ddbs_buf__text(text, "{\"Records\":[");
    for (size_t i = 0; i < records; i++)
        ddbs_buf__format(text,
                         "%s{\"eventName\":\"INSERT\",\"eventSource\":\"aws:dynamodb\"%s,\"dynamodb\":"
                         "{\"SequenceNumber\":\"%zu\"}}",
                         i == 0 ? "" : ",", pick(3) == 0 ? ",\"eventID\":1" : "", i + 100);
    ddbs_buf__text(text, "]}");
}

static void let_things_fail(size_t records)
{
    play.poison_flushes = pick(2) == 0;
    play.batch_flushes = pick(8) != 0;
    play.poison_fails = pick(3) == 0 ? pick(records) : SIZE_MAX;
    for (size_t i = pick(4); i > 0; i--)
        service.refused[pick(records)] = (unsigned char)(pick(2) == 0 ? 255 : 1 + pick(2));
}

TEST(whatever_does_not_decode_what_is_acknowledged_is_stored)
{
    enum { SEEDS = 3000 };
    for (uint64_t first = 1; first <= SEEDS; first++) {
        ddbs_buf text = { .ptr = NULL };
        seed = first;
        size_t records = 1 + pick(12);
        begin();
        write_event(&text, records);
        let_things_fail(records);
        struct parsed parsed = parse_bytes(text.ptr, text.len, NULL);
        REQUIRE(parsed.event != NULL);
        ddbs_status status = ddbs_process(parsed.event, &with_batch, NULL, parsed.arena, &play.outcome);
        bool fine = (play.outcome.checkpoint == records) == (status == DDBS_OK);
        for (size_t i = 0; i < play.outcome.checkpoint; i++)
            fine = fine && service.stored[i] > 0;
        parsed_free(&parsed);
        ddbs_buf_free(&text);
        end();
        if (!fine)
            printf("# seed %llu\n", (unsigned long long)first);
        REQUIRE(fine);
    }
}
