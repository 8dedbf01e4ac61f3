/* test_torture.c: every allocation of a delivery fails once, from parsing to the answer: never a crash or a leak, no
 * out-parameter written by a failure, and above all no acknowledgement of a record that is not done. */
#include "tests/unit/events.h"

#include <glob.h>
#include <stdio.h>

enum { RECORDS_MAX = 64, FILE_MAX = 1 << 20 };

/* What is true of an event, found out with all the memory there is. */
struct truth {
    size_t count;
    bool bad[RECORDS_MAX];
    size_t attributes[RECORDS_MAX];
    char identifier[RECORDS_MAX][DDBS_SEQUENCE_MAX + 1];
};

/* What the callbacks did in the run at hand. */
struct run {
    bool done[RECORDS_MAX];
    bool poison[RECORDS_MAX];
    const struct truth *truth;
    size_t fail_at; /* index of the record that the handler refuses */
    const ddbs_item *kept[RECORDS_MAX];
    size_t kept_attributes[RECORDS_MAX];
};

/* How many attributes a record has that are found by their names. */
static size_t attributes_of(const ddbs_record *rec)
{
    const ddbs_item *const items[] = { rec->keys, rec->new_image, rec->old_image };
    size_t count = 0;
    for (size_t i = 0; i < 3; i++) {
        ddbs_iter it = ddbs_iter_item(items[i]);
        ddbs_str name;
        for (const ddbs_value *value; (value = ddbs_iter_attr(&it, &name)) != NULL;)
            count += ddbs_item_find(items[i], name) == value;
    }
    return count;
}

static ddbs_status handle(ddbs_ctx *ctx, const ddbs_record *rec)
{
    struct run *run = ddbs_ctx_user(ctx);
    CHECK_INT(attributes_of(rec), run->truth->attributes[rec->index]);
    if (rec->index == run->fail_at)
        return ddbs_fail(ctx, DDBS_E_HANDLER, "the handler refused it");
    run->done[rec->index] = true;
    return DDBS_OK;
}

/* The same for a consumer that collects: the record is done at the end. */
static ddbs_status queue(ddbs_ctx *ctx, const ddbs_record *rec)
{
    struct run *run = ddbs_ctx_user(ctx);
    CHECK_INT(attributes_of(rec), run->truth->attributes[rec->index]);
    if (rec->index == run->fail_at)
        return ddbs_fail(ctx, DDBS_E_HANDLER, "the handler refused it");
    run->kept[rec->index] = NULL;
    ddbs_status status = ddbs_ctx_keep_item(ctx, rec->new_image, &run->kept[rec->index]);
    if (status != DDBS_OK && status != DDBS_E_MISSING)
        return status;
    run->kept_attributes[rec->index] = ddbs_item_count(rec->new_image);
    return DDBS_OK;
}

static ddbs_status flush(ddbs_ctx *ctx)
{
    struct run *run = ddbs_ctx_user(ctx);
    for (size_t i = 0; i < ddbs_ctx_batch_ok(ctx); i++) {
        CHECK(run->poison[i] || ddbs_item_count(run->kept[i]) == run->kept_attributes[i]);
        run->done[i] = true;
        if (i % 2 == 0)
            DDBS_TRY(ddbs_ctx_commit(ctx, i + 1));
    }
    return DDBS_OK;
}

static ddbs_status write_all(ddbs_ctx *ctx, const ddbs_record *const *records, size_t count)
{
    struct run *run = ddbs_ctx_user(ctx);
    for (size_t i = 0; i < count; i++) {
        CHECK_INT(attributes_of(records[i]), run->truth->attributes[records[i]->index]);
        if (records[i]->index == run->fail_at)
            return ddbs_fail(ctx, DDBS_E_HANDLER, "the handler refused it");
        run->done[records[i]->index] = true;
        DDBS_TRY(ddbs_ctx_commit(ctx, i + 1));
    }
    return DDBS_OK;
}

static ddbs_status take_poison(ddbs_ctx *ctx, const ddbs_poison *poison)
{
    struct run *run = ddbs_ctx_user(ctx);
    run->poison[poison->index] = true;
    return DDBS_OK;
}

/* When records are done: each with its callback, at the end, or all at once. */
enum mode { EACH, FLUSH, WHOLE };

/* One way to deliver an event. */
struct way {
    ddbs_report report;
    size_t fail_at;
    bool take_poison;
    enum mode mode;
    size_t limit; /* of the arena, 0: none */
};

struct reply {
    bool given;
    bool is_error;
    char body[4096];
};

/* What out-parameters hold before a call: a failure must leave it. */
static const char untouched[] = "untouched";

