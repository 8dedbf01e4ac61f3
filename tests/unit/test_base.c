/* test_base.c: statuses, views, the version, and what an error may hold. */
#include "lib/error.h"
#include "tests/unit/check.h"

#include <ddbstream.h>

TEST(every_status_has_its_name_and_a_text)
{
#define CHECK_STATUS_NAME(name, text)                                                                                  \
    CHECK_STR(ddbs_status_name(name), #name);                                                                          \
    CHECK_STR(ddbs_status_text(name), text);
    DDBS_STATUS_LIST(CHECK_STATUS_NAME)
#undef CHECK_STATUS_NAME
    CHECK_INT(DDBS_OK, 0);
}

TEST(a_number_that_is_no_status_has_a_name_and_a_text_too)
{
    CHECK_STR(ddbs_status_name((ddbs_status)(DDBS_E_TIME + 1)), "DDBS_?");
    CHECK_STR(ddbs_status_name((ddbs_status)-1), "DDBS_?");
    CHECK_STR(ddbs_status_text((ddbs_status)1000), "unknown status");
    CHECK_STR(ddbs_status_text((ddbs_status)-1), "unknown status");
}

TEST(the_linked_version_is_the_one_of_the_header)
{
    CHECK_STR(ddbs_version(), DDBS_VERSION);
}

TEST(sources_and_types_have_names)
{
    CHECK_STR(ddbs_source_name(DDBS_SOURCE_DYNAMODB), "dynamodb");
    CHECK_STR(ddbs_source_name(DDBS_SOURCE_KINESIS), "kinesis");
    CHECK_STR(ddbs_source_name(DDBS_SOURCE_PIPES), "pipes");
    CHECK_STR(ddbs_source_name((ddbs_source)3), "unknown");
    CHECK_STR(ddbs_type_name(DDBS_TYPE_NONE), "none");
    CHECK_STR(ddbs_type_name(DDBS_TYPE_BOOL), "BOOL");
    CHECK_STR(ddbs_type_name(DDBS_TYPE_BS), "BS");
    CHECK_STR(ddbs_type_name((ddbs_type)11), "none");
}

TEST(a_view_of_a_c_string_has_its_length)
{
    CHECK_VIEW(ddbs_str_c("abc"), "abc");
    CHECK_INT(ddbs_str_c("").len, 0);
    CHECK(ddbs_str_c("").ptr != NULL);
    CHECK(ddbs_str_c(NULL).ptr == NULL);
    CHECK_INT(ddbs_str_c(NULL).len, 0);
}

TEST(a_view_equals_exactly_the_same_bytes)
{
    ddbs_str guarded = { check_guard("abc", 3), 3 };
    CHECK(ddbs_str_is(guarded, "abc"));
    CHECK(!ddbs_str_is(guarded, "ab"));
    CHECK(!ddbs_str_is(guarded, "abcd"));
    CHECK(!ddbs_str_is(guarded, "abC"));
    CHECK(!ddbs_str_is((ddbs_str){ "a\0b", 3 }, "a"));
    CHECK(ddbs_str_is((ddbs_str){ "", 0 }, ""));
    CHECK(!ddbs_str_is((ddbs_str){ NULL, 0 }, ""));
}

/* ---- Errors ---- */

TEST(a_cleared_error_says_nothing)
{
    ddbs_error error;
    memset(&error, 'x', sizeof error);
    ddbs_error_clear(&error);
    CHECK_STATUS(error.status, DDBS_OK);
    CHECK(error.record == DDBS_NOWHERE && error.offset == DDBS_NOWHERE);
    CHECK_STR(error.path, "");
    CHECK_STR(error.reason, "");
}

TEST(no_error_to_fill_is_fine)
{
    ddbs_error_clear(NULL);
    CHECK_STATUS(ddbs_error__set(NULL, DDBS_E_TYPE, 1, 2, "text"), DDBS_E_TYPE);
    ddbs_error__path_name(NULL, ddbs_str_c("name"));
    ddbs_error__path_index(NULL, 3);
}

TEST(setting_an_error_replaces_all_of_it)
{
    ddbs_error error;
    ddbs_error__set(&error, DDBS_E_TYPE, 1, 2, "the first");
    ddbs_error__path_name(&error, ddbs_str_c("name"));
    CHECK_STATUS(ddbs_error__set(&error, DDBS_E_RANGE, 7, 99, "%s %d", "number", 5), DDBS_E_RANGE);
    CHECK_STATUS(error.status, DDBS_E_RANGE);
    CHECK_INT(error.record, 7);
    CHECK_INT(error.offset, 99);
    CHECK_STR(error.path, "");
    CHECK_STR(error.reason, "number 5");
}

TEST(a_path_joins_names_and_indexes)
{
    ddbs_error error;
    ddbs_error_clear(&error);
    ddbs_error__path_name(&error, ddbs_str_c("Records"));
    ddbs_error__path_index(&error, 3);
    ddbs_error__path_name(&error, ddbs_str_c("dynamodb"));
    ddbs_error__path_name(&error, ddbs_str_c("lines"));
    ddbs_error__path_index(&error, 0);
    CHECK_STR(error.path, "Records[3].dynamodb.lines[0]");
}

TEST(bytes_of_a_name_that_would_forge_a_path_or_a_line_are_escaped)
{
    ddbs_error error;
    ddbs_error_clear(&error);
    ddbs_error__path_name(&error, (ddbs_str){ "a.b[0]\\\n\0\x7f\xc3\xa9", 12 });
    CHECK_STR(error.path, "a\\.b\\[0\\]\\\\\\x0a\\x00\\x7f\xc3\xa9");
}

TEST(control_bytes_in_a_reason_are_escaped)
{
    ddbs_error error;
    ddbs_error__set(&error, DDBS_E_HANDLER, 0, 0, "%s", "one\ntwo\t\x1b[31m\x7f end");
    CHECK_STR(error.reason, "one\\x0atwo\\x09\\x1b[31m\\x7f end");
}

TEST(a_reason_is_cut_at_its_limit_and_says_so)
{
    char text[3000];
    ddbs_error error;
    memset(text, 'r', sizeof text);
    for (size_t len = DDBS_ERROR_REASON_MAX - 10; len < DDBS_ERROR_REASON_MAX + 10; len++) {
        ddbs_error__set(&error, DDBS_E_HANDLER, 0, 0, "%.*s", (int)len, text);
        size_t got = strlen(error.reason);
        CHECK(got < DDBS_ERROR_REASON_MAX);
        CHECK(got == len || strcmp(error.reason + got - 3, "...") == 0);
        CHECK(len > DDBS_ERROR_REASON_MAX - 5 || got == len);
    }
}

TEST(a_reason_of_escapes_alone_is_cut_between_two_of_them)
{
    char text[900];
    ddbs_error error;
    memset(text, '\x01', sizeof text);
    ddbs_error__set(&error, DDBS_E_HANDLER, 0, 0, "%.900s", text);
    size_t len = strlen(error.reason);
    REQUIRE(len > 1000 && len < DDBS_ERROR_REASON_MAX);
    CHECK_STR(error.reason + len - 3, "...");
    for (size_t i = 0; i < len - 3; i += 4)
        CHECK(memcmp(error.reason + i, "\\x01", 4) == 0);
}

TEST(what_is_not_utf8_in_a_reason_or_a_name_is_escaped)
{
    ddbs_error error;
    ddbs_error__set(&error, DDBS_E_HANDLER, 0, 0, "%s", "\xff \xc3\xa9 \xe2\x82 \xc0\x80 \xed\xa0\x80 \xc2\x9b.");
    CHECK_STR(error.reason, "\\xff \xc3\xa9 \\xe2\\x82 \\xc0\\x80 \\xed\\xa0\\x80 \\xc2\\x9b.");
    ddbs_error__path_name(&error, ddbs_str_c("\xff\xc3\xa9"));
    CHECK_STR(error.path, "\\xff\xc3\xa9");
}

/* What is cut ends up in answers and logs, which are UTF-8. */
TEST(a_cut_never_splits_a_character)
{
    for (int shift = 0; shift < 4; shift++) {
        char text[2100] = "abcd";
        ddbs_error error;
        for (size_t i = (size_t)shift; i + 3 < 2000; i += 3)
            memcpy(text + i, "\xe2\x82\xac", 4);
        ddbs_error__set(&error, DDBS_E_HANDLER, 0, 0, "%s", text);
        size_t len = strlen(error.reason);
        REQUIRE(len > 1000);
        CHECK_STR(error.reason + len - 3, "...");
        CHECK_INT((len - 3 - (size_t)shift) % 3, 0);
    }
}

TEST(a_path_is_cut_once_and_nothing_follows_the_cut)
{
    char name[DDBS_ERROR_PATH_MAX];
    memset(name, 'n', sizeof name);
    for (size_t len = DDBS_ERROR_PATH_MAX - 40; len < DDBS_ERROR_PATH_MAX; len++) {
        ddbs_error error;
        ddbs_error_clear(&error);
        ddbs_error__path_name(&error, (ddbs_str){ name, len });
        for (int i = 0; i < 5; i++) {
            ddbs_error__path_index(&error, 123456789);
            ddbs_error__path_name(&error, ddbs_str_c("a"));
        }
        CHECK(strlen(error.path) < DDBS_ERROR_PATH_MAX);
        const char *cut = strstr(error.path, "...");
        REQUIRE(cut != NULL && cut[3] == '\0');
    }
}
