/* ddbstream/diff.h: what changed between two images.
 *
 *     if (ddbs_changed_only(rec, (const char *const[]){ "updatedAt", "version" }, 2))
 *         return DDBS_OK;
 *     if (ddbs_changed(rec, "status") == DDBS_CHANGED)
 *         puts("another status");
 *
 *     ddbs_diff diff;
 *     DDBS_TRY(ddbs_diff_record(rec, true, &diff));
 *     for (size_t i = 0; i < diff.count; i++)
 *         printf("%s %s\n", diff.changes[i].path.ptr, ddbs_change_name(diff.changes[i].kind));
 *
 * Values are equal as in ddbs_value_equal: numbers by value, sets without order, so 1.10 for 1.1 is no change. An image
 * that is not there because of the operation (the old one of an INSERT, the new one of a REMOVE) counts as an item
 * without attributes. A MODIFY of a stream whose view leaves an image out tells nothing: that is DDBS_UNKNOWN, never
 * "unchanged".
 *
 * Paths of names with U+0000 inside, and of empty names, which no table has, cannot be looked up. */
#ifndef DDBSTREAM_DIFF_H
#define DDBSTREAM_DIFF_H
#include <ddbstream/event.h>
#ifdef __cplusplus
extern "C" {
#endif

/* How an attribute changed; only "unchanged" is false in a condition. */
typedef enum ddbs_change {
    DDBS_UNCHANGED, /* equal in both images, or in neither */
    DDBS_ADDED,     /* in the new image only */
    DDBS_REMOVED,   /* in the old image only */
    DDBS_CHANGED,   /* in both, and not equal */
    DDBS_UNKNOWN    /* an image is missing, so nobody can tell */
} ddbs_change;

/** The name of a change in lower case: "added". Static text. */
DDBS_API const char *ddbs_change_name(ddbs_change change);

/** How the attribute `name` changed. Allocates nothing. */
DDBS_API ddbs_change ddbs_changed(const ddbs_record *rec, const char *name);

/**
 * Whether the two images differ in nothing but these attributes: then, and only then, a handler that does not care
 * about them may pass the record over. False where an image is missing; true where nothing changed at all.
 * @param names  `count` C strings; NULL where count is 0
 */
DDBS_API bool ddbs_changed_only(const ddbs_record *rec, const char *const names[], size_t count);

/* Most bytes that the paths of all differences may take together: every change below a long name repeats the name, and
 * a stranger chooses both. */
#define DDBS_DIFF_PATHS_MAX ((size_t)16 * 1024 * 1024)

/* One difference. */
typedef struct ddbs_difference {
    ddbs_change kind;                 /* added, removed or changed */
    ddbs_str path;                    /* as ddbs_item_find_path takes it: "address.city", "lines[2]" */
    const ddbs_value *before, *after; /* NULL: not there */
} ddbs_difference;

/* All differences, in the order of the old image, then what was added in the order of the new one; the same inside each
 * map and list. Lives in the arena of the images. */
typedef struct ddbs_diff {
    const ddbs_difference *changes; /* NULL where count is 0 */
    size_t count;
} ddbs_diff;

/**
 * Compare two items; NULL counts as an item without attributes.
 * @param deep  false: one difference for each attribute; true: go into maps and lists that both have, a list's elements
 *              by their place, and report what differs inside
 * @return DDBS_OK, DDBS_E_MEMORY, DDBS_E_LIMIT for more than DDBS_DIFF_PATHS_MAX bytes of paths
 */
DDBS_API ddbs_status ddbs_diff_items(const ddbs_item *before, const ddbs_item *after, bool deep,
                                     ddbs_diff *out) DDBS_MUST_CHECK;

/** The same for the two images of a record. As above, and DDBS_E_MISSING where an image is missing that the operation
 *  has. */
DDBS_API ddbs_status ddbs_diff_record(const ddbs_record *rec, bool deep, ddbs_diff *out) DDBS_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
