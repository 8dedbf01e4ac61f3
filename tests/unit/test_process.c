/* test_process.c: a batch through the callbacks: order, the first failure, what each status means, what a failure says,
 * and that nothing is called for an event that is refused. */
#include "tests/unit/events.h"

#include <stdio.h>

/* What the callbacks saw: a letter and the index for each call, "i0 m1 r2". */
struct log {
    char text[400];
    size_t fail_at; /* index at which `status` is returned; others return DDBS_OK */
    ddbs_status status;
    size_t poison_index;
    ddbs_error poison_error;
    ddbs_str poison_sequence, poison_raw;
};

static ddbs_status note(ddbs_ctx *ctx, char letter, size_t index)
{
    struct log *log = ddbs_ctx_user(ctx);
    size_t used = strlen(log->text);
    snprintf(log->text + used, sizeof log->text - used, "%s%c%zu", used == 0 ? "" : " ", letter, index);
    return index == log->fail_at ? log->status : DDBS_OK;
}

static ddbs_status insert(ddbs_ctx *ctx, const ddbs_record *rec)
{
    return note(ctx, 'i', rec->index);
}

static ddbs_status modify(ddbs_ctx *ctx, const ddbs_record *rec)
{
    return note(ctx, 'm', rec->index);
}

static ddbs_status removed(ddbs_ctx *ctx, const ddbs_record *rec)
{
    return note(ctx, 'r', rec->index);
}

static ddbs_status expired(ddbs_ctx *ctx, const ddbs_record *rec)
{
    return note(ctx, 'e', rec->index);
}

static ddbs_status any(ddbs_ctx *ctx, const ddbs_record *rec)
{
    return note(ctx, 'a', rec->index);
}

static ddbs_status poisoned(ddbs_ctx *ctx, const ddbs_poison *poison)
{
    struct log *log = ddbs_ctx_user(ctx);
    log->poison_index = poison->index;
    log->poison_error = *poison->error;
    log->poison_sequence = poison->sequence_number;
    log->poison_raw = poison->raw;
    return note(ctx, 'p', poison->index);
}

static struct log new_log(size_t fail_at, ddbs_status status)
{
    return (struct log){ .fail_at = fail_at, .status = status };
}

static ddbs_outcome process(struct parsed *p, ddbs_consumer consumer, struct log *log)
{
    ddbs_outcome outcome;
    consumer.user = log;
    p->status = ddbs_process(p->event, &consumer, NULL, p->arena, &outcome);
    return outcome;
}

#define EXPIRY      ",'userIdentity':{'type':'Service','principalId':'dynamodb.amazonaws.com'}"
#define BAD(number) RECORD("INSERT", number, ",'eventID':5")
#define FIVE                                                                                                           \
    EVENT(RECORD("INSERT", "1", "") "," RECORD("MODIFY", "2", "") "," RECORD("REMOVE", "3", "") "," RECORD(            \
        "REMOVE", "4", EXPIRY) "," RECORD("NEWNAME", "5", ""))
#define WITH_BAD EVENT(RECORD("INSERT", "1", "") "," BAD("2") "," RECORD("INSERT", "3", ""))

#define ALL                                                                                                            \
    {                                                                                                                  \
        .on_insert = insert, .on_modify = modify, .on_remove = removed, .on_expire = expired, .on_any = any,           \
    }

static const struct {
    ddbs_consumer consumer;
    const char *calls;
    size_t done, ignored, checkpoint;
} routes[] = {
    { ALL, "i0 m1 r2 e3 a4", 5, 0, 5 },
    { { .on_insert = insert, .on_modify = modify, .on_remove = removed, .on_any = any }, "i0 m1 r2 r3 a4", 5, 0, 5 },
    { { .on_any = any }, "a0 a1 a2 a3 a4", 5, 0, 5 },
    { { .on_remove = removed, .on_any = any }, "a0 a1 r2 r3 a4", 5, 0, 5 },
    { { .on_expire = expired, .on_any = any }, "a0 a1 a2 e3 a4", 5, 0, 5 },
    /* without on_any the unknown name fails; a known one without callback is ignored */
    { { .on_insert = insert }, "i0", 1, 3, 4 },
    { { .on_expire = expired }, "e3", 1, 3, 4 },
    { { .on_remove = removed }, "r2 r3", 2, 2, 4 },
    { { .on_poison = poisoned }, "", 0, 4, 4 },
};

