/* walk.c: one record during the index of an event. Only strings and brackets are followed, to find its end, its
 * event source and its sequence number; its grammar is judged when it is decoded, so that a bad record harms only
 * itself. What decides about acknowledging (the count, the sequence numbers) comes from here alone: a wrong hit would
 * acknowledge lost records, so a name counts at exactly its place only, and twice is an error. */
#include "lib/arena.h"
#include "lib/ascii.h"
#include "lib/index.h"

#include <string.h>

enum { RECORDS_AT_FIRST = 128 };

/* The members that the index reads, by the object they are in. */
enum place { IN_RECORD, IN_DYNAMODB, IN_KINESIS, ELSEWHERE };
enum wanted { EVENT_SOURCE, EVENT_ID, STREAM_SEQUENCE, KINESIS_SEQUENCE, WANTED_COUNT };

static const struct {
    size_t len;
    const char *name;
    const char *path;
} wanted[WANTED_COUNT] = {
    [EVENT_SOURCE] = { 11, "eventSource", "eventSource" },
    [EVENT_ID] = { 7, "eventID", "eventID" },
    [STREAM_SEQUENCE] = { 14, "SequenceNumber", "dynamodb.SequenceNumber" },
    [KINESIS_SEQUENCE] = { 14, "sequenceNumber", "kinesis.sequenceNumber" },
};

struct found {
    size_t at; /* of the value */
    struct json_string string;
    bool is_string;
    unsigned times;
};

/* A record while its tokens are followed. */
struct walk {
    struct index *ix;
    size_t begin;
    size_t depth; /* brackets open in this record */
    unsigned char object[DDBS_EVENT_DEPTH_MAX / 8];
    enum place inner; /* what the object at depth 2 is */
    struct found found[WANTED_COUNT];
};

static bool refuse_record(struct walk *walk, ddbs_status status, size_t offset, const char *path, const char *reason)
{
    struct index *ix = walk->ix;
    ddbs_event__record_error(ix->event, ix->event->count, status, offset, reason, ix->error);
    if (path != NULL && ix->error != NULL) {
        size_t used = strlen(ix->error->path);
        ix->error->path[used] = '.';
        memcpy(ix->error->path + used + 1, path, strlen(path) + 1);
    }
    return ddbs_json__fail(&ix->json, status, offset, reason);
}

/* The next quote or backslash at or behind `at`, or the end. */
static size_t find_special(const struct index *ix, size_t at)
{
    const struct json *json = &ix->json;
    for (; ix->scan != NULL && json->len - at >= 16; at += 16) {
        uint64_t found = ddbs_ascii__special(json->text + at);
        if (found != 0)
            return at + (size_t)__builtin_ctzll(found);
    }
    while (at < json->len && json->text[at] != '"' && json->text[at] != '\\')
        at++;
    return at;
}

/* The next quote or bracket at or behind `at`, or the end. */
static size_t find_token(const struct index *ix, size_t at)
{
    const struct json *json = &ix->json;
    for (; json->len - at >= 16; at += 16) {
        uint64_t found = ddbs_ascii__tokens(json->text + at);
        if (found != 0)
            return at + (size_t)__builtin_ctzll(found);
    }
    return at;
}

/* A string by its quotes alone. */
static bool walk_any_string(struct walk *walk, struct json_string *out)
{
    struct json *json = &walk->ix->json;
    size_t begin = json->at;
    *out = (struct json_string){ .begin = begin + 1 };
    for (size_t at = begin + 1; (at = find_special(walk->ix, at)) < json->len; at += 2) {
        if (json->text[at] == '"') {
            out->end = at;
            json->at = at + 1;
            return true;
        }
        out->escaped = true;
        if (json->len - at < 2)
            break;
    }
    return refuse_record(walk, DDBS_E_SYNTAX, begin, NULL, "string without its closing quote");
}

/* The same, without a call where it has up to 16 bytes and none of them is a backslash. */
static inline __attribute__((always_inline)) bool walk_string(struct walk *walk, struct json_string *out)
{
    struct json *json = &walk->ix->json;
    size_t begin = json->at + 1;
    uint64_t found = walk->ix->scan != NULL && json->len - begin >= 16 ? ddbs_ascii__special(json->text + begin) : 0;
    size_t end = begin + (found != 0 ? (size_t)__builtin_ctzll(found) : 0);
    if (found == 0 || json->text[end] != '"')
        return walk_any_string(walk, out);
    *out = (struct json_string){ .begin = begin, .end = end };
    json->at = end + 1;
    return true;
}

