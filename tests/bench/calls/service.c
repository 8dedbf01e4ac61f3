/* service.c: see service.h. */
#define _GNU_SOURCE /* memmem, MAP_ANONYMOUS */
#include "service.h"

#include "tests/bench/loop/wire.h"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 16, HEAD_MAX = 16384, ANSWER_MAX = SERVICE_RECORDS_MAX * 256 };

/* One connection: the request at hand, as far as it was read. */
struct connection {
    char *bytes; /* room for a head and a body, and a NUL */
    size_t used;
};

static struct {
    struct pollfd polled[1 + CONNECTIONS_MAX];
    struct connection connections[CONNECTIONS_MAX];
    size_t count;
    volatile struct service_counts *counts;
} service;

/* Identifiers of Firehose are about as long. */
static const char STORED[] =
    "{\"RecordId\":\"q1w2e3r4t5z6u7i8o9p0q1w2e3r4t5z6u7i8o9p0q1w2e3r4t5z6u7i8o9p0q1w2e3r4t5z6u7i8o9p0q1w2e3r4t5z6u7"
    "i8o9p0q1w2e3r4t5z6u7i8o9p0q1w2e3r4t5z6u7i8o9p0q1w2e3r4t5z6u7i8o9p0q1w2e3r4t5z6u7i8o9p0\"}";

const char *service_answer(size_t records, size_t *len)
{
    static char answer[ANSWER_MAX];
    static size_t made, used;
    if (used == 0 || made != records) {
        used =
            (size_t)snprintf(answer, sizeof answer, "{\"FailedPutCount\":0,\"Encrypted\":false,\"RequestResponses\":[");
        for (size_t i = 0; i < records; i++)
            used += (size_t)snprintf(answer + used, sizeof answer - used, "%s%s", i == 0 ? "" : ",", STORED);
        used += (size_t)snprintf(answer + used, sizeof answer - used, "]}");
        made = records;
    }
    *len = used;
    return answer;
}

size_t service_count(const char *body, size_t len)
{
    static const char begin[] = "{\"Data\":";
    size_t count = 0;
    const char *end = body + len;
    while ((body = memmem(body, (size_t)(end - body), begin, sizeof begin - 1)) != NULL) {
        body += sizeof begin - 1;
        count++;
    }
    return count;
}

static void answer_request(int fd, const char *head, const char *body, size_t len)
{
    char line[128];
    size_t records = service_count(body, len), answer_len;
    if (strstr(head, "AWS4-HMAC-SHA256 Credential=") == NULL ||
        strstr(head, "Firehose_20150804.PutRecordBatch") == NULL)
        wire_fail("a request is not signed, or for another service");
    if (records == 0 || records > SERVICE_RECORDS_MAX || len > SERVICE_BYTES_MAX)
        wire_fail("a request is not within the limits");
    const char *answer = service_answer(records, &answer_len);
    service.counts->requests++;
    service.counts->records += records;
    int line_len = snprintf(line, sizeof line, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", answer_len);
    wire_send(fd, line, (size_t)line_len);
    wire_send(fd, answer, answer_len);
}

/* Read more of a request, and answer it when it is whole. False: the connection was closed. */
static bool serve(int fd, struct connection *connection)
{
    ssize_t got = read(fd, connection->bytes + connection->used, HEAD_MAX + SERVICE_BYTES_MAX - connection->used);
    if (got <= 0)
        return false;
    connection->used += (size_t)got;
    connection->bytes[connection->used] = '\0';
    char *end = strstr(connection->bytes, "\r\n\r\n");
    if (end == NULL)
        return true;
    size_t head_len = (size_t)(end - connection->bytes) + 4, body_len = wire_content_length(connection->bytes);
    if (connection->used < head_len + body_len)
        return true;
    end[2] = '\0';
    answer_request(fd, connection->bytes, connection->bytes + head_len, body_len);
    connection->used = 0;
    return true;
}

static void take_connection(int listener)
{
    int fd = accept(listener, NULL, NULL);
    if (fd < 0 || service.count == CONNECTIONS_MAX)
        wire_fail("too many connections");
    wire_no_delay(fd);
    struct connection *connection = &service.connections[service.count];
    if (connection->bytes == NULL && (connection->bytes = malloc(HEAD_MAX + SERVICE_BYTES_MAX + 1)) == NULL)
        wire_fail("no memory");
    connection->used = 0;
    service.polled[1 + service.count++] = (struct pollfd){ .fd = fd, .events = POLLIN };
}

/* The last one takes the place; its memory changes hands. */
static void drop_connection(size_t index)
{
    struct connection gone = service.connections[index];
    close(service.polled[1 + index].fd);
    service.count--;
    service.polled[1 + index] = service.polled[1 + service.count];
    service.connections[index] = service.connections[service.count];
    service.connections[service.count] = gone;
}

static void serve_all(int listener) __attribute__((noreturn));
static void serve_all(int listener)
{
    service.polled[0] = (struct pollfd){ .fd = listener, .events = POLLIN };
    for (;;) {
        if (poll(service.polled, 1 + service.count, -1) < 0)
            wire_fail("poll");
        for (size_t i = service.count; i-- > 0;) {
            if (service.polled[1 + i].revents != 0 && !serve(service.polled[1 + i].fd, &service.connections[i]))
                drop_connection(i);
        }
        if (service.polled[0].revents != 0)
            take_connection(listener);
    }
}

volatile struct service_counts *service_start(unsigned short *port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    service.counts = mmap(NULL, sizeof *service.counts, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (service.counts == MAP_FAILED || listener < 0 || bind(listener, (struct sockaddr *)&address, len) != 0 ||
        listen(listener, CONNECTIONS_MAX) != 0 || getsockname(listener, (struct sockaddr *)&address, &len) != 0)
        wire_fail("no socket");
    *port = ntohs(address.sin_port);
    pid_t parent = getpid(), child = fork();
    if (child < 0)
        wire_fail("fork");
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(1);
        serve_all(listener);
    }
    close(listener);
    return service.counts;
}
