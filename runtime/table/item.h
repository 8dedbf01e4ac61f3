/* item.h: items as they come in a request and as they are stored: checked, numbers in their one form, measured. */
#ifndef TABLE_ITEM_H
#define TABLE_ITEM_H
#include "fault.h"
#include "span.h"

enum {
    ITEM_SIZE_MAX = 400 * 1024, /* names included (developer guide, service quotas) */
    ITEM_DEPTH_MAX = 32         /* values inside each other; how AWS begins to count is not documented */
};

/* A walk over all values of an item, M and L before what they hold; elements of sets are left to ddbs_iter_list. */
struct item_walk {
    struct {
        ddbs_iter iter;
        bool map;
    } open[DDBS_VALUE_DEPTH_MAX + 2];
    size_t depth;
};

struct item_walk item_walk(const ddbs_item *item);

/* The next value, or NULL after the last. `*name` is {NULL, 0} for an element of a list. */
const ddbs_value *item_walk_next(struct item_walk *walk, ddbs_str *name);

/* Read attribute values from a request into the fault's arena, check them, and bring all numbers into their stored
 * form. False with a fault in AWS's words. */
bool item_read(struct span span, struct fault *fault, const ddbs_item **out);

/* The same for text that was stored before, which needs no check. NULL: out of memory. */
const ddbs_item *item_load(const char *text, size_t len, ddbs_arena *arena);

/* An item's size by AWS's rules: names and values; 3 and 1 per element for L and M; see number_size(). */
size_t item_size(const ddbs_item *item);

/* What one value adds to it, without its name and without the content of an M or L. */
size_t item_value_size(const ddbs_value *value);

/* Order two values of the same type S, N or B: strings and binary by bytes, numbers by value. False for other types:
 * they have no order. */
bool item_order(const ddbs_value *a, const ddbs_value *b, int *out);

/* An M of an item, and the other way round. */
const ddbs_value *item_as_value(const ddbs_item *item);

/* The content of S or B. */
ddbs_str item_text(const ddbs_value *value);
#endif
