/* test_mapping_model.c: whatever the settings and whatever the function does, every record is settled once, the records
 * of a key are delivered in order, no checkpoint passes a record that is not settled, and the same seed gives the same
 * trace. Judged from the records, not from the mapping's own counts. */
#include "mapping_play.h"

enum { RECORDS = 240, KEYS = 7, GAMES = 400 };

/* A game: what is random in it, and what became of each record. */
struct game {
    uint64_t random;
    size_t settled[RECORDS + 1]; /* how often; by number */
    int shard_of[RECORDS + 1];
    int64_t window_ms;
    size_t keys;
    size_t undelivered_first; /* errors found; said once */
    char state[32];           /* that the last response of each shard had */
};

static uint64_t draw(struct game *game)
{
    uint64_t mixed = game->random += 0x9e3779b97f4a7c15u;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebu;
    return mixed ^ mixed >> 31;
}

static size_t below(struct game *game, size_t limit)
{
    return (size_t)(draw(game) >> 16) % limit;
}

static uint64_t key_of(size_t number)
{
    return number * 2654435761u % KEYS;
}

/* About 2 records a second, several with the same time. */
static int64_t created_at(size_t number)
{
    return PLAY_BEGIN + (int64_t)(number / 3) * 1700;
}

/* ---- What must hold ---------------------------------------------------------------------------------------------- */

static void settle(struct game *game, const struct mapping_record *record)
{
    game->settled[play_number(record)]++;
}

/* All records of the key before this one are settled, or stand before it in the delivery. */
static bool is_in_order(const struct game *game, const struct mapping_delivery *delivery, size_t index)
{
    size_t number = play_number(&delivery->records[index]);
    for (size_t before = number; before-- > 1;) {
        bool here = false;
        if (game->shard_of[before] != game->shard_of[number] || key_of(before) != key_of(number) ||
            game->settled[before] > 0)
            continue;
        for (size_t i = 0; i < index; i++)
            here = here || play_number(&delivery->records[i]) == before;
        if (!here)
            return false;
    }
    return true;
}

static bool is_in_window(const struct mapping_delivery *delivery, const struct mapping_record *record)
{
    return delivery->window == NULL ||
           (record->created_ms >= delivery->window->start_ms && record->created_ms < delivery->window->end_ms);
}

static void watch_delivery(const struct play *play, const struct game *game, const struct mapping_delivery *delivery)
{
    size_t open = 0, ordered = 0, inside = 0;
    for (size_t i = 0; i < delivery->count; i++) {
        open += game->settled[play_number(&delivery->records[i])] == 0;
        ordered += is_in_order(game, delivery, i);
        inside += is_in_window(delivery, &delivery->records[i]);
    }
    CHECK_INT(open, delivery->count);
    CHECK_INT(ordered, delivery->count);
    CHECK_INT(inside, delivery->count);
    CHECK(delivery->count <= (size_t)play->settings.batch_size);
    CHECK((delivery->count == 0) ==
          (delivery->cause == MAPPING_FINAL || (delivery->window != NULL && delivery->window->final)));
}

static void watch_checkpoint(const struct play *play, const struct game *game, const struct mapping_trace *trace)
{
    const struct play_shard *shard = &play->shards[trace->shard];
    size_t open = 0;
    for (size_t i = 0; i + 1 < trace->checkpoint->place; i++)
        open += game->settled[shard->first + i] != 1;
    CHECK_INT(open, 0);
}

static void watch(struct play *play, const struct mapping_trace *trace)
{
    struct game *game = play->user;
    const struct mapping_decision *decision = trace->decision;
    switch (trace->kind) {
    case MAPPING_TRACE_INVOKE:
        watch_delivery(play, game, trace->delivery);
        break;
    case MAPPING_TRACE_RESULT:
        for (size_t i = 0; i < decision->done + decision->lost; i++)
            settle(game, &trace->delivery->records[i]);
        break;
    case MAPPING_TRACE_DISCARD:
        for (size_t i = 0; i < trace->discard->delivery->count; i++)
            settle(game, &trace->discard->delivery->records[i]);
        break;
    case MAPPING_TRACE_FILTERED:
        settle(game, trace->record);
        break;
    case MAPPING_TRACE_CHECKPOINT:
        watch_checkpoint(play, game, trace);
        break;
    default:
        break;
    }
}

/* ---- A game ------------------------------------------------------------------------------------------------------ */

static void answer_at_random(struct play *play, const struct mapping_delivery *delivery, struct mapping_result *result,
                             char *body)
{
    struct game *game = play->user;
    size_t dice = below(game, 12);
    play->duration_ms = (int64_t)below(game, 900);
    snprintf(body, PLAY_BODY_MAX, "{\"state\":{\"n\":%zu}}", below(game, 100));
    if (dice < 3 && delivery->count > 0)
        snprintf(body, PLAY_BODY_MAX, "{\"state\":[],\"batchItemFailures\":[{\"itemIdentifier\":\"%zu\"}]}",
                 9 + play_number(&delivery->records[below(game, delivery->count)]));
    else if (dice == 3)
        snprintf(body, PLAY_BODY_MAX, "{\"batchItemFailures\":[{\"itemIdentifier\":\"\"}]}");
    *result = (struct mapping_result){ .end = MAPPING_RESPONSE, .body = body, .len = strlen(body) };
    if (dice == 4 || dice == 5)
        result->end = dice == 4 ? MAPPING_ERROR : MAPPING_THROTTLED;
}

