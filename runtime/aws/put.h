/* put.h: what the files that make entries share. */
#ifndef AWS_PUT_H
#define AWS_PUT_H
#include "lib/buf.h"
#include "runtime/aws/writer.h"

/* Append a text with everything but letters, digits and -_.~ as %XX (RFC 3986). */
void ddbs_put__percent(ddbs_buf *buf, ddbs_str text);

/* Append `name=text` in a form, "&" before it where it is not the first. */
void ddbs_put__form(ddbs_buf *buf, const char *name, ddbs_str text);

/* Append `"name":"text"` as a member, a comma before it where it is not the first behind '{'. */
void ddbs_put__member(ddbs_buf *buf, const char *name, ddbs_str text);

/* Whether a text is UTF-8 with the characters of XML 1.0 only. */
bool ddbs_put__is_xml(ddbs_str text);
bool ddbs_put__is_utf8(ddbs_str text);

/* The texts of entries, one behind the other, with `between` between them. */
void ddbs_put__join(const ddbs_writer *writer, const struct ddbs_parcel *parcel, ddbs_buf *body, const char *between);
#endif
