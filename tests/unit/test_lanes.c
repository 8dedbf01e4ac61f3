/* test_lanes.c: records of a batch in several lanes, with real threads, with a host that has none, and with hosts that
 * run lanes as no good one would. What a record does is written in its keys' names below; what was seen is judged when
 * all is over. */
#include "runtime/lambda/ledger.h"
#include "tests/unit/events.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <time.h>

enum { RECORDS = 40, LANES = 4, RUNS = 1500, TEXT = RECORDS * 200, NO_KEYS = -1, BAD = -2 };

enum act { OK, SKIP, FAIL, END_THREAD };

/* A batch that is to be run, and what was seen of it. */
struct run {
    size_t count;
    int key[RECORDS]; /* or NO_KEYS, BAD */
    enum act act[RECORDS];
    size_t no_time; /* record that may not start */
    bool flushes;   /* on_batch_end is set */
    bool yields;    /* threads give way to each other */
    size_t limit;   /* lanes that the host runs */

    pthread_mutex_t mutex;
    size_t calls;          /* started and ended, counted together */
    size_t began[RECORDS]; /* the number of the call, from 1; 0: never */
    size_t returned[RECORDS];
    size_t lane[RECORDS];
    size_t order[RECORDS], order_count; /* records as they began */
    unsigned twice;
    size_t flush_ok; /* what on_batch_end saw */
    ddbs_status commit_in_lane;
    struct ddbs_ledger ledger;
};

/* ---- The batch as an event ---- */

static size_t put_record(const struct run *run, size_t i, char *out, size_t size)
{
    char keys[80] = "";
    if (run->key[i] == BAD)
        snprintf(keys, sizeof keys, ",\"Keys\":5");
    else if (run->key[i] != NO_KEYS)
        snprintf(keys, sizeof keys, ",\"Keys\":{\"id\":{\"N\":\"%d%s\"}}", run->key[i], i % 2 == 0 ? "" : ".0");
    return (size_t)snprintf(out, size,
                            "%s{\"eventName\":\"INSERT\",\"eventSource\":\"aws:dynamodb\",\"dynamodb\":"
                            "{\"SequenceNumber\":\"%zu\"%s}}",
                            i == 0 ? "" : ",", i + 1, keys);
}

static struct parsed parse_run(const struct run *run)
{
    static char text[TEXT];
    size_t len = (size_t)snprintf(text, sizeof text, "{\"Records\":[");
    for (size_t i = 0; i < run->count; i++)
        len += put_record(run, i, text + len, sizeof text - len);
    len += (size_t)snprintf(text + len, sizeof text - len, "]}");
    return parse_bytes(text, len, NULL);
}

/* ---- What the callbacks do ---- */

static void note_begin(struct run *run, size_t index, size_t lane)
{
    pthread_mutex_lock(&run->mutex);
    run->twice += run->began[index] != 0;
    run->began[index] = ++run->calls;
    run->lane[index] = lane;
    run->order[run->order_count++ % RECORDS] = index;
    pthread_mutex_unlock(&run->mutex);
}

static void note_return(struct run *run, size_t index)
{
    pthread_mutex_lock(&run->mutex);
    run->returned[index] = ++run->calls;
    pthread_mutex_unlock(&run->mutex);
}

static ddbs_status act(ddbs_ctx *ctx, size_t index)
{
    struct run *run = ddbs_ctx_user(ctx);
    note_begin(run, index, ddbs_ctx_lane(ctx));
    for (size_t i = 0; run->yields && i < index % 4; i++)
        sched_yield();
    if (ddbs_ctx_batch_ok(ctx) != index)
        return ddbs_fail(ctx, DDBS_E_USAGE, "batch_ok is not the index");
    if (run->act[index] == END_THREAD)
        pthread_exit(NULL);
    note_return(run, index);
    if (run->act[index] == FAIL)
        return ddbs_fail(ctx, DDBS_E_HANDLER, "record %zu", index);
    return run->act[index] == SKIP ? DDBS_SKIP : DDBS_OK;
}

