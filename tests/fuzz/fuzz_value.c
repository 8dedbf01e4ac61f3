/* fuzz_value.c: any bytes as an attribute value inside an event. What is accepted can be walked, looked up, written and
 * read again to the same writing. */
#include "lib/json.h"
#include "tests/fuzz/property.h"

#include <ddbstream/num.h>

enum { DEPTH_MAX = DDBS_VALUE_DEPTH_MAX + 1 };

static void check_scalar(const ddbs_value *value)
{
    ddbs_str text;
    ddbs_num num;
    ddbs_bytes bytes;
    bool truth;
    int order = 1;
    PROPERTY((ddbs_value_str(value, &text) == DDBS_OK) == (ddbs_value_type(value) == DDBS_TYPE_S));
    PROPERTY((ddbs_value_bytes(value, &bytes) == DDBS_OK) == (ddbs_value_type(value) == DDBS_TYPE_B));
    PROPERTY((ddbs_value_bool(value, &truth) == DDBS_OK) == (ddbs_value_type(value) == DDBS_TYPE_BOOL));
    PROPERTY((ddbs_value_num(value, &num) == DDBS_OK) == (ddbs_value_type(value) == DDBS_TYPE_N));
    switch (ddbs_value_type(value)) {
    case DDBS_TYPE_S:
        PROPERTY(text.ptr[text.len] == '\0');
        break;
    case DDBS_TYPE_N:
        PROPERTY(num.ptr[num.len] == '\0' && ddbs_num_compare(num, num, &order) == DDBS_OK && order == 0);
        break;
    case DDBS_TYPE_B:
        PROPERTY(bytes.ptr[bytes.len] == 0);
        break;
    default:
        PROPERTY(ddbs_value_type(value) >= DDBS_TYPE_BOOL && ddbs_value_type(value) <= DDBS_TYPE_BS);
        break;
    }
}

/* A container that is being walked: `names` in a map, else elements. */
struct level {
    ddbs_iter iter;
    const ddbs_item *map;
};

/* Every value there is, each name found again, none deeper than allowed. */
static void check_item(const ddbs_item *item)
{
    struct level stack[DEPTH_MAX + 1];
    size_t depth = 0;
    stack[depth++] = (struct level){ ddbs_iter_item(item), item };
    while (depth > 0) {
        struct level *top = &stack[depth - 1];
        ddbs_str name = { NULL, 0 };
        const ddbs_value *value = top->map != NULL ? ddbs_iter_attr(&top->iter, &name) : ddbs_iter_next(&top->iter);
        if (value == NULL) {
            depth--;
            continue;
        }
        PROPERTY(top->map == NULL || ddbs_item_find(top->map, name) == value);
        check_scalar(value);
        const ddbs_item *inner = NULL;
        ddbs_iter elements = ddbs_iter_list(value);
        PROPERTY(elements.left == 0 || elements.left == ddbs_value_count(value));
        if (ddbs_value_item(value, &inner) == DDBS_OK)
            elements = ddbs_iter_item(inner);
        if (elements.left == 0)
            continue;
        PROPERTY(depth < DEPTH_MAX);
        stack[depth++] = (struct level){ elements, inner };
    }
}

/* The plain writing is JSON of any reader's. */
static void check_plain(ddbs_arena *arena, const ddbs_item *item)
{
    ddbs_buf text = write_item(arena, item, false);
    struct json json = { .text = text.ptr, .len = text.len, .pairs = true };
    PROPERTY(ddbs_json__skip(&json, 0) && json.at == text.len);
}

static void check_images(const ddbs_record *record, ddbs_arena *arena)
{
    const ddbs_item *const items[] = { record->keys, record->new_image, record->old_image };
    for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
        if (items[i] == NULL)
            continue;
        PROPERTY(ddbs_item_count(items[i]) > 0);
        check_item(items[i]);
        check_plain(arena, items[i]);
        check_writing(arena, items[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ddbs_arena *arena = arena_or_abort();
    const ddbs_event *event = NULL;
    ddbs_buf text = { .arena = arena };
    ddbs_error error;
    ddbs_buf__text(&text, "{\"Records\":[{\"eventSource\":\"aws:dynamodb\",\"dynamodb\":"
                          "{\"SequenceNumber\":\"1\",\"NewImage\":{\"a\":");
    ddbs_buf__bytes(&text, (const char *)data, size);
    ddbs_buf__text(&text, "}}}]}");
    /* The input may close the image and go on with members and records of its own. */
    if (ddbs_event_parse(arena, text.ptr, text.len, NULL, &event, &error) == DDBS_OK) {
        for (size_t i = 0; i < ddbs_event_count(event); i++) {
            const ddbs_record *record;
            if (ddbs_event_record(event, i, arena, &record, &error) == DDBS_OK)
                check_images(record, arena);
        }
    }
    ddbs_arena_free(arena);
    return 0;
}
