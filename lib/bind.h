/* bind.h: what reading and writing a struct by its schema share. */
#ifndef LIB_BIND_H
#define LIB_BIND_H
#include <ddbstream/bind.h>

/* What the entries before a member's entry say about it. */
struct modifiers {
    bool maybe;
    const ddbs_field *flag; /* of DDBS_NULLABLE, or NULL */
};

/* Move `*next` over the modifiers to the entry that they belong to. */
struct modifiers ddbs_bind__modifiers(const ddbs_schema *schema, size_t *next);

/* The type of a set whose elements have this C type. */
ddbs_type ddbs_bind__set_type(ddbs_ctype element);

/* What a field asks for, for a message. Static text. */
const char *ddbs_bind__expected(const ddbs_field *field);
#endif
