/* junit.c: see junit.h. The cases are kept until the end, because the suite begins with their number. */
#include "junit.h"

#include "command.h"
#include "play.h"

#include "lib/buf.h"
#include "lib/utf8.h"

#include <inttypes.h>
#include <string.h>

int junit_open(struct junit *junit, const char *path)
{
    junit->file = fopen(path, "w");
    return junit->file != NULL ? 0 : -1;
}

/* Text as an attribute's value. XML has no way to write most control characters, nor bytes that are not UTF-8. */
static void put_text(ddbs_buf *out, const char *text)
{
    size_t len = strlen(text), step;
    for (size_t i = 0; i < len; i += step) {
        unsigned char byte = (unsigned char)text[i];
        size_t sequence = ddbs_utf8__sequence(text + i, len - i);
        step = sequence == 0 ? 1 : sequence;
        if (byte == '<' || byte == '>' || byte == '&' || byte == '"')
            ddbs_buf__format(out, "&#%d;", byte);
        else if (sequence == 0 || byte < 0x20 || byte == 0x7f)
            ddbs_buf__format(out, "\\x%02x", byte);
        else
            ddbs_buf__bytes(out, text + i, step);
    }
}

void junit_case(struct junit *junit, const char *name, const char *failure)
{
    ddbs_buf *out = &junit->cases;
    if (junit->file == NULL)
        return;
    junit->count++;
    ddbs_buf__text(out, "  <testcase classname=\"ddbstream run\" name=\"");
    put_text(out, name);
    if (failure == NULL) {
        ddbs_buf__text(out, "\"/>\n");
        return;
    }
    junit->failed++;
    ddbs_buf__text(out, "\">\n    <failure message=\"");
    put_text(out, failure);
    ddbs_buf__text(out, "\"/>\n  </testcase>\n");
}

static const char *status_in_words(int status)
{
    switch (status) {
    case EXIT_HELD:
        return NULL;
    case EXIT_BAD_INPUT:
        return "exit status 1: bad records, a function that could not be initialized, records that were lost, or an "
               "expectation that did not hold";
    case EXIT_INTERRUPTED:
        return "exit status 130: interrupted before the end of the stream";
    default:
        return "exit status 2: the command could not run, or its output could not be written";
    }
}

void junit_run(struct junit *junit, const struct tally *tally, int status)
{
    char name[TALLY_ID_MAX + 32], failure[160];
    for (size_t i = 0; i < tally->count; i++) {
        const struct tally_shard *shard = &tally->shards[i];
        uint64_t open = tally_open(shard);
        snprintf(name, sizeof name, "%s: nothing is lost", shard->id);
        snprintf(failure, sizeof failure, "%llu records polled, %llu lost, %llu not settled",
                 (unsigned long long)shard->polled, (unsigned long long)shard->lost, (unsigned long long)open);
        junit_case(junit, name, shard->lost == 0 && open == 0 ? NULL : failure);
    }
    junit_case(junit, "exit status: the whole stream was played", status_in_words(status));
}

int junit_close(struct junit *junit, const char *suite, int64_t duration_ms)
{
    ddbs_buf head = { .ptr = NULL };
    if (junit->file == NULL)
        return 0;
    ddbs_buf__text(&head, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"");
    put_text(&head, suite);
    ddbs_buf__format(&head, "\" tests=\"%" PRIu64 "\" failures=\"%" PRIu64 "\" errors=\"0\" time=\"%.3f\">\n",
                     junit->count, junit->failed, (double)duration_ms / 1000);
    ddbs_buf__bytes(&head, junit->cases.ptr == NULL ? "" : junit->cases.ptr, junit->cases.len);
    ddbs_buf__text(&head, "</testsuite>\n");
    bool whole = !head.failed && !junit->cases.failed && fwrite(head.ptr, 1, head.len, junit->file) == head.len;
    bool closed = fclose(junit->file) == 0;
    ddbs_buf_free(&head);
    ddbs_buf_free(&junit->cases);
    *junit = (struct junit){ .file = NULL };
    return whole && closed ? 0 : -1;
}
