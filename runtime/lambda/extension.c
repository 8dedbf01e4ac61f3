/* extension.c: see extension.h. */
#include "runtime/lambda/extension.h"

#include "runtime/lambda/connection.h"
#include "runtime/lambda/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define API             "/2020-01-01/extension"
#define ID_NAME         "Lambda-Extension-Identifier"
#define ID_MAX          128
#define HEAD_MAX        (2 * DDBS_ADDRESS_MAX + 512)
#define REGISTER_MAX_MS 2000 /* of the 10 s that an initialization has */

static const char events[] = "{\"events\":[]}";

struct ddbs_extension {
    struct ddbs_connection connection;
    struct ddbs_exchange exchange;
    char id[ID_MAX + 1]; /* "": none came */
    char head[HEAD_MAX];
};

static void take_begin(void *self)
{
    struct ddbs_extension *extension = self;
    extension->id[0] = '\0';
}

static void take_header(void *self, const char *name, size_t name_len, const char *value, size_t len)
{
    struct ddbs_extension *extension = self;
    if (name_len == strlen(ID_NAME) && strncasecmp(name, ID_NAME, name_len) == 0 && len <= ID_MAX)
        memcpy(extension->id, value, len + 1);
}

static bool drop_body(void *self, const char *bytes, size_t len)
{
    (void)self, (void)bytes, (void)len;
    return true;
}

/* Write a request's head with one more header of its own. */
static ddbs_str make_head(struct ddbs_extension *extension, const char *method, const char *path, const char *more)
{
    const struct ddbs_connection *connection = &extension->connection;
    int len = snprintf(extension->head, sizeof extension->head, "%s %s" API "%s HTTP/1.1\r\nHost: %.*s\r\n%s\r\n\r\n",
                       method, connection->address + connection->authority_len, path, (int)connection->authority_len,
                       connection->address, more);
    return (ddbs_str){ extension->head, (size_t)len };
}

/* NULL, or why not. */
static const char *enlist(struct ddbs_extension *extension)
{
    struct ddbs_exchange *exchange = &extension->exchange;
    char more[128];
    snprintf(more, sizeof more,
             "Lambda-Extension-Name: ddbstream\r\nContent-Type: application/json\r\nContent-Length: %zu",
             strlen(events));
    *exchange = (struct ddbs_exchange){ .head = make_head(extension, "POST", "/register", more),
                                        .body = { events, strlen(events) },
                                        .timeout_ms = REGISTER_MAX_MS,
                                        .sink = { take_begin, take_header, drop_body, extension } };
    ddbs_connection__exchange(&extension->connection, exchange);
    if (!exchange->whole)
        return exchange->why;
    return exchange->reply.status == 200 && extension->id[0] != '\0' ? NULL : "the Extensions API refused";
}

/* The request that an extension must have open; nothing ever comes of it. */
static bool wait_for_nothing(struct ddbs_extension *extension)
{
    char more[ID_MAX + 64];
    snprintf(more, sizeof more, ID_NAME ": %s", extension->id);
    return ddbs_connection__send(&extension->connection, make_head(extension, "GET", "/event/next", more));
}

struct ddbs_extension *ddbs_extension__new(const char *address)
{
    struct ddbs_extension *extension = strlen(address) < DDBS_ADDRESS_MAX ? calloc(1, sizeof *extension) : NULL;
    const char *why = "out of memory";
    if (extension != NULL) {
        ddbs_connection__init(&extension->connection, address);
        why = enlist(extension);
        if (why == NULL && wait_for_nothing(extension))
            return extension;
        why = why == NULL ? "the connection was closed" : why;
    }
    ddbs_log__line(DDBS_LOG_WARN, NULL, NULL, "no internal extension, so no SIGTERM and no on_stop: %s", why);
    ddbs_extension__free(extension);
    return NULL;
}

void ddbs_extension__free(struct ddbs_extension *extension)
{
    if (extension == NULL)
        return;
    ddbs_connection__close(&extension->connection);
    free(extension);
}
