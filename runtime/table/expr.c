/* expr.c: placeholders, complaints and paths; see expr.h. */
#include "expr.h"

#include "lib/arena.h"
#include "lib/buf.h"
#include "reserved.h"

#include <string.h>

/* ---- Placeholders ------------------------------------------------------------------------------------------------ */

static bool is_word_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || byte == '_';
}

static bool check_key(const char *parameter, char lead, ddbs_str key, struct fault *fault)
{
    bool good = key.len > 1 && key.ptr[0] == lead;
    for (size_t i = 1; good && i < key.len; i++)
        good = is_word_byte(key.ptr[i]);
    return good || fault_invalid(fault, "%s contains invalid key: Syntax error; key: \"%s\"", parameter, key.ptr);
}

static bool read_names(struct expr_scope *scope, struct span names)
{
    struct fault *fault = scope->fault;
    struct span_iter iter = span_walk(names);
    struct json_string token;
    size_t count = span_count(names);
    scope->names = ddbs_arena__alloc(fault->arena, count * sizeof *scope->names);
    if (scope->names == NULL)
        return fault_memory(fault);
    if (count == 0)
        return fault_invalid(fault, "ExpressionAttributeNames must not be empty");
    for (struct span value; span_next_member(&iter, &token, &value);) {
        struct expr_name *name = &scope->names[scope->name_count++];
        *name = (struct expr_name){ .key = span_name(&iter, token, fault->arena) };
        name->name = span_text(value, fault->arena);
        if (span_kind(value) != SPAN_TEXT)
            return fault_set(fault, FAULT_SERIALIZATION, "Unexpected field type");
        if (name->key.ptr == NULL || name->name.ptr == NULL)
            return fault_memory(fault);
        if (!check_key("ExpressionAttributeNames", '#', name->key, fault))
            return false;
    }
    return true;
}

/* One bad value makes AWS name its placeholder. */
static bool read_values_item(struct span values, struct fault *fault, const ddbs_item **out)
{
    if (item_read(values, fault, out))
        return true;
    if (fault->type != NULL && strcmp(fault->type, FAULT_VALIDATION) == 0)
        fault->text = fault_text(fault, "ExpressionAttributeValues contains invalid value: %s", fault->text);
    return false;
}

static bool read_values(struct expr_scope *scope, struct span values)
{
    struct fault *fault = scope->fault;
    const ddbs_item *item;
    ddbs_str key;
    if (!read_values_item(values, fault, &item))
        return false;
    if (ddbs_item_count(item) == 0)
        return fault_invalid(fault, "ExpressionAttributeValues must not be empty");
    scope->values = ddbs_arena__alloc(fault->arena, ddbs_item_count(item) * sizeof *scope->values);
    if (scope->values == NULL)
        return fault_memory(fault);
    ddbs_iter iter = ddbs_iter_item(item);
    for (const ddbs_value *value; (value = ddbs_iter_attr(&iter, &key)) != NULL;) {
        if (!check_key("ExpressionAttributeValues", ':', key, fault))
            return false;
        scope->values[scope->value_count++] = (struct expr_value){ .key = key, .value = value };
    }
    return true;
}

bool expr_scope_open(struct expr_scope *scope, struct span names, struct span values, struct fault *fault)
{
    *scope = (struct expr_scope){ .fault = fault };
    if (names.ptr != NULL && span_kind(names) != SPAN_OBJECT)
        return fault_set(fault, FAULT_SERIALIZATION, "Unexpected field type");
    return (names.ptr == NULL || read_names(scope, names)) && (values.ptr == NULL || read_values(scope, values));
}

/* The keys of what was not used, "#a, #b"; NULL: all were. */
static const char *unused_names(const struct expr_scope *scope)
{
    const char *list = NULL;
    for (size_t i = 0; i < scope->name_count; i++) {
        if (!scope->names[i].used)
            list = fault_text(scope->fault, "%s%s%s", list == NULL ? "" : list, list == NULL ? "" : ", ",
                              scope->names[i].key.ptr);
    }
    return list;
}

