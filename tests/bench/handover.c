/* handover.c: what it costs to hand an event to the worker and to get its answer back, next to a bare ping-pong through
 * two pipes with a memcpy of the same size, in the same run and in turns with it.
 *
 *     handover [ROUNDS]
 *
 * An event runs through supervisor and worker, and through a runner in this process; the hand-over is the difference,
 * for indexing, decoding and answering are the same in both. Of each the best of all rounds counts: what else the
 * machine does only ever adds. The exit status is 1 where a ratio is over its limit; nothing is said about absolute
 * times. */
#define _GNU_SOURCE
#include "runtime/lambda/runner.h"
#include "runtime/lambda/supervisor.h"
#include <ddbstream/convert.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 51, ROUNDS_MAX = 1000, EVENT_SIZE = 2 << 20, LARGE_RECORDS = 4, LARGE_NOTE = 262000 };
enum {
    MANY_RECORDS = 2000,
    FEW_RECORDS = 4,
    WORDS = 4000 /* fit into a pipe */,
    HANDOVER_LIMIT = 3,
    PROGRESS_LIMIT = 2
};

static void fail(const char *why) __attribute__((noreturn));
static void fail(const char *why)
{
    fprintf(stderr, "handover: %s\n", why);
    exit(2);
}

/* ---- Bare pipes ---- */

/* A child at the other end of two pipes. */
struct peer {
    int out, in;
    pid_t child;
};

static void echo(int in, int out)
{
    struct ddbs_frame frame;
    while (read(in, &frame, sizeof frame) == (ssize_t)sizeof frame) {
        if (write(out, &frame, sizeof frame) != (ssize_t)sizeof frame)
            break;
    }
}

/* Wait in poll() and take what is there, as a supervisor does; say so after every WORDS words. */
static void drain(int in, int out)
{
    struct pollfd fd = { .fd = in, .events = POLLIN };
    struct ddbs_frame frame = { .kind = 0 };
    uint32_t words[512];
    size_t bytes = 0;
    ssize_t got;
    while (poll(&fd, 1, -1) > 0 && (got = read(in, words, sizeof words)) > 0) {
        bytes += (size_t)got;
        if (bytes == WORDS * sizeof *words) {
            bytes = 0;
            if (write(out, &frame, sizeof frame) != (ssize_t)sizeof frame)
                break;
        }
    }
}

static struct peer open_peer(void (*live)(int in, int out))
{
    int to[2], from[2];
    if (pipe(to) != 0 || pipe(from) != 0)
        fail("no pipe");
    pid_t child = fork();
    if (child < 0)
        fail("no process");
    if (child == 0) {
        close(to[1]);
        close(from[0]);
        live(to[0], from[1]);
        _exit(0);
    }
    close(to[0]);
    close(from[1]);
    return (struct peer){ to[1], from[0], child };
}

static void close_peer(struct peer *peer)
{
    close(peer->out);
    close(peer->in);
    waitpid(peer->child, NULL, 0);
}

/* ---- Events ---- */

static ddbs_status accept_record(ddbs_ctx *ctx, const ddbs_record *record)
{
    (void)ctx, (void)record;
    return DDBS_OK;
}

static void put(ddbs_buf *buf, const char *text)
{
    if (ddbs_buf_append(buf, text, strlen(text)) != DDBS_OK)
        fail("no memory for an event");
}

static void put_record(ddbs_buf *buf, size_t index, const char *note)
{
    char number[32];
    snprintf(number, sizeof number, "%zu", 100000 + index);
    put(buf, index == 0 ? "" : ",");
    put(buf, "{\"eventID\":\"1\",\"eventName\":\"INSERT\",\"eventSource\":\"aws:dynamodb\",\"awsRegion\":\"eu-west-1\","
             "\"eventSourceARN\":\"arn:aws:dynamodb:eu-west-1:111122223333:table/t/stream/2026-10-19T00:00:00.000\","
             "\"dynamodb\":{\"Keys\":{\"id\":{\"S\":\"k\"}},\"SequenceNumber\":\"");
    put(buf, number);
    put(buf, "\",\"NewImage\":{\"note\":{\"S\":\"");
    put(buf, note);
    put(buf, "\"}},\"SizeBytes\":1,\"StreamViewType\":\"NEW_IMAGE\"}}");
}

