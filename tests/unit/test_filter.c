/* test_filter.c: which patterns and FilterCriteria are taken, and what is said of the others. */
#include "events.h"

#include <stdio.h>

static ddbs_status compile(const char *pattern, ddbs_error *error)
{
    ddbs_filter *filter = NULL;
    ddbs_str text = json_text(pattern);
    ddbs_status status = ddbs_filter_new_patterns(&filter, &text, 1, error);
    CHECK((status == DDBS_OK) == (filter != NULL));
    ddbs_filter_free(filter);
    return status;
}

/* The whole table of LAMBDA.md 6.1, and what event-ruler takes besides. */
TEST(what_lambda_takes_is_taken)
{
    static const char *const leaves[] = {
        "[null]",
        "['']",
        "['SHIPPED']",
        "[100]",
        "[-1.5e3]",
        "[true,false]",
        "[{'equals-ignore-case':'shipped'}]",
        "[{'equals-ignore-case':''}]",
        "[{'prefix':'EU-'}]",
        "[{'prefix':''}]",
        "[{'suffix':'.png'}]",
        "[{'prefix':{'equals-ignore-case':'eu-'}}]",
        "[{'suffix':{'equals-ignore-case':'.PNG'}}]",
        "[{'anything-but':['A','B']}]",
        "[{'anything-but':'A'}]",
        "[{'anything-but':''}]",
        "[{'anything-but':[1,2]}]",
        "[{'anything-but':7}]",
        "[{'anything-but':{'prefix':'a'}}]",
        "[{'anything-but':{'suffix':'a'}}]",
        "[{'anything-but':{'equals-ignore-case':['a','b']}}]",
        "[{'numeric':['=',5]}]",
        "[{'numeric':['<',5]}]",
        "[{'numeric':['<=',5]}]",
        "[{'numeric':['>',5]}]",
        "[{'numeric':['>=',5]}]",
        "[{'numeric':['>',0,'<=',5]}]",
        "[{'numeric':['>=',0,'<',5]}]",
        "[{'exists':true}]",
        "[{'exists':false}]",
        "['A',7,null,true,{'prefix':'B'}]",
        "{'$or':[{'a':[1]},{'b':[1]}]}",
        "{'$or':[{'a':[1]},{'b':[1]},{'c':[1]}],'d':[1]}",
    };
    for (size_t i = 0; i < sizeof leaves / sizeof *leaves; i++) {
        char pattern[256];
        ddbs_error error;
        snprintf(pattern, sizeof pattern, "{'x':%s}", leaves[i]);
        if (!CHECK_STATUS(compile(pattern, &error), DDBS_OK))
            printf("    %s: %s\n", leaves[i], error.reason);
    }
}

