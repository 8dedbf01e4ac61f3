/* cmd_redrive.c: `ddbstream redrive`, what a mapping gave up played through the function once more. */
#include "command.h"
#include "esm.h"
#include "function.h"
#include "id.h"
#include "refetch.h"
#include "report.h"

#include <ddbstream/event.h>
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char HELP[] =
    "usage: ddbstream redrive [options] FILE|DIR... BOOTSTRAP\n"
    "\n"
    "Play what a mapping gave up through the function, once: each on-failure record is one\n"
    "batch. Nothing is tried again, and no file is changed.\n"
    "\n"
    "  FILE               an on-failure record: the body of an SQS message, the notification of\n"
    "                     an SNS topic, an S3 object, what `aws sqs receive-message` prints\n"
    "  DIR                a folder of them: every *.json in it, by name\n"
    "  BOOTSTRAP          the function's executable\n"
    "  --dry-run          say what would be sent, and start nothing\n"
    "  --endpoint-url URL where the records of SQS and SNS forms are read again: they name them\n"
    "                     only (default AWS_ENDPOINT_URL_DYNAMODB_STREAMS, AWS_ENDPOINT_URL, or\n"
    "                     AWS itself; signed with AWS_ACCESS_KEY_ID and so on)\n"
    "  --esm FILE         the mapping: its FilterCriteria leave out of the records that are read\n"
    "                     again what the mapping had left out\n"
    "  --timeout SECONDS  of an invocation, 1 to 900 (default 30)\n"
    "  --env NAME=VALUE   a variable of the function; may be given several times\n"
    "\n"
    "Exit status: 0 every record is done now (--dry-run: can be sent), 1 some are not, or a\n"
    "file is no on-failure record, 2 the command cannot run.\n"
    "\n"
    "Example:\n"
    "  ddbstream redrive --env DDBS_REPORT=items build/orders-on-failure \\\n"
    "      build/examples/orders/bootstrap\n";

enum { ENV_MAX = 100 };

struct redrive {
    const char *endpoint, *esm_path, *bootstrap;
    const char *env[ENV_MAX + 1];
    size_t env_count;
    int timeout_ms;
    bool dry_run;
    struct esm esm; /* of --esm; zeroed: none */
    char **files;   /* owned */
    size_t file_count;
    struct onfailure_list list;
    struct function *function;
    ddbs_arena *arena; /* of the event at hand */
    uint64_t batches, records, done;
    bool broken; /* the command cannot go on */
};

/* ---- The command line -------------------------------------------------------------------------------------------- */

static int read_option(struct redrive *redrive, int option, char **argv)
{
    long long seconds;
    switch (option) {
    case 'd':
        redrive->dry_run = true;
        return 0;
    case 'u':
        redrive->endpoint = optarg;
        return 0;
    case 'm':
        redrive->esm_path = optarg;
        return 0;
    case 't':
        if (command_number(optarg, 1, 900, &seconds) != 0)
            return command_misused("redrive", "--timeout takes whole seconds from 1 to 900, not \"%s\"", optarg);
        redrive->timeout_ms = (int)seconds * 1000;
        return 0;
    case 'v':
        if (strchr(optarg, '=') == NULL || optarg[0] == '=' || redrive->env_count == ENV_MAX)
            return command_misused("redrive", "--env takes NAME=VALUE, up to %d times, not \"%s\"", ENV_MAX, optarg);
        redrive->env[redrive->env_count++] = optarg;
        return 0;
    default:
        return command_misused("redrive", "unknown or incomplete option \"%s\"", argv[optind - 1]);
    }
}

