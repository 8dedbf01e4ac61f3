/* yaml.c: see yaml.h. Blocks: what belongs to what follows from the column that it stands in. */
#include "yaml_read.h"

#include "lib/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A map or a list whose members stand in one column. */
struct frame {
    struct yaml *node;
    struct yaml **tail;
    struct yaml *open; /* its last member, where that has no value yet; NULL: it has one */
    long column;       /* -1: the document */
};

struct blocks {
    struct yaml_reader reader;
    struct frame frames[YAML_DEPTH_MAX];
    size_t depth;
};

static struct frame *top(struct blocks *blocks)
{
    return &blocks->frames[blocks->depth - 1];
}

static long column(const struct blocks *blocks)
{
    return (long)(blocks->reader.at - blocks->reader.line_start);
}

/* Make the value that is still open a map or a list whose members stand in this column. */
static bool open_block(struct blocks *blocks, enum yaml_kind kind, long where)
{
    struct yaml *node = top(blocks)->open;
    if (blocks->depth == YAML_DEPTH_MAX)
        return yaml_refuse(&blocks->reader, "more than 64 blocks inside each other");
    top(blocks)->open = NULL;
    node->kind = kind;
    node->text = NULL;
    blocks->frames[blocks->depth++] = (struct frame){ node, &node->child, NULL, where };
    return true;
}

static bool add(struct blocks *blocks, const char *key)
{
    struct yaml *node = yaml_new(&blocks->reader, key);
    if (node == NULL)
        return false;
    *top(blocks)->tail = node;
    top(blocks)->tail = &node->next;
    top(blocks)->open = node;
    return true;
}

/* ---- Values ---- */

/* Take the lines that are deeper than the block around them and write them to `out`, each with `joint` behind it; NULL:
 * only count the bytes. */
static size_t take_lines(struct blocks *blocks, char joint, char *out)
{
    struct yaml_reader *reader = &blocks->reader;
    size_t count = 0;
    for (long margin = -1;;) {
        yaml_next_line(reader);
        const char *begin = reader->at;
        if (begin >= reader->end)
            return count;
        while (yaml_peek(reader, 0) == ' ')
            reader->at++;
        bool blank = yaml_at_line_end(reader);
        margin = margin < 0 && !blank ? column(blocks) : margin;
        if (!blank && (column(blocks) <= top(blocks)->column || column(blocks) < margin)) {
            reader->at = begin; /* another block's */
            return count;
        }
        for (reader->at = blank ? reader->at : begin + margin; !yaml_at_line_end(reader); reader->at++, count++)
            if (out != NULL)
                out[count] = *reader->at;
        if (out != NULL)
            out[count] = joint;
        count++;
    }
}

/* A text of lines, as "|" keeps and ">" joins them; without the line ends behind the last. */
static bool read_lines(struct blocks *blocks, struct yaml *node)
{
    struct yaml_reader *reader = &blocks->reader, before = *reader;
    char joint = *reader->at == '|' ? '\n' : ' ';
    size_t len = take_lines(blocks, joint, NULL);
    char *text = ddbs_arena__alloc(reader->arena, len + 1);
    if (text == NULL)
        return yaml_refuse(reader, "out of memory");
    *reader = before;
    (void)take_lines(blocks, joint, text);
    while (len > 0 && text[len - 1] == joint)
        len--;
    text[len] = '\0';
    node->text = text;
    node->quoted = true;
    return true;
}

