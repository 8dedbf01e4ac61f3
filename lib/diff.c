/* diff.c: what changed between two images. Nesting is kept in levels of our own, never in the C stack: a stranger
 * decides how deep it goes. */
#include "lib/arena.h"
#include "lib/buf.h"
#include "lib/value.h"

#include <ddbstream/diff.h>

#include <string.h>

enum { CHANGES_AT_FIRST = 8 };

/* What two maps have under one name, or two lists at one index; NULL: not there. */
struct place {
    const ddbs_value *before, *after;
    ddbs_str name; /* maps */
    size_t index;  /* lists */
};

/* Two maps or two lists that are being compared. */
struct level {
    const ddbs_item *before_map, *after_map; /* NULL in lists */
    ddbs_iter before, after;
    bool is_list;
    size_t index;    /* of the next elements, in lists */
    size_t path_len; /* of the path to here */
};

struct walk {
    ddbs_arena *arena;
    bool deep;
    ddbs_buf path; /* of the place at hand */
    ddbs_difference *changes;
    size_t count;
    size_t capacity;
    struct level levels[DDBS_VALUE_DEPTH_MAX + 1]; /* the items, and what is in them */
    size_t depth;
    size_t path_bytes;  /* of all paths */
    ddbs_status status; /* why the walk ended early */
};

static struct level level_of_items(const ddbs_item *before, const ddbs_item *after)
{
    return (struct level){
        .before_map = before,
        .after_map = after,
        .before = ddbs_iter_item(before),
        .after = ddbs_iter_item(after),
    };
}

static struct level level_of_lists(const ddbs_value *before, const ddbs_value *after)
{
    return (struct level){ .before = ddbs_iter_list(before), .after = ddbs_iter_list(after), .is_list = true };
}

static bool next_element(struct level *level, struct place *place)
{
    *place = (struct place){ .index = level->index++ };
    place->before = ddbs_iter_next(&level->before);
    place->after = ddbs_iter_next(&level->after);
    return place->before != NULL || place->after != NULL;
}

/* All names of the old map, then those that only the new one has. */
static bool next_attribute(struct level *level, struct place *place)
{
    *place = (struct place){ .before = NULL };
    place->before = ddbs_iter_attr(&level->before, &place->name);
    if (place->before != NULL) {
        place->after = ddbs_item_find(level->after_map, place->name);
        return true;
    }
    do {
        place->after = ddbs_iter_attr(&level->after, &place->name);
    } while (place->after != NULL && ddbs_item_find(level->before_map, place->name) != NULL);
    return place->after != NULL;
}

static bool next_place(struct level *level, struct place *place)
{
    return level->is_list ? next_element(level, place) : next_attribute(level, place);
}

static ddbs_change change_of(const ddbs_value *before, const ddbs_value *after)
{
    if (ddbs_value_equal(before, after))
        return DDBS_UNCHANGED;
    if (before == NULL)
        return DDBS_ADDED;
    return after == NULL ? DDBS_REMOVED : DDBS_CHANGED;
}

static void write_name(ddbs_buf *path, ddbs_str name)
{
    size_t plain = 0; /* begin of the run that needs no backslash */
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] != '.' && name.ptr[i] != '[' && name.ptr[i] != ']' && name.ptr[i] != '\\')
            continue;
        ddbs_buf__bytes(path, name.ptr + plain, i - plain);
        ddbs_buf__bytes(path, "\\", 1);
        plain = i;
    }
    ddbs_buf__bytes(path, name.ptr + plain, name.len - plain);
}

/* Make the path that of a place on the innermost level. */
static bool write_path(struct walk *walk, const struct place *place)
{
    const struct level *level = &walk->levels[walk->depth - 1];
    walk->path.len = level->path_len;
    if (level->is_list) {
        ddbs_buf__format(&walk->path, "[%zu]", place->index);
    } else {
        if (walk->depth > 1)
            ddbs_buf__bytes(&walk->path, ".", 1);
        write_name(&walk->path, place->name);
    }
    return !walk->path.failed;
}

static bool grow(struct walk *walk)
{
    size_t size = sizeof *walk->changes;
    size_t capacity = walk->capacity == 0 ? CHANGES_AT_FIRST : walk->capacity * 2;
    ddbs_difference *changes = ddbs_arena__grow(walk->arena, walk->changes, walk->capacity * size, capacity * size);
    if (changes == NULL)
        return false;
    walk->changes = changes;
    walk->capacity = capacity;
    return true;
}

