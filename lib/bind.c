/* bind.c: ddbs_bind. The struct is filled in a copy, so that a failure leaves the caller's as it was. Nested structs
 * are kept in frames of our own: a schema may contain itself, and then a stranger decides how deep that goes. */
#include "lib/bind.h"

#include "lib/arena.h"
#include "lib/ascii.h"
#include "lib/error.h"
#include "lib/get.h"
#include "lib/value.h"

#include <string.h>

/* A struct that is being filled from an item. */
struct frame {
    const ddbs_schema *schema;
    const ddbs_item *item;
    char *out;
    size_t next;             /* entry */
    const ddbs_value *guess; /* the name behind the attribute found last, or the end of the item; NULL: none yet */
    const ddbs_field *field; /* at hand */
    ddbs_iter list;          /* of a DDBS_NESTED_LIST: the elements to come */
    size_t index;            /* of the element at hand, DDBS_NOWHERE outside lists */
};

struct binder {
    ddbs_arena *arena;
    ddbs_error *error;
    size_t depth;
    struct frame frames[DDBS_VALUE_DEPTH_MAX + 1]; /* above `depth` not even zero: that would be most of the work */
};

/* ---- Errors ---- */

const char *ddbs_bind__expected(const ddbs_field *field)
{
    static const char *const names[] = {
        [DDBS_C_NONE] = "M",
        [DDBS_C_STR] = "S",
        [DDBS_C_NUM] = "N",
        [DDBS_C_BYTES] = "B",
        [DDBS_C_BOOL] = "BOOL",
        [DDBS_C_I8] = "N, an int8_t",
        [DDBS_C_I16] = "N, an int16_t",
        [DDBS_C_I32] = "N, an int32_t",
        [DDBS_C_I64] = "N, an int64_t",
        [DDBS_C_U8] = "N, a uint8_t",
        [DDBS_C_U16] = "N, a uint16_t",
        [DDBS_C_U32] = "N, a uint32_t",
        [DDBS_C_U64] = "N, a uint64_t",
        [DDBS_C_I128] = "N, a 128-bit integer",
        [DDBS_C_F64] = "N, a double",
        [DDBS_C_ITEM] = "M",
        [DDBS_C_VALUE] = "any type",
        [DDBS_C_CHARS] = "S",
    };
    return field->entry == DDBS_ENTRY_ENUM ? "S, one of the names of an enum" : names[field->type];
}

static void add_path(const struct binder *b)
{
    for (size_t i = 0; i < b->depth; i++) {
        const struct frame *frame = &b->frames[i];
        if (frame->field != NULL)
            ddbs_error__path_name(b->error, frame->field->name);
        if (frame->index != DDBS_NOWHERE)
            ddbs_error__path_index(b->error, frame->index);
    }
}

static ddbs_status fail(struct binder *b, ddbs_status status, const char *format, ...) DDBS_PRINTF(3, 4);
static ddbs_status fail(struct binder *b, ddbs_status status, const char *format, ...)
{
    va_list arguments;
    if (b->error == NULL)
        return status;
    *b->error = (ddbs_error){ .status = status, .record = DDBS_NOWHERE, .offset = DDBS_NOWHERE };
    va_start(arguments, format);
    ddbs_error__reason(b->error, format, arguments);
    va_end(arguments);
    add_path(b);
    return status;
}

static ddbs_status wrong_type(struct binder *b, const char *expected, const ddbs_value *found)
{
    return fail(b, DDBS_E_TYPE, "expected %s, found %s", expected, ddbs_type_name(ddbs_value_type(found)));
}

/* Say why a value did not become what the field asks for. */
static ddbs_status refuse(struct binder *b, const ddbs_field *field, const ddbs_value *value, ddbs_status status)
{
    const char *expected = ddbs_bind__expected(field);
    switch (status) {
    case DDBS_E_TYPE:
        return wrong_type(b, expected, value);
    case DDBS_E_RANGE:
        return fail(b, status, "expected %s, found a number outside its range", expected);
    case DDBS_E_INEXACT:
        if (field->entry == DDBS_ENTRY_SCALED)
            return fail(b, status, "expected %s once times 10^%d, found a number with more digits", expected,
                        field->scale);
        return fail(b, status, "expected %s, found a number that it cannot hold exactly", expected);
    default:
        return fail(b, status, "expected %s: %s", expected, ddbs_status_text(status));
    }
}

