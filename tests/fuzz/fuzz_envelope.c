/* fuzz_envelope.c: any bytes as an event. Index, records, processing and answer must not contradict each other. */
#include "tests/fuzz/property.h"

struct seen {
    size_t next;    /* index of the next call */
    size_t fail_at; /* index that the handler refuses */
};

static bool is_inside(ddbs_str inner, const char *begin, size_t len)
{
    return inner.ptr >= begin && inner.ptr + inner.len <= begin + len;
}

/* Both padded with zeros to the same length. */
static int compare_digits(ddbs_str a, ddbs_str b)
{
    char left[DDBS_SEQUENCE_MAX], right[DDBS_SEQUENCE_MAX];
    memset(left, '0', sizeof left);
    memset(right, '0', sizeof right);
    memcpy(left + sizeof left - a.len, a.ptr, a.len);
    memcpy(right + sizeof right - b.len, b.ptr, b.len);
    return memcmp(left, right, sizeof left);
}

static void check_index(const ddbs_event *event, const char *text, size_t len)
{
    const char *behind = text;
    bool ordered = true;
    PROPERTY(ddbs_event_count(event) <= DDBS_EVENT_RECORDS_MAX);
    for (size_t i = 0; i < ddbs_event_count(event); i++) {
        ddbs_str raw = ddbs_event_raw(event, i), sequence = ddbs_event_sequence(event, i);
        ddbs_str id = ddbs_event_identifier(event, i);
        PROPERTY(is_inside(raw, text, len) && raw.ptr >= behind && raw.len >= 2);
        PROPERTY(raw.ptr[0] == '{' && raw.ptr[raw.len - 1] == '}');
        PROPERTY(is_inside(sequence, raw.ptr, raw.len) && sequence.len >= 1 && sequence.len <= DDBS_SEQUENCE_MAX);
        PROPERTY(is_inside(id, raw.ptr, raw.len) && id.len >= 1 && id.len <= DDBS_SEQUENCE_MAX);
        for (size_t k = 0; k < sequence.len; k++)
            PROPERTY(sequence.ptr[k] >= '0' && sequence.ptr[k] <= '9');
        for (size_t k = 0; k < id.len; k++)
            PROPERTY(id.ptr[k] >= 0x20 && id.ptr[k] <= 0x7e && id.ptr[k] != '"' && id.ptr[k] != '\\');
        PROPERTY(sequence.ptr[-1] == '"' && sequence.ptr[sequence.len] == '"');
        if (i > 0 && compare_digits(ddbs_event_sequence(event, i - 1), sequence) >= 0)
            ordered = false;
        behind = raw.ptr + raw.len;
    }
    PROPERTY(ordered == ddbs_event_ordered(event));
    const ddbs_window *window = ddbs_event_window(event);
    PROPERTY(window == NULL || (window->start.ptr[window->start.len] == '\0' && window->state.len > 0));
}

static bool same(ddbs_str a, ddbs_str b)
{
    return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}

/* Whether record `index` decodes; if so, it is what the index says. */
static bool check_record(const ddbs_event *event, size_t index, const char *text)
{
    const ddbs_record *record = NULL;
    ddbs_arena *arena = arena_or_abort();
    ddbs_str raw = ddbs_event_raw(event, index);
    ddbs_error error;
    ddbs_status status = ddbs_event_record(event, index, arena, &record, &error);
    if (status == DDBS_OK) {
        PROPERTY(record->index == index && record->source == ddbs_event_source(event));
        PROPERTY(same(record->sequence_number, ddbs_event_sequence(event, index)));
        PROPERTY(record->raw.ptr == raw.ptr && record->raw.len == raw.len);
        PROPERTY(record->sequence_number.ptr[record->sequence_number.len] == '\0');
        PROPERTY(!record->expired || record->operation == DDBS_OP_REMOVE);
        check_writing(arena, record->keys);
        check_writing(arena, record->new_image);
        check_writing(arena, record->old_image);
    } else {
        PROPERTY(record == NULL && status != DDBS_E_MEMORY && status != DDBS_E_USAGE && error.record == index);
        check_error(&error, status, (size_t)(raw.ptr - text) + raw.len);
        PROPERTY(error.offset >= (size_t)(raw.ptr - text));
        const char *begin = ddbs_event_source(event) == DDBS_SOURCE_PIPES ? "[" : "Records[";
        PROPERTY(strncmp(error.path, begin, strlen(begin)) == 0);
    }
    ddbs_arena_free(arena);
    return status == DDBS_OK;
}

