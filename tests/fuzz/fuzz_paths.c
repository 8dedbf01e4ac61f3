/* fuzz_paths.c: any bytes as an event, and as an attribute's value inside one, for every way that the library can read
 * them: byte by byte, and with the instruction sets of the processor. All must agree in everything. */
#include "tests/fuzz/paths.h"
#include "tests/fuzz/property.h"

static void check_paths(const char *json, size_t len)
{
    static const ddbs_event_options other = { .kinesis_binary_once = true, .pipes_report_sequence = true };
    const char *difference = paths_difference(json, len, NULL);
    if (difference == NULL)
        difference = paths_difference(json, len, &other);
    if (difference != NULL)
        fprintf(stderr, "%s\n", difference);
    PROPERTY(difference == NULL);
}

/* The same bytes a few bytes later: what is read at once begins and ends elsewhere. */
static void check_inside(const uint8_t *data, size_t size, size_t offset)
{
    ddbs_buf text = { .arena = arena_or_abort() };
    ddbs_buf__format(&text, "{\"Records\":[{\"eventSource\":\"aws:dynamodb\",\"%0*d\":1,\"dynamodb\":", (int)offset + 1,
                     0);
    ddbs_buf__text(&text, "{\"SequenceNumber\":\"1\",\"NewImage\":{\"a\":");
    ddbs_buf__bytes(&text, (const char *)data, size);
    ddbs_buf__text(&text, "}}}]}");
    PROPERTY(!text.failed);
    check_paths(text.ptr, text.len);
    ddbs_arena_free(text.arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_paths((const char *)data, size);
    check_inside(data, size, 0);
    check_inside(data, size, 1 + size % 63);
    return 0;
}
