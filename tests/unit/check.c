/* check.c: see check.h. */
#include "check.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static struct check_test *tests;
static struct check_test **tests_end = &tests;
static bool failed;

static struct guard {
    void *base;
    size_t size;
} guards[256];
static size_t guard_count;

static atomic_size_t alloc_count; /* the code under test may have threads */
static atomic_size_t alloc_fail = SIZE_MAX;

void check_register(struct check_test *test)
{
    *tests_end = test;
    tests_end = &test->next;
}

static bool report(bool held, const char *where)
{
    if (!held) {
        printf("# %s: ", where);
        failed = true;
    }
    return held;
}

bool check_true(bool held, const char *text, const char *where)
{
    if (!report(held, where))
        printf("%s does not hold\n", text);
    return held;
}

bool check_int(long long got, long long want, const char *text, const char *where)
{
    if (!report(got == want, where))
        printf("%s is %lld, not %lld\n", text, got, want);
    return got == want;
}

bool check_str(const char *got, size_t len, const char *want, const char *text, const char *where)
{
    bool held = got != NULL && strlen(want) == len && memcmp(got, want, len) == 0;
    if (!report(held, where))
        printf("%s is \"%.*s\", not \"%s\"\n", text, got == NULL ? 6 : (int)len, got == NULL ? "(null)" : got, want);
    return held;
}

bool check_status(ddbs_status got, ddbs_status want, const char *text, const char *where)
{
    if (!report(got == want, where))
        printf("%s is %s, not %s\n", text, ddbs_status_name(got), ddbs_status_name(want));
    return got == want;
}

char *check_guard(const void *bytes, size_t len)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t size = (len + page - 1) / page * page + page;
    char *base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED || guard_count == sizeof guards / sizeof *guards ||
        mprotect(base + size - page, page, PROT_NONE) != 0)
        abort();
    guards[guard_count++] = (struct guard){ base, size };
    char *copy = base + size - page - len;
    if (len > 0)
        memcpy(copy, bytes, len);
    return copy;
}

void check_fail_alloc(size_t n)
{
    alloc_count = 0;
    alloc_fail = n;
}

size_t check_allocs(void)
{
    return alloc_count;
}

static bool alloc_allowed(void)
{
    return alloc_count++ < alloc_fail;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *ptr, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *ptr, size_t size);

void *__wrap_malloc(size_t size)
{
    return alloc_allowed() ? __real_malloc(size) : NULL;
}

void *__wrap_calloc(size_t count, size_t size)
{
    return alloc_allowed() ? __real_calloc(count, size) : NULL;
}

void *__wrap_realloc(void *ptr, size_t size)
{
    return alloc_allowed() ? __real_realloc(ptr, size) : NULL;
}

static bool run(const struct check_test *test)
{
    failed = false;
    check_fail_alloc(SIZE_MAX);
    test->run();
    while (guard_count > 0) {
        guard_count--;
        munmap(guards[guard_count].base, guards[guard_count].size);
    }
    printf("%s - %s\n", failed ? "not ok" : "ok", test->name);
    fflush(stdout);
    return !failed;
}

int main(int argc, char **argv)
{
    bool all = true;
    for (struct check_test *test = tests; test != NULL; test = test->next) {
        if (argc < 2 || strstr(test->name, argv[1]) != NULL)
            all = run(test) && all;
    }
    return all ? 0 : 1;
}
