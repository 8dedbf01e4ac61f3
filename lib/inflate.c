/* inflate.c: gzip and zlib streams, unpacked within a limit.
 *
 * A stream is unpacked twice: first only counted, through a small window, then written to room of exactly the
 * size that came out. So a decompression bomb and a damaged stream take no room in the text, and what is taken is
 * never more than the limit, which a text that doubles as it grows could not promise. */
#include "lib/buf.h"

#include <limits.h>
#include <stdlib.h>

#define ZLIB_CONST
#include <zlib.h>

enum { WINDOW = 16 * 1024, DETECT_FORMAT = 32 };

struct unpacking {
    z_stream zlib;
    ddbs_bytes left; /* what zlib was not given yet: it counts in unsigned int */
    bool gzip;
    size_t total; /* bytes that came out */
};

/* zlib's own would call the malloc of the library that it is in. */
static voidpf take(voidpf opaque, uInt items, uInt size)
{
    (void)opaque;
    return calloc(items, size);
}

static void give_back(voidpf opaque, voidpf ptr)
{
    (void)opaque;
    free(ptr);
}

static uInt piece(size_t len)
{
    return len > UINT_MAX ? UINT_MAX : (uInt)len;
}

/* Give zlib the next piece of the input when it is done with the last one. */
static void feed(struct unpacking *unpacking)
{
    uInt len = piece(unpacking->left.len);
    if (unpacking->zlib.avail_in > 0 || len == 0)
        return;
    unpacking->zlib.next_in = unpacking->left.ptr;
    unpacking->zlib.avail_in = len;
    unpacking->left.ptr += len;
    unpacking->left.len -= len;
}

/* Whether a gzip member follows one that ended. Only gzip streams have several (RFC 1952 section 2.2), and zlib, set to
 * detect the format, would take either. */
static bool more_members(struct unpacking *unpacking)
{
    return unpacking->gzip && *unpacking->zlib.next_in == 0x1f && inflateReset(&unpacking->zlib) == Z_OK;
}

/* Unpack one step to `out`. `*done`: the stream ended, and so did the input. */
static ddbs_status step(struct unpacking *unpacking, unsigned char *out, size_t room, bool *done)
{
    z_stream *zlib = &unpacking->zlib;
    feed(unpacking);
    zlib->next_out = out;
    zlib->avail_out = piece(room);
    int result = inflate(zlib, Z_NO_FLUSH);
    unpacking->total += (size_t)(zlib->next_out - out);
    *done = result == Z_STREAM_END && zlib->avail_in == 0 && unpacking->left.len == 0;
    if (result == Z_MEM_ERROR)
        return DDBS_E_MEMORY;
    if (result != Z_STREAM_END)
        return result == Z_OK ? DDBS_OK : DDBS_E_SYNTAX;
    feed(unpacking);
    return *done || more_members(unpacking) ? DDBS_OK : DDBS_E_SYNTAX;
}

static ddbs_status begin(struct unpacking *unpacking, ddbs_bytes packed)
{
    unpacking->left = packed;
    unpacking->gzip = packed.len > 0 && packed.ptr[0] == 0x1f;
    unpacking->total = 0;
    unpacking->zlib.avail_in = 0;
    return inflateReset(&unpacking->zlib) == Z_OK ? DDBS_OK : DDBS_E_MEMORY;
}

/* How much comes out of it. */
static ddbs_status count(struct unpacking *unpacking, ddbs_bytes packed, size_t limit)
{
    unsigned char window[WINDOW];
    bool done = false;
    ddbs_status status = begin(unpacking, packed);
    while (status == DDBS_OK && !done) {
        status = step(unpacking, window, sizeof window, &done);
        if (unpacking->total > limit)
            return DDBS_E_LIMIT;
    }
    return status;
}

/* What was counted before, to room of that size and one byte more: zlib takes no end of a stream without any room. */
static ddbs_status write_all(struct unpacking *unpacking, ddbs_bytes packed, unsigned char *out, size_t size)
{
    bool done = false;
    ddbs_status status = begin(unpacking, packed);
    while (status == DDBS_OK && !done)
        status = step(unpacking, out + unpacking->total, size + 1 - unpacking->total, &done);
    return status;
}

static ddbs_status unpack(struct unpacking *unpacking, ddbs_bytes packed, size_t limit, ddbs_buf *out)
{
    size_t before = out->len;
    DDBS_TRY(count(unpacking, packed, limit));
    size_t size = unpacking->total;
    char *room = ddbs_buf__room(out, size);
    if (room == NULL)
        return ddbs_buf__settle(out, before);
    ddbs_status status = write_all(unpacking, packed, (unsigned char *)room, size);
    out->len += status == DDBS_OK ? size : 0;
    out->ptr[out->len] = '\0';
    return status;
}

ddbs_status ddbs_inflate(ddbs_bytes packed, size_t limit, ddbs_buf *out)
{
    struct unpacking unpacking = { .zlib = { .zalloc = take, .zfree = give_back } };
    if (inflateInit2(&unpacking.zlib, MAX_WBITS + DETECT_FORMAT) != Z_OK)
        return DDBS_E_MEMORY;
    ddbs_status status = unpack(&unpacking, packed, limit, out);
    inflateEnd(&unpacking.zlib);
    return status;
}
