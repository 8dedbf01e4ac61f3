/* fuzz_http_reply.c: a response, at once and in pieces of every size. The pieces must make no difference, nothing is
 * read beyond the bytes, and what is over stays over. */
#include "runtime/lambda/http_reply.h"
#include "tests/fuzz/property.h"

#include <stdlib.h>
#include <string.h>

/* A digest of all that was passed on: the same bytes in other pieces give the same. */
struct sum {
    struct ddbs_http_reply reply;
    uint64_t digest;
    size_t body;
};

static void mix(struct sum *sum, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        sum->digest = (sum->digest ^ (unsigned char)bytes[i]) * 1099511628211u;
}

static void take_begin(void *self)
{
    mix(self, "<", 1);
}

static void take_header(void *self, const char *name, size_t name_len, const char *value, size_t len)
{
    PROPERTY(value[len] == '\0' && memchr(value, '\0', len) == NULL && memchr(name, ':', name_len) == NULL);
    mix(self, name, name_len);
    mix(self, ":", 1);
    mix(self, value, len + 1);
}

static bool take_body(void *self, const char *bytes, size_t len)
{
    struct sum *sum = self;
    PROPERTY(len > 0);
    mix(sum, bytes, len);
    sum->body += len;
    return true;
}

static size_t feed(struct sum *sum, const char *bytes, size_t len, size_t step)
{
    struct ddbs_http_sink sink = { take_begin, take_header, take_body, sum };
    size_t at = 0;
    sum->digest = 14695981039346656037u;
    sum->body = 0;
    ddbs_http__begin(&sum->reply, &sink);
    while (at < len) {
        size_t piece = len - at < step ? len - at : step;
        char *copy = malloc(piece); /* so that a byte too far is seen */
        PROPERTY(copy != NULL);
        memcpy(copy, bytes + at, piece);
        uint64_t due = ddbs_http__body_left(&sum->reply);
        size_t before = sum->body, taken = ddbs_http__take(&sum->reply, copy, piece);
        PROPERTY(sum->body - before >= (due < piece ? due : piece));
        free(copy);
        at += taken;
        if (taken < piece)
            break;
    }
    PROPERTY(at == len || sum->reply.stage >= DDBS_HTTP_DONE);
    PROPERTY((sum->reply.stage == DDBS_HTTP_BROKEN) == (sum->reply.broken != NULL));
    return at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sum whole, pieces;
    const char *bytes = (const char *)data;
    feed(&whole, bytes, size, size > 0 ? size : 1);
    for (size_t step = 1; step <= 64; step = step * 3 + 1) {
        size_t at = feed(&pieces, bytes, size, step);
        PROPERTY(whole.reply.stage == pieces.reply.stage && whole.reply.status == pieces.reply.status);
        PROPERTY(whole.digest == pieces.digest && whole.body == pieces.body);
        PROPERTY(ddbs_http__take(&pieces.reply, bytes + at, 0) == 0);
    }
    bool whole_at_end = ddbs_http__end(&whole.reply, true);
    PROPERTY(whole_at_end == (whole.reply.stage == DDBS_HTTP_DONE) && !whole.reply.keep_alive);
    return 0;
}
