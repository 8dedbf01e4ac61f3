/* filter.c: FilterCriteria and patterns, checked and made into what filter_match.c reads. The checks follow the
 * compiler of event-ruler (JsonRuleCompiler), the engine behind EventBridge, restricted to the operators of Lambda's
 * table. A pattern is the user's own and at most 4096 bytes, nested no deeper than the reader allows: recursion may
 * follow it. */
#include "lib/filter_compile.h"

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/read.h"

#include <stdio.h>
#include <string.h>

/* ---- Errors and places ------------------------------------------------------------------------------------------- */

static void write_path(const struct compiler *c)
{
    for (size_t i = 0; i < c->step_count; i++) {
        if (c->steps[i].name.ptr != NULL)
            ddbs_error__path_name(c->error, c->steps[i].name);
        else
            ddbs_error__path_index(c->error, c->steps[i].index);
    }
}

bool ddbs_filter__refuse(struct compiler *c, ddbs_status status, const char *reason)
{
    c->status = ddbs_error__set(c->error, status, DDBS_NOWHERE, c->offset, "%s", reason);
    write_path(c);
    return false;
}

static bool syntax(struct compiler *c, const char *reason)
{
    return ddbs_filter__refuse(c, DDBS_E_SYNTAX, reason);
}

void *ddbs_filter__alloc(struct compiler *c, size_t count, size_t size)
{
    void *memory = ddbs_arena__alloc(c->arena, count * size);
    if (memory == NULL)
        ddbs_filter__refuse(c, DDBS_E_MEMORY, "no memory for the filter");
    else
        memset(memory, 0, count * size);
    return memory;
}

void ddbs_filter__enter(struct compiler *c, ddbs_str name)
{
    c->steps[c->step_count++] = (struct step){ .name = name };
    if (c->text != NULL)
        c->offset = (size_t)(name.ptr - c->text) - 1;
}

static void enter_element(struct compiler *c, size_t index)
{
    c->steps[c->step_count++] = (struct step){ .index = index };
}

void ddbs_filter__leave(struct compiler *c)
{
    c->step_count--;
}

/* ---- Objects ----------------------------------------------------------------------------------------------------- */

static bool compile_object(struct compiler *c, const ddbs_value *object, struct filter_object *out);

static bool compile_leaf(struct compiler *c, const ddbs_value *list, struct filter_member *member,
                         enum filter_verdict *absent)
{
    if (list->len == 0)
        return syntax(c, "empty array: expected at least one value or operator");
    struct filter_rule *rules = ddbs_filter__alloc(c, list->len, sizeof *rules);
    if (rules == NULL)
        return false;
    ddbs_iter it = ddbs_iter_list(list);
    *absent = FILTER_FAILS;
    for (size_t i = 0; i < list->len; i++) {
        enter_element(c, i);
        if (!ddbs_filter__rule(c, ddbs_iter_next(&it), &rules[i]))
            return false;
        ddbs_filter__leave(c);
        if (rules[i].op == FILTER_MISSING)
            *absent = FILTER_ABSENT;
    }
    member->rules = rules;
    member->rule_count = list->len;
    return true;
}

int ddbs_filter__order(ddbs_str a, ddbs_str b)
{
    if (a.len != b.len)
        return a.len < b.len ? -1 : 1;
    return memcmp(a.ptr, b.ptr, a.len);
}

static int compare_nodes(const ddbs_value *a, const ddbs_value *b)
{
    return ddbs_filter__order(filter_text(a), filter_text(b));
}

/* The offsets of an object's names, sorted, of equal names the last one only; `*count` gets how many. */
static uint32_t *sort_names(struct compiler *c, const ddbs_value *object, size_t *count)
{
    uint32_t *offsets = ddbs_filter__alloc(c, object->len, sizeof *offsets);
    ddbs_iter it = ddbs_iter_item(filter_item(object));
    ddbs_str name;
    if (offsets == NULL)
        return NULL;
    for (size_t i = 0; it.left > 0; i++) {
        offsets[i] = (uint32_t)(it.next - object);
        (void)ddbs_iter_attr(&it, &name);
    }
    ddbs_value__sort(object, offsets, object->len, compare_nodes);
    *count = 0;
    for (size_t i = 0; i < object->len; i++) {
        bool last = i + 1 == object->len || compare_nodes(object + offsets[i], object + offsets[i + 1]) != 0;
        if (last)
            offsets[(*count)++] = offsets[i];
    }
    return offsets;
}

static bool compile_choices(struct compiler *c, const ddbs_value *list, struct filter_object *out)
{
    if (list->type != DDBS_TYPE_L || list->len < 2)
        return syntax(c, "expected an array of at least two objects");
    struct filter_object *choices = ddbs_filter__alloc(c, list->len, sizeof *choices);
    if (choices == NULL)
        return false;
    ddbs_iter it = ddbs_iter_list(list);
    enum filter_verdict best = FILTER_FAILS;
    for (size_t i = 0; i < list->len; i++) {
        const ddbs_value *choice = ddbs_iter_next(&it);
        enter_element(c, i);
        if (choice->type != DDBS_TYPE_M)
            return syntax(c, "expected an object");
        if (!compile_object(c, choice, &choices[i]))
            return false;
        ddbs_filter__leave(c);
        best = choices[i].verdict > best ? choices[i].verdict : best;
    }
    out->choices = choices;
    out->choice_count = list->len;
    out->verdict = filter_both(out->verdict, best);
    return true;
}