/* The path without its begin, "patterns[0]", and a part of the reason. */
static const struct refused {
    const char *pattern;
    ddbs_status status;
    const char *path;
    const char *reason;
    int offset; /* -1: nowhere */
} REFUSED[] = {
    { "", DDBS_E_SYNTAX, "", "expected a JSON object", 0 },
    { "[]", DDBS_E_SYNTAX, "", "expected a JSON object", 0 },
    { "'a'", DDBS_E_SYNTAX, "", "expected a JSON object", 0 },
    { "{", DDBS_E_SYNTAX, "", "expected a string", 1 },
    { "{'a':[1]}x", DDBS_E_SYNTAX, "", "text after the end", 9 },
    { "{'a':[1,]}", DDBS_E_SYNTAX, ".a[1]", "expected a", 8 },
    { "{'a':[1e999]}", DDBS_E_LIMIT, ".a[0]", "a number that DynamoDB does not have", 6 },
    { "{}", DDBS_E_SYNTAX, "", "empty object", 0 },
    { "{'a':{}}", DDBS_E_SYNTAX, ".a", "empty object", 1 },
    { "{'a':[]}", DDBS_E_SYNTAX, ".a", "empty array", 1 },
    { "{'b':[1],'a':'x'}", DDBS_E_SYNTAX, ".a", "expected an array of allowed values, or an object", 9 },
    { "{'a':7}", DDBS_E_SYNTAX, ".a", "expected an array of allowed values, or an object", 1 },
    { "{'a':null}", DDBS_E_SYNTAX, ".a", "expected an array of allowed values, or an object", 1 },
    { "{'a':[[1]]}", DDBS_E_SYNTAX, ".a[0]", "expected a string, a number", 1 },
    { "{'a':{'b.c':[1,{}]}}", DDBS_E_SYNTAX, ".a.b\\.c[1]", "expected one operator", 6 },
    { "{'a':[{'prefix':'a','suffix':'b'}]}", DDBS_E_SYNTAX, ".a[0]", "expected one operator", 1 },
    { "{'a':[{'prefix':'a','prefix':'b'}]}", DDBS_E_SYNTAX, ".a[0]", "expected one operator", 1 },
    { "{'a':[1,{'like':'a'}]}", DDBS_E_SYNTAX, ".a[1].like", "unknown operator", 9 },
    { "{'a':[{'Prefix':'a'}]}", DDBS_E_SYNTAX, ".a[0].Prefix", "unknown operator", 7 },
    { "{'a':[{'wildcard':'a*'}]}", DDBS_E_SYNTAX, ".a[0].wildcard", "table of Lambda's developer guide", 7 },
    { "{'a':[{'cidr':'10.0.0.0/8'}]}", DDBS_E_SYNTAX, ".a[0].cidr", "table of Lambda's developer guide", 7 },
    { "{'a':[{'prefix':7}]}", DDBS_E_SYNTAX, ".a[0].prefix", "expected a string", 7 },
    { "{'a':[{'prefix':['x']}]}", DDBS_E_SYNTAX, ".a[0].prefix", "expected a string", 7 },
    { "{'a':[{'suffix':null}]}", DDBS_E_SYNTAX, ".a[0].suffix", "expected a string", 7 },
    { "{'a':[{'prefix':{'suffix':'x'}}]}", DDBS_E_SYNTAX, ".a[0].prefix", "expected a string, or an object", 7 },
    { "{'a':[{'prefix':{'equals-ignore-case':1}}]}", DDBS_E_SYNTAX, ".a[0].prefix", "expected a string", 7 },
    { "{'a':[{'equals-ignore-case':1}]}", DDBS_E_SYNTAX, ".a[0].equals-ignore-case", "expected a string", 7 },
    { "{'a':[{'exists':'true'}]}", DDBS_E_SYNTAX, ".a[0].exists", "expected true or false", 7 },
    { "{'a':[{'anything-but':[]}]}", DDBS_E_SYNTAX, ".a[0].anything-but", "empty array", 7 },
    { "{'a':[{'anything-but':['a',1]}]}", DDBS_E_SYNTAX, ".a[0].anything-but", "strings, or numbers", 7 },
    { "{'a':[{'anything-but':[1,'a']}]}", DDBS_E_SYNTAX, ".a[0].anything-but", "strings, or numbers", 7 },
    { "{'a':[{'anything-but':null}]}", DDBS_E_SYNTAX, ".a[0].anything-but", "strings, or numbers", 7 },
    { "{'a':[{'anything-but':[true]}]}", DDBS_E_SYNTAX, ".a[0].anything-but", "strings, or numbers", 7 },
    { "{'a':[{'anything-but':{'prefix':''}}]}", DDBS_E_SYNTAX, ".a[0].anything-but", "not empty", 7 },
    { "{'a':[{'anything-but':{'suffix':[]}}]}", DDBS_E_SYNTAX, ".a[0].anything-but", "empty array", 7 },
    { "{'a':[{'anything-but':{'numeric':['=',1]}}]}", DDBS_E_SYNTAX, ".a[0].anything-but", "expected \"prefix\"", 7 },
    { "{'a':[{'anything-but':{}}]}", DDBS_E_SYNTAX, ".a[0].anything-but", "expected \"prefix\"", 7 },
    { "{'a':[{'numeric':'>'}]}", DDBS_E_SYNTAX, ".a[0].numeric", "expected an array of comparisons", 7 },
    { "{'a':[{'numeric':[]}]}", DDBS_E_SYNTAX, ".a[0].numeric", "expected pairs", 7 },
    { "{'a':[{'numeric':['>']}]}", DDBS_E_SYNTAX, ".a[0].numeric", "expected pairs", 7 },
    { "{'a':[{'numeric':['>','1']}]}", DDBS_E_SYNTAX, ".a[0].numeric", "expected pairs", 7 },
    { "{'a':[{'numeric':[1,'>']}]}", DDBS_E_SYNTAX, ".a[0].numeric", "expected pairs", 7 },
    { "{'a':[{'numeric':['!=',1]}]}", DDBS_E_SYNTAX, ".a[0].numeric", "expected \"=\"", 7 },
    { "{'a':[{'numeric':['==',1]}]}", DDBS_E_SYNTAX, ".a[0].numeric", "expected \"=\"", 7 },
    { "{'a':[{'numeric':['=',1,'<',2]}]}", DDBS_E_SYNTAX, ".a[0].numeric", "expected nothing behind", 7 },
    { "{'a':[{'numeric':['<',5,'>',0]}]}", DDBS_E_SYNTAX, ".a[0].numeric", "expected one range", 7 },
    { "{'a':[{'numeric':['>',0,'>',1]}]}", DDBS_E_SYNTAX, ".a[0].numeric", "expected \"=\"", 7 },
    { "{'a':[{'numeric':['>',0,'<',1,'<',2]}]}", DDBS_E_SYNTAX, ".a[0].numeric", "expected one range", 7 },
    { "{'a':[{'numeric':['>',0,'<']}]}", DDBS_E_SYNTAX, ".a[0].numeric", "expected pairs", 7 },
    { "{'a':[{'numeric':['>=',5,'<=',5.0]}]}", DDBS_E_SYNTAX, ".a[0].numeric", "below the upper", 7 },
    { "{'a':[{'numeric':['>',6,'<',5]}]}", DDBS_E_SYNTAX, ".a[0].numeric", "below the upper", 7 },
    { "{'$or':[{'a':[1]}]}", DDBS_E_SYNTAX, ".$or", "at least two objects", 1 },
    { "{'$or':{'a':[1]}}", DDBS_E_SYNTAX, ".$or", "at least two objects", 1 },
    { "{'$or':[{'a':[1]},'b']}", DDBS_E_SYNTAX, ".$or[1]", "expected an object", 9 },
    { "{'$or':[{'a':[1]},{}]}", DDBS_E_SYNTAX, ".$or[1]", "empty object", 9 },
    { "{'x':{'$or':[{'a':[1]},{'b':1}]}}", DDBS_E_SYNTAX, ".x.$or[1].b", "expected an array of allowed", 24 },
};

