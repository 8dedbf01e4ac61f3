/* failure.h: answers to what goes wrong outside of any event. */
#ifndef LAMBDA_FAILURE_H
#define LAMBDA_FAILURE_H
#include <ddbstream/consumer.h>

/* Bytes of a body: every byte of a reason can become six. */
#define DDBS_FAILURE_BODY_MAX (6 * DDBS_ERROR_REASON_MAX + 256)

/* The answer when there is no memory for an answer: static text. */
ddbs_answer ddbs_failure__no_memory(void);

/* An error of this type, static text of Lambda's form, in `body`. */
ddbs_answer ddbs_failure__error(const char *type, const char *reason, char body[DDBS_FAILURE_BODY_MAX]);

/* An error for X-Ray: one line of JSON, ASCII only, as Lambda takes it in a header (runtimes-api). */
void ddbs_failure__cause(const ddbs_answer *answer, char *out, size_t size);

/* What to post to /init/error, in `body`. */
ddbs_answer ddbs_failure__init(const ddbs_error *error, char body[DDBS_FAILURE_BODY_MAX]);
#endif
