/* unbind.c: ddbs_unbind, the mirror of bind.c. */
#include "lib/arena.h"
#include "lib/bind.h"
#include "lib/copy.h"
#include "lib/emit.h"
#include "lib/error.h"
#include "lib/value.h"

#include <string.h>

/* A struct that is being written, or, with a list, an array of structs. */
struct frame {
    const ddbs_schema *schema;
    const char *in;
    size_t next;             /* entry */
    const ddbs_field *field; /* at hand */
    size_t node, written;    /* the M, and its attributes so far */
    size_t list;             /* the L of the array at hand */
    const char *elements;
    size_t index, count; /* the element at hand, DDBS_NOWHERE outside arrays, and how many there are */
};

struct unbinder {
    struct tape tape;
    ddbs_error *error;
    struct frame frames[DDBS_VALUE_DEPTH_MAX + 1];
    size_t depth;
    size_t open; /* maps and lists */
};

static ddbs_status fail(struct unbinder *u, ddbs_status status, const char *reason)
{
    ddbs_error__set(u->error, status, DDBS_NOWHERE, DDBS_NOWHERE, "%s", reason);
    for (size_t i = 0; i < u->depth; i++) {
        const struct frame *frame = &u->frames[i];
        if (frame->field != NULL)
            ddbs_error__path_name(u->error, frame->field->name);
        if (frame->index != DDBS_NOWHERE)
            ddbs_error__path_index(u->error, frame->index);
    }
    return status;
}

static ddbs_status no_memory(struct unbinder *u)
{
    return fail(u, DDBS_E_MEMORY, "no memory for the item");
}

/* A set holds scalars only, and is no level of nesting. */
static bool is_level(uint32_t type)
{
    return type == DDBS_TYPE_M || type == DDBS_TYPE_L;
}

static ddbs_status open_container(struct unbinder *u, ddbs_type type, size_t *node)
{
    if (u->open > DDBS_VALUE_DEPTH_MAX)
        return fail(u, DDBS_E_LIMIT, "values nested deeper than 64");
    *node = ddbs_tape__push(&u->tape, (ddbs_value){ .type = (uint32_t)type });
    if (*node == SIZE_MAX)
        return no_memory(u);
    u->open += is_level((uint32_t)type);
    return DDBS_OK;
}

static ddbs_status close_container(struct unbinder *u, size_t node, size_t count)
{
    const ddbs_value *twice;
    if (!ddbs_tape__close(&u->tape, node, count, false, &twice))
        return no_memory(u);
    u->open -= is_level(u->tape.nodes[node].type);
    return twice == NULL ? DDBS_OK : fail(u, DDBS_E_DUPLICATE, "two entries write the same attribute");
}

static ddbs_status push(struct unbinder *u, const ddbs_schema *schema, const char *in)
{
    struct frame frame = { .schema = schema, .in = in, .index = DDBS_NOWHERE };
    DDBS_TRY(open_container(u, DDBS_TYPE_M, &frame.node));
    u->frames[u->depth++] = frame;
    return DDBS_OK;
}

/* The elements of an array of scalars. */
static ddbs_status write_array(struct unbinder *u, struct frame *frame)
{
    const ddbs_field *field = frame->field;
    const char *reason;
    for (frame->index = 0; frame->index < frame->count; frame->index++) {
        const char *element = frame->elements + frame->index * field->size;
        ddbs_status status = ddbs_emit__scalar(&u->tape, field, element, u->open, &reason);
        if (status != DDBS_OK)
            return fail(u, status, reason);
    }
    frame->index = DDBS_NOWHERE;
    return close_container(u, frame->list, frame->count);
}

static ddbs_status begin_array(struct unbinder *u, struct frame *frame)
{
    const ddbs_field *field = frame->field;
    ddbs_type type = field->entry == DDBS_ENTRY_SET ? ddbs_bind__set_type(field->type) : DDBS_TYPE_L;
    memcpy(&frame->elements, frame->in + field->offset, sizeof frame->elements);
    memcpy(&frame->count, frame->in + field->count_offset, sizeof frame->count);
    if (frame->elements == NULL)
        return fail(u, DDBS_E_MISSING, "the array is NULL, and not DDBS_MAYBE");
    DDBS_TRY(open_container(u, type, &frame->list));
    if (field->entry != DDBS_ENTRY_NESTED_LIST)
        return write_array(u, frame);
    frame->index = 0;
    return DDBS_OK;
}

