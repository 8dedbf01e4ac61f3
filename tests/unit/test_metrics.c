/* test_metrics.c: lines of CloudWatch's embedded metric format. write() is replaced by the one here. */
#include "check.h"
#include "lib/json.h"
#include "runtime/lambda/log.h"
#include "runtime/lambda/metrics.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { LINES_MAX = 64, LINE_MAX_HERE = 8192 };

static char lines[LINES_MAX][LINE_MAX_HERE];
static size_t count;
static void (*during_write)(void);

ssize_t write(int fd, const void *bytes, size_t len)
{
    if (fd != STDERR_FILENO || count == LINES_MAX || len >= LINE_MAX_HERE) {
        errno = EBADF;
        return -1;
    }
    if (during_write != NULL)
        during_write();
    memcpy(lines[count], bytes, len);
    lines[count++][len] = '\0';
    return (ssize_t)len;
}

static const ddbs_str request = { "r-1", 3 };

static void open_with(const ddbs_metrics_options *options)
{
    ddbs_error error;
    ddbs_log__open();
    CHECK_STATUS(ddbs_metrics__open(options, &error), DDBS_OK);
    count = 0;
}

/* As in Lambda, with text logs. */
static void open_mode(ddbs_metrics_mode mode)
{
    unsetenv("AWS_LAMBDA_LOG_FORMAT");
    unsetenv("AWS_LAMBDA_LOG_LEVEL");
    setenv("AWS_LAMBDA_FUNCTION_NAME", "orders", 1);
    open_with(&(ddbs_metrics_options){ .mode = mode });
}

/* One line, one write, one JSON object. */
static void check_lines(const char *where)
{
    for (size_t i = 0; i < count; i++) {
        struct json json = { .text = lines[i], .len = strlen(lines[i]), .pairs = true };
        check_true(strchr(lines[i], '\n') == lines[i] + json.len - 1, "one line", where);
        check_true(ddbs_json__peek(&json) == '{' && ddbs_json__skip(&json, 0), "JSON", where);
        check_true(json.at == json.len - 1, "nothing behind it", where);
        check_true(strstr(lines[i], "\"cut\"") == NULL, "not cut", where);
    }
}

/* What stands between the first `begin` and the next `end`. */
static const char *between(const char *line, const char *begin, const char *end)
{
    static char part[LINE_MAX_HERE];
    const char *from = strstr(line, begin);
    const char *to = from == NULL ? NULL : strstr(from + strlen(begin), end);
    if (to == NULL)
        return "(missing)";
    snprintf(part, sizeof part, "%.*s", (int)(to - from - (ptrdiff_t)strlen(begin)), from + strlen(begin));
    return part;
}

static bool has(const char *text)
{
    for (size_t i = 0; i < count; i++) {
        if (strstr(lines[i], text) != NULL)
            return true;
    }
    return false;
}

static void measure(const char *name, double value, ddbs_unit unit)
{
    CHECK_STATUS(ddbs_metric(NULL, name, value, unit), DDBS_OK);
}

/* ---- Form ---- */

TEST(a_line_is_as_cloudwatch_wants_it)
{
    open_mode(DDBS_METRICS_FAILURES);
    measure("OrdersPaid", 1, DDBS_UNIT_COUNT);
    measure("PaymentTime", 41.5, DDBS_UNIT_MILLISECONDS);
    measure("OrdersPaid", 2, DDBS_UNIT_COUNT);
    measure("PaymentTime", 0.1, DDBS_UNIT_MILLISECONDS);
    int64_t before = ddbs_log__now_ms();
    ddbs_metrics__flush(request);
    CHECK_INT(count, 1);
    check_lines(CHECK_WHERE);
    long long stamp = strtoll(between(lines[0], "{\"_aws\":{\"Timestamp\":", ","), NULL, 10);
    CHECK(stamp >= before && stamp <= before + 60000);
    CHECK_STR(between(lines[0], ",\"CloudWatchMetrics\":", "\n"),
              "[{\"Namespace\":\"ddbstream\",\"Dimensions\":[[\"FunctionName\"]],\"Metrics\":["
              "{\"Name\":\"OrdersPaid\",\"Unit\":\"Count\"},{\"Name\":\"PaymentTime\",\"Unit\":\"Milliseconds\"}]}]},"
              "\"FunctionName\":\"orders\",\"requestId\":\"r-1\",\"OrdersPaid\":3,\"PaymentTime\":[41.5,0.1]}");
}

