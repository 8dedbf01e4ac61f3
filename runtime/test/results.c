/* results.c: what came of it. */
#include "runtime/test/driver.h"

#include <cjson/cJSON.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- The story --------------------------------------------------------------------------------------------------- */

static void separate(ddbs_buf *story)
{
    if (story->len > 0)
        ddbs_buf__text(story, " ");
}

static void check_story(ddbs_test *test)
{
    if (test->story.failed)
        driver_fail(test, DDBS_E_MEMORY, "out of memory");
}

void driver_tell(ddbs_test *test, const char *format, ...)
{
    char word[64];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(word, sizeof word, format, arguments);
    va_end(arguments);
    separate(&test->story);
    ddbs_buf__text(&test->story, word);
    check_story(test);
}

void driver_tell_records(ddbs_test *test, char open, const size_t *records, size_t count, char close)
{
    separate(&test->story);
    ddbs_buf__bytes(&test->story, &open, 1);
    for (size_t i = 0; i < count; i++)
        ddbs_buf__format(&test->story, "%s%zu", i == 0 ? "" : " ", records[i]);
    ddbs_buf__bytes(&test->story, &close, 1);
    check_story(test);
}

const char *ddbs_test_story(const ddbs_test *test)
{
    return test->story.ptr == NULL ? "" : test->story.ptr;
}

/* ---- Records, deliveries, discards ------------------------------------------------------------------------------- */

ddbs_test_fate ddbs_test_fate_of(const ddbs_test *test, size_t number)
{
    const struct driver_record *record = driver_record(test, number);
    return record == NULL ? DDBS_TEST_OPEN : record->fate;
}

size_t ddbs_test_calls_of(const ddbs_test *test, size_t number)
{
    const struct driver_record *record = driver_record(test, number);
    return record == NULL ? 0 : record->calls;
}

ddbs_str ddbs_test_json_of(const ddbs_test *test, size_t number)
{
    const struct driver_record *record = driver_record(test, number);
    return record == NULL ? (ddbs_str){ NULL, 0 } : (ddbs_str){ record->json, record->len };
}

ddbs_str ddbs_test_sequence_of(const ddbs_test *test, size_t number)
{
    const struct driver_record *record = driver_record(test, number);
    return ddbs_str_c(record == NULL ? NULL : record->sequence);
}

size_t ddbs_test_deliveries(const ddbs_test *test)
{
    return test->delivery_count;
}

const ddbs_test_delivery *ddbs_test_delivery_at(const ddbs_test *test, size_t index)
{
    return index < test->delivery_count ? &test->deliveries[index]->told : NULL;
}

const ddbs_test_delivery *ddbs_test_last(const ddbs_test *test)
{
    return test->delivery_count == 0 ? NULL : &test->deliveries[test->delivery_count - 1]->told;
}

size_t ddbs_test_discards(const ddbs_test *test)
{
    return test->discard_count;
}

const ddbs_test_discard *ddbs_test_discard_at(const ddbs_test *test, size_t index)
{
    return index < test->discard_count ? &test->discards[index]->told : NULL;
}

ddbs_test_totals ddbs_test_count(const ddbs_test *test)
{
    const struct mapping_totals *totals = mapping_totals(test->mapping);
    return (ddbs_test_totals){ .records = test->record_count,
                               .done = totals->done,
                               .filtered = totals->filtered,
                               .given_up = totals->discarded,
                               .lost = totals->lost,
                               .invocations = totals->invocations,
                               .errors = totals->errors,
                               .retries = totals->retries,
                               .partial = totals->partial,
                               .halvings = totals->halvings,
                               .throttles = totals->throttles,
                               .windows = totals->windows,
                               .delivered = totals->delivered,
                               .dropped = totals->dropped };
}

const char *ddbs_test_last_result(const ddbs_test *test)
{
    return mapping_last_result(test->mapping);
}

/* ---- Log and metrics --------------------------------------------------------------------------------------------- */

const char *ddbs_test_log(const ddbs_test *test)
{
    return test->log.ptr == NULL ? "" : test->log.ptr;
}

/* A value of the embedded metric format: a number, or an array of them. */
static double sum_of(const cJSON *value)
{
    double sum = cJSON_IsNumber(value) ? value->valuedouble : 0;
    for (const cJSON *at = cJSON_IsArray(value) ? value->child : NULL; at != NULL; at = at->next)
        sum += at->valuedouble;
    return sum;
}

static bool line_has(const char *line, size_t len, const char *name, double *sum)
{
    cJSON *json = len > 0 && *line == '{' ? cJSON_ParseWithLength(line, len) : NULL;
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(json, name);
    bool found = value != NULL && cJSON_GetObjectItemCaseSensitive(json, "_aws") != NULL;
    if (found)
        *sum += sum_of(value);
    cJSON_Delete(json);
    return found;
}

bool ddbs_test_metric(const ddbs_test *test, const char *name, double *sum)
{
    bool found = false;
    double total = 0;
    for (const char *line = ddbs_test_log(test), *end; (end = strchr(line, '\n')) != NULL; line = end + 1)
        found = line_has(line, (size_t)(end - line), name, &total) || found;
    if (found)
        *sum = total;
    return found;
}

/* ---- The end ----------------------------------------------------------------------------------------------------- */

static void free_delivery(struct driver_delivery *delivery)
{
    ddbs_buf *buffers[] = { &delivery->event, &delivery->answer, &delivery->message, &delivery->failing,
                            &delivery->state };
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        ddbs_buf_free(buffers[i]);
    free(delivery->records);
    free(delivery);
}

void driver_free_results(ddbs_test *test)
{
    for (size_t i = 0; i < test->delivery_count; i++)
        free_delivery(test->deliveries[i]);
    for (size_t i = 0; i < test->discard_count; i++) {
        ddbs_buf_free(&test->discards[i]->message);
        free(test->discards[i]->records);
        free(test->discards[i]);
    }
    free(test->deliveries);
    free(test->discards);
    ddbs_buf_free(&test->story);
    ddbs_buf_free(&test->log);
}
