/* test_filter_match.c: which records a pattern lets pass. */
#include "events.h"

#include <stdio.h>

/* What a pattern says of a record: 'y' it passes, 'n' it does not, 's' the record is no JSON object, 'd' too deep, '!'
 * the pattern is refused. */
static char verdict_of(ddbs_str pattern, ddbs_str record)
{
    ddbs_filter *filter;
    bool passes = false, again = true;
    if (ddbs_filter_new_patterns(&filter, &pattern, 1, NULL) != DDBS_OK)
        return '!';
    check_fail_alloc(SIZE_MAX);
    ddbs_status status = ddbs_filter_match_json(filter, record, &passes);
    ddbs_status second = ddbs_filter_match_json(filter, record, &again);
    CHECK_INT(check_allocs(), 0);
    CHECK_STATUS(second, status);
    CHECK(status != DDBS_OK || passes == again);
    ddbs_filter_free(filter);
    return status == DDBS_E_SYNTAX ? 's' : status == DDBS_E_LIMIT ? 'd' : status != DDBS_OK ? '?' : passes ? 'y' : 'n';
}

/* As json_text, in place: a test has room for 256 guard pages only. */
static ddbs_str quoted(char *text)
{
    for (char *at = text; *at != '\0'; at++) {
        if (*at == '\'')
            *at = '"';
    }
    return ddbs_str_c(text);
}

struct match_case {
    const char *pattern;
    const char *record;
    char verdict;
};

static void check_cases(const struct match_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char got = verdict_of(json_text(cases[i].pattern), json_text(cases[i].record));
        if (!CHECK(got == cases[i].verdict))
            printf("    %s at %s: %c, not %c\n", cases[i].pattern, cases[i].record, got, cases[i].verdict);
    }
}

#define CHECK_CASES(cases) check_cases((cases), sizeof(cases) / sizeof *(cases))

/* The record's member "v". */
static const struct {
    const char *text;
    const char *name;
} VALUES[] = {
    { "'ab'", "string" },
    { "''", "empty" },
    { "'AB'", "upper" },
    { "'7'", "digit" },
    { "7", "seven" },
    { "70e-1", "seven too" },
    { "-3.5", "below zero" },
    { "true", "true" },
    { "false", "false" },
    { "null", "null" },
    { "{}", "object" },
    { "{'v':'ab'}", "nested" },
    { "[]", "empty array" },
    { "['x','ab']", "array" },
    { "[[],[['ab']]]", "deep array" },
    { "[{'v':'ab'}]", "array of objects" },
    { NULL, "absent" },
};
/* One letter for each of the values, in their order. */
static const struct {
    const char *rule;
    const char *verdicts;
} RULES[] = {
    { "'ab'", "ynnnnnnnnnnnnyynn" },
    { "''", "nynnnnnnnnnnnnnnn" },
    { "'7'", "nnnynnnnnnnnnnnnn" },
    { "7", "nnnnyynnnnnnnnnnn" },
    { "7.0", "nnnnyynnnnnnnnnnn" },
    { "true", "nnnnnnnynnnnnnnnn" },
    { "false", "nnnnnnnnynnnnnnnn" },
    { "null", "nnnnnnnnnynnnnnnn" },
    { "{'equals-ignore-case':'aB'}", "ynynnnnnnnnnnyynn" },
    { "{'prefix':'a'}", "ynnnnnnnnnnnnyynn" },
    { "{'prefix':''}", "yyyynnnnnnnnnyynn" },
    { "{'prefix':{'equals-ignore-case':'A'}}", "ynynnnnnnnnnnyynn" },
    { "{'suffix':'b'}", "ynnnnnnnnnnnnyynn" },
    { "{'suffix':{'equals-ignore-case':'B'}}", "ynynnnnnnnnnnyynn" },
    { "{'anything-but':'ab'}", "nyyyyyyyyynnnynnn" },
    { "{'anything-but':['ab','x']}", "nyyyyyyyyynnnnnnn" },
    { "{'anything-but':7}", "yyyynnyyyynnnyynn" },
    { "{'anything-but':[7,-3.50]}", "yyyynnnyyynnnyynn" },
    { "{'anything-but':{'prefix':'a'}}", "nyyyyyyyyynnnynnn" },
    { "{'anything-but':{'suffix':['b','B']}}", "nynyyyyyyynnnynnn" },
    { "{'anything-but':{'equals-ignore-case':['AB','x']}}", "nynyyyyyyynnnnnnn" },
    { "{'numeric':['=',7]}", "nnnnyynnnnnnnnnnn" },
    { "{'numeric':['<',7]}", "nnnnnnynnnnnnnnnn" },
    { "{'numeric':['<=',7]}", "nnnnyyynnnnnnnnnn" },
    { "{'numeric':['>',-3.5]}", "nnnnyynnnnnnnnnnn" },
    { "{'numeric':['>=',-3.5]}", "nnnnyyynnnnnnnnnn" },
    { "{'numeric':['>',-4,'<',7]}", "nnnnnnynnnnnnnnnn" },
    { "{'numeric':['>=',-3.5,'<=',7]}", "nnnnyyynnnnnnnnnn" },
    { "{'numeric':['>',-3.5,'<',7]}", "nnnnnnnnnnnnnnnnn" },
    { "{'exists':true}", "yyyyyyyyyynnnyynn" },
    { "{'exists':false}", "nnnnnnnnnnyyynnyy" },
    { "{'exists':false},'ab'", "ynnnnnnnnnyyyyyyy" },
    { "'x','AB',7", "nnynyynnnnnnnynnn" },
};

