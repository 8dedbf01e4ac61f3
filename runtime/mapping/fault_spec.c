/* fault_spec.c: see fault_spec.h. */
#include "runtime/mapping/fault_spec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORD_MAX = 32 };

#define CHANCE_ONE      ((uint64_t)1 << 32)
#define CHANCE_STANDARD (CHANCE_ONE / 20)

static const char *const NAMES[FAULT_KINDS] = {
    [FAULT_CRASH_BEFORE] = "crash-before",
    [FAULT_CRASH_IN] = "crash-in",
    [FAULT_CRASH_AFTER] = "crash-after",
    [FAULT_TIMEOUT] = "timeout",
    [FAULT_MALFORMED] = "malformed",
    [FAULT_OVERSIZED] = "oversized",
    [FAULT_WRONG_IDENTIFIER] = "wrong-identifier",
    [FAULT_BROKEN_NEXT] = "broken-next",
    [FAULT_SKEW] = "skew",
    [FAULT_FREEZE] = "freeze",
    [FAULT_DUPLICATE] = "dup",
    [FAULT_THROTTLE] = "throttle",
    [FAULT_LOST_CHECKPOINT] = "lost-checkpoint",
    [FAULT_EXPIRED_ITERATOR] = "expired-iterator",
    [FAULT_SPLIT] = "split",
    [FAULT_MERGE] = "merge",
};

struct reader {
    struct fault_rules *rules;
    char *why;
    size_t why_size;
};

const char *fault_name(enum fault_kind kind)
{
    return kind < FAULT_KINDS ? NAMES[kind] : "none";
}

bool fault_rules_have(const struct fault_rules *rules, enum fault_kind kind)
{
    for (size_t i = 0; i < rules->count; i++) {
        const struct fault_rule *rule = &rules->rule[i];
        if (rule->kind == kind || (rule->any_crash && kind <= FAULT_CRASH_AFTER))
            return true;
    }
    return false;
}

/* ---- Reading ----------------------------------------------------------------------------------------------------- */

/* Take what stands before the next of `ends` or the end of the text. False where it is empty or too long. */
static bool word(const char **at, const char *ends, char out[WORD_MAX])
{
    size_t len = strcspn(*at, ends);
    if (len == 0 || len >= WORD_MAX)
        return false;
    memcpy(out, *at, len);
    out[len] = '\0';
    *at += len;
    return true;
}

static bool refuse(struct reader *reader, const char *expected, const char *found)
{
    snprintf(reader->why, reader->why_size, "expected %s, not \"%.*s\"", expected, (int)strcspn(found, ","), found);
    return false;
}

static bool read_count(const char *text, uint64_t *out)
{
    size_t len = strlen(text);
    if (len == 0 || len > 18 || strspn(text, "0123456789") != len)
        return false;
    *out = strtoull(text, NULL, 10);
    return *out > 0;
}

/* A decimal fraction above 0 and at most 1, without a sign or an exponent. */
static bool read_chance(const char *text, uint64_t *out)
{
    if (text[0] == '\0' || strspn(text, "0123456789.") != strlen(text))
        return false;
    char *end;
    double p = strtod(text, &end);
    if (*end != '\0' || !(p > 0 && p <= 1))
        return false;
    *out = (uint64_t)(p * (double)CHANCE_ONE);
    *out += *out == 0;
    return true;
}

static bool read_parameter(struct reader *reader, struct fault_rule *rule, const char **at)
{
    char name[WORD_MAX], value[WORD_MAX];
    const char *begin = *at;
    if (!word(at, "=:,", name) || **at != '=')
        return refuse(reader, "p=0.02, at=57 or n=3 after \":\"", begin);
    (*at)++;
    if (!word(at, ":,", value))
        return refuse(reader, "a number after \"=\"", begin);
    if (strcmp(name, "p") == 0)
        return read_chance(value, &rule->chance) || refuse(reader, "a probability above 0 and at most 1", begin);
    if (strcmp(name, "at") == 0)
        return read_count(value, &rule->at) || refuse(reader, "a whole number from 1 on", begin);
    if (strcmp(name, "n") == 0)
        return read_count(value, &rule->most) || refuse(reader, "a whole number from 1 on", begin);
    return refuse(reader, "p=, at= or n=", begin);
}

static bool add(struct reader *reader, struct fault_rule rule, enum fault_kind kind)
{
    struct fault_rules *rules = reader->rules;
    if (rules->count == FAULT_RULES_MAX)
        return refuse(reader, "at most 64 rules", NAMES[kind]);
    rule.kind = kind;
    rule.place = rules->count;
    rules->rule[rules->count++] = rule;
    return true;
}

/* Add the rule that a kind's name stands for: for "all" one of each. */
static bool add_named(struct reader *reader, struct fault_rule rule, const char *name)
{
    bool all = strcmp(name, "all") == 0, found = false;
    rule.any_crash = strcmp(name, "crash") == 0;
    if (rule.any_crash)
        return add(reader, rule, FAULT_CRASH_BEFORE);
    for (enum fault_kind kind = 0; kind < FAULT_KINDS; kind++) {
        if (!all && strcmp(name, NAMES[kind]) != 0)
            continue;
        found = true;
        if (!add(reader, rule, kind))
            return false;
    }
    return found ||
           refuse(reader,
                  "crash, crash-before, crash-in, crash-after, timeout, malformed, oversized, wrong-identifier, "
                  "broken-next, skew, freeze, dup, throttle, lost-checkpoint, expired-iterator, split, merge or all",
                  name);
}

static bool read_rule(struct reader *reader, const char **at)
{
    struct fault_rule rule = { .most = UINT64_MAX };
    char name[WORD_MAX];
    const char *begin = *at;
    if (!word(at, ":,", name))
        return refuse(reader, "the name of a kind of fault", begin);
    while (**at == ':') {
        (*at)++;
        if (!read_parameter(reader, &rule, at))
            return false;
    }
    if (rule.chance != 0 && rule.at != 0)
        return refuse(reader, "p or at, not both", begin);
    if (rule.chance == 0 && rule.at == 0)
        rule.chance = CHANCE_STANDARD;
    return add_named(reader, rule, name);
}

bool fault_rules_read(struct fault_rules *out, const char *spec, char *why, size_t why_size)
{
    struct reader reader = { .rules = out, .why = why, .why_size = why_size };
    const char *at = spec;
    *out = (struct fault_rules){ .count = 0 };
    for (;;) {
        if (!read_rule(&reader, &at))
            return false;
        if (*at == '\0')
            return true;
        at++;
    }
}
