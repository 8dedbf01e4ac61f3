/* http.c: see http.h. The connections; http_parser.c knows what their bytes mean. */
#include "http.h"

#include "http_parser.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    CONNECTIONS_MAX = 2048,
    BACKLOG = 1024,
    EXHAUSTED_PAUSE_MS = 20,
    RECEIVE_BYTES = 65536,
    RECEIVES_PER_TURN = 16 /* so that one connection cannot keep the others waiting */
};

/* How much is read and thrown away after an answer to a request that was not read to its end: closing with unread bytes
 * would reset the connection, and the peer might never see the answer. */
#define LINGER_BYTES_MAX ((size_t)64 * 1024 * 1024)

struct connection {
    struct http_parser parser; /* holds the request */
    struct http_server *server;
    int fd;
    struct text in;  /* received, not parsed yet */
    struct text out; /* to be sent from out_at on */
    size_t out_at;
    size_t linger_left;
    bool answering; /* a request was handed over and its answer is not sent to the end */
    bool replied;   /* the answer is in `out` */
    bool watched;
    bool grouped;
    bool deaf; /* the peer sends nothing further, but an answer is still due */
    bool lingering;
    bool dead;
};

struct http_server {
    struct http_config config;
    int fd;
    int port;
    bool exhausted; /* there were no descriptors left for a new connection */
    struct connection **connections;
    size_t count;
    struct pollfd *fds;
    size_t fds_size;
};

static struct connection *connection_of(struct http_request *request)
{
    return (struct connection *)(void *)((char *)request - offsetof(struct connection, parser.request));
}

static int set_flags(int fd)
{
    int one = 1;
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0)
        return -1;
    return setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

static int listen_on_loopback(struct http_server *server)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)server->config.port) };
    socklen_t size = sizeof address;
    int one = 1;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (server->fd < 0 || set_flags(server->fd) != 0 ||
        setsockopt(server->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
        bind(server->fd, (struct sockaddr *)&address, size) != 0 || listen(server->fd, BACKLOG) != 0 ||
        getsockname(server->fd, (struct sockaddr *)&address, &size) != 0)
        return -1;
    server->port = ntohs(address.sin_port);
    return 0;
}

int http_open(struct http_server **out, const struct http_config *config)
{
    struct http_server *server = calloc(1, sizeof *server);
    if (server == NULL)
        return -1;
    server->config = *config;
    server->fd = -1;
    server->connections = calloc(CONNECTIONS_MAX, sizeof(struct connection *));
    if (server->connections == NULL || listen_on_loopback(server) != 0) {
        int error = errno;
        http_close(server);
        errno = error;
        return -1;
    }
    *out = server;
    return 0;
}

int http_port(const struct http_server *server)
{
    return server->port;
}

static void kill_connection(struct connection *connection)
{
    if (connection->dead)
        return;
    connection->dead = true;
    if (connection->answering && connection->watched && !connection->replied)
        connection->server->config.closed(connection->server->config.user, &connection->parser.request);
}

static void free_connection(struct connection *connection)
{
    close(connection->fd);
    http_parser_reset(&connection->parser);
    text_free(&connection->in);
    text_free(&connection->out);
    free(connection);
}

void http_close(struct http_server *server)
{
    if (server == NULL)
        return;
    for (size_t i = 0; i < server->count; i++)
        free_connection(server->connections[i]);
    if (server->fd >= 0)
        close(server->fd);
    free(server->connections);
    free(server->fds);
    free(server);
}

/* The answer is sent: be ready for the next request, or close. */
static void end_request(struct connection *connection)
{
    bool close_now = connection->parser.close || connection->deaf;
    bool unread = connection->parser.unread;

    text_free(&connection->out);
    http_parser_reset(&connection->parser);
    connection->out_at = 0;
    connection->answering = connection->replied = connection->watched = false;
    if (!close_now)
        return;
    if (!unread || connection->deaf || shutdown(connection->fd, SHUT_WR) != 0) {
        connection->dead = true;
        return;
    }
    text_free(&connection->in);
    connection->lingering = true;
    connection->linger_left = LINGER_BYTES_MAX;
}

