/* journal.c: see journal.h. A line is {"time":MS,"KIND":...}; KIND is create, drop, ttl or changes. */
#include "journal.h"

#include "lib/arena.h"
#include "lib/buf.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- Writing ----------------------------------------------------------------------------------------------------- */

static bool wanted(const struct table_db *db)
{
    return db->config.keep != NULL && !db->replaying;
}

static ddbs_buf begin(struct table_db *db, int64_t now_ms, const char *kind)
{
    ddbs_buf line = { .arena = db->arena };
    ddbs_buf__format(&line, "{\"time\":%" PRId64 ",\"%s\":", now_ms, kind);
    return line;
}

static bool end(struct table_db *db, ddbs_buf *line, struct fault *fault)
{
    ddbs_buf__text(line, "}");
    if (line->failed)
        return fault_memory(fault);
    return db->config.keep(db->config.user, line->ptr, line->len) ||
           fault_set(fault, FAULT_INTERNAL, "the change could not be kept");
}

static void write_text(ddbs_buf *line, const char *lead, const char *text)
{
    ddbs_buf__text(line, lead);
    ddbs_buf__json(line, text, strlen(text));
}

bool journal_create(struct table_db *db, const struct table *table, enum stream_view view, int64_t now_ms,
                    struct fault *fault)
{
    if (!wanted(db))
        return true;
    ddbs_buf line = begin(db, now_ms, "create");
    write_text(&line, "{\"name\":", table->name);
    for (size_t i = 0; i < table->schema.count; i++) {
        write_text(&line, i == 0 ? ",\"keys\":[[" : ",[", table->schema.parts[i].name);
        ddbs_buf__format(&line, ",\"%s\"]", ddbs_type_name(table->schema.parts[i].type));
    }
    ddbs_buf__format(&line, "],\"view\":\"%s\",\"units\":[%" PRId64 ",%" PRId64 "],\"random\":\"%" PRIu64 "\"}",
                     stream_view_name(view), table->read_units, table->write_units, db->random);
    return end(db, &line, fault);
}

bool journal_drop(struct table_db *db, const struct table *table, int64_t now_ms, struct fault *fault)
{
    if (!wanted(db))
        return true;
    ddbs_buf line = begin(db, now_ms, "drop");
    write_text(&line, "", table->name);
    return end(db, &line, fault);
}

bool journal_ttl(struct table_db *db, const struct table *table, const char *attribute, int64_t now_ms,
                 struct fault *fault)
{
    if (!wanted(db))
        return true;
    ddbs_buf line = begin(db, now_ms, "ttl");
    write_text(&line, "{\"table\":", table->name);
    write_text(&line, ",\"attribute\":", attribute);
    ddbs_buf__text(&line, "}");
    return end(db, &line, fault);
}

static void write_change(ddbs_buf *line, const struct change *change)
{
    write_text(line, "{\"table\":", change->table->name);
    if (change->item != NULL) {
        ddbs_buf__text(line, ",\"put\":");
        ddbs_buf__bytes(line, change->text, change->len);
    } else {
        ddbs_buf__text(line, change->expired ? ",\"expire\":" : ",\"delete\":");
        key_write(&change->table->schema, change->old, line);
    }
    ddbs_buf__text(line, "}");
}

bool journal_changes(struct table_db *db, const struct change *changes, size_t count, int64_t now_ms,
                     struct fault *fault)
{
    bool any = false;
    if (!wanted(db))
        return true;
    ddbs_buf line = begin(db, now_ms, "changes");
    ddbs_buf__text(&line, "[");
    for (size_t i = 0; i < count; i++) {
        if (changes[i].noop)
            continue;
        if (any)
            ddbs_buf__text(&line, ",");
        write_change(&line, &changes[i]);
        any = true;
    }
    ddbs_buf__text(&line, "]");
    return any ? end(db, &line, fault) : true;
}

/* ---- Doing it again ---------------------------------------------------------------------------------------------- */

static bool read_key(struct span span, struct key_part *part, struct fault *fault)
{
    struct span_iter iter = span_walk(span);
    struct span name, type;
    if (!span_next(&iter, &name) || !span_next(&iter, &type))
        return false;
    ddbs_str name_text = span_text(name, fault->arena), type_text = span_text(type, fault->arena);
    if (name_text.ptr == NULL || name_text.len > KEY_NAME_MAX)
        return false;
    snprintf(part->name, sizeof part->name, "%s", name_text.ptr);
    part->type = ddbs_str_is(type_text, "S")   ? DDBS_TYPE_S
                 : ddbs_str_is(type_text, "N") ? DDBS_TYPE_N
                 : ddbs_str_is(type_text, "B") ? DDBS_TYPE_B
                                               : DDBS_TYPE_NONE;
    return part->type != DDBS_TYPE_NONE;
}

