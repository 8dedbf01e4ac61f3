/* fault.c: what a failed response means. The names are those of botocore (retries/standard.py, data/_retry.json) and of
 * the services' models. */
#define _GNU_SOURCE
#include "runtime/aws/client.h"

#include <cjson/cJSON.h>
#include <string.h>

static const struct {
    const char *type;
    ddbs_aws_fault fault;
} known[] = {
    { "Throttling", DDBS_AWS_THROTTLED },
    { "ThrottlingException", DDBS_AWS_THROTTLED },
    { "ThrottledException", DDBS_AWS_THROTTLED },
    { "ThrottlingError", DDBS_AWS_THROTTLED },
    { "Throttled", DDBS_AWS_THROTTLED },
    { "RequestThrottledException", DDBS_AWS_THROTTLED },
    { "RequestThrottled", DDBS_AWS_THROTTLED },
    { "TooManyRequestsException", DDBS_AWS_THROTTLED },
    { "ProvisionedThroughputExceededException", DDBS_AWS_THROTTLED },
    { "ProvisionedThroughputExceeded", DDBS_AWS_THROTTLED },
    { "TransactionInProgressException", DDBS_AWS_THROTTLED },
    { "RequestLimitExceeded", DDBS_AWS_THROTTLED },
    { "BandwidthLimitExceeded", DDBS_AWS_THROTTLED },
    { "LimitExceededException", DDBS_AWS_THROTTLED },
    { "SlowDown", DDBS_AWS_THROTTLED },
    { "PriorRequestNotComplete", DDBS_AWS_THROTTLED },
    { "EC2ThrottledException", DDBS_AWS_THROTTLED },
    { "KMSThrottlingException", DDBS_AWS_THROTTLED },
    { "KmsThrottled", DDBS_AWS_THROTTLED },
    { "es_rejected_execution_exception", DDBS_AWS_THROTTLED },
    { "RequestTimeout", DDBS_AWS_TRANSIENT },
    { "RequestTimeoutException", DDBS_AWS_TRANSIENT },
    { "InternalError", DDBS_AWS_TRANSIENT },
    { "InternalFailure", DDBS_AWS_TRANSIENT },
    { "InternalFailureException", DDBS_AWS_TRANSIENT },
    { "InternalException", DDBS_AWS_TRANSIENT },
    { "InternalServerError", DDBS_AWS_TRANSIENT },
    { "InternalServiceFault", DDBS_AWS_TRANSIENT },
    { "ServiceUnavailable", DDBS_AWS_TRANSIENT },
    { "ServiceUnavailableException", DDBS_AWS_TRANSIENT },
    { "TransactionConflictException", DDBS_AWS_TRANSIENT },
    { "TransactionConflict", DDBS_AWS_TRANSIENT },
    { "ReplicatedWriteConflictException", DDBS_AWS_TRANSIENT },
    { "OperationAborted", DDBS_AWS_TRANSIENT },
    { "ConditionalCheckFailedException", DDBS_AWS_CONDITION },
    { "ConditionalCheckFailed", DDBS_AWS_CONDITION },
    { "ResourceNotFoundException", DDBS_AWS_NOT_FOUND },
    { "NotFoundException", DDBS_AWS_NOT_FOUND },
    { "NotFound", DDBS_AWS_NOT_FOUND },
    { "QueueDoesNotExist", DDBS_AWS_NOT_FOUND },
    { "AWS.SimpleQueueService.NonExistentQueue", DDBS_AWS_NOT_FOUND },
    { "NoSuchBucket", DDBS_AWS_NOT_FOUND },
    { "AccessDenied", DDBS_AWS_DENIED },
    { "AccessDeniedException", DDBS_AWS_DENIED },
    { "AuthorizationError", DDBS_AWS_DENIED },
    { "AuthorizationErrorException", DDBS_AWS_DENIED },
    { "KMSAccessDeniedException", DDBS_AWS_DENIED },
    { "NotAuthorized", DDBS_AWS_DENIED },
    { "ExpiredToken", DDBS_AWS_CREDENTIALS },
    { "ExpiredTokenException", DDBS_AWS_CREDENTIALS },
    { "UnrecognizedClientException", DDBS_AWS_CREDENTIALS },
    { "InvalidClientTokenId", DDBS_AWS_CREDENTIALS },
    { "InvalidAccessKeyId", DDBS_AWS_CREDENTIALS },
    { "InvalidToken", DDBS_AWS_CREDENTIALS },
    { "MissingAuthenticationToken", DDBS_AWS_CREDENTIALS },
    { "MissingAuthenticationTokenException", DDBS_AWS_CREDENTIALS },
    { "RequestTimeTooSkewed", DDBS_AWS_CLOCK },
    { "RequestExpired", DDBS_AWS_CLOCK },
    { "RequestInTheFuture", DDBS_AWS_CLOCK },
    { "InvalidSignatureException", DDBS_AWS_CLOCK },
    { "SignatureDoesNotMatch", DDBS_AWS_CLOCK },
};

