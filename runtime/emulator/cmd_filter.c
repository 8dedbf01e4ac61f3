/* cmd_filter.c: `ddbstream filter`, FilterCriteria tried on events, and looked at for what can never match. */
#include "command.h"
#include "filter_lint.h"
#include "source.h"

#include "lib/buf.h"
#include "lib/read.h"

#include <ddbstream/filter.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GIVEN_MAX = DDBS_FILTER_COUNT_MAX, FILTERS_OF_LAMBDA = 5, FILE_BYTES_MAX = 1 << 20 };

static const char HELP[] =
    "usage: ddbstream filter [--pattern JSON | --criteria FILE | --esm FILE]... [--json] [EVENT...]\n"
    "\n"
    "Say which records of the events the filter patterns of an event source mapping let pass, and\n"
    "which patterns can never match, or always do. Without an event the patterns are only looked at.\n"
    "\n"
    "  --pattern JSON   a pattern: the text inside \"Pattern\"\n"
    "  --criteria FILE  FilterCriteria: {\"Filters\":[{\"Pattern\":\"...\"}]}\n"
    "  --esm FILE       a mapping, as create-event-source-mapping takes it: its FilterCriteria\n"
    "  --json           one JSON object per line\n"
    "  EVENT            an event as Lambda delivers it, or *.jsonl, *.jsonl.gz with a record per line;\n"
    "                   \"-\" is standard input, a record per line\n"
    "\n"
    "A record passes if one of the patterns matches. Values of records are not printed.\n"
    "Exit status: 0 the patterns are valid and can match, 1 one is not or cannot, or a record is\n"
    "malformed, 2 the command cannot run.\n"
    "\n"
    "Example:\n"
    "  ddbstream filter --pattern '{\"dynamodb\":{\"NewImage\":{\"status\":{\"S\":[\"PAID\"]}}}}' event.json\n";

/* One option that gives patterns. */
struct given {
    int option; /* 'p', 'c' or 'e' */
    const char *text;
};

struct command {
    struct given given[GIVEN_MAX];
    size_t given_count;
    bool json;
    ddbs_arena *arena; /* texts of the patterns */
    ddbs_str texts[DDBS_FILTER_COUNT_MAX];
    ddbs_filter *filters[DDBS_FILTER_COUNT_MAX];
    size_t count;
    size_t number; /* of the pattern at hand, from 1 */
    uint64_t errors, warnings, records, passed, malformed;
    int status;
};

static void raise_status(struct command *command, int status)
{
    command->status = status > command->status ? status : command->status;
}

static void out_of_memory(struct command *command)
{
    raise_status(command, command_failed("filter", "out of memory"));
}

/* ---- Options ----------------------------------------------------------------------------------------------------- */

/* 0 to go on, else the exit status plus one. */
static int read_options(int argc, char **argv, struct command *command)
{
    static const struct option known[] = {
        { "pattern", required_argument, NULL, 'p' }, { "criteria", required_argument, NULL, 'c' },
        { "esm", required_argument, NULL, 'e' },     { "json", no_argument, NULL, 'j' },
        { "help", no_argument, NULL, 'h' },          { NULL, 0, NULL, 0 },
    };
    opterr = 0;
    optind = 1;
    for (int option; (option = getopt_long(argc, argv, ":h", known, NULL)) != -1;) {
        if (option == 'h') {
            fputs(HELP, stdout);
            return EXIT_HELD + 1;
        }
        if (option == 'j') {
            command->json = true;
        } else if (option != 'p' && option != 'c' && option != 'e') {
            return 1 + command_misused("filter", "unknown or incomplete option \"%s\"", argv[optind - 1]);
        } else if (command->given_count == GIVEN_MAX) {
            return 1 + command_misused("filter", "more than %d options with patterns", GIVEN_MAX);
        } else {
            command->given[command->given_count++] = (struct given){ option, optarg };
        }
    }
    if (command->given_count == 0)
        return 1 + command_misused("filter", "expected --pattern, --criteria or --esm");
    return 0;
}

