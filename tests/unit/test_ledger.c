/* test_ledger.c: what is believed of a worker's progress, and what is not. */
#include "runtime/lambda/ledger.h"
#include "tests/unit/events.h"

enum { GENERATION = 0x12345, RECORDS = 5 };

static struct ddbs_progress word(enum ddbs_progress_kind kind, uint16_t index)
{
    return (struct ddbs_progress){ kind, (uint16_t)GENERATION, index };
}

static void note(struct ddbs_ledger *ledger, enum ddbs_progress_kind kind, uint16_t index)
{
    ddbs_ledger__note(ledger, word(kind, index));
}

static struct ddbs_ledger opened(bool by_commit)
{
    struct ddbs_ledger ledger;
    ddbs_ledger__open(&ledger, GENERATION, RECORDS, by_commit);
    return ledger;
}

TEST(records_are_done_one_after_the_other)
{
    struct ddbs_ledger ledger = opened(false);
    CHECK_INT(ddbs_ledger__checkpoint(&ledger), 0);
    for (uint16_t i = 0; i < RECORDS; i++) {
        note(&ledger, DDBS_PROGRESS_STARTED, i);
        CHECK(ledger.running && ledger.suspect == i);
        CHECK_INT(ddbs_ledger__checkpoint(&ledger), i);
        note(&ledger, DDBS_PROGRESS_DONE, i);
        CHECK(!ledger.broken);
        CHECK_INT(ledger.running, i + 1 < RECORDS);
        CHECK_INT(ddbs_ledger__checkpoint(&ledger), i + 1);
    }
}

TEST(a_record_without_a_callback_is_done_without_being_started)
{
    struct ddbs_ledger ledger = opened(false);
    note(&ledger, DDBS_PROGRESS_DONE, 0);
    note(&ledger, DDBS_PROGRESS_DONE, 1);
    CHECK(!ledger.broken);
    CHECK_INT(ddbs_ledger__checkpoint(&ledger), 2);
}

TEST(when_a_record_is_done_the_next_one_is_at_hand)
{
    struct ddbs_ledger ledger = opened(false);
    note(&ledger, DDBS_PROGRESS_STARTED, 0);
    for (uint16_t i = 0; i + 1 < RECORDS; i++) {
        note(&ledger, DDBS_PROGRESS_DONE, i);
        CHECK(ledger.running);
        CHECK_INT(ledger.suspect, i + 1);
    }
    note(&ledger, DDBS_PROGRESS_DONE, RECORDS - 1);
    CHECK(!ledger.running && !ledger.broken);
}

TEST(a_word_that_cannot_be_right_ends_the_belief)
{
    const struct {
        bool by_commit;
        struct ddbs_progress wrong;
    } rows[] = {
        { false, word(DDBS_PROGRESS_DONE, 0) },                           /* again */
        { false, word(DDBS_PROGRESS_DONE, 2) },                           /* one left out */
        { false, word(DDBS_PROGRESS_STARTED, 0) },                        /* back */
        { false, word(DDBS_PROGRESS_STARTED, 3) },                        /* ahead */
        { false, word(DDBS_PROGRESS_DONE, RECORDS) },                     /* no such record */
        { false, word(DDBS_PROGRESS_COMMITTED, RECORDS) },                /* nothing commits here */
        { false, { DDBS_PROGRESS_DONE, (uint16_t)(GENERATION + 1), 1 } }, /* another worker's */
        { false, { (enum ddbs_progress_kind)0, (uint16_t)GENERATION, 1 } },
        { true, word(DDBS_PROGRESS_DONE, 1) },
        { true, word(DDBS_PROGRESS_COMMITTED, RECORDS + 1) },
        { true, word(DDBS_PROGRESS_COMMITTED, 0) }, /* back */
        { true, word(DDBS_PROGRESS_STARTED, RECORDS) },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ddbs_ledger ledger = opened(rows[i].by_commit);
        note(&ledger, DDBS_PROGRESS_STARTED, 0);
        note(&ledger, rows[i].by_commit ? DDBS_PROGRESS_COMMITTED : DDBS_PROGRESS_DONE, rows[i].by_commit);
        REQUIRE(!ledger.broken && ddbs_ledger__checkpoint(&ledger) == 1);
        ddbs_ledger__note(&ledger, rows[i].wrong);
        CHECK(ledger.broken);
        /* What follows is not believed, however right it looks. */
        note(&ledger, DDBS_PROGRESS_STARTED, 1);
        note(&ledger, DDBS_PROGRESS_DONE, 1);
        note(&ledger, DDBS_PROGRESS_COMMITTED, RECORDS);
        CHECK_INT(ddbs_ledger__checkpoint(&ledger), 1);
    }
}

