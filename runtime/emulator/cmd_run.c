/* cmd_run.c: `ddbstream run`, a stream played through a function by an event source mapping. */
#include "clock.h"
#include "command.h"
#include "destination.h"
#include "esm.h"
#include "function.h"
#include "id.h"
#include "report.h"
#include "source.h"

#include "lib/buf.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char HELP[] = "usage: ddbstream run BOOTSTRAP --esm FILE --source FILE [options]\n"
                           "\n"
                           "Play a DynamoDB stream through a function as an event source mapping of AWS does:\n"
                           "batches, retries, partial batch responses, halving, on-failure records.\n"
                           "\n"
                           "  BOOTSTRAP          the function's executable; it is started with a Runtime API\n"
                           "  --esm FILE         the mapping, as `aws lambda create-event-source-mapping\n"
                           "                     --cli-input-json` takes it\n"
                           "  --source FILE      the stream: *.jsonl or *.jsonl.gz (one stream record per line),\n"
                           "                     an event as Lambda delivers it, or \"-\" for lines on standard input\n"
                           "  --on-failure DIR   where on-failure records go when the mapping has a destination\n"
                           "                     (default ./on-failure)\n"
                           "  --timeout SECONDS  of an invocation, 1 to 900 (default 30)\n"
                           "  --env NAME=VALUE   a variable of the function; may be given several times\n"
                           "  --no-wait          do not wait before retries\n"
                           "  --json FILE        also write each decision, and at last the totals, as a JSON line\n"
                           "  --quiet            print the warnings and the summary only\n"
                           "\n"
                           "Exit status: 0 the whole stream was played (discards included), 1 the source has bad\n"
                           "records, the function could not be initialized, or records were lost: it reported them as\n"
                           "not done to a mapping without ReportBatchItemFailures, 2 the command cannot run or its\n"
                           "output cannot be written, 130 interrupted.\n"
                           "\n"
                           "Example:\n"
                           "  ddbstream run build/examples/orders/bootstrap --env DDBS_REPORT=items \\\n"
                           "      --esm examples/orders/esm.json --source examples/orders/orders.jsonl\n";

enum { ENV_MAX = 100, EXIT_INTERRUPTED = 130 };

struct options {
    const char *bootstrap, *esm, *source, *json;
    const char *folder;
    const char *env[ENV_MAX + 1];
    size_t env_count;
    int timeout_ms;
    bool no_wait, quiet;
};

