/* item.c: see item.h. */
#include "item.h"

#include "lib/arena.h"
#include "lib/value.h"
#include "number.h"

#include <string.h>

static bool is_set(ddbs_type type)
{
    return type == DDBS_TYPE_SS || type == DDBS_TYPE_NS || type == DDBS_TYPE_BS;
}

const ddbs_value *item_as_value(const ddbs_item *item)
{
    return item == NULL ? NULL : &item->map;
}

ddbs_str item_text(const ddbs_value *value)
{
    return (ddbs_str){ value->as.text, value->len };
}

struct item_walk item_walk(const ddbs_item *item)
{
    struct item_walk walk = { .depth = 1 };
    walk.open[0].iter = ddbs_iter_item(item);
    walk.open[0].map = true;
    return walk;
}

static void enter(struct item_walk *walk, const ddbs_value *value)
{
    bool map = value->type == DDBS_TYPE_M;
    if (!map && value->type != DDBS_TYPE_L)
        return;
    walk->open[walk->depth].iter = map ? ddbs_iter_item((const ddbs_item *)(const void *)value) : ddbs_iter_list(value);
    walk->open[walk->depth++].map = map;
}

const ddbs_value *item_walk_next(struct item_walk *walk, ddbs_str *name)
{
    for (; walk->depth > 0; walk->depth--) {
        ddbs_iter *iter = &walk->open[walk->depth - 1].iter;
        *name = (ddbs_str){ NULL, 0 };
        const ddbs_value *value = walk->open[walk->depth - 1].map ? ddbs_iter_attr(iter, name) : ddbs_iter_next(iter);
        if (value == NULL)
            continue;
        enter(walk, value);
        return value;
    }
    return NULL;
}

/* ---- Reading ----------------------------------------------------------------------------------------------------- */

/* Give a number the text in which it is stored. The tape is ours: nobody else has seen it yet. */
static bool normalize_number(const ddbs_value *value, struct fault *fault)
{
    struct decimal decimal;
    char text[NUMBER_TEXT_MAX];
    ddbs_value *node = (ddbs_value *)(uintptr_t)value;
    if (ddbs_num__parse((ddbs_num){ value->as.text, value->len }, &decimal) != DDBS_OK)
        return fault_invalid(fault, "The parameter cannot be converted to a numeric value");
    size_t len = number_plain(&decimal, text);
    if (len == node->len && memcmp(text, node->as.text, len) == 0)
        return true;
    char *copy = ddbs_arena__alloc(fault->arena, len + 1);
    if (copy == NULL)
        return fault_memory(fault);
    memcpy(copy, text, len + 1);
    node->as.text = copy;
    node->len = (uint32_t)len;
    return true;
}

static int compare_elements(const ddbs_value *a, const ddbs_value *b)
{
    if (a->len != b->len)
        return a->len < b->len ? -1 : 1;
    return a->len == 0 ? 0 : memcmp(a->as.text, b->as.text, a->len);
}

/* Numbers have their one text by now, so that equal elements have equal bytes. */
static bool has_duplicates(const ddbs_value *set, struct fault *fault, bool *out)
{
    uint32_t *offsets = ddbs_arena__alloc(fault->arena, set->len * sizeof *offsets);
    if (offsets == NULL)
        return fault_memory(fault);
    for (uint32_t i = 0; i < set->len; i++)
        offsets[i] = i + 1;
    ddbs_value__sort(set, offsets, set->len, compare_elements);
    *out = false;
    for (uint32_t i = 1; i < set->len; i++)
        *out = *out || compare_elements(set + offsets[i - 1], set + offsets[i]) == 0;
    return true;
}

static bool check_set(const ddbs_value *set, struct fault *fault)
{
    ddbs_type type = ddbs_value_type(set);
    ddbs_iter iter = ddbs_iter_list(set);
    bool twice = false;
    if (set->len == 0 && type == DDBS_TYPE_BS)
        return fault_invalid(fault, FAULT_INVALID_PARAMETERS "Binary sets should not be empty");
    if (set->len == 0)
        return fault_invalid(fault, FAULT_INVALID_PARAMETERS "An %s set  may not be empty",
                             type == DDBS_TYPE_SS ? "string" : "number");
    for (const ddbs_value *value; type == DDBS_TYPE_NS && (value = ddbs_iter_next(&iter)) != NULL;) {
        if (!normalize_number(value, fault))
            return false;
    }
    if (!has_duplicates(set, fault, &twice))
        return false;
    if (twice && type == DDBS_TYPE_NS)
        return fault_invalid(fault, "Input collection contains duplicates");
    return !twice || fault_invalid(fault, FAULT_INVALID_PARAMETERS "Input collection contains duplicates.");
}

static bool check_values(const ddbs_item *item, struct fault *fault)
{
    struct item_walk walk = item_walk(item);
    ddbs_str name;
    for (const ddbs_value *value; (value = item_walk_next(&walk, &name)) != NULL;) {
        if (walk.depth > ITEM_DEPTH_MAX + 1)
            return fault_invalid(fault, "Nesting Levels have exceeded supported limits");
        if (value->type == DDBS_TYPE_N && !normalize_number(value, fault))
            return false;
        if (is_set(ddbs_value_type(value)) && !check_set(value, fault))
            return false;
    }
    return true;
}

