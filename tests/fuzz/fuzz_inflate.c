/* fuzz_inflate.c: any bytes as a packed stream and a limit, the first two of them. Nothing above the limit comes
 * out, and nothing at all where it fails; what zlib packs of the input is unpacked to the input. */
#include "tests/fuzz/property.h"

#include <zlib.h>

enum { LIMIT_BYTES = 2 };

/* What was there before is there still. */
static void check_begin(const ddbs_buf *out)
{
    PROPERTY(out->len >= 5 && memcmp(out->ptr, "begin", 5) == 0 && out->ptr[out->len] == '\0');
}

static void check_any(ddbs_bytes packed, size_t limit)
{
    ddbs_buf out = { 0 };
    PROPERTY(ddbs_buf_append(&out, "begin", 5) == DDBS_OK);
    ddbs_status status = ddbs_inflate(packed, limit, &out);
    check_begin(&out);
    size_t size = out.len - 5;
    PROPERTY(status == DDBS_OK || status == DDBS_E_SYNTAX || status == DDBS_E_LIMIT);
    PROPERTY(status == DDBS_OK ? size <= limit : size == 0);
    PROPERTY(out.capacity <= limit + 512);
    if (status == DDBS_OK && size > 0) {
        PROPERTY(ddbs_inflate(packed, size - 1, &out) == DDBS_E_LIMIT);
        PROPERTY(ddbs_inflate(packed, size, &out) == DDBS_OK && out.len == 5 + 2 * size);
        PROPERTY(memcmp(out.ptr + 5, out.ptr + 5 + size, size) == 0);
    }
    ddbs_buf_free(&out);
}

/* What came out of zlib goes back in, whole and in two gzip members. */
static ddbs_buf pack(ddbs_arena *arena, ddbs_bytes bytes, int format, int level)
{
    z_stream zlib = { .next_in = (Bytef *)(uintptr_t)bytes.ptr, .avail_in = (uInt)bytes.len };
    ddbs_buf packed = { .arena = arena };
    PROPERTY(deflateInit2(&zlib, level, Z_DEFLATED, format, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    size_t room = deflateBound(&zlib, (uLong)bytes.len);
    zlib.next_out = (Bytef *)ddbs_buf__room(&packed, room);
    zlib.avail_out = (uInt)room;
    PROPERTY(zlib.next_out != NULL && deflate(&zlib, Z_FINISH) == Z_STREAM_END);
    packed.len = zlib.total_out;
    deflateEnd(&zlib);
    return packed;
}

static void check_unpacks_to(const ddbs_buf *packed, ddbs_bytes bytes)
{
    ddbs_buf out = { .arena = packed->arena };
    ddbs_bytes view = { (const unsigned char *)packed->ptr, packed->len };
    PROPERTY(ddbs_buf_append(&out, "begin", 5) == DDBS_OK);
    PROPERTY(bytes.len == 0 || ddbs_inflate(view, bytes.len - 1, &out) == DDBS_E_LIMIT);
    PROPERTY(ddbs_inflate(view, bytes.len, &out) == DDBS_OK && out.len == 5 + bytes.len);
    check_begin(&out);
    PROPERTY(bytes.len == 0 || memcmp(out.ptr + 5, bytes.ptr, bytes.len) == 0);
    view.len--;
    PROPERTY(ddbs_inflate(view, bytes.len, &out) == DDBS_E_SYNTAX && out.len == 5 + bytes.len);
}

static void check_round_trip(ddbs_bytes bytes, int level)
{
    ddbs_arena *arena = arena_or_abort();
    size_t half = bytes.len / 2;
    ddbs_buf zlib = pack(arena, bytes, MAX_WBITS, level);
    check_unpacks_to(&zlib, bytes);
    ddbs_buf first = pack(arena, (ddbs_bytes){ bytes.ptr, half }, MAX_WBITS + 16, level);
    ddbs_buf second = pack(arena, (ddbs_bytes){ bytes.ptr + half, bytes.len - half }, MAX_WBITS + 16, level);
    ddbs_buf__bytes(&first, second.ptr, second.len);
    check_unpacks_to(&first, bytes);
    ddbs_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < LIMIT_BYTES)
        return 0;
    size_t limit = data[0] | (size_t)data[1] << 8;
    check_any((ddbs_bytes){ data + LIMIT_BYTES, size - LIMIT_BYTES }, limit);
    check_round_trip((ddbs_bytes){ data, size }, data[0] % 10);
    return 0;
}
