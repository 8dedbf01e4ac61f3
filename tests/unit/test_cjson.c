/* test_cjson.c: items to cJSON trees and back, and what is refused because cJSON would change it. */
#include "lib/arena.h"
#include "tests/unit/events.h"

#include <ddbstream/cjson.h>
#include <float.h>
#include <math.h>
#include <stdio.h>

static ddbs_arena *new_arena(size_t limit)
{
    ddbs_arena *arena;
    if (ddbs_arena_new(&arena, limit) != DDBS_OK)
        abort();
    return arena;
}

/* Before cJSON 1.7.19, and without a backport of it, 63 characters of a number are read, and what follows is an
 * error. So it is here, whatever version the tests run with. */
cJSON *cJSON_Parse(const char *text)
{
    bool in_string = false;
    size_t run = 0;
    for (const char *at = text; *at != '\0'; at++) {
        bool is_escape = in_string && *at == '\\';
        in_string = *at == '"' ? !in_string : in_string;
        run = !in_string && strchr("+-.0123456789eE", *at) != NULL ? run + 1 : 0;
        if (run > 63)
            return NULL;
        at += is_escape;
    }
    return cJSON_ParseWithOpts(text, NULL, 0);
}

/* An item from JSON with ' for ", or a test that fails. */
static const ddbs_item *item_from(ddbs_arena *arena, const char *text, ddbs_json_form form)
{
    ddbs_str json = json_text(text);
    const ddbs_item *item = NULL;
    CHECK_STATUS(ddbs_item_read(json.ptr, json.len, form, arena, &item, NULL), DDBS_OK);
    return item;
}

/* An item through a tree and back is equal. */
static void check_round_trip(ddbs_arena *arena, const ddbs_item *item, ddbs_json_form form)
{
    const ddbs_item *again = NULL;
    cJSON *tree = NULL;
    ddbs_error error = { .path = "" };
    if (CHECK_STATUS(ddbs_item_to_cjson(item, form, &tree, &error), DDBS_OK) &&
        CHECK_STATUS(ddbs_item_from_cjson(tree, form, arena, &again, &error), DDBS_OK))
        CHECK(ddbs_item_equal(item, again) && error.status == DDBS_OK);
    else
        printf("# %s: %s\n", error.path, error.reason);
    cJSON_Delete(tree);
}

TEST(items_survive_the_way_through_cjson)
{
    static const char *const items[] = {
        "{}",
        "{'':'','a\\u0001\\u007f\\n':'\\ud83d\\ude00\\b\\\\\\u0022/','b':true,'c':false,'d':null,'e':[],'f':{}}",
        "{'a':[1,[2,{'b':[3]}],{'c':{'d':{}}}],'A':1,'a.b[0]':2}",
        "{'n':[0,-0,1.10,-12.5,0.1,1e2,1E-130,9.99E+125,123456789012345]}",
        "{'n':[1234567890123456,4503599627370496,2147483648,-2147483649]}",
    };
    for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
        ddbs_arena *arena = new_arena(0);
        const ddbs_item *item = item_from(arena, items[i], DDBS_JSON_PLAIN);
        check_round_trip(arena, item, DDBS_JSON_PLAIN);
        check_round_trip(arena, item, DDBS_JSON_TYPED);
        ddbs_arena_free(arena);
    }
}

TEST(the_typed_form_holds_every_type_and_every_number)
{
    ddbs_arena *arena = new_arena(0);
    const ddbs_item *item = item_from(
        arena,
        "{'s':{'S':'x'},'n':{'N':'99999999999999999999999999999999999999'},'m':{'N':'9007199254740993'},"
        "'b':{'B':'AGZv'},'t':{'BOOL':true},'z':{'NULL':true},'l':{'L':[{'SS':['a','']},{'NS':['+1','1.10']}]},"
        "'k':{'M':{'x':{'BS':['','AA==']},'':{'SS':[]}}}}",
        DDBS_JSON_TYPED);
    check_round_trip(arena, item, DDBS_JSON_TYPED);
    ddbs_arena_free(arena);
}