static ddbs_status on_record(ddbs_ctx *ctx, const ddbs_record *rec)
{
    return act(ctx, rec->index);
}

static ddbs_status on_poison(ddbs_ctx *ctx, const ddbs_poison *poison)
{
    return act(ctx, poison->index);
}

static ddbs_status on_end(ddbs_ctx *ctx)
{
    struct run *run = ddbs_ctx_user(ctx);
    run->flush_ok = ddbs_ctx_batch_ok(ctx);
    return DDBS_OK;
}

/* ---- The host: words go to a ledger, as a worker's do to its supervisor ---- */

static void word(struct run *run, enum ddbs_progress_kind kind, size_t index)
{
    pthread_mutex_lock(&run->mutex);
    ddbs_ledger__note(&run->ledger, (struct ddbs_progress){ kind, 1, (uint16_t)index });
    pthread_mutex_unlock(&run->mutex);
}

static bool may_start(void *self, size_t index)
{
    struct run *run = self;
    if (index == run->no_time)
        return false;
    word(run, DDBS_PROGRESS_STARTED, index);
    return true;
}

static void done(void *self, size_t index)
{
    word(self, DDBS_PROGRESS_DONE, index);
}

static void committed(void *self, size_t count)
{
    word(self, DDBS_PROGRESS_COMMITTED, count);
}

struct lane_thread {
    pthread_t id;
    void (*run)(void *job, size_t lane);
    void *job;
    size_t lane;
};

static void *live(void *self)
{
    struct lane_thread *thread = self;
    thread->run(thread->job, thread->lane);
    return NULL;
}

static bool in_threads(void *self, size_t lanes, void (*run)(void *job, size_t lane), void *job)
{
    struct lane_thread threads[DDBS_LANES_MAX];
    size_t limit = ((const struct run *)self)->limit;
    size_t made = lanes < limit ? lanes : limit;
    for (size_t i = 0; i < made; i++) {
        threads[i] = (struct lane_thread){ .run = run, .job = job, .lane = i };
        if (pthread_create(&threads[i].id, NULL, live, &threads[i]) != 0)
            abort();
    }
    for (size_t i = 0; i < made; i++)
        pthread_join(threads[i].id, NULL);
    return made == lanes;
}

/* Each lane to its end before the next one begins: the latest order that there can be. */
static bool one_by_one(void *self, size_t lanes, void (*run)(void *job, size_t lane), void *job)
{
    (void)self;
    for (size_t i = lanes; i-- > 0;)
        run(job, i);
    return true;
}

typedef bool parallel_fn(void *self, size_t lanes, void (*run)(void *job, size_t lane), void *job);

static ddbs_outcome process(struct run *run, parallel_fn *parallel)
{
    ddbs_outcome outcome;
    ddbs_consumer consumer = { .on_any = on_record, .on_poison = on_poison, .lanes = LANES, .user = run };
    ddbs_host host = {
        .self = run, .may_start = may_start, .done = done, .committed = committed, .parallel = parallel
    };
    struct parsed p = parse_run(run);
    if (p.event == NULL)
        abort();
    if (run->flushes)
        consumer.on_batch_end = on_end;
    pthread_mutex_init(&run->mutex, NULL);
    ddbs_ledger__open(&run->ledger, 1, run->count, run->flushes);
    ddbs_ledger__allow_lanes(&run->ledger);
    (void)ddbs_process(p.event, &consumer, &host, p.arena, &outcome);
    outcome.state = outcome.failing = (ddbs_str){ NULL, 0 };
    parsed_free(&p);
    return outcome;
}

static struct run new_run(size_t count)
{
    struct run run = { .count = count, .no_time = SIZE_MAX, .limit = SIZE_MAX };
    for (size_t i = 0; i < count; i++)
        run.key[i] = (int)i;
    return run;
}

/* ---- Judging ---- */

/* Where the batch must stop, whatever the threads did. */
static size_t lowest_failure(const struct run *run)
{
    size_t i = 0;
    while (i < run->count && run->act[i] <= SKIP && i != run->no_time)
        i++;
    return i;
}

