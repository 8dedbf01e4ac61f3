/* raw.c: the least that a runtime can do: a loop of GET next and POST on one plain socket. No error is handled, nothing
 * is checked; it is the floor that others are measured against. What becomes of an event is raw_use(), in raw_noop.c or
 * raw_cjson.c. */
#include "raw.h"
#include "wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BUFFER_SIZE = 8 * 1024 * 1024, ID_MAX = 64, REQUEST_MAX = 512 };

static const char NEXT[] = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: localhost\r\n\r\n";
static const char ANSWER[] = "{\"batchItemFailures\":[]}";

const char WIRE_PROGRAM[] = "raw";

static char *buffer; /* a reply */

/* One reply: where its body begins in the buffer. */
static size_t receive(int fd, size_t *body_len)
{
    size_t used = 0, body = 0, end = 0;
    do {
        ssize_t count = read(fd, buffer + used, BUFFER_SIZE - 1 - used);
        if (count <= 0)
            exit(0);
        used += (size_t)count;
        if (body == 0) {
            buffer[used] = '\0';
            const char *head_end = strstr(buffer, "\r\n\r\n");
            if (head_end == NULL)
                continue;
            body = (size_t)(head_end - buffer) + 4;
            buffer[body - 1] = '\0';
            end = body + wire_content_length(buffer);
        }
    } while (body == 0 || used < end);
    *body_len = end - body;
    return body;
}

static int connect_api(void)
{
    const char *address = getenv("AWS_LAMBDA_RUNTIME_API");
    const char *port = address == NULL ? NULL : strchr(address, ':');
    if (port == NULL)
        wire_fail("AWS_LAMBDA_RUNTIME_API is not set");
    return wire_connect((unsigned short)strtoul(port + 1, NULL, 10));
}

static void copy_id(char id[ID_MAX])
{
    const char *value = wire_header(buffer, "lambda-runtime-aws-request-id:");
    size_t len = 0;
    if (value == NULL)
        exit(1);
    value += strspn(value, " ");
    len = strcspn(value, "\r");
    if (len >= ID_MAX)
        exit(1);
    memcpy(id, value, len);
    id[len] = '\0';
}

int main(void)
{
    int fd = connect_api();
    buffer = malloc(BUFFER_SIZE);
    if (buffer == NULL)
        return 1;
    for (;;) {
        char id[ID_MAX], request[REQUEST_MAX];
        size_t len, body;
        wire_send(fd, NEXT, sizeof NEXT - 1);
        body = receive(fd, &len);
        copy_id(id);
        raw_use(buffer + body, len);
        int size = snprintf(request, sizeof request,
                            "POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\r\nHost: localhost\r\n"
                            "Content-Length: %zu\r\n\r\n%s",
                            id, sizeof ANSWER - 1, ANSWER);
        wire_send(fd, request, (size_t)size);
        receive(fd, &len);
    }
}
