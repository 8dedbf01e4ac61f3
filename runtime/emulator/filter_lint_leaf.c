/* filter_lint_leaf.c: the rules in a leaf of a pattern, beside the kind of value that stands there in a record. */
#include "filter_lint_leaf.h"

#include <string.h>
#include <strings.h>

const char *const LINT_EVENT_NAMES[] = { "INSERT", "MODIFY", "REMOVE", NULL };
const char *const LINT_VIEW_TYPES[] = { "KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", NULL };

/* ---- Findings ---------------------------------------------------------------------------------------------------- */

void lint_warn(struct lint *lint, const char *sentence)
{
    lint->found(lint->user, LINT_WARNING, lint->at.path, sentence);
}

void lint_error(struct lint *lint, const char *sentence)
{
    lint->errors = true;
    lint->found(lint->user, LINT_ERROR, lint->at.path, sentence);
}

void lint_give_up(struct lint *lint, const char *sentence)
{
    lint->beyond_repair = true;
    lint_error(lint, sentence);
}

/* A value of the wrong kind at a leaf. */
static void find_mismatch(struct lint *lint, enum kind kind, bool negated)
{
    static const struct {
        const char *never, *always;
    } sentences[] = {
        [KIND_TEXT] = { "never matches: a string stands there, and only strings match it",
                        "always matches: a string stands there, which is never one of these" },
        [KIND_NUMBER] = { "never matches: a JSON number stands there, and only numbers match it",
                          "always matches: a JSON number stands there, which is never one of these" },
        [KIND_N] = { "never matches: N is a string in the event, as \"101\", and no number",
                     "always matches: N is a string in the event, as \"101\", which no number is" },
        [KIND_BOOL] = { "never matches: true or false stands there, without quotes",
                        "always matches: true or false stands there, which is never one of these" },
        [KIND_NULL] = { "never matches: a NULL is {\"NULL\":true} in the event, so only true matches it",
                        "always matches: a NULL is {\"NULL\":true} in the event, which is never one of these" },
    };
    lint_error(lint, negated ? sentences[kind].always : sentences[kind].never);
}

/* ---- Writing ----------------------------------------------------------------------------------------------------- */

void lint_separate(struct lint *lint)
{
    const ddbs_buf *out = lint->out;
    if (out->len > 0 && strchr("{[:", out->ptr[out->len - 1]) == NULL)
        ddbs_buf__text(lint->out, ",");
}

void lint_name(struct lint *lint, ddbs_str name)
{
    lint_separate(lint);
    ddbs_buf__json(lint->out, name.ptr, name.len);
    ddbs_buf__text(lint->out, ":");
}

void lint_raw(struct lint *lint, const ddbs_value *value)
{
    lint_separate(lint);
    if (ddbs_value_write(value, DDBS_JSON_PLAIN, lint->out) != DDBS_OK)
        lint->out->failed = true;
}

static void write_string(struct lint *lint, ddbs_str text)
{
    lint_separate(lint);
    ddbs_buf__json(lint->out, text.ptr, text.len);
}

void lint_word(struct lint *lint, const char *word)
{
    lint_separate(lint);
    ddbs_buf__text(lint->out, word);
}

/* ---- Values in a leaf -------------------------------------------------------------------------------------------- */

static ddbs_str str_of(const ddbs_value *value)
{
    ddbs_str text = { "", 0 };
    return ddbs_value_str(value, &text) == DDBS_OK ? text : (ddbs_str){ "", 0 };
}

/* The canonical text of a number, given as one or in a string. */
static bool canonical(const ddbs_value *value, char out[DDBS_NUM_TEXT_MAX])
{
    ddbs_str text = str_of(value);
    ddbs_num num = { text.ptr, text.len };
    (void)(ddbs_value_num(value, &num) == DDBS_OK);
    return ddbs_num_canonical(num, out) == DDBS_OK;
}

bool lint_is_text(ddbs_str text, const char *word)
{
    return text.len == strlen(word) && strncasecmp(text.ptr, word, text.len) == 0;
}

