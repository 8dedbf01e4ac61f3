/* eventstore.h: the consumer of eventstore.c, for main() and for its test. */
#ifndef EVENTSTORE_H
#define EVENTSTORE_H
#include <ddbstream/consumer.h>

extern const ddbs_consumer eventstore;
#endif
