/* condition.c: reads conditions; see condition.h. Operators and operands wait on two stacks until it is known what
 * binds tighter, so that depth costs no C stack. */
#include "condition.h"

#include "lib/arena.h"

#include <string.h>

/* What waits on the stack of operators; the first ones bind the least. */
enum waiting { WAIT_GROUP, WAIT_CALL, WAIT_IN, WAIT_OR, WAIT_AND, WAIT_NOT, WAIT_COMPARE, WAIT_LOW, WAIT_HIGH };

struct pending {
    enum waiting what;
    enum condition_kind kind; /* WAIT_COMPARE */
    size_t token;             /* where it stands */
    size_t base;              /* WAIT_CALL, WAIT_IN: how many terms there were before its own */
};

/* What was read: an operand, or a condition. */
struct term {
    bool condition;
    bool any; /* of a function that does not exist: neither is wrong */
    size_t node;
    struct condition_operand operand;
    ddbs_str call; /* the function that it is, {NULL, 0}: none */
};

struct reader {
    struct expr_tokens tokens;
    struct expr_scope *scope;
    struct pending *pending;
    size_t pending_count;
    struct term *terms;
    size_t term_count;
    struct condition_node *nodes;
    size_t node_count;
    size_t *closed_at; /* by the place of an opening parenthesis */
};

static const struct function {
    const char *name;
    size_t operands;
    enum condition_kind kind;
} FUNCTIONS[] = {
    { "attribute_exists", 1, CONDITION_EXISTS }, { "attribute_not_exists", 1, CONDITION_NOT_EXISTS },
    { "attribute_type", 2, CONDITION_TYPE },     { "begins_with", 2, CONDITION_BEGINS_WITH },
    { "contains", 2, CONDITION_CONTAINS },       { "size", 1, CONDITION_EQ },
};

const char *condition_name(enum condition_kind kind)
{
    static const char *const names[] = { "=",
                                         "<>",
                                         "<",
                                         "<=",
                                         ">",
                                         ">=",
                                         "BETWEEN",
                                         "IN",
                                         "attribute_exists",
                                         "attribute_not_exists",
                                         "attribute_type",
                                         "begins_with",
                                         "contains",
                                         "AND",
                                         "OR",
                                         "NOT" };
    return names[kind];
}

/* ---- Complaints -------------------------------------------------------------------------------------------------- */

static bool equal_paths(const struct expr_path *a, const struct expr_path *b)
{
    if (a == NULL || b == NULL || a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        const struct expr_step *x = &a->steps[i], *y = &b->steps[i];
        if (x->index != y->index || x->name.len != y->name.len || (x->name.ptr == NULL) != (y->name.ptr == NULL) ||
            (x->name.ptr != NULL && memcmp(x->name.ptr, y->name.ptr, x->name.len) != 0))
            return false;
    }
    return true;
}

static void check_distinct(struct expr_scope *scope, const char *name, const struct condition_operand *operands)
{
    if (!operands[0].size && !operands[1].size && equal_paths(operands[0].path, operands[1].path))
        expr_complain(scope, EXPR_DISTINCT,
                      "The first operand must be distinct from the remaining operands for this operator or function; "
                      "operator: %s, first operand: %s",
                      name, expr_path_text(scope, operands[0].path));
}

/* Of a constant operand: its type; DDBS_TYPE_NONE for a path. */
static ddbs_type constant_type(const struct condition_operand *operand)
{
    return operand->size ? DDBS_TYPE_N : ddbs_value_type(operand->value);
}

static void complain_type(struct expr_scope *scope, const char *name, ddbs_type type)
{
    expr_complain(scope, EXPR_FUNCTION,
                  "Incorrect operand type for operator or function; operator or function: %s, operand type: %s", name,
                  ddbs_type_name(type));
}

static bool has_order(ddbs_type type)
{
    return type == DDBS_TYPE_NONE || type == DDBS_TYPE_S || type == DDBS_TYPE_N || type == DDBS_TYPE_B;
}