static ddbs_buf make_event(size_t records, size_t note_len)
{
    ddbs_buf buf = { 0 };
    char *note = malloc(note_len + 1);
    if (note == NULL)
        fail("no memory for an event");
    memset(note, 'x', note_len);
    note[note_len] = '\0';
    put(&buf, "{\"Records\":[");
    for (size_t i = 0; i < records; i++)
        put_record(&buf, i, note);
    put(&buf, "]}");
    free(note);
    if (buf.len > EVENT_SIZE)
        fail("the event is too large");
    return buf;
}

/* ---- What is measured ---- */

struct bench {
    struct peer echo, drain;
    int quiet[2];          /* a pipe in this process */
    unsigned char *shared; /* where the bare memcpy goes */
    struct ddbs_share share;
    struct ddbs_supervisor supervisor;
    struct ddbs_runner runner;
    struct ddbs_invocation invocation;
    ddbs_buf event; /* at hand */
};

static void ping_pong(struct bench *bench)
{
    struct ddbs_frame frame = { .kind = 0 };
    memcpy(bench->shared, bench->event.ptr, bench->event.len);
    if (write(bench->echo.out, &frame, sizeof frame) != (ssize_t)sizeof frame ||
        read(bench->echo.in, &frame, sizeof frame) != (ssize_t)sizeof frame)
        fail("the other end of a pipe is gone");
}

static void write_words(struct bench *bench)
{
    struct ddbs_frame frame;
    uint32_t word = 0;
    for (size_t i = 0; i < WORDS; i++) {
        if (write(bench->drain.out, &word, sizeof word) != (ssize_t)sizeof word)
            fail("the other end of a pipe is gone");
    }
    if (read(bench->drain.in, &frame, sizeof frame) != (ssize_t)sizeof frame)
        fail("the other end of a pipe is gone");
}

/* Nobody waits for these. */
static void write_quietly(struct bench *bench)
{
    uint32_t words[WORDS] = { 0 };
    for (size_t i = 0; i < WORDS; i++) {
        if (write(bench->quiet[1], &words[i], sizeof words[i]) != (ssize_t)sizeof words[i])
            fail("a pipe is broken");
    }
    if (read(bench->quiet[0], words, sizeof words) != (ssize_t)sizeof words)
        fail("a pipe is broken");
}

static void run_isolated(struct bench *bench)
{
    ddbs_answer answer;
    ddbs_supervisor__run(&bench->supervisor, &bench->invocation, &answer);
    if (answer.is_error || bench->supervisor.outcome.error.status != DDBS_OK)
        fail("an event fails");
}

static void run_alone(struct bench *bench)
{
    struct ddbs_result result;
    ddbs_runner__run(&bench->runner, bench->invocation.event, NULL, &result);
    if (result.answer.is_error || result.outcome.error.status != DDBS_OK)
        fail("an event fails");
}

static void index_alone(struct bench *bench)
{
    const ddbs_event *event;
    ddbs_arena_reset(bench->runner.arena);
    if (ddbs_event_parse(bench->runner.arena, bench->event.ptr, bench->event.len, &bench->runner.options, &event,
                         NULL) != DDBS_OK)
        fail("an event is refused");
}

typedef void subject_fn(struct bench *bench);
enum subject { PING_PONG, ISOLATED, ALONE, INDEX, WRITE, QUIET, SUBJECTS };
static subject_fn *const subjects[SUBJECTS] = { ping_pong,   run_isolated, run_alone,
                                                index_alone, write_words,  write_quietly };

/* ---- Measuring ---- */

static double measure(struct bench *bench, subject_fn *subject, size_t times)
{
    subject(bench);
    int64_t began = ddbs_deadline__now_ns();
    for (size_t i = 0; i < times; i++)
        subject(bench);
    return (double)(ddbs_deadline__now_ns() - began) / (double)times;
}

/* Nanoseconds of each subject with an event: the best of rounds in which all take their turn. */
static void measure_all(struct bench *bench, ddbs_buf event, size_t rounds, size_t times, double out[SUBJECTS])
{
    bench->event = event;
    memcpy(bench->share.event, event.ptr, event.len);
    bench->invocation.event = (ddbs_bytes){ bench->share.event, event.len };
    for (size_t round = 0; round < rounds; round++) {
        for (size_t i = 0; i < SUBJECTS; i++) {
            double took = measure(bench, subjects[i], i >= WRITE ? 1 : times);
            out[i] = round == 0 || took < out[i] ? took : out[i];
        }
    }
    out[WRITE] /= WORDS;
    out[QUIET] /= WORDS;
}

static bool judge(const char *what, double cost, double unit, int limit)
{
    bool held = cost <= limit * unit;
    printf("%sok - %s: %.0f ns are %.2f times %.0f ns, at most %d\n", held ? "" : "not ", what, cost, cost / unit, unit,
           limit);
    return held;
}

