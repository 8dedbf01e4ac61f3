/* main.c: ddbs_lambda_main: the command line that every bootstrap has. */
#include "runtime/lambda/failure.h"
#include "runtime/lambda/log.h"
#include "runtime/lambda/metrics.h"
#include "runtime/lambda/raw.h"
#include "runtime/lambda/runner.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_HELD = 0, EXIT_FAILED = 1, EXIT_CANNOT_RUN = 2 };

/* What the command line runs. */
struct program {
    const ddbs_consumer *consumer;
    ddbs_raw_fn *raw; /* NULL: a consumer's function */
    const ddbs_lambda_options *options;
};

static const char help[] =
    "usage: %s [--event FILE | --help | --version]\n"
    "\n"
    "An AWS Lambda function%s, written with ddbstream " DDBS_VERSION ".\n"
    "Without arguments it serves the Lambda Runtime API at AWS_LAMBDA_RUNTIME_API.\n"
    "\n"
    "  --event FILE  run one event from FILE (- is standard input): the answer goes to stdout, what became of the\n"
    "                records to stderr. Exit status 0: every record is accounted for; 1: a record failed, or the "
    "event\n"
    "                was refused, or the initialization failed; 2: the file cannot be read\n"
    "  --help        this text\n"
    "  --version     the version of ddbstream\n"
    "\n"
    "Environment:\n"
    "  DDBS_REPORT          error (default): a failed record fails the batch; items: report it in batchItemFailures\n"
    "  DDBS_ISOLATION       worker (default): the callbacks run in a process of their own; none: in this one\n"
    "  DDBS_MAX_WORKERS     1 to 64 (default): the most events at once, on Managed Instances\n"
    "  DDBS_METRICS         failures (default), all or off: metrics for CloudWatch in the log\n"
    "  DDBS_KINESIS_BINARY  twice (default) or once: how often Binary in the Kinesis feed is base64\n"
    "  DDBS_PIPES_ID        event (default) or sequence: what names a failed record to EventBridge Pipes\n"
    "\n"
    "Example: DDBS_REPORT=items %s --event event.json\n";

/* Read up to one byte more than an event may have: the parser refuses it then. */
static bool read_all(FILE *file, char **out, size_t *len)
{
    size_t size = DDBS_EVENT_BYTES_MAX + 1;
    char *text = malloc(size);
    if (text == NULL)
        return false;
    *len = fread(text, 1, size, file);
    if (ferror(file)) {
        int reason = errno;
        free(text);
        errno = reason;
        return false;
    }
    *out = text;
    return true;
}

static bool read_event(const char *path, char **out, size_t *len)
{
    FILE *file;
    bool held;
    int reason;
    if (strcmp(path, "-") == 0)
        return read_all(stdin, out, len);
    file = fopen(path, "rb");
    if (file == NULL)
        return false;
    held = read_all(file, out, len);
    reason = errno;
    fclose(file);
    errno = reason;
    return held;
}

/* One line: the state of a window is the event's own text and may have line breaks, which in JSON can only stand
 * between tokens. */
static bool print_line(ddbs_str body)
{
    for (size_t i = 0; i < body.len; i++)
        putchar(body.ptr[i] == '\n' || body.ptr[i] == '\r' ? ' ' : body.ptr[i]);
    putchar('\n');
    return fflush(stdout) == 0 && !ferror(stdout);
}

static bool print_bytes(ddbs_str body)
{
    return fwrite(body.ptr, 1, body.len, stdout) == body.len && fflush(stdout) == 0;
}

static void print_summary(const struct ddbs_result *result)
{
    const ddbs_outcome *outcome = &result->outcome;
    size_t again = result->answer.is_error ? outcome->records : outcome->records - outcome->checkpoint;
    if (result->refused)
        fprintf(stderr, "the event was refused, no callback was run\n");
    else
        fprintf(stderr, "%zu record%s: %zu done, %zu skipped, %zu ignored, %zu poison; %zu to be delivered again\n",
                outcome->records, outcome->records == 1 ? "" : "s", outcome->done, outcome->skipped, outcome->ignored,
                outcome->poison, again);
}

