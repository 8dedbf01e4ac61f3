/* ca.c: see ca.h. */
#include "runtime/aws/ca.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void note(char *tried, size_t size, const char *what, const char *path)
{
    size_t len = strlen(tried);
    snprintf(tried + len, size - len, "%s%s%.256s", len == 0 ? "" : ", ", what, path);
}

const char *ddbs_ca__find(char *tried, size_t size)
{
    static const char *const variables[] = { "AWS_CA_BUNDLE", "SSL_CERT_FILE" };
    static const char *const places[] = {
        "/etc/pki/tls/certs/ca-bundle.crt",   /* Amazon Linux, Fedora */
        "/etc/ssl/certs/ca-certificates.crt", /* Debian, Alpine */
        "/etc/ssl/ca-bundle.pem",             /* SUSE */
        "/etc/ssl/cert.pem",                  /* Alpine without its package of certificates */
    };
    tried[0] = '\0';
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *path = getenv(variables[i]);
        if (path == NULL || path[0] == '\0')
            continue;
        if (access(path, R_OK) == 0)
            return path;
        note(tried, size, variables[i][0] == 'A' ? "AWS_CA_BUNDLE=" : "SSL_CERT_FILE=", path);
        return NULL;
    }
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (access(places[i], R_OK) == 0)
            return places[i];
        note(tried, size, "", places[i]);
    }
    return NULL;
}