TEST(every_operator_at_every_kind_of_value)
{
    enum { VALUE_COUNT = sizeof VALUES / sizeof *VALUES, RULE_COUNT = sizeof RULES / sizeof *RULES };
    for (size_t r = 0; r < RULE_COUNT; r++) {
        REQUIRE(strlen(RULES[r].verdicts) == VALUE_COUNT);
        for (size_t v = 0; v < VALUE_COUNT; v++) {
            char pattern[128], record[128];
            snprintf(pattern, sizeof pattern, "{'v':[%s]}", RULES[r].rule);
            snprintf(record, sizeof record, VALUES[v].text == NULL ? "{'w':1}" : "{'w':1,'v':%s}", VALUES[v].text);
            char got = verdict_of(quoted(pattern), quoted(record));
            if (!CHECK(got == RULES[r].verdicts[v]))
                printf("    %s at %s: %c\n", RULES[r].rule, VALUES[v].name, got);
        }
    }
}

TEST(the_examples_of_the_guide)
{
    static const char new_image[] = "{'eventName':'INSERT','dynamodb':{'NewImage':{'Status':{'S':'SHIPPED'},'Qty':{'N':"
                                    "'101'},'Paid':{'BOOL':true},'X':{'NULL':true},'Tags':{'L':[{'S':'blue'},{'S':'red'"
                                    "}]},'Set':{'SS':['red','green']},'Addr':{'M':{'City':{'S':'Oslo'}}}},"
                                    "'ApproximateCreationDateTime':1.789651658E9}}";
    static const char expired[] = "{'eventName':'REMOVE','userIdentity':{'type':'Service','principalId':"
                                  "'dynamodb.amazonaws.com'},'dynamodb':{'OldImage':{}}}";
    static const struct match_case cases[] = {
        { "{'dynamodb':{'NewImage':{'Status':{'S':['SHIPPED']}}}}", new_image, 'y' },
        { "{'dynamodb':{'NewImage':{'Status':{'S':['shipped']}}}}", new_image, 'n' },
        { "{'dynamodb':{'NewImage':{'Status':['SHIPPED']}}}", new_image, 'n' },
        { "{'NewImage':{'Status':{'S':['SHIPPED']}}}", new_image, 'n' },
        { "{'dynamodb':{'NewImage':{'Qty':{'N':['101']}}}}", new_image, 'y' },
        { "{'dynamodb':{'NewImage':{'Qty':{'N':[101]}}}}", new_image, 'n' },
        { "{'dynamodb':{'NewImage':{'Qty':{'N':[{'numeric':['>',100]}]}}}}", new_image, 'n' },
        { "{'dynamodb':{'NewImage':{'Paid':{'BOOL':[true]}}}}", new_image, 'y' },
        { "{'dynamodb':{'NewImage':{'Paid':{'BOOL':['true']}}}}", new_image, 'n' },
        { "{'dynamodb':{'NewImage':{'X':{'NULL':[true]}}}}", new_image, 'y' },
        { "{'dynamodb':{'NewImage':{'X':{'NULL':[null]}}}}", new_image, 'n' },
        { "{'dynamodb':{'NewImage':{'Tags':{'L':{'S':['red']}}}}}", new_image, 'y' },
        { "{'dynamodb':{'NewImage':{'Tags':{'L':['red']}}}}", new_image, 'n' },
        { "{'dynamodb':{'NewImage':{'Set':{'SS':['red']}}}}", new_image, 'y' },
        { "{'dynamodb':{'NewImage':{'Addr':{'M':{'City':{'S':['Oslo']}}}}}}", new_image, 'y' },
        { "{'dynamodb':{'NewImage':{'Addr':{'M':{'City':{'S':['Bergen']}}}}}}", new_image, 'n' },
        { "{'userIdentity':{'type':['Service'],'principalId':['dynamodb.amazonaws.com']}}", expired, 'y' },
        { "{'userIdentity':{'type':['Service'],'principalId':['dynamodb.amazonaws.com']}}", new_image, 'n' },
    };
    CHECK_CASES(cases);
}

