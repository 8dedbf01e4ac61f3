/* zip.c: see zip.h. The format is that of PKWARE's APPNOTE.TXT: local header, deflated bytes, central directory of one
 * entry, end record. All numbers are little-endian. */
#include "zip.h"

#include "program.h"
#include "runtime/emulator/command.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <zlib.h>

enum {
    LOCAL_SIZE = 30,
    CENTRAL_SIZE = 46,
    END_SIZE = 22,
    VERSION = 20,          /* needs deflate */
    MADE_BY = 3 << 8 | 20, /* on Unix: the upper half of the attributes is st_mode */
    DEFLATED = 8
};
static const uint32_t MODE = 0100755U << 16;
static const char NAME[] = "bootstrap";
enum { NAME_LEN = sizeof NAME - 1 };

/* What the local header and the central directory both say. */
struct entry {
    uint16_t time;
    uint16_t date;
    uint32_t crc;
    uint32_t packed_len;
    uint32_t len;
};

struct bytes {
    unsigned char *at;
    size_t len;
};

/* ---- Little-endian numbers ---- */

static unsigned char *put16(unsigned char *at, unsigned number)
{
    at[0] = (unsigned char)number;
    at[1] = (unsigned char)(number >> 8);
    return at + 2;
}

static unsigned char *put32(unsigned char *at, uint32_t number)
{
    return put16(put16(at, number & 0xffff), number >> 16);
}

/* Version, flags, method, time, sizes and the lengths of name and extra field: common to both headers. */
static unsigned char *put_entry(unsigned char *at, const struct entry *entry)
{
    at = put16(put16(put16(at, VERSION), 0), DEFLATED);
    at = put16(put16(at, entry->time), entry->date);
    at = put32(put32(put32(at, entry->crc), entry->packed_len), entry->len);
    return put16(put16(at, NAME_LEN), 0);
}

static void put_local(unsigned char out[LOCAL_SIZE + NAME_LEN], const struct entry *entry)
{
    memcpy(put_entry(put32(out, 0x04034b50), entry), NAME, NAME_LEN);
}

static void put_central(unsigned char out[CENTRAL_SIZE + NAME_LEN], const struct entry *entry)
{
    unsigned char *at = put_entry(put16(put32(out, 0x02014b50), MADE_BY), entry);
    at = put16(put16(put16(at, 0), 0), 0); /* no comment, disk 0, no hint that it is text */
    at = put32(put32(at, MODE), 0);        /* the local header is at 0 */
    memcpy(at, NAME, NAME_LEN);
}

static void put_end(unsigned char out[END_SIZE], const struct entry *entry)
{
    unsigned char *at = put16(put16(put32(out, 0x06054b50), 0), 0);
    at = put16(put16(at, 1), 1); /* entries */
    at = put32(put32(at, CENTRAL_SIZE + NAME_LEN), LOCAL_SIZE + NAME_LEN + entry->packed_len);
    put16(at, 0);
}

/* ---- Writing ---- */

/* MS-DOS's time, read as UTC: it must not depend on where the zip is made. */
static void set_time(struct entry *entry, int64_t seconds)
{
    static const int64_t FIRST = 315532800, LAST = 4354819198; /* 1980-01-01, 2107-12-31T23:59:58 */
    time_t time = (time_t)(seconds < FIRST ? FIRST : seconds > LAST ? LAST : seconds);
    struct tm tm;
    gmtime_r(&time, &tm);
    entry->time = (uint16_t)(tm.tm_hour << 11 | tm.tm_min << 5 | tm.tm_sec / 2);
    entry->date = (uint16_t)((tm.tm_year - 80) << 9 | (tm.tm_mon + 1) << 5 | tm.tm_mday);
}

/* Raw deflate, without zlib's header. The caller frees out->at. */
static bool deflate_all(struct bytes content, struct bytes *out)
{
    z_stream stream = { .next_in = content.at, .avail_in = (uInt)content.len };
    if (deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY) != Z_OK)
        return false;
    out->len = deflateBound(&stream, content.len);
    out->at = malloc(out->len);
    stream.next_out = out->at;
    stream.avail_out = (uInt)out->len;
    bool done = out->at != NULL && deflate(&stream, Z_FINISH) == Z_STREAM_END;
    out->len = stream.total_out;
    deflateEnd(&stream);
    if (!done)
        free(out->at);
    return done;
}

