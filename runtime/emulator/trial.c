/* trial.c: see trial.h. */
#include "trial.h"

#include "command.h"

#include "lib/buf.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int refuse(char *why, size_t why_size, const char *sentence)
{
    snprintf(why, why_size, "%s", sentence);
    return -1;
}

static bool moves_shards(const struct trial *trial)
{
    const struct fault_rules *rules = &trial->plan.rules;
    return fault_rules_have(rules, FAULT_SPLIT) || fault_rules_have(rules, FAULT_MERGE);
}

int trial_read(struct trial *trial, const struct trial_options *options, char *why, size_t why_size)
{
    char reason[1024];
    *trial = (struct trial){ .faults = NULL };
    if (options->fault != NULL && !fault_rules_read(&trial->plan.rules, options->fault, reason, sizeof reason)) {
        snprintf(why, why_size, "--fault: %s", reason);
        return -1;
    }
    if (options->fault != NULL)
        trial->faults = &trial->plan;
    if (options->expect != NULL && expect_read(&trial->wants, options->expect, reason, sizeof reason) != 0) {
        snprintf(why, why_size, "--expect takes %s", reason);
        return -1;
    }
    if (expect_needs_journal(&trial->wants) && options->journal == NULL)
        return refuse(why, why_size,
                      "--expect at-least-once, no-loss and in-order need --journal FILE: the handler appends each "
                      "sequence number to it (variable DDBS_JOURNAL) when the effect of its record is done");
    if (options->checkpoint != NULL && moves_shards(trial))
        return refuse(why, why_size, "--checkpoint with the faults split or merge: their shards are gone next time");
    return 0;
}

bool trial_needs_keys(const struct trial *trial)
{
    return moves_shards(trial);
}

/* ---- Opening ----------------------------------------------------------------------------------------------------- */

static int open_checkpoint(struct trial *trial, const char *path, const struct esm *esm, const char *name, char *why,
                           size_t why_size)
{
    if (path == NULL)
        return 0;
    if (esm->settings.tumbling_window > 0)
        return refuse(why, why_size,
                      "--checkpoint: the state of tumbling windows is not kept, so that a run cannot go on "
                      "in one");
    if (checkpoint_open(&trial->checkpoint, path, esm->stream_arn, name, why, why_size) != 0)
        return -1;
    trial->source = checkpoint_source(trial->checkpoint, &trial->source);
    return 0;
}

/* The handler may run in another folder: its journal is told with its whole path. */
static int open_expect(struct trial *trial, const char *journal, const struct esm *esm, char *why, size_t why_size)
{
    char path[PATH_MAX];
    if (!trial->wants.any && journal == NULL)
        return 0;
    if (expect_new(&trial->expect, &trial->wants, journal, esm->settings.filter, why, why_size) != 0)
        return -1;
    trial->source = expect_source(trial->expect, &trial->source);
    if (journal == NULL)
        return 0;
    if (realpath(journal, path) == NULL)
        return refuse(why, why_size, "the journal's path cannot be resolved");
    snprintf(trial->variable, sizeof trial->variable, "DDBS_JOURNAL=%s", path);
    return 0;
}

static int open_faults(struct trial *trial, uint64_t seed, char *why, size_t why_size)
{
    trial->plan.seed = seed;
    if (trial->faults == NULL)
        return 0;
    if (moves_shards(trial)) {
        if (!fault_reshard_new(&trial->reshard, &trial->source, &trial->plan))
            return refuse(why, why_size, "out of memory");
        trial->source = fault_reshard_view(trial->reshard);
    }
    if (!fault_source_new(&trial->lossy, &trial->source, &trial->plan))
        return refuse(why, why_size, "out of memory");
    trial->source = fault_source_view(trial->lossy);
    return 0;
}

int trial_open(struct trial *trial, const struct trial_options *options, const struct esm *esm, const char *name,
               const struct mapping_source *source, uint64_t seed, char *why, size_t why_size)
{
    trial->source = *source;
    if (open_checkpoint(trial, options->checkpoint, esm, name, why, why_size) != 0 ||
        open_expect(trial, options->journal, esm, why, why_size) != 0)
        return -1;
    return open_faults(trial, seed, why, why_size);
}

void trial_close(struct trial *trial)
{
    fault_source_free(trial->lossy);
    fault_reshard_free(trial->reshard);
    expect_free(trial->expect);
    checkpoint_free(trial->checkpoint);
}

/* ---- Judging ----------------------------------------------------------------------------------------------------- */

/* A word as a shell takes it. */
static void put_word(ddbs_buf *out, const char *word)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+=:,./@%";
    ddbs_buf__text(out, " ");
    if (word[0] != '\0' && strspn(word, plain) == strlen(word)) {
        ddbs_buf__text(out, word);
        return;
    }
    ddbs_buf__text(out, "'");
    for (; *word != '\0'; word++) {
        if (*word == '\'')
            ddbs_buf__text(out, "'\\''");
        else
            ddbs_buf__bytes(out, word, 1);
    }
    ddbs_buf__text(out, "'");
}

int trial_judge(const struct trial *trial, uint64_t invokes, int status, char *const *arguments, bool seeded,
                const struct expect_listener *listener)
{
    if (!trial->wants.any)
        return status;
    ddbs_buf command = { .ptr = NULL };
    ddbs_buf__text(&command, "ddbstream run");
    if (!seeded)
        ddbs_buf__format(&command, " --seed %" PRIu64, trial->plan.seed);
    for (; *arguments != NULL; arguments++)
        put_word(&command, *arguments);
    int judged = expect_judge(trial->expect, invokes, command.failed ? "(out of memory)" : command.ptr, listener);
    ddbs_buf_free(&command);
    return judged != EXIT_HELD ? judged : status;
}
