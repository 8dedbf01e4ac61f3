/* threads.c: see threads.h. */
#define _GNU_SOURCE
#include "runtime/lambda/threads.h"

#include "runtime/lambda/crash.h"
#include "runtime/lambda/deadline.h"
#include "runtime/lambda/worker.h"

#include <ddbstream/consumer.h>
#include <unistd.h>

enum { STACK_BYTES = 8 << 20, GUARD_BYTES = 64 << 10 };

/* Whether this thread is counted as busy. */
static _Thread_local bool busy_here;

struct thread {
    pthread_t id;
    struct ddbs_threads *threads;
    void (*run)(void *job, size_t lane);
    void *job;
    size_t lane;
    void *signal_stack;
};

void ddbs_threads__open(struct ddbs_threads *threads, struct ddbs_batch_numbers *numbers)
{
    *threads = (struct ddbs_threads){ .pid = getpid(), .numbers = numbers, .mutex = PTHREAD_MUTEX_INITIALIZER };
    busy_here = false;
    if (numbers != NULL)
        ddbs_numbers__open(numbers, ddbs_deadline__now_ns());
}

static void lock(struct ddbs_threads *threads)
{
    if (threads->live)
        pthread_mutex_lock(&threads->mutex);
}

static void unlock(struct ddbs_threads *threads)
{
    if (threads->live)
        pthread_mutex_unlock(&threads->mutex);
}

/* Whether any thread is in a callback, now that this one is or not. */
static bool count_busy(struct ddbs_threads *threads, bool handling)
{
    threads->busy += handling && !busy_here;
    threads->busy -= !handling && busy_here;
    busy_here = handling;
    return threads->busy > 0;
}

void ddbs_threads__turn(struct ddbs_threads *threads, bool handling)
{
    if (threads->numbers == NULL || (handling && busy_here))
        return;
    lock(threads);
    bool any = count_busy(threads, handling);
    ddbs_numbers__turn(threads->numbers, any, ddbs_deadline__now_ns());
    unlock(threads);
}

void ddbs_threads__decoded(struct ddbs_threads *threads, const ddbs_record *record)
{
    if (threads->numbers == NULL)
        return;
    lock(threads);
    (void)count_busy(threads, true);
    ddbs_numbers__decoded(threads->numbers, record, ddbs_deadline__now_ns());
    unlock(threads);
}

/* The lane has come to its end, or a callback has ended the thread. */
static void leave(void *self)
{
    struct thread *thread = self;
    if (getpid() != thread->threads->pid)
        _exit(DDBS_WORKER_STRAY);
    ddbs_threads__turn(thread->threads, false);
    ddbs_crash__leave_thread(thread->signal_stack);
}

static void *live(void *self)
{
    struct thread *thread = self;
    thread->signal_stack = ddbs_crash__enter_thread();
    pthread_cleanup_push(leave, thread);
    thread->run(thread->job, thread->lane);
    pthread_cleanup_pop(1);
    return NULL;
}

/* A page of guard is what a frame of more than that steps over. */
static size_t make_threads(struct thread *threads, size_t count)
{
    pthread_attr_t attributes;
    size_t made = 0;
    if (pthread_attr_init(&attributes) != 0)
        return 0;
    if (pthread_attr_setstacksize(&attributes, STACK_BYTES) == 0 &&
        pthread_attr_setguardsize(&attributes, GUARD_BYTES) == 0) {
        while (made < count && pthread_create(&threads[made].id, &attributes, live, &threads[made]) == 0)
            made++;
    }
    pthread_attr_destroy(&attributes);
    return made;
}

bool ddbs_threads__run(struct ddbs_threads *threads, size_t lanes, void (*run)(void *job, size_t lane), void *job)
{
    struct thread all[DDBS_LANES_MAX];
    size_t made;
    ddbs_threads__turn(threads, false); /* on_batch_begin has returned */
    for (size_t i = 0; i < lanes; i++)
        all[i] = (struct thread){ .threads = threads, .run = run, .job = job, .lane = i };
    threads->live = true;
    made = make_threads(all, lanes);
    for (size_t i = 0; i < made; i++)
        pthread_join(all[i].id, NULL);
    threads->live = false;
    ddbs_threads__turn(threads, true); /* what comes next, if not another record, is on_batch_end */
    return made == lanes;
}