/* The next element of an array of structs, or the end of the array. */
static ddbs_status write_element(struct unbinder *u, struct frame *frame)
{
    if (frame->index == frame->count) {
        frame->index = DDBS_NOWHERE;
        return close_container(u, frame->list, frame->count);
    }
    const char *element = frame->elements + frame->index * frame->field->size;
    DDBS_TRY(push(u, frame->field->schema, element));
    return DDBS_OK;
}

static ddbs_status write_member(struct unbinder *u, struct frame *frame)
{
    const ddbs_field *field = frame->field;
    const char *reason;
    bool nested = field->entry == DDBS_ENTRY_NESTED || field->entry == DDBS_ENTRY_NESTED_LIST;
    if (nested && field->schema->size != field->size)
        return fail(u, DDBS_E_USAGE, "the schema of this member describes a struct of another size");
    if (!ddbs_tape__text(&u->tape, TYPE_NAME, field->name.ptr, field->name.len))
        return no_memory(u);
    frame->written++;
    switch (field->entry) {
    case DDBS_ENTRY_NESTED:
        return push(u, field->schema, frame->in + field->offset);
    case DDBS_ENTRY_NESTED_LIST:
    case DDBS_ENTRY_LIST:
    case DDBS_ENTRY_SET:
        return begin_array(u, frame);
    default:
        break;
    }
    ddbs_status status = ddbs_emit__scalar(&u->tape, field, frame->in + field->offset, u->open, &reason);
    return status == DDBS_OK ? status : fail(u, status, reason);
}

static bool is_absent(const struct frame *frame)
{
    const ddbs_field *field = frame->field;
    const void *member = frame->in + field->offset;
    bool array = field->entry >= DDBS_ENTRY_LIST && field->entry <= DDBS_ENTRY_SET;
    return array ? *(const void *const *)member == NULL : ddbs_emit__is_absent(field->type, member);
}

static ddbs_status write_entry(struct unbinder *u, struct frame *frame)
{
    struct modifiers modifiers = ddbs_bind__modifiers(frame->schema, &frame->next);
    frame->field = &frame->schema->fields[frame->next++];
    if (modifiers.flag != NULL && !*(const bool *)(const void *)(frame->in + modifiers.flag->offset))
        return DDBS_OK;
    if (modifiers.maybe && is_absent(frame))
        return DDBS_OK;
    return write_member(u, frame);
}

static ddbs_status end_struct(struct unbinder *u, struct frame *frame)
{
    frame->field = NULL;
    DDBS_TRY(close_container(u, frame->node, frame->written));
    u->depth--;
    if (u->depth > 0 && u->frames[u->depth - 1].index != DDBS_NOWHERE)
        u->frames[u->depth - 1].index++;
    return DDBS_OK;
}

static ddbs_status write_all(struct unbinder *u)
{
    while (u->depth > 0) {
        struct frame *frame = &u->frames[u->depth - 1];
        if (frame->index != DDBS_NOWHERE)
            DDBS_TRY(write_element(u, frame));
        else if (frame->next < frame->schema->count)
            DDBS_TRY(write_entry(u, frame));
        else
            DDBS_TRY(end_struct(u, frame));
    }
    return DDBS_OK;
}

ddbs_status ddbs_unbind(const ddbs_schema *schema, const void *in, ddbs_arena *arena, const ddbs_item **out,
                        ddbs_error *error)
{
    struct unbinder u = { .tape = { .arena = arena }, .error = error };
    struct arena_mark mark = ddbs_arena__mark(arena);
    ddbs_error_clear(error);
    ddbs_status status = push(&u, schema, in);
    if (status == DDBS_OK)
        status = write_all(&u);
    if (status == DDBS_OK)
        *out = (const ddbs_item *)(const void *)&u.tape.nodes[1]; /* behind the tape's first */
    else
        ddbs_arena__release(arena, mark);
    return status;
}