TEST(namespace_and_dimensions_are_the_users)
{
    static const ddbs_dimension dimensions[] = { { "service", "orders" }, { "table", "Orders of 2026" } };
    unsetenv("AWS_LAMBDA_FUNCTION_NAME");
    open_with(&(ddbs_metrics_options){ .name_space = "Shop/Orders", .dimensions = dimensions, .dimension_count = 2 });
    measure("n", 1, DDBS_UNIT_NONE);
    ddbs_metrics__flush(request);
    check_lines(CHECK_WHERE);
    CHECK(has("\"Namespace\":\"Shop/Orders\",\"Dimensions\":[[\"service\",\"table\"]]"));
    CHECK(has("]}]},\"service\":\"orders\",\"table\":\"Orders of 2026\",\"requestId\":\"r-1\",\"n\":1}"));
    open_with(&(ddbs_metrics_options){ .mode = DDBS_METRICS_DEFAULT });
    measure("n", 1, DDBS_UNIT_NONE);
    ddbs_metrics__flush((ddbs_str){ NULL, 0 });
    check_lines(CHECK_WHERE);
    CHECK(has("\"Dimensions\":[[]]") && has("]}]},\"n\":1}"));
}

TEST(a_line_in_a_json_log_passes_its_level)
{
    static const struct {
        const char *level, *want;
    } cases[] = { { "TRACE", "\"level\":\"INFO\"" },
                  { "INFO", "\"level\":\"INFO\"" },
                  { "FATAL", "\"level\":\"FATAL\"" } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        open_mode(DDBS_METRICS_FAILURES);
        setenv("AWS_LAMBDA_LOG_FORMAT", "JSON", 1);
        setenv("AWS_LAMBDA_LOG_LEVEL", cases[i].level, 1);
        open_with(&(ddbs_metrics_options){ .mode = DDBS_METRICS_ALL });
        measure("n", 1, DDBS_UNIT_COUNT);
        ddbs_metrics__flush(request);
        check_lines(CHECK_WHERE);
        CHECK_INT(count, 1);
        CHECK(has(cases[i].want) && has("\"timestamp\":\"20"));
    }
    open_mode(DDBS_METRICS_FAILURES);
    measure("n", 1, DDBS_UNIT_COUNT);
    ddbs_metrics__flush(request);
    CHECK(!has("level") && !has("timestamp"));
}

TEST(every_unit_has_its_name)
{
    CHECK_STR(ddbs_unit_name(DDBS_UNIT_NONE), "None");
    CHECK_STR(ddbs_unit_name(DDBS_UNIT_COUNT_PER_SECOND), "Count/Second");
    CHECK_STR(ddbs_unit_name(DDBS_UNIT_TERABITS_PER_SECOND), "Terabits/Second");
    CHECK_STR(ddbs_unit_name((ddbs_unit)(DDBS_UNIT_TERABITS_PER_SECOND + 1)), "None");
}

/* ---- What is collected ---- */

TEST(a_batch_begins_with_nothing)
{
    open_mode(DDBS_METRICS_FAILURES);
    measure("n", 1, DDBS_UNIT_COUNT);
    ddbs_metrics__flush(request);
    ddbs_metrics__flush(request);
    CHECK_INT(count, 1);
    measure("n", 5, DDBS_UNIT_SECONDS); /* another batch, another unit */
    ddbs_metrics__flush(request);
    CHECK(has("\"n\":5}"));
}

