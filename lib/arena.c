/* arena.c: see arena.h. A chain of blocks, filled in order; those behind the current one wait for the next use. */
#include "lib/arena.h"

#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_POISONS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISONS 1
#endif
#endif

#ifdef ARENA_POISONS
#include <sanitizer/asan_interface.h>
enum { REDZONE = 16 };
#else
#define ASAN_POISON_MEMORY_REGION(ptr, size)   ((void)(ptr), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(ptr, size) ((void)(ptr), (void)(size))
enum { REDZONE = 0 };
#endif

enum { ALIGN = 16, FIRST_BLOCK = 64 * 1024 };

/* What a reset keeps: more than any usual batch needs; a hostile event must not cost memory for ever. */
enum { KEPT_MAX = 4 * 1024 * 1024 };

struct arena_block {
    struct arena_block *next;
    size_t size;
    _Alignas(ALIGN) unsigned char bytes[];
};

struct ddbs_arena {
    struct arena_block *first;
    struct arena_block *current; /* blocks behind it are empty */
    size_t used;                 /* bytes of the current block */
    size_t total;                /* bytes of all blocks */
    size_t limit;
    bool fixed;         /* one block, somebody else's */
    ddbs_arena *parent; /* where its blocks come from, NULL: from malloc */
};

ddbs_status ddbs_arena_new(ddbs_arena **out, size_t limit)
{
    ddbs_arena *arena = calloc(1, sizeof *arena);
    if (arena == NULL)
        return DDBS_E_MEMORY;
    arena->limit = limit == 0 ? SIZE_MAX : limit;
    *out = arena;
    return DDBS_OK;
}

ddbs_status ddbs_arena__over(ddbs_arena **out, void *memory, size_t size)
{
    struct arena_block *block = memory;
    if (size <= sizeof *block)
        return DDBS_E_LIMIT;
    DDBS_TRY(ddbs_arena_new(out, size));
    block->next = NULL;
    block->size = size - sizeof *block;
    (*out)->first = block;
    (*out)->fixed = true;
    return DDBS_OK;
}

ddbs_arena *ddbs_arena__within(ddbs_arena *parent)
{
    ddbs_arena *arena = ddbs_arena__alloc(parent, sizeof *arena);
    if (arena != NULL)
        *arena = (ddbs_arena){ .limit = SIZE_MAX, .parent = parent };
    return arena;
}

size_t ddbs_arena__held(const ddbs_arena *arena)
{
    return arena->total;
}

/* The size of the block to allocate for a need of `size` bytes, or 0 when the limit forbids any. Blocks double, so that
 * their number stays small; near the limit the smallest sufficient one is taken. */
static size_t block_size(const ddbs_arena *arena, size_t size)
{
    size_t left = arena->limit - arena->total;
    size_t wanted = arena->total == 0 ? FIRST_BLOCK : arena->total;
    if (wanted < size)
        wanted = size;
    if (wanted > left)
        wanted = size;
    return wanted > left ? 0 : wanted;
}

/* Free the blocks behind the current one: they are empty, but the limit counts them. */
static void drop_spare(ddbs_arena *arena)
{
    struct arena_block **end = arena->current == NULL ? &arena->first : &arena->current->next;
    while (*end != NULL) {
        struct arena_block *block = *end;
        *end = block->next;
        arena->total -= block->size;
        ASAN_UNPOISON_MEMORY_REGION(block->bytes, block->size);
        if (arena->parent == NULL)
            free(block);
    }
}

static struct arena_block *block_new(const ddbs_arena *arena, size_t bytes)
{
    size_t size = sizeof(struct arena_block) + bytes;
    return arena->parent == NULL ? malloc(size) : ddbs_arena__alloc(arena->parent, size);
}

static struct arena_block *block_add(ddbs_arena *arena, size_t size)
{
    if (arena->fixed)
        return NULL;
    if (block_size(arena, size) == 0)
        drop_spare(arena);
    size_t bytes = block_size(arena, size);
    struct arena_block *block = bytes == 0 ? NULL : block_new(arena, bytes);
    struct arena_block **end = &arena->first;
    if (block == NULL && bytes > size) {
        bytes = size; /* memory is short: not more than is needed */
        block = block_new(arena, bytes);
    }
    if (block == NULL)
        return NULL;
    block->next = NULL;
    block->size = bytes;
    while (*end != NULL)
        end = &(*end)->next;
    *end = block;
    arena->total += bytes;
    ASAN_POISON_MEMORY_REGION(block->bytes, bytes);
    return block;
}

/* Make the current block one that has room for `size` bytes. */
static bool make_room(ddbs_arena *arena, size_t size)
{
    struct arena_block *block = arena->current == NULL ? arena->first : arena->current->next;
    if (arena->current != NULL && arena->current->size - arena->used >= size)
        return true;
    while (block != NULL && block->size < size)
        block = block->next;
    if (block == NULL)
        block = block_add(arena, size);
    if (block == NULL)
        return false;
    arena->current = block;
    arena->used = 0;
    return true;
}

static size_t rounded(size_t size)
{
    return (size + REDZONE + ALIGN - 1) / ALIGN * ALIGN;
}

void *ddbs_arena__alloc(ddbs_arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2 || !make_room(arena, rounded(size)))
        return NULL;
    unsigned char *ptr = arena->current->bytes + arena->used;
    arena->used += rounded(size);
    ASAN_UNPOISON_MEMORY_REGION(ptr, size);
    return ptr;
}

void *ddbs_arena__grow(ddbs_arena *arena, void *ptr, size_t old, size_t size)
{
    bool last = ptr != NULL && (unsigned char *)ptr + rounded(old) == arena->current->bytes + arena->used;
    if (last && size <= SIZE_MAX / 2 && arena->current->size - arena->used + rounded(old) >= rounded(size)) {
        arena->used += rounded(size) - rounded(old);
        ASAN_UNPOISON_MEMORY_REGION(ptr, size);
        return ptr;
    }
    void *bigger = ddbs_arena__alloc(arena, size);
    if (bigger != NULL && old > 0)
        memcpy(bigger, ptr, old);
    return bigger;
}

struct arena_mark ddbs_arena__mark(const ddbs_arena *arena)
{
    return (struct arena_mark){ arena->current, arena->used };
}

void ddbs_arena__release(ddbs_arena *arena, struct arena_mark mark)
{
    struct arena_block *block = mark.block == NULL ? arena->first : mark.block->next;
    if (mark.block != NULL && !arena->fixed)
        ASAN_POISON_MEMORY_REGION(mark.block->bytes + mark.used, mark.block->size - mark.used);
    for (; block != NULL && !arena->fixed; block = block->next)
        ASAN_POISON_MEMORY_REGION(block->bytes, block->size);
    arena->current = mark.block;
    arena->used = mark.used;
}

void ddbs_arena_reset(ddbs_arena *arena)
{
    ddbs_arena__release(arena, (struct arena_mark){ NULL, 0 });
    if (arena->total > KEPT_MAX)
        drop_spare(arena);
}

void ddbs_arena_free(ddbs_arena *arena)
{
    if (arena == NULL)
        return;
    ddbs_arena_reset(arena);
    if (!arena->fixed)
        drop_spare(arena);
    free(arena);
}