/* LAMBDA.md 6.2 and O8, as recorded. */
TEST(O8_what_was_observed_of_filters)
{
    static const char leaf[] = "{'dynamodb':{'NewImage':{'n':{'N':[{'numeric':['>',100]},{'anything-but':'101'}]}}}}";
    static const struct match_case cases[] = {
        { "{'eventName':['INSERT']}", "{'eventName':'INSERT','dynamodb':{}}", 'y' },
        { "{'eventName':['INSERT']}", "{'eventName':'MODIFY','dynamodb':{}}", 'n' },
        { "{'NewImage':{'a':['x']}}", "{'dynamodb':{'NewImage':{'a':{'S':'x'}}}}", 'n' },
        { leaf, "{'dynamodb':{'NewImage':{'n':{'N':'42'}}}}", 'y' },
        { leaf, "{'dynamodb':{'NewImage':{'n':{'N':'101'}}}}", 'n' },
        { "{'dynamodb':{'ApproximateCreationDateTime':[{'numeric':['>',1.7e9]}]}}",
          "{'dynamodb':{'ApproximateCreationDateTime':1.789651658E9}}", 'y' },
        { "{'dynamodb':{'NewImage':{'Paid':[{'exists':false}]}}}", "{'dynamodb':{'NewImage':{'Paid':{'BOOL':true}}}}",
          'y' },
        { "{'dynamodb':{'NewImage':{'Paid':[{'exists':false}]}}}", "{'dynamodb':{'NewImage':{}}}", 'y' },
        { "{'dynamodb':{'NewImage':{'Paid':[{'exists':true}]}}}", "{'dynamodb':{'NewImage':{'Paid':{'BOOL':true}}}}",
          'n' },
        { "{'dynamodb':{'NewImage':{'Paid':{'BOOL':[{'exists':false}]}}}}",
          "{'dynamodb':{'NewImage':{'Paid':{'BOOL':true}}}}", 'n' },
        { "{'dynamodb':{'NewImage':{'Paid':{'BOOL':[{'exists':false}]}}}}", "{'dynamodb':{'NewImage':{}}}", 'y' },
    };
    CHECK_CASES(cases);
}

