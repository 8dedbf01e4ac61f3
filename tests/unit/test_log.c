/* test_log.c: lines of the log: what they look like, that no text can forge one, how they are written. write() is
 * replaced by the one here, which notes each call and can be told to take less, or nothing. */
#include "check.h"
#include "lib/context.h"
#include "lib/json.h"
#include "lib/utf8.h"
#include "runtime/lambda/line.h"
#include "runtime/lambda/log.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- The log, caught ---- */

static char out[3 * DDBS_LOG_LINE_MAX];
static size_t out_len, calls;
static const int *script; /* of each call: bytes taken, or an errno below 0; 0 ends it, and all is taken */

ssize_t write(int fd, const void *bytes, size_t len)
{
    calls++;
    if (fd != STDERR_FILENO) {
        errno = EBADF;
        return -1;
    }
    if (script != NULL && *script != 0) {
        int step = *script++;
        if (step < 0) {
            errno = -step;
            return -1;
        }
        len = (size_t)step < len ? (size_t)step : len;
    }
    if (len > sizeof out - 1 - out_len)
        len = sizeof out - 1 - out_len;
    memcpy(out + out_len, bytes, len);
    out_len += len;
    out[out_len] = '\0';
    return (ssize_t)len;
}

static void reset(void)
{
    out[0] = '\0';
    out_len = calls = 0;
    script = NULL;
}

static void configure(const char *format, const char *level)
{
    unsetenv("AWS_LAMBDA_LOG_FORMAT");
    unsetenv("AWS_LAMBDA_LOG_LEVEL");
    if (format != NULL)
        setenv("AWS_LAMBDA_LOG_FORMAT", format, 1);
    if (level != NULL)
        setenv("AWS_LAMBDA_LOG_LEVEL", level, 1);
    ddbs_log__open();
    reset();
}

/* Exactly one line, of printable UTF-8, written at once; in JSON one object. */
static void check_line(const char *where)
{
    check_int((long long)calls, 1, "calls of write", where);
    check_true(out_len > 0 && out_len <= DDBS_LOG_LINE_MAX && out[out_len - 1] == '\n', "one line", where);
    check_true(ddbs_utf8__check(out, out_len) == out_len, "UTF-8", where);
    for (size_t i = 0; i + 1 < out_len; i++)
        check_true((unsigned char)out[i] >= 0x20 && out[i] != 0x7f, "no control byte", where);
    if (!ddbs_log__is_json())
        return;
    struct json json = { .text = out, .len = out_len, .pairs = true };
    check_true(ddbs_json__peek(&json) == '{' && ddbs_json__skip(&json, 0), "one JSON object", where);
    ddbs_json__space(&json);
    check_true(json.at == json.len, "nothing behind it", where);
}
#define CHECK_LINE() check_line(CHECK_WHERE)

/* The line, its newline and in JSON its timestamp apart. */
static const char *line(void)
{
    static char copy[sizeof out + 1];
    static const char stamp[] = "{\"timestamp\":\"2026-10-19T08:40:00.123Z\",";
    bool json = ddbs_log__is_json() && out_len > sizeof stamp;
    snprintf(copy, sizeof copy, "%s%s", json ? "{" : "", out + (json ? sizeof stamp - 1 : 0));
    copy[strcspn(copy, "\n")] = '\0';
    return copy;
}

static bool has(const char *text)
{
    return strstr(out, text) != NULL;
}

/* ---- A callback's context ---- */

static const char event_text[] =
    "{\"Records\":[{\"eventSource\":\"aws:dynamodb\",\"dynamodb\":{\"SequenceNumber\":\"4420\"}},"
    "{\"eventSource\":\"aws:dynamodb\",\"dynamodb\":{\"SequenceNumber\":\"4421\"}}]}";

static struct ddbs_ctx ctx;
static ddbs_arena *arena;
static const ddbs_host host = { .request_id = { "r-1", 3 } };

static bool open_ctx(size_t index)
{
    static const ddbs_consumer consumer;
    const ddbs_event *event;
    if (ddbs_arena_new(&arena, 0) != DDBS_OK ||
        ddbs_event_parse(arena, event_text, sizeof event_text - 1, NULL, &event, NULL) != DDBS_OK)
        return false;
    ddbs_ctx__init(&ctx, &consumer, &host, event);
    ctx.index = index;
    return true;
}

/* ---- Form ---- */

