/* update_apply.c: what an update makes of an item; see update.h. */
#include "update.h"

#include "lib/arena.h"
#include "lib/copy.h"
#include "number.h"

#include <string.h>

static const char WRONG_TYPE[] = "An operand in the update expression has an incorrect data type";
static const char MISSING[] = "The provided expression refers to an attribute that does not exist in the item";

/* A part of a right side: its value; or why there is none, which matters only to who uses it. */
struct result {
    const ddbs_value *value;
    const char *wrong;
};

/* ---- New values -------------------------------------------------------------------------------------------------- */

static const ddbs_value *finish_value(struct tape *tape, bool made, size_t at, struct fault *fault)
{
    if (made)
        return &tape->nodes[at];
    fault_memory(fault);
    return NULL;
}

static const ddbs_value *number_value(const struct decimal *number, struct fault *fault)
{
    struct tape tape = { .arena = fault->arena };
    char text[NUMBER_TEXT_MAX];
    size_t len = number_plain(number, text);
    bool made = ddbs_tape__text(&tape, DDBS_TYPE_N, text, len);
    return finish_value(&tape, made, 1, fault);
}

/* Append the elements of a list or set; of a set those that `without` does not have. */
static bool copy_elements(struct tape *tape, const ddbs_value *from, const ddbs_value *without, size_t *count)
{
    ddbs_iter iter = ddbs_iter_list(from);
    for (const ddbs_value *value; (value = ddbs_iter_next(&iter)) != NULL;) {
        if (without != NULL &&
            (ddbs_set_has_str(without, value->type == DDBS_TYPE_S ? item_text(value) : (ddbs_str){ NULL, 0 }) ||
             ddbs_set_has_num(without, (ddbs_num){ value->as.text, value->len }) ||
             ddbs_set_has_bytes(without, (ddbs_bytes){ (const unsigned char *)value->as.text, value->len })))
            continue;
        if (ddbs_tape__copy(tape, value, 1) != DDBS_OK)
            return false;
        ++*count;
    }
    return true;
}

/* A list or set of the elements of `a` without those of `minus`, then those of `b` without those of `a`. `*count` gets
 * how many there are. NULL with a fault. */
static const ddbs_value *join(const ddbs_value *a, const ddbs_value *minus, const ddbs_value *b, struct fault *fault,
                              size_t *count)
{
    struct tape tape = { .arena = fault->arena };
    const ddbs_value *none;
    ddbs_type type = ddbs_value_type(a);
    size_t at = ddbs_tape__push(&tape, (ddbs_value){ .type = (uint32_t)type });
    *count = 0;
    bool made = at != SIZE_MAX && copy_elements(&tape, a, minus, count) &&
                copy_elements(&tape, b, type == DDBS_TYPE_L ? NULL : a, count) &&
                ddbs_tape__close(&tape, at, *count, false, &none);
    return finish_value(&tape, made, at, fault);
}

static const ddbs_value *add_numbers(const ddbs_value *a, const ddbs_value *b, bool minus, struct fault *fault)
{
    struct decimal left, right, sum;
    if (ddbs_num__parse((ddbs_num){ a->as.text, a->len }, &left) != DDBS_OK ||
        ddbs_num__parse((ddbs_num){ b->as.text, b->len }, &right) != DDBS_OK) {
        fault_invalid(fault, "%s", WRONG_TYPE);
        return NULL;
    }
    switch (number_add(&left, &right, minus, &sum)) {
    case DDBS_OK:
        return number_value(&sum, fault);
    case DDBS_E_INEXACT:
        fault_invalid(fault, "Attempting to store more than 38 significant digits in a Number");
        return NULL;
    case DDBS_E_RANGE:
        fault_invalid(fault, "Number overflow. Attempting to store a number with magnitude larger than supported "
                             "range");
        return NULL;
    default:
        fault_invalid(fault, "Number underflow. Attempting to store a number with magnitude smaller than supported "
                             "range");
        return NULL;
    }
}

/* ---- Right sides ------------------------------------------------------------------------------------------------- */

static struct result combine(const struct update_value *part, const struct result *left, const struct result *right,
                             struct fault *fault)
{
    bool lists = part->kind == UPDATE_LIST_APPEND;
    ddbs_type wanted = lists ? DDBS_TYPE_L : DDBS_TYPE_N;
    size_t count;
    if (left->wrong != NULL)
        return *left;
    if (right->wrong != NULL)
        return *right;
    if (left->value->type != wanted || right->value->type != wanted)
        return (struct result){ NULL, WRONG_TYPE };
    const ddbs_value *value = lists ? join(left->value, NULL, right->value, fault, &count)
                                    : add_numbers(left->value, right->value, part->kind == UPDATE_MINUS, fault);
    return (struct result){ value, value == NULL ? fault->text : NULL };
}

