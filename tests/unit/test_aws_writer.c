/* test_aws_writer.c: the engine of the batch writers against a service in memory: how entries become requests, what is
 * sent again, what is committed; and a model of all that at random: whatever goes wrong, what is acknowledged is
 * stored. */
#include "aws_service.h"
#include "runtime/aws/writer.h"

enum { RECORDS_MAX = 10000, SEEDS = 3000 };

struct play {
    ddbs_aws *aws;
    ddbs_writer *writer;
    bool kinesis;
    size_t keys;    /* how many partition keys there are */
    size_t failing; /* record that fails behind its put; SIZE_MAX: none */
    bool at_once;   /* flush in each record's callback */
    bool forgets;   /* and look at no status of that */
    ddbs_outcome outcome;
};

static ddbs_status put_number(ddbs_ctx *ctx, const ddbs_record *rec)
{
    const struct play *play = ddbs_ctx_user(ctx);
    char text[24], key[24];
    int len = snprintf(text, sizeof text, "%zu", rec->index);
    int key_len = snprintf(key, sizeof key, "k%zu", play->keys == 0 ? rec->index : rec->index % play->keys);
    ddbs_bytes data = { (const unsigned char *)text, (size_t)len };
    ddbs_status status = play->kinesis ? ddbs_kinesis_put(play->writer, ctx, (ddbs_str){ key, (size_t)key_len }, data)
                                       : ddbs_firehose_put(play->writer, ctx, data);
    if (status == DDBS_OK && rec->index == play->failing)
        return ddbs_fail(ctx, DDBS_E_HANDLER, "not this one");
    return status;
}

static ddbs_status flush(ddbs_ctx *ctx)
{
    const struct play *play = ddbs_ctx_user(ctx);
    return ddbs_writer_flush(play->writer, ctx);
}

/* An entry that must be out before its record goes on. */
static ddbs_status put_and_flush(ddbs_ctx *ctx, const ddbs_record *rec)
{
    const struct play *play = ddbs_ctx_user(ctx);
    DDBS_TRY(put_number(ctx, rec));
    ddbs_status status = ddbs_writer_flush(play->writer, ctx);
    if (status == DDBS_OK && service.stored[rec->index] != 1)
        return ddbs_fail(ctx, DDBS_E_HANDLER, "it is not out");
    return play->forgets ? DDBS_OK : status;
}

/* Its text is in `text`, to be freed behind it. */
static struct parsed event_of(size_t records, ddbs_buf *text)
{
    ddbs_buf__text(text, "{\"Records\":[");
    for (size_t i = 0; i < records; i++)
        ddbs_buf__format(text,
                         "%s{\"eventName\":\"INSERT\",\"eventSource\":\"aws:dynamodb\",\"dynamodb\":"
                         "{\"SequenceNumber\":\"%zu\"}}",
                         i == 0 ? "" : ",", i + 100000);
    ddbs_buf__text(text, "]}");
    return parse_bytes(text->ptr, text->len, NULL);
}

static void run(struct play *play, size_t records, const ddbs_host *host)
{
    ddbs_buf text = { .ptr = NULL };
    struct parsed parsed = event_of(records, &text);
    ddbs_record_fn *put = play->at_once ? put_and_flush : put_number;
    ddbs_consumer consumer = { .on_any = put, .on_batch_end = flush, .user = play };
    if (parsed.event == NULL)
        abort();
    (void)ddbs_process(parsed.event, &consumer, host, parsed.arena, &play->outcome);
    parsed_free(&parsed);
    ddbs_buf_free(&text);
}

static struct play begin(bool kinesis, ddbs_writer_tuning tuning)
{
    struct play play = { .aws = service_client(3), .kinesis = kinesis, .failing = SIZE_MAX };
    ddbs_error error;
    ddbs_firehose_options firehose = { .aws = play.aws, .stream = "s", .tuning = tuning };
    ddbs_kinesis_options other = { .aws = play.aws, .stream = "s", .tuning = tuning };
    ddbs_status status =
        kinesis ? ddbs_kinesis_new(&play.writer, &other, &error) : ddbs_firehose_new(&play.writer, &firehose, &error);
    if (status != DDBS_OK)
        abort();
    return play;
}

