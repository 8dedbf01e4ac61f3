/* lint.h: finds what in mappings and templates loses records or blocks a shard. Pure.
 *
 * What a value is, a template does not always say (a parameter, an import): then nothing is claimed about it. */
#ifndef EMULATOR_LINT_H
#define EMULATOR_LINT_H
#include "filter_lint.h"
#include "yaml.h"

/* One finding: where (a name in the file), the line, and a sentence that says what happens and what to write. */
struct lint_finding {
    enum lint_severity severity;
    size_t line;
    const char *where;
    const char *sentence;
};

struct lint {
    void (*report)(void *user, const struct lint_finding *finding);
    void *user;
    ddbs_arena *arena; /* for what is read on the way */
    size_t mappings;   /* how many were looked at */
};

/* A mapping with what is known of its function. */
struct lint_mapping {
    const struct yaml *settings; /* a map: BatchSize and so on */
    size_t line;
    const char *where;       /* "Orders.Events.Stream" */
    bool function_known;     /* the function stands in the same file, or its environment was given: */
    const struct yaml *mode; /* its DDBS_REPORT; NULL: not set */
    const char *mode_given;  /* the same from the command line; NULL: not given */
};

/* The rules for one mapping. */
void lint_mapping(struct lint *lint, const struct lint_mapping *mapping);

/* Every mapping of a SAM or CloudFormation template, its functions, tables and alarms. False: it is no template. */
bool lint_template(struct lint *lint, const struct yaml *root);

/* Report a finding about a place in the file. */
void lint_found_at(struct lint *lint, enum lint_severity severity, size_t line, const char *where, const char *format,
                   ...) __attribute__((format(printf, 5, 6)));
#endif
