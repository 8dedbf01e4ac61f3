/* cmd_run.c: `ddbstream run`, a stream played through a function by an event source mapping. */
#include "clock.h"
#include "command.h"
#include "destination.h"
#include "esm.h"
#include "id.h"
#include "junit.h"
#include "play.h"
#include "progress.h"
#include "run_source.h"
#include "template.h"
#include "trial.h"

#include "runtime/mapping/record.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char HELP[] =
    "usage: ddbstream run BOOTSTRAP --esm FILE --source SOURCE [options]\n"
    "\n"
    "Play a DynamoDB stream through a function as an event source mapping of AWS does:\n"
    "batches, retries, partial batch responses, halving, on-failure records.\n"
    "\n"
    "  BOOTSTRAP          the function's executable; it is started with a Runtime API\n"
    "\n"
    "The mapping and its stream:\n"
    "  --esm FILE         the mapping, as `aws lambda create-event-source-mapping\n"
    "                     --cli-input-json` takes it; not needed where a template has one\n"
    "  --source FILE      the stream: *.jsonl or *.jsonl.gz (one stream record per line),\n"
    "                     an event as Lambda delivers it, or \"-\" for lines on standard input\n"
    "  --source stream[:ARN|:TABLE]\n"
    "                     a stream behind an endpoint: the mapping's own, this one, or the newest\n"
    "                     one of a table. Signed with AWS_ACCESS_KEY_ID and so on\n"
    "  --endpoint-url URL where that stream is (default AWS_ENDPOINT_URL_DYNAMODB_STREAMS,\n"
    "                     AWS_ENDPOINT_URL, or AWS itself)\n"
    "  --idle SECONDS     end when no record came from the endpoint for so long (default: never)\n"
    "  --backfill PATH    instead of --source: an export of the table to S3, its folder or one\n"
    "                     data file; each item is an INSERT\n"
    "  --keys K[,K]       the key attributes of that table, the partition key first\n"
    "  --checkpoint FILE  go on where the last run with this file stopped; it is written, as a\n"
    "                     whole, after each move of the checkpoint\n"
    "  --on-failure DIR   where on-failure records go when the mapping has a destination\n"
    "                     (default ./on-failure)\n"
    "  --partition-key K  the key attribute whose order is kept where ParallelizationFactor is\n"
    "                     above 1 (default: the one that stands first in Keys)\n"
    "\n"
    "The function:\n"
    "  --timeout SECONDS  of an invocation, 1 to 900 (default 30): then it is killed\n"
    "  --memory MB        128 to 10240: its processes are killed when they hold more (default:\n"
    "                     no limit)\n"
    "  --env NAME=VALUE   a variable of the function; may be given several times\n"
    "  --template FILE    a SAM or CloudFormation template: Timeout, MemorySize and Environment\n"
    "                     of the function that consumes a DynamoDB stream, with Lambda's\n"
    "                     defaults; the options above win. Also its mapping, without --esm\n"
    "  --function NAME    the function in the template, where several consume a stream\n"
    "\n"
    "Time:\n"
    "  --time real|skip   wait as AWS does, or not: skip leaves out what only the mapping\n"
    "                     waits for, retries and windows; --no-wait is the same as skip\n"
    "  --now TIME         when the mapping begins: \"first\" (when the first record was created,\n"
    "                     the default), \"real\", or seconds since 1970; decides which records\n"
    "                     are older than MaximumRecordAgeInSeconds\n"
    "\n";

