/* key.c: see key.h. */
#include "key.h"

#include "item.h"
#include "lib/arena.h"
#include "lib/buf.h"
#include "number.h"

#include <string.h>

ddbs_str key_name(const struct key_part *part)
{
    return ddbs_str_c(part->name);
}

bool key_has(const struct key_schema *schema, ddbs_str name)
{
    for (size_t i = 0; i < schema->count; i++) {
        if (ddbs_str_is(name, schema->parts[i].name))
            return true;
    }
    return false;
}

/* FNV-1a, its bits mixed once more: items that follow each other in a Scan have nothing else in common. */
uint32_t key_hash(const unsigned char *bytes, size_t len)
{
    uint32_t hash = 2166136261U;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ bytes[i]) * 16777619U;
    hash = (hash ^ (hash >> 16)) * 0x85ebca6bU;
    hash = (hash ^ (hash >> 13)) * 0xc2b2ae35U;
    return hash ^ (hash >> 16);
}

bool key_bytes(const ddbs_value *value, struct fault *fault, ddbs_bytes *out)
{
    struct decimal decimal;
    ddbs_str text = item_text(value);
    if (ddbs_value_type(value) != DDBS_TYPE_N) {
        *out = (ddbs_bytes){ (const unsigned char *)text.ptr, text.len };
        return true;
    }
    unsigned char *bytes = ddbs_arena__alloc(fault->arena, NUMBER_KEY_MAX);
    if (bytes == NULL || ddbs_num__parse((ddbs_num){ text.ptr, text.len }, &decimal) != DDBS_OK)
        return fault_memory(fault);
    *out = (ddbs_bytes){ bytes, number_key(&decimal, bytes) };
    return true;
}

static bool check_value(const struct key_part *part, const ddbs_value *value, bool partition, const char *lead,
                        struct fault *fault)
{
    size_t len = part->type == DDBS_TYPE_N ? 1 : item_text(value).len;
    if (len == 0)
        return fault_invalid(fault,
                             "One or more parameter values %s The AttributeValue for a key attribute cannot contain "
                             "an empty %s value. Key: %s",
                             lead, part->type == DDBS_TYPE_S ? "string" : "binary", part->name);
    if (partition && len > KEY_PARTITION_MAX)
        return fault_invalid(fault, FAULT_INVALID_PARAMETERS
                             "Size of hashkey has exceeded the maximum size limit of2048 bytes");
    return partition || len <= KEY_SORT_MAX ||
           fault_invalid(fault, FAULT_INVALID_PARAMETERS
                         "Aggregated size of all range keys has exceeded the size limit of 1024 bytes");
}

/* The key of checked values. */
static bool make_key(const struct key_schema *schema, const ddbs_item *item, struct fault *fault, struct key *out)
{
    ddbs_bytes parts[2] = { { NULL, 0 }, { NULL, 0 } };
    for (size_t i = 0; i < schema->count; i++) {
        if (!key_bytes(ddbs_item_find(item, key_name(&schema->parts[i])), fault, &parts[i]))
            return false;
    }
    unsigned char *bytes = ddbs_arena__alloc(fault->arena, parts[0].len + parts[1].len);
    if (bytes == NULL)
        return fault_memory(fault);
    memcpy(bytes, parts[0].ptr, parts[0].len);
    if (parts[1].len > 0)
        memcpy(bytes + parts[0].len, parts[1].ptr, parts[1].len);
    *out = (struct key){ bytes, parts[0].len, parts[0].len + parts[1].len, key_hash(parts[0].ptr, parts[0].len) };
    return true;
}

bool key_of_item(const struct key_schema *schema, const ddbs_item *item, struct fault *fault, struct key *out)
{
    for (size_t i = 0; i < schema->count; i++) {
        const struct key_part *part = &schema->parts[i];
        const ddbs_value *value = ddbs_item_find(item, key_name(part));
        if (value == NULL)
            return fault_invalid(fault, FAULT_INVALID_PARAMETERS "Missing the key %s in the item", part->name);
        if (ddbs_value_type(value) != part->type)
            return fault_invalid(fault, FAULT_INVALID_PARAMETERS "Type mismatch for key %s expected: %s actual: %s",
                                 part->name, ddbs_type_name(part->type), ddbs_type_name(ddbs_value_type(value)));
        if (!check_value(part, value, i == 0, "are not valid.", fault))
            return false;
    }
    return make_key(schema, item, fault, out);
}

bool key_of_key(const struct key_schema *schema, const ddbs_item *item, struct fault *fault, struct key *out)
{
    if (ddbs_item_count(item) != schema->count)
        return fault_invalid(fault, "The provided key element does not match the schema");
    for (size_t i = 0; i < schema->count; i++) {
        const struct key_part *part = &schema->parts[i];
        const ddbs_value *value = ddbs_item_find(item, key_name(part));
        if (ddbs_value_type(value) != part->type)
            return fault_invalid(fault, "The provided key element does not match the schema");
        if (!check_value(part, value, i == 0, "were invalid:", fault))
            return false;
    }
    return make_key(schema, item, fault, out);
}

static void write_member(ddbs_str name, const ddbs_value *value, const char *separator, ddbs_buf *out)
{
    ddbs_buf__text(out, separator);
    ddbs_buf__json(out, name.ptr, name.len);
    ddbs_buf__text(out, ":");
    if (ddbs_value_write(value, DDBS_JSON_TYPED, out) != DDBS_OK)
        out->failed = true;
}

void key_write(const struct key_schema *schema, const ddbs_item *item, ddbs_buf *out)
{
    for (size_t i = 0; i < schema->count; i++) {
        ddbs_str name = key_name(&schema->parts[i]);
        write_member(name, ddbs_item_find(item, name), i == 0 ? "{" : ",", out);
    }
    ddbs_buf__text(out, "}");
}

size_t key_size(const struct key_schema *schema, const ddbs_item *item)
{
    size_t size = 0;
    for (size_t i = 0; i < schema->count; i++) {
        ddbs_str name = key_name(&schema->parts[i]);
        size += name.len + item_value_size(ddbs_item_find(item, name));
    }
    return size;
}
