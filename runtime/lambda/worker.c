/* worker.c: see worker.h. */
#define _GNU_SOURCE
#include "runtime/lambda/worker.h"

#include "lib/context.h"
#include "runtime/lambda/birthmark.h"
#include "runtime/lambda/crash.h"
#include "runtime/lambda/metrics.h"
#include "runtime/lambda/raw.h"
#include "runtime/lambda/threads.h"
#include "runtime/lambda/trace.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

/* This process's id where it is a worker: set once, before any callback runs. */
static pid_t worker_here;

struct worker {
    const struct ddbs_worker_setup *setup;
    const struct ddbs_job *job;
    struct ddbs_worker_reply *reply;
    ddbs_arena *arena;
    struct ddbs_birthmark birthmark;
    uint32_t invocation;
    bool several; /* lanes at once */
    struct ddbs_threads threads;
};

/* ---- Becoming a process of its own ---- */

/* Undo what the supervisor set, and what it was started with. */
static void reset_signals(void)
{
    sigset_t none;
    sigemptyset(&none);
    for (int number = 1; number < SIGRTMIN; number++)
        signal(number, SIG_DFL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTERM, SIG_IGN); /* Lambda sends it to the whole environment; the supervisor decides what to do */
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The supervisor's connection must not be touched from here, nor kept open. */
static void close_others(const struct ddbs_channel *channel)
{
    DIR *folder = opendir("/proc/self/fd");
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        int fd = (int)strtol(entry->d_name, NULL, 10);
        if (fd > STDERR_FILENO && fd != channel->worker && fd != channel->progress_out && fd != dirfd(folder))
            close(fd);
    }
    if (folder != NULL)
        closedir(folder);
}

/* When memory runs out, this process is the one to go; raising the score needs no privilege. */
static void volunteer_for_oom(void)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    if (write(fd, "1000", 4) != 4) {
        /* then the kernel chooses, as it would have */
    }
    close(fd);
}

static bool separate(const struct ddbs_worker_setup *setup)
{
    setpgid(0, 0); /* so that the handler's children go with it */
    reset_signals();
    close_others(&setup->channel);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != setup->supervisor)
        return false; /* it died before that */
    volunteer_for_oom();
    return ddbs_share__protect(setup->share);
}

/* ---- Talking ---- */

static void send_frame(const struct worker *worker, enum ddbs_frame_kind kind, size_t length)
{
    struct ddbs_frame frame = { worker->setup->generation, worker->invocation, kind, (uint32_t)length };
    if (!ddbs_channel__send(worker->setup->channel.worker, &frame))
        _exit(DDBS_WORKER_UNHEARD);
}

/* Whether this is the worker, and no child that the handler forked. */
static void must_be_worker(void)
{
    if (getpid() != worker_here)
        _exit(DDBS_WORKER_STRAY);
}

/* The same, cheaply: before each record. */
static void must_be_born_here(const struct worker *worker)
{
    if (!ddbs_birthmark__is_mine(&worker->birthmark))
        _exit(DDBS_WORKER_STRAY);
}

static void report(const struct worker *worker, enum ddbs_progress_kind kind, size_t index)
{
    struct ddbs_progress progress = { kind, (uint16_t)worker->setup->generation, (uint16_t)index };
    must_be_born_here(worker);
    if (!ddbs_channel__report(worker->setup->channel.progress_out, progress))
        _exit(DDBS_WORKER_UNHEARD);
}

static void decoded(void *self, const ddbs_record *record)
{
    struct worker *worker = self;
    ddbs_threads__decoded(&worker->threads, record);
}

/* That a record is started follows from the one before it being done, unless nothing is done before the end. */
static bool must_say_started(const ddbs_consumer *consumer, size_t index)
{
    return index == 0 || consumer->on_batch_end != NULL || consumer->on_batch != NULL;
}

static void started(void *self, size_t index)
{
    struct worker *worker = self;
    ddbs_threads__turn(&worker->threads, true); /* where it did not decode nobody has said so */
    if (!worker->several && must_say_started(worker->setup->consumer, index))
        report(self, DDBS_PROGRESS_STARTED, index);
}

static void done(void *self, size_t index)
{
    report(self, DDBS_PROGRESS_DONE, index);
}

static void committed(void *self, size_t count)
{
    report(self, DDBS_PROGRESS_COMMITTED, count);
}

static int64_t remaining_ms(void *self)
{
    const struct worker *worker = self;
    return ddbs_deadline__remaining_ms(&worker->job->deadline);
}

/* The first record is always tried: a batch that makes no progress would come again for ever. */
static bool has_time(const struct worker *worker, size_t index)
{
    return index == 0 || worker->job->soft_ms == 0 ||
           ddbs_deadline__remaining_ms(&worker->job->deadline) >= worker->job->soft_ms;
}

static bool may_start(void *self, size_t index)
{
    struct worker *worker = self;
    must_be_born_here(worker);
    ddbs_threads__turn(&worker->threads, false);
    return has_time(worker, index);
}