TEST(with_commits_only_what_is_committed_is_done)
{
    struct ddbs_ledger ledger = opened(true);
    for (uint16_t i = 0; i < RECORDS; i++)
        note(&ledger, DDBS_PROGRESS_STARTED, i);
    CHECK_INT(ddbs_ledger__checkpoint(&ledger), 0);
    note(&ledger, DDBS_PROGRESS_COMMITTED, 2);
    note(&ledger, DDBS_PROGRESS_COMMITTED, 2);
    note(&ledger, DDBS_PROGRESS_COMMITTED, RECORDS);
    CHECK(!ledger.broken);
    CHECK_INT(ddbs_ledger__checkpoint(&ledger), RECORDS);
}

TEST(a_claim_is_confirmed_only_where_it_says_the_same)
{
    struct ddbs_ledger ledger = opened(false);
    for (uint16_t i = 0; i < 3; i++)
        note(&ledger, DDBS_PROGRESS_DONE, i);
    const ddbs_outcome right = {
        .records = RECORDS, .done = 1, .skipped = 1, .parked = 1, .checkpoint = 3, .error = { .status = DDBS_E_HANDLER }
    };
    CHECK(ddbs_ledger__confirms(&ledger, &right));
    ddbs_outcome claim = right;
    claim.checkpoint = claim.done = 4;
    CHECK(!ddbs_ledger__confirms(&ledger, &claim)); /* more than was reported */
    claim = right;
    claim.checkpoint = 2, claim.parked = 0;
    CHECK(!ddbs_ledger__confirms(&ledger, &claim)); /* less */
    claim = right;
    claim.ignored = 1;
    CHECK(!ddbs_ledger__confirms(&ledger, &claim)); /* does not add up */
    claim = right;
    claim.records = 3, claim.error.status = DDBS_OK;
    CHECK(!ddbs_ledger__confirms(&ledger, &claim)); /* another batch */
    claim = right;
    claim.error.status = DDBS_OK;
    CHECK(!ddbs_ledger__confirms(&ledger, &claim)); /* stopped without a reason */
    note(&ledger, DDBS_PROGRESS_DONE, 0);
    CHECK(!ddbs_ledger__confirms(&ledger, &right)); /* of a worker that talked nonsense nothing more is believed */
}

/* ---- Lanes ---- */

static struct ddbs_ledger opened_for_lanes(bool by_commit)
{
    struct ddbs_ledger ledger = opened(by_commit);
    ddbs_ledger__allow_lanes(&ledger);
    return ledger;
}

TEST(with_lanes_the_checkpoint_is_the_first_record_that_is_not_done)
{
    static const uint16_t order[RECORDS] = { 3, 1, 0, 4, 2 };
    static const size_t checkpoints[RECORDS] = { 0, 0, 2, 2, 5 };
    struct ddbs_ledger ledger = opened_for_lanes(false);
    for (uint16_t i = RECORDS; i-- > 0;)
        note(&ledger, DDBS_PROGRESS_STARTED, i);
    for (size_t i = 0; i < RECORDS; i++) {
        CHECK(ledger.running);
        note(&ledger, DDBS_PROGRESS_DONE, order[i]);
        CHECK_INT(ddbs_ledger__checkpoint(&ledger), checkpoints[i]);
    }
    CHECK(!ledger.running && !ledger.broken);
}

