/* mapping_play.h: a stream of small records, a function that behaves as told, and a clock that jumps: what the tests of
 * the mapping are played with. Records are numbered from 1 over all shards; number i has the sequence number 9 + i. */
#ifndef MAPPING_PLAY_H
#define MAPPING_PLAY_H
#include "check.h"

#include "runtime/mapping/failure.h"

#include <stdio.h>
#include <stdlib.h>

enum { PLAY_SHARDS_MAX = 8, PLAY_BODY_MAX = 400 };

/* A time on a whole hour: 2026-10-19T08:00:00Z. */
#define PLAY_BEGIN ((int64_t)1792396800000)

enum behaviour {
    ALL_GOOD,
    NAMES_BAD,    /* a response that names the first bad record of the batch */
    THROWS,       /* an error when a bad record is in the batch */
    ANSWERS_TEXT, /* always the same response */
    ALWAYS_THROWS
};

struct play;

/* Where a shard's records are; zeroed, the first shard has all of them. */
struct play_shard {
    const char *id;
    const char *parents[2];
    size_t first, count; /* of the records, from 1 */
    size_t given;
    size_t paused; /* the record that an empty answer was given before */
};

struct play_flight {
    struct mapping_delivery delivery;
    int64_t ends_ms;
    bool busy;
    struct mapping_result result;
    char body[PLAY_BODY_MAX];
};

struct play {
    struct mapping_settings settings;
    size_t records;
    size_t bad; /* 0: none */
    enum behaviour behaviour;
    const char *text;
    size_t good_after;   /* deliveries of a bad record until it is accepted; 0: never */
    size_t throttles;    /* the first deliveries are throttled */
    int64_t duration_ms; /* of an invocation */
    int64_t begin_ms;    /* of the clock; 0: PLAY_BEGIN */
    /* Of record `number`; NULL: the default. */
    int64_t (*created)(size_t number); /* PLAY_BEGIN; records are there to be read from then on where `live` */
    uint64_t (*key)(size_t number);    /* the number */
    const char *(*json)(size_t number);
    bool live;
    bool endless;       /* the shard is never closed */
    size_t page;        /* after so many records there is nothing for now; 0: no pages */
    size_t denied;      /* so many looks are denied first */
    bool fails;         /* the source fails after its last record */
    bool refuse_taking; /* the destination takes nothing */
    /* Decides instead of `behaviour`; `body` has PLAY_BODY_MAX bytes. */
    void (*answer)(struct play *play, const struct mapping_delivery *delivery, struct mapping_result *result,
                   char *body);
    void (*watch)(struct play *play, const struct mapping_trace *trace); /* is told everything; NULL: nobody */
    void *user;                                                          /* of `answer` and `watch` */
    struct play_shard shards[PLAY_SHARDS_MAX];
    size_t shard_count;
    size_t steps_max; /* deliveries; 0: 10000 */

    int64_t now_ms;
    struct play_flight flights[PLAY_SHARDS_MAX * MAPPING_FACTOR_MAX];
    size_t flying, flying_max;
    size_t deliveries;
    size_t met;     /* deliveries with the bad record in them */
    size_t in_hand; /* records read and not settled */
    size_t ahead_max;
    char trace[4000]; /* "[1234] [34] dest(3..4,count2)" */
    char waits[1000]; /* before each delivery, "=" where it has the request id of the one before */
    char times[1000]; /* of each delivery, since begin_ms */
    char before_id[MAPPING_ID_SIZE];
    ddbs_buf failure; /* the last on-failure record */
    ddbs_buf event;   /* the last event */
    uint64_t checkpoint;
    bool checkpoint_after;
    char checkpoint_sequence[64];
    uint64_t hash; /* of the whole trace */
    enum mapping_state state;
    struct mapping_totals totals;
    struct mapping_decision last;
    char last_result[64];
    struct mapping *mapping;
};

static inline void play_note(char *text, size_t size, const char *word)
{
    size_t len = strlen(text);
    snprintf(text + len, size - len, "%s%s", len > 0 ? " " : "", word);
}

static inline size_t play_number(const struct mapping_record *record)
{
    return (size_t)strtoull(record->sequence.ptr, NULL, 10) - 9;
}

