/* test_convert_generated.c: JSON out then in is equal, for items that are made up and for those of the example
 * events. */
#include "tests/unit/events.h"

#include <glob.h>
#include <stdio.h>

enum { FILE_MAX = 1 << 20 };

static ddbs_arena *new_arena(size_t limit)
{
    ddbs_arena *arena;
    if (ddbs_arena_new(&arena, limit) != DDBS_OK)
        abort();
    return arena;
}

/* Whether an item is written as these bytes, which begin and end where the buffer does. */
static bool is_written_as(const ddbs_item *item, ddbs_json_form form, ddbs_str want)
{
    ddbs_buf text = { 0 };
    bool same = ddbs_item_write(item, form, &text) == DDBS_OK && text.len == want.len &&
                memcmp(text.ptr, want.ptr, want.len) == 0 && text.ptr[text.len] == '\0';
    if (!same)
        printf("# written as %.*s\n# not as     %.*s\n", (int)text.len, text.ptr, (int)want.len, want.ptr);
    ddbs_buf_free(&text);
    return same;
}

static uint64_t seed;

/* xorshift64*, so that every run sees the same items. */
static unsigned below(unsigned limit)
{
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return (unsigned)(seed * 0x2545f4914f6cdd1dULL >> 33) % limit;
}

/* One item in three writings: as someone may send it, and as both forms are to be written. */
struct writings {
    ddbs_buf sent, typed, plain;
    bool lossless; /* plain, too: no Binary, no set, numbers as JSON has them */
};

static void put(struct writings *w, const char *typed, const char *plain)
{
    static const char *const blanks[] = { "", "", "", " ", "\n", "\t \r" };
    ddbs_buf__text(&w->sent, blanks[below(6)]);
    ddbs_buf__text(&w->sent, typed);
    ddbs_buf__text(&w->typed, typed);
    ddbs_buf__text(&w->plain, plain);
}

/* Characters in every writing that JSON has for them, and the one that we choose. */
static void put_char(struct writings *w)
{
    static const char *const chars[][4] = {
        { "a", "\\u0061", "a", "a" },
        { "\\\"", "\\u0022", "\\u0022", "\\\"" },
        { "\\\\", "\\u005c", "\\u005C", "\\\\" },
        { "/", "\\/", "\\u002f", "/" },
        { "\\u0000", "\\u0000", "\\u0000", "\\u0000" },
        { "\\n", "\\u000a", "\\u000A", "\\n" },
        { "\x7f", "\\u007f", "\\u007F", "\\u007f" },
        { "\xc3\xa9", "\\u00e9", "\\u00E9", "\xc3\xa9" },
        { "\xe2\x82\xac", "\\u20ac", "\\u20AC", "\xe2\x82\xac" },
        { "\xf0\x9f\x98\x80", "\\ud83d\\ude00", "\\uD83D\\uDE00", "\xf0\x9f\x98\x80" },
    };
    const char *const *one = chars[below(sizeof chars / sizeof *chars)];
    ddbs_buf__text(&w->sent, one[below(3)]);
    ddbs_buf__text(&w->typed, one[3]);
    ddbs_buf__text(&w->plain, one[3]);
}

static void put_string(struct writings *w)
{
    put(w, "\"", "\"");
    for (unsigned left = below(6); left > 0; left--)
        put_char(w);
    ddbs_buf__text(&w->sent, "\"");
    ddbs_buf__text(&w->typed, "\"");
    ddbs_buf__text(&w->plain, "\"");
}

static void put_number(struct writings *w)
{
    static const char *const numbers[][2] = {
        { "\"0\"", "0" },
        { "\"-12.50\"", "-12.50" },
        { "\"1E+125\"", "1E+125" },
        { "\"9007199254740993\"", "9007199254740993" },
        { "\"0.10000000000000000000000000000000000001\"", "0.10000000000000000000000000000000000001" },
        { "\"+7\"", "7" },
        { "\"007\"", "7" },
    };
    unsigned i = below(sizeof numbers / sizeof *numbers);
    put(w, numbers[i][0], numbers[i][1]);
}

static void put_binary(struct writings *w)
{
    static const char *const bytes[] = { "\"\"", "\"AA==\"", "\"//8=\"", "\"c3RyZWFt\"" };
    const char *one = bytes[below(4)];
    put(w, one, one);
}

static void put_bool(struct writings *w)
{
    const char *truth = below(2) ? "true" : "false";
    put(w, truth, truth);
}

static void put_null(struct writings *w)
{
    put(w, "true", "null");
}

static void put_elements(struct writings *w, void (*put_one)(struct writings *))
{
    w->lossless = false;
    put(w, "[", "[");
    for (unsigned i = 0, count = below(3); i < count; i++) {
        if (i > 0)
            put(w, ",", ",");
        put_one(w);
    }
    put(w, "]", "]");
}

static void put_tag(struct writings *w, ddbs_type type)
{
    ddbs_buf tag = { 0 };
    put(w, "{", "");
    ddbs_buf__format(&tag, "\"%s\"", ddbs_type_name(type));
    put(w, tag.ptr, "");
    put(w, ":", "");
    ddbs_buf_free(&tag);
}

