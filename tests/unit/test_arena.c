/* test_arena.c: bump allocation, marks, growth, the limit, and that a warm arena does not allocate. */
#include "lib/arena.h"
#include "tests/unit/check.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static ddbs_arena *arena_of(size_t limit)
{
    ddbs_arena *arena = NULL;
    if (ddbs_arena_new(&arena, limit) != DDBS_OK)
        abort();
    return arena;
}

TEST(allocations_are_aligned_and_do_not_overlap)
{
    static const size_t sizes[] = { 1, 0, 3, 16, 17, 1000, 5, 65536, 1, 200000, 7 };
    enum { COUNT = sizeof sizes / sizeof *sizes };
    unsigned char *got[COUNT];
    ddbs_arena *arena = arena_of(0);
    for (size_t i = 0; i < COUNT; i++) {
        got[i] = ddbs_arena__alloc(arena, sizes[i]);
        REQUIRE(got[i] != NULL);
        CHECK_INT((uintptr_t)got[i] % 16, 0);
        memset(got[i], (int)i + 1, sizes[i]);
    }
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t k = 0; k < sizes[i]; k++)
            REQUIRE(got[i][k] == i + 1);
    }
    ddbs_arena_free(arena);
}

TEST(release_goes_back_to_the_mark_and_keeps_what_is_below)
{
    ddbs_arena *arena = arena_of(0);
    char *below = ddbs_arena__alloc(arena, 100);
    memset(below, 'b', 100);
    struct arena_mark mark = ddbs_arena__mark(arena);
    char *first = ddbs_arena__alloc(arena, 50);
    for (int i = 0; i < 100; i++)
        REQUIRE(ddbs_arena__alloc(arena, 10000) != NULL);
    ddbs_arena__release(arena, mark);
    CHECK(ddbs_arena__alloc(arena, 50) == first);
    for (int i = 0; i < 100; i++)
        REQUIRE(below[i] == 'b');
    ddbs_arena_free(arena);
}

TEST(a_mark_of_an_empty_arena_is_its_begin)
{
    ddbs_arena *arena = arena_of(0);
    struct arena_mark mark = ddbs_arena__mark(arena);
    char *first = ddbs_arena__alloc(arena, 10);
    ddbs_arena__release(arena, mark);
    CHECK(ddbs_arena__alloc(arena, 10) == first);
    ddbs_arena_reset(arena);
    CHECK(ddbs_arena__alloc(arena, 10) == first);
    ddbs_arena_free(arena);
}

TEST(the_last_allocation_grows_in_place)
{
    ddbs_arena *arena = arena_of(0);
    char *text = ddbs_arena__grow(arena, NULL, 0, 10);
    REQUIRE(text != NULL);
    memset(text, 'a', 10);
    CHECK(ddbs_arena__grow(arena, text, 10, 1000) == text);
    CHECK(ddbs_arena__grow(arena, text, 1000, 30000) == text);
    CHECK(memcmp(text, "aaaaaaaaaa", 10) == 0);
    ddbs_arena_free(arena);
}

TEST(what_cannot_grow_in_place_is_copied)
{
    ddbs_arena *arena = arena_of(0);
    char *text = ddbs_arena__alloc(arena, 10);
    memset(text, 'a', 10);
    char *next = ddbs_arena__alloc(arena, 10);
    memset(next, 'n', 10);
    char *bigger = ddbs_arena__grow(arena, text, 10, 20);
    REQUIRE(bigger != NULL);
    CHECK(bigger != text);
    memset(bigger + 10, 'b', 10);
    CHECK(memcmp(bigger, "aaaaaaaaaa", 10) == 0);
    CHECK(memcmp(next, "nnnnnnnnnn", 10) == 0);
    char *huge = ddbs_arena__grow(arena, bigger, 20, 1000000);
    REQUIRE(huge != NULL);
    CHECK(memcmp(huge, "aaaaaaaaaabbbbbbbbbb", 20) == 0);
    ddbs_arena_free(arena);
}

TEST(a_growth_that_fails_leaves_the_old_allocation)
{
    ddbs_arena *arena = arena_of(1000);
    char *text = ddbs_arena__alloc(arena, 10);
    REQUIRE(text != NULL);
    memset(text, 'a', 10);
    CHECK(ddbs_arena__grow(arena, text, 10, 2000) == NULL);
    CHECK(ddbs_arena__grow(arena, text, 10, SIZE_MAX) == NULL);
    CHECK(memcmp(text, "aaaaaaaaaa", 10) == 0);
    ddbs_arena_free(arena);
}