/* ---- The source -------------------------------------------------------------------------------------------------- */

static inline bool play_list(void *user, size_t index, struct mapping_shard *out)
{
    struct play *play = user;
    if (index >= play->shard_count)
        return false;
    const struct play_shard *shard = &play->shards[index];
    *out = (struct mapping_shard){ .id = ddbs_str_c(shard->id) };
    for (size_t i = 0; i < 2; i++)
        if (shard->parents[i] != NULL)
            out->parents[i] = ddbs_str_c(shard->parents[i]);
    return true;
}

static inline enum mapping_read play_read(void *user, size_t index, struct mapping_record *out)
{
    static char json[64], sequence[32];
    struct play *play = user;
    struct play_shard *shard = &play->shards[index];
    if (play->denied > 0) {
        play->denied--;
        return MAPPING_READ_DENIED;
    }
    if (shard->given == shard->count)
        return play->fails ? MAPPING_READ_FAILED : play->endless ? MAPPING_READ_NOTHING : MAPPING_READ_END;
    size_t number = shard->first + shard->given;
    int64_t created = play->created == NULL ? PLAY_BEGIN : play->created(number);
    if (play->live && created > play->now_ms)
        return MAPPING_READ_NOTHING;
    if (play->page > 0 && shard->given % play->page == 0 && shard->paused != number) {
        shard->paused = number; /* an empty answer before each page */
        return MAPPING_READ_NOTHING;
    }
    shard->given++;
    snprintf(json, sizeof json, "{\"n\":%zu}", number);
    int len = snprintf(sequence, sizeof sequence, "%zu", 9 + number); /* 10, 11, ... : ordered by number */
    *out = (struct mapping_record){ .json = ddbs_str_c(play->json == NULL ? json : play->json(number)),
                                    .sequence = { sequence, (size_t)len },
                                    .key = play->key == NULL ? number : play->key(number),
                                    .created_ms = created };
    play->in_hand++;
    if (play->in_hand > play->ahead_max)
        play->ahead_max = play->in_hand;
    return MAPPING_READ_RECORD;
}

/* ---- What is told ------------------------------------------------------------------------------------------------ */

static inline bool play_take(void *user, const struct mapping_discard *discard)
{
    struct play *play = user;
    play->failure.len = 0;
    mapping_failure(&play->failure, &play->settings, discard);
    return !play->refuse_taking;
}

static inline void play_hash(struct play *play, const struct mapping_trace *trace)
{
    uint64_t parts[] = { trace->kind,
                         (uint64_t)trace->now_ms,
                         trace->shard,
                         trace->count,
                         trace->record == NULL ? 0 : trace->record->place,
                         trace->delivery == NULL ? 0 : trace->delivery->number,
                         trace->decision == NULL ? 0 : trace->decision->step,
                         trace->checkpoint == NULL ? 0 : trace->checkpoint->place };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        play->hash = (play->hash ^ parts[i]) * 0x100000001b3u;
    for (size_t i = 0; trace->delivery != NULL && i < sizeof trace->delivery->request_id; i++)
        play->hash = (play->hash ^ (unsigned char)trace->delivery->request_id[i]) * 0x100000001b3u;
}

static inline void play_discard(struct play *play, const struct mapping_discard *discard)
{
    char word[100];
    const struct mapping_delivery *delivery = discard->delivery;
    const char *name = discard->condition == MAPPING_AGE_EXCEEDED ? "old" : "dest";
    if (delivery->count == 0)
        snprintf(word, sizeof word, "%s(final,count%llu)", name, (unsigned long long)discard->invokes);
    else
        snprintf(word, sizeof word, "%s(%zu..%zu,count%llu)", name, play_number(delivery->records),
                 play_number(delivery->records + delivery->count - 1), (unsigned long long)discard->invokes);
    play_note(play->trace, sizeof play->trace, word);
    play->in_hand -= delivery->count;
}