static ddbs_status handle(ddbs_ctx *ctx, const ddbs_record *record)
{
    struct seen *seen = ddbs_ctx_user(ctx);
    PROPERTY(record->index == seen->next);
    seen->next++;
    return record->index == seen->fail_at ? DDBS_E_HANDLER : record->index % 3 == 1 ? DDBS_SKIP : DDBS_OK;
}

/* With a handler that refuses record `fail_at`, exactly the records before the first failure are acknowledged. */
static void check_delivery(const ddbs_event *event, size_t first_bad, size_t fail_at, ddbs_arena *arena)
{
    struct seen seen = { .fail_at = fail_at };
    ddbs_consumer consumer = { .on_any = handle, .user = &seen };
    size_t count = ddbs_event_count(event), first = first_bad < fail_at ? first_bad : fail_at;
    ddbs_outcome outcome;
    ddbs_answer answer;
    ddbs_status status = ddbs_process(event, &consumer, NULL, arena, &outcome);
    first = first < count ? first : count;
    PROPERTY(outcome.records == count && outcome.checkpoint == first && (status == DDBS_OK) == (first == count));
    PROPERTY(outcome.done + outcome.skipped == first && outcome.undecodable == (first < count && first_bad == first));
    PROPERTY(seen.next == first + (first < count && first != first_bad));
    PROPERTY(ddbs_answer_outcome(event, &outcome, DDBS_REPORT_ITEMS, arena, &answer) == DDBS_OK);
    if (answer.is_error) {
        PROPERTY(first < count || ddbs_event_window(event) != NULL);
        return;
    }
    ddbs_buf want = { .arena = arena };
    ddbs_str id = first < count ? ddbs_event_identifier(event, first) : (ddbs_str){ "", 0 };
    ddbs_buf__text(&want, first < count ? "\"batchItemFailures\":[{\"itemIdentifier\":\"" : "\"batchItemFailures\":[");
    ddbs_buf__bytes(&want, id.ptr, id.len);
    ddbs_buf__text(&want, first < count ? "\"}]}" : "]}");
    PROPERTY(first == count || (ddbs_event_ordered(event) && ddbs_event_window(event) == NULL));
    PROPERTY(answer.body.len > want.len &&
             memcmp(answer.body.ptr + answer.body.len - want.len, want.ptr, want.len) == 0);
}

static void check_event(const char *text, size_t len, const ddbs_event_options *options)
{
    const ddbs_event *event = NULL;
    ddbs_arena *arena = arena_or_abort();
    ddbs_error error;
    ddbs_answer answer;
    ddbs_status status = ddbs_event_parse(arena, text, len, options, &event, &error);
    if (status != DDBS_OK) {
        PROPERTY(event == NULL && status != DDBS_E_MEMORY);
        check_error(&error, status, len);
        PROPERTY(ddbs_answer_refusal(&error, arena, &answer) == DDBS_OK && answer.is_error);
    } else {
        size_t count = ddbs_event_count(event), first_bad = SIZE_MAX;
        check_index(event, text, len);
        for (size_t i = 0; i < count; i++) {
            if (!check_record(event, i, text) && first_bad == SIZE_MAX)
                first_bad = i;
        }
        check_delivery(event, first_bad, SIZE_MAX, arena);
        check_delivery(event, first_bad, len % (count + 1), arena);
    }
    ddbs_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const ddbs_event_options other = { .kinesis_binary_once = true, .pipes_report_sequence = true };
    check_event((const char *)data, size, NULL);
    check_event((const char *)data, size, &other);
    return 0;
}