static bool walk_open(struct walk *walk)
{
    struct json *json = &walk->ix->json;
    size_t outside = walk->ix->event->source == DDBS_SOURCE_PIPES ? 1 : 2;
    if (walk->depth + outside >= DDBS_EVENT_DEPTH_MAX)
        return refuse_record(walk, DDBS_E_LIMIT, json->at, NULL, "nested deeper than 1024 brackets");
    unsigned char bit = (unsigned char)(1u << (walk->depth % 8));
    unsigned char *byte = &walk->object[walk->depth / 8];
    *byte = (unsigned char)(json->text[json->at] == '{' ? *byte | bit : *byte & ~bit);
    walk->depth++;
    json->at++;
    return true;
}

/* At an opening bracket: nothing that we look for is behind it, so go to its end, where that can be told at a glance.
 * If not, the event is about to be refused, or the record is malformed: from then on each byte is looked at. */
static bool walk_past(struct walk *walk)
{
    struct index *ix = walk->ix;
    size_t outside = ix->event->source == DDBS_SOURCE_PIPES ? 1 : 2;
    if (ix->scan == NULL || walk->depth < 1 || (walk->depth == 1 && walk->inner != ELSEWHERE) ||
        walk->depth + outside >= DDBS_EVENT_DEPTH_MAX)
        return false;
    size_t room = DDBS_EVENT_DEPTH_MAX - outside - walk->depth;
    size_t end = ix->scan->skip(ix->json.text, ix->json.at + 1, ix->json.len, room);
    if (end == SIZE_MAX)
        ix->scan = NULL;
    else
        ix->json.at = end;
    return end != SIZE_MAX;
}

static bool walk_close(struct walk *walk)
{
    struct json *json = &walk->ix->json;
    size_t last = walk->depth - 1;
    bool object = walk->object[last / 8] >> (last % 8) & 1;
    if (object != (json->text[json->at] == '}'))
        return refuse_record(walk, DDBS_E_SYNTAX, json->at, NULL, "closing bracket of the other kind");
    walk->depth--;
    if (walk->depth == 1)
        walk->inner = ELSEWHERE;
    json->at++;
    return true;
}

static enum place walk_place(const struct walk *walk)
{
    return walk->depth == 1 ? IN_RECORD : walk->depth == 2 ? walk->inner : ELSEWHERE;
}

static inline bool is_name(const struct walk *walk, struct json_string string, const char *name, size_t len)
{
    if (!string.escaped)
        return string.end - string.begin == len && memcmp(walk->ix->json.text + string.begin, name, len) == 0;
    return ddbs_json__string_is(walk->ix->json.text, string, name);
}

static inline bool is_wanted(const struct walk *walk, struct json_string name, enum wanted what)
{
    return is_name(walk, name, wanted[what].name, wanted[what].len);
}

/* Which of the names that are looked for in this place this one is; WANTED_COUNT: none. */
static inline enum wanted find_wanted(const struct walk *walk, enum place place, struct json_string name)
{
    if (place == IN_RECORD)
        return is_wanted(walk, name, EVENT_SOURCE) ? EVENT_SOURCE
               : is_wanted(walk, name, EVENT_ID)   ? EVENT_ID
                                                   : WANTED_COUNT;
    enum wanted sequence = place == IN_DYNAMODB ? STREAM_SEQUENCE : KINESIS_SEQUENCE;
    return is_wanted(walk, name, sequence) ? sequence : WANTED_COUNT;
}

/* The value behind a name that we may want. A string is taken; anything else stays for the walk. */
static inline bool walk_value(struct walk *walk, enum place place, struct json_string name)
{
    struct json *json = &walk->ix->json;
    struct json_string string = { .begin = 0 };
    size_t at = json->at;
    bool is_string = ddbs_json__peek(json) == '"';
    if (is_string && !walk_string(walk, &string))
        return false;
    enum wanted what = find_wanted(walk, place, name);
    if (what != WANTED_COUNT)
        walk->found[what] = (struct found){ at, string, is_string, walk->found[what].times + 1 };
    if (is_string && ddbs_json__peek(json) == ',')
        json->at++; /* nothing to look at */
    if (place == IN_RECORD && ddbs_json__peek(json) == '{' && !is_string) {
        bool dynamodb = is_name(walk, name, "dynamodb", 8);
        bool kinesis = is_name(walk, name, "kinesis", 7);
        walk->inner = dynamodb ? IN_DYNAMODB : kinesis ? IN_KINESIS : ELSEWHERE;
    }
    return true;
}

