/* driver.h: what the files of the test driver share. See ddbstream/test.h for what it is.
 *
 *   driver.c     settings, life, failures        table.c    writes, and the records that they make
 *   stream.c     records as a mapping reads them replay.c   records from files
 *   callbacks.c  the handler behind its faults   invoke.c   one invocation, from event to answer
 *   run.c        time: what the mapping wants    results.c  what came of it
 *   starve.c     one allocation after the other fails
 *   aws*.c       calls of AWS, see aws.h            lost.c     what a lost process held
 *
 * The mapping is told the truth about every invocation, as AWS would be: nothing here decides what comes next. */
#ifndef TEST_DRIVER_H
#define TEST_DRIVER_H
#include "lib/buf.h"
#include "runtime/lambda/verdict.h"
#include "runtime/mapping/esm.h"
#include "runtime/mapping/failure.h"
#include "runtime/table/table.h"
#include "runtime/test/aws.h"

#include <ddbstream/test.h>
#include <setjmp.h>

enum { DRIVER_SHARD_ID_SIZE = 40 };

/* A record of the stream. */
struct driver_record {
    char *json; /* malloc's */
    size_t len;
    char sequence[DDBS_SEQUENCE_MAX + 1];
    int64_t created_ms;
    ddbs_test_fate fate;
    size_t calls;
};

struct driver_shard {
    char id[DRIVER_SHARD_ID_SIZE];
    size_t *numbers; /* of its records */
    size_t count, capacity;
    size_t given; /* the mapping has read so many */
    bool window_open;
};

/* A callback, or a moment between two, that goes wrong. */
struct driver_fault {
    ddbs_test_fault fault;
    uint32_t left; /* SIZE_MAX where times is 0 */
};

/* A delivery as it is told, and what holds its texts. */
struct driver_delivery {
    ddbs_test_delivery told;
    size_t *records;
    char request_id[MAPPING_ID_SIZE];
    ddbs_buf event, answer, message, failing, state;
};

struct driver_discard {
    ddbs_test_discard told;
    size_t *records;
    ddbs_buf message;
    char object_key[MAPPING_KEY_SIZE];
};

/* An invocation whose answer is on its way. */
struct driver_flight {
    bool busy;
    size_t ticket;
    size_t delivery;
    int64_t ends_ms;
    enum mapping_end end;
};

/* A consumer whose callbacks are the driver's; ddbs_ctx_user() is that of the original. */
struct driver_consumer {
    ddbs_consumer consumer; /* first: ddbs_ctx knows only this */
    const ddbs_consumer *original;
};

enum driver_life { DRIVER_ALIVE, DRIVER_CRASHED, DRIVER_TIMED_OUT };

/* A growing array: realloc's. False when memory is exhausted. */
bool driver_grow(void *array, size_t *capacity, size_t count, size_t size);

struct ddbs_test {
    ddbs_status status;
    char reason[DDBS_ERROR_REASON_MAX + DDBS_ERROR_PATH_MAX + 8];

    struct esm esm;
    struct mapping *mapping;
    ddbs_lambda_options lambda;
    ddbs_report report;
    int64_t timeout_ms;
    char *key_names;
    const char *view;

    struct driver_consumer consumer;
    struct driver_consumer *routes;
    ddbs_route *route_list;
    bool started;

    int64_t begin_ms, now_ms;
    bool clock_set; /* by options, or a first record: it no longer moves to the first record */

    struct table_db *db;
    char table[DRIVER_TABLE_SIZE];
    bool table_made;
    uint64_t drained; /* position of the last record taken from the table's stream */
    ddbs_arena *scratch;

    struct driver_record *records;
    size_t record_count, record_capacity;
    struct driver_shard *shards;
    size_t shard_count, shard_capacity;
    char partition_key[256];
    size_t given; /* records that the mapping has read */

    struct driver_fault *faults;
    size_t fault_count, fault_capacity;
    size_t starve; /* bytes for the first try of every delivery; 0: as many as it wants */
    size_t starved;