static bool read_plain(struct yaml_reader *reader, struct yaml *node)
{
    const char *begin = reader->at;
    if (strchr("&*@`%", *begin) != NULL)
        return yaml_refuse(reader, "anchors, aliases and directives are not read here");
    while (!yaml_at_line_end(reader) && !(*reader->at == '#' && reader->at[-1] == ' '))
        reader->at++;
    const char *end = reader->at;
    while (end > begin && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    node->text = yaml_copy(reader, begin, (size_t)(end - begin));
    return node->text != NULL;
}

/* The value of what is open, from here to the end of the line or of the brackets. */
static bool read_value(struct blocks *blocks)
{
    struct yaml_reader *reader = &blocks->reader;
    top(blocks)->open = yaml_wrap(reader, top(blocks)->open);
    if (top(blocks)->open == NULL)
        return false;
    yaml_skip_comment(reader);
    if (yaml_at_line_end(reader))
        return true; /* it follows in the next lines */
    struct yaml *node = top(blocks)->open;
    char first = yaml_peek(reader, 0);
    bool read;
    top(blocks)->open = NULL;
    if (first == '|' || first == '>')
        return read_lines(blocks, node);
    if (first == '{' || first == '[') {
        read = yaml_flow(reader, node);
    } else if (first == '"' || first == '\'') {
        node->quoted = true;
        read = (node->text = yaml_quoted(reader)) != NULL;
    } else {
        read = read_plain(reader, node);
    }
    if (!read)
        return false;
    yaml_skip_spaces(reader);
    yaml_skip_comment(reader);
    return yaml_at_line_end(reader) || yaml_refuse(reader, "text behind a value");
}

/* ---- Lines ---- */

static bool is_break(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\0';
}

/* Whether a key begins here, with its colon on the same line. It is taken then; NULL where there is none. */
static char *take_key(struct yaml_reader *reader)
{
    struct yaml_reader before = *reader;
    char quote = yaml_peek(reader, 0), *key = NULL;
    if (quote == '"' || quote == '\'') {
        key = yaml_quoted(reader);
        if (key != NULL && yaml_peek(reader, 0) == ':')
            return key;
        *reader = before;
        return NULL;
    }
    if (quote == '{' || quote == '[' || quote == '!')
        return NULL;
    for (size_t i = 0; yaml_peek(reader, i) != '\n' && yaml_peek(reader, i) != '\0'; i++) {
        if (yaml_peek(reader, i) != ':' || !is_break(yaml_peek(reader, i + 1)))
            continue;
        key = yaml_copy(reader, reader->at, i);
        reader->at += i;
        return key;
    }
    return NULL;
}

static bool place_item(struct blocks *blocks, long where)
{
    const struct frame *frame = top(blocks);
    bool is_map = frame->node->kind == YAML_MAP;
    bool goes_on = frame->node->kind == YAML_LIST && frame->column == where;
    if (!goes_on && (frame->open == NULL || frame->column > where || (frame->column == where && !is_map)))
        return yaml_refuse(&blocks->reader, "a list item that belongs to nothing: look at its column");
    if (!goes_on && !open_block(blocks, YAML_LIST, where))
        return false;
    blocks->reader.at++;
    yaml_skip_spaces(&blocks->reader);
    return add(blocks, NULL);
}

static bool place_key(struct blocks *blocks, const char *key, long where)
{
    if (top(blocks)->node->kind == YAML_LIST && top(blocks)->column == where)
        blocks->depth--; /* a list may stand in the column of the key that it belongs to */
    const struct frame *frame = top(blocks);
    if (frame->node->kind != YAML_MAP || frame->column != where) {
        if (frame->open == NULL || frame->column >= where)
            return yaml_refuse(&blocks->reader, "a key that belongs to nothing: look at its column");
        if (!open_block(blocks, YAML_MAP, where))
            return false;
    }
    for (const struct yaml *member = top(blocks)->node->child; member != NULL; member = member->next)
        if (strcmp(member->key, key) == 0)
            return yaml_refuse(&blocks->reader, "a key that occurs twice");
    blocks->reader.at++;
    yaml_skip_spaces(&blocks->reader);
    return add(blocks, key);
}

/* A line, at its first character that is no space. */
static bool place_line(struct blocks *blocks)
{
    struct yaml_reader *reader = &blocks->reader;
    while (top(blocks)->column > column(blocks))
        blocks->depth--;
    while (yaml_peek(reader, 0) == '-' && is_break(yaml_peek(reader, 1))) {
        if (!place_item(blocks, column(blocks)))
            return false;
        if (yaml_at_line_end(reader))
            return true;
    }
    long where = column(blocks);
    const char *key = take_key(reader);
    if (key != NULL && !place_key(blocks, key, where))
        return false;
    if (key == NULL && (top(blocks)->open == NULL || top(blocks)->column >= where))
        return yaml_refuse(reader, "expected \"key: value\" or \"- item\"");
    return read_value(blocks);
}

static bool is_marker(const struct yaml_reader *reader)
{
    return reader->at == reader->line_start && strncmp(reader->at, "---", 3) == 0 && is_break(yaml_peek(reader, 3));
}

static bool read_document(struct blocks *blocks)
{
    struct yaml_reader *reader = &blocks->reader;
    bool begun = false;
    while (reader->at < reader->end) {
        while (yaml_peek(reader, 0) == ' ')
            reader->at++;
        yaml_skip_comment(reader);
        if (yaml_peek(reader, 0) == '\t')
            return yaml_refuse(reader, "a tab in front of a line: YAML takes spaces only");
        if (!begun && is_marker(reader)) {
            yaml_next_line(reader);
            continue;
        }
        bool blank = yaml_at_line_end(reader);
        begun = begun || !blank;
        if (!blank && !place_line(blocks))
            return false;
        if (reader->at > reader->line_start || blank) /* a text of lines ends at the begin of one */
            yaml_next_line(reader);
    }
    return begun || yaml_refuse(reader, "there is nothing in it");
}

const struct yaml *yaml_parse(ddbs_arena *arena, const char *text, size_t len, char *why, size_t why_size)
{
    struct blocks blocks = { .reader = { arena, text, text + len, text, 1, why, why_size } };
    why[0] = '\0';
    if (memchr(text, '\0', len) != NULL) {
        snprintf(why, why_size, "a NUL byte, which no text has");
        return NULL;
    }
    struct yaml *root = yaml_new(&blocks.reader, NULL);
    if (root == NULL)
        return NULL;
    blocks.frames[blocks.depth++] = (struct frame){ root, NULL, root, -1 };
    return read_document(&blocks) ? root : NULL;
}

/* ---- Looking at it ---- */

const struct yaml *yaml_at(const struct yaml *node, const char *path)
{
    while (node != NULL && *path != '\0') {
        size_t len = strcspn(path, ".");
        const struct yaml *member = node->kind == YAML_MAP ? node->child : NULL;
        while (member != NULL && !(strncmp(member->key, path, len) == 0 && member->key[len] == '\0'))
            member = member->next;
        node = member;
        path += len + (path[len] == '.');
    }
    return node;
}

const char *yaml_text(const struct yaml *node)
{
    return node == NULL || node->kind != YAML_TEXT ? NULL : node->text;
}

bool yaml_number(const struct yaml *node, long long *out)
{
    const char *text = yaml_text(node);
    size_t sign = text != NULL && *text == '-';
    size_t digits = text == NULL ? 0 : strspn(text + sign, "0123456789");
    if (digits == 0 || digits > 18 || text[sign + digits] != '\0')
        return false;
    *out = strtoll(text, NULL, 10);
    return true;
}

bool yaml_is_true(const struct yaml *node)
{
    const char *text = yaml_text(node);
    return text != NULL && (strcmp(text, "true") == 0 || strcmp(text, "True") == 0 || strcmp(text, "yes") == 0);
}