/* Members that are texts without space and escapes, "name":"text", as many as come; the first one's quote is at the
 * cursor. Returns whether there was one. */
static bool walk_texts(struct walk *walk, enum place place)
{
    struct json *json = &walk->ix->json;
    const char *text = json->text;
    size_t first = json->at, at = first;
    while (walk->ix->scan != NULL && json->len - at > 20 && text[at] == '"') {
        uint64_t special = ddbs_ascii__special(text + at + 1);
        struct json_string name = { .begin = at + 1, .end = at + 1 + ddbs_scan__lowest(special | UINT64_C(1) << 16) };
        const char *behind = text + name.end;
        if (special == 0 || behind[0] != '"' || behind[1] != ':' || behind[2] != '"')
            break;
        struct json_string string = { .begin = name.end + 3, .end = find_special(walk->ix, name.end + 3) };
        if (string.end + 1 >= json->len || text[string.end] != '"')
            break;
        enum wanted what = find_wanted(walk, place, name);
        if (what != WANTED_COUNT)
            walk->found[what] = (struct found){ name.end + 2, string, true, walk->found[what].times + 1 };
        at = string.end + 1;
        json->at = at;
        if (text[at] != ',')
            break;
        json->at = ++at;
    }
    return json->at > first;
}

static inline bool walk_token(struct walk *walk)
{
    struct json *json = &walk->ix->json;
    struct json_string name;
    enum place place;
    switch (json->text[json->at]) {
    case '{':
    case '[':
        return walk_past(walk) || walk_open(walk);
    case '}':
    case ']':
        return walk_close(walk);
    case '"':
        place = walk_place(walk);
        if (place != ELSEWHERE && walk_texts(walk, place))
            return true;
        if (!walk_string(walk, &name))
            return false;
        if (place == ELSEWHERE)
            return true;
        ddbs_json__space(json);
        if (ddbs_json__peek(json) != ':')
            return true;
        json->at++;
        ddbs_json__space(json);
        return walk_value(walk, place, name);
    default:
        json->at = walk->ix->scan != NULL ? find_token(walk->ix, json->at + 1) : json->at + 1;
        return true;
    }
}

static bool check_found(struct walk *walk, enum wanted what)
{
    const struct found *found = &walk->found[what];
    const char *path = wanted[what].path;
    if (found->times == 0)
        return refuse_record(walk, what == EVENT_SOURCE ? DDBS_E_EVENT : DDBS_E_SYNTAX, walk->begin, path,
                             "the record does not have it");
    if (found->times > 1)
        return refuse_record(walk, DDBS_E_DUPLICATE, found->at, path, "the record has it twice");
    if (!found->is_string)
        return refuse_record(walk, DDBS_E_SYNTAX, found->at, path, "expected a string");
    return true;
}

static bool spells(const struct walk *walk, struct json_string string, const char *text)
{
    size_t len = string.end - string.begin;
    return len == strlen(text) && memcmp(walk->ix->json.text + string.begin, text, len) == 0;
}

/* Where the event's records come from must be said by each, and the same by all. */
static bool judge_source(struct walk *walk)
{
    struct ddbs_event *event = walk->ix->event;
    const struct found *found = &walk->found[EVENT_SOURCE];
    if (!check_found(walk, EVENT_SOURCE))
        return false;
    bool pipes = event->source == DDBS_SOURCE_PIPES;
    bool stream = spells(walk, found->string, "aws:dynamodb");
    bool kinesis = !pipes && spells(walk, found->string, "aws:kinesis");
    if (!stream && !kinesis)
        return refuse_record(walk, DDBS_E_EVENT, found->at, "eventSource",
                             pipes ? "expected \"aws:dynamodb\"" : "expected \"aws:dynamodb\" or \"aws:kinesis\"");
    if (event->count == 0 && kinesis)
        event->source = DDBS_SOURCE_KINESIS;
    if (kinesis != (event->source == DDBS_SOURCE_KINESIS))
        return refuse_record(walk, DDBS_E_EVENT, found->at, "eventSource", "not the source of the records before it");
    return true;
}

