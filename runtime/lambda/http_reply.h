/* http_reply.h: one HTTP/1.1 response, read as its bytes come (RFC 9112). Pure: no socket, no clock, no memory but its
 * own struct. It understands what an endpoint of the Runtime API may send: interim responses, bodies with a length, in
 * chunks with extensions and trailers, or up to the end of the connection; lines that end with LF alone. Header names
 * have no case. Nothing is limited but the head, and nothing is recursive. */
#ifndef LAMBDA_HTTP_REPLY_H
#define LAMBDA_HTTP_REPLY_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DDBS_HTTP_LINE_MAX = 5120,   /* of a line that is kept; what is longer is passed on without its value */
    DDBS_HTTP_HEAD_MAX = 1 << 20 /* of all heads and trailers of a response; LAMBDA has 1 MB */
};

/* Where a response is. From DDBS_HTTP_DONE on it is at its end. */
enum ddbs_http_stage {
    DDBS_HTTP_STATUS, /* before the end of a status line */
    DDBS_HTTP_HEADERS,
    DDBS_HTTP_BODY,       /* `left` more bytes of it */
    DDBS_HTTP_CHUNK_SIZE, /* a line with the size of a chunk */
    DDBS_HTTP_CHUNK,      /* `left` more bytes of it */
    DDBS_HTTP_CHUNK_END,  /* the end of the line behind it */
    DDBS_HTTP_TRAILER,
    DDBS_HTTP_UNTIL_END, /* the body ends with the connection */
    DDBS_HTTP_DONE,
    DDBS_HTTP_BROKEN /* what came is no HTTP/1.1; `broken` says what */
};

/* Who takes what a response brings. */
struct ddbs_http_sink {
    /* A status line, an interim one, too: what headers said before is void. */
    void (*begin)(void *self);
    /* A header. Name and value live until the return; the value has no whitespace around it and ends with a NUL. */
    void (*header)(void *self, const char *name, size_t name_len, const char *value, size_t value_len);
    /* Bytes of the body, in order. False: no more of it, the response is broken. */
    bool (*body)(void *self, const char *bytes, size_t len);
    void *self;
};

struct ddbs_http_reply {
    enum ddbs_http_stage stage;
    int status;      /* of the response; 0: no status line of other than an interim one came */
    bool received;   /* a status line came whole, or bytes that are no HTTP */
    bool keep_alive; /* the connection can be used again when the response is DONE */
    bool chunked, coded, has_length;
    uint64_t left;
    size_t head_bytes;
    const char *broken; /* a constant text; NULL unless the stage is BROKEN */
    struct ddbs_http_sink sink;
    size_t line_len; /* of the line at hand, kept or not */
    char line[DDBS_HTTP_LINE_MAX];
};

/* Begin a response. `line` is not touched before it is needed. */
void ddbs_http__begin(struct ddbs_http_reply *reply, const struct ddbs_http_sink *sink);

/* Take bytes as they came. Returns how many belong to the response: fewer than `len` only at its end. */
size_t ddbs_http__take(struct ddbs_http_reply *reply, const char *bytes, size_t len);

/* The connection has ended, `cleanly` or by an error. Returns whether that makes the response whole, or it was. */
bool ddbs_http__end(struct ddbs_http_reply *reply, bool cleanly);

/* How many bytes of the body must come next, and nothing else; 0: that is not known. */
uint64_t ddbs_http__body_left(const struct ddbs_http_reply *reply);
#endif
