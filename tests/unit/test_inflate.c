/* test_inflate.c: what gzip and zlib streams unpack to, what is refused, and how much memory either takes. */
#include "tests/unit/events.h"

#include <stdio.h>
#include <zlib.h>

enum { ZLIB = 15, GZIP = 15 + 16 };

/* A stream that zlib itself makes of `len` bytes. Freed with ddbs_buf_free. */
static ddbs_buf packed_by_zlib(const void *bytes, size_t len, int format)
{
    z_stream zlib = { .next_in = (Bytef *)(uintptr_t)bytes, .avail_in = (uInt)len };
    ddbs_buf packed = { 0 };
    if (deflateInit2(&zlib, 6, Z_DEFLATED, format, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        abort();
    size_t room = deflateBound(&zlib, (uLong)len);
    zlib.next_out = (Bytef *)ddbs_buf__room(&packed, room);
    zlib.avail_out = (uInt)room;
    if (deflate(&zlib, Z_FINISH) != Z_STREAM_END)
        abort();
    packed.len = zlib.total_out;
    deflateEnd(&zlib);
    return packed;
}

static ddbs_buf packed_text(const char *text, int format)
{
    return packed_by_zlib(text, strlen(text), format);
}

/* Bytes of which no long run repeats, the same in every run. */
static unsigned char *noise(size_t len)
{
    unsigned char *bytes = malloc(len);
    uint32_t state = 1;
    if (bytes == NULL)
        abort();
    for (size_t i = 0; i < len; i++)
        bytes[i] = (unsigned char)((state = state * 1664525 + 1013904223) >> 24);
    return bytes;
}

/* Unpack a copy that ends at an unreadable page. */
static ddbs_status inflate_bytes(const void *bytes, size_t len, size_t limit, ddbs_buf *out)
{
    return ddbs_inflate((ddbs_bytes){ (const unsigned char *)check_guard(bytes, len), len }, limit, out);
}

static bool is_bytes(const ddbs_buf *text, const void *bytes, size_t len)
{
    return text->len == len && memcmp(text->ptr, bytes, len) == 0 && text->ptr[len] == '\0';
}

static void check_refused(const void *bytes, size_t len, size_t limit, ddbs_status want, const char *what)
{
    ddbs_buf out = { 0 };
    REQUIRE(ddbs_buf_append(&out, "kept", 4) == DDBS_OK);
    size_t capacity = out.capacity;
    bool held = CHECK_STATUS(inflate_bytes(bytes, len, limit, &out), want) && CHECK(is_bytes(&out, "kept", 4)) &&
                CHECK_INT(out.capacity, capacity);
    if (!held)
        printf("# in: %s\n", what);
    ddbs_buf_free(&out);
}

TEST(gzip_and_zlib_streams_of_every_size_are_unpacked)
{
    static const size_t sizes[] = { 0, 1, 2, 255, 256, 16383, 16384, 16385, 32768, 65536, 400 * 1024, 3000000 };
    unsigned char *bytes = noise(3000000);
    for (size_t i = 0; i < 2 * sizeof sizes / sizeof *sizes; i++) {
        size_t size = sizes[i / 2];
        ddbs_buf packed = packed_by_zlib(bytes, size, i % 2 ? GZIP : ZLIB), out = { 0 };
        CHECK_STATUS(inflate_bytes(packed.ptr, packed.len, size, &out), DDBS_OK);
        CHECK(is_bytes(&out, bytes, size));
        ddbs_buf_free(&packed);
        ddbs_buf_free(&out);
    }
    free(bytes);
}

/* Streams of other writers: gzip -9, with name and time and an extra field; zlib's levels; a gzip stream of stored
 * bytes with the check of its header. */
TEST(streams_of_other_writers_are_unpacked)
{
    static const struct {
        const char *bytes;
        size_t len;
    } streams[] = {
#define STREAM(text) { text, sizeof text - 1 }
        STREAM("\x1f\x8b\x08\x08\x00\x00\x00\x00\x02\x03"
               "a.txt\0\xcb\x48\xcd\xc9\xc9\x07\x00\x86\xa6\x10\x36\x05\0\0\0"),
        STREAM(
            "\x1f\x8b\x08\x04\x00\x00\x00\x00\x00\xff\x02\0xy\xcb\x48\xcd\xc9\xc9\x07\x00\x86\xa6\x10\x36\x05\0\0\0"),
        STREAM("\x78\x01\xcb\x48\xcd\xc9\xc9\x07\x00\x06\x2c\x02\x15"),
        STREAM("\x78\xda\xcb\x48\xcd\xc9\xc9\x07\x00\x06\x2c\x02\x15"),
        STREAM("\x18\x95\xcb\x48\xcd\xc9\xc9\x07\x00\x06\x2c\x02\x15"), /* a window of 512 bytes */
        STREAM("\x78\x9c\x01\x05\x00\xfa\xffhello\x06\x2c\x02\x15"),
    };
    for (size_t i = 0; i < sizeof streams / sizeof *streams; i++) {
        ddbs_buf out = { 0 };
        if (!CHECK_STATUS(inflate_bytes(streams[i].bytes, streams[i].len, 5, &out), DDBS_OK))
            printf("# stream %zu\n", i);
        CHECK_VIEW(out, "hello");
        ddbs_buf_free(&out);
    }
}

TEST(several_gzip_members_count_as_one)
{
    ddbs_buf all = { 0 }, out = { 0 };
    static const char *const texts[] = { "one ", "", "two ", "", "", "three" };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        ddbs_buf packed = packed_text(texts[i], GZIP);
        ddbs_buf__bytes(&all, packed.ptr, packed.len);
        ddbs_buf_free(&packed);
    }
    CHECK_STATUS(inflate_bytes(all.ptr, all.len, 13, &out), DDBS_OK);
    CHECK_VIEW(out, "one two three");
    check_refused(all.ptr, all.len, 12, DDBS_E_LIMIT, "the limit is that of all members");
    check_refused(all.ptr, all.len - 1, 13, DDBS_E_SYNTAX, "the last member cut off");
    ddbs_buf_free(&all);
    ddbs_buf_free(&out);
}

TEST(what_follows_a_stream_is_refused)
{
    static const struct {
        int format;
        const char *tail;
        size_t len;
    } tails[] = { { GZIP, "x", 1 },        { GZIP, "\0", 1 },       { ZLIB, "x", 1 },         { ZLIB, "\0", 1 },
                  { GZIP, "\x1f", 1 },     { GZIP, "\x1f\x8b", 2 }, { GZIP, "\x1f\x8c", 2 },  { GZIP, "\x78\x9c", 2 },
                  { ZLIB, "\x78\x9c", 2 }, { ZLIB, "\x1f", 1 },     { GZIP, "\0\0\0\0\0", 5 } };
    static const char empty_zlib[] = "\x78\x9c\x03\0\0\0\0\x01";
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        ddbs_buf packed = packed_text("text", tails[i].format);
        ddbs_buf__bytes(&packed, tails[i].tail, tails[i].len);
        check_refused(packed.ptr, packed.len, 100, DDBS_E_SYNTAX, "a tail");
        ddbs_buf_free(&packed);
    }
    for (int i = 0; i < 3; i++) {
        ddbs_buf gzip = packed_text("text", i == 0 ? GZIP : ZLIB), other = packed_text("", i == 2 ? GZIP : ZLIB);
        ddbs_buf__bytes(&gzip, i == 1 ? empty_zlib : other.ptr, i == 1 ? sizeof empty_zlib - 1 : other.len);
        check_refused(gzip.ptr, gzip.len, 100, DDBS_E_SYNTAX, "a stream of another format, or zlib twice");
        ddbs_buf_free(&gzip);
        ddbs_buf_free(&other);
    }
}

