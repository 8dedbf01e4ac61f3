/* test_batch.c: what is done when a consumer collects: on_batch_begin, on_batch_end, commits, on_batch, and memory that
 * lives as long as the batch. */
#include "tests/unit/events.h"

#include <setjmp.h>
#include <stdio.h>

/* What happened, "B i0 i1 E2"; and what the callbacks are to do. */
struct log {
    char text[400];
    size_t fail_at;      /* record that fails; SIZE_MAX: none */
    ddbs_status begin;   /* what on_batch_begin returns */
    ddbs_status end;     /* what on_batch_end or on_batch returns */
    size_t commits[4];   /* that it makes, SIZE_MAX: none */
    ddbs_status last;    /* of the last commit */
    size_t commit_in[2]; /* a record, and what its callback commits */
};

static struct log new_log(void)
{
    return (struct log){ .fail_at = SIZE_MAX,
                         .commits = { SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX },
                         .commit_in = { SIZE_MAX, 0 } };
}

static void note(struct log *log, char letter, size_t number)
{
    size_t used = strlen(log->text);
    snprintf(log->text + used, sizeof log->text - used, "%s%c%zu", used == 0 ? "" : " ", letter, number);
}

static ddbs_status on_record(ddbs_ctx *ctx, const ddbs_record *rec)
{
    struct log *log = ddbs_ctx_user(ctx);
    note(log, 'i', rec->index);
    CHECK_INT(ddbs_ctx_batch_ok(ctx), rec->index);
    if (rec->index == log->commit_in[0])
        log->last = ddbs_ctx_commit(ctx, log->commit_in[1]);
    return rec->index == log->fail_at ? ddbs_fail(ctx, DDBS_E_HANDLER, "record refused") : DDBS_OK;
}

static ddbs_status on_poison(ddbs_ctx *ctx, const ddbs_poison *poison)
{
    note(ddbs_ctx_user(ctx), 'p', poison->index);
    return DDBS_OK;
}

static ddbs_status begin(ddbs_ctx *ctx)
{
    struct log *log = ddbs_ctx_user(ctx);
    note(log, 'B', ddbs_ctx_batch_ok(ctx));
    return log->begin;
}

static ddbs_status end(ddbs_ctx *ctx)
{
    struct log *log = ddbs_ctx_user(ctx);
    note(log, 'E', ddbs_ctx_batch_ok(ctx));
    for (size_t i = 0; i < 4; i++) {
        if (log->commits[i] != SIZE_MAX)
            log->last = ddbs_ctx_commit(ctx, log->commits[i]);
    }
    return log->end;
}

static ddbs_status whole(ddbs_ctx *ctx, const ddbs_record *const *records, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        note(ddbs_ctx_user(ctx), 'x', records[i]->index);
        CHECK_INT(records[i]->sequence_number.ptr[0], '1' + (int)records[i]->index); /* all are still alive */
    }
    CHECK_INT(ddbs_ctx_batch_ok(ctx), count);
    return end(ctx);
}

static void committed(void *self, size_t count)
{
    note(self, 'M', count);
}

static bool time_for_three(void *self, size_t index)
{
    (void)self;
    return index < 3;
}

/* Process with a host that notes commits; then the log tells everything. */
static ddbs_outcome process(const char *text, ddbs_consumer consumer, struct log *log, bool out_of_time)
{
    ddbs_host host = { .self = log, .committed = committed, .may_start = out_of_time ? time_for_three : NULL };
    struct parsed p = parse(text);
    ddbs_outcome outcome = { .records = 0 };
    consumer.user = log;
    if (p.event == NULL)
        abort();
    ddbs_status status = ddbs_process(p.event, &consumer, &host, p.arena, &outcome);
    CHECK_STATUS(outcome.error.status, status);
    CHECK_INT(outcome.done + outcome.skipped + outcome.parked + outcome.ignored + outcome.poison, outcome.checkpoint);
    outcome.failing = (ddbs_str){ NULL, 0 };
    parsed_free(&p);
    return outcome;
}