/* Keep a difference at the path. */
static bool keep(struct walk *walk, ddbs_change kind, const struct place *place)
{
    size_t len = walk->path.len;
    walk->path_bytes += len;
    if (walk->path_bytes > DDBS_DIFF_PATHS_MAX) {
        walk->status = DDBS_E_LIMIT;
        return false;
    }
    if (walk->count == walk->capacity && !grow(walk))
        return false;
    char *path = ddbs_arena__alloc(walk->arena, len + 1);
    if (path == NULL)
        return false;
    memcpy(path, walk->path.ptr, len + 1);
    walk->changes[walk->count++] = (ddbs_difference){ kind, { path, len }, place->before, place->after };
    return true;
}

/* Whether two values are compared by what is in them. */
static bool is_open(const struct walk *walk, const struct place *place)
{
    ddbs_type type = ddbs_value_type(place->before);
    return walk->deep && (type == DDBS_TYPE_M || type == DDBS_TYPE_L) && ddbs_value_type(place->after) == type;
}

static bool enter(struct walk *walk, const struct place *place)
{
    const ddbs_value *before = place->before, *after = place->after;
    if (!write_path(walk, place))
        return false;
    struct level *level = &walk->levels[walk->depth++];
    *level = before->type == DDBS_TYPE_L
                 ? level_of_lists(before, after)
                 : level_of_items((const ddbs_item *)(const void *)before, (const ddbs_item *)(const void *)after);
    level->path_len = walk->path.len;
    return true;
}

static bool compare_place(struct walk *walk, const struct place *place)
{
    if (is_open(walk, place))
        return enter(walk, place);
    ddbs_change kind = change_of(place->before, place->after);
    return kind == DDBS_UNCHANGED || (write_path(walk, place) && keep(walk, kind, place));
}

/* False when memory is exhausted, or a limit was met. */
static bool compare_all(struct walk *walk)
{
    struct place place;
    while (walk->depth > 0) {
        if (!next_place(&walk->levels[walk->depth - 1], &place))
            walk->depth--;
        else if (!compare_place(walk, &place))
            return false;
    }
    return true;
}

ddbs_status ddbs_diff_items(const ddbs_item *before, const ddbs_item *after, bool deep, ddbs_diff *out)
{
    const ddbs_item *owner = before != NULL ? before : after;
    ddbs_arena *arena = owner == NULL ? NULL : ddbs_value__arena(&owner->map);
    struct walk walk = {
        .arena = arena, .deep = deep, .path = { .arena = arena }, .depth = 1, .status = DDBS_E_MEMORY
    };
    if (owner == NULL) {
        *out = (ddbs_diff){ NULL, 0 };
        return DDBS_OK;
    }
    struct arena_mark mark = ddbs_arena__mark(arena);
    walk.levels[0] = level_of_items(before, after);
    bool done = compare_all(&walk);
    if (!done || walk.count == 0)
        ddbs_arena__release(arena, mark);
    if (!done)
        return walk.status;
    *out = (ddbs_diff){ walk.changes, walk.count };
    return DDBS_OK;
}

/* Whether both images are known: an INSERT has no old one and a REMOVE no new one, but any other that is not there was
 * left out of the stream. */
static bool images_known(const ddbs_record *rec)
{
    return (rec->old_image != NULL || rec->operation == DDBS_OP_INSERT) &&
           (rec->new_image != NULL || rec->operation == DDBS_OP_REMOVE);
}

ddbs_status ddbs_diff_record(const ddbs_record *rec, bool deep, ddbs_diff *out)
{
    if (!images_known(rec))
        return DDBS_E_MISSING;
    return ddbs_diff_items(rec->old_image, rec->new_image, deep, out);
}

ddbs_change ddbs_changed(const ddbs_record *rec, const char *name)
{
    ddbs_str view = ddbs_str_c(name);
    if (!images_known(rec))
        return DDBS_UNKNOWN;
    return change_of(ddbs_item_find(rec->old_image, view), ddbs_item_find(rec->new_image, view));
}

static bool is_one_of(ddbs_str name, const char *const names[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (ddbs_str_is(name, names[i]))
            return true;
    }
    return false;
}

/* Names are looked at only where something changed, and the first that is not among them ends it: the cost is that of
 * comparing the items, not theirs times the number of names. */
bool ddbs_changed_only(const ddbs_record *rec, const char *const names[], size_t count)
{
    struct level level = level_of_items(rec->old_image, rec->new_image);
    struct place place;
    if (!images_known(rec))
        return false;
    while (next_place(&level, &place)) {
        if (!ddbs_value_equal(place.before, place.after) && !is_one_of(place.name, names, count))
            return false;
    }
    return true;
}

const char *ddbs_change_name(ddbs_change change)
{
    static const char *const names[] = { "unchanged", "added", "removed", "changed", "unknown" };
    size_t i = (size_t)change;
    return i < sizeof names / sizeof *names ? names[i] : "unknown";
}
