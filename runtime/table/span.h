/* span.h: finding one's way in the JSON of a request without building a tree of it.
 *
 * A span is the text of one JSON value inside the request. cJSON is no choice here: attribute values may hold U+0000,
 * and a number such as a Limit must not go through a double. The whole text is judged once by span_open(); what looks
 * into it afterwards relies on that. */
#ifndef TABLE_SPAN_H
#define TABLE_SPAN_H
#include "lib/json.h"

struct span {
    const char *ptr; /* NULL: not there */
    size_t len;
};

enum span_kind { SPAN_ABSENT, SPAN_OBJECT, SPAN_ARRAY, SPAN_TEXT, SPAN_NUMBER, SPAN_BOOL };

struct span_iter {
    struct json json;
    char close;
    bool first;
};

/* The value that `len` bytes of text are: UTF-8, JSON, nothing behind it. False when they are not. */
bool span_open(const char *text, size_t len, struct span *out);

/* What kind of value a span is; null counts as absent, as it does in AWS's requests. */
enum span_kind span_kind(struct span span);

/* Begin at the first member of an object or the first element of an array; anything else has none. */
struct span_iter span_walk(struct span span);

/* The next member of an object, and its name as a string token of `iter->json.text`; false after the last. */
bool span_next_member(struct span_iter *iter, struct json_string *name, struct span *value);

/* The next element of an array; false after the last. */
bool span_next(struct span_iter *iter, struct span *value);

/* The member of that name, or an absent span; null is absent, too. */
struct span span_member(struct span object, const char *name);

/* How many members or elements there are. */
size_t span_count(struct span span);

/* A string, unescaped into the arena, NUL-terminated. {NULL, 0}: no string, or out of memory. */
ddbs_str span_text(struct span span, ddbs_arena *arena);

/* The same for the name of a member. */
ddbs_str span_name(const struct span_iter *iter, struct json_string name, ddbs_arena *arena);

/* A whole number; a fraction is cut off, as AWS does. False: no number, or beyond a long long. */
bool span_number(struct span span, long long *out);

/* Whether it is `true`. */
bool span_is_true(struct span span);
#endif