TEST(a_text_line_tells_level_invocation_and_record)
{
    configure(NULL, NULL);
    REQUIRE(open_ctx(1));
    ddbs_log(&ctx, DDBS_LOG_WARN, "no price, taking %d", 7);
    CHECK_LINE();
    CHECK_STR(line(), "WARN RequestId: r-1 record 2/2 seq=4421: no price, taking 7");
    reset();
    ctx.index = DDBS_NOWHERE;
    ddbs_log(&ctx, DDBS_LOG_INFO, "between records");
    CHECK_STR(line(), "INFO RequestId: r-1 between records");
    reset();
    ctx.index = 2; /* that no record has */
    ddbs_log(&ctx, DDBS_LOG_INFO, "nowhere");
    CHECK_STR(line(), "INFO RequestId: r-1 nowhere");
    reset();
    ddbs_log(NULL, DDBS_LOG_FATAL, "outside");
    CHECK_STR(line(), "FATAL outside");
    ddbs_arena_free(arena);
}

TEST(a_json_line_tells_the_same)
{
    configure("JSON", NULL);
    REQUIRE(open_ctx(1));
    ddbs_log(&ctx, DDBS_LOG_WARN, "no price, taking %d", 7);
    CHECK_LINE();
    CHECK_STR(line(),
              "{\"level\":\"WARN\",\"requestId\":\"r-1\",\"record\":2,\"records\":2,\"sequenceNumber\":\"4421\","
              "\"message\":\"no price, taking 7\"}");
    reset();
    ddbs_log(NULL, DDBS_LOG_INFO, "outside");
    CHECK_LINE();
    CHECK_STR(line(), "{\"level\":\"INFO\",\"message\":\"outside\"}");
    ddbs_arena_free(arena);
}

TEST(the_runtimes_own_lines_have_the_same_form)
{
    configure("Text", NULL);
    ddbs_log__line(DDBS_LOG_ERROR, "r-1", "Runtime.InitFailed", "on_start said %s", "no");
    CHECK_LINE();
    CHECK_STR(line(), "ERROR RequestId: r-1 Runtime.InitFailed: on_start said no");
    configure("json", NULL);
    ddbs_log__line(DDBS_LOG_ERROR, "", "Runtime.InitFailed", "on_start said %s", "no");
    CHECK_LINE();
    CHECK_STR(line(), "{\"level\":\"ERROR\",\"errorType\":\"Runtime.InitFailed\",\"message\":\"on_start said no\"}");
}

TEST(a_timestamp_is_rfc_3339_with_milliseconds)
{
    static const struct {
        int64_t ms;
        const char *want;
    } cases[] = { { 0, "1970-01-01T00:00:00.000Z" },
                  { 1792399200123, "2026-10-19T08:40:00.123Z" },
                  { 1709164800007, "2024-02-29T00:00:00.007Z" } };
    char got[DDBS_LOG_TIME_MAX];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ddbs_log__time(cases[i].ms, got);
        CHECK_STR(got, cases[i].want);
    }
    configure("JSON", NULL);
    int64_t before = ddbs_log__now_ms();
    ddbs_log(NULL, DDBS_LOG_INFO, "now");
    ddbs_log__time(before, got);
    CHECK(strncmp(out + strlen("{\"timestamp\":\""), got, 10) == 0); /* the same day */
}

/* ---- Levels ---- */

TEST(lines_below_the_level_are_not_written)
{
    static const struct {
        const char *format, *level;
        ddbs_log_level lowest;
    } cases[] = {
        { NULL, NULL, DDBS_LOG_INFO },       { "JSON", NULL, DDBS_LOG_INFO },    { "JSON", "TRACE", DDBS_LOG_TRACE },
        { "JSON", "DEBUG", DDBS_LOG_DEBUG }, { "Text", "WARN", DDBS_LOG_WARN },  { "JSON", "ERROR", DDBS_LOG_ERROR },
        { "JSON", "FATAL", DDBS_LOG_FATAL }, { "JSON", "warn", DDBS_LOG_WARN },  { "JSON", "WARNING", DDBS_LOG_INFO },
        { "XML", "", DDBS_LOG_INFO },        { "Text", "INFO ", DDBS_LOG_INFO },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        configure(cases[i].format, cases[i].level);
        for (int level = DDBS_LOG_TRACE; level <= DDBS_LOG_FATAL; level++) {
            reset();
            bool written = level >= (int)cases[i].lowest;
            ddbs_log(NULL, (ddbs_log_level)level, "x");
            ddbs_log__line((ddbs_log_level)level, NULL, NULL, "x");
            DDBS_LOG(NULL, (ddbs_log_level)level, "x", DDBS_PAIR("n", 1));
            ddbs_log__pairs((ddbs_log_level)level, NULL, "x", NULL, 0);
            CHECK_INT(calls, written ? 4 : 0);
            CHECK_INT(ddbs_log_enabled((ddbs_log_level)level), written);
            if (written)
                CHECK(has(ddbs_log__level_name((ddbs_log_level)level)));
        }
    }
}

