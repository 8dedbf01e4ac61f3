/* parts.c: tests of the runtime's parts that need faults on cue: what the conversation does about every kind of reply,
 * deadlines, and an event without memory. Transport and nanosleep() are replaced by the ones here, so nothing is sent
 * and nothing waits. Prints "ok - name" lines like any test program. */
#include "runtime/lambda/api.h"
#include "runtime/lambda/failure.h"
#include "runtime/lambda/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* One exchange: what the request is answered with. */
enum kind { REFUSED, NO_REPLY, STATUS, STATUS_CUT, GARBLED };
struct exchange {
    enum kind kind;
    long status;
};

struct ddbs_transport {
    char unused;
};

static struct ddbs_transport fake;
static struct ddbs_reply reply;
static const struct exchange *script;
static size_t requests;
static char bodies[16][64];
static char paths[16][128];
static long pauses[16]; /* milliseconds */
static size_t pause_count;

ddbs_status ddbs_transport__new(struct ddbs_transport **out, const char *address, unsigned char *body)
{
    (void)address;
    (void)body;
    *out = &fake;
    return DDBS_OK;
}

void ddbs_transport__free(struct ddbs_transport *transport)
{
    (void)transport;
}

static const struct ddbs_reply *exchange(const char *path, const char *body)
{
    const struct exchange *next = &script[requests];
    snprintf(paths[requests % 16], sizeof paths[0], "%s", path);
    snprintf(bodies[requests % 16], sizeof bodies[0], "%s", body);
    requests++;
    reply = (struct ddbs_reply){ .status = next->status };
    reply.sent = next->kind != REFUSED;
    reply.received = next->kind == STATUS || next->kind == STATUS_CUT || next->kind == GARBLED;
    reply.whole = next->kind == STATUS;
    snprintf(reply.request_id, sizeof reply.request_id, "request-1");
    snprintf(reply.why, sizeof reply.why, "as the script says");
    return &reply;
}

const struct ddbs_reply *ddbs_transport__get(struct ddbs_transport *transport, const char *path,
                                             const struct ddbs_watch *watch)
{
    (void)transport;
    (void)watch;
    return exchange(path, "");
}

const struct ddbs_reply *ddbs_transport__post(struct ddbs_transport *transport, const struct ddbs_post *post)
{
    (void)transport;
    return exchange(post->path, post->body.ptr);
}

int nanosleep(const struct timespec *pause, struct timespec *left)
{
    (void)left;
    pauses[pause_count++ % 16] = (long)pause->tv_sec * 1000 + pause->tv_nsec / 1000000;
    return 0;
}

static int failed;

static void check(bool held, const char *name, const char *why)
{
    if (held)
        printf("ok - %s\n", name);
    else
        printf("not ok - %s: %s\n", name, why);
    failed += !held;
}

static void play(const struct exchange *exchanges)
{
    script = exchanges;
    requests = pause_count = 0;
}

struct row {
    const char *name;
    struct exchange script[8];
    enum ddbs_api_result result;
    size_t requests;
};

static const struct row next_rows[] = {
    { "next: an event", { { STATUS, 200 } }, DDBS_API_GO_ON, 1 },
    { "next: refused once, then an event", { { REFUSED, 0 }, { STATUS, 200 } }, DDBS_API_GO_ON, 2 },
    { "next: the fifth try may succeed",
      { { REFUSED, 0 }, { NO_REPLY, 0 }, { STATUS, 204 }, { NO_REPLY, 0 }, { STATUS, 200 } },
      DDBS_API_GO_ON,
      5 },
    { "next: five tries are all",
      { { REFUSED, 0 }, { REFUSED, 0 }, { REFUSED, 0 }, { REFUSED, 0 }, { REFUSED, 0 }, { STATUS, 200 } },
      DDBS_API_EXIT,
      5 },
    { "next: 403 ends at once", { { STATUS, 403 }, { STATUS, 200 } }, DDBS_API_EXIT, 1 },
    { "next: 500 ends at once", { { STATUS, 500 }, { STATUS, 200 } }, DDBS_API_EXIT, 1 },
    { "next: a reply that breaks before its status ends", { { GARBLED, 0 }, { STATUS, 200 } }, DDBS_API_EXIT, 1 },
    { "next: an event that was cut off is taken", { { STATUS_CUT, 200 } }, DDBS_API_GO_ON, 1 },
};

