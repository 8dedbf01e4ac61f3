/* onfailure.h: on-failure records as they come back from where AWS put them: the text of an SQS message, the
 * notification of an SNS topic around it, the object in S3 with its payload, and what `aws sqs receive-message`
 * prints around those. */
#ifndef EMULATOR_ONFAILURE_H
#define EMULATOR_ONFAILURE_H
#include <ddbstream/base.h>

enum { ONFAILURE_TEXT_MAX = 512 };

struct onfailure {
    const char *path; /* of its file, borrowed */
    size_t number;    /* in its file, from 1; 0: it is the only one */
    char condition[64];
    char stream_arn[ONFAILURE_TEXT_MAX];
    char shard[128];
    char first[DDBS_SEQUENCE_MAX + 1], last[DDBS_SEQUENCE_MAX + 1]; /* "": a final invocation of a window */
    uint64_t count;                                                 /* batchSize */
    char *payload; /* the event, NULL: it is not in the record (SQS, SNS) */
};

struct onfailure_list {
    struct onfailure *entries;
    size_t count;
};

/* Add what a file holds. `path` must live as long as the list. 0, or -1 with "FILE: what was expected" in `why`. */
int onfailure_read(struct onfailure_list *list, const char *path, char *why, size_t why_size);
void onfailure_free(struct onfailure_list *list);
#endif
