/* fault.h: why a request is refused, in AWS's types and words: what SDKs match on must be what they will meet. */
#ifndef TABLE_FAULT_H
#define TABLE_FAULT_H
#include <ddbstream/convert.h>
#include <stdarg.h>

#define FAULT_DYNAMODB      "com.amazonaws.dynamodb.v20120810#"
#define FAULT_VALIDATION    "com.amazon.coral.validate#ValidationException"
#define FAULT_SERIALIZATION "com.amazon.coral.service#SerializationException"
#define FAULT_UNKNOWN       "com.amazon.coral.service#UnknownOperationException"
#define FAULT_CONDITION     FAULT_DYNAMODB "ConditionalCheckFailedException"
#define FAULT_NOT_FOUND     FAULT_DYNAMODB "ResourceNotFoundException"
#define FAULT_IN_USE        FAULT_DYNAMODB "ResourceInUseException"
#define FAULT_CANCELED      FAULT_DYNAMODB "TransactionCanceledException"
#define FAULT_MISMATCH      FAULT_DYNAMODB "IdempotentParameterMismatchException"
#define FAULT_EXPIRED       FAULT_DYNAMODB "ExpiredIteratorException"
#define FAULT_TRIMMED       FAULT_DYNAMODB "TrimmedDataAccessException"
#define FAULT_INTERNAL      FAULT_DYNAMODB "InternalServerError"

#define FAULT_INVALID_PARAMETERS "One or more parameter values were invalid: "

struct fault {
    ddbs_arena *arena; /* where texts are made */
    const char *type;  /* NULL: nothing is wrong */
    const char *text;
    const char *more; /* further members of the answer, each with a comma before it; or NULL */
};

/* Note the first fault; a later one is ignored. Always returns false. */
bool fault_set(struct fault *fault, const char *type, const char *format, ...) DDBS_PRINTF(3, 4);

/* A ValidationException. Always returns false. */
#define fault_invalid(fault, ...) fault_set(fault, FAULT_VALIDATION, __VA_ARGS__)

/* Out of memory: an InternalServerError, which SDKs try again. Always returns false. */
bool fault_memory(struct fault *fault);

/* A text in the fault's arena; "" when memory is exhausted. */
const char *fault_text(struct fault *fault, const char *format, ...) DDBS_PRINTF(2, 3);
const char *fault_text_of(struct fault *fault, const char *format, va_list arguments) DDBS_PRINTF(2, 0);
#endif