TEST(nothing_is_measured_where_metrics_are_off)
{
    open_mode(DDBS_METRICS_OFF);
    measure("n", 1, DDBS_UNIT_COUNT);
    ddbs_metrics__flush(request);
    CHECK_INT(count, 0);
    CHECK_STATUS(ddbs_metric(NULL, "n", (double)NAN, DDBS_UNIT_COUNT), DDBS_E_RANGE);
}

TEST(what_cannot_be_measured_is_refused)
{
    static const ddbs_dimension dimension = { "table", "orders" };
    static char long_name[DDBS_METRIC_NAME_MAX + 2];
    const char *const names[] = { NULL,          "",        " ",         "a\"b",  "a\\b", "a\nb",
                                  "caf\xc3\xa9", "a\x7f",   "requestId", "level", "_aws", "FunctionName",
                                  "table",       long_name, "timestamp" };
    memset(long_name, 'n', sizeof long_name - 1);
    setenv("AWS_LAMBDA_FUNCTION_NAME", "orders", 1);
    open_with(&(ddbs_metrics_options){ .dimensions = &dimension, .dimension_count = 1 });
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        CHECK_STATUS(ddbs_metric(NULL, names[i], 1, DDBS_UNIT_COUNT), DDBS_E_USAGE);
    CHECK_STATUS(ddbs_metric(NULL, "n", 1, (ddbs_unit)(DDBS_UNIT_TERABITS_PER_SECOND + 1)), DDBS_E_USAGE);
    CHECK_STATUS(ddbs_metric(NULL, "n", 1, (ddbs_unit)-1), DDBS_E_USAGE);
    CHECK_STATUS(ddbs_metric(NULL, "n", (double)INFINITY, DDBS_UNIT_COUNT), DDBS_E_RANGE);
    measure("n", 1.7e308, DDBS_UNIT_COUNT);
    CHECK_STATUS(ddbs_metric(NULL, "n", 1.7e308, DDBS_UNIT_COUNT), DDBS_E_RANGE);
    CHECK_STATUS(ddbs_metric(NULL, "n", 1, DDBS_UNIT_SECONDS), DDBS_E_USAGE);
    long_name[DDBS_METRIC_NAME_MAX] = '\0';
    measure(long_name, 1, DDBS_UNIT_COUNT);
    ddbs_metrics__flush(request);
    CHECK_INT(count, 1);
    CHECK(has("\"n\":1.7e+308"));
    check_lines(CHECK_WHERE);
}

TEST(a_name_too_many_is_refused_and_said)
{
    char name[16];
    open_mode(DDBS_METRICS_FAILURES);
    for (int i = 0; i < DDBS_METRICS_MAX; i++) {
        snprintf(name, sizeof name, "n%d", i);
        measure(name, i, DDBS_UNIT_COUNT);
    }
    CHECK_STATUS(ddbs_metric(NULL, "one more", 1, DDBS_UNIT_COUNT), DDBS_E_LIMIT);
    CHECK_STATUS(ddbs_metric(NULL, "another", 1, DDBS_UNIT_COUNT), DDBS_E_LIMIT);
    measure("n31", 1, DDBS_UNIT_COUNT);
    ddbs_metrics__flush(request);
    CHECK_INT(count, 2);
    CHECK(has("\"n0\":0,") && has("\"n31\":32}") && !has("one more"));
    CHECK(has("WARN RequestId: r-1 2 measured values are lost"));
    ddbs_metrics__flush(request);
    CHECK_INT(count, 2);
}

