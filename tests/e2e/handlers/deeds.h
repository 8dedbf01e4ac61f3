/* deeds.h: everything that a handler can ruin itself with; for matrix.c. A deed returns what its callback
 * is to return, or not at all. */
#ifndef TESTS_DEEDS_H
#define TESTS_DEEDS_H
#define _GNU_SOURCE
#include "journal.h"

#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* Deeds are undefined behaviour on purpose: a sanitizer must not be there first. */
#define WILD __attribute__((noinline, no_sanitize("address"), no_sanitize("undefined")))

enum { DESCRIPTORS = 1024, MIB = 1024 * 1024, CHILD_PATIENCE_MS = 3000 };

typedef ddbs_status deed_fn(void);

/* What a deed finds; set just before. */
static struct {
    ddbs_ctx *ctx;
    ddbs_str raw; /* of the record, in the event */
} at_hand;

static jmp_buf in_main, in_start;
static volatile size_t never;
static volatile int zero;
static char globals[4096] = { 1 };

/* ---- Signals and exits ---- */

/* Not at address 0, of which compilers know that nothing is there. */
static WILD ddbs_status null_pointer(void)
{
    *(volatile char *)(never + 8) = 1;
    return DDBS_E_HANDLER;
}

static WILD size_t recurse(size_t depth)
{
    volatile char frame[1024];
    frame[depth % sizeof frame] = 1;
    return depth + 1 == never ? 0 : recurse(depth + 1) + (size_t)frame[0];
}

static ddbs_status overflow_main(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_STACK, &limit);
    limit.rlim_cur = 8 * MIB;
    setrlimit(RLIMIT_STACK, &limit);
    return recurse(0) == 0 ? DDBS_OK : DDBS_SKIP;
}

static void *overflow(void *nothing)
{
    never = recurse(0) + 1;
    return nothing;
}

static ddbs_status overflow_thread(void)
{
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 256 * 1024);
    if (pthread_create(&thread, &attributes, overflow, NULL) == 0)
        pthread_join(thread, NULL);
    return DDBS_E_HANDLER;
}

static ddbs_status do_abort(void)
{
    abort();
}

static WILD ddbs_status divide(void)
{
    zero = 1 / zero;
    raise(SIGFPE); /* not every machine traps */
    return DDBS_E_HANDLER;
}

static ddbs_status illegal(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __asm__ volatile("ud2");
#elif defined(__aarch64__)
    __asm__ volatile(".inst 0");
#endif
    raise(SIGILL);
    return DDBS_E_HANDLER;
}

/* A mapping goes on behind the end of its file, but there is nothing. */
static WILD ddbs_status bus_error(void)
{
    struct stat status = { .st_size = 0 };
    int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (file < 0 || fstat(file, &status) != 0)
        return DDBS_E_HANDLER;
    size_t end = ((size_t)status.st_size + page - 1) / page * page;
    volatile char *bytes = mmap(NULL, end + page, PROT_READ, MAP_PRIVATE, file, 0);
    return bytes == MAP_FAILED || bytes[end] == 0 ? DDBS_E_HANDLER : DDBS_E_USAGE;
}

static ddbs_status exit_0(void)
{
    exit(0);
}

static ddbs_status exit_3(void)
{
    exit(3);
}

static ddbs_status quick_exit_0(void)
{
    _exit(0);
}

static ddbs_status kill_self(void)
{
    kill(getpid(), SIGKILL);
    return DDBS_E_HANDLER;
}

static ddbs_status become_true(void)
{
    char name[] = "true", *arguments[] = { name, NULL };
    execv("/bin/true", arguments);
    return DDBS_E_HANDLER;
}

static void set_all_signals(void (*disposition)(int))
{
    for (int number = 1; number <= SIGRTMAX; number++)
        signal(number, disposition);
}

static ddbs_status default_signals(void)
{
    set_all_signals(SIG_DFL);
    return null_pointer();
}

static ddbs_status ignored_signals(void)
{
    set_all_signals(SIG_IGN);
    return null_pointer();
}

/* ---- Time and memory ---- */

static ddbs_status hang(void)
{
    char text[64];
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t ends = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + ddbs_ctx_remaining_ms(at_hand.ctx);
    int len = snprintf(text, sizeof text, "%lld", (long long)ends);
    journal("deadline", (ddbs_str){ text, (size_t)len });
    while (never == 0)
        pause();
    return DDBS_E_HANDLER;
}

