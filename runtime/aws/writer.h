/* writer.h: what a batch writer holds. queue.c keeps its entries and packs them into requests, writer.c sends and
 * settles, services.c is the table of services, put_*.c make entries of what users put. */
#ifndef AWS_WRITER_H
#define AWS_WRITER_H
#include "lib/context.h"
#include "runtime/aws/client.h"
#include "runtime/aws/result.h"

enum { DDBS_WRITER_PARALLEL = 4, DDBS_WRITER_TEXTS = 4 };

enum ddbs_entry_state { DDBS_ENTRY_WAITING, DDBS_ENTRY_STORED, DDBS_ENTRY_REFUSED };

/* One thing to be stored, written for the wire as far as that does not depend on its place in a request. */
struct ddbs_queued {
    ddbs_str text;
    ddbs_str key;     /* the order key; {NULL, 0}: none */
    size_t place;     /* the record that it belongs to, as ddbs_ctx_commit() counts */
    size_t record;    /* in whose callback it was put; DDBS_NOWHERE: in none */
    size_t weight;    /* bytes as the service counts them */
    uint64_t version; /* of the document that it is; 0: none */
    size_t last;      /* the entry that overwrites it, mostly itself */
    size_t together;  /* most entries of a request that it may be in; 0: as many as fit */
    uint32_t tries;
    enum ddbs_entry_state state;
};

/* A request in the making: a run of `line`, which holds the numbers of entries. */
struct ddbs_parcel {
    size_t begin, count;
};

/* Room for what varies. */
struct ddbs_address {
    char path[1280], host[80];
    char lines[4][128];
    const char *headers[4];
};

struct ddbs_service {
    const char *name;      /* for errors */
    const char *operation; /* likewise */
    const char *signing, *host, *target, *type, *method, *path;
    size_t entries_max; /* of a request */
    size_t bytes_max;   /* of a request's entries, by their weight */
    size_t bytes_most;  /* what tuning may raise that to; 0: not at all */
    bool last_wins;     /* an entry overwrites earlier ones of its key, but none with a higher version */
    bool one_place;     /* a request holds the entries of one record */
    bool in_order;      /* one request after the other */
    void (*write)(const ddbs_writer *writer, const struct ddbs_parcel *parcel, ddbs_buf *body);
    /* What varies from request to request, its body being written; NULL: nothing. False: an address is too long. */
    bool (*address)(const ddbs_writer *writer, const struct ddbs_parcel *parcel, ddbs_aws_request *request,
                    struct ddbs_address *room);
    ddbs_result_fn *read;         /* a 2xx reply */
    ddbs_result_fn *read_failure; /* another one; leaves all NONE where it does not know either. NULL: none */
};

extern const struct ddbs_service ddbs_service__firehose, ddbs_service__kinesis, ddbs_service__sqs, ddbs_service__sns,
    ddbs_service__eventbridge, ddbs_service__dynamodb, ddbs_service__transact, ddbs_service__s3,
    ddbs_service__cloudwatch, ddbs_service__ses, ddbs_service__opensearch, ddbs_service__opensearch_serverless;

struct ddbs_writer {
    struct ddbs_part part; /* first: the part is the writer */
    ddbs_aws *aws;
    const struct ddbs_service *service;
    ddbs_writer_tuning tuning;      /* no zero but in strict_order */
    char *texts[DDBS_WRITER_TEXTS]; /* of the options, owned */
    bool flags[2];                  /* likewise */
    size_t at;                      /* where entries belong outside a record's callback */

    ddbs_arena *arena; /* texts and keys of the entries */
    struct ddbs_queued *entries;
    size_t count, capacity;
    size_t first;                 /* entries before it are settled */
    size_t open_place;            /* first place that a flush left open; SIZE_MAX: none */
    size_t new_count, new_weight; /* put since requests were sent early */
    ddbs_buf scratch;             /* where the next entry is written */
    uint64_t version;             /* of the next entry; 0: none */

    size_t *line; /* numbers of waiting entries, in order */
    size_t line_capacity;
    struct ddbs_parcel parcels[DDBS_AWS_PARALLEL_MAX];
    size_t parcel_count;
    size_t *table; /* entries by their keys, open addressing; SIZE_MAX: free */
    size_t table_size;

    char code[DDBS_AWS_WHY_MAX]; /* of the last failure */
    ddbs_aws_fault fault;
    int64_t retry_after_ms;
    bool out_of_time;
    bool any_refused;
    ddbs_writer_counts counts;
};

/* ---- queue.c ---- */

/* Append an entry, put in the callback of `record`; its text is in `scratch`. */
ddbs_status ddbs_queue__add(ddbs_writer *writer, size_t place, size_t record, size_t weight, ddbs_str key);

/* Drop all entries, or those that are not stored of places from `end` and of records from `records` on. */
void ddbs_queue__clear(ddbs_writer *writer);
void ddbs_queue__drop_from(ddbs_writer *writer, size_t end, size_t records);

/* Find for each waiting entry of a place below `end` the one that overwrites it. False: no memory. */
bool ddbs_queue__find_last(ddbs_writer *writer, size_t end);

/* Pack waiting entries of places below `end` into up to tuning.parallel parcels: in order, each as full as it gets, and
 * no two with entries of one order key. `full_only` leaves out the last one where more entries could join it. */
void ddbs_queue__pack(ddbs_writer *writer, size_t end, bool full_only);

/* The first place that is not stored; SIZE_MAX: none. And the first that is refused. */
size_t ddbs_queue__open(const ddbs_writer *writer);
size_t ddbs_queue__refused(const ddbs_writer *writer);

/* Count as stored what an entry that is stored has overwritten, and forget everything where nothing waits. */
void ddbs_queue__settle(ddbs_writer *writer);

/* ---- writer.c ---- */

/* A writer of a service; `texts` are copied, NULL ones stay NULL. */
ddbs_status ddbs_writer__make(ddbs_writer **out, ddbs_aws *aws, const struct ddbs_service *service,
                              const ddbs_writer_tuning *tuning, const char *const texts[DDBS_WRITER_TEXTS],
                              ddbs_error *error);

/* Before an entry: whether it may be put. Empties `scratch`. */
ddbs_status ddbs_writer__begin(ddbs_writer *writer, ddbs_ctx *ctx, const struct ddbs_service *service);

/* The place of what is put now. */
size_t ddbs_writer__place(const ddbs_writer *writer, const ddbs_ctx *ctx);

/* The entry that `scratch` holds. Sends full requests of records that are done. */
ddbs_status ddbs_writer__put(ddbs_writer *writer, ddbs_ctx *ctx, size_t weight, ddbs_str key);

/* An option that is needed. */
ddbs_status ddbs_writer__need(const char *text, const char *what, ddbs_error *error);

static inline const struct ddbs_queued *ddbs_parcel__entry(const ddbs_writer *writer, const struct ddbs_parcel *parcel,
                                                           size_t at)
{
    return &writer->entries[writer->line[parcel->begin + at]];
}
#endif
