/* rapid.cc: the rapidjson peer: parsed in place (of a copy, as the event must stay), memory pool kept warm. */
#include "peer.h"

#include <cstring>
#include <rapidjson/document.h>
#include <vector>

using Pool = rapidjson::MemoryPoolAllocator<>;
using Document = rapidjson::GenericDocument<rapidjson::UTF8<>, Pool>;
using Value = Document::ValueType;

static const char *corpus;
static size_t corpus_len;
static std::vector<char> copy, pool_memory;

void peer_open(const char *json, size_t len)
{
    corpus = json;
    corpus_len = len;
    copy.resize(len + 64);
    pool_memory.resize(len * 16 + (1 << 20));
}

static text text_of(const Value &value)
{
    if (!value.IsString())
        peer_fail("a string was expected");
    return { value.GetString(), value.GetStringLength() };
}

static void read_value(record *record, text name, const Value &value);

static void read_attributes(record *record, const Value &item)
{
    if (!item.IsObject())
        peer_fail("an object was expected");
    for (auto &attribute : item.GetObject())
        read_value(record, text_of(attribute.name), attribute.value);
}

static void read_scalar(record *record, kind kind, text name, const Value &content)
{
    if (kind == KIND_S)
        node_string(record, name, text_of(content));
    else if (kind == KIND_N)
        node_number(record, name, text_of(content));
    else
        node_binary(record, name, text_of(content));
}

static void read_elements(record *record, kind kind, const Value &content)
{
    const text none = { nullptr, 0 };
    for (auto &element : content.GetArray()) {
        if (kind == KIND_L)
            read_value(record, none, element);
        else
            read_scalar(record, kind == KIND_SS ? KIND_S : kind == KIND_NS ? KIND_N : KIND_B, none, element);
    }
}

static void read_value(record *record, text name, const Value &value)
{
    if (!value.IsObject() || value.MemberCount() != 1)
        peer_fail("one type was expected");
    auto &member = *value.MemberBegin();
    const Value &content = member.value;
    kind kind = kind_of(member.name.GetString(), member.name.GetStringLength());
    switch (kind) {
    case KIND_S:
    case KIND_N:
    case KIND_B:
        read_scalar(record, kind, name, content);
        break;
    case KIND_BOOL:
        node_add(record, kind, name)->count = content.IsTrue();
        break;
    case KIND_NULL:
        node_add(record, kind, name);
        break;
    case KIND_M:
        node_add(record, kind, name)->count = content.IsObject() ? content.MemberCount() : 0;
        read_attributes(record, content);
        break;
    default:
        if (kind == KIND_NONE || !content.IsArray())
            peer_fail("no type");
        node_add(record, kind, name)->count = content.Size();
        read_elements(record, kind, content);
    }
}

static void read_members(record *record, const Value &object)
{
    size_t at = 0;
    for (auto &member : object.GetObject()) {
        switch (member_of(member.name.GetString(), member.name.GetStringLength(), &at)) {
        case MEMBER_TEXT:
            record->head.text[at] = text_of(member.value);
            break;
        case MEMBER_CHANGE:
            read_members(record, member.value);
            break;
        case MEMBER_CREATED:
            record->head.created = member.value.GetInt64();
            break;
        case MEMBER_SIZE:
            record->head.size = member.value.GetInt64();
            break;
        case MEMBER_IMAGE:
            read_attributes(record, member.value);
            break;
        default:
            break;
        }
    }
}

void peer_pass(record *record)
{
    std::memcpy(copy.data(), corpus, corpus_len);
    copy[corpus_len] = '\0';
    Pool pool(pool_memory.data(), pool_memory.size());
    Document event(&pool);
    event.ParseInsitu<rapidjson::kParseInsituFlag | rapidjson::kParseValidateEncodingFlag>(copy.data());
    if (event.HasParseError())
        peer_fail("rapidjson refuses the corpus");
    for (auto &element : event["Records"].GetArray()) {
        record->head = head();
        read_members(record, element);
        record_done(record);
    }
}