/* Whether record i had returned before k began, or k never did. */
static bool comes_before(const struct run *run, size_t i, size_t k)
{
    return run->began[k] == 0 || (run->returned[i] != 0 && run->returned[i] < run->began[k]);
}

static bool is_ordered(const struct run *run)
{
    for (size_t k = 0; k < run->count; k++) {
        for (size_t i = 0; i < k; i++) {
            bool alone = run->key[i] < 0 || run->key[k] < 0;
            if ((alone || run->key[i] == run->key[k]) && !comes_before(run, i, k))
                return false;
        }
    }
    return true;
}

/* A lane for each item, and the first one for what runs alone. */
static bool has_lanes(const struct run *run)
{
    for (size_t k = 0; k < run->count; k++) {
        if (run->lane[k] >= LANES || (run->key[k] < 0 && run->lane[k] != 0))
            return false;
        for (size_t i = 0; i < k; i++) {
            if (run->key[i] == run->key[k] && run->began[i] != 0 && run->began[k] != 0 && run->lane[i] != run->lane[k])
                return false;
        }
    }
    return true;
}

static bool judge(const struct run *run, const ddbs_outcome *outcome)
{
    size_t end = lowest_failure(run);
    bool held = CHECK_INT(outcome->checkpoint, end);
    for (size_t i = 0; i < end; i++)
        held &= CHECK(run->returned[i] != 0);
    held &= CHECK_INT(run->twice, 0);
    held &= CHECK(is_ordered(run));
    held &= CHECK(has_lanes(run));
    held &= CHECK(ddbs_ledger__confirms(&run->ledger, outcome));
    held &= CHECK_INT(outcome->done + outcome->skipped + outcome->poison, end);
    held &= CHECK_INT(outcome->out_of_time, end == run->no_time && end < run->count);
    held &= CHECK(outcome->error.record == (end < run->count ? end : DDBS_NOWHERE));
    if (run->flushes && end > 0)
        held &= CHECK_INT(run->flush_ok, end);
    return held;
}

/* ---- Tests ---- */

TEST(changes_of_one_item_run_in_order_and_in_one_lane)
{
    for (size_t round = 0; round < 50; round++) {
        struct run run = new_run(RECORDS);
        run.yields = true;
        for (size_t i = 0; i < RECORDS; i++)
            run.key[i] = (int)(i % 7);
        ddbs_outcome outcome = process(&run, in_threads);
        if (!judge(&run, &outcome))
            break;
    }
}

TEST(without_threads_the_records_run_in_the_order_of_the_batch_and_keep_their_lanes)
{
    struct run alone = new_run(RECORDS), threads = new_run(RECORDS);
    ddbs_outcome first = process(&alone, NULL), second = process(&threads, in_threads);
    judge(&alone, &first);
    judge(&threads, &second);
    unsigned used = 0;
    for (size_t i = 0; i < RECORDS; i++) {
        CHECK_INT(alone.order[i], i);
        CHECK_INT(alone.lane[i], threads.lane[i]);
        used |= 1u << alone.lane[i];
    }
    CHECK_INT(used, (1u << LANES) - 1); /* forty items are in all four */
}

TEST(a_record_without_keys_or_that_does_not_decode_waits_for_all_before_it_and_runs_alone)
{
    for (size_t round = 0; round < 50; round++) {
        struct run run = new_run(RECORDS);
        run.yields = true;
        run.key[0] = round % 2 == 0 ? BAD : 0;
        run.key[11] = NO_KEYS;
        run.key[12] = run.key[25] = BAD;
        run.key[RECORDS - 1] = NO_KEYS;
        ddbs_outcome outcome = process(&run, in_threads);
        if (!judge(&run, &outcome))
            break;
    }
}