TEST(what_is_cut_off_is_refused_at_every_byte)
{
    for (int format = ZLIB; format <= GZIP; format += GZIP - ZLIB) {
        ddbs_buf packed = packed_text("some text, some text, some other text", format);
        ddbs_buf out = { 0 };
        for (size_t len = 0; len < packed.len; len++) {
            CHECK_STATUS(ddbs_inflate((ddbs_bytes){ (unsigned char *)packed.ptr, len }, 100, &out), DDBS_E_SYNTAX);
            CHECK(out.len == 0 && out.capacity == 0);
        }
        ddbs_buf_free(&packed);
    }
    CHECK_STATUS(ddbs_inflate((ddbs_bytes){ NULL, 0 }, 100, &(ddbs_buf){ 0 }), DDBS_E_SYNTAX);
}

/* Every bit of a zlib stream is under its checksum or part of it; a gzip header has bits that nobody checks, so
 * that one is damaged behind its header only. */
TEST(what_is_damaged_is_refused_at_every_bit)
{
    static const char text[] = "some text, some text, some other text";
    for (int format = ZLIB; format <= GZIP; format += GZIP - ZLIB) {
        ddbs_buf packed = packed_text(text, format), out = { 0 };
        for (size_t bit = format == GZIP ? 80 : 0; bit < packed.len * 8; bit++) {
            packed.ptr[bit / 8] = (char)(packed.ptr[bit / 8] ^ 1 << bit % 8);
            ddbs_status status = ddbs_inflate((ddbs_bytes){ (unsigned char *)packed.ptr, packed.len }, 100, &out);
            /* A damaged block can be longer than it was, and bits between the last code and the checksum mean
             * nothing. */
            CHECK(status == DDBS_E_SYNTAX || status == DDBS_E_LIMIT ||
                  (status == DDBS_OK && is_bytes(&out, text, sizeof text - 1)));
            CHECK(status == DDBS_OK || out.len == 0);
            out.len = 0;
            packed.ptr[bit / 8] = (char)(packed.ptr[bit / 8] ^ 1 << bit % 8);
        }
        ddbs_buf_free(&packed);
        ddbs_buf_free(&out);
    }
}

