/* connection.c: see connection.h. What costs a system call is done only where it is needed: a usual exchange is a look
 * at the connection, one send and one receive, and a poll before that where a watch wants to be heard, too. */
#define _GNU_SOURCE
#include "runtime/lambda/connection.h"

#include "runtime/lambda/deadline.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { CONNECT_TIMEOUT_MS = 5000, RECEIVE_BYTES = 16384, PORT_MAX = 8 };

__attribute__((format(printf, 2, 3))) static bool refuse(char *why, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, DDBS_CONNECTION_WHY_MAX, format, arguments);
    va_end(arguments);
    return false;
}

void ddbs_connection__init(struct ddbs_connection *connection, const char *address)
{
    *connection = (struct ddbs_connection){ -1, address, strcspn(address, "/") };
}

void ddbs_connection__close(struct ddbs_connection *connection)
{
    if (connection->fd >= 0)
        close(connection->fd);
    connection->fd = -1;
}

/* ---- Connecting ---- */

/* Poll for at most that long, or until the deadline; -1 for a deadline that is not known. */
static int poll_ms(const struct ddbs_deadline *until)
{
    int64_t left = ddbs_deadline__remaining_ms(until);
    return left == INT64_MAX ? -1 : left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left;
}

/* The socket's way of saying what became of a connect. */
static int await_connect(int fd, const struct ddbs_deadline *until)
{
    struct pollfd polled = { .fd = fd, .events = POLLOUT };
    int error = 0, ready;
    socklen_t len = sizeof error;
    do
        ready = poll(&polled, 1, poll_ms(until));
    while (ready < 0 && errno == EINTR);
    if (ready == 0)
        return ETIMEDOUT;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 ? error : errno;
}

/* The descriptor, or -1 and errno. */
static int connect_to(const struct sockaddr *address, socklen_t len, const struct ddbs_deadline *until)
{
    int one = 1, error = 0;
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    if (connect(fd, address, len) != 0)
        error = errno == EINPROGRESS || errno == EINTR ? await_connect(fd, until) : errno;
    if (error == 0 && fcntl(fd, F_SETFL, 0) == 0) { /* blocking: where there is one thing to wait for, recv waits */
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        return fd;
    }
    error = error == 0 ? errno : error;
    close(fd);
    errno = error;
    return -1;
}

/* "host:port", "[v6]:port"; without a port it is HTTP's. */
static bool split_authority(const struct ddbs_connection *connection, char host[DDBS_ADDRESS_MAX], char port[PORT_MAX])
{
    const char *begin = connection->address, *end = begin + connection->authority_len;
    const char *bracket = memchr(begin, ']', connection->authority_len);
    const char *colon = memrchr(begin, ':', connection->authority_len);
    if (colon != NULL && bracket != NULL && colon < bracket)
        colon = NULL;
    const char *host_end = colon == NULL ? end : colon;
    size_t port_len = colon == NULL ? 0 : (size_t)(end - colon) - 1;
    if (bracket != NULL && *begin == '[') {
        begin++;
        host_end = bracket;
    }
    size_t host_len = (size_t)(host_end - begin);
    if (host_len == 0 || host_len >= DDBS_ADDRESS_MAX || port_len >= PORT_MAX)
        return false;
    memcpy(host, begin, host_len);
    host[host_len] = '\0';
    snprintf(port, PORT_MAX, "%.*s", port_len == 0 ? 2 : (int)port_len, port_len == 0 ? "80" : colon + 1);
    return true;
}

/* What Lambda says is "127.0.0.1:9001": that needs no resolver, which is the larger part of connecting to it. */
static bool read_ipv4(const char *host, const char *port, struct sockaddr_in *out)
{
    char *end;
    unsigned long number = strtoul(port, &end, 10);
    *out = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)number) };
    return *end == '\0' && number <= UINT16_MAX && inet_pton(AF_INET, host, &out->sin_addr) == 1;
}

