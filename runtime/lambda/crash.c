/* crash.c: see crash.h. The handler runs on a stack of its own, for the usual one may be what overflowed, and calls
 * nothing that is not safe there. */
#define _GNU_SOURCE
#include "runtime/lambda/crash.h"

#include <link.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

static const int deadly[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS };
enum { STACK_SIZE = 64 * 1024, PATH_SHOWN = 64, PATIENCE_MS = 100 };

/* The handler's only way to its report; set before any callback runs, and never again. */
static struct ddbs_crash *report;

/* What a thread of a lane runs. */
static _Thread_local bool is_lane;
static _Thread_local size_t record_here = DDBS_NOWHERE;

static void where(const void *context, uintptr_t *pc, uintptr_t *frame)
{
    const ucontext_t *user = context;
#if defined(__x86_64__)
    *pc = (uintptr_t)user->uc_mcontext.gregs[REG_RIP];
    *frame = (uintptr_t)user->uc_mcontext.gregs[REG_RBP];
#elif defined(__aarch64__)
    *pc = (uintptr_t)user->uc_mcontext.pc;
    *frame = (uintptr_t)user->uc_mcontext.regs[29];
#else
    (void)user;
    *pc = *frame = 0;
#endif
}

/* Follow the chain of frame pointers upwards. What has none ends it, or ends the process, whose report is complete but
 * for the rest of the chain. */
static void walk(uintptr_t frame)
{
    uintptr_t low = frame;
    while (report->frame_count < DDBS_CRASH_FRAMES_MAX && frame >= low && frame % sizeof frame == 0 && frame != 0) {
        const uintptr_t *at = (const uintptr_t *)frame;
        if (at[1] < 4096)
            return;
        report->frames[report->frame_count++] = at[1];
        low = frame + 1;
        frame = at[0];
    }
}

/* Whether this thread is the first of those that crash: it ends the others with the process. They give it some time,
 * and no more: what they wait for is memory that somebody may have written over. False also for a fault in the report
 * itself. */
static bool is_first(void)
{
    static atomic_flag taken = ATOMIC_FLAG_INIT;
    static _Thread_local bool mine;
    if (mine)
        return false;
    mine = true;
    for (int i = 0; i < PATIENCE_MS; i++) {
        if (!atomic_flag_test_and_set(&taken))
            return true;
        poll(NULL, 0, 1);
    }
    return false;
}

static void note(int number, siginfo_t *info, void *context)
{
    uintptr_t frame;
    if (!is_first()) {
        raise(number);
        return;
    }
    report->record = record_here;
    report->code = info->si_code;
    report->address = (uintptr_t)info->si_addr;
    where(context, &report->frames[0], &frame);
    report->frame_count = 1;
    report->signal = number;
    /* The disposition is the default one again, and the signal is not blocked: a fault in here, or this, is the end. */
    walk(frame);
    raise(number);
}

/* Give the thread at hand a stack for signals; NULL where it has none. */
static void *make_signal_stack(void)
{
    void *memory = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    stack_t stack = { .ss_sp = memory, .ss_size = STACK_SIZE };
    if (memory == MAP_FAILED)
        return NULL;
    if (sigaltstack(&stack, NULL) == 0)
        return memory;
    munmap(memory, STACK_SIZE);
    return NULL;
}

void *ddbs_crash__enter_thread(void)
{
    is_lane = true;
    return make_signal_stack();
}

void ddbs_crash__leave_thread(void *memory)
{
    stack_t none = { .ss_flags = SS_DISABLE };
    if (memory == NULL)
        return;
    sigaltstack(&none, NULL);
    munmap(memory, STACK_SIZE);
}

void ddbs_crash__at_record(size_t index)
{
    if (is_lane)
        record_here = index;
}

bool ddbs_crash__watch(struct ddbs_crash *crash)
{
    struct sigaction action = { .sa_flags = (int)(SA_SIGINFO | SA_ONSTACK | SA_RESETHAND | SA_NODEFER) };
    report = crash;
    action.sa_sigaction = note;
    if (make_signal_stack() == NULL)
        return false;
    for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++) {
        if (sigaction(deadly[i], &action, NULL) != 0)
            return false;
    }
    return true;
}