/* A string where only some can stand. */
static void write_known_text(struct lint *lint, const struct place *place, ddbs_str text)
{
    for (const char *const *value = place->values; *value != NULL; value++) {
        if (!lint_is_text(text, *value))
            continue;
        if (!ddbs_str_is(text, *value))
            lint_error(lint, "never matches: the case of letters counts, and this name is written otherwise");
        lint_word(lint, "\"");
        ddbs_buf__text(lint->out, *value);
        ddbs_buf__text(lint->out, "\"");
        return;
    }
    lint_give_up(lint,
                 place->values == LINT_EVENT_NAMES
                     ? "never matches: the event names are INSERT, MODIFY and REMOVE"
                     : "never matches: the view types are KEYS_ONLY, NEW_IMAGE, OLD_IMAGE and NEW_AND_OLD_IMAGES");
    write_string(lint, text);
}

static void write_text_value(struct lint *lint, const struct place *place, const ddbs_value *value, bool negated)
{
    ddbs_num num;
    if (ddbs_value_type(value) == DDBS_TYPE_S) {
        if (place->values != NULL && !negated)
            write_known_text(lint, place, str_of(value));
        else
            write_string(lint, str_of(value));
        return;
    }
    find_mismatch(lint, KIND_TEXT, negated);
    if (place->values == NULL && ddbs_value_num(value, &num) == DDBS_OK) {
        write_string(lint, (ddbs_str){ num.ptr, num.len });
        return;
    }
    lint->beyond_repair = true;
    lint_raw(lint, value);
}

/* DynamoDB trims a number: 1.0 and 01 come as "1". How it writes very large and very small ones is not documented. */
static void write_n_value(struct lint *lint, const ddbs_value *value, bool negated)
{
    char text[DDBS_NUM_TEXT_MAX];
    bool string = ddbs_value_type(value) == DDBS_TYPE_S;
    if (!canonical(value, text)) {
        lint_error(lint, negated ? "always matches: no number is written like this"
                                 : "never matches: no number is written like this");
        lint->beyond_repair = true;
        lint_raw(lint, value);
        return;
    }
    if (!string)
        find_mismatch(lint, KIND_N, negated);
    if (strchr(text, 'E') != NULL)
        lint_warn(lint, "which text DynamoDB writes for a number as large or as small as this is not documented");
    else if (string && !ddbs_str_is(str_of(value), text))
        lint_error(lint, negated ? "always matches: DynamoDB writes this number otherwise, it trims zeros"
                                 : "never matches: DynamoDB writes this number otherwise, it trims zeros");
    write_string(lint, strchr(text, 'E') != NULL && string ? str_of(value) : ddbs_str_c(text));
}

static void check_magnitude(struct lint *lint, const ddbs_value *value)
{
    ddbs_num num;
    double number;
    if (ddbs_value_num(value, &num) == DDBS_OK && ddbs_num_f64_rounded(num, &number, NULL) == DDBS_OK &&
        (number > 5.0e9 || number < -5.0e9))
        lint_warn(lint, "beyond 5.0e9, where EventBridge's guide ends the numbers it compares; the time is in seconds");
}

static void write_number_value(struct lint *lint, const ddbs_value *value, bool negated)
{
    char text[DDBS_NUM_TEXT_MAX];
    check_magnitude(lint, value);
    if (ddbs_value_type(value) == DDBS_TYPE_N) {
        lint_raw(lint, value);
        return;
    }
    find_mismatch(lint, KIND_NUMBER, negated);
    if (ddbs_value_type(value) == DDBS_TYPE_S && canonical(value, text)) {
        lint_word(lint, text);
        return;
    }
    lint->beyond_repair = true;
    lint_raw(lint, value);
}

static void write_bool_value(struct lint *lint, const struct place *place, const ddbs_value *value, bool negated)
{
    bool truth = true;
    bool word = lint_is_text(str_of(value), "true") || lint_is_text(str_of(value), "false");
    if (ddbs_value_bool(value, &truth) == DDBS_OK && (place->kind == KIND_BOOL || truth)) {
        lint_raw(lint, value);
        return;
    }
    find_mismatch(lint, place->kind, negated);
    bool null = place->kind == KIND_NULL && ddbs_value_type(value) != DDBS_TYPE_N;
    lint->beyond_repair = lint->beyond_repair || negated || !(word || null);
    lint_word(lint, null || lint_is_text(str_of(value), "true") ? "true" : "false");
}

static void write_scalar(struct lint *lint, const struct place *place, const ddbs_value *value, bool negated)
{
    switch (place->kind) {
    case KIND_N:
        write_n_value(lint, value, negated);
        return;
    case KIND_NUMBER:
        write_number_value(lint, value, negated);
        return;
    case KIND_BOOL:
    case KIND_NULL:
        write_bool_value(lint, place, value, negated);
        return;
    default:
        write_text_value(lint, place, value, negated);
        return;
    }
}