TEST(several_names_must_all_match)
{
    static const struct match_case cases[] = {
        { "{'a':['1'],'b':['2']}", "{'a':'1','b':'2'}", 'y' },
        { "{'a':['1'],'b':['2']}", "{'b':'2','a':'1'}", 'y' },
        { "{'a':['1'],'b':['2']}", "{'a':'1','b':'3'}", 'n' },
        { "{'a':['1'],'b':['2']}", "{'a':'1'}", 'n' },
        { "{'a':{'b':['1'],'c':{'d':['2']}}}", "{'a':{'c':{'d':'2'},'b':'1'}}", 'y' },
        { "{'a':{'b':['1'],'c':{'d':['2']}}}", "{'a':{'c':{'d':'2'},'b':'2'}}", 'n' },
        { "{'a':{'b':['1']}}", "{'a':'1'}", 'n' },
        { "{'a':{'b':[{'exists':false}]}}", "{'a':'1'}", 'y' },
        { "{'a':{'b':[{'exists':false}]}}", "{}", 'y' },
        { "{'a':{'b':[{'exists':false}],'c':['1']}}", "{'a':{'c':'1'}}", 'y' },
        { "{'a':{'b':[{'exists':false}],'c':['1']}}", "{'a':{'c':'1','b':null}}", 'n' },
        { "{'':['']}", "{'':''}", 'y' },
    };
    CHECK_CASES(cases);
}

TEST(an_array_of_objects_matches_in_one_element)
{
    static const struct match_case cases[] = {
        { "{'a':{'x':['1'],'y':['2']}}", "{'a':[{'x':'1','y':'2'}]}", 'y' },
        { "{'a':{'x':['1'],'y':['2']}}", "{'a':[{'x':'1'},{'y':'2'}]}", 'n' },
        { "{'a':{'x':['1'],'y':['2']}}", "{'a':[{'x':'1'},[[{'x':'1','y':'2'}]],7]}", 'y' },
        { "{'a':{'b':{'x':['1'],'y':['2']}}}", "{'a':[{'b':[{'x':'1'}]},{'b':[{'y':'2'}]}]}", 'n' },
        { "{'a':{'b':{'x':['1']},'c':['2']}}", "{'a':[{'b':[{'x':'0'},{'x':'1'}],'c':['1','2']}]}", 'y' },
        { "{'a':{'b':{'x':['1']},'c':['2']}}", "{'a':[{'b':[{'x':'1'}]},{'c':['2']}]}", 'n' },
        { "{'a':{'x':[{'exists':false}]}}", "{'a':[{},{'x':'1'}]}", 'n' },
        { "{'a':{'x':[{'exists':false}]}}", "{'a':[{},{'y':'1'},3]}", 'y' },
        { "{'a':{'x':[{'exists':false}]}}", "{'a':[]}", 'y' },
        { "{'a':{'x':[{'exists':true}]}}", "{'a':[]}", 'n' },
        { "{'a':{'x':[{'exists':true}]}}", "{'a':[{},{'x':null}]}", 'y' },
        { "{'a':{'x':['1'],'y':[{'exists':false}]}}", "{'a':[{'x':'1'},{'y':'2'}]}", 'y' },
        { "{'a':{'x':['1'],'y':[{'exists':false}]}}", "{'a':[{'x':'1','y':'2'},{'x':'2'}]}", 'n' },
        { "{'a':{'x':[{'exists':false},'v']}}", "{'a':[{},{'x':'w'}]}", 'n' },
        { "{'a':{'x':[{'exists':false},'v']}}", "{'a':[{'x':'w'},{'x':'v'}]}", 'y' },
        { "{'a':{'x':[{'anything-but':'1'}]}}", "{'a':[{'x':'1'},{}]}", 'n' },
        { "{'a':{'x':[{'anything-but':'1'}]}}", "{'a':[{'x':'1'},{'x':'2'}]}", 'y' },
        { "{'a':[{'exists':false}]}", "{'a':[{'x':1},'s']}", 'n' },
    };
    CHECK_CASES(cases);
}