#define GOOD(number) RECORD("INSERT", number, "")
#define BAD(number)  RECORD("INSERT", number, ",'eventID':5")
#define FIVE         EVENT(GOOD("1") "," GOOD("2") "," GOOD("3") "," GOOD("4") "," GOOD("5"))
#define ALL_BUT(one) EVENT(GOOD("1") "," GOOD("2") "," BAD("3") "," GOOD("4") "," GOOD("5"))

static const ddbs_consumer flushing = { .on_insert = on_record, .on_batch_end = end };
static const ddbs_consumer bulk = { .on_batch = whole };

/* ---- on_batch_end ---- */

static const struct {
    size_t fail_at;
    bool out_of_time;
    ddbs_status end;
    size_t commits[3]; /* SIZE_MAX: none */
    const char *calls;
    size_t checkpoint;
    const char *reason; /* "": success */
} flushes[] = {
    { SIZE_MAX, false, DDBS_OK, { SIZE_MAX }, "i0 i1 i2 i3 i4 E5 M5", 5, "" },
    { SIZE_MAX, false, DDBS_OK, { 2, 4, SIZE_MAX }, "i0 i1 i2 i3 i4 E5 M2 M4 M5", 5, "" },
    { SIZE_MAX,
      false,
      DDBS_E_LIMIT,
      { SIZE_MAX },
      "i0 i1 i2 i3 i4 E5",
      0,
      "on_batch_end returned DDBS_E_LIMIT (over a documented limit)" },
    { SIZE_MAX,
      false,
      DDBS_E_LIMIT,
      { 2, 4, SIZE_MAX },
      "i0 i1 i2 i3 i4 E5 M2 M4",
      4,
      "on_batch_end returned DDBS_E_LIMIT (over a documented limit)" },
    { SIZE_MAX,
      false,
      DDBS_SKIP,
      { 1, SIZE_MAX },
      "i0 i1 i2 i3 i4 E5 M1",
      1,
      "on_batch_end returned DDBS_SKIP (record given up, go on)" },
    /* commits never go back, and repeating one says nothing new */
    { SIZE_MAX,
      false,
      DDBS_E_LIMIT,
      { 3, 1, 3 },
      "i0 i1 i2 i3 i4 E5 M3",
      3,
      "on_batch_end returned DDBS_E_LIMIT (over a documented limit)" },
    /* it is called behind a failure, and for nothing that is not done */
    { 3, false, DDBS_OK, { SIZE_MAX }, "i0 i1 i2 i3 E3 M3", 3, "record refused" },
    { 1, false, DDBS_OK, { SIZE_MAX }, "i0 i1 E1 M1", 1, "record refused" },
    { 0, false, DDBS_OK, { SIZE_MAX }, "i0", 0, "record refused" },
    { 3,
      false,
      DDBS_E_LIMIT,
      { 2, SIZE_MAX },
      "i0 i1 i2 i3 E3 M2",
      2,
      "on_batch_end returned DDBS_E_LIMIT (over a documented limit)" },
    /* nothing is open that it could have failed: the record's own reason stays */
    { 3, false, DDBS_E_LIMIT, { 3, SIZE_MAX }, "i0 i1 i2 i3 E3 M3", 3, "record refused" },
    { SIZE_MAX, true, DDBS_OK, { SIZE_MAX }, "i0 i1 i2 E3 M3", 3, "too little time is left for another record" },
    { SIZE_MAX,
      true,
      DDBS_E_LIMIT,
      { 1, SIZE_MAX },
      "i0 i1 i2 E3 M1",
      1,
      "on_batch_end returned DDBS_E_LIMIT (over a documented limit)" },
};

