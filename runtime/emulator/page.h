/* page.h: `--report out.html`, the run as one page that needs nothing else: share/report.html with its data.
 *
 * What is shown of an invocation goes to a temporary file at once, so memory does not grow with the run; a page is for
 * looking at, so beyond PAGE_INVOCATIONS_MAX it says how many it leaves out. */
#ifndef EMULATOR_PAGE_H
#define EMULATOR_PAGE_H
#include "esm.h"
#include "tally.h"

#include <ddbstream/convert.h>

enum {
    PAGE_INVOCATIONS_MAX = 20000,
    PAGE_DISCARDS_MAX = 5000,
    PAGE_LOG_LINES_MAX = 40,         /* of an invocation */
    PAGE_LOG_BYTES_MAX = 8 * 1024,   /* of an invocation */
    PAGE_LOGS_MAX = 16 * 1024 * 1024 /* of all of them */
};

struct page;

/* The lines of an invocation's output. Zeroed: none. */
struct page_log {
    ddbs_buf lines; /* JSON texts with commas between them */
    size_t kept, left_out;
};

/* Begin the page at `path`. 0, or -1 with errno. */
int page_open(struct page **out, const char *path);

/* Forget the lines, and add one: control bytes and what is not UTF-8 become visible. */
void page_log_clear(struct page_log *log);
void page_log_add(struct page_log *log, const char *line, size_t len);
void page_log_free(struct page_log *log);

struct page_box {
    const struct mapping_delivery *delivery;
    int64_t begin_ms, end_ms, age_ms; /* by the mapping's clock; age -1: none */
    const char *result;               /* a class of the page: done, partial, error, throttled, final */
    const char *what;                 /* in words; UTF-8 */
    size_t done, discarded;
    const struct page_log *log; /* may be NULL */
};

void page_add(struct page *page, const struct page_box *box);
void page_discard(struct page *page, const struct mapping_discard *discard, bool delivered);

/* One of the figures at the top; `bad`: red where it is above 0. */
void page_tile(struct page *page, const char *name, uint64_t value, bool bad);
void page_tile_text(struct page *page, const char *name, const char *text);

/* Write the page and give it back. 0, or -1: not everything could be written. `page` may be NULL. */
int page_close(struct page *page, const struct esm *esm, const struct tally *tally);
#endif