TEST(what_is_no_stream_is_refused)
{
#define REFUSED(text) check_refused(text, sizeof text - 1, 1000, DDBS_E_SYNTAX, text)
    REFUSED("plain text");
    REFUSED("\xcb\x48\xcd\xc9\xc9\x07\x00");                                         /* deflate without any header */
    REFUSED("\x1f\x8b\x07\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0");                   /* another compression method */
    REFUSED("\x1f\x8b\x08\xe0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0");                 /* reserved flags */
    REFUSED("\x78\xbb\x06\x2c\x02\x15\xcb\x48\xcd\xc9\xc9\x07\x00\x06\x2c\x02\x15"); /* wants a preset dictionary */
    REFUSED("\x78\x9c\xcb\x48\xcd\xc9\xc9\x07\x00\x06\x2c\x02\x16");                 /* another checksum */
    REFUSED("\x1f\x8b\x08\0\0\0\0\0\0\x03\xcb\x48\xcd\xc9\xc9\x07\x00\x86\xa6\x10\x37\x05\0\0\0");
    REFUSED("\x1f\x8b\x08\0\0\0\0\0\0\x03\xcb\x48\xcd\xc9\xc9\x07\x00\x86\xa6\x10\x36\x06\0\0\0"); /* another size */
}

TEST(the_limit_counts_to_the_byte)
{
    for (size_t size = 1; size < 70000; size = size * 7 + 1) {
        unsigned char *bytes = noise(size);
        ddbs_buf packed = packed_by_zlib(bytes, size, GZIP), out = { 0 };
        check_refused(packed.ptr, packed.len, size - 1, DDBS_E_LIMIT, "a byte more than the limit");
        check_refused(packed.ptr, packed.len, 0, DDBS_E_LIMIT, "the limit 0");
        CHECK_STATUS(inflate_bytes(packed.ptr, packed.len, size, &out), DDBS_OK);
        CHECK_STATUS(inflate_bytes(packed.ptr, packed.len, SIZE_MAX, &out), DDBS_OK);
        CHECK_INT(out.len, 2 * size);
        ddbs_buf_free(&packed);
        ddbs_buf_free(&out);
        free(bytes);
    }
    ddbs_buf empty = packed_text("", ZLIB), out = { 0 };
    CHECK_STATUS(inflate_bytes(empty.ptr, empty.len, 0, &out), DDBS_OK);
    CHECK(is_bytes(&out, "", 0));
    ddbs_buf_free(&empty);
    ddbs_buf_free(&out);
}