static bool all_between(const struct index *ix, struct json_string string, char low, char high)
{
    const char *text = ix->json.text;
    size_t i = string.begin;
    while (ix->scan != NULL && high == '9' && i + 16 <= string.end && ddbs_ascii__digits(text + i) == 0xffff)
        i += 16;
    for (; i < string.end; i++) {
        if (text[i] < low || text[i] > high || text[i] == '"' || text[i] == '\\')
            return false;
    }
    return true;
}

static bool judge_text(struct walk *walk, enum wanted what, char low, char high, const char *reason)
{
    const struct found *found = &walk->found[what];
    if (!check_found(walk, what))
        return false;
    size_t len = found->string.end - found->string.begin;
    if (len == 0 || !all_between(walk->ix, found->string, low, high))
        return refuse_record(walk, DDBS_E_SYNTAX, found->at, wanted[what].path, reason);
    if (len > DDBS_SEQUENCE_MAX)
        return refuse_record(walk, DDBS_E_LIMIT, found->at, wanted[what].path, "longer than 128 characters");
    return true;
}

/* Sequence numbers have up to 56 digits and change length within one stream: compared as numbers of any size. */
static bool larger_number(ddbs_str a, ddbs_str b)
{
    for (; a.len > 0 && *a.ptr == '0'; a.ptr++)
        a.len--;
    for (; b.len > 0 && *b.ptr == '0'; b.ptr++)
        b.len--;
    return a.len != b.len ? a.len > b.len : memcmp(a.ptr, b.ptr, a.len) > 0;
}

static bool append_record(struct walk *walk, struct record_span span)
{
    struct index *ix = walk->ix;
    struct ddbs_event *event = ix->event;
    if (event->count == ix->capacity) {
        size_t capacity = ix->capacity == 0 ? RECORDS_AT_FIRST : ix->capacity * 2;
        struct record_span *records =
            ddbs_arena__grow(ix->arena, event->records, ix->capacity * sizeof *records, capacity * sizeof *records);
        if (records == NULL)
            return refuse_record(walk, DDBS_E_MEMORY, span.begin, NULL, "no memory for the index of records");
        event->records = records;
        ix->capacity = capacity;
    }
    event->records[event->count++] = span;
    return true;
}

/* At the end of a record: does it say what is needed to report it? */
static bool judge_record(struct walk *walk)
{
    struct index *ix = walk->ix;
    struct ddbs_event *event = ix->event;
    if (!judge_source(walk))
        return false;
    enum wanted sequence = event->source == DDBS_SOURCE_KINESIS ? KINESIS_SEQUENCE : STREAM_SEQUENCE;
    const struct json_string *digits = &walk->found[sequence].string;
    const struct json_string *id = &walk->found[EVENT_ID].string;
    if (!judge_text(walk, sequence, '0', '9', "expected a string of digits"))
        return false;
    if (event->source == DDBS_SOURCE_PIPES && !judge_text(walk, EVENT_ID, ' ', '~', "expected printable ASCII"))
        return false;
    struct record_span span = { (uint32_t)walk->begin,
                                (uint32_t)ix->json.at,
                                (uint32_t)digits->begin,
                                0,
                                (uint8_t)(digits->end - digits->begin),
                                0 };
    if (event->source == DDBS_SOURCE_PIPES) {
        span.id = (uint32_t)id->begin;
        span.id_len = (uint8_t)(id->end - id->begin);
    }
    if (!append_record(walk, span))
        return false;
    size_t last = event->count - 1;
    if (last > 0 && !larger_number(ddbs_event_sequence(event, last), ddbs_event_sequence(event, last - 1)))
        event->ordered = false;
    return true;
}

bool ddbs_walk__record(struct index *ix)
{
    struct walk walk = { .ix = ix, .begin = ix->json.at, .inner = ELSEWHERE };
    if (ix->event->count == DDBS_EVENT_RECORDS_MAX)
        return refuse_record(&walk, DDBS_E_LIMIT, ix->json.at, NULL, "more than 10000 records");
    if (ddbs_json__peek(&ix->json) != '{')
        return refuse_record(&walk, DDBS_E_SYNTAX, ix->json.at, NULL, "expected an object");
    do {
        if (!walk_token(&walk))
            return false;
        if (ix->json.at >= ix->json.len && walk.depth > 0)
            return refuse_record(&walk, DDBS_E_SYNTAX, ix->json.len, NULL, "the event ends inside a record");
    } while (walk.depth > 0);
    return judge_record(&walk);
}