static void check_between(struct expr_scope *scope, const struct condition_operand *low,
                          const struct condition_operand *high)
{
    int order;
    if (low->value == NULL || high->value == NULL || low->size || high->size)
        return;
    if (ddbs_value_type(low->value) != ddbs_value_type(high->value))
        expr_complain(scope, EXPR_FUNCTION,
                      "The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: "
                      "AttributeValue: {%s}, upper bound operand: AttributeValue: {%s}",
                      ddbs_type_name(ddbs_value_type(low->value)), ddbs_type_name(ddbs_value_type(high->value)));
    else if (item_order(low->value, high->value, &order) && order > 0)
        expr_complain(scope, EXPR_FUNCTION,
                      "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower "
                      "bound operand: AttributeValue: {%s}, upper bound operand: AttributeValue: {%s}",
                      ddbs_type_name(ddbs_value_type(low->value)), ddbs_type_name(ddbs_value_type(high->value)));
}

static void check_type_name(struct expr_scope *scope, const struct condition_operand *operand)
{
    ddbs_str name;
    if (ddbs_value_str(operand->value, &name) != DDBS_OK || operand->size) {
        if (operand->value != NULL)
            complain_type(scope, "attribute_type", constant_type(operand));
        else
            expr_complain(scope, EXPR_FUNCTION,
                          "Incorrect operand type for operator or function; operator or function: attribute_type, "
                          "operand type: {NS,SS,L,BS,N,M,B,BOOL,NULL,S}");
        return;
    }
    for (ddbs_type type = DDBS_TYPE_S; type <= DDBS_TYPE_BS; type++) {
        if (ddbs_str_is(name, ddbs_type_name(type)))
            return;
    }
    expr_complain(scope, EXPR_FUNCTION,
                  "Invalid attribute type name found; type: %s, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}", name.ptr);
}

static void check_function(struct expr_scope *scope, const struct function *function,
                           const struct condition_operand *operands)
{
    if (function->operands == 2)
        check_distinct(scope, function->name, operands);
    if ((function->kind == CONDITION_EXISTS || function->kind == CONDITION_NOT_EXISTS) &&
        (operands[0].path == NULL || operands[0].size))
        expr_complain(scope, EXPR_FUNCTION, "Operator or function requires a document path; operator or function: %s",
                      function->name);
    for (size_t i = 0; function->kind == CONDITION_BEGINS_WITH && i < 2; i++) {
        ddbs_type type = constant_type(&operands[i]);
        if (type != DDBS_TYPE_NONE && type != DDBS_TYPE_S && type != DDBS_TYPE_B)
            complain_type(scope, function->name, type);
    }
    if (function->kind == CONDITION_TYPE)
        check_type_name(scope, &operands[1]);
    ddbs_type type = constant_type(&operands[0]);
    if (strcmp(function->name, "size") == 0 &&
        (type == DDBS_TYPE_N || type == DDBS_TYPE_BOOL || type == DDBS_TYPE_NULL))
        complain_type(scope, function->name, type);
}

/* ---- Terms ------------------------------------------------------------------------------------------------------- */

static struct term *push_term(struct reader *r)
{
    struct term *term = &r->terms[r->term_count++];
    *term = (struct term){ .condition = false };
    return term;
}

/* A comparison or function is complete. Of the first one that is wrong AWS says what is; what is wrong behind it does
 * not count. */
static void settle_leaf(struct reader *r)
{
    static const enum expr_complaint order[] = { EXPR_NAME, EXPR_VALUE, EXPR_OPERAND, EXPR_DISTINCT, EXPR_FUNCTION };
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        const char *complaint = r->scope->complaints[order[i]];
        if (complaint != NULL)
            expr_complain(r->scope, EXPR_CONDITION, "%s", complaint);
    }
}

static bool push_condition(struct reader *r, struct condition_node node)
{
    if (node.kind < CONDITION_AND)
        settle_leaf(r);
    r->nodes[r->node_count] = node;
    struct term *term = push_term(r);
    term->condition = true;
    term->node = r->node_count++;
    return true;
}

/* Whether a term can be an operand. A function that is a condition cannot; AWS names it. */
static bool take_operand(struct reader *r, const struct term *term)
{
    if (!term->condition || term->any)
        return true;
    if (term->call.ptr == NULL)
        return expr_syntax(&r->tokens);
    expr_complain(r->scope, EXPR_MISUSED_FUNCTION,
                  "The function is not allowed to be used this way in an expression; function: %.*s",
                  (int)term->call.len, term->call.ptr);
    return true;
}

