/* decode.c: what reading an event costs, in nanoseconds a byte: the index alone, the records alone, both. Rounds of all
 * are interleaved and medians taken, for a busy machine. Events are files, as corpora.py writes them.
 *
 *     decode FILE...              a table
 *     decode --count WHAT FILE N  N times index, records or whole, for a counter of instructions
 *
 * Where peer_simdjson is linked (simdjson.cc), it runs in the same rounds. */
#include <ddbstream/event.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 101, ROUND_BYTES = 512 * 1024, READ_BEYOND = 64 };

/* Decodes all records of the event, whose 64 bytes beyond the end can be read; returns how many strings there are. */
extern size_t peer_simdjson(const char *json, size_t len) __attribute__((weak));

struct input {
    char *json;
    size_t len;
    ddbs_arena *events, *records;
};

static void fail(const char *what, const char *why) __attribute__((noreturn));
static void fail(const char *what, const char *why)
{
    fprintf(stderr, "decode: %s: %s\n", what, why);
    exit(1);
}

static struct input read_input(const char *path)
{
    struct input input = { .json = calloc(1, DDBS_EVENT_BYTES_MAX + READ_BEYOND) };
    FILE *file = fopen(path, "rb");
    if (file == NULL || input.json == NULL)
        fail(path, "cannot be read");
    input.len = fread(input.json, 1, DDBS_EVENT_BYTES_MAX, file);
    fclose(file);
    if (ddbs_arena_new(&input.events, 0) != DDBS_OK || ddbs_arena_new(&input.records, 0) != DDBS_OK)
        fail(path, "no memory");
    return input;
}

static const ddbs_event *run_index(struct input *input)
{
    const ddbs_event *event = NULL;
    ddbs_error error;
    ddbs_arena_reset(input->events);
    if (ddbs_event_parse(input->events, input->json, input->len, NULL, &event, &error) != DDBS_OK)
        fail(error.path, error.reason);
    return event;
}

static void run_records(struct input *input, const ddbs_event *event)
{
    ddbs_error error;
    for (size_t i = 0; i < ddbs_event_count(event); i++) {
        const ddbs_record *record;
        ddbs_arena_reset(input->records);
        if (ddbs_event_record(event, i, input->records, &record, &error) != DDBS_OK)
            fail(error.path, error.reason);
    }
}

enum what { INDEX, RECORDS, WHOLE, SIMDJSON, WHATS };
static const char *const names[WHATS] = { "index", "records", "whole", "simdjson" };

static void run(struct input *input, enum what what, const ddbs_event *event)
{
    switch (what) {
    case INDEX:
        run_index(input);
        break;
    case RECORDS:
        run_records(input, event);
        break;
    case WHOLE:
        run_records(input, run_index(input));
        break;
    default:
        if (peer_simdjson(input->json, input->len) == 0)
            fail("simdjson", "does not read the event");
    }
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static double median(double *times)
{
    qsort(times, ROUNDS, sizeof *times, compare);
    return times[ROUNDS / 2];
}

/* Nanoseconds a byte of each, the median of interleaved rounds. */
static void measure(struct input *input, double out[WHATS])
{
    static double times[WHATS][ROUNDS];
    size_t repeat = ROUND_BYTES / input->len + 1;
    for (int round = 0; round < ROUNDS; round++) {
        for (int what = 0; what < WHATS; what++) {
            if (what == SIMDJSON && peer_simdjson == NULL)
                continue;
            const ddbs_event *event = run_index(input);
            double begin = now();
            for (size_t i = 0; i < repeat; i++)
                run(input, (enum what)what, event);
            times[what][round] = (now() - begin) / (double)repeat / (double)input->len;
            run_index(input);
        }
    }
    for (int what = 0; what < WHATS; what++)
        out[what] = median(times[what]);
}

static void print_row(const char *path, const struct input *input, const double *cost)
{
    const char *slash = strrchr(path, '/');
    printf("%-18s %9zu", slash == NULL ? path : slash + 1, input->len);
    for (int what = 0; what < WHATS; what++)
        printf(" %8.3f", cost[what]);
    if (peer_simdjson != NULL)
        printf("   records %.2f x, whole %.2f x simdjson", cost[SIMDJSON] / cost[RECORDS],
               cost[SIMDJSON] / cost[WHOLE]);
    printf("   whole / records %.2f\n", cost[WHOLE] / cost[RECORDS]);
}

static void count(const char *what, const char *path, long times)
{
    struct input input = read_input(path);
    const ddbs_event *event = run_index(&input);
    for (int i = 0; i < WHATS; i++) {
        for (long n = 0; n < times && strcmp(what, names[i]) == 0; n++)
            run(&input, (enum what)i, event);
    }
}

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "--count") == 0) {
        count(argv[2], argv[3], strtol(argv[4], NULL, 10));
        return 0;
    }
    printf("%-18s %9s %8s %8s %8s %8s   ns/byte\n", "event", "bytes", "index", "records", "whole", "simdjson");
    for (int i = 1; i < argc; i++) {
        double cost[WHATS] = { 0 };
        struct input input = read_input(argv[i]);
        measure(&input, cost);
        print_row(argv[i], &input, cost);
        ddbs_arena_free(input.records);
        ddbs_arena_free(input.events);
        free(input.json);
    }
    return 0;
}
