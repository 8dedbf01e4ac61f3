/* path.c: ddbs_item_find_path. */
#include "lib/arena.h"
#include "lib/value.h"

#include <stdlib.h>
#include <string.h>

static const char hex_digits[] = "0123456789abcdefABCDEF";

/* One step of a path: an index in brackets, or a name as it is written. */
struct step {
    bool is_index;
    bool escaped; /* the name has backslashes */
    size_t index;
    ddbs_str name;
};

static bool read_index(const char **at, struct step *step)
{
    const char *digits = *at + 1;
    const char *end = digits + strspn(digits, "0123456789");
    if (end == digits || *end != ']')
        return false;
    *step = (struct step){ .is_index = true };
    for (; digits < end; digits++) {
        /* No list is as long as the largest index, so that one is not there either. */
        if (__builtin_mul_overflow(step->index, (size_t)10, &step->index) ||
            __builtin_add_overflow(step->index, (size_t)(*digits - '0'), &step->index))
            step->index = SIZE_MAX / 16;
    }
    *at = end + 1;
    return true;
}

/* Bytes of the escape at `text`: a backslash and a character, or \xNN as errors print control bytes; 0 for neither. */
static size_t escape_len(const char *text)
{
    if (text[1] != 'x')
        return text[1] == '\0' ? 0 : 2;
    return strspn(text + 2, hex_digits) >= 2 ? 4 : 0;
}

static char escape_value(const char *text)
{
    char digits[3] = { 0 };
    if (text[1] != 'x')
        return text[1];
    memcpy(digits, text + 2, 2);
    return (char)strtoul(digits, NULL, 16);
}

static bool read_name(const char **at, struct step *step)
{
    const char *begin = *at, *end = begin;
    *step = (struct step){ .is_index = false };
    while (*end != '\0' && strchr(".[]", *end) == NULL) {
        size_t escape = *end == '\\' ? escape_len(end) : 1;
        if (escape == 0)
            return false;
        step->escaped = step->escaped || *end == '\\';
        end += escape;
    }
    step->name = (ddbs_str){ begin, (size_t)(end - begin) };
    *at = end;
    return end > begin;
}

/* The step at `*at`; `first` is the begin of the path. */
static bool read_step(const char **at, const char *first, struct step *step)
{
    if (**at == '[')
        return *at > first && read_index(at, step);
    if (*at > first && *(*at)++ != '.')
        return false;
    return read_name(at, step);
}

static bool is_path(const char *path)
{
    struct step step;
    const char *at = path;
    do {
        if (!read_step(&at, path, &step))
            return false;
    } while (*at != '\0');
    return true;
}

static const ddbs_value *element(const ddbs_value *list, size_t index)
{
    ddbs_iter iter = ddbs_iter_list(list);
    const ddbs_value *value = NULL;
    if (index >= iter.left)
        return NULL;
    for (size_t i = 0; i <= index; i++)
        value = ddbs_iter_next(&iter);
    return value;
}

/* The attribute of a name that is written with backslashes. */
static ddbs_status find_escaped(const ddbs_item *item, ddbs_str name, const ddbs_value **out)
{
    ddbs_arena *arena = ddbs_value__arena(&item->map);
    struct arena_mark mark = ddbs_arena__mark(arena);
    size_t len = 0;
    char *bare = ddbs_arena__alloc(arena, name.len);
    if (bare == NULL)
        return DDBS_E_MEMORY;
    for (size_t i = 0; i < name.len;) {
        bool escape = name.ptr[i] == '\\';
        bare[len++] = escape ? escape_value(name.ptr + i) : name.ptr[i];
        i += escape ? escape_len(name.ptr + i) : 1;
    }
    *out = ddbs_item_find(item, (ddbs_str){ bare, len });
    ddbs_arena__release(arena, mark);
    return DDBS_OK;
}

/* Replace `*at` by what the step finds in it, NULL for nothing. */
static ddbs_status take_step(const struct step *step, const ddbs_value **at)
{
    const ddbs_item *item;
    if (ddbs_value_type(*at) != (step->is_index ? DDBS_TYPE_L : DDBS_TYPE_M))
        return DDBS_E_TYPE;
    if (step->is_index) {
        *at = element(*at, step->index);
        return DDBS_OK;
    }
    DDBS_TRY(ddbs_value_item(*at, &item));
    if (step->escaped)
        return find_escaped(item, step->name, at);
    *at = ddbs_item_find(item, step->name);
    return DDBS_OK;
}

ddbs_status ddbs_item_find_path(const ddbs_item *item, const char *path, const ddbs_value **out)
{
    const ddbs_value *value = item == NULL ? NULL : &item->map;
    struct step step;
    if (path == NULL || !is_path(path))
        return DDBS_E_SYNTAX;
    for (const char *at = path; value != NULL && *at != '\0';) {
        (void)read_step(&at, path, &step); /* is_path has seen it */
        DDBS_TRY(take_step(&step, &value));
    }
    if (value == NULL)
        return DDBS_E_MISSING;
    *out = value;
    return DDBS_OK;
}
