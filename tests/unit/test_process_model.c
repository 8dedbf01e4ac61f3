/* test_process_model.c: random consumers over random batches, against a model that was written without looking at the
 * processing: which calls come in which order, what is accounted for, and what Lambda is told. Nothing may ever be
 * acknowledged that the model does not hold for done. */
#include "tests/unit/process_plan.h"

enum { RUNS = 50000 };

/* ---- What really runs ---- */

struct run {
    const struct plan *plan;
    struct log log;
};

static const struct record *record_at(const struct run *run, size_t index)
{
    return &run->plan->records[index];
}

static bool may_start(void *self, size_t index)
{
    struct run *run = self;
    note(&run->log, "?%zu ", index);
    return index != run->plan->no_time;
}

static uint32_t attempts(void *self, ddbs_str sequence)
{
    struct run *run = self;
    size_t number = (size_t)strtoul(sequence.ptr, NULL, 10);
    size_t index = run->plan->ordered ? number - 1 : run->plan->count - number;
    note(&run->log, "a%zu ", index);
    return record_at(run, index)->attempts;
}

static void started(void *self, size_t index)
{
    note(&((struct run *)self)->log, "s%zu ", index);
}

static void done(void *self, size_t index)
{
    note(&((struct run *)self)->log, "d%zu ", index);
}

static void committed(void *self, size_t count)
{
    note(&((struct run *)self)->log, "M%zu ", count);
}

static ddbs_status sink(void *user, const ddbs_parked *parked)
{
    struct run *run = user;
    note(&run->log, "k%zu ", parked->index);
    return record_at(run, parked->index)->sink_fails ? DDBS_E_LIMIT : DDBS_OK;
}

static ddbs_status act(ddbs_ctx *ctx, size_t index)
{
    struct run *run = ddbs_ctx_user(ctx);
    const struct record *record = record_at(run, index);
    if (record->commit != SIZE_MAX)
        note(&run->log, "=%d ", (int)ddbs_ctx_commit(ctx, record->commit));
    switch (record->act) {
    case ACT_SKIP:
        return DDBS_SKIP;
    case ACT_FAIL:
        return ddbs_fail(ctx, DDBS_E_HANDLER, "refused");
    case ACT_TIME:
        return DDBS_E_TIME;
    case ACT_PARK:
        return ddbs_park(ctx, "no use");
    case ACT_PARK_AND_FAIL:
        return ddbs_park(ctx, "no use") == DDBS_SKIP ? DDBS_E_HANDLER : DDBS_E_LIMIT;
    default:
        return DDBS_OK;
    }
}

static ddbs_status on_record(ddbs_ctx *ctx, const ddbs_record *rec)
{
    struct run *run = ddbs_ctx_user(ctx);
    note(&run->log, "c%zu/%zu ", rec->index, ddbs_ctx_batch_ok(ctx));
    return act(ctx, rec->index);
}

static ddbs_status on_poison(ddbs_ctx *ctx, const ddbs_poison *poison)
{
    note(&((struct run *)ddbs_ctx_user(ctx))->log, "p%zu ", poison->index);
    return act(ctx, poison->index);
}

static ddbs_status on_begin(ddbs_ctx *ctx)
{
    struct run *run = ddbs_ctx_user(ctx);
    note(&run->log, "B%zu ", ddbs_ctx_batch_ok(ctx));
    if (run->plan->sets_state)
        note(&run->log, "%d ", (int)ddbs_ctx_set_state(ctx, ddbs_str_c("{\"set\":1}")));
    return run->plan->begin_fails ? DDBS_SKIP : DDBS_OK;
}

static ddbs_status finish(ddbs_ctx *ctx)
{
    struct run *run = ddbs_ctx_user(ctx);
    note(&run->log, "E%zu ", ddbs_ctx_batch_ok(ctx));
    for (size_t i = 0; i < COMMITS; i++) {
        if (run->plan->commits[i] != SIZE_MAX)
            note(&run->log, "=%d ", (int)ddbs_ctx_commit(ctx, run->plan->commits[i]));
    }
    return run->plan->end;
}

static ddbs_status on_batch(ddbs_ctx *ctx, const ddbs_record *const *records, size_t count)
{
    struct run *run = ddbs_ctx_user(ctx);
    note(&run->log, "X");
    for (size_t i = 0; i < count; i++)
        note(&run->log, "%zu,", records[i]->index);
    return finish(ctx);
}

static ddbs_status on_window(ddbs_ctx *ctx)
{
    struct run *run = ddbs_ctx_user(ctx);
    note(&run->log, "W%zu ", ddbs_ctx_batch_ok(ctx));
    return run->plan->window_fails ? DDBS_E_HANDLER : DDBS_OK;
}

/* ---- The model ---- */

