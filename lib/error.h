/* error.h: filling a ddbs_error. Every function accepts NULL for the error and does nothing then. */
#ifndef LIB_ERROR_H
#define LIB_ERROR_H
#include <ddbstream/base.h>
#include <stdarg.h>

/* Set status, place and reason; the path is emptied. Returns `status`. */
ddbs_status ddbs_error__set(ddbs_error *error, ddbs_status status, size_t record, size_t offset, const char *format,
                            ...) DDBS_PRINTF(5, 6);

/* The reason alone, its control bytes escaped: text of the user's may hold anything. */
void ddbs_error__reason(ddbs_error *error, const char *format, va_list arguments) DDBS_PRINTF(2, 0);

/* Make the texts of an error that others may have written to printable UTF-8. */
void ddbs_error__clean(ddbs_error *error);

/* Append ".name" (without the dot at the begin), or "[index]". Bytes of a name that would break a line or the path's
 * form are escaped; what does not fit is cut with "...". */
void ddbs_error__path_name(ddbs_error *error, ddbs_str name);
void ddbs_error__path_index(ddbs_error *error, size_t index);
#endif