TEST(a_tree_is_what_cjson_reads_itself)
{
    ddbs_arena *arena = new_arena(0);
    ddbs_error error;
    cJSON *plain = NULL, *typed = NULL;
    const ddbs_item *item = item_from(arena, "{'n':{'N':'1.50'},'b':{'B':'AGZv'},'s':{'NS':['2']}}", DDBS_JSON_TYPED);
    REQUIRE(ddbs_item_to_cjson(item, DDBS_JSON_PLAIN, &plain, &error) == DDBS_OK);
    REQUIRE(ddbs_item_to_cjson(item, DDBS_JSON_TYPED, &typed, NULL) == DDBS_OK);
    CHECK(cJSON_GetObjectItemCaseSensitive(plain, "n")->valuedouble == 1.5);
    CHECK_STR(cJSON_GetObjectItemCaseSensitive(plain, "b")->valuestring, "AGZv");
    CHECK_INT(cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(plain, "s"), 0)->valueint, 2);
    CHECK_STR(cJSON_GetObjectItemCaseSensitive(typed->child, "N")->valuestring, "1.50");
    cJSON_Delete(plain);
    cJSON_Delete(typed);
    ddbs_arena_free(arena);
}

/* DynamoDB sends 1E125 as 126 digits. */
TEST(numbers_that_are_long_but_simple_are_no_loss)
{
    ddbs_arena *arena = new_arena(0);
    ddbs_buf text = { 0 };
    const ddbs_item *item;
    ddbs_buf__format(&text, "{\"%080d\":[1%0125d,-1%0125d,0.%0129d1,1.5%060d,1.5%061d,1.5%062d],\"%070d\\\"\":2}", 0, 0,
                     0, 0, 0, 0, 0, 0);
    REQUIRE(ddbs_item_read(text.ptr, text.len, DDBS_JSON_PLAIN, arena, &item, NULL) == DDBS_OK);
    check_round_trip(arena, item, DDBS_JSON_PLAIN);
    check_round_trip(arena, item, DDBS_JSON_TYPED);
    ddbs_buf_free(&text);
    ddbs_arena_free(arena);
}

/* Values inside each other: M in L in M and so on, a set innermost. */
TEST(the_deepest_items_survive)
{
    ddbs_arena *arena = new_arena(0);
    ddbs_buf text = { 0 };
    const ddbs_item *item;
    ddbs_buf__text(&text, "{\"a\":");
    for (int i = 1; i < DDBS_VALUE_DEPTH_MAX; i++)
        ddbs_buf__text(&text, i % 2 ? "{\"M\":{\"a\":" : "{\"L\":[");
    ddbs_buf__text(&text, "{\"SS\":[\"x\"]}");
    for (int i = DDBS_VALUE_DEPTH_MAX - 1; i > 0; i--)
        ddbs_buf__text(&text, i % 2 ? "}}" : "]}");
    ddbs_buf__text(&text, "}");
    REQUIRE(ddbs_item_read(text.ptr, text.len, DDBS_JSON_TYPED, arena, &item, NULL) == DDBS_OK);
    check_round_trip(arena, item, DDBS_JSON_TYPED);
    ddbs_buf_free(&text);
    ddbs_arena_free(arena);
}

/* ---- What cJSON would change ------------------------------------------------------------------------------------ */

