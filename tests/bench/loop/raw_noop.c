/* raw_noop.c: an event is read and not looked at. */
#include "raw.h"

void raw_use(char *event, size_t len)
{
    (void)event, (void)len;
}