static bool compile_member(struct compiler *c, const ddbs_value *value, struct filter_member *member,
                           enum filter_verdict *absent)
{
    if (value->type == DDBS_TYPE_L)
        return compile_leaf(c, value, member, absent);
    if (value->type != DDBS_TYPE_M)
        return syntax(c, "expected an array of allowed values, or an object");
    struct filter_object *object = ddbs_filter__alloc(c, 1, sizeof *object);
    if (object == NULL || !compile_object(c, value, object))
        return false;
    member->object = object;
    *absent = object->verdict;
    return true;
}

static bool compile_members(struct compiler *c, const ddbs_value *object, const uint32_t *offsets, size_t count,
                            struct filter_object *out)
{
    struct filter_member *members = ddbs_filter__alloc(c, count, sizeof *members);
    unsigned char *verdicts = ddbs_filter__alloc(c, count, sizeof *verdicts);
    if (members == NULL || verdicts == NULL)
        return false;
    *out = (struct filter_object){ .members = members, .absent = verdicts, .first = c->places };
    out->verdict = FILTER_ABSENT;
    c->places += count;
    for (size_t i = 0; i < count; i++) {
        const ddbs_value *name = object + offsets[i];
        bool choices = ddbs_str_is(filter_text(name), "$or");
        enum filter_verdict absent = FILTER_FAILS;
        ddbs_filter__enter(c, filter_text(name));
        if (!(choices ? compile_choices(c, name + 1, out) : compile_member(c, name + 1, &members[out->count], &absent)))
            return false;
        ddbs_filter__leave(c);
        if (choices)
            continue;
        members[out->count].name = filter_text(name);
        out->failing += absent == FILTER_FAILS;
        out->verdict = filter_both(out->verdict, absent);
        verdicts[out->count++] = (unsigned char)absent;
    }
    return true;
}

static bool compile_object(struct compiler *c, const ddbs_value *object, struct filter_object *out)
{
    size_t count = 0;
    if (object->len == 0)
        return syntax(c, "empty object: expected at least one name");
    const uint32_t *offsets = sort_names(c, object, &count);
    return offsets != NULL && compile_members(c, object, offsets, count, out);
}

/* ---- Patterns ---------------------------------------------------------------------------------------------------- */

/* The reader has said what is wrong: put where the pattern is before its path. */
static bool refuse_text(struct compiler *c, ddbs_status status)
{
    char inner[DDBS_ERROR_PATH_MAX], outer[DDBS_ERROR_PATH_MAX];
    c->status = status;
    if (c->error == NULL)
        return false;
    memcpy(inner, c->error->path, sizeof inner);
    c->error->path[0] = '\0';
    write_path(c);
    memcpy(outer, c->error->path, sizeof outer);
    const char *between = inner[0] == '\0' || inner[0] == '[' || outer[0] == '\0' ? "" : ".";
    /* What does not fit is cut: the rest of the path is of less use than its begin. */
    if (snprintf(c->error->path, sizeof c->error->path, "%s%s%s", outer, between, inner) >= DDBS_ERROR_PATH_MAX)
        ddbs_error__clean(c->error);
    return false;
}

static bool compile_pattern(struct compiler *c, ddbs_str pattern, struct filter_object *out)
{
    const ddbs_item *item;
    c->offset = DDBS_NOWHERE;
    if (pattern.len > DDBS_FILTER_PATTERN_MAX)
        return ddbs_filter__refuse(c, DDBS_E_LIMIT, "a pattern of more than 4096 bytes");
    ddbs_status status = ddbs_read__item(pattern.ptr, pattern.len, DDBS_JSON_PLAIN, true, c->arena, &item, c->error);
    c->offset = 0;
    if (status == DDBS_E_TYPE)
        return syntax(c, "expected a JSON object");
    if (status != DDBS_OK)
        return refuse_text(c, status);
    /* The first quote is that of the first name, and the name stands in the reader's copy of the text. */
    const ddbs_value *object = &item->map;
    const char *quote = object->len > 0 ? memchr(pattern.ptr, '"', pattern.len) : NULL;
    c->text = quote == NULL ? NULL : object[1].as.text - (quote - pattern.ptr) - 1;
    c->places = 0;
    bool compiled = compile_object(c, object, out);
    c->text = NULL;
    return compiled;
}

