/* stream.h: a DynamoDB stream behind an endpoint as a source: AWS's own, `ddbstream table`, or any other that speaks
 * the Streams API. */
#ifndef EMULATOR_STREAM_H
#define EMULATOR_STREAM_H
#include "runtime/mapping/mapping.h"

struct stream;

struct stream_config {
    const char *name;          /* the stream's ARN, or a table's name: its newest stream; "" takes `arn` */
    const char *arn;           /* EventSourceArn of the mapping: its region is where a table's name is looked up */
    const char *endpoint;      /* NULL: as AWS's environment variables say */
    const char *partition_key; /* the attribute whose order is kept; NULL: as DescribeStream says */
    int idle_ms;               /* the stream counts as ended when no record came for so long; 0: never */
};

/* Connect and list the shards. 0, or -1 with a sentence in `why`. */
int stream_open(struct stream **out, const struct stream_config *config, char *why, size_t why_size);
void stream_close(struct stream *stream);

/* The ARN that is read. */
const char *stream_arn(const struct stream *stream);

/* The functions of a play_source; `stream` is a struct stream. A look into a shard is one page of GetRecords. What AWS
 * refuses for now (throttles, missing permission, its own errors) is asked for again; an expired iterator is replaced
 * behind the last record; records that the stream has forgotten are warned about. */
bool stream_shard(void *stream, size_t index, struct mapping_shard *out);
void stream_begin(void *stream, size_t index, enum mapping_position position);
enum mapping_read stream_read(void *stream, size_t index, struct mapping_record *out);
const char *stream_why(const void *stream);
int stream_status(const void *stream);
#endif