TEST(every_hundred_values_make_a_line)
{
    double sum = 0;
    open_mode(DDBS_METRICS_FAILURES);
    for (int i = 0; i < 250; i++)
        measure("t", i + 0.5, DDBS_UNIT_MILLISECONDS);
    CHECK_INT(count, 2);
    ddbs_metrics__flush(request);
    CHECK_INT(count, 3);
    check_lines(CHECK_WHERE);
    for (size_t i = 0; i < count; i++) {
        size_t values = 0;
        char *at = strstr(lines[i], "\"t\":[");
        REQUIRE(at != NULL);
        for (at += 5; *at != '\n'; at += *at == ',' || *at == ']' || *at == '}') {
            char *end;
            double value = strtod(at, &end);
            values += end != at;
            sum += end != at ? value : 0;
            at = end;
        }
        CHECK_INT(values, i < 2 ? 100 : 50);
    }
    CHECK(sum == 250 * 125.0);
    count = 0;
    for (int i = 0; i < 100; i++)
        measure("t", i, DDBS_UNIT_MILLISECONDS);
    ddbs_metrics__flush(request);
    CHECK_INT(count, 1); /* nothing is left for another */
}

/* The longest values, names, dimensions and namespace that are legal, all at once. */
TEST(lines_of_any_size_are_whole)
{
    static char names[DDBS_METRICS_MAX][DDBS_METRIC_NAME_MAX + 1], space[DDBS_METRIC_NAME_MAX + 1];
    static char value[DDBS_METRIC_NAME_MAX + 1], key[DDBS_DIMENSIONS_MAX][2];
    ddbs_dimension dimensions[DDBS_DIMENSIONS_MAX];
    size_t seen = 0, dimension_count = 7; /* 2048 bytes hold no more of this size */
    memset(space, 's', DDBS_METRIC_NAME_MAX);
    memset(value, 'v', DDBS_METRIC_NAME_MAX);
    for (size_t i = 0; i < DDBS_DIMENSIONS_MAX; i++) {
        key[i][0] = (char)('a' + i);
        dimensions[i] = (ddbs_dimension){ key[i], value };
    }
    setenv("AWS_LAMBDA_FUNCTION_NAME", "orders", 1);
    open_with(
        &(ddbs_metrics_options){ .name_space = space, .dimensions = dimensions, .dimension_count = dimension_count });
    for (int i = 0; i < DDBS_METRICS_MAX; i++) {
        memset(names[i], 'A' + i % 26, DDBS_METRIC_NAME_MAX);
        names[i][0] = (char)('a' + i / 26);
        for (int k = 0; k < 99; k++)
            measure(names[i], -1.2345678901234567e-300 - k * 1e-316, DDBS_UNIT_KILOBYTES_PER_SECOND);
    }
    ddbs_metrics__flush(request);
    check_lines(CHECK_WHERE);
    for (size_t i = 0; i < count; i++)
        seen += strstr(lines[i], "]}]},\"FunctionName\":\"orders\",\"a\":\"v") != NULL;
    CHECK_INT(seen, DDBS_METRICS_MAX);
    CHECK_INT(count, DDBS_METRICS_MAX);
}

TEST(many_small_metrics_share_lines_that_a_pipe_takes_whole)
{
    char name[64], want[64];
    open_mode(DDBS_METRICS_FAILURES);
    for (int i = 0; i < DDBS_METRICS_MAX; i++) {
        snprintf(name, sizeof name, "a metric with a name of usual length, number %d", i);
        for (int k = 0; k < 10; k++)
            measure(name, k * 1000.25, DDBS_UNIT_MICROSECONDS);
    }
    ddbs_metrics__flush(request);
    check_lines(CHECK_WHERE);
    CHECK(count > 1 && count < 8);
    for (size_t i = 0; i < count; i++)
        CHECK(strlen(lines[i]) <= DDBS_LOG_LINE_MAX);
    for (int i = 0; i < DDBS_METRICS_MAX; i++) {
        snprintf(want, sizeof want, "number %d\":[0,1000.25,", i);
        CHECK(has(want));
    }
}

/* Another thread measures while this one is in the middle of it, writing the line that a hundred values make. */
static pthread_t rival;
static atomic_bool rival_is_through;

static void *measure_too(void *nothing)
{
    measure("t", 1000, DDBS_UNIT_SECONDS);
    rival_is_through = true;
    return nothing;
}

