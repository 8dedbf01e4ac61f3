/* json.c: see json.h. */
#include "lib/json.h"

#include "lib/utf8.h"

#include <string.h>

bool ddbs_json__fail(struct json *json, ddbs_status status, size_t offset, const char *reason)
{
    if (json->reason == NULL) {
        json->status = status;
        json->fault = offset;
        json->reason = reason;
    }
    return false;
}

static bool syntax(struct json *json, const char *reason)
{
    return ddbs_json__fail(json, DDBS_E_SYNTAX, json->at, reason);
}

static int hex_digit(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if (byte >= 'a' && byte <= 'f')
        return byte - 'a' + 10;
    if (byte >= 'A' && byte <= 'F')
        return byte - 'A' + 10;
    return -1;
}

/* The code unit of the four hex digits at `text`, or -1. */
static int code_unit(const char *text, size_t left)
{
    int unit = 0;
    if (left < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(text[i]);
        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

const char ddbs_json__letters[256] = {
    ['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['b'] = '\b', ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t'
};

size_t ddbs_json__escape(const char *text, size_t left, unsigned *code)
{
    if (left < 2)
        return 0;
    *code = (unsigned char)ddbs_json__letters[(unsigned char)text[1]];
    if (*code != 0)
        return 2;
    int high = text[1] == 'u' ? code_unit(text + 2, left - 2) : -1;
    if (high < 0)
        return 0;
    *code = (unsigned)high;
    if (high < 0xd800 || high > 0xdbff || left < 12 || text[6] != '\\' || text[7] != 'u')
        return 6;
    int low = code_unit(text + 8, left - 8);
    if (low < 0xdc00 || low > 0xdfff)
        return 6;
    *code = 0x10000 + (((unsigned)high & 0x3ff) << 10) + ((unsigned)low & 0x3ff);
    return 12;
}

static bool is_surrogate(unsigned code)
{
    return code >= 0xd800 && code <= 0xdfff;
}

bool ddbs_json__string(struct json *json, struct json_string *out)
{
    if (ddbs_json__peek(json) != '"')
        return syntax(json, "expected a string");
    if (json->quotes != NULL && ddbs_json__mapped(json, out))
        return true;
    *out = (struct json_string){ .begin = ++json->at };
    while (json->at < json->len) {
        unsigned char byte = (unsigned char)json->text[json->at];
        if (byte == '"') {
            out->end = json->at++;
            return true;
        }
        if (byte < 0x20)
            return syntax(json, "control character in a string");
        size_t step = 1;
        if (byte == '\\') {
            unsigned code = 0;
            step = ddbs_json__escape(json->text + json->at, json->len - json->at, &code);
            if (step == 0)
                return syntax(json, "invalid escape in a string");
            if (json->pairs && is_surrogate(code))
                return syntax(json, "surrogate escape without its other half");
            out->escaped = true;
        }
        json->at += step;
    }
    return syntax(json, "string without its closing quote");
}

size_t ddbs_json__unescape(char *out, const char *text, size_t len)
{
    size_t used = 0;
    for (size_t at = 0; at < len;) {
        if (text[at] != '\\') {
            out[used++] = text[at++];
            continue;
        }
        unsigned code = 0;
        at += ddbs_json__escape(text + at, len - at, &code);
        used += ddbs_utf8__write(out + used, code);
    }
    return used;
}

bool ddbs_json__string_is(const char *text, struct json_string string, const char *name)
{
    const char *at = text + string.begin;
    size_t left = string.end - string.begin;
    for (; *name != '\0'; name++) {
        unsigned code = left > 0 ? (unsigned char)*at : 0;
        size_t step = left == 0 ? 0 : *at != '\\' ? 1 : ddbs_json__escape(at, left, &code);
        if (step == 0 || code != (unsigned char)*name)
            return false;
        at += step;
        left -= step;
    }
    return left == 0;
}

static bool digits(struct json *json)
{
    size_t begin = json->at, at = begin;
    while (at < json->len && json->text[at] >= '0' && json->text[at] <= '9')
        at++;
    json->at = at;
    return at > begin || syntax(json, "expected a digit");
}

bool ddbs_json__number(struct json *json)
{
    if (ddbs_json__peek(json) == '-')
        json->at++;
    if (ddbs_json__peek(json) == '0')
        json->at++;
    else if (!digits(json))
        return false;
    if (ddbs_json__peek(json) == '.') {
        json->at++;
        if (!digits(json))
            return false;
    }
    int byte = ddbs_json__peek(json);
    if (byte != 'e' && byte != 'E')
        return true;
    json->at++;
    byte = ddbs_json__peek(json);
    if (byte == '+' || byte == '-')
        json->at++;
    return digits(json);
}

static bool literal(struct json *json, const char *word)
{
    size_t len = strlen(word);
    if (json->len - json->at < len || memcmp(json->text + json->at, word, len) != 0)
        return syntax(json, "expected a JSON value");
    json->at += len;
    return true;
}

bool ddbs_json__bool(struct json *json, bool *out)
{
    int byte = ddbs_json__peek(json);
    if (byte != 't' && byte != 'f')
        return syntax(json, "expected true or false");
    *out = byte == 't';
    return literal(json, *out ? "true" : "false");
}

bool ddbs_json__null(struct json *json)
{
    return literal(json, "null");
}

static bool scalar(struct json *json)
{
    struct json_string ignored;
    bool truth;
    switch (ddbs_json__peek(json)) {
    case '"':
        return ddbs_json__string(json, &ignored);
    case 't':
    case 'f':
        return ddbs_json__bool(json, &truth);
    case 'n':
        return ddbs_json__null(json);
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
        return ddbs_json__number(json);
    default:
        return syntax(json, "expected a JSON value");
    }
}

bool ddbs_json__name(struct json *json, struct json_string *out)
{
    ddbs_json__space(json);
    if (!ddbs_json__string(json, out) || !ddbs_json__expect(json, ':', "expected ':' after a name"))
        return false;
    ddbs_json__space(json);
    return true;
}

/* One bit for each open bracket: is it an object's? */
struct brackets {
    size_t count;
    unsigned char object[DDBS_EVENT_DEPTH_MAX / 8];
};

static bool open_bracket(struct json *json, struct brackets *stack, size_t outside)
{
    if (stack->count + outside >= DDBS_EVENT_DEPTH_MAX)
        return ddbs_json__fail(json, DDBS_E_LIMIT, json->at, "nested deeper than 1024 brackets");
    unsigned char bit = (unsigned char)(1u << (stack->count % 8));
    unsigned char *byte = &stack->object[stack->count / 8];
    *byte = (unsigned char)(json->text[json->at] == '{' ? *byte | bit : *byte & ~bit);
    stack->count++;
    json->at++;
    return true;
}

static bool innermost_is_object(const struct brackets *stack)
{
    size_t last = stack->count - 1;
    return stack->object[last / 8] >> (last % 8) & 1;
}

bool ddbs_json__skip(struct json *json, size_t open)
{
    struct brackets stack = { .count = 0 };
    struct json_string name;
    bool first = false;
    do {
        if (stack.count > 0) {
            bool object = innermost_is_object(&stack);
            bool more;
            if (!ddbs_json__more(json, object ? '}' : ']', first, &more))
                return false;
            first = false;
            if (!more) {
                stack.count--;
                continue;
            }
            if (object && !ddbs_json__name(json, &name))
                return false;
        }
        ddbs_json__space(json);
        int byte = ddbs_json__peek(json);
        first = byte == '{' || byte == '[';
        if (!(first ? open_bracket(json, &stack, open) : scalar(json)))
            return false;
    } while (stack.count > 0);
    return true;
}