struct run {
    struct options options;
    struct esm esm;
    struct source *source;
    struct mapping *mapping;
    struct function *function;
    struct report report;
    ddbs_arena *arena; /* of the event at hand */
    char request_id[ID_UUID_SIZE];
    bool initialized; /* the function has taken an event before */
    int status;       /* where it cannot go on: the exit status; -1: go on */
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

/* ---- The command line -------------------------------------------------------------------------------------------- */

static int add_variable(struct options *options, const char *variable)
{
    const char *equals = strchr(variable, '=');
    if (equals == NULL || equals == variable)
        return command_misused("run", "--env takes NAME=VALUE, not \"%s\"", variable);
    if (options->env_count == ENV_MAX)
        return command_misused("run", "--env more than %d times", ENV_MAX);
    options->env[options->env_count++] = variable;
    return 0;
}

/* One option. 0, or an exit status. */
static int read_option(struct options *options, int option, char **argv)
{
    long long seconds;
    switch (option) {
    case 'e':
        options->esm = optarg;
        return 0;
    case 's':
        options->source = optarg;
        return 0;
    case 'f':
        options->folder = optarg;
        return 0;
    case 't':
        if (command_number(optarg, 1, 900, &seconds) != 0)
            return command_misused("run", "--timeout takes whole seconds from 1 to 900, not \"%s\"", optarg);
        options->timeout_ms = (int)seconds * 1000;
        return 0;
    case 'v':
        return add_variable(options, optarg);
    case 'w':
        options->no_wait = true;
        return 0;
    case 'j':
        options->json = optarg;
        return 0;
    case 'q':
        options->quiet = true;
        return 0;
    default:
        return command_misused("run", "unknown or incomplete option \"%s\"", argv[optind - 1]);
    }
}

/* 0 to go on, else the exit status plus one. */
static int read_options(int argc, char **argv, struct options *options)
{
    static const struct option known[] = {
        { "esm", required_argument, NULL, 'e' },
        { "source", required_argument, NULL, 's' },
        { "on-failure", required_argument, NULL, 'f' },
        { "timeout", required_argument, NULL, 't' },
        { "env", required_argument, NULL, 'v' },
        { "no-wait", no_argument, NULL, 'w' },
        { "json", required_argument, NULL, 'j' },
        { "quiet", no_argument, NULL, 'q' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    *options = (struct options){ .folder = "on-failure", .timeout_ms = 30000 };
    opterr = 0;
    optind = 1;
    for (int option; (option = getopt_long(argc, argv, ":h", known, NULL)) != -1;) {
        if (option == 'h') {
            fputs(HELP, stdout);
            return EXIT_HELD + 1;
        }
        int status = read_option(options, option, argv);
        if (status != 0)
            return status + 1;
    }
    if (optind == argc)
        return 1 + command_misused("run", "BOOTSTRAP is missing: the function's executable");
    if (argc - optind > 1)
        return 1 + command_misused("run", "one BOOTSTRAP at a time, \"%s\" is one too many", argv[optind + 1]);
    if (options->esm == NULL || options->source == NULL)
        return 1 + command_misused("run", "%s FILE is missing", options->esm == NULL ? "--esm" : "--source");
    options->bootstrap = argv[optind];
    return 0;
}

/* ---- Opening and closing ----------------------------------------------------------------------------------------- */

/* The DDBS_REPORT that the function will see; NULL: none. */
static const char *report_option(const struct options *options)
{
    const char *value = getenv("DDBS_REPORT");
    for (size_t i = 0; i < options->env_count; i++)
        if (strncmp(options->env[i], "DDBS_REPORT=", 12) == 0)
            value = options->env[i] + 12;
    return value;
}

static int open_report(struct run *run)
{
    struct report *report = &run->report;
    report->esm = &run->esm;
    report->quiet = run->options.quiet;
    report->colour = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL;
    report->no_wait = run->options.no_wait;
    report->option = report_option(&run->options);
    if (ddbs_arena_new(&report->arena, 0) != DDBS_OK)
        return command_failed("run", "out of memory");
    if (run->options.json != NULL && (report->json = fopen(run->options.json, "w")) == NULL)
        return command_failed("run", "%s: %s", run->options.json, strerror(errno));
    return 0;
}

static int open_function(struct run *run)
{
    struct function_config config = {
        .bootstrap = run->options.bootstrap,
        .name = run->esm.function_name,
        .env = run->options.env,
        .timeout_ms = run->options.timeout_ms,
        .output = report_output,
        .user = &run->report,
    };
    if (command_program(config.bootstrap) != 0)
        return command_failed("run", "%s: %s", config.bootstrap, strerror(errno));
    if (function_open(&run->function, &config) != 0)
        return command_failed("run", "the Runtime API cannot listen: %s", strerror(errno));
    return 0;
}

/* Open everything. 0, or an exit status; close_run() cleans up in both cases. */
static int open_run(struct run *run)
{
    char why[2048];
    if (esm_load(&run->esm, run->options.esm, why, sizeof why) != 0)
        return command_failed("run", "%s", why);
    if (source_open(&run->source, run->options.source, why, sizeof why) != 0)
        return command_failed("run", "%s", why);
    if (ddbs_arena_new(&run->arena, 0) != DDBS_OK ||
        !mapping_new(&run->mapping, &run->esm.settings, source_pull, run->source))
        return command_failed("run", "out of memory");
    int status = open_report(run);
    if (status == 0)
        status = open_function(run);
    if (status == 0 && run->esm.destination != ESM_NONE && destination_open(run->options.folder, why, sizeof why) != 0)
        status = command_failed("run", "%s", why);
    return status;
}

static int close_run(struct run *run, int status)
{
    if (run->function != NULL)
        function_close(run->function);
    mapping_free(run->mapping);
    source_close(run->source);
    ddbs_arena_free(run->arena);
    ddbs_arena_free(run->report.arena);
    if (run->report.json != NULL && (fclose(run->report.json) != 0 || run->report.json_failed))
        status = command_failed("run", "%s: not everything could be written", run->options.json);
    return status;
}

/* ---- Playing ----------------------------------------------------------------------------------------------------- */

/* Wait; an interrupt ends it. */
static void wait_ms(int64_t ms)
{
    int64_t end = clock_ms(CLOCK_MONOTONIC) + ms;
    for (int64_t left; !interrupted && (left = end - clock_ms(CLOCK_MONOTONIC)) > 0;)
        nanosleep(&(struct timespec){ (time_t)(left / 1000), (long)(left % 1000) * 1000000 }, NULL);
}

/* The event of a delivery, in the arena; absent when memory is exhausted. */
static ddbs_str make_event(struct run *run, const struct mapping_delivery *delivery)
{
    ddbs_arena_reset(run->arena);
    ddbs_buf out = { .arena = run->arena };
    ddbs_buf__text(&out, MAPPING_EVENT_HEAD);
    for (size_t i = 0; i < delivery->count; i++) {
        if (i > 0)
            ddbs_buf__text(&out, ",");
        ddbs_buf__bytes(&out, delivery->json[i].ptr, delivery->json[i].len);
    }
    ddbs_buf__text(&out, MAPPING_EVENT_TAIL);
    return out.failed ? (ddbs_str){ NULL, 0 } : (ddbs_str){ out.ptr, out.len };
}

/* Whether the function ended in a way that no mapping can go on from; the status then says so. An initialization that
 * fails later, after a crash, is an error like any other. */
static bool cannot_go_on(struct run *run, const struct function_answer *answer)
{
    char text[DDBS_ERROR_REASON_MAX + 256];
    if (answer->end == FUNCTION_BROKEN) {
        run->status = command_failed("run", "the Runtime API failed: %s", strerror(errno));
        return true;
    }
    if (answer->end == FUNCTION_INIT_FAILED && !run->initialized) {
        report_failure(answer, text, sizeof text);
        command_failed("run", "%s could not be initialized: %s", run->options.bootstrap, text);
        run->status = EXIT_BAD_INPUT;
        return true;
    }
    run->initialized = true;
    return false;
}

/* Settle a delivery, write what it discards, and show it. */
static void settle(struct run *run, const struct mapping_delivery *delivery, ddbs_str event,
                   const struct function_answer *answer)
{
    struct mapping_result result = { answer->end != FUNCTION_RESPONSE, answer->body == NULL ? "" : answer->body,
                                     answer->body == NULL ? 0 : answer->body_len };
    struct mapping_decision decision;
    char file[4096], why[4200];
    mapping_settle(run->mapping, &result, &decision);
    bool write = decision.step == MAPPING_DISCARD && run->esm.destination != ESM_NONE;
    struct discard discard = { &run->esm,    delivery, run->request_id,
                               result.error, event,    source_unordered(run->source) != 0 };
    bool written = write && destination_write(run->options.folder, &discard, file, sizeof file, why, sizeof why) == 0;
    if (write && !written)
        run->status = command_failed("run", "%s", why);
    report_turn(&run->report,
                &(struct report_turn){ delivery, run->request_id, answer, &decision, .file = written ? file : NULL,
                                       .unwritten = write && !written ? run->options.folder : NULL });
}

static void play_delivery(struct run *run, const struct mapping_delivery *delivery)
{
    struct function_answer answer = { .end = FUNCTION_BROKEN };
    ddbs_str event = make_event(run, delivery);
    if (event.ptr == NULL) {
        run->status = command_failed("run", "out of memory");
        return;
    }
    if (!delivery->same_request)
        id_uuid(run->request_id);
    if (!run->options.no_wait)
        wait_ms(delivery->wait_ms);
    if (interrupted)
        return;
    report_delivery(&run->report, delivery, run->request_id);
    function_invoke(run->function, event.ptr, event.len, run->request_id, &answer);
    if (!cannot_go_on(run, &answer))
        settle(run, delivery, event, &answer);
    function_answer_free(&answer);
}

/* Play until the stream ends, something breaks, or the user wants no more. The exit status. */
static int play(struct run *run)
{
    struct mapping_delivery delivery;
    bool warned = false;
    int next = 0;
    run->status = -1;
    report_begin(&run->report, run->options.source);
    while (run->status < 0 && !interrupted && (next = mapping_next(run->mapping, &delivery)) > 0) {
        if (source_unordered(run->source) != 0 && !warned) {
            warned = true;
            report_warn("the sequence number of record %llu is not above the one before it; no shard of a stream is "
                        "like that",
                        (unsigned long long)source_unordered(run->source));
        }
        play_delivery(run, &delivery);
    }
    if (next < 0) {
        command_failed("run", "%s", mapping_exhausted(run->mapping) ? "out of memory" : source_why(run->source));
        run->status = mapping_exhausted(run->mapping) ? EXIT_CANNOT_RUN : source_status(run->source);
    }
    const struct mapping_totals *totals = mapping_totals(run->mapping);
    bool stopped = run->status >= 0 || interrupted;
    report_end(&run->report, totals, run->options.folder, stopped);
    if (run->status < 0)
        run->status = interrupted ? EXIT_INTERRUPTED : totals->lost > 0 ? EXIT_BAD_INPUT : EXIT_HELD;
    return run->status;
}

int cmd_run(int argc, char **argv)
{
    struct run run = { .source = NULL };
    int stop = read_options(argc, argv, &run.options);
    if (stop != 0)
        return stop - 1;
    /* The first interrupt ends the play after the invocation at hand, the second one the command. */
    struct sigaction action = { .sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND };
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    int status = open_run(&run);
    return close_run(&run, status != 0 ? status : play(&run));
}