enum fate { OPEN, DONE, SKIPPED, PARKED, IGNORED, POISON, FATES };

struct model {
    const struct plan *plan;
    struct log log;
    enum fate fates[RECORDS];
    size_t good;                       /* records that went well */
    size_t batch[RECORDS], batch_size; /* what on_batch gets */
    size_t checkpoint;
    ddbs_status error; /* the batch's */
    bool undecodable, out_of_time;
};

/* A commit as the contract says: of records that went well, or that on_batch was given. */
static void model_commit(struct model *m, size_t count, size_t allowed, size_t *stored)
{
    size_t place = count;
    if (m->plan->mode == AT_ONCE) {
        note(&m->log, "=%d ", (int)DDBS_E_USAGE);
        return;
    }
    if (count > allowed) {
        note(&m->log, "=%d ", (int)DDBS_E_RANGE);
        return;
    }
    if (m->plan->mode == BULK && count > 0)
        place = count == m->batch_size ? m->good : m->batch[count];
    if (place > *stored) {
        *stored = place;
        note(&m->log, "M%zu ", place);
    }
    note(&m->log, "=%d ", (int)DDBS_OK);
}

static ddbs_status model_park(struct model *m, size_t i)
{
    note(&m->log, "k%zu ", i);
    m->fates[i] = PARKED;
    return m->plan->records[i].sink_fails ? DDBS_E_LIMIT : DDBS_OK;
}

static ddbs_status model_act(struct model *m, size_t i, enum fate fate, size_t *stored)
{
    const struct record *r = &m->plan->records[i];
    m->fates[i] = fate;
    if (r->commit != SIZE_MAX)
        model_commit(m, r->commit, m->plan->mode == BULK ? 0 : i, stored);
    switch (r->act) {
    case ACT_SKIP:
        m->fates[i] = fate == POISON ? POISON : SKIPPED;
        return DDBS_OK;
    case ACT_FAIL:
        return DDBS_E_HANDLER;
    case ACT_TIME:
        return DDBS_E_TIME;
    case ACT_PARK:
    case ACT_PARK_AND_FAIL:
        if (!m->plan->sink)
            return r->act == ACT_PARK ? DDBS_E_USAGE : DDBS_E_LIMIT;
        ddbs_status status = model_park(m, i);
        return status == DDBS_OK && r->act == ACT_PARK_AND_FAIL ? DDBS_E_HANDLER : status;
    default:
        return DDBS_OK;
    }
}

static ddbs_status model_bad(struct model *m, size_t i, size_t *stored)
{
    ddbs_status status = DDBS_E_SYNTAX;
    if (m->plan->on_poison) {
        note(&m->log, "s%zu p%zu ", i, i);
        status = model_act(m, i, POISON, stored);
    } else if (m->plan->sink && m->plan->park_poison) {
        status = model_park(m, i);
    }
    m->undecodable = status != DDBS_OK;
    return status;
}

/* The status of record `i`. */
static ddbs_status model_record(struct model *m, size_t i, size_t *stored)
{
    const struct plan *plan = m->plan;
    const struct record *r = &plan->records[i];
    note(&m->log, "?%zu ", i);
    if (i == plan->no_time) {
        m->out_of_time = true;
        return DDBS_E_TIME;
    }
    if (plan->mode != BULK && plan->sink && plan->after_attempts > 0) {
        note(&m->log, "a%zu ", i);
        if (r->attempts >= plan->after_attempts)
            return model_park(m, i);
    }
    if (r->what == BAD)
        return model_bad(m, i, stored);
    if (plan->mode == BULK) {
        m->batch[m->batch_size++] = i;
        m->fates[i] = DONE;
        return DDBS_OK;
    }
    if (r->what != INSERT && !plan->any) {
        m->fates[i] = IGNORED;
        return r->what == NEWNAME ? DDBS_E_OPERATION : DDBS_OK;
    }
    note(&m->log, "s%zu c%zu/%zu ", i, i, i);
    return model_act(m, i, DONE, stored);
}

static void model_records(struct model *m, size_t *stored)
{
    while (m->good < m->plan->count) {
        size_t i = m->good;
        m->error = model_record(m, i, stored);
        if (m->error != DDBS_OK)
            return;
        if (m->plan->mode == AT_ONCE)
            note(&m->log, "d%zu ", i);
        m->good++;
    }
}