static ddbs_status hang_blocked(void)
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    return hang();
}

static WILD ddbs_status double_free(void)
{
    void *volatile bytes = malloc(24);
    free(bytes);
    free(bytes);
    return DDBS_E_HANDLER;
}

/* Write over the end of a piece into the next one, before which the allocator keeps its own words. */
static WILD ddbs_status smash_heap(void)
{
    enum { PIECE = 2000, STEP = PIECE + 16, TRIES = 1000 };
    volatile char *volatile first = malloc(PIECE); /* what is freed unread need not be written */
    volatile char *volatile second = malloc(PIECE);
    for (int i = 0; i < TRIES && (uintptr_t)second != (uintptr_t)first + STEP; i++) {
        first = second;
        second = malloc(PIECE);
    }
    for (volatile size_t i = 0; first != NULL && i < STEP; i++)
        first[i] = 'A';
    free((char *)second);
    free((char *)first);
    return DDBS_E_HANDLER;
}

/* Allow this process 64 MiB more than it has, and take them. Each piece begins with the address of the one before. */
static void **exhaust(void)
{
    void **last = NULL;
    size_t pages = 0;
    char text[128] = "";
    struct rlimit limit;
    int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (file < 0 || read(file, text, sizeof text - 1) <= 0)
        abort();
    close(file);
    pages = strtoul(text, NULL, 10);
    getrlimit(RLIMIT_AS, &limit);
    limit.rlim_cur = pages * (size_t)sysconf(_SC_PAGESIZE) + 64 * MIB;
    if (setrlimit(RLIMIT_AS, &limit) != 0)
        abort();
    for (void **piece; (piece = malloc(MIB)) != NULL; last = piece)
        *piece = last;
    return last;
}

static ddbs_status memory_null(void)
{
    for (void **piece = exhaust(), **before; piece != NULL; piece = before) {
        before = *piece;
        free(piece);
    }
    return DDBS_E_MEMORY;
}

static ddbs_status memory_unchecked(void)
{
    void **kept = exhaust();
    return kept == NULL ? DDBS_E_HANDLER : null_pointer();
}

/* More than four fifths of what the function has. */
static ddbs_status leak(void)
{
    size_t size = 110 * MIB;
    char *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (size_t i = 0; bytes != MAP_FAILED && i < size; i += 4096)
        bytes[i] = 1;
    return DDBS_OK;
}

/* ---- Stray stores and descriptors ---- */

struct range {
    volatile unsigned char *begin, *end;
};

/* The mappings of this process that have all of `wanted` in their line of /proc/self/maps. */
static size_t find_ranges(const char *access, const char *wanted, struct range *out, size_t max)
{
    char line[4096 + 256];
    size_t count = 0;
    FILE *maps = fopen("/proc/self/maps", "re");
    while (maps != NULL && count < max && fgets(line, sizeof line, maps) != NULL) {
        char *at = line;
        uintptr_t begin = strtoul(at, &at, 16);
        uintptr_t end = strtoul(at + 1, &at, 16);
        if (strncmp(at + 1, access, strlen(access)) == 0 && strstr(at, wanted) != NULL)
            out[count++] = (struct range){ (volatile unsigned char *)begin, (volatile unsigned char *)end };
    }
    if (maps != NULL)
        fclose(maps);
    return count;
}

/* No call in here: the addresses of functions are among what is overwritten. */
static WILD void fill(const struct range *ranges, size_t count, const unsigned char pattern[8])
{
    for (size_t i = 0; i < count; i++) {
        for (volatile unsigned char *at = ranges[i].begin; at < ranges[i].end; at++)
            *at = pattern[(uintptr_t)at % 8];
    }
}

static const unsigned char all_ones[8] = { 255, 255, 255, 255, 255, 255, 255, 255 };
static const unsigned char sevens[8] = { 7 };                     /* as sizes: all seven records are done */
static const unsigned char words[8] = { 7, 0, 0, 0, 7, 0, 0, 0 }; /* as 32 bits each */

