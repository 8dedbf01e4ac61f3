/* verdict.c: see verdict.h. Everything in a reply is hostile: sizes are checked, pointers are not followed, texts are
 * made printable. */
#include "runtime/lambda/verdict.h"

#include "lib/arena.h"
#include "lib/context.h"
#include "lib/error.h"
#include "runtime/lambda/crash.h"
#include "runtime/lambda/worker.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

static void say_exit(int status, char *out, size_t size)
{
    switch (status) {
    case DDBS_WORKER_UNHEARD:
        snprintf(out, size, "the worker could not reach the supervisor: were its descriptors closed?");
        break;
    case DDBS_WORKER_LOST:
        snprintf(out, size, "the handler left a callback without returning");
        break;
    default:
        snprintf(out, size, "the handler ended its process with exit status %d", status);
        break;
    }
}

void ddbs_verdict__death(int wait_status, const struct ddbs_crash *crash, char *out, size_t size)
{
    char number[16], place[128];
    struct ddbs_crash copy = *crash;
    if (WIFEXITED(wait_status)) {
        say_exit(WEXITSTATUS(wait_status), out, size);
        return;
    }
    const char *name = ddbs_crash__signal(WTERMSIG(wait_status), number);
    if (copy.signal == WTERMSIG(wait_status) && copy.frame_count > 0) {
        ddbs_crash__place(copy.frames[0], place, sizeof place);
        snprintf(out, size, "%s at %s", name, place);
    } else if (WTERMSIG(wait_status) == SIGKILL) {
        snprintf(out, size, "SIGKILL: out of memory, or killed by somebody");
    } else {
        snprintf(out, size, "%s", name);
    }
}

/* An error from the reply whose texts end and can be printed. */
static void take_error(const ddbs_error *from, ddbs_error *out)
{
    memcpy(out, from, sizeof *out);
    out->path[sizeof out->path - 1] = '\0';
    out->reason[sizeof out->reason - 1] = '\0';
    ddbs_error__clean(out);
    if (out->reason[0] == '\0')
        snprintf(out->reason, sizeof out->reason, "the handler gave no reason");
}

void ddbs_verdict__claim(const struct ddbs_worker_reply *reply, ddbs_error *error)
{
    ddbs_error claim;
    take_error(&reply->outcome.error, &claim);
    if (claim.status == DDBS_OK || claim.status == DDBS_SKIP)
        claim.status = DDBS_E_HANDLER;
    if (error != NULL)
        *error = claim;
}

/* The batch stopped at the first record that is not done. */
static void stop_at_checkpoint(const struct ddbs_ledger *ledger, const char *type, const char *reason,
                               ddbs_outcome *outcome)
{
    size_t checkpoint = ddbs_ledger__checkpoint(ledger);
    *outcome =
        (ddbs_outcome){ .records = ledger->records, .done = checkpoint, .checkpoint = checkpoint, .error_type = type };
    ddbs_error__set(&outcome->error, DDBS_E_HANDLER, checkpoint, DDBS_NOWHERE, "%s", reason);
}

/* Copy the state out of the worker's reach, then check the copy. */
static bool take_state(const struct ddbs_worker_reply *reply, size_t reply_size, ddbs_arena *arena, ddbs_str *out)
{
    size_t len = reply->text_len;
    ddbs_status ignored;
    *out = (ddbs_str){ NULL, 0 };
    if (len == 0)
        return true;
    char *copy = len <= reply_size - sizeof *reply ? ddbs_arena__alloc(arena, len + 1) : NULL;
    if (copy == NULL)
        return false;
    memcpy(copy, reply->text, len);
    copy[len] = '\0';
    *out = (ddbs_str){ copy, len };
    return ddbs_state__fault(*out, &ignored) == NULL;
}

/* The worker writes a true bool; other bytes there are somebody's stray store. */
static bool truth(const bool *value)
{
    unsigned char byte;
    memcpy(&byte, value, 1);
    return byte != 0;
}

static ddbs_outcome take_outcome(const ddbs_outcome *from)
{
    ddbs_outcome claim = {
        .records = from->records,
        .done = from->done,
        .skipped = from->skipped,
        .parked = from->parked,
        .ignored = from->ignored,
        .poison = from->poison,
        .checkpoint = from->checkpoint,
        .undecodable = truth(&from->undecodable),
        .out_of_time = truth(&from->out_of_time),
        .window_partial = truth(&from->window_partial),
    };
    ddbs_error_clear(&claim.error);
    if (from->error.status != DDBS_OK)
        take_error(&from->error, &claim.error);
    return claim;
}