TEST(behind_a_failure_no_lane_starts_and_the_lowest_one_counts)
{
    for (size_t low = 0; low + 20 < RECORDS; low++) {
        struct run run = new_run(RECORDS);
        char want[32];
        run.act[low] = run.act[low + 10] = run.act[low + 20] = FAIL;
        ddbs_outcome outcome = process(&run, one_by_one);
        judge(&run, &outcome);
        snprintf(want, sizeof want, "record %zu", low);
        CHECK_STR(outcome.error.reason, want);
        /* The lanes that ran after that of the first failure knew of it. */
        size_t stop = SIZE_MAX;
        for (size_t i = 0; i < run.order_count; i++) {
            CHECK(run.order[i] <= stop);
            if (run.act[run.order[i]] == FAIL && run.order[i] < stop)
                stop = run.order[i];
        }
        CHECK_INT(stop, low);
    }
}

static struct run random_run(uint64_t *seed)
{
    struct run run = new_run(0);
    uint32_t dice[8];
    for (size_t i = 0; i < 8; i++) {
        *seed = *seed * 6364136223846793005u + 1442695040888963407u;
        dice[i] = (uint32_t)(*seed >> 33);
    }
    run.count = dice[0] % (RECORDS + 1);
    run.flushes = dice[1] % 3 == 0;
    run.yields = dice[2] % 2 == 0;
    run.no_time = dice[3] % 6 == 0 ? dice[4] % RECORDS : SIZE_MAX;
    run.limit = dice[5] % 4 == 0 ? dice[6] % (LANES + 1) : SIZE_MAX;
    for (size_t i = 0; i < run.count; i++) {
        *seed = *seed * 6364136223846793005u + 1442695040888963407u;
        uint32_t die = (uint32_t)(*seed >> 33);
        run.key[i] = die % 16 == 0 ? NO_KEYS : die % 16 == 1 ? BAD : (int)(die / 16 % (1 + dice[7] % 12));
        run.act[i] = die / 512 % 25 == 0 ? FAIL : die / 512 % 25 == 1 ? SKIP : OK;
    }
    return run;
}

TEST(random_batches_stop_where_a_run_in_order_would)
{
    uint64_t seed = 20261119;
    size_t stopped = 0;
    for (size_t i = 0; i < RUNS; i++) {
        struct run run = random_run(&seed);
        ddbs_outcome outcome = process(&run, i % 5 == 0 ? one_by_one : in_threads);
        stopped += outcome.checkpoint < outcome.records;
        if (!judge(&run, &outcome)) {
            CHECK_INT(i, -1);
            break;
        }
    }
    CHECK(stopped > RUNS / 10 && stopped < RUNS * 9 / 10);
}

TEST(a_callback_that_ends_its_thread_has_failed)
{
    struct run run = new_run(RECORDS);
    run.act[5] = END_THREAD;
    ddbs_outcome outcome = process(&run, in_threads);
    judge(&run, &outcome);
    CHECK_STR(outcome.error.reason, "a callback ended its thread and did not return");
}

TEST(lanes_that_no_thread_could_be_made_for_are_run_all_the_same)
{
    for (size_t limit = 0; limit < LANES; limit++) {
        struct run run = new_run(RECORDS);
        run.limit = limit;
        ddbs_outcome outcome = process(&run, in_threads);
        judge(&run, &outcome);
        CHECK_INT(outcome.done, RECORDS);
    }
}

/* ---- Keys ---- */

#define STREAM(table) ",'eventSourceARN':'arn:aws:dynamodb:eu-west-1:1:table/" table "/stream/x'"
#define KEYED(sequence, table, keys)                                                                                   \
    "{'eventName':'INSERT'," SOURCE ",'dynamodb':{'SequenceNumber':'" sequence "','Keys':{" keys "}}" STREAM(table) "}"

/* Three times one item, then three others. */
static const struct {
    const char *table, *keys;
} items[] = {
    { "a", "'id':{'N':'1'},'at':{'S':'x'}" },
    { "a", "'at':{'S':'x'},'id':{'N':'1.0'}" },
    { "a", "'id':{'N':'100E-2'},'at':{'S':'\\u0078'}" },
    { "b", "'id':{'N':'1'},'at':{'S':'x'}" },
    { "a", "'id':{'N':'2'},'at':{'S':'x'}" },
    { "a", "'id':{'S':'1'},'at':{'B':'MQ=='}" },
};
enum { ITEMS = sizeof items / sizeof *items };

