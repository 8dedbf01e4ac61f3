/* slots.c: see slots.h. Lambda gives no environment back that lost a process: whatever ends one slot ends all, and the
 * environment is replaced. A handler's crash is no such end, its slot makes a new worker. */
#define _GNU_SOURCE
#include "runtime/lambda/slots.h"

#include "lib/error.h"
#include "runtime/lambda/log.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

_Static_assert(sizeof(ddbs_error) <= PIPE_BUF, "a report arrives whole");

struct slots {
    pid_t pids[DDBS_SLOTS_MAX]; /* 0: it has ended */
    unsigned count, alive, ready;
    int report[2], gate[2]; /* pipes */
    int signals;
    sigset_t mask; /* as the program had it: the slots' */
    bool terminated;
    bool lost;        /* a slot ended by itself */
    ddbs_error error; /* of an initialization; DDBS_OK: none failed */
};

/* ---- In a slot ---- */

bool ddbs_slot__join(const struct ddbs_slot *slot, const ddbs_error *error)
{
    ssize_t got;
    char byte;
    if (write(slot->report, error, sizeof *error) != (ssize_t)sizeof *error || error->status != DDBS_OK)
        return false;
    close(slot->report);
    do
        got = read(slot->gate, &byte, 1);
    while (got < 0 && errno == EINTR);
    close(slot->gate);
    return got == 1;
}

static void be_slot(struct slots *slots, unsigned number, pid_t parent, ddbs_slot_fn *live, void *self)
{
    struct ddbs_slot slot = { number, slots->report[1], slots->gate[0] };
    close(slots->report[0]);
    close(slots->gate[1]);
    close(slots->signals);
    sigprocmask(SIG_SETMASK, &slots->mask, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(EXIT_FAILURE); /* it died before that */
    int status = live(self, &slot);
    fflush(NULL);
    _exit(status); /* what the program registered with atexit() is the parent's */
}

/* ---- In the parent ---- */

static void signal_all(const struct slots *slots, int number)
{
    for (unsigned i = 0; i < slots->count; i++) {
        if (slots->pids[i] != 0)
            kill(slots->pids[i], number);
    }
}

/* Let every slot go on that waits, now or later. */
static void open_gate(struct slots *slots)
{
    static const char bytes[DDBS_SLOTS_MAX];
    if (write(slots->gate[1], bytes, slots->count) != (ssize_t)slots->count)
        signal_all(slots, SIGKILL); /* a fresh pipe has room for that: this cannot be */
}

static void end_all(struct slots *slots)
{
    signal_all(slots, SIGKILL);
    for (unsigned i = 0; i < slots->count; i++) {
        while (slots->pids[i] != 0 && waitpid(slots->pids[i], NULL, 0) < 0 && errno == EINTR)
            continue;
        slots->pids[i] = 0;
    }
    slots->alive = 0;
}

static void terminate(struct slots *slots)
{
    if (!slots->terminated && slots->ready < slots->count)
        open_gate(slots); /* who waits there looks for the signal next */
    slots->terminated = true;
    signal_all(slots, SIGTERM);
}

static void take_signals(struct slots *slots)
{
    struct signalfd_siginfo info;
    while (read(slots->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGTERM)
            terminate(slots);
    }
}

static void take_reports(struct slots *slots)
{
    ddbs_error error;
    while (read(slots->report[0], &error, sizeof error) == (ssize_t)sizeof error) {
        if (error.status == DDBS_OK)
            slots->ready++;
        else if (slots->error.status == DDBS_OK)
            slots->error = error;
        if (error.status == DDBS_OK && slots->ready == slots->count && !slots->terminated)
            open_gate(slots);
    }
}

/* One that ends well was told to by Lambda, and the others will be, or are now. */
static void note_end(struct slots *slots, unsigned number, int status)
{
    slots->pids[number] = 0;
    slots->alive--;
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS && !slots->terminated)
        terminate(slots);
    if (slots->terminated)
        return;
    slots->lost = true;
    if (slots->ready < slots->count && slots->error.status == DDBS_OK)
        ddbs_error__set(&slots->error, DDBS_E_HANDLER, DDBS_NOWHERE, DDBS_NOWHERE,
                        "slot %u of %u ended during its initialization, %s %d", number, slots->count,
                        WIFEXITED(status) ? "exit status" : "signal",
                        WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    if (slots->ready == slots->count)
        ddbs_log__line(DDBS_LOG_FATAL, NULL, NULL, "slot %u of %u ended, %s %d; ending the others and exiting", number,
                       slots->count, WIFEXITED(status) ? "exit status" : "signal",
                       WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}

static void reap(struct slots *slots)
{
    for (unsigned i = 0; i < slots->count; i++) {
        int status;
        if (slots->pids[i] != 0 && waitpid(slots->pids[i], &status, WNOHANG) == slots->pids[i])
            note_end(slots, i, status);
    }
}

static void wait_for_all(struct slots *slots)
{
    struct pollfd fds[] = { { slots->report[0], POLLIN, 0 }, { slots->signals, POLLIN, 0 } };
    while (slots->alive > 0 && !slots->lost && slots->error.status == DDBS_OK) {
        if (poll(fds, 2, -1) < 0)
            continue;
        take_signals(slots);
        take_reports(slots); /* before the deaths: a report says more */
        reap(slots);
    }
    end_all(slots);
}

static bool open_all(struct slots *slots)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    signal(SIGCHLD, SIG_DFL); /* one that is ignored leaves nothing to wait for */
    if (pipe2(slots->report, O_CLOEXEC) != 0)
        return false;
    if (pipe2(slots->gate, O_CLOEXEC) != 0)
        return false;
    if (sigprocmask(SIG_BLOCK, &set, &slots->mask) != 0)
        return false;
    slots->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return slots->signals >= 0 && fcntl(slots->report[0], F_SETFL, O_NONBLOCK) == 0;
}

static void close_all(struct slots *slots)
{
    int fds[] = { slots->report[0], slots->report[1], slots->gate[0], slots->gate[1], slots->signals };
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
    }
}

static bool fork_all(struct slots *slots, ddbs_slot_fn *live, void *self)
{
    pid_t parent = getpid();
    fflush(NULL); /* what is buffered must not be written twice */
    for (unsigned i = 0; i < slots->count; i++) {
        pid_t pid = fork();
        if (pid == 0)
            be_slot(slots, i, parent, live, self);
        if (pid < 0)
            return false;
        slots->pids[i] = pid;
        slots->alive++;
    }
    return true;
}

ddbs_status ddbs_slots__run(unsigned count, ddbs_slot_fn *live, void *self, int *exit_status, ddbs_error *error)
{
    struct slots slots = { .count = count, .report = { -1, -1 }, .gate = { -1, -1 }, .signals = -1 };
    assert(count >= 2 && count <= DDBS_SLOTS_MAX);
    ddbs_error_clear(&slots.error);
    sigprocmask(SIG_SETMASK, NULL, &slots.mask);
    if (!open_all(&slots) || !fork_all(&slots, live, self)) {
        end_all(&slots);
        ddbs_error__set(&slots.error, DDBS_E_MEMORY, DDBS_NOWHERE, DDBS_NOWHERE,
                        "%u slots cannot be made: no process or descriptor is left", count);
    }
    wait_for_all(&slots);
    close_all(&slots);
    *exit_status = slots.terminated ? EXIT_SUCCESS : EXIT_FAILURE;
    *error = slots.error;
    return slots.error.status;
}
