/* test_verdict.c: which record an attempt is counted for. A count that hits an innocent record would park it. */
#include "runtime/lambda/verdict.h"
#include "tests/unit/events.h"

#define BATCH EVENT(RECORD("INSERT", "11", "") "," RECORD("INSERT", "22", "") "," RECORD("INSERT", "33", ""))

/* One delivery of the batch in which record `suspect` was started last and `done` are done. */
static void count(const ddbs_event *event, size_t done, size_t suspect, bool by_commit, struct ddbs_attempt *attempts)
{
    const struct ddbs_ledger ledger = {
        .records = 3, .by_commit = by_commit, .done = done, .running = true, .suspect = suspect
    };
    const ddbs_outcome outcome = { .records = 3, .checkpoint = done, .error = { .status = DDBS_E_HANDLER } };
    ddbs_verdict__count_attempt(&ledger, event, &outcome, attempts);
}

TEST(an_attempt_is_counted_for_the_record_that_failed)
{
    struct ddbs_attempt attempts[DDBS_ATTEMPTS_MAX] = { { .count = 0 } };
    struct parsed p = parse(BATCH);
    REQUIRE(p.event != NULL);
    count(p.event, 1, 1, false, attempts);
    count(p.event, 2, 2, false, attempts);
    count(p.event, 1, 1, false, attempts);
    CHECK_STR(attempts[0].sequence, "22");
    CHECK_INT(attempts[0].count, 2);
    CHECK_STR(attempts[1].sequence, "33");
    CHECK_INT(attempts[1].count, 1);
    CHECK_STR(attempts[2].sequence, "");
    parsed_free(&p);
}

TEST(a_batch_that_failed_before_its_first_record_accuses_none)
{
    struct ddbs_attempt attempts[DDBS_ATTEMPTS_MAX] = { { .count = 0 } };
    struct parsed p = parse(BATCH);
    REQUIRE(p.event != NULL);
    const struct ddbs_ledger ledger = { .records = 3 };
    ddbs_outcome outcome = { .records = 3, .error = { .status = DDBS_E_HANDLER } };
    ddbs_verdict__count_attempt(&ledger, p.event, &outcome, attempts);
    CHECK_INT(attempts[0].count, 0);
    outcome.undecodable = true;
    ddbs_verdict__count_attempt(&ledger, p.event, &outcome, attempts);
    CHECK_STR(attempts[0].sequence, "11");
    CHECK_INT(attempts[0].count, 1);
    parsed_free(&p);
}

TEST(with_commits_nobody_knows_which_record_failed_and_none_is_counted)
{
    struct ddbs_attempt attempts[DDBS_ATTEMPTS_MAX] = { { .count = 0 } };
    struct parsed p = parse(BATCH);
    REQUIRE(p.event != NULL);
    count(p.event, 0, 2, true, attempts);
    CHECK_STR(attempts[0].sequence, "");
    CHECK_INT(attempts[0].count, 0);
    parsed_free(&p);
}

TEST(with_lanes_an_attempt_is_counted_for_the_suspect)
{
    struct ddbs_attempt attempts[DDBS_ATTEMPTS_MAX] = { { .count = 0 } };
    struct parsed p = parse(BATCH);
    const struct ddbs_ledger ledger = { .records = 3, .lanes = true, .running = true, .suspect = 2 };
    const ddbs_outcome outcome = { .records = 3, .error = { .status = DDBS_E_HANDLER } };
    REQUIRE(p.event != NULL);
    ddbs_verdict__count_attempt(&ledger, p.event, &outcome, attempts);
    CHECK_STR(attempts[0].sequence, "33");
    CHECK_INT(attempts[0].count, 1);
    CHECK_STR(attempts[1].sequence, "");
    parsed_free(&p);
}