static const struct {
    ddbs_json_form form;
    const char *item, *path;
} lossy[] = {
    { DDBS_JSON_PLAIN, "{'a':1,'n':9007199254740993}", "n" },
    { DDBS_JSON_PLAIN, "{'n':[9007199254740991]}", "n[0]" }, /* a double, but printed as 9.00719925474099e+15 */
    { DDBS_JSON_PLAIN, "{'a':[0,{'b.c':0.10000000000000000001}]}", "a[1].b\\.c" },
    { DDBS_JSON_PLAIN, "{'n':99999999999999999999999999999999999999}", "n" },
    { DDBS_JSON_PLAIN, "{'n':9.9999999999999999999999999999999999999E+125}", "n" }, /* rounded: beyond the limit */
    { DDBS_JSON_PLAIN, "{'s':'a\\u0000'}", "s" },
    { DDBS_JSON_TYPED, "{'s':['x','a\\u0000b']}", "s[1]" },
    { DDBS_JSON_PLAIN, "{'x':{'a\\u0000b':1}}", "x.a\\x00b" },
    { DDBS_JSON_PLAIN, "{'a':1,'a\\u0000b':2}", "a" }, /* cut, it is a name twice */
    { DDBS_JSON_TYPED, "{'x':{'\\u0000':1,'':2}}", "x.M." },
};

TEST(what_cjson_would_change_is_refused_by_its_path)
{
    for (size_t i = 0; i < sizeof lossy / sizeof *lossy; i++) {
        ddbs_arena *arena = new_arena(0);
        ddbs_error error;
        cJSON *tree = NULL;
        const ddbs_item *item = item_from(arena, lossy[i].item, DDBS_JSON_PLAIN);
        bool held = CHECK_STATUS(ddbs_item_to_cjson(item, lossy[i].form, &tree, &error), DDBS_E_INEXACT) &&
                    CHECK_STATUS(error.status, DDBS_E_INEXACT) && CHECK_STR(error.path, lossy[i].path) &&
                    CHECK_INT(error.offset, DDBS_NOWHERE) && CHECK(tree == NULL && error.reason[0] != '\0');
        CHECK_STATUS(ddbs_item_to_cjson(item, lossy[i].form, &tree, NULL), DDBS_E_INEXACT);
        if (!held)
            printf("# in: %s\n", lossy[i].item);
        ddbs_arena_free(arena);
    }
}

TEST(a_long_path_is_cut_and_stays_printable)
{
    for (int len = 240; len < 270; len++) {
        ddbs_arena *arena = new_arena(0);
        ddbs_buf text = { 0 };
        ddbs_error error;
        const ddbs_item *item;
        cJSON *tree;
        ddbs_buf__format(&text, "{\"%0*d\xc3\xa9\\u0000\\u0007\\u0000\":0}", len, 0);
        REQUIRE(ddbs_item_read(text.ptr, text.len, DDBS_JSON_PLAIN, arena, &item, NULL) == DDBS_OK);
        CHECK_STATUS(ddbs_item_to_cjson(item, DDBS_JSON_PLAIN, &tree, &error), DDBS_E_INEXACT);
        size_t cut = strcspn(error.path, "\xc3\\.");
        const char *whole = "\xc3\xa9\\x00\\x07\\x00", *tail = error.path + cut;
        size_t same = 0;
        while (tail[same] != '\0' && tail[same] == whole[same])
            same++;
        CHECK(cut <= (size_t)len && memchr(error.path, '\0', sizeof error.path) != NULL);
        CHECK(tail[same] == '\0' ? strcmp(tail, whole) == 0 : strcmp(tail + same, "...") == 0 && same != 1);
        ddbs_buf_free(&text);
        ddbs_arena_free(arena);
    }
}

/* ---- Trees of the caller's -------------------------------------------------------------------------------------- */

static ddbs_status from_tree(const cJSON *tree, ddbs_json_form form, ddbs_error *error)
{
    ddbs_arena *arena = new_arena(0);
    const ddbs_item *item = NULL;
    ddbs_status status = ddbs_item_from_cjson(tree, form, arena, &item, error);
    CHECK((item != NULL) == (status == DDBS_OK));
    struct arena_mark mark = ddbs_arena__mark(arena);
    CHECK(status == DDBS_OK || (mark.block == NULL && mark.used == 0));
    ddbs_arena_free(arena);
    return status;
}

