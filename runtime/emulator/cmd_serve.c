/* cmd_serve.c: `ddbstream serve`, the Runtime API and the Invoke URL of the AWS runtime interface emulator, for a
 * runtime that it starts or that somebody starts by hand. Invocations run one after the other, as they do in one
 * execution environment. */
#include "command.h"

#include "error_body.h"
#include "function.h"
#include "http.h"
#include "id.h"
#include "runtime_api.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define INVOKE_PATH "/2015-03-31/functions/function/invocations"

static const char HELP[] =
    "usage: ddbstream serve [--port N] [--timeout SECONDS] [--env NAME=VALUE]... [-- BOOTSTRAP [ARGUMENT]...]\n"
    "\n"
    "Serve the Lambda Runtime API on 127.0.0.1, and take events at the Invoke URL of the\n"
    "AWS runtime interface emulator.\n"
    "\n"
    "  --port N            the port; default: any free one\n"
    "  --timeout SECONDS   the function's timeout, 1 to 900; default 30\n"
    "  --env NAME=VALUE    a variable of the function, may be repeated\n"
    "  BOOTSTRAP           the runtime to start, and to start again after a crash or a\n"
    "                      timeout; a name without a slash is found through PATH; without\n"
    "                      BOOTSTRAP, start a runtime by hand with AWS_LAMBDA_RUNTIME_API\n"
    "                      set as the first lines say\n"
    "\n"
    "Runs until it gets SIGINT or SIGTERM. Exit status: 0 ended by a signal, 2 the command\n"
    "cannot run.\n"
    "\n"
    "Example:\n"
    "  ddbstream serve --port 9000 -- build/examples/orders/bootstrap &\n"
    "  curl -d @event.json http://127.0.0.1:9000" INVOKE_PATH "\n";

enum { QUEUE_MAX = 1000, STEP_MS = 100, DESCRIPTORS_WANTED = 2200 };

struct options {
    int port;
    int timeout_ms;
    const char **env; /* NULL-terminated */
    size_t env_count;
    char **bootstrap; /* argv of the bootstrap, or NULL */
};

/* Requests that wait for their turn; the first one may be running. */
struct queue {
    struct http_request *requests[QUEUE_MAX + 1];
    size_t first;
    size_t count;
};

static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

/* ---- Options ----------------------------------------------------------------------------------------------------- */

/* 0, or an exit status plus one. */
static int take_number(const char *option, long long min, long long max, int *out)
{
    long long number;
    if (command_number(optarg, min, max, &number) != 0)
        return 1 +
               command_misused("serve", "%s takes a number from %lld to %lld, not \"%s\"", option, min, max, optarg);
    *out = (int)number;
    return 0;
}

static int take_env(struct options *options)
{
    if (optarg[0] == '=' || strchr(optarg, '=') == NULL)
        return 1 + command_misused("serve", "--env takes NAME=VALUE, not \"%s\"", optarg);
    options->env[options->env_count++] = optarg;
    return 0;
}

static int take_option(int option, char **argv, struct options *options)
{
    int seconds, result;
    switch (option) {
    case 'p':
        return take_number("--port", 0, 65535, &options->port);
    case 't':
        result = take_number("--timeout", 1, 900, &seconds);
        if (result == 0)
            options->timeout_ms = seconds * 1000;
        return result;
    case 'e':
        return take_env(options);
    case 'h':
        fputs(HELP, stdout);
        return EXIT_HELD + 1;
    case ':':
        return 1 + command_misused("serve", "\"%s\" needs a value", argv[optind - 1]);
    default:
        return 1 + command_misused("serve", "unknown option \"%s\"", argv[optind - 1]);
    }
}

