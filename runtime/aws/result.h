/* result.h: what a service says about each entry of a request. Replies come from the network: they are read as hostile
 * bytes, and an entry counts as stored only where the reply says so of it. */
#ifndef AWS_RESULT_H
#define AWS_RESULT_H
#include <ddbstream/aws.h>

enum ddbs_verdict {
    DDBS_VERDICT_NONE, /* the reply does not say: whether it is stored is unknown */
    DDBS_VERDICT_STORED,
    DDBS_VERDICT_AGAIN,  /* it may go through later */
    DDBS_VERDICT_REFUSED /* it never will */
};

struct ddbs_results {
    size_t count;                 /* entries of the request */
    unsigned char *verdicts;      /* of each, an enum ddbs_verdict; DDBS_VERDICT_NONE before */
    const ddbs_str *keys;         /* of BatchWriteItem: as ddbs_key__write makes them */
    const char *names[2];         /* of BatchWriteItem: partition key, sort key or NULL */
    bool condition_is_done;       /* of TransactWriteItems */
    char code[DDBS_AWS_TYPE_MAX]; /* of the first entry that failed; "" before */
};

/* Read the body of a 2xx reply; of TransactWriteItems that of a TransactionCanceledException. */
typedef void ddbs_result_fn(const char *body, size_t len, struct ddbs_results *results);

ddbs_result_fn ddbs_result__firehose, ddbs_result__kinesis, ddbs_result__eventbridge, ddbs_result__sqs,
    ddbs_result__sns, ddbs_result__dynamodb, ddbs_result__transact_failure, ddbs_result__opensearch, ddbs_result__whole,
    ddbs_result__ses;

/* Append the canonical text of a key attribute: one for all equal values. `type` is 'S', 'N' or 'B', the value as it
 * stands in DynamoDB JSON, unescaped. False: there is no such key. */
bool ddbs_key__write(ddbs_buf *out, char type, const char *value, size_t len);
#endif
