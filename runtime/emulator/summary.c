/* summary.c: the end of a report: a sentence that adds up, what was decided, and the same in the metrics that
 * CloudWatch has of functions and event source mappings. */
#include "report.h"

#include "progress.h"

#include <inttypes.h>

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

uint64_t report_open_records(const struct mapping_totals *totals)
{
    return totals->polled - totals->filtered - totals->done - totals->lost - totals->discarded;
}

struct report_metrics report_metrics_of(const struct report *report, const struct mapping_totals *totals)
{
    const struct tally *tally = &report->tally;
    return (struct report_metrics){
        .invocations = totals->invocations,
        .errors = tally->errors,
        .throttles = totals->throttles,
        .duration_ms = tally->answers == 0 ? 0 : tally->duration_ms / (int64_t)tally->answers,
        .duration_max_ms = tally->duration_max_ms,
        .age_max_ms = tally->age_max_ms,
        .polled = totals->polled,
        .filtered = totals->filtered,
        .invoked = totals->invoked,
        .failed = totals->failed,
        .dropped = totals->dropped,
        .delivered = totals->delivered,
        .destination = report->esm->settings.destination != MAPPING_NO_DESTINATION,
    };
}

static void say_metrics(const struct report_metrics *metrics)
{
    printf("CloudWatch: Invocations %" PRIu64 ", Errors %" PRIu64 ", Throttles %" PRIu64 ", Duration %" PRId64
           " ms (longest %" PRId64 "), IteratorAge %" PRId64 " ms (longest)\n",
           metrics->invocations, metrics->errors, metrics->throttles, metrics->duration_ms, metrics->duration_max_ms,
           metrics->age_max_ms);
    printf("  PolledEventCount %" PRIu64 ", FilteredOutEventCount %" PRIu64 ", InvokedEventCount %" PRIu64
           ", FailedInvokeEventCount %" PRIu64 "\n",
           metrics->polled, metrics->filtered, metrics->invoked, metrics->failed);
    if (metrics->destination)
        printf("  DroppedEventCount %" PRIu64 ", OnFailureDestinationDeliveredEventCount %" PRIu64 "\n",
               metrics->dropped, metrics->delivered);
}

/* The same at the top of the page. */
static void show_tiles(struct page *page, const struct report_metrics *metrics)
{
    char text[64];
    page_tile(page, "Invocations", metrics->invocations, false);
    page_tile(page, "Errors", metrics->errors, true);
    page_tile(page, "Throttles", metrics->throttles, true);
    snprintf(text, sizeof text, "%" PRId64 " ms", metrics->duration_ms);
    page_tile_text(page, "Duration, average", text);
    snprintf(text, sizeof text, "%" PRId64 ".%" PRId64 " s", metrics->age_max_ms / 1000,
             metrics->age_max_ms % 1000 / 100);
    page_tile_text(page, "IteratorAge, longest", text);
    page_tile(page, "PolledEventCount", metrics->polled, false);
    page_tile(page, "FilteredOutEventCount", metrics->filtered, false);
    page_tile(page, "InvokedEventCount", metrics->invoked, false);
    page_tile(page, "FailedInvokeEventCount", metrics->failed, true);
    if (!metrics->destination)
        return;
    page_tile(page, "DroppedEventCount", metrics->dropped, true);
    page_tile(page, "OnFailureDestinationDeliveredEventCount", metrics->delivered, true);
}

void report_end(struct report *report, const struct mapping_totals *totals, const char *folder, bool interrupted)
{
    struct report_metrics metrics = report_metrics_of(report, totals);
    progress_end();
    printf("%s%" PRIu64 " record%s polled = %" PRIu64 " done + ", report->quiet ? "" : "\n", totals->polled,
           plural(totals->polled), totals->done);
    if (totals->lost > 0)
        printf("%" PRIu64 " lost + ", totals->lost);
    if (totals->filtered > 0)
        printf("%" PRIu64 " filtered out + ", totals->filtered);
    printf("%" PRIu64 " discarded", totals->discarded);
    if (interrupted)
        printf(" + %" PRIu64 " open (stopped before the end of the stream)", report_open_records(totals));
    printf("\n%" PRIu64 " invocation%s: %" PRIu64 " partial answer%s, %" PRIu64 " error%s, %" PRIu64
           " halving%s, %" PRIu64 " retr%s\n",
           totals->invocations, plural(totals->invocations), totals->partial, plural(totals->partial), totals->errors,
           plural(totals->errors), totals->halvings, plural(totals->halvings), totals->retries,
           totals->retries == 1 ? "y" : "ies");
    if (totals->windows > 0)
        printf("%" PRIu64 " window%s closed\n", totals->windows, plural(totals->windows));
    if (totals->expired > 0)
        printf("%" PRIu64 " record%s too old\n", totals->expired, plural(totals->expired));
    if (report->files > 0)
        printf("%" PRIu64 " on-failure record%s in %s\n", report->files, plural(report->files), folder);
    if (totals->lost > 0)
        printf("%" PRIu64 " record%s LOST: reported as not done to a mapping without ReportBatchItemFailures\n",
               totals->lost, plural(totals->lost));
    say_metrics(&metrics);
    fflush(stdout);
    if (report->page != NULL)
        show_tiles(report->page, &metrics);
    if (report->json != NULL)
        report_json_end(report, totals, interrupted);
}
