/* value.h: how decoded values lie in memory.
 *
 * All values of a record stand in one array, the tape, in the order of the event: a container is followed by its
 * content. Links are relative, so that the tape can move while it grows. Its first node names the arena: what is made
 * of an item later, such as the arrays of ddbs_bind, goes there, too.
 *
 *     M: [M] [name] [value ...] [name] [value ...] [sorted names, where there are many]
 *     L: [L] [value ...] [value ...]
 *
 * Sorted names are offsets of the name nodes, ordered by length and bytes, four to a node: look-up and the check for
 * duplicates cost n log n whatever names a stranger chooses, which no hash table promises. */
#ifndef LIB_VALUE_H
#define LIB_VALUE_H
#include <ddbstream/value.h>

/* The name of an attribute stands on the tape like a value. */
#define TYPE_NAME ((uint32_t)DDBS_TYPE_BS + 1)

/* The first node of a tape. */
#define TYPE_HEAD ((uint32_t)DDBS_TYPE_BS + 2)

struct ddbs_value {
    union {
        const char *text; /* S, N, B, name: its bytes */
        struct {
            uint32_t extent; /* nodes, this one and the sorted names included */
            uint32_t place;  /* on the tape: how far the first node is away */
        } span;              /* M, L and sets */
        ddbs_arena *arena;   /* first node */
    } as;
    uint32_t len;  /* text: bytes. Containers: elements or attributes. BOOL: the truth */
    uint32_t type; /* enum ddbs_type, or TYPE_NAME */
};

/* An item is an M. */
struct ddbs_item {
    ddbs_value map;
};

struct tape {
    ddbs_arena *arena;
    ddbs_value *nodes;
    size_t count;
    size_t capacity;
};

/* The arena of the tape that a container stands on. */
ddbs_arena *ddbs_value__arena(const ddbs_value *container);

/* Whether a value is an M, L or set. */
bool ddbs_value__is_container(const ddbs_value *value);

/* Sort offsets of nodes from `base`. Heapsort: n log n at worst, in place, without recursion. */
typedef int ddbs_compare(const ddbs_value *a, const ddbs_value *b);
void ddbs_value__sort(const ddbs_value *base, uint32_t *offsets, size_t count, ddbs_compare *compare);

/* Append a node; its index, or SIZE_MAX when memory is exhausted. */
size_t ddbs_tape__push(struct tape *tape, ddbs_value node);

/* Finish a container that began at node `at` and has `count` elements or attributes. `*twice` gets the first name that
 * an M has twice, NULL when there is none. False when memory is exhausted. */
bool ddbs_tape__close(struct tape *tape, size_t at, size_t count, const ddbs_value **twice);
#endif