static int report(const struct ddbs_result *result)
{
    const ddbs_answer *answer = &result->answer;
    bool is_raw = !result->is_batch && !result->refused;
    if (!is_raw)
        print_summary(result);
    if (answer->message.ptr != NULL)
        ddbs_log__line(answer->is_error ? DDBS_LOG_ERROR : DDBS_LOG_WARN, NULL, NULL, "%s", answer->message.ptr);
    if (!(is_raw && !answer->is_error ? print_bytes(answer->body) : print_line(answer->body))) {
        ddbs_log__line(DDBS_LOG_ERROR, NULL, NULL, "cannot write the answer: %s", strerror(errno));
        return EXIT_CANNOT_RUN;
    }
    return answer->message.ptr == NULL ? EXIT_HELD : EXIT_FAILED;
}

static int report_init_failure(const ddbs_error *error)
{
    char body[DDBS_FAILURE_BODY_MAX];
    ddbs_answer answer = ddbs_failure__init(error, body);
    ddbs_log__line(DDBS_LOG_ERROR, NULL, answer.error_type, "%s", error->reason);
    return print_line(answer.body) ? EXIT_FAILED : EXIT_CANNOT_RUN;
}

static int run_event(ddbs_bytes event, const struct program *program)
{
    struct ddbs_runner runner = { .consumer = program->consumer };
    struct ddbs_result result;
    struct ddbs_env env;
    ddbs_error error;
    int status;

    setvbuf(stdout, NULL, _IOLBF, 0); /* what the handler prints stands before what is said about it, in a pipe, too */
    if (ddbs_env__read(&env, program->options, &error) != DDBS_OK)
        return report_init_failure(&error);
    env.raw = program->raw;
    if (ddbs_runner__start(&runner, program->consumer, &env, &error) == DDBS_OK) {
        ddbs_host host = { .park = env.park, .window_partial = env.window_partial };
        ddbs_runner__run(&runner, event, &host, &result);
        ddbs_metrics__flush((ddbs_str){ NULL, 0 });
        status = report(&result);
    } else {
        status = report_init_failure(&error);
    }
    ddbs_runner__stop(&runner);
    return status;
}

static int run_file(const char *path, const struct program *program)
{
    char *text;
    size_t len;
    int status;
    if (!read_event(path, &text, &len)) {
        ddbs_log__line(DDBS_LOG_ERROR, NULL, NULL, "cannot read %s: %s", path, strerror(errno));
        return EXIT_CANNOT_RUN;
    }
    status = run_event((ddbs_bytes){ (unsigned char *)text, len }, program);
    free(text);
    return status;
}

static int misused(const char *program)
{
    fprintf(stderr, "usage: %s [--event FILE | --help | --version]\n", program);
    return EXIT_CANNOT_RUN;
}

/* With arguments. */
static int run_program(int argc, char **argv, const struct program *program)
{
    if (argc == 3 && strcmp(argv[1], "--event") == 0)
        return run_file(argv[2], program);
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        printf(help, argv[0], program->raw == NULL ? " for a DynamoDB stream" : "", argv[0]);
        return fflush(stdout) == 0 ? EXIT_HELD : EXIT_CANNOT_RUN;
    }
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        printf("ddbstream %s\n", ddbs_version());
        return fflush(stdout) == 0 ? EXIT_HELD : EXIT_CANNOT_RUN;
    }
    return misused(argv[0]);
}

int ddbs_lambda_main(int argc, char **argv, const ddbs_consumer *consumer, const ddbs_lambda_options *options)
{
    assert(consumer != NULL);
    if (argc <= 1)
        ddbs_lambda_run(consumer, options);
    return run_program(argc, argv, &(struct program){ consumer, NULL, options });
}

int ddbs_lambda_main_raw(int argc, char **argv, const ddbs_raw *function, const ddbs_lambda_options *options)
{
    assert(function != NULL && function->on_event != NULL);
    if (argc <= 1)
        ddbs_lambda_run_raw(function, options);
    ddbs_consumer consumer = ddbs_raw__consumer(function);
    return run_program(argc, argv, &(struct program){ &consumer, function->on_event, options });
}
