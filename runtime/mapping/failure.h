/* failure.h: the record that AWS sends to the on-failure destination of a mapping, and the event itself. */
#ifndef MAPPING_FAILURE_H
#define MAPPING_FAILURE_H
#include "runtime/mapping/mapping.h"

#include <ddbstream/convert.h>

enum { MAPPING_KEY_SIZE = 512 };

/* Append the event of a delivery: the bytes that the function is given. */
void mapping_event(ddbs_buf *out, const struct mapping_settings *settings, const struct mapping_delivery *delivery);

/* Append the message to a queue or topic, or the object for a bucket (which has the event itself in `payload`, as
 * text): members and their order as AWS was seen to write them. A buffer without memory is marked as failed. */
void mapping_failure(ddbs_buf *out, const struct mapping_settings *settings, const struct mapping_discard *discard);

/* The object's key in a bucket: aws/lambda/MAPPING/SHARD/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-UUID.
 * @param mapping_id, object_id  UUIDs of the mapping and of this object
 * @param shard_id               at most 128 bytes of it are used */
void mapping_failure_key(char out[MAPPING_KEY_SIZE], const char *mapping_id, ddbs_str shard_id, int64_t now_ms,
                         const char *object_id);

/* "2026-10-19T08:40:03Z" of a time since 1970 UTC; the year has four digits, times before 1970 count as 1970. */
void mapping_time(char out[32], int64_t ms);
#endif