/* ---- Pairs ---- */

static void log_every_kind(void)
{
    const char *text = "two words";
    char word[] = "word";
    bool yes = true; /* the word itself is an int */
    DDBS_LOG(NULL, DDBS_LOG_INFO, "all", DDBS_PAIR("s", ((ddbs_str){ "a\"b\\", 4 })),
             DDBS_PAIR("absent", ((ddbs_str){ NULL, 0 })), DDBS_PAIR("text", text), DDBS_PAIR("word", word),
             DDBS_PAIR("num", ((ddbs_num){ "-1.50E+3", 8 })), DDBS_PAIR("odd", ((ddbs_num){ "+007", 4 })),
             DDBS_PAIR("zeros", ((ddbs_num){ "007", 3 })), DDBS_PAIR("i", INT64_MIN), DDBS_PAIR("u", UINT64_MAX),
             DDBS_PAIR("f", 0.1), DDBS_PAIR("whole", 3.0f), DDBS_PAIR("nan", (double)NAN),
             DDBS_PAIR("inf", -(double)INFINITY), DDBS_PAIR("yes", yes), DDBS_PAIR("no", (bool)!yes),
             DDBS_PAIR("empty", ""));
}

TEST(pairs_of_every_kind)
{
    configure("JSON", NULL);
    log_every_kind();
    CHECK_LINE();
    CHECK_STR(line(), "{\"level\":\"INFO\",\"message\":\"all\",\"s\":\"a\\\"b\\\\\",\"absent\":null,"
                      "\"text\":\"two words\",\"word\":\"word\",\"num\":-1.50E+3,\"odd\":\"+007\",\"zeros\":\"007\","
                      "\"i\":-9223372036854775808,\"u\":18446744073709551615,\"f\":0.1,\"whole\":3,\"nan\":\"NaN\","
                      "\"inf\":\"-Infinity\",\"yes\":true,\"no\":false,\"empty\":\"\"}");
    configure("Text", NULL);
    log_every_kind();
    CHECK_LINE();
    CHECK_STR(line(),
              "INFO all s=\"a\\\"b\\\\\" absent=null text=\"two words\" word=word num=-1.50E+3 odd=+007 zeros=007 "
              "i=-9223372036854775808 u=18446744073709551615 f=0.1 whole=3 nan=NaN inf=-Infinity yes=true "
              "no=false empty=\"\"");
}

TEST(a_pair_cannot_take_the_name_of_a_member_that_is_there)
{
    static const char *const names[] = { "timestamp",      "level",     "requestId", "record", "records",
                                         "sequenceNumber", "errorType", "message",   "cut",    "_aws" };
    configure("JSON", NULL);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char want[64];
        reset();
        DDBS_LOG(NULL, DDBS_LOG_INFO, "x", ddbs_pair_text(names[i], "FATAL"));
        CHECK_LINE();
        snprintf(want, sizeof want, "\"%s_\":\"FATAL\"}", names[i]);
        CHECK(has(want));
    }
    reset();
    ddbs_log_pairs(NULL, DDBS_LOG_INFO, NULL, &(ddbs_pair){ .name = NULL, .kind = DDBS_PAIR_BOOL }, 1);
    CHECK_LINE();
    CHECK_STR(line(), "{\"level\":\"INFO\",\"message\":\"\",\"null\":false}");
}

TEST(a_double_is_short_and_exact)
{
    static const struct {
        double value;
        const char *want;
    } cases[] = { { 0, "0" },
                  { 0.1, "0.1" },
                  { 1.0 / 3, "0.3333333333333333" },
                  { 0.1 + 0.2, "0.30000000000000004" },
                  { 1e300, "1e+300" },
                  { -5e-324, "-4.94065645841247e-324" },
                  { 9007199254740993.0, "9007199254740992" } };
    char got[32];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ddbs_line__double(cases[i].value, got);
        CHECK_STR(got, cases[i].want);
        CHECK(strtod(got, NULL) == cases[i].value);
    }
}