TEST(what_is_no_pattern_is_refused_with_its_place)
{
    for (size_t i = 0; i < sizeof REFUSED / sizeof *REFUSED; i++) {
        const struct refused *refused = &REFUSED[i];
        ddbs_error error;
        bool held = CHECK_STATUS(compile(refused->pattern, &error), refused->status);
        held = CHECK_STATUS(error.status, refused->status) && held;
        held = CHECK(strncmp(error.path, "patterns[0]", 11) == 0) && held;
        held = held && CHECK_STR(error.path + 11, refused->path);
        held = CHECK(strstr(error.reason, refused->reason) != NULL) && held;
        held = CHECK_INT(error.offset, refused->offset) && held;
        CHECK_STATUS(compile(refused->pattern, NULL), refused->status);
        if (!held)
            printf("    %s: %s: %s\n", refused->pattern, error.path, error.reason);
    }
}

/* The name at fault is counted in the text as it was given, whatever was unescaped before it. */
TEST(offsets_count_the_text_that_was_given)
{
    ddbs_error error;
    CHECK_STATUS(compile("  {'\\u0061\\u0062':[1], 'c':{}}", &error), DDBS_E_SYNTAX);
    CHECK_INT(error.offset, 23);
    CHECK_STR(error.path, "patterns[0].c");
}

