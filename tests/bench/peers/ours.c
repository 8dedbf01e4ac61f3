/* ours.c: the library's own rows of the benchmark.
 *
 *     ours MODE CORPUS SECONDS     as peer_main()
 *     ours memory [CORPUS]         kilobytes at the peak: of a process that runs the event, or of one that does nothing
 *
 * Modes: decode (the event is indexed already: ddbs_event_record for each record, one at a time), index
 * (ddbs_event_parse), whole (both), process (all of it through ddbs_process with empty callbacks), bind (the items of
 * corpora.py's "items"), diff (ddbs_diff_record, deep), filter (ddbs_filter_match). */
#include "peer.h"

#include "lib/arena.h"

#include <ddbstream.h>
#include <ddbstream/bind.h>
#include <ddbstream/diff.h>
#include <ddbstream/filter.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ITEMS = 100 };

static struct {
    const char *json;
    size_t len;
    ddbs_arena *index, *records, *kept;
    const ddbs_event *event;
    const ddbs_record **decoded; /* all of them, for bind, diff and filter */
    ddbs_filter *filter;
    void (*pass)(struct record *record);
} ours;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *ptr, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *ptr, size_t size);

void *__wrap_malloc(size_t size)
{
    peer_allocations++;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    peer_allocations++;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *ptr, size_t size)
{
    peer_allocations++;
    return __real_realloc(ptr, size);
}

static void must(ddbs_status status, const char *what)
{
    if (status != DDBS_OK)
        peer_fail(what);
}

/* ---- The checksum: what was decoded, as nodes ---- */

static struct text text_of(ddbs_str view)
{
    return (struct text){ view.ptr, view.len };
}

static void note_value(struct record *record, struct text name, const ddbs_value *value);

static void note_item(struct record *record, const ddbs_item *item)
{
    ddbs_str name;
    ddbs_iter it = ddbs_iter_item(item);
    for (const ddbs_value *value; (value = ddbs_iter_attr(&it, &name)) != NULL;)
        note_value(record, text_of(name), value);
}

static void note_elements(struct record *record, const ddbs_value *list)
{
    ddbs_iter it = ddbs_iter_list(list);
    for (const ddbs_value *value; (value = ddbs_iter_next(&it)) != NULL;)
        note_value(record, (struct text){ NULL, 0 }, value);
}

static void note_scalar(struct node *node, const ddbs_value *value)
{
    ddbs_str str;
    ddbs_num num;
    ddbs_bytes bytes;
    bool flag;
    if (ddbs_value_str(value, &str) == DDBS_OK)
        node->value = text_of(str);
    else if (ddbs_value_num(value, &num) == DDBS_OK)
        node->value = (struct text){ num.ptr, num.len };
    else if (ddbs_value_bytes(value, &bytes) == DDBS_OK)
        node->value = (struct text){ (const char *)bytes.ptr, bytes.len };
    else if (ddbs_value_bool(value, &flag) == DDBS_OK)
        node->count = flag;
}

static void note_value(struct record *record, struct text name, const ddbs_value *value)
{
    const ddbs_item *item;
    const char *tag = ddbs_type_name(ddbs_value_type(value));
    enum kind kind = kind_of(tag, strlen(tag));
    note_scalar(node_add(record, kind, name), value);
    if (ddbs_value_item(value, &item) == DDBS_OK)
        note_item(record, item);
    else if (kind >= KIND_L)
        note_elements(record, value);
}

static void note_record(struct record *record, const ddbs_record *rec)
{
    record->head = (struct head){
        .text = { text_of(rec->event_id), text_of(rec->event_name), text_of(rec->stream_arn), text_of(rec->region),
                  text_of(rec->sequence_number), text_of(rec->view_name) },
        .created = rec->created_ns / 1000000000,
        .size = rec->size_bytes,
    };
    note_item(record, rec->keys);
    note_item(record, rec->new_image);
    note_item(record, rec->old_image);
}

/* ---- Passes ---- */

static void decode_all(struct record *record)
{
    size_t count = ddbs_event_count(ours.event);
    for (size_t i = 0; i < count; i++) {
        const ddbs_record *rec;
        ddbs_arena_reset(ours.records);
        must(ddbs_event_record(ours.event, i, ours.records, &rec, NULL), "a record does not decode");
        if (record->tally != NULL)
            note_record(record, rec);
        record_done(record);
    }
}

static void index_event(struct record *record)
{
    (void)record;
    ddbs_arena_reset(ours.index);
    must(ddbs_event_parse(ours.index, ours.json, ours.len, NULL, &ours.event, NULL), "the event is refused");
}

static void index_and_decode(struct record *record)
{
    index_event(record);
    decode_all(record);
}

static ddbs_status accept_record(ddbs_ctx *ctx, const ddbs_record *rec)
{
    (void)rec;
    struct record *record = ddbs_ctx_user(ctx);
    if (record->tally != NULL)
        note_record(record, rec);
    record_done(record);
    return DDBS_OK;
}

static void process_event(struct record *record)
{
    ddbs_outcome outcome;
    const ddbs_consumer consumer = { .on_any = accept_record, .user = record };
    index_event(record);
    must(ddbs_process(ours.event, &consumer, NULL, ours.index, &outcome), "the event fails");
}

struct address {
    ddbs_str street, city;
};
struct order {
    ddbs_str id, customer, state, currency, created, note;
    int64_t total;
    uint32_t pieces;
    double weight;
    bool gift;
    struct {
        ddbs_str *ptr;
        size_t count;
    } tags;
    struct address address;
};

static const ddbs_schema address_schema =
    DDBS_SCHEMA(struct address, DDBS_FIELD(struct address, street), DDBS_FIELD(struct address, city));
