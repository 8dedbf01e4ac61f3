/* expect.h: whether a run kept its promises, judged from two things that the mapping has no hand in: the records as the
 * source gave them, and the journal that the handler wrote when the effect of a record was done. What was given up
 * comes from the on-failure records that were written.
 *
 *   at-least-once  every record that passed the filter is in the journal or in an on-failure record
 *   no-loss        every record that passed the filter is in the journal: nothing was given up either
 *   in-order       no record was done before an earlier one of the same item, unless that one was given up. An item is
 *                  known by its Keys; what is done once more later counts from its first time
 *   max-invokes=N  the function was invoked at most N times */
#ifndef EMULATOR_EXPECT_H
#define EMULATOR_EXPECT_H
#include "runtime/mapping/mapping.h"

struct expect_wants {
    bool any; /* something is expected */
    bool at_least_once, no_loss, in_order;
    uint64_t invokes_max; /* UINT64_MAX: any number */
};

/* Read "at-least-once,in-order,max-invokes=40". 0, or -1 with a sentence in `why`. */
int expect_read(struct expect_wants *out, const char *list, char *why, size_t why_size);

/* Whether a journal is needed to judge them. */
bool expect_needs_journal(const struct expect_wants *wants);

struct expect;

/* `journal` may be NULL where none is needed; it is emptied, and made if need be. `filter`: FilterCriteria or NULL.
 * What is pointed to must live as long. 0, or -1 with a sentence in `why`. */
int expect_new(struct expect **out, const struct expect_wants *wants, const char *journal, const ddbs_filter *filter,
               char *why, size_t why_size);
void expect_free(struct expect *expect);

/* A source that notes what `below` gives. */
struct mapping_source expect_source(struct expect *expect, const struct mapping_source *below);

/* A delivery has ended. For the evidence only: it tells where to look. */
void expect_delivered(struct expect *expect, const struct mapping_delivery *delivery);

/* These records were written to an on-failure destination. */
void expect_given_up(struct expect *expect, const struct mapping_delivery *delivery);

/* Hears of each expectation whether it held. */
struct expect_listener {
    void *user;
    void (*told)(void *user, const char *name, bool held);
};

/* Print what held, or the first evidence against it and `command`, the line that does it all again. EXIT_HELD,
 * `listener` may be NULL. EXIT_BAD_INPUT where an expectation was not met, EXIT_CANNOT_RUN where it cannot be told. */
int expect_judge(struct expect *expect, uint64_t invokes, const char *command, const struct expect_listener *listener);
#endif
