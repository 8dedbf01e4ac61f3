/* test_aws_writer_requests.c: which entries become one request, where the service makes a difference: transactions,
 * and documents with versions. */
#include "events.h"
#include "runtime/aws/writer.h"

#include <stdio.h>

enum { BODIES_MAX = 8 };

static struct {
    char bodies[BODIES_MAX][1024];
    size_t requests;
    const char *reply;
    ddbs_aws *aws;
    ddbs_writer *writer;
    const uint64_t *versions; /* of each record's document; 0: none */
    ddbs_outcome outcome;
} play;

static void exchange(void *self, ddbs_aws_exchange *const *exchanges, size_t count)
{
    (void)self;
    for (size_t i = 0; i < count; i++) {
        ddbs_aws_exchange *one = exchanges[i];
        if (play.requests < BODIES_MAX)
            snprintf(play.bodies[play.requests], sizeof play.bodies[0], "%.*s", (int)one->body.len,
                     (const char *)one->body.ptr);
        play.requests++;
        one->status = 200;
        ddbs_buf__text(&one->reply, play.reply);
    }
}

static void begin(void)
{
    ddbs_error error;
    ddbs_aws_options options = { .region = "eu-west-1", .transport = exchange, .attempts = 1 };
    memset(&play, 0, sizeof play);
    play.reply = "{}";
    setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    if (ddbs_aws__make(&play.aws, &options, &error) != DDBS_OK)
        abort();
}

static void end(void)
{
    ddbs_writer_free(play.writer);
    ddbs_aws_free(play.aws);
}

static ddbs_status flush(ddbs_ctx *ctx)
{
    return ddbs_writer_flush(play.writer, ctx);
}

static ddbs_status run(ddbs_record_fn *callback, const char *event)
{
    ddbs_consumer consumer = { .on_any = callback, .on_batch_end = flush };
    struct parsed parsed = parse(event);
    if (parsed.event == NULL)
        abort();
    ddbs_status status = ddbs_process(parsed.event, &consumer, NULL, parsed.arena, &play.outcome);
    parsed_free(&parsed);
    return status;
}

#define ONE   RECORD("INSERT", "1", "")
#define TWO   RECORD("INSERT", "2", "")
#define THREE RECORD("INSERT", "3", "")

static ddbs_status put_actions(ddbs_ctx *ctx, const ddbs_record *rec)
{
    (void)rec;
    DDBS_TRY(ddbs_transact_put(play.writer, ctx, ddbs_str_c("{\"Put\":1}")));
    return ddbs_transact_put(play.writer, ctx, ddbs_str_c("{\"Delete\":2}"));
}

TEST(the_actions_of_a_record_are_one_transaction_whatever_the_tuning_is)
{
    static const ddbs_writer_tuning tunings[] = {
        { .attempts = 0 }, { .request_entries = 1 }, { .strict_order = true }, { .parallel = 8, .strict_order = true }
    };
    for (size_t i = 0; i < sizeof tunings / sizeof *tunings; i++) {
        ddbs_error error;
        begin();
        ddbs_transact_options options = { .aws = play.aws, .tuning = tunings[i] };
        REQUIRE(ddbs_transact_new(&play.writer, &options, &error) == DDBS_OK);
        CHECK_STATUS(run(put_actions, EVENT(ONE "," TWO)), DDBS_OK);
        CHECK_INT(play.requests, 2);
        CHECK(strstr(play.bodies[0], "\"TransactItems\":[{\"Put\":1},{\"Delete\":2}]") != NULL);
        CHECK(strstr(play.bodies[1], "\"TransactItems\":[{\"Put\":1},{\"Delete\":2}]") != NULL);
        end();
    }
}

static ddbs_status put_one(ddbs_ctx *ctx, const ddbs_record *rec)
{
    (void)rec;
    return ddbs_transact_put(play.writer, ctx, ddbs_str_c("{\"Put\":1}"));
}

static ddbs_status put_total(ddbs_ctx *ctx)
{
    DDBS_TRY(ddbs_transact_put(play.writer, ctx, ddbs_str_c("{\"Put\":1}")));
    return flush(ctx);
}

#define FINAL(start, end, state)                                                                                       \
    "{'Records':[],'shardId':'s','eventSourceARN':'arn:aws:dynamodb:eu-west-1:1:table/T/stream/x',"                    \
    "'window':{'start':'" start "','end':'" end "'},'state':" state                                                    \
    ",'isFinalInvokeForWindow':true,'isWindowTerminatedEarly':false}"

