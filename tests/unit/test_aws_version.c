/* test_aws_version.c: versions of sequence numbers for OpenSearch: order is kept, whatever the numbers look like. */
#include "tests/unit/check.h"

#include <ddbstream/aws.h>
#include <stdio.h>

enum { DIGITS_MAX = 41, ROUNDS = 200000 };

static uint64_t version(const char *sequence)
{
    return ddbs_opensearch_version(ddbs_str_c(sequence));
}

TEST(numbers_of_real_streams_have_versions_of_their_own)
{
    /* API reference and developer guide: ascending. */
    static const char *const seen[] = { "0",
                                        "111",
                                        "222",
                                        "100000000003498069978",
                                        "300000000000000499659",
                                        "20500000000000000910398",
                                        "820400000000000001192334",
                                        "13021600000000001596893679",
                                        "810000000000000021457311106",
                                        "810000000000000021457311107",
                                        "4421584500000000017450439091",
                                        "4421584500000000017450439092" };
    CHECK_INT(version(seen[0]), 1);
    CHECK_INT(version(""), 1);
    for (size_t i = 1; i < sizeof seen / sizeof *seen; i++)
        CHECK(version(seen[i - 1]) < version(seen[i]));
}

TEST(larger_than_everything_is_the_largest_version)
{
    CHECK(version("9999999999999999999999999999999999999999") == INT64_MAX);
    CHECK(version("49590338271490256608559692538361571095921575989136588898") == INT64_MAX); /* of Kinesis */
    CHECK(version("99999999999999999999") == ((uint64_t)1 << 35) - 1);
    CHECK(version("100000000000000000000") == ((uint64_t)1 << 35) + 1);
}

static uint64_t state = 42;

static uint64_t below(uint64_t limit)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % limit;
}

/* Like those of AWS, around what has a version of its own; or digits with a run of zeros and a run of nines in them. No
 * zero in front. */
static void make_number(char out[DIGITS_MAX])
{
    if (below(2) == 0) {
        snprintf(out, DIGITS_MAX, "%llu%020llu", 1 + (unsigned long long)below(below(2) ? 4 : 1U << 29),
                 (unsigned long long)below((uint64_t)1 << 36));
        return;
    }
    size_t len = 1 + (size_t)below(DIGITS_MAX - 1), zeros = (size_t)below(len + 1), nines = (size_t)below(len + 1);
    for (size_t i = 0; i < len; i++)
        out[i] = (char)('0' + (i > zeros && i < zeros + 12 ? 0 : i < nines ? 9 : below(10)));
    out[0] = out[0] == '0' ? '1' : out[0];
    out[len] = '\0';
}

static int order(const char *a, const char *b)
{
    size_t a_len = strlen(a), b_len = strlen(b);
    return a_len != b_len ? (a_len > b_len) - (a_len < b_len) : strcmp(a, b);
}

TEST(a_larger_number_never_has_a_smaller_version)
{
    char a[DIGITS_MAX], b[DIGITS_MAX];
    size_t apart = 0;
    for (size_t i = 0; i < ROUNDS; i++) {
        make_number(a);
        memcpy(b, a, sizeof b);
        if (below(2) == 0)
            make_number(b);
        else
            b[below(strlen(b))] = '9';
        REQUIRE(version(a) >= 1 && version(a) <= INT64_MAX);
        REQUIRE(order(a, b) > 0 ? version(a) >= version(b) : version(a) <= version(b));
        apart += version(a) != version(b);
    }
    CHECK(apart > ROUNDS / 10);
}