static inline void play_trace(void *user, const struct mapping_trace *trace)
{
    struct play *play = user;
    play_hash(play, trace);
    if (play->watch != NULL)
        play->watch(play, trace);
    switch (trace->kind) {
    case MAPPING_TRACE_RESULT:
        play->last = *trace->decision;
        play->in_hand -= trace->decision->done + trace->decision->lost;
        break;
    case MAPPING_TRACE_DISCARD:
        play_discard(play, trace->discard);
        break;
    case MAPPING_TRACE_FILTERED:
        play->in_hand--;
        break;
    case MAPPING_TRACE_CHECKPOINT:
        CHECK(trace->shard > 0 || trace->checkpoint->place > play->checkpoint);
        if (trace->shard > 0)
            break;
        play->checkpoint = trace->checkpoint->place;
        play->checkpoint_after = trace->checkpoint->after;
        snprintf(play->checkpoint_sequence, sizeof play->checkpoint_sequence, "%.*s",
                 (int)trace->checkpoint->sequence.len, trace->checkpoint->sequence.ptr);
        break;
    default:
        break;
    }
}

/* ---- The function ------------------------------------------------------------------------------------------------ */

/* The bad record is in the delivery, and is still refused. */
static inline bool play_refuses(struct play *play, const struct mapping_delivery *delivery)
{
    bool found = false;
    for (size_t i = 0; i < delivery->count; i++)
        found = found || play_number(&delivery->records[i]) == play->bad;
    play->met += found;
    return found && (play->good_after == 0 || play->met <= play->good_after);
}

static inline void play_answer(struct play *play, const struct mapping_delivery *delivery,
                               struct mapping_result *result, char *body)
{
    bool bad = play_refuses(play, delivery);
    snprintf(body, PLAY_BODY_MAX, play->settings.tumbling_window > 0 ? "{\"state\":{}}" : "{\"batchItemFailures\":[]}");
    if (bad && play->behaviour == NAMES_BAD)
        snprintf(body, PLAY_BODY_MAX, "{\"state\":{},\"batchItemFailures\":[{\"itemIdentifier\":\"%zu\"}]}",
                 9 + play->bad);
    if (play->behaviour == ANSWERS_TEXT)
        snprintf(body, PLAY_BODY_MAX, "%s", play->text);
    *result = (struct mapping_result){ .end = MAPPING_RESPONSE, .body = body, .len = strlen(body) };
    if (play->behaviour == ALWAYS_THROWS || (bad && play->behaviour == THROWS))
        result->end = MAPPING_ERROR;
    if (play->throttles > 0) {
        play->throttles--;
        result->end = MAPPING_THROTTLED;
    }
}

static inline void play_note_delivery(struct play *play, const struct mapping_delivery *delivery)
{
    char word[200] = "[";
    for (size_t i = 0; i < delivery->count && i < 20; i++)
        snprintf(word + strlen(word), sizeof word - strlen(word), "%zu", play_number(&delivery->records[i]));
    if (delivery->window != NULL && delivery->window->final)
        snprintf(word, sizeof word, delivery->window->early ? "[early" : "[final");
    snprintf(word + strlen(word), sizeof word - strlen(word), "]");
    play_note(play->trace, sizeof play->trace, word);
    snprintf(word, sizeof word, "%lld%s", (long long)delivery->wait_ms,
             strcmp(play->before_id, delivery->request_id) == 0 ? "=" : "");
    play_note(play->waits, sizeof play->waits, word);
    snprintf(word, sizeof word, "%lld",
             (long long)(play->now_ms - (play->begin_ms == 0 ? PLAY_BEGIN : play->begin_ms)));
    play_note(play->times, sizeof play->times, word);
    memcpy(play->before_id, delivery->request_id, sizeof play->before_id);
    play->event.len = 0;
    mapping_event(&play->event, &play->settings, delivery);
}

static inline void play_begin(struct play *play, const struct mapping_delivery *delivery)
{
    struct play_flight *flight = &play->flights[delivery->ticket];
    CHECK(!flight->busy);
    play_note_delivery(play, delivery);
    flight->busy = true;
    flight->delivery = *delivery;
    flight->ends_ms = play->now_ms + play->duration_ms;
    (play->answer == NULL ? play_answer : play->answer)(play, &flight->delivery, &flight->result, flight->body);
    play->deliveries++;
    play->flying++;
    if (play->flying > play->flying_max)
        play->flying_max = play->flying;
}

/* ---- The game ---------------------------------------------------------------------------------------------------- */

