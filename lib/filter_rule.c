/* filter_rule.c: the values and operators in the leaves of a pattern. */
#include "lib/filter_compile.h"

static bool syntax(struct compiler *c, const char *reason)
{
    return ddbs_filter__refuse(c, DDBS_E_SYNTAX, reason);
}

ddbs_str ddbs_filter__only_name(const ddbs_value *object, const ddbs_value **value)
{
    ddbs_str name = { NULL, 0 };
    ddbs_iter it = ddbs_iter_item(filter_item(object));
    if (it.left == 1)
        *value = ddbs_iter_attr(&it, &name);
    return name;
}

static bool compile_number(struct compiler *c, const ddbs_value *value, struct filter_rule *rule)
{
    char *text = ddbs_filter__alloc(c, DDBS_NUM_TEXT_MAX, 1);
    if (text == NULL)
        return false;
    ddbs_status status = ddbs_num_canonical((ddbs_num){ value->as.text, value->len }, text);
    rule->op = FILTER_NUMBER;
    rule->text = ddbs_str_c(text);
    return status == DDBS_OK || ddbs_filter__refuse(c, status, "expected a number that DynamoDB can hold");
}

static bool compile_text(struct compiler *c, enum filter_op op, const ddbs_value *value, struct filter_rule *rule)
{
    if (value->type != DDBS_TYPE_S)
        return syntax(c, "expected a string");
    rule->op = op;
    rule->text = filter_text(value);
    return true;
}

static bool compile_ignore_case(struct compiler *c, const ddbs_value *value, struct filter_rule *rule)
{
    rule->fold = true;
    return compile_text(c, FILTER_EQUALS, value, rule);
}

/* {"prefix":"EU-"} or {"prefix":{"equals-ignore-case":"eu-"}} */
static bool compile_end(struct compiler *c, enum filter_op op, const ddbs_value *value, struct filter_rule *rule)
{
    const ddbs_value *text = value;
    if (value->type == DDBS_TYPE_M) {
        if (!ddbs_str_is(ddbs_filter__only_name(value, &text), "equals-ignore-case"))
            return syntax(c, "expected a string, or an object with \"equals-ignore-case\" alone");
        rule->fold = true;
    }
    return compile_text(c, op, text, rule);
}

static bool compile_prefix(struct compiler *c, const ddbs_value *value, struct filter_rule *rule)
{
    return compile_end(c, FILTER_PREFIX, value, rule);
}

static bool compile_suffix(struct compiler *c, const ddbs_value *value, struct filter_rule *rule)
{
    return compile_end(c, FILTER_SUFFIX, value, rule);
}

static bool compile_exists(struct compiler *c, const ddbs_value *value, struct filter_rule *rule)
{
    if (value->type != DDBS_TYPE_BOOL)
        return syntax(c, "expected true or false");
    rule->op = value->len != 0 ? FILTER_EXISTS : FILTER_MISSING;
    return true;
}

/* One of the values that anything-but excludes. */
static bool compile_excluded(struct compiler *c, const ddbs_value *value, const struct filter_rule *form,
                             struct filter_rule *rule)
{
    *rule = *form;
    if (value->type == DDBS_TYPE_N && form->op == FILTER_NUMBER)
        return compile_number(c, value, rule);
    if (value->type != DDBS_TYPE_S || form->op == FILTER_NUMBER)
        return syntax(c, "expected strings, or numbers, not both and nothing else");
    if (value->len == 0 && form->op != FILTER_EQUALS)
        return syntax(c, "expected a string that is not empty: every string begins and ends with the empty one");
    return compile_text(c, form->op, value, rule);
}

/* A value, or an array of values, that all have the form of `form`. */
static bool compile_excluded_all(struct compiler *c, const ddbs_value *value, const struct filter_rule *form,
                                 struct filter_rule *rule)
{
    bool list = value->type == DDBS_TYPE_L;
    size_t count = list ? value->len : 1;
    if (count == 0)
        return syntax(c, "empty array: expected at least one value");
    struct filter_rule *rules = ddbs_filter__alloc(c, count, sizeof *rules);
    if (rules == NULL)
        return false;
    ddbs_iter it = ddbs_iter_list(value);
    for (size_t i = 0; i < count; i++) {
        if (!compile_excluded(c, list ? ddbs_iter_next(&it) : value, form, &rules[i]))
            return false;
    }
    rule->op = FILTER_NONE_OF;
    rule->rules = rules;
    rule->rule_count = count;
    return true;
}

static bool compile_anything_but(struct compiler *c, const ddbs_value *value, struct filter_rule *rule)
{
    static const struct {
        const char *name;
        struct filter_rule form;
    } inner[] = {
        { "prefix", { .op = FILTER_PREFIX } },
        { "suffix", { .op = FILTER_SUFFIX } },
        { "equals-ignore-case", { .op = FILTER_EQUALS, .fold = true } },
    };
    const ddbs_value *first = value;
    if (value->type == DDBS_TYPE_M) {
        ddbs_str name = ddbs_filter__only_name(value, &first);
        for (size_t i = 0; i < sizeof inner / sizeof *inner; i++) {
            if (ddbs_str_is(name, inner[i].name))
                return compile_excluded_all(c, first, &inner[i].form, rule);
        }
        return syntax(c, "expected \"prefix\", \"suffix\" or \"equals-ignore-case\" alone in the object");
    }
    if (value->type == DDBS_TYPE_L && value->len > 0)
        first = value + 1;
    struct filter_rule form = { .op = first->type == DDBS_TYPE_N ? FILTER_NUMBER : FILTER_EQUALS };
    return compile_excluded_all(c, value, &form, rule);
}