TEST(an_arena_never_holds_more_than_its_limit)
{
    static const size_t limits[] = { 64, 1000, 65536, 100000, 1000000 };
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        ddbs_arena *arena = arena_of(limits[i]);
        size_t held = 0;
        CHECK(ddbs_arena__alloc(arena, limits[i] + 1) == NULL);
        while (ddbs_arena__alloc(arena, 48) != NULL)
            held += 48;
        CHECK(held <= limits[i]);
        CHECK(held >= limits[i] / 4);
        ddbs_arena_free(arena);
    }
}

TEST(sizes_at_the_end_of_the_address_space_are_refused)
{
    ddbs_arena *arena = arena_of(0);
    CHECK(ddbs_arena__alloc(arena, SIZE_MAX) == NULL);
    CHECK(ddbs_arena__alloc(arena, SIZE_MAX - 15) == NULL);
    CHECK(ddbs_arena__alloc(arena, SIZE_MAX / 2 + 1) == NULL);
    CHECK(ddbs_arena__alloc(arena, 16) != NULL);
    ddbs_arena_free(arena);
}

static void use(ddbs_arena *arena)
{
    for (size_t size = 1; size < 100000; size = size * 3 / 2 + 1) {
        struct arena_mark mark = ddbs_arena__mark(arena);
        CHECK(ddbs_arena__alloc(arena, size) != NULL);
        if (size % 2 == 0)
            ddbs_arena__release(arena, mark);
    }
}

TEST(a_warm_arena_does_not_allocate)
{
    ddbs_arena *arena = arena_of(0);
    check_fail_alloc(SIZE_MAX);
    use(arena);
    CHECK(check_allocs() > 0);
    for (int round = 0; round < 3; round++) {
        ddbs_arena_reset(arena);
        check_fail_alloc(0);
        use(arena);
        CHECK_INT(check_allocs(), 0);
    }
    ddbs_arena_free(arena);
}

TEST(a_warm_arena_finds_a_large_block_behind_small_ones)
{
    ddbs_arena *arena = arena_of(0);
    CHECK(ddbs_arena__alloc(arena, 60000) != NULL && ddbs_arena__alloc(arena, 60000) != NULL);
    char *large = ddbs_arena__alloc(arena, 1000000);
    ddbs_arena_reset(arena);
    check_fail_alloc(0);
    CHECK(large != NULL && ddbs_arena__alloc(arena, 1000000) == large);
    ddbs_arena_free(arena);
}

TEST(an_arena_without_memory_says_so)
{
    ddbs_arena *arena = NULL;
    check_fail_alloc(0);
    CHECK_STATUS(ddbs_arena_new(&arena, 0), DDBS_E_MEMORY);
    CHECK(arena == NULL);
    check_fail_alloc(1);
    REQUIRE(ddbs_arena_new(&arena, 0) == DDBS_OK);
    CHECK(ddbs_arena__alloc(arena, 10) == NULL);
    check_fail_alloc(SIZE_MAX);
    CHECK(ddbs_arena__alloc(arena, 10) != NULL);
    ddbs_arena_free(arena);
}

TEST(freeing_no_arena_is_fine)
{
    ddbs_arena_free(NULL);
}

#if defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#endif

#ifdef HAS_ASAN
/* Whether reading `*ptr` ends a child process. */
static bool read_is_caught(const volatile char *ptr)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        close(2);
        _exit(*ptr == 'x' ? 0 : 0);
    }
    return child > 0 && waitpid(child, &status, 0) == child && status != 0;
}

TEST(a_view_that_outlives_its_record_is_caught)
{
    ddbs_arena *arena = arena_of(0);
    char *below = ddbs_arena__alloc(arena, 10);
    struct arena_mark mark = ddbs_arena__mark(arena);
    char *kept = ddbs_arena__alloc(arena, 10);
    char *far = ddbs_arena__alloc(arena, 1000000);
    memset(kept, 'x', 10);
    CHECK(!read_is_caught(kept));
    CHECK(read_is_caught(kept + 10)); /* one byte too far, inside the block */
    ddbs_arena__release(arena, mark);
    CHECK(read_is_caught(kept));
    CHECK(read_is_caught(far));
    CHECK(!read_is_caught(below));
    ddbs_arena_reset(arena);
    CHECK(read_is_caught(below));
    ddbs_arena_free(arena);
}
#endif

TEST(a_limit_counts_what_is_held_not_what_is_kept_warm)
{
    ddbs_arena *arena;
    REQUIRE(ddbs_arena_new(&arena, 1000) == DDBS_OK);
    for (size_t size = 100; size <= 900; size += 50) {
        CHECK(ddbs_arena__alloc(arena, size) != NULL);
        ddbs_arena_reset(arena);
    }
    CHECK(ddbs_arena__alloc(arena, 1001) == NULL);
    ddbs_arena_free(arena);
}
