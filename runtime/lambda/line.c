/* line.c: see line.h. */
#include "runtime/lambda/line.h"
#include "lib/utf8.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ELLIPSIS "..."
#define CUT      ",\"cut\":true}"

/* The end of a string that was cut, of the object, and of the line. */
enum { RESERVE = sizeof ELLIPSIS "\"" CUT "\n" - 1, WAIT_MS = 10, WAITS_MAX = 5 };

static bool put(struct ddbs_line *line, const char *bytes, size_t len)
{
    if (line->cut || len > line->limit - line->len) {
        line->cut = true;
        return false;
    }
    memcpy(line->text + line->len, bytes, len);
    line->len += len;
    return true;
}

/* Into the room that was left for it. */
static void force(struct ddbs_line *line, const char *text)
{
    size_t len = strlen(text);
    memcpy(line->text + line->len, text, len);
    line->len += len;
}

void ddbs_line__begin(struct ddbs_line *line, char *buffer, size_t size, bool json)
{
    *line = (struct ddbs_line){ .text = buffer, .limit = size - RESERVE, .json = json };
    if (json)
        ddbs_line__put(line, "{");
}

void ddbs_line__put(struct ddbs_line *line, const char *text)
{
    (void)put(line, text, strlen(text));
}

/* ---- Escaping ---- */

/* The code point of a well-formed sequence of up to three bytes; nothing above is of interest here. */
static unsigned code_of(const char *ptr, size_t len)
{
    const unsigned char *s = (const unsigned char *)ptr;
    return len == 1   ? s[0]
           : len == 2 ? (s[0] & 0x1fu) << 6 | (s[1] & 0x3fu)
                      : (s[0] & 0x0fu) << 12 | (s[1] & 0x3fu) << 6 | (s[2] & 0x3fu);
}

/* Controls, C1 included; the separators that some viewers break a line at; the marks that make a viewer show text in
 * another order than it has. */
static bool is_dangerous(const char *ptr, size_t len)
{
    unsigned code = len > 3 ? 'x' : code_of(ptr, len);
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x061c || (code >= 0x200e && code <= 0x200f) ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

/* The text for the character at `ptr` in `out`, its length in the text as result. */
static size_t escape(const char *ptr, size_t len, bool quoted, char out[8])
{
    size_t step = ddbs_utf8__sequence(ptr, len);
    if (step == 0 || (!quoted && is_dangerous(ptr, step))) {
        snprintf(out, 8, quoted ? "\\\\x%02x" : "\\x%02x", (unsigned char)*ptr);
        return 1;
    }
    if (quoted && (*ptr == '"' || *ptr == '\\')) {
        snprintf(out, 8, "\\%c", *ptr);
    } else if (quoted && is_dangerous(ptr, step)) {
        snprintf(out, 8, "\\u%04x", code_of(ptr, step));
    } else {
        memcpy(out, ptr, step);
        out[step] = '\0';
    }
    return step;
}

/* How many characters stand for themselves, quoted or not: nearly all of nearly every text. */
static size_t plain_length(const char *ptr, size_t len)
{
    size_t i = 0;
    while (i < len && ptr[i] >= ' ' && ptr[i] <= '~' && ptr[i] != '"' && ptr[i] != '\\')
        i++;
    return i;
}

/* Cut between two characters. */
static bool put_escaped(struct ddbs_line *line, const char *ptr, size_t len, bool quoted)
{
    char one[8];
    for (size_t at = 0; at < len;) {
        size_t plain = plain_length(ptr + at, len - at), room = line->limit - line->len;
        if (!put(line, ptr + at, plain < room ? plain : room))
            return false;
        at += plain < room ? plain : room;
        if (at == len)
            break;
        at += escape(ptr + at, len - at, quoted, one);
        if (!put(line, one, strlen(one)))
            return false;
    }
    return !line->cut;
}

void ddbs_line__text(struct ddbs_line *line, const char *ptr, size_t len)
{
    (void)put_escaped(line, ptr, len, false);
}

/* ---- Members ---- */

/* Up to the value: all of it or nothing. */
static bool put_name(struct ddbs_line *line, const char *name)
{
    size_t begin = line->len;
    const char *before = !line->json ? " " : begin == 1 ? "\"" : ",\"";
    const char *behind = line->json ? "\":" : "=";
    bool fits = put(line, before, strlen(before)) && put_escaped(line, name, strlen(name), line->json) &&
                put(line, behind, strlen(behind));
    if (!fits)
        line->len = begin;
    return fits;
}

void ddbs_line__raw(struct ddbs_line *line, const char *name, const char *value)
{
    size_t begin = line->len;
    if (put_name(line, name) && !put(line, value, strlen(value)))
        line->len = begin;
}

void ddbs_line__i64(struct ddbs_line *line, const char *name, int64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRId64, value);
    ddbs_line__raw(line, name, text);
}