static void check_from(const cJSON *tree, ddbs_json_form form, ddbs_status want, const char *path)
{
    ddbs_error error;
    if (CHECK_STATUS(from_tree(tree, form, &error), want)) {
        CHECK_STATUS(error.status, want);
        CHECK_STR(error.path, path);
        CHECK((error.reason[0] == '\0') == (want == DDBS_OK));
    }
    CHECK_STATUS(from_tree(tree, form, NULL), want);
}

/* {"a":[null,{"b":number}]} */
static cJSON *tree_around(cJSON *node)
{
    cJSON *tree = cJSON_CreateObject(), *array = cJSON_AddArrayToObject(tree, "a");
    cJSON_AddItemToArray(array, cJSON_CreateNull());
    cJSON_AddItemToArray(array, cJSON_CreateObject());
    cJSON_AddItemToObject(array->child->next, "b", node);
    return tree;
}

static void check_node(cJSON *node, ddbs_status want, const char *path)
{
    cJSON *tree = tree_around(node);
    check_from(tree, DDBS_JSON_PLAIN, want, path);
    cJSON_Delete(tree);
}

TEST(numbers_of_a_tree_are_taken_exactly_or_refused)
{
    static const double taken[] = {
        0, -0.0, 1, -1.5, 0.1, 1e-130, 9.99e125, 2147483648.0, 4503599627370496.0, 1.0 / 3
    };
    static const double beyond[] = { 1e126, -1e300, 1e-131, DBL_MIN, DBL_MAX };
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        ddbs_arena *arena = new_arena(0);
        cJSON *tree = cJSON_CreateObject();
        const ddbs_item *item = NULL;
        double number = -7;
        cJSON_AddNumberToObject(tree, "n", taken[i]);
        CHECK_STATUS(ddbs_item_from_cjson(tree, DDBS_JSON_PLAIN, arena, &item, NULL), DDBS_OK);
        ddbs_num text = { "", 0 };
        CHECK_STATUS(ddbs_get(item, "n", &text), DDBS_OK);
        CHECK(ddbs_num_f64_rounded(text, &number, NULL) == DDBS_OK && number == taken[i]);
        cJSON_Delete(tree);
        ddbs_arena_free(arena);
    }
    for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++)
        check_node(cJSON_CreateNumber(beyond[i]), DDBS_E_LIMIT, "a[1].b");
    check_node(cJSON_CreateNumber((double)NAN), DDBS_E_SYNTAX, "a[1].b");
    check_node(cJSON_CreateNumber((double)INFINITY), DDBS_E_SYNTAX, "a[1].b");
    check_node(cJSON_CreateNumber((double)-INFINITY), DDBS_E_SYNTAX, "a[1].b");
}

/* cJSON prints 15 digits where they are within one part in 2^52: 0.1 + 0.2 as 0.3. Whichever version it is, no other
 * number than that of the tree comes out. */
TEST(a_number_that_cjson_prints_as_another_is_not_taken)
{
    static const double numbers[] = { 0.1 + 0.2, 9007199254740991.0, 1e15 + 0.3, 100000000000000016.0 };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        ddbs_arena *arena = new_arena(0);
        cJSON *tree = cJSON_CreateObject();
        const ddbs_item *item = NULL;
        ddbs_num text;
        double number = 0;
        cJSON_AddNumberToObject(tree, "n", numbers[i]);
        ddbs_status status = ddbs_item_from_cjson(tree, DDBS_JSON_PLAIN, arena, &item, NULL);
        CHECK(status == DDBS_OK || status == DDBS_E_INEXACT);
        CHECK(status != DDBS_OK || (ddbs_get(item, "n", &text) == DDBS_OK &&
                                    ddbs_num_f64_rounded(text, &number, NULL) == DDBS_OK && number == numbers[i]));
        cJSON_Delete(tree);
        ddbs_arena_free(arena);
    }
}