static struct parsed parse_items(void)
{
    char text[ITEMS * 300];
    size_t len = (size_t)snprintf(text, sizeof text, "{'Records':[");
    for (size_t i = 0; i < ITEMS; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, KEYED("%zu", "%s", "%s") "%s", i + 1, items[i].keys,
                                items[i].table, i + 1 < ITEMS ? "," : "]}");
    return parse(text);
}

/* With 64 lanes two different items hardly share one, and these do not. */
struct seen {
    size_t lanes[16];
    const char *kept[16];
};

static ddbs_status see(ddbs_ctx *ctx, const ddbs_record *rec)
{
    struct seen *seen = ddbs_ctx_user(ctx);
    ddbs_str kept;
    DDBS_TRY(ddbs_ctx_keep_str(ctx, rec->sequence_number, &kept));
    seen->lanes[rec->index] = ddbs_ctx_lane(ctx);
    seen->kept[rec->index] = kept.ptr;
    return ddbs_ctx_commit(ctx, rec->index) == DDBS_E_USAGE ? DDBS_OK : DDBS_E_HANDLER;
}

static ddbs_status look_at_kept(ddbs_ctx *ctx)
{
    const struct seen *seen = ddbs_ctx_user(ctx);
    char want[2] = "1";
    CHECK_INT(ddbs_ctx_lane(ctx), 0);
    for (size_t i = 0; i < ddbs_ctx_batch_ok(ctx); i++, want[0]++)
        CHECK_STR(seen->kept[i], want);
    return ddbs_ctx_commit(ctx, ddbs_ctx_batch_ok(ctx));
}

TEST(keys_are_compared_by_value_and_with_their_table)
{
    struct seen seen = { .lanes = { 0 } };
    struct run run = new_run(0);
    ddbs_outcome outcome;
    ddbs_consumer consumer = { .on_any = see, .on_batch_end = look_at_kept, .lanes = DDBS_LANES_MAX, .user = &seen };
    ddbs_host host = { .self = &run, .parallel = in_threads };
    run.limit = SIZE_MAX;
    struct parsed p = parse_items();
    REQUIRE(p.event != NULL);
    CHECK_STATUS(ddbs_process(p.event, &consumer, &host, p.arena, &outcome), DDBS_OK);
    CHECK_INT(outcome.done, ITEMS);
    CHECK_INT(seen.lanes[1], seen.lanes[0]);
    CHECK_INT(seen.lanes[2], seen.lanes[0]);
    CHECK(seen.lanes[3] != seen.lanes[0]);
    CHECK(seen.lanes[4] != seen.lanes[0]);
    CHECK(seen.lanes[5] != seen.lanes[0]);
    parsed_free(&p);
}

/* ---- Threads at once ---- */

struct meeting {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    size_t here;
};

/* Return when two are here; each alone would wait until its patience ends. */
static ddbs_status meet(ddbs_ctx *ctx, const ddbs_record *rec)
{
    struct meeting *meeting = ddbs_ctx_user(ctx);
    struct timespec end;
    int late = 0;
    (void)rec;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += 20;
    pthread_mutex_lock(&meeting->mutex);
    meeting->here++;
    pthread_cond_broadcast(&meeting->changed);
    while (meeting->here < 2 && late == 0)
        late = pthread_cond_timedwait(&meeting->changed, &meeting->mutex, &end);
    pthread_mutex_unlock(&meeting->mutex);
    return late == 0 ? DDBS_OK : DDBS_E_TIME;
}

#define WINDOW                                                                                                         \
    ",'window':{'start':'2026-10-19T08:40:00Z','end':'2026-10-19T08:42:00Z'},'state':{},'isFinalInvokeForWindow':"     \
    "false,'isWindowTerminatedEarly':false,'shardId':'s','eventSourceARN':'x'"
#define TWO KEYED("1", "a", "'id':{'N':'1'}") "," KEYED("2", "a", "'id':{'N':'2'}")