static WILD void scribble(void)
{
    char name[4096];
    struct range ranges[16];
    unsigned char pattern[8];
    ssize_t len = readlink("/proc/self/exe", name, sizeof name - 1);
    name[len < 0 ? 0 : len] = '\0';
    size_t count = find_ranges("rw-p", name, ranges, 15);
    for (size_t i = 0; i < sizeof pattern; i++)
        pattern[i] = all_ones[i];
    ranges[count++] = (struct range){ (unsigned char *)globals, (unsigned char *)globals + sizeof globals };
    fill(ranges, count, pattern);
}

static ddbs_status wild(void)
{
    scribble();
    return DDBS_OK;
}

static WILD ddbs_status wild_crash(void)
{
    volatile char *volatile nowhere = (volatile char *)8;
    scribble();
    *nowhere = 1;
    return DDBS_E_HANDLER;
}

/* Other numbers for the records, where the event lies: they would be what is reported. */
static WILD ddbs_status wild_event(void)
{
    ddbs_str raw = at_hand.raw;
    volatile char *at = (volatile char *)(uintptr_t)raw.ptr;
    for (size_t i = 0; i < raw.len; i++) {
        if (isdigit((unsigned char)at[i]))
            at[i] = '9';
    }
    abort();
}

static void forge(const unsigned char pattern[8])
{
    struct range ranges[16];
    fill(ranges, find_ranges("rw-s", "", ranges, 16), pattern);
}

static ddbs_status forge_ones(void)
{
    forge(all_ones);
    return null_pointer();
}

static ddbs_status forge_sizes(void)
{
    forge(sevens);
    return null_pointer();
}

static ddbs_status forge_words(void)
{
    forge(words);
    return null_pointer();
}

static ddbs_status forge_exit(void)
{
    forge(sevens);
    return quick_exit_0();
}

static ddbs_status forge_only(void)
{
    forge(all_ones);
    return DDBS_OK;
}

static ddbs_status close_all(void)
{
    for (int fd = 0; fd < DESCRIPTORS; fd++)
        close(fd);
    return DDBS_OK;
}

static ddbs_status close_crash(void)
{
    DDBS_TRY(close_all());
    return null_pointer();
}

/* Seven bytes: whoever reads words of four is out of step afterwards. */
static ddbs_status garbage(void)
{
    for (int fd = 1; fd < DESCRIPTORS; fd++) {
        if (write(fd, "garbage", 7) < 0 && errno != EBADF)
            continue;
    }
    return DDBS_OK;
}

static ddbs_status garbage_crash(void)
{
    DDBS_TRY(garbage());
    return null_pointer();
}

/* ---- Processes and jumps ---- */

/* Wait for a child and write down how it ended. */
static void see_child(pid_t child)
{
    char text[64];
    int status = 0, waited = 0;
    while (waitpid(child, &status, WNOHANG) == 0) {
        if (waited++ >= CHILD_PATIENCE_MS)
            kill(child, SIGKILL);
        usleep(1000);
    }
    int len = snprintf(text, sizeof text, "%s %d", WIFEXITED(status) ? "exit" : "signal",
                       WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    journal("child", (ddbs_str){ text, (size_t)len });
}

/* The child goes back to where the library is; the parent sees it end. */
static ddbs_status fork_return(void)
{
    pid_t child = fork();
    if (child > 0)
        see_child(child);
    return child < 0 ? DDBS_E_HANDLER : DDBS_OK;
}

/* The record is never finished, whatever the child said of it. */
static ddbs_status fork_first(void)
{
    pid_t child = fork();
    if (child == 0)
        return DDBS_OK;
    see_child(child);
    return null_pointer();
}

static ddbs_status fork_crash(void)
{
    pid_t child = fork();
    if (child == 0)
        (void)null_pointer();
    see_child(child);
    return DDBS_OK;
}

/* A child that holds every descriptor open. */
static ddbs_status orphan(void)
{
    pid_t child = fork();
    while (child == 0)
        pause();
    return null_pointer();
}

static ddbs_status jump_main(void)
{
    longjmp(in_main, 1);
}

static ddbs_status jump_again(void)
{
    longjmp(in_main, 2);
}

/* For lanes: the callback does not return, and the process lives on. */
static ddbs_status end_thread(void)
{
    pthread_exit(NULL);
}

/* Into a function that has returned long ago. */
static ddbs_status jump_start(void)
{
    longjmp(in_start, 1);
}

#endif