const char *ddbs_crash__signal(int number, char text[16])
{
    static const struct {
        int number;
        const char *name;
    } names[] = {
        { SIGSEGV, "SIGSEGV" }, { SIGBUS, "SIGBUS" },   { SIGILL, "SIGILL" },   { SIGFPE, "SIGFPE" },
        { SIGABRT, "SIGABRT" }, { SIGTRAP, "SIGTRAP" }, { SIGSYS, "SIGSYS" },   { SIGKILL, "SIGKILL" },
        { SIGTERM, "SIGTERM" }, { SIGINT, "SIGINT" },   { SIGHUP, "SIGHUP" },   { SIGPIPE, "SIGPIPE" },
        { SIGALRM, "SIGALRM" }, { SIGXCPU, "SIGXCPU" }, { SIGXFSZ, "SIGXFSZ" }, { SIGQUIT, "SIGQUIT" },
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (names[i].number == number)
            return names[i].name;
    }
    snprintf(text, 16, "signal %d", number);
    return text;
}

/* The module that an address lies in. */
struct search {
    uintptr_t address;
    bool found;
    uintptr_t base;
    char name[PATH_SHOWN];
};

static bool holds(const struct dl_phdr_info *info, uintptr_t address)
{
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        uintptr_t begin = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
        if (info->dlpi_phdr[i].p_type == PT_LOAD && address >= begin && address - begin < info->dlpi_phdr[i].p_memsz)
            return true;
    }
    return false;
}

/* The program itself comes without a name. */
static int visit(struct dl_phdr_info *info, size_t size, void *self)
{
    struct search *search = self;
    const char *name = info->dlpi_name[0] == '\0' ? "bootstrap" : info->dlpi_name;
    const char *slash = strrchr(name, '/');
    (void)size;
    if (!holds(info, search->address))
        return 0;
    search->found = true;
    search->base = info->dlpi_addr;
    snprintf(search->name, sizeof search->name, "%s", slash == NULL ? name : slash + 1);
    return 1;
}

void ddbs_crash__place(uintptr_t address, char *out, size_t size)
{
    struct search search = { .address = address };
    dl_iterate_phdr(visit, &search);
    if (search.found)
        snprintf(out, size, "%s+0x%zx", search.name, (size_t)(address - search.base));
    else
        snprintf(out, size, "0x%zx", (size_t)address);
}

/* The program's build id from its notes, as hexadecimal digits. */
struct build_id {
    char text[65];
};

static int find_build_id(struct dl_phdr_info *info, size_t size, void *self)
{
    struct build_id *id = self;
    (void)size;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        const char *at = (const char *)(info->dlpi_addr + header->p_vaddr), *end = at + header->p_memsz;
        while (header->p_type == PT_NOTE && at + sizeof(ElfW(Nhdr)) <= end) {
            const ElfW(Nhdr) *note_header = (const void *)at;
            const char *name = at + sizeof *note_header;
            const unsigned char *bytes = (const unsigned char *)name + (note_header->n_namesz + 3u) / 4 * 4;
            at = (const char *)bytes + (note_header->n_descsz + 3u) / 4 * 4;
            if (note_header->n_type != NT_GNU_BUILD_ID || note_header->n_namesz != 4 || memcmp(name, "GNU", 4) != 0)
                continue;
            for (size_t k = 0; k < note_header->n_descsz && k < (sizeof id->text - 1) / 2; k++)
                snprintf(id->text + 2 * k, 3, "%02x", bytes[k]);
            return 1;
        }
    }
    return 1; /* the first is the program */
}

void ddbs_crash__describe(const struct ddbs_crash *crash, char *out, size_t size)
{
    struct build_id id = { "none" };
    size_t used = (size_t)snprintf(out, size, "address 0x%zx;", (size_t)crash->address);
    size_t frames = crash->frame_count < DDBS_CRASH_FRAMES_MAX ? crash->frame_count : DDBS_CRASH_FRAMES_MAX;
    for (size_t i = 0; i < frames && used < size; i++) {
        char place[PATH_SHOWN + 32];
        ddbs_crash__place(crash->frames[i], place, sizeof place);
        used += (size_t)snprintf(out + used, size - used, " %s", place);
    }
    dl_iterate_phdr(find_build_id, &id);
    if (used < size)
        snprintf(out + used, size - used, " build-id %s", id.text);
}
