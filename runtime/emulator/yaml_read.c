/* yaml_read.c: see yaml_read.h. */
#include "yaml_read.h"

#include "lib/arena.h"
#include "lib/utf8.h"

#include <stdio.h>
#include <string.h>

bool yaml_refuse(struct yaml_reader *reader, const char *expected)
{
    if (reader->why[0] == '\0')
        snprintf(reader->why, reader->why_size, "line %zu: %s", reader->line, expected);
    return false;
}

char yaml_peek(const struct yaml_reader *reader, size_t ahead)
{
    return ahead < (size_t)(reader->end - reader->at) ? reader->at[ahead] : '\0';
}

void yaml_skip_spaces(struct yaml_reader *reader)
{
    while (yaml_peek(reader, 0) == ' ' || yaml_peek(reader, 0) == '\t')
        reader->at++;
}

bool yaml_at_line_end(const struct yaml_reader *reader)
{
    char next = yaml_peek(reader, 0);
    return reader->at >= reader->end || next == '\n' || (next == '\r' && yaml_peek(reader, 1) == '\n');
}

void yaml_skip_comment(struct yaml_reader *reader)
{
    if (yaml_peek(reader, 0) == '#')
        while (!yaml_at_line_end(reader))
            reader->at++;
}

void yaml_next_line(struct yaml_reader *reader)
{
    while (reader->at < reader->end && *reader->at != '\n')
        reader->at++;
    if (reader->at < reader->end)
        reader->at++;
    reader->line_start = reader->at;
    reader->line++;
}

struct yaml *yaml_new(struct yaml_reader *reader, const char *key)
{
    struct yaml *node = ddbs_arena__alloc(reader->arena, sizeof *node);
    if (node == NULL)
        yaml_refuse(reader, "out of memory");
    else
        *node = (struct yaml){ .kind = YAML_TEXT, .line = reader->line, .key = key, .text = "" };
    return node;
}

char *yaml_copy(struct yaml_reader *reader, const char *text, size_t len)
{
    char *copy = ddbs_arena__alloc(reader->arena, len + 1);
    if (copy == NULL) {
        yaml_refuse(reader, "out of memory");
        return NULL;
    }
    memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

/* ---- Texts in quotes ---- */

static bool read_hex(struct yaml_reader *reader, size_t digits, unsigned *out)
{
    *out = 0;
    for (size_t i = 0; i < digits; i++, reader->at++) {
        char c = yaml_peek(reader, 0);
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10)
                                                : 16;
        if (digit == 16)
            return yaml_refuse(reader, "expected hexadecimal digits in an escape");
        *out = *out * 16 + digit;
    }
    return true;
}

/* Behind "\u": a character, of two escapes where it takes a surrogate pair. Texts end at a NUL, so none may be in
 * one. */
static bool read_unicode(struct yaml_reader *reader, unsigned *code)
{
    unsigned low;
    if (!read_hex(reader, 4, code))
        return false;
    if (*code >= 0xd800 && *code < 0xdc00) {
        if (yaml_peek(reader, 0) != '\\' || yaml_peek(reader, 1) != 'u')
            return yaml_refuse(reader, "half of a surrogate pair");
        reader->at += 2;
        if (!read_hex(reader, 4, &low) || low < 0xdc00 || low > 0xdfff)
            return yaml_refuse(reader, "half of a surrogate pair");
        *code = 0x10000 + ((*code - 0xd800) << 10) + (low - 0xdc00);
    }
    return (*code != 0 && !(*code >= 0xdc00 && *code <= 0xdfff)) || yaml_refuse(reader, "no character of a text");
}

/* Behind the backslash. */
static bool read_escape(struct yaml_reader *reader, char **out)
{
    static const char names[] = "\"\\/nrtbf", meanings[] = "\"\\/\n\r\t\b\f";
    char name = yaml_peek(reader, 0);
    const char *found = name == '\0' ? NULL : strchr(names, name);
    unsigned code;
    reader->at++;
    if (name == 'u') {
        if (!read_unicode(reader, &code))
            return false;
        *out += ddbs_utf8__write(*out, code);
        return true;
    }
    if (found == NULL)
        return yaml_refuse(reader, "an escape that is not read here");
    *(*out)++ = meanings[found - names];
    return true;
}

/* Where the text ends that began with `quote`; NULL: not on this line. */
static const char *find_quote(const struct yaml_reader *reader, char quote)
{
    for (const char *at = reader->at; at < reader->end && *at != '\n'; at++) {
        if (quote == '"' && *at == '\\' && at + 1 < reader->end)
            at++;
        else if (quote == '\'' && *at == '\'' && at + 1 < reader->end && at[1] == '\'')
            at++;
        else if (*at == quote)
            return at;
    }
    return NULL;
}

char *yaml_quoted(struct yaml_reader *reader)
{
    char quote = *reader->at++;
    const char *close = find_quote(reader, quote);
    if (close == NULL) {
        yaml_refuse(reader, "a quote that does not end on its line");
        return NULL;
    }
    char *text = yaml_copy(reader, reader->at, (size_t)(close - reader->at)); /* an escape is never shorter */
    char *out = text;
    while (text != NULL && reader->at < close) {
        char c = *reader->at++;
        if (quote == '"' && c == '\\') {
            if (!read_escape(reader, &out))
                return NULL;
            continue;
        }
        reader->at += c == '\'' && quote == '\''; /* it stands twice */
        *out++ = c;
    }
    if (text == NULL)
        return NULL;
    *out = '\0';
    reader->at = close + 1;
    return text;
}

/* "!Name": what CloudFormation calls that in its long form. */
static const char *read_tag(struct yaml_reader *reader)
{
    const char *name = ++reader->at;
    while (!yaml_at_line_end(reader) && *reader->at != ' ')
        reader->at++;
    size_t len = (size_t)(reader->at - name);
    if (len == 0 || *name == '!' || *name == '<' || len > 64) {
        yaml_refuse(reader, "a tag that is not read here");
        return NULL;
    }
    bool bare = (len == 3 && memcmp(name, "Ref", 3) == 0) || (len == 9 && memcmp(name, "Condition", 9) == 0);
    char *text = yaml_copy(reader, name - (bare ? 0 : 1), len + (bare ? 0 : 1));
    char *full = bare || text == NULL ? text : ddbs_arena__alloc(reader->arena, len + sizeof "Fn::");
    if (full != NULL && !bare)
        snprintf(full, len + sizeof "Fn::", "Fn::%s", text + 1);
    return full;
}

struct yaml *yaml_wrap(struct yaml_reader *reader, struct yaml *node)
{
    while (node != NULL && yaml_peek(reader, 0) == '!') {
        const char *name = read_tag(reader);
        struct yaml *member = name == NULL ? NULL : yaml_new(reader, name);
        node->kind = YAML_MAP;
        node->text = NULL;
        node->child = member;
        node = member;
        yaml_skip_spaces(reader);
    }
    return node;
}