/* 0 to go on, else the exit status plus one. The files and the bootstrap are at argv[optind]. */
static int read_options(int argc, char **argv, struct redrive *redrive)
{
    static const struct option known[] = {
        { "dry-run", no_argument, NULL, 'd' },
        { "endpoint-url", required_argument, NULL, 'u' },
        { "esm", required_argument, NULL, 'm' },
        { "timeout", required_argument, NULL, 't' },
        { "env", required_argument, NULL, 'v' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    opterr = 0;
    optind = 1;
    for (int option; (option = getopt_long(argc, argv, ":h", known, NULL)) != -1;) {
        if (option == 'h') {
            fputs(HELP, stdout);
            return EXIT_HELD + 1;
        }
        int status = read_option(redrive, option, argv);
        if (status != 0)
            return status + 1;
    }
    if (argc - optind < 2)
        return 1 + command_misused("redrive", "expected FILE... BOOTSTRAP: on-failure records, then the function's "
                                              "executable");
    redrive->bootstrap = argv[argc - 1];
    return 0;
}

/* ---- The records ------------------------------------------------------------------------------------------------- */

static int add_file(struct redrive *redrive, const char *folder, const char *name)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    char **grown = realloc(redrive->files, (redrive->file_count + 1) * sizeof *grown);
    char *path = malloc(size);
    if (grown != NULL)
        redrive->files = grown;
    if (grown == NULL || path == NULL) {
        free(path);
        return command_failed("redrive", "out of memory");
    }
    snprintf(path, size, "%s%s%s", folder, folder[0] != '\0' ? "/" : "", name);
    redrive->files[redrive->file_count++] = path;
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add_folder(struct redrive *redrive, const char *folder)
{
    size_t first = redrive->file_count;
    DIR *dir = opendir(folder);
    int status = 0;
    if (dir == NULL)
        return command_failed("redrive", "%s: %s", folder, strerror(errno));
    for (struct dirent *entry; status == 0 && (entry = readdir(dir)) != NULL;) {
        size_t len = strlen(entry->d_name);
        if (len > 5 && entry->d_name[0] != '.' && strcmp(entry->d_name + len - 5, ".json") == 0)
            status = add_file(redrive, folder, entry->d_name);
    }
    closedir(dir);
    if (status == 0 && redrive->file_count > first)
        qsort(redrive->files + first, redrive->file_count - first, sizeof *redrive->files, by_name);
    else if (status == 0)
        report_warn("%s has no *.json", folder);
    return status;
}

/* All files are read before anything is sent: what is no on-failure record is found before half of them are done. */
static int read_records(struct redrive *redrive, char **paths, int count)
{
    struct stat status;
    char why[1024];
    int failed = 0;
    for (int i = 0; failed == 0 && i < count; i++)
        failed = stat(paths[i], &status) == 0 && S_ISDIR(status.st_mode) ? add_folder(redrive, paths[i])
                                                                         : add_file(redrive, "", paths[i]);
    for (size_t i = 0; failed == 0 && i < redrive->file_count; i++)
        if (onfailure_read(&redrive->list, redrive->files[i], why, sizeof why) != 0) {
            command_failed("redrive", "%s", why);
            failed = stat(redrive->files[i], &status) == 0 ? EXIT_BAD_INPUT : EXIT_CANNOT_RUN;
        }
    return failed;
}

/* ---- One batch --------------------------------------------------------------------------------------------------- */

static void say_record(const struct redrive *redrive, const struct onfailure *record, size_t count)
{
    printf("%s", record->path);
    if (record->number > 0)
        printf(", message %zu", record->number);
    printf(": %zu record%s", count, count == 1 ? "" : "s");
    if (record->first[0] != '\0')
        printf(" %s..%s of %s", record->first, record->last, record->shard);
    else
        printf(", the final call of a window of %s", record->shard);
    if (record->condition[0] != '\0')
        printf(", %s", record->condition);
    printf(", %s%s\n", record->payload != NULL ? "with its payload" : "read from the stream again",
           redrive->dry_run ? ": would be sent" : "");
}

static bool not_sent(const struct onfailure *record, const char *why)
{
    fflush(stdout);
    fprintf(stderr, "ddbstream redrive: %s", record->path);
    if (record->number > 0)
        fprintf(stderr, ", message %zu", record->number);
    fprintf(stderr, ": %s\n", why);
    return false;
}

/* The event of an on-failure record, and how many records are in it. */
static bool find_event(struct redrive *redrive, const struct onfailure *record, ddbs_buf *text,
                       const ddbs_event **event)
{
    char why[1024];
    size_t count = 0;
    ddbs_error error;
    ddbs_arena_reset(redrive->arena);
    if (record->payload == NULL && record->first[0] == '\0')
        return not_sent(record, "the final call of a window is in the form of S3 only: this form has not its state");
    if (record->payload == NULL &&
        refetch(record, redrive->endpoint, redrive->esm.filter, text, &count, why, sizeof why) != 0)
        return not_sent(record, why);
    if (record->payload != NULL && ddbs_buf_append(text, record->payload, strlen(record->payload)) != DDBS_OK)
        return not_sent(record, "out of memory");
    if (ddbs_event_parse(redrive->arena, text->ptr, text->len, NULL, event, &error) != DDBS_OK) {
        snprintf(why, sizeof why, "%s: not an event: %.200s: %.400s (at byte %zu)",
                 record->payload != NULL ? "payload" : "the stream", error.path, error.reason, error.offset);
        return not_sent(record, why);
    }
    if (record->count > 0 && ddbs_event_count(*event) != record->count)
        report_warn("%s: the batch had %" PRIu64 " records, the stream has %zu from its first to its last one%s",
                    record->path, record->count, ddbs_event_count(*event),
                    redrive->esm.filter == NULL ? "; --esm FILE leaves out what FilterCriteria had left out" : "");
    return true;
}

/* How many records of the event are done. */
static size_t judge(const struct function_answer *answer, const ddbs_event *event, char *what, size_t size)
{
    size_t count = ddbs_event_count(event);
    ddbs_str *names = calloc(count + 1, sizeof *names);
    if (answer->end != FUNCTION_RESPONSE || names == NULL) {
        report_failure(answer, what, size);
        free(names);
        return 0;
    }
    for (size_t i = 0; i < count; i++)
        names[i] = ddbs_event_identifier(event, i);
    struct verdict verdict = verdict_of(answer->body == NULL ? "" : answer->body, answer->body_len,
                                        (struct verdict_names){ names, sizeof *names, count });
    size_t done = verdict.kind == VERDICT_DONE ? count : verdict.kind == VERDICT_PARTIAL ? verdict.resume : 0;
    if (verdict.kind == VERDICT_PARTIAL)
        snprintf(what, size, "sequence number %.*s is not done", (int)names[done].len, names[done].ptr);
    else
        snprintf(what, size, "%s", verdict.kind == VERDICT_FAILED ? verdict.why : "");
    free(names);
    return done;
}

/* Give the event to the function. Whether all of it is done. */
static bool send_event(struct redrive *redrive, const ddbs_buf *text, const ddbs_event *event)
{
    char what[DDBS_ERROR_REASON_MAX + 256] = "", id[ID_UUID_SIZE];
    struct function_answer answer;
    size_t count = ddbs_event_count(event);
    id_uuid(id);
    fflush(stdout);
    function_invoke(redrive->function, text->ptr, text->len, id, &answer);
    redrive->broken = answer.end == FUNCTION_BROKEN || answer.end == FUNCTION_INIT_FAILED;
    size_t done = judge(&answer, event, what, sizeof what);
    bool whole = answer.end == FUNCTION_RESPONSE && done == count && what[0] == '\0';
    redrive->done += done;
    if (whole)
        printf("    -> all %zu done\n", count);
    else
        printf("    -> %zu of %zu done: %s\n", done, count, what);
    function_answer_free(&answer);
    return whole;
}

static bool play_one(struct redrive *redrive, const struct onfailure *record)
{
    const ddbs_event *event;
    ddbs_buf text = { .ptr = NULL };
    bool held = find_event(redrive, record, &text, &event);
    if (held) {
        say_record(redrive, record, ddbs_event_count(event));
        redrive->batches++;
        redrive->records += ddbs_event_count(event);
    }
    if (held && !redrive->dry_run)
        held = send_event(redrive, &text, event);
    ddbs_buf_free(&text);
    return held;
}

/* ---- The whole --------------------------------------------------------------------------------------------------- */

static void print_line(void *user, const char *line, size_t len)
{
    (void)user;
    fputs("    | ", stdout);
    report_put_text(stdout, line, len);
    putchar('\n');
}

static int prepare(struct redrive *redrive)
{
    char why[2048];
    struct function_config config = {
        .bootstrap = redrive->bootstrap, .env = redrive->env, .timeout_ms = redrive->timeout_ms, .output = print_line
    };
    if (redrive->esm_path != NULL && esm_load(&redrive->esm, redrive->esm_path, why, sizeof why) != 0)
        return command_failed("redrive", "%s", why);
    if (command_program(redrive->bootstrap) != 0)
        return command_failed("redrive", "%s: %s", redrive->bootstrap, strerror(errno));
    if (ddbs_arena_new(&redrive->arena, 0) != DDBS_OK)
        return command_failed("redrive", "out of memory");
    if (!redrive->dry_run && function_open(&redrive->function, &config) != 0)
        return command_failed("redrive", "the Runtime API cannot listen: %s", strerror(errno));
    return 0;
}

static int play_all(struct redrive *redrive)
{
    size_t failed = 0;
    for (size_t i = 0; i < redrive->list.count && !redrive->broken; i++)
        failed += !play_one(redrive, &redrive->list.entries[i]);
    if (redrive->dry_run)
        printf("%" PRIu64 " record%s in %" PRIu64 " batch%s would be sent to %s\n", redrive->records,
               redrive->records == 1 ? "" : "s", redrive->batches, redrive->batches == 1 ? "" : "es",
               redrive->bootstrap);
    else
        printf("%" PRIu64 " of %" PRIu64 " record%s done, %zu of %zu on-failure record%s\n", redrive->done,
               redrive->records, redrive->records == 1 ? "" : "s", redrive->list.count - failed, redrive->list.count,
               redrive->list.count == 1 ? "" : "s");
    return failed > 0 ? EXIT_BAD_INPUT : EXIT_HELD;
}

static void close_redrive(struct redrive *redrive)
{
    if (redrive->function != NULL)
        function_close(redrive->function);
    onfailure_free(&redrive->list);
    for (size_t i = 0; i < redrive->file_count; i++)
        free(redrive->files[i]);
    free(redrive->files);
    esm_free(&redrive->esm);
    ddbs_arena_free(redrive->arena);
}

int cmd_redrive(int argc, char **argv)
{
    struct redrive redrive = { .timeout_ms = 30000 };
    int status = read_options(argc, argv, &redrive);
    if (status != 0)
        return status - 1;
    status = read_records(&redrive, argv + optind, argc - optind - 1);
    if (status == 0)
        status = prepare(&redrive);
    if (status == 0)
        status = play_all(&redrive);
    close_redrive(&redrive);
    return status;
}
