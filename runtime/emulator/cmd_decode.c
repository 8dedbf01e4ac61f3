/* cmd_decode.c: `ddbstream decode`, an event as one JSON line per record. */
#include "command.h"
#include "source.h"

#include "lib/write.h"

#include <ddbstream/event.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char HELP[] = "usage: ddbstream decode [--typed] [FILE|-]\n"
                           "\n"
                           "Decode an event as Lambda delivers it (DynamoDB stream, time window, Kinesis feed,\n"
                           "Pipes array; gzip is unpacked) and print one JSON object per record and line.\n"
                           "\n"
                           "  --typed   images as DynamoDB JSON, number text untouched; default: plain JSON,\n"
                           "            N as number, B as base64, sets as arrays\n"
                           "  --kinesis-binary once|twice\n"
                           "            how often Binary is base64-encoded in the Kinesis feed (default twice)\n"
                           "  FILE      the event; \"-\" or nothing is standard input\n"
                           "\n"
                           "A record that does not decode is printed as its error, in its place.\n"
                           "Exit status: 0 all records decode, 1 one does not or the input is no event,\n"
                           "2 the command cannot run.\n"
                           "\n"
                           "Example:\n"
                           "  ddbstream decode event.json | jq .newImage\n";

struct options {
    ddbs_json_form form;
    ddbs_event_options event;
    const char *path;
};

