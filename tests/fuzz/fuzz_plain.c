/* fuzz_plain.c: any bytes as an item in JSON, in both forms. A refusal says where and leaves nothing; what is read is
 * written and read again, and is equal. */
#include "lib/arena.h"
#include "tests/fuzz/property.h"

/* What was written before is kept, and what is written is the same in an arena and outside of it. */
static ddbs_buf written(ddbs_arena *arena, const ddbs_item *item, ddbs_json_form form)
{
    ddbs_buf text = { .arena = arena }, other = { 0 };
    PROPERTY(ddbs_item_write(item, form, &text) == DDBS_OK && text.ptr[text.len] == '\0');
    PROPERTY(ddbs_buf_append(&other, "begin", 5) == DDBS_OK && ddbs_item_write(item, form, &other) == DDBS_OK);
    PROPERTY(other.len == text.len + 5 && memcmp(other.ptr + 5, text.ptr, text.len) == 0);
    ddbs_buf_free(&other);
    return text;
}

/* An item that was written in a form, read again. */
static const ddbs_item *again(ddbs_arena *arena, const ddbs_buf *text, ddbs_json_form form)
{
    const ddbs_item *item = NULL;
    PROPERTY(ddbs_item_read(text->ptr, text->len, form, arena, &item, NULL) == DDBS_OK);
    return item;
}

/* Equal, and written the same once more. */
static void check_form(ddbs_arena *arena, const ddbs_item *item, ddbs_json_form form)
{
    ddbs_buf first = written(arena, item, form);
    const ddbs_item *other = again(arena, &first, form);
    PROPERTY(ddbs_item_equal(item, other) && ddbs_item_equal(other, item));
    ddbs_buf second = written(arena, other, form);
    PROPERTY(first.len == second.len && memcmp(first.ptr, second.ptr, first.len) == 0);
}

/* Binary and sets are strings and arrays in plain JSON: not the same item, but from then on the same text. A set among
 * the deepest values is one array too deep to be read. */
static void check_plain_text(ddbs_arena *arena, const ddbs_item *item)
{
    const ddbs_item *other;
    ddbs_buf first = written(arena, item, DDBS_JSON_PLAIN);
    ddbs_status status = ddbs_item_read(first.ptr, first.len, DDBS_JSON_PLAIN, arena, &other, NULL);
    PROPERTY(status == DDBS_OK || status == DDBS_E_LIMIT);
    if (status != DDBS_OK)
        return;
    ddbs_buf second = written(arena, other, DDBS_JSON_PLAIN);
    PROPERTY(first.len == second.len && memcmp(first.ptr, second.ptr, first.len) == 0);
}

static void check_values(const ddbs_item *item)
{
    ddbs_str name;
    ddbs_iter iter = ddbs_iter_item(item);
    for (const ddbs_value *value; (value = ddbs_iter_attr(&iter, &name)) != NULL;) {
        ddbs_buf text = { 0 };
        PROPERTY(ddbs_value_write(value, DDBS_JSON_TYPED, &text) == DDBS_OK && text.ptr[0] == '{');
        ddbs_buf_free(&text);
    }
}

static void check_read(ddbs_arena *arena, const char *json, size_t len, ddbs_json_form form)
{
    const ddbs_item *item = NULL;
    ddbs_error error;
    struct arena_mark before = ddbs_arena__mark(arena);
    ddbs_status status = ddbs_item_read(json, len, form, arena, &item, &error);
    if (status != DDBS_OK) {
        struct arena_mark after = ddbs_arena__mark(arena);
        PROPERTY(item == NULL && before.block == after.block && before.used == after.used);
        check_error(&error, status, len);
        return;
    }
    PROPERTY(error.status == DDBS_OK);
    check_values(item);
    check_form(arena, item, DDBS_JSON_TYPED);
    if (form == DDBS_JSON_PLAIN)
        check_form(arena, item, DDBS_JSON_PLAIN);
    else
        check_plain_text(arena, item);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ddbs_arena *arena = arena_or_abort();
    check_read(arena, (const char *)data, size, DDBS_JSON_PLAIN);
    check_read(arena, (const char *)data, size, DDBS_JSON_TYPED);
    ddbs_arena_free(arena);
    return 0;
}
