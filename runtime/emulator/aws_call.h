/* aws_call.h: signed calls to an AWS service that speaks JSON over POST /, such as DynamoDB Streams. One call at a
 * time; it blocks, with limits. */
#ifndef EMULATOR_AWS_CALL_H
#define EMULATOR_AWS_CALL_H
#include "text.h"

#include <ddbstream/base.h>

struct aws_client;

enum aws_end {
    AWS_ANSWERED,   /* status 200; body */
    AWS_REFUSED,    /* the service said no; type, message */
    AWS_BUSY,       /* throttled, or an error of the service: the same call may do later; type, message */
    AWS_UNREACHABLE /* there was no answer, or one that nobody understands; message */
};

/* Zeroed before its first use; each call reuses it. Valid until the next call with it. */
struct aws_reply {
    enum aws_end end;
    struct text body;
    char type[128];    /* of an error, without what stands before its "#" */
    char message[512]; /* a sentence; control bytes escaped */
};

/* `url` NULL: AWS_ENDPOINT_URL_DYNAMODB_STREAMS or AWS_ENDPOINT_URL, else AWS's own endpoint of DynamoDB Streams in
 * `region`. Credentials come from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN; an endpoint that was
 * named may do without. 0, or -1 with a sentence in `why`. */
int aws_open(struct aws_client **out, const char *url, ddbs_str region, char *why, size_t why_size);
void aws_close(struct aws_client *client);

/* Where it calls. */
const char *aws_url(const struct aws_client *client);

/* `target` is the X-Amz-Target, "DynamoDBStreams_20120810.GetRecords". */
enum aws_end aws_call(struct aws_client *client, const char *target, ddbs_str body, struct aws_reply *reply);
void aws_reply_free(struct aws_reply *reply);
#endif