TEST(a_dropped_duplicate_is_not_looked_at)
{
    CHECK_STATUS(compile("{'a':[],'a':[1]}", NULL), DDBS_OK);
    CHECK_STATUS(compile("{'a':[1],'a':[]}", NULL), DDBS_E_SYNTAX);
    CHECK_STATUS(compile("{'$or':7,'a':[1],'$or':[{'a':[1]},{'b':[1]}]}", NULL), DDBS_OK);
}

/* `len` bytes: {"a":["xxx"]} */
static ddbs_str long_pattern(char *text, size_t len)
{
    memset(text, 'x', len);
    memcpy(text, "{\"a\":[\"", 7);
    memcpy(text + len - 3, "\"]}", 3);
    return (ddbs_str){ text, len };
}

TEST(limits_of_length_number_and_depth)
{
    char text[DDBS_FILTER_PATTERN_MAX + 1], deep[600] = "";
    ddbs_filter *filter;
    ddbs_error error;
    ddbs_str pattern = long_pattern(text, DDBS_FILTER_PATTERN_MAX);
    REQUIRE(ddbs_filter_new_patterns(&filter, &pattern, 1, &error) == DDBS_OK);
    ddbs_filter_free(filter);
    pattern = long_pattern(text, DDBS_FILTER_PATTERN_MAX + 1);
    CHECK_STATUS(ddbs_filter_new_patterns(&filter, &pattern, 1, &error), DDBS_E_LIMIT);
    CHECK_STR(error.path, "patterns[0]");
    ddbs_str many[DDBS_FILTER_COUNT_MAX + 1];
    for (size_t i = 0; i <= DDBS_FILTER_COUNT_MAX; i++)
        many[i] = ddbs_str_c("{\"a\":[1]}");
    CHECK_STATUS(ddbs_filter_new_patterns(&filter, many, DDBS_FILTER_COUNT_MAX + 1, &error), DDBS_E_LIMIT);
    REQUIRE(ddbs_filter_new_patterns(&filter, many, DDBS_FILTER_COUNT_MAX, &error) == DDBS_OK);
    ddbs_filter_free(filter);
    many[7] = ddbs_str_c("{\"a\":[]}");
    CHECK_STATUS(ddbs_filter_new_patterns(&filter, many, DDBS_FILTER_COUNT_MAX, &error), DDBS_E_SYNTAX);
    CHECK_STR(error.path, "patterns[7].a");
    for (size_t i = 0; i < 70; i++)
        memcpy(deep + 5 * i, "{'a':", 6);
    CHECK_STATUS(compile(deep, &error), DDBS_E_LIMIT);
    CHECK(strncmp(error.path, "patterns[0].a.a.a.", 18) == 0);
}

/* However long names are, the path is text that ends. */
TEST(a_path_that_does_not_fit_is_cut)
{
    char pattern[4000];
    size_t len = 0;
    for (int i = 0; i < 6; i++) {
        len += (size_t)snprintf(pattern + len, 8, "{\"");
        memset(pattern + len, 'a' + i, 100);
        len += 100;
        len += (size_t)snprintf(pattern + len, 8, "\":");
    }
    for (int broken = 0; broken < 2; broken++) {
        ddbs_error error;
        ddbs_filter *filter;
        snprintf(pattern + len, 16, broken ? "[1,]" : "[]}}}}}}");
        ddbs_str text = ddbs_str_c(pattern);
        CHECK_STATUS(ddbs_filter_new_patterns(&filter, &text, 1, &error), DDBS_E_SYNTAX);
        CHECK(strlen(error.path) > 200 && strlen(error.path) < DDBS_ERROR_PATH_MAX);
        CHECK(strncmp(error.path, "patterns[0].aaaa", 16) == 0);
    }
}

