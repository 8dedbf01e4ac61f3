/* line.h: one line of the log while it is put together: free text, or one JSON object. Whatever texts come in, what
 * comes out is one line of printable UTF-8, and a JSON object is whole wherever it was cut. Needs no memory but the
 * caller's. */
#ifndef LAMBDA_LINE_H
#define LAMBDA_LINE_H
#include <ddbstream/base.h>

struct ddbs_line {
    char *text; /* not NUL-terminated */
    size_t len;
    size_t limit; /* of `len`, until the line is ended: room for its end is always left */
    bool json;
    bool cut; /* something did not fit; nothing goes in any more */
};

/* Begin in a buffer of at least 64 bytes; a JSON object is opened. */
void ddbs_line__begin(struct ddbs_line *line, char *buffer, size_t size, bool json);

/* Bytes as they are, whole or not at all. */
void ddbs_line__put(struct ddbs_line *line, const char *text);

/* Free text, escaped: a control character, one that changes the direction of text or ends a line in some viewers, and
 * what is not UTF-8 become \xNN. */
void ddbs_line__text(struct ddbs_line *line, const char *ptr, size_t len);

/* A member: in JSON ,"name":value; in text a blank and name=value, strings quoted unless they are plain words. An
 * absent view is null. Raw is a number, true or false. */
void ddbs_line__string(struct ddbs_line *line, const char *name, ddbs_str value);
void ddbs_line__raw(struct ddbs_line *line, const char *name, const char *value);
void ddbs_line__i64(struct ddbs_line *line, const char *name, int64_t value);

/* A finite number as JSON has it, as short as is exact, whatever the locale. */
void ddbs_line__double(double value, char out[32]);

/* From now on lines are given to `take`, whole and with their newline, instead of being written; NULL: to stderr again.
 * For the test driver, in one thread. */
void ddbs_line__divert(void (*take)(void *user, const char *text, size_t len), void *user);

/* Close the object or mark the cut, and write(2) the line to stderr: at once where the system takes it. */
void ddbs_line__write(struct ddbs_line *line);
#endif