/* DynamoDB takes a token that it knows for a repetition, and does nothing. */
TEST(a_token_is_of_one_window_or_of_one_record)
{
    static const char *const events[] = {
        FINAL("08:00", "08:01", "{'n':5}"),
        FINAL("08:01", "08:02", "{'n':5}"),
        FINAL("08:01", "08:02", "{'n':6}"),
        FINAL("08:00", "08:01", "{'n':5}"),
        EVENT(ONE),
    };
    ddbs_error error;
    begin();
    ddbs_transact_options options = { .aws = play.aws };
    REQUIRE(ddbs_transact_new(&play.writer, &options, &error) == DDBS_OK);
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        ddbs_consumer consumer = { .on_any = put_one, .on_batch_end = put_total, .on_window = put_total };
        struct parsed parsed = parse(events[i]);
        REQUIRE(parsed.event != NULL);
        CHECK_STATUS(ddbs_process(parsed.event, &consumer, NULL, parsed.arena, &play.outcome), DDBS_OK);
        parsed_free(&parsed);
    }
    REQUIRE(play.requests == 6);
    for (size_t i = 0; i < 6; i++) {
        for (size_t k = 0; k < i; k++)
            CHECK((strcmp(play.bodies[i], play.bodies[k]) == 0) == (i == 3 && k == 0));
    }
    end();
}

static ddbs_status put_document(ddbs_ctx *ctx, const ddbs_record *rec)
{
    char text[32];
    snprintf(text, sizeof text, "{\"n\":%zu}", rec->index);
    return ddbs_opensearch_put(play.writer, ctx, ddbs_str_c("d"), ddbs_str_c(text), play.versions[rec->index]);
}

/* Which records' documents are in a request: "02". */
static const char *documents_in(const char *body)
{
    static char found[4];
    size_t used = 0;
    for (size_t i = 0; i < 3; i++) {
        char text[32];
        snprintf(text, sizeof text, "{\"n\":%zu}", i);
        if (strstr(body, text) != NULL)
            found[used++] = (char)('0' + i);
    }
    found[used] = '\0';
    return found;
}

/* Records of the Kinesis feed can come late: the one with the highest version is what must be there in the end. */
TEST(a_document_is_not_left_out_for_an_older_one)
{
    static const struct {
        uint64_t versions[3];
        const char *sent;
    } cases[] = {
        { { 0, 0, 0 }, "2" },   { { 1, 2, 3 }, "2" },  { { 2, 2, 2 }, "2" },
        { { 3, 2, 1 }, "012" }, { { 1, 3, 2 }, "12" }, { { 2, 1, 3 }, "2" },
        { { 3, 1, 2 }, "02" },  { { 5, 0, 0 }, "02" }, { { 0, 0, 5 }, "2" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ddbs_error error;
        begin();
        ddbs_opensearch_options options = { .aws = play.aws, .endpoint = "https://d.example.com", .index = "i" };
        REQUIRE(ddbs_opensearch_new(&play.writer, &options, &error) == DDBS_OK);
        play.versions = cases[i].versions;
        size_t count = strlen(cases[i].sent);
        play.reply = count == 1   ? "{\"items\":[{\"index\":{\"status\":200}}]}"
                     : count == 2 ? "{\"items\":[{\"index\":{\"status\":200}},{\"index\":{\"status\":409}}]}"
                                  : "{\"items\":[{\"index\":{\"status\":200}},{\"index\":{\"status\":409}},"
                                    "{\"index\":{\"status\":409}}]}";
        CHECK_STATUS(run(put_document, EVENT(ONE "," TWO "," THREE)), DDBS_OK);
        CHECK_INT(play.requests, 1);
        CHECK_STR(documents_in(play.bodies[0]), cases[i].sent);
        CHECK_INT(play.outcome.checkpoint, 3);
        CHECK_INT(ddbs_writer_count(play.writer).stored, 3);
        end();
    }
}

/* An entry that is waiting for one that is refused is not stored. */
TEST(what_an_overwriting_document_was_refused_for_is_open)
{
    static const uint64_t versions[] = { 1, 3, 2 };
    ddbs_error error;
    begin();
    ddbs_opensearch_options options = { .aws = play.aws, .endpoint = "https://d.example.com", .index = "i" };
    REQUIRE(ddbs_opensearch_new(&play.writer, &options, &error) == DDBS_OK);
    play.versions = versions;
    play.reply = "{\"items\":[{\"index\":{\"status\":400}},{\"index\":{\"status\":200}}]}";
    CHECK_STATUS(run(put_document, EVENT(ONE "," TWO "," THREE)), DDBS_E_HANDLER);
    CHECK_INT(play.outcome.checkpoint, 0);
    end();
}