TEST(records_of_two_items_run_at_once)
{
    struct meeting meeting = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0 };
    struct run run = { .limit = SIZE_MAX };
    ddbs_outcome outcome;
    ddbs_consumer consumer = { .on_any = meet, .lanes = DDBS_LANES_MAX, .user = &meeting };
    ddbs_host host = { .self = &run, .parallel = in_threads };
    struct parsed p = parse(EVENT(TWO));
    REQUIRE(p.event != NULL);
    CHECK_STATUS(ddbs_process(p.event, &consumer, &host, p.arena, &outcome), DDBS_OK);
    parsed_free(&p);
}

static bool must_not_be_called(void *self, size_t lanes, void (*run)(void *job, size_t lane), void *job)
{
    (void)self, (void)lanes, (void)run, (void)job;
    CHECK(false);
    return false;
}

static ddbs_status set_state(ddbs_ctx *ctx, const ddbs_record *rec)
{
    (void)rec;
    return ddbs_ctx_lane(ctx) == 0 ? ddbs_ctx_set_state(ctx, ddbs_str_c("{\"n\":1}")) : DDBS_E_HANDLER;
}

TEST(a_window_has_one_lane)
{
    ddbs_outcome outcome;
    ddbs_consumer consumer = { .on_any = set_state, .lanes = DDBS_LANES_MAX };
    ddbs_host host = { .parallel = must_not_be_called };
    struct parsed p = parse("{'Records':[" TWO "]" WINDOW "}");
    REQUIRE(p.event != NULL && ddbs_event_window(p.event) != NULL);
    CHECK_STATUS(ddbs_process(p.event, &consumer, &host, p.arena, &outcome), DDBS_OK);
    CHECK_VIEW(outcome.state, "{\"n\":1}");
    parsed_free(&p);
}

static ddbs_status on_all(ddbs_ctx *ctx, const ddbs_record *const *records, size_t count)
{
    (void)ctx, (void)records, (void)count;
    return DDBS_OK;
}

TEST(lanes_that_make_no_sense_are_refused)
{
    const ddbs_consumer inner = { .on_any = on_record, .lanes = 1 };
    const ddbs_route route = { "orders", &inner };
    const ddbs_consumer wrong[] = {
        { .on_batch = on_all, .lanes = 2 },
        { .on_any = on_record, .lanes = DDBS_LANES_MAX + 1 },
        { .routes = &route, .route_count = 1, .lanes = 2 },
    };
    const ddbs_consumer right[] = {
        { .on_batch = on_all, .lanes = 1 },
        { .on_any = on_record, .lanes = DDBS_LANES_MAX },
    };
    ddbs_error error;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK_STATUS(ddbs_consumer_check(&wrong[i], &error), DDBS_E_USAGE);
    for (size_t i = 0; i < sizeof right / sizeof *right; i++)
        CHECK_STATUS(ddbs_consumer_check(&right[i], &error), DDBS_OK);
}

TEST(memory_that_runs_out_anywhere_acknowledges_nothing_that_was_not_run)
{
    for (size_t allocation = 0;; allocation++) {
        struct run run = new_run(8);
        ddbs_outcome outcome;
        struct parsed p = parse_run(&run);
        ddbs_consumer consumer = { .on_any = on_record, .lanes = LANES, .user = &run };
        pthread_mutex_init(&run.mutex, NULL);
        check_fail_alloc(allocation);
        ddbs_status status = ddbs_process(p.event, &consumer, NULL, p.arena, &outcome);
        size_t used = check_allocs();
        check_fail_alloc(SIZE_MAX);
        for (size_t i = 0; i < outcome.checkpoint; i++)
            CHECK(run.returned[i] != 0);
        CHECK(status == DDBS_OK ? outcome.checkpoint == 8 : status == DDBS_E_MEMORY);
        parsed_free(&p);
        if (used <= allocation || status == DDBS_OK) {
            CHECK_STATUS(status, DDBS_OK);
            CHECK(allocation > 0);
            break;
        }
    }
}
