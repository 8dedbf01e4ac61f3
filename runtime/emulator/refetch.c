/* refetch.c: see refetch.h. */
#include "refetch.h"

#include "clock.h"
#include "streams_api.h"

#include "lib/buf.h"
#include "runtime/mapping/mapping.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A shard may have empty pages between its records; one that has so many is not going to give them. */
enum { EMPTY_PAGES_MAX = 200, BUSY_MAX = 8, BUSY_MS = 250 };

struct fetch {
    const struct onfailure *record;
    const ddbs_filter *filter;
    ddbs_buf *out;
    size_t count;
    bool over; /* the last record was seen */
    struct aws_client *client;
    char iterator[STREAMS_ITERATOR_MAX];
    struct streams_page page;
    ddbs_buf one;
};

static bool passes(const struct fetch *fetch, ddbs_str json)
{
    bool out = true;
    return fetch->filter == NULL || ddbs_filter_match_json(fetch->filter, json, &out) != DDBS_OK || out;
}

/* Take the records of the page that belong to the range. */
static bool take_page(struct fetch *fetch)
{
    ddbs_str last = ddbs_str_c(fetch->record->last);
    for (size_t i = 0; i < ddbs_event_count(fetch->page.event) && !fetch->over; i++) {
        int order = verdict_compare(ddbs_event_identifier(fetch->page.event, i), last);
        fetch->over = order >= 0;
        if (order > 0)
            return true;
        fetch->one.len = 0;
        if (!streams_record(&fetch->one, ddbs_event_raw(fetch->page.event, i), fetch->record->stream_arn))
            return false;
        if (!passes(fetch, (ddbs_str){ fetch->one.ptr, fetch->one.len }))
            continue;
        ddbs_buf__text(fetch->out, fetch->count++ > 0 ? "," : "");
        ddbs_buf__bytes(fetch->out, fetch->one.ptr, fetch->one.len);
    }
    return !fetch->out->failed;
}

static bool complain(const struct aws_reply *reply, char *why, size_t why_size)
{
    if (strcmp(reply->type, "TrimmedDataAccessException") == 0)
        snprintf(why, why_size,
                 "the stream has its records no more: it keeps them for 24 hours. An S3 destination keeps "
                 "them in the on-failure record itself");
    else
        snprintf(why, why_size, "%s%s%s", reply->type, reply->type[0] != '\0' ? ": " : "", reply->message);
    return false;
}

/* Ask for the iterator, or for a page, again while the service is busy. */
static const struct aws_reply *ask(struct fetch *fetch)
{
    const struct onfailure *record = fetch->record;
    for (int tries = 1;; tries++) {
        bool first = fetch->iterator[0] == '\0';
        enum aws_end end =
            first ? streams_iterator(fetch->client, record->stream_arn, record->shard, "AT_SEQUENCE_NUMBER",
                                     record->first, fetch->iterator, &fetch->page.reply)
                  : streams_read(fetch->client, fetch->iterator, &fetch->page);
        if (end != AWS_BUSY || tries == BUSY_MAX)
            return &fetch->page.reply;
        struct timespec pause = { 0, (long)BUSY_MS * 1000000 };
        nanosleep(&pause, NULL);
    }
}

static bool read_range(struct fetch *fetch, char *why, size_t why_size)
{
    if (ask(fetch)->end != AWS_ANSWERED)
        return complain(&fetch->page.reply, why, why_size);
    for (int empty = 0; !fetch->over && fetch->iterator[0] != '\0' && empty < EMPTY_PAGES_MAX;) {
        if (ask(fetch)->end != AWS_ANSWERED)
            return complain(&fetch->page.reply, why, why_size);
        empty = ddbs_event_count(fetch->page.event) == 0 ? empty + 1 : 0;
        if (!take_page(fetch) || fetch->out->len > MAPPING_EVENT_BYTES_MAX) {
            snprintf(why, why_size, "its records are larger than an event may be");
            return false;
        }
    }
    if (fetch->over)
        return true;
    snprintf(why, why_size, "the shard does not reach sequence number %s", fetch->record->last);
    return false;
}

/* The region that an ARN names. */
static ddbs_str region_of(const char *arn)
{
    for (int colons = 0; colons < 3; colons++) {
        const char *colon = strchr(arn, ':');
        arn = colon == NULL ? arn : colon + 1;
    }
    return (ddbs_str){ arn, strcspn(arn, ":") };
}

int refetch(const struct onfailure *record, const char *endpoint, const ddbs_filter *filter, ddbs_buf *out,
            size_t *count, char *why, size_t why_size)
{
    struct fetch fetch = { .record = record, .filter = filter, .out = out };
    if (aws_open(&fetch.client, endpoint, region_of(record->stream_arn), why, why_size) != 0)
        return -1;
    ddbs_buf__text(out, MAPPING_EVENT_HEAD);
    bool read = read_range(&fetch, why, why_size);
    ddbs_buf__text(out, MAPPING_EVENT_TAIL);
    if (read && out->failed) {
        snprintf(why, why_size, "out of memory");
        read = false;
    }
    *count = fetch.count;
    streams_page_free(&fetch.page);
    ddbs_buf_free(&fetch.one);
    aws_close(fetch.client);
    return read ? 0 : -1;
}