/* Why a file cannot be taken as a whole; NULL when it could. */
static const char *read_open(FILE *file, size_t limit, struct bytes *out)
{
    struct stat status;
    if (fstat(fileno(file), &status) != 0 || !S_ISREG(status.st_mode))
        return "is no file";
    if ((uintmax_t)status.st_size > limit)
        return "is larger than Lambda takes";
    out->len = (size_t)status.st_size;
    out->at = malloc(out->len + 1);
    if (out->at == NULL)
        return "out of memory";
    if (fread(out->at, 1, out->len, file) == out->len)
        return NULL;
    free(out->at);
    return "cannot be read";
}

static int read_file(const char *path, size_t limit, struct bytes *out)
{
    FILE *file = fopen(path, "rb");
    const char *why = file == NULL ? strerror(errno) : read_open(file, limit, out);
    if (file != NULL)
        fclose(file);
    if (why == NULL)
        return EXIT_HELD;
    fprintf(stderr, "%s: %s\n", path, why);
    return file == NULL ? EXIT_CANNOT_RUN : EXIT_BAD_INPUT;
}

static bool write_parts(FILE *file, const struct entry *entry, struct bytes packed)
{
    unsigned char local[LOCAL_SIZE + NAME_LEN], central[CENTRAL_SIZE + NAME_LEN], end[END_SIZE];
    put_local(local, entry);
    put_central(central, entry);
    put_end(end, entry);
    return fwrite(local, 1, sizeof local, file) == sizeof local &&
           fwrite(packed.at, 1, packed.len, file) == packed.len &&
           fwrite(central, 1, sizeof central, file) == sizeof central && fwrite(end, 1, sizeof end, file) == sizeof end;
}

static int write_zip(const char *path, const struct entry *entry, struct bytes packed)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return EXIT_CANNOT_RUN;
    }
    bool written = write_parts(file, entry, packed);
    if (fclose(file) == 0 && written)
        return EXIT_HELD;
    fprintf(stderr, "%s: not everything could be written\n", path);
    remove(path);
    return EXIT_CANNOT_RUN;
}

static int write_content(const char *zip_path, struct bytes content, int64_t time)
{
    struct entry entry = { .len = (uint32_t)content.len };
    struct bytes packed;
    if (!deflate_all(content, &packed)) {
        fputs("out of memory\n", stderr);
        return EXIT_CANNOT_RUN;
    }
    set_time(&entry, time);
    entry.crc = (uint32_t)crc32(0, content.at, (uInt)content.len);
    entry.packed_len = (uint32_t)packed.len;
    int status = write_zip(zip_path, &entry, packed);
    free(packed.at);
    return status;
}

int zip_write(const char *program_path, const char *zip_path, int64_t time)
{
    struct bytes content;
    int status = read_file(program_path, PROGRAM_SIZE_MAX, &content);
    if (status != EXIT_HELD)
        return status;
    status = write_content(zip_path, content, time);
    free(content.at);
    return status;
}

/* ---- Reading back ---- */

static unsigned get16(const unsigned char *at)
{
    return (unsigned)at[0] | (unsigned)at[1] << 8;
}

static uint32_t get32(const unsigned char *at)
{
    return get16(at) | (uint32_t)get16(at + 2) << 16;
}

/* Where the sizes and the name's length are, is the same in both headers but for two bytes. */
static struct entry get_entry(const unsigned char *at)
{
    return (struct entry){ .time = (uint16_t)get16(at + 6),
                           .date = (uint16_t)get16(at + 8),
                           .crc = get32(at + 10),
                           .packed_len = get32(at + 14),
                           .len = get32(at + 18) };
}

