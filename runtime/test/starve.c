/* starve.c: a scenario with ever more memory. An arena hands out its bytes in steps of 16, so that with room for one
 * step more each time every allocation is once the first that does not fit. */
#include "runtime/test/driver.h"

enum { STEP = 16, ROOM_MAX = 64 * 1024 * 1024 };

/* A handler that goes on without the memory it wanted fails no invocation, and the failures of others may lie behind:
 * the end is looked for up to twice the room that the last failure needs. */
enum { SPARE = 1024 };

/* What a run came to. */
struct end {
    bool held;
    size_t starved;
    ddbs_test_totals totals;
};

static ddbs_status play(const ddbs_consumer *consumer, const ddbs_test_options *options, ddbs_test_scenario *scenario,
                        void *user, size_t room, struct end *out)
{
    ddbs_test *test;
    DDBS_TRY(ddbs_test_new(&test, consumer, options, NULL));
    test->starve = room;
    out->held = scenario(test, user);
    out->starved = test->starved;
    out->totals = ddbs_test_count(test);
    ddbs_status status = ddbs_test_status(test);
    ddbs_test_free(test);
    return status;
}

static const char *problem_of(const struct end *end, const struct end *wanted)
{
    const ddbs_test_totals *totals = &end->totals;
    if (totals->lost > wanted->totals.lost)
        return "a record is lost";
    if (totals->given_up > wanted->totals.given_up)
        return "a record was given up";
    if (totals->done + totals->filtered + totals->given_up + totals->lost != totals->records)
        return "a record is not settled";
    return end->held ? NULL : "the scenario does not find what it should";
}

ddbs_status ddbs_test_starve(const ddbs_consumer *consumer, const ddbs_test_options *options,
                             ddbs_test_scenario *scenario, void *user, ddbs_test_starved *out)
{
    struct end wanted, end;
    *out = (ddbs_test_starved){ .runs = 0 };
    DDBS_TRY(play(consumer, options, scenario, user, 0, &wanted));
    if (!wanted.held)
        return DDBS_E_USAGE;
    size_t last = 0; /* room of the last run in which something failed */
    for (out->room = STEP; out->room <= 2 * last + SPARE; out->room += STEP) {
        DDBS_TRY(play(consumer, options, scenario, user, out->room, &end));
        out->runs++;
        out->failures += end.starved > 0;
        last = end.starved > 0 ? out->room : last;
        out->problem = problem_of(&end, &wanted);
        if (out->problem != NULL || out->room > ROOM_MAX)
            break;
    }
    return DDBS_OK;
}
