/* record.c: see record.h. One pass over the members of the record, with the scanner of the library. */
#include "runtime/mapping/record.h"

#include "lib/json.h"

#include <ddbstream/num.h>
#include <string.h>

/* 9999-12-31T23:59:59.999Z */
static const int64_t TIME_MAX_MS = 253402300799999;

/* Move from the begin of an object to the value of its member `name`; false where there is none. */
static bool enter(struct json *json, size_t open, const char *name)
{
    struct json_string found;
    bool more;
    ddbs_json__space(json);
    if (ddbs_json__peek(json) != '{')
        return false;
    json->at++;
    for (bool first = true;; first = false) {
        if (!ddbs_json__more(json, '}', first, &more) || !more || !ddbs_json__name(json, &found))
            return false;
        if (ddbs_json__string_is(json->text, found, name))
            return true;
        if (!ddbs_json__skip(json, open + 1))
            return false;
    }
}

/* Move to dynamodb.MEMBER of the record. */
static bool enter_change(struct json *json, ddbs_str record, const char *member)
{
    *json = (struct json){ .text = record.ptr, .len = record.len };
    return enter(json, 0, "dynamodb") && enter(json, 1, member);
}

/* A number, also as a text; {NULL, 0} where there is none. */
static ddbs_num number_at(struct json *json)
{
    struct json_string text;
    size_t begin = json->at;
    if (ddbs_json__peek(json) == '"')
        return ddbs_json__string(json, &text) ? (ddbs_num){ json->text + text.begin, text.end - text.begin }
                                              : (ddbs_num){ NULL, 0 };
    return ddbs_json__number(json) ? (ddbs_num){ json->text + begin, json->at - begin } : (ddbs_num){ NULL, 0 };
}

int64_t mapping_record_created(ddbs_str record)
{
    struct json json;
    double seconds;
    if (!enter_change(&json, record, "ApproximateCreationDateTime"))
        return MAPPING_NO_TIME;
    ddbs_num num = number_at(&json);
    /* Times come as doubles, 1.789651658E9, and with parts of a second: half a millisecond is far from what a double
     * of this size cannot tell. */
    if (num.ptr == NULL || ddbs_num_f64_rounded(num, &seconds, NULL) != DDBS_OK || seconds < 0 ||
        seconds > (double)TIME_MAX_MS / 1000)
        return MAPPING_NO_TIME;
    return (int64_t)(seconds * 1000 + 0.001);
}

/* FNV-1a */
static uint64_t hash_bytes(uint64_t hash, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * 0x100000001b3u;
    return hash;
}

/* The text that the token denotes; one that is longer than any key, as it stands. */
static uint64_t hash_string(uint64_t hash, const char *text, struct json_string token)
{
    char plain[8192];
    size_t len = token.end - token.begin;
    if (!token.escaped || len > sizeof plain)
        return hash_bytes(hash, text + token.begin, len);
    return hash_bytes(hash, plain, ddbs_json__unescape(plain, text + token.begin, len));
}

/* A value without what may differ between equal ones: white space and escapes. */
static uint64_t hash_value(const char *text, size_t begin, size_t end)
{
    uint64_t hash = 0xcbf29ce484222325u;
    struct json json = { .text = text, .at = begin, .len = end };
    while (json.at < end) {
        struct json_string token;
        size_t at = json.at;
        if (text[at] == '"') {
            if (!ddbs_json__string(&json, &token))
                return hash_bytes(hash, text + at, end - at);
            hash = hash_bytes(hash_string(hash, text, token), "\"", 1);
            continue;
        }
        ddbs_json__space(&json);
        if (json.at == at) {
            hash = hash_bytes(hash, text + at, 1);
            json.at++;
        }
    }
    /* Lanes are the hash modulo a small number, for which the low bits of FNV are poor. */
    return hash ^ hash >> 32;
}

/* Find the value of a key attribute, or of all Keys. */
static bool find_key(struct json *json, ddbs_str record, ddbs_str name)
{
    char wanted[256]; /* names of key attributes have at most 255 bytes */
    if (name.ptr != NULL && name.len < sizeof wanted) {
        memcpy(wanted, name.ptr, name.len);
        wanted[name.len] = '\0';
        if (enter_change(json, record, "Keys") && enter(json, 2, wanted))
            return true;
    }
    return enter_change(json, record, "Keys");
}

uint64_t mapping_record_key(ddbs_str record, ddbs_str name)
{
    struct json json;
    if (!find_key(&json, record, name))
        return 0;
    size_t begin = json.at;
    return ddbs_json__skip(&json, 2) ? hash_value(record.ptr, begin, json.at) : 0;
}

ddbs_str mapping_record_first_key(ddbs_str record)
{
    struct json json;
    struct json_string name;
    bool more;
    if (!enter_change(&json, record, "Keys") || ddbs_json__peek(&json) != '{')
        return (ddbs_str){ NULL, 0 };
    json.at++;
    if (!ddbs_json__more(&json, '}', true, &more) || !more || !ddbs_json__name(&json, &name) || name.escaped)
        return (ddbs_str){ NULL, 0 };
    return (ddbs_str){ record.ptr + name.begin, name.end - name.begin };
}
