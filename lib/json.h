/* json.h: a strict scanner for JSON (RFC 8259) over a buffer. It moves a cursor and judges; it builds nothing. The text
 * must have been checked to be UTF-8 before.
 *
 * Every function returns whether what it was asked for stands at the cursor. If not, the cursor holds the first error:
 * `fault` (where) and `reason`; the caller gives up. */
#ifndef LIB_JSON_H
#define LIB_JSON_H
#include "lib/ascii.h"
#include "lib/scan.h"
#include <ddbstream/base.h>

struct json {
    const char *text;
    size_t at;
    size_t len;
    const uint64_t *quotes; /* map of the text's quotes (scan.h), NULL: there is none */
    const uint64_t *care;   /* and of what needs care in a string; NULL: nothing does */
    bool pairs;             /* whether surrogate escapes must come in pairs: a string that we hand out must be UTF-8 */
    size_t fault;           /* offset of the first error */
    const char *reason;     /* NULL: no error yet */
    ddbs_status status;     /* of the first error */
};

/* A string token: the bytes between its quotes as they stand in the text. */
struct json_string {
    size_t begin;
    size_t end;
    bool escaped; /* it holds escapes */
};

/* Note an error at `offset`; always returns false. */
bool ddbs_json__fail(struct json *json, ddbs_status status, size_t offset, const char *reason);

/* The byte at the cursor, or -1 at the end. */
static inline int ddbs_json__peek(const struct json *json)
{
    return json->at < json->len ? (unsigned char)json->text[json->at] : -1;
}

/* Skip whitespace. */
static inline void ddbs_json__space(struct json *json)
{
    if (json->quotes != NULL && json->at < json->len) { /* then there is a NUL behind the text */
        if ((unsigned char)json->text[json->at] <= ' ')
            json->at = ddbs_ascii__space(json->text, json->at);
        return;
    }
    for (; json->at < json->len; json->at++) {
        char byte = json->text[json->at];
        if (byte > ' ' || (byte != ' ' && byte != '\n' && byte != '\t' && byte != '\r'))
            return;
    }
}

/* Skip whitespace, then exactly this byte. `reason` is the error otherwise. */
static inline bool ddbs_json__expect(struct json *json, char byte, const char *reason)
{
    ddbs_json__space(json);
    if (ddbs_json__peek(json) != byte)
        return ddbs_json__fail(json, DDBS_E_SYNTAX, json->at, reason);
    json->at++;
    return true;
}

/* In an object or array, after its opening bracket or one of its elements: is there another element, or does it end?
 * Moves past the comma, or past the closing bracket. */
static inline bool ddbs_json__more(struct json *json, char close, bool first, bool *more)
{
    ddbs_json__space(json);
    int byte = ddbs_json__peek(json);
    *more = byte != close;
    if (!*more) {
        json->at++;
        return true;
    }
    if (first)
        return true;
    return ddbs_json__expect(json, ',', close == '}' ? "expected ',' or '}'" : "expected ',' or ']'");
}

/* With a map: the string whose opening quote is at the cursor, if nothing in it needs care. Else false, which is no
 * error. */
static inline bool ddbs_json__mapped(struct json *json, struct json_string *out)
{
    size_t begin = json->at + 1, end = ddbs_scan__next(json->quotes, begin);
    if (end >= json->len || (json->care != NULL && ddbs_scan__any(json->care, begin, end)))
        return false;
    *out = (struct json_string){ .begin = begin, .end = end };
    json->at = end + 1;
    return true;
}

bool ddbs_json__string(struct json *json, struct json_string *out);

/* Whitespace, a name, its colon, and whitespace: up to the member's value. */
bool ddbs_json__name(struct json *json, struct json_string *out);

bool ddbs_json__number(struct json *json);
bool ddbs_json__bool(struct json *json, bool *out);
bool ddbs_json__null(struct json *json);

/* Any value, without recursion. `open` is the number of brackets open already, for the limit of nesting. */
bool ddbs_json__skip(struct json *json, size_t open);

/* What the letter of an escape of two bytes stands for; 0: it is no such letter. */
extern const char ddbs_json__letters[256];

/* The length of the escape at `text` ("\\n", "\\u0041", a surrogate pair), 0 where it is malformed. `*code` gets the
 * code point, or the lone surrogate. */
size_t ddbs_json__escape(const char *text, size_t left, unsigned *code);

/* Resolve the escapes of `len` bytes that ddbs_json__string accepted; `out` may be `text` itself, the result is never
 * longer. Returns its length. */
size_t ddbs_json__unescape(char *out, const char *text, size_t len);

/* Whether a string token denotes `name`, escapes resolved. Also for strings that no scanner has accepted: bad escapes
 * match nothing. */
bool ddbs_json__string_is(const char *text, struct json_string string, const char *name);
#endif
