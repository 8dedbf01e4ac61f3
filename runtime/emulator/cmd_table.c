/* cmd_table.c: `ddbstream table`, the tables of runtime/table over HTTP, for the AWS CLI and SDKs. */
#include "command.h"

#include "clock.h"
#include "http.h"
#include "id.h"
#include "lib/buf.h"
#include "runtime/table/table.h"
#include "table_data.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char HELP[] = "usage: ddbstream table [--port N] [--table NAME --key KEY[:TYPE][,SORT[:TYPE]]]...\n"
                           "                       [--view VIEW] [--ttl-attribute NAME] [--data FILE]\n"
                           "\n"
                           "Serve DynamoDB tables with streams on 127.0.0.1, for the AWS CLI and SDKs: items by\n"
                           "key, in batches and transactions, Query and Scan, conditions and updates, CreateTable,\n"
                           "time-to-live, and the Streams API from ListStreams to GetRecords. Any credentials do.\n"
                           "\n"
                           "  --port N              the port; default: any free one\n"
                           "  --table NAME          a table to begin with; more can be made with create-table\n"
                           "  --key KEY[,SORT]      its partition key, and its sort key; TYPE is S, N or B, default S\n"
                           "  --view VIEW           what the streams of these tables hold: KEYS_ONLY, NEW_IMAGE,\n"
                           "                        OLD_IMAGE or NEW_AND_OLD_IMAGES, the default\n"
                           "  --ttl-attribute NAME  the attribute that says when an item runs out, in seconds since\n"
                           "                        the epoch; it is removed within a second or two, not days\n"
                           "  --data FILE           keep tables, items and streams in FILE, and begin with what it\n"
                           "                        holds; default: all is gone at the end\n"
                           "\n"
                           "What it is not: a database. One process, everything in memory, no more than one request\n"
                           "at a time; no secondary indexes, PartiQL, backups or legacy parameters; nothing is\n"
                           "throttled, nobody is denied. FILE only grows.\n"
                           "\n"
                           "Prints one line with its address, and runs until it gets SIGINT or SIGTERM. Exit status:\n"
                           "0 ended by a signal, 1 FILE is damaged or no file of ours, 2 the command cannot run.\n"
                           "\n"
                           "Example:\n"
                           "  ddbstream table --port 8000 --table Orders --key orderId &\n"
                           "  aws dynamodb put-item --endpoint-url http://127.0.0.1:8000 --table-name Orders \\\n"
                           "      --item '{\"orderId\":{\"S\":\"o-1\"},\"qty\":{\"N\":\"2\"}}'\n";

enum { STEP_MS = 500, EXPIRE_EVERY_MS = 1000 };

struct wanted {
    const char *name;
    const char *key;
};

struct options {
    int port;
    struct wanted *tables;
    size_t table_count;
    const char *view;
    const char *ttl;
    const char *data;
};

struct server {
    struct http_server *http;
    struct table_db *db;
    struct table_data *data; /* or NULL */
    int64_t now_ms;          /* of the newest request; the clock may be set back, time here does not go back */
    ddbs_buf reply;
};

static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

/* ---- Options ----------------------------------------------------------------------------------------------------- */

static int take_port(struct options *options)
{
    long long number;
    if (command_number(optarg, 0, 65535, &number) != 0)
        return 1 + command_misused("table", "--port takes a number from 0 to 65535, not \"%s\"", optarg);
    options->port = (int)number;
    return 0;
}

static int take_key(struct options *options)
{
    if (options->table_count == 0 || options->tables[options->table_count - 1].key != NULL)
        return 1 + command_misused("table", "--key comes behind its --table, once");
    options->tables[options->table_count - 1].key = optarg;
    return 0;
}

static int take_view(struct options *options)
{
    if (stream_view_of(ddbs_str_c(optarg)) == STREAM_NONE)
        return 1 + command_misused("table",
                                   "--view takes KEYS_ONLY, NEW_IMAGE, OLD_IMAGE or NEW_AND_OLD_IMAGES, not \"%s\"",
                                   optarg);
    options->view = optarg;
    return 0;
}

