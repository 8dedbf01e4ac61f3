/* json_member.c: see json_member.h. */
#include "json_member.h"

#include "lib/json.h"

ddbs_str json_member(ddbs_str object, const char *name)
{
    struct json json = { .text = object.ptr, .len = object.len };
    struct json_string found;
    bool more;
    ddbs_json__space(&json);
    if (ddbs_json__peek(&json) != '{')
        return (ddbs_str){ NULL, 0 };
    json.at++;
    for (bool first = true;; first = false) {
        if (!ddbs_json__more(&json, '}', first, &more) || !more || !ddbs_json__name(&json, &found))
            return (ddbs_str){ NULL, 0 };
        size_t begin = json.at;
        if (!ddbs_json__skip(&json, 1))
            return (ddbs_str){ NULL, 0 };
        if (ddbs_json__string_is(object.ptr, found, name))
            return (ddbs_str){ object.ptr + begin, json.at - begin };
    }
}
