/* cjson.c: the cJSON peer: a tree of the whole event, walked record by record. Where CJSON_ARENA is set in the
 * environment, cJSON's memory comes from an arena that is reset for each pass; else from malloc, its default. */
#include "peer.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_FACTOR = 48, ARENA_LEAST = 1 << 20, ALIGNMENT = 16 };

static struct {
    const char *json;
    size_t len;
    unsigned char *arena;
    size_t used, capacity;
} peer;

static void *arena_malloc(size_t size)
{
    size_t at = peer.used;
    peer.used += (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (peer.used > peer.capacity)
        peer_fail("the arena is too small");
    return peer.arena + at;
}

static void arena_free(void *ptr)
{
    (void)ptr;
}

void peer_open(const char *json, size_t len)
{
    peer.json = json;
    peer.len = len;
    if (getenv("CJSON_ARENA") == NULL || peer.capacity >= len * ARENA_FACTOR)
        return;
    free(peer.arena);
    peer.capacity = len * ARENA_FACTOR + ARENA_LEAST;
    peer.arena = malloc(peer.capacity);
    if (peer.arena == NULL)
        peer_fail("out of memory");
    cJSON_InitHooks(&(cJSON_Hooks){ arena_malloc, arena_free });
}

static struct text text_of(const cJSON *node)
{
    if (!cJSON_IsString(node))
        peer_fail("a string was expected");
    return (struct text){ node->valuestring, strlen(node->valuestring) };
}

static struct text name_of(const cJSON *node)
{
    return (struct text){ node->string, strlen(node->string) };
}

static void read_value(struct record *record, struct text name, const cJSON *value);

static void read_attributes(struct record *record, const cJSON *item)
{
    const cJSON *attribute;
    if (!cJSON_IsObject(item))
        peer_fail("an object was expected");
    cJSON_ArrayForEach(attribute, item) read_value(record, name_of(attribute), attribute);
}

static void read_scalar(struct record *record, enum kind kind, struct text name, const cJSON *content)
{
    if (kind == KIND_S)
        node_string(record, name, text_of(content));
    else if (kind == KIND_N)
        node_number(record, name, text_of(content));
    else
        node_binary(record, name, text_of(content));
}

/* An M, L or set: its node, then what is in it. */
static void read_content(struct record *record, enum kind kind, struct text name, const cJSON *content)
{
    static const struct text none = { NULL, 0 };
    const cJSON *element;
    node_add(record, kind, name)->count = (uint32_t)cJSON_GetArraySize(content);
    if (kind == KIND_M) {
        read_attributes(record, content);
        return;
    }
    if (!cJSON_IsArray(content))
        peer_fail("an array was expected");
    cJSON_ArrayForEach(element, content)
    {
        if (kind == KIND_L)
            read_value(record, none, element);
        else
            read_scalar(record, kind == KIND_SS ? KIND_S : kind == KIND_NS ? KIND_N : KIND_B, none, element);
    }
}

static void read_value(struct record *record, struct text name, const cJSON *value)
{
    const cJSON *content = value->child;
    if (content == NULL || content->next != NULL)
        peer_fail("one type was expected");
    enum kind kind = kind_of(content->string, strlen(content->string));
    if (kind <= KIND_B)
        read_scalar(record, kind, name, content);
    else if (kind == KIND_BOOL)
        node_add(record, kind, name)->count = cJSON_IsTrue(content) != 0;
    else if (kind == KIND_NULL)
        node_add(record, kind, name);
    else if (kind != KIND_NONE)
        read_content(record, kind, name, content);
    else
        peer_fail("no type");
}

static void read_members(struct record *record, const cJSON *object)
{
    const cJSON *member;
    size_t at = 0;
    cJSON_ArrayForEach(member, object)
    {
        switch (member_of(member->string, strlen(member->string), &at)) {
        case MEMBER_TEXT:
            record->head.text[at] = text_of(member);
            break;
        case MEMBER_CHANGE:
            read_members(record, member);
            break;
        case MEMBER_CREATED:
            record->head.created = (int64_t)member->valuedouble;
            break;
        case MEMBER_SIZE:
            record->head.size = (int64_t)member->valuedouble;
            break;
        case MEMBER_IMAGE:
            read_attributes(record, member);
            break;
        default:
            break;
        }
    }
}

void peer_pass(struct record *record)
{
    const cJSON *element;
    peer.used = 0;
    cJSON *event = cJSON_ParseWithLength(peer.json, peer.len);
    if (event == NULL)
        peer_fail("cJSON refuses the corpus");
    cJSON_ArrayForEach(element, cJSON_GetObjectItemCaseSensitive(event, "Records"))
    {
        record->head = (struct head){ .created = 0 };
        read_members(record, element);
        record_done(record);
    }
    cJSON_Delete(event);
}
