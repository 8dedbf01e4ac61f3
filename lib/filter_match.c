/* filter_match.c: whether a record passes a filter, from the record's JSON text.
 *
 * One walk for each pattern: it goes into the members that the pattern names and skips the others. Every walk reads to
 * the end, though a pattern may have failed long before: so the text is checked in the same pass, and whether the rest
 * of it is JSON can never change a result that was already given. It also makes the last of equal names count, in a
 * record as in a pattern. An $or reads its object again, once for each alternative.
 *
 * Arrays are as in event-ruler: their elements count one by one, arrays in arrays as if there were one, and names in an
 * array of objects must match in one element. What shall not exist there must be absent from all elements, unless
 * another name of the same object was found in one of them: then from that one. The alternatives of an $or are held
 * against an array each on its own; event-ruler multiplies them out first, which differs only for names on both sides
 * of the $or that go through the same array, and for several alternatives with exists:false inside one. */
#include "lib/filter.h"
#include "lib/json.h"

#include <string.h>

/* No text of a pattern is longer. */
enum { TEXT_MAX = DDBS_FILTER_PATTERN_MAX };

/* A string with its escapes resolved, however long it is: both of its ends, which is all that a pattern can ask for. */
struct text {
    const char *head; /* the first TEXT_MAX bytes, or all */
    const char *end;  /* behind the last TEXT_MAX bytes, or all */
    size_t len;
};

enum kind { STRING, NUMBER, TRUE, FALSE, NOTHING };

/* A value of the record that is no object. */
struct scalar {
    enum kind kind;
    struct text text;
    char number[DDBS_NUM_TEXT_MAX]; /* canonical; empty for one that DynamoDB cannot hold */
    size_t number_len;
};

struct match {
    struct json json;
    unsigned char verdicts[FILTER_NAMES_MAX]; /* of the members of every object that is being walked */
    struct scalar scalar;
    char head[TEXT_MAX];
    char tail[2 * TEXT_MAX];
    size_t tail_len;
};

/* ---- Strings ----------------------------------------------------------------------------------------------------- */

static void keep(struct match *m, size_t len_before, const char *bytes, size_t len)
{
    if (len_before < TEXT_MAX) {
        size_t room = TEXT_MAX - len_before;
        memcpy(m->head + len_before, bytes, len < room ? len : room);
    }
    if (len > TEXT_MAX) {
        bytes += len - TEXT_MAX;
        len = TEXT_MAX;
    }
    if (m->tail_len + len > sizeof m->tail) {
        memmove(m->tail, m->tail + m->tail_len - TEXT_MAX, TEXT_MAX);
        m->tail_len = TEXT_MAX;
    }
    memcpy(m->tail + m->tail_len, bytes, len);
    m->tail_len += len;
}

/* Whether the escape at `at`, of the form \uXXXX, is the first half of a surrogate pair. */
static bool is_high_surrogate(const char *at)
{
    return (at[2] == 'd' || at[2] == 'D') && strchr("89abAB", at[3]) != NULL;
}

/* The length of the escape at `at` in a string that was accepted; both halves of a surrogate pair are one. */
static size_t escape_len(const char *at, size_t left)
{
    if (at[1] != 'u')
        return 2;
    return is_high_surrogate(at) && left >= 12 && at[6] == '\\' && at[7] == 'u' ? 12 : 6;
}

static struct text resolve(struct match *m, const char *text, size_t len)
{
    size_t total = 0;
    m->tail_len = 0;
    for (size_t at = 0; at < len;) {
        char bytes[12];
        const char *escape = memchr(text + at, '\\', len - at);
        size_t plain = escape == NULL ? len - at : (size_t)(escape - text) - at;
        keep(m, total, text + at, plain);
        total += plain;
        at += plain;
        if (escape == NULL)
            break;
        /* Half a surrogate pair becomes bytes that are not UTF-8, and those no pattern has. */
        size_t step = escape_len(escape, len - at);
        size_t used = ddbs_json__unescape(bytes, escape, step);
        keep(m, total, bytes, used);
        total += used;
        at += step;
    }
    return (struct text){ m->head, m->tail + m->tail_len, total };
}

