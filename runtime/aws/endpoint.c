/* endpoint.c: where a service is. */
#include "runtime/aws/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define VARIABLE "AWS_ENDPOINT_URL"

extern char **environ;

/* The service ids of the SDKs where they are not the name in signatures (SDKs reference, ss-endpoints-table). */
static const struct {
    const char *service, *id;
} ids[] = {
    { "monitoring", "CLOUDWATCH" }, { "ses", "SESV2" },       { "events", "EVENTBRIDGE" },
    { "es", "OPENSEARCH" },         { "aoss", "OPENSEARCH" },
};

static void write_variable(const char *service, char *out, size_t size)
{
    const char *id = service;
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        if (strcmp(service, ids[i].service) == 0)
            id = ids[i].id;
    }
    snprintf(out, size, VARIABLE "_%s", id);
    for (char *c = out + strlen(VARIABLE); *c != '\0'; c++) {
        if (*c >= 'a' && *c <= 'z')
            *c = (char)(*c - 'a' + 'A');
        else if (*c == '-' || *c == ' ')
            *c = '_';
    }
}

static const char *from_environment(const char *service)
{
    char name[128];
    write_variable(service, name, sizeof name);
    const char *value = getenv(name);
    if (value == NULL || value[0] == '\0')
        value = getenv(VARIABLE);
    return value == NULL || value[0] == '\0' ? NULL : value;
}

static size_t scheme_len(const char *text)
{
    if (strncasecmp(text, "https://", 8) == 0)
        return 8;
    return strncasecmp(text, "http://", 7) == 0 ? 7 : 0;
}

/* No '@': what stands before it would be taken for a user's name and change the signature. */
bool ddbs_aws__is_address(const char *text)
{
    size_t scheme = scheme_len(text);
    if (scheme == 0 || strlen(text) > 512)
        return false;
    const char *host = text + scheme;
    size_t len = strspn(host, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:[]/");
    return len > 0 && host[0] != '/' && host[0] != ':' && host[len] == '\0';
}

const char *ddbs_aws__odd_endpoint(bool *plain)
{
    static char name[128];
    *plain = false;
    for (char **entry = environ; *entry != NULL; entry++) {
        size_t len = strcspn(*entry, "=");
        if (strncmp(*entry, VARIABLE, strlen(VARIABLE)) != 0 || len >= sizeof name || (*entry)[len] == '\0')
            continue;
        const char *value = *entry + len + 1;
        if (value[0] == '\0')
            continue;
        *plain = *plain || scheme_len(value) == 7;
        if (ddbs_aws__is_address(value))
            continue;
        snprintf(name, sizeof name, "%.*s", (int)len, *entry);
        return name;
    }
    return NULL;
}

bool ddbs_aws__endpoint(const ddbs_aws *aws, const ddbs_aws_request *request, char *out, size_t size, bool *own)
{
    const char *address = request->endpoint != NULL  ? request->endpoint
                          : aws->endpoint[0] != '\0' ? aws->endpoint
                          : aws->sealed              ? NULL
                                                     : from_environment(request->service);
    int len;
    *own = address != NULL;
    if (address != NULL)
        len = snprintf(out, size, "%s", address);
    else
        len = snprintf(out, size, "https://%s.%s.amazonaws.com%s",
                       request->host == NULL ? request->service : request->host, aws->region,
                       strncmp(aws->region, "cn-", 3) == 0 ? ".cn" : "");
    if (len < 0 || (size_t)len >= size)
        return false;
    while (len > 0 && out[len - 1] == '/')
        out[--len] = '\0';
    return true;
}
