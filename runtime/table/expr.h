/* expr.h: what all expressions share: tokens, document paths, placeholders, and the order in which AWS complains.
 *
 * Nothing recurses: expressions come from strangers. */
#ifndef TABLE_EXPR_H
#define TABLE_EXPR_H
#include "item.h"

enum {
    EXPR_TEXT_MAX = 4096, /* bytes of an expression (developer guide, limits of expressions) */
    EXPR_IN_MAX = 100,    /* operands of IN */
    EXPR_PATH_MAX = 32    /* steps of a document path */
};

/* ---- Placeholders ------------------------------------------------------------------------------------------------ */

struct expr_name {
    ddbs_str key; /* "#n" */
    ddbs_str name;
    bool used;
};

struct expr_value {
    ddbs_str key; /* ":v" */
    const ddbs_value *value;
    bool used;
};

/* What is wrong with an expression, by kind. AWS names one, whatever stands first in the text: each sort of expression
 * has its own order of kinds. */
enum expr_complaint {
    EXPR_PARENS,
    EXPR_UNKNOWN_FUNCTION,
    EXPR_MISUSED_FUNCTION,
    EXPR_RESERVED,
    EXPR_SECTION,
    EXPR_NAME,
    EXPR_VALUE,
    EXPR_OPERAND,
    EXPR_DISTINCT,
    EXPR_FUNCTION,
    EXPR_OVERLAP,
    EXPR_CONFLICT,
    EXPR_CONDITION, /* the first one of the first comparison or function that has any */
    EXPR_COMPLAINTS
};

/* The placeholders of a request, for all its expressions. */
struct expr_scope {
    struct fault *fault;
    struct expr_name *names;
    size_t name_count;
    struct expr_value *values;
    size_t value_count;
    const char *complaints[EXPR_COMPLAINTS]; /* of the expression at hand */
    const char *kind;                        /* "ConditionExpression": how its faults begin */
};

/* Read ExpressionAttributeNames and ExpressionAttributeValues; either may be absent. */
bool expr_scope_open(struct expr_scope *scope, struct span names, struct span values, struct fault *fault);

/* After all expressions are read: AWS refuses placeholders that none of them uses. */
bool expr_scope_close(const struct expr_scope *scope);

/* Note a complaint; of each kind the first counts. */
void expr_complain(struct expr_scope *scope, enum expr_complaint kind, const char *format, ...) DDBS_PRINTF(3, 4);

/* Raise the complaint that comes first in `order`; true when there is none. */
bool expr_settle(struct expr_scope *scope, const enum expr_complaint *order, size_t count);

/* ---- Tokens ------------------------------------------------------------------------------------------------------ */

enum expr_kind {
    EXPR_END,
    EXPR_WORD,   /* a name, a keyword or a function */
    EXPR_HASH,   /* #name */
    EXPR_COLON,  /* :value */
    EXPR_DIGITS, /* of an index */
    EXPR_LE,
    EXPR_GE,
    EXPR_NE,
    EXPR_BYTE /* one of = < > ( ) , . [ ] + - */
};

struct expr_token {
    enum expr_kind kind;
    ddbs_str text; /* as it stands in the expression, not NUL-terminated */
};

struct expr_tokens {
    struct expr_scope *scope;
    const struct expr_token *list; /* the last one is EXPR_END */
    size_t at;
};

/* Cut an expression into tokens. `kind` is the name of the parameter. */
bool expr_open(struct expr_scope *scope, const char *kind, ddbs_str text, struct expr_tokens *out);

/* Whether the token at hand is this byte, or this word in any case; expr_take_* moves past it. */
bool expr_is(const struct expr_tokens *tokens, char byte);
bool expr_is_word(const struct expr_tokens *tokens, const char *word);
bool expr_take(struct expr_tokens *tokens, char byte);
bool expr_take_word(struct expr_tokens *tokens, const char *word);

/* Whether a word and an opening parenthesis stand here: the call of a function. */
bool expr_is_call(const struct expr_tokens *tokens);

/* A syntax error at the token at hand. Always returns false. */
bool expr_syntax(const struct expr_tokens *tokens);

/* ---- Paths and operands ------------------------------------------------------------------------------------------ */

struct expr_step {
    ddbs_str name; /* {NULL, 0}: an index */
    size_t index;
};

struct expr_path {
    struct expr_step steps[EXPR_PATH_MAX];
    size_t count;
};

/* Read a path, "a.#b[3]"; names and reserved words are looked at, and complained about. */
bool expr_path(struct expr_tokens *tokens, const struct expr_path **out);

/* Read a ":value". `*out` is NULL for one that is not defined, which was complained about. */
void expr_value(struct expr_tokens *tokens, const ddbs_value **out);

/* The value at a path, or NULL. */
const ddbs_value *expr_find(const struct expr_path *path, const ddbs_item *item);

/* Complain when a path overlaps or conflicts with one before it. */
void expr_check_paths(struct expr_scope *scope, const struct expr_path *const *paths, size_t count,
                      const struct expr_path *path);

/* "[a, b, [3]]", as AWS shows a path. */
const char *expr_path_text(struct expr_scope *scope, const struct expr_path *path);
#endif