static void send_out(struct connection *connection)
{
    while (connection->out_at < connection->out.len) {
        ssize_t sent = send(connection->fd, connection->out.ptr + connection->out_at,
                            connection->out.len - connection->out_at, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (sent < 0) {
            kill_connection(connection);
            return;
        }
        connection->out_at += (size_t)sent;
    }
    if (connection->replied)
        end_request(connection);
}

static const char *reason_of(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {
        { 200, "OK" },
        { 202, "Accepted" },
        { 400, "Bad Request" },
        { 403, "Forbidden" },
        { 404, "Not Found" },
        { 405, "Method Not Allowed" },
        { 413, "Request Entity Too Large" },
        { 417, "Expectation Failed" },
        { 429, "Too Many Requests" },
        { 431, "Request Header Fields Too Large" },
        { 500, "Internal Server Error" },
        { 501, "Not Implemented" },
        { 505, "HTTP Version Not Supported" },
    };
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        if (reasons[i].status == status)
            return reasons[i].reason;
    }
    return "Unknown";
}

void http_reply(struct http_request *request, int status, const char *headers, const char *body, size_t len)
{
    struct connection *connection = connection_of(request);
    char head[128];

    if (connection->dead)
        return;
    snprintf(head, sizeof head, "HTTP/1.1 %d %s\r\nContent-Length: %zu\r\n%s", status, reason_of(status), len,
             connection->parser.close ? "Connection: close\r\n" : "");
    connection->replied = true;
    if (!text_add(&connection->out, head, strlen(head)) || !text_add(&connection->out, headers, strlen(headers)) ||
        !text_add(&connection->out, "\r\n", 2) || !text_add(&connection->out, body, len))
        kill_connection(connection);
    else
        send_out(connection);
}

void http_watch(struct http_request *request)
{
    connection_of(request)->watched = true;
}

void http_cut(struct http_request *request)
{
    kill_connection(connection_of(request));
}

void http_join_group(struct http_request *request)
{
    connection_of(request)->grouped = true;
}

void http_drop_group(struct http_server *server)
{
    for (size_t i = 0; i < server->count; i++) {
        if (server->connections[i]->grouped)
            kill_connection(server->connections[i]);
    }
}

static void hand_over(struct connection *connection)
{
    struct http_parser *parser = &connection->parser;
    connection->answering = true;
    if (parser->phase == HTTP_BAD)
        http_reply(&parser->request, parser->status, "", "", 0);
    else
        connection->server->config.request(connection->server->config.user, &parser->request);
}

/* The peer may be waiting for this before it sends the body. */
static void send_100(struct connection *connection)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    connection->parser.wants_100 = false;
    if (text_add(&connection->out, go_on, sizeof go_on - 1))
        send_out(connection);
    else
        kill_connection(connection);
}

/* Parse what was received, up to a request whose answer is still due. */
static void parse_in(struct connection *connection)
{
    struct http_parser *parser = &connection->parser;
    size_t used = 0;
    while (!connection->answering && !connection->lingering && !connection->dead && used < connection->in.len) {
        used += http_parser_read(parser, connection->in.ptr + used, connection->in.len - used);
        if (parser->phase == HTTP_COMPLETE || parser->phase == HTTP_BAD)
            hand_over(connection);
        else if (parser->wants_100 && parser->phase != HTTP_HEAD)
            send_100(connection);
    }
    if (used > 0 && used == connection->in.len)
        text_free(&connection->in);
    else if (used < connection->in.len)
        text_drop(&connection->in, used);
}

static void take_end(struct connection *connection)
{
    if (connection->answering && !connection->watched)
        connection->deaf = true;
    else if (!connection->answering && !connection->lingering && http_parser_end(&connection->parser))
        hand_over(connection);
    else
        kill_connection(connection);
    /* A truncated request may wait for its answer, too. */
    if (connection->answering)
        connection->deaf = true;
}

static void take_bytes(struct connection *connection, const char *bytes, size_t len)
{
    if (connection->lingering) {
        connection->linger_left -= len < connection->linger_left ? len : connection->linger_left;
        if (connection->linger_left == 0)
            kill_connection(connection);
    } else if (text_add(&connection->in, bytes, len)) {
        parse_in(connection);
    } else {
        kill_connection(connection);
    }
}

/* Whether there is a use for what the peer sends: while it waits for its answer it may send the next request, but not
 * without limit. */
static bool is_listening(const struct connection *connection)
{
    return !connection->dead && !connection->deaf && (!connection->answering || connection->in.len < RECEIVE_BYTES);
}