static void put_value(struct writings *w, unsigned depth);

/* Names are numbered, so that none occurs twice. */
static void put_content(struct writings *w, unsigned depth, bool map)
{
    put(w, map ? "{" : "[", map ? "{" : "[");
    for (unsigned i = 0, count = below(depth == 0 ? 20 : 5); i < count; i++) {
        char name[16];
        if (i > 0)
            put(w, ",", ",");
        snprintf(name, sizeof name, "\"n%u\":", i);
        if (map)
            put(w, name, name);
        put_value(w, depth + 1);
    }
    put(w, map ? "}" : "]", map ? "}" : "]");
}

static void put_value(struct writings *w, unsigned depth)
{
    static void (*const scalars[])(struct writings *) = { put_string, put_number, put_binary, put_bool, put_null };
    ddbs_type type = DDBS_TYPE_S + below(depth < 6 ? 10 : 5);
    put_tag(w, type);
    w->lossless = w->lossless && type != DDBS_TYPE_B;
    if (type <= DDBS_TYPE_NULL)
        scalars[type - DDBS_TYPE_S](w);
    else if (type == DDBS_TYPE_M || type == DDBS_TYPE_L)
        put_content(w, depth, type == DDBS_TYPE_M);
    else
        put_elements(w, scalars[type - DDBS_TYPE_SS]);
    put(w, "}", "");
}

static ddbs_str view_of(const ddbs_buf *text)
{
    return (ddbs_str){ text->ptr, text->len };
}

static bool reads_equal(ddbs_arena *arena, const ddbs_buf *text, ddbs_json_form form, const ddbs_item *item)
{
    const ddbs_item *again;
    return ddbs_item_read(text->ptr, text->len, form, arena, &again, NULL) == DDBS_OK && ddbs_item_equal(item, again) &&
           ddbs_item_equal(again, item) && is_written_as(again, form, view_of(text));
}

static bool check_generated(ddbs_arena *arena, const struct writings *w)
{
    const ddbs_item *item;
    return CHECK_STATUS(ddbs_item_read(w->sent.ptr, w->sent.len, DDBS_JSON_TYPED, arena, &item, NULL), DDBS_OK) &&
           CHECK(is_written_as(item, DDBS_JSON_TYPED, view_of(&w->typed))) &&
           CHECK(is_written_as(item, DDBS_JSON_PLAIN, view_of(&w->plain))) &&
           CHECK(reads_equal(arena, &w->typed, DDBS_JSON_TYPED, item)) &&
           CHECK(!w->lossless || reads_equal(arena, &w->plain, DDBS_JSON_PLAIN, item));
}

TEST(json_out_then_in_is_equal_for_generated_items)
{
    unsigned lossless = 0;
    bool held = true;
    ddbs_arena *arena = new_arena(0);
    for (unsigned i = 0; held && i < 20000; i++) {
        struct writings w = { .lossless = true };
        seed = (i + 1) * 0x9e3779b97f4a7c15ULL;
        put_content(&w, 0, true);
        held = check_generated(arena, &w);
        lossless += w.lossless;
        ddbs_buf_free(&w.sent);
        ddbs_buf_free(&w.typed);
        ddbs_buf_free(&w.plain);
        ddbs_arena_reset(arena);
    }
    CHECK(lossless > 1000);
    ddbs_arena_free(arena);
}

/* ---- And over the example events -------------------------------------------------------------------------------- */

static void check_image(const ddbs_item *item, size_t *images)
{
    ddbs_arena *arena = new_arena(0);
    ddbs_buf typed = { 0 };
    if (item != NULL && CHECK_STATUS(ddbs_item_write(item, DDBS_JSON_TYPED, &typed), DDBS_OK))
        *images += CHECK(reads_equal(arena, &typed, DDBS_JSON_TYPED, item));
    ddbs_buf_free(&typed);
    ddbs_arena_free(arena);
}

static void check_event(const char *path, size_t *images)
{
    static char text[FILE_MAX];
    FILE *file = fopen(path, "rb");
    struct parsed p = parse_bytes(text, file == NULL ? 0 : fread(text, 1, sizeof text, file), NULL);
    for (size_t i = 0; p.event != NULL && i < ddbs_event_count(p.event); i++) {
        const ddbs_record *record = record_of(&p, i);
        if (record == NULL)
            continue;
        check_image(record->keys, images);
        check_image(record->new_image, images);
        check_image(record->old_image, images);
    }
    if (file != NULL)
        fclose(file);
    parsed_free(&p);
}

TEST(json_out_then_in_is_equal_for_the_example_events)
{
    glob_t found;
    size_t images = 0;
    REQUIRE(glob("tests/fixtures/*/event.json", 0, NULL, &found) == 0);
    for (size_t i = 0; i < found.gl_pathc; i++)
        check_event(found.gl_pathv[i], &images);
    CHECK(found.gl_pathc >= 100 && images >= 100);
    globfree(&found);
}