static struct mapping_settings random_settings(struct game *game)
{
    struct mapping_settings settings =
        items((int64_t)below(game, 30) + 1, (int64_t)below(game, 4), below(game, 2) == 0);
    settings.report_items = below(game, 3) > 0;
    settings.seed = draw(game);
    settings.destination = below(game, 2) == 0 ? MAPPING_QUEUE : MAPPING_NO_DESTINATION;
    if (below(game, 3) == 0)
        settings.record_age = 60 + (int64_t)below(game, 60);
    if (below(game, 2) == 0)
        settings.batching_window = (int64_t)below(game, 8);
    if (below(game, 3) == 0)
        settings.tumbling_window = (int64_t)below(game, 60) + 1;
    else
        settings.factor = (int64_t)below(game, 10) + 1;
    return settings;
}

/* One shard that is split into two, which are merged again. */
static void lay_out(struct play *play, struct game *game)
{
    static const char *const ids[] = { "root", "left", "right", "merged" };
    static const char *const parents[][2] = { { NULL, NULL }, { "root", NULL }, { "root", NULL }, { "left", "right" } };
    play->shard_count = below(game, 2) == 0 ? 1 : 4;
    size_t each = RECORDS / play->shard_count;
    for (size_t i = 0; i < play->shard_count; i++) {
        play->shards[i] = (struct play_shard){ .id = ids[i], .first = 1 + i * each, .count = each };
        memcpy(play->shards[i].parents, parents[i], sizeof parents[i]);
        for (size_t number = 1 + i * each; number <= (i + 1) * each; number++)
            game->shard_of[number] = (int)i;
    }
}

/* The hash of the trace. */
static uint64_t play_game(uint64_t seed)
{
    static const char pattern_text[] = "{\"n\":[{\"numeric\":[\">\",20]}]}";
    struct game game = { .random = seed };
    struct play play = { .key = key_of, .created = created_at, .answer = answer_at_random, .watch = watch };
    ddbs_str pattern = { pattern_text, sizeof pattern_text - 1 };
    ddbs_filter *filter = NULL;
    play.user = &game;
    play.settings = random_settings(&game);
    play.steps_max = 100000;
    play.live = below(&game, 2) == 0;
    play.page = below(&game, 3) == 0 ? 1 + below(&game, 40) : 0;
    play.denied = below(&game, 3);
    play.refuse_taking = below(&game, 4) == 0;
    lay_out(&play, &game);
    if (play.settings.tumbling_window == 0 && below(&game, 4) == 0 &&
        CHECK(ddbs_filter_new_patterns(&filter, &pattern, 1, NULL) == DDBS_OK))
        play.settings.filter = filter;
    run(&play);
    CHECK_INT(play.state, MAPPING_ENDED);
    size_t once = 0;
    for (size_t number = 1; number <= RECORDS; number++)
        once += game.settled[number] == 1;
    CHECK_INT(once, RECORDS);
    CHECK_INT(play.totals.polled, RECORDS);
    CHECK(play.ahead_max <= 2 * play.shard_count * (size_t)(play.settings.factor * play.settings.batch_size) + 4);
    ddbs_filter_free(filter);
    play_free(&play);
    return play.hash;
}

TEST(every_record_is_settled_once_in_the_order_of_its_key_behind_no_checkpoint)
{
    for (uint64_t seed = 1; seed <= GAMES; seed++)
        play_game(seed);
}

TEST(the_same_seed_gives_the_same_trace)
{
    size_t different = 0;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        uint64_t hash = play_game(seed);
        CHECK_INT(play_game(seed) == hash, true);
        different += play_game(seed + 1) != hash;
    }
    CHECK_INT(different, 60);
}

static uint64_t by_hundred(size_t number)
{
    return number % 100;
}

TEST(a_million_records_pass_within_one_batch_a_lane)
{
    enum { MILLION = 1000000, BATCH = 1000 };
    for (int64_t factor = 1; factor <= 4; factor += 3) {
        struct play play = { .settings = items(BATCH, 2, true), .records = MILLION, .key = by_hundred };
        play.settings.factor = factor;
        play.steps_max = MILLION;
        play.bad = MILLION / 2;
        play.behaviour = NAMES_BAD;
        run(&play);
        CHECK_INT(play.state, MAPPING_ENDED);
        CHECK_INT(play.totals.done, MILLION - 1);
        CHECK_INT(play.totals.discarded, 1);
        CHECK(play.ahead_max <= (size_t)(factor == 1 ? BATCH : 2 * factor * BATCH + 1));
        play_free(&play);
    }
}
