/* claim_key.h: what makes a record the same as another one, hashed as Powertools does it. */
#ifndef AWS_CLAIM_KEY_H
#define AWS_CLAIM_KEY_H
#include "runtime/aws/hash.h"
#include <ddbstream/event.h>

/* Whether a text is a path: names separated by dots, each followed by any number of [0]. */
bool ddbs_claim_key__is_path(const char *path);

/* The MD5 of what is at `path` of a record's JSON, written as Python's json.dumps(sort_keys=True) writes it: that is
 * what Powertools hashes (persistence/base.py). DDBS_OK, DDBS_E_MISSING, DDBS_E_INEXACT, DDBS_E_MEMORY. */
ddbs_status ddbs_claim_key__hash(ddbs_str raw, const char *path, char out[DDBS_MD5_TEXT]);
#endif