TEST(trees_that_are_no_items_are_refused)
{
    cJSON *invalid = cJSON_CreateNull(), *mixed = cJSON_CreateTrue(), *raw = cJSON_CreateNull();
    invalid->type = cJSON_Invalid;
    mixed->type = cJSON_True | cJSON_False;
    raw->type = cJSON_Raw;
    check_node(invalid, DDBS_E_SYNTAX, "a[1].b");
    check_node(mixed, DDBS_E_SYNTAX, "a[1].b");
    check_node(raw, DDBS_E_SYNTAX, "a[1].b");
    check_node(cJSON_CreateRaw("[1"), DDBS_E_SYNTAX, "a[1].b[0]");
    check_node(cJSON_CreateRaw(" [1] "), DDBS_OK, "");
    check_node(cJSON_CreateRaw("1,\"b\":2"), DDBS_E_DUPLICATE, "a[1].b");
    check_node(cJSON_CreateString("\xff"), DDBS_E_SYNTAX, "");
    check_from(NULL, DDBS_JSON_PLAIN, DDBS_E_MISSING, "");
    cJSON *array = cJSON_CreateArray(), *nan = cJSON_CreateNumber((double)NAN),
          *plain = tree_around(cJSON_CreateFalse());
    cJSON_AddItemToArray(array, cJSON_CreateNumber((double)NAN));
    check_from(array->child, DDBS_JSON_PLAIN, DDBS_E_SYNTAX, "");
    check_from(array, DDBS_JSON_PLAIN, DDBS_E_SYNTAX, "[0]");
    check_from(plain->child, DDBS_JSON_PLAIN, DDBS_E_TYPE, "");
    check_from(plain, DDBS_JSON_TYPED, DDBS_E_SYNTAX, "a");
    cJSON_AddItemToObjectCS(plain, "a", cJSON_CreateNull());
    check_from(plain, DDBS_JSON_PLAIN, DDBS_E_DUPLICATE, "a");
    cJSON_Delete(array);
    cJSON_Delete(nan);
    cJSON_Delete(plain);
}

/* What stands beside the root is no part of its tree. */
TEST(a_subtree_is_taken_alone)
{
    ddbs_error error;
    cJSON *tree = tree_around(cJSON_CreateFalse());
    cJSON_AddItemToArray(tree->child, cJSON_CreateNumber((double)NAN));
    CHECK_STATUS(from_tree(tree->child->child->next, DDBS_JSON_PLAIN, &error), DDBS_OK);
    check_from(tree, DDBS_JSON_PLAIN, DDBS_E_SYNTAX, "a[2]");
    cJSON_Delete(tree);
}

/* cJSON would print and free it by recursion: a tree that goes round is refused before that. */
TEST(a_tree_deeper_than_any_item_is_refused)
{
    cJSON *tree = cJSON_CreateObject();
    ddbs_error error;
    cJSON *inner = cJSON_AddArrayToObject(tree, "a");
    inner->child = inner;
    CHECK_STATUS(from_tree(tree, DDBS_JSON_PLAIN, &error), DDBS_E_LIMIT);
    CHECK(strncmp(error.path, "a[0][0]", 7) == 0);
    inner->child = NULL;
    cJSON_Delete(tree);
}

TEST(no_item_is_no_tree)
{
    cJSON *tree = NULL;
    ddbs_error error;
    CHECK_STATUS(ddbs_item_to_cjson(NULL, DDBS_JSON_PLAIN, &tree, &error), DDBS_E_MISSING);
    CHECK(tree == NULL && error.status == DDBS_E_MISSING && error.reason[0] != '\0');
}

/* ---- Without memory --------------------------------------------------------------------------------------------- */

static void *take(size_t size)
{
    return malloc(size);
}