static struct text text_of(struct match *m, struct json_string string)
{
    const char *begin = m->json.text + string.begin, *end = m->json.text + string.end;
    if (string.escaped)
        return resolve(m, begin, string.end - string.begin);
    return (struct text){ begin, end, string.end - string.begin };
}

static unsigned char lower(char byte)
{
    return (unsigned char)(byte >= 'A' && byte <= 'Z' ? byte - 'A' + 'a' : byte);
}

static bool same(const char *bytes, ddbs_str text, bool fold)
{
    if (!fold)
        return memcmp(bytes, text.ptr, text.len) == 0;
    for (size_t i = 0; i < text.len; i++) {
        if (lower(bytes[i]) != lower(text.ptr[i]))
            return false;
    }
    return true;
}

/* ---- Rules ------------------------------------------------------------------------------------------------------- */

static bool in_range(const struct scalar *scalar, const struct filter_rule *rule)
{
    const ddbs_num num = { scalar->number, scalar->number_len };
    int order;
    if (scalar->kind != NUMBER || num.len == 0)
        return false;
    if (rule->low.num.ptr != NULL &&
        (ddbs_num_compare(num, rule->low.num, &order) != DDBS_OK || order < 0 || (order == 0 && !rule->low.included)))
        return false;
    return rule->high.num.ptr == NULL || (ddbs_num_compare(num, rule->high.num, &order) == DDBS_OK &&
                                          (order < 0 || (order == 0 && rule->high.included)));
}

static bool is_string(const struct scalar *scalar, const struct filter_rule *rule)
{
    const struct text *text = &scalar->text;
    if (scalar->kind != STRING || text->len < rule->text.len)
        return false;
    if (rule->op == FILTER_EQUALS && text->len != rule->text.len)
        return false;
    return same(rule->op == FILTER_SUFFIX ? text->end - rule->text.len : text->head, rule->text, rule->fold);
}

static bool is_number(const struct scalar *scalar, const struct filter_rule *rule)
{
    return scalar->kind == NUMBER && scalar->number_len == rule->text.len &&
           memcmp(scalar->number, rule->text.ptr, rule->text.len) == 0;
}

static bool is_none_of(const struct scalar *scalar, const struct filter_rule *rule)
{
    for (size_t i = 0; i < rule->rule_count; i++) {
        const struct filter_rule *excluded = &rule->rules[i];
        if (excluded->op == FILTER_NUMBER ? is_number(scalar, excluded) : is_string(scalar, excluded))
            return false;
    }
    return true;
}

static bool holds(const struct scalar *scalar, const struct filter_rule *rule)
{
    switch (rule->op) {
    case FILTER_EQUALS:
    case FILTER_PREFIX:
    case FILTER_SUFFIX:
        return is_string(scalar, rule);
    case FILTER_NUMBER:
        return is_number(scalar, rule);
    case FILTER_RANGE:
        return in_range(scalar, rule);
    case FILTER_TRUE:
        return scalar->kind == TRUE;
    case FILTER_FALSE:
        return scalar->kind == FALSE;
    case FILTER_NULL:
        return scalar->kind == NOTHING;
    case FILTER_EXISTS:
        return true;
    case FILTER_MISSING:
        return false;
    case FILTER_NONE_OF:
        return is_none_of(scalar, rule);
    }
    return false;
}

/* ---- Values ------------------------------------------------------------------------------------------------------ */

static bool read_number(struct match *m)
{
    struct scalar *scalar = &m->scalar;
    const char *text = m->json.text + m->json.at;
    scalar->kind = NUMBER;
    scalar->number[0] = '\0';
    if (!ddbs_json__number(&m->json))
        return false;
    ddbs_num num = { text, (size_t)(m->json.text + m->json.at - text) };
    /* Once here, so that the rules need not read the digits of a stranger's number each time. */
    if (ddbs_num_canonical(num, scalar->number) != DDBS_OK)
        scalar->number[0] = '\0';
    scalar->number_len = strlen(scalar->number);
    return true;
}

