// simdjson.cc: the event read with simdjson on-demand, typed: every record, every attribute, strings unescaped, the
// syntax of numbers checked, base64 decoded. For decode.c.
#include <simdjson.h>

#include <cstdint>
#include <cstring>
#include <vector>

using namespace simdjson;

namespace {
struct node {
    const char *text;
    uint32_t len;
    uint32_t type;
};

struct reader {
    ondemand::parser parser;
    std::vector<node> tape;
    std::vector<unsigned char> bytes;
    size_t used = 0;
    size_t strings = 0;
};

const auto base64_table = [] {
    static unsigned char table[256];
    std::memset(table, 255, sizeof table);
    const char *alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int i = 0; i < 64; i++)
        table[static_cast<unsigned char>(alphabet[i])] = static_cast<unsigned char>(i);
    return table;
}();

// [+-]?digits[.digits][(e|E)[+-]?digits]
bool is_number(std::string_view s)
{
    size_t i = 0, n = s.size();
    auto digits = [&] { size_t b = i; while (i < n && s[i] >= '0' && s[i] <= '9') i++; return i > b; };
    if (i < n && (s[i] == '-' || s[i] == '+'))
        i++;
    if (!digits())
        return false;
    if (i < n && s[i] == '.' && (i++, !digits()))
        return false;
    if (i < n && (s[i] == 'e' || s[i] == 'E')) {
        i++;
        if (i < n && (s[i] == '-' || s[i] == '+'))
            i++;
        if (!digits())
            return false;
    }
    return i == n;
}

void push(reader &r, uint32_t type, std::string_view s)
{
    r.strings++;
    r.tape.push_back({ s.data(), static_cast<uint32_t>(s.size()), type });
}

bool push_binary(reader &r, std::string_view s)
{
    size_t n = s.size(), begin = r.used;
    if (n % 4 != 0)
        return false;
    size_t padding = n == 0 ? 0 : (s[n - 1] == '=') + (s[n - 1] == '=' && s[n - 2] == '=');
    for (size_t i = 0; i < n; i += 4) {
        unsigned char v[4];
        for (int k = 0; k < 4; k++)
            v[k] = i + k >= n - padding ? 0 : base64_table[static_cast<unsigned char>(s[i + k])];
        if ((v[0] | v[1] | v[2] | v[3]) > 63)
            return false;
        unsigned char *out = r.bytes.data() + r.used;
        out[0] = static_cast<unsigned char>(v[0] << 2 | v[1] >> 4);
        out[1] = static_cast<unsigned char>(v[1] << 4 | v[2] >> 2);
        out[2] = static_cast<unsigned char>(v[2] << 6 | v[3]);
        r.used += 3;
    }
    r.used -= padding;
    push(r, 'B', { reinterpret_cast<char *>(r.bytes.data() + begin), r.used - begin });
    return true;
}

bool item(reader &r, ondemand::object object);

bool typed(reader &r, ondemand::value value)
{
    for (auto field : value.get_object()) {
        std::string_view tag = field.unescaped_key();
        ondemand::value inner = field.value();
        if (tag == "S") {
            push(r, 'S', inner.get_string());
        } else if (tag == "N") {
            std::string_view s = inner.get_string();
            if (!is_number(s))
                return false;
            push(r, 'N', s);
        } else if (tag == "B") {
            if (!push_binary(r, inner.get_string()))
                return false;
        } else if (tag == "BOOL" || tag == "NULL") {
            r.tape.push_back({ nullptr, inner.get_bool().value(), static_cast<uint32_t>(tag[0]) });
        } else if (tag == "M") {
            r.tape.push_back({ nullptr, 0, 'M' });
            if (!item(r, inner.get_object()))
                return false;
        } else if (tag == "L") {
            r.tape.push_back({ nullptr, 0, 'L' });
            for (auto element : inner.get_array()) {
                if (!typed(r, element.value()))
                    return false;
            }
        } else {
            r.tape.push_back({ nullptr, 0, 'X' });
            for (auto element : inner.get_array()) {
                std::string_view s = element.get_string();
                if (tag == "NS" && !is_number(s))
                    return false;
                if (tag == "BS" ? !push_binary(r, s) : (push(r, 'S', s), false))
                    return false;
            }
        }
    }
    return true;
}

bool item(reader &r, ondemand::object object)
{
    for (auto field : object) {
        push(r, 'K', field.unescaped_key());
        if (!typed(r, field.value()))
            return false;
    }
    return true;
}

bool change(reader &r, ondemand::object object)
{
    for (auto field : object) {
        std::string_view key = field.unescaped_key();
        ondemand::value value = field.value();
        if (key == "Keys" || key == "NewImage" || key == "OldImage") {
            if (!item(r, value.get_object()))
                return false;
        } else if (value.type() == ondemand::json_type::string) {
            push(r, 'E', value.get_string());
        } else {
            r.strings += static_cast<size_t>(value.get_int64().value()) > 0;
        }
    }
    return true;
}

bool record(reader &r, ondemand::object object)
{
    r.tape.clear();
    r.used = 0;
    for (auto field : object) {
        std::string_view key = field.unescaped_key();
        ondemand::value value = field.value();
        if (key == "dynamodb") {
            if (!change(r, value.get_object()))
                return false;
        } else {
            push(r, 'E', value.get_string());
        }
    }
    return true;
}
} // namespace

extern "C" size_t peer_simdjson(const char *json, size_t len)
{
    static reader r;
    static bool chosen = [] {
        const char *wanted = std::getenv("SIMDJSON");
        if (wanted != nullptr)
            get_active_implementation() = get_available_implementations()[wanted];
        return true;
    }();
    (void)chosen;
    if (r.bytes.empty())
        r.bytes.resize(8 << 20);
    r.strings = 0;
    try {
        ondemand::document document = r.parser.iterate(json, len, len + SIMDJSON_PADDING);
        for (auto entry : document["Records"].get_array()) {
            if (!record(r, entry.get_object()))
                return 0;
        }
    } catch (const simdjson_error &) {
        return 0;
    }
    return r.strings;
}