/* ---- Operators --------------------------------------------------------------------------------------------------- */

static bool is_string_kind(const struct place *place)
{
    return place->kind == KIND_TEXT || place->kind == KIND_N;
}

static void warn_nested(struct lint *lint, const ddbs_value *argument)
{
    if (ddbs_value_type(argument) == DDBS_TYPE_M)
        lint_warn(lint,
                  "an operator in an operator is not in the table of Lambda's guide: whether a mapping takes it is not "
                  "known");
}

/* prefix, suffix, equals-ignore-case */
static void write_string_operator(struct lint *lint, const struct place *place, const ddbs_value *rule,
                                  const ddbs_value *argument)
{
    warn_nested(lint, argument);
    if (!is_string_kind(place)) {
        find_mismatch(lint, place->kind, false);
        lint->beyond_repair = true;
    }
    lint_raw(lint, rule);
}

static void write_numeric(struct lint *lint, const struct place *place, const ddbs_value *rule,
                          const ddbs_value *argument)
{
    ddbs_iter it = ddbs_iter_list(argument);
    bool equal = ddbs_str_is(str_of(ddbs_iter_next(&it)), "=");
    const ddbs_value *number = ddbs_iter_next(&it);
    if (equal && is_string_kind(place)) {
        write_scalar(lint, place, number, false);
        return;
    }
    if (place->kind == KIND_NUMBER) {
        for (; number != NULL; number = ddbs_iter_next(&it))
            check_magnitude(lint, number);
    } else if (place->kind == KIND_N) {
        lint_give_up(lint,
                     "never matches: N is a string in the event, and no operator compares numbers in strings; keep the "
                     "number with leading zeros in an S as well, or filter in the handler");
    } else {
        find_mismatch(lint, place->kind, false);
        lint->beyond_repair = true;
    }
    lint_raw(lint, rule);
}

static void write_anything_but(struct lint *lint, const struct place *place, const ddbs_value *rule,
                               const ddbs_value *argument)
{
    ddbs_iter it = ddbs_iter_list(argument);
    warn_nested(lint, argument);
    if (ddbs_value_type(argument) == DDBS_TYPE_M) {
        if (!is_string_kind(place)) {
            find_mismatch(lint, place->kind, true);
            lint->beyond_repair = true;
        }
        lint_raw(lint, rule);
        return;
    }
    bool list = ddbs_value_type(argument) == DDBS_TYPE_L;
    lint_word(lint, list ? "{\"anything-but\":[" : "{\"anything-but\":");
    if (!list)
        write_scalar(lint, place, argument, true);
    for (const ddbs_value *value; (value = ddbs_iter_next(&it)) != NULL;)
        write_scalar(lint, place, value, true);
    ddbs_buf__text(lint->out, list ? "]}" : "}");
}

ddbs_str lint_operator(const ddbs_value *rule, const ddbs_value **argument)
{
    const ddbs_item *object;
    ddbs_str name = { NULL, 0 };
    if (ddbs_value_item(rule, &object) != DDBS_OK)
        return name;
    ddbs_iter it = ddbs_iter_item(object);
    *argument = ddbs_iter_attr(&it, &name);
    return name;
}

static void write_rule(struct lint *lint, const struct place *place, const ddbs_value *rule)
{
    const ddbs_value *argument = NULL;
    ddbs_str name = lint_operator(rule, &argument);
    if (name.ptr == NULL)
        write_scalar(lint, place, rule, false);
    else if (ddbs_str_is(name, "exists"))
        lint_raw(lint, rule);
    else if (ddbs_str_is(name, "numeric"))
        write_numeric(lint, place, rule, argument);
    else if (ddbs_str_is(name, "anything-but"))
        write_anything_but(lint, place, rule, argument);
    else
        write_string_operator(lint, place, rule, argument);
}

void lint_leaf(struct lint *lint, const struct place *place, const ddbs_value *rules)
{
    size_t len = strlen(lint->at.path), index = 0;
    ddbs_iter it = ddbs_iter_list(rules);
    ddbs_buf__text(lint->out, "[");
    for (const ddbs_value *rule; (rule = ddbs_iter_next(&it)) != NULL; index++) {
        ddbs_error__path_index(&lint->at, index);
        write_rule(lint, place, rule);
        lint->at.path[len] = '\0';
    }
    ddbs_buf__text(lint->out, "]");
}
