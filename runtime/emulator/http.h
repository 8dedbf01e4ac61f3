/* http.h: a small HTTP/1.1 server for loopback: one thread, any number of connections, driven by poll().
 *
 * A request is handed over when its body is complete (or is known never to be). It may be answered at once or later:
 * until then it stays valid, and its connection reads nothing further. */
#ifndef EMULATOR_HTTP_H
#define EMULATOR_HTTP_H
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

enum { HTTP_HEADERS_MAX = 128 };

struct http_server;

struct http_field {
    const char *name;
    const char *value;
};

struct http_request {
    const char *method;
    const char *path; /* without query */
    struct http_field fields[HTTP_HEADERS_MAX];
    size_t field_count;
    const char *body; /* NUL-terminated, "" when there is none */
    size_t body_len;
    bool too_large; /* the body is over the limit and was thrown away */
    bool truncated; /* the peer closed before the end of the body */
};

struct http_config {
    int port;        /* 0: any free one */
    size_t body_max; /* larger bodies are `too_large` */
    void (*request)(void *user, struct http_request *request);
    /* The peer of a watched request went away, or its group was dropped: the request is gone. */
    void (*closed)(void *user, struct http_request *request);
    void *user;
};

/* Listen on 127.0.0.1. Returns 0, or -1 with errno. */
int http_open(struct http_server **out, const struct http_config *config);
void http_close(struct http_server *server);
int http_port(const struct http_server *server);

/* Wait up to `timeout_ms` for the sockets and for `extra` (its revents are set), and do what there is to do. Returns
 * how many descriptors were ready, 0 also after a signal; -1 with errno. */
int http_poll(struct http_server *server, struct pollfd *extra, size_t extra_count, int timeout_ms);

/* The descriptors that http_poll would wait for, for a poll of several servers at once: at most `max` of them. Returns
 * how many were written. */
size_t http_fds(const struct http_server *server, struct pollfd *out, size_t max);

/* The value of a header, its name in any case; NULL where it is absent or empty. */
const char *http_header(const struct http_request *request, const char *name);

/* Answer. `headers` is "" or complete lines, each with its "\r\n". The request is gone afterwards. */
void http_reply(struct http_request *request, int status, const char *headers, const char *body, size_t len);

/* Give this request up when its peer goes away. Others are answered into the void: a peer may close its sending side
 * and still wait for the answer. */
void http_watch(struct http_request *request);

/* Close the connection instead of an answer. A watched request is told to `closed`. */
void http_cut(struct http_request *request);

/* Put the request's connection into the group that http_drop_group closes. */
void http_join_group(struct http_request *request);
void http_drop_group(struct http_server *server);
#endif
