/* image.c: attribute values onto the tape. Nesting is kept in frames of our own, never in the C stack: a stranger
 * decides how deep it goes. */
#include "lib/arena.h"
#include "lib/ascii.h"
#include "lib/base64.h"
#include "lib/decode.h"
#include "lib/error.h"
#include "lib/fast.h"
#include "lib/num.h"

#include <string.h>

static bool fail(struct decoder *d, ddbs_status status, size_t offset, const char *reason)
{
    return ddbs_json__fail(&d->json, status, offset, reason);
}

static bool no_memory(struct decoder *d)
{
    return fail(d, DDBS_E_MEMORY, d->json.at, "no memory for the attribute values");
}

static bool push(struct decoder *d, ddbs_type type, ddbs_str text)
{
    ddbs_value node = { .as.text = text.ptr, .len = (uint32_t)text.len, .type = (uint32_t)type };
    return ddbs_tape__push(&d->tape, node) != SIZE_MAX || no_memory(d);
}

static bool push_container(struct decoder *d, ddbs_type type, size_t *node)
{
    *node = ddbs_tape__push(&d->tape, (ddbs_value){ .type = (uint32_t)type });
    return *node != SIZE_MAX || no_memory(d);
}

bool ddbs_decode__turn(struct decoder *d, char *text, const char *source, size_t len)
{
    d->text = text;
    d->source = source;
    d->solid = NULL;
    d->layout = (struct layout){ .close = 0 };
    d->json = (struct json){ .text = text, .len = len, .pairs = true };
    return ddbs_fast__map(d);
}

bool ddbs_decode__begin(struct decoder *d, const struct scan *scan, ddbs_arena *arena, const char *json, size_t len)
{
    memset(d, 0, offsetof(struct decoder, frames));
    d->scan = scan;
    d->tape.arena = arena;
    d->set_index = DDBS_NOWHERE;
    char *copy = ddbs_arena__alloc(arena, SCAN_BEFORE + len + SCAN_BEYOND);
    if (copy == NULL)
        return false;
    copy += SCAN_BEFORE;
    if (len > 0)
        memcpy(copy, json, len);
    memset(copy - SCAN_BEFORE, 0, SCAN_BEFORE);
    memset(copy + len, 0, SCAN_BEYOND);
    return ddbs_decode__turn(d, copy, json, len);
}

bool ddbs_decode__any_text(struct decoder *d, ddbs_str *out)
{
    struct json_string string;
    if (!ddbs_json__string(&d->json, &string))
        return false;
    char *begin = d->text + string.begin;
    size_t len = string.end - string.begin;
    if (string.escaped)
        len = ddbs_json__unescape(begin, begin, len);
    begin[len] = '\0';
    *out = (ddbs_str){ begin, len };
    return true;
}

static bool read_string(struct decoder *d)
{
    ddbs_str text;
    return ddbs_decode__text(d, &text) && push(d, DDBS_TYPE_S, text);
}

bool ddbs_image__number(struct decoder *d, ddbs_str text, size_t begin)
{
    struct decimal ignored;
    if (d->json.quotes != NULL && ddbs_ascii__is_number(text.ptr, text.len))
        return push(d, DDBS_TYPE_N, text);
    ddbs_status status = ddbs_num__parse((ddbs_num){ text.ptr, text.len }, &ignored);
    if (status == DDBS_E_LIMIT)
        return fail(d, status, begin, "a number that DynamoDB does not have: over 38 digits or out of range");
    if (status != DDBS_OK)
        return fail(d, status, begin, "expected a decimal number in a string");
    return push(d, DDBS_TYPE_N, text);
}

static bool read_number(struct decoder *d)
{
    ddbs_str text;
    size_t begin = d->json.at;
    return ddbs_decode__text(d, &text) && ddbs_image__number(d, text, begin);
}

/* A number of plain JSON has no quotes where its NUL could go, so it moves one byte to the left, over what introduced
 * it. */
static bool read_plain_number(struct decoder *d)
{
    size_t begin = d->json.at;
    if (!ddbs_json__number(&d->json))
        return false;
    char *text = d->text + begin - 1;
    size_t len = d->json.at - begin;
    memmove(text, text + 1, len);
    text[len] = '\0';
    return ddbs_image__number(d, (ddbs_str){ text, len }, begin);
}

