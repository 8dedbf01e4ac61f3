/* http_reply.c: see http_reply.h. Lines are put together in the struct, wherever they are cut; bodies are passed on as
 * they come. */
#include "runtime/lambda/http_reply.h"

#include <string.h>
#include <strings.h>

void ddbs_http__begin(struct ddbs_http_reply *reply, const struct ddbs_http_sink *sink)
{
    memset(reply, 0, offsetof(struct ddbs_http_reply, line));
    reply->sink = *sink;
}

static void break_off(struct ddbs_http_reply *reply, const char *why)
{
    reply->stage = DDBS_HTTP_BROKEN;
    reply->broken = why;
}

/* ---- The head ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "HTTP/1.1 200 OK"; the reason may be missing, with the space before it. */
static void take_status(struct ddbs_http_reply *reply, const char *line, size_t len)
{
    reply->received = true;
    if (len < 12 || memcmp(line, "HTTP/1.", 7) != 0 || !is_digit(line[7]) || line[8] != ' ' || !is_digit(line[9]) ||
        !is_digit(line[10]) || !is_digit(line[11]) || line[9] == '0' || (len > 12 && line[12] != ' ')) {
        break_off(reply, "the response is no HTTP/1.1");
        return;
    }
    int status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
    reply->status = status < 200 ? 0 : status; /* a 100 Continue is not the response */
    reply->keep_alive = line[7] != '0';
    reply->chunked = reply->coded = reply->has_length = false;
    reply->left = 0;
    reply->stage = DDBS_HTTP_HEADERS;
    reply->sink.begin(reply->sink.self);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

/* Whether a list of words, separated by commas, has this one; the last of a list only if `last`. */
static bool has_word(const char *list, size_t len, const char *word, bool last)
{
    const char *end = list + len;
    while (list < end) {
        const char *comma = memchr(list, ',', (size_t)(end - list));
        const char *stop = comma == NULL ? end : comma, *next = comma == NULL ? end : comma + 1;
        while (list < stop && is_space(*list))
            list++;
        while (stop > list && is_space(stop[-1]))
            stop--;
        if ((next == end || !last) && (size_t)(stop - list) == strlen(word) &&
            strncasecmp(list, word, strlen(word)) == 0)
            return true;
        list = next;
    }
    return false;
}

/* Two lengths that differ, or what is no number, would let two readers see two different bodies. */
static void take_length(struct ddbs_http_reply *reply, const char *value, size_t len)
{
    uint64_t length = 0;
    for (size_t i = 0; i < len; i++) {
        if (!is_digit(value[i]) || i >= 18) {
            break_off(reply, "the response has a Content-Length that is no number");
            return;
        }
        length = length * 10 + (uint64_t)(value[i] - '0');
    }
    if (len == 0 || (reply->has_length && reply->left != length)) {
        break_off(reply, "the response has no clear Content-Length");
        return;
    }
    reply->has_length = true;
    reply->left = length;
}

static bool is_named(const char *name, size_t len, const char *wanted)
{
    return len == strlen(wanted) && strncasecmp(name, wanted, len) == 0;
}

static void take_framing(struct ddbs_http_reply *reply, const char *name, size_t name_len, const char *value,
                         size_t len)
{
    if (is_named(name, name_len, "Content-Length")) {
        take_length(reply, value, len);
    } else if (is_named(name, name_len, "Transfer-Encoding")) {
        reply->coded = true;
        reply->chunked = has_word(value, len, "chunked", true);
    } else if (is_named(name, name_len, "Connection")) {
        if (has_word(value, len, "close", false))
            reply->keep_alive = false;
        else if (has_word(value, len, "keep-alive", false))
            reply->keep_alive = true;
    }
}

/* A line without a colon, as of a folded value, says nothing. `kept`: it is here to its end. */
static void take_header(struct ddbs_http_reply *reply, char *line, size_t len, bool kept)
{
    const char *colon = memchr(line, ':', len);
    if (colon == NULL)
        return;
    size_t name_len = (size_t)(colon - line);
    char *value = line + name_len + 1, *end = line + len;
    while (value < end && is_space(*value))
        value++;
    while (end > value && (unsigned char)end[-1] <= ' ')
        end--;
    if (!kept || memchr(value, '\0', (size_t)(end - value)) != NULL)
        end = value;
    *end = '\0';
    take_framing(reply, line, name_len, value, (size_t)(end - value));
    if (reply->stage == DDBS_HTTP_HEADERS)
        reply->sink.header(reply->sink.self, line, name_len, value, (size_t)(end - value));
}

/* The empty line: what comes next follows from the status and the headers. */
static void end_head(struct ddbs_http_reply *reply)
{
    if (reply->status == 0)
        reply->stage = DDBS_HTTP_STATUS;
    else if (reply->status == 204 || reply->status == 304)
        reply->stage = DDBS_HTTP_DONE;
    else if (reply->chunked)
        reply->stage = DDBS_HTTP_CHUNK_SIZE;
    else if (reply->has_length && !reply->coded)
        reply->stage = reply->left == 0 ? DDBS_HTTP_DONE : DDBS_HTTP_BODY;
    else
        reply->stage = DDBS_HTTP_UNTIL_END;
}

/* ---- Chunks ---- */

static int hex_digit(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* "1F;name=value" */
static void take_chunk_size(struct ddbs_http_reply *reply, const char *line, size_t len)
{
    uint64_t size = 0;
    size_t i = 0;
    for (; i < len && hex_digit(line[i]) >= 0; i++) {
        if (size >> 56 != 0)
            break;
        size = size * 16 + (uint64_t)hex_digit(line[i]);
    }
    if (i == 0 || (i < len && line[i] != ';' && !is_space(line[i]))) {
        break_off(reply, "the size of a chunk is no number");
        return;
    }
    reply->head_bytes = 0; /* there may be as many chunks as bytes; the trailer is counted anew */
    reply->left = size;
    reply->stage = size == 0 ? DDBS_HTTP_TRAILER : DDBS_HTTP_CHUNK;
}

/* ---- Lines and bytes ---- */

/* A line is complete, without its end. */
static void take_line(struct ddbs_http_reply *reply)
{
    bool kept = reply->line_len < DDBS_HTTP_LINE_MAX;
    size_t len = kept ? reply->line_len : DDBS_HTTP_LINE_MAX - 1;
    if (kept && len > 0 && reply->line[len - 1] == '\r')
        len--;
    reply->line_len = 0;
    switch (reply->stage) {
    case DDBS_HTTP_STATUS:
        take_status(reply, reply->line, len);
        break;
    case DDBS_HTTP_HEADERS:
        len == 0 ? end_head(reply) : take_header(reply, reply->line, len, kept);
        break;
    case DDBS_HTTP_CHUNK_SIZE:
        take_chunk_size(reply, reply->line, len);
        break;
    case DDBS_HTTP_CHUNK_END:
        reply->stage = DDBS_HTTP_CHUNK_SIZE;
        if (len > 0)
            break_off(reply, "a chunk is longer than its size");
        break;
    default:
        if (len == 0)
            reply->stage = DDBS_HTTP_DONE;
    }
}

/* What begins like no status line will never be one; it need not come to an end. */
static bool can_be_status(const struct ddbs_http_reply *reply)
{
    size_t len = reply->line_len < 7 ? reply->line_len : 7;
    return reply->stage != DDBS_HTTP_STATUS || memcmp(reply->line, "HTTP/1.", len) == 0;
}

/* Take bytes up to the end of a line. */
static size_t gather(struct ddbs_http_reply *reply, const char *bytes, size_t len)
{
    const char *newline = memchr(bytes, '\n', len);
    size_t here = newline == NULL ? len : (size_t)(newline - bytes);
    size_t kept = reply->line_len < DDBS_HTTP_LINE_MAX - 1 ? reply->line_len : DDBS_HTTP_LINE_MAX - 1;
    size_t room = DDBS_HTTP_LINE_MAX - 1 - kept;
    memcpy(reply->line + kept, bytes, here < room ? here : room);
    reply->line_len += here;
    reply->head_bytes += here + 1;
    if (!can_be_status(reply)) {
        reply->received = true;
        break_off(reply, "the response is no HTTP/1.1");
    } else if (reply->head_bytes > DDBS_HTTP_HEAD_MAX) {
        break_off(reply, "the head of the response is too large");
    } else if (newline != NULL) {
        take_line(reply);
    }
    return here + (newline != NULL);
}

/* Pass on bytes of the body. */
static size_t pass_on(struct ddbs_http_reply *reply, const char *bytes, size_t len)
{
    bool counted = reply->stage != DDBS_HTTP_UNTIL_END;
    if (counted && len > reply->left)
        len = (size_t)reply->left;
    if (!reply->sink.body(reply->sink.self, bytes, len)) {
        break_off(reply, "the response is too large");
        return len;
    }
    reply->left -= counted ? len : 0;
    if (counted && reply->left == 0)
        reply->stage = reply->stage == DDBS_HTTP_BODY ? DDBS_HTTP_DONE : DDBS_HTTP_CHUNK_END;
    return len;
}

size_t ddbs_http__take(struct ddbs_http_reply *reply, const char *bytes, size_t len)
{
    size_t at = 0;
    while (at < len && reply->stage < DDBS_HTTP_DONE) {
        bool is_body =
            reply->stage == DDBS_HTTP_BODY || reply->stage == DDBS_HTTP_CHUNK || reply->stage == DDBS_HTTP_UNTIL_END;
        at += is_body ? pass_on(reply, bytes + at, len - at) : gather(reply, bytes + at, len - at);
    }
    return at;
}

bool ddbs_http__end(struct ddbs_http_reply *reply, bool cleanly)
{
    reply->keep_alive = false;
    if (reply->stage == DDBS_HTTP_UNTIL_END && cleanly)
        reply->stage = DDBS_HTTP_DONE;
    return reply->stage == DDBS_HTTP_DONE;
}

uint64_t ddbs_http__body_left(const struct ddbs_http_reply *reply)
{
    return reply->stage == DDBS_HTTP_BODY || reply->stage == DDBS_HTTP_CHUNK ? reply->left : 0;
}