static void let_rival_try(void)
{
    during_write = NULL;
    CHECK(pthread_create(&rival, NULL, measure_too, NULL) == 0);
    for (int ms = 0; ms < 200 && !rival_is_through; ms++)
        usleep(1000);
    CHECK(!rival_is_through);
}

TEST(one_thread_at_a_time_measures)
{
    open_mode(DDBS_METRICS_FAILURES);
    during_write = let_rival_try;
    for (int i = 0; i < 100; i++)
        measure("t", i, DDBS_UNIT_SECONDS);
    REQUIRE(count == 1);
    pthread_join(rival, NULL);
    CHECK(rival_is_through);
    ddbs_metrics__flush(request);
    CHECK_INT(count, 2);
    CHECK(has("\"t\":1000}"));
}

/* ---- Configuration ---- */

TEST(options_that_cannot_be_are_named)
{
    static char long_text[DDBS_METRIC_NAME_MAX + 2], text[DDBS_METRIC_NAME_MAX + 1];
    memset(long_text, 'x', sizeof long_text - 1);
    memset(text, 'x', sizeof text - 1);
    const ddbs_dimension bad[][3] = {
        { { "a", "1" }, { "a", "2" } },
        { { "FunctionName", "x" } },
        { { NULL, "x" } },
        { { "a", NULL } },
        { { "", "x" } },
        { { "a", "" } },
        { { ":a", "x" } },
        { { "a", "x\ny" } },
        { { "_aws", "x" } },
        { { "requestId", "x" } },
        { { "level", "x" } },
        { { "a", long_text } },
    };
    ddbs_error error;
    setenv("AWS_LAMBDA_FUNCTION_NAME", "orders", 1);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ddbs_metrics_options options = { .dimensions = bad[i], .dimension_count = bad[i][1].name != NULL ? 2 : 1 };
        CHECK_STATUS(ddbs_metrics__open(&options, &error), DDBS_E_USAGE);
        CHECK(strstr(error.reason, "the option metrics: ") == error.reason);
    }
    CHECK_STATUS(ddbs_metrics__open(&(ddbs_metrics_options){ .name_space = long_text }, &error), DDBS_E_USAGE);
    CHECK_STATUS(ddbs_metrics__open(&(ddbs_metrics_options){ .name_space = "" }, &error), DDBS_E_USAGE);
    ddbs_dimension many[DDBS_DIMENSIONS_MAX + 1] = { { "a", text }, { "b", text }, { "c", text }, { "d", text },
                                                     { "e", text }, { "f", text }, { "g", text }, { "h", text } };
    ddbs_metrics_options options = { .dimensions = many, .dimension_count = 8 };
    CHECK_STATUS(ddbs_metrics__open(&options, &error), DDBS_E_USAGE);
    options.dimension_count = 9;
    CHECK_STATUS(ddbs_metrics__open(&options, &error), DDBS_E_USAGE);
    options.dimension_count = 7;
    CHECK_STATUS(ddbs_metrics__open(&options, &error), DDBS_OK);
}

/* ---- The batch's own ---- */

static const ddbs_outcome fine = { .records = 3, .done = 1, .skipped = 1, .parked = 1, .checkpoint = 3 };
static const ddbs_outcome stopped = { .records = 3, .done = 1, .checkpoint = 1, .error = { .status = DDBS_E_HANDLER } };
static const struct ddbs_batch_numbers numbers = {
    .inserts = 3, .last_created_ns = (int64_t)5000 * 1000000, .decode_ns = 1250000, .handler_ns = 2000000
};