static const ddbs_schema order_schema = DDBS_SCHEMA(
    struct order, DDBS_FIELD(struct order, id), DDBS_FIELD(struct order, customer), DDBS_FIELD(struct order, state),
    DDBS_FIELD(struct order, currency), DDBS_FIELD(struct order, created), DDBS_SCALED(struct order, total, 2),
    DDBS_FIELD(struct order, pieces), DDBS_FIELD(struct order, weight), DDBS_FIELD(struct order, gift),
    DDBS_FIELD(struct order, note), DDBS_SET(struct order, tags), DDBS_NESTED(struct order, address, address_schema));

/* Each item of the list as a struct. What bind allocates is given back. */
static void bind_items(struct record *record)
{
    struct arena_mark mark = ddbs_arena__mark(ours.kept);
    const ddbs_item *image = ours.decoded[0]->new_image, *item;
    ddbs_iter it = ddbs_iter_list(ddbs_item_find(image, ddbs_str_c("items")));
    size_t count = 0;
    (void)record;
    for (const ddbs_value *value; (value = ddbs_iter_next(&it)) != NULL; count++) {
        struct order order;
        must(ddbs_value_get(value, &item), "no item");
        must(ddbs_bind(&order_schema, item, &order, NULL), "an item does not bind");
    }
    if (count != ITEMS)
        peer_fail("the corpus has other items");
    ddbs_arena__release(ours.kept, mark);
}

static void diff_images(struct record *record)
{
    (void)record;
    for (size_t i = 0; i < ddbs_event_count(ours.event); i++) {
        struct arena_mark mark = ddbs_arena__mark(ours.kept);
        ddbs_diff diff;
        must(ddbs_diff_record(ours.decoded[i], true, &diff), "no differences");
        ddbs_arena__release(ours.kept, mark);
    }
}

static void filter_records(struct record *record)
{
    size_t passed = 0, count = ddbs_event_count(ours.event);
    (void)record;
    for (size_t i = 0; i < count; i++) {
        bool passes;
        must(ddbs_filter_match(ours.filter, ours.decoded[i], &passes), "no match");
        passed += passes;
    }
    if (passed != count)
        peer_fail("the filter is wrong");
}

/* ---- What harness and main() need ---- */

static const struct mode {
    const char *name;
    void (*pass)(struct record *record);
} modes[] = {
    { "decode", decode_all }, { "index", index_event }, { "whole", index_and_decode }, { "process", process_event },
    { "bind", bind_items },   { "diff", diff_images },  { "filter", filter_records },
};

static void choose_mode(const char *name)
{
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        if (strcmp(name, modes[i].name) == 0)
            ours.pass = modes[i].pass;
    }
    if (ours.pass == NULL)
        peer_fail("no such mode");
}

static void decode_and_keep(void)
{
    size_t count = ddbs_event_count(ours.event);
    ours.decoded = calloc(count, sizeof(const ddbs_record *));
    if (ours.decoded == NULL)
        peer_fail("out of memory");
    for (size_t i = 0; i < count; i++)
        must(ddbs_event_record(ours.event, i, ours.kept, &ours.decoded[i], NULL), "a record does not decode");
}

void peer_open(const char *json, size_t len)
{
    ddbs_str pattern = ddbs_str_c("{\"eventName\":[\"MODIFY\"],\"dynamodb\":{\"NewImage\":{\"status\":{\"S\":"
                                  "[\"SHIPPED\"]},\"currency\":{\"S\":[{\"prefix\":\"E\"}]}}}}");
    ours.json = json;
    ours.len = len;
    must(ddbs_arena_new(&ours.index, 0), "out of memory");
    must(ddbs_arena_new(&ours.records, 0), "out of memory");
    must(ddbs_arena_new(&ours.kept, 0), "out of memory");
    must(ddbs_filter_new_patterns(&ours.filter, &pattern, 1, NULL), "the pattern is refused");
    index_event(NULL);
    if (ours.pass == bind_items || ours.pass == diff_images || ours.pass == filter_records)
        decode_and_keep();
}

void peer_pass(struct record *record)
{
    ours.pass(record);
}

/* The highest resident memory so far. Not getrusage(): that keeps what the parent had at the fork. */
static long peak_kilobytes(void)
{
    char line[128];
    long peak = -1;
    FILE *status = fopen("/proc/self/status", "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL) {
        if (strncmp(line, "VmHWM:", 6) == 0)
            peak = strtol(line + 6, NULL, 10);
    }
    if (status != NULL)
        fclose(status);
    return peak;
}

static ddbs_status accept_quietly(ddbs_ctx *ctx, const ddbs_record *rec)
{
    (void)ctx, (void)rec;
    return DDBS_OK;
}

/* One event as the runtime has it: the payload, and one arena for its index and the record at hand. */
static int measure_memory(const char *path)
{
    const ddbs_consumer consumer = { .on_any = accept_quietly };
    ddbs_outcome outcome;
    if (path != NULL) {
        ours.json = peer_read(path, &ours.len);
        must(ddbs_arena_new(&ours.index, 0), "out of memory");
        index_event(NULL);
        must(ddbs_process(ours.event, &consumer, NULL, ours.index, &outcome), "the event fails");
    }
    printf("%ld\n", peak_kilobytes());
    return 0;
}

int main(int argc, char **argv)
{
    if (argc >= 2 && argc <= 3 && strcmp(argv[1], "memory") == 0)
        return measure_memory(argc == 3 ? argv[2] : NULL);
    if (argc != 4)
        peer_fail("ours MODE CORPUS SECONDS");
    choose_mode(argv[1]);
    peer_allocations = 0;
    return peer_main(argc - 1, argv + 1);
}