static struct result evaluate(const struct update_value *part, const struct result *results, const ddbs_item *old,
                              struct fault *fault)
{
    const ddbs_value *value;
    switch (part->kind) {
    case UPDATE_CONSTANT:
        return (struct result){ part->constant, NULL };
    case UPDATE_PATH:
        value = expr_find(part->path, old);
        return (struct result){ value, value == NULL ? MISSING : NULL };
    case UPDATE_IF_NOT_EXISTS:
        return results[part->left].value != NULL ? results[part->left] : results[part->right];
    default:
        return combine(part, &results[part->left], &results[part->right], fault);
    }
}

/* Evaluate all parts. A sum that cannot be made is a fault of the request even where nobody uses it: it names no
 * missing attribute, but arithmetic gone wrong. */
static const struct result *evaluate_all(const struct update *update, const ddbs_item *old, struct fault *fault)
{
    struct result *results = ddbs_arena__alloc(fault->arena, (update->value_count + 1) * sizeof *results);
    if (results == NULL) {
        fault_memory(fault);
        return NULL;
    }
    for (size_t i = 0; i < update->value_count; i++)
        results[i] = evaluate(&update->values[i], results, old, fault);
    return fault->type == NULL ? results : NULL;
}

/* ---- Actions ----------------------------------------------------------------------------------------------------- */

static bool apply_add(struct doc *doc, const struct update_action *action, const ddbs_value *current)
{
    size_t count;
    const ddbs_value *value = action->constant;
    if (current != NULL && current->type != value->type)
        return fault_invalid(doc->fault, "%s", WRONG_TYPE);
    if (current != NULL && value->type == DDBS_TYPE_N)
        value = add_numbers(current, value, false, doc->fault);
    else if (current != NULL)
        value = join(current, NULL, value, doc->fault, &count);
    return value != NULL && doc_set(doc, action->path, value);
}

/* A set without elements cannot be: the attribute goes with the last one. */
static bool apply_delete(struct doc *doc, const struct update_action *action, const ddbs_value *current)
{
    size_t count;
    if (current == NULL)
        return doc_remove(doc, action->path);
    if (current->type != action->constant->type)
        return fault_invalid(doc->fault, "%s", WRONG_TYPE);
    const ddbs_value *rest = join(current, action->constant, NULL, doc->fault, &count);
    if (rest == NULL)
        return false;
    return count == 0 ? doc_remove(doc, action->path) : doc_set(doc, action->path, rest);
}

static bool apply_action(struct doc *doc, const struct update_action *action, const struct result *results,
                         const ddbs_item *old)
{
    switch (action->kind) {
    case UPDATE_SET:
        return doc_set(doc, action->path, results[action->value].value);
    case UPDATE_REMOVE:
        return doc_remove(doc, action->path);
    case UPDATE_ADD:
        return apply_add(doc, action, expr_find(action->path, old));
    default:
        return apply_delete(doc, action, expr_find(action->path, old));
    }
}

/* AWS looks at all right sides before it looks where they go. */
static bool check_results(const struct update *update, const struct result *results, struct fault *fault)
{
    for (size_t i = 0; i < update->action_count; i++) {
        const struct update_action *action = &update->actions[i];
        if (action->kind == UPDATE_SET && results[action->value].wrong != NULL)
            return fault_invalid(fault, "%s", results[action->value].wrong);
    }
    return true;
}

bool update_apply(const struct update *update, const ddbs_item *old, struct fault *fault, const ddbs_item **out)
{
    struct doc doc;
    ddbs_buf text = { .arena = fault->arena };
    const struct result *results = evaluate_all(update, old, fault);
    if (results == NULL || !check_results(update, results, fault) || !doc_open(&doc, old, fault))
        return false;
    for (size_t i = 0; i < update->action_count; i++) {
        if (!apply_action(&doc, &update->actions[i], results, old))
            return false;
    }
    if (!doc_write(&doc, &text))
        return false;
    /* Read again, like any item of a request: nesting may have become too deep. */
    struct span span = { text.ptr, text.len };
    return item_read(span, fault, out);
}