static void receive(struct connection *connection)
{
    char bytes[RECEIVE_BYTES];
    for (int turn = 0; turn < RECEIVES_PER_TURN && is_listening(connection); turn++) {
        ssize_t len = recv(connection->fd, bytes, sizeof bytes, 0);
        if (len > 0) {
            take_bytes(connection, bytes, (size_t)len);
        } else if (len == 0) {
            take_end(connection);
            return;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return;
        } else if (errno != EINTR) {
            kill_connection(connection);
        }
    }
}

static void accept_all(struct http_server *server)
{
    while (server->count < CONNECTIONS_MAX) {
        struct connection *connection;
        int fd = accept(server->fd, NULL, NULL);
        if (fd < 0) {
            server->exhausted = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
            return;
        }
        connection = calloc(1, sizeof *connection);
        if (connection == NULL || set_flags(fd) != 0) {
            free(connection);
            close(fd);
            return;
        }
        connection->server = server;
        connection->fd = fd;
        connection->parser.body_max = server->config.body_max;
        server->connections[server->count++] = connection;
        receive(connection);
    }
}

/* Free the dead, and go on where a pipelined request waited for the answer before it. */
static void tidy_connections(struct http_server *server)
{
    size_t kept = 0;
    for (size_t i = 0; i < server->count; i++) {
        struct connection *connection = server->connections[i];
        parse_in(connection);
        if (connection->dead)
            free_connection(connection);
        else
            server->connections[kept++] = connection;
    }
    server->count = kept;
}

static bool reserve_fds(struct http_server *server, size_t size)
{
    struct pollfd *fds;
    if (size <= server->fds_size)
        return true;
    fds = realloc(server->fds, (size + 64) * sizeof *fds);
    if (fds == NULL)
        return false;
    server->fds = fds;
    server->fds_size = size + 64;
    return true;
}

/* A connection that is neither read nor written must be left out altogether: poll reports a hang-up of any descriptor
 * that it is given, again and again. */
static struct pollfd poll_entry(const struct connection *connection)
{
    struct pollfd entry = { .fd = connection->fd };
    if (is_listening(connection))
        entry.events = POLLIN;
    if (connection->out_at < connection->out.len)
        entry.events |= POLLOUT;
    if (entry.events == 0)
        entry.fd = -1;
    return entry;
}

/* Without room for another connection the listener would be ready all the time: leave it out for a moment. */
static struct pollfd listener_entry(struct http_server *server, int *timeout_ms)
{
    struct pollfd entry = { .fd = server->fd, .events = POLLIN };
    if (server->count == CONNECTIONS_MAX)
        entry.fd = -1;
    if (server->exhausted) {
        entry.fd = -1;
        if (*timeout_ms < 0 || *timeout_ms > EXHAUSTED_PAUSE_MS)
            *timeout_ms = EXHAUSTED_PAUSE_MS;
        server->exhausted = false;
    }
    return entry;
}

static void serve_connections(struct http_server *server, const struct pollfd *fds, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct connection *connection = server->connections[i];
        if ((fds[i].revents & (POLLOUT | POLLERR)) != 0 && !connection->dead)
            send_out(connection);
        if ((fds[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
            receive(connection);
    }
}

size_t http_fds(const struct http_server *server, struct pollfd *out, size_t max)
{
    size_t used = 0;
    if (!server->exhausted && used < max)
        out[used++] = (struct pollfd){ .fd = server->fd, .events = POLLIN };
    for (size_t i = 0; i < server->count && used < max; i++)
        out[used++] = poll_entry(server->connections[i]);
    return used;
}

int http_poll(struct http_server *server, struct pollfd *extra, size_t extra_count, int timeout_ms)
{
    size_t count, used = 0;
    struct pollfd *fds;
    int ready;

    tidy_connections(server);
    count = server->count;
    if (!reserve_fds(server, extra_count + 1 + count))
        return -1;
    fds = server->fds;
    for (size_t i = 0; i < extra_count; i++)
        fds[used++] = extra[i];
    fds[used++] = listener_entry(server, &timeout_ms);
    for (size_t i = 0; i < count; i++)
        fds[used++] = poll_entry(server->connections[i]);
    ready = poll(fds, (nfds_t)used, timeout_ms);
    for (size_t i = 0; i < extra_count; i++)
        extra[i].revents = ready > 0 ? fds[i].revents : 0;
    if (ready < 0)
        return errno == EINTR ? 0 : -1;
    if (ready > 0) {
        serve_connections(server, fds + extra_count + 1, count);
        accept_all(server);
    }
    return ready;
}