TEST(or_holds_with_one_alternative_and_beside_the_other_names)
{
    static const struct match_case cases[] = {
        { "{'$or':[{'a':['1']},{'b':['1']}]}", "{'a':'1'}", 'y' },
        { "{'$or':[{'a':['1']},{'b':['1']}]}", "{'b':'1','a':'2'}", 'y' },
        { "{'$or':[{'a':['1']},{'b':['1']}]}", "{'a':'2','b':'2'}", 'n' },
        { "{'c':['1'],'$or':[{'a':['1']},{'b':['1']}]}", "{'a':'1','c':'1'}", 'y' },
        { "{'c':['1'],'$or':[{'a':['1']},{'b':['1']}]}", "{'a':'1','c':'2'}", 'n' },
        { "{'c':['1'],'$or':[{'a':['1']},{'b':['1']}]}", "{'a':'2','c':'1'}", 'n' },
        { "{'a':['1'],'$or':[{'a':['1']},{'a':['2']}]}", "{'a':'2'}", 'n' },
        { "{'o':{'$or':[{'a':['1']},{'b':['1']}]},'p':['1']}", "{'o':{'b':'1'},'p':'1'}", 'y' },
        { "{'o':{'$or':[{'a':['1']},{'b':['1']}]},'p':['1']}", "{'o':{'b':'1'},'p':'2'}", 'n' },
        { "{'$or':[{'$or':[{'a':['1']},{'b':['1']}],'c':['1']},{'d':['1']}]}", "{'b':'1','c':'1'}", 'y' },
        { "{'$or':[{'$or':[{'a':['1']},{'b':['1']}],'c':['1']},{'d':['1']}]}", "{'b':'1','c':'2'}", 'n' },
        { "{'$or':[{'$or':[{'a':['1']},{'b':['1']}],'c':['1']},{'d':['1']}]}", "{'d':'1'}", 'y' },
        { "{'l':{'x':['1'],'$or':[{'y':['1']},{'z':['1']}]}}", "{'l':[{'x':'1'},{'y':'1'}]}", 'n' },
        { "{'l':{'x':['1'],'$or':[{'y':['1']},{'z':['1']}]}}", "{'l':[{'x':'1'},{'x':'1','z':'1'}]}", 'y' },
        { "{'$or':[{'a':[{'exists':false}]},{'b':['1']}]}", "{}", 'y' },
        { "{'$or':[{'a':[{'exists':false}]},{'b':['1']}]}", "{'a':1,'b':'2'}", 'n' },
        { "{'o':{'$or':[{'a':[{'exists':false}]},{'b':['1']}]}}", "{'p':1}", 'y' },
        { "{'o':{'$or':[{'a':['1']},{'b':['1']}]}}", "{'o':{},'b':'1'}", 'n' },
    };
    CHECK_CASES(cases);
}

TEST(of_equal_names_the_last_one_counts)
{
    static const struct match_case cases[] = {
        { "{'a':['1'],'a':['2']}", "{'a':'2'}", 'y' },
        { "{'a':['1'],'a':['2']}", "{'a':'1'}", 'n' },
        { "{'a':{'b':['1']},'a':{'c':['1']}}", "{'a':{'c':'1'}}", 'y' },
        { "{'a':{'b':['1']},'a':{'c':['1']}}", "{'a':{'b':'1'}}", 'n' },
        { "{'a':['1'],'\\u0061':['2']}", "{'a':'1'}", 'n' },
        { "{'a':['1']}", "{'a':'1','a':'2'}", 'n' },
        { "{'a':['1']}", "{'a':'2','a':'1'}", 'y' },
        { "{'a':['1'],'b':['1']}", "{'a':'1','b':'1','a':'2','a':'1'}", 'y' },
        { "{'a':{'b':[{'exists':false}]}}", "{'a':{'b':1},'a':{}}", 'y' },
        { "{'a':['1'],'a':['2'],'b1':[1],'b2':[1],'b3':[1],'b4':[1],'b5':[1],'b6':[1],'b7':[1],'b8':[1],'b9':[1],"
          "'c1':[1],'c2':[1],'c3':[1],'c4':[1],'c5':[1],'c6':[1],'a':['3']}",
          "{'a':'3','b1':1,'b2':1,'b3':1,'b4':1,'b5':1,'b6':1,'b7':1,'b8':1,'b9':1,'c1':1,'c2':1,'c3':1,'c4':1,'c5':1,"
          "'c6':1}",
          'y' },
    };
    CHECK_CASES(cases);
}

