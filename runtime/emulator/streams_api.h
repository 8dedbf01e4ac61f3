/* streams_api.h: the four operations of DynamoDB Streams, and a raw record as Lambda would deliver it. */
#ifndef EMULATOR_STREAMS_API_H
#define EMULATOR_STREAMS_API_H
#include "aws_call.h"

#include <ddbstream/convert.h>
#include <ddbstream/event.h>

enum { STREAMS_ARN_MAX = 512, STREAMS_ITERATOR_MAX = 4096, STREAMS_ID_MAX = 128, STREAMS_KEY_MAX = 256 };

/* A shard as DescribeStream lists it. */
struct streams_shard {
    char id[STREAMS_ID_MAX];
    char parent[STREAMS_ID_MAX]; /* "": none */
};

/* What DescribeStream says, all its pages. Zeroed: nothing yet. */
struct streams_list {
    struct streams_shard *shards;
    size_t count;
    char key[STREAMS_KEY_MAX]; /* the partition key's attribute; "": not told */
};

/* Add the shards that are not in the list yet; those that are keep their place. */
enum aws_end streams_describe(struct aws_client *client, const char *arn, struct streams_list *list,
                              struct aws_reply *reply);
void streams_list_free(struct streams_list *list);

/* The ARN of the newest stream of a table, by ListStreams; AWS_REFUSED with a message where it has none. */
enum aws_end streams_find(struct aws_client *client, const char *table, char arn[STREAMS_ARN_MAX],
                          struct aws_reply *reply);

/* `type` as in the API; `sequence` "" where the type takes none. */
enum aws_end streams_iterator(struct aws_client *client, const char *arn, const char *shard, const char *type,
                              const char *sequence, char out[STREAMS_ITERATOR_MAX], struct aws_reply *reply);

/* One page of a shard. Zeroed: none. */
struct streams_page {
    struct aws_reply reply; /* the records are views into it */
    ddbs_arena *arena;
    const ddbs_event *event; /* NULL: no page */
    size_t next;             /* index of the record to take */
};

/* Read a page; `iterator` becomes that of the next one, "" behind the end of the shard. */
enum aws_end streams_read(struct aws_client *client, char iterator[STREAMS_ITERATOR_MAX], struct streams_page *page);
void streams_page_free(struct streams_page *page);

/* Write a raw record as Lambda delivers it: with its eventSourceARN, and the names inside userIdentity in lower case.
 * False where it is no JSON object, or without memory. */
bool streams_record(ddbs_buf *out, ddbs_str raw, const char *arn);
#endif
