/* raw_cjson.c: every record of an event is decoded as by the peer in peers/cjson.c: cJSON, with CJSON_ARENA=1 on an
 * arena. */
#include "raw.h"

#include "../peers/peer.h"

#include <stdlib.h>

enum { BYTES_MAX = 8 * 1024 * 1024 };

void raw_use(char *event, size_t len)
{
    static struct record record;
    if (record.bytes == NULL) {
        record.bytes = malloc(BYTES_MAX);
        if (record.bytes == NULL)
            peer_fail("out of memory");
        peer_prepare();
    }
    peer_open(event, len);
    peer_pass(&record);
}