TEST(escapes_make_no_difference)
{
    static const struct match_case cases[] = {
        { "{'name':['A']}", "{'n\\u0061me':'\\u0041'}", 'y' },
        { "{'n\\u0061me':['\\u0041']}", "{'name':'A'}", 'y' },
        { "{'a':['x\\u0000y']}", "{'a':'x\\u0000y'}", 'y' },
        { "{'a':['x']}", "{'a':'x\\u0000y'}", 'n' },
        { "{'a':['x\\u0000y']}", "{'a':'x'}", 'n' },
        { "{'a\\u0000':['x']}", "{'a':'x'}", 'n' },
        { "{'a\\u0000':['x']}", "{'a\\u0000':'x'}", 'y' },
        { "{'a':['\\ud83d\\ude00']}", "{'a':'\xf0\x9f\x98\x80'}", 'y' },
        { "{'a':['\xf0\x9f\x98\x80']}", "{'a':'\\ud83d\\ude00'}", 'y' },
        { "{'a':['\xf0\x9f\x98\x80']}", "{'a':'\\uD83D\\uDE00\\uD83D'}", 'n' },
        { "{'a':[{'prefix':'\xf0\x9f\x98\x80'}]}", "{'a':'\\uD83D\\uDE00\\uD83D\\u0041'}", 'y' },
        { "{'a':[{'suffix':'A'}]}", "{'a':'\\uD83D\\uD83D\\u0041'}", 'y' },
        { "{'a':[{'suffix':'\\\\\\\"\\n'}]}", "{'a':'\\u005c\\u0022\\u000a'}", 'y' },
        { "{'a':[{'suffix':'\\/b'}]}", "{'a':'a\\/b'}", 'y' },
        { "{'a':[{'equals-ignore-case':'\xc3\x89T'}]}", "{'a':'\\u00c9t'}", 'y' },
        { "{'a':[{'equals-ignore-case':'\xc3\x89T'}]}", "{'a':'\\u00e9t'}", 'n' }, /* ASCII only */
        { "{'a':[{'equals-ignore-case':'[`'}]}", "{'a':'{@'}", 'n' },
        { "{'a':[{'anything-but':'A'}]}", "{'a':'\\u0041'}", 'n' },
        { "{'a':['true']}", "{'a':true}", 'n' },
        { "{'a':[true]}", "{'a':'true'}", 'n' },
    };
    CHECK_CASES(cases);
}

/* `count` times `piece`, then `end`, as the string "a" of a record, with and without an escape before. */
static void check_long(const char *pattern, size_t count, const char *begin, const char *end, char verdict)
{
    size_t len = count + strlen(begin) + strlen(end) + 16;
    char *record = malloc(len);
    REQUIRE(record != NULL);
    int head = snprintf(record, len, "{\"a\":\"%s", begin);
    memset(record + head, 'x', count);
    snprintf(record + head + count, len - (size_t)head - count, "%s\"}", end);
    char got = verdict_of(json_text(pattern), (ddbs_str){ check_guard(record, strlen(record)), strlen(record) });
    if (!CHECK(got == verdict))
        printf("    %s at %zu bytes: %c\n", pattern, count, got);
    free(record);
}

TEST(strings_longer_than_any_pattern_have_two_ends)
{
    static const size_t counts[] = { 0, 1, 4090, 4093, 4094, 4095, 4096, 4097, 8190, 8191, 8192, 8193, 12288, 100000 };
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        size_t n = counts[i];
        check_long("{'a':[{'prefix':'AB'}]}", n, "\\u0041B", "", 'y');
        check_long("{'a':[{'prefix':'AC'}]}", n, "\\u0041B", "", 'n');
        check_long("{'a':[{'suffix':'YZ'}]}", n, "", "Y\\u005a", 'y');
        check_long("{'a':[{'suffix':'YZ'}]}", n, "\\u0041", "YZ", 'y');
        check_long("{'a':[{'suffix':'YZ'}]}", n, "\\u0041", "Y", 'n');
        check_long("{'a':['AYZ']}", n, "\\u0041", "YZ", n == 0 ? 'y' : 'n');
        check_long("{'a':['YZ']}", n, "", "YZ", n == 0 ? 'y' : 'n');
    }
}

TEST(a_name_longer_than_any_pattern_is_none_of_its_names)
{
    char record[10000] = "{\"\\u0061";
    memset(record + 8, 'b', 9000);
    strncpy(record + 9008, "\":\"x\",\"ab\":\"x\"}", 100);
    ddbs_str text = { check_guard(record, strlen(record)), strlen(record) };
    CHECK(verdict_of(json_text("{'ab':['x']}"), text) == 'y');
    CHECK(verdict_of(json_text("{'abb':['x']}"), text) == 'n');
}