/* Whether a text can stand for itself in a line of text. */
static bool is_word(ddbs_str text)
{
    static const char legal[] = "-._:/@+";
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i], lower = (char)(c | 0x20);
        bool common = (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9');
        if (!common && (c == '\0' || strchr(legal, c) == NULL))
            return false;
    }
    return text.len > 0;
}

void ddbs_line__string(struct ddbs_line *line, const char *name, ddbs_str value)
{
    size_t begin = line->len;
    if (value.ptr == NULL) {
        ddbs_line__raw(line, name, "null");
        return;
    }
    if (!put_name(line, name))
        return;
    if (!line->json && is_word(value)) {
        (void)put_escaped(line, value.ptr, value.len, false);
        return;
    }
    if (!put(line, "\"", 1)) {
        line->len = begin;
        return;
    }
    bool whole = put_escaped(line, value.ptr, value.len, true);
    if (!whole && line->json)
        force(line, ELLIPSIS);
    if (!whole || !put(line, "\"", 1))
        force(line, "\"");
}

void ddbs_line__double(double value, char out[32])
{
    char *to = out;
    char text[32];
    int digits = 15;
    if (value >= 0 && value < 1e15 && value == (double)(int64_t)value && !signbit(value)) { /* a count */
        snprintf(out, 32, "%" PRId64, (int64_t)value);
        return;
    }
    do
        snprintf(text, sizeof text, "%.*g", digits, value);
    while (strtod(text, NULL) != value && ++digits <= 17);
    /* A locale's decimal point may be anything, even several bytes. */
    for (const char *from = text; *from != '\0'; from++) {
        if (strchr("+-0123456789e", *from) != NULL)
            *to++ = *from;
        else if (to == out || to[-1] != '.')
            *to++ = '.';
    }
    *to = '\0';
}

/* ---- The end ---- */

/* The descriptor may have been made non-blocking, also by another process that shares it. A log that cannot be written
 * is no reason to fail an invocation, nor to be late for its deadline. */
static bool wait_for_room(unsigned *waits)
{
    struct pollfd fd = { .fd = STDERR_FILENO, .events = POLLOUT };
    return ++*waits <= WAITS_MAX && poll(&fd, 1, WAIT_MS) > 0;
}

static void write_all(const char *text, size_t len)
{
    unsigned waits = 0;
    while (len > 0) {
        ssize_t wrote = write(STDERR_FILENO, text, len);
        if (wrote > 0) {
            text += wrote;
            len -= (size_t)wrote;
        } else if (wrote == 0 || (errno != EINTR && (errno != EAGAIN || !wait_for_room(&waits)))) {
            return;
        }
    }
}

/* As global as the descriptor. */
static struct {
    void (*take)(void *user, const char *text, size_t len);
    void *user;
} diversion;

void ddbs_line__divert(void (*take)(void *user, const char *text, size_t len), void *user)
{
    diversion.take = take;
    diversion.user = user;
}

void ddbs_line__write(struct ddbs_line *line)
{
    if (!line->json && line->cut)
        force(line, ELLIPSIS);
    if (line->json)
        force(line, line->cut ? CUT : "}");
    force(line, "\n");
    if (diversion.take != NULL)
        diversion.take(diversion.user, line->text, line->len);
    else
        write_all(line->text, line->len);
}
