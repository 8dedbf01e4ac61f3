/* play.c: see play.h. */
#include "play.h"

#include "clock.h"
#include "command.h"
#include "destination.h"
#include "fault_report.h"

#include "runtime/mapping/failure.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_MAX_MS = 1000 };

/* One concurrent batch: a process, and the delivery that it has. */
struct slot {
    struct function *function;
    struct report_voice voice;
    struct mapping_delivery delivery;
    ddbs_buf event;
    bool busy;
    bool ended; /* `answer` is there, and waits for those of other slots */
    bool again; /* the delivery is made once more */
    enum fault_kind fault;
    struct function_answer answer;
};

struct play {
    struct play_config config;
    struct mapping *mapping;
    struct slot **slots;    /* they do not move: functions know their voices */
    struct function **busy; /* room for as many */
    size_t slot_count;
    int64_t begun_ms; /* CLOCK_MONOTONIC */
    int64_t skipped_ms;
    bool initialized;                     /* a function has taken an event before */
    int status;                           /* where it cannot go on: the exit status; -1: go on */
    const struct function_answer *answer; /* what is being settled */
    const struct report_voice *voice;     /* of its process */
    struct mapping_decision decision;     /* the last one */
    const struct mapping_delivery *at;    /* what is being begun or settled, for the report of faults */
    uint64_t invokes;
    char file[4096]; /* the on-failure record just written; "": none */
};

static void *owner(const struct play *play)
{
    const struct play_source *source = &play->config.source;
    return source->owner != NULL ? source->owner : source->stream.user;
}

/* Whether the trace must not depend on how fast processes are. */
static bool in_lockstep(const struct play *play)
{
    return play->config.faults != NULL && play->config.skip_waits;
}

/* The mapping's time. */
static int64_t now_ms(const struct play *play)
{
    if (in_lockstep(play))
        return play->config.begin_ms + play->skipped_ms;
    return play->config.begin_ms + clock_ms(CLOCK_MONOTONIC) - play->begun_ms + play->skipped_ms;
}

/* ---- What the mapping asks for ----------------------------------------------------------------------------------- */

static bool take(void *user, const struct mapping_discard *discard)
{
    struct play *play = user;
    char why[4200];
    const struct play_source *source = &play->config.source;
    bool repeats = source->repeats != NULL && source->repeats(owner(play));
    if (destination_write(play->config.folder, play->config.esm, discard, repeats, play->file, sizeof play->file, why,
                          sizeof why) == 0) {
        if (play->config.expect != NULL)
            expect_given_up(play->config.expect, discard->delivery);
        return true;
    }
    play->file[0] = '\0';
    play->status = command_failed("run", "%s", why);
    return false;
}

/* What is given up is shown together with where it went, which the mapping tells right after the decision. */
static void show_discard(struct play *play, const struct mapping_trace *trace)
{
    struct report *report = play->config.report;
    const struct mapping_discard *discard = trace->discard;
    bool wanted = play->config.esm->settings.destination != MAPPING_NO_DESTINATION;
    struct report_turn turn = { .delivery = discard->delivery,
                                .answer = play->answer,
                                .decision = &play->decision,
                                .voice = play->voice,
                                .now_ms = trace->now_ms,
                                .file = trace->delivered ? play->file : NULL,
                                .unwritten = wanted && !trace->delivered ? play->config.folder : NULL };
    if (discard->condition == MAPPING_AGE_EXCEEDED)
        report_expired(report, &turn, discard);
    else
        report_turn(report, &turn);
}

/* A decision that lets its records go on. */
static void show_result(struct play *play, const struct mapping_trace *trace)
{
    play->decision = *trace->decision;
    if (play->config.expect != NULL)
        expect_delivered(play->config.expect, trace->delivery);
    if (trace->decision->step == MAPPING_DISCARD)
        return;
    report_turn(play->config.report,
                &(struct report_turn){ .delivery = trace->delivery,
                                       .answer = play->answer,
                                       .decision = &play->decision,
                                       .voice = play->voice,
                                       .now_ms = trace->now_ms,
                                       .throttled = trace->result != NULL && trace->result->end == MAPPING_THROTTLED });
}

