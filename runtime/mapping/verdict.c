/* verdict.c: the table of outcomes of a stream mapping with ReportBatchItemFailures.
 *
 * Seen on AWS: {}, null, [], a null or empty list are success; an entry with an empty, null or number identifier, or
 * without the member itemIdentifier, fails the whole batch; otherwise the lowest sequence number listed is the
 * checkpoint. Names are compared exactly: "BatchItemFailures" is an unknown member, hence success. */
#include "runtime/mapping/verdict.h"

#include "lib/json.h"
#include "lib/utf8.h"

#include <string.h>

struct reader {
    struct json json;
    struct verdict_names names;
    size_t hint; /* where to look first: identifiers are mostly listed in the order of the batch */
    bool found;
    size_t lowest; /* index of the lowest identifier found */
    struct verdict verdict;
};

int verdict_compare(ddbs_str a, ddbs_str b)
{
    while (a.len > 0 && *a.ptr == '0')
        a.ptr++, a.len--;
    while (b.len > 0 && *b.ptr == '0')
        b.ptr++, b.len--;
    if (a.len != b.len)
        return a.len < b.len ? -1 : 1;
    return a.len == 0 ? 0 : memcmp(a.ptr, b.ptr, a.len);
}

static void fail(struct reader *reader, const char *why, bool unproved)
{
    if (reader->verdict.kind == VERDICT_FAILED)
        return;
    reader->verdict.kind = VERDICT_FAILED;
    reader->verdict.why = why;
    reader->verdict.unproved = unproved;
}

static ddbs_str name_at(const struct reader *reader, size_t index)
{
    const char *first = (const char *)reader->names.first;
    return *(const ddbs_str *)(const void *)(first + index * reader->names.stride);
}

/* Whether a string token is this identifier. */
static bool is_identifier(const struct reader *reader, struct json_string token, ddbs_str identifier)
{
    const char *text = reader->json.text;
    if (token.escaped)
        return ddbs_json__string_is(text, token, identifier.ptr);
    return token.end - token.begin == identifier.len && memcmp(text + token.begin, identifier.ptr, identifier.len) == 0;
}

static void look_up(struct reader *reader, struct json_string token)
{
    if (token.begin == token.end) {
        fail(reader, "an itemIdentifier is the empty string", false);
        return;
    }
    for (size_t i = 0; i < reader->names.count; i++) {
        size_t at = (reader->hint + i) % reader->names.count;
        if (!is_identifier(reader, token, name_at(reader, at)))
            continue;
        reader->hint = at + 1;
        if (!reader->found || verdict_compare(name_at(reader, at), name_at(reader, reader->lowest)) < 0)
            reader->lowest = at;
        reader->found = true;
        return;
    }
    fail(reader, "an itemIdentifier names no record of the batch", true);
}

static bool read_identifier(struct reader *reader)
{
    struct json *json = &reader->json;
    struct json_string token;
    ddbs_json__space(json);
    if (ddbs_json__peek(json) == '"') {
        if (!ddbs_json__string(json, &token))
            return false;
        look_up(reader, token);
        return true;
    }
    fail(reader, ddbs_json__peek(json) == 'n' ? "an itemIdentifier is null" : "an itemIdentifier is no string", false);
    return ddbs_json__skip(json, 3);
}

/* A member that is wanted; `times` gets how often it occurred. */
struct wanted {
    const char *name;
    bool (*read)(struct reader *reader);
    size_t times;
};

static bool read_member(struct reader *reader, size_t open, struct json_string name, struct wanted *wanted,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!ddbs_json__string_is(reader->json.text, name, wanted[i].name))
            continue;
        wanted[i].times++;
        return wanted[i].read(reader);
    }
    return ddbs_json__skip(&reader->json, open + 1);
}