static const char *unused_values(const struct expr_scope *scope)
{
    const char *list = NULL;
    for (size_t i = 0; i < scope->value_count; i++) {
        if (!scope->values[i].used)
            list = fault_text(scope->fault, "%s%s%s", list == NULL ? "" : list, list == NULL ? "" : ", ",
                              scope->values[i].key.ptr);
    }
    return list;
}

bool expr_scope_close(const struct expr_scope *scope)
{
    const char *names = unused_names(scope), *values = unused_values(scope);
    if (names != NULL)
        return fault_invalid(scope->fault,
                             "Value provided in ExpressionAttributeNames unused in expressions: keys: {%s}", names);
    return values == NULL ||
           fault_invalid(scope->fault, "Value provided in ExpressionAttributeValues unused in expressions: keys: {%s}",
                         values);
}

void expr_complain(struct expr_scope *scope, enum expr_complaint kind, const char *format, ...)
{
    va_list arguments;
    if (scope->complaints[kind] != NULL)
        return;
    va_start(arguments, format);
    scope->complaints[kind] = fault_text_of(scope->fault, format, arguments);
    va_end(arguments);
}

bool expr_settle(struct expr_scope *scope, const enum expr_complaint *order, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (scope->complaints[order[i]] != NULL)
            return fault_invalid(scope->fault, "Invalid %s: %s", scope->kind, scope->complaints[order[i]]);
    }
    return true;
}

/* ---- Paths and operands ------------------------------------------------------------------------------------------ */

