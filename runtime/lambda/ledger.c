/* ledger.c: see ledger.h. */
#include "runtime/lambda/ledger.h"

void ddbs_ledger__open(struct ddbs_ledger *ledger, uint32_t generation, size_t records, bool by_commit)
{
    *ledger = (struct ddbs_ledger){ .generation = generation, .records = records, .by_commit = by_commit };
}

/* ---- Lanes: in any order, but each record once ---- */

void ddbs_ledger__allow_lanes(struct ddbs_ledger *ledger)
{
    ledger->lanes = true;
}

static bool has(const unsigned char *bits, size_t index)
{
    return (bits[index / 8] >> index % 8 & 1) != 0;
}

static void add(unsigned char *bits, size_t index)
{
    bits[index / 8] |= (unsigned char)(1u << index % 8);
}

static bool is_running(const struct ddbs_ledger *ledger, size_t index)
{
    return index < ledger->records && has(ledger->starts, index) && !has(ledger->ends, index);
}

static bool note_lane_started(struct ddbs_ledger *ledger, size_t index)
{
    if (index >= ledger->records || has(ledger->starts, index))
        return false;
    add(ledger->starts, index);
    return true;
}

static bool note_lane_done(struct ddbs_ledger *ledger, size_t index)
{
    if (ledger->by_commit || !is_running(ledger, index))
        return false;
    add(ledger->ends, index);
    while (ledger->done < ledger->records && has(ledger->ends, ledger->done))
        ledger->done++;
    return true;
}

static void find_suspect(struct ddbs_ledger *ledger)
{
    ledger->suspect = ledger->done;
    ledger->running = is_running(ledger, ledger->done);
}

void ddbs_ledger__accuse(struct ddbs_ledger *ledger, size_t index)
{
    if (!ledger->lanes || !is_running(ledger, index))
        return;
    ledger->suspect = index;
    ledger->running = true;
}

/* ---- One lane: in order, one at a time ---- */

/* Records come in order, one at a time. The worker says only of the first that it starts it: when one is done, the next
 * is at hand, be it in the decoder or in its callback. With commits it says so of each. */
static bool note_started(struct ddbs_ledger *ledger, size_t index)
{
    bool next = ledger->by_commit ? index >= ledger->suspect : index == ledger->done;
    if (index >= ledger->records || !next)
        return false;
    ledger->running = true;
    ledger->suspect = index;
    return true;
}

static bool note_done(struct ddbs_ledger *ledger, size_t index)
{
    if (ledger->by_commit || index >= ledger->records || index != ledger->done)
        return false;
    ledger->done++;
    ledger->running = ledger->done < ledger->records;
    ledger->suspect = ledger->done;
    return true;
}

static bool note_committed(struct ddbs_ledger *ledger, size_t count)
{
    if (!ledger->by_commit || count > ledger->records || count < ledger->committed)
        return false;
    ledger->committed = count;
    return true;
}

void ddbs_ledger__note(struct ddbs_ledger *ledger, struct ddbs_progress word)
{
    bool right = word.generation == (uint16_t)ledger->generation;
    if (ledger->broken)
        return;
    if (right && word.kind == DDBS_PROGRESS_STARTED)
        right = ledger->lanes ? note_lane_started(ledger, word.index) : note_started(ledger, word.index);
    else if (right && word.kind == DDBS_PROGRESS_DONE)
        right = ledger->lanes ? note_lane_done(ledger, word.index) : note_done(ledger, word.index);
    else if (right && word.kind == DDBS_PROGRESS_COMMITTED)
        right = note_committed(ledger, word.index);
    else
        right = false;
    ledger->broken = !right;
    if (ledger->lanes)
        find_suspect(ledger);
}

size_t ddbs_ledger__checkpoint(const struct ddbs_ledger *ledger)
{
    return ledger->by_commit ? ledger->committed : ledger->done;
}

bool ddbs_ledger__confirms(const struct ddbs_ledger *ledger, const ddbs_outcome *claim)
{
    size_t sum = claim->done + claim->skipped + claim->parked + claim->ignored + claim->poison;
    bool all = claim->checkpoint == claim->records;
    return !ledger->broken && claim->records == ledger->records && claim->checkpoint <= claim->records &&
           claim->checkpoint == ddbs_ledger__checkpoint(ledger) && sum == claim->checkpoint &&
           (all || claim->error.status != DDBS_OK);
}
