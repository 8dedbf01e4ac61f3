/* decode.h: the decoder of JSON that holds attribute values. record.c reads the members of a record and read.c an item
 * alone; both have image.c read the values. The text is copied into the arena and decoded in place there: strings end
 * up unescaped where they stood, NUL-terminated at the latest where their closing quote was. */
#ifndef LIB_DECODE_H
#define LIB_DECODE_H
#include "lib/event.h"
#include "lib/json.h"
#include "lib/value.h"

#include <string.h>

/* A container of attribute values that is being read. */
struct frame {
    size_t node;    /* on the tape */
    size_t count;   /* elements or attributes so far */
    ddbs_type type; /* M or L */
    ddbs_type tag;  /* of the value at hand, DDBS_TYPE_NONE before it is read */
    ddbs_str name;  /* of the attribute at hand, in an M */
    /* Marks of its names, to see at once that no two are equal: see fast.c. */
    uint64_t repeated; /* 0: so far each name has its own mark */
    uint64_t seen[8];
};

/* Where the parts of an attribute of type S or N are in an indented text: those behind it mostly have the same space
 * between them. */
struct layout {
    size_t name_end;       /* the quote behind its name */
    size_t letter;         /* of its tag */
    size_t text, text_end; /* of its value */
    size_t close;          /* behind its '}' */
};

/* The image before the one at hand, in the same record: see twin.h. */
struct twin {
    size_t node; /* name of its next attribute */
    size_t left; /* attributes from there on; 0: there is no such image, or it is of no use */
    size_t end;  /* its closing bracket */
    int misses;  /* attributes that were not found in it */
};

enum { MEMBERS_MAX = 6 };

struct decoder {
    const struct ddbs_event *event;
    const struct scan *scan; /* NULL: byte by byte */
    size_t index;
    struct json json;
    char *text;            /* json.text, writable */
    const char *source;    /* the same text, not to be written and never changed; NULL: there is none */
    const uint64_t *solid; /* map of what is no whitespace, of a text that is indented; else NULL */
    struct layout layout;  /* of the attribute taken last, if it has space in it; all 0: none */
    struct twin twin;
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
    size_t set_index; /* of the set's element at hand, DDBS_NOWHERE outside sets */
    size_t frame_count;
    struct frame frames[DDBS_VALUE_DEPTH_MAX + 1];
};

/* Begin a frame. Compilers make a copy of a struct that is written down as a whole. */
static inline void ddbs_decode__open(struct frame *frame, size_t node, ddbs_type type)
{
    static const struct frame empty;
    *frame = empty;
    frame->node = node;
    frame->type = type;
}

/* Begin at `len` bytes of `json`, copied into the arena. All else is zero, but for the frames, which are not even that.
 * False when memory is exhausted. */
bool ddbs_decode__begin(struct decoder *decoder, const struct scan *scan, ddbs_arena *arena, const char *json,
                        size_t len);

/* Turn to another text, which lies in the arena already. Behind it are two NULs, and SCAN_BEYOND bytes can be read. */
bool ddbs_decode__turn(struct decoder *decoder, char *text, const char *source, size_t len);

/* The string at the cursor, whatever it holds. */
bool ddbs_decode__any_text(struct decoder *decoder, ddbs_str *out);

/* Read the string at the cursor in place. */
static inline bool ddbs_decode__text(struct decoder *d, ddbs_str *out)
{
    struct json_string string;
    if (d->json.quotes == NULL || ddbs_json__peek(&d->json) != '"' || !ddbs_json__mapped(&d->json, &string))
        return ddbs_decode__any_text(d, out);
    d->text[string.end] = '\0';
    *out = (ddbs_str){ d->text + string.begin, string.end - string.begin };
    return true;
}

/* Read the item at the cursor, an object of attributes, onto the tape; `*node` gets its place. */
bool ddbs_decode__image(struct decoder *decoder, size_t *node);

/* Append where the cursor is to the path of an error. */
void ddbs_decode__path(const struct decoder *decoder, ddbs_error *error);

/* ---- Parts of an image, shared with the fast path ---- */

/* The innermost container ended, the cursor is behind its bracket: finish it, and the value around it. */
bool ddbs_image__close(struct decoder *decoder);

/* A set whose container is at `node` and of which `count` elements were read: the rest of it, and of its value. */
bool ddbs_image__rest_of_set(struct decoder *decoder, ddbs_type type, size_t node, size_t count);

/* Append a number or a Binary, whose string began at `begin`; what is wrong with it is an error. */
bool ddbs_image__number(struct decoder *decoder, ddbs_str text, size_t begin);
bool ddbs_image__binary(struct decoder *decoder, ddbs_str text, size_t begin);
#endif