bool ddbs_image__binary(struct decoder *d, ddbs_str text, size_t begin)
{
    char *bytes = (char *)(uintptr_t)text.ptr;
    for (int round = d->binary_twice ? 2 : 1; round > 0; round--) {
        if (!ddbs_base64__decode_by(d->scan, bytes, bytes, text.len, &text.len))
            return fail(d, DDBS_E_SYNTAX, begin, "expected canonical base64");
    }
    bytes[text.len] = '\0';
    return push(d, DDBS_TYPE_B, text);
}

static bool read_binary(struct decoder *d)
{
    ddbs_str text;
    size_t begin = d->json.at;
    return ddbs_decode__text(d, &text) && ddbs_image__binary(d, text, begin);
}

static bool read_bool(struct decoder *d)
{
    bool truth;
    if (!ddbs_json__bool(&d->json, &truth))
        return false;
    return ddbs_tape__push(&d->tape, (ddbs_value){ .len = truth, .type = DDBS_TYPE_BOOL }) != SIZE_MAX || no_memory(d);
}

static bool read_null(struct decoder *d)
{
    bool ignored;
    return ddbs_json__bool(&d->json, &ignored) && push(d, DDBS_TYPE_NULL, (ddbs_str){ NULL, 0 });
}

static bool read_element(struct decoder *d, ddbs_type set)
{
    ddbs_json__space(&d->json);
    return set == DDBS_TYPE_SS ? read_string(d) : set == DDBS_TYPE_NS ? read_number(d) : read_binary(d);
}

static bool read_elements(struct decoder *d, ddbs_type type, size_t node, size_t count)
{
    const ddbs_value *none;
    bool more;
    for (d->set_index = count;; d->set_index++) {
        if (!ddbs_json__more(&d->json, ']', d->set_index == 0, &more))
            return false;
        if (!more)
            break;
        if (!read_element(d, type))
            return false;
    }
    count = d->set_index;
    d->set_index = DDBS_NOWHERE;
    return ddbs_tape__close(&d->tape, node, count, true, &none) || no_memory(d);
}

static bool read_set(struct decoder *d, ddbs_type type)
{
    size_t node;
    return push_container(d, type, &node) && ddbs_json__expect(&d->json, '[', "expected an array") &&
           read_elements(d, type, node, 0);
}

/* Begin an M or L at its opening bracket. */
static bool open_frame(struct decoder *d, ddbs_type type)
{
    size_t node;
    if (!ddbs_json__expect(&d->json, type == DDBS_TYPE_M ? '{' : '[',
                           type == DDBS_TYPE_M ? "expected an object" : "expected an array"))
        return false;
    if (!push_container(d, type, &node))
        return false;
    ddbs_decode__open(&d->frames[d->frame_count], node, type);
    d->frames[d->frame_count++].repeated = d->json.quotes == NULL;
    return true;
}

static bool read_tag(struct decoder *d, ddbs_type *type)
{
    ddbs_str tag;
    size_t begin = d->json.at;
    if (!ddbs_decode__text(d, &tag))
        return false;
    for (ddbs_type t = DDBS_TYPE_S; t <= DDBS_TYPE_BS; t++) {
        if (ddbs_str_is(tag, ddbs_type_name(t))) {
            *type = t;
            return true;
        }
    }
    return fail(d, DDBS_E_TYPE, begin, "unknown type: expected S, N, B, BOOL, NULL, M, L, SS, NS or BS");
}

/* The payload behind the tag. An M or L is only opened. */
static bool read_payload(struct decoder *d, ddbs_type type)
{
    switch (type) {
    case DDBS_TYPE_S:
        return read_string(d);
    case DDBS_TYPE_N:
        return read_number(d);
    case DDBS_TYPE_B:
        return read_binary(d);
    case DDBS_TYPE_BOOL:
        return read_bool(d);
    case DDBS_TYPE_NULL:
        return read_null(d);
    case DDBS_TYPE_SS:
    case DDBS_TYPE_NS:
    case DDBS_TYPE_BS:
        return read_set(d, type);
    case DDBS_TYPE_M:
    case DDBS_TYPE_L:
        return open_frame(d, type);
    default: /* read_tag returns no other */
        return false;
    }
}

static bool end_of_value(struct decoder *d)
{
    return d->plain || ddbs_json__expect(&d->json, '}', "expected '}': an attribute value has one type");
}

bool ddbs_image__rest_of_set(struct decoder *d, ddbs_type type, size_t node, size_t count)
{
    return read_elements(d, type, node, count) && end_of_value(d);
}