static void on_checkpoint(struct play *play, const struct mapping_trace *trace)
{
    char why[4400];
    const struct play_config *config = &play->config;
    if (config->checkpoint != NULL &&
        checkpoint_moved(config->checkpoint, trace->shard_id, trace->checkpoint, why, sizeof why) != 0)
        play->status = command_failed("run", "%s", why);
    if (config->lossy != NULL)
        fault_source_moved(config->lossy, trace->shard, trace->checkpoint);
}

static void on_trace(void *user, const struct mapping_trace *trace)
{
    struct play *play = user;
    struct report *report = play->config.report;
    report_trace(report, trace);
    switch (trace->kind) {
    case MAPPING_TRACE_INVOKE:
        report_delivery(report, trace->delivery);
        break;
    case MAPPING_TRACE_RESULT:
        show_result(play, trace);
        break;
    case MAPPING_TRACE_DISCARD:
        show_discard(play, trace);
        break;
    case MAPPING_TRACE_CHECKPOINT:
        on_checkpoint(play, trace);
        break;
    case MAPPING_TRACE_SHARD:
    case MAPPING_TRACE_POLL:
    case MAPPING_TRACE_DENIED:
    case MAPPING_TRACE_FILTERED:
    case MAPPING_TRACE_WINDOW:
    case MAPPING_TRACE_SHARD_END:
        break;
    }
}

/* ---- Slots ------------------------------------------------------------------------------------------------------- */

/* Whether the function ended in a way that no mapping can go on from; the status then says so. An initialization that
 * fails later, after a crash, is an error like any other; so is one by a fault made on purpose. */
static bool cannot_go_on(struct play *play, const struct function_answer *answer)
{
    char text[DDBS_ERROR_REASON_MAX + 256];
    if (answer->end == FUNCTION_BROKEN) {
        play->status = command_failed("run", "the Runtime API failed: %s", strerror(answer->status));
        return true;
    }
    if (answer->end == FUNCTION_INIT_FAILED && !play->initialized && !answer->struck) {
        report_failure(answer, text, sizeof text);
        command_failed("run", "%s could not be initialized: %s", play->config.function.bootstrap, text);
        play->status = EXIT_BAD_INPUT;
        return true;
    }
    play->initialized = true;
    return false;
}

/* Room for one more slot. */
static bool grow(struct play *play)
{
    size_t count = play->slot_count + 1;
    struct slot **slots = realloc(play->slots, count * sizeof *slots);
    if (slots != NULL)
        play->slots = slots;
    struct function **busy = realloc(play->busy, count * sizeof *busy);
    if (busy != NULL)
        play->busy = busy;
    return slots != NULL && busy != NULL;
}

static struct slot *add_slot(struct play *play)
{
    struct slot *slot = grow(play) ? calloc(1, sizeof *slot) : NULL;
    if (slot == NULL) {
        play->status = command_failed("run", "out of memory");
        return NULL;
    }
    slot->voice.report = play->config.report;
    play->config.function.output = report_output;
    play->config.function.user = &slot->voice;
    if (function_open(&slot->function, &play->config.function) != 0) {
        play->status = command_failed("run", "the Runtime API cannot listen: %s", strerror(errno));
        free(slot);
        return NULL;
    }
    play->slots[play->slot_count++] = slot;
    return slot;
}

/* A process that is idle, or a new one: as many as there are batches at once. */
static struct slot *idle_slot(struct play *play)
{
    for (size_t i = 0; i < play->slot_count; i++)
        if (!play->slots[i]->busy)
            return play->slots[i];
    return add_slot(play);
}

static void invoke(struct play *play, struct slot *slot)
{
    struct fault_plan *faults = play->config.faults;
    play->invokes++;
    slot->fault = FAULT_NONE;
    slot->ended = false;
    if (faults != NULL) {
        slot->fault = fault_choose(faults);
        function_arm(slot->function, slot->fault, fault_draw(faults, slot->fault, play->invokes),
                     play->config.skip_waits);
    }
    function_begin(slot->function, slot->event.ptr, slot->event.len, slot->delivery.request_id);
}

/* The function has no concurrency left for this delivery: it does not run. */
static void throttle(struct play *play, const struct mapping_delivery *delivery)
{
    struct function_answer answer = { .end = FUNCTION_THROTTLED };
    struct mapping_result result = { .end = MAPPING_THROTTLED };
    play->answer = &answer;
    mapping_settle(play->mapping, delivery->ticket, now_ms(play), &result);
    play->answer = NULL;
}