TEST(with_on_batch_end_nothing_is_done_before_it_says_so)
{
    for (size_t i = 0; i < sizeof flushes / sizeof *flushes; i++) {
        struct log log = new_log();
        bool failed = flushes[i].reason[0] != '\0';
        log.fail_at = flushes[i].fail_at;
        log.end = flushes[i].end;
        for (size_t k = 0; k < 3 && flushes[i].commits[k] != SIZE_MAX; k++)
            log.commits[k] = flushes[i].commits[k];
        ddbs_outcome outcome = process(FIVE, flushing, &log, flushes[i].out_of_time);
        CHECK_STR(log.text, flushes[i].calls);
        CHECK_INT(outcome.checkpoint, flushes[i].checkpoint);
        CHECK_INT(outcome.done, flushes[i].checkpoint);
        CHECK_STR(outcome.error.reason, flushes[i].reason);
        CHECK((outcome.error.status != DDBS_OK) == failed && outcome.error.status != DDBS_SKIP);
        CHECK(!failed || outcome.error.record == outcome.checkpoint);
        CHECK(outcome.out_of_time == (flushes[i].out_of_time && outcome.checkpoint == 3));
    }
}

TEST(a_failure_after_everything_is_committed_is_the_events)
{
    struct log log = new_log();
    log.end = DDBS_E_LIMIT;
    log.commits[0] = 5;
    ddbs_outcome outcome = process(FIVE, flushing, &log, false);
    CHECK(outcome.checkpoint == 5 && outcome.done == 5 && outcome.error.record == DDBS_NOWHERE);
    CHECK_STATUS(outcome.error.status, DDBS_E_LIMIT);
}

TEST(on_batch_end_sees_ignored_and_poisoned_records_too)
{
    ddbs_consumer ignoring = { .on_modify = on_record, .on_batch_end = end, .on_poison = on_poison };
    struct log log = new_log();
    ddbs_outcome outcome = process(ALL_BUT(3), ignoring, &log, false);
    CHECK_STR(log.text, "p2 E5 M5");
    CHECK(outcome.ignored == 4 && outcome.poison == 1 && outcome.checkpoint == 5);
    log = new_log();
    log.end = DDBS_E_HANDLER;
    log.commits[0] = 3;
    outcome = process(ALL_BUT(3), ignoring, &log, false);
    CHECK(outcome.ignored == 2 && outcome.poison == 1 && outcome.checkpoint == 3);
}

TEST(a_failure_of_the_end_is_not_the_records_that_did_not_decode)
{
    struct log log = new_log();
    log.end = DDBS_E_HANDLER;
    ddbs_outcome outcome = process(ALL_BUT(3), flushing, &log, false);
    CHECK(outcome.checkpoint == 0 && !outcome.undecodable && outcome.error.path[0] == '\0');
    log = new_log();
    outcome = process(ALL_BUT(3), flushing, &log, false);
    CHECK(outcome.checkpoint == 2 && outcome.undecodable);
    CHECK_STR(outcome.error.path, "Records[2].eventID");
}

/* ---- Commits ---- */

