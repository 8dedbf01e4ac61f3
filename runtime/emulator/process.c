/* process.c: see process.h.
 *
 * Only waitpid tells that a process has ended: its end of a pipe or of a socket can live on in a grandchild. */
#include "process.h"

#include "clock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    DESCRIPTORS_MAX = 1024,   /* of a function in Lambda */
    LINE_BYTES_MAX = 262144,  /* a longer line is handed out in pieces, as CloudWatch does with its events */
    READ_BYTES_MAX = 1048576, /* at once: the largest pipe, so nothing that was written before is missed */
    LAST_SIGNAL = 64,
    EXEC_FAILED = 127,
    PAUSE_MS = 50,
    PAUSE_AFTER_HUP_MS = 1,
    HUP_MS = 200, /* a process that has closed its output mostly ends right away; if it does not, it is no hurry */
    STOP_PAUSE_MS = 5
};

extern char **environ;

/* A pipe that does not survive exec, its ends above the standard descriptors even where those are closed. */
static int open_pipe(int ends[2])
{
    int low[2];
    if (pipe(low) != 0)
        return -1;
    ends[0] = fcntl(low[0], F_DUPFD_CLOEXEC, 3);
    ends[1] = fcntl(low[1], F_DUPFD_CLOEXEC, 3);
    close(low[0]);
    close(low[1]);
    if (ends[0] >= 0 && ends[1] >= 0)
        return 0;
    if (ends[0] >= 0)
        close(ends[0]);
    return -1;
}

static void close_pair(const int ends[2])
{
    int error = errno;
    close(ends[0]);
    close(ends[1]);
    errno = error;
}

