/* trial.h: what `ddbstream run` puts around a play to try a function out: faults made on purpose, expectations that are
 * judged afterwards, a checkpoint to go on from. */
#ifndef EMULATOR_TRIAL_H
#define EMULATOR_TRIAL_H
#include "checkpoint.h"
#include "esm.h"
#include "expect.h"

#include "runtime/mapping/fault.h"

/* As the command line has them; NULL: not given. */
struct trial_options {
    const char *fault, *expect, *journal, *checkpoint;
};

struct trial {
    struct fault_plan plan;
    struct fault_plan *faults; /* &plan; NULL: there are none */
    struct fault_reshard *reshard;
    struct fault_source *lossy;
    struct expect_wants wants;
    struct expect *expect;
    struct checkpoint *checkpoint;
    struct mapping_source source; /* what the mapping shall read */
    char variable[4200];          /* "DDBS_JOURNAL=..." for the function; "": there is no journal */
};

/* Read the options, without touching anything: 0, or -1 with a sentence in `why` that begins with an option. */
int trial_read(struct trial *trial, const struct trial_options *options, char *why, size_t why_size);

/* Whether the records must have the hash of their key. */
bool trial_needs_keys(const struct trial *trial);

/* Open what trial_read has read, around a source that is named `name`. The trial must not be moved from here on; the
 * caller closes it, also after a failure. 0, or -1 with a sentence in `why`. */
int trial_open(struct trial *trial, const struct trial_options *options, const struct esm *esm, const char *name,
               const struct mapping_source *source, uint64_t seed, char *why, size_t why_size);
void trial_close(struct trial *trial);

/* After a play that ran to its end: its exit status becomes this one. `arguments` are those of the command, without its
 * name; `seed` is added where they do not tell it. `listener` hears of each expectation; it may be NULL. */
int trial_judge(const struct trial *trial, uint64_t invokes, int status, char *const *arguments, bool seeded,
                const struct expect_listener *listener);
#endif
