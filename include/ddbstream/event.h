/* ddbstream/event.h: a batch of change records, from the bytes that Lambda delivers.
 *
 * Reading goes in two steps. ddbs_event_parse() reads the envelope, checks that the event is whole, and finds every
 * record and its sequence number; it refuses the event or accepts it. ddbs_event_record() then decodes one record at a
 * time; a record that does not decode harms only itself. Both are pure: bytes in, views out.
 *
 *     const ddbs_event *event;
 *     DDBS_TRY(ddbs_event_parse(arena, json, len, NULL, &event, &error));
 *     for (size_t i = 0; i < ddbs_event_count(event); i++) {
 *         const ddbs_record *rec;
 *         if (ddbs_event_record(event, i, arena, &rec, &error) == DDBS_OK)
 *             printf("%s\n", rec->sequence_number.ptr);
 *     } */
#ifndef DDBSTREAM_EVENT_H
#define DDBSTREAM_EVENT_H
#include <ddbstream/value.h>
#ifdef __cplusplus
extern "C" {
#endif

/* How the records reached the function. */
typedef enum ddbs_source {
    DDBS_SOURCE_DYNAMODB, /* event source mapping on the table's stream */
    DDBS_SOURCE_KINESIS,  /* Kinesis Data Streams for DynamoDB */
    DDBS_SOURCE_PIPES     /* EventBridge Pipes: a bare array of stream records */
} ddbs_source;

/* What happened to the item. DDBS_OP_UNKNOWN is an event name that this version does not know, or none. */
typedef enum ddbs_operation { DDBS_OP_UNKNOWN, DDBS_OP_INSERT, DDBS_OP_MODIFY, DDBS_OP_REMOVE } ddbs_operation;

/* Which images the stream carries. DDBS_VIEW_NONE: the record does not say (the Kinesis feed never does). */
typedef enum ddbs_view {
    DDBS_VIEW_NONE,
    DDBS_VIEW_OTHER, /* a name that this version does not know */
    DDBS_VIEW_KEYS_ONLY,
    DDBS_VIEW_NEW_IMAGE,
    DDBS_VIEW_OLD_IMAGE,
    DDBS_VIEW_NEW_AND_OLD_IMAGES
} ddbs_view;

#define DDBS_NO_TIME INT64_MIN     /* ddbs_record.created_ns of a record without a creation time */
#define DDBS_NO_SIZE ((int64_t)-1) /* ddbs_record.size_bytes of a record without a size */

/* One change of one item. Text that the event does not carry is {NULL, 0}, and images that it does not carry are NULL:
 * which ones are there follows from the view type and the operation (developer guide, Streams). */
typedef struct ddbs_record {
    size_t index; /* place in the batch, from 0 */
    ddbs_source source;
    ddbs_operation operation;
    bool expired; /* a REMOVE made by time-to-live: userIdentity is the service dynamodb.amazonaws.com */
    ddbs_view view;
    int64_t created_ns; /* ApproximateCreationDateTime, nanoseconds since 1970 UTC; about a second exact */
    int64_t size_bytes; /* SizeBytes, by DynamoDB's item-size rules */
    const ddbs_item *keys, *new_image, *old_image;
    ddbs_str sequence_number; /* decimal digits; Kinesis: of the Kinesis record */
    ddbs_str event_id;        /* Kinesis: of the change inside, which differs between duplicates */
    ddbs_str event_name;      /* the text behind `operation` */
    ddbs_str view_name;       /* the text behind `view` */
    ddbs_str table;           /* from the stream's ARN; Kinesis: tableName */
    ddbs_str stream_arn;      /* eventSourceARN; Kinesis: of the Kinesis stream */
    ddbs_str region;
    ddbs_str identity_type, identity_principal; /* userIdentity, set for changes that a service made */
    ddbs_str raw;                               /* the record's JSON as it stands in the event; not NUL-terminated */
} ddbs_record;

/* A tumbling window, where the mapping has one. */
typedef struct ddbs_window {
    ddbs_str start, end; /* "2026-10-19T08:40:00Z", start inclusive, end exclusive */
    ddbs_str state;      /* JSON text of what the previous invocation returned; "{}" in the first; not NUL-terminated */
    ddbs_str shard_id;   /* {NULL, 0} where the event has none */
    bool final;          /* isFinalInvokeForWindow */
    bool terminated_early; /* isWindowTerminatedEarly: the state grew over 1 MB */
} ddbs_window;

/* How to read what the event itself does not tell. Zero, or NULL for the whole struct, is right for AWS as observed. */
typedef struct ddbs_event_options {
    bool kinesis_binary_once; /* Binary in the Kinesis feed is base64 once; false: twice, as AWS was seen to send it */
    bool pipes_report_sequence; /* Pipes: report failures by sequence number; false: by eventID, as the guide says */
} ddbs_event_options;

typedef struct ddbs_event ddbs_event;

/**
 * Read the envelope of an event of any of the three sources, without decoding its records.
 * Refused are: what is not UTF-8, not balanced, or not JSON outside the records; a known envelope member twice; a
 * record without a usable sequence number; more than the limits of base.h.
 * @param json     `len` bytes, unchanged and alive as long as the event is used; need not be NUL-terminated
 * @param options  NULL for the defaults
 * @param out      lives in `arena`
 * @return DDBS_OK, DDBS_E_SYNTAX, DDBS_E_LIMIT, DDBS_E_DUPLICATE, DDBS_E_EVENT (JSON, but no event of a DynamoDB
 *         stream), DDBS_E_MEMORY; `error` then says where
 */
DDBS_API ddbs_status ddbs_event_parse(ddbs_arena *arena, const void *json, size_t len,
                                      const ddbs_event_options *options, const ddbs_event **out,
                                      ddbs_error *error) DDBS_MUST_CHECK;

/** How many records the event has; 0 is legal (a final window, an empty batch). */
DDBS_API size_t ddbs_event_count(const ddbs_event *event);

/** Where the records come from. An empty `Records` counts as DDBS_SOURCE_DYNAMODB. */
DDBS_API ddbs_source ddbs_event_source(const ddbs_event *event);

/** Whether every sequence number is larger than the one before it. Only then does a failure's identifier tell Lambda
 *  where to resume: it takes the lowest one reported (developer guide, services-ddb-batchfailurereporting). */
DDBS_API bool ddbs_event_ordered(const ddbs_event *event);

/** The sequence number of record `index`, known before the record is decoded; not NUL-terminated. `index` is below the
 *  count. */
DDBS_API ddbs_str ddbs_event_sequence(const ddbs_event *event, size_t index);

/** What names record `index` in batchItemFailures: its sequence number, with Pipes its eventID; not NUL-terminated. */
DDBS_API ddbs_str ddbs_event_identifier(const ddbs_event *event, size_t index);

/** The record's JSON as it stands in the event; not NUL-terminated. */
DDBS_API ddbs_str ddbs_event_raw(const ddbs_event *event, size_t index);

/** The tumbling window of the event, or NULL where it has none. */
DDBS_API const ddbs_window *ddbs_event_window(const ddbs_event *event);

/**
 * Decode record `index`, strictly (RFC 8259; attribute values as in the developer guide).
 * @param arena  gets the record and all it points to; may be another arena than the event's
 * @return DDBS_OK; DDBS_E_SYNTAX, DDBS_E_TYPE, DDBS_E_LIMIT, DDBS_E_DUPLICATE, DDBS_E_RANGE or DDBS_E_INEXACT (creation
 *         time, size) for a record that does not decode; DDBS_E_MEMORY; DDBS_E_USAGE for an index that is none. `error`
 *         then says where, with the offset in the event
 */
DDBS_API ddbs_status ddbs_event_record(const ddbs_event *event, size_t index, ddbs_arena *arena,
                                       const ddbs_record **out, ddbs_error *error) DDBS_MUST_CHECK;

/** The name of a source as the command prints it: "dynamodb", "kinesis", "pipes". Static text. */
DDBS_API const char *ddbs_source_name(ddbs_source source);

#ifdef __cplusplus
}
#endif
#endif
