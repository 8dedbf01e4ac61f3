/* supervisor.c: see supervisor.h. Death is known by waitpid alone: a descriptor can be kept open by a child of the
 * handler's. The order is always: end the process group, wait for it, read the rest of the progress, answer. */
#define _GNU_SOURCE
#include "runtime/lambda/supervisor.h"

#include "lib/answer.h"
#include "lib/arena.h"
#include "lib/context.h"
#include "lib/error.h"
#include "lib/scan.h"
#include "runtime/lambda/crash.h"
#include "runtime/lambda/failure.h"
#include "runtime/lambda/log.h"
#include "runtime/lambda/verdict.h"
#include "runtime/lambda/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Lambda gives an initialization 10 s. */
enum { START_MS = 9000, STOP_MS = 200, WORDS_MAX = 512, MEMORY_PERCENT = 80, IN_VAIN_MAX = 5 };

static struct ddbs_job *job_of(const struct ddbs_supervisor *s)
{
    return s->share->index;
}

static struct ddbs_worker_reply *reply_of(const struct ddbs_supervisor *s)
{
    return s->share->reply;
}

/* ---- A worker's life ---- */

static bool spawn(struct ddbs_supervisor *s)
{
    if (!ddbs_channel__open(&s->channel))
        return false;
    s->generation++;
    s->ready_due = s->bereaved = false;
    struct ddbs_worker_setup setup = { s->consumer, s->env, s->share, s->channel, s->generation, getpid() };
    memset(reply_of(s), 0,
           sizeof *reply_of(s)); /* not there: it may be late, and this is for the first event already */
    (void)ddbs_scan__best(); /* takes a while the first time (scan.c): not in each worker, nor with an event there */
    fflush(NULL);            /* what is buffered must not be written twice */
    pid_t pid = fork();
    if (pid == 0) {
        ddbs_channel__keep_worker(&setup.channel);
        ddbs_worker__live(&setup);
    }
    ddbs_channel__keep_supervisor(&s->channel);
    if (pid < 0) {
        ddbs_channel__close(&s->channel);
        return false;
    }
    setpgid(pid, pid); /* the worker does the same: whoever comes first */
    s->worker = pid;
    return true;
}

/* Whether the worker is dead; it is gone then. What it left running goes first: while it is not waited for, its number
 * is nobody else's. */
static bool reap(struct ddbs_supervisor *s, int options)
{
    siginfo_t info = { .si_pid = 0 };
    int result;
    if (s->worker == 0)
        return true;
    do
        result = waitid(P_PID, (id_t)s->worker, &info, WEXITED | WNOWAIT | options);
    while (result < 0 && errno == EINTR);
    if (result == 0 && info.si_pid == 0)
        return false;
    kill(-s->worker, SIGKILL);
    while (waitpid(s->worker, &s->wait_status, 0) < 0 && errno == EINTR)
        continue;
    s->worker = 0;
    return true;
}

static void end_worker(struct ddbs_supervisor *s)
{
    if (s->worker == 0)
        return;
    kill(-s->worker, SIGKILL);
    kill(s->worker, SIGKILL); /* a handler can leave its group */
    reap(s, 0);
}

/* Resident memory of the worker in bytes; 0 where /proc does not say. */
static int64_t resident_bytes(const struct ddbs_supervisor *s)
{
    char text[128] = "";
    ssize_t len = s->statm < 0 ? 0 : pread(s->statm, text, sizeof text - 1, 0);
    const char *pages = len > 0 ? strchr(text, ' ') : NULL; /* the second number */
    return pages == NULL ? 0 : strtoll(pages, NULL, 10) * sysconf(_SC_PAGESIZE);
}

static void watch_memory(struct ddbs_supervisor *s)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/%d/statm", (int)s->worker);
    s->statm = s->env->memory_bytes > 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;
}

static void forget_memory(struct ddbs_supervisor *s)
{
    if (s->statm >= 0)
        close(s->statm);
    s->statm = -1;
}

/* ---- Listening ---- */

enum heard { HEARD_FRAME, HEARD_DEATH, HEARD_NOTHING };

/* A pipe that gives less than was asked for is empty. */
static void take_progress(struct ddbs_supervisor *s, struct ddbs_ledger *ledger)
{
    struct ddbs_progress words[WORDS_MAX];
    size_t count;
    do {
        count = ddbs_channel__progress(s->channel.progress_in, words, WORDS_MAX);
        for (size_t i = 0; ledger != NULL && i < count; i++)
            ddbs_ledger__note(ledger, words[i]);
    } while (count == WORDS_MAX);
}

