/* process_plan.h: for test_process_model.c, a plan of everything that is going to happen in one run of a batch, made at
 * random, and the log of what happens. */
#ifndef PROCESS_PLAN_H
#define PROCESS_PLAN_H
#include "tests/unit/events.h"

#include <stdarg.h>
#include <stdio.h>

enum { RECORDS = 9, LOG = 1200, COMMITS = 4 };

/* ---- A plan: everything that is going to happen in one run ---- */

enum mode { AT_ONCE, FLUSHED, BULK };
enum act { ACT_OK, ACT_SKIP, ACT_FAIL, ACT_TIME, ACT_PARK, ACT_PARK_AND_FAIL, ACTS };
enum what { INSERT, MODIFY, NEWNAME, BAD, WHATS };

struct record {
    enum what what;
    enum act act;      /* what its callback, or on_poison, does */
    bool sink_fails;   /* when it is parked */
    uint32_t attempts; /* seen before */
    size_t commit;     /* count that its callback commits, SIZE_MAX: none */
};

struct plan {
    enum mode mode;
    struct record records[RECORDS];
    size_t count;
    bool any, on_poison, on_window, begin; /* which callbacks are set */
    bool begin_fails, window_fails;
    size_t no_time; /* record that may not start, SIZE_MAX: none */
    uint32_t after_attempts;
    bool sink, park_poison;
    size_t commits[COMMITS]; /* counts that the end commits, one after the other; SIZE_MAX: none */
    ddbs_status end;
    bool window, final, empty_state, sets_state, ordered, items;
};

static uint64_t seed;

static inline uint32_t pick(uint32_t below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % below;
}

static inline bool chance(uint32_t of)
{
    return pick(of) == 0;
}

static inline struct record random_record(uint32_t trouble)
{
    return (struct record){
        .what = chance(trouble) ? (enum what)pick(WHATS) : INSERT,
        .act = chance(trouble) ? (enum act)pick(ACTS) : ACT_OK,
        .sink_fails = chance(6),
        .attempts = pick(4),
        .commit = chance(4) ? pick(RECORDS) : SIZE_MAX,
    };
}

static inline struct plan random_plan(void)
{
    static const ddbs_status ends[] = { DDBS_OK, DDBS_OK, DDBS_OK, DDBS_SKIP, DDBS_E_HANDLER, DDBS_E_TIME };
    struct plan plan = { .mode = (enum mode)pick(3), .count = pick(RECORDS + 1) };
    uint32_t trouble = 2 + pick(8);
    for (size_t i = 0; i < plan.count; i++)
        plan.records[i] = random_record(trouble);
    plan.any = chance(2);
    plan.on_poison = chance(2);
    plan.on_window = chance(2);
    plan.begin = chance(2);
    plan.begin_fails = chance(12);
    plan.window_fails = chance(6);
    plan.no_time = chance(5) ? pick(RECORDS) : SIZE_MAX;
    plan.after_attempts = chance(4) ? 1 + pick(4) : 0;
    plan.sink = !chance(4);
    plan.park_poison = chance(2);
    for (size_t i = 0; i < COMMITS; i++)
        plan.commits[i] = chance(2) ? pick(RECORDS + 2) : SIZE_MAX;
    plan.end = ends[pick(6)];
    plan.window = chance(3);
    plan.final = plan.window && chance(2);
    plan.empty_state = chance(2);
    plan.sets_state = chance(2);
    plan.ordered = !chance(8);
    plan.items = chance(2);
    return plan;
}

/* ---- The log of a run ---- */

struct log {
    char text[LOG];
    size_t len;
};

static inline void note(struct log *log, const char *format, ...) DDBS_PRINTF(2, 3);
static inline void note(struct log *log, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(log->text + log->len, LOG - log->len, format, arguments);
    va_end(arguments);
    log->len += (size_t)len;
    if (log->len + 50 > LOG)
        abort();
}
#endif