TEST(each_operation_goes_to_its_callback_in_order)
{
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        struct log log = new_log(SIZE_MAX, DDBS_OK);
        struct parsed p = parse(FIVE);
        ddbs_outcome outcome = process(&p, routes[i].consumer, &log);
        CHECK_STR(log.text, routes[i].calls);
        CHECK_INT(outcome.records, 5);
        CHECK_INT(outcome.done, routes[i].done);
        CHECK_INT(outcome.ignored, routes[i].ignored);
        CHECK_INT(outcome.skipped + outcome.poison, 0);
        CHECK_INT(outcome.checkpoint, routes[i].checkpoint);
        CHECK_STATUS(p.status, routes[i].checkpoint == 5 ? DDBS_OK : DDBS_E_OPERATION);
        CHECK_STATUS(outcome.error.status, p.status);
        CHECK(!outcome.undecodable);
        parsed_free(&p);
    }
}

TEST(a_batch_without_records_is_done)
{
    struct log log = new_log(SIZE_MAX, DDBS_OK);
    struct parsed p = parse("{'Records':[]}");
    ddbs_outcome outcome = process(&p, (ddbs_consumer)ALL, &log);
    CHECK_STATUS(p.status, DDBS_OK);
    CHECK(outcome.records == 0 && outcome.checkpoint == 0 && outcome.failing.ptr == NULL);
    CHECK_STR(log.text, "");
    parsed_free(&p);
}

TEST(the_first_failure_stops_the_batch_whatever_its_status)
{
    static const char *const calls[] = { "i0", "i0 m1", "i0 m1 r2", "i0 m1 r2 e3", "i0 m1 r2 e3 a4" };
    for (size_t at = 0; at < 5; at++) {
        for (int status = DDBS_E_MISSING; status <= DDBS_E_TIME + 1; status++) {
            char sequence[2] = { (char)('1' + at), '\0' };
            struct log log = new_log(at, (ddbs_status)status);
            struct parsed p = parse(FIVE);
            ddbs_outcome outcome = process(&p, (ddbs_consumer)ALL, &log);
            CHECK_STATUS(p.status, (ddbs_status)status);
            CHECK_STATUS(outcome.error.status, (ddbs_status)status);
            CHECK_STR(log.text, calls[at]);
            CHECK(outcome.done == at && outcome.checkpoint == at && outcome.error.record == at);
            CHECK_VIEW(outcome.failing, sequence);
            CHECK(strstr(outcome.error.reason, ddbs_status_name((ddbs_status)status)) != NULL);
            CHECK(!outcome.undecodable);
            parsed_free(&p);
        }
    }
}

TEST(a_skipped_record_counts_and_the_batch_goes_on)
{
    for (size_t at = 0; at < 5; at++) {
        struct log log = new_log(at, DDBS_SKIP);
        struct parsed p = parse(FIVE);
        ddbs_outcome outcome = process(&p, (ddbs_consumer)ALL, &log);
        CHECK_STATUS(p.status, DDBS_OK);
        CHECK_STR(log.text, "i0 m1 r2 e3 a4");
        CHECK(outcome.skipped == 1 && outcome.done == 4 && outcome.checkpoint == 5);
        CHECK_STATUS(outcome.error.status, DDBS_OK);
        CHECK(outcome.failing.ptr == NULL);
        parsed_free(&p);
    }
}

