/* aws_call.c: see aws_call.h. Signing is libcurl's; what it gets wrong in older versions (header entries without a
 * value, queries out of order) is not used here. */
#include "aws_call.h"

#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A page of GetRecords is 1 MB of items; as JSON that is a few times more. */
enum { BODY_MAX = 32 * 1024 * 1024, CONNECT_MS = 5000, CALL_MS = 20000, URL_MAX = 512, HEADER_MAX = 4096 };

struct aws_client {
    CURL *curl;
    char url[URL_MAX];
    char signature[128], user[256], secret[256], token[HEADER_MAX];
    char error[CURL_ERROR_SIZE];
    struct aws_reply *reply; /* of the call at hand */
};

/* ---- Settings ---------------------------------------------------------------------------------------------------- */

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* Where to call; whether somebody named it. */
static bool choose_url(struct aws_client *client, const char *url, ddbs_str region)
{
    const char *named = url != NULL ? url : variable("AWS_ENDPOINT_URL_DYNAMODB_STREAMS");
    if (named == NULL)
        named = variable("AWS_ENDPOINT_URL");
    if (named == NULL)
        snprintf(client->url, URL_MAX, "https://streams.dynamodb.%.*s.amazonaws.com%s/", (int)region.len, region.ptr,
                 strncmp(region.ptr, "cn-", 3) == 0 ? ".cn" : "");
    else
        snprintf(client->url, URL_MAX, "%s", named);
    return named != NULL;
}

static bool take_credentials(struct aws_client *client, bool named)
{
    const char *user = variable("AWS_ACCESS_KEY_ID"), *secret = variable("AWS_SECRET_ACCESS_KEY");
    const char *token = variable("AWS_SESSION_TOKEN");
    if ((user == NULL || secret == NULL) && !named)
        return false;
    snprintf(client->user, sizeof client->user, "%s", user != NULL && secret != NULL ? user : "local");
    snprintf(client->secret, sizeof client->secret, "%s", user != NULL && secret != NULL ? secret : "local");
    if (token != NULL)
        snprintf(client->token, sizeof client->token, "X-Amz-Security-Token: %s", token);
    return true;
}

/* A proxy is for other machines. */
static bool is_loopback(const char *url)
{
    const char *host = strstr(url, "://");
    host = host == NULL ? url : host + 3;
    return strncmp(host, "127.", 4) == 0 || strncmp(host, "localhost", 9) == 0 || strncmp(host, "[::1]", 5) == 0;
}

/* Take what comes, up to the limit. */
static size_t receive(char *bytes, size_t size, size_t count, void *user)
{
    struct text *body = &((struct aws_client *)user)->reply->body;
    size_t len = size * count;
    return len <= BODY_MAX - body->len && text_add(body, bytes, len) ? len : 0;
}

static bool prepare(struct aws_client *client)
{
    CURL *curl = client->curl;
    const char *bundle = variable("AWS_CA_BUNDLE");
    if (bundle == NULL)
        bundle = variable("SSL_CERT_FILE");
    bool set = curl_easy_setopt(curl, CURLOPT_URL, client->url) == CURLE_OK &&
               curl_easy_setopt(curl, CURLOPT_AWS_SIGV4, client->signature) == CURLE_OK &&
               curl_easy_setopt(curl, CURLOPT_USERNAME, client->user) == CURLE_OK &&
               curl_easy_setopt(curl, CURLOPT_PASSWORD, client->secret) == CURLE_OK &&
               curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK;
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, client->error);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, client);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)CALL_MS);
    if (is_loopback(client->url))
        curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    if (bundle != NULL)
        curl_easy_setopt(curl, CURLOPT_CAINFO, bundle);
    return set;
}

int aws_open(struct aws_client **out, const char *url, ddbs_str region, char *why, size_t why_size)
{
    struct aws_client *client = calloc(1, sizeof *client);
    if (client == NULL || (client->curl = curl_easy_init()) == NULL) {
        snprintf(why, why_size, "out of memory");
        free(client);
        return -1;
    }
    if (!take_credentials(client, choose_url(client, url, region))) {
        snprintf(why, why_size,
                 "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set (or name an endpoint that needs "
                 "none: --endpoint-url)");
        aws_close(client);
        return -1;
    }
    snprintf(client->signature, sizeof client->signature, "aws:amz:%.*s:dynamodb", (int)region.len, region.ptr);
    if (!prepare(client)) {
        snprintf(why, why_size, "libcurl cannot sign calls to %s", client->url);
        aws_close(client);
        return -1;
    }
    *out = client;
    return 0;
}