TEST(numbers_match_by_value)
{
    static const struct match_case cases[] = {
        { "{'a':[1200]}", "{'a':1.2e3}", 'y' },
        { "{'a':[0]}", "{'a':-0.0}", 'y' },
        { "{'a':[9007199254740993]}", "{'a':9007199254740992}", 'n' },
        { "{'a':[9007199254740993]}", "{'a':9007199254740993.0}", 'y' },
        { "{'a':[{'numeric':['>',9007199254740992]}]}", "{'a':9007199254740993}", 'y' },
        { "{'a':[{'numeric':['>',0.1]}]}", "{'a':0.10000000000000000000000000000000000001}", 'y' },
        { "{'a':[{'numeric':['>=',-1E-130,'<',0]}]}", "{'a':-1E-130}", 'y' },
        /* No number of DynamoDB's: nothing is equal to it, it is in no range, and it is there. */
        { "{'a':[{'numeric':['>',0]}]}", "{'a':1e300}", 'n' },
        { "{'a':[{'numeric':['<',1]}]}", "{'a':1e-300}", 'n' },
        { "{'a':[{'anything-but':1}]}", "{'a':1e300}", 'y' },
        { "{'a':[{'exists':true}]}", "{'a':1e300}", 'y' },
        { "{'a':[1]}", "{'a':1.000000000000000000000000000000000000000000000000000000000001}", 'n' },
        { "{'a':[1]}", "{'a':1.000000000000000000000000000000000000000000000000000000000000}", 'y' },
    };
    CHECK_CASES(cases);
}

/* Wherever the text is broken, also where the pattern has failed before. */
TEST(what_is_no_json_is_an_error_and_no_verdict)
{
    static const struct match_case cases[] = {
        { "{'a':['1']}", "", 's' },
        { "{'a':['1']}", "[]", 's' },
        { "{'a':['1']}", "'a'", 's' },
        { "{'a':['1']}", "{'a':'1'", 's' },
        { "{'a':['1']}", "{'a':'1'}x", 's' },
        { "{'a':['1']}", "{'a':'1'} \n", 'y' },
        { "{'a':['1']}", " {'a':'1'}", 'y' },
        { "{'a':['1']}", "{'a':'2','b':}", 's' },
        { "{'a':['1']}", "{'a':'2','b':01}", 's' },
        { "{'a':['1']}", "{'a':'1','b':[1,]}", 's' },
        { "{'a':['1']}", "{'a':'1',}", 's' },
        { "{'a':['1']}", "{'a':['1',]}", 's' },
        { "{'a':['1']}", "{'a':['1'}", 's' },
        { "{'a':['1']}", "{'a':[[]", 's' },
        { "{'a':['1']}", "{'a':tru}", 's' },
        { "{'a':['1']}", "{'a':nul}", 's' },
        { "{'a':['1']}", "{'a':-}", 's' },
        { "{'a':['1']}", "{'a':x}", 's' },
        { "{'a':['1']}", "{'a':'\\x'}", 's' },
        { "{'a':['1']}", "{'a' '1'}", 's' },
        { "{'a':['1']}", "{a:'1'}", 's' },
        { "{'a':{'b':['1']}}", "{'a':[{'b':'1'},{'b'}]}", 's' },
        { "{'$or':[{'a':['1']},{'a':['2']}]}", "{'a':'3','b':{}", 's' },
    };
    CHECK_CASES(cases);
}

/* `depth` arrays around `middle`, as the member "a". */
static char nested(const char *pattern, size_t depth, const char *middle)
{
    size_t len = strlen(middle) + 2 * depth + 8;
    char *record = malloc(len);
    if (record == NULL)
        return '?';
    memcpy(record, "{\"a\":", 5);
    memset(record + 5, '[', depth);
    memcpy(record + 5 + depth, middle, strlen(middle));
    memset(record + 5 + depth + strlen(middle), ']', depth);
    record[5 + 2 * depth + strlen(middle)] = '}';
    size_t used = 6 + 2 * depth + strlen(middle);
    char got = verdict_of(json_text(pattern), (ddbs_str){ check_guard(record, used), used });
    free(record);
    return got;
}