const char *ddbs_aws_fault_name(ddbs_aws_fault fault)
{
    static const char *const names[] = {
        [DDBS_AWS_FINE] = "fine",
        [DDBS_AWS_THROTTLED] = "throttled",
        [DDBS_AWS_TRANSIENT] = "a passing failure",
        [DDBS_AWS_CONDITION] = "a condition failed",
        [DDBS_AWS_NOT_FOUND] = "not found",
        [DDBS_AWS_DENIED] = "access denied",
        [DDBS_AWS_CREDENTIALS] = "the credentials are not accepted",
        [DDBS_AWS_CLOCK] = "the signature or its time is not accepted",
        [DDBS_AWS_REFUSED] = "refused",
        [DDBS_AWS_NO_TIME] = "too little time is left",
    };
    return (unsigned)fault < sizeof names / sizeof *names ? names[fault] : "?";
}

ddbs_aws_fault ddbs_aws__fault_of(const char *type, long status)
{
    if (status >= 200 && status < 300)
        return DDBS_AWS_FINE;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(type, known[i].type) == 0)
            return known[i].fault;
    }
    if (status == 429)
        return DDBS_AWS_THROTTLED;
    if (status == 0 || status >= 500)
        return DDBS_AWS_TRANSIENT;
    if (status == 404)
        return DDBS_AWS_NOT_FOUND;
    return status == 403 ? DDBS_AWS_DENIED : DDBS_AWS_REFUSED;
}

bool ddbs_aws__is_passing(ddbs_aws_fault fault)
{
    return fault == DDBS_AWS_THROTTLED || fault == DDBS_AWS_TRANSIENT;
}

/* "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException:http://..." is the type "ResourceNotFoundException". What
 * is no name is none: a type goes into logs. */
static void keep_type(const char *text, size_t len, char out[DDBS_AWS_TYPE_MAX])
{
    const char *hash = memchr(text, '#', len);
    if (hash != NULL) {
        len -= (size_t)(hash + 1 - text);
        text = hash + 1;
    }
    size_t used = 0;
    while (used < len && used < DDBS_AWS_TYPE_MAX - 1 &&
           memchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-", text[used], 65) != NULL)
        used++;
    if (used < len && text[used] != ':')
        used = 0;
    memcpy(out, text, used);
    out[used] = '\0';
}

static void type_of_json(const char *body, size_t len, char out[DDBS_AWS_TYPE_MAX])
{
    static const char *const names[] = { "__type", "code", "Code", "type" };
    cJSON *tree = cJSON_ParseWithLength(body, len);
    const cJSON *holder = cJSON_GetObjectItemCaseSensitive(tree, "error"); /* OpenSearch: {"error":{"type":...}} */
    if (!cJSON_IsObject(holder))
        holder = tree;
    for (size_t i = 0; i < sizeof names / sizeof *names && out[0] == '\0'; i++) {
        const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(holder, names[i]));
        if (text != NULL)
            keep_type(text, strlen(text), out);
    }
    cJSON_Delete(tree);
}

static void type_of_xml(const char *body, size_t len, char out[DDBS_AWS_TYPE_MAX])
{
    static const char open[] = "<Code>";
    const char *begin = memmem(body, len, open, sizeof open - 1);
    if (begin == NULL)
        return;
    begin += sizeof open - 1;
    const char *end = memchr(begin, '<', len - (size_t)(begin - body));
    if (end != NULL)
        keep_type(begin, (size_t)(end - begin), out);
}

void ddbs_aws__read_type(const char *header, const char *body, size_t len, char out[DDBS_AWS_TYPE_MAX])
{
    size_t at = 0;
    out[0] = '\0';
    keep_type(header, strlen(header), out);
    while (at < len && (body[at] == ' ' || body[at] == '\n' || body[at] == '\r' || body[at] == '\t'))
        at++;
    if (out[0] == '\0' && at < len && body[at] == '{')
        type_of_json(body, len, out);
    else if (out[0] == '\0' && len > 0)
        type_of_xml(body, len, out);
}
