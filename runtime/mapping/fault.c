/* fault.c: when a fault happens. See fault.h. */
#include "runtime/mapping/fault.h"

#include "runtime/mapping/rng.h"

static struct rng rng_for(const struct fault_plan *plan, uint64_t what, uint64_t number)
{
    return rng_of(plan->seed, what, number);
}

/* One more opportunity for the rule. */
static void offer(const struct fault_plan *plan, struct fault_rule *rule)
{
    rule->seen++;
    struct rng rng = rng_for(plan, rule->place, rule->seen);
    bool taken = rule->at != 0 ? rule->seen == rule->at : rng_next(&rng) >> 32 < rule->chance;
    if (!taken || rule->due || rule->started == rule->most)
        return;
    rule->due = true;
    rule->started++;
    if (rule->any_crash)
        rule->kind = FAULT_CRASH_BEFORE + (enum fault_kind)rng_below(&rng, 3);
}

void fault_happened(struct fault_plan *plan, enum fault_kind kind)
{
    plan->fired[kind]++;
    if (plan->told != NULL)
        plan->told(plan->user, kind);
}

void fault_missed(struct fault_plan *plan, enum fault_kind kind)
{
    for (size_t i = 0; i < plan->rules.count; i++) {
        struct fault_rule *rule = &plan->rules.rule[i];
        if (rule->kind != kind || rule->started == 0 || rule->due)
            continue;
        rule->due = true;
        return;
    }
}

bool fault_happens(struct fault_plan *plan, enum fault_kind kind)
{
    bool due = false;
    for (size_t i = 0; i < plan->rules.count; i++) {
        struct fault_rule *rule = &plan->rules.rule[i];
        if (rule->kind != kind)
            continue;
        offer(plan, rule);
        due = due || rule->due;
        rule->due = false;
    }
    if (due)
        fault_happened(plan, kind);
    return due;
}

enum fault_kind fault_choose(struct fault_plan *plan)
{
    struct fault_rule *chosen = NULL;
    for (size_t i = 0; i < plan->rules.count; i++) {
        struct fault_rule *rule = &plan->rules.rule[i];
        if (rule->kind >= FAULT_INVOCATION_KINDS)
            continue;
        offer(plan, rule);
        if (rule->due && chosen == NULL)
            chosen = rule;
    }
    if (chosen == NULL)
        return FAULT_NONE;
    chosen->due = false;
    return chosen->kind;
}

uint64_t fault_draw(const struct fault_plan *plan, enum fault_kind kind, uint64_t number)
{
    struct rng rng = rng_for(plan, FAULT_RULES_MAX + (uint64_t)kind, number);
    return rng_next(&rng);
}

/* The distance between two records' identifiers is that between the records. */
static struct verdict verdict_on(const struct mapping_delivery *delivery, const struct mapping_result *result)
{
    struct verdict_names names = { .first = delivery->count == 0 ? NULL : &delivery->records->sequence,
                                   .stride = sizeof *delivery->records,
                                   .count = delivery->count };
    return verdict_of(result->body, result->len, names);
}

bool fault_repeats(struct fault_plan *plan, const struct mapping_settings *settings,
                   const struct mapping_delivery *delivery, const struct mapping_result *result)
{
    if (result->end != MAPPING_RESPONSE)
        return false;
    if (settings->report_items && verdict_on(delivery, result).kind != VERDICT_DONE)
        return false;
    return fault_happens(plan, FAULT_DUPLICATE);
}