/* Of the lanes a record is a suspect from here on, so that every one that is done was started before, wanted by a
 * callback or not: the supervisor believes no other order. */
static bool may_start_in_lane(void *self, size_t index)
{
    if (!may_start(self, index))
        return false;
    ddbs_crash__at_record(index);
    report(self, DDBS_PROGRESS_STARTED, index);
    return true;
}

static bool run_lanes(void *self, size_t lanes, void (*run)(void *job, size_t lane), void *job)
{
    struct worker *worker = self;
    return ddbs_threads__run(&worker->threads, lanes, run, job);
}

static uint32_t attempts(void *self, ddbs_str sequence)
{
    const struct worker *worker = self;
    for (size_t i = 0; i < DDBS_ATTEMPTS_MAX; i++) {
        const struct ddbs_attempt *attempt = &worker->job->attempts[i];
        if (strlen(attempt->sequence) == sequence.len && memcmp(attempt->sequence, sequence.ptr, sequence.len) == 0)
            return attempt->count;
    }
    return 0;
}

/* ---- Working ---- */

/* The outcome, and a text behind it. What has no room there is told by its length alone. */
static size_t write_reply(struct worker *worker, const ddbs_outcome *outcome, ddbs_str text)
{
    struct ddbs_worker_reply *reply = worker->reply;
    size_t room = worker->setup->share->reply_size - sizeof *reply;
    reply->outcome = *outcome;
    reply->text_len = text.len;
    if (text.len == 0 || text.len > room)
        return sizeof *reply;
    memcpy(reply->text, text.ptr, text.len);
    return sizeof *reply + text.len;
}

static void run_job(struct worker *worker)
{
    const struct ddbs_job *job = worker->job;
    const struct ddbs_worker_setup *setup = worker->setup;
    ddbs_outcome outcome;
    ddbs_str text;
    ddbs_invocation_info info = ddbs_details__info(&job->details);
    worker->several = job->event != NULL && ddbs_consumer__lanes(setup->consumer, job->event) > 1;
    ddbs_host host = {
        .self = worker,
        .remaining_ms = remaining_ms,
        .may_start = worker->several ? may_start_in_lane : may_start,
        .decoded = decoded,
        .started = started,
        .done = done,
        .committed = committed,
        .attempts = attempts,
        .parallel = run_lanes,
        .request_id = ddbs_str_c(job->request_id),
        .invocation = &info,
        .park = setup->env->park,
        .window_partial = setup->env->window_partial,
    };
    ddbs_trace__publish(job->trace_id);
    ddbs_threads__open(&worker->threads, &worker->reply->numbers);
    if (job->event == NULL) {
        ddbs_raw__call(setup->consumer, setup->env->raw, &host, job->bytes, worker->arena, &outcome, &text);
    } else {
        (void)ddbs_process(job->event, setup->consumer, &host, worker->arena, &outcome);
        text = outcome.state;
    }
    must_be_worker();
    ddbs_numbers__close(&worker->reply->numbers, ddbs_deadline__now_ns());
    ddbs_metrics__flush(host.request_id);
    fflush(stdout); /* what the handler printed belongs to this invocation, and an environment may be frozen after it */
    send_frame(worker, DDBS_FRAME_END, write_reply(worker, &outcome, text));
    ddbs_arena_reset(worker->arena);
}

static void start(struct worker *worker)
{
    ddbs_error error;
    ddbs_status status = ddbs_arena_new(&worker->arena, 0);
    ddbs_error_clear(&error);
    if (status == DDBS_OK)
        status = ddbs_start(worker->setup->consumer, NULL, &error);
    must_be_worker();
    fflush(stdout);
    error.status = status;
    worker->reply->outcome = (ddbs_outcome){ .error = error };
    send_frame(worker, status == DDBS_OK ? DDBS_FRAME_READY : DDBS_FRAME_REFUSED, sizeof *worker->reply);
}

static void stop(struct worker *worker)
{
    ddbs_stop(worker->setup->consumer);
    must_be_worker();
    fflush(stdout);
    send_frame(worker, DDBS_FRAME_STOPPED, 0);
    _exit(DDBS_WORKER_DONE);
}

void ddbs_worker__must_not_be_here(void)
{
    if (worker_here != 0)
        _exit(getpid() == worker_here ? DDBS_WORKER_LOST : DDBS_WORKER_STRAY);
}

void ddbs_worker__live(const struct ddbs_worker_setup *setup)
{
    struct worker worker = { .setup = setup, .job = setup->share->index, .reply = setup->share->reply };
    struct ddbs_frame frame;
    ddbs_birthmark__make(&worker.birthmark);
    worker_here = worker.birthmark.pid;
    if (!separate(setup) || !ddbs_crash__watch(&worker.reply->crash))
        _exit(DDBS_WORKER_UNHEARD);
    start(&worker);
    while (ddbs_channel__receive(setup->channel.worker, &frame)) {
        worker.invocation = frame.invocation;
        if (frame.kind == DDBS_FRAME_STOP)
            stop(&worker);
        run_job(&worker);
    }
    _exit(DDBS_WORKER_DONE);
}
