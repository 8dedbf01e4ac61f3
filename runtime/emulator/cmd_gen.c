/* cmd_gen.c: `ddbstream gen`, made-up events: one event, or one record a line. */
#include "command.h"
#include "gen_value.h"
#include "generator.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const char HELP[] =
    "usage: ddbstream gen [options]\n"
    "\n"
    "Make change records with everything in them that an event may legally have: all ten types, nesting, numbers of\n"
    "38 digits, escapes, U+0000. The same options give the same bytes on every machine.\n"
    "\n"
    "  --records N         how many (default 10)\n"
    "  --seed S            another seed, other records (default 1)\n"
    "  --operations LIST   insert,modify,remove,expire (the default) or some of them, drawn at random;\n"
    "                      one that is named twice comes twice as often\n"
    "  --view TYPE         KEYS_ONLY, NEW_IMAGE, OLD_IMAGE, NEW_AND_OLD_IMAGES (default)\n"
    "  --source SOURCE     dynamodb (default), kinesis or pipes\n"
    "  --attributes N      of an item, beside its keys (default 6)\n"
    "  --depth N           how deep values may nest, 1 to 32 (default 4)\n"
    "  --format FORMAT     event: one event as Lambda delivers it, within its limits (default);\n"
    "                      jsonl: one record a line, any number\n"
    "  --pretty            indent the event\n"
    "  -o, --output FILE   write there, not to standard output\n"
    "\n"
    "Exit status: 0 written, 2 the command cannot run.\n"
    "\n"
    "Example:\n"
    "  ddbstream gen --records 100 --seed 7 | ddbstream decode --typed\n";

enum { RECORDS_DEFAULT = 10, ATTRIBUTES_DEFAULT = 6, DEPTH_DEFAULT = 4, INDENT = 2 };

struct options {
    struct gen_options generator;
    long long records;
    bool jsonl, pretty, has_view;
    const char *path; /* NULL: standard output */
};

/* ---- Options ---- */

/* The place of a word in a list of words, or -1. */
static int find_word(const char *const *words, int count, const char *text, size_t len)
{
    for (int i = 0; i < count; i++) {
        if (strlen(words[i]) == len && memcmp(words[i], text, len) == 0)
            return i;
    }
    return -1;
}

static int read_operations(const char *list, struct gen_options *options)
{
    static const char *const names[] = { "insert", "modify", "remove", "expire" }; /* as enum gen_operation */
    options->operation_count = 0;
    for (const char *word = list;; word++) {
        size_t len = strcspn(word, ",");
        int operation = find_word(names, 4, word, len);
        if (operation < 0)
            return command_misused("gen", "--operations takes insert, modify, remove, expire, not \"%.*s\"", (int)len,
                                   word);
        if (options->operation_count == GEN_OPERATIONS_MAX)
            return command_misused("gen", "--operations takes at most %d names", GEN_OPERATIONS_MAX);
        options->operations[options->operation_count++] = (enum gen_operation)operation;
        word += len;
        if (*word == '\0')
            return EXIT_HELD;
    }
}

static int read_view(const char *text, struct options *options)
{
    static const char *const names[] = { "KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES" };
    int view = find_word(names, 4, text, strlen(text));
    if (view < 0)
        return command_misused("gen", "--view takes KEYS_ONLY, NEW_IMAGE, OLD_IMAGE or NEW_AND_OLD_IMAGES, not \"%s\"",
                               text);
    options->generator.view = (ddbs_view)(DDBS_VIEW_KEYS_ONLY + view);
    options->has_view = true;
    return EXIT_HELD;
}

static int read_source(const char *text, struct options *options)
{
    static const char *const names[] = { "dynamodb", "kinesis", "pipes" }; /* as enum ddbs_source */
    int source = find_word(names, 3, text, strlen(text));
    if (source < 0)
        return command_misused("gen", "--source takes dynamodb, kinesis or pipes, not \"%s\"", text);
    options->generator.source = (ddbs_source)source;
    return EXIT_HELD;
}

static int read_format(const char *text, struct options *options)
{
    static const char *const names[] = { "event", "jsonl" };
    int format = find_word(names, 2, text, strlen(text));
    if (format < 0)
        return command_misused("gen", "--format takes event or jsonl, not \"%s\"", text);
    options->jsonl = format == 1;
    return EXIT_HELD;
}

static int read_number(const char *name, const char *text, long long min, long long max, long long *out)
{
    if (command_number(text, min, max, out) == 0)
        return EXIT_HELD;
    return command_misused("gen", "%s takes a number from %lld to %lld, not \"%s\"", name, min, max, text);
}

