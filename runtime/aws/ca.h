/* ca.h: the file of trusted certificates. A libcurl that was built elsewhere looks where that system had them. */
#ifndef AWS_CA_H
#define AWS_CA_H
#include <stdbool.h>
#include <stddef.h>

/* The first file that can be read: of AWS_CA_BUNDLE, then SSL_CERT_FILE, each of which is taken or refused where it is
 * set; then the places of Amazon Linux, Debian and Alpine, SUSE. Static text or the environment's; NULL: there is none,
 * and `tried` lists what was looked for. */
const char *ddbs_ca__find(char *tried, size_t size);
#endif