static void begin(struct play *play, const struct mapping_delivery *delivery)
{
    play->at = delivery;
    bool throttled = play->config.faults != NULL && fault_happens(play->config.faults, FAULT_THROTTLE);
    play->at = NULL;
    if (throttled) {
        throttle(play, delivery);
        return;
    }
    struct slot *slot = idle_slot(play);
    if (slot == NULL)
        return;
    slot->event.len = 0;
    mapping_event(&slot->event, &play->config.esm->settings, delivery);
    if (slot->event.failed) {
        play->status = command_failed("run", "out of memory");
        return;
    }
    slot->busy = true;
    slot->again = false;
    slot->delivery = *delivery;
    report_voice_begin(&slot->voice, delivery, now_ms(play));
    invoke(play, slot);
}

/* What became of the fault that was armed. */
static void note_fault(struct play *play, const struct slot *slot, const struct function_answer *answer)
{
    struct fault_plan *faults = play->config.faults;
    if (slot->fault != FAULT_NONE && answer->struck)
        fault_happened(faults, slot->fault);
    else if (slot->fault != FAULT_NONE)
        fault_missed(faults, slot->fault);
    if (answer->end == FUNCTION_TIMED_OUT && answer->struck && play->config.skip_waits)
        play->skipped_ms += answer->limit_ms; /* nobody waited for it */
    bool answered = answer->end == FUNCTION_RESPONSE || answer->end == FUNCTION_ERROR;
    if (answered && fault_happens(faults, FAULT_FREEZE))
        function_freeze(slot->function);
}

/* Whether the end of a delivery is followed by the same delivery, which is then under way. */
static bool repeat(struct play *play, struct slot *slot, const struct mapping_result *result)
{
    struct fault_plan *faults = play->config.faults;
    if (slot->again || !fault_repeats(faults, &play->config.esm->settings, &slot->delivery, result))
        return false;
    slot->again = true;
    invoke(play, slot);
    return true;
}

static void settle(struct play *play, struct slot *slot, struct function_answer *answer)
{
    struct mapping_result result = { .end = answer->end == FUNCTION_RESPONSE ? MAPPING_RESPONSE : MAPPING_ERROR,
                                     .body = answer->body,
                                     .len = answer->body == NULL ? 0 : answer->body_len };
    bool repeated = false;
    play->at = &slot->delivery;
    if (!cannot_go_on(play, answer)) {
        if (play->config.faults != NULL) {
            note_fault(play, slot, answer);
            repeated = repeat(play, slot, &result);
        }
        play->at = NULL;
        play->answer = answer;
        play->voice = &slot->voice;
        if (!repeated)
            mapping_settle(play->mapping, slot->delivery.ticket, now_ms(play), &result);
        play->answer = NULL;
        play->voice = NULL;
    }
    play->at = NULL;
    slot->busy = repeated;
    function_answer_free(answer);
}

/* Settle those that have ended in the order in which they began. */
static void settle_in_order(struct play *play)
{
    for (;;) {
        struct slot *next = NULL;
        for (size_t i = 0; i < play->slot_count; i++) {
            struct slot *slot = play->slots[i];
            if (slot->ended && (next == NULL || slot->delivery.number < next->delivery.number))
                next = slot;
        }
        if (next == NULL)
            return;
        struct function_answer answer = next->answer;
        next->ended = false;
        settle(play, next, &answer);
    }
}

/* Let every process under way go on. Whether one of them ended. */
static bool step_slots(struct play *play)
{
    struct function_answer answer;
    bool ended = false, all = true;
    for (size_t i = 0; i < play->slot_count; i++) {
        struct slot *slot = play->slots[i];
        if (!slot->busy || slot->ended)
            continue;
        if (!function_step(slot->function, 0, &answer)) {
            all = false;
            continue;
        }
        ended = true;
        if (in_lockstep(play)) {
            slot->answer = answer;
            slot->ended = true;
        } else {
            settle(play, slot, &answer);
        }
    }
    if (in_lockstep(play) && all)
        settle_in_order(play);
    return ended;
}

/* ---- Time -------------------------------------------------------------------------------------------------------- */

/* Note the functions under way in play->busy. How many there are. */
static size_t find_busy(struct play *play)
{
    size_t count = 0;
    for (size_t i = 0; i < play->slot_count; i++)
        if (play->slots[i]->busy && !play->slots[i]->ended)
            play->busy[count++] = play->slots[i]->function;
    return count;
}

