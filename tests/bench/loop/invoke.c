/* invoke.c: invokes a function at an Invoke URL again and again, on one connection.
 *
 *     invoke PORT EVENT INVOCATIONS     prints the nanoseconds of an invocation */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { REPLY_MAX = 65536, HEAD_MAX = 256 };

static void fail(const char *why) __attribute__((noreturn));
static void fail(const char *why)
{
    fprintf(stderr, "invoke: %s\n", why);
    exit(1);
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static char *read_event(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0)
        fail("no such event");
    long size = ftell(file);
    rewind(file);
    char *request = size < 0 ? NULL : malloc(HEAD_MAX + (size_t)size);
    if (request == NULL)
        fail("out of memory");
    int head = snprintf(request, HEAD_MAX,
                        "POST /2015-03-31/functions/function/invocations HTTP/1.1\r\nHost: localhost\r\n"
                        "Content-Length: %ld\r\n\r\n",
                        size);
    if (fread(request + head, 1, (size_t)size, file) != (size_t)size)
        fail("the event cannot be read");
    fclose(file);
    *len = (size_t)head + (size_t)size;
    return request;
}

static void send_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t sent = write(fd, bytes, len);
        if (sent <= 0)
            fail("the server closed the connection");
        bytes += sent;
        len -= (size_t)sent;
    }
}

static void receive(int fd)
{
    char reply[REPLY_MAX];
    size_t used = 0;
    for (;;) {
        ssize_t count = read(fd, reply + used, sizeof reply - 1 - used);
        if (count <= 0)
            fail("the server closed the connection");
        used += (size_t)count;
        reply[used] = '\0';
        const char *end = strstr(reply, "\r\n\r\n"), *length = strcasestr(reply, "\r\ncontent-length:");
        if (end != NULL && length != NULL &&
            used >= (size_t)(end - reply) + 4 + strtoul(length + strlen("\r\ncontent-length:"), NULL, 10))
            break;
    }
    if (strncmp(reply, "HTTP/1.1 200", 12) != 0 || strcasestr(reply, "\r\nx-amz-function-error:") != NULL)
        fail("an invocation failed");
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    size_t len;
    if (argc != 4)
        fail("invoke PORT EVENT INVOCATIONS");
    char *request = read_event(argv[2], &len);
    unsigned long times = strtoul(argv[3], NULL, 10);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((unsigned short)strtoul(argv[1], NULL, 10));
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        fail("nobody listens");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    int64_t began = 0;
    for (unsigned long i = 0; i < times + times / 10 + 1; i++) {
        if (i == times / 10 + 1)
            began = now_ns();
        send_all(fd, request, len);
        receive(fd);
    }
    printf("%.1f\n", (double)(now_ns() - began) / (double)times);
    close(fd);
    free(request);
    return 0;
}