static bool read_units(struct span units, struct table *table)
{
    struct span_iter iter = span_walk(units);
    struct span read, write;
    long long read_units, write_units;
    if (!span_next(&iter, &read) || !span_next(&iter, &write) || !span_number(read, &read_units) ||
        !span_number(write, &write_units))
        return false;
    table->read_units = read_units;
    table->write_units = write_units;
    return true;
}

/* The state that the identifiers come from, as it was behind the table's own two numbers. */
static bool read_random(struct span span, struct fault *fault, uint64_t *out)
{
    ddbs_str text = span_text(span, fault->arena);
    return text.ptr != NULL && ddbs_num_u64((ddbs_num){ text.ptr, text.len }, out) == DDBS_OK;
}

static bool replay_create(struct table_db *db, struct span create, int64_t now_ms, struct fault *fault)
{
    struct table wanted_table = { .read_units = 0 }, *table;
    struct span_iter iter = span_walk(span_member(create, "keys"));
    ddbs_str name = span_text(span_member(create, "name"), fault->arena);
    ddbs_str view = span_text(span_member(create, "view"), fault->arena);
    uint64_t random;
    if (name.ptr == NULL || name.len > TABLE_NAME_MAX || store_find(db, name) != NULL ||
        !read_units(span_member(create, "units"), &wanted_table) ||
        !read_random(span_member(create, "random"), fault, &random))
        return false;
    for (struct span key; wanted_table.schema.count < 2 && span_next(&iter, &key); wanted_table.schema.count++) {
        if (!read_key(key, &wanted_table.schema.parts[wanted_table.schema.count], fault))
            return false;
    }
    snprintf(wanted_table.name, sizeof wanted_table.name, "%s", name.ptr);
    /* Whatever asked for random numbers in between left no line: go to where this table's came from. */
    db->random = random - 2 * 0x9e3779b97f4a7c15U;
    return wanted_table.schema.count > 0 &&
           store_create(db, &wanted_table, stream_view_of(view), now_ms, fault, &table);
}

static bool replay_ttl(struct table_db *db, struct span ttl, int64_t now_ms, struct fault *fault)
{
    struct table *table = store_find(db, span_text(span_member(ttl, "table"), fault->arena));
    ddbs_str name = span_text(span_member(ttl, "attribute"), fault->arena);
    if (table == NULL || name.ptr == NULL || name.len > KEY_NAME_MAX)
        return false;
    return store_set_ttl(db, table, name.ptr, now_ms, fault);
}

static bool read_change(struct table_db *db, struct span span, struct fault *fault, struct change *out)
{
    struct span put = span_member(span, "put"), gone = span_member(span, "delete");
    struct span expired = span_member(span, "expire");
    const ddbs_item *item;
    *out = (struct change){ .expired = span_kind(expired) == SPAN_OBJECT };
    out->table = store_find(db, span_text(span_member(span, "table"), fault->arena));
    if (out->table == NULL)
        return false;
    if (span_kind(put) == SPAN_OBJECT) {
        if (!item_read(put, fault, &out->item) || !key_of_item(&out->table->schema, out->item, fault, &out->key))
            return false;
    } else if (!item_read(out->expired ? expired : gone, fault, &item) ||
               !key_of_key(&out->table->schema, item, fault, &out->key)) {
        return false;
    }
    return store_look(out, fault);
}

static bool replay_changes(struct table_db *db, struct span changes, int64_t now_ms, struct fault *fault)
{
    size_t count = span_count(changes), at = 0;
    struct span_iter iter = span_walk(changes);
    struct change *list = count == 0 ? NULL : ddbs_arena__alloc(fault->arena, count * sizeof *list);
    if (list == NULL)
        return false;
    for (struct span span; at < count && span_next(&iter, &span); at++) {
        if (!read_change(db, span, fault, &list[at]))
            return false;
    }
    return store_commit(db, list, count, now_ms, fault);
}

static bool replay(struct table_db *db, struct span line, int64_t now_ms, struct fault *fault)
{
    struct span create = span_member(line, "create"), drop = span_member(line, "drop");
    struct span ttl = span_member(line, "ttl"), changes = span_member(line, "changes");
    if (span_kind(create) == SPAN_OBJECT)
        return replay_create(db, create, now_ms, fault);
    if (span_kind(ttl) == SPAN_OBJECT)
        return replay_ttl(db, ttl, now_ms, fault);
    if (span_kind(changes) == SPAN_ARRAY)
        return replay_changes(db, changes, now_ms, fault);
    struct table *table = store_find(db, span_text(drop, fault->arena));
    return table != NULL && store_drop(db, table, now_ms, fault);
}

bool table_replay(struct table_db *db, const char *line, size_t len)
{
    struct fault fault = { .arena = db->arena };
    struct span span;
    long long now_ms;
    ddbs_arena_reset(db->arena);
    if (!span_open(line, len, &span) || !span_number(span_member(span, "time"), &now_ms))
        return false;
    db->replaying = true;
    bool done = replay(db, span, now_ms, &fault);
    db->replaying = false;
    return done;
}