/* ---- Findings ---------------------------------------------------------------------------------------------------- */

static void print_line(struct command *command, ddbs_buf *line)
{
    ddbs_buf__text(line, "\n");
    if (line->failed)
        out_of_memory(command);
    else
        fwrite(line->ptr, 1, line->len, stdout);
    ddbs_buf_free(line);
}

static void print_finding(void *user, enum lint_severity severity, const char *path, const char *sentence)
{
    struct command *command = user;
    ddbs_buf line = { 0 };
    const char *word = severity == LINT_ERROR ? "error" : "warning";
    command->errors += severity == LINT_ERROR;
    command->warnings += severity == LINT_WARNING;
    if (severity == LINT_ERROR)
        raise_status(command, EXIT_BAD_INPUT);
    if (!command->json) {
        ddbs_buf__format(&line, "pattern %zu: %s: %s%s%s", command->number, word, path, path[0] != '\0' ? ": " : "",
                         sentence);
    } else {
        ddbs_buf__format(&line, "{\"pattern\":%zu,\"severity\":\"%s\",\"path\":", command->number, word);
        ddbs_buf__json(&line, path, strlen(path));
        ddbs_buf__text(&line, ",\"finding\":");
        ddbs_buf__json(&line, sentence, strlen(sentence));
        ddbs_buf__text(&line, "}");
    }
    print_line(command, &line);
}

static void print_works(struct command *command, const ddbs_buf *works)
{
    ddbs_buf line = { 0 };
    ddbs_buf__format(&line,
                     command->json ? "{\"pattern\":%zu,\"works\":" : "pattern %zu: this would work: ", command->number);
    ddbs_buf__bytes(&line, works->ptr, works->len);
    ddbs_buf__text(&line, command->json ? "}" : "");
    print_line(command, &line);
}

static void lint_pattern(struct command *command, size_t index)
{
    const ddbs_item *pattern;
    ddbs_buf works = { .arena = command->arena };
    ddbs_str text = command->texts[index];
    command->number = index + 1;
    if (ddbs_read__item(text.ptr, text.len, DDBS_JSON_PLAIN, true, command->arena, &pattern, NULL) != DDBS_OK ||
        !filter_lint(pattern, &works, print_finding, command))
        out_of_memory(command);
    else if (works.len > 0)
        print_works(command, &works);
}

/* ---- Patterns ---------------------------------------------------------------------------------------------------- */

static void refuse(struct command *command, const char *where, const ddbs_error *error)
{
    if (error->status == DDBS_E_MEMORY) {
        out_of_memory(command);
        return;
    }
    fflush(stdout);
    fprintf(stderr, "ddbstream filter: %s: %s%s%s", where, error->path, error->path[0] != '\0' ? ": " : "",
            error->reason);
    if (error->offset != DDBS_NOWHERE)
        fprintf(stderr, " (at byte %zu)", error->offset);
    fputs("\n", stderr);
    raise_status(command, EXIT_BAD_INPUT);
}

/* Take a pattern; `where` for an error that it has. */
static void add_pattern(struct command *command, const char *where, ddbs_str text)
{
    ddbs_error error;
    if (command->count == DDBS_FILTER_COUNT_MAX) {
        fprintf(stderr, "ddbstream filter: %s: more than %d patterns\n", where, DDBS_FILTER_COUNT_MAX);
        raise_status(command, EXIT_BAD_INPUT);
    } else if (ddbs_filter_new_patterns(&command->filters[command->count], &text, 1, &error) != DDBS_OK) {
        /* Of the one pattern that was given, "patterns[0]" says nothing. */
        const char *path = strchr(error.path, '.');
        char inner[sizeof error.path];
        snprintf(inner, sizeof inner, "%s", path == NULL ? "" : path + 1);
        memcpy(error.path, inner, sizeof inner);
        refuse(command, where, &error);
    } else {
        command->texts[command->count++] = text;
    }
}