/* Look the name up and try what is found. Returns NULL, or why not. */
static const char *connect_by_name(struct ddbs_connection *connection, const char *host, const char *port,
                                   const struct ddbs_deadline *until)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV }, *found;
    int code = getaddrinfo(host, port, &hints, &found);
    if (code != 0)
        return gai_strerror(code);
    for (const struct addrinfo *one = found; one != NULL && connection->fd < 0; one = one->ai_next)
        connection->fd = connect_to(one->ai_addr, one->ai_addrlen, until);
    int reason = errno;
    freeaddrinfo(found);
    return connection->fd >= 0 ? NULL : strerror(reason);
}

static bool open_connection(struct ddbs_connection *connection, char *why)
{
    char host[DDBS_ADDRESS_MAX], port[PORT_MAX];
    const char *reason = "that is no address";
    struct ddbs_deadline until = ddbs_deadline__after(CONNECT_TIMEOUT_MS);
    struct sockaddr_in ipv4;
    bool readable = split_authority(connection, host, port);
    if (readable && read_ipv4(host, port, &ipv4)) {
        connection->fd = connect_to((const struct sockaddr *)&ipv4, sizeof ipv4, &until);
        reason = connection->fd >= 0 ? NULL : strerror(errno);
    } else if (readable) {
        reason = connect_by_name(connection, host, port, &until);
    }
    return reason == NULL ||
           refuse(why, "cannot connect to %.*s: %s", (int)connection->authority_len, connection->address, reason);
}

bool ddbs_connection__ready(struct ddbs_connection *connection, char why[DDBS_CONNECTION_WHY_MAX])
{
    struct pollfd polled = { .fd = connection->fd, .events = POLLIN };
    if (connection->fd >= 0 && poll(&polled, 1, 0) == 0)
        return true;
    ddbs_connection__close(connection);
    return open_connection(connection, why);
}

/* ---- One exchange ---- */

/* What of the request has not been sent. */
struct rest {
    ddbs_str head, body;
};

static void advance(ddbs_str *text, size_t *len)
{
    size_t taken = *len < text->len ? *len : text->len;
    *text = (ddbs_str){ text->ptr + taken, text->len - taken };
    *len -= taken;
}

/* Send what the socket takes. False: it takes nothing any more, ever. */
static bool send_some(int fd, struct rest *rest, bool *sent)
{
    while (rest->head.len + rest->body.len > 0) {
        struct iovec parts[] = { { (void *)(uintptr_t)rest->head.ptr, rest->head.len },
                                 { (void *)(uintptr_t)rest->body.ptr, rest->body.len } };
        struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
        ssize_t count = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return errno == EAGAIN || errno == EWOULDBLOCK;
        size_t len = (size_t)count;
        *sent = true;
        advance(&rest->head, &len);
        advance(&rest->body, &len);
    }
    return true;
}

/* Wait until the socket is ready, either way. False: the watch or the clock ended it. */
static bool wait_for(int fd, bool unsent, struct ddbs_exchange *exchange, const struct ddbs_deadline *until)
{
    const struct ddbs_watch *watch = exchange->watch;
    struct pollfd polled[] = { { fd, unsent ? POLLIN | POLLOUT : POLLIN, 0 },
                               { watch == NULL ? -1 : watch->fd, POLLIN, 0 } };
    for (;;) {
        int ready = poll(polled, 2, poll_ms(until));
        if (ready > 0 && polled[1].revents != 0 && watch->is_disturbed(watch->self)) {
            exchange->disturbed = true;
            return refuse(exchange->why, "disturbed");
        }
        if (ready > 0 && polled[0].revents != 0)
            return true;
        if (ready == 0 || ddbs_deadline__remaining_ms(until) <= 0)
            return refuse(exchange->why, "no response within %lld ms", (long long)exchange->timeout_ms);
    }
}

/* Why there is no whole response, where its bytes do not say it. */
static void note_end(struct ddbs_exchange *exchange, int error)
{
    const struct ddbs_http_reply *reply = &exchange->reply;
    const char *when = reply->received ? "the end of the response" : "a response";
    if (reply->broken != NULL)
        refuse(exchange->why, "%s", reply->broken);
    else if (error == 0)
        refuse(exchange->why, "the connection was closed before %s", when);
    else
        refuse(exchange->why, "the connection broke before %s: %s", when, strerror(error));
}

