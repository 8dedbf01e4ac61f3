/* arena.h: bump allocation with marks. One arena serves an invocation: the event's index at its bottom, one record at a
 * time above a mark. Memory is kept between uses, so a warm arena does not call malloc. */
#ifndef LIB_ARENA_H
#define LIB_ARENA_H
#include <ddbstream/base.h>

struct arena_block;

/* A place to go back to. */
struct arena_mark {
    struct arena_block *block;
    size_t used;
};

/* Make an arena of memory that is there already, aligned for anything: it never grows and is not freed with the arena.
 * DDBS_OK, DDBS_E_MEMORY, or DDBS_E_LIMIT for memory that is too small. */
ddbs_status ddbs_arena__over(ddbs_arena **out, void *memory, size_t size);

/* Make an arena whose memory comes from another one and dies with it: what must outlive the marks of `parent` goes
 * there, as long as nothing is released that was allocated before the arena took room; ddbs_arena__held() tells. Never
 * freed. NULL when memory is exhausted. */
ddbs_arena *ddbs_arena__within(ddbs_arena *parent);

/* How many bytes an arena has taken. */
size_t ddbs_arena__held(const ddbs_arena *arena);

/* `size` bytes aligned for anything, not zeroed; NULL when memory or the arena's limit is exhausted. */
void *ddbs_arena__alloc(ddbs_arena *arena, size_t size);

/* Enlarge the allocation `ptr` from `old` to `size` bytes; in place when it was the last one. NULL as above, and then
 * the old one is as it was. `ptr` may be NULL with `old` 0. */
void *ddbs_arena__grow(ddbs_arena *arena, void *ptr, size_t old, size_t size);

struct arena_mark ddbs_arena__mark(const ddbs_arena *arena);

/* Give back everything that was allocated since the mark was taken. */
void ddbs_arena__release(ddbs_arena *arena, struct arena_mark mark);
#endif
