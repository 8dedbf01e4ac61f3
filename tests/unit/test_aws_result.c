/* test_aws_result.c: what services say about each entry, and what they could say: an entry is stored only where the
 * reply says so of it. Texts have ' for ". */
#include "events.h"
#include "runtime/aws/client.h"
#include "runtime/aws/result.h"

enum { ENTRIES = 3 };

/* The verdicts on three entries as a word: S stored, A again, R refused, - unknown. */
static const char *read_with(ddbs_result_fn *read, const char *text, struct ddbs_results *results)
{
    static char word[ENTRIES + 1];
    static unsigned char verdicts[ENTRIES];
    ddbs_str body = json_text(text);
    memset(verdicts, 0, sizeof verdicts);
    results->count = ENTRIES;
    results->verdicts = verdicts;
    results->code[0] = '\0';
    read(body.ptr, body.len, results);
    for (size_t i = 0; i < ENTRIES; i++)
        word[i] = "-SAR"[verdicts[i]];
    return word;
}

struct case_of {
    const char *reply, *word, *code;
};

static void check_cases(ddbs_result_fn *read, const struct case_of *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct ddbs_results results = { .count = 0 };
        CHECK_STR(read_with(read, cases[i].reply, &results), cases[i].word);
        CHECK_STR(results.code, cases[i].code);
    }
}

#define CHECK_CASES(read, cases) check_cases(read, cases, sizeof(cases) / sizeof *(cases))

TEST(firehose_results_are_in_the_order_of_the_request)
{
    static const struct case_of cases[] = {
        { "{'FailedPutCount':0,'RequestResponses':[{'RecordId':'a'},{'RecordId':'b'},{'RecordId':'c'}]}", "SSS", "" },
        { "{'FailedPutCount':0,'RequestResponses':[{'RecordId':'a'},"
          "{'ErrorCode':'ServiceUnavailableException','ErrorMessage':'Slow down.'},{'ErrorCode':'InvalidArgument'}]}",
          "SAR", "ServiceUnavailableException" },
        { "{'RequestResponses':[{'RecordId':'a'},{'RecordId':'b'}]}", "---", "" },
        { "{'RequestResponses':[{'RecordId':'a'},{'RecordId':'b'},{'RecordId':'c'},{'RecordId':'d'}]}", "---", "" },
        { "{'RequestResponses':[{'RecordId':'a'},{},{'RecordId':1}]}", "S--", "" },
        { "{'RequestResponses':[{'RecordId':'a','ErrorCode':'InternalFailure'},1,null]}", "A--", "InternalFailure" },
        { "{'requestresponses':[{'RecordId':'a'},{'RecordId':'b'},{'RecordId':'c'}]}", "---", "" },
        { "{'RequestResponses':[{'RecordId':'a'},{'RecordId':'b'},{'RecordId':'c'}]", "---", "" },
        { "", "---", "" },
        { "[]", "---", "" },
        { "{'RequestResponses':[{'ErrorCode':'evil\\nERROR forged'},{'RecordId':'b'},{'RecordId':'c'}]}", "RSS", "" },
    };
    CHECK_CASES(ddbs_result__firehose, cases);
}

TEST(kinesis_and_eventbridge_results)
{
    static const struct case_of kinesis[] = {
        { "{'FailedRecordCount':1,'Records':[{'SequenceNumber':'1','ShardId':'s'},"
          "{'ErrorCode':'ProvisionedThroughputExceededException','ErrorMessage':'m'},{'SequenceNumber':'2'}]}",
          "SAS", "ProvisionedThroughputExceededException" },
    };
    static const struct case_of eventbridge[] = {
        { "{'FailedEntryCount':2,'Entries':[{'EventId':'1'},{'ErrorCode':'InternalFailure'},"
          "{'ErrorCode':'MalformedDetail'}]}",
          "SAR", "InternalFailure" },
    };
    CHECK_CASES(ddbs_result__kinesis, kinesis);
    CHECK_CASES(ddbs_result__eventbridge, eventbridge);
}

