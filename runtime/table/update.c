/* update.c: reads update expressions; see update.h. */
#include "update.h"

#include "lib/arena.h"

#include <string.h>

/* An open function or parenthesis of a right side. */
struct frame {
    ddbs_str function;  /* {NULL, 0}: a parenthesis, or the right side itself */
    size_t operands[2]; /* of the function: the first two */
    size_t count;
    bool pending; /* `left` and an operator wait for their right operand */
    bool minus;
    size_t left;
};

struct reader {
    struct expr_tokens tokens;
    struct expr_scope *scope;
    struct update *update;
    struct frame *frames;
    size_t depth;
    bool seen[4]; /* sections */
};

static const struct {
    const char *word;
    enum update_kind kind;
} SECTIONS[] = {
    { "SET", UPDATE_SET },
    { "REMOVE", UPDATE_REMOVE },
    { "ADD", UPDATE_ADD },
    { "DELETE", UPDATE_DELETE },
};
enum { SECTION_COUNT = sizeof SECTIONS / sizeof *SECTIONS };

/* ---- Right sides of SET ------------------------------------------------------------------------------------------ */

static size_t push_value(struct reader *r, struct update_value value)
{
    r->update->values[r->update->value_count] = value;
    return r->update->value_count++;
}

/* The type of a part that is known before there is an item; DDBS_TYPE_NONE: it is not. */
static ddbs_type known_type(const struct update_value *value)
{
    return value->kind == UPDATE_CONSTANT ? ddbs_value_type(value->constant) : DDBS_TYPE_NONE;
}

static void check_operand(struct reader *r, size_t part, const char *name, ddbs_type wanted)
{
    ddbs_type type = known_type(&r->update->values[part]);
    if (type != DDBS_TYPE_NONE && type != wanted)
        expr_complain(r->scope, EXPR_FUNCTION,
                      "Incorrect operand type for operator or function; operator or function: %s, operand type: %s",
                      name, ddbs_type_name(type));
}

static size_t make_sum(struct reader *r, const struct frame *frame, size_t right)
{
    const char *name = frame->minus ? "-" : "+";
    check_operand(r, frame->left, name, DDBS_TYPE_N);
    check_operand(r, right, name, DDBS_TYPE_N);
    return push_value(r, (struct update_value){
                             .kind = frame->minus ? UPDATE_MINUS : UPDATE_PLUS, .left = frame->left, .right = right });
}

static bool is_function(const struct frame *frame, const char *name)
{
    return frame->function.len == strlen(name) && memcmp(frame->function.ptr, name, frame->function.len) == 0;
}

static size_t make_call(struct reader *r, const struct frame *frame)
{
    bool exists = is_function(frame, "if_not_exists"), append = is_function(frame, "list_append");
    struct update_value value = { .kind = exists ? UPDATE_IF_NOT_EXISTS : UPDATE_LIST_APPEND,
                                  .left = frame->operands[0],
                                  .right = frame->operands[frame->count > 1] };
    if (!exists && !append)
        expr_complain(r->scope, EXPR_UNKNOWN_FUNCTION, "Invalid function name; function: %.*s",
                      (int)frame->function.len, frame->function.ptr);
    else if (frame->count != 2)
        expr_complain(r->scope, EXPR_FUNCTION,
                      "Incorrect number of operands for operator or function; operator or function: %.*s, number of "
                      "operands: %zu",
                      (int)frame->function.len, frame->function.ptr, frame->count);
    else if (exists && r->update->values[value.left].kind != UPDATE_PATH)
        expr_complain(r->scope, EXPR_FUNCTION,
                      "Operator or function requires a document path; operator or function: if_not_exists");
    for (size_t i = 0; append && i < 2 && i < frame->count; i++)
        check_operand(r, frame->operands[i], "list_append", DDBS_TYPE_L);
    return push_value(r, value);
}

/* Read one path or value; opening functions and parentheses first. */
static bool read_operand(struct reader *r, size_t *part)
{
    struct update_value value = { .kind = UPDATE_CONSTANT };
    for (;;) {
        bool call = expr_is_call(&r->tokens);
        if (!call && !expr_is(&r->tokens, '('))
            break;
        ddbs_str name = r->tokens.list[r->tokens.at].text;
        r->frames[r->depth++] = (struct frame){ .function = call ? name : (ddbs_str){ NULL, 0 } };
        r->tokens.at += call ? 2 : 1;
    }
    if (r->tokens.list[r->tokens.at].kind == EXPR_COLON) {
        expr_value(&r->tokens, &value.constant);
    } else {
        value.kind = UPDATE_PATH;
        if (!expr_path(&r->tokens, &value.path))
            return false;
    }
    *part = push_value(r, value);
    return true;
}

/* A part is complete: what does it belong to? `*done`: it is the whole; else another operand is due. */
static bool read_behind(struct reader *r, size_t *part, bool *done)
{
    for (;;) {
        struct frame *top = &r->frames[r->depth - 1];
        bool sum = expr_is(&r->tokens, '+') || expr_is(&r->tokens, '-');
        *done = false;
        if (sum && !top->pending && top->function.ptr == NULL) {
            *top = (struct frame){ .pending = true, .minus = expr_is(&r->tokens, '-'), .left = *part };
            r->tokens.at++;
            return true;
        }
        if (top->pending) {
            *part = make_sum(r, top, *part);
            top->pending = false;
        }
        *done = r->depth == 1;
        if (*done)
            return true;
        if (top->function.ptr != NULL) {
            top->operands[top->count < 2 ? top->count : 1] = *part;
            top->count++;
            if (expr_take(&r->tokens, ',')) {
                *done = false;
                return true;
            }
        }
        if (!expr_take(&r->tokens, ')'))
            return expr_syntax(&r->tokens);
        if (top->function.ptr != NULL)
            *part = make_call(r, top);
        r->depth--;
    }
}

