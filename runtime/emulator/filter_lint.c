/* filter_lint.c: see filter_lint.h.
 *
 * The pattern is walked beside a description of the record (developer guide, with-ddb-filtering) and written again on
 * the way, mended where it can be. A valid pattern is nested no deeper than its reader allows: recursion may follow
 * it. */
#include "filter_lint_leaf.h"

#include <string.h>

/* An attribute value: its type letter, with the value behind it. */
static const struct place VALUE[] = {
    { "S", KIND_TEXT, NULL, NULL },    { "N", KIND_N, NULL, NULL },        { "B", KIND_TEXT, NULL, NULL },
    { "BOOL", KIND_BOOL, NULL, NULL }, { "NULL", KIND_NULL, NULL, NULL },  { "M", KIND_ITEM, NULL, NULL },
    { "L", KIND_OBJECT, VALUE, NULL }, { "SS", KIND_TEXT, NULL, NULL },    { "NS", KIND_N, NULL, NULL },
    { "BS", KIND_TEXT, NULL, NULL },   { NULL, KIND_OBJECT, VALUE, NULL },
};
static const struct place DYNAMODB[] = {
    { "ApproximateCreationDateTime", KIND_NUMBER, NULL, NULL },
    { "Keys", KIND_ITEM, NULL, NULL },
    { "NewImage", KIND_ITEM, NULL, NULL },
    { "OldImage", KIND_ITEM, NULL, NULL },
    { "SequenceNumber", KIND_TEXT, NULL, NULL },
    { "SizeBytes", KIND_NUMBER, NULL, NULL },
    { "StreamViewType", KIND_TEXT, NULL, LINT_VIEW_TYPES },
    { NULL, KIND_OBJECT, DYNAMODB, NULL },
};
static const struct place IDENTITY[] = {
    { "principalId", KIND_TEXT, NULL, NULL },
    { "type", KIND_TEXT, NULL, NULL },
    { NULL, KIND_OBJECT, IDENTITY, NULL },
};
static const struct place RECORD[] = {
    { "awsRegion", KIND_TEXT, NULL, NULL },    { "dynamodb", KIND_OBJECT, DYNAMODB, NULL },
    { "eventID", KIND_TEXT, NULL, NULL },      { "eventName", KIND_TEXT, NULL, LINT_EVENT_NAMES },
    { "eventSource", KIND_TEXT, NULL, NULL },  { "eventSourceARN", KIND_TEXT, NULL, NULL },
    { "eventVersion", KIND_TEXT, NULL, NULL }, { "userIdentity", KIND_OBJECT, IDENTITY, NULL },
    { NULL, KIND_OBJECT, RECORD, NULL },
};

static void write_object(struct lint *lint, const struct place *place, const ddbs_item *object);

/* ---- Attribute values without their letter ----------------------------------------------------------------------- */

/* The letter that a rule speaks of; NULL: any. */
static const char *letter_of(const ddbs_value *rule)
{
    const ddbs_value *argument = rule;
    ddbs_str name = lint_operator(rule, &argument);
    if (ddbs_str_is(name, "exists"))
        return NULL;
    if (ddbs_str_is(name, "numeric"))
        return "N";
    ddbs_iter it = ddbs_iter_list(argument);
    const ddbs_value *value = it.left > 0 ? ddbs_iter_next(&it) : argument;
    switch (ddbs_value_type(value)) {
    case DDBS_TYPE_N:
    case DDBS_TYPE_BOOL:
    case DDBS_TYPE_NULL:
        return ddbs_type_name(ddbs_value_type(value));
    default:
        return "S";
    }
}

/* The letter that all rules of a leaf speak of, "S" where none does; NULL where they differ. */
static const char *letter_of_all(const ddbs_value *rules)
{
    const char *letter = NULL;
    ddbs_iter it = ddbs_iter_list(rules);
    for (const ddbs_value *rule; (rule = ddbs_iter_next(&it)) != NULL;) {
        const char *one = letter_of(rule);
        if (one != NULL && letter != NULL && strcmp(one, letter) != 0)
            return NULL;
        letter = one != NULL ? one : letter;
    }
    return letter != NULL ? letter : "S";
}

