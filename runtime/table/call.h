/* call.h: one request of the API while it is being answered, and what its handlers share. */
#ifndef TABLE_CALL_H
#define TABLE_CALL_H
#include "condition.h"
#include "projection.h"
#include "store.h"

struct call {
    struct table_db *db;
    struct fault fault;
    struct span body;
    int64_t now_ms;
    ddbs_buf *out; /* gets the answer; whatever a handler wrote before it failed is dropped */
};

/* A handler writes the answer; false with a fault. */
bool call_put_item(struct call *call);
bool call_update_item(struct call *call);
bool call_delete_item(struct call *call);
bool call_get_item(struct call *call);
bool call_batch_get_item(struct call *call);
bool call_batch_write_item(struct call *call);
bool call_transact_write_items(struct call *call);
bool call_transact_get_items(struct call *call);
bool call_query(struct call *call);
bool call_scan(struct call *call);
bool call_create_table(struct call *call);
bool call_delete_table(struct call *call);
bool call_describe_table(struct call *call);
bool call_list_tables(struct call *call);
bool call_update_time_to_live(struct call *call);
bool call_describe_time_to_live(struct call *call);
bool call_list_streams(struct call *call);
bool call_describe_stream(struct call *call);
bool call_get_shard_iterator(struct call *call);
bool call_get_records(struct call *call);

/* ---- Parameters: members of an object of the request, false with a fault in AWS's words ------------------------- */

/* A string; {NULL, 0} when it is absent. */
bool call_text(struct call *call, struct span object, const char *name, ddbs_str *out);

/* A string that must be one of `names`, NULL-terminated; its place, or `absent`. */
bool call_choice(struct call *call, struct span object, const char *name, const char *const *names, size_t absent,
                 size_t *out);

/* A whole number between `min` and `max`; `absent` when there is none. */
bool call_number(struct call *call, struct span object, const char *name, long long min, long long max,
                 long long absent, long long *out);

/* A truth value. */
bool call_flag(struct call *call, struct span object, const char *name, bool absent, bool *out);

/* The name in TableName, which may be an ARN. It must be there. */
bool call_table_name(struct call *call, struct span object, ddbs_str *out);

/* The table of that name. */
bool call_find_table(struct call *call, ddbs_str name, struct table **out);

/* Refuse parameters of the time before expressions, and indexes; `names` is NULL-terminated. */
bool call_refuse(struct call *call, struct span object, const char *const *names);

/* ReturnConsumedCapacity is asked for: 0 no, 1 TOTAL, 2 INDEXES. */
bool call_capacity(struct call *call, size_t *out);

/* ,"ConsumedCapacity":{...} where it is asked for. */
void call_write_capacity(struct call *call, size_t asked, const struct table *table, double units, const char *lead);

/* Capacity units of writing or reading that many bytes. */
double call_write_units(size_t size);
double call_read_units(size_t size, bool consistent);

/* What all parameters refuse that expressions replaced. */
extern const char *const CALL_LEGACY[];
#endif
