/* verdict.h: from what is known of a worker to the outcome of its batch. */
#ifndef LAMBDA_VERDICT_H
#define LAMBDA_VERDICT_H
#include "runtime/lambda/job.h"
#include "runtime/lambda/ledger.h"

enum { DDBS_VERDICT_MAX = 512 };

/* Say how a process ended: "SIGSEGV at bootstrap+0x1a2b", "exit status 0". */
void ddbs_verdict__death(int wait_status, const struct ddbs_crash *crash, char *out, size_t size);

/* The error that a worker left in its reply, made safe to print; never DDBS_OK. */
void ddbs_verdict__claim(const struct ddbs_worker_reply *reply, ddbs_error *error);

/* The worker says that it is done: what it claims, where the ledger confirms it; else what the ledger knows. The state
 * of a window is copied to `arena`. */
void ddbs_verdict__ended(const struct ddbs_worker_reply *reply, size_t reply_size, const struct ddbs_ledger *ledger,
                         ddbs_arena *arena, ddbs_outcome *outcome);

/* The same for an invocation without records, whose result is copied, too: {NULL, 0} where it is too large to be there,
 * with its length. */
void ddbs_verdict__raw_ended(const struct ddbs_worker_reply *reply, size_t reply_size, const struct ddbs_ledger *ledger,
                             ddbs_arena *arena, ddbs_outcome *outcome, ddbs_str *result);

/* Its time was over, and it was ended. */
void ddbs_verdict__timeout(const struct ddbs_ledger *ledger, ddbs_outcome *outcome);

/* It died; `astray`: it was ended because it said what it could not have said. */
void ddbs_verdict__died(int wait_status, const struct ddbs_crash *crash, bool astray, const struct ddbs_ledger *ledger,
                        ddbs_outcome *outcome);

/* Remember the record that an outcome stopped at, for the worker that sees it next; with lanes the ledger's suspect. A
 * record that only failed in its neighbourhood may be counted then, and one that failed not: a lower bound of those
 * that were started in vain. */
void ddbs_verdict__count_attempt(const struct ddbs_ledger *ledger, const ddbs_event *event, const ddbs_outcome *outcome,
                                 struct ddbs_attempt attempts[DDBS_ATTEMPTS_MAX]);
#endif