/* The flight that ends first; NULL: there is none. */
static inline struct play_flight *play_first(struct play *play)
{
    struct play_flight *first = NULL;
    for (size_t i = 0; i < sizeof play->flights / sizeof *play->flights; i++) {
        struct play_flight *flight = &play->flights[i];
        if (flight->busy && (first == NULL || flight->ends_ms < first->ends_ms))
            first = flight;
    }
    return first;
}

/* Let time pass to what comes first. False: nothing will. */
static inline bool play_wait(struct play *play)
{
    struct play_flight *flight = play_first(play);
    int64_t wake = mapping_wake(play->mapping);
    if (flight == NULL && wake == MAPPING_NEVER)
        return false;
    if (flight == NULL || flight->ends_ms > wake) {
        CHECK(wake > play->now_ms); /* else it would spin */
        play->now_ms = wake > play->now_ms ? wake : play->now_ms + 1;
        return true;
    }
    play->now_ms = flight->ends_ms;
    flight->busy = false;
    play->flying--;
    mapping_settle(play->mapping, flight->delivery.ticket, play->now_ms, &flight->result);
    return true;
}

static inline void play_open(struct play *play)
{
    static const struct mapping_host none;
    struct mapping_source source = { play, play_list, NULL, play_read };
    struct mapping_host host = none;
    host.user = play;
    host.take = play_take;
    host.trace = play_trace;
    if (play->shard_count == 0) {
        play->shards[0] = (struct play_shard){ .id = "shardId-00000001792399000123-5b1d2c3e", .first = 1 };
        play->shards[0].count = play->records;
        play->shard_count = 1;
    }
    play->settings.stream_arn = "arn:aws:dynamodb:eu-west-1:111122223333:table/Orders/stream/2026-10-19T08:35:12.417";
    play->settings.function_arn = "arn:aws:lambda:eu-west-1:111122223333:function:orders-consumer:$LATEST";
    play->now_ms = play->begin_ms == 0 ? PLAY_BEGIN : play->begin_ms;
    play->hash = 0xcbf29ce484222325u;
    CHECK(mapping_new(&play->mapping, &play->settings, &source, &host));
}

/* Play until the stream ends, or until `until_ms` after the begin where that is above 0. */
static inline void play_on(struct play *play, int64_t until_ms)
{
    struct mapping_delivery delivery;
    int64_t begin = play->begin_ms == 0 ? PLAY_BEGIN : play->begin_ms;
    size_t most = play->steps_max == 0 ? 10000 : play->steps_max;
    while (play->deliveries < most && (until_ms == 0 || play->now_ms - begin <= until_ms)) {
        play->state = mapping_step(play->mapping, play->now_ms, &delivery);
        if (play->state == MAPPING_INVOKE)
            play_begin(play, &delivery);
        else if (play->state != MAPPING_WAITS || !play_wait(play))
            break;
    }
    play->totals = *mapping_totals(play->mapping);
    snprintf(play->last_result, sizeof play->last_result, "%s", mapping_last_result(play->mapping));
}

/* What must hold at the end of every game. */
static inline void play_close(struct play *play)
{
    const struct mapping_totals *totals = &play->totals;
    CHECK_INT(totals->polled, totals->filtered + totals->done + totals->lost + totals->discarded + play->in_hand);
    if (play->state == MAPPING_ENDED)
        CHECK_INT(play->in_hand, 0);
    mapping_free(play->mapping);
    play->mapping = NULL;
}

static inline void play_free(struct play *play)
{
    ddbs_buf_free(&play->failure);
    ddbs_buf_free(&play->event);
}

/* Play the whole stream. */
static inline void run(struct play *play)
{
    play_open(play);
    play_on(play, 0);
    play_close(play);
}

static inline struct mapping_settings play_settings(int64_t batch, int64_t retries, bool bisect, bool report_items)
{
    struct mapping_settings settings = mapping_defaults();
    settings.batch_size = batch;
    settings.retries = retries;
    settings.bisect = bisect;
    settings.report_items = report_items;
    settings.destination = MAPPING_QUEUE;
    settings.seed = 7;
    return settings;
}

static inline struct mapping_settings items(int64_t batch, int64_t retries, bool bisect)
{
    return play_settings(batch, retries, bisect, true);
}
#endif
