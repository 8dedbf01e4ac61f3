/* event.c: the bytes that the function is given. Members and their order as AWS was seen to send them; records go in as
 * they are. */
#include "runtime/mapping/engine.h"
#include "runtime/mapping/failure.h"

#include "lib/buf.h"

#include <stdio.h>
#include <string.h>

/* 1970-01-01 lies 719,468 days behind the 1st of March of the year 0, where the calendar repeats every 400 years
 * (146,097 days) and leap days come last in a year. */
enum { DAY_S = 86400, DAYS_BEFORE_1970 = 719468, DAYS_400_YEARS = 146097 };

static void date_of(int64_t days, int *year, int *month, int *day)
{
    int64_t since = days + DAYS_BEFORE_1970;
    int64_t era = since / DAYS_400_YEARS;
    int64_t in_era = since % DAYS_400_YEARS;
    int64_t years = (in_era - in_era / 1460 + in_era / 36524 - in_era / (DAYS_400_YEARS - 1)) / 365;
    int64_t in_year = in_era - (365 * years + years / 4 - years / 100);
    int64_t from_march = (5 * in_year + 2) / 153;
    *day = (int)(in_year - (153 * from_march + 2) / 5 + 1);
    *month = (int)(from_march < 10 ? from_march + 3 : from_march - 9);
    *year = (int)(era * 400 + years + (*month <= 2));
}

void mapping_time(char out[32], int64_t ms)
{
    static const int64_t last = 253402300799; /* 9999-12-31T23:59:59Z */
    int64_t s = ms < 0 ? 0 : ms / 1000;
    int year, month, day;
    if (s > last)
        s = last;
    date_of(s / DAY_S, &year, &month, &day);
    int left = (int)(s % DAY_S);
    snprintf(out, 32, "%04d-%02d-%02dT%02d:%02d:%02dZ", year % 10000, month % 100, day % 100, left / 3600,
             left / 60 % 60, left % 60);
}

static void write_window(ddbs_buf *out, const char *stream_arn, ddbs_str shard_id, const struct mapping_window *window)
{
    char start[32], end[32];
    mapping_time(start, window->start_ms);
    mapping_time(end, window->end_ms);
    ddbs_buf__text(out, "],\"shardId\":");
    ddbs_buf__json(out, shard_id.ptr, shard_id.len);
    ddbs_buf__text(out, ",\"eventSourceARN\":");
    ddbs_buf__json(out, stream_arn, strlen(stream_arn));
    ddbs_buf__format(out, ",\"window\":{\"start\":\"%s\",\"end\":\"%s\"},\"state\":", start, end);
    ddbs_buf__bytes(out, window->state.ptr, window->state.len);
    ddbs_buf__format(out, ",\"isFinalInvokeForWindow\":%s,\"isWindowTerminatedEarly\":%s}",
                     window->final ? "true" : "false", window->early ? "true" : "false");
}

void mapping_event(ddbs_buf *out, const struct mapping_settings *settings, const struct mapping_delivery *delivery)
{
    ddbs_buf__text(out, MAPPING_EVENT_HEAD);
    for (size_t i = 0; i < delivery->count; i++) {
        if (i > 0)
            ddbs_buf__text(out, ",");
        ddbs_buf__bytes(out, delivery->records[i].json.ptr, delivery->records[i].json.len);
    }
    if (delivery->window == NULL)
        ddbs_buf__text(out, MAPPING_EVENT_TAIL);
    else
        write_window(out, settings->stream_arn, delivery->shard_id, delivery->window);
}

/* Names of shards and streams have nothing to escape. */
size_t mapping_event_bytes(const struct mapping_settings *settings, ddbs_str shard_id,
                           const struct mapping_window *window, size_t record_bytes)
{
    static const char fixed[] = "{\"Records\":[],\"shardId\":\"\",\"eventSourceARN\":\"\",\"window\":{\"start\":"
                                "\"2026-10-19T08:40:00Z\",\"end\":\"2026-10-19T08:42:00Z\"},\"state\":,"
                                "\"isFinalInvokeForWindow\":false,\"isWindowTerminatedEarly\":false}";
    if (window == NULL)
        return strlen(MAPPING_EVENT_HEAD MAPPING_EVENT_TAIL) + record_bytes;
    return sizeof fixed - 1 + shard_id.len + strlen(settings->stream_arn) + window->state.len + record_bytes;
}
