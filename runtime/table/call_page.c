/* call_page.c: Query and Scan: a page of items, in order, through a filter. */
#include "call.h"
#include "key_condition.h"
#include "lib/arena.h"
#include "lib/buf.h"

#include <string.h>

enum { PAGE_BYTES_MAX = 1024 * 1024, SEGMENTS_MAX = 1000000 };

struct page {
    struct table *table;
    const struct condition *filter; /* or NULL */
    struct projection room;
    const struct projection *projection; /* &room, or NULL */
    long long limit;                     /* items looked at; 0: none */
    size_t select;
    bool consistent;
    size_t capacity;
    bool starts; /* ExclusiveStartKey is given */
    struct key start;
    size_t count, scanned, bytes;
    const struct entry *last; /* not NULL: the page was cut behind it */
};

enum { SELECT_COUNT = 3 };
static const char *const SELECTS[] = { "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES", "SPECIFIC_ATTRIBUTES", "COUNT",
                                       NULL };

/* ---- Parameters -------------------------------------------------------------------------------------------------- */

static bool read_start(struct call *call, struct page *page)
{
    struct span span = span_member(call->body, "ExclusiveStartKey");
    const ddbs_item *item;
    if (span.ptr == NULL)
        return true;
    page->starts = true;
    if (item_read(span, &call->fault, &item) && key_of_key(&page->table->schema, item, &call->fault, &page->start))
        return true;
    if (call->fault.type != NULL && strcmp(call->fault.type, FAULT_VALIDATION) == 0)
        call->fault.text = fault_text(&call->fault, "The provided starting key is invalid: %s", call->fault.text);
    return false;
}

/* AWS refuses a filter on the key in a Query: the key is what the key condition is for. */
static bool check_filter(struct call *call, const struct page *page)
{
    for (size_t i = 0; page->filter != NULL && i < page->filter->count; i++) {
        const struct condition_node *node = &page->filter->nodes[i];
        for (size_t k = 0; k < node->count; k++) {
            const struct expr_path *path = node->operands[k].path;
            if (path == NULL)
                continue;
            for (size_t p = 0; p < page->table->schema.count; p++) {
                const char *part = page->table->schema.parts[p].name;
                if (path->steps[0].name.len == strlen(part) && memcmp(path->steps[0].name.ptr, part, strlen(part)) == 0)
                    return fault_invalid(&call->fault,
                                         "Filter Expression can only contain non-primary key attributes:"
                                         " Primary key attribute: %s",
                                         part);
            }
        }
    }
    return true;
}

static bool read_expressions(struct call *call, struct page *page, const struct condition **key)
{
    struct expr_scope scope;
    ddbs_str filter, projection, condition = { NULL, 0 };
    struct span names = span_member(call->body, "ExpressionAttributeNames");
    struct span values = span_member(call->body, "ExpressionAttributeValues");
    if (!call_text(call, call->body, "FilterExpression", &filter) ||
        !call_text(call, call->body, "ProjectionExpression", &projection) ||
        (key != NULL && !call_text(call, call->body, "KeyConditionExpression", &condition)))
        return false;
    if (filter.ptr == NULL && projection.ptr == NULL && condition.ptr == NULL && names.ptr != NULL)
        return fault_invalid(&call->fault, "ExpressionAttributeNames can only be specified when using expressions");
    if (filter.ptr == NULL && condition.ptr == NULL && values.ptr != NULL)
        return fault_invalid(&call->fault,
                             "ExpressionAttributeValues can only be specified when using expressions: %s null",
                             key == NULL ? "FilterExpression is" : "FilterExpression and KeyConditionExpression are");
    if (key != NULL && condition.ptr == NULL)
        return fault_invalid(&call->fault, "Either the KeyConditions or KeyConditionExpression parameter must be "
                                           "specified in the request.");
    if (!expr_scope_open(&scope, names, values, &call->fault))
        return false;
    if (condition.ptr != NULL && !condition_read(&scope, "KeyConditionExpression", condition, key))
        return false;
    if (filter.ptr != NULL && !condition_read(&scope, "FilterExpression", filter, &page->filter))
        return false;
    if (projection.ptr != NULL && !projection_read(&scope, projection, &page->room))
        return false;
    page->projection = projection.ptr == NULL ? NULL : &page->room;
    return expr_scope_close(&scope);
}