static void keep(struct reply *reply, ddbs_status status, const ddbs_answer *answer)
{
    reply->given = status == DDBS_OK;
    reply->is_error = answer->is_error;
    if (!reply->given) {
        CHECK_STATUS(status, DDBS_E_MEMORY);
        CHECK(answer->error_type == untouched && answer->body.ptr == untouched);
        return;
    }
    CHECK(answer->body.len < sizeof reply->body);
    snprintf(reply->body, sizeof reply->body, "%.*s", (int)answer->body.len, answer->body.ptr);
}

/* Parse, process and answer, as a runtime does. */
static void deliver(ddbs_arena *arena, ddbs_str text, const struct way *way, struct run *run, struct reply *reply)
{
    const ddbs_event *const none = (const ddbs_event *)(const void *)untouched;
    ddbs_consumer consumer = { .on_any = way->mode == EACH    ? handle
                                         : way->mode == FLUSH ? queue
                                                              : NULL,
                               .on_poison = way->take_poison ? take_poison : NULL,
                               .on_batch = way->mode == WHOLE ? write_all : NULL,
                               .on_batch_end = way->mode == FLUSH ? flush : NULL,
                               .user = run };
    ddbs_answer answer = { .error_type = untouched, .body = { untouched, 0 } };
    const ddbs_event *event = none;
    ddbs_outcome outcome;
    ddbs_error error;
    ddbs_status status = ddbs_event_parse(arena, text.ptr, text.len, NULL, &event, &error);
    if (status != DDBS_OK) {
        CHECK(event == none && error.status == status && error.reason[0] != '\0');
        CHECK_STATUS(status, DDBS_E_MEMORY);
        keep(reply, ddbs_answer_refusal(&error, arena, &answer), &answer);
        return;
    }
    status = ddbs_process(event, &consumer, NULL, arena, &outcome);
    CHECK(status == outcome.error.status &&
          (status == DDBS_OK || outcome.checkpoint < outcome.records || outcome.records == 0));
    keep(reply, ddbs_answer_outcome(event, &outcome, way->report, arena, &answer), &answer);
}

/* The first record that is not done; what is done must be everything before it. */
static size_t first_not_done(const struct truth *truth, const struct run *run)
{
    size_t first = 0;
    while (first < truth->count && (run->done[first] || run->poison[first]))
        first++;
    for (size_t i = 0; i < truth->count; i++) {
        CHECK(i < first || !run->done[i]);
        CHECK(!run->poison[i] || truth->bad[i]);
        CHECK(i != run->fail_at || !run->done[i] || truth->bad[i]);
    }
    return first;
}

/* Does the reply acknowledge no more than what was done? */
static void judge(const struct truth *truth, const struct way *way, const struct run *run, const struct reply *reply)
{
    char item[DDBS_SEQUENCE_MAX + 64];
    static const char success[] = "\"batchItemFailures\":[]}";
    size_t first = first_not_done(truth, run), len = strlen(reply->body);
    if (!reply->given || reply->is_error)
        return;
    if (len >= sizeof success - 1 && strcmp(reply->body + len - (sizeof success - 1), success) == 0) {
        CHECK_INT(first, truth->count);
        return;
    }
    CHECK_INT(way->report, DDBS_REPORT_ITEMS);
    REQUIRE(first < truth->count);
    snprintf(item, sizeof item, "{\"batchItemFailures\":[{\"itemIdentifier\":\"%s\"}]}", truth->identifier[first]);
    CHECK_STR(reply->body, item);
}

/* One delivery with allocation `n` and all after it failing. False when none failed. */
static bool attempt(ddbs_str text, const struct truth *truth, const struct way *way, size_t n, struct reply *reply)
{
    struct run run = { .truth = truth, .fail_at = way->fail_at };
    ddbs_arena *arena = NULL;
    *reply = (struct reply){ .given = false };
    check_fail_alloc(n);
    ddbs_status status = ddbs_arena_new(&arena, way->limit);
    if (status == DDBS_OK)
        deliver(arena, text, way, &run, reply);
    size_t allocs = check_allocs();
    check_fail_alloc(SIZE_MAX);
    CHECK(status == DDBS_OK || (status == DDBS_E_MEMORY && arena == NULL));
    judge(truth, way, &run, reply);
    ddbs_arena_free(arena);
    return allocs > n;
}

/* Without any failure the reply is what it should be: a success, or one that names the record. */
static void judge_last(const struct truth *truth, const struct way *way, const struct reply *reply)
{
    size_t first = 0;
    while (first < truth->count && (truth->bad[first] ? way->take_poison : first != way->fail_at))
        first++;
    CHECK(reply->given);
    CHECK(first < truth->count || strstr(reply->body, "\"batchItemFailures\":[]}") != NULL ||
          strstr(reply->body, "Function.NoWindowHandler") != NULL);
    CHECK(first == truth->count || reply->is_error || strstr(reply->body, truth->identifier[first]) != NULL);
    CHECK(first == truth->count || way->report == DDBS_REPORT_ITEMS || reply->is_error);
}