static bool read_scalar(struct match *m)
{
    struct json_string string;
    bool truth = false;
    switch (ddbs_json__peek(&m->json)) {
    case '"':
        if (!ddbs_json__string(&m->json, &string))
            return false;
        m->scalar.kind = STRING;
        m->scalar.text = text_of(m, string);
        return true;
    case 't':
    case 'f':
        if (!ddbs_json__bool(&m->json, &truth))
            return false;
        m->scalar.kind = truth ? TRUE : FALSE;
        return true;
    case 'n':
        m->scalar.kind = NOTHING;
        return ddbs_json__null(&m->json);
    default:
        return read_number(m);
    }
}

static bool match_leaf(struct match *m, const struct filter_member *member, enum filter_verdict *out)
{
    *out = FILTER_FAILS;
    if (!read_scalar(m))
        return false;
    for (size_t i = 0; i < member->rule_count && *out == FILTER_FAILS; i++) {
        if (holds(&m->scalar, &member->rules[i]))
            *out = FILTER_HOLDS;
    }
    return true;
}

static bool match_object(struct match *m, const struct filter_object *pattern, size_t open, enum filter_verdict *out);

/* A value that is no array. Where the pattern wants a leaf and there is an object, or the other way round, what it
 * wants is absent. */
static bool match_element(struct match *m, const struct filter_member *member, enum filter_verdict absent, size_t open,
                          enum filter_verdict *out)
{
    bool object = ddbs_json__peek(&m->json) == '{';
    if (object && member->object != NULL)
        return match_object(m, member->object, open, out);
    if (!object && member->object == NULL)
        return match_leaf(m, member, out);
    *out = absent;
    return ddbs_json__skip(&m->json, open);
}

static bool open_bracket(struct match *m, size_t open)
{
    if (open >= DDBS_EVENT_DEPTH_MAX)
        return ddbs_json__fail(&m->json, DDBS_E_LIMIT, m->json.at, "nested deeper than 1024 brackets");
    m->json.at++;
    return true;
}

/* What is known of an array after one more element. */
static enum filter_verdict either(enum filter_verdict so_far, enum filter_verdict element)
{
    if (so_far == FILTER_HOLDS || element == FILTER_HOLDS)
        return FILTER_HOLDS;
    return so_far < element ? so_far : element;
}

/* Any value: of an array each element, of an array in it each of those. The arrays need no stack: only how many are
 * open. */
static bool match_value(struct match *m, const struct filter_member *member, enum filter_verdict absent, size_t open,
                        enum filter_verdict *out)
{
    size_t arrays = 0;
    bool first = false;
    *out = absent;
    do {
        enum filter_verdict element;
        bool more = true;
        if (arrays > 0 && !ddbs_json__more(&m->json, ']', first, &more))
            return false;
        first = false;
        if (!more) {
            arrays--;
            continue;
        }
        ddbs_json__space(&m->json);
        if (ddbs_json__peek(&m->json) == '[') {
            if (!open_bracket(m, open + arrays))
                return false;
            arrays++;
            first = true;
            continue;
        }
        if (!match_element(m, member, absent, open + arrays, &element))
            return false;
        *out = either(*out, element);
    } while (arrays > 0);
    return true;
}

/* ---- Objects ----------------------------------------------------------------------------------------------------- */

/* The place of a name among the members, or their count. */
static size_t find(struct match *m, const struct filter_object *pattern, struct json_string string)
{
    if (pattern->count == 0)
        return 0;
    struct text text = text_of(m, string);
    ddbs_str name = { text.head, text.len };
    size_t low = 0, high = text.len > TEXT_MAX ? 0 : pattern->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = ddbs_filter__order(pattern->members[middle].name, name);
        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return pattern->count;
}

/* How the members of an object stand. */
struct tally {
    size_t failing, holding;
};

static void count(struct tally *tally, enum filter_verdict before, enum filter_verdict after)
{
    tally->failing -= before == FILTER_FAILS;
    tally->holding -= before == FILTER_HOLDS;
    tally->failing += after == FILTER_FAILS;
    tally->holding += after == FILTER_HOLDS;
}