TEST(only_what_went_well_can_be_committed)
{
    static const struct {
        size_t record, count;
        ddbs_status status;
        size_t checkpoint;
    } rows[] = {
        { 3, 0, DDBS_OK, 0 },         { 3, 1, DDBS_OK, 1 },
        { 3, 3, DDBS_OK, 3 },         { 3, 4, DDBS_E_RANGE, 0 },
        { 0, 1, DDBS_E_RANGE, 0 },    { 4, 5, DDBS_E_RANGE, 0 },
        { 4, 1000, DDBS_E_RANGE, 0 }, { 4, SIZE_MAX, DDBS_E_RANGE, 0 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct log log = new_log();
        log.commit_in[0] = rows[i].record;
        log.commit_in[1] = rows[i].count;
        log.end = DDBS_E_HANDLER;
        CHECK_INT(process(FIVE, flushing, &log, false).checkpoint, rows[i].checkpoint);
        CHECK_STATUS(log.last, rows[i].status);
    }
}

TEST(without_an_end_there_is_nothing_to_commit)
{
    struct log log = new_log();
    log.commit_in[0] = 3;
    log.commit_in[1] = 1;
    ddbs_outcome outcome = process(FIVE, (ddbs_consumer){ .on_insert = on_record }, &log, false);
    CHECK_STATUS(log.last, DDBS_E_USAGE);
    CHECK_STR(log.text, "i0 i1 i2 i3 i4");
    CHECK_INT(outcome.checkpoint, 5);
}

/* ---- on_batch_begin ---- */

TEST(the_begin_comes_before_the_first_record_and_can_refuse)
{
    ddbs_consumer consumer = { .on_insert = on_record, .on_batch_begin = begin, .on_batch_end = end };
    struct log log = new_log();
    CHECK_INT(process(FIVE, consumer, &log, false).checkpoint, 5);
    CHECK_STR(log.text, "B0 i0 i1 i2 i3 i4 E5 M5");
    for (int status = DDBS_SKIP; status <= DDBS_E_TIME; status++) {
        log = new_log();
        log.begin = (ddbs_status)status;
        ddbs_outcome outcome = process(FIVE, consumer, &log, false);
        CHECK_STR(log.text, "B0");
        CHECK(outcome.checkpoint == 0 && outcome.error.record == 0 && !outcome.out_of_time);
        CHECK_STATUS(outcome.error.status, status == DDBS_SKIP ? DDBS_E_HANDLER : (ddbs_status)status);
        CHECK(strstr(outcome.error.reason, "on_batch_begin returned ") == outcome.error.reason);
    }
    log = new_log();
    log.begin = DDBS_E_HANDLER;
    CHECK_STATUS(process("{'Records':[]}", consumer, &log, false).error.status, DDBS_OK);
    CHECK_STR(log.text, "");
}

/* ---- on_batch ---- */

static const struct {
    const char *event;
    bool poison, out_of_time;
    ddbs_status end;
    size_t commit; /* SIZE_MAX: none */
    const char *calls;
    size_t done, skipped, taken, checkpoint;
    ddbs_status status;
} batches[] = {
    { FIVE, false, false, DDBS_OK, SIZE_MAX, "x0 x1 x2 x3 x4 E5 M5", 5, 0, 0, 5, DDBS_OK },
    { FIVE, false, false, DDBS_SKIP, SIZE_MAX, "x0 x1 x2 x3 x4 E5 M5", 0, 5, 0, 5, DDBS_OK },
    { FIVE, false, false, DDBS_E_TYPE, SIZE_MAX, "x0 x1 x2 x3 x4 E5", 0, 0, 0, 0, DDBS_E_TYPE },
    { FIVE, false, false, DDBS_E_TYPE, 3, "x0 x1 x2 x3 x4 E5 M3", 3, 0, 0, 3, DDBS_E_TYPE },
    { FIVE, false, false, DDBS_E_TYPE, 6, "x0 x1 x2 x3 x4 E5", 0, 0, 0, 0, DDBS_E_TYPE },
    { FIVE, false, true, DDBS_OK, SIZE_MAX, "x0 x1 x2 E3 M3", 3, 0, 0, 3, DDBS_E_TIME },
    /* the records before the one that does not decode, which then is the failure */
    { ALL_BUT(3), false, false, DDBS_OK, SIZE_MAX, "x0 x1 E2 M2", 2, 0, 0, 2, DDBS_E_SYNTAX },
    { ALL_BUT(3), false, false, DDBS_SKIP, SIZE_MAX, "x0 x1 E2 M2", 0, 2, 0, 2, DDBS_E_SYNTAX },
    { ALL_BUT(3), false, false, DDBS_E_TYPE, 1, "x0 x1 E2 M1", 1, 0, 0, 1, DDBS_E_TYPE },
    { ALL_BUT(3), false, false, DDBS_E_TYPE, 2, "x0 x1 E2 M2", 2, 0, 0, 2, DDBS_E_SYNTAX },
    /* unless on_poison takes it: then it is left out, and commits count what was given */
    { ALL_BUT(3), true, false, DDBS_OK, SIZE_MAX, "p2 x0 x1 x3 x4 E4 M5", 4, 0, 1, 5, DDBS_OK },
    { ALL_BUT(3), true, false, DDBS_E_TYPE, 1, "p2 x0 x1 x3 x4 E4 M1", 1, 0, 0, 1, DDBS_E_TYPE },
    { ALL_BUT(3), true, false, DDBS_E_TYPE, 2, "p2 x0 x1 x3 x4 E4 M3", 2, 0, 1, 3, DDBS_E_TYPE },
    { ALL_BUT(3), true, false, DDBS_E_TYPE, 3, "p2 x0 x1 x3 x4 E4 M4", 3, 0, 1, 4, DDBS_E_TYPE },
    { ALL_BUT(3), true, false, DDBS_E_TYPE, 5, "p2 x0 x1 x3 x4 E4", 0, 0, 0, 0, DDBS_E_TYPE },
    { EVENT(BAD("1") "," GOOD("2")), true, false, DDBS_E_TYPE, 0, "p0 x1 E1", 0, 0, 0, 0, DDBS_E_TYPE },
    /* nothing to give: nothing is called */
    { EVENT(BAD("1")), true, false, DDBS_E_TYPE, SIZE_MAX, "p0 M1", 0, 0, 1, 1, DDBS_OK },
    { EVENT(BAD("1")), false, false, DDBS_OK, SIZE_MAX, "", 0, 0, 0, 0, DDBS_E_SYNTAX },
    { "{'Records':[]}", false, false, DDBS_E_TYPE, SIZE_MAX, "", 0, 0, 0, 0, DDBS_OK },
};

TEST(on_batch_gets_all_records_that_come_before_a_failure)
{
    for (size_t i = 0; i < sizeof batches / sizeof *batches; i++) {
        struct log log = new_log();
        ddbs_consumer consumer = bulk;
        consumer.on_poison = batches[i].poison ? on_poison : NULL;
        log.end = batches[i].end;
        log.commits[0] = batches[i].commit;
        ddbs_outcome outcome = process(batches[i].event, consumer, &log, batches[i].out_of_time);
        CHECK_STR(log.text, batches[i].calls);
        CHECK(outcome.done == batches[i].done && outcome.skipped == batches[i].skipped);
        CHECK(outcome.poison == batches[i].taken && outcome.checkpoint == batches[i].checkpoint);
        CHECK(outcome.out_of_time == batches[i].out_of_time);
        CHECK_STATUS(outcome.error.status, batches[i].status);
        if (!CHECK(outcome.undecodable == (batches[i].status == DDBS_E_SYNTAX)))
            CHECK_INT(i, -1);
    }
}

/* Whoever commits in on_poison has nothing yet: on_batch comes later. */
static ddbs_status commit_in_poison(ddbs_ctx *ctx, const ddbs_poison *poison)
{
    (void)poison;
    CHECK_STATUS(ddbs_ctx_commit(ctx, 1), DDBS_E_RANGE);
    return DDBS_OK;
}

TEST(what_on_batch_did_not_get_yet_is_not_committed)
{
    struct log log = new_log();
    ddbs_consumer consumer = { .on_batch = whole, .on_poison = commit_in_poison };
    log.end = DDBS_E_HANDLER;
    CHECK_INT(process(ALL_BUT(3), consumer, &log, false).checkpoint, 0);
}

/* ---- Leaving by a jump ---- */

static jmp_buf away;

static ddbs_status jump(ddbs_ctx *ctx, const ddbs_record *rec)
{
    CHECK(ddbs_ctx_alloc(ctx, 100000) != NULL);
    if (rec->index == 2)
        longjmp(away, 1);
    return DDBS_OK;
}

TEST(a_jump_out_of_a_batch_leaves_nothing_behind)
{
    static const ddbs_consumer jumping = { .on_any = jump };
    struct log log = new_log();
    struct parsed p = parse(FIVE);
    ddbs_consumer consumer = flushing;
    ddbs_outcome outcome;
    REQUIRE(p.event != NULL);
    if (setjmp(away) == 0) {
        (void)ddbs_process(p.event, &jumping, NULL, p.arena, &outcome);
        CHECK(false);
    }
    consumer.user = &log;
    CHECK_STATUS(ddbs_process(p.event, &consumer, NULL, p.arena, &outcome), DDBS_OK);
    CHECK_INT(outcome.checkpoint, 5);
    parsed_free(&p);
}
