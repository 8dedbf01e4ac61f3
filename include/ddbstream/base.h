/* ddbstream/base.h: what every other header needs: statuses, views, errors, limits, arenas, the version.
 *
 * Three rules hold everywhere:
 *  - A function that can fail returns a `ddbs_status` and writes its out-parameter on DDBS_OK only.
 *  - A view (`ddbs_str`, `ddbs_bytes`, `ddbs_num`) never owns its bytes. Its length rules; text is also followed by
 *    a NUL, so that printf("%s") works where no NUL is inside.
 *  - Nothing is global and nothing is thread-local: an object may be used by one thread at a time.
 *
 *     ddbs_arena *mine;
 *     const ddbs_event *event;
 *     DDBS_TRY(ddbs_arena_new(&mine, 64 << 20));
 *     ddbs_status status = ddbs_event_parse(mine, json, len, NULL, &event, &error);
 *     if (status != DDBS_OK)
 *         printf("%s: %s at %zu\n", ddbs_status_name(status), error.reason, error.offset);
 *     ddbs_arena_free(mine);
 *     return status; */
#ifndef DDBSTREAM_BASE_H
#define DDBSTREAM_BASE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DDBS_VERSION_MAJOR 0
#define DDBS_VERSION_MINOR 1
#define DDBS_VERSION_PATCH 0
#define DDBS_VERSION       "0.1.0"

#define DDBS_API                 __attribute__((visibility("default")))
#define DDBS_MUST_CHECK          __attribute__((warn_unused_result))
#define DDBS_PRINTF(text, first) __attribute__((format(printf, text, first)))

