/* test_fault.c: faults made on purpose, without any process: when they happen, and that a mapping around the layers
 * that lose checkpoints, expire iterators, split and merge shards still delivers every record, in the order of its
 * key. */
#include "check.h"

#include "runtime/mapping/fault.h"

#include <stdio.h>
#include <stdlib.h>

enum { RECORDS = 400, KEYS = 9, GAMES = 300 };

#define BEGIN ((int64_t)1792396800000)

/* ---- When -------------------------------------------------------------------------------------------------------- */

static struct fault_plan plan_of(const char *spec, uint64_t seed)
{
    struct fault_plan plan = { .seed = seed };
    char why[512] = "";
    CHECK(fault_rules_read(&plan.rules, spec, why, sizeof why));
    CHECK_STR(why, "");
    return plan;
}

TEST(a_specification_is_read_rule_by_rule)
{
    struct fault_plan plan = plan_of("crash:p=0.5,timeout:at=57,dup:p=1:n=3,skew", 1);
    const struct fault_rule *rule = plan.rules.rule;
    CHECK_INT(plan.rules.count, 4);
    CHECK(rule[0].any_crash && rule[0].chance == (uint64_t)1 << 31 && rule[0].most == UINT64_MAX);
    CHECK(rule[1].kind == FAULT_TIMEOUT && rule[1].at == 57 && rule[1].chance == 0);
    CHECK(rule[2].kind == FAULT_DUPLICATE && rule[2].chance == (uint64_t)1 << 32 && rule[2].most == 3);
    CHECK(rule[3].kind == FAULT_SKEW && rule[3].chance == ((uint64_t)1 << 32) / 20);
    CHECK(fault_rules_have(&plan.rules, FAULT_CRASH_AFTER) && !fault_rules_have(&plan.rules, FAULT_SPLIT));
    CHECK_INT(plan_of("all:at=1", 1).rules.count, FAULT_KINDS);
}

TEST(at_is_the_nth_opportunity_and_p_a_share_of_them)
{
    struct fault_plan plan = plan_of("throttle:at=3,freeze:p=0.25,dup:p=1:n=2", 11);
    size_t frozen = 0, doubled = 0;
    for (size_t i = 1; i <= 4000; i++) {
        CHECK_INT(fault_happens(&plan, FAULT_THROTTLE), i == 3);
        frozen += fault_happens(&plan, FAULT_FREEZE);
        doubled += fault_happens(&plan, FAULT_DUPLICATE);
    }
    CHECK(frozen > 900 && frozen < 1100);
    CHECK_INT(doubled, 2);
    CHECK_INT(plan.fired[FAULT_FREEZE], frozen);
}

TEST(one_fault_an_invocation_and_the_others_after_it)
{
    struct fault_plan plan = plan_of("crash-in:at=2,timeout:at=2", 1);
    CHECK_INT(fault_choose(&plan), FAULT_NONE);
    CHECK_INT(fault_choose(&plan), FAULT_CRASH_IN);
    fault_happened(&plan, FAULT_CRASH_IN);
    CHECK_INT(fault_choose(&plan), FAULT_TIMEOUT);
    fault_happened(&plan, FAULT_TIMEOUT);
    CHECK_INT(fault_choose(&plan), FAULT_NONE);
}

TEST(a_fault_without_an_occasion_is_due_again)
{
    struct fault_plan plan = plan_of("malformed:at=1", 1);
    CHECK_INT(fault_choose(&plan), FAULT_MALFORMED);
    CHECK_INT(fault_choose(&plan), FAULT_NONE); /* it belongs to the one that is under way */
    fault_missed(&plan, FAULT_MALFORMED);
    CHECK_INT(plan.fired[FAULT_MALFORMED], 0);
    CHECK_INT(fault_choose(&plan), FAULT_MALFORMED);
    fault_happened(&plan, FAULT_MALFORMED);
    CHECK_INT(fault_choose(&plan), FAULT_NONE);
}

TEST(the_same_seed_gives_the_same_faults_whatever_else_there_is)
{
    struct fault_plan alone = plan_of("throttle:p=0.3", 5), more = plan_of("throttle:p=0.3,freeze:p=0.5", 5);
    struct fault_plan other = plan_of("throttle:p=0.3", 6);
    size_t differ = 0;
    for (size_t i = 0; i < 500; i++) {
        bool happens = fault_happens(&alone, FAULT_THROTTLE);
        fault_happens(&more, FAULT_FREEZE);
        CHECK_INT(fault_happens(&more, FAULT_THROTTLE), happens);
        differ += fault_happens(&other, FAULT_THROTTLE) != happens;
    }
    CHECK(differ > 100);
}

/* ---- Around a mapping -------------------------------------------------------------------------------------------- */

struct game {
    struct fault_plan plan;
    struct fault_source *lossy;
    struct mapping *mapping;
    size_t read;              /* records that the source gave */
    size_t done[RECORDS + 1]; /* how often, by number */
    size_t overtaken;         /* records done before an earlier one of their key */
    uint64_t moved;           /* checkpoint of the first shard */
    size_t memory;            /* allocations until none is left */
    enum mapping_state state; /* at the end */
};

static uint64_t key_of(size_t number)
{
    return number * 2654435761u % KEYS * 7919;
}

static size_t number_of(const struct mapping_record *record)
{
    return (size_t)strtoull(record->sequence.ptr, NULL, 10);
}

static bool list(void *user, size_t index, struct mapping_shard *out)
{
    (void)user;
    *out = (struct mapping_shard){ .id = ddbs_str_c("shardId-00000001792399000123-5b1d2c3e") };
    return index == 0;
}

