/* test_http_reply.c: responses of HTTP/1.1, whole and broken, however their bytes are cut. */
#include "runtime/lambda/http_reply.h"
#include "tests/unit/check.h"

#include <stdio.h>
#include <string.h>

/* What a response brought, as a text: "<" for its begin, "name=value;" for headers, then the body. */
struct seen {
    struct ddbs_http_reply reply;
    char headers[8192];
    char body[8192];
    size_t limit; /* of the body */
};

static void take_begin(void *self)
{
    struct seen *seen = self;
    snprintf(seen->headers, sizeof seen->headers, "<");
}

static void take_header(void *self, const char *name, size_t name_len, const char *value, size_t len)
{
    struct seen *seen = self;
    size_t used = strlen(seen->headers);
    CHECK(value[len] == '\0');
    snprintf(seen->headers + used, sizeof seen->headers - used, "%.*s=%s;", (int)name_len, name, value);
}

static bool take_body(void *self, const char *bytes, size_t len)
{
    struct seen *seen = self;
    size_t used = strlen(seen->body);
    if (used + len > seen->limit)
        return false;
    memcpy(seen->body + used, bytes, len);
    seen->body[used + len] = '\0';
    return true;
}

static void begin(struct seen *seen)
{
    struct ddbs_http_sink sink = { take_begin, take_header, take_body, seen };
    seen->headers[0] = seen->body[0] = '\0';
    seen->limit = sizeof seen->body - 1;
    ddbs_http__begin(&seen->reply, &sink);
}

/* Give the text in pieces of `step` bytes; returns how many were taken. */
static size_t feed(struct seen *seen, const char *text, size_t len, size_t step)
{
    size_t at = 0;
    begin(seen);
    while (at < len) {
        size_t piece = len - at < step ? len - at : step;
        size_t taken = ddbs_http__take(&seen->reply, text + at, piece);
        at += taken;
        if (taken < piece)
            break;
    }
    return at;
}

static struct seen seen;

static enum ddbs_http_stage stage_of(const char *text)
{
    feed(&seen, text, strlen(text), strlen(text));
    return seen.reply.stage;
}

TEST(a_body_has_the_length_that_was_announced)
{
    const char text[] = "HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 5\r\n\r\nhellosurplus";
    for (size_t step = 1; step < sizeof text; step++) {
        CHECK_INT(feed(&seen, text, strlen(text), step), strlen(text) - strlen("surplus"));
        CHECK_INT(seen.reply.stage, DDBS_HTTP_DONE);
        CHECK_INT(seen.reply.status, 200);
        CHECK_STR(seen.headers, "<A=b;Content-Length=5;");
        CHECK_STR(seen.body, "hello");
        CHECK(seen.reply.keep_alive && seen.reply.received);
    }
}

TEST(chunks_have_extensions_capitals_zeros_and_trailers)
{
    const char text[] = "HTTP/1.1 200 OK\r\ntransfer-ENCODING: gzip , Chunked\r\nContent-Length: 3\r\n\r\n"
                        "00A;x=\"y z\"\r\n0123456789\r\n2 \r\nab\r\n0\r\nSum: 1\r\n\r\n";
    for (size_t step = 1; step < sizeof text; step++) {
        CHECK_INT(feed(&seen, text, strlen(text), step), strlen(text));
        CHECK_INT(seen.reply.stage, DDBS_HTTP_DONE);
        CHECK_STR(seen.body, "0123456789ab");
        CHECK(strstr(seen.headers, "Sum") == NULL);
    }
}