TEST(an_error_inside_record_7_of_10_leaves_the_first_seven_done)
{
    for (int poison = 0; poison < 2; poison++) {
        struct parsed scratch = { .event = NULL };
        REQUIRE(ddbs_arena_new(&scratch.arena, 0) == DDBS_OK);
        ddbs_buf text = new_text(&scratch);
        for (int i = 0; i < 10; i++)
            ddbs_buf__format(&text,
                             "%s{\"eventName\":\"INSERT\",\"eventSource\":\"aws:dynamodb\",\"dynamodb\":"
                             "{\"SequenceNumber\":\"10%d\"%s}}",
                             i == 0 ? "{\"Records\":[" : ",", i, i == 7 && poison ? ",\"Keys\":{\"k\":{}}" : "");
        ddbs_buf__text(&text, "]}");
        struct log log = new_log(poison ? SIZE_MAX : 7, DDBS_E_HANDLER);
        struct parsed p = parse_bytes(text.ptr, text.len, NULL);
        ddbs_outcome outcome = process(&p, (ddbs_consumer)ALL, &log);
        CHECK_STR(log.text, poison ? "i0 i1 i2 i3 i4 i5 i6" : "i0 i1 i2 i3 i4 i5 i6 i7");
        CHECK(outcome.done == 7 && outcome.checkpoint == 7 && outcome.records == 10 && outcome.error.record == 7);
        CHECK_VIEW(outcome.failing, "107");
        CHECK(outcome.undecodable == (poison == 1));
        CHECK_STR(outcome.error.path, poison ? "Records[7].dynamodb.Keys.k" : "");
        parsed_free(&p);
        parsed_free(&scratch);
    }
}

/* ---- Poison ---- */

TEST(poison_without_a_callback_fails_its_record)
{
    struct log log = new_log(SIZE_MAX, DDBS_OK);
    struct parsed p = parse(WITH_BAD);
    ddbs_outcome outcome = process(&p, (ddbs_consumer)ALL, &log);
    CHECK_STATUS(p.status, DDBS_E_SYNTAX);
    CHECK_STR(log.text, "i0");
    CHECK(outcome.undecodable && outcome.checkpoint == 1 && outcome.done == 1 && outcome.poison == 0);
    CHECK_STR(outcome.error.path, "Records[1].eventID");
    CHECK_VIEW(outcome.failing, "2");
    parsed_free(&p);
}

TEST(poison_that_is_taken_counts_and_the_batch_goes_on)
{
    for (int skip = 0; skip < 2; skip++) {
        struct log log = new_log(1, skip ? DDBS_SKIP : DDBS_OK);
        struct parsed p = parse(WITH_BAD);
        ddbs_consumer consumer = ALL;
        consumer.on_poison = poisoned;
        ddbs_outcome outcome = process(&p, consumer, &log);
        CHECK_STATUS(p.status, DDBS_OK);
        CHECK_STR(log.text, "i0 p1 i2");
        CHECK(outcome.poison == 1 && outcome.done == 2 && outcome.skipped == 0 && outcome.checkpoint == 3);
        CHECK(!outcome.undecodable);
        parsed_free(&p);
    }
}

TEST(poison_tells_all_that_the_event_tells)
{
    struct log log = new_log(SIZE_MAX, DDBS_OK);
    struct parsed p = parse(WITH_BAD);
    ddbs_consumer consumer = { .on_any = any, .on_poison = poisoned };
    process(&p, consumer, &log);
    ddbs_str raw = ddbs_event_raw(p.event, 1);
    CHECK_INT(log.poison_index, 1);
    CHECK_VIEW(log.poison_sequence, "2");
    CHECK(log.poison_raw.ptr == raw.ptr && log.poison_raw.len == raw.len);
    CHECK_STATUS(log.poison_error.status, DDBS_E_SYNTAX);
    CHECK_STR(log.poison_error.path, "Records[1].eventID");
    CHECK(log.poison_error.reason[0] != '\0' && log.poison_error.record == 1);
    parsed_free(&p);
}

