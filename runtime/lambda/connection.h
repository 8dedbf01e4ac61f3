/* connection.h: a TCP connection to the Runtime API that is kept open, and one exchange of request and response on it.
 *
 * Plain sockets, not libcurl: the endpoint is local, HTTP without TLS, one request at a time, and it is all that a cold
 * start waits for and all that an invocation pays for beside its handler. */
#ifndef LAMBDA_CONNECTION_H
#define LAMBDA_CONNECTION_H
#include "runtime/lambda/http_reply.h"
#include <ddbstream/base.h>

enum { DDBS_ADDRESS_MAX = 1024, DDBS_CONNECTION_WHY_MAX = 320 };

/* Something else to look at while waiting. */
struct ddbs_watch {
    int fd;                       /* readable when there is something to look at */
    bool (*is_disturbed)(void *); /* called then, and at the begin; true: give the request up */
    bool (*meanwhile)(void *);    /* called when the request was sent, before anything is waited for; true: as above */
    void *self;
};

struct ddbs_connection {
    int fd;               /* -1: closed */
    const char *address;  /* "host:port", as in AWS_LAMBDA_RUNTIME_API, perhaps followed by "/path" */
    size_t authority_len; /* of "host:port" alone */
};

/* What is sent, and what takes the response. */
struct ddbs_exchange {
    ddbs_str head; /* with the empty line */
    ddbs_str body;
    int64_t timeout_ms;             /* for all of it; 0: none */
    const struct ddbs_watch *watch; /* NULL: none */
    struct ddbs_http_sink sink;
    /* Where the next bytes of a body may be put at once, at most `*size`; they are passed on as they lie there. NULL,
     * or a result of NULL: somewhere else. */
    char *(*place)(void *self, size_t *size);
    /* Out: */
    bool sent;                         /* the other side may have seen bytes of the request */
    bool disturbed;                    /* the watch ended it */
    bool whole;                        /* the response came to its end */
    char why[DDBS_CONNECTION_WHY_MAX]; /* what went wrong, unless `whole` */
    struct ddbs_http_reply reply;
};

/* Prepare connections to an address, which must outlive them. Nothing is opened. */
void ddbs_connection__init(struct ddbs_connection *connection, const char *address);

/* Make sure that it is open, and that nothing is in it that nobody asked for: a reply to nothing, or its end. What is
 * spoiled is replaced. At most 5 s (and the time that looking up a name takes). False: `why` says what went wrong. */
bool ddbs_connection__ready(struct ddbs_connection *connection, char why[DDBS_CONNECTION_WHY_MAX]);

/* Send the request and take the response. The connection stays open where it can be used again. */
void ddbs_connection__exchange(struct ddbs_connection *connection, struct ddbs_exchange *exchange);

/* Send a request of which nobody waits for the response. False where that was not possible. */
bool ddbs_connection__send(struct ddbs_connection *connection, ddbs_str head);

void ddbs_connection__close(struct ddbs_connection *connection);
#endif
