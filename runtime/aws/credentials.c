/* credentials.c: from the environment, or from the container's endpoint (SDKs and tools reference,
 * feature-container-credentials), which an environment restored from a snapshot has instead. */
#define _XOPEN_SOURCE 700
#include "lib/error.h"
#include "runtime/aws/client.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define CONTAINER_HOST "http://169.254.170.2"
enum { RENEW_BEFORE_S = 300, FETCH_TIMEOUT_MS = 2000, FETCH_TRIES = 3, AUTHORIZATION_MAX = 8192, URI_MAX = 1024 };

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value == NULL || value[0] == '\0' ? NULL : value;
}

/* Copy a text with the limits of a member of ddbs_aws_credentials; no byte that could end a header. */
static bool keep(const char *text, char *out, size_t size)
{
    size_t len = strlen(text);
    if (len >= size || strcspn(text, "\r\n") != len)
        return false;
    memcpy(out, text, len + 1);
    return true;
}

static bool set(ddbs_aws *aws, const char *key, const char *secret, const char *token, int64_t expires_s)
{
    ddbs_aws_credentials fresh = { .expires_s = expires_s };
    if (!keep(key, fresh.access_key, sizeof fresh.access_key) || !keep(secret, fresh.secret, sizeof fresh.secret))
        return false;
    if (token != NULL && strcspn(token, "\r\n") != strlen(token))
        return false;
    if (token != NULL && (fresh.token = strdup(token)) == NULL)
        return false;
    free(aws->credentials.token);
    aws->credentials = fresh;
    return true;
}

ddbs_status ddbs_aws__read_credentials(ddbs_aws *aws, ddbs_error *error)
{
    const char *key = variable("AWS_ACCESS_KEY_ID"), *secret = variable("AWS_SECRET_ACCESS_KEY");
    if (aws->sealed)
        return set(aws, "AKIDSEALED", "opens-nothing", NULL, 0) ? DDBS_OK : DDBS_E_MEMORY;
    if ((key == NULL) != (secret == NULL))
        return ddbs_error__set(error, DDBS_E_USAGE, DDBS_NOWHERE, DDBS_NOWHERE,
                               "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY go together");
    aws->renewable = key == NULL && (variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") != NULL ||
                                     variable("AWS_CONTAINER_CREDENTIALS_FULL_URI") != NULL);
    if (key != NULL && !set(aws, key, secret, variable("AWS_SESSION_TOKEN"), 0))
        return ddbs_error__set(error, DDBS_E_USAGE, DDBS_NOWHERE, DDBS_NOWHERE,
                               "the credentials in the environment are too long or have a line end in them");
    return DDBS_OK;
}

/* ---- The container's endpoint ---- */

/* Without TLS only to where the request cannot leave the machine. */
static bool is_allowed(const char *uri)
{
    static const char *const hosts[] = { "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]",
                                         "127.0.0.1",     "[::1]",          "localhost" };
    if (strncasecmp(uri, "https://", 8) == 0)
        return true;
    if (strncasecmp(uri, "http://", 7) != 0)
        return false;
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        size_t len = strlen(hosts[i]);
        if (strncasecmp(uri + 7, hosts[i], len) == 0 && strchr(":/?", uri[7 + len]) != NULL)
            return true;
    }
    return false;
}

static bool write_uri(char out[URI_MAX])
{
    const char *relative = variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const char *full = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    int len = relative != NULL ? snprintf(out, URI_MAX, "%s%s", CONTAINER_HOST, relative)
                               : snprintf(out, URI_MAX, "%s", full == NULL ? "" : full);
    return len > 0 && len < URI_MAX && strcspn(out, " \r\n@") == (size_t)len && is_allowed(out);
}

/* "Authorization: ..." from the variable or the file that another one names, which is read anew each time: it changes.
 * `*any` tells whether there is one. */
static bool write_authorization(char out[AUTHORIZATION_MAX], bool *any)
{
    char text[AUTHORIZATION_MAX - 32];
    const char *path = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    const char *token = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    *any = path != NULL || token != NULL;
    if (path != NULL) {
        FILE *file = fopen(path, "re");
        size_t len = file == NULL ? 0 : fread(text, 1, sizeof text - 1, file);
        bool whole = file != NULL && feof(file) != 0;
        if (file != NULL)
            fclose(file);
        text[len] = '\0';
        if (!whole || len == 0)
            return false;
        token = text;
    }
    int len = token == NULL ? 0 : snprintf(out, AUTHORIZATION_MAX, "Authorization: %s", token);
    return len >= 0 && len < AUTHORIZATION_MAX && (token == NULL || strcspn(token, "\r\n") == strlen(token));
}

static const char *member(const cJSON *tree, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(tree, name));
}

/* "2026-10-19T14:40:00Z" in seconds since 1970; 0 for what is no time, which then never expires for us. */
static int64_t read_time(const char *text)
{
    struct tm tm = { .tm_year = 0 };
    const char *end = text == NULL ? NULL : strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    return end == NULL ? 0 : (int64_t)timegm(&tm);
}

static bool take(ddbs_aws *aws, const ddbs_buf *body)
{
    cJSON *tree = body->len == 0 ? NULL : cJSON_ParseWithLength(body->ptr, body->len);
    const char *key = member(tree, "AccessKeyId"), *secret = member(tree, "SecretAccessKey");
    bool taken = key != NULL && secret != NULL && key[0] != '\0' && secret[0] != '\0' &&
                 set(aws, key, secret, member(tree, "Token"), read_time(member(tree, "Expiration")));
    cJSON_Delete(tree);
    return taken;
}

static bool fetch(ddbs_aws *aws, int64_t left_ms)
{
    char uri[URI_MAX], authorization[AUTHORIZATION_MAX];
    bool any, taken = false;
    if (!write_uri(uri) || !write_authorization(authorization, &any))
        return false;
    const char *headers[] = { authorization };
    ddbs_aws_exchange exchange = {
        .method = "GET",
        .url = uri,
        .headers = headers,
        .header_count = any ? 1 : 0,
        .timeout_ms = left_ms < FETCH_TIMEOUT_MS ? left_ms : FETCH_TIMEOUT_MS,
        .fresh = true,
    };
    ddbs_aws_exchange *list[] = { &exchange };
    if (left_ms <= 0)
        return false;
    aws->options.transport(aws->options.transport_self, list, 1);
    taken = exchange.status == 200 && take(aws, &exchange.reply);
    if (exchange.reply.ptr != NULL)
        explicit_bzero(exchange.reply.ptr, exchange.reply.len);
    ddbs_buf_free(&exchange.reply);
    explicit_bzero(authorization, sizeof authorization);
    return taken;
}

bool ddbs_aws__renew_credentials(ddbs_aws *aws, bool anew, int64_t left_ms)
{
    int64_t now_ms = aws->clock.now_ms(aws->clock.self), end_ms = left_ms;
    bool have = aws->credentials.access_key[0] != '\0';
    bool old = aws->credentials.expires_s != 0 && aws->credentials.expires_s - RENEW_BEFORE_S <= now_ms / 1000;
    if (!aws->renewable || (have && !old && !anew))
        return have;
    for (int i = 0; i < FETCH_TRIES; i++) {
        int64_t spent_ms = aws->clock.now_ms(aws->clock.self) - now_ms;
        if (fetch(aws, left_ms == INT64_MAX ? left_ms : end_ms - spent_ms))
            return true;
    }
    return have && !anew; /* what is nearly over may still do */
}
