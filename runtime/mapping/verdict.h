/* verdict.h: what an event source mapping makes of a function's response. */
#ifndef MAPPING_VERDICT_H
#define MAPPING_VERDICT_H
#include <ddbstream/base.h>

enum verdict_kind {
    VERDICT_DONE,    /* all records of the delivery are behind the checkpoint */
    VERDICT_PARTIAL, /* those before `resume` are; the rest is delivered again */
    VERDICT_FAILED   /* the response counts as a failure of the whole delivery */
};

struct verdict {
    enum verdict_kind kind;
    size_t resume; /* VERDICT_PARTIAL: index of the first record to deliver again; may be 0 */
    bool list;     /* there is a batchItemFailures, whatever it holds; also in a response that is not JSON further on */
    size_t listed; /* entries of batchItemFailures, whatever they hold */
    const char *why; /* VERDICT_FAILED: a sentence without the final stop; NULL otherwise. Static text */
    ddbs_str state; /* the member `state` as it stands in the body; {NULL, 0}: there is none, or the body is not JSON */
    bool unproved;  /* no recording of AWS shows this case: the documented intent was followed */
};

/* The identifiers of the `count` records of a delivery, in order: the first, and the bytes from one to the next. */
struct verdict_names {
    const ddbs_str *first;
    size_t stride;
    size_t count;
};

/* Judge the response to a delivery for a mapping with ReportBatchItemFailures. Pure; no allocation, no recursion. */
struct verdict verdict_of(const char *body, size_t len, struct verdict_names names);

/* Order two decimal texts by value, whatever their length: sequence numbers have more digits than any integer type.
 * Below, equal to or above 0. */
int verdict_compare(ddbs_str a, ddbs_str b);
#endif
