/* api.c: a Runtime API that costs as little as it can, to measure runtimes against.
 *
 *     api loop EVENT INVOCATIONS PROGRAM [ARGUMENT]...   serve so many invocations after a tenth as many to warm up
 *     api start TIMES PROGRAM [ARGUMENT]...              start the program so many times
 *
 * Prints a line of JSON: "ns" a whole invocation takes, from one event to the next one's; "start_ns" from before the
 * program is started to its first GET next; "pid". After `loop` the program is left idle in its GET next until standard
 * input ends, so that its memory can be looked at. What it prints goes to /dev/null. */
#include "wire.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 15, HEAD_MAX = 16384, REPLY_MAX = 1024, PATIENCE_MS = 60000, DEADLINE_MS = 60000 };

extern char **environ;

/* One connection of the program: the request at hand as far as it was read. */
struct connection {
    char head[HEAD_MAX];
    size_t used;
    size_t body_left; /* of the request whose head was read */
    bool in_body;
};

static struct {
    int listener;
    struct pollfd polled[1 + CONNECTIONS_MAX];
    struct connection connections[CONNECTIONS_MAX];
    size_t count;
    const char *event;
    size_t event_len;
    size_t served, wanted, warm;
    int64_t spawned, first_next, measured, ended;
    pid_t child;
    bool idle; /* the last event is answered, and the program waits for one more */
} api;

const char WIRE_PROGRAM[] = "api";

static void fail(const char *why) __attribute__((noreturn));
static void fail(const char *why)
{
    if (api.child > 0)
        kill(api.child, SIGKILL);
    wire_fail(why);
}

/* ---- Replies ---- */

static void send_all(int fd, struct iovec *parts, int count)
{
    while (count > 0) {
        ssize_t sent = writev(fd, parts, count);
        if (sent < 0)
            fail("the program closed its connection");
        for (; count > 0 && (size_t)sent >= parts->iov_len; count--, parts++)
            sent -= (ssize_t)parts->iov_len;
        if (count > 0) {
            parts->iov_base = (char *)parts->iov_base + sent;
            parts->iov_len -= (size_t)sent;
        }
    }
}

static void send_text(int fd, const char *text)
{
    wire_send(fd, text, strlen(text));
}

static void send_event(int fd)
{
    char head[REPLY_MAX];
    int len = snprintf(head, sizeof head,
                       "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                       "Lambda-Runtime-Aws-Request-Id: 8476a536-e9f4-11e8-9739-%012zu\r\n"
                       "Lambda-Runtime-Deadline-Ms: %lld\r\n"
                       "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:eu-west-1:111122223333:function:bench\r\n"
                       "Lambda-Runtime-Trace-Id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0\r\n"
                       "Content-Length: %zu\r\n\r\n",
                       api.served, (long long)time(NULL) * 1000 + DEADLINE_MS, api.event_len);
    struct iovec parts[] = { { head, (size_t)len }, { (void *)(uintptr_t)api.event, api.event_len } };
    send_all(fd, parts, 2);
}

static void answer_next(int fd)
{
    if (api.first_next == 0)
        api.first_next = wire_now();
    if (api.served == api.warm)
        api.measured = wire_now();
    if (api.served == api.warm + api.wanted) {
        api.ended = wire_now();
        api.idle = true;
        return;
    }
    send_event(fd);
}