TEST(with_lanes_a_word_twice_or_out_of_range_or_an_end_without_a_begin_ends_the_belief)
{
    const struct {
        bool by_commit;
        struct ddbs_progress wrong;
    } rows[] = {
        { false, word(DDBS_PROGRESS_STARTED, 0) },
        { false, word(DDBS_PROGRESS_STARTED, 2) },
        { false, word(DDBS_PROGRESS_STARTED, RECORDS) },
        { false, word(DDBS_PROGRESS_DONE, 0) },
        { false, word(DDBS_PROGRESS_DONE, 1) }, /* never started */
        { false, word(DDBS_PROGRESS_DONE, RECORDS) },
        { false, word(DDBS_PROGRESS_DONE, 16383) }, /* the largest index of a word */
        { false, word(DDBS_PROGRESS_COMMITTED, RECORDS) },
        { false, { DDBS_PROGRESS_DONE, (uint16_t)(GENERATION + 1), 2 } },
        { true, word(DDBS_PROGRESS_STARTED, 0) },
        { true, word(DDBS_PROGRESS_DONE, 2) },
        { true, word(DDBS_PROGRESS_COMMITTED, RECORDS + 1) },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ddbs_ledger ledger = opened_for_lanes(rows[i].by_commit);
        note(&ledger, DDBS_PROGRESS_STARTED, 2);
        note(&ledger, DDBS_PROGRESS_STARTED, 0);
        note(&ledger, rows[i].by_commit ? DDBS_PROGRESS_COMMITTED : DDBS_PROGRESS_DONE, rows[i].by_commit);
        REQUIRE(!ledger.broken && ddbs_ledger__checkpoint(&ledger) == 1);
        ddbs_ledger__note(&ledger, rows[i].wrong);
        CHECK(ledger.broken);
        note(&ledger, DDBS_PROGRESS_STARTED, 1);
        note(&ledger, DDBS_PROGRESS_DONE, 1);
        note(&ledger, DDBS_PROGRESS_COMMITTED, RECORDS);
        CHECK_INT(ddbs_ledger__checkpoint(&ledger), 1);
    }
}

TEST(with_lanes_ten_thousand_records_have_their_bits)
{
    struct ddbs_ledger ledger;
    ddbs_ledger__open(&ledger, GENERATION, DDBS_EVENT_RECORDS_MAX, false);
    ddbs_ledger__allow_lanes(&ledger);
    for (size_t i = DDBS_EVENT_RECORDS_MAX; i-- > 0;) {
        note(&ledger, DDBS_PROGRESS_STARTED, (uint16_t)i);
        CHECK_INT(ddbs_ledger__checkpoint(&ledger), 0);
        note(&ledger, DDBS_PROGRESS_DONE, (uint16_t)i);
    }
    CHECK_INT(ddbs_ledger__checkpoint(&ledger), DDBS_EVENT_RECORDS_MAX);
}

TEST(with_lanes_a_crash_accuses_only_a_record_that_was_running)
{
    struct ddbs_ledger ledger = opened_for_lanes(false);
    note(&ledger, DDBS_PROGRESS_STARTED, 0);
    note(&ledger, DDBS_PROGRESS_STARTED, 1);
    note(&ledger, DDBS_PROGRESS_STARTED, 3);
    note(&ledger, DDBS_PROGRESS_DONE, 1);
    CHECK(ledger.running && ledger.suspect == 0);
    ddbs_ledger__accuse(&ledger, 1); /* done */
    ddbs_ledger__accuse(&ledger, 2); /* never started */
    ddbs_ledger__accuse(&ledger, DDBS_NOWHERE);
    CHECK_INT(ledger.suspect, 0);
    ddbs_ledger__accuse(&ledger, 3);
    CHECK(ledger.running && ledger.suspect == 3);
    note(&ledger, DDBS_PROGRESS_DONE, 0);
    CHECK(!ledger.running); /* the first that is not done was not started */
}