/* ISO C promises room for 4095 bytes in a literal. */
static const char HELP_MORE[] =
    "Faults on purpose, and what must hold all the same:\n"
    "  --fault SPEC       what goes wrong: kinds with commas between them, each with p=0.02 (the\n"
    "                     probability of each time), at=57 (the 57th time) and n=3 (at most)\n"
    "                     after colons, as in crash:p=0.02,timeout:at=57,dup:p=0.05:n=3\n"
    "       of an invocation: crash-before, crash-in, crash-after (its handler; crash is any of\n"
    "       them), timeout, malformed, oversized, wrong-identifier (its answer), broken-next (the\n"
    "       connection is cut), skew (of the deadline), freeze (after it), dup (the batch comes\n"
    "       again after success), throttle; of a record: expired-iterator, split, merge (of its\n"
    "       shard); of a move of the checkpoint: lost-checkpoint. all is every kind.\n"
    "  --seed N           of the faults and the request ids: the same number gives the same ones,\n"
    "                     with --time skip the same decisions: then the mapping's clock does not\n"
    "                     count how long the function takes\n"
    "  --expect LIST      judge the run, with commas between: at-least-once (every record that\n"
    "                     passed the filter is in the journal or in an on-failure record),\n"
    "                     no-loss (each is in the journal), in-order (none before an earlier one\n"
    "                     of the same item, unless that was given up), max-invokes=N\n"
    "  --journal FILE     begun anew; the handler finds it in DDBS_JOURNAL and appends a line\n"
    "                     with the sequence number when the effect of a record is done\n"
    "\n"
    "Output:\n"
    "  --json FILE        also write each decision, and at last the totals, as a JSON line\n"
    "                     (runtime/emulator/README.md lists their members)\n"
    "  --report FILE      also write a page to look at: lanes, invocations, log lines, plots;\n"
    "                     one HTML file that needs nothing else\n"
    "  --junit FILE       also write what held and what did not as JUnit XML\n"
    "  --quiet            print the warnings and the summary only\n"
    "\n"
    "Exit status: 0 the whole stream was played (discards included), 1 the source has bad\n"
    "records, the function could not be initialized, records were lost (it reported them as\n"
    "not done to a mapping without ReportBatchItemFailures), or an expectation did not hold, 2\n"
    "the command cannot run or its output cannot be written, 130 interrupted.\n"
    "\n"
    "Examples:\n"
    "  ddbstream run build/examples/orders/bootstrap --env DDBS_REPORT=items \\\n"
    "      --esm examples/orders/esm.json --source examples/orders/orders.jsonl\n"
    "  ddbstream run build/examples/orders/bootstrap --env DDBS_REPORT=items \\\n"
    "      --esm examples/orders/esm.json --source examples/orders/orders.jsonl --time skip \\\n"
    "      --fault all:p=0.05 --expect at-least-once,in-order --journal /tmp/journal --seed 7\n";

enum { ENV_MAX = 100, TIMEOUT_MS = 30000 };

struct options {
    const char *bootstrap, *esm, *json, *page, *junit;
    struct run_source_options from;
    const char *folder;
    const char *template, *function;
    struct trial_options trial;
    const char *env[ENV_MAX + 1];
    size_t env_count;
    int timeout_ms, memory_mb; /* 0: not given */
    bool skip_waits, quiet, real_clock, seeded;
    int64_t begin_ms; /* -1: as the source or the real clock tells */
    uint64_t seed;
};