/* The patterns of FilterCriteria that are valid as a whole. */
static void add_filters(struct command *command, const char *where, const ddbs_item *criteria)
{
    const ddbs_item *filter;
    ddbs_str text;
    ddbs_iter it = ddbs_iter_list(ddbs_item_find(criteria, ddbs_str_c("Filters")));
    for (const ddbs_value *value; (value = ddbs_iter_next(&it)) != NULL;) {
        if (ddbs_value_item(value, &filter) == DDBS_OK && ddbs_get_str(filter, "Pattern", &text) == DDBS_OK)
            add_pattern(command, where, text);
    }
}

static void add_criteria(struct command *command, const char *where, ddbs_str json)
{
    const ddbs_item *criteria;
    ddbs_filter *filter = NULL;
    ddbs_error error;
    if (ddbs_filter_new(&filter, json, &error) != DDBS_OK ||
        ddbs_item_read(json.ptr, json.len, DDBS_JSON_PLAIN, command->arena, &criteria, &error) != DDBS_OK)
        refuse(command, where, &error);
    else
        add_filters(command, where, criteria);
    ddbs_filter_free(filter);
}

static void add_mapping(struct command *command, const char *path, ddbs_str json)
{
    const ddbs_item *mapping;
    ddbs_error error;
    ddbs_buf criteria = { .arena = command->arena };
    int64_t window = 0;
    if (ddbs_item_read(json.ptr, json.len, DDBS_JSON_PLAIN, command->arena, &mapping, &error) != DDBS_OK) {
        refuse(command, path, &error);
        return;
    }
    const ddbs_value *value = ddbs_item_find(mapping, ddbs_str_c("FilterCriteria"));
    if (value == NULL)
        fprintf(stderr, "%s: no FilterCriteria: every record passes\n", path);
    else if (ddbs_value_write(value, DDBS_JSON_PLAIN, &criteria) != DDBS_OK)
        out_of_memory(command);
    else
        add_criteria(command, path, (ddbs_str){ criteria.ptr, criteria.len });
    if (command->count > 0 && ddbs_get_i64(mapping, "TumblingWindowInSeconds", &window) == DDBS_OK && window > 0) {
        fprintf(stderr, "ddbstream filter: %s: filters together with TumblingWindowInSeconds: AWS refuses that\n",
                path);
        raise_status(command, EXIT_BAD_INPUT);
    }
}

static void add_file(struct command *command, const struct given *given)
{
    char *json, why[512];
    size_t len;
    if (command_read(given->text, FILE_BYTES_MAX + 1, &json, &len, why, sizeof why) != 0) {
        raise_status(command, command_failed("filter", "%s", why));
        return;
    }
    if (len > FILE_BYTES_MAX) {
        fprintf(stderr, "ddbstream filter: %s: larger than %d bytes\n", given->text, FILE_BYTES_MAX);
        raise_status(command, EXIT_BAD_INPUT);
    } else if (given->option == 'c') {
        add_criteria(command, given->text, (ddbs_str){ json, len });
    } else {
        add_mapping(command, given->text, (ddbs_str){ json, len });
    }
    free(json);
}

static void add_given(struct command *command)
{
    for (size_t i = 0; i < command->given_count; i++) {
        if (command->given[i].option == 'p')
            add_pattern(command, "--pattern", ddbs_str_c(command->given[i].text));
        else
            add_file(command, &command->given[i]);
    }
}

static void lint_all(struct command *command)
{
    for (size_t i = 0; i < command->count; i++)
        lint_pattern(command, i);
    command->number = command->count;
    if (command->count > FILTERS_OF_LAMBDA)
        print_finding(command, LINT_WARNING, "",
                      "more than 5 filters: Lambda takes 5, and 10 where it was asked for them");
}

/* ---- Records ----------------------------------------------------------------------------------------------------- */

/* The number of the first pattern that matches, 0: none. `*status` tells of a record that is malformed. */
static size_t match(const struct command *command, ddbs_str record, ddbs_status *status)
{
    bool passes = false;
    for (size_t i = 0; i < command->count; i++) {
        *status = ddbs_filter_match_json(command->filters[i], record, &passes);
        if (*status != DDBS_OK)
            return 0;
        if (passes)
            return i + 1;
    }
    return 0;
}

