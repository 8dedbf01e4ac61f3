/* simd.cc: the simdjson peer: on demand, in document order. The instruction set is that of the compiler's flags, and
 * IMPLEMENTATION restricts the library's part to the same one. */
#include "peer.h"

#include <cstring>
#include <simdjson.h>

using namespace simdjson;

static ondemand::parser parser;
static const char *corpus;
static size_t corpus_len;

void peer_open(const char *json, size_t len)
{
    corpus = json;
    corpus_len = len;
#ifdef IMPLEMENTATION
    get_active_implementation() = get_available_implementations()[IMPLEMENTATION];
#endif
}

static text text_of(std::string_view view)
{
    return { view.data(), view.size() };
}

/* A name that is compared and not kept, as it stands in the event: cheaper than unescaping it. */
static text raw_of(ondemand::raw_json_string name)
{
    const char *end = static_cast<const char *>(memchr(name.raw(), '"', 64));
    return { name.raw(), end == nullptr ? 0 : size_t(end - name.raw()) };
}

/* The same for type tags, which have four letters at most. */
static kind kind_of_raw(ondemand::raw_json_string tag)
{
    const char *raw = tag.raw();
    size_t len = raw[1] == '"' ? 1 : raw[2] == '"' ? 2 : raw[3] != '"' && raw[4] == '"' ? 4 : 0;
    return kind_of(raw, len);
}

static void read_value(record *record, text name, ondemand::value value);

static uint32_t read_attributes(record *record, ondemand::object item)
{
    uint32_t count = 0;
    for (auto attribute : item) {
        std::string_view name = attribute.unescaped_key();
        read_value(record, text_of(name), attribute.value());
        count++;
    }
    return count;
}

static void read_scalar(record *record, kind kind, text name, ondemand::value content)
{
    text value = text_of(content.get_string());
    if (kind == KIND_S)
        node_string(record, name, value);
    else if (kind == KIND_N)
        node_number(record, name, value);
    else
        node_binary(record, name, value);
}

static uint32_t read_elements(record *record, kind kind, ondemand::array content)
{
    const text none = { nullptr, 0 };
    uint32_t count = 0;
    for (auto element : content) {
        if (kind == KIND_L)
            read_value(record, none, element.value());
        else
            read_scalar(record, kind == KIND_SS ? KIND_S : kind == KIND_NS ? KIND_N : KIND_B, none, element.value());
        count++;
    }
    return count;
}

/* An M, L or set. Its count is known, and its node may have moved, when its content is read. */
static void read_container(record *record, kind kind, text name, ondemand::value content)
{
    size_t at = record->count;
    node_add(record, kind, name);
    uint32_t count =
        kind == KIND_M ? read_attributes(record, content.get_object()) : read_elements(record, kind, content.get_array());
    record->nodes[at].count = count;
}

static void read_content(record *record, kind kind, text name, ondemand::value content)
{
    switch (kind) {
    case KIND_S:
    case KIND_N:
    case KIND_B:
        read_scalar(record, kind, name, content);
        break;
    case KIND_BOOL:
        node_add(record, kind, name)->count = bool(content.get_bool());
        break;
    case KIND_NULL:
        node_add(record, kind, name);
        if (content.is_null())
            break;
        if (!bool(content.get_bool()))
            peer_fail("NULL is not true");
        break;
    case KIND_NONE:
        peer_fail("no type");
    default:
        read_container(record, kind, name, content);
    }
}

static void read_value(record *record, text name, ondemand::value value)
{
    size_t types = 0;
    for (auto member : value.get_object()) {
        kind kind = kind_of_raw(member.key());
        read_content(record, kind, name, member.value());
        types++;
    }
    if (types != 1)
        peer_fail("one type was expected");
}

static void read_members(record *record, ondemand::object object)
{
    size_t at = 0;
    for (auto member : object) {
        text name = raw_of(member.key());
        switch (member_of(name.ptr, name.len, &at)) {
        case MEMBER_TEXT:
            record->head.text[at] = text_of(member.value().get_string());
            break;
        case MEMBER_CHANGE:
            read_members(record, member.value().get_object());
            break;
        case MEMBER_CREATED:
            record->head.created = int64_t(member.value().get_int64());
            break;
        case MEMBER_SIZE:
            record->head.size = int64_t(member.value().get_int64());
            break;
        case MEMBER_IMAGE:
            read_attributes(record, member.value().get_object());
            break;
        default:
            break;
        }
    }
}

void peer_pass(record *record)
{
    try {
        ondemand::document event = parser.iterate(corpus, corpus_len, corpus_len + SIMDJSON_PADDING);
        ondemand::object top = event.get_object();
        for (auto element : top.find_field("Records").get_array()) {
            record->head = head();
            read_members(record, element.get_object());
            record_done(record);
        }
    } catch (const simdjson_error &error) {
        peer_fail(error.what());
    }
}
