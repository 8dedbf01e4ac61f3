/* numbers.c: see numbers.h. */
#include "runtime/lambda/numbers.h"

#include <string.h>

void ddbs_numbers__open(struct ddbs_batch_numbers *numbers, int64_t now_ns)
{
    *numbers = (struct ddbs_batch_numbers){ .last_created_ns = DDBS_NO_TIME, .mark_ns = now_ns, .handling = true };
}

void ddbs_numbers__turn(struct ddbs_batch_numbers *numbers, bool handling, int64_t now_ns)
{
    int64_t *phase = numbers->handling ? &numbers->handler_ns : &numbers->decode_ns;
    *phase += now_ns - numbers->mark_ns;
    numbers->mark_ns = now_ns;
    numbers->handling = handling;
}

void ddbs_numbers__decoded(struct ddbs_batch_numbers *numbers, const ddbs_record *record, int64_t now_ns)
{
    uint32_t *const counts[] = {
        [DDBS_OP_UNKNOWN] = &numbers->others,
        [DDBS_OP_INSERT] = &numbers->inserts,
        [DDBS_OP_MODIFY] = &numbers->modifies,
        [DDBS_OP_REMOVE] = &numbers->removes,
    };
    ++*counts[record->operation];
    if (record->created_ns != DDBS_NO_TIME && record->index >= numbers->last) { /* lanes are not in order */
        numbers->last_created_ns = record->created_ns;
        numbers->last = (uint32_t)record->index;
    }
    ddbs_numbers__turn(numbers, true, now_ns);
}

void ddbs_numbers__close(struct ddbs_batch_numbers *numbers, int64_t now_ns)
{
    ddbs_numbers__turn(numbers, false, now_ns);
    numbers->mark_ns = 0;
}

static bool is_between(int64_t value, int64_t least, int64_t most)
{
    return value >= least && value <= most;
}

bool ddbs_numbers__take(const struct ddbs_batch_numbers *from, size_t records, int64_t began_ns, int64_t ended_ns,
                        struct ddbs_batch_numbers *out)
{
    struct ddbs_batch_numbers copy;
    memcpy(&copy, from, sizeof copy);
    uint64_t counted = (uint64_t)copy.inserts + copy.modifies + copy.removes + copy.others;
    int64_t most = ended_ns - began_ns;
    if (counted > records || !is_between(copy.decode_ns, 0, most) || !is_between(copy.handler_ns, 0, most) ||
        (copy.mark_ns != 0 && !is_between(copy.mark_ns, began_ns, ended_ns)))
        return false;
    if (copy.mark_ns != 0)
        ddbs_numbers__turn(&copy, false, ended_ns);
    *out = copy;
    return copy.decode_ns + copy.handler_ns <= most;
}
