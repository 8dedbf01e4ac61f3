/* utf8.c: see utf8.h. */
#include "lib/utf8.h"

#include <stdint.h>
#include <string.h>

static size_t ascii_run(const char *text, size_t at, size_t len)
{
    uint64_t word;
    for (; at + sizeof word <= len; at += sizeof word) {
        memcpy(&word, text + at, sizeof word);
        if (word & UINT64_C(0x8080808080808080))
            break;
    }
    while (at < len && (unsigned char)text[at] < 0x80)
        at++;
    return at;
}

/* Table 3-7 of the Unicode standard. */
size_t ddbs_utf8__sequence(const char *text, size_t left)
{
    const unsigned char *s = (const unsigned char *)text;
    unsigned char low = 0x80, high = 0xbf;
    if (s[0] < 0x80)
        return 1;
    size_t len = s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;
    if (len == 0 || len > left)
        return 0;
    if (s[0] == 0xe0)
        low = 0xa0;
    else if (s[0] == 0xed)
        high = 0x9f;
    else if (s[0] == 0xf0)
        low = 0x90;
    else if (s[0] == 0xf4)
        high = 0x8f;
    if (s[1] < low || s[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++) {
        if (s[i] < 0x80 || s[i] > 0xbf)
            return 0;
    }
    return len;
}

size_t ddbs_utf8__check_by(const struct scan *scan, const char *text, size_t len)
{
    size_t at = 0;
    while (at < len) {
        at += scan == NULL ? ascii_run(text + at, 0, len - at) : scan->utf8(text + at, len - at);
        /* Then by characters, until it is worth to begin again. */
        for (size_t end = at + SCAN_BEYOND; at < len && at < end;) {
            size_t step = ddbs_utf8__sequence(text + at, len - at);
            if (step == 0)
                return at;
            at += step;
        }
    }
    return len;
}

size_t ddbs_utf8__check(const char *text, size_t len)
{
    return ddbs_utf8__check_by(ddbs_scan__best(), text, len);
}

size_t ddbs_utf8__write(char *out, unsigned code)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t len = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
    for (size_t i = len - 1; i > 0; i--, code >>= 6)
        out[i] = (char)(0x80 | (code & 0x3f));
    out[0] = (char)(lead[len] | code);
    return len;
}
