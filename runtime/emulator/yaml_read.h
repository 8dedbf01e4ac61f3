/* yaml_read.h: characters and texts of a document, for the two files that build its tree: yaml.c (blocks, by
 * indentation) and yaml_flow.c (what stands in brackets). */
#ifndef EMULATOR_YAML_READ_H
#define EMULATOR_YAML_READ_H
#include "yaml.h"

enum { YAML_DEPTH_MAX = 64 };

struct yaml_reader {
    ddbs_arena *arena;
    const char *at, *end;
    const char *line_start;
    size_t line;
    char *why;
    size_t why_size;
};

/* Note what was expected at this line. Always false. */
bool yaml_refuse(struct yaml_reader *reader, const char *expected);

/* The character `ahead` places on; '\0' behind the end. */
char yaml_peek(const struct yaml_reader *reader, size_t ahead);

/* Skip spaces and tabs; then a comment, if one stands there. */
void yaml_skip_spaces(struct yaml_reader *reader);
void yaml_skip_comment(struct yaml_reader *reader);
bool yaml_at_line_end(const struct yaml_reader *reader); /* the document's end included */
void yaml_next_line(struct yaml_reader *reader);

/* A new node, with nothing in it; NULL: out of memory, which is noted. */
struct yaml *yaml_new(struct yaml_reader *reader, const char *key);
char *yaml_copy(struct yaml_reader *reader, const char *text, size_t len);

/* A text in quotes, of either kind, which must end on its line. NULL: refused. */
char *yaml_quoted(struct yaml_reader *reader);

/* "!Tag value" makes a node a map with one member, which takes the value: that one, or the node itself where no tag
 * stands here. NULL: refused. */
struct yaml *yaml_wrap(struct yaml_reader *reader, struct yaml *node);

/* Fill a node with what stands in brackets; at '{' or '['. */
bool yaml_flow(struct yaml_reader *reader, struct yaml *node);
#endif