TEST(everything_about_every_batch)
{
    struct ddbs_batch batch = {
        .request_id = "r-1", .outcome = &fine, .numbers = &numbers, .received_ms = 5600, .took_ns = 3500000
    };
    open_mode(DDBS_METRICS_ALL);
    ddbs_metrics__write(&batch);
    CHECK_INT(count, 1);
    check_lines(CHECK_WHERE);
    CHECK_STR(between(lines[0], "\"requestId\":\"r-1\",", "}"),
              "\"RecordsFailed\":0,\"WorkerCrashes\":0,\"DeadlineStops\":0,\"Records\":3,\"RecordsSkipped\":1,"
              "\"RecordsParked\":1,\"RecordsToRetry\":0,\"BatchTime\":3.5,\"IteratorAge\":600,\"DecodeTime\":1.25,"
              "\"HandlerTime\":2");
    CHECK(has("{\"Name\":\"IteratorAge\",\"Unit\":\"Milliseconds\"}"));
    CHECK(has("{\"Name\":\"RecordsFailed\",\"Unit\":\"Count\"}"));
    batch = (struct ddbs_batch){ .request_id = "r-1", .outcome = &stopped, .crashes = 2, .is_error = true };
    count = 0;
    ddbs_metrics__write(&batch);
    CHECK_STR(between(lines[0], "\"requestId\":\"r-1\",", "}"),
              "\"RecordsFailed\":1,\"WorkerCrashes\":2,\"DeadlineStops\":0,\"Records\":3,\"RecordsSkipped\":0,"
              "\"RecordsParked\":0,\"RecordsToRetry\":3,\"BatchTime\":0");
}

TEST(failures_are_written_of_every_batch_unless_metrics_are_off)
{
    ddbs_outcome outcome = fine;
    struct ddbs_batch batch = { .request_id = "r-1", .outcome = &outcome, .numbers = &numbers };
    open_mode(DDBS_METRICS_DEFAULT);
    ddbs_metrics__write(&batch);
    CHECK_INT(count, 1);
    CHECK(has("\"RecordsFailed\":0,\"WorkerCrashes\":0,\"DeadlineStops\":0}"));
    outcome = stopped;
    count = 0;
    ddbs_metrics__write(&batch);
    CHECK_INT(count, 1);
    CHECK_STR(between(lines[0], "\"requestId\":\"r-1\",", "}"),
              "\"RecordsFailed\":1,\"WorkerCrashes\":0,\"DeadlineStops\":0");
    outcome = fine;
    batch.crashes = 1;
    ddbs_metrics__write(&batch);
    CHECK_INT(count, 2);
    CHECK(has("\"RecordsFailed\":0,\"WorkerCrashes\":1,\"DeadlineStops\":0}"));
    outcome = (ddbs_outcome){
        .records = 3, .done = 1, .checkpoint = 1, .out_of_time = true, .error = { .status = DDBS_E_TIME }
    };
    batch.crashes = 0;
    ddbs_metrics__write(&batch);
    CHECK_INT(count, 3);
    CHECK(has("\"RecordsFailed\":0,\"WorkerCrashes\":0,\"DeadlineStops\":1}"));
    open_mode(DDBS_METRICS_OFF);
    ddbs_metrics__write(&batch);
    CHECK_INT(count, 0);
}

TEST(a_batch_can_tell_when_it_was)
{
    open_mode(DDBS_METRICS_FAILURES);
    CHECK_STATUS(ddbs_metric_time(NULL, 0), DDBS_E_RANGE);
    CHECK_STATUS(ddbs_metric_time(NULL, -1), DDBS_E_RANGE);
    measure("Calls", 7, DDBS_UNIT_COUNT);
    CHECK_STATUS(ddbs_metric_time(NULL, 1792399200000), DDBS_OK);
    measure("Errors", 1, DDBS_UNIT_COUNT);
    ddbs_metrics__flush(request);
    measure("Calls", 8, DDBS_UNIT_COUNT); /* of another batch */
    ddbs_metrics__flush(request);
    REQUIRE(count == 2);
    check_lines(CHECK_WHERE);
    CHECK_STR(between(lines[0], "\"Timestamp\":", ","), "1792399200000");
    CHECK(strcmp(between(lines[1], "\"Timestamp\":", ","), "1792399200000") != 0);
}