static struct truth truth_of(ddbs_str text)
{
    struct truth truth = { .count = 0 };
    struct parsed p = parse_bytes(text.ptr, text.len, NULL);
    if (p.event == NULL || ddbs_event_count(p.event) > RECORDS_MAX)
        abort();
    truth.count = ddbs_event_count(p.event);
    for (size_t i = 0; i < truth.count; i++) {
        ddbs_str id = ddbs_event_identifier(p.event, i);
        const ddbs_record *record = record_of(&p, i);
        truth.bad[i] = record == NULL;
        truth.attributes[i] = record == NULL ? 0 : attributes_of(record);
        memcpy(truth.identifier[i], id.ptr, id.len);
    }
    parsed_free(&p);
    return truth;
}

/* Each call of malloc fails once, then, by a limit that grows, each allocation in the arena. */
static void torture_way(ddbs_str text, const struct truth *truth, struct way way)
{
    struct reply whole, reply;
    size_t n = 0;
    while (attempt(text, truth, &way, n, &whole))
        n++;
    CHECK(n > 1);
    judge_last(truth, &way, &whole);
    do {
        way.limit += 32;
        attempt(text, truth, &way, SIZE_MAX, &reply);
        REQUIRE(way.limit < FILE_MAX);
    } while (!reply.given || strcmp(reply.body, whole.body) != 0);
    CHECK(way.limit > 32);
}

/* Every way of delivering one event: with each record refused, and none; in both modes; with and without on_poison; to
 * a consumer that is done with each record, one that collects them, and one that takes the whole batch. */
static void torture(ddbs_str text)
{
    struct truth truth = truth_of(text);
    for (size_t fail_at = 0; fail_at <= truth.count; fail_at++) {
        for (int mode = 0; mode < 12; mode++) {
            ddbs_report report = mode % 2 ? DDBS_REPORT_ITEMS : DDBS_REPORT_ERROR;
            torture_way(
                text, &truth,
                (struct way){
                    .report = report, .fail_at = fail_at, .take_poison = mode / 2 % 2, .mode = (enum mode)(mode / 4) });
        }
    }
}

/* The content of a file at a guard page; an empty view where there is none. */
static ddbs_str read_file(const char *path)
{
    char *text = malloc(FILE_MAX);
    FILE *file = fopen(path, "rb");
    if (text == NULL || file == NULL)
        abort();
    size_t len = fread(text, 1, FILE_MAX, file);
    ddbs_str view = { check_guard(text, len), len };
    fclose(file);
    free(text);
    return view;
}

TEST(example_events_are_never_acknowledged_wrongly)
{
    glob_t found;
    REQUIRE(glob("tests/fixtures/a[0-9][0-9]-*/event.json", 0, NULL, &found) == 0);
    CHECK(found.gl_pathc >= 10);
    for (size_t i = 0; i < found.gl_pathc; i++)
        torture(read_file(found.gl_pathv[i]));
    globfree(&found);
}

TEST(a_batch_with_a_bad_record_is_never_acknowledged_wrongly)
{
    torture(json_text(
        EVENT(RECORD("INSERT", "1", "") "," RECORD("MODIFY", "2", ",'eventID':5") "," RECORD("REMOVE", "10", ""))));
}

TEST(a_window_is_never_acknowledged_wrongly)
{
    torture(json_text("{'shardId':'shard\\u0020A','Records':[" RECORD("INSERT", "1", "") "," RECORD(
        "INSERT", "2", "") "],'window':{'start':'2026-10-19T08:40:00Z','end':'2026-10-19T08:42:00Z'},"
                           "'state':{'count':1}}"));
}

/* More names than are compared pair by pair, more values than the tape has at first. With 31 names the tape is full
 * right when they are to be sorted. */
TEST(a_record_of_many_values_is_never_acknowledged_wrongly)
{
    for (int names = 31; names <= 100; names += 69) {
        struct parsed scratch = { .event = NULL };
        REQUIRE(ddbs_arena_new(&scratch.arena, 0) == DDBS_OK);
        ddbs_buf text = new_text(&scratch);
        ddbs_buf__text(&text,
                       "{\"Records\":[{\"eventSource\":\"aws:dynamodb\",\"dynamodb\":{\"SequenceNumber\":\"1\"}},"
                       "{\"eventSource\":\"aws:dynamodb\",\"dynamodb\":{\"SequenceNumber\":\"2\",\"NewImage\":{");
        for (int i = 0; i < names; i++)
            ddbs_buf__format(&text, names < 100 ? "%s\"%d\":{\"S\":\"%d\"}" : "%s\"%d\":{\"L\":[{\"SS\":[\"%d\"]}]}",
                             i == 0 ? "" : ",", i, i);
        ddbs_buf__text(&text, "}}}]}");
        torture((ddbs_str){ text.ptr, text.len });
        parsed_free(&scratch);
    }
}
