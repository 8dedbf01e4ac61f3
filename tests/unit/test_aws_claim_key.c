/* test_aws_claim_key.c: what a claim's id is made of: the same hash for the same key, however it is written, and none
 * where two keys could have one. Texts have ' for ". */
#include "events.h"
#include "runtime/aws/claim_key.h"

#include <time.h>

static const char *hash_of(const char *text, const char *path)
{
    static char hash[DDBS_MD5_TEXT];
    ddbs_status status = ddbs_claim_key__hash(json_text(text), path, hash);
    return status == DDBS_OK ? hash : ddbs_status_name(status);
}

/* Python: hashlib.md5(json.dumps(key, sort_keys=True).encode()).hexdigest() */
TEST(a_key_is_hashed_as_powertools_does)
{
    static const char want[] = "f23fec4b410b35002cc2bc407038b2aa";
    CHECK_STR(hash_of("{'k':{'b':{'N':'1'},'a':{'S':'x'}}}", "k"), want);
    CHECK_STR(hash_of("{'k':{'a':{'S':'x'},'b':{'N':'1'}}}", "k"), want);
    CHECK_STR(hash_of("{'k':{'a':1,'a':1}}", "k"), "DDBS_E_INEXACT");
    CHECK_STR(hash_of("{'k':{'c':1,'a':1,'b':2,'a':2}}", "k"), "DDBS_E_INEXACT");
    CHECK_STR(hash_of("{'k':null}", "k"), "DDBS_E_MISSING");
}

/* The time of a key of so many members, in seconds of the processor. */
static double time_of(size_t members)
{
    char hash[DDBS_MD5_TEXT];
    ddbs_buf text = { .ptr = NULL };
    ddbs_buf__text(&text, "{\"k\":{");
    for (size_t i = 0; i < members; i++)
        ddbs_buf__format(&text, "%s\"%05zx\":1", i == 0 ? "" : ",", i * 7919 % 1048573);
    ddbs_buf__text(&text, "}}");
    clock_t began = clock();
    CHECK_STATUS(ddbs_claim_key__hash(ddbs_buf_str(&text), "k", hash), DDBS_OK);
    double took = (double)(clock() - began) / CLOCKS_PER_SEC;
    ddbs_buf_free(&text);
    return took;
}

/* Where each name was compared with each other it took 40 s. The bound is one of growth: 16 times the members in far
 * less than 256 times the time. */
TEST(a_key_of_many_names_takes_no_time_for_each_pair_of_them)
{
    double few = time_of(6250), many = time_of(100000);
    CHECK(many < 64 * (few + 0.001));
}

TEST(a_failing_allocation_is_one_of_memory)
{
    char hash[DDBS_MD5_TEXT];
    ddbs_status status = DDBS_E_MEMORY;
    for (size_t n = 0; status != DDBS_OK && n < 200; n++) {
        ddbs_str raw = json_text("{'k':{'b':{'N':'1'},'a':[{'d':1,'c':2}]}}");
        check_fail_alloc(n);
        status = ddbs_claim_key__hash(raw, "k", hash);
        check_fail_alloc(SIZE_MAX);
        CHECK(status == DDBS_OK || status == DDBS_E_MEMORY);
    }
    CHECK_STATUS(status, DDBS_OK);
}