/* ---- One value ---- */

static ddbs_status bind_chars(struct binder *b, const ddbs_field *field, const ddbs_value *value, char *out)
{
    ddbs_str text;
    ddbs_status status = ddbs_value_str(value, &text);
    if (status != DDBS_OK)
        return refuse(b, field, value, status);
    if (text.len >= field->size)
        return fail(b, DDBS_E_LIMIT, "expected at most %zu bytes, found %zu", field->size - 1, text.len);
    if (memchr(text.ptr, '\0', text.len) != NULL)
        return fail(b, DDBS_E_INEXACT, "U+0000 inside, where the char array would end");
    memset(out, 0, field->size);
    memcpy(out, text.ptr, text.len);
    return DDBS_OK;
}

static ddbs_status bind_enum(struct binder *b, const ddbs_field *field, const ddbs_value *value, char *out)
{
    ddbs_str text;
    ddbs_status status = ddbs_value_str(value, &text);
    if (status != DDBS_OK)
        return refuse(b, field, value, status);
    for (size_t i = 0; i < field->name_count; i++) {
        int64_t constant = field->names[i].value;
        if (!ddbs_str_is(text, field->names[i].name))
            continue;
        uint64_t magnitude = constant < 0 ? 0 - (uint64_t)constant : (uint64_t)constant;
        status = ddbs_get__store(constant < 0, magnitude, field->type, out);
        return status == DDBS_OK ? status : fail(b, DDBS_E_USAGE, "the enum's constant does not fit its member");
    }
    return fail(b, DDBS_E_RANGE, "expected one of the %zu names of an enum, found another string", field->name_count);
}

static ddbs_status number_as_asked(const ddbs_field *field, const ddbs_value *value, char *out)
{
    ddbs_num num;
    DDBS_TRY(ddbs_value_num(value, &num));
    if (field->entry == DDBS_ENTRY_ROUNDED)
        return ddbs_num_f64_rounded(num, (double *)(void *)out, NULL);
    return ddbs_get__integer(num, field->scale, field->type, out);
}

static ddbs_status bind_any_scalar(struct binder *b, const ddbs_field *field, const ddbs_value *value, char *out)
{
    ddbs_status status;
    if (field->type == DDBS_C_CHARS)
        return bind_chars(b, field, value, out);
    if (field->entry == DDBS_ENTRY_ENUM)
        return bind_enum(b, field, value, out);
    if (field->entry == DDBS_ENTRY_SCALED || field->entry == DDBS_ENTRY_ROUNDED)
        status = number_as_asked(field, value, out);
    else
        status = ddbs_value_as(value, field->type, out);
    return status == DDBS_OK ? status : refuse(b, field, value, status);
}

/* Most are strings that need no conversion. */
static inline ddbs_status bind_scalar(struct binder *b, const ddbs_field *field, const ddbs_value *value, char *out)
{
    if (field->type != DDBS_C_STR || value->type != DDBS_TYPE_S || field->entry == DDBS_ENTRY_ENUM)
        return bind_any_scalar(b, field, value, out);
    *(ddbs_str *)(void *)out = (ddbs_str){ value->as.text, value->len };
    return DDBS_OK;
}

/* ---- Arrays and structs ---- */

ddbs_type ddbs_bind__set_type(ddbs_ctype element)
{
    return element == DDBS_C_STR ? DDBS_TYPE_SS : element == DDBS_C_BYTES ? DDBS_TYPE_BS : DDBS_TYPE_NS;
}

/* Make the array of a field and set the struct's pointer and count. */
static ddbs_status new_array(struct binder *b, const struct frame *frame, const ddbs_value *value, char **out)
{
    const ddbs_field *field = frame->field;
    size_t count = ddbs_value_count(value), size;
    char *array = __builtin_mul_overflow(count, field->size, &size) ? NULL : ddbs_arena__alloc(b->arena, size);
    if (array == NULL)
        return fail(b, DDBS_E_MEMORY, "no memory for an array of %zu elements", count);
    memcpy(frame->out + field->offset, &array, sizeof array);
    memcpy(frame->out + field->count_offset, &count, sizeof count);
    *out = array;
    return DDBS_OK;
}