static const struct row post_rows[] = {
    { "post: accepted", { { STATUS, 202 } }, DDBS_API_GO_ON, 1 },
    { "post: 200 is as good as 202", { { STATUS, 200 } }, DDBS_API_GO_ON, 1 },
    { "post: accepted though the rest of the reply is missing", { { STATUS_CUT, 202 } }, DDBS_API_GO_ON, 1 },
    { "post: 400 goes on", { { STATUS, 400 } }, DDBS_API_GO_ON, 1 },
    { "post: 403 goes on", { { STATUS, 403 } }, DDBS_API_GO_ON, 1 },
    { "post: 410 goes on", { { STATUS, 410 } }, DDBS_API_GO_ON, 1 },
    { "post: 413 goes on", { { STATUS, 413 } }, DDBS_API_GO_ON, 1 },
    { "post: 500 exits", { { STATUS, 500 } }, DDBS_API_EXIT, 1 },
    { "post: refused three times, then accepted",
      { { REFUSED, 0 }, { REFUSED, 0 }, { REFUSED, 0 }, { STATUS, 202 } },
      DDBS_API_GO_ON,
      4 },
    { "post: never seen, so 403 after it is about this one", { { REFUSED, 0 }, { STATUS, 403 } }, DDBS_API_GO_ON, 2 },
    { "post: refused four times is given up",
      { { REFUSED, 0 }, { REFUSED, 0 }, { REFUSED, 0 }, { REFUSED, 0 }, { STATUS, 202 } },
      DDBS_API_GO_ON,
      4 },
    { "post: uncertain, then accepted", { { NO_REPLY, 0 }, { STATUS, 202 } }, DDBS_API_GO_ON, 2 },
    { "post: uncertain, then 400: unknown, exits", { { NO_REPLY, 0 }, { STATUS, 400 } }, DDBS_API_EXIT, 2 },
    { "post: uncertain, then 403: unknown, exits", { { NO_REPLY, 0 }, { STATUS, 403 } }, DDBS_API_EXIT, 2 },
    { "post: uncertain, then 410: unknown, exits", { { NO_REPLY, 0 }, { STATUS, 410 } }, DDBS_API_EXIT, 2 },
    { "post: uncertain twice: unknown, exits", { { NO_REPLY, 0 }, { NO_REPLY, 0 } }, DDBS_API_EXIT, 2 },
    { "post: uncertain, then refused: unknown, exits", { { NO_REPLY, 0 }, { REFUSED, 0 } }, DDBS_API_EXIT, 2 },
    { "post: refused, uncertain, accepted", { { REFUSED, 0 }, { NO_REPLY, 0 }, { STATUS, 202 } }, DDBS_API_GO_ON, 3 },
};

static const char answer_body[] = "{\"batchItemFailures\":[]}";

static bool all_posts_are_the_same(void)
{
    for (size_t i = 0; i < requests; i++) {
        if (strcmp(paths[i], "/runtime/invocation/request-1/response") != 0 || strcmp(bodies[i], answer_body) != 0)
            return false;
    }
    return true;
}

static void test_conversation(void)
{
    struct ddbs_api api;
    struct ddbs_invocation invocation = { .request_id = "request-1" };
    const ddbs_answer answer = { .body = { answer_body, sizeof answer_body - 1 } };
    if (ddbs_api__open(&api, "nowhere", NULL) != DDBS_OK)
        abort();
    for (size_t i = 0; i < sizeof next_rows / sizeof *next_rows; i++) {
        struct ddbs_invocation taken;
        play(next_rows[i].script);
        bool held = ddbs_api__next(&api, NULL, &taken) == next_rows[i].result && requests == next_rows[i].requests;
        check(held, next_rows[i].name, "another result or number of requests");
    }
    for (size_t i = 0; i < sizeof post_rows / sizeof *post_rows; i++) {
        play(post_rows[i].script);
        bool held = ddbs_api__answer(&api, &invocation, &answer) == post_rows[i].result &&
                    requests == post_rows[i].requests && all_posts_are_the_same();
        check(held, post_rows[i].name, "another result, number of requests, or answer");
    }
    ddbs_api__close(&api);
}

