/* dashboard.c: usage per minute, from a table that gets an item for each request.
 *
 * Shows: a tumbling window of a minute, whose state travels from batch to batch; its final call, which measures what
 * the minute came to; metrics in the log (EMF), which cost no call and no permission. */
#include "dashboard.h"

#include <ddbstream.h>
#include <ddbstream/cjson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static cJSON *counters; /* of the window at hand: {"last":"8100...","Requests":120,"Errors":3,"Bytes":84211} */

static ddbs_status load(ddbs_ctx *ctx)
{
    ddbs_str state = ddbs_ctx_state(ctx);
    cJSON_Delete(counters);
    counters = cJSON_ParseWithLength(state.ptr, state.len);
    return counters != NULL ? DDBS_OK : ddbs_fail(ctx, DDBS_E_HANDLER, "no window, or a state that is no JSON");
}

static ddbs_status add(const char *name, int64_t amount)
{
    cJSON *counter = cJSON_GetObjectItemCaseSensitive(counters, name);
    if (counter == NULL)
        counter = cJSON_AddNumberToObject(counters, name, 0);
    if (counter == NULL)
        return DDBS_E_MEMORY;
    cJSON_SetNumberValue(counter, counter->valuedouble + (double)amount);
    return DDBS_OK;
}

/* The state remembers which record was counted last: those of a shard come in the order of their numbers, so that up to
 * that one all have been. */
static bool was_counted(ddbs_str sequence)
{
    const char *last = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(counters, "last"));
    size_t len = last == NULL ? 0 : strlen(last);
    return sequence.len < len || (sequence.len == len && memcmp(sequence.ptr, last, len) <= 0);
}

static ddbs_status remember(ddbs_str sequence)
{
    cJSON_DeleteItemFromObjectCaseSensitive(counters, "last");
    return cJSON_AddStringToObject(counters, "last", sequence.ptr) != NULL ? DDBS_OK : DDBS_E_MEMORY;
}

static ddbs_status count(ddbs_ctx *ctx, const ddbs_record *rec)
{
    int64_t status, bytes;
    (void)ctx;
    if (was_counted(rec->sequence_number))
        return DDBS_OK;
    DDBS_TRY(ddbs_get(rec->new_image, "status", &status));
    DDBS_TRY(ddbs_get(rec->new_image, "bytes", &bytes));
    DDBS_TRY(add("Requests", 1));
    DDBS_TRY(add("Errors", status >= 500));
    DDBS_TRY(add("Bytes", bytes));
    return remember(rec->sequence_number);
}

static ddbs_status save(ddbs_ctx *ctx)
{
    return ddbs_ctx_set_state_cjson(ctx, counters);
}

/* "2026-10-19T08:40:00Z" in milliseconds since 1970; 0: no such time. */
static int64_t begin_of(const ddbs_window *window)
{
    struct tm utc = { .tm_isdst = 0 };
    if (sscanf(window->start.ptr, "%d-%d-%dT%d:%d:%d", &utc.tm_year, &utc.tm_mon, &utc.tm_mday, &utc.tm_hour,
               &utc.tm_min, &utc.tm_sec) != 6)
        return 0;
    utc.tm_year -= 1900;
    utc.tm_mon -= 1;
    return (int64_t)timegm(&utc) * 1000;
}

/* The minute is over, and its metrics belong to its begin, whenever this call comes. */
static ddbs_status report(ddbs_ctx *ctx)
{
    const cJSON *counter;
    DDBS_TRY(ddbs_metric_time(ctx, begin_of(ddbs_ctx_window(ctx))));
    DDBS_TRY(load(ctx));
    cJSON_ArrayForEach(counter, counters)
    {
        if (cJSON_IsNumber(counter))
            DDBS_TRY(ddbs_metric(ctx, counter->string, counter->valuedouble, DDBS_UNIT_COUNT));
    }
    return DDBS_OK;
}

const ddbs_consumer dashboard = {
    .on_batch_begin = load,
    .on_insert = count,
    .on_batch_end = save,
    .on_window = report,
};
const ddbs_lambda_options dashboard_options = { .metrics = { .name_space = "shop/usage" } };