static size_t torture_to(const ddbs_item *item, ddbs_json_form form, ddbs_status want)
{
    size_t failures = 0;
    for (; failures < 1000; failures++) {
        cJSON *tree = NULL;
        ddbs_error error;
        check_fail_alloc(failures);
        ddbs_status status = ddbs_item_to_cjson(item, form, &tree, failures % 2 ? &error : NULL);
        bool failed = check_allocs() > failures;
        check_fail_alloc(SIZE_MAX);
        CHECK((status == DDBS_OK) == (tree != NULL));
        CHECK(status == want || (failed && status == DDBS_E_MEMORY));
        CHECK(failures % 2 == 0 || (error.status == status && (status == DDBS_OK) == (error.reason[0] == '\0')));
        cJSON_Delete(tree);
        if (!failed)
            break;
    }
    return failures;
}

static size_t torture_from(const cJSON *tree)
{
    size_t failures = 0;
    for (; failures < 1000; failures++) {
        ddbs_arena *arena = new_arena(0);
        const ddbs_item *item = NULL;
        check_fail_alloc(failures);
        ddbs_status status = ddbs_item_from_cjson(tree, DDBS_JSON_PLAIN, arena, &item, NULL);
        bool failed = check_allocs() > failures;
        check_fail_alloc(SIZE_MAX);
        struct arena_mark mark = ddbs_arena__mark(arena);
        CHECK(failed ? status == DDBS_E_MEMORY && item == NULL && mark.block == NULL && mark.used == 0
                     : status == DDBS_OK && item != NULL);
        ddbs_arena_free(arena);
        if (!failed)
            break;
    }
    return failures;
}

/* Large enough that each reading needs a block of its own. */
TEST(without_memory_there_is_neither_tree_nor_item)
{
    ddbs_arena *arena = new_arena(0);
    ddbs_buf large = { 0 };
    const ddbs_item *huge;
    ddbs_buf__format(&large, "{\"s\":\"%060000d\"}", 0);
    REQUIRE(ddbs_item_read(large.ptr, large.len, DDBS_JSON_PLAIN, arena, &huge, NULL) == DDBS_OK);
    cJSON *tree = NULL;
    const ddbs_item *good = item_from(arena, "{'a':[1,'x',{'b':null}],'c':true}", DDBS_JSON_PLAIN);
    const ddbs_item *lost = item_from(arena, "{'a':[1,'x\\u0000',{'b':null}]}", DDBS_JSON_PLAIN);
    cJSON_InitHooks(&(cJSON_Hooks){ take, free });
    CHECK(torture_to(good, DDBS_JSON_PLAIN, DDBS_OK) > 10);
    CHECK(torture_to(good, DDBS_JSON_TYPED, DDBS_OK) > 20);
    CHECK(torture_to(huge, DDBS_JSON_PLAIN, DDBS_OK) > 10);
    CHECK(torture_to(lost, DDBS_JSON_TYPED, DDBS_E_INEXACT) > 10);
    REQUIRE(ddbs_item_to_cjson(good, DDBS_JSON_PLAIN, &tree, NULL) == DDBS_OK);
    CHECK(torture_from(tree) >= 2);
    cJSON_Delete(tree);
    cJSON_InitHooks(NULL);
    ddbs_buf_free(&large);
    ddbs_arena_free(arena);
}

/* ---- The state of a window ---- */

static cJSON *to_set;
static ddbs_status got;
static char why[DDBS_ERROR_REASON_MAX], place[DDBS_ERROR_PATH_MAX];

static ddbs_status set_state(ddbs_ctx *ctx, const ddbs_record *rec)
{
    (void)rec;
    got = ddbs_ctx_set_state_cjson(ctx, to_set);
    CHECK_STATUS(ddbs_ctx_error(ctx)->status, got);
    memcpy(why, ddbs_ctx_error(ctx)->reason, sizeof why);
    memcpy(place, ddbs_ctx_error(ctx)->path, sizeof place);
    return DDBS_OK;
}