TEST(poison_that_is_refused_stops_the_batch)
{
    struct log log = new_log(1, DDBS_E_HANDLER);
    struct parsed p = parse(WITH_BAD);
    ddbs_consumer consumer = ALL;
    consumer.on_poison = poisoned;
    ddbs_outcome outcome = process(&p, consumer, &log);
    CHECK_STATUS(p.status, DDBS_E_HANDLER);
    CHECK_STR(log.text, "i0 p1");
    CHECK(outcome.poison == 0 && outcome.done == 1 && outcome.checkpoint == 1 && outcome.error.record == 1);
    CHECK_VIEW(outcome.failing, "2");
    parsed_free(&p);
}

static ddbs_status pass_on(ddbs_ctx *ctx, const ddbs_poison *poison)
{
    (void)ctx;
    return poison->error->status;
}

TEST(poison_that_is_refused_keeps_what_the_decoder_said)
{
    struct log log = new_log(SIZE_MAX, DDBS_OK);
    struct parsed p = parse(WITH_BAD);
    ddbs_consumer consumer = ALL;
    ddbs_outcome without = process(&p, consumer, &log);
    consumer.on_poison = pass_on;
    ddbs_outcome with = process(&p, consumer, &log);
    CHECK(with.undecodable && without.undecodable && with.error.status == without.error.status);
    CHECK_STR(with.error.path, without.error.path);
    CHECK_STR(with.error.reason, without.error.reason);
    parsed_free(&p);
}

TEST(a_record_without_memory_is_no_poison)
{
    struct log log = new_log(SIZE_MAX, DDBS_OK);
    struct parsed p = parse(EVENT(RECORD("INSERT", "1", "") "," RECORD("INSERT", "2", "")));
    ddbs_consumer consumer = { .on_any = any, .on_poison = poisoned, .user = &log };
    ddbs_arena *tiny = NULL;
    ddbs_outcome outcome;
    REQUIRE(p.event != NULL && ddbs_arena_new(&tiny, 256) == DDBS_OK);
    CHECK_STATUS(ddbs_process(p.event, &consumer, NULL, tiny, &outcome), DDBS_E_MEMORY);
    CHECK_STR(log.text, "");
    CHECK(outcome.checkpoint == 0 && !outcome.undecodable && outcome.poison == 0);
    CHECK_STATUS(outcome.error.status, DDBS_E_MEMORY);
    ddbs_arena_free(tiny);
    parsed_free(&p);
}

/* ---- Events that are refused ---- */

static size_t calls;

static ddbs_status count_call(ddbs_ctx *ctx, const ddbs_record *rec)
{
    (void)ctx;
    (void)rec;
    calls++;
    return DDBS_OK;
}

static ddbs_status count_poison(ddbs_ctx *ctx, const ddbs_poison *poison)
{
    (void)ctx;
    (void)poison;
    calls++;
    return DDBS_OK;
}

/* Parse and, if it is accepted, process. */
static ddbs_status deliver(const char *text, size_t len)
{
    ddbs_consumer consumer = { .on_any = count_call, .on_poison = count_poison };
    struct parsed p = parse_bytes(text, len, NULL);
    ddbs_status status = p.status;
    ddbs_outcome outcome;
    calls = 0;
    if (p.event != NULL)
        status = ddbs_process(p.event, &consumer, NULL, p.arena, &outcome);
    parsed_free(&p);
    return status;
}

static const char sample[] =
    "{'Records':[{'eventName':'INSERT'," SOURCE ",'dynamodb':{'Keys':{'k\xc3\xa9':{'S':'a\\n\\u00e9'}},"
    "'SequenceNumber':'1','SizeBytes':5}},{'eventName':'REMOVE'," SOURCE ",'dynamodb':{'SequenceNumber':'2'}}],"
    "'window':{'start':'a','end':'b'},'state':{'n':[1.5e3,null]},'isFinalInvokeForWindow':false,'x':''}";