static void end(struct play *play)
{
    ddbs_writer_free(play->writer);
    ddbs_aws_free(play->aws);
}

/* All records before the checkpoint are stored. */
static bool is_safe(const ddbs_outcome *outcome)
{
    for (size_t i = 0; i < outcome->checkpoint; i++) {
        if (service.stored[i] == 0)
            return false;
    }
    return true;
}

TEST(a_flush_in_a_callback_stores_what_its_record_put)
{
    struct play play = begin(false, (ddbs_writer_tuning){ .attempts = 1 });
    play.at_once = true;
    run(&play, 5, NULL);
    CHECK_STATUS(play.outcome.error.status, DDBS_OK);
    CHECK_INT(service.requests, 5);
    end(&play);

    for (int forgets = 0; forgets < 2; forgets++) {
        play = begin(false, (ddbs_writer_tuning){ .attempts = 1 });
        play.at_once = true;
        play.forgets = forgets == 1;
        service.refused[2] = 255;
        run(&play, 5, NULL);
        CHECK_INT(play.outcome.checkpoint, 2);
        CHECK_STATUS(play.outcome.error.status, play.forgets ? DDBS_E_USAGE : DDBS_E_HANDLER);
        end(&play);
    }
}

TEST(requests_are_the_fewest_that_the_limits_allow)
{
    static const size_t counts[] = { 1, 499, 500, 501, 1000, 2500, 9999, 10000 };
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct play play = begin(false, (ddbs_writer_tuning){ .parallel = 0 });
        run(&play, counts[i], NULL);
        CHECK_STATUS(play.outcome.error.status, DDBS_OK);
        CHECK_INT(service.requests, (counts[i] + 499) / 500);
        CHECK_INT(service.entries, counts[i]);
        CHECK(is_safe(&play.outcome) && play.outcome.checkpoint == counts[i]);
        end(&play);
    }
}

TEST(requests_go_at_once_but_not_more_than_asked_for)
{
    struct play play = begin(false, (ddbs_writer_tuning){ .parallel = 3, .request_entries = 10 });
    run(&play, 100, NULL);
    CHECK_INT(service.most_at_once, 3);
    CHECK_INT(service.most_entries, 10);
    CHECK_INT(service.requests, 10);
    end(&play);
}

TEST(requests_with_the_same_key_follow_each_other)
{
    struct play play = begin(true, (ddbs_writer_tuning){ .request_entries = 10 });
    play.keys = 10;
    run(&play, 100, NULL);
    CHECK_INT(service.requests, 10); /* full ones all the same */
    CHECK_INT(service.most_at_once, 1);
    end(&play);
    play = begin(true, (ddbs_writer_tuning){ .request_entries = 10, .strict_order = true });
    play.keys = 5;
    run(&play, 50, NULL);
    CHECK_INT(service.requests, 10);
    CHECK_INT(service.most_entries, 5);
    end(&play);
}

TEST(only_what_failed_is_sent_again)
{
    struct play play = begin(false, (ddbs_writer_tuning){ .parallel = 0 });
    service.refused[7] = 2;
    service.refused[900] = 1;
    run(&play, 1000, NULL);
    CHECK_STATUS(play.outcome.error.status, DDBS_OK);
    CHECK_INT(service.entries, 1003);
    CHECK_INT(ddbs_writer_count(play.writer).retries, 3);
    CHECK_INT(ddbs_writer_count(play.writer).stored, 1000);
    CHECK(service.stored[6] == 1 && service.stored[7] == 1 && service.stored[900] == 1);
    end(&play);
}