/* The elements of a list or set, each a scalar. */
static ddbs_status bind_array(struct binder *b, struct frame *frame, const ddbs_value *value)
{
    char *out;
    ddbs_iter iter = ddbs_iter_list(value);
    DDBS_TRY(new_array(b, frame, value, &out));
    frame->index = 0;
    for (const ddbs_value *element; (element = ddbs_iter_next(&iter)) != NULL; frame->index++) {
        DDBS_TRY(bind_scalar(b, frame->field, element, out));
        out += frame->field->size;
    }
    frame->index = DDBS_NOWHERE;
    return DDBS_OK;
}

static ddbs_status push(struct binder *b, const ddbs_schema *schema, const ddbs_value *value, char *out)
{
    const ddbs_item *item;
    if (ddbs_value_item(value, &item) != DDBS_OK)
        return wrong_type(b, "M", value);
    b->frames[b->depth++] = (struct frame){ .schema = schema, .item = item, .out = out, .index = DDBS_NOWHERE };
    return DDBS_OK;
}

static ddbs_status bind_nested(struct binder *b, struct frame *frame, const ddbs_value *value)
{
    const ddbs_field *field = frame->field;
    char *out = frame->out + field->offset;
    if (field->schema->size != field->size)
        return fail(b, DDBS_E_USAGE, "the schema of this member describes a struct of another size");
    if (field->entry == DDBS_ENTRY_NESTED)
        return push(b, field->schema, value, out);
    if (ddbs_value_type(value) != DDBS_TYPE_L)
        return wrong_type(b, "L", value);
    frame->list = ddbs_iter_list(value);
    return new_array(b, frame, value, &out);
}

/* The next element of a frame's list of structs. */
static ddbs_status bind_element(struct binder *b, struct frame *frame)
{
    char *array;
    const ddbs_value *element = ddbs_iter_next(&frame->list);
    frame->index = frame->index == DDBS_NOWHERE ? 0 : frame->index + 1;
    memcpy(&array, frame->out + frame->field->offset, sizeof array);
    array += frame->index * frame->field->size;
    memset(array, 0, frame->field->size);
    return push(b, frame->field->schema, element, array);
}

static ddbs_status bind_value(struct binder *b, struct frame *frame, const ddbs_value *value)
{
    const ddbs_field *field = frame->field;
    if (field->entry == DDBS_ENTRY_FIELD) /* most are */
        return bind_scalar(b, field, value, frame->out + field->offset);
    ddbs_type wanted = field->entry == DDBS_ENTRY_LIST ? DDBS_TYPE_L : ddbs_bind__set_type(field->type);
    switch (field->entry) {
    case DDBS_ENTRY_NESTED:
    case DDBS_ENTRY_NESTED_LIST:
        return bind_nested(b, frame, value);
    case DDBS_ENTRY_LIST:
    case DDBS_ENTRY_SET:
        if (ddbs_value_type(value) != wanted)
            return wrong_type(b, ddbs_type_name(wanted), value);
        return bind_array(b, frame, value);
    default:
        return bind_scalar(b, field, value, frame->out + field->offset);
    }
}

struct modifiers ddbs_bind__modifiers(const ddbs_schema *schema, size_t *next)
{
    struct modifiers result = { .maybe = false };
    for (; schema->fields[*next].entry >= DDBS_ENTRY_MAYBE; ++*next) {
        result.maybe = true;
        if (schema->fields[*next].entry == DDBS_ENTRY_NULLABLE)
            result.flag = &schema->fields[*next];
    }
    return result;
}

static inline bool has_name(const ddbs_value *node, ddbs_str name)
{
    return node->len == name.len && ddbs_ascii__same(node->as.text, name.ptr, name.len);
}

/* The name node in [begin, end) that has that name, or NULL. */
static const ddbs_value *find_between(const ddbs_value *begin, const ddbs_value *end, ddbs_str name)
{
    while (begin < end) {
        if (has_name(begin, name))
            return begin;
        begin = ddbs_value__behind(begin + 1);
    }
    return NULL;
}

