/* http_parser.c: see http_parser.h. Strict where two readings of a request are possible, because a truncated or
 * misread answer of a function must never count as an answer. */
#include "http_parser.h"

#include <string.h>
#include <strings.h>

enum {
    HEAD_BYTES_MAX = 1024 * 1024, /* request line and headers, as in Lambda */
    CHUNK_LINE_BYTES_MAX = 4096,
    LENGTH_DIGITS_MAX = 18,
    CHUNK_DIGITS_MAX = 8
};

/* A body over the limit is read to its end, so that the peer gets to see the answer, but not for ever. */
#define DRAIN_BYTES_MAX ((uint64_t)64 * 1024 * 1024)

const char *http_header(const struct http_request *request, const char *name)
{
    for (size_t i = 0; i < request->field_count; i++) {
        const struct http_field *field = &request->fields[i];
        if (strcasecmp(field->name, name) == 0 && field->value[0] != '\0')
            return field->value;
    }
    return NULL;
}

void http_parser_reset(struct http_parser *parser)
{
    size_t body_max = parser->body_max;
    text_free(&parser->head);
    text_free(&parser->line);
    text_free(&parser->body);
    *parser = (struct http_parser){ .body_max = body_max };
}

static void fail(struct http_parser *parser, int status)
{
    parser->phase = HTTP_BAD;
    parser->status = status;
    parser->close = parser->unread = true;
}

static void complete(struct http_parser *parser)
{
    struct http_request *request = &parser->request;
    if (request->too_large || request->truncated)
        text_free(&parser->body);
    request->body = parser->body.ptr == NULL ? "" : parser->body.ptr;
    request->body_len = parser->body.len;
    parser->phase = HTTP_COMPLETE;
}

/* Take bytes up to the next newline, it included. True when that ends a line. */
static bool take_line(struct http_parser *parser, struct text *text, size_t max, const char *bytes, size_t len,
                      size_t *used)
{
    const char *newline = memchr(bytes, '\n', len);
    *used = newline == NULL ? len : (size_t)(newline - bytes) + 1;
    if (*used > max - text->len)
        fail(parser, text == &parser->head ? 431 : 400);
    else if (!text_add(text, bytes, *used))
        fail(parser, 500);
    return newline != NULL && parser->phase != HTTP_BAD;
}

static bool is_blank(const char *line, size_t len)
{
    return len == 1 || (len == 2 && line[0] == '\r');
}

/* Cut the line at *cursor off, without its end, and move past it. */
static char *cut_line(char **cursor)
{
    char *line = *cursor;
    char *newline = strchr(line, '\n');
    *cursor = newline + 1;
    *newline = '\0';
    if (newline > line && newline[-1] == '\r')
        newline[-1] = '\0';
    return line;
}

static void read_request_line(struct http_parser *parser, char *line)
{
    char *path = strchr(line, ' ');
    char *version = path == NULL ? NULL : strchr(path + 1, ' ');
    if (version == NULL || path[1] != '/' || path == line) {
        fail(parser, 400);
        return;
    }
    *path++ = '\0';
    *version++ = '\0';
    path[strcspn(path, "?#")] = '\0';
    if (strcmp(version, "HTTP/1.1") != 0 && strcmp(version, "HTTP/1.0") != 0)
        fail(parser, 505);
    parser->close = parser->close || version[7] == '0';
    parser->request.method = line;
    parser->request.path = path;
}

static void read_field(struct http_parser *parser, char *line)
{
    struct http_request *request = &parser->request;
    size_t name_len = strcspn(line, ": \t");
    char *value = line + name_len, *end = value + strlen(value);
    if (name_len == 0 || *value != ':') {
        fail(parser, 400);
        return;
    }
    if (request->field_count == HTTP_HEADERS_MAX) {
        fail(parser, 431);
        return;
    }
    *value++ = '\0';
    value += strspn(value, " \t");
    while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
        *--end = '\0';
    request->fields[request->field_count++] = (struct http_field){ line, value };
}

/* Two different lengths are two different requests. */
static bool lengths_agree(const struct http_request *request, const char *length)
{
    for (size_t i = 0; i < request->field_count; i++) {
        const struct http_field *field = &request->fields[i];
        if (strcasecmp(field->name, "Content-Length") == 0 && strcmp(field->value, length) != 0)
            return false;
    }
    return true;
}

static void expect_length(struct http_parser *parser, const char *length)
{
    size_t digits = strspn(length, "0123456789");
    if (digits == 0 || digits > LENGTH_DIGITS_MAX || length[digits] != '\0' ||
        !lengths_agree(&parser->request, length)) {
        fail(parser, 400);
        return;
    }
    for (; *length != '\0'; length++)
        parser->left = parser->left * 10 + (uint64_t)(*length - '0');
    parser->request.too_large = parser->left > parser->body_max;
    parser->phase = HTTP_BODY;
    if (parser->left == 0) {
        complete(parser);
    } else if (parser->request.too_large && (parser->wants_100 || parser->left > DRAIN_BYTES_MAX)) {
        parser->close = parser->unread = true;
        complete(parser);
    }
}