/* Why the end record, which must be the last 22 bytes, is not that of one entry; NULL: it is. */
static const char *why_end(struct bytes zip)
{
    const unsigned char *end = zip.at + zip.len - END_SIZE;
    if (get32(end) != 0x06054b50)
        return "does not end with a zip's end record, or has a comment";
    if (get16(end + 8) != 1 || get16(end + 10) != 1)
        return "does not have exactly one entry";
    if (get32(end + 12) != CENTRAL_SIZE + NAME_LEN || get32(end + 16) != zip.len - END_SIZE - CENTRAL_SIZE - NAME_LEN)
        return "has more in its directory than the name bootstrap: extra fields, a comment or another name";
    return NULL;
}

static const char *why_central(const unsigned char *at)
{
    if (get32(at) != 0x02014b50 || get16(at + 28) != NAME_LEN || memcmp(at + CENTRAL_SIZE, NAME, NAME_LEN) != 0)
        return "does not hold an entry named bootstrap in its root";
    if (get16(at + 30) != 0 || get16(at + 32) != 0)
        return "has extra fields or a comment";
    if (get16(at + 4) >> 8 != 3 || get32(at + 38) != MODE)
        return "does not give bootstrap the mode 0755 of a file on Unix";
    return NULL;
}

/* Headers and end must be, to the byte, what write_parts() would write for this entry. */
static const char *why_headers(struct bytes zip, const struct entry *entry)
{
    unsigned char local[LOCAL_SIZE + NAME_LEN], central[CENTRAL_SIZE + NAME_LEN], end[END_SIZE];
    const unsigned char *last = zip.at + zip.len - END_SIZE;
    put_local(local, entry);
    put_central(central, entry);
    put_end(end, entry);
    if (memcmp(last - sizeof central, central, sizeof central) != 0 || memcmp(last, end, sizeof end) != 0)
        return "has an entry that is not simply deflated, or bytes that belong to no entry";
    return memcmp(zip.at, local, sizeof local) == 0 ? NULL : "has a local header that differs from its directory";
}

static const char *why_content(const unsigned char *packed, const struct entry *entry, struct bytes program)
{
    unsigned char *content = malloc(program.len + 1);
    z_stream stream = { .next_in = (unsigned char *)(uintptr_t)packed,
                        .avail_in = entry->packed_len,
                        .next_out = content,
                        .avail_out = (uInt)program.len + 1 };
    bool same = content != NULL && inflateInit2(&stream, -MAX_WBITS) == Z_OK;
    if (same) {
        same = inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.avail_in == 0 && stream.total_out == program.len &&
               memcmp(content, program.at, program.len) == 0 && entry->len == program.len &&
               entry->crc == (uint32_t)crc32(0, program.at, (uInt)program.len);
        inflateEnd(&stream);
    }
    free(content);
    return same ? NULL : "does not hold the program that was packed";
}

static const char *why_not(struct bytes zip, struct bytes program)
{
    const char *why;
    if (zip.len < LOCAL_SIZE + CENTRAL_SIZE + 2 * NAME_LEN + END_SIZE)
        return "is cut off";
    const unsigned char *central = zip.at + zip.len - END_SIZE - CENTRAL_SIZE - NAME_LEN;
    struct entry entry = get_entry(central + 6);
    if ((why = why_end(zip)) != NULL || (why = why_central(central)) != NULL ||
        (why = why_headers(zip, &entry)) != NULL)
        return why;
    if (entry.packed_len != (size_t)(central - zip.at) - LOCAL_SIZE - NAME_LEN)
        return "has bytes that belong to no entry";
    return why_content(zip.at + LOCAL_SIZE + NAME_LEN, &entry, program);
}

int zip_verify(const char *zip_path, const char *program_path)
{
    struct bytes zip, program;
    int status = read_file(zip_path, ZIP_SIZE_MAX, &zip);
    if (status != EXIT_HELD)
        return status;
    status = read_file(program_path, PROGRAM_SIZE_MAX, &program);
    if (status == EXIT_HELD) {
        const char *why = why_not(zip, program);
        if (why != NULL)
            fprintf(stderr, "%s: %s\n", zip_path, why);
        status = why == NULL ? EXIT_HELD : EXIT_BAD_INPUT;
        free(program.at);
    }
    free(zip.at);
    return status;
}
