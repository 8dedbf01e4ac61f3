/* fuzz_filter.c: any bytes as a pattern, and any as a record. The first byte says where the one ends and the other
 * begins, in steps of 16. A filter that was made gives the same verdict twice on all JSON there is, and no verdict on
 * anything else. */
#include "lib/json.h"
#include "tests/fuzz/property.h"

enum { STEP = 16 };

/* Whether the text is one JSON object, by a scanner that knows no pattern. */
static ddbs_status judge(ddbs_str text)
{
    struct json json = { .text = text.ptr, .len = text.len };
    ddbs_json__space(&json);
    if (ddbs_json__peek(&json) != '{')
        return DDBS_E_SYNTAX;
    if (!ddbs_json__skip(&json, 0))
        return json.status;
    ddbs_json__space(&json);
    return json.at == json.len ? DDBS_OK : DDBS_E_SYNTAX;
}

static bool match(const ddbs_filter *filter, ddbs_str record)
{
    bool first = false, second = true;
    ddbs_status status = ddbs_filter_match_json(filter, record, &first);
    PROPERTY(status == judge(record));
    PROPERTY(ddbs_filter_match_json(filter, record, &second) == status);
    PROPERTY(status != DDBS_OK || first == second);
    return status == DDBS_OK && first;
}

/* {"Filters":[{"Pattern":"<pattern>"}]} */
static ddbs_buf criteria_of(ddbs_arena *arena, ddbs_str pattern)
{
    ddbs_buf text = { .arena = arena };
    ddbs_buf__text(&text, "{\"Filters\":[{\"Pattern\":");
    ddbs_buf__json(&text, pattern.ptr, pattern.len);
    ddbs_buf__text(&text, "}]}");
    PROPERTY(!text.failed);
    return text;
}

/* The same pattern inside FilterCriteria is the same filter. */
static void check_criteria(ddbs_arena *arena, ddbs_str pattern, ddbs_str record, bool passes)
{
    ddbs_filter *filter = NULL;
    ddbs_buf criteria = criteria_of(arena, pattern);
    PROPERTY(ddbs_filter_new(&filter, (ddbs_str){ criteria.ptr, criteria.len }, NULL) == DDBS_OK);
    PROPERTY(match(filter, record) == passes);
    ddbs_filter_free(filter);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ddbs_filter *filter = NULL;
    ddbs_error error;
    if (size == 0)
        return 0;
    size_t split = (size_t)data[0] * STEP;
    split = split < size - 1 ? split : size - 1;
    ddbs_str pattern = { (const char *)data + 1, split };
    ddbs_str record = { (const char *)data + 1 + split, size - 1 - split };
    ddbs_status status = ddbs_filter_new_patterns(&filter, &pattern, 1, &error);
    if (status != DDBS_OK) {
        PROPERTY(filter == NULL);
        check_error(&error, status, pattern.len);
        return 0;
    }
    ddbs_arena *arena = arena_or_abort();
    check_criteria(arena, pattern, record, match(filter, record));
    ddbs_arena_free(arena);
    ddbs_filter_free(filter);
    return 0;
}