/* What follows the head: nothing, a length of bytes, or chunks (RFC 9112, 6.3). */
static void read_framing(struct http_parser *parser)
{
    const char *connection = http_header(&parser->request, "Connection");
    const char *coding = http_header(&parser->request, "Transfer-Encoding");
    const char *length = http_header(&parser->request, "Content-Length");
    const char *expect = http_header(&parser->request, "Expect");

    parser->close = parser->close || (connection != NULL && strcasecmp(connection, "close") == 0);
    parser->wants_100 = expect != NULL && strcasecmp(expect, "100-continue") == 0;
    if (expect != NULL && !parser->wants_100) {
        fail(parser, 417);
    } else if (coding != NULL && length != NULL) {
        fail(parser, 400);
    } else if (coding != NULL && strcasecmp(coding, "chunked") != 0) {
        fail(parser, 501);
    } else if (coding != NULL) {
        parser->chunked = true;
        parser->phase = HTTP_CHUNK_SIZE;
    } else if (length != NULL) {
        expect_length(parser, length);
    } else {
        complete(parser);
    }
}

static void read_head(struct http_parser *parser)
{
    char *cursor = parser->head.ptr;
    char *end = parser->head.ptr + parser->line_at; /* the blank line */
    if (memchr(parser->head.ptr, '\0', parser->head.len) != NULL) {
        fail(parser, 400);
        return;
    }
    read_request_line(parser, cut_line(&cursor));
    while (cursor < end && parser->phase != HTTP_BAD)
        read_field(parser, cut_line(&cursor));
    if (parser->phase != HTTP_BAD)
        read_framing(parser);
}

static size_t parse_head(struct http_parser *parser, const char *bytes, size_t len)
{
    size_t used;
    struct text *head = &parser->head;
    if (!take_line(parser, head, HEAD_BYTES_MAX, bytes, len, &used))
        return used;
    if (!is_blank(head->ptr + parser->line_at, head->len - parser->line_at))
        parser->line_at = head->len;
    else if (parser->line_at == 0)
        head->len = 0; /* blank lines before a request are skipped: RFC 9112, 2.2 */
    else
        read_head(parser);
    return used;
}

static void keep_body(struct http_parser *parser, const char *bytes, size_t len)
{
    parser->received += len;
    if (parser->received > parser->body_max)
        parser->request.too_large = true;
    else if (!text_add(&parser->body, bytes, len))
        fail(parser, 500);
}

static size_t parse_body(struct http_parser *parser, const char *bytes, size_t len)
{
    size_t used = len < parser->left ? len : (size_t)parser->left;
    keep_body(parser, bytes, used);
    parser->left -= used;
    if (parser->phase == HTTP_BAD)
        return used;
    if (parser->received > DRAIN_BYTES_MAX) {
        parser->close = parser->unread = true;
        complete(parser);
    } else if (parser->left == 0 && parser->chunked) {
        parser->phase = HTTP_CHUNK_END;
    } else if (parser->left == 0) {
        complete(parser);
    }
    return used;
}

static int hex_digit(char byte)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *found = byte == '\0' ? NULL : strchr(digits, byte);
    return found == NULL ? -1 : (int)(found - digits) % 16;
}

/* "1a2b" or "1a2b;extension"; 0 is the last chunk. */
static void read_chunk_size(struct http_parser *parser)
{
    const char *line = parser->line.ptr;
    size_t digits = 0;
    parser->left = 0;
    for (; hex_digit(line[digits]) >= 0 && digits <= CHUNK_DIGITS_MAX; digits++)
        parser->left = parser->left * 16 + (uint64_t)hex_digit(line[digits]);
    if (digits == 0 || digits > CHUNK_DIGITS_MAX || strchr("; \t\r\n", line[digits]) == NULL || line[digits] == '\0')
        fail(parser, 400);
    else
        parser->phase = parser->left == 0 ? HTTP_TRAILER : HTTP_BODY;
}

/* One line of the framing of chunks. */
static size_t parse_chunk_line(struct http_parser *parser, const char *bytes, size_t len)
{
    size_t used;
    bool blank;
    if (!take_line(parser, &parser->line, CHUNK_LINE_BYTES_MAX, bytes, len, &used))
        return used;
    blank = is_blank(parser->line.ptr, parser->line.len);
    if (parser->phase == HTTP_CHUNK_SIZE)
        read_chunk_size(parser);
    else if (parser->phase == HTTP_CHUNK_END && blank)
        parser->phase = HTTP_CHUNK_SIZE;
    else if (parser->phase == HTTP_TRAILER && blank)
        complete(parser);
    else if (parser->phase == HTTP_CHUNK_END || ++parser->trailers > HTTP_HEADERS_MAX)
        fail(parser, 400);
    parser->line.len = 0;
    return used;
}

size_t http_parser_read(struct http_parser *parser, const char *bytes, size_t len)
{
    size_t used = 0;
    while (used < len && parser->phase != HTTP_COMPLETE && parser->phase != HTTP_BAD) {
        if (parser->phase == HTTP_HEAD)
            used += parse_head(parser, bytes + used, len - used);
        else if (parser->phase == HTTP_BODY)
            used += parse_body(parser, bytes + used, len - used);
        else
            used += parse_chunk_line(parser, bytes + used, len - used);
    }
    return used;
}

bool http_parser_end(struct http_parser *parser)
{
    if (parser->phase == HTTP_HEAD)
        return false;
    parser->request.truncated = true;
    parser->close = true;
    complete(parser);
    return true;
}