static void test_pauses(void)
{
    static const struct exchange refused[] = {
        { REFUSED, 0 }, { REFUSED, 0 }, { REFUSED, 0 }, { REFUSED, 0 }, { REFUSED, 0 }
    };
    struct ddbs_api api = { .transport = &fake };
    struct ddbs_invocation taken;
    play(refused);
    bool held = ddbs_api__next(&api, NULL, &taken) == DDBS_API_EXIT && pause_count == 4;
    for (size_t i = 0; i < 4; i++)
        held = held && pauses[i] == 10L << i;
    check(held, "next: pauses of 10, 20, 40 and 80 ms", "other pauses");
}

static void test_no_retry_after_the_deadline(void)
{
    static const struct exchange refused[] = { { REFUSED, 0 }, { STATUS, 202 } };
    struct ddbs_api api = { .transport = &fake };
    struct ddbs_invocation invocation = { .request_id = "request-1", .deadline = { .known = true, .ends_ms = 0 } };
    const ddbs_answer answer = { .body = { answer_body, sizeof answer_body - 1 } };
    play(refused);
    bool held = ddbs_api__answer(&api, &invocation, &answer) == DDBS_API_GO_ON && requests == 1;
    check(held, "post: refused and the deadline is over: no further try", "another result or number of requests");
}

static void test_deadlines(void)
{
    static const char *const implausible[] = { "0",   "-5",      "soon",
                                               "12x", " 123",    "99999999999999999999999",
                                               "1e9", "1000000", "999999999999999" };
    struct ddbs_deadline deadline;
    struct timespec now;
    char text[32];
    bool held = ddbs_deadline__read("", &deadline) == DDBS_DEADLINE_ABSENT && !deadline.known &&
                ddbs_deadline__remaining_ms(&deadline) == INT64_MAX;
    for (size_t i = 0; i < sizeof implausible / sizeof *implausible; i++)
        held = held && ddbs_deadline__read(implausible[i], &deadline) == DDBS_DEADLINE_IMPLAUSIBLE && !deadline.known;
    check(held, "deadline: absent and implausible ones are unknown", "one of them was taken");

    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(text, sizeof text, "%lld", ((long long)now.tv_sec + 900) * 1000);
    held = ddbs_deadline__read(text, &deadline) == DDBS_DEADLINE_FINE;
    held = held && ddbs_deadline__remaining_ms(&deadline) <= 900000 && ddbs_deadline__remaining_ms(&deadline) > 840000;
    check(held, "deadline: 900 s ahead", "not taken, or another time left");
}

/* An arena that holds nothing: neither the index of the event nor an answer can be made. */
static void test_no_memory_for_an_answer(void)
{
    static const char event[] = "{\"Records\":[]}";
    static const ddbs_consumer consumer;
    struct ddbs_runner runner = { .consumer = &consumer };
    struct ddbs_result result;
    if (ddbs_arena_new(&runner.arena, 1) != DDBS_OK)
        abort();
    ddbs_runner__run(&runner, (ddbs_bytes){ (const unsigned char *)event, sizeof event - 1 }, NULL, &result);
    check(result.answer.is_error && result.answer.body.len > 0 && result.answer.error_type != NULL &&
              strcmp(result.answer.error_type, "Function.OutOfMemory") == 0,
          "no memory for an answer: a static error", "another answer");
    ddbs_runner__stop(&runner);
}

int main(void)
{
    test_conversation();
    test_pauses();
    test_no_retry_after_the_deadline();
    test_deadlines();
    test_no_memory_for_an_answer();
    return failed > 0;
}
