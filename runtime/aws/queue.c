/* queue.c: the entries of a writer, and how they are packed into requests. Pure: no clock, no socket. */
#include "lib/arena.h"
#include "runtime/aws/writer.h"

#include <stdlib.h>
#include <string.h>

enum { ENTRIES_AT_FIRST = 64, TABLE_AT_FIRST = 64 };

/* ---- Entries ---- */

static bool grow(ddbs_writer *writer)
{
    if (writer->count < writer->capacity)
        return true;
    size_t capacity = writer->capacity == 0 ? ENTRIES_AT_FIRST : writer->capacity * 2;
    struct ddbs_queued *entries = realloc(writer->entries, capacity * sizeof *entries);
    if (entries == NULL)
        return false;
    writer->entries = entries;
    writer->capacity = capacity;
    return true;
}

static bool keep(ddbs_writer *writer, ddbs_str text, ddbs_str *out)
{
    char *copy = ddbs_arena__alloc(writer->arena, text.len + 1);
    if (copy == NULL)
        return false;
    if (text.len > 0)
        memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    *out = (ddbs_str){ copy, text.len };
    return true;
}

ddbs_status ddbs_queue__add(ddbs_writer *writer, size_t place, size_t record, size_t weight, ddbs_str key)
{
    struct ddbs_queued entry = {
        .place = place, .record = record, .weight = weight, .version = writer->version, .last = writer->count
    };
    ddbs_str text = { writer->scratch.ptr, writer->scratch.len };
    if (!grow(writer) || !keep(writer, text, &entry.text) || (key.ptr != NULL && !keep(writer, key, &entry.key)))
        return DDBS_E_MEMORY;
    writer->entries[writer->count++] = entry;
    writer->counts.entries++;
    return DDBS_OK;
}

void ddbs_queue__clear(ddbs_writer *writer)
{
    writer->count = writer->first = 0;
    writer->new_count = writer->new_weight = 0;
    ddbs_arena_reset(writer->arena);
}

void ddbs_queue__drop_from(ddbs_writer *writer, size_t end, size_t records)
{
    size_t kept = 0;
    for (size_t i = 0; i < writer->count; i++) {
        const struct ddbs_queued *entry = &writer->entries[i];
        bool stays = entry->place < end && (entry->record == DDBS_NOWHERE || entry->record < records);
        if (stays || entry->state == DDBS_ENTRY_STORED) {
            writer->entries[kept] = *entry;
            writer->entries[kept].last = kept;
            kept++;
        }
    }
    writer->count = kept;
    writer->first = 0;
}

/* Whether an entry waits for the one that overwrites it. */
static bool is_overwritten(const ddbs_writer *writer, size_t at)
{
    return writer->entries[at].last != at;
}

/* What became of an entry: of the one that is written in its place, in the end. */
static enum ddbs_entry_state state_of(const ddbs_writer *writer, size_t at)
{
    while (writer->entries[at].state == DDBS_ENTRY_WAITING && is_overwritten(writer, at))
        at = writer->entries[at].last;
    return writer->entries[at].state;
}

size_t ddbs_queue__open(const ddbs_writer *writer)
{
    size_t first = SIZE_MAX;
    for (size_t i = writer->first; i < writer->count; i++) {
        if (writer->entries[i].place < first && state_of(writer, i) != DDBS_ENTRY_STORED)
            first = writer->entries[i].place;
    }
    return first;
}

size_t ddbs_queue__refused(const ddbs_writer *writer)
{
    size_t first = SIZE_MAX;
    for (size_t i = writer->first; i < writer->count; i++) {
        if (writer->entries[i].place < first && state_of(writer, i) == DDBS_ENTRY_REFUSED)
            first = writer->entries[i].place;
    }
    return first;
}

void ddbs_queue__settle(ddbs_writer *writer)
{
    for (size_t i = writer->first; i < writer->count; i++) {
        if (writer->entries[i].state == DDBS_ENTRY_WAITING && state_of(writer, i) == DDBS_ENTRY_STORED) {
            writer->entries[i].state = DDBS_ENTRY_STORED;
            writer->counts.stored++;
        }
    }
    while (writer->first < writer->count && writer->entries[writer->first].state == DDBS_ENTRY_STORED)
        writer->first++;
    if (writer->first == writer->count)
        ddbs_queue__clear(writer);
}

/* ---- Entries by their keys ---- */

static bool empty_table(ddbs_writer *writer, size_t entries)
{
    size_t size = TABLE_AT_FIRST;
    while (size < entries * 2)
        size *= 2;
    if (size > writer->table_size) {
        size_t *table = realloc(writer->table, size * sizeof *table);
        if (table == NULL)
            return false;
        writer->table = table;
        writer->table_size = size;
    }
    for (size_t i = 0; i < writer->table_size; i++)
        writer->table[i] = SIZE_MAX;
    return true;
}

static bool same_key(ddbs_str a, ddbs_str b)
{
    return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}

/* The slot of a key (FNV-1a): it holds SIZE_MAX or the number of an entry with this key. */
static size_t *slot_of(ddbs_writer *writer, ddbs_str key)
{
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < key.len; i++)
        hash = (hash ^ (unsigned char)key.ptr[i]) * 1099511628211u;
    size_t at = (size_t)(hash ^ hash >> 32) & (writer->table_size - 1);
    while (writer->table[at] != SIZE_MAX && !same_key(writer->entries[writer->table[at]].key, key))
        at = (at + 1) & (writer->table_size - 1);
    return &writer->table[at];
}