TEST(many_small_chunks_are_no_large_head)
{
    begin(&seen);
    const char head[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    ddbs_http__take(&seen.reply, head, strlen(head));
    for (int i = 0; i < 300000 && seen.reply.stage != DDBS_HTTP_BROKEN; i++) {
        seen.body[0] = '\0';
        ddbs_http__take(&seen.reply, "1\r\nx\r\n", 6);
    }
    CHECK_INT(seen.reply.stage, DDBS_HTTP_CHUNK_SIZE);
}

TEST(interim_responses_are_none)
{
    CHECK_INT(stage_of("HTTP/1.1 100 Continue\r\nX: early\r\n\r\nHTTP/1.1 103\r\n\r\n"), DDBS_HTTP_STATUS);
    CHECK_INT(seen.reply.status, 0);
    CHECK_INT(stage_of("HTTP/1.1 100 Continue\r\nX: early\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length:0\r\n\r\n"),
              DDBS_HTTP_DONE);
    CHECK_INT(seen.reply.status, 202);
    CHECK_STR(seen.headers, "<Content-Length=0;");
}

TEST(without_a_length_the_body_ends_with_the_connection)
{
    CHECK_INT(stage_of("HTTP/1.1 200 OK\r\n\r\nall of this"), DDBS_HTTP_UNTIL_END);
    CHECK(!ddbs_http__end(&seen.reply, false));
    CHECK_INT(stage_of("HTTP/1.1 200 OK\r\n\r\nall of this"), DDBS_HTTP_UNTIL_END);
    CHECK(ddbs_http__end(&seen.reply, true));
    CHECK(!seen.reply.keep_alive);
    CHECK_STR(seen.body, "all of this");
    CHECK_INT(stage_of("HTTP/1.1 204 No Content\r\n\r\n"), DDBS_HTTP_DONE);
}

TEST(what_is_cut_is_not_whole)
{
    const char *const cut[] = { "H",
                                "HTTP/1.1 200 OK",
                                "HTTP/1.1 200 OK\r\nA: b\r\n",
                                "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
                                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
                                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" };
    for (size_t i = 0; i < sizeof cut / sizeof *cut; i++) {
        stage_of(cut[i]);
        CHECK(!ddbs_http__end(&seen.reply, true));
        CHECK_INT(seen.reply.received, i >= 2);
    }
}

TEST(the_connection_stays_where_both_sides_want_it)
{
    static const struct {
        const char *head;
        bool keep;
    } cases[] = { { "HTTP/1.1 204 x\r\n\r\n", true },
                  { "HTTP/1.1 204 x\r\nConnection: x, CLOSE\r\n\r\n", false },
                  { "HTTP/1.0 204 x\r\n\r\n", false },
                  { "HTTP/1.0 204 x\nConnection: keep-alive\n\n", true } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_INT(stage_of(cases[i].head), DDBS_HTTP_DONE);
        CHECK_INT(seen.reply.keep_alive, cases[i].keep);
    }
}

TEST(what_is_no_http_is_broken_at_once)
{
    const char *const broken[] = { "220 ready",
                                   "\r\nHTTP/1.1 200 OK\r\n",
                                   "HTTP/2 200\r\n",
                                   "HTTP/1.1 2000\r\n",
                                   "HTTP/1.1 20\r\n",
                                   "HTTP/1.1 099 x\r\n",
                                   "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n",
                                   "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n",
                                   "HTTP/1.1 200 OK\r\nContent-Length: 1234567890123456789\r\n",
                                   "HTTP/1.1 200 OK\r\nContent-Length:\r\n",
                                   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                                   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1x\r\n",
                                   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
                                   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n" };
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        CHECK_INT(stage_of(broken[i]), DDBS_HTTP_BROKEN);
        CHECK(seen.reply.broken != NULL && seen.reply.received);
    }
}

TEST(a_value_has_no_whitespace_around_it_and_no_nul_in_it)
{
    const char text[] = "HTTP/1.1 204 x\r\nA:  \t b c \t\r\nB:\r\nC: x\0y\r\nno colon\r\n\r\n";
    feed(&seen, text, sizeof text - 1, 7);
    CHECK_INT(seen.reply.stage, DDBS_HTTP_DONE);
    CHECK_STR(seen.headers, "<A=b c;B=;C=;");
}

/* A head of HEADER lines of `size` bytes. */
static void feed_lines(size_t size, size_t lines)
{
    const char status[] = "HTTP/1.1 200 OK\r\n";
    begin(&seen);
    ddbs_http__take(&seen.reply, status, strlen(status));
    for (size_t i = 0; i < lines; i++) {
        ddbs_http__take(&seen.reply, "X: ", 3);
        for (size_t k = 0; k + 5 < size; k++)
            ddbs_http__take(&seen.reply, "v", 1);
        ddbs_http__take(&seen.reply, "\r\n", 2);
    }
}

TEST(a_line_without_room_has_no_value_and_a_head_has_an_end)
{
    feed_lines(DDBS_HTTP_LINE_MAX - 1, 1);
    CHECK(strlen(seen.headers) > 4096);
    feed_lines(90000, 2);
    CHECK_STR(seen.headers, "<X=;X=;");
    CHECK_INT(seen.reply.stage, DDBS_HTTP_HEADERS);
    feed_lines(90000, 12);
    CHECK_INT(seen.reply.stage, DDBS_HTTP_BROKEN);
}

TEST(a_body_that_nobody_takes_breaks_the_response)
{
    begin(&seen);
    seen.limit = 2;
    const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";
    ddbs_http__take(&seen.reply, text, strlen(text));
    CHECK_INT(seen.reply.stage, DDBS_HTTP_BROKEN);
}

TEST(only_bytes_that_must_come_are_expected)
{
    stage_of("HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\nabc");
    CHECK_INT(ddbs_http__body_left(&seen.reply), 27);
    stage_of("HTTP/1.1 200 OK\r\n\r\nabc");
    CHECK_INT(ddbs_http__body_left(&seen.reply), 0);
    stage_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc");
    CHECK_INT(ddbs_http__body_left(&seen.reply), 2);
}