#ifdef __cplusplus
extern "C" {
#endif

/** The version of the library that was linked, as "major.minor.patch"; DDBS_VERSION is the one compiled against. */
DDBS_API const char *ddbs_version(void);

/* Every status with its meaning. A callback's status says what became of a record: DDBS_OK it is done, DDBS_SKIP it is
 * given up and counts as done, anything else it failed and the batch stops there. */
#define DDBS_STATUS_LIST(X)                                                                                            \
    X(DDBS_OK, "done")                                                                                                 \
    X(DDBS_SKIP, "record given up, go on")                                                                             \
    X(DDBS_E_MISSING, "no such attribute")                                                                             \
    X(DDBS_E_TYPE, "the value has another type")                                                                       \
    X(DDBS_E_RANGE, "outside the range of the type asked for")                                                         \
    X(DDBS_E_INEXACT, "not exactly representable in the type asked for")                                               \
    X(DDBS_E_SYNTAX, "malformed text")                                                                                 \
    X(DDBS_E_LIMIT, "over a documented limit")                                                                         \
    X(DDBS_E_DUPLICATE, "a name that must be unique occurs twice")                                                     \
    X(DDBS_E_EVENT, "not an event of a DynamoDB stream")                                                               \
    X(DDBS_E_OPERATION, "an event name without a callback")                                                            \
    X(DDBS_E_MEMORY, "out of memory")                                                                                  \
    X(DDBS_E_HANDLER, "the handler refused the record")                                                                \
    X(DDBS_E_USAGE, "the call is not allowed with these arguments")                                                    \
    X(DDBS_E_TIME, "too little time is left")

typedef enum ddbs_status {
#define DDBS_STATUS_MEMBER(name, text) name,
    DDBS_STATUS_LIST(DDBS_STATUS_MEMBER)
#undef DDBS_STATUS_MEMBER
} ddbs_status;

/** The name of a status as it is written in C, "DDBS_E_RANGE"; "DDBS_?" for a number that is none. Static text. */
DDBS_API const char *ddbs_status_name(ddbs_status status);

/** The meaning of a status in a few words, as in DDBS_STATUS_LIST. Static text. */
DDBS_API const char *ddbs_status_text(ddbs_status status);

/** Leave the calling function with the status of `expression` unless that is DDBS_OK. */
#define DDBS_TRY(expression)                                                                                           \
    do {                                                                                                               \
        ddbs_status ddbs_try_status = (expression);                                                                    \
        if (ddbs_try_status != DDBS_OK)                                                                                \
            return ddbs_try_status;                                                                                    \
    } while (0)

/* Views. Three types, so that the compiler tells text from bytes from numbers. ptr is never NULL in a view that a
 * function of this library returned with DDBS_OK; {NULL, 0} stands for "absent" in structs. */
typedef struct ddbs_str {
    const char *ptr; /* UTF-8, U+0000 allowed inside, ptr[len] == 0 */
    size_t len;      /* bytes */
} ddbs_str;

typedef struct ddbs_bytes {
    const unsigned char *ptr;
    size_t len;
} ddbs_bytes;

typedef struct ddbs_num {
    const char *ptr; /* decimal text as DynamoDB sent it, ptr[len] == 0; see num.h */
    size_t len;
} ddbs_num;

/** The view of a C string, without copying it; NULL gives {NULL, 0}. */
DDBS_API ddbs_str ddbs_str_c(const char *text);

/** Whether a view holds exactly the bytes of a C string. An absent view equals nothing, not even "". */
DDBS_API bool ddbs_str_is(ddbs_str view, const char *text);

/* Limits. What is larger is refused with DDBS_E_LIMIT, never cut. */
#define DDBS_EVENT_BYTES_MAX   ((size_t)6 * 1024 * 1024 + 100) /* Lambda's limit of a synchronous payload */
#define DDBS_EVENT_RECORDS_MAX ((size_t)10000)                 /* the largest BatchSize of a mapping */
#define DDBS_EVENT_DEPTH_MAX   1024                            /* brackets open at once anywhere in an event */
#define DDBS_VALUE_DEPTH_MAX   64                              /* values inside each other; DynamoDB stops at 32 */
#define DDBS_SEQUENCE_MAX      128                             /* digits; DynamoDB has up to 40, Kinesis 56 */
#define DDBS_NUM_DIGITS_MAX    38                              /* significant digits of a DynamoDB number */
#define DDBS_ERROR_PATH_MAX    256                             /* bytes of ddbs_error.path, its NUL included */
#define DDBS_ERROR_REASON_MAX  1024                            /* bytes of ddbs_error.reason, its NUL included */

/* What went wrong and where. Fixed size, the caller's; every function that takes one accepts NULL. It never holds an
 * attribute's value; names of attributes appear in `path`, their control bytes escaped. */
typedef struct ddbs_error {
    ddbs_status status;
    size_t record;                      /* index of the record in the batch, or DDBS_NOWHERE */
    size_t offset;                      /* bytes from the begin of the event, or DDBS_NOWHERE */
    char path[DDBS_ERROR_PATH_MAX];     /* "Records[3].dynamodb.NewImage.total.N"; "" for the whole event */
    char reason[DDBS_ERROR_REASON_MAX]; /* a sentence without the final stop: what was expected, what was found */
} ddbs_error;

#define DDBS_NOWHERE SIZE_MAX

/** Empty an error: DDBS_OK, nowhere, no text. Does nothing for NULL. */
DDBS_API void ddbs_error_clear(ddbs_error *error);

/* Memory that is given back all at once. An arena holds what is decoded from an event; whatever came from it dies at
 * its reset. Builds with AddressSanitizer poison what was given back, so a view that was kept too long is caught. */
typedef struct ddbs_arena ddbs_arena;

/**
 * Make an arena. The caller frees it with ddbs_arena_free().
 * @param limit  most bytes it may hold at once; 0 means no limit of its own
 * @return DDBS_OK, or DDBS_E_MEMORY
 */
DDBS_API ddbs_status ddbs_arena_new(ddbs_arena **out, size_t limit) DDBS_MUST_CHECK;

/** Give back everything that came from the arena. Up to 4 MiB of its memory is kept for the next use. */
DDBS_API void ddbs_arena_reset(ddbs_arena *arena);

/** Free an arena and all that came from it. Does nothing for NULL. */
DDBS_API void ddbs_arena_free(ddbs_arena *arena);

#ifdef __cplusplus
}
#endif
#endif