static bool is_waiting(const ddbs_writer *writer, size_t at, size_t end)
{
    return writer->entries[at].state == DDBS_ENTRY_WAITING && writer->entries[at].place < end;
}

bool ddbs_queue__find_last(ddbs_writer *writer, size_t end)
{
    if (!empty_table(writer, writer->count - writer->first))
        return false;
    for (size_t i = writer->count; writer->service->last_wins && i-- > writer->first;) {
        struct ddbs_queued *entry = &writer->entries[i];
        if (!is_waiting(writer, i, end) || entry->key.ptr == NULL || is_overwritten(writer, i))
            continue;
        size_t *slot = slot_of(writer, entry->key);
        if (*slot != SIZE_MAX && entry->version <= writer->entries[*slot].version)
            entry->last = *slot;
        else
            *slot = i; /* that one came late: in the service it would not overwrite this one either */
    }
    size_t *line = realloc(writer->line, (writer->count + 1) * sizeof *line);
    if (line == NULL)
        return false;
    writer->line = line;
    return true;
}

/* ---- Packing ---- */

struct packing {
    ddbs_writer *writer;
    size_t used;     /* of `line` */
    size_t weight;   /* of the open parcel */
    size_t together; /* most entries that it may have */
};

static struct ddbs_parcel *open_parcel(struct packing *packing)
{
    return &packing->writer->parcels[packing->writer->parcel_count];
}

/* The parcel that an entry with the same key is in; SIZE_MAX: in none. */
static size_t parcel_of_key(const ddbs_writer *writer, size_t number)
{
    for (size_t i = 0; i <= writer->parcel_count; i++) {
        const struct ddbs_parcel *parcel = &writer->parcels[i];
        if (parcel->count == 0)
            continue;
        if (number >= writer->line[parcel->begin] && number <= writer->line[parcel->begin + parcel->count - 1])
            return i;
    }
    return SIZE_MAX;
}

static bool fits(const struct packing *packing, const struct ddbs_queued *entry)
{
    const ddbs_writer *writer = packing->writer;
    const struct ddbs_parcel *parcel = &writer->parcels[writer->parcel_count];
    size_t together = packing->together;
    if (parcel->count == 0)
        return true;
    if (entry->together != 0 && entry->together < together)
        together = entry->together;
    if (parcel->count >= together || packing->weight + entry->weight > writer->tuning.request_bytes)
        return false;
    const struct ddbs_queued *first = ddbs_parcel__entry(writer, parcel, 0);
    return !writer->service->one_place || (first->place == entry->place && first->record == entry->record);
}

static void close_parcel(struct packing *packing)
{
    packing->writer->parcel_count++;
    if (packing->writer->parcel_count < packing->writer->tuning.parallel)
        *open_parcel(packing) = (struct ddbs_parcel){ packing->used, 0 };
    packing->weight = 0;
    packing->together = packing->writer->tuning.request_entries;
}

/* Whether the entry must wait for one of its key to be stored: that one is in an earlier parcel, or in this one, which
 * is full or may not have both. What the open parcel has waits, too, if an earlier one is in the way: it would be sent
 * before it is full. */
static bool must_follow(struct packing *packing, const struct ddbs_queued *entry, bool fitting)
{
    ddbs_writer *writer = packing->writer;
    const size_t *slot = entry->key.ptr == NULL ? NULL : slot_of(writer, entry->key);
    size_t parcel = slot == NULL || *slot == SIZE_MAX ? SIZE_MAX : parcel_of_key(writer, *slot);
    if (parcel == SIZE_MAX)
        return false;
    if (parcel < writer->parcel_count) {
        if (fitting)
            open_parcel(packing)->count = 0;
        else
            writer->parcel_count++;
        return true;
    }
    if (fitting && !writer->tuning.strict_order)
        return false;
    writer->parcel_count++;
    return true;
}

/* Put an entry into the open parcel, or a new one. False: it has to wait for the next round, and all behind it. */
static bool place_entry(struct packing *packing, size_t number)
{
    ddbs_writer *writer = packing->writer;
    const struct ddbs_queued *entry = &writer->entries[number];
    bool fitting = fits(packing, entry);
    if (must_follow(packing, entry, fitting))
        return false;
    if (!fitting) {
        close_parcel(packing);
        if (writer->parcel_count == writer->tuning.parallel)
            return false;
    }
    writer->line[packing->used++] = number;
    open_parcel(packing)->count++;
    packing->weight += entry->weight;
    if (entry->together != 0 && entry->together < packing->together)
        packing->together = entry->together;
    if (entry->key.ptr != NULL)
        *slot_of(writer, entry->key) = number;
    return true;
}

void ddbs_queue__pack(ddbs_writer *writer, size_t end, bool full_only)
{
    struct packing packing = { .writer = writer, .together = writer->tuning.request_entries };
    bool stopped = false;
    writer->parcel_count = 0;
    writer->parcels[0] = (struct ddbs_parcel){ 0, 0 };
    (void)empty_table(writer, 0); /* it was made large enough in ddbs_queue__find_last() */
    for (size_t i = writer->first; i < writer->count && !stopped; i++) {
        if (is_waiting(writer, i, end) && !is_overwritten(writer, i))
            stopped = !place_entry(&packing, i);
    }
    if (!stopped && !full_only && open_parcel(&packing)->count > 0)
        writer->parcel_count++;
}