/* 0 to go on, else the exit status plus one. */
static int read_options(int argc, char **argv, struct options *options)
{
    static const struct option known[] = {
        { "port", required_argument, NULL, 'p' },
        { "timeout", required_argument, NULL, 't' },
        { "env", required_argument, NULL, 'e' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    int result = 0;
    opterr = 0;
    optind = 1;
    for (int option; result == 0 && (option = getopt_long(argc, argv, "+:h", known, NULL)) != -1;)
        result = take_option(option, argv, options);
    if (result != 0)
        return result;
    if (optind < argc && strcmp(argv[optind - 1], "--") != 0)
        return 1 + command_misused("serve", "the bootstrap comes after \"--\": ... -- %s", argv[optind]);
    if (optind < argc)
        options->bootstrap = argv + optind;
    return 0;
}

/* ---- Answers ----------------------------------------------------------------------------------------------------- */

/* "exit status 1", "signal: segmentation fault", as Lambda says it. */
static void say_status(int status, char *text, size_t size)
{
    if (WIFSIGNALED(status)) {
        snprintf(text, size, "Runtime exited with error: signal: %s", strsignal(WTERMSIG(status)));
        char *name = strstr(text, "signal: ") + strlen("signal: ");
        if (*name >= 'A' && *name <= 'Z')
            *name = (char)(*name - 'A' + 'a');
    } else if (WEXITSTATUS(status) != 0) {
        snprintf(text, size, "Runtime exited with error: exit status %d", WEXITSTATUS(status));
    } else {
        snprintf(text, size, "Runtime exited without providing a reason");
    }
}

/* What happened to an invocation that nothing was posted for. */
static const char *explain(const struct function_answer *answer, char *text, size_t size)
{
    if (answer->end == FUNCTION_BROKEN) {
        function_describe(answer, text, size);
        return "Sandbox.Failure";
    }
    if (answer->limit_ms != 0) {
        snprintf(text, size, "%s timed out after %d.%02d seconds",
                 answer->end == FUNCTION_TIMED_OUT ? "Task" : "Initialization", answer->limit_ms / 1000,
                 answer->limit_ms % 1000 / 10);
        return "Sandbox.Timedout";
    }
    say_status(answer->status, text, size);
    return "Runtime.ExitError";
}

static void reply_body(struct http_request *request, const char *request_id, bool is_error, const char *body,
                       size_t len)
{
    char headers[256];
    snprintf(headers, sizeof headers, ERROR_BODY_JSON "X-Amzn-RequestId: %s\r\nX-Amz-Executed-Version: $LATEST\r\n%s",
             request_id, is_error ? "X-Amz-Function-Error: Unhandled\r\n" : "");
    http_reply(request, 200, headers, body, len);
}

static void reply_explained(struct http_request *request, const char *request_id, const struct function_answer *answer)
{
    char reason[256], message[512];
    const char *type = answer->error_type;
    char *body;
    if (answer->end == FUNCTION_ERROR)
        snprintf(message, sizeof message, "RequestId: %s Error: Unknown application error occurred", request_id);
    else {
        type = explain(answer, reason, sizeof reason);
        snprintf(message, sizeof message, "RequestId: %s Error: %s", request_id, reason);
    }
    body = error_body(type, message);
    if (body == NULL)
        http_reply(request, 500, "", "", 0);
    else
        reply_body(request, request_id, true, body, strlen(body));
    free(body);
}

static void reply_answer(struct http_request *request, const char *request_id, const struct function_answer *answer)
{
    bool is_error = answer->end != FUNCTION_RESPONSE;
    if (answer->body != NULL && (!is_error || answer->body_len > 0))
        reply_body(request, request_id, is_error, answer->body, answer->body_len);
    else
        reply_explained(request, request_id, answer);
}

/* ": FILE: why it cannot be run", from the answer that stands for such a program; "" for any other answer. */
static void find_reason(const struct function_answer *answer, char *reason, size_t size)
{
    static const char lead[] = "cannot run ";
    bool unstartable =
        answer->end == FUNCTION_INIT_FAILED && strcmp(answer->error_type, "Runtime.InvalidEntrypoint") == 0;
    cJSON *body = unstartable ? cJSON_ParseWithLength(answer->body, answer->body_len) : NULL;
    const char *message = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(body, "errorMessage"));
    bool ours = message != NULL && strncmp(message, lead, sizeof lead - 1) == 0;
    snprintf(reason, size, "%s%s", ours ? ": " : "", ours ? message + sizeof lead - 1 : "");
    cJSON_Delete(body);
}

/* Say which invocation has got no answer, and why; errors that the function reports are its own business. */
static void say_end(const char *request_id, const struct function_answer *answer)
{
    char how[256], reason[512], line[1024];
    if (answer->end == FUNCTION_RESPONSE || answer->end == FUNCTION_ERROR)
        return;
    function_describe(answer, how, sizeof how);
    find_reason(answer, reason, sizeof reason);
    snprintf(line, sizeof line, "ddbstream serve: request %s: %s%s", request_id, how, reason);
    for (char *at = line; *at != '\0'; at++)
        if ((unsigned char)*at < ' ')
            *at = '?'; /* the type of an error is what the runtime has posted */
    fprintf(stderr, "%s\n", line);
}

/* ---- Serving ----------------------------------------------------------------------------------------------------- */

/* A request that is not of the Runtime API. */
static void take_request(void *user, struct http_request *request)
{
    static const char not_found[] = "404 page not found\n";
    struct queue *queue = user;
    if (strcmp(request->path, INVOKE_PATH) != 0) {
        http_reply(request, 404, "Content-Type: text/plain\r\n", not_found, sizeof not_found - 1);
    } else if (strcmp(request->method, "POST") != 0) {
        http_reply(request, 405, "", "", 0);
    } else if (request->too_large) {
        error_reply(request, 413, "RequestTooLargeException",
                    "Request must be smaller than 6291556 bytes for the InvokeFunction operation");
    } else if (request->truncated) {
        error_reply(request, 400, "TruncatedHTTPRequest", "HTTP request detected as truncated");
    } else if (queue->count == QUEUE_MAX + 1) {
        error_reply(request, 429, "TooManyRequestsException", "Rate Exceeded.");
    } else {
        queue->requests[(queue->first + queue->count++) % (QUEUE_MAX + 1)] = request;
    }
}

/* Run the queue until a signal comes. */
static void serve(struct function *function, struct queue *queue)
{
    struct function_answer answer;
    char request_id[ID_UUID_SIZE];
    bool busy = false;
    while (!stopped) {
        struct http_request *request = queue->requests[queue->first];
        if (!busy && queue->count > 0) {
            id_uuid(request_id);
            function_begin(function, request->body, request->body_len, request_id);
            busy = true;
        }
        if (!function_step(function, STEP_MS, &answer))
            continue;
        queue->first = (queue->first + 1) % (QUEUE_MAX + 1);
        queue->count--;
        busy = false;
        say_end(request_id, &answer);
        reply_answer(request, request_id, &answer);
        function_answer_free(&answer);
    }
}

static void set_signals(void)
{
    struct sigaction ending = { .sa_handler = stop }, ignored = { .sa_handler = SIG_IGN };
    sigaction(SIGINT, &ending, NULL);
    sigaction(SIGTERM, &ending, NULL);
    sigaction(SIGPIPE, &ignored, NULL); /* whoever reads our output may stop reading */
}

/* Every waiting request holds a connection: ask for more than the usual 1024 descriptors. */
static void raise_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= DESCRIPTORS_WANTED)
        return;
    limit.rlim_cur = limit.rlim_max < DESCRIPTORS_WANTED ? limit.rlim_max : DESCRIPTORS_WANTED;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static void greet(const struct options *options, int port)
{
    printf("listening on 127.0.0.1:%d\n", port);
    fflush(stdout);
    if (options->bootstrap == NULL)
        fprintf(stderr, "start a runtime:  AWS_LAMBDA_RUNTIME_API=127.0.0.1:%d ./bootstrap\n", port);
    else
        fprintf(stderr, "the runtime is started with the first event: %s\n", options->bootstrap[0]);
    fprintf(stderr, "send an event:    curl -d @event.json http://127.0.0.1:%d" INVOKE_PATH "\n", port);
}

