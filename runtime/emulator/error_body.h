/* error_body.h: errors in Lambda's form, {"errorMessage":"...","errorType":"..."}. */
#ifndef EMULATOR_ERROR_BODY_H
#define EMULATOR_ERROR_BODY_H
#include "http.h"

#define ERROR_BODY_JSON "Content-Type: application/json\r\n"

/* The body, to be freed; NULL where there is no memory. */
char *error_body(const char *type, const char *message);

/* Answer a request with one. */
void error_reply(struct http_request *request, int status, const char *type, const char *message);

/* The errorType of a body, "" where it has none; control bytes become '?'. */
void error_type_of(const char *body, size_t len, char *out, size_t size);

/* Copy an error type, control bytes as '?', cut at `size`. */
void error_type_copy(const char *type, char *out, size_t size);
#endif
