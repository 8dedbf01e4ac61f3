/* cmd_run.c: `ddbstream run`, a stream played through a function by an event source mapping. */
#include "clock.h"
#include "command.h"
#include "destination.h"
#include "esm_file.h"
#include "id.h"
#include "play.h"
#include "source.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char HELP[] =
    "usage: ddbstream run BOOTSTRAP --esm FILE --source FILE [options]\n"
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
    "  --time real|skip   wait as AWS does, or not: skip leaves out what only the mapping\n"
    "                     waits for, retries and windows; --no-wait is the same as skip\n"
    "  --now TIME         when the mapping begins: \"first\" (when the first record was created,\n"
    "                     the default), \"real\", or seconds since 1970; decides which records\n"
    "                     are older than MaximumRecordAgeInSeconds\n"
    "  --partition-key K  the key attribute whose order is kept where ParallelizationFactor is\n"
    "                     above 1 (default: the one that stands first in Keys)\n"
    "  --seed N           of the request ids: the same number gives the same ones\n"
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

enum { ENV_MAX = 100 };

struct options {
    const char *bootstrap, *esm, *source, *json;
    const char *folder;
    const char *partition_key; /* NULL: the attribute that stands first */
    const char *env[ENV_MAX + 1];
    size_t env_count;
    int timeout_ms;
    bool skip_waits, quiet, real_clock, seeded;
    int64_t begin_ms; /* -1: as the source or the real clock tells */
    uint64_t seed;
};

struct run {
    struct options options;
    struct esm esm;
    struct source *source;
    struct report report;
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

static int read_time(struct options *options, const char *text)
{
    options->skip_waits = strcmp(text, "skip") == 0;
    if (!options->skip_waits && strcmp(text, "real") != 0)
        return command_misused("run", "--time takes \"real\" or \"skip\", not \"%s\"", text);
    return 0;
}

static int read_begin(struct options *options, const char *text)
{
    static const long long last = 253402300799; /* 9999-12-31T23:59:59Z */
    long long seconds = -1;
    bool named = strcmp(text, "first") == 0 || strcmp(text, "real") == 0;
    if (!named && command_number(text, 0, last, &seconds) != 0)
        return command_misused("run", "--now takes \"first\", \"real\" or seconds since 1970, not \"%s\"", text);
    options->real_clock = strcmp(text, "real") == 0;
    options->begin_ms = named ? -1 : (int64_t)seconds * 1000;
    return 0;
}

static int read_seed(struct options *options, const char *text)
{
    long long seed;
    if (command_number(text, 0, INT64_MAX, &seed) != 0)
        return command_misused("run", "--seed takes a whole number from 0 on, not \"%s\"", text);
    options->seed = (uint64_t)seed;
    options->seeded = true;
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
        options->skip_waits = true;
        return 0;
    case 'T':
        return read_time(options, optarg);
    case 'n':
        return read_begin(options, optarg);
    case 'S':
        return read_seed(options, optarg);
    case 'k':
        options->partition_key = optarg;
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
        { "time", required_argument, NULL, 'T' },
        { "now", required_argument, NULL, 'n' },
        { "seed", required_argument, NULL, 'S' },
        { "partition-key", required_argument, NULL, 'k' },
        { "json", required_argument, NULL, 'j' },
        { "quiet", no_argument, NULL, 'q' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    *options = (struct options){ .folder = "on-failure", .timeout_ms = 30000, .begin_ms = -1 };
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
    report->no_wait = run->options.skip_waits;
    report->option = report_option(&run->options);
    if (ddbs_arena_new(&report->arena, 0) != DDBS_OK)
        return command_failed("run", "out of memory");
    if (run->options.json != NULL && (report->json = fopen(run->options.json, "w")) == NULL)
        return command_failed("run", "%s: %s", run->options.json, strerror(errno));
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
    if (run->esm.settings.factor > 1)
        source_use_keys(run->source, run->options.partition_key);
    if (command_program(run->options.bootstrap) != 0)
        return command_failed("run", "%s: %s", run->options.bootstrap, strerror(errno));
    int status = open_report(run);
    bool destination = run->esm.settings.destination != MAPPING_NO_DESTINATION;
    if (status == 0 && destination && destination_open(run->options.folder, why, sizeof why) != 0)
        status = command_failed("run", "%s", why);
    return status;
}

static int close_run(struct run *run, int status)
{
    source_close(run->source);
    esm_free(&run->esm);
    ddbs_arena_free(run->report.arena);
    if (run->report.json != NULL && (fclose(run->report.json) != 0 || run->report.json_failed))
        status = command_failed("run", "%s: not everything could be written", run->options.json);
    return status;
}

/* ---- Playing ----------------------------------------------------------------------------------------------------- */

/* When the mapping begins: with a recorded stream the clock of today would make everything too old. */
static int64_t begin_ms(struct run *run)
{
    if (run->options.begin_ms >= 0)
        return run->options.begin_ms;
    int64_t first = run->options.real_clock ? MAPPING_NO_TIME : source_begins(run->source);
    return first == MAPPING_NO_TIME ? clock_ms(CLOCK_REALTIME) : first;
}

static uint64_t seed_of(const struct run *run)
{
    char digits[17];
    if (run->options.seeded)
        return run->options.seed;
    id_hex(digits, sizeof digits - 1);
    return strtoull(digits, NULL, 16);
}

static int play_run(struct run *run)
{
    report_begin(&run->report, run->options.source);
    struct play_config config = {
        .esm = &run->esm,
        .source = { { run->source, source_shard, NULL, source_read }, source_why, source_status, source_repeats },
        .report = &run->report,
        .function = { .bootstrap = run->options.bootstrap,
                      .name = run->esm.function_name,
                      .env = run->options.env,
                      .timeout_ms = run->options.timeout_ms },
        .folder = run->options.folder,
        .begin_ms = begin_ms(run),
        .seed = seed_of(run),
        .skip_waits = run->options.skip_waits,
        .interrupted = &interrupted,
    };
    return play(&config);
}

int cmd_run(int argc, char **argv)
{
    struct run run = { .source = NULL };
    int stop = read_options(argc, argv, &run.options);
    if (stop != 0)
        return stop - 1;
    /* The first interrupt ends the play after the invocations at hand, the second one the command. */
    struct sigaction action = { .sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND };
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    int status = open_run(&run);
    return close_run(&run, status != 0 ? status : play_run(&run));
}
