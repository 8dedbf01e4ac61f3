/* deadline.h: how much time an invocation has left. */
#ifndef LAMBDA_DEADLINE_H
#define LAMBDA_DEADLINE_H
#include <stdbool.h>
#include <stdint.h>

struct ddbs_deadline {
    bool known;
    int64_t ends_ms; /* on CLOCK_MONOTONIC */
};

enum ddbs_deadline_fault { DDBS_DEADLINE_FINE, DDBS_DEADLINE_ABSENT, DDBS_DEADLINE_IMPLAUSIBLE };

/**
 * Read the value of Lambda-Runtime-Deadline-Ms, milliseconds since 1970 on the wall clock, at the moment it arrived.
 * From then on the monotonic clock counts, so that a clock that is set during the invocation changes nothing.
 * @param text  "" stands for absent
 * @param out   not known unless the result is DDBS_DEADLINE_FINE
 */
enum ddbs_deadline_fault ddbs_deadline__read(const char *text, struct ddbs_deadline *out);

/* CLOCK_MONOTONIC. */
int64_t ddbs_deadline__now_ns(void);

/* `ms` from now. */
struct ddbs_deadline ddbs_deadline__after(int64_t ms);

/* When a worker that has not answered is ended: so much before the deadline that the answer still arrives. Known where
 * the deadline is. */
struct ddbs_deadline ddbs_deadline__hard(const struct ddbs_deadline *deadline);

/* With less than this many milliseconds left no record is started; 0: no limit. */
int64_t ddbs_deadline__soft_ms(const struct ddbs_deadline *deadline);

/* Both as numbers, of an invocation that has `total_ms` from its begin: what is kept for the answer, and with how much
 * left no record is started. 0 where there is no time at all. */
int64_t ddbs_deadline__hard_of(int64_t total_ms);
int64_t ddbs_deadline__soft_of(int64_t total_ms);

/* Milliseconds left, below 0 afterwards; INT64_MAX where the deadline is not known. */
int64_t ddbs_deadline__remaining_ms(const struct ddbs_deadline *deadline);
#endif