static bool match_member(struct match *m, const struct filter_object *pattern, size_t open, struct tally *tally)
{
    struct json_string name;
    if (!ddbs_json__name(&m->json, &name))
        return false;
    size_t i = find(m, pattern, name);
    if (i == pattern->count)
        return ddbs_json__skip(&m->json, open);
    enum filter_verdict verdict;
    if (!match_value(m, &pattern->members[i], (enum filter_verdict)pattern->absent[i], open, &verdict))
        return false;
    unsigned char *place = &m->verdicts[pattern->first + i];
    count(tally, (enum filter_verdict) * place, verdict);
    *place = (unsigned char)verdict;
    return true;
}

static bool match_members(struct match *m, const struct filter_object *pattern, size_t open, enum filter_verdict *out)
{
    struct tally tally = { .failing = pattern->failing };
    bool more = true;
    memcpy(&m->verdicts[pattern->first], pattern->absent, pattern->count);
    if (!open_bracket(m, open))
        return false;
    for (bool first = true;; first = false) {
        if (!ddbs_json__more(&m->json, '}', first, &more))
            return false;
        if (!more)
            break;
        if (!match_member(m, pattern, open + 1, &tally))
            return false;
    }
    *out = tally.failing > 0 ? FILTER_FAILS : tally.holding > 0 ? FILTER_HOLDS : FILTER_ABSENT;
    return true;
}

/* The best of the alternatives, each at the object that begins at `begin`. */
static bool match_choices(struct match *m, const struct filter_object *pattern, size_t begin, size_t open,
                          enum filter_verdict *out)
{
    *out = FILTER_FAILS;
    for (size_t i = 0; i < pattern->choice_count && *out != FILTER_HOLDS; i++) {
        enum filter_verdict verdict;
        m->json.at = begin;
        if (!match_object(m, &pattern->choices[i], open, &verdict))
            return false;
        *out = verdict > *out ? verdict : *out;
    }
    return true;
}

/* The object at the cursor; `open` brackets are open around it. Recursion follows the pattern, at most as deep as the
 * reader lets a pattern be. */
static bool match_object(struct match *m, const struct filter_object *pattern, size_t open, enum filter_verdict *out)
{
    size_t begin = m->json.at;
    if (!match_members(m, pattern, open, out))
        return false;
    if (*out == FILTER_FAILS || pattern->choice_count == 0)
        return true;
    enum filter_verdict chosen;
    if (!match_choices(m, pattern, begin, open, &chosen))
        return false;
    *out = filter_both(*out, chosen);
    return true;
}

/* ---- Records ----------------------------------------------------------------------------------------------------- */

/* The object that is the whole text; without a pattern it is only checked. */
static bool match_text(struct match *m, const struct filter_object *pattern, enum filter_verdict *out)
{
    *out = FILTER_HOLDS;
    m->json.at = 0;
    ddbs_json__space(&m->json);
    if (ddbs_json__peek(&m->json) != '{')
        return ddbs_json__fail(&m->json, DDBS_E_SYNTAX, m->json.at, "expected an object");
    if (!(pattern == NULL ? ddbs_json__skip(&m->json, 0) : match_object(m, pattern, 0, out)))
        return false;
    ddbs_json__space(&m->json);
    return m->json.at == m->json.len ||
           ddbs_json__fail(&m->json, DDBS_E_SYNTAX, m->json.at, "text after the end of the object");
}

ddbs_status ddbs_filter_match_json(const ddbs_filter *filter, ddbs_str json, bool *out)
{
    struct match m;
    enum filter_verdict verdict = FILTER_FAILS;
    m.json = (struct json){ .text = json.ptr, .len = json.len };
    if (filter->count == 0 && !match_text(&m, NULL, &verdict))
        return m.json.status;
    for (size_t i = 0; i < filter->count && verdict == FILTER_FAILS; i++) {
        if (!match_text(&m, &filter->patterns[i], &verdict))
            return m.json.status;
    }
    *out = verdict != FILTER_FAILS;
    return DDBS_OK;
}

ddbs_status ddbs_filter_match(const ddbs_filter *filter, const ddbs_record *rec, bool *out)
{
    if (rec->source == DDBS_SOURCE_KINESIS || rec->raw.ptr == NULL)
        return DDBS_E_USAGE;
    return ddbs_filter_match_json(filter, rec->raw, out);
}
