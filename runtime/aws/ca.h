/* ca.h: which certificates are trusted. A libcurl that was built elsewhere looks where that system had them. */
#ifndef AWS_CA_H
#define AWS_CA_H
#include <stdbool.h>
#include <stddef.h>

/* Find the file of trusted certificates: of AWS_CA_BUNDLE, then SSL_CERT_FILE, each of which is taken or refused where
 * it is set; then the first that can be read of the places of Amazon Linux, Debian and Alpine, SUSE. `*file` is static
 * text or the environment's; NULL: there is none, and ddbs_ca__roots has to do. False: the file of a variable cannot be
 * read, and `tried` names it; `*file` is set to it all the same, so that libcurl refuses it, too. */
bool ddbs_ca__find(const char **file, char *tried, size_t size);

/* Amazon's root certificates, in PEM: for a root folder without files. */
enum { DDBS_CA_ROOTS = 5 };
extern const char *const ddbs_ca__roots[DDBS_CA_ROOTS];
#endif