TEST(sqs_results_go_by_id)
{
    static const struct case_of cases[] = {
        { "{'Successful':[{'Id':'2','MessageId':'m'},{'Id':'0','MessageId':'m'}],"
          "'Failed':[{'Id':'1','SenderFault':false,'Code':'InternalError'}]}",
          "SAS", "InternalError" },
        { "{'Successful':[{'Id':'0','MessageId':'m'}]}", "S--", "" },
        { "{'Failed':[{'Id':'0','SenderFault':true,'Code':'InvalidMessageContents'},"
          "{'Id':'1','SenderFault':true,'Code':'RequestThrottled'}]}",
          "RA-", "InvalidMessageContents" },
        { "{'Successful':[{'Id':'0','MessageId':'m'}],'Failed':[{'Id':'0','SenderFault':false,'Code':'x'}]}", "A--",
          "x" },
        { "{'Successful':[{'Id':'3','MessageId':'m'},{'Id':'-1','MessageId':'m'},{'Id':'','MessageId':'m'},"
          "{'Id':'1x','MessageId':'m'},{'Id':'4294967296','MessageId':'m'},{'Id':1,'MessageId':'m'},{'Id':'2'}]}",
          "---", "" },
    };
    CHECK_CASES(ddbs_result__sqs, cases);
}

TEST(sns_results_are_xml)
{
    static const struct case_of cases[] = {
        { "<a><Successful><member><MessageId>m</MessageId><Id>2</Id></member><member><Id>0</Id><MessageId>m</MessageId>"
          "</member></Successful><Failed><member><Id>1</Id><Code>InternalError</Code><Message>&lt;Id&gt;</Message>"
          "<SenderFault>false</SenderFault></member></Failed></a>",
          "SAS", "InternalError" },
        { "<Failed><member><Id>0</Id><Code>InvalidParameter</Code><SenderFault>true</SenderFault></member></Failed>",
          "R--", "InvalidParameter" },
        { "<Successful/><Failed/>", "---", "" },
        { "<Successful><member><Id>0</Id></member><member><MessageId>m</MessageId></member>", "---", "" },
        { "<Successful><member><Id>0</Id><MessageId>m</MessageId></member>", "---", "" },
        { "<Successful><member><Id>9</Id><MessageId>m</MessageId></member></Successful>", "---", "" },
    };
    CHECK_CASES(ddbs_result__sns, cases);
}

TEST(opensearch_results)
{
    static const struct case_of cases[] = {
        { "{'errors':true,'items':[{'index':{'status':201}},{'index':{'status':429,'error':"
          "{'type':'es_rejected_execution_exception'}}},{'delete':{'status':404}}]}",
          "SAS", "es_rejected_execution_exception" },
        { "{'items':[{'index':{'status':409}},{'index':{'status':404}},{'index':{'status':400,'error':"
          "{'type':'mapper_parsing_exception','reason':'secret'}}}]}",
          "SRR", "mapper_parsing_exception" },
        { "{'items':[{'index':{}},{},{'index':{'status':'201'}}]}", "---", "" },
        { "{'items':[1,null,[]]}", "---", "" },
        { "{'items':[{'index':{'status':201}}]}", "---", "" },
    };
    CHECK_CASES(ddbs_result__opensearch, cases);
}

static const char *read_batch_write(const char *text, struct ddbs_results *results)
{
    static ddbs_buf keys[ENTRIES];
    static ddbs_str views[ENTRIES];
    static const char *const names[] = { "a", "1.50", "c" };
    for (size_t i = 0; i < ENTRIES; i++) {
        keys[i].len = 0;
        if (!ddbs_key__write(&keys[i], i == 1 ? 'N' : 'S', names[i], strlen(names[i])))
            abort();
        views[i] = (ddbs_str){ keys[i].ptr, keys[i].len };
    }
    *results = (struct ddbs_results){ .keys = views, .names = { "id", NULL } };
    const char *word = read_with(ddbs_result__dynamodb, text, results);
    for (size_t i = 0; i < ENTRIES; i++)
        ddbs_buf_free(&keys[i]);
    return word;
}

