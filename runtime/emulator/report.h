/* report.h: what `ddbstream run` shows: lines for people on stdout, warnings on stderr, and, where asked for, one JSON
 * object per delivery and a last one with the totals. */
#ifndef EMULATOR_REPORT_H
#define EMULATOR_REPORT_H
#include "function.h"
#include "runtime/mapping/esm.h"

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
    bool warned_lost, warned_error;
    uint64_t files; /* on-failure records */
};

/* Where the lines of a function's output go; `lane` is that of the delivery at hand. */
struct report_voice {
    struct report *report;
    size_t lane;
};

/* A delivery and what became of it. */
struct report_turn {
    const struct mapping_delivery *delivery;
    const struct function_answer *answer; /* NULL: the record fits into no event, the function did not run */
    const struct mapping_decision *decision;
    const char *file;      /* of the on-failure record; NULL: none was written */
    const char *unwritten; /* the folder that it could not be written to; NULL: it could, or there is no destination */
};

/* What is played, and a warning where the mapping and DDBS_REPORT do not fit together. */
void report_begin(struct report *report, const char *source);
void report_delivery(const struct report *report, const struct mapping_delivery *delivery);

/* A warning, on stderr; its place among the lines on stdout is kept. */
void report_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A line of the function's output; `user` is a struct report_voice. */
void report_output(void *user, const char *line, size_t len);

void report_turn(struct report *report, const struct report_turn *turn);

/* Records that were given up because they are too old; answer and decision of `turn` are NULL. */
void report_expired(struct report *report, const struct report_turn *turn, const struct mapping_discard *discard);

/* The JSON lines of the three, see report_json.c; called by them. */
void report_json_turn(struct report *report, const struct report_turn *turn);
void report_json_expired(struct report *report, const struct report_turn *turn, const struct mapping_discard *discard);
void report_json_end(struct report *report, const struct mapping_totals *totals, bool interrupted);

/* Records that were polled and not settled. */
uint64_t report_open_records(const struct mapping_totals *totals);

/* Make text that was posted, or cut, UTF-8. */
void report_utf8(char *text);

/* How it ended; `interrupted`: before the end of the stream, for whatever reason. */
void report_end(struct report *report, const struct mapping_totals *totals, const char *folder, bool interrupted);

/* "Type: message" of a failed invocation, or how the process ended; UTF-8 whatever the function posted. */
void report_failure(const struct function_answer *answer, char *text, size_t size);
#endif