/* A fresh process has no signal ignored or blocked, whatever its parent did. */
static void reset_signals(void)
{
    struct sigaction standard = { .sa_handler = SIG_DFL };
    sigset_t none;
    for (int number = 1; number <= LAST_SIGNAL; number++)
        sigaction(number, &standard, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void limit_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur <= DESCRIPTORS_MAX)
        return;
    limit.rlim_cur = DESCRIPTORS_MAX;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static int set_standard_files(int output)
{
    int null = open("/dev/null", O_RDONLY);
    if (null < 0 || dup2(null, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0)
        return -1;
    if (null > 2)
        close(null);
    return 0;
}

/* Returns only where that fails, with errno. Not execvp for a file: it looks elsewhere, and it hands what the kernel
 * cannot run to a shell, which Lambda does not. */
static void execute(const struct process_config *config)
{
    bool bare = strchr(config->program, '/') == NULL;
    char path[PATH_MAX];
    struct stat status;
    if (bare && config->search) {
        execvp(config->program, config->argv);
        return;
    }
    if ((size_t)snprintf(path, sizeof path, "%s%s", bare ? "./" : "", config->program) >= sizeof path) {
        errno = ENAMETOOLONG;
        return;
    }
    execv(path, config->argv);
    int error = errno;
    bool folder = error == EACCES && stat(path, &status) == 0 && S_ISDIR(status.st_mode);
    errno = folder ? EISDIR : error; /* the kernel says "Permission denied" of a folder */
}

/* In the child: become the program, or say through `report` why not. */
static void become(const struct process_config *config, pid_t parent, int output, int report)
{
    int error;
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(EXEC_FAILED); /* the parent was gone before it could be asked to take this process along */
    reset_signals();
    limit_descriptors();
    if (set_standard_files(output) == 0) {
        environ = (char **)config->env;
        execute(config);
    }
    error = errno;
    if (write(report, &error, sizeof error) < 0)
        _exit(EXEC_FAILED + 1);
    _exit(EXEC_FAILED);
}

/* 0 when exec closed the pipe, else the errno that the child reports. */
static int read_report(int report)
{
    int error = 0;
    ssize_t len;
    do {
        len = read(report, &error, sizeof error);
    } while (len < 0 && errno == EINTR);
    return len == (ssize_t)sizeof error ? error : 0;
}

int process_start(struct process *process, const struct process_config *config)
{
    int output[2], report[2], error;
    pid_t parent = getpid(), pid;

    if (open_pipe(output) != 0)
        return -1;
    if (open_pipe(report) != 0) {
        close_pair(output);
        return -1;
    }
    pid = fork();
    if (pid == 0)
        become(config, parent, output[1], report[1]);
    if (pid < 0) {
        close_pair(output);
        close_pair(report);
        return -1;
    }
    close(output[1]);
    close(report[1]);
    error = read_report(report[0]);
    close(report[0]);
    fcntl(output[0], F_SETFL, O_NONBLOCK);
    *process = (struct process){ .config = *config, .pid = pid, .output = output[0] };
    if (error == 0)
        return 0;
    process_kill(process, NULL);
    errno = error;
    return -1;
}

bool process_runs(const struct process *process)
{
    return process->pid != 0;
}

int process_pause(const struct process *process)
{
    bool ending = process->output < 0 && clock_ms(CLOCK_MONOTONIC) - process->hup_ms < HUP_MS;
    return ending ? PAUSE_AFTER_HUP_MS : PAUSE_MS;
}

static void hand_out_line(struct process *process, size_t len, size_t end)
{
    process->config.output(process->config.user, process->line.ptr, len);
    text_drop(&process->line, len + end);
}

/* Hand out what is complete; at the end also what has no newline. */
static void hand_out_lines(struct process *process, bool at_end)
{
    struct text *line = &process->line;
    while (line->len > 0) {
        char *newline = memchr(line->ptr, '\n', line->len);
        size_t len = newline == NULL ? line->len : (size_t)(newline - line->ptr);
        if (len > LINE_BYTES_MAX)
            hand_out_line(process, LINE_BYTES_MAX, 0);
        else if (newline != NULL)
            hand_out_line(process, len, 1);
        else if (at_end)
            hand_out_line(process, len, 0);
        else
            return;
    }
}

static void note_hup(struct process *process)
{
    close(process->output);
    process->output = -1;
    process->hup_ms = clock_ms(CLOCK_MONOTONIC);
}

void process_read(struct process *process)
{
    char bytes[16384];
    size_t total = 0;
    while (process->pid != 0 && process->output >= 0 && total < READ_BYTES_MAX) {
        ssize_t len = read(process->output, bytes, sizeof bytes);
        if (len < 0 && errno == EINTR)
            continue;
        if (len < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            break;
        if (len <= 0) {
            note_hup(process);
            break;
        }
        total += (size_t)len;
        /* Without memory these bytes of output are lost; nothing depends on them. */
        if (text_add(&process->line, bytes, (size_t)len))
            hand_out_lines(process, false);
    }
}

void process_flush(struct process *process)
{
    hand_out_lines(process, true);
}

/* Reap it. The group is killed first: until then its number cannot have gone to somebody else. */
static void bury(struct process *process, int *status)
{
    int own;
    kill(-process->pid, SIGKILL);
    while (waitpid(process->pid, status == NULL ? &own : status, 0) < 0 && errno == EINTR) {
    }
    process_read(process);
    hand_out_lines(process, true);
    text_free(&process->line);
    if (process->output >= 0)
        close(process->output);
    process->output = -1;
    process->pid = 0;
}

bool process_ended(struct process *process, int *status)
{
    siginfo_t info = { .si_pid = 0 };
    if (process->pid == 0 || waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
        info.si_pid == 0)
        return false;
    bury(process, status);
    return true;
}

void process_kill(struct process *process, int *status)
{
    if (process->pid == 0)
        return;
    kill(process->pid, SIGKILL); /* it might have left its group */
    bury(process, status);
}

void process_stop(struct process *process, int grace_ms)
{
    int64_t end = clock_ms(CLOCK_MONOTONIC) + grace_ms;
    int status;
    if (process->pid == 0)
        return;
    if (grace_ms > 0)
        kill(process->pid, SIGTERM);
    while (clock_ms(CLOCK_MONOTONIC) < end) {
        process_read(process);
        if (process_ended(process, &status))
            return;
        poll(NULL, 0, STOP_PAUSE_MS);
    }
    process_kill(process, NULL);
}