/* ---- Forgery ---- */

static const struct {
    const char *text, *plain, *json;
} hostile[] = {
    { "a\nERROR RequestId: forged", "a\\x0aERROR RequestId: forged", "a\\u000aERROR RequestId: forged" },
    { "a\r\t\x1b[31m\x7f", "a\\x0d\\x09\\x1b[31m\\x7f", "a\\u000d\\u0009\\u001b[31m\\u007f" },
    { "\",\"level\":\"FATAL", "\",\"level\":\"FATAL", "\\\",\\\"level\\\":\\\"FATAL" },
    { "\\\"}{", "\\\"}{", "\\\\\\\"}{" },
    { "\xff\xc3(\xed\xa0\x80\xf5", "\\xff\\xc3(\\xed\\xa0\\x80\\xf5", "\\\\xff\\\\xc3(\\\\xed\\\\xa0\\\\x80\\\\xf5" },
    { "\xc2\x85\xc2\x9b", "\\xc2\\x85\\xc2\\x9b", "\\u0085\\u009b" },
    { "\xe2\x80\xa8\xe2\x80\xae\xe2\x81\xa6\xe2\x80\x8f\xd8\x9c",
      "\\xe2\\x80\\xa8\\xe2\\x80\\xae\\xe2\\x81\\xa6\\xe2\\x80\\x8f\\xd8\\x9c", "\\u2028\\u202e\\u2066\\u200f\\u061c" },
    { "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
      "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80" },
    { "\xe2\x82", "\\xe2\\x82", "\\\\xe2\\\\x82" },
};

TEST(no_text_can_forge_a_line)
{
    for (int json = 0; json < 2; json++) {
        configure(json ? "JSON" : "Text", NULL);
        for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
            reset();
            ddbs_log(NULL, DDBS_LOG_INFO, "%s", hostile[i].text);
            CHECK_LINE();
            CHECK(has(json ? hostile[i].json : hostile[i].plain));
            reset();
            DDBS_LOG(NULL, DDBS_LOG_INFO, "m", ddbs_pair_text(hostile[i].text, hostile[i].text));
            CHECK_LINE();
            CHECK(has(hostile[i].json));
            reset();
            ddbs_log__line(DDBS_LOG_INFO, hostile[i].text, NULL, "m");
            CHECK_LINE();
        }
    }
}

TEST(a_zero_byte_in_a_view_is_escaped)
{
    configure("JSON", NULL);
    DDBS_LOG(NULL, DDBS_LOG_INFO, "m", DDBS_PAIR("s", ((ddbs_str){ "a\0b", 3 })));
    CHECK_LINE();
    CHECK(has("\"s\":\"a\\u0000b\"}"));
    configure("Text", NULL);
    DDBS_LOG(NULL, DDBS_LOG_INFO, "m", DDBS_PAIR("s", ((ddbs_str){ "a\0b", 3 })));
    CHECK_LINE();
    CHECK(has("s=\"a\\u0000b\""));
}

TEST(views_are_read_to_their_length_and_no_further)
{
    configure("JSON", NULL);
    ddbs_str text = { check_guard("caf\xc3", 4), 4 };
    ddbs_num num = { check_guard("12", 2), 2 };
    DDBS_LOG(NULL, DDBS_LOG_INFO, "m", DDBS_PAIR("s", text), DDBS_PAIR("n", num));
    CHECK_LINE();
    CHECK(has("\"s\":\"caf\\\\xc3\",\"n\":12}"));
}

/* ---- Size ---- */

/* Every length around the limit, in characters of each size, so that each cut is tried. */
TEST(a_long_line_is_cut_between_characters)
{
    static const char *const units[] = { "x", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\"", "\n", "\xff" };
    static char text[2 * DDBS_LOG_LINE_MAX];
    for (size_t u = 0; u < 2 * sizeof units / sizeof *units; u++) {
        const char *unit = units[u / 2];
        configure(u % 2 ? "JSON" : "Text", NULL);
        for (size_t pad = 0; pad < 12; pad++) {
            size_t len = pad;
            memset(text, 'p', pad);
            for (; len + strlen(unit) < sizeof text; len += strlen(unit))
                memcpy(text + len, unit, strlen(unit));
            text[len] = '\0';
            reset();
            ddbs_log(NULL, DDBS_LOG_INFO, "%s", text);
            CHECK_LINE();
            CHECK(out_len > DDBS_LOG_LINE_MAX - 40);
            CHECK(has(u % 2 ? "...\",\"cut\":true}\n" : "...\n"));
            reset();
            DDBS_LOG(NULL, DDBS_LOG_INFO, "m", ddbs_pair_text("s", text), DDBS_PAIR("later", 1));
            CHECK_LINE();
            CHECK(has(u % 2 ? "...\",\"cut\":true}\n" : "...\n") && !has("later"));
        }
    }
}