static bool take_condition(struct reader *r, const struct term *term)
{
    if (term->condition || term->any)
        return true;
    if (!term->operand.size)
        return expr_syntax(&r->tokens);
    expr_complain(r->scope, EXPR_MISUSED_FUNCTION,
                  "The function is not allowed to be used this way in an expression; function: size");
    return true;
}

/* The operands that are the last `count` terms, which are taken off. NULL with a fault. */
static const struct condition_operand *take_operands(struct reader *r, size_t count)
{
    struct condition_operand *list = ddbs_arena__alloc(r->scope->fault->arena, (count + 1) * sizeof *list);
    if (list == NULL) {
        fault_memory(r->scope->fault);
        return NULL;
    }
    r->term_count -= count;
    for (size_t i = 0; i < count; i++) {
        if (!take_operand(r, &r->terms[r->term_count + i]))
            return NULL;
        list[i] = r->terms[r->term_count + i].operand;
    }
    return list;
}

static bool reduce_compare(struct reader *r, enum condition_kind kind)
{
    const struct condition_operand *operands = take_operands(r, kind == CONDITION_BETWEEN ? 3 : 2);
    if (operands == NULL)
        return false;
    if (kind == CONDITION_BETWEEN)
        check_between(r->scope, &operands[1], &operands[2]);
    else
        check_distinct(r->scope, condition_name(kind), operands);
    for (size_t i = 0; kind >= CONDITION_LT && kind <= CONDITION_BETWEEN && i < 2; i++) {
        if (!has_order(constant_type(&operands[i])))
            complain_type(r->scope, condition_name(kind), constant_type(&operands[i]));
    }
    return push_condition(
        r, (struct condition_node){ .kind = kind, .operands = operands, .count = kind == CONDITION_BETWEEN ? 3 : 2 });
}

static bool reduce_join(struct reader *r, enum waiting what)
{
    size_t count = what == WAIT_NOT ? 1 : 2;
    struct term *terms = &r->terms[r->term_count -= count];
    for (size_t i = 0; i < count; i++) {
        if (!take_condition(r, &terms[i]))
            return false;
    }
    return push_condition(r, (struct condition_node){ .kind = what == WAIT_OR    ? CONDITION_OR
                                                              : what == WAIT_AND ? CONDITION_AND
                                                                                 : CONDITION_NOT,
                                                      .left = terms[0].node,
                                                      .right = terms[count - 1].node });
}

/* Reduce what binds at least as tightly as `least`. */
static bool reduce(struct reader *r, enum waiting least)
{
    while (r->pending_count > 0 && r->pending[r->pending_count - 1].what >= least) {
        struct pending op = r->pending[--r->pending_count];
        if (op.what == WAIT_LOW)
            return expr_syntax(&r->tokens); /* BETWEEN without its AND */
        if (op.what >= WAIT_COMPARE ? !reduce_compare(r, op.kind) : !reduce_join(r, op.what))
            return false;
    }
    return true;
}

static void push_pending(struct reader *r, enum waiting what, enum condition_kind kind)
{
    r->pending[r->pending_count++] =
        (struct pending){ .what = what, .kind = kind, .token = r->tokens.at, .base = r->term_count };
}

/* ---- Functions and parentheses ----------------------------------------------------------------------------------- */

static bool end_group(struct reader *r, const struct pending *op)
{
    size_t inner = op->token + 1;
    r->closed_at[op->token] = r->tokens.at;
    if (r->closed_at[inner] != 0 && r->closed_at[inner] == r->tokens.at - 1)
        expr_complain(r->scope, EXPR_PARENS, "The expression has redundant parentheses;");
    r->terms[r->term_count - 1].call = (ddbs_str){ NULL, 0 };
    return true;
}

static bool end_in(struct reader *r, const struct pending *op)
{
    size_t count = r->term_count - op->base + 1; /* with what stands before IN */
    if (count - 1 > EXPR_IN_MAX)
        expr_complain(r->scope, EXPR_OPERAND,
                      "Incorrect number of operands for operator or function; operator or function: IN, number of "
                      "operands: %zu",
                      count);
    const struct condition_operand *operands = take_operands(r, count);
    return operands != NULL &&
           push_condition(r, (struct condition_node){ .kind = CONDITION_IN, .operands = operands, .count = count });
}

