/* check.h: a small test runner. TEST(name) registers itself; the name is a sentence, so that the report reads as a
 * specification. CHECK* note a failure and go on, REQUIRE ends the test. Programs print "ok - name" or
 * "not ok - name" a line and exit 1 if one failed; an argument runs only the tests whose name contains it. */
#ifndef CHECK_H
#define CHECK_H
#include <ddbstream/base.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct check_test {
    const char *name;
    void (*run)(void);
    struct check_test *next;
};
void check_register(struct check_test *test);

#define TEST(name)                                                                                                     \
    static void name(void);                                                                                            \
    __attribute__((constructor)) static void register_##name(void)                                                     \
    {                                                                                                                  \
        static struct check_test test = { #name, name, NULL };                                                         \
        check_register(&test);                                                                                         \
    }                                                                                                                  \
    static void name(void)

/* Each returns whether it held. `where` is "file:line". */
bool check_true(bool held, const char *text, const char *where);
bool check_int(long long got, long long want, const char *text, const char *where);
bool check_str(const char *got, size_t len, const char *want, const char *text, const char *where);
bool check_status(ddbs_status got, ddbs_status want, const char *text, const char *where);

#define CHECK_STRINGIFY_(line)  #line
#define CHECK_STRINGIFY(line)   CHECK_STRINGIFY_(line)
#define CHECK_WHERE             __FILE__ ":" CHECK_STRINGIFY(__LINE__)
#define CHECK(condition)        check_true((condition), #condition, CHECK_WHERE)
#define CHECK_INT(got, want)    check_int((long long)(got), (long long)(want), #got, CHECK_WHERE)
#define CHECK_STR(got, want)    check_str((got), strlen(got), (want), #got, CHECK_WHERE)
#define CHECK_VIEW(got, want)   check_str((const char *)(got).ptr, (got).len, (want), #got, CHECK_WHERE)
#define CHECK_STATUS(got, want) check_status((got), (want), #got, CHECK_WHERE)
#define REQUIRE(condition)                                                                                             \
    do {                                                                                                               \
        if (!CHECK(condition))                                                                                         \
            return;                                                                                                    \
    } while (0)

/* A copy of `len` bytes that ends right before an unreadable page: one byte too far is a crash, with or without
 * sanitizers. Given back when the test ends. */
char *check_guard(const void *bytes, size_t len);

/* Let allocation number `n` (from 0) of the code under test and all after it fail; SIZE_MAX: none. check_allocs()
 * counts the allocations since the last call of check_fail_alloc. Works through the linker's --wrap. */
void check_fail_alloc(size_t n);
size_t check_allocs(void);
#endif