static bool begins(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static void answer(int fd, const char *head)
{
    const char *path_end = strstr(head, " HTTP/");
    if (begins(head, "GET /2018-06-01/runtime/invocation/next ")) {
        answer_next(fd);
    } else if (begins(head, "POST /2018-06-01/runtime/invocation/") && path_end != NULL &&
               begins(path_end - strlen("/response"), "/response")) {
        api.served++;
        send_text(fd, "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n"
                      "{\"status\":\"OK\"}");
    } else if (begins(head, "POST /2020-01-01/extension/register ")) {
        send_text(fd, "HTTP/1.1 200 OK\r\nLambda-Extension-Identifier: 3d8aa1b2-0f0a-4b06-a0e3-000000000001\r\n"
                      "Content-Length: 2\r\n\r\n{}");
    } else if (!begins(head, "GET /2020-01-01/extension/event/next ")) {
        fail("the program reports an error, or asks for what is not there");
    }
}

/* ---- Requests ---- */

/* What was read, as far as it makes whole requests. */
static void take_requests(struct connection *connection, int fd)
{
    for (;;) {
        if (connection->in_body) {
            size_t taken = connection->used < connection->body_left ? connection->used : connection->body_left;
            connection->used -= taken;
            connection->body_left -= taken;
            memmove(connection->head, connection->head + taken, connection->used + 1);
            if (connection->body_left > 0)
                return;
            connection->in_body = false;
        }
        char *end = strstr(connection->head, "\r\n\r\n");
        if (end == NULL)
            return;
        char head[HEAD_MAX];
        size_t len = (size_t)(end - connection->head) + 4;
        memcpy(head, connection->head, len);
        head[len] = '\0';
        connection->used -= len;
        memmove(connection->head, connection->head + len, connection->used + 1);
        if (wire_header(head, "transfer-encoding:") != NULL)
            fail("a chunked request");
        connection->body_left = wire_content_length(head);
        connection->in_body = connection->body_left > 0;
        /* Its body is small and comes right behind it: nobody waits for this answer before sending it. */
        answer(fd, head);
    }
}

static void read_connection(size_t i)
{
    struct connection *connection = &api.connections[i];
    struct pollfd *polled = &api.polled[1 + i];
    ssize_t count = read(polled->fd, connection->head + connection->used, HEAD_MAX - 1 - connection->used);
    if (count <= 0) {
        close(polled->fd);
        polled->fd = -1;
        return;
    }
    connection->used += (size_t)count;
    connection->head[connection->used] = '\0';
    take_requests(connection, polled->fd);
    if (connection->used == HEAD_MAX - 1)
        fail("a request's head is too large");
}

static void accept_connection(void)
{
    int fd = accept(api.listener, NULL, NULL);
    size_t i = 0;
    while (i < api.count && api.polled[1 + i].fd >= 0)
        i++;
    if (fd < 0 || i == CONNECTIONS_MAX)
        fail("too many connections");
    wire_no_delay(fd);
    api.connections[i].used = 0;
    api.connections[i].in_body = false;
    api.polled[1 + i] = (struct pollfd){ .fd = fd, .events = POLLIN };
    api.count += i == api.count;
}

static void serve(void)
{
    while (!api.idle) {
        int ready = poll(api.polled, 1 + api.count, PATIENCE_MS);
        if (ready <= 0)
            fail("the program does nothing");
        if (api.polled[0].revents != 0)
            accept_connection();
        for (size_t i = 0; i < api.count; i++) {
            if (api.polled[1 + i].fd >= 0 && api.polled[1 + i].revents != 0)
                read_connection(i);
        }
    }
}

/* ---- The program ---- */

static void listen_anywhere(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof address;
    char text[64];
    api.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (api.listener < 0 || bind(api.listener, (struct sockaddr *)&address, len) != 0 ||
        listen(api.listener, CONNECTIONS_MAX) != 0 || getsockname(api.listener, (struct sockaddr *)&address, &len) != 0)
        fail("no socket");
    snprintf(text, sizeof text, "127.0.0.1:%d", ntohs(address.sin_port));
    setenv("AWS_LAMBDA_RUNTIME_API", text, 1);
    api.polled[0] = (struct pollfd){ .fd = api.listener, .events = POLLIN };
}

static void start_program(char **program)
{
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    api.first_next = 0;
    api.idle = false;
    api.spawned = wire_now();
    if (posix_spawnp(&api.child, program[0], &actions, NULL, program, environ) != 0)
        fail("the program cannot be started");
    posix_spawn_file_actions_destroy(&actions);
}

static void end_program(void)
{
    kill(api.child, SIGKILL);
    waitpid(api.child, NULL, 0);
    for (size_t i = 0; i < api.count; i++) {
        if (api.polled[1 + i].fd >= 0)
            close(api.polled[1 + i].fd);
    }
    api.count = 0;
}

static void run_loop(const char *invocations, char **program)
{
    api.wanted = strtoul(invocations, NULL, 10);
    api.warm = api.wanted / 10 + 1;
    start_program(program);
    serve();
    printf("{\"ns\":%.1f,\"start_ns\":%lld,\"pid\":%d}\n",
           (double)(api.ended - api.measured) / (double)(api.wanted > 0 ? api.wanted : 1),
           (long long)(api.first_next - api.spawned), (int)api.child);
    fflush(stdout);
    while (getchar() != EOF)
        continue;
    end_program();
}

static void run_starts(unsigned long times, char **program)
{
    printf("{\"start_ns\":[");
    for (unsigned long i = 0; i < times; i++) {
        start_program(program);
        serve();
        end_program();
        printf("%s%lld", i == 0 ? "" : ",", (long long)(api.first_next - api.spawned));
    }
    printf("]}\n");
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    listen_anywhere();
    if (argc >= 5 && strcmp(argv[1], "loop") == 0) {
        api.event = wire_read(argv[2], 0, &api.event_len);
        run_loop(argv[3], argv + 4);
    } else if (argc >= 4 && strcmp(argv[1], "start") == 0) {
        run_starts(strtoul(argv[2], NULL, 10), argv + 3);
    } else {
        fail("api loop EVENT INVOCATIONS PROGRAM..., or api start TIMES PROGRAM...");
    }
    return 0;
}