/* 0 to go on, else the exit status plus one. */
static int read_options(int argc, char **argv, struct options *options)
{
    static const struct option known[] = {
        { "typed", no_argument, NULL, 't' },
        { "kinesis-binary", required_argument, NULL, 'k' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    *options = (struct options){ .path = "-" };
    opterr = 0;
    optind = 1;
    for (int option; (option = getopt_long(argc, argv, ":h", known, NULL)) != -1;) {
        if (option == 't') {
            options->form = DDBS_JSON_TYPED;
        } else if (option == 'k' && (strcmp(optarg, "once") == 0 || strcmp(optarg, "twice") == 0)) {
            options->event.kinesis_binary_once = strcmp(optarg, "once") == 0;
        } else if (option == 'h') {
            fputs(HELP, stdout);
            return EXIT_HELD + 1;
        } else if (option == 'k') {
            return 1 + command_misused("decode", "--kinesis-binary takes \"once\" or \"twice\", not \"%s\"", optarg);
        } else {
            return 1 + command_misused("decode", "unknown or incomplete option \"%s\"", argv[optind - 1]);
        }
    }
    if (argc - optind > 1)
        return 1 + command_misused("decode", "one FILE at a time, \"%s\" is one too many", argv[optind + 1]);
    if (optind < argc)
        options->path = argv[optind];
    return 0;
}

static void write_text(ddbs_buf *out, const char *name, ddbs_str text)
{
    if (text.ptr == NULL)
        return;
    ddbs_buf__format(out, ",\"%s\":", name);
    ddbs_buf__json(out, text.ptr, text.len);
}

static void write_number(ddbs_buf *out, const char *name, int64_t number)
{
    ddbs_buf__format(out, ",\"%s\":%" PRId64, name, number);
}

static void write_item(ddbs_buf *out, const char *name, const ddbs_item *item, ddbs_json_form form)
{
    if (item == NULL)
        return;
    ddbs_buf__format(out, ",\"%s\":", name);
    ddbs_write__item(out, item, form);
}

static void write_record(ddbs_buf *out, const ddbs_record *record, ddbs_json_form form)
{
    ddbs_buf__format(out, "{\"index\":%zu,\"source\":\"%s\"", record->index, ddbs_source_name(record->source));
    write_text(out, "eventName", record->event_name);
    write_text(out, "eventID", record->event_id);
    write_text(out, "sequenceNumber", record->sequence_number);
    write_text(out, "table", record->table);
    write_text(out, "eventSourceARN", record->stream_arn);
    write_text(out, "region", record->region);
    if (record->created_ns != DDBS_NO_TIME)
        write_number(out, "createdAtNs", record->created_ns);
    write_text(out, "viewType", record->view_name);
    if (record->size_bytes != DDBS_NO_SIZE)
        write_number(out, "sizeBytes", record->size_bytes);
    ddbs_buf__format(out, ",\"expired\":%s", record->expired ? "true" : "false");
    write_item(out, "keys", record->keys, form);
    write_item(out, "newImage", record->new_image, form);
    write_item(out, "oldImage", record->old_image, form);
    ddbs_buf__text(out, "}\n");
}

static void write_error(ddbs_buf *out, const ddbs_event *event, size_t index, const ddbs_error *error)
{
    ddbs_str sequence = ddbs_event_sequence(event, index);
    ddbs_buf__format(out, "{\"index\":%zu,\"sequenceNumber\":", index);
    ddbs_buf__json(out, sequence.ptr, sequence.len);
    ddbs_buf__format(out, ",\"error\":{\"offset\":%zu,\"path\":", error->offset);
    ddbs_buf__json(out, error->path, strlen(error->path));
    ddbs_buf__text(out, ",\"reason\":");
    ddbs_buf__json(out, error->reason, strlen(error->reason));
    ddbs_buf__text(out, "}}\n");
}

/* One line to stdout. */
static int print_record(const ddbs_event *event, size_t index, ddbs_arena *arena, const struct options *options)
{
    const ddbs_record *record;
    ddbs_error error;
    ddbs_buf line = { .arena = arena };
    ddbs_status status = ddbs_event_record(event, index, arena, &record, &error);
    if (status == DDBS_OK)
        write_record(&line, record, options->form);
    else
        write_error(&line, event, index, &error);
    if (line.failed || status == DDBS_E_MEMORY)
        return command_failed("decode", "out of memory at record %zu", index);
    if (fwrite(line.ptr, 1, line.len, stdout) != line.len)
        return command_failed("decode", "cannot write to standard output");
    return status == DDBS_OK ? EXIT_HELD : EXIT_BAD_INPUT;
}

static int refuse(const struct options *options, const ddbs_error *error)
{
    fprintf(stderr, "%s: offset %zu: %s%s%s (%s)\n", strcmp(options->path, "-") == 0 ? "standard input" : options->path,
            error->offset, error->path, error->path[0] == '\0' ? "" : ": ", error->reason,
            ddbs_status_text(error->status));
    if (source_has_lines(options->path))
        fputs("decode takes one event, as Lambda delivers it; `ddbstream run --source` takes *.jsonl\n", stderr);
    return EXIT_BAD_INPUT;
}

static int print_event(const ddbs_event *event, ddbs_arena *records, const struct options *options)
{
    int result = EXIT_HELD;
    for (size_t i = 0; i < ddbs_event_count(event) && result != EXIT_CANNOT_RUN; i++) {
        int status = print_record(event, i, records, options);
        result = status > result ? status : result;
        ddbs_arena_reset(records);
    }
    if (result != EXIT_CANNOT_RUN && fflush(stdout) != 0)
        return command_failed("decode", "cannot write to standard output");
    return result;
}

static int decode(const char *json, size_t len, const struct options *options)
{
    ddbs_arena *envelope = NULL, *records = NULL;
    const ddbs_event *event;
    ddbs_error error;
    int result = EXIT_CANNOT_RUN;
    if (ddbs_arena_new(&envelope, 0) != DDBS_OK || ddbs_arena_new(&records, 0) != DDBS_OK)
        command_failed("decode", "out of memory");
    else if (ddbs_event_parse(envelope, json, len, &options->event, &event, &error) != DDBS_OK)
        result = refuse(options, &error);
    else
        result = print_event(event, records, options);
    ddbs_arena_free(records);
    ddbs_arena_free(envelope);
    return result;
}

int cmd_decode(int argc, char **argv)
{
    struct options options;
    char *json;
    size_t len;
    char why[512];
    int stop = read_options(argc, argv, &options);
    if (stop != 0)
        return stop - 1;
    /* One byte more than an event may have, so that the decoder can say that it is too large. */
    if (command_read(options.path, DDBS_EVENT_BYTES_MAX + 1, &json, &len, why, sizeof why) != 0)
        return command_failed("decode", "%s", why);
    int result = decode(json, len, &options);
    free(json);
    return result;
}