static void take_signals(struct ddbs_supervisor *s)
{
    struct signalfd_siginfo info;
    while (read(s->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        s->terminated = s->terminated || info.ssi_signo == SIGTERM;
        s->bereaved = s->bereaved || info.ssi_signo == SIGCHLD;
    }
}

/* A worker that nobody waited for says that it is ready when something else is expected. */
static bool is_late_ready(struct ddbs_supervisor *s, const struct ddbs_frame *frame)
{
    if (!s->ready_due || frame->kind != DDBS_FRAME_READY || frame->generation != s->generation)
        return false;
    s->ready_due = false;
    return true;
}

/* Poll until the deadline; -1 for a deadline that is not known. */
static int timeout_ms(const struct ddbs_deadline *until)
{
    int64_t left = ddbs_deadline__remaining_ms(until);
    return left == INT64_MAX ? -1 : left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left;
}

/* Wait for a frame, the worker's death, or the end of its time. */
static enum heard listen_to(struct ddbs_supervisor *s, const struct ddbs_deadline *until, struct ddbs_ledger *ledger,
                            struct ddbs_frame *frame)
{
    struct pollfd fds[] = { { s->channel.supervisor, POLLIN, 0 },
                            { s->channel.narrow ? s->channel.progress_in : -1, POLLIN, 0 },
                            { s->signals, POLLIN, 0 } };
    for (;;) {
        int ready = poll(fds, 3, timeout_ms(until));
        if (fds[1].revents != 0)
            take_progress(s, ledger);
        if (fds[2].revents != 0)
            take_signals(s);
        if (fds[0].revents != 0 && ddbs_channel__receive(s->channel.supervisor, frame)) {
            if (is_late_ready(s, frame))
                continue;
            return HEARD_FRAME;
        }
        if (reap(s, WNOHANG))
            return HEARD_DEATH;
        if (ready == 0 || ddbs_deadline__remaining_ms(until) <= 0)
            return HEARD_NOTHING;
        /* An end that the worker has closed would wake us for ever. */
        for (int i = 0; i < 2; i++)
            fds[i].fd = (fds[i].revents & (POLLHUP | POLLERR)) != 0 ? -1 : fds[i].fd;
    }
}

/* ---- Starting and stopping ---- */

static ddbs_status refuse_start(struct ddbs_supervisor *s, ddbs_status status, ddbs_error *error, const char *reason)
{
    end_worker(s);
    ddbs_channel__close(&s->channel);
    return ddbs_error__set(error, status, DDBS_NOWHERE, DDBS_NOWHERE, "%s", reason);
}

/* What on_start has to say. */
static ddbs_status await_worker(struct ddbs_supervisor *s, const struct ddbs_deadline *until, ddbs_error *error)
{
    struct ddbs_frame frame;
    char text[DDBS_VERDICT_MAX];
    switch (listen_to(s, until, NULL, &frame)) {
    case HEARD_NOTHING:
        return refuse_start(s, DDBS_E_TIME, error, "on_start did not return within 9 s");
    case HEARD_DEATH:
        ddbs_verdict__death(s->wait_status, &reply_of(s)->crash, text, sizeof text);
        return refuse_start(s, DDBS_E_HANDLER, error, text);
    case HEARD_FRAME:
        break;
    }
    if (frame.kind == DDBS_FRAME_READY && frame.generation == s->generation)
        return DDBS_OK;
    ddbs_verdict__claim(reply_of(s), error);
    end_worker(s);
    ddbs_channel__close(&s->channel);
    return error->status;
}

/* A worker without on_start has nothing to say that an event would have to wait for: what it still has to do, it does
 * while the event is on its way. */
static ddbs_status start_worker(struct ddbs_supervisor *s, ddbs_error *error)
{
    struct ddbs_deadline until = ddbs_deadline__after(START_MS);
    ddbs_error_clear(error);
    if (!spawn(s))
        return refuse_start(s, DDBS_E_MEMORY, error, "no worker process can be made");
    s->ready_due = s->consumer->on_start == NULL;
    return s->ready_due ? DDBS_OK : await_worker(s, &until, error);
}

/* To be let go of other threads is granted where there are none, and changes nothing (unshare(2)). That is answered
 * much sooner than a question to /proc, where a folder has a link from itself, one from its parent and one from each
 * folder in it (proc(5)). */
bool ddbs_supervisor__has_threads(void)
{
    struct stat folder;
    if (unshare(CLONE_THREAD) == 0)
        return false;
    return stat("/proc/self/task", &folder) == 0 && folder.st_nlink > 3;
}

static bool watch_signals(struct ddbs_supervisor *s)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    signal(SIGCHLD, SIG_DFL); /* one that is ignored leaves nothing to wait for */
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return false;
    s->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return s->signals >= 0;
}

