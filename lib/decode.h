/* decode.h: the decoder of JSON that holds attribute values. record.c reads the members of a record and read.c an item
 * alone; both have image.c read the values. The text is copied into the arena and decoded in place there: strings end
 * up unescaped where they stood, NUL-terminated at the latest where their closing quote was. */
#ifndef LIB_DECODE_H
#define LIB_DECODE_H
#include "lib/event.h"
#include "lib/json.h"
#include "lib/value.h"

/* A container of attribute values that is being read. */
struct frame {
    size_t node;    /* on the tape */
    size_t count;   /* elements or attributes so far */
    ddbs_type type; /* M or L */
    ddbs_str name;  /* of the attribute at hand, in an M */
    ddbs_type tag;  /* of the value at hand, DDBS_TYPE_NONE before it is read */
};

enum { MEMBERS_MAX = 6 };

struct decoder {
    const struct ddbs_event *event;
    size_t index;
    struct json json;
    char *text;     /* json.text, writable */
    size_t origin;  /* offset of the text in the event */
    bool in_base64; /* the text was decoded from base64 at `origin` */
    bool escaped;   /* and that was written with escapes, so that offsets in it are lost */
    bool binary_twice;
    bool plain; /* values without type tags */
    bool twice; /* a name may occur twice in one map */
    struct tape tape;
    /* Where the cursor is, for the path of an error. */
    ddbs_str members[MEMBERS_MAX];
    size_t member_count;
    struct frame frames[DDBS_VALUE_DEPTH_MAX + 1];
    size_t frame_count;
    size_t set_index; /* of the set's element at hand, DDBS_NOWHERE outside sets */
};

/* Read the string at the cursor in place. */
bool ddbs_decode__text(struct decoder *decoder, ddbs_str *out);

/* Read the item at the cursor, an object of attributes, onto the tape; `*node` gets its place. */
bool ddbs_decode__image(struct decoder *decoder, size_t *node);

/* Append where the cursor is to the path of an error. */
void ddbs_decode__path(const struct decoder *decoder, ddbs_error *error);
#endif