void aws_close(struct aws_client *client)
{
    if (client == NULL)
        return;
    curl_easy_cleanup(client->curl);
    free(client);
}

const char *aws_url(const struct aws_client *client)
{
    return client->url;
}

/* ---- Calling ----------------------------------------------------------------------------------------------------- */

static void copy_printable(char *out, size_t size, const char *text)
{
    size_t used = 0;
    for (; *text != '\0' && used + 1 < size; text++)
        out[used++] = (unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text;
    out[used] = '\0';
}

/* {"__type":"com.amazonaws.dynamodb.v20120810#LimitExceededException","message":"..."}; some say "Message". */
static void read_error(struct aws_reply *reply)
{
    cJSON *error = cJSON_ParseWithLength(reply->body.ptr, reply->body.len);
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(error, "__type");
    const cJSON *message = cJSON_GetObjectItemCaseSensitive(error, "message");
    if (message == NULL)
        message = cJSON_GetObjectItemCaseSensitive(error, "Message");
    if (cJSON_IsString(type)) {
        const char *name = strrchr(type->valuestring, '#');
        copy_printable(reply->type, sizeof reply->type, name == NULL ? type->valuestring : name + 1);
    }
    if (cJSON_IsString(message))
        copy_printable(reply->message, sizeof reply->message, message->valuestring);
    cJSON_Delete(error);
}

static bool is_busy(const struct aws_reply *reply, long status)
{
    static const char *const TYPES[] = { "LimitExceededException", "ThrottlingException",
                                         "RequestLimitExceeded",   "ProvisionedThroughputExceededException",
                                         "InternalServerError",    "ServiceUnavailable" };
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++)
        if (strcmp(reply->type, TYPES[i]) == 0)
            return true;
    return status >= 500 || status == 429;
}

static enum aws_end judge(struct aws_client *client, CURLcode code, struct aws_reply *reply)
{
    long status = 0;
    if (code != CURLE_OK) {
        copy_printable(reply->message, sizeof reply->message,
                       client->error[0] != '\0' ? client->error : curl_easy_strerror(code));
        return AWS_UNREACHABLE;
    }
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status == 200)
        return AWS_ANSWERED;
    read_error(reply);
    if (reply->type[0] == '\0' && status < 500) {
        snprintf(reply->message, sizeof reply->message, "the endpoint answered with status %ld", status);
        return AWS_UNREACHABLE;
    }
    return is_busy(reply, status) ? AWS_BUSY : AWS_REFUSED;
}

/* The headers of a call; NULL without memory. */
static struct curl_slist *headers_of(const struct aws_client *client, const char *target)
{
    char line[256];
    struct curl_slist *list = curl_slist_append(NULL, "Content-Type: application/x-amz-json-1.0"), *more;
    snprintf(line, sizeof line, "X-Amz-Target: %s", target);
    more = list == NULL ? NULL : curl_slist_append(list, line);
    if (more != NULL && client->token[0] != '\0')
        more = curl_slist_append(more, client->token);
    if (more == NULL)
        curl_slist_free_all(list);
    return more;
}

enum aws_end aws_call(struct aws_client *client, const char *target, ddbs_str body, struct aws_reply *reply)
{
    struct curl_slist *headers = headers_of(client, target);
    text_drop(&reply->body, reply->body.len);
    reply->type[0] = reply->message[0] = client->error[0] = '\0';
    reply->end = AWS_UNREACHABLE;
    if (headers == NULL) {
        snprintf(reply->message, sizeof reply->message, "out of memory");
        return reply->end;
    }
    client->reply = reply;
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(client->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
    curl_easy_setopt(client->curl, CURLOPT_POSTFIELDS, body.ptr);
    reply->end = judge(client, curl_easy_perform(client->curl), reply);
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(headers);
    return reply->end;
}

void aws_reply_free(struct aws_reply *reply)
{
    text_free(&reply->body);
}