static bool read_plain(struct decoder *d)
{
    int byte = ddbs_json__peek(&d->json);
    switch (byte) {
    case '{':
        return open_frame(d, DDBS_TYPE_M);
    case '[':
        return open_frame(d, DDBS_TYPE_L);
    case '"':
        return read_string(d);
    case 't':
    case 'f':
        return read_bool(d);
    case 'n':
        return ddbs_json__null(&d->json) && push(d, DDBS_TYPE_NULL, (ddbs_str){ NULL, 0 });
    default:
        if (byte == '-' || (byte >= '0' && byte <= '9'))
            return read_plain_number(d);
        return fail(d, DDBS_E_SYNTAX, d->json.at, "expected a JSON value");
    }
}

static bool read_typed(struct decoder *d)
{
    struct frame *frame = &d->frames[d->frame_count - 1];
    ddbs_type type = DDBS_TYPE_NONE;
    if (!ddbs_json__expect(&d->json, '{', "expected an attribute value, an object like {\"S\": ...}"))
        return false;
    ddbs_json__space(&d->json);
    if (!read_tag(d, &type))
        return false;
    frame->tag = type;
    if (!ddbs_json__expect(&d->json, ':', "expected ':' after the type"))
        return false;
    ddbs_json__space(&d->json);
    return read_payload(d, type) && (type == DDBS_TYPE_M || type == DDBS_TYPE_L || end_of_value(d));
}

static bool read_value(struct decoder *d)
{
    ddbs_json__space(&d->json);
    if (d->frame_count > DDBS_VALUE_DEPTH_MAX)
        return fail(d, DDBS_E_LIMIT, d->json.at, "attribute values nested deeper than 64");
    return d->plain ? read_plain(d) : read_typed(d);
}

static bool read_name(struct decoder *d, ddbs_str *name)
{
    ddbs_json__space(&d->json);
    return ddbs_decode__text(d, name) && push(d, (ddbs_type)TYPE_NAME, *name) &&
           ddbs_json__expect(&d->json, ':', "expected ':' after a name");
}

bool ddbs_image__close(struct decoder *d)
{
    struct frame *frame = &d->frames[d->frame_count - 1];
    const ddbs_value *twice;
    if (!ddbs_tape__close(&d->tape, frame->node, frame->count, frame->repeated == 0, &twice))
        return no_memory(d);
    if (twice != NULL && !d->twice) {
        *frame = (struct frame){ .type = DDBS_TYPE_M, .count = 1, .name = { twice->as.text, twice->len } };
        return fail(d, DDBS_E_DUPLICATE, (size_t)(twice->as.text - d->text) - 1, "the attribute occurs twice");
    }
    d->frame_count--;
    return d->frame_count == 0 || end_of_value(d);
}

bool ddbs_decode__image(struct decoder *d, size_t *node)
{
    bool more;
    if (!open_frame(d, DDBS_TYPE_M))
        return false;
    *node = d->frames[0].node;
    while (d->frame_count > 0) {
        if (d->json.quotes != NULL && !d->plain) {
            if (!ddbs_fast__values(d))
                return false;
            if (d->frame_count == 0)
                break;
        }
        struct frame *frame = &d->frames[d->frame_count - 1];
        frame->repeated = 1; /* a name without a mark */
        frame->tag = DDBS_TYPE_NONE;
        if (!ddbs_json__more(&d->json, frame->type == DDBS_TYPE_M ? '}' : ']', frame->count == 0, &more))
            return false;
        if (!more) {
            if (!ddbs_image__close(d))
                return false;
            continue;
        }
        frame->count++;
        /* What is not followed by a colon is no name, and may not get into the path of an error. */
        ddbs_str name = { NULL, 0 };
        frame->name = name;
        if (frame->type == DDBS_TYPE_M && !read_name(d, &name))
            return false;
        frame->name = name;
        if (!read_value(d))
            return false;
    }
    return true;
}

void ddbs_decode__path(const struct decoder *d, ddbs_error *error)
{
    for (size_t i = 0; i < d->member_count; i++)
        ddbs_error__path_name(error, d->members[i]);
    for (size_t i = 0; i < d->frame_count; i++) {
        const struct frame *frame = &d->frames[i];
        if (frame->count == 0)
            continue;
        if (frame->type == DDBS_TYPE_L)
            ddbs_error__path_index(error, frame->count - 1);
        else if (frame->name.ptr != NULL)
            ddbs_error__path_name(error, frame->name);
        if (frame->tag != DDBS_TYPE_NONE)
            ddbs_error__path_name(error, ddbs_str_c(ddbs_type_name(frame->tag)));
    }
    if (d->set_index != DDBS_NOWHERE)
        ddbs_error__path_index(error, d->set_index);
}
