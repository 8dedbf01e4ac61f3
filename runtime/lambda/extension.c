/* extension.c: see extension.h. */
#include "runtime/lambda/extension.h"

#include "runtime/lambda/log.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define API             "/2020-01-01/extension"
#define ID_NAME         "Lambda-Extension-Identifier:"
#define URL_MAX         1200
#define ID_MAX          128
#define REGISTER_MAX_MS 2000L /* of the 10 s that an initialization has */

struct ddbs_extension {
    struct ddbs_transport *transport;
    CURL *curl;
    char url[URL_MAX];
    char id[sizeof ID_NAME + ID_MAX]; /* the whole header; "": none came */
    char type[40], name[48];
    struct curl_slist type_node, name_node, id_node;
};

static size_t take_header(char *line, size_t size, size_t count, void *self)
{
    struct ddbs_extension *extension = self;
    size_t len = size * count, end = len;
    while (end > 0 && (unsigned char)line[end - 1] <= ' ')
        end--;
    if (end < sizeof extension->id && end >= strlen(ID_NAME) && strncasecmp(line, ID_NAME, strlen(ID_NAME)) == 0) {
        memcpy(extension->id, line, end);
        extension->id[end] = '\0';
    }
    return len;
}

static size_t drop_body(char *bytes, size_t size, size_t count, void *self)
{
    (void)bytes, (void)self;
    return size * count;
}

static void set_url(struct ddbs_extension *extension, const char *address, const char *path)
{
    snprintf(extension->url, sizeof extension->url, "http://%s" API "%s", address, path);
    curl_easy_setopt(extension->curl, CURLOPT_URL, extension->url);
}

static void set_up(struct ddbs_extension *extension)
{
    CURL *curl = extension->curl;
    snprintf(extension->type, sizeof extension->type, "Content-Type: application/json");
    snprintf(extension->name, sizeof extension->name, "Lambda-Extension-Name: ddbstream");
    extension->type_node = (struct curl_slist){ extension->type, &extension->name_node };
    extension->name_node = (struct curl_slist){ extension->name, NULL };
    extension->id_node = (struct curl_slist){ extension->id, NULL };
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, extension);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop_body);
}

/* NULL, or why not. */
static const char *enlist(struct ddbs_extension *extension, const char *address)
{
    long status = 0;
    set_url(extension, address, "/register");
    curl_easy_setopt(extension->curl, CURLOPT_TIMEOUT_MS, REGISTER_MAX_MS);
    curl_easy_setopt(extension->curl, CURLOPT_HTTPHEADER, &extension->type_node);
    curl_easy_setopt(extension->curl, CURLOPT_POSTFIELDS, "{\"events\":[]}");
    CURLcode code = curl_easy_perform(extension->curl);
    if (code != CURLE_OK)
        return curl_easy_strerror(code);
    curl_easy_getinfo(extension->curl, CURLINFO_RESPONSE_CODE, &status);
    return status == 200 && extension->id[0] != '\0' ? NULL : "the Extensions API refused";
}

/* The request that an extension must have open; nothing ever comes of it. */
static bool wait_for_nothing(struct ddbs_extension *extension, const char *address)
{
    set_url(extension, address, "/event/next");
    curl_easy_setopt(extension->curl, CURLOPT_TIMEOUT_MS, 0L);
    curl_easy_setopt(extension->curl, CURLOPT_HTTPGET, 1L);
    curl_easy_setopt(extension->curl, CURLOPT_HTTPHEADER, &extension->id_node);
    return ddbs_transport__add(extension->transport, extension->curl);
}

struct ddbs_extension *ddbs_extension__new(struct ddbs_transport *transport, const char *address)
{
    struct ddbs_extension *extension = calloc(1, sizeof *extension);
    const char *why = "out of memory";
    if (extension != NULL) {
        extension->transport = transport;
        extension->curl = curl_easy_init();
    }
    if (extension != NULL && extension->curl != NULL) {
        set_up(extension);
        why = enlist(extension, address);
        if (why == NULL && wait_for_nothing(extension, address))
            return extension;
        why = why == NULL ? "out of memory" : why;
    }
    if (extension != NULL)
        curl_easy_cleanup(extension->curl);
    free(extension);
    ddbs_log__line(DDBS_LOG_WARN, NULL, NULL, "no internal extension, so no SIGTERM and no on_stop: %s", why);
    return NULL;
}

void ddbs_extension__free(struct ddbs_extension *extension)
{
    if (extension == NULL)
        return;
    ddbs_transport__remove(extension->transport, extension->curl);
    curl_easy_cleanup(extension->curl);
    free(extension);
}
