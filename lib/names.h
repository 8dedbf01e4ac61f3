/* names.h: the index of a map with many names: the last nodes of its extent.
 *
 * It is a hash table of offsets of name nodes, so that a look-up takes one or two comparisons. Names are a stranger's
 * choice, and no fixed hash withstands that: where building the table takes too many steps, the offsets are sorted
 * instead, by length and bytes. So n names cost n steps, and n log n at worst. The last node says which it is. */
#ifndef LIB_NAMES_H
#define LIB_NAMES_H
#include "lib/value.h"

/* The hash of a name: its low bits are the slot where it is looked for first. */
size_t ddbs_names__hash(const char *text, size_t len);

/* Nodes that the index of a map of `count` names takes; 0 up to FEW_NAMES. */
size_t ddbs_names__nodes(size_t count);

/* Build the index of a map whose extent and count are set, its nodes zero. Returns the first name that the map has
 * twice, NULL where there is none. */
const ddbs_value *ddbs_names__build(ddbs_value *map);

/* The name node of that name; NULL: the map does not have it. Only for maps that have an index. */
const ddbs_value *ddbs_names__find(const ddbs_value *map, ddbs_str name);
#endif