static enum mapping_read read_record(void *user, size_t shard, struct mapping_record *out)
{
    static char sequence[32];
    struct game *game = user;
    CHECK_INT(shard, 0);
    if (game->read == RECORDS)
        return MAPPING_READ_END;
    int len = snprintf(sequence, sizeof sequence, "%zu", ++game->read);
    *out = (struct mapping_record){
        .json = ddbs_str_c("{}"), .sequence = { sequence, (size_t)len }, .key = key_of(game->read), .created_ms = BEGIN
    };
    return MAPPING_READ_RECORD;
}

static void on_trace(void *user, const struct mapping_trace *trace)
{
    struct game *game = user;
    if (trace->kind != MAPPING_TRACE_CHECKPOINT)
        return;
    fault_source_moved(game->lossy, trace->shard, trace->checkpoint);
    if (trace->shard > 0)
        return;
    CHECK(trace->checkpoint->place > game->moved); /* also where it was lost in between */
    game->moved = trace->checkpoint->place;
}

/* The function does every record of a delivery, one after the other. */
static void do_all(struct game *game, const struct mapping_delivery *delivery)
{
    for (size_t i = 0; i < delivery->count; i++) {
        size_t number = number_of(&delivery->records[i]);
        for (size_t before = 1; before < number; before++)
            game->overtaken += key_of(before) == key_of(number) && game->done[before] == 0;
        game->done[number]++;
    }
}

static void play(struct game *game, int64_t factor)
{
    static const struct mapping_result good = { .end = MAPPING_RESPONSE, .body = "{}", .len = 2 };
    struct mapping_source source = { game, list, NULL, read_record };
    struct mapping_host host = { .user = game, .trace = on_trace };
    struct mapping_settings settings = mapping_defaults();
    struct mapping_delivery delivery;
    struct fault_reshard *reshard;
    int64_t now = BEGIN;
    settings.batch_size = 7;
    settings.factor = factor;
    REQUIRE(fault_reshard_new(&reshard, &source, &game->plan));
    source = fault_reshard_view(reshard);
    REQUIRE(fault_source_new(&game->lossy, &source, &game->plan));
    source = fault_source_view(game->lossy);
    REQUIRE(mapping_new(&game->mapping, &settings, &source, &host));
    check_fail_alloc(game->memory); /* from here on */
    enum mapping_state state;
    while ((state = mapping_step(game->mapping, now, &delivery)) == MAPPING_INVOKE || state == MAPPING_WAITS) {
        if (state == MAPPING_WAITS) {
            now = mapping_wake(game->mapping);
            continue;
        }
        do_all(game, &delivery);
        mapping_settle(game->mapping, delivery.ticket, now, &good);
    }
    game->state = state;
    check_fail_alloc(SIZE_MAX);
    mapping_free(game->mapping);
    fault_source_free(game->lossy);
    fault_reshard_free(reshard);
}

/* How many of the records were done, and how many more than once. */
static void count(const struct game *game, size_t *done, size_t *again)
{
    *done = *again = 0;
    for (size_t i = 1; i <= RECORDS; i++) {
        *done += game->done[i] > 0;
        *again += game->done[i] > 1;
    }
}

static struct game game_of(const char *spec, uint64_t seed)
{
    return (struct game){ .plan = plan_of(spec, seed), .memory = SIZE_MAX };
}

TEST(every_record_is_done_in_the_order_of_its_key_whatever_happens_to_the_stream)
{
    uint64_t fired[FAULT_KINDS] = { 0 };
    for (uint64_t seed = 1; seed <= GAMES; seed++) {
        struct game game = game_of("lost-checkpoint:p=0.2,expired-iterator:p=0.05,split:p=0.03,merge:p=0.03", seed);
        size_t done, again;
        play(&game, 1 + (int64_t)(seed % 4));
        count(&game, &done, &again);
        if (!CHECK_INT(game.state, MAPPING_ENDED) || !CHECK_INT(done, RECORDS) || !CHECK_INT(game.overtaken, 0)) {
            printf("# seed %llu\n", (unsigned long long)seed);
            return;
        }
        for (size_t kind = 0; kind < FAULT_KINDS; kind++)
            fired[kind] += game.plan.fired[kind];
    }
    CHECK(fired[FAULT_LOST_CHECKPOINT] > GAMES && fired[FAULT_EXPIRED_ITERATOR] > GAMES);
    CHECK(fired[FAULT_SPLIT] > GAMES && fired[FAULT_MERGE] > GAMES);
}

TEST(splits_and_merges_deliver_every_record_once)
{
    struct game game = game_of("split:p=0.05,merge:p=0.05", 3);
    size_t done, again;
    play(&game, 2);
    count(&game, &done, &again);
    CHECK_INT(done, RECORDS);
    CHECK_INT(again, 0);
    CHECK(game.plan.fired[FAULT_MERGE] > 3);
}

TEST(a_lost_checkpoint_does_one_batch_again)
{
    struct game game = game_of("lost-checkpoint:at=4", 3);
    size_t done, again;
    play(&game, 1);
    count(&game, &done, &again);
    CHECK_INT(done, RECORDS);
    CHECK_INT(again, 7);
    CHECK_INT(game.done[22], 2); /* the fourth batch of seven */
    CHECK_INT(game.done[21], 1);
}

TEST(without_memory_it_stops_and_what_was_done_was_done_in_order)
{
    size_t stopped = 0;
    for (size_t memory = 0; memory < 400; memory += 3) {
        struct game game = game_of("lost-checkpoint:p=0.2,split:p=0.05,merge:p=0.05", 4);
        game.memory = memory;
        play(&game, 2);
        CHECK(game.state == MAPPING_ENDED || game.state == MAPPING_BROKEN || game.state == MAPPING_EXHAUSTED);
        CHECK_INT(game.overtaken, 0);
        stopped += game.state != MAPPING_ENDED;
    }
    CHECK(stopped > 10);
}