static const struct function *find_function(ddbs_str name)
{
    for (size_t i = 0; i < sizeof FUNCTIONS / sizeof *FUNCTIONS; i++) {
        if (strlen(FUNCTIONS[i].name) == name.len && memcmp(FUNCTIONS[i].name, name.ptr, name.len) == 0)
            return &FUNCTIONS[i];
    }
    return NULL;
}

static void unknown_call(struct reader *r, ddbs_str name, size_t count, bool known)
{
    if (known)
        expr_complain(r->scope, EXPR_OPERAND,
                      "Incorrect number of operands for operator or function; operator or function: %.*s, number of "
                      "operands: %zu",
                      (int)name.len, name.ptr, count);
    else
        expr_complain(r->scope, EXPR_UNKNOWN_FUNCTION, "Invalid function name; function: %.*s", (int)name.len,
                      name.ptr);
    settle_leaf(r);
    push_term(r)->any = true;
}

static bool end_call(struct reader *r, const struct pending *op)
{
    size_t count = r->term_count - op->base;
    ddbs_str name = r->tokens.list[op->token].text;
    const struct function *function = find_function(name);
    const struct condition_operand *operands = take_operands(r, count);
    if (operands == NULL)
        return false;
    if (function == NULL || function->operands != count) {
        unknown_call(r, name, count, function != NULL);
        return true;
    }
    check_function(r->scope, function, operands);
    if (strcmp(function->name, "size") == 0) {
        struct term *term = push_term(r);
        term->operand = operands[0];
        term->operand.size = true;
        return true;
    }
    push_condition(r, (struct condition_node){ .kind = function->kind, .operands = operands, .count = count });
    r->terms[r->term_count - 1].call = name;
    return true;
}

static bool close_parenthesis(struct reader *r)
{
    if (!reduce(r, WAIT_OR))
        return false;
    if (r->pending_count == 0)
        return expr_syntax(&r->tokens);
    struct pending op = r->pending[--r->pending_count];
    bool ended = op.what == WAIT_GROUP ? end_group(r, &op) : op.what == WAIT_IN ? end_in(r, &op) : end_call(r, &op);
    r->tokens.at++;
    return ended;
}

/* ---- The two states ---------------------------------------------------------------------------------------------- */

/* What opens a term: "(", NOT, or a function up to its "(". `*due` gets whether a term is due behind it. */
static bool read_opening(struct reader *r, bool *due)
{
    bool call = expr_is_call(&r->tokens) && !expr_is_word(&r->tokens, "NOT"); /* "NOT (" looks like one */
    push_pending(r, call ? WAIT_CALL : expr_is(&r->tokens, '(') ? WAIT_GROUP : WAIT_NOT, CONDITION_NOT);
    r->tokens.at += call ? 2 : 1;
    *due = !call || !expr_is(&r->tokens, ')');
    return *due || close_parenthesis(r);
}

/* A term is due. */
static bool read_term(struct reader *r, bool *due)
{
    static const char *const keywords[] = { "AND", "OR", "BETWEEN", "IN" };
    bool negation = expr_is_word(&r->tokens, "NOT");
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++) {
        if (expr_is_word(&r->tokens, keywords[i]))
            return expr_syntax(&r->tokens);
    }
    if (negation || expr_is(&r->tokens, '(') || expr_is_call(&r->tokens))
        return read_opening(r, due);
    struct term *term = push_term(r);
    *due = false;
    if (r->tokens.list[r->tokens.at].kind != EXPR_COLON)
        return expr_path(&r->tokens, &term->operand.path);
    expr_value(&r->tokens, &term->operand.value);
    return true;
}

/* The comparator at hand, or CONDITION_NOT. */
static enum condition_kind comparator(const struct expr_tokens *tokens)
{
    switch (tokens->list[tokens->at].kind) {
    case EXPR_LE:
        return CONDITION_LE;
    case EXPR_GE:
        return CONDITION_GE;
    case EXPR_NE:
        return CONDITION_NE;
    default:
        return expr_is(tokens, '=')   ? CONDITION_EQ
               : expr_is(tokens, '<') ? CONDITION_LT
               : expr_is(tokens, '>') ? CONDITION_GT
                                      : CONDITION_NOT;
    }
}

static bool read_and(struct reader *r)
{
    struct pending *top = r->pending_count == 0 ? NULL : &r->pending[r->pending_count - 1];
    if (top != NULL && top->what == WAIT_LOW) {
        top->what = WAIT_HIGH;
    } else {
        if (!reduce(r, WAIT_AND))
            return false;
        push_pending(r, WAIT_AND, CONDITION_AND);
    }
    r->tokens.at++;
    return true;
}