static void mismatch(const struct ddbs_ledger *ledger, ddbs_outcome *outcome)
{
    stop_at_checkpoint(ledger, "Function.ProgressMismatch",
                       "the worker's account of the batch is not what it reported on the way", outcome);
}

void ddbs_verdict__ended(const struct ddbs_worker_reply *reply, size_t reply_size, const struct ddbs_ledger *ledger,
                         ddbs_arena *arena, ddbs_outcome *outcome)
{
    ddbs_str state;
    *outcome = take_outcome(&reply->outcome);
    if (!ddbs_ledger__confirms(ledger, outcome) || !take_state(reply, reply_size, arena, &state)) {
        mismatch(ledger, outcome);
        return;
    }
    outcome->state = state;
}

void ddbs_verdict__raw_ended(const struct ddbs_worker_reply *reply, size_t reply_size, const struct ddbs_ledger *ledger,
                             ddbs_arena *arena, ddbs_outcome *outcome, ddbs_str *result)
{
    size_t len = reply->text_len;
    *result = (ddbs_str){ NULL, len };
    *outcome = take_outcome(&reply->outcome);
    if (!ddbs_ledger__confirms(ledger, outcome)) {
        mismatch(ledger, outcome);
        return;
    }
    if (outcome->error.status != DDBS_OK || len == 0 || len > DDBS_EVENT_BYTES_MAX || len > reply_size - sizeof *reply)
        return;
    char *copy = ddbs_arena__alloc(arena, len);
    if (copy == NULL) {
        ddbs_error__set(&outcome->error, DDBS_E_MEMORY, DDBS_NOWHERE, DDBS_NOWHERE,
                        "no memory for a result of %zu bytes", len);
        return;
    }
    memcpy(copy, reply->text, len);
    *result = (ddbs_str){ copy, len };
}

void ddbs_verdict__timeout(const struct ddbs_ledger *ledger, ddbs_outcome *outcome)
{
    stop_at_checkpoint(ledger, "Function.DeadlineExceeded",
                       "the handler did not return in time and was ended shortly before the deadline", outcome);
    outcome->out_of_time = true;
}

void ddbs_verdict__died(int wait_status, const struct ddbs_crash *crash, bool astray, const struct ddbs_ledger *ledger,
                        ddbs_outcome *outcome)
{
    char text[DDBS_VERDICT_MAX];
    const char *type = WIFSIGNALED(wait_status) ? "Function.HandlerCrashed" : "Function.HandlerExited";
    ddbs_verdict__death(wait_status, crash, text, sizeof text);
    if (astray)
        snprintf(text, sizeof text, "the worker spoke out of turn, as after a jump out of a callback, and was ended");
    stop_at_checkpoint(ledger, astray ? "Function.HandlerCrashed" : type, text, outcome);
}

static bool is_about(const struct ddbs_attempt *attempt, ddbs_str sequence)
{
    return strlen(attempt->sequence) == sequence.len && memcmp(attempt->sequence, sequence.ptr, sequence.len) == 0;
}

/* The place of a sequence number in the table, or the one to use for it: a free one, else the oldest. */
static struct ddbs_attempt *attempt_of(struct ddbs_attempt attempts[DDBS_ATTEMPTS_MAX], ddbs_str sequence)
{
    struct ddbs_attempt *place = &attempts[DDBS_ATTEMPTS_MAX - 1];
    for (size_t i = DDBS_ATTEMPTS_MAX; i-- > 0;) {
        if (is_about(&attempts[i], sequence))
            return &attempts[i];
        if (attempts[i].sequence[0] == '\0')
            place = &attempts[i];
    }
    return place;
}

void ddbs_verdict__count_attempt(const struct ddbs_ledger *ledger, const ddbs_event *event, const ddbs_outcome *outcome,
                                 struct ddbs_attempt attempts[DDBS_ATTEMPTS_MAX])
{
    /* With commits the checkpoint lies before the record that failed, and a flush is no record's fault: parking the one
     * at the checkpoint would give up an innocent one. */
    if (outcome->checkpoint >= outcome->records || outcome->out_of_time || ledger->by_commit)
        return;
    /* A batch that failed before its first record says nothing about it. */
    if (!ledger->running && !outcome->undecodable)
        return;
    ddbs_str sequence = ddbs_event_sequence(event, ledger->lanes ? ledger->suspect : outcome->checkpoint);
    struct ddbs_attempt *attempt = attempt_of(attempts, sequence);
    uint32_t count = is_about(attempt, sequence) ? attempt->count : 0;
    /* The newest stands first. */
    memmove(attempts + 1, attempts, (size_t)(attempt - attempts) * sizeof *attempts);
    memcpy(attempts->sequence, sequence.ptr, sequence.len);
    attempts->sequence[sequence.len] = '\0';
    attempts->count = count + 1;
}