static bool judge_event(struct bench *bench, const char *what, ddbs_buf event, size_t rounds, size_t times,
                        double out[SUBJECTS])
{
    char text[128];
    measure_all(bench, event, rounds, times, out);
    printf(
        "# %s, %zu bytes: ping-pong and memcpy %.0f ns, isolated %.0f ns, in one process %.0f ns, of which the index "
        "%.0f ns\n",
        what, event.len, out[PING_PONG], out[ISOLATED], out[ALONE], out[INDEX]);
    snprintf(text, sizeof text, "handing over %s", what);
    return judge(text, out[ISOLATED] - out[ALONE], out[PING_PONG], HANDOVER_LIMIT);
}

/* ---- Setting up ---- */

static void open_bench(struct bench *bench, const ddbs_consumer *consumer, const struct ddbs_env *env)
{
    ddbs_error error;
    *bench = (struct bench){ .echo = open_peer(echo), .drain = open_peer(drain) };
    bench->shared = mmap(NULL, EVENT_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (pipe(bench->quiet) != 0)
        fail("no pipe");
    if (bench->shared == MAP_FAILED || !ddbs_share__open(&bench->share))
        fail("no shared memory");
    if (ddbs_supervisor__start(&bench->supervisor, consumer, env, &bench->share, &error) != DDBS_OK ||
        ddbs_runner__start(&bench->runner, consumer, env, &error) != DDBS_OK)
        fail(error.reason);
    if (!ddbs_supervisor__renew(&bench->supervisor))
        fail("no worker");
}

static void close_bench(struct bench *bench)
{
    ddbs_supervisor__stop(&bench->supervisor);
    ddbs_runner__stop(&bench->runner);
    ddbs_share__close(&bench->share);
    munmap(bench->shared, EVENT_SIZE);
    close(bench->quiet[0]);
    close(bench->quiet[1]);
    close_peer(&bench->drain); /* first: it holds the ends of the other one open, too */
    close_peer(&bench->echo);
}

/* All that many records cost over a few of the same size in all, when they are isolated, is progress. */
static bool judge_all(struct bench *bench, size_t rounds)
{
    double empty[SUBJECTS], large[SUBJECTS], many[SUBJECTS], few[SUBJECTS];
    ddbs_buf no_records = make_event(0, 0), large_event = make_event(LARGE_RECORDS, LARGE_NOTE);
    ddbs_buf many_records = make_event(MANY_RECORDS, 1);
    ddbs_buf few_records = make_event(FEW_RECORDS, many_records.len / FEW_RECORDS);
    bool held = judge_event(bench, "an empty batch", no_records, rounds, 200, empty);
    held = judge_event(bench, "a batch of 1 MiB", large_event, rounds, 10, large) && held;
    measure_all(bench, many_records, rounds, 2, many);
    measure_all(bench, few_records, rounds, 2, few);
    double progress = (many[ISOLATED] - many[ALONE] - (few[ISOLATED] - few[ALONE])) / (MANY_RECORDS - FEW_RECORDS);
    printf("# %d records: isolated %.0f ns each, in one process %.0f ns; a write to a pipe that is read at once %.0f "
           "ns\n",
           MANY_RECORDS, many[ISOLATED] / MANY_RECORDS, many[ALONE] / MANY_RECORDS, many[WRITE]);
    held = judge("progress of a record, in writes to a pipe", progress, many[QUIET], PROGRESS_LIMIT) && held;
    ddbs_buf_free(&no_records);
    ddbs_buf_free(&large_event);
    ddbs_buf_free(&many_records);
    ddbs_buf_free(&few_records);
    return held;
}

int main(int argc, char **argv)
{
    struct bench bench;
    const ddbs_consumer consumer = { .on_any = accept_record };
    const ddbs_lambda_options options = { .report = DDBS_REPORT_ITEMS };
    struct ddbs_env env;
    ddbs_error error;
    size_t rounds = argc == 2 ? strtoul(argv[1], NULL, 10) : ROUNDS;
    if (argc > 2 || rounds < 1 || rounds > ROUNDS_MAX)
        fail("handover [ROUNDS], 1 to 1000");
    if (ddbs_env__read(&env, &options, &error) != DDBS_OK)
        fail(error.reason);
    open_bench(&bench, &consumer, &env);
    bool held = judge_all(&bench, rounds);
    close_bench(&bench);
    return held ? 0 : 1;
}