static const struct place *find_place(const struct place *names, ddbs_str name, bool any_case)
{
    for (; names->name != NULL; names++) {
        if (any_case ? lint_is_text(name, names->name) : ddbs_str_is(name, names->name))
            return names;
    }
    return NULL;
}

static bool has_exists(const ddbs_value *rules)
{
    const ddbs_value *argument;
    ddbs_iter it = ddbs_iter_list(rules);
    for (const ddbs_value *rule; (rule = ddbs_iter_next(&it)) != NULL;) {
        if (ddbs_str_is(lint_operator(rule, &argument), "exists"))
            return true;
    }
    return false;
}

/* {"Status":["SHIPPED"]} */
static void write_letterless(struct lint *lint, const ddbs_value *rules)
{
    const char *letter = letter_of_all(rules);
    if (has_exists(rules))
        lint_error(lint,
                   "exists asks for a leaf, and an attribute is none: exists:false always matches here, exists:true "
                   "never; it goes behind the attribute's type letter");
    else
        lint_error(lint, "never matches: the type letter of the attribute is missing");
    if (letter == NULL) {
        lint->beyond_repair = true;
        return;
    }
    ddbs_buf__format(lint->out, "{\"%s\":", letter);
    lint_leaf(lint, find_place(VALUE, ddbs_str_c(letter), false), rules);
    ddbs_buf__text(lint->out, "}");
}

/* Whether an object at an attribute value has none of the letters. */
static bool is_letterless(const ddbs_item *object)
{
    ddbs_str name;
    ddbs_iter it = ddbs_iter_item(object);
    while (ddbs_iter_attr(&it, &name) != NULL) {
        if (find_place(VALUE, name, true) != NULL || ddbs_str_is(name, "$or"))
            return false;
    }
    return true;
}

/* ---- Objects ----------------------------------------------------------------------------------------------------- */

static const struct place ITEM = { "M", KIND_ITEM, NULL, NULL };
static const struct place ATTRIBUTE = { NULL, KIND_OBJECT, VALUE, NULL };

static void write_sub_pattern(struct lint *lint, const struct place *place, const ddbs_value *value,
                              const ddbs_item *object)
{
    if (place->kind != KIND_OBJECT && place->kind != KIND_ITEM) {
        lint_give_up(lint,
                     "never matches, but with exists:false always: this is a leaf in a record, nothing is inside");
        lint_raw(lint, value);
    } else if (place->names == VALUE && is_letterless(object)) {
        lint_error(lint, "never matches: expected a type letter (S, N, B, BOOL, NULL, M, L, SS, NS or BS)");
        ddbs_buf__text(lint->out, "{\"M\":");
        write_object(lint, &ITEM, object);
        ddbs_buf__text(lint->out, "}");
    } else {
        write_object(lint, place, object);
    }
}

static void write_value(struct lint *lint, const struct place *place, const ddbs_value *value)
{
    const ddbs_item *object;
    if (ddbs_value_item(value, &object) == DDBS_OK)
        write_sub_pattern(lint, place, value, object);
    else if (place->names == VALUE)
        write_letterless(lint, value);
    else if (place->kind != KIND_OBJECT && place->kind != KIND_ITEM)
        lint_leaf(lint, place, value);
    else
        lint_give_up(lint,
                     "an object in a record, and no leaf: exists:false always matches here, everything else never; for "
                     "records with or without an image ask for the eventName");
}

/* The member of an object with certain names: its place. NULL: no record has it. */
static const struct place *expect(struct lint *lint, const struct place *names, ddbs_str name)
{
    const struct place *place = find_place(names, name, false);
    if (place != NULL)
        return place;
    place = find_place(names, name, true);
    if (place != NULL)
        lint_error(lint, "never matches: the case of letters counts, and this name is written otherwise");
    else
        lint_give_up(lint, "never matches, but with exists:false always: no record has a member of this name here");
    return place;
}