TEST(what_fails_for_good_is_the_checkpoint)
{
    struct play play = begin(false, (ddbs_writer_tuning){ .request_entries = 10, .parallel = 1 });
    service.refused[25] = 255;
    run(&play, 100, NULL);
    CHECK_STATUS(play.outcome.error.status, DDBS_E_HANDLER);
    CHECK_INT(play.outcome.checkpoint, 25);
    CHECK_INT(service.requests, 3); /* what comes later is not sent any more */
    CHECK(strstr(play.outcome.error.reason, "from record 26 on: InvalidArgumentException") != NULL);
    end(&play);
}

TEST(a_record_that_fails_has_nothing_sent)
{
    struct play play = begin(false, (ddbs_writer_tuning){ .request_entries = 2, .parallel = 1 });
    play.failing = 9;
    run(&play, 20, NULL);
    CHECK_INT(play.outcome.checkpoint, 9);
    CHECK(is_safe(&play.outcome) && service.stored[9] == 0);
    end(&play);
}

TEST(an_entry_at_fault_is_found_by_halving)
{
    struct play play = begin(false, (ddbs_writer_tuning){ .parallel = 1 });
    service.status = 400;
    service.type = "InvalidArgumentException";
    service.whole = 3; /* 64, 32 and 16 entries: then it goes through */
    run(&play, 64, NULL);
    CHECK_STATUS(play.outcome.error.status, DDBS_OK);
    CHECK(is_safe(&play.outcome));
    end(&play);
    play = begin(false, (ddbs_writer_tuning){ .parallel = 1 });
    service.status = 400;
    service.type = "InvalidArgumentException";
    service.whole = 1000;
    run(&play, 64, NULL);
    CHECK_INT(play.outcome.checkpoint, 0);
    CHECK_INT(service.requests, 7);
    end(&play);
}

/* What goes early is more requests in no time: without pauses they would use up all attempts of an entry at once. */
TEST(what_failed_early_is_sent_again_behind_a_pause)
{
    for (size_t early = 1; early < 5; early++) {
        struct play play = begin(false, (ddbs_writer_tuning){ .request_entries = 2, .parallel = 1, .attempts = 6 });
        service.status = 400;
        service.type = "ThrottlingException";
        service.whole = 4;
        run(&play, early * 3 + 1, NULL);
        CHECK_STATUS(play.outcome.error.status, DDBS_OK);
        CHECK_INT(service.sleeps, 4);
        end(&play);
    }
}

static int64_t little_time(void *self)
{
    (void)self;
    return 10000 - service.slept_ms;
}

TEST(no_pause_goes_beyond_the_deadline)
{
    ddbs_host host = { .remaining_ms = little_time };
    for (int i = 0; i < 50; i++) {
        struct play play = begin(false, (ddbs_writer_tuning){ .attempts = 1000 });
        service.refused[0] = 254;
        run(&play, 3, &host);
        CHECK_STATUS(play.outcome.error.status, DDBS_E_TIME);
        CHECK_INT(play.outcome.checkpoint, 0);
        CHECK(service.slept_ms < 9700);
        end(&play);
    }
}

TEST(pauses_grow_and_stay_within_their_bounds)
{
    ddbs_aws *aws = service_client(0);
    int64_t most = 0;
    for (uint32_t tries = 1; tries < 12; tries++) {
        int64_t bound = tries > 9 ? 20000 : 50 << (tries - 1) > 20000 ? 20000 : 50 << (tries - 1);
        for (int i = 0; i < 200; i++) {
            int64_t pause = ddbs_aws__pause_ms(aws, "sqs", DDBS_AWS_TRANSIENT, tries, 0);
            CHECK(pause >= 0 && pause <= bound);
            most = pause > most ? pause : most;
        }
    }
    CHECK(most > 15000);
    for (int i = 0; i < 200; i++) {
        CHECK(ddbs_aws__pause_ms(aws, "sqs", DDBS_AWS_THROTTLED, 1, 0) <= 1000);
        CHECK(ddbs_aws__pause_ms(aws, "dynamodb", DDBS_AWS_TRANSIENT, 1, 0) <= 25);
        int64_t asked = ddbs_aws__pause_ms(aws, "sqs", DDBS_AWS_TRANSIENT, 1, 60000);
        CHECK(asked == 5000);
    }
    ddbs_aws_free(aws);
}

