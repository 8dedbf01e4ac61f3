/* json.h: a strict scanner for JSON (RFC 8259) over a buffer. It moves a cursor and judges; it builds nothing. The text
 * must have been checked to be UTF-8 before.
 *
 * Every function returns whether what it was asked for stands at the cursor. If not, the cursor holds the first error:
 * `fault` (where) and `reason`; the caller gives up. */
#ifndef LIB_JSON_H
#define LIB_JSON_H
#include <ddbstream/base.h>

struct json {
    const char *text;
    size_t at;
    size_t len;
    bool pairs;         /* whether surrogate escapes must come in pairs: a string that we hand out must be UTF-8 */
    size_t fault;       /* offset of the first error */
    const char *reason; /* NULL: no error yet */
    ddbs_status status; /* of the first error */
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
int ddbs_json__peek(const struct json *json);

/* Skip whitespace. */
void ddbs_json__space(struct json *json);

/* Skip whitespace, then exactly this byte. `reason` is the error otherwise. */
bool ddbs_json__expect(struct json *json, char byte, const char *reason);

/* In an object or array, after its opening bracket or one of its elements: is there another element, or does it end?
 * Moves past the comma, or past the closing bracket. */
bool ddbs_json__more(struct json *json, char close, bool first, bool *more);

bool ddbs_json__string(struct json *json, struct json_string *out);

/* Whitespace, a name, its colon, and whitespace: up to the member's value. */
bool ddbs_json__name(struct json *json, struct json_string *out);

bool ddbs_json__number(struct json *json);
bool ddbs_json__bool(struct json *json, bool *out);
bool ddbs_json__null(struct json *json);

/* Any value, without recursion. `open` is the number of brackets open already, for the limit of nesting. */
bool ddbs_json__skip(struct json *json, size_t open);

/* Resolve the escapes of `len` bytes that ddbs_json__string accepted; `out` may be `text` itself, the result is never
 * longer. Returns its length. */
size_t ddbs_json__unescape(char *out, const char *text, size_t len);

/* Whether a string token denotes `name`, escapes resolved. Also for strings that no scanner has accepted: bad escapes
 * match nothing. */
bool ddbs_json__string_is(const char *text, struct json_string string, const char *name);
#endif