TEST(filter_criteria_are_what_a_mapping_has)
{
    static const struct {
        const char *criteria;
        ddbs_status status;
        const char *path;
    } cases[] = {
        { "{}", DDBS_OK, "" },
        { "{'Filters':[]}", DDBS_OK, "" },
        { "{'Filters':[{'Pattern':'{\\\"a\\\":[1]}'}]}", DDBS_OK, "" },
        { "", DDBS_E_TYPE, "" },
        { "[]", DDBS_E_TYPE, "" },
        { "{'Filters':}", DDBS_E_SYNTAX, "Filters" },
        { "{'filters':[]}", DDBS_E_TYPE, "" },
        { "{'Filters':[],'More':1}", DDBS_E_TYPE, "" },
        { "{'Filters':{}}", DDBS_E_TYPE, "Filters" },
        { "{'Filters':null}", DDBS_E_TYPE, "Filters" },
        { "{'Filters':[{}]}", DDBS_E_TYPE, "Filters[0]" },
        { "{'Filters':['{}']}", DDBS_E_TYPE, "Filters[0]" },
        { "{'Filters':[{'Pattern':{'a':[1]}}]}", DDBS_E_TYPE, "Filters[0]" },
        { "{'Filters':[{'Pattern':'{\\\"a\\\":[1]}','x':1}]}", DDBS_E_TYPE, "Filters[0]" },
        { "{'Filters':[{'Pattern':''}]}", DDBS_E_SYNTAX, "Filters[0].Pattern" },
        { "{'Filters':[{'Pattern':'{\\\"a\\\":[1]}'},{'Pattern':'{\\\"b\\\":{\\\"c\\\":[]}}'}]}", DDBS_E_SYNTAX,
          "Filters[1].Pattern.b.c" },
        { "{'Filters':[{'Pattern':'{\\\"a\\\":[x]}'}]}", DDBS_E_SYNTAX, "Filters[0].Pattern.a[0]" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ddbs_filter *filter = NULL;
        ddbs_error error;
        CHECK_STATUS(ddbs_filter_new(&filter, json_text(cases[i].criteria), &error), cases[i].status);
        if (!CHECK_STR(error.path, cases[i].path))
            printf("    %s: %s\n", cases[i].criteria, error.reason);
        CHECK((filter != NULL) == (cases[i].status == DDBS_OK));
        ddbs_filter_free(filter);
    }
}

TEST(offsets_in_criteria_count_the_pattern)
{
    ddbs_filter *filter;
    ddbs_error error;
    static const char criteria[] = "{'Filters':[{'Pattern':'{\\\"a\\\":[1],\\\"b\\\":[]}'}]}";
    CHECK_STATUS(ddbs_filter_new(&filter, json_text(criteria), &error), DDBS_E_SYNTAX);
    CHECK_INT(error.offset, 9);
    CHECK_STATUS(ddbs_filter_new(&filter, json_text("{'Filters':7}"), &error), DDBS_E_TYPE);
    CHECK(error.offset == DDBS_NOWHERE);
}

TEST(more_than_ten_filters_are_refused)
{
    char criteria[600] = "{\"Filters\":[";
    size_t len = strlen(criteria);
    ddbs_filter *filter;
    ddbs_error error;
    for (int i = 0; i < 11; i++)
        len += (size_t)snprintf(criteria + len, 64, "%s{\"Pattern\":\"{\\\"a\\\":[1]}\"}", i == 0 ? "" : ",");
    snprintf(criteria + len, 4, "]}");
    CHECK_STATUS(ddbs_filter_new(&filter, ddbs_str_c(criteria), &error), DDBS_E_LIMIT);
    CHECK_STR(error.path, "Filters");
}

static char criteria_verdict(const char *criteria, const char *record)
{
    ddbs_filter *filter;
    bool passes = false;
    if (ddbs_filter_new(&filter, json_text(criteria), NULL) != DDBS_OK)
        return '!';
    ddbs_status status = ddbs_filter_match_json(filter, json_text(record), &passes);
    ddbs_filter_free(filter);
    return status != DDBS_OK ? 's' : passes ? 'y' : 'n';
}

TEST(one_of_several_patterns_suffices_and_none_lets_everything_pass)
{
    static const char two[] = "{'Filters':[{'Pattern':'{\\\"a\\\":[1]}'},{'Pattern':'{\\\"b\\\":[1]}'}]}";
    CHECK(criteria_verdict(two, "{'a':1}") == 'y');
    CHECK(criteria_verdict(two, "{'b':1}") == 'y');
    CHECK(criteria_verdict(two, "{'a':2}") == 'n');
    CHECK(criteria_verdict(two, "{'a':1") == 's');
    CHECK(criteria_verdict("{}", "{'a':1}") == 'y');
    CHECK(criteria_verdict("{'Filters':[]}", "{}") == 'y');
    CHECK(criteria_verdict("{'Filters':[]}", "{'a':}") == 's');
}

TEST(a_decoded_record_is_matched_as_it_stood_in_the_event)
{
    struct parsed parsed = parse(EVENT(RECORD("INSERT", "1", ",'extra':1") "," RECORD("MODIFY", "2", "")));
    ddbs_str pattern = json_text("{'eventName':['MODIFY'],'dynamodb':{'SequenceNumber':['2']}}");
    ddbs_filter *filter;
    REQUIRE(ddbs_filter_new_patterns(&filter, &pattern, 1, NULL) == DDBS_OK);
    for (size_t i = 0; i < 2; i++) {
        bool passes = i == 0;
        const ddbs_record *record = record_of(&parsed, i);
        REQUIRE(record != NULL);
        CHECK_STATUS(ddbs_filter_match(filter, record, &passes), DDBS_OK);
        CHECK_INT(passes, i == 1);
    }
    bool untouched = true;
    ddbs_record made = { .source = DDBS_SOURCE_KINESIS, .raw = { "{}", 2 } };
    CHECK_STATUS(ddbs_filter_match(filter, &made, &untouched), DDBS_E_USAGE);
    CHECK_STATUS(ddbs_filter_match(filter, &(ddbs_record){ .index = 0 }, &untouched), DDBS_E_USAGE);
    CHECK_STATUS(ddbs_filter_match_json(filter, json_text("{"), &untouched), DDBS_E_SYNTAX);
    CHECK(untouched);
    ddbs_filter_free(filter);
    parsed_free(&parsed);
}

/* A filter of every shape, made while allocation number n fails, for every n. */
TEST(a_filter_survives_every_failing_allocation)
{
    static const char criteria[] =
        "{'Filters':[{'Pattern':'{\\\"a\\\":{\\\"b\\\":[1,\\\"x\\\",{\\\"prefix\\\":\\\"p\\\"},{\\\"anything-but\\\":["
        "1,2]}"
        ",{\\\"numeric\\\":[\\\">\\\",1,\\\"<\\\",2]}]},\\\"$or\\\":[{\\\"c\\\":[1]},{\\\"d\\\":[2]}]}'}]}";
    size_t needed;
    ddbs_filter *filter;
    ddbs_error error;
    check_fail_alloc(SIZE_MAX);
    REQUIRE(ddbs_filter_new(&filter, json_text(criteria), &error) == DDBS_OK);
    needed = check_allocs();
    ddbs_filter_free(filter);
    ddbs_str text = json_text(criteria);
    for (size_t n = 0; n < needed; n++) {
        ddbs_filter *none = NULL;
        check_fail_alloc(n);
        ddbs_status status = ddbs_filter_new(&none, text, &error);
        check_fail_alloc(SIZE_MAX);
        CHECK_STATUS(status, DDBS_E_MEMORY);
        CHECK_STATUS(error.status, DDBS_E_MEMORY);
        CHECK(none == NULL && error.reason[0] != '\0');
    }
    CHECK(needed >= 2);
}

TEST(nothing_is_freed_where_there_is_nothing)
{
    ddbs_filter_free(NULL);
}