TEST(arrays_in_arrays_are_one_array_however_deep)
{
    CHECK(nested("{'a':['x']}", 1000, "\"x\"") == 'y');
    CHECK(nested("{'a':['x']}", 1000, "\"y\"") == 'n');
    CHECK(nested("{'a':['x']}", 1023, "\"x\"") == 'y');
    CHECK(nested("{'a':['x']}", 1024, "\"x\"") == 'd');
    CHECK(nested("{'b':['x']}", 1023, "\"x\"") == 'n');
    CHECK(nested("{'b':['x']}", 1024, "\"x\"") == 'd');
    CHECK(nested("{'a':{'b':['x']}}", 1022, "{\"b\":\"x\"}") == 'y');
    CHECK(nested("{'a':{'b':['x']}}", 1023, "{\"b\":\"x\"}") == 'd');
    CHECK(nested("{'a':{'b':['x']}}", 1000, "{\"b\":[[[\"y\"],\"x\"]]}") == 'y');
    CHECK(nested("{'a':{'$or':[{'b':['x']},{'b':['y']}]}}", 1000, "{\"b\":\"y\"}") == 'y');
}

TEST(a_pattern_as_deep_as_one_can_be)
{
    char pattern[1024] = "", record[1024] = "";
    for (int i = 0; i < 62; i++) {
        memcpy(pattern + 5 * i, "{\"a\":", 6);
        memcpy(record + 5 * i, "{\"a\":", 6);
    }
    size_t at = 5 * 62;
    size_t pattern_len = at + (size_t)snprintf(pattern + at, 8, "[\"x\"]");
    size_t record_len = at + (size_t)snprintf(record + at, 8, "\"x\"");
    memset(pattern + pattern_len, '}', 62);
    memset(record + record_len, '}', 62);
    ddbs_str text = { pattern, pattern_len + 62 };
    CHECK(verdict_of(text, (ddbs_str){ record, record_len + 62 }) == 'y');
    record[at + 1] = 'y';
    CHECK(verdict_of(text, (ddbs_str){ record, record_len + 62 }) == 'n');
}

/* A pattern full of names, each of them wanted. */
TEST(a_pattern_of_as_many_names_as_fit)
{
    char pattern[4200] = "{", record[8192] = "{";
    size_t len = 1, record_len = 1, names = 0;
    for (; len < 4096 - 24; names++) {
        len += (size_t)snprintf(pattern + len, 24, "%s\"%zx\":[1]", names == 0 ? "" : ",", names);
        record_len += (size_t)snprintf(record + record_len, 24, "%s\"%zx\":%s1", names == 0 ? "" : ",", names,
                                       names % 3 == 0 ? "1e0,\"z\":" : "");
    }
    pattern[len++] = record[record_len++] = '}';
    CHECK(len <= 4096 && names > 300);
    CHECK(verdict_of((ddbs_str){ pattern, len }, (ddbs_str){ record, record_len }) == 'y');
    record[record_len - 2] = '2';
    CHECK(verdict_of((ddbs_str){ pattern, len }, (ddbs_str){ record, record_len }) == 'n');
    CHECK(verdict_of((ddbs_str){ pattern, len }, json_text("{}")) == 'n');
}

/* 585 names and the shallowest pattern that holds most of them: the places for verdicts suffice. */
TEST(a_pattern_of_as_many_objects_as_fit)
{
    char pattern[4200] = "{\"$or\":[";
    size_t len = 8, choices = 0;
    for (; len < 4096 - 16; choices++)
        len += (size_t)snprintf(pattern + len, 16, "%s{\"\":[1]}", choices == 0 ? "" : ",");
    len += (size_t)snprintf(pattern + len, 4, "]}");
    CHECK(len <= 4096 && choices > 400);
    CHECK(verdict_of((ddbs_str){ pattern, len }, json_text("{'':1}")) == 'y');
    CHECK(verdict_of((ddbs_str){ pattern, len }, json_text("{'':2}")) == 'n');
}