static bool refuse_index(struct call *call)
{
    ddbs_str name;
    if (!call_text(call, call->body, "IndexName", &name))
        return false;
    return name.ptr == NULL || fault_invalid(&call->fault, "The table does not have the specified index: %s", name.ptr);
}

static bool read_page(struct call *call, struct page *page, const struct condition **key)
{
    ddbs_str name;
    return call_table_name(call, call->body, &name) && call_refuse(call, call->body, CALL_LEGACY) &&
           call_number(call, call->body, "Limit", 1, INT32_MAX, 0, &page->limit) &&
           call_choice(call, call->body, "Select", SELECTS, 0, &page->select) &&
           call_flag(call, call->body, "ConsistentRead", false, &page->consistent) &&
           call_capacity(call, &page->capacity) && read_expressions(call, page, key) &&
           call_find_table(call, name, &page->table) && refuse_index(call) && read_start(call, page);
}

/* ---- Pages ------------------------------------------------------------------------------------------------------- */

static bool add_item(struct call *call, struct page *page, const struct entry *entry)
{
    bool holds = true;
    const ddbs_item *item = item_load(entry->text, entry->len, call->fault.arena);
    if (item == NULL)
        return fault_memory(&call->fault);
    page->scanned++;
    page->bytes += entry->size;
    if (page->filter != NULL && !condition_holds(page->filter, item, &call->fault, &holds))
        return false;
    if (!holds)
        return true;
    if (page->select != SELECT_COUNT) {
        ddbs_buf__text(call->out, page->count == 0 ? "" : ",");
        if (!projection_write(page->projection, item, &call->fault, call->out, NULL))
            return false;
    }
    page->count++;
    return true;
}

/* Add an item; `*full` gets whether the page ends behind it. What the item needs is given back: a page may look at
 * more than it answers. */
static bool take_entry(struct call *call, struct page *page, const struct entry *entry, bool *full)
{
    struct arena_mark mark = ddbs_arena__mark(call->fault.arena);
    if (!add_item(call, page, entry))
        return false;
    ddbs_arena__release(call->fault.arena, mark);
    *full = (page->limit > 0 && page->scanned == (size_t)page->limit) || page->bytes >= PAGE_BYTES_MAX;
    if (*full)
        page->last = entry;
    return true;
}

static void open_page(struct call *call, const struct page *page)
{
    ddbs_buf__text(call->out, page->select == SELECT_COUNT ? "{" : "{\"Items\":[");
}

static bool close_page(struct call *call, const struct page *page)
{
    ddbs_buf__text(call->out, page->select == SELECT_COUNT ? "" : "],");
    ddbs_buf__format(call->out, "\"Count\":%zu,\"ScannedCount\":%zu", page->count, page->scanned);
    if (page->last != NULL) {
        const ddbs_item *item = item_load(page->last->text, page->last->len, call->fault.arena);
        if (item == NULL)
            return fault_memory(&call->fault);
        ddbs_buf__text(call->out, ",\"LastEvaluatedKey\":");
        key_write(&page->table->schema, item, call->out);
    }
    call_write_capacity(call, page->capacity, page->table, call_read_units(page->bytes, page->consistent),
                        ",\"ConsumedCapacity\":");
    ddbs_buf__text(call->out, "}");
    return true;
}

/* ---- Query ------------------------------------------------------------------------------------------------------- */

static bool in_range(const struct key_range *range, const struct key *key)
{
    int low = index_compare(key, &range->low), high = index_compare(key, &range->high);
    return low >= (range->low_open ? 1 : 0) && high <= (range->high_open ? -1 : 0);
}

