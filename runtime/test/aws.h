/* aws.h: calls of AWS, as the driver plays them. See ddbstream/test.h for what is played.
 *
 *   aws.c          ddbs_aws_new(): the other end of a client, its clock; what goes wrong on the way
 *   aws_call.c     what was called and what was sent
 *   aws_service.c  the services: what they take of a request, and what they answer
 *   aws_json.c     entries of requests in JSON      aws_form.c  in forms, and of those that are one entry
 *   aws_table.c    DynamoDB, and the tables beside the stream's own
 *
 * Texts of calls are in one arena until the driver ends. */
#ifndef TEST_AWS_H
#define TEST_AWS_H
#include "lib/arena.h"
#include "lib/buf.h"
#include "runtime/table/span.h"

#include <ddbstream/aws.h>
#include <ddbstream/test.h>

enum { DRIVER_REGION_SIZE = 64, DRIVER_TABLE_SIZE = 256 };

struct driver_service;
struct table_db;

/* One of the things that a request wants stored. */
struct driver_entry {
    ddbs_test_sent told;
    ddbs_str name;     /* its Id; of OpenSearch the action */
    ddbs_str text;     /* its JSON, where that is all that is known of it */
    const char *error; /* why it is not taken; NULL: it is */
    bool equal_wins;   /* of OpenSearch: the same version replaces the one that is there */
    bool stale;        /* and this one is older */
};

struct driver_call {
    ddbs_test_call told;                  /* first: the one is found by the other */
    const struct driver_service *service; /* NULL: none that is played */
    struct driver_entry *entries;
    size_t room; /* for entries */
    bool malformed;
};

/* Tables of another region. */
struct driver_region {
    struct driver_region *next;
    char name[DRIVER_REGION_SIZE];
    struct table_db *db;
};

struct driver_aws {
    ddbs_arena *arena;
    ddbs_arena *told; /* items, until time passes */
    struct driver_call **calls;
    size_t count, capacity;
    const ddbs_test_sent **sent;
    size_t sent_count, sent_capacity;
    ddbs_test_service *service;
    void *user;
    size_t record; /* in whose callback the handler is; 0: in no record's */
    uint64_t clients;
    char region[DRIVER_REGION_SIZE]; /* of the stream */
    struct driver_region *regions;
    int64_t table_ms; /* of the last call of a table, whose time must not go back */
};

/* A service. */
struct driver_service {
    const char *signing, *operation;
    const char *throttled; /* its error for too many requests, and the status with it */
    long status;
    const char *busy; /* its error for an entry that may be taken later */
    bool xml;
    bool whole; /* it takes all entries of a request or none */
    bool (*read)(ddbs_test *test, struct driver_call *call);
    void (*write)(const struct driver_call *call, ddbs_buf *out);
};

/* ---- aws.c ------------------------------------------------------------------------------------------------------- */

/* From now on clients are this driver's; NULL: nobody's. */
void driver_serve(ddbs_test *test);

/* ---- aws_call.c -------------------------------------------------------------------------------------------------- */

ddbs_status driver_open_aws(ddbs_test *test);
void driver_close_aws(ddbs_test *test);

/* Keep what an exchange is, with its entries; NULL: out of memory, which is a failure of the driver. */
struct driver_call *driver_add_call(ddbs_test *test, const ddbs_aws_exchange *exchange);
void driver_add_sent(ddbs_test *test, const struct driver_entry *entry);

/* The header of that name; NULL: there is none. */
const char *driver_header(const ddbs_test_call *call, const char *name);

/* A copy in the arena of calls, NUL-terminated; {NULL, 0} of such a text, or out of memory. */
ddbs_str driver_keep(ddbs_test *test, const char *text, size_t len);

/* Whether a fault is one for this call, and for one of its entries. */
bool driver_call_fits(const struct driver_call *call, const ddbs_test_fault *fault);
bool driver_entry_fits(const struct driver_entry *entry, const ddbs_test_fault *fault);

/* Another entry of a call, zeroed; NULL when memory is exhausted. It moves when one more is added. */
struct driver_entry *driver_add_entry(ddbs_test *test, struct driver_call *call);

/* ---- aws_service.c ----------------------------------------------------------------------------------------------- */

/* The operation of a call and its service. */
void driver_find_service(ddbs_test *test, struct driver_call *call);

/* The status, and in `out` the answer to a call that has arrived. */
long driver_answer(ddbs_test *test, struct driver_call *call, ddbs_buf *out);

/* The same for one that is refused; `type` NULL: throttled. */
long driver_refuse(const struct driver_call *call, const char *type, long status, ddbs_buf *out);

/* ---- aws_json.c, aws_form.c: false: a request that is none ------------------------------------------------------- */

bool driver_read_firehose(ddbs_test *test, struct driver_call *call);
bool driver_read_kinesis(ddbs_test *test, struct driver_call *call);
bool driver_read_sqs(ddbs_test *test, struct driver_call *call);
bool driver_read_events(ddbs_test *test, struct driver_call *call);
bool driver_read_mail(ddbs_test *test, struct driver_call *call);
bool driver_read_documents(ddbs_test *test, struct driver_call *call);
bool driver_read_writes(ddbs_test *test, struct driver_call *call);
bool driver_read_sns(ddbs_test *test, struct driver_call *call);
bool driver_read_metrics(ddbs_test *test, struct driver_call *call);
bool driver_read_object(ddbs_test *test, struct driver_call *call);

/* ---- aws_table.c ------------------------------------------------------------------------------------------------- */

/* Answer a call of DynamoDB. */
long driver_call_table(ddbs_test *test, struct driver_call *call, ddbs_buf *out);
#endif
