/* test_table_expression.c: conditions, updates and projections, and how they are refused. */
#include "table_calls.h"

static const char ITEM[] =
    "{'TableName':'Orders','Item':{'id':{'S':'o-1'},'n':{'N':'10'},'s':{'S':'abc\xc3\xa9\xf0\x9d\x84\x9e'},"
    "'l':{'L':[{'N':'1'},{'S':'x'},{'M':{'k':{'BOOL':false}}}]},'m':{'M':{'a':{'N':'1'},'b':{'L':[]}}},"
    "'ss':{'SS':['x','y']},'ns':{'NS':['1','2.5']},'z':{'NULL':true}}}";

static const char VALUES[] =
    "'ExpressionAttributeValues':{':one':{'N':'1.0'},':ten':{'N':'10'},':x':{'S':'x'},':abc':{'S':'abc'},"
    "':size':{'N':'6'},':map':{'M':{'b':{'L':[]},'a':{'N':'1'}}},':set':{'NS':['2.50','1']},"
    "':false':{'BOOL':false},':type':{'S':'NULL'},':nine':{'N':'9'},':eleven':{'N':'11'}}";

/* Whether a Scan with that filter finds the item; -1: it is refused. Unused values are refused, so that all are
 * mentioned in a way that decides nothing. */
static int holds(struct tables *t, const char *filter)
{
    char request[4096];
    snprintf(
        request, sizeof request,
        "{'TableName':'Orders',%s,'FilterExpression':'(%s) AND NOT id IN (:one, :ten, :x, :abc, :size, :map, :set, "
        ":false, :type, :nine, :eleven)'}",
        VALUES, filter);
    if (tables_call(t, "Scan", request) != 200) {
        printf("# %s: %s\n", filter, t->reply.ptr);
        return -1;
    }
    return strstr(t->reply.ptr, "\"Count\":1") != NULL;
}

