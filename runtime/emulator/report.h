/* report.h: what `ddbstream run` shows: lines for people on stdout, warnings on stderr, on a terminal a live line per
 * shard, and, where asked for, one JSON object per decision with a last one for the totals, and a page. */
#ifndef EMULATOR_REPORT_H
#define EMULATOR_REPORT_H
#include "esm.h"
#include "function.h"
#include "page.h"
#include "tally.h"

#include <stdio.h>

struct report {
    const struct esm *esm;
    bool quiet;         /* the summary and the warnings only */
    bool colour;        /* of stdout */
    bool no_wait;       /* the waits before retries are left out */
    const char *option; /* DDBS_REPORT in the function's environment; NULL: not set */
    FILE *json;         /* may be NULL */
    ddbs_arena *arena;  /* of the JSON line at hand */
    bool json_failed;
    struct page *page;  /* NULL: none; report_end() leaves it to page_close */
    struct tally tally; /* of what was traced so far */
    bool warned_lost, warned_error;
    uint64_t files; /* on-failure records */
};

/* Where the lines of a function's output go, and of which delivery they are. */
struct report_voice {
    struct report *report;
    size_t lane;
    int64_t begin_ms; /* of the delivery at hand, by the mapping's clock */
    int64_t age_ms;   /* its iterator age; -1: it has no records */
    struct page_log log;
};

/* A delivery and what became of it. */
struct report_turn {
    const struct mapping_delivery *delivery;
    const struct function_answer *answer; /* NULL: the record fits into no event, the function did not run */
    const struct mapping_decision *decision;
    const struct report_voice *voice; /* of the process that had it; NULL: none had it */
    int64_t now_ms;                   /* by the mapping's clock */
    bool throttled;                   /* the function did not run, it comes again */
    const char *file;                 /* of the on-failure record; NULL: none was written */
    const char *unwritten; /* the folder that it could not be written to; NULL: it could, or there is no destination */
};

/* What is played, and a warning where the mapping and DDBS_REPORT do not fit together. */
void report_begin(struct report *report, const char *source);
void report_delivery(const struct report *report, const struct mapping_delivery *delivery);

/* Text of strangers, cut, without what a terminal would obey. */
void report_put_text(FILE *out, const char *text, size_t len);

/* A warning, on stderr; its place among the lines on stdout is kept. */
void report_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Each trace of the mapping, before the functions below show some of them. */
void report_trace(struct report *report, const struct mapping_trace *trace);

/* A process is given a delivery. */
void report_voice_begin(struct report_voice *voice, const struct mapping_delivery *delivery, int64_t now_ms);

/* Show what is there; called before each wait. How long the wait may be, at most `wait_ms`. */
int report_tick(const struct report *report, int wait_ms);

/* A line of the function's output; `user` is a struct report_voice. */
void report_output(void *user, const char *line, size_t len);

void report_turn(struct report *report, const struct report_turn *turn);

/* Records that were given up because they are too old; answer and decision of `turn` are NULL. */
void report_expired(struct report *report, const struct report_turn *turn, const struct mapping_discard *discard);

/* The JSON lines, see report_json.c. */
void report_json_trace(struct report *report, const struct mapping_trace *trace);
void report_json_turn(struct report *report, const struct report_turn *turn);
void report_json_expired(struct report *report, const struct report_turn *turn, const struct mapping_discard *discard);
void report_json_end(struct report *report, const struct mapping_totals *totals, bool interrupted);

/* Records that were polled and not settled. */
uint64_t report_open_records(const struct mapping_totals *totals);

/* Make text that was posted, or cut, UTF-8. */
void report_utf8(char *text);

/* The names and values of CloudWatch that fit this run, see summary.c. Without a destination the last two have no value
 * at all: AWS was seen to publish nothing. */
struct report_metrics {
    uint64_t invocations, errors, throttles;
    int64_t duration_ms, duration_max_ms; /* average and longest; 0 without invocations */
    int64_t age_max_ms;
    uint64_t polled, filtered, invoked, failed, dropped, delivered;
    bool destination; /* whether there are values for the last two */
};
struct report_metrics report_metrics_of(const struct report *report, const struct mapping_totals *totals);

/* How it ended; `interrupted`: before the end of the stream, for whatever reason. */
void report_end(struct report *report, const struct mapping_totals *totals, const char *folder, bool interrupted);

/* "Type: message" of a failed invocation, or how the process ended; UTF-8 whatever the function posted. */
void report_failure(const struct function_answer *answer, char *text, size_t size);
#endif