static void print_record(struct command *command, const struct mapping_record *record, const char *word, size_t pattern)
{
    ddbs_buf line = { 0 };
    ddbs_buf__format(&line,
                     command->json ? "{\"record\":%" PRIu64 ",\"sequenceNumber\":\"%.*s\",\"verdict\":\"%s\""
                                   : "record %" PRIu64 "  seq %.*s  %s",
                     command->records, (int)record->sequence.len, record->sequence.ptr, word);
    if (pattern > 0)
        ddbs_buf__format(&line, command->json ? ",\"pattern\":%zu" : "  pattern %zu", pattern);
    ddbs_buf__text(&line, command->json ? "}" : "");
    print_line(command, &line);
}

static void try_record(struct command *command, const struct mapping_record *record)
{
    ddbs_status status = DDBS_OK;
    size_t pattern = match(command, record->json, &status);
    bool passes = pattern > 0 || command->count == 0;
    command->records++;
    if (status != DDBS_OK) {
        command->malformed++;
        raise_status(command, EXIT_BAD_INPUT);
        print_record(command, record, "malformed", 0);
        return;
    }
    command->passed += passes;
    print_record(command, record, passes ? "pass" : "drop", pattern);
}

static void try_event(struct command *command, const char *path)
{
    struct source *source;
    struct mapping_record record;
    char why[512];
    enum mapping_read got;
    if (source_open(&source, path, why, sizeof why) != 0) {
        raise_status(command, command_failed("filter", "%s", why));
        return;
    }
    while ((got = source_read(source, 0, &record)) == MAPPING_READ_RECORD)
        try_record(command, &record);
    if (got == MAPPING_READ_FAILED) {
        command_failed("filter", "%s", source_why(source));
        raise_status(command, source_status(source));
    }
    source_close(source);
}

/* ---- The whole --------------------------------------------------------------------------------------------------- */

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

static void summarize(const struct command *command, bool events)
{
    uint64_t dropped = command->records - command->passed - command->malformed;
    if (command->json) {
        printf("{\"patterns\":%zu,\"errors\":%" PRIu64 ",\"warnings\":%" PRIu64 ",\"records\":%" PRIu64
               ",\"pass\":%" PRIu64 ",\"drop\":%" PRIu64 ",\"malformed\":%" PRIu64 "}\n",
               command->count, command->errors, command->warnings, command->records, command->passed, dropped,
               command->malformed);
        return;
    }
    printf("%zu pattern%s: %" PRIu64 " error%s, %" PRIu64 " warning%s\n", command->count, plural(command->count),
           command->errors, plural(command->errors), command->warnings, plural(command->warnings));
    if (!events)
        return;
    printf("%" PRIu64 " record%s: %" PRIu64 " pass, %" PRIu64 " dropped", command->records, plural(command->records),
           command->passed, dropped);
    if (command->malformed > 0)
        printf(", %" PRIu64 " malformed (`ddbstream decode` says where)", command->malformed);
    fputs("\n", stdout);
}

static int run(struct command *command, char **events)
{
    add_given(command);
    if (command->status == EXIT_HELD) {
        lint_all(command);
        for (char **event = events; *event != NULL; event++)
            try_event(command, *event);
        summarize(command, *events != NULL);
    }
    for (size_t i = 0; i < command->count; i++)
        ddbs_filter_free(command->filters[i]);
    return command->status;
}

int cmd_filter(int argc, char **argv)
{
    struct command command = { .json = false };
    int stop = read_options(argc, argv, &command);
    if (stop != 0)
        return stop - 1;
    if (ddbs_arena_new(&command.arena, 0) != DDBS_OK)
        return command_failed("filter", "out of memory");
    int status = run(&command, argv + optind);
    ddbs_arena_free(command.arena);
    return status;
}