static bool read_in(struct reader *r)
{
    if (!reduce(r, WAIT_COMPARE))
        return false;
    r->tokens.at++;
    push_pending(r, WAIT_IN, CONDITION_IN);
    return expr_take(&r->tokens, '(') || expr_syntax(&r->tokens);
}

/* What may follow a comma: only the next operand of a function or of IN. */
static bool read_comma(struct reader *r)
{
    if (!reduce(r, WAIT_OR))
        return false;
    if (r->pending_count == 0 || r->pending[r->pending_count - 1].what == WAIT_GROUP)
        return expr_syntax(&r->tokens);
    r->tokens.at++;
    return true;
}

/* An operator is due. `*due` gets whether a term is due behind it. */
static bool read_operator(struct reader *r, bool *due)
{
    enum condition_kind kind = comparator(&r->tokens);
    bool between = expr_is_word(&r->tokens, "BETWEEN");
    *due = !expr_is(&r->tokens, ')');
    if (!*due)
        return close_parenthesis(r);
    if (kind != CONDITION_NOT || between) {
        if (!reduce(r, WAIT_COMPARE))
            return false;
        push_pending(r, between ? WAIT_LOW : WAIT_COMPARE, between ? CONDITION_BETWEEN : kind);
        r->tokens.at++;
        return true;
    }
    if (expr_is_word(&r->tokens, "AND"))
        return read_and(r);
    if (expr_is_word(&r->tokens, "IN"))
        return read_in(r);
    if (expr_is(&r->tokens, ','))
        return read_comma(r);
    if (!expr_is_word(&r->tokens, "OR") || !reduce(r, WAIT_OR))
        return expr_syntax(&r->tokens);
    push_pending(r, WAIT_OR, CONDITION_OR);
    r->tokens.at++;
    return true;
}

static bool read_all(struct reader *r)
{
    bool due = true;
    while (due || r->tokens.list[r->tokens.at].kind != EXPR_END) {
        if (due ? !read_term(r, &due) : !read_operator(r, &due))
            return false;
    }
    return true;
}

static bool finish(struct reader *r)
{
    static const enum expr_complaint order[] = { EXPR_PARENS, EXPR_UNKNOWN_FUNCTION, EXPR_MISUSED_FUNCTION,
                                                 EXPR_RESERVED, EXPR_CONDITION };
    if (!reduce(r, WAIT_OR))
        return false;
    if (r->pending_count > 0 || !take_condition(r, &r->terms[0]))
        return expr_syntax(&r->tokens);
    return expr_settle(r->scope, order, sizeof order / sizeof *order);
}

/* Tokens bound how many operators, terms and nodes there can be. */
static bool open_reader(struct reader *r, size_t tokens)
{
    ddbs_arena *arena = r->scope->fault->arena;
    r->pending = ddbs_arena__alloc(arena, (tokens + 1) * sizeof *r->pending);
    r->terms = ddbs_arena__alloc(arena, (tokens + 1) * sizeof *r->terms);
    r->nodes = ddbs_arena__alloc(arena, (tokens + 1) * sizeof *r->nodes);
    r->closed_at = ddbs_arena__alloc(arena, (tokens + 2) * sizeof *r->closed_at);
    if (r->pending == NULL || r->terms == NULL || r->nodes == NULL || r->closed_at == NULL)
        return fault_memory(r->scope->fault);
    memset(r->closed_at, 0, (tokens + 2) * sizeof *r->closed_at);
    return true;
}

bool condition_read(struct expr_scope *scope, const char *kind, ddbs_str text, const struct condition **out)
{
    struct reader r = { .scope = scope };
    struct condition *condition = ddbs_arena__alloc(scope->fault->arena, sizeof *condition);
    size_t tokens = 0;
    if (condition == NULL)
        return fault_memory(scope->fault);
    if (!expr_open(scope, kind, text, &r.tokens))
        return false;
    while (r.tokens.list[tokens].kind != EXPR_END)
        tokens++;
    if (!open_reader(&r, tokens) || !read_all(&r) || !finish(&r))
        return false;
    *condition = (struct condition){ r.nodes, r.node_count };
    *out = condition;
    return true;
}
