/* crash.h: a report of where a worker died. The worker notes addresses only; the supervisor, which has the same
 * programs mapped at the same places, says what they are. */
#ifndef LAMBDA_CRASH_H
#define LAMBDA_CRASH_H
#include "runtime/lambda/job.h"

/* In the worker: note to `crash` where a deadly signal came, then die of it. */
bool ddbs_crash__watch(struct ddbs_crash *crash);

/* A thread has begun: its deadly signals get a stack, too, so that the report can be written where the thread's own has
 * overflowed. Returns what ddbs_crash__leave_thread() takes back before the thread ends; NULL: there was no memory, and
 * such a death has no report. */
void *ddbs_crash__enter_thread(void);
void ddbs_crash__leave_thread(void *stack);

/* This thread, which must have entered, runs a record from now on: its report says so. Elsewhere nothing is noted:
 * there the record is known from the progress, and hooks come after it. */
void ddbs_crash__at_record(size_t index);

/* "SIGSEGV"; "signal 77" for one without a name. `text` has room for 16 bytes. */
const char *ddbs_crash__signal(int signal, char text[16]);

/* Write "bootstrap+0x1a2b" for an address, "0x..." where no module has it. */
void ddbs_crash__place(uintptr_t address, char *out, size_t size);

/* Write a report as "address 0x0; bootstrap+0x1a2b bootstrap+0x1c00 ... build-id 0123ab": `ddbstream symbolize` reads
 * the places. */
void ddbs_crash__describe(const struct ddbs_crash *crash, char *out, size_t size);
#endif