/* on_batch_end or on_batch, if it is called: how many records are done. */
static size_t model_end(struct model *m, size_t stored)
{
    const struct plan *plan = m->plan;
    size_t allowed = plan->mode == BULK ? m->batch_size : m->good;
    ddbs_status end = DDBS_OK;
    if (plan->mode == AT_ONCE)
        return m->good;
    if (allowed > 0) {
        if (plan->mode == BULK)
            note(&m->log, "X");
        for (size_t i = 0; plan->mode == BULK && i < m->batch_size; i++)
            note(&m->log, "%zu,", m->batch[i]);
        note(&m->log, "E%zu ", allowed);
        for (size_t i = 0; i < COMMITS; i++) {
            if (plan->commits[i] != SIZE_MAX)
                model_commit(m, plan->commits[i], allowed, &stored);
        }
        end = plan->end;
    }
    if (end == DDBS_SKIP && plan->mode == BULK) {
        for (size_t i = 0; i < m->batch_size; i++)
            m->fates[m->batch[i]] = SKIPPED;
        end = DDBS_OK;
    }
    if (end == DDBS_OK) {
        if (m->good > stored)
            note(&m->log, "M%zu ", m->good);
        return m->good;
    }
    if (stored < m->good || m->error == DDBS_OK) {
        m->error = end == DDBS_SKIP ? DDBS_E_HANDLER : end;
        m->undecodable = m->out_of_time = false;
    }
    return stored;
}

static void model_run(struct model *m)
{
    const struct plan *plan = m->plan;
    size_t stored = 0;
    if (plan->begin && (plan->count > 0 || plan->final)) {
        note(&m->log, "B0 ");
        if (plan->sets_state)
            note(&m->log, "%d ", (int)(plan->window ? DDBS_OK : DDBS_E_USAGE));
        if (plan->begin_fails) {
            m->error = DDBS_E_HANDLER;
            return;
        }
    }
    model_records(m, &stored);
    m->checkpoint = model_end(m, stored);
    if (m->error == DDBS_OK && plan->final && plan->on_window) {
        note(&m->log, "W%zu ", plan->mode == BULK ? m->batch_size : m->good);
        m->error = plan->window_fails ? DDBS_E_HANDLER : DDBS_OK;
    }
}

/* ---- Comparing ---- */

static ddbs_str event_text(const struct plan *plan, ddbs_arena *arena)
{
    static const char *const names[] = { "INSERT", "MODIFY", "NEWNAME", "INSERT" };
    ddbs_buf text = { .arena = arena };
    ddbs_buf__text(&text, "{\"Records\":[");
    for (size_t i = 0; i < plan->count; i++)
        ddbs_buf__format(&text,
                         "%s{\"eventName\":\"%s\",\"eventSource\":\"aws:dynamodb\",\"dynamodb\":{\"SequenceNumber\":"
                         "\"%zu\"%s}}",
                         i == 0 ? "" : ",", names[plan->records[i].what], plan->ordered ? i + 1 : plan->count - i,
                         plan->records[i].what == BAD ? ",\"Keys\":{\"k\":{}}" : "");
    ddbs_buf__text(&text, "]");
    if (plan->window)
        ddbs_buf__format(&text,
                         ",\"window\":{\"start\":\"a\",\"end\":\"b\"},\"state\":%s,\"isFinalInvokeForWindow\":%s",
                         plan->empty_state ? "{}" : "{\"came\":1}", plan->final ? "true" : "false");
    ddbs_buf__text(&text, "}");
    return (ddbs_str){ text.ptr, text.len };
}

static bool check_outcome(const struct model *m, const ddbs_outcome *outcome)
{
    size_t counts[FATES] = { 0 };
    for (size_t i = 0; i < m->checkpoint; i++)
        counts[m->fates[i]]++;
    bool held = CHECK_INT(outcome->checkpoint, m->checkpoint);
    held &= CHECK_STATUS(outcome->error.status, m->error);
    held &= CHECK_INT(outcome->records, m->plan->count);
    held &= CHECK_INT(outcome->done, counts[DONE]);
    held &= CHECK_INT(outcome->skipped, counts[SKIPPED]);
    held &= CHECK_INT(outcome->parked, counts[PARKED]);
    held &= CHECK_INT(outcome->ignored, counts[IGNORED]);
    held &= CHECK_INT(outcome->poison, counts[POISON]);
    held &= CHECK_INT(outcome->undecodable, m->undecodable);
    held &= CHECK_INT(outcome->out_of_time, m->out_of_time);
    if (m->error != DDBS_OK)
        held &= CHECK(outcome->error.record == (m->checkpoint < m->plan->count ? m->checkpoint : DDBS_NOWHERE));
    held &= CHECK((outcome->failing.ptr != NULL) == (m->checkpoint < m->plan->count));
    return held;
}

static bool is_partial(const struct model *m)
{
    const struct plan *plan = m->plan;
    return m->error != DDBS_OK && plan->items && !plan->window && (plan->ordered || plan->count < 2) &&
           m->checkpoint < plan->count;
}

