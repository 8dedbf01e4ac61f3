/* test_park.c: records that are given up. They count only where the sink has stored them, and a record that is parked
 * for what it did before is not started again. */
#include "tests/unit/events.h"

#include <stdio.h>

/* What happened, "s1 c1 k1(why) d1"; and what is to happen. */
struct log {
    char text[600];
    ddbs_status sink;     /* what it returns */
    uint32_t attempts[4]; /* of each record */
    ddbs_str raw, sequence;
    const char *reason; /* what the callback of record 1 parks for; NULL with `parks` */
    bool parks;
    ddbs_status other; /* what that callback returns instead of ddbs_park's; DDBS_OK: that */
    ddbs_status got;   /* what ddbs_park returned */
};

static void note(struct log *log, const char *format, size_t index)
{
    size_t used = strlen(log->text);
    if (used > 0)
        log->text[used++] = ' ';
    snprintf(log->text + used, sizeof log->text - used, "%s%zu", format, index);
}

static ddbs_status sink(void *user, const ddbs_parked *parked)
{
    struct log *log = user;
    note(log, "k", parked->index);
    size_t used = strlen(log->text);
    snprintf(log->text + used, sizeof log->text - used, "(%.*s)", (int)parked->reason.len, parked->reason.ptr);
    log->raw = parked->raw;
    log->sequence = parked->sequence_number;
    return log->sink;
}

static uint32_t attempts(void *self, ddbs_str sequence)
{
    return ((struct log *)self)->attempts[sequence.ptr[0] - '1'];
}

static void started(void *self, size_t index)
{
    note(self, "s", index);
}

static void done(void *self, size_t index)
{
    note(self, "d", index);
}

static void committed(void *self, size_t count)
{
    note(self, "M", count);
}

static ddbs_status park(ddbs_ctx *ctx)
{
    struct log *log = ddbs_ctx_user(ctx);
    log->got = ddbs_park(ctx, log->reason);
    return log->other == DDBS_OK ? log->got : log->other;
}

static ddbs_status on_record(ddbs_ctx *ctx, const ddbs_record *rec)
{
    struct log *log = ddbs_ctx_user(ctx);
    note(log, "c", rec->index);
    return rec->index == 1 && log->parks ? park(ctx) : DDBS_OK;
}

static ddbs_status on_poison(ddbs_ctx *ctx, const ddbs_poison *poison)
{
    note(ddbs_ctx_user(ctx), "p", poison->index);
    return park(ctx);
}

static ddbs_status end(ddbs_ctx *ctx)
{
    note(ddbs_ctx_user(ctx), "E", ddbs_ctx_batch_ok(ctx));
    return DDBS_OK;
}

static ddbs_status park_in_batch(ddbs_ctx *ctx, const ddbs_record *const *records, size_t count)
{
    (void)records;
    note(ddbs_ctx_user(ctx), "x", count);
    CHECK_STATUS(ddbs_park(ctx, "all of it"), DDBS_E_USAGE);
    return DDBS_OK;
}

static ddbs_park_policy policy(uint32_t after, bool poison)
{
    return (ddbs_park_policy){ .sink = sink, .after_attempts = after, .poison = poison };
}

static ddbs_outcome process(struct parsed *p, ddbs_consumer consumer, ddbs_park_policy park_policy, struct log *log)
{
    ddbs_host host = {
        .self = log, .attempts = attempts, .started = started, .done = done, .committed = committed, .park = park_policy
    };
    ddbs_outcome outcome = { .records = 0 };
    consumer.user = log;
    host.park.user = log;
    if (p->event == NULL)
        abort();
    p->status = ddbs_process(p->event, &consumer, &host, p->arena, &outcome);
    CHECK_INT(outcome.done + outcome.skipped + outcome.parked + outcome.ignored + outcome.poison, outcome.checkpoint);
    return outcome;
}

#define GOOD(number) RECORD("INSERT", number, "")
#define THREE        EVENT(GOOD("1") "," GOOD("2") "," GOOD("3"))
#define WITH_BAD     EVENT(GOOD("1") "," RECORD("INSERT", "2", ",'eventID':5") "," GOOD("3"))

static const ddbs_consumer plain = { .on_insert = on_record };
static const ddbs_consumer flushing = { .on_insert = on_record, .on_batch_end = end };

/* ---- ddbs_park ---- */

TEST(a_parked_record_is_at_the_sink_and_the_batch_goes_on)
{
    struct parsed p = parse(THREE);
    struct log log = { .parks = true, .reason = "no such customer" };
    ddbs_outcome outcome = process(&p, plain, policy(0, false), &log);
    ddbs_str raw = ddbs_event_raw(p.event, 1);
    CHECK_STATUS(p.status, DDBS_OK);
    CHECK_STATUS(log.got, DDBS_SKIP);
    CHECK_STR(log.text, "s0 c0 d0 s1 c1 k1(no such customer) d1 s2 c2 d2");
    CHECK(outcome.parked == 1 && outcome.done == 2 && outcome.skipped == 0 && outcome.checkpoint == 3);
    CHECK(log.raw.ptr == raw.ptr && log.raw.len == raw.len);
    CHECK_VIEW(log.sequence, "2");
    log = (struct log){ .parks = true };
    (void)process(&p, plain, policy(0, false), &log);
    CHECK(strstr(log.text, "k1()") != NULL);
    parsed_free(&p);
}

