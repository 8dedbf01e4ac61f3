/* fuzz_path.c: a path, a NUL, and an item as plain JSON. Whether something is a path does not depend on the item; what
 * a path finds is found again when every byte of its names is escaped; and every value has a path that leads to it. */
#include "tests/fuzz/property.h"

enum { DEPTH_MAX = DDBS_VALUE_DEPTH_MAX + 1, SEARCHES_MAX = 2000 };

static const ddbs_value *const untouched = (const ddbs_value *)(const void *)&untouched;

static ddbs_status find(const ddbs_item *item, const char *path, const ddbs_value **out)
{
    const ddbs_value *same = untouched;
    *out = untouched;
    ddbs_status status = ddbs_item_find_path(item, path, out);
    PROPERTY(status == DDBS_OK || status == DDBS_E_MISSING || status == DDBS_E_TYPE || status == DDBS_E_SYNTAX);
    PROPERTY(status == DDBS_OK ? *out != NULL && *out != untouched : *out == untouched);
    PROPERTY(ddbs_get_path(item, path, &same) == status && same == *out);
    return status;
}

static void append_escaped(ddbs_buf *out, char byte)
{
    ddbs_buf__format(out, "\\x%02x", (unsigned char)byte);
}

/* The path with a backslash before every byte of its names, which keep their meaning. */
static ddbs_buf escape_all(ddbs_arena *arena, const char *path)
{
    ddbs_buf out = { .arena = arena };
    bool in_index = false;
    for (const char *at = path; *at != '\0'; at++) {
        in_index = *at == '[' || (in_index && at[-1] != ']');
        if (in_index || *at == '.') {
            ddbs_buf__bytes(&out, at, 1);
            continue;
        }
        if (*at == '\\' && at[1] == 'x') {
            ddbs_buf__bytes(&out, at, 4);
            at += 3;
            continue;
        }
        at += *at == '\\';
        append_escaped(&out, *at);
    }
    PROPERTY(!out.failed && out.ptr != NULL);
    return out;
}

/* No item has, and an empty one has nothing to give: both only tell a path from what is none. */
static void check_syntax(ddbs_arena *arena, const char *path, bool is_path)
{
    const ddbs_item *empty;
    const ddbs_value *value;
    PROPERTY(ddbs_item_read("{}", 2, DDBS_JSON_PLAIN, arena, &empty, NULL) == DDBS_OK);
    PROPERTY(find(NULL, path, &value) == (is_path ? DDBS_E_MISSING : DDBS_E_SYNTAX));
    PROPERTY(find(empty, path, &value) == (is_path ? DDBS_E_MISSING : DDBS_E_SYNTAX));
}

static void check_path(ddbs_arena *arena, const ddbs_item *item, const char *path)
{
    const ddbs_value *value, *again;
    ddbs_status status = find(item, path, &value);
    check_syntax(arena, path, status != DDBS_E_SYNTAX);
    if (status == DDBS_E_SYNTAX)
        return;
    ddbs_buf escaped = escape_all(arena, path);
    PROPERTY(find(item, escaped.ptr, &again) == status && again == value);
}

/* A container that is being walked, and how long the path to it is. */
struct level {
    ddbs_iter iter;
    const ddbs_item *map;
    size_t path_len, index;
};

/* Append the step to a value; false for names that no path has: empty ones, and with a NUL inside. */
static bool append_step(ddbs_buf *path, struct level *level, ddbs_str name)
{
    path->len = level->path_len;
    if (level->map == NULL) {
        ddbs_buf__format(path, "[%zu]", level->index++);
        return true;
    }
    ddbs_buf__text(path, path->len == 0 ? "" : ".");
    for (size_t i = 0; i < name.len; i++) {
        if (strchr(".[]\\", name.ptr[i]) != NULL)
            append_escaped(path, name.ptr[i]);
        else
            ddbs_buf__bytes(path, &name.ptr[i], 1);
    }
    return name.len > 0 && memchr(name.ptr, '\0', name.len) == NULL;
}

static bool open_level(const ddbs_value *value, size_t path_len, struct level *out)
{
    const ddbs_item *map = NULL;
    ddbs_iter iter = ddbs_iter_list(value);
    if (ddbs_value_item(value, &map) == DDBS_OK)
        iter = ddbs_iter_item(map);
    *out = (struct level){ iter, map, path_len, 0 };
    return iter.left > 0;
}

/* Every value, up to a number that keeps a run short, is at its path. */
static void check_walk(ddbs_arena *arena, const ddbs_item *item)
{
    struct level stack[DEPTH_MAX + 1];
    ddbs_buf path = { .arena = arena };
    size_t depth = 0;
    const ddbs_value *value, *found;
    stack[depth++] = (struct level){ ddbs_iter_item(item), item, 0, 0 };
    for (size_t searches = 0; depth > 0 && searches < SEARCHES_MAX; searches++) {
        struct level *top = &stack[depth - 1];
        ddbs_str name = { NULL, 0 };
        value = top->map != NULL ? ddbs_iter_attr(&top->iter, &name) : ddbs_iter_next(&top->iter);
        if (value == NULL) {
            depth--;
            continue;
        }
        if (!append_step(&path, top, name))
            continue;
        PROPERTY(!path.failed && find(item, path.ptr, &found) == DDBS_OK && found == value);
        PROPERTY(depth < DEPTH_MAX || ddbs_value_count(value) == 0);
        depth += open_level(value, path.len, &stack[depth]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *nul = size == 0 ? NULL : memchr(data, '\0', size);
    const ddbs_item *item = NULL;
    if (nul == NULL)
        return 0;
    ddbs_arena *arena = arena_or_abort();
    const char *path = (const char *)data, *json = (const char *)nul + 1;
    size_t len = size - (size_t)(nul - data) - 1;
    if (ddbs_item_read(json, len, DDBS_JSON_PLAIN, arena, &item, NULL) == DDBS_OK)
        check_walk(arena, item);
    check_path(arena, item, path);
    ddbs_arena_free(arena);
    return 0;
}
