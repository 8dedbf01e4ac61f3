/* filter_lint.h: finds patterns that are valid and yet do nothing that anybody wants, against what a record of a
 * DynamoDB stream looks like, and writes the pattern that would work. Pure. */
#ifndef EMULATOR_FILTER_LINT_H
#define EMULATOR_FILTER_LINT_H
#include <ddbstream/convert.h>

enum lint_severity {
    LINT_WARNING, /* risky, or not in Lambda's table */
    LINT_ERROR    /* never matches, or always */
};

/* One finding: where in the pattern, and a sentence without the final stop. */
typedef void lint_found(void *user, enum lint_severity severity, const char *path, const char *sentence);

/* Lint a valid pattern; `found` is called in the order of the pattern. `works` gets the pattern that would work, where
 * there were findings and one can be told; it stays empty otherwise. False: out of memory. */
bool filter_lint(const ddbs_item *pattern, ddbs_buf *works, lint_found *found, void *user);
#endif
