/* base64.c: see base64.h. */
#include "lib/base64.h"

#include "lib/scan_tables.h"

#include <stdint.h>

static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The value of a character, 64 or more for what is none. */
static unsigned value(char c)
{
    return ddbs_scan__base64[(unsigned char)c];
}

/* The last group may end in one or two '='; the bits that they leave over must be zero. */
static bool decode_last(char *out, const char *text, size_t *used)
{
    unsigned a = value(text[0]), b = value(text[1]), c = value(text[2]);
    if ((a | b) > 63)
        return false;
    if (text[2] == '=') {
        out[0] = (char)(a << 2 | b >> 4);
        *used += 1;
        return text[3] == '=' && (b & 15) == 0;
    }
    out[0] = (char)(a << 2 | b >> 4);
    out[1] = (char)(b << 4 | c >> 2);
    *used += 2;
    return c <= 63 && (c & 3) == 0;
}

bool ddbs_base64__decode_by(const struct scan *scan, char *out, const char *text, size_t len, size_t *used)
{
    if (len % 4 != 0)
        return false;
    size_t at = scan == NULL ? 0 : scan->base64(out, text, len);
    for (out += at / 4 * 3; at < len; at += 4, out += 3) {
        *used = at / 4 * 3;
        if (at + 4 == len && text[at + 3] == '=')
            return decode_last(out, text + at, used);
        unsigned a = value(text[at]), b = value(text[at + 1]), c = value(text[at + 2]), d = value(text[at + 3]);
        if ((a | b | c | d) > 63)
            return false;
        out[0] = (char)(a << 2 | b >> 4);
        out[1] = (char)(b << 4 | c >> 2);
        out[2] = (char)(c << 6 | d);
    }
    *used = at / 4 * 3;
    return true;
}

bool ddbs_base64__decode(char *out, const char *text, size_t len, size_t *used)
{
    return ddbs_base64__decode_by(ddbs_scan__best(), out, text, len, used);
}

size_t ddbs_base64__encoded(size_t len)
{
    return (len + 2) / 3 * 4;
}

void ddbs_base64__encode(char *out, const unsigned char *bytes, size_t len)
{
    for (size_t at = 0; at < len; at += 3, out += 4) {
        size_t left = len - at;
        uint32_t group = (uint32_t)bytes[at] << 16;
        group |= left > 1 ? (uint32_t)bytes[at + 1] << 8 : 0;
        group |= left > 2 ? bytes[at + 2] : 0;
        out[0] = ALPHABET[group >> 18];
        out[1] = ALPHABET[group >> 12 & 63];
        out[2] = left > 1 ? ALPHABET[group >> 6 & 63] : '=';
        out[3] = left > 2 ? ALPHABET[group & 63] : '=';
    }
}