/* The object at the cursor, in `open` brackets: the members wanted are read, others are skipped. */
static bool read_object(struct reader *reader, size_t open, struct wanted *wanted, size_t count)
{
    struct json *json = &reader->json;
    struct json_string name;
    bool more;
    json->at++;
    for (bool first = true;; first = false) {
        if (!ddbs_json__more(json, '}', first, &more))
            return false;
        if (!more)
            return true;
        if (!ddbs_json__name(json, &name) || !read_member(reader, open, name, wanted, count))
            return false;
    }
}

static bool read_entry(struct reader *reader)
{
    struct wanted wanted = { "itemIdentifier", read_identifier, 0 };
    ddbs_json__space(&reader->json);
    if (ddbs_json__peek(&reader->json) != '{') {
        fail(reader, "an entry of batchItemFailures is no object", true);
        return ddbs_json__skip(&reader->json, 2);
    }
    if (!read_object(reader, 2, &wanted, 1))
        return false;
    if (wanted.times == 0)
        fail(reader, "an entry of batchItemFailures has no itemIdentifier", false);
    else if (wanted.times > 1)
        fail(reader, "an entry of batchItemFailures has itemIdentifier twice", true);
    return true;
}

static bool read_list(struct reader *reader)
{
    struct json *json = &reader->json;
    bool more;
    ddbs_json__space(json);
    if (ddbs_json__peek(json) == 'n')
        return ddbs_json__null(json);
    if (ddbs_json__peek(json) != '[') {
        fail(reader, "batchItemFailures is no array", true);
        return ddbs_json__skip(json, 1);
    }
    json->at++;
    for (bool first = true;; first = false) {
        if (!ddbs_json__more(json, ']', first, &more))
            return false;
        if (!more)
            return true;
        reader->verdict.listed++;
        if (!read_entry(reader))
            return false;
    }
}

static bool read_state(struct reader *reader)
{
    struct json *json = &reader->json;
    ddbs_json__space(json);
    size_t begin = json->at;
    if (!ddbs_json__skip(json, 1))
        return false;
    reader->verdict.state = (ddbs_str){ json->text + begin, json->at - begin };
    return true;
}

static bool read_members(struct reader *reader)
{
    struct wanted wanted[] = { { "batchItemFailures", read_list, 0 }, { "state", read_state, 0 } };
    bool whole = read_object(reader, 0, wanted, 2);
    reader->verdict.list = wanted[0].times > 0;
    if (!whole)
        return false;
    if (wanted[0].times > 1)
        fail(reader, "batchItemFailures occurs twice", true);
    return true;
}

static bool read_response(struct reader *reader)
{
    struct json *json = &reader->json;
    ddbs_json__space(json);
    int byte = ddbs_json__peek(json);
    if (byte == '{')
        return read_members(reader);
    if (byte == '[') {
        size_t begin = json->at;
        if (!ddbs_json__skip(json, 0))
            return false;
        /* Only the empty array was seen to be success; one with content is read the same way. */
        reader->verdict.unproved = json->at - begin > 2;
        return true;
    }
    if (byte != 'n')
        fail(reader, "the response is neither an object nor null", true);
    return ddbs_json__skip(json, 0);
}

struct verdict verdict_of(const char *body, size_t len, struct verdict_names names)
{
    struct reader reader = {
        .json = { .text = body, .len = len },
        .names = names,
    };
    if (len == 0) /* the developer guide's "empty EventResponse" */
        return reader.verdict;
    bool whole = ddbs_utf8__check(body, len) == len && read_response(&reader);
    ddbs_json__space(&reader.json);
    if (!whole || reader.json.at != len) {
        reader.verdict.state = (ddbs_str){ NULL, 0 };
        reader.verdict.kind = VERDICT_DONE; /* the reason below is the one that counts */
        fail(&reader, "the response is not JSON", true);
    }
    if (reader.verdict.kind != VERDICT_FAILED && reader.found) {
        reader.verdict.kind = VERDICT_PARTIAL;
        reader.verdict.resume = reader.lowest;
    }
    return reader.verdict;
}