/* Set the state to a tree, which is freed; what went back is compared with `want`, NULL: what came. */
static ddbs_status try_state(cJSON *tree, const char *want)
{
    static const ddbs_consumer consumer = { .on_any = set_state };
    struct parsed p = parse("{'Records':[" RECORD("INSERT", "1", "") "],'window':{'start':'a','end':'b'},'state':{}}");
    ddbs_outcome outcome = { .records = 0 };
    to_set = tree;
    if (p.event == NULL || ddbs_process(p.event, &consumer, NULL, p.arena, &outcome) != DDBS_OK)
        abort();
    if (want == NULL)
        CHECK(outcome.state.ptr == NULL);
    else
        CHECK_VIEW(outcome.state, want);
    cJSON_Delete(tree);
    parsed_free(&p);
    return got;
}

static cJSON *with_number(double number)
{
    cJSON *tree = cJSON_CreateObject();
    cJSON_AddNumberToObject(cJSON_AddObjectToObject(tree, "sums"), "n", number);
    return tree;
}

TEST(a_tree_becomes_the_state_of_a_window)
{
    static const char text[] = "{\"a\":[1,2.5,true,null,\"x\xc3\xa9\"],\"b\":{\"c\":-7}}";
    CHECK_STATUS(try_state(cJSON_Parse(text), text), DDBS_OK);
    CHECK_STATUS(try_state(cJSON_CreateObject(), "{}"), DDBS_OK);
    CHECK_STATUS(try_state(with_number(1e200), "{\"sums\":{\"n\":1e+200}}"), DDBS_OK);
    CHECK_STATUS(try_state(with_number(0.1), "{\"sums\":{\"n\":0.1}}"), DDBS_OK);
}

TEST(a_state_that_cjson_would_change_is_refused)
{
    CHECK_STATUS(try_state(NULL, NULL), DDBS_E_MISSING);
    CHECK_STATUS(try_state(cJSON_CreateArray(), NULL), DDBS_E_TYPE);
    CHECK_STATUS(try_state(with_number((double)NAN), NULL), DDBS_E_SYNTAX);
    CHECK_STR(place, "sums.n");
    CHECK_STATUS(try_state(with_number(1e308 * 10), NULL), DDBS_E_SYNTAX);
    cJSON *text = cJSON_CreateObject();
    cJSON_AddStringToObject(text, "a", "\xff");
    CHECK_STATUS(try_state(text, NULL), DDBS_E_SYNTAX);
    cJSON *deep = cJSON_CreateObject(), *inner = deep;
    for (int i = 0; i < 140; i++)
        inner = cJSON_AddObjectToObject(inner, "d");
    CHECK_STATUS(try_state(deep, NULL), DDBS_E_LIMIT);
    CHECK_STR(why, "over 132 nodes inside each other");
}

/* cJSON takes 15 digits where they come close: another number, also where DynamoDB has none. */
TEST(a_number_of_a_state_is_exact_whatever_its_size)
{
    size_t refused = 0, taken = 0;
    for (int i = 0; i < 60; i++) {
        double number = ldexp(1.0 + ldexp(i, -52), 700 + i % 3);
        cJSON *tree = with_number(number);
        char *printed = cJSON_PrintUnformatted(tree);
        bool exact = strtod(strstr(printed, "\"n\":") + 4, NULL) == number;
        CHECK_STATUS(try_state(tree, exact ? printed : NULL), exact ? DDBS_OK : DDBS_E_INEXACT);
        refused += !exact;
        taken += exact;
        cJSON_free(printed);
    }
    CHECK(taken > 0);
    CHECK(refused > 0);
}

TEST(a_state_outside_a_window_is_refused)
{
    static const ddbs_consumer consumer = { .on_any = set_state };
    struct parsed p = parse(EVENT(RECORD("INSERT", "1", "")));
    ddbs_outcome outcome = { .records = 0 };
    REQUIRE(p.event != NULL);
    to_set = cJSON_CreateObject();
    CHECK_STATUS(ddbs_process(p.event, &consumer, NULL, p.arena, &outcome), DDBS_OK);
    CHECK_STATUS(got, DDBS_E_USAGE);
    cJSON_Delete(to_set);
    parsed_free(&p);
}