ddbs_status ddbs_supervisor__start(struct ddbs_supervisor *s, const ddbs_consumer *consumer, const struct ddbs_env *env,
                                   const struct ddbs_share *share, ddbs_error *error)
{
    size_t job = (sizeof(struct ddbs_job) + 63) / 64 * 64;
    *s = (struct ddbs_supervisor){ .consumer = consumer, .env = env, .share = share, .signals = -1, .statm = -1 };
    s->channel = (struct ddbs_channel)DDBS_CHANNEL_CLOSED;
    /* Where a generation begins is nobody's to guess: it is what tells a worker's words from garbage. */
    if (getrandom(&s->generation, sizeof s->generation, GRND_NONBLOCK) < 0)
        s->generation = (uint32_t)getpid() * 2654435761u;
    if (ddbs_arena_new(&s->answers, 0) != DDBS_OK ||
        ddbs_arena__over(&s->index, (char *)share->index + job, share->index_size - job) != DDBS_OK)
        return ddbs_error__set(error, DDBS_E_MEMORY, DDBS_NOWHERE, DDBS_NOWHERE, "no memory for the first event");
    if (ddbs_supervisor__has_threads())
        return ddbs_error__set(error, DDBS_E_USAGE, DDBS_NOWHERE, DDBS_NOWHERE,
                               "a thread was started before ddbs_lambda_run, and would not be in the worker: start it "
                               "in on_start, or set DDBS_ISOLATION=none");
    if (!watch_signals(s))
        return ddbs_error__set(error, DDBS_E_MEMORY, DDBS_NOWHERE, DDBS_NOWHERE, "no descriptor for signals");
    DDBS_TRY(ddbs_consumer_check(consumer, error));
    s->unborn = consumer->on_start == NULL;
    if (s->unborn)
        return DDBS_OK;
    DDBS_TRY(start_worker(s, error));
    watch_memory(s);
    return DDBS_OK;
}

/* Ask the worker to call on_stop, and end it. */
static void retire(struct ddbs_supervisor *s)
{
    struct ddbs_frame frame = { s->generation, ++s->invocation, DDBS_FRAME_STOP, 0 };
    struct ddbs_deadline until = ddbs_deadline__after(STOP_MS);
    if (s->worker != 0 && ddbs_channel__send(s->channel.supervisor, &frame))
        (void)listen_to(s, &until, NULL, &frame);
    end_worker(s);
}

/* A worker that grows would take the whole environment with it one day: it goes before that. */
static void retire_if_large(struct ddbs_supervisor *s)
{
    int64_t size = resident_bytes(s);
    if (size <= s->env->memory_bytes / 100 * MEMORY_PERCENT)
        return;
    ddbs_log__line(DDBS_LOG_WARN, NULL, NULL,
                   "the worker has grown to %lld MiB, over %d %% of the function's memory: making a new one",
                   (long long)(size >> 20), MEMORY_PERCENT);
    retire(s);
}

bool ddbs_supervisor__renew(struct ddbs_supervisor *s)
{
    ddbs_error error;
    if (s->worker != 0 && !(s->bereaved && reap(s, WNOHANG)))
        retire_if_large(s);
    s->bereaved = false;
    if (s->worker != 0)
        return true;
    ddbs_channel__close(&s->channel);
    forget_memory(s);
    if (++s->workers_in_vain > IN_VAIN_MAX) {
        ddbs_log__line(DDBS_LOG_FATAL, NULL, "Runtime.WorkerUnusable",
                       "%d workers in a row died before an event came; exiting", IN_VAIN_MAX);
        return false;
    }
    if (start_worker(s, &error) == DDBS_OK) {
        watch_memory(s);
        return true;
    }
    ddbs_log__line(DDBS_LOG_FATAL, NULL, "Runtime.InitFailed", "%s; exiting", error.reason);
    return false;
}

bool ddbs_supervisor__is_disturbed(void *self)
{
    struct ddbs_supervisor *s = self;
    take_signals(s);
    return s->terminated || (!s->unborn && !ddbs_supervisor__renew(s));
}