/* ---- Memory ----------------------------------------------------------------------------------------------------- */

/* 64 MiB in 64 KiB. The size that gzip says at its end is a lie, to be believed by nobody. */
TEST(a_decompression_bomb_takes_no_memory)
{
    enum { SIZE = 64 << 20 };
    char *zeros = calloc(1, SIZE);
    REQUIRE(zeros != NULL);
    ddbs_buf packed = packed_by_zlib(zeros, SIZE, GZIP), out = { 0 };
    REQUIRE(packed.len < 100000);
    memset(packed.ptr + packed.len - 4, 0, 4);
    check_refused(packed.ptr, packed.len, 1 << 20, DDBS_E_LIMIT, "a bomb");
    ddbs_arena *small;
    REQUIRE(ddbs_arena_new(&small, 64) == DDBS_OK);
    ddbs_buf in_arena = { .arena = small };
    CHECK_STATUS(inflate_bytes(packed.ptr, packed.len, SIZE - 1, &in_arena), DDBS_E_LIMIT);
    CHECK(in_arena.ptr == NULL && in_arena.len == 0);
    ddbs_arena_free(small);
    ddbs_buf_free(&packed);
    ddbs_buf_free(&out);
    free(zeros);
}

TEST(what_is_taken_is_what_comes_out)
{
    enum { SIZE = 100000 };
    unsigned char *bytes = noise(SIZE);
    ddbs_buf packed = packed_by_zlib(bytes, SIZE, ZLIB), out = { 0 };
    CHECK_STATUS(inflate_bytes(packed.ptr, packed.len, SIZE_MAX, &out), DDBS_OK);
    CHECK(out.capacity <= SIZE + 1);
    ddbs_buf_free(&out);
    ddbs_buf_free(&packed);
    free(bytes);
}

/* With allocation `n` and all after it failing, and in an arena of so many bytes; 0: no arena. True when it was
 * unpacked. */
static bool unpacked_short_of_memory(const ddbs_buf *packed, size_t n, size_t limit)
{
    ddbs_arena *arena = NULL;
    if (limit > 0 && ddbs_arena_new(&arena, limit) != DDBS_OK)
        abort();
    ddbs_buf out = { .arena = arena };
    size_t begun = ddbs_buf_append(&out, "begin", 5) == DDBS_OK ? 5 : 0;
    check_fail_alloc(n);
    ddbs_status status = ddbs_inflate((ddbs_bytes){ (unsigned char *)packed->ptr, packed->len }, SIZE_MAX, &out);
    check_fail_alloc(SIZE_MAX);
    if (status != DDBS_OK) {
        CHECK_STATUS(status, DDBS_E_MEMORY);
        CHECK(begun == 0 ? out.ptr == NULL && out.len == 0 : is_bytes(&out, "begin", begun));
        CHECK(begun == 0 || ddbs_buf_append(&out, "!", 1) == DDBS_OK); /* it can still be used */
    }
    ddbs_buf_free(&out);
    ddbs_arena_free(arena);
    return status == DDBS_OK;
}

TEST(without_memory_nothing_is_appended)
{
    enum { SIZE = 100000 };
    unsigned char *bytes = noise(SIZE);
    ddbs_buf packed = packed_by_zlib(bytes, SIZE, GZIP);
    size_t failures = 0, limit = 16;
    while (failures < 100 && !unpacked_short_of_memory(&packed, failures, 0))
        failures++;
    while (limit < 3 * SIZE && !unpacked_short_of_memory(&packed, SIZE_MAX, limit))
        limit += 512;
    CHECK(failures >= 3 && failures < 100);          /* zlib's state, its window, and what comes out */
    CHECK(limit > SIZE && limit < SIZE + 68 * 1024); /* the arena's first block has 64 KiB */
    ddbs_buf_free(&packed);
    free(bytes);
}