/* Wait for an answer, or until the mapping has something to do; an interrupt ends it. */
static void wait_for(struct play *play, int64_t wake_ms)
{
    size_t count = find_busy(play);
    int64_t left = wake_ms - now_ms(play);
    if (count > 0 && step_slots(play))
        return;
    if (count == 0 && play->config.skip_waits && wake_ms != MAPPING_NEVER) {
        play->skipped_ms += left > 0 ? left : 0;
        return;
    }
    int wait = left > WAIT_MAX_MS ? WAIT_MAX_MS : left > 0 ? (int)left : 0;
    function_wait(play->busy, count, report_tick(play->config.report, wait));
}

static bool is_stopped(const struct play *play)
{
    return play->status >= 0 || *play->config.interrupted;
}

/* Those under way end, and are settled. */
static void drain(struct play *play)
{
    while (play->status < 0 && find_busy(play) > 0)
        wait_for(play, MAPPING_NEVER);
}

/* ---- The whole --------------------------------------------------------------------------------------------------- */

/* Nothing more can be read, for ever: the source says why, or its shards are each other's parents. */
static int broken(const struct play *play)
{
    const struct play_source *source = &play->config.source;
    const struct checkpoint *checkpoint = play->config.checkpoint;
    if (checkpoint != NULL && checkpoint_why(checkpoint) != NULL) {
        command_failed("run", "%s", checkpoint_why(checkpoint));
        return EXIT_BAD_INPUT;
    }
    int status = source->status(owner(play));
    if (status != EXIT_HELD) {
        command_failed("run", "%s", source->why(owner(play)));
        return status;
    }
    command_failed("run", "shards of the stream are each other's parents");
    return EXIT_BAD_INPUT;
}

/* One step of the mapping; false: there is nothing more to play. */
static bool step(struct play *play)
{
    struct mapping_delivery delivery;
    switch (mapping_step(play->mapping, now_ms(play), &delivery)) {
    case MAPPING_INVOKE:
        begin(play, &delivery);
        return true;
    case MAPPING_WAITS:
        wait_for(play, mapping_wake(play->mapping));
        return true;
    case MAPPING_BROKEN:
        play->status = broken(play);
        return false;
    case MAPPING_EXHAUSTED:
        play->status = command_failed("run", "out of memory");
        return false;
    case MAPPING_ENDED:
        return false;
    }
    return false;
}

static void close_play(struct play *play)
{
    for (size_t i = 0; i < play->slot_count; i++) {
        if (play->slots[i]->ended)
            function_answer_free(&play->slots[i]->answer);
        function_close(play->slots[i]->function);
        ddbs_buf_free(&play->slots[i]->event);
        page_log_free(&play->slots[i]->voice.log);
        free(play->slots[i]);
    }
    free(play->slots);
    free(play->busy);
    mapping_free(play->mapping);
}

static void on_fault(void *user, enum fault_kind kind)
{
    const struct play *play = user;
    fault_report_one(play->config.report, play->config.faults, kind, play->at);
}

int play(const struct play_config *config, uint64_t *invokes)
{
    struct play play = { .config = *config, .status = -1, .begun_ms = clock_ms(CLOCK_MONOTONIC) };
    struct mapping_settings settings = config->esm->settings;
    struct mapping_host host = { &play, take, on_trace };
    settings.seed = config->seed;
    if (config->faults != NULL) {
        config->faults->told = on_fault;
        config->faults->user = &play;
    }
    if (!mapping_new(&play.mapping, &settings, &config->source.stream, &host))
        return command_failed("run", "out of memory");
    while (!is_stopped(&play) && step(&play)) {
    }
    if (*config->interrupted)
        drain(&play);
    const struct mapping_totals *totals = mapping_totals(play.mapping);
    bool interrupted = *config->interrupted;
    if (config->faults != NULL)
        fault_report_json(config->report, config->faults);
    report_end(config->report, totals, config->folder, play.status >= 0 || interrupted);
    if (config->faults != NULL)
        fault_report_totals(config->faults);
    if (play.status < 0)
        play.status = interrupted ? EXIT_INTERRUPTED : totals->lost > 0 ? EXIT_BAD_INPUT : EXIT_HELD;
    close_play(&play);
    *invokes = play.invokes;
    return play.status;
}