TEST(an_event_that_is_cut_anywhere_calls_nothing)
{
    ddbs_str text = json_text(sample);
    CHECK(deliver(text.ptr, text.len) == DDBS_OK && calls == 2);
    char *room = check_guard(text.ptr, text.len);
    for (size_t len = 0; len < text.len; len++) {
        /* Each cut ends at the guard page. */
        memmove(room + text.len - len, text.ptr, len);
        ddbs_status status = deliver(room + text.len - len, len);
        if (!CHECK(status != DDBS_OK && calls == 0))
            CHECK_INT(len, -1);
    }
}

TEST(a_byte_that_is_not_utf8_calls_nothing_wherever_it_stands)
{
    static const unsigned char wrong[] = { 0x80, 0xc0, 0xe2, 0xf4, 0xff };
    ddbs_str text = json_text(sample);
    char changed[1000], longer[1001];
    REQUIRE(text.len < sizeof changed);
    for (size_t at = 0; at <= text.len; at++) {
        for (size_t i = 0; i < sizeof wrong; i++) {
            memcpy(longer, text.ptr, at);
            longer[at] = (char)wrong[i];
            memcpy(longer + at + 1, text.ptr + at, text.len - at);
            /* A continuation byte behind a sequence, or a lead in front of one, is wrong all the same. */
            CHECK(deliver(longer, text.len + 1) != DDBS_OK && calls == 0);
            memcpy(changed, text.ptr, text.len);
            changed[at == text.len ? 0 : at] = (char)wrong[i];
            if ((unsigned char)text.ptr[at == text.len ? 0 : at] < 0x80)
                CHECK(deliver(changed, text.len) != DDBS_OK && calls == 0);
        }
    }
}

TEST(an_error_in_the_envelope_calls_nothing)
{
    static const char *const events[] = {
        EVENT(RECORD("INSERT", "1", "")) "x",
        "{'Records':[" RECORD("INSERT", "1", "") "],'Records':[]}",
        "{'Records':[" RECORD("INSERT", "1", "") "],'a':tru}",
        "{'a':01,'Records':[" RECORD("INSERT", "1", "") "]}",
        EVENT(RECORD("INSERT", "1", "") "," RECORD("INSERT", "", "")),
        EVENT(RECORD("INSERT", "1", "") "," RECORD("INSERT", "2", ",'x':[}")),
        EVENT(RECORD("INSERT", "1", "") ",5"),
    };
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        ddbs_str text = json_text(events[i]);
        if (!CHECK(deliver(text.ptr, text.len) != DDBS_OK && calls == 0))
            CHECK_STR(events[i], "(refused)");
    }
}

TEST(one_record_at_a_time_is_in_memory)
{
    struct parsed scratch = { .event = NULL };
    REQUIRE(ddbs_arena_new(&scratch.arena, 0) == DDBS_OK);
    ddbs_buf text = new_text(&scratch);
    for (int i = 1; i <= 2000; i++)
        ddbs_buf__format(&text,
                         "%s{\"eventSource\":\"aws:dynamodb\",\"dynamodb\":{\"SequenceNumber\":\"%d\","
                         "\"NewImage\":{\"text\":{\"S\":\"%0100d\"}}}}",
                         i == 1 ? "{\"Records\":[" : ",", i, i);
    ddbs_buf__text(&text, "]}");
    struct parsed p = parse_bytes(text.ptr, text.len, NULL);
    ddbs_consumer consumer = { .on_any = count_call };
    ddbs_arena *records = NULL;
    ddbs_outcome outcome;
    calls = 0;
    REQUIRE(p.event != NULL && ddbs_arena_new(&records, 64 * 1024) == DDBS_OK);
    CHECK_STATUS(ddbs_process(p.event, &consumer, NULL, records, &outcome), DDBS_OK);
    CHECK_INT(calls, 2000);
    ddbs_arena_free(records);
    parsed_free(&p);
    parsed_free(&scratch);
}
