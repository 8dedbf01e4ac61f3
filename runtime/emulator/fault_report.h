/* fault_report.h: what `ddbstream run` shows of faults made on purpose: a line when one happens, and how many there
 * were. */
#ifndef EMULATOR_FAULT_REPORT_H
#define EMULATOR_FAULT_REPORT_H
#include "report.h"

#include "runtime/mapping/fault.h"

/* A fault has just happened: a line for people and, where asked for, one for programs: {"fault":"crash-in","count":3,
 * "delivery":12}. `delivery` is NULL for what happens to the stream. */
void fault_report_one(struct report *report, const struct fault_plan *plan, enum fault_kind kind,
                      const struct mapping_delivery *delivery);

/* For programs {"faults":{"crash-in":3,...}}, before the totals. */
void fault_report_json(struct report *report, const struct fault_plan *plan);

/* For people, behind the totals. */
void fault_report_totals(const struct fault_plan *plan);
#endif
