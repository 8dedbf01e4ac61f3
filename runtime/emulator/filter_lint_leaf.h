/* filter_lint_leaf.h: what the two halves of the linter of patterns share: filter_lint.c walks over names and objects,
 * filter_lint_leaf.c looks at the rules in a leaf. */
#ifndef EMULATOR_FILTER_LINT_LEAF_H
#define EMULATOR_FILTER_LINT_LEAF_H
#include "filter_lint.h"

#include "lib/buf.h"
#include "lib/error.h"

/* What stands at a place of a record. */
enum kind {
    KIND_TEXT,   /* a string */
    KIND_NUMBER, /* a JSON number */
    KIND_N,      /* a number in a string */
    KIND_BOOL,
    KIND_NULL,   /* true, under NULL */
    KIND_OBJECT, /* with certain names */
    KIND_ITEM    /* attributes */
};

struct place {
    const char *name;
    enum kind kind;
    const struct place *names; /* of an object */
    const char *const *values; /* of a text; NULL: any */
};

/* The texts that can stand at eventName and StreamViewType. */
extern const char *const LINT_EVENT_NAMES[];
extern const char *const LINT_VIEW_TYPES[];

struct lint {
    ddbs_buf *out;
    ddbs_error at; /* its path is where the walk is */
    lint_found *found;
    void *user;
    bool errors;        /* there was one */
    bool beyond_repair; /* one that no other pattern mends */
};

/* Report what is found where the walk is; lint_give_up also that no other pattern mends it. */
void lint_warn(struct lint *lint, const char *sentence);
void lint_error(struct lint *lint, const char *sentence);
void lint_give_up(struct lint *lint, const char *sentence);

/* Write to the mended pattern; a comma comes before where one is needed. */
void lint_separate(struct lint *lint);
void lint_name(struct lint *lint, ddbs_str name);
void lint_raw(struct lint *lint, const ddbs_value *value);
void lint_word(struct lint *lint, const char *word);

/* Look at the array of rules of a leaf, and write it. */
void lint_leaf(struct lint *lint, const struct place *place, const ddbs_value *rules);

/* The operator of a rule and its argument; {NULL, 0} for a plain value. */
ddbs_str lint_operator(const ddbs_value *rule, const ddbs_value **argument);

/* Whether a text is a word, in letters of either case. */
bool lint_is_text(ddbs_str text, const char *word);
#endif
