/* fault_report.c: see fault_report.h. */
#include "fault_report.h"

#include "lib/buf.h"

#include <inttypes.h>

static void write_line(struct report *report, ddbs_buf *out)
{
    ddbs_buf__text(out, "}\n");
    if (out->failed || fwrite(out->ptr, 1, out->len, report->json) != out->len || fflush(report->json) != 0)
        report->json_failed = true;
    ddbs_arena_reset(report->arena);
}

void fault_report_one(struct report *report, const struct fault_plan *plan, enum fault_kind kind,
                      const struct mapping_delivery *delivery)
{
    if (!report->quiet)
        printf("    !! fault: %s\n", fault_name(kind));
    if (report->json == NULL)
        return;
    ddbs_buf out = { .arena = report->arena };
    ddbs_buf__format(&out, "{\"kind\":\"fault\",\"fault\":\"%s\",\"count\":%" PRIu64, fault_name(kind),
                     plan->fired[kind]);
    if (delivery != NULL)
        ddbs_buf__format(&out, ",\"delivery\":%" PRIu64, delivery->number);
    write_line(report, &out);
}

void fault_report_json(struct report *report, const struct fault_plan *plan)
{
    if (report->json == NULL)
        return;
    ddbs_buf out = { .arena = report->arena };
    ddbs_buf__text(&out, "{\"kind\":\"faults\",\"faults\":{");
    for (enum fault_kind kind = 0; kind < FAULT_KINDS; kind++)
        ddbs_buf__format(&out, "%s\"%s\":%" PRIu64, kind == 0 ? "" : ",", fault_name(kind), plan->fired[kind]);
    ddbs_buf__text(&out, "}");
    write_line(report, &out);
}

void fault_report_totals(const struct fault_plan *plan)
{
    uint64_t total = 0;
    for (enum fault_kind kind = 0; kind < FAULT_KINDS; kind++)
        total += plan->fired[kind];
    printf("%" PRIu64 " fault%s, seed %" PRIu64, total, total == 1 ? "" : "s", plan->seed);
    for (enum fault_kind kind = 0; kind < FAULT_KINDS; kind++)
        if (plan->fired[kind] > 0 || fault_rules_have(&plan->rules, kind))
            printf(", %s %" PRIu64, fault_name(kind), plan->fired[kind]);
    putchar('\n');
    fflush(stdout);
}
