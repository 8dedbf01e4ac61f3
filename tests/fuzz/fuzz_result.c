/* fuzz_result.c: what a service says about each entry, from hostile bytes. The first byte chooses the service, the
 * second the number of entries. Nothing is written outside of the verdicts, and the code for errors is a name. */
#include "runtime/aws/client.h"
#include "runtime/aws/result.h"
#include "tests/fuzz/property.h"

enum { ENTRIES_MAX = 12 };

static ddbs_result_fn *const readers[] = {
    ddbs_result__firehose, ddbs_result__kinesis,  ddbs_result__eventbridge,      ddbs_result__sqs,
    ddbs_result__sns,      ddbs_result__dynamodb, ddbs_result__transact_failure, ddbs_result__opensearch,
    ddbs_result__whole,    ddbs_result__ses,
};

static bool is_name(const char *text)
{
    return strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == strlen(text) &&
           strlen(text) < DDBS_AWS_TYPE_MAX;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ddbs_str keys[ENTRIES_MAX];
    char type[DDBS_AWS_TYPE_MAX];
    if (size < 2)
        return 0;
    size_t count = (size_t)data[1] % ENTRIES_MAX + 1;
    unsigned char *verdicts = calloc(count, 1); /* exactly as many: a sanitizer sees one too far */
    for (size_t i = 0; i < count; i++)
        keys[i] = ddbs_str_c(i % 2 == 0 ? "S1:a" : "N1:1");
    struct ddbs_results results = { .count = count, .verdicts = verdicts, .keys = keys, .names = { "id", NULL } };
    PROPERTY(verdicts != NULL);
    readers[data[0] % (sizeof readers / sizeof *readers)]((const char *)data + 2, size - 2, &results);
    for (size_t i = 0; i < count; i++)
        PROPERTY(verdicts[i] <= DDBS_VERDICT_REFUSED);
    PROPERTY(is_name(results.code));
    ddbs_aws__read_type("", (const char *)data + 2, size - 2, type);
    PROPERTY(is_name(type));
    free(verdicts);
    return 0;
}