static ddbs_status put_all(ddbs_ctx *ctx, const ddbs_record *const *records, size_t count)
{
    const struct play *play = ddbs_ctx_user(ctx);
    for (size_t i = 0; i < count; i++) {
        char text[24];
        int len = snprintf(text, sizeof text, "%zu", records[i]->index);
        if (play->keys > 0)
            ddbs_writer_at(play->writer, ctx, i);
        DDBS_TRY(ddbs_firehose_put(play->writer, ctx, (ddbs_bytes){ (const unsigned char *)text, (size_t)len }));
    }
    return play->failing == 0 ? DDBS_OK : ddbs_writer_flush(play->writer, ctx);
}

static void run_at_once(struct play *play, size_t records)
{
    ddbs_buf text = { .ptr = NULL };
    struct parsed parsed = event_of(records, &text);
    ddbs_consumer consumer = { .on_batch = put_all, .user = play };
    (void)ddbs_process(parsed.event, &consumer, NULL, parsed.arena, &play->outcome);
    parsed_free(&parsed);
    ddbs_buf_free(&text);
}

TEST(a_whole_batch_at_once_says_whose_entries_they_are)
{
    struct play play = begin(false, (ddbs_writer_tuning){ .parallel = 0 });
    play.keys = 1;
    service.refused[3] = 255;
    run_at_once(&play, 5);
    CHECK_INT(play.outcome.checkpoint, 3);
    play.keys = 0; /* it does not say: then they are the first record's */
    run_at_once(&play, 5);
    CHECK_INT(play.outcome.checkpoint, 0);
    service.refused[3] = 0;
    run_at_once(&play, 5);
    CHECK_INT(play.outcome.checkpoint, 5);
    play.failing = 0; /* no flush */
    run_at_once(&play, 5);
    CHECK_STATUS(play.outcome.error.status, DDBS_E_USAGE);
    CHECK_INT(play.outcome.checkpoint, 0);
    end(&play);
}

TEST(a_writer_belongs_to_one_lane)
{
    struct play play = begin(false, (ddbs_writer_tuning){ .parallel = 0 });
    ddbs_buf text = { .ptr = NULL };
    struct parsed parsed = event_of(3, &text);
    ddbs_consumer consumer = { .on_any = put_number, .on_batch_end = flush, .lanes = 2, .user = &play };
    CHECK_STATUS(ddbs_process(parsed.event, &consumer, NULL, parsed.arena, &play.outcome), DDBS_E_USAGE);
    CHECK_INT(play.outcome.checkpoint, 0);
    CHECK_INT(service.requests, 0);
    parsed_free(&parsed);
    ddbs_buf_free(&text);
    end(&play);
}

static ddbs_status reset_and_forget(ddbs_ctx *ctx)
{
    const struct play *play = ddbs_ctx_user(ctx);
    ddbs_writer_reset(play->writer);
    ddbs_status status = ddbs_ctx_commit(ctx, 1);
    return status == DDBS_E_USAGE ? DDBS_OK : ddbs_fail(ctx, DDBS_E_HANDLER, "committed");
}

TEST(what_is_dropped_in_the_middle_is_not_done)
{
    struct play play = begin(false, (ddbs_writer_tuning){ .parallel = 0 });
    ddbs_buf text = { .ptr = NULL };
    struct parsed parsed = event_of(3, &text);
    ddbs_consumer consumer = { .on_any = put_number, .on_batch_end = reset_and_forget, .user = &play };
    CHECK_STATUS(ddbs_process(parsed.event, &consumer, NULL, parsed.arena, &play.outcome), DDBS_E_USAGE);
    CHECK_INT(play.outcome.checkpoint, 0);
    consumer.on_batch_end = NULL;
    CHECK_STATUS(ddbs_process(parsed.event, &consumer, NULL, parsed.arena, &play.outcome), DDBS_E_USAGE);
    CHECK_INT(service.requests, 0);
    parsed_free(&parsed);
    ddbs_buf_free(&text);
    end(&play);
}

