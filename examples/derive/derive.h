/* derive.h: the consumer of derive.c, for main() and for its test. */
#ifndef DERIVE_H
#define DERIVE_H
#include <ddbstream/consumer.h>

extern const ddbs_consumer derive;
#endif