static int read_option(int option, const char *text, struct options *options)
{
    long long number = 0;
    int status = EXIT_HELD;
    switch (option) {
    case 'n':
        return read_number("--records", text, 0, INT64_MAX, &options->records);
    case 's':
        status = read_number("--seed", text, 0, INT64_MAX, &number);
        options->generator.seed = (uint64_t)number;
        return status;
    case 'a':
        status = read_number("--attributes", text, 1, GEN_ATTRIBUTES_MAX, &number);
        options->generator.attributes = (uint32_t)number;
        return status;
    case 'd':
        status = read_number("--depth", text, 1, GEN_DEPTH_MAX, &number);
        options->generator.depth = (int)number;
        return status;
    case 'O':
        return read_operations(text, &options->generator);
    case 'v':
        return read_view(text, options);
    case 'S':
        return read_source(text, options);
    case 'f':
        return read_format(text, options);
    case 'p':
        options->pretty = true;
        return EXIT_HELD;
    default: /* 'o' */
        options->path = text;
        return EXIT_HELD;
    }
}

/* What the options say one by one may not fit together. */
static int check_options(const struct options *options)
{
    if (options->jsonl && options->pretty)
        return command_misused("gen", "--pretty is for --format event: a jsonl record has one line");
    if (options->has_view && options->generator.source == DDBS_SOURCE_KINESIS)
        return command_misused("gen", "--view is not for --source kinesis, which always carries both images");
    if (!options->jsonl && options->records > (long long)DDBS_EVENT_RECORDS_MAX)
        return command_misused("gen", "an event has at most %zu records: use --format jsonl", DDBS_EVENT_RECORDS_MAX);
    return EXIT_HELD;
}