TEST(a_record_that_the_sink_did_not_store_fails)
{
    for (int status = DDBS_SKIP; status <= DDBS_E_TIME; status++) {
        struct parsed p = parse(THREE);
        struct log log = { .parks = true, .reason = "why\nnot", .sink = (ddbs_status)status };
        ddbs_outcome outcome = process(&p, plain, policy(0, false), &log);
        CHECK_STATUS(p.status, status == DDBS_SKIP ? DDBS_E_HANDLER : (ddbs_status)status);
        CHECK_STATUS(log.got, p.status);
        CHECK_STR(log.text, "s0 c0 d0 s1 c1 k1(why\nnot)");
        CHECK(outcome.parked == 0 && outcome.done == 1 && outcome.checkpoint == 1 && outcome.error.record == 1);
        CHECK(strstr(outcome.error.reason, "not parked, the sink returned DDBS_") == outcome.error.reason);
        CHECK(strstr(outcome.error.reason, "why\\x0anot") != NULL);
        parsed_free(&p);
    }
}

TEST(what_the_callback_returns_still_decides)
{
    static const struct {
        ddbs_status other;
        const char *calls;
        size_t parked, checkpoint;
    } rows[] = {
        { DDBS_SKIP, "s0 c0 d0 s1 c1 k1(x) d1 s2 c2 d2", 1, 3 },
        { DDBS_E_TYPE, "s0 c0 d0 s1 c1 k1(x)", 0, 1 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct parsed p = parse(THREE);
        struct log log = { .parks = true, .reason = "x", .other = rows[i].other };
        ddbs_outcome outcome = process(&p, plain, policy(0, false), &log);
        CHECK_STR(log.text, rows[i].calls);
        CHECK(outcome.parked == rows[i].parked && outcome.checkpoint == rows[i].checkpoint);
        parsed_free(&p);
    }
}

TEST(without_a_sink_nothing_is_parked)
{
    static const ddbs_park_policy none = { .sink = NULL, .after_attempts = 1, .poison = true };
    struct parsed p = parse(THREE);
    struct log log = { .parks = true, .reason = "x", .attempts = { 9, 9, 9, 9 } };
    ddbs_outcome outcome = process(&p, plain, none, &log);
    CHECK_STATUS(p.status, DDBS_E_USAGE);
    CHECK_STR(log.text, "s0 c0 d0 s1 c1");
    CHECK_STR(outcome.error.reason, "nothing to park in: the options have no sink");
    CHECK_STATUS(
        ddbs_process(p.event, &(ddbs_consumer){ .on_insert = on_record, .user = &log }, NULL, p.arena, &outcome),
        DDBS_E_USAGE);
    parsed_free(&p);
}

TEST(a_whole_batch_is_not_parked)
{
    struct parsed p = parse(THREE);
    struct log log = { .parks = true };
    (void)process(&p, (ddbs_consumer){ .on_batch = park_in_batch }, policy(1, true), &log);
    CHECK_STR(log.text, "x3 M3");
    parsed_free(&p);
}

/* ---- After attempts ---- */

static const struct {
    uint32_t after;
    uint32_t attempts[3];
    const char *calls;
    size_t parked;
} worn[] = {
    { 0, { 9, 9, 9 }, "s0 c0 d0 s1 c1 d1 s2 c2 d2", 0 },
    { 3, { 2, 2, 2 }, "s0 c0 d0 s1 c1 d1 s2 c2 d2", 0 },
    { 3, { 0, 3, 0 }, "s0 c0 d0 k1(started 3 times before and never done) d1 s2 c2 d2", 1 },
    { 1, { 0, 0, 7 }, "s0 c0 d0 s1 c1 d1 k2(started 7 times before and never done) d2", 1 },
    { 1,
      { 1, 1, 1 },
      "k0(started 1 times before and never done) d0 k1(started 1 times before and never done) d1 "
      "k2(started 1 times before and never done) d2",
      3 },
};

TEST(a_record_that_was_started_too_often_is_parked_before_it_is_started)
{
    for (size_t i = 0; i < sizeof worn / sizeof *worn; i++) {
        struct parsed p = parse(THREE);
        struct log log = { .sink = DDBS_OK };
        memcpy(log.attempts, worn[i].attempts, sizeof worn[i].attempts);
        ddbs_outcome outcome = process(&p, plain, policy(worn[i].after, false), &log);
        CHECK_STATUS(p.status, DDBS_OK);
        CHECK_STR(log.text, worn[i].calls);
        CHECK(outcome.parked == worn[i].parked && outcome.done == 3 - worn[i].parked && outcome.checkpoint == 3);
        parsed_free(&p);
    }
}

TEST(a_record_that_cannot_be_parked_is_not_started_either)
{
    struct parsed p = parse(THREE);
    struct log log = { .sink = DDBS_E_LIMIT, .attempts = { 0, 3, 0 } };
    ddbs_outcome outcome = process(&p, plain, policy(3, false), &log);
    CHECK_STATUS(p.status, DDBS_E_LIMIT);
    CHECK_STR(log.text, "s0 c0 d0 k1(started 3 times before and never done)");
    CHECK(outcome.checkpoint == 1 && outcome.parked == 0 && !outcome.undecodable);
    parsed_free(&p);
}

/* It may be what ended the process that time: not even the decoder looks at it. */
TEST(a_record_that_is_parked_for_its_attempts_is_not_decoded)
{
    struct parsed p = parse(WITH_BAD);
    struct log log = { .attempts = { 0, 3, 0 } };
    ddbs_consumer consumer = { .on_insert = on_record, .on_poison = on_poison };
    ddbs_outcome outcome = process(&p, consumer, policy(3, false), &log);
    CHECK_STR(log.text, "s0 c0 d0 k1(started 3 times before and never done) d1 s2 c2 d2");
    CHECK(outcome.parked == 1 && outcome.checkpoint == 3);
    parsed_free(&p);
}

TEST(with_an_end_parked_records_wait_for_it_like_the_others)
{
    struct parsed p = parse(THREE);
    struct log log = { .attempts = { 0, 3, 0 } };
    ddbs_outcome outcome = process(&p, flushing, policy(3, false), &log);
    CHECK_STR(log.text, "s0 c0 k1(started 3 times before and never done) s2 c2 E3 M3");
    CHECK(outcome.parked == 1 && outcome.done == 2);
    parsed_free(&p);
}

/* ---- Poison ---- */

#define WHY "does not decode: expected a string; at Records[1].eventID; offset 193"

TEST(poison_is_parked_where_the_policy_says_so)
{
    struct parsed p = parse(WITH_BAD);
    struct log log = { .sink = DDBS_OK };
    ddbs_outcome outcome = process(&p, plain, policy(0, true), &log);
    CHECK_STATUS(p.status, DDBS_OK);
    CHECK_STR(log.text, "s0 c0 d0 k1(" WHY ") d1 s2 c2 d2");
    CHECK(outcome.parked == 1 && outcome.poison == 0 && outcome.done == 2 && !outcome.undecodable);
    log = (struct log){ .sink = DDBS_OK };
    outcome = process(&p, plain, policy(0, false), &log);
    CHECK_STR(log.text, "s0 c0 d0");
    CHECK(outcome.undecodable && outcome.checkpoint == 1 && outcome.parked == 0);
    log = (struct log){ .sink = DDBS_E_LIMIT };
    outcome = process(&p, plain, policy(0, true), &log);
    CHECK_STATUS(p.status, DDBS_E_LIMIT);
    CHECK_STR(log.text, "s0 c0 d0 k1(" WHY ")");
    CHECK(outcome.undecodable && outcome.checkpoint == 1 && outcome.parked == 0);
    parsed_free(&p);
}

TEST(on_poison_comes_before_the_policy_and_can_park)
{
    struct parsed p = parse(WITH_BAD);
    struct log log = { .reason = "mine" };
    ddbs_consumer consumer = { .on_insert = on_record, .on_poison = on_poison };
    ddbs_outcome outcome = process(&p, consumer, policy(0, true), &log);
    CHECK_STR(log.text, "s0 c0 d0 s1 p1 k1(mine) d1 s2 c2 d2");
    CHECK(outcome.parked == 1 && outcome.poison == 0 && outcome.checkpoint == 3);
    parsed_free(&p);
}

TEST(on_batch_does_not_get_what_was_parked)
{
    struct parsed p = parse(WITH_BAD);
    struct log log = { .attempts = { 9, 9, 9 } };
    ddbs_outcome outcome = process(&p, (ddbs_consumer){ .on_batch = park_in_batch }, policy(1, true), &log);
    CHECK_STR(log.text, "k1(" WHY ") x2 M3");
    CHECK(outcome.parked == 1 && outcome.done == 2 && outcome.checkpoint == 3);
    parsed_free(&p);
}

TEST(a_record_without_memory_is_not_parked)
{
    struct parsed p = parse(THREE);
    struct log log = { .sink = DDBS_OK };
    ddbs_host host = { .self = &log, .park = policy(0, true) };
    ddbs_consumer consumer = { .on_insert = on_record, .user = &log };
    ddbs_arena *tiny = NULL;
    ddbs_outcome outcome;
    host.park.user = &log;
    REQUIRE(p.event != NULL && ddbs_arena_new(&tiny, 256) == DDBS_OK);
    CHECK_STATUS(ddbs_process(p.event, &consumer, &host, tiny, &outcome), DDBS_E_MEMORY);
    CHECK_STR(log.text, "");
    CHECK(outcome.checkpoint == 0 && outcome.error.record == 0 && !outcome.undecodable);
    ddbs_arena_free(tiny);
    parsed_free(&p);
}
