/* ca.c: see ca.h. */
#include "runtime/aws/ca.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *first_place(void)
{
    static const char *const places[] = {
        "/etc/pki/tls/certs/ca-bundle.crt",   /* Amazon Linux, Fedora */
        "/etc/ssl/certs/ca-certificates.crt", /* Debian, Alpine */
        "/etc/ssl/ca-bundle.pem",             /* SUSE */
        "/etc/ssl/cert.pem",                  /* Alpine without its package of certificates */
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (access(places[i], R_OK) == 0)
            return places[i];
    }
    return NULL;
}

bool ddbs_ca__find(const char **file, char *tried, size_t size)
{
    static const char *const variables[] = { "AWS_CA_BUNDLE", "SSL_CERT_FILE" };
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *path = getenv(variables[i]);
        if (path == NULL || path[0] == '\0')
            continue;
        *file = path;
        snprintf(tried, size, "%s=%.256s", variables[i], path);
        return access(path, R_OK) == 0;
    }
    tried[0] = '\0';
    *file = first_place();
    return true;
}
