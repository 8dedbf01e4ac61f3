/* hash.h: SHA-256 (FIPS 180-4) and MD5 (RFC 1321) of bytes in memory, as hexadecimal text: what S3 wants of a body,
 * what makes the token of a transaction, and what the ids of an idempotency table are made of. Nothing secret is
 * hashed. */
#ifndef AWS_HASH_H
#define AWS_HASH_H
#include <ddbstream/base.h>

enum { DDBS_SHA256_TEXT = 65, DDBS_MD5_TEXT = 33 }; /* bytes, the NUL included */

/* The hash of `bytes` in lower-case hexadecimal digits. */
void ddbs_hash__sha256(ddbs_bytes bytes, char out[DDBS_SHA256_TEXT]);
void ddbs_hash__md5(ddbs_bytes bytes, char out[DDBS_MD5_TEXT]);
#endif