TEST(unprocessed_items_are_found_by_their_key)
{
    static const struct case_of cases[] = {
        { "{'UnprocessedItems':{}}", "SSS", "" },
        { "{'UnprocessedItems':{'t':[{'DeleteRequest':{'Key':{'id':{'S':'c'}}}},"
          "{'PutRequest':{'Item':{'x':{'S':'y'},'id':{'N':'1.5'}}}}]}}",
          "SAA", "UnprocessedItems" },
        { "{'UnprocessedItems':{'t':[{'PutRequest':{'Item':{'id':{'S':'zzz'}}}}]}}", "---", "" },
        { "{'UnprocessedItems':{'t':[{'PutRequest':{'Item':{'id':{'S':'a'}}}},{}]}}", "A--", "UnprocessedItems" },
        { "{'UnprocessedItems':{'t':[{'PutRequest':{'Item':{'id':{'N':'a'}}}}]}}", "---", "" },
        /* cJSON would read "a": the first entry, and call stored the one that this is */
        { "{'UnprocessedItems':{'t':[{'PutRequest':{'Item':{'id':{'S':'a\\u0000c'}}}}]}}", "---", "" },
        { "{}", "---", "" },
        { "{'UnprocessedItems':[]}", "---", "" },
        { "{'UnprocessedItems':{'t':[null,1,'x',{'PutRequest':[]}]}}", "---", "" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ddbs_results results;
        CHECK_STR(read_batch_write(cases[i].reply, &results), cases[i].word);
        CHECK_STR(results.code, cases[i].code);
    }
}

TEST(a_cancelled_transaction_has_one_verdict)
{
    static const struct {
        const char *reply, *word, *lenient;
    } cases[] = {
        { "{'CancellationReasons':[{'Code':'None'},{'Code':'ConditionalCheckFailed'}]}", "RRR", "SSS" },
        { "{'CancellationReasons':[{'Code':'TransactionConflict'},{'Code':'ConditionalCheckFailed'}]}", "RRR", "AAA" },
        { "{'CancellationReasons':[{'Code':'ThrottlingError'},{'Code':'None'}]}", "AAA", "AAA" },
        { "{'CancellationReasons':[{'Code':'ValidationError'},{'Code':'ConditionalCheckFailed'}]}", "RRR", "RRR" },
        { "{'CancellationReasons':[{'Code':'ConditionalCheckFailed'},{}]}", "RRR", "RRR" },
        { "{'CancellationReasons':[{'Code':'None'}]}", "---", "---" },
        { "{'CancellationReasons':{}}", "---", "---" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ddbs_results results = { .condition_is_done = false };
        CHECK_STR(read_with(ddbs_result__transact_failure, cases[i].reply, &results), cases[i].word);
        results.condition_is_done = true;
        CHECK_STR(read_with(ddbs_result__transact_failure, cases[i].reply, &results), cases[i].lenient);
    }
}

TEST(types_of_errors)
{
    static const struct {
        const char *header, *body, *type;
        long status;
        ddbs_aws_fault fault;
    } cases[] = {
        { "", "{'__type':'com.amazonaws.dynamodb.v20120810#ResourceNotFoundException','message':'x'}",
          "ResourceNotFoundException", 400, DDBS_AWS_NOT_FOUND },
        { "ThrottlingException:http://internal.amazon.com/coral/", "{}", "ThrottlingException", 400,
          DDBS_AWS_THROTTLED },
        { "", "<ErrorResponse><Error><Type>Sender</Type><Code>AuthorizationError</Code></Error></ErrorResponse>",
          "AuthorizationError", 403, DDBS_AWS_DENIED },
        { "", "<?xml version='1.0'?>\n<Error><Code>SlowDown</Code></Error>", "SlowDown", 503, DDBS_AWS_THROTTLED },
        { "", "{'error':{'type':'security_exception','reason':'r'},'status':403}", "security_exception", 403,
          DDBS_AWS_DENIED },
        { "", "{'__type':'two words'}", "", 400, DDBS_AWS_REFUSED },
        { "", "{'__type':'a\\nERROR b'}", "", 500, DDBS_AWS_TRANSIENT },
        { "", "not JSON", "", 429, DDBS_AWS_THROTTLED },
        { "", "<Code>", "", 404, DDBS_AWS_NOT_FOUND },
        { "", "", "", 0, DDBS_AWS_TRANSIENT },
        { "", "{'code':'ConditionalCheckFailedException'}", "ConditionalCheckFailedException", 400,
          DDBS_AWS_CONDITION },
        { "", "", "", 204, DDBS_AWS_FINE },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char type[DDBS_AWS_TYPE_MAX];
        ddbs_str body = json_text(cases[i].body);
        ddbs_aws__read_type(cases[i].header, body.ptr, body.len, type);
        CHECK_STR(type, cases[i].type);
        CHECK_INT(ddbs_aws__fault_of(type, cases[i].status), cases[i].fault);
    }
}