/* The comparison at the iterator and the number behind it, as a bound. */
static bool compile_bound(struct compiler *c, ddbs_iter *it, const char *open, const char *closed,
                          struct filter_bound *bound)
{
    const ddbs_value *word = ddbs_iter_next(it), *number = ddbs_iter_next(it);
    struct filter_rule rule;
    if (word == NULL || number == NULL || number->type != DDBS_TYPE_N || word->type != DDBS_TYPE_S)
        return syntax(c, "expected pairs of a comparison and a number, as in [\">\",0,\"<=\",5]");
    bound->included = ddbs_str_is(filter_text(word), closed);
    if (!bound->included && !ddbs_str_is(filter_text(word), open))
        return syntax(c, "expected \"=\", \"<\" or \"<=\" alone, or \">\" or \">=\" and then \"<\" or \"<=\"");
    if (!compile_number(c, number, &rule))
        return false;
    bound->num = (ddbs_num){ rule.text.ptr, rule.text.len };
    return true;
}

static bool begins_with(const ddbs_value *list, char byte)
{
    const ddbs_value *first = list + 1;
    return list->len > 0 && first->type == DDBS_TYPE_S && first->len > 0 && first->as.text[0] == byte;
}

static bool compile_range(struct compiler *c, ddbs_iter *it, bool upper_only, struct filter_rule *rule)
{
    int order = -1;
    if (!upper_only && !compile_bound(c, it, ">", ">=", &rule->low))
        return false;
    if ((upper_only || it->left > 0) && !compile_bound(c, it, "<", "<=", &rule->high))
        return false;
    if (it->left > 0)
        return syntax(c, "expected one range: a lower bound, an upper bound, or both");
    if (rule->low.num.ptr != NULL && rule->high.num.ptr != NULL &&
        ddbs_num_compare(rule->low.num, rule->high.num, &order) == DDBS_OK && order >= 0)
        return syntax(c, "expected a lower bound below the upper one");
    rule->op = FILTER_RANGE;
    return true;
}

static bool compile_numeric(struct compiler *c, const ddbs_value *value, struct filter_rule *rule)
{
    struct filter_bound equal;
    ddbs_iter it = ddbs_iter_list(value);
    if (value->type != DDBS_TYPE_L)
        return syntax(c, "expected an array of comparisons and numbers, as in [\">\",0,\"<=\",5]");
    if (!begins_with(value, '='))
        return compile_range(c, &it, begins_with(value, '<'), rule);
    if (!compile_bound(c, &it, "=", "=", &equal))
        return false;
    if (it.left > 0)
        return syntax(c, "expected nothing behind \"=\" and its number");
    rule->op = FILTER_NUMBER;
    rule->text = (ddbs_str){ equal.num.ptr, equal.num.len };
    return true;
}

static bool refuse_foreign(struct compiler *c, const ddbs_value *value, struct filter_rule *rule)
{
    (void)value, (void)rule;
    return syntax(c, "an operator of EventBridge that the table of Lambda's developer guide does not list: whether a "
                     "mapping takes it is not known");
}

static bool compile_operator(struct compiler *c, const ddbs_value *object, struct filter_rule *rule)
{
    static const struct {
        const char *name;
        bool (*compile)(struct compiler *c, const ddbs_value *value, struct filter_rule *rule);
    } operators[] = {
        { "equals-ignore-case", compile_ignore_case },
        { "prefix", compile_prefix },
        { "suffix", compile_suffix },
        { "anything-but", compile_anything_but },
        { "numeric", compile_numeric },
        { "exists", compile_exists },
        { "wildcard", refuse_foreign },
        { "cidr", refuse_foreign },
        { "exactly", refuse_foreign },
    };
    const ddbs_value *value = NULL;
    ddbs_str name = ddbs_filter__only_name(object, &value);
    if (name.ptr == NULL)
        return syntax(c, "expected one operator in the object");
    ddbs_filter__enter(c, name);
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        if (!ddbs_str_is(name, operators[i].name))
            continue;
        if (!operators[i].compile(c, value, rule))
            return false;
        ddbs_filter__leave(c);
        return true;
    }
    return syntax(c, "unknown operator: expected equals-ignore-case, prefix, suffix, anything-but, numeric or exists");
}

bool ddbs_filter__rule(struct compiler *c, const ddbs_value *value, struct filter_rule *rule)
{
    switch (ddbs_value_type(value)) {
    case DDBS_TYPE_S:
        return compile_text(c, FILTER_EQUALS, value, rule);
    case DDBS_TYPE_N:
        return compile_number(c, value, rule);
    case DDBS_TYPE_BOOL:
        rule->op = value->len != 0 ? FILTER_TRUE : FILTER_FALSE;
        return true;
    case DDBS_TYPE_NULL:
        rule->op = FILTER_NULL;
        return true;
    case DDBS_TYPE_M:
        return compile_operator(c, value, rule);
    default:
        return syntax(c, "expected a string, a number, true, false, null, or an object with an operator");
    }
}