    /* The invocation at hand. */
    ddbs_arena *arena;
    struct ddbs_ledger ledger;
    struct ddbs_attempt attempts[DDBS_ATTEMPTS_MAX];
    enum driver_life life;
    bool in_callback;
    bool in_invocation;
    jmp_buf jump;
    const void *frame; /* where it goes to: what lies between is lost by it */
    int64_t spent_ms;
    const size_t *at_hand; /* numbers of its records */

    struct driver_flight *flights;
    size_t flight_capacity;
    struct driver_delivery **deliveries; /* pointers: a told one stays where it is */
    size_t delivery_count, delivery_capacity;
    size_t settled;
    struct driver_discard **discards;
    size_t discard_count, discard_capacity;
    ddbs_buf story, log;

    struct driver_aws aws;
};

/* Note the first failure of a call; returns the status of the driver. */
ddbs_status driver_fail(ddbs_test *test, ddbs_status status, const char *format, ...) DDBS_PRINTF(3, 4);

/* ---- stream.c ---------------------------------------------------------------------------------------------------- */

/* Add a record to a shard: its JSON object, white space around it allowed. */
ddbs_status driver_add(ddbs_test *test, size_t shard, const char *json, size_t len);
bool driver_add_shard(ddbs_test *test);
size_t driver_number(const ddbs_test *test, size_t shard, const struct mapping_record *record);
struct driver_record *driver_record(const ddbs_test *test, size_t number);
struct mapping_source driver_source(ddbs_test *test);

/* ---- replay.c ---------------------------------------------------------------------------------------------------- */

/* The content of a file, unpacked if it is gzip, with a NUL behind it; free() it. NULL after a driver_fail(). */
char *driver_read_file(ddbs_test *test, const char *path, size_t *len);

/* ---- table.c ----------------------------------------------------------------------------------------------------- */

/* One call of the API. What it refuses is a failure of the driver, in AWS's words. */
ddbs_status driver_request(ddbs_test *test, struct table_db *db, const char *operation, ddbs_buf *body);

/* Take what the table's stream has, behind what was taken. */
ddbs_status driver_drain(ddbs_test *test);

/* Time for tables, which must not go back. */
int64_t driver_table_now(ddbs_test *test);

/* An item of plain JSON, in an arena. False after a driver_fail(). */
bool driver_read_item(ddbs_test *test, const char *json, ddbs_arena *arena, const ddbs_item **out);

/* ---- lost.c ------------------------------------------------------------------------------------------------------ */

/* Before a jump to `frame`. */
void driver_lose_frames(const void *frame);

/* Between these nothing is allocated that anybody is meant to give back. */
void driver_begin_process(void);
void driver_end_process(void);

/* ---- callbacks.c ------------------------------------------------------------------------------------------------- */

/* Put the driver's callbacks in the place of the consumer's. False when memory is exhausted. */
bool driver_wrap(ddbs_test *test, const ddbs_consumer *consumer);

/* A fault of this kind for one of the records at hand; NULL: there is none. It is then used up once. */
const ddbs_test_fault *driver_fault(ddbs_test *test, ddbs_test_fault_kind kind, const size_t *records, size_t count);

/* The same for a call of AWS. */
const ddbs_test_fault *driver_call_fault(ddbs_test *test, ddbs_test_fault_kind kind, const struct driver_call *call);

/* ---- invoke.c ---------------------------------------------------------------------------------------------------- */

/* Call on_start; a failure is the driver's. */
ddbs_status driver_start(ddbs_test *test, ddbs_error *error);
void driver_stop(ddbs_test *test);

/* Run the function for a delivery: fills `out`; what the mapping is told of it. */
enum mapping_end driver_invoke(ddbs_test *test, const struct mapping_delivery *delivery, struct driver_delivery *out);

/* ---- run.c, results.c -------------------------------------------------------------------------------------------- */

struct mapping_host driver_host(ddbs_test *test);
void driver_tell(ddbs_test *test, const char *format, ...) DDBS_PRINTF(2, 3); /* another word of the story */
void driver_tell_records(ddbs_test *test, char open, const size_t *records, size_t count, char close);
void driver_free_results(ddbs_test *test);
#endif