bool ddbs_supervisor__meanwhile(void *self)
{
    struct ddbs_supervisor *s = self;
    if (!s->unborn)
        return false;
    s->unborn = false;
    sched_yield(); /* who waits for the request may be waiting for this processor, too */
    return !ddbs_supervisor__renew(s);
}

void ddbs_supervisor__stop(struct ddbs_supervisor *s)
{
    retire(s);
    forget_memory(s);
    ddbs_channel__close(&s->channel);
    if (s->signals >= 0)
        close(s->signals);
    ddbs_arena_free(s->index);
    ddbs_arena_free(s->answers);
}

/* ---- One invocation ---- */

static void fill_job(struct ddbs_supervisor *s, const struct ddbs_invocation *invocation, const ddbs_event *event)
{
    struct ddbs_job *job = job_of(s);
    job->event = event;
    job->bytes = invocation->event;
    job->deadline = invocation->deadline;
    /* In the other mode stopping early saves nothing: all of it comes again. */
    job->soft_ms = s->env->report == DDBS_REPORT_ITEMS ? ddbs_deadline__soft_ms(&invocation->deadline) : 0;
    memcpy(job->request_id, invocation->request_id, sizeof job->request_id);
    memcpy(job->trace_id, invocation->trace_id, sizeof job->trace_id);
    job->details = invocation->details;
}

/* Whether a frame is the end of this job, and of no other. */
static bool is_end(const struct ddbs_supervisor *s, const struct ddbs_frame *frame)
{
    return frame->kind == DDBS_FRAME_END && frame->generation == s->generation && frame->invocation == s->invocation;
}

/* A signal tells which record's thread it came to. */
static void accuse(const struct ddbs_supervisor *s, struct ddbs_ledger *ledger)
{
    struct ddbs_crash crash = reply_of(s)->crash;
    if (WIFSIGNALED(s->wait_status) && crash.signal == WTERMSIG(s->wait_status))
        ddbs_ledger__accuse(ledger, crash.record);
}

/* Run the job; the outcome is what the ledger stands for. `event`: NULL for what is no batch. */
static void run_job(struct ddbs_supervisor *s, const struct ddbs_invocation *invocation, const ddbs_event *event,
                    ddbs_outcome *outcome)
{
    struct ddbs_ledger ledger;
    struct ddbs_frame frame = { s->generation, ++s->invocation, DDBS_FRAME_RUN, 0 };
    struct ddbs_deadline until = ddbs_deadline__hard(&invocation->deadline);
    bool by_commit = s->consumer->on_batch_end != NULL || s->consumer->on_batch != NULL;
    enum heard heard = HEARD_DEATH; /* what else, where it cannot be reached */
    ddbs_ledger__open(&ledger, s->generation, event == NULL ? 0 : ddbs_event_count(event), by_commit);
    if (event != NULL && ddbs_consumer__lanes(s->consumer, event) > 1)
        ddbs_ledger__allow_lanes(&ledger);
    reply_of(s)->crash = (struct ddbs_crash){ .record = DDBS_NOWHERE };
    ddbs_numbers__open(&reply_of(s)->numbers, ddbs_deadline__now_ns());
    fill_job(s, invocation, event);
    if (ddbs_channel__send(s->channel.supervisor, &frame))
        heard = listen_to(s, &until, &ledger, &frame);
    bool ended = heard == HEARD_FRAME && is_end(s, &frame);
    if (!ended)
        end_worker(s);
    take_progress(s, &ledger);
    if (!ended)
        accuse(s, &ledger);
    if (ended && event == NULL)
        ddbs_verdict__raw_ended(reply_of(s), s->share->reply_size, &ledger, s->answers, outcome, &s->result);
    else if (ended)
        ddbs_verdict__ended(reply_of(s), s->share->reply_size, &ledger, s->answers, outcome);
    else if (heard == HEARD_NOTHING)
        ddbs_verdict__timeout(&ledger, outcome);
    else
        ddbs_verdict__died(s->wait_status, &reply_of(s)->crash, heard == HEARD_FRAME, &ledger, outcome);
    ddbs_verdict__count_attempt(&ledger, event, outcome, job_of(s)->attempts);
}

/* With lanes the record that crashed need not be the first one that is not done. */
static void name_lane(const struct ddbs_crash *crash, const ddbs_outcome *outcome, char *text, size_t size)
{
    size_t used = strlen(text);
    if (crash->signal != 0 && crash->record < outcome->records && crash->record != outcome->checkpoint)
        snprintf(text + used, size - used, "; it came in record %zu", crash->record + 1);
}