/* 0 to go on, else the exit status plus one. */
static int read_options(int argc, char **argv, struct options *options)
{
    static const struct option known[] = {
        { "records", required_argument, NULL, 'n' },
        { "seed", required_argument, NULL, 's' },
        { "operations", required_argument, NULL, 'O' },
        { "view", required_argument, NULL, 'v' },
        { "source", required_argument, NULL, 'S' },
        { "attributes", required_argument, NULL, 'a' },
        { "depth", required_argument, NULL, 'd' },
        { "format", required_argument, NULL, 'f' },
        { "pretty", no_argument, NULL, 'p' },
        { "output", required_argument, NULL, 'o' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    *options = (struct options){
        .generator = { .seed = 1,
                       .view = DDBS_VIEW_NEW_AND_OLD_IMAGES,
                       .operations = { GEN_INSERT, GEN_MODIFY, GEN_REMOVE, GEN_EXPIRE },
                       .operation_count = 4,
                       .attributes = ATTRIBUTES_DEFAULT,
                       .depth = DEPTH_DEFAULT },
        .records = RECORDS_DEFAULT,
    };
    opterr = 0;
    optind = 1;
    for (int option; (option = getopt_long(argc, argv, ":ho:", known, NULL)) != -1;) {
        if (option == 'h') {
            fputs(HELP, stdout);
            return EXIT_HELD + 1;
        }
        if (option == '?' || option == ':')
            return 1 + command_misused("gen", "unknown or incomplete option \"%s\"", argv[optind - 1]);
        int status = read_option(option, optarg, options);
        if (status != EXIT_HELD)
            return 1 + status;
    }
    if (optind < argc)
        return 1 + command_misused("gen", "\"%s\" is no option", argv[optind]);
    int status = check_options(options);
    return status == EXIT_HELD ? 0 : 1 + status;
}

/* ---- Output ---- */

static void new_line(ddbs_buf *out, int depth)
{
    ddbs_buf__format(out, "\n%*s", depth * INDENT, "");
}

/* Where the JSON string that begins at `at` ends: behind its closing quote. */
static size_t end_of_string(const char *json, size_t len, size_t at)
{
    for (at++; at < len && json[at] != '"'; at++)
        at += json[at] == '\\';
    return at + 1;
}

/* Append compact JSON with line breaks and indentation. */
static void write_pretty(ddbs_buf *out, const char *json, size_t len)
{
    int depth = 0;
    for (size_t at = 0, end; at < len; at = end) {
        char c = json[at];
        end = c == '"' ? end_of_string(json, len, at) : at + 1;
        bool closes = c == '}' || c == ']', opens = c == '{' || c == '[';
        if (closes && json[at - 1] != '{' && json[at - 1] != '[')
            new_line(out, depth - 1);
        ddbs_buf__bytes(out, json + at, end - at);
        depth += opens - closes;
        if (c == ':')
            ddbs_buf__text(out, " ");
        if (c == ',' || (opens && json[end] != '}' && json[end] != ']'))
            new_line(out, depth);
    }
    ddbs_buf__text(out, "\n");
}

static int write_failed(const struct options *options)
{
    return command_failed("gen", "cannot write to %s: %s", options->path == NULL ? "standard output" : options->path,
                          strerror(errno));
}

static FILE *open_output(const struct options *options)
{
    return options->path == NULL ? stdout : fopen(options->path, "wb");
}

/* Standard output stays open, but everything must have reached it. */
static int close_output(FILE *file, const struct options *options)
{
    int failed = ferror(file);
    failed |= file == stdout ? fflush(file) : fclose(file);
    return failed == 0 ? EXIT_HELD : write_failed(options);
}

static int out_of_memory(void)
{
    return command_failed("gen", "out of memory");
}

static int write_file(const ddbs_buf *content, const struct options *options)
{
    FILE *file = open_output(options);
    if (file == NULL)
        return write_failed(options);
    fwrite(content->ptr, 1, content->len, file);
    return close_output(file, options);
}

static int too_large(long long index)
{
    return command_failed("gen",
                          "record %lld does not fit into an event of %zu bytes: use --format jsonl, or ask for fewer "
                          "records or attributes",
                          index, DDBS_EVENT_BYTES_MAX);
}

/* Collect the event in `event`, each record made in `arena` first. */
static int collect(struct generator *generator, const struct options *options, ddbs_arena *arena, ddbs_buf *event)
{
    bool bare = options->generator.source == DDBS_SOURCE_PIPES;
    ddbs_buf__text(event, bare ? "[" : "{\"Records\":[");
    for (long long i = 0; i < options->records; i++) {
        ddbs_buf record = { .arena = arena };
        generator_next(generator, &record);
        if (record.failed)
            return out_of_memory();
        if (event->len + record.len + sizeof ",]}\n" > DDBS_EVENT_BYTES_MAX)
            return too_large(i);
        if (i > 0)
            ddbs_buf__text(event, ",");
        ddbs_buf__bytes(event, record.ptr, record.len);
        ddbs_arena_reset(arena);
    }
    ddbs_buf__text(event, bare ? "]" : "]}");
    return EXIT_HELD;
}

static int write_event(struct generator *generator, const struct options *options, ddbs_arena *arena,
                       ddbs_arena *event_arena)
{
    ddbs_buf event = { .arena = event_arena }, pretty = { .arena = arena };
    int status = collect(generator, options, arena, &event);
    if (status != EXIT_HELD)
        return status;
    if (!options->pretty) {
        ddbs_buf__text(&event, "\n");
        return event.failed ? out_of_memory() : write_file(&event, options);
    }
    if (!event.failed)
        write_pretty(&pretty, event.ptr, event.len);
    if (event.failed || pretty.failed)
        return out_of_memory();
    if (pretty.len > DDBS_EVENT_BYTES_MAX)
        return command_failed("gen", "indented, the event has %zu bytes, and one has at most %zu: leave --pretty out",
                              pretty.len, DDBS_EVENT_BYTES_MAX);
    return write_file(&pretty, options);
}

/* One record a line, each written before the next is made. */
static int write_lines(struct generator *generator, const struct options *options, ddbs_arena *arena)
{
    bool failed = false;
    FILE *file = open_output(options);
    if (file == NULL)
        return write_failed(options);
    for (long long i = 0; i < options->records && !failed && ferror(file) == 0; i++) {
        ddbs_buf record = { .arena = arena };
        generator_next(generator, &record);
        ddbs_buf__text(&record, "\n");
        failed = record.failed;
        if (!failed)
            fwrite(record.ptr, 1, record.len, file);
        ddbs_arena_reset(arena);
    }
    int status = close_output(file, options);
    return failed ? out_of_memory() : status;
}

static int generate(const struct options *options)
{
    struct generator generator;
    ddbs_arena *arena = NULL, *event = NULL;
    int status;
    generator_init(&generator, &options->generator);
    if (ddbs_arena_new(&arena, 0) != DDBS_OK || ddbs_arena_new(&event, 0) != DDBS_OK)
        status = out_of_memory();
    else if (options->jsonl)
        status = write_lines(&generator, options, arena);
    else
        status = write_event(&generator, options, arena, event);
    ddbs_arena_free(event);
    ddbs_arena_free(arena);
    return status;
}

int cmd_gen(int argc, char **argv)
{
    struct options options;
    int stop = read_options(argc, argv, &options);
    return stop != 0 ? stop - 1 : generate(&options);
}