TEST(a_member_that_does_not_fit_is_left_out_whole)
{
    static char name[DDBS_LOG_LINE_MAX];
    for (int json = 0; json < 2; json++) {
        configure(json ? "JSON" : "Text", NULL);
        for (size_t len = 3900; len < sizeof name - 1; len++) {
            memset(name, 'n', len);
            name[len] = '\0';
            reset();
            DDBS_LOG(NULL, DDBS_LOG_INFO, "m", ddbs_pair_text(name, "two words"), ddbs_pair_i64(name, INT64_MIN),
                     DDBS_PAIR("z", 1));
            CHECK_LINE();
            CHECK(has(json ? "\"cut\":true}\n" : "...\n") && !has("z\":1") && !has("z=1"));
        }
    }
}

TEST(a_line_that_fits_exactly_is_not_cut)
{
    char text[DDBS_LOG_LINE_MAX];
    configure("Text", NULL);
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    ddbs_log(NULL, DDBS_LOG_INFO, "%s", text);
    size_t longest = out_len - strlen("INFO "
                                      "...\n");
    text[longest] = '\0';
    reset();
    ddbs_log(NULL, DDBS_LOG_INFO, "%s", text);
    CHECK_INT(out_len, longest + strlen("INFO "
                                        "\n"));
    CHECK(!has("..."));
}

/* ---- Writing ---- */

TEST(a_partial_write_is_continued)
{
    static const int parts[] = { 3, -EINTR, 1, -EINTR, -EINTR, 4, 0 };
    configure(NULL, NULL);
    script = parts;
    ddbs_log(NULL, DDBS_LOG_INFO, "in several pieces");
    CHECK_STR(out, "INFO in several pieces\n");
    CHECK_INT(calls, 7);
}

/* The descriptor is polled for real, and takes more at once; it is still not waited for without end. */
TEST(a_log_that_takes_nothing_is_given_up)
{
    static const int never[] = { -EPIPE, 0 };
    static const int full[] = { -EAGAIN, -EAGAIN, -EAGAIN, -EAGAIN, -EAGAIN, -EAGAIN, -EAGAIN, -EAGAIN, 0 };
    static const int soon[] = { 4, -EAGAIN, -EAGAIN, 0 };
    configure(NULL, NULL);
    script = never;
    ddbs_log(NULL, DDBS_LOG_INFO, "lost");
    CHECK_INT(calls, 1);
    CHECK_INT(out_len, 0);
    reset();
    script = full;
    ddbs_log(NULL, DDBS_LOG_INFO, "lost");
    CHECK(calls <= 6);
    CHECK_INT(out_len, 0);
    reset();
    script = soon;
    ddbs_log(NULL, DDBS_LOG_INFO, "late");
    CHECK(calls <= 4);
    CHECK(out_len == 4 || strcmp(out, "INFO late\n") == 0);
}

TEST(a_line_keeps_errno_and_allocates_nothing)
{
    static const int failing[] = { -EPIPE, 0 };
    for (int json = 0; json < 2; json++) {
        configure(json ? "JSON" : "Text", NULL);
        ddbs_log(NULL, DDBS_LOG_INFO, "the first one");
        check_fail_alloc(SIZE_MAX);
        reset();
        script = failing;
        errno = ENOENT;
        ddbs_log(NULL, DDBS_LOG_INFO, "cannot open");
        CHECK_INT(errno, ENOENT);
        script = failing;
        log_every_kind();
        CHECK_INT(errno, ENOENT);
        CHECK_INT(out_len, 0);
        CHECK_INT(check_allocs(), 0);
    }
}

TEST(a_message_that_cannot_be_formatted_leaves_a_line)
{
    static const wchar_t lone[] = { (wchar_t)0xd800, 0 };
    configure("JSON", NULL);
    ddbs_log(NULL, DDBS_LOG_INFO, "%ls", lone);
    CHECK_LINE();
    CHECK(has("cannot be formatted"));
}
