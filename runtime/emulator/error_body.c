/* error_body.c: see error_body.h. */
#include "error_body.h"

#include "text.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

char *error_body(const char *type, const char *message)
{
    char *text = NULL;
    cJSON *object = cJSON_CreateObject();
    if (cJSON_AddStringToObject(object, "errorMessage", message) != NULL &&
        cJSON_AddStringToObject(object, "errorType", type) != NULL)
        text = cJSON_PrintUnformatted(object);
    cJSON_Delete(object);
    return text;
}

void error_reply(struct http_request *request, int status, const char *type, const char *message)
{
    struct text line = { .ptr = NULL };
    char *body = error_body(type, message);
    /* Lambda ends these bodies with a newline. */
    if (body != NULL && text_add(&line, body, strlen(body)) && text_add(&line, "\n", 1))
        http_reply(request, status, ERROR_BODY_JSON, line.ptr, line.len);
    else
        http_reply(request, 500, "", "", 0);
    free(body);
    text_free(&line);
}

void error_type_copy(const char *type, char *out, size_t size)
{
    size_t len = 0;
    for (; type[len] != '\0' && len + 1 < size; len++) {
        unsigned char byte = (unsigned char)type[len];
        out[len] = byte < ' ' || byte == 0x7f ? '?' : type[len];
    }
    out[len] = '\0';
}

void error_type_of(const char *body, size_t len, char *out, size_t size)
{
    cJSON *object = cJSON_ParseWithLength(body, len);
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "errorType"));
    error_type_copy(type == NULL ? "" : type, out, size);
    cJSON_Delete(object);
}