TEST(conditions_hold_as_in_dynamodb)
{
    static const struct {
        const char *filter;
        bool holds;
    } cases[] = {
        { "n = :ten", true },
        { "n > :nine AND n < :eleven", true },
        { "n BETWEEN :nine AND :ten", true },
        { "n BETWEEN :ten AND :eleven AND n = :ten", true },
        { "n = :nine OR n = :ten AND n = :eleven", false }, /* AND binds tighter */
        { "(n = :nine OR n = :ten) AND n <> :eleven", true },
        { "NOT n = :nine AND n = :ten", true }, /* NOT binds tighter than AND */
        { "NOT (n = :nine OR n = :ten)", false },
        { "NOT NOT n = :ten", true },
        { "n IN (:nine, :ten)", true },
        { "n IN (:nine)", false },
        { "m = :map", true },    /* maps by content */
        { "ns = :set", true },   /* sets without order, numbers by value */
        { "l[0] = :one", true }, /* 1 is 1.0 */
        { "l[2].k = :false", true },
        { "l[3] = :one", false },
        { "nowhere = :one", false },
        { "nowhere <> :one", true },
        { "nowhere = gone", false }, /* nothing equals nothing not */
        { "nowhere < :one", false },
        { "n < :x", false },         /* other types have no order */
        { "size(s) = :size", true }, /* UTF-16: abc, U+00E9, and a pair */
        { "size(l) > size(ss)", true },
        { "size(n) > :one", false },
        { "begins_with(s, :abc)", true },
        { "begins_with(n, :abc)", false },
        { "contains(s, :x)", false },
        { "contains(ss, :x)", true },
        { "contains(ns, :one)", true },
        { "contains(l, :x)", true },
        { "attribute_exists(m.a) AND attribute_not_exists(m.c)", true },
        { "attribute_type(z, :type)", true },
        { "attribute_type(n, :type)", false },
        { ":ten = n", true },
        { "(n) = (:ten)", true },
    };
    struct tables t = tables_open(NULL, 0);
    CHECK(tables_ok(&t, "PutItem", ITEM, "{}"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (!CHECK_INT(holds(&t, cases[i].filter), cases[i].holds))
            printf("# %s\n", cases[i].filter);
    }
    tables_close(&t);
}

TEST(conditions_are_refused_in_the_words_of_aws)
{
    static const struct {
        const char *condition, *words;
    } cases[] = {
        { "", "The expression can not be empty;" },
        { "n = ", "Syntax error; token: \\'<EOF>\\', near: \\'=\\'" },
        { "n == :v", "Syntax error; token: \\'=\\', near: \\'== :v\\'" },
        { "n = :v )", "Syntax error; token: \\')\\'" },
        { "(n = :v", "Syntax error; token: \\'<EOF>\\'" },
        { "n = :v extra = :v", "Syntax error; token: \\'extra\\'" },
        { "n = :v, n = :v", "Syntax error; token: \\',\\'" },
        { "n BETWEEN :v", "Syntax error" },
        { "n IN :v", "Syntax error; token: \\':v\\'" },
        { "n AND :v", "Syntax error" },
        { "AND = :v", "Syntax error; token: \\'AND\\'" },
        { "a..b = :v", "Syntax error; token: \\'.\\'" },
        { "a[b] = :v", "Syntax error; token: \\'b\\'" },
        { "((n = :v))", "The expression has redundant parentheses;" },
        { "nobody(n) = :v", "Invalid function name; function: nobody" },
        { "attribute_exists(n) = :v", "The function is not allowed to be used this way in an expression; function: "
                                      "attribute_exists" },
        { "size(n) AND n = :v", "The function is not allowed to be used this way in an expression; function: size" },
        { "name = :v", "Attribute name is a reserved keyword; reserved keyword: name" },
        { "#q = :v", "An expression attribute name used in the document path is not defined; attribute name: #q" },
        { "n = :q", "An expression attribute value used in expression is not defined; attribute value: :q" },
        { "begins_with(n)", "Incorrect number of operands for operator or function; operator or function: "
                            "begins_with, number of operands: 1" },
        { "attribute_exists(:v)", "Operator or function requires a document path; operator or function: "
                                  "attribute_exists" },
        { "begins_with(n, :v)", "Incorrect operand type for operator or function; operator or function: begins_with, "
                                "operand type: N" },
        { "attribute_type(n, :v)", "Incorrect operand type for operator or function" },
        { "n = n", "The first operand must be distinct from the remaining operands for this operator or function; "
                   "operator: =, first operand: [n]" },
    };
    struct tables t = tables_open(NULL, 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char request[1024];
        snprintf(request, sizeof request,
                 "{'TableName':'Orders','Item':{'id':{'S':'a'}},'ConditionExpression':'%s',"
                 "'ExpressionAttributeValues':{':v':{'N':'1'}}}",
                 cases[i].condition);
        CHECK(tables_refused(&t, "PutItem", request, "ValidationException", cases[i].words));
        CHECK(strstr(t.reply.ptr, "Invalid ConditionExpression: ") != NULL);
    }
    CHECK(tables_ok(&t, "Scan", "{'TableName':'Orders'}", "{'Items':[],'Count':0,'ScannedCount':0}"));
    tables_close(&t);
}

TEST(placeholders_that_nobody_uses_are_refused)
{
    struct tables t = tables_open(NULL, 0);
    CHECK(tables_refused(&t, "PutItem",
                         "{'TableName':'Orders','Item':{'id':{'S':'a'}},'ConditionExpression':'attribute_exists(id)',"
                         "'ExpressionAttributeNames':{'#a':'a','#b':'b'}}",
                         "ValidationException",
                         "Value provided in ExpressionAttributeNames unused in expressions: keys: {#a, #b}"));
    CHECK(tables_refused(&t, "PutItem",
                         "{'TableName':'Orders','Item':{'id':{'S':'a'}},'ConditionExpression':'attribute_exists(id)',"
                         "'ExpressionAttributeValues':{':a':{'S':'a'}}}",
                         "ValidationException",
                         "Value provided in ExpressionAttributeValues unused in expressions: keys: {:a}"));
    CHECK(tables_refused(
        &t, "PutItem", "{'TableName':'Orders','Item':{'id':{'S':'a'}},'ExpressionAttributeNames':{'#a':'a'}}",
        "ValidationException", "ExpressionAttributeNames can only be specified when using expressions"));
    tables_close(&t);
}

TEST(deep_expressions_cost_no_stack)
{
    static char request[8192];
    struct tables t = tables_open(NULL, 0);
    size_t at = (size_t)snprintf(request, sizeof request,
                                 "{'TableName':'Orders','Item':{'id':{'S':'a'}},'ConditionExpression':'");
    for (int i = 0; i < 1000; i++)
        at += (size_t)snprintf(request + at, sizeof request - at, "NOT ");
    snprintf(request + at, sizeof request - at, "attribute_exists(id)'}");
    CHECK(tables_refused(&t, "PutItem", request, "ConditionalCheckFailedException", "The conditional request failed"));
    at = (size_t)snprintf(request, sizeof request,
                          "{'TableName':'Orders','Item':{'id':{'S':'a'}},'ConditionExpression':'");
    for (int i = 0; i < 4000; i++)
        at += (size_t)snprintf(request + at, sizeof request - at, "(");
    snprintf(request + at, sizeof request - at, "'}");
    CHECK(tables_refused(&t, "PutItem", request, "ValidationException", "Syntax error; token: \\'<EOF>\\'"));
    tables_close(&t);
}

/* What an update makes of {"id","n":10,"s":"a","l":[1,2,3],"m":{"k":1},"t":{x,y}}. */
static bool updates(const char *update, const char *values, const char *want)
{
    char request[2048];
    struct tables t = tables_open(NULL, 0);
    bool put = tables_ok(&t, "PutItem",
                         "{'TableName':'Orders','Item':{'id':{'S':'a'},'n':{'N':'10'},'l':{'L':[{'N':'1'},{'N':'2'},"
                         "{'N':'3'}]},'m':{'M':{'k':{'N':'1'}}},'t':{'SS':['x','y']}}}",
                         "{}");
    snprintf(request, sizeof request,
             "{'TableName':'Orders','Key':{'id':{'S':'a'}},'ReturnValues':'UPDATED_NEW','UpdateExpression':'%s'%s%s%s}",
             update, values[0] == '\0' ? "" : ",'ExpressionAttributeValues':{", values, values[0] == '\0' ? "" : "}");
    bool held = put && tables_ok(&t, "UpdateItem", request, want);
    tables_close(&t);
    return held;
}

TEST(updates_make_what_dynamodb_makes)
{
    CHECK(updates("SET n = n + :v", "':v':{'N':'0.5'}", "{'Attributes':{'n':{'N':'10.5'}}}"));
    CHECK(updates("SET n = :v - n", "':v':{'N':'1'}", "{'Attributes':{'n':{'N':'-9'}}}"));
    CHECK(updates("SET q = if_not_exists(q, :z) + :v, n = if_not_exists(n, :z)", "':z':{'N':'0'},':v':{'N':'2'}",
                  "{'Attributes':{'q':{'N':'2'},'n':{'N':'10'}}}"));
    CHECK(updates("SET l = list_append(:v, l)", "':v':{'L':[{'S':'x'}]}",
                  "{'Attributes':{'l':{'L':[{'S':'x'},{'N':'1'},{'N':'2'},{'N':'3'}]}}}"));
    CHECK(updates("SET m.j = :v, m.k = m.k + :v", "':v':{'N':'1'}",
                  "{'Attributes':{'m':{'M':{'j':{'N':'1'},'k':{'N':'2'}}}}}"));
    CHECK(updates("ADD n :v, c :v", "':v':{'N':'-1'}", "{'Attributes':{'n':{'N':'9'},'c':{'N':'-1'}}}"));
    CHECK(updates("ADD t :v", "':v':{'SS':['z','x']}", "{'Attributes':{'t':{'SS':['x','y','z']}}}"));
    CHECK(updates("DELETE t :v", "':v':{'SS':['z','x']}", "{'Attributes':{'t':{'SS':['y']}}}"));
    CHECK(updates("DELETE t :v", "':v':{'SS':['y','x']}", "{}")); /* no set is empty */
    CHECK(updates("REMOVE l, q", "", "{}"));
    CHECK(updates("SET a = n, n = :v", "':v':{'N':'1'}",
                  "{'Attributes':{'a':{'N':'10'},'n':{'N':'1'}}}")); /* right sides see the old item */
}

TEST(places_of_lists_are_those_before_the_update)
{
    struct tables t = tables_open(NULL, 0);
    CHECK(tables_ok(
        &t, "PutItem",
        "{'TableName':'Orders','Item':{'id':{'S':'a'},'l':{'L':[{'N':'0'},{'N':'1'},{'N':'2'},{'N':'3'}]}}}", "{}"));
    CHECK(tables_ok(&t, "UpdateItem",
                    "{'TableName':'Orders','Key':{'id':{'S':'a'}},'UpdateExpression':'REMOVE l[0], l[2] SET l[3] = :x, "
                    "l[9] = :z, l[8] = :y','ExpressionAttributeValues':{':x':{'S':'x'},':y':{'S':'y'},':z':{'S':'z'}},"
                    "'ReturnValues':'ALL_NEW'}",
                    "{'Attributes':{'id':{'S':'a'},'l':{'L':[{'N':'1'},{'S':'x'},{'S':'y'},{'S':'z'}]}}}"));
    tables_close(&t);
}

TEST(updates_are_refused_in_the_words_of_aws)
{
    static const struct {
        const char *update, *words;
    } cases[] = {
        { "SET id = :v", "Cannot update attribute id. This attribute is part of the key" },
        { "SET a = :v SET b = :v", "The \\'SET\\' section can only be used once in an update expression;" },
        { "SET a = :v, a.b = :v", "Two document paths overlap with each other; must remove or rewrite one of these "
                                  "paths; path one: [a], path two: [a, b]" },
        { "SET a[0] = :v, a.b = :v", "Two document paths conflict with each other; must remove or rewrite one of these "
                                     "paths; path one: [a, [0]], path two: [a, b]" },
        { "SET a = b", "The provided expression refers to an attribute that does not exist in the item" },
        { "SET a.b = :v", "The document path provided in the update expression is invalid for update" },
        { "SET a = s + :v", "An operand in the update expression has an incorrect data type" },
        { "SET a = s + :v + :v", "Syntax error; token: \\'+\\'" },
        { "SET a = list_append(s, :v)", "operator or function: list_append, operand type: N" },
        { "SET a = if_not_exists(:v, :v)", "Operator or function requires a document path; operator or function: "
                                           "if_not_exists" },
        { "SET a = nobody(:v)", "Invalid function name; function: nobody" },
        { "ADD s :v", "An operand in the update expression has an incorrect data type" },
        { "DELETE s :v", "Incorrect operand type for operator or function; operator: DELETE, operand type: NUMBER" },
        { "SET a = :v,", "Syntax error; token: \\'<EOF>\\'" },
        { "a = :v", "Syntax error; token: \\'a\\'" },
        { "SET a = big + :v", "Attempting to store more than 38 significant digits in a Number" },
    };
    struct tables t = tables_open("NEW_AND_OLD_IMAGES", 0);
    CHECK(tables_ok(&t, "PutItem", "{'TableName':'Orders','Item':{'id':{'S':'a'},'s':{'S':'x'},'big':{'N':'1e38'}}}",
                    "{}"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char request[1024];
        snprintf(request, sizeof request,
                 "{'TableName':'Orders','Key':{'id':{'S':'a'}},'UpdateExpression':'%s',"
                 "'ExpressionAttributeValues':{':v':{'N':'1'}}%s}",
                 cases[i].update, strcmp(cases[i].update, "SET a = b") == 0 ? ",'ConditionExpression':'s <> :v'" : "");
        CHECK(tables_refused(&t, "UpdateItem", request, "ValidationException", cases[i].words));
    }
    CHECK_INT(tables_records(&t), 1); /* nothing of it has left a record */
    tables_close(&t);
}

TEST(projections_keep_what_surrounds_a_part)
{
    struct tables t = tables_open(NULL, 0);
    CHECK(tables_ok(&t, "PutItem", ITEM, "{}"));
    CHECK(
        tables_ok(&t, "GetItem",
                  "{'TableName':'Orders','Key':{'id':{'S':'o-1'}},'ProjectionExpression':'l[2].k, l[0], m.a, m.nobody, "
                  "gone[1].x, #s','ExpressionAttributeNames':{'#s':'ss'}}",
                  "{'Item':{'l':{'L':[{'N':'1'},{'M':{'k':{'BOOL':false}}}]},'m':{'M':{'a':{'N':'1'}}},"
                  "'ss':{'SS':['x','y']}}}"));
    CHECK(tables_refused(&t, "GetItem",
                         "{'TableName':'Orders','Key':{'id':{'S':'o-1'}},'ProjectionExpression':'m, m.a'}",
                         "ValidationException", "Invalid ProjectionExpression: Two document paths overlap"));
    tables_close(&t);
}