static void describe_record(const ddbs_event *event, const ddbs_outcome *outcome, char *out, size_t size)
{
    ddbs_str sequence = { "none", 4 };
    if (outcome->checkpoint < outcome->records)
        sequence = ddbs_event_sequence(event, outcome->checkpoint);
    snprintf(out, size, "; record %zu/%zu seq=%.*s", outcome->checkpoint + 1, outcome->records, (int)sequence.len,
             sequence.ptr);
}

static void log_death(struct ddbs_supervisor *s, const struct ddbs_invocation *invocation, const ddbs_event *event,
                      const ddbs_outcome *outcome)
{
    char text[DDBS_LOG_LINE_MAX / 2] = "", where[DDBS_SEQUENCE_MAX + 64] = "";
    struct ddbs_crash crash = reply_of(s)->crash;
    if (s->worker != 0)
        return;
    s->crashes++;
    if (crash.signal != 0)
        ddbs_crash__describe(&crash, text, sizeof text);
    name_lane(&crash, outcome, text, sizeof text);
    if (event != NULL)
        describe_record(event, outcome, where, sizeof where);
    ddbs_log__line(DDBS_LOG_ERROR, invocation->request_id, NULL, "worker lost (number %u): %s%s%s%s", s->crashes,
                   outcome->error.reason, where, text[0] == '\0' ? "" : "; ", text);
}

/* What log and metrics tell of the invocation. */
static void describe_batch(struct ddbs_supervisor *s, const struct ddbs_invocation *invocation, const ddbs_event *event,
                           unsigned crashes_before)
{
    const ddbs_outcome *outcome = &s->outcome;
    s->has_batch = true;
    s->batch.request_id = invocation->request_id;
    s->batch.outcome = outcome;
    /* The worker of a batch that ran out of time was ended, and did not crash. */
    s->batch.crashes = outcome->out_of_time ? 0 : s->crashes - crashes_before;
    ddbs_batch__name(&s->batch, event);
    if (ddbs_numbers__take(&reply_of(s)->numbers, outcome->records, s->batch.began_ns, ddbs_deadline__now_ns(),
                           &s->numbers))
        s->batch.numbers = &s->numbers;
}

static void answer_event(struct ddbs_supervisor *s, const struct ddbs_invocation *invocation, ddbs_answer *answer)
{
    const ddbs_event *event;
    ddbs_error error = invocation->refusal;
    ddbs_outcome *outcome = &s->outcome;
    unsigned crashes = s->crashes;
    if (error.status != DDBS_OK || ddbs_event_parse(s->index, invocation->event.ptr, invocation->event.len,
                                                    &s->env->event, &event, &error) != DDBS_OK) {
        if (ddbs_answer_refusal(&error, s->answers, answer) != DDBS_OK)
            *answer = ddbs_failure__no_memory();
        return;
    }
    run_job(s, invocation, event, outcome);
    outcome->window_partial = outcome->window_partial && s->env->window_partial; /* the worker may claim anything */
    log_death(s, invocation, event, outcome);
    describe_batch(s, invocation, event, crashes);
    if (ddbs_answer_outcome(event, outcome, s->env->report, s->answers, answer) != DDBS_OK)
        *answer = ddbs_failure__no_memory();
}

static void answer_raw(struct ddbs_supervisor *s, const struct ddbs_invocation *invocation, ddbs_answer *answer)
{
    ddbs_status status;
    s->result = (ddbs_str){ NULL, 0 };
    if (invocation->refusal.status == DDBS_OK) {
        run_job(s, invocation, NULL, &s->outcome);
        ddbs_share__trim_reply(s->share, s->result.len);
        log_death(s, invocation, NULL, &s->outcome);
        status = ddbs_answer__result(&s->outcome, s->result, s->answers, answer);
    } else {
        status = ddbs_answer_refusal(&invocation->refusal, s->answers, answer);
    }
    if (status != DDBS_OK)
        *answer = ddbs_failure__no_memory();
}

void ddbs_supervisor__run(struct ddbs_supervisor *s, const struct ddbs_invocation *invocation, ddbs_answer *answer)
{
    s->has_batch = false;
    s->workers_in_vain = 0;
    s->batch = (struct ddbs_batch){ .received_ms = ddbs_log__now_ms(), .began_ns = ddbs_deadline__now_ns() };
    ddbs_arena_reset(s->index);
    ddbs_arena_reset(s->answers);
    if (s->env->raw != NULL)
        answer_raw(s, invocation, answer);
    else
        answer_event(s, invocation, answer);
}
