/* invoke.c: invokes a function at an Invoke URL again and again, on one connection.
 *
 *     invoke PORT EVENT INVOCATIONS     prints the nanoseconds of an invocation */
#include "wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { REPLY_MAX = 65536, HEAD_MAX = 256 };

const char WIRE_PROGRAM[] = "invoke";

/* The whole request: its head, right in front of the event. */
static char *make_request(const char *path, size_t *len)
{
    char head[HEAD_MAX];
    size_t event_len;
    char *event = wire_read(path, HEAD_MAX, &event_len);
    int size = snprintf(head, sizeof head,
                        "POST /2015-03-31/functions/function/invocations HTTP/1.1\r\nHost: localhost\r\n"
                        "Content-Length: %zu\r\n\r\n",
                        event_len);
    memcpy(event + HEAD_MAX - size, head, (size_t)size);
    *len = event_len + (size_t)size;
    return event + HEAD_MAX - size;
}

static void receive(int fd)
{
    char reply[REPLY_MAX];
    const char *end = NULL;
    size_t used = 0;
    while (end == NULL || used < (size_t)(end - reply) + 4 + wire_content_length(reply)) {
        ssize_t count = read(fd, reply + used, sizeof reply - 1 - used);
        if (count <= 0)
            wire_fail("the server closed the connection");
        used += (size_t)count;
        reply[used] = '\0';
        end = strstr(reply, "\r\n\r\n");
    }
    if (strncmp(reply, "HTTP/1.1 200", 12) != 0 || wire_header(reply, "x-amz-function-error:") != NULL)
        wire_fail("an invocation failed");
}

int main(int argc, char **argv)
{
    size_t len;
    if (argc != 4)
        wire_fail("invoke PORT EVENT INVOCATIONS");
    const char *request = make_request(argv[2], &len);
    unsigned long times = strtoul(argv[3], NULL, 10), warm = times / 10 + 1;
    int fd = wire_connect((unsigned short)strtoul(argv[1], NULL, 10));
    int64_t began = 0;
    for (unsigned long i = 0; i < times + warm; i++) {
        if (i == warm)
            began = wire_now();
        wire_send(fd, request, len);
        receive(fd);
    }
    printf("%.1f\n", (double)(wire_now() - began) / (double)times);
    return 0;
}