struct run {
    struct options options;
    struct esm esm;
    struct run_source source;
    struct report report;
    struct junit junit;
    int64_t begun_ms; /* CLOCK_MONOTONIC */
    struct trial trial;
    ddbs_arena *arena; /* of the template */
    struct template template;
    const char *env[TEMPLATE_ENV_MAX + ENV_MAX + 2]; /* of the function: the last one of a name wins */
    uint64_t seed;
    char *const *arguments;
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

static int read_limit(int *out, const char *option, const char *unit, int min, int max)
{
    long long number;
    if (command_number(optarg, min, max, &number) != 0)
        return command_misused("run", "%s takes whole %s from %d to %d, not \"%s\"", option, unit, min, max, optarg);
    *out = (int)number;
    return 0;
}

/* An option that is a text or a number; NULL: it is another one. */
static const char **text_of(struct options *options, int option)
{
    switch (option) {
    case 'e':
        return &options->esm;
    case 's':
        return &options->from.source;
    case 'f':
        return &options->folder;
    case 'k':
        return &options->from.partition_key;
    case 'j':
        return &options->json;
    case 'p':
        return &options->template;
    case 'F':
        return &options->function;
    case 'c':
        return &options->trial.checkpoint;
    case 'x':
        return &options->trial.fault;
    case 'E':
        return &options->trial.expect;
    case 'J':
        return &options->trial.journal;
    case 'b':
        return &options->from.backfill;
    case 'K':
        return &options->from.keys;
    case 'U':
        return &options->from.endpoint;
    case 'r':
        return &options->page;
    case 'u':
        return &options->junit;
    default:
        return NULL;
    }
}

/* One option. 0, or an exit status. */
static int read_option(struct options *options, int option, char **argv)
{
    const char **text = text_of(options, option);
    if (text != NULL) {
        *text = optarg;
        return 0;
    }
    int status;
    switch (option) {
    case 't':
        status = read_limit(&options->timeout_ms, "--timeout", "seconds", 1, 900);
        options->timeout_ms *= 1000;
        return status;
    case 'm':
        return read_limit(&options->memory_mb, "--memory", "megabytes", 128, 10240);
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
    case 'i':
        status = read_limit(&options->from.idle_ms, "--idle", "seconds", 1, 86400);
        options->from.idle_ms *= 1000;
        return status;
    case 'q':
        options->quiet = true;
        return 0;
    default:
        return command_misused("run", "unknown or incomplete option \"%s\"", argv[optind - 1]);
    }
}

/* Whether what is to be played is told, and once. */
static int check_sources(const struct options *options)
{
    const struct run_source_options *from = &options->from;
    bool mapped = options->esm != NULL || options->template != NULL;
    if (!mapped || (from->source == NULL && from->backfill == NULL))
        return command_misused("run", "%s FILE is missing", !mapped ? "--esm" : "--source");
    if (options->function != NULL && options->template == NULL)
        return command_misused("run", "--function names one in a --template FILE, which is missing");
    if (from->source != NULL && from->backfill != NULL)
        return command_misused("run", "either --source or --backfill, not both");
    if (from->backfill != NULL && from->keys == NULL)
        return command_misused("run", "--backfill needs --keys: an export does not tell the table's key attributes");
    if (options->skip_waits && run_source_is_live(from))
        return command_misused("run",
                               "--time skip is for what is recorded; a stream behind an endpoint has its own time");
    return 0;
}

/* 0 to go on, else the exit status plus one. */
static int read_options(int argc, char **argv, struct options *options)
{
    static const struct option known[] = {
        { "esm", required_argument, NULL, 'e' },
        { "source", required_argument, NULL, 's' },
        { "on-failure", required_argument, NULL, 'f' },
        { "timeout", required_argument, NULL, 't' },
        { "memory", required_argument, NULL, 'm' },
        { "template", required_argument, NULL, 'p' },
        { "function", required_argument, NULL, 'F' },
        { "checkpoint", required_argument, NULL, 'c' },
        { "fault", required_argument, NULL, 'x' },
        { "expect", required_argument, NULL, 'E' },
        { "journal", required_argument, NULL, 'J' },
        { "env", required_argument, NULL, 'v' },
        { "no-wait", no_argument, NULL, 'w' },
        { "time", required_argument, NULL, 'T' },
        { "now", required_argument, NULL, 'n' },
        { "seed", required_argument, NULL, 'S' },
        { "partition-key", required_argument, NULL, 'k' },
        { "json", required_argument, NULL, 'j' },
        { "backfill", required_argument, NULL, 'b' },
        { "keys", required_argument, NULL, 'K' },
        { "endpoint-url", required_argument, NULL, 'U' },
        { "idle", required_argument, NULL, 'i' },
        { "report", required_argument, NULL, 'r' },
        { "junit", required_argument, NULL, 'u' },
        { "quiet", no_argument, NULL, 'q' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    *options = (struct options){ .folder = "on-failure", .begin_ms = -1 };
    opterr = 0;
    optind = 1;
    for (int option; (option = getopt_long(argc, argv, ":h", known, NULL)) != -1;) {
        if (option == 'h') {
            fputs(HELP, stdout);
            fputs(HELP_MORE, stdout);
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
    options->bootstrap = argv[optind];
    int status = check_sources(options);
    return status == 0 ? 0 : status + 1;
}

/* ---- Opening and closing ----------------------------------------------------------------------------------------- */

/* The DDBS_REPORT that the function will see; NULL: none. */
static const char *report_option(const struct run *run)
{
    const char *value = getenv("DDBS_REPORT");
    for (size_t i = 0; run->env[i] != NULL; i++)
        if (strncmp(run->env[i], "DDBS_REPORT=", 12) == 0)
            value = run->env[i] + 12;
    return value;
}

/* The template's variables, those of the command line, and the journal. */
static void gather_environment(struct run *run)
{
    size_t count = 0;
    for (size_t i = 0; i < run->template.env_count; i++)
        run->env[count++] = run->template.env[i];
    for (size_t i = 0; i < run->options.env_count; i++)
        run->env[count++] = run->options.env[i];
    if (run->trial.variable[0] != '\0')
        run->env[count++] = run->trial.variable;
}

/* What the template says, where the command line does not. */
static int open_template(struct run *run, char *why, size_t why_size)
{
    struct options *options = &run->options;
    struct template *template = &run->template;
    if (options->template == NULL)
        return 0;
    if (ddbs_arena_new(&run->arena, 0) != DDBS_OK) {
        snprintf(why, why_size, "out of memory");
        return -1;
    }
    if (template_load(template, run->arena, options->template, options->function, options->esm == NULL, why,
                      why_size) != 0)
        return -1;
    if (options->timeout_ms == 0)
        options->timeout_ms = template->timeout_s * 1000;
    if (options->memory_mb == 0)
        options->memory_mb = template->memory_mb;
    if (template->env_unknown > 0)
        report_warn("%s: %zu variable%s of %s not set: the template does not say what they will be", options->template,
                    template->env_unknown, template->env_unknown == 1 ? "" : "s", template->function);
    return 0;
}

static int open_mapping(struct run *run, char *why, size_t why_size)
{
    if (run->options.esm != NULL)
        return esm_load(&run->esm, run->options.esm, why, why_size);
    return esm_read(&run->esm, run->options.template, run->template.mapping, run->template.mapping_len, why, why_size);
}

static uint64_t seed_of(const struct run *run)
{
    char digits[17];
    if (run->options.seeded)
        return run->options.seed;
    id_hex(digits, sizeof digits - 1);
    return strtoull(digits, NULL, 16) >> 1; /* as --seed takes it */
}

/* The stream, and what is put around it. 0, or an exit status. */
static int open_source(struct run *run, char *why, size_t why_size)
{
    run->options.from.keyed = trial_needs_keys(&run->trial);
    int status = run_source_open(&run->source, &run->options.from, &run->esm, why, why_size);
    if (status != 0)
        return status;
    run->seed = seed_of(run);
    return trial_open(&run->trial, &run->options.trial, &run->esm, run->source.name, &run->source.play.stream,
                      run->seed, why, why_size) != 0
               ? EXIT_CANNOT_RUN
               : 0;
}

static int open_report(struct run *run)
{
    struct report *report = &run->report;
    report->esm = &run->esm;
    report->quiet = run->options.quiet;
    report->colour = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL;
    report->no_wait = run->options.skip_waits;
    report->option = report_option(run);
    if (ddbs_arena_new(&report->arena, 0) != DDBS_OK)
        return command_failed("run", "out of memory");
    if (run->options.json != NULL && (report->json = fopen(run->options.json, "w")) == NULL)
        return command_failed("run", "%s: %s", run->options.json, strerror(errno));
    if (run->options.page != NULL && page_open(&report->page, run->options.page) != 0)
        return command_failed("run", "%s: %s", run->options.page, strerror(errno));
    if (run->options.junit != NULL && junit_open(&run->junit, run->options.junit) != 0)
        return command_failed("run", "%s: %s", run->options.junit, strerror(errno));
    return 0;
}

/* Open everything. 0, or an exit status; close_run() cleans up in both cases. */
static int open_run(struct run *run)
{
    char why[2048];
    if (trial_read(&run->trial, &run->options.trial, why, sizeof why) != 0)
        return command_misused("run", "%s", why);
    if (open_template(run, why, sizeof why) != 0 || open_mapping(run, why, sizeof why) != 0)
        return command_failed("run", "%s", why);
    int status = open_source(run, why, sizeof why);
    if (status != 0) {
        command_failed("run", "%s", why);
        return status;
    }
    gather_environment(run);
    if (command_program(run->options.bootstrap) != 0)
        return command_failed("run", "%s: %s", run->options.bootstrap, strerror(errno));
    status = open_report(run);
    bool destination = run->esm.settings.destination != MAPPING_NO_DESTINATION;
    if (status == 0 && destination && destination_open(run->options.folder, why, sizeof why) != 0)
        status = command_failed("run", "%s", why);
    return status;
}

static int close_run(struct run *run, int status)
{
    struct report *report = &run->report;
    trial_close(&run->trial);
    if (report->json != NULL && (fclose(report->json) != 0 || report->json_failed))
        status = command_failed("run", "%s: not everything could be written", run->options.json);
    if (page_close(report->page, &run->esm, &report->tally) != 0)
        status = command_failed("run", "%s: not everything could be written", run->options.page);
    junit_run(&run->junit, &report->tally, status);
    if (junit_close(&run->junit, run->esm.function_name, clock_ms(CLOCK_MONOTONIC) - run->begun_ms) != 0)
        status = command_failed("run", "%s: not everything could be written", run->options.junit);
    run_source_close(&run->source);
    esm_free(&run->esm);
    ddbs_arena_free(report->arena);
    ddbs_arena_free(run->arena);
    tally_free(&report->tally);
    return status;
}

/* ---- Playing ----------------------------------------------------------------------------------------------------- */

/* When the mapping begins: with a recorded stream the clock of today would make everything too old. */
static int64_t begin_ms(struct run *run)
{
    if (run->options.begin_ms >= 0)
        return run->options.begin_ms;
    int64_t first = run->options.real_clock ? MAPPING_NO_TIME : run_source_begins(&run->source);
    return first == MAPPING_NO_TIME ? clock_ms(CLOCK_REALTIME) : first;
}

static void note_expectation(void *user, const char *name, bool held)
{
    junit_case(user, name, held ? NULL : "not held; the output of the command has the evidence");
}

static int play_run(struct run *run)
{
    progress_begin();
    report_begin(&run->report, run->source.name);
    struct play_source source = run->source.play;
    source.owner = source.stream.user;
    source.stream = run->trial.source;
    struct play_config config = {
        .esm = &run->esm,
        .source = source,
        .report = &run->report,
        .function = { .bootstrap = run->options.bootstrap,
                      .name = run->esm.function_name,
                      .env = run->env,
                      .memory_mb = run->options.memory_mb,
                      .timeout_ms = run->options.timeout_ms == 0 ? TIMEOUT_MS : run->options.timeout_ms },
        .folder = run->options.folder,
        .begin_ms = begin_ms(run),
        .seed = run->seed,
        .faults = run->trial.faults,
        .lossy = run->trial.lossy,
        .expect = run->trial.expect,
        .checkpoint = run->trial.checkpoint,
        .skip_waits = run->options.skip_waits,
        .interrupted = &interrupted,
    };
    uint64_t invokes;
    int status = play(&config, &invokes);
    /* What was stopped in the middle has not been given the chance to keep its promises. */
    bool judged = status == EXIT_HELD || (status == EXIT_BAD_INPUT && run->report.warned_lost);
    struct expect_listener listener = { &run->junit, note_expectation };
    return judged ? trial_judge(&run->trial, invokes, status, run->arguments, run->options.seeded, &listener) : status;
}

int cmd_run(int argc, char **argv)
{
    struct run run = { .begun_ms = clock_ms(CLOCK_MONOTONIC), .arguments = argv + 1 };
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
