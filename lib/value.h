/* value.h: how decoded values lie in memory.
 *
 * All values of a record stand in one array, the tape, in the order of the event: a container is followed by its
 * content. Links are relative, so that the tape can move while it grows. Its first node names the arena: what is made
 * of an item later, such as the arrays of ddbs_bind, goes there, too.
 *
 *     M: [M] [name] [value ...] [name] [value ...] [index of the names, where there are many: names.h]
 *     L: [L] [value ...] [value ...] */
#ifndef LIB_VALUE_H
#define LIB_VALUE_H
#include <ddbstream/value.h>

/* Names up to this many are compared one by one; more have an index. */
enum { FEW_NAMES = 24 };

/* The name of an attribute stands on the tape like a value. */
#define TYPE_NAME ((uint32_t)DDBS_TYPE_BS + 1)

/* The first node of a tape. */
#define TYPE_HEAD ((uint32_t)DDBS_TYPE_BS + 2)

struct ddbs_value {
    union {
        const char *text; /* S, N, B, name: its bytes */
        struct {
            uint32_t extent; /* nodes, this one and the index of names included */
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
static inline bool ddbs_value__is_container(const ddbs_value *value)
{
    return value->type >= DDBS_TYPE_M && value->type <= DDBS_TYPE_BS;
}

/* The node behind a value and all it contains. */
static inline const ddbs_value *ddbs_value__behind(const ddbs_value *value)
{
    return value + (ddbs_value__is_container(value) ? value->as.span.extent : 1);
}

/* Sort offsets of nodes from `base`. Heapsort: n log n at worst, in place, without recursion. */
typedef int ddbs_compare(const ddbs_value *a, const ddbs_value *b);
void ddbs_value__sort(const ddbs_value *base, uint32_t *offsets, size_t count, ddbs_compare *compare);

/* Have room for `count` more nodes; false when memory is exhausted. */
bool ddbs_tape__reserve(struct tape *tape, size_t count);

/* Append a node; its index, or SIZE_MAX when memory is exhausted. */
static inline size_t ddbs_tape__push(struct tape *tape, ddbs_value node)
{
    if (tape->count == tape->capacity && !ddbs_tape__reserve(tape, 1))
        return SIZE_MAX;
    tape->nodes[tape->count] = node;
    return tape->count++;
}

/* Set what a container knows of its content: it began at node `at`, nodes[end] is behind it. */
static inline void ddbs_value__finish(ddbs_value *nodes, size_t at, size_t end, size_t count)
{
    nodes[at].as.span.extent = (uint32_t)(end - at);
    nodes[at].as.span.place = (uint32_t)at;
    nodes[at].len = (uint32_t)count;
}

/* Finish a container that began at node `at` and has `count` elements or attributes. `*twice` gets the first name that
 * an M has twice, NULL when there is none; `distinct`: it has none for certain, if it has up to FEW_NAMES. False when
 * memory is exhausted. */
bool ddbs_tape__close(struct tape *tape, size_t at, size_t count, bool distinct, const ddbs_value **twice);
#endif
