/* extension.c: see extension.h. */
#include "extension.h"

#include "error_body.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static struct extension *find_by_name(struct extensions *extensions, const char *name)
{
    for (size_t i = 0; i < extensions->count; i++) {
        if (strcmp(extensions->list[i].name, name) == 0)
            return &extensions->list[i];
    }
    return NULL;
}

/* The events that a registration asks for; false where it must be refused, with the error type. */
static bool read_events(const struct http_request *request, bool *wants_invoke, const char **refusal)
{
    cJSON *body = cJSON_ParseWithLength(request->body, request->body_len);
    const cJSON *events = cJSON_GetObjectItemCaseSensitive(body, "events"), *event;

    *wants_invoke = false;
    *refusal = cJSON_IsObject(body) && (events == NULL || cJSON_IsArray(events)) ? NULL : "InvalidRequestFormat";
    cJSON_ArrayForEach(event, events)
    {
        /* SHUTDOWN is for external extensions only. */
        if (*refusal == NULL && (!cJSON_IsString(event) || strcmp(event->valuestring, "INVOKE") != 0))
            *refusal = "Extension.InvalidEventType";
        else
            *wants_invoke = true;
    }
    cJSON_Delete(body);
    return *refusal == NULL;
}

static const char *refuse_name(struct extensions *extensions, const char *name, bool open, bool again)
{
    if (name == NULL || strlen(name) > EXTENSION_NAME_MAX)
        return "Extension.InvalidExtensionName";
    if (!open)
        return "Extension.RegistrationClosed";
    if (find_by_name(extensions, name) != NULL)
        return again ? NULL : "Extension.InvalidExtensionState";
    return extensions->count == EXTENSIONS_MAX ? "Extension.TooManyExtensions" : NULL;
}

static void answer_registration(const struct extension *extension, struct http_request *request,
                                const char *function_name)
{
    char headers[128], body[512];
    const char *feature = http_header(request, "Lambda-Extension-Accept-Feature");
    bool account = feature != NULL && strstr(feature, "accountId") != NULL;
    snprintf(headers, sizeof headers, ERROR_BODY_JSON "Lambda-Extension-Identifier: %s\r\n", extension->id);
    snprintf(body, sizeof body, "{\"functionName\":\"%s\",\"functionVersion\":\"$LATEST\",\"handler\":\"bootstrap\"%s}",
             function_name, account ? ",\"accountId\":\"111122223333\"" : "");
    http_reply(request, 200, headers, body, strlen(body));
}

void extension_register(struct extensions *extensions, struct http_request *request, const char *function_name,
                        bool open, bool again)
{
    const char *name = http_header(request, "Lambda-Extension-Name");
    const char *refusal = refuse_name(extensions, name, open, again);
    struct extension *extension;
    bool wants_invoke;

    if (refusal != NULL || !read_events(request, &wants_invoke, &refusal)) {
        error_reply(request, 403, refusal, "The registration of the extension was refused");
        return;
    }
    extension = find_by_name(extensions, name);
    if (extension == NULL)
        extension = &extensions->list[extensions->count++];
    *extension = (struct extension){ .wants_invoke = wants_invoke };
    snprintf(extension->name, sizeof extension->name, "%s", name);
    id_uuid(extension->id);
    answer_registration(extension, request, function_name);
}

static void tell(struct extensions *extensions, struct extension *extension)
{
    struct http_request *request = extension->waiting;
    char headers[128];
    if (request == NULL || !extension->due)
        return;
    extension->waiting = NULL;
    extension->due = false;
    snprintf(headers, sizeof headers, ERROR_BODY_JSON "Lambda-Extension-Event-Identifier: %s\r\n", extension->id);
    http_reply(request, 200, headers, extensions->event.ptr, extensions->event.len);
}

static bool is_uuid(const char *text)
{
    return strlen(text) == ID_UUID_SIZE - 1 && strspn(text, "0123456789abcdefABCDEF-") == ID_UUID_SIZE - 1;
}

void extension_next(struct extensions *extensions, struct http_request *request)
{
    const char *id = http_header(request, "Lambda-Extension-Identifier");
    struct extension *extension = NULL;
    for (size_t i = 0; id != NULL && i < extensions->count; i++) {
        if (strcmp(extensions->list[i].id, id) == 0)
            extension = &extensions->list[i];
    }
    if (id == NULL) {
        error_reply(request, 403, "Extension.MissingExtensionIdentifier", "The extension's identifier is missing");
    } else if (!is_uuid(id)) {
        error_reply(request, 403, "Extension.InvalidExtensionIdentifier", "The extension's identifier is no UUID");
    } else if (extension == NULL || extension->waiting != NULL) {
        error_reply(request, 403, "Extension.UnknownExtensionIdentifier", "No such extension, or it waits already");
    } else {
        http_watch(request);
        extension->waiting = request;
        tell(extensions, extension);
    }
}

void extension_invoke(struct extensions *extensions, const char *request_id, const char *function_arn,
                      const char *trace_id, int64_t deadline_ms)
{
    char event[1024];
    int len = snprintf(event, sizeof event,
                       "{\"eventType\":\"INVOKE\",\"deadlineMs\":%" PRId64 ",\"requestId\":\"%s\","
                       "\"invokedFunctionArn\":\"%s\",\"tracing\":{\"type\":\"X-Amzn-Trace-Id\",\"value\":\"%s\"}}",
                       deadline_ms, request_id, function_arn, trace_id);
    text_free(&extensions->event);
    if (len < 0 || (size_t)len >= sizeof event || !text_add(&extensions->event, event, (size_t)len))
        return;
    for (size_t i = 0; i < extensions->count; i++) {
        extensions->list[i].due = extensions->list[i].wants_invoke;
        tell(extensions, &extensions->list[i]);
    }
}

void extension_forget(struct extensions *extensions, const struct http_request *request)
{
    for (size_t i = 0; i < extensions->count; i++) {
        if (extensions->list[i].waiting == request)
            extensions->list[i].waiting = NULL;
    }
}

void extension_reset(struct extensions *extensions)
{
    text_free(&extensions->event);
    *extensions = (struct extensions){ .count = 0 };
}