enum received { RECEIVED_MORE, RECEIVED_NOTHING, RECEIVED_ALL };

/* Take what has come. RECEIVED_ALL: nothing more is to come, whatever that means. */
static enum received receive_some(int fd, struct ddbs_exchange *exchange, int flags)
{
    struct ddbs_http_reply *reply = &exchange->reply;
    char buffer[RECEIVE_BYTES];
    size_t size = sizeof buffer;
    char *at = NULL;
    uint64_t left = ddbs_http__body_left(reply);
    if (left > 0 && exchange->place != NULL) {
        size_t room = left < SIZE_MAX ? (size_t)left : SIZE_MAX;
        at = exchange->place(exchange->sink.self, &room);
        size = at == NULL ? size : room;
    }
    at = at == NULL ? buffer : at;
    ssize_t count = recv(fd, at, size, flags);
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return RECEIVED_NOTHING;
    if (count <= 0) {
        int error = count == 0 ? 0 : errno;
        if (!ddbs_http__end(reply, count == 0))
            note_end(exchange, error);
        return RECEIVED_ALL;
    }
    size_t taken = ddbs_http__take(reply, at, (size_t)count);
    if (reply->stage == DDBS_HTTP_BROKEN)
        note_end(exchange, 0);
    if (taken < (size_t)count)
        reply->keep_alive = false; /* what is behind the response belongs to nobody */
    return reply->stage >= DDBS_HTTP_DONE ? RECEIVED_ALL : RECEIVED_MORE;
}

/* While the other side is at work there is time for what it need not wait for. False: the watch ended it. */
static bool use_the_wait(struct ddbs_exchange *exchange)
{
    const struct ddbs_watch *watch = exchange->watch;
    if (watch == NULL || !watch->meanwhile(watch->self))
        return true;
    exchange->disturbed = true;
    return refuse(exchange->why, "disturbed");
}

/* A request that is refused before it was read is answered all the same: the response is looked for until the end. */
static void drive(int fd, struct ddbs_exchange *exchange)
{
    struct ddbs_deadline until = { .known = false };
    struct rest rest = { exchange->head, exchange->body };
    if (exchange->timeout_ms > 0)
        until = ddbs_deadline__after(exchange->timeout_ms);
    bool open = send_some(fd, &rest, &exchange->sent);
    if (!use_the_wait(exchange))
        return;
    for (;;) {
        bool unsent = open && rest.head.len + rest.body.len > 0;
        bool several = unsent || until.known || exchange->watch != NULL;
        if (several && !wait_for(fd, unsent, exchange, &until))
            return;
        if (receive_some(fd, exchange, several ? MSG_DONTWAIT : 0) == RECEIVED_ALL)
            break;
        open = open && send_some(fd, &rest, &exchange->sent);
    }
    exchange->whole = exchange->reply.stage == DDBS_HTTP_DONE;
    if (rest.head.len + rest.body.len > 0)
        exchange->reply.keep_alive = false;
}

void ddbs_connection__exchange(struct ddbs_connection *connection, struct ddbs_exchange *exchange)
{
    exchange->sent = exchange->disturbed = exchange->whole = false;
    exchange->why[0] = '\0';
    ddbs_http__begin(&exchange->reply, &exchange->sink);
    if (!ddbs_connection__ready(connection, exchange->why))
        return;
    drive(connection->fd, exchange);
    if (!exchange->whole || !exchange->reply.keep_alive)
        ddbs_connection__close(connection);
}

bool ddbs_connection__send(struct ddbs_connection *connection, ddbs_str head)
{
    char why[DDBS_CONNECTION_WHY_MAX];
    struct rest rest = { head, { NULL, 0 } };
    bool sent;
    return ddbs_connection__ready(connection, why) && send_some(connection->fd, &rest, &sent) && rest.head.len == 0;
}
