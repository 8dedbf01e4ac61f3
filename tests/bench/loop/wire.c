/* wire.c: see wire.h. */
#include "wire.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

void wire_fail(const char *why)
{
    fprintf(stderr, "%s: %s\n", WIRE_PROGRAM, why);
    exit(1);
}

int64_t wire_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

char *wire_read(const char *path, size_t before, size_t *len)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0)
        wire_fail("no such event");
    long size = ftell(file);
    rewind(file);
    char *content = size < 0 ? NULL : malloc(before + (size_t)size + 1);
    if (content == NULL || fread(content + before, 1, (size_t)size, file) != (size_t)size)
        wire_fail("the event cannot be read");
    fclose(file);
    *len = (size_t)size;
    return content;
}

void wire_no_delay(int fd)
{
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

int wire_connect(unsigned short port)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        wire_fail("nobody listens");
    wire_no_delay(fd);
    return fd;
}

void wire_send(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t sent = write(fd, bytes, len);
        if (sent <= 0)
            wire_fail("the other side closed the connection");
        bytes += sent;
        len -= (size_t)sent;
    }
}

const char *wire_header(const char *head, const char *name)
{
    for (const char *line = head; (line = strstr(line, "\r\n")) != NULL; line += 2) {
        if (strncasecmp(line + 2, name, strlen(name)) == 0)
            return line + 2 + strlen(name);
    }
    return NULL;
}

size_t wire_content_length(const char *head)
{
    const char *value = wire_header(head, "content-length:");
    return value == NULL ? 0 : strtoul(value, NULL, 10);
}
