/* doc.h: an item that is being changed, or put together from parts of another one. Values that stay as they are are
 * borrowed; only the maps and lists on the way to a change are taken apart. */
#ifndef TABLE_DOC_H
#define TABLE_DOC_H
#include "expr.h"

struct doc_node {
    ddbs_str name;           /* in a map */
    size_t index;            /* in a list: its place before any change */
    const ddbs_value *value; /* as a whole, or NULL: taken apart, see `type` */
    ddbs_type type;          /* M or L when taken apart */
    bool gone;
    struct doc_node *children; /* in any order */
    size_t count, capacity;
};

struct doc {
    struct fault *fault;
    struct doc_node root;
};

/* A document with the content of an item, or with nothing for NULL. */
bool doc_open(struct doc *doc, const ddbs_item *item, struct fault *fault);

/* Put a value at a path; what holds it must be there: false with AWS's fault when it is not. In a list, an index beyond
 * the end appends. */
bool doc_set(struct doc *doc, const struct expr_path *path, const ddbs_value *value);

/* Take away what is at a path; nothing there is no fault, but what should hold it must be. Indices keep their meaning:
 * later changes see the places as they were. */
bool doc_remove(struct doc *doc, const struct expr_path *path);

/* Put a value at a path, with whatever maps and lists it needs around it: for projections. Elements of lists move
 * together. */
bool doc_graft(struct doc *doc, const struct expr_path *path, const ddbs_value *value);

/* Write it as typed JSON. */
bool doc_write(const struct doc *doc, ddbs_buf *out);
#endif
