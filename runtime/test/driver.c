/* driver.c: the life of a test driver, and its settings. */
#include "runtime/test/driver.h"
#include "runtime/lambda/metrics.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 2026-10-19T08:00:00Z, a whole hour: the windows of a mapping begin there. */
#define BEGIN_MS ((int64_t)1792396800000)

#define STREAM_ARN "arn:aws:dynamodb:eu-west-1:111122223333:table/Table/stream/2026-10-19T08:00:00.000"
#define FUNCTION   "function"

/* Retries are finite and failures reported: a driver that comes to an end, and the settings that DESIGN recommends. */
#define MAPPING "{\"FunctionResponseTypes\":[\"ReportBatchItemFailures\"],\"MaximumRetryAttempts\":2}"

enum { TIMEOUT_MS = 30000, CAPACITY_FIRST = 16 };

bool driver_grow(void *array, size_t *capacity, size_t count, size_t size)
{
    void *old, *grown;
    size_t wanted = *capacity == 0 ? CAPACITY_FIRST : *capacity * 2;
    if (count < *capacity)
        return true;
    memcpy(&old, array, sizeof old);
    grown = realloc(old, wanted * size);
    if (grown == NULL)
        return false;
    memset((char *)grown + *capacity * size, 0, (wanted - *capacity) * size);
    memcpy(array, &grown, sizeof grown);
    *capacity = wanted;
    return true;
}

ddbs_status driver_fail(ddbs_test *test, ddbs_status status, const char *format, ...)
{
    va_list arguments;
    if (test->status != DDBS_OK || status == DDBS_OK)
        return test->status;
    test->status = status;
    va_start(arguments, format);
    vsnprintf(test->reason, sizeof test->reason, format, arguments);
    va_end(arguments);
    return status;
}

ddbs_status ddbs_test_status(const ddbs_test *test)
{
    return test->status;
}

const char *ddbs_test_reason(const ddbs_test *test)
{
    return test->reason;
}

/* ---- Settings ---------------------------------------------------------------------------------------------------- */

/* The name in the stream's ARN, for the table behind it. */
static void name_table(ddbs_test *test)
{
    const char *at = strstr(test->esm.stream_arn, ":table/");
    const char *name = at == NULL ? "Table" : at + strlen(":table/");
    size_t len = strcspn(name, "/");
    snprintf(test->table, sizeof test->table, "%.*s", (int)len, name);
}

/* "eu-west-1" in "arn:aws:dynamodb:eu-west-1:...". */
static void name_region(ddbs_test *test)
{
    const char *at = test->esm.stream_arn;
    for (size_t i = 0; i < 3 && at != NULL; i++) {
        at = strchr(at, ':');
        at = at == NULL ? NULL : at + 1;
    }
    size_t len = at == NULL ? 0 : strcspn(at, ":");
    snprintf(test->aws.region, sizeof test->aws.region, "%.*s", (int)len, at == NULL ? "" : at);
}

static ddbs_status read_mapping(ddbs_test *test, const ddbs_test_options *options)
{
    struct esm_reading how = { "the mapping", STREAM_ARN, FUNCTION };
    const char *text = options->mapping == NULL ? MAPPING : options->mapping;
    size_t len = strlen(text);
    char *file = NULL;
    char why[2048];
    if (options->mapping != NULL && options->mapping_file != NULL)
        return driver_fail(test, DDBS_E_USAGE, "both a mapping and a file of it");
    if (options->mapping_file != NULL) {
        how.name = options->mapping_file;
        file = driver_read_file(test, options->mapping_file, &len);
        if (file == NULL)
            return test->status;
        text = file;
    }
    bool read = esm_read(&test->esm, text, len, &how, why, sizeof why);
    free(file);
    if (!read)
        return driver_fail(test, DDBS_E_USAGE, "%s", why);
    test->esm.settings.seed = options->seed;
    test->esm.settings.position = MAPPING_TRIM_HORIZON;
    name_table(test);
    name_region(test);
    return DDBS_OK;
}

static void choose_report(ddbs_test *test)
{
    test->report = test->lambda.report;
    if (test->report == DDBS_REPORT_DEFAULT)
        test->report = test->esm.settings.report_items ? DDBS_REPORT_ITEMS : DDBS_REPORT_ERROR;
}