/* Where a Query begins: behind the start key, or at the bound that it comes to first. */
static const struct entry *first_of(const struct page *page, const struct key_range *range, bool forward)
{
    const struct index *index = &page->table->index;
    if (page->starts)
        return forward ? index_from(index, &page->start, true) : index_before(index, &page->start, false);
    return forward ? index_from(index, &range->low, range->low_open)
                   : index_before(index, &range->high, !range->high_open);
}

static bool run_query(struct call *call, struct page *page, const struct key_range *range, bool forward)
{
    const struct entry *entry = first_of(page, range, forward);
    bool full = false;
    while (!full && entry != NULL && in_range(range, &entry->key)) {
        if (!take_entry(call, page, entry, &full))
            return false;
        entry = forward ? entry->next[0] : index_before(&page->table->index, &entry->key, false);
    }
    return true;
}

static bool check_start(struct call *call, const struct page *page, const struct key_range *range)
{
    if (!page->starts || in_range(range, &page->start))
        return true;
    return fault_invalid(&call->fault,
                         page->start.partition_len == range->low.partition_len &&
                                 memcmp(page->start.bytes, range->low.bytes, range->low.partition_len) == 0
                             ? "The provided starting key does not match the range key predicate"
                             : "The provided starting key is outside query boundaries based on provided "
                               "conditions");
}

bool call_query(struct call *call)
{
    struct page page = { .limit = 0 };
    const struct condition *key;
    struct key_range range;
    bool forward;
    if (!read_page(call, &page, &key) || !call_flag(call, call->body, "ScanIndexForward", true, &forward) ||
        !key_condition_range(key, &page.table->schema, &call->fault, &range) || !check_filter(call, &page) ||
        !check_start(call, &page, &range))
        return false;
    open_page(call, &page);
    return run_query(call, &page, &range, forward) && close_page(call, &page);
}

/* ---- Scan -------------------------------------------------------------------------------------------------------- */

static bool read_segment(struct call *call, long long *segment, long long *total)
{
    if (!call_number(call, call->body, "TotalSegments", 1, SEGMENTS_MAX, 0, total) ||
        !call_number(call, call->body, "Segment", 0, SEGMENTS_MAX - 1, -1, segment))
        return false;
    if (*segment >= 0 && *total == 0)
        return fault_invalid(&call->fault, "The TotalSegments parameter is required but was not present in the "
                                           "request when Segment parameter is present");
    if (*segment < 0 && *total > 0)
        return fault_invalid(&call->fault, "The Segment parameter is required but was not present in the request when "
                                           "parameter TotalSegments is present");
    return *segment < *total || *total == 0 ||
           fault_invalid(&call->fault,
                         "The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: "
                         "%lld is not less than TotalSegments: %lld",
                         *segment, *total);
}

bool call_scan(struct call *call)
{
    struct page page = { .limit = 0 };
    long long segment, total;
    bool full = false;
    if (!read_page(call, &page, NULL) || !read_segment(call, &segment, &total))
        return false;
    uint64_t slice = total == 0 ? UINT64_C(1) << 32 : ((UINT64_C(1) << 32) + (uint64_t)total - 1) / (uint64_t)total;
    uint64_t low = total == 0 ? 0 : slice * (uint64_t)segment, high = low + slice;
    struct key begin = { .bytes = (const unsigned char *)"", .hash = (uint32_t)low };
    const struct entry *entry = page.starts        ? index_from(&page.table->index, &page.start, true)
                                : low > UINT32_MAX ? NULL
                                                   : index_from(&page.table->index, &begin, false);
    open_page(call, &page);
    for (; !full && entry != NULL && entry->key.hash < high; entry = entry->next[0]) {
        if (!take_entry(call, &page, entry, &full))
            return false;
    }
    return close_page(call, &page);
}
