/* yaml_flow.c: what stands in brackets: { key: value, ... } and [ value, ... ], JSON above all. */
#include "yaml_read.h"

#include <string.h>

struct flow {
    struct yaml_reader *reader;
    struct yaml *open[YAML_DEPTH_MAX];  /* the containers around the place at hand */
    struct yaml **tail[YAML_DEPTH_MAX]; /* where the next member of each goes */
    size_t depth;
};

/* Skip spaces, line ends and comments. */
static void skip(struct yaml_reader *reader)
{
    for (;;) {
        yaml_skip_spaces(reader);
        yaml_skip_comment(reader);
        if (!yaml_at_line_end(reader) || reader->at >= reader->end)
            return;
        yaml_next_line(reader);
    }
}

static bool enter(struct flow *flow, struct yaml *node)
{
    if (flow->depth == YAML_DEPTH_MAX)
        return yaml_refuse(flow->reader, "more than 64 brackets inside each other");
    node->kind = *flow->reader->at++ == '{' ? YAML_MAP : YAML_LIST;
    node->text = NULL;
    flow->open[flow->depth] = node;
    flow->tail[flow->depth++] = &node->child;
    return true;
}

/* A text without quotes; in `key` it ends at a colon. */
static char *plain(struct yaml_reader *reader, bool key)
{
    const char *begin = reader->at, *end;
    while (!yaml_at_line_end(reader) && strchr(key ? ",[]{}:" : ",[]{}", *reader->at) == NULL)
        reader->at++;
    for (end = reader->at; end > begin && (end[-1] == ' ' || end[-1] == '\t');)
        end--;
    if (end == begin) {
        yaml_refuse(reader, "expected a value");
        return NULL;
    }
    return yaml_copy(reader, begin, (size_t)(end - begin));
}

static char *read_text(struct yaml_reader *reader, bool key, bool *quoted)
{
    *quoted = yaml_peek(reader, 0) == '"' || yaml_peek(reader, 0) == '\'';
    return *quoted ? yaml_quoted(reader) : plain(reader, key);
}

/* The next member, up to its value. */
static struct yaml *add_member(struct flow *flow)
{
    struct yaml_reader *reader = flow->reader;
    const struct yaml *around = flow->open[flow->depth - 1];
    char *key = NULL;
    bool quoted;
    if (around->kind == YAML_MAP) {
        key = read_text(reader, true, &quoted);
        if (key == NULL)
            return NULL;
        skip(reader);
        if (yaml_peek(reader, 0) != ':') {
            yaml_refuse(reader, "expected a ':' behind the key");
            return NULL;
        }
        reader->at++;
        if (yaml_at(around, key) != NULL && strchr(key, '.') == NULL) {
            yaml_refuse(reader, "a key that occurs twice");
            return NULL;
        }
        skip(reader);
    }
    struct yaml *node = yaml_new(reader, key);
    if (node != NULL) {
        *flow->tail[flow->depth - 1] = node;
        flow->tail[flow->depth - 1] = &node->next;
    }
    return node;
}

/* Behind a value: close what ends here. Sets `*more` where another member follows. */
static bool leave(struct flow *flow, bool *more)
{
    struct yaml_reader *reader = flow->reader;
    *more = false;
    while (flow->depth > 0 && !*more) {
        skip(reader);
        char next = yaml_peek(reader, 0);
        char close = flow->open[flow->depth - 1]->kind == YAML_MAP ? '}' : ']';
        if (next != ',' && next != close)
            return yaml_refuse(reader, close == '}' ? "expected ',' or '}'" : "expected ',' or ']'");
        reader->at++;
        *more = next == ',';
        flow->depth -= next == close;
    }
    return true;
}

/* The value of a member; `*entered`: it is a container with something in it. */
static bool read_value(struct flow *flow, struct yaml *node, bool *entered)
{
    struct yaml_reader *reader = flow->reader;
    node = yaml_wrap(reader, node);
    if (node == NULL)
        return false;
    char next = yaml_peek(reader, 0);
    *entered = next == '{' || next == '[';
    if (!*entered)
        return (node->text = read_text(reader, false, &node->quoted)) != NULL;
    if (!enter(flow, node))
        return false;
    skip(reader);
    if (yaml_peek(reader, 0) == (node->kind == YAML_MAP ? '}' : ']')) {
        reader->at++;
        flow->depth--;
        *entered = false;
    }
    return true;
}

bool yaml_flow(struct yaml_reader *reader, struct yaml *node)
{
    struct flow flow = { .reader = reader };
    bool more = true, entered;
    if (!read_value(&flow, node, &entered))
        return false;
    while (flow.depth > 0 && more) {
        skip(reader);
        struct yaml *member = add_member(&flow);
        if (member == NULL || !read_value(&flow, member, &entered) || (!entered && !leave(&flow, &more)))
            return false;
    }
    return true;
}
