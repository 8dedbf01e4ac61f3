/* yaml.h: the part of YAML that people write templates and mappings in, as a tree with line numbers; JSON is a part of
 * that. Left out, and refused with a message: anchors, aliases, several documents, keys that are no texts, plain or
 * quoted texts over several lines.
 *
 * CloudFormation's short forms become its long ones: "!Ref X" is the map { "Ref": "X" }, "!GetAtt A.B" is
 * { "Fn::GetAtt": "A.B" }. */
#ifndef EMULATOR_YAML_H
#define EMULATOR_YAML_H
#include <ddbstream/base.h>

enum yaml_kind { YAML_TEXT, YAML_MAP, YAML_LIST };

struct yaml {
    enum yaml_kind kind;
    bool quoted;      /* a text that is no number, whatever it looks like */
    size_t line;      /* where it begins, from 1 */
    const char *key;  /* of a map's member, else NULL */
    const char *text; /* of a text; "" where nothing stands, NULL in maps and lists */
    struct yaml *child, *next;
};

/**
 * Read a document.
 * @param arena  holds the tree, texts included
 * @return its root; NULL with "line 7: what was expected" in `why`
 */
const struct yaml *yaml_parse(ddbs_arena *arena, const char *text, size_t len, char *why, size_t why_size);

/* A member of a map, by the keys on the way to it with a '.' between them; NULL: it is not there. So for NULL. */
const struct yaml *yaml_at(const struct yaml *node, const char *path);

/* What a text says; NULL for anything else, NULL included. */
const char *yaml_text(const struct yaml *node);

/* A whole number of at most 18 digits; false where it is none. */
bool yaml_number(const struct yaml *node, long long *out);

/* Whether it says true. */
bool yaml_is_true(const struct yaml *node);
#endif