/* Whether the last step of an error's path is that of Binary. */
static bool is_binary(const char *path)
{
    const char *last = strrchr(path, '.');
    return last != NULL && (strcmp(last, ".B") == 0 || strncmp(last, ".BS[", 4) == 0);
}

static bool complain_about_text(struct span span, const ddbs_error *error, struct fault *fault)
{
    char words[256];
    struct span rest = { span.ptr + error->offset, span.len - error->offset };
    if (is_binary(error->path))
        return fault_set(fault, FAULT_SERIALIZATION, "Invalid last non-pad Base64 character dectected");
    if (error->status == DDBS_E_TYPE)
        return fault_invalid(fault, "Supplied AttributeValue is empty, must contain exactly one of the supported "
                                    "datatypes");
    ddbs_str text = span_text(rest, fault->arena);
    return fault_invalid(fault, "%s", number_complaint(text, words, sizeof words));
}

/* What the reader found, as AWS says it. The byte at the error tells what it met. */
static bool complain(struct span span, const ddbs_error *error, struct fault *fault)
{
    char byte = error->offset < span.len ? span.ptr[error->offset] : '\0';
    if (error->status == DDBS_E_MEMORY)
        return fault_memory(fault);
    if (error->status == DDBS_E_DUPLICATE)
        return fault_set(fault, FAULT_SERIALIZATION, "an attribute has the same name twice");
    if (error->status == DDBS_E_LIMIT && byte != '"')
        return fault_invalid(fault, "Nesting Levels have exceeded supported limits");
    if (byte == '"')
        return complain_about_text(span, error, fault);
    if (byte == '}')
        return fault_invalid(fault, "Supplied AttributeValue is empty, must contain exactly one of the supported "
                                    "datatypes");
    if (byte == ',')
        return fault_invalid(fault, "Supplied AttributeValue has more than one datatypes set, must contain exactly "
                                    "one of the supported datatypes");
    return fault_set(fault, FAULT_SERIALIZATION, "Unexpected token received from parser");
}

bool item_read(struct span span, struct fault *fault, const ddbs_item **out)
{
    ddbs_error error;
    if (span_kind(span) != SPAN_OBJECT)
        return fault_set(fault, FAULT_SERIALIZATION, "Unexpected field type");
    if (ddbs_item_read(span.ptr, span.len, DDBS_JSON_TYPED, fault->arena, out, &error) != DDBS_OK)
        return complain(span, &error, fault);
    return check_values(*out, fault);
}

const ddbs_item *item_load(const char *text, size_t len, ddbs_arena *arena)
{
    const ddbs_item *item;
    ddbs_status status = ddbs_item_read(text, len, DDBS_JSON_TYPED, arena, &item, NULL);
    return status == DDBS_OK ? item : NULL;
}

/* ---- Measuring and ordering -------------------------------------------------------------------------------------- */

static size_t scalar_size(const ddbs_value *value)
{
    struct decimal decimal;
    if (value->type == DDBS_TYPE_BOOL || value->type == DDBS_TYPE_NULL)
        return 1;
    if (value->type != DDBS_TYPE_N)
        return value->len;
    return ddbs_num__parse((ddbs_num){ value->as.text, value->len }, &decimal) == DDBS_OK ? number_size(&decimal) : 0;
}

size_t item_value_size(const ddbs_value *value)
{
    size_t size = 0;
    ddbs_iter iter = ddbs_iter_list(value);
    ddbs_type type = ddbs_value_type(value);
    if (type == DDBS_TYPE_M || type == DDBS_TYPE_L)
        return 3 + ddbs_value_count(value);
    if (!is_set(type))
        return scalar_size(value);
    for (const ddbs_value *element; (element = ddbs_iter_next(&iter)) != NULL;)
        size += scalar_size(element);
    return size;
}

size_t item_size(const ddbs_item *item)
{
    struct item_walk walk = item_walk(item);
    size_t size = 0;
    ddbs_str name;
    for (const ddbs_value *value; (value = item_walk_next(&walk, &name)) != NULL;)
        size += name.len + item_value_size(value);
    return size;
}

static int order_bytes(ddbs_str a, ddbs_str b)
{
    size_t shared = a.len < b.len ? a.len : b.len;
    int order = shared == 0 ? 0 : memcmp(a.ptr, b.ptr, shared);
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

bool item_order(const ddbs_value *a, const ddbs_value *b, int *out)
{
    ddbs_type type = ddbs_value_type(a);
    if (type != ddbs_value_type(b))
        return false;
    if (type == DDBS_TYPE_N)
        return ddbs_num_compare((ddbs_num){ a->as.text, a->len }, (ddbs_num){ b->as.text, b->len }, out) == DDBS_OK;
    if (type != DDBS_TYPE_S && type != DDBS_TYPE_B)
        return false;
    *out = order_bytes(item_text(a), item_text(b));
    return true;
}
