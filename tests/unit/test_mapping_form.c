/* test_mapping_form.c: settings and what AWS refuses, filters, on-failure records, and what is read from a record that
 * is not decoded. Tests are named after the fact that they hold (O3, O7, O8, O12, O14, O17, O19, O23). */
#include "mapping_play.h"

#include "runtime/mapping/record.h"

/* ---- Settings ---------------------------------------------------------------------------------------------------- */

/* Whether the settings are taken with this one set to `value`. */
static bool takes(const char *name, int64_t value)
{
    struct mapping_settings settings = mapping_defaults();
    const struct mapping_range *range = mapping_range(name);
    const char *key = NULL;
    if (!CHECK(range != NULL))
        return false;
    *(int64_t *)(void *)((char *)&settings + range->place) = value;
    const char *why = mapping_refusal(&settings, &key);
    CHECK(why == NULL ? key == NULL : strcmp(key, name) == 0);
    return why == NULL;
}

TEST(o12_ranges_of_the_settings)
{
    static const struct {
        const char *name;
        int64_t min, max;
    } cases[] = {
        { "BatchSize", 1, 10000 },
        { "MaximumBatchingWindowInSeconds", 0, 300 },
        { "ParallelizationFactor", 1, 10 },
        { "MaximumRetryAttempts", -1, 10000 },
        { "MaximumRecordAgeInSeconds", -1, 604800 },
        { "TumblingWindowInSeconds", 0, 900 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK(takes(cases[i].name, cases[i].min) && takes(cases[i].name, cases[i].max));
        CHECK(!takes(cases[i].name, cases[i].min - 1) && !takes(cases[i].name, cases[i].max + 1));
    }
    for (int64_t age = 0; age < 60; age += 59)
        CHECK(!takes("MaximumRecordAgeInSeconds", age));
    CHECK(takes("MaximumRecordAgeInSeconds", 60));
    CHECK(mapping_range("Queues") == NULL);
}

TEST(o12_an_age_that_is_none_is_refused_in_the_words_of_aws)
{
    struct mapping_settings settings = mapping_defaults();
    const char *key;
    settings.record_age = 59;
    CHECK_STR(mapping_refusal(&settings, &key),
              "MaximumRecordAgeInSeconds must be either -1 (forever) or between 60 and 604800 (inclusive)");
}

TEST(o12_o17_a_tumbling_window_goes_without_parallel_lanes_and_without_filters)
{
    struct mapping_settings settings = mapping_defaults();
    const char *key = NULL;
    settings.tumbling_window = 60;
    CHECK(mapping_refusal(&settings, &key) == NULL);
    settings.factor = 2;
    CHECK(mapping_refusal(&settings, &key) != NULL);
    CHECK_STR(key, "TumblingWindowInSeconds");
    settings.factor = 1;
    settings.filtered = true;
    CHECK(mapping_refusal(&settings, &key) != NULL);
    settings.tumbling_window = 0;
    settings.factor = 10;
    CHECK(mapping_refusal(&settings, &key) == NULL);
}

TEST(o17_the_defaults_are_those_of_aws_and_a_batch_over_100_needs_no_window)
{
    struct mapping_settings settings = mapping_defaults();
    const char *key;
    CHECK_INT(settings.batch_size, 100);
    CHECK_INT(settings.factor, 1);
    CHECK_INT(settings.retries, -1);
    CHECK_INT(settings.record_age, -1);
    CHECK(!settings.bisect && !settings.report_items && settings.filter == NULL);
    settings.batch_size = 101;
    CHECK(mapping_refusal(&settings, &key) == NULL);
}

TEST(o19_destinations_are_standard_queues_topics_and_buckets)
{
    static const struct {
        const char *arn;
        enum mapping_destination kind; /* MAPPING_NO_DESTINATION: refused */
    } cases[] = {
        { "arn:aws:sqs:eu-west-1:111122223333:failed", MAPPING_QUEUE },
        { "arn:aws-cn:sns:cn-north-1:111122223333:failed", MAPPING_TOPIC },
        { "arn:aws:s3:::failed", MAPPING_BUCKET },
        { "arn:aws:sqs:eu-west-1:111122223333:failed.fifo", MAPPING_NO_DESTINATION },
        { "arn:aws:sns:eu-west-1:111122223333:failed.fifo", MAPPING_NO_DESTINATION },
        { "arn:aws:lambda:eu-west-1:111122223333:function:x", MAPPING_NO_DESTINATION },
        { "arn:aws:s3x:::failed", MAPPING_NO_DESTINATION },
        { "arn:awsx:s3:::failed", MAPPING_NO_DESTINATION },
        { "", MAPPING_NO_DESTINATION },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum mapping_destination kind = MAPPING_NO_DESTINATION;
        const char *why = NULL;
        CHECK_INT(mapping_destination_of(cases[i].arn, &kind, &why), cases[i].kind != MAPPING_NO_DESTINATION);
        CHECK_INT(kind, cases[i].kind);
        CHECK((why == NULL) == (kind != MAPPING_NO_DESTINATION));
    }
}

/* ---- Filters ----------------------------------------------------------------------------------------------------- */

/* Odd records are inserts; the number is an attribute of each type that matters. */
static const char *with_images(size_t number)
{
    static char json[300];
    snprintf(json, sizeof json,
             "{\"eventName\":\"%s\",\"dynamodb\":{\"ApproximateCreationDateTime\":1.79239%zuE9,\"NewImage\":{\"a\":{"
             "\"S\":\"x%zu\"},\"q\":{\"N\":\"%zu\"}}}}",
             number % 2 == 1 ? "INSERT" : "MODIFY", number, number, number);
    return json;
}

/* The deliveries of four records through one pattern. */
static void filter(struct play *play, const char *pattern)
{
    ddbs_filter *made = NULL;
    ddbs_str text = ddbs_str_c(pattern);
    *play = (struct play){ .settings = items(10, 0, false), .records = 4, .json = with_images };
    REQUIRE(ddbs_filter_new_patterns(&made, &text, 1, NULL) == DDBS_OK);
    play->settings.filter = made;
    play->settings.filtered = true;
    run(play);
    ddbs_filter_free(made);
    play_free(play);
}

TEST(o8_filters_choose_records_before_they_are_batched)
{
    static const struct {
        const char *pattern, *trace;
    } cases[] = {
        { "{\"eventName\":[\"INSERT\"]}", "[13]" }, /* although it is not under `dynamodb` */
        { "{\"dynamodb\":{\"NewImage\":{\"a\":{\"S\":[\"x2\"]}}}}", "[2]" },
        { "{\"dynamodb\":{\"NewImage\":{\"a\":[\"x2\"]}}}", "" }, /* without the type letter nothing matches */
        { "{\"dynamodb\":{\"NewImage\":{\"q\":{\"N\":[{\"numeric\":[\">\",0]}]}}}}", "" }, /* N is a string */
        { "{\"dynamodb\":{\"ApproximateCreationDateTime\":[{\"numeric\":[\">\",1792392500]}]}}", "[34]" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct play play;
        filter(&play, cases[i].pattern);
        CHECK_STR(play.trace, cases[i].trace);
        CHECK_INT(play.state, MAPPING_ENDED);
        CHECK_INT(play.totals.polled, 4);
        CHECK_INT(play.totals.filtered, 4 - play.totals.done);
        CHECK_INT(play.checkpoint, 5); /* what is filtered out is behind the checkpoint too */
    }
}

TEST(o8_filtered_records_do_not_count_towards_the_batch_size)
{
    struct play play = { .settings = items(2, 0, false), .records = 9, .json = with_images };
    ddbs_str pattern = ddbs_str_c("{\"eventName\":[\"INSERT\"]}");
    ddbs_filter *made = NULL;
    REQUIRE(ddbs_filter_new_patterns(&made, &pattern, 1, NULL) == DDBS_OK);
    play.settings.filter = made;
    run(&play);
    CHECK_STR(play.trace, "[13] [57] [9]");
    ddbs_filter_free(made);
    play_free(&play);
}

TEST(o8_a_pattern_that_is_none_is_refused)
{
    static const char *const patterns[] = { "{}", "{\"eventName\":[]}", "{\"eventName\":\"INSERT\"}", "x" };
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        ddbs_filter *made = NULL;
        ddbs_str text = ddbs_str_c(patterns[i]);
        CHECK_STATUS(ddbs_filter_new_patterns(&made, &text, 1, NULL), DDBS_E_SYNTAX);
    }
}

/* ---- On-failure records ------------------------------------------------------------------------------------------ */

static int64_t on_the_way(size_t number)
{
    return PLAY_BEGIN + (int64_t)number * 1000 + 400;
}

#define BATCH_INFO                                                                                                     \
    "\"DDBStreamBatchInfo\":{\"shardId\":\"shardId-00000001792399000123-5b1d2c3e\",\"startSequenceNumber\":\"11\","    \
    "\"endSequenceNumber\":\"12\",\"approximateArrivalOfFirstRecord\":\"2026-10-19T08:00:02Z\","                       \
    "\"approximateArrivalOfLastRecord\":\"2026-10-19T08:00:03Z\",\"batchSize\":2,\"streamArn\":"                       \
    "\"arn:aws:dynamodb:eu-west-1:111122223333:table/Orders/stream/2026-10-19T08:35:12.417\"}}\n"

/* The last on-failure record without its request id, in `out`. */
static void without_id(const struct play *play, char *out, size_t size)
{
    static const char head[] = "{\"requestContext\":{\"requestId\":\"";
    CHECK(strncmp(play->failure.ptr, head, sizeof head - 1) == 0);
    CHECK(strncmp(play->failure.ptr + sizeof head - 1, play->before_id, strlen(play->before_id)) == 0);
    snprintf(out, size, "%s", play->failure.ptr + sizeof head - 1 + strlen(play->before_id));
}

TEST(o3_o7_the_message_to_a_queue_after_errors)
{
    struct play play = { .settings = items(3, 3, false), .records = 3, .bad = 2, .behaviour = NAMES_BAD };
    char text[1000];
    play.created = on_the_way;
    play.settings.retries = 0;
    run(&play);
    without_id(&play, text, sizeof text);
    CHECK_STR(text, "\",\"functionArn\":\"arn:aws:lambda:eu-west-1:111122223333:function:orders-consumer:$LATEST\","
                    "\"condition\":\"RetryAttemptsExhausted\",\"approximateInvokeCount\":1},"
                    "\"responseContext\":{\"statusCode\":200,\"executedVersion\":\"$LATEST\",\"functionError\":null},"
                    "\"version\":\"1.0\",\"timestamp\":\"2026-10-19T08:00:00.000Z\"," BATCH_INFO);
    play_free(&play);
    struct play error = { .settings = items(3, 3, false), .records = 3, .behaviour = ALWAYS_THROWS };
    run(&error);
    CHECK(strstr(error.failure.ptr, "\"approximateInvokeCount\":4},\"responseContext\":{\"statusCode\":200,"
                                    "\"executedVersion\":\"$LATEST\",\"functionError\":\"Unhandled\"}") != NULL);
    CHECK(strstr(error.failure.ptr, "\"timestamp\":\"2026-10-19T08:00:01.400Z\"") != NULL);
    play_free(&error);
}

TEST(o19_an_object_in_a_bucket_has_the_event_as_text)
{
    struct play play = { .settings = items(3, 0, false), .records = 2, .behaviour = ALWAYS_THROWS };
    play.settings.destination = MAPPING_BUCKET;
    run(&play);
    CHECK(strstr(play.failure.ptr,
                 "\"version\":\"1.0\",\"payload\":\"{\\\"Records\\\":[{\\\"n\\\":1},{\\\"n\\\":2}]}\","
                 "\"timestamp\":") != NULL);
    CHECK_STR(play.event.ptr, "{\"Records\":[{\"n\":1},{\"n\":2}]}");
    play_free(&play);
}

TEST(o7_the_key_of_an_object_in_a_bucket)
{
    char key[MAPPING_KEY_SIZE];
    mapping_failure_key(key, "0b7e1c52-51a7-4c0f-b3f4-2f1a7e6d5c4b", ddbs_str_c("shardId-1"), PLAY_BEGIN + 3725123,
                        "9c4b6d8e-51a7-4c0f-b3f4-2f1a7e6d5c4b");
    CHECK_STR(key, "aws/lambda/0b7e1c52-51a7-4c0f-b3f4-2f1a7e6d5c4b/shardId-1/2026/10/19/"
                   "2026-10-19T09.02.05-9c4b6d8e-51a7-4c0f-b3f4-2f1a7e6d5c4b");
}

TEST(a_version_is_named_and_an_alias_counts_as_the_latest)
{
    static const char *const cases[][2] = { { "arn:aws:lambda:eu-west-1:111122223333:function:f:7", "\"7\"" },
                                            { "arn:aws:lambda:eu-west-1:111122223333:function:f:live", "\"$LATEST\"" },
                                            { "f", "\"$LATEST\"" } };
    for (size_t i = 0; i < 3; i++) {
        struct mapping_settings settings = items(1, 0, false);
        struct mapping_delivery delivery = { .shard_id = { "s", 1 } };
        struct mapping_discard discard = { .delivery = &delivery, .responded = true, .invokes = 1 };
        ddbs_buf out = { .ptr = NULL };
        char want[100];
        settings.function_arn = cases[i][0];
        settings.stream_arn = "";
        mapping_failure(&out, &settings, &discard);
        snprintf(want, sizeof want, "\"executedVersion\":%s", cases[i][1]);
        CHECK(strstr(out.ptr, want) != NULL);
        ddbs_buf_free(&out);
    }
}

TEST(o14_request_ids_are_uuids_that_differ_and_follow_from_the_seed)
{
    char first[2][1000];
    for (size_t game = 0; game < 3; game++) {
        struct play play = { .settings = items(1, 0, false), .records = 3 };
        play.settings.seed = game < 2 ? 7 : 8;
        run(&play);
        CHECK_INT(strlen(play.before_id), 36);
        CHECK(play.before_id[14] == '4' && strchr("89ab", play.before_id[19]) != NULL);
        if (game == 0)
            snprintf(first[0], sizeof first[0], "%s", play.before_id);
        CHECK((strcmp(first[0], play.before_id) == 0) == (game < 2));
        CHECK_STR(play.waits, "0 0 0");
        play_free(&play);
    }
}

/* ---- Records that are not decoded -------------------------------------------------------------------------------- */

static int64_t created(const char *time)
{
    char json[300];
    snprintf(json, sizeof json, "{\"a\":[{}],\"dynamodb\":{\"Keys\":{},\"ApproximateCreationDateTime\":%s}}", time);
    return mapping_record_created((ddbs_str){ check_guard(json, strlen(json)), strlen(json) });
}

TEST(o23_times_are_doubles_and_every_form_of_them_is_read)
{
    CHECK_INT(created("1.789651658E9"), 1789651658000);
    CHECK_INT(created("1792399200"), 1792399200000);
    CHECK_INT(created("1792399200.123"), 1792399200123);
    CHECK_INT(created("\"1678831218.0\""), 1678831218000);
    CHECK_INT(created("0"), 0);
    static const char *const none[] = { "-1", "1e40", "null", "\"x\"", "{}", "253402300801", "", "1792399200." };
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        CHECK(created(none[i]) == MAPPING_NO_TIME);
    CHECK(mapping_record_created(ddbs_str_c("{}")) == MAPPING_NO_TIME);
    CHECK(mapping_record_created(ddbs_str_c("{\"dynamodb\":7}")) == MAPPING_NO_TIME);
    CHECK(mapping_record_created(ddbs_str_c("")) == MAPPING_NO_TIME);
}

static uint64_t key(const char *keys, const char *name)
{
    char json[400];
    snprintf(json, sizeof json, "{\"dynamodb\":{\"SizeBytes\":3,\"Keys\":%s}}", keys);
    return mapping_record_key(ddbs_str_c(json), name == NULL ? (ddbs_str){ NULL, 0 } : ddbs_str_c(name));
}

TEST(equal_keys_hash_alike_however_they_are_written)
{
    uint64_t plain = key("{\"a\":{\"S\":\"x y\"},\"b\":{\"N\":\"1\"}}", "a");
    CHECK(plain != 0);
    CHECK(key("{\"b\":{\"N\":\"2\"}, \"a\" : { \"S\" : \"x\\u0020y\" } }", "a") == plain);
    CHECK(key("{\"a\":{\"S\":\"xy\"}}", "a") != plain);
    CHECK(key("{\"a\":{\"B\":\"x y\"}}", "a") != plain);
    CHECK(key("{\"a\":{\"S\":\"x y\"},\"b\":{\"N\":\"1\"}}", NULL) != plain);
    CHECK(key("{\"c\":{\"S\":\"x y\"}}", "a") == key("{\"c\":{\"S\":\"x y\"}}", NULL));
    CHECK(key("{\"a\":{\"Q\":1}}", "a") != 0); /* it does not decode */
    CHECK(mapping_record_key(ddbs_str_c("{\"dynamodb\":{}}"), (ddbs_str){ NULL, 0 }) == 0);
    CHECK(mapping_record_key(ddbs_str_c("{\"dynamodb\":{\"Keys\":{\"a\":"), (ddbs_str){ NULL, 0 }) == 0);
}

TEST(keys_spread_over_all_lanes)
{
    size_t hits[MAPPING_FACTOR_MAX] = { 0 };
    for (size_t i = 0; i < 1000; i++) {
        char keys[60];
        snprintf(keys, sizeof keys, "{\"a\":{\"S\":\"order-%zu\"}}", i);
        hits[key(keys, "a") % MAPPING_FACTOR_MAX]++;
    }
    for (size_t i = 0; i < MAPPING_FACTOR_MAX; i++)
        CHECK(hits[i] > 50 && hits[i] < 150);
}

TEST(the_first_key_is_the_one_that_stands_first)
{
    CHECK_VIEW(mapping_record_first_key(ddbs_str_c("{\"dynamodb\":{\"Keys\": {\"b\":{},\"a\":{}}}}")), "b");
    CHECK(mapping_record_first_key(ddbs_str_c("{\"dynamodb\":{\"Keys\":{}}}")).ptr == NULL);
    CHECK(mapping_record_first_key(ddbs_str_c("{\"dynamodb\":{\"Keys\":7}}")).ptr == NULL);
    CHECK(mapping_record_first_key(ddbs_str_c("{\"dynamodb\":{\"Keys\":{\"\\u0061\":1}}}")).ptr == NULL);
}