/* The attribute of that name. In an item without an index the search begins behind the one found last: where a schema
 * has the order of the item, all of it is one pass. */
static const ddbs_value *find_attribute(struct frame *frame, ddbs_str name)
{
    const ddbs_value *map = &frame->item->map;
    if (map->len > FEW_NAMES)
        return ddbs_item_find(frame->item, name);
    const ddbs_value *first = map + 1, *end = map + map->as.span.extent;
    const ddbs_value *guess = frame->guess == NULL ? first : frame->guess;
    const ddbs_value *node = guess < end && has_name(guess, name) ? guess : find_between(guess, end, name);
    if (node == NULL)
        node = find_between(first, guess, name);
    if (node == NULL)
        return NULL;
    frame->guess = ddbs_value__behind(node + 1);
    return node + 1;
}

static ddbs_status bind_entry(struct binder *b, struct frame *frame)
{
    struct modifiers modifiers = ddbs_bind__modifiers(frame->schema, &frame->next);
    frame->field = &frame->schema->fields[frame->next++];
    const ddbs_value *value = find_attribute(frame, frame->field->name);
    bool absent = value == NULL || (modifiers.maybe && ddbs_value_type(value) == DDBS_TYPE_NULL);
    if (modifiers.flag != NULL)
        *(bool *)(void *)(frame->out + modifiers.flag->offset) = !absent;
    if (absent && modifiers.maybe)
        return DDBS_OK;
    if (absent)
        return fail(b, DDBS_E_MISSING, "no such attribute");
    return bind_value(b, frame, value);
}

/* Plain entries as long as they come in the order of the item and nothing is wrong: what is left is bind_entry()'s. */
static void bind_in_order(struct frame *frame)
{
    const ddbs_value *map = &frame->item->map, *end = map + map->as.span.extent;
    const ddbs_value *node = frame->guess == NULL ? map + 1 : frame->guess;
    const ddbs_schema *schema = frame->schema;
    size_t next = frame->next;
    if (map->len > FEW_NAMES)
        return; /* its index is behind the attributes */
    for (; next < schema->count && node < end; next++) {
        const ddbs_field *field = &schema->fields[next];
        const ddbs_value *value = node + 1;
        char *out = frame->out + field->offset;
        if (field->entry != DDBS_ENTRY_FIELD || !has_name(node, field->name))
            break;
        if (field->type == DDBS_C_STR && value->type == DDBS_TYPE_S)
            *(ddbs_str *)(void *)out = (ddbs_str){ value->as.text, value->len };
        else if (ddbs_value_as(value, field->type, out) != DDBS_OK)
            break;
        node = ddbs_value__behind(value);
    }
    frame->next = next;
    frame->guess = node;
}

static ddbs_status bind_all(struct binder *b)
{
    while (b->depth > 0) {
        struct frame *frame = &b->frames[b->depth - 1];
        if (frame->list.left > 0) {
            DDBS_TRY(bind_element(b, frame));
            continue;
        }
        frame->index = DDBS_NOWHERE;
        bind_in_order(frame);
        if (frame->next < frame->schema->count)
            DDBS_TRY(bind_entry(b, frame));
        else
            b->depth--;
    }
    return DDBS_OK;
}

ddbs_status ddbs_bind(const ddbs_schema *schema, const ddbs_item *item, void *out, ddbs_error *error)
{
    struct binder b;
    b.error = error;
    b.depth = 0;
    ddbs_error_clear(error);
    if (item == NULL)
        return fail(&b, DDBS_E_MISSING, "no item: the stream's view type leaves this image out, or there is none");
    b.arena = ddbs_value__arena(&item->map);
    struct arena_mark mark = ddbs_arena__mark(b.arena);
    char *copy = ddbs_arena__alloc(b.arena, schema->size);
    if (copy == NULL)
        return fail(&b, DDBS_E_MEMORY, "no memory for a struct of %zu bytes", schema->size);
    memcpy(copy, out, schema->size);
    ddbs_status status = push(&b, schema, &item->map, copy);
    if (status == DDBS_OK)
        status = bind_all(&b);
    if (status == DDBS_OK)
        memcpy(out, copy, schema->size);
    else
        ddbs_arena__release(b.arena, mark);
    return status;
}