static void write_member(struct lint *lint, const struct place *place, ddbs_str name, const ddbs_value *value)
{
    const struct place *inner = place->kind == KIND_ITEM ? &ATTRIBUTE : expect(lint, place->names, name);
    if (inner == NULL)
        return;
    lint_name(lint, inner->name != NULL ? ddbs_str_c(inner->name) : name);
    write_value(lint, inner, value);
}

static void write_choices(struct lint *lint, const struct place *place, const ddbs_value *choices)
{
    size_t len = strlen(lint->at.path), index = 0;
    const ddbs_item *object;
    ddbs_iter it = ddbs_iter_list(choices);
    lint_word(lint, "\"$or\":[");
    for (const ddbs_value *choice; (choice = ddbs_iter_next(&it)) != NULL; index++) {
        ddbs_error__path_index(&lint->at, index);
        lint_separate(lint);
        if (ddbs_value_item(choice, &object) == DDBS_OK)
            write_object(lint, place, object);
        lint->at.path[len] = '\0';
    }
    ddbs_buf__text(lint->out, "]");
}

/* Whether the members behind `it` have the name again. */
static bool comes_again(ddbs_iter it, ddbs_str name)
{
    ddbs_str other;
    while (ddbs_iter_attr(&it, &other) != NULL) {
        if (other.len == name.len && memcmp(other.ptr, name.ptr, name.len) == 0)
            return true;
    }
    return false;
}

/* At the top of a record, a name that belongs under "dynamodb". */
static bool is_stray(const struct place *place, ddbs_str name)
{
    return place->names == RECORD && find_place(RECORD, name, true) == NULL && find_place(DYNAMODB, name, true) != NULL;
}

enum members { ALL_BUT_STRAYS, STRAYS };

static void write_members(struct lint *lint, const struct place *place, const ddbs_item *object, enum members which)
{
    size_t len = strlen(lint->at.path);
    ddbs_str name;
    ddbs_iter it = ddbs_iter_item(object);
    const struct place *target = which == STRAYS ? &RECORD[1] : place;
    for (const ddbs_value *value; (value = ddbs_iter_attr(&it, &name)) != NULL; lint->at.path[len] = '\0') {
        if (is_stray(place, name) != (which == STRAYS))
            continue;
        ddbs_error__path_name(&lint->at, name);
        if (comes_again(it, name)) {
            lint_warn(lint, "this name comes twice in the object: only the last one counts");
            continue;
        }
        if (which == STRAYS)
            lint_error(lint, "never matches, but with exists:false always: in a record this stands under \"dynamodb\"");
        if (ddbs_str_is(name, "$or"))
            write_choices(lint, place, value);
        else
            write_member(lint, target, name, value);
    }
}

/* Whether there are strays, and whether there is a "dynamodb" where they could go. */
static bool has_strays(const ddbs_item *object, bool *has_home)
{
    bool strays = false;
    ddbs_str name;
    ddbs_iter it = ddbs_iter_item(object);
    *has_home = false;
    while (ddbs_iter_attr(&it, &name) != NULL) {
        strays = strays || is_stray(RECORD + sizeof RECORD / sizeof *RECORD - 1, name);
        *has_home = *has_home || lint_is_text(name, "dynamodb");
    }
    return strays;
}

static void write_object(struct lint *lint, const struct place *place, const ddbs_item *object)
{
    bool has_home = false;
    ddbs_buf__text(lint->out, "{");
    write_members(lint, place, object, ALL_BUT_STRAYS);
    if (place->names == RECORD && has_strays(object, &has_home)) {
        /* Both of them in one object could be in each other's way: the findings say enough. */
        lint->beyond_repair = lint->beyond_repair || has_home;
        lint_word(lint, "\"dynamodb\":{");
        write_members(lint, place, object, STRAYS);
        ddbs_buf__text(lint->out, "}");
    }
    ddbs_buf__text(lint->out, "}");
}

bool filter_lint(const ddbs_item *pattern, ddbs_buf *works, lint_found *found, void *user)
{
    struct lint lint = { .out = works, .found = found, .user = user };
    write_object(&lint, RECORD + sizeof RECORD / sizeof *RECORD - 1, pattern);
    if (!lint.errors || lint.beyond_repair)
        works->len = 0;
    return !works->failed;
}
