/* answer.h: what answer.c writes beside the answers to batches. */
#ifndef LIB_ANSWER_H
#define LIB_ANSWER_H
#include <ddbstream/consumer.h>

/**
 * The answer to an invocation of a function that is no consumer: its result as it is, "null" for an empty one, for the
 * Runtime API takes nothing at all as a success; or an error.
 * @param outcome  of no records: its error, and the type of that
 * @param result   where there is no error; over DDBS_EVENT_BYTES_MAX bytes it is an error, and its bytes are not looked
 *                 at
 */
ddbs_status ddbs_answer__result(const ddbs_outcome *outcome, ddbs_str result, ddbs_arena *arena,
                                ddbs_answer *out) DDBS_MUST_CHECK;
#endif
