/* test_driver_memory.c: the test driver where memory is scarce, that of the function and its own. */
#include "driver_play.h"

/* Keeps each record until the end, and counts at the end what it kept. */
struct keeper {
    ddbs_str kept[64];
    size_t count;
    size_t stored[65]; /* how often each "n" was stored */
    bool forgets;      /* and is a bad one: what it could not keep is done all the same */
};

static ddbs_status keep(ddbs_ctx *ctx, const ddbs_record *record)
{
    struct keeper *keeper = ddbs_ctx_user(ctx);
    ddbs_str id;
    DDBS_TRY(ddbs_get(record->keys, "id", &id));
    size_t at = ddbs_ctx_batch_ok(ctx);
    ddbs_status status = ddbs_ctx_keep_str(ctx, id, &keeper->kept[at]);
    if (status != DDBS_OK && keeper->forgets) {
        keeper->kept[at] = (ddbs_str){ "r0", 2 };
        return DDBS_OK;
    }
    return status;
}

static ddbs_status store(ddbs_ctx *ctx)
{
    struct keeper *keeper = ddbs_ctx_user(ctx);
    for (size_t i = 0; i < ddbs_ctx_batch_ok(ctx); i++)
        keeper->stored[strtoul(keeper->kept[i].ptr + 1, NULL, 10)]++;
    return DDBS_OK;
}

static bool all_is_stored(ddbs_test *test, void *user)
{
    struct keeper *keeper = user;
    memset(keeper->stored, 0, sizeof keeper->stored);
    play_put(test, 1, 8);
    ddbs_test_run(test);
    for (size_t i = 1; i <= 8; i++) {
        if (keeper->stored[i] == 0)
            return false;
    }
    return true;
}

TEST(every_allocation_of_an_invocation_may_fail_and_nothing_is_lost)
{
    struct keeper keeper = { .forgets = false };
    ddbs_consumer consumer = { .on_any = keep, .on_batch_end = store, .user = &keeper };
    ddbs_test_starved starved;
    CHECK_STATUS(ddbs_test_starve(&consumer, NULL, all_is_stored, &keeper, &starved), DDBS_OK);
    CHECK(starved.problem == NULL);
    CHECK(starved.failures > 50);
    CHECK(starved.runs > 2 * starved.failures); /* up to twice the room of the last failure */
}

TEST(a_handler_that_ignores_a_failed_allocation_is_found)
{
    struct keeper keeper = { .forgets = true };
    ddbs_consumer consumer = { .on_any = keep, .on_batch_end = store, .user = &keeper };
    ddbs_test_starved starved;
    CHECK_STATUS(ddbs_test_starve(&consumer, NULL, all_is_stored, &keeper, &starved), DDBS_OK);
    CHECK(starved.problem != NULL && strstr(starved.problem, "scenario") != NULL);
    keeper.forgets = false;
    ddbs_consumer none = { .on_batch_end = NULL };
    CHECK_STATUS(ddbs_test_starve(&none, NULL, all_is_stored, &keeper, &starved), DDBS_E_USAGE);
}

/* The driver's own allocations, from malloc: it fails, and leaves nothing behind. */
TEST(every_allocation_of_the_driver_may_fail)
{
    bool whole = false;
    for (size_t n = 0; !whole && n < 2000; n++) {
        struct play play = { .bad = 2 };
        ddbs_consumer consumer = { .on_any = play_record, .user = &play };
        ddbs_test_options options = { .mapping = play_json("{" PLAY_ITEMS ",'MaximumRetryAttempts':1}") };
        ddbs_test *test = NULL;
        check_fail_alloc(n);
        ddbs_status status = ddbs_test_new(&test, &consumer, &options, NULL);
        if (status == DDBS_OK) {
            play_put(test, 1, 3);
            status = ddbs_test_run(test);
        }
        check_fail_alloc(SIZE_MAX);
        whole = status == DDBS_OK;
        CHECK(!whole || strcmp(ddbs_test_story(test), "[1 2 3] [2 3] [2 3] (2 3)") == 0);
        ddbs_test_free(test);
    }
    CHECK(whole);
}