static int run(const struct options *options, struct queue *queue)
{
    struct function *function;
    struct function_config config = { .bootstrap = options->bootstrap == NULL ? NULL : options->bootstrap[0],
                                      .bootstrap_argv = options->bootstrap,
                                      .env = options->env,
                                      .port = options->port,
                                      .timeout_ms = options->timeout_ms,
                                      .request = take_request,
                                      .user = queue };
    /* Without a slash it is found through PATH, which may be the function's own. */
    if (config.bootstrap != NULL && strchr(config.bootstrap, '/') != NULL && command_program(config.bootstrap) != 0)
        return command_failed("serve", "cannot run %s: %s", config.bootstrap, strerror(errno));
    raise_descriptors();
    if (function_open(&function, &config) != 0)
        return command_failed("serve", "cannot listen on 127.0.0.1, port %d: %s", options->port, strerror(errno));
    set_signals();
    greet(options, function_port(function));
    serve(function, queue);
    function_close(function);
    return EXIT_HELD;
}

int cmd_serve(int argc, char **argv)
{
    struct options options = { .env = calloc((size_t)argc + 1, sizeof(char *)) };
    struct queue *queue = calloc(1, sizeof *queue);
    int result = EXIT_CANNOT_RUN + 1;
    if (options.env == NULL || queue == NULL)
        command_failed("serve", "out of memory");
    else
        result = read_options(argc, argv, &options);
    result = result == 0 ? run(&options, queue) : result - 1;
    free(queue);
    free(options.env);
    return result;
}