/* ---- A model at random ---- */

static uint64_t seed;

static uint32_t pick(uint32_t below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % below;
}

static void let_things_fail(size_t records)
{
    for (uint32_t i = pick(6); i > 0; i--)
        service.refused[pick((uint32_t)records)] = (unsigned char)(pick(4) == 0 ? 255 : 1 + pick(4));
    if (pick(3) == 0) {
        static const char *const types[] = { "ThrottlingException", "ValidationException", "AccessDeniedException" };
        service.status = pick(2) == 0 ? 400 : 503;
        service.type = types[pick(3)];
        service.whole = pick(4);
    }
    if (pick(3) == 0) {
        static const char *const texts[] = { "", "{}", "[]", "{\"RequestResponses\":[{\"RecordId\":1}]}", "<a>" };
        service.odd = texts[pick(5)];
        service.odd_times = pick(4);
    }
}

/* For one key, what was stored for the first time came in order: sent again it may come once more. */
static bool is_in_order(size_t keys)
{
    size_t last[8] = { 0 };
    static unsigned char seen[SERVICE_RECORDS];
    memset(seen, 0, sizeof seen);
    for (size_t i = 0; i < service.order_count; i++) {
        size_t number = service.order[i], key = number % keys;
        if (seen[number]++ == 0 && number < last[key])
            return false;
        last[key] = number > last[key] ? number : last[key];
    }
    return true;
}

TEST(whatever_goes_wrong_what_is_acknowledged_is_stored)
{
    for (seed = 1; seed <= SEEDS;) {
        uint64_t this_seed = seed;
        size_t records = 1 + pick(60);
        struct play play = begin(pick(2) == 0, (ddbs_writer_tuning){ .parallel = 1 + pick(4),
                                                                     .request_entries = 1 + pick(12),
                                                                     .strict_order = pick(2) == 0 });
        bool strict = play.writer->tuning.strict_order;
        play.keys = play.kinesis ? 1 + pick(8) : 0;
        play.failing = pick(3) == 0 ? pick((uint32_t)records) : SIZE_MAX;
        let_things_fail(records);
        run(&play, records, NULL);
        const ddbs_outcome *outcome = &play.outcome;
        bool fine = is_safe(outcome) && (outcome->checkpoint == records) == (outcome->error.status == DDBS_OK) &&
                    outcome->checkpoint <= play.failing;
        fine = fine && (play.failing == SIZE_MAX || service.stored[play.failing] == 0);
        fine = fine && (!strict || !play.kinesis || is_in_order(play.keys));
        end(&play);
        if (!fine)
            printf("# seed %llu\n", (unsigned long long)this_seed);
        REQUIRE(fine);
        seed = this_seed + 1;
    }
}

TEST(a_failing_allocation_loses_nothing)
{
    for (size_t n = 0; n < 60; n++) {
        struct play play = begin(true, (ddbs_writer_tuning){ .request_entries = 3 });
        ddbs_buf text = { .ptr = NULL };
        struct parsed parsed = event_of(8, &text);
        ddbs_consumer consumer = { .on_any = put_number, .on_batch_end = flush, .user = &play };
        play.keys = 2;
        check_fail_alloc(n);
        ddbs_status status = ddbs_process(parsed.event, &consumer, NULL, parsed.arena, &play.outcome);
        check_fail_alloc(SIZE_MAX);
        CHECK(is_safe(&play.outcome));
        CHECK((status == DDBS_OK) == (play.outcome.checkpoint == 8));
        parsed_free(&parsed);
        ddbs_buf_free(&text);
        end(&play);
    }
}