static bool equal_views(ddbs_str a, ddbs_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static ddbs_str resolve_name(struct expr_scope *scope, ddbs_str key)
{
    for (size_t i = 0; i < scope->name_count; i++) {
        if (!equal_views(scope->names[i].key, key))
            continue;
        scope->names[i].used = true;
        return scope->names[i].name;
    }
    expr_complain(scope, EXPR_NAME,
                  "An expression attribute name used in the document path is not defined; attribute name: %.*s",
                  (int)key.len, key.ptr);
    return key;
}

static bool read_name(struct expr_tokens *tokens, ddbs_str *out)
{
    const struct expr_token *token = &tokens->list[tokens->at];
    if (token->kind != EXPR_WORD && token->kind != EXPR_HASH)
        return expr_syntax(tokens);
    if (token->kind == EXPR_WORD && reserved_word(token->text))
        expr_complain(tokens->scope, EXPR_RESERVED, "Attribute name is a reserved keyword; reserved keyword: %.*s",
                      (int)token->text.len, token->text.ptr);
    *out = token->kind == EXPR_HASH ? resolve_name(tokens->scope, token->text) : token->text;
    tokens->at++;
    return true;
}

static bool read_index(struct expr_tokens *tokens, size_t *out)
{
    const struct expr_token *token = &tokens->list[tokens->at];
    *out = 0;
    if (token->kind != EXPR_DIGITS || token->text.len > 9)
        return expr_syntax(tokens);
    for (size_t i = 0; i < token->text.len; i++)
        *out = *out * 10 + (size_t)(token->text.ptr[i] - '0');
    tokens->at++;
    return expr_take(tokens, ']') || expr_syntax(tokens);
}

static bool read_step(struct expr_tokens *tokens, struct expr_path *path)
{
    struct expr_step *step = &path->steps[path->count];
    if (path->count == EXPR_PATH_MAX)
        return fault_invalid(tokens->scope->fault,
                             "Invalid %s: The document path has too many nesting elements; nesting levels: %zu",
                             tokens->scope->kind, path->count + 1);
    *step = (struct expr_step){ .index = 0 };
    path->count++;
    return expr_take(tokens, '[') ? read_index(tokens, &step->index) : read_name(tokens, &step->name);
}

bool expr_path(struct expr_tokens *tokens, const struct expr_path **out)
{
    struct expr_path path = { .count = 0 };
    if (expr_is(tokens, '['))
        return expr_syntax(tokens);
    do {
        if (!read_step(tokens, &path))
            return false;
    } while (expr_is(tokens, '[') || expr_take(tokens, '.'));
    struct expr_path *copy = ddbs_arena__alloc(tokens->scope->fault->arena, sizeof *copy);
    if (copy == NULL)
        return fault_memory(tokens->scope->fault);
    *copy = path;
    *out = copy;
    return true;
}

void expr_value(struct expr_tokens *tokens, const ddbs_value **out)
{
    struct expr_scope *scope = tokens->scope;
    ddbs_str key = tokens->list[tokens->at++].text;
    *out = NULL;
    for (size_t i = 0; i < scope->value_count; i++) {
        if (!equal_views(scope->values[i].key, key))
            continue;
        scope->values[i].used = true;
        *out = scope->values[i].value;
        return;
    }
    expr_complain(scope, EXPR_VALUE,
                  "An expression attribute value used in expression is not defined; attribute value: %.*s",
                  (int)key.len, key.ptr);
}

static const ddbs_value *element(const ddbs_value *list, size_t index)
{
    const ddbs_value *value = NULL;
    ddbs_iter iter = ddbs_iter_list(list);
    if (ddbs_value_type(list) != DDBS_TYPE_L || index >= ddbs_value_count(list))
        return NULL;
    for (size_t i = 0; i <= index; i++)
        value = ddbs_iter_next(&iter);
    return value;
}

const ddbs_value *expr_find(const struct expr_path *path, const ddbs_item *item)
{
    const ddbs_value *value = item_as_value(item);
    for (size_t i = 0; i < path->count && value != NULL; i++) {
        const struct expr_step *step = &path->steps[i];
        const ddbs_item *map;
        if (step->name.ptr == NULL)
            value = element(value, step->index);
        else
            value = ddbs_value_item(value, &map) == DDBS_OK ? ddbs_item_find(map, step->name) : NULL;
    }
    return value;
}

const char *expr_path_text(struct expr_scope *scope, const struct expr_path *path)
{
    const char *text = "[";
    for (size_t i = 0; i < path->count; i++) {
        const struct expr_step *step = &path->steps[i];
        const char *separator = i == 0 ? "" : ", ";
        if (step->name.ptr == NULL)
            text = fault_text(scope->fault, "%s%s[%zu]", text, separator, step->index);
        else
            text = fault_text(scope->fault, "%s%s%.*s", text, separator, (int)step->name.len, step->name.ptr);
    }
    return fault_text(scope->fault, "%s]", text);
}

static void check_pair(struct expr_scope *scope, const struct expr_path *a, const struct expr_path *b)
{
    static const char words[] = "Two document paths %s with each other; must remove or rewrite one of these paths; "
                                "path one: %s, path two: %s";
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        bool a_index = a->steps[i].name.ptr == NULL, b_index = b->steps[i].name.ptr == NULL;
        if (a_index != b_index) {
            expr_complain(scope, EXPR_CONFLICT, words, "conflict", expr_path_text(scope, a), expr_path_text(scope, b));
            return;
        }
        if (a_index ? a->steps[i].index != b->steps[i].index : !equal_views(a->steps[i].name, b->steps[i].name))
            return;
    }
    expr_complain(scope, EXPR_OVERLAP, words, "overlap", expr_path_text(scope, a), expr_path_text(scope, b));
}

void expr_check_paths(struct expr_scope *scope, const struct expr_path *const *paths, size_t count,
                      const struct expr_path *path)
{
    for (size_t i = 0; i < count && scope->complaints[EXPR_OVERLAP] == NULL; i++)
        check_pair(scope, paths[i], path);
}