static bool read_right_side(struct reader *r, size_t *part)
{
    bool done = false;
    r->frames[0] = (struct frame){ .count = 0 };
    r->depth = 1;
    while (!done) {
        if (!read_operand(r, part) || !read_behind(r, part, &done))
            return false;
    }
    return true;
}

/* ---- Sections ---------------------------------------------------------------------------------------------------- */

static void check_set_operand(struct reader *r, enum update_kind kind, const ddbs_value *value)
{
    static const char *const names[] = { "",    "STRING", "NUMBER",     "BINARY",     "BOOLEAN",   "NULL",
                                         "MAP", "LIST",   "STRING_SET", "NUMBER_SET", "BINARY_SET" };
    ddbs_type type = ddbs_value_type(value);
    bool set = type == DDBS_TYPE_SS || type == DDBS_TYPE_NS || type == DDBS_TYPE_BS;
    if (value == NULL || set || (kind == UPDATE_ADD && type == DDBS_TYPE_N))
        return;
    expr_complain(r->scope, EXPR_OPERAND,
                  "Incorrect operand type for operator or function; operator: %s, operand type: %s",
                  kind == UPDATE_ADD ? "ADD" : "DELETE", names[type]);
}

static bool read_action(struct reader *r, enum update_kind kind)
{
    struct update *update = r->update;
    struct update_action *action = &update->actions[update->action_count];
    *action = (struct update_action){ .kind = kind };
    if (!expr_path(&r->tokens, &action->path))
        return false;
    expr_check_paths(r->scope, update->paths, update->action_count, action->path);
    update->paths[update->action_count++] = action->path;
    if (kind == UPDATE_REMOVE)
        return true;
    if (kind == UPDATE_SET)
        return (expr_take(&r->tokens, '=') || expr_syntax(&r->tokens)) && read_right_side(r, &action->value);
    if (r->tokens.list[r->tokens.at].kind != EXPR_COLON)
        return expr_syntax(&r->tokens);
    expr_value(&r->tokens, &action->constant);
    check_set_operand(r, kind, action->constant);
    return true;
}

static bool read_section(struct reader *r)
{
    size_t at = 0;
    while (at < SECTION_COUNT && !expr_is_word(&r->tokens, SECTIONS[at].word))
        at++;
    if (at == SECTION_COUNT)
        return expr_syntax(&r->tokens);
    if (r->seen[at])
        expr_complain(r->scope, EXPR_SECTION, "The \"%s\" section can only be used once in an update expression;",
                      SECTIONS[at].word);
    r->seen[at] = true;
    r->tokens.at++;
    do {
        if (!read_action(r, SECTIONS[at].kind))
            return false;
    } while (expr_take(&r->tokens, ','));
    return true;
}

/* Tokens bound how much of everything there can be. */
static bool open_reader(struct reader *r)
{
    ddbs_arena *arena = r->scope->fault->arena;
    struct update *update = r->update;
    size_t tokens = 1;
    for (size_t i = 0; r->tokens.list[i].kind != EXPR_END; i++)
        tokens++;
    update->actions = ddbs_arena__alloc(arena, tokens * sizeof *update->actions);
    update->values = ddbs_arena__alloc(arena, tokens * sizeof *update->values);
    update->paths = ddbs_arena__alloc(arena, tokens * sizeof *update->paths);
    r->frames = ddbs_arena__alloc(arena, tokens * sizeof *r->frames);
    return (update->actions != NULL && update->values != NULL && update->paths != NULL && r->frames != NULL) ||
           fault_memory(r->scope->fault);
}

bool update_read(struct expr_scope *scope, ddbs_str text, const struct update **out)
{
    static const enum expr_complaint order[] = { EXPR_RESERVED, EXPR_UNKNOWN_FUNCTION, EXPR_SECTION,  EXPR_NAME,
                                                 EXPR_VALUE,    EXPR_OVERLAP,          EXPR_CONFLICT, EXPR_OPERAND,
                                                 EXPR_FUNCTION };
    struct update *update = ddbs_arena__alloc(scope->fault->arena, sizeof *update);
    struct reader r = { .scope = scope, .update = update };
    if (update == NULL)
        return fault_memory(scope->fault);
    *update = (struct update){ .action_count = 0 };
    if (!expr_open(scope, "UpdateExpression", text, &r.tokens) || !open_reader(&r))
        return false;
    do {
        if (!read_section(&r))
            return false;
    } while (r.tokens.list[r.tokens.at].kind != EXPR_END);
    *out = update;
    return expr_settle(scope, order, sizeof order / sizeof *order);
}

bool update_only_removes(const struct update *update)
{
    for (size_t i = 0; i < update->action_count; i++) {
        if (update->actions[i].kind == UPDATE_SET || update->actions[i].kind == UPDATE_ADD)
            return false;
    }
    return true;
}