static bool is_success(const struct model *m)
{
    return m->error == DDBS_OK && (!m->plan->final || m->plan->empty_state || m->plan->on_window);
}

static const char *type_of(const struct model *m)
{
    if (m->error == DDBS_OK)
        return "Function.NoWindowHandler";
    return m->undecodable                 ? "Function.RecordUndecodable"
           : m->error == DDBS_E_TIME      ? "Function.DeadlineExceeded"
           : m->error == DDBS_E_OPERATION ? "Function.UnknownOperation"
                                          : "Function.HandlerFailed";
}

static bool check_answer(const struct model *m, const ddbs_answer *answer)
{
    const struct plan *plan = m->plan;
    char want[200];
    bool set = plan->begin && plan->sets_state && (plan->count > 0 || plan->final);
    const char *state = plan->final ? "{}" : set ? "{\"set\":1}" : plan->empty_state ? "{}" : "{\"came\":1}";
    if (is_partial(m)) {
        snprintf(want, sizeof want, "{\"batchItemFailures\":[{\"itemIdentifier\":\"%zu\"}]}", m->checkpoint + 1);
        return CHECK_STR(answer->body.ptr, want) && CHECK(!answer->is_error);
    }
    if (is_success(m)) {
        snprintf(want, sizeof want,
                 plan->window ? "{\"state\":%s,\"batchItemFailures\":[]}" : "{\"batchItemFailures\":[]}", state);
        return CHECK_STR(answer->body.ptr, want) && CHECK(!answer->is_error);
    }
    snprintf(want, sizeof want, "record %zu/%zu seq=", m->checkpoint + 1, plan->count);
    bool named = strstr(answer->message.ptr, want) != NULL;
    return CHECK(answer->is_error) && CHECK_STR(answer->error_type, type_of(m)) &&
           CHECK(named == (m->checkpoint < plan->count));
}

static ddbs_consumer consumer_of(const struct plan *plan, struct run *run)
{
    return (ddbs_consumer){
        .on_insert = plan->mode == BULK || plan->any ? NULL : on_record,
        .on_any = plan->mode == BULK || !plan->any ? NULL : on_record,
        .on_poison = plan->on_poison ? on_poison : NULL,
        .on_batch = plan->mode == BULK ? on_batch : NULL,
        .on_batch_begin = plan->begin ? on_begin : NULL,
        .on_batch_end = plan->mode == FLUSHED ? finish : NULL,
        .on_window = plan->on_window ? on_window : NULL,
        .user = run,
    };
}

/* How often each kind of answer was given: a test that never sees one proves nothing about it. */
static size_t successes, partials, errors;

static bool try(const struct plan *plan, ddbs_arena *arena)
{
    struct run run = { .plan = plan };
    struct model model = { .plan = plan };
    ddbs_consumer consumer = consumer_of(plan, &run);
    ddbs_host host = { .self = &run,
                       .may_start = may_start,
                       .started = started,
                       .done = done,
                       .committed = committed,
                       .attempts = attempts,
                       .park = { plan->sink ? sink : NULL, &run, plan->after_attempts, plan->park_poison } };
    ddbs_str text = event_text(plan, arena);
    const ddbs_event *event = NULL;
    ddbs_outcome outcome;
    ddbs_answer answer;
    if (ddbs_event_parse(arena, text.ptr, text.len, NULL, &event, NULL) != DDBS_OK)
        abort();
    ddbs_status status = ddbs_process(event, &consumer, &host, arena, &outcome);
    model_run(&model);
    bool held = CHECK_STATUS(status, outcome.error.status);
    held &= CHECK_STR(run.log.text, model.log.text);
    held &= check_outcome(&model, &outcome);
    if (ddbs_answer_outcome(event, &outcome, plan->items ? DDBS_REPORT_ITEMS : DDBS_REPORT_ERROR, arena, &answer) !=
        DDBS_OK)
        abort();
    held &= check_answer(&model, &answer);
    *(is_partial(&model) ? &partials : is_success(&model) ? &successes : &errors) += 1;
    if (!held)
        printf("# %.*s\n# answered %s\n", (int)text.len, text.ptr, answer.body.ptr);
    return held;
}

TEST(random_consumers_do_what_the_model_does)
{
    ddbs_arena *arena = NULL;
    REQUIRE(ddbs_arena_new(&arena, 0) == DDBS_OK);
    for (uint64_t run = 0; run < RUNS; run++) {
        seed = run * 0x9e3779b97f4a7c15u;
        struct plan plan = random_plan();
        ddbs_arena_reset(arena);
        if (!try(&plan, arena)) {
            CHECK_INT(run, -1);
            break;
        }
    }
    CHECK(partials > RUNS / 10 && successes > RUNS / 10 && errors > RUNS / 10);
    ddbs_arena_free(arena);
}