static ddbs_status take_options(ddbs_test *test, const ddbs_test_options *options)
{
    ddbs_error error;
    if (options->lambda != NULL)
        test->lambda = *options->lambda;
    if (options->timeout_ms < 0 || options->start_ms < 0)
        return driver_fail(test, DDBS_E_USAGE, "a time below 0");
    test->view = options->view == NULL ? "NEW_AND_OLD_IMAGES" : options->view;
    test->timeout_ms = options->timeout_ms == 0 ? TIMEOUT_MS : options->timeout_ms;
    test->clock_set = options->start_ms > 0;
    test->begin_ms = test->now_ms = test->clock_set ? options->start_ms : BEGIN_MS;
    if (options->key != NULL && (test->key_names = strdup(options->key)) == NULL)
        return driver_fail(test, DDBS_E_MEMORY, "out of memory");
    DDBS_TRY(read_mapping(test, options));
    choose_report(test);
    ddbs_error_clear(&error);
    ddbs_status status = ddbs_metrics__open(&test->lambda.metrics, &error);
    return driver_fail(test, status, "%s", error.reason);
}

/* ---- Life -------------------------------------------------------------------------------------------------------- */

static ddbs_status open_engine(ddbs_test *test, uint64_t seed)
{
    struct mapping_source source = driver_source(test);
    struct mapping_host host = driver_host(test);
    if (table_open(&test->db, &(struct table_config){ .seed = seed }) != DDBS_OK ||
        ddbs_arena_new(&test->scratch, 0) != DDBS_OK || ddbs_arena_new(&test->arena, 0) != DDBS_OK ||
        driver_open_aws(test) != DDBS_OK || !driver_add_shard(test) ||
        !mapping_new(&test->mapping, &test->esm.settings, &source, &host))
        return driver_fail(test, DDBS_E_MEMORY, "out of memory");
    return DDBS_OK;
}

static ddbs_status open_driver(ddbs_test *test, const ddbs_consumer *consumer, const ddbs_test_options *options)
{
    ddbs_error error;
    ddbs_error_clear(&error);
    DDBS_TRY(take_options(test, options));
    DDBS_TRY(open_engine(test, options->seed));
    ddbs_status status = ddbs_consumer_check(consumer, &error);
    if (status != DDBS_OK)
        return driver_fail(test, status, "%s%s%s", error.path, error.path[0] != '\0' ? ": " : "", error.reason);
    if (!driver_wrap(test, consumer))
        return driver_fail(test, DDBS_E_MEMORY, "out of memory");
    status = driver_start(test, &error);
    return driver_fail(test, status, "on_start: %s", error.reason);
}

ddbs_status ddbs_test_new(ddbs_test **out, const ddbs_consumer *consumer, const ddbs_test_options *options,
                          ddbs_error *error)
{
    static const ddbs_test_options none;
    ddbs_test *test = calloc(1, sizeof *test);
    ddbs_status status = test == NULL ? DDBS_E_MEMORY : DDBS_OK;
    if (error != NULL)
        ddbs_error_clear(error);
    if (test != NULL)
        status = open_driver(test, consumer, options == NULL ? &none : options);
    if (status == DDBS_OK) {
        *out = test;
        return DDBS_OK;
    }
    if (error != NULL) {
        error->status = status;
        snprintf(error->reason, sizeof error->reason, "%.*s", (int)sizeof error->reason - 1,
                 test == NULL ? "out of memory" : test->reason);
    }
    ddbs_test_free(test);
    return status;
}

static void free_stream(ddbs_test *test)
{
    for (size_t i = 0; i < test->record_count; i++)
        free(test->records[i].json);
    for (size_t i = 0; i < test->shard_count; i++)
        free(test->shards[i].numbers);
    free(test->records);
    free(test->shards);
}

void ddbs_test_free(ddbs_test *test)
{
    if (test == NULL)
        return;
    driver_stop(test);
    driver_close_aws(test);
    mapping_free(test->mapping);
    esm_free(&test->esm);
    table_close(test->db);
    ddbs_arena_free(test->scratch);
    ddbs_arena_free(test->arena);
    free_stream(test);
    driver_free_results(test);
    free(test->faults);
    free(test->flights);
    free(test->routes);
    free(test->route_list);
    free(test->key_names);
    free(test);
}
