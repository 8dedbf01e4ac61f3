/* span.c: see span.h. */
#include "span.h"

#include "lib/arena.h"
#include "lib/utf8.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool span_open(const char *text, size_t len, struct span *out)
{
    struct json json = { .text = text, .len = len, .pairs = true };
    if (ddbs_utf8__check(text, len) != len)
        return false;
    ddbs_json__space(&json);
    size_t begin = json.at;
    if (!ddbs_json__skip(&json, 0))
        return false;
    *out = (struct span){ text + begin, json.at - begin };
    ddbs_json__space(&json);
    return json.at == json.len;
}

enum span_kind span_kind(struct span span)
{
    if (span.ptr == NULL || span.len == 0 || span.ptr[0] == 'n')
        return SPAN_ABSENT;
    switch (span.ptr[0]) {
    case '{':
        return SPAN_OBJECT;
    case '[':
        return SPAN_ARRAY;
    case '"':
        return SPAN_TEXT;
    case 't':
    case 'f':
        return SPAN_BOOL;
    default:
        return SPAN_NUMBER;
    }
}

struct span_iter span_walk(struct span span)
{
    enum span_kind kind = span_kind(span);
    if (kind != SPAN_OBJECT && kind != SPAN_ARRAY)
        return (struct span_iter){ .close = '\0' };
    return (struct span_iter){ .json = { .text = span.ptr, .len = span.len, .at = 1, .pairs = true },
                               .close = kind == SPAN_OBJECT ? '}' : ']',
                               .first = true };
}

static bool take_value(struct span_iter *iter, struct span *value)
{
    ddbs_json__space(&iter->json);
    size_t begin = iter->json.at;
    if (!ddbs_json__skip(&iter->json, 0))
        return false;
    *value = (struct span){ iter->json.text + begin, iter->json.at - begin };
    return true;
}

/* Whether another one follows; the brackets were judged before, so that an error is the end, too. */
static bool has_more(struct span_iter *iter)
{
    bool more = false;
    if (iter->close == '\0' || !ddbs_json__more(&iter->json, iter->close, iter->first, &more))
        return false;
    iter->first = false;
    return more;
}

bool span_next_member(struct span_iter *iter, struct json_string *name, struct span *value)
{
    return iter->close == '}' && has_more(iter) && ddbs_json__name(&iter->json, name) && take_value(iter, value);
}

bool span_next(struct span_iter *iter, struct span *value)
{
    return iter->close == ']' && has_more(iter) && take_value(iter, value);
}

struct span span_member(struct span object, const char *name)
{
    struct span_iter iter = span_walk(object);
    struct json_string token;
    struct span value;
    while (span_next_member(&iter, &token, &value)) {
        if (ddbs_json__string_is(iter.json.text, token, name))
            return span_kind(value) == SPAN_ABSENT ? (struct span){ NULL, 0 } : value;
    }
    return (struct span){ NULL, 0 };
}

size_t span_count(struct span span)
{
    struct span_iter iter = span_walk(span);
    struct json_string token;
    struct span value;
    size_t count = 0;
    while (iter.close == '}' ? span_next_member(&iter, &token, &value) : span_next(&iter, &value))
        count++;
    return count;
}

static ddbs_str unescape(const char *text, struct json_string token, ddbs_arena *arena)
{
    size_t len = token.end - token.begin;
    char *copy = ddbs_arena__alloc(arena, len + 1);
    if (copy == NULL)
        return (ddbs_str){ NULL, 0 };
    if (token.escaped)
        len = ddbs_json__unescape(copy, text + token.begin, len);
    else
        memcpy(copy, text + token.begin, len);
    copy[len] = '\0';
    return (ddbs_str){ copy, len };
}

ddbs_str span_text(struct span span, ddbs_arena *arena)
{
    struct json json = { .text = span.ptr, .len = span.len, .pairs = true };
    struct json_string token;
    if (span_kind(span) != SPAN_TEXT || !ddbs_json__string(&json, &token))
        return (ddbs_str){ NULL, 0 };
    return unescape(span.ptr, token, arena);
}

ddbs_str span_name(const struct span_iter *iter, struct json_string name, ddbs_arena *arena)
{
    return unescape(iter->json.text, name, arena);
}

bool span_number(struct span span, long long *out)
{
    char text[32], *end;
    if (span_kind(span) != SPAN_NUMBER || span.len >= sizeof text)
        return false;
    memcpy(text, span.ptr, span.len);
    text[span.len] = '\0';
    errno = 0;
    *out = strtoll(text, &end, 10);
    return errno == 0 && end != text && (*end == '\0' || *end == '.');
}

bool span_is_true(struct span span)
{
    return span_kind(span) == SPAN_BOOL && span.ptr[0] == 't';
}
