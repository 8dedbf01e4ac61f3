/* replicate.h: the consumer of replicate.c, for main() and for its test. */
#ifndef REPLICATE_H
#define REPLICATE_H
#include <ddbstream/consumer.h>

extern const ddbs_consumer replicate;
#endif