static int take_option(int option, char **argv, struct options *options)
{
    switch (option) {
    case 'p':
        return take_port(options);
    case 't':
        options->tables[options->table_count++].name = optarg;
        return 0;
    case 'k':
        return take_key(options);
    case 'v':
        return take_view(options);
    case 'l':
        options->ttl = optarg;
        return 0;
    case 'd':
        options->data = optarg;
        return 0;
    case 'h':
        fputs(HELP, stdout);
        return EXIT_HELD + 1;
    case ':':
        return 1 + command_misused("table", "\"%s\" needs a value", argv[optind - 1]);
    default:
        return 1 + command_misused("table", "unknown option \"%s\"", argv[optind - 1]);
    }
}

/* 0 to go on, else the exit status plus one. */
static int read_options(int argc, char **argv, struct options *options)
{
    static const struct option known[] = {
        { "port", required_argument, NULL, 'p' },
        { "table", required_argument, NULL, 't' },
        { "key", required_argument, NULL, 'k' },
        { "view", required_argument, NULL, 'v' },
        { "ttl-attribute", required_argument, NULL, 'l' },
        { "data", required_argument, NULL, 'd' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    int result = 0;
    opterr = 0;
    optind = 1;
    for (int option; result == 0 && (option = getopt_long(argc, argv, ":h", known, NULL)) != -1;)
        result = take_option(option, argv, options);
    if (result != 0)
        return result;
    if (optind < argc)
        return 1 + command_misused("table", "\"%s\" belongs to no option", argv[optind]);
    for (size_t i = 0; i < options->table_count; i++) {
        if (options->tables[i].key == NULL)
            return 1 + command_misused("table", "--table %s needs its --key", options->tables[i].name);
    }
    return 0;
}

/* ---- Tables to begin with ---------------------------------------------------------------------------------------- */

/* One part of --key, "sort" or "sort:N", as an element of KeySchema and of AttributeDefinitions. */
static void add_key(const char *part, size_t len, bool partition, ddbs_buf *schema, ddbs_buf *definitions)
{
    char type = 'S';
    if (len > 2 && part[len - 2] == ':' && strchr("SNB", part[len - 1]) != NULL) {
        type = part[len - 1];
        len -= 2;
    }
    ddbs_buf__text(schema, partition ? "{\"AttributeName\":" : ",{\"AttributeName\":");
    ddbs_buf__json(schema, part, len);
    ddbs_buf__format(schema, ",\"KeyType\":\"%s\"}", partition ? "HASH" : "RANGE");
    ddbs_buf__text(definitions, partition ? "{\"AttributeName\":" : ",{\"AttributeName\":");
    ddbs_buf__json(definitions, part, len);
    ddbs_buf__format(definitions, ",\"AttributeType\":\"%c\"}", type);
}

/* The request that makes a table. */
static void write_create(const struct wanted *table, const char *view, ddbs_buf *out)
{
    ddbs_buf schema = { 0 }, definitions = { 0 };
    size_t comma = strcspn(table->key, ",");
    add_key(table->key, comma, true, &schema, &definitions);
    if (table->key[comma] == ',')
        add_key(table->key + comma + 1, strlen(table->key + comma + 1), false, &schema, &definitions);
    out->failed = out->failed || schema.failed || definitions.failed;
    if (!out->failed) {
        ddbs_buf__text(out, "{\"TableName\":");
        ddbs_buf__json(out, table->name, strlen(table->name));
        ddbs_buf__text(out, ",\"BillingMode\":\"PAY_PER_REQUEST\",\"KeySchema\":[");
        ddbs_buf__text(out, schema.ptr);
        ddbs_buf__text(out, "],\"AttributeDefinitions\":[");
        ddbs_buf__text(out, definitions.ptr);
        ddbs_buf__format(out, "],\"StreamSpecification\":{\"StreamEnabled\":true,\"StreamViewType\":\"%s\"}}", view);
    }
    ddbs_buf_free(&schema);
    ddbs_buf_free(&definitions);
}

static int64_t current_time(struct server *server)
{
    int64_t now = clock_ms(CLOCK_REALTIME);
    if (now > server->now_ms)
        server->now_ms = now;
    return server->now_ms;
}

static int call(struct server *server, const char *target, const char *body, size_t len)
{
    return table_call(server->db, target, body, len, current_time(server), &server->reply);
}

/* Whether the answer at hand has the members of a request that say what a table is: for one that --data has already. */
static bool is_same(const ddbs_buf *reply, const char *request)
{
    static const char *const members[] = { "KeySchema", "AttributeDefinitions", "StreamSpecification" };
    cJSON *answer = cJSON_ParseWithLength(reply->ptr, reply->len), *wanted = cJSON_Parse(request);
    const cJSON *there = cJSON_GetObjectItemCaseSensitive(answer, "Table");
    bool same = there != NULL && wanted != NULL;
    for (size_t i = 0; same && i < sizeof members / sizeof *members; i++)
        same = cJSON_Compare(cJSON_GetObjectItemCaseSensitive(there, members[i]),
                             cJSON_GetObjectItemCaseSensitive(wanted, members[i]), true);
    cJSON_Delete(answer);
    cJSON_Delete(wanted);
    return same;
}

/* Say why the tables said no. */
static int refused(const struct server *server, const char *name)
{
    cJSON *answer = cJSON_ParseWithLength(server->reply.ptr, server->reply.len);
    const char *why = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(answer, "message"));
    int status = command_misused("table", "table %s: %s", name, why == NULL ? "out of memory" : why);
    cJSON_Delete(answer);
    return status;
}

static int create_table(struct server *server, const struct wanted *table, const char *view)
{
    ddbs_buf request = { 0 }, describe = { 0 };
    int result = EXIT_HELD;
    write_create(table, view, &request);
    ddbs_buf__text(&describe, "{\"TableName\":");
    ddbs_buf__json(&describe, table->name, strlen(table->name));
    ddbs_buf__text(&describe, "}");
    if (request.failed || describe.failed)
        result = command_failed("table", "out of memory");
    else if (call(server, "DynamoDB_20120810.DescribeTable", describe.ptr, describe.len) == 200) {
        if (!is_same(&server->reply, request.ptr))
            result = command_misused("table", "table %s: --data has one with another key or view", table->name);
    } else if (call(server, "DynamoDB_20120810.CreateTable", request.ptr, request.len) != 200) {
        result = refused(server, table->name);
    }
    ddbs_buf_free(&request);
    ddbs_buf_free(&describe);
    return result;
}

static int enable_ttl(struct server *server, const char *name, const char *attribute)
{
    ddbs_buf request = { 0 };
    int result = EXIT_HELD;
    ddbs_buf__text(&request, "{\"TableName\":");
    ddbs_buf__json(&request, name, strlen(name));
    ddbs_buf__text(&request, ",\"TimeToLiveSpecification\":{\"Enabled\":true,\"AttributeName\":");
    ddbs_buf__json(&request, attribute, strlen(attribute));
    ddbs_buf__text(&request, "}}");
    if (request.failed)
        result = command_failed("table", "out of memory");
    else if (call(server, "DynamoDB_20120810.UpdateTimeToLive", request.ptr, request.len) != 200 &&
             strstr(server->reply.ptr == NULL ? "" : server->reply.ptr, "already enabled") == NULL)
        result = refused(server, name);
    ddbs_buf_free(&request);
    return result;
}

static int create_tables(struct server *server, const struct options *options)
{
    int result = EXIT_HELD;
    for (size_t i = 0; result == EXIT_HELD && i < options->table_count; i++) {
        result = create_table(server, &options->tables[i], options->view);
        if (result == EXIT_HELD && options->ttl != NULL)
            result = enable_ttl(server, options->tables[i].name, options->ttl);
    }
    return result;
}

/* ---- Serving ----------------------------------------------------------------------------------------------------- */

/* SDKs compare the checksum with the body, and show the identifier in their errors. */
static void answer(struct server *server, struct http_request *request, int status)
{
    char headers[256], id[ID_UUID_SIZE];
    const char *body = server->reply.ptr == NULL ? "" : server->reply.ptr;
    id_uuid(id);
    snprintf(headers, sizeof headers,
             "Content-Type: application/x-amz-json-1.0\r\nx-amzn-RequestId: %s\r\nx-amz-crc32: %lu\r\n", id,
             crc32_z(crc32_z(0, NULL, 0), (const unsigned char *)body, server->reply.len));
    http_reply(request, status, headers, body, server->reply.len);
}

static void take_request(void *user, struct http_request *request)
{
    static const char healthy[] = "healthy: ddbstream table\n";
    struct server *server = user;
    if (strcmp(request->method, "GET") == 0)
        http_reply(request, 200, "Content-Type: text/plain\r\n", healthy, sizeof healthy - 1);
    else if (strcmp(request->method, "POST") != 0)
        http_reply(request, 405, "", "", 0);
    else if (request->too_large)
        http_reply(request, 413, "", "", 0);
    else if (request->truncated)
        http_reply(request, 400, "", "", 0);
    else
        answer(server, request, call(server, http_header(request, "X-Amz-Target"), request->body, request->body_len));
}

static int serve(struct server *server)
{
    int64_t expired_ms = 0;
    while (!stopped) {
        if (http_poll(server->http, NULL, 0, STEP_MS) < 0)
            return command_failed("table", "waiting for requests: %s", strerror(errno));
        int64_t now = current_time(server);
        if (now - expired_ms < EXPIRE_EVERY_MS)
            continue;
        table_expire(server->db, now);
        expired_ms = now;
    }
    return EXIT_HELD;
}

static void set_signals(void)
{
    struct sigaction ending = { .sa_handler = stop }, ignored = { .sa_handler = SIG_IGN };
    sigaction(SIGINT, &ending, NULL);
    sigaction(SIGTERM, &ending, NULL);
    sigaction(SIGPIPE, &ignored, NULL);
}

static int open_data(struct server *server, const char *path)
{
    char why[512];
    bool torn = false;
    if (path == NULL)
        return EXIT_HELD;
    if (table_data_open(&server->data, path, server->db, &torn, why, sizeof why) != 0) {
        command_failed("table", "%s", why);
        return access(path, R_OK | W_OK) == 0 ? EXIT_BAD_INPUT : EXIT_CANNOT_RUN;
    }
    if (torn)
        fprintf(stderr, "ddbstream table: %s: its last change was not complete and is left out\n", path);
    table_keep(server->db, table_data_keep, server->data);
    return EXIT_HELD;
}

static int run(struct server *server, const struct options *options)
{
    struct http_config config = {
        .port = options->port, .body_max = TABLE_REQUEST_MAX, .request = take_request, .user = server
    };
    int result = open_data(server, options->data);
    if (result == EXIT_HELD)
        result = create_tables(server, options);
    if (result != EXIT_HELD)
        return result;
    if (http_open(&server->http, &config) != 0)
        return command_failed("table", "cannot listen on 127.0.0.1, port %d: %s", options->port, strerror(errno));
    set_signals();
    printf("listening on http://127.0.0.1:%d\n", http_port(server->http));
    fflush(stdout);
    return serve(server);
}

/* Identifiers differ from start to start. */
static uint64_t seed(void)
{
    char hex[16 + 1];
    id_hex(hex, 16);
    return strtoull(hex, NULL, 16);
}

int cmd_table(int argc, char **argv)
{
    struct options options = { .tables = calloc((size_t)argc + 1, sizeof(struct wanted)),
                               .view = "NEW_AND_OLD_IMAGES" };
    struct server server = { .http = NULL };
    int result = EXIT_CANNOT_RUN + 1;
    if (options.tables == NULL)
        command_failed("table", "out of memory");
    else
        result = read_options(argc, argv, &options);
    if (result != 0)
        result--;
    else if (table_open(&server.db, &(struct table_config){ .seed = seed() }) != DDBS_OK)
        result = command_failed("table", "out of memory");
    else
        result = run(&server, &options);
    http_close(server.http);
    table_close(server.db);
    table_data_close(server.data);
    ddbs_buf_free(&server.reply);
    free(options.tables);
    return result;
}