static bool compile_patterns(struct compiler *c, ddbs_filter *filter, const ddbs_str *patterns, size_t count)
{
    if (count > DDBS_FILTER_COUNT_MAX)
        return ddbs_filter__refuse(c, DDBS_E_LIMIT, "more than 10 patterns");
    filter->patterns = ddbs_filter__alloc(c, DDBS_FILTER_COUNT_MAX, sizeof *filter->patterns);
    filter->count = count;
    for (size_t i = 0; filter->patterns != NULL && i < count; i++) {
        ddbs_filter__enter(c, ddbs_str_c("patterns"));
        enter_element(c, i);
        if (!compile_pattern(c, patterns[i], &filter->patterns[i]))
            return false;
        c->step_count = 0;
    }
    return filter->patterns != NULL;
}

/* ---- FilterCriteria ---------------------------------------------------------------------------------------------- */

static bool compile_filter(struct compiler *c, const ddbs_value *filter, struct filter_object *out)
{
    const ddbs_value *pattern = NULL;
    if (filter->type != DDBS_TYPE_M || !ddbs_str_is(ddbs_filter__only_name(filter, &pattern), "Pattern") ||
        pattern->type != DDBS_TYPE_S)
        return ddbs_filter__refuse(c, DDBS_E_TYPE,
                                   "expected {\"Pattern\":\"...\"}, the pattern as JSON text in a string");
    ddbs_filter__enter(c, ddbs_str_c("Pattern"));
    return compile_pattern(c, filter_text(pattern), out);
}

static bool compile_list(struct compiler *c, ddbs_filter *filter, const ddbs_value *list)
{
    ddbs_iter it = ddbs_iter_list(list);
    if (list->type != DDBS_TYPE_L)
        return ddbs_filter__refuse(c, DDBS_E_TYPE, "expected an array of filters");
    if (list->len > DDBS_FILTER_COUNT_MAX)
        return ddbs_filter__refuse(c, DDBS_E_LIMIT, "more than 10 filters");
    filter->patterns = ddbs_filter__alloc(c, DDBS_FILTER_COUNT_MAX, sizeof *filter->patterns);
    filter->count = list->len;
    for (size_t i = 0; filter->patterns != NULL && i < list->len; i++) {
        c->step_count = 1;
        enter_element(c, i);
        if (!compile_filter(c, ddbs_iter_next(&it), &filter->patterns[i]))
            return false;
    }
    return filter->patterns != NULL;
}

static bool compile_criteria(struct compiler *c, ddbs_filter *filter, ddbs_str criteria)
{
    const ddbs_item *item;
    const ddbs_value *list = NULL;
    c->status = ddbs_read__item(criteria.ptr, criteria.len, DDBS_JSON_PLAIN, true, c->arena, &item, c->error);
    if (c->status != DDBS_OK)
        return false;
    if (item->map.len == 0)
        return true;
    if (!ddbs_str_is(ddbs_filter__only_name(&item->map, &list), "Filters"))
        return ddbs_filter__refuse(c, DDBS_E_TYPE, "expected {\"Filters\":[{\"Pattern\":\"...\"}]}");
    ddbs_filter__enter(c, ddbs_str_c("Filters"));
    return compile_list(c, filter, list);
}

/* ---- Making one -------------------------------------------------------------------------------------------------- */

static ddbs_status no_memory(ddbs_error *error)
{
    return ddbs_error__set(error, DDBS_E_MEMORY, DDBS_NOWHERE, DDBS_NOWHERE, "no memory for the filter");
}

/* An empty filter in an arena of its own, NULL when there is no memory. */
static ddbs_filter *new_filter(struct compiler *c, ddbs_error *error)
{
    ddbs_arena *arena;
    ddbs_error_clear(error);
    if (ddbs_arena_new(&arena, 0) != DDBS_OK)
        return NULL;
    ddbs_filter *filter = ddbs_arena__alloc(arena, sizeof *filter);
    if (filter == NULL) {
        ddbs_arena_free(arena);
        return NULL;
    }
    *filter = (ddbs_filter){ .arena = arena };
    *c = (struct compiler){ .arena = arena, .error = error, .offset = DDBS_NOWHERE };
    return filter;
}

static ddbs_status finish(struct compiler *c, ddbs_filter *filter, bool compiled, ddbs_filter **out)
{
    if (!compiled) {
        ddbs_filter_free(filter);
        return c->status;
    }
    *out = filter;
    return DDBS_OK;
}

ddbs_status ddbs_filter_new(ddbs_filter **out, ddbs_str criteria, ddbs_error *error)
{
    struct compiler c;
    ddbs_filter *filter = new_filter(&c, error);
    return filter == NULL ? no_memory(error) : finish(&c, filter, compile_criteria(&c, filter, criteria), out);
}

ddbs_status ddbs_filter_new_patterns(ddbs_filter **out, const ddbs_str *patterns, size_t count, ddbs_error *error)
{
    struct compiler c;
    ddbs_filter *filter = new_filter(&c, error);
    return filter == NULL ? no_memory(error) : finish(&c, filter, compile_patterns(&c, filter, patterns, count), out);
}

void ddbs_filter_free(ddbs_filter *filter)
{
    if (filter != NULL)
        ddbs_arena_free(filter->arena);
}
