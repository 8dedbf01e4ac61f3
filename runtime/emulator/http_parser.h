/* http_parser.h: reads an HTTP/1.1 request from bytes as they come. Pure: no socket. */
#ifndef EMULATOR_HTTP_PARSER_H
#define EMULATOR_HTTP_PARSER_H
#include "http.h"
#include "text.h"

#include <stdint.h>

enum http_phase {
    HTTP_HEAD, /* request line and headers */
    HTTP_BODY, /* bytes of the body, or of a chunk */
    HTTP_CHUNK_SIZE,
    HTTP_CHUNK_END,
    HTTP_TRAILER,
    HTTP_COMPLETE, /* the request can be used */
    HTTP_BAD       /* it cannot: answer with `status` and close */
};

struct http_parser {
    struct http_request request;
    enum http_phase phase;
    size_t body_max;
    int status;        /* of HTTP_BAD */
    bool close;        /* no further request may follow on this connection */
    bool unread;       /* part of the request was left in the connection */
    bool wants_100;    /* the peer waits for "100 Continue" before it sends the body */
    bool chunked;      /* the body comes in chunks */
    uint64_t left;     /* bytes of body or chunk still to come */
    uint64_t received; /* bytes of the body so far, kept or not */
    size_t line_at;    /* where the current line of the head begins */
    size_t trailers;   /* lines of trailer so far */
    struct text head;  /* what the request's pointers point into */
    struct text line;  /* the current line of the chunk framing */
    struct text body;
};

/* Forget the last request and free its memory; zeroed but for body_max, a parser is ready, too. */
void http_parser_reset(struct http_parser *parser);

/* Read bytes; returns how many were used. Call again with the rest until the phase is HTTP_COMPLETE or HTTP_BAD. */
size_t http_parser_read(struct http_parser *parser, const char *bytes, size_t len);

/* The peer has closed. Whether that makes a request (a truncated one): the phase is then HTTP_COMPLETE. */
bool http_parser_end(struct http_parser *parser);
#endif
