/* doc.c: see doc.h. */
#include "doc.h"

#include "lib/arena.h"
#include "lib/buf.h"

#include <stdlib.h>
#include <string.h>

static struct doc_node *add_child(struct doc *doc, struct doc_node *parent)
{
    if (parent->count == parent->capacity) {
        size_t capacity = parent->capacity == 0 ? 8 : parent->capacity * 2;
        struct doc_node *children = ddbs_arena__grow(doc->fault->arena, parent->children,
                                                     parent->capacity * sizeof *children, capacity * sizeof *children);
        if (children == NULL) {
            fault_memory(doc->fault);
            return NULL;
        }
        parent->children = children;
        parent->capacity = capacity;
    }
    struct doc_node *child = &parent->children[parent->count++];
    *child = (struct doc_node){ .gone = false };
    return child;
}

/* Take a map or list apart into its children. */
static bool take_apart(struct doc *doc, struct doc_node *node)
{
    const ddbs_value *whole = node->value;
    const ddbs_item *map = NULL;
    ddbs_iter iter = ddbs_iter_list(whole);
    if (whole == NULL)
        return true;
    if (ddbs_value_item(whole, &map) == DDBS_OK)
        iter = ddbs_iter_item(map);
    node->type = ddbs_value_type(whole);
    node->value = NULL;
    for (size_t i = 0; i < ddbs_value_count(whole); i++) {
        struct doc_node *child = add_child(doc, node);
        if (child == NULL)
            return false;
        child->index = i;
        child->value = map == NULL ? ddbs_iter_next(&iter) : ddbs_iter_attr(&iter, &child->name);
    }
    return true;
}

bool doc_open(struct doc *doc, const ddbs_item *item, struct fault *fault)
{
    *doc = (struct doc){ .fault = fault, .root = { .type = DDBS_TYPE_M, .value = item_as_value(item) } };
    return take_apart(doc, &doc->root);
}

static struct doc_node *find_child(const struct doc_node *parent, const struct expr_step *step)
{
    for (size_t i = 0; i < parent->count; i++) {
        struct doc_node *child = &parent->children[i];
        bool same = step->name.ptr == NULL ? child->index == step->index
                                           : child->name.len == step->name.len &&
                                                 memcmp(child->name.ptr, step->name.ptr, step->name.len) == 0;
        if (same)
            return child;
    }
    return NULL;
}

static ddbs_type node_type(const struct doc_node *node)
{
    return node->value == NULL ? node->type : ddbs_value_type(node->value);
}

static bool fits(const struct doc_node *parent, const struct expr_step *step)
{
    return node_type(parent) == (step->name.ptr == NULL ? DDBS_TYPE_L : DDBS_TYPE_M);
}

/* The node that holds the last step of a path, taken apart. NULL with a fault. */
static struct doc_node *find_parent(struct doc *doc, const struct expr_path *path)
{
    struct doc_node *node = &doc->root;
    for (size_t i = 0; node != NULL && i < path->count; i++) {
        if (!fits(node, &path->steps[i]))
            break;
        if (!take_apart(doc, node))
            return NULL;
        if (i + 1 == path->count)
            return node;
        node = find_child(node, &path->steps[i]);
    }
    fault_invalid(doc->fault, "The document path provided in the update expression is invalid for update");
    return NULL;
}

static bool put_child(struct doc *doc, struct doc_node *parent, const struct expr_step *step, const ddbs_value *value)
{
    struct doc_node *child = find_child(parent, step);
    if (child == NULL && (child = add_child(doc, parent)) == NULL)
        return false;
    child->name = step->name;
    child->index = step->index;
    child->value = value;
    return true;
}

bool doc_set(struct doc *doc, const struct expr_path *path, const ddbs_value *value)
{
    struct doc_node *parent = find_parent(doc, path);
    return parent != NULL && put_child(doc, parent, &path->steps[path->count - 1], value);
}

bool doc_remove(struct doc *doc, const struct expr_path *path)
{
    struct doc_node *parent = find_parent(doc, path);
    if (parent == NULL)
        return false;
    struct doc_node *child = find_child(parent, &path->steps[path->count - 1]);
    if (child != NULL)
        child->gone = true;
    return true;
}

bool doc_graft(struct doc *doc, const struct expr_path *path, const ddbs_value *value)
{
    struct doc_node *node = &doc->root;
    for (size_t i = 0; i + 1 < path->count; i++) {
        const struct expr_step *step = &path->steps[i];
        struct doc_node *child = find_child(node, step);
        if (child == NULL) {
            child = add_child(doc, node);
            if (child == NULL)
                return false;
            child->name = step->name;
            child->index = step->index;
            child->type = path->steps[i + 1].name.ptr == NULL ? DDBS_TYPE_L : DDBS_TYPE_M;
        }
        node = child;
    }
    return put_child(doc, node, &path->steps[path->count - 1], value);
}

/* ---- Writing ----------------------------------------------------------------------------------------------------- */

static int compare_index(const void *a, const void *b)
{
    const struct doc_node *left = a, *right = b;
    return (left->index > right->index) - (left->index < right->index);
}

struct open {
    const struct doc_node *node;
    size_t next;
    bool first;
};

static void open_node(struct open *open, const struct doc_node *node, ddbs_buf *out)
{
    if (node->type == DDBS_TYPE_L && node->count > 1)
        qsort(node->children, node->count, sizeof *node->children, compare_index);
    ddbs_buf__text(out, node->type == DDBS_TYPE_L ? "[" : "{");
    *open = (struct open){ .node = node, .first = true };
}

static void write_child(struct open *open, const struct doc_node *child, ddbs_buf *out)
{
    if (!open->first)
        ddbs_buf__text(out, ",");
    open->first = false;
    if (open->node->type == DDBS_TYPE_M) {
        ddbs_buf__json(out, child->name.ptr, child->name.len);
        ddbs_buf__text(out, ":");
    }
    if (child->value != NULL && ddbs_value_write(child->value, DDBS_JSON_TYPED, out) != DDBS_OK)
        out->failed = true;
}

bool doc_write(const struct doc *doc, ddbs_buf *out)
{
    struct open stack[EXPR_PATH_MAX + 1];
    size_t depth = 1;
    open_node(&stack[0], &doc->root, out);
    while (depth > 0) {
        struct open *top = &stack[depth - 1];
        if (top->next == top->node->count) {
            ddbs_buf__text(out, top->node->type == DDBS_TYPE_L ? "]" : "}");
            if (--depth > 0)
                ddbs_buf__text(out, "}"); /* of the type tag */
            continue;
        }
        const struct doc_node *child = &top->node->children[top->next++];
        if (child->gone)
            continue;
        write_child(top, child, out);
        if (child->value != NULL)
            continue;
        ddbs_buf__format(out, "{\"%s\":", ddbs_type_name(child->type));
        open_node(&stack[depth++], child, out);
    }
    return !out->failed || fault_memory(doc->fault);
}
